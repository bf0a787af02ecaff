"""What people do with one ticket besides replying: a name on it, notes, and the moves of its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from jdticket.desk.finding import find, must_allow
from jdticket.domain.events import Assigned, Closed, Event, Noted, Payload, Reopened, Voided
from jdticket.domain.moves import BY_A_PERSON, Move, stepped
from jdticket.domain.tickets import Ticket
from jdticket.errors import RefusedError
from jdticket.i18n import _
from jdticket.store.interface import Store


class Tickets:
    """Changes one ticket at a time.

    A ticket is named by its number or its last digits. All methods raise ``NotFoundError``, and those that
    move a state ``RefusedError`` when it does not allow that.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], zone: tzinfo) -> None:
        self._store = store
        self._now = now
        self._zone = zone

    def assign(self, number: str, name: str, *, by: str) -> Ticket:
        """Put a name on a ticket; an empty one takes it off."""
        name = " ".join(name.split())
        with self._store.transaction():
            ticket = find(self._store, number, self._now(), self._zone)
            assigned = replace(ticket, assignee=name)
            self._keep(ticket, assigned, Assigned(old=ticket.assignee, new=name), by=by)
        return assigned

    def note(self, number: str, text: str, *, by: str) -> Ticket:
        """Add a note to a ticket's time line."""
        text = text.strip()
        if not text:
            raise RefusedError(_("The note is empty."))
        with self._store.transaction():
            ticket = find(self._store, number, self._now(), self._zone)
            self._keep(ticket, ticket, Noted(text=text), by=by, text=text)
        return ticket

    def close(self, number: str, *, by: str, anyway: bool = False) -> Ticket:
        """Close a ticket that needs nothing more.

        ``anyway``: although the platform shows it as waiting. That is pointed out until someone says so, of a
        ticket that is closed or void already, too.
        """
        if not anyway:
            return self._move(number, Move.CLOSE, _("be closed"), lambda held: Closed(was=held.status), by)
        with self._store.transaction():
            ticket = find(self._store, number, self._now(), self._zone)
            closes = ticket.status in BY_A_PERSON[Move.CLOSE]
            if ticket.anyway and not closes:
                return ticket
            done = stepped(ticket, Move.CLOSE if closes else Move.ARRIVE, self._now())
            closed = replace(done, anyway=True)
            self._keep(ticket, closed, Closed(was=ticket.status, anyway=True), by=by)
        return closed

    def void(self, number: str, why: str, *, by: str) -> Ticket:
        """Declare a ticket void: taken in by mistake, or withdrawn by the platform."""
        return self._move(
            number,
            Move.VOID,
            _("be voided"),
            lambda ticket: Voided(was=ticket.status, why=_required(why)),
            by,
        )

    def reopen(self, number: str, why: str, *, by: str) -> Ticket:
        """Make a ticket pending again; its deadline stays what it was."""
        return self._move(
            number,
            Move.REOPEN,
            _("be reopened"),
            lambda ticket: Reopened(was=ticket.status, why=_required(why)),
            by,
        )

    def _move(
        self, number: str, move: Move, words: str, tell: Callable[[Ticket], Payload], by: str
    ) -> Ticket:
        with self._store.transaction():
            ticket = find(self._store, number, self._now(), self._zone)
            must_allow(ticket, BY_A_PERSON[move], words)
            after = stepped(ticket, move, self._now())
            self._keep(ticket, after, tell(ticket), by=by)
        return after

    def _keep(self, before: Ticket, after: Ticket, payload: Payload, *, by: str, text: str = "") -> None:
        if after != before:
            self._store.put_tickets([after])
        self._store.append([Event(self._now(), payload, before.id, by=by, text=text)])


def _required(why: str) -> str:
    if not why.strip():
        raise RefusedError(_("Say why: --why TEXT"))
    return why.strip()
