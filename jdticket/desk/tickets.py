"""What people do with tickets besides replying: a name on them, notes, and the moves of their state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import NamedTuple

from jdticket.desk.finding import find, must_allow
from jdticket.domain.events import Assigned, Closed, Event, Noted, Payload, Reopened, Voided
from jdticket.domain.moves import BY_A_PERSON, Move, stepped
from jdticket.domain.tickets import Ticket
from jdticket.errors import NotFoundError, RefusedError
from jdticket.i18n import _
from jdticket.store.interface import Store

Step = Callable[[Ticket, datetime], tuple[Ticket, Payload] | None]
"""What a step at a moment makes of a ticket, and what is told of it; None: there is nothing to do. Raises
``RefusedError``."""


class Taken(NamedTuple):
    """What became of a step that was to be taken with several tickets."""

    done: list[tuple[Ticket, Ticket]]
    """Each ticket as it was, and as it is."""
    refused: list[NotFoundError | RefusedError]
    """Why it was not taken with the others."""


class Tickets:
    """Changes tickets.

    A ticket is named by its number or its last digits, see :func:`find`. The methods for one raise
    ``NotFoundError``, and those that move a state ``RefusedError`` when it does not allow that.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], zone: tzinfo) -> None:
        self._store = store
        self._now = now
        self._zone = zone

    def assign(self, number: str, name: str, *, by: str) -> Ticket:
        """Put a name on a ticket; an empty one takes it off."""
        return self._take(number, assigning(name), by)

    def note(self, number: str, text: str, *, by: str) -> Ticket:
        """Add a note to a ticket's time line."""
        return self._take(number, noting(text), by)

    def close(self, number: str, *, by: str, anyway: bool = False) -> Ticket:
        """Close a ticket that needs nothing more; see :func:`closing`."""
        return self._take(number, closing(anyway=anyway), by)

    def void(self, number: str, why: str, *, by: str) -> Ticket:
        """Declare a ticket void: taken in by mistake, or withdrawn by the platform."""
        return self._take(number, voiding(why), by)

    def reopen(self, number: str, why: str, *, by: str) -> Ticket:
        """Make a ticket pending again; its deadline stays what it was."""
        return self._take(number, reopening(why), by)

    def _take(self, number: str, step: Step, by: str) -> Ticket:
        taken = self.several([number], step, by=by)
        if taken.refused:
            raise taken.refused[0]
        return taken.done[0][1]

    def several(self, numbers: Iterable[str], step: Step, *, by: str) -> Taken:
        """Take one step with each of these tickets that allows it, all at once; one that is named twice is
        taken once."""
        done: dict[str, tuple[Ticket, Ticket]] = {}
        refused: dict[str, NotFoundError | RefusedError] = {}
        events = []
        with self._store.transaction():
            now = self._now()
            for number in numbers:
                named = number
                try:
                    ticket = find(self._store, number, now, self._zone)
                    named = ticket.id
                    if named in done:
                        continue
                    made = step(ticket, now)
                except (NotFoundError, RefusedError) as error:
                    refused[named] = error
                    continue
                after, payload = made or (ticket, None)
                done[named] = ticket, after
                if payload is not None:
                    text = payload.text if isinstance(payload, Noted) else ""
                    events.append(Event(now, payload, named, by=by, text=text))
            self._store.put_tickets(after for before, after in done.values() if after != before)
            self._store.append(events)
        return Taken([*done.values()], [*refused.values()])


def assigning(name: str) -> Step:
    """Put a name on tickets; an empty one takes it off."""
    name = " ".join(name.split())
    return lambda ticket, _now: (replace(ticket, assignee=name), Assigned(old=ticket.assignee, new=name))


def noting(text: str) -> Step:
    """Add a note to their time lines. Raises ``RefusedError`` for one that is empty."""
    text = text.strip()
    if not text:
        raise RefusedError(_("The note is empty."))
    return lambda ticket, _now: (ticket, Noted(text=text))


def closing(*, anyway: bool = False) -> Step:
    """Close tickets that need nothing more.

    ``anyway``: although the platform shows them as waiting. That is pointed out until someone says so, of
    tickets that are closed or void already, too.
    """
    if not anyway:
        return _moving(Move.CLOSE, _("be closed"), lambda held: Closed(was=held.status))

    def close(ticket: Ticket, now: datetime) -> tuple[Ticket, Payload] | None:
        closes = ticket.status in BY_A_PERSON[Move.CLOSE]
        if ticket.anyway and not closes:
            return None
        done = stepped(ticket, Move.CLOSE if closes else Move.ARRIVE, now)
        return replace(done, anyway=True), Closed(was=ticket.status, anyway=True)

    return close


def voiding(why: str) -> Step:
    """Declare tickets void: taken in by mistake, or withdrawn by the platform."""
    return _moving(Move.VOID, _("be voided"), lambda ticket: Voided(was=ticket.status, why=_required(why)))


def reopening(why: str) -> Step:
    """Make tickets pending again; their deadlines stay what they were."""
    return _moving(
        Move.REOPEN, _("be reopened"), lambda ticket: Reopened(was=ticket.status, why=_required(why))
    )


def _moving(move: Move, words: str, tell: Callable[[Ticket], Payload]) -> Step:
    def step(ticket: Ticket, now: datetime) -> tuple[Ticket, Payload]:
        must_allow(ticket, BY_A_PERSON[move], words)
        return stepped(ticket, move, now), tell(ticket)

    return step


def _required(why: str) -> str:
    if not why.strip():
        raise RefusedError(_("Say why: --why TEXT"))
    return why.strip()
