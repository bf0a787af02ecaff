"""The sending of notices: every channel beside the others, and what became of each message as it comes."""

from __future__ import annotations

import queue
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from jdticket.desk.claims import Notice, in_order
from jdticket.domain.channels import Receipt, Verdict
from jdticket.domain.reminders import ReminderRule
from jdticket.errors import JdticketError

ANSWER_SECONDS = 10.0
"""The most that one message may take, its answer included."""
DIGEST_MESSAGES = 5
"""The most messages of the day's digest for one channel in one run."""


class Form(Enum):
    """How much a message says of a notice."""

    WHOLE = "whole"
    SHORT = "short"
    """One line, for a message that tells of many."""
    BARE = "bare"
    """One line without a word from outside: for a channel that refuses those words."""


class Wording(Protocol):
    """Words notices."""

    def notice(self, notice: Notice, form: Form) -> str:
        """What a message says of ``notice``; lines of its own stay together."""

    def continued(self) -> str:
        """The heading of a digest that goes on."""

    def more(self, count: int) -> str:
        """That so many tickets of the digest follow."""


class Sending(NamedTuple):
    """One message."""

    lines: int
    """How many of the lines it carries."""
    send: Callable[[float], Receipt]
    """Sends it, given the seconds that it may take."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel, as far as a run has to know it."""

    fold: Callable[[Sequence[str], Sequence[str]], Sequence[Sending]]
    """Lines and people to mention -> messages."""
    fits: Callable[[str, Sequence[str]], bool]
    """Whether a line stands in a message to these people without being cut."""
    per_minute: int | None
    per_second: int | None


class Why(Enum):
    """Why a notice was left for another run."""

    LIMIT = "limit"
    """The channel takes no more now, or would not."""
    BUDGET = "budget"
    """The time of the run was over."""
    TROUBLE = "trouble"
    """The channel failed before its turn came."""
    FOLLOWS = "follows"
    """The digest has been as long as is good; it goes on in the next run."""


class Left(NamedTuple):
    """What became of notices that were not sent."""

    why: Why
    answer: str = ""
    """What the channel said."""


class Told(NamedTuple):
    """What became of notices."""

    notices: Sequence[Notice]
    outcome: Receipt | Left
    messages: int = 0
    """How many messages it took."""
    refusal: str = ""
    """What the channel said to the words that were left out in the end; empty: none were."""


def dispatch(
    notices: Iterable[Notice],
    outlet: Callable[[str], Outlet],
    wording: Wording,
    *,
    digest_over: int,
    ends_at: float,
    answer_seconds: float,
    sent_lately: Mapping[str, int],
) -> Iterator[Told]:
    """Send ``notices``; yield what became of each message's, as it happens.

    ``outlet`` makes a channel by name. More than ``digest_over`` notices for a channel are joined. Nothing is
    begun that cannot end before ``ends_at`` (:func:`time.monotonic`), each message taking up to
    ``answer_seconds``. ``sent_lately`` is how many messages went out on a channel within the last minute.

    A message that is refused is sent once more without a word from outside, and if it is refused even so and
    tells of several tickets, each half of them by itself; then the next has its turn. A
    channel's turn ends at its limit, when two messages in a row do not get through, and when three in a row
    are refused for its settings.
    """
    by_channel: dict[str, list[Notice]] = {}
    for notice in notices:
        by_channel.setdefault(notice.reminder.channel, []).append(notice)
    results: queue.SimpleQueue[Told | None] = queue.SimpleQueue()

    def work(name: str, ours: list[Notice]) -> None:
        try:
            made = outlet(name)
        except JdticketError as error:
            # A channel that cannot even be made: its key is not in the environment, its kind is odd.
            results.put(Told(ours, Receipt(Verdict.SETTINGS, error.message)))
            return
        plan = _Plan(made, wording, digest_over)
        turn = _Turn(made, ends_at, answer_seconds, sent_lately.get(name, 0))
        for told in turn.take(plan.messages(ours)):
            results.put(told)
        if plan.follows:
            results.put(Told(plan.follows, Left(Why.FOLLOWS)))

    with ThreadPoolExecutor(max_workers=max(len(by_channel), 1)) as pool:
        works = [pool.submit(work, name, ours) for name, ours in by_channel.items()]
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


class _Message(NamedTuple):
    """A message, the notices that stand in it, and what is sent instead when it is refused."""

    notices: Sequence[Notice]
    send: Callable[[float], Receipt]
    instead: Callable[[], list[_Message]] | None
    """The same without outside words, or in halves; None: there is no other way to say it."""


class _Plan:
    """Which messages tell of the notices of one channel, in which order."""

    def __init__(self, outlet: Outlet, wording: Wording, digest_over: int) -> None:
        self._outlet = outlet
        self._wording = wording
        self._digest_over = digest_over
        self.follows: list[Notice] = []
        """What the digest leaves for the next run."""

    def messages(self, notices: Collection[Notice]) -> list[_Message]:
        """One ticket, one message, many joined: what is of no ticket, the digest, and the steps by urgency.
        A digest that goes on comes behind what can still be saved."""
        digest = [notice for notice in notices if notice.reminder.rule is ReminderRule.OPENING]
        others = [notice for notice in notices if notice.reminder.rule is not ReminderRule.OPENING]
        heading = next((notice for notice in digest if notice.ticket is None), None)
        named, held = self._digest([notice for notice in digest if notice.ticket is not None], heading)
        self.follows = held
        steps = in_order([notice for notice in others if notice.ticket is not None] + self._urgent(held))
        joined = len(steps) > self._digest_over
        first = [notice for notice in steps if not notice.overdue]
        last = [notice for notice in steps if notice.overdue]
        parts = [
            self._told_of(in_order(notice for notice in others if notice.ticket is None), joined=False),
            *([named] if heading is not None else []),
            self._told_of(first, joined),
            *([named] if heading is None else []),
            self._told_of(last, joined),
        ]
        return [message for part in parts for message in part]

    def _urgent(self, held: list[Notice]) -> list[Notice]:
        """The steps that a digest would have covered and that cannot wait for its end: they can still save a
        deadline. They are taken out of what follows."""
        found: list[Notice] = []
        for index, notice in enumerate(held):
            can_save = [step for step in notice.covers if step.can_save]
            if can_save:
                found += can_save
                held[index] = notice._replace(
                    covers=tuple(step for step in notice.covers if step not in can_save)
                )
        return found

    def _told_of(self, notices: Sequence[Notice], joined: bool, form: Form | None = None) -> list[_Message]:
        if joined:
            people = _people(notices)
            lines = [self._line(notice, form or Form.SHORT, people) for notice in notices]
            groups = [(notices, lines, people)]
        else:
            groups = [
                ([notice], [self._line(notice, form or Form.WHOLE, notice.mention)], notice.mention)
                for notice in notices
            ]
        return [
            message
            for group, lines, people in groups
            for message in self._folded(group, lines, people, joined, is_bare=form is Form.BARE)
        ]

    def _folded(
        self,
        notices: Sequence[Notice],
        lines: Sequence[str],
        people: Sequence[str],
        joined: bool,
        *,
        is_bare: bool,
    ) -> Iterator[_Message]:
        rest = list(notices)
        for count, send in self._outlet.fold(lines, people):
            held, rest = rest[:count], rest[count:]

            def instead(held: Sequence[Notice] = tuple(held)) -> list[_Message]:
                parts = _halves(held) if is_bare else [held]
                return [message for part in parts for message in self._told_of(part, joined, Form.BARE)]

            yield _Message(held, send, None if is_bare and len(held) < 2 else instead)

    def _line(self, notice: Notice, form: Form, people: Sequence[str]) -> str:
        """What is said of ``notice``; where that is longer than a message, what cannot be left out."""
        line = self._wording.notice(notice, form)
        return line if self._outlet.fits(line, people) else self._wording.notice(notice, Form.BARE)

    def _digest(self, notices: list[Notice], heading: Notice | None) -> tuple[list[_Message], list[Notice]]:
        """The messages that name these tickets, as many as are good in one run, and what they leave."""
        if not notices and heading is None:
            return [], []
        people = _people([*notices, *([heading] if heading else [])])
        head = self._wording.continued() if heading is None else self._line(heading, Form.SHORT, people)
        lines = [self._line(notice, Form.SHORT, people) for notice in notices]
        waiting = max((notice.waiting for notice in notices), default=0)

        def of(count: int) -> list[str]:
            more = [self._wording.more(waiting - count)] if waiting > count else []
            return [head, *lines[:count], *more]

        # The most of them that the messages of one run hold.
        count = len(notices)
        if len(self._outlet.fold(of(count), people)) > DIGEST_MESSAGES:
            count = bisect_right(
                range(len(notices)),
                DIGEST_MESSAGES,
                key=lambda count: len(self._outlet.fold(of(count + 1), people)),
            )
        return self._digest_of(notices[:count], heading, of(count), people, is_bare=False), notices[count:]

    def _digest_of(
        self,
        notices: Sequence[Notice],
        heading: Notice | None,
        lines: Sequence[str],
        people: Sequence[str],
        *,
        is_bare: bool,
    ) -> list[_Message]:
        # A line that is of no notice goes with the message that it falls into.
        owners = [heading, *notices, None]
        messages = []
        for count, send in self._outlet.fold(lines, people):
            held = [notice for notice in owners[:count] if notice is not None]
            owners = owners[count:]

            def instead(held: Sequence[Notice] = tuple(held)) -> list[_Message]:
                parts = _halves(held) if is_bare else [held]
                return [message for part in parts for message in self._bare_digest_of(part, people)]

            messages.append(_Message(held, send, None if is_bare and len(held) < 2 else instead))
        return messages

    def _bare_digest_of(self, held: Sequence[Notice], people: Sequence[str]) -> list[_Message]:
        heading = next((notice for notice in held if notice.ticket is None), None)
        named = [notice for notice in held if notice.ticket is not None]
        head = self._wording.continued() if heading is None else self._wording.notice(heading, Form.BARE)
        lines = [head, *(self._wording.notice(notice, Form.BARE) for notice in named)]
        return self._digest_of(named, heading, lines, people, is_bare=True)


def _halves(notices: Sequence[Notice]) -> list[Sequence[Notice]]:
    return [notices[: len(notices) // 2], notices[len(notices) // 2 :]]


def _people(notices: Iterable[Notice]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for notice in notices for person in notice.mention))


class _Turn:
    """One channel's turn in one run."""

    def __init__(self, outlet: Outlet, ends_at: float, answer_seconds: float, sent_lately: int) -> None:
        self._outlet = outlet
        self._ends_at = ends_at
        self._answer_seconds = answer_seconds
        self._room = None if outlet.per_minute is None else max(outlet.per_minute - sent_lately, 0)
        self._in_a_row = {Verdict.SETTINGS: 0, Verdict.UNREACHABLE: 0}

    def take(self, messages: Iterable[_Message]) -> Iterator[Told]:
        """Send these messages, and tell what became of them."""
        waiting = deque((message, "") for message in messages)
        tried = told = 0
        left: Left | None = None
        while waiting and left is None:
            if left := self._must_stop(tried):
                break
            message, refusal = waiting.popleft()
            if tried and self._outlet.per_second is not None:
                time.sleep(1 / self._outlet.per_second)
            receipt = message.send(self._answer_seconds)
            tried += 1
            if receipt.verdict is Verdict.MESSAGE and message.instead is not None:
                waiting.extendleft((other, receipt.answer) for other in reversed(message.instead()))
                continue
            if receipt.verdict is Verdict.LIMITED:
                left = Left(Why.LIMIT, receipt.answer)
                yield Told(message.notices, left, tried - told)
                break
            yield Told(message.notices, receipt, tried - told, refusal)
            told = tried
            left = self._ends_with(receipt)
        if left is not None:
            yield from (Told(message.notices, left) for message, _refusal in waiting)

    def _must_stop(self, tried: int) -> Left | None:
        if self._room is not None and tried >= self._room:
            return Left(Why.LIMIT)
        if time.monotonic() + self._answer_seconds > self._ends_at:
            return Left(Why.BUDGET)
        return None

    def _ends_with(self, receipt: Receipt) -> Left | None:
        """Whether no more is tried after this."""
        kind = Verdict.UNREACHABLE if receipt.verdict is Verdict.UNSURE else receipt.verdict
        for verdict in self._in_a_row:
            self._in_a_row[verdict] = self._in_a_row[verdict] + 1 if kind is verdict else 0
        if self._in_a_row[Verdict.UNREACHABLE] >= 2 or self._in_a_row[Verdict.SETTINGS] >= 3:
            return Left(Why.TROUBLE, receipt.answer)
        return None
