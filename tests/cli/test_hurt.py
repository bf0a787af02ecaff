from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .running import Program, row, table

TICKETS = table(
    row(59088841, "2024-06-10 14:00:00", "投诉"),
    row(59088842, "2024-06-11 10:00:00", "催单"),
    row(59088843, "2024-06-11 10:05:00", "CRC高危投诉"),
)
GOES_ON = (
    *(["list", "--all"], ["list", "--pending"], ["list", "--all", "--csv"], ["export"]),
    *(["search", "5908884"], ["recompute", "--dry-run"], ["remind"]),
)


@pytest.fixture
def desk(program: Program) -> Program:
    program.configure('[[channels]]\nname = "here"\nkind = "stdout"\ndefault = true\n')
    program.ok("import", program.write("tickets.csv", TICKETS))
    return program


def hurt(desk: Program, change: str, number: int = 59088842) -> None:
    """Change a row as a hand that minds no rule can."""
    with closing(sqlite3.connect(desk.store)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute(f"UPDATE tickets SET {change} WHERE id = '{number}'")
        db.commit()


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("status = 'waiting'", "status “waiting”"),
        ("kind = 'wish'", "kind “wish”"),
        ("deadline_source = 'moon'", "deadline_source “moon”"),
        ("created_at = 'yesterday'", "created_at “yesterday”"),
        ("deadline_at = '2024-06-11 14:00:00'", "deadline_at “2024-06-11 14:00:00”"),
        ("first_deadline_at = ''", "first_deadline_at “”"),
        ("taken_in_at = '14:00'", "taken_in_at “14:00”"),
    ],
)
@pytest.mark.parametrize("command", GOES_ON, ids=" ".join)
def test_a_hurt_row_is_named_and_stops_no_other(
    desk: Program, change: str, column: str, command: list[str]
) -> None:
    hurt(desk, change)
    ran = desk.run(*command)
    assert (ran.code, f"Ticket 59088842 is damaged in the store: {column}" in ran.err) == (5, True), ran
    if command[0] not in ("recompute", "remind"):
        assert "59088841" in ran.out
        assert "59088843" in ran.out


def test_check_could_not_look_at_a_hurt_row_that_may_wait(program: Program) -> None:
    program.ok("add", "59088842")
    hurt(program, "status = 'waiting'")
    assert program.run("check").code == 3


@pytest.mark.parametrize("command", GOES_ON, ids=" ".join)
def test_a_hurt_row_that_does_not_wait_is_named_and_no_failure(desk: Program, command: list[str]) -> None:
    desk.ok("close", "59088842", "--by", "li")
    hurt(desk, "kind = 'wish'")
    ran = desk.run(*command)
    assert (ran.code, "59088842 is damaged" in ran.err) == (0, True), ran


def test_a_backup_is_checked_and_a_damaged_one_is_not_kept(desk: Program) -> None:
    for n in range(60):
        desk.ok("note", "59088841", f"{n} " * 100)
    with closing(sqlite3.connect(desk.store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT max(pageno) FROM dbstat WHERE name = 'events'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    held = bytearray(desk.store.read_bytes())
    held[(page - 1) * size + 8 : page * size] = bytes(size - 8)
    desk.store.write_bytes(held)
    assert "The store is damaged" in desk.refused(5, "backup", "copy.db")
    assert not (desk.folder / "copy.db").exists()


def test_a_row_that_breaks_a_rule_is_backed_up(desk: Program) -> None:
    hurt(desk, "kind = 'wish'")
    desk.ok("backup", "copy.db")


def test_doctor_and_show_name_the_row(desk: Program) -> None:
    hurt(desk, "kind = 'wish'")
    assert "59088842 is damaged in the store: kind “wish”" in desk.run("doctor").out
    assert "59088842 is damaged" in desk.run("show", "59088842").err
    assert desk.ok("show", "59088841").err == ""


def test_text_that_is_no_utf_8_is_shown_as_far_as_it_is(desk: Program) -> None:
    hurt(desk, "content = CAST(x'41ff42' AS TEXT)")
    assert "A\ufffdB" in desk.ok("list", "--all").out
    assert "A\ufffdB" in desk.ok("export").out


def test_bytes_where_a_text_belongs_are_shown_and_whatever_writes_them_ends_with_a_sentence(
    desk: Program,
) -> None:
    desk.ok("remind")
    for sql in ("replace(sql, ') STRICT', ')')", "rtrim(sql) || ' STRICT'"):
        with closing(sqlite3.connect(desk.store)) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute(f"UPDATE sqlite_master SET sql = {sql} WHERE name = 'tickets'")
            db.commit()
        if "replace" in sql:
            hurt(desk, "content = x'70ff'")
    assert "p\ufffd" in desk.ok("list", "--all").out
    desk.configure('[[channels]]\nname = "there"\nkind = "stdout"\ndefault = true\n')
    assert "is damaged" in desk.refused(5, "remind")


@pytest.mark.parametrize(
    ("change", "command"),
    [
        ("UPDATE events SET data = '{'", ["show", "59088842"]),
        ("UPDATE events SET at = 'noon'", ["show", "59088842"]),
        ("UPDATE replies SET at = 'noon'", ["show", "59088842"]),
    ],
)
def test_any_other_hurt_row_ends_with_a_sentence(desk: Program, change: str, command: list[str]) -> None:
    desk.ok("reply", "59088842", "-m", "您好，包裹今天18点前发出，运单号JDX0123456789", "--by", "li")
    with closing(sqlite3.connect(desk.store)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{trigger}"')
        db.execute(change)
        db.commit()
    assert "A row in the store is damaged" in desk.refused(5, *command)


def test_a_damaged_schema_of_other_bytes_ends_with_a_sentence(desk: Program) -> None:
    with closing(sqlite3.connect(desk.store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = desk.store.read_bytes()
    for good, bad in (
        (b"tickets_donetickets", b"tickets_don\xa0tickets"),
        (b"CREATE INDEX tickets_done", b"CRXATE INDEX tickets_done"),
    ):
        held = held.replace(good, bad)
    desk.store.write_bytes(held)
    assert "is damaged" in desk.refused(5, "list")


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """A store cut somewhere, or with some of its bits the other way round."""
    if chance.random() < 0.3:
        return whole[: chance.randrange(1, len(whole))]
    bytes_of = bytearray(whole)
    for _ in range(chance.choice((1, 5, 50, 500))):
        bytes_of[chance.randrange(len(bytes_of))] ^= 1 << chance.randrange(8)
    return bytes(bytes_of)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_store_never_ends_in_a_traceback(desk: Program, seed: int) -> None:
    with closing(sqlite3.connect(desk.store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    chance = random.Random(seed)  # noqa: S311 - no secret
    desk.store.write_bytes(damaged(desk.store.read_bytes(), chance))
    for beside in ("-wal", "-shm"):
        Path(f"{desk.store}{beside}").unlink(missing_ok=True)
    for command in (*GOES_ON, ["show", "59088842"], ["check"], ["doctor"], ["backup", f"{seed}.db"]):
        assert desk.run(*command).code in (0, 1, 2, 3, 5)
