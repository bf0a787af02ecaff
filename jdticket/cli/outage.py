"""outage list, show, end, contact: what follows a report."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.app import Group
from jdticket.cli.choices import via_option
from jdticket.cli.looking import teller
from jdticket.cli.options import AsJson, By, example
from jdticket.cli.reporting import manager_of, outage_json
from jdticket.cli.session import Session
from jdticket.domain.outages import Outcome, Via
from jdticket.errors import UsageError
from jdticket.i18n import _, ngettext
from jdticket.words import listed

app = typer.Typer(
    cls=Group,
    subcommand_metavar=_("COMMAND …"),
    name="outage",
    rich_markup_mode="rich",
    no_args_is_help=True,
    rich_help_panel=_("When the shop cannot answer"),
    help=_("Outages on record: list, show, end, and contacts with the operations manager."),
)
OutageId = Annotated[int, typer.Argument(metavar=_("OUTAGE"), help=_("The outage's number."), min=1)]


@app.command("list", help=_("All outages, the newest first."), epilog=example("jdticket outage list"))
def list_outages(ctx: typer.Context, as_json: AsJson = False) -> None:
    session = Session(ctx)
    outages = session.reading().outages.all()
    if as_json:
        from jdticket.views import plain

        plain.write_json_array((plain.outage(outage, session.zone) for outage in outages), sys.stdout)
    elif outages:
        teller(session).outages(outages)
    else:
        typer.echo(_("No outage is on record."))


@app.command(
    "show",
    help=_("Everything about one outage: tickets, contacts, what was granted."),
    epilog=example("jdticket outage show 1"),
)
def show(ctx: typer.Context, outage: OutageId, as_json: AsJson = False) -> None:
    session = Session(ctx)
    story = session.reading().outages.story(outage)
    if as_json:
        from jdticket.views import plain

        answer = outage_json(session, story)
        answer["events"] = [plain.event(event, session.zone) for event in story.events]
        plain.write_json(answer, sys.stdout)
    else:
        teller(session).outage(
            story.outage,
            affected=story.affected,
            contacts=story.contacts,
            extensions=story.extensions,
            events=story.events,
        )


@app.command("end", help=_("The shop works again."), epilog=example("jdticket outage end 1 --at 15:30"))
def end(
    ctx: typer.Context,
    outage: OutageId,
    at: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("When it ended; now if left out."))
    ] = None,
    by: By = None,
) -> None:
    session = Session(ctx)
    ended = session.writing().outages.end(outage, at=session.moment("--at", at), by=session.by(by))
    if ended.until is not None:
        until = clock.moment_in_words(ended.until, clock.system_now(), session.zone)
        typer.echo(_("Outage {id} ended at {until}.").format(id=outage, until=until))


@app.command(
    "contact",
    help=_("Log a contact with the operations manager; only what was granted moves a deadline."),
    epilog=example('jdticket outage contact 1 --via phone --granted-until "20:00"'),
)
def contact(
    ctx: typer.Context,
    outage: OutageId,
    via: Annotated[Via, via_option(_("How the manager was contacted."))],
    manager: Annotated[str | None, typer.Option(metavar=_("NAME"), help=_("Who was contacted."))] = None,
    said: Annotated[str, typer.Option(metavar=_("TEXT"), help=_("What was said."))] = "",
    at: Annotated[str | None, typer.Option(metavar=_("TIME"), help=_("When; now if left out."))] = None,
    granted_until: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("The new deadline that was granted."))
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help=_("More time was refused."))] = False,
    no_answer: Annotated[bool, typer.Option("--no-answer", help=_("Nobody was reached."))] = False,
    tickets: Annotated[
        list[str] | None,
        typer.Option(
            metavar=_("TICKET"),
            help=_("A ticket that the grant is for; may be given several times. Left out: all in danger."),
        ),
    ] = None,
    by: By = None,
) -> None:
    session = Session(ctx)
    if sum((granted_until is not None, refused, no_answer)) > 1:
        raise UsageError(_("One of --granted-until, --refused and --no-answer, not several."))
    outcome = (
        Outcome.GRANTED
        if granted_until
        else Outcome.REFUSED
        if refused
        else Outcome.NO_ANSWER
        if no_answer
        else Outcome.TOLD
    )
    desk = session.writing()
    story = desk.outages.story(outage)
    known = story.contacts[-1].manager if story.contacts else manager_of(session, story.outage.shops)
    done = desk.outages.contact(
        outage,
        manager=manager or known or _("operations manager"),
        via=via,
        said=said,
        at=session.moment("--at", at),
        outcome=outcome,
        granted_until=session.moment("--granted-until", granted_until),
        tickets=[number for text in tickets or [] for number in text.split(",")],
        by=session.by(by),
    )
    now = clock.system_now()
    typer.echo(_("Contact {id} about outage {outage} is logged.").format(id=done.contact.id, outage=outage))
    for extension in done.moved:
        typer.echo(
            _("ticket {ticket}: due {new} now, was {old}").format(
                ticket=extension.ticket_id,
                new=clock.moment_in_words(extension.granted_until, now, session.zone),
                old=clock.moment_in_words(extension.old_deadline_at, now, session.zone),
            )
        )
    if done.not_moved:
        typer.echo(
            _("Already due as late as that, left alone: {numbers}").format(
                numbers=listed(ticket.id for ticket in done.not_moved)
            )
        )
    if granted_until and not done.moved:
        session.say(_("No deadline was moved. Name the tickets with --tickets if the grant is for others."))
    if outcome is Outcome.NO_ANSWER:
        session.say(_("The operations manager still counts as not contacted; try again."))
    elif outcome is Outcome.TOLD and story.affected:
        n = len(story.affected)
        session.say(
            ngettext(
                "The deadline of {n} ticket stays as it is until more time is granted (--granted-until).",
                "The deadlines of {n} tickets stay as they are until more time is granted (--granted-until).",
                n,
            ).format(n=n)
        )
