"""remind, reminders: what cron runs, and what it did."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import typer

from jdticket import clock
from jdticket.cli.options import AsJson, example
from jdticket.cli.session import Session
from jdticket.desk.reminders import Report
from jdticket.domain.urgency import time_left
from jdticket.errors import ChannelError, ConfigError, UsageError
from jdticket.i18n import _, ngettext, translator
from jdticket.text import one_line

if TYPE_CHECKING:
    from jdticket.channels.interface import Carrier, Message
    from jdticket.desk.claims import Notice
    from jdticket.desk.dispatch import Compose, Outlet
    from jdticket.domain.channels import Receipt
    from jdticket.settings.types import ChannelSettings
    from jdticket.views.messages import Messages

app = typer.Typer()
_PANEL = _("Reminders")


@app.command(
    "remind",
    rich_help_panel=_PANEL,
    help=_(
        "Send the reminders that are due, to the configured channels. Made for cron, every minute or five."
    ),
    epilog=example("jdticket remind --dry-run"),
)
def remind(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Say what would go out, send nothing."))
    ] = False,
    budget: Annotated[
        str, typer.Option(metavar=_("DURATION"), help=_("The most that the whole run may take."))
    ] = "50s",
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    if not session.config.channels:
        raise ConfigError(
            _("No channel is configured, so nobody can be reminded; add [[channels]] to the configuration.")
        )
    printed = {channel.name for channel in session.config.channels if channel.kind == "stdout"}
    if as_json and printed and not dry_run:
        raise UsageError(
            _("--json and a channel of kind stdout would print into each other; leave out --json.")
        )
    desk = session.reminders(rehearsal=dry_run)
    compose = _composer(session)
    if dry_run:
        notices = desk.rehearse()
        _tell(session, Report(notices, [], 0), compose, as_json=as_json, printed=())
        return
    report = desk.run(partial(_outlet, session), compose, budget=session.duration("--budget", budget))
    # What a channel of kind stdout has printed is not told a second time.
    _tell(session, report, compose, as_json=as_json, printed=printed)
    if report.failed:
        raise typer.Exit(ChannelError.exit_code)
    _beat(session)


def _composer(session: Session) -> Compose:
    @cache
    def messages() -> Messages:
        # Most runs have nothing to say.
        from jdticket.settings.templates import fill_template
        from jdticket.views.messages import Messages

        config = session.config
        return Messages(
            now=session.now,
            zone=config.zone,
            shop_names=session.shop_names,
            templates=config.message_templates,
            fill=fill_template,
            gettext=translator(config.messages_language).gettext,
        )

    def compose(notice: Notice, short: bool) -> str:
        if notice.ticket is not None:
            undelivered = notice.ticket.id in notice.undelivered
            return messages().ticket(
                notice.reminder.rule, notice.ticket, notice.left, undelivered=undelivered, short=short
            )
        if notice.outage is not None:
            return messages().outage(notice.outage)
        if notice.source is not None:
            return messages().source(notice.source)
        hours, now = session.config.policy.hours, session.now
        return messages().opening(
            notice.pending,
            lambda t: time_left(t, now, hours),
            notice.undelivered,
            notice.closed_but_waiting,
        )

    return compose


def _outlet(session: Session, name: str) -> Outlet:
    """The channel ``name``, as far as a run has to know it."""
    from jdticket.desk.dispatch import Outlet

    sender = carrier(session.config.channel(name, os.environ))

    def fold(lines: Sequence[str], people: Sequence[str]) -> list[tuple[int, Callable[[float], Receipt]]]:
        return [
            (len(message.lines), partial(_send, sender, message)) for message in sender.fold(lines, people)
        ]

    return Outlet(fold, sender.per_minute, sender.per_second)


def carrier(settings: ChannelSettings) -> Carrier:
    """What carries the messages of this channel. Raises ``ConfigError`` when its kind cannot be made."""
    from jdticket.channels.interface import Address, make_carrier

    return make_carrier(settings.name, Address(settings.kind, settings.url, settings.secret))


def _send(sender: Carrier, message: Message, seconds: float) -> Receipt:
    return sender.send(message, now=clock.system_now(), timeout=seconds)


def _tell(
    session: Session,
    report: Report,
    compose: Compose,
    *,
    as_json: bool,
    printed: Collection[str],
) -> None:
    if as_json:
        from jdticket.views import plain

        rows = [
            plain.reminder(n.reminder, session.zone) | {"text": compose(n, False)}
            for n in report.sent + report.failed
        ]
        plain.write_json_array(rows, sys.stdout)
    else:
        for notice in report.sent:
            if notice.reminder.channel in printed:
                continue
            typer.echo(f"{notice.reminder.channel}: {one_line(compose(notice, True))}")
    told = (notice.ticket for notice in report.sent + report.failed if notice.left is None)
    impossible = list({ticket.id: ticket for ticket in told if ticket is not None}.values())
    if impossible:
        from jdticket.views.tables import impossible_line

        session.say("! " + impossible_line(impossible))
    for channel in dict.fromkeys(notice.reminder.channel for notice in report.failed):
        ours = [notice.reminder for notice in report.failed if notice.reminder.channel == channel]
        session.say(trouble_line(channel, ours[-1].answer, ours[-1].refused, len(ours)))
    if report.left_over:
        session.say(
            ngettext(
                "{n} reminder is left for the next run.",
                "{n} reminders are left for the next run.",
                report.left_over,
            ).format(n=report.left_over)
        )


def trouble_line(channel: str, answer: str, refused: bool, count: int) -> str:
    """That a channel did not take reminders, and what to do."""
    said = (
        _("Channel {channel} refuses: {answer}. Mend its settings; {n} reminders wait and are tried again.")
        if refused
        else _("Channel {channel} failed: {answer}. {n} reminders wait and are tried again in the next run.")
    )
    return said.format(channel=channel, answer=one_line(answer), n=count)


def _beat(session: Session) -> None:
    """Tell the dead-man's switch that this run was good; that it did not hear is said, and no failure."""
    url = session.config.heartbeat(os.environ)
    if not url:
        return
    from jdticket.channels.heartbeat import beat
    from jdticket.desk.dispatch import ANSWER_SECONDS

    try:
        beat(url, timeout=ANSWER_SECONDS)
    except ChannelError as error:
        session.say(_("heartbeat_url could not be fetched: {why}").format(why=error.message))


@app.command(
    "reminders",
    rich_help_panel=_PANEL,
    help=_("The ledger: every reminder, when it went out, and what the channel answered; the newest first."),
    epilog=example("jdticket reminders --failed"),
)
def reminders(
    ctx: typer.Context,
    ticket: Annotated[str | None, typer.Option(metavar=_("TICKET"), help=_("Those of one ticket."))] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help=_("Those that failed and wait for another try."))
    ] = False,
    limit: Annotated[int, typer.Option(min=1, metavar=_("N"), help=_("Show at most this many."))] = 50,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    ticket_id = session.reading().looking.find(ticket).id if ticket else None
    rows = session.reminders(rehearsal=True).ledger(limit, ticket_id=ticket_id, failed_only=failed)
    if as_json:
        from jdticket.views import plain

        plain.write_json_array((plain.reminder(row, session.zone) for row in rows), sys.stdout)
        return
    if not rows:
        typer.echo(_("No reminder is on record."))
        return
    from jdticket.views.ledger import print_ledger

    print_ledger(session.screen, rows, now=session.now, zone=session.zone)
