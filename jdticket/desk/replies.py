"""Replies: recorded, judged, measured against the deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jdticket import clock
from jdticket.desk.finding import find, must_allow
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.moves import BY_A_PERSON, Move, stepped
from jdticket.domain.replies import (
    REPLY_MAX_BYTES,
    Delivery,
    DeliveryState,
    Fault,
    Reply,
    ReplyRules,
    fault,
    size,
)
from jdticket.domain.taking import reply_event
from jdticket.domain.tickets import Status, Ticket, TicketQuery
from jdticket.domain.urgency import time_left
from jdticket.errors import RefusedError, UsageError
from jdticket.i18n import _, ngettext
from jdticket.store.interface import Store


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a reply."""

    reply: Reply
    margin: timedelta | None
    """Service time between the reply and the deadline; never negative; None: the hours do not know."""
    next: Ticket | None
    """The most urgent of the other tickets that wait."""
    next_undelivered: bool
    """A reply to that one is not known to have arrived on the platform."""
    repeated: bool
    """The ticket had been replied to before."""
    before: Reply | None
    """The reply that was given last before this one, if its text is known."""


class Replies:
    """Records replies. ``rules`` say what makes one effective."""

    def __init__(
        self, store: Store, policy: DeadlinePolicy, now: Callable[[], datetime], rules: ReplyRules
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._rules = rules

    def reply(
        self, number: str, text: str, *, at: datetime | None, by: str, force: bool, send: bool = False
    ) -> Answered:
        """Record a reply that was given at ``at`` (None: now); ``send``: it is to reach the platform.

        Raises ``RefusedError`` for a reply that is not effective (unless ``force``) or a state that
        takes none, ``UsageError`` for a time that cannot be.
        """
        text = text.strip()
        why_not = self.not_effective(text)
        if why_not and not force:
            raise RefusedError(_("{why} --force records it all the same.").format(why=why_not))
        with self._store.transaction():
            ticket = find(self._store, number, self._now(), self._policy.hours.zone)
            now = self._now()
            given_at = at or now
            must_allow(ticket, BY_A_PERSON[Move.REPLY], _("take a reply"))
            if given_at > now:
                raise UsageError(_("The reply cannot have been given in the future."))
            if given_at < ticket.created_at:
                raise UsageError(
                    _("The reply cannot have been given before the ticket was created ({created}).").format(
                        created=clock.moment_in_words(ticket.created_at, now, self._policy.hours.zone)
                    )
                )
            earlier = self._store.replies(ticket.id)
            reply = self._store.add_reply(
                Reply(
                    ticket_id=ticket.id,
                    text=text,
                    at=given_at,
                    recorded_at=now,
                    by=by,
                    deadline_at=ticket.deadline_at,
                    forced=bool(why_not),
                )
            )
            self._store.put_tickets(
                [
                    replace(
                        stepped(ticket, Move.REPLY, now),
                        replied_at=max(given_at, ticket.replied_at or given_at),
                    )
                ]
            )
            self._store.append([reply_event(reply, now, from_platform=False)])
            if send:
                self._store.put_delivery(Delivery(reply.id, ticket.id, DeliveryState.UNSENT))
        left = time_left(ticket, given_at, self._policy.hours)
        following = self._next(ticket, now)
        return Answered(
            reply=reply,
            margin=None if left is None else abs(left),
            next=following,
            next_undelivered=following is not None and bool(self._store.undelivered(ticket_id=following.id)),
            repeated=ticket.replied_at is not None or ticket.status is Status.REPLIED,
            before=earlier[-1] if earlier else None,
        )

    def _next(self, answered: Ticket, now: datetime) -> Ticket | None:
        """The first by urgency that waits, but for the one that was answered just now."""
        for query in (
            TicketQuery(waits=True, due_from=now, limit=2),
            TicketQuery(waits=True, overdue_at=now, limit=2),
        ):
            for ticket in self._store.tickets(query):
                if ticket.id != answered.id:
                    return ticket
        return None

    def not_effective(self, text: str) -> str:
        """Why this reply would not count as effective, as a sentence; empty: it would."""
        match fault(text, self._rules):
            case None:
                return ""
            case Fault.EMPTY:
                return _("The reply is empty.")
            case Fault.SAYS_NOTHING:
                return _("“{text}” says nothing to the customer; JD asks for an effective reply.").format(
                    text=text[:40]
                )
            case Fault.TOO_SHORT:
                n = len("".join(text.split()))
                return ngettext(
                    "The reply has {n} character; an effective one has at least {least}.",
                    "The reply has {n} characters; an effective one has at least {least}.",
                    n,
                ).format(n=n, least=self._rules.min_length)
            case Fault.TOO_LONG:
                return _(
                    "The reply has {size} bytes; the platform takes at most {most} (500 Chinese characters)."
                ).format(size=size(text), most=REPLY_MAX_BYTES)
