from __future__ import annotations

import io
import sys

import pytest

from jdticket.domain.channels import Verdict

from .making import carrier, send


def test_a_message_is_printed_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert send(carrier("stdout"), "【京东3店】催单", "工单59088842", mention=("13800000000",)).ok
    assert capsys.readouterr().out == "【京东3店】催单\n工单59088842\n"


class _Full(io.StringIO):
    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_message_that_could_not_be_printed_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", _Full())
    verdict = send(carrier("stdout"))
    assert verdict.verdict is Verdict.UNREACHABLE
    assert "standard output" in verdict.answer


def test_a_character_that_the_console_lacks_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="gbk"))
    assert not send(carrier("stdout"), "😀").ok
