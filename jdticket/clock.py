"""Now, a person's time -> datetime, datetime -> words.

The only place that reads the machine's clock. Everything that comes out of a reader is aware, in
UTC and to the second; the zone of the shop is handed in, the machine's own zone never matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jdticket.durations import duration_from_words
from jdticket.errors import InputError
from jdticket.i18n import _

FIRST_YEAR, LAST_YEAR = 2000, 2100

Translate = Callable[[str], str]

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_ONE_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# Now, and zones


def system_now() -> datetime:
    """The machine's present moment, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def load_zone(name: str) -> ZoneInfo:
    """The IANA zone called ``name``; raises ``InputError`` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError for "../x", OSError for a folder of the zone database such as "Asia".
        raise InputError(
            _("There is no time zone {name}; write one such as Asia/Shanghai.").format(name=short(name))
        ) from None


# Moments as the store and programs read them


def stored(moment: datetime) -> str:
    """``moment`` as fixed-width UTC text, "2026-11-23T06:15:00Z"; fractions of a second are dropped."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:19] + "Z"


def from_stored(text: str) -> datetime:
    """The moment that :func:`stored` wrote, in UTC. Raises ``ValueError`` for what it cannot have written."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def iso(moment: datetime, zone: tzinfo) -> str:
    """``moment`` on the clock of ``zone``, with its offset: "2026-11-23T14:15:00+08:00"."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


# A person's time


def parse_time(text: str, zone: tzinfo, *, now: datetime) -> datetime:
    """The moment in UTC that ``text`` means, to the second; without an offset it is in ``zone``.

    Takes the forms of exports (2023-06-10 20:48:43, 2023/6/10 20:48, 2023年6月10日 20:48, ISO 8601,
    epoch seconds and milliseconds, spreadsheet serial numbers) and those of people (now, 14:30,
    昨天 18:00, 6月10日 20:48, 2h ago), which count from ``now``. A local time that comes twice is the
    first of the two.

    Raises ``InputError`` for what is ambiguous, impossible, outside 2000 to 2100, or no time.
    """
    # The two common forms of exports go first and fast: an import reads one or more in each row. What
    # is not a date in them (ValueError) is left to the reader, which says why.
    if len(text) == 19 and text[4] == text[7] == "-" and text[10] == " " and text[13] == text[16] == ":":
        with suppress(ValueError):
            return in_utc(datetime.fromisoformat(text), zone, text)
    elif match := _SLASHED.fullmatch(text):
        with suppress(ValueError):
            year, month, day, hour, minute, second = map(int, match.groups("0"))
            return in_utc(datetime(year, month, day, hour, minute, second), zone, text)  # noqa: DTZ001
    from jdticket.times import read_time

    return read_time(text, zone, now)


def parse_duration(text: str) -> timedelta:
    """The length of time that ``text`` means ("4h", "1h30m", "1.5h", "2小时30分"), zero or more.

    Raises ``InputError``. A day is 24 hours.
    """
    try:
        return duration_from_words(text)
    except ValueError:
        raise InputError(
            _("{text} is not a length of time; write one such as 4h, 30m, 1h30m or 2小时30分.").format(
                text=short(text)
            )
        ) from None


_SLASHED = re.compile("([0-9]{4})/([0-9]{1,2})/([0-9]{1,2}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")


def in_utc(local: datetime, zone: tzinfo, text: str) -> datetime:
    """What the clock of ``zone`` shows as ``local`` (naive), in UTC; ``text`` is for the error."""
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise outside(text)
    steady = _steady_offset(zone, local.date())
    if steady is not None:
        return (local - steady).replace(tzinfo=UTC)
    there = local.replace(tzinfo=zone)
    moment = there.astimezone(UTC)
    # A time that comes twice is later at its second coming; only one that is left out is earlier (PEP 495).
    if there.replace(fold=1).astimezone(UTC) < moment:
        raise InputError(
            _("{text} is impossible: the clocks of the time zone {zone} were put forward over it.").format(
                text=short(text), zone=zone
            )
        )
    return moment


@lru_cache(maxsize=4096)
def _steady_offset(zone: tzinfo, day: date) -> timedelta | None:
    """How far the clock of ``zone`` is ahead of UTC; None: it is changed around that day."""
    around = {zone.utcoffset(datetime(day.year, day.month, day.day) + n * _ONE_DAY) for n in (-1, 0, 1, 2)}  # noqa: DTZ001
    return around.pop() if len(around) == 1 else None


def outside(text: str) -> InputError:
    """That the time in ``text`` lies outside of the years in which one can be."""
    return InputError(
        _("{text} lies outside the years {first} to {last}.").format(
            text=short(text), first=FIRST_YEAR, last=LAST_YEAR
        )
    )


def short(text: str) -> str:
    """At most 40 characters of ``text`` between quotes, control characters made harmless."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


# Words


def duration_in_words(duration: timedelta, _: Translate = _) -> str:
    """The size of ``duration`` in hours and minutes, such as "2h 15m"; seconds are dropped.

    Days are never used: a day of service time is not a day. ``_`` translates.
    """
    hours, minutes = divmod(abs(duration) // _MINUTE, 60)
    if hours and minutes:
        return _("{hours}h {minutes}m").format(hours=hours, minutes=minutes)
    if hours:
        return _("{hours}h").format(hours=hours)
    if minutes:
        return _("{minutes}m").format(minutes=minutes)
    return _("<1m")


def left_in_words(left: timedelta | None, overdue: bool, _: Translate = _) -> str:
    """How long is left, or by how much a deadline was missed: "2h 15m left", "overdue 40m".

    None: nobody knows.
    """
    if left is None:
        return _("overdue") if overdue else _("unknown")
    duration = duration_in_words(left, _)
    if overdue:
        return _("overdue {duration}").format(duration=duration)
    return _("{duration} left").format(duration=duration)


def moment_in_words(moment: datetime, now: datetime, zone: tzinfo, _: Translate = _) -> str:
    """``moment`` as a person in ``zone`` says it at ``now``: "today 17:30", "11-25 09:30".

    The year is shown when it is another one, seconds when they are not zero.
    """
    local, local_now = moment.astimezone(zone), now.astimezone(zone)
    text = local.isoformat(" ")[: 19 if local.second else 16]
    days = (local.date() - local_now.date()).days
    if days == 0:
        return _("today {time}").format(time=text[11:])
    if days == -1:
        return _("yesterday {time}").format(time=text[11:])
    if days == 1:
        return _("tomorrow {time}").format(time=text[11:])
    return text[5:] if local.year == local_now.year else text
