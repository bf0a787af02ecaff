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
from jdticket.domain.channels import hears
from jdticket.domain.coverage import ordinary
from jdticket.domain.hours import NeverOpenError
from jdticket.domain.reminders import (
    RETURNED_MOST,
    Reminder,
    ReminderRule,
    ReminderState,
    due_again_for_return,
    due_for_outage,
    due_for_rejection,
    due_for_sign_in,
    due_for_source,
    due_for_ticket,
    due_for_unassigned,
    escalations,
    next_moment,
    on_duty,
    source_step,
)
from jdticket.domain.tickets import Status
from jdticket.domain.urgency import Urgency, urgency
from jdticket.store.interface import SKEW

if TYPE_CHECKING:
    from jdticket.domain.channels import Channel
    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.outages import Outage
    from jdticket.domain.people import Staff
    from jdticket.domain.reminders import Due, Duty, ReminderRules
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Ticket
    from jdticket.store.interface import Store

_CLAIM = timedelta(minutes=2)
"""How long a claim outlasts the time that its run may take."""
_RULES_FACT = "reminder_rules"
_LOOKED_FACT = "reminders_looked_at"
OPENING_DONE = "opening_done:"
"""Before a channel's name: the fact of the last digest that is whole."""
DONE = frozenset({ReminderState.SENT, ReminderState.UNSURE})
"""The states after which a reminder is not sent again."""


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
    sign_in: tuple[str, datetime] | None = None
    """The shop whose sign-in on the platform ends soon, and when."""
    undelivered: bool = False
    """A reply to its ticket is not known to have arrived on the platform."""
    urgency: Urgency | None = None
    """Where its ticket stands among others; None: it is of no ticket."""
    waiting: int = 0
    """For the heading of the digest: how many tickets wait."""
    closed_but_waiting: tuple[str, ...] = ()
    """For the heading of the digest: the numbers of those that are closed or void here, shown as waiting by
    the platform, and not confirmed."""
    covers: tuple[Notice, ...] = ()
    """What need not be told beside it: it is about the same ticket. They share its fate."""

    @property
    def overdue(self) -> bool:
        """The deadline of its ticket has passed, so that no message can save it."""
        return self.urgency is not None and self.urgency[0]

    def covering(self, other: Notice) -> Notice:
        """This notice, telling of ``other`` as well, to those people, too."""
        people = dict.fromkeys((*self.mention, *other.mention))
        return self._replace(covers=(*self.covers, other), mention=tuple(people))

    @property
    def can_save(self) -> bool:
        """It tells of a deadline that is near and can still be met."""
        return not self.overdue and self.reminder.rule is not ReminderRule.NEW


def reminders_of(*notices: Notice) -> Iterator[Reminder]:
    """The reminders of these notices and of all that they cover."""
    for notice in notices:
        yield notice.reminder
        yield from reminders_of(*notice.covers)


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
        staff: Staff,
    ) -> None:
        self._store = store
        self._hours = hours
        self._zone = zone
        self._rules = rules
        self._duties = duties
        self._staff = staff
        self._channels = {channel.name: channel for channel in channels}
        self.ordinary = {channel.name: channel for channel in ordinary(channels, rules)}
        self._fetched = frozenset(fetched)
        self.sign_ins: Mapping[str, datetime] = {}
        """By the code of their shops, when the sign-ins end that end soon."""
        self.put_back = timedelta(0)
        """How far the clock of an earlier run was ahead of this one's, if that is more than clocks differ."""

    def begin(self, now: datetime) -> list[str]:
        """The numbers of the tickets to look at, by urgency. Call it first."""
        self._forget_what_no_longer_holds(now)
        self._store.supersede()
        return self._store.numbers_to_remind(now)

    def of_tickets(self, numbers: Sequence[str], now: datetime, budget: timedelta) -> list[Notice]:
        """Look at these tickets and claim what is due of them and not sent yet, for a run of ``budget``."""
        open_now = self._hours.is_open(now)
        wanted: list[Notice] = []
        looked_at: list[tuple[Ticket, datetime | None, list[Notice]]] = []
        undelivered = self.undelivered()
        held = self._store.tickets_by_id(numbers)
        for ticket in (held[number] for number in numbers if number in held):
            lost = ticket.id in undelivered
            notices: list[Notice] = []
            held_back = False
            for due in self._due(ticket, now, lost):
                more, waits_for_opening = self._for_ticket(ticket, due, now, open_now)
                notices += (notice._replace(undelivered=lost) for notice in more)
                held_back |= waits_for_opening
            looked_at.append((ticket, self._look_again(ticket, now, held_back, lost), notices))
            wanted += notices
        mine = self.claim(wanted, now, budget)
        ours = {_key(notice.reminder) for notice in mine}
        self._store.put_remind_at(
            (ticket, again)
            for ticket, again, notices in looked_at
            if not notices or self._all_done(ticket, [notice.reminder for notice in notices], ours)
        )
        return _one_for_each_ticket(mine)

    def of_no_ticket(self, now: datetime, budget: timedelta) -> list[Notice]:
        """Claim what is due about outages, shops whose tickets cannot be fetched, and sign-ins that end."""
        open_now = self._hours.is_open(now)
        wanted = [*self._for_outages(now, open_now), *self._for_sources(now, open_now)]
        return self.claim([*wanted, *self._for_sign_ins(now, open_now)], now, budget)

    def claim(self, wanted: Iterable[Notice], now: datetime, budget: timedelta) -> list[Notice]:
        """Those of ``wanted`` that are ours to send."""
        wanted = list(wanted)
        claimed = self._store.claim([notice.reminder for notice in wanted], now, now + budget + _CLAIM)
        ours = {_key(reminder): reminder for reminder in claimed}
        return [
            notice._replace(reminder=ours[_key(notice.reminder)])
            for notice in wanted
            if _key(notice.reminder) in ours
        ]

    def undelivered(self) -> frozenset[str]:
        """The numbers of the tickets with a reply that is not known to have arrived on the platform."""
        return frozenset(delivery.ticket_id for _reply, delivery in self._store.undelivered())

    def mention(self, channel: Channel, now: datetime, shops: Iterable[str] = ()) -> tuple[str, ...]:
        """Whom every message on ``channel`` about these shops (none: about all) mentions now."""
        duty = on_duty(self._duties, now, self._zone, shops)
        return self._staff.reached_by((*channel.mention, *duty, *self._staff.leads))

    def _forget_what_no_longer_holds(self, now: datetime) -> None:
        """Have every ticket looked at anew when the rules have changed or the clock was put back: what was
        worked out under the later clock is forgotten, what was sent is not."""
        fingerprint, kept = self._fingerprint(), self._store.fact(_LOOKED_FACT)
        last = now if kept is None else clock.from_stored(kept)
        put_back = now < last - SKEW
        if put_back:
            self.put_back = last - now
            self._store.forget_busy(now + SKEW)
            for name in self._channels:
                self._store.put_fact(OPENING_DONE + name, "")
        if put_back or self._store.fact(_RULES_FACT) != fingerprint:
            self._store.forget_remind_at()
            self._store.put_fact(_RULES_FACT, fingerprint)
        self._store.put_fact(_LOOKED_FACT, clock.stored(now if put_back else max(now, last)))

    def _due(self, ticket: Ticket, now: datetime, undelivered: bool) -> Iterator[Due]:
        """What is due of the ticket, the most telling first."""
        hours, rules = self._hours, self._rules
        found = (
            due_for_rejection(ticket, now, hours, rules),
            due_for_ticket(ticket, now, hours, rules, undelivered=undelivered),
            due_again_for_return(ticket, now, hours, rules),
            due_for_unassigned(ticket, now, hours, rules),
        )
        return (due for due in found if due is not None)

    def _all_done(
        self, ticket: Ticket, reminders: Sequence[Reminder], ours: Collection[tuple[object, ...]]
    ) -> bool:
        if any(_key(reminder) in ours for reminder in reminders):
            return False  # what is ours was not, and the ledger need not be asked
        done = {_key(kept) for kept in self._store.reminders(ticket_id=ticket.id) if kept.state in DONE}
        return all(_key(reminder) in done for reminder in reminders)

    def _for_ticket(
        self, ticket: Ticket, due: Due, now: datetime, open_now: bool
    ) -> tuple[list[Notice], bool]:
        """The ticket's notices, one a channel, and whether a channel waits for the opening."""
        # One that was returned waits on the platform like a pending one.
        escalates = ticket.status is Status.PENDING or due.rule is not ReminderRule.RETURNED
        escalated = escalations(self._rules, due.left) if escalates and due.left is not None else ()
        names = [name for name in self.ordinary if self.is_for(name, (ticket.shop,))]
        names += [
            step.channel for step in escalated if step.channel and self.is_for(step.channel, (ticket.shop,))
        ]
        more = [person for step in escalated for person in step.mention]
        more += self._staff.holding(ticket.assignee)
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
            if due.rule is ReminderRule.RETURNED and self._told_often_enough(ticket, name):
                continue
            mention = (*self.mention(channel, now, (ticket.shop,)), *self._staff.reached_by(more))
            notices.append(
                Notice(
                    reminder=wanted_reminder(due, name, now, ticket_id=ticket.id, deadline_at=deadline_at),
                    left=due.left,
                    mention=tuple(dict.fromkeys(mention)),
                    ticket=ticket,
                    urgency=urgency(ticket, now),
                )
            )
        return notices, held_back

    def _told_often_enough(self, ticket: Ticket, channel: str) -> bool:
        """Whether the channel has heard that the ticket was returned or rejected as often as is good; it
        stays in every digest, and its deadline is told of all the same."""
        told = [
            kept
            for kept in self._store.reminders(ticket_id=ticket.id)
            if kept.channel == channel and kept.rule is ReminderRule.RETURNED and kept.state in DONE
        ]
        return len(told) >= RETURNED_MOST

    def is_for(self, channel: str, shops: Iterable[str]) -> bool:
        """Whether the channel hears of these shops."""
        # What only an escalation uses takes nothing off the one that is for all the rest.
        return hears(self._channels[channel], shops, self.ordinary.values())

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

    def _for_outages(self, now: datetime, open_now: bool) -> Iterator[Notice]:
        for outage in self._store.outages(uncontacted_only=True):
            due = due_for_outage(outage, now, self._rules)
            if due is None:
                continue
            for name, channel in self.ordinary.items():
                if (open_now or channel.night) and self.is_for(name, outage.shops):
                    reminder = wanted_reminder(due, name, now, outage_id=outage.id)
                    mention = self.mention(channel, now, outage.shops)
                    yield Notice(reminder=reminder, left=timedelta(0), mention=mention, outage=outage)

    def _for_sources(self, now: datetime, open_now: bool) -> Iterator[Notice]:
        # A run may begin a moment earlier in its minute than the last one.
        every = (self._rules.source_every or timedelta(0)) - timedelta(minutes=1)
        for source in self._store.sources() if self._fetched else ():
            due = due_for_source(source, now, self._rules) if source.shop in self._fetched else None
            if due is None:
                continue
            told = self._told_of_failure(source)
            for name, channel in self.ordinary.items():
                if not (open_now or channel.night) or not self.is_for(name, (source.shop,)):
                    continue
                if source.failing_since is None and name not in told:
                    continue
                # The hours count from the failure; a channel that heard of it at the opening only is not to
                # hear of it again within one.
                if source.failing_since is not None and name in told and now - told[name] < every:
                    continue
                mention = self.mention(channel, now, (source.shop,))
                reminder = wanted_reminder(due, name, now)
                yield Notice(reminder=reminder, left=timedelta(0), mention=mention, source=source)

    def _for_sign_ins(self, now: datetime, open_now: bool) -> Iterator[Notice]:
        for shop, ends_at in self.sign_ins.items():
            due = due_for_sign_in(shop, ends_at, now, self._zone)
            if due is None:
                continue
            for name, channel in self.ordinary.items():
                if (open_now or channel.night) and self.is_for(name, (shop,)):
                    mention = self.mention(channel, now, (shop,))
                    reminder = wanted_reminder(due, name, now)
                    yield Notice(
                        reminder=reminder, left=timedelta(0), mention=mention, sign_in=(shop, ends_at)
                    )

    def _told_of_failure(self, source: SourceState) -> dict[str, datetime]:
        """The channels that have heard of the failure that lasts, or of the last one, and when they last
        did."""
        since = source.failing_since or source.failed_since
        if since is None:
            return {}
        told: dict[str, datetime] = {}
        for kept in self._store.reminders(step_begins=source_step(source.shop, since)):
            if kept.state in DONE:
                told[kept.channel] = max(kept.claimed_at, told.get(kept.channel, kept.claimed_at))
        return told

    def _fingerprint(self) -> str:
        """Changes when the rules, the hours or the channels do: then every ticket is looked at anew."""
        channels = [(c.name, c.shops, c.night, c.default) for c in self._channels.values()]
        special = sorted(self._hours.special.items())
        return repr((self._rules, self._hours.week, special, str(self._zone), channels))


def in_order(notices: Iterable[Notice]) -> list[Notice]:
    """The one order of a run: what is of no single ticket first, then the tickets by urgency."""

    def place(notice: Notice) -> tuple[bool, Urgency | tuple[datetime]]:
        if notice.urgency is None:
            return False, (notice.reminder.due_at,)
        return True, notice.urgency

    return sorted(notices, key=place)


def wanted_reminder(
    due: Due,
    channel: str,
    now: datetime,
    *,
    ticket_id: str | None = None,
    outage_id: int | None = None,
    deadline_at: datetime | None = None,
) -> Reminder:
    """What is to be claimed for ``due`` on ``channel``."""
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


def _one_for_each_ticket(notices: Iterable[Notice]) -> list[Notice]:
    """One ticket, one message: the first of those about one ticket on one channel covers the others."""
    first: dict[tuple[str, str | None], Notice] = {}
    for notice in notices:
        key = notice.reminder.channel, notice.reminder.ticket_id
        known = first.get(key)
        first[key] = notice if known is None else known.covering(notice)
    return list(first.values())


def _key(reminder: Reminder) -> tuple[object, ...]:
    """What names a reminder once and for all."""
    return reminder.ticket_id, reminder.outage_id, reminder.deadline_at, reminder.step, reminder.channel
