"""The forms in which exports and people write a moment, one after the other.

``clock.parse_time`` is the way in; it reads the two commonest forms itself.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from jdticket.clock import FIRST_YEAR, LAST_YEAR, in_utc, outside, short
from jdticket.durations import duration_from_words
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.text import has_other_digits

_SECOND = timedelta(seconds=1)
_ONE_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Part of the day -> for an hour from 0 to 12, the hour of the day, or None where nobody can know. Exports in
# Chinese write 上午12:05 for five past midnight, as AM does; what people call 晚上1点 may be of either day.
_SAME = {hour: hour for hour in range(12)}
_EVENING = {hour: hour + 12 for hour in range(5, 12)}
_NIGHT = {10: 22, 11: 23}
_PARTS_OF_DAY = {
    part: hours
    for parts, hours in {
        "am 上午": _SAME | {12: 0},
        "早上 早晨 清晨 清早 一早 早": _SAME,
        "凌晨": {12: 0} | {hour: hour for hour in range(7)},
        "中午": {10: 10, 11: 11, 12: 12, 0: 12, 1: 13, 2: 14, 3: 15},
        "pm 下午 午后": {hour: hour % 12 + 12 for hour in range(13)},
        "傍晚": {hour: hour + 12 for hour in range(4, 9)},
        "晚上 夜晚 夜间 夜里 晚间 晚": _EVENING,
        "半夜 深夜 午夜": _NIGHT,
    }.items()
    for part in parts.split()
}
# From 13 on an hour says itself which half of the day it is of: the part must only agree.
_FORENOON = frozenset({"am", "上午", "早上", "早晨", "清晨", "清早", "一早", "早", "凌晨"})
_PART = rf"(?:{'|'.join(sorted(_PARTS_OF_DAY, key=len, reverse=True))})"

_AT_BEIJING = ("cst", "北京时间")
_ZONE_NAME = rf"(?:z|utc|gmt|{'|'.join(_AT_BEIJING)})"
_OFFSET = (
    rf"(?P<offset>(?P<zone>{_ZONE_NAME})? ?(?P<sign>[+-])(?P<ahead>[0-9]{{2}}:?[0-9]{{2}}|[0-9]{{1,2}})"
    rf"|{_ZONE_NAME})?(?: ?\((?:[^()]{{0,30}}(?:时间|time)|{_ZONE_NAME})\))?"
)
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
# Java's Date.toString and C's ctime put the year behind the time.
_YEAR_BEHIND = rf"(?P<day>{_MONTH} {_DAY}) (?P<clock>[0-9:]+(?: {_ZONE_NAME})?) (?P<year>[12][0-9]{{3}})"
_CLOCK_TIME = (
    rf"[ ,t-]? ?(?P<part1>{_PART})? ?(?P<hour>[0-9]{{1,2}})"
    r"(?: ?: ?(?P<m1>[0-9]{1,2})(?: ?: ?(?P<s1>[0-9]{1,2})(?:[.,][0-9]+)?)?"
    r"| ?(?P<said>[时点]) ?(?:[钟整]|(?P<m2>[0-9]{1,2})(?: ?分 ?(?:(?P<s2>[0-9]{1,2}) ?秒)?)?)?)"
    rf" ?(?P<part2>{_PART})? ?{_OFFSET}"
)
_COMPACT_TIME = rf"[ t]?(?P<hour>[0-9]{{2}})(?P<m1>[0-9]{{2}})(?P<s1>[0-9]{{2}})?{_OFFSET}"
_EPOCH_TIME = r"(?P<seconds>[0-9]{10})(?P<thousandths>[0-9]{3})?(?:\.[0-9]+)?"
_SERIAL = r"[0-9]{5}(?:\.[0-9]+)?"
_FROM_NOW = r"-(?P<minus>.+)|(?P<ago>.+?) ?(?:ago|[以之]?前)|in (?P<ahead>.+)|(?P<later>.+?) ?[以之]?后"
_DAYS_FROM_TODAY = {
    **dict.fromkeys(("今天", "今日", "today"), 0),
    **dict.fromkeys(("昨天", "昨日", "yesterday"), -1),
    **dict.fromkeys(("明天", "明日", "tomorrow"), 1),
    "大前天": -3,
    "前天": -2,
    "后天": 2,
}
_DAY_WORDS = rf"(?P<word>{'|'.join(_DAYS_FROM_TODAY)})(?P<rest>.*)"
_WEEKDAYS = ("一mon", "二tue", "三wed", "四thu", "五fri", "六sat", "日天sun")
_WEEKDAY = (
    r"[,(\[]? ?(?:(?:星期|礼拜|周)([一二三四五六日天])|\b(mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\b\.?)"
    r"(?: ?[)\],])?"
)
_DAY_OF_WEEK = (
    r"(?P<week>上上个?|上个?|本|这个?|下个?)?(?:星期|礼拜|周)(?P<day>[一二三四五六日天])(?P<rest>.*)"
)
_WEEKS_FROM_THIS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1, "": 0}
# As people say it -> as it is read: (pattern, what stands for it).
_SPOKEN = (
    (r"^(前|昨|今|明|后)([早晚])上?(?=[^0-9]*[0-9零一二两三四五六七八九十])", r"\1天\2上"),
    (r"钟头", "小时"),
    (r"([0-9]+|[一二两三四五六七八九十])个半(?=小时)", r"\1.5"),
    (r"(?<![0-9一二两三四五六七八九十个])半个?(?=小时)", "0.5"),
)
_NUMERALS = re.compile(
    r"(?<![周期拜])[零〇一二两三四五六七八九十]{1,3}(?=\.5|[点时分秒刻天日号月]|个?小时)|(?<=点)[零〇一二三四五六七八九十]{1,3}"
)
_QUARTERS = {"半": 30, "1刻": 15, "2刻": 30, "3刻": 45}
# What a spreadsheet calls day 0.
_SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a serial number is local time
_LONGEST_TIME = 80


def read_time(text: str, zone: tzinfo, now: datetime) -> datetime:
    """See :func:`jdticket.clock.parse_time`."""
    return _TimeReader(text, zone, now).read()


class _TimeReader:
    """Tries one form after the other on one text."""

    def __init__(self, text: str, zone: tzinfo, now: datetime) -> None:
        self.original = text
        self.zone = zone
        self.now = now
        self.weekday: int | None = None
        """The day of the week that stands beside the date; Monday is 0."""

    def read(self) -> datetime:
        text = self.original.strip()
        if len(text) <= _LONGEST_TIME and not has_other_digits(text):
            text = self._plain(text)
            for form in (
                self._year_first,
                self._number,
                self._word,
                self._time_of_today,
                self._no_year,
                self._year_last,
                self._from_now,
                self._month_named,
                self._day_of_week,
            ):
                moment = form(text)
                if moment is not None:
                    return moment
        raise self._unknown()

    def _plain(self, text: str) -> str:
        """The text with one way of writing for each thing; the day of the week beside a date is put aside."""
        text = " ".join(unicodedata.normalize("NFKC", text).lower().split())
        if not text.isascii():
            for pattern, said in _SPOKEN:
                text = re.sub(pattern, said, text)
            text = _NUMERALS.sub(lambda numeral: str(_number_of(numeral[0])), text)
            text = re.sub(r"(?<=点)(半|[123]刻)", lambda quarter: f"{_QUARTERS[quarter[1]]}分", text)
        if re.search("[12][0-9]{3}|月", text) and (found := re.search(_WEEKDAY, text)):
            name = found[1] or found[2]
            self.weekday = next(n for n, names in enumerate(_WEEKDAYS) if name in names)
            text = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
        if behind := re.fullmatch(_YEAR_BEHIND, text):
            text = f"{behind['day']} {behind['year']} {behind['clock']}"
        return text

    def _year_first(self, text: str) -> datetime | None:
        match = re.fullmatch(_YEAR_FIRST, text)
        # Digits run together are a date only with eight digits, or with a time behind them.
        if match is None or (match["m3"] and re.fullmatch(_EPOCH_TIME, text)):
            return None
        month = match["m1"] or match["m2"] or match["m3"]
        day = match["d1"] or match["d2"] or match["d3"]
        return self._at((int(match["year"]), int(month), int(day)), match["rest"])

    def _number(self, text: str) -> datetime | None:
        if match := re.fullmatch(_EPOCH_TIME, text):
            moment = _EPOCH + int(match["seconds"]) * _SECOND
        elif re.fullmatch(_SERIAL, text):
            local = _SERIAL_EPOCH + timedelta(seconds=round(float(text) * 86_400))
            return in_utc(local, self.zone, self.original)
        else:
            return None
        return self._in_range(moment)

    def _word(self, text: str) -> datetime | None:
        if text in ("now", "现在", "刚才", "刚刚"):
            return self.now
        match = re.fullmatch(_DAY_WORDS, text)
        if match is None:
            return None
        day = self._today() + _DAYS_FROM_TODAY[match["word"]] * _ONE_DAY
        return self._at((day.year, day.month, day.day), match["rest"], spoken=True)

    def _time_of_today(self, text: str) -> datetime | None:
        if re.fullmatch(_CLOCK_TIME, text) is None:
            return None
        today = self._today()
        return self._at((today.year, today.month, today.day), text, spoken=True)

    def _no_year(self, text: str) -> datetime | None:
        match = re.fullmatch(_NO_YEAR, text)
        if match is None:
            return None
        today = self._today()
        year, month, day = today.year, int(match["m1"] or match["m2"]), int(match["d1"] or match["d2"])
        # In January people write "12-30" and mean last year's.
        if self._date(year, month, day) - today > 183 * _ONE_DAY:
            year -= 1
        return self._at((year, month, day), match["rest"], spoken=True)

    def _year_last(self, text: str) -> datetime | None:
        match = re.fullmatch(_YEAR_LAST, text)
        if match is None:
            return None
        a, b, year = int(match["a"]), int(match["b"]), match["year"]
        if len(year) == 2:
            raise InputError(
                _("{text} is ambiguous; write the year first and in full, such as 2026-11-10.").format(
                    text=short(self.original)
                )
            )
        if a <= 12 and b <= 12 and a != b:
            raise self._ambiguous(f"{year}-{a:02}-{b:02}", f"{year}-{b:02}-{a:02}")
        month, day = (a, b) if b > 12 else (b, a)
        return self._at((int(year), month, day), match["rest"] or "")

    def _from_now(self, text: str) -> datetime | None:
        match = re.fullmatch(_FROM_NOW, text)
        if match is None:
            return None
        back, on = match["minus"] or match["ago"], match["ahead"] or match["later"]
        try:
            duration = duration_from_words(back or on)
        except ValueError:
            return None
        return self._in_range(self.now - duration if back else self.now + duration)

    def _month_named(self, text: str) -> datetime | None:
        match = re.fullmatch(_MONTH_NAMED, text)
        if match is None:
            return None
        from dateutil.parser import ParserError, parse

        try:
            day = parse(match["date"])
        except ParserError:
            raise self._impossible() from None
        return self._at((day.year, day.month, day.day), match["rest"])

    def _day_of_week(self, text: str) -> datetime | None:
        match = re.fullmatch(_DAY_OF_WEEK, text)
        if match is None:
            return None
        weekday = next(n for n, names in enumerate(_WEEKDAYS) if match["day"] in names)
        week = _WEEKS_FROM_THIS[(match["week"] or "").rstrip("个")]
        today = self._today()
        day = today + (weekday - today.weekday() + 7 * week) * _ONE_DAY
        return self._at((day.year, day.month, day.day), match["rest"], spoken=True)

    def _at(self, numbers: tuple[int, int, int], rest: str, *, spoken: bool = False) -> datetime:
        """The moment on that day that ``rest`` tells: a time, an offset behind it, or nothing.

        ``spoken``: it is said as people say it to each other, who leave out which half of the day they mean.
        """
        match = re.fullmatch(_CLOCK_TIME, rest) or re.fullmatch(_COMPACT_TIME, rest or "0000")
        if match is None:
            raise self._unknown()
        day = self._date(*numbers)
        if self.weekday is not None and day.weekday() != self.weekday:
            raise InputError(
                _("{text} contradicts itself: {date} is another day of the week.").format(
                    text=short(self.original), date=day
                )
            )
        parts = match.groupdict()
        minute = int(parts["m1"] or parts.get("m2") or 0)
        second = int(parts["s1"] or parts.get("s2") or 0)
        hour = int(parts["hour"])
        said = [part for part in (parts.get("part1"), parts.get("part2")) if part]
        # 24:00 is how many write the end of a day.
        if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second)):
            raise self._impossible()
        for part in said:
            hour = self._hour(day, part, hour, minute)
        if spoken and parts.get("said") == "点" and not said:
            self._must_be_clear(day, hour, minute)
        local = datetime.combine(day, time.min) + timedelta(hours=hour, minutes=minute, seconds=second)
        return self._from_offset(local, parts) if parts["offset"] else in_utc(local, self.zone, self.original)

    def _hour(self, day: date, part: str, hour: int, minute: int) -> int:
        """The hour of the day that ``hour`` is in a part of it. Raises ``InputError``."""
        hours = _PARTS_OF_DAY[part]
        if hour > 12:
            if part in _FORENOON:
                raise self._impossible()
            return hour
        if hour in hours:
            return hours[hour]
        if hour == 12 and part in _FORENOON:
            raise self._ambiguous(f"{day} 00:{minute:02}", f"{day} 12:{minute:02}")
        if hour in (12, 0, 1, 2, 3, 4) and part not in ("中午", "傍晚"):
            clock = f"{hour % 12:02}:{minute:02}"
            raise self._ambiguous(f"{day} {clock}", f"{day + _ONE_DAY} {clock}")
        raise self._impossible()

    def _must_be_clear(self, day: date, hour: int, minute: int) -> None:
        """Raises ``InputError`` for an hour that may be of either half of the day: one to six o'clock; later
        ones are the morning's, unless the evening's is past as well."""
        if not 1 <= hour <= 11:
            return
        evening = datetime.combine(day, time(hour + 12, minute), self.zone)
        if hour <= 6 or (day == self._today() and evening <= self.now):
            raise self._ambiguous(f"{hour:02}:{minute:02}", f"{hour + 12}:{minute:02}")

    def _from_offset(self, local: datetime, parts: dict[str, str | None]) -> datetime:
        zone, sign, ahead = parts["zone"], parts["sign"], parts["ahead"]
        if sign is None or ahead is None:
            hours, minutes = (8 if parts["offset"] in _AT_BEIJING else 0), 0
        elif zone is None and (len(ahead) == 1 or (sign == "-" and not parts["s1"])):
            raise self._unknown()  # "09:00-12:00" is hardly a time on the other side of the world
        else:
            hours, minutes = (int(ahead), 0) if len(ahead) < 3 else (int(ahead[:2]), int(ahead[-2:]))
        if hours > 14 or minutes > 59 or (zone in _AT_BEIJING and (hours, sign) != (8, "+")):
            raise self._impossible()
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)
        return self._in_range(local.replace(tzinfo=UTC) - offset)

    def _today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _date(self, year: int, month: int, day: int) -> date:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise outside(self.original)
        try:
            return date(year, month, day)
        except ValueError:
            raise self._impossible() from None

    def _in_range(self, moment: datetime) -> datetime:
        """``moment`` itself, if its year in the shop's zone can be."""
        if not FIRST_YEAR <= moment.astimezone(self.zone).year <= LAST_YEAR:
            raise outside(self.original)
        return moment

    def _ambiguous(self, one: str, other: str) -> InputError:
        return InputError(
            _("{text} is ambiguous; write {one} or {other}, whichever is meant.").format(
                text=short(self.original), one=one, other=other
            )
        )

    def _impossible(self) -> InputError:
        return InputError(
            _("{text} is impossible: there is no such date or time.").format(text=short(self.original))
        )

    def _unknown(self) -> InputError:
        return InputError(
            _(
                "{text} cannot be read as a time; write one such as 2026-11-23 14:30, 14:30, 昨天 18:00, "
                "6月10日 20:48 or 2h ago."
            ).format(text=short(self.original))
        )


def _number_of(numerals: str) -> int:
    """The number that up to three Chinese numerals write: 十二, 二十, 二十五, 零五."""
    digits = {numeral: n for n, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
    tens, ten, ones = numerals.rpartition("十")
    if ten:
        return digits.get(tens, 1) * 10 + digits.get(ones, 0)
    return int("".join(str(digits[numeral]) for numeral in numerals))
