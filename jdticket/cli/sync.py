"""sync: the platform's work orders, into the desk."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.options import AsJson, example
from jdticket.cli.platform import PlatformSession
from jdticket.cli.progress import Progress
from jdticket.cli.session import Session
from jdticket.desk.pulling import Synced
from jdticket.errors import PlatformError, Trouble, UsageError
from jdticket.i18n import _
from jdticket.settings.types import Shop
from jdticket.words import sentences

app = typer.Typer()


@app.command(
    "sync",
    rich_help_panel=_("The platform"),
    help=_(
        "Fetch each shop's tickets from JD's open platform; safe to repeat, made for cron. Those that "
        "wait come first."
    ),
    epilog=example("jdticket sync"),
)
def sync(
    ctx: typer.Context,
    shop: Annotated[
        list[str] | None,
        typer.Option("--shop", metavar=_("SHOP"), help=_("One shop only; may be given several times.")),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar=_("TIME"), help=_("Read again from here on; at most 60 days back.")),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help=_("Say only what is wrong."))] = False,
    as_json: AsJson = False,
) -> None:
    session = Session(ctx)
    platform = PlatformSession(session)
    begin = session.moment("--since", since)
    if begin is not None and begin > clock.system_now():
        raise UsageError(_("--since: that is in the future."))
    shops = platform.shops(shop)
    pulling = session.pulling()
    outcomes: list[Synced] = []
    silent: set[str] = set()
    for one in shops:
        progress = Progress(partial(_progress_words, one.name))
        url = one.jos.url if one.jos is not None else ""
        # A gateway that did not answer for one shop is not waited for by each of the others.
        connect = partial(platform.connect, one, tries=1 if url in silent else None)
        try:
            outcome = pulling.sync(one.code, connect, since=begin, on_progress=progress.show)
        finally:
            progress.clear()
        outcomes.append(outcome)
        if isinstance(outcome.error, PlatformError) and outcome.error.trouble is Trouble.UNREACHABLE:
            silent.add(url)
        if not as_json:
            _tell(session, one, outcome, quiet=quiet)
    if as_json:
        _answer_in_json(session, outcomes)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(PlatformError.exit_code)
    if any(outcome.rejections for outcome in outcomes):
        raise typer.Exit(1)


def _progress_words(shop: str, seen: int) -> str:
    return _("{shop}: {n} tickets …").format(shop=shop, n=seen)


def _busy(session: Session, done: Synced) -> str:
    if done.busy_since is None:
        return _("another sync is at it; nothing was done.")
    since = clock.moment_in_words(done.busy_since, clock.system_now(), session.zone)
    return _("another sync has been at it since {since}; nothing was done.").format(since=since)


def _tell(session: Session, shop: Shop, done: Synced, *, quiet: bool) -> None:
    from jdticket.views.tables import rejection_line, seen_lines

    def line(words: str) -> str:
        return _("{where}: {what}").format(where=shop.name, what=words)

    for rejection in done.rejections:
        session.say(line(rejection_line(rejection)))
    for note in done.notes:
        session.say("! " + line(note))
    for said in seen_lines(done):
        session.say("! " + line(said))
    if done.error is not None:
        session.say(line(done.error.message))
    elif done.begin is None:
        if not quiet:
            session.say(line(_busy(session, done)))
        return
    if quiet or (done.error is not None and not done.seen):
        return
    summary = _("{new} new, {changed} changed, {seen} tickets read.").format(
        new=done.new, changed=done.changed, seen=done.seen
    )
    if done.back_after is not None:
        length = clock.duration_in_words(done.back_after)
        summary = sentences(summary, _("It works again, after {length}.").format(length=length))
    typer.echo(line(summary))


def _answer_in_json(session: Session, outcomes: list[Synced]) -> None:
    from jdticket.views import plain
    from jdticket.views.tables import rejection_line

    plain.write_json_array(
        (
            {
                "shop": done.shop,
                "ok": done.error is None,
                "busy": done.error is None and done.begin is None,
                "since": None if done.begin is None else clock.iso(done.begin, session.zone),
                "read": done.seen,
                "new": done.new,
                "changed": done.changed,
                "rejected": len(done.rejections),
                "returned": done.returned,
                "rejected_replies": done.rejected_replies,
                "reopened": done.reopened,
                "still_waiting": done.still_waiting,
                "notes": [*done.notes, *map(rejection_line, done.rejections)],
                "trouble": done.error.trouble.value if isinstance(done.error, PlatformError) else None,
                "code": done.error.code if isinstance(done.error, PlatformError) else "",
                "error": done.error.message if done.error else "",
            }
            for done in outcomes
        ),
        sys.stdout,
    )
