"""A command that runs in the tests' process does what it does in one of its own, and leaves nothing there."""

from __future__ import annotations

import gc
import gettext
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from jdticket import i18n
from jdticket.demo.interfaces import WORKLIST
from jdticket.desk.desk import Desk

from .platform import signed_in
from .running import CLOCK, Program, row, table

pytestmark = pytest.mark.skipif(bool(CLOCK), reason="commands run in processes while the clock is faked")
COMMANDS: dict[str, list[str]] = {
    "help": ["--help"],
    "help of a command": ["import", "--help", "--lang", "zh"],
    "list": ["list", "--now", "2024-06-11 12:00"],
    "list in Chinese": ["--lang", "zh", "list", "--now", "2024-06-11 12:00", "--limit", "1"],
    "JSON": ["list", "--json", "--now", "2024-06-11 12:00"],
    "wrong usage": ["list", "--pendng"],
    "nothing there": ["show", "999", "--lang", "zh"],
    "no store": ["check", "--db", "nix.db"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_it_answers_byte_for_byte_as_a_process_does(program: Program, arguments: list[str]) -> None:
    program.ok("import", "-", stdin=table(row(59088842), row(59088843)))
    for environ in ({}, {"PYTHONIOENCODING": "gbk", "COLUMNS": "60"}):
        assert program.run(*arguments, **environ) == program.process.run(*arguments, **environ)


def _state() -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "arguments": list(sys.argv),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "descriptors": sorted(Path("/dev/fd").iterdir()),
        "standard descriptors": [os.fstat(number) for number in range(3)],
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "threads": threading.active_count(),
        "language": (i18n.language(), gettext.textdomain(), gettext.gettext("Usage: ")),
        "garbage collector": gc.get_threshold(),
        "temporary folder": tempfile.gettempdir(),
        "modules": {
            name: id(module)
            for name, module in sys.modules.items()
            if name.startswith(("jdticket.cli", "typer"))
        },
    }


def test_it_leaves_nothing_behind(program: Program) -> None:
    def all_sorts() -> None:
        program.configure('language = "zh"\n')
        program.ok("import", "-", stdin=table(row(59088842)), JDTICKET_LANG="")
        program.ok("--help", "--lang", "zh")
        program.refused(3, "show", "999")
        program.run("list", "extra")

    all_sorts()  # what is imported once stays
    before = _state()
    all_sorts()
    assert _state() == before


def test_what_would_be_a_traceback_is_raised(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    before = _state()
    monkeypatch.setattr(Desk, "__init__", fails)
    with pytest.raises(ZeroDivisionError):
        program.run("add", "59088842")
    assert _state() == before


def test_pauses_are_kept_and_not_waited_for(program: Program) -> None:
    with signed_in(program) as platform:
        platform.fault("status", status=502, method=WORKLIST, times=2)
        program.ok("sync")
    first, second = program.pauses
    assert 0.5 <= first <= 1.5
    assert 1 <= second <= 3


def test_what_is_read_when_a_process_begins_cannot_be_set(program: Program) -> None:
    with pytest.raises(AssertionError, match="PYTHONUTF8"):
        program.run("list", PYTHONUTF8="0")
