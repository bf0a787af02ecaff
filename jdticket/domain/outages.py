"""Outages (异常), contacts with the operations manager, and what they grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jdticket.domain.hours import NeverOpenError, ServiceHours
from jdticket.domain.tickets import Ticket


class OutageReason(StrEnum):
    """Why the shop cannot answer (after the reasons that JD accepts for late shipping)."""

    POWER = "power"
    NETWORK = "network"
    SYSTEM = "system"
    WEATHER = "weather"
    DISASTER = "disaster"
    EVENT = "event"
    OTHER = "other"


class Via(StrEnum):
    """How the operations manager was contacted."""

    PHONE = "phone"
    WECHAT = "wechat"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    EMAIL = "email"
    OTHER = "other"


class Outcome(StrEnum):
    """What came of a contact."""

    TOLD = "told"
    GRANTED = "granted"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the shop cannot answer tickets."""

    reason: OutageReason
    since: datetime
    until: datetime | None
    """None while it lasts."""
    shops: tuple[str, ...]
    """Codes of the shops that it stops; empty: all."""
    note: str
    reported_at: datetime
    contacted: bool = False
    """The operations manager was reached (told, granted or refused; not "no answer")."""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact with the operations manager about an outage."""

    outage_id: int
    manager: str
    via: Via
    at: datetime
    said: str
    outcome: Outcome
    id: int = 0


@dataclass(frozen=True, slots=True)
class Extension:
    """A deadline that the operations manager moved, for one ticket."""

    contact_id: int
    outage_id: int
    ticket_id: str
    old_deadline_at: datetime
    granted_until: datetime
    at: datetime
    id: int = 0


def endangers(outage: Outage, ticket: Ticket, hours: ServiceHours) -> bool:
    """Whether the outage takes service time away from the answer to a ticket that waits: one whose deadline
    lies outside of the years that the hours know counts as endangered."""
    if outage.shops and ticket.shop not in outage.shops:
        return False
    begin = max(ticket.created_at, outage.since)
    end = ticket.deadline_at if outage.until is None else min(ticket.deadline_at, outage.until)
    if begin >= end:
        return False
    # The platform and the manager also set deadlines outside service hours: one that lies in the
    # outage is in danger although no service time is.
    try:
        lies_in_it = end == ticket.deadline_at and not hours.is_open(end)
        return lies_in_it or hours.between(begin, end) > timedelta(0)
    except NeverOpenError:
        return True
