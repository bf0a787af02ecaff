"""The page's parts -> its rows: what belongs to one ticket.

A row begins with its ticket's number. It is known by that and an order number or a time close behind it, and
ends where the next begins; where one has lost its number, it ends at its buttons, or at what a row holds
once and comes a second time. What is out of its place is kept with the row and told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise

from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.tickets import PlatformState
from jdticket.i18n import _
from jdticket.intake.cells import Is, Part, normal
from jdticket.intake.countdowns import is_piece_of_length, is_time_left, may_tell_of_time_left
from jdticket.text import quoted

STATE_MAX = 12
"""A state is a short phrase; a product's title that happens to hold "取消" is longer."""

DONE = frozenset({PlatformState.CLOSED, PlatformState.VOID, PlatformState.REPLIED})

# Between a ticket's number and its order number or its time there are a few cells.
_CLOSE = 12
_LONGEST_ROW = 60
_DOUBTS_MOST = 10
_PHONE = re.compile(r"[48]00[0-9]{7}")
_DATE = re.compile(r"20[0-3][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")


@dataclass(slots=True)
class Row:
    """What seems to belong to one ticket."""

    number: Part | None
    order: Part | None = None
    time: Part | None = None
    head: list[Part] = field(default_factory=list)
    """Words between the ticket's number and its order number."""
    middle: list[Part] = field(default_factory=list)
    """Words between the order number and the time."""
    tail: list[Part] = field(default_factory=list)
    """Words behind the time."""
    account: str = ""
    pieces: bool = False
    """It has a number of pieces (×2)."""
    pieces_first: bool = False
    """That stands right behind its number, as it does behind an order's."""
    doubts: list[str] = field(default_factory=list)
    """What is odd about it, in the reader's language."""
    joins: bool = False
    """The row before was cut off by its beginning, not ended by buttons or the table's end."""
    adjoins: bool = False
    """Nothing stands between its number and the buttons of the row before."""
    after_break: bool = False
    """Something that is no part of any row stands before it."""
    line: int = 0
    """Where it begins."""
    told_of_time_left: bool = False
    state: bool = False
    """It has a state that is known."""
    done: bool = False
    """That state is one in which nothing waits."""
    ended: bool = False
    """Its buttons have come."""
    time_left_behind: bool = False
    """What tells of its time left stands behind them, and may be the next row's."""
    button: bool = False
    """Among them one that only a ticket has."""
    length: int = 0

    @property
    def past_middle(self) -> bool:
        """What stands at the end of a row has come."""
        return bool(self.account) or self.state or self.told_of_time_left or self.ended

    @property
    def empty(self) -> bool:
        """There is nothing in it that could be of a ticket."""
        return self.number is None and self.order is None and self.time is None

    def doubt(self, what: str) -> None:
        """Note what is odd, once."""
        if len(self.doubts) < _DOUBTS_MOST and what not in self.doubts:
            self.doubts.append(what)


def rows_of(parts: Iterable[Part]) -> Iterator[Row | Part]:
    """The rows in their order, and between them the parts that tell of the page as a whole (TAB, SHOP)."""
    reader = _RowReader()
    last = Part(0, "", Is.BREAK)
    for part, following in pairwise(chain(parts, [last])):
        yield from reader.take(part, following)
    yield from reader.close()


@lru_cache(maxsize=1024)
def is_doubtful_number(digits: str) -> bool:
    """Whether seven to ten digits look like a service phone, a date or the days of a calendar."""
    return (
        _PHONE.fullmatch(digits) is not None or _DATE.fullmatch(digits) is not None or is_run_of_days(digits)
    )


def is_run_of_days(digits: str) -> bool:
    """Whether the digits are days of a month run together: 891011121314."""
    return any(_runs_on(digits, int(digits[:width] or 0), width) for width in (1, 2))


def _runs_on(digits: str, day: int, at: int) -> bool:
    if not 1 <= day <= 31:
        return False
    while at < len(digits):
        following = str(day + 1)
        if day < 31 and digits.startswith(following, at):
            day += 1
        elif day >= 28 and digits.startswith("1", at):
            day, following = 1, "1"
        else:
            return False
        at += len(following)
    return True


def is_known_state(words: str) -> bool:
    """Whether the words are one of the platform's states."""
    return len(words) <= STATE_MAX and state_of(words) is not None


@lru_cache(maxsize=1024)
def state_of(words: str) -> PlatformState | None:
    """The state that the words mean: a page has few, many times."""
    return platform_state_from_words(words)


class _RowReader:
    def __init__(self) -> None:
        self._row: Row | None = None
        self._broken = True

    def close(self) -> Iterator[Row]:
        row, self._row = self._row, None
        if row is not None and not (row.empty and not row.told_of_time_left):
            yield row

    def take(self, part: Part, following: Part) -> Iterator[Row | Part]:
        match part.what:
            case Is.TAB | Is.SHOP:
                yield from self.close()
                self._broken = True
                yield part
            case Is.BREAK:
                yield from self.close()
                self._broken = True
            case Is.NUMBER:
                yield from self._number(part)
            case Is.ORDER:
                yield from self._order(part, following)
            case Is.TIME:
                yield from self._time(part)
            case Is.BUTTON | Is.ICON:
                self._button(part)
            case Is.LABEL:
                if part.value == "other" and following.what in {Is.NUMBER, Is.ORDER}:
                    yield from self.close()
            case _:
                yield from self._other(part)

    def _begin(self, number: Part | None, line: int) -> Row:
        before = self._row
        self._row = Row(
            number,
            line=line,
            joins=before is not None and not before.ended and not self._broken,
            adjoins=before is not None and before.ended,
            after_break=self._broken,
        )
        self._broken = False
        return self._row

    def _current(self, line: int) -> Row:
        return self._row or self._begin(None, line)

    def _begin_another(self, number: Part | None, line: int) -> Iterator[Row]:
        """End the row and begin the next."""
        before = self._row
        self._begin(number, line)
        if before is not None and not (before.empty and not before.told_of_time_left):
            yield before

    def _number(self, part: Part) -> Iterator[Row]:
        row = self._row
        if row is not None and row.number is not None:
            if row.number.value == part.value and row.time is None and not row.past_middle:
                return
            started = row.time is None and not row.past_middle and not is_doubtful_number(row.number.value)
            if not part.sure and started and not (part.leads and row.order is None):
                # A code in the product's title, unless no order number has come yet.
                (row.head if row.order is None else row.middle).append(part)
                if row.order is None:
                    row.doubt(_("there is another number, {number}").format(number=part.value))
                return
        yield from self._begin_another(part, part.line)

    def _order(self, part: Part, following: Part) -> Iterator[Row]:
        row = self._current(part.line)
        if is_run_of_days(part.value):
            return
        if row.order is not None and row.order.value == part.value:
            return
        if row.order is None and not row.past_middle:
            if row.number is not None and row.time is not None:
                row.doubt(_("its order number stands behind its creation time"))
            if row.number is not None and row.pieces:
                row.doubt(_("its order number stands behind the number of pieces"))
            if not part.sure:
                row.doubt(_("its order number stands among other words"))
            row.order = part
        elif (
            row.order is not None and row.time is None and not row.past_middle and row.order.sure < part.sure
        ):
            row.middle.append(row.order)
            row.doubt(_("there is another number, {number}").format(number=row.order.value))
            row.order = part
        elif (
            row.order is not None
            and row.time is None
            and not row.past_middle
            and following.what is not Is.TIMES
        ):
            row.middle.append(part)
            if part.sure or not row.order.sure:
                row.doubt(_("there is another number, {number}").format(number=part.value))
            row.length += 1
            if row.length > _LONGEST_ROW:
                yield from self.close()
        elif not part.sure:
            row.tail.append(part)  # a code in the product's title, out of its place
        else:
            yield from self._begin_another(None, part.line)
            self._current(part.line).order = part

    def _time(self, part: Part) -> Iterator[Row]:
        row = self._current(part.line)
        if row.time is None:
            if row.number is not None and row.past_middle:
                row.doubt(_("its creation time is not in its place"))
            row.time = part
        elif row.time.value == part.value:
            return
        elif row.past_middle:
            yield from self._begin_another(None, part.line)
            self._current(part.line).time = part
        else:
            row.doubt(_("there is another time, {time}").format(time=part.value))

    def _button(self, part: Part) -> None:
        row = self._row
        if row is None:
            return
        if part.what is Is.BUTTON and row.number is not None and not row.length and row.order is None:
            row.doubt(_("a button stands behind its number"))
        row.button = row.button or (part.what is Is.BUTTON and part.text != "查看详情")
        # Nothing has ended that has hardly begun: 复制 and 查看 stand beside numbers as well.
        row.state = row.state or (bool(row.head) and is_known_state(normal(row.head[-1].text)))
        row.ended = row.ended or row.time is not None or row.past_middle

    def _other(self, part: Part) -> Iterator[Row]:
        row = self._row
        words = normal(part.text)
        short = len(words) <= STATE_MAX
        state = part.what is Is.WORDS and short and is_known_state(words)
        at_end = row is not None and row.time is not None
        time_left = part.what is not Is.ACCOUNT and (
            may_tell_of_time_left(words) or _is_length(part, words) if at_end else is_time_left(words)
        )
        if row is not None and row.ended and words.isdigit() and len(words) < 4:
            return  # a pager's numbers; or what is left of a countdown, whose units tell
        if row is not None and row.ended and row.number is not None:
            wanted = (
                # That a ticket has ended is never guessed.
                (state and not row.state and state_of(words) is PlatformState.WAITING)
                or (time_left and not row.told_of_time_left and not row.done)
                or (is_piece_of_length(words) and not words.isdigit())
            )
            if part.value or not wanted:
                yield from self.close()
                row = None
            else:
                row.doubt(_("something stands behind its buttons"))
                row.time_left_behind = row.time_left_behind or time_left
        elif row is not None and row.ended:
            yield from self.close()
            row = None
        if part.value and part.what is Is.WORDS and self._begins_a_row(row, part.value):
            number = Part(part.line, part.text, Is.NUMBER, part.value, sure=False)
            yield from self._begin_another(number, part.line)
            return
        if row is None:
            row = self._begin(None, part.line)
        yield from self._add(row, part, state=state, time_left=time_left)

    def _add(self, row: Row, part: Part, *, state: bool, time_left: bool) -> Iterator[Row]:
        row.length += 1
        far = row.order is None and row.time is None and row.length > _CLOSE
        if row.length > _LONGEST_ROW or far:
            yield from self.close()
            return
        if row.number is None and row.empty:
            row.head = row.head[-_CLOSE:]
        if part.what is Is.TIMES:
            row.pieces_first = row.pieces_first or row.length == 1
            row.pieces = True
        elif part.what is Is.ACCOUNT:
            if row.account and row.account != part.text:
                row.doubt(_("there are two buyers in the row"))
            row.account = row.account or part.text
        else:
            inside = len(part.value) >= 12 and part.what is Is.WORDS
            if inside and row.number is not None and row.order is None:
                row.order = Part(part.line, part.value, Is.ORDER, part.value, sure=False)
                row.doubt(_("its order number was found in “{words}”").format(words=quoted(part.text)))
            if row.number is not None and row.order is row.time is None and _is_digits(part):
                row.doubt(_("there is another number, {number}").format(number=normal(part.text)))
            slot = row.tail if row.time is not None else row.head if row.order is None else row.middle
            slot.append(part)
            row.state = row.state or (state and (row.time is not None or row.pieces or row.order is not None))
            row.done = row.done or (row.state and state and state_of(normal(part.text)) in DONE)
            row.told_of_time_left = row.told_of_time_left or time_left

    def _begins_a_row(self, row: Row | None, number: str) -> bool:
        """Whether a number among words may be the ticket's: where one is looked for."""
        if len(number) > 10:
            return False
        if row is None or row.number is None:
            return row is None or (row.order is None and row.time is None)
        if row.time is not None:
            return row.past_middle
        if row.order is None and row.length == 0:
            row.doubt(_("there is another number, {number}").format(number=number))
        return False


def _is_digits(part: Part) -> bool:
    """Whether a part that is no ticket's and no order's number is a number all the same."""
    return part.what is Is.WORDS and normal(part.text).isdigit()


def _is_length(part: Part, words: str) -> bool:
    return part.what is Is.CUT_TIME and ":" in words and "-" not in words
