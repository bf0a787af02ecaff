from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, TimeToReply, parse_time_to_reply
from jdticket.domain.hours import Segment
from jdticket.domain.tickets import Kind
from tests.desk.at_desk import HOURS, at

HOUR = timedelta(hours=1)
NIGHT = at("23 19:30")
AROUND_THE_CLOCK = TimeToReply(24 * HOUR, ClockKind.CALENDAR)


def test_a_time_to_reply_is_service_time_unless_it_says_otherwise() -> None:
    assert TimeToReply(HOUR).clock is ClockKind.SERVICE
    assert parse_time_to_reply("4h").clock is ClockKind.SERVICE
    assert parse_time_to_reply("4h service") == parse_time_to_reply(" 4h ")
    assert parse_time_to_reply("24h calendar") == AROUND_THE_CLOCK


@pytest.mark.parametrize("text", ["0h", "0h calendar", "0m service"])
def test_no_time_at_all_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a deadline needs more than no time$"):
        parse_time_to_reply(text)


def test_a_kind_without_a_time_of_its_own_has_the_default() -> None:
    assert DeadlinePolicy(HOURS, AROUND_THE_CLOCK).deadline(Kind.CRC, NIGHT) == at("24 19:30")
    policy = DeadlinePolicy(HOURS, AROUND_THE_CLOCK, {Kind.CRC: TimeToReply(2 * HOUR)})
    assert policy.deadline(Kind.CRC, NIGHT) == at("24 11:00")
    assert policy.deadline(Kind.URGE, NIGHT) == at("24 19:30")


@pytest.mark.parametrize("allowed", [AROUND_THE_CLOCK, TimeToReply(24 * HOUR)])
def test_the_stretches_add_up_to_the_time_end_at_the_deadline_and_are_in_utc(allowed: TimeToReply) -> None:
    policy = DeadlinePolicy(HOURS, allowed)
    counted = policy.counted(Kind.OTHER, NIGHT)
    deadline = policy.deadline(Kind.OTHER, NIGHT)
    assert counted[-1].end == deadline
    assert sum((stretch.duration for stretch in counted), timedelta()) == 24 * HOUR
    assert all(moment.tzinfo is UTC for stretch in counted for moment in stretch)
    assert deadline.tzinfo is UTC


def test_calendar_time_is_one_stretch_from_the_creation_on() -> None:
    policy = DeadlinePolicy(HOURS, AROUND_THE_CLOCK)
    assert policy.counted(Kind.OTHER, NIGHT) == [Segment(NIGHT, at("24 19:30"))]
