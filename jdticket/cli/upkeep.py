"""export, backup, doctor, recompute: looking after the desk's data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from jdticket import clock
from jdticket.cli.filtering import Assignee, Kinds, Shops, whose
from jdticket.cli.hurt import hurt_lines, may_wait, name_hurt
from jdticket.cli.options import example
from jdticket.cli.session import Session
from jdticket.desk.desk import Desk
from jdticket.domain.tickets import Status, TicketQuery
from jdticket.errors import ConfigError, InputError, JdticketError, RefusedError, StoreError, UsageError
from jdticket.files import whole_file
from jdticket.i18n import _, ngettext
from jdticket.text import one_line
from jdticket.words import listed, os_reason, sentences

app = typer.Typer()
_PANEL = _("Setting up and looking after it")
_LEAST_FREE = 200 * 1024 * 1024


@app.command(
    "export",
    rich_help_panel=_PANEL,
    help=_(
        "All tickets with their latest reply, as CSV, JSON or XLSX; jdticket import reads each of them again."
    ),
    epilog=example("jdticket export -o 工单.xlsx"),
)
def export(
    ctx: typer.Context,
    as_csv: Annotated[bool, typer.Option("--csv", help=_("CSV (the default)."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("A JSON array."))] = False,
    as_xlsx: Annotated[bool, typer.Option("--xlsx", help=_("An Excel file; takes -o."))] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar=_("FILE"), help=_("Write a new file; its ending tells the format.")
        ),
    ] = None,
    shop: Shops = None,
    kind: Kinds = None,
    assignee: Assignee = None,
    keys: Annotated[
        bool, typer.Option("--keys", help=_("A file for programs: keys and ISO times, not words."))
    ] = False,
) -> None:
    from jdticket.views import plain

    session = Session(ctx)
    if as_csv + as_json + as_xlsx > 1:
        raise UsageError(_("One of --csv, --json and --xlsx, not several."))
    suffix = output.suffix.lower() if output and not (as_csv or as_json or as_xlsx) else ""
    form = "xlsx" if as_xlsx or suffix == ".xlsx" else "json" if as_json or suffix == ".json" else "csv"
    if form == "xlsx" and output is None:
        raise UsageError(_("An Excel file cannot go to standard output; name it with -o FILE."))
    rows: Iterable[Mapping[str, Any]] = _rows(
        session, session.reading(), whose(session, shop, kind, assignee)
    )
    if output is None:
        if form == "csv" and sys.stdout.isatty():
            rows = map(plain.harmless_cells, rows)
        _write(form, _keys(), rows, sys.stdout)
        name_hurt(session)
        return
    headings: Sequence[str] = _keys()
    if form != "json" and not keys:
        headings, rows = plain.for_people(headings, rows)
    count = _write_new(output, form, headings, rows)
    session.say(
        ngettext("{n} ticket written to {path}", "{n} tickets written to {path}", count).format(
            n=count, path=output
        )
    )
    name_hurt(session)


def _keys() -> tuple[str, ...]:
    from jdticket.views import plain

    return (*plain.TICKET_KEYS, "reply", "reply_at", "reply_by", "reply_on_time")


def _rows(session: Session, desk: Desk, query: TicketQuery) -> Iterator[dict[str, Any]]:
    from jdticket.cli.looking import say_impossible
    from jdticket.views import plain

    now, zone, undelivered = desk.looking.now, session.zone, desk.looking.undelivered()
    impossible = []
    for ticket, reply in desk.looking.tickets_with_latest_reply(query):
        left = desk.looking.left(ticket, now)
        row = plain.ticket(ticket, left, now, zone, undelivered=ticket.id in undelivered)
        if row["waits"] and left is None:
            impossible.append(ticket)
        # To a pending ticket there was an earlier one at most, and it is the shop's turn again.
        shown = None if ticket.status is Status.PENDING else reply
        row["reply"] = shown.text if shown else None
        row["reply_at"] = clock.iso(shown.at, zone) if shown else None
        row["reply_by"] = shown.by if shown else None
        row["reply_on_time"] = shown.on_time if shown else None
        yield row
    say_impossible(session, impossible)


def _write(form: str, keys: Sequence[str], rows: Iterable[Mapping[str, Any]], stream: Any) -> None:
    from jdticket.views import plain

    if form == "json":
        plain.write_json_array(rows, stream)
    else:
        plain.write_csv(keys, rows, stream)


def _write_new(path: Path, form: str, keys: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write ``path``, which must be new, readable by its owner only; returns the number of rows. A file
    that could not be written whole is taken away again."""
    count = 0

    def counted() -> Iterator[Mapping[str, Any]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    try:
        with whole_file(path) as file:
            if form == "xlsx":
                from jdticket.views.xlsx import write_xlsx

                write_xlsx(keys, counted(), file)
            else:
                # Excel takes a CSV for GBK unless a byte order mark says otherwise.
                encoding = "utf-8-sig" if form == "csv" else "utf-8"
                with TextIOWrapper(file, encoding=encoding, newline="") as text:
                    _write(form, keys, counted(), text)
    except FileExistsError as error:
        raise RefusedError(
            _("{path} exists already and is left alone; choose another name.").format(path=path)
        ) from error
    except OSError as error:
        raise InputError(
            _("{path} cannot be written: {why}").format(path=path, why=os_reason(error))
        ) from error
    return count


@app.command(
    "backup",
    rich_help_panel=_PANEL,
    help=_("Copy the whole store to a new file while others go on working; readable by you only."),
    epilog=example("jdticket backup jdticket-2026-11-23.db"),
)
def backup(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(metavar=_("FILE"), help=_("The new file."))],
) -> None:
    session = Session(ctx)
    session.reading().upkeep.backup(target)
    typer.echo(_("The store was copied to {path}; to use it: jdticket --db {path} list").format(path=target))


@app.command(
    "restore",
    rich_help_panel=_PANEL,
    help=_(
        "Put a backup in the store's place, after a look at it; the old file is kept under another name. "
        "Refused while something else uses the store."
    ),
    epilog=example("jdticket restore jdticket-2026-11-23.db"),
)
def restore(
    ctx: typer.Context,
    backup_file: Annotated[Path, typer.Argument(metavar=_("BACKUP"), help=_("What `backup` wrote."))],
) -> None:
    session = Session(ctx)
    aside = session.restore(backup_file)
    said = _("The store at {path} is a copy of {backup} now.").format(
        path=session.database, backup=backup_file
    )
    if aside is not None:
        said = sentences(said, _("What was there is kept as {aside}.").format(aside=aside))
    typer.echo(said)
    typer.echo(_("Next: import the newest file or page, and record the replies given since with --at."))


@app.command(
    "recompute",
    rich_help_panel=_PANEL,
    help=_(
        "Work out the deadlines of pending tickets anew after a change of service hours. What the platform "
        "said or the manager granted stays."
    ),
    epilog=example("jdticket recompute --dry-run"),
)
def recompute(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Say what would change, keep nothing."))
    ] = False,
) -> None:
    session = Session(ctx)
    done = session.writing().upkeep.recompute(dry_run=dry_run, by=session.by(None))
    now = clock.system_now()
    for move in done.moved:
        typer.echo(
            _("ticket {ticket}: due {new} now, was {old}").format(
                ticket=move.ticket.id,
                new=clock.moment_in_words(move.deadline_at, now, session.zone),
                old=clock.moment_in_words(move.ticket.deadline_at, now, session.zone),
            )
        )
    said = ngettext("{n} deadline changes.", "{n} deadlines change.", len(done.moved))
    said = said.format(n=len(done.moved))
    if dry_run:
        said = sentences(said, _("Dry run: nothing was kept."))
    typer.echo(said)
    if done.left_alone:
        session.say(
            "! "
            + ngettext(
                "No deadline can be counted for {n} ticket, and it was left alone: {numbers}. Look at "
                "[service_hours].",
                "No deadline can be counted for {n} tickets, and they were left alone: {numbers}. Look at "
                "[service_hours].",
                len(done.left_alone),
            ).format(n=len(done.left_alone), numbers=listed(ticket.id for ticket in done.left_alone))
        )
    hurt = may_wait(session)
    if done.left_alone or hurt:
        raise typer.Exit(StoreError.exit_code if hurt else 1)


@app.command(
    "doctor",
    rich_help_panel=_PANEL,
    help=_("Look at everything that could go wrong: configuration, zone, store, permissions, disk."),
    epilog=example("jdticket doctor"),
)
def doctor(ctx: typer.Context) -> None:
    session = Session(ctx)
    verdicts = list(_verdicts(session))
    screen = session.screen
    for ok, name, detail in verdicts:
        mark, style = {
            True: (_("ok"), ""),
            None: (_("warning"), "bold yellow"),
            False: (_("PROBLEM"), "bold red"),
        }[ok]
        screen.line(f"[{mark}] " + _("{where}: {what}").format(where=name, what=detail), style)
    if any(ok is False for ok, _name, _detail in verdicts):
        raise typer.Exit(1)


# Whether it is well (None: as one may choose), what was looked at, what was found.
_Verdict = tuple[bool | None, str, str]


def _verdicts(session: Session) -> Iterator[_Verdict]:
    try:
        found = session.config.path
    except ConfigError as error:
        yield False, _("configuration"), error.message
        return
    yield True, _("configuration"), str(found) if found else _("no file; every default holds")
    if found and os.name == "posix" and found.stat().st_mode & 0o077:
        yield (
            False,
            _("configuration's permissions"),
            _("others may read it; run: chmod 600 {path}").format(path=found),
        )
    yield _who_acts(session)
    moment = clock.moment_in_words(session.now, session.now, session.zone)
    yield (
        True,
        _("zone"),
        _("{zone}; it is {moment} there").format(zone=session.config.timezone, moment=moment),
    )
    try:
        if not session.has_store:
            missing = _(
                "there is none at {path}; look at --db and JDTICKET_DB, or begin with: jdticket import"
            )
            yield False, _("store"), missing.format(path=session.database)
            return
        for finding in session.reading().upkeep.findings():
            yield finding.ok, _finding_name(finding.name), finding.detail
        for line in hurt_lines(session.reading().looking.hurt()):
            yield False, _("store"), line
    except JdticketError as error:
        yield False, _("store"), error.message
        return
    yield True, _("store"), str(session.database)
    if unsafe := unsafe_folder(session.database):
        yield False, _("store's folder"), unsafe
    yield from _reminder_verdicts(session)
    yield from _platform_verdicts(session)
    yield _disk_verdict(session.database.parent)


def _who_acts(session: Session) -> _Verdict:
    """Under which name steps go on record."""
    name, where = session.me
    if not name:
        return None, _("who acts"), _('nobody is named; set me = "NAME" in the configuration')
    said = {
        "JDTICKET_ME": _("{name} (JDTICKET_ME)"),
        "me": _("{name} (me in the configuration)"),
        "USER": _('{name} (the login; me = "NAME" in the configuration changes it)'),
    }
    return True, _("who acts"), said[where].format(name=one_line(name))


def unsafe_folder(database: Path) -> str:
    """Why the store is not safe where it lies; empty: nothing is known against it."""
    from jdticket.settings.folders import network_place, synced_by

    folder = database.absolute().parent
    advice = _("keep it on this computer's own disk, and let `jdticket backup` write there instead")
    if program := synced_by(folder):
        return _(
            "it lies in a folder that a program copies elsewhere ({program}): two computers would overwrite "
            "each other's tickets, for the copy lacks what was written last; {advice}"
        ).format(program=program, advice=advice)
    if place := network_place(folder):
        return _(
            "it lies on another machine ({place}), where the locks that protect it do not hold; {advice}"
        ).format(place=place, advice=advice)
    return ""


def _reminder_verdicts(session: Session) -> Iterator[_Verdict]:
    from jdticket.cli.looking import sending_lines
    from jdticket.views.tables import trouble_lines

    desk = session.reading()
    channels = listed(channel.name for channel in session.config.channels)
    if not channels:
        yield None, _("reminders"), _("no channel is configured; nobody is reminded")
        return
    troubles = trouble_lines(desk.looking.channel_troubles(), now=session.now, zone=session.zone)
    troubles += sending_lines(session, desk)
    for line in troubles:
        yield False, _("reminders"), line
    if not troubles:
        yield True, _("reminders"), channels


def _platform_verdicts(session: Session) -> Iterator[_Verdict]:
    """Each shop's authorisation, and how the fetching of its tickets goes."""
    if not session.config.platform_shops:
        return
    from jdticket.cli.platform import PlatformSession
    from jdticket.views.tables import source_lines

    platform = PlatformSession(session)
    now, zone = session.now, session.zone
    sources = {source.shop: source for source in session.reading().looking.sources()}
    for shop in session.config.platform_shops:
        name = _("platform, {shop}").format(shop=shop.name)
        try:
            session.config.app(shop, os.environ)
            token = platform.kept_token(shop)
        except JdticketError as error:
            yield False, name, error.message
            continue
        if token is None or token.expires_at <= now:
            yield False, name, _("not signed in: jdticket auth login {shop}").format(shop=shop.code)
            continue
        if said := platform.ending([shop]):
            yield False, name, said[shop.code]
            continue
        source = sources.get(shop.code)
        trouble = source_lines([source], session.shop_names, now=now, zone=zone) if source else []
        if trouble:
            yield False, name, trouble[0]
        elif source is None or source.good_at is None:
            yield False, name, _("never fetched: jdticket sync --shop {shop}").format(shop=shop.code)
        else:
            seen = clock.moment_in_words(source.good_at, now, zone)
            until = clock.moment_in_words(token.expires_at, now, zone)
            yield True, name, _("fetched {seen}; signed in until {until}").format(seen=seen, until=until)
    unsent = session.reading().outbox.unsent()
    if unsent:
        from jdticket.views.tables import unsent_line

        yield False, _("replies"), unsent_line(len(unsent))


def _finding_name(name: str) -> str:
    return {
        "integrity": _("store's integrity"),
        "foreign_keys": _("store's links"),
        "schema": _("store's schema"),
        "writable": _("store can be written"),
        "permissions": _("store's permissions"),
        "journal": _("store's journal"),
    }[name]


def _disk_verdict(folder: Path) -> _Verdict:
    import shutil

    free = shutil.disk_usage(folder).free
    megabytes = free // (1024 * 1024)
    if free < _LEAST_FREE:
        return (
            False,
            _("free disk"),
            _("only {n} MB left in {path}; make room").format(n=megabytes, path=folder),
        )
    return True, _("free disk"), _("{n} MB").format(n=megabytes)
