"""What every store promises of the time line, and of the search in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jdticket.domain.events import EventKind
from jdticket.domain.tickets import TicketQuery
from jdticket.store.interface import Store
from tests.store.contract.keeping import chosen_by_hand, found, many_tickets, put, tell
from tests.store.making import NOON, event, outage, ticket


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
    tickets = list({one.id: one for one in many_tickets()}.values())
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
