"""What every store promises of replies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.errors import Trouble
from jdticket.store.interface import Store
from tests.store.contract.keeping import put, put_deliveries, put_replies
from tests.store.making import NOON, delivery, reply, ticket


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
        return store.counts(NOON, NOON, None if shop is None else TicketQuery(shops=(shop,))).unsent

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
        for whose in (None, TicketQuery(shops=("jd3",))):
            counts = store.counts(NOON, NOON, whose)
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
