"""What the platform's word does to a ticket, as the desk sees it: sequences of files and of people."""

from __future__ import annotations

from typing import Any

import pytest

from jdticket.domain.events import EventKind
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.tickets import Status, Ticket, TicketQuery
from tests.desk.at_desk import DeskAt, answer, at, draft, kinds_of_events

NUMBER = "59088842"


def saw(office: DeskAt, words: str, *, seen: str | None = None, **fields: Any) -> Ticket:
    """The ticket after a file that says this of it, seen at a moment if that is known."""
    state = platform_state_from_words(words)
    office.take_in(draft(platform_status=words, platform_state=state, seen_at=seen and at(seen), **fields))
    return office.desk.looking.find(NUMBER)


def waiting(office: DeskAt) -> list[str]:
    return [ticket.id for ticket in office.desk.looking.tickets(TicketQuery(waits=True))]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        *((word, Status.PENDING) for word in ("未完结", "未关闭", "未取消", "未处理，订单已取消", "待回复")),
        *((word, Status.PENDING) for word in ("平台处理中", "申请取消中", "已处理，待回复")),
        *((word, Status.CLOSED) for word in ("已完结", "已关闭")),
        ("已取消", Status.VOID),
    ],
)
def test_a_new_ticket_stands_where_the_whole_word_says(office: DeskAt, words: str, status: Status) -> None:
    assert saw(office, words).status is status


class TestOpenAgain:
    def test_one_that_was_closed_there_and_waits_again_is_pending_and_says_why(self, office: DeskAt) -> None:
        saw(office, "待回复")
        assert saw(office, "已关闭").status is Status.CLOSED
        ticket = saw(office, "待回复")
        assert (ticket.status, ticket.reopened_at) == (Status.PENDING, at("23 11:00"))
        assert kinds_of_events(office)[-1] is EventKind.REOPENED
        assert waiting(office) == [NUMBER]

    def test_one_that_was_answered_there_and_is_open_again_is_pending(self, office: DeskAt) -> None:
        saw(office, "待回复")
        assert saw(office, "待确认").status is Status.REPLIED
        assert saw(office, "重新打开").status is Status.PENDING

    def test_our_reply_that_was_seen_there_and_is_open_again_is_pending(self, office: DeskAt) -> None:
        saw(office, "待回复")
        answer(office)
        assert saw(office, "待确认").status is Status.REPLIED
        assert saw(office, "待回复").status is Status.PENDING

    @pytest.mark.parametrize("words", ["待回复", "待商家处理"])
    def test_our_reply_that_may_not_have_been_seen_yet_is_flagged(self, office: DeskAt, words: str) -> None:
        saw(office, "待回复")
        answer(office)
        ticket = saw(office, words)
        assert (ticket.status, ticket.returned_at) == (Status.REPLIED, at("23 11:00"))
        assert waiting(office) == [NUMBER]

    def test_a_state_that_is_not_known_after_a_reply_is_told_and_changes_nothing(
        self, office: DeskAt
    ) -> None:
        saw(office, "待回复")
        answer(office)
        done = office.take_in(draft(platform_status="转交中"))
        assert office.desk.looking.find(NUMBER).status is Status.REPLIED
        [note] = done.notes
        assert "转交中" in note
        assert NUMBER in note


class TestClosedHere:
    @pytest.mark.parametrize("end", ["close", "void"])
    def test_the_same_word_points_it_out_until_someone_confirms(self, office: DeskAt, end: str) -> None:
        saw(office, "待回复")
        self.end(office, end)
        ticket = saw(office, "待回复")
        assert (ticket.status.value, ticket.returned_at) == (end.replace("close", "closed"), at("23 11:00"))
        assert waiting(office) == []
        board = office.desk.looking.board(TicketQuery())
        assert [one.id for one in board.closed_but_waiting] == [NUMBER]
        assert board.returned == []
        office.desk.tickets.close(NUMBER, by="", anyway=True)
        assert office.desk.looking.find(NUMBER).status.value == end.replace("close", "closed")
        saw(office, "待回复")
        assert office.desk.looking.board(TicketQuery()).closed_but_waiting == []

    @pytest.mark.parametrize("end", ["close", "void"])
    def test_a_new_word_that_waits_opens_it_again_also_when_it_was_confirmed(
        self, office: DeskAt, end: str
    ) -> None:
        saw(office, "待回复")
        self.end(office, end)
        saw(office, "待回复")
        office.desk.tickets.close(NUMBER, by="", anyway=True)
        ticket = saw(office, "重新打开")
        assert (ticket.status, ticket.anyway) == (Status.PENDING, False)
        self.end(office, end)
        saw(office, "重新打开")
        assert len(office.desk.looking.board(TicketQuery()).closed_but_waiting) == 1

    def test_it_can_be_confirmed_while_it_is_closed(self, office: DeskAt) -> None:
        saw(office, "待回复")
        assert office.desk.tickets.close(NUMBER, by="", anyway=True).status is Status.CLOSED
        assert saw(office, "待回复").returned_at is None

    def test_the_flag_goes_when_the_platform_is_done_with_it_or_it_is_reopened(self, office: DeskAt) -> None:
        saw(office, "待回复")
        office.desk.tickets.close(NUMBER, by="")
        saw(office, "待回复")
        assert saw(office, "已关闭").returned_at is None
        office.desk.tickets.reopen(NUMBER, "买家再次来电", by="")
        office.desk.tickets.close(NUMBER, by="")
        assert saw(office, "已关闭").returned_at is None
        assert saw(office, "待回复").status is Status.PENDING

    def test_a_ticket_that_was_added_by_hand_is_pending_when_the_platform_says_that_it_waits(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft())
        office.desk.tickets.close(NUMBER, by="")
        assert saw(office, "待商家处理").status is Status.PENDING

    def test_other_words_for_the_same_state_open_it_once(self, office: DeskAt) -> None:
        saw(office, "待回复")
        office.desk.tickets.close(NUMBER, by="")
        assert saw(office, "待商家处理", fills_gaps_only=True).status is Status.PENDING
        office.desk.tickets.close(NUMBER, by="")
        assert saw(office, "待商家处理", fills_gaps_only=True).status is Status.CLOSED

    @staticmethod
    def end(office: DeskAt, end: str) -> None:
        if end == "close":
            office.desk.tickets.close(NUMBER, by="")
        else:
            office.desk.tickets.void(NUMBER, "重复", by="")


class TestOlder:
    @pytest.mark.parametrize(("seen", "status"), [("23 10:59", "closed"), ("23 11:00", "closed")])
    def test_what_was_seen_before_our_step_changes_no_state_and_is_told(
        self, office: DeskAt, seen: str, status: str
    ) -> None:
        saw(office, "待回复")
        office.desk.tickets.close(NUMBER, by="")
        office.time = at("23 11:30")
        done = office.take_in(
            draft(
                platform_status="重新打开",
                platform_state=platform_state_from_words("重新打开"),
                seen_at=at(seen),
            )
        )
        ticket = office.desk.looking.find(NUMBER)
        assert (ticket.status.value, ticket.platform_status, ticket.returned_at) == (status, "待回复", None)
        [note] = done.notes
        assert NUMBER in note

    def test_an_older_file_does_not_replace_a_newer_word(self, office: DeskAt) -> None:
        saw(office, "待回复", seen="23 10:30")
        saw(office, "已关闭", seen="23 10:50")
        office.time = at("23 11:30")
        ticket = saw(office, "待回复", seen="23 10:40")
        assert (ticket.status, ticket.platform_status) == (Status.CLOSED, "已关闭")
        assert saw(office, "待回复", seen="23 10:51").status is Status.PENDING

    def test_seeing_the_same_again_makes_it_as_new_as_that(self, office: DeskAt) -> None:
        saw(office, "待回复", seen="23 10:30")
        saw(office, "待回复", seen="23 10:50")
        assert saw(office, "已关闭", seen="23 10:40").status is Status.PENDING

    def test_where_nobody_knows_the_order_of_taking_in_decides(self, office: DeskAt) -> None:
        saw(office, "待回复")
        office.time = at("23 11:30")
        assert saw(office, "已关闭").status is Status.CLOSED
        assert saw(office, "待回复", seen="23 11:10").status is Status.CLOSED


class TestTaught:
    def test_a_word_that_was_explained_means_what_it_was_explained_to_mean(self, office: DeskAt) -> None:
        office.taught = {"平台处理中": platform_state_from_words("已回复")}
        assert saw(office, "平台处理中").status is Status.REPLIED
        assert office.take_in(draft(platform_status="平台处理中")).notes == []

    def test_a_word_that_is_explained_later_counts_from_then_on(self, office: DeskAt) -> None:
        assert saw(office, "平台处理中").status is Status.PENDING
        office.taught["平台处理中"] = platform_state_from_words("已回复")
        assert saw(office, "平台处理中").status is Status.REPLIED

    def test_an_unknown_word_is_told_once_for_all_its_rows_and_not_again(self, office: DeskAt) -> None:
        rows = [draft(f"5900000{n}", row=n + 2, platform_status="平台处理中") for n in range(3)]
        [note] = office.take_in(*rows).notes
        assert "row 2" in note
        assert "59000000, 59000001, 59000002" in note
        assert office.take_in(*rows).notes == []
        assert (
            len(office.take_in(*(draft(f"5900000{n}", platform_status="转交中") for n in range(2))).notes)
            == 1
        )


class TestReopening:
    @pytest.mark.parametrize(("time", "rings"), [("23 14:00", False), ("23 14:00:01", True)])
    def test_a_ticket_that_is_reopened_past_its_deadline_rings(
        self, office: DeskAt, time: str, rings: bool
    ) -> None:
        saw(office, "待回复")
        office.desk.tickets.close(NUMBER, by="")
        office.time = at(time)
        ticket = office.desk.tickets.reopen(NUMBER, "买家再次来电", by="")
        assert (ticket.reopened_at is not None) is rings


class TestCountdowns:
    def test_an_unsure_countdown_never_gives_more_time(self, office: DeskAt) -> None:
        late = {"deadline_at": at("23 16:00"), "deadline_sure": False, "deadline_to_the_minute": True}
        [note] = office.take_in(draft(**late)).notes
        assert "16:00" in note
        assert "14:00" in note
        ticket = office.desk.looking.find(NUMBER)
        assert (ticket.deadline_at, ticket.deadline_source.value) == (at("23 14:00"), "policy")
        assert len(office.take_in(draft(**late)).notes) == 1
        assert office.desk.looking.find(NUMBER).deadline_at == at("23 14:00")

    def test_an_unsure_countdown_may_take_time_away(self, office: DeskAt) -> None:
        early = {"deadline_at": at("23 13:00"), "deadline_sure": False, "deadline_to_the_minute": True}
        assert office.take_in(draft(**early)).notes == []
        assert office.desk.looking.find(NUMBER).deadline_at == at("23 13:00")

    def test_within_its_minutes_it_agrees_and_the_counted_deadline_stands(self, office: DeskAt) -> None:
        near = {"deadline_at": at("23 14:01"), "deadline_sure": False, "deadline_to_the_minute": True}
        assert office.take_in(draft(**near)).notes == []
        assert office.desk.looking.find(NUMBER).deadline_at == at("23 14:00")

    def test_a_sure_one_moves_it_later_and_one_before_the_creation_is_left_aside(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(deadline_at=at("23 16:00")))
        assert office.desk.looking.find(NUMBER).deadline_at == at("23 16:00")
        [note] = office.take_in(draft(deadline_at=at("23 09:00"))).notes
        assert "09:00" in note
        assert office.desk.looking.find(NUMBER).deadline_at == at("23 16:00")
        [note] = office.take_in(draft("59088843", deadline_at=at("23 09:00"))).notes
        assert office.desk.looking.find("59088843").deadline_at == at("23 14:00")


def test_the_same_reply_twice_in_one_file_is_one_reply(office: DeskAt) -> None:
    row = draft(reply_text="已补发", reply_at=at("23 10:30"))
    office.take_in(draft())
    office.take_in(row, row)
    assert len(office.store.replies(NUMBER)) == 1


def test_a_name_that_changes_there_changes_here_unless_one_was_put_on_it_here(office: DeskAt) -> None:
    office.take_in(draft(assignee="小王"))
    office.take_in(draft(assignee="小李"))
    assert office.desk.looking.find(NUMBER).assignee == "小李"
    office.desk.tickets.assign(NUMBER, "小赵", by="")
    office.take_in(draft(assignee="小王"))
    assert office.desk.looking.find(NUMBER).assignee == "小赵"


def test_who_answers_a_ticket_that_was_answered_meanwhile_is_told_of_that_reply(office: DeskAt) -> None:
    office.take_in(draft())
    assert answer(office, "您好，包裹今天18点前发出，请留意查收。", by="小王").before is None
    second = answer(office, "您好，已为您登记退款，预计24小时到账。", by="小李")
    assert second.repeated
    assert second.before is not None
    assert (second.before.by, second.before.text) == ("小王", "您好，包裹今天18点前发出，请留意查收。")


def test_one_that_the_platform_holds_as_answered_is_told_of_without_its_words(office: DeskAt) -> None:
    saw(office, "待确认")
    again = answer(office)
    assert (again.repeated, again.before) == (True, None)
