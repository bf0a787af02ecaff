"""Deadline policy by kind: how long a ticket may wait, and until when that is.

Nothing here reads a clock, a file or a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from jdticket.domain.hours import Segment, ServiceHours
from jdticket.domain.tickets import Kind
from jdticket.durations import length_from_words


class ClockKind(StrEnum):
    """Which clock a duration is counted on."""

    SERVICE = "service"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a ticket may wait for its reply, and on which clock."""

    length: timedelta
    clock: ClockKind = ClockKind.SERVICE


def parse_policy_duration(text: str) -> Duration:
    """The duration that "4h", "4h service" or "24h calendar" means; service time unless it says so.

    Raises ``ValueError`` with the reason in plain English.
    """
    words, clock = text.strip(), ClockKind.SERVICE
    for kind in ClockKind:
        if words.endswith(kind):
            words, clock = words.removesuffix(kind), kind
    length = length_from_words(words)
    if not length:
        raise ValueError("a deadline needs more than no time")
    return Duration(length, clock)


@dataclass(frozen=True)
class DeadlinePolicy:
    """How long each kind of ticket may wait: ``kinds``, or else ``default``, counted by ``hours``."""

    hours: ServiceHours
    default: Duration
    kinds: Mapping[Kind, Duration] = field(default_factory=dict)

    def duration(self, kind: Kind) -> Duration:
        """How long a ticket of this kind may wait."""
        return self.kinds.get(kind, self.default)

    def deadline(self, kind: Kind, created_at: datetime) -> datetime:
        """When a ticket that the platform created at ``created_at`` must have its reply, in UTC.

        A reply at exactly that moment is on time. Raises ``NeverOpenError`` when the hours run out.
        """
        duration = self.duration(kind)
        if duration.clock is ClockKind.CALENDAR:
            return created_at.astimezone(UTC) + duration.length
        return self.hours.after(created_at, duration.length)

    def counted(self, kind: Kind, created_at: datetime) -> list[Segment]:
        """How :meth:`deadline` was counted: the stretches of time that add up to the duration."""
        deadline = self.deadline(kind, created_at)
        if self.duration(kind).clock is ClockKind.CALENDAR:
            return [Segment(created_at.astimezone(UTC), deadline)]
        return self.hours.segments(created_at, deadline)
