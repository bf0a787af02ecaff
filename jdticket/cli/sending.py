"""send, replies: what has to reach the platform, and what has."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from jdticket.cli.options import WHICH_TICKET, AsJson, By, Subtype, example
from jdticket.cli.platform import PlatformSession
from jdticket.cli.session import Session
from jdticket.cli.several import refuse
from jdticket.desk.pushing import Arrival, Sent
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.errors import (
    ConfigError,
    JdticketError,
    NotFoundError,
    PlatformError,
    RefusedError,
    Trouble,
    UsageError,
)
from jdticket.i18n import _, ngettext
from jdticket.text import one_line
from jdticket.words import listed

app = typer.Typer()
_PANEL = _("The platform")
_LATEST = 50
_ALL_SENT = _("Every reply that was to be sent is on the platform.")
_NOTHING_IS_SENT = _(
    "No shop has an application on the platform, so replies are recorded here alone and nothing is sent: "
    "answer in the back office, too. The list of replies: jdticket replies"
)


@app.command(
    "send",
    rich_help_panel=_PANEL,
    help=_(
        "Bring recorded replies to the platform. One that may have arrived already is looked up first, and "
        "never sent twice."
    ),
    epilog=example("jdticket send 842"),
)
def send(
    ctx: typer.Context,
    tickets: Annotated[list[str] | None, typer.Argument(metavar=_("TICKET…"), help=WHICH_TICKET)] = None,
    every: Annotated[bool, typer.Option("--all", help=_("All that have not arrived."))] = False,
    subtype: Subtype = None,
    by: By = None,
) -> None:
    session = Session(ctx)
    if every == bool(tickets):
        raise UsageError(_("Name a ticket or say --all: one of the two."))
    platform = PlatformSession(session)
    refused: list[JdticketError] = []
    if tickets:
        waiting = _of(session, platform, tickets, refused)
    else:
        platform.shops(None)
        waiting = session.writing().outbox.unsent()
        if not waiting:
            typer.echo(_ALL_SENT)
            return
    failed = False
    for n, (reply, _delivery) in enumerate(waiting, 1):
        sent = platform.send(reply, subtype=subtype, by=by)
        failed |= sent.error is not None
        tell(session, sent)
        if sent.delivery.trouble is Trouble.UNREACHABLE and n < len(waiting):
            session.say(
                ngettext(
                    "{n} more was not tried: the platform does not answer.",
                    "{n} more were not tried: the platform does not answer.",
                    len(waiting) - n,
                ).format(n=len(waiting) - n)
            )
            break
    refuse(refused, len(tickets or ()))
    if failed:
        raise typer.Exit(PlatformError.exit_code)


def _of(
    session: Session, platform: PlatformSession, tickets: list[str], refused: list[JdticketError]
) -> list[tuple[Reply, Delivery]]:
    """The replies to these tickets that are to be sent, each once; why others cannot be is put into
    ``refused``."""
    looking = session.writing().looking
    waiting = {}
    for number in tickets:
        try:
            held = looking.find(number)
            platform.shop_of(held)
            waiting.update(
                {reply.id: (reply, delivery) for reply, delivery in platform.pushing.to_send(held)}
            )
        except (NotFoundError, RefusedError, ConfigError) as error:
            refused.append(error)
    return [*waiting.values()]


def tell(session: Session, sent: Sent) -> None:
    """What became of a reply that was to be sent."""
    number = sent.reply.ticket_id
    if sent.error is None:
        words = {
            Arrival.SENT: _("Ticket {id}: the reply is on the platform."),
            Arrival.FOUND: _("Ticket {id}: the reply is on the platform; its answer was lost on the way."),
            Arrival.ALREADY: _(
                "Ticket {id} counts as replied on the platform already, and this reply was NOT added to it. "
                "If it has to be changed, do so in the back office."
            ),
        }[sent.how]
        about = [sent.delivery.subtype, one_line(sent.delivery.answer)]
        said = _(" ({words})").format(words=listed(filter(None, about))) if any(about) else ""
        style = "bold yellow" if sent.how is Arrival.ALREADY else "green"
        session.screen.line(words.format(id=number) + said, style)
        return
    words = (
        _("Ticket {id}: the reply is recorded, and MAY NOT be on the platform. Later: jdticket send {id}")
        if sent.delivery.state is DeliveryState.UNKNOWN
        else _("Ticket {id}: the reply is recorded, and NOT on the platform. Later: jdticket send {id}")
    )
    session.say(sent.error.message)
    session.say("! " + words.format(id=number))


@app.command(
    "replies",
    rich_help_panel=_PANEL,
    help=_("The replies recorded last, and whether they have reached the platform."),
    epilog=example("jdticket replies --unsent"),
)
def replies(
    ctx: typer.Context,
    unsent: Annotated[bool, typer.Option("--unsent", help=_("Only those that have not arrived."))] = False,
    shop: Annotated[
        str | None, typer.Option("--shop", metavar=_("SHOP"), help=_("The shop's code or name."))
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar=_("N"), help=_("Show at most this many; 50, or all that are unsent.")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    outbox = session.reading().outbox
    code = session.shop(shop)
    waiting = outbox.unsent(code) if unsent else []
    rows: list[tuple[Reply, Delivery | None]] = [
        *(waiting[:limit] if unsent else outbox.latest(limit or _LATEST, code))
    ]
    if as_json:
        from jdticket.views import plain

        plain.write_json_array(
            (
                plain.reply(reply, session.zone)
                | {"ticket": reply.ticket_id}
                | plain.delivery(delivery, session.zone)
                for reply, delivery in rows
            ),
            sys.stdout,
        )
        return
    if not rows:
        if not unsent:
            typer.echo(_("No reply is on record."))
        elif session.config.platform_shops:
            typer.echo(_ALL_SENT)
        else:
            typer.echo(_NOTHING_IS_SENT)
        return
    from jdticket.views.tables import reply_table

    reply_table(session.screen, rows, now=session.now, zone=session.zone)
    if unsent:
        said = ngettext("{n} reply has not arrived.", "{n} replies have not arrived.", len(waiting))
        session.screen.line(said.format(n=len(waiting)))
