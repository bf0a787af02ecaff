"""What every store promises of tickets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Counts, DeadlineSource, Kind, Status, Ticket, TicketQuery
from jdticket.domain.urgency import waits
from jdticket.store.interface import Store
from tests.store.contract.keeping import STEP, chosen_by_hand, ids, put, put_deliveries, put_replies
from tests.store.making import NOON, delivery, event, reply, ticket


def test_a_ticket_comes_back_as_it_went_in(store: Store) -> None:
    bare = ticket("7000001", order_id=None, shop="", kind_text="")
    full = ticket(
        "7000002",
        kind=Kind.CRC,
        status=Status.REPLIED,
        deadline_source=DeadlineSource.GRANTED,
        first_deadline_at=NOON + timedelta(hours=1),
        platform_status="待回复",
        assignee="小李",
        content="=1+1 [red]红[/red] \x1b[31m \u202e😀 \0 \r\n\t “引号”",
        replied_at=NOON + timedelta(minutes=59, seconds=59),
        returned_at=NOON + timedelta(hours=2),
        reopened_at=NOON + timedelta(hours=3),
        seen_at=NOON + timedelta(hours=4),
        stepped_at=NOON + timedelta(hours=5),
        stepped_word="待回复",
        anyway=True,
        missing_at=NOON + timedelta(hours=6),
    )
    put(store, bare, full)
    assert store.ticket("7000001") == bare
    assert store.ticket("7000002") == full
    assert store.ticket("7000003") is None


def test_every_kind_status_and_source_can_be_kept(store: Store) -> None:
    kinds = [ticket(f"10000{n:02}", kind=kind) for n, kind in enumerate(Kind)]
    statuses = [ticket(f"20000{n:02}", status=status) for n, status in enumerate(Status)]
    sources = [ticket(f"30000{n:02}", deadline_source=source) for n, source in enumerate(DeadlineSource)]
    put(store, *kinds, *statuses, *sources)
    assert list(store.tickets_by_id(ids(kinds + statuses + sources)).values()) == kinds + statuses + sources


def test_a_time_of_any_zone_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    china = timezone(timedelta(hours=8))
    put(store, ticket(created_at=datetime(2026, 11, 23, 12, 0, 1, tzinfo=china)))
    held = store.ticket("59088842")
    assert held is not None
    assert held.created_at == datetime(2026, 11, 23, 4, 0, 1, tzinfo=UTC)
    assert held.created_at.tzinfo is UTC


def test_putting_a_ticket_again_replaces_it(store: Store) -> None:
    put(store, ticket(), ticket("7000001"))
    changed = ticket(
        shop="jd5",
        order_id="275490614168",
        kind=Kind.COMPLAINT,
        kind_text="投诉",
        status=Status.CLOSED,
        created_at=NOON - timedelta(hours=1),
        deadline_source=DeadlineSource.PLATFORM,
        taken_in_at=NOON + timedelta(days=1),
        platform_status="已关闭",
        assignee="小王",
        content="改了",
        replied_at=NOON,
        returned_at=NOON,
        reopened_at=NOON,
    )
    put(store, changed)
    assert ids(store.tickets(TicketQuery())) == ["7000001", "59088842"]
    assert store.ticket("59088842") == changed


def test_putting_a_ticket_again_keeps_what_is_told_of_it(store: Store) -> None:
    put(store, ticket())
    with store.transaction():
        store.append([event("催单")])
        store.add_reply(reply())
    put(store, ticket(status=Status.REPLIED))
    assert len(store.events(ticket_id="59088842")) == 1
    assert len(store.replies("59088842")) == 1


def test_any_number_of_tickets_can_be_asked_for_by_number(store: Store) -> None:
    held = [ticket(str(1_000_000 + n)) for n in range(1500)]
    put(store, *held)
    found = store.tickets_by_id(str(1_000_000 + n) for n in range(0, 70_000, 2))
    assert found == {one.id: one for one in held[::2]}


# The end of a number


def test_tickets_are_found_by_the_end_of_their_number(store: Store) -> None:
    put(store, ticket("59088842"), ticket("7088842"), ticket("8884201"), ticket("4200000"))
    found, total = store.tickets_ending_with("842", 10)
    assert (set(ids(found)), total) == ({"59088842", "7088842"}, 2)
    assert store.tickets_ending_with("59088842", 10)[1] == 1
    assert store.tickets_ending_with("159088842", 10) == ([], 0)


def test_among_tickets_with_one_ending_those_that_wait_and_new_ones_come_first_and_all_are_counted(
    store: Store,
) -> None:
    def aged(ticket_id: str, days: int, status: Status) -> Ticket:
        return ticket(ticket_id, created_at=NOON - timedelta(days=days), status=status)

    put(
        store,
        aged("1000842", 1, Status.REPLIED),
        aged("2000842", 9, Status.PENDING),
        aged("3000842", 0, Status.CLOSED),
        aged("4000842", 8, Status.PENDING),
        replace(aged("5000842", 10, Status.REPLIED), returned_at=NOON),
    )
    waiting = ["4000842", "2000842", "5000842"]
    assert ids(store.tickets_ending_with("842", 10)[0]) == [*waiting, "3000842", "1000842"]
    found, total = store.tickets_ending_with("842", 3)
    assert (ids(found), total) == (waiting, 5)


def test_tickets_are_found_by_their_order_or_its_end(store: Store) -> None:
    waits_late, done, waits, other = (
        ticket("7000001", order_id="275490614167", deadline_at=NOON + 2 * STEP),
        ticket("7000002", order_id="275490614167", status=Status.REPLIED),
        ticket("7000003", order_id="888880614167", deadline_at=NOON + STEP),
        ticket("7000004", order_id="275490614168"),
    )
    put(store, waits_late, done, waits, other)
    with store.transaction():
        store.append(
            event(ticket_id=one.id, text=f"{one.id} {one.order_id} 催单")
            for one in (waits_late, done, waits, other)
        )
        store.append([event(ticket_id="7000004", text="同一买家 275490614167")])
    assert store.tickets_by_order("275490614168", 10) == ([other], 1)
    assert store.tickets_by_order("614167", 10) == ([waits, waits_late, done], 3)
    assert store.tickets_by_order("614167", 2) == ([waits, waits_late], 3)
    assert store.tickets_by_order("275490", 10) == ([], 0)
    assert store.tickets_by_order("7000001", 10) == ([], 0)


# Queries, against a list in Python

moments = st.none() | st.integers(-1, 21).map(lambda n: NOON + n * STEP)
queries = st.builds(
    TicketQuery,
    statuses=st.just(()) | st.lists(st.sampled_from(Status), max_size=4).map(tuple),
    waits=st.booleans(),
    overdue_at=st.none() | moments,
    due_from=st.none() | moments,
    due_until=st.none() | moments,
    unreadable=st.sampled_from([False, False, False, True]),
    missing=st.sampled_from([False, False, True]),
    shops=st.sampled_from([(), (), ("",), ("jd3",), ("jd9",), ("jd3", "jd5"), ("", "jd5", "jd9")]),
    kinds=st.just(()) | st.lists(st.sampled_from(Kind), max_size=3).map(tuple),
    assignee=st.sampled_from([None, None, "", "小李"]),
    created_from=moments,
    created_before=moments,
    returned=st.booleans(),
    limit=st.none() | st.integers(0, 30),
)


@given(query=queries)
@example(query=TicketQuery())
@example(query=TicketQuery(limit=250))
@example(query=TicketQuery(statuses=(Status.REPLIED,), shops=("jd3",)))
@example(query=TicketQuery(overdue_at=NOON + 9 * STEP))
@example(query=TicketQuery(waits=True))
@example(query=TicketQuery(waits=True, due_from=NOON + 9 * STEP, limit=2))
@example(query=TicketQuery(waits=True, statuses=(Status.CLOSED, Status.VOID)))
@example(query=TicketQuery(missing=True))
@settings(deadline=None, max_examples=400)
def test_a_query_chooses_and_orders_as_promised(
    many: tuple[Store, list[Ticket], set[str]], query: TicketQuery
) -> None:
    store, tickets, undelivered = many
    expected = chosen_by_hand(query, tickets, undelivered)
    assert list(store.tickets(query)) == expected[: query.limit]
    assert store.count(query) == len(expected)


@given(now=st.integers(-1, 21), soon=st.integers(0, 10), query=queries)
@settings(deadline=None)
def test_counts_agree_with_the_tickets(
    many: tuple[Store, list[Ticket], set[str]], now: int, soon: int, query: TicketQuery
) -> None:
    store, tickets, undelivered = many
    at, until = NOON + now * STEP, NOON + (now + soon) * STEP
    theirs = {one.id: one for one in chosen_by_hand(query.whose, tickets, undelivered)}
    deadlines = [one.deadline_at for one in theirs.values() if waits(one, one.id in undelivered)]
    assert store.counts(at, until, query.whose) == Counts(
        pending=len(deadlines),
        overdue=sum(deadline < at for deadline in deadlines),
        due_soon=sum(at <= deadline <= until for deadline in deadlines),
        returned=sum(
            one.returned_at is not None and one.status is Status.REPLIED and one.id not in undelivered
            for one in theirs.values()
        ),
        unsent=sum(one.ticket_id in theirs for one, _delivery in store.undelivered()),
    )


def test_the_counts_of_a_shop_are_of_its_own_tickets_alone(store: Store) -> None:
    hour = timedelta(hours=1)
    sorts = (
        {"deadline_at": NOON - hour},
        {"deadline_at": NOON},
        {"deadline_at": NOON + hour},
        {"status": Status.REPLIED, "returned_at": NOON},
        {"status": Status.REPLIED},
    )
    for shop, begin, each in (("jd3", 1_000_000, 1), ("jd5", 2_000_000, 2), ("", 3_000_000, 4)):
        held = [
            [ticket(str(begin + 10 * sort + n), shop=shop, **fields) for n in range(each)]
            for sort, fields in enumerate(sorts)
        ]
        put(store, *(one for tickets in held for one in tickets))
        for one in put_replies(store, *(reply(ticket_id=one.id) for one in held[-1])):
            put_deliveries(store, delivery(one.id, ticket_id=one.ticket_id))
    for shop, each in (("jd3", 1), ("jd5", 2), ("", 4), (None, 7), ("jd7", 0)):
        whose = TicketQuery() if shop is None else TicketQuery(shops=(shop,))
        counts = Counts(pending=5 * each, overdue=each, due_soon=each, returned=each, unsent=each)
        assert store.counts(NOON, NOON, whose) == counts


def test_a_ticket_with_several_replies_that_have_not_arrived_waits_once_and_until_all_have(
    store: Store,
) -> None:
    put(store, ticket("7000001", status=Status.REPLIED), ticket("7000002", status=Status.REPLIED))
    replies = put_replies(store, *[reply(ticket_id="7000001")] * 2)
    put_deliveries(store, *(delivery(one.id, ticket_id="7000001") for one in replies))
    for states in product((DeliveryState.UNSENT, DeliveryState.UNKNOWN), repeat=2):
        for one, state in zip(replies, states, strict=True):
            put_deliveries(store, delivery(one.id, ticket_id="7000001", state=state))
        assert ids(store.tickets(TicketQuery(waits=True))) == ["7000001"]
        assert ids(store.tickets(TicketQuery())) == ["7000001", "7000002"]
        assert store.counts(NOON, NOON).pending == 1
    for one, waiting in zip(replies, (["7000001"], []), strict=True):
        put_deliveries(store, delivery(one.id, ticket_id="7000001", state=DeliveryState.ARRIVED))
        assert ids(store.tickets(TicketQuery(waits=True))) == waiting


def test_a_ticket_that_is_closed_or_void_does_not_wait_whatever_the_platform_shows(store: Store) -> None:
    put(store, *(ticket(f"700000{n}", status=s, returned_at=NOON) for n, s in enumerate(Status)))
    assert ids(store.tickets(TicketQuery(waits=True))) == ["7000000", "7000001"]
    done = TicketQuery(statuses=(Status.CLOSED, Status.VOID), returned=True)
    assert ids(store.tickets(done)) == ["7000002", "7000003"]
    assert store.counts(NOON, NOON).returned == 1


def test_tickets_read_inside_a_transaction_may_be_moved_while_they_are_read(store: Store) -> None:
    put(store, *(ticket(str(1_000_000 + n), deadline_at=NOON) for n in range(50)))
    moved = 0
    with store.transaction():
        for one in islice(store.tickets(TicketQuery(statuses=(Status.PENDING,))), 1000):
            store.put_tickets([replace(one, deadline_at=one.deadline_at + STEP)])
            moved += 1
    assert moved == 50


def test_shops_are_named_once_and_sorted(store: Store) -> None:
    assert store.shops() == []
    put(store, *(ticket(str(1_000_000 + n), shop=["jd5", "", "京东3店", "jd10"][n % 4]) for n in range(40)))
    assert store.shops() == ["", "jd10", "jd5", "京东3店"]
