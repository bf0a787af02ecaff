"""What the tests of the contract share."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.tickets import Kind, Status, Ticket, TicketQuery
from jdticket.domain.urgency import waits
from jdticket.store.interface import Store
from tests.store.making import NOON, delivery, event, reply, ticket

Opener = Callable[[Path], Store]
STEP = timedelta(minutes=10)


def put(store: Store, *tickets: Ticket) -> None:
    with store.transaction():
        store.put_tickets(tickets)


def ids(tickets: list[Ticket] | Iterator[Ticket]) -> list[str]:
    return [one.id for one in tickets]


def many_tickets() -> list[Ticket]:
    """Tickets of every kind and state; some share their moments, some their numbers."""
    chance = random.Random(3)  # noqa: S311
    return [
        ticket(
            str(5_000_000 + chance.randrange(4_000_000)),
            shop=chance.choice(["", "jd3", "jd5"]),
            kind=chance.choice(list(Kind)),
            status=chance.choice([Status.PENDING, *Status]),
            created_at=NOON + chance.randrange(20) * STEP,
            deadline_at=NOON + chance.randrange(20) * STEP,
            assignee=chance.choice(["", "小李"]),
            returned_at=chance.choice([None, None, NOON]),
            missing_at=chance.choice([None, None, NOON]),
        )
        for _ in range(300)
    ]


def put_many(store: Store) -> tuple[list[Ticket], set[str]]:
    """Put :func:`many_tickets`, some with replies to be sent; returns them, and the numbers of those with one
    that has not arrived."""
    tickets = list({one.id: one for one in many_tickets()}.values())
    put(store, *tickets)
    chance, undelivered = random.Random(4), set()  # noqa: S311
    for one in chance.sample(tickets, 120):
        for held in put_replies(store, *[reply(ticket_id=one.id)] * chance.choice([1, 1, 2])):
            state = chance.choice(list(DeliveryState))
            put_deliveries(store, delivery(held.id, ticket_id=one.id, state=state))
            if state is not DeliveryState.ARRIVED:
                undelivered.add(one.id)
    return tickets, undelivered


def chosen_by_hand(
    query: TicketQuery, tickets: list[Ticket], undelivered: Collection[str] = ()
) -> list[Ticket]:
    """What a store has to answer, its limit left aside; ``undelivered``: with a reply that is not there."""

    def fits(one: Ticket) -> bool:
        waiting = waits(one, one.id in undelivered)
        everything = not query.statuses and not query.waits
        return (
            (everything or one.status in query.statuses or (query.waits and waiting))
            and (query.overdue_at is None or (waiting and one.deadline_at < query.overdue_at))
            and (query.due_from is None or (waiting and one.deadline_at >= query.due_from))
            and (query.due_until is None or (waiting and one.deadline_at <= query.due_until))
            # What was put can be read.
            and not query.unreadable
            and (not query.missing or (waiting and one.missing_at is not None))
            and (not query.shops or one.shop in query.shops)
            and (not query.kinds or one.kind in query.kinds)
            and (query.assignee is None or one.assignee == query.assignee)
            and (query.created_from is None or one.created_at >= query.created_from)
            and (query.created_before is None or one.created_at < query.created_before)
            and (not query.returned or one.returned_at is not None)
        )

    fitting = [one for one in tickets if fits(one)]
    waiting = [one for one in fitting if waits(one, one.id in undelivered)]
    rest = [one for one in fitting if not waits(one, one.id in undelivered)]
    waiting.sort(key=lambda one: (one.deadline_at, one.kind is not Kind.CRC, one.id))
    rest.sort(key=lambda one: one.id)
    rest.sort(key=lambda one: one.created_at, reverse=True)
    return waiting + rest


def tell(store: Store, ticket_id: str, *texts: str) -> None:
    with store.transaction():
        if store.ticket(ticket_id) is None:
            store.put_tickets([ticket(ticket_id)])
        store.append(event(text, ticket_id=ticket_id) for text in texts)


def found(store: Store, *words: str) -> set[str]:
    return set(ids(store.search(words, 1000)[0]))


def put_replies(store: Store, *replies: Reply) -> list[Reply]:
    with store.transaction():
        return [store.add_reply(one) for one in replies]


def put_deliveries(store: Store, *deliveries: Delivery) -> None:
    with store.transaction():
        for one in deliveries:
            store.put_delivery(one)


def to_remind(store: Store, now: datetime) -> list[Ticket]:
    """The tickets to look at, in the order in which the store names them."""
    numbers = store.numbers_to_remind(now)
    held = store.tickets_by_id(numbers)
    return [held[number] for number in numbers]
