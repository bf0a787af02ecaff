"""When a shop's authorisation is renewed, and when a person has to be told that it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jdticket.domain.authorisation import Token
from tests.desk.at_desk import at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = at("23 12:00")


def token(lifetime: timedelta, *, refresh: str = "") -> Token:
    return Token("jd3", "key", "access", refresh, NOON - lifetime, NOON)


@pytest.mark.parametrize(
    ("lifetime", "refresh", "before"),
    [
        # One that cannot be renewed: three days before its end, of a short one the last quarter.
        (365 * DAY, "", 3 * DAY),
        (24 * HOUR, "", 6 * HOUR),
        # One that should have been renewed, and was not: half of the time in which it is.
        (365 * DAY, "R", 12 * HOUR),
        (24 * HOUR, "R", 4 * HOUR),
    ],
)
def test_its_end_is_announced_while_there_is_time(
    lifetime: timedelta, refresh: str, before: timedelta
) -> None:
    one = token(lifetime, refresh=refresh)
    assert not one.ends_soon(NOON - before - timedelta(seconds=1))
    assert one.ends_soon(NOON - before)


def test_it_is_renewed_a_day_before_its_end_or_in_the_last_third_of_a_short_life() -> None:
    assert token(365 * DAY).renew_from() == NOON - DAY
    assert token(24 * HOUR).renew_from() == NOON - 8 * HOUR
