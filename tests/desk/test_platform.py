from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jdticket.desk.platform import Choice, PlatformDesk, Sent, Synced
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import EventKind
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import Details, LogEntry, SourceState, Verdict
from jdticket.domain.tickets import Kind, PlatformState, Status, Ticket
from jdticket.errors import ConfigError, PlatformError, RefusedError, Trouble, UsageError
from tests.desk.at_desk import DeskAt, at

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
            created_at=order.created,
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
            if begin <= order.created <= end and state in (None, platform_state_from_words(order.words))
        ]
        for n in range(0, len(found), self.page_size):
            if n:
                self._ask("page")
                self.between_pages()
            yield list(found[n : n + self.page_size])

    def of_order(self, order_id: str) -> list[Draft | Rejection]:
        self._ask("order", order_id)
        return [self._draft(order) for order in self.orders.values() if order.order_id == order_id]

    def details(self, ticket_id: str) -> Details:
        self._ask("details", ticket_id)
        return Details(self.type_id, "CRC高危投诉", tuple(self.orders[ticket_id].log))

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
        self.desk = PlatformDesk(
            self.store,
            lambda: self.office.time,
            lambda found, shop, reject: self.office.desk.taking_in.take_in(
                found, shop=shop, on_rejection=reject
            ),
        )
        self.choices: list[Choice] = []
        self.chosen: int | Exception = 10102

    def pass_time(self, length: timedelta) -> None:
        self.office.time += length

    def sync(self, **options: Any) -> Synced:
        self.platform.asked.clear()
        return self.desk.sync("jd3", lambda: self.platform, **options)

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
            if isinstance(self.chosen, Exception):
                raise self.chosen
            return self.chosen

        return self.desk.send(reply, lambda _ticket: self.platform, choose, by="小王")

    def delivery(self, reply: Reply) -> Delivery:
        found = self.store.delivery(reply.id)
        assert found is not None
        return found


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.store.close()


class TestFetching:
    def test_every_state_is_taken_in_for_what_it_is(self, room: Room) -> None:
        states = {
            "待回复": Status.PENDING,
            "待确认": Status.REPLIED,
            "已作废": Status.VOID,
            "已关闭": Status.CLOSED,
            "已驳回": Status.PENDING,
        }
        for n, words in enumerate(states):
            room.platform.add(f"8470000{n}", at("20 10:00"), words)
        done = room.sync()
        assert (done.seen, done.new, done.changed, done.error) == (5, 5, 0, None)
        for n, (words, status) in enumerate(states.items()):
            ticket = room.ticket(f"8470000{n}")
            assert (ticket.status, ticket.platform_status, ticket.shop) == (status, words, "jd3")
            assert ticket.created_at == at("20 10:00")

    def test_the_kind_comes_from_the_details_of_what_is_not_finished(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.platform.add("84700002", at("23 10:00"), "已关闭")
        room.sync()
        ticket = room.ticket("84700001")
        assert (ticket.kind, ticket.kind_text) == (Kind.CRC, "CRC高危投诉")
        assert room.platform.asked_for("details") == [("details", "84700001")]

    def test_a_second_sync_changes_nothing_and_asks_for_no_details(self, room: Room) -> None:
        for n in range(5):
            room.platform.add(f"8470000{n}", at("23 10:00"))
        room.sync()
        again = room.sync()
        assert (again.seen, again.new, again.changed) == (5, 0, 0)
        assert room.platform.asked_for("details") == []
        assert room.events("84700001") == [EventKind.TAKEN_IN]

    def test_what_waits_is_asked_for_first(self, room: Room) -> None:
        room.sync()
        states = [question[3] for question in room.platform.asked_for("read")]
        assert states[:2] == [PlatformState.WAITING, PlatformState.REJECTED]
        assert set(states[2:]) == {None}

    def test_the_first_sync_goes_back_as_far_as_the_platform_lets_it(self, room: Room) -> None:
        room.platform.add("84700001", at("23 12:00") - 60 * DAY)
        done = room.sync()
        assert done.begin == at("23 12:00") - 60 * DAY
        assert done.new == 1

    def test_a_long_stretch_is_read_apart_from_its_newest_end(self, room: Room) -> None:
        room.sync()
        [(_read, begin, middle, _none), (_read2, newest, end, _none2)] = room.platform.asked_for("read")[2:]
        assert (begin, middle) == (at("23 12:00") - 60 * DAY, at("23 11:00"))
        assert newest == middle
        assert end > at("23 12:00")

    def test_the_next_one_begins_an_hour_before_the_last_good_one(self, room: Room) -> None:
        room.sync()
        room.pass_time(5 * MINUTE)
        room.sync()
        assert room.begins() == [at("23 11:00")]
        assert room.source.read_until == at("23 12:05")

    def test_work_orders_of_a_clock_ahead_of_ours_are_read(self, room: Room) -> None:
        room.sync()
        room.platform.add("84700001", at("23 12:09"))
        assert room.sync().new == 1

    def test_since_is_read_again_from_there(self, room: Room) -> None:
        room.sync()
        room.sync(since=at("20 09:00"))
        assert min(room.begins()) == at("20 09:00")
        assert room.source.read_until == at("23 12:00")

    def test_since_never_goes_beyond_what_the_platform_shows_and_says_so(self, room: Room) -> None:
        done = room.sync(since=at("23 12:00") - 61 * DAY)
        assert done.begin == at("23 12:00") - 60 * DAY
        assert len(done.notes) == 1

    def test_since_on_a_shop_never_fetched_leaves_the_rest_for_the_next_one(self, room: Room) -> None:
        room.platform.add("84700001", at("10 10:00"), "已关闭")
        assert room.sync(since=at("22 09:00")).new == 0
        assert room.sync().new == 1

    def test_since_that_leaves_out_a_stretch_does_not_hide_it_from_the_next_one(self, room: Room) -> None:
        room.sync()
        room.platform.fails["read"] = DOWN
        room.pass_time(3 * DAY)
        room.sync()
        room.platform.fails.clear()
        room.platform.add("84700001", at("24 10:00"), "已关闭")
        room.sync(since=at("26 09:00"))
        assert room.sync().new == 1

    def test_a_ticket_without_a_number_is_told_of_and_the_others_go_in(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        draft = room.platform._draft(room.platform.orders["84700001"])
        bad = Rejection("the platform", 1, "work_id", "x", "no number")
        room.platform.read = lambda *_asked: iter([[bad, draft]])
        done = room.sync()
        assert (done.new, done.rejections[0]) == (1, bad)
        assert room.source.failing_since is None


class TestWhatBecameOfTickets:
    def test_one_that_was_closed_or_void_there_is_closed_or_void_here(self, room: Room) -> None:
        for number in ("84700001", "84700002"):
            room.platform.add(number, at("23 10:00"))
        room.sync()
        room.platform.orders["84700001"].words = "已关闭"
        room.platform.orders["84700002"].words = "已作废"
        room.sync()
        assert room.ticket("84700001").status is Status.CLOSED
        assert room.ticket("84700002").status is Status.VOID

    def test_an_old_pending_one_is_looked_up_by_its_order(self, room: Room) -> None:
        room.platform.add("84700001", at("20 10:00"))
        room.sync()
        room.platform.orders["84700001"].words = "已关闭"
        room.pass_time(5 * MINUTE)
        room.sync()
        assert room.platform.asked_for("order") == [("order", "275490084700001")]
        assert room.ticket("84700001").status is Status.CLOSED
        room.sync()
        assert room.platform.asked_for("order") == []

    def test_one_that_still_waits_is_not_looked_up(self, room: Room) -> None:
        room.platform.add("84700001", at("20 10:00"))
        room.sync()
        room.pass_time(5 * MINUTE)
        room.sync()
        assert room.platform.asked_for("order") == []

    def test_old_ones_that_are_not_closed_are_asked_about_once_a_day(self, room: Room) -> None:
        room.platform.add("84700001", at("15 10:00"), "待确认")
        room.sync()
        room.platform.orders["84700001"].words = "已关闭"
        room.pass_time(DAY - MINUTE)
        room.sync()
        assert room.ticket("84700001").status is Status.REPLIED
        room.pass_time(MINUTE)
        room.sync()
        assert room.begins()[0] == at("15 10:00")
        assert room.ticket("84700001").status is Status.CLOSED
        room.pass_time(DAY)
        room.sync()
        assert room.begins()[0] > at("23 12:00")

    def test_a_rejected_reply_makes_it_pending_again_with_its_old_deadline_and_says_why(
        self, room: Room
    ) -> None:
        reply = room.replied()
        room.send(reply)
        before = room.ticket("84700001")
        room.pass_time(10 * MINUTE)
        order = room.platform.orders["84700001"]
        order.words = "已驳回"
        order.log.append(LogEntry(room.office.time, "京东客服", "平台驳回", "未说明发货时间"))
        room.sync()
        ticket = room.ticket("84700001")
        assert ticket.status is Status.PENDING
        assert ticket.deadline_at == before.deadline_at
        event = room.store.events(ticket_id="84700001")[-1]
        assert (event.kind, event.payload.reason) == (EventKind.REJECTED, "未说明发货时间")

    def test_a_reply_given_elsewhere_comes_in_with_its_text_and_time(self, room: Room) -> None:
        order = room.platform.add("84700001", at("23 10:00"))
        room.sync()
        order.words = "待确认"
        order.log.append(LogEntry(at("23 11:30"), "店铺", "商家回复", "已经发货"))
        room.sync()
        [reply] = room.store.replies("84700001")
        assert (reply.text, reply.at) == ("已经发货", at("23 11:30"))
        assert room.ticket("84700001").status is Status.REPLIED

    def test_our_own_reply_does_not_come_back_as_another(self, room: Room) -> None:
        reply = room.replied()
        room.send(reply)
        room.pass_time(5 * MINUTE)
        room.sync()
        assert len(room.store.replies("84700001")) == 1

    def test_a_reply_recorded_here_only_is_pointed_out(self, room: Room) -> None:
        room.replied(send=False)
        room.pass_time(MINUTE)
        assert room.sync().returned == ["84700001"]
        assert room.ticket("84700001").returned_at == at("23 12:01")

    def test_a_reply_recorded_while_the_platform_is_read_is_not_taken_for_lost(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.platform.add("84700002", at("23 10:00"))
        room.platform.add("84700003", at("23 10:00"))
        room.sync()

        def reply_meanwhile() -> None:
            if room.ticket("84700001").status is Status.PENDING:
                room.office.desk.replies.reply("84700001", TEXT, at=None, by="", force=False)

        room.platform.between_pages = reply_meanwhile
        assert room.sync().returned == []
        assert room.ticket("84700001").returned_at is None


class TestFailure:
    def test_a_failure_is_told_and_kept_with_the_shop(self, room: Room) -> None:
        room.platform.fails["read"] = PlatformError(
            "expired", trouble=Trouble.SIGNED_OUT, code="19", zh_desc="无效access_token"
        )
        done = room.sync()
        assert done.error is room.platform.fails["read"]
        source = room.source
        assert (source.failing_since, source.good_at) == (at("23 12:00"), None)
        assert (source.trouble, source.code, source.words) == (Trouble.SIGNED_OUT, "19", "无效access_token")

    def test_several_in_a_row_began_with_the_first(self, room: Room) -> None:
        room.platform.fails["read"] = DOWN
        room.sync()
        room.pass_time(HOUR)
        room.sync()
        assert room.source.failing_since == at("23 12:00")

    def test_the_next_good_one_ends_it(self, room: Room) -> None:
        room.platform.fails["read"] = DOWN
        room.sync()
        room.platform.fails.clear()
        room.pass_time(HOUR)
        done = room.sync()
        source = room.source
        assert done.back_after == HOUR
        assert (source.failing_since, source.trouble, source.code) == (None, None, "")
        assert (source.failed_since, source.back_at) == (at("23 12:00"), at("23 13:00"))
        room.pass_time(HOUR)
        assert room.sync().back_after is None
        assert room.source.back_at == at("23 13:00")

    def test_settings_that_are_missing_are_a_failure_of_the_shop_too(self, room: Room) -> None:
        def connect() -> Played:
            raise ConfigError("the variable is not set")

        done = room.desk.sync("jd3", connect)
        assert isinstance(done.error, ConfigError)
        assert room.source.trouble is Trouble.SETTINGS

    def test_what_was_read_before_it_stays(self, room: Room) -> None:
        for n in range(5):
            room.platform.add(f"8470000{n}", at("23 10:00"))
        room.platform.fails["page"] = DOWN
        done = room.sync()
        assert done.error is DOWN
        assert (done.new, room.ticket("84700001").status) == (2, Status.PENDING)

    def test_details_that_fail_cost_no_row(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.platform.fails["details"] = DOWN
        done = room.sync()
        assert (done.new, done.error) == (1, DOWN)
        room.platform.fails.clear()
        room.sync()
        assert room.ticket("84700001").kind is Kind.CRC

    def test_details_that_one_ticket_has_not_stop_no_other(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.platform.fails["details"] = PlatformError("no such work_id", code="61", one_request=True)
        done = room.sync()
        assert (done.new, done.error) == (1, None)
        assert "84700001" in done.notes[0]
        assert "no such work_id" in done.notes[0]

    def test_after_a_failure_nothing_of_the_time_between_is_left_out(self, room: Room) -> None:
        room.sync()
        room.platform.fails["read"] = DOWN
        room.pass_time(5 * HOUR)
        room.sync()
        room.platform.add("84700001", at("23 13:00"), "已关闭")
        room.platform.fails.clear()
        room.pass_time(5 * HOUR)
        assert room.sync().new == 1

    def test_two_at_a_time_leave_each_other_alone(self, room: Room) -> None:
        inner: list[Synced] = []

        def connect() -> Played:
            inner.append(room.desk.sync("jd3", lambda: room.platform))
            return room.platform

        assert room.desk.sync("jd3", connect).begin is not None
        [other] = inner
        assert (other.begin, other.error, other.seen) == (None, None, 0)

    def test_one_that_was_killed_blocks_the_next_for_ten_minutes_at_most(self, room: Room) -> None:
        with room.store.transaction():
            room.store.put_source(SourceState("jd3", busy_until=at("23 12:10")))
        assert room.sync().begin is None
        room.pass_time(10 * MINUTE)
        assert room.sync().begin is not None

    def test_a_clock_put_back_blocks_nothing(self, room: Room) -> None:
        with room.store.transaction():
            room.store.put_source(SourceState("jd3", busy_until=at("24 12:00")))
        assert room.sync().begin is not None

    def test_an_interrupted_one_lets_the_next_begin(self, room: Room) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        for n in range(3):
            room.platform.add(f"8470000{n}", at("23 10:00"))
        room.platform.between_pages = interrupt
        with pytest.raises(KeyboardInterrupt):
            room.sync()
        room.platform.between_pages = lambda: None
        assert room.sync().begin is not None
        assert room.source.failing_since is None


class TestSending:
    def test_a_reply_goes_out_once_with_its_types_and_what_was_answered_is_kept(self, room: Room) -> None:
        reply = room.replied()
        sent = room.send(reply)
        assert sent.error is None
        assert room.platform.asked_for("reply") == [("reply", "84700001", TEXT, 101, 10102)]
        delivery = room.delivery(reply)
        assert (delivery.state, delivery.answer, delivery.tries) == (DeliveryState.ARRIVED, "回复成功", 1)
        assert (delivery.subtype, delivery.busy_until) == ("催物流", None)
        assert room.events("84700001")[-1] is EventKind.SENT
        assert room.store.undelivered() == []

    def test_one_that_has_arrived_is_never_sent_again(self, room: Room) -> None:
        reply = room.replied()
        room.send(reply)
        assert room.send(reply).error is None
        assert len(room.platform.asked_for("reply")) == 1

    def test_what_failed_there_stays_on_record_as_not_on_the_platform(self, room: Room) -> None:
        reply = room.replied()
        room.platform.verdict = Verdict(there=False, words="工单已关闭")
        sent = room.send(reply)
        assert sent.error is not None
        assert "工单已关闭" in sent.error.message
        assert room.delivery(reply).state is DeliveryState.UNSENT
        ticket = room.ticket("84700001")
        assert (ticket.status, ticket.returned_at) == (Status.REPLIED, at("23 12:00"))
        assert room.events("84700001")[-1] is EventKind.NOT_SENT
        assert room.store.replies("84700001") == [reply]

    def test_when_it_arrives_after_all_nothing_is_pointed_out_any_more(self, room: Room) -> None:
        reply = room.replied()
        room.platform.verdict = Verdict(there=False, words="系统繁忙")
        room.send(reply)
        room.platform.verdict = Verdict(there=True, words="回复成功")
        assert room.send(reply).error is None
        assert room.ticket("84700001").returned_at is None
        assert room.delivery(reply).tries == 2

    def test_a_platform_out_of_reach_leaves_it_unsent(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["details"] = DOWN
        assert room.send(reply).error is DOWN
        delivery = room.delivery(reply)
        assert (delivery.state, delivery.tries) == (DeliveryState.UNSENT, 0)
        assert room.ticket("84700001").returned_at is not None

    def test_a_lost_answer_is_looked_up_and_found(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        sent = room.send(reply)
        assert sent.error is None
        assert room.delivery(reply).state is DeliveryState.ARRIVED
        assert len(room.platform.asked_for("reply")) == 1

    def test_a_lost_answer_to_a_reply_that_is_not_there_leaves_it_unknown(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        assert room.send(reply).error is LOST
        assert room.delivery(reply).state is DeliveryState.UNKNOWN

    def test_an_unknown_one_is_looked_up_before_it_is_sent_again(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        room.send(reply)
        room.platform.fails.clear()
        order = room.platform.orders["84700001"]
        order.log.append(LogEntry(room.office.time + MINUTE, "店铺", "商家回复", TEXT + "\n"))
        room.pass_time(5 * MINUTE)
        assert room.send(reply).error is None
        assert len(room.platform.asked_for("reply")) == 1

    def test_an_unknown_one_that_is_not_there_is_sent(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        room.send(reply)
        room.platform.fails.clear()
        room.platform.takes_reply = True
        room.pass_time(5 * MINUTE)
        assert room.send(reply).error is None
        assert len(room.platform.asked_for("reply")) == 2

    def test_one_that_may_have_arrived_stays_so_when_the_next_try_is_refused(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        room.send(reply)
        for failure in (PlatformError("too many calls", code="2"), DOWN):
            room.pass_time(5 * MINUTE)
            room.platform.fails["reply"] = failure
            assert room.send(reply).error is failure
            assert room.delivery(reply).state is DeliveryState.UNKNOWN

    def test_one_that_arrives_while_a_person_chooses_the_type_is_not_sent_again(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        room.send(reply)
        room.platform.fails.clear()
        room.pass_time(5 * MINUTE)

        def choose(_choice: Choice) -> int:
            order = room.platform.orders["84700001"]
            order.log.append(LogEntry(room.office.time, "店铺", "商家回复", TEXT))
            return 10101

        assert room.desk.send(reply, lambda _ticket: room.platform, choose, by="").error is None
        assert len(room.platform.asked_for("reply")) == 1

    def test_what_the_platform_says_has_failed_is_surely_not_there(self, room: Room) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        room.send(reply)
        room.platform.fails.clear()
        room.platform.verdict = Verdict(there=False, words="工单已关闭")
        room.pass_time(5 * MINUTE)
        room.send(reply)
        assert room.delivery(reply).state is DeliveryState.UNSENT

    def test_an_older_reply_of_the_same_words_is_not_taken_for_this_one(self, room: Room) -> None:
        reply = room.replied()
        room.platform.orders["84700001"].log.append(
            LogEntry(room.office.time - 11 * MINUTE, "店铺", "商家回复", TEXT)
        )
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        assert room.send(reply).error is LOST

    def test_one_that_was_killed_on_its_way_counts_as_unknown(self, room: Room) -> None:
        reply = room.replied()

        def killed(*_reply: Any) -> Verdict:
            room.platform.orders["84700001"].log.append(LogEntry(room.office.time, "店铺", "商家回复", TEXT))
            raise KeyboardInterrupt

        proper = room.platform.reply
        room.platform.reply = killed
        with pytest.raises(KeyboardInterrupt):
            room.send(reply)
        assert room.delivery(reply).state is DeliveryState.UNKNOWN
        assert room.ticket("84700001").returned_at == at("23 12:00")
        room.platform.reply = proper
        room.pass_time(2 * MINUTE)
        assert room.send(reply).error is None
        assert room.platform.asked_for("reply") == []

    def test_one_that_another_process_is_sending_is_left_alone(self, room: Room) -> None:
        reply = room.replied()
        inner: list[Sent] = []
        proper = room.platform.reply

        def slow(*question: Any) -> Verdict:
            inner.append(room.send(reply))
            return proper(*question)

        room.platform.reply = slow
        assert room.send(reply).error is None
        assert isinstance(inner[0].error, RefusedError)
        assert EventKind.NOT_SENT not in room.events("84700001")
        assert len(room.platform.asked_for("reply")) == 1
        assert room.delivery(reply).state is DeliveryState.ARRIVED

    def test_the_last_choice_for_a_type_is_offered_the_next_time(self, room: Room) -> None:
        room.send(room.replied("84700001"))
        room.send(room.replied("84700002"))
        assert [choice.last for choice in room.choices] == [None, 10102]
        assert room.choices[1].subtypes == SUBTYPES

    def test_a_choice_that_the_platform_no_longer_has_is_not_offered(self, room: Room) -> None:
        room.send(room.replied("84700001"))
        room.platform.subtypes_there = {10103: "催退款", 10104: "其他"}
        room.chosen = 10104
        room.send(room.replied("84700002"))
        assert room.choices[1].last is None

    def test_without_a_choice_the_reply_stays_unsent_and_nothing_goes_out(self, room: Room) -> None:
        reply = room.replied()
        room.chosen = UsageError("say which with --subtype")
        assert room.send(reply).error is room.chosen
        assert room.platform.asked_for("reply") == []
        assert room.delivery(reply).state is DeliveryState.UNSENT

    @pytest.mark.parametrize(("type_id", "subtypes"), [(None, SUBTYPES), (101, {})])
    def test_a_platform_that_names_no_types_is_a_failure(
        self, room: Room, type_id: int | None, subtypes: dict[int, str]
    ) -> None:
        room.platform.type_id, room.platform.subtypes_there = type_id, subtypes
        sent = room.send(room.replied())
        assert isinstance(sent.error, PlatformError)
        assert room.platform.asked_for("reply") == []

    def test_what_is_to_be_sent_of_a_ticket(self, room: Room) -> None:
        plain = room.replied(send=False)
        [(reply, delivery)] = room.desk.to_send(room.ticket("84700001"))
        assert (reply, delivery.state) == (plain, DeliveryState.UNSENT)
        assert room.office.desk.outbox.unsent() == [(reply, delivery)]
        room.send(reply)
        with pytest.raises(RefusedError, match="on the platform already"):
            room.desk.to_send(room.ticket("84700001"))

    def test_a_ticket_without_a_reply_has_nothing_to_send(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.sync()
        with pytest.raises(RefusedError, match="no reply"):
            room.desk.to_send(room.ticket("84700001"))

    def test_nothing_is_sent_to_a_ticket_that_is_closed(self, room: Room) -> None:
        room.replied()
        room.office.desk.tickets.close("84700001", by="")
        assert room.office.desk.outbox.unsent() == []
        with pytest.raises(RefusedError, match="closed"):
            room.desk.to_send(room.ticket("84700001"))
