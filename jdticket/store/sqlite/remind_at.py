"""The queries about when to look at a ticket again."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jdticket.clock import stored
from jdticket.domain.tickets import Ticket
from jdticket.store.rows import TICKET_FIELDS, ticket_of, ticket_row
from jdticket.store.sqlite.connection import Queries
from jdticket.store.sqlite.tickets import PENDING_ORDER, TICKET_COLUMNS

# "IS" takes NULLs for equal. The id stands by itself, for the index.
_PUT_REMIND_AT = (
    "UPDATE tickets SET remind_at = ? "
    f"WHERE id = ? AND ({', '.join(TICKET_FIELDS[1:])}) IS ({', '.join('?' * (len(TICKET_FIELDS) - 1))})"
)
_NEVER = "9999-12-31T23:59:59Z"
# What the index tickets_to_remind holds and is sorted by, in its own words; a comparison is to follow.
_REMIND_AT = "(status = 'pending' OR returned_at IS NOT NULL) AND coalesce(remind_at, '')"


class RemindAt(Queries):
    """See :class:`jdticket.store.interface.Store`."""

    def tickets_to_remind(self, now: datetime) -> list[Ticket]:
        rows = self._db.rows(
            f"SELECT {TICKET_COLUMNS} FROM tickets INDEXED BY tickets_to_remind "
            f"WHERE {_REMIND_AT} <= ? ORDER BY {PENDING_ORDER}",
            stored(now),
        )
        return [ticket_of(row) for row in rows]

    def put_remind_at(self, pairs: Iterable[tuple[Ticket, datetime | None]]) -> None:
        self._db.write_all(
            _PUT_REMIND_AT,
            ((_NEVER if at is None else stored(at), *ticket_row(ticket)) for ticket, at in pairs),
        )

    def forget_remind_at(self) -> None:
        # A ticket that is in neither state now gets there through put_tickets, which forgets by itself.
        self._db.write(
            f"UPDATE tickets INDEXED BY tickets_to_remind SET remind_at = NULL WHERE {_REMIND_AT} > ''"
        )
