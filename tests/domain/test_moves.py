"""Every cell of the table of moves, against what each means in words."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from jdticket.domain.moves import AT_FIRST_SIGHT, BY_A_PERSON, BY_THE_PLATFORM, ENDS, Move, moved, stepped
from jdticket.domain.tickets import PlatformState, Status
from tests.store.making import NOON, ticket

SAID = [*PlatformState, None]


def test_every_cell_is_filled() -> None:
    assert set(BY_THE_PLATFORM) == set(product(Status, SAID))
    assert set(AT_FIRST_SIGHT) == set(SAID)


@pytest.mark.parametrize("new", [True, False], ids=["new word", "same word"])
@pytest.mark.parametrize(("status", "said"), list(product(Status, SAID)), ids=str)
def test_what_the_platform_says_leads_to_the_state_that_it_names(
    status: Status, said: PlatformState | None, new: bool
) -> None:
    move = BY_THE_PLATFORM[status, said][not new]
    after = moved(ticket(status=status), move, NOON)
    shops_turn = said in {PlatformState.WAITING, PlatformState.REJECTED}
    if said is None:
        assert after == ticket(status=status)
    elif status is Status.PENDING:
        # A person who has reopened it knew the word of then.
        ends = new and not shops_turn
        assert after == ticket(status=Status(said.value) if ends else status)
    elif shops_turn:
        # Never hidden: pending again, or flagged.
        assert (after.status is Status.PENDING) is (after.reopened_at is not None)
        assert (after.status is status) is (after.returned_at is not None)
        replied_only = status is Status.REPLIED and said is PlatformState.WAITING
        assert (after.status is Status.PENDING) is (new and not replied_only)
    else:
        assert after.returned_at is None
        assert after.status in {status, Status(said.value)}
        done_further = (status, said) in {
            (Status.REPLIED, PlatformState.CLOSED),
            (Status.REPLIED, PlatformState.VOID),
            (Status.CLOSED, PlatformState.VOID),
        }
        assert (after.status is Status(said.value)) is (done_further or status.value == said.value)


@pytest.mark.parametrize("move", list(Move))
def test_a_move_changes_status_and_flags_and_nothing_else(move: Move) -> None:
    before = ticket(status=Status.REPLIED, returned_at=NOON, replied_at=NOON)
    after = moved(before, move, NOON)
    expected = {
        Move.NOTHING: (Status.REPLIED, NOON, None),
        Move.REPLY: (Status.REPLIED, None, None),
        Move.CLOSE: (Status.CLOSED, None, None),
        Move.VOID: (Status.VOID, None, None),
        Move.REOPEN: (Status.PENDING, None, NOON),
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


@pytest.mark.parametrize("move", list(BY_A_PERSON))
def test_a_step_of_a_person_makes_the_word_of_now_an_old_one(move: Move) -> None:
    before = ticket(status=Status.REPLIED, platform_status="待回复", anyway=True)
    after = stepped(before, move, NOON)
    assert (after.status, after.stepped_at, after.stepped_word, after.anyway) == (
        *(moved(before, move, NOON).status, NOON),
        *("待回复", False),
    )


@pytest.mark.parametrize(("late", "rings"), [(0, False), (1, True)])
def test_only_a_ticket_that_is_reopened_past_its_deadline_rings(late: int, rings: bool) -> None:
    before = ticket(status=Status.CLOSED)
    after = stepped(before, Move.REOPEN, before.deadline_at + timedelta(seconds=late))
    assert (after.reopened_at is not None) is rings


@pytest.mark.parametrize(
    ("status", "moves"),
    [
        (Status.PENDING, {Move.REPLY, Move.CLOSE, Move.VOID}),
        (Status.REPLIED, {Move.REPLY, Move.CLOSE, Move.VOID, Move.REOPEN}),
        (Status.CLOSED, {Move.REOPEN}),
        (Status.VOID, {Move.REOPEN}),
    ],
)
def test_what_has_ended_can_only_be_reopened_and_what_has_a_reply_can_have_another(
    status: Status, moves: set[Move]
) -> None:
    assert {move for move, states in BY_A_PERSON.items() if status in states} == moves


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (PlatformState.WAITING, Status.PENDING),
        (PlatformState.REPLIED, Status.REPLIED),
        (PlatformState.REJECTED, Status.PENDING),
        (PlatformState.CLOSED, Status.CLOSED),
        (PlatformState.VOID, Status.VOID),
        (None, Status.PENDING),
    ],
)
def test_a_ticket_that_is_new_here_stands_where_the_platform_says(
    said: PlatformState | None, status: Status
) -> None:
    assert AT_FIRST_SIGHT[said] is status


def test_a_flag_and_a_new_turn_are_of_the_moment_at_which_they_were_learned() -> None:
    before = ticket(status=Status.REPLIED, returned_at=NOON, reopened_at=NOON, anyway=True)
    later = NOON + timedelta(hours=1)
    assert moved(before, Move.RETURN, later).returned_at == later
    for move in (Move.REOPEN, Move.REJECT):
        after = moved(before, move, later)
        assert (after.reopened_at, after.returned_at, after.anyway) == (later, None, False)
    for move in (Move.REPLY, Move.CLOSE, Move.VOID, Move.ARRIVE, Move.RETURN):
        assert moved(before, move, later).reopened_at == NOON


@pytest.mark.parametrize("new", [True, False], ids=["a new word", "the word of a person's last step"])
@pytest.mark.parametrize(("status", "said"), list(product(Status, SAID)), ids=str)
def test_each_cell_is_the_move_that_its_words_call_for(
    status: Status, said: PlatformState | None, new: bool
) -> None:
    waits = said in {PlatformState.WAITING, PlatformState.REJECTED}
    if said is None or (status is Status.PENDING and (waits or not new)):
        expected = Move.NOTHING
    elif waits and (not new or (status, said) == (Status.REPLIED, PlatformState.WAITING)):
        expected = Move.RETURN
    elif waits:
        expected = Move.REOPEN if said is PlatformState.WAITING else Move.REJECT
    elif said is PlatformState.REPLIED:
        expected = Move.REPLY if status is Status.PENDING else Move.ARRIVE
    elif said is PlatformState.CLOSED:
        expected = Move.ARRIVE if status in {Status.CLOSED, Status.VOID} else Move.CLOSE
    else:
        expected = Move.ARRIVE if status is Status.VOID else Move.VOID
    assert BY_THE_PLATFORM[status, said][0 if new else 1] is expected


def test_a_platform_that_says_replied_closed_or_void_does_not_wait_for_the_shop() -> None:
    assert set(PlatformState) - ENDS == {PlatformState.WAITING, PlatformState.REJECTED}


def test_a_person_who_reopens_in_time_leaves_when_it_last_became_pending_again() -> None:
    before = ticket(status=Status.CLOSED, reopened_at=NOON, returned_at=NOON)
    after = stepped(before, Move.REOPEN, before.deadline_at)
    assert (after.status, after.reopened_at, after.returned_at) == (Status.PENDING, NOON, None)
    assert stepped(before, Move.CLOSE, before.deadline_at).reopened_at == NOON
