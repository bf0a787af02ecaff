"""What happens to a ticket: which moves a person may make, and what the platform's word leads to.

Two tables, and the change that each move is. Whether a word of the platform is news at all is the
business of ``taking``.
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
    RETURN = auto()
    """It stays replied, and is flagged: the platform goes on showing it as waiting."""
    ARRIVE = auto()
    """The flag is taken off: the platform shows the reply."""
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

BY_THE_PLATFORM: Mapping[tuple[Status, PlatformState | None], Move] = {
    (_PENDING, PlatformState.WAITING): Move.NOTHING,
    (_PENDING, PlatformState.REPLIED): Move.REPLY,
    (_PENDING, PlatformState.REJECTED): Move.NOTHING,  # it waits already
    (_PENDING, PlatformState.CLOSED): Move.CLOSE,
    (_PENDING, PlatformState.VOID): Move.VOID,
    (_PENDING, None): Move.NOTHING,
    (_REPLIED, PlatformState.WAITING): Move.RETURN,
    (_REPLIED, PlatformState.REPLIED): Move.ARRIVE,
    (_REPLIED, PlatformState.REJECTED): Move.REJECT,
    (_REPLIED, PlatformState.CLOSED): Move.CLOSE,
    (_REPLIED, PlatformState.VOID): Move.VOID,
    (_REPLIED, None): Move.NOTHING,
    (_CLOSED, PlatformState.WAITING): Move.NOTHING,  # closed here on purpose
    (_CLOSED, PlatformState.REPLIED): Move.NOTHING,  # no way back from an end
    (_CLOSED, PlatformState.REJECTED): Move.REJECT,
    (_CLOSED, PlatformState.CLOSED): Move.NOTHING,
    (_CLOSED, PlatformState.VOID): Move.VOID,
    (_CLOSED, None): Move.NOTHING,
    # A ticket that was declared void was never the shop's.
    (_VOID, PlatformState.WAITING): Move.NOTHING,
    (_VOID, PlatformState.REPLIED): Move.NOTHING,
    (_VOID, PlatformState.REJECTED): Move.NOTHING,
    (_VOID, PlatformState.CLOSED): Move.NOTHING,
    (_VOID, PlatformState.VOID): Move.NOTHING,
    (_VOID, None): Move.NOTHING,
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
        case Move.REOPEN:
            return replace(ticket, status=Status.PENDING, returned_at=None)
        case Move.RETURN:
            return replace(ticket, returned_at=at)
        case Move.ARRIVE:
            return replace(ticket, returned_at=None)
        case Move.REJECT:
            return replace(ticket, status=Status.PENDING, returned_at=None, reopened_at=at)
