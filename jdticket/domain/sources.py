"""Where tickets come from by themselves: how the pulling of a shop goes, and what the platform tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from jdticket.errors import Trouble

if TYPE_CHECKING:
    from jdticket.domain.drafts import Draft, Rejection
    from jdticket.domain.tickets import PlatformState


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
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the platform made of a reply."""

    there: bool
    """The ticket counts as replied: by this reply, or already before it."""
    words: str
    already: bool = False
    """It did so before, and the reply was not added."""


class Platform(Protocol):
    """What the platform knows of one shop. All methods raise ``PlatformError``."""

    OLDEST: timedelta
    """How far back it lets one look."""

    def read(
        self, begin: datetime, end: datetime, state: PlatformState | None = None
    ) -> Iterator[list[Draft | Rejection]]:
        """Every work order created between these moments, page by page, each at least once."""

    def of_order(self, order_id: str) -> list[Draft | Rejection]:
        """The work orders about one order."""

    def details(self, ticket_id: str) -> Details:
        """What the list does not tell of one work order."""

    def subtypes(self, type_id: int) -> dict[int, str]:
        """The second-level business types below a first-level one."""

    def reply(self, ticket_id: str, text: str, type_id: int, subtype_id: int) -> Verdict:
        """Give a reply, once."""
