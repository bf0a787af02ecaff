from __future__ import annotations

from datetime import timedelta

import pytest

from jdticket.domain.tickets import (
    Counts,
    Kind,
    Status,
    TicketQuery,
)
from jdticket.errors import NotFoundError
from tests.desk.at_desk import (
    WAITING,
    DeskAt,
    at,
    draft,
)


class TestFinding:
    def test_an_unambiguous_ending_is_enough(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59088943"))
        assert office.desk.looking.find("842").id == "59088842"

    def test_an_ambiguous_ending_lists_the_candidates(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59077842"))
        with pytest.raises(NotFoundError) as raised:
            office.desk.looking.find("842")
        assert "59088842" in raised.value.message
        assert "59077842" in raised.value.message

    @pytest.mark.parametrize("number", ["42", "99999", "abc", "", "８４２x"])
    def test_what_fits_no_ticket_is_not_found(self, office: DeskAt, number: str) -> None:
        office.take_in(draft("59088842"))
        with pytest.raises(NotFoundError):
            office.desk.looking.find(number)

    def test_a_whole_number_wins_over_an_ending(self, office: DeskAt) -> None:
        office.take_in(draft("9088842"), draft("59088842"))
        assert office.desk.looking.find("9088842").id == "9088842"

    def test_it_is_found_by_its_order_or_six_digits_of_its_end(self, office: DeskAt) -> None:
        office.take_in(draft(order_id="275490614167"), draft("59088843", order_id="275490614168"))
        for number in ("275490614167", "614167", "２７５４９０６１４１６７", "＃５９０８８８４２", "８４２"):
            assert office.desk.looking.find(number).id == "59088842"
        with pytest.raises(NotFoundError):
            office.desk.looking.find("14167")
        with pytest.raises(NotFoundError):
            office.desk.looking.find("²14167")

    def test_an_order_that_a_later_file_told_is_found(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.take_in(draft(order_id="275490614167"))
        assert office.desk.looking.find("614167").id == "59088842"

    def test_a_ticket_of_that_number_comes_before_an_order_that_ends_so(self, office: DeskAt) -> None:
        office.take_in(draft("70614167"), draft(order_id="275490614167"))
        assert office.desk.looking.find("614167").id == "70614167"

    def test_several_tickets_of_one_order_are_listed(self, office: DeskAt) -> None:
        office.take_in(draft(order_id="275490614167"), draft("59088843", order_id="275490614167"))
        with pytest.raises(NotFoundError) as raised:
            office.desk.looking.find("614167")
        first, *tickets = raised.value.message.splitlines()
        assert first.startswith("2 tickets are about an order with the number 614167")
        assert [line.split()[0] for line in tickets] == ["59088842", "59088843"]


class TestLooking:
    def test_pending_is_ordered_by_deadline_and_crc_comes_first_among_equals(self, office: DeskAt) -> None:
        office.take_in(
            draft("59000001", kind=Kind.URGE),
            draft("59000002", kind=Kind.CRC),
            draft("59000003", created_at=at("23 09:00")),
        )
        board = office.desk.looking.board(TicketQuery(statuses=(Status.PENDING,)))
        assert [ticket.id for ticket in board.tickets] == ["59000003", "59000002", "59000001"]

    def test_exactly_at_the_deadline_a_ticket_is_not_overdue_and_a_second_later_it_is(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft())
        office.time = at("23 14:00")
        assert office.desk.looking.board(TicketQuery()).counts.overdue == 0
        office.time = at("23 14:00:01")
        board = office.desk.looking.board(TicketQuery())
        assert board.counts.overdue == 1
        assert office.desk.looking.left(board.tickets[0], office.time) == timedelta(seconds=-1)

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
                office.desk.replies.reply(f"{n}4", text, at=None, by="", force=False, send=True)
                office.desk.replies.reply(f"{n}5", text, at=None, by="", force=False)
                office.take_in(draft(f"{n}5", **WAITING), shop=shop)

        take_in("jd3", 5900010, 1)
        take_in("jd5", 5900020, 2)
        office.time = at("23 12:55")
        for shops, each in ((("jd3",), 1), (("jd5",), 2), ((), 3), (("jd3", "jd5"), 3), (("jd7",), 0)):
            counts = Counts(pending=5 * each, overdue=each, due_soon=each, returned=each, unsent=each)
            assert office.desk.looking.board(TicketQuery(shops=shops)).counts == counts
            whose = TicketQuery(shops=shops)
            assert office.desk.looking.check(timedelta(hours=1), whose)[0] == counts

    def test_a_limit_never_hides_how_many_there_are(self, office: DeskAt) -> None:
        office.take_in(*(draft(f"5900000{n}") for n in range(5)))
        board = office.desk.looking.board(TicketQuery(limit=2))
        assert (len(board.tickets), board.matching) == (2, 5)

    def test_due_within_is_counted_in_service_time(self, office: DeskAt) -> None:
        office.time = at("23 18:30")
        # 09:30 the next morning is one hour of service time away.
        assert office.desk.looking.due_until(office.time, timedelta(hours=1)) == at("24 09:30")
