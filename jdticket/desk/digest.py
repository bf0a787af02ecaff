"""The digest of the day: everything that waits, named ticket by ticket.

Each ticket that a digest names has its own row in the ledger, so that only what a message really held is on
record as told. The heading has one, too; it is sent with the first message. What does not go out in one run
follows in the next ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from jdticket.desk.claims import DONE, OPENING_DONE, Claims, Notice, reminders_of, wanted_reminder
from jdticket.domain.reminders import Due, Reminder, ReminderRule, opening_due
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.domain.urgency import time_left, urgency

if TYPE_CHECKING:
    from datetime import tzinfo

    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.reminders import ReminderRules
    from jdticket.domain.tickets import Ticket
    from jdticket.store.interface import Store

_CLAIMED_MOST = 500
"""How many tickets a run claims for one channel: more than the messages of one run hold."""
_CLOSED_BUT_WAITING = TicketQuery(statuses=(Status.CLOSED, Status.VOID), returned=True)


class Digest:
    """The day's digests over one store. All of it is called inside a transaction."""

    def __init__(
        self, store: Store, hours: ServiceHours, zone: tzinfo, rules: ReminderRules, claims: Claims
    ) -> None:
        self._store = store
        self._hours = hours
        self._zone = zone
        self._rules = rules
        self._claims = claims

    def claim(self, steps: Iterable[Notice], now: datetime, budget: timedelta) -> list[Notice]:
        """``steps`` (reminders of tickets that are ours), and what a digest holds that is due now: a notice
        for its heading and one for each ticket. A ticket that a digest names covers its step."""
        steps = list(steps)
        due = opening_due(now, self._hours, self._rules, self._zone)
        if due is None or not self._claims.ordinary:
            return steps
        kept = self._store.reminders(step=due.step)
        of_tickets = {
            (notice.reminder.channel, notice.reminder.ticket_id): notice
            for notice in steps
            if notice.ticket is not None
        }
        digest: list[Notice] = []
        for name in self._claims.ordinary:
            if self._store.fact(OPENING_DONE + name) == due.step:
                continue
            on_channel = [row for row in kept if row.channel == name]
            ours, whole = self._on(name, due, on_channel, now, budget)
            for notice in ours:
                step = of_tickets.pop((name, notice.reminder.ticket_id), None)
                digest.append(notice if step is None else notice.covering(step))
            if not whole:
                self._hold_back(name, of_tickets, now)
        return [*digest, *of_tickets.values()]

    def _on(
        self, name: str, due: Due, kept: list[Reminder], now: datetime, budget: timedelta
    ) -> tuple[list[Notice], bool]:
        """What is ours of the digest on one channel, and whether that is all that it still has to name."""
        done = {row.ticket_id for row in kept if row.state in DONE}
        begun = next((row for row in kept if row.ticket_id is None and row.state in DONE), None)
        if begun is None:
            closed = self._closed_but_waiting(name)
            waiting = self._count(name)
            named = list(islice(self._waiting(name, now), _CLAIMED_MOST))
        else:
            closed = ()
            known = {row.ticket_id for row in kept}
            left = (
                ticket
                for ticket in self._waiting(name, now)
                if ticket.id not in done
                and (ticket.id in known or ticket.taken_in_at < begun.claimed_at)
                and not self._told_since(ticket, name, begun)
            )
            named = list(islice(left, _CLAIMED_MOST))
            waiting = len(named)
            if waiting == _CLAIMED_MOST:
                # There are more, about so many: those that are newer than the digest are counted, too.
                waiting = max(waiting, self._count(name) - len(done) + 1)
        if not named and not closed:
            # Nothing waits at the opening, or all has been named: no digest later in the day.
            self._store.put_fact(OPENING_DONE + name, due.step)
            return [], True
        channel = self._claims.ordinary[name]
        undelivered = self._claims.undelivered()
        mention = self._claims.mention(channel, now, channel.shops)
        heading = Notice(
            reminder=wanted_reminder(due, name, now),
            left=timedelta(0),
            mention=mention,
            waiting=waiting,
            closed_but_waiting=closed,
        )
        wanted = [heading] if begun is None else []
        wanted += (
            Notice(
                reminder=wanted_reminder(due, name, now, ticket_id=ticket.id),
                left=time_left(ticket, now, self._hours),
                mention=mention,
                ticket=ticket,
                undelivered=ticket.id in undelivered,
                urgency=urgency(ticket, now),
                waiting=waiting,
            )
            for ticket in named
        )
        return self._claims.claim(wanted, now, budget), len(named) < _CLAIMED_MOST

    def _hold_back(self, name: str, steps: dict[tuple[str, str | None], Notice], now: datetime) -> None:
        """Give back the steps of tickets that the digest will come to, but for those that cannot wait."""
        waiting = [
            key
            for key, step in steps.items()
            if key[0] == name and not step.can_save and step.ticket and step.ticket.taken_in_at < now
        ]
        self._store.release(row for key in waiting for row in reminders_of(steps.pop(key)))

    def _told_since(self, ticket: Ticket, channel: str, begun: Reminder) -> bool:
        """Whether a step has told the channel of the ticket since its digest began."""
        return any(
            kept.channel == channel
            and kept.state in DONE
            and kept.rule is not ReminderRule.OPENING
            and kept.claimed_at >= begun.claimed_at
            for kept in self._store.reminders(ticket_id=ticket.id)
        )

    def _waiting(self, channel: str, now: datetime) -> Iterator[Ticket]:
        """What waits and concerns the channel, by urgency."""
        for query in (TicketQuery(waits=True, due_from=now), TicketQuery(waits=True, overdue_at=now)):
            for ticket in self._in_parts(query):
                if self._claims.is_for(channel, (ticket.shop,)):
                    yield ticket

    def _in_parts(self, query: TicketQuery) -> Iterator[Ticket]:
        """What ``query`` chooses; no more is read than is asked for, and a little beyond."""
        limit, seen = 2 * _CLAIMED_MOST, 0
        while True:
            found = list(self._store.tickets(query._replace(limit=limit)))
            yield from found[seen:]
            if len(found) < limit:
                return
            limit, seen = 4 * limit, len(found)

    def _closed_but_waiting(self, channel: str) -> tuple[str, ...]:
        return tuple(
            ticket.id
            for ticket in self._store.tickets(_CLOSED_BUT_WAITING)
            if self._claims.is_for(channel, (ticket.shop,))
        )

    def _count(self, channel: str) -> int:
        """How many tickets wait that concern the channel."""
        waiting = self._store.waiting_by_shop()
        return sum(count for shop, count in waiting.items() if self._claims.is_for(channel, (shop,)))
