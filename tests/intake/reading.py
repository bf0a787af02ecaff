"""Short ways to read something in a test."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jdticket.domain.drafts import Draft, Rejection
from jdticket.intake.files import source_from_stream
from jdticket.intake.interface import ReadOptions, Source

DATA = Path(__file__).parent.parent / "data"
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
"""15:00 in Shanghai."""


def options(**changes: Any) -> ReadOptions:
    return ReadOptions(**{"zone": ZoneInfo("Asia/Shanghai"), "now": NOW, **changes})


def at(text: str) -> datetime:
    """A time in Shanghai, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def source(content: str | bytes, name: str = "stdin", **changes: Any) -> Source:
    raw = content.encode() if isinstance(content, str) else content
    return source_from_stream(name, io.BytesIO(raw), options(**changes))


def read(content: str | bytes, name: str = "stdin", **changes: Any) -> list[Draft | Rejection]:
    return list(source(content, name, **changes).read())


def drafts(content: str | bytes, name: str = "stdin", **changes: Any) -> list[Draft]:
    """What is read, which must be drafts alone."""
    found = read(content, name, **changes)
    assert all(isinstance(item, Draft) for item in found), found
    return [item for item in found if isinstance(item, Draft)]


def only_draft(content: str | bytes, name: str = "stdin", **changes: Any) -> Draft:
    [draft] = drafts(content, name, **changes)
    return draft


def only_rejection(content: str | bytes, name: str = "stdin", **changes: Any) -> Rejection:
    [found] = read(content, name, **changes)
    assert isinstance(found, Rejection), found
    return found
