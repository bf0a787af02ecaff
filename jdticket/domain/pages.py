"""What copied pages say of themselves: how many tickets there are, and whether all of them were found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Page:
    """One page, from the heading of its tab to the next one's."""

    tickets: frozenset[str]
    """The numbers of the tickets found on it."""
    announced: int | None = None
    """The count in its tab's heading; None: it has none."""
    or_more: bool = False
    """The count is only a lower bound: 99+."""
    shop: str = ""
    """The shop's name, where the page tells it."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What several pages announce together."""

    count: int
    found: int
    or_more: bool

    several: bool
    """They are pages of several shops."""
    whole: bool
    """As many were found as are announced, shop by shop, and the counts are no lower bounds."""


def announced(pages: Sequence[Page], *, of_one_shop: bool = False) -> Announced | None:
    """What the pages announce together; None: no heading was copied.

    One shop's count stands on each of its pages and counts once; those of different shops are summed. Pages
    that do not name their shop are of one shop when their counts are equal, unless they hold more tickets
    than that; ``of_one_shop``: a person says that they are all of one. A ticket that stands on two pages
    counts once.
    """
    groups: dict[tuple[str, int], list[Page]] = {}
    for page in pages:
        if page.announced is not None:
            # A named shop's count may change from page to page while a person copies them.
            named = page.shop or of_one_shop
            groups.setdefault((page.shop, -1 if named else page.announced), []).append(page)
    if not groups:
        return None
    found = len(_tickets(pages))
    count, shops, whole = 0, 0, True
    or_more = any(page.or_more for page in pages)
    for group in groups.values():
        each = max(page.announced or 0 for page in group)
        held = len(_tickets(group))
        # Two shops may happen to show the same count.
        times = min(len(group), -(-held // each)) if each else 1
        count += each * max(times, 1)
        shops += max(times, 1)
        # Pages that were copied without their heading may belong to any one of several shops.
        whole = whole and (len(groups) == 1 or held == each * times)
    return Announced(
        count=count,
        found=found,
        or_more=or_more,
        several=shops > 1,
        whole=whole and found == count and not or_more,
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which tickets a complete take-in would have held: the rest is missing from it."""

    tickets: Collection[str]
    """The numbers that it holds."""
    shops: Collection[str]
    """The codes of the shops that it covers."""
    created_before: datetime
    created_from: datetime | None = None
    """None: from the first one on."""
    seen_at: datetime | None = None
    """When it was copied or exported; None: nobody knows, and the order of taking in decides."""


def _tickets(pages: Sequence[Page]) -> set[str]:
    return {number for page in pages for number in page.tickets}
