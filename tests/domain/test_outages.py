from __future__ import annotations

import pytest

from jdticket.domain.outages import Outage, OutageReason, Outcome, Via, endangers
from jdticket.domain.tickets import Ticket
from tests.desk.at_desk import HOURS, at
from tests.store.making import contact, extension, outage, ticket


def pending(created: str = "23 10:00", deadline: str = "23 14:00", shop: str = "jd3") -> Ticket:
    return ticket(created_at=at(created), deadline_at=at(deadline), shop=shop)


def stopped(since: str, until: str | None, *shops: str) -> Outage:
    return outage(since=at(since), until=until and at(until), shops=shops)


@pytest.mark.parametrize(
    ("since", "until", "in_danger"),
    [
        ("23 09:00", "23 10:00", False),  # over when the ticket came
        ("23 09:00", "23 10:00:01", True),
        ("23 11:00", "23 12:00", True),
        ("23 13:59:59", "23 15:00", True),
        ("23 14:00", "23 15:00", False),  # at the deadline it is too late to harm
        ("23 09:00", None, True),
        ("23 13:59:59", None, True),
        ("23 14:00", None, False),
    ],
)
def test_an_outage_endangers_a_ticket_whose_time_it_takes_away_if_only_a_second(
    since: str, until: str | None, in_danger: bool
) -> None:
    assert endangers(stopped(since, until), pending(), HOURS) is in_danger


def test_an_outage_of_named_shops_endangers_only_their_tickets() -> None:
    of_two, of_all = stopped("23 11:00", None, "jd3", "jd5"), stopped("23 11:00", None)
    for shop, in_danger in (("jd3", True), ("jd5", True), ("jd9", False), ("", False)):
        assert endangers(of_two, pending(shop=shop), HOURS) is in_danger
        assert endangers(of_all, pending(shop=shop), HOURS)


@pytest.mark.parametrize(
    ("deadline", "since", "until", "in_danger"),
    [
        ("24 10:00", "23 19:00", "24 09:00", False),  # the night takes nothing away
        ("24 10:00", "23 18:59:59", "24 09:00", True),
        ("24 10:00", "23 19:00", "24 09:00:01", True),
        ("24 09:00", "23 19:00", "24 09:00", False),  # its last second was yesterday's
        ("24 09:00", "23 19:00", "24 12:00", False),
        ("23 22:00", "23 20:00", "23 23:00", True),  # set by the platform, outside service hours
        ("23 22:00", "23 20:00", "23 22:00", True),
        ("23 22:00", "23 20:00", "23 21:59:59", False),
        ("23 22:00", "23 20:00", None, True),
        ("23 22:00", "23 22:00", None, False),  # it was past when the outage began
        ("23 22:00", "23 22:30", "23 23:00", False),
    ],
)
def test_the_night_is_in_danger_only_where_the_deadline_itself_lies_in_it(
    deadline: str, since: str, until: str | None, in_danger: bool
) -> None:
    one = pending("23 18:00", deadline)
    assert endangers(stopped(since, until), one, HOURS) is in_danger


def test_a_deadline_that_the_hours_do_not_know_counts_as_in_danger() -> None:
    far = ticket(created_at=at("23 10:00"), deadline_at=at("23 10:00").replace(year=9998))
    assert endangers(stopped("23 11:00", None), far, HOURS)


def test_a_new_outage_is_one_of_which_the_manager_has_not_heard() -> None:
    assert (outage().contacted, outage().id) == (False, 0)


def test_what_is_not_kept_yet_has_no_number() -> None:
    assert (contact(1).id, extension(1, 1).id) == (0, 0)


def test_reasons_ways_and_outcomes_are_kept_and_handed_out_by_these_words() -> None:
    reasons = ["power", "network", "system", "weather", "disaster", "event", "other"]
    assert list(OutageReason) == reasons
    assert list(Via) == ["phone", "wechat", "dingtalk", "feishu", "email", "other"]
    assert list(Outcome) == ["told", "granted", "refused", "no_answer"]
