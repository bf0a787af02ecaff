"""Outages (异常), contacts with the operations manager, and what they grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
