"""Reminders, from due to done: a run claims, sends and settles.

A run claims what is due in the ledger before any network call and writes down what became of each as it
comes, so that two runs never send the same reminder and a killed run loses none. It prints nothing
and knows no channel by name: what can send is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from jdticket import clock
from jdticket.desk.claims import Claims, Notice, reminders_of
from jdticket.domain.coverage import LONG
from jdticket.domain.people import Staff
from jdticket.domain.reminders import ReminderState
from jdticket.store.interface import COVERAGE_TOLD, LEFT_OVER, RAN_AT, RAN_EVERY, RUNS_EVERY, UNSET

if TYPE_CHECKING:
    from jdticket.desk.dispatch import Left, Outlet, Told, Wording
    from jdticket.domain.channels import Channel, Receipt
    from jdticket.domain.hours import ServiceHours
    from jdticket.domain.reminders import Duty, Reminder, ReminderRules
    from jdticket.store.interface import Store

_MINUTE, _HOUR = timedelta(seconds=55), timedelta(minutes=61)
_LOOKED_AT_ONCE = 2_000
"""How many tickets are looked at in one transaction, which others wait for."""
_LOOKED_MOST = 20_000
"""How many are looked at in one run; the most urgent come first."""
_CLAIMED_MOST = 1_000
"""How many reminders of tickets a run claims for one channel: more than go out in one run."""
_TELL_EVERY = timedelta(minutes=59)
"""A run may begin a moment earlier in its minute than the one an hour before."""
_SENT_FACT = "messages_sent:"
_RATE_WINDOW = timedelta(minutes=1)


class Report(NamedTuple):
    """What a run did."""

    sent: list[Notice]
    failed: list[Notice]
    """With the answer and whether the settings were refused in their ``reminder``."""
    refused: list[Notice]
    """Those of the failed that the channel refused for what they say, while it takes others."""
    shortened: dict[str, list[str]]
    """By channel, what it said to messages that it took only without their content; once for each message."""
    unsure: list[Notice]
    """Sent as often as they may be, and no answer ever came."""
    left: dict[str, list[tuple[Notice, Left]]]
    """Due, but kept for the next run, by channel: its rate limit, no time left, a channel that failed. What a
    digest leaves to follow is none of it."""
    long_left: Collection[str] = ()
    """The channels that have left something over by their limit or for want of time in several runs in a
    row."""
    put_back: timedelta = timedelta(0)
    """How far the clock was ahead in an earlier run, if it was put back since."""
    unlooked: int = 0
    """So many tickets could not even be looked at."""

    @property
    def left_over(self) -> int:
        """How many reminders are kept for the next run."""
        return sum(map(len, self.left.values()))


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
        staff: Staff | None = None,
        ending: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        """``fetched`` are the codes of the shops whose tickets are fetched from the platform; ``ending``
        tells by code when those sign-ins end that end soon."""
        self._store = store
        self._hours = hours
        self._zone = zone
        self._rules = rules
        self._channels = [channel.name for channel in channels]
        self._now = now
        self._claims = Claims(store, hours, zone, rules, duties, channels, fetched, staff or Staff())
        self._ending = ending

    def rehearse(self) -> list[Notice]:
        """What a run would send now; nothing is kept."""
        now = self._now()
        self._claims.sign_ins = self._ending()
        with self._store.rehearsal(), self._store.transaction():
            numbers = self._claims.begin(now)[:_LOOKED_MOST]
            return self._all(self._claims.of_tickets(numbers, now, timedelta(0)), now, timedelta(0))

    def ledger(self, limit: int, *, ticket_id: str | None, failed_only: bool) -> list[Reminder]:
        """What was to go out and what became of it, the newest first; of one ticket, if that is named."""
        return self._store.reminders(ticket_id=ticket_id, failed_only=failed_only, limit=limit)

    def runs_every(self, every: timedelta | None) -> None:
        """Runs were set up so often; None: they no longer are."""
        with self._store.transaction():
            self._store.put_fact(RUNS_EVERY, str(int(every.total_seconds())) if every else "")

    def works(self, channel: str) -> None:
        """A test message has arrived on the channel: whatever trouble it was in is over."""
        with self._store.transaction():
            self._store.forget_trouble(channel)

    def may_tell_of_coverage(self, uncovered: bool, unset: Sequence[str]) -> bool:
        """Keep what a run misses, and whether it is an hour since it was last said that there are gaps: then
        it is to be said now."""
        now, said_at = self._now(), self._store.fact(COVERAGE_TOLD) or ""
        last = clock.from_stored(said_at) if said_at else None
        due = uncovered and not (last is not None and timedelta(0) <= now - last < _TELL_EVERY)
        kept = {COVERAGE_TOLD: said_at, UNSET: self._store.fact(UNSET) or ""}
        told_at = clock.stored(now) if due else said_at if uncovered else ""
        wanted = {COVERAGE_TOLD: told_at, UNSET: " ".join(unset)}
        if wanted != kept:
            # Most runs change nothing, and need not wait for the others to write.
            with self._store.transaction():
                for key, value in wanted.items():
                    self._store.put_fact(key, value)
        return due

    def run(self, outlet: Callable[[str], Outlet], wording: Wording, *, budget: timedelta) -> Report:
        """Send what is due, every channel beside the others, and keep what became of it.

        ``outlet`` makes a channel by name; ``wording`` words a notice. Nothing is begun that cannot end
        within ``budget`` (time on the wall).
        """
        ends_at = time.monotonic() + budget.total_seconds()
        now = self._now()
        # Kept in a file of its own, which another process may hold: nobody is to wait for that at the store.
        self._claims.sign_ins = self._ending()
        with self._store.transaction():
            numbers = self._claims.begin(now)
            if len(numbers) <= _LOOKED_AT_ONCE:
                ours = self._all(self._claims.of_tickets(numbers, now, budget), now, budget)
                if not ours:
                    # In the same transaction: each one waits for the disk.
                    self._keep_left_over({})
                    self._keep_heartbeat(now)
                    return Report([], [], [], {}, [], {}, put_back=self._claims.put_back)
                numbers = []
        if numbers:
            ours, numbers = self._in_parts(numbers, now, budget)
        sent = self._send(ours, outlet, wording, ends_at, budget)
        return sent._replace(unlooked=len(numbers), put_back=self._claims.put_back)

    def _in_parts(
        self, numbers: list[str], now: datetime, budget: timedelta
    ) -> tuple[list[Notice], list[str]]:
        """What is ours of so many tickets that others must not wait for all of them; and those that are left
        for the next run."""
        steps: list[Notice] = []
        enough = _CLAIMED_MOST * max(len(self._claims.ordinary), 1)
        looked = 0
        while looked < min(len(numbers), _LOOKED_MOST) and len(steps) < enough:
            with self._store.transaction():
                part = numbers[looked : looked + _LOOKED_AT_ONCE]
                steps += self._claims.of_tickets(part, now, budget)
            looked += len(part)
        with self._store.transaction():
            return self._all(steps, now, budget), numbers[looked:]

    def _all(self, steps: list[Notice], now: datetime, budget: timedelta) -> list[Notice]:
        """What is ours: these steps of tickets, what is of no ticket, and the day's digest."""
        from jdticket.desk.digest import Digest

        digest = Digest(self._store, self._hours, self._zone, self._rules, self._claims)
        return [*self._claims.of_no_ticket(now, budget), *digest.claim(steps, now, budget)]

    def _send(
        self,
        ours: list[Notice],
        outlet: Callable[[str], Outlet],
        wording: Wording,
        ends_at: float,
        budget: timedelta,
    ) -> Report:
        # Threads and queues are for a run that has something to send.
        from jdticket.desk.dispatch import ANSWER_SECONDS, Left, Why, dispatch

        report = Report([], [], [], {}, [], {})
        messages: dict[str, int] = {}
        for told in dispatch(
            ours,
            outlet,
            wording,
            digest_over=self._rules.digest_over,
            ends_at=ends_at,
            # A short run still sends something.
            answer_seconds=min(ANSWER_SECONDS, budget.total_seconds() / 2),
            sent_lately=self._sent_lately({notice.reminder.channel for notice in ours}),
        ):
            channel = told.notices[0].reminder.channel
            messages[channel] = messages.get(channel, 0) + told.messages
            with self._store.transaction():
                if isinstance(told.outcome, Left):
                    self._store.release(reminders_of(*told.notices))
                    if told.outcome.why is not Why.FOLLOWS:
                        report.left.setdefault(channel, []).extend((n, told.outcome) for n in told.notices)
                else:
                    self._settle(told, told.outcome, report)
        limited = {
            channel
            for channel, left in report.left.items()
            if any(outcome.why is not Why.TROUBLE for _notice, outcome in left)
        }
        now = self._now()
        with self._store.transaction():
            self._keep_sent(messages, now)
            long_left = self._keep_left_over(limited)
            self._keep_heartbeat(now)
        return report._replace(long_left=long_left)

    def _settle(self, told: Told, receipt: Receipt, report: Report) -> None:
        """Write down what became of these notices, and report it. Called inside a transaction."""
        from jdticket.domain.channels import Verdict
        from jdticket.domain.reminders import retry_after

        now = self._now()

        def judged(reminder: Reminder) -> Reminder:
            if receipt.ok:
                return reminder._replace(state=ReminderState.SENT, sent_at=now, answer=receipt.answer)
            failed = reminder._replace(
                state=ReminderState.FAILED,
                answer=receipt.answer,
                refused=receipt.verdict is Verdict.SETTINGS,
            )
            if receipt.verdict is not Verdict.UNSURE:
                return failed
            copies = reminder.copies + 1
            wait = retry_after(copies)
            if wait is None:
                return failed._replace(state=ReminderState.UNSURE, copies=copies)
            return failed._replace(copies=copies, retry_at=now + wait)

        if told.refusal and receipt.ok:
            channel = told.notices[0].reminder.channel
            report.shortened.setdefault(channel, []).append(told.refusal)
        settled = [_with_reminders(notice, judged) for notice in told.notices]
        self._store.settle(reminders_of(*settled), trouble=receipt.verdict is not Verdict.MESSAGE)
        for notice in settled:
            state = notice.reminder.state
            if state is ReminderState.SENT:
                report.sent.append(notice)
            else:
                (report.unsure if state is ReminderState.UNSURE else report.failed).append(notice)
                if receipt.verdict is Verdict.MESSAGE:
                    report.refused.append(notice)

    def _sent_lately(self, channels: Iterable[str]) -> dict[str, int]:
        """How many messages went out on these channels within the last minute."""
        now = self._now()
        found = {}
        for channel in channels:
            at, _blank, count = (self._store.fact(_SENT_FACT + channel) or "").partition(" ")
            if at and timedelta(0) <= now - clock.from_stored(at) < _RATE_WINDOW:
                found[channel] = int(count)
        return found

    def _keep_sent(self, messages: dict[str, int], now: datetime) -> None:
        lately = self._sent_lately(messages)
        for channel, count in messages.items():
            if count:
                so_far = count + lately.get(channel, 0)
                self._store.put_fact(_SENT_FACT + channel, f"{clock.stored(now)} {so_far}")

    def _keep_left_over(self, limited: Collection[str]) -> list[str]:
        """Count the runs in a row in which these channels left something over, and the others nothing; the
        channels that have done so for long."""
        long_left = []
        for channel in self._channels:
            kept = self._store.fact(LEFT_OVER + channel) or "0"
            runs = int(kept) + 1 if channel in limited else 0
            if str(runs) != kept:
                self._store.put_fact(LEFT_OVER + channel, str(runs))
            if runs >= LONG:
                long_left.append(channel)
        return long_left

    def _keep_heartbeat(self, now: datetime) -> None:
        """Keep when we ran, and how often that happens, so that silence can be told from quiet."""
        before = self._store.fact(RAN_AT)
        if before is not None and _MINUTE <= now - clock.from_stored(before) <= _HOUR:
            seconds = int((now - clock.from_stored(before)).total_seconds())
            self._store.put_fact(RAN_EVERY, str(seconds))
        self._store.put_fact(RAN_AT, clock.stored(now))


def _with_reminders(notice: Notice, change: Callable[[Reminder], Reminder]) -> Notice:
    return notice._replace(
        reminder=change(notice.reminder),
        covers=tuple(_with_reminders(covered, change) for covered in notice.covers),
    )
