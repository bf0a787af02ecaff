from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jdticket.domain.channels import Receipt
from jdticket.domain.coverage import Gap, GapKind
from jdticket.domain.reminders import ReminderState
from tests.desk.at_desk import DeskAt, at, draft
from tests.desk.room import DOWN, HOUR, LADDER, MINUTE, OK, REFUSED, Room, numbers


def test_a_rehearsal_tells_the_same_and_leaves_everything_to_be_sent(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 13:30")
    room.take_in(draft())
    for _time in range(2):
        assert [notice.reminder.step for notice in room.reminders.rehearse()] == ["before:1800"]
    assert room.store.reminders() == []
    assert room.run() == ["before:1800 59088842"]
    assert room.reminders.rehearse() == []


# What went wrong is tried again


@pytest.mark.parametrize("trouble", [DOWN, REFUSED])
def test_what_failed_stays_due_and_goes_out_in_the_next_run(tmp_path: Path, trouble: Receipt) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.answer(trouble)
    report = room.report()
    [failed] = report.failed
    assert (report.sent, failed.reminder.answer, failed.reminder.refused) == (
        [],
        trouble.answer,
        trouble is REFUSED,
    )
    [kept] = room.store.reminders(failed_only=True)
    assert (kept.state, kept.attempts) == (ReminderState.FAILED, 1)
    assert room.run("23 12:01") == ["before:7200 59088842"]
    [kept] = room.store.reminders()
    assert (kept.state, kept.attempts, kept.sent_at) == (ReminderState.SENT, 2, at("23 12:01"))
    assert room.run("23 12:02") == []


def test_what_failed_gives_way_to_the_next_step_when_that_has_come(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.answer(DOWN)
    room.report()
    assert room.run("23 13:00") == ["before:3600 59088842"]


# Claims


def test_what_a_killed_run_claimed_is_taken_up_when_its_claim_lapses_and_not_before(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(7))
    room.killed()
    [lapses] = {row.claim_expires_at for row in room.store.reminders()}
    assert timedelta(seconds=60) <= lapses - room.time <= 5 * MINUTE
    room.time = lapses - timedelta(seconds=1)
    assert room.run() == []
    room.time = lapses
    [joined] = room.run()
    assert joined.split("\n") == [f"before:7200 5908800{i}" for i in range(7)]
    assert room.run() == []


def test_a_digest_that_a_killed_run_claimed_comes_with_its_new_tickets(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    room.take_in(draft(created_at=at("23 08:00")))
    room.killed()
    assert room.run("23 09:10") == ["opening 1\n- 59088842"]
    assert room.run("23 09:11") == []


def test_a_claim_lasts_longer_than_the_whole_run_may_take(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    lasts: list[timedelta] = []

    def look() -> Receipt:
        [row] = DeskAt(tmp_path, "23 12:00").store.reminders()
        lasts.append(row.claim_expires_at - room.time)
        return OK

    room.answer(look)
    room.report(budget=HOUR)
    assert lasts[0] > HOUR


def test_a_run_leaves_alone_what_another_has_under_way(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    meanwhile: list[list[str]] = []

    def send() -> Receipt:
        meanwhile.append(Room(tmp_path, "23 12:00").run())
        return OK

    room.answer(send)
    assert room.run() == ["before:7200 59088842"]
    assert meanwhile == [[]]


def test_nothing_goes_out_twice_when_the_clock_jumps_back_an_hour(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(opening=True))
    room.take_in(draft())
    told = room.run()
    for now in (
        "23 12:59",
        "23 13:00",
        "23 13:01",
        "23 12:01",
        "23 12:02",
        "23 12:59",
        "23 13:00",
        "23 13:02",
    ):
        told += room.run(now)
    assert told == ["opening 1\n- 59088842", "before:3600 59088842"]


def test_what_was_under_way_when_the_clock_jumped_back_is_not_lost(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 13:00")
    room.take_in(draft())
    room.killed()
    assert room.run("23 12:00") == ["before:7200 59088842"]
    [lapses] = {row.claim_expires_at for row in room.store.reminders(step="before:3600")}
    room.time = lapses
    assert room.run() == ["before:3600 59088842"]


def test_a_day_under_a_clock_that_was_ahead_costs_the_real_day_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(opening=True))
    room.take_in(draft())
    told = room.run() + room.run("24 09:00")  # twenty hours ahead
    assert room.report("23 12:05").put_back == timedelta(hours=20, minutes=55)
    assert room.report().put_back == timedelta(0)
    room.take_in(draft("59088843", created_at=at("23 18:30")))
    room.sent.clear()
    told += room.run("23 13:00") + room.run("23 13:30")
    assert "before:3600 59088842" in told
    assert "before:1800 59088842" in told
    # Its digest had gone out too early; what has come since is in the one of the day.
    assert any("59088843" in line for line in room.run("24 09:00"))


def test_clocks_two_minutes_apart_do_not_disturb_each_other(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(opening=True))
    room.take_in(draft())
    told = room.run()
    for minute in range(0, 70, 5):
        for ahead in (2, 0):
            room.time = at("23 12:01") + timedelta(minutes=minute + ahead)
            told += room.run()
    assert told == ["opening 1\n- 59088842", "before:3600 59088842"]


def test_a_run_counts_as_one_whether_or_not_anything_was_due(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    for now in ("23 12:00", "23 12:05", "23 12:10"):
        room.report(now)
    assert stopped(room, "23 12:25") is None
    assert stopped(room, "23 12:26") == at("23 12:10")
    room.time = at("23 13:10")
    room.take_in(draft())
    room.report()
    assert stopped(room, "23 13:15") is None


def test_the_interval_is_the_one_that_was_set_up(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.reminders.runs_every(10 * MINUTE)
    for now in ("23 12:00", "23 12:01"):
        room.report(now)
    assert stopped(room, "23 12:31") is None
    assert stopped(room, "23 12:32") == at("23 12:01")
    room.reminders.runs_every(None)
    assert stopped(room, "23 12:05") == at("23 12:01")


def test_channels_without_any_run_are_a_gap_once_tickets_have_waited(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    assert gaps(room, "23 18:00") == []
    room.time = at("23 12:00")
    room.take_in(draft())
    assert gaps(room, "23 12:15") == []
    assert gaps(room, "23 12:16") == [Gap(GapKind.NEVER_RUN, since=at("23 12:00"))]


def test_a_missing_variable_counts_where_the_reminders_run(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    missing = [Gap(GapKind.VARIABLE, names=("URL",))]
    assert gaps(room, "23 12:00", unset=("URL",)) == missing
    room.report()
    assert room.reminders.may_tell_of_coverage(False, ()) is False
    assert gaps(room, "23 12:01", unset=("URL",)) == []
    room.reminders.may_tell_of_coverage(True, ("URL",))
    assert gaps(room, "23 12:01") == missing


def test_what_is_uncovered_is_told_once_an_hour_and_anew_when_it_was_mended(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")

    def told(now: str, uncovered: bool = True) -> bool:
        room.time = at(now)
        return room.reminders.may_tell_of_coverage(uncovered, ())

    assert [told("23 12:00"), told("23 12:05"), told("23 12:58"), told("23 13:00")] == [
        True,
        False,
        False,
        True,
    ]
    assert [told("23 13:05", uncovered=False), told("23 13:10"), told("23 12:30")] == [False, True, True]


def test_a_test_message_that_arrives_ends_a_channel_s_trouble(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.answer(DOWN)
    room.report()
    assert len(room.store.ledger_trouble()) == 1
    room.reminders.works("group")
    assert room.store.ledger_trouble() == []


def test_of_very_many_tickets_the_most_urgent_are_looked_at_first(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(2500))
    room.take_in(draft("59100000", created_at=at("23 09:00")))
    report = room.report()
    assert (report.sent[0].reminder.ticket_id, report.unlooked) == ("59100000", 501)
    assert len(report.sent) == 2000
    room.report("23 12:01")
    assert len(room.store.reminders()) == 2501


def gaps(room: Room, now: str, unset: tuple[str, ...] = ()) -> list[Gap]:
    room.time = at(now)
    looking = room.desk.looking
    return looking.gaps(room.channels, room.rules, [], room.staff, [], unset)


def stopped(room: Room, now: str) -> datetime | None:
    """Since when the reminders have not run, if that is too long."""
    return next((gap.since for gap in gaps(room, now) if gap.kind is GapKind.STOPPED), None)


def test_what_failed_and_was_replaced_is_superseded_in_the_ledger(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.answer(DOWN)
    room.report()
    room.run("23 13:00")
    room.report("23 13:01")
    states = {row.step: row.state for row in room.store.reminders()}
    assert states == {"before:7200": ReminderState.SUPERSEDED, "before:3600": ReminderState.SENT}
