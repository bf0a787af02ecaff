from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jdticket.domain.outages import Contact, Outcome, Via
from jdticket.domain.tickets import (
    DeadlineSource,
    PlatformState,
    Ticket,
    TicketQuery,
)
from jdticket.errors import NotFoundError, RefusedError, UsageError
from tests.desk.at_desk import (
    WAITING,
    DeskAt,
    answer,
    at,
    contact,
    draft,
    grant,
    report,
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
        assert [ticket.id for ticket in office.desk.outages.story(outage_id).affected] == ["59000001"]

    def test_it_endangers_what_was_replied_to_and_waits_all_the_same(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59088843", **WAITING), draft("59088844"))
        answer(office, send=True)
        for number in ("843", "844"):
            office.desk.replies.reply(number, "已经发出，请查收", at=None, by="", force=False)
        office.time = at("23 11:05")
        office.take_in(draft("59088843", **WAITING))
        outage_id = report(office)
        affected = office.desk.outages.story(outage_id).affected
        assert [ticket.id for ticket in affected] == ["59088842", "59088843"]

    def test_a_deadline_that_cannot_be_stops_no_outage(self, office: DeskAt) -> None:
        office.take_in(draft("59088842"), draft("59088843"), draft("59088844"))
        for number, year in (("843", 1980), ("844", 2150)):
            far = replace(office.desk.looking.find(number), deadline_at=datetime(year, 1, 1, tzinfo=UTC))
            with office.store.transaction():
                office.store.put_tickets([far])
        # One that has passed is not in danger any more; one to come surely is.
        affected = office.desk.outages.story(report(office)).affected
        assert [ticket.id for ticket in affected] == ["59088842", "59088844"]

    def test_a_deadline_outside_service_hours_that_lies_in_the_outage_is_in_danger(
        self, office: DeskAt
    ) -> None:
        office.take_in(draft(deadline_at=at("23 20:30")), draft("59088843", deadline_at=at("23 22:00")))
        office.time = at("24 10:00")
        outage_id = report(office, since=at("23 19:30"), until=at("23 21:00"))
        assert [ticket.id for ticket in office.desk.outages.story(outage_id).affected] == ["59088842"]

    def test_a_night_outage_cuts_into_nothing(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 18:00")))
        office.time = at("24 10:00")
        outage_id = report(office, since=at("23 19:00"), until=at("24 09:00"))
        assert office.desk.outages.story(outage_id).affected == []

    def test_an_outage_of_one_shop_leaves_the_others_alone(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        office.take_in(draft("59000001", shop="jd3"), draft("59000002", shop="jd5"))
        outage_id = report(office, shops=["jd5"])
        assert [ticket.id for ticket in office.desk.outages.story(outage_id).affected] == ["59000002"]

    def test_an_outage_moves_no_deadline_by_itself(self, office: DeskAt) -> None:
        office.take_in(draft())
        report(office)
        assert office.desk.looking.find("842").deadline_at == at("23 14:00")

    def test_until_the_manager_is_reached_the_desk_says_so(self, office: DeskAt) -> None:
        outage_id = report(office)
        assert [outage.id for outage in office.desk.looking.board(TicketQuery()).uncontacted] == [outage_id]
        contact(office, outage_id, Outcome.NO_ANSWER)
        assert office.desk.looking.check(timedelta(minutes=30))[1] != []
        contact(office, outage_id, Outcome.TOLD)
        assert office.desk.looking.check(timedelta(minutes=30))[1] == []

    def test_a_contact_made_while_reporting_is_logged_with_it(self, office: DeskAt) -> None:
        outage_id = report(
            office,
            contact=lambda number: Contact(number, "张经理", Via.PHONE, at("23 11:00"), "", Outcome.TOLD),
        )
        story = office.desk.outages.story(outage_id)
        assert story.outage.contacted
        assert [kept.manager for kept in story.contacts] == ["张经理"]

    def test_a_grant_moves_the_deadline_and_everything_stays_linked(self, office: DeskAt) -> None:
        office.take_in(draft())
        assert grant(office, until="24 12:00") == ["59088842"]
        story = office.desk.looking.story("842")
        assert (story.ticket.deadline_at, story.ticket.first_deadline_at) == (at("24 12:00"), at("23 14:00"))
        assert story.ticket.deadline_source is DeadlineSource.GRANTED
        [extension] = story.extensions
        assert (extension.outage_id, extension.contact_id) == (1, 1)
        assert extension.old_deadline_at == at("23 14:00")

    def test_a_grant_for_named_tickets_moves_only_those(self, office: DeskAt) -> None:
        office.take_in(draft("59000001"), draft("59000002"))
        assert grant(office, until="24 12:00", tickets=("002",)) == ["59000002"]
        assert office.desk.looking.find("59000001").deadline_at == at("23 14:00")

    def test_a_grant_for_a_ticket_of_another_shop_is_refused_by_name(self, tmp_path: Path) -> None:
        office = DeskAt(tmp_path, "23 11:00", shops=["jd3", "jd5"])
        office.take_in(draft("59000001", shop="jd3"), draft("59000002", shop="jd5"))
        outage_id = report(office, shops=["jd5"])
        with pytest.raises(RefusedError, match=r"59000001 \(jd3\)") as refused:
            grant(office, outage_id, until="24 12:00", tickets=("001", "002"))
        assert "59000002" not in refused.value.message
        assert office.desk.outages.story(outage_id).contacts == []
        assert office.desk.looking.find("002").deadline_at == at("23 14:00")

    def test_a_grant_for_many_tickets_takes_no_more_than_a_step_for_each(
        self, office: DeskAt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.take_in(*(draft(str(number)) for number in range(59_000_000, 59_000_300)))
        compared = 0
        equal = Ticket.__eq__

        def counted(one: Ticket, other: object) -> bool:
            nonlocal compared
            compared += 1
            return equal(one, other)

        monkeypatch.setattr(Ticket, "__eq__", counted)
        assert len(grant(office, until="24 18:00")) == 300
        assert compared <= 300

    def test_a_grant_never_shortens_the_time(self, office: DeskAt) -> None:
        office.take_in(draft())
        assert grant(office, until="23 12:00") == []
        assert office.desk.looking.find("842").deadline_at == at("23 14:00")

    def test_a_refusal_moves_nothing_but_counts_as_contact(self, office: DeskAt) -> None:
        office.take_in(draft())
        outage_id = report(office)
        contact(office, outage_id, Outcome.REFUSED)
        assert office.desk.outages.story(outage_id).outage.contacted
        assert office.desk.looking.find("842").deadline_at == at("23 14:00")

    def test_a_contact_may_be_of_this_very_second_and_not_of_the_next(self, office: DeskAt) -> None:
        outage_id = report(office)
        contact(office, outage_id, Outcome.TOLD, at("23 11:00"))
        assert [kept.at for kept in office.desk.outages.story(outage_id).contacts] == [at("23 11:00")]
        with pytest.raises(UsageError, match="in the future"):
            contact(office, outage_id, Outcome.TOLD, at("23 11:00") + timedelta(seconds=1))

    def test_a_grant_that_lies_in_the_past_is_refused(self, office: DeskAt) -> None:
        office.take_in(draft())
        with pytest.raises(UsageError):
            grant(office, until="23 10:59")
        with pytest.raises(UsageError, match="beyond the contact"):
            grant(office, until="23 11:00")

    def test_an_outage_ends_once(self, office: DeskAt) -> None:
        outage_id = report(office, since=at("23 10:00"))
        assert office.desk.outages.end(outage_id, at=None, by="").until == at("23 11:00")
        with pytest.raises(RefusedError):
            office.desk.outages.end(outage_id, at=None, by="")

    def test_an_outage_cannot_end_before_it_begins(self, office: DeskAt) -> None:
        with pytest.raises(UsageError):
            report(office, since=at("23 10:00"), until=at("23 10:00"))
        outage_id = report(office)
        assert office.desk.outages.end(outage_id, at=None, by="").until == at("23 11:00")
        outage_id = report(office, since=at("23 10:00"))
        with pytest.raises(UsageError):
            office.desk.outages.end(outage_id, at=at("23 09:00"), by="")

    def test_an_unknown_outage_is_not_found(self, office: DeskAt) -> None:
        with pytest.raises(NotFoundError):
            office.desk.outages.story(7)
