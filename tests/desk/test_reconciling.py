from __future__ import annotations

from datetime import timedelta
from typing import Any

from jdticket.domain.events import EventKind
from jdticket.domain.pages import Coverage
from jdticket.domain.tickets import Status, Ticket
from tests.desk.at_desk import CLOSED, WAITING, DeskAt, answer, at, draft, kinds_of_events

HELD = ("59088841", "59088842", "59088843")


def covered(*held: str, **changes: Any) -> Coverage:
    values: dict[str, Any] = {"tickets": set(held), "shops": [""], "created_before": at("23 11:00")}
    return Coverage(**(values | changes))


def missing(office: DeskAt, *held: str, **changes: Any) -> list[str]:
    return [ticket.id for ticket in office.desk.reconciling.missing(covered(*held, **changes))]


def tickets(office: DeskAt, *numbers: str) -> list[Ticket]:
    return [office.desk.looking.find(number) for number in numbers]


class TestMissing:
    def test_what_waits_here_and_is_not_held_is_missing(self, office: DeskAt) -> None:
        office.take_in(*(draft(number) for number in HELD))
        assert missing(office, "59088842") == ["59088841", "59088843"]
        assert missing(office, *HELD) == []

    def test_it_comes_by_deadline(self, office: DeskAt) -> None:
        office.take_in(draft("59088841", deadline_at=at("23 18:00")), draft("59088842"))
        assert missing(office) == ["59088842", "59088841"]

    def test_what_does_not_wait_is_not_missing(self, office: DeskAt) -> None:
        office.take_in(draft("59088841", **CLOSED), draft("59088842"))
        answer(office)
        assert missing(office) == []

    def test_a_reply_that_the_platform_does_not_show_waits(self, office: DeskAt) -> None:
        office.take_in(draft(**WAITING))
        answer(office)
        office.take_in(draft(**WAITING))
        assert missing(office) == ["59088842"]

    def test_only_the_shops_that_are_covered_count(self, office: DeskAt) -> None:
        office.take_in(draft("59088841", shop="jd3"), draft("59088842", shop="jd5"))
        assert missing(office, shops=["jd5"]) == ["59088842"]
        assert missing(office, shops=[]) == []

    def test_what_came_after_the_copying_cannot_be_on_it(self, office: DeskAt) -> None:
        office.take_in(draft("59088841"), draft("59088842", created_at=at("23 10:30")))
        assert missing(office, created_before=at("23 10:30")) == ["59088841"]

    def test_what_came_before_its_oldest_row_may_not_be_covered(self, office: DeskAt) -> None:
        office.take_in(draft("59088841", created_at=at("22 10:00")), draft("59088842"))
        assert missing(office, created_from=at("23 10:00")) == ["59088842"]


class TestFlag:
    def test_it_is_flagged_once_and_its_time_line_says_so(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.reconciling.flag(tickets(office, "842"), "page.txt", by="小王")
        flagged = office.desk.looking.find("842")
        assert (flagged.missing_at, flagged.status) == (office.time, Status.PENDING)
        office.time += timedelta(minutes=5)
        office.desk.reconciling.flag(tickets(office, "842"), "page.txt", by="小王")
        assert office.desk.looking.find("842") == flagged
        assert kinds_of_events(office) == [EventKind.TAKEN_IN, EventKind.MISSING]

    def test_a_later_take_in_that_holds_it_takes_the_flag_off(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.reconciling.flag(tickets(office, "842"), "page.txt", by="")
        office.time += timedelta(minutes=5)
        assert office.take_in(draft()).changed == 1
        assert office.desk.looking.find("842").missing_at is None
        assert kinds_of_events(office)[-1] is EventKind.FOUND_AGAIN

    def test_one_that_was_seen_before_does_not(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.reconciling.flag(tickets(office, "842"), "page.txt", by="")
        office.take_in(draft(seen_at=at("23 10:59")))
        assert office.desk.looking.find("842").missing_at is not None


class TestClose:
    def test_all_are_closed_in_one_step(self, office: DeskAt) -> None:
        office.take_in(*(draft(number) for number in HELD))
        closed = office.desk.reconciling.close(tickets(office, "841", "843"), by="小王")
        assert sorted(ticket.id for ticket in closed) == ["59088841", "59088843"]
        assert [ticket.status for ticket in tickets(office, *HELD)] == [
            Status.CLOSED,
            Status.PENDING,
            Status.CLOSED,
        ]
        assert office.store.events(ticket_id="59088841")[-1].by == "小王"

    def test_what_somebody_else_has_closed_meanwhile_is_left(self, office: DeskAt) -> None:
        office.take_in(draft())
        before = tickets(office, "842")
        office.desk.tickets.close("842", by="小李")
        assert office.desk.reconciling.close(before, by="小王") == []


class TestTheSameOrder:
    def test_a_new_ticket_on_the_order_of_one_that_waits_is_told(self, office: DeskAt) -> None:
        office.take_in(draft("59088841", order_id="275490614167"))
        done = office.take_in(draft("59088842", order_id="275490614167"), draft("59088843"))
        assert done.same_order == [("59088842", "275490614167", ["59088841"])]
        assert office.take_in(draft("59088842", order_id="275490614167")).same_order == []

    def test_two_new_ones_are_told_once(self, office: DeskAt) -> None:
        done = office.take_in(*(draft(number, order_id="275490614167") for number in HELD[:2]))
        assert done.same_order == [("59088842", "275490614167", ["59088841"])]

    def test_one_whose_other_ticket_is_done_is_no_news(self, office: DeskAt) -> None:
        office.take_in(draft("59088841", order_id="275490614167", **CLOSED))
        assert office.take_in(draft("59088842", order_id="275490614167")).same_order == []


class TestBounds:
    def test_a_bound_makes_a_deadline_earlier_and_is_no_news_when_later(self, office: DeskAt) -> None:
        bound = {"deadline_sure": False, "deadline_at_most": True}
        office.take_in(draft("59088841", deadline_at=at("23 10:59"), **bound))
        assert office.desk.looking.find("841").deadline_at == at("23 10:59")
        for later in ("23 15:00", "23 16:00"):
            done = office.take_in(draft("59088842", deadline_at=at(later), **bound))
            assert (office.desk.looking.find("842").deadline_at, done.notes) == (at("23 14:00"), [])
