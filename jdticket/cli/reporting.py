"""report-outage: the shop stands still, and the operations manager must hear of it at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.choices import known, meant, reason_option, via_option
from jdticket.cli.notes import Note, notes
from jdticket.cli.options import AsJson, By, example
from jdticket.cli.session import Session
from jdticket.desk.outages import OutageStory
from jdticket.domain.outages import Contact, OutageReason, Outcome, Via
from jdticket.errors import UsageError
from jdticket.i18n import _, ngettext
from jdticket.text import one_line
from jdticket.words import kind_said, listed, reason_word, via_word

app = typer.Typer()


@app.command(
    "report-outage",
    rich_help_panel=_("When the shop cannot answer"),
    help=_(
        "Put an outage (power cut and the like) on record, see which tickets it endangers, and get a note "
        "to send to the JD operations manager."
    ),
    epilog=example("jdticket report-outage --reason power --since 13:00 --manager 张经理 --via phone"),
)
def report_outage(
    ctx: typer.Context,
    reason: Annotated[OutageReason | None, reason_option(_("Why the shop cannot answer."))] = None,
    since: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("Since when; now if left out."))
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("Until when, if that is known."))
    ] = None,
    shops: Annotated[
        list[str] | None,
        typer.Option(
            "--shop", metavar=_("SHOP"), help=_("Which shop; may be given several times. All if left out.")
        ),
    ] = None,
    note: Annotated[
        str, typer.Option(metavar=_("TEXT"), help=_("Details for the record and for the manager."))
    ] = "",
    manager: Annotated[
        str | None, typer.Option(metavar=_("NAME"), help=_("The operations manager who was contacted."))
    ] = None,
    via: Annotated[Via | None, via_option(_("How the manager was contacted."))] = None,
    contacted_at: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("When; now if left out."))
    ] = None,
    said: Annotated[str, typer.Option(metavar=_("TEXT"), help=_("What was said."))] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    codes = shop_codes(session, shops or [])
    began = session.moment("--since", since)
    ended = session.end("--until", until)
    reached_at = session.moment("--contacted-at", contacted_at)
    if reached_at is not None and reached_at > session.now:
        raise UsageError(_("--contacted-at: that is in the future."))
    desk = session.writing(create=True)
    if session.interactive and not as_json:
        if reason is None:
            reason = _ask_reason()
        if since is None:
            began = _ask_time(session, _("Since when"), began)
        if via is None:
            via = _ask_via()
        if via is not None and manager is None and manager_of(session, codes) is None:
            manager = str(typer.prompt(_("Name of the operations manager"))).strip() or None
    if reason is None:
        reasons = known(OutageReason, reason_word)
        raise UsageError(
            _("Say why with --reason: {reasons}. Nothing has been recorded yet.").format(reasons=reasons)
        )
    manager = manager or manager_of(session, codes)
    contact = None
    if via is not None and manager is not None:
        contact = _contact(manager, via, reached_at or session.now, said)
    elif via or contacted_at or said:
        raise UsageError(
            _("To log the contact, both --manager and --via are needed. Nothing has been recorded yet.")
        )
    story = desk.outages.report(
        reason,
        since=began,
        until=ended,
        shops=codes,
        note=note,
        by=session.by(by),
        contact=contact,
    )
    if as_json:
        _answer_in_json(session, story)
    else:
        _tell(session, story)


class _contact:  # noqa: N801
    """Makes the contact once the outage has its number."""

    def __init__(self, manager: str, via: Via, at: datetime, said: str) -> None:
        self._fields = (manager, via, at, said)

    def __call__(self, outage_id: int) -> Contact:
        manager, via, at, said = self._fields
        return Contact(outage_id, manager, via, at, said, Outcome.TOLD)


def shop_codes(session: Session, shops: Sequence[str]) -> list[str]:
    """The codes of the shops named, each once; ``a,b`` names two."""
    names = [name.strip() for shop in shops for name in shop.split(",") if name.strip()]
    return list(dict.fromkeys(session.config.shop(name).code for name in names))


def manager_of(session: Session, codes: Sequence[str]) -> str | None:
    """The configured operations manager of these shops (none named: of all), if it is one person."""
    managers = {
        shop.manager.name
        for shop in session.config.shops
        if shop.manager and (not codes or shop.code in codes)
    }
    return managers.pop() if len(managers) == 1 else None


def _ask_reason() -> OutageReason:
    reasons = list(OutageReason)
    for i, reason in enumerate(reasons, 1):
        typer.echo(f"  {i}  {reason_word(reason)}")
    while True:
        answer = _asked(_("Reason (number or word)"), "1")
        found = meant(answer, OutageReason, reason_word)
        if found is not None:
            return found
        if answer.isdecimal() and 1 <= int(answer) <= len(reasons):
            return reasons[int(answer) - 1]
        _say_range(1, len(reasons))


def _ask_via() -> Via | None:
    ways = list(Via)
    typer.echo("  0  " + _("not yet contacted"))
    for i, way in enumerate(ways, 1):
        typer.echo(f"  {i}  {via_word(way)}")
    while True:
        answer = _asked(_("How was the operations manager contacted (number or word)"), "0")
        found = meant(answer, Via, via_word)
        if found is not None:
            return found
        if answer.isdecimal() and 0 <= int(answer) <= len(ways):
            return ways[int(answer) - 1] if int(answer) else None
        _say_range(0, len(ways))


def _asked(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default)).strip()


def _say_range(least: int, most: int) -> None:
    said = _("A number from {least} to {most}, or one of these words, please.")
    typer.echo(said.format(least=least, most=most))


def _ask_time(session: Session, question: str, default: datetime | None) -> datetime | None:
    while True:
        answer = str(
            typer.prompt(question + " " + _("(13:00; Enter: now)"), default="", show_default=False)
        ).strip()
        if not answer:
            return default
        try:
            return session.moment(question, answer)
        except UsageError as error:
            typer.echo(error.message)


def _answer_in_json(session: Session, story: OutageStory) -> None:
    from jdticket.views import plain

    written = notes(session, story)
    answer = outage_json(session, story)
    answer["note_to_manager"] = "\n\n".join(note.text for note in written)
    answer["notes_to_managers"] = [
        {"manager": note.manager, "shops": list(note.shops), "note": note.text} for note in written
    ]
    plain.write_json(answer, sys.stdout)


def outage_json(session: Session, story: OutageStory) -> dict[str, object]:
    """One outage with all that belongs to it."""
    from jdticket.views import plain

    zone = session.zone
    return plain.outage(story.outage, zone) | {
        "tickets": [
            {
                "id": ticket.id,
                "order_id": ticket.order_id,
                "kind": ticket.kind.value,
                "deadline_at": clock.iso(ticket.deadline_at, zone),
                "first_deadline_at": clock.iso(ticket.first_deadline_at, zone),
            }
            for ticket in story.affected
        ],
        "contacts": [plain.contact(contact, zone) for contact in story.contacts],
        "extensions": [plain.extension(extension, zone) for extension in story.extensions],
    }


def _note_heading(session: Session, note: Note, *, several: bool) -> str:
    """What stands above a note; of several, each says whose it is."""
    if not several:
        return _("To send to the operations manager:")
    shops = listed(one_line(session.shop_names.get(code, code)) for code in note.shops)
    if note.manager:
        said = _("To send to the operations manager {manager} ({shops}):")
        return said.format(manager=one_line(note.manager), shops=shops)
    if not shops:
        return _("To send to the operations manager of tickets without a shop:")
    return _("To send to the operations manager of {shops}:").format(shops=shops)


def _tell(session: Session, story: OutageStory) -> None:
    screen = session.screen
    outage = story.outage
    now, zone = session.now, session.zone
    screen.line(
        _("Outage {id} is on record: {reason}, since {since}.").format(
            id=outage.id,
            reason=reason_word(outage.reason),
            since=clock.moment_in_words(outage.since, now, zone),
        ),
        "bold",
    )
    count = len(story.affected)
    screen.line(
        ngettext(
            "It cuts into the time of {n} pending ticket:",
            "It cuts into the time of {n} pending tickets:",
            count,
        ).format(n=count)
        if count
        else _("It cuts into the time of no pending ticket.")
    )
    for ticket in story.affected:
        screen.line(
            "  "
            + _("ticket {id}, order {order}, {kind}, due {deadline}").format(
                id=ticket.id,
                order=ticket.order_id or "-",
                kind=kind_said(ticket),
                deadline=clock.moment_in_words(ticket.deadline_at, now, zone),
            )
        )
    screen.line()
    written = notes(session, story)
    for note in written:
        screen.line(_note_heading(session, note, several=len(written) > 1), "bold")
        screen.line(note.text)
        screen.line()
    if outage.contacted:
        contact = story.contacts[-1]
        screen.line(
            _("Contact logged: {manager}, {via}. When more time is granted: {command}").format(
                manager=contact.manager,
                via=via_word(contact.via),
                command=f"jdticket outage contact {outage.id} --via {contact.via.value} --granted-until …",
            )
        )
    else:
        screen.line(
            _("The operations manager is NOT YET CONTACTED. Call now, then: {command}").format(
                command=f"jdticket outage contact {outage.id} --via phone"
            ),
            "bold red",
        )
        for shop in session.config.shops:
            if shop.manager and (not outage.shops or shop.code in outage.shops):
                screen.line(
                    "  "
                    + _("{shop}: {name} {phone}").format(
                        shop=one_line(shop.name),
                        name=one_line(shop.manager.name),
                        phone=one_line(shop.manager.phone),
                    )
                )
