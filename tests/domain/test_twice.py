"""Two rows of one source that contradict each other."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft
from jdticket.domain.remarks import About
from jdticket.domain.taking import Known, known_ticket, new_ticket
from jdticket.domain.tickets import Kind, Status, Ticket
from jdticket.domain.twice import fingerprint, settled
from tests.desk.at_desk import CLOSED, POLICY, REPLIED, VOID, WAITING, at, draft

NOW = at("23 12:00")


def taken(first: Draft, second: Draft) -> tuple[Ticket, bool]:
    """The ticket of two rows, and whether they are told to contradict each other."""
    held = new_ticket(first, "jd1", POLICY, NOW, "").ticket
    counts, remarks = settled(held, second, {})
    known = Known(lambda _number: [], lambda _number: False, {})
    ticket = known_ticket(held, counts, "jd1", POLICY, known, NOW, "").ticket
    assert {remark.about for remark in remarks} <= {About.TWICE}
    return ticket, bool(remarks)


@pytest.mark.parametrize("ended", [CLOSED, REPLIED, VOID])
def test_what_waits_in_one_of_them_waits(ended: dict[str, Any]) -> None:
    for first, second in itertools.permutations([draft(**WAITING), draft(**ended)]):
        ticket, told = taken(first, second)
        assert (ticket.status is Status.PENDING or ticket.returned_at is not None, told) == (True, True)


def test_one_that_tells_a_reply_s_time_only_goes_on() -> None:
    replied = draft(**REPLIED, reply_text="已联系买家并补发", reply_at=at("23 11:00"))
    ticket, told = taken(draft(**WAITING), replied)
    assert (ticket.status, ticket.replied_at, told) == (Status.REPLIED, at("23 11:00"), False)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ({"content": "甲"}, {"content": "乙"}, True),
        ({"content": None}, {"content": "乙"}, False),
        ({"order_id": "275490614167"}, {"order_id": "275490614168"}, True),
        ({"order_id": None}, {"order_id": "275490614168"}, False),
        ({"kind": Kind.URGE}, {"kind": Kind.OTHER}, False),
        ({"kind": Kind.OTHER}, {"kind": Kind.URGE}, False),
        ({"kind": Kind.CRC}, {"kind": Kind.URGE}, True),
        ({"created_at": at("23 10:00")}, {"created_at": at("23 10:00:41")}, False),
        ({}, {"deadline_at": at("23 17:00")}, False),
    ],
)
def test_a_gap_that_is_filled_is_no_contradiction(
    first: dict[str, Any], second: dict[str, Any], told: bool
) -> None:
    assert taken(draft(**first), draft(**second))[1] is told
    assert fingerprint(draft(**first)) != fingerprint(draft(**second)) or first == {}


TIMES = st.sampled_from([at("23 10:00"), at("23 10:30"), at("23 11:15")])
DEADLINES = st.sampled_from([None, at("23 13:00"), at("23 13:01"), at("23 16:00"), at("23 18:00")])
ROWS = st.builds(
    lambda created_at, deadline_at, state: draft(created_at=created_at, deadline_at=deadline_at, **state),
    TIMES,
    DEADLINES,
    st.sampled_from([{}, WAITING, CLOSED]),
)


@given(ROWS, ROWS)
def test_no_row_makes_a_deadline_later_or_ends_a_ticket_that_waits_in_another(
    one: Draft, other: Draft
) -> None:
    ticket, told = taken(one, other)
    waits = ticket.status is Status.PENDING or ticket.returned_at is not None
    deadlines = [row.deadline_at for row in (one, other) if row.deadline_at is not None]
    created = min(row.created_at for row in (one, other) if row.created_at is not None)
    if waits:
        assert ticket.created_at == created
        assert ticket.deadline_at == min(deadlines, default=POLICY.deadline(ticket.kind, created))
    if {one.platform_status, other.platform_status} == {
        WAITING["platform_status"],
        CLOSED["platform_status"],
    }:
        assert (waits, told) == (True, True)
    if one.created_at != other.created_at:
        assert told
