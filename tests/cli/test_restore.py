"""A backup in the store's place."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from .running import Program, row, table


@pytest.fixture
def desk(program: Program) -> Program:
    """A desk with one ticket in its backup b.db, and another one taken in since."""
    program.ok("import", "-", stdin=table(row(59088842)))
    program.ok("backup", "b.db")
    program.ok("import", "-", stdin=table(row(59088843)))
    return program


def kept(desk: Program) -> list[Path]:
    return sorted(desk.folder.glob("desk.db.replaced-*"))


def test_a_backup_takes_the_store_s_place_and_the_old_one_is_kept(desk: Program) -> None:
    before = (desk.folder / "b.db").read_bytes()
    ran = desk.ok("restore", "b.db")
    assert set(desk.tickets()) == {"59088842"}
    [aside] = kept(desk)
    assert ran.out.splitlines()[0] == (
        f"The store at {desk.store} is a copy of b.db now. What was there is kept as {aside}."
    )
    assert len(desk.ok("list", "--json", "--db", aside).json) == 2
    assert (desk.folder / "b.db").read_bytes() == before
    assert desk.store.stat().st_mode & 0o777 == 0o600
    assert "PROBLEM" not in desk.run("doctor").out


def test_nothing_of_a_damaged_store_spoils_the_copy(desk: Program) -> None:
    with closing(sqlite3.connect(desk.store)) as open_:
        open_.execute("BEGIN IMMEDIATE")
        open_.execute("UPDATE tickets SET content = 'later'")
        open_.execute("COMMIT")
        wal = Path(f"{desk.store}-wal").read_bytes()
    assert wal
    data = bytearray(desk.store.read_bytes())
    data[100:4096] = b"\xff" * 3996
    desk.store.write_bytes(data)
    Path(f"{desk.store}-wal").write_bytes(wal[:-7])
    said = desk.refused(5, "list")
    assert "jdticket restore BACKUP" in said
    desk.ok("restore", "b.db")
    assert set(desk.tickets()) == {"59088842"}
    assert "PROBLEM" not in desk.run("doctor").out


def test_a_missing_store_is_made(desk: Program) -> None:
    target = desk.folder / "new" / "desk.db"
    ran = desk.ok("restore", "b.db", "--db", target)
    assert "is kept as" not in ran.out
    assert [ticket["id"] for ticket in desk.ok("list", "--json", "--db", target).json] == ["59088842"]


def test_while_something_uses_the_store_it_is_left_alone(desk: Program) -> None:
    code = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('SELECT 1 FROM tickets'); "
    code += "print('open', flush=True); sys.stdin.read()"
    call = [sys.executable, "-c", code, str(desk.store)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert f"{desk.store} is in use" in desk.refused(4, "restore", "b.db")
        other.communicate("")
    assert kept(desk) == []
    assert len(desk.tickets()) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "bad.db: there is no such file."),
        (b"", "There is no store at "),
        (b"no database at all" * 100, "bad.db is no backup that can be read (file is not a database)"),
        ("other", "is the database of another program"),
        ("cut", "bad.db is no "),
    ],
)
def test_what_is_no_good_backup_changes_nothing(
    desk: Program, content: bytes | str | None, words: str
) -> None:
    bad = desk.folder / "bad.db"
    if isinstance(content, bytes):
        bad.write_bytes(content)
    elif content == "other":
        with closing(sqlite3.connect(bad)) as db:
            db.execute("CREATE TABLE notes (text)")
    elif content == "cut":
        whole = (desk.folder / "b.db").read_bytes()
        bad.write_bytes(whole[: len(whole) // 2])
    before = desk.store.read_bytes()
    assert words in desk.refused(1, "restore", "bad.db")
    assert desk.store.read_bytes() == before
    assert kept(desk) == []
    assert [one.name for one in desk.folder.iterdir() if one.name.startswith(".desk")] == []
    assert len(desk.tickets()) == 2


def test_the_store_itself_is_no_backup(desk: Program) -> None:
    assert "is the store itself" in desk.refused(4, "restore", desk.store)
