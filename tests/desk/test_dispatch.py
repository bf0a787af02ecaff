from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jdticket.desk.dispatch import Outlet, Sending
from jdticket.domain.channels import Receipt
from jdticket.domain.reminders import ReminderState
from jdticket.errors import ConfigError
from tests.desk.at_desk import DeskAt, at, draft
from tests.desk.room import (
    BAD_WORDS,
    DOWN,
    HOUR,
    LADDER,
    LOST,
    MINUTE,
    NO_RULES,
    OK,
    REFUSED,
    TOO_MANY,
    WORDS,
    Room,
    channel,
    numbers,
)


def test_up_to_digest_over_reminders_go_alone_and_more_in_one_message(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(digest_over=3))
    room.take_in(*numbers(3))
    assert room.run() == [f"before:7200 5908800{i}" for i in range(3)]
    room.take_in(draft("59088003"))
    assert room.run("23 13:00") == ["\n".join(f"before:3600 5908800{i}" for i in range(4))]


def test_a_channel_that_fails_twice_in_a_row_is_left_alone_for_the_rest_of_the_run(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(5))
    room.answer(OK, DOWN, DOWN)
    report = room.report()
    assert (len(report.sent), len(report.failed), report.left_over, len(room.tried)) == (1, 2, 2, 3)
    room.sent.clear()
    assert sorted(room.run("23 12:01")) == [f"before:7200 5908800{i}" for i in (1, 2, 3, 4)]


@pytest.mark.parametrize("trouble", [DOWN, LOST, REFUSED, BAD_WORDS])
def test_one_message_that_is_not_taken_never_stops_the_others(tmp_path: Path, trouble: Receipt) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(4))
    room.answer(trouble, *([BAD_WORDS] if trouble is BAD_WORDS else []))
    report = room.report()
    assert [notice.reminder.ticket_id for notice in report.failed] == ["59088000"]
    assert [text for _name, text, _people in room.sent] == [f"before:7200 5908800{i}" for i in (1, 2, 3)]


def test_three_refusals_for_its_settings_in_a_row_end_a_channel_s_turn(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(5))
    room.answer(REFUSED, REFUSED, REFUSED)
    report = room.report()
    assert (len(report.failed), report.left_over, len(room.tried)) == (3, 2, 3)


def test_a_message_that_is_refused_goes_once_more_without_its_content(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(3))
    room.answer(OK, BAD_WORDS)
    report = room.report()
    assert [text for _name, text, _people in room.sent] == [
        "before:7200 59088000",
        "(59088001)",
        "before:7200 59088002",
    ]
    assert (report.failed, report.shortened) == ([], {"group": ["errcode 430104"]})
    assert {row.state for row in room.store.reminders()} == {ReminderState.SENT}


def test_of_joined_messages_the_refused_one_alone_goes_without_its_content(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.carries = 4
    room.take_in(*numbers(8))
    room.answer(BAD_WORDS)
    assert room.run() == [
        "\n".join(f"(5908800{i})" for i in range(4)),
        "\n".join(f"before:7200 5908800{i}" for i in range(4, 8)),
    ]


def test_joined_messages_that_are_refused_even_so_go_in_halves_and_one_ticket_is_left(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(8))
    room.refuse("59088005")
    report = room.report()
    assert [text.split("\n") for _name, text, _people in room.sent] == [
        [f"(5908800{i})" for i in range(4)],
        ["(59088004)"],
        ["(59088006)", "(59088007)"],
    ]
    assert [notice.reminder.ticket_id for notice in report.refused] == ["59088005"]
    assert len(report.sent) == 7


def test_a_digest_that_is_refused_even_so_goes_in_halves_as_well(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", NO_RULES._replace(opening=True))
    room.take_in(*numbers(4))
    room.refuse("59088002")
    report = room.report()
    assert [notice.reminder.ticket_id for notice in report.refused] == ["59088002"]
    told = "\n".join(text for _name, text, _people in room.sent)
    assert all(f"(5908800{i})" in told for i in (0, 1, 3))
    assert len(report.sent) == 4  # with the heading


def test_one_that_is_refused_even_so_is_tried_again_and_is_no_trouble_of_the_channel(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(2))
    room.answer(BAD_WORDS, BAD_WORDS)
    report = room.report()
    assert [notice.reminder.ticket_id for notice in report.refused] == ["59088000"]
    assert room.store.ledger_trouble() == []
    room.sent.clear()
    assert room.run("23 12:01") == ["before:7200 59088000"]


def test_what_is_longer_than_a_message_goes_without_its_content_and_is_never_cut(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.widest = len("before:7200 59088000") - 1
    room.take_in(draft("59088000"))
    assert room.run() == ["(59088000)"]


def test_a_lost_answer_is_tried_three_times_with_pauses_and_then_may_have_arrived(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", LADDER._replace(before=(2 * HOUR,)))
    room.take_in(draft())
    tries = []
    unsure = []
    while room.time <= at("23 13:00"):
        room.answer(LOST)
        room.tried.clear()
        report = room.report()
        tries += [f"{room.time:%H:%M}" for _channel in room.tried]
        unsure += [f"{room.time:%H:%M}" for _notice in report.unsure]
        room.time += MINUTE
    assert (tries, unsure) == (["12:00", "12:02", "12:12"], ["12:12"])
    [row] = room.store.reminders()
    assert (row.state, row.copies) == (ReminderState.UNSURE, 3)
    assert room.store.reminders(failed_only=True) == []


def test_a_limit_that_goes_on_is_loud_from_the_third_run_until_nothing_is_left_over(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(3))
    loud = []
    for minute in range(4):
        room.answer(TOO_MANY)
        loud.append(list(room.report(f"23 12:0{minute}").long_left))
    assert loud == [[], [], ["group"], ["group"]]
    assert room.desk.looking.limited([channel()]) == {"group": 4}
    assert room.report("23 12:05").long_left == []
    assert room.desk.looking.limited([channel()]) == {}


def test_what_went_out_within_a_minute_counts_against_the_limit_of_the_next_run(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.per_minute = 4
    room.take_in(*numbers(3))
    assert len(room.run()) == 3
    room.time = at("23 12:00:30")
    room.take_in(*(draft(str(59089000 + i), created_at=at("23 12:00")) for i in range(3)))
    assert len(room.run()) == 1
    assert len(room.run("23 12:01:30")) == 2


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
    room.answer(OK, DOWN, DOWN)
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


def test_a_message_may_take_ten_seconds_and_in_a_short_run_half_of_it(
    tmp_path: Path,
) -> None:
    given: list[float] = []

    def outlet(_name: str) -> Outlet:
        def send(seconds: float) -> Receipt:
            given.append(seconds)
            return OK

        return Outlet(
            lambda lines, _people: [Sending(len(lines), send)], lambda _line, _people: True, None, None
        )

    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.reminders.run(outlet, WORDS, budget=HOUR)
    room.time = at("23 13:00")
    room.reminders.run(outlet, WORDS, budget=timedelta(seconds=3))
    assert given == [10, 1.5]


def test_a_channel_that_fails_or_cannot_be_made_holds_up_no_other(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00", channels=[channel("bad"), channel("down"), channel("good")])
    room.take_in(draft())
    room.answer(DOWN, on="down")
    made = room._outlet

    def outlet(name: str) -> Outlet:
        if name == "bad":
            raise ConfigError("BAD_URL is not in the environment")
        return made(name)

    report = room.reminders.run(outlet, WORDS, budget=MINUTE)
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


def test_nothing_is_begun_that_might_not_end_within_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    monkeypatch.setattr("jdticket.desk.dispatch.time.monotonic", lambda: seconds[0])

    def slow() -> Receipt:
        seconds[0] += 9
        return OK

    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(4))
    room.answer(*[slow] * 4)
    # Begun at 0 and at 9; at 18 a message of up to ten seconds could go on beyond the 25.
    report = room.report(budget=timedelta(seconds=25))
    assert (len(room.tried), report.left_over) == (2, 2)


def test_a_single_refused_message_is_no_trouble_of_its_channel(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    room.answer(BAD_WORDS, BAD_WORDS)
    assert len(room.report().refused) == 1
    assert room.store.ledger_trouble() == []


def test_what_a_failing_channel_leaves_over_is_no_limit(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(*numbers(4))
    for minute in range(4):
        room.answer(DOWN, DOWN)
        report = room.report(f"23 12:0{minute}")
        assert (report.left_over, report.long_left) == (2, [])


def test_all_runs_of_a_minute_count_against_the_limit(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.per_minute = 5
    told = []
    for second, count in ((0, 2), (20, 2), (40, 3)):
        room.time = at(f"23 12:00:{second:02}")
        room.take_in(
            *(draft(str(59080000 + 100 * second + i), created_at=at("23 11:59")) for i in range(count))
        )
        told.append(len(room.run()))
    assert told == [2, 2, 1]
