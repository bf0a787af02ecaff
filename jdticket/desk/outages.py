"""Outages: put on record, ended, and told to the operations manager, who may grant more time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jdticket import clock
from jdticket.desk.finding import find, must_allow
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.events import (
    DeadlineMoved,
    Event,
    ManagerContacted,
    OutageEnded,
    OutageReported,
    Why,
)
from jdticket.domain.outages import Contact, Extension, Outage, OutageReason, Outcome, Via, endangers
from jdticket.domain.tickets import DeadlineSource, Status, Ticket, TicketQuery
from jdticket.errors import NotFoundError, RefusedError, UsageError
from jdticket.i18n import _
from jdticket.store.interface import Store
from jdticket.words import listed


@dataclass(frozen=True, slots=True)
class OutageStory:
    """Everything about one outage."""

    outage: Outage
    affected: list[Ticket]
    """Tickets that wait and whose clock the outage cuts into."""
    contacts: list[Contact]
    extensions: list[Extension]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Contacted:
    """What came of a contact with the operations manager."""

    contact: Contact
    moved: list[Extension]
    not_moved: list[Ticket]
    """Tickets whose deadline was already as late as what was granted."""


class Outages:
    """Keeps outages, contacts and grants."""

    def __init__(self, store: Store, policy: DeadlinePolicy, now: Callable[[], datetime]) -> None:
        self._store = store
        self._policy = policy
        self._now = now

    def report(
        self,
        reason: OutageReason,
        *,
        since: datetime | None,
        until: datetime | None,
        shops: Sequence[str],
        note: str,
        by: str,
        contact: Callable[[int], Contact] | None,
    ) -> OutageStory:
        """Record an outage; with ``contact`` (made from the outage's id) the operations manager has
        been reached, and that is logged in the same step.

        ``since`` None: now. The clock of no ticket stops by this: only a grant moves a deadline.
        Raises ``UsageError`` when it would end before it begins.
        """
        with self._store.transaction():
            now = self._now()
            since = since or now
            if until is not None and until <= since:
                raise UsageError(_("The outage would end before it begins: look at --since and --until."))
            outage = self._store.add_outage(
                Outage(
                    reason=reason,
                    since=since,
                    until=until,
                    shops=tuple(shops),
                    note=note.strip(),
                    reported_at=now,
                )
            )
            told = OutageReported(reason=reason, since=since, note=outage.note)
            event = Event(now, told, outage_id=outage.id, by=by)
            affected = self._affected(outage)
            self._store.append([event, *(replace(event, ticket_id=ticket.id) for ticket in affected)])
            if contact is not None:
                self._log_contact(outage, contact(outage.id), affected, None, by)
        return self.story(outage.id)

    def all(self) -> list[Outage]:
        """All outages, the newest first."""
        return self._store.outages()

    def story(self, outage_id: int) -> OutageStory:
        """Everything about one outage. Raises ``NotFoundError``."""
        outage = self._outage(outage_id)
        return OutageStory(
            outage=outage,
            affected=self._affected(outage),
            contacts=self._store.contacts(outage_id),
            extensions=self._store.extensions(outage_id=outage_id),
            events=self._store.events(outage_id=outage_id),
        )

    def end(self, outage_id: int, *, at: datetime | None, by: str) -> Outage:
        """Say when an outage ended (None: now). Raises ``RefusedError`` if it has ended already."""
        with self._store.transaction():
            outage = self._outage(outage_id)
            now = self._now()
            until = at or now
            if outage.until is not None and outage.until <= now:
                raise RefusedError(
                    _("Outage {id} has already ended, at {until}.").format(
                        id=outage_id, until=clock.moment_in_words(outage.until, now, self._policy.hours.zone)
                    )
                )
            if until < outage.since:
                raise UsageError(
                    _("Outage {id} began at {since}; it cannot have ended before.").format(
                        id=outage_id, since=clock.moment_in_words(outage.since, now, self._policy.hours.zone)
                    )
                )
            ended = replace(outage, until=until)
            self._store.update_outage(ended)
            self._store.append([Event(now, OutageEnded(until=until), outage_id=outage_id, by=by)])
        return ended

    def contact(
        self,
        outage_id: int,
        *,
        manager: str,
        via: Via,
        said: str,
        at: datetime | None,
        outcome: Outcome,
        granted_until: datetime | None,
        tickets: Sequence[str],
        by: str,
    ) -> Contacted:
        """Log a contact with the operations manager, and move the deadlines that were granted.

        A grant is for ``tickets``, or for all that wait and whose clock the outage cuts into. A
        deadline is never moved to an earlier moment. Raises ``NotFoundError``, ``UsageError``, and
        ``RefusedError`` for a void ticket and for one of a shop that the outage does not stop.
        """
        with self._store.transaction():
            outage = self._outage(outage_id)
            now = self._now()
            if at is not None and at > now:
                raise UsageError(_("The contact cannot have been made in the future."))
            if granted_until is not None and granted_until <= (at or now):
                raise UsageError(_("A grant must reach beyond the contact: look at --granted-until."))
            if granted_until is None:
                if tickets:
                    raise UsageError(_("--tickets goes with --granted-until."))
                chosen = []
            elif tickets:
                chosen = list(
                    {
                        ticket.id: ticket
                        for ticket in (
                            find(self._store, number, now, self._policy.hours.zone) for number in tickets
                        )
                    }.values()
                )
                _must_be_of(outage, chosen)
                for ticket in chosen:
                    must_allow(ticket, frozenset(Status) - {Status.VOID}, _("be granted more time"))
            else:
                chosen = self._affected(outage)
            contact = Contact(
                outage_id=outage_id,
                manager=manager,
                via=via,
                at=at or now,
                said=said.strip(),
                outcome=outcome,
            )
            return self._log_contact(outage, contact, chosen, granted_until, by)

    def _log_contact(
        self,
        outage: Outage,
        contact: Contact,
        tickets: Sequence[Ticket],
        granted_until: datetime | None,
        by: str,
    ) -> Contacted:
        now = self._now()
        kept = self._store.add_contact(contact)
        if kept.outcome is not Outcome.NO_ANSWER and not outage.contacted:
            self._store.update_outage(replace(outage, contacted=True))
        told = ManagerContacted(
            contact=kept.id,
            manager=kept.manager,
            via=kept.via,
            at=kept.at,
            outcome=kept.outcome,
            said=kept.said,
            granted_until=granted_until,
        )
        events = [Event(now, told, outage_id=outage.id, by=by, text=kept.said)]
        moved: list[Extension] = []
        later: list[Ticket] = []
        if granted_until is not None:
            later = [ticket for ticket in tickets if ticket.deadline_at < granted_until]
            for ticket in later:
                moved.append(
                    Extension(
                        contact_id=kept.id,
                        outage_id=outage.id,
                        ticket_id=ticket.id,
                        old_deadline_at=ticket.deadline_at,
                        granted_until=granted_until,
                        at=now,
                    )
                )
                granted = DeadlineMoved(
                    old=ticket.deadline_at,
                    new=granted_until,
                    why=Why.GRANTED,
                    contact=kept.id,
                    manager=kept.manager,
                )
                events.append(Event(now, granted, ticket.id, outage.id, by))
            self._store.put_tickets(
                replace(ticket, deadline_at=granted_until, deadline_source=DeadlineSource.GRANTED)
                for ticket in later
            )
            self._store.add_extensions(moved)
        self._store.append(events)
        granted_ones = {ticket.id for ticket in later}
        not_moved = [ticket for ticket in tickets if ticket.id not in granted_ones]
        return Contacted(contact=kept, moved=moved, not_moved=not_moved)

    def _outage(self, outage_id: int) -> Outage:
        outage = self._store.outage(outage_id)
        if outage is None:
            raise NotFoundError(_("There is no outage {id}; see: jdticket outage list").format(id=outage_id))
        return outage

    def _affected(self, outage: Outage) -> list[Ticket]:
        """Tickets that wait, and for whose answer the outage takes service time away."""
        waiting = self._store.tickets(TicketQuery(waits=True))
        return [ticket for ticket in waiting if endangers(outage, ticket, self._policy.hours)]


def _must_be_of(outage: Outage, tickets: Sequence[Ticket]) -> None:
    """Raises ``RefusedError`` that names the tickets of shops that the outage does not stop."""
    others = [ticket for ticket in tickets if outage.shops and ticket.shop not in outage.shops]
    if others:
        raise RefusedError(
            _(
                "No deadline was moved: outage {id} is of {shops} alone, and these tickets are of other "
                "shops: {tickets}. Leave them out, or report an outage of their shop."
            ).format(
                id=outage.id,
                shops=listed(outage.shops),
                tickets=listed(f"{ticket.id} ({ticket.shop or '-'})" for ticket in others),
            )
        )
