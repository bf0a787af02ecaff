"""The time left, as the back office's pages write it: 还剩3小时58分, 剩余 03:58:12, 20分钟后超时.

All functions take text in normal form (NFKC), whose line breaks stand between cells: a countdown may be
spread over several.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import NamedTuple

_UNITS = (
    r"(?:days?|d|天|日)",
    r"(?:hours?|hrs?|h|个?小时|个?钟头|时)",
    r"(?:minutes?|mins?|m|分钟|分)",
    r"(?:seconds?|secs?|s|秒钟?)",
)
_NUMBER = r"(?<![0-9.])(?<![0-9]:)([0-9]{1,4}(?:\.[0-9]{1,2})?)\s*"
# Each unit at most once, the large ones first; a clock's hours and minutes need the seconds to be clear.
_LENGTH = (
    r"(?=[0-9])"
    + "".join(rf"(?:{_NUMBER}{unit}(?![a-z])\s*[,零]?\s*)?" for unit in _UNITS[:1])
    + r"(?:([0-9]{1,4})\s*:\s*([0-5][0-9])\s*:\s*([0-5][0-9])(?![0-9:])"
    + "|"
    + "".join(rf"(?:{_NUMBER}{unit}(?![a-z])\s*[,零]?\s*)?" for unit in _UNITS[1:])
    + ")"
)
_PLAIN_LENGTH = re.sub(r"\((?!\?)", "(?:", _LENGTH)
_LEFT = (
    r"(?:(?:距离?|离)[^0-9\n]{0,8}?)?(?:还剩余?|仅剩|只剩|剩余|还有|尚余|剩|倒计时|余)[^0-9\n<]{0,8}?"
    r"|(?:距离?|离)[^0-9\n<]{1,8}?|(?:time\s+)?(?:left|remaining)[^0-9\n<]{0,3}?"
)
_AT_MOST = r"(?:不足|不到|小于|少于|低于|不超过|至多|最多|less\s+than|under|at\s+most|<)"
_RUNS_OUT = r"(?:超时|逾期|超期|截止|到期|过期)"
_OVER = r"(?:已经?)?(?:超时|逾期|超期|过期)|overdue"

_FORMS = (
    # 20分钟后超时, 1小时内到期, 3h left
    rf"(?P<before>(?P<most1>{_AT_MOST})?\s*(?P<length1>{_PLAIN_LENGTH})\s*(?P<end>之?后|之?内|以内)?\s*"
    rf"(?:(?:将|会|自动)*\s*{_RUNS_OUT}|(?:left|remaining)(?![a-z])|剩余))"
    # 还剩3小时58分, 距超时还剩3小时, 剩余不足1分钟
    rf"|(?P<after>(?:{_LEFT})\s*(?P<most2>{_AT_MOST})?\s*(?P<length2>{_PLAIN_LENGTH})"
    rf"\s*(?:之?后)?\s*(?:{_RUNS_OUT})?)"
    # 不足1分钟
    rf"|(?P<bound>(?P<most3>{_AT_MOST})\s*(?P<length3>{_PLAIN_LENGTH}))"
    # 已超时2小时5分, 已超时
    rf"|(?P<over>(?<![未将快内后没不要])(?:{_OVER})(?:[^0-9\n<剩余还]{{0,3}}?\s*(?P<length4>{_PLAIN_LENGTH}))?)"
)
# Most pages have no other: the general forms take longer to make than such a page to read.
_USUAL = re.compile(r"(?:还剩|剩余):?\s?(?:([0-9]{1,3})天)?(?:([0-9]{1,2})小时)?(?:([0-9]{1,2})分钟?)?")
_BARE = re.compile(rf"[0-9]+\s*(?:{'|'.join(_UNITS)})(?![a-z])|[0-9]+\s*:\s*[0-9]+", re.IGNORECASE)
_SPEAKS = re.compile(
    r"还剩|仅剩|只剩|剩余|^剩|倒计时|超时|逾期|超期|到期|截止|overdue|(?<![a-z])(?:left|remaining)(?![a-z])",
    re.IGNORECASE,
)
_ONLY_A_LENGTH = re.compile(rf"(?:[0-9.:\s]|{'|'.join(_UNITS)}|零|后|内)+", re.IGNORECASE)
_STARTS = re.compile(
    r"剩|余|倒计时|超时|逾期|超期|过期|距|不足|不到|少于|小于|低于|left|remain|overdue|[<]", re.IGNORECASE
)
_ENGLISH_BOUND = re.compile("than|under|most", re.IGNORECASE)
_TO_THE_SECOND = re.compile(r"秒|:|[0-9]\s*s", re.IGNORECASE)
_MINUS = re.compile(r"[-−–]\s*\Z")
_LONGEST = 60
"""Characters: a cell that says how much time is left is short."""


class TimeLeft(NamedTuple):
    """What the page says of the time left of one ticket, as of the moment of copying."""

    start: int
    end: int
    """Where in the text it stands."""
    left: timedelta
    """Negative: overdue by so much."""
    at_most: bool = False
    """It is no more than that, and may be less: "less than a minute", "overdue"."""
    to_the_second: bool = False


@cache
def _made(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def times_left(text: str) -> list[TimeLeft]:
    """What the text says of time left and can be understood."""
    usual = _in_usual_form(text)
    return _in_any_form(text) if usual is None else usual


def _in_usual_form(text: str) -> list[TimeLeft] | None:
    """What the text says of time left, if it is nothing, or one line of its own in the usual form."""
    start = 0
    found: list[TimeLeft] = []
    pieces = False
    for line in text.split("\n"):
        if _SPEAKS.search(line) or _STARTS.search(line) or _ENGLISH_BOUND.search(line):
            match = _USUAL.fullmatch(line)
            if found or match is None or match.lastindex is None:
                return None
            days, hours, minutes = (int(number or 0) for number in match.groups())
            if (days and hours >= 24) or (hours and minutes >= 60):
                return None
            length = timedelta(days=days, hours=hours, minutes=minutes)
            found.append(TimeLeft(start, start + len(line), length))
        elif is_piece_of_length(line.strip()):
            pieces = True  # of what stands before or behind it
        start += len(line) + 1
    return None if found and pieces else found


def _in_any_form(text: str) -> list[TimeLeft]:
    found = []
    for match in _made(_FORMS).finditer(text):
        name = next(n for n in ("before", "after", "bound", "over") if match[n] is not None)
        n = {"before": 1, "after": 2, "bound": 3, "over": 4}[name]
        words = match[f"length{n}"]
        if name == "over":
            if words is None or not words.strip():
                found.append(TimeLeft(match.start(), match.end(), timedelta(0), at_most=True))
                continue
        elif not words or not words.strip():
            continue
        length = _length(words)
        if length is None:
            continue
        # A page that counts on shows what is over as less than nothing.
        over = name == "over" or (
            name == "after" and _MINUS.search(text, match.start(), match.start("length2"))
        )
        at_most = n < 4 and (match[f"most{n}"] is not None or (n == 1 and "内" in (match["end"] or "")))
        found.append(
            TimeLeft(
                match.start(),
                match.start() + len(match[0].rstrip()),
                -length if over else length,
                at_most,
                to_the_second=_TO_THE_SECOND.search(words) is not None,
            )
        )
    return found


def may_tell_of_time_left(cell: str) -> bool:
    """Quick: whether a cell may be a part of what says how much time is left."""
    return len(cell) <= _LONGEST and _STARTS.search(cell) is not None


def is_time_left(cell: str) -> bool:
    """Whether a cell says how much time is left and nothing else."""
    if not may_tell_of_time_left(cell):
        return False
    if _SPEAKS.fullmatch(cell.rstrip(": ")):
        return True  # its numbers stand in the cells behind it
    return any(found.start == 0 and found.end == len(cell) for found in times_left(cell))


def speaks_of_time_left(cell: str) -> bool:
    """Whether a cell is about the time left, understood or not."""
    if len(cell) > _LONGEST:
        return False
    return _SPEAKS.search(cell) is not None or _BARE.search(cell) is not None


def is_piece_of_length(cell: str) -> bool:
    """Whether a cell is nothing but a number, a unit, or several of them: "20", "分", "3小时"."""
    return len(cell) <= _LONGEST and _ONLY_A_LENGTH.fullmatch(cell) is not None


def _length(words: str) -> timedelta | None:
    match = _made(_LENGTH).fullmatch(words.strip().rstrip(",零").strip())
    if match is None or match.lastindex is None:
        return None
    days, h1, m1, s1, h2, m2, s2 = (float(number or 0) for number in match.groups())
    # 1天32小时 is nothing that a page writes: its numbers stand in the wrong places.
    if (days and h1 + h2 >= 24) or (h2 and m2 >= 60) or (m2 and s2 >= 60):
        return None
    return timedelta(days=days, hours=h1 + h2, minutes=m1 + m2, seconds=round(s1 + s2))
