"""The queries about replies, and whether they have reached the platform."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jdticket.store.rows import DELIVERY_FIELDS, delivery_of, delivery_row, reply_of, reply_row
from jdticket.store.sqlite.shops import Shops
from jdticket.store.sqlite.tickets import UNDELIVERED

if TYPE_CHECKING:
    from jdticket.domain.replies import Delivery, Reply

_DELIVERY_COLUMNS = ", ".join(f"deliveries.{name}" for name in DELIVERY_FIELDS)


def _given(shop: str | None) -> tuple[str, ...]:
    return () if shop is None else (shop,)


class Replies(Shops):
    """See :class:`jdticket.store.interface.Store`."""

    def add_reply(self, reply: Reply) -> Reply:
        number = self._db.write(
            "INSERT INTO replies VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            *reply_row(reply),
        )
        return replace(reply, id=number)

    def replies(self, ticket_id: str) -> list[Reply]:
        return self._db.told("replies", reply_of, ticket_id=ticket_id)

    def latest_replies(self, limit: int, shop: str | None = None) -> list[tuple[Reply, Delivery | None]]:
        rows = self._db.rows(
            f"""SELECT replies.*, {_DELIVERY_COLUMNS} FROM replies
                LEFT JOIN deliveries ON reply_id = replies.id
                WHERE ?1 IS NULL
                    OR EXISTS (
                        SELECT 1 FROM tickets
                        WHERE tickets.id = replies.ticket_id AND {self._is_shop("?1")}
                    )
                ORDER BY replies.at DESC, replies.id DESC LIMIT ?2""",
            self._shop_value(*_given(shop)),
            limit,
        )
        return [(reply_of(row[:8]), None if row[8] is None else delivery_of(row[8:])) for row in rows]

    def put_delivery(self, delivery: Delivery) -> None:
        self._db.write(
            f"""INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (reply_id) DO UPDATE SET
                {", ".join(f"{name} = excluded.{name}" for name in DELIVERY_FIELDS[2:])}
                WHERE deliveries.state <> 'arrived'""",
            *delivery_row(delivery),
        )
        self._db.write("UPDATE tickets SET remind_at = NULL WHERE id = ?", delivery.ticket_id)

    def delivery(self, reply_id: int) -> Delivery | None:
        rows = self._db.rows(f"SELECT {_DELIVERY_COLUMNS} FROM deliveries WHERE reply_id = ?", reply_id)
        return delivery_of(rows[0]) if rows else None

    def undelivered(
        self, *, shop: str | None = None, ticket_id: str | None = None
    ) -> list[tuple[Reply, Delivery]]:
        rows = self._db.rows(
            f"""SELECT replies.*, {_DELIVERY_COLUMNS} {UNDELIVERED}
                AND (?1 IS NULL OR {self._is_shop("?1")}) AND (?2 IS NULL OR deliveries.ticket_id = ?2)
                ORDER BY reply_id""",
            self._shop_value(*_given(shop)),
            ticket_id,
        )
        return [(reply_of(row[:8]), delivery_of(row[8:])) for row in rows]
