"""Tickets come in: what a source yields becomes tickets, events and replies, in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from jdticket.desk.rehearsal import rehearsal
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import (
    Event,
)
from jdticket.domain.replies import Reply
from jdticket.domain.taking import known_ticket, new_ticket
from jdticket.domain.tickets import Status, Ticket
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.store.interface import Store

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


def _no_progress(_rows: int) -> None:
    return None


class TakingIn:
    """Takes drafts in.

    ``shop_code`` turns a shop's code or name, as a file or a person gives it, into its code and raises
    ``InputError`` for one it does not know; ``default_shop`` is the shop of tickets that do not name theirs
    (None: they must name it).
    """

    def __init__(
        self,
        store: Store,
        policy: DeadlinePolicy,
        now: Callable[[], datetime],
        *,
        shop_code: Callable[[str], str],
        default_shop: str | None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._shop_code = shop_code
        self._default_shop = default_shop

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
                if ticket.reopened_at != held.reopened_at:
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
