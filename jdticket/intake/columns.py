"""One row of cells -> one draft, under the headings of its table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.platform_words import kind_from_words, platform_state_from_words
from jdticket.domain.tickets import ORDER_ID_PATTERN, Kind, PlatformState, Status
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.exported import Stamp
from jdticket.intake.headings import Header, heading_key, heading_zone
from jdticket.intake.interface import ReadOptions
from jdticket.intake.notes import FieldNotes
from jdticket.intake.own_export import OwnColumns, is_own_export, unguarded
from jdticket.intake.values import (
    Cell,
    cleaned,
    is_day_alone,
    is_midnight,
    is_no_reply,
    is_nothing,
    joined,
    moment,
    not_after,
    not_far_ahead,
    order_id,
    plain,
    ticket_id,
    unprotected,
)
from jdticket.text import quoted

CELL_MAX = 1024 * 1024
"""Characters; no ticket's text comes near it."""
_NAME_MAX = 100
_NAMES_MOST = 1000
_MISPLACED = re.compile(
    r"20[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|[0-9]{12,19}"
)
_DAYS_TO_1904 = 1462
_SERIAL = re.compile(r"[1-9][0-9]{0,4}(?:\.[0-9]+)?")

# Our own states, in an export of ours or written by hand. That we hold a ticket as pending or replied says
# nothing about what the platform shows, so these tell no platform state; a reply's time does.
_OWN_STATES: Mapping[str, PlatformState | None] = {
    Status.PENDING: None,
    Status.REPLIED: None,
    Status.CLOSED: PlatformState.CLOSED,
    Status.VOID: PlatformState.VOID,
}
_OPEN = frozenset({PlatformState.WAITING, PlatformState.REJECTED})
_OWN_KINDS = frozenset(kind.value for kind in Kind)
_OF_THE_EXPORT = r"(?:导出|下载|生成)(?:时间|日期|人)|数据截[止至]"
_SUMMARY = re.compile(
    rf"\s*(?:(?:本页|当页|本表)?(?:合计|总计|小计|汇总)|{_OF_THE_EXPORT}|记录总数"
    r"|第\s*\d+\s*页|共\s*[0-9,]+\s*[条行笔个单页]|total\b)",
    re.IGNORECASE,
)
_TELLS_A_TIME = re.compile(rf"\s*(?:{_OF_THE_EXPORT})")

_kind_of = lru_cache(maxsize=1024)(kind_from_words)
_state_of = lru_cache(maxsize=1024)(platform_state_from_words)


class _RowError(Exception):
    def __init__(self, column: int, reason: str) -> None:
        self.column = column
        self.reason = reason


class TableReader:
    """Turns the rows under one header into drafts."""

    def __init__(
        self,
        name: str,
        header: Header,
        options: ReadOptions,
        notes: FieldNotes | None = None,
        stamp: Stamp | None = None,
    ) -> None:
        self._name = name
        self._zone = options.zone
        self._now = options.now
        self.header = header
        self._headings = header.headings
        self._width = len(header.headings)

        def at(field: str) -> int:
            return header.columns[field][0] if field in header.columns else -1

        self._id = at("id")
        self._order = at("order_id")
        self._created = at("created_at")
        self._deadline = at("deadline_at")
        self._states = header.columns.get("status", ())
        self._platform_status = at("platform_status")
        self._kind = at("kind")
        self._kind_text = at("kind_text")
        self._content = at("content")
        self._shop = at("shop")
        self._assignee = at("assignee")
        self._reply_text = at("reply")
        self._reply_at = at("reply_at")
        self._names: dict[str, str] = {}
        self._dates = header.dates
        self._with_dates = {header.columns[name][0] for name in header.dates}
        self._zones = {
            column: zone
            for column in (self._created, self._deadline, self._reply_at)
            if column >= 0 and (zone := heading_zone(self._headings[column])) is not None
        }
        self._is_1904 = options.calendar_1904
        self._own = OwnColumns(header, options.zone, options.now) if is_own_export(header) else None
        self._keys = frozenset(map(heading_key, filter(None, header.headings)))
        self.stamp = stamp or Stamp()
        self.notes = notes or FieldNotes(name)
        """What had to be left aside of tickets that were read."""

    def read(self, row: int, cells: Sequence[Cell]) -> Draft | Rejection | None:
        """The ticket in these cells; None for a row that holds none: blank, a sum, the header again."""
        try:
            return self._draft(row, cells)
        except _RowError as error:
            return Rejection(
                self._name, row, self._heading(error.column), _shown(cells, error.column), error.reason
            )

    def note(self, row: int, column: int, cells: Sequence[Cell], reason: str) -> None:
        """Keep a note about one cell of a row that is taken in."""
        self.notes.add(row, self._heading(column), _shown(cells, column), reason)

    def _heading(self, column: int) -> str:
        return self._headings[column] if 0 <= column < self._width else ""

    def _draft(self, row: int, cells: Sequence[Cell]) -> Draft | None:
        if len(cells) != self._width:
            cells = self._squared(row, cells)
        if self.holds_no_ticket(cells):
            return None
        try:
            ticket = ticket_id(cells[self._id])
        except InputError as error:
            raise _RowError(self._id, error.message) from None
        order = None
        if self._order >= 0:
            try:
                order = order_id(cells[self._order])
            except InputError as error:
                self._leave_aside(row, self._order, cells, error.message)
        created, deadline = self._times(row, cells)
        reply_text, replied = self._reply(row, cells)
        kind_words = self._text(row, cells, self._kind)
        own = self._own.record(cells) if self._own else None
        kind = self._own.kind(kind_words) if self._own else None
        if kind is not None or kind_words in _OWN_KINDS:
            kind, kind_words = kind or Kind(kind_words), ""
        elif kind_words:
            kind = _kind_of(kind_words)
        if own is None:
            state, state_words, own_state = self._state(row, cells)
        else:
            state, own_state = _OWN_STATES[own.status], True
            state_words = self._text(row, cells, self._platform_status)
        return Draft(
            source=self._name,
            row=row,
            id=ticket,
            order_id=order,
            kind=kind,
            kind_text=self._text(row, cells, self._kind_text) or kind_words,
            platform_state=state,
            platform_status=state_words,
            own_state=own_state,
            created_at=created,
            deadline_at=deadline,
            content=self._text(row, cells, self._content) or None,
            shop=self._named(row, cells, self._shop),
            assignee=self._named(row, cells, self._assignee),
            reply_text=reply_text,
            reply_at=replied,
            own=own,
            seen_at=self.stamp.seen_at,
        )

    def _squared(self, row: int, cells: Sequence[Cell]) -> list[Cell]:
        """The cells at the header's width: missing ones are empty, surplus ones left aside with a note."""
        if len(cells) < self._width:
            return [*cells, *[""] * (self._width - len(cells))]
        surplus = [n for n in range(self._width, len(cells)) if plain(cells[n]).strip()]
        if surplus and not self.holds_no_ticket(cells):
            self.note(
                row,
                surplus[0],
                cells,
                _("the row has {cells} cells, the header {width}; what is too much was left aside").format(
                    cells=len(cells), width=self._width
                ),
            )
        return list(cells[: self._width])

    def fits(self, cells: Sequence[Cell]) -> bool:
        """Whether each number, time and state in the cells is one that its column can hold."""
        try:
            ticket_id(cells[self._id])
            if self._order >= 0:
                order_id(cells[self._order])
        except InputError:
            return False
        times = (("created_at", self._created), ("deadline_at", self._deadline), ("reply_at", self._reply_at))
        if any(self._time(name, column, cells)[1] for name, column in times):
            return False
        words = tuple(cleaned(plain(cells[column])) for column in self._states)
        state, known_by, _own = _state(words, "")
        return not known_by or state is not None

    def holds_no_ticket(self, cells: Sequence[Cell]) -> bool:
        """Whether they are blank, a sum, a line of the export about itself, or the header again."""
        number = plain(cells[self._id]) if self._id < len(cells) else ""
        if number.isdecimal():
            return False
        number = cleaned(number) if heading_key(number) else ""  # lines and dashes are no number
        if number and heading_key(number) in self._keys:
            return True
        if number and not _SUMMARY.match(number):
            return False
        # What stands under no heading, such as a blank typed far away, is no part of a ticket.
        told = (cell for cell, heading in zip(cells, self._headings, strict=False) if heading)
        filled = [text for text in map(cleaned, map(plain, told)) if text]
        if not any(heading_key(text) for text in filled):
            return True  # nothing, or lines and dashes
        if sum(heading_key(text) in self._keys for text in filled) > 1:
            return True
        return any(_SUMMARY.match(text) for text in filled) and not self._tells_of_a_ticket(cells, filled)

    def _tells_of_a_ticket(self, cells: Sequence[Cell], filled: Sequence[str]) -> bool:
        """Whether a row that speaks of a sum has an order, a state or a time, which no sum has: it has lost
        its ticket number, and must be told of."""
        if any(ORDER_ID_PATTERN.fullmatch(unprotected(text)) for text in filled):
            return True
        cells = [*cells, *[""] * (self._width - len(cells))]
        if any(_state_of(cleaned(plain(cells[column]))) for column in self._states):
            return True
        times = (("created_at", self._created), ("deadline_at", self._deadline))
        return not any(_TELLS_A_TIME.match(text) for text in filled) and any(
            self._time(name, column, cells)[0] is not None for name, column in times
        )

    def _times(self, row: int, cells: Sequence[Cell]) -> tuple[datetime | None, datetime | None]:
        """When the ticket was created, and its deadline; refuses a row for which neither can be told."""
        created, created_trouble = self._time("created_at", self._created, cells)
        deadline, deadline_trouble = self._time("deadline_at", self._deadline, cells)
        is_read = created is not None and self._own is None
        if is_read and self._is_day(self._deadline, cells, deadline, is_midnight):
            # Four hours of service never end at midnight: it is a day that a program has written out.
            deadline, deadline_trouble = None, _("a day alone is no deadline")
        if created is None and deadline is None:
            if created_trouble or deadline_trouble:
                column = self._created if created_trouble else self._deadline
                raise _RowError(column, created_trouble or deadline_trouble)
            column = self._created if self._created >= 0 else self._deadline
            raise _RowError(column, _("neither a creation time nor a deadline is given"))
        if created_trouble:
            self._leave_aside(row, self._created, cells, created_trouble)
        if deadline_trouble:
            self._leave_aside(row, self._deadline, cells, deadline_trouble)
        if deadline is None and self._is_day(self._created, cells, created):
            self.note(
                row, self._created, cells, _("a day without a time; the clock was started at its beginning")
            )
        return created, deadline

    def _time(self, name: str, column: int, cells: Sequence[Cell]) -> tuple[datetime | None, str]:
        """The time in a column, and why there is none that can be read."""
        if column < 0:
            return None, ""
        cell = self._dated(cells[column])
        if name == "reply_at" and type(cell) is str and is_no_reply(cleaned(cell)):
            return None, ""
        if name in self._dates:
            cell = joined(self._dated(cells[self._dates[name]]), cell)
        try:
            then = moment(cell, self._zones.get(column, self._zone), self._now)
            if name != "deadline_at":
                then = not_after(then, self._now)
            elif self._own is None:
                then = not_far_ahead(then, self._now)
            return then, ""
        except InputError as error:
            return None, error.message

    def _dated(self, cell: Cell) -> Cell:
        """A bare number for a date, as a workbook of the other calendar has it, in the usual one."""
        if self._is_1904 and type(cell) in (int, float, str) and _SERIAL.fullmatch(str(cell)):
            return float(str(cell)) + _DAYS_TO_1904
        return cell

    def _is_day(
        self,
        column: int,
        cells: Sequence[Cell],
        then: datetime | None,
        is_day: Callable[[Cell, datetime, tzinfo], bool] = is_day_alone,
    ) -> bool:
        """Whether a column that was read as ``then`` names a day alone."""
        if then is None or column in self._with_dates:
            return False
        return is_day(self._dated(cells[column]), then, self._zones.get(column, self._zone))

    def _reply(self, row: int, cells: Sequence[Cell]) -> tuple[str | None, datetime | None]:
        """A reply given elsewhere: its text, and when. A text whose time is not known is of no known time."""
        text = self._text(row, cells, self._reply_text)
        then, trouble = self._time("reply_at", self._reply_at, cells)
        if self._is_day(self._reply_at, cells, then):
            then, trouble = None, _("a day alone does not tell whether the reply was in time")
        if trouble:
            self._leave_aside(row, self._reply_at, cells, trouble)
        return (None if self._own is None and is_no_reply(text) else text), then

    def _leave_aside(self, row: int, column: int, cells: Sequence[Cell], reason: str) -> None:
        self.note(
            row, column, cells, _("{reason}; left aside, the ticket was taken in").format(reason=reason)
        )

    def _state(self, row: int, cells: Sequence[Cell]) -> tuple[PlatformState | None, str, bool]:
        """The platform's state, its words, and whether the state is our own export's."""
        told = tuple(self._text(row, cells, column) for column in self._states)
        found = _state(told, self._text(row, cells, self._platform_status))
        if found[0] in _OPEN and len(told) > 1:
            for column, words in zip(self._states, told, strict=True):
                if words and _state_of(words) not in {None, *_OPEN}:
                    reason = _("another column says {words}; the ticket is taken as waiting")
                    self.note(row, column, cells, reason.format(words=quoted(found[1])))
        return found

    def _named(self, row: int, cells: Sequence[Cell], column: int) -> str | None:
        """The name of a shop or a person; None where there is none."""
        if column < 0:
            return None
        cell = cells[column]
        known = self._names.get(cell) if type(cell) is str else None
        if known is not None:
            return known or None
        name = self._text(row, cells, column)
        if self._own is not None:
            return name or None
        if len(name) > _NAME_MAX:
            self._leave_aside(row, column, cells, _("no name is that long"))
            return None
        name = "" if is_nothing(name) else name
        if type(cell) is str and "\0" not in cell and "\ufffd" not in cell and len(self._names) < _NAMES_MOST:
            self._names[cell] = name
        return name or None

    def _text(self, row: int, cells: Sequence[Cell], column: int) -> str:
        if column < 0:
            return ""
        cell = cells[column]
        text = cell if type(cell) is str else plain(cell)
        if self._own is not None:
            return unguarded(text)
        if len(text) > CELL_MAX:
            self._leave_aside(row, column, cells, too_long())
            return ""
        if "\ufffd" in text:
            self.note(row, column, cells, _("a damaged character stands here as �"))
        if "\0" in text:
            self.note(row, column, cells, _("NUL characters were taken out; the file may be damaged"))
            text = text.replace("\0", "")
        text = cleaned(text)
        if text[:1].isdecimal() and _MISPLACED.fullmatch(text):
            reason = _("this belongs into another column; see whether cells of the row have moved")
            self.note(row, column, cells, reason)
        return text


@lru_cache(maxsize=1024)
def _state(told: tuple[str, ...], platform_words: str) -> tuple[PlatformState | None, str, bool]:
    """What the columns of the state tell: the platform's state, its words, whether it is our own export's.

    One of them may be of another thing than the ticket, such as its order: what waits in one of them waits.
    Else the first says it whose word is known.
    """
    filled = [words for words in told if words] or [platform_words]
    ours = filled[0].lower()
    if ours in _OWN_STATES:
        return _OWN_STATES[ours], platform_words, True
    states = [(_state_of(words), words) for words in filled]
    waiting = (one for one in states if one[0] in _OPEN)
    known = (one for one in states if one[0] is not None)
    state, words = next(waiting, None) or next(known, states[0])
    return state, words, False


def _shown(cells: Sequence[Cell], column: int) -> str:
    return quoted(plain(cells[column])) if 0 <= column < len(cells) else ""


def too_long() -> str:
    """The reason for refusing a cell or a line beyond ``CELL_MAX``."""
    return _("a cell of more than {most} characters cannot be a ticket's text").format(most=CELL_MAX)


def no_rows(name: str) -> str:
    """The note for a table that has headings and nothing below."""
    return _("{name} has headings but no tickets below them.").format(name=name)
