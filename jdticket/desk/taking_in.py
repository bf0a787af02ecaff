"""Tickets come in: what a source yields becomes tickets, events and replies, a thousand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from jdticket.clock import FIRST_YEAR, LAST_YEAR
from jdticket.desk.doubts import Doubts
from jdticket.desk.outbox import settle_answered
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import Event, EventKind, FoundAgain
from jdticket.domain.hours import NeverOpenError
from jdticket.domain.platform_words import platform_state_from_words, same_word
from jdticket.domain.remarks import About, Remark
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.taking import Known, Taken, known_ticket, new_ticket
from jdticket.domain.tickets import PlatformState, Status, Ticket
from jdticket.domain.twice import fingerprint, settled
from jdticket.errors import InputError
from jdticket.i18n import _, ngettext
from jdticket.store.interface import Store
from jdticket.words import listed, some

_CHUNK = 1000


@dataclass(slots=True)
class TakenIn:
    """What became of a pile of drafts."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    returned: list[str] = field(default_factory=list)
    """Tickets that we hold as replied and that the platform was seen to show as waiting."""
    pending_new: int = 0
    """How many of the new ones wait for an answer."""
    rejected_replies: list[str] = field(default_factory=list)
    """Tickets that are pending again because the platform rejected our reply."""
    reopened: list[str] = field(default_factory=list)
    """Tickets that are pending again because the platform shows them as waiting again."""
    still_waiting: list[str] = field(default_factory=list)
    """Tickets closed or void here that the platform was seen to go on showing as waiting."""
    shops: set[str] = field(default_factory=set)
    """The codes of the shops whose tickets were found."""
    moved: list[str] = field(default_factory=list)
    """Tickets that were another shop's until now."""
    same_order: list[tuple[str, str, list[str]]] = field(default_factory=list)
    """New tickets on an order on which others wait: the new one's number, the order's, the others'."""
    notes: list[str] = field(default_factory=list)
    """What a person has to hear of: what was guessed, and what changed nothing."""


@dataclass(slots=True)
class _Pile:
    """What has to be remembered of the drafts so far."""

    doubts: Doubts
    fresh: dict[str, list[str]] = field(default_factory=dict)
    """By order: the new tickets that wait."""
    elsewhere: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """By the shop that has them here and the one to which the platform has shown them."""
    told: dict[str, int] = field(default_factory=dict)
    """By ticket: the fingerprint of what a row told of it."""

    def told_otherwise(self, draft: Draft) -> bool:
        """Whether another row has told something else of the ticket. What has no rows was asked bit by bit:
        there the later answer is the newer one."""
        if not draft.row:
            return False
        now_told = fingerprint(draft)
        return self.told.setdefault(draft.id, now_told) != now_told


def _no_progress(_rows: int) -> None:
    return None


class TakingIn:
    """Takes drafts in.

    ``shop_code`` turns a shop's code or name, as a file or a person gives it, into its code and raises
    ``InputError`` for one it does not know; ``default_shop`` is the shop of tickets that do not name theirs
    (None: they must name it); ``taught`` are the platform's words that a person has explained.
    """

    def __init__(
        self,
        store: Store,
        policy: DeadlinePolicy,
        now: Callable[[], datetime],
        *,
        shop_code: Callable[[str], str],
        default_shop: str | None,
        taught: Mapping[str, PlatformState],
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._shop_code = shop_code
        self._default_shop = default_shop
        self._taught = taught

    def take_in(
        self,
        found: Iterable[Draft | Rejection],
        *,
        shop: str | None = None,
        dry_run: bool = False,
        by: str = "",
        on_rejection: Callable[[Rejection], None],
        on_progress: Callable[[int], None] = _no_progress,
    ) -> TakenIn:
        """Take in what a source yields; safe to repeat.

        It goes in piece by piece, so that nobody has to wait for the whole of it: each piece is one step, and
        the next one is read while nothing is locked. ``on_progress`` is told how many rows are in: where it
        is broken off, so many stay.

        ``shop`` (a code) is the shop of drafts that do not name theirs; a draft that names another is
        rejected. Rejected rows are handed to ``on_rejection``, the others go in. ``dry_run`` does
        everything and keeps nothing.
        """
        done = TakenIn()
        now = self._now()
        pile = _Pile(Doubts(self._policy.hours.zone, now))
        rows = 0

        def reject(rejection: Rejection) -> None:
            done.rejected += 1
            on_rejection(rejection)

        items = iter(found)
        with self._store.rehearsal() if dry_run else nullcontext():
            while chunk := list(islice(items, _CHUNK)):
                with self._store.transaction():
                    self._take_in_chunk(chunk, now, shop, by, done, pile, reject)
                rows += len(chunk)
                on_progress(rows)
            done.same_order = self._on_the_same_order(pile.fresh)
        done.notes += pile.doubts.notes()
        done.notes += [_elsewhere(*shops, numbers) for shops, numbers in pile.elsewhere.items()]
        if done.moved:
            done.notes.append(_moved(done.moved))
        return done

    def _take_in_chunk(
        self,
        chunk: list[Draft | Rejection],
        now: datetime,
        shop: str | None,
        by: str,
        done: TakenIn,
        pile: _Pile,
        reject: Callable[[Rejection], None],
    ) -> None:
        held_tickets = dict(self._store.tickets_by_id(item.id for item in chunk if isinstance(item, Draft)))
        touched: dict[str, Ticket] = {}
        seen: dict[str, datetime] = {}
        answered: dict[str, tuple[Ticket, datetime]] = {}
        events: list[Event] = []
        replies: list[Reply] = []
        undelivered: set[str] = set()
        known = Known(
            lambda number: [
                *self._store.replies(number),
                *(one for one in replies if one.ticket_id == number),
            ],
            self._is_assigned_here,
            self._taught,
        )
        for found in chunk:
            if isinstance(found, Rejection):
                reject(found)
                continue
            item, remarks = _with_possible_deadline(self._with_taught_state(found))
            held = held_tickets.get(item.id)
            if pile.told_otherwise(item) and held is not None:
                item, contradictions = settled(held, item, self._taught)
                remarks += contradictions
            try:
                code = self._shop_of(item, shop, held)
            except InputError as error:
                reject(Rejection(item.source, item.row, _("shop"), item.shop or "", error.message))
                continue
            if held is not None and held.shop != code and self._is_another_s(item, held):
                pile.elsewhere.setdefault((held.shop, code), []).append(item.id)
                code = held.shop
            try:
                taken = (
                    new_ticket(item, code, self._policy, now, by)
                    if held is None
                    else known_ticket(held, item, code, self._policy, known, now, by)
                )
            except NeverOpenError:
                why = _("the service hours do not go on for as long as it would take to its deadline")
                reject(Rejection(item.source, item.row, "", item.id, why))
                continue
            done.shops.add(code)
            if held is not None and held.shop != code and self._is_shop(held.shop):
                done.moved.append(item.id)
            if held is not None and held.missing_at is not None:
                taken = _found_again(taken, item, now, by)
            ticket = held_tickets[item.id] = taken.ticket
            if held is None and ticket.order_id and ticket.status is Status.PENDING:
                pile.fresh.setdefault(ticket.order_id, []).append(ticket.id)
            if held is None and item.own is not None and item.own.undelivered:
                undelivered.add(item.id)
            pile.doubts.add(item, ticket, remarks + taken.remarks)
            if _counts_as_replied(item, ticket, taken):
                answered[ticket.id] = ticket, item.seen_at or now
            if held is not None and not taken.events:
                done.unchanged += 1
                if ticket.seen_at is not None and ticket.seen_at != held.seen_at:
                    seen[ticket.id] = ticket.seen_at
                continue
            _count(done, held, ticket, taken)
            touched[ticket.id] = ticket
            events += taken.events
            replies += taken.replies
        self._store.put_tickets(touched.values())
        self._store.put_seen((number, at) for number, at in seen.items() if number not in touched)
        self._store.append(events)
        for reply in replies:
            kept = self._store.add_reply(reply)
            if reply.ticket_id in undelivered:
                # Whether it has arrived since, nobody knows: it is looked for there before it is sent again.
                unknown = Delivery(kept.id, kept.ticket_id, DeliveryState.UNKNOWN)
                self._store.put_delivery(unknown)
        said = _("Ticket {id} counts as replied on the platform; the reply recorded here was not sent.")
        never_sent = settle_answered(self._store, answered, now, by)
        done.notes += [said.format(id=number) for number in never_sent]

    def shops_meant(self, asked: str | None) -> set[str]:
        """The shop of what names none, as a set that is empty where it cannot be told."""
        code = self._default_shop if asked is None else asked
        return set() if code is None else {code}

    def _on_the_same_order(self, fresh: Mapping[str, list[str]]) -> list[tuple[str, str, list[str]]]:
        """Of the new tickets, by order, those on whose order others wait."""
        if not fresh:
            return []
        waiting: dict[str, list[str]] = {}
        for number, order in self._store.waiting_orders():
            if order in fresh:
                waiting.setdefault(order, []).append(number)
        told = []
        for order, numbers in fresh.items():
            others = [number for number in waiting.get(order, []) if number != numbers[-1]]
            if others:
                told.append((numbers[-1], order, others))
        return told

    def _with_taught_state(self, draft: Draft) -> Draft:
        """The draft with the state that its word has been taught to mean, if it has."""
        if not self._taught or draft.own_state or not draft.platform_status:
            return draft
        state = platform_state_from_words(draft.platform_status, self._taught)
        return draft if state is draft.platform_state else replace(draft, platform_state=state)

    def _is_assigned_here(self, ticket_id: str) -> bool:
        return any(event.kind is EventKind.ASSIGNED for event in self._store.events(ticket_id=ticket_id))

    def _is_another_s(self, draft: Draft, held: Ticket) -> bool:
        """Whether the platform shows one shop's ticket to another: both are signed in with one account, and
        nobody can tell whose it is. A file moves it: a person has named the shop."""
        return not draft.row and bool(held.shop) and self._is_shop(held.shop)

    def _is_shop(self, code: str) -> bool:
        try:
            self._shop_code(code)
        except InputError:
            return False
        return True

    def _shop_of(self, draft: Draft, asked: str | None, held: Ticket | None) -> str:
        """The code of the draft's shop: its own word, else --shop, else ours, else the default."""
        if draft.shop:
            if asked is None:
                return self._shop_code(draft.shop)
            try:
                named = self._shop_code(draft.shop)
            except InputError:
                return asked
            if named != asked:
                raise InputError(
                    _("the row is of shop {named}, but --shop says {asked}").format(named=named, asked=asked)
                )
            return asked
        if asked is not None:
            return asked
        if held is not None:
            return held.shop
        if self._default_shop is None:
            raise InputError(_("several shops are configured and none is named; say which with --shop"))
        return self._default_shop


def _counts_as_replied(draft: Draft, ticket: Ticket, taken: Taken) -> bool:
    """Whether the platform has come to count a ticket as replied since a person here last replied to it."""
    return (
        draft.platform_state is PlatformState.REPLIED
        and ticket.status is Status.REPLIED
        and same_word(draft.platform_status) != same_word(ticket.stepped_word)
        and all(remark.about is not About.OLDER for remark in taken.remarks)
    )


def _with_possible_deadline(draft: Draft) -> tuple[Draft, list[Remark]]:
    """The draft without a deadline that lies outside of the years in which one can be: a page that seems to
    be of 1980 says nothing of when its tickets are due."""
    told = draft.deadline_at
    if told is None or FIRST_YEAR <= told.year <= LAST_YEAR:
        return draft, []
    return replace(draft, deadline_at=None), [Remark(About.IMPOSSIBLE_DEADLINE, told=told)]


def _found_again(taken: Taken, draft: Draft, now: datetime, by: str) -> Taken:
    """A ticket that was missing from a complete take-in, and that this draft tells of."""
    if draft.seen_at is not None and draft.seen_at < (taken.ticket.missing_at or now):
        return taken
    told = Event(now, FoundAgain(source=draft.source, row=draft.row), draft.id, by=by)
    return taken._replace(ticket=replace(taken.ticket, missing_at=None), events=[*taken.events, told])


def _elsewhere(here: str, there: str, numbers: list[str]) -> str:
    return ngettext(
        "the platform shows {n} ticket of shop {here} to shop {there} as well; it stays where it is. Are "
        "both signed in with one account? See jdticket auth status: {numbers}",
        "the platform shows {n} tickets of shop {here} to shop {there} as well; they stay where they are. "
        "Are both signed in with one account? See jdticket auth status: {numbers}",
        len(numbers),
    ).format(n=len(numbers), here=here, there=there, numbers=some(numbers))


def _moved(numbers: list[str]) -> str:
    return ngettext(
        "{n} ticket was another shop's until now (if that was right, import it again with --shop): {numbers}",
        "{n} tickets were another shop's until now (if that was right, import them again with --shop): "
        "{numbers}",
        len(numbers),
    ).format(n=len(numbers), numbers=listed(dict.fromkeys(numbers)))


def _count(done: TakenIn, held: Ticket | None, ticket: Ticket, taken: Taken) -> None:
    """Add a ticket that is new or has changed to what became of the pile."""
    if held is None:
        done.new += 1
        done.pending_new += ticket.status is Status.PENDING
        return
    done.changed += 1
    if ticket.returned_at is not None and held.returned_at is None:
        (done.returned if ticket.status is Status.REPLIED else done.still_waiting).append(ticket.id)
    if ticket.reopened_at != held.reopened_at:
        rejected = any(event.kind is EventKind.REJECTED for event in taken.events)
        (done.rejected_replies if rejected else done.reopened).append(ticket.id)
