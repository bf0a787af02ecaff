from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, TimeToReply, parse_time_to_reply
from jdticket.domain.hours import NeverOpenError, Segment, ServiceHours, Window, parse_window
from jdticket.domain.tickets import Kind

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
NONE = timedelta(0)


def windows(text: str) -> list[Window]:
    return [parse_window(part) for part in text.split()]


def daily(text: str, zone: ZoneInfo = SHANGHAI, special: Mapping[str, str] | None = None) -> ServiceHours:
    return ServiceHours(
        zone,
        [windows(text)] * 7,
        {date.fromisoformat(day): windows(own) for day, own in (special or {}).items()},
    )


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """The moment on the clock of ``zone``; without a date on Monday 2026-11-23."""
    text = text if "-" in text else f"2026-11-23 {text}"
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def segment(start: str, end: str, zone: ZoneInfo = SHANGHAI) -> Segment:
    return Segment(at(start, zone), at(end, zone))


HOURS = daily("09:00-19:00")
POLICY = DeadlinePolicy(HOURS, TimeToReply(4 * HOUR))


# The rules of the trade (seller guide 2021 and 2023; our decisions where it is silent)


@pytest.mark.parametrize(
    ("created_at", "deadline"),
    [
        ("2026-11-23 09:00:00", "2026-11-23 13:00:00"),
        ("2026-11-23 14:59:59", "2026-11-23 18:59:59"),
        ("2026-11-23 15:00:00", "2026-11-23 19:00:00"),
        ("2026-11-23 15:00:01", "2026-11-24 09:00:01"),
        ("2026-11-23 16:40:00", "2026-11-24 10:40:00"),
        ("2026-11-23 18:59:59", "2026-11-24 12:59:59"),
        ("2026-11-23 19:00:00", "2026-11-24 13:00:00"),
        ("2026-11-23 23:59:59", "2026-11-24 13:00:00"),
        ("2026-11-24 08:59:59", "2026-11-24 13:00:00"),
        ("2026-11-24 09:00:01", "2026-11-24 13:00:01"),
        ("2026-12-31 18:00:00", "2027-01-01 12:00:00"),
        ("2028-02-28 18:00:00", "2028-02-29 12:00:00"),
    ],
)
def test_a_ticket_has_four_hours_between_nine_and_nineteen_on_every_day(
    created_at: str, deadline: str
) -> None:
    for kind in Kind:
        assert POLICY.deadline(kind, at(created_at)) == at(deadline)


def test_a_ticket_created_at_closing_starts_the_next_morning() -> None:
    assert HOURS.after(at("19:00"), NONE) == at("2026-11-24 09:00")
    assert POLICY.counted(Kind.CRC, at("19:00")) == [segment("2026-11-24 09:00", "2026-11-24 13:00")]


def test_hours_that_run_out_at_closing_end_then_and_not_at_the_next_opening() -> None:
    assert HOURS.after(at("15:00"), 4 * HOUR) == at("19:00")
    assert HOURS.after(at("2026-11-21 19:00"), 20 * HOUR) == at("19:00")


def test_a_reminder_an_hour_before_half_past_nine_is_due_the_evening_before() -> None:
    assert HOURS.before(at("2026-11-24 09:30"), HOUR) == at("2026-11-23 18:30")


def test_the_longer_announcement_gives_an_ordinary_ticket_a_day_around_the_clock() -> None:
    policy = DeadlinePolicy(
        HOURS,
        TimeToReply(24 * HOUR, ClockKind.CALENDAR),
        {Kind.CRC: TimeToReply(4 * HOUR, ClockKind.SERVICE)},
    )
    assert policy.deadline(Kind.CONSULT, at("19:30")) == at("2026-11-24 19:30")
    assert policy.counted(Kind.CONSULT, at("19:30")) == [segment("19:30", "2026-11-24 19:30")]
    assert policy.deadline(Kind.CRC, at("19:30")) == at("2026-11-24 13:00")
    assert policy.time_to_reply(Kind.CRC) == TimeToReply(4 * HOUR)
    assert policy.time_to_reply(Kind.URGE) == TimeToReply(24 * HOUR, ClockKind.CALENDAR)


def test_a_deadline_is_told_window_by_window() -> None:
    policy = DeadlinePolicy(
        daily("09:00-12:00 13:00-19:00", special={"2026-11-24": "", "2026-11-25": "10:00-10:30"}),
        TimeToReply(4 * HOUR),
    )
    counted = policy.counted(Kind.CRC, at("16:40"))
    assert counted == [
        segment("16:40", "19:00"),
        segment("2026-11-25 10:00", "2026-11-25 10:30"),
        segment("2026-11-26 09:00", "2026-11-26 10:10"),
    ]
    assert sum((one.duration for one in counted), NONE) == 4 * HOUR


def test_moments_come_out_in_utc_to_the_second_whatever_zone_they_went_in() -> None:
    moment = at("10:00").astimezone(ZoneInfo("America/New_York")) + timedelta(microseconds=999_999)
    for out in (
        HOURS.after(moment, HOUR),
        HOURS.after(moment, NONE),
        HOURS.before(moment, HOUR),
        HOURS.next_opening(moment),
        HOURS.next_closing(moment),
        HOURS.segments(moment, moment + HOUR)[0].start,
        DeadlinePolicy(HOURS, TimeToReply(HOUR, ClockKind.CALENDAR)).deadline(Kind.CRC, at("10:00")),
    ):
        assert out.tzinfo is UTC
        assert out.microsecond == 0
    assert HOURS.after(moment, HOUR) == at("11:00")


# Every boundary: the second before, at, after


@pytest.mark.parametrize(
    ("moment", "is_open", "opening", "closing"),
    [
        ("08:59:59", False, "2026-11-23 09:00", "2026-11-23 19:00"),
        ("09:00:00", True, "2026-11-23 09:00", "2026-11-23 19:00"),
        ("09:00:01", True, "2026-11-24 09:00", "2026-11-23 19:00"),
        ("18:59:59", True, "2026-11-24 09:00", "2026-11-23 19:00"),
        ("19:00:00", False, "2026-11-24 09:00", "2026-11-24 19:00"),
        ("19:00:01", False, "2026-11-24 09:00", "2026-11-24 19:00"),
    ],
)
def test_a_window_opens_at_its_start_and_closes_at_its_end(
    moment: str, is_open: bool, opening: str, closing: str
) -> None:
    assert HOURS.is_open(at(moment)) is is_open
    assert HOURS.next_opening(at(moment)) == at(opening)
    assert HOURS.next_closing(at(moment)) == at(closing)


@pytest.mark.parametrize(
    ("moment", "after", "before"),
    [
        ("08:59:59", "2026-11-23 09:00:00", "2026-11-22 19:00:00"),
        ("09:00:00", "2026-11-23 09:00:00", "2026-11-23 09:00:00"),
        ("09:00:01", "2026-11-23 09:00:01", "2026-11-23 09:00:01"),
        ("18:59:59", "2026-11-23 18:59:59", "2026-11-23 18:59:59"),
        ("19:00:00", "2026-11-24 09:00:00", "2026-11-23 19:00:00"),
        ("19:00:01", "2026-11-24 09:00:00", "2026-11-23 19:00:00"),
    ],
)
def test_no_time_after_or_before_a_moment_is_the_nearest_end_of_a_window(
    moment: str, after: str, before: str
) -> None:
    assert HOURS.after(at(moment), NONE) == at(after)
    assert HOURS.before(at(moment), NONE) == at(before)


@pytest.mark.parametrize(
    ("moment", "length", "before"),
    [
        ("19:00:00", 4 * HOUR, "2026-11-23 15:00:00"),
        ("23:00:00", 4 * HOUR, "2026-11-23 15:00:00"),
        ("19:00:00", 10 * HOUR, "2026-11-23 09:00:00"),
        ("19:00:00", 10 * HOUR + SECOND, "2026-11-22 18:59:59"),
        ("19:00:00", 10 * HOUR - SECOND, "2026-11-23 09:00:01"),
        ("09:00:00", SECOND, "2026-11-22 18:59:59"),
        ("09:00:01", SECOND, "2026-11-23 09:00:00"),
        ("08:00:00", 10 * HOUR, "2026-11-22 09:00:00"),
    ],
)
def test_before_counts_back_and_lands_on_an_opening_rather_than_a_closing(
    moment: str, length: timedelta, before: str
) -> None:
    assert HOURS.before(at(moment), length) == at(before)


@pytest.mark.parametrize(
    ("earlier", "later", "length"),
    [
        ("10:00:00", "10:00:00", NONE),
        ("08:00:00", "09:00:00", NONE),
        ("08:59:59", "09:00:01", SECOND),
        ("18:59:59", "19:00:01", SECOND),
        ("19:00:00", "2026-11-24 09:00:00", NONE),
        ("09:00:00", "19:00:00", 10 * HOUR),
        ("16:40:00", "2026-11-24 10:40:00", 4 * HOUR),
        ("2026-11-23 09:00:00", "2027-11-23 09:00:00", 3650 * HOUR),
    ],
)
def test_between_is_service_time_and_negative_the_other_way_round(
    earlier: str, later: str, length: timedelta
) -> None:
    assert HOURS.between(at(earlier), at(later)) == length
    assert HOURS.between(at(later), at(earlier)) == -length


def test_segments_are_the_open_stretches_cut_at_both_moments() -> None:
    assert HOURS.segments(at("10:00"), at("11:00")) == [segment("10:00", "11:00")]
    assert HOURS.segments(at("08:00"), at("09:00")) == []
    assert HOURS.segments(at("11:00"), at("10:00")) == []
    assert HOURS.segments(at("18:59:59"), at("2026-11-24 09:00:01")) == [
        segment("18:59:59", "19:00:00"),
        segment("2026-11-24 09:00:00", "2026-11-24 09:00:01"),
    ]


# Weeks, special dates, hours past midnight


def test_a_weekday_and_a_date_have_hours_of_their_own() -> None:
    week = [windows("09:00-19:00")] * 5 + [windows("10:00-12:00"), []]
    hours = ServiceHours(SHANGHAI, week, {date(2026, 11, 29): windows("20:00-21:00")})
    assert hours.after(at("2026-11-27 18:00"), 4 * HOUR) == at("2026-11-29 21:00")
    assert hours.after(at("2026-11-20 18:00"), 4 * HOUR) == at("2026-11-23 10:00")
    assert hours.before(at("2026-11-30 09:30"), 2 * HOUR) == at("2026-11-28 11:30")


def test_closed_dates_are_passed_over_however_many() -> None:
    holidays = {f"2027-02-{day:02}": "" for day in range(15, 24)}
    hours = daily("09:00-19:00", special={**holidays, "2027-02-18": "10:00-12:00 13:00-16:00"})
    assert hours.after(at("2027-02-14 18:00"), 4 * HOUR) == at("2027-02-18 14:00")
    assert hours.before(at("2027-02-24 09:30"), HOUR) == at("2027-02-18 15:30")
    assert hours.between(at("2027-02-01 00:00"), at("2027-03-01 00:00")) == (19 * 10 + 5) * HOUR
    assert not hours.is_open(at("2027-02-17 12:00"))


def test_a_window_until_24_goes_on_in_one_that_begins_at_0() -> None:
    hours = daily("00:00-02:00 20:00-24:00")
    assert hours.is_open(at("2026-11-24 00:00"))
    assert hours.next_closing(at("21:00")) == at("2026-11-24 02:00")
    assert hours.next_opening(at("21:00")) == at("2026-11-24 20:00")
    assert hours.segments(at("12:00"), at("2026-11-24 12:00")) == [segment("20:00", "2026-11-24 02:00")]
    # Sunday to Monday, and from a special date to an ordinary one.
    assert hours.next_closing(at("2026-11-22 21:00")) == at("2026-11-23 02:00")
    special = daily("00:00-02:00 20:00-24:00", special={"2026-11-23": "22:00-24:00"})
    assert special.segments(at("12:00"), at("2026-11-24 12:00")) == [segment("22:00", "2026-11-24 02:00")]


def test_a_window_until_24_closes_there_when_the_next_day_begins_closed() -> None:
    hours = daily("20:00-24:00")
    assert hours.after(at("20:00"), 4 * HOUR) == at("2026-11-24 00:00")
    assert not hours.is_open(at("2026-11-24 00:00"))


def test_a_window_that_closes_for_a_second_opens_again() -> None:
    hours = daily("09:00-12:00 12:00:01-19:00")
    assert not hours.is_open(at("12:00"))
    assert hours.next_opening(at("12:00:01")) == hours.next_opening(at("09:00:01")) == at("12:00:01")
    assert hours.next_opening(at("12:00:02")) == at("2026-11-24 09:00")


def test_what_is_asked_on_the_first_or_last_day_of_a_year_reaches_into_the_next_one() -> None:
    def fresh() -> ServiceHours:
        return daily("09:00-19:00")  # no year is known yet

    assert fresh().before(at("2026-01-01 08:00"), NONE) == at("2025-12-31 19:00")
    assert fresh().before(at("2026-01-01 08:00"), HOUR) == at("2025-12-31 18:00")
    assert fresh().after(at("2025-12-31 19:00"), NONE) == at("2026-01-01 09:00")
    assert fresh().after(at("2025-12-31 19:00"), HOUR) == at("2026-01-01 10:00")
    assert fresh().next_closing(at("2025-12-31 19:00")) == at("2026-01-01 19:00")
    assert fresh().next_opening(at("2025-12-31 09:00:01")) == at("2026-01-01 09:00")
    # A last day that is special is over when it is over.
    closed = daily("09:00-19:00", special={"2025-12-31": ""})
    assert not closed.is_open(at("2025-12-31 10:00"))
    assert closed.is_open(at("2026-01-01 10:00"))


def test_hours_around_the_clock_count_calendar_time_and_close_only_for_a_special_date() -> None:
    hours = daily("00:00-24:00", special={"2032-02-29": ""})
    assert hours.after(at("23:00"), 48 * HOUR) == at("2026-11-25 23:00")
    assert hours.next_closing(at("12:00")) == at("2032-02-29 00:00")
    assert hours.next_opening(at("12:00")) == at("2032-03-01 00:00")
    assert hours.segments(at("12:00"), at("2026-12-31 12:00")) == [segment("12:00", "2026-12-31 12:00")]


def test_equal_hours_are_equal_however_their_windows_were_written() -> None:
    one = ServiceHours(SHANGHAI, [windows("13:00-19:00 09:00-12:00 12:00-13:00")] * 7)
    assert one == daily("09:00-19:00")
    assert one.week[0] == (Window(9 * 3600, 19 * 3600),)
    assert one != daily("09:00-19:01")


def test_windows_that_touch_are_joined_wherever_they_stand_in_the_day() -> None:
    hours = daily("14:00-15:00 12:00-13:00 08:00-09:00 13:00-14:00")
    assert hours.week[0] == (Window(8 * 3600, 9 * 3600), Window(12 * 3600, 15 * 3600))


def test_hours_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        HOURS.zone = BERLIN
    with pytest.raises(TypeError):
        HOURS.special[date(2026, 1, 1)] = ()


@pytest.mark.parametrize(
    "text",
    [
        "09:00-12:00 11:59:59-13:00",
        "09:00-12:00 09:00-12:00",
        "08:00-20:00 09:00-10:00",
        "08:00-09:00 10:00-12:00 11:00-13:00",
    ],
)
def test_windows_that_overlap_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[0-9:]+-[0-9:]+ and [0-9:]+-[0-9:]+ overlap$"):
        daily(text)
    with pytest.raises(ValueError, match="overlap"):
        daily("09:00-19:00", special={"2026-11-24": text})


def test_a_week_has_seven_days() -> None:
    with pytest.raises(ValueError, match=r"^a week has seven days$"):
        ServiceHours(SHANGHAI, [windows("09:00-19:00")] * 6)


# Never open


def test_hours_that_are_never_open_are_refused() -> None:
    with pytest.raises(NeverOpenError, match=r"^the service hours are never open$"):
        ServiceHours(SHANGHAI, [[]] * 7)
    with pytest.raises(NeverOpenError):
        ServiceHours(SHANGHAI, [[]] * 7, {date(2026, 11, 23): []})


def test_hours_of_single_dates_only_run_out_with_an_error_on_either_side() -> None:
    hours = daily("", special={"2026-11-23": "09:00-19:00", "2030-01-01": "09:00-10:00"})
    assert hours.after(at("18:00"), 2 * HOUR) == at("2030-01-01 10:00")
    assert hours.before(at("2030-01-01 09:30"), HOUR) == at("2026-11-23 18:30")
    assert hours.between(at("2001-01-01 00:00"), at("2099-01-01 00:00")) == 11 * HOUR
    assert hours.segments(at("2029-01-01 00:00"), at("2040-01-01 00:00")) == [
        segment("2030-01-01 09:00", "2030-01-01 10:00")
    ]
    for question in (
        lambda: hours.after(at("18:00"), 2 * HOUR + SECOND),
        lambda: hours.after(at("2030-01-01 10:00"), NONE),
        lambda: hours.before(at("2030-01-01 09:30"), 11 * HOUR),
        lambda: hours.before(at("08:00"), NONE),
        lambda: hours.next_opening(at("2030-01-01 09:00:01")),
        lambda: hours.next_closing(at("2030-01-01 10:00")),
    ):
        with pytest.raises(NeverOpenError):
            question()


def test_the_years_2000_to_2100_are_served_and_what_lies_far_outside_is_refused() -> None:
    assert HOURS.before(at("2000-01-01 09:30"), HOUR) == at("1999-12-31 18:30")
    assert HOURS.after(at("2100-12-31 18:00"), 4 * HOUR) == at("2101-01-01 12:00")
    assert HOURS.between(at("2000-01-01 00:00"), at("2101-01-01 00:00")) == 36_890 * 10 * HOUR
    assert HOURS.between(at("2101-01-01 00:00"), at("2000-01-01 00:00")) == -36_890 * 10 * HOUR
    for year in (1990, 1998, 2102, 2150):
        moment = at(f"{year}-06-01 12:00")
        with pytest.raises(NeverOpenError, match=r"^there are no service hours in \d{4}$"):
            daily("09:00-19:00").is_open(moment)
        with pytest.raises(NeverOpenError):
            HOURS.is_open(moment)


def test_a_negative_length_is_refused() -> None:
    for question in (HOURS.after, HOURS.before):
        with pytest.raises(ValueError, match=r"^a length of service time is never negative$"):
            question(at("12:00"), -SECOND)


# Daylight saving


@cache
def zone_from_rule(rule: str) -> ZoneInfo:
    """A zone that only has a POSIX rule, in the format of the zone database (RFC 8536)."""
    block = b"TZif2" + bytes(15) + struct.pack(">6L", 0, 0, 0, 0, 1, 4) + bytes(6) + b"LMT\0"
    return ZoneInfo.from_file(io.BytesIO(block + block + f"\n{rule}\n".encode()), key=rule)


# Made up: clocks go from 23:30 to 00:30 of the next day, and from 00:15 back to 23:15.
ACROSS_MIDNIGHT = "AAA0BBB,M3.5.0/23:30,M10.5.0/24:15"


def test_a_window_is_as_long_as_the_real_time_between_its_ends() -> None:
    hours = daily("01:00-09:00", BERLIN)
    for day, length in (("2026-03-28", 8), ("2026-03-29", 7), ("2026-10-24", 8), ("2026-10-25", 9)):
        assert hours.between(at(f"{day} 00:00", BERLIN), at(f"{day} 12:00", BERLIN)) == length * HOUR


def test_an_end_that_the_clock_leaves_out_is_the_moment_when_it_is_put_forward() -> None:
    put_forward = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert daily("02:30-09:00", BERLIN).next_opening(at("2026-03-29 00:00", BERLIN)) == put_forward
    assert daily("01:00-02:30", BERLIN).next_closing(at("2026-03-29 00:00", BERLIN)) == put_forward
    within = daily("02:10-02:50", BERLIN)
    assert within.next_opening(at("2026-03-29 00:00", BERLIN)) == at("2026-03-30 02:10", BERLIN)


def test_a_midnight_that_the_clock_leaves_out_is_the_moment_when_it_is_put_forward() -> None:
    zone = zone_from_rule(ACROSS_MIDNIGHT)
    put_forward = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
    hours = daily("20:00-24:00", zone)
    assert hours.next_closing(at("2026-03-29 21:00", zone)) == put_forward
    assert not hours.is_open(put_forward)
    assert daily("00:00-02:00", zone).next_opening(at("2026-03-29 21:00", zone)) == put_forward


def test_an_end_that_comes_twice_is_the_first_of_the_two() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    opening, closing = daily("02:30-09:00", BERLIN), daily("01:00-02:30", BERLIN)
    assert opening.next_opening(at("2026-10-25 00:00", BERLIN)) == first
    assert closing.next_closing(at("2026-10-25 00:00", BERLIN)) == first
    assert opening.is_open(second - HOUR / 2)
    assert not closing.is_open(second - HOUR / 2)


def test_the_shortest_daylight_saving_there_was_is_not_overlooked() -> None:
    recife = ZoneInfo("America/Recife")
    hours = daily("09:00-19:00", recife)
    for day in range(7, 17):  # clocks were put forward on the 8th and back on the 15th
        moment = at(f"2000-10-{day:02} 18:00", recife)
        assert hours.after(moment, HOUR) == moment + HOUR
        assert not hours.is_open(moment + HOUR)


def test_a_calendar_day_is_24_hours_also_when_clocks_change() -> None:
    policy = DeadlinePolicy(daily("09:00-19:00", BERLIN), TimeToReply(24 * HOUR, ClockKind.CALENDAR))
    assert policy.deadline(Kind.URGE, at("2026-03-28 12:00", BERLIN)) == at("2026-03-29 13:00", BERLIN)


# Against an oracle that walks: slow, and obvious


@cache
def clock_readings(zone: tzinfo, start: datetime, step: timedelta, steps: int) -> list[tuple[date, int]]:
    """What the clock shows, step by step, as the day and the second in it.

    The clock that is looked at never goes back: while a zone's clock repeats an hour, it is held at the
    highest time that it has shown. That is what "the first moment at which the clock shows that time or
    a later one" comes to.
    """
    lead = 4 * HOUR // step
    shown = ((start + n * step).astimezone(zone).replace(tzinfo=None) for n in range(-lead, steps))
    held = list(accumulate(shown, max))[lead:]
    return [(one.date(), one.hour * 3600 + one.minute * 60 + one.second) for one in held]


class Walk:
    """Service hours found out by looking at the clock again and again."""

    def __init__(self, hours: ServiceHours, start: datetime, step: timedelta, steps: int) -> None:
        self.start, self.step = start.astimezone(UTC), step
        self.open: list[bool] = []
        for day, second in clock_readings(hours.zone, self.start, step, steps):
            own = hours.special.get(day, hours.week[day.weekday()])
            self.open.append(any(one.start <= second < one.end for one in own))

    def moment(self, n: int) -> datetime:
        return self.start + n * self.step

    def after(self, n: int, length: int) -> datetime | None:
        if length == 0:
            return next((self.moment(m) for m in range(n, len(self.open)) if self.open[m]), None)
        for m in range(n, len(self.open)):
            length -= self.open[m]
            if length == 0:
                return self.moment(m + 1)
        return None

    def before(self, n: int, length: int) -> datetime | None:
        if length == 0:
            if self.open[n]:
                return self.moment(n)
            return next((self.moment(m + 1) for m in range(n - 1, -1, -1) if self.open[m]), None)
        for m in range(n - 1, -1, -1):
            length -= self.open[m]
            if length == 0:
                return self.moment(m)
        return None

    def next_change(self, first: int, to_open: bool) -> datetime | None:
        return next(
            (
                self.moment(m)
                for m in range(first, len(self.open))
                if self.open[m] is to_open and self.open[m - 1] is not to_open
            ),
            None,
        )

    def segments(self, n: int, m: int) -> list[Segment]:
        found: list[Segment] = []
        for k in range(n, m):
            if self.open[k]:
                joins = bool(found) and found[-1].end == self.moment(k)
                start = found.pop().start if joins else self.moment(k)
                found.append(Segment(start, self.moment(k + 1)))
        return found


def windows_of_a_day(seconds: int) -> st.SearchStrategy[list[Window]]:
    """Windows whose ends are multiples of ``seconds``, often at midnight or where clocks change."""
    minute = st.integers(0, 1440) | st.integers(0, 200) | st.sampled_from([0, 120, 150, 180, 540, 1440])
    second = minute.map(lambda n: n * 60)
    if seconds == 1:
        second = st.builds(lambda n, off: min(n + off, 86_400), second, st.integers(0, 59))
    ends = st.lists(second, max_size=6, unique=True).map(sorted)
    return ends.map(lambda n: [Window(a, b) for a, b in zip(n[::2], n[1::2], strict=False)])


# Zones and days on which something happens to their clocks, or to the calendar.
CHANGES = [
    ("Asia/Shanghai", "2026-11-23"),
    ("Asia/Shanghai", "2027-01-01"),
    (ACROSS_MIDNIGHT, "2026-03-29"),
    (ACROSS_MIDNIGHT, "2026-10-25"),
    ("Asia/Shanghai", "2028-02-29"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/St_Johns", "2010-11-07"),  # 00:01 back to 23:01 of the day before
    ("Asia/Beirut", "2026-03-29"),  # midnight is left out
    ("Asia/Beirut", "2026-10-25"),  # 24:00 back to 23:00
    ("America/Havana", "2026-11-01"),  # 01:00 back to 00:00
    ("Pacific/Apia", "2011-12-30"),  # a whole day is left out
]


@st.composite
def hours_around_a_change(draw: st.DrawFn, seconds: int) -> tuple[ServiceHours, datetime]:
    name, day_text = draw(st.sampled_from(CHANGES))
    day = date.fromisoformat(day_text)
    own = windows_of_a_day(seconds)
    week = draw(st.lists(own, min_size=7, max_size=7) | own.map(lambda one: [one] * 7))
    near = st.integers(-3, 3).map(lambda n: day + n * DAY)
    special = draw(st.dictionaries(near, own, max_size=3))
    assume(any(week) or any(special.values()))
    zone = zone_from_rule(name) if name == ACROSS_MIDNIGHT else ZoneInfo(name)
    hours = ServiceHours(zone, week, special)
    return hours, datetime(day.year, day.month, day.day, tzinfo=hours.zone)


def assert_all_answers_agree(hours: ServiceHours, walk: Walk, n: int, m: int, length: int) -> None:
    moment = walk.moment(n)
    assert hours.is_open(moment) is walk.open[n]
    for answer, expected in (
        (lambda: hours.after(moment, length * walk.step), walk.after(n, length)),
        (lambda: hours.before(moment, length * walk.step), walk.before(n, length)),
        (lambda: hours.next_opening(moment), walk.next_change(n, to_open=True)),
        (lambda: hours.next_closing(moment), walk.next_change(n + 1, to_open=False)),
    ):
        if expected is not None:  # else it lies beyond the walk
            assert answer() == expected
    low, high = sorted((n, m))
    service = sum(walk.open[low:high]) * walk.step
    assert hours.between(walk.moment(low), walk.moment(high)) == service
    assert hours.segments(walk.moment(low), walk.moment(high)) == walk.segments(low, high)


@settings(deadline=None, max_examples=150)
@given(hours_around_a_change(60), st.data())
def test_every_answer_agrees_with_a_walk_minute_by_minute(
    case: tuple[ServiceHours, datetime], data: st.DataObject
) -> None:
    hours, midnight = case
    walk = Walk(hours, midnight - 2 * DAY, MINUTE, 4 * 1440)
    minute = st.integers(1, 4 * 1440 - 1)
    for _ in range(4):
        n, m, length = data.draw(minute), data.draw(minute), data.draw(st.integers(0, 900))
        assert_all_answers_agree(hours, walk, n, m, length)


@settings(deadline=None, max_examples=50)
@given(hours_around_a_change(1), st.integers(-2, 3), st.data())
def test_every_answer_agrees_with_a_walk_second_by_second(
    case: tuple[ServiceHours, datetime], begin: int, data: st.DataObject
) -> None:
    hours, midnight = case
    walk = Walk(hours, midnight.astimezone(UTC) + begin * HOUR, SECOND, 7200)
    second = st.integers(1, 7199)
    for _ in range(4):
        n, m, length = data.draw(second), data.draw(second), data.draw(st.integers(0, 3600))
        assert_all_answers_agree(hours, walk, n, m, length)


# The operations among themselves, over the whole century

MOMENTS = st.integers(0, 29_000 * 86_400).map(lambda n: datetime(2010, 1, 1, tzinfo=UTC) + n * SECOND)
LENGTHS = st.integers(1, 400 * 86_400).map(lambda n: timedelta(seconds=n))
SPLIT = "09:00-12:00 13:30-19:00"
CENTURY = [
    daily(SPLIT, special={"2026-11-24": "", "2027-02-17": "10:00-12:00", "2050-06-01": "00:00-24:00"}),
    ServiceHours(SHANGHAI, [windows(SPLIT)] * 5 + [[], []]),
    *(
        daily("00:00-02:30 20:00-24:00", ZoneInfo(name))
        for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
    ),
]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(CENTURY), MOMENTS, LENGTHS, LENGTHS)
def test_after_before_and_between_fit_together(
    hours: ServiceHours, moment: datetime, one: timedelta, two: timedelta
) -> None:
    later, earlier = hours.after(moment, one), hours.before(moment, one)
    assert hours.between(moment, later) == one == hours.between(earlier, moment)
    assert hours.between(later, moment) == -one
    assert hours.after(later, two) == hours.after(moment, one + two)
    assert hours.before(earlier, two) == hours.before(moment, one + two)
    assert hours.before(later, one) == hours.before(hours.after(moment, one + SECOND), one + SECOND)
    # A deadline is inside a window or at its end; the beginning of a count is inside or at its start.
    assert hours.is_open(later - SECOND)
    assert hours.is_open(earlier)
    assert not hours.is_open(hours.next_closing(moment))
    assert hours.is_open(hours.next_opening(moment))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(CENTURY), st.lists(MOMENTS, min_size=3, max_size=8))
def test_the_order_in_which_years_are_asked_about_changes_no_answer(
    asked: ServiceHours, moments: list[datetime]
) -> None:
    for first, second in pairwise(moments):
        fresh = ServiceHours(asked.zone, asked.week, asked.special)
        assert fresh.between(first, second) == asked.between(first, second)
        assert fresh.after(second, HOUR) == asked.after(second, HOUR)


def calls(question: Callable[[], object]) -> int:
    """How many function calls an answer takes."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        question()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_a_century_costs_no_more_than_a_day(zone: ZoneInfo) -> None:
    hours = daily("09:00-19:00", zone)
    start = at("2000-01-03 10:00", zone)
    for days in (1, 400, 36_000):
        hours.after(start, days * 10 * HOUR)  # the years are known from now on
    costs = {calls(lambda days=days: hours.after(start, days * 10 * HOUR)) for days in (1, 400, 36_000)}
    assert len(costs) == 1


def test_a_year_around_the_clock_costs_no_more_than_a_day() -> None:
    hours = daily("00:00-24:00")
    start = at("2026-01-05 10:00")
    ends = [start + days * DAY for days in (1, 350)]
    hours.segments(start, ends[1] + 30 * DAY)  # the years are known from now on
    costs = {calls(lambda end=end: hours.segments(start, end)) for end in ends}
    assert len(costs) == 1


# What people write


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("09:00-19:00", 9 * 3600, 19 * 3600),
        ("9:00-19:00", 9 * 3600, 19 * 3600),
        (" 09:00 - 19:00 ", 9 * 3600, 19 * 3600),
        ("09：00－19：00", 9 * 3600, 19 * 3600),
        ("09:00–19:00", 9 * 3600, 19 * 3600),
        ("00:00-24:00", 0, 86_400),
        ("23:59:59-24:00:00", 86_399, 86_400),
        ("08:30:15-08:30:16", 30_615, 30_616),
    ],
)
def test_a_window_is_read_from_text_and_written_back(text: str, start: int, end: int) -> None:
    assert parse_window(text) == Window(start, end)
    assert parse_window(str(Window(start, end))) == Window(start, end)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a window such as 09:00-19:00"),
        ("09:00", "not a window such as 09:00-19:00"),
        ("9-19", "not a window such as 09:00-19:00"),
        ("09:00-19:00 20:00-21:00", "not a window such as 09:00-19:00"),
        ("closed", "not a window such as 09:00-19:00"),
        ("22:00-02:00", "it ends before it begins; write the hours after midnight as the next day's"),
        ("09:00-09:00", "it ends before it begins; write the hours after midnight as the next day's"),
        ("09:60-19:00", "an hour has 60 minutes, a minute 60 seconds"),
        ("09:00-19:00:60", "an hour has 60 minutes, a minute 60 seconds"),
        ("09:00-24:00:01", "a day ends at 24:00"),
        ("09:00-25:00", "a day ends at 24:00"),
    ],
)
def test_a_window_that_is_none_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        parse_window(text)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (6, 5), (0, 86_401)])
def test_a_window_lies_within_one_day(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=r"^a window must end after it begins, within one day$"):
        Window(start, end)


@pytest.mark.parametrize(
    ("text", "length", "clock"),
    [
        ("4h", 4 * HOUR, ClockKind.SERVICE),
        ("4h service", 4 * HOUR, ClockKind.SERVICE),
        ("24h calendar", 24 * HOUR, ClockKind.CALENDAR),
        ("24hcalendar ", 24 * HOUR, ClockKind.CALENDAR),
        ("1h30m", 90 * MINUTE, ClockKind.SERVICE),
        ("2小时30分", 150 * MINUTE, ClockKind.SERVICE),
    ],
)
def test_a_policys_duration_is_service_time_unless_it_says_calendar(
    text: str, length: timedelta, clock: ClockKind
) -> None:
    assert parse_time_to_reply(text) == TimeToReply(length, clock)


@pytest.mark.parametrize(
    "text", ["", "4", "calendar", "h4", "-4h", "4h weekly", "0m", "0h calendar", "4h service calendar"]
)
def test_a_policys_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|no time"):
        parse_time_to_reply(text)
