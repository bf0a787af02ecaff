"""The time line: what happened to a ticket or an outage, an entry a step.

What an entry tells is its payload, a small class for each kind of step. :func:`encoded` and
:func:`decoded` turn payloads into what a store can keep and back; the keys are a contract, since
``show --json`` hands them out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, dataclass_transform

from jdticket.domain.outages import OutageReason, Outcome, Via
from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import DeadlineSource, Status
from jdticket.errors import Trouble


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
    MISSING = "missing"
    FOUND_AGAIN = "found_again"
    OUTAGE_REPORTED = "outage_reported"
    OUTAGE_ENDED = "outage_ended"
    CONTACTED = "contacted"


class Why(StrEnum):
    """Why a deadline was moved."""

    PLATFORM = "platform"
    """The platform says so."""
    FACTS = "facts"
    """The kind or the creation time was corrected."""
    GRANTED = "granted"
    RECOMPUTED = "recomputed"


_moment = datetime.fromisoformat


_REQUIRED = object()


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Payload:
    """What one entry tells. A field that has a default is kept only when it differs from that.

    Its classes are what a frozen dataclass is, by name alone; twenty of those would take every command that
    writes as long to make as a third of its work.
    """

    kind: ClassVar[EventKind]
    readers: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """By field, for those that are kept as another type: from what was kept to what it is."""
    absent: ClassVar[Mapping[str, Any]] = {}
    """By field, what it is in an entry that was written before the field came."""
    defaults: ClassVar[dict[str, Any]] = {}
    """By field, its default."""

    def __init_subclass__(cls) -> None:
        own = vars(cls)
        names = [name for name, kind in own.get("__annotations__", {}).items() if "ClassVar" not in kind]
        cls.defaults = cls.defaults | {name: own.get(name, _REQUIRED) for name in names}

    def __init__(self, **values: Any) -> None:
        given = self.defaults | values
        wrong = [name for name, value in given.items() if value is _REQUIRED or name not in self.defaults]
        if wrong:
            raise TypeError(f"{type(self).__name__}: missing, or no field of its own: {wrong}")
        vars(self).update(given)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is not to be changed")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *map(str, vars(self).values())))

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({told})"


class Found(Payload):
    """A step that a draft led to."""

    source: str
    row: int


class FirstSeen(Found):
    """The ticket was seen for the first time."""

    kind: ClassVar = EventKind.TAKEN_IN
    readers: ClassVar = {"deadline_at": _moment, "deadline_source": DeadlineSource}
    deadline_at: datetime
    deadline_source: DeadlineSource
    created_at_unknown: bool = False
    reply_text: str = ""
    """A reply that the source tells of without its time."""


class Changed(Found):
    """Facts that were news."""

    kind: ClassVar = EventKind.CHANGED
    readers: ClassVar = {"fields": lambda kept: {name: _fact(name, value) for name, value in kept.items()}}
    fields: Mapping[str, str | datetime]
    """The new values, by the ticket's field."""


class DeadlineMoved(Payload):
    """Another deadline. ``source`` and ``row``: of the draft that led to it; ``contact`` and ``manager``: of
    the grant."""

    kind: ClassVar = EventKind.DEADLINE_MOVED
    readers: ClassVar = {"old": _moment, "new": _moment, "why": Why}
    source: str | None = None
    row: int | None = None
    old: datetime
    new: datetime
    why: Why
    contact: int | None = None
    manager: str = ""


class Replied(Payload):
    """A reply whose text and time are known, recorded here or seen on the platform."""

    kind: ClassVar = EventKind.REPLIED
    readers: ClassVar = {"at": _moment}
    text: str
    at: datetime
    on_time: bool
    forced: bool
    from_platform: bool


class Said(Found):
    """A step that the platform's state led to."""

    platform: str
    """Its own words for the state."""


class SaidReplied(Said):
    """The platform holds it as replied, by a reply of which nobody here knows the time."""

    kind: ClassVar = EventKind.REPLIED
    text: str = ""
    """What was replied, if the source tells."""


class SaidReturned(Said):
    """The platform goes on showing it as waiting although we are done with it."""

    kind: ClassVar = EventKind.RETURNED
    readers: ClassVar = {"was": Status}
    was: Status | None = None
    """Closed or void; None: replied."""


class SaidReopened(Said):
    """The platform shows it as waiting again after we, or the platform, were done with it."""

    __slots__ = ()
    kind = EventKind.REOPENED


class SaidArrived(Said):
    """The platform shows our reply, which it did not before."""

    __slots__ = ()
    kind = EventKind.ARRIVED


class SaidClosed(Said):
    """The platform has closed it."""

    __slots__ = ()
    kind = EventKind.CLOSED


class SaidVoid(Said):
    """The platform has declared it void."""

    __slots__ = ()
    kind = EventKind.VOIDED


class SaidRejected(Said):
    """The platform has rejected our reply."""

    kind: ClassVar = EventKind.REJECTED
    absent: ClassVar = {"reason": ""}
    reason: str


class Missing(Payload):
    """A complete take-in does not hold it any more."""

    kind: ClassVar = EventKind.MISSING
    source: str
    """What was taken in."""


class FoundAgain(Found):
    """A later take-in holds it again."""

    __slots__ = ()
    kind = EventKind.FOUND_AGAIN


class DeliveryTold(Payload):
    """What became of a reply that was to reach the platform."""

    readers: ClassVar = {"state": DeliveryState, "trouble": lambda kept: kept and Trouble(kept)}
    absent: ClassVar = {"trouble": None, "code": "", "already": False, "shop": ""}
    reply: int
    """The reply's id."""
    state: DeliveryState
    answer: str
    trouble: Trouble | None
    code: str
    already: bool
    """The ticket counted as replied before, and this reply was not added."""
    shop: str


class DeliveryArrived(DeliveryTold):
    """It is there."""

    __slots__ = ()
    kind = EventKind.SENT


class DeliveryFailed(DeliveryTold):
    """It is not there, or may not be."""

    __slots__ = ()
    kind = EventKind.NOT_SENT


class Assigned(Payload):
    """Another name on the ticket; empty: none."""

    kind: ClassVar = EventKind.ASSIGNED
    old: str
    new: str


class Noted(Payload):
    """A note."""

    kind: ClassVar = EventKind.NOTED
    text: str


class Closed(Payload):
    """A person closed it. ``was``: its state before, here and below."""

    kind: ClassVar = EventKind.CLOSED
    readers: ClassVar = {"was": Status}
    was: Status
    anyway: bool = False
    """Although the platform shows it as waiting."""


class Voided(Closed):
    """A person declared it void."""

    kind: ClassVar = EventKind.VOIDED
    why: str


class Reopened(Closed):
    """A person made it pending again."""

    kind: ClassVar = EventKind.REOPENED
    why: str


class OutageReported(Payload):
    """An outage went on record; told to each ticket that it endangered then, too."""

    kind: ClassVar = EventKind.OUTAGE_REPORTED
    readers: ClassVar = {"reason": OutageReason, "since": _moment}
    reason: OutageReason
    since: datetime
    note: str


class OutageEnded(Payload):
    """An outage ended."""

    kind: ClassVar = EventKind.OUTAGE_ENDED
    readers: ClassVar = {"until": _moment}
    until: datetime


class ManagerContacted(Payload):
    """A contact with the operations manager."""

    kind: ClassVar = EventKind.CONTACTED
    readers: ClassVar = {
        "via": Via,
        "at": _moment,
        "outcome": Outcome,
        "granted_until": lambda kept: kept and _moment(kept),
    }
    contact: int
    """The contact's id."""
    manager: str
    via: Via
    at: datetime
    outcome: Outcome
    said: str
    granted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a time line; written once, never changed."""

    at: datetime
    payload: Payload
    ticket_id: str | None = None
    outage_id: int | None = None
    by: str = ""
    text: str = ""
    """Words by which a search finds the ticket."""
    id: int = 0

    @property
    def kind(self) -> EventKind:
        """What it tells."""
        return self.payload.kind


# A kind has one class, but for what the platform may do as well as a person: its class stands first, and
# alone keeps the key "platform".
_CLASSES: Mapping[EventKind, tuple[type[Payload], ...]] = {
    EventKind.TAKEN_IN: (FirstSeen,),
    EventKind.CHANGED: (Changed,),
    EventKind.DEADLINE_MOVED: (DeadlineMoved,),
    EventKind.REPLIED: (SaidReplied, Replied),
    EventKind.RETURNED: (SaidReturned,),
    EventKind.ARRIVED: (SaidArrived,),
    EventKind.REJECTED: (SaidRejected,),
    EventKind.SENT: (DeliveryArrived,),
    EventKind.NOT_SENT: (DeliveryFailed,),
    EventKind.ASSIGNED: (Assigned,),
    EventKind.NOTED: (Noted,),
    EventKind.CLOSED: (SaidClosed, Closed),
    EventKind.VOIDED: (SaidVoid, Voided),
    EventKind.REOPENED: (SaidReopened, Reopened),
    EventKind.MISSING: (Missing,),
    EventKind.FOUND_AGAIN: (FoundAgain,),
    EventKind.OUTAGE_REPORTED: (OutageReported,),
    EventKind.OUTAGE_ENDED: (OutageEnded,),
    EventKind.CONTACTED: (ManagerContacted,),
}
# "from" is what is kept; in Python it is a word of the language.
_KEYS = {"was": "from"}


def encoded(payload: Payload) -> dict[str, Any]:
    """What is kept of a payload: JSON values, but for moments (aware datetimes), which each reader writes in
    its own way."""
    told = vars(payload).items()
    return {_KEYS.get(name, name): value for name, value in told if value != payload.defaults[name]}


def decoded(kind: EventKind, kept: Mapping[str, Any]) -> Payload:
    """The payload of which ``kept`` is what :func:`encoded` gave, moments as ISO 8601 text.

    Raises ``ValueError``, ``KeyError`` or ``TypeError`` for what no program wrote.
    """
    classes = _CLASSES[kind]
    found = classes[0] if "platform" in kept else classes[-1]
    values = dict(found.absent)
    for name in found.defaults:
        key = _KEYS.get(name, name)
        if key in kept:
            read = found.readers.get(name)
            values[name] = kept[key] if read is None else read(kept[key])
    return found(**values)


def _fact(name: str, value: str) -> str | datetime:
    return _moment(value) if name == "created_at" else value
