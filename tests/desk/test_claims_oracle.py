"""What a run claims is what looking at every ticket would claim, whatever has happened before.

The desk looks at few tickets: those that have changed, and those whose moment has come. Here is the slow
and obvious way, and it is held against the desk's in histories that nobody thought of.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jdticket.domain.channels import Channel, Receipt
from jdticket.domain.reminders import (
    Due,
    Escalation,
    Reminder,
    ReminderRule,
    ReminderRules,
    ReminderState,
    due_again_for_return,
    due_for_rejection,
    due_for_ticket,
)
from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import PlatformState, Status, Ticket, TicketQuery
from jdticket.errors import NotFoundError, RefusedError, UsageError
from tests.desk.at_desk import HOURS, draft, grant
from tests.desk.room import DOWN, HOUR, LADDER, MINUTE, OK, TOO_MANY, Killed, Room, channel

BUDGET = timedelta(seconds=50)
CLAIM = BUDGET + timedelta(minutes=2)
SECOND = timedelta(seconds=1)

Answer = Callable[[], Receipt] | Receipt
# Ticket, step, channel, deadline: what names a reminder.
Key = tuple[str | None, str, str, datetime | None]


def due_now(room: Room) -> list[Key]:
    """What is due and neither sent nor under way, by looking at every ticket."""
    keys = []
    undelivered = {
        delivery.ticket_id
        for _reply, delivery in room.store.undelivered()
        if delivery.busy_until is None or delivery.busy_until <= room.time
    }
    for ticket in room.store.tickets(TicketQuery()):
        for find in (
            partial(due_for_ticket, undelivered=ticket.id in undelivered),
            due_for_rejection,
            due_again_for_return,
        ):
            due = find(ticket, room.time, HOURS, room.rules)
            if due is None:
                continue
            moving = due.rule in (ReminderRule.BEFORE, ReminderRule.OVERDUE)
            deadline_at = ticket.deadline_at if moving else ticket.first_deadline_at
            for one in room.channels:
                key = ticket.id, due.step, one.name, deadline_at
                if due.rule is ReminderRule.RETURNED and often(room, ticket, one):
                    continue
                if hears(room, one, ticket, due) and not taken(room, key):
                    keys.append(key)
    return sorted(keys)


def hears(room: Room, one: Channel, ticket: Ticket, due: Due) -> bool:
    if one.shops and ticket.shop not in one.shops:
        return False
    if not one.night and not HOURS.is_open(room.time):
        return False
    points = [escalation.left for escalation in room.rules.escalate if escalation.channel == one.name]
    if not points:
        return True
    answered = due.rule is ReminderRule.RETURNED and ticket.status is not Status.PENDING
    assert due.left is not None
    return due.left <= max(points) and not answered


def often(room: Room, ticket: Ticket, one: Channel) -> bool:
    """Whether the channel has heard six times that the ticket is returned."""
    told = [row for row in room.store.reminders(ticket_id=ticket.id) if row.channel == one.name]
    of_return = [row for row in told if row.rule is ReminderRule.RETURNED]
    return sum(row.state is ReminderState.SENT for row in of_return) >= 6


def taken(room: Room, key: Key) -> bool:
    def held(row: Reminder) -> bool:
        lapsed = row.claim_expires_at <= room.time or row.claimed_at > room.time + CLAIM
        return row.state is ReminderState.SENT or (row.state is ReminderState.CLAIMED and not lapsed)

    return any(held(row) for row in room.store.reminders(ticket_id=key[0]) if key_of(row) == key)


def key_of(row: Reminder) -> Key:
    return row.ticket_id, row.step, row.channel, row.deadline_at


def killed() -> Receipt:
    raise Killed


WORDS = {
    PlatformState.WAITING: "待回复",
    PlatformState.REPLIED: "待确认",
    PlatformState.REJECTED: "已驳回",
    PlatformState.CLOSED: "已关闭",
    PlatformState.VOID: "已作废",
}
DAY, NIGHT = channel("day"), channel("night", night=True)
FULL = LADDER._replace(returned=True, opening=True)
SETTINGS: dict[str, tuple[ReminderRules, list[Channel]]] = {
    "full": (FULL, [DAY, NIGHT]),
    "other steps": (FULL._replace(before=(3 * HOUR, 20 * MINUTE), overdue_times=2), [DAY, NIGHT]),
    "not new": (FULL._replace(new=False), [DAY, NIGHT]),
    "escalated": (
        FULL._replace(escalate=(Escalation(45 * MINUTE, (), "boss"),)),
        [DAY, NIGHT, channel("boss", night=True)],
    ),
    "nights swapped": (FULL, [channel("day", night=True), channel("night")]),
    "other shops": (FULL, [channel("day", shops=("jd5",)), NIGHT]),
    "another channel": (FULL, [channel("other"), NIGHT]),
}


class History:
    """A desk to which things happen, and each of whose runs is held against :func:`due_now`."""

    def __init__(self, folder: Path) -> None:
        self.room = Room(folder, "23 09:30", shops=("jd3", "jd5"))
        self.set("full")
        self.claimed: list[Key] = []
        self.told = 0
        claim = self.room.store.claim

        def recorded(*arguments: Any) -> list[Reminder]:
            ours = claim(*arguments)
            self.claimed += [
                key_of(row) for row in ours if row.ticket_id and row.rule is not ReminderRule.OPENING
            ]
            return ours

        self.room.store.claim = recorded

    def goes_on(self, happening: Happening) -> None:
        """Let something happen, and a run after it."""
        wait, what, *how = happening
        self.room.time += wait
        # Not every move is allowed, and that is another test's matter.
        with suppress(NotFoundError, RefusedError, UsageError):
            getattr(self, what)(*how)
        if what != "run":
            self.run()

    def run(self, answers: Iterable[Answer] = (), budget: timedelta = BUDGET) -> None:
        for one in self.room.channels:
            self.room.answer(*answers, on=one.name)
        expected = due_now(self.room)
        self.claimed.clear()
        with suppress(Killed):
            self.room.report(budget=budget)
        assert sorted(self.claimed) == expected, f"{self.room.time.astimezone(HOURS.zone):%d %H:%M:%S}"
        self.told += len(expected)

    def nothing(self) -> None:
        """Only time passes."""

    def unseen(self, happening: Happening, back: timedelta) -> None:
        """Something happens, and the clock is put back before a run sees it."""
        _wait, what, *how = happening
        getattr(self, what)(*how)
        self.room.time -= back

    def set(self, name: str) -> None:
        self.room.rules, self.room.channels = SETTINGS[name]

    def take_in(
        self, number: str, age: timedelta, left: timedelta | None, shop: str, says: PlatformState | None
    ) -> None:
        now = self.room.time
        seen: dict[str, Any] = {"deadline_at": None if left is None else now + left, "shop": shop}
        if says is not None:
            seen |= {"platform_state": says, "platform_status": WORDS[says]}
        self.room.take_in(draft(number, created_at=now - age, **seen))

    def move(self, number: str, verb: str) -> None:
        if verb == "reply":
            self.room.reply(number)
        elif verb == "send":
            text = "您好，订单已发出。"
            self.room.desk.replies.reply(number, text, at=None, by="", force=False, send=True)
        elif verb == "miss":
            self.keep(replace(self.room.desk.looking.find(number), missing_at=self.room.time))
        elif verb == "assign":
            self.room.desk.tickets.assign(number, "小王", by="")
        elif verb == "close":
            self.room.desk.tickets.close(number, by="")
        else:
            getattr(self.room.desk.tickets, verb)(number, "因为", by="")

    def keep(self, ticket: Ticket) -> None:
        with self.room.store.transaction():
            self.room.store.put_tickets([ticket])

    def deliver(self, number: str, state: DeliveryState, busy: timedelta | None) -> None:
        """What becomes of the replies to a ticket that are on their way; ``busy`` for so long."""
        for _reply, delivery in self.room.store.undelivered(ticket_id=number):
            until = None if busy is None else self.room.time + busy
            with self.room.store.transaction():
                self.room.store.put_delivery(replace(delivery, state=state, busy_until=until))

    def grant(self, number: str, more: timedelta) -> None:
        until = self.room.time + more
        grant(self.room, until=f"{until.astimezone(HOURS.zone):%d %H:%M:%S}", tickets=(number,))


# What happens, and how long after the run before; another run follows each.
Happening = tuple[timedelta, str, *tuple[Any, ...]]

ONE = "59088001"
NOW = timedelta(0)
OVERNIGHT = 14 * HOUR


def comes(wait: timedelta = NOW, *, age: timedelta = MINUTE, left: timedelta | None = None) -> Happening:
    return wait, "take_in", ONE, age, left, "jd3", None


def shows(says: PlatformState, wait: timedelta = NOW) -> Happening:
    return wait, "take_in", ONE, HOUR, None, "jd3", says


def passes(wait: timedelta) -> Happening:
    return wait, "nothing"


def sets(name: str, wait: timedelta = NOW) -> Happening:
    return wait, "set", name


def runs(wait: timedelta, *answers: Any, budget: timedelta = BUDGET) -> Happening:
    return wait, "run", answers, budget


def delivers(wait: timedelta, state: DeliveryState, busy: timedelta | None = None) -> Happening:
    return wait, "deliver", ONE, state, busy


def moves(wait: timedelta, verb: str) -> Happening:
    return wait, "move", ONE, verb


# The table of what makes a ticket be looked at, every case on purpose. Where a run is to look at a ticket
# anew, the one before has looked at it when all was sent.
CASES: dict[str, list[Happening]] = {
    "a step comes, and the next": [comes(), passes(2 * HOUR), passes(HOUR), passes(29 * MINUTE)],
    "a step's very second": [
        comes(left=30 * MINUTE),
        passes(20 * MINUTE - SECOND),
        passes(SECOND),
        passes(10 * MINUTE),
        passes(SECOND),
        passes(30 * MINUTE - SECOND),
    ],
    "several steps at once": [comes(), passes(5 * HOUR)],
    "taken in when most of its time is over": [passes(HOUR), comes(left=25 * MINUTE), passes(MINUTE)],
    "overdue when it comes": [comes(age=9 * HOUR), passes(MINUTE), passes(30 * MINUTE)],
    "changed without becoming due": [comes(), moves(MINUTE, "assign"), passes(MINUTE), passes(2 * HOUR)],
    "replied, and reopened": [comes(), moves(HOUR, "reply"), passes(2 * HOUR), moves(MINUTE, "reopen")],
    "closed, and reopened": [comes(), moves(HOUR, "close"), moves(6 * HOUR, "reopen"), passes(HOUR)],
    "void": [comes(), moves(HOUR, "void"), passes(3 * HOUR)],
    "moved by a grant": [comes(), passes(3 * HOUR), (MINUTE, "grant", ONE, 4 * HOUR), passes(2 * HOUR)],
    "moved by the platform": [comes(), passes(3 * HOUR), comes(MINUTE, left=2 * HOUR), passes(HOUR)],
    "due outside service hours": [comes(left=10 * HOUR), passes(9 * HOUR), passes(HOUR + SECOND)],
    "due at closing time": [comes(7 * HOUR, left=150 * MINUTE), passes(150 * MINUTE), passes(SECOND)],
    "held back until the opening": [
        comes(9 * HOUR, age=3 * HOUR),
        passes(HOUR),
        passes(MINUTE),
        passes(OVERNIGHT - HOUR - 31 * MINUTE - SECOND),
        passes(SECOND),
    ],
    "held back when it is new": [comes(11 * HOUR, left=24 * HOUR), passes(MINUTE), passes(12 * HOUR)],
    "a message that fails": [comes(), runs(2 * HOUR, DOWN), runs(MINUTE, DOWN), passes(MINUTE)],
    "one that gives way to the next step": [comes(), runs(2 * HOUR, DOWN), passes(HOUR), passes(MINUTE)],
    "too many messages": [comes(), runs(2 * HOUR, TOO_MANY), passes(MINUTE)],
    "no time left": [comes(), runs(2 * HOUR, budget=NOW), passes(MINUTE)],
    "killed, and its claim holds, then lapses": [comes(), runs(2 * HOUR, killed), *[passes(MINUTE)] * 4],
    "killed, and the clock put back": [comes(), runs(3 * HOUR, killed), passes(-HOUR), passes(HOUR)],
    "other steps": [
        comes(),
        passes(MINUTE),
        sets("other steps", HOUR),
        passes(MINUTE),
        sets("full", MINUTE),
    ],
    "a channel that may be used at night after all": [
        comes(left=11 * HOUR),
        passes(10 * HOUR),
        passes(MINUTE),
        sets("nights swapped"),
    ],
    "a channel that may not any more": [
        sets("nights swapped"),
        comes(left=10 * HOUR),
        passes(MINUTE),
        sets("full", 9 * HOUR + 50 * MINUTE),
        passes(OVERNIGHT),
    ],
    "a channel that was for other shops": [
        sets("other shops"),
        comes(),
        passes(MINUTE),
        sets("full", MINUTE),
    ],
    "another channel": [comes(), passes(2 * HOUR), passes(MINUTE), sets("another channel", MINUTE)],
    "an escalation between two steps": [
        sets("escalated"),
        comes(left=65 * MINUTE),
        passes(5 * MINUTE),
        passes(MINUTE),
        passes(14 * MINUTE - SECOND),
        passes(SECOND),
    ],
    "an escalation at closing time": [
        sets("escalated"),
        comes(8 * HOUR + 30 * MINUTE, left=15 * HOUR + 45 * MINUTE),
        passes(45 * MINUTE),
        passes(MINUTE),
        passes(14 * MINUTE - SECOND),
        passes(SECOND),
        passes(OVERNIGHT),
    ],
    "shown as waiting after our reply": [
        comes(),
        moves(HOUR, "reply"),
        shows(PlatformState.WAITING, HOUR),
        passes(HOUR),
    ],
    "shown as waiting when the boss hears of what is due": [
        sets("escalated"),
        comes(left=80 * MINUTE),
        moves(30 * MINUTE, "reply"),
        shows(PlatformState.WAITING, 10 * MINUTE),
        passes(MINUTE),
        passes(9 * MINUTE),
    ],
    "rejected at night when nothing else is due": [
        sets("not new"),
        shows(PlatformState.WAITING, 9 * HOUR),
        moves(10 * MINUTE, "reply"),
        shows(PlatformState.REJECTED, HOUR),
        passes(MINUTE),
        passes(OVERNIGHT - 41 * MINUTE),
        passes(MINUTE),
    ],
    "a reply that is rejected": [
        shows(PlatformState.WAITING),
        moves(HOUR, "reply"),
        shows(PlatformState.REJECTED, HOUR),
        passes(MINUTE),
    ],
    "a reply that does not arrive": [
        comes(),
        passes(2 * HOUR),
        moves(30 * MINUTE, "send"),
        passes(30 * MINUTE),
        delivers(MINUTE, DeliveryState.UNKNOWN),
        passes(29 * MINUTE),
        delivers(MINUTE, DeliveryState.ARRIVED),
        passes(HOUR),
    ],
    "a reply that is on its way when a step comes": [
        comes(),
        moves(HOUR, "send"),
        delivers(HOUR - MINUTE, DeliveryState.UNKNOWN, 2 * MINUTE),
        passes(MINUTE),
        passes(MINUTE),
        passes(HOUR),
    ],
    "one that a complete page no longer holds, until it does": [
        comes(),
        moves(2 * HOUR, "miss"),
        passes(HOUR),
        passes(HOUR - MINUTE),
        passes(MINUTE),
        passes(HOUR),
        comes(MINUTE),
    ],
    "missing and rejected": [
        shows(PlatformState.WAITING),
        moves(HOUR, "reply"),
        shows(PlatformState.REJECTED, HOUR),
        moves(MINUTE, "miss"),
        passes(3 * HOUR),
    ],
    "rejected before the clock was put back": [
        shows(PlatformState.WAITING),
        moves(75 * MINUTE, "reply"),
        (30 * MINUTE, "unseen", shows(PlatformState.REJECTED), 20 * MINUTE),
        passes(6 * MINUTE),
        passes(MINUTE),
        passes(13 * MINUTE - SECOND),
        passes(SECOND),
    ],
    "taken in before the clock was put back": [
        (HOUR, "unseen", comes(left=9 * HOUR), HOUR),
        passes(59 * MINUTE),
        passes(MINUTE),
    ],
    "the clock is put back": [
        comes(left=65 * MINUTE),
        passes(56 * MINUTE),
        passes(MINUTE),
        passes(-31 * MINUTE),
        passes(HOUR),
    ],
    "put back into service hours": [
        comes(8 * HOUR, left=65 * MINUTE),
        passes(3 * HOUR),
        passes(MINUTE),
        passes(-150 * MINUTE),
        passes(MINUTE),
    ],
    "put back, and back again": [
        comes(left=HOUR),
        passes(51 * MINUTE),
        passes(MINUTE),
        *[passes(-50 * MINUTE)] * 2,
    ],
}


@pytest.mark.parametrize("happenings", CASES.values(), ids=CASES)
def test_a_run_claims_what_looking_at_every_ticket_would(happenings: list[Happening], tmp_path: Path) -> None:
    history = History(tmp_path)
    for happening in happenings:
        history.goes_on(happening)
    assert history.told


NUMBERS = st.sampled_from([ONE, "59088002", "59088003"])
LENGTHS = st.sampled_from([*(n * MINUTE for n in (1, 10, 30, 31, 45, 60, 120, 240)), 10 * HOUR, OVERNIGHT])
# A clock that is less than ten minutes behind is another machine's, and makes nothing looked at anew.
WAITS = st.one_of(
    st.sampled_from([NOW, SECOND, MINUTE, 5 * MINUTE]),
    LENGTHS,
    st.sampled_from([-11 * MINUTE, -HOUR, -10 * HOUR]),
)
ANSWERS = st.lists(st.sampled_from([OK, OK, DOWN, TOO_MANY, killed]), max_size=4)
VERBS = st.sampled_from(["reply", "reply", "send", "send", "miss", "assign", "close", "void", "reopen"])
SHOPS = st.sampled_from(["jd3", "jd5"])
SAYS = st.none() | st.sampled_from(PlatformState)
HAPPENINGS = st.one_of(
    st.tuples(WAITS, st.just("nothing")),
    st.tuples(WAITS, st.just("run"), ANSWERS, st.sampled_from([BUDGET, BUDGET, NOW])),
    st.tuples(WAITS, st.just("take_in"), NUMBERS, LENGTHS, st.none() | LENGTHS, SHOPS, SAYS),
    st.tuples(WAITS, st.just("move"), NUMBERS, VERBS),
    st.tuples(WAITS, st.just("deliver"), NUMBERS, st.sampled_from(DeliveryState), st.none() | LENGTHS),
    st.tuples(WAITS, st.just("grant"), NUMBERS, LENGTHS),
    st.tuples(WAITS, st.just("set"), st.sampled_from(list(SETTINGS))),
)


@given(st.lists(HAPPENINGS, min_size=4, max_size=12))
@settings(max_examples=25, deadline=None)
def test_so_it_does_in_any_history(happenings: list[Happening]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder))
        for happening in happenings:
            history.goes_on(happening)
        history.room.store.close()
