"""The desk: one door to each family of verbs, over one store.

It is handed its store, its deadline policy and its clock. Each verb that changes something is one
transaction: the new state and the event that tells of it, together. Nothing here prints. A family is
imported when it is first used, since most commands use one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jdticket.desk.looking import Looking
    from jdticket.desk.outages import Outages
    from jdticket.desk.outbox import Outbox
    from jdticket.desk.reconciling import Reconciling
    from jdticket.desk.replies import Replies
    from jdticket.desk.taking_in import TakingIn
    from jdticket.desk.tickets import Tickets
    from jdticket.desk.upkeep import Upkeep
    from jdticket.domain.deadlines import DeadlinePolicy
    from jdticket.domain.replies import ReplyRules
    from jdticket.domain.tickets import PlatformState
    from jdticket.store.interface import Store


class Desk:
    """The use cases, by family.

    ``now`` gives the present as an aware datetime, ``reply_rules`` what makes a reply effective;
    ``shop_code``, ``default_shop`` and ``taught`` are those of :class:`~jdticket.desk.taking_in.TakingIn`.
    """

    def __init__(
        self,
        store: Store,
        policy: DeadlinePolicy,
        now: Callable[[], datetime],
        *,
        reply_rules: Callable[[], ReplyRules],
        shop_code: Callable[[str], str],
        default_shop: str | None,
        taught: Callable[[], Mapping[str, PlatformState]],
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._reply_rules = reply_rules
        self._shop_code = shop_code
        self._default_shop = default_shop
        self._taught = taught

    @cached_property
    def looking(self) -> Looking:
        """What it looks like."""
        from jdticket.desk.looking import Looking

        return Looking(self._store, self._policy, self._now)

    @cached_property
    def taking_in(self) -> TakingIn:
        """How tickets come in."""
        from jdticket.desk.taking_in import TakingIn

        return TakingIn(
            self._store,
            self._policy,
            self._now,
            shop_code=self._shop_code,
            default_shop=self._default_shop,
            taught=self._taught(),
        )

    @cached_property
    def reconciling(self) -> Reconciling:
        """What a complete take-in does not hold any more."""
        from jdticket.desk.reconciling import Reconciling

        return Reconciling(self._store, self._now)

    @cached_property
    def replies(self) -> Replies:
        """Recording replies."""
        from jdticket.desk.replies import Replies

        return Replies(self._store, self._policy, self._now, self._reply_rules())

    @cached_property
    def outbox(self) -> Outbox:
        """Which replies have reached the platform."""
        from jdticket.desk.outbox import Outbox

        return Outbox(self._store)

    @cached_property
    def tickets(self) -> Tickets:
        """What else is done with one ticket."""
        from jdticket.desk.tickets import Tickets

        return Tickets(self._store, self._now, self._policy.hours.zone)

    @cached_property
    def outages(self) -> Outages:
        """Outages, contacts, grants."""
        from jdticket.desk.outages import Outages

        return Outages(self._store, self._policy, self._now)

    @cached_property
    def upkeep(self) -> Upkeep:
        """Looking after the data."""
        from jdticket.desk.upkeep import Upkeep

        return Upkeep(self._store, self._policy, self._now)
