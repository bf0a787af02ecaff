"""The queries about the pulling of work orders, and single facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jdticket.store.rows import source_of, source_row
from jdticket.store.sqlite.connection import Queries

if TYPE_CHECKING:
    from jdticket.domain.sources import SourceState


class Sources(Queries):
    """See :class:`jdticket.store.interface.Store`."""

    def source(self, shop: str) -> SourceState | None:
        rows = self._db.rows("SELECT * FROM sources WHERE shop = ?", shop)
        return source_of(rows[0]) if rows else None

    def sources(self) -> list[SourceState]:
        return [source_of(row) for row in self._db.rows("SELECT * FROM sources ORDER BY shop")]

    def put_source(self, source: SourceState) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *source_row(source)
        )

    def fact(self, key: str) -> str | None:
        rows = self._db.rows("SELECT value FROM facts WHERE key = ?", key)
        return rows[0][0] if rows else None

    def put_fact(self, key: str, value: str) -> None:
        self._db.write(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )
