"""What happens to a ticket: which moves a person may make, and what the platform's word leads to.

Two tables, and the change that each move is. Whether a word of the platform is news at all, and newer than
what is known here, is the business of ``taking``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

from jdticket.domain.tickets import PlatformState, Status, Ticket


class Move(Enum):
    """A change of a ticket's state."""

    NOTHING = auto()
    REPLY = auto()
    """It has a reply: ours, or one that the platform holds."""
    CLOSE = auto()
    VOID = auto()
    REOPEN = auto()
    """It is pending again: a person says so, or the platform, where we were done with it."""
    RETURN = auto()
    """It stays what it is, and is flagged: the platform goes on showing it as waiting."""
    ARRIVE = auto()
    """The flag is taken off: the platform shows it as waiting no longer."""
    REJECT = auto()
    """It is pending again: the platform has rejected the reply."""


_PENDING, _REPLIED, _CLOSED, _VOID = Status.PENDING, Status.REPLIED, Status.CLOSED, Status.VOID

BY_A_PERSON: Mapping[Move, frozenset[Status]] = {
    # A second reply is kept beside the first; a void ticket takes none.
    Move.REPLY: frozenset({_PENDING, _REPLIED}),
    Move.CLOSE: frozenset({_PENDING, _REPLIED}),
    Move.VOID: frozenset({_PENDING, _REPLIED}),
    Move.REOPEN: frozenset({_REPLIED, _CLOSED, _VOID}),
}
"""The states from which a person may make each move."""

BY_THE_PLATFORM: Mapping[tuple[Status, PlatformState | None], tuple[Move, Move]] = {
    # Our status, what it says:           a new word     the word that was held at a person's last step
    (_PENDING, PlatformState.WAITING): (Move.NOTHING, Move.NOTHING),
    (_PENDING, PlatformState.REPLIED): (Move.REPLY, Move.NOTHING),  # a person reopened it knowing of that
    (_PENDING, PlatformState.REJECTED): (Move.NOTHING, Move.NOTHING),  # it waits already
    (_PENDING, PlatformState.CLOSED): (Move.CLOSE, Move.NOTHING),
    (_PENDING, PlatformState.VOID): (Move.VOID, Move.NOTHING),
    (_PENDING, None): (Move.NOTHING, Move.NOTHING),
    # Our reply may only not have been seen yet; where the platform had shown it as done, it is REOPEN.
    (_REPLIED, PlatformState.WAITING): (Move.RETURN, Move.RETURN),
    (_REPLIED, PlatformState.REPLIED): (Move.ARRIVE, Move.ARRIVE),
    (_REPLIED, PlatformState.REJECTED): (Move.REJECT, Move.RETURN),
    (_REPLIED, PlatformState.CLOSED): (Move.CLOSE, Move.CLOSE),
    (_REPLIED, PlatformState.VOID): (Move.VOID, Move.VOID),
    (_REPLIED, None): (Move.NOTHING, Move.NOTHING),
    # Closed or void here, and its turn there: open again if the word is new, else only pointed out.
    (_CLOSED, PlatformState.WAITING): (Move.REOPEN, Move.RETURN),
    (_CLOSED, PlatformState.REPLIED): (Move.ARRIVE, Move.ARRIVE),
    (_CLOSED, PlatformState.REJECTED): (Move.REJECT, Move.RETURN),
    (_CLOSED, PlatformState.CLOSED): (Move.ARRIVE, Move.ARRIVE),
    (_CLOSED, PlatformState.VOID): (Move.VOID, Move.VOID),
    (_CLOSED, None): (Move.NOTHING, Move.NOTHING),
    (_VOID, PlatformState.WAITING): (Move.REOPEN, Move.RETURN),
    (_VOID, PlatformState.REPLIED): (Move.ARRIVE, Move.ARRIVE),
    (_VOID, PlatformState.REJECTED): (Move.REJECT, Move.RETURN),
    (_VOID, PlatformState.CLOSED): (Move.ARRIVE, Move.ARRIVE),
    (_VOID, PlatformState.VOID): (Move.ARRIVE, Move.ARRIVE),
    (_VOID, None): (Move.NOTHING, Move.NOTHING),
}
"""Our status × what the platform says (None: nothing, or nothing that we know) -> what happens."""

AT_FIRST_SIGHT: Mapping[PlatformState | None, Status] = {
    PlatformState.WAITING: _PENDING,
    PlatformState.REPLIED: _REPLIED,
    PlatformState.REJECTED: _PENDING,
    PlatformState.CLOSED: _CLOSED,
    PlatformState.VOID: _VOID,
    None: _PENDING,  # one whose source tells of a reply is replied
}
"""What the platform says of a ticket that is new here -> its status."""

ENDS = frozenset({PlatformState.REPLIED, PlatformState.CLOSED, PlatformState.VOID})
"""What the platform says of a ticket that is not the shop's turn."""


def moved(ticket: Ticket, move: Move, at: datetime) -> Ticket:
    """``ticket`` after ``move`` at the moment ``at``; when a reply was given is the caller's to add."""
    match move:
        case Move.NOTHING:
            return ticket
        case Move.REPLY:
            return replace(ticket, status=Status.REPLIED, returned_at=None)
        case Move.CLOSE:
            return replace(ticket, status=Status.CLOSED, returned_at=None)
        case Move.VOID:
            return replace(ticket, status=Status.VOID, returned_at=None)
        case Move.REOPEN | Move.REJECT:
            return replace(ticket, status=Status.PENDING, returned_at=None, reopened_at=at, anyway=False)
        case Move.RETURN:
            return replace(ticket, returned_at=at)
        case Move.ARRIVE:
            return replace(ticket, returned_at=None)


def stepped(ticket: Ticket, move: Move, at: datetime) -> Ticket:
    """``ticket`` after a person's ``move``: the platform's word of now is old from here on."""
    after = moved(ticket, move, at)
    # A person who reopens a ticket in time knows of it; one past its deadline has to ring.
    if move is Move.REOPEN and at <= ticket.deadline_at:
        after = replace(after, reopened_at=ticket.reopened_at)
    return replace(after, stepped_at=at, stepped_word=ticket.platform_status, anyway=False)
