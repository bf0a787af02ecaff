from __future__ import annotations

import pytest

from jdticket.desk import pulling
from jdticket.desk.pulling import Synced
from jdticket.domain.drafts import Rejection
from jdticket.domain.events import EventKind, FirstSeen
from jdticket.domain.sources import LogEntry, SourceState
from jdticket.domain.tickets import Kind, PlatformState, Status
from jdticket.errors import ConfigError, PlatformError, Trouble
from tests.desk.at_desk import at
from tests.desk.at_platform import DAY, DOWN, HOUR, MINUTE, TEXT, Played, Room
from tests.desk.room import Killed


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

    def test_one_whose_reply_has_not_arrived_is_looked_up_too(self, room: Room) -> None:
        room.platform.add("84700001", at("20 10:00"))
        room.sync()
        room.pass_time(5 * MINUTE)
        room.office.desk.replies.reply("84700001", TEXT, at=None, by="", force=False, send=True)
        room.pass_time(5 * MINUTE)
        room.platform.orders["84700001"].words = "已关闭"
        room.sync()
        assert room.platform.asked_for("order") == [("order", "275490084700001")]
        assert room.ticket("84700001").status is Status.CLOSED

    def test_an_order_that_is_refused_stops_no_other(self, room: Room) -> None:
        for number in ("84700001", "84700002"):
            room.platform.add(number, at("20 10:00"))
        room.sync()
        for order in room.platform.orders.values():
            order.words = "已关闭"
        room.platform.refused_orders = {"275490084700001"}
        room.pass_time(5 * MINUTE)
        done = room.sync()
        assert (done.error, room.ticket("84700002").status) == (None, Status.CLOSED)
        assert done.notes == ["order 275490084700001 could not be looked up. not this one"]

    def test_look_ups_go_on_where_the_one_before_left_off(
        self, room: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pulling, "_LOOKED_UP_MOST", 2)
        for n in range(5):
            room.platform.add(f"8470000{n}", at("20 10:00"))
        room.sync()
        room.platform.orders_only = True
        asked: list[str] = []
        for _sync in range(3):
            room.pass_time(5 * MINUTE)
            room.sync()
            asked += [question[1][-1] for question in room.platform.asked_for("order")]
        assert asked == ["0", "1", "2", "3", "4", "0"]

    @pytest.mark.parametrize("state", [PlatformState.WAITING, PlatformState.REJECTED, None])
    def test_a_list_that_does_not_add_up_keeps_no_other_from_being_read(
        self, room: Room, state: PlatformState | None
    ) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.platform.add("84700002", at("23 10:10"), "已驳回")
        room.platform.add("84700003", at("23 10:20"), "已关闭")
        room.platform.incomplete = {state}
        done = room.sync()
        assert (done.new, str(done.error)) == (3, "it does not add up")
        assert (room.source.failing_since, room.source.read_until) == (at("23 12:00"), None)
        room.platform.incomplete = set()
        assert room.sync().error is None

    def test_a_creation_that_the_list_does_not_tell_comes_from_the_details(self, room: Room) -> None:
        room.platform.tells_creation = False
        room.platform.add("84700001", at("23 10:00"))
        done = room.sync()
        assert (room.ticket("84700001").created_at, done.notes) == (at("23 10:00"), [])

    def test_a_creation_that_nobody_tells_is_taken_as_the_last_time_without_it_and_that_is_told(
        self, room: Room
    ) -> None:
        room.sync()
        room.platform.tells_creation = room.platform.details_tell_creation = False
        room.platform.add("84700001", at("23 12:07"))
        room.pass_time(10 * MINUTE)
        [note] = room.sync().notes
        assert note.startswith("ticket 84700001: the platform does not tell when it was created")
        assert room.ticket("84700001").created_at == at("23 12:00")
        first = room.store.events(ticket_id="84700001")[0]
        assert isinstance(first.payload, FirstSeen)
        assert first.payload.created_at_unknown
        room.platform.tells_creation = True
        room.pass_time(10 * MINUTE)
        assert room.sync().notes == []
        assert room.ticket("84700001").created_at == at("23 12:07")
        assert room.ticket("84700001").deadline_at == at("23 16:07")

    def test_at_the_first_sync_it_is_taken_as_now(self, room: Room) -> None:
        room.platform.tells_creation = room.platform.details_tell_creation = False
        room.platform.add("84700001", at("23 11:00"))
        assert len(room.sync().notes) == 1
        assert room.ticket("84700001").created_at == at("23 12:00")

    def test_what_a_person_has_to_hear_of_is_told(self, room: Room) -> None:
        room.platform.add("84700001", at("23 10:00"))
        room.sync()
        room.pass_time(5 * MINUTE)
        room.office.desk.replies.reply("84700001", TEXT, at=None, by="", force=False, send=True)
        room.pass_time(5 * MINUTE)
        room.platform.orders["84700001"].words = "待确认"
        assert room.sync().notes == [
            "Ticket 84700001 counts as replied on the platform; the reply recorded here was not sent."
        ]
        assert room.store.undelivered() == []

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

        done = room.pulling.sync("jd3", connect)
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
            inner.append(room.pulling.sync("jd3", lambda: room.platform))
            return room.platform

        assert room.pulling.sync("jd3", connect).begin is not None
        [other] = inner
        assert (other.begin, other.error, other.seen) == (None, None, 0)

    def test_one_that_was_killed_blocks_the_next_for_a_minute_at_most(self, room: Room) -> None:
        def die() -> Played:
            raise Killed

        with pytest.raises(Killed), pytest.MonkeyPatch.context() as patch:
            patch.setattr(pulling._Mark, "put", lambda *_arguments: None)
            room.pulling.sync("jd3", die)
        done = room.sync()
        assert (done.begin, done.busy_since) == (None, at("23 12:00"))
        room.pass_time(MINUTE)
        assert room.sync().begin is not None

    def test_one_that_works_for_long_says_so_and_is_left_alone(self, room: Room) -> None:
        for n in range(9):
            room.platform.add(f"8470000{n}", at("23 10:00"), "已关闭")
        seen: list[Synced] = []

        def meanwhile() -> None:
            room.pass_time(MINUTE / 2)
            seen.append(room.pulling.sync("jd3", lambda: room.platform))

        room.platform.between_pages = meanwhile
        room.sync()
        assert len(seen) == 4
        assert {(one.begin, one.busy_since) for one in seen} == {(None, at("23 12:00"))}

    def test_one_that_was_overtaken_leaves_what_is_newer(self, room: Room) -> None:
        for n in range(3):
            room.platform.add(f"8470000{n}", at("23 10:00"), "已关闭")

        def meanwhile() -> None:
            room.platform.between_pages = lambda: None
            room.pass_time(5 * MINUTE)
            assert room.pulling.sync("jd3", lambda: room.platform).begin is not None

        room.platform.between_pages = meanwhile
        room.sync()
        assert (room.source.good_at, room.source.busy_until) == (at("23 12:05"), None)

    def test_one_that_fails_after_it_was_overtaken_is_no_failure_of_the_shop(self, room: Room) -> None:
        room.sync()
        for n in range(3):
            room.platform.add(f"8470000{n}", at("23 10:00"), "已关闭")

        def meanwhile() -> None:
            room.platform.between_pages = lambda: None
            room.pass_time(5 * MINUTE)
            room.pulling.sync("jd3", lambda: room.platform)
            raise DOWN

        room.platform.between_pages = meanwhile
        assert room.sync(since=at("23 09:00")).error is DOWN
        assert (room.source.good_at, room.source.failing_since) == (at("23 12:05"), None)

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
