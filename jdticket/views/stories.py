"""One ticket, one outage, one deadline, told to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from jdticket import clock
from jdticket.domain.events import Event
from jdticket.domain.outages import Contact, Extension, Outage
from jdticket.domain.replies import Reply
from jdticket.domain.tickets import DeadlineSource, Kind, Ticket
from jdticket.domain.urgency import waits
from jdticket.i18n import _
from jdticket.text import harmless, one_line
from jdticket.views.screen import Cell, Screen
from jdticket.views.tables import left_cell
from jdticket.views.timeline import TimeLine
from jdticket.words import (
    kind_said,
    kind_word,
    listed,
    outcome_word,
    reason_word,
    source_word,
    status_word,
    via_word,
)

Span = tuple[datetime, datetime]


class Teller:
    """Tells things as of ``now`` in ``zone`` on a screen."""

    def __init__(self, screen: Screen, *, now: datetime, zone: tzinfo, shop_names: Mapping[str, str]) -> None:
        self._screen = screen
        self._now = now
        self._zone = zone
        self._shop_names = shop_names
        self._words = TimeLine(self._moment).words

    def _moment(self, moment: datetime) -> str:
        return clock.moment_in_words(moment, self._now, self._zone)

    def _fields(self, fields: Sequence[tuple[str, str | Cell]]) -> None:
        self._screen.table(
            [], [[Cell(name), Cell(value) if isinstance(value, str) else value] for name, value in fields]
        )

    def _heading(self, text: str) -> None:
        self._screen.line()
        self._screen.line(text, "bold")

    def _paragraph(self, text: str, indent: str = "  ") -> None:
        for line in text.splitlines():
            self._screen.line(indent + harmless(line.expandtabs(2)))

    def ticket(
        self,
        ticket: Ticket,
        *,
        left: timedelta | None,
        undelivered: bool,
        counted: Sequence[Span],
        replies: Sequence[Reply],
        extensions: Sequence[Extension],
        events: Sequence[Event],
    ) -> None:
        """Everything about one ticket, how its deadline came about, and its time line. ``undelivered``: a
        reply to it is not known to have arrived."""
        kind = kind_said(ticket)
        if ticket.kind is not Kind.OTHER and ticket.kind_text and ticket.kind_text != kind:
            kind += f" ({one_line(ticket.kind_text)})"
        status: str = status_word(ticket.status)
        if ticket.platform_status:
            status += _(" (the platform says: {words})").format(words=one_line(ticket.platform_status))
        fields: list[tuple[str, str | Cell]] = [(_("ticket"), Cell(ticket.id, "bold"))]
        fields.append((_("state"), status))
        if waits(ticket, undelivered):
            fields.append((_("time left"), left_cell(ticket, left, self._now, undelivered=undelivered)))
        fields.append((_("kind"), kind))
        fields.append((_("order"), ticket.order_id or "-"))
        if ticket.shop:
            fields.append((_("shop"), one_line(self._shop_names.get(ticket.shop, ticket.shop))))
        if ticket.assignee:
            fields.append((_("assignee"), one_line(ticket.assignee)))
        fields.append((_("created"), self._moment(ticket.created_at)))
        fields.append(
            (
                _("deadline"),
                Cell(f"{self._moment(ticket.deadline_at)}  {source_word(ticket.deadline_source)}"),
            )
        )
        if ticket.first_deadline_at != ticket.deadline_at:
            fields.append((_("first deadline"), self._moment(ticket.first_deadline_at)))
        self._fields(fields)
        if undelivered:
            said = _("A reply to it is not on the platform: jdticket send {id}")
            self._screen.line("! " + said.format(id=ticket.id), style="bold red")
        elif ticket.returned_at is not None:
            self._screen.line(
                "! " + _("The platform still shows it as waiting: the reply may not have arrived there."),
                style="bold yellow",
            )
        if ticket.missing_at is not None and waits(ticket, undelivered):
            said = _("The page has not held it since {since}; it may have been answered there.")
            self._screen.line("! " + said.format(since=self._moment(ticket.missing_at)), style="bold yellow")
        if ticket.content:
            self._heading(_("Content"))
            self._paragraph(ticket.content)
        if counted:
            self._heading(_("How the first deadline is counted"))
            self._counted(counted)
        if extensions:
            self._heading(_("Granted"))
            for extension in extensions:
                self._screen.line("  " + self._extension(extension))
        if replies:
            self._heading(_("Replies"))
            for reply in replies:
                self._screen.line("  " + self._reply_heading(reply), "green" if reply.on_time else "red")
                self._paragraph(reply.text, "    ")
        self._heading(_("Time line"))
        self._time_line(events)

    def _reply_heading(self, reply: Reply) -> str:
        verdict = _("in time") if reply.on_time else _("late")
        line = _("{at} ({verdict})").format(at=self._moment(reply.at), verdict=verdict)
        if reply.by:
            line += "  " + one_line(reply.by)
        if reply.forced:
            line += "  " + _("recorded with --force")
        return line

    def _extension(self, extension: Extension) -> str:
        return _("ticket {ticket}: {old} → {new} (contact {contact}, outage {outage})").format(
            ticket=extension.ticket_id,
            old=self._moment(extension.old_deadline_at),
            new=self._moment(extension.granted_until),
            contact=extension.contact_id,
            outage=extension.outage_id,
        )

    def _counted(self, spans: Sequence[Span]) -> None:
        for start, end in spans:
            self._screen.line(
                "  "
                + _("{start} – {end}  {length}").format(
                    start=self._moment(start),
                    end=self._moment(end),
                    length=clock.duration_in_words(end - start),
                )
            )

    def _time_line(self, events: Sequence[Event]) -> None:
        for event in events:
            by = f"  ({one_line(event.by)})" if event.by else ""
            self._screen.line(f"  {self._moment(event.at)}  {self._words(event)}{by}")

    def outage(
        self,
        outage: Outage,
        *,
        affected: Sequence[Ticket],
        contacts: Sequence[Contact],
        extensions: Sequence[Extension],
        events: Sequence[Event],
    ) -> None:
        """Everything about one outage."""
        fields: list[tuple[str, str | Cell]] = [
            (_("outage"), Cell(str(outage.id), "bold")),
            (_("reason"), reason_word(outage.reason)),
            (_("since"), self._moment(outage.since)),
            (_("until"), _("it lasts") if outage.until is None else self._moment(outage.until)),
            (_("shops"), self._shops(outage)),
            (_("operations manager"), self.contact_state(outage)),
        ]
        if outage.note:
            fields.append((_("note"), one_line(outage.note)))
        self._fields(fields)
        self._heading(_("Pending tickets whose clock it cuts into: {n}").format(n=len(affected)))
        for ticket in affected:
            self._screen.line(
                "  "
                + _("ticket {id}, order {order}, {kind}, due {deadline}").format(
                    id=ticket.id,
                    order=ticket.order_id or "-",
                    kind=kind_said(ticket),
                    deadline=self._moment(ticket.deadline_at),
                )
                + (
                    " " + _("(first: {first})").format(first=self._moment(ticket.first_deadline_at))
                    if ticket.deadline_source is DeadlineSource.GRANTED
                    else ""
                )
            )
        if contacts:
            self._heading(_("Contacts"))
            for contact in contacts:
                line = _("contact {id}, {at}: {manager}, {via}, {outcome}").format(
                    id=contact.id,
                    at=self._moment(contact.at),
                    manager=one_line(contact.manager),
                    via=via_word(contact.via),
                    outcome=outcome_word(contact.outcome),
                )
                self._screen.line("  " + line + (f": {one_line(contact.said)}" if contact.said else ""))
        if extensions:
            self._heading(_("Granted"))
            for extension in extensions:
                self._screen.line("  " + self._extension(extension))
        if events:
            self._heading(_("Time line"))
            self._time_line([event for event in events if event.ticket_id is None])

    def _shops(self, outage: Outage) -> str:
        return listed(one_line(self._shop_names.get(code, code)) for code in outage.shops) or _("all")

    def contact_state(self, outage: Outage) -> Cell:
        """Whether the operations manager was reached."""
        if outage.contacted:
            return Cell(_("contacted"), "green")
        return Cell(_("NOT YET CONTACTED"), "bold red")

    def outages(self, outages: Sequence[Outage]) -> None:
        """All outages, a line each."""
        headings = [_("outage"), _("reason"), _("since"), _("until"), _("operations manager"), _("shops")]
        rows = []
        for outage in outages:
            rows.append(
                [
                    Cell(str(outage.id), "bold"),
                    Cell(reason_word(outage.reason)),
                    Cell(self._moment(outage.since)),
                    Cell(_("it lasts") if outage.until is None else self._moment(outage.until)),
                    self.contact_state(outage),
                    Cell(self._shops(outage)),
                ]
            )
        self._screen.table(headings, rows)

    def deadline(
        self, created_at: datetime, deadline_at: datetime, *, kind: Kind, rule: str, counted: Sequence[Span]
    ) -> None:
        """When a ticket that comes in at ``created_at`` is due, and how that is counted."""
        self._fields(
            [
                (_("created"), self._moment(created_at)),
                (_("kind"), kind_word(kind)),
                (_("time to reply"), rule),
                (_("deadline"), Cell(self._moment(deadline_at), "bold")),
            ]
        )
        self._heading(_("How it is counted"))
        self._counted(counted)
