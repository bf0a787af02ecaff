"""remind, reminders: what cron runs, and what it did."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated

import typer

from jdticket import clock
from jdticket.cli.hurt import may_wait
from jdticket.cli.options import AsJson, example
from jdticket.cli.session import Session
from jdticket.errors import ChannelError, ConfigError, StoreError, UsageError
from jdticket.i18n import _, ngettext, translator
from jdticket.text import one_line
from jdticket.words import sentences

if TYPE_CHECKING:
    from jdticket.channels.interface import Carrier, Message
    from jdticket.desk.claims import Notice
    from jdticket.desk.dispatch import Form, Left, Outlet, Sending
    from jdticket.desk.reminders import ReminderDesk, Report
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
    words = _Words(session)
    if dry_run:
        _tell_sent(session, desk.rehearse(), words, as_json=as_json, printed=())
        return
    length = session.duration("--budget", budget)
    if not length:
        raise UsageError(_("--budget: nothing can be sent in no time; write at least 1s."))
    report = desk.run(partial(_outlet, session), words, budget=length)
    # What a channel of kind stdout has printed is not told a second time.
    told = report.sent + report.failed + report.unsure if as_json else report.sent
    _tell_sent(session, told, words, as_json=as_json, printed=printed)
    _tell_trouble(session, report)
    failed = bool(report.failed or report.unsure or report.long_left)
    uncovered = _tell_coverage(session, desk)
    hurt = may_wait(session)
    if not hurt and not failed and not uncovered and not report.left and not report.unlooked:
        failed = not _beat(session)
    if hurt or failed or uncovered:
        raise typer.Exit(StoreError.exit_code if hurt else ChannelError.exit_code if failed else 1)


class _Words:
    """Words notices in the language of messages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _messages(self) -> Messages:
        # Most runs have nothing to say.
        from jdticket.settings.templates import fill_template
        from jdticket.views.messages import Messages

        config = self._session.config
        return Messages(
            now=self._session.now,
            zone=config.zone,
            shop_names=self._session.shop_names,
            templates=config.message_templates,
            fill=fill_template,
            gettext=translator(config.messages_language).gettext,
        )

    def notice(self, notice: Notice, form: Form) -> str:
        from jdticket.desk.dispatch import Form
        from jdticket.domain.reminders import ReminderRule

        say, rule = self._messages, notice.reminder.rule
        if notice.ticket is None:
            if notice.outage is not None:
                return say.outage(notice.outage)
            if notice.source is not None:
                return say.source(notice.source)
            if notice.sign_in is not None:
                return say.sign_in(*notice.sign_in)
            return say.heading(notice.waiting, notice.closed_but_waiting)
        if form is Form.BARE:
            return say.bare(notice.ticket, notice.left)
        if rule is ReminderRule.OPENING:
            return say.in_digest(notice.ticket, notice.left, undelivered=notice.undelivered)
        return say.ticket(
            rule,
            notice.ticket,
            notice.left,
            undelivered=notice.undelivered,
            unassigned=any(covered.reminder.rule is ReminderRule.UNASSIGNED for covered in notice.covers),
            short=form is Form.SHORT,
        )

    def continued(self) -> str:
        return self._messages.continued()

    def more(self, count: int) -> str:
        return self._messages.more(count)


def _outlet(session: Session, name: str) -> Outlet:
    """The channel ``name``, as far as a run has to know it."""
    from jdticket.desk.dispatch import Outlet, Sending

    sender = carrier(session.config.channel(name, os.environ))

    def fold(lines: Sequence[str], people: Sequence[str]) -> list[Sending]:
        return [
            Sending(len(message.lines), partial(_send, sender, message))
            for message in sender.fold(lines, people)
        ]

    return Outlet(fold, sender.fits, sender.per_minute, sender.per_second)


def carrier(settings: ChannelSettings) -> Carrier:
    """What carries the messages of this channel. Raises ``ConfigError`` when its kind cannot be made."""
    from jdticket.channels.interface import Address, make_carrier

    return make_carrier(
        settings.name, Address(settings.kind, settings.url, settings.secret, settings.keyword)
    )


def _send(sender: Carrier, message: Message, seconds: float) -> Receipt:
    return sender.send(message, now=clock.system_now(), timeout=seconds)


def _tell_sent(
    session: Session, notices: Sequence[Notice], words: _Words, *, as_json: bool, printed: Collection[str]
) -> None:
    if not notices and not as_json:
        return
    from jdticket.desk.dispatch import Form

    if as_json:
        from jdticket.views import plain

        rows = [
            plain.reminder(notice.reminder, session.zone) | {"text": words.notice(notice, Form.WHOLE)}
            for notice in notices
        ]
        plain.write_json_array(rows, sys.stdout)
    else:
        for notice in notices:
            if notice.reminder.channel not in printed:
                typer.echo(f"{notice.reminder.channel}: {one_line(words.notice(notice, Form.SHORT))}")
    impossible = [notice.ticket for notice in notices if notice.left is None and notice.ticket is not None]
    if impossible:
        from jdticket.views.tables import impossible_line

        session.say("! " + impossible_line(list({ticket.id: ticket for ticket in impossible}.values())))


def _tell_trouble(session: Session, report: Report) -> None:
    from jdticket.views import sending

    if report.put_back:
        session.say(
            "! "
            + _(
                "The clock was {length} ahead in an earlier run and has been put right: what was worked out "
                "under it is worked out anew, what was sent stays sent."
            ).format(length=clock.duration_in_words(report.put_back))
        )
    for channel, refusals in report.shortened.items():
        session.say(sending.shortened_line(channel, refusals))
    for line, notices in (
        (sending.refused_line, report.refused),
        (sending.failed_line, [notice for notice in report.failed if notice not in report.refused]),
        (sending.unsure_line, report.unsure),
    ):
        for channel in dict.fromkeys(notice.reminder.channel for notice in notices):
            session.say(line([n.reminder for n in notices if n.reminder.channel == channel]))
    for channel, left in report.left.items():
        session.say(_left_line(channel, left[-1][1], len(left), long=channel in report.long_left))
    if report.unlooked:
        session.say(
            ngettext(
                "{n} ticket is looked at in the next run.",
                "{n} tickets are looked at in the next run.",
                report.unlooked,
            ).format(n=report.unlooked)
        )


def _left_line(channel: str, left: Left, count: int, *, long: bool) -> str:
    """That reminders are left for the next run, and why."""
    from jdticket.desk.dispatch import Why
    from jdticket.domain.coverage import LONG

    if left.why is Why.TROUBLE:
        said = ngettext(
            "Channel {channel} was not asked any more: {answer}. {n} more reminder waits.",
            "Channel {channel} was not asked any more: {answer}. {n} more reminders wait.",
            count,
        )
    elif left.why is Why.BUDGET:
        said = ngettext(
            "The time of this run was over: {n} reminder for channel {channel} waits for the next one.",
            "The time of this run was over: {n} reminders for channel {channel} wait for the next one.",
            count,
        )
    elif left.answer:
        said = ngettext(
            "Channel {channel} takes no more now: {answer}. {n} reminder waits for the next run.",
            "Channel {channel} takes no more now: {answer}. {n} reminders wait for the next run.",
            count,
        )
    else:
        said = ngettext(
            "Channel {channel} has had as many messages as it takes in a minute: {n} reminder "
            "waits for the next run.",
            "Channel {channel} has had as many messages as it takes in a minute: {n} reminders "
            "wait for the next run.",
            count,
        )
    line = said.format(channel=channel, answer=one_line(left.answer), n=count)
    if not long:
        return line
    return sentences(line, _("It is so for {n} runs in a row or more: reminders come late.").format(n=LONG))


def _tell_coverage(session: Session, desk: ReminderDesk) -> bool:
    """Say, once an hour, what no channel covers; whether there is anything of that kind."""
    from jdticket.cli.coverage import gap_lines

    lines = gap_lines(session, of_the_run=True)
    if desk.may_tell_of_coverage(bool(lines), session.config.unset_variables(os.environ)):
        for line in lines:
            session.say("! " + line)
    return bool(lines)


def _beat(session: Session) -> bool:
    """Tell the dead-man's switch that this run was good; whether it heard."""
    url = session.config.heartbeat(os.environ)
    if not url:
        return True
    from jdticket.channels.heartbeat import beat
    from jdticket.desk.dispatch import ANSWER_SECONDS

    try:
        beat(url, timeout=ANSWER_SECONDS)
    except ChannelError as error:
        session.say(_("heartbeat_url could not be fetched: {why}").format(why=error.message))
        return False
    return True


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
