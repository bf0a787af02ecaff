"""When a table was exported: the moment at which the platform said what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from jdticket.clock import parse_time
from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError
from jdticket.intake.interface import ReadOptions

# A date alone would make it midnight, and the export older than the day's work.
_EXPORTED = re.compile(
    r"(?:导出|下载|生成)(?:时间|日期)[\s:：,;|\"]*"
    r"(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ T]+\d{1,2}:\d{2}(?::\d{2})?(?!\d))"
)
# Exports go by time, one way or the other: whether a moment lies before one of the tickets shows early.
_LOOKED_AT = 5000


def export_time(text: str, options: ReadOptions) -> datetime | None:
    """The moment that a table's text gives as that of its export; None: it gives none."""
    for found in _EXPORTED.finditer(text):
        try:
            return parse_time(found[1], options.zone, now=options.now)
        except InputError:
            continue
    return None


class Stamp:
    """The moment at which the rows that are being read were seen, for whoever reads them."""

    seen_at: datetime | None = None


def dated(
    found: Iterator[Draft | Rejection], told: datetime | None, options: ReadOptions, stamp: Stamp
) -> Iterator[Draft | Rejection]:
    """The rows of a table with the moment at which they were seen: the one that the table has ``told``,
    else the file's own time. ``stamp`` is the one that who reads them puts on them.

    Neither is believed where it lies in the future or before a ticket of the table was created, as after
    a ZIP or on a machine whose clock is off: then nobody knows.
    """
    moment = told or (options.saved_at and options.saved_at.replace(microsecond=0))
    if moment is None or moment > options.now:
        yield from found
        return
    first = list(islice(found, _LOOKED_AT))
    if any(_is_after(item, moment) for item in first):
        yield from first
        yield from found
        return
    for item in first:
        yield replace(item, seen_at=moment) if isinstance(item, Draft) else item
    stamp.seen_at = moment
    for item in found:
        if isinstance(item, Draft) and stamp.seen_at is not None and _is_after(item, moment):
            stamp.seen_at = None
            yield replace(item, seen_at=None)
        else:
            yield item


def _is_after(item: Draft | Rejection, moment: datetime) -> bool:
    return isinstance(item, Draft) and item.created_at is not None and item.created_at > moment
