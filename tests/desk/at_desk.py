"""A desk on a real store, at a time that the test sets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jdticket.desk.desk import Desk
from jdticket.desk.replies import Answered
from jdticket.desk.taking_in import TakenIn
from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, TimeToReply
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import EventKind
from jdticket.domain.hours import ServiceHours, parse_window
from jdticket.domain.outages import OutageReason, Outcome, Via
from jdticket.domain.replies import ReplyRules
from jdticket.domain.tickets import PlatformState
from jdticket.errors import InputError
from jdticket.store.sqlite import SqliteStore

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = ServiceHours(SHANGHAI, [[parse_window("09:00-19:00")]] * 7)
POLICY = DeadlinePolicy(HOURS, TimeToReply(timedelta(hours=4), ClockKind.SERVICE), {})


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
            reply_rules=lambda: ReplyRules(4, frozenset({"收到", "好的", "ok"})),
            shop_code=shop_code,
            default_shop="" if not codes else codes[0] if len(codes) == 1 else None,
            taught=lambda: self.taught,
        )
        self.rejections: list[Rejection] = []
        self.taught: dict[str, PlatformState] = {}

    def take_in(self, *found: Draft | Rejection, **options: Any) -> TakenIn:
        self.rejections.clear()
        return self.desk.taking_in.take_in(found, on_rejection=self.rejections.append, **options)


WAITING = {"platform_state": PlatformState.WAITING, "platform_status": "待回复"}


REJECTED = {"platform_state": PlatformState.REJECTED, "platform_status": "已驳回"}


REPLIED = {"platform_state": PlatformState.REPLIED, "platform_status": "待确认"}


CLOSED = {"platform_state": PlatformState.CLOSED, "platform_status": "已关闭"}


VOID = {"platform_state": PlatformState.VOID, "platform_status": "已作废"}


def kinds_of_events(office: DeskAt, number: str = "59088842") -> list[EventKind]:
    return [event.kind for event in office.store.events(ticket_id=number)]


def answer(office: DeskAt, text: str = "已经发出，请查收", **options: Any) -> Answered:
    """A reply given now."""
    given: dict[str, Any] = {"at": None, "by": "", "force": False}
    return office.desk.replies.reply("59088842", text, **(given | options))


def report(office: DeskAt, **options: Any) -> int:
    values: dict[str, Any] = {
        "since": None,
        "until": None,
        "shops": [],
        "note": "",
        "by": "",
        "contact": None,
    }
    story = office.desk.outages.report(OutageReason.POWER, **(values | options))
    return story.outage.id


def grant(
    office: DeskAt, outage_id: int | None = None, *, until: str, tickets: tuple[str, ...] = ()
) -> list[str]:
    done = office.desk.outages.contact(
        outage_id or report(office),
        manager="张经理",
        via=Via.PHONE,
        said="",
        at=None,
        outcome=Outcome.GRANTED,
        granted_until=at(until),
        tickets=tickets,
        by="",
    )
    return [extension.ticket_id for extension in done.moved]


def contact(office: DeskAt, outage_id: int, outcome: Outcome, when: datetime | None = None) -> None:
    office.desk.outages.contact(
        outage_id,
        manager="张经理",
        via=Via.PHONE,
        said="",
        at=when,
        outcome=outcome,
        granted_until=None,
        tickets=(),
        by="",
    )


ENDS = {"replied": REPLIED, "closed": CLOSED, "void": VOID}


def make_move(office: DeskAt, move: str) -> None:
    """A person's move with ticket 842, by its name."""
    if move == "reply":
        office.desk.replies.reply("842", "已经发出，请查收", at=None, by="", force=False)
    elif move == "close":
        office.desk.tickets.close("842", by="")
    else:
        getattr(office.desk.tickets, move)("842", "因为", by="")
