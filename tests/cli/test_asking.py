"""Questions that take yes or no."""

from __future__ import annotations

import io

import pytest

from jdticket.cli.asking import agreed

from .running import Program
from .test_pasting import ALL, COPIED, page


@pytest.mark.parametrize(
    ("typed", "yes"),
    [
        *((word, True) for word in ("y", "Yes", "是", "好", "ｙ", " 是 ")),
        *((word, False) for word in ("n", "NO", "否", "")),
    ],
)
def test_both_languages_are_understood(typed: str, yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    assert agreed("Close it?") is yes


def test_any_other_answer_is_asked_again(program: Program) -> None:
    program.ok("import", "-", *COPIED, stdin=page(3, *ALL))
    path = program.write("page.txt", page(1, ALL[1]))
    ran = program.terminal("import", path, "--close-missing", *COPIED, typed="算了\n是\n", JDTICKET_LANG="zh")
    assert "请输入 y 或 n（是或否）" in ran.out
    assert "Error" not in ran.out
    assert program.tickets()["59088841"]["status"] == "closed"
