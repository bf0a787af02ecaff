"""The queries about when to look at a ticket again."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jdticket.clock import stored
from jdticket.domain.tickets import Ticket
from jdticket.store.rows import TICKET_FIELDS, ticket_row
from jdticket.store.sqlite.connection import Queries
from jdticket.store.sqlite.tickets import IS_UNARRIVED, UNARRIVED

# "IS" takes NULLs for equal. The id stands by itself, for the index.
_PUT_REMIND_AT = (
    "UPDATE tickets SET remind_at = ? "
    f"WHERE id = ? AND ({', '.join(TICKET_FIELDS[1:])}) IS ({', '.join('?' * (len(TICKET_FIELDS) - 1))})"
)
_NEVER = "9999-12-31T23:59:59Z"
# What the index tickets_to_remind holds and is sorted by, in its own words; a comparison is to follow.
_REMIND_AT = "(status = 'pending' OR returned_at IS NOT NULL) AND coalesce(remind_at, '')"
_NOT_ON_ITS_WAY = """EXISTS (
    SELECT 1 FROM deliveries INDEXED BY deliveries_open
    WHERE ticket_id = tickets.id AND state <> 'arrived' AND NOT coalesce(busy_until > ?1, FALSE)
)"""


class RemindAt(Queries):
    """See :class:`jdticket.store.interface.Store`."""

    def numbers_to_remind(self, now: datetime) -> list[str]:
        columns = "SELECT id, deadline_at < ?1 AS overdue, deadline_at, kind <> 'crc' AS ordinary"
        rows = self._db.rows(
            f"{columns} FROM tickets INDEXED BY tickets_to_remind WHERE {_REMIND_AT} <= ?1 "
            f"UNION ALL {columns} {UNARRIVED} AND coalesce(remind_at, '') <= ?1 AND {_NOT_ON_ITS_WAY} "
            "ORDER BY overdue, deadline_at, ordinary, id",
            stored(now),
        )
        return [number for number, *_order in rows]

    def put_remind_at(self, pairs: Iterable[tuple[Ticket, datetime | None]]) -> None:
        self._db.write_all(
            _PUT_REMIND_AT,
            ((_NEVER if at is None else stored(at), *ticket_row(ticket)) for ticket, at in pairs),
        )

    def forget_busy(self, after: datetime) -> None:
        self._db.write(
            "UPDATE deliveries INDEXED BY deliveries_open SET busy_until = NULL "
            "WHERE state <> 'arrived' AND busy_until > ?",
            stored(after),
        )

    def forget_remind_at(self) -> None:
        # A ticket that is in neither state now gets there through put_tickets or put_delivery, which forget
        # by themselves.
        self._db.write(
            f"UPDATE tickets INDEXED BY tickets_to_remind SET remind_at = NULL WHERE {_REMIND_AT} > ''"
        )
        self._db.write(f"UPDATE tickets SET remind_at = NULL WHERE {IS_UNARRIVED}")
