from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, TimeToReply
from jdticket.domain.tickets import (
    PlatformState,
)
from jdticket.errors import RefusedError
from tests.desk.at_desk import (
    HOURS,
    DeskAt,
    at,
    draft,
    grant,
)


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
        stricter = DeadlinePolicy(HOURS, TimeToReply(timedelta(hours=2), ClockKind.SERVICE), {})
        later = DeskAt(tmp_path, "23 11:30", policy=stricter)
        planned, _left_alone = later.desk.upkeep.recompute(dry_run=True, by="")
        assert [(move.ticket.id, move.deadline_at) for move in planned] == [("59000001", at("23 12:00"))]
        assert later.desk.looking.find("59000001").deadline_at == at("23 14:00")
        later.desk.upkeep.recompute(dry_run=False, by="")
        ticket = later.desk.looking.find("59000001")
        assert (ticket.deadline_at, ticket.first_deadline_at) == (at("23 12:00"), at("23 14:00"))
        assert later.desk.upkeep.recompute(dry_run=False, by="") == ([], [])

    def test_a_ticket_for_which_no_deadline_can_be_counted_is_left_alone_and_stops_no_other(
        self, tmp_path: Path
    ) -> None:
        office = DeskAt(tmp_path, "23 11:00")
        office.take_in(draft("59000001"), draft("59000002"))
        [held] = office.store.tickets_by_id(["59000002"]).values()
        with office.store.transaction():
            office.store.put_tickets([replace(held, created_at=datetime(1980, 1, 1, tzinfo=UTC))])
        stricter = DeadlinePolicy(HOURS, TimeToReply(timedelta(hours=2), ClockKind.SERVICE), {})
        done = DeskAt(tmp_path, "23 11:30", policy=stricter).desk.upkeep.recompute(dry_run=False, by="")
        assert [move.ticket.id for move in done.moved] == ["59000001"]
        assert [ticket.id for ticket in done.left_alone] == ["59000002"]
        assert office.desk.looking.find("002").deadline_at == at("23 14:00")
        assert office.desk.looking.story("002").counted == []

    def test_the_story_tells_how_the_first_deadline_was_counted(self, office: DeskAt) -> None:
        office.take_in(draft(created_at=at("23 10:30")))
        [segment] = office.desk.looking.story("842").counted
        assert (segment.start, segment.end) == (at("23 10:30"), at("23 14:30"))


class TestBackup:
    def test_a_backup_is_a_desk_again_and_never_overwrites(self, office: DeskAt, tmp_path: Path) -> None:
        office.take_in(draft())
        other = tmp_path / "other"
        other.mkdir()
        office.desk.upkeep.backup(other / "desk.db")
        assert DeskAt(other, "23 12:00").desk.looking.find("842").id == "59088842"
        with pytest.raises(RefusedError, match="never overwrites"):
            office.desk.upkeep.backup(other / "desk.db")


class TestFindings:
    def test_a_new_desk_is_sound(self, office: DeskAt) -> None:
        assert all(finding.ok for finding in office.desk.upkeep.findings())
