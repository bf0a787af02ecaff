"""Now, a person's time -> datetime, datetime -> words.

The only place that reads the machine's clock. Everything that comes out of a reader is aware, in
UTC and to the second; the zone of the shop is handed in, the machine's own zone never matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
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
            _("There is no time zone {name}; write one such as Asia/Shanghai.").format(name=_quoted(name))
        ) from None


# Moments as the store and programs read them


def stored(moment: datetime) -> str:
    """``moment`` as fixed-width UTC text, "2026-11-23T06:15:00Z"; fractions of a second are dropped."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:19] + "Z"


def from_stored(text: str) -> datetime:
    """The moment that :func:`stored` wrote, in UTC."""
    return datetime.fromisoformat(text)


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
            return _in_utc(datetime.fromisoformat(text), zone, text)
    elif match := _SLASHED.fullmatch(text):
        with suppress(ValueError):
            year, month, day, hour, minute, second = map(int, match.groups("0"))
            return _in_utc(datetime(year, month, day, hour, minute, second), zone, text)  # noqa: DTZ001
    return _TimeReader(text, zone, now).read()


def parse_duration(text: str) -> timedelta:
    """The length of time that ``text`` means ("4h", "1h30m", "1.5h", "2小时30分"), zero or more.

    Raises ``InputError``. A day is 24 hours.
    """
    try:
        return duration_from_words(text)
    except ValueError:
        raise InputError(
            _("{text} is not a length of time; write one such as 4h, 30m, 1h30m or 2小时30分.").format(
                text=_quoted(text)
            )
        ) from None


_SLASHED = re.compile("([0-9]{4})/([0-9]{1,2})/([0-9]{1,2}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")

# The other forms are compiled when they are first tried: most commands read no time at all.
_OFFSET = r"(?P<offset>z|utc|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?"
_YEAR_FIRST = (
    r"(?P<year>[0-9]{4})"
    r"(?: ?年 ?(?P<m1>[0-9]{1,2}) ?月 ?(?P<d1>[0-9]{1,2}) ?[日号]?"
    r"|(?P<separator>[-/.])(?P<m2>[0-9]{1,2})(?P=separator)(?P<d2>[0-9]{1,2})(?![0-9])"
    r"|(?P<m3>[0-9]{2})(?P<d3>[0-9]{2}))(?P<rest>.*)"
)
_YEAR_LAST = r"(?P<a>[0-9]{1,2})([-/.])(?P<b>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})(?P<rest>[^0-9].*)?"
_NO_YEAR = (
    r"(?:(?P<m1>[0-9]{1,2}) ?月 ?(?P<d1>[0-9]{1,2}) ?[日号]?"
    r"|(?P<m2>[0-9]{1,2})[-/](?P<d2>[0-9]{1,2})(?![-/.0-9]))(?P<rest>.*)"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_MONTH_NAMED = rf"(?P<date>(?:{_MONTH} {_DAY}|{_DAY}[ -]{_MONTH}),?[ -][12][0-9]{{3}})(?P<rest>.*)"
_CLOCK_TIME = (
    r"[ ,t]? ?(?P<half1>上午|下午|am|pm)? ?(?P<hour>[0-9]{1,2})"
    r"(?: ?: ?(?P<m1>[0-9]{1,2})(?: ?: ?(?P<s1>[0-9]{1,2})(?:[.,][0-9]+)?)?"
    r"| ?[时点] ?(?:(?P<m2>[0-9]{1,2}) ?分 ?(?:(?P<s2>[0-9]{1,2}) ?秒)?)?)"
    rf" ?(?P<half2>am|pm)? ?{_OFFSET}"
)
_COMPACT_TIME = rf"[ t]?(?P<hour>[0-9]{{2}})(?P<m1>[0-9]{{2}})(?P<s1>[0-9]{{2}})?{_OFFSET}"
_EPOCH_TIME = r"(?P<seconds>[0-9]{10})(?P<thousandths>[0-9]{3})?(?:\.[0-9]+)?"
_SERIAL = r"[0-9]{5}(?:\.[0-9]+)?"
_AGO = r"-(?P<minus>.+)|(?P<ago>.+?) ?(?:ago|以?前)"
_DAY_WORDS = r"(?P<word>今天|今日|昨天|昨日|明天|明日|前天|today|yesterday|tomorrow)(?P<rest>.*)"
_DAYS_FROM_TODAY = {
    **dict.fromkeys(("今天", "今日", "today"), 0),
    **dict.fromkeys(("昨天", "昨日", "yesterday"), -1),
    **dict.fromkeys(("明天", "明日", "tomorrow"), 1),
    "前天": -2,
}
# What a spreadsheet calls day 0.
_SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a serial number is local time
_LONGEST_TIME = 80


class _TimeReader:
    """Tries one form after the other on one text."""

    def __init__(self, text: str, zone: tzinfo, now: datetime) -> None:
        self.original = text
        self.zone = zone
        self.now = now

    def read(self) -> datetime:
        text = self.original.strip()
        if len(text) <= _LONGEST_TIME:
            text = " ".join(unicodedata.normalize("NFKC", text).lower().split())
            for form in (
                self._year_first,
                self._number,
                self._word,
                self._time_of_today,
                self._no_year,
                self._year_last,
                self._ago,
                self._month_named,
            ):
                moment = form(text)
                if moment is not None:
                    return moment
        raise self._unknown()

    def _year_first(self, text: str) -> datetime | None:
        match = re.fullmatch(_YEAR_FIRST, text)
        # Digits run together are a date only with eight digits, or with a time behind them.
        if match is None or (match["m3"] and re.fullmatch(_EPOCH_TIME, text)):
            return None
        month = match["m1"] or match["m2"] or match["m3"]
        day = match["d1"] or match["d2"] or match["d3"]
        return self._at(int(match["year"]), int(month), int(day), match["rest"])

    def _number(self, text: str) -> datetime | None:
        if match := re.fullmatch(_EPOCH_TIME, text):
            moment = _EPOCH + int(match["seconds"]) * _SECOND
        elif re.fullmatch(_SERIAL, text):
            local = _SERIAL_EPOCH + timedelta(seconds=round(float(text) * 86_400))
            return _in_utc(local, self.zone, self.original)
        else:
            return None
        return self._in_range(moment)

    def _word(self, text: str) -> datetime | None:
        if text in ("now", "现在"):
            return self.now
        match = re.fullmatch(_DAY_WORDS, text)
        if match is None:
            return None
        day = self._today() + _DAYS_FROM_TODAY[match["word"]] * _ONE_DAY
        return self._at(day.year, day.month, day.day, match["rest"])

    def _time_of_today(self, text: str) -> datetime | None:
        if re.fullmatch(_CLOCK_TIME, text) is None:
            return None
        today = self._today()
        return self._at(today.year, today.month, today.day, text)

    def _no_year(self, text: str) -> datetime | None:
        match = re.fullmatch(_NO_YEAR, text)
        if match is None:
            return None
        today = self._today()
        year, month, day = today.year, int(match["m1"] or match["m2"]), int(match["d1"] or match["d2"])
        # In January people write "12-30" and mean last year's.
        if self._date(year, month, day) - today > 183 * _ONE_DAY:
            year -= 1
        return self._at(year, month, day, match["rest"] or "")

    def _year_last(self, text: str) -> datetime | None:
        match = re.fullmatch(_YEAR_LAST, text)
        if match is None:
            return None
        a, b, year = int(match["a"]), int(match["b"]), match["year"]
        if len(year) == 2:
            raise InputError(
                _("{text} is ambiguous; write the year first and in full, such as 2026-11-10.").format(
                    text=_quoted(self.original)
                )
            )
        if a <= 12 and b <= 12 and a != b:
            raise InputError(
                _("{text} is ambiguous; write {one} or {other}, whichever is meant.").format(
                    text=_quoted(self.original),
                    one=f"{year}-{a:02}-{b:02}",
                    other=f"{year}-{b:02}-{a:02}",
                )
            )
        month, day = (a, b) if b > 12 else (b, a)
        return self._at(int(year), month, day, match["rest"] or "")

    def _ago(self, text: str) -> datetime | None:
        match = re.fullmatch(_AGO, text)
        if match is None:
            return None
        try:
            duration = duration_from_words(match["minus"] or match["ago"])
        except ValueError:
            return None
        return self._in_range(self.now - duration)

    def _month_named(self, text: str) -> datetime | None:
        match = re.fullmatch(_MONTH_NAMED, text)
        if match is None:
            return None
        from dateutil.parser import ParserError, parse

        try:
            day = parse(match["date"])
        except ParserError:
            raise self._impossible() from None
        return self._at(day.year, day.month, day.day, match["rest"])

    def _at(self, year: int, month: int, day: int, rest: str) -> datetime:
        """The moment on that day which ``rest`` tells: a time, a time and an offset, or nothing."""
        match = re.fullmatch(_CLOCK_TIME, rest) or re.fullmatch(_COMPACT_TIME, rest or "0000")
        if match is None:
            raise self._unknown()
        day_begins = datetime.combine(self._date(year, month, day), time.min)
        parts = match.groupdict()
        hour = int(parts["hour"])
        minute = int(parts["m1"] or parts.get("m2") or 0)
        second = int(parts["s1"] or parts.get("s2") or 0)
        half = parts.get("half1") or parts.get("half2")
        if half in ("下午", "pm") and hour < 12:
            hour += 12
        elif half in ("上午", "am"):
            if hour > 12:
                raise self._impossible()
            hour %= 12
        # 24:00 is how many write the end of a day.
        if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second)):
            raise self._impossible()
        local = day_begins + timedelta(hours=hour, minutes=minute, seconds=second)
        offset = parts["offset"]
        if offset and offset[0] == "-" and not parts["s1"]:
            raise self._unknown()  # "09:00-12:00" is hardly a time on the other side of the world
        if not offset:
            return _in_utc(local, self.zone, self.original)
        if offset in ("z", "utc"):
            return self._in_range(local.replace(tzinfo=UTC))
        hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
        if hours > 14 or minutes > 59:
            raise self._impossible()
        ahead = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
        return self._in_range(local.replace(tzinfo=UTC) - ahead)

    def _today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _date(self, year: int, month: int, day: int) -> date:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise _outside(self.original)
        try:
            return date(year, month, day)
        except ValueError:
            raise self._impossible() from None

    def _in_range(self, moment: datetime) -> datetime:
        """``moment`` itself, if its year in the shop's zone can be."""
        if not FIRST_YEAR <= moment.astimezone(self.zone).year <= LAST_YEAR:
            raise _outside(self.original)
        return moment

    def _impossible(self) -> InputError:
        return InputError(
            _("{text} is impossible: there is no such date or time.").format(text=_quoted(self.original))
        )

    def _unknown(self) -> InputError:
        return InputError(
            _(
                "{text} cannot be read as a time; write one such as 2026-11-23 14:30, 14:30, 昨天 18:00, "
                "6月10日 20:48 or 2h ago."
            ).format(text=_quoted(self.original))
        )


def _in_utc(local: datetime, zone: tzinfo, text: str) -> datetime:
    """What the clock of ``zone`` shows as ``local`` (naive), in UTC; ``text`` is for the error."""
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise _outside(text)
    there = local.replace(tzinfo=zone)
    moment = there.astimezone(UTC)
    # A time that comes twice is later at its second coming; only one that is left out is earlier (PEP 495).
    if there.replace(fold=1).astimezone(UTC) < moment:
        raise InputError(
            _("{text} is impossible: the clocks of the time zone {zone} were put forward over it.").format(
                text=_quoted(text), zone=zone
            )
        )
    return moment


def _outside(text: str) -> InputError:
    return InputError(
        _("{text} lies outside the years {first} to {last}.").format(
            text=_quoted(text), first=FIRST_YEAR, last=LAST_YEAR
        )
    )


def _quoted(text: str) -> str:
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
