"""What must go out now and to whom, claimed in the ledger.

A ticket is looked at when it has changed, and again at the moment for which the last look set it down:
the look is that of :mod:`jdticket.domain.reminders`, and what it comes to is the same as if every ticket
were looked at in every run. (Ranges of deadlines since the last run would find those that have not changed;
the changed, the failed, the held back and the killed would have to be kept apart for them all the same.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from jdticket import clock
from jdticket.domain.hours import NeverOpenError
from jdticket.domain.reminders import (
    Reminder,
    ReminderRule,
    ReminderState,
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
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.domain.urgency import urgency

if TYPE_CHECKING:
    from jdticket.domain.channels import Channel
    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.outages import Outage
    from jdticket.domain.reminders import Due, Duty, ReminderRules
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Ticket
    from jdticket.store.interface import Store

_CLAIM = timedelta(minutes=2)
"""How long a claim outlasts the time that its run may take."""
_WAITING = TicketQuery(waits=True)
_CLOSED_BUT_WAITING = TicketQuery(statuses=(Status.CLOSED, Status.VOID), returned=True)
_RULES_FACT = "reminder_rules"
_LOOKED_FACT = "reminders_looked_at"
_SKEW = timedelta(minutes=1)
"""How far the clocks of two machines with one store may be apart."""
_OPENED_FACT = "opening_without_tickets:"


class Notice(NamedTuple):
    """One reminder, with what its message needs."""

    reminder: Reminder
    left: timedelta | None
    """Service time until the ticket's deadline, negative when that is past; None: the hours do not know."""
    mention: tuple[str, ...]
    ticket: Ticket | None = None
    outage: Outage | None = None
    source: SourceState | None = None
    """The shop whose tickets cannot be fetched, or can again."""
    pending: tuple[Ticket, ...] = ()
    """For the digest of the day: everything that waits, by urgency."""
    closed_but_waiting: tuple[Ticket, ...] = ()
    """For the digest: closed or void here, shown as waiting by the platform, and not confirmed."""
    undelivered: frozenset[str] = frozenset()
    """The numbers of its tickets with a reply that is not known to have arrived on the platform."""
    covers: tuple[Reminder, ...] = ()
    """Reminders of new tickets that the digest tells of as well: they share its fate."""


class Claims:
    """The notices that are due, over one store. All of it is called inside a transaction."""

    def __init__(
        self,
        store: Store,
        hours: ServiceHours,
        zone: tzinfo,
        rules: ReminderRules,
        duties: Sequence[Duty],
        channels: Sequence[Channel],
        fetched: Collection[str],
    ) -> None:
        self._store = store
        self._hours = hours
        self._zone = zone
        self._rules = rules
        self._duties = duties
        self._channels = {channel.name: channel for channel in channels}
        # A channel that an escalation names hears of nothing before that: it is the boss's.
        escalated = {step.channel for step in rules.escalate}
        self._ordinary = {name: c for name, c in self._channels.items() if name not in escalated}
        self._fetched = frozenset(fetched)

    def claim(self, now: datetime, budget: timedelta) -> list[Notice]:
        """Claim what is due and not sent yet, for a run of ``budget``."""
        self._forget_what_no_longer_holds(now)
        open_now = self._hours.is_open(now)
        duty = on_duty(self._duties, now, self._zone)
        wanted: list[Notice] = []
        looked_at: list[tuple[Ticket, datetime | None, list[Notice]]] = []
        undelivered = frozenset(delivery.ticket_id for _reply, delivery in self._store.undelivered())
        for ticket in self._store.tickets_to_remind(now):
            lost = ticket.id in undelivered
            due = due_for_ticket(ticket, now, self._hours, self._rules, undelivered=lost)
            notices, held_back = self._for_ticket(ticket, due, now, open_now, duty)
            rejection = due_for_rejection(ticket, now, self._hours, self._rules)
            more, also_held_back = self._for_ticket(ticket, rejection, now, open_now, duty)
            notices, held_back = notices + more, held_back or also_held_back
            looked_at.append((ticket, self._look_again(ticket, now, held_back, lost), notices))
            wanted += [notice._replace(undelivered=undelivered) for notice in notices] if lost else notices
        wanted += self._for_outages(now, open_now, duty)
        wanted += self._for_sources(now, open_now, duty)
        wanted += self._openings(now, duty, undelivered)
        wanted.sort(key=lambda notice: _place(notice, now))
        claimed = self._store.claim([notice.reminder for notice in wanted], now, now + budget + _CLAIM)
        ours = {_key(reminder): reminder for reminder in claimed}
        done = [
            (ticket, again)
            for ticket, again, notices in looked_at
            if not notices or self._all_sent(ticket, [notice.reminder for notice in notices], ours)
        ]
        self._store.put_remind_at(done)
        mine = [
            notice._replace(reminder=ours[_key(notice.reminder)])
            for notice in wanted
            if _key(notice.reminder) in ours
        ]
        return self._without_repeats(mine)

    def _forget_what_no_longer_holds(self, now: datetime) -> None:
        """Have every ticket looked at anew when the rules have changed or the clock was put back."""
        fingerprint, kept = self._fingerprint(), self._store.fact(_LOOKED_FACT)
        last = now if kept is None else clock.from_stored(kept)
        put_back = now < last - _SKEW
        if put_back or self._store.fact(_RULES_FACT) != fingerprint:
            self._store.forget_remind_at()
            self._store.put_fact(_RULES_FACT, fingerprint)
        self._store.put_fact(_LOOKED_FACT, clock.stored(now if put_back else max(now, last)))

    def _all_sent(
        self, ticket: Ticket, reminders: Sequence[Reminder], ours: Mapping[tuple[object, ...], Reminder]
    ) -> bool:
        if any(_key(reminder) in ours for reminder in reminders):
            return False  # what is ours was not, and the ledger need not be asked
        sent = {
            _key(kept)
            for kept in self._store.reminders(ticket_id=ticket.id)
            if kept.state is ReminderState.SENT
        }
        return all(_key(reminder) in sent for reminder in reminders)

    def _for_ticket(
        self, ticket: Ticket, due: Due | None, now: datetime, open_now: bool, duty: tuple[str, ...]
    ) -> tuple[list[Notice], bool]:
        """The ticket's notices, one a channel, and whether a channel waits for the opening."""
        if due is None:
            return [], False
        # One that was returned waits on the platform like a pending one.
        escalates = ticket.status is Status.PENDING or due.rule is not ReminderRule.RETURNED
        escalated = escalations(self._rules, due.left) if escalates and due.left is not None else ()
        names = [name for name, channel in self._ordinary.items() if _is_for(channel, (ticket.shop,))]
        names += [
            step.channel
            for step in escalated
            if step.channel and _is_for(self._channels[step.channel], (ticket.shop,))
        ]
        more = tuple(person for step in escalated for person in step.mention)
        # "New" and "returned" belong to the ticket; a moved deadline must not tell of them again.
        moving = due.rule in {ReminderRule.BEFORE, ReminderRule.OVERDUE}
        deadline_at = ticket.deadline_at if moving else ticket.first_deadline_at
        notices = []
        held_back = False
        for name in dict.fromkeys(names):
            channel = self._channels[name]
            if not open_now and not channel.night:
                held_back = True
                continue
            notices.append(
                Notice(
                    reminder=_wanted(due, name, now, ticket_id=ticket.id, deadline_at=deadline_at),
                    left=due.left,
                    mention=tuple(dict.fromkeys((*channel.mention, *duty, *more))),
                    ticket=ticket,
                )
            )
        return notices, held_back

    def _look_again(
        self, ticket: Ticket, now: datetime, held_back: bool, undelivered: bool
    ) -> datetime | None:
        again = next_moment(ticket, now, self._hours, self._rules, undelivered=undelivered)
        if not held_back:
            return again
        try:
            opening = self._hours.next_opening(now)
        except NeverOpenError:
            return again
        return opening if again is None else min(again, opening)

    def _for_outages(self, now: datetime, open_now: bool, duty: tuple[str, ...]) -> Iterator[Notice]:
        for outage in self._store.outages(uncontacted_only=True):
            due = due_for_outage(outage, now, self._rules)
            if due is None:
                continue
            for name, channel in self._ordinary.items():
                if (open_now or channel.night) and _is_for(channel, outage.shops):
                    reminder = _wanted(due, name, now, outage_id=outage.id)
                    mention = tuple(dict.fromkeys((*channel.mention, *duty)))
                    yield Notice(reminder=reminder, left=timedelta(0), mention=mention, outage=outage)

    def _for_sources(self, now: datetime, open_now: bool, duty: tuple[str, ...]) -> Iterator[Notice]:
        # A run may begin a moment earlier in its minute than the last one.
        every = (self._rules.source_every or timedelta(0)) - timedelta(minutes=1)
        for source in self._store.sources() if self._fetched else ():
            due = due_for_source(source, now, self._rules) if source.shop in self._fetched else None
            if due is None:
                continue
            told = self._told_of_failure(source)
            for name, channel in self._ordinary.items():
                if not (open_now or channel.night) or not _is_for(channel, (source.shop,)):
                    continue
                if source.failing_since is None and name not in told:
                    continue
                # The hours count from the failure; a channel that heard of it at the opening only is not to
                # hear of it again within one.
                if source.failing_since is not None and name in told and now - told[name] < every:
                    continue
                mention = tuple(dict.fromkeys((*channel.mention, *duty)))
                reminder = _wanted(due, name, now)
                yield Notice(reminder=reminder, left=timedelta(0), mention=mention, source=source)

    def _told_of_failure(self, source: SourceState) -> dict[str, datetime]:
        """The channels that have heard of the failure that lasts, or of the last one, and when they last
        did."""
        since = source.failing_since or source.failed_since
        if since is None:
            return {}
        told: dict[str, datetime] = {}
        for kept in self._store.reminders(step_begins=source_step(source.shop, since)):
            if kept.state is ReminderState.SENT:
                told[kept.channel] = max(kept.claimed_at, told.get(kept.channel, kept.claimed_at))
        return told

    def _openings(
        self, now: datetime, duty: tuple[str, ...], undelivered: frozenset[str]
    ) -> Iterator[Notice]:
        due = opening_due(now, self._hours, self._rules, self._zone)
        if due is None or not self._ordinary:
            return
        told = {
            kept.channel for kept in self._store.reminders(step=due.step) if kept.state is ReminderState.SENT
        }
        waiting = [
            name
            for name in self._ordinary
            if name not in told and self._store.fact(_OPENED_FACT + name) != due.step
        ]
        pending = (
            sorted(self._store.tickets(_WAITING), key=lambda ticket: urgency(ticket, now)) if waiting else ()
        )
        closed = tuple(self._store.tickets(_CLOSED_BUT_WAITING)) if waiting else ()
        for name in waiting:
            channel = self._channels[name]
            heard = tuple(ticket for ticket in pending if _is_for(channel, (ticket.shop,)))
            pointed_out = tuple(ticket for ticket in closed if _is_for(channel, (ticket.shop,)))
            if not heard and not pointed_out:
                # Nothing waits at the opening: no digest then, and none later in the day.
                self._store.put_fact(_OPENED_FACT + name, due.step)
                continue
            yield Notice(
                reminder=_wanted(due, name, now),
                left=timedelta(0),
                mention=tuple(dict.fromkeys((*channel.mention, *duty))),
                pending=heard,
                closed_but_waiting=pointed_out,
                undelivered=undelivered,
            )

    def _without_repeats(self, notices: list[Notice]) -> list[Notice]:
        """The day's digest tells of new tickets too: those are not told a second time beside it."""
        covered: dict[str, list[Reminder]] = {}
        in_digest: set[tuple[str, str | None]] = set()
        for notice in notices:
            if notice.reminder.rule is ReminderRule.OPENING:
                covered[notice.reminder.channel] = []
                in_digest.update((notice.reminder.channel, ticket.id) for ticket in notice.pending)
        kept = []
        for notice in notices:
            reminder = notice.reminder
            if reminder.rule is ReminderRule.NEW and (reminder.channel, reminder.ticket_id) in in_digest:
                covered[reminder.channel].append(reminder)
            else:
                kept.append(notice)
        return [
            notice._replace(covers=tuple(covered[notice.reminder.channel]))
            if notice.reminder.rule is ReminderRule.OPENING
            else notice
            for notice in kept
        ]

    def _fingerprint(self) -> str:
        """Changes when the rules, the hours or the channels do: then every ticket is looked at anew."""
        channels = [(c.name, c.shops, c.night) for c in self._channels.values()]
        special = sorted(self._hours.special.items())
        return repr((self._rules, self._hours.week, special, str(self._zone), channels))


def _place(notice: Notice, now: datetime) -> tuple[bool, bool, datetime, bool, str]:
    """Where a notice stands in its run: what is of no single ticket first, then the tickets by urgency."""
    if notice.ticket is None:
        return False, False, notice.reminder.due_at, False, ""
    return True, *urgency(notice.ticket, now)


def _wanted(
    due: Due,
    channel: str,
    now: datetime,
    *,
    ticket_id: str | None = None,
    outage_id: int | None = None,
    deadline_at: datetime | None = None,
) -> Reminder:
    return Reminder(
        rule=due.rule,
        step=due.step,
        channel=channel,
        due_at=due.at,
        ticket_id=ticket_id,
        outage_id=outage_id,
        deadline_at=deadline_at,
        state=ReminderState.CLAIMED,
        claimed_at=now,
        claim_expires_at=now,
        attempts=0,
    )


def _key(reminder: Reminder) -> tuple[object, ...]:
    """What names a reminder once and for all."""
    return reminder.ticket_id, reminder.outage_id, reminder.deadline_at, reminder.step, reminder.channel


def _is_for(channel: Channel, shops: Iterable[str]) -> bool:
    """Whether the channel hears of these shops (none: of all)."""
    shops = tuple(shops)
    return not channel.shops or not shops or any(shop in channel.shops for shop in shops)
