"""What a complete take-in does not hold any more: it was answered elsewhere, or it has been lost sight of.

Nothing is closed for being missing: an operator who answers in the back office is not to be reminded all
day, and must not lose a ticket either. So it is flagged, and closed when a person says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from jdticket.domain.events import Closed, Event, Missing
from jdticket.domain.moves import BY_A_PERSON, Move, stepped
from jdticket.domain.pages import Coverage
from jdticket.domain.tickets import Ticket, TicketQuery
from jdticket.store.interface import Store


class Reconciling:
    """Compares what waits here with what was taken in."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def missing(self, covered: Coverage) -> list[Ticket]:
        """The tickets that wait here, that a complete take-in would have held and that this one does not, by
        deadline."""
        held = frozenset(covered.tickets)
        found = [
            ticket
            for shop in covered.shops
            for ticket in self._store.tickets(
                TicketQuery(
                    waits=True,
                    shops=(shop,),
                    created_from=covered.created_from,
                    created_before=covered.created_before,
                )
            )
            if ticket.id not in held and not _is_known_better(ticket, covered.seen_at)
        ]
        return sorted(found, key=lambda ticket: (ticket.deadline_at, ticket.id))

    def flag(self, tickets: Sequence[Ticket], source: str, *, by: str) -> None:
        """Flag those that a take-in of ``source`` does not hold; those flagged before stay as they are."""
        now = self._now()
        with self._store.transaction():
            fresh = [ticket for ticket in self._still(tickets) if ticket.missing_at is None]
            self._store.put_tickets(replace(ticket, missing_at=now) for ticket in fresh)
            self._store.append(Event(now, Missing(source=source), ticket.id, by=by) for ticket in fresh)

    def close(self, tickets: Sequence[Ticket], *, by: str) -> list[Ticket]:
        """Close these, all in one step; returns those that could be closed still."""
        now = self._now()
        with self._store.transaction():
            open_ = [ticket for ticket in self._still(tickets) if ticket.status in BY_A_PERSON[Move.CLOSE]]
            closed = [stepped(ticket, Move.CLOSE, now) for ticket in open_]
            self._store.put_tickets(closed)
            self._store.append(Event(now, Closed(was=ticket.status), ticket.id, by=by) for ticket in open_)
        return closed

    def _still(self, tickets: Iterable[Ticket]) -> Iterable[Ticket]:
        """The same as they are held now: another person may have been at work meanwhile."""
        return self._store.tickets_by_id(ticket.id for ticket in tickets).values()


def _is_known_better(ticket: Ticket, seen_at: datetime | None) -> bool:
    """Whether the ticket was seen waiting, or opened again here, after what it is missing from was copied."""
    since = [moment for moment in (ticket.seen_at, ticket.stepped_at) if moment is not None]
    return seen_at is not None and any(moment > seen_at for moment in since)
