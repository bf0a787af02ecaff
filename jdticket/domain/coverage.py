"""Whom nobody warns: gaps between what waits, the channels, and the people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from jdticket.domain.channels import Channel, can_mention, hears
from jdticket.domain.hours import NeverOpenError

if TYPE_CHECKING:
    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.people import Staff
    from jdticket.domain.reminders import Duty, ReminderRules

LONG = 3
"""So many runs in a row with something left over by a limit are no passing rush any more."""
_INTERVALS = 3
"""After so many intervals without a run the reminders are taken for stopped."""


class GapKind(StrEnum):
    """What is missing."""

    SHOP = "shop"
    """Tickets of a shop wait, and no channel hears of it."""
    NO_SHOP = "no_shop"
    """Tickets of no shop wait, and each channel is for shops."""
    ESCALATED = "escalated"
    """Only an escalation uses the channel, and no other hears of what it is for before that."""
    MENTION = "mention"
    """The channel cannot mention these people."""
    NO_RULE = "no_rule"
    """There are channels, and every rule that would remind of a ticket is off."""
    VARIABLE = "variable"
    """These environment variables are not set."""
    NEVER_RUN = "never_run"
    """There are channels, tickets have waited for a while, and `remind` has never run."""
    STOPPED = "stopped"
    """`remind` has run, but not for three of its intervals."""


class Gap(NamedTuple):
    """Something that keeps people from being warned."""

    kind: GapKind
    name: str = ""
    """The channel's or the shop's."""
    names: tuple[str, ...] = ()
    """Of people or variables."""
    tickets: int = 0
    """How many wait there."""
    since: datetime | None = None


def ordinary(channels: Iterable[Channel], rules: ReminderRules) -> list[Channel]:
    """The channels that no escalation names: one that is named hears of nothing before its point."""
    escalated = {step.channel for step in rules.escalate}
    return [channel for channel in channels if channel.name not in escalated]


def covers_all(channels: Iterable[Channel], rules: ReminderRules) -> bool:
    """Whether nobody can be left out: some channel hears of every shop and of what has none."""
    return any(not channel.shops or channel.default for channel in ordinary(channels, rules))


def uncovered(
    channels: Sequence[Channel], rules: ReminderRules, shops: Iterable[str], waiting: Mapping[str, int]
) -> list[Gap]:
    """The shops that wait without a channel (``waiting``: how many tickets, by code, "" for no shop), and
    the channels of escalations that nobody else stands in for. ``shops``: the codes of all that are known. No
    channel at all is a choice, and no gap."""
    if not channels:
        return []
    heard_by = ordinary(channels, rules)

    def is_heard(shop: str) -> bool:
        return any(hears(channel, (shop,), heard_by) for channel in heard_by)

    gaps = [
        Gap(GapKind.SHOP if shop else GapKind.NO_SHOP, shop, tickets=tickets)
        for shop, tickets in sorted(waiting.items())
        if not is_heard(shop)
    ]
    known = {*shops, *waiting} or {""}
    for channel in channels:
        if channel not in heard_by and not all(is_heard(shop) for shop in (channel.shops or sorted(known))):
            gaps.append(Gap(GapKind.ESCALATED, channel.name))
    return gaps


def unruled(channels: Sequence[Channel], rules: ReminderRules) -> list[Gap]:
    """Whether no ticket would ever be reminded of, because each rule that does so is off. No channel at all
    is a choice, and no gap."""
    any_rule = rules.new or rules.before or rules.overdue_every or rules.opening
    return [] if any_rule or not channels else [Gap(GapKind.NO_RULE)]


def unmentionable(
    channels: Sequence[Channel], rules: ReminderRules, duties: Iterable[Duty], staff: Staff
) -> list[Gap]:
    """The people whom a channel should mention and cannot, by none of their handles. A channel that mentions
    nobody at all is asked for its own people alone."""
    duties = list(duties)
    gaps = []
    for channel in channels:
        wanted = list(channel.mention)
        if can_mention(channel.kind, None):
            wanted += (
                person
                for duty in duties
                if not duty.shops or not channel.shops or not set(duty.shops).isdisjoint(channel.shops)
                for person in duty.mention
            )
            wanted += (person for step in rules.escalate for person in step.mention)
            wanted += (person.name for person in staff.people if person.lead and person.mention)
        missed = tuple(
            person
            for person in dict.fromkeys(wanted)
            if not any(can_mention(channel.kind, handle) for handle in staff.reached_by((person,)))
        )
        if missed:
            gaps.append(Gap(GapKind.MENTION, channel.name, missed))
    return gaps


def silent(
    ran_at: datetime | None,
    every: timedelta,
    waiting_since: datetime | None,
    now: datetime,
    hours: ServiceHours,
) -> Gap | None:
    """Whether `remind` has stopped, or has never run while tickets wait: for more than three intervals of
    service time (``every`` is one) it was not seen."""
    since = ran_at or waiting_since
    if since is None:
        return None
    try:
        if hours.between(since, now) <= _INTERVALS * every:
            return None
    except NeverOpenError:
        # One moment that cannot be says nothing about the others.
        return None
    return Gap(GapKind.NEVER_RUN if ran_at is None else GapKind.STOPPED, since=since)
