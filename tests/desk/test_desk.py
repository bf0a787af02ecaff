from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from jdticket.desk.desk import Answered
from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, Duration
from jdticket.domain.events import EventKind
from jdticket.domain.outages import Contact, OutageReason, Outcome, Via
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.replies import Delivery, DeliveryState
from jdticket.domain.tickets import (
    Counts,
    DeadlineSource,
    Draft,
    Kind,
    PlatformState,
    Rejection,
    Status,
    TicketQuery,
)
from jdticket.errors import InputError, NotFoundError, RefusedError, StoreError, UsageError
from tests.desk.at_desk import HOURS, DeskAt, at, draft

WAITING = {"platform_state": PlatformState.WAITING, "platform_status": "待回复"}
REJECTED = {"platform_state": PlatformState.REJECTED, "platform_status": "已驳回"}
REPLIED = {"platform_state": PlatformState.REPLIED, "platform_status": "待确认"}
CLOSED = {"platform_state": PlatformState.CLOSED, "platform_status": "已关闭"}
VOID = {"platform_state": PlatformState.VOID, "platform_status": "已作废"}


@pytest.fixture
def office(tmp_path: Path) -> DeskAt:
    return DeskAt(tmp_path, "23 11:00")


def kinds_of_events(office: DeskAt, number: str = "59088842") -> list[EventKind]:
    return [event.kind for event in office.store.events(ticket_id=number)]


def answer(office: DeskAt, text: str = "已经发出，请查收", **options: Any) -> Answered:
    """A reply given now."""
    given: dict[str, Any] = {"at": None, "by": "", "force": False}
    return office.desk.reply("59088842", text, **(given | options))


class TestTakingIn:
    def test_a_new_ticket_gets_its_deadline_from_the_platforms_creation_time(self, office: DeskAt) -> None:
        done = office.take_in(draft(created_at=at("23 16:40")))
        ticket = office.desk.find("59088842")
        assert (done.new, done.pending_new) == (1, 1)
        assert ticket.deadline_at == at("24 10:40") == ticket.first_deadline_at
        assert ticket.deadline_source is DeadlineSource.POLICY
        assert kinds_of_events(office) == [EventKind.TAKEN_IN]

    def test_the_second_import_of_the_same_drafts_changes_nothing(self, office: DeskAt) -> None:
        drafts = [
            draft(
                "59088842",
                **WAITING,
                kind=Kind.URGE,
                kind_text="催单",
                content="催发货",
                order_id="275490614167",
            ),
            draft("59088843", platform_state=PlatformState.CLOSED, platform_status="已关闭"),
            draft("59088844", reply_text="已为您补发", reply_at=at("23 10:30")),
            draft("59088845", deadline_at=at("23 15:00")),
            draft("59088846", created_at=None, deadline_at=at("23 15:00")),
        ]
        office.take_in(*drafts)
        events = len(kinds_of_events(office))
        office.time = at("23 12:00")
        done = office.take_in(*drafts)
        assert (done.new, done.changed, done.unchanged) == (0, 0, 5)
        assert len(kinds_of_events(office)) == events

    def test_the_same_ticket_twice_in_one_file_is_one_ticket(self, office: DeskAt) -> None:
        done = office.take_in(draft(content="甲"), draft(content="甲"))
        assert (done.new, done.unchanged) == (1, 1)

    def test_a_deadline_column_wins_over_the_computed_deadline(self, office: DeskAt) -> None:
        office.take_in(draft(deadline_at=at("23 13:00")))
        ticket = office.desk.find("59088842")
        assert (ticket.deadline_at, ticket.deadline_source) == (at("23 13:00"), DeadlineSource.PLATFORM)

    def test_a_countdown_within_two_minutes_of_our_deadline_is_no_change(self, office: DeskAt) -> None:
        office.take_in(draft())
        done = office.take_in(draft(deadline_at=at("23 13:58"), deadline_to_the_minute=True))
        assert done.unchanged == 1
        assert office.desk.find("59088842").deadline_at == at("23 14:00")

    def test_a_countdown_further_off_moves_the_deadline_and_keeps_the_first(self, office: DeskAt) -> None:
        office.take_in(draft())
        done = office.take_in(draft(deadline_at=at("23 13:57"), deadline_to_the_minute=True))
        ticket = office.desk.find("59088842")
        assert done.changed == 1
        assert (ticket.deadline_at, ticket.first_deadline_at) == (at("23 13:57"), at("23 14:00"))
        assert kinds_of_events(office)[-1] is EventKind.DEADLINE_MOVED

    def test_a_platform_that_still_counts_to_the_old_deadline_does_not_undo_a_grant(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft())
        grant(office, until="24 12:00")
        done = office.take_in(draft(deadline_at=at("23 14:00"), deadline_to_the_minute=True))
        assert done.unchanged == 1
        assert office.desk.find("59088842").deadline_at == at("24 12:00")

    def test_a_reply_is_never_undone_and_a_platform_that_still_waits_is_flagged_once(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(**WAITING))
        office.desk.reply("59088842", "已经发出，请查收", at=None, by="", force=False)
        done = office.take_in(draft(**WAITING))
        ticket = office.desk.find("59088842")
        assert done.returned == ["59088842"]
        assert ticket.status is Status.REPLIED
        assert ticket.returned_at == at("23 11:00")
        again = office.take_in(draft(**WAITING))
        assert (again.changed, again.returned) == (0, [])

    def test_the_flag_goes_when_the_platform_has_the_reply(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.desk.reply("59088842", "已经发出，请查收", at=None, by="", force=False)
        office.take_in(draft(**WAITING))
        office.take_in(draft(platform_state=PlatformState.REPLIED, platform_status="待确认"))
        assert office.desk.find("59088842").returned_at is None
        assert kinds_of_events(office)[-1] is EventKind.ARRIVED

    @pytest.mark.parametrize(
        ("state", "status"),
        [
            (PlatformState.CLOSED, Status.CLOSED),
            (PlatformState.VOID, Status.VOID),
            (PlatformState.REPLIED, Status.REPLIED),
        ],
    )
    def test_a_platform_state_that_ends_a_ticket_is_taken_over(
        self, office: DeskAt, state: PlatformState, status: Status
    ) -> None:
        office.take_in(draft(**WAITING))
        office.take_in(draft(platform_state=state, platform_status="…"))
        assert office.desk.find("59088842").status is status

    def test_a_platform_that_waits_does_not_reopen_what_is_closed(self, office: DeskAt) -> None:
        office.take_in(draft(platform_state=PlatformState.CLOSED))
        office.take_in(draft(platform_state=PlatformState.WAITING))
        assert office.desk.find("59088842").status is Status.CLOSED

    def test_a_reply_on_the_platform_is_recorded_with_its_time(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.take_in(draft(reply_text="已为您补发", reply_at=at("23 10:30"), assignee="小王"))
        story = office.desk.story("59088842")
        assert story.ticket.status is Status.REPLIED
        assert [(reply.text, reply.at, reply.by) for reply in story.replies] == [
            ("已为您补发", at("23 10:30"), "小王")
        ]

    def test_a_reply_that_the_platform_rejected_leaves_the_ticket_pending(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.take_in(draft(**WAITING, reply_text="已为您补发", reply_at=at("23 10:30")))
        assert office.desk.find("59088842").status is Status.PENDING
        assert len(office.store.replies("59088842")) == 1

    def test_our_own_reply_seen_on_the_platform_is_not_recorded_twice(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.reply("59088842", "已为您补发", at=None, by="", force=False)
        office.time = at("23 12:00")
        office.take_in(draft(reply_text="已为您补发", reply_at=at("23 11:01")))
        assert len(office.store.replies("59088842")) == 1

    def test_a_time_cut_to_the_minute_is_no_news(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 10:00:43")))
        assert office.take_in(draft(created_at=at("23 10:00"))).unchanged == 1

    def test_a_corrected_creation_time_moves_the_deadline(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.take_in(draft(created_at=at("23 09:30")))
        ticket = office.desk.find("59088842")
        assert (ticket.deadline_at, ticket.first_deadline_at) == (at("23 13:30"), at("23 14:00"))

    def test_a_change_of_configuration_does_not_slip_in_with_an_import(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00")
        office.take_in(draft(content="甲"))
        stricter = DeadlinePolicy(HOURS, Duration(timedelta(hours=2), ClockKind.SERVICE), {})
        later = DeskAt(tmp_path, "23 11:00", policy=stricter)
        later.take_in(draft(content="乙", kind=Kind.URGE))
        assert later.desk.find("59088842").deadline_at == at("23 14:00")

    def test_words_that_were_not_recognised_do_not_undo_a_known_kind(self, office: DeskAt) -> None:
        office.take_in(draft(kind=Kind.CRC, kind_text="CRC高危投诉"))
        assert office.take_in(draft(kind=Kind.OTHER, kind_text="退款问题")).unchanged == 1

    def test_a_sketch_fills_gaps_and_replaces_nothing(self, office: DeskAt) -> None:
        office.take_in(draft(content="问题描述", kind=Kind.URGE))
        done = office.take_in(
            draft(content="商品标题", kind=Kind.COMPLAINT, order_id="275490614167", fills_gaps_only=True)
        )
        ticket = office.desk.find("59088842")
        assert done.changed == 1
        assert (ticket.content, ticket.kind, ticket.order_id) == ("问题描述", Kind.URGE, "275490614167")

    def test_our_own_export_is_no_word_of_the_platforms(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.desk.reply("59088842", "已经发出，请查收", at=None, by="", force=False)
        office.take_in(draft(**WAITING))
        exported = draft(reply_text="已经发出，请查收", reply_at=at("23 11:00"))
        assert office.take_in(exported).unchanged == 1
        assert office.desk.find("59088842").returned_at is not None

    def test_a_name_that_we_assigned_is_kept(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.assign("59088842", "小王", by="")
        assert office.take_in(draft(assignee="platform")).unchanged == 1

    def test_without_a_creation_time_the_clock_starts_when_we_see_it(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=None, deadline_at=at("23 15:00")))
        assert office.desk.find("59088842").created_at == at("23 11:00")

    def test_rejected_rows_are_handed_on_and_the_others_go_in(self, office: DeskAt) -> None:
        bad = Rejection("tickets.csv", 3, "工单号", "12", "no ticket number")
        done = office.take_in(draft("59088842"), bad, draft("59088843"))
        assert (done.new, done.rejected, office.rejections) == (2, 1, [bad])

    def test_a_dry_run_tells_all_and_keeps_nothing(self, office: DeskAt) -> None:
        done = office.take_in(draft(), dry_run=True)
        assert done.new == 1
        with pytest.raises(NotFoundError):
            office.desk.find("59088842")

    def test_the_store_is_not_locked_while_the_first_rows_are_still_awaited(self, office: DeskAt) -> None:
        def slow() -> Iterator[Draft]:
            with office.store.transaction():  # raises if one is open already
                pass
            yield draft("59088842")

        assert office.desk.take_in(slow(), on_rejection=office.rejections.append).new == 1

    def test_a_source_that_breaks_off_leaves_nothing_behind(self, office: DeskAt) -> None:
        def breaks() -> Iterator[Draft]:
            yield draft("59088842")
            raise InputError("truncated")

        with pytest.raises(InputError):
            office.desk.take_in(breaks(), on_rejection=office.rejections.append)
        assert office.desk.board(TicketQuery()).tickets == []

    def test_with_several_shops_a_row_must_name_one(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        done = office.take_in(draft("59088842"), draft("59088843", shop="jd5"), draft("59088844", shop="jd9"))
        assert (done.new, done.rejected) == (1, 2)
        assert [rejection.reason for rejection in office.rejections][1] == "no shop jd9"

    def test_a_row_of_another_shop_than_the_one_asked_for_is_rejected(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        done = office.take_in(draft("59088842"), draft("59088843", shop="jd5"), shop="jd3")
        assert (done.new, done.rejected) == (1, 1)
        assert office.desk.find("59088842").shop == "jd3"


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("待回复", PlatformState.WAITING),
        ("待确认", PlatformState.REPLIED),
        ("已作废", PlatformState.VOID),
        ("已关闭", PlatformState.CLOSED),
        ("已驳回", PlatformState.REJECTED),
        ("商家已读", None),
    ],
)
def test_each_state_of_the_open_platform_is_known_by_its_words(
    words: str, state: PlatformState | None
) -> None:
    assert platform_state_from_words(words) is state


class TestRejectedReplies:
    def test_a_new_ticket_whose_reply_was_rejected_is_pending(self, office: DeskAt) -> None:
        done = office.take_in(draft(**REJECTED))
        assert (done.new, done.pending_new) == (1, 1)
        assert office.desk.find("59088842").status is Status.PENDING

    @pytest.mark.parametrize("move", ["reply", "close"])
    def test_what_we_were_done_with_is_pending_again_with_its_old_deadline(
        self, office: DeskAt, move: str
    ) -> None:
        office.take_in(draft(**WAITING))
        TestMoves.move(office, move)
        office.time = at("23 15:00")
        office.take_in(draft(**REJECTED))
        ticket = office.desk.find("59088842")
        assert (ticket.status, ticket.deadline_at) == (Status.PENDING, at("23 14:00"))
        event = office.store.events(ticket_id="59088842")[-1]
        assert (event.kind, event.data["platform"]) == (EventKind.REJECTED, "已驳回")
        assert office.take_in(draft(**REJECTED)).unchanged == 1

    @pytest.mark.parametrize("by_us", [True, False])
    def test_a_void_ticket_stays_void(self, office: DeskAt, by_us: bool) -> None:
        office.take_in(draft(**(WAITING if by_us else VOID)))
        if by_us:
            office.desk.void("842", "重复", by="")
        office.take_in(draft(**REJECTED))
        assert office.desk.find("59088842").status is Status.VOID
        assert EventKind.REJECTED not in kinds_of_events(office)

    def test_the_flag_of_a_reply_that_did_not_arrive_goes(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.take_in(draft(**WAITING))
        office.take_in(draft(**REJECTED))
        ticket = office.desk.find("59088842")
        assert (ticket.status, ticket.returned_at) == (Status.PENDING, None)

    @pytest.mark.parametrize("at_first", [WAITING, REJECTED], ids=["known", "new"])
    def test_the_same_file_again_does_not_undo_our_next_reply_and_flags_it_once(
        self, office: DeskAt, at_first: dict[str, Any]
    ) -> None:
        office.take_in(draft(**at_first))
        if at_first is WAITING:
            answer(office)
            office.take_in(draft(**REJECTED))
        answer(office, "补充：运单号已更新")
        office.time = at("23 12:00")
        done = office.take_in(draft(**REJECTED))
        ticket = office.desk.find("59088842")
        assert (ticket.status, ticket.returned_at) == (Status.REPLIED, at("23 12:00"))
        assert done.returned == ["59088842"]
        assert kinds_of_events(office)[-1] is EventKind.RETURNED
        assert office.take_in(draft(**REJECTED)).unchanged == 1

    def test_a_reply_found_with_it_goes_on_record_and_leaves_the_ticket_pending(self, office: DeskAt) -> None:
        found = draft(**REJECTED, reply_text="已为您补发", reply_at=at("23 10:30"))
        office.take_in(draft(**WAITING))
        office.take_in(found)
        story = office.desk.story("59088842")
        assert story.ticket.status is Status.PENDING
        assert [(reply.text, reply.at) for reply in story.replies] == [("已为您补发", at("23 10:30"))]
        assert office.take_in(found).unchanged == 1

    def test_a_new_ticket_has_the_reply_on_record_and_is_pending(self, office: DeskAt) -> None:
        office.take_in(draft(**REJECTED, reply_text="已为您补发", reply_at=at("23 10:30")))
        assert office.desk.find("59088842").status is Status.PENDING
        assert [reply.text for reply in office.store.replies("59088842")] == ["已为您补发"]


class TestSeenAt:
    """A source that tells what was so at the moment when it was asked."""

    BOTH = pytest.mark.parametrize("says", [WAITING, REJECTED], ids=["waiting", "rejected"])

    @BOTH
    @pytest.mark.parametrize("seen", ["23 10:59:59", "23 11:00"])
    def test_what_was_seen_before_our_reply_was_recorded_says_nothing_of_it(
        self, office: DeskAt, says: dict[str, Any], seen: str
    ) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.time = at("23 11:05")
        done = office.take_in(draft(**says, seen_at=at(seen)))
        ticket = office.desk.find("59088842")
        assert (ticket.status, ticket.returned_at, done.returned) == (Status.REPLIED, None, [])

    def test_what_was_seen_a_second_later_counts(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.time = at("23 11:05")
        done = office.take_in(draft(**WAITING, seen_at=at("23 11:00:01")))
        assert done.returned == ["59088842"]
        office.take_in(draft(**REJECTED, seen_at=at("23 11:00:01")))
        assert office.desk.find("59088842").status is Status.PENDING

    @BOTH
    def test_the_latest_of_several_replies_counts(self, office: DeskAt, says: dict[str, Any]) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.time = at("23 12:00")
        answer(office, "补充：运单号已更新")
        office.take_in(draft(**says, seen_at=at("23 11:30")))
        ticket = office.desk.find("59088842")
        assert (ticket.status, ticket.returned_at) == (Status.REPLIED, None)

    def test_a_reply_counts_from_its_recording_and_not_from_when_it_was_given(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office, at=at("23 10:30"))
        office.take_in(draft(**REJECTED, seen_at=at("23 10:45")))
        assert office.desk.find("59088842").status is Status.REPLIED

    def test_a_ticket_closed_after_it_was_seen_stays_closed(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.desk.close("842", by="")
        office.take_in(draft(**REJECTED, seen_at=at("23 10:59")))
        assert office.desk.find("59088842").status is Status.CLOSED

    def test_a_second_rejection_in_the_same_words_counts(self, office: DeskAt) -> None:
        office.take_in(draft(**REJECTED, seen_at=at("23 10:50")))
        answer(office)
        office.take_in(draft(**REJECTED, seen_at=at("23 11:30")))
        assert office.desk.find("59088842").status is Status.PENDING
        assert kinds_of_events(office)[-1] is EventKind.REJECTED


ENDS = {"replied": REPLIED, "closed": CLOSED, "void": VOID}


class TestWhatIsKnownAlready:
    def test_the_same_page_again_does_not_undo_our_next_reply(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING, fills_gaps_only=True))
        answer(office)
        office.take_in(draft(**REJECTED, fills_gaps_only=True))
        answer(office, "补充：运单号已更新")
        done = office.take_in(draft(**REJECTED, fills_gaps_only=True))
        assert (office.desk.find("59088842").status, done.returned) == (Status.REPLIED, ["59088842"])

    @pytest.mark.parametrize("end", ENDS)
    def test_the_same_page_again_does_not_end_what_was_reopened(self, office: DeskAt, end: str) -> None:
        office.take_in(draft(**WAITING, fills_gaps_only=True))
        office.take_in(draft(**ENDS[end], fills_gaps_only=True))
        office.desk.reopen("842", "买家再次来电", by="")
        office.take_in(draft(**ENDS[end], fills_gaps_only=True))
        assert office.desk.find("59088842").status is Status.PENDING

    def test_a_ticket_closed_by_a_person_is_not_opened_by_a_rejection_known_before(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(**REJECTED, seen_at=at("23 10:50")))
        office.desk.close("842", by="")
        office.time = at("23 11:10")
        office.take_in(draft(**REJECTED, seen_at=at("23 11:10")))
        assert office.desk.find("59088842").status is Status.CLOSED


class TestReopened:
    @pytest.mark.parametrize("seen", [None, "23 11:30"], ids=["file", "platform"])
    @pytest.mark.parametrize("end", ENDS)
    def test_the_platform_s_same_words_do_not_end_it_again(
        self, office: DeskAt, end: str, seen: str | None
    ) -> None:
        office.take_in(draft(**ENDS[end]))
        office.desk.reopen("842", "买家再次来电", by="")
        done = office.take_in(draft(**ENDS[end], seen_at=seen and at(seen)))
        assert done.unchanged == 1
        assert office.desk.find("59088842").status is Status.PENDING

    @pytest.mark.parametrize("end", ENDS)
    def test_new_words_end_it(self, office: DeskAt, end: str) -> None:
        before = "closed" if end == "replied" else "replied"
        office.take_in(draft(**ENDS[before]))
        office.desk.reopen("842", "买家再次来电", by="")
        office.take_in(draft(**ENDS[end]))
        assert office.desk.find("59088842").status.value == end

    def test_a_reply_that_we_did_not_know_ends_it_in_the_same_words_too(self, office: DeskAt) -> None:
        office.take_in(draft(**REPLIED))
        office.desk.reopen("842", "买家再次来电", by="")
        office.take_in(draft(**REPLIED, reply_text="已为您补发", reply_at=at("23 10:30")))
        assert office.desk.find("59088842").status is Status.REPLIED


class TestFinding:
    def test_an_unambiguous_ending_is_enough(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59088943"))
        assert office.desk.find("842").id == "59088842"

    def test_an_ambiguous_ending_lists_the_candidates(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59077842"))
        with pytest.raises(NotFoundError) as raised:
            office.desk.find("842")
        assert "59088842" in raised.value.message
        assert "59077842" in raised.value.message

    @pytest.mark.parametrize("number", ["42", "99999", "abc", "", "８４２x"])
    def test_what_fits_no_ticket_is_not_found(self, office: DeskAt, number: str) -> None:
        office.take_in(draft("59088842"))
        with pytest.raises(NotFoundError):
            office.desk.find(number)

    def test_a_whole_number_wins_over_an_ending(self, office: DeskAt) -> None:
        office.take_in(draft("9088842"), draft("59088842"))
        assert office.desk.find("9088842").id == "9088842"


class TestLooking:
    def test_pending_is_ordered_by_deadline_and_crc_comes_first_among_equals(self, office: DeskAt) -> None:
        office.take_in(
            draft("59000001", kind=Kind.URGE),
            draft("59000002", kind=Kind.CRC),
            draft("59000003", created_at=at("23 09:00")),
        )
        board = office.desk.board(TicketQuery(statuses=(Status.PENDING,)))
        assert [ticket.id for ticket in board.tickets] == ["59000003", "59000002", "59000001"]

    def test_exactly_at_the_deadline_a_ticket_is_not_overdue_and_a_second_later_it_is(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft())
        office.time = at("23 14:00")
        assert office.desk.board(TicketQuery()).counts.overdue == 0
        office.time = at("23 14:00:01")
        board = office.desk.board(TicketQuery())
        assert board.counts.overdue == 1
        assert office.desk.seconds_left(board.tickets[0], office.time) == -1

    def test_a_shop_is_told_the_counts_of_its_own_tickets_alone(self, office: DeskAt) -> None:
        def take_in(shop: str, begin: int, each: int) -> None:
            for n in range(begin, begin + each):
                office.take_in(
                    draft(f"{n}1", created_at=at("22 18:00")),  # due at 12:00
                    draft(f"{n}2", created_at=at("23 09:30")),  # due at 13:30
                    draft(f"{n}3"),
                    draft(f"{n}4"),
                    draft(f"{n}5", **WAITING),
                    shop=shop,
                )
                text = "已经发出，请查收"
                office.desk.reply(f"{n}4", text, at=None, by="", force=False, send=True)
                office.desk.reply(f"{n}5", text, at=None, by="", force=False)
                office.take_in(draft(f"{n}5", **WAITING), shop=shop)

        take_in("jd3", 5900010, 1)
        take_in("jd5", 5900020, 2)
        office.time = at("23 12:55")
        for shop, each in (("jd3", 1), ("jd5", 2), (None, 3), ("jd7", 0)):
            counts = Counts(pending=3 * each, overdue=each, due_soon=each, returned=each, unsent=each)
            assert office.desk.board(TicketQuery(shop=shop)).counts == counts
            assert office.desk.check(timedelta(hours=1), shop)[0] == counts

    def test_a_limit_never_hides_how_many_there_are(self, office: DeskAt) -> None:
        office.take_in(*(draft(f"5900000{n}") for n in range(5)))
        board = office.desk.board(TicketQuery(limit=2))
        assert (len(board.tickets), board.matching) == (2, 5)

    def test_due_within_is_counted_in_service_time(self, office: DeskAt) -> None:
        office.time = at("23 18:30")
        # 09:30 the next morning is one hour of service time away.
        assert office.desk.due_until(office.time, timedelta(hours=1)) == at("24 09:30")


class TestReplying:
    def test_a_reply_at_exactly_the_deadline_is_on_time(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.time = at("23 14:00")
        answered = office.desk.reply("842", "已经发出，请查收", at=None, by="小王", force=False)
        assert answered.reply.on_time
        assert answered.margin == timedelta(0)

    def test_one_second_later_is_late(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.time = at("23 14:00:01")
        answered = office.desk.reply("842", "已经发出，请查收", at=None, by="", force=False)
        assert not answered.reply.on_time
        assert answered.margin == timedelta(seconds=1)

    def test_the_next_ticket_is_the_most_urgent_one(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59088850", created_at=at("23 10:30")), draft("59088843"))
        answered = office.desk.reply("842", "已经发出，请查收", at=None, by="", force=False)
        assert answered.next is not None
        assert answered.next.id == "59088843"

    def test_an_earlier_time_counts_when_it_is_given(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.time = at("23 15:00")
        assert office.desk.reply(
            "842", "已经发出，请查收", at=at("23 13:59"), by="", force=False
        ).reply.on_time

    @pytest.mark.parametrize("when", ["23 11:00:01", "23 09:59:59"])
    def test_a_time_that_cannot_be_is_refused(self, office: DeskAt, when: str) -> None:
        office.take_in(draft())
        with pytest.raises(UsageError):
            office.desk.reply("842", "已经发出，请查收", at=at(when), by="", force=False)

    @pytest.mark.parametrize(
        "text", ["", "  \n", "收到", "收到。", "好 的！", "OK", "……", "已发", "好" * 501]
    )
    def test_a_reply_that_is_not_effective_is_refused_and_force_records_it(
        self, office: DeskAt, text: str
    ) -> None:
        office.take_in(draft())
        with pytest.raises(RefusedError):
            office.desk.reply("842", text, at=None, by="", force=False)
        assert office.desk.find("842").status is Status.PENDING
        assert office.desk.reply("842", text, at=None, by="", force=True).reply.forced

    def test_five_hundred_chinese_characters_are_not_too_many(self, office: DeskAt) -> None:
        office.take_in(draft())
        assert not office.desk.reply("842", "好" * 500, at=None, by="", force=False).reply.forced

    def test_a_second_reply_is_kept_and_clears_the_flag(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.desk.reply("842", "已经发出，请查收", at=None, by="", force=False)
        office.take_in(draft(**WAITING))
        answered = office.desk.reply("842", "补充：运单号已更新", at=None, by="", force=False)
        assert answered.repeated
        assert len(office.store.replies("59088842")) == 2
        assert office.desk.find("842").returned_at is None

    def test_a_reply_that_failed_leaves_no_half(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.void("842", "重复", by="")
        with pytest.raises(RefusedError, match="void"):
            office.desk.reply("842", "已经发出，请查收", at=None, by="", force=False)
        assert office.store.replies("59088842") == []

    def test_a_reply_that_is_to_reach_the_platform_is_kept_as_not_sent_yet(self, office: DeskAt) -> None:
        office.take_in(draft())
        reply = answer(office, send=True).reply
        unsent = Delivery(reply.id, "59088842", DeliveryState.UNSENT)
        assert office.store.undelivered() == [(reply, unsent)]
        assert office.desk.board(TicketQuery()).counts.unsent == 1

    def test_another_is_on_record_only(self, office: DeskAt) -> None:
        office.take_in(draft())
        reply = answer(office).reply
        assert office.store.delivery(reply.id) is None
        assert office.desk.board(TicketQuery()).counts.unsent == 0

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
        assert office.desk.find("59088842").status is Status.PENDING
        assert kinds_of_events(office) == [EventKind.TAKEN_IN]


class TestMoves:
    MOVES = ("reply", "close", "void", "reopen")
    ALLOWED: ClassVar[dict[Status, set[str]]] = {
        Status.PENDING: {"reply", "close", "void"},
        Status.REPLIED: {"reply", "close", "void", "reopen"},
        Status.CLOSED: {"reopen"},
        Status.VOID: {"reopen"},
    }

    @staticmethod
    def move(office: DeskAt, move: str) -> None:
        if move == "reply":
            office.desk.reply("842", "已经发出，请查收", at=None, by="", force=False)
        elif move == "close":
            office.desk.close("842", by="")
        else:
            getattr(office.desk, move)("842", "因为", by="")

    @pytest.mark.parametrize("move", MOVES)
    @pytest.mark.parametrize("status", list(Status))
    def test_each_state_allows_its_moves_and_refuses_the_others(
        self, office: DeskAt, status: Status, move: str
    ) -> None:
        office.take_in(draft())
        if status is not Status.PENDING:
            self.move(office, {Status.REPLIED: "reply", Status.CLOSED: "close", Status.VOID: "void"}[status])
        if move in self.ALLOWED[status]:
            self.move(office, move)
        else:
            with pytest.raises(RefusedError, match=status.value):
                self.move(office, move)

    def test_reopening_keeps_the_deadline(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.close("842", by="")
        office.time = at("23 18:00")
        assert office.desk.reopen("842", "买家再次投诉", by="").deadline_at == at("23 14:00")

    def test_a_reason_is_asked_for(self, office: DeskAt) -> None:
        office.take_in(draft())
        with pytest.raises(RefusedError):
            office.desk.void("842", "  ", by="")

    def test_notes_and_assignments_are_on_the_time_line(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.note("842", "买家要求改地址", by="小李")
        office.desk.assign("842", "小王", by="小李")
        assert kinds_of_events(office) == [EventKind.TAKEN_IN, EventKind.NOTED, EventKind.ASSIGNED]
        with pytest.raises(RefusedError):
            office.desk.note("842", " ", by="")

    def test_a_note_is_found_by_searching(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.note("842", "买家要求改地址", by="")
        tickets, total = office.desk.search(["地址"], 10)
        assert ([ticket.id for ticket in tickets], total) == (["59088842"], 1)


def report(office: DeskAt, **options: Any) -> int:
    values: dict[str, Any] = {
        "since": None,
        "until": None,
        "shops": [],
        "note": "",
        "by": "",
        "contact": None,
    }
    story = office.desk.report_outage(OutageReason.POWER, **(values | options))
    return story.outage.id


def grant(office: DeskAt, *, until: str, tickets: tuple[str, ...] = ()) -> list[str]:
    done = office.desk.contact_manager(
        report(office),
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


def contact(office: DeskAt, outage_id: int, outcome: Outcome) -> None:
    office.desk.contact_manager(
        outage_id,
        manager="张经理",
        via=Via.PHONE,
        said="",
        at=None,
        outcome=outcome,
        granted_until=None,
        tickets=(),
        by="",
    )


class TestOutages:
    def test_an_outage_lists_the_pending_tickets_whose_clock_it_cuts_into(self, office: DeskAt) -> None:
        office.take_in(
            draft("59000001"),  # due 14:00
            draft("59000002", created_at=at("23 09:00")),  # due 13:00
            draft("59000003", platform_state=PlatformState.CLOSED),
        )
        office.time = at("23 13:30")
        outage_id = report(office, since=at("23 13:00"))
        assert [ticket.id for ticket in office.desk.outage(outage_id).affected] == ["59000001"]

    def test_a_deadline_outside_service_hours_that_lies_in_the_outage_is_in_danger(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(deadline_at=at("23 20:30")), draft("59088843", deadline_at=at("23 22:00")))
        office.time = at("24 10:00")
        outage_id = report(office, since=at("23 19:30"), until=at("23 21:00"))
        assert [ticket.id for ticket in office.desk.outage(outage_id).affected] == ["59088842"]

    def test_a_night_outage_cuts_into_nothing(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 18:00")))
        office.time = at("24 10:00")
        outage_id = report(office, since=at("23 19:00"), until=at("24 09:00"))
        assert office.desk.outage(outage_id).affected == []

    def test_an_outage_of_one_shop_leaves_the_others_alone(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        office.take_in(draft("59000001", shop="jd3"), draft("59000002", shop="jd5"))
        outage_id = report(office, shops=["jd5"])
        assert [ticket.id for ticket in office.desk.outage(outage_id).affected] == ["59000002"]

    def test_an_outage_moves_no_deadline_by_itself(self, office: DeskAt) -> None:
        office.take_in(draft())
        report(office)
        assert office.desk.find("842").deadline_at == at("23 14:00")

    def test_until_the_manager_is_reached_the_desk_says_so(self, office: DeskAt) -> None:
        outage_id = report(office)
        assert [outage.id for outage in office.desk.board(TicketQuery()).uncontacted] == [outage_id]
        contact(office, outage_id, Outcome.NO_ANSWER)
        assert office.desk.check(timedelta(minutes=30))[1] != []
        contact(office, outage_id, Outcome.TOLD)
        assert office.desk.check(timedelta(minutes=30))[1] == []

    def test_a_contact_made_while_reporting_is_logged_with_it(self, office: DeskAt) -> None:
        outage_id = report(
            office,
            contact=lambda number: Contact(number, "张经理", Via.PHONE, at("23 11:00"), "", Outcome.TOLD),
        )
        story = office.desk.outage(outage_id)
        assert story.outage.contacted
        assert [kept.manager for kept in story.contacts] == ["张经理"]

    def test_a_grant_moves_the_deadline_and_everything_stays_linked(self, office: DeskAt) -> None:
        office.take_in(draft())
        assert grant(office, until="24 12:00") == ["59088842"]
        story = office.desk.story("842")
        assert (story.ticket.deadline_at, story.ticket.first_deadline_at) == (at("24 12:00"), at("23 14:00"))
        assert story.ticket.deadline_source is DeadlineSource.GRANTED
        [extension] = story.extensions
        assert (extension.outage_id, extension.contact_id) == (1, 1)
        assert extension.old_deadline_at == at("23 14:00")

    def test_a_grant_for_named_tickets_moves_only_those(self, office: DeskAt) -> None:
        office.take_in(draft("59000001"), draft("59000002"))
        assert grant(office, until="24 12:00", tickets=("002",)) == ["59000002"]
        assert office.desk.find("59000001").deadline_at == at("23 14:00")

    def test_a_grant_never_shortens_the_time(self, office: DeskAt) -> None:
        office.take_in(draft())
        assert grant(office, until="23 12:00") == []
        assert office.desk.find("842").deadline_at == at("23 14:00")

    def test_a_refusal_moves_nothing_but_counts_as_contact(self, office: DeskAt) -> None:
        office.take_in(draft())
        outage_id = report(office)
        contact(office, outage_id, Outcome.REFUSED)
        assert office.desk.outage(outage_id).outage.contacted
        assert office.desk.find("842").deadline_at == at("23 14:00")

    def test_a_grant_that_lies_in_the_past_is_refused(self, office: DeskAt) -> None:
        office.take_in(draft())
        with pytest.raises(UsageError):
            grant(office, until="23 10:59")

    def test_an_outage_ends_once(self, office: DeskAt) -> None:
        outage_id = report(office, since=at("23 10:00"))
        assert office.desk.end_outage(outage_id, at=None, by="").until == at("23 11:00")
        with pytest.raises(RefusedError):
            office.desk.end_outage(outage_id, at=None, by="")

    def test_an_outage_cannot_end_before_it_begins(self, office: DeskAt) -> None:
        with pytest.raises(UsageError):
            report(office, since=at("23 10:00"), until=at("23 10:00"))
        outage_id = report(office)
        assert office.desk.end_outage(outage_id, at=None, by="").until == at("23 11:00")
        outage_id = report(office, since=at("23 10:00"))
        with pytest.raises(UsageError):
            office.desk.end_outage(outage_id, at=at("23 09:00"), by="")

    def test_an_unknown_outage_is_not_found(self, office: DeskAt) -> None:
        with pytest.raises(NotFoundError):
            office.desk.outage(7)


class TestRecompute:
    def test_only_pending_deadlines_that_the_policy_gave_are_recomputed(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00")
        office.take_in(
            draft("59000001"),
            draft("59000002", deadline_at=at("23 14:30")),
            draft("59000003", platform_state=PlatformState.CLOSED),
            draft("59000004"),
        )
        grant(office, until="24 12:00", tickets=("004",))
        stricter = DeadlinePolicy(HOURS, Duration(timedelta(hours=2), ClockKind.SERVICE), {})
        later = DeskAt(tmp_path, "23 11:30", policy=stricter)
        planned = later.desk.recompute(dry_run=True, by="")
        assert [(move.ticket.id, move.deadline_at) for move in planned] == [("59000001", at("23 12:00"))]
        assert later.desk.find("59000001").deadline_at == at("23 14:00")
        later.desk.recompute(dry_run=False, by="")
        ticket = later.desk.find("59000001")
        assert (ticket.deadline_at, ticket.first_deadline_at) == (at("23 12:00"), at("23 14:00"))
        assert later.desk.recompute(dry_run=False, by="") == []

    def test_the_story_tells_how_the_first_deadline_was_counted(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 10:30")))
        [segment] = office.desk.story("842").counted
        assert (segment.start, segment.end) == (at("23 10:30"), at("23 14:30"))
