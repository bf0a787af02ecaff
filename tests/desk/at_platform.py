"""A desk on a real store, and a platform in memory beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jdticket.desk.pulling import Pulling, Synced
from jdticket.desk.pushing import Choice, Pushing, Sent
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import EventKind
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.replies import Delivery, Reply
from jdticket.domain.sources import Details, LogEntry, SourceState, Verdict
from jdticket.domain.tickets import PlatformState, Ticket
from jdticket.errors import IncompleteListError, PlatformError, Trouble
from tests.desk.at_desk import DeskAt

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TEXT = "您好，包裹今天发出。"
DOWN = PlatformError("no answer", trouble=Trouble.UNREACHABLE)
LOST = PlatformError("no answer", trouble=Trouble.UNREACHABLE, lost=True)
SUBTYPES = {10101: "催发货", 10102: "催物流"}


@dataclass
class Order:
    """A work order on the played platform."""

    id: str
    created: datetime
    words: str = "待回复"
    order_id: str = ""
    log: list[LogEntry] = field(default_factory=list)


class Played:
    """A platform in memory; it notes what it was asked, and fails where a test says so."""

    OLDEST = timedelta(days=60)

    def __init__(self, room: DeskAt) -> None:
        self._room = room
        self.orders: dict[str, Order] = {}
        self.asked: list[tuple[Any, ...]] = []
        self.fails: dict[str, Exception] = {}
        """By the first word of what is asked."""
        self.page_size = 2
        self.between_pages: Callable[[], None] = lambda: None
        self.type_id: int | None = 101
        self.subtypes_there = SUBTYPES
        self.verdict = Verdict(there=True, words="回复成功")
        self.takes_reply = True
        self.incomplete: set[PlatformState | None] = set()
        """Lists that do not add up."""
        self.refused_orders: set[str] = set()
        self.orders_only = False
        """The lists are empty."""
        self.tells_creation = True
        self.details_tell_creation = True

    def add(self, number: str, created: datetime, words: str = "待回复", **fields: Any) -> Order:
        self.orders[number] = Order(number, created, words, f"2754900{number}", **fields)
        return self.orders[number]

    def _ask(self, *question: Any) -> None:
        self.asked.append(question)
        if question[0] in self.fails:
            raise self.fails[question[0]]

    def _draft(self, order: Order) -> Draft:
        return Draft(
            source="JOS",
            row=0,
            id=order.id,
            order_id=order.order_id,
            platform_state=platform_state_from_words(order.words),
            platform_status=order.words,
            created_at=order.created if self.tells_creation else None,
            content="催促发货",
            shop="jd3",
            seen_at=self._room.time,
        )

    def read(
        self, begin: datetime, end: datetime, state: PlatformState | None = None
    ) -> Iterator[list[Draft | Rejection]]:
        self._ask("read", begin, end, state)
        found = [
            self._draft(order)
            for order in self.orders.values()
            if not self.orders_only
            and begin <= order.created <= end
            and state in (None, platform_state_from_words(order.words))
        ]
        for n in range(0, len(found), self.page_size):
            if n:
                self._ask("page")
                self.between_pages()
            yield list(found[n : n + self.page_size])
        if state in self.incomplete:
            raise IncompleteListError("it does not add up", trouble=Trouble.UNREACHABLE)

    def of_order(self, order_id: str) -> list[Draft | Rejection]:
        self._ask("order", order_id)
        if order_id in self.refused_orders:
            raise PlatformError("not this one", code="61", one_request=True)
        return [self._draft(order) for order in self.orders.values() if order.order_id == order_id]

    def details(self, ticket_id: str) -> Details:
        self._ask("details", ticket_id)
        order = self.orders[ticket_id]
        created = order.created if self.details_tell_creation else None
        return Details(self.type_id, "CRC高危投诉", tuple(order.log), created)

    def subtypes(self, type_id: int) -> dict[int, str]:
        self._ask("subtypes", type_id)
        return dict(self.subtypes_there)

    def reply(self, ticket_id: str, text: str, type_id: int, subtype_id: int) -> Verdict:
        if self.takes_reply and self.verdict.there:
            order = self.orders[ticket_id]
            order.log.append(LogEntry(self._room.time, "店铺", "商家回复", text))
            order.words = "待确认"
        self._ask("reply", ticket_id, text, type_id, subtype_id)
        return self.verdict

    def asked_for(self, kind: str) -> list[tuple[Any, ...]]:
        return [question for question in self.asked if question[0] == kind]


class Room:
    """A desk, and the platform beside it."""

    def __init__(self, folder: Path, now: str = "23 12:00") -> None:
        self.office = DeskAt(folder, now, shops=["jd3"])
        self.platform = Played(self.office)
        self.store = self.office.store
        self.pulling = Pulling(
            self.store,
            lambda: self.office.time,
            lambda found, shop, reject: self.office.desk.taking_in.take_in(
                found, shop=shop, on_rejection=reject
            ),
        )
        self.pushing = Pushing(self.store, lambda: self.office.time)
        self.choices: list[Choice] = []
        self.chosen: int | BaseException = 10102

    def pass_time(self, length: timedelta) -> None:
        self.office.time += length

    def sync(self, **options: Any) -> Synced:
        self.platform.asked.clear()
        return self.pulling.sync("jd3", lambda: self.platform, **options)

    @property
    def source(self) -> SourceState:
        found = self.store.source("jd3")
        assert found is not None
        return found

    def ticket(self, number: str) -> Ticket:
        found = self.store.ticket(number)
        assert found is not None
        return found

    def events(self, number: str) -> list[EventKind]:
        return [event.kind for event in self.store.events(ticket_id=number)]

    def begins(self) -> list[datetime]:
        """Since when all work orders were asked for, whatever their state."""
        return [question[1] for question in self.platform.asked_for("read") if question[3] is None]

    # Sending

    def replied(self, number: str = "84700001", text: str = TEXT, *, send: bool = True) -> Reply:
        """A reply on record, to a work order that the platform has."""
        if number not in self.platform.orders:
            self.platform.add(number, self.office.time - HOUR)
            self.sync()
        answered = self.office.desk.replies.reply(number, text, at=None, by="小王", force=False, send=send)
        self.platform.asked.clear()
        return answered.reply

    def send(self, reply: Reply) -> Sent:
        def choose(choice: Choice) -> int:
            self.choices.append(choice)
            if isinstance(self.chosen, BaseException):
                raise self.chosen
            return self.chosen

        return self.pushing.send(reply, lambda _ticket: self.platform, choose, by="小王")

    def delivery(self, reply: Reply) -> Delivery:
        found = self.store.delivery(reply.id)
        assert found is not None
        return found
