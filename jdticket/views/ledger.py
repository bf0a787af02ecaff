"""The ledger of reminders, for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from jdticket import clock
from jdticket.domain.reminders import SIGN_IN, Reminder, ReminderRule, ReminderState, is_left_over
from jdticket.i18n import _
from jdticket.text import one_line
from jdticket.views.screen import Cell, Screen

# "source:<shop>:<since>:<k>" and "source_back:<shop>:<since>" (see reminding); a code may hold a colon.
_SHOP = re.compile(r"source(?:_back)?:(.*):\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?::\d+)?", re.DOTALL)


def print_ledger(screen: Screen, reminders: Sequence[Reminder], *, now: datetime, zone: tzinfo) -> None:
    """A line a reminder: when, what became of it, where it went, why, about what, and the answer."""
    headings = [_("time"), _("state"), _("channel"), _("rule"), _("about"), _("tries"), _("answer")]
    states = {
        ReminderState.SENT: Cell(_("sent"), "green"),
        ReminderState.FAILED: Cell(_("failed"), "bold red"),
        ReminderState.CLAIMED: Cell(_("under way"), "yellow"),
        ReminderState.SUPERSEDED: Cell(_("superseded"), "dim"),
        ReminderState.UNSURE: Cell(_("may have arrived"), "bold yellow"),
    }
    rows = []
    for reminder in reminders:
        about = reminder.ticket_id or "-"
        if reminder.outage_id is not None:
            about = _("outage {id}").format(id=reminder.outage_id)
        if reminder.rule is ReminderRule.SOURCE:
            about = one_line(_SHOP.sub(r"\1", reminder.step)) or "-"
        rows.append(
            [
                Cell(clock.moment_in_words(reminder.sent_at or reminder.claimed_at, now, zone)),
                # A limit left it over: it is as good as untouched, and the next run takes it up.
                Cell(_("waits"), "yellow") if is_left_over(reminder) else states[reminder.state],
                Cell(one_line(reminder.channel)),
                Cell(rule_word(reminder)),
                Cell(about),
                Cell(str(reminder.attempts)),
                Cell(one_line(reminder.answer)),
            ]
        )
    screen.table(headings, rows, fitted=True)


def rule_word(reminder: Reminder) -> str:
    """Which rule a reminder follows, with its step."""
    _rule, _colon, step = reminder.step.partition(":")
    match reminder.rule:
        case ReminderRule.NEW:
            return _("new")
        case ReminderRule.BEFORE:
            return _("{length} before").format(length=clock.duration_in_words(timedelta(seconds=int(step))))
        case ReminderRule.OVERDUE:
            return _("overdue, no. {n}").format(n=int(step) + 1)
        case ReminderRule.OPENING:
            return _("opening")
        case ReminderRule.OUTAGE_CONTACT:
            return _("manager not contacted")
        case ReminderRule.RETURNED if reminder.step.startswith("rejected:"):
            return _("pending again")
        case ReminderRule.RETURNED:
            return _("not on the platform")
        case ReminderRule.UNASSIGNED:
            return _("nobody has it")
        case ReminderRule.SOURCE if reminder.step.startswith(f"{SIGN_IN}:"):
            return _("sign-in ends")
        case ReminderRule.SOURCE:
            failing = reminder.step.startswith(f"{ReminderRule.SOURCE}:")
            return _("not fetched") if failing else _("fetched again")
