"""Service hours and deadline policy: arithmetic on time, nothing else.

Nothing here reads a clock, a file or a setting. Moments go in aware, in any zone, and come out in
UTC; both are taken to the second.

How it counts. All service time is one growing count of seconds. ``after`` and ``before`` add to the
count and look up the moment at which it stands there; ``between`` is a difference of two counts. The
count is known without walking over days: time is cut into stretches in which one week repeats itself,
so that whole weeks are a multiplication. Only a special date, or a day on which the zone's offset
changes, is a stretch of its own; the cost of a question grows with the logarithm of their number and
not with the days it spans. Stretches are worked out a calendar year at a time, when a question first
touches the year, by looking at the zone's offset every few days (a tenth of a millisecond).

Daylight saving. A local end of a window stands for the first moment at which the clock shows it *or a
later time*: one that comes twice is the first of the two, one that is left out is the moment at which
the clock is put forward. A window is as long as the real time between its ends.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import chain, pairwise
from types import MappingProxyType
from typing import NamedTuple

_DAY = 86_400
_WEEK = 7 * _DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Times are taken from 2000 to 2100; a year more on either side lets a count run over the edge.
_FIRST_YEAR, _LAST_YEAR = 1999, 2101


class NeverOpenError(ValueError):
    """There is no service time, or none any more, for what was asked."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A time of the day in which tickets are served: ``start`` included, ``end`` not.

    Both are seconds of the local day, 0 <= start < end <= 86400; anything else raises ``ValueError``.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= _DAY:
            raise ValueError("a window must end after it begins, within one day")

    def __str__(self) -> str:
        return f"{_time_of_day(self.start)}-{_time_of_day(self.end)}"


def parse_window(text: str) -> Window:
    """The window that "09:00-19:00" means; "24:00" may be its end, seconds may be given.

    Raises ``ValueError`` with the reason in plain English.
    """
    compact = "".join(unicodedata.normalize("NFKC", text).split())
    time = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
    match = re.fullmatch(f"{time}[-–~]{time}", compact)
    if match is None:
        raise ValueError("not a window such as 09:00-19:00")
    hours, minutes, seconds = (tuple(int(match[group + n] or 0) for n in (0, 3)) for group in (1, 2, 3))
    if max(minutes) > 59 or max(seconds) > 59:
        raise ValueError("an hour has 60 minutes, a minute 60 seconds")
    start, end = (hours[n] * 3600 + minutes[n] * 60 + seconds[n] for n in (0, 1))
    if end > _DAY:
        raise ValueError("a day ends at 24:00")
    if end <= start:
        raise ValueError("it ends before it begins; write the hours after midnight as the next day's")
    return Window(start, end)


class Segment(NamedTuple):
    """A stretch of counted time between two moments in UTC, ``start`` included, ``end`` not."""

    start: datetime
    end: datetime

    @property
    def duration(self) -> timedelta:
        """How long it is, in real time."""
        return self.end - self.start


@dataclass(frozen=True)
class ServiceHours:
    """When tickets are served; answers every question about service time, from 2000 to 2100.

    ``week`` holds the windows of each weekday, Monday first; ``special`` those of single dates, which
    win over the weekday's; a day without windows is closed. Windows are local to ``zone`` (any IANA
    zone). They are kept sorted, adjacent ones joined.

    Raises ``ValueError`` for windows that overlap and for a week that has not seven days, and
    ``NeverOpenError`` when there is no window at all. A question raises ``NeverOpenError`` when what it
    asks for does not come before the hours run out, at the end of 2101.
    """

    zone: tzinfo
    week: Sequence[Sequence[Window]]
    special: Mapping[date, Sequence[Window]] = field(default_factory=dict)
    _count: _Count = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        week = tuple(_normalised(windows) for windows in self.week)
        special = {day: _normalised(windows) for day, windows in self.special.items()}
        if not any(week) and not any(special.values()):
            raise NeverOpenError("the service hours are never open")
        object.__setattr__(self, "week", week)
        object.__setattr__(self, "special", MappingProxyType(special))
        object.__setattr__(self, "_count", _Count(self.zone, week, special))

    def is_open(self, moment: datetime) -> bool:
        """Whether tickets are served at ``moment``: a window's start is open, its end is not."""
        return self._count.is_open(_seconds(moment))

    def after(self, moment: datetime, duration: timedelta) -> datetime:
        """The moment at which ``duration`` of service time has passed since ``moment``.

        When it runs out exactly at closing time, that closing time. A length of zero gives ``moment``
        itself when it is open, else the next opening: there the clock of a ticket starts.
        """
        count, start, service = self._count, _seconds(moment), _service(duration)
        if service == 0:
            return _moment(count.latest(count.at(start)))
        return _moment(count.earliest(count.at(start) + service))

    def before(self, moment: datetime, duration: timedelta) -> datetime:
        """The moment from which ``duration`` of service time passes until ``moment``: 1 h before 09:30 is
        18:30 the evening before.

        When it lands exactly on an opening, that opening. A length of zero gives ``moment`` itself
        when it is open, else the closing time that came last.
        """
        count, end, service = self._count, _seconds(moment), _service(duration)
        if service == 0:
            return _moment(end if count.is_open(end) else count.earliest(count.at(end)))
        return _moment(count.latest(count.at(end) - service))

    def between(self, earlier: datetime, later: datetime) -> timedelta:
        """The service time from ``earlier`` to ``later``; negative when ``later`` comes first."""
        return timedelta(seconds=self._count.at(_seconds(later)) - self._count.at(_seconds(earlier)))

    def next_opening(self, moment: datetime) -> datetime:
        """The first opening at or after ``moment``. Hours that go on past midnight do not open there."""
        return _moment(self._count.next_opening(_seconds(moment)))

    def next_closing(self, moment: datetime) -> datetime:
        """The first closing after ``moment``. Hours that go on past midnight do not close there."""
        return _moment(self._count.next_closing(_seconds(moment)))

    def segments(self, earlier: datetime, later: datetime) -> list[Segment]:
        """The open stretches between two moments, in order; none when ``later`` comes first."""
        return [
            Segment(_moment(start), _moment(end))
            for start, end in self._count.open_stretches(_seconds(earlier), _seconds(later))
        ]


# From here on moments are whole seconds from 1970-01-01 UTC: integers are several times as fast.


class _Pattern:
    """Windows that come again every ``period`` seconds, on a scale of their own that begins at 0."""

    __slots__ = ("ends", "gaps", "period", "starts", "total", "upto")

    def __init__(self, period: int, windows: Iterable[tuple[int, int]]) -> None:
        """``windows`` (start, end) are in order and do not overlap; they may touch or be empty."""
        self.period = period
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.gaps: list[int] = []  # closed seconds up to each window's start
        self.upto: list[int] = []  # service seconds up to each window's end
        total = 0
        # The empty window at 0 stands for the time before the first one.
        for start, end in chain([(0, 0)], windows):
            self.starts.append(start)
            self.ends.append(end)
            self.gaps.append(start - total)
            total += end - start
            self.upto.append(total)
        self.total = total

    def at(self, x: int) -> int:
        """How much service time lies between 0 and ``x``."""
        rounds, x = divmod(x, self.period)
        window = bisect_right(self.starts, x) - 1
        end = self.ends[window]
        return rounds * self.total + (x if x < end else end) - self.gaps[window]

    def earliest(self, service: int) -> int:
        """The smallest x at which ``service`` has passed since 0."""
        rounds, service = divmod(service - 1, self.total)
        service += 1
        return rounds * self.period + service + self.gaps[bisect_left(self.upto, service)]

    def latest(self, service: int) -> int:
        """The largest x at which no more than ``service`` has passed since 0."""
        rounds, service = divmod(service, self.total)
        return rounds * self.period + service + self.gaps[bisect_right(self.upto, service)]

    def open_until(self, x: int) -> int:
        """The end of the window in which ``x`` lies; nothing later than ``x`` when it lies in none."""
        begin = x - x % self.period
        return begin + self.ends[bisect_right(self.starts, x - begin) - 1]


class _Stretch(NamedTuple):
    """A time throughout which ``pattern``, laid on from ``origin``, tells what is open."""

    start: int
    end: int
    origin: int
    pattern: _Pattern


class _Count:
    """The growing count of service seconds, known for the calendar years that were asked about."""

    def __init__(
        self, zone: tzinfo, week: Sequence[Sequence[Window]], special: Mapping[date, Sequence[Window]]
    ) -> None:
        self._zone = zone
        self._week = week
        self._special = {day.toordinal(): windows for day, windows in special.items()}
        self._pattern = _Pattern(
            _WEEK,
            (
                (day * _DAY + window.start, day * _DAY + window.end)
                for day, windows in enumerate(week)
                for window in windows
            ),
        )
        # The years known, first included, last not; the moments between which they lie; the stretches,
        # where each starts, and the count there (and, one more, at the end of all).
        self._first_year = self._last_year = 0
        self._begin = self._end = 0
        self._stretches: list[_Stretch] = []
        self._starts: list[int] = []
        self._counts: list[int] = [0]
        # What to add to a pattern's own count to get this one.
        self._bases: list[int] = []

    def at(self, t: int) -> int:
        """The count at ``t``; only differences of counts mean something."""
        if not self._begin <= t < self._end:
            self._reach(t)
        index = bisect_right(self._starts, t) - 1
        stretch = self._stretches[index]
        return self._bases[index] + stretch.pattern.at(t - stretch.origin)

    def earliest(self, count: int) -> int:
        """The first moment at which the count is ``count``: a closing rather than an opening."""
        while count > self._counts[-1]:
            self._add_year(self._last_year)
        while count <= self._counts[0]:
            self._add_year(self._first_year - 1)
        index = bisect_left(self._counts, count) - 1
        stretch = self._stretches[index]
        return stretch.origin + stretch.pattern.earliest(count - self._bases[index])

    def latest(self, count: int) -> int:
        """The last moment at which the count is ``count``: an opening rather than a closing.

        ``latest(at(t))`` is ``t`` itself when it is open, else the next opening.
        """
        while count >= self._counts[-1]:
            self._add_year(self._last_year)
        while count < self._counts[0]:
            self._add_year(self._first_year - 1)
        index = bisect_right(self._counts, count) - 1
        stretch = self._stretches[index]
        return stretch.origin + stretch.pattern.latest(count - self._bases[index])

    def is_open(self, t: int) -> bool:
        return self._open_until(t) > t

    def next_opening(self, t: int) -> int:
        if self.is_open(t):
            if self.at(t - 1) == self.at(t):
                return t
            t = self.next_closing(t)
        return self.latest(self.at(t))

    def next_closing(self, t: int) -> int:
        t = self.latest(self.at(t))
        while (end := self._open_until(t)) > t:
            t = end
        return t

    def open_stretches(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        left = self.at(end) - self.at(start)
        while left > 0:
            opening = closing = self.latest(self.at(start))
            while closing < end and (until := self._open_until(closing)) > closing:
                closing = min(until, end)
            yield opening, closing
            left -= closing - opening
            start = closing

    def _open_until(self, t: int) -> int:
        """A moment up to which it stays open from ``t`` on, if not longer; none after ``t`` when closed."""
        if not self._begin <= t < self._end:
            self._reach(t)
        stretch = self._stretches[bisect_right(self._starts, t) - 1]
        if stretch.pattern.total == stretch.pattern.period:
            return stretch.end
        return min(stretch.end, stretch.origin + stretch.pattern.open_until(t - stretch.origin))

    def _reach(self, t: int) -> None:
        """Get to know the years from the known ones to that of ``t``."""
        if not self._stretches:
            self._first_year = self._last_year = _moment(t).year
            self._add_year(self._last_year)
        while t < self._begin:
            self._add_year(self._first_year - 1)
        while t >= self._end:
            self._add_year(self._last_year)

    def _add_year(self, year: int) -> None:
        """Get to know a year that is next to the known ones; counts given out stay true."""
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise NeverOpenError(f"there are no service hours in {year}")
        added = list(self._stretches_of(year))
        count = self._counts[0]
        if year < self._first_year:
            self._first_year = year
            count -= sum(_service_in(stretch) for stretch in added)
            self._stretches = added + self._stretches
        else:
            self._last_year = year + 1
            self._stretches += added
        self._begin, self._end = self._stretches[0].start, self._stretches[-1].end
        self._starts = [stretch.start for stretch in self._stretches]
        self._counts, self._bases = [count], []
        for stretch in self._stretches:
            self._bases.append(count - stretch.pattern.at(stretch.start - stretch.origin))
            count += _service_in(stretch)
            self._counts.append(count)

    def _stretches_of(self, year: int) -> Iterator[_Stretch]:
        day, end = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        for odd in self._odd_days(day, end):
            if day < odd:
                yield self._regular(day, odd)
            # The one day without any moment: Samoa went over the date line and left 2011-12-30 out.
            if self._moment_of(odd) < self._moment_of(odd + 1):
                yield self._single(odd)
            day = odd + 1
        if day < end:
            yield self._regular(day, end)

    def _odd_days(self, first: int, end: int) -> list[int]:
        """The days (ordinals) from ``first`` to ``end`` that are special or change the zone's offset.

        The zone is asked every six days: the shortest daylight saving since 2000, in the north-east of
        Brazil in October 2000, lasted seven.
        """
        odd = {day for day in self._special if first <= day < end}
        asked = [(day, self._midnight(day)) for day in (*range(first, end, 6), end)]
        for (begin, midnight), (after, later_midnight) in pairwise(asked):
            if later_midnight - midnight != (after - begin) * _DAY:
                odd.update(
                    day
                    for day in range(begin, after)
                    if self._midnight(day + 1) - self._midnight(day) != _DAY
                )
        return sorted(odd)

    def _regular(self, day: int, end: int) -> _Stretch:
        weekday = (day + 6) % 7
        origin = self._midnight(day) - weekday * _DAY
        return _Stretch(self._moment_of(day), self._moment_of(end), origin, self._pattern)

    def _single(self, day: int) -> _Stretch:
        start, end = self._moment_of(day), self._moment_of(day + 1)
        windows = self._special.get(day, self._week[(day + 6) % 7])
        moments = (
            (self._moment_of(day, window.start) - start, self._moment_of(day, window.end) - start)
            for window in windows
        )
        return _Stretch(start, end, start, _Pattern(end - start, moments))

    def _midnight(self, day: int) -> int:
        return _seconds(datetime.fromordinal(day).replace(tzinfo=self._zone))

    def _moment_of(self, day: int, second: int = 0) -> int:
        """The first moment at which the clock shows that second of the day or a later time."""
        local = datetime.fromordinal(day) + timedelta(seconds=second)
        first = _seconds(local.replace(tzinfo=self._zone))
        again = _seconds(local.replace(tzinfo=self._zone, fold=1))
        if again >= first:
            return first
        # Left out when the clock is put forward, at a moment between the two (PEP 495).
        return again + bisect_left(range(again, first), local, key=self._clock)

    def _clock(self, t: int) -> datetime:
        return _moment(t).astimezone(self._zone).replace(tzinfo=None)


def _service_in(stretch: _Stretch) -> int:
    pattern, origin = stretch.pattern, stretch.origin
    return pattern.at(stretch.end - origin) - pattern.at(stretch.start - origin)


def _normalised(windows: Sequence[Window]) -> tuple[Window, ...]:
    """The windows of one day in order, adjacent ones joined."""
    joined: list[Window] = []
    for window in sorted(windows):
        last = joined[-1] if joined else None
        if last and window.start < last.end:
            raise ValueError(f"{last} and {window} overlap")
        if last and window.start == last.end:
            joined[-1] = Window(last.start, window.end)
        else:
            joined.append(window)
    return tuple(joined)


def _time_of_day(second: int) -> str:
    hours, rest = divmod(second, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _service(duration: timedelta) -> int:
    if duration.days < 0:
        raise ValueError("a length of service time is never negative")
    return duration.days * _DAY + duration.seconds


def _seconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return since.days * _DAY + since.seconds


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
