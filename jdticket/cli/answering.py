"""reply, assign, note, close, void, reopen: what people do about a ticket."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.editing import decoded, written_reply
from jdticket.cli.options import By, Subtype, TicketId, TicketIds, Why, example
from jdticket.cli.session import Session
from jdticket.cli.several import refuse
from jdticket.desk.desk import Desk
from jdticket.desk.replies import Answered
from jdticket.desk.tickets import Step, assigning, closing, noting, reopening, voiding
from jdticket.domain.tickets import Ticket
from jdticket.errors import ConfigError, InputError, NotFoundError, PlatformError, UsageError
from jdticket.i18n import _
from jdticket.settings.templates import fill_template
from jdticket.text import half_width_digits, one_line, quoted
from jdticket.words import kind_said, listed, os_reason, status_word, waits_because

app = typer.Typer()
_STATES = _("About one ticket")


@app.command(
    "reply",
    rich_help_panel=_("Every day"),
    help=_("Record the reply to a ticket; says whether it was in time, and which ticket is next."),
    epilog=example('jdticket reply 842 -m "已联系买家，订单今天发出，运单号 JDX0123456789"'),
)
def reply(
    ctx: typer.Context,
    ticket: TicketId,
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar=_("TEXT"), help=_("What was replied."))
    ] = None,
    file: Annotated[
        str | None, typer.Option(metavar=_("FILE"), help=_("Take the text from a file; - is standard input."))
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar=_("NAME"), help=_("Take the text from a template of the configuration.")),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar=_("NAME=VALUE"), help=_("Fill a placeholder of the template.")),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("When it was given, if earlier than now."))
    ] = None,
    by: By = None,
    force: Annotated[bool, typer.Option("--force", help=_("Record it even if it is not effective."))] = False,
    send: Annotated[
        bool, typer.Option("--send", help=_("Bring it to the platform, too (sync has to be set up)."))
    ] = False,
    subtype: Subtype = None,
) -> None:
    session = Session(ctx)
    if subtype is not None and not send:
        raise UsageError(_("--subtype goes with --send."))
    if sum(source is not None for source in (message, file, template)) > 1:
        raise UsageError(_("One of -m, --file and --template, not several."))
    if values and template is None:
        raise UsageError(_("--set goes with --template."))
    desk = session.writing()
    given_at = session.moment("--at", at)
    held = desk.looking.find(ticket)
    platform = None
    if send:
        from jdticket.cli.platform import PlatformSession

        platform = PlatformSession(session)
        # Before anything is recorded: what cannot be sent at all is a mistake in the call.
        platform.shop_of(held)
    given = _text(session, held, message=message, file=file, template=template, values=values or [])
    with written_reply(session, held) if given is None else nullcontext(given) as text:
        answered = desk.replies.reply(held.id, text, at=given_at, by=session.by(by), force=force, send=send)
    _tell_verdict(session, answered)
    sent = None
    if platform is not None:
        from jdticket.cli.sending import tell

        sent = platform.send(answered.reply, subtype=subtype, by=by)
        tell(session, sent)
    elif any(shop.code == held.shop for shop in session.config.platform_shops):
        session.say(_("Not sent to the platform. To send it: jdticket send {id}").format(id=held.id))
    _tell_next(session, desk, answered)
    if sent is not None and sent.error is not None:
        raise typer.Exit(PlatformError.exit_code)


def _text(
    session: Session,
    ticket: Ticket,
    *,
    message: str | None,
    file: str | None,
    template: str | None,
    values: list[str],
) -> str | None:
    """What the call gives; None: a person is to write it."""
    if message is not None:
        return message
    if file is not None:
        return _read(file)
    if template is not None:
        return _fill(session, ticket, template, values)
    if session.interactive:
        return None
    raise UsageError(_("Say what was replied: -m TEXT, --file FILE or --template NAME."))


def _read(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(_("{file} cannot be read: {why}").format(file=name, why=os_reason(error))) from error
    return decoded(data, name)


def _fill(session: Session, ticket: Ticket, name: str, pairs: list[str]) -> str:
    templates = session.config.templates
    if bad := session.config.bad_texts.get(("templates", name)):
        raise ConfigError(bad)
    if name not in templates:
        known = listed(sorted(templates)) or _("none")
        raise NotFoundError(
            _("There is no template {name}; there are: {known}").format(name=quoted(name), known=known)
        )
    values = {
        "ticket_id": ticket.id,
        "order_id": ticket.order_id or "",
        "shop": session.shop_names.get(ticket.shop, ticket.shop),
    }
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(_("--set {pair}: write NAME=VALUE.").format(pair=quoted(pair)))
        values[key.strip()] = value
    return fill_template(templates[name], values)


def _tell_verdict(session: Session, answered: Answered) -> None:
    reply = answered.reply
    style = "green" if reply.on_time else "bold red"
    if answered.margin is None:
        verdict = _("in time") if reply.on_time else _("LATE")
    else:
        margin = clock.duration_in_words(answered.margin)
        verdict = (
            _("in time, {margin} of service time before the deadline")
            if reply.on_time
            else _("LATE, {margin} of service time after the deadline")
        ).format(margin=margin)
    said = (
        _("Ticket {id}: another reply recorded, {verdict}.")
        if answered.repeated
        else _("Ticket {id}: reply recorded, {verdict}.")
    )
    session.screen.line(said.format(id=reply.ticket_id, verdict=verdict), style)
    before = answered.before
    if before is not None:
        at = clock.moment_in_words(before.at, clock.system_now(), session.zone)
        told = (
            _("{name} answered it {at}: {text}") if before.by else _("It was answered {at}: {text}")
        ).format(name=one_line(before.by), at=at, text=quoted(before.text, 80))
        session.screen.line("! " + told, "bold yellow")
    elif answered.repeated:
        session.screen.line("! " + _("It counted as replied on the platform before."), "bold yellow")


def _tell_next(session: Session, desk: Desk, answered: Answered) -> None:
    screen = session.screen
    following = answered.next
    if following is None:
        screen.line(_("Nothing else is pending."))
        return
    now = desk.looking.now
    left = clock.left_in_words(desk.looking.left(following, now), now > following.deadline_at)
    because = waits_because(following, answered.next_undelivered)
    screen.line(
        _("Next: ticket {id}, {kind}, {left} (due {deadline}): {content}").format(
            id=following.id,
            kind=kind_said(following),
            left=listed(filter(None, [left, because])),
            deadline=clock.moment_in_words(following.deadline_at, now, session.zone),
            content=quoted(following.content, 60) or "-",
        )
    )


def _take(
    session: Session,
    numbers: list[str],
    step: Step,
    by: str | None,
    tell: Callable[[Ticket], str],
) -> None:
    """Take a step with the tickets of these numbers, and say what became of each. Raises for
    those that it was refused for."""
    taken = session.writing().tickets.several(numbers, step, by=session.by(by))
    for _before, after in taken.done:
        typer.echo(tell(after))
    refuse(taken.refused, len(numbers))


@app.command(
    "assign",
    rich_help_panel=_STATES,
    help=_("Put somebody's name on tickets; an empty name takes it off."),
    epilog=example("jdticket assign 842 843 小王"),
)
def assign(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar=_("TICKET… NAME"), help=_("One ticket or several, then who looks after them.")
        ),
    ],
    by: By = None,
) -> None:
    session = Session(ctx)
    *numbers, name = words
    # The name forgotten, the last of several tickets would pass for it.
    if not numbers or (len(name) >= 3 and half_width_digits(name).isdigit()):
        raise UsageError(_("Missing: {a}").format(a=_("NAME")))

    def said(held: Ticket) -> str:
        if not held.assignee:
            return _("Ticket {id} is assigned to nobody.").format(id=held.id)
        return _("Ticket {id} is assigned to {name}.").format(id=held.id, name=one_line(held.assignee))

    _take(session, numbers, assigning(name), by, said)


@app.command(
    "note",
    rich_help_panel=_STATES,
    help=_("Add a note to the time line of tickets."),
    epilog=example('jdticket note 842 "买家要求改地址"'),
)
def note(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(metavar=_("TICKET… TEXT"), help=_("One ticket or several, then what to note.")),
    ],
    by: By = None,
) -> None:
    session = Session(ctx)
    *numbers, text = words
    if not numbers:
        raise UsageError(_("Missing: {a}").format(a=_("TEXT")))
    _take(session, numbers, noting(text), by, lambda held: _("Ticket {id}: noted.").format(id=held.id))


def _state(ticket: Ticket) -> str:
    return _("Ticket {id} is {status} now.").format(id=ticket.id, status=status_word(ticket.status))


@app.command(
    "close",
    rich_help_panel=_STATES,
    help=_("Close tickets that need nothing more."),
    epilog=example("jdticket close 842 843"),
)
def close(
    ctx: typer.Context,
    tickets: TicketIds,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help=_("Although the platform shows it as waiting: no more word of that.")),
    ] = False,
    by: By = None,
) -> None:
    session = Session(ctx)
    taken = session.writing().tickets.several(tickets, closing(anyway=anyway), by=session.by(by))
    for _before, after in taken.done:
        typer.echo(_state(after))
    waiting = [after.id for before, after in taken.done if before.returned_at is not None]
    if waiting and not anyway:
        said = _("The platform still shows it as waiting. If that is right: jdticket close {id} --anyway")
        session.say("! " + said.format(id=" ".join(waiting)))
    refuse(taken.refused, len(tickets))


@app.command(
    "void",
    rich_help_panel=_STATES,
    help=_("Declare tickets void: taken in by mistake, or withdrawn by the platform."),
    epilog=example('jdticket void 842 --why "重复工单"'),
)
def void(ctx: typer.Context, tickets: TicketIds, why: Why, by: By = None) -> None:
    _take(Session(ctx), tickets, voiding(why), by, _state)


@app.command(
    "reopen",
    rich_help_panel=_STATES,
    help=_("Make tickets pending again; their deadlines stay what they were."),
    epilog=example('jdticket reopen 842 --why "买家再次投诉"'),
)
def reopen(ctx: typer.Context, tickets: TicketIds, why: Why, by: By = None) -> None:
    _take(Session(ctx), tickets, reopening(why), by, _state)
