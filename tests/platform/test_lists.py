"""Lists of work orders that are told wrongly: wrong numbers, capped and repeated pages, any order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pytest

from jdticket import i18n
from jdticket.domain.authorisation import App
from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import IncompleteListError
from jdticket.platform import workorders
from jdticket.platform.jos import JosGateway
from jdticket.platform.workorders import WorkOrders
from tests.language import assert_speaks

from .test_workorders import BEGIN, END, NOW, ids, row


@pytest.fixture(params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn, spoken by the program."""
    i18n.use(request.param)
    yield request.param
    i18n.use("en")


class Lying:
    """A gateway whose list of work orders is told wrongly: ``total`` makes of the true number what is said,
    ``rows`` chooses what a page shows, by its number and its size."""

    def __init__(
        self,
        count: int,
        total: Callable[[int], object] = lambda true: true,
        rows: Callable[[list[int], int, int], list[int]] = lambda all_, page, size: all_[
            (page - 1) * size : page * size
        ],
    ) -> None:
        self.app = App("jd3", "", "", "", "", "")
        self.asked: list[int] = []
        self._all = [1000001 + n for n in range(count)]
        self._total = total
        self._rows = rows

    def ask(self, _method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        number = params["page_number"]
        self.asked.append(number)
        shown = [row(one) for one in self._rows(self._all, number, params["page_size"])]
        return {"page": {"result": shown, "total_count": self._total(len(self._all))}}

    def read(self) -> tuple[set[int], str]:
        """The work orders that were handed on, and what was said in the end; empty: the list adds up."""
        found: list[list[Draft | Rejection]] = []
        try:
            for items in WorkOrders(cast(JosGateway, self), "the platform", NOW).read(BEGIN, END):
                found.append(items)
        except IncompleteListError as error:
            return set(ids(found)), error.message
        return set(ids(found)), ""


def at_most(most: int) -> Callable[[list[int], int, int], list[int]]:
    """Pages that are shorter than was asked for."""
    return lambda all_, page, _size: all_[(page - 1) * most : page * most]


def last_again(all_: list[int], page: int, size: int) -> list[int]:
    """A page behind the last one shows the last one again."""
    page = min(page, max(1, -(-len(all_) // size)))
    return all_[(page - 1) * size : page * size]


TOTALS: dict[str, Callable[[int], object]] = {
    "none": lambda _true: None,
    "zero": lambda _true: 0,
    "one": lambda _true: 1,
    "text": str,
    "too few": lambda true: true // 2,
    "a word": lambda _true: "many",
    "negative": lambda _true: -1,
}


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 60, 75])
@pytest.mark.parametrize(
    "shown", [None, at_most(10), at_most(7), last_again], ids=["well", "10", "7", "again"]
)
@pytest.mark.parametrize("total", TOTALS)
def test_whatever_is_said_to_be_there_nothing_of_it_is_lost(
    total: str, shown: Callable[[list[int], int, int], list[int]] | None, count: int
) -> None:
    if total == "one" and not count:
        return  # that is told; see below
    lying = Lying(count, TOTALS[total], **({} if shown is None else {"rows": shown}))
    assert lying.read() == (set(range(1000001, 1000001 + count)), "")
    assert len(lying.asked) <= 2 * (count // 7 + 2)


@pytest.mark.parametrize("shown", [None, at_most(10), last_again], ids=["well", "10", "again"])
def test_fewer_than_are_said_to_be_there_are_handed_on_and_told(
    shown: Callable[[list[int], int, int], list[int]] | None, language: str
) -> None:
    lying = Lying(45, lambda _true: 100, **({} if shown is None else {"rows": shown}))
    found, said = lying.read()
    assert len(found) == 45
    assert "100" in said
    assert "45" in said
    assert_speaks(said, language)


def test_rows_in_any_order_are_gathered_over_readings() -> None:
    rng = random.Random(7)  # noqa: S311 - no secret

    def some(all_: list[int], page: int, size: int) -> list[int]:
        shuffled = rng.sample(all_, len(all_))
        return shuffled[(page - 1) * size : page * size]

    assert Lying(75, rows=some).read() == (set(range(1000001, 1000076)), "")


def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workorders, "_PAGES_MOST", 5)
    fresh = itertools.count(2000001)
    lying = Lying(0, lambda _true: None, rows=lambda _all, _page, size: [next(fresh) for _row in range(size)])
    found, said = lying.read()
    assert (len(found), len(lying.asked)) == (10 * 5 * 30, 50)
    assert said
