"""Pulling each shop's work orders in from the platform.

No network call is made while the store is locked. What is read is taken in as it comes, so that a
failure half-way loses nothing. It prints nothing and knows no address: what speaks to the platform is
handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from jdticket import clock
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.moves import BY_THE_PLATFORM, Move
from jdticket.domain.platform_words import kind_from_words
from jdticket.domain.sources import Details, LogEntry, Platform, SourceState
from jdticket.domain.tickets import PlatformState, Status, Ticket, TicketQuery
from jdticket.errors import (
    ConfigError,
    IncompleteListError,
    JdticketError,
    PlatformError,
    Trouble,
)
from jdticket.i18n import _
from jdticket.store.interface import SYNC_BEGAN, Store

# How far a sync looks back behind the last good one: clocks differ, and a work order may show late.
_OVERLAP = timedelta(hours=1)
_AHEAD = timedelta(minutes=15)
# A long stretch is read apart from its newest end, where work orders still come in.
_LONG, _NEWEST = timedelta(days=1), timedelta(hours=1)
_SWEEP_EVERY = timedelta(days=1)
_LOOKED_UP_MOST = 100
_LOOKED_UP = "order_looked_up:"
_TAKEN_IN_EVERY = 1.0  # seconds
# One that was killed holds the others up for so long at most; one that works says so in time.
_BUSY, _BUSY_AGAIN = timedelta(minutes=1), timedelta(seconds=20)
_UNFINISHED = {PlatformState.WAITING, PlatformState.REJECTED, PlatformState.REPLIED, None}


class Taken(Protocol):
    """What became of drafts; see :class:`jdticket.desk.taking_in.TakenIn`."""

    new: int
    changed: int
    returned: list[str]
    rejected_replies: list[str]
    reopened: list[str]
    still_waiting: list[str]
    notes: list[str]


TakeIn = Callable[[Sequence[Draft | Rejection], str, Callable[[Rejection], None]], Taken]
"""Takes drafts in, in one step, for a shop, and hands rejected ones on."""


@dataclass(slots=True)
class Synced:
    """What a sync of one shop came to."""

    shop: str
    begin: datetime | None = None
    """Since when all work orders were read; None: another process is at it."""
    busy_since: datetime | None = None
    """When that other process began."""
    seen: int = 0
    """Work orders that the platform told of."""
    new: int = 0
    changed: int = 0
    returned: list[str] = field(default_factory=list)
    """Tickets that we hold as replied and the platform shows as waiting."""
    rejected_replies: list[str] = field(default_factory=list)
    """Tickets that are pending again because the platform rejected our reply."""
    reopened: list[str] = field(default_factory=list)
    """Tickets that are pending again because the platform shows them as waiting again."""
    still_waiting: list[str] = field(default_factory=list)
    """Tickets closed or void here that the platform was seen to go on showing as waiting."""
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: JdticketError | None = None
    """Why it broke off; what had been read by then was taken in."""
    back_after: timedelta | None = None
    """How long the source had been failing, if this sync was the first good one after that."""


class Pulling:
    """Pulls work orders into one store; ``now`` gives the present."""

    def __init__(self, store: Store, now: Callable[[], datetime], take_in: TakeIn) -> None:
        self._store = store
        self._now = now
        self._take_in = take_in

    def sync(
        self,
        shop: str,
        connect: Callable[[], Platform],
        *,
        since: datetime | None = None,
        on_progress: Callable[[int], None] = lambda _seen: None,
    ) -> Synced:
        """Take in what the platform tells of the shop's work orders; safe to repeat.

        First those that wait and those whose reply was rejected, however old; then everything since the
        last good sync (or ``since``), an overlap included, never beyond what the platform shows; then
        what became of our own pending tickets that none of this told of. Once a day it goes back to the
        oldest ticket that is not closed, to learn which have been.

        A failure is told in the outcome and kept with the shop, for reminders. ``connect`` may fail, too.
        """
        done = Synced(shop)
        now = self._now()
        with self._store.transaction():
            state = self._store.source(shop) or SourceState(shop)
            if state.busy_until is not None and now < state.busy_until <= now + _BUSY:
                began = self._store.fact(SYNC_BEGAN + shop)
                done.busy_since = clock.from_stored(began) if began else None
                return done
            mark = _Mark(self._store, self._now, shop)
            mark.set(state, now)
            self._store.put_fact(SYNC_BEGAN + shop, clock.stored(now))

        def progress(seen: int) -> None:
            mark.renew()
            on_progress(seen)

        try:
            ended = self._pull(done, state, connect(), now, since, progress)
        except (PlatformError, ConfigError) as error:
            done.error = error
            told = error if isinstance(error, PlatformError) else None
            ended = replace(
                state,
                failing_since=state.failing_since or now,
                trouble=told.trouble if told else Trouble.SETTINGS,
                code=told.code if told else "",
                words=told.zh_desc if told else "",
            )
        except BaseException:
            # Interrupted, or out of disk: the next one may begin at once.
            mark.put(state)
            raise
        mark.put(ended)
        return done

    def _pull(
        self,
        done: Synced,
        state: SourceState,
        platform: Platform,
        now: datetime,
        since: datetime | None,
        on_progress: Callable[[int], None],
    ) -> SourceState:
        oldest, end = now - platform.OLDEST, now + _AHEAD
        sweeps = state.swept_at is None or not now - _SWEEP_EVERY < state.swept_at <= now
        begin = oldest if state.read_until is None else state.read_until - _OVERLAP
        if since is not None:
            begin = since
        elif sweeps:
            begin = min(begin, self._oldest_unfinished(done.shop, oldest, begin))
        if begin < oldest and since is not None:
            done.notes.append(_("The platform shows the last 60 days only; what is older was not asked for."))
        done.begin = begin = max(begin, oldest)

        reader = _Reader(self._store, self._take_in, platform, done, state.good_at, on_progress)
        for waiting in (PlatformState.WAITING, PlatformState.REJECTED):
            reader.take_list(platform.read(oldest, end, waiting))
        if begin < now - _LONG:
            reader.take_list(platform.read(begin, now - _NEWEST))
            reader.take_list(platform.read(now - _NEWEST, end))
        else:
            reader.take_list(platform.read(begin, end))
        reader.take(self._whereabouts(done, platform, reader.seen, oldest))
        if reader.incomplete is not None:
            raise reader.incomplete

        # With --since a stretch may have been left out, which the next sync must not skip.
        reaches = state.read_until is None or begin <= state.read_until
        if state.failing_since is not None:
            done.back_after = now - state.failing_since
        return replace(
            state,
            good_at=now,
            read_until=now if reaches and (since is None or state.read_until) else state.read_until,
            swept_at=now if sweeps and since is None else state.swept_at,
            failing_since=None,
            trouble=None,
            code="",
            words="",
            failed_since=state.failing_since or state.failed_since,
            back_at=now if state.failing_since is not None else state.back_at,
        )

    def _oldest_unfinished(self, shop: str, oldest: datetime, begin: datetime) -> datetime:
        query = TicketQuery(
            statuses=(Status.PENDING, Status.REPLIED),
            shops=(shop,),
            created_from=oldest,
            created_before=begin,
        )
        return min((ticket.created_at for ticket in self._store.tickets(query)), default=begin)

    def _whereabouts(
        self, done: Synced, platform: Platform, seen: set[str], oldest: datetime
    ) -> Iterator[list[Draft | Rejection]]:
        """What became of tickets that wait for all that we know, and that the platform no longer counts
        among those that wait. Each sync goes on where the one before had to leave off."""
        waiting = TicketQuery(waits=True, shops=(done.shop,), created_from=oldest)
        missing = [ticket for ticket in self._store.tickets(waiting) if ticket.id not in seen]
        orders = sorted({ticket.order_id for ticket in missing if ticket.order_id})
        wanted = {ticket.id for ticket in missing}
        fact = _LOOKED_UP + done.shop
        last = self._store.fact(fact) or ""
        turn = [*(one for one in orders if one > last), *(one for one in orders if one <= last)]
        for order_id in turn[:_LOOKED_UP_MOST]:
            try:
                found = platform.of_order(order_id)
            except PlatformError as error:
                if not error.one_request:
                    raise
                why = _("order {id} could not be looked up. {why}")
                done.notes.append(why.format(id=order_id, why=error.message))
                continue
            yield [item for item in found if isinstance(item, Draft) and item.id in wanted]
        if len(orders) > _LOOKED_UP_MOST:
            with self._store.transaction():
                self._store.put_fact(fact, turn[_LOOKED_UP_MOST - 1])


class _Mark:
    """That this process is at a shop, so that others leave it alone."""

    def __init__(self, store: Store, now: Callable[[], datetime], shop: str) -> None:
        self._store = store
        self._now = now
        self._shop = shop
        self._until = now()

    def set(self, state: SourceState, now: datetime) -> None:
        """Called inside a transaction."""
        self._until = now + _BUSY
        self._store.put_source(replace(state, busy_until=self._until))

    def renew(self) -> None:
        """Say that we are still at it, where it is time to; one that was taken over stays so."""
        now = self._now()
        if now < self._until - _BUSY + _BUSY_AGAIN:
            return
        with self._store.transaction():
            held = self._store.source(self._shop)
            if held is not None and held.busy_until == self._until:
                self.set(held, now)

    def put(self, state: SourceState) -> None:
        """Keep how it went. Where another process has taken over, its mark stays, and what it knows if that
        is newer."""
        with self._store.transaction():
            held = self._store.source(self._shop)
            if held is None or held.busy_until == self._until:
                self._store.put_source(replace(state, busy_until=None))
            elif held.good_at is None or (state.good_at is not None and held.good_at <= state.good_at):
                self._store.put_source(replace(state, busy_until=held.busy_until))


class _Reader:
    """Takes in what is read of one shop, as it comes."""

    def __init__(
        self,
        store: Store,
        take_in: TakeIn,
        platform: Platform,
        done: Synced,
        good_at: datetime | None,
        on_progress: Callable[[int], None],
    ) -> None:
        self._store = store
        self._take_in = take_in
        self._platform = platform
        self._done = done
        self._good_at = good_at
        self._on_progress = on_progress
        self._detailed: dict[str, Details] = {}
        self._undated: set[str] = set()
        self.seen: set[str] = set()
        self.incomplete: IncompleteListError | None = None
        """The first list that did not add up."""

    def take_list(self, pages: Iterator[list[Draft | Rejection]]) -> None:
        """The same as :meth:`take`, but a list that does not add up is only remembered."""
        try:
            self.take(pages)
        except IncompleteListError as error:
            self.incomplete = self.incomplete or error

    def take(self, pages: Iterator[list[Draft | Rejection]]) -> None:
        """Read to the end. Raises ``PlatformError``; what was read by then has been taken in."""
        waiting: list[Draft | Rejection] = []
        taken_at = time.monotonic()
        try:
            for page in pages:
                for item in page:
                    self._note(item)
                try:
                    waiting += self._with_details(page)
                except PlatformError:
                    # The rows are there all the same.
                    waiting += page
                    raise
                self._on_progress(len(self.seen))
                if time.monotonic() - taken_at >= _TAKEN_IN_EVERY:
                    self._put(waiting)
                    waiting, taken_at = [], time.monotonic()
        finally:
            self._put(waiting)

    def _note(self, item: Draft | Rejection) -> None:
        if isinstance(item, Draft) and item.id not in self.seen:
            self.seen.add(item.id)
            self._done.seen += 1

    def _put(self, items: Sequence[Draft | Rejection]) -> None:
        if not items:
            return
        taken = self._take_in(items, self._done.shop, self._done.rejections.append)
        self._done.new += taken.new
        self._done.changed += taken.changed
        self._done.returned += taken.returned
        self._done.rejected_replies += taken.rejected_replies
        self._done.reopened += taken.reopened
        self._done.still_waiting += taken.still_waiting
        self._done.notes += [note for note in taken.notes if note not in self._done.notes]

    def _with_details(self, page: list[Draft | Rejection]) -> list[Draft | Rejection]:
        """The page with what the list does not tell, for unfinished work orders of which it is not known."""
        drafts = [item for item in page if isinstance(item, Draft) and item.platform_state in _UNFINISHED]
        held = self._store.tickets_by_id(draft.id for draft in drafts)
        wanted = {draft.id for draft in drafts if _needs_details(held.get(draft.id), draft)}
        return [
            self._dated(self._detailed_draft(item), item.id in held)
            if isinstance(item, Draft) and item.id in wanted
            else item
            for item in page
        ]

    def _dated(self, draft: Draft, is_held: bool) -> Draft:
        """A new one of which nobody tells when it was created: its deadline is counted from the last time at
        which all was read and it was not there."""
        if draft.created_at is not None or is_held:
            return draft
        if draft.id not in self._undated:
            self._undated.add(draft.id)
            told = _(
                "ticket {id}: the platform does not tell when it was created; its deadline is counted from "
                "when it was not there yet, look at it there."
            )
            self._done.notes.append(told.format(id=draft.id))
        return replace(draft, created_after=self._good_at)

    def _detailed_draft(self, draft: Draft) -> Draft:
        if draft.id not in self._detailed:
            try:
                self._detailed[draft.id] = self._platform.details(draft.id)
            except PlatformError as error:
                if not error.one_request:
                    raise
                self._done.notes.append(
                    _("ticket {id}: no details. {why}").format(id=draft.id, why=error.message)
                )
                self._detailed[draft.id] = Details(None, "", ())
            self._on_progress(len(self.seen))
        details = self._detailed[draft.id]
        # The platform's words for what was done are not documented; those of the examples hold these.
        reply = _last(details, "回复")
        rejection = _last(details, "驳回")
        return replace(
            draft,
            kind=kind_from_words(details.type_name) if details.type_name else draft.kind,
            kind_text=details.type_name or draft.kind_text,
            created_at=draft.created_at or details.created_at,
            reply_text=reply.content if reply else None,
            reply_at=reply.at if reply else None,
            rejection=rejection.content if rejection else "",
            rejected_at=rejection.at if rejection else None,
        )


def _needs_details(held: Ticket | None, draft: Draft) -> bool:
    """Whether the details of a work order tell something that we do not know: its kind, a reply that was
    given elsewhere, why ours was rejected."""
    if held is None or not held.kind_text:
        return True
    move, _in_the_same_words = BY_THE_PLATFORM[held.status, draft.platform_state]
    return move in {Move.REPLY, Move.REJECT}


def _last(details: Details, word: str) -> LogEntry | None:
    """The latest entry of the history, with text and time, in whose kind ``word`` occurs."""
    entries = [entry for entry in details.log if word in entry.kind and entry.content and entry.at]
    return entries[-1] if entries else None
