"""Lists of tickets, what stands above and below them, and rows that could not be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from jdticket import clock
from jdticket.domain.tickets import Kind, Status
from jdticket.i18n import _, ngettext
from jdticket.text import one_line, quoted
from jdticket.views.screen import Cell, Screen
from jdticket.words import kind_word, listed, platform_trouble, reason_word, status_word

if TYPE_CHECKING:
    from jdticket.domain.channels import ChannelTrouble
    from jdticket.domain.drafts import Rejection
    from jdticket.domain.outages import Outage
    from jdticket.domain.replies import Delivery, Reply
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Counts, Ticket

_NAMED_MOST = 5


def left_cell(ticket: Ticket, left: timedelta, now: datetime) -> Cell:
    """How much time is left, in words and colour; for a ticket that is not pending, its state."""
    if ticket.status is Status.REPLIED and ticket.returned_at is not None:
        return Cell(_("reply not there"), "bold yellow")
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
    if counts.unsent:
        screen.line("! " + unsent_line(counts.unsent), "bold red")
    if returned:
        numbers = listed(ticket.id for ticket in returned[:_NAMED_MOST])
        if len(returned) > _NAMED_MOST:
            numbers += " …"
        screen.line("! " + returned_line(len(returned), numbers), "bold yellow")


def trouble_alerts(
    screen: Screen,
    troubles: Iterable[ChannelTrouble],
    silent_since: datetime | None,
    sources: Iterable[SourceState],
    shop_names: Mapping[str, str],
    *,
    now: datetime,
    zone: tzinfo,
) -> None:
    """That reminders do not go out, or tickets do not come in: nobody would notice by their absence."""
    for line in [
        *source_lines(sources, shop_names, now=now, zone=zone),
        *trouble_lines(troubles, silent_since, now=now, zone=zone),
    ]:
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


def reply_table(
    screen: Screen,
    rows: Sequence[tuple[Reply, Delivery | None]],
    *,
    now: datetime,
    zone: tzinfo,
) -> None:
    """Replies, and whether they have reached the platform."""
    from jdticket.domain.replies import DeliveryState

    states = {
        DeliveryState.UNSENT: Cell(_("NOT SENT"), "bold red"),
        DeliveryState.UNKNOWN: Cell(_("UNKNOWN"), "bold yellow"),
        DeliveryState.ARRIVED: Cell(_("on the platform"), "green"),
    }
    named = any(reply.by for reply, _delivery in rows)
    troubled = any(delivery and delivery.trouble for _reply, delivery in rows)
    headings = [
        _("given"),
        _("ticket"),
        _("platform"),
        *[_("by")] * named,
        *[_("why")] * troubled,
        _("reply"),
    ]
    cells = []
    for reply, delivery in rows:
        cells.append(
            [
                Cell(clock.moment_in_words(reply.at, now, zone)),
                Cell(reply.ticket_id, "bold"),
                states[delivery.state] if delivery else Cell("-", "dim"),
                *[Cell(one_line(reply.by) or "-")] * named,
                *[Cell(delivery_reason(delivery))] * troubled,
                Cell(one_line(reply.text)),
            ]
        )
    screen.table(headings, cells, fitted=not troubled)


def delivery_reason(delivery: Delivery | None) -> str:
    """Why a reply has not arrived, in words; "-" if it has, or need not."""
    if delivery is None or delivery.trouble is None:
        return "-"
    return platform_trouble(delivery.trouble, delivery.code, one_line(delivery.answer), "")


def source_lines(
    sources: Iterable[SourceState], names: Mapping[str, str], *, now: datetime, zone: tzinfo
) -> list[str]:
    """A sentence for each shop whose tickets cannot be fetched."""
    lines = []
    for source in sources:
        if source.trouble is None:
            continue
        shop = one_line(names.get(source.shop, source.shop))
        why = platform_trouble(source.trouble, source.code, one_line(source.words), source.shop)
        if source.good_at is None:
            said = _("Shop {shop} has never been fetched from the platform: {why}")
            lines.append(said.format(shop=shop, why=why))
        else:
            since = clock.moment_in_words(source.good_at.replace(second=0), now, zone)
            said = _("Shop {shop} has not been fetched from the platform since {since}: {why}")
            lines.append(said.format(shop=shop, since=since, why=why))
    return lines


def unsent_line(count: int) -> str:
    """That replies are waiting to be brought to the platform."""
    return ngettext(
        "{n} reply is not on the platform: jdticket replies --unsent, then jdticket send --all",
        "{n} replies are not on the platform: jdticket replies --unsent, then jdticket send --all",
        count,
    ).format(n=count)


def rejection_line(rejection: Rejection) -> str:
    """Which row cannot be taken, and why."""
    where = _("{source}, row {row}").format(source=one_line(rejection.source), row=rejection.row)
    if rejection.column:
        where += _(", column {column}").format(column=quoted(rejection.column))
    if rejection.value:
        where += _(" “{value}”").format(value=quoted(rejection.value))
    return _("{where}: {what}").format(where=where, what=rejection.reason)
