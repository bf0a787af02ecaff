"""A process that was started without its standard streams, as pythonw and some schedulers do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Program, row, table

PROGRAM = """
import os, sys
for number in {closed}:
    os.close(number)
os.execv(sys.executable, [sys.executable, "-m", "jdticket", *sys.argv[1:]])
"""
AS_PYTHONW = """
import sys
sys.stdin = sys.stdout = sys.stderr = None
from jdticket.cli.main import main
main()
"""


def code_of(program: Program, source: str, *arguments: str | Path) -> int:
    """The exit code of a command in a process that ``source`` makes ready."""
    command = [sys.executable, "-c", source, *map(str, arguments)]
    return subprocess.run(command, env=program.environ, check=False, cwd=program.folder).returncode


@pytest.fixture
def desk(program: Program) -> Program:
    program.ok("import", "-", stdin=table(row(59088842)))
    return program


SOURCES = [AS_PYTHONW, *(PROGRAM.format(closed=closed) for closed in ([1], [2], [0], [1, 2], [0, 1, 2]))]
WAYS = ["pythonw", "stdout", "stderr", "stdin", "both outputs", "all"]


@pytest.mark.parametrize("source", SOURCES, ids=WAYS)
def test_a_run_for_a_log_does_not_fail_for_one_either(desk: Program, source: str) -> None:
    assert code_of(desk, source, "--timed", "list", "--all") == 0
    assert code_of(desk, source, "--timed", "show", "999") == 3


@pytest.mark.parametrize("source", SOURCES, ids=WAYS)
def test_no_command_fails_for_a_missing_stream(desk: Program, source: str) -> None:
    more = desk.write("more.csv", table(row(59088843)).encode())
    codes = {
        "list": code_of(desk, source, "list"),
        "list --json": code_of(desk, source, "list", "--json"),
        "import": code_of(desk, source, "import", more),
        "add": code_of(desk, source, "add", "59088844", "--kind", "urge"),
        "reply": code_of(desk, source, "reply", "842", "-m", "您好，订单今天已经发出。"),
        "--help": code_of(desk, source, "--help"),
        "check": code_of(desk, source, "--now", "2024-01-01 10:00", "check"),
        "show 999": code_of(desk, source, "show", "999"),
        "remind": code_of(desk, source, "remind"),
        "list --wrong": code_of(desk, source, "list", "--wrong"),
    }
    assert codes == {
        **dict.fromkeys(["list", "list --json", "import", "add", "reply", "--help", "check"], 0),
        "show 999": 3,
        "remind": 1,
        "list --wrong": 2,
    }
    held = {ticket["id"]: ticket["status"] for ticket in desk.ok("list", "--json").json}
    assert held == {"59088842": "replied", "59088843": "pending", "59088844": "pending"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_an_answer_that_cannot_be_shown_says_whether_the_step_was_recorded(desk: Program) -> None:
    def full(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "jdticket", *arguments]
        with Path("/dev/full").open("w", encoding="utf-8") as nowhere:
            done = subprocess.run(
                command,
                check=False,
                env=desk.environ,
                cwd=desk.folder,
                stdout=nowhere,
                stderr=subprocess.PIPE,
                text=True,
            )
        return done.returncode, done.stderr

    code, said = full("reply", "842", "-m", "您好，订单今天已经发出。")
    assert (code, "It is recorded, but the answer could not be shown" in said) == (1, True), said
    code, said = full("list", "--all")
    assert (code, "recorded" in said, len(said.splitlines())) == (1, False, 1), said
    assert desk.sql("SELECT count(*) FROM replies") == [(1,)]
