"""sync: the platform's work orders, into the desk."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Annotated, TypeVar

import typer

from jdticket import clock
from jdticket.cli.options import AsJson, example
from jdticket.cli.platform import PlatformSession
from jdticket.cli.progress import Progress
from jdticket.cli.session import Session
from jdticket.desk.pulling import Synced
from jdticket.errors import JdticketError, PlatformError, Trouble, UsageError
from jdticket.i18n import _
from jdticket.settings.types import Shop
from jdticket.words import listed, sentences

app = typer.Typer()
_AT_ONCE = 8
# Seconds that an interrupted sync waits for its threads; what they leave marked is free within a minute.
_PATIENCE = 2.0

_T = TypeVar("_T")
_Result = TypeVar("_Result")


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
    session.must_have_store()
    fetching = _Fetching(ctx, session, begin, shops)
    outcomes: list[Synced] = []
    for one, outcome in zip(shops, at_once(fetching.fetch, shops, fetching.stop), strict=True):
        fetching.progress.clear()
        outcomes.append(outcome)
        if not as_json:
            _tell(session, one, outcome, quiet=quiet)
    if as_json:
        _answer_in_json(session, outcomes)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(PlatformError.exit_code)
    if any(outcome.rejections for outcome in outcomes):
        raise typer.Exit(1)


class _Stopped(Exception):  # noqa: N818 - no error
    """Ends the fetching of a shop: a person has interrupted the program."""


class _Fetching:
    """Fetches shops, several at a time, each with a store and a connection of its own."""

    def __init__(
        self, ctx: typer.Context, session: Session, since: datetime | None, shops: list[Shop]
    ) -> None:
        self._ctx = ctx
        self._session = session
        self._since = since
        self._names = listed(shop.name for shop in shops)
        self._stopped = False
        self._seen: dict[str, int] = {}
        self._silent: set[str] = set()
        self.progress = Progress(self._words)

    def _words(self, seen: int) -> str:
        return _("{shop}: {n} tickets …").format(shop=self._names, n=seen)

    def stop(self) -> None:
        """End what is under way as soon as it comes to its next step."""
        self._stopped = True

    def fetch(self, shop: Shop) -> Synced:
        """Fetch one shop; called by a thread of its own."""
        url = shop.jos.url if shop.jos is not None else ""
        own = typer.Context(self._ctx.command, parent=self._ctx)
        with own:
            session = self._session.beside(own)
            platform = PlatformSession(session)
            # A gateway that did not answer for one shop is not waited for by each of the others.
            connect = partial(platform.connect, shop, tries=1 if url in self._silent else None)
            show = partial(self._show, shop.code)
            done = session.pulling().sync(shop.code, connect, since=self._since, on_progress=show)
        if isinstance(done.error, PlatformError) and done.error.trouble is Trouble.UNREACHABLE:
            self._silent.add(url)
        return done

    def _show(self, shop: str, seen: int) -> None:
        if self._stopped:
            raise _Stopped
        self._seen[shop] = seen
        self.progress.show(sum(self._seen.values()))


def at_once(
    work: Callable[[_T], _Result], things: Sequence[_T], stop: Callable[[], None]
) -> Iterator[_Result]:
    """What ``work`` makes of each of the things, in their order, eight at a time. Raises what ``work`` raises
    of the program's own errors and the system's.

    ``stop`` has ``work`` end early where it can; it is called when this is interrupted.
    """
    if len(things) == 1:
        yield work(things[0])
        return
    ended: list[SimpleQueue[_Result | JdticketError | OSError | None]] = [SimpleQueue() for _ in things]
    left: SimpleQueue[tuple[int, _T]] = SimpleQueue()
    for numbered in enumerate(things):
        left.put(numbered)

    def run() -> None:
        while True:
            try:
                number, thing = left.get_nowait()
            except Empty:
                return
            outcome: _Result | JdticketError | OSError | None = None
            try:
                outcome = work(thing)
            except (JdticketError, OSError) as error:
                outcome = error
            except _Stopped:
                return
            finally:
                # None: an error of the program, which the thread shows.
                ended[number].put(outcome)

    threads = [Thread(target=run, daemon=True) for _ in range(min(_AT_ONCE, len(things)))]
    for thread in threads:
        thread.start()
    try:
        for one in ended:
            outcome = one.get()
            if outcome is None:
                raise RuntimeError("the fetching of a shop has failed")
            if isinstance(outcome, (JdticketError, OSError)):
                raise outcome
            yield outcome
    finally:
        stop()
        until = time.monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


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
