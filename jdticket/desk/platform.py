"""The desk and the platform: pulling each shop's work orders in, pushing replies out.

No network call is made while the store is locked. What is read is taken in as it comes, so that a
failure half-way loses nothing; what is sent is claimed before, and settled after. It prints nothing and
knows no address: what speaks to the platform is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import DeliveryArrived, DeliveryFailed, DeliveryTold, Event
from jdticket.domain.moves import BY_THE_PLATFORM, Move
from jdticket.domain.platform_words import kind_from_words
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import Details, LogEntry, SourceState, Verdict
from jdticket.domain.tickets import PlatformState, Status, Ticket, TicketQuery
from jdticket.errors import (
    ConfigError,
    JdticketError,
    NotFoundError,
    PlatformError,
    RefusedError,
    Trouble,
    UsageError,
)
from jdticket.i18n import _
from jdticket.store.interface import Store

# How far a sync looks back behind the last good one: clocks differ, and a work order may show late.
_OVERLAP = timedelta(hours=1)
_AHEAD = timedelta(minutes=15)
# A long stretch is read apart from its newest end, where work orders still come in.
_LONG, _NEWEST = timedelta(days=1), timedelta(hours=1)
_SWEEP_EVERY = timedelta(days=1)
_LOOKED_UP_MOST = 100
_TAKEN_IN_EVERY = 1.0  # seconds
_BUSY = timedelta(minutes=10)
_SENDING = timedelta(minutes=2)
_CLOCKS_DIFFER = timedelta(minutes=10)
_UNFINISHED = {PlatformState.WAITING, PlatformState.REJECTED, PlatformState.REPLIED, None}
_SUBTYPE_FACT = "subtype:"


class Platform(Protocol):
    """What the platform knows of one shop. All methods raise ``PlatformError``."""

    OLDEST: timedelta
    """How far back it lets one look."""

    def read(
        self, begin: datetime, end: datetime, state: PlatformState | None = None
    ) -> Iterator[list[Draft | Rejection]]:
        """Every work order created between these moments, page by page, each at least once."""

    def of_order(self, order_id: str) -> list[Draft | Rejection]:
        """The work orders about one order."""

    def details(self, ticket_id: str) -> Details:
        """What the list does not tell of one work order."""

    def subtypes(self, type_id: int) -> dict[int, str]:
        """The second-level business types below a first-level one."""

    def reply(self, ticket_id: str, text: str, type_id: int, subtype_id: int) -> Verdict:
        """Give a reply, once."""


class Taken(Protocol):
    """How many tickets were new, and how many had changed."""

    new: int
    changed: int
    returned: list[str]
    rejected_replies: list[str]


@dataclass(slots=True)
class Synced:
    """What a sync of one shop came to."""

    shop: str
    begin: datetime | None = None
    """Since when all work orders were read; None: another process is at it."""
    seen: int = 0
    """Work orders that the platform told of."""
    new: int = 0
    changed: int = 0
    returned: list[str] = field(default_factory=list)
    """Tickets that we hold as replied and the platform shows as waiting."""
    rejected_replies: list[str] = field(default_factory=list)
    """Tickets that are pending again because the platform rejected our reply."""
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: JdticketError | None = None
    """Why it broke off; what had been read by then was taken in."""
    back_after: timedelta | None = None
    """How long the source had been failing, if this sync was the first good one after that."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The second-level business types that a reply may have, for a person to choose from."""

    ticket: Ticket
    type_name: str
    subtypes: Mapping[int, str]
    last: int | None
    """What was chosen for this reply before, else for the last one of this first-level type."""


class Arrival(Enum):
    """How a reply came to count as being on the platform."""

    SENT = auto()
    FOUND = auto()
    """The answer was lost, and the reply found in the ticket's history."""
    ALREADY = auto()
    """The ticket counted as replied before; this reply was not added."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a reply that was to be sent."""

    reply: Reply
    delivery: Delivery
    error: JdticketError | None
    """Why it is not, or may not be, on the platform."""
    how: Arrival = Arrival.SENT
    """How it got there, if there is no error."""


class PlatformDesk:
    """The use cases over one store; ``now`` gives the present. ``take_in`` takes drafts in, in one step,
    for a shop, and hands rejected ones on."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        take_in: Callable[[Sequence[Draft | Rejection], str, Callable[[Rejection], None]], Taken],
    ) -> None:
        self._store = store
        self._now = now
        self._take_in = take_in

    # ---- Pulling -----------------------------------------------------------------------------------

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
                return done
            self._store.put_source(replace(state, busy_until=now + _BUSY))
        try:
            ended = self._pull(done, state, connect(), now, since, on_progress)
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
            self._put(state)
            raise
        self._put(ended)
        return done

    def _put(self, state: SourceState) -> None:
        with self._store.transaction():
            self._store.put_source(replace(state, busy_until=None))

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

        reader = _Reader(self._store, self._take_in, platform, done, on_progress)
        for waiting in (PlatformState.WAITING, PlatformState.REJECTED):
            reader.take(platform.read(oldest, end, waiting))
        if begin < now - _LONG:
            reader.take(platform.read(begin, now - _NEWEST))
            reader.take(platform.read(now - _NEWEST, end))
        else:
            reader.take(platform.read(begin, end))
        reader.take(self._whereabouts(done.shop, platform, reader.seen, oldest))

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
            statuses=(Status.PENDING, Status.REPLIED), shop=shop, created_from=oldest, created_before=begin
        )
        return min((ticket.created_at for ticket in self._store.tickets(query)), default=begin)

    def _whereabouts(
        self, shop: str, platform: Platform, seen: set[str], oldest: datetime
    ) -> Iterator[list[Draft | Rejection]]:
        """What became of tickets that wait for all that we know, and that the platform no longer counts
        among those that wait."""
        pending = TicketQuery(statuses=(Status.PENDING,), shop=shop, created_from=oldest)
        returned = TicketQuery(statuses=(Status.REPLIED,), shop=shop, created_from=oldest, returned=True)
        missing = [
            ticket
            for query in (pending, returned)
            for ticket in self._store.tickets(query)
            if ticket.id not in seen
        ]
        orders = dict.fromkeys(ticket.order_id for ticket in missing if ticket.order_id)
        wanted = {ticket.id for ticket in missing}
        for order_id in list(orders)[:_LOOKED_UP_MOST]:
            found = platform.of_order(order_id)
            yield [item for item in found if isinstance(item, Draft) and item.id in wanted]

    # ---- Pushing -----------------------------------------------------------------------------------

    def to_send(self, ticket: Ticket) -> list[tuple[Reply, Delivery]]:
        """The replies to this ticket that are to reach the platform: those that have not yet, else the
        latest one, if it was never to be sent. Raises ``RefusedError`` when there is none."""
        waiting = self._store.undelivered(ticket_id=ticket.id)
        if waiting:
            return waiting
        replies = self._store.replies(ticket.id)
        if not replies:
            raise RefusedError(_("Ticket {id} has no reply that could be sent.").format(id=ticket.id))
        if ticket.status in {Status.CLOSED, Status.VOID}:
            raise RefusedError(_("Ticket {id} is closed; nothing waits for a reply.").format(id=ticket.id))
        if self._store.delivery(replies[-1].id) is not None:
            if ticket.returned_at is not None:
                raise RefusedError(
                    _(
                        "The platform took the reply to ticket {id} and still shows it as waiting; reply "
                        "again: jdticket reply {id} --send"
                    ).format(id=ticket.id)
                )
            raise RefusedError(_("The reply to ticket {id} is on the platform already.").format(id=ticket.id))
        return [self.intend(replies[-1])]

    def intend(self, reply: Reply) -> tuple[Reply, Delivery]:
        """Keep that this reply is to reach the platform."""
        delivery = Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
        with self._store.transaction():
            self._store.put_delivery(delivery)
        return reply, delivery

    def send(
        self,
        reply: Reply,
        connect: Callable[[Ticket], Platform],
        choose: Callable[[Choice], int],
        *,
        by: str,
    ) -> Sent:
        """Bring one reply to the platform, and keep what came of it.

        ``choose`` picks the second-level business type; it may raise ``JdticketError`` when it cannot.
        One whose fate is unknown is looked up before it is sent again, and so is one whose answer is lost
        now. A reply that another process is sending is left alone.
        """
        ticket = self._store.ticket(reply.ticket_id)
        if ticket is None:
            raise NotFoundError(_("There is no ticket {id}.").format(id=reply.ticket_id))
        claimed: Delivery | None = None
        try:
            platform = connect(ticket)
            details = platform.details(ticket.id)
            type_id, subtype_id, subtype = self._types(reply, ticket, platform, details, choose)
            claimed = self._claim(reply, subtype)
            if claimed.state is DeliveryState.ARRIVED:
                return Sent(reply, claimed, None)
            # Looked at now that nobody else can be sending it, not before a person took their time.
            if claimed.state is DeliveryState.UNKNOWN and _is_there(
                platform.details(ticket.id), reply, claimed
            ):
                return self._arrived(reply, claimed, "", Arrival.FOUND, by)
            verdict = platform.reply(ticket.id, reply.text, type_id, subtype_id)
        except JdticketError as error:
            return self._not_there(reply, claimed, error, connect, ticket, by)
        except BaseException:
            # A person left. The ticket still waits on the platform, and its reminders must go on.
            with self._store.transaction():
                self._mark(reply.ticket_id, there=False)
            raise
        self._remember(type_id, subtype_id)
        if verdict.there:
            how = Arrival.ALREADY if verdict.already else Arrival.SENT
            return self._arrived(reply, claimed, verdict.words, how, by)
        failed = PlatformError(
            _("The platform says that the reply failed: {words}").format(words=verdict.words or "-"),
            zh_desc=verdict.words,
        )
        # It says so itself: whatever became of an earlier try, the ticket has no reply of ours.
        return self._not_there(
            reply, replace(claimed, state=DeliveryState.UNSENT), failed, connect, ticket, by
        )

    def _types(
        self,
        reply: Reply,
        ticket: Ticket,
        platform: Platform,
        details: Details,
        choose: Callable[[Choice], int],
    ) -> tuple[int, int, str]:
        if details.type_id is None:
            raise PlatformError(
                _("The platform names no business type for ticket {id}.").format(id=ticket.id)
            )
        subtypes = platform.subtypes(details.type_id)
        if not subtypes:
            raise PlatformError(
                _("The platform names no second-level business type for {type}.").format(
                    type=details.type_name or details.type_id
                )
            )
        held = self._store.delivery(reply.id)
        # What was chosen for this reply before, else what was chosen last for another.
        tried = [number for number, name in subtypes.items() if held and name == held.subtype]
        last = self._store.fact(f"{_SUBTYPE_FACT}{details.type_id}")
        known = tried[0] if tried else int(last) if last and int(last) in subtypes else None
        chosen = choose(Choice(ticket, details.type_name, subtypes, known))
        return details.type_id, chosen, subtypes[chosen]

    def _remember(self, type_id: int, subtype_id: int) -> None:
        with self._store.transaction():
            self._store.put_fact(f"{_SUBTYPE_FACT}{type_id}", str(subtype_id))

    def _claim(self, reply: Reply, subtype: str) -> Delivery:
        """The delivery as it was, now marked as on its way; one that has arrived is returned as it is.

        Raises ``RefusedError`` when another process is sending it.
        """
        now = self._now()
        with self._store.transaction():
            held = self._store.delivery(reply.id) or Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
            if held.state is DeliveryState.ARRIVED:
                return held
            if held.busy_until is not None and now < held.busy_until <= now + _SENDING:
                raise RefusedError(
                    _("Another process is sending the reply to ticket {id}.").format(id=reply.ticket_id)
                )
            claimed = replace(
                held,
                busy_until=now + _SENDING,
                tries=held.tries + 1,
                tried_at=held.tried_at or now,
                subtype=subtype,
            )
            # Killed from here on, it may have been sent.
            self._store.put_delivery(replace(claimed, state=DeliveryState.UNKNOWN))
        return claimed

    def _arrived(self, reply: Reply, claimed: Delivery, words: str, how: Arrival, by: str) -> Sent:
        delivery = replace(
            claimed,
            state=DeliveryState.ARRIVED,
            busy_until=None,
            answer=words,
            trouble=None,
            code="",
        )
        self._settle(reply, delivery, DeliveryArrived, by, already=how is Arrival.ALREADY)
        return Sent(reply, delivery, None, how)

    def _not_there(
        self,
        reply: Reply,
        claimed: Delivery | None,
        error: JdticketError,
        connect: Callable[[Ticket], Platform],
        ticket: Ticket,
        by: str,
    ) -> Sent:
        held = claimed or self._store.delivery(reply.id)
        delivery = held or Delivery(reply.id, reply.ticket_id, DeliveryState.UNSENT)
        if claimed is None and delivery.busy_until is not None and self._now() < delivery.busy_until:
            # Another process has it: nothing of it is ours to write.
            return Sent(reply, delivery, error)
        lost = isinstance(error, PlatformError) and error.lost and claimed is not None
        if lost:
            found = self._look_up(reply, delivery, connect, ticket)
            if found:
                return self._arrived(reply, delivery, "", Arrival.FOUND, by)
        # An earlier try whose fate is unknown stays so, whatever became of this one.
        state = DeliveryState.UNKNOWN if lost else delivery.state
        said = error if isinstance(error, PlatformError) else None
        undecided = Trouble.UNDECIDED if isinstance(error, UsageError) else Trouble.SETTINGS
        delivery = replace(
            delivery,
            state=state,
            busy_until=None,
            answer=said.zh_desc if said else "",
            trouble=said.trouble if said else undecided,
            code=said.code if said else "",
        )
        self._settle(reply, delivery, DeliveryFailed, by)
        return Sent(reply, delivery, error)

    @staticmethod
    def _look_up(
        reply: Reply, delivery: Delivery, connect: Callable[[Ticket], Platform], ticket: Ticket
    ) -> bool:
        try:
            return _is_there(connect(ticket).details(ticket.id), reply, delivery)
        except PlatformError:
            return False

    def _settle(
        self, reply: Reply, delivery: Delivery, kind: type[DeliveryTold], by: str, *, already: bool = False
    ) -> None:
        now = self._now()
        with self._store.transaction():
            ticket = self._mark(reply.ticket_id, there=delivery.state is DeliveryState.ARRIVED)
            self._store.put_delivery(delivery)
            told = kind(
                reply=reply.id,
                state=delivery.state,
                answer=delivery.answer,
                trouble=delivery.trouble,
                code=delivery.code,
                already=already,
                shop=ticket.shop if ticket is not None else "",
            )
            self._store.append([Event(now, told, reply.ticket_id, by=by)])

    def _mark(self, ticket_id: str, *, there: bool) -> Ticket | None:
        """Keep with the ticket whether its reply is on the platform. Called inside a transaction."""
        ticket = self._store.ticket(ticket_id)
        if ticket is not None and ticket.status is Status.REPLIED:
            returned_at = None if there else ticket.returned_at or self._now()
            # What the platform said of it before the reply is not so any more.
            words = "" if there else ticket.platform_status
            if (returned_at, words) != (ticket.returned_at, ticket.platform_status):
                changed = replace(ticket, returned_at=returned_at, platform_status=words)
                self._store.put_tickets([changed])
        return ticket


class _Reader:
    """Takes in what is read of one shop, as it comes."""

    def __init__(
        self,
        store: Store,
        take_in: Callable[[Sequence[Draft | Rejection], str, Callable[[Rejection], None]], Taken],
        platform: Platform,
        done: Synced,
        on_progress: Callable[[int], None],
    ) -> None:
        self._store = store
        self._take_in = take_in
        self._platform = platform
        self._done = done
        self._on_progress = on_progress
        self._detailed: dict[str, Details] = {}
        self.seen: set[str] = set()

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

    def _with_details(self, page: list[Draft | Rejection]) -> list[Draft | Rejection]:
        """The page with what the list does not tell, for unfinished work orders of which it is not known."""
        drafts = [item for item in page if isinstance(item, Draft) and item.platform_state in _UNFINISHED]
        held = self._store.tickets_by_id(draft.id for draft in drafts)
        wanted = {draft.id for draft in drafts if _needs_details(held.get(draft.id), draft)}
        return [
            self._detailed_draft(item) if isinstance(item, Draft) and item.id in wanted else item
            for item in page
        ]

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
        details = self._detailed[draft.id]
        # The platform's words for what was done are not documented; those of the examples hold these.
        reply = _last(details, "回复")
        rejection = _last(details, "驳回")
        return replace(
            draft,
            kind=kind_from_words(details.type_name) if details.type_name else draft.kind,
            kind_text=details.type_name or draft.kind_text,
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
    move = BY_THE_PLATFORM[held.status, draft.platform_state]
    return move in {Move.REPLY, Move.REJECT}


def _last(details: Details, word: str) -> LogEntry | None:
    """The latest entry of the history, with text and time, in whose kind ``word`` occurs."""
    entries = [entry for entry in details.log if word in entry.kind and entry.content and entry.at]
    return entries[-1] if entries else None


def _is_there(details: Details, reply: Reply, delivery: Delivery) -> bool:
    """Whether the work order's history holds this reply, given since it was first sent."""
    text = "".join(reply.text.split())
    since = None if delivery.tried_at is None else delivery.tried_at - _CLOCKS_DIFFER
    return any(
        "".join(entry.content.split()) == text and (since is None or entry.at is None or entry.at >= since)
        for entry in details.log
    )
