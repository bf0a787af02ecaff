"""cron install, show, remove: reminders that run by themselves."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from jdticket.cli.app import Group
from jdticket.cli.options import example
from jdticket.cli.session import Session
from jdticket.errors import ConfigError, InputError, UsageError
from jdticket.files import make_file
from jdticket.i18n import _, language
from jdticket.scheduling.interface import Job, Result, own_program, scheduler
from jdticket.words import listed, os_reason

app = typer.Typer(
    cls=Group,
    subcommand_metavar=_("COMMAND …"),
    name="cron",
    rich_markup_mode="rich",
    no_args_is_help=True,
    rich_help_panel=_("Setting up and looking after it"),
    help=_("Reminders that run by themselves: install, show, remove."),
)


@app.command(
    "install",
    help=_(
        "Have the reminders run regularly: one marked block in your crontab, every other line kept. Where "
        "there is no cron: a systemd timer, or the command for Windows' Task Scheduler. Can be run again."
    ),
    epilog=example("jdticket cron install --every 5 --log reminders.log"),
)
def install(
    ctx: typer.Context,
    every: Annotated[int, typer.Option(metavar=_("MINUTES"), help=_("How often; must divide an hour."))] = 5,
    log: Annotated[
        Path | None, typer.Option(metavar=_("FILE"), help=_("Add what is printed to this file."))
    ] = None,
    mail: Annotated[
        bool, typer.Option("--mail", help=_("Have cron mail what is printed; so it is without --log."))
    ] = False,
    sync: Annotated[
        bool, typer.Option("--sync", help=_("Fetch the tickets from the platform first, each time."))
    ] = False,
) -> None:
    session = Session(ctx)
    if mail and log is not None:
        raise UsageError(_("One of --log and --mail, not both."))
    kept_in = None if log is None else log.expanduser().absolute()
    if sync and not session.config.platform_shops:
        raise ConfigError(
            _("--sync: no shop has an application on the platform; see shops.jos in the configuration.")
        )
    program = (*own_program(sys.executable), *_options(session))
    if kept_in is not None:
        # Mail and the journal have times of their own.
        program = (*program, "--timed")
    first = (*program, "sync", "--quiet") if sync else ()
    job = Job((*program, "remind"), every, kept_in, first)
    # What runs from now on would find no store either.
    desk = session.reminders(rehearsal=True)
    if kept_in is not None:
        _make_ready(kept_in)
    result = scheduler(os.name).install(job)
    desk.runs_every(timedelta(minutes=every))
    variables = sorted(
        {s.jos.secret_env for s in session.config.platform_shops if s.jos and s.jos.secret_env}
    )
    if sync and variables:
        # Neither cron nor systemd reads what the shell was told.
        note = _("It has to know these environment variables, too (see docs/reminders.md): {names}")
        result = result._replace(notes=(*result.notes, note.format(names=listed(variables))))
    _tell(session, result)


@app.command("show", help=_("What is installed."), epilog=example("jdticket cron show"))
def show(ctx: typer.Context) -> None:
    _tell(Session(ctx), scheduler(os.name).show())


@app.command(
    "remove",
    help=_("Take out what was installed, and nothing else."),
    epilog=example("jdticket cron remove"),
)
def remove(ctx: typer.Context) -> None:
    session = Session(ctx)
    result = scheduler(os.name).remove()
    if session.has_store:
        session.reminders(rehearsal=True).runs_every(None)
    _tell(session, result)


def _options(session: Session) -> list[str]:
    """The options that make a call with an empty environment do what this one would."""
    options = ["--db", str(session.database.absolute())]
    config = session.config
    if config.path is not None:
        options += ["--config", str(config.path.absolute())]
    if config.language != language():
        options += ["--lang", language()]
    return options


def _make_ready(log: Path) -> None:
    """Make the log file, for its owner only: it will tell of orders and buyers."""
    try:
        make_file(log)
    except OSError as error:
        raise InputError(
            _("{path} cannot be written: {reason}").format(path=log, reason=os_reason(error))
        ) from error


def _tell(session: Session, result: Result) -> None:
    for note in result.notes:
        session.say(note)
    typer.echo(result.text)
