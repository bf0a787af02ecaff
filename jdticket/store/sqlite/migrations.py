"""How the SQLite store's tables came to be, step by step.

A step that has been released is never edited: a change is another function below the last one, and
``SCHEMA_VERSION`` in ``connection.py`` counts them. Allowed values are therefore written out here and not
taken from ``domain``. The tables are plain SQL because CHECK constraints, triggers and partial indexes
are what they are about.
"""

# ruff: noqa: S608 (SQL is put together from the names in this file)

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

migrations = Migrations("jdticket")


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Take the steps that this database has not seen. The caller holds the write lock and commits."""
    database = Database(connection, execute_plugins=False)
    migrations.apply(database)
    # Read at every start, where importing sqlite-utils to look at its own table would cost too much.
    database.execute(f"PRAGMA user_version = {len(migrations.applied(database))}")


def missing_columns(connection: sqlite3.Connection) -> list[str]:
    """The tables and columns (``table.column``) that a store of today's schema has and this one lacks."""
    columns = """SELECT tables.name || '.' || columns.name FROM sqlite_master AS tables
        JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT GLOB 'sqlite_*'
            AND tables.name NOT GLOB 'events_text_*'"""
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        bring_up_to_date(model)
        meant = {name for (name,) in model.execute(columns)}
    finally:
        model.close()
    return sorted(meant - {name for (name,) in connection.execute(columns)})


@migrations()
def m001_the_desk(db: Database) -> None:
    """Tickets, their time line, replies, outages, and what the operations manager granted."""

    def one_of(column: str, *values: str) -> str:
        # Not IN: SQLite would build the list anew for every row it writes, a third of the row's cost.
        return "CHECK (" + " OR ".join(f"{column} = '{value}'" for value in values) + ")"

    time = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"

    reasons = ("power", "network", "system", "weather", "disaster", "event", "other")

    db.execute("PRAGMA application_id = 1245992011")  # "JDTK": the file says whose it is
    db.execute(f"""
        CREATE TABLE tickets (
            id TEXT NOT NULL PRIMARY KEY,
            id_reversed TEXT NOT NULL,
            shop TEXT NOT NULL,
            order_id TEXT,
            kind TEXT NOT NULL {one_of("kind", "crc", "complaint", "urge", "consult", "other")},
            kind_text TEXT NOT NULL,
            status TEXT NOT NULL {one_of("status", "pending", "replied", "closed", "void")},
            created_at TEXT NOT NULL CHECK (created_at {time}),
            deadline_at TEXT NOT NULL CHECK (deadline_at {time}),
            first_deadline_at TEXT NOT NULL CHECK (first_deadline_at {time}),
            deadline_source TEXT NOT NULL {one_of("deadline_source", "policy", "platform", "granted")},
            taken_in_at TEXT NOT NULL CHECK (taken_in_at {time}),
            platform_status TEXT NOT NULL,
            assignee TEXT NOT NULL,
            content TEXT NOT NULL,
            replied_at TEXT CHECK (replied_at {time}),
            returned_at TEXT CHECK (returned_at {time})
        ) STRICT
    """)
    db.execute("""
        CREATE INDEX tickets_pending ON tickets (deadline_at, kind <> 'crc', id, shop)
        WHERE status = 'pending'
    """)
    db.execute("CREATE INDEX tickets_done ON tickets (created_at DESC, id, status) WHERE status <> 'pending'")
    db.execute("""
        CREATE INDEX tickets_returned ON tickets (created_at DESC, id, shop)
        WHERE returned_at IS NOT NULL
    """)
    db.execute("CREATE INDEX tickets_by_shop ON tickets (shop, created_at DESC, id, status)")
    db.execute("CREATE INDEX tickets_by_ending ON tickets (id_reversed)")

    db.execute(f"""
        CREATE TABLE outages (
            id INTEGER PRIMARY KEY,
            reason TEXT NOT NULL {one_of("reason", *reasons)},
            since TEXT NOT NULL CHECK (since {time}),
            until TEXT CHECK (until {time}),
            shops TEXT NOT NULL CHECK (json_type(shops) = 'array'),
            note TEXT NOT NULL,
            reported_at TEXT NOT NULL CHECK (reported_at {time}),
            contacted INTEGER NOT NULL CHECK (contacted IN (0, 1))
        ) STRICT
    """)

    # No CHECK on an event's kind: new kinds will come, and a table that refuses every change could
    # not be rebuilt for them.
    db.execute(f"""
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL CHECK (at {time}),
            kind TEXT NOT NULL,
            ticket_id TEXT REFERENCES tickets (id),
            outage_id INTEGER REFERENCES outages (id),
            "by" TEXT NOT NULL,
            data TEXT NOT NULL CHECK (json_type(data) = 'object'),
            text TEXT NOT NULL
        ) STRICT
    """)
    db.execute("CREATE INDEX events_by_ticket ON events (ticket_id) WHERE ticket_id IS NOT NULL")
    db.execute("CREATE INDEX events_by_outage ON events (outage_id) WHERE outage_id IS NOT NULL")
    # Holds an event's words (see fulltext.py) under the event's id. "content=''" keeps no second copy
    # of the text; "columnsize=0" no lengths, which only ranking would ask for.
    db.execute("""
        CREATE VIRTUAL TABLE events_text
        USING fts5 (words, content='', columnsize=0, tokenize='ascii')
    """)

    db.execute(f"""
        CREATE TABLE replies (
            id INTEGER PRIMARY KEY,
            ticket_id TEXT NOT NULL REFERENCES tickets (id),
            text TEXT NOT NULL,
            at TEXT NOT NULL CHECK (at {time}),
            recorded_at TEXT NOT NULL CHECK (recorded_at {time}),
            "by" TEXT NOT NULL,
            deadline_at TEXT NOT NULL CHECK (deadline_at {time}),
            forced INTEGER NOT NULL CHECK (forced IN (0, 1))
        ) STRICT
    """)
    db.execute("CREATE INDEX replies_by_ticket ON replies (ticket_id)")

    db.execute(f"""
        CREATE TABLE contacts (
            id INTEGER PRIMARY KEY,
            outage_id INTEGER NOT NULL REFERENCES outages (id),
            manager TEXT NOT NULL,
            via TEXT NOT NULL {one_of("via", "phone", "wechat", "dingtalk", "feishu", "email", "other")},
            at TEXT NOT NULL CHECK (at {time}),
            said TEXT NOT NULL,
            outcome TEXT NOT NULL {one_of("outcome", "told", "granted", "refused", "no_answer")}
        ) STRICT
    """)
    db.execute("CREATE INDEX contacts_by_outage ON contacts (outage_id)")

    db.execute(f"""
        CREATE TABLE extensions (
            id INTEGER PRIMARY KEY,
            contact_id INTEGER NOT NULL REFERENCES contacts (id),
            outage_id INTEGER NOT NULL REFERENCES outages (id),
            ticket_id TEXT NOT NULL REFERENCES tickets (id),
            old_deadline_at TEXT NOT NULL CHECK (old_deadline_at {time}),
            granted_until TEXT NOT NULL CHECK (granted_until {time}),
            at TEXT NOT NULL CHECK (at {time})
        ) STRICT
    """)
    db.execute("CREATE INDEX extensions_by_ticket ON extensions (ticket_id)")
    db.execute("CREATE INDEX extensions_by_outage ON extensions (outage_id)")

    # Nothing is deleted, and what was once said stays as it was said. The third trigger closes the
    # back door of INSERT OR REPLACE, which deletes without asking the first one.
    for table in ("tickets", "outages", "events", "replies", "contacts", "extensions"):
        db.execute(f"""
            CREATE TRIGGER {table}_are_never_deleted BEFORE DELETE ON {table}
            BEGIN SELECT RAISE (ABORT, '{table} are never deleted'); END
        """)
    for table in ("events", "replies", "contacts", "extensions"):
        db.execute(f"""
            CREATE TRIGGER {table}_are_never_changed BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE (ABORT, '{table} are never changed'); END
        """)
        db.execute(f"""
            CREATE TRIGGER {table}_are_never_replaced BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
            BEGIN SELECT RAISE (ABORT, '{table} are never replaced'); END
        """)


@migrations()
def m002_reminders(db: Database) -> None:
    """The ledger of reminders, when to look at a ticket again, which channels fail, and single facts."""

    time = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"

    # NULL: not worked out yet. The index takes that as earlier than every moment, so that one range
    # finds all that there is to look at.
    db.execute(f"ALTER TABLE tickets ADD COLUMN remind_at TEXT CHECK (remind_at {time})")
    db.execute("""
        CREATE INDEX tickets_to_remind ON tickets (coalesce(remind_at, ''))
        WHERE status = 'pending' OR returned_at IS NOT NULL
    """)

    db.execute(f"""
        CREATE TABLE reminders (
            id INTEGER PRIMARY KEY,
            rule TEXT NOT NULL CHECK (rule IN (
                'new', 'before', 'overdue', 'opening', 'outage_contact', 'returned'
            )),
            step TEXT NOT NULL,
            channel TEXT NOT NULL,
            due_at TEXT NOT NULL CHECK (due_at {time}),
            ticket_id TEXT REFERENCES tickets (id),
            outage_id INTEGER REFERENCES outages (id),
            deadline_at TEXT CHECK (deadline_at {time}),
            state TEXT NOT NULL CHECK (state IN ('claimed', 'sent', 'failed')),
            claimed_at TEXT NOT NULL CHECK (claimed_at {time}),
            claim_expires_at TEXT NOT NULL CHECK (claim_expires_at {time}),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            sent_at TEXT CHECK (sent_at {time}),
            answer TEXT NOT NULL,
            refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
            CHECK (ticket_id IS NULL OR outage_id IS NULL),
            CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
            CHECK (state = 'failed' OR NOT refused)
        ) STRICT
    """)
    # What names a reminder. Two NULLs are two different things to a UNIQUE constraint, hence coalesce.
    db.execute("""
        CREATE UNIQUE INDEX reminders_by_name ON reminders (
            step, coalesce(ticket_id, ''), coalesce(outage_id, 0), coalesce(deadline_at, ''), channel
        )
    """)
    db.execute("CREATE INDEX reminders_by_ticket ON reminders (ticket_id) WHERE ticket_id IS NOT NULL")
    db.execute("CREATE INDEX reminders_unsent ON reminders (state) WHERE state <> 'sent'")
    db.execute("""
        CREATE TRIGGER reminders_are_never_deleted BEFORE DELETE ON reminders
        BEGIN SELECT RAISE (ABORT, 'reminders are never deleted'); END
    """)
    db.execute("""
        CREATE TRIGGER sent_reminders_are_never_changed BEFORE UPDATE ON reminders WHEN OLD.state = 'sent'
        BEGIN SELECT RAISE (ABORT, 'sent reminders are never changed'); END
    """)
    db.execute("""
        CREATE TRIGGER reminders_are_never_replaced BEFORE INSERT ON reminders
        WHEN EXISTS (SELECT 1 FROM reminders WHERE id = NEW.id)
        BEGIN SELECT RAISE (ABORT, 'reminders are never replaced'); END
    """)

    # One row for each channel whose last outcome is a failure. The ledger alone could not tell: its
    # moments say when a reminder was claimed, and those of one run are all the same.
    db.execute(f"""
        CREATE TABLE troubles (
            channel TEXT NOT NULL PRIMARY KEY,
            since TEXT NOT NULL CHECK (since {time}),
            answer TEXT NOT NULL,
            refused INTEGER NOT NULL CHECK (refused IN (0, 1))
        ) STRICT
    """)
    db.execute("CREATE TABLE facts (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT")


@migrations()
def m003_the_platform(db: Database) -> None:
    """What became of replies on the platform, how the pulling of each shop goes, and reminders of that."""

    time = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"

    db.execute(f"""
        CREATE TABLE deliveries (
            reply_id INTEGER NOT NULL PRIMARY KEY REFERENCES replies (id),
            ticket_id TEXT NOT NULL REFERENCES tickets (id),
            state TEXT NOT NULL CHECK (state IN ('unsent', 'unknown', 'arrived')),
            tries INTEGER NOT NULL CHECK (tries >= 0),
            tried_at TEXT CHECK (tried_at {time}),
            busy_until TEXT CHECK (busy_until {time}),
            answer TEXT NOT NULL,
            trouble TEXT CHECK (
                trouble IN ('unreachable', 'refused', 'signed_out', 'settings', 'undecided')
            ),
            code TEXT NOT NULL,
            subtype TEXT NOT NULL,
            CHECK (state <> 'arrived' OR trouble IS NULL)
        ) STRICT
    """)
    db.execute(f"ALTER TABLE tickets ADD COLUMN rejected_at TEXT CHECK (rejected_at {time})")
    db.execute("CREATE INDEX replies_by_time ON replies (at DESC, id DESC)")
    db.execute("CREATE INDEX deliveries_by_ticket ON deliveries (ticket_id)")
    db.execute("CREATE INDEX deliveries_open ON deliveries (ticket_id) WHERE state <> 'arrived'")
    db.execute("""
        CREATE TRIGGER deliveries_are_never_deleted BEFORE DELETE ON deliveries
        BEGIN SELECT RAISE (ABORT, 'deliveries are never deleted'); END
    """)
    db.execute("""
        CREATE TRIGGER arrived_deliveries_are_never_changed BEFORE UPDATE ON deliveries
        WHEN OLD.state = 'arrived'
        BEGIN SELECT RAISE (ABORT, 'arrived deliveries are never changed'); END
    """)

    # The back door of INSERT OR REPLACE; an upsert of one that is not there yet goes on.
    db.execute("""
        CREATE TRIGGER arrived_deliveries_are_never_replaced BEFORE INSERT ON deliveries
        WHEN EXISTS (SELECT 1 FROM deliveries WHERE reply_id = NEW.reply_id AND state = 'arrived')
        BEGIN SELECT RAISE (IGNORE); END
    """)

    db.execute(f"""
        CREATE TABLE sources (
            shop TEXT NOT NULL PRIMARY KEY,
            good_at TEXT CHECK (good_at {time}),
            read_until TEXT CHECK (read_until {time}),
            swept_at TEXT CHECK (swept_at {time}),
            busy_until TEXT CHECK (busy_until {time}),
            failing_since TEXT CHECK (failing_since {time}),
            failed_since TEXT CHECK (failed_since {time}),
            back_at TEXT CHECK (back_at {time}),
            trouble TEXT CHECK (
                trouble IN ('unreachable', 'refused', 'signed_out', 'settings', 'undecided')
            ),
            code TEXT NOT NULL,
            words TEXT NOT NULL,
            CHECK ((failing_since IS NULL) = (trouble IS NULL))
        ) STRICT
    """)

    # A CHECK cannot be added to: the ledger is made anew around its rows, with one rule more. Unlike
    # DELETE, DROP asks no trigger.
    db.execute(f"""
        CREATE TABLE reminders_anew (
            id INTEGER PRIMARY KEY,
            rule TEXT NOT NULL CHECK (rule IN (
                'new', 'before', 'overdue', 'opening', 'outage_contact', 'returned', 'source'
            )),
            step TEXT NOT NULL,
            channel TEXT NOT NULL,
            due_at TEXT NOT NULL CHECK (due_at {time}),
            ticket_id TEXT REFERENCES tickets (id),
            outage_id INTEGER REFERENCES outages (id),
            deadline_at TEXT CHECK (deadline_at {time}),
            state TEXT NOT NULL CHECK (state IN ('claimed', 'sent', 'failed')),
            claimed_at TEXT NOT NULL CHECK (claimed_at {time}),
            claim_expires_at TEXT NOT NULL CHECK (claim_expires_at {time}),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            sent_at TEXT CHECK (sent_at {time}),
            answer TEXT NOT NULL,
            refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
            CHECK (ticket_id IS NULL OR outage_id IS NULL),
            CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
            CHECK (state = 'failed' OR NOT refused)
        ) STRICT
    """)
    others = db.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'reminders' AND type IN ('index', 'trigger')"
    ).fetchall()
    db.execute("INSERT INTO reminders_anew SELECT * FROM reminders")
    db.execute("DROP TABLE reminders")
    db.execute("ALTER TABLE reminders_anew RENAME TO reminders")
    for (other,) in others:
        db.execute(other)


@migrations()
def m004_what_waits(db: Database) -> None:
    """What the platform said last and when, what a person did last, and what is no longer on the page."""
    time = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"

    db.execute("ALTER TABLE tickets RENAME COLUMN rejected_at TO reopened_at")
    for moment in ("seen_at", "stepped_at", "missing_at"):
        db.execute(f"ALTER TABLE tickets ADD COLUMN {moment} TEXT CHECK ({moment} {time})")
    db.execute("ALTER TABLE tickets ADD COLUMN stepped_word TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE tickets ADD COLUMN anyway INTEGER NOT NULL DEFAULT 0 CHECK (anyway IN (0, 1))")
    # Who made the last step is in the time line alone: a source is told only with what the platform says.
    # The word that is held is taken for the one that was known at the step; otherwise the next file with
    # that same word would undo what a person has decided.
    db.execute("""
        UPDATE tickets SET stepped_at = steps.at, stepped_word = platform_status
        FROM (
            SELECT ticket_id, max(at) AS at FROM events
            WHERE kind IN ('replied', 'closed', 'voided', 'reopened') AND ticket_id IS NOT NULL
                AND json_extract(data, '$.source') IS NULL
                AND NOT coalesce(json_extract(data, '$.from_platform'), 0)
            GROUP BY ticket_id
        ) AS steps
        WHERE tickets.id = steps.ticket_id
    """)
    # Beside tickets_pending and in its order, so that what waits is read from both at once.
    db.execute("""
        CREATE INDEX tickets_returned_by_deadline ON tickets (deadline_at, kind <> 'crc', id, shop)
        WHERE status = 'replied' AND returned_at IS NOT NULL
    """)
    db.execute("CREATE INDEX tickets_missing ON tickets (id) WHERE missing_at IS NOT NULL")


@migrations()
def m005_what_became_of_reminders(db: Database) -> None:
    """Reminders that a later step replaced, and those that may have arrived; one rule more."""
    time = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"

    # Anew, as in m003.
    db.execute(f"""
        CREATE TABLE reminders_anew (
            id INTEGER PRIMARY KEY,
            rule TEXT NOT NULL CHECK (rule IN (
                'new', 'before', 'overdue', 'opening', 'outage_contact', 'returned', 'source', 'unassigned'
            )),
            step TEXT NOT NULL,
            channel TEXT NOT NULL,
            due_at TEXT NOT NULL CHECK (due_at {time}),
            ticket_id TEXT REFERENCES tickets (id),
            outage_id INTEGER REFERENCES outages (id),
            deadline_at TEXT CHECK (deadline_at {time}),
            state TEXT NOT NULL CHECK (state IN ('claimed', 'sent', 'failed', 'superseded', 'unsure')),
            claimed_at TEXT NOT NULL CHECK (claimed_at {time}),
            claim_expires_at TEXT NOT NULL CHECK (claim_expires_at {time}),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            sent_at TEXT CHECK (sent_at {time}),
            answer TEXT NOT NULL,
            refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
            copies INTEGER NOT NULL CHECK (copies >= 0),
            retry_at TEXT CHECK (retry_at {time}),
            CHECK (ticket_id IS NULL OR outage_id IS NULL),
            CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
            CHECK (state IN ('failed', 'superseded') OR NOT refused),
            CHECK (state = 'failed' OR retry_at IS NULL)
        ) STRICT
    """)
    others = db.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'reminders' AND type IN ('index', 'trigger')"
    ).fetchall()
    db.execute("INSERT INTO reminders_anew SELECT *, 0, NULL FROM reminders")
    db.execute("DROP TABLE reminders")
    db.execute("ALTER TABLE reminders_anew RENAME TO reminders")
    for (other,) in others:
        db.execute(other)


@migrations()
def m006_hurt_tickets(db: Database) -> None:
    """Tickets with a kind, state or time that is none, found without a look at all the others."""
    time = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'"
    sound = " AND ".join(
        (
            "(kind = 'other' OR kind = 'complaint' OR kind = 'urge' OR kind = 'consult' OR kind = 'crc')",
            "(status = 'pending' OR status = 'replied' OR status = 'closed' OR status = 'void')",
            "(deadline_source = 'policy' OR deadline_source = 'platform' OR deadline_source = 'granted')",
            *(f"{at} {time}" for at in ("created_at", "deadline_at", "first_deadline_at", "taken_in_at")),
        )
    )
    db.execute(f"CREATE INDEX tickets_hurt ON tickets (id) WHERE NOT ({sound})")
