"""The sending of notices: every channel beside the others, and what became of each message as it comes."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from jdticket.desk.claims import Notice
from jdticket.domain.channels import Receipt
from jdticket.errors import JdticketError

ANSWER_SECONDS = 10.0
"""The most that one message may take, its answer included."""

Compose = Callable[[Notice, bool], str]
"""Words a notice, shorter when it is told that it stands among many (lines of its own stay together)."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel, as far as a run has to know it."""

    fold: Callable[[Sequence[str], Sequence[str]], Sequence[tuple[int, Callable[[float], Receipt]]]]
    """Lines and people to mention -> messages: how many of the lines each carries, and what sends it,
    given the seconds that it may take."""
    per_minute: int | None
    per_second: int | None


def dispatch(
    notices: Iterable[Notice],
    outlet: Callable[[str], Outlet],
    compose: Compose,
    *,
    digest_over: int,
    ends_at: float,
) -> Iterator[tuple[list[Notice], Receipt | None]]:
    """Send ``notices``; yield each message's with what became of it, as it happens (None: it was not tried).

    ``outlet`` makes a channel by name. More than ``digest_over`` notices for a channel are joined. Nothing
    is begun after ``ends_at`` (:func:`time.monotonic`). A channel that fails once is left alone.
    """
    by_channel: dict[str, list[Notice]] = {}
    for notice in notices:
        by_channel.setdefault(notice.reminder.channel, []).append(notice)
    results: queue.SimpleQueue[tuple[list[Notice], Receipt | None] | None] = queue.SimpleQueue()

    def work(name: str, ours: list[Notice]) -> None:
        try:
            made = outlet(name)
            for result in _send(made, list(_messages(made, ours, compose, digest_over)), ends_at):
                results.put(result)
        except JdticketError as error:
            # A channel that cannot even be made: its key is not in the environment, its kind is odd.
            results.put((ours, Receipt(False, error.message, refused=True)))

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


# The notices of one message, and what sends it, given the seconds that it may take.
_Message = tuple[list[Notice], Callable[[float], Receipt]]


def _messages(
    outlet: Outlet, notices: list[Notice], compose: Compose, digest_over: int
) -> Iterator[_Message]:
    """One ticket, one message; many at once are joined."""
    joined = len(notices) > digest_over
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


def _send(
    outlet: Outlet, messages: Sequence[_Message], ends_at: float
) -> Iterator[tuple[list[Notice], Receipt | None]]:
    tried = 0
    for carried, send in messages[: outlet.per_minute]:
        seconds = min(ANSWER_SECONDS, ends_at - time.monotonic())
        if seconds <= 0:
            break
        receipt = send(seconds)
        tried += 1
        yield carried, receipt
        if not receipt.ok:
            break
        if outlet.per_second is not None and tried < len(messages):
            time.sleep(1 / outlet.per_second)
    for carried, _unsent in messages[tried:]:
        yield carried, None
