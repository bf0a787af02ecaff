"""What waits, how long it may still, and the one order of urgency."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from jdticket.domain.hours import NeverOpenError
from jdticket.domain.tickets import Kind, Status, Ticket

if TYPE_CHECKING:
    from jdticket.domain.hours import ServiceHours


class Order(StrEnum):
    """How a list may be ordered."""

    DEADLINE = "deadline"
    """What waits by deadline, then the rest, the newest first."""
    URGENCY = "urgency"
    """The same, what waits by :func:`urgency`."""
    CREATED = "created"
    """The newest first."""
    SHOP = "shop"
    ASSIGNEE = "assignee"
    """What nobody has comes first."""


Urgency = tuple[bool, datetime, bool, str]
"""Overdue, deadline, not crc, number: what sorts tickets that wait."""


def waits(ticket: Ticket, undelivered: bool) -> bool:
    """Whether somebody waits for an answer: it is pending, or replied and the platform goes on showing it as
    waiting, or replied and a reply to it is not known to have arrived (``undelivered``)."""
    if ticket.status is Status.REPLIED:
        return undelivered or ticket.returned_at is not None
    return ticket.status is Status.PENDING


def urgency(ticket: Ticket, now: datetime) -> Urgency:
    """The key that sorts tickets which wait by urgency: what can still be answered in time by deadline, then
    what is overdue by deadline; crc first among equals, then by number."""
    return now > ticket.deadline_at, ticket.deadline_at, ticket.kind is not Kind.CRC, ticket.id


def time_left(ticket: Ticket, now: datetime, hours: ServiceHours) -> timedelta | None:
    """Service time from ``now`` to the deadline, negative when that is past; None for a deadline outside of
    the years that the hours know. Whether it is past can be told all the same, by the wall."""
    try:
        return hours.between(now, ticket.deadline_at)
    except NeverOpenError:
        return None
