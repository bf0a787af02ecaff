"""What the tests of the contract share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from jdticket.domain.replies import Delivery, Reply
from jdticket.domain.tickets import Kind, Status, Ticket, TicketQuery
from jdticket.store.interface import Store
from tests.store.making import NOON, event, ticket

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
        )
        for _ in range(300)
    ]


def chosen_by_hand(query: TicketQuery, tickets: list[Ticket]) -> list[Ticket]:
    """What a store has to answer, its limit left aside."""

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
