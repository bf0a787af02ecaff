"""The time line: what happened to a ticket or an outage, an entry a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What an entry of the time line tells."""

    TAKEN_IN = "taken_in"
    CHANGED = "changed"
    DEADLINE_MOVED = "deadline_moved"
    REPLIED = "replied"
    RETURNED = "returned"
    ARRIVED = "arrived"
    REJECTED = "rejected"
    SENT = "sent"
    NOT_SENT = "not_sent"
    ASSIGNED = "assigned"
    NOTED = "noted"
    CLOSED = "closed"
    VOIDED = "voided"
    REOPENED = "reopened"
    OUTAGE_REPORTED = "outage_reported"
    OUTAGE_ENDED = "outage_ended"
    CONTACTED = "contacted"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a time line; written once, never changed."""

    at: datetime
    kind: EventKind
    ticket_id: str | None = None
    outage_id: int | None = None
    by: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What is needed to tell the story: JSON values only."""
    text: str = ""
    """Words by which a search finds the ticket."""
    id: int = 0
