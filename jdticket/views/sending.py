"""What is said where messages do not get out, and where nobody would be warned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from jdticket import clock
from jdticket.domain.coverage import Gap, GapKind
from jdticket.i18n import _, ngettext
from jdticket.text import one_line
from jdticket.words import listed

if TYPE_CHECKING:
    from jdticket.domain.reminders import Reminder


def shortened_line(channel: str, refusals: Sequence[str]) -> str:
    """That a channel took these messages only without their content."""
    return ngettext(
        "Channel {channel} refused what {n} message said, and took it without that: "
        "{answer}. Read that ticket in jdticket.",
        "Channel {channel} refused what {n} messages said, and took them without it: "
        "{answer}. Read those tickets in jdticket.",
        len(refusals),
    ).format(channel=channel, n=len(refusals), answer=one_line(refusals[-1]))


def refused_line(reminders: Sequence[Reminder]) -> str:
    """That a channel refused these reminders for what they say, even without their content."""
    last = reminders[-1]
    return ngettext(
        "Channel {channel} refuses {n} reminder as it is: {answer}. It is tried again in the "
        "next run; see jdticket reminders --failed.",
        "Channel {channel} refuses {n} reminders as they are: {answer}. They are tried again "
        "in the next run; see jdticket reminders --failed.",
        len(reminders),
    ).format(channel=last.channel, n=len(reminders), answer=one_line(last.answer))


def failed_line(reminders: Sequence[Reminder]) -> str:
    """That a channel did not take these reminders, and what to do."""
    last = reminders[-1]
    said = (
        ngettext(
            "Channel {channel} refuses: {answer}. Mend its settings; {n} reminder waits and is tried again.",
            "Channel {channel} refuses: {answer}. Mend its settings; {n} reminders wait and are tried again.",
            len(reminders),
        )
        if last.refused
        else ngettext(
            "Channel {channel} failed: {answer}. {n} reminder waits and is tried again in the next run.",
            "Channel {channel} failed: {answer}. {n} reminders wait and are tried again in the next run.",
            len(reminders),
        )
    )
    # What our own sentences end with stands in the middle here.
    answer = one_line(last.answer).rstrip(".。")
    return said.format(channel=last.channel, answer=answer, n=len(reminders))


def unsure_line(reminders: Sequence[Reminder]) -> str:
    """That these reminders may have arrived, and are not sent again."""
    last = reminders[-1]
    return ngettext(
        "Channel {channel} never answered to {n} reminder ({answer}). It may have arrived, "
        "{copies} times at most, and is not sent again: look at the group.",
        "Channel {channel} never answered to {n} reminders ({answer}). They may have "
        "arrived, {copies} times at most, and are not sent again: look at the group.",
        len(reminders),
    ).format(channel=last.channel, n=len(reminders), answer=one_line(last.answer), copies=last.copies)


def limited_line(channel: str, runs: int) -> str:
    """That a channel has taken less than was due for so many runs."""
    return _(
        "Channel {channel} has taken fewer messages than were due in {n} runs in a row; reminders come late. "
        "Give some shops a channel of their own."
    ).format(channel=one_line(channel), n=runs)


def failing_line(count: int) -> str:
    """That so many reminders have failed."""
    return ngettext(
        "{n} reminder has failed and is tried again; see: jdticket reminders --failed",
        "{n} reminders have failed and are tried again; see: jdticket reminders --failed",
        count,
    ).format(n=count)


def gap_line(gap: Gap, shop_names: Mapping[str, str], *, now: datetime, zone: tzinfo) -> str:
    """A gap between what waits, the channels and the people, and how to close it."""
    names = listed(map(one_line, gap.names))
    name = one_line(gap.name)
    match gap.kind:
        case GapKind.SHOP:
            shop = one_line(shop_names.get(gap.name, gap.name))
            if not gap.tickets:
                return _(
                    "No channel is for shop {shop}: put it into shops of one, or default = true on the one "
                    "for all the rest."
                ).format(shop=shop)
            return ngettext(
                "{n} ticket of shop {shop} waits, and no channel is for that shop: put it into shops of one, "
                "or default = true on the one for all the rest.",
                "{n} tickets of shop {shop} wait, and no channel is for that shop: put it into shops of one, "
                "or default = true on the one for all the rest.",
                gap.tickets,
            ).format(n=gap.tickets, shop=shop)
        case GapKind.NO_SHOP:
            return ngettext(
                "{n} ticket without a shop waits, and every channel is for shops: put default = true on the "
                "one for all the rest.",
                "{n} tickets without a shop wait, and every channel is for shops: put default = true on the "
                "one for all the rest.",
                gap.tickets,
            ).format(n=gap.tickets)
        case GapKind.ESCALATED:
            return _(
                "Channel {channel} is used by escalations alone, and nobody hears of its shops before that: "
                "give them a channel of their own."
            ).format(channel=name)
        case GapKind.MENTION:
            return _(
                "Channel {channel} cannot mention {names}: it takes other handles (see docs/reminders.md)."
            ).format(channel=name, names=names)
        case GapKind.NO_RULE:
            return _(
                "No ticket is ever reminded of: new, before, overdue_every and opening are all off in "
                "[reminders]; set at least one."
            )
        case GapKind.VARIABLE:
            return _(
                "Not set where jdticket runs: {names}. Reminders need these environment variables (in cron: "
                "a line in the crontab)."
            ).format(names=names)
        case GapKind.NEVER_RUN:
            return _("Reminders have never run, and tickets wait. Set them up with: jdticket cron install")
        case GapKind.STOPPED:
            since = clock.moment_in_words(gap.since or now, now, zone)
            return _(
                "Reminders have not run since {since}. Look at: jdticket cron show; if nothing is installed: "
                "jdticket cron install"
            ).format(since=since)
