"""send, replies: what has to reach the platform, and what has."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from jdticket.cli.options import AsJson, By, Subtype, example
from jdticket.cli.platform import PlatformSession
from jdticket.cli.session import Session
from jdticket.errors import PlatformError, UsageError
from jdticket.i18n import _
from jdticket.model import Delivery, DeliveryState, Reply
from jdticket.platform_desk import Sent

app = typer.Typer()
_PANEL = _("The platform")
_ALL_SENT = _("Every reply that was to be sent is on the platform.")


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
    ticket: Annotated[
        str | None,
        typer.Argument(
            metavar=_("TICKET"), help=_("The ticket's number, or its last digits (three or more).")
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=_("All that have not arrived."))] = False,
    subtype: Subtype = None,
    by: By = None,
) -> None:
    session = Session(ctx)
    if every == (ticket is not None):
        raise UsageError(_("Name a ticket, or say --all."))
    platform = PlatformSession(session)
    if ticket is not None:
        held = session.writing().find(ticket)
        platform.shop_of(held)
        waiting = platform.desk.to_send(held)
    else:
        waiting = platform.desk.undelivered()
        if not waiting:
            typer.echo(_ALL_SENT)
            return
    failed = False
    for reply, _delivery in waiting:
        sent = platform.send(reply, subtype=subtype, by=by)
        failed |= sent.error is not None
        tell(session, sent)
    if failed:
        raise typer.Exit(PlatformError.exit_code)


def tell(session: Session, sent: Sent) -> None:
    """What became of a reply that was to be sent."""
    number = sent.reply.ticket_id
    if sent.error is None:
        words = _("Ticket {id}: the reply is on the platform.")
        said = sent.delivery.answer
        session.screen.line(words.format(id=number) + (f" ({said})" if said else ""), "green")
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
    limit: Annotated[int, typer.Option(min=1, metavar=_("N"), help=_("Show at most this many."))] = 50,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    store = session.store()
    code = session.shop(shop)
    rows: list[tuple[Reply, Delivery | None]] = [
        *(store.undelivered(shop=code)[:limit] if unsent else store.latest_replies(limit, code))
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
        typer.echo(_ALL_SENT if unsent else _("No reply is on record."))
        return
    from jdticket.views.tables import reply_table

    reply_table(session.screen, rows, now=session.now, zone=session.zone)
