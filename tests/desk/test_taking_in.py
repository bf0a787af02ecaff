from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jdticket import i18n
from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, TimeToReply
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.events import EventKind
from jdticket.domain.tickets import DeadlineSource, Kind, PlatformState, Status, TicketQuery
from jdticket.errors import InputError, NotFoundError
from tests.desk.at_desk import (
    CLOSED,
    ENDS,
    HOURS,
    REJECTED,
    REPLIED,
    WAITING,
    DeskAt,
    answer,
    at,
    draft,
    grant,
    kinds_of_events,
    make_move,
)


class TestTakingIn:
    def test_a_new_ticket_gets_its_deadline_from_the_platforms_creation_time(self, office: DeskAt) -> None:
        done = office.take_in(draft(created_at=at("23 16:40")))
        ticket = office.desk.looking.find("59088842")
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

    def test_rows_that_contradict_each_other_are_told_once_and_the_earlier_deadline_counts(
        self, office: DeskAt
    ) -> None:
        rows = [
            draft(row=2, deadline_at=at("23 13:00"), **WAITING),
            draft("59088843", row=3, content="甲"),
            draft(row=4, deadline_at=at("23 18:00"), **CLOSED),
            draft("59088843", row=5, content="乙"),
        ]
        done = office.take_in(*rows)
        ticket = office.desk.looking.find("59088842")
        assert (ticket.status, ticket.deadline_at) == (Status.PENDING, at("23 13:00"))
        [note] = done.notes
        assert note.startswith("tickets.csv: of 2 tickets there are rows that contradict each other")
        assert note.endswith("59088842, 59088843")

    def test_the_platform_moves_no_ticket_to_another_shop_and_a_file_does(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 12:00", shops=["jd3", "jd5"])
        office.take_in(draft(shop="jd3"), draft("59088843", shop="jd3"))
        shown = [draft(row=0, shop="jd5", content="新"), draft("59088843", row=0, shop="jd5")]
        [note] = office.take_in(*shown).notes
        assert note.startswith("the platform shows 2 tickets of shop jd3 to shop jd5 as well")
        assert note.endswith(": 59088842, 59088843")
        held = office.desk.looking.find("59088842")
        assert (held.shop, held.content) == ("jd3", "新")
        office.take_in(draft(shop="jd5"))
        assert office.desk.looking.find("59088842").shop == "jd5"

    def test_what_has_no_rows_was_asked_bit_by_bit_and_its_later_answer_counts(self, office: DeskAt) -> None:
        done = office.take_in(draft(row=0, **WAITING), draft(row=0, **CLOSED))
        assert (office.desk.looking.find("59088842").status, done.notes) == (Status.CLOSED, [])

    def test_a_deadline_column_wins_over_the_computed_deadline(self, office: DeskAt) -> None:
        office.take_in(draft(deadline_at=at("23 13:00")))
        ticket = office.desk.looking.find("59088842")
        assert (ticket.deadline_at, ticket.deadline_source) == (at("23 13:00"), DeadlineSource.PLATFORM)

    def test_a_countdown_within_two_minutes_of_our_deadline_is_no_change(self, office: DeskAt) -> None:
        office.take_in(draft())
        done = office.take_in(draft(deadline_at=at("23 13:58"), deadline_to_the_minute=True))
        assert done.unchanged == 1
        assert office.desk.looking.find("59088842").deadline_at == at("23 14:00")

    def test_a_countdown_further_off_moves_the_deadline_and_keeps_the_first(self, office: DeskAt) -> None:
        office.take_in(draft())
        done = office.take_in(draft(deadline_at=at("23 13:57"), deadline_to_the_minute=True))
        ticket = office.desk.looking.find("59088842")
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
        assert office.desk.looking.find("59088842").deadline_at == at("24 12:00")

    def test_a_reply_is_never_undone_and_a_platform_that_still_waits_is_flagged_once(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(**WAITING))
        office.desk.replies.reply("59088842", "已经发出，请查收", at=None, by="", force=False)
        done = office.take_in(draft(**WAITING))
        ticket = office.desk.looking.find("59088842")
        assert done.returned == ["59088842"]
        assert ticket.status is Status.REPLIED
        assert ticket.returned_at == at("23 11:00")
        again = office.take_in(draft(**WAITING))
        assert (again.changed, again.returned) == (0, [])

    def test_the_flag_goes_when_the_platform_has_the_reply(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.desk.replies.reply("59088842", "已经发出，请查收", at=None, by="", force=False)
        office.take_in(draft(**WAITING))
        office.take_in(draft(platform_state=PlatformState.REPLIED, platform_status="待确认"))
        assert office.desk.looking.find("59088842").returned_at is None
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
        assert office.desk.looking.find("59088842").status is status

    def test_a_reply_on_the_platform_is_recorded_with_its_time(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.take_in(draft(reply_text="已为您补发", reply_at=at("23 10:30"), assignee="小王"))
        story = office.desk.looking.story("59088842")
        assert story.ticket.status is Status.REPLIED
        assert [(reply.text, reply.at, reply.by) for reply in story.replies] == [
            ("已为您补发", at("23 10:30"), "小王")
        ]

    def test_a_reply_that_the_platform_rejected_leaves_the_ticket_pending(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.take_in(draft(**WAITING, reply_text="已为您补发", reply_at=at("23 10:30")))
        assert office.desk.looking.find("59088842").status is Status.PENDING
        assert len(office.store.replies("59088842")) == 1

    def test_our_own_reply_seen_on_the_platform_is_not_recorded_twice(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.replies.reply("59088842", "已为您补发", at=None, by="", force=False)
        office.time = at("23 12:00")
        office.take_in(draft(reply_text="已为您补发", reply_at=at("23 11:01")))
        assert len(office.store.replies("59088842")) == 1

    def test_a_time_cut_to_the_minute_is_no_news(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 10:00:43")))
        assert office.take_in(draft(created_at=at("23 10:00"))).unchanged == 1

    def test_a_corrected_creation_time_moves_the_deadline(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.take_in(draft(created_at=at("23 09:30")))
        ticket = office.desk.looking.find("59088842")
        assert (ticket.deadline_at, ticket.first_deadline_at) == (at("23 13:30"), at("23 14:00"))

    def test_a_change_of_configuration_does_not_slip_in_with_an_import(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00")
        office.take_in(draft(content="甲"))
        stricter = DeadlinePolicy(HOURS, TimeToReply(timedelta(hours=2), ClockKind.SERVICE), {})
        later = DeskAt(tmp_path, "23 11:00", policy=stricter)
        later.take_in(draft(content="乙", kind=Kind.URGE))
        assert later.desk.looking.find("59088842").deadline_at == at("23 14:00")

    def test_words_that_were_not_recognised_do_not_undo_a_known_kind(self, office: DeskAt) -> None:
        office.take_in(draft(kind=Kind.CRC, kind_text="CRC高危投诉"))
        assert office.take_in(draft(kind=Kind.OTHER, kind_text="退款问题")).unchanged == 1

    def test_a_sketch_fills_gaps_and_replaces_nothing(self, office: DeskAt) -> None:
        office.take_in(draft(content="问题描述", kind=Kind.URGE))
        done = office.take_in(
            draft(content="商品标题", kind=Kind.COMPLAINT, order_id="275490614167", fills_gaps_only=True)
        )
        ticket = office.desk.looking.find("59088842")
        assert done.changed == 1
        assert (ticket.content, ticket.kind, ticket.order_id) == ("问题描述", Kind.URGE, "275490614167")

    def test_our_own_export_is_no_word_of_the_platforms(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        office.desk.replies.reply("59088842", "已经发出，请查收", at=None, by="", force=False)
        office.take_in(draft(**WAITING))
        exported = draft(reply_text="已经发出，请查收", reply_at=at("23 11:00"))
        assert office.take_in(exported).unchanged == 1
        assert office.desk.looking.find("59088842").returned_at is not None

    def test_a_name_that_we_assigned_is_kept(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.tickets.assign("59088842", "小王", by="")
        assert office.take_in(draft(assignee="platform")).unchanged == 1

    def test_without_a_creation_time_the_clock_starts_when_we_see_it(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=None, deadline_at=at("23 15:00")))
        assert office.desk.looking.find("59088842").created_at == at("23 11:00")

    def test_rejected_rows_are_handed_on_and_the_others_go_in(self, office: DeskAt) -> None:
        bad = Rejection("tickets.csv", 3, "工单号", "12", "no ticket number")
        done = office.take_in(draft("59088842"), bad, draft("59088843"))
        assert (done.new, done.rejected, office.rejections) == (2, 1, [bad])

    def test_a_dry_run_tells_all_and_keeps_nothing(self, office: DeskAt) -> None:
        done = office.take_in(draft(), dry_run=True)
        assert done.new == 1
        with pytest.raises(NotFoundError):
            office.desk.looking.find("59088842")

    def test_the_store_is_not_locked_while_the_first_rows_are_still_awaited(self, office: DeskAt) -> None:
        def slow() -> Iterator[Draft]:
            with office.store.transaction():  # raises if one is open already
                pass
            yield draft("59088842")

        assert office.desk.taking_in.take_in(slow(), on_rejection=office.rejections.append).new == 1

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_a_long_source_is_taken_in_piece_by_piece(self, office: DeskAt, dry_run: bool) -> None:
        progress: list[int] = []

        def long() -> Iterator[Draft]:
            for number in range(59_000_000, 59_002_500):
                with office.store.transaction():  # raises if one is open already
                    pass
                yield draft(str(number))

        done = office.desk.taking_in.take_in(
            long(), dry_run=dry_run, on_rejection=office.rejections.append, on_progress=progress.append
        )
        assert (done.new, progress) == (2500, [1000, 2000, 2500])
        assert len(office.desk.looking.board(TicketQuery()).tickets) == (0 if dry_run else 2500)

    def test_of_a_long_source_that_breaks_off_what_was_counted_stays_and_the_rest_may_follow(
        self, office: DeskAt
    ) -> None:
        progress: list[int] = []
        whole = [draft(str(number)) for number in range(59_000_000, 59_001_500)]

        def breaks() -> Iterator[Draft]:
            yield from whole[:1200]
            raise InputError("truncated")

        with pytest.raises(InputError):
            office.desk.taking_in.take_in(
                breaks(), on_rejection=office.rejections.append, on_progress=progress.append
            )
        assert progress == [1000]
        assert len(office.desk.looking.board(TicketQuery()).tickets) == 1000
        done = office.take_in(*whole)
        assert (done.new, done.unchanged) == (500, 1000)

    def test_a_short_source_that_breaks_off_leaves_nothing_behind(self, office: DeskAt) -> None:
        def breaks() -> Iterator[Draft]:
            yield draft("59088842")
            raise InputError("truncated")

        with pytest.raises(InputError):
            office.desk.taking_in.take_in(breaks(), on_rejection=office.rejections.append)
        assert office.desk.looking.board(TicketQuery()).tickets == []

    def test_with_several_shops_a_row_must_name_one(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        done = office.take_in(draft("59088842"), draft("59088843", shop="jd5"), draft("59088844", shop="jd9"))
        assert (done.new, done.rejected) == (1, 2)
        assert [rejection.reason for rejection in office.rejections][1] == "no shop jd9"

    def test_a_row_of_another_shop_than_the_one_asked_for_is_rejected(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        done = office.take_in(draft("59088842"), draft("59088843", shop="jd5"), shop="jd3")
        assert (done.new, done.rejected) == (1, 1)
        assert office.desk.looking.find("59088842").shop == "jd3"

    def test_a_ticket_that_changes_its_shop_is_told(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        office.take_in(draft("59088842"), shop="jd3")
        done = office.take_in(draft("59088842"), draft("59088843"), shop="jd5")
        assert office.desk.looking.find("59088842").shop == "jd5"
        assert done.moved == ["59088842"]
        assert "1 ticket was another shop's until now" in done.notes[-1]
        assert office.take_in(draft("59088842"), shop="jd5").notes == []

    def test_a_page_makes_no_deadline_later_by_another_creation(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 10:00")))
        page = draft(created_at=at("23 10:40:10"), fills_gaps_only=True)
        [note] = office.take_in(page).notes
        assert "ticket 59088842 was created today 10:40:10, but it is known to be of today 10:00" in note
        assert office.desk.looking.find("59088842").deadline_at == at("23 14:00")
        assert office.take_in(replace(page, created_at=at("23 09:30"))).notes == []
        assert office.desk.looking.find("59088842").deadline_at == at("23 13:30")


class TestRejectedReplies:
    def test_a_new_ticket_whose_reply_was_rejected_is_pending(self, office: DeskAt) -> None:
        done = office.take_in(draft(**REJECTED))
        assert (done.new, done.pending_new) == (1, 1)
        assert office.desk.looking.find("59088842").status is Status.PENDING

    @pytest.mark.parametrize("move", ["reply", "close"])
    def test_what_we_were_done_with_is_pending_again_with_its_old_deadline(
        self, office: DeskAt, move: str
    ) -> None:
        office.take_in(draft(**WAITING))
        make_move(office, move)
        office.time = at("23 15:00")
        office.take_in(draft(**REJECTED))
        ticket = office.desk.looking.find("59088842")
        assert (ticket.status, ticket.deadline_at) == (Status.PENDING, at("23 14:00"))
        event = office.store.events(ticket_id="59088842")[-1]
        assert (event.kind, event.payload.platform) == (EventKind.REJECTED, "已驳回")
        assert office.take_in(draft(**REJECTED)).unchanged == 1

    def test_the_flag_of_a_reply_that_did_not_arrive_goes(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.take_in(draft(**WAITING))
        office.take_in(draft(**REJECTED))
        ticket = office.desk.looking.find("59088842")
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
        ticket = office.desk.looking.find("59088842")
        assert (ticket.status, ticket.returned_at) == (Status.REPLIED, at("23 12:00"))
        assert done.returned == ["59088842"]
        assert kinds_of_events(office)[-1] is EventKind.RETURNED
        assert office.take_in(draft(**REJECTED)).unchanged == 1

    def test_a_reply_found_with_it_goes_on_record_and_leaves_the_ticket_pending(self, office: DeskAt) -> None:
        found = draft(**REJECTED, reply_text="已为您补发", reply_at=at("23 10:30"))
        office.take_in(draft(**WAITING))
        office.take_in(found)
        story = office.desk.looking.story("59088842")
        assert story.ticket.status is Status.PENDING
        assert [(reply.text, reply.at) for reply in story.replies] == [("已为您补发", at("23 10:30"))]
        assert office.take_in(found).unchanged == 1

    def test_a_new_ticket_has_the_reply_on_record_and_is_pending(self, office: DeskAt) -> None:
        office.take_in(draft(**REJECTED, reply_text="已为您补发", reply_at=at("23 10:30")))
        assert office.desk.looking.find("59088842").status is Status.PENDING
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
        ticket = office.desk.looking.find("59088842")
        assert (ticket.status, ticket.returned_at, done.returned) == (Status.REPLIED, None, [])

    def test_a_later_deadline_of_an_older_source_is_told_for_all_tickets_at_once(
        self, office: DeskAt
    ) -> None:
        first, second = draft(**WAITING, seen_at=at("23 11:00")), draft("59088843", seen_at=at("23 11:00"))
        office.take_in(first, replace(second, **WAITING))
        older = {"deadline_at": at("23 15:00"), "seen_at": at("23 10:59")}
        [one] = office.take_in(replace(first, **older)).notes
        assert (
            "older than what is known of 1 ticket, for which it tells a later deadline (today 15:00)" in one
        )
        assert "the earlier one stands (today 14:00): 59088842" in one
        [both] = office.take_in(replace(first, **older), replace(second, **older)).notes
        assert "older than what is known of 2 tickets, for which it tells later deadlines" in both
        assert both.endswith("59088842, 59088843")
        assert office.desk.looking.find("59088842").deadline_at == at("23 14:00")

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            (
                {"deadline_at": at("23 18:00"), "deadline_sure": False},
                "so it is with 7 more tickets, whose earlier deadlines stand: 59088003, 59088004",
            ),
            (
                {"deadline_at": at("22 18:00")},
                "so it is with 7 more tickets, whose deadlines were left aside: 59088003, 59088004",
            ),
            (
                {"created_at": at("23 10:30"), "fills_gaps_only": True},
                "so it is with 7 more tickets, whose earlier creations stand: 59088003, 59088004",
            ),
        ],
    )
    def test_what_is_the_same_with_many_tickets_is_told_of_a_few_and_then_counted(
        self, office: DeskAt, fields: dict[str, Any], words: str
    ) -> None:
        numbers = [str(59088000 + i) for i in range(10)]
        office.take_in(*(draft(number) for number in numbers))
        *single, rest = office.take_in(*(draft(number, **fields) for number in numbers)).notes
        assert [note.split("ticket ")[1][:8].rstrip(" ,") for note in single[:3]] == numbers[:3]
        assert len(single) == 3
        assert words in rest

    def test_what_was_seen_a_second_later_counts(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.time = at("23 11:05")
        done = office.take_in(draft(**WAITING, seen_at=at("23 11:00:01")))
        assert done.returned == ["59088842"]
        office.take_in(draft(**REJECTED, seen_at=at("23 11:00:01")))
        assert office.desk.looking.find("59088842").status is Status.PENDING

    @BOTH
    def test_the_latest_of_several_replies_counts(self, office: DeskAt, says: dict[str, Any]) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.time = at("23 12:00")
        answer(office, "补充：运单号已更新")
        office.take_in(draft(**says, seen_at=at("23 11:30")))
        ticket = office.desk.looking.find("59088842")
        assert (ticket.status, ticket.returned_at) == (Status.REPLIED, None)

    def test_a_reply_counts_from_its_recording_and_not_from_when_it_was_given(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office, at=at("23 10:30"))
        office.take_in(draft(**REJECTED, seen_at=at("23 10:45")))
        assert office.desk.looking.find("59088842").status is Status.REPLIED

    def test_a_ticket_closed_after_it_was_seen_stays_closed(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.desk.tickets.close("842", by="")
        office.take_in(draft(**REJECTED, seen_at=at("23 10:59")))
        assert office.desk.looking.find("59088842").status is Status.CLOSED

    def test_a_second_rejection_in_the_same_words_counts(self, office: DeskAt) -> None:
        office.take_in(draft(**REJECTED, seen_at=at("23 10:50")))
        answer(office)
        office.take_in(draft(**REJECTED, seen_at=at("23 11:30")))
        assert office.desk.looking.find("59088842").status is Status.PENDING
        assert kinds_of_events(office)[-1] is EventKind.REJECTED


class TestWhatIsKnownAlready:
    def test_the_same_page_again_does_not_undo_our_next_reply(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING, fills_gaps_only=True))
        answer(office)
        office.take_in(draft(**REJECTED, fills_gaps_only=True))
        answer(office, "补充：运单号已更新")
        done = office.take_in(draft(**REJECTED, fills_gaps_only=True))
        assert (office.desk.looking.find("59088842").status, done.returned) == (Status.REPLIED, ["59088842"])

    @pytest.mark.parametrize("end", ENDS)
    def test_the_same_page_again_does_not_end_what_was_reopened(self, office: DeskAt, end: str) -> None:
        office.take_in(draft(**WAITING, fills_gaps_only=True))
        office.take_in(draft(**ENDS[end], fills_gaps_only=True))
        office.desk.tickets.reopen("842", "买家再次来电", by="")
        office.take_in(draft(**ENDS[end], fills_gaps_only=True))
        assert office.desk.looking.find("59088842").status is Status.PENDING

    def test_a_ticket_closed_by_a_person_is_not_opened_by_a_rejection_known_before(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(**REJECTED, seen_at=at("23 10:50")))
        office.desk.tickets.close("842", by="")
        office.time = at("23 11:10")
        office.take_in(draft(**REJECTED, seen_at=at("23 11:10")))
        assert office.desk.looking.find("59088842").status is Status.CLOSED


class TestReopened:
    @pytest.mark.parametrize("seen", [None, "23 11:30"], ids=["file", "platform"])
    @pytest.mark.parametrize("end", ENDS)
    def test_the_platform_s_same_words_do_not_end_it_again(
        self, office: DeskAt, end: str, seen: str | None
    ) -> None:
        office.take_in(draft(**ENDS[end]))
        office.desk.tickets.reopen("842", "买家再次来电", by="")
        done = office.take_in(draft(**ENDS[end], seen_at=seen and at(seen)))
        assert done.unchanged == 1
        assert office.desk.looking.find("59088842").status is Status.PENDING

    @pytest.mark.parametrize("end", ENDS)
    def test_new_words_end_it(self, office: DeskAt, end: str) -> None:
        before = "closed" if end == "replied" else "replied"
        office.take_in(draft(**ENDS[before]))
        office.desk.tickets.reopen("842", "买家再次来电", by="")
        office.take_in(draft(**ENDS[end]))
        assert office.desk.looking.find("59088842").status.value == end

    def test_a_reply_that_we_did_not_know_ends_it_in_the_same_words_too(self, office: DeskAt) -> None:
        office.take_in(draft(**REPLIED))
        office.desk.tickets.reopen("842", "买家再次来电", by="")
        office.take_in(draft(**REPLIED, reply_text="已为您补发", reply_at=at("23 10:30")))
        assert office.desk.looking.find("59088842").status is Status.REPLIED


class TestDeadlinesThatCannotBe:
    @pytest.mark.parametrize("year", [1980, 1999, 2101, 2107, 9998])
    @pytest.mark.parametrize("created", [{}, {"created_at": None}])
    def test_one_costs_that_field_with_a_note_and_not_the_ticket(
        self, office: DeskAt, year: int, created: dict[str, None]
    ) -> None:
        far = datetime(year, 1, 1, 1, 0, tzinfo=UTC)
        done = office.take_in(draft(deadline_at=far, **created), draft("59088843"))
        assert (done.new, done.rejected) == (2, 0)
        assert done.notes == [
            f"tickets.csv, row 2: {year}-01-01 09:00 cannot be the deadline of ticket 59088842 and was left "
            "aside; look at it there."
        ]
        ticket = office.desk.looking.find("842")
        created_at = at("23 11:00") if created else at("23 10:00")
        assert ticket.created_at == created_at
        assert ticket.deadline_at == created_at + timedelta(hours=4)
        assert ticket.deadline_source is DeadlineSource.POLICY

    def test_the_deadline_of_a_known_ticket_stays(self, office: DeskAt) -> None:
        office.take_in(draft(deadline_at=at("23 12:00")))
        done = office.take_in(draft(deadline_at=datetime(1980, 1, 1, tzinfo=UTC)))
        assert (done.unchanged, len(done.notes)) == (1, 1)
        assert office.desk.looking.find("842").deadline_at == at("23 12:00")

    def test_it_is_said_in_chinese_too(self, office: DeskAt) -> None:
        i18n.use("zh")
        try:
            done = office.take_in(draft(deadline_at=datetime(1980, 1, 1, 1, 0, tzinfo=UTC)))
        finally:
            i18n.use("en")
        assert done.notes == [
            "tickets.csv 第 2 行：工单 59088842 的截止时间不可能是 1980-01-01 09:00，没有采用，请到后台核对。"
        ]
