"""channel list, test: where reminders go."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.app import Group
from jdticket.cli.options import AsJson, example
from jdticket.cli.remind import carrier
from jdticket.cli.session import Session
from jdticket.desk.dispatch import ANSWER_SECONDS
from jdticket.errors import ChannelError
from jdticket.i18n import _, translator
from jdticket.text import one_line
from jdticket.views.screen import Cell
from jdticket.words import listed

app = typer.Typer(
    cls=Group,
    subcommand_metavar=_("COMMAND …"),
    name="channel",
    rich_markup_mode="rich",
    no_args_is_help=True,
    rich_help_panel=_("Reminders"),
    help=_("The channels that reminders go to: list them, send a test message."),
)


@app.command(
    "list",
    help=_("The configured channels; their keys are not shown."),
    epilog=example("jdticket channel list"),
)
def list_channels(ctx: typer.Context, as_json: AsJson = False) -> None:
    session = Session(ctx)
    channels = session.config.channels
    if as_json:
        from jdticket.views import plain

        plain.write_json_array(
            ({"name": c.name, "kind": c.kind, "shops": list(c.shops), "night": c.night} for c in channels),
            sys.stdout,
        )
        return
    if not channels:
        typer.echo(_("No channel is configured."))
        return
    rows = [
        [
            Cell(one_line(channel.name), "bold"),
            Cell(channel.kind),
            Cell(listed(channel.shops) or _("all")),
            Cell(_("day and night") if channel.night else _("service hours")),
        ]
        for channel in channels
    ]
    session.screen.table([_("channel"), _("kind"), _("shops"), _("when")], rows)


@app.command(
    "test",
    help=_("Send a test message and say what the channel answered."),
    epilog=example("jdticket channel test cs-group"),
)
def test(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar=_("NAME"), help=_("The channel's name."))],
) -> None:
    session = Session(ctx)
    settings = session.config.channel(name, os.environ)
    sender = carrier(settings)
    gettext = translator(session.config.messages_language).gettext
    text = gettext("jdticket test message: this channel works.")
    [message] = sender.fold([text], settings.mention)
    done = sender.send(message, now=clock.system_now(), timeout=ANSWER_SECONDS)
    if not done.ok:
        raise ChannelError(
            _("Channel {channel} did not take the test message: {answer}").format(
                channel=name, answer=one_line(done.answer)
            )
        )
    typer.echo(_("Channel {channel} took the test message.").format(channel=name))
    if session.has_store:
        session.reminders(rehearsal=True).works(name)
