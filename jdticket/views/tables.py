"""Lists of tickets, what stands above and below them, and rows that could not be taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol

from jdticket import clock
from jdticket.domain.tickets import Kind
from jdticket.domain.urgency import waits
from jdticket.i18n import _, ngettext
from jdticket.text import one_line, quoted
from jdticket.views.screen import Cell, Screen
from jdticket.words import (
    in_runs,
    kind_said,
    listed,
    platform_trouble,
    reason_word,
    some,
    status_word,
    waits_because,
)

if TYPE_CHECKING:
    from jdticket.domain.channels import ChannelTrouble
    from jdticket.domain.drafts import Rejection
    from jdticket.domain.outages import Outage
    from jdticket.domain.replies import Delivery, Reply
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Counts, Ticket

_NAMED_MOST = 5
_TOLD_ONE_BY_ONE = 10
"""Rows refused for one reason, beyond which they are told at once."""


def left_cell(ticket: Ticket, left: timedelta | None, now: datetime, *, undelivered: bool = False) -> Cell:
    """How much time is left, in words and colour (None: nobody knows); for a ticket that does not wait, its
    state. ``undelivered``: a reply to it is not known to have arrived."""
    if not waits(ticket, undelivered):
        return Cell(status_word(ticket.status), "dim")
    overdue = now > ticket.deadline_at
    if overdue or left is None:
        style = "bold red"
    elif left <= timedelta(minutes=30):
        style = "red"
    elif left <= timedelta(hours=1):
        style = "yellow"
    else:
        style = "green"
    return Cell(clock.left_in_words(left, overdue), style)


def mark_cell(ticket: Ticket, undelivered: bool) -> Cell:
    """What is odd about a ticket that waits: that it was replied to, or is not on the page any more."""
    because = waits_because(ticket, undelivered)
    if ticket.missing_at is not None and waits(ticket, undelivered):
        because = listed(filter(None, [because, _("not on the page")]))
    return Cell(because, "bold red" if undelivered else "bold yellow")


def ticket_table(
    screen: Screen,
    tickets: Sequence[Ticket],
    *,
    left: Callable[[Ticket], timedelta | None],
    undelivered: Collection[str],
    now: datetime,
    zone: tzinfo,
    shop_names: Mapping[str, str],
    several_shops: bool,
) -> None:
    """Tickets as a table: numbers and times whole, the text cut to the room that is left. ``undelivered``:
    the numbers of those with a reply that is not known to have arrived."""
    assigned = any(ticket.assignee for ticket in tickets)
    marks = {ticket.id: mark_cell(ticket, ticket.id in undelivered) for ticket in tickets}
    marked = any(mark.text for mark in marks.values())
    headings = [_("time left"), _("deadline"), _("kind"), _("ticket"), *[_("state")] * marked, _("order")]
    headings += [_("shop")] * several_shops + [_("assignee")] * assigned + [_("content")]
    rows = []
    for ticket in tickets:
        row = [
            left_cell(ticket, left(ticket), now, undelivered=ticket.id in undelivered),
            Cell(clock.moment_in_words(ticket.deadline_at, now, zone)),
            Cell(kind_said(ticket), "bold" if ticket.kind is Kind.CRC else ""),
            Cell(ticket.id, "bold"),
            *[marks[ticket.id]] * marked,
            Cell(ticket.order_id or "-"),
        ]
        if several_shops:
            row.append(Cell(one_line(shop_names.get(ticket.shop, ticket.shop)) or "-"))
        if assigned:
            row.append(Cell(one_line(ticket.assignee) or "-"))
        rows.append([*row, Cell(one_line(ticket.content))])
    screen.table(headings, rows, fitted=True, elastic=(_("kind"), _("shop"), _("assignee")))


def alerts(
    screen: Screen,
    counts: Counts,
    uncontacted: Iterable[Outage],
    returned: Sequence[Ticket],
    missing: Sequence[Ticket],
    closed_but_waiting: Sequence[Ticket] = (),
    *,
    theirs: str = "",
    now: datetime,
    zone: tzinfo,
) -> None:
    """What must not be overlooked, one line each: it stands above every list. ``theirs``: whose tickets it is
    about, empty for all."""
    if counts.overdue:
        said = ngettext(
            "{n} ticket is overdue: answer it now.",
            "{n} tickets are overdue: answer them now.",
            counts.overdue,
        )
        screen.line("! " + _of(theirs, said.format(n=counts.overdue)), "bold red")
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
        screen.line("! " + _of(theirs, unsent_line(counts.unsent)), "bold red")
    if returned:
        screen.line("! " + returned_line(len(returned), _numbers(returned)), "bold yellow")
    if closed_but_waiting:
        screen.line("! " + closed_but_waiting_line(closed_but_waiting), "bold yellow")
    for at in sorted({ticket.missing_at for ticket in missing if ticket.missing_at is not None}):
        gone = [ticket for ticket in missing if ticket.missing_at == at]
        said = ngettext(
            "{n} ticket that waits here is no longer on the page (since {since}): {numbers}. If it was "
            "answered there: jdticket close TICKET, or import the whole page again with --close-missing",
            "{n} tickets that wait here are no longer on the page (since {since}): {numbers}. If they were "
            "answered there: jdticket close TICKET, or import the whole page again with --close-missing",
            len(gone),
        )
        moment = clock.moment_in_words(at, now, zone)
        screen.line("! " + said.format(n=len(gone), since=moment, numbers=_numbers(gone)), "bold yellow")


def _numbers(tickets: Sequence[Ticket]) -> str:
    """The first of these tickets by number."""
    named = listed(ticket.id for ticket in tickets[:_NAMED_MOST])
    return f"{named} …" if len(tickets) > _NAMED_MOST else named


def closed_but_waiting_line(tickets: Sequence[Ticket]) -> str:
    """That the platform goes on showing these tickets as waiting, and what to do."""
    return ngettext(
        "{n} ticket is closed here and still waiting on the platform: {numbers}. Reopen it (jdticket reopen "
        "ID --why …), or confirm: jdticket close ID --anyway",
        "{n} tickets are closed here and still waiting on the platform: {numbers}. Reopen them (jdticket "
        "reopen ID --why …), or confirm: jdticket close ID --anyway",
        len(tickets),
    ).format(n=len(tickets), numbers=_numbers(tickets))


def impossible_line(tickets: Sequence[Ticket]) -> str:
    """That the time left of these tickets cannot be worked out."""
    return ngettext(
        "The deadline of {n} ticket lies too far off to be right, so its time left cannot be worked out: "
        "{numbers}. Look it up in the back office and import it again.",
        "The deadlines of {n} tickets lie too far off to be right, so their time left cannot be worked out: "
        "{numbers}. Look them up in the back office and import them again.",
        len(tickets),
    ).format(n=len(tickets), numbers=_numbers(tickets))


def trouble_alerts(
    screen: Screen,
    troubles: Iterable[ChannelTrouble],
    others: Iterable[str],
    sources: Iterable[SourceState],
    shop_names: Mapping[str, str],
    *,
    now: datetime,
    zone: tzinfo,
) -> None:
    """That reminders do not go out, or tickets do not come in: nobody would notice by their absence.
    ``others``: sentences about the same from elsewhere."""
    for line in [
        *source_lines(sources, shop_names, now=now, zone=zone),
        *trouble_lines(troubles, now=now, zone=zone),
        *others,
    ]:
        screen.line("! " + line, "bold red")


def trouble_lines(troubles: Iterable[ChannelTrouble], *, now: datetime, zone: tzinfo) -> list[str]:
    """A sentence for each channel that fails."""
    return [
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


def returned_line(count: int, numbers: str) -> str:
    """That replies of ours may not have reached the platform."""
    return ngettext(
        "{n} reply may not have reached the platform, which still waits: {numbers}",
        "{n} replies may not have reached the platform, which still waits: {numbers}",
        count,
    ).format(n=count, numbers=numbers)


class Seen(Protocol):
    """What the platform was seen to say of tickets, by their numbers."""

    returned: list[str]
    rejected_replies: list[str]
    reopened: list[str]
    still_waiting: list[str]


def seen_lines(seen: Seen) -> list[str]:
    """What a person has to look at because the platform says so."""
    found = (
        (
            seen.rejected_replies,
            ngettext(
                "the platform rejected the reply to {n} ticket, which waits again: {numbers}",
                "the platform rejected the replies to {n} tickets, which wait again: {numbers}",
                len(seen.rejected_replies),
            ),
        ),
        (
            seen.reopened,
            ngettext(
                "the platform shows {n} ticket as waiting again; it is pending again: {numbers}",
                "the platform shows {n} tickets as waiting again; they are pending again: {numbers}",
                len(seen.reopened),
            ),
        ),
        (
            seen.still_waiting,
            ngettext(
                "{n} ticket is closed or void here, and the platform still shows it as waiting (if it must "
                "be answered: jdticket reopen TICKET --why …): {numbers}",
                "{n} tickets are closed or void here, and the platform still shows them as waiting (if they "
                "must be answered: jdticket reopen TICKET --why …): {numbers}",
                len(seen.still_waiting),
            ),
        ),
    )
    lines = [line.format(n=len(ids), numbers=listed(dict.fromkeys(ids))) for ids, line in found if ids]
    return [returned_line(len(seen.returned), listed(seen.returned)), *lines] if seen.returned else lines


def hidden_line(hidden: int) -> str:
    """That there are more tickets than are shown."""
    return ngettext(
        "{n} more not shown: --all shows it.", "{n} more not shown: --all shows them.", hidden
    ).format(n=hidden)


def _of(theirs: str, said: str) -> str:
    return _("{where}: {what}").format(where=theirs, what=said) if theirs else said


def counts_line(counts: Counts, shown: int, theirs: str = "") -> str:
    """The counts below a list; ``theirs``: whose they are, empty for all."""
    parts = [
        _("pending {n}").format(n=counts.pending),
        _("overdue {n}").format(n=counts.overdue),
        _("due within the hour {n}").format(n=counts.due_soon),
        _("shown {n}").format(n=shown),
    ]
    return _of(theirs, " · ".join(parts))


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


def rejection_lines(rejections: Iterable[Rejection]) -> list[str]:
    """Which rows cannot be taken, and why; many with one reason are told at once."""
    groups: dict[tuple[str, str, str], list[Rejection]] = {}
    for rejection in rejections:
        groups.setdefault((rejection.source, rejection.column, rejection.reason), []).append(rejection)
    lines: list[str] = []
    for group in groups.values():
        if len(group) <= _TOLD_ONE_BY_ONE or not group[0].row:
            lines += map(rejection_line, group)
            continue
        rows = in_runs((rejection.row for rejection in group), most=len(group))
        where = _("{source}, rows {rows} ({n} rows)").format(
            source=one_line(group[0].source), rows=rows, n=len(group)
        )
        values = [rejection.value for rejection in group if rejection.value]
        lines.append(_rejection_line(group[0], where, some(map(quoted, values)) if values else ""))
    return lines


def rejection_line(rejection: Rejection) -> str:
    """Which row cannot be taken, and why; of a source as a whole its reason tells all."""
    if not rejection.row:
        return rejection.reason
    where = _("{source}, row {row}").format(source=one_line(rejection.source), row=rejection.row)
    return _rejection_line(rejection, where, quoted(rejection.value))


def _rejection_line(rejection: Rejection, where: str, value: str) -> str:
    if rejection.column:
        where += _(", column {column}").format(column=quoted(rejection.column))
    if value:
        where += _(" “{value}”").format(value=value)
    return _("{where}: {what}").format(where=where, what=rejection.reason)
