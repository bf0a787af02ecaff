from __future__ import annotations

from typing import ClassVar

import pytest

from jdticket.domain.events import EventKind
from jdticket.domain.tickets import (
    Status,
)
from jdticket.errors import RefusedError
from tests.desk.at_desk import (
    DeskAt,
    at,
    draft,
    kinds_of_events,
    make_move,
)


class TestMoves:
    MOVES = ("reply", "close", "void", "reopen")
    ALLOWED: ClassVar[dict[Status, set[str]]] = {
        Status.PENDING: {"reply", "close", "void"},
        Status.REPLIED: {"reply", "close", "void", "reopen"},
        Status.CLOSED: {"reopen"},
        Status.VOID: {"reopen"},
    }

    @pytest.mark.parametrize("move", MOVES)
    @pytest.mark.parametrize("status", list(Status))
    def test_each_state_allows_its_moves_and_refuses_the_others(
        self, office: DeskAt, status: Status, move: str
    ) -> None:
        office.take_in(draft())
        if status is not Status.PENDING:
            make_move(office, {Status.REPLIED: "reply", Status.CLOSED: "close", Status.VOID: "void"}[status])
        if move in self.ALLOWED[status]:
            make_move(office, move)
        else:
            with pytest.raises(RefusedError, match=status.value):
                make_move(office, move)

    def test_reopening_keeps_the_deadline(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.tickets.close("842", by="")
        office.time = at("23 18:00")
        assert office.desk.tickets.reopen("842", "买家再次投诉", by="").deadline_at == at("23 14:00")

    def test_a_reason_is_asked_for(self, office: DeskAt) -> None:
        office.take_in(draft())
        with pytest.raises(RefusedError):
            office.desk.tickets.void("842", "  ", by="")

    def test_notes_and_assignments_are_on_the_time_line(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.tickets.note("842", "买家要求改地址", by="小李")
        office.desk.tickets.assign("842", "小王", by="小李")
        assert kinds_of_events(office) == [EventKind.TAKEN_IN, EventKind.NOTED, EventKind.ASSIGNED]
        with pytest.raises(RefusedError):
            office.desk.tickets.note("842", " ", by="")

    def test_a_note_is_found_by_searching(self, office: DeskAt) -> None:
        office.take_in(draft())
        office.desk.tickets.note("842", "买家要求改地址", by="")
        tickets, total = office.desk.looking.search(["地址"], 10)
        assert ([ticket.id for ticket in tickets], total) == (["59088842"], 1)
