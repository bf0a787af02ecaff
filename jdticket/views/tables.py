"""Lists of tickets, what stands above and below them, and rows that could not be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from jdticket import clock
from jdticket.i18n import _, ngettext
from jdticket.model import ChannelTrouble, Counts, Kind, Outage, Rejection, Status, Ticket
from jdticket.text import one_line, quoted
from jdticket.views.screen import Cell, Screen
from jdticket.words import kind_word, listed, reason_word, status_word


def left_cell(ticket: Ticket, left: timedelta, now: datetime) -> Cell:
    """How much time is left, in words and colour; for a ticket that is not pending, its state."""
    if ticket.status is not Status.PENDING:
        return Cell(status_word(ticket.status), "dim")
    overdue = now > ticket.deadline_at
    if overdue:
        style = "bold red"
    elif left <= timedelta(minutes=30):
        style = "red"
    elif left <= timedelta(hours=1):
        style = "yellow"
    else:
        style = "green"
    return Cell(clock.left_in_words(left, overdue), style)


def ticket_table(
    screen: Screen,
    tickets: Sequence[Ticket],
    *,
    left: Callable[[Ticket], timedelta],
    now: datetime,
    zone: tzinfo,
    shop_names: Mapping[str, str],
    several_shops: bool,
) -> None:
    """Tickets as a table: numbers and times whole, the text cut to the room that is left."""
    assigned = any(ticket.assignee for ticket in tickets)
    headings = [_("time left"), _("deadline"), _("kind"), _("ticket"), _("order")]
    headings += [_("shop")] * several_shops + [_("assignee")] * assigned + [_("content")]
    rows = []
    for ticket in tickets:
        row = [
            left_cell(ticket, left(ticket), now),
            Cell(clock.moment_in_words(ticket.deadline_at, now, zone)),
            Cell(kind_word(ticket.kind), "bold" if ticket.kind is Kind.CRC else ""),
            Cell(ticket.id, "bold"),
            Cell(ticket.order_id or "-"),
        ]
        if several_shops:
            row.append(Cell(one_line(shop_names.get(ticket.shop, ticket.shop)) or "-"))
        if assigned:
            row.append(Cell(one_line(ticket.assignee) or "-"))
        rows.append([*row, Cell(one_line(ticket.content))])
    screen.table(headings, rows, fitted=True)


def alerts(
    screen: Screen,
    counts: Counts,
    uncontacted: Iterable[Outage],
    returned: Sequence[Ticket],
    *,
    now: datetime,
    zone: tzinfo,
) -> None:
    """What must not be overlooked, one line each: it stands above every list."""
    if counts.overdue:
        said = ngettext(
            "{n} ticket is overdue: answer it now.",
            "{n} tickets are overdue: answer them now.",
            counts.overdue,
        )
        screen.line("! " + said.format(n=counts.overdue), "bold red")
    for outage in uncontacted:
        said = _(
            "Outage {id} ({reason}, since {since}): operations manager not yet contacted. "
            "Call, then: jdticket outage contact {id} --via phone"
        )
        since = clock.moment_in_words(outage.since, now, zone)
        screen.line(
            "! " + said.format(id=outage.id, reason=reason_word(outage.reason), since=since), "bold red"
        )
    if counts.returned:
        numbers = listed(ticket.id for ticket in returned)
        if counts.returned > len(returned):
            numbers += " …"
        screen.line("! " + returned_line(counts.returned, numbers), "bold yellow")


def trouble_alerts(
    screen: Screen,
    troubles: Iterable[ChannelTrouble],
    silent_since: datetime | None,
    *,
    now: datetime,
    zone: tzinfo,
) -> None:
    """That reminders do not go out: nobody would notice by their absence."""
    for line in trouble_lines(troubles, silent_since, now=now, zone=zone):
        screen.line("! " + line, "bold red")


def trouble_lines(
    troubles: Iterable[ChannelTrouble], silent_since: datetime | None, *, now: datetime, zone: tzinfo
) -> list[str]:
    """A sentence for each channel that fails, and one if `remind` has not run for too long."""
    lines = [
        (
            _("Channel {channel} has refused reminders since {since}: {answer}. Mend its settings.")
            if trouble.refused
            else _("Channel {channel} has failed since {since}: {answer}. See: jdticket reminders --failed")
        ).format(
            channel=one_line(trouble.channel),
            since=clock.moment_in_words(trouble.since, now, zone),
            answer=one_line(trouble.answer),
        )
        for trouble in troubles
    ]
    if silent_since is not None:
        said = _("Reminders have not run since {since}. Look at: jdticket cron show")
        lines.append(said.format(since=clock.moment_in_words(silent_since, now, zone)))
    return lines


def returned_line(count: int, numbers: str) -> str:
    """That replies of ours may not have reached the platform."""
    return ngettext(
        "{n} reply may not have reached the platform, which still waits: {numbers}",
        "{n} replies may not have reached the platform, which still waits: {numbers}",
        count,
    ).format(n=count, numbers=numbers)


def hidden_line(hidden: int) -> str:
    """That there are more tickets than are shown."""
    return ngettext(
        "{n} more not shown: --all shows it.", "{n} more not shown: --all shows them.", hidden
    ).format(n=hidden)


def counts_line(counts: Counts, shown: int) -> str:
    """The counts below a list."""
    parts = [
        _("pending {n}").format(n=counts.pending),
        _("overdue {n}").format(n=counts.overdue),
        _("due within the hour {n}").format(n=counts.due_soon),
        _("shown {n}").format(n=shown),
    ]
    return " · ".join(parts)


def rejection_line(rejection: Rejection) -> str:
    """Which row cannot be taken, and why."""
    where = _("{source}, row {row}").format(source=one_line(rejection.source), row=rejection.row)
    if rejection.column:
        where += _(", column {column}").format(column=quoted(rejection.column))
    if rejection.value:
        where += _(" “{value}”").format(value=quoted(rejection.value))
    return _("{where}: {what}").format(where=where, what=rejection.reason)
