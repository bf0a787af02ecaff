"""Lengths of time as people write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

# A longest length keeps every sum of a moment and a length within what a datetime can hold.
_LENGTH_MAX = timedelta(days=36_600)
_NUMBER = r"([0-9]{1,7}(?:\.[0-9]{1,9})?) ?"
_LENGTH_PATTERN = (
    rf"(?:{_NUMBER}(?:days|day|d|天|日) ?)?"
    rf"(?:{_NUMBER}(?:hours|hour|hrs|hr|h|个?小时|时) ?)?"
    rf"(?:{_NUMBER}(?:minutes|minute|mins|min|m|分钟|分) ?)?"
    rf"(?:{_NUMBER}(?:seconds|second|secs|sec|s|秒钟|秒))?"
)


def duration_from_words(words: str) -> timedelta:
    """The length of time that ``words`` mean, to the second: "4h", "1h30m", "1.5h", "2小时30分", "0m".

    A day is 24 hours. Raises ``ValueError`` (English, for the caller to put into a sentence).
    """
    text = " ".join(unicodedata.normalize("NFKC", words[:100]).lower().split())
    match = re.fullmatch(_LENGTH_PATTERN, text) if len(words) <= 100 else None
    if match is None or match.lastindex is None:
        raise ValueError("not a length of time such as 4h, 30m or 1h30m")
    days, hours, minutes, seconds = (float(number or 0) for number in match.groups())
    total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if total > _LENGTH_MAX:
        raise ValueError("longer than a hundred years")
    return timedelta(seconds=round(total.total_seconds()))
