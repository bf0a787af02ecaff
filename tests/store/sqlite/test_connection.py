"""Finding, making and opening the file; what is said when it cannot be used."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jdticket.domain.tickets import TicketQuery
from jdticket.errors import StoreError
from jdticket.store.sqlite import SqliteStore
from jdticket.store.sqlite.connection import SCHEMA_VERSION
from tests.store.making import ticket
from tests.store.sqlite.at_file import by_hand, mode, posix_only, run, without_privileges

# Making and finding the file


@posix_only
def test_folder_and_file_are_made_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "jdticket.db"
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([ticket()])
        assert {mode(file) for file in path.parent.iterdir()} == {0o600}
    assert mode(path.parent) == 0o700


@pytest.mark.parametrize("empty_file", [False, True])
def test_a_store_that_is_not_to_be_made_and_is_not_there_is_not_found(
    tmp_path: Path, empty_file: bool
) -> None:
    path = tmp_path / "jdticket.db"
    if empty_file:
        path.touch()
    with pytest.raises(StoreError, match=r"There is no store at .*jdticket\.db"):
        SqliteStore.open(path, create=False)
    assert [file.stat().st_size for file in tmp_path.iterdir()] == [0] * empty_file


def test_a_path_with_characters_that_mean_something_to_sqlite_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "店铺 a?mode=memory#%20.db"
    SqliteStore.open(path).close()
    assert path.stat().st_size > 0
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def loaded_by_reading_tickets(path: Path) -> set[str]:
    code = (
        "import sys; from pathlib import Path; from jdticket.store.sqlite import SqliteStore;"
        f"store = SqliteStore.open(Path({str(path)!r})); assert store.ticket('59088842');"
        "print(*sys.modules)"
    )
    return set(run(code).stdout.split())


def test_a_ready_store_opens_without_the_machinery_that_makes_one(path: Path) -> None:
    assert {"sqlite_utils", "json", "tempfile", "jdticket.files"} & loaded_by_reading_tickets(path) == set()


def test_reading_tickets_loads_nothing_of_what_else_a_store_keeps(path: Path) -> None:
    loaded = loaded_by_reading_tickets(path)
    assert {name for name in loaded if name.startswith("jdticket.domain.")} == {"jdticket.domain.tickets"}


def test_an_older_sqlite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")
    with pytest.raises(StoreError, match=r"3\.34\.1.*3\.37\.0"):
        SqliteStore.open(tmp_path / "jdticket.db")
    assert list(tmp_path.iterdir()) == []


# Files that are not to be touched


def refused_untouched(path: Path, words: str) -> None:
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words):
        SqliteStore.open(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_store_of_a_newer_program_is_left_alone(path: Path) -> None:
    with by_hand(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    refused_untouched(path, "newer jdticket")


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE notes (text)", "PRAGMA user_version = 1", "PRAGMA application_id = 1"]
)
def test_the_database_of_another_program_is_left_alone(tmp_path: Path, sql: str) -> None:
    with by_hand(tmp_path / "other.db") as db:
        db.execute(sql)
    refused_untouched(tmp_path / "other.db", "another program")


def rebuilt(path: Path, target: Path) -> Path:
    """A store as `.dump` and `.recover` leave it: all of its tables, and none of its marks."""
    with by_hand(path) as db:
        db.execute("VACUUM INTO ?", [str(target)])
    with by_hand(target) as db:
        db.execute("PRAGMA application_id = 0")
        db.execute("PRAGMA user_version = 0")
    return target


def test_a_store_that_was_dumped_and_loaded_is_known_by_its_tables(path: Path, tmp_path: Path) -> None:
    target = rebuilt(path, tmp_path / "new.db")
    with closing(SqliteStore.open(target)) as store:
        assert store.ticket("59088842") == ticket()
        with store.transaction():
            store.put_tickets([ticket("59088843")])
    with by_hand(target) as db:
        marks = db.execute("SELECT * FROM pragma_application_id, pragma_user_version").fetchone()
    assert marks == (int.from_bytes(b"JDTK", "big"), SCHEMA_VERSION)


def test_a_rebuilt_store_that_lacks_something_is_told_what(path: Path, tmp_path: Path) -> None:
    (tmp_path / "rebuilt").mkdir()
    target = rebuilt(path, tmp_path / "rebuilt" / "new.db")
    with by_hand(target) as db:
        db.execute("DROP TABLE deliveries")
    refused_untouched(target, r"lacks deliveries\.")


@pytest.mark.parametrize(
    "content", [b"\n\n", b"hello", b"PK\x03\x04" * 5000, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    refused_untouched(tmp_path / "notes.txt", r"notes\.txt is not a database")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore.open(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/jdticket\.db cannot be used: .+"):
        SqliteStore.open(tmp_path / "file" / "jdticket.db")


# Files that can only be read


@posix_only
@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o700, 0o400), (0o500, 0o600), (0o500, 0o400)])
def test_a_store_that_can_only_be_read_is_read_and_says_so_when_written(
    folder: Path, folder_mode: int, file_mode: int
) -> None:
    (folder / "jdticket.db").chmod(file_mode)
    folder.chmod(folder_mode)
    with without_privileges(), closing(SqliteStore.open(folder / "jdticket.db")) as store:
        assert store.ticket("59088842") == ticket()
        with pytest.raises(StoreError, match="can only be read"), store.transaction():
            store.put_tickets([ticket("7000001")])


@posix_only
def test_a_store_that_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "jdticket.db").chmod(0)
    with without_privileges(), pytest.raises(StoreError, match=r"jdticket\.db cannot be opened"):
        SqliteStore.open(folder / "jdticket.db")


@posix_only
def test_a_folder_that_may_not_be_written_is_named(folder: Path) -> None:
    folder.chmod(0o500)
    with without_privileges(), pytest.raises(StoreError, match=r"new\.db cannot be used: permission denied"):
        SqliteStore.open(folder / "new.db")


# Trouble


def test_a_store_that_stays_locked_is_named(path: Path) -> None:
    with by_hand(path) as other, closing(SqliteStore.open(path, wait_seconds=0.02)) as store:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(StoreError, match=r"held by another program for 0\.02 seconds"),
            store.transaction(),
        ):
            pass
        assert store.ticket("59088842") == ticket()


def test_a_new_store_that_stays_locked_is_named(tmp_path: Path) -> None:
    path = tmp_path / "jdticket.db"
    with by_hand(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="held by another program"):
            SqliteStore.open(path, wait_seconds=0.02)


def test_a_damaged_store_is_named(path: Path) -> None:
    with by_hand(path) as db:
        [(page,)] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tickets'")
        [(page_size,)] = db.execute("PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek((page - 1) * page_size)
        file.write(b"\xff" * page_size)
    with closing(SqliteStore.open(path)) as store:
        with pytest.raises(StoreError, match=r"damaged .* backup"):
            list(store.tickets(TicketQuery()))
        findings = {finding.name: finding for finding in store.check()}
    assert not findings["integrity"].ok
    assert findings["schema"].ok


def test_a_table_that_is_missing_is_named(path: Path) -> None:
    with by_hand(path) as db:
        db.execute("DROP TABLE events_text")
    with closing(SqliteStore.open(path)) as store:
        with pytest.raises(StoreError, match=r"no such table: events_text"):
            store.search(["催单"], 10)
        assert [finding.detail for finding in store.check() if not finding.ok] == [
            "not as jdticket made it: events_text"
        ]


@posix_only
def test_a_file_that_may_not_grow_keeps_what_was_there_and_nothing_of_the_step(path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(SqliteStore.open(path)) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
        try:
            with pytest.raises(StoreError, match="disk is full"), store.transaction():
                store.put_tickets(ticket(str(1_000_000 + n)) for n in range(3000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.count(TicketQuery()) == 1
        with store.transaction():
            store.put_tickets([ticket("7000001")])
        assert all(finding.ok for finding in store.check())


@pytest.mark.skipif(
    not sys.platform.startswith("linux")
    or subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode != 0,
    reason="a small disk needs a mount namespace",
)
def test_a_full_disk_keeps_what_was_there_and_nothing_of_the_step(tmp_path: Path) -> None:
    code = f"""
import subprocess
from pathlib import Path
from jdticket.errors import StoreError
from jdticket.domain.tickets import TicketQuery
from jdticket.store.sqlite import SqliteStore
from tests.store.making import ticket

folder = Path({str(tmp_path)!r})
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", folder], check=True)
store = SqliteStore.open(folder / "jdticket.db")
with store.transaction():
    store.put_tickets([ticket()])
try:
    with store.transaction():
        store.put_tickets(ticket(str(1_000_000 + n)) for n in range(3000))
except StoreError as error:
    print(error)
try:
    store.backup(folder / "backup.db")
except StoreError as error:
    print(error)
with store.transaction():
    store.put_tickets([ticket("7000001")])
print(store.count(TicketQuery()), all(finding.ok for finding in store.check()))
print(*sorted(file.name for file in folder.iterdir()))
"""
    rows, backup, state, files = run(code, "unshare", "-rm").stdout.splitlines()
    assert rows.startswith(f"The disk with {tmp_path}/jdticket.db is full")
    assert backup.startswith(f"The disk with {tmp_path}/backup.db is full")
    assert state == "2 True"
    assert files == "jdticket.db jdticket.db-shm jdticket.db-wal"


# A hand in the file


@pytest.mark.parametrize("moment", ["2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z"])
@pytest.mark.parametrize("column", ["created_at", "deadline_at", "taken_in_at", "replied_at", "missing_at"])
def test_a_moment_that_is_none_counts_as_long_past_and_hides_no_other_ticket(
    path: Path, column: str, moment: str
) -> None:
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([ticket("7000001")])
    with by_hand(path) as db:
        db.execute(f"UPDATE tickets SET {column} = ? WHERE id = '7000001'", (moment,))
    with closing(SqliteStore.open(path)) as store:
        held = {one.id: one for one in store.tickets(TicketQuery())}
        assert held.keys() == {"7000001", "59088842"}
        assert getattr(held["7000001"], column) == datetime(1970, 1, 1, tzinfo=UTC)
        assert store.ticket("59088842") == ticket()
        unreadable = [one.id for one in store.tickets(TicketQuery(unreadable=True))]
        assert unreadable == ["7000001"] * (column == "deadline_at" and not moment.startswith("0000"))
        with store.transaction():
            store.put_tickets([held["7000001"]])
        assert list(store.tickets(TicketQuery(unreadable=True))) == []
