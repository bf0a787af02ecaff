"""What people do at the desk, one method a verb; the only writer.

The desk is handed its store, its deadline policy and its clock. Each method that changes something
is one transaction: the new state and the event that tells of it, together. It prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from jdticket import clock
from jdticket.desk.rehearsal import rehearsal
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.events import Event, EventKind
from jdticket.domain.hours import Segment
from jdticket.domain.moves import CLOSE_FROM, REOPEN_FROM, REPLY_FROM, VOID_FROM
from jdticket.domain.outages import Contact, Extension, Outage, OutageReason, Outcome, Via
from jdticket.domain.reminders import ChannelTrouble
from jdticket.domain.replies import REPLY_MAX_BYTES, Delivery, DeliveryState, Reply, ReplyRules
from jdticket.domain.sources import SourceState
from jdticket.domain.taking import known_ticket, new_ticket, reply_event
from jdticket.domain.tickets import Counts, DeadlineSource, Draft, Rejection, Status, Ticket, TicketQuery
from jdticket.errors import InputError, NotFoundError, RefusedError, UsageError
from jdticket.i18n import _, ngettext
from jdticket.store.interface import RAN_AT, RAN_EVERY, Store
from jdticket.words import status_word

_CHUNK = 1000
_CANDIDATES_SHOWN = 10
_RUNS_EVERY_SECONDS = 300  # until two runs have told how often cron starts them
_PENDING = TicketQuery(statuses=(Status.PENDING,))


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


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a reply."""

    reply: Reply
    margin: timedelta
    """Service time between the reply and the deadline; never negative."""
    next: Ticket | None
    """The pending ticket that is due first now."""
    repeated: bool
    """The ticket had been replied to before."""


@dataclass(frozen=True, slots=True)
class Board:
    """What the desk looks like at one moment, through one query."""

    now: datetime
    tickets: list[Ticket]
    matching: int
    """How many tickets the query chooses, shown or not."""
    counts: Counts
    uncontacted: list[Outage]
    """Outages whose operations manager was not reached."""
    returned: list[Ticket]
    """Held as replied and shown as waiting by the platform, but for those whose reply is known not to have
    arrived there."""
    shops: list[str]
    troubles: list[ChannelTrouble]
    """Notification channels that do not take reminders."""
    silent_since: datetime | None
    """When `remind` last ran, if that is too long ago; None: all is well, or it was never set up."""
    sources: list[SourceState]
    """How the pulling of each shop's work orders goes."""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one ticket."""

    ticket: Ticket
    counted: list[Segment]
    """How the first deadline is counted under the policy of today; empty when it came from the platform."""
    replies: list[Reply]
    events: list[Event]
    extensions: list[Extension]


@dataclass(frozen=True, slots=True)
class OutageStory:
    """Everything about one outage."""

    outage: Outage
    affected: list[Ticket]
    """Pending tickets whose clock the outage cuts into."""
    contacts: list[Contact]
    extensions: list[Extension]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Contacted:
    """What came of a contact with the operations manager."""

    contact: Contact
    moved: list[Extension]
    not_moved: list[Ticket]
    """Tickets whose deadline was already as late as what was granted."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A deadline before and after a recompute."""

    ticket: Ticket
    deadline_at: datetime


def _no_progress(_rows: int) -> None:
    return None


class Desk:
    """The use cases, over one store.

    ``now`` gives the present as an aware datetime; ``shop_code`` turns a shop's code or name, as a
    file or a person gives it, into its code and raises ``InputError`` for one it does not know;
    ``default_shop`` is the shop of tickets that do not name theirs (None: they must name it).
    """

    def __init__(
        self,
        store: Store,
        policy: DeadlinePolicy,
        now: Callable[[], datetime],
        *,
        reply_rules: ReplyRules,
        shop_code: Callable[[str], str],
        default_shop: str | None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._reply_rules = reply_rules
        self._shop_code = shop_code
        self._default_shop = default_shop

    # ---- Taking in ---------------------------------------------------------------------------------

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
        """Take in what a source yields, all in one step; safe to repeat.

        ``shop`` (a code) is the shop of drafts that do not name theirs; a draft that names another is
        rejected. Rejected rows are handed to ``on_rejection``, the others go in. ``dry_run`` does
        everything and keeps nothing.
        """
        done = TakenIn()
        now = self._now()
        rows = 0

        def reject(rejection: Rejection) -> None:
            done.rejected += 1
            on_rejection(rejection)

        items = iter(found)
        # Before the store is locked: a person may still be pasting what we read.
        chunk = list(islice(items, _CHUNK))
        with rehearsal(self._store) if dry_run else self._store.transaction():
            while chunk:
                self._take_in_chunk(chunk, now, shop, by, done, reject)
                rows += len(chunk)
                on_progress(rows)
                chunk = list(islice(items, _CHUNK))
        return done

    def _take_in_chunk(
        self,
        chunk: list[Draft | Rejection],
        now: datetime,
        shop: str | None,
        by: str,
        done: TakenIn,
        reject: Callable[[Rejection], None],
    ) -> None:
        known = dict(self._store.tickets_by_id(item.id for item in chunk if isinstance(item, Draft)))
        touched: dict[str, Ticket] = {}
        events: list[Event] = []
        replies: list[Reply] = []
        for item in chunk:
            if isinstance(item, Rejection):
                reject(item)
                continue
            held = known.get(item.id)
            try:
                code = self._shop_of(item, shop, held)
            except InputError as error:
                reject(Rejection(item.source, item.row, _("shop"), item.shop or "", error.message))
                continue
            if held is None:
                ticket, story, given = new_ticket(item, code, self._policy, now, by)
                done.new += 1
                done.pending_new += ticket.status is Status.PENDING
            else:
                ticket, story, given = known_ticket(
                    held, item, code, self._policy, self._store.replies, now, by
                )
                if not story:
                    done.unchanged += 1
                    continue
                done.changed += 1
                if ticket.returned_at is not None and held.returned_at is None:
                    done.returned.append(ticket.id)
                if ticket.rejected_at != held.rejected_at:
                    done.rejected_replies.append(ticket.id)
            known[ticket.id] = touched[ticket.id] = ticket
            events += story
            replies += given
        self._store.put_tickets(touched.values())
        self._store.append(events)
        for reply in replies:
            self._store.add_reply(reply)

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
            raise InputError(_("several shops are configured and the row names none; say which with --shop"))
        return self._default_shop

    # ---- Looking -----------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The moment as of which the desk is seen."""
        return self._now()

    def seconds_left(self, ticket: Ticket, now: datetime) -> int:
        """Service seconds from ``now`` to the deadline, negative when it has passed."""
        return int(self._policy.hours.between(now, ticket.deadline_at).total_seconds())

    def find(self, number: str) -> Ticket:
        """The ticket with this number, or the only one whose number ends with these digits (three or more).

        Raises ``NotFoundError`` when there is none, or when there are several: it lists them.
        """
        digits = number.strip().lstrip("#")
        if not digits.isascii() or not digits.isdigit():
            raise NotFoundError(
                _(
                    "{number!r} is no ticket number; give the number, or its last digits (three or more)."
                ).format(number=number[:40])
            )
        ticket = self._store.ticket(digits)
        if ticket is not None:
            return ticket
        if len(digits) < 3:
            raise NotFoundError(
                _("{number} is too short: give the last three digits of the ticket number, or more.").format(
                    number=digits
                )
            )
        candidates, total = self._store.tickets_ending_with(digits, _CANDIDATES_SHOWN)
        if total == 1:
            return candidates[0]
        if not candidates:
            raise NotFoundError(
                _("No ticket has the number {number} or ends with it; see: jdticket list").format(
                    number=digits
                )
            )
        lines = [
            ngettext(
                "{total} ticket ends with {number}; give one digit more:",
                "{total} tickets end with {number}; give one digit more:",
                total,
            ).format(total=total, number=digits)
        ]
        lines += [
            f"  {ticket.id}  {ticket.order_id or '-'}  {status_word(ticket.status)}" for ticket in candidates
        ]
        if total > len(candidates):
            lines.append("  " + _("and {more} more").format(more=total - len(candidates)))
        raise NotFoundError("\n".join(lines))

    def board(self, query: TicketQuery, *, now: datetime | None = None) -> Board:
        """The tickets that ``query`` chooses, with the counts of the whole desk (or of the query's shop)."""
        now = now or self._now()
        tickets = list(self._store.tickets(query))
        full = query.limit is not None and len(tickets) >= query.limit
        counts = self._counts(now, timedelta(hours=1), query.shop)
        return Board(
            now=now,
            tickets=tickets,
            matching=self._store.count(query) if full else len(tickets),
            counts=counts,
            uncontacted=self._uncontacted(query.shop),
            returned=self._returned(query.shop) if counts.returned else [],
            shops=self._store.shops(),
            troubles=self._store.ledger_trouble(),
            silent_since=self.silent_since(now),
            sources=self._store.sources(),
        )

    def sources(self) -> list[SourceState]:
        """How the pulling of each shop's work orders goes."""
        return self._store.sources()

    def channel_troubles(self) -> list[ChannelTrouble]:
        """Notification channels that do not take reminders."""
        return self._store.ledger_trouble()

    def silent_since(self, now: datetime) -> datetime | None:
        """When `remind` last ran, if more than three of its intervals of service time have passed since."""
        ran_at = self._store.fact(RAN_AT)
        if ran_at is None:
            return None
        ran = clock.from_stored(ran_at)
        every = timedelta(seconds=int(self._store.fact(RAN_EVERY) or _RUNS_EVERY_SECONDS))
        return ran if self._policy.hours.between(ran, now) > 3 * every else None

    def tickets(self, query: TicketQuery) -> Iterator[Ticket]:
        """The tickets that ``query`` chooses, one after the other."""
        return self._store.tickets(query)

    def tickets_with_latest_reply(self, query: TicketQuery) -> Iterator[tuple[Ticket, Reply | None]]:
        """The tickets that ``query`` chooses, each with the reply that was given last."""
        for ticket in self._store.tickets(query):
            replies = self._store.replies(ticket.id) if ticket.replied_at else []
            yield ticket, replies[-1] if replies else None

    def due_until(self, now: datetime, left: timedelta) -> datetime:
        """The latest deadline of tickets that have at most ``left`` of service time at ``now``."""
        return self._policy.hours.after(now, left)

    def check(self, due_within: timedelta, shop: str | None = None) -> tuple[Counts, list[Outage]]:
        """The counts, "due soon" meaning at most ``due_within`` of service time left, and the outages
        whose operations manager was not reached."""
        return self._counts(self._now(), due_within, shop), self._uncontacted(shop)

    def _counts(self, now: datetime, left: timedelta, shop: str | None) -> Counts:
        return self._store.counts(now, self.due_until(now, left), shop)

    def _returned(self, shop: str | None) -> list[Ticket]:
        unsent = {delivery.ticket_id for _reply, delivery in self._store.undelivered(shop=shop)}
        query = TicketQuery(statuses=(Status.REPLIED,), shop=shop, returned=True)
        return [ticket for ticket in self._store.tickets(query) if ticket.id not in unsent]

    def _uncontacted(self, shop: str | None) -> list[Outage]:
        return [
            outage
            for outage in self._store.outages(uncontacted_only=True)
            if shop is None or not outage.shops or shop in outage.shops
        ]

    def search(self, words: Sequence[str], limit: int) -> tuple[list[Ticket], int]:
        """Tickets in which all the words occur: at most ``limit``, and how many in all."""
        return self._store.search(words, limit)

    def story(self, number: str) -> Story:
        """Everything about one ticket. Raises ``NotFoundError``."""
        ticket = self.find(number)
        return Story(
            ticket=ticket,
            counted=self._policy.counted(ticket.kind, ticket.created_at)
            if self._policy.deadline(ticket.kind, ticket.created_at) == ticket.first_deadline_at
            else [],
            replies=self._store.replies(ticket.id),
            events=self._store.events(ticket_id=ticket.id),
            extensions=self._store.extensions(ticket_id=ticket.id),
        )

    # ---- Answering ---------------------------------------------------------------------------------

    def reply(
        self, number: str, text: str, *, at: datetime | None, by: str, force: bool, send: bool = False
    ) -> Answered:
        """Record a reply that was given at ``at`` (None: now); ``send``: it is to reach the platform.

        Raises ``RefusedError`` for a reply that is not effective (unless ``force``) or a state that
        takes none, ``UsageError`` for a time that cannot be.
        """
        text = text.strip()
        why_not = self.not_effective(text)
        if why_not and not force:
            raise RefusedError(_("{why} --force records it all the same.").format(why=why_not))
        with self._store.transaction():
            ticket = self.find(number)
            now = self._now()
            given_at = at or now
            self._must_allow(ticket, REPLY_FROM, _("take a reply"))
            if given_at > now:
                raise UsageError(_("The reply cannot have been given in the future."))
            if given_at < ticket.created_at:
                raise UsageError(
                    _("The reply cannot have been given before the ticket was created ({created}).").format(
                        created=clock.iso(ticket.created_at, self._policy.hours.zone)
                    )
                )
            reply = self._store.add_reply(
                Reply(
                    ticket_id=ticket.id,
                    text=text,
                    at=given_at,
                    recorded_at=now,
                    by=by,
                    deadline_at=ticket.deadline_at,
                    forced=bool(why_not),
                )
            )
            self._store.put_tickets(
                [
                    replace(
                        ticket,
                        status=Status.REPLIED,
                        replied_at=max(given_at, ticket.replied_at or given_at),
                        returned_at=None,
                    )
                ]
            )
            self._store.append([reply_event(reply, now, from_platform=False)])
            if send:
                self._store.put_delivery(Delivery(reply.id, ticket.id, DeliveryState.UNSENT))
        first, second = sorted((given_at, ticket.deadline_at))
        return Answered(
            reply=reply,
            margin=self._policy.hours.between(first, second),
            next=next(self._store.tickets(replace(_PENDING, limit=1)), None),
            repeated=ticket.replied_at is not None,
        )

    def not_effective(self, text: str) -> str:
        """Why this reply would not count as effective, as a sentence; empty: it would."""
        bare = "".join(text.split())
        if not bare:
            return _("The reply is empty.")
        core = "".join(character for character in bare if character.isalnum()).lower()
        if core in self._reply_rules.empty_phrases or not core:
            return _("“{text}” says nothing to the customer; JD asks for an effective reply.").format(
                text=text[:40]
            )
        if len(bare) < self._reply_rules.min_length:
            return ngettext(
                "The reply has {n} character; an effective one has at least {least}.",
                "The reply has {n} characters; an effective one has at least {least}.",
                len(bare),
            ).format(n=len(bare), least=self._reply_rules.min_length)
        size = len(text.encode("gb18030"))
        if size > REPLY_MAX_BYTES:
            return _(
                "The reply has {size} bytes; the platform takes at most {most} (500 Chinese characters)."
            ).format(size=size, most=REPLY_MAX_BYTES)
        return ""

    def assign(self, number: str, name: str, *, by: str) -> Ticket:
        """Put a name on a ticket; an empty one takes it off."""
        name = " ".join(name.split())
        return self._change(
            number,
            lambda ticket: replace(ticket, assignee=name),
            lambda ticket: (EventKind.ASSIGNED, {"old": ticket.assignee, "new": name}, ""),
            by=by,
        )

    def note(self, number: str, text: str, *, by: str) -> Ticket:
        """Add a note to a ticket's time line."""
        text = text.strip()
        if not text:
            raise RefusedError(_("The note is empty."))
        return self._change(number, None, lambda _ticket: (EventKind.NOTED, {"text": text}, text), by=by)

    def close(self, number: str, *, by: str) -> Ticket:
        """Close a ticket that needs nothing more."""
        return self._change(
            number,
            lambda ticket: replace(ticket, status=Status.CLOSED, returned_at=None),
            lambda ticket: (EventKind.CLOSED, {"from": ticket.status.value}, ""),
            allowed=CLOSE_FROM,
            move=_("be closed"),
            by=by,
        )

    def void(self, number: str, why: str, *, by: str) -> Ticket:
        """Declare a ticket void: taken in by mistake, or withdrawn by the platform."""
        return self._change(
            number,
            lambda ticket: replace(ticket, status=Status.VOID, returned_at=None),
            lambda ticket: (EventKind.VOIDED, {"from": ticket.status.value, "why": _required(why)}, ""),
            allowed=VOID_FROM,
            move=_("be voided"),
            by=by,
        )

    def reopen(self, number: str, why: str, *, by: str) -> Ticket:
        """Make a ticket pending again; its deadline stays what it was."""
        return self._change(
            number,
            lambda ticket: replace(ticket, status=Status.PENDING, returned_at=None),
            lambda ticket: (EventKind.REOPENED, {"from": ticket.status.value, "why": _required(why)}, ""),
            allowed=REOPEN_FROM,
            move=_("be reopened"),
            by=by,
        )

    def _change(
        self,
        number: str,
        change: Callable[[Ticket], Ticket] | None,
        tell: Callable[[Ticket], tuple[EventKind, dict[str, object], str]],
        *,
        by: str,
        allowed: frozenset[Status] = frozenset(Status),
        move: str = "",
    ) -> Ticket:
        with self._store.transaction():
            ticket = self.find(number)
            self._must_allow(ticket, allowed, move)
            kind, data, text = tell(ticket)
            changed = change(ticket) if change else ticket
            if change:
                self._store.put_tickets([changed])
            self._store.append(
                [Event(at=self._now(), kind=kind, ticket_id=ticket.id, by=by, data=data, text=text)]
            )
        return changed

    @staticmethod
    def _must_allow(ticket: Ticket, allowed: frozenset[Status], move: str) -> None:
        if ticket.status not in allowed:
            hint = (
                ""
                if ticket.status is Status.PENDING
                else _(" If that is wrong: jdticket reopen {id} --why …")
            )
            raise RefusedError(
                _("Ticket {id} is {status}, so it cannot {move}.").format(
                    id=ticket.id, status=status_word(ticket.status), move=move
                )
                + hint.format(id=ticket.id)
            )

    # ---- Outages -----------------------------------------------------------------------------------

    def report_outage(
        self,
        reason: OutageReason,
        *,
        since: datetime | None,
        until: datetime | None,
        shops: Sequence[str],
        note: str,
        by: str,
        contact: Callable[[int], Contact] | None,
    ) -> OutageStory:
        """Record an outage; with ``contact`` (made from the outage's id) the operations manager has
        been reached, and that is logged in the same step.

        ``since`` None: now. The clock of no ticket stops by this: only a grant moves a deadline.
        Raises ``UsageError`` when it would end before it begins.
        """
        with self._store.transaction():
            now = self._now()
            since = since or now
            if until is not None and until <= since:
                raise UsageError(_("The outage would end before it begins: look at --since and --until."))
            outage = self._store.add_outage(
                Outage(
                    reason=reason,
                    since=since,
                    until=until,
                    shops=tuple(shops),
                    note=note.strip(),
                    reported_at=now,
                )
            )
            event = Event(
                at=now,
                kind=EventKind.OUTAGE_REPORTED,
                outage_id=outage.id,
                by=by,
                data={"reason": reason.value, "since": clock.stored(since), "note": outage.note},
            )
            affected = self._affected(outage)
            self._store.append([event, *(replace(event, ticket_id=ticket.id) for ticket in affected)])
            if contact is not None:
                self._log_contact(outage, contact(outage.id), affected, None, by)
        return self.outage(outage.id)

    def outages(self) -> list[Outage]:
        """All outages, the newest first."""
        return self._store.outages()

    def outage(self, outage_id: int) -> OutageStory:
        """Everything about one outage. Raises ``NotFoundError``."""
        outage = self._outage(outage_id)
        return OutageStory(
            outage=outage,
            affected=self._affected(outage),
            contacts=self._store.contacts(outage_id),
            extensions=self._store.extensions(outage_id=outage_id),
            events=self._store.events(outage_id=outage_id),
        )

    def end_outage(self, outage_id: int, *, at: datetime | None, by: str) -> Outage:
        """Say when an outage ended (None: now). Raises ``RefusedError`` if it has ended already."""
        with self._store.transaction():
            outage = self._outage(outage_id)
            now = self._now()
            until = at or now
            if outage.until is not None and outage.until <= now:
                raise RefusedError(
                    _("Outage {id} has already ended, at {until}.").format(
                        id=outage_id, until=clock.iso(outage.until, self._policy.hours.zone)
                    )
                )
            if until < outage.since:
                raise UsageError(
                    _("Outage {id} began at {since}; it cannot have ended before.").format(
                        id=outage_id, since=clock.iso(outage.since, self._policy.hours.zone)
                    )
                )
            ended = replace(outage, until=until)
            self._store.update_outage(ended)
            self._store.append(
                [
                    Event(
                        at=now,
                        kind=EventKind.OUTAGE_ENDED,
                        outage_id=outage_id,
                        by=by,
                        data={"until": clock.stored(until)},
                    )
                ]
            )
        return ended

    def contact_manager(
        self,
        outage_id: int,
        *,
        manager: str,
        via: Via,
        said: str,
        at: datetime | None,
        outcome: Outcome,
        granted_until: datetime | None,
        tickets: Sequence[str],
        by: str,
    ) -> Contacted:
        """Log a contact with the operations manager, and move the deadlines that were granted.

        A grant is for ``tickets``, or for all pending tickets whose clock the outage cuts into. A
        deadline is never moved to an earlier moment. Raises ``NotFoundError``, ``UsageError``, and
        ``RefusedError`` for a void ticket.
        """
        with self._store.transaction():
            outage = self._outage(outage_id)
            now = self._now()
            if at is not None and at > now:
                raise UsageError(_("The contact cannot have been made in the future."))
            if granted_until is not None and granted_until <= (at or now):
                raise UsageError(_("A grant must reach beyond the contact: look at --granted-until."))
            if granted_until is None:
                if tickets:
                    raise UsageError(_("--tickets goes with --granted-until."))
                chosen = []
            elif tickets:
                chosen = list({ticket.id: ticket for ticket in map(self.find, tickets)}.values())
                for ticket in chosen:
                    self._must_allow(ticket, frozenset(Status) - {Status.VOID}, _("be granted more time"))
            else:
                chosen = self._affected(outage)
            contact = Contact(
                outage_id=outage_id,
                manager=manager,
                via=via,
                at=at or now,
                said=said.strip(),
                outcome=outcome,
            )
            return self._log_contact(outage, contact, chosen, granted_until, by)

    def _log_contact(
        self,
        outage: Outage,
        contact: Contact,
        tickets: Sequence[Ticket],
        granted_until: datetime | None,
        by: str,
    ) -> Contacted:
        now = self._now()
        kept = self._store.add_contact(contact)
        if kept.outcome is not Outcome.NO_ANSWER and not outage.contacted:
            self._store.update_outage(replace(outage, contacted=True))
        data: dict[str, object] = {
            "contact": kept.id,
            "manager": kept.manager,
            "via": kept.via.value,
            "at": clock.stored(kept.at),
            "outcome": kept.outcome.value,
            "said": kept.said,
        }
        told = Event(at=now, kind=EventKind.CONTACTED, outage_id=outage.id, by=by, data=data, text=kept.said)
        events = [told]
        moved: list[Extension] = []
        later: list[Ticket] = []
        if granted_until is not None:
            data["granted_until"] = clock.stored(granted_until)
            later = [ticket for ticket in tickets if ticket.deadline_at < granted_until]
            for ticket in later:
                moved.append(
                    Extension(
                        contact_id=kept.id,
                        outage_id=outage.id,
                        ticket_id=ticket.id,
                        old_deadline_at=ticket.deadline_at,
                        granted_until=granted_until,
                        at=now,
                    )
                )
                events.append(
                    Event(
                        at=now,
                        kind=EventKind.DEADLINE_MOVED,
                        ticket_id=ticket.id,
                        outage_id=outage.id,
                        by=by,
                        data={
                            "old": clock.stored(ticket.deadline_at),
                            "new": clock.stored(granted_until),
                            "why": "granted",
                            "contact": kept.id,
                            "manager": kept.manager,
                        },
                    )
                )
            self._store.put_tickets(
                replace(ticket, deadline_at=granted_until, deadline_source=DeadlineSource.GRANTED)
                for ticket in later
            )
            self._store.add_extensions(moved)
        self._store.append(events)
        return Contacted(
            contact=kept, moved=moved, not_moved=[ticket for ticket in tickets if ticket not in later]
        )

    def _outage(self, outage_id: int) -> Outage:
        outage = self._store.outage(outage_id)
        if outage is None:
            raise NotFoundError(_("There is no outage {id}; see: jdticket outage list").format(id=outage_id))
        return outage

    def _affected(self, outage: Outage) -> list[Ticket]:
        """Pending tickets for whose answer the outage takes service time away."""

        def cut(ticket: Ticket) -> bool:
            if outage.shops and ticket.shop not in outage.shops:
                return False
            begin = max(ticket.created_at, outage.since)
            end = ticket.deadline_at if outage.until is None else min(ticket.deadline_at, outage.until)
            if begin >= end:
                return False
            # The platform and the manager also set deadlines outside service hours: one that lies in the
            # outage is in danger although no service time is.
            lies_in_it = end == ticket.deadline_at and not self._policy.hours.is_open(end)
            return lies_in_it or self._policy.hours.between(begin, end) > timedelta(0)

        return [ticket for ticket in self._store.tickets(_PENDING) if cut(ticket)]

    # ---- Upkeep ------------------------------------------------------------------------------------

    def recompute(self, *, dry_run: bool, by: str) -> list[Moved]:
        """Work out anew, under the policy of today, the deadlines of pending tickets that the policy
        gave; what the platform said or the manager granted stays, and so does every first deadline."""
        with self._store.transaction():
            now = self._now()
            moved = [
                Moved(ticket, deadline_at)
                for ticket in self._store.tickets(_PENDING)
                if ticket.deadline_source is DeadlineSource.POLICY
                and (deadline_at := self._policy.deadline(ticket.kind, ticket.created_at))
                != ticket.deadline_at
            ]
            if not dry_run:
                self._store.put_tickets(replace(move.ticket, deadline_at=move.deadline_at) for move in moved)
                self._store.append(
                    Event(
                        at=now,
                        kind=EventKind.DEADLINE_MOVED,
                        ticket_id=move.ticket.id,
                        by=by,
                        data={
                            "old": clock.stored(move.ticket.deadline_at),
                            "new": clock.stored(move.deadline_at),
                            "why": "recomputed",
                        },
                    )
                    for move in moved
                )
        return moved


def _required(why: str) -> str:
    if not why.strip():
        raise RefusedError(_("Say why: --why TEXT"))
    return why.strip()
