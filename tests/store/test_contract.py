"""What every store keeps of the promises in ``store/interface.py``."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jdticket.domain.channels import ChannelTrouble
from jdticket.domain.events import EventKind
from jdticket.domain.outages import OutageReason, Outcome, Via
from jdticket.domain.reminders import Reminder, ReminderRule, ReminderState
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import Counts, DeadlineSource, Kind, Status, Ticket, TicketQuery
from jdticket.errors import RefusedError, Trouble
from jdticket.store.interface import Store
from jdticket.store.sqlite import SqliteStore
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

Opener = Callable[[Path], Store]

# How to open the store of a folder, and again the same store; a second kind of store is one more line.
OPENERS: dict[str, Opener] = {"sqlite": lambda folder: SqliteStore.open(folder / "jdticket.db")}


@pytest.fixture(params=OPENERS.values(), ids=OPENERS.keys(), scope="module")
def opener(request: pytest.FixtureRequest) -> Opener:
    return request.param


@pytest.fixture
def store(opener: Opener, tmp_path: Path) -> Iterator[Store]:
    with closing(opener(tmp_path)) as opened:
        yield opened


def put(store: Store, *tickets: Ticket) -> None:
    with store.transaction():
        store.put_tickets(tickets)


def ids(tickets: list[Ticket] | Iterator[Ticket]) -> list[str]:
    return [one.id for one in tickets]


# Transactions


def test_what_is_written_in_a_transaction_is_there_for_others_afterwards(
    opener: Opener, store: Store, tmp_path: Path
) -> None:
    put(store, ticket())
    with closing(opener(tmp_path)) as other:
        assert other.ticket("59088842") == ticket()


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put_tickets([ticket()])
        store.append([event("催单")])
        store.add_reply(reply())
        store.add_outage(outage())
        raise ZeroDivisionError
    assert store.ticket("59088842") is None
    assert store.events() == []
    assert store.replies("59088842") == []
    assert store.outages() == []
    put(store, ticket())
    assert store.search(["催单"], 10) == ([], 0)


def test_an_iterable_that_breaks_off_leaves_nothing_behind(store: Store) -> None:
    def broken() -> Iterator[Ticket]:
        yield ticket()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.transaction():
        store.put_tickets(broken())
    assert store.ticket("59088842") is None


def test_others_do_not_see_an_unfinished_transaction(opener: Opener, store: Store, tmp_path: Path) -> None:
    with closing(opener(tmp_path)) as other:
        with store.transaction():
            store.put_tickets([ticket()])
            assert other.ticket("59088842") is None
        assert other.ticket("59088842") is not None


def test_a_transaction_inside_another_is_an_error_of_the_program(store: Store) -> None:
    with store.transaction(), pytest.raises(RuntimeError), store.transaction():
        pass


def test_writing_outside_a_transaction_is_an_error_of_the_program(store: Store) -> None:
    put(store, ticket())
    held = replace(outage(), id=1)
    for write in (
        lambda: store.put_tickets([ticket("7000001")]),
        lambda: store.append([event("催单")]),
        lambda: store.add_reply(reply()),
        lambda: store.put_delivery(delivery(1)),
        lambda: store.add_outage(held),
        lambda: store.update_outage(held),
        lambda: store.add_contact(contact(1)),
        lambda: store.add_extensions([extension(1, 1)]),
        lambda: store.put_remind_at([(ticket(), None)]),
        store.forget_remind_at,
        lambda: store.claim([reminder()], NOON, NOON),
        lambda: store.settle([sent(reminder())]),
        lambda: store.release([reminder()]),
        lambda: store.put_source(source()),
        lambda: store.put_fact("rules", "1"),
    ):
        with pytest.raises(RuntimeError):
            write()


def test_closing_twice_is_no_error(store: Store) -> None:
    store.close()
    store.close()


# Tickets


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
        rejected_at=NOON + timedelta(hours=3),
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
        rejected_at=NOON,
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


def test_among_tickets_with_one_ending_pending_and_new_ones_come_first_and_all_are_counted(
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
    )
    assert ids(store.tickets_ending_with("842", 10)[0]) == ["4000842", "2000842", "3000842", "1000842"]
    found, total = store.tickets_ending_with("842", 3)
    assert (ids(found), total) == (["4000842", "2000842", "3000842"], 4)


# Queries, against a list in Python

_STEP = timedelta(minutes=10)


def _many_tickets() -> list[Ticket]:
    chance = random.Random(3)  # noqa: S311
    return [
        ticket(
            str(5_000_000 + chance.randrange(4_000_000)),
            shop=chance.choice(["", "jd3", "jd5"]),
            kind=chance.choice(list(Kind)),
            status=chance.choice([Status.PENDING, *Status]),
            created_at=NOON + chance.randrange(20) * _STEP,
            deadline_at=NOON + chance.randrange(20) * _STEP,
            assignee=chance.choice(["", "小李"]),
            returned_at=chance.choice([None, None, NOON]),
        )
        for _ in range(300)
    ]


@pytest.fixture(scope="module")
def many(opener: Opener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[Ticket]]]:
    tickets = list({one.id: one for one in _many_tickets()}.values())
    with closing(opener(tmp_path_factory.mktemp("many"))) as store:
        put(store, *tickets)
        yield store, tickets


def chosen_by_hand(query: TicketQuery, tickets: list[Ticket]) -> list[Ticket]:
    def fits(one: Ticket) -> bool:
        pending = one.status is Status.PENDING
        return (
            (not query.statuses or one.status in query.statuses)
            and (query.overdue_at is None or (pending and one.deadline_at < query.overdue_at))
            and (query.due_until is None or (pending and one.deadline_at <= query.due_until))
            and (query.shop is None or one.shop == query.shop)
            and (query.kind is None or one.kind is query.kind)
            and (query.assignee is None or one.assignee == query.assignee)
            and (query.created_from is None or one.created_at >= query.created_from)
            and (query.created_before is None or one.created_at < query.created_before)
            and (not query.returned or one.returned_at is not None)
        )

    fitting = [one for one in tickets if fits(one)]
    pending = [one for one in fitting if one.status is Status.PENDING]
    rest = [one for one in fitting if one.status is not Status.PENDING]
    pending.sort(key=lambda one: (one.deadline_at, one.kind is not Kind.CRC, one.id))
    rest.sort(key=lambda one: one.id)
    rest.sort(key=lambda one: one.created_at, reverse=True)
    return pending + rest


moments = st.none() | st.integers(-1, 21).map(lambda n: NOON + n * _STEP)
queries = st.builds(
    TicketQuery,
    statuses=st.just(()) | st.lists(st.sampled_from(Status), max_size=4).map(tuple),
    overdue_at=st.none() | moments,
    due_until=st.none() | moments,
    shop=st.sampled_from([None, None, "", "jd3", "jd9"]),
    kind=st.none() | st.sampled_from(Kind),
    assignee=st.sampled_from([None, None, "", "小李"]),
    created_from=moments,
    created_before=moments,
    returned=st.booleans(),
    limit=st.none() | st.integers(0, 30),
)


@given(query=queries)
@example(query=TicketQuery())
@example(query=TicketQuery(limit=250))
@example(query=TicketQuery(statuses=(Status.REPLIED,), shop="jd3"))
@example(query=TicketQuery(overdue_at=NOON + 9 * _STEP))
@settings(deadline=None, max_examples=300)
def test_a_query_chooses_and_orders_as_promised(many: tuple[Store, list[Ticket]], query: TicketQuery) -> None:
    store, tickets = many
    expected = chosen_by_hand(query, tickets)
    assert list(store.tickets(query)) == expected[: query.limit]
    assert store.count(query) == len(expected)


@given(now=st.integers(-1, 21), soon=st.integers(0, 10), shop=st.sampled_from([None, "", "jd3", "jd9"]))
@settings(deadline=None)
def test_counts_agree_with_the_tickets(
    many: tuple[Store, list[Ticket]], now: int, soon: int, shop: str | None
) -> None:
    store, tickets = many
    at, until = NOON + now * _STEP, NOON + (now + soon) * _STEP
    of_shop = [one for one in tickets if shop in (None, one.shop)]
    deadlines = [one.deadline_at for one in of_shop if one.status is Status.PENDING]
    assert store.counts(at, until, shop) == Counts(
        pending=len(deadlines),
        overdue=sum(deadline < at for deadline in deadlines),
        due_soon=sum(at <= deadline <= until for deadline in deadlines),
        returned=sum(one.returned_at is not None for one in of_shop),
        unsent=0,
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
        counts = Counts(pending=3 * each, overdue=each, due_soon=each, returned=each, unsent=each)
        assert store.counts(NOON, NOON, shop) == counts


def test_tickets_read_inside_a_transaction_may_be_moved_while_they_are_read(store: Store) -> None:
    put(store, *(ticket(str(1_000_000 + n), deadline_at=NOON) for n in range(50)))
    moved = 0
    with store.transaction():
        for one in islice(store.tickets(TicketQuery(statuses=(Status.PENDING,))), 1000):
            store.put_tickets([replace(one, deadline_at=one.deadline_at + _STEP)])
            moved += 1
    assert moved == 50


def test_shops_are_named_once_and_sorted(store: Store) -> None:
    assert store.shops() == []
    put(store, *(ticket(str(1_000_000 + n), shop=["jd5", "", "京东3店", "jd10"][n % 4]) for n in range(40)))
    assert store.shops() == ["", "jd10", "jd5", "京东3店"]


# The time line


def test_events_come_back_oldest_first_with_ids_of_the_stores_own(store: Store) -> None:
    put(store, ticket(), ticket("7000001"))
    late = event(
        "later", at=NOON + timedelta(hours=1), by="小李", kind=EventKind.NOTED, data={"text": "改\n“新”"}
    )
    early = event("earlier", at=NOON, id=77)
    with store.transaction():
        store.append([late, early, event(ticket_id="7000001")])
    first, second = store.events(ticket_id="59088842")
    assert (replace(first, id=77), replace(second, id=0)) == (early, late)
    assert len({one.id for one in store.events()}) == 3


def test_events_of_one_moment_keep_the_order_in_which_they_were_told(store: Store) -> None:
    put(store, ticket())
    for text in ("one", "two"):
        with store.transaction():
            store.append(event(f"{text} {n}") for n in range(600))
    assert [one.text for one in store.events(ticket_id="59088842")] == [
        f"{text} {n}" for text in ("one", "two") for n in range(600)
    ]


def test_an_event_can_belong_to_an_outage_to_a_ticket_or_to_both(store: Store) -> None:
    put(store, ticket())
    with store.transaction():
        held = store.add_outage(outage())
        both = event("both", kind=EventKind.OUTAGE_REPORTED, outage_id=held.id)
        store.append([both, replace(both, text="outage", ticket_id=None), event("ticket")])
    assert [one.text for one in store.events(outage_id=held.id)] == ["both", "outage"]
    assert [one.text for one in store.events(ticket_id="59088842")] == ["both", "ticket"]


def test_every_kind_of_event_can_be_kept(store: Store) -> None:
    put(store, ticket())
    with store.transaction():
        store.append(event(kind=kind) for kind in EventKind)
    assert [one.kind for one in store.events()] == list(EventKind)


# Search


def tell(store: Store, ticket_id: str, *texts: str) -> None:
    with store.transaction():
        if store.ticket(ticket_id) is None:
            store.put_tickets([ticket(ticket_id)])
        store.append(event(text, ticket_id=ticket_id) for text in texts)


def found(store: Store, *words: str) -> set[str]:
    return set(ids(store.search(words, 1000)[0]))


@pytest.mark.parametrize(
    "word",
    [
        "物流",
        "流三天",
        "物流三天未更新",
        "更新",
        "请尽快",
        "请",
        "快",
        "新",
        "SF10",
        "sf1055",
        "8888",
        "275490614167",
        "27549",
        "14167",
        "4167",
        "iphone",
        "iPh",
        "ＩＰＨＯＮＥ",
        "物流三天未更新，请尽快",
        "订单275490614167",
        "订单275490",
        "単",
        "5",
        "Ｓ",
        "café",
    ],
)
def test_a_word_that_stands_in_a_text_is_found(store: Store, word: str) -> None:
    tell(store, "59088842", "物流三天未更新，请尽快！订单275490614167；iPhone 5 SF1055558888 単品 CAFÉ")
    assert found(store, word) == {"59088842"}


@pytest.mark.parametrize(
    "word",
    [
        "流天",
        "新请",
        "物流更新",
        "phone",
        "754906",
        "2754906141670",
        "天猫",
        "😀",
        "，",
        "",
        "*",
        '"',
        "天 OR 地",
        "hone",
    ],
)
def test_a_word_that_does_not_stand_in_a_text_is_not_found(store: Store, word: str) -> None:
    tell(store, "59088842", '物流三天未更新，请尽快！订单275490614167；iPhone 😀，* "')
    assert found(store, word) == set()


@pytest.mark.parametrize(
    "word", ['"', "'", "物流'--", "words:物流", "NEAR(物流)", "物流*", "^物流", "物流 AND", "-物流", "{物流}"]
)
def test_a_search_word_is_never_read_as_syntax(store: Store, word: str) -> None:
    tell(store, "59088842", "物流 and words near")
    assert found(store, word) <= {"59088842"}


def test_all_words_must_occur_but_in_any_of_the_tickets_events(store: Store) -> None:
    tell(store, "59088842", "物流三天未更新", "已电话联系买家")
    tell(store, "7000001", "物流破损")
    assert found(store, "物流") == {"59088842", "7000001"}
    assert found(store, "物流", "电话") == {"59088842"}
    assert found(store, "破损", "电话") == set()
    assert found(store, "物流", "😀") == set()
    assert found(store) == set()


def test_a_ticket_is_found_once_however_often_the_word_occurs(store: Store) -> None:
    tell(store, "59088842", "物流物流", "物流")
    assert store.search(["物流"], 10) == ([ticket()], 1)


def test_an_event_without_a_ticket_is_no_find(store: Store) -> None:
    with store.transaction():
        held = store.add_outage(outage())
        store.append([event("停电", ticket_id=None, outage_id=held.id)])
    assert store.search(["停电"], 10) == ([], 0)
    tell(store, "59088842", "停电")
    assert store.search(["停电"], 10) == ([ticket()], 1)


def test_finds_are_ordered_like_a_list_and_all_counted(store: Store) -> None:
    tickets = list({one.id: one for one in _many_tickets()}.values())
    with store.transaction():
        store.put_tickets(tickets)
        store.append(event("催单", ticket_id=one.id) for one in tickets[::2])
    expected = chosen_by_hand(TicketQuery(), tickets[::2])
    assert store.search(["催单"], 1000) == (expected, len(expected))
    assert store.search(["催单"], 7) == (expected[:7], len(expected))
    assert store.search(["催单"], 0) == ([], len(expected))


@given(
    text=st.text(alphabet="发货退款𠮷，a1 ", min_size=1, max_size=14),
    word=st.text(alphabet="发货退款𠮷", min_size=2, max_size=4),
)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chinese_of_two_characters_or_more_is_found_exactly_where_it_stands(
    store: Store, text: str, word: str
) -> None:
    """One store for all examples: each adds a ticket, and all tickets so far are looked at."""
    texts = {one.ticket_id: one.text for one in store.events()}
    ticket_id = str(1_000_000 + len(texts))
    tell(store, ticket_id, text)
    texts[ticket_id] = text
    assert found(store, word) == {number for number, told in texts.items() if word in told}


# Replies


def test_replies_are_kept_in_the_order_in_which_they_were_given(store: Store) -> None:
    put(store, ticket(), ticket("7000001"))
    later = reply(text="第二次", at=NOON + timedelta(hours=5), forced=True)
    with store.transaction():
        second = store.add_reply(later)
        first = store.add_reply(reply())
        store.add_reply(reply(ticket_id="7000001"))
    assert second == replace(later, id=second.id)
    assert first.id != second.id
    assert store.replies("59088842") == [first, second]
    assert [one.on_time for one in store.replies("59088842")] == [True, False]


# Whether replies arrived


def put_replies(store: Store, *replies: Reply) -> list[Reply]:
    with store.transaction():
        return [store.add_reply(one) for one in replies]


def put_deliveries(store: Store, *deliveries: Delivery) -> None:
    with store.transaction():
        for one in deliveries:
            store.put_delivery(one)


@pytest.fixture
def answered(store: Store) -> Store:
    """A store with a ticket and the replies 1 and 2 to it."""
    put(store, ticket())
    assert [one.id for one in put_replies(store, reply(), reply())] == [1, 2]
    return store


def test_what_became_of_a_reply_comes_back_as_it_went_in(answered: Store) -> None:
    bare = delivery(1)
    full = delivery(
        2,
        state=DeliveryState.UNKNOWN,
        tries=3,
        tried_at=NOON + timedelta(seconds=1),
        busy_until=NOON + timedelta(minutes=2),
        answer="系统处理错误 \0 😀",
        trouble=Trouble.REFUSED,
        code="66",
        subtype="催发货",
    )
    put_deliveries(answered, bare, full)
    assert answered.delivery(1) == bare
    assert answered.delivery(2) == full
    assert answered.delivery(3) is None


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_of_a_delivery_can_be_kept(answered: Store, state: DeliveryState) -> None:
    put_deliveries(answered, delivery(1, state=state))
    assert answered.delivery(1) == delivery(1, state=state)


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_of_a_delivery_can_be_kept(answered: Store, trouble: Trouble) -> None:
    put_deliveries(answered, delivery(1, trouble=trouble))
    assert answered.delivery(1) == delivery(1, trouble=trouble)


def test_what_became_of_a_reply_is_what_was_put_last(answered: Store) -> None:
    first = delivery(
        1,
        tries=1,
        tried_at=NOON,
        busy_until=NOON,
        answer="HTTP 502",
        trouble=Trouble.UNREACHABLE,
        code="67",
        subtype="催退款",
    )
    on_its_way = delivery(1, state=DeliveryState.UNKNOWN, tries=2, answer="没有回答", subtype="10101")
    arrived = delivery(1, state=DeliveryState.ARRIVED, tries=2, tried_at=NOON, answer="回复成功")
    put_deliveries(answered, delivery(2, answer="another's"))
    for one in (first, on_its_way, first, arrived):
        put_deliveries(answered, one)
        assert answered.delivery(1) == one
    assert answered.delivery(2) == delivery(2, answer="another's")


@pytest.mark.parametrize("state", DeliveryState)
def test_a_reply_that_has_arrived_has_always_arrived(answered: Store, state: DeliveryState) -> None:
    arrived = delivery(1, state=DeliveryState.ARRIVED, tries=1, tried_at=NOON, answer="回复成功")
    put_deliveries(answered, arrived)
    put_deliveries(answered, delivery(1, state=state, tries=2, busy_until=NOON, answer="late", code="2"))
    assert answered.delivery(1) == arrived


def test_what_became_of_a_reply_in_a_step_that_failed_never_was(answered: Store) -> None:
    with pytest.raises(ZeroDivisionError), answered.transaction():
        answered.put_delivery(delivery(1))
        raise ZeroDivisionError
    assert answered.delivery(1) is None


def test_replies_that_have_not_arrived_are_listed_oldest_first(store: Store) -> None:
    put(store, ticket("7000001"), ticket("59088842"), ticket("6000001"))
    numbers = ["7000001", "59088842", "6000001", "59088842", "7000001", "59088842"]
    replies = put_replies(store, *(reply(ticket_id=number) for number in numbers))
    states = [DeliveryState.UNSENT, DeliveryState.UNKNOWN, DeliveryState.UNSENT, DeliveryState.ARRIVED]
    deliveries = [
        delivery(one.id, ticket_id=one.ticket_id, state=state, tries=one.id, answer="HTTP 502")
        for one, state in zip(replies, [*states, DeliveryState.UNKNOWN], strict=False)
    ]
    put_deliveries(store, *deliveries[::-1])  # and the sixth reply was never to be sent
    assert store.undelivered() == [(replies[n], deliveries[n]) for n in (0, 1, 2, 4)]


def test_replies_that_have_not_arrived_are_found_by_shop_and_by_ticket(store: Store) -> None:
    put(
        store,
        ticket("1000001", shop="jd3"),
        ticket("1000002", shop="jd3"),
        ticket("1000003", shop="京东3店"),
        ticket("1000004", shop=""),
    )
    held = put_replies(store, *(reply(ticket_id=str(1_000_001 + n % 4)) for n in range(8)))
    put_deliveries(store, *(delivery(one.id, ticket_id=one.ticket_id) for one in held))

    def read(**chosen: str) -> list[int]:
        return [one.id for one, _delivery in store.undelivered(**chosen)]

    assert read() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert read(shop="jd3") == [1, 2, 5, 6]
    assert read(shop="京东3店") == [3, 7]
    assert read(shop="") == [4, 8]
    assert read(ticket_id="1000002") == read(shop="jd3", ticket_id="1000002") == [2, 6]
    assert read(shop="jd5") == read(ticket_id="1000009") == read(shop="", ticket_id="1000001") == []


def test_nothing_waits_for_a_reply_to_a_ticket_that_is_closed_or_void(store: Store) -> None:
    tickets = [ticket(str(1_000_001 + n), status=status) for n, status in enumerate(Status)]
    put(store, *tickets)
    held = put_replies(store, *(reply(ticket_id=one.id) for one in tickets))
    put_deliveries(store, *(delivery(one.id, ticket_id=one.ticket_id) for one in held))

    def waiting() -> set[str]:
        found = store.undelivered()
        assert len(found) == store.counts(NOON, NOON).unsent
        assert all(store.undelivered(ticket_id=one.ticket_id) == [(one, what)] for one, what in found)
        return {store.tickets_by_id([one.ticket_id])[one.ticket_id].status for one, _what in found}

    assert waiting() == {Status.PENDING, Status.REPLIED}
    assert all(store.delivery(one.id) for one in held)
    put(store, *(replace(one, status=Status.PENDING) for one in tickets))
    assert len(store.undelivered()) == len(tickets)
    assert waiting() == {Status.PENDING}


def test_replies_that_have_not_arrived_are_counted_for_all_shops_or_for_one(store: Store) -> None:
    shops = ["jd3", "jd3", "jd5", "京东3店", ""]
    put(store, *(ticket(str(1_000_001 + n), shop=shop) for n, shop in enumerate(shops)))
    held = put_replies(
        store, *(reply(ticket_id=str(1_000_001 + n)) for n in range(5)), reply(ticket_id="1000001")
    )

    def unsent(shop: str | None = None) -> int:
        return store.counts(NOON, NOON, shop).unsent

    assert unsent() == unsent("jd3") == 0
    put_deliveries(store, *(delivery(one.id, ticket_id=one.ticket_id) for one in held))
    assert [unsent(), unsent("jd3"), unsent("jd5"), unsent("京东3店"), unsent("")] == [6, 3, 1, 1, 1]
    for state, left in ((DeliveryState.UNKNOWN, 3), (DeliveryState.ARRIVED, 2)):
        put_deliveries(store, delivery(held[0].id, ticket_id="1000001", state=state))
        assert (unsent("jd3"), unsent()) == (left, left + 3)
    assert unsent("jd") == unsent("jd31") == 0


def test_a_reply_that_is_on_its_way_at_this_moment_is_not_counted_as_not_arrived(answered: Store) -> None:
    put_deliveries(answered, delivery(1, busy_until=NOON), delivery(2))
    counted = [answered.counts(NOON + n * timedelta(seconds=1), NOON).unsent for n in (-1, 0, 1)]
    assert counted == [1, 2, 2]
    assert len(answered.undelivered()) == 2


def test_a_ticket_whose_reply_has_not_arrived_is_not_counted_as_returned_too(store: Store) -> None:
    held = [ticket(str(1_000_001 + n), status=Status.REPLIED, returned_at=NOON) for n in range(3)]
    put(store, *held)
    one, other = put_replies(store, reply(ticket_id="1000001"), reply(ticket_id="1000002"))
    put_deliveries(store, delivery(other.id, ticket_id=other.ticket_id, state=DeliveryState.ARRIVED))
    for state, returned, unsent in (
        (DeliveryState.UNSENT, 2, 1),
        (DeliveryState.UNKNOWN, 2, 1),
        (DeliveryState.ARRIVED, 3, 0),
    ):
        put_deliveries(store, delivery(one.id, ticket_id=one.ticket_id, state=state))
        for shop in (None, "jd3"):
            counts = store.counts(NOON, NOON, shop)
            assert (counts.returned, counts.unsent) == (returned, unsent)


def test_the_latest_replies_are_those_given_last_each_with_what_became_of_it(store: Store) -> None:
    put(store, ticket("1000001"), ticket("1000002", shop="京东5店"))
    held = put_replies(
        store,
        reply(ticket_id="1000002", text="第三次"),
        reply(ticket_id="1000001", text="第四次", forced=True),
        reply(ticket_id="1000001", text="第一次", at=NOON - timedelta(hours=3)),
        reply(ticket_id="1000002", text="第五次", at=NOON + timedelta(hours=3)),
        reply(ticket_id="1000001", text="第二次", at=NOON - timedelta(seconds=1)),
    )
    arrived = delivery(
        2, ticket_id="1000001", state=DeliveryState.ARRIVED, tries=1, tried_at=NOON, answer="好"
    )
    unsent = delivery(4, ticket_id="1000002", busy_until=NOON, trouble=Trouble.UNDECIDED)
    put_deliveries(store, unsent, arrived)
    expected = [(held[3], unsent), (held[1], arrived), (held[0], None), (held[4], None), (held[2], None)]
    assert store.latest_replies(10) == expected
    assert store.latest_replies(2) == expected[:2]
    assert store.latest_replies(10, "京东5店") == [expected[0], expected[2]]
    assert store.latest_replies(1, "jd3") == [expected[1]]
    assert store.latest_replies(0) == store.latest_replies(10, "jd") == []


# Outages


def test_outages_are_numbered_from_one_and_listed_newest_first(store: Store) -> None:
    with store.transaction():
        older = store.add_outage(outage(since=NOON - timedelta(days=1), until=NOON))
        newer = store.add_outage(outage(shops=(), contacted=True))
    assert (older.id, newer.id) == (1, 2)
    assert store.outages() == [newer, older]
    assert store.outages(uncontacted_only=True) == [older]
    assert store.outage(2) == newer
    assert store.outage(3) is None


def test_an_outage_can_be_ended_and_marked_as_told_to_the_manager(store: Store) -> None:
    with store.transaction():
        held = store.add_outage(outage())
        other = store.add_outage(outage())
        ended = replace(held, until=NOON + timedelta(hours=3), contacted=True, note="来电了", shops=("jd3",))
        store.update_outage(ended)
    assert store.outage(held.id) == ended
    assert store.outages(uncontacted_only=True) == [other]


def test_every_reason_way_and_outcome_can_be_kept(store: Store) -> None:
    with store.transaction():
        outages = [store.add_outage(outage(reason=reason)) for reason in OutageReason]
        contacts = [store.add_contact(contact(1, via=via)) for via in Via]
        contacts += [store.add_contact(contact(1, outcome=outcome)) for outcome in Outcome]
    assert [store.outage(one.id) for one in outages] == outages
    assert store.contacts(1) == contacts
    assert store.contacts(2) == []


def test_contacts_are_listed_oldest_first(store: Store) -> None:
    with store.transaction():
        held = store.add_outage(outage())
        second = store.add_contact(contact(held.id, at=NOON + timedelta(hours=1)))
        first = store.add_contact(contact(held.id))
    assert store.contacts(held.id) == [first, second]


def test_what_was_granted_is_found_by_ticket_and_by_outage(store: Store) -> None:
    put(store, ticket(), ticket("7000001"))
    with store.transaction():
        outages = [store.add_outage(outage()), store.add_outage(outage())]
        contacts = [store.add_contact(contact(one.id)) for one in outages]
        later = extension(contacts[1].id, 2, at=NOON + timedelta(hours=1))
        store.add_extensions([later, extension(contacts[0].id, 1), extension(contacts[0].id, 1, "7000001")])
    of_ticket = store.extensions(ticket_id="59088842")
    assert [replace(one, id=0) for one in of_ticket] == [extension(contacts[0].id, 1), later]
    assert [one.ticket_id for one in store.extensions(outage_id=1)] == ["59088842", "7000001"]
    assert len({one.id for one in store.extensions()}) == 3


# When to look at a ticket again

_HOUR = timedelta(hours=1)


def put_remind_at(store: Store, *pairs: tuple[Ticket, datetime | None]) -> None:
    with store.transaction():
        store.put_remind_at(pairs)


def test_a_ticket_is_to_be_looked_at_until_its_next_reminder_is_known_and_from_that_moment_on(
    store: Store,
) -> None:
    put(store, ticket())
    assert store.tickets_to_remind(NOON) == [ticket()]
    put_remind_at(store, (ticket(), NOON + _HOUR))
    assert store.tickets_to_remind(NOON + _HOUR - timedelta(seconds=1)) == []
    assert store.tickets_to_remind(NOON + _HOUR) == [ticket()]
    put_remind_at(store, (ticket(), None))
    assert store.tickets_to_remind(datetime(2100, 1, 1, tzinfo=UTC)) == []
    assert store.ticket("59088842") == ticket()


def test_those_pending_or_returned_are_to_be_looked_at_by_deadline(many: tuple[Store, list[Ticket]]) -> None:
    store, tickets = many
    expected = [one for one in tickets if one.status is Status.PENDING or one.returned_at is not None]
    expected.sort(key=lambda one: (one.deadline_at, one.kind is not Kind.CRC, one.id))
    assert store.tickets_to_remind(NOON) == expected


@pytest.mark.parametrize("moment", [NOON + _HOUR, None])
def test_a_ticket_that_was_written_again_is_to_be_looked_at_again(
    store: Store, moment: datetime | None
) -> None:
    put(store, ticket())
    put_remind_at(store, (ticket(), moment))
    put(store, ticket())
    assert store.tickets_to_remind(NOON) == [ticket()]


@pytest.mark.parametrize(
    "change",
    [
        {"deadline_at": NOON + 5 * _HOUR},
        {"deadline_at": NOON + 3 * _HOUR},
        {"status": Status.REPLIED, "returned_at": NOON},
        {"returned_at": NOON},
        {"rejected_at": NOON},
        {"shop": "jd5"},
        {"order_id": None},
        {"content": "改了"},
    ],
)
def test_a_ticket_that_changed_while_its_next_reminder_was_worked_out_is_to_be_looked_at_again(
    store: Store, change: dict[str, object]
) -> None:
    changed = replace(ticket(), **change)
    put(store, changed, ticket("7000001"))
    put_remind_at(store, (ticket(), NOON + _HOUR), (ticket("7000001"), NOON + _HOUR))
    assert store.tickets_to_remind(NOON) == [changed]


def test_tickets_with_gaps_can_be_put_off_too(store: Store) -> None:
    returned = ticket(status=Status.REPLIED, order_id=None, replied_at=NOON, returned_at=NOON)
    put(store, returned)
    put_remind_at(store, (returned, NOON + _HOUR))
    assert store.tickets_to_remind(NOON) == []
    assert store.tickets_to_remind(NOON + _HOUR) == [returned]


def test_when_the_rules_change_all_open_tickets_are_to_be_looked_at(store: Store) -> None:
    held = [ticket("1000001"), ticket("1000002"), ticket("1000003", status=Status.CLOSED)]
    put(store, *held)
    put_remind_at(store, *zip(held, (NOON + _HOUR, None, NOON + _HOUR), strict=True))
    with store.transaction():
        store.forget_remind_at()
    assert ids(store.tickets_to_remind(NOON)) == ["1000001", "1000002"]
    put(store, replace(held[2], status=Status.PENDING))
    assert ids(store.tickets_to_remind(NOON)) == ["1000001", "1000002", "1000003"]


# The ledger

_CLAIM = timedelta(minutes=3)
_SECOND = timedelta(seconds=1)


def claim(store: Store, *wanted: Reminder, now: datetime = NOON) -> list[Reminder]:
    with store.transaction():
        return store.claim(wanted, now, now + _CLAIM)


def settle(store: Store, *settled: Reminder) -> None:
    with store.transaction():
        store.settle(settled)


def release(store: Store, *released: Reminder) -> None:
    with store.transaction():
        store.release(released)


@pytest.fixture
def ledger(store: Store) -> Store:
    """A store with a ticket and an outage to remind of."""
    put(store, ticket(), ticket("7000001"))
    with store.transaction():
        store.add_outage(outage())
        store.add_outage(outage())
    return store


def test_a_claim_is_in_the_ledger_before_anything_is_sent(ledger: Store) -> None:
    wanted = reminder(state=ReminderState.SENT, sent_at=NOON, answer="ok", attempts=7, id=77, refused=True)
    [claimed] = claim(ledger, wanted)
    assert claimed == reminder(claim_expires_at=NOON + _CLAIM, attempts=1, id=claimed.id)
    assert ledger.reminders() == [claimed]


def test_reminders_of_every_rule_come_back_as_they_went_in(ledger: Store) -> None:
    wanted = [reminder(rule=rule, step=rule.value, due_at=NOON + _HOUR) for rule in ReminderRule]
    wanted.append(reminder(step="outage_contact:2", ticket_id=None, outage_id=2, deadline_at=None))
    wanted.append(reminder(step="opening:2026-11-24", ticket_id=None, deadline_at=None))
    claimed = claim(ledger, *wanted)
    assert [replace(one, claim_expires_at=NOON, attempts=0, id=0) for one in claimed] == wanted
    assert ledger.reminders() == claimed[::-1]


def test_claims_come_back_in_the_order_wanted(ledger: Store) -> None:
    steps = [f"before:{n * 7 % 40}" for n in range(40)]
    claim(ledger, *(reminder(step=step) for step in sorted(steps)))
    again = claim(ledger, *(reminder(step=step) for step in steps), now=NOON + _CLAIM)
    assert [one.step for one in again] == steps


_NAMES: list[dict[str, object]] = [
    {},
    {"ticket_id": "7000001"},
    {"ticket_id": None},
    {"ticket_id": None, "outage_id": 1},
    {"ticket_id": None, "outage_id": 2},
    {"deadline_at": NOON + 5 * _HOUR},
    {"deadline_at": None},
    {"ticket_id": None, "deadline_at": None},
    {"ticket_id": None, "outage_id": 1, "deadline_at": None},
    {"step": "before:600"},
    {"channel": "老板"},
]


def test_ticket_outage_deadline_step_and_channel_name_a_reminder(ledger: Store) -> None:
    wanted = [reminder(**name) for name in _NAMES]
    assert len(claim(ledger, *wanted)) == len(_NAMES)
    assert claim(ledger, *wanted) == []
    assert claim(ledger, reminder(due_at=NOON + _HOUR, rule=ReminderRule.OVERDUE)) == []
    assert len(ledger.reminders()) == len(_NAMES)


def test_a_reminder_wanted_twice_at_once_is_claimed_once(ledger: Store) -> None:
    assert len(claim(ledger, reminder(), reminder())) == 1


def test_a_claim_holds_until_it_ends(ledger: Store) -> None:
    [first] = claim(ledger, reminder())
    assert claim(ledger, reminder(), now=NOON + _CLAIM - _SECOND) == []
    [second] = claim(ledger, reminder(), now=NOON + _CLAIM)
    assert second == replace(first, claimed_at=NOON + _CLAIM, claim_expires_at=NOON + 2 * _CLAIM, attempts=2)
    assert ledger.reminders() == [second]


def test_a_claim_made_before_the_clock_was_put_back_blocks_no_longer_than_any_other(ledger: Store) -> None:
    [first] = claim(ledger, reminder())
    for early in (_SECOND, _CLAIM):
        assert claim(ledger, reminder(), now=NOON - early) == []
    [again] = claim(ledger, reminder(), now=NOON - _CLAIM - _SECOND)
    assert (again.id, again.attempts) == (first.id, 2)


def test_a_failed_reminder_can_be_claimed_at_once_and_starts_afresh(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    settle(ledger, failed(claimed, refused=True))
    [again] = claim(ledger, reminder())
    assert again == replace(claimed, attempts=2)


def test_a_sent_reminder_is_never_claimed_again(ledger: Store) -> None:
    settle(ledger, *map(sent, claim(ledger, reminder())))
    for now in (NOON - 24 * _HOUR, NOON, NOON + 1000 * _HOUR):
        assert claim(ledger, reminder(), now=now) == []


def test_what_became_of_a_reminder_is_in_the_ledger(ledger: Store) -> None:
    one, other, third = claim(ledger, *(reminder(step=step) for step in "abc"))
    settled = [
        sent(one, sent_at=NOON + _SECOND, answer='{"errcode":0}'),
        failed(other, answer="keywords not in content", refused=True),
        failed(third),
    ]
    settle(ledger, *settled)
    assert ledger.reminders() == settled[::-1]


@pytest.mark.parametrize("outcome", [sent, failed])
@pytest.mark.parametrize("settled_first", [False, True])
def test_whoever_lost_a_claim_does_not_settle_it(
    ledger: Store, outcome: Callable[[Reminder], Reminder], settled_first: bool
) -> None:
    [lost] = claim(ledger, reminder())
    if settled_first:
        settle(ledger, failed(lost))
    [held] = claim(ledger, reminder(), now=NOON + _CLAIM)
    settle(ledger, outcome(lost))
    release(ledger, lost)
    assert ledger.reminders() == [held]
    assert bool(ledger.ledger_trouble()) == settled_first


def test_whoever_lost_a_claim_does_not_settle_it_when_the_next_holder_has_given_it_back(
    ledger: Store,
) -> None:
    [lost] = claim(ledger, reminder())
    [between] = claim(ledger, reminder(), now=NOON + _CLAIM)
    release(ledger, between)
    settle(ledger, failed(lost))
    assert [one.state for one in ledger.reminders()] == [ReminderState.CLAIMED]


def test_two_claims_of_one_second_are_told_apart(ledger: Store) -> None:
    [lost] = claim(ledger, reminder())
    settle(ledger, failed(lost))
    [held] = claim(ledger, reminder())
    settle(ledger, sent(lost))
    assert ledger.reminders() == [held]


@pytest.mark.parametrize("first", [sent, failed])
@pytest.mark.parametrize("second", [sent, failed])
def test_what_is_settled_stays_settled(
    ledger: Store, first: Callable[[Reminder], Reminder], second: Callable[..., Reminder]
) -> None:
    [claimed] = claim(ledger, reminder())
    settle(ledger, first(claimed))
    trouble = ledger.ledger_trouble()
    settle(ledger, second(claimed, answer="later"))
    release(ledger, claimed)
    assert ledger.reminders() == [first(claimed)]
    assert ledger.ledger_trouble() == trouble


def test_a_claim_that_was_given_back_can_be_taken_at_once_and_counts_no_attempt(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    release(ledger, claimed)
    assert ledger.reminders() == [replace(claimed, claim_expires_at=NOON, attempts=0)]
    assert claim(ledger, reminder()) == [claimed]
    assert ledger.ledger_trouble() == []


def test_a_claim_of_a_step_that_failed_never_was(ledger: Store) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction():
        ledger.claim([reminder()], NOON, NOON + _CLAIM)
        raise ZeroDivisionError
    assert ledger.reminders() == []


def test_the_ledger_is_read_newest_first_by_ticket_by_step_by_failure(ledger: Store) -> None:
    names = [(ticket_id, step) for step in "abc" for ticket_id in ("59088842", "7000001")]
    claimed = claim(ledger, *(reminder(ticket_id=ticket_id, step=step) for ticket_id, step in names))
    settle(ledger, sent(claimed[1]), failed(claimed[2]), failed(claimed[5]))

    def read(**chosen: Any) -> list[tuple[str | None, str]]:
        return [(one.ticket_id, one.step) for one in ledger.reminders(**chosen)]

    assert read() == names[::-1]
    assert read(limit=2) == names[:3:-1]
    assert read(ticket_id="59088842") == names[4::-2]
    assert read(step="b") == [names[3], names[2]]
    assert read(failed_only=True) == [names[5], names[2]]
    assert read(failed_only=True, ticket_id="7000001") == [names[5]]
    assert read(failed_only=True, step="b", ticket_id="59088842", limit=5) == [names[2]]
    assert read(ticket_id="9999999") == read(step="") == read(limit=0) == []


def test_reminders_are_found_by_how_their_step_begins(ledger: Store) -> None:
    shops = [
        "jd3",
        "jd31",
        "jd",
        "JD3",
        "j_3",
        "jd3:",
        "jd%",
        "*",
        "京东3店",
        "京东31店",
        "京东3",
        "",
        "\U0001f600",
    ]
    since = "2026-11-23T04:00:00Z"
    steps = [f"source:{shop}:{since}:{times}" for times in range(2) for shop in shops]
    steps += [f"source_back:jd3:{since}", "source:", "source", "sourcf", "before:1800"]
    claim(ledger, *(reminder(step=step) for step in steps))
    beginnings = [f"source:{shop}:{since}:" for shop in shops] + [f"source:{shop}:" for shop in shops]
    for begins in [*beginnings, *steps, "", "s", "source", "source:", "source:jd3", "source:京", "x"]:
        found = [one.step for one in ledger.reminders(step_begins=begins)]
        assert found == [step for step in steps[::-1] if step.startswith(begins)], begins


def test_how_a_step_begins_narrows_the_choice_like_everything_else(ledger: Store) -> None:
    names = [(ticket_id, step) for step in ("a:1", "a:2", "b:1") for ticket_id in ("59088842", "7000001")]
    claimed = claim(ledger, *(reminder(ticket_id=ticket_id, step=step) for ticket_id, step in names))
    settle(ledger, failed(claimed[1]), failed(claimed[3]), failed(claimed[5]), sent(claimed[2]))

    def read(**chosen: Any) -> list[int]:
        return [names.index((one.ticket_id, one.step)) for one in ledger.reminders(**chosen)]

    assert read(step_begins="a:") == [3, 2, 1, 0]
    assert read(step_begins="a:", limit=3) == [3, 2, 1]
    assert read(step_begins="a:", ticket_id="59088842") == [2, 0]
    assert read(step_begins="a:", failed_only=True) == [3, 1]
    assert read(step_begins="a:", step="a:1") == [1, 0]
    assert read(step_begins="a:", step="b:1") == []


# Channels that fail


def try_to_send(store: Store, minute: int, outcome: Callable[..., Reminder], **fields: Any) -> None:
    at = NOON + timedelta(minutes=minute)
    channel = fields.pop("channel", "值班群")
    claimed = claim(store, reminder(step=f"before:{minute}", channel=channel), now=at)
    settle(store, *(outcome(one, **fields) for one in claimed))


def test_a_channel_is_in_trouble_from_its_first_failure_until_it_works_again(ledger: Store) -> None:
    assert ledger.ledger_trouble() == []
    try_to_send(ledger, 0, sent)
    try_to_send(ledger, 1, failed)
    try_to_send(ledger, 2, failed, answer="invalid key", refused=True)
    trouble = ChannelTrouble("值班群", NOON + timedelta(minutes=1), "invalid key", refused=True)
    assert ledger.ledger_trouble() == [trouble]
    claim(ledger, reminder(step="before:1"), now=NOON + timedelta(minutes=3))
    assert ledger.ledger_trouble() == [trouble]
    try_to_send(ledger, 4, sent)
    assert ledger.ledger_trouble() == []
    try_to_send(ledger, 5, failed)
    assert ledger.ledger_trouble() == [
        ChannelTrouble("值班群", NOON + timedelta(minutes=5), "HTTP 500", refused=False)
    ]


def test_each_channel_has_its_own_trouble(ledger: Store) -> None:
    try_to_send(ledger, 0, failed, channel="b")
    try_to_send(ledger, 0, failed, channel="a")
    try_to_send(ledger, 1, sent, channel="c")
    assert [one.channel for one in ledger.ledger_trouble()] == ["a", "b"]
    try_to_send(ledger, 2, sent, channel="a")
    assert [one.channel for one in ledger.ledger_trouble()] == ["b"]


@pytest.mark.parametrize(("first", "last", "troubles"), [(sent, failed, 1), (failed, sent, 0)])
def test_of_outcomes_settled_together_the_last_one_tells(
    ledger: Store, first: Callable[[Reminder], Reminder], last: Callable[[Reminder], Reminder], troubles: int
) -> None:
    one, other = claim(ledger, reminder(step="a"), reminder(step="b"))
    settle(ledger, first(other), last(one))
    assert len(ledger.ledger_trouble()) == troubles


def test_a_clock_that_was_put_back_hides_neither_trouble_nor_its_end(ledger: Store) -> None:
    try_to_send(ledger, 60, failed)
    try_to_send(ledger, 0, sent)
    assert ledger.ledger_trouble() == []
    try_to_send(ledger, -60, failed)
    assert len(ledger.ledger_trouble()) == 1


# The pulling of work orders


def put_source(store: Store, *sources: SourceState) -> None:
    with store.transaction():
        for one in sources:
            store.put_source(one)


_FAILING = source(
    good_at=NOON,
    read_until=NOON + timedelta(seconds=1),
    swept_at=NOON + timedelta(seconds=2),
    busy_until=NOON + timedelta(seconds=3),
    failing_since=NOON + timedelta(seconds=4),
    trouble=Trouble.REFUSED,
    code="19",
    words="无效access_token \0 😀",
    failed_since=NOON + timedelta(seconds=5),
    back_at=NOON + timedelta(seconds=6),
)


def test_how_the_pulling_goes_comes_back_as_it_went_in(store: Store) -> None:
    assert store.source("jd3") is None
    assert store.sources() == []
    put_source(store, _FAILING, source("jd5"))
    assert store.source("jd3") == _FAILING
    assert store.source("jd5") == SourceState("jd5")
    assert store.source("jd") is None
    assert store.sources() == [_FAILING, SourceState("jd5")]


def test_every_trouble_of_the_pulling_can_be_kept(store: Store) -> None:
    troubles = [source(trouble.value, failing_since=NOON, trouble=trouble) for trouble in Trouble]
    put_source(store, *troubles)
    assert [store.source(one.shop) for one in troubles] == troubles


def test_how_the_pulling_goes_is_what_was_put_last(store: Store) -> None:
    other = replace(_FAILING, shop="jd31")
    put_source(store, other)
    for one in (_FAILING, source(), _FAILING, source(good_at=NOON, back_at=NOON)):
        put_source(store, one)
        assert store.sources() == [one, other]


def test_shops_are_told_of_by_their_code(store: Store) -> None:
    shops = ["jd5", "", "京东3店", "jd31", "jd3"]
    put_source(store, *(source(shop) for shop in shops))
    assert [one.shop for one in store.sources()] == sorted(shops)


def test_how_the_pulling_goes_in_a_step_that_failed_never_was(store: Store) -> None:
    put_source(store, source())
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put_source(_FAILING)
        store.put_source(source("jd5"))
        raise ZeroDivisionError
    assert store.sources() == [source()]


# Facts


def test_a_fact_is_what_was_put_last(opener: Opener, store: Store, tmp_path: Path) -> None:
    assert store.fact("rules") is None
    for value in ("1", "", "京东 \0 😀"):
        with store.transaction():
            store.put_fact("rules", value)
            store.put_fact("heartbeat", "x")
        assert store.fact("rules") == value
    with closing(opener(tmp_path)) as other:
        assert (other.fact("rules"), other.fact("heartbeat")) == ("京东 \0 😀", "x")


# The store itself


def test_a_backup_taken_while_another_writes_holds_all_that_was_finished(
    opener: Opener, store: Store, tmp_path: Path
) -> None:
    put(store, ticket())
    tell(store, "59088842", "催单")
    with closing(opener(tmp_path)) as writer, writer.transaction():
        writer.put_tickets([ticket("7000001")])
        store.backup(tmp_path / "backup.db")
    restored = tmp_path / "restored"
    restored.mkdir()
    (tmp_path / "backup.db").rename(restored / "jdticket.db")
    with closing(opener(restored)) as copy:
        assert list(copy.tickets(TicketQuery())) == [ticket()]
        assert found(copy, "催单") == {"59088842"}
        assert all(finding.ok for finding in copy.check())


def test_a_backup_never_overwrites(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(RefusedError, match=r"backup\.db"):
        store.backup(target)
    assert target.read_text() == "precious"


def test_a_sound_store_has_nothing_to_complain_of(store: Store) -> None:
    put(store, ticket())
    findings = {finding.name: finding.ok for finding in store.check()}
    assert findings == dict.fromkeys(findings, True)
    assert {"integrity", "foreign_keys", "schema"} <= findings.keys()
