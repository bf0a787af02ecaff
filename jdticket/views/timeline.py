"""The entries of a time line, each in a sentence's beginning: one small wording for each kind of step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jdticket.domain.events import (
    Assigned,
    Changed,
    Closed,
    DeadlineMoved,
    DeliveryArrived,
    DeliveryFailed,
    Event,
    FirstSeen,
    FoundAgain,
    ManagerContacted,
    Missing,
    Noted,
    OutageEnded,
    OutageReported,
    Payload,
    Reopened,
    Replied,
    SaidArrived,
    SaidClosed,
    SaidRejected,
    SaidReopened,
    SaidReplied,
    SaidReturned,
    SaidVoid,
    Voided,
    Why,
)
from jdticket.domain.replies import DeliveryState
from jdticket.i18n import _
from jdticket.text import one_line
from jdticket.words import listed, outcome_word, platform_trouble, reason_word, status_word, via_word


class TimeLine:
    """Words events. ``moment`` words a moment as of the present."""

    def __init__(self, moment: Callable[[datetime], str]) -> None:
        self._moment = moment
        self._wordings: Mapping[type[Payload], Callable[[Any], str]] = {
            FirstSeen: self._first_seen,
            Changed: self._changed,
            DeadlineMoved: self._deadline_moved,
            Replied: self._replied,
            SaidReplied: lambda told: _because(_("replied on the platform"), told.text),
            SaidReturned: self._returned,
            SaidReopened: lambda told: _("waiting again on the platform ({words}); pending again").format(
                words=one_line(told.platform)
            ),
            SaidArrived: lambda _told: _("the reply has arrived on the platform"),
            SaidRejected: self._rejected,
            SaidClosed: lambda _told: _("closed by the platform"),
            SaidVoid: lambda _told: _("void by the platform"),
            Missing: lambda told: _("no longer there: {source}").format(source=one_line(told.source)),
            FoundAgain: self._found_again,
            DeliveryArrived: self._delivery_arrived,
            DeliveryFailed: self._delivery_failed,
            Assigned: self._assigned,
            Noted: lambda told: _("note: {text}").format(text=one_line(told.text)),
            Closed: self._closed,
            Voided: lambda told: _("void: {why}").format(why=one_line(told.why)),
            Reopened: lambda told: _("reopened: {why}").format(why=one_line(told.why)),
            ManagerContacted: self._manager_contacted,
        }

    def words(self, event: Event) -> str:
        """What happened, on one line."""
        told = event.payload
        if isinstance(told, OutageReported):
            return _("outage {id} reported: {reason}, since {since}").format(
                id=event.outage_id, reason=reason_word(told.reason), since=self._moment(told.since)
            )
        if isinstance(told, OutageEnded):
            return _("outage {id} ended at {until}").format(
                id=event.outage_id, until=self._moment(told.until)
            )
        return self._wordings[type(told)](told)

    def _first_seen(self, told: FirstSeen) -> str:
        if told.row == 0:
            return _("taken in from the platform")
        return _("taken in from {source}, row {row}").format(source=one_line(told.source), row=told.row)

    def _found_again(self, told: FoundAgain) -> str:
        if told.row == 0:
            return _("there again on the platform")
        return _("there again: {source}, row {row}").format(source=one_line(told.source), row=told.row)

    def _changed(self, told: Changed) -> str:
        names = listed(_field_word(name) for name in told.fields)
        if told.row == 0:
            return _("changed by the platform: {names}").format(names=names)
        return _("changed by {source}, row {row}: {names}").format(
            source=one_line(told.source), row=told.row, names=names
        )

    def _deadline_moved(self, told: DeadlineMoved) -> str:
        why = {
            Why.PLATFORM: _("said by the platform"),
            Why.FACTS: _("kind or creation time corrected"),
            Why.GRANTED: _("granted by {manager}").format(manager=one_line(told.manager)),
            Why.RECOMPUTED: _("recomputed"),
        }[told.why]
        return _("deadline moved: {old} → {new}, {why}").format(
            old=self._moment(told.old), new=self._moment(told.new), why=why
        )

    def _replied(self, told: Replied) -> str:
        return _("replied {at} ({verdict}): {text}").format(
            at=self._moment(told.at),
            verdict=_("in time") if told.on_time else _("late"),
            text=one_line(told.text),
        )

    def _returned(self, told: SaidReturned) -> str:
        if told.was is None:
            return _("still waiting on the platform; the reply may not have arrived there")
        return _("{status} here, and still waiting on the platform").format(status=status_word(told.was))

    def _closed(self, told: Closed) -> str:
        if not told.anyway:
            return _("closed")
        return _("closed although the platform shows it as waiting")

    def _rejected(self, told: SaidRejected) -> str:
        return _because(_("the platform rejected the reply; pending again"), told.reason)

    def _delivery_arrived(self, told: DeliveryArrived) -> str:
        line = (
            _("counts as replied on the platform already; this reply was not added")
            if told.already
            else _("the reply was brought to the platform")
        )
        return _because(line, told.answer)

    def _delivery_failed(self, told: DeliveryFailed) -> str:
        line = (
            _("the reply may not be on the platform")
            if told.state is DeliveryState.UNKNOWN
            else _("the reply is not on the platform")
        )
        if told.trouble is None:
            return line
        why = platform_trouble(told.trouble, one_line(told.code), one_line(told.answer), one_line(told.shop))
        return _because(line, why)

    def _assigned(self, told: Assigned) -> str:
        if not told.new:
            return _("assigned to nobody")
        return _("assigned to {name}").format(name=one_line(told.new))

    def _manager_contacted(self, told: ManagerContacted) -> str:
        line = _("operations manager contacted: {manager}, {via}, {outcome}").format(
            manager=one_line(told.manager), via=via_word(told.via), outcome=outcome_word(told.outcome)
        )
        return f"{line}: {one_line(told.said)}" if told.said else line


def _because(line: str, why: str) -> str:
    why = one_line(why)
    return _("{where}: {what}").format(where=line, what=why) if why else line


def _field_word(name: str) -> str:
    return {
        "order_id": _("order"),
        "content": _("content"),
        "kind": _("kind"),
        "kind_text": _("kind"),
        "assignee": _("assignee"),
        "created_at": _("creation time"),
        "platform_status": _("state on the platform"),
        "shop": _("shop"),
    }.get(name, name)
