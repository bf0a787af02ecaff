"""What a ticket is, as it is found and as the desk holds it.

Every datetime here is aware and in UTC, to the second. Nothing here reads a clock, a file or a
setting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# "Order numbers have 12 to 19 digits, ticket numbers 7 to 10" (parser of a public monitoring
# project, 2026). The gap between the two tells a number that stands in the wrong column.
TICKET_ID_PATTERN = re.compile(r"[0-9]{7,10}")
ORDER_ID_PATTERN = re.compile(r"[0-9]{12,19}")


class Kind(StrEnum):
    """What a ticket is about; ``crc`` is the platform's high-risk complaint (CRC高危投诉)."""

    CRC = "crc"
    COMPLAINT = "complaint"
    URGE = "urge"
    CONSULT = "consult"
    OTHER = "other"


class Status(StrEnum):
    """Where a ticket stands with us."""

    PENDING = "pending"
    REPLIED = "replied"
    CLOSED = "closed"
    VOID = "void"


class PlatformState(StrEnum):
    """What the platform says of a ticket, read from its own words."""

    WAITING = "waiting"
    REPLIED = "replied"
    REJECTED = "rejected"
    """The platform has rejected our reply: it is the shop's turn again."""
    CLOSED = "closed"
    VOID = "void"


class DeadlineSource(StrEnum):
    """Where a ticket's deadline came from."""

    POLICY = "policy"
    PLATFORM = "platform"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One platform collaboration ticket, as the desk holds it."""

    id: str
    shop: str
    """The shop's code; empty when the desk serves one shop without a name."""
    order_id: str | None
    kind: Kind
    kind_text: str
    """The platform's own words for the kind, kept as found."""
    status: Status
    created_at: datetime
    """When the platform opened the ticket: the clock starts here."""
    deadline_at: datetime
    first_deadline_at: datetime
    """The deadline as it was when the ticket came in; a grant or a recompute never touches it."""
    deadline_source: DeadlineSource
    taken_in_at: datetime
    platform_status: str = ""
    """The platform's own words for the state, kept as found."""
    assignee: str = ""
    content: str = ""
    replied_at: datetime | None = None
    """When the latest reply was given."""
    returned_at: datetime | None = None
    """Since when the platform shows it as waiting although we hold it as replied; None: it does not."""
    rejected_at: datetime | None = None
    """When we learned that the platform had rejected our reply, so that it is pending again; None: never."""


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
    created_at: datetime | None = None
    deadline_at: datetime | None = None
    """The platform's own deadline, where the source has one; it wins over the computed one."""
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


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets there are, as of one moment."""

    pending: int
    overdue: int
    due_soon: int
    """Pending, not overdue, and due at or before the second moment asked about."""
    returned: int
    """Held as replied, shown as waiting by the platform, but for those counted as unsent."""
    unsent: int
    """Replies that are to reach the platform, have not, and are not on their way at this moment."""


@dataclass(frozen=True, slots=True)
class TicketQuery:
    """Which tickets, in which order. Every field that is set narrows the choice."""

    statuses: tuple[Status, ...] = ()
    """Empty: every status."""
    overdue_at: datetime | None = None
    """Pending, and the deadline is before this moment."""
    due_until: datetime | None = None
    """Pending, and the deadline is at or before this moment."""
    shop: str | None = None
    kind: Kind | None = None
    assignee: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    returned: bool = False
    """Only those that we hold as replied and the platform still shows as waiting."""
    limit: int | None = None
