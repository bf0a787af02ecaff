"""What is particular to the SQLite store: its file, its trouble, many processes, speed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jdticket.domain.reminders import ReminderRule, ReminderState
from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.errors import NotFoundError, RefusedError, StoreError, Trouble
from jdticket.store.sqlite import SqliteStore
from jdticket.store.sqlite.connection import SCHEMA_VERSION
from jdticket.store.sqlite.fulltext import pieces
from jdticket.store.sqlite.migrations import migrations
from tests.store.making import (
    NOON,
    contact,
    delivery,
    event,
    extension,
    failed,
    outage,
    reminder,
    reply,
    sent,
    source,
    ticket,
)

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes and signals of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one ticket and one of everything that is told of it."""
    path = tmp_path / "jdticket.db"
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([ticket()])
        store.append([event("催单")])
        store.add_reply(reply())
        store.add_outage(outage())
        store.add_contact(contact(1))
        store.add_extensions([extension(1, 1)])
        [claimed, _other] = store.claim([reminder(), reminder(step="new")], NOON, NOON)
        store.settle([sent(claimed)])
        store.add_reply(reply())
        store.put_delivery(delivery(1, state=DeliveryState.ARRIVED))
        store.put_delivery(delivery(2))
        store.put_source(source(failing_since=NOON, trouble=Trouble.SIGNED_OUT))
    return path


def tickets_in(path: Path) -> int:
    with closing(SqliteStore.open(path)) as store:
        return store.count(TicketQuery())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as any other program would open it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


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
    with pytest.raises(NotFoundError, match=r"jdticket\.db"):
        SqliteStore.open(path, create=False)
    assert [file.stat().st_size for file in tmp_path.iterdir()] == [0] * empty_file


def test_a_path_with_characters_that_mean_something_to_sqlite_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "店铺 a?mode=memory#%20.db"
    SqliteStore.open(path).close()
    assert path.stat().st_size > 0
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_ready_store_opens_without_the_machinery_that_makes_one(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from jdticket.store.sqlite import SqliteStore;"
        f"store = SqliteStore.open(Path({str(path)!r})); assert store.ticket('59088842');"
        "print(sorted({'sqlite_utils', 'json', 'tempfile'} & set(sys.modules)))"
    )
    assert run(code).stdout.strip() == "[]"


def test_the_number_of_migrations_is_known_without_counting_them(path: Path) -> None:
    from sqlite_utils import Database

    with by_hand(path) as db:
        assert len(migrations.applied(Database(db))) == SCHEMA_VERSION
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


# Stores of earlier programs


def written_before(migration: str, path: Path, made: Path, *tables: str) -> Path:
    """The store ``path`` as the program wrote it that had not got as far as ``migration``: ``tables``."""
    from sqlite_utils import Database

    made.touch(mode=0o600)
    with by_hand(made) as db:
        db.execute("PRAGMA journal_mode = WAL")
        migrations.apply(Database(db), stop_before=migration)
        db.execute(f"PRAGMA user_version = {int(migration[1:4]) - 1}")
        db.execute("ATTACH ? AS new", (str(path),))
        for table in tables:
            columns = [
                f'"{name}"' for (name,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')")
            ]
            listed = ", ".join(columns)
            db.execute(f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM new.{table}")
        db.execute("INSERT INTO events_text (rowid, words) VALUES (1, ?)", (pieces("催单"),))
    return made


FIRST = ("tickets", "outages", "events", "replies", "contacts", "extensions")
SECOND = (*FIRST, "reminders", "troubles", "facts")


@pytest.fixture
def first(path: Path, tmp_path: Path) -> Path:
    """The store ``path`` as the program wrote it that had only the first migration."""
    return written_before("m002_reminders", path, tmp_path / "first.db", *FIRST)


@pytest.fixture
def reminding(path: Path) -> Path:
    """The store ``path`` with reminders in every state, of every kind."""
    rules = [rule for rule in ReminderRule if rule is not ReminderRule.SOURCE]
    of_no_ticket = {"ticket_id": None, "deadline_at": None}
    with closing(SqliteStore.open(path)) as store, store.transaction():
        later, failing, refused, given_back, again, *_held = store.claim(
            [
                *(reminder(step=rule.value, rule=rule, deadline_at=NOON) for rule in rules),
                reminder(step="outage_contact:2", outage_id=1, channel="老板", **of_no_ticket),
                reminder(step="opening:2026-11-23", **of_no_ticket),
            ],
            NOON,
            NOON + timedelta(minutes=3),
        )
        store.settle([failed(failing), failed(refused, refused=True, answer="invalid key"), failed(again)])
        store.release([given_back])
        [again] = store.claim([again], NOON + timedelta(hours=1), NOON + timedelta(hours=2))
        store.settle([sent(one, sent_at=NOON + timedelta(hours=1)) for one in (again, later)])
        [unlucky] = store.claim([reminder(channel="老板")], NOON, NOON)
        store.settle([failed(unlucky)])
        store.put_remind_at([(ticket(), NOON + timedelta(hours=1))])
        store.put_fact("rules", "1")
    return path


@pytest.fixture
def second(reminding: Path, tmp_path: Path) -> Path:
    """That store as the program wrote it that had only the first two migrations."""
    return written_before("m003_the_platform", reminding, tmp_path / "second.db", *SECOND)


def told_by(path: Path) -> list[object]:
    """All that a store can say about what the first migration made."""
    with closing(SqliteStore.open(path)) as store:
        return [
            list(store.tickets(TicketQuery())),
            store.events(),
            store.search(["催单"], 10),
            store.replies("59088842"),
            store.outages(),
            store.contacts(1),
            store.extensions(),
        ]


def test_a_store_of_the_first_schema_is_brought_up_to_date_with_all_that_is_in_it(
    path: Path, first: Path
) -> None:
    assert told_by(first) == told_by(path)
    assert complaints(first) == {}
    with closing(SqliteStore.open(first)) as store, store.transaction():
        assert store.tickets_to_remind(NOON) == [ticket()]
        assert store.reminders() == []
        assert len(store.claim([reminder()], NOON, NOON)) == 1


def rows_of(path: Path, *tables: str) -> dict[str, list[object]]:
    """Everything that stands in these tables."""
    with by_hand(path) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def test_a_store_of_the_second_schema_is_brought_up_to_date_with_all_that_is_in_it(
    reminding: Path, second: Path
) -> None:
    before = rows_of(second, *SECOND)
    assert [len(before[table]) for table in ("reminders", "troubles", "facts")] == [11, 1, 1]
    assert told_by(second) == told_by(reminding)
    assert rows_of(second, *SECOND[1:]) == {table: before[table] for table in SECOND[1:]}
    assert complaints(second) == {}
    with closing(SqliteStore.open(second)) as store, closing(SqliteStore.open(reminding)) as other:
        assert store.reminders() == other.reminders()
        assert {one.state for one in store.reminders()} == set(ReminderState)
        assert store.ledger_trouble() == other.ledger_trouble() != []
        assert (store.fact("rules"), store.tickets_to_remind(NOON)) == ("1", [])
        assert store.tickets_to_remind(NOON + timedelta(hours=1)) == [ticket()]
        assert (store.undelivered(), store.sources()) == ([], [])
        assert [what for _reply, what in store.latest_replies(10)] == [None, None]


def test_a_store_of_the_second_schema_can_all_that_a_new_one_can(second: Path) -> None:
    with closing(SqliteStore.open(second)) as store, store.transaction():
        store.put_delivery(delivery(1))
        store.put_source(source(failing_since=NOON, trouble=Trouble.SETTINGS))
        assert len(store.undelivered()) == store.counts(NOON, NOON).unsent == 1
        # What was sent stays sent, by its name; a new one gets a number of its own.
        assert store.claim([reminder()], NOON, NOON) == []
        newest = store.reminders(limit=1)[0].id
        [claimed] = store.claim([reminder(rule=ReminderRule.SOURCE, step="source:jd3:1")], NOON, NOON)
        assert claimed.id == newest + 1
        assert store.reminders(step_begins="source:") == [claimed]


def test_an_update_that_breaks_off_leaves_the_store_as_it_was(second: Path) -> None:
    with by_hand(second) as db:
        db.execute("CREATE TABLE sources (text)")  # stands in the way
    before = rows_of(second, "sqlite_master", *SECOND)
    with pytest.raises(StoreError, match="sources already exists"):
        SqliteStore.open(second)
    assert rows_of(second, "sqlite_master", *SECOND) == before
    with by_hand(second) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        db.execute("DROP TABLE sources")
    assert complaints(second) == {}


@pytest.mark.parametrize("schema", ["first", "second"])
def test_eight_processes_bring_one_store_up_to_date_at_once(
    request: pytest.FixtureRequest, schema: str
) -> None:
    earlier: Path = request.getfixturevalue(schema)
    held = FIRST if schema == "first" else SECOND
    before = rows_of(earlier, *held)
    makers = [start(MAKER) for _ in range(8)]
    for maker in makers:
        say(maker, earlier)
    assert [line_of(maker) for maker in makers] == ["made"] * 8
    for maker in makers:
        maker.communicate()
    assert complaints(earlier) == {}
    assert rows_of(earlier, *held[1:]) == {table: before[table] for table in held[1:]}
    assert tickets_in(earlier) == 1


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


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everything, so give its rights up for a while."""
    nobody = 65534
    if os.geteuid() == 0:
        os.seteuid(nobody)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


@pytest.fixture
def folder(path: Path) -> Iterator[Path]:
    """A folder of an ordinary user's own with the store in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(path, folder)
        if os.geteuid() == 0:
            for file in (folder, folder / path.name):
                os.chown(file, 65534, 65534)
        yield folder
        folder.chmod(0o700)


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
def test_a_backup_in_a_folder_that_can_only_be_read_is_read(folder: Path) -> None:
    with closing(SqliteStore.open(folder / "jdticket.db")) as store:
        store.backup(folder / "backup.db")
    (folder / "backup.db").chmod(0o444)
    folder.chmod(0o555)
    with without_privileges(), closing(SqliteStore.open(folder / "backup.db", create=False)) as store:
        assert store.ticket("59088842") == ticket()


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


# What the tables refuse, whoever writes


THE_LEDGER_REFUSES = [
    "UPDATE reminders SET state = 'lost' WHERE state = 'claimed'",
    "UPDATE reminders SET rule = 'whim' WHERE state = 'claimed'",
    "UPDATE reminders SET due_at = 'now' WHERE state = 'claimed'",
    "UPDATE reminders SET state = 'sent' WHERE state = 'claimed'",
    "UPDATE reminders SET refused = 1 WHERE state = 'claimed'",
    "UPDATE reminders SET attempts = -1 WHERE state = 'claimed'",
    "UPDATE reminders SET outage_id = 1 WHERE state = 'claimed' AND ticket_id IS NOT NULL",
    "UPDATE reminders SET ticket_id = '7000001' WHERE state = 'claimed'",
    "UPDATE reminders SET step = 'before:1800' WHERE state = 'claimed' AND channel = '值班群'",
    "UPDATE reminders SET (ticket_id, outage_id) = (NULL, 7) WHERE state = 'claimed'",
    "UPDATE reminders SET answer = '' WHERE state = 'sent'",
    "UPDATE reminders SET (state, sent_at) = ('failed', NULL) WHERE state = 'sent'",
    "DELETE FROM reminders",
    "DELETE FROM reminders WHERE state = 'claimed'",
    "REPLACE INTO reminders SELECT * FROM reminders",
    "INSERT INTO reminders SELECT NULL, rule, step, channel, due_at, ticket_id, outage_id, deadline_at, "
    "state, claimed_at, claim_expires_at, attempts, sent_at, answer, refused FROM reminders",
]


@pytest.mark.parametrize("sql", THE_LEDGER_REFUSES)
def test_a_ledger_of_the_second_schema_refuses_what_a_new_one_does(second: Path, sql: str) -> None:
    SqliteStore.open(second).close()
    before = rows_of(second, "reminders")
    refused(second, sql)
    assert rows_of(second, "reminders") == before


@pytest.mark.parametrize(
    "sql",
    [
        *THE_LEDGER_REFUSES,
        "UPDATE tickets SET status = 'lost'",
        "UPDATE tickets SET kind = 'new'",
        "UPDATE tickets SET deadline_source = 'guess'",
        "UPDATE tickets SET deadline_at = '2026-11-23 06:15:00'",
        "UPDATE tickets SET replied_at = '2026-11-23T06:15:00+08:00'",
        "UPDATE tickets SET shop = x'00'",
        "UPDATE outages SET reason = 'tired'",
        "UPDATE outages SET contacted = 2",
        "UPDATE outages SET shops = '{}'",
        "UPDATE outages SET since = 'today'",
        "INSERT INTO contacts SELECT NULL, outage_id, manager, 'pigeon', at, said, outcome FROM contacts",
        "INSERT INTO contacts SELECT NULL, outage_id, manager, via, at, said, 'maybe' FROM contacts",
        "INSERT INTO replies SELECT NULL, ticket_id, text, at, 'now', \"by\", deadline_at, 0 FROM replies",
        "INSERT INTO replies SELECT NULL, '7000001', text, at, at, \"by\", deadline_at, 0 FROM replies",
        "INSERT INTO events SELECT NULL, at, kind, '7000001', NULL, \"by\", data, text FROM events",
        "INSERT INTO events SELECT NULL, at, kind, ticket_id, NULL, \"by\", '[]', text FROM events",
        "UPDATE tickets SET remind_at = 'soon'",
        "UPDATE tickets SET rejected_at = 'long ago'",
        "INSERT INTO troubles VALUES ('值班群', 'today', '', 0)",
        "UPDATE deliveries SET state = 'lost' WHERE state = 'unsent'",
        "UPDATE deliveries SET tries = -1 WHERE state = 'unsent'",
        "UPDATE deliveries SET tried_at = 'now' WHERE state = 'unsent'",
        "UPDATE deliveries SET busy_until = '2026-11-23 06:15:00' WHERE state = 'unsent'",
        "UPDATE deliveries SET answer = NULL WHERE state = 'unsent'",
        "UPDATE deliveries SET trouble = 'tired' WHERE state = 'unsent'",
        "UPDATE deliveries SET (state, trouble) = ('arrived', 'refused') WHERE state = 'unsent'",
        "UPDATE deliveries SET reply_id = 7 WHERE state = 'unsent'",
        "UPDATE deliveries SET ticket_id = '7000001' WHERE state = 'unsent'",
        "UPDATE deliveries SET state = 'unsent' WHERE state = 'arrived'",
        "UPDATE deliveries SET answer = 'late' WHERE state = 'arrived'",
        "DELETE FROM deliveries WHERE state = 'unsent'",
        "DELETE FROM deliveries WHERE state = 'arrived'",
        "INSERT INTO deliveries SELECT * FROM deliveries",
        "UPDATE sources SET good_at = 'today'",
        "UPDATE sources SET read_until = '2026-11-23'",
        "UPDATE sources SET swept_at = '2026-11-23 06:15:00'",
        "UPDATE sources SET busy_until = '2026-11-23T06:15:00+08:00'",
        "UPDATE sources SET failing_since = 'long ago'",
        "UPDATE sources SET failed_since = '0'",
        "UPDATE sources SET back_at = 'soon'",
        "UPDATE sources SET trouble = 'tired'",
        "UPDATE sources SET failing_since = NULL",
        "UPDATE sources SET trouble = NULL",
        "UPDATE sources SET shop = NULL",
        "INSERT INTO sources SELECT * FROM sources",
        "UPDATE events SET text = ''",
        "UPDATE replies SET text = ''",
        "UPDATE contacts SET said = ''",
        "UPDATE extensions SET granted_until = at",
        "DELETE FROM events",
        "DELETE FROM replies",
        "DELETE FROM contacts",
        "DELETE FROM extensions",
        "DELETE FROM outages",
        "DELETE FROM tickets",
        "INSERT OR REPLACE INTO events SELECT id, at, kind, ticket_id, NULL, '', data, 'other' FROM events",
        "REPLACE INTO replies SELECT id, ticket_id, '', at, at, \"by\", deadline_at, 0 FROM replies",
    ],
)
def test_the_tables_refuse(path: Path, sql: str) -> None:
    refused(path, sql)


def refused(path: Path, sql: str) -> None:
    with by_hand(path) as db:
        db.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(sql)


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.append([event()]),
        lambda store: store.add_reply(reply()),
        lambda store: store.put_delivery(delivery(1)),
        lambda store: store.claim([reminder()], NOON, NOON),
    ],
)
def test_nothing_is_told_of_a_ticket_that_is_not_there(
    tmp_path: Path, write: Callable[[SqliteStore], object]
) -> None:
    with (
        closing(SqliteStore.open(tmp_path / "jdticket.db")) as store,
        pytest.raises(sqlite3.IntegrityError),
        store.transaction(),
    ):
        write(store)


# What check finds


def complaints(path: Path) -> dict[str, str]:
    with closing(SqliteStore.open(path)) as store:
        return {finding.name: finding.detail for finding in store.check() if not finding.ok}


def test_a_guard_that_was_taken_away_is_found(path: Path) -> None:
    with by_hand(path) as db:
        db.execute("DROP TRIGGER events_are_never_changed")
    assert complaints(path) == {"schema": "not as jdticket made it: events_are_never_changed"}


def test_a_reply_to_nothing_is_found(path: Path) -> None:
    with by_hand(path) as db:
        db.execute("INSERT INTO replies SELECT NULL, '7', text, at, at, \"by\", deadline_at, 0 FROM replies")
    assert complaints(path) == {"foreign_keys": "replies point to tickets that are not there"}


@posix_only
def test_a_file_that_others_may_read_is_found(path: Path) -> None:
    path.chmod(0o644)
    assert complaints(path) == {
        "permissions": f"others may use the file (mode 644); say chmod 600 {path}",
    }


@posix_only
def test_a_journal_that_makes_readers_wait_is_found(folder: Path) -> None:
    with by_hand(folder / "jdticket.db") as db:
        db.execute("PRAGMA journal_mode = DELETE")
    (folder / "jdticket.db").chmod(0o400)
    with without_privileges(), closing(SqliteStore.open(folder / "jdticket.db")) as store:
        assert [finding.name for finding in store.check() if not finding.ok] == ["journal"]


# Backups


@posix_only
def test_a_backup_is_one_file_for_its_owner_only(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "safe" / "backup.db"
    target.parent.mkdir()
    with closing(SqliteStore.open(path)) as store:
        store.backup(target)
    assert [file.name for file in target.parent.iterdir()] == ["backup.db"]
    assert mode(target) == 0o600
    with by_hand(target) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_in_the_place_of_the_store_is_a_store_again(path: Path, tmp_path: Path) -> None:
    with closing(SqliteStore.open(path)) as store:
        store.backup(tmp_path / "backup.db")
    (tmp_path / "backup.db").replace(path)
    assert complaints(path) == {}
    assert tickets_in(path) == 1


def test_a_backup_into_a_missing_folder_names_it_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with (
        closing(SqliteStore.open(path)) as store,
        pytest.raises(StoreError, match=r"gone/b\.db cannot be used"),
    ):
        store.backup(tmp_path / "gone" / "b.db")


def refuse_hard_links(link: Path, target: Path) -> None:
    raise PermissionError("no hard links on this disk")


def test_a_backup_works_where_there_are_no_hard_links(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", refuse_hard_links)
    with closing(SqliteStore.open(path)) as store:
        store.backup(tmp_path / "backup.db")
    assert tickets_in(tmp_path / "backup.db") == 1
    assert {file.name for file in tmp_path.iterdir()} == {"backup.db", "jdticket.db"}


@posix_only
@pytest.mark.parametrize("hard_links", [True, False])
def test_a_backup_never_takes_a_name_that_only_seems_to_be_free(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    if not hard_links:
        monkeypatch.setattr(Path, "hardlink_to", refuse_hard_links)
    link = tmp_path / "backup.db"
    link.symlink_to(tmp_path / "nothing")
    with closing(SqliteStore.open(path)) as store, pytest.raises(RefusedError, match=r"backup\.db"):
        store.backup(link)
    assert link.is_symlink()
    assert {file.name for file in tmp_path.iterdir()} == {"backup.db", "jdticket.db"}


# Many processes


def run(code: str, *before: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*before, sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], line: object) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


MAKER = """
import sys
from pathlib import Path
from jdticket.store.sqlite import migrations
from jdticket.store.sqlite import SqliteStore

for line in sys.stdin:
    SqliteStore.open(Path(line.strip())).close()
    print("made", flush=True)
"""


def test_eight_processes_make_one_store_at_once(tmp_path: Path) -> None:
    makers = [start(MAKER) for _ in range(8)]
    for number in range(25):
        path = tmp_path / str(number) / "jdticket.db"
        for maker in makers:
            say(maker, path)
        assert [line_of(maker) for maker in makers] == ["made"] * 8
        assert complaints(path) == {}
    for maker in makers:
        maker.communicate()


WRITER = """
import sys
from pathlib import Path
from jdticket.store.sqlite import SqliteStore
from tests.store.making import event, ticket

number, path = int(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
store = SqliteStore.open(path)
for step in range(10):
    ids = [str(1_000_000 + number * 1000 + step * 20 + n) for n in range(20)]
    with store.transaction():
        store.put_tickets(ticket(one) for one in ids)
        store.append(event("催单", ticket_id=one) for one in ids)
"""


def test_eight_processes_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "jdticket.db"
    writers = [start(WRITER, str(number), str(path)) for number in range(8)]
    assert [line_of(writer) for writer in writers] == ["ready"] * 8
    for writer in writers:
        say(writer, "go")
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 8
    with closing(SqliteStore.open(path)) as store:
        assert store.count(TicketQuery()) == 1600
        assert store.search(["催单"], 1)[1] == 1600
        assert sorted(one.id for one in store.events()) == list(range(1, 1601))


CLAIMER = """
import sys
from datetime import timedelta
from pathlib import Path
from jdticket.store.sqlite import SqliteStore
from tests.store.making import NOON, reminder, sent

store = SqliteStore.open(Path(sys.argv[1]))
wanted = [reminder(step=str(n)) for n in range(200)]
print("ready", flush=True)
for line in sys.stdin:
    with store.transaction():
        ours = store.claim(wanted[int(line):], NOON, NOON + timedelta(minutes=3))
    with store.transaction():
        store.settle(map(sent, ours))
    print(*(one.step for one in ours), flush=True)
"""


def test_eight_processes_claim_the_same_reminders_at_once_and_each_is_claimed_once(path: Path) -> None:
    claimers = [start(CLAIMER, str(path)) for _ in range(8)]
    assert [line_of(claimer) for claimer in claimers] == ["ready"] * 8
    claimed: list[str] = []
    for first in range(175, -1, -25):  # some are sent already, some are claimed, some are new
        for claimer in claimers:
            say(claimer, first)
        claimed += " ".join(line_of(claimer) for claimer in claimers).split()
        assert sorted(map(int, claimed)) == list(range(first, 200))
    for claimer in claimers:
        claimer.communicate()
    with closing(SqliteStore.open(path)) as store:
        mine = [one for one in store.reminders() if one.step.isdecimal()]
    assert len(mine) == 200
    assert {(one.state, one.attempts) for one in mine} == {(ReminderState.SENT, 1)}


KILLED = """
import sys
from pathlib import Path
from jdticket.store.sqlite import SqliteStore
from tests.store.making import event, ticket

path, first, mark = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
ids = [str(first + n) for n in range(5000)]

def told(things, offset):
    for n, thing in enumerate(things, offset):
        if n == mark:
            print("here", flush=True)
        yield thing

store = SqliteStore.open(path)
with store.transaction():
    store.put_tickets(told((ticket(one) for one in ids), 0))
    store.append(told((event("催单", ticket_id=one) for one in ids), 5000))
if mark == 10000:
    print("here", flush=True)
sys.stdin.readline()
"""


@posix_only
def test_a_process_killed_at_any_moment_leaves_all_of_its_step_or_nothing(path: Path) -> None:
    # The child goes on after its mark, so the blow falls somewhere behind it: the last marks but one
    # are right before the commit, the last one is after it.
    marks = [0, 3000, 4999, 7000, 9999, 9999, 9999, 10000]
    for number, mark in enumerate(marks):
        first = 1_000_000 + number * 10_000
        child = start(KILLED, str(path), str(first), str(mark))
        assert line_of(child) == "here"
        child.kill()
        child.communicate()
        with closing(SqliteStore.open(path)) as store:
            ids = [str(first + n) for n in range(5000)]
            kept = len(store.tickets_by_id(ids))
            assert kept == (5000 if mark == 10000 else kept)
            assert kept in (0, 5000)
            assert sum(len(store.events(ticket_id=one)) for one in ids) == kept
            assert all(finding.ok for finding in store.check())


# Speed and memory


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """20,000 tickets that are done, and 200 pending, each with a reply, of which 21 have not arrived;
    20,000 reminders, 5 of them failed."""
    with closing(SqliteStore.open(tmp_path_factory.mktemp("large") / "jdticket.db")) as store:
        with store.transaction():
            store.put_tickets(
                ticket(
                    str(10_000_000 + n * 7919 % 1_000_000),
                    status=Status.PENDING if n % 101 == 0 else Status.REPLIED,
                    created_at=NOON + timedelta(minutes=n),
                    shop=f"jd{n % 4}",
                    returned_at=NOON if n % 1009 == 0 else None,
                )
                for n in range(20_200)
            )
            store.put_remind_at((one, None) for one in store.tickets_to_remind(NOON))
            for n in range(20_200):
                held = store.add_reply(reply(ticket_id=str(10_000_000 + n * 7919 % 1_000_000)))
                state = DeliveryState.UNKNOWN if n % 1000 == 0 else DeliveryState.ARRIVED
                store.put_delivery(delivery(held.id, ticket_id=held.ticket_id, state=state))
            claimed = store.claim(
                (
                    reminder(step=str(n), ticket_id=str(10_000_000 + n // 2 * 7919 % 1_000_000))
                    for n in range(20_000)
                ),
                NOON,
                NOON,
            )
            store.settle((sent if n % 4000 else failed)(one) for n, one in enumerate(claimed))
        yield store


def seconds(work: Callable[[], object]) -> float:
    """The best of a few tries, which is what the work itself takes."""

    def once() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return min(once() for _ in range(7))


CHEAP: dict[str, Callable[[SqliteStore], object]] = {
    "pending": lambda store: list(store.tickets(TicketQuery(statuses=(Status.PENDING,), limit=50))),
    "pending of a shop": lambda store: list(
        store.tickets(TicketQuery(statuses=(Status.PENDING,), shop="jd1", limit=20))
    ),
    "overdue": lambda store: list(store.tickets(TicketQuery(overdue_at=NOON, limit=50))),
    "the first of all": lambda store: list(store.tickets(TicketQuery(limit=50))),
    "the first that are done": lambda store: list(
        store.tickets(TicketQuery(statuses=(Status.REPLIED,), limit=50))
    ),
    "the first of a shop": lambda store: list(
        store.tickets(TicketQuery(statuses=(Status.REPLIED,), shop="jd1", limit=20))
    ),
    "returned": lambda store: list(store.tickets(TicketQuery(returned=True))),
    "a day": lambda store: store.count(TicketQuery(created_before=NOON)),
    "counts": lambda store: store.counts(NOON, NOON),
    "counts of a shop": lambda store: store.counts(NOON, NOON, "jd1"),
    "replies that have not arrived": lambda store: store.undelivered(),
    "replies to a shop's tickets that have not": lambda store: store.undelivered(shop="jd1"),
    "replies to a ticket that have not": lambda store: store.undelivered(ticket_id="10000000"),
    "the latest replies": lambda store: store.latest_replies(50),
    "shops": lambda store: store.shops(),
    "an ending": lambda store: store.tickets_ending_with("8842", 10),
}


@pytest.mark.parametrize("name", CHEAP)
def test_what_is_asked_all_day_costs_far_less_than_a_look_at_everything(
    large: SqliteStore, name: str
) -> None:
    everything = seconds(lambda: large.count(TicketQuery(assignee="nobody")))
    assert seconds(lambda: CHEAP[name](large)) < everything / 4


CHEAP_IN_EVERY_RUN: dict[str, Callable[[SqliteStore], object]] = {
    "tickets to remind of": lambda store: store.tickets_to_remind(NOON),
    "trouble": lambda store: store.ledger_trouble(),
    "the newest reminders": lambda store: store.reminders(limit=5),
    "reminders that failed": lambda store: store.reminders(failed_only=True),
    "reminders of a ticket": lambda store: store.reminders(ticket_id="10000000"),
    "reminders of a ticket that failed": lambda store: store.reminders(
        ticket_id="10000000", failed_only=True
    ),
    "reminders of a step": lambda store: store.reminders(step="7"),
    "reminders by how their step begins": lambda store: store.reminders(step_begins="777"),
}


@pytest.mark.parametrize("name", CHEAP_IN_EVERY_RUN)
def test_what_every_run_of_reminders_asks_costs_next_to_nothing(large: SqliteStore, name: str) -> None:
    everything = seconds(lambda: large.count(TicketQuery(assignee="nobody")))
    assert seconds(lambda: CHEAP_IN_EVERY_RUN[name](large)) < everything / 20


Ask = Callable[[SqliteStore], object]


@pytest.fixture
def plans(path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Ask], list[str]]:
    """How SQLite goes about what is asked of the store ``path``, step by step."""

    def plans(ask: Ask) -> list[str]:
        said: list[str] = []
        connect = sqlite3.connect

        def overheard(*arguments: Any, **options: Any) -> sqlite3.Connection:
            db = connect(*arguments, **options)
            db.set_trace_callback(said.append)
            return db

        with monkeypatch.context() as patched:
            patched.setattr(sqlite3, "connect", overheard)
            with closing(SqliteStore.open(path)) as store:
                said.clear()
                ask(store)
        with by_hand(path) as db:
            return [
                step for sql in said for *_numbers, step in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
            ]

    return plans


BY_NUMBER = [
    "SEARCH replies USING INTEGER PRIMARY KEY",
    "SEARCH tickets USING INDEX sqlite_autoindex_tickets_1",
]
ONLY_OPEN_DELIVERIES: dict[str, Ask] = {
    "undelivered": lambda store: store.undelivered(),
    "undelivered of a shop": lambda store: store.undelivered(shop="jd3"),
    "undelivered of a ticket": lambda store: store.undelivered(ticket_id="59088842"),
    "counts": lambda store: store.counts(NOON, NOON),
    "counts of a shop": lambda store: store.counts(NOON, NOON, "jd3"),
}


@pytest.mark.parametrize("name", ONLY_OPEN_DELIVERIES)
def test_of_deliveries_only_open_ones_are_looked_at(plans: Callable[[Ask], list[str]], name: str) -> None:
    steps = [step.partition(" (")[0] for step in plans(ONLY_OPEN_DELIVERIES[name])]
    begin = steps.index("SCAN deliveries USING INDEX deliveries_open")
    assert steps[begin + 1 : begin + 3] == BY_NUMBER
    others = steps[:begin] + steps[begin + 3 :]
    assert not any("replies" in step for step in others)
    assert all("INDEX deliveries_open" in step for step in others if "deliveries" in step)


def test_a_long_import_does_not_grow_in_memory(tmp_path: Path) -> None:
    with closing(SqliteStore.open(tmp_path / "jdticket.db")) as store:
        tracemalloc.start()
        try:
            with store.transaction():
                store.put_tickets(ticket(str(1_000_000 + n)) for n in range(10_000))
                store.append(event("催单", ticket_id=str(1_000_000 + n)) for n in range(10_000))
            assert sum(1 for _ in store.tickets(TicketQuery())) == 10_000
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 3_000_000


def test_an_arrived_delivery_is_not_replaced_either(tmp_path: Path) -> None:
    path = tmp_path / "jdticket.db"
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([ticket()])
        kept = store.add_reply(reply())
        store.put_delivery(delivery(kept.id, state=DeliveryState.ARRIVED))
    with by_hand(path) as db:
        db.execute(
            "REPLACE INTO deliveries SELECT reply_id, ticket_id, 'unsent', tries, tried_at, busy_until, "
            "answer, trouble, code, subtype FROM deliveries"
        )
        assert db.execute("SELECT state FROM deliveries").fetchall() == [("arrived",)]
