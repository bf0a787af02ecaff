"""Pushing replies out to the platform: claimed before they are sent, settled after, never sent twice.

No network call is made while the store is locked. It prints nothing and knows no address: what speaks
to the platform is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from jdticket.domain.drafts import Draft
from jdticket.domain.events import DeliveryArrived, DeliveryFailed, DeliveryTold, Event
from jdticket.domain.histories import is_in
from jdticket.domain.moves import ENDS
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import Details, Platform
from jdticket.domain.tickets import Status, Ticket
from jdticket.errors import (
    JdticketError,
    NotFoundError,
    PlatformError,
    RefusedError,
    Trouble,
    UsageError,
)
from jdticket.i18n import _
from jdticket.store.interface import Store

_SENDING = timedelta(minutes=2)
_SUBTYPE_FACT = "subtype:"


@dataclass(frozen=True, slots=True)
class Choice:
    """The second-level business types that a reply may have, for a person to choose from."""

    ticket: Ticket
    type_name: str
    subtypes: Mapping[int, str]
    last: int | None
    """What was chosen for this reply before, else for the last one of this first-level type."""


class Arrival(Enum):
    """How a reply came to count as being on the platform."""

    SENT = auto()
    FOUND = auto()
    """The answer was lost, and the reply found in the ticket's history."""
    ALREADY = auto()
    """The ticket counted as replied before; this reply was not added."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a reply that was to be sent."""

    reply: Reply
    delivery: Delivery
    error: JdticketError | None
    """Why it is not, or may not be, on the platform."""
    how: Arrival = Arrival.SENT
    """How it got there, if there is no error."""


class Pushing:
    """Brings replies of one store to the platform; ``now`` gives the present."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def to_send(self, ticket: Ticket) -> list[tuple[Reply, Delivery]]:
        """The replies to this ticket that are to reach the platform: those that have not yet, else the
        latest one, if it was never to be sent. Raises ``RefusedError`` when there is none."""
        waiting = self._store.undelivered(ticket_id=ticket.id)
        if waiting:
            return waiting
        replies = self._store.replies(ticket.id)
        if not replies:
            raise RefusedError(_("Ticket {id} has no reply that could be sent.").format(id=ticket.id))
        if ticket.status in {Status.CLOSED, Status.VOID}:
            raise RefusedError(_("Ticket {id} is closed; nothing waits for a reply.").format(id=ticket.id))
        if self._store.delivery(replies[-1].id) is not None:
            if ticket.returned_at is not None:
                raise RefusedError(
                    _(
                        "The platform took the reply to ticket {id} and still shows it as waiting; reply "
                        "again: jdticket reply {id} --send"
                    ).format(id=ticket.id)
                )
            raise RefusedError(_("The reply to ticket {id} is on the platform already.").format(id=ticket.id))
        return [self.intend(replies[-1])]

    def intend(self, reply: Reply) -> tuple[Reply, Delivery]:
        """Keep that this reply is to reach the platform."""
        delivery = Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
        with self._store.transaction():
            self._store.put_delivery(delivery)
        return reply, delivery

    def send(
        self,
        reply: Reply,
        connect: Callable[[Ticket], Platform],
        choose: Callable[[Choice], int],
        *,
        by: str,
    ) -> Sent:
        """Bring one reply to the platform, and keep what came of it.

        ``choose`` picks the second-level business type; it may raise ``JdticketError`` when it cannot.
        One whose fate is unknown is looked up before it is sent again, and so is one whose answer is lost
        now. A reply that another process is sending is left alone.
        """
        ticket = self._store.ticket(reply.ticket_id)
        if ticket is None:
            raise NotFoundError(_("There is no ticket {id}.").format(id=reply.ticket_id))
        claimed: Delivery | None = None
        try:
            platform = connect(ticket)
            details = platform.details(ticket.id)
            type_id, subtype_id, subtype = self._types(reply, ticket, platform, details, choose)
            claimed = self._claim(reply, subtype)
            if claimed.state is DeliveryState.ARRIVED:
                return Sent(reply, claimed, None)
            # Looked at now that nobody else can be sending it, not before a person took their time.
            if claimed.state is DeliveryState.UNKNOWN and _is_there(platform, ticket, reply, claimed):
                return self._arrived(reply, claimed, "", Arrival.FOUND, by)
            verdict = platform.reply(ticket.id, reply.text, type_id, subtype_id)
        except JdticketError as error:
            return self._not_there(reply, claimed, error, connect, ticket, by)
        except BaseException:
            # A person left. The ticket still waits on the platform, and its reminders must go on.
            self._left(reply, by)
            raise
        self._remember(type_id, subtype_id)
        if verdict.there:
            how = Arrival.ALREADY if verdict.already else Arrival.SENT
            return self._arrived(reply, claimed, verdict.words, how, by)
        failed = PlatformError(
            _("The platform says that the reply failed: {words}").format(words=verdict.words or "-"),
            zh_desc=verdict.words,
        )
        # It says so itself: whatever became of an earlier try, the ticket has no reply of ours.
        return self._not_there(
            reply, replace(claimed, state=DeliveryState.UNSENT), failed, connect, ticket, by
        )

    def _left(self, reply: Reply, by: str) -> None:
        """Keep that the sending was broken off; another process that is at it goes on."""
        held = self._store.delivery(reply.id) or Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
        if held.state is DeliveryState.ARRIVED:
            return
        trouble = Trouble.UNDECIDED if held.state is DeliveryState.UNSENT else Trouble.UNREACHABLE
        self._settle(reply, replace(held, trouble=trouble), DeliveryFailed, by)

    def _types(
        self,
        reply: Reply,
        ticket: Ticket,
        platform: Platform,
        details: Details,
        choose: Callable[[Choice], int],
    ) -> tuple[int, int, str]:
        if details.type_id is None:
            raise PlatformError(
                _("The platform names no business type for ticket {id}.").format(id=ticket.id)
            )
        subtypes = platform.subtypes(details.type_id)
        if not subtypes:
            raise PlatformError(
                _("The platform names no second-level business type for {type}.").format(
                    type=details.type_name or details.type_id
                )
            )
        held = self._store.delivery(reply.id)
        # What was chosen for this reply before, else what was chosen last for another.
        tried = [number for number, name in subtypes.items() if held and name == held.subtype]
        last = self._store.fact(f"{_SUBTYPE_FACT}{details.type_id}")
        known = tried[0] if tried else int(last) if last and int(last) in subtypes else None
        chosen = choose(Choice(ticket, details.type_name, subtypes, known))
        return details.type_id, chosen, subtypes[chosen]

    def _remember(self, type_id: int, subtype_id: int) -> None:
        with self._store.transaction():
            self._store.put_fact(f"{_SUBTYPE_FACT}{type_id}", str(subtype_id))

    def _claim(self, reply: Reply, subtype: str) -> Delivery:
        """The delivery as it was, now marked as on its way; one that has arrived is returned as it is.

        Raises ``RefusedError`` when another process is sending it.
        """
        now = self._now()
        with self._store.transaction():
            held = self._store.delivery(reply.id) or Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
            if held.state is DeliveryState.ARRIVED:
                return held
            if held.busy_until is not None and now < held.busy_until <= now + _SENDING:
                raise RefusedError(
                    _("Another process is sending the reply to ticket {id}.").format(id=reply.ticket_id)
                )
            claimed = replace(
                held,
                busy_until=now + _SENDING,
                tries=held.tries + 1,
                tried_at=held.tried_at or now,
                subtype=subtype,
            )
            # Killed from here on, it may have been sent.
            self._store.put_delivery(replace(claimed, state=DeliveryState.UNKNOWN))
        return claimed

    def _arrived(self, reply: Reply, claimed: Delivery, words: str, how: Arrival, by: str) -> Sent:
        delivery = replace(
            claimed,
            state=DeliveryState.ARRIVED,
            busy_until=None,
            answer=words,
            trouble=None,
            code="",
        )
        self._settle(reply, delivery, DeliveryArrived, by, already=how is Arrival.ALREADY)
        return Sent(reply, delivery, None, how)

    def _not_there(
        self,
        reply: Reply,
        claimed: Delivery | None,
        error: JdticketError,
        connect: Callable[[Ticket], Platform],
        ticket: Ticket,
        by: str,
    ) -> Sent:
        held = claimed or self._store.delivery(reply.id)
        delivery = held or Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
        if claimed is None and delivery.busy_until is not None and self._now() < delivery.busy_until:
            # Another process has it: nothing of it is ours to write.
            return Sent(reply, delivery, error)
        lost = isinstance(error, PlatformError) and error.lost and claimed is not None
        if lost:
            found = self._look_up(reply, delivery, connect, ticket)
            if found:
                return self._arrived(reply, delivery, "", Arrival.FOUND, by)
        # An earlier try whose fate is unknown stays so, whatever became of this one.
        state = DeliveryState.UNKNOWN if lost else delivery.state
        said = error if isinstance(error, PlatformError) else None
        undecided = Trouble.UNDECIDED if isinstance(error, UsageError) else Trouble.SETTINGS
        delivery = replace(
            delivery,
            state=state,
            busy_until=None,
            answer=said.zh_desc if said else "",
            trouble=said.trouble if said else undecided,
            code=said.code if said else "",
        )
        self._settle(reply, delivery, DeliveryFailed, by)
        return Sent(reply, delivery, error)

    @staticmethod
    def _look_up(
        reply: Reply, delivery: Delivery, connect: Callable[[Ticket], Platform], ticket: Ticket
    ) -> bool:
        try:
            return _is_there(connect(ticket), ticket, reply, delivery)
        except PlatformError:
            return False

    def _settle(
        self, reply: Reply, delivery: Delivery, kind: type[DeliveryTold], by: str, *, already: bool = False
    ) -> None:
        now = self._now()
        with self._store.transaction():
            ticket = self._mark(reply.ticket_id, there=delivery.state is DeliveryState.ARRIVED)
            self._store.put_delivery(delivery)
            told = kind(
                reply=reply.id,
                state=delivery.state,
                answer=delivery.answer,
                trouble=delivery.trouble,
                code=delivery.code,
                already=already,
                shop=ticket.shop if ticket is not None else "",
            )
            self._store.append([Event(now, told, reply.ticket_id, by=by)])

    def _mark(self, ticket_id: str, *, there: bool) -> Ticket | None:
        """Keep with the ticket whether its reply is on the platform. Called inside a transaction."""
        ticket = self._store.ticket(ticket_id)
        if ticket is not None and ticket.status is Status.REPLIED:
            returned_at = None if there else ticket.returned_at or self._now()
            # What the platform said of it before the reply is not so any more.
            words = "" if there else ticket.platform_status
            if (returned_at, words) != (ticket.returned_at, ticket.platform_status):
                changed = replace(ticket, returned_at=returned_at, platform_status=words)
                self._store.put_tickets([changed])
        return ticket


def _is_there(platform: Platform, ticket: Ticket, reply: Reply, delivery: Delivery) -> bool:
    """Whether the platform has this reply: its history holds it, or its state says that it was replied to.
    Raises ``PlatformError``."""
    if is_in(platform.details(ticket.id).log, reply.text, delivery.tried_at):
        return True
    if ticket.order_id is None:
        return False
    states = {
        item.platform_state
        for item in platform.of_order(ticket.order_id)
        if isinstance(item, Draft) and item.id == ticket.id
    }
    return not states.isdisjoint(ENDS)
