"""The store on SQLite: one file that any number of processes on one machine may use at once.

Rows are read and written with plain SQL. sqlite-utils, which makes and changes the tables
(``migrations.py``), is imported only when there is something to make or change.
"""

# ruff: noqa: S608 (SQL is put together from the names in this file; values are always bound)

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from jdticket.clock import from_stored, stored
from jdticket.domain.outages import Contact, Extension, Outage, OutageReason, Outcome, Via
from jdticket.domain.reminders import ChannelTrouble, Reminder, ReminderRule, ReminderState
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import Counts, DeadlineSource, Kind, Status, Ticket, TicketQuery
from jdticket.errors import NotFoundError, RefusedError, StoreError, Trouble
from jdticket.i18n import _
from jdticket.store.interface import Finding, Store
from jdticket.store.sqlite.fulltext import match, pieces
from jdticket.words import listed, os_reason

if TYPE_CHECKING:
    from jdticket.domain.events import Event

SCHEMA_VERSION = 3
"""How many steps ``migrations.py`` has."""

_APPLICATION_ID = int.from_bytes(b"JDTK", "big")
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_CHUNK = 500

_T = TypeVar("_T")


class SqliteStore(Store):
    """Keeps the promises of :class:`Store` in one SQLite file; made by :meth:`open`."""

    def __init__(self, path: Path, wait_seconds: float) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._closed = False
        with self._failures_explained():
            self._db = _connect(path, wait_seconds)

    @classmethod
    def open(cls, path: Path, *, create: bool = True, wait_seconds: float = 60.0) -> Self:
        """The store in the file ``path``, brought up to date.

        ``create`` makes folder, file and tables where there are none, for their owner only; without
        it ``NotFoundError`` says that there is no store yet. Each step waits for other writers for up
        to ``wait_seconds``. A store that can only be read opens, and refuses to be written.
        """
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                _("This Python has SQLite {found}, and jdticket needs {needed}; use a newer Python.").format(
                    found=sqlite3.sqlite_version, needed=".".join(map(str, _OLDEST_SQLITE))
                )
            )
        _find_file(path, create=create)
        store = cls(path, wait_seconds)
        try:
            store._prepare(create=create)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        self._closed = True
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._db.in_transaction:
            raise RuntimeError("a transaction is open already, and one cannot hold another")
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            # After some failures, a full disk among them, SQLite has rolled back by itself; and so it has
            # when an interrupt has closed the store before it reached us.
            if not self._closed and self._db.in_transaction:
                self._run("ROLLBACK")
            raise

    # Tickets

    def ticket(self, ticket_id: str) -> Ticket | None:
        return self.tickets_by_id([ticket_id]).get(ticket_id)

    def tickets_by_id(self, ticket_ids: Iterable[str]) -> Mapping[str, Ticket]:
        found: dict[str, Ticket] = {}
        for chunk in _chunks(ticket_ids):
            marks = ", ".join("?" * len(chunk))
            rows = self._rows(f"SELECT {_TICKET_COLUMNS} FROM tickets WHERE id IN ({marks})", *chunk)
            found.update((row[0], _ticket(row)) for row in rows)
        return found

    def tickets_ending_with(self, digits: str, limit: int) -> tuple[list[Ticket], int]:
        first = digits[::-1]
        bounds = (first, first + "\U0010ffff")
        chosen = "FROM tickets WHERE id_reversed >= ? AND id_reversed < ?"
        order = "status <> 'pending', created_at DESC, id"
        rows = self._rows(f"SELECT {_TICKET_COLUMNS} {chosen} ORDER BY {order} LIMIT ?", *bounds, limit)
        return [_ticket(row) for row in rows], self._number(f"SELECT count(*) {chosen}", *bounds)

    def tickets(self, query: TicketQuery) -> Iterator[Ticket]:
        """See :meth:`Store.tickets`. With neither a limit nor a transaction, rows are read as they are
        asked for, in constant memory: read to the end before writing."""
        choices = _choices(query)
        if not choices:
            return
        # One statement, so that a ticket that changes its state meanwhile is seen once. Each part comes
        # out of its index in order, and the last LIMIT stops the whole; "LIMIT -1" only keeps SQLite
        # from dropping the order of a part.
        sql = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {_TICKET_COLUMNS} {rows} ORDER BY {order} LIMIT -1)"
            for rows, order, _values in choices
        )
        values = [value for _rows, _order, part in choices for value in part]
        limit = -1 if query.limit is None else query.limit
        at_once = query.limit is not None or self._db.in_transaction
        rows = (self._rows if at_once else self._stream)(f"{sql} LIMIT ?", *values, limit)
        for row in rows:
            yield _ticket(row)

    def count(self, query: TicketQuery) -> int:
        choices = _choices(query)
        numbers = " + ".join(f"(SELECT count(*) {rows})" for rows, _order, _values in choices)
        return self._number(f"SELECT {numbers or 0}", *(value for *_rest, part in choices for value in part))

    def counts(self, now: datetime, soon: datetime, shop: str | None = None) -> Counts:
        of_shop = "(?3 IS NULL OR shop = ?3)"
        pending = f"SELECT count(*) {_PENDING} AND {of_shop}"
        [row] = self._rows(
            f"""SELECT ({pending}), ({pending} AND deadline_at < ?1),
                ({pending} AND deadline_at >= ?1 AND deadline_at <= ?2),
                (SELECT count(*) {_RETURNED} AND {of_shop} AND NOT EXISTS (
                    SELECT 1 FROM deliveries INDEXED BY deliveries_open
                    WHERE ticket_id = tickets.id AND state <> 'arrived'
                        AND NOT coalesce(busy_until > ?1, FALSE)
                )),
                (SELECT count(*) {_UNDELIVERED} AND {of_shop} AND NOT coalesce(busy_until > ?1, FALSE))""",
            stored(now),
            stored(soon),
            shop,
        )
        return Counts(*row)

    def shops(self) -> list[str]:
        # From one code to the next through the index: as many steps as there are codes.
        rows = self._rows("""
            WITH RECURSIVE codes (shop) AS (
                SELECT min(shop) FROM tickets
                UNION ALL
                SELECT (SELECT min(shop) FROM tickets WHERE shop > codes.shop) FROM codes
                WHERE codes.shop IS NOT NULL
            )
            SELECT shop FROM codes WHERE shop IS NOT NULL
        """)
        return [shop for (shop,) in rows]

    def put_tickets(self, tickets: Iterable[Ticket]) -> None:
        self._write_all(_PUT_TICKET, map(_ticket_row, tickets))

    # The time line

    def append(self, events: Iterable[Event]) -> None:
        import json

        from jdticket.domain.events import encoded

        as_json = json.JSONEncoder(ensure_ascii=False, default=_stored).encode
        ids = count(self._number("SELECT coalesce(max(id), 0) + 1 FROM events"))
        for chunk in _chunks(events):
            numbered = list(zip(ids, chunk, strict=False))
            self._write_all(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        number,
                        _stored(event.at),
                        event.kind.value,
                        event.ticket_id,
                        event.outage_id,
                        event.by,
                        as_json(encoded(event.payload)),
                        event.text,
                    )
                    for number, event in numbered
                ),
            )
            self._write_all(
                "INSERT INTO events_text (rowid, words) VALUES (?, ?)",
                ((number, pieces(event.text)) for number, event in numbered if event.text),
            )

    def events(self, *, ticket_id: str | None = None, outage_id: int | None = None) -> list[Event]:
        return self._told("events", _event, ticket_id=ticket_id, outage_id=outage_id)

    def search(self, words: Iterable[str], limit: int) -> tuple[list[Ticket], int]:
        matches = [match(word) for word in words]
        if not matches or None in matches:
            return [], 0
        # The tickets of each word apart: the words may stand in different events of a ticket.
        one = """SELECT DISTINCT ticket_id FROM events_text JOIN events ON id = events_text.rowid
            WHERE words MATCH ?"""
        found = " INTERSECT ".join([one] * len(matches))
        rows = self._rows(
            f"""WITH found AS MATERIALIZED ({found})
                SELECT {_TICKET_COLUMNS}, (SELECT count(ticket_id) FROM found)
                FROM tickets WHERE id IN found
                ORDER BY status <> 'pending', iif(status = 'pending', deadline_at, NULL),
                    iif(status = 'pending', kind <> 'crc', NULL),
                    iif(status = 'pending', NULL, created_at) DESC, id
                LIMIT ?""",
            *matches,
            max(limit, 1),  # a row tells how many there are in all
        )
        return [_ticket(row) for row in rows[:limit]], rows[0][-1] if rows else 0

    # Replies

    def add_reply(self, reply: Reply) -> Reply:
        number = self._write(
            "INSERT INTO replies VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            reply.ticket_id,
            reply.text,
            stored(reply.at),
            stored(reply.recorded_at),
            reply.by,
            stored(reply.deadline_at),
            reply.forced,
        )
        return replace(reply, id=number)

    def replies(self, ticket_id: str) -> list[Reply]:
        return self._told("replies", _reply, ticket_id=ticket_id)

    def latest_replies(self, limit: int, shop: str | None = None) -> list[tuple[Reply, Delivery | None]]:
        rows = self._rows(
            f"""SELECT replies.*, {_DELIVERY_COLUMNS} FROM replies
                LEFT JOIN deliveries ON reply_id = replies.id
                WHERE ?1 IS NULL
                    OR EXISTS (SELECT 1 FROM tickets WHERE tickets.id = replies.ticket_id AND shop = ?1)
                ORDER BY replies.at DESC, replies.id DESC LIMIT ?2""",
            shop,
            limit,
        )
        return [(_reply(row[:8]), None if row[8] is None else _delivery(row[8:])) for row in rows]

    def put_delivery(self, delivery: Delivery) -> None:
        self._write(
            f"""INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (reply_id) DO UPDATE SET
                {", ".join(f"{name} = excluded.{name}" for name in _DELIVERY_FIELDS[2:])}
                WHERE deliveries.state <> 'arrived'""",
            delivery.reply_id,
            delivery.ticket_id,
            delivery.state.value,
            delivery.tries,
            delivery.tried_at and stored(delivery.tried_at),
            delivery.busy_until and stored(delivery.busy_until),
            delivery.answer,
            delivery.trouble and delivery.trouble.value,
            delivery.code,
            delivery.subtype,
        )

    def delivery(self, reply_id: int) -> Delivery | None:
        rows = self._rows(f"SELECT {_DELIVERY_COLUMNS} FROM deliveries WHERE reply_id = ?", reply_id)
        return _delivery(rows[0]) if rows else None

    def undelivered(
        self, *, shop: str | None = None, ticket_id: str | None = None
    ) -> list[tuple[Reply, Delivery]]:
        rows = self._rows(
            f"""SELECT replies.*, {_DELIVERY_COLUMNS} {_UNDELIVERED}
                AND (?1 IS NULL OR shop = ?1) AND (?2 IS NULL OR deliveries.ticket_id = ?2)
                ORDER BY reply_id""",
            shop,
            ticket_id,
        )
        return [(_reply(row[:8]), _delivery(row[8:])) for row in rows]

    # Outages

    def add_outage(self, outage: Outage) -> Outage:
        number = self._write(
            "INSERT INTO outages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", *_outage_values(outage)
        )
        return replace(outage, id=number)

    def update_outage(self, outage: Outage) -> None:
        self._write(
            """UPDATE outages SET (reason, since, until, shops, note, reported_at, contacted)
                = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?""",
            *_outage_values(outage),
            outage.id,
        )

    def outage(self, outage_id: int) -> Outage | None:
        rows = self._rows("SELECT * FROM outages WHERE id = ?", outage_id)
        return _outage(rows[0]) if rows else None

    def outages(self, *, uncontacted_only: bool = False) -> list[Outage]:
        chosen = "WHERE NOT contacted" if uncontacted_only else ""
        return [
            _outage(row) for row in self._rows(f"SELECT * FROM outages {chosen} ORDER BY since DESC, id DESC")
        ]

    def add_contact(self, contact: Contact) -> Contact:
        number = self._write(
            "INSERT INTO contacts VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            contact.outage_id,
            contact.manager,
            contact.via.value,
            stored(contact.at),
            contact.said,
            contact.outcome.value,
        )
        return replace(contact, id=number)

    def contacts(self, outage_id: int) -> list[Contact]:
        return self._told("contacts", _contact, outage_id=outage_id)

    def add_extensions(self, extensions: Iterable[Extension]) -> None:
        self._write_all(
            "INSERT INTO extensions VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (
                (
                    extension.contact_id,
                    extension.outage_id,
                    extension.ticket_id,
                    stored(extension.old_deadline_at),
                    stored(extension.granted_until),
                    stored(extension.at),
                )
                for extension in extensions
            ),
        )

    def extensions(self, *, ticket_id: str | None = None, outage_id: int | None = None) -> list[Extension]:
        return self._told("extensions", _extension, ticket_id=ticket_id, outage_id=outage_id)

    # When to look at a ticket again

    def tickets_to_remind(self, now: datetime) -> list[Ticket]:
        rows = self._rows(
            f"SELECT {_TICKET_COLUMNS} FROM tickets INDEXED BY tickets_to_remind "
            f"WHERE {_REMIND_AT} <= ? ORDER BY {_PENDING_ORDER}",
            stored(now),
        )
        return [_ticket(row) for row in rows]

    def put_remind_at(self, pairs: Iterable[tuple[Ticket, datetime | None]]) -> None:
        self._write_all(
            _PUT_REMIND_AT,
            ((_NEVER if at is None else _stored(at), *_ticket_row(ticket)[1:]) for ticket, at in pairs),
        )

    def forget_remind_at(self) -> None:
        # A ticket that is in neither state now gets there through put_tickets, which forgets by itself.
        self._write(
            f"UPDATE tickets INDEXED BY tickets_to_remind SET remind_at = NULL WHERE {_REMIND_AT} > ''"
        )

    # The ledger

    def claim(self, wanted: Iterable[Reminder], now: datetime, expires: datetime) -> list[Reminder]:
        self._must_be_in_transaction()
        begin, end = stored(now), stored(expires)
        ours: list[Reminder] = []
        with self._failures_explained():
            for reminder in wanted:
                rows = self._db.execute(_CLAIM, (*_wanted_values(reminder), begin, end)).fetchall()
                ours += map(_reminder, rows)
        return ours

    def settle(self, reminders: Iterable[Reminder]) -> None:
        for reminder in reminders:
            settled = self._update(
                f"UPDATE reminders SET (state, sent_at, answer, refused) = (?, ?, ?, ?) WHERE {_OUR_CLAIM}",
                reminder.state.value,
                reminder.sent_at and stored(reminder.sent_at),
                reminder.answer,
                reminder.refused,
                *_claim_values(reminder),
            )
            if settled and reminder.state is ReminderState.SENT:
                self._write("DELETE FROM troubles WHERE channel = ?", reminder.channel)
            elif settled:
                self._write(
                    """INSERT INTO troubles VALUES (?, ?, ?, ?) ON CONFLICT (channel)
                        DO UPDATE SET answer = excluded.answer, refused = excluded.refused""",
                    reminder.channel,
                    stored(reminder.claimed_at),
                    reminder.answer,
                    reminder.refused,
                )

    def release(self, reminders: Iterable[Reminder]) -> None:
        self._write_all(
            f"UPDATE reminders SET claim_expires_at = claimed_at, attempts = attempts - 1 WHERE {_OUR_CLAIM}",
            map(_claim_values, reminders),
        )

    def reminders(
        self,
        *,
        ticket_id: str | None = None,
        step: str | None = None,
        step_begins: str | None = None,
        failed_only: bool = False,
        limit: int | None = None,
    ) -> list[Reminder]:
        chosen: list[tuple[str, object]] = []
        if ticket_id is not None:
            chosen.append(("ticket_id = ?", ticket_id))
        if step is not None:
            chosen.append(("step = ?", step))
        if step_begins is not None:
            chosen += [("step >= ?", step_begins), ("step < ?", step_begins + "\U0010ffff")]
        if failed_only:
            # The first half is for the index, which wants to hear its own condition.
            chosen.append(("state <> 'sent' AND state = ?", ReminderState.FAILED.value))
        rows = self._rows(
            f"{_and('SELECT * FROM reminders WHERE TRUE', chosen)} ORDER BY id DESC LIMIT ?",
            *(value for _sql, value in chosen),
            -1 if limit is None else limit,
        )
        return [_reminder(row) for row in rows]

    def ledger_trouble(self) -> list[ChannelTrouble]:
        return [
            ChannelTrouble(channel, from_stored(since), answer, bool(refused))
            for channel, since, answer, refused in self._rows("SELECT * FROM troubles ORDER BY channel")
        ]

    # The pulling of work orders

    def source(self, shop: str) -> SourceState | None:
        rows = self._rows("SELECT * FROM sources WHERE shop = ?", shop)
        return _source(rows[0]) if rows else None

    def sources(self) -> list[SourceState]:
        return [_source(row) for row in self._rows("SELECT * FROM sources ORDER BY shop")]

    def put_source(self, source: SourceState) -> None:
        moments = (
            *(source.good_at, source.read_until, source.swept_at, source.busy_until),
            *(source.failing_since, source.failed_since, source.back_at),
        )
        self._write(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            source.shop,
            *(moment and stored(moment) for moment in moments),
            source.trouble and source.trouble.value,
            source.code,
            source.words,
        )

    # Facts

    def fact(self, key: str) -> str | None:
        rows = self._rows("SELECT value FROM facts WHERE key = ?", key)
        return rows[0][0] if rows else None

    def put_fact(self, key: str, value: str) -> None:
        self._write(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    # The store itself

    def backup(self, target: Path) -> None:
        if target.exists():
            raise _exists(target)
        try:
            made = _new_file_beside(target)
            try:
                with self._failures_explained(target):
                    self._copy_to(made)
                _move_without_overwriting(made, target)
            finally:
                made.unlink(missing_ok=True)
        except FileExistsError:
            raise _exists(target) from None
        except OSError as error:
            raise _cannot_be_used(target, error) from error

    def check(self) -> list[Finding]:
        findings = [
            self._finding("integrity", self._damage),
            self._finding("foreign_keys", self._dangling),
            self._finding("schema", self._changed_tables),
            self._finding("journal", self._journal),
        ]
        if os.name == "posix":
            findings.append(self._finding("permissions", self._permissions))
        return findings

    def _finding(self, name: str, look: Callable[[], str]) -> Finding:
        """``look`` returns what is wrong, or nothing."""
        try:
            wrong = look()
        except (StoreError, OSError) as error:
            wrong = str(error)
        return Finding(name, ok=not wrong, detail=wrong or _("fine"))

    def _damage(self) -> str:
        lines = [line for (line,) in self._rows("PRAGMA integrity_check(5)")]
        return "" if lines == ["ok"] else "; ".join(lines)

    def _dangling(self) -> str:
        rows = self._rows('SELECT DISTINCT "table", parent FROM pragma_foreign_key_check')
        return "; ".join(
            _("{table} point to {parent} that are not there").format(table=table, parent=parent)
            for table, parent in rows
        )

    def _changed_tables(self) -> str:
        """Names of tables, indexes and triggers that are not as the migrations made them."""
        from jdticket.store.sqlite.migrations import bring_up_to_date

        # The full-text index's inner tables are written down differently by different SQLites.
        sql = """SELECT name, sql FROM sqlite_master
            WHERE name NOT GLOB 'events_text_*' AND tbl_name <> '_sqlite_migrations'"""
        model = sqlite3.connect(":memory:", isolation_level=None)
        try:
            bring_up_to_date(model)
            meant = set(model.execute(sql))
        finally:
            model.close()
        names = sorted({name for name, _sql in meant ^ set(self._rows(sql))})
        return _("not as jdticket made it: {names}").format(names=listed(names)) if names else ""

    def _journal(self) -> str:
        mode = self._rows("PRAGMA journal_mode")[0][0]
        if mode == "wal":
            return ""
        return _(
            "the journal mode is {mode} instead of wal, so readers and writers wait for each other"
        ).format(mode=mode)

    def _permissions(self) -> str:
        mode = self._path.stat().st_mode & 0o777
        if mode & 0o077 == 0:
            return ""
        return _("others may use the file (mode {mode}); say chmod 600 {path}").format(
            mode=f"{mode:o}", path=self._path
        )

    # Making and opening

    def _prepare(self, *, create: bool) -> None:
        self._run("PRAGMA foreign_keys = ON")
        self._run("PRAGMA synchronous = FULL")
        self._run("PRAGMA cache_size = -32000")  # KiB; the 2 MB that is usual makes long imports slow
        version = self._schema_version()
        if version == 0 and not create:
            raise _no_store_yet(self._path)
        with self._failures_explained():
            self._use_wal()
        if version == SCHEMA_VERSION:
            return
        from jdticket.store.sqlite.migrations import bring_up_to_date

        with self.transaction(), self._failures_explained():
            # Another process may have done it while this one waited for the lock.
            if self._schema_version() < SCHEMA_VERSION:
                bring_up_to_date(self._db)

    def _schema_version(self) -> int:
        """How many migrations the file has seen, 0 for an empty one; raises for a file to be left alone."""
        [(version, application, objects)] = self._rows("""
            SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
            FROM pragma_user_version, pragma_application_id
        """)
        if application != _APPLICATION_ID and (application, version, objects) != (0, 0, 0):
            raise StoreError(
                _("{path} is the database of another program; name another file with --db.").format(
                    path=self._path
                )
            )
        if version > SCHEMA_VERSION:
            raise StoreError(
                _(
                    "{path} was written by a newer jdticket (schema {found}, this one knows {known}); "
                    "update jdticket."
                ).format(path=self._path, found=version, known=SCHEMA_VERSION)
            )
        return int(version)

    def _use_wal(self) -> None:
        """Switch to write-ahead logging: readers and the writer do not wait for each other.

        The switch wants the file for itself for a moment, and SQLite does not always wait for that.
        """
        if self._rows("PRAGMA journal_mode") == [("wal",)]:
            return
        until = time.monotonic() + self._wait_seconds
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL").fetchone()
                return
            except sqlite3.OperationalError as error:
                if _primary_code(error) == sqlite3.SQLITE_READONLY:
                    return
                if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _copy_to(self, path: Path) -> None:
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            self._db.backup(copy)
            # One file, whole in itself, that can be read from where nothing can be written.
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()
        finally:
            copy.close()
        with path.open("rb+") as file:
            os.fsync(file.fileno())

    # Speaking to SQLite

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._failures_explained():
            return self._db.execute(sql, values).fetchall()

    def _stream(self, sql: str, *values: Any) -> Iterator[Any]:
        with self._failures_explained():
            cursor = self._db.execute(sql, values)
        # No row is handed out inside the guard: a reader who leaves early may close the store first.
        while True:
            with self._failures_explained():
                rows = cursor.fetchmany(_CHUNK)
            if not rows:
                return
            yield from rows

    def _number(self, sql: str, *values: Any) -> int:
        return int(self._rows(sql, *values)[0][0])

    def _told(self, table: str, made: Callable[[Any], _T], **chosen: object) -> list[_T]:
        """What ``table`` tells, oldest first; ``chosen`` columns that are None choose nothing."""
        wanted = {column: value for column, value in chosen.items() if value is not None}
        where = " AND ".join(["TRUE", *(f"{column} = ?" for column in wanted)])
        rows = self._rows(f"SELECT * FROM {table} WHERE {where} ORDER BY at, id", *wanted.values())
        return [made(row) for row in rows]

    def _run(self, sql: str) -> None:
        with self._failures_explained():
            self._db.execute(sql)

    def _write(self, sql: str, *values: Any) -> int:
        """Returns the id that was given to an inserted row."""
        self._must_be_in_transaction()
        with self._failures_explained():
            return self._db.execute(sql, values).lastrowid or 0

    def _update(self, sql: str, *values: Any) -> bool:
        """Returns whether there was a row to change."""
        self._must_be_in_transaction()
        with self._failures_explained():
            return self._db.execute(sql, values).rowcount > 0

    def _write_all(self, sql: str, rows: Iterable[Any]) -> None:
        self._must_be_in_transaction()
        with self._failures_explained():
            self._db.executemany(sql, rows)

    def _must_be_in_transaction(self) -> None:
        if not self._db.in_transaction:
            raise RuntimeError("nothing may be written outside a transaction")

    @contextmanager
    def _failures_explained(self, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            explained = _explained(error, path or self._path, self._wait_seconds)
            if explained is None:
                raise
            raise explained from error


# Rows of tickets: which, in which order, through which index. The indexes are named, since SQLite's
# planner, which knows no numbers here, would take one that fits a filter and then sort everything.

_PENDING = "FROM tickets INDEXED BY tickets_pending WHERE status = 'pending'"
_PENDING_ORDER = "deadline_at, kind <> 'crc', id"
_DONE = "FROM tickets INDEXED BY tickets_done WHERE status <> 'pending'"
_DONE_BY_SHOP = "FROM tickets INDEXED BY tickets_by_shop WHERE status <> 'pending'"
_DONE_ORDER = "created_at DESC, id"
_RETURNED = "FROM tickets INDEXED BY tickets_returned WHERE returned_at IS NOT NULL"
_UNDELIVERED = """FROM deliveries INDEXED BY deliveries_open
    CROSS JOIN replies ON replies.id = reply_id CROSS JOIN tickets ON tickets.id = deliveries.ticket_id
    WHERE state <> 'arrived' AND status IN ('pending', 'replied')"""


def _choices(query: TicketQuery) -> list[tuple[str, str, list[object]]]:
    """``query`` as up to two choices, pending and the rest: FROM … WHERE …, its order, its values."""
    common: list[tuple[str, object]] = []
    if query.shop is not None:
        common.append(("shop = ?", query.shop))
    if query.kind is not None:
        common.append(("kind = ?", query.kind.value))
    if query.assignee is not None:
        common.append(("assignee = ?", query.assignee))
    if query.created_from is not None:
        common.append(("created_at >= ?", stored(query.created_from)))
    if query.created_before is not None:
        common.append(("created_at < ?", stored(query.created_before)))
    due: list[tuple[str, object]] = []
    if query.overdue_at is not None:
        due.append(("deadline_at < ?", stored(query.overdue_at)))
    if query.due_until is not None:
        due.append(("deadline_at <= ?", stored(query.due_until)))

    statuses = set(query.statuses or Status)
    done = statuses - {Status.PENDING}
    choices = []
    if Status.PENDING in statuses:
        rows = f"{_PENDING} AND returned_at IS NOT NULL" if query.returned else _PENDING
        choices.append((_and(rows, due + common), _PENDING_ORDER, [value for _sql, value in due + common]))
    if done and not due:
        if query.returned:
            rows = f"{_RETURNED} AND status <> 'pending'"
        else:
            rows = _DONE if query.shop is None else _DONE_BY_SHOP
        if len(done) < len(Status) - 1:
            rows += f" AND status IN ({', '.join(repr(status.value) for status in sorted(done))})"
        choices.append((_and(rows, common), _DONE_ORDER, [value for _sql, value in common]))
    return choices


def _and(rows: str, conditions: list[tuple[str, object]]) -> str:
    return " AND ".join([rows, *(sql for sql, _value in conditions)])


# Rows to things and back

_TICKET_FIELDS = (
    "id",
    "shop",
    "order_id",
    "kind",
    "kind_text",
    "status",
    "created_at",
    "deadline_at",
    "first_deadline_at",
    "deadline_source",
    "taken_in_at",
    "platform_status",
    "assignee",
    "content",
    "replied_at",
    "returned_at",
    "rejected_at",
)
_TICKET_COLUMNS = ", ".join(_TICKET_FIELDS)
_PUT_TICKET = (
    f"INSERT INTO tickets (id_reversed, {_TICKET_COLUMNS}) "
    f"VALUES ({', '.join('?' * (len(_TICKET_FIELDS) + 1))}) "
    "ON CONFLICT (id) DO UPDATE SET remind_at = NULL, "
    f"{', '.join(f'{name} = excluded.{name}' for name in _TICKET_FIELDS[1:])}"
)
# "IS" takes NULLs for equal. The id stands by itself, for the index.
_PUT_REMIND_AT = (
    "UPDATE tickets SET remind_at = ? "
    f"WHERE id = ? AND ({', '.join(_TICKET_FIELDS[1:])}) IS ({', '.join('?' * (len(_TICKET_FIELDS) - 1))})"
)
_NEVER = "9999-12-31T23:59:59Z"
# What the index tickets_to_remind holds and is sorted by, in its own words; a comparison is to follow.
_REMIND_AT = "(status = 'pending' OR returned_at IS NOT NULL) AND coalesce(remind_at, '')"
# Looking a value up is several times quicker than calling the enum.
_KINDS = {kind.value: kind for kind in Kind}
_STATUSES = {status.value: status for status in Status}
_SOURCES = {source.value: source for source in DeadlineSource}
_RULES = {rule.value: rule for rule in ReminderRule}
_STATES = {state.value: state for state in ReminderState}


# Many rows of one import share their moments: the first deadline is the deadline, all come in at once.
_stored = lru_cache(maxsize=1024)(stored)


def _ticket_row(ticket: Ticket) -> tuple[str | None, ...]:
    return (
        ticket.id[::-1],
        ticket.id,
        ticket.shop,
        ticket.order_id,
        ticket.kind.value,
        ticket.kind_text,
        ticket.status.value,
        _stored(ticket.created_at),
        _stored(ticket.deadline_at),
        _stored(ticket.first_deadline_at),
        ticket.deadline_source.value,
        _stored(ticket.taken_in_at),
        ticket.platform_status,
        ticket.assignee,
        ticket.content,
        None if ticket.replied_at is None else _stored(ticket.replied_at),
        None if ticket.returned_at is None else _stored(ticket.returned_at),
        None if ticket.rejected_at is None else _stored(ticket.rejected_at),
    )


def _ticket(row: Any) -> Ticket:
    return Ticket(
        row[0],
        row[1],
        row[2],
        _KINDS[row[3]],
        row[4],
        _STATUSES[row[5]],
        from_stored(row[6]),
        from_stored(row[7]),
        from_stored(row[8]),
        _SOURCES[row[9]],
        from_stored(row[10]),
        row[11],
        row[12],
        row[13],
        row[14] and from_stored(row[14]),
        row[15] and from_stored(row[15]),
        row[16] and from_stored(row[16]),
    )


_CLAIM = """
    INSERT INTO reminders VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?, ?, 1, NULL, '', 0)
    ON CONFLICT DO UPDATE SET
        state = 'claimed', claimed_at = excluded.claimed_at, claim_expires_at = excluded.claim_expires_at,
        attempts = attempts + 1, answer = '', refused = 0
    WHERE state = 'failed' OR (
        state = 'claimed'
        AND (claim_expires_at <= excluded.claimed_at OR claimed_at > excluded.claim_expires_at)
    )
    RETURNING *
"""
_OUR_CLAIM = "id = ? AND claimed_at = ? AND attempts = ? AND state = 'claimed'"


def _wanted_values(reminder: Reminder) -> tuple[object, ...]:
    return (
        reminder.rule.value,
        reminder.step,
        reminder.channel,
        _stored(reminder.due_at),
        reminder.ticket_id,
        reminder.outage_id,
        None if reminder.deadline_at is None else _stored(reminder.deadline_at),
    )


def _claim_values(reminder: Reminder) -> tuple[object, ...]:
    return reminder.id, _stored(reminder.claimed_at), reminder.attempts


def _reminder(row: Any) -> Reminder:
    return Reminder(
        _RULES[row[1]],
        row[2],
        row[3],
        from_stored(row[4]),
        row[5],
        row[6],
        row[7] and from_stored(row[7]),
        _STATES[row[8]],
        from_stored(row[9]),
        from_stored(row[10]),
        row[11],
        row[12] and from_stored(row[12]),
        row[13],
        bool(row[14]),
        row[0],
    )


def _event(row: Any) -> Event:
    import json

    from jdticket.domain.events import Event, EventKind, decoded

    number, at, kind, ticket_id, outage_id, by, data, text = row
    payload = decoded(EventKind(kind), json.loads(data))
    return Event(from_stored(at), payload, ticket_id, outage_id, by, text, number)


def _reply(row: Any) -> Reply:
    number, ticket_id, text, at, recorded_at, by, deadline_at, forced = row
    return Reply(
        ticket_id,
        text,
        from_stored(at),
        from_stored(recorded_at),
        by,
        from_stored(deadline_at),
        bool(forced),
        number,
    )


_DELIVERY_FIELDS = (
    *("reply_id", "ticket_id", "state", "tries", "tried_at", "busy_until", "answer", "trouble", "code"),
    "subtype",
)
_DELIVERY_COLUMNS = ", ".join(f"deliveries.{name}" for name in _DELIVERY_FIELDS)


def _delivery(row: Any) -> Delivery:
    reply_id, ticket_id, state, tries, tried_at, busy_until, answer, trouble, code, subtype = row
    return Delivery(
        reply_id,
        ticket_id,
        DeliveryState(state),
        tries,
        tried_at and from_stored(tried_at),
        busy_until and from_stored(busy_until),
        answer,
        trouble and Trouble(trouble),
        code,
        subtype,
    )


def _source(row: Any) -> SourceState:
    shop, *moments, trouble, code, words = row
    good_at, read_until, swept_at, busy_until, failing_since, failed_since, back_at = (
        moment and from_stored(moment) for moment in moments
    )
    return SourceState(
        shop=shop,
        good_at=good_at,
        read_until=read_until,
        swept_at=swept_at,
        busy_until=busy_until,
        failing_since=failing_since,
        trouble=trouble and Trouble(trouble),
        code=code,
        words=words,
        failed_since=failed_since,
        back_at=back_at,
    )


def _outage_values(outage: Outage) -> tuple[object, ...]:
    import json

    return (
        outage.reason.value,
        stored(outage.since),
        outage.until and stored(outage.until),
        json.dumps(outage.shops, ensure_ascii=False),
        outage.note,
        stored(outage.reported_at),
        outage.contacted,
    )


def _outage(row: Any) -> Outage:
    import json

    number, reason, since, until, shops, note, reported_at, contacted = row
    return Outage(
        OutageReason(reason),
        from_stored(since),
        until and from_stored(until),
        tuple(json.loads(shops)),
        note,
        from_stored(reported_at),
        bool(contacted),
        number,
    )


def _contact(row: Any) -> Contact:
    number, outage_id, manager, via, at, said, outcome = row
    return Contact(outage_id, manager, Via(via), from_stored(at), said, Outcome(outcome), number)


def _extension(row: Any) -> Extension:
    number, contact_id, outage_id, ticket_id, old_deadline_at, granted_until, at = row
    return Extension(
        contact_id,
        outage_id,
        ticket_id,
        from_stored(old_deadline_at),
        from_stored(granted_until),
        from_stored(at),
        number,
    )


def _chunks(things: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(things)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


# Files


def _find_file(path: Path, *, create: bool) -> None:
    """Make an empty file where there is none, readable by its owner only; or say that there is none."""
    try:
        if path.exists():
            return
        if not create:
            raise _no_store_yet(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise _cannot_be_used(path, error) from error


def _connect(path: Path, wait_seconds: float) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    db = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=wait_seconds, isolation_level=None)
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        # Write-ahead logging needs files beside the store, for reading too. Where none can be made and
        # none are there, nobody is writing, and the file can be read as it stands.
        beside = (Path(f"{path}-wal"), Path(f"{path}-journal"))
        refused = _primary_code(error) in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
        if not refused or any(file.exists() for file in beside):
            raise
        db = sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)
    return db


def _new_file_beside(target: Path) -> Path:
    import tempfile

    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    os.close(number)
    return Path(name)


def _move_without_overwriting(made: Path, target: Path) -> None:
    """Raises ``FileExistsError`` when ``target`` has come into being meanwhile."""
    try:
        target.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (a USB stick, some network drives): hold the name, then take its place.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
        made.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        with suppress(OSError):  # not every file system can
            os.fsync(folder)
        os.close(folder)


# Sentences


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's error code; 0 for an error of Python's own sqlite3 module."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explained(error: sqlite3.Error, path: Path, wait_seconds: float) -> StoreError | None:
    """What a person can do about ``error``; None when only a programmer can."""
    match _primary_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            sentence = _(
                "{path} has been held by another program for {seconds} seconds; try again when that is done."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            sentence = _("{path} can only be read; get the right to write the file and its folder.")
        case sqlite3.SQLITE_CANTOPEN:
            sentence = _("{path} cannot be opened; see whether it is a file, and whether you may read it.")
        case sqlite3.SQLITE_NOTADB:
            sentence = _("{path} is not a database; name the right file with --db.")
        case sqlite3.SQLITE_CORRUPT:
            sentence = _(
                "{path} is damaged ({reason}); keep it aside and put your latest backup in its place."
            )
        case sqlite3.SQLITE_FULL:
            sentence = _(
                "The disk with {path} is full, and nothing of this step was kept; make room and try again."
            )
        case sqlite3.SQLITE_IOERR:
            sentence = _(
                "{path} could not be read or written ({reason}), and nothing of this step was kept; see "
                "whether the disk is full or gone."
            )
        case sqlite3.SQLITE_ERROR if isinstance(error, sqlite3.OperationalError):
            sentence = _("{path} cannot be used ({reason}); jdticket doctor tells more.")
        case _code:
            return None
    return StoreError(sentence.format(path=path, seconds=f"{wait_seconds:g}", reason=error))


def _no_store_yet(path: Path) -> NotFoundError:
    return NotFoundError(
        _(
            "There are no tickets yet: {path} does not exist; jdticket add and jdticket import make it."
        ).format(path=path)
    )


def _exists(path: Path) -> RefusedError:
    return RefusedError(
        _("{path} exists, and a backup never overwrites; name another file.").format(path=path)
    )


def _cannot_be_used(path: Path, error: OSError) -> StoreError:
    return StoreError(_("{path} cannot be used: {reason}.").format(path=path, reason=os_reason(error)))
