"""Notification channels (通知渠道): who hears of what, and what became of a message."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

CHANNEL_KINDS = ("wecom", "dingtalk", "feishu", "apprise", "stdout")
"""The kinds of channels that there are; each is a module of ``jdticket.channels``."""


class Channel(NamedTuple):
    """A notification channel (通知渠道), as far as it decides who hears of what and when."""

    name: str
    shops: tuple[str, ...]
    """Codes of the shops it is for; empty: all."""
    mention: tuple[str, ...]
    """Phone numbers or user ids that every message @-mentions; "all" is everybody."""
    night: bool
    """Whether it may be used outside service hours."""


class Receipt(NamedTuple):
    """What became of a message, as its channel tells."""

    ok: bool
    """The channel said, in its own way, that it took the message."""
    answer: str
    """What it answered, or what went wrong: one short line, without address, key, secret or signature."""
    refused: bool = False
    """Refused for good (bad key, keyword rule, signature, redirected): a person has to act."""
    rate_limited: bool = False
    """Too many messages: no more should be tried in this run."""


class ChannelTrouble(NamedTuple):
    """A channel that fails: its last outcome is a failure, whatever it has sent before."""

    channel: str
    since: datetime
    """When the first of these failures was claimed; nothing has gone out on the channel since."""
    answer: str
    """What the channel said to the last of them."""
    refused: bool
    """The last of them was refused for good: a person has to act."""
