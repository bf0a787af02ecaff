"""The queries about the time line."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import TYPE_CHECKING

from jdticket.store.rows import event_of, event_row
from jdticket.store.sqlite.connection import chunks
from jdticket.store.sqlite.shops import Shops
from jdticket.store.sqlite.tickets import TICKET_COLUMNS, WAITS

if TYPE_CHECKING:
    from jdticket.domain.events import Event
    from jdticket.domain.tickets import Ticket

_TOLD_OF = """SELECT DISTINCT ticket_id FROM events_text JOIN events ON events.id = events_text.rowid
    WHERE words MATCH ?"""


class Events(Shops):
    """See :class:`jdticket.store.interface.Store`."""

    def append(self, events: Iterable[Event]) -> None:
        from jdticket.store.sqlite.fulltext import pieces

        ids = count(self._db.number("SELECT coalesce(max(id), 0) + 1 FROM events"))
        for chunk in chunks(events):
            numbered = list(zip(ids, chunk, strict=False))
            self._db.write_all(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (event_row(number, event) for number, event in numbered),
            )
            self._db.write_all(
                "INSERT INTO events_text (rowid, words) VALUES (?, ?)",
                ((number, pieces(event.text)) for number, event in numbered if event.text),
            )

    def events(self, *, ticket_id: str | None = None, outage_id: int | None = None) -> list[Event]:
        return self._db.told("events", event_of, ticket_id=ticket_id, outage_id=outage_id)

    def search(self, words: Iterable[str], limit: int) -> tuple[list[Ticket], int]:
        from jdticket.store.sqlite.fulltext import match

        matches = [match(word) for word in words]
        if not matches or None in matches:
            return [], 0
        # The tickets of each word apart: the words may stand in different events of a ticket.
        return self._of_events(" INTERSECT ".join([_TOLD_OF] * len(matches)), matches, limit)

    def tickets_by_order(self, digits: str, limit: int) -> tuple[list[Ticket], int]:
        """See :meth:`Store.tickets_by_order`. The full text knows every number by its end; an index of its
        own would only double that."""
        from jdticket.store.sqlite.fulltext import match_end

        is_its_order = """EXISTS (
            SELECT 1 FROM tickets WHERE tickets.id = ticket_id AND order_id LIKE '%' || ?
        )"""
        return self._of_events(f"{_TOLD_OF} AND {is_its_order}", [match_end(digits), digits], limit)

    def _of_events(self, found: str, values: Sequence[object], limit: int) -> tuple[list[Ticket], int]:
        """The tickets whose numbers ``found`` selects, and how many there are."""
        rows = self._db.rows(
            f"""WITH found AS MATERIALIZED ({found})
                SELECT {TICKET_COLUMNS}, (SELECT count(ticket_id) FROM found)
                FROM tickets WHERE id IN found
                ORDER BY NOT {WAITS}, iif({WAITS}, deadline_at, NULL), iif({WAITS}, kind <> 'crc', NULL),
                    iif({WAITS}, NULL, created_at) DESC, id
                LIMIT ?""",
            *values,
            max(limit, 1),  # a row tells how many there are in all
        )
        return [*self._tickets_of(rows[:limit])], rows[0][-1] if rows else 0
