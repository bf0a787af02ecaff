"""What carries messages, and the moment at which their messages go out."""

from __future__ import annotations

from datetime import UTC, datetime

from jdticket.channels.interface import Address, Carrier, Message, make_carrier
from jdticket.domain.channels import Receipt

NO_SIGNATURE = " (the signature does not fit; compare secret, and the clock of this computer)"
NO_KEYWORD = " (none of the robot's keywords is in it; put one into keyword of this channel)"
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def carrier(kind: str, url: str = "", *, secret: str = "", keyword: str = "") -> Carrier:
    return make_carrier("cs-group", Address(kind, url, secret, keyword))


def send(to: Carrier, *lines: str, mention: tuple[str, ...] = (), timeout: float = 10) -> Receipt:
    return to.send(Message(lines or ("工单59088842 还剩30分",), mention), now=NOW, timeout=timeout)
