"""add, import: the ways in."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.choices import kind_option
from jdticket.cli.options import AsJson, Shop, example
from jdticket.cli.progress import Progress
from jdticket.cli.reconciling import (
    Imported,
    Reconciled,
    all_of_them,
    close,
    completeness,
    missing_line,
    must_be_complete,
    reconciled,
    same_order_lines,
    was_copied_just_now,
)
from jdticket.cli.session import Session
from jdticket.desk.taking_in import TakenIn
from jdticket.domain import tickets as model
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import Kind, Ticket
from jdticket.errors import InputError, UsageError
from jdticket.i18n import _, ngettext
from jdticket.intake.interface import ReadOptions, Source
from jdticket.text import harmless, quoted
from jdticket.words import sentences

app = typer.Typer()
_PANEL = _("Taking tickets in")
_MANY = 5000
"""Rows from which on a person is shown how far it has come."""


@app.command(
    "add",
    rich_help_panel=_PANEL,
    help=_("Add one ticket by hand."),
    epilog=example('jdticket add 59088842 --order 275490614167 --kind urge --at 14:30 -m "催发货"'),
)
def add(
    ctx: typer.Context,
    ticket: Annotated[
        str, typer.Argument(metavar=_("TICKET"), help=_("The ticket's number, 7 to 10 digits."))
    ],
    order: Annotated[
        str | None, typer.Option(metavar=_("ORDER"), help=_("The order's number, 12 to 19 digits."))
    ] = None,
    kind: Annotated[Kind, kind_option(_("What it is about."))] = Kind.OTHER,
    at: Annotated[
        str | None, typer.Option(metavar=_("TIME"), help=_("When the platform created it; now if left out."))
    ] = None,
    shop: Shop = None,
    content: Annotated[str, typer.Option("--message", "-m", metavar=_("TEXT"), help=_("What it says."))] = "",
) -> None:
    session = Session(ctx)
    desk = session.writing(create=True)
    ticket, order = ticket.strip(), order and order.strip()
    if not model.TICKET_ID_PATTERN.fullmatch(ticket):
        raise UsageError(
            _("{number} is no ticket number: those have 7 to 10 digits.").format(
                number=quoted(ticket) or _("nothing")
            )
        )
    if order and not model.ORDER_ID_PATTERN.fullmatch(order):
        raise UsageError(
            _("{number} is no order number: those have 12 to 19 digits.").format(number=quoted(order))
        )
    created_at = session.moment("--at", at)
    if created_at is not None and created_at > session.now:
        raise UsageError(
            _("--at: {time} is in the future; a ticket cannot have been created then.").format(
                time=clock.moment_in_words(created_at, session.now, session.zone)
            )
        )
    draft = Draft(
        source=_("command line"),
        row=1,
        id=ticket,
        order_id=order or None,
        kind=kind,
        created_at=created_at if at else None,
        content=content.strip() or None,
    )

    def refuse(rejection: Rejection) -> None:
        raise UsageError(rejection.reason)

    done = desk.taking_in.take_in([draft], shop=session.shop(shop), by=session.by(None), on_rejection=refuse)
    held = desk.looking.find(ticket)
    if done.new:
        said = _("Ticket {id} added, due {deadline}.")
    elif done.changed:
        said = _("Ticket {id} was here already and has been changed; due {deadline}.")
    else:
        said = _("Ticket {id} was here already; nothing changed. Due {deadline}.")
    present = clock.system_now()
    said = said.format(id=held.id, deadline=clock.moment_in_words(held.deadline_at, present, session.zone))
    if done.new and at is None:
        counted = _(
            "Counted from now ({moment}), since --at was left out; if the platform created it earlier: "
            "jdticket add {id} --at TIME"
        )
        moment = clock.moment_in_words(held.created_at, present, session.zone)
        said = sentences(said, counted.format(moment=moment, id=held.id))
    typer.echo(said)


@app.command(
    "import",
    rich_help_panel=_PANEL,
    help=_(
        "Take tickets in from files (CSV, TSV, XLSX, XLS, ODS, JSON, JSON Lines) "
        "or from the page itself, copied. "
        "Safe to repeat: what is known already is not counted twice."
    ),
    epilog=example("jdticket import 工单.xlsx"),
)
def import_(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=_("FILE…"), help=_("Exports, or text copied from the page; - is standard input.")
        ),
    ] = None,
    clipboard: Annotated[
        bool, typer.Option("--clipboard", help=_("What was copied from the back office's ticket page."))
    ] = False,
    shop: Shop = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Say what would happen, keep nothing."))
    ] = False,
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar=_("NAME"), help=_("The files' encoding, if it is not found out: gb18030, utf-8.")
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar=_("FIELD=COLUMN"),
            help=_("A heading that is not known: id=编号. May be given several times."),
        ),
    ] = None,
    copied_at: Annotated[
        str | None,
        typer.Option(
            metavar=_("TIME"),
            help=_("When a page was copied: its countdowns count from then. Else the file's own time."),
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete", help=_("All that waits there was copied: tell what waits here and is not among it.")
        ),
    ] = False,
    close_missing: Annotated[
        bool,
        typer.Option(
            "--close-missing", help=_("Close what a complete page does not hold any more; asks first.")
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help=_("Close it without asking."))] = False,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    if bool(files) == clipboard:
        raise UsageError(_("Name the files to import, or - for standard input, or --clipboard."))
    if yes and not close_missing:
        raise UsageError(_("--yes goes with --close-missing."))
    if close_missing and not (yes or dry_run or session.interactive):
        raise UsageError(_("--close-missing asks before it closes, and here is nobody to ask: add --yes."))
    code = session.shop(shop)
    copied = session.moment("--copied-at", copied_at)
    if copied is not None and copied > clock.system_now():
        raise UsageError(_("--copied-at: that is in the future."))
    if "-" in (files or []) and sys.stdin.isatty():
        session.say(_("Paste, press Enter, then Ctrl-D (on Windows Ctrl-Z and Enter)."))
    options = ReadOptions(
        zone=session.zone,
        now=clock.system_now(),
        encoding=encoding,
        columns=_columns(columns or []),
        usual_columns=_usual_columns(session, code),
        copied_at=copied,
    )
    sources, unreadable = ([_clipboard(session, options)], []) if clipboard else _open(files or [], options)
    imported = Imported(sources, unreadable, of_one_shop=shop is not None)
    desk = session.writing(create=True)
    rejections: list[Rejection] = []
    progress = Progress(lambda rows: _("{rows} rows …").format(rows=rows), least=_MANY)
    kept = 0

    def show(rows: int) -> None:
        nonlocal kept
        kept = 0 if dry_run else rows
        progress.show(rows)

    try:
        done = desk.taking_in.take_in(
            imported.read(),
            shop=code,
            dry_run=dry_run,
            by=session.by(None),
            on_rejection=rejections.append,
            on_progress=show,
        )
    except BaseException:
        progress.clear()
        if kept:
            session.say(_broken_off(kept))
        raise
    progress.clear()
    shops = done.shops or desk.taking_in.shops_meant(code)
    found = reconciled(
        desk, imported, shops=shops, rejected=bool(rejections or done.moved), asserted=complete
    )
    if found.missing and not dry_run:
        desk.reconciling.flag(found.missing, imported.names, by=session.by(None))
    notes = [note for source in imported.sources for note in source.notes]
    notes += [*done.notes, *same_order_lines(done.same_order)]
    notes += completeness(imported, found, rejected=bool(rejections), asserted=complete)
    if found.missing:
        notes.append(missing_line(imported, found.missing, closes=close_missing))
    if not as_json:
        _tell(session, done, found, rejections, notes, dry_run)
    closed: list[Ticket] = []
    if close_missing and found.missing and not dry_run:
        closed = close(session, desk, found.missing, asks=not yes)
    if as_json:
        _answer_in_json(done, found, closed, rejections, notes, dry_run)
    elif closed:
        typer.echo(ngettext("{n} ticket closed.", "{n} tickets closed.", len(closed)).format(n=len(closed)))
    if rejections:
        raise typer.Exit(1)
    if close_missing:
        must_be_complete(found, asserted=complete)


def _broken_off(rows: int) -> str:
    return ngettext(
        "The first {n} row is in; importing the same once more is safe and takes in the rest.",
        "The first {n} rows are in; importing the same once more is safe and takes in the rest.",
        rows,
    ).format(n=rows)


def _usual_columns(session: Session, code: str | None) -> Mapping[str, str]:
    """The configuration's headings, those of the shop whose files they are before all others."""
    shops = session.config.shops
    own = [shop.columns for shop in shops if shop.code == code or len(shops) == 1]
    return {**session.config.columns, **(own[0] if own else {})}


def _columns(pairs: list[str]) -> Mapping[str, str]:
    from jdticket.intake.headings import field_called

    columns = {}
    for pair in pairs:
        name, equals, heading = pair.partition("=")
        if not (name.strip() and equals and heading.strip()):
            raise UsageError(
                _("--map {pair}: write FIELD=COLUMN, such as id=编号.").format(pair=quoted(pair))
            )
        columns[field_called(name)] = heading.strip()
    return columns


def _open(files: list[str], options: ReadOptions) -> tuple[list[Source], list[Rejection]]:
    """The sources that the command line names, and those that cannot be opened: of several they are named and
    the others go in; the only one raises ``InputError``."""
    from jdticket.intake.files import open_source, source_from_stream

    sources: list[Source] = []
    unreadable: list[Rejection] = []
    for name in files:
        if name == "-":
            sources.append(source_from_stream(_("standard input"), sys.stdin.buffer, options))
            continue
        try:
            sources.append(open_source(Path(name), options))
        except InputError as error:
            if len(files) == 1:
                raise
            unreadable.append(Rejection(harmless(name), 0, "", "", error.message))
    return sources, unreadable


def _clipboard(session: Session, options: ReadOptions) -> Source:
    import io

    import pyperclip

    from jdticket.intake.files import source_from_stream

    try:
        text = pyperclip.paste()
    except pyperclip.PyperclipException as error:
        raise InputError(
            _(
                "The clipboard cannot be read here (on Linux it needs xclip or wl-clipboard). "
                "Paste the text into: jdticket import - and end with Ctrl-D."
            )
        ) from error
    if options.copied_at is None and session.interactive and was_copied_just_now(text):
        options = replace(options, copied_at=clock.system_now())
    # A table copied from a spreadsheet is welcome too; halves of characters are not.
    return source_from_stream(_("clipboard"), io.BytesIO(text.encode("utf-8", "replace")), options)


def _answer_in_json(
    done: TakenIn,
    found: Reconciled,
    closed: list[Ticket],
    rejections: list[Rejection],
    notes: list[str],
    dry_run: bool,
) -> None:
    from jdticket.views import plain

    plain.write_json(
        {
            "new": done.new,
            "changed": done.changed,
            "unchanged": done.unchanged,
            "rejected": done.rejected,
            "returned": done.returned,
            "rejected_replies": done.rejected_replies,
            "reopened": done.reopened,
            "still_waiting": done.still_waiting,
            "notes": notes,
            "rejections": [
                {
                    "source": rejection.source,
                    "row": rejection.row,
                    "column": rejection.column,
                    "value": quoted(rejection.value),
                    "reason": rejection.reason,
                }
                for rejection in rejections
            ],
            "announced": None if found.told is None else found.told.count,
            "complete": found.complete,
            "missing": [ticket.id for ticket in found.missing],
            "closed": [ticket.id for ticket in closed],
            "dry_run": dry_run,
        },
        sys.stdout,
    )


def _tell(
    session: Session,
    done: TakenIn,
    found: Reconciled,
    rejections: list[Rejection],
    notes: list[str],
    dry_run: bool,
) -> None:
    from jdticket.views.tables import rejection_lines, seen_lines

    for line in rejection_lines(rejections):
        session.say(line)
    for note in notes:
        session.say("! " + note)
    for line in seen_lines(done):
        session.say("! " + line)
    summary = _("{new} new, {changed} changed, {unchanged} unchanged, {rejected} rejected.").format(
        new=done.new, changed=done.changed, unchanged=done.unchanged, rejected=done.rejected
    )
    if found.complete and found.told is not None and found.told.count:
        summary = sentences(summary, all_of_them(found.told, dry_run=dry_run))
    if dry_run:
        summary = sentences(summary, _("Dry run: nothing was kept."))
    elif done.pending_new:
        summary = sentences(summary, _("Next: jdticket list --pending"))
    typer.echo(summary)
