"""Deadline policy by kind: how long a ticket may wait, and until when that is.

Nothing here reads a clock, a file or a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from jdticket.domain.hours import Segment, ServiceHours
from jdticket.domain.tickets import Kind
from jdticket.durations import duration_from_words


class ClockKind(StrEnum):
    """Which clock a duration is counted on."""

    SERVICE = "service"
    CALENDAR = "calendar"


class TimeToReply(NamedTuple):
    """How long a ticket may wait for its reply, and on which clock."""

    duration: timedelta
    clock: ClockKind = ClockKind.SERVICE


def parse_time_to_reply(text: str) -> TimeToReply:
    """The duration that "4h", "4h service" or "24h calendar" means; service time unless it says so.

    Raises ``ValueError`` with the reason in plain English.
    """
    words, clock = text.strip(), ClockKind.SERVICE
    for kind in ClockKind:
        if words.endswith(kind):
            words, clock = words.removesuffix(kind), kind
    duration = duration_from_words(words)
    if not duration:
        raise ValueError("a deadline needs more than no time")
    return TimeToReply(duration, clock)


@dataclass(frozen=True)
class DeadlinePolicy:
    """How long each kind of ticket may wait: ``kinds``, or else ``default``, counted by ``hours``."""

    hours: ServiceHours
    default: TimeToReply
    kinds: Mapping[Kind, TimeToReply] = field(default_factory=dict)

    def time_to_reply(self, kind: Kind) -> TimeToReply:
        """How long a ticket of this kind may wait."""
        return self.kinds.get(kind, self.default)

    def deadline(self, kind: Kind, created_at: datetime) -> datetime:
        """When a ticket that the platform created at ``created_at`` must have its reply, in UTC.

        A reply at exactly that moment is on time. Raises ``NeverOpenError`` when the hours run out.
        """
        allowed = self.time_to_reply(kind)
        if allowed.clock is ClockKind.CALENDAR:
            return created_at.astimezone(UTC) + allowed.duration
        return self.hours.after(created_at, allowed.duration)

    def counted(self, kind: Kind, created_at: datetime) -> list[Segment]:
        """How :meth:`deadline` was counted: the stretches of time that add up to the duration."""
        deadline = self.deadline(kind, created_at)
        if self.time_to_reply(kind).clock is ClockKind.CALENDAR:
            return [Segment(created_at.astimezone(UTC), deadline)]
        return self.hours.segments(created_at, deadline)
