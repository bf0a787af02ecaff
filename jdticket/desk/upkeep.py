"""Looking after the desk's data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.events import DeadlineMoved, Event, Why
from jdticket.domain.hours import NeverOpenError
from jdticket.domain.tickets import DeadlineSource, Status, Ticket, TicketQuery
from jdticket.store.interface import Finding, Store


@dataclass(frozen=True, slots=True)
class Moved:
    """A deadline before and after a recompute."""

    ticket: Ticket
    deadline_at: datetime


class Recomputed(NamedTuple):
    """What came of a recompute."""

    moved: list[Moved]
    left_alone: list[Ticket]
    """Those for which no deadline can be counted."""


class Upkeep:
    """Looks after one store."""

    def __init__(self, store: Store, policy: DeadlinePolicy, now: Callable[[], datetime]) -> None:
        self._store = store
        self._policy = policy
        self._now = now

    def recompute(self, *, dry_run: bool, by: str) -> Recomputed:
        """Work out anew, under the policy of today, the deadlines of pending tickets that the policy
        gave; what the platform said or the manager granted stays, and so does every first deadline."""
        moved: list[Moved] = []
        left_alone: list[Ticket] = []
        with self._store.transaction():
            now = self._now()
            for ticket in self._store.tickets(TicketQuery(statuses=(Status.PENDING,))):
                if ticket.deadline_source is not DeadlineSource.POLICY:
                    continue
                try:
                    deadline_at = self._policy.deadline(ticket.kind, ticket.created_at)
                except NeverOpenError:
                    left_alone.append(ticket)
                    continue
                if deadline_at != ticket.deadline_at:
                    moved.append(Moved(ticket, deadline_at))
            if not dry_run:
                self._store.put_tickets(replace(move.ticket, deadline_at=move.deadline_at) for move in moved)
                self._store.append(
                    Event(
                        now,
                        DeadlineMoved(old=move.ticket.deadline_at, new=move.deadline_at, why=Why.RECOMPUTED),
                        move.ticket.id,
                        by=by,
                    )
                    for move in moved
                )
        return Recomputed(moved, left_alone)

    def backup(self, target: Path) -> None:
        """Copy the whole store to the new file ``target`` while others go on working.

        Raises ``RefusedError`` if it exists, ``StoreError`` if it cannot be written.
        """
        self._store.backup(target)

    def findings(self) -> list[Finding]:
        """What there is to say about the store's own health."""
        return self._store.check()
