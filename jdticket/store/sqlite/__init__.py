"""The store on SQLite: one file that any number of processes on one machine may use at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from jdticket.store.interface import Finding, Store
from jdticket.store.sqlite.connection import Connection
from jdticket.store.sqlite.events import Events
from jdticket.store.sqlite.outages import Outages
from jdticket.store.sqlite.remind_at import RemindAt
from jdticket.store.sqlite.reminders import Reminders
from jdticket.store.sqlite.replies import Replies
from jdticket.store.sqlite.sources import Sources
from jdticket.store.sqlite.tickets import Tickets


class SqliteStore(Tickets, Events, Replies, Outages, Reminders, RemindAt, Sources, Store):
    """Keeps the promises of :class:`Store` in one SQLite file; made by :meth:`open`."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create: bool = True,
        wait_seconds: float = 60.0,
        shop_code: Callable[[str], str] | None = None,
    ) -> Self:
        """The store in the file ``path``, brought up to date.

        ``create`` makes folder, file and tables where there are none, for their owner only; without
        it ``StoreError`` says that there is no store yet. Each step waits for other writers for up
        to ``wait_seconds``. A store that can only be read opens, and refuses to be written.
        ``shop_code``: see :func:`jdticket.store.open.open_store`.
        """
        return cls(Connection(path, create=create, wait_seconds=wait_seconds), shop_code)

    def close(self) -> None:
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        return self._db.transaction()

    @property
    def has_written(self) -> bool:
        return self._db.has_written

    def rehearsal(self) -> AbstractContextManager[None]:
        return self._db.rehearsal()

    def backup(self, target: Path) -> None:
        from jdticket.store.sqlite.upkeep import backup

        backup(self._db, target)

    def check(self) -> list[Finding]:
        from jdticket.store.sqlite.upkeep import check

        return check(self._db)
