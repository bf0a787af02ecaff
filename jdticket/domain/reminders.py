"""Which reminder is due at a given moment: the rules and service time, nothing else.

Nothing here reads a clock, a file or a setting, and nothing here knows what has gone out: the ledger
does. A ticket climbs a ladder of steps, "new" first, then "before:<seconds>", the longest first, then
"overdue:0", "overdue:1" and so on. The answer is always the highest step that it has reached, and the
caller sends that unless the ledger has it. So a pause costs the steps in between and never repeats them.

Service time alone moves a ticket along, but some steps are reached while the desk is closed: whether
anything may be sent then is the caller's to say. Moments are aware and come out in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from jdticket.domain.hours import NeverOpenError
from jdticket.domain.tickets import Status
from jdticket.domain.urgency import time_left, waits

if TYPE_CHECKING:
    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.outages import Outage
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Ticket

_SECOND = timedelta(seconds=1)
_SOURCE_BACK = "source_back"
_REJECTED = "rejected"


class ReminderRule(StrEnum):
    """Why a reminder goes out."""

    NEW = "new"
    BEFORE = "before"
    OVERDUE = "overdue"
    OPENING = "opening"
    OUTAGE_CONTACT = "outage_contact"
    RETURNED = "returned"
    SOURCE = "source"
    UNASSIGNED = "unassigned"


SIGN_IN = "sign_in"
"""How the steps begin that tell of a sign-in; their rule is that of what cannot be fetched."""


class ReminderState(StrEnum):
    """Where a reminder stands in the ledger."""

    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    """Not taken by the channel, and due for another try."""
    SUPERSEDED = "superseded"
    """Failed, and not tried again: a later step has taken its place, or nobody waits any more."""
    UNSURE = "unsure"
    """Sent as often as it may be, and no answer ever came: it may have arrived."""


class Reminder(NamedTuple):
    """One row of the ledger: one reminder on one channel."""

    rule: ReminderRule
    step: str
    """Which step of the rule: with ticket or outage, deadline and channel it names this reminder once
    and for all ("new", "before:1800", "overdue:0", "opening:2026-11-24", "outage_contact:2")."""
    channel: str
    due_at: datetime
    """The moment since which it is due."""
    ticket_id: str | None
    outage_id: int | None
    deadline_at: datetime | None
    """The deadline that it belongs to: a moved deadline makes its own reminders."""
    state: ReminderState
    claimed_at: datetime
    claim_expires_at: datetime
    """After this a claim that came to nothing may be taken over."""
    attempts: int
    sent_at: datetime | None = None
    answer: str = ""
    """What the channel answered, secrets left out."""
    refused: bool = False
    """The channel refused it for its settings (bad key, keyword rule, signature): a person has to act."""
    copies: int = 0
    """How often it was sent and no answer came."""
    retry_at: datetime | None = None
    """It is not tried again before this; None: in the next run."""
    id: int = 0


def is_left_over(reminder: Reminder) -> bool:
    """Whether a run took it up, and gave it back to the next one unsent."""
    return reminder.state is ReminderState.CLAIMED and reminder.claim_expires_at <= reminder.claimed_at


COPIES_MOST = 3
"""How often a reminder is sent whose answer gets lost each time."""
_RETRIES = (timedelta(minutes=2), timedelta(minutes=10))


def retry_after(copies: int) -> timedelta | None:
    """How long to wait before a reminder is sent once more, of which so many copies may have arrived; None:
    no more, for the group would be full of them."""
    return _RETRIES[copies - 1] if copies < COPIES_MOST else None


class Escalation(NamedTuple):
    """Whom to tell as well from the moment that so much service time is left, and all the time after."""

    left: timedelta
    mention: tuple[str, ...]
    channel: str | None
    """The name of a channel to use besides; None: no other."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty when. ``start`` is included, ``end`` is not; past midnight is another duty."""

    weekdays: frozenset[int]
    """0 is Monday."""
    start: int
    """Seconds of the local day by its clock, 0 <= start < end <= 86400; anything else is a ``ValueError``."""
    end: int
    mention: tuple[str, ...]
    shops: tuple[str, ...] = ()
    """Codes of the shops it is for; empty: all."""
    dates: frozenset[date] = frozenset()
    """The local days it is for, whatever the weekday; empty: by weekday."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 86_400:
            raise ValueError("a duty must end after it begins, within one day")


class ReminderRules(NamedTuple):
    """What is reminded of, and how often. Every length is at least a second."""

    new: bool
    before: tuple[timedelta, ...]
    """Service time left, the longest first."""
    overdue_every: timedelta | None
    """Service time; None: overdue tickets are not reminded of."""
    overdue_times: int
    """How many reminders of an overdue ticket there are in all."""
    opening: bool
    outage_contact_every: timedelta | None
    """Time on the wall; None: outages are not reminded of."""
    returned: bool
    source_every: timedelta | None
    """Time on the wall; None: shops whose tickets cannot be fetched are not reminded of."""
    escalate: tuple[Escalation, ...]
    digest_over: int
    """More reminders than this for one channel are joined in one message."""
    unassigned_after: timedelta | None = None
    """Service time after which a ticket that nobody has is told of; None: never."""


class Due(NamedTuple):
    """A reminder whose moment has come."""

    rule: ReminderRule
    step: str
    """Which step of the rule, as the ledger names it."""
    at: datetime
    """The moment since which it is due."""
    left: timedelta | None
    """Service time until the ticket's deadline, negative when that is past; zero where there is none; None
    for a deadline that the hours do not know."""


def due_for_ticket(
    ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules, *, undelivered: bool = False
) -> Due | None:
    """The most urgent reminder of this ticket whose moment has come; None when none has.

    - "new" since the ticket was taken in. It belongs to the ticket and not to a deadline: the ledger
      should keep it under the first deadline, lest a moved one makes an old ticket new again.
    - "before:<seconds>" since that much service time was left, whether or not the ticket was there
      already: one taken in with 25 minutes left is told as "before:1800". Where it is left all through
      a closed time, since the opening.
    - "overdue:<k>" since the second after the deadline for k = 0, by the wall even when the deadline lies
      outside service hours; from then on since k times ``overdue_every`` of service time has passed. The
      last one stays the answer for good, so that a pause over all of them still ends in one reminder.
    - "returned:<time>" for a ticket that we hold as replied and the platform still shows as waiting, and
      after that its "before" and "overdue" like any other's: its time runs on there. So it does when a
      reply to it is known not to have arrived (``undelivered``).

    A ticket that a complete take-in no longer holds is told of until it is overdue, and not after: whoever
    answers elsewhere must not be called all day. A deadline that lies outside of the years that the hours
    know is told of once it has passed.
    """
    if _is_quiet(ticket, now):
        return None
    step, _following = _standing(ticket, now, hours, rules, undelivered)
    if step is None:
        return None
    at, rule, name = step
    return Due(rule, name, at, time_left(ticket, now, hours))


RETURNED_MOST = 6
"""How often a channel hears, beside the steps to its deadline, that a ticket was returned."""


def due_again_for_return(
    ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules
) -> Due | None:
    """The reminder that a ticket is still returned: every ``overdue_every`` of service time after the first,
    at most ``RETURNED_MOST`` in all. The step is "returned:<time>:<k>"; its deadline has steps of its own."""
    at, times = _last_return(ticket, now, hours, rules)
    if at is None or times == 0 or _is_quiet(ticket, now):
        return None
    step = f"{_returned_step(ticket)}:{times}"
    return Due(ReminderRule.RETURNED, step, at, time_left(ticket, now, hours))


def due_for_unassigned(
    ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules
) -> Due | None:
    """The reminder that nobody has a pending ticket, so much service time after it was taken in."""
    at = _unassigned_at(ticket, hours, rules)
    if at is None or now < at or _is_quiet(ticket, now):
        return None
    return Due(ReminderRule.UNASSIGNED, str(ReminderRule.UNASSIGNED), at, time_left(ticket, now, hours))


def due_for_rejection(ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules) -> Due | None:
    """The reminder that the platform has rejected the reply to a ticket, which is pending again: at once,
    whatever its ladder has told already. The step is "rejected:<time>"."""
    at = ticket.reopened_at
    if at is None or now < at or ticket.status is not Status.PENDING or not rules.returned:
        return None
    if _is_quiet(ticket, now):
        return None
    left = time_left(ticket, now, hours)
    return Due(ReminderRule.RETURNED, f"{_REJECTED}:{at:%Y-%m-%dT%H:%M:%SZ}", at, left)


def next_moment(
    ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules, *, undelivered: bool = False
) -> datetime | None:
    """The first moment after ``now`` at which something else is due for the ticket, or an escalation
    brings in another channel; None: never.

    It holds as long as ticket, reply, hours and rules stay as they are, and the clock is not put back.
    """
    if not _is_told(ticket, rules, undelivered) or _is_quiet(ticket, now):
        return None
    _step, following = _standing(ticket, now, hours, rules, undelivered)
    reopened_at = ticket.reopened_at if rules.returned and ticket.status is Status.PENDING else None
    moments = [
        following,
        reopened_at,
        _next_return(ticket, now, hours, rules),
        _unassigned_at(ticket, hours, rules),
    ]
    for escalation in rules.escalate:
        if escalation.channel is not None:
            # Where that much is left all through a closed time, it is so from the closing on.
            with suppress(NeverOpenError):
                moments.append(hours.before(ticket.deadline_at, escalation.left + _SECOND) + _SECOND)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def due_for_outage(outage: Outage, now: datetime, rules: ReminderRules) -> Due | None:
    """The reminder that the operations manager has not been contacted: at once, and then again and again.

    The step is "outage_contact:<k>", where k times ``outage_contact_every`` has passed on the wall since
    the report. It goes on when the outage has ended: the manager must hear of it all the same.
    """
    every = rules.outage_contact_every
    if every is None or outage.contacted or now < outage.reported_at:
        return None
    times = (now - outage.reported_at) // every
    return Due(
        ReminderRule.OUTAGE_CONTACT,
        f"{ReminderRule.OUTAGE_CONTACT}:{times}",
        outage.reported_at + times * every,
        timedelta(0),
    )


def due_for_source(source: SourceState, now: datetime, rules: ReminderRules) -> Due | None:
    """The reminder that a shop's tickets cannot be fetched: at once, and again and again while it lasts;
    then one that it works again, which is for those who have heard of the failure.

    The steps are "source:<shop>:<since>:<k>", where k times ``source_every`` has passed on the wall, and
    "source_back:<shop>:<since>".
    """
    every = rules.source_every
    if every is None:
        return None
    since = source.failing_since
    if since is not None:
        if now < since:
            return None
        times = (now - since) // every
        step = f"{source_step(source.shop, since)}{times}"
        return Due(ReminderRule.SOURCE, step, since + times * every, timedelta(0))
    if source.failed_since is None or source.back_at is None or now < source.back_at:
        return None
    step = f"{_SOURCE_BACK}:{source.shop}:{source.failed_since:%Y-%m-%dT%H:%M:%SZ}"
    return Due(ReminderRule.SOURCE, step, source.back_at, timedelta(0))


def due_for_sign_in(shop: str, ends_at: datetime, now: datetime, zone: tzinfo) -> Due | None:
    """The reminder that a shop's sign-in on the platform ends soon, once on each day of ``zone``, until it
    has ended: then nothing is fetched, which is told by itself. The step is "sign_in:<shop>:<date>"."""
    if now >= ends_at:
        return None
    step = f"{SIGN_IN}:{shop}:{now.astimezone(zone):%Y-%m-%d}"
    return Due(ReminderRule.SOURCE, step, now, timedelta(0))


def source_step(shop: str, since: datetime) -> str:
    """How the steps of the reminders begin that tell of this failure."""
    return f"{ReminderRule.SOURCE}:{shop}:{since:%Y-%m-%dT%H:%M:%SZ}:"


def opening_due(now: datetime, hours: ServiceHours, rules: ReminderRules, zone: tzinfo) -> Due | None:
    """The digest of the day, "opening:<local date>", since the day's first opening and only while open.

    Hours that go on past midnight do not open there, and hours around the clock never open.
    """
    if not rules.opening or not hours.is_open(now):
        return None
    day = now.astimezone(zone).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    # From the second before, so that what is open already begins before the day does.
    for stretch in hours.segments(midnight - _SECOND, now + _SECOND):
        if stretch.start >= midnight:
            return Due(ReminderRule.OPENING, f"{ReminderRule.OPENING}:{day}", stretch.start, timedelta(0))
    return None


def on_duty(
    duties: Iterable[Duty], now: datetime, zone: tzinfo, shops: Iterable[str] = ()
) -> tuple[str, ...]:
    """Whom the duties of this moment that are for one of these shops (none: for any) mention, by the clock of
    ``zone``; each once, in the duties' order."""
    shops = frozenset(shops)
    local = now.astimezone(zone)
    second = local.hour * 3600 + local.minute * 60 + local.second
    return tuple(
        dict.fromkeys(
            name
            for duty in duties
            if (local.date() in duty.dates if duty.dates else local.weekday() in duty.weekdays)
            and duty.start <= second < duty.end
            and (not duty.shops or not shops or not shops.isdisjoint(duty.shops))
            for name in duty.mention
        )
    )


def escalations(rules: ReminderRules, left: timedelta) -> tuple[Escalation, ...]:
    """Those in force with so much service time left (negative: overdue)."""
    return tuple(escalation for escalation in rules.escalate if left <= escalation.left)


# A moment, the rule, and the name of its step.
_Step = tuple[datetime, ReminderRule, str]


def _standing(
    ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules, undelivered: bool
) -> tuple[_Step | None, datetime | None]:
    """The highest step that the ticket has reached, and when it reaches another."""
    reached: _Step | None = None
    following: datetime | None = None
    for step in _ladder(ticket, hours, rules, undelivered):
        at, rule, _name = step
        if at <= now:
            reached, following = step, None
            continue
        following = at if following is None else min(following, at)
        # The ladder's moments rise, but for a ticket that was taken in late.
        if rule is not ReminderRule.NEW:
            break
    return reached, following


def _is_told(ticket: Ticket, rules: ReminderRules, undelivered: bool) -> bool:
    """Whether there is anything to remind of: also when only the platform still waits."""
    return waits(ticket, undelivered) and (ticket.status is Status.PENDING or rules.returned)


def _is_quiet(ticket: Ticket, now: datetime) -> bool:
    """Whether the day's digest alone tells of it: missing on the platform, and overdue."""
    return ticket.missing_at is not None and now > ticket.deadline_at


def _ladder(ticket: Ticket, hours: ServiceHours, rules: ReminderRules, undelivered: bool) -> Iterator[_Step]:
    """The ticket's steps, the least urgent first."""
    if not _is_told(ticket, rules, undelivered):
        return
    since = None if ticket.status is Status.PENDING else ticket.returned_at
    if since is not None:
        yield since, ReminderRule.RETURNED, _returned_step(ticket)
    if ticket.status is Status.PENDING and rules.new:
        yield ticket.taken_in_at, ReminderRule.NEW, str(ReminderRule.NEW)
    for step in _deadline_steps(ticket, hours, rules):
        if since is None or step[0] > since:
            yield step


def _returned_step(ticket: Ticket) -> str:
    return f"{ReminderRule.RETURNED}:{ticket.returned_at:%Y-%m-%dT%H:%M:%SZ}"


def _returns(ticket: Ticket, hours: ServiceHours, rules: ReminderRules) -> Iterator[datetime]:
    """The moments at which it is said that a ticket is returned, the first of them included."""
    since, every = ticket.returned_at, rules.overdue_every
    if since is None or ticket.status is Status.PENDING or not _is_told(ticket, rules, undelivered=False):
        return
    yield since
    if every is not None:
        with suppress(NeverOpenError):
            for times in range(1, RETURNED_MOST):
                yield hours.after(since, times * every)


def _last_return(
    ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules
) -> tuple[datetime | None, int]:
    """The last of those moments that has come, and how many of them came before it."""
    last: tuple[datetime | None, int] = (None, 0)
    for times, at in enumerate(_returns(ticket, hours, rules)):
        if at > now:
            break
        last = (at, times)
    return last


def _next_return(ticket: Ticket, now: datetime, hours: ServiceHours, rules: ReminderRules) -> datetime | None:
    return next((at for at in _returns(ticket, hours, rules) if at > now), None)


def _unassigned_at(ticket: Ticket, hours: ServiceHours, rules: ReminderRules) -> datetime | None:
    """Since when a ticket that nobody has is to be told of."""
    after = rules.unassigned_after
    if after is None or ticket.assignee.strip() or ticket.status is not Status.PENDING:
        return None
    with suppress(NeverOpenError):
        return hours.after(ticket.taken_in_at, after)
    return None


def _deadline_steps(ticket: Ticket, hours: ServiceHours, rules: ReminderRules) -> Iterator[_Step]:
    deadline = ticket.deadline_at
    for left in rules.before:
        seconds = left // _SECOND
        with suppress(NeverOpenError):
            yield hours.before(deadline, left), ReminderRule.BEFORE, f"{ReminderRule.BEFORE}:{seconds}"
    if rules.overdue_every is None:
        return
    with suppress(NeverOpenError):
        for times in range(rules.overdue_times):
            at = hours.after(deadline, times * rules.overdue_every) if times else deadline + _SECOND
            yield at, ReminderRule.OVERDUE, f"{ReminderRule.OVERDUE}:{times}"
