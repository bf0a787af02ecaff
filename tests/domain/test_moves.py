"""Every cell of the table of moves, against what each means in words."""

from __future__ import annotations

from itertools import product

import pytest

from jdticket.domain.moves import AT_FIRST_SIGHT, BY_A_PERSON, BY_THE_PLATFORM, Move, moved
from jdticket.domain.tickets import PlatformState, Status
from tests.store.making import NOON, ticket

SAID = [*PlatformState, None]


def test_every_cell_is_filled() -> None:
    assert set(BY_THE_PLATFORM) == set(product(Status, SAID))
    assert set(AT_FIRST_SIGHT) == set(SAID)


@pytest.mark.parametrize(("status", "said"), list(product(Status, SAID)), ids=str)
def test_what_the_platform_says_leads_to_the_state_that_it_names(
    status: Status, said: PlatformState | None
) -> None:
    after = moved(ticket(status=status), BY_THE_PLATFORM[status, said], NOON).status
    if status is Status.VOID or said is None:
        assert after is status
    elif said is PlatformState.VOID:
        assert after is Status.VOID
    elif said is PlatformState.CLOSED or (status is Status.CLOSED and said is not PlatformState.REJECTED):
        assert after is Status.CLOSED
    elif said is PlatformState.REJECTED:
        assert after is Status.PENDING
    elif said is PlatformState.REPLIED:
        assert after is Status.REPLIED
    else:  # it waits there: a reply of ours is flagged, not undone
        assert after is status


def test_only_a_reply_that_we_hold_can_be_flagged_as_not_arrived() -> None:
    flags = {cell for cell, move in BY_THE_PLATFORM.items() if move in {Move.RETURN, Move.ARRIVE}}
    assert flags == {(Status.REPLIED, PlatformState.WAITING), (Status.REPLIED, PlatformState.REPLIED)}


@pytest.mark.parametrize("move", list(Move))
def test_a_move_changes_status_and_flags_and_nothing_else(move: Move) -> None:
    before = ticket(status=Status.REPLIED, returned_at=NOON, replied_at=NOON)
    after = moved(before, move, NOON)
    expected = {
        Move.NOTHING: (Status.REPLIED, NOON, None),
        Move.REPLY: (Status.REPLIED, None, None),
        Move.CLOSE: (Status.CLOSED, None, None),
        Move.VOID: (Status.VOID, None, None),
        Move.REOPEN: (Status.PENDING, None, None),
        Move.RETURN: (Status.REPLIED, NOON, None),
        Move.ARRIVE: (Status.REPLIED, None, None),
        Move.REJECT: (Status.PENDING, None, NOON),
    }
    assert (after.status, after.returned_at, after.reopened_at) == expected[move]
    assert (after.deadline_at, after.replied_at, after.content) == (
        before.deadline_at,
        before.replied_at,
        before.content,
    )


def test_a_person_may_do_everything_but_what_only_the_platform_can_say() -> None:
    assert set(BY_A_PERSON) == {Move.REPLY, Move.CLOSE, Move.VOID, Move.REOPEN}
    for move, states in BY_A_PERSON.items():
        assert (Status.PENDING in states) is (move is not Move.REOPEN)
        assert (Status.VOID in states) is (move is Move.REOPEN)
