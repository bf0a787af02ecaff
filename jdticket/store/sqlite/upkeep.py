"""Looking after a store: copying it, and finding what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from jdticket.errors import RefusedError, StoreError
from jdticket.files import file_beside
from jdticket.i18n import _
from jdticket.store.interface import Finding
from jdticket.store.sqlite.connection import Connection, cannot_be_used
from jdticket.store.sqlite.migrations import bring_up_to_date
from jdticket.text import one_line
from jdticket.words import listed


def backup(db: Connection, target: Path) -> None:
    """See :meth:`jdticket.store.interface.Store.backup`."""
    if target.exists():
        raise _exists(target)
    try:
        with file_beside(target) as made, db.explained(target):
            db.copy_to(made)
            _must_be_sound(made, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        raise cannot_be_used(target, error) from error


def _must_be_sound(copy: Path, target: Path) -> None:
    """Raises ``StoreError`` for a copy that is damaged: it would be found out when it is needed."""
    db = sqlite3.connect(copy, isolation_level=None)
    try:
        found = [line for (line,) in db.execute("PRAGMA integrity_check")]
    finally:
        db.close()
    # A row that breaks a rule is in the store as well, and can be read.
    lines = [line for line in found if line != "ok" and not line.startswith("CHECK constraint failed")][:3]
    if lines:
        raise StoreError(
            _(
                "The store is damaged ({reason}), and so would be {path}, which was not kept; put your "
                "latest backup in its place: jdticket restore BACKUP"
            ).format(reason=one_line("; ".join(lines)), path=target)
        )


def check(db: Connection) -> list[Finding]:
    """See :meth:`jdticket.store.interface.Store.check`."""
    looks = {
        "integrity": _damage,
        "foreign_keys": _dangling,
        "schema": _changed_tables,
        "writable": _refused_writing,
        "journal": _journal,
    }
    if os.name == "posix":
        looks["permissions"] = _permissions
    return [_finding(name, look, db) for name, look in looks.items()]


def _finding(name: str, look: Callable[[Connection], str], db: Connection) -> Finding:
    """``look`` returns what is wrong, or nothing."""
    try:
        wrong = look(db)
    except (StoreError, OSError) as error:
        wrong = str(error)
    return Finding(name, ok=not wrong, detail=wrong or _("fine"))


def _damage(db: Connection) -> str:
    lines = [line for (line,) in db.rows("PRAGMA integrity_check(5)")]
    return "" if lines == ["ok"] else "; ".join(lines)


def _dangling(db: Connection) -> str:
    rows = db.rows('SELECT DISTINCT "table", parent FROM pragma_foreign_key_check')
    return "; ".join(
        _("{table} point to {parent} that are not there").format(table=table, parent=parent)
        for table, parent in rows
    )


def _changed_tables(db: Connection) -> str:
    """Names of tables, indexes and triggers that are not as the migrations made them."""
    # The full-text index's inner tables are written down differently by different SQLites.
    sql = """SELECT name, sql FROM sqlite_master
        WHERE name NOT GLOB 'events_text_*' AND tbl_name <> '_sqlite_migrations'"""
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        bring_up_to_date(model)
        meant = set(model.execute(sql))
    finally:
        model.close()
    names = sorted({name for name, _sql in meant ^ set(db.rows(sql))})
    return _("not as jdticket made it: {names}").format(names=listed(names)) if names else ""


def _journal(db: Connection) -> str:
    mode = db.rows("PRAGMA journal_mode")[0][0]
    if mode == "wal":
        return ""
    return _("the journal mode is {mode} instead of wal, so readers and writers wait for each other").format(
        mode=mode
    )


def _refused_writing(db: Connection) -> str:
    if os.access(db.path, os.W_OK) and os.access(db.path.absolute().parent, os.W_OK):
        return ""
    return _("{path} can only be read; get the right to write the file and its folder.").format(path=db.path)


def _permissions(db: Connection) -> str:
    mode = db.path.stat().st_mode & 0o777
    if mode & 0o077 == 0:
        return ""
    return _("others may use the file (mode {mode}); say chmod 600 {path}").format(
        mode=f"{mode:o}", path=db.path
    )


def _exists(path: Path) -> RefusedError:
    return RefusedError(
        _("{path} exists, and a backup never overwrites; name another file.").format(path=path)
    )
