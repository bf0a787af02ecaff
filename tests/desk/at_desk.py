"""A desk on a real store, at a time that the test sets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jdticket.desk.desk import Desk, TakenIn
from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, Duration
from jdticket.domain.hours import ServiceHours, parse_window
from jdticket.domain.replies import ReplyRules
from jdticket.domain.tickets import Draft, Rejection
from jdticket.errors import InputError
from jdticket.store.sqlite import SqliteStore

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = ServiceHours(SHANGHAI, [[parse_window("09:00-19:00")]] * 7)
POLICY = DeadlinePolicy(HOURS, Duration(timedelta(hours=4), ClockKind.SERVICE), {})


def at(text: str) -> datetime:
    """``"23 14:30"`` is that time on that day of November 2026, in Shanghai."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-11-{day} {time}").replace(tzinfo=SHANGHAI)


def draft(number: str = "59088842", **fields: Any) -> Draft:
    """A ticket of the 23rd, 10:00, so due at 14:00 that day."""
    values: dict[str, Any] = {"source": "tickets.csv", "row": 2, "created_at": at("23 10:00")}
    return Draft(id=number, **(values | fields))


class DeskAt:
    """A desk whose clock stands where the test puts it."""

    def __init__(
        self,
        folder: Path,
        now: str,
        *,
        policy: DeadlinePolicy = POLICY,
        shops: Iterable[str] = (),
    ) -> None:
        self.time = at(now)
        self.store = SqliteStore.open(folder / "desk.db")
        codes = list(shops)

        def shop_code(text: str) -> str:
            if codes and text not in codes:
                raise InputError(f"no shop {text}")
            return text

        self.desk = Desk(
            self.store,
            policy,
            lambda: self.time,
            reply_rules=ReplyRules(4, frozenset({"收到", "好的", "ok"})),
            shop_code=shop_code,
            default_shop="" if not codes else codes[0] if len(codes) == 1 else None,
        )
        self.rejections: list[Rejection] = []

    def take_in(self, *found: Draft | Rejection, **options: Any) -> TakenIn:
        self.rejections.clear()
        return self.desk.take_in(found, on_rejection=self.rejections.append, **options)
