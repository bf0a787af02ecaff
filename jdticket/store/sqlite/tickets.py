"""The queries about tickets."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from jdticket.clock import stored
from jdticket.domain.tickets import Counts, HurtTicket, Status, Ticket, TicketQuery
from jdticket.store.rows import HURT_FIELDS, TICKET_FIELDS, moment_of, ticket_row, unreadable
from jdticket.store.sqlite.connection import chunks
from jdticket.store.sqlite.shops import Shops

TICKET_COLUMNS = ", ".join(TICKET_FIELDS)
_PUT_TICKET = (
    f"INSERT INTO tickets (id_reversed, {TICKET_COLUMNS}) "
    f"VALUES ({', '.join('?' * (len(TICKET_FIELDS) + 1))}) "
    "ON CONFLICT (id) DO UPDATE SET remind_at = NULL, "
    f"{', '.join(f'{name} = excluded.{name}' for name in TICKET_FIELDS[1:])}"
)

# Rows of tickets: which, in which order, through which index. The indexes are named, since SQLite's
# planner, which knows no numbers here, would take one that fits a filter and then sort everything.

_OPEN = "(SELECT ticket_id FROM deliveries INDEXED BY deliveries_open WHERE state <> 'arrived')"
_PENDING = "FROM tickets INDEXED BY tickets_pending WHERE status = 'pending'"
_IS_RETURNED = "status = 'replied' AND returned_at IS NOT NULL"
_RETURNED = f"FROM tickets INDEXED BY tickets_returned_by_deadline WHERE {_IS_RETURNED}"
IS_UNARRIVED = f"id IN {_OPEN} AND status = 'replied' AND returned_at IS NULL"
# Few rows, which cost next to nothing to sort.
UNARRIVED = f"FROM tickets INDEXED BY sqlite_autoindex_tickets_1 WHERE {IS_UNARRIVED}"
# What waits, each ticket in one of the three.
_WAITING = (_PENDING, _RETURNED, UNARRIVED)
_DONE = "FROM tickets INDEXED BY tickets_done WHERE status <> 'pending'"
_DONE_BY_SHOP = "FROM tickets INDEXED BY tickets_by_shop WHERE status <> 'pending'"
_DONE_AND_RETURNED = "FROM tickets INDEXED BY tickets_returned WHERE returned_at IS NOT NULL"
_DONE_ORDER = "created_at DESC, id"
WAITS = f"(status = 'pending' OR status = 'replied' AND (returned_at IS NOT NULL OR id IN {_OPEN}))"
# What the index tickets_hurt leaves aside, in its own words.
_STATE = "(status = 'pending' OR status = 'replied' OR status = 'closed' OR status = 'void')"
_MOMENT = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"
_SOUND = " AND ".join(
    (
        "(kind = 'other' OR kind = 'complaint' OR kind = 'urge' OR kind = 'consult' OR kind = 'crc')",
        _STATE,
        "(deadline_source = 'policy' OR deadline_source = 'platform' OR deadline_source = 'granted')",
        *(f"{at} {_MOMENT}" for at in HURT_FIELDS[3:]),
    )
)
UNDELIVERED = """FROM deliveries INDEXED BY deliveries_open
    CROSS JOIN replies ON replies.id = reply_id CROSS JOIN tickets ON tickets.id = deliveries.ticket_id
    WHERE state <> 'arrived' AND status IN ('pending', 'replied')"""


class Tickets(Shops):
    """See :class:`jdticket.store.interface.Store`."""

    def ticket(self, ticket_id: str) -> Ticket | None:
        return self.tickets_by_id([ticket_id]).get(ticket_id)

    def tickets_by_id(self, ticket_ids: Iterable[str]) -> Mapping[str, Ticket]:
        found: dict[str, Ticket] = {}
        for chunk in chunks(ticket_ids):
            marks = ", ".join("?" * len(chunk))
            rows = self._db.rows(f"SELECT {TICKET_COLUMNS} FROM tickets WHERE id IN ({marks})", *chunk)
            found.update((ticket.id, ticket) for ticket in self._tickets_of(rows))
        return found

    def tickets_ending_with(self, digits: str, limit: int) -> tuple[list[Ticket], int]:
        first = digits[::-1]
        bounds = (first, first + "\U0010ffff")
        chosen = "FROM tickets WHERE id_reversed >= ? AND id_reversed < ?"
        order = f"NOT {WAITS}, created_at DESC, id"
        rows = self._db.rows(f"SELECT {TICKET_COLUMNS} {chosen} ORDER BY {order} LIMIT ?", *bounds, limit)
        return [*self._tickets_of(rows)], self._db.number(f"SELECT count(*) {chosen}", *bounds)

    def tickets(self, query: TicketQuery) -> Iterator[Ticket]:
        """See :meth:`Store.tickets`. With neither a limit nor a transaction, rows are read as they are
        asked for, in constant memory: read to the end before writing."""
        waiting, done = _choices(query, self._of_shop(query))
        # One statement, so that a ticket that changes its state meanwhile is seen once. Each part comes
        # out of its index in order, those that wait are merged, and the last LIMIT stops the whole;
        # "LIMIT -1" only keeps SQLite from dropping the order of a part.
        parts = []
        if waiting:
            columns = f"SELECT {TICKET_COLUMNS}, kind <> 'crc' AS ordinary"
            merged = " UNION ALL ".join(f"{columns} {rows}" for rows, _values in waiting)
            parts.append(f"{merged} ORDER BY deadline_at, ordinary, id LIMIT -1")
        if done:
            parts += [f"SELECT {TICKET_COLUMNS}, 0 {done[0]} ORDER BY {_DONE_ORDER} LIMIT -1"]
        if not parts:
            return
        sql = " UNION ALL ".join(f"SELECT * FROM ({part})" for part in parts)
        values = [value for _rows, part in [*waiting, *filter(None, [done])] for value in part]
        limit = -1 if query.limit is None else query.limit
        at_once = query.limit is not None or self._db.in_transaction
        rows = (self._db.rows if at_once else self._db.stream)(f"{sql} LIMIT ?", *values, limit)
        yield from self._tickets_of(rows)

    def count(self, query: TicketQuery) -> int:
        waiting, done = _choices(query, self._of_shop(query), apart=False)
        choices = [*waiting, *filter(None, [done])]
        numbers = " + ".join(f"(SELECT count(*) {rows})" for rows, _values in choices)
        return self._db.number(
            f"SELECT {numbers or 0}", *(value for _rows, part in choices for value in part)
        )

    def counts(self, now: datetime, soon: datetime, whose: TicketQuery | None = None) -> Counts:
        whose = whose or TicketQuery()
        theirs = f"(?3 IS NULL OR {self._is_shop('?3', len(whose.shops))}) AND (?4 IS NULL OR assignee = ?4)"
        theirs = " AND ".join([theirs, *_of_kinds(whose)])

        def number(due: str) -> str:
            return " + ".join(f"(SELECT count(*) {rows} AND {theirs} AND {due})" for rows in _WAITING)

        [row] = self._db.rows(
            f"""SELECT {number("TRUE")}, {number("deadline_at < ?1")},
                {number("deadline_at >= ?1 AND deadline_at <= ?2")},
                (SELECT count(*) {_RETURNED} AND {theirs} AND NOT EXISTS (
                    SELECT 1 FROM deliveries INDEXED BY deliveries_open
                    WHERE ticket_id = tickets.id AND state <> 'arrived'
                        AND NOT coalesce(busy_until > ?1, FALSE)
                )),
                (SELECT count(*) {UNDELIVERED} AND {theirs} AND NOT coalesce(busy_until > ?1, FALSE))""",
            stored(now),
            stored(soon),
            self._shop_value(*whose.shops),
            whose.assignee,
        )
        return Counts(*row)

    def waiting_by_shop(self) -> Mapping[str, int]:
        parts = " UNION ALL ".join(f"SELECT shop {rows}" for rows in _WAITING)
        waiting: dict[str, int] = {}
        for word, count in self._db.rows(f"SELECT shop, count(*) FROM ({parts}) GROUP BY shop"):
            code = self._codes.get(word, word)
            waiting[code] = waiting.get(code, 0) + count
        return waiting

    def waiting_since(self) -> datetime | None:
        parts = " UNION ALL ".join(f"SELECT taken_in_at {rows}" for rows in _WAITING)
        [(since,)] = self._db.rows(f"SELECT min(taken_in_at) FROM ({parts})")
        return None if since is None else moment_of(since)

    def hurt_tickets(self) -> list[HurtTicket]:
        rows = self._db.rows(
            f"SELECT id, {WAITS} OR NOT {_STATE}, {', '.join(HURT_FIELDS)} "
            f"FROM tickets INDEXED BY tickets_hurt WHERE NOT ({_SOUND}) ORDER BY id"
        )
        return [HurtTicket(number, unreadable(row), bool(waits)) for number, waits, *row in rows]

    def waiting_orders(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Store.waiting_orders`."""
        parts = " UNION ALL ".join(
            f"SELECT id, order_id, deadline_at {rows} AND order_id IS NOT NULL" for rows in _WAITING
        )
        for number, order, _deadline in self._db.rows(f"{parts} ORDER BY deadline_at, id"):
            yield number, order

    def put_tickets(self, tickets: Iterable[Ticket]) -> None:
        self._db.write_all(_PUT_TICKET, map(_row, tickets))

    def put_seen(self, moments: Iterable[tuple[str, datetime]]) -> None:
        self._db.write_all(
            "UPDATE tickets SET seen_at = ? WHERE id = ?", ((stored(at), number) for number, at in moments)
        )

    def _of_shop(self, query: TicketQuery) -> list[tuple[str, object]]:
        if not query.shops:
            return []
        return [(self._is_shop("?", len(query.shops)), self._shop_value(*query.shops))]


def _row(ticket: Ticket) -> tuple[str | bool | None, ...]:
    return ticket.id[::-1], *ticket_row(ticket)


# FROM … WHERE …, and the values of its conditions.
_Choice = tuple[str, list[object]]


def _choices(
    query: TicketQuery, of_shop: list[tuple[str, object]], *, apart: bool = True
) -> tuple[list[_Choice], _Choice | None]:
    """``query`` as its choice of what waits, in up to three parts, and its choice of the rest; ``of_shop``:
    the condition that its shop makes.

    Not ``apart``, replied tickets that wait may stand among the rest: what only counts need not look at
    each of them.
    """
    common = list(of_shop)
    if query.assignee is not None:
        common.append(("assignee = ?", query.assignee))
    if query.created_from is not None:
        common.append(("created_at >= ?", stored(query.created_from)))
    if query.created_before is not None:
        common.append(("created_at < ?", stored(query.created_before)))
    due: list[tuple[str, object]] = []
    if query.overdue_at is not None:
        due.append(("deadline_at < ?", stored(query.overdue_at)))
    if query.due_from is not None:
        due.append(("deadline_at >= ?", stored(query.due_from)))
    if query.due_until is not None:
        due.append(("deadline_at <= ?", stored(query.due_until)))
    if query.unreadable:
        due.append(("strftime(?, deadline_at, '+0 days') IS NOT deadline_at", "%Y-%m-%dT%H:%M:%SZ"))

    statuses = set(query.statuses) if query.statuses or query.waits else set(Status)
    done = set() if due or query.missing else statuses - {Status.PENDING}
    kinds = _of_kinds(query)
    waiting = []
    if query.waits or Status.PENDING in statuses:
        waiting.append(f"{_PENDING} AND returned_at IS NOT NULL" if query.returned else _PENDING)
    if (query.waits or Status.REPLIED in statuses) and (apart or Status.REPLIED not in done):
        waiting += [_RETURNED] if query.returned else [_RETURNED, UNARRIVED]
    if query.missing:
        waiting = [_through_missing(rows) for rows in waiting]
    conditions = due + common
    chosen = [
        (narrowed(" AND ".join([rows, *kinds]), conditions), [value for _sql, value in conditions])
        for rows in waiting
    ]
    if not done:
        return chosen, None
    if query.returned:
        rows = f"{_DONE_AND_RETURNED} AND status <> 'pending'"
    else:
        # Of several shops, each would come in its own order.
        rows = _DONE_BY_SHOP if len(query.shops) == 1 else _DONE
    if len(done) < len(Status) - 1:
        rows += f" AND status IN ({', '.join(repr(status.value) for status in sorted(done))})"
    if apart and Status.REPLIED in done:
        rows += f" AND NOT {WAITS}"
    return chosen, (narrowed(" AND ".join([rows, *kinds]), common), [value for _sql, value in common])


def _of_kinds(query: TicketQuery) -> list[str]:
    """The condition that the query's kinds make; they are our own words."""
    kinds = ", ".join(repr(kind.value) for kind in query.kinds)
    return [f"kind IN ({kinds})"] if kinds else []


def _through_missing(rows: str) -> str:
    """The same rows, those that are missing alone, through their own index."""
    conditions = rows.partition("WHERE ")[2]
    return f"FROM tickets INDEXED BY tickets_missing WHERE missing_at IS NOT NULL AND {conditions}"


def narrowed(rows: str, conditions: list[tuple[str, object]]) -> str:
    """``rows`` (FROM … WHERE …), narrowed by conditions, each with its value."""
    return " AND ".join([rows, *(sql for sql, _value in conditions)])
