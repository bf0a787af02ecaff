"""One SQLite file that any number of processes on one machine may use at once: opening it, speaking to it,
and saying what went wrong.

Rows are read and written with plain SQL. sqlite-utils, which makes and changes the tables
(``migrations.py``), is imported only when there is something to make or change.
"""

# ruff: noqa: S608 (SQL is put together from the names of tables and columns; values are always bound)

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from jdticket.errors import StoreError
from jdticket.i18n import _

SCHEMA_VERSION = 6
"""How many steps ``migrations.py`` has."""

_APPLICATION_ID = int.from_bytes(b"JDTK", "big")
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_CHUNK = 500
_WRONG_TYPE = 3091  # SQLITE_CONSTRAINT_DATATYPE, for which Python 3.11 has no name

_T = TypeVar("_T")


class Connection:
    """The file ``path``, brought up to date, and the one way in which the store's queries speak to SQLite."""

    def __init__(self, path: Path, *, create: bool, wait_seconds: float) -> None:
        """See ``SqliteStore.open``."""
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                _("This Python has SQLite {found}, and jdticket needs {needed}; use a newer Python.").format(
                    found=sqlite3.sqlite_version, needed=".".join(map(str, _OLDEST_SQLITE))
                )
            )
        self.path = path
        self._wait_seconds = wait_seconds
        self._closed = False
        self._is_rebuilt = False
        self.has_written = False
        _find_file(path, create=create)
        with self.explained():
            self._db = _connect(path, wait_seconds)
        try:
            self._prepare(create=create)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """See :meth:`Store.close`."""
        self._closed = True
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See :meth:`Store.transaction`."""
        if self._db.in_transaction:
            raise RuntimeError("a transaction is open already, and one cannot hold another")
        self.run("BEGIN IMMEDIATE")
        before = self._db.total_changes
        try:
            yield
            has_written = self._db.total_changes > before
            self.run("COMMIT")
            self.has_written |= has_written
        except BaseException:
            # After some failures, a full disk among them, SQLite has rolled back by itself; and so it has
            # when an interrupt has closed the store before it reached us.
            if not self._closed and self._db.in_transaction:
                self.run("ROLLBACK")
            raise

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """See :meth:`Store.rehearsal`: in a copy of the owner's that is thrown away."""
        import tempfile

        if self._db.in_transaction:
            raise RuntimeError("a rehearsal cannot be held inside a transaction")
        with tempfile.TemporaryDirectory(prefix="jdticket-") as folder:
            path = Path(folder) / self.path.name
            with self.explained(path):
                copy = sqlite3.connect(path, isolation_level=None)
            try:
                with self.explained(path):
                    copy.execute("PRAGMA synchronous = OFF")
                    self._db.backup(copy)
                    copy.execute("PRAGMA journal_mode = MEMORY").fetchone()
                    copy.execute("PRAGMA foreign_keys = ON")
                original, self._db = self._db, copy
                had_written = self.has_written
                try:
                    yield
                finally:
                    self._db, self.has_written = original, had_written
            finally:
                copy.close()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    # Speaking to SQLite

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """All rows of the answer."""
        with self.explained():
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if not self._bears_other_bytes(error):
                    raise
                return self._db.execute(sql, values).fetchall()

    def stream(self, sql: str, *values: Any) -> Iterator[Any]:
        """The rows of the answer as they are asked for: read to the end before writing."""
        with self.explained():
            cursor = self._db.execute(sql, values)
        given = 0
        # No row is handed out inside the guard: a reader who leaves early may close the store first.
        while True:
            with self.explained():
                try:
                    rows = cursor.fetchmany(_CHUNK)
                except sqlite3.OperationalError as error:
                    if not self._bears_other_bytes(error):
                        raise
                    cursor = self._db.execute(f"SELECT * FROM ({sql}) LIMIT -1 OFFSET {given}", values)
                    rows = cursor.fetchmany(_CHUNK)
            if not rows:
                return
            given += len(rows)
            yield from rows

    def _bears_other_bytes(self, error: sqlite3.OperationalError) -> bool:
        """Whether a text is no UTF-8, as in a damaged row, and is borne with from now on: one row stops no
        other. Not from the beginning, since every text costs more then."""
        if "decode to UTF-8" not in str(error):
            return False
        self._db.text_factory = partial(str, encoding="utf-8", errors="replace")
        return True

    def number(self, sql: str, *values: Any) -> int:
        """The answer of a statement that has one number for it."""
        return int(self.rows(sql, *values)[0][0])

    def told(self, table: str, made: Callable[[Any], _T], **chosen: object) -> list[_T]:
        """What ``table`` tells, oldest first; ``chosen`` columns that are None choose nothing."""
        wanted = {column: value for column, value in chosen.items() if value is not None}
        where = " AND ".join(["TRUE", *(f"{column} = ?" for column in wanted)])
        rows = self.rows(f"SELECT * FROM {table} WHERE {where} ORDER BY at, id", *wanted.values())
        return [made(row) for row in rows]

    def run(self, sql: str) -> None:
        """Run a statement that has no answer and is no writing."""
        with self.explained():
            self._db.execute(sql)

    def write(self, sql: str, *values: Any) -> int:
        """Write, inside a transaction; returns the id that was given to an inserted row."""
        self.must_be_in_transaction()
        with self.explained():
            return self._db.execute(sql, values).lastrowid or 0

    def update(self, sql: str, *values: Any) -> bool:
        """Write, inside a transaction; returns whether there was a row to change."""
        self.must_be_in_transaction()
        with self.explained():
            return self._db.execute(sql, values).rowcount > 0

    def write_all(self, sql: str, rows: Iterable[Any]) -> None:
        """Write each of the rows, inside a transaction."""
        self.must_be_in_transaction()
        with self.explained():
            self._db.executemany(sql, rows)

    def must_be_in_transaction(self) -> None:
        """Raises ``RuntimeError`` outside a transaction: that is an error of the program."""
        if not self._db.in_transaction:
            raise RuntimeError("nothing may be written outside a transaction")

    @contextmanager
    def explained(self, path: Path | None = None) -> Iterator[None]:
        """Turns SQLite's errors into ``StoreError`` where a person can do something; ``path``: about another
        file than the store's."""
        try:
            yield
        except sqlite3.Error as error:
            explained = _explained(error, path or self.path, self._wait_seconds)
            if explained is None:
                raise
            raise explained from error
        except UnicodeDecodeError as error:
            # SQLite tells what it found in a damaged file, and Python cannot read that.
            raise _damaged(path or self.path, "UTF-8") from error

    def copy_to(self, path: Path) -> None:
        """Copy all of it into the empty file ``path``, while others go on writing."""
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            self._db.backup(copy)
            # One file, whole in itself, that can be read from where nothing can be written.
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()
        finally:
            copy.close()
        with path.open("rb+") as file:
            os.fsync(file.fileno())

    # Opening

    def _prepare(self, *, create: bool) -> None:
        self.run("PRAGMA foreign_keys = ON")
        self.run("PRAGMA synchronous = FULL")
        self.run("PRAGMA cache_size = -32000")  # KiB; the 2 MB that is usual makes long imports slow
        version = self._schema_version()
        if version == 0 and not create:
            raise _no_store_yet(self.path)
        with self.explained():
            self._use_wal()
        if self._is_rebuilt:
            self._mark_as_ours(version)
        if version == SCHEMA_VERSION:
            return
        from jdticket.store.sqlite.migrations import bring_up_to_date

        with self.transaction(), self.explained():
            # Another process may have done it while this one waited for the lock.
            if self._schema_version() < SCHEMA_VERSION:
                bring_up_to_date(self._db)
        self.has_written = False

    def _schema_version(self) -> int:
        """How many migrations the file has seen, 0 for an empty one; raises for a file to be left alone."""
        [(version, application, objects)] = self.rows("""
            SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
            FROM pragma_user_version, pragma_application_id
        """)
        if (application, version) == (0, 0) and objects:
            version = self._steps_seen()
            self._is_rebuilt = version > 0
        if (
            application != _APPLICATION_ID
            and (application, version, objects) != (0, 0, 0)
            and not self._is_rebuilt
        ):
            raise StoreError(
                _("{path} is the database of another program; name another file with --db.").format(
                    path=self.path
                )
            )
        if version > SCHEMA_VERSION:
            raise StoreError(
                _(
                    "{path} was written by a newer jdticket (schema {found}, this one knows {known}); "
                    "update jdticket."
                ).format(path=self.path, found=version, known=SCHEMA_VERSION)
            )
        return int(version)

    def _steps_seen(self) -> int:
        """How many migrations the tables have seen of a file that has lost its marks, as what ``.dump`` and
        ``.recover`` write has; 0: the tables are not ours.

        Raises ``StoreError`` for tables that are ours and not all there.
        """
        named = {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"_sqlite_migrations", "tickets", "events"} <= named:
            return 0
        steps = "SELECT count(*) FROM _sqlite_migrations WHERE migration_set = 'jdticket'"
        seen = self.number(steps)
        if seen == SCHEMA_VERSION:
            from jdticket.store.sqlite.migrations import missing_columns

            with self.explained():
                missing = missing_columns(self._db)
            if missing:
                raise StoreError(
                    _(
                        "{path} was put together from a damaged store and lacks {missing}; put your latest "
                        "backup in its place: jdticket restore BACKUP"
                    ).format(path=self.path, missing=", ".join(missing))
                )
        return seen

    def _mark_as_ours(self, version: int) -> None:
        """Set the marks again that a rebuilt file has lost."""
        try:
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {version}")
        except sqlite3.OperationalError as error:
            # A file that can only be read is read all the same.
            if _primary_code(error) != sqlite3.SQLITE_READONLY:
                raise

    def _use_wal(self) -> None:
        """Switch to write-ahead logging: readers and the writer do not wait for each other.

        The switch wants the file for itself for a moment, and SQLite does not always wait for that.
        """
        if self.rows("PRAGMA journal_mode") == [("wal",)]:
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


class Queries:
    """What is asked of one connection; each subject has a class of its own."""

    def __init__(self, db: Connection) -> None:
        self._db = db


def chunks(things: Iterable[_T]) -> Iterator[list[_T]]:
    """Things in lists that a statement can take at once."""
    rest = iter(things)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _find_file(path: Path, *, create: bool) -> None:
    """Make an empty file where there is none, readable by its owner only; or say that there is none."""
    try:
        if path.exists():
            return
        if not create:
            raise _no_store_yet(path)
        from jdticket import files

        files.make_folders(path)
        files.make_file(path)
    except OSError as error:
        raise cannot_be_used(path, error) from error


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


# Sentences


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's error code; 0 for an error of Python's own sqlite3 module. A value that is not of its column's
    type is a mismatch: we write none, so it stood there."""
    code = getattr(error, "sqlite_errorcode", 0)
    return sqlite3.SQLITE_MISMATCH if code == _WRONG_TYPE else code & 0xFF


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
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_MISMATCH:
            return _damaged(path, str(error))
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


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(
        _(
            "{path} is damaged ({reason}); put your latest backup in its place: jdticket restore BACKUP"
        ).format(path=path, reason=reason)
    )


def _no_store_yet(path: Path) -> StoreError:
    return StoreError(
        _("There is no store at {path}. Look at --db and JDTICKET_DB, or begin with: jdticket import").format(
            path=path
        )
    )


def cannot_be_used(path: Path, error: OSError) -> StoreError:
    """That the system refuses the file."""
    from jdticket.words import os_reason

    return StoreError(_("{path} cannot be used: {reason}.").format(path=path, reason=os_reason(error)))
