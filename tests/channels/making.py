"""What carries messages, and the moment at which their messages go out."""

from __future__ import annotations

from datetime import UTC, datetime

from jdticket.channels.interface import Address, Carrier, Message, make_carrier
from jdticket.domain.channels import Receipt

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def carrier(kind: str, url: str = "", *, secret: str = "") -> Carrier:
    return make_carrier("cs-group", Address(kind, url, secret))


def send(to: Carrier, *lines: str, mention: tuple[str, ...] = (), timeout: float = 10) -> Receipt:
    return to.send(Message(lines or ("工单59088842 还剩30分",), mention), now=NOW, timeout=timeout)
