"""Drafts: tickets as they are found, and rows that are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jdticket.domain.tickets import DeadlineSource, Kind, PlatformState, Status


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What only an export of our own tells of a ticket."""

    status: Status
    deadline_at: datetime
    first_deadline_at: datetime
    deadline_source: DeadlineSource
    replied_at: datetime | None
    returned: bool
    """The platform goes on showing it as waiting although we are done with it."""
    undelivered: bool
    """Its reply is not known to have reached the platform."""
    reply_by: str
    reply_on_time: bool | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as it was found, before the desk has made up its mind about it."""

    source: str
    """The file's name, or words such as "clipboard"."""
    row: int
    """The row (or line of a pasted page) where it begins, counted from 1 as the reader sees it; 0: the
    source has no rows."""
    id: str
    order_id: str | None = None
    kind: Kind | None = None
    kind_text: str = ""
    platform_state: PlatformState | None = None
    platform_status: str = ""
    own_state: bool = False
    """True for a row of our own export, whose state is ours and no word of the platform's."""
    created_at: datetime | None = None
    created_after: datetime | None = None
    """Where nobody tells when it was created: it was not there yet at this moment."""
    deadline_at: datetime | None = None
    """The platform's own deadline, where the source has one; it wins over the computed one."""
    deadline_sure: bool = True
    """False for a deadline worked out from a countdown on a page, when nobody has confirmed the moment at
    which it was copied: it may be stale, so it may make a deadline earlier and never later."""
    deadline_at_most: bool = False
    """True for a bound (已超时, 不足1分钟): the deadline is no later, and that it is earlier is no news."""
    deadline_to_the_minute: bool = False
    """True for a deadline worked out from a countdown in minutes, which is off by up to a minute."""
    content: str | None = None
    shop: str | None = None
    """The shop's code or name as found; None: the source does not tell."""
    assignee: str | None = None
    reply_text: str | None = None
    reply_at: datetime | None = None
    rejection: str = ""
    """Why the platform rejected our reply, where the source tells."""
    rejected_at: datetime | None = None
    """When it did, where the source tells."""
    seen_at: datetime | None = None
    """When the source was asked, for one that tells what is so at that moment; None: nobody knows how
    old it is."""
    own: OwnRecord | None = None
    """Of a row of our own export: how the desk that wrote it held the ticket."""
    fills_gaps_only: bool = False
    """True for a sketch of the ticket (a row of a copied page): its words fill what we do not know,
    but replace nothing that a fuller source has told."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be taken in, and why, in the reader's language."""

    source: str
    row: int
    column: str
    """The column's name as it stands in the file; empty when the row as a whole is at fault."""
    value: str
    reason: str
