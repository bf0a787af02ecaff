"""The shops' authorisations on the platform, in a small SQLite file beside the store.

A file of its own, so that no backup carries what opens a shop's account; SQLite's, so that one process
at a time renews a token, on Windows as on Linux.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from jdticket.clock import from_stored, stored
from jdticket.domain.authorisation import Token
from jdticket.errors import StoreError
from jdticket.files import make_file, make_folders
from jdticket.i18n import _
from jdticket.store.interface import TokenStore
from jdticket.words import os_reason

_WAIT_SECONDS = 60.0
_TABLE = """
    CREATE TABLE IF NOT EXISTS tokens (
        shop TEXT NOT NULL PRIMARY KEY,
        app_key TEXT NOT NULL,
        access_token TEXT NOT NULL,
        refresh_token TEXT NOT NULL,
        got_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        account TEXT NOT NULL DEFAULT ''
    ) STRICT
"""
_COLUMNS = 7


def tokens_path(database: Path) -> Path:
    """Where the authorisations for the store ``database`` are kept."""
    return database.with_name(database.name + ".tokens")


class SqliteTokens(TokenStore):
    """Keeps the promises of :class:`TokenStore`; the file is made when the first token is put."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._alone: sqlite3.Connection | None = None

    def token(self, shop: str) -> Token | None:
        if self._alone is not None:
            with self._failures_explained():
                return _token(self._alone, shop)
        if not self._path.exists():
            return None
        with self._failures_explained(), closing(self._connect()) as db:
            return _token(db, shop)

    def tokens(self) -> list[Token]:
        if self._alone is not None:
            with self._failures_explained():
                return _tokens(self._alone)
        if not self._path.exists():
            return []
        with self._failures_explained(), closing(self._connect()) as db:
            return _tokens(db)

    def put_token(self, token: Token) -> None:
        db = self._alone
        if db is None:
            raise RuntimeError("a token may be put by one process at a time only")
        with self._failures_explained():
            db.execute(
                "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    token.shop,
                    token.app_key,
                    token.access_token,
                    token.refresh_token,
                    stored(token.got_at),
                    stored(token.expires_at),
                    "\n".join(sorted(token.account)),
                ),
            )
            # What the platform has handed out is worth nothing unless it is kept: at once, come what may.
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._failures_explained():
            db = self._connect()
        with closing(db):
            with self._failures_explained():
                db.execute("BEGIN IMMEDIATE")
            self._alone = db
            try:
                yield
            finally:
                # What is not committed ends with the connection.
                self._alone = None

    def _connect(self) -> sqlite3.Connection:
        try:
            make_folders(self._path)
            if not self._path.exists():
                # Closing a file lets go of the locks that this process has on it: only a new one is opened.
                make_file(self._path)
            if self._path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            mode = self._path.stat().st_mode & 0o777
        except OSError as error:
            raise StoreError(
                _("{path} cannot be used: {reason}.").format(path=self._path, reason=os_reason(error))
            ) from error
        if os.name == "posix" and mode & 0o077:
            raise StoreError(
                _(
                    "{path} holds the keys to your shops and others may use it (mode {mode}); run: "
                    "chmod 600 {path}"
                ).format(path=self._path, mode=f"{mode:o}")
            )
        db = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            db.execute("PRAGMA secure_delete = ON")  # no old token stays readable in free pages
            db.execute("PRAGMA synchronous = FULL")
            db.execute(_TABLE)
            if db.execute("SELECT count(*) FROM pragma_table_info('tokens')").fetchone()[0] < _COLUMNS:
                # Files of before accounts were kept.
                db.execute("ALTER TABLE tokens ADD COLUMN account TEXT NOT NULL DEFAULT ''")
        except sqlite3.Error:
            db.close()
            raise
        return db

    @contextmanager
    def _failures_explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:  # a time that is none
            raise StoreError(
                _("{path} cannot be used: {reason}.").format(path=self._path, reason=error)
            ) from error


def _token(db: sqlite3.Connection, shop: str) -> Token | None:
    return next((token for token in _tokens(db) if token.shop == shop), None)


def _tokens(db: sqlite3.Connection) -> list[Token]:
    return [
        Token(
            shop,
            app_key,
            access,
            refresh,
            from_stored(got),
            from_stored(ends),
            frozenset(account.split("\n")) - {""},
        )
        for shop, app_key, access, refresh, got, ends, account in db.execute(
            "SELECT * FROM tokens ORDER BY shop"
        )
    ]
