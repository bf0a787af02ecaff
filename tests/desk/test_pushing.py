from __future__ import annotations

from typing import Any

import pytest

from jdticket.desk.pushing import Choice, Sent
from jdticket.domain.events import EventKind
from jdticket.domain.replies import DeliveryState
from jdticket.domain.sources import LogEntry, Verdict
from jdticket.domain.tickets import Status
from jdticket.errors import PlatformError, RefusedError, Trouble, UsageError
from tests.desk.at_desk import at
from tests.desk.at_platform import DOWN, LOST, MINUTE, SUBTYPES, TEXT, Room


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

    @pytest.mark.parametrize(
        ("words", "sent_again"), [("待确认", False), ("已关闭", False), ("待回复", True)]
    )
    def test_the_state_of_the_ticket_says_that_an_unknown_one_is_there(
        self, room: Room, words: str, sent_again: bool
    ) -> None:
        reply = room.replied()
        room.platform.fails["reply"] = LOST
        room.platform.takes_reply = False
        room.send(reply)
        room.platform.fails.clear()
        room.platform.orders["84700001"].words = words
        room.pass_time(5 * MINUTE)
        assert room.send(reply).error is None
        assert len(room.platform.asked_for("reply")) == 1 + sent_again

    def test_a_person_who_leaves_at_the_question_is_on_the_time_line(self, room: Room) -> None:
        reply = room.replied()
        room.chosen = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            room.send(reply)
        assert room.events("84700001")[-1] is EventKind.NOT_SENT
        delivery = room.delivery(reply)
        assert (delivery.state, delivery.trouble) == (DeliveryState.UNSENT, Trouble.UNDECIDED)
        assert room.ticket("84700001").returned_at is not None

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

        assert room.pushing.send(reply, lambda _ticket: room.platform, choose, by="").error is None
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
        [(reply, delivery)] = room.pushing.to_send(room.ticket("84700001"))
        assert (reply, delivery.state) == (plain, DeliveryState.UNSENT)
        assert room.office.desk.outbox.unsent() == [(reply, delivery)]
        room.send(reply)
        with pytest.raises(RefusedError, match="on the platform already"):
            room.pushing.to_send(room.ticket("84700001"))

    def test_a_ticket_without_a_reply_has_nothing_to_send(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.sync()
        with pytest.raises(RefusedError, match="no reply"):
            room.pushing.to_send(room.ticket("84700001"))

    def test_nothing_is_sent_to_a_ticket_that_is_closed(self, room: Room) -> None:
        room.replied()
        room.office.desk.tickets.close("84700001", by="")
        assert room.office.desk.outbox.unsent() == []
        with pytest.raises(RefusedError, match="closed"):
            room.pushing.to_send(room.ticket("84700001"))
