"""What the desk looks like: lists, counts, stories. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from jdticket import clock
from jdticket.desk.finding import find
from jdticket.domain.hours import NeverOpenError
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.domain.urgency import Order, time_left, waits
from jdticket.store.interface import LEFT_OVER, RAN_AT, RAN_EVERY, RUNS_EVERY, SKEW, SYNC_BEGAN, UNSET

if TYPE_CHECKING:
    # What a list does not need is not imported for it.
    from jdticket.domain.channels import Channel, ChannelTrouble
    from jdticket.domain.coverage import Gap
    from jdticket.domain.deadlines import DeadlinePolicy
    from jdticket.domain.events import Event
    from jdticket.domain.hours import Segment
    from jdticket.domain.outages import Extension, Outage
    from jdticket.domain.people import Staff
    from jdticket.domain.reminders import Duty, ReminderRules
    from jdticket.domain.replies import Reply
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Counts, HurtTicket, Ticket
    from jdticket.store.interface import Store

_RUNS_EVERY_SECONDS = 300  # until two runs have told how often cron starts them
_AT_THE_END = 2
_FIRST = datetime(clock.FIRST_YEAR, 1, 1, tzinfo=UTC)
_LAST = datetime(clock.LAST_YEAR + 1, 1, 1, tzinfo=UTC)
"""Between these a deadline can be."""


class Board(NamedTuple):
    """What the desk looks like at one moment, through one query."""

    now: datetime
    tickets: list[Ticket]
    matching: int
    """How many tickets the query chooses, shown or not."""
    counts: Counts
    uncontacted: list[Outage]
    """Outages whose operations manager was not reached."""
    returned: list[Ticket]
    """Held as replied and shown as waiting by the platform, but for those whose reply is known not to have
    arrived there."""
    closed_but_waiting: list[Ticket]
    """Closed or void here, shown as waiting by the platform, and nobody has confirmed that it may be so."""
    undelivered: frozenset[str]
    """The numbers of tickets with a reply that is not known to have arrived on the platform."""
    missing: list[Ticket]
    """Those that wait and that a complete take-in no longer holds."""
    shops: list[str]
    troubles: list[ChannelTrouble]
    """Notification channels that do not take reminders."""
    sources: list[SourceState]
    """How the pulling of each shop's work orders goes."""


class Checked(NamedTuple):
    """What a monitor asks for."""

    counts: Counts
    uncontacted: list[Outage]
    """Outages whose operations manager was not reached."""
    impossible: list[Ticket]
    """Tickets that wait with a deadline that cannot be."""
    closed_but_waiting: list[Ticket]
    """See :class:`Board`."""


class Story(NamedTuple):
    """Everything about one ticket."""

    ticket: Ticket
    undelivered: bool
    """A reply to it is not known to have arrived on the platform."""
    counted: list[Segment]
    """How the first deadline is counted under the policy of today; empty when it came from the platform."""
    replies: list[Reply]
    events: list[Event]
    extensions: list[Extension]


class Looking:
    """Looks at one store, as of ``now``, under the policy of today."""

    def __init__(self, store: Store, policy: DeadlinePolicy, now: Callable[[], datetime]) -> None:
        self._store = store
        self._policy = policy
        self._now = now

    @property
    def now(self) -> datetime:
        """The moment as of which the desk is seen."""
        return self._now()

    def left(self, ticket: Ticket, now: datetime) -> timedelta | None:
        """Service time from ``now`` to the deadline, negative when it has passed; None: the hours do not know
        that year."""
        return time_left(ticket, now, self._policy.hours)

    def undelivered(self) -> frozenset[str]:
        """The numbers of the tickets with a reply that is not known to have arrived on the platform."""
        return frozenset(delivery.ticket_id for _reply, delivery in self._store.undelivered())

    def find(self, number: str) -> Ticket:
        """The ticket that a person means by its number or its last digits; see :func:`find`."""
        return find(self._store, number, self._now(), self._policy.hours.zone)

    def board(
        self, query: TicketQuery, *, order: Order = Order.DEADLINE, now: datetime | None = None
    ) -> Board:
        """The tickets that ``query`` chooses, in this order, with the counts of
        :attr:`TicketQuery.whose`. Any order but by deadline costs a look at each.
        """
        now = now or self._now()
        undelivered = self.undelivered()
        tickets = self._ordered(query, order, undelivered, now)
        full = query.limit is not None and len(tickets) >= query.limit
        whose = query.whose
        counts = self._counts(now, timedelta(hours=1), whose)
        return Board(
            now=now,
            tickets=tickets,
            matching=self._store.count(query) if full else len(tickets),
            counts=counts,
            uncontacted=self._uncontacted(whose),
            returned=self._returned(whose, undelivered) if counts.returned else [],
            closed_but_waiting=self._closed_but_waiting(whose),
            undelivered=undelivered,
            missing=list(self._store.tickets(whose._replace(missing=True))),
            shops=self._store.shops(),
            troubles=self._store.ledger_trouble(),
            sources=self._store.sources(),
        )

    def being_fetched(self) -> dict[str, datetime]:
        """The shops that a sync is at now, and when it began."""
        now = self._now()
        found = {}
        for source in self._store.sources():
            began = self._store.fact(SYNC_BEGAN + source.shop)
            if began and source.busy_until is not None and now < source.busy_until:
                found[source.shop] = clock.from_stored(began)
        return found

    def _ordered(
        self, query: TicketQuery, order: Order, undelivered: frozenset[str], now: datetime
    ) -> list[Ticket]:
        if order is Order.DEADLINE:
            return list(self._store.tickets(query))
        keys: dict[Order, Callable[[Ticket], Any]] = {
            Order.URGENCY: lambda one: (
                (now > one.deadline_at) if waits(one, one.id in undelivered) else _AT_THE_END
            ),
            Order.CREATED: lambda one: -one.created_at.timestamp(),
            Order.SHOP: lambda one: one.shop,
            Order.ASSIGNEE: lambda one: one.assignee,
        }
        found = self._store.tickets(query._replace(limit=None))
        if query.limit is None:
            return sorted(found, key=keys[order])
        from heapq import nsmallest

        return nsmallest(query.limit, found, key=keys[order])

    def sources(self) -> list[SourceState]:
        """How the pulling of each shop's work orders goes."""
        return self._store.sources()

    def channel_troubles(self) -> list[ChannelTrouble]:
        """Notification channels that do not take reminders."""
        return self._store.ledger_trouble()

    def gaps(
        self,
        channels: Sequence[Channel],
        rules: ReminderRules,
        duties: Sequence[Duty],
        staff: Staff,
        shops: Sequence[str],
        unset: Sequence[str],
        *,
        of_the_run: bool = False,
    ) -> list[Gap]:
        """What keeps people from being warned: ``shops`` are the codes of those that are known, ``unset`` the
        environment variables that this process misses. ``of_the_run``: it is `remind` that asks, so it is
        running, and what it misses counts; for all others what it missed last time does, while it runs."""
        from jdticket.domain.coverage import (
            Gap,
            GapKind,
            covers_all,
            silent,
            uncovered,
            unmentionable,
            unruled,
        )

        if not channels:
            return []
        # To count what waits takes its time, and nearly always there is no need to.
        waiting = {} if covers_all(channels, rules) else self._store.waiting_by_shop()
        found = unruled(channels, rules) + uncovered(channels, rules, shops, waiting)
        found += unmentionable(channels, rules, duties, staff)
        if not of_the_run:
            ran_at = self._store.fact(RAN_AT)
            moment = clock.from_stored(ran_at) if ran_at else None
            if moment is not None and moment > self._now() + SKEW:
                # A clock that was ahead has told it, so nobody knows.
                moment = None
            waiting_since = None if moment else self._store.waiting_since()
            stopped = silent(moment, self._runs_every(), waiting_since, self._now(), self._policy.hours)
            if stopped is not None:
                found.append(stopped)
            elif moment is not None:
                unset = (self._store.fact(UNSET) or "").split()
        if unset:
            found.append(Gap(GapKind.VARIABLE, names=tuple(unset)))
        return found

    def _runs_every(self) -> timedelta:
        """How often `remind` is started: as it was set up, else as it was seen to be."""
        kept = self._store.fact(RUNS_EVERY) or self._store.fact(RAN_EVERY) or _RUNS_EVERY_SECONDS
        return timedelta(seconds=int(kept))

    def limited(self, channels: Sequence[Channel]) -> dict[str, int]:
        """The channels that have left reminders over for many runs in a row, and for how many."""
        from jdticket.domain.coverage import LONG

        runs = {channel.name: int(self._store.fact(LEFT_OVER + channel.name) or 0) for channel in channels}
        return {name: count for name, count in runs.items() if count >= LONG}

    def failing(self) -> int:
        """How many reminders have failed and wait for another try."""
        return len(self._store.reminders(failed_only=True))

    def hurt(self) -> list[HurtTicket]:
        """Tickets whose rows cannot be read whole."""
        return self._store.hurt_tickets()

    def tickets(self, query: TicketQuery) -> Iterator[Ticket]:
        """The tickets that ``query`` chooses, one after the other."""
        return self._store.tickets(query)

    def tickets_with_latest_reply(self, query: TicketQuery) -> Iterator[tuple[Ticket, Reply | None]]:
        """The tickets that ``query`` chooses, each with the reply that was given last."""
        for ticket in self._store.tickets(query):
            replies = self._store.replies(ticket.id) if ticket.replied_at else []
            yield ticket, replies[-1] if replies else None

    def due_until(self, now: datetime, left: timedelta) -> datetime:
        """The latest deadline of tickets that have at most ``left`` of service time at ``now``."""
        return self._policy.hours.after(now, left)

    def check(self, due_within: timedelta, query: TicketQuery | None = None) -> Checked:
        """How the desk stands, or what of it is :attr:`TicketQuery.whose`, "due soon" meaning at most
        ``due_within`` of service time left."""
        whose = (query or TicketQuery()).whose
        queries = [
            whose._replace(waits=True, overdue_at=_FIRST),
            whose._replace(waits=True, due_from=_LAST),
            whose._replace(waits=True, unreadable=True),
        ]
        impossible = {ticket.id: ticket for query in queries for ticket in self._store.tickets(query)}
        return Checked(
            self._counts(self._now(), due_within, whose),
            self._uncontacted(whose),
            [*impossible.values()],
            self._closed_but_waiting(whose),
        )

    def _counts(self, now: datetime, left: timedelta, whose: TicketQuery) -> Counts:
        return self._store.counts(now, self.due_until(now, left), whose)

    def _returned(self, whose: TicketQuery, undelivered: frozenset[str]) -> list[Ticket]:
        query = whose._replace(statuses=(Status.REPLIED,), returned=True)
        return [ticket for ticket in self._store.tickets(query) if ticket.id not in undelivered]

    def _closed_but_waiting(self, whose: TicketQuery) -> list[Ticket]:
        query = whose._replace(statuses=(Status.CLOSED, Status.VOID), returned=True)
        return list(self._store.tickets(query))

    def _uncontacted(self, whose: TicketQuery) -> list[Outage]:
        return [
            outage
            for outage in self._store.outages(uncontacted_only=True)
            if not whose.shops or not outage.shops or set(whose.shops).intersection(outage.shops)
        ]

    def search(self, words: Sequence[str], limit: int) -> tuple[list[Ticket], int]:
        """Tickets in which all the words occur: at most ``limit``, and how many in all."""
        return self._store.search(words, limit)

    def story(self, number: str) -> Story:
        """Everything about one ticket. Raises ``NotFoundError``."""
        ticket = self.find(number)
        return Story(
            ticket=ticket,
            undelivered=bool(self._store.undelivered(ticket_id=ticket.id)),
            counted=self._counted(ticket),
            replies=self._store.replies(ticket.id),
            events=self._store.events(ticket_id=ticket.id),
            extensions=self._store.extensions(ticket_id=ticket.id),
        )

    def _counted(self, ticket: Ticket) -> list[Segment]:
        try:
            if self._policy.deadline(ticket.kind, ticket.created_at) == ticket.first_deadline_at:
                return self._policy.counted(ticket.kind, ticket.created_at)
        except NeverOpenError:
            # Counted from a moment that cannot be, or under hours that have run out.
            return []
        return []
