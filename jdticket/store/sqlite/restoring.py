"""Putting a backup in a store's place: what was there is kept aside, and nothing of it spoils the copy."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from jdticket.errors import InputError, RefusedError, StoreError
from jdticket.files import file_beside, make_folders
from jdticket.i18n import _
from jdticket.store.sqlite.connection import Connection, cannot_be_used
from jdticket.store.sqlite.upkeep import check
from jdticket.words import listed

_VITAL = ("integrity", "foreign_keys", "schema")
# Where SQLite's shared locks lie (os.h: SHARED_FIRST, SHARED_SIZE).
_SHARED_FIRST, _SHARED_SIZE = 0x40000000 + 2, 510
# What belongs to a store besides its file; an old one that stays beside a copy damages that, too.
_BESIDE = ("", "-wal", "-shm", "-journal")


def restore(backup: Path, path: Path, now: datetime) -> Path | None:
    """Make the store in ``path`` a copy of ``backup``, brought up to date and looked at before it takes its
    place. Returns where what stood there is kept, the time ``now`` in its name; None: nothing did.

    Raises ``InputError`` for a backup that is not there or no good, ``RefusedError`` while another program
    uses the store, and ``StoreError`` when the system refuses a file. All is as it was then.
    """
    if not backup.is_file():
        raise InputError(_("{name}: there is no such file.").format(name=backup))
    if path.exists() and path.samefile(backup):
        raise RefusedError(_("{path} is the store itself; name a backup.").format(path=backup))
    aside = path.with_name(f"{path.name}.replaced-{now:%Y%m%d-%H%M%S}")
    moved: list[tuple[Path, Path]] = []
    try:
        make_folders(path)
        with file_beside(path) as made:
            _copy(backup, made)
            _must_be_good(backup, made)
            _must_be_free(path)
            for end in _BESIDE:
                old, kept = (Path(f"{one}{end}") for one in (path, aside))
                if old.exists():
                    if kept.exists():
                        raise FileExistsError(kept)
                    old.rename(kept)
                    moved.append((old, kept))
    except OSError as error:
        for old, kept in reversed(moved):
            if not old.exists():
                with suppress(OSError):
                    kept.rename(old)
        raise cannot_be_used(path, error) from error
    return aside if moved else None


def _must_be_free(path: Path) -> None:
    """Asks for the lock that every connection holds a share of, and touches nothing: what is damaged is kept
    as it is. (On Windows a file that is open cannot be renamed.)"""
    if sys.platform == "win32" or not path.exists():
        return
    import fcntl

    with path.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except (BlockingIOError, PermissionError) as error:
            raise RefusedError(
                _(
                    "{path} is in use; stop what uses it (jdticket cron remove, other windows), and try "
                    "again."
                ).format(path=path)
            ) from error


def _copy(backup: Path, made: Path) -> None:
    """SQLite's own copy: it takes in what may still stand in files beside the backup."""
    source = f"{backup.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(source, uri=True)) as old, closing(sqlite3.connect(made)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        raise InputError(
            _("{path} is no backup that can be read ({reason}); nothing was changed.").format(
                path=backup, reason=error
            )
        ) from error


def _must_be_good(backup: Path, made: Path) -> None:
    """Brings the copy up to date, on its way."""
    try:
        db = Connection(made, create=False, wait_seconds=1)
        with closing(db):
            wrong = [f"{one.name}: {one.detail}" for one in check(db) if one.name in _VITAL and not one.ok]
            db.run("PRAGMA journal_mode = DELETE")
    except StoreError as error:
        why = error.message.replace(str(made), str(backup))
        raise InputError(_("{why} Nothing was changed.").format(why=why)) from error
    if wrong:
        raise InputError(
            _("{path} is no good backup ({reason}); nothing was changed.").format(
                path=backup, reason=listed(wrong)
            )
        )
