from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from jdticket import i18n
from jdticket.domain.events import DeliveryArrived
from jdticket.domain.replies import Delivery, DeliveryState
from jdticket.domain.tickets import TicketQuery
from tests.desk.at_desk import REPLIED, WAITING, DeskAt, answer, at, draft


def test_replies_that_are_to_reach_the_platform_are_told_apart_from_others(tmp_path: Path) -> None:
    office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
    office.take_in(draft(shop="jd3"))
    kept = answer(office).reply
    outbox = office.desk.outbox
    assert (outbox.unsent(), outbox.latest(10), outbox.delivery(kept)) == ([], [(kept, None)], None)
    sent = answer(office, "已经补发，请留意", send=True).reply
    unsent = Delivery(sent.id, sent.ticket_id, DeliveryState.UNSENT)
    assert outbox.unsent() == outbox.unsent("jd3") == [(sent, unsent)]
    assert outbox.unsent("jd5") == outbox.latest(10, "jd5") == []
    assert outbox.latest(10) == [(sent, unsent), (kept, None)]
    assert outbox.latest(1) == [(sent, unsent)]
    assert outbox.delivery(sent) == unsent


class TestWhatThePlatformCountsAsReplied:
    """An operator who answers in the back office is not to be called on for a reply that never left."""

    def unsent(self, office: DeskAt, **platform: Any) -> None:
        office.take_in(draft(**platform))
        office.time = at("23 11:30")
        answer(office, send=True)
        office.time = at("23 12:00")

    def states(self, office: DeskAt) -> list[DeliveryState]:
        return [delivery.state for _reply, delivery in office.store.latest_replies(9) if delivery]

    def test_an_unsent_reply_need_not_be_sent_any_more_and_that_is_told(self, office: DeskAt) -> None:
        self.unsent(office, **WAITING)
        assert office.desk.looking.board(TicketQuery()).counts.pending == 1
        done = office.take_in(draft(**REPLIED))
        assert done.notes == [
            "Ticket 59088842 counts as replied on the platform; the reply recorded here was not sent."
        ]
        assert self.states(office) == [DeliveryState.ARRIVED]
        counts = office.desk.looking.board(TicketQuery()).counts
        assert (counts.pending, counts.unsent) == (0, 0)
        told = office.store.events(ticket_id="59088842")[-1].payload
        assert isinstance(told, DeliveryArrived)
        assert told.already
        assert office.take_in(draft(**REPLIED)).notes == []

    def test_it_is_told_in_chinese_too(self, office: DeskAt) -> None:
        self.unsent(office, **WAITING)
        i18n.use("zh")
        try:
            assert office.take_in(draft(**REPLIED)).notes == [
                "工单 59088842 在平台上已算回复；这里记录的回复没有发送过去。"
            ]
        finally:
            i18n.use("en")

    def test_one_whose_fate_was_unknown_has_arrived(self, office: DeskAt) -> None:
        self.unsent(office, **WAITING)
        self.put(office, state=DeliveryState.UNKNOWN)
        assert office.take_in(draft(**REPLIED)).notes == []
        told = office.store.events(ticket_id="59088842")[-1].payload
        assert isinstance(told, DeliveryArrived)
        assert not told.already

    def put(self, office: DeskAt, **changed: Any) -> None:
        [(_reply, delivery)] = office.store.undelivered()
        with office.store.transaction():
            office.store.put_delivery(replace(delivery, **changed))

    def test_one_that_is_on_its_way_is_left_to_whoever_sends_it(self, office: DeskAt) -> None:
        self.unsent(office, **WAITING)
        self.put(office, state=DeliveryState.UNKNOWN, busy_until=at("23 12:01"))
        office.take_in(draft(**REPLIED))
        assert self.states(office) == [DeliveryState.UNKNOWN]

    def test_a_word_seen_before_the_reply_says_nothing_of_it(self, office: DeskAt) -> None:
        self.unsent(office, **WAITING)
        office.take_in(draft(**REPLIED, seen_at=at("23 11:29")))
        assert self.states(office) == [DeliveryState.UNSENT]

    def test_the_same_old_word_is_about_an_earlier_reply(self, office: DeskAt) -> None:
        self.unsent(office, **REPLIED)
        office.take_in(draft(**REPLIED))
        assert self.states(office) == [DeliveryState.UNSENT]

    def test_any_other_word_leaves_it_to_be_sent(self, office: DeskAt) -> None:
        self.unsent(office, **WAITING)
        office.take_in(draft(**WAITING))
        assert self.states(office) == [DeliveryState.UNSENT]
