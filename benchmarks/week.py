"""A week of reminders, every five minutes, against three unreliable robots.

    python benchmarks/week.py [SEED]

2,016 runs, 3 shops, 150 tickets, some answered. One robot refuses the words of one message in ten,
one limits, one loses answers. The oracle knows docs/reminders.md alone: it looks at what each group saw.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import installed
from installed import CHECKOUT
from timing import this_machine

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 11, 22, 16, tzinfo=UTC)  # midnight in Shanghai
BEIJING = timedelta(hours=8)
SHOPS = ("jd3", "jd5", "jd7")
BEFORE = (2 * HOUR, HOUR, 30 * MINUTE, 10 * MINUTE)
SLACK = 30 * MINUTE  # of service time, for what is refused, limited or lost and comes again
NUMBER = re.compile(r"(?<!\d)5908\d{4}(?!\d)")


def is_open(moment: datetime) -> bool:
    return 9 <= (moment + BEIJING).hour < 19


def served(start: datetime, length: timedelta) -> datetime:
    """When so much service time has passed, minute by minute."""
    while length > timedelta(0) or not is_open(start):
        if is_open(start):
            length -= MINUTE
        start += MINUTE
    return start


class Case(NamedTuple):
    number: str
    shop: str
    created: datetime
    answered: datetime | None


class Seen(NamedTuple):
    """A message as it stands in a group."""

    at: datetime
    channel: str
    numbers: frozenset[str]


def cases(dice: random.Random) -> Iterator[Case]:
    for index in range(150):
        created = BEGIN + timedelta(minutes=dice.randrange(6 * 24 * 60))
        answered = served(created, timedelta(minutes=dice.randrange(1, 420))) if dice.random() < 0.8 else None
        yield Case(str(59080000 + index), dice.choice(SHOPS), created, answered)


class Robot:
    """Stands in for a robot; ``manners`` is what it does to a message now and then."""

    def __init__(self, channel: str, manners: str, dice: random.Random, now: Callable[[], datetime]) -> None:
        self.channel, self._manners, self._dice, self._now = channel, manners, dice, now
        self.seen: list[Seen] = []
        self.lost: Counter[str] = Counter()
        self._minute: Counter[datetime] = Counter()

    def send(self, text: str) -> tuple[str, str]:
        """The verdict and the answer."""
        now = self._now()
        if self._manners == "refuses" and "催" in text and self._dice.random() < 0.1:
            return "message", "errcode 430104"
        self._minute[now] += 1
        if self._manners == "limits" and self._minute[now] > 2:
            return "limited", "errcode 45009"
        numbers = frozenset(NUMBER.findall(text))
        self.seen.append(Seen(now, self.channel, numbers))
        if self._manners == "loses" and self._dice.random() < 0.1:
            self.lost.update(numbers)
            return "unsure", "HTTP 504"
        return "taken", "ok"


def main() -> None:
    sys.path.append(str(CHECKOUT))
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(this_machine())
    began = time.perf_counter()
    dice = random.Random(seed)  # noqa: S311 - the same week each time
    with tempfile.TemporaryDirectory(prefix="jdticket-week-") as name:
        judge(*play(Path(name), list(cases(dice)), dice))
    print(f"{time.perf_counter() - began:.0f} s")


def play(folder: Path, week: list[Case], dice: random.Random) -> tuple[list[Case], list[Robot], list[object]]:
    """Let the week pass; what was to be answered, what the groups saw, what the ledger says."""
    from jdticket.channels.interface import Address, make_carrier
    from jdticket.cli.remind import _Words
    from jdticket.desk.dispatch import Outlet, Sending
    from jdticket.desk.reminders import ReminderDesk
    from jdticket.domain.channels import Channel, Receipt, Verdict
    from jdticket.domain.reminders import ReminderRules
    from tests.desk.at_desk import HOURS, SHANGHAI, DeskAt, draft

    desk = DeskAt(folder, "23 00:00", shops=SHOPS)
    manners = dict(zip(SHOPS, ("refuses", "limits", "loses"), strict=True))
    robots = {shop: Robot(shop, manners[shop], dice, lambda: desk.time) for shop in SHOPS}
    rules = ReminderRules(True, BEFORE, 30 * MINUTE, 6, True, None, True, None, (), 5)
    channels = [Channel(shop, (shop,), (), night=False) for shop in SHOPS]

    class Session:
        class config:  # noqa: N801 - as the words ask for it
            zone, message_templates, messages_language = SHANGHAI, {}, "zh"

        @property
        def shop_names(self) -> dict[str, str]:
            return {shop: f"京东{shop[2:]}店" for shop in SHOPS}

        @property
        def now(self) -> datetime:
            return desk.time

    def outlet(name: str) -> Outlet:
        carrier = make_carrier(name, Address("wecom", "https://localhost/x?key=k", ""))

        def send(message: object, _seconds: float) -> Receipt:
            verdict, answer = robots[name].send(carrier.text(message))
            return Receipt(Verdict(verdict), answer)

        def fold(lines: Sequence[str], people: Sequence[str]) -> list[Sending]:
            return [Sending(len(m.lines), partial(send, m)) for m in carrier.fold(lines, people)]

        return Outlet(fold, carrier.fits, carrier.per_minute, None)

    comes = sorted(week, key=lambda case: case.created)
    goes = sorted((case for case in week if case.answered), key=lambda case: case.answered)
    for run in range(7 * 24 * 12):
        desk.time = BEGIN + run * 5 * MINUTE
        while comes and comes[0].created <= desk.time:
            case = comes.pop(0)
            desk.take_in(draft(case.number, shop=case.shop, created_at=case.created, kind_text="催单"))
        while goes and goes[0].answered <= desk.time:
            case = goes.pop(0)
            desk.desk.replies.reply(case.number, "您好，订单今天发出。", at=None, by="", force=True)
        ReminderDesk(desk.store, HOURS, SHANGHAI, rules, [], channels, lambda: desk.time).run(
            outlet, _Words(Session()), budget=50 * timedelta(seconds=1)
        )
    return week, list(robots.values()), desk.store.reminders()


def judge(week: list[Case], robots: list[Robot], ledger: list[object]) -> None:
    """Hold what the groups saw against what the documents promise."""
    seen = {robot.channel: robot.seen for robot in robots}
    lost_copies = {robot.channel: robot.lost for robot in robots}
    named = Counter((one.channel, number) for robot in robots for one in robot.seen for number in one.numbers)
    end = BEGIN + 7 * DAY
    missed = []
    checked = 0
    for case in week:
        deadline = served(case.created, 4 * HOUR)
        first_run = BEGIN + -(-(case.created - BEGIN) // (5 * MINUTE)) * 5 * MINUTE
        marks = [first_run, deadline + MINUTE]
        marks += [mark for left in BEFORE if (mark := before(deadline, left)) > first_run]
        marks += [served(deadline, times * 30 * MINUTE) for times in range(1, 6)]
        marks = sorted({served(mark, timedelta(0)) for mark in marks})
        until = case.answered or end
        for mark, following in zip(marks, [*marks[1:], end], strict=True):
            latest = min(served(mark, SLACK), until, end)
            # A later step may come before a late one: then it takes its place.
            if latest < served(mark, SLACK) or following < latest:
                continue
            checked += 1
            if not any(mark <= one.at <= latest and case.number in one.numbers for one in seen[case.shop]):
                missed.append((case.number, mark))
    rows = Counter((row.channel, row.ticket_id) for row in ledger if row.ticket_id)
    doubled = {key: count for key, count in named.items() if count > rows[key] + lost_copies[key[0]][key[1]]}
    untold = [
        row
        for row in ledger
        if row.state == "sent"
        and row.ticket_id
        and not any(one.at == row.sent_at and row.ticket_id in one.numbers for one in seen[row.channel])
    ]
    close = [
        (channel, number, first.at)
        for channel, messages in seen.items()
        for first, second in pairwise(messages)
        for number in first.numbers & second.numbers
        if first.at == second.at and channel != "jd7"
    ]
    night = [one for messages in seen.values() for one in messages if not is_open(one.at)]
    lost = sum(sum(numbers.values()) for numbers in lost_copies.values())
    print(
        f"messages {sum(map(len, seen.values()))}, steps looked at {checked}, rows {len(ledger)}, lost {lost}"
    )
    for words, found in (
        ("steps that nobody heard of", missed),
        ("told more often than on record", list(doubled.items())),
        ("told twice in one run", close),
        ("on record as sent and named nowhere", untold),
        ("at night", night),
    ):
        print(f"  {words}: {len(found)} (0) {found[:3] if found else ''}")


def before(deadline: datetime, left: timedelta) -> datetime:
    """When so much service time was left."""
    moment = deadline
    while left > timedelta(0):
        moment -= MINUTE
        if is_open(moment):
            left -= MINUTE
    return moment


if __name__ == "__main__":
    installed.run(main)
