"""Runs of remind that meet, and runs that are killed."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.channels.robots import Answer, Handler, Robots
from tests.cli.reminding import ALL_DAY, group, ready, urgent
from tests.cli.running import Program


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots() as running:
        yield running


def test_eight_runs_at_once_send_each_of_two_hundred_reminders_exactly_once(
    program: Program, robots: Robots
) -> None:
    program.configure(ALL_DAY + group(robots, "wecom"))
    numbers = range(59088000, 59088200)
    urgent(program, *numbers)
    pipe = subprocess.PIPE
    runs = [program.start("remind", stdout=pipe, stderr=pipe) for _run in range(8)]
    said = [run.communicate() for run in runs]
    assert [(run.returncode, err) for run, (_out, err) in zip(runs, said, strict=True)] == [(0, b"")] * 8
    sent = [number for message in robots.messages for number in re.findall(r"(\d{8})/", message.text)]
    assert sorted(sent) == [str(number) for number in numbers]
    assert sum(len(out.splitlines()) for out, _err in said) == 200
    assert program.sql("SELECT state, attempts, count(*) FROM reminders GROUP BY 1, 2") == [("sent", 1, 200)]
    assert program.ok("remind").out == ""


def lapse(program: Program) -> None:
    """Claims are over."""
    program.sql("UPDATE reminders SET claim_expires_at = claimed_at WHERE state = 'claimed'")


def test_what_was_claimed_by_a_run_that_was_killed_before_it_could_send_is_not_lost(
    program: Program, robots: Robots
) -> None:
    ready(program, group(robots, "wecom"))
    arrived = threading.Event()

    def never(handler: Handler, _proper: bytes) -> None:
        arrived.set()
        handler.robots.wait_for_end()

    robots.answer_with(Answer(never))
    with program.start("remind") as run:
        assert arrived.wait(30)
        run.kill()
    assert run.returncode == -signal.SIGKILL
    assert robots.messages == []
    [(state,)] = program.sql("SELECT state FROM reminders")
    assert state == "claimed"
    assert program.ok("remind").out == ""
    lapse(program)
    assert "59088842" in program.ok("remind").out
    assert len(robots.messages) == 1


def test_what_was_sent_by_a_run_that_was_killed_before_it_could_say_so_comes_again(
    program: Program, robots: Robots
) -> None:
    ready(program, group(robots, "wecom"))
    arrived, go, answered = threading.Event(), threading.Event(), threading.Event()

    def when_told(handler: Handler, proper: bytes) -> None:
        arrived.set()
        go.wait(30)
        handler.answer(200, proper, {})
        answered.set()

    robots.answer_with(Answer(when_told, taken=True))
    with program.start("remind") as run, closing(sqlite3.connect(program.store)) as other:
        assert arrived.wait(30)
        # Nobody else can write from here on, so the answer cannot be kept before the end.
        other.execute("BEGIN IMMEDIATE")
        go.set()
        assert answered.wait(30)
        run.kill()
        run.wait()
        other.rollback()
    assert program.ok("remind").out == ""
    lapse(program)
    assert "59088842" in program.ok("remind").out
    assert program.ok("remind").out == ""
    assert len(robots.messages) == 2
    assert program.sql("SELECT state, attempts FROM reminders") == [("sent", 2)]
