"""What carries the messages of a notification channel (通知渠道), and what it promises.

A carrier takes a message to people and tells what became of it. It chooses neither what is said nor
when, keeps no count of what it sent, reads no clock and looks at no store.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import ClassVar

from jdticket.domain.channels import CHANNEL_KINDS, EVERYBODY, PHONE, Receipt, can_mention
from jdticket.errors import ConfigError
from jdticket.i18n import _

_CUT = "…"
_MENTIONED_MOST = 50


@dataclass(frozen=True, slots=True)
class Address:
    """Where a channel's messages go; all of it is secret but the kind."""

    kind: str
    """One of ``CHANNEL_KINDS``."""
    url: str
    """It carries the robot's key. Empty for stdout."""
    secret: str
    """The signing secret of DingTalk and Feishu; empty: the robot does not sign."""
    keyword: str = ""
    """What the robot wants to find in every message; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out in one network call."""

    lines: tuple[str, ...]
    """Plain text; nothing in it is read as a mention, a tag or a mark-up."""
    mention: tuple[str, ...]
    """Phone numbers, user ids and ``EVERYBODY``; those whom the channel cannot mention are left out."""


class Carrier(ABC):
    """Carries messages to one group, inbox or stream that people watch.

    Each kind of channel is a module with the name of the kind, whose ``CARRIER`` is the class; it is
    made with the channel's name and its :class:`Address`.
    """

    name: str
    """As the configuration calls it."""
    size_limit: int
    """The most bytes of UTF-8 that the text of one message may have, mentions in it included."""
    per_minute: ClassVar[int | None] = None
    """The most messages that it takes in a minute; None: no limit known."""
    per_second: ClassVar[int | None] = None
    """The most messages that it takes in a second; None: no limit known."""
    keyword: str = ""
    """Stands in every message, in front where the text does not hold it already."""

    kind: ClassVar[str] = ""
    """One of ``CHANNEL_KINDS``, for those that can mention people."""

    @abstractmethod
    def send(self, message: Message, *, now: datetime, timeout: float) -> Receipt:
        """Send ``message`` in one network call and tell what became of it.

        ``now`` is the moment that a signed message is dated with. ``timeout`` (seconds, above zero) is for
        everything together: looking up the name, connecting (5 s at most), sending, and the last
        byte of the answer, however slowly it drips. A call that ran out of time may have arrived.

        Never raises for what the network or the other side does. Certificates are verified, redirects
        are not followed, and of a huge answer only the beginning is read.
        """

    def can_mention(self, person: str) -> bool:
        """Whether ``person`` (phone number, user id or ``EVERYBODY``) can be @-mentioned here."""
        return can_mention(self.kind, person)

    def fold(self, lines: Iterable[str], mention: Iterable[str]) -> list[Message]:
        """``lines`` in as few messages as take them, each mentioning the same people.

        Every line stands whole in exactly one message, in order; see :func:`fold`.
        """
        people = tuple(mention)
        room = self._room(people)
        return [Message(part, people) for part in fold(lines, room, self._size)]

    def fits(self, line: str, mention: Iterable[str]) -> bool:
        """Whether ``line`` stands in a message to these people without being cut."""
        return self._size(line) <= self._room(tuple(mention))

    def text(self, message: Message) -> str:
        """The message as one text, the way the channel carries it."""
        text = "\n".join(map(self._plain, message.lines))
        if self.keyword and self.keyword not in text:
            text = f"{self.keyword} {text}"
        return text + self._mention_text(message.mention)

    def _room(self, people: tuple[str, ...]) -> int:
        """The bytes that are left for lines beside the mentions of these people and the keyword."""
        keyword = size_in_bytes(f"{self.keyword} ") if self.keyword else 0
        return self.size_limit - size_in_bytes(self._mention_text(people)) - keyword

    def _mentioned(self, mention: Iterable[str]) -> list[str]:
        """Those who can be mentioned; of so many that their names would push the text out, everybody."""
        people = [person for person in dict.fromkeys(mention) if self.can_mention(person)]
        return [EVERYBODY] if len(people) > _MENTIONED_MOST else people

    def _mention_text(self, mention: Iterable[str]) -> str:  # noqa: ARG002 - for those that need text
        """What is put behind the text so that these people are mentioned."""
        return ""

    def _plain(self, text: str) -> str:
        """``text`` with nothing in it that the channel would take for a tag; character by character."""
        return text

    def _size(self, text: str) -> int:
        return size_in_bytes(self._plain(text))


def make_carrier(name: str, address: Address) -> Carrier:
    """What carries the messages of the channel ``name`` to ``address``.

    Raises ``ConfigError`` when there is no such kind, or the kind cannot work with the address.
    """
    if address.kind not in CHANNEL_KINDS:
        raise ConfigError(
            _("channel {name}: there is no kind {kind}; it is one of {kinds}.").format(
                name=name, kind=address.kind, kinds=", ".join(CHANNEL_KINDS)
            )
        )
    carrier: Carrier = import_module(f"jdticket.channels.{address.kind}").CARRIER(name, address)
    carrier.keyword = address.keyword
    return carrier


def size_in_bytes(text: str) -> int:
    """The length of ``text`` in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def fold(
    lines: Iterable[str], limit: int, size: Callable[[str], int] = size_in_bytes
) -> list[tuple[str, ...]]:
    """Join ``lines`` into as few groups as fit into ``limit`` bytes each, line ends between them included.

    The order stays and each line stands in exactly one group. A line is never cut, except one that is
    longer than a whole message: it keeps what fits, cut between two characters, and ends in "…". A
    line that holds line ends of its own stays together. ``size`` tells the bytes of a text as it is
    sent; it has to be the sum of the sizes of its characters. ``limit`` has room for "…" at least.
    """
    groups: list[list[str]] = []
    left = -1
    for line in lines:
        kept = _cut(line, limit, size)
        left -= size("\n") + size(kept)
        if left < 0:
            groups.append([])
            left = limit - size(kept)
        groups[-1].append(kept)
    return [tuple(group) for group in groups]


def is_phone(person: str) -> bool:
    """Whether a person to mention is given by phone number; else it is a user id or ``EVERYBODY``."""
    return re.fullmatch(PHONE, person) is not None


def without_tags(text: str) -> str:
    """``text`` in which no "<" can open a tag: a full-width one takes its place and reads the same."""
    return text.replace("<", "＜")


def _cut(line: str, limit: int, size: Callable[[str], int]) -> str:
    if size(line) <= limit:
        return line
    left = limit - size(_CUT)
    for end, character in enumerate(line):
        left -= size(character)
        if left < 0:
            return line[:end] + _CUT
    return line
