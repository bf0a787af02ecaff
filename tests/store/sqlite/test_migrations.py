"""Stores of earlier programs, and what the tables refuse, whoever writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jdticket.domain.events import EventKind
from jdticket.domain.reminders import ReminderRule, ReminderState
from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.errors import StoreError, Trouble
from jdticket.store.sqlite import SqliteStore
from jdticket.store.sqlite.connection import SCHEMA_VERSION
from jdticket.store.sqlite.fulltext import pieces
from jdticket.store.sqlite.migrations import migrations
from tests.store.contract.keeping import to_remind
from tests.store.making import NOON, delivery, event, failed, reminder, reply, sent, source, ticket
from tests.store.sqlite.at_file import MAKER, by_hand, complaints, line_of, say, start, tickets_in


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
            theirs = [_RENAMED.get(name, name) for name in columns]
            db.execute(
                f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {', '.join(theirs)} FROM new.{table}"
            )
        db.execute("INSERT INTO events_text (rowid, words) VALUES (1, ?)", (pieces("催单"),))
    return made


_RENAMED = {'"rejected_at"': "reopened_at"}  # by m004
FIRST = ("tickets", "outages", "events", "replies", "contacts", "extensions")
SECOND = (*FIRST, "reminders", "troubles", "facts")
THIRD = (*SECOND, "deliveries", "sources")


@pytest.fixture
def first(path: Path, tmp_path: Path) -> Path:
    """The store ``path`` as the program wrote it that had only the first migration."""
    return written_before("m002_reminders", path, tmp_path / "first.db", *FIRST)


@pytest.fixture
def reminding(path: Path) -> Path:
    """The store ``path`` with reminders in every state, of every kind."""
    unknown_then = {ReminderRule.SOURCE, ReminderRule.UNASSIGNED}
    rules = [rule for rule in ReminderRule if rule not in unknown_then]
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


def grown(before: dict[str, list[tuple[object, ...]]], tables: Iterable[str]) -> dict[str, object]:
    """What tables of an earlier schema hold after its update: their rows, and new columns at their ends."""
    new: dict[str, tuple[object, ...]] = {"reminders": (0, None)}  # copies, retry_at
    return {table: [(*row, *new.get(table, ())) for row in before[table]] for table in tables}


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
        assert to_remind(store, NOON) == [ticket()]
        assert store.reminders() == []
        assert len(store.claim([reminder()], NOON, NOON)) == 1


def test_a_store_of_the_second_schema_is_brought_up_to_date_with_all_that_is_in_it(
    reminding: Path, second: Path
) -> None:
    before = rows_of(second, *SECOND)
    assert [len(before[table]) for table in ("reminders", "troubles", "facts")] == [11, 1, 1]
    assert told_by(second) == told_by(reminding)
    assert rows_of(second, *SECOND[1:]) == grown(before, SECOND[1:])
    assert complaints(second) == {}
    with closing(SqliteStore.open(second)) as store, closing(SqliteStore.open(reminding)) as other:
        assert store.reminders() == other.reminders()
        assert {one.state for one in store.reminders()} == {
            ReminderState.CLAIMED,
            ReminderState.SENT,
            ReminderState.FAILED,
        }
        assert {(one.copies, one.retry_at) for one in store.reminders()} == {(0, None)}
        assert store.ledger_trouble() == other.ledger_trouble() != []
        assert (store.fact("rules"), to_remind(store, NOON)) == ("1", [])
        assert to_remind(store, NOON + timedelta(hours=1)) == [ticket()]
        assert (store.undelivered(), store.sources()) == ([], [])
        assert [what for _reply, what in store.latest_replies(10)] == [None, None]


def test_a_store_of_the_third_schema_is_brought_up_to_date_with_all_that_is_in_it(
    path: Path, tmp_path: Path
) -> None:
    held = ticket(reopened_at=NOON, returned_at=NOON, status=Status.REPLIED)
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([held])
    third = written_before("m004_what_waits", path, tmp_path / "third.db", *THIRD)
    assert told_by(third) == told_by(path)
    assert complaints(third) == {}
    with closing(SqliteStore.open(third)) as store:
        assert store.ticket(held.id) == held


@pytest.mark.parametrize(
    ("kind", "data", "is_a_persons"),
    [
        (EventKind.CLOSED, {}, True),
        (EventKind.VOIDED, {}, True),
        (EventKind.REOPENED, {}, True),
        (EventKind.REPLIED, {}, True),
        (EventKind.REPLIED, {"from_platform": True}, False),
        (EventKind.CLOSED, {"platform": "已关闭"}, False),
        (EventKind.VOIDED, {"platform": "已撤销"}, False),
        (EventKind.REOPENED, {"platform": "待处理"}, False),
        (EventKind.REPLIED, {"platform": "已回复"}, False),
        (EventKind.NOTED, {}, False),
        (EventKind.ASSIGNED, {}, False),
    ],
)
def test_what_a_person_did_before_the_update_is_not_undone_by_the_word_that_was_held_then(
    path: Path, tmp_path: Path, kind: EventKind, data: dict[str, object], is_a_persons: bool
) -> None:
    held = ticket(status=Status.CLOSED, platform_status="待处理")
    at = NOON + timedelta(hours=1)
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([held, ticket("59000001", platform_status="待处理")])
        told = [event(kind=kind, data=data, at=NOON + timedelta(minutes=minutes)) for minutes in (30, 60, 1)]
        store.append(told)
    third = written_before("m004_what_waits", path, tmp_path / "third.db", *THIRD)
    with closing(SqliteStore.open(third)) as store:
        stepped = replace(held, stepped_at=at, stepped_word="待处理") if is_a_persons else held
        assert store.ticket(held.id) == stepped
        assert store.ticket("59000001") == ticket("59000001", platform_status="待处理")


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


def rows_of(path: Path, *tables: str) -> dict[str, list[object]]:
    """Everything that stands in these tables."""
    with by_hand(path) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


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
    assert rows_of(earlier, *held[1:]) == grown(before, held[1:])
    assert tickets_in(earlier) == 1


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
    "state, claimed_at, claim_expires_at, attempts, sent_at, answer, refused, copies, retry_at "
    "FROM reminders",
    "UPDATE reminders SET retry_at = claimed_at WHERE state = 'claimed'",
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
        "UPDATE tickets SET reopened_at = 'long ago'",
        "UPDATE tickets SET missing_at = 'just now'",
        "UPDATE tickets SET stepped_at = 'just now'",
        "UPDATE tickets SET anyway = 2",
        "UPDATE tickets SET stepped_word = NULL",
        "UPDATE tickets SET seen_at = 'just now'",
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


def refused(path: Path, sql: str) -> None:
    with by_hand(path) as db:
        db.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(sql)


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
