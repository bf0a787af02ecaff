"""Channels as the configuration makes them, and the moment at which their messages go out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jdticket.channels.interface import Channel, Message, make_channel
from jdticket.domain.reminders import ChannelSettings, Verdict

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def channel(kind: str, url: str = "", **fields: Any) -> Channel:
    values: dict[str, Any] = {"name": "cs-group", "secret": "", "mention": (), "shops": (), "night": False}
    return make_channel(ChannelSettings(kind=kind, url=url, **(values | fields)))


def send(to: Channel, *lines: str, mention: tuple[str, ...] = (), timeout: float = 10) -> Verdict:
    return to.send(Message(lines or ("工单59088842 还剩30分",), mention), now=NOW, timeout=timeout)
