"""After an import: is it complete, and which tickets that wait here does it not hold any more?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from jdticket import clock
from jdticket.cli.asking import agreed
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.pages import Announced, Coverage, announced
from jdticket.errors import InputError, RefusedError
from jdticket.i18n import _, ngettext
from jdticket.text import quoted
from jdticket.words import kind_said, listed, some

if TYPE_CHECKING:
    from jdticket.cli.session import Session
    from jdticket.desk.desk import Desk
    from jdticket.domain.tickets import Ticket
    from jdticket.intake.interface import Source

_NAMED_MOST = 10
_SECOND = timedelta(seconds=1)


class Imported:
    """What an import has read, remembered while it goes through."""

    def __init__(
        self, sources: Sequence[Source], unreadable: Sequence[Rejection] = (), *, of_one_shop: bool
    ) -> None:
        self.sources = sources
        self._unreadable = unreadable
        self._of_one_shop = of_one_shop
        self.numbers: set[str] = set()
        self.oldest: datetime | None = None
        self.newest: datetime | None = None

    def read(self) -> Iterator[Draft | Rejection]:
        """Everything that the sources yield, and those that could not be opened. Of several, one that cannot
        be read is a rejection of its own and keeps no other from being read; the only one raises
        ``InputError``."""
        yield from self._unreadable
        alone = len(self.sources) + len(self._unreadable) == 1
        for source in self.sources:
            try:
                for item in source.read():
                    if isinstance(item, Draft):
                        self._remember(item)
                    yield item
            except InputError as error:
                if alone:
                    raise
                yield Rejection(source.name, 0, "", "", error.message)

    def _remember(self, draft: Draft) -> None:
        self.numbers.add(draft.id)
        created = draft.created_at
        if created is not None:
            self.oldest = created if self.oldest is None else min(self.oldest, created)
            self.newest = created if self.newest is None else max(self.newest, created)

    @property
    def names(self) -> str:
        """What the sources are called."""
        return listed(dict.fromkeys(source.name for source in self.sources))

    @property
    def announced(self) -> Announced | None:
        """What the pages among them announce together."""
        pages = [page for source in self.sources for page in source.pages]
        return announced(pages, of_one_shop=self._of_one_shop)


class Reconciled(NamedTuple):
    """What came of comparing."""

    complete: bool
    told: Announced | None
    missing: list[Ticket]


def reconciled(
    desk: Desk, imported: Imported, *, shops: Iterable[str], rejected: bool, asserted: bool
) -> Reconciled:
    """Compare what waits here with an import that is over.

    ``shops`` are the codes of the shops that it covers, ``asserted``: a person says that it is complete. It
    never is where a row could not be taken, or a ticket's number had to be guessed.
    """
    told = imported.announced
    unclear = rejected or any(source.unclear for source in imported.sources)
    counted = told is not None and told.whole and not unclear
    complete = counted or (asserted and not unclear and (told is None or told.found >= told.count))
    if not complete:
        return Reconciled(False, told, [])
    moments = [source.seen_at for source in imported.sources]
    seen_at = min((moment for moment in moments if moment is not None), default=None)
    if None in moments:
        seen_at = None
    copied_at = seen_at
    if copied_at is None and imported.newest is not None:
        # Nobody knows when it was copied: surely not before its newest ticket came.
        copied_at = imported.newest + _SECOND
    if copied_at is None:
        return Reconciled(True, told, [])
    covered = Coverage(
        # What the page mentions, however unclearly, is not gone from it.
        tickets=imported.numbers.union(*(source.mentioned for source in imported.sources)),
        shops=list(shops),
        created_before=copied_at,
        created_from=None if counted else imported.oldest,
        seen_at=seen_at,
    )
    return Reconciled(True, told, desk.reconciling.missing(covered))


def completeness(imported: Imported, found: Reconciled, *, rejected: bool, asserted: bool) -> list[str]:
    """What is to be said of it: that some are missing, or why it does not count as complete."""
    from jdticket.intake.pasted import not_all

    lines = []
    if found.told is not None and (said := not_all(imported.names, found.told)):
        lines.append(said)
    if asserted and not found.complete:
        if rejected:
            lines.append(
                _(
                    "Some rows could not be taken in, so this is not complete, and what is missing is not "
                    "known."
                )
            )
        else:
            lines.append(_("This is not complete, and what is missing is not known."))
    return lines


def all_of_them(told: Announced, *, dry_run: bool) -> str:
    """That as many tickets were found as the page announces."""
    if dry_run:
        return ngettext(
            "The page announces {n} ticket: it was found.",
            "The page announces {n} tickets: all of them were found.",
            told.count,
        ).format(n=told.count)
    return ngettext(
        "The page announces {n} ticket: it is taken in.",
        "The page announces {n} tickets: all of them are taken in.",
        told.count,
    ).format(n=told.count)


def missing_line(imported: Imported, missing: Sequence[Ticket], *, closes: bool) -> str:
    """Which tickets are not there any more, and what to do, unless they are closed in this very step."""
    on_page = any(source.pages for source in imported.sources)
    said = (
        ngettext(
            "{n} ticket that waits here is not on the page any more: {numbers}",
            "{n} tickets that wait here are not on the page any more: {numbers}",
            len(missing),
        )
        if on_page
        else ngettext(
            "{n} ticket that waits here is not in the file any more: {numbers}",
            "{n} tickets that wait here are not in the file any more: {numbers}",
            len(missing),
        )
    ).format(n=len(missing), numbers=some(ticket.id for ticket in missing))
    if closes:
        return said
    return _("{said}. If answered there: import again with --close-missing").format(said=said)


def close(session: Session, desk: Desk, missing: Sequence[Ticket], *, asks: bool) -> list[Ticket]:
    """List them, ask, and close them in one step; returns those that were closed."""
    now = clock.system_now()
    for ticket in missing:
        session.say(
            _("  {id}  order {order}  {kind}  due {deadline}  {content}").format(
                id=ticket.id,
                order=ticket.order_id or "-",
                kind=kind_said(ticket),
                deadline=clock.moment_in_words(ticket.deadline_at, now, session.zone),
                content=quoted(ticket.content) or "-",
            )
        )
    question = ngettext("Close this ticket?", "Close these {n} tickets?", len(missing)).format(n=len(missing))
    if asks and not agreed(question):
        session.say(_("Nothing was closed."))
        return []
    return desk.reconciling.close(missing, by=session.by(None))


def was_copied_just_now(text: str) -> bool:
    """Ask a person whether the page in the clipboard was copied just now, if that matters."""
    from jdticket.intake.pasted import has_countdown

    return has_countdown(text) and agreed(_("The page tells the time left. Was it copied just now?"))


def same_order_lines(found: Sequence[tuple[str, str, list[str]]]) -> list[str]:
    """That new tickets are on orders on which others wait."""
    lines = [
        _("Ticket {id} is on order {order}, on which {others} waits as well: answer them together.").format(
            id=number, order=order, others=some(others)
        )
        for number, order, others in found[:_NAMED_MOST]
    ]
    more = len(found) - _NAMED_MOST
    if more > 0:
        lines.append(
            ngettext(
                "{n} more new ticket is on an order on which another waits.",
                "{n} more new tickets are on orders on which others wait.",
                more,
            ).format(n=more)
        )
    return lines


def must_be_complete(found: Reconciled, *, asserted: bool) -> None:
    """Raises ``RefusedError`` unless it is known what is missing; ``asserted``: a person says that it is."""
    if found.complete:
        return
    if asserted:
        raise RefusedError(
            _(
                "No ticket was closed: fewer tickets were found than the page announces, or some rows are "
                "not clear. Copy the whole table again, each of its pages."
            )
        )
    raise RefusedError(
        _(
            "No ticket was closed: only a complete take-in tells what is missing. Copy the tab's heading "
            "with its count and each of the table's pages, or say --complete."
        )
    )
