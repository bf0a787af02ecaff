"""What a person has to hear of when a draft is taken in."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple


class About(Enum):
    """What a remark is about."""

    UNKNOWN_WORD = auto()
    """The platform's word for the state is none that we know: it changed nothing."""
    OLDER = auto()
    """The draft was seen before what is known here: its state changed nothing."""
    STALE_COUNTDOWN = auto()
    """The page's countdown would give more time than there is otherwise, and nobody has said when the page
    was copied: the earlier deadline stands."""
    OTHER_CREATION = auto()
    """A sketch, or a draft seen before what is known here, tells a later creation than the one that is held,
    which stands."""
    OLDER_DEADLINE = auto()
    """The draft was seen before what is known here and tells a later deadline: the earlier one stands."""
    TWICE = auto()
    """Two rows of the source tell of the ticket and contradict each other: of the times the earlier counts,
    of the states the one that waits, else what the later row says."""
    IMPOSSIBLE_DEADLINE = auto()
    """The deadline lies before the creation: it was left aside."""


class Remark(NamedTuple):
    """Something about a draft that a person has to hear of."""

    about: About
    stands: datetime | None = None
    """The deadline that stands, or the moment of what is known here."""
    told: datetime | None = None
    """The deadline, or the moment, of the draft."""
