"""list, show, search, check, deadline: commands that change nothing."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jdticket import clock
from jdticket.cli.choices import kind_option
from jdticket.cli.coverage import ending
from jdticket.cli.filtering import Assignee, Kinds, Shops, Sort, named, whose
from jdticket.cli.hurt import may_wait, name_hurt
from jdticket.cli.options import AsJson, TicketId, example
from jdticket.cli.session import Session
from jdticket.desk.desk import Desk
from jdticket.desk.looking import Board
from jdticket.domain.tickets import Counts, Kind, Status, Ticket
from jdticket.domain.urgency import Order, waits
from jdticket.errors import UsageError
from jdticket.i18n import _, ngettext
from jdticket.text import one_line
from jdticket.words import listed, sentences

if TYPE_CHECKING:
    from jdticket.domain.hours import Segment
    from jdticket.views.stories import Teller

app = typer.Typer()
_PANEL = _("Every day")
_DEFAULT_LIMIT = 50


@app.command(
    "list",
    rich_help_panel=_PANEL,
    help=_("Tickets and how much time each has left; the most urgent first."),
    epilog=example("jdticket list --pending"),
)
def list_tickets(
    ctx: typer.Context,
    pending: Annotated[
        bool,
        typer.Option("--pending", help=_("Those that wait for a reply, or for one that has not arrived.")),
    ] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help=_("Those that wait, and the deadline has passed."))
    ] = False,
    due_within: Annotated[
        str | None,
        typer.Option(
            metavar=_("DURATION"),
            help=_("Those that wait, with at most this much service time left (1h, 30m); overdue included."),
        ),
    ] = None,
    replied: Annotated[bool, typer.Option("--replied", help=_("Those that were replied to."))] = False,
    closed: Annotated[bool, typer.Option("--closed", help=_("Those that are closed or void."))] = False,
    savable: Annotated[
        bool, typer.Option("--savable", help=_("Those that wait and can still be answered in time."))
    ] = False,
    shop: Shops = None,
    kind: Kinds = None,
    assignee: Assignee = None,
    since: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("Created at this time or later."))
    ] = None,
    until: Annotated[str | None, typer.Option(metavar=_("TIME"), help=_("Created before this time."))] = None,
    limit: Annotated[
        int, typer.Option(min=1, help=_("Show at most this many."), metavar=_("N"))
    ] = _DEFAULT_LIMIT,
    show_all: Annotated[bool, typer.Option("--all", help=_("Show every one, however many."))] = False,
    sort: Sort = Order.DEADLINE,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help=_("Answer in CSV."))] = False,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help=_("Show a list that is longer than the window at once."))
    ] = False,
) -> None:
    session = Session(ctx)
    if as_json and as_csv:
        raise UsageError(_("--json or --csv, not both."))
    statuses: list[Status] = []
    if (overdue or due_within or savable) and (replied or closed):
        raise UsageError(
            _("--overdue, --savable and --due-within are about what waits; leave out --replied and --closed.")
        )
    if overdue and savable:
        raise UsageError(_("--overdue or --savable, not both."))
    if replied:
        statuses.append(Status.REPLIED)
    if closed:
        statuses += [Status.CLOSED, Status.VOID]
    now = session.now
    soon = session.duration("--due-within", due_within) if due_within else None
    began, ended = session.moment("--since", since), session.end("--until", until)
    desk = session.reading()
    query = whose(session, shop, kind, assignee)._replace(
        statuses=tuple(statuses),
        waits=pending or overdue or savable or due_within is not None,
        overdue_at=now if overdue else None,
        due_from=now if savable else None,
        due_until=None if soon is None else desk.looking.due_until(now, soon),
        created_from=began,
        created_before=ended,
        limit=None if show_all else limit,
    )
    board = desk.looking.board(query, order=sort, now=now)
    if as_json or as_csv:
        _print_rows(session, desk, board, as_csv=as_csv)
    else:
        with nullcontext() if no_pager else session.screen.paged():
            print_board(session, desk, board, named(session, query))
    name_hurt(session)


def _print_rows(session: Session, desk: Desk, board: Board, *, as_csv: bool) -> None:
    from jdticket.views import plain

    rows = rows_of(session, desk, board.tickets, board.undelivered, board.now)
    if as_csv:
        plain.write_csv(plain.TICKET_KEYS, map(plain.harmless_cells, rows), sys.stdout)
    else:
        plain.write_json_array(rows, sys.stdout)
    hidden = board.matching - len(board.tickets)
    if hidden:
        from jdticket.views.tables import hidden_line

        session.say(hidden_line(hidden))


def rows_of(
    session: Session, desk: Desk, tickets: Iterable[Ticket], undelivered: Collection[str], now: datetime
) -> Iterator[dict[str, Any]]:
    """Tickets as programs get them; those whose time left cannot be worked out are named at the end."""
    from jdticket.views import plain

    impossible = []
    for ticket in tickets:
        left = desk.looking.left(ticket, now)
        row = plain.ticket(ticket, left, now, session.zone, undelivered=ticket.id in undelivered)
        if row["waits"] and left is None:
            impossible.append(ticket)
        yield row
    say_impossible(session, impossible)


def say_impossible(session: Session, tickets: Sequence[Ticket]) -> None:
    """Name the tickets whose time left cannot be worked out, if there are any."""
    if tickets:
        from jdticket.views.tables import impossible_line

        session.say("! " + impossible_line(tickets))


def print_board(session: Session, desk: Desk, board: Board, theirs: str) -> None:
    """The alerts, the table, the counts; ``theirs``: whose they are, empty for the whole desk's."""
    from jdticket.views import tables

    screen = session.screen
    tables.alerts(
        screen,
        board.counts,
        board.uncontacted,
        board.returned,
        board.missing,
        board.closed_but_waiting,
        theirs=theirs,
        now=board.now,
        zone=session.zone,
    )
    # A pipe is no place to nag in: `doctor` and `check` are there for programs.
    nags = (
        [*sending_lines(session, desk), *ending(session).values(), *being_fetched_lines(session, desk)]
        if sys.stdout.isatty()
        else []
    )
    tables.trouble_alerts(
        screen,
        board.troubles,
        nags,
        session.fetched(board.sources),
        session.shop_names,
        now=board.now,
        zone=session.zone,
    )
    if board.tickets:
        print_tickets(session, desk, board.tickets, board.undelivered, board.shops)
    else:
        screen.line(_("No ticket to show."))
    shown = len(board.tickets)
    screen.line(tables.counts_line(board.counts, shown, theirs), "bold")
    if board.matching > shown:
        screen.line(tables.hidden_line(board.matching - shown), "bold")
    if sys.stdout.isatty() and not session.config.channels:
        screen.line(
            _("No channel is configured, so nobody is reminded; docs/reminders.md says how to set one up."),
            "dim",
        )


def sending_lines(session: Session, desk: Desk) -> list[str]:
    """That reminders come late or fail, and what no channel covers."""
    channels = [settings.channel for settings in session.config.channels]
    if not channels:
        return []
    from jdticket.cli.coverage import gap_lines

    lines = []
    limited, failing = desk.looking.limited(channels), desk.looking.failing()
    if limited or failing:
        from jdticket.views import sending

        lines = [sending.limited_line(name, runs) for name, runs in limited.items()]
        lines += [sending.failing_line(failing)] if failing else []
    return [*lines, *gap_lines(session)]


def being_fetched_lines(session: Session, desk: Desk) -> list[str]:
    """That a sync is at it, so that what is shown may be about to change."""
    if not session.config.platform_shops:
        return []
    return [
        _("shop {shop} is being fetched from the platform, since {since}").format(
            shop=one_line(session.shop_names.get(code, code)),
            since=clock.moment_in_words(since, desk.looking.now, session.zone),
        )
        for code, since in desk.looking.being_fetched().items()
    ]


def print_tickets(
    session: Session, desk: Desk, tickets: list[Ticket], undelivered: Collection[str], shops: list[str]
) -> None:
    """The table of these tickets, as of the desk's moment."""
    from jdticket.views.tables import ticket_table

    now = desk.looking.now
    left = {ticket.id: desk.looking.left(ticket, now) for ticket in tickets}
    ticket_table(
        session.screen,
        tickets,
        left=lambda ticket: left[ticket.id],
        undelivered=undelivered,
        now=now,
        zone=session.zone,
        shop_names=session.shop_names,
        several_shops=len(shops) > 1,
    )
    say_impossible(
        session,
        [ticket for ticket in tickets if left[ticket.id] is None and waits(ticket, ticket.id in undelivered)],
    )


@app.command(
    "show",
    rich_help_panel=_PANEL,
    help=_("Everything about one ticket: its deadline and how it came about, replies, time line."),
    epilog=example("jdticket show 345"),
)
def show(ctx: typer.Context, ticket: TicketId, as_json: AsJson = False) -> None:
    session = Session(ctx)
    desk = session.reading()
    story = desk.looking.story(ticket)
    now = desk.looking.now
    left = desk.looking.left(story.ticket, now)
    if as_json:
        from jdticket.views import plain

        zone = session.zone
        answer = plain.ticket(story.ticket, left, now, zone, undelivered=story.undelivered)
        answer["replies"] = [plain.reply(reply, zone) for reply in story.replies]
        answer["extensions"] = [plain.extension(extension, zone) for extension in story.extensions]
        answer["events"] = [plain.event(event, zone) for event in story.events]
        plain.write_json(answer, sys.stdout)
    else:
        teller(session).ticket(
            story.ticket,
            left=left,
            undelivered=story.undelivered,
            counted=spans(story.counted),
            replies=story.replies,
            extensions=story.extensions,
            events=story.events,
        )
    if left is None and waits(story.ticket, story.undelivered):
        say_impossible(session, [story.ticket])
    name_hurt(session, story.ticket.id)


def teller(session: Session) -> Teller:
    """Tells stories on standard output, as of the session's moment."""
    from jdticket.views.stories import Teller

    return Teller(session.screen, now=session.now, zone=session.zone, shop_names=session.shop_names)


def spans(segments: Iterable[Segment]) -> list[tuple[datetime, datetime]]:
    """Segments as a view takes them."""
    return [(segment.start, segment.end) for segment in segments]


@app.command(
    "search",
    rich_help_panel=_PANEL,
    help=_("Tickets in which all these words occur: in the content, the numbers, a reply or a note."),
    epilog=example("jdticket search 退款"),
)
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar=_("WORDS"), help=_("Chinese: any part of the text."))],
    limit: Annotated[
        int, typer.Option(min=1, metavar=_("N"), help=_("Show at most this many."))
    ] = _DEFAULT_LIMIT,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    desk = session.reading()
    tickets, total = desk.looking.search([part for word in words for part in word.split()], limit)
    undelivered = desk.looking.undelivered()
    if as_json:
        from jdticket.views import plain

        rows = rows_of(session, desk, tickets, undelivered, desk.looking.now)
        plain.write_json_array(rows, sys.stdout)
    elif tickets:
        print_tickets(session, desk, tickets, undelivered, sorted({ticket.shop for ticket in tickets}))
    found = ngettext("{n} ticket found.", "{n} tickets found.", total).format(n=total)
    if total > len(tickets):
        found = sentences(found, _("{n} shown; --limit shows more.").format(n=len(tickets)))
    session.say(found)
    name_hurt(session)


@app.command(
    "check",
    rich_help_panel=_("For programs and monitors"),
    help=_(
        "One line and an exit code: 0 fine, 1 due soon or something off (manager not contacted, reply not "
        "sent, shop not fetched, reminders not going out), 2 overdue, 3 could not look, or a deadline that "
        "cannot be right."
    ),
    epilog=example("jdticket check --due-within 30m"),
)
def check(
    ctx: typer.Context,
    due_within: Annotated[
        str, typer.Option(metavar=_("DURATION"), help=_("Service time that counts as soon."))
    ] = "30m",
    shop: Shops = None,
    kind: Kinds = None,
    assignee: Assignee = None,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    soon = session.duration("--due-within", due_within)
    desk = session.reading()
    chosen = whose(session, shop, kind, assignee)
    counts, uncontacted, impossible, closed_but_waiting = desk.looking.check(soon, chosen)
    unseen = [
        source.shop
        for source in session.fetched(desk.looking.sources())
        if source.trouble is not None and (not chosen.shops or source.shop in chosen.shops)
    ]
    troubles = [trouble.channel for trouble in desk.looking.channel_troubles()]
    reminders = sending_lines(session, desk)
    sign_ins = [code for code in ending(session) if not chosen.shops or code in chosen.shops]
    off = counts.due_soon or uncontacted or unseen or counts.unsent or closed_but_waiting
    off = off or troubles or reminders or sign_ins
    hurt = may_wait(session)
    code = 2 if counts.overdue else 3 if impossible or hurt else 1 if off else 0
    if as_json:
        from jdticket.views import plain

        answer = {
            "pending": counts.pending,
            "overdue": counts.overdue,
            "due_soon": counts.due_soon,
            "returned": counts.returned,
            "unsent": counts.unsent,
            "shops_not_fetched": unseen,
            "outages_without_contact": [outage.id for outage in uncontacted],
            "impossible_deadlines": [ticket.id for ticket in impossible],
            "closed_but_waiting": [ticket.id for ticket in closed_but_waiting],
            "channels_in_trouble": troubles,
            "reminders": reminders,
            "sign_ins_ending": sign_ins,
            "shops_being_fetched": [*desk.looking.being_fetched()],
            "exit_code": code,
        }
        plain.write_json(answer, sys.stdout)
    else:
        numbers = [outage.id for outage in uncontacted]
        theirs = named(session, chosen)
        line = _check_line(counts, soon, numbers, unseen, impossible, closed_but_waiting, code, theirs)
        if troubles:
            line += " · " + _("channels that fail: {names}").format(names=listed(troubles))
        if reminders:
            said = ngettext(
                "reminders: {n} problem, see jdticket doctor",
                "reminders: {n} problems, see jdticket doctor",
                len(reminders),
            )
            line += " · " + said.format(n=len(reminders))
        if sign_ins:
            line += " · " + _("sign-in ends soon: {shops}").format(shops=listed(sign_ins))
        typer.echo(line)
    raise typer.Exit(code)


def _check_line(
    counts: Counts,
    soon: timedelta,
    uncontacted: list[int],
    unseen: list[str],
    impossible: list[Ticket],
    closed_but_waiting: list[Ticket],
    code: int,
    theirs: str,
) -> str:
    verdict = {0: _("OK"), 1: _("WARNING"), 2: _("CRITICAL"), 3: _("UNKNOWN")}[code]
    parts = [
        _("overdue {n}").format(n=counts.overdue),
        _("due within {soon} {n}").format(soon=clock.duration_in_words(soon), n=counts.due_soon),
        _("pending {n}").format(n=counts.pending),
    ]
    if counts.returned:
        parts.append(_("not on the platform {n}").format(n=counts.returned))
    if counts.unsent:
        parts.append(_("not sent {n}").format(n=counts.unsent))
    if impossible:
        ids = listed(ticket.id for ticket in impossible)
        parts.append(_("deadline cannot be right: {numbers}").format(numbers=ids))
    if closed_but_waiting:
        ids = listed(ticket.id for ticket in closed_but_waiting)
        parts.append(_("closed here but waiting on the platform: {numbers}").format(numbers=ids))
    if unseen:
        parts.append(_("not fetched from the platform: {shops}").format(shops=listed(unseen)))
    if uncontacted:
        numbers = listed(str(number) for number in uncontacted)
        parts.append(_("operations manager not yet contacted about outage {numbers}").format(numbers=numbers))
    return _("{where}: {what}").format(where=verdict, what=" · ".join([*filter(None, [theirs]), *parts]))


@app.command(
    "deadline",
    rich_help_panel=_("For programs and monitors"),
    help=_("If a ticket came in at this time, when would it be due? Shows how it is counted."),
    epilog=example('jdticket deadline "2026-11-23 17:30"'),
)
def deadline(
    ctx: typer.Context,
    time: Annotated[str, typer.Argument(metavar=_("TIME"), help=_("When the ticket is created."))],
    kind: Annotated[Kind, kind_option(_("The ticket's kind."))] = Kind.OTHER,
    as_json: AsJson = False,
) -> None:
    from jdticket.domain.deadlines import ClockKind

    session = Session(ctx)
    created_at = session.moment(_("TIME"), time)
    if created_at is None:
        raise UsageError(_("Say when the ticket is created."))
    policy = session.config.policy
    zone = session.zone
    allowed = policy.time_to_reply(kind)
    due = policy.deadline(kind, created_at)
    segments = policy.counted(kind, created_at)
    if as_json:
        from jdticket.views import plain

        answer = {
            "created_at": clock.iso(created_at, zone),
            "deadline_at": clock.iso(due, zone),
            "kind": kind.value,
            "duration_seconds": int(allowed.duration.total_seconds()),
            "clock": allowed.clock.value,
            "segments": [
                {
                    "from": clock.iso(segment.start, zone),
                    "to": clock.iso(segment.end, zone),
                    "seconds": int((segment.end - segment.start).total_seconds()),
                }
                for segment in segments
            ],
        }
        plain.write_json(answer, sys.stdout)
    else:
        length = clock.duration_in_words(allowed.duration)
        rule = (
            _("{length} of service time")
            if allowed.clock is ClockKind.SERVICE
            else _("{length} around the clock")
        )
        teller(session).deadline(
            created_at, due, kind=kind, rule=rule.format(length=length), counted=spans(segments)
        )
