from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from jdticket.desk.dispatch import Outlet
from jdticket.domain.channels import Receipt
from jdticket.domain.reminders import ReminderState
from jdticket.errors import ConfigError
from tests.desk.at_desk import DeskAt, at, draft
from tests.desk.room import DOWN, HOUR, LADDER, MINUTE, OK, TOO_MANY, Room, channel, compose, numbers


def test_up_to_digest_over_reminders_go_alone_and_more_in_one_message(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(digest_over=3))
    room.take_in(*numbers(3))
    assert room.run() == [f"before:7200 5908800{i}" for i in range(3)]
    room.take_in(draft("59088003"))
    assert room.run("23 13:00") == ["\n".join(f"before:3600 5908800{i}" for i in range(4))]


def test_a_channel_that_fails_is_left_alone_for_the_rest_of_the_run(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(4))
    room.answer(OK, DOWN)
    report = room.report()
    assert (len(report.sent), len(report.failed), report.left_over, len(room.tried)) == (1, 1, 2, 2)
    room.sent.clear()
    assert sorted(room.run("23 12:01")) == [f"before:7200 5908800{i}" for i in (1, 2, 3)]


def test_what_a_rate_limit_leaves_over_is_no_failure_and_goes_first_in_the_next_run(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(digest_over=0))
    room.carries = 1
    room.per_minute = 3
    room.take_in(*numbers(5))
    assert room.run() == [f"before:7200 5908800{i}" for i in range(3)]
    room.take_in(draft("59087000", created_at=at("23 11:59")))
    assert room.run("23 12:01") == ["before:7200 59088003", "before:7200 59088004", "new 59087000"]
    assert {row.attempts for row in room.store.reminders()} == {1}


def test_a_robot_that_says_too_many_keeps_the_rest_for_the_next_run(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(3))
    room.answer(OK, TOO_MANY)
    report = room.report()
    assert (len(report.sent), report.failed, report.left_over) == (1, [], 2)
    room.sent.clear()
    assert room.run("23 12:01") == ["before:7200 59088001", "before:7200 59088002"]


def test_each_line_of_a_message_that_was_one_too_many_is_left_over(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(6))
    room.answer(TOO_MANY)
    assert room.report().left_over == 6


def test_only_the_lines_of_a_message_that_failed_are_sent_again(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.carries = 4
    room.take_in(*numbers(10))
    room.answer(OK, DOWN)
    room.report()
    [(_name, first, _people)] = room.sent
    room.sent.clear()
    again = "\n".join(room.run("23 12:01"))
    assert sorted([*first.split("\n"), *again.split("\n")]) == [f"before:7200 5908800{i}" for i in range(10)]


def test_nothing_is_begun_when_the_budget_is_spent_and_nothing_is_lost(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(3))
    report = room.report(budget=timedelta(0))
    assert (report.sent, report.failed, report.left_over, room.tried) == ([], [], 3, [])
    assert len(room.run()) == 3


def test_a_message_may_take_what_is_left_of_the_budget_and_never_more_than_ten_seconds(
    tmp_path: Path,
) -> None:
    given: list[float] = []

    def outlet(_name: str) -> Outlet:
        def send(seconds: float) -> Receipt:
            given.append(seconds)
            return OK

        return Outlet(lambda lines, _people: [(len(lines), send)], None, None)

    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.reminders.run(outlet, compose, budget=HOUR)
    room.time = at("23 13:00")
    room.reminders.run(outlet, compose, budget=timedelta(seconds=3))
    assert given[0] == 10
    assert 0 < given[1] <= 3


def test_a_channel_that_fails_or_cannot_be_made_holds_up_no_other(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", channels=[channel("bad"), channel("down"), channel("good")])
    room.take_in(draft())
    room.answer(DOWN, on="down")
    made = room._outlet

    def outlet(name: str) -> Outlet:
        if name == "bad":
            raise ConfigError("BAD_URL is not in the environment")
        return made(name)

    report = room.reminders.run(outlet, compose, budget=MINUTE)
    assert [notice.reminder.channel for notice in report.sent] == ["good"]
    assert {n.reminder.channel: (n.reminder.answer, n.reminder.refused) for n in report.failed} == {
        "bad": ("BAD_URL is not in the environment", True),
        "down": ("HTTP 500", False),
    }


def test_a_channel_that_hangs_does_not_keep_the_others_from_sending_or_from_the_ledger(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, "23 12:00", channels=[channel("hangs"), channel("good")])
    room.take_in(draft())

    def hang() -> Receipt:
        looker = DeskAt(tmp_path, "23 12:00").store
        # Answers only when the other channel's reminder is on record as sent.
        for _look in range(100_000):
            if any(row.state is ReminderState.SENT for row in looker.reminders()):
                return OK
        return DOWN

    room.answer(hang, on="hangs")
    assert room.run() == ["good: before:7200 59088842", "hangs: before:7200 59088842"]
