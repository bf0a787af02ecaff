from __future__ import annotations

import pytest

from jdticket.domain.pages import Announced, Page, announced


def page(count: int | None, *numbers: int, shop: str = "", or_more: bool = False) -> Page:
    return Page(frozenset(str(59088000 + number) for number in numbers), count, or_more, shop)


def told(*pages: Page) -> Announced:
    found = announced(pages)
    assert found is not None
    return found


def test_pages_without_a_heading_announce_nothing() -> None:
    assert announced([]) is None
    assert announced([page(None, 1, 2)]) is None


@pytest.mark.parametrize(
    ("pages", "count", "found", "whole"),
    [
        ([page(2, 1, 2)], 2, 2, True),
        ([page(3, 1, 2)], 3, 2, False),
        ([page(0)], 0, 0, True),
        # The pages of one shop repeat its count, and may hold the same ticket twice.
        ([page(5, 1, 2), page(5, 3, 4), page(5, 5)], 5, 5, True),
        ([page(5, 1, 2), page(5, 2, 3), page(5, 3, 4)], 5, 4, False),
        # A second page that was copied without its heading.
        ([page(4, 1, 2), page(None, 3, 4)], 4, 4, True),
        # Two shops.
        ([page(2, 1, 2), page(3, 3, 4, 5)], 5, 5, True),
        ([page(2, 1), page(3, 3, 4, 5)], 5, 4, False),
        # As many in all, but not in each.
        ([page(2, 1), page(3, 2, 3, 4, 5)], 5, 5, False),
        # Two shops with the same count hold more tickets than it.
        ([page(2, 1, 2), page(2, 3, 4)], 4, 4, True),
        ([page(2, 1, 2), page(2, 3)], 4, 3, False),
        # A shop that is named has one count, the largest that was seen.
        ([page(3, 1, 2, shop="京东3店"), page(4, 3, 4, shop="京东3店")], 4, 4, True),
        ([page(2, 1, 2, shop="京东3店"), page(2, 3, 4, shop="京东5店")], 4, 4, True),
        # More than announced: something is not understood.
        ([page(2, 1, 2, 3)], 2, 3, False),
    ],
)
def test_counts_of_one_shop_count_once_and_those_of_several_are_summed(
    pages: list[Page], count: int, found: int, whole: bool
) -> None:
    answer = told(*pages)
    assert (answer.count, answer.found, answer.whole) == (count, found, whole)


def test_a_lower_bound_never_makes_a_whole() -> None:
    answer = told(page(99, *range(99), or_more=True))
    assert (answer.count, answer.found, answer.or_more, answer.whole) == (99, 99, True, False)


def test_pages_of_several_shops_are_known() -> None:
    assert told(page(2, 1, 2), page(3, 3, 4, 5)).several
    assert not told(page(5, 1, 2), page(5, 3)).several
