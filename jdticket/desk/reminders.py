"""Reminders, from due to done: what must go out now, to whom, and what became of it.

A run claims what is due in the ledger before any network call and writes down what became of each as it
comes, so that two runs never send the same reminder and a killed run loses none. It prints nothing
and knows no channel by name: what can send is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from jdticket import clock
from jdticket.desk.rehearsal import rehearsal
from jdticket.domain.channels import Channel, Verdict
from jdticket.domain.hours import NeverOpenError, ServiceHours
from jdticket.domain.outages import Outage
from jdticket.domain.reminders import (
    Due,
    Duty,
    Reminder,
    ReminderRule,
    ReminderRules,
    ReminderState,
    due_for_outage,
    due_for_rejection,
    due_for_source,
    due_for_ticket,
    escalations,
    next_moment,
    on_duty,
    opening_due,
    source_step,
)
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import Status, Ticket, TicketQuery
from jdticket.errors import JdticketError
from jdticket.store.interface import RAN_AT, RAN_EVERY, Store

ANSWER_SECONDS = 10.0
"""The most that one message may take, its answer included."""
_CLAIM = timedelta(minutes=2)
"""How long a claim outlasts the time that its run may take."""
_MINUTE, _HOUR = timedelta(seconds=55), timedelta(minutes=61)
_PENDING = TicketQuery(statuses=(Status.PENDING,))
_RULES_FACT = "reminder_rules"
_OPENED_FACT = "opening_without_tickets:"


@dataclass(frozen=True, slots=True)
class Notice:
    """One reminder, with what its message needs."""

    reminder: Reminder
    left: timedelta
    """Service time until the ticket's deadline, negative when that is past."""
    mention: tuple[str, ...]
    ticket: Ticket | None = None
    outage: Outage | None = None
    source: SourceState | None = None
    """The shop whose tickets cannot be fetched, or can again."""
    pending: tuple[Ticket, ...] = ()
    """For the digest of the day: everything that waits, by deadline."""
    covers: tuple[Reminder, ...] = ()
    """Reminders of new tickets that the digest tells of as well: they share its fate."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel, as far as a run has to know it."""

    fold: Callable[[Sequence[str], Sequence[str]], Sequence[tuple[int, Callable[[float], Verdict]]]]
    """Lines and people to mention -> messages: how many of the lines each carries, and what sends it,
    given the seconds that it may take."""
    per_minute: int | None
    per_second: int | None


@dataclass(frozen=True, slots=True)
class Report:
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
        self._hours = hours
        self._zone = zone
        self._rules = rules
        self._duties = duties
        self._channels = {channel.name: channel for channel in channels}
        # A channel that an escalation names hears of nothing before that: it is the boss's.
        escalated = {step.channel for step in rules.escalate}
        self._ordinary = {name: c for name, c in self._channels.items() if name not in escalated}
        self._now = now
        self._fetched = frozenset(fetched)

    def rehearse(self) -> list[Notice]:
        """What a run would send now; nothing is kept."""
        with rehearsal(self._store):
            return self._claim(self._now(), timedelta(0))

    def ledger(self, limit: int, *, ticket_id: str | None, failed_only: bool) -> list[Reminder]:
        """What was to go out and what became of it, the newest first; of one ticket, if that is named."""
        return self._store.reminders(ticket_id=ticket_id, failed_only=failed_only, limit=limit)

    def run(
        self,
        outlet: Callable[[str], Outlet],
        compose: Callable[[Notice, bool], str],
        *,
        budget: timedelta,
    ) -> Report:
        """Send what is due, every channel beside the others, and keep what became of it.

        ``outlet`` makes a channel by name; ``compose`` words a notice,
        shorter when it is told that it stands among many (lines of its own stay together).
        Nothing is begun when ``budget`` (time on the wall) is over. A channel that fails once is left
        alone until the next run.
        """
        ends_at = time.monotonic() + budget.total_seconds()
        now = self._now()
        with self._store.transaction():
            ours = self._claim(now, budget)
            if not ours:
                # In the same transaction: each one waits for the disk.
                self._keep_heartbeat(now)
                return Report([], [], 0)
        by_channel: dict[str, list[Notice]] = {}
        for notice in ours:
            by_channel.setdefault(notice.reminder.channel, []).append(notice)
        report = Report([], [], 0)
        left_over = 0
        for notices, verdict in self._send_all(by_channel, outlet, compose, ends_at):
            with self._store.transaction():
                if verdict is None or verdict.rate_limited:
                    self._store.release(r for notice in notices for r in (notice.reminder, *notice.covers))
                    left_over += len(notices)
                    continue
                settled = self._settle(notices, verdict)
            (report.sent if verdict.ok else report.failed).extend(settled)
        with self._store.transaction():
            self._keep_heartbeat(now)
        return replace(report, left_over=left_over)

    def _keep_heartbeat(self, now: datetime) -> None:
        """Keep when we ran, and how often that happens, so that silence can be told from quiet."""
        before = self._store.fact(RAN_AT)
        if before is not None and _MINUTE <= now - clock.from_stored(before) <= _HOUR:
            seconds = int((now - clock.from_stored(before)).total_seconds())
            self._store.put_fact(RAN_EVERY, str(seconds))
        self._store.put_fact(RAN_AT, clock.stored(now))

    # What is due

    def _claim(self, now: datetime, budget: timedelta) -> list[Notice]:
        """Claim what is due and not sent yet, for a run of ``budget``. Called inside a transaction."""
        fingerprint = self._fingerprint()
        if self._store.fact(_RULES_FACT) != fingerprint:
            self._store.forget_remind_at()
            self._store.put_fact(_RULES_FACT, fingerprint)
        open_now = self._hours.is_open(now)
        duty = on_duty(self._duties, now, self._zone)
        wanted: list[Notice] = []
        looked_at: list[tuple[Ticket, datetime | None, list[Notice]]] = []
        for ticket in self._store.tickets_to_remind(now):
            due = due_for_ticket(ticket, now, self._hours, self._rules)
            notices, held_back = self._for_ticket(ticket, due, now, open_now, duty)
            rejection = due_for_rejection(ticket, now, self._hours, self._rules)
            more, also_held_back = self._for_ticket(ticket, rejection, now, open_now, duty)
            notices, held_back = notices + more, held_back or also_held_back
            looked_at.append((ticket, self._look_again(ticket, now, held_back), notices))
            wanted += notices
        wanted += self._for_outages(now, open_now, duty)
        wanted += self._for_sources(now, open_now, duty)
        wanted += self._openings(now, duty)
        # What waited longest goes first: the leftovers of the run before.
        wanted.sort(key=lambda notice: notice.reminder.due_at)
        claimed = self._store.claim([notice.reminder for notice in wanted], now, now + budget + _CLAIM)
        ours = {_key(reminder): reminder for reminder in claimed}
        done = [
            (ticket, again)
            for ticket, again, notices in looked_at
            if not notices or self._all_sent(ticket, [notice.reminder for notice in notices], ours)
        ]
        self._store.put_remind_at(done)
        mine = [
            replace(notice, reminder=ours[_key(notice.reminder)])
            for notice in wanted
            if _key(notice.reminder) in ours
        ]
        return self._without_repeats(mine)

    def _all_sent(
        self, ticket: Ticket, reminders: Sequence[Reminder], ours: Mapping[tuple[object, ...], Reminder]
    ) -> bool:
        if any(_key(reminder) in ours for reminder in reminders):
            return False
        sent = {
            _key(kept)
            for kept in self._store.reminders(ticket_id=ticket.id)
            if kept.state is ReminderState.SENT
        }
        return all(_key(reminder) in sent for reminder in reminders)

    def _for_ticket(
        self, ticket: Ticket, due: Due | None, now: datetime, open_now: bool, duty: tuple[str, ...]
    ) -> tuple[list[Notice], bool]:
        """The ticket's notices, one a channel, and whether a channel waits for the opening."""
        if due is None:
            return [], False
        # One that was returned waits on the platform like a pending one.
        waits = ticket.status is Status.PENDING or due.rule is not ReminderRule.RETURNED
        escalated = escalations(self._rules, due.left) if waits else ()
        names = [name for name, channel in self._ordinary.items() if _is_for(channel, (ticket.shop,))]
        names += [
            step.channel
            for step in escalated
            if step.channel and _is_for(self._channels[step.channel], (ticket.shop,))
        ]
        more = tuple(person for step in escalated for person in step.mention)
        # "New" and "returned" belong to the ticket; a moved deadline must not tell of them again.
        moving = due.rule in {ReminderRule.BEFORE, ReminderRule.OVERDUE}
        deadline_at = ticket.deadline_at if moving else ticket.first_deadline_at
        notices = []
        held_back = False
        for name in dict.fromkeys(names):
            channel = self._channels[name]
            if not open_now and not channel.night:
                held_back = True
                continue
            notices.append(
                Notice(
                    reminder=_wanted(due, name, now, ticket_id=ticket.id, deadline_at=deadline_at),
                    left=due.left,
                    mention=tuple(dict.fromkeys((*channel.mention, *duty, *more))),
                    ticket=ticket,
                )
            )
        return notices, held_back

    def _look_again(self, ticket: Ticket, now: datetime, held_back: bool) -> datetime | None:
        again = next_moment(ticket, now, self._hours, self._rules)
        if not held_back:
            return again
        try:
            opening = self._hours.next_opening(now)
        except NeverOpenError:
            return again
        return opening if again is None else min(again, opening)

    def _for_outages(self, now: datetime, open_now: bool, duty: tuple[str, ...]) -> Iterator[Notice]:
        for outage in self._store.outages(uncontacted_only=True):
            due = due_for_outage(outage, now, self._rules)
            if due is None:
                continue
            for name, channel in self._ordinary.items():
                if (open_now or channel.night) and _is_for(channel, outage.shops):
                    reminder = _wanted(due, name, now, outage_id=outage.id)
                    mention = tuple(dict.fromkeys((*channel.mention, *duty)))
                    yield Notice(reminder=reminder, left=timedelta(0), mention=mention, outage=outage)

    def _for_sources(self, now: datetime, open_now: bool, duty: tuple[str, ...]) -> Iterator[Notice]:
        # A run may begin a moment earlier in its minute than the last one.
        every = (self._rules.source_every or timedelta(0)) - timedelta(minutes=1)
        for source in self._store.sources() if self._fetched else ():
            due = due_for_source(source, now, self._rules) if source.shop in self._fetched else None
            if due is None:
                continue
            told = self._told_of_failure(source)
            for name, channel in self._ordinary.items():
                if not (open_now or channel.night) or not _is_for(channel, (source.shop,)):
                    continue
                if source.failing_since is None and name not in told:
                    continue
                # The hours count from the failure; a channel that heard of it at the opening only is not to
                # hear of it again within one.
                if source.failing_since is not None and name in told and now - told[name] < every:
                    continue
                mention = tuple(dict.fromkeys((*channel.mention, *duty)))
                reminder = _wanted(due, name, now)
                yield Notice(reminder=reminder, left=timedelta(0), mention=mention, source=source)

    def _told_of_failure(self, source: SourceState) -> dict[str, datetime]:
        """The channels that have heard of the failure that lasts, or of the last one, and when they last
        did."""
        since = source.failing_since or source.failed_since
        if since is None:
            return {}
        told: dict[str, datetime] = {}
        for kept in self._store.reminders(step_begins=source_step(source.shop, since)):
            if kept.state is ReminderState.SENT:
                told[kept.channel] = max(kept.claimed_at, told.get(kept.channel, kept.claimed_at))
        return told

    def _openings(self, now: datetime, duty: tuple[str, ...]) -> Iterator[Notice]:
        due = opening_due(now, self._hours, self._rules, self._zone)
        if due is None or not self._ordinary:
            return
        told = {
            kept.channel for kept in self._store.reminders(step=due.step) if kept.state is ReminderState.SENT
        }
        waiting = [
            name
            for name in self._ordinary
            if name not in told and self._store.fact(_OPENED_FACT + name) != due.step
        ]
        pending = tuple(self._store.tickets(_PENDING)) if waiting else ()
        for name in waiting:
            channel = self._channels[name]
            heard = tuple(ticket for ticket in pending if _is_for(channel, (ticket.shop,)))
            if not heard:
                # Nothing waits at the opening: no digest then, and none later in the day.
                self._store.put_fact(_OPENED_FACT + name, due.step)
                continue
            yield Notice(
                reminder=_wanted(due, name, now),
                left=timedelta(0),
                mention=tuple(dict.fromkeys((*channel.mention, *duty))),
                pending=heard,
            )

    def _without_repeats(self, notices: list[Notice]) -> list[Notice]:
        """The day's digest tells of new tickets too: those are not told a second time beside it."""
        covered: dict[str, list[Reminder]] = {}
        in_digest: set[tuple[str, str | None]] = set()
        for notice in notices:
            if notice.reminder.rule is ReminderRule.OPENING:
                covered[notice.reminder.channel] = []
                in_digest.update((notice.reminder.channel, ticket.id) for ticket in notice.pending)
        kept = []
        for notice in notices:
            reminder = notice.reminder
            if reminder.rule is ReminderRule.NEW and (reminder.channel, reminder.ticket_id) in in_digest:
                covered[reminder.channel].append(reminder)
            else:
                kept.append(notice)
        return [
            replace(notice, covers=tuple(covered[notice.reminder.channel]))
            if notice.reminder.rule is ReminderRule.OPENING
            else notice
            for notice in kept
        ]

    def _fingerprint(self) -> str:
        """Changes when the rules, the hours or the channels do: then every ticket is looked at anew."""
        channels = [(c.name, c.shops, c.night) for c in self._channels.values()]
        special = sorted(self._hours.special.items())
        return repr((self._rules, self._hours.week, special, str(self._zone), channels))

    # Sending

    def _send_all(
        self,
        by_channel: Mapping[str, list[Notice]],
        outlet: Callable[[str], Outlet],
        compose: Callable[[Notice, bool], str],
        ends_at: float,
    ) -> Iterator[tuple[list[Notice], Verdict | None]]:
        """Each message's notices with what became of it, as it happens; None: it was not tried."""
        import queue
        from concurrent.futures import ThreadPoolExecutor

        results: queue.SimpleQueue[tuple[list[Notice], Verdict | None] | None] = queue.SimpleQueue()

        def work(name: str, notices: list[Notice]) -> None:
            try:
                for result in self._send(outlet(name), notices, compose, ends_at):
                    results.put(result)
            except JdticketError as error:
                # A channel that cannot even be made: its key is not in the environment, its kind is odd.
                results.put((notices, Verdict(False, error.message, refused=True)))

        with ThreadPoolExecutor(max_workers=max(len(by_channel), 1)) as pool:
            works = [pool.submit(work, name, notices) for name, notices in by_channel.items()]
            for one in works:
                one.add_done_callback(lambda _done: results.put(None))
            running = len(works)
            while running:
                result = results.get()
                if result is None:
                    running -= 1
                else:
                    yield result
            for one in works:
                one.result()

    def _send(
        self, outlet: Outlet, notices: list[Notice], compose: Callable[[Notice, bool], str], ends_at: float
    ) -> Iterator[tuple[list[Notice], Verdict | None]]:
        messages = list(self._messages(outlet, notices, compose))
        tried = 0
        for carried, send in messages[: outlet.per_minute]:
            seconds = min(ANSWER_SECONDS, ends_at - time.monotonic())
            if seconds <= 0:
                break
            verdict = send(seconds)
            tried += 1
            yield carried, verdict
            if not verdict.ok:
                break
            if outlet.per_second is not None and tried < len(messages):
                time.sleep(1 / outlet.per_second)
        for carried, _send in messages[tried:]:
            yield carried, None

    def _messages(
        self, outlet: Outlet, notices: list[Notice], compose: Callable[[Notice, bool], str]
    ) -> Iterator[tuple[list[Notice], Callable[[float], Verdict]]]:
        """One ticket, one message; many at once are joined."""
        joined = len(notices) > self._rules.digest_over
        if joined:
            people = tuple(dict.fromkeys(person for notice in notices for person in notice.mention))
            groups = [(notices, people)]
        else:
            groups = [([notice], notice.mention) for notice in notices]
        for group, people in groups:
            rest = list(group)
            for count, send in outlet.fold([compose(notice, joined) for notice in group], people):
                yield rest[:count], send
                rest = rest[count:]

    def _settle(self, notices: Sequence[Notice], verdict: Verdict) -> list[Notice]:
        """Write down what became of these notices. Called inside a transaction."""
        now = self._now()

        def judged(reminder: Reminder) -> Reminder:
            return replace(
                reminder,
                state=ReminderState.SENT if verdict.ok else ReminderState.FAILED,
                sent_at=now if verdict.ok else None,
                answer=verdict.answer,
                refused=verdict.refused,
            )

        settled = [
            replace(
                notice,
                reminder=judged(notice.reminder),
                covers=tuple(judged(reminder) for reminder in notice.covers),
            )
            for notice in notices
        ]
        self._store.settle(r for notice in settled for r in (notice.reminder, *notice.covers))
        return settled


def _wanted(
    due: Due,
    channel: str,
    now: datetime,
    *,
    ticket_id: str | None = None,
    outage_id: int | None = None,
    deadline_at: datetime | None = None,
) -> Reminder:
    return Reminder(
        rule=due.rule,
        step=due.step,
        channel=channel,
        due_at=due.at,
        ticket_id=ticket_id,
        outage_id=outage_id,
        deadline_at=deadline_at,
        state=ReminderState.CLAIMED,
        claimed_at=now,
        claim_expires_at=now,
        attempts=0,
    )


def _key(reminder: Reminder) -> tuple[object, ...]:
    """What names a reminder once and for all."""
    return reminder.ticket_id, reminder.outage_id, reminder.deadline_at, reminder.step, reminder.channel


def _is_for(channel: Channel, shops: Iterable[str]) -> bool:
    """Whether the channel hears of these shops (none: of all)."""
    shops = tuple(shops)
    return not channel.shops or not shops or any(shop in channel.shops for shop in shops)
