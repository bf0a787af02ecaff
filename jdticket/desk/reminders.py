"""Reminders, from due to done: a run claims, sends and settles.

A run claims what is due in the ledger before any network call and writes down what became of each as it
comes, so that two runs never send the same reminder and a killed run loses none. It prints nothing
and knows no channel by name: what can send is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from jdticket import clock
from jdticket.desk.claims import Claims, Notice
from jdticket.domain.reminders import ReminderState
from jdticket.store.interface import RAN_AT, RAN_EVERY

if TYPE_CHECKING:
    from jdticket.desk.dispatch import Compose, Outlet
    from jdticket.domain.channels import Channel, Receipt
    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.reminders import Duty, Reminder, ReminderRules
    from jdticket.store.interface import Store

_MINUTE, _HOUR = timedelta(seconds=55), timedelta(minutes=61)


class Report(NamedTuple):
    """What a run did."""

    sent: list[Notice]
    failed: list[Notice]
    """With the answer and whether it was refused in their ``reminder``."""
    left_over: int
    """Due, but kept for the next run: the channel's rate limit, a channel that failed, or no time left."""


class ReminderDesk:
    """The reminders' use cases over one store; ``now`` gives the present as an aware datetime."""

    def __init__(
        self,
        store: Store,
        hours: ServiceHours,
        zone: tzinfo,
        rules: ReminderRules,
        duties: Sequence[Duty],
        channels: Sequence[Channel],
        now: Callable[[], datetime],
        *,
        fetched: Collection[str] = (),
    ) -> None:
        """``fetched`` are the codes of the shops whose tickets are fetched from the platform."""
        self._store = store
        self._rules = rules
        self._now = now
        self._claims = Claims(store, hours, zone, rules, duties, channels, fetched)

    def rehearse(self) -> list[Notice]:
        """What a run would send now; nothing is kept."""
        from jdticket.desk.rehearsal import rehearsal

        with rehearsal(self._store):
            return self._claims.claim(self._now(), timedelta(0))

    def ledger(self, limit: int, *, ticket_id: str | None, failed_only: bool) -> list[Reminder]:
        """What was to go out and what became of it, the newest first; of one ticket, if that is named."""
        return self._store.reminders(ticket_id=ticket_id, failed_only=failed_only, limit=limit)

    def run(self, outlet: Callable[[str], Outlet], compose: Compose, *, budget: timedelta) -> Report:
        """Send what is due, every channel beside the others, and keep what became of it.

        ``outlet`` makes a channel by name; ``compose`` words a notice. Nothing is begun when ``budget``
        (time on the wall) is over. A channel that fails once is left alone until the next run.
        """
        ends_at = time.monotonic() + budget.total_seconds()
        now = self._now()
        with self._store.transaction():
            ours = self._claims.claim(now, budget)
            if not ours:
                # In the same transaction: each one waits for the disk.
                self._keep_heartbeat(now)
                return Report([], [], 0)
        # Threads and queues are for a run that has something to send.
        from jdticket.desk.dispatch import dispatch

        sent: list[Notice] = []
        failed: list[Notice] = []
        left_over = 0
        for notices, receipt in dispatch(
            ours, outlet, compose, digest_over=self._rules.digest_over, ends_at=ends_at
        ):
            with self._store.transaction():
                if receipt is None or receipt.rate_limited:
                    self._store.release(r for notice in notices for r in (notice.reminder, *notice.covers))
                    left_over += len(notices)
                    continue
                settled = self._settle(notices, receipt)
            (sent if receipt.ok else failed).extend(settled)
        with self._store.transaction():
            self._keep_heartbeat(now)
        return Report(sent, failed, left_over)

    def _settle(self, notices: Sequence[Notice], receipt: Receipt) -> list[Notice]:
        """Write down what became of these notices. Called inside a transaction."""
        now = self._now()

        def judged(reminder: Reminder) -> Reminder:
            return reminder._replace(
                state=ReminderState.SENT if receipt.ok else ReminderState.FAILED,
                sent_at=now if receipt.ok else None,
                answer=receipt.answer,
                refused=receipt.refused,
            )

        settled = [
            notice._replace(
                reminder=judged(notice.reminder),
                covers=tuple(judged(reminder) for reminder in notice.covers),
            )
            for notice in notices
        ]
        self._store.settle(r for notice in settled for r in (notice.reminder, *notice.covers))
        return settled

    def _keep_heartbeat(self, now: datetime) -> None:
        """Keep when we ran, and how often that happens, so that silence can be told from quiet."""
        before = self._store.fact(RAN_AT)
        if before is not None and _MINUTE <= now - clock.from_stored(before) <= _HOUR:
            seconds = int((now - clock.from_stored(before)).total_seconds())
            self._store.put_fact(RAN_EVERY, str(seconds))
        self._store.put_fact(RAN_AT, clock.stored(now))
