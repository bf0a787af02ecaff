"""What every store promises of when to look at a ticket again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Status, Ticket
from jdticket.domain.urgency import urgency, waits
from jdticket.store.interface import Store
from tests.store.contract.keeping import put, put_deliveries, put_replies, to_remind
from tests.store.making import NOON, delivery, reply, ticket

_HOUR = timedelta(hours=1)


def put_remind_at(store: Store, *pairs: tuple[Ticket, datetime | None]) -> None:
    with store.transaction():
        store.put_remind_at(pairs)


def test_a_ticket_is_to_be_looked_at_until_its_next_reminder_is_known_and_from_that_moment_on(
    store: Store,
) -> None:
    put(store, ticket())
    assert to_remind(store, NOON) == [ticket()]
    put_remind_at(store, (ticket(), NOON + _HOUR))
    assert to_remind(store, NOON + _HOUR - timedelta(seconds=1)) == []
    assert to_remind(store, NOON + _HOUR) == [ticket()]
    put_remind_at(store, (ticket(), None))
    assert to_remind(store, datetime(2100, 1, 1, tzinfo=UTC)) == []
    assert store.ticket("59088842") == ticket()


def test_those_that_wait_or_are_returned_are_to_be_looked_at_by_urgency(
    many: tuple[Store, list[Ticket], set[str]],
) -> None:
    store, tickets, undelivered = many
    expected = [one for one in tickets if waits(one, one.id in undelivered) or one.returned_at is not None]
    expected.sort(key=lambda one: urgency(one, NOON))
    assert to_remind(store, NOON) == expected


def test_a_ticket_whose_reply_has_not_arrived_is_to_be_looked_at_but_not_while_that_is_on_its_way(
    store: Store,
) -> None:
    replied = ticket(status=Status.REPLIED)
    put(store, replied)
    [held] = put_replies(store, reply())
    assert to_remind(store, NOON) == []
    put_deliveries(store, delivery(held.id))
    assert to_remind(store, NOON) == [replied]
    put_deliveries(store, delivery(held.id, state=DeliveryState.UNKNOWN, busy_until=NOON + _HOUR))
    assert to_remind(store, NOON) == []
    assert to_remind(store, NOON + _HOUR) == [replied]
    put_deliveries(store, delivery(held.id, state=DeliveryState.ARRIVED))
    assert to_remind(store, NOON + _HOUR) == []


def test_what_becomes_of_a_reply_has_its_ticket_looked_at_again(store: Store) -> None:
    replied = ticket(status=Status.REPLIED)
    put(store, replied)
    [held] = put_replies(store, reply())
    put_deliveries(store, delivery(held.id))
    put_remind_at(store, (replied, None))
    assert to_remind(store, NOON) == []
    put_deliveries(store, delivery(held.id, tries=1))
    assert to_remind(store, NOON) == [replied]
    put_remind_at(store, (replied, None))
    with store.transaction():
        store.forget_remind_at()
    assert to_remind(store, NOON) == [replied]


@pytest.mark.parametrize("moment", [NOON + _HOUR, None])
def test_a_ticket_that_was_written_again_is_to_be_looked_at_again(
    store: Store, moment: datetime | None
) -> None:
    put(store, ticket())
    put_remind_at(store, (ticket(), moment))
    put(store, ticket())
    assert to_remind(store, NOON) == [ticket()]


@pytest.mark.parametrize(
    "change",
    [
        {"deadline_at": NOON + 5 * _HOUR},
        {"deadline_at": NOON + 3 * _HOUR},
        {"status": Status.REPLIED, "returned_at": NOON},
        {"returned_at": NOON},
        {"reopened_at": NOON},
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
    assert to_remind(store, NOON) == [changed]


def test_tickets_with_gaps_can_be_put_off_too(store: Store) -> None:
    returned = ticket(status=Status.REPLIED, order_id=None, replied_at=NOON, returned_at=NOON)
    put(store, returned)
    put_remind_at(store, (returned, NOON + _HOUR))
    assert to_remind(store, NOON) == []
    assert to_remind(store, NOON + _HOUR) == [returned]


def test_when_the_rules_change_all_open_tickets_are_to_be_looked_at(store: Store) -> None:
    held = [ticket("1000001"), ticket("1000002"), ticket("1000003", status=Status.CLOSED)]
    put(store, *held)
    put_remind_at(store, *zip(held, (NOON + _HOUR, None, NOON + _HOUR), strict=True))
    with store.transaction():
        store.forget_remind_at()
    assert store.numbers_to_remind(NOON) == ["1000001", "1000002"]
    put(store, replace(held[2], status=Status.PENDING))
    assert store.numbers_to_remind(NOON) == ["1000001", "1000002", "1000003"]
