"""What waits, how long it may still, and the order of urgency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jdticket.domain.tickets import Kind, Status
from jdticket.domain.urgency import time_left, urgency, waits
from tests.desk.at_desk import HOURS
from tests.store.making import NOON, ticket

HOUR = timedelta(hours=1)

# Status, shown as waiting by the platform, a reply that has not arrived -> whether it waits.
CASES = {
    (Status.PENDING, False, False): True,
    (Status.PENDING, False, True): True,
    (Status.PENDING, True, False): True,
    (Status.PENDING, True, True): True,
    (Status.REPLIED, False, False): False,
    (Status.REPLIED, False, True): True,
    (Status.REPLIED, True, False): True,
    (Status.REPLIED, True, True): True,
    # A person has ended it: that it is shown as waiting there is told, and no answer is waited for.
    (Status.CLOSED, False, False): False,
    (Status.CLOSED, False, True): False,
    (Status.CLOSED, True, False): False,
    (Status.CLOSED, True, True): False,
    (Status.VOID, False, False): False,
    (Status.VOID, False, True): False,
    (Status.VOID, True, False): False,
    (Status.VOID, True, True): False,
}


@pytest.mark.parametrize(("case", "waiting"), CASES.items(), ids=str)
def test_what_waits(case: tuple[Status, bool, bool], waiting: bool) -> None:
    status, returned, undelivered = case
    held = ticket(status=status, returned_at=NOON if returned else None)
    assert waits(held, undelivered) is waiting


def test_what_can_still_be_in_time_comes_first_by_deadline_then_what_is_overdue() -> None:
    held = [
        ticket("7000001", deadline_at=NOON - 2 * HOUR),
        ticket("7000002", deadline_at=NOON - HOUR),
        ticket("7000003", deadline_at=NOON),  # exactly now is in time
        ticket("7000005", deadline_at=NOON + HOUR),
        ticket("7000006", deadline_at=NOON + HOUR),
        ticket("7000009", deadline_at=NOON + HOUR, kind=Kind.CRC),
    ]
    ordered = sorted(held, key=lambda one: urgency(one, NOON))
    assert [one.id[-1] for one in ordered] == ["3", "9", "5", "6", "1", "2"]


def test_the_time_left_is_service_time_and_negative_when_it_is_over() -> None:
    held = ticket(deadline_at=NOON + HOUR)
    assert time_left(held, NOON, HOURS) == HOUR
    assert time_left(held, NOON + 24 * HOUR, HOURS) == -9 * HOUR


@pytest.mark.parametrize("year", [1980, 1998, 2102, 9999])
def test_the_time_left_to_a_deadline_that_the_hours_do_not_know_is_not_known(year: int) -> None:
    assert time_left(ticket(deadline_at=datetime(year, 1, 1, tzinfo=UTC)), NOON, HOURS) is None
