"""What a ticket is, as it is found and as the desk holds it.

Every datetime here is aware and in UTC, to the second. Nothing here reads a clock, a file or a
setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

# "Order numbers have 12 to 19 digits, ticket numbers 7 to 10" (parser of a public monitoring
# project, 2026). The gap between the two tells a number that stands in the wrong column.
TICKET_ID_PATTERN = re.compile(r"[0-9]{7,10}")
ORDER_ID_PATTERN = re.compile(r"[0-9]{12,19}")

FIELDS = (
    *("id", "order_id", "created_at", "deadline_at", "status", "platform_status", "kind", "kind_text"),
    *("content", "shop", "assignee", "reply", "reply_at"),
)
"""What a column of a file may tell of a ticket and its reply."""


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
    """Since when the platform goes on showing it as waiting although we are done with it (replied, closed or
    void); None: it does not, or a person has confirmed that it may."""
    reopened_at: datetime | None = None
    """When it became pending again after we were done with it: the platform rejected our reply or opened the
    ticket again, or a person reopened it past its deadline; None: never."""
    seen_at: datetime | None = None
    """When the platform's word for the state was seen; None: nobody knows."""
    stepped_at: datetime | None = None
    """When a person here last changed its state; None: nobody has."""
    stepped_word: str = ""
    """The platform's word that was held at that step."""
    anyway: bool = False
    """It was closed although the platform shows it as waiting, and that was confirmed."""
    missing_at: datetime | None = None
    """Since when a complete take-in no longer holds it; None: it did, or none was complete."""


class Counts(NamedTuple):
    """How many tickets there are, as of one moment."""

    pending: int
    """All that wait (see ``urgency.waits``)."""
    overdue: int
    """Those of them whose deadline has passed."""
    due_soon: int
    """Those of them that are not overdue, and due at or before the second moment asked about."""
    returned: int
    """Held as replied, shown as waiting by the platform, but for those counted as unsent."""
    unsent: int
    """Replies that are to reach the platform, have not, and are not on their way at this moment."""


class HurtTicket(NamedTuple):
    """A ticket whose row cannot be read whole: damage, or somebody's hand in the store."""

    id: str
    unreadable: Mapping[str, str]
    """By column: what stands there."""
    may_wait: bool


class TicketQuery(NamedTuple):
    """Which tickets, in which order. Without ``statuses`` and ``waits`` it is all; every other field that is
    set narrows the choice."""

    statuses: tuple[Status, ...] = ()
    """Those in one of these states."""
    waits: bool = False
    """Those that wait (see ``urgency.waits``), beside those of ``statuses``."""
    overdue_at: datetime | None = None
    """It waits, and the deadline is before this moment."""
    due_from: datetime | None = None
    """It waits, and the deadline is at or after this moment."""
    due_until: datetime | None = None
    """It waits, and the deadline is at or before this moment."""
    unreadable: bool = False
    """It waits, and what is kept as its deadline is no moment."""
    missing: bool = False
    """It waits, and a complete take-in no longer holds it."""
    shops: tuple[str, ...] = ()
    """Those of one of these shops."""
    kinds: tuple[Kind, ...] = ()
    """Those of one of these kinds."""
    assignee: str | None = None
    """Those that this person has; empty: nobody."""
    created_from: datetime | None = None
    created_before: datetime | None = None
    returned: bool = False
    """Only those that the platform goes on showing as waiting although we are done with them."""
    limit: int | None = None

    @property
    def whose(self) -> TicketQuery:
        """The same shops, kinds and assignee, whatever the state: whose counts stand below a list."""
        return TicketQuery(shops=self.shops, kinds=self.kinds, assignee=self.assignee)
