"""Which replies have to reach the platform, and which have: a look at them. ``platform.py`` sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jdticket.domain.replies import Delivery, Reply
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
