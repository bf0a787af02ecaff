from __future__ import annotations

import os

import pytest

from jdticket.views.paging import pager


@pytest.mark.parametrize(
    ("environ", "call"),
    [
        ({"TERM": "xterm", "PAGER": "most -s"}, ["most", "-s"]),
        ({"TERM": "xterm"}, ["less", "-R"]),
        ({"TERM": "xterm", "PAGER": ""}, []),
        ({"TERM": "dumb"}, []),
        ({}, []),
        ({"TERM": "dumb", "PAGER": "cat"}, ["cat"]),
    ],
)
def test_the_pager_is_the_readers_else_less(environ: dict[str, str], call: list[str]) -> None:
    assert pager(environ) == call


def test_on_windows_it_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    assert pager({"TERM": "xterm"}) == []
    assert pager({"PAGER": r"C:\less.exe -R"}) == [r"C:\less.exe", "-R"]
