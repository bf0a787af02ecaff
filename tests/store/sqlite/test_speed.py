"""Speed and memory."""

from __future__ import annotations

import sqlite3
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.store.sqlite import SqliteStore
from tests.store.contract.keeping import to_remind
from tests.store.making import NOON, delivery, event, failed, reminder, reply, sent, ticket
from tests.store.sqlite.at_file import by_hand

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
            store.append(
                event(ticket_id=str(10_000_000 + n * 7919 % 1_000_000), text=str(275490600000 + n))
                for n in range(20_200)
            )
            for n in range(20_200):
                held = store.add_reply(reply(ticket_id=str(10_000_000 + n * 7919 % 1_000_000)))
                state = DeliveryState.UNKNOWN if n % 1000 == 0 else DeliveryState.ARRIVED
                store.put_delivery(delivery(held.id, ticket_id=held.ticket_id, state=state))
            store.put_remind_at((one, None) for one in to_remind(store, NOON))
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
        store.tickets(TicketQuery(statuses=(Status.PENDING,), shops=("jd1",), limit=20))
    ),
    "what waits": lambda store: list(store.tickets(TicketQuery(waits=True, limit=50))),
    "what waits of a shop": lambda store: list(
        store.tickets(TicketQuery(waits=True, shops=("jd1",), limit=20))
    ),
    "what is next": lambda store: list(store.tickets(TicketQuery(waits=True, due_from=NOON, limit=2))),
    "what is missing": lambda store: list(store.tickets(TicketQuery(missing=True))),
    "overdue": lambda store: list(store.tickets(TicketQuery(overdue_at=NOON, limit=50))),
    "the first of all": lambda store: list(store.tickets(TicketQuery(limit=50))),
    "the first that are done": lambda store: list(
        store.tickets(TicketQuery(statuses=(Status.REPLIED,), limit=50))
    ),
    "the first of a shop": lambda store: list(
        store.tickets(TicketQuery(statuses=(Status.REPLIED,), shops=("jd1",), limit=20))
    ),
    "returned": lambda store: list(store.tickets(TicketQuery(returned=True))),
    "how many there are": lambda store: store.count(TicketQuery()),
    "a day": lambda store: store.count(TicketQuery(created_before=NOON)),
    "counts": lambda store: store.counts(NOON, NOON),
    "counts of a shop": lambda store: store.counts(NOON, NOON, TicketQuery(shops=("jd1",))),
    "replies that have not arrived": lambda store: store.undelivered(),
    "replies to a shop's tickets that have not": lambda store: store.undelivered(shop="jd1"),
    "replies to a ticket that have not": lambda store: store.undelivered(ticket_id="10000000"),
    "the latest replies": lambda store: store.latest_replies(50),
    "shops": lambda store: store.shops(),
    "an ending": lambda store: store.tickets_ending_with("8842", 10),
    "an order": lambda store: store.tickets_by_order("614167", 10),
}


@pytest.mark.parametrize("name", CHEAP)
def test_what_is_asked_all_day_costs_far_less_than_a_look_at_everything(
    large: SqliteStore, name: str
) -> None:
    everything = seconds(lambda: large.count(TicketQuery(assignee="nobody")))
    assert seconds(lambda: CHEAP[name](large)) < everything / 4


CHEAP_IN_EVERY_RUN: dict[str, Callable[[SqliteStore], object]] = {
    "tickets to remind of": lambda store: store.numbers_to_remind(NOON),
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
    "counts of a shop": lambda store: store.counts(NOON, NOON, TicketQuery(shops=("jd3",))),
}


@pytest.mark.parametrize("name", ONLY_OPEN_DELIVERIES)
def test_of_deliveries_only_open_ones_are_looked_at(plans: Callable[[Ask], list[str]], name: str) -> None:
    steps = [step.partition(" (")[0] for step in plans(ONLY_OPEN_DELIVERIES[name])]
    assert all("INDEX deliveries_open" in step for step in steps if "deliveries" in step)
    replies = [n for n, step in enumerate(steps) if "replies" in step]
    assert [steps[n : n + 2] for n in replies] in ([], [BY_NUMBER])
    assert all("deliveries" in steps[n - 1] for n in replies)


IN_ORDER = {
    "SCAN tickets USING INDEX tickets_pending",
    "SCAN tickets USING INDEX tickets_returned_by_deadline",
    "SEARCH tickets USING INDEX tickets_pending",
    "SEARCH tickets USING INDEX tickets_returned_by_deadline",
    "SCAN tickets USING INDEX tickets_done",
    "SCAN tickets USING INDEX tickets_by_shop",
    "SEARCH tickets USING INDEX tickets_by_shop",
}
MERGED: dict[str, TicketQuery] = {
    "what waits": TicketQuery(waits=True, limit=50),
    "what waits of a shop": TicketQuery(waits=True, shops=("jd3",), limit=50),
    "overdue": TicketQuery(overdue_at=NOON, limit=50),
    "next": TicketQuery(waits=True, due_from=NOON, limit=2),
    "all": TicketQuery(limit=50),
    "all of a shop": TicketQuery(shops=("jd3",), limit=50),
    "replied": TicketQuery(statuses=(Status.REPLIED,), limit=50),
}


@pytest.mark.parametrize("name", MERGED)
def test_tickets_are_read_in_order_and_only_those_with_an_open_delivery_are_sorted(
    plans: Callable[[Ask], list[str]], name: str
) -> None:
    steps = [step.partition(" (")[0] for step in plans(lambda store: list(store.tickets(MERGED[name])))]
    [few] = [n for n, step in enumerate(steps) if "sqlite_autoindex_tickets_1" in step]
    assert all(step in IN_ORDER for n, step in enumerate(steps) if " tickets " in step and n != few)
    sorted_at = [n for n, step in enumerate(steps) if "TEMP B-TREE" in step]
    assert sorted_at == [few + 3]
    assert "deliveries_open" in steps[few + 2]


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
