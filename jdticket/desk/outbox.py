"""Which replies have to reach the platform, and which have. ``pushing.py`` sends them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jdticket.domain.replies import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jdticket.domain.replies import Delivery, Reply
    from jdticket.domain.tickets import Ticket
    from jdticket.store.interface import Store


class Outbox:
    """Replies and what became of them on the platform, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def unsent(self, shop: str | None = None) -> list[tuple[Reply, Delivery]]:
        """The replies that are to reach the platform and have not, oldest first."""
        return self._store.undelivered(shop=shop)

    def latest(self, limit: int, shop: str | None = None) -> list[tuple[Reply, Delivery | None]]:
        """The replies given last, the newest first; None: it was never to be sent."""
        return self._store.latest_replies(limit, shop)

    def delivery(self, reply: Reply) -> Delivery | None:
        """What became of this reply; None: it was never to be sent."""
        return self._store.delivery(reply.id)


def settle_answered(
    store: Store, answered: Mapping[str, tuple[Ticket, datetime]], now: datetime, by: str
) -> list[str]:
    """Let go of replies that are still to reach the platform, to tickets that it counts as replied.

    ``answered`` has each such ticket with the moment at which that was seen: replies recorded before it need
    not be sent any more, or have arrived after all. One that is on its way now is left to whoever sends it.
    Returns the numbers of the tickets whose reply surely never reached it. Called inside a transaction.
    """
    never: list[str] = []
    if not answered:
        return never
    from jdticket.domain.events import DeliveryArrived, Event

    for reply, delivery in store.undelivered():
        ticket, seen_at = answered.get(reply.ticket_id, (None, now))
        busy = delivery.busy_until is not None and delivery.busy_until > now
        if ticket is None or busy or reply.recorded_at >= seen_at:
            continue
        unsent = delivery.state is DeliveryState.UNSENT
        store.put_delivery(
            replace(delivery, state=DeliveryState.ARRIVED, busy_until=None, answer="", trouble=None, code="")
        )
        told = DeliveryArrived(
            reply=reply.id,
            state=DeliveryState.ARRIVED,
            answer="",
            trouble=None,
            code="",
            already=unsent,
            shop=ticket.shop,
        )
        store.append([Event(now, told, ticket.id, by=by)])
        if unsent:
            never.append(ticket.id)
    return never
