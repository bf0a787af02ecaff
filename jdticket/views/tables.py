"""Answers for people: words, colours and tables on a terminal; the same words, uncut and without
colour, in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jdticket import clock
from jdticket.i18n import _, ngettext
from jdticket.model import Kind, Outage, Rejection, Status, Ticket
from jdticket.store.interface import Counts
from jdticket.text import harmless, one_line, quoted
from jdticket.words import kind_word, reason_word, status_word

# Wider than anything we print: in a pipe nothing is wrapped or cut.
_PIPE_WIDTH = 1_000_000
_LEAST_CONTENT = 8
_GAP = 2


def console(stream: TextIO | None = None) -> Console:
    """A console on ``stream`` (standard output) that takes no text for markup."""
    stream = stream or sys.stdout
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=not stream.isatty(),
        width=None if stream.isatty() else _PIPE_WIDTH,
        no_color=True if os.environ.get("NO_COLOR") else None,
    )


def urgency(ticket: Ticket, left: timedelta, now: datetime) -> str:
    """The style of a ticket's time left."""
    if ticket.status is not Status.PENDING:
        return "dim"
    if now > ticket.deadline_at:
        return "bold red"
    if left <= timedelta(minutes=30):
        return "red"
    if left <= timedelta(hours=1):
        return "yellow"
    return "green"


def left_cell(ticket: Ticket, left: timedelta, now: datetime) -> Text:
    """How much time is left, in words and colour; for a ticket that is not pending, its state."""
    if ticket.status is not Status.PENDING:
        return Text(status_word(ticket.status), style="dim")
    words = clock.left_in_words(left, now > ticket.deadline_at)
    return Text(words, style=urgency(ticket, left, now))


class TicketTable:
    """Tickets as a table that fits the terminal: numbers and times whole, the text cut to what is left."""

    def __init__(
        self,
        tickets: Sequence[Ticket],
        *,
        left: Callable[[Ticket], timedelta],
        now: datetime,
        zone: tzinfo,
        shop_names: Mapping[str, str],
        several_shops: bool,
    ) -> None:
        self._columns: list[tuple[str, list[Text]]] = []
        self._add(_("time left"), [left_cell(ticket, left(ticket), now) for ticket in tickets])
        self._add(_("deadline"), [Text(clock.moment_in_words(t.deadline_at, now, zone)) for t in tickets])
        self._add(
            _("kind"),
            [Text(kind_word(t.kind), style="bold" if t.kind is Kind.CRC else "") for t in tickets],
        )
        self._add(_("ticket"), [Text(t.id, style="bold") for t in tickets])
        self._add(_("order"), [Text(t.order_id or "-") for t in tickets])
        if several_shops:
            self._add(_("shop"), [Text(one_line(shop_names.get(t.shop, t.shop)) or "-") for t in tickets])
        if any(t.assignee for t in tickets):
            self._add(_("assignee"), [Text(one_line(t.assignee) or "-") for t in tickets])
        self._contents = [one_line(t.content) for t in tickets]

    def _add(self, heading: str, cells: list[Text]) -> None:
        self._columns.append((heading, cells))

    def print(self, out: Console) -> None:
        """Print it; the text's column is left out when a narrow terminal has no room for it."""
        used = sum(
            max([cell_len(heading), *(cell.cell_len for cell in cells)]) + _GAP
            for heading, cells in self._columns
        )
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
        for heading, _cells in self._columns:
            table.add_column(heading, no_wrap=True, overflow="ignore" if not out.is_terminal else "ellipsis")
        columns = [cells for _heading, cells in self._columns]
        room = out.width - used
        if room >= _LEAST_CONTENT and any(self._contents):
            table.add_column(_("content"), no_wrap=True, overflow="ellipsis")
            columns.append([Text(content) for content in self._contents])
        for row in zip(*columns, strict=True):
            table.add_row(*row)
        out.print(table)


def alerts(
    counts: Counts, uncontacted: Iterable[Outage], returned: Sequence[Ticket], *, now: datetime, zone: tzinfo
) -> list[Text]:
    """What must not be overlooked, one line each: it stands above every list."""
    lines: list[Text] = []
    if counts.overdue:
        lines.append(
            Text(
                "! "
                + ngettext(
                    "{n} ticket is overdue: answer it now.",
                    "{n} tickets are overdue: answer them now.",
                    counts.overdue,
                ).format(n=counts.overdue),
                style="bold red",
            )
        )
    lines += [Text("! " + uncontacted_line(outage, now, zone), style="bold red") for outage in uncontacted]
    if counts.returned:
        numbers = ", ".join(ticket.id for ticket in returned)
        if counts.returned > len(returned):
            numbers += " …"
        lines.append(
            Text(
                "! "
                + ngettext(
                    "{n} reply may not have reached the platform, which still waits: {numbers}",
                    "{n} replies may not have reached the platform, which still waits: {numbers}",
                    counts.returned,
                ).format(n=counts.returned, numbers=numbers),
                style="bold yellow",
            )
        )
    return lines


def uncontacted_line(outage: Outage, now: datetime, zone: tzinfo) -> str:
    """The reminder that an outage's operations manager has yet to be contacted."""
    return _(
        "Outage {id} ({reason}, since {since}): operations manager not yet contacted. "
        "Call, then: jdticket outage contact {id} --via phone"
    ).format(
        id=outage.id, reason=reason_word(outage.reason), since=clock.moment_in_words(outage.since, now, zone)
    )


def counts_line(counts: Counts, shown: int, hidden: int) -> str:
    """The counts below a list; a hidden ticket is never passed over in silence."""
    parts = [
        _("pending {n}").format(n=counts.pending),
        _("overdue {n}").format(n=counts.overdue),
        _("due within the hour {n}").format(n=counts.due_soon),
        _("shown {n}").format(n=shown),
    ]
    line = " · ".join(parts)
    if hidden:
        line += "  " + ngettext(
            "{n} more not shown: --all shows it.", "{n} more not shown: --all shows them.", hidden
        ).format(n=hidden)
    return line


def rejection_line(rejection: Rejection) -> str:
    """Which row cannot be taken, and why."""
    where = _("{source}, row {row}").format(source=one_line(rejection.source), row=rejection.row)
    if rejection.column:
        where += _(", column {column}").format(column=quoted(rejection.column))
    value = f" “{quoted(rejection.value)}”" if rejection.value else ""
    return f"{where}{value}: {rejection.reason}"


def paragraph(text: str, indent: str = "  ") -> str:
    """Text of several lines, harmless and set in."""
    return "\n".join(indent + harmless(line.expandtabs(2)) for line in text.splitlines())
