"""Lines of a log, and the times at which they were written."""

from __future__ import annotations

import io
import re

import pytest

from jdticket import clock
from jdticket.cli.timed import Timed
from tests.cli.running import Program


def test_every_line_begins_with_its_time_however_it_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    moments = iter(clock.from_stored(f"2026-11-23T01:30:0{second}Z") for second in range(3))
    monkeypatch.setattr("jdticket.clock.system_now", lambda: next(moments))
    out = io.BytesIO()
    with Timed(io.TextIOWrapper(out, "utf-8", newline="")) as timed:
        timed.write("cs-group: ")
        timed.write("催单\n渠道")
        timed.write(" x\n")
        timed.write("")
        print("last", file=timed)
        timed.flush()
        lines = out.getvalue().decode().splitlines()
    assert [line[19:] for line in lines] == [" cs-group: 催单", " 渠道 x", " last"]
    assert all(re.match(r"2026-11-23 \d\d:30:0\d ", line) for line in lines)


def test_output_and_complaints_of_a_run_for_a_log_carry_their_times(program: Program) -> None:
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "
    program.begin()
    ran = program.process.run("--timed", "show", "999")
    assert ran.code == 3
    assert ran.err
    assert all(re.match(stamp, line) for line in ran.err.splitlines())
    ran = program.process.run("--timed", "config", "path")
    assert re.fullmatch(f"{stamp}.*\n", ran.out)
