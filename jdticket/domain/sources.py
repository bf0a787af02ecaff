"""Where tickets come from by themselves: how the pulling of a shop goes, and what the platform tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import Trouble


@dataclass(frozen=True, slots=True)
class SourceState:
    """How the pulling of one shop's work orders goes."""

    shop: str
    good_at: datetime | None = None
    """When the last sync that found no fault began."""
    read_until: datetime | None = None
    """Every work order created before this has been read."""
    swept_at: datetime | None = None
    """When it was last asked what became of old tickets."""
    busy_until: datetime | None = None
    """Until then a process is at it, and others leave it alone."""
    failing_since: datetime | None = None
    """When the first of the failures in a row was noticed; None: it works."""
    trouble: Trouble | None = None
    """Why the last sync failed; None: it did not."""
    code: str = ""
    """The platform's error code, if it gave one."""
    words: str = ""
    """The platform's words for it."""
    failed_since: datetime | None = None
    """``failing_since`` of the last row of failures that is over."""
    back_at: datetime | None = None
    """When that ended."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the platform's list of work orders."""

    items: Sequence[Draft | Rejection]
    total: int | None
    """How many work orders the whole list has; None: it does not tell."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a work order's history on the platform."""

    at: datetime | None
    user: str
    kind: str
    """The platform's words for what was done, such as 商家回复."""
    content: str


@dataclass(frozen=True, slots=True)
class Details:
    """What the platform tells of one work order beyond its row in the list."""

    type_id: int | None
    """The first-level business type that a reply has to name."""
    type_name: str
    log: tuple[LogEntry, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the platform made of a reply."""

    there: bool
    """The ticket counts as replied: by this reply, or already before it."""
    words: str
    already: bool = False
    """It did so before, and the reply was not added."""
