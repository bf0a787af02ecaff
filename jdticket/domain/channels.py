"""Notification channels (通知渠道): who hears of what, and what became of a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

CHANNEL_KINDS = ("wecom", "dingtalk", "feishu", "apprise", "stdout")
"""The kinds of channels that there are; each is a module of ``jdticket.channels``."""


EVERYBODY = "all"
"""Stands for everybody in a list of people to mention."""

PHONE = r"1[0-9]{10}|\+[0-9-]{6,20}"
"""Matches a mainland mobile number, and any number written with its country code."""

_MENTIONED: Mapping[str, str] = {
    "wecom": r".+",
    "dingtalk": rf"{EVERYBODY}|{PHONE}",
    "feishu": rf"(?!(?:{PHONE})$)[A-Za-z0-9_-]+",
}
"""By kind, what matches everyone who can be mentioned there; the other kinds mention nobody."""


def can_mention(kind: str, person: str | None) -> bool:
    """Whether a channel of this kind can @-mention ``person`` (phone number, user id or ``EVERYBODY``); None:
    anyone at all."""
    pattern = _MENTIONED.get(kind)
    return pattern is not None and (person is None or re.fullmatch(pattern, person) is not None)


class Channel(NamedTuple):
    """A notification channel (通知渠道), as far as it decides who hears of what and when."""

    name: str
    shops: tuple[str, ...]
    """Codes of the shops it is for; empty: all."""
    mention: tuple[str, ...]
    """Phone numbers or user ids that every message @-mentions; "all" is everybody."""
    night: bool
    """Whether it may be used outside service hours."""
    default: bool = False
    """Whether it is, beside its own shops, for whatever no other channel is for."""
    kind: str = ""
    """One of ``CHANNEL_KINDS``."""


def hears(channel: Channel, shops: Iterable[str], channels: Iterable[Channel]) -> bool:
    """Whether ``channel``, of all ``channels``, hears of one of these shops (none: of all; "": what is of no
    shop)."""
    shops = tuple(shops)

    def is_for(one: Channel, shop: str) -> bool:
        return shop in one.shops if one.shops else not one.default

    if not shops or any(is_for(channel, shop) for shop in shops):
        return True
    if not channel.default:
        return False
    # Asked of each ticket: the others matter to this one channel alone.
    others = [other for other in channels if other.name != channel.name]
    return any(not any(is_for(other, shop) for other in others) for shop in shops)


class Verdict(StrEnum):
    """What a channel made of a message."""

    TAKEN = "taken"
    """It said, in its own way, that it took the message."""
    LIMITED = "limited"
    """Too many messages: no more of any kind should be tried in this run."""
    UNREACHABLE = "unreachable"
    """It did not get there, or nobody was in; worth another try."""
    UNSURE = "unsure"
    """It was sent and no whole answer came back: it may have arrived."""
    MESSAGE = "message"
    """This one message was refused, for what it says or how long it is; others may be taken."""
    SETTINGS = "settings"
    """Refused for its key, keyword, signature or sender: a person has to act."""


class Receipt(NamedTuple):
    """What became of a message, as its channel tells."""

    verdict: Verdict
    answer: str
    """What it answered, or what went wrong: one short line, without address, key, secret or signature."""

    @property
    def ok(self) -> bool:
        """The message was taken."""
        return self.verdict is Verdict.TAKEN


class ChannelTrouble(NamedTuple):
    """A channel that fails: its last outcome is a failure, whatever it has sent before."""

    channel: str
    since: datetime
    """When the first of these failures was claimed; nothing has gone out on the channel since."""
    answer: str
    """What the channel said to the last of them."""
    refused: bool
    """The last of them was refused for good: a person has to act."""
