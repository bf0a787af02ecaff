from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jdticket.domain.events import EventKind
from jdticket.domain.replies import Delivery, DeliveryState
from jdticket.domain.tickets import (
    Kind,
    Status,
    TicketQuery,
)
from jdticket.errors import RefusedError, StoreError, UsageError
from tests.desk.at_desk import (
    WAITING,
    DeskAt,
    answer,
    at,
    draft,
    kinds_of_events,
)


class TestReplying:
    def test_a_reply_at_exactly_the_deadline_is_on_time(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.time = at("23 14:00")
        answered = office.desk.replies.reply("842", "已经发出，请查收", at=None, by="小王", force=False)
        assert answered.reply.on_time
        assert answered.margin == timedelta(0)

    def test_one_second_later_is_late(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.time = at("23 14:00:01")
        answered = office.desk.replies.reply("842", "已经发出，请查收", at=None, by="", force=False)
        assert not answered.reply.on_time
        assert answered.margin == timedelta(seconds=1)

    def test_the_next_ticket_is_the_most_urgent_one(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59088850", created_at=at("23 10:30")), draft("59088843"))
        answered = office.desk.replies.reply("842", "已经发出，请查收", at=None, by="", force=False)
        assert answered.next is not None
        assert answered.next.id == "59088843"

    def test_what_can_still_be_in_time_is_next_before_what_is_overdue(self, office: DeskAt) -> None:
        office.take_in(
            draft("59088842", created_at=at("23 11:30")),
            draft("59088850", created_at=at("22 15:00")),  # due at 19:00 the day before
            draft("59088851", created_at=at("22 18:00")),  # due at 12:00
            draft("59088843", created_at=at("23 10:30")),
            draft("59088844", created_at=at("23 10:30"), kind=Kind.CRC),
        )
        office.time = at("23 12:30")
        following = []
        for number in ("842", "844", "843", "850", "851"):
            answered = office.desk.replies.reply(number, "已经发出，请查收", at=None, by="", force=False)
            following.append(answered.next and answered.next.id)
        assert following == ["59088844", "59088843", "59088850", "59088851", None]

    def test_what_was_replied_to_and_waits_all_the_same_is_next_too_but_never_the_one_just_answered(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft("59088842"), draft("59088843", created_at=at("23 10:30")))
        first = answer(office, send=True)
        assert first.next is not None
        assert (first.next.id, first.next_undelivered) == ("59088843", False)
        second = office.desk.replies.reply("843", "已经发出，请查收", at=None, by="", force=False, send=True)
        assert second.next is not None
        assert (second.next.id, second.next_undelivered) == ("59088842", True)

    @pytest.mark.parametrize(("year", "on_time"), [(1980, False), (2150, True)])
    def test_a_reply_to_one_whose_deadline_cannot_be_is_recorded_without_a_margin(
        self, office: DeskAt, year: int, on_time: bool
    ) -> None:
        office.take_in(draft())
        far = replace(office.desk.looking.find("842"), deadline_at=datetime(year, 1, 1, tzinfo=UTC))
        with office.store.transaction():
            office.store.put_tickets([far])
        answered = answer(office)
        assert (answered.margin, answered.reply.on_time) == (None, on_time)
        assert office.desk.looking.find("842").status is Status.REPLIED

    def test_an_earlier_time_counts_when_it_is_given(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.time = at("23 15:00")
        assert office.desk.replies.reply(
            "842", "已经发出，请查收", at=at("23 13:59"), by="", force=False
        ).reply.on_time

    @pytest.mark.parametrize("when", ["23 11:00:01", "23 09:59:59"])
    def test_a_time_that_cannot_be_is_refused(self, office: DeskAt, when: str) -> None:
        office.take_in(draft())
        with pytest.raises(UsageError):
            office.desk.replies.reply("842", "已经发出，请查收", at=at(when), by="", force=False)

    @pytest.mark.parametrize(
        "text", ["", "  \n", "收到", "收到。", "好 的！", "OK", "……", "已发", "好" * 501]
    )
    def test_a_reply_that_is_not_effective_is_refused_and_force_records_it(
        self, office: DeskAt, text: str
    ) -> None:
        office.take_in(draft())
        with pytest.raises(RefusedError):
            office.desk.replies.reply("842", text, at=None, by="", force=False)
        assert office.desk.looking.find("842").status is Status.PENDING
        assert office.desk.replies.reply("842", text, at=None, by="", force=True).reply.forced

    def test_five_hundred_chinese_characters_are_not_too_many(self, office: DeskAt) -> None:
        office.take_in(draft())
        answered = office.desk.replies.reply("842", "今天已发出" * 100, at=None, by="", force=False)
        assert not answered.reply.forced

    def test_a_second_reply_is_kept_and_clears_the_flag(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.desk.replies.reply("842", "已经发出，请查收", at=None, by="", force=False)
        office.take_in(draft(**WAITING))
        answered = office.desk.replies.reply("842", "补充：运单号已更新", at=None, by="", force=False)
        assert answered.repeated
        assert len(office.store.replies("59088842")) == 2
        assert office.desk.looking.find("842").returned_at is None

    def test_a_reply_that_failed_leaves_no_half(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.tickets.void("842", "重复", by="")
        with pytest.raises(RefusedError, match="void"):
            office.desk.replies.reply("842", "已经发出，请查收", at=None, by="", force=False)
        assert office.store.replies("59088842") == []

    def test_a_reply_that_is_to_reach_the_platform_is_kept_as_not_sent_yet(self, office: DeskAt) -> None:
        office.take_in(draft())
        reply = answer(office, send=True).reply
        unsent = Delivery(reply.id, "59088842", DeliveryState.UNSENT)
        assert office.store.undelivered() == [(reply, unsent)]
        assert office.desk.looking.board(TicketQuery()).counts.unsent == 1

    def test_another_is_on_record_only(self, office: DeskAt) -> None:
        office.take_in(draft())
        reply = answer(office).reply
        assert office.store.delivery(reply.id) is None
        assert office.desk.looking.board(TicketQuery()).counts.unsent == 0

    def test_a_reply_of_which_it_cannot_be_kept_that_it_is_to_be_sent_is_not_recorded(
        self, office: DeskAt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def disk_full(_delivery: Delivery) -> None:
            raise StoreError("the disk is full")

        office.take_in(draft())
        monkeypatch.setattr(office.store, "put_delivery", disk_full)
        with pytest.raises(StoreError):
            answer(office, send=True)
        assert office.store.replies("59088842") == []
        assert office.desk.looking.find("59088842").status is Status.PENDING
        assert kinds_of_events(office) == [EventKind.TAKEN_IN]
