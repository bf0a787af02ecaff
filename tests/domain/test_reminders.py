from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jdticket.domain.hours import ServiceHours, Window, parse_window
from jdticket.domain.outages import Outage, OutageReason
from jdticket.domain.reminders import (
    RETURNED_MOST,
    Due,
    Duty,
    Escalation,
    ReminderRule,
    ReminderRules,
    ReminderState,
    due_again_for_return,
    due_for_outage,
    due_for_rejection,
    due_for_source,
    due_for_ticket,
    escalations,
    next_moment,
    on_duty,
    opening_due,
    source_step,
)
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket
from jdticket.errors import Trouble
from tests.store.making import reminder

SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
NONE = timedelta(0)


def daily(text: str, zone: ZoneInfo = SHANGHAI) -> ServiceHours:
    return ServiceHours(zone, [[parse_window(part) for part in text.split()]] * 7)


def at(text: str) -> datetime:
    """``"23 14:30"`` is that time on that day of November 2026, in Shanghai; the 23rd is a Monday."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-11-{day} {time}").replace(tzinfo=SHANGHAI).astimezone(UTC)


HOURS = daily("09:00-19:00")
RULES = ReminderRules(
    new=True,
    before=(2 * HOUR, HOUR, 30 * MINUTE, 10 * MINUTE),
    overdue_every=30 * MINUTE,
    overdue_times=6,
    opening=True,
    outage_contact_every=15 * MINUTE,
    returned=True,
    source_every=HOUR,
    escalate=(),
    digest_over=5,
)


def ticket(deadline: str = "23 14:00", taken_in: str = "23 10:00", **fields: Any) -> Ticket:
    """A pending ticket."""
    values: dict[str, Any] = {
        "created_at": at(taken_in),
        "deadline_at": at(deadline),
        "first_deadline_at": at(deadline),
        "taken_in_at": at(taken_in),
        "status": Status.PENDING,
    }
    return Ticket(
        id="59088842",
        shop="",
        order_id=None,
        kind=Kind.CRC,
        kind_text="",
        deadline_source=DeadlineSource.POLICY,
        **(values | fields),
    )


def step(one: Ticket, now: str, rules: ReminderRules = RULES) -> str | None:
    due = due_for_ticket(one, at(now), HOURS, rules)
    return None if due is None else due.step


def way(
    one: Ticket, start: datetime, rules: ReminderRules = RULES, hours: ServiceHours = HOURS
) -> Iterator[tuple[datetime, str]]:
    """Every step of the ticket from ``start`` on, each with the moment at which it is reached."""
    moment: datetime | None = start
    while moment is not None:
        due = due_for_ticket(one, moment, hours, rules)
        if due is not None:
            yield moment, due.step
        following = next_moment(one, moment, hours, rules)
        assert following is None or following > moment
        moment = following


# The ladder of a ticket


def test_a_ticket_goes_through_every_step_each_at_its_second() -> None:
    assert list(way(ticket(), at("23 09:00"))) == [
        (at("23 10:00"), "new"),
        (at("23 12:00"), "before:7200"),
        (at("23 13:00"), "before:3600"),
        (at("23 13:30"), "before:1800"),
        (at("23 13:50"), "before:600"),
        (at("23 14:00:01"), "overdue:0"),
        (at("23 14:30"), "overdue:1"),
        (at("23 15:00"), "overdue:2"),
        (at("23 15:30"), "overdue:3"),
        (at("23 16:00"), "overdue:4"),
        (at("23 16:30"), "overdue:5"),
    ]


@pytest.mark.parametrize(
    ("moment", "before", "then"),
    [
        ("23 10:00", None, "new"),
        ("23 12:00", "new", "before:7200"),
        ("23 13:00", "before:7200", "before:3600"),
        ("23 13:30", "before:3600", "before:1800"),
        ("23 13:50", "before:1800", "before:600"),
        ("23 14:00:01", "before:600", "overdue:0"),
        ("23 14:30", "overdue:0", "overdue:1"),
        ("23 16:30", "overdue:4", "overdue:5"),
    ],
)
def test_the_second_before_it_is_another_step(moment: str, before: str | None, then: str) -> None:
    one = ticket()
    earlier = due_for_ticket(one, at(moment) - SECOND, HOURS, RULES)
    assert (None if earlier is None else earlier.step) == before
    due = due_for_ticket(one, at(moment), HOURS, RULES)
    assert due is not None
    assert (due.step, due.at) == (then, at(moment))
    assert next_moment(one, at(moment) - SECOND, HOURS, RULES) == at(moment)


def test_a_reminder_tells_its_rule_since_when_it_is_due_and_the_service_time_left() -> None:
    one = ticket()
    assert due_for_ticket(one, at("23 13:10"), HOURS, RULES) == Due(
        ReminderRule.BEFORE, "before:3600", at("23 13:00"), 50 * MINUTE
    )
    assert due_for_ticket(one, at("24 09:10"), HOURS, RULES) == Due(
        ReminderRule.OVERDUE, "overdue:5", at("23 16:30"), -(5 * HOUR + 10 * MINUTE)
    )
    assert due_for_ticket(one, at("23 10:00"), HOURS, RULES) == Due(
        ReminderRule.NEW, "new", at("23 10:00"), 4 * HOUR
    )


def test_an_hour_before_half_past_nine_is_the_evening_before() -> None:
    one = ticket("24 09:30", "23 15:30")
    assert step(one, "23 18:29:59") == "before:7200"
    assert step(one, "23 18:30") == "before:3600"
    assert list(way(one, at("23 18:30")))[:4] == [
        (at("23 18:30"), "before:3600"),
        (at("24 09:00"), "before:1800"),
        (at("24 09:20"), "before:600"),
        (at("24 09:30:01"), "overdue:0"),
    ]


def test_what_is_left_at_closing_is_told_at_the_opening() -> None:
    one = ticket("24 10:00", "23 16:00")
    assert step(one, "23 19:00") == step(one, "24 08:59:59") == "before:7200"
    assert step(one, "24 09:00") == "before:3600"


def test_exactly_at_the_deadline_it_is_not_overdue() -> None:
    assert step(ticket(), "23 14:00") == "before:600"
    assert step(ticket(), "23 14:00:01") == "overdue:0"


def test_a_deadline_at_closing_is_overdue_by_the_wall_and_again_by_service_time() -> None:
    assert list(way(ticket("23 19:00"), at("23 18:59")))[1:3] == [
        (at("23 19:00:01"), "overdue:0"),
        (at("24 09:30"), "overdue:1"),
    ]


def test_a_calendar_deadline_in_the_night_has_its_ladder_too() -> None:
    one = ticket("23 22:15")
    due = due_for_ticket(one, at("23 22:15:01"), HOURS, RULES)
    assert due == Due(ReminderRule.OVERDUE, "overdue:0", at("23 22:15:01"), NONE)
    assert list(way(one, at("23 17:30")))[:5] == [
        (at("23 17:30"), "before:7200"),
        (at("23 18:00"), "before:3600"),
        (at("23 18:30"), "before:1800"),
        (at("23 18:50"), "before:600"),
        (at("23 22:15:01"), "overdue:0"),
    ]
    assert step(one, "24 09:29:59") == "overdue:0"
    assert step(one, "24 09:30") == "overdue:1"


def test_a_ticket_taken_in_late_starts_where_it_stands() -> None:
    assert step(ticket(taken_in="23 10:01"), "23 10:01") == "new"
    assert step(ticket(taken_in="23 13:35"), "23 13:35") == "before:1800"
    assert step(ticket(taken_in="23 15:10"), "23 15:10") == "overdue:2"


def test_a_ticket_from_a_clock_that_was_put_back_still_climbs() -> None:
    one = ticket(taken_in="23 13:10")
    assert step(one, "23 11:59") is None
    assert step(one, "23 12:00") == "before:7200"
    assert next_moment(one, at("23 12:00"), HOURS, RULES) == at("23 13:00")
    assert next_moment(ticket(taken_in="23 11:58"), at("23 11:00"), HOURS, RULES) == at("23 11:58")


def test_after_a_pause_only_the_most_urgent_step_is_due() -> None:
    assert step(ticket(), "23 13:55") == "before:600"
    assert step(ticket(), "23 15:10") == "overdue:2"
    assert step(ticket(), "25 12:00") == "overdue:5"


def test_a_rejection_that_is_still_to_come_is_a_moment_of_its_own() -> None:
    one = ticket(reopened_at=at("23 12:30"))
    assert next_moment(one, at("23 12:00"), HOURS, RULES) == at("23 12:30")
    assert next_moment(one, at("23 12:30"), HOURS, RULES) == at("23 13:00")
    assert next_moment(one, at("23 12:00"), HOURS, RULES._replace(returned=False)) == at("23 13:00")
    answered = replace(one, status=Status.REPLIED, returned_at=at("23 11:00"))
    assert next_moment(answered, at("23 12:00"), HOURS, RULES) == at("23 12:30")
    assert next_moment(answered, at("23 13:30"), HOURS, RULES) == at("23 13:50")


def test_another_channel_joins_in_at_a_moment_of_its_own() -> None:
    def joins(deadline: str, now: str, escalation: Escalation) -> datetime | None:
        return next_moment(ticket(deadline), at(now), HOURS, RULES._replace(escalate=(escalation,)))

    boss = Escalation(45 * MINUTE, (), "boss")
    assert joins("23 14:00", "23 13:00", boss) == at("23 13:15")
    assert joins("23 14:00", "23 13:15", boss) == at("23 13:30")
    # 45 minutes are left from closing time on, all night.
    assert joins("24 09:45", "23 18:45", boss) == at("23 19:00")
    assert joins("24 09:45", "23 19:00", boss) == at("24 09:15")
    # Who is only mentioned besides makes no other reminder.
    assert joins("23 14:00", "23 13:00", Escalation(45 * MINUTE, ("lead",), None)) == at("23 13:30")


def test_no_channel_joins_in_where_nothing_is_waited_for() -> None:
    boss = RULES._replace(escalate=(Escalation(HOUR, (), "boss"),), before=())
    returned = ticket(status=Status.REPLIED, returned_at=at("23 11:00"))
    assert next_moment(returned, at("23 12:30"), HOURS, boss) == at("23 13:00")
    for one, rules in (
        (returned, boss._replace(returned=False)),
        (replace(returned, returned_at=None), boss),
        (replace(returned, status=Status.CLOSED), boss),
    ):
        assert next_moment(one, at("23 12:00"), HOURS, rules) is None


def test_a_step_beyond_the_end_of_the_hours_does_not_silence_those_before_it() -> None:
    last_day = ServiceHours(SHANGHAI, [[]] * 7, {date(2026, 11, 23): [parse_window("09:00-14:10")]})
    due = due_for_ticket(ticket(), at("23 13:10"), last_day, RULES)
    assert due is not None
    assert due.step == "before:3600"
    assert next_moment(ticket(), at("23 13:10"), last_day, RULES) == at("23 13:30")


def test_the_last_step_stays_and_nothing_follows_it() -> None:
    one = ticket()
    assert step(one, "30 18:00") == "overdue:5"
    assert next_moment(one, at("23 16:30"), HOURS, RULES) is None


def test_a_moved_deadline_has_a_ladder_of_its_own() -> None:
    moved = replace(ticket(), deadline_at=at("24 10:00"))
    assert step(ticket(), "23 14:30") == "overdue:1"
    assert step(moved, "23 14:30") == "new"
    assert list(way(moved, at("23 14:30")))[1:3] == [
        (at("23 18:00"), "before:7200"),
        (at("24 09:00"), "before:3600"),
    ]


@pytest.mark.parametrize("status", [Status.REPLIED, Status.CLOSED, Status.VOID])
def test_a_ticket_that_is_not_pending_is_silent(status: Status) -> None:
    one = ticket(status=status, reopened_at=at("23 12:00"))
    boss = RULES._replace(escalate=(Escalation(HOUR, (), "boss"),))
    assert step(one, "23 15:00", boss) is None
    assert next_moment(one, at("23 10:00"), HOURS, boss) is None


def test_a_rule_that_is_off_gives_no_step() -> None:
    def steps(**off: Any) -> list[str]:
        return [name for _moment, name in way(ticket(), at("23 09:00"), RULES._replace(**off))]

    everything = steps()
    assert steps(new=False) == everything[1:]
    assert steps(before=()) == ["new", *everything[5:]]
    assert steps(overdue_every=None) == steps(overdue_times=0) == everything[:5]
    assert steps(overdue_times=1) == everything[:6]
    assert steps(new=False, before=(), overdue_every=None) == []


def test_a_reply_that_has_not_reached_the_platform_is_reminded_of() -> None:
    one = ticket(status=Status.REPLIED, returned_at=at("23 15:00"))
    assert due_for_ticket(one, at("23 15:00"), HOURS, RULES) == Due(
        ReminderRule.RETURNED, "returned:2026-11-23T07:00:00Z", at("23 15:00"), -HOUR
    )
    assert step(one, "23 14:59:59") is None
    assert next_moment(one, at("23 14:00"), HOURS, RULES) == at("23 15:00")
    # Its time runs on there: what is due after that is due.
    assert next_moment(one, at("23 15:00"), HOURS, RULES) == at("23 15:30")
    assert step(one, "23 15:30") == "overdue:3"
    assert step(one, "23 15:00", RULES._replace(returned=False)) is None
    assert step(replace(one, status=Status.CLOSED), "23 15:00") is None
    again = replace(one, returned_at=at("23 16:00"))
    assert step(again, "23 16:00") == "returned:2026-11-23T08:00:00Z"


def test_one_that_was_found_missing_in_time_is_reminded_of_before_its_deadline() -> None:
    one = ticket("23 14:00", status=Status.REPLIED, returned_at=at("23 12:30"))
    told = [step(one, f"23 {time}") for time in ("12:30", "12:59:59", "13:00", "13:30", "14:00", "14:00:01")]
    returned = "returned:2026-11-23T04:30:00Z"
    assert told == [returned, returned, "before:3600", "before:1800", "before:600", "overdue:0"]


def test_a_reply_that_is_known_not_to_have_arrived_keeps_the_reminders_of_its_deadline() -> None:
    one = ticket(status=Status.REPLIED)

    def told(now: str, *, undelivered: bool = True, rules: ReminderRules = RULES) -> str | None:
        due = due_for_ticket(one, at(now), HOURS, rules, undelivered=undelivered)
        return None if due is None else due.step

    assert told("23 11:59:59") is None
    assert [told(f"23 {time}") for time in ("12:00", "13:59", "14:00:01")] == [
        "before:7200",
        "before:600",
        "overdue:0",
    ]
    assert next_moment(one, at("23 12:00"), HOURS, RULES, undelivered=True) == at("23 13:00")
    assert told("23 13:59", undelivered=False) is None
    assert next_moment(one, at("23 12:00"), HOURS, RULES) is None
    off = RULES._replace(returned=False)
    assert told("23 13:59", rules=off) is None
    assert next_moment(one, at("23 12:00"), HOURS, off, undelivered=True) is None


@pytest.mark.parametrize("status", [Status.PENDING, Status.REPLIED])
def test_what_a_complete_page_no_longer_holds_is_reminded_of_until_it_is_overdue(status: Status) -> None:
    returned_at = None if status is Status.PENDING else at("23 11:00")
    one = ticket(status=status, returned_at=returned_at, missing_at=at("23 12:30"))
    assert step(one, "23 13:59") == step(one, "23 14:00") == "before:600"
    assert step(one, "23 14:00:01") is None
    assert step(one, "25 12:00") is None
    assert next_moment(one, at("23 14:00:01"), HOURS, RULES) is None
    escalate = RULES._replace(escalate=(Escalation(NONE, (), "boss"),))
    assert next_moment(one, at("23 14:00:01"), HOURS, escalate) is None
    # The page holds it again.
    assert step(replace(one, missing_at=None), "23 14:00:01") == "overdue:0"


def test_a_rejection_of_what_the_page_no_longer_holds_is_told_of_until_it_is_overdue() -> None:
    one = ticket(reopened_at=at("23 13:00"), missing_at=at("23 13:30"))
    assert due_for_rejection(one, at("23 14:00"), HOURS, RULES) is not None
    assert due_for_rejection(one, at("23 14:00:01"), HOURS, RULES) is None


FAR = {year: datetime(year, 1, 1, tzinfo=UTC) for year in (1980, 1998, 2102, 9998)}


@pytest.mark.parametrize("year", FAR)
def test_a_deadline_that_the_hours_do_not_know_is_told_of_once_it_has_passed_and_stops_nothing(
    year: int,
) -> None:
    one = ticket(deadline_at=FAR[year], reopened_at=at("23 10:30"))
    due = due_for_ticket(one, at("23 11:00"), HOURS, RULES)
    assert due is not None
    if year < 2000:
        assert due == Due(ReminderRule.OVERDUE, "overdue:0", FAR[year] + SECOND, None)
    else:
        assert due == Due(ReminderRule.NEW, "new", at("23 10:00"), None)
    rejected = due_for_rejection(one, at("23 11:00"), HOURS, RULES)
    assert rejected is not None
    escalate = RULES._replace(escalate=(Escalation(HOUR, (), "boss"),))
    following = next_moment(one, at("23 11:00"), HOURS, escalate)
    assert following is None or following > at("23 11:00")


def test_hours_that_run_out_before_a_deadline_stop_nothing() -> None:
    day = at("23 12:00").astimezone(SHANGHAI).date()
    hours = ServiceHours(SHANGHAI, [[]] * 7, {day: [parse_window("09:00-19:00")]})
    one = ticket("23 10:30", "23 09:00")
    assert [name for _moment, name in way(one, at("23 09:00"), hours=hours)] == [
        "new",
        "before:3600",
        "before:1800",
        "before:600",
        *(f"overdue:{times}" for times in range(6)),
    ]
    late = ticket("23 18:50")
    told = [name for _moment, name in way(late, at("23 18:00"), hours=hours)]
    assert told == ["before:3600", "before:1800", "before:600", "overdue:0"]


def test_a_rejected_reply_is_due_at_once_whatever_was_told_before() -> None:
    one = ticket("23 14:00", reopened_at=at("23 12:30"))

    def rejection(ticket: Ticket, now: str, rules: ReminderRules = RULES) -> Due | None:
        return due_for_rejection(ticket, at(f"23 {now}"), HOURS, rules)

    assert rejection(one, "12:29:59") is None
    assert rejection(one, "12:30") == Due(
        ReminderRule.RETURNED, "rejected:2026-11-23T04:30:00Z", at("23 12:30"), 90 * MINUTE
    )
    assert rejection(replace(one, reopened_at=None), "12:30") is None
    for status in (Status.REPLIED, Status.CLOSED, Status.VOID):
        assert rejection(replace(one, status=status), "12:30") is None
    assert rejection(one, "12:30", RULES._replace(returned=False)) is None


# Against counting on one's fingers: hours of a few seconds around midnight, walked second by second

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
WALK = [MIDNIGHT + n * SECOND for n in range(-60, 121)]
lengths = st.integers(1, 40).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def hours_around_midnight(draw: st.DrawFn) -> tuple[ServiceHours, set[datetime]]:
    """Hours with a few windows in the last minute of the day and in its first two, and their open seconds."""
    cuts = sorted(draw(st.sets(st.integers(-50, 110).filter(bool), min_size=2, max_size=6)))
    pairs = [
        (a, b)
        for (a, b), keep in zip(
            pairwise(cuts), draw(st.lists(st.booleans(), min_size=5, max_size=5)), strict=False
        )
        if keep
    ]
    pairs = pairs or [(cuts[0], cuts[1])]
    week = []
    for a, b in pairs:
        if a < 0:
            week.append(Window(86_400 + a, 86_400 + min(b, 0)))
        if b > 0:
            week.append(Window(max(a, 0), b))
    opened = {MIDNIGHT + n * SECOND for a, b in pairs for n in range(a, b)}
    return ServiceHours(UTC, [week] * 7), opened


rules_of_seconds = st.builds(
    ReminderRules,
    new=st.booleans(),
    before=st.sets(lengths, max_size=4).map(lambda some: tuple(sorted(some, reverse=True))),
    overdue_every=st.none() | lengths,
    overdue_times=st.integers(0, 4),
    opening=st.just(True),
    outage_contact_every=st.none(),
    returned=st.booleans(),
    escalate=st.just(()),
    digest_over=st.just(5),
    unassigned_after=st.none(),
)
walked = st.sampled_from(WALK[10:-10])
tickets = st.builds(
    lambda taken_in, deadline, returned, status: ticket(
        status=status, deadline_at=deadline, taken_in_at=taken_in, returned_at=returned
    ),
    walked,
    walked,
    st.none() | walked,
    st.sampled_from([Status.PENDING] * 5 + [Status.REPLIED, Status.REPLIED, Status.CLOSED]),
)


def counted(
    one: Ticket, now: datetime, opened: set[datetime], rules: ReminderRules, *, undelivered: bool = False
) -> str | None:
    """The most urgent step, found by counting open seconds one by one."""
    if one.status is Status.REPLIED and rules.returned and one.returned_at is None and undelivered:
        return counted(replace(one, status=Status.PENDING), now, opened, rules._replace(new=False))
    if one.status is Status.REPLIED and rules.returned and one.returned_at and one.returned_at <= now:
        # What was reached before it was found missing is not told any more.
        pending, quiet = replace(one, status=Status.PENDING), rules._replace(new=False)
        reached = counted(pending, one.returned_at, opened, quiet)
        step = counted(pending, now, opened, quiet)
        return step if step != reached else f"returned:{one.returned_at.isoformat().replace('+00:00', 'Z')}"
    if one.status is not Status.PENDING:
        return None
    if now > one.deadline_at and rules.overdue_every and rules.overdue_times:
        over = sum(one.deadline_at <= second < now for second in opened) * SECOND
        return f"overdue:{min(over // rules.overdue_every, rules.overdue_times - 1)}"
    left = sum(now <= second < one.deadline_at for second in opened) * SECOND
    for before in reversed(rules.before):
        # With just so much left while closed, it counts from the opening on.
        if now >= one.deadline_at or left < before or (left == before and now in opened):
            return f"before:{int(before.total_seconds())}"
    return "new" if rules.new and one.taken_in_at <= now else None


def counted_return(one: Ticket, now: datetime, opened: set[datetime], rules: ReminderRules) -> int:
    """How often it has been said again that the ticket is returned."""
    told = one.status is Status.REPLIED and rules.returned and one.returned_at and rules.overdue_every
    if not told or one.returned_at is None or rules.overdue_every is None or one.returned_at > now:
        return 0
    over = sum(one.returned_at <= second < now for second in opened) * SECOND
    return min(over // rules.overdue_every, RETURNED_MOST - 1)


@given(hours_around_midnight(), rules_of_seconds, tickets, st.booleans())
@settings(max_examples=250, deadline=None)
def test_every_second_has_the_step_that_counting_gives_and_none_comes_unannounced(
    made: tuple[ServiceHours, set[datetime]], rules: ReminderRules, one: Ticket, undelivered: bool
) -> None:
    hours, opened = made
    opened = {second + day * DAY for second in opened for day in (-2, -1, 0, 1)}
    steps: list[tuple[str | None, int]] = []
    for now in WALK:
        due = due_for_ticket(one, now, hours, rules, undelivered=undelivered)
        again = due_again_for_return(one, now, hours, rules)
        times = 0 if again is None else int(again.step.rpartition(":")[2])
        steps.append((None if due is None else due.step, times))
        expected = counted(one, now, opened, rules, undelivered=undelivered)
        assert steps[-1] == (expected, counted_return(one, now, opened, rules))
        for found in (due, again):
            assert found is None or found.at <= now
    for index, now in enumerate(WALK):
        following = next_moment(one, now, hours, rules, undelivered=undelivered)
        change = next((n for n in range(index + 1, len(WALK)) if steps[n] != steps[index]), None)
        if change is not None:
            assert following == WALK[change]
        else:
            assert following is None or following > WALK[-1]


@given(
    st.integers(0, 14 * 86_400).map(lambda seconds: at("16 00:00") + timedelta(seconds=seconds)),
    st.integers(0, 14 * 86_400).map(lambda seconds: at("16 00:00") + timedelta(seconds=seconds)),
)
@settings(deadline=None)
def test_a_step_is_due_since_the_moment_at_which_it_was_reached(deadline: datetime, now: datetime) -> None:
    one = ticket(deadline_at=deadline)
    due = due_for_ticket(one, now, HOURS, RULES)
    if due is None:
        assert now < one.taken_in_at
        return
    then = due_for_ticket(one, due.at, HOURS, RULES)
    assert then is not None
    assert then.step == due.step
    earlier = due_for_ticket(one, due.at - SECOND, HOURS, RULES)
    assert earlier is None or earlier.step != due.step


# Outages


def outage(**fields: Any) -> Outage:
    values: dict[str, Any] = {
        "reason": OutageReason.POWER,
        "since": at("23 13:00"),
        "until": None,
        "shops": (),
        "note": "",
        "reported_at": at("23 13:20"),
    }
    return Outage(**(values | fields))


@pytest.mark.parametrize(
    ("now", "step_due", "since"),
    [
        ("23 13:20", "outage_contact:0", "23 13:20"),
        ("23 13:34:59", "outage_contact:0", "23 13:20"),
        ("23 13:35", "outage_contact:1", "23 13:35"),
        ("23 14:19:59", "outage_contact:3", "23 14:05"),
        # Time on the wall: 19 hours and 40 minutes later.
        ("24 09:00", "outage_contact:78", "24 08:50"),
    ],
)
def test_an_outage_is_reminded_of_at_once_and_every_quarter_of_an_hour(
    now: str, step_due: str, since: str
) -> None:
    assert due_for_outage(outage(), at(now), RULES) == Due(
        ReminderRule.OUTAGE_CONTACT, step_due, at(since), NONE
    )


def test_an_outage_is_silent_once_the_manager_knows_and_before_its_report() -> None:
    assert due_for_outage(outage(contacted=True), at("23 14:00"), RULES) is None
    assert due_for_outage(outage(), at("23 13:19:59"), RULES) is None
    assert due_for_outage(outage(), at("23 14:00"), RULES._replace(outage_contact_every=None)) is None


def test_an_outage_that_has_ended_is_still_to_be_told() -> None:
    assert due_for_outage(outage(until=at("23 13:30")), at("23 14:00"), RULES) is not None


# Shops whose tickets cannot be fetched


def failing(since: str = "23 13:20", shop: str = "jd3") -> SourceState:
    return SourceState(shop, good_at=at("23 13:15"), failing_since=at(since), trouble=Trouble.UNREACHABLE)


def recovered(since: str = "23 13:20", back: str = "23 15:05", shop: str = "jd3") -> SourceState:
    return SourceState(shop, good_at=at(back), failed_since=at(since), back_at=at(back))


def source_due(source: SourceState, now: str, rules: ReminderRules = RULES) -> str | None:
    due = due_for_source(source, at(now), rules)
    return None if due is None else due.step


@pytest.mark.parametrize(
    ("now", "times", "since"),
    [
        ("23 13:20", 0, "23 13:20"),
        ("23 14:19:59", 0, "23 13:20"),
        ("23 14:20", 1, "23 14:20"),
        ("23 14:20:01", 1, "23 14:20"),
        ("23 15:19:59", 1, "23 14:20"),
        ("23 15:20", 2, "23 15:20"),
        # Time on the wall: all night.
        ("24 09:00", 19, "24 08:20"),
    ],
)
def test_a_failing_shop_is_reminded_of_at_once_and_every_hour(now: str, times: int, since: str) -> None:
    assert due_for_source(failing(), at(now), RULES) == Due(
        ReminderRule.SOURCE, f"source:jd3:2026-11-23T05:20:00Z:{times}", at(since), NONE
    )


def test_a_failure_that_begins_in_the_future_is_not_due() -> None:
    assert source_due(failing(), "23 13:19:59") is None
    assert source_due(failing(), "22 13:20") is None


def test_a_shop_that_works_again_is_told_of_from_that_moment_on_and_always_as_one_step() -> None:
    due = Due(ReminderRule.SOURCE, "source_back:jd3:2026-11-23T05:20:00Z", at("23 15:05"), NONE)
    assert due_for_source(recovered(), at("23 15:04:59"), RULES) is None
    assert due_for_source(recovered(), at("23 15:05"), RULES) == due
    assert due_for_source(recovered(), at("25 12:00"), RULES) == due


def test_a_shop_that_never_failed_is_silent() -> None:
    assert source_due(SourceState("jd3"), "23 15:00") is None
    assert source_due(SourceState("jd3", good_at=at("23 13:15")), "23 15:00") is None


def test_a_shop_that_fails_again_is_told_of_as_failing_and_under_another_name() -> None:
    again = replace(recovered(), failing_since=at("23 16:00"), trouble=Trouble.REFUSED)
    assert source_due(again, "23 16:00") == "source:jd3:2026-11-23T08:00:00Z:0"
    assert source_due(again, "23 15:59:59") is None
    back = recovered(since="23 16:00", back="23 16:10")
    assert source_due(back, "23 16:10") == "source_back:jd3:2026-11-23T08:00:00Z"


def test_shops_that_fail_are_reminded_of_as_often_as_is_asked_for_or_never() -> None:
    often, never = RULES._replace(source_every=10 * MINUTE), RULES._replace(source_every=None)
    assert source_due(failing(), "23 14:19:59", often) == "source:jd3:2026-11-23T05:20:00Z:5"
    assert source_due(failing(), "23 14:20", never) is None
    assert source_due(recovered(), "23 15:05", never) is None


def test_the_steps_of_one_failure_have_a_beginning_that_no_others_have() -> None:
    begin = source_step("jd3", at("23 13:20"))
    for now in ("23 13:20", "23 15:20"):
        step_due = source_due(failing(), now)
        assert step_due is not None
        assert step_due.startswith(begin)
    others = [failing(shop="jd33"), failing(since="23 13:21"), recovered()]
    for other in others:
        step_due = source_due(other, "23 15:20")
        assert step_due is not None
        assert not step_due.startswith(begin)


sources = st.builds(
    SourceState,
    st.just("jd3"),
    failing_since=st.none() | walked,
    failed_since=st.none() | walked,
    back_at=st.none() | walked,
)


@given(sources, st.none() | lengths)
@settings(max_examples=250, deadline=None)
def test_every_second_of_a_failing_shop_has_the_step_that_counting_gives(
    source: SourceState, every: timedelta | None
) -> None:
    rules = RULES._replace(source_every=every)
    fails_from = source.failing_since
    times, passed, reached = -1, NONE, WALK[0]
    for now in WALK:
        passed += SECOND
        if now == fails_from or (times >= 0 and passed == every):
            times, passed, reached = times + 1, NONE, now
        expected = None
        if every and fails_from and times >= 0:
            expected = (f"source:jd3:{fails_from:%Y-%m-%dT%H:%M:%S}Z:{times}", reached)
        elif every and not fails_from and source.failed_since and source.back_at and now >= source.back_at:
            expected = (f"source_back:jd3:{source.failed_since:%Y-%m-%dT%H:%M:%S}Z", source.back_at)
        due = due_for_source(source, now, rules)
        assert (due and (due.step, due.at)) == expected


# The opening


def opening(now: str, hours: ServiceHours = HOURS) -> Due | None:
    return opening_due(at(now), hours, RULES, SHANGHAI)


def test_the_opening_is_due_from_the_first_second_until_closing() -> None:
    due = Due(ReminderRule.OPENING, "opening:2026-11-23", at("23 09:00"), NONE)
    assert opening("23 08:59:59") is None
    assert opening("23 09:00") == opening("23 18:59:59") == due
    assert opening("23 19:00") is None
    following = opening("24 09:00")
    assert following is not None
    assert following.step == "opening:2026-11-24"


def test_a_day_has_one_opening_whatever_its_breaks() -> None:
    hours = daily("09:00-12:00 13:00-19:00")
    assert opening("23 14:00", hours) == opening("23 09:00", hours)
    assert opening("23 12:30", hours) is None


def test_a_closed_day_has_no_opening() -> None:
    hours = ServiceHours(SHANGHAI, [[], *[[parse_window("09:00-19:00")]] * 6])
    assert opening("23 10:00", hours) is None


def test_hours_past_midnight_do_not_open_there() -> None:
    hours = daily("00:00-02:00 10:00-24:00")
    assert opening("23 00:00", hours) is None
    assert opening("23 01:59:59", hours) is None
    due = opening("23 23:59:59", hours)
    assert due is not None
    assert (due.step, due.at) == ("opening:2026-11-23", at("23 10:00"))
    assert opening("23 12:00", daily("00:00-24:00")) is None


def test_hours_may_open_at_midnight() -> None:
    due = opening("23 00:00", daily("00:00-08:00"))
    assert due is not None
    assert due.at == at("23 00:00")


def test_the_day_of_an_opening_is_the_day_of_the_zone() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    hours = daily("09:00-19:00", zone)
    now = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    due = opening_due(now, hours, RULES, zone)
    assert due is not None
    assert (due.step, due.at) == ("opening:2026-11-23", datetime(2026, 11, 23, 17, 0, tzinfo=UTC))


def test_the_opening_can_be_switched_off() -> None:
    assert opening_due(at("23 10:00"), HOURS, RULES._replace(opening=False), SHANGHAI) is None


# Whom to tell


DUTIES = (
    Duty(frozenset(range(5)), 9 * 3600, 14 * 3600, ("wang", "li")),
    Duty(frozenset({0, 6}), 13 * 3600, 86_400, ("li", "zhao")),
)


@pytest.mark.parametrize(
    ("now", "people"),
    [
        ("23 08:59:59", ()),
        ("23 09:00", ("wang", "li")),
        ("23 12:59:59", ("wang", "li")),
        ("23 13:00", ("wang", "li", "zhao")),
        ("23 13:59:59", ("wang", "li", "zhao")),
        ("23 14:00", ("li", "zhao")),
        ("23 23:59:59", ("li", "zhao")),
        ("24 00:00", ()),
        ("24 13:30", ("wang", "li")),
        ("28 10:00", ()),
        ("29 13:00", ("li", "zhao")),
    ],
)
def test_who_is_on_duty_goes_by_the_local_clock(now: str, people: tuple[str, ...]) -> None:
    assert on_duty(DUTIES, at(now), SHANGHAI) == people


@pytest.mark.parametrize(("start", "end"), [(3600, 3600), (7200, 3600), (-1, 5), (0, 86_401)])
def test_a_duty_ends_after_it_begins_and_within_its_day(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=r"^a duty must end after it begins, within one day$"):
        Duty(frozenset({0}), start, end, ("wang",))


def test_a_duty_may_fill_its_day_or_a_second_of_it() -> None:
    all_day, second = Duty(frozenset({0}), 0, 86_400, ("wang",)), Duty(frozenset({0}), 0, 1, ("li",))
    assert on_duty((all_day, second), at("23 00:00"), SHANGHAI) == ("wang", "li")
    assert on_duty((all_day, second), at("23 23:59:59"), SHANGHAI) == ("wang",)
    later = Duty(frozenset({0}), 9 * 3600 + 30 * 60 + 15, 9 * 3600 + 30 * 60 + 16, ("zhao",))
    seconds = [on_duty((later,), at(f"23 09:30:{n}"), SHANGHAI) for n in (14, 15, 16)]
    assert seconds == [(), ("zhao",), ()]


def test_the_states_of_a_reminder_are_kept_by_these_words_and_a_new_one_has_no_answer() -> None:
    assert list(ReminderState) == ["claimed", "sent", "failed", "superseded", "unsure"]
    one = reminder()
    assert (one.sent_at, one.answer, one.refused, one.id) == (None, "", False, 0)


def test_an_escalation_holds_from_its_second_on() -> None:
    at_thirty = Escalation(30 * MINUTE, ("boss",), None)
    overdue = Escalation(NONE, (), "night")
    rules = RULES._replace(escalate=(at_thirty, overdue))
    assert escalations(rules, 30 * MINUTE + SECOND) == ()
    assert escalations(rules, 30 * MINUTE) == (at_thirty,)
    assert escalations(rules, NONE) == escalations(rules, -HOUR) == (at_thirty, overdue)
