"""What a store promises the desk. It speaks ``domain`` and knows no rule of the business.

A second store can stand beside SQLite if it keeps these promises; ``tests/store/contract/`` checks them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jdticket.domain.authorisation import Token
    from jdticket.domain.channels import ChannelTrouble
    from jdticket.domain.events import Event
    from jdticket.domain.outages import Contact, Extension, Outage
    from jdticket.domain.reminders import Reminder
    from jdticket.domain.replies import Delivery, Reply
    from jdticket.domain.sources import SourceState
    from jdticket.domain.tickets import Counts, HurtTicket, Ticket, TicketQuery

SKEW = timedelta(minutes=10)
"""How far the clocks of the machines with one store may be apart; further behind, a clock was put back."""

# Facts that one part writes and another reads.
SYNC_BEGAN = "sync_began:"
"""Before a shop's code: the fact of when the fetching began that is under way, or the last one."""
RAN_AT = "reminders_ran_at"
"""When `remind` last ran."""
RAN_EVERY = "reminders_ran_every"
"""Seconds between its last two runs."""
RUNS_EVERY = "reminders_installed_every"
"""Seconds between its runs as `cron install` has set them up; empty: it has not, or was taken out."""
LEFT_OVER = "reminders_left_over:"
"""With a channel's name behind it: in how many runs in a row something was left over there by a limit."""
COVERAGE_TOLD = "coverage_told_at"
"""When `remind` last said that something is covered by no channel."""
UNSET = "variables_unset"
"""The environment variables that `remind` missed in its last run, with a blank between them."""


class Finding(NamedTuple):
    """One verdict about the store's own health."""

    name: str
    """A stable key: "integrity", "foreign_keys", "schema", "writable", "permissions", "journal"."""
    ok: bool
    detail: str


class Store(ABC):
    """Keeps tickets, replies and whether they arrived, outages, contacts, extensions, the time line of
    events, the ledger of reminders, and how the pulling of each shop goes.

    Every datetime that goes in is aware; every one that comes out is aware and in UTC. Any number of
    processes may hold the same store open. What is held under a word that is known as a shop's name or alias
    is found and handed out under its code, so that nothing falls out of view because a file called the shop
    by another word. All methods raise ``StoreError`` when the store is locked
    for too long, read-only, damaged, newer than the program, or the disk is full.
    """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """One step of the writer: all of what is written inside is kept, or none of it.

        It takes the store's write lock at once, waiting for other writers; what is read inside cannot
        be changed by anyone else before it ends. Every writing method must be called inside one.
        """

    @property
    @abstractmethod
    def has_written(self) -> bool:
        """Whether any step has been kept since the store was opened."""

    @abstractmethod
    def rehearsal(self) -> AbstractContextManager[None]:
        """What is done inside, with transactions of its own, sees the store as it was at the beginning and
        what it has done itself; nothing of it is kept, and nobody has to wait for it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store; closing twice is no error."""

    # Tickets

    @abstractmethod
    def ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket with exactly this number."""

    @abstractmethod
    def tickets_by_id(self, ticket_ids: Iterable[str]) -> Mapping[str, Ticket]:
        """Those of the named tickets that are held, by number; any number of ids may be asked for."""

    @abstractmethod
    def tickets_ending_with(self, digits: str, limit: int) -> tuple[list[Ticket], int]:
        """Tickets whose number ends with ``digits``: at most ``limit``, those that wait first, then the
        newest; and how many there are in all. The cost grows with the matches, not with what is stored."""

    @abstractmethod
    def tickets_by_order(self, digits: str, limit: int) -> tuple[list[Ticket], int]:
        """Tickets whose order's number is ``digits`` or ends with them: at most ``limit``, in the order of
        :meth:`tickets`, and how many there are in all. The number is known from the text of an event that
        told of it. The cost grows with the matches, not with what is stored."""

    @abstractmethod
    def tickets(self, query: TicketQuery) -> Iterator[Ticket]:
        """The tickets that ``query`` chooses, each once. Those that wait come first, by deadline, crc first
        among equal deadlines, then by number; all others follow, the newest creation time first.

        A ticket waits when it is pending, or replied and returned or with a reply that is to reach the
        platform and has not arrived. The cost grows with what is asked for, not with what is stored.
        A moment that cannot be read counts as one long past, here and wherever a ticket is handed out."""

    @abstractmethod
    def count(self, query: TicketQuery) -> int:
        """How many tickets ``query`` chooses, its limit left aside."""

    @abstractmethod
    def counts(self, now: datetime, soon: datetime, whose: TicketQuery | None = None) -> Counts:
        """The desk's counts, or those of :attr:`TicketQuery.whose` alone; the cost grows with what waits, not
        with what is stored."""

    @abstractmethod
    def waiting_by_shop(self) -> Mapping[str, int]:
        """How many tickets wait, by the code of their shop ("": of none). The cost grows with what waits."""

    @abstractmethod
    def waiting_since(self) -> datetime | None:
        """When the first of the tickets that wait was taken in; None: nothing waits. The cost grows with what
        waits."""

    @abstractmethod
    def hurt_tickets(self) -> list[HurtTicket]:
        """Tickets with a kind, state or time that is none; quick however many tickets there are."""

    @abstractmethod
    def waiting_orders(self) -> Iterator[tuple[str, str]]:
        """The number and the order of each ticket that waits and has one, by deadline; read to the end before
        writing. The cost grows with what waits."""

    @abstractmethod
    def shops(self) -> list[str]:
        """The shop codes that occur, sorted; quick however many tickets there are."""

    @abstractmethod
    def put_tickets(self, tickets: Iterable[Ticket]) -> None:
        """Insert these tickets, or replace the ones with the same numbers. Whatever was worked out about
        their next reminder is forgotten."""

    @abstractmethod
    def put_seen(self, moments: Iterable[tuple[str, datetime]]) -> None:
        """Keep when the platform's word for each ticket, by its number, was seen; nothing else of it is
        touched."""

    # The time line

    @abstractmethod
    def append(self, events: Iterable[Event]) -> None:
        """Add events; ids are given by the store. An event's ``text`` becomes searchable."""

    @abstractmethod
    def events(self, *, ticket_id: str | None = None, outage_id: int | None = None) -> list[Event]:
        """The time line of one ticket or of one outage, oldest first."""

    @abstractmethod
    def search(self, words: Iterable[str], limit: int) -> tuple[list[Ticket], int]:
        """Tickets in whose events' texts all the words occur (in any of the ticket's events): at most
        ``limit``, in the order of :meth:`tickets`, and how many in all. Case is ignored; a run of two or
        more Chinese characters is found anywhere in a text; a Latin word is found by its beginning, a
        number by its beginning or its end. A word without a letter or digit finds nothing."""

    # Replies

    @abstractmethod
    def add_reply(self, reply: Reply) -> Reply:
        """Keep a reply; returns it with its id."""

    @abstractmethod
    def replies(self, ticket_id: str) -> list[Reply]:
        """The replies to one ticket, in the order in which they were given."""

    @abstractmethod
    def latest_replies(self, limit: int, shop: str | None = None) -> list[tuple[Reply, Delivery | None]]:
        """The replies given last, the newest first, each with what became of it on the platform (None: it was
        never to be sent)."""

    @abstractmethod
    def put_delivery(self, delivery: Delivery) -> None:
        """Keep what became of a reply, in place of what was known before; once arrived, always arrived.
        Whatever was worked out about the next reminder of its ticket is forgotten."""

    @abstractmethod
    def delivery(self, reply_id: int) -> Delivery | None:
        """What became of this reply; None: it was never to be sent."""

    @abstractmethod
    def undelivered(
        self, *, shop: str | None = None, ticket_id: str | None = None
    ) -> list[tuple[Reply, Delivery]]:
        """The replies that are to reach the platform and have not, oldest first; those of tickets that are
        closed or void are left out, since nothing waits for them. The cost grows with what is returned."""

    # Outages

    @abstractmethod
    def add_outage(self, outage: Outage) -> Outage:
        """Keep an outage; returns it with its id (1, 2, 3 …)."""

    @abstractmethod
    def update_outage(self, outage: Outage) -> None:
        """Replace the outage with the same id (its end, and whether the manager was reached)."""

    @abstractmethod
    def outage(self, outage_id: int) -> Outage | None:
        """The outage with this id."""

    @abstractmethod
    def outages(self, *, uncontacted_only: bool = False) -> list[Outage]:
        """Outages, newest beginning first; ``uncontacted_only``: those whose manager was not reached."""

    @abstractmethod
    def add_contact(self, contact: Contact) -> Contact:
        """Keep a contact; returns it with its id."""

    @abstractmethod
    def contacts(self, outage_id: int) -> list[Contact]:
        """The contacts about one outage, oldest first."""

    @abstractmethod
    def add_extensions(self, extensions: Iterable[Extension]) -> None:
        """Keep what the manager granted."""

    @abstractmethod
    def extensions(self, *, ticket_id: str | None = None, outage_id: int | None = None) -> list[Extension]:
        """What was granted for one ticket, or because of one outage, oldest first."""

    # When to look at a ticket again

    @abstractmethod
    def numbers_to_remind(self, now: datetime) -> list[str]:
        """The numbers of tickets that wait, or are returned, and whose next reminder has come by ``now`` or
        has not been worked out, by urgency (see ``urgency.urgency``); one that waits only for a reply which
        is on its way at this moment is left out. The cost grows with the tickets returned and the
        replies that have not arrived, not with what waits or is stored."""

    @abstractmethod
    def put_remind_at(self, pairs: Iterable[tuple[Ticket, datetime | None]]) -> None:
        """Keep when each ticket's next reminder comes; None: none will come while it stays as it is.

        A ticket that is no longer held exactly as given is left alone, since the moment was worked out
        from what it was; nothing else of a ticket is touched."""

    @abstractmethod
    def forget_busy(self, after: datetime) -> None:
        """Replies that are marked as on their way to the platform until later than this are so no more: the
        mark was set by a clock that was ahead."""

    @abstractmethod
    def forget_remind_at(self) -> None:
        """All next reminders have to be worked out anew: the rules they came from have changed."""

    # The ledger

    @abstractmethod
    def claim(self, wanted: Iterable[Reminder], now: datetime, expires: datetime) -> list[Reminder]:
        """Claim reminders before they are sent; returns those that are ours until ``expires``, in the
        order wanted, as they now stand in the ledger.

        Ticket, outage, deadline, step and channel name a reminder, and the ledger holds each once. Of a
        wanted one, its state, id, claim and attempts mean nothing. It is ours when the ledger has none,
        when the last try failed and ``retry_at`` has come, when it was superseded, or when someone's claim
        has lapsed; never when it was sent or may have arrived. Each claim counts as an attempt and wipes
        what the last one came to, but for the copies.

        A claim lapses at its end. One that begins later than ``expires`` has lapsed too: it was made
        before the clock was put back, and would otherwise block the reminder until the clock is there
        again. One that begins between ``now`` and ``expires`` holds: another machine's clock may be
        ahead of ours."""

    @abstractmethod
    def settle(self, reminders: Iterable[Reminder], *, trouble: bool = True) -> None:
        """Write down what became of claimed reminders, as :meth:`claim` returned them but for state
        (sent, failed or unsure), ``sent_at``, ``answer``, ``refused``, ``copies`` and ``retry_at``; in the
        order in which it happened. What was not sent is a trouble of its channel, unless it is none
        (``trouble``); what was sent ends one.

        One whose claim someone else has taken over meanwhile, and one that is settled already, is left
        alone: what was sent stays sent."""

    @abstractmethod
    def release(self, reminders: Iterable[Reminder]) -> None:
        """Give back claims, as :meth:`claim` returned them, that nothing was sent for: they have lapsed
        and count no attempt. One that is no longer ours is left alone."""

    @abstractmethod
    def supersede(self) -> None:
        """Mark as superseded what failed and is not due any more: a later reminder of the same ticket,
        outage, shop or digest is on record for its channel, its ticket does not wait any more or has another
        deadline, its outage is contacted. The cost grows with what has failed."""

    @abstractmethod
    def reminders(
        self,
        *,
        ticket_id: str | None = None,
        step: str | None = None,
        step_begins: str | None = None,
        failed_only: bool = False,
        limit: int | None = None,
    ) -> list[Reminder]:
        """The ledger's rows, those first claimed last before all others. Each argument narrows the
        choice; with any of them the cost grows with the rows chosen, not with the ledger."""

    @abstractmethod
    def forget_trouble(self, channel: str) -> None:
        """The channel has been seen to work; what failed on it stays as it is."""

    @abstractmethod
    def ledger_trouble(self) -> list[ChannelTrouble]:
        """The channels on which the last reminder that was settled failed, by name; quick however long
        the ledger is. "Last" goes by the order of settling, so that no jump of the clock hides one."""

    # The pulling of work orders

    @abstractmethod
    def source(self, shop: str) -> SourceState | None:
        """How the pulling of this shop's work orders goes; None: it was never tried."""

    @abstractmethod
    def sources(self) -> list[SourceState]:
        """All of them, by shop code."""

    @abstractmethod
    def put_source(self, source: SourceState) -> None:
        """Keep how it goes, in place of what was known of the shop."""

    # Facts

    @abstractmethod
    def fact(self, key: str) -> str | None:
        """What was last put under ``key``; None: nothing was."""

    @abstractmethod
    def put_fact(self, key: str, value: str) -> None:
        """Keep ``value`` under ``key`` in place of what was there."""

    # The store itself

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Write a complete, consistent copy to ``target``, readable by its owner only, while others go
        on writing. Never overwrites: raises ``RefusedError`` if ``target`` exists."""

    @abstractmethod
    def check(self) -> list[Finding]:
        """Look at the store's own health: integrity, foreign keys, schema, file permissions."""


class TokenStore(ABC):
    """Keeps the shops' authorisations on the platform, apart from the store, so that no backup or export
    carries them. They are secret: nothing else ever holds or shows them.

    Methods raise ``StoreError`` when the file cannot be used, or when others may read it.
    """

    @abstractmethod
    def token(self, shop: str) -> Token | None:
        """The shop's authorisation; None: there is none."""

    @abstractmethod
    def tokens(self) -> list[Token]:
        """The authorisations of all shops."""

    @abstractmethod
    def put_token(self, token: Token) -> None:
        """Keep a shop's authorisation in place of the one before. Called inside :meth:`alone`."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """One process at a time is inside, and the others wait: what is put there is kept as soon as it is
        put, and is what the next one finds."""
