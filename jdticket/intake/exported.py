"""When a table was exported: the moment at which the platform said what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice

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


def dated(
    found: Iterator[Draft | Rejection], told: datetime | None, options: ReadOptions
) -> Iterator[Draft | Rejection]:
    """The rows of a table with the moment at which they were seen: the one that the table has ``told``,
    else the file's own time.

    Neither is believed where it lies in the future or before a ticket of the table was created, as after
    a ZIP or on a machine whose clock is off: then nobody knows.
    """
    moment = told or (options.saved_at and options.saved_at.replace(microsecond=0))
    if moment is None or moment > options.now:
        yield from found
        return
    first = list(islice(found, _LOOKED_AT))
    believed = not any(_is_after(item, moment) for item in first)
    for item in chain(first, found):
        believed = believed and not _is_after(item, moment)
        if believed and isinstance(item, Draft) and item.platform_status:
            yield replace(item, seen_at=moment)
        else:
            yield item


def _is_after(item: Draft | Rejection, moment: datetime) -> bool:
    return isinstance(item, Draft) and item.created_at is not None and item.created_at > moment
