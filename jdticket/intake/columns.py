"""Tables: which column holds what, and one row of cells -> one draft.

The same for CSV, workbooks and JSON: each of them hands rows of cells to a ``TableReader``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.platform_words import kind_from_words, platform_state_from_words
from jdticket.domain.tickets import ORDER_ID_PATTERN, Kind, PlatformState
from jdticket.errors import InputError, UsageError
from jdticket.i18n import _
from jdticket.intake.interface import ReadOptions
from jdticket.intake.values import Cell, moment, not_after, order_id, plain, ticket_id, unprotected
from jdticket.text import quoted
from jdticket.words import listed

# A field's name is how our own export calls it and how --map names it; then the headings known for
# it: the back office's pages, and the platform's interface (work_id, create_date, status_name).
FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("工单号", "工单编号", "工单ID", "ticket_id", "ticket", "work_id"),
    "order_id": ("订单号", "订单编号", "订单ID", "order"),
    "created_at": ("创建时间", "发起时间", "下发时间", "提交时间", "工单创建时间", "created", "create_date"),
    "deadline_at": ("截止时间", "最晚回复时间", "处理截止时间", "回复截止时间", "deadline"),
    "status": ("工单状态", "状态", "处理状态", "status_name"),
    "platform_status": (),
    "kind": ("工单类型", "业务类型", "类型", "type"),
    "kind_text": (),
    "content": ("工单内容", "问题描述", "内容"),
    "shop": ("店铺", "店铺名称", "商家名称"),
    "assignee": ("处理人",),
    "reply": ("回复内容", "reply_text"),
    "reply_at": ("回复时间", "replied_at"),
}
HEADER_ROWS = 30
"""The header is looked for in this many rows from the top."""
CELL_MAX = 1024 * 1024
"""Characters; no ticket's text comes near it."""

# Our own words for a state (an export taken in again). That we hold a ticket as pending or replied
# says nothing about what the platform shows, so these tell no platform state; a reply's time does.
_OWN_STATES: Mapping[str, PlatformState | None] = {
    "pending": None,
    "replied": None,
    "closed": PlatformState.CLOSED,
    "void": PlatformState.VOID,
}
_OWN_KINDS = frozenset(kind.value for kind in Kind)
_GUARDED = ("'=", "'+", "'-", "'@", "'\t", "'\r")
_SUMMARY = re.compile(
    r"\s*(?:(?:本页|当页|本表)?(?:合计|总计|小计|汇总)|(?:导出|下载|生成)(?:时间|日期|人)|记录总数|数据截[止至]"
    r"|第\s*\d+\s*页|共\s*[0-9,]+\s*[条行笔个单页]|total\b)",
    re.IGNORECASE,
)
_UNITS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_UNTOLD = re.compile(r"[\W_]+")

_kind_of = lru_cache(maxsize=1024)(kind_from_words)
_state_of = lru_cache(maxsize=1024)(platform_state_from_words)


def check_map(columns: Mapping[str, str]) -> None:
    """Raises ``UsageError`` when ``--map`` names a field that there is none of."""
    for field in columns:
        if field not in FIELDS:
            raise UsageError(
                _("--map {field}=…: there is no such field; the fields are {fields}.").format(
                    field=quoted(field), fields=listed(FIELDS)
                )
            )


def heading_key(heading: str) -> str:
    """What makes two headings the same: width, case, white space, punctuation and units in brackets aside."""
    return _UNTOLD.sub("", _UNITS.sub("", unicodedata.normalize("NFKC", heading))).casefold()


_FIELD_OF = {heading_key(heading): field for field, known in FIELDS.items() for heading in (field, *known)}


@dataclass(frozen=True, slots=True)
class Header:
    """A row of headings, and where in it each field stands."""

    headings: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]
    """Field -> its columns, counted from 0; more than one is a clash that ``--map`` has to settle."""

    @property
    def usable(self) -> bool:
        """A ticket number, and a time by which the deadline can be told."""
        return "id" in self.columns and not self.columns.keys().isdisjoint(("created_at", "deadline_at"))


def read_header(cells: Iterable[Cell], wanted: Mapping[str, str]) -> Header:
    """What the cells mean as headings; ``wanted`` is the ``--map``, field -> heading."""
    headings = tuple(" ".join(plain(cell).split()) for cell in cells)
    keys = [heading_key(heading) for heading in headings]
    columns: dict[str, tuple[int, ...]] = {}
    for field, heading in wanted.items():
        at = tuple(n for n, key in enumerate(keys) if key and key == heading_key(heading))
        if at:
            columns[field] = at
    taken = {n for at in columns.values() for n in at}
    for field in FIELDS.keys() - wanted.keys():
        at = tuple(n for n, key in enumerate(keys) if n not in taken and _FIELD_OF.get(key) == field)
        # Our own export's name beats a synonym that stands beside it.
        own = tuple(n for n in at if keys[n] == heading_key(field))
        if at:
            columns[field] = own or at
    return Header(headings, columns)


def find_header(rows: Sequence[Sequence[Cell]], wanted: Mapping[str, str]) -> tuple[int, Header] | None:
    """Which of the first rows holds the most known headings (index, header); None: no row holds two."""
    best: tuple[int, Header] | None = None
    for index, cells in enumerate(rows[:HEADER_ROWS]):
        header = read_header(cells, wanted)
        if len(header.columns) > max(1, len(best[1].columns) if best else 0):
            best = index, header
    return best


def check_header(name: str, row: int, header: Header, wanted: Mapping[str, str]) -> None:
    """Raises ``InputError`` when the headings cannot be used, with what was seen and what is needed."""
    seen = _listed(header.headings)
    for field, heading in wanted.items():
        if field not in header.columns:
            raise InputError(
                _(
                    "{name}: there is no column {heading} (from --map {field}=…); row {row} has {seen}."
                ).format(name=name, heading=quoted(heading), field=field, row=row, seen=seen)
            )
    if not header.usable:
        raise InputError(no_header(name, header.headings))
    for field, at in header.columns.items():
        if len(at) > 1:
            raise InputError(
                _(
                    "{name}, row {row}: several columns could be the field {field}: {seen}; "
                    "keep one of them, or choose with --map {field}=COLUMN."
                ).format(name=name, row=row, field=field, seen=_listed([header.headings[n] for n in at]))
            )


def no_header(name: str, seen: Iterable[str]) -> str:
    """The sentence for a table without usable headings."""
    return _(
        "{name}: no row with usable headings was found; needed are a ticket number (such as 工单号) and a "
        "creation time (创建时间) or a deadline (截止时间), seen were {seen}; "
        "name a column with --map, for example --map id=COLUMN."
    ).format(name=name, seen=_listed(seen) or _("none"))


def _listed(headings: Iterable[str]) -> str:
    named = [quoted(heading) for heading in headings if heading.strip()]
    return listed([*named[:20], *["…"][: len(named) > 20]])


class _RowError(Exception):
    def __init__(self, column: int | None, reason: str) -> None:
        self.column = column
        self.reason = reason


class TableReader:
    """Turns the rows under one header into drafts."""

    def __init__(self, name: str, header: Header, options: ReadOptions) -> None:
        self._name = name
        self._zone = options.zone
        self._now = options.now
        self._headings = header.headings
        self._width = len(header.headings)

        def at(field: str) -> int:
            return header.columns[field][0] if field in header.columns else -1

        self._id = at("id")
        self._order = at("order_id")
        self._created = at("created_at")
        self._deadline = at("deadline_at")
        self._status = at("status")
        self._platform_status = at("platform_status")
        self._kind = at("kind")
        self._kind_text = at("kind_text")
        self._content = at("content")
        self._shop = at("shop")
        self._assignee = at("assignee")
        self._reply = at("reply")
        self._reply_at = at("reply_at")
        self._id_key = heading_key(header.headings[self._id])

    def read(self, row: int, cells: Sequence[Cell]) -> Draft | Rejection | None:
        """The ticket in these cells; None for a row that holds none: blank, a sum, the header again."""
        try:
            return self._draft(row, cells)
        except _RowError as error:
            column = value = ""
            if error.column is not None:
                column = self._headings[error.column] if error.column < self._width else ""
                value = quoted(plain(cells[error.column])) if error.column < len(cells) else ""
            return Rejection(self._name, row, column, value, error.reason)

    def _draft(self, row: int, cells: Sequence[Cell]) -> Draft | None:
        if len(cells) != self._width:
            cells = self._squared(cells)
        for n, cell in enumerate(cells):
            if type(cell) is str:
                if "\0" in cell:
                    raise _RowError(
                        n, _("the row holds a NUL character; the file is damaged, export it again")
                    )
                if len(cell) > CELL_MAX:
                    raise _RowError(n, too_long())
        if self._holds_no_ticket(cells):
            return None

        column = self._id
        try:
            ticket = ticket_id(cells[column])
            order = None
            if self._order >= 0:
                column = self._order
                order = order_id(cells[column])
            created = deadline = replied = None
            if self._created >= 0:
                column = self._created
                created = not_after(moment(cells[column], self._zone, self._now), self._now)
            if self._deadline >= 0:
                column = self._deadline
                deadline = moment(cells[column], self._zone, self._now)
            if self._reply_at >= 0:
                column = self._reply_at
                replied = not_after(moment(cells[column], self._zone, self._now), self._now)
        except InputError as error:
            raise _RowError(column, error.message) from None
        self._check_times(created, deadline)

        kind_words = self._text(cells, self._kind)
        own_kind = kind_words in _OWN_KINDS
        state, state_words, own_state = self._state(cells)
        return Draft(
            source=self._name,
            row=row,
            id=ticket,
            order_id=order,
            kind=_kind_of(kind_words) if kind_words else None,
            kind_text=self._text(cells, self._kind_text) or ("" if own_kind else kind_words),
            platform_state=state,
            platform_status=state_words,
            own_state=own_state,
            created_at=created,
            deadline_at=deadline,
            content=self._text(cells, self._content) or None,
            shop=self._text(cells, self._shop) or None,
            assignee=self._text(cells, self._assignee) or None,
            reply_text=self._text(cells, self._reply) or None,
            reply_at=replied,
        )

    def _squared(self, cells: Sequence[Cell]) -> list[Cell]:
        """The cells at the header's width: missing ones are empty, surplus ones must be."""
        if len(cells) < self._width:
            return [*cells, *[""] * (self._width - len(cells))]
        for n in range(self._width, len(cells)):
            if plain(cells[n]).strip():
                raise _RowError(
                    n,
                    _(
                        "the row has {cells} cells, the header {width}; is there a separator within a cell?"
                    ).format(cells=len(cells), width=self._width),
                )
        return list(cells[: self._width])

    def _holds_no_ticket(self, cells: Sequence[Cell]) -> bool:
        number = plain(cells[self._id])
        if number.isdecimal():
            return False
        if heading_key(number) == self._id_key and number.strip():
            return True
        if number.strip() and not _SUMMARY.match(number):
            return False
        filled = [text for text in map(plain, cells) if text.strip()]
        if not filled:
            return True
        # A sum names no order; a row that does has lost its ticket number and must be told of.
        return any(_SUMMARY.match(text) for text in filled) and not any(
            ORDER_ID_PATTERN.fullmatch(unprotected(text)) for text in filled
        )

    def _check_times(self, created: datetime | None, deadline: datetime | None) -> None:
        if created is None and deadline is None:
            column = self._created if self._created >= 0 else self._deadline
            raise _RowError(column, _("neither a creation time nor a deadline is given"))

    def _state(self, cells: Sequence[Cell]) -> tuple[PlatformState | None, str, bool]:
        """The platform's state, its words, and whether the state is our own export's."""
        words = self._text(cells, self._status)
        platform_words = self._text(cells, self._platform_status)
        own = words.lower()
        if own in _OWN_STATES:
            return _OWN_STATES[own], platform_words, True
        return _state_of(words or platform_words), words or platform_words, False

    def _text(self, cells: Sequence[Cell], column: int) -> str:
        if column < 0:
            return ""
        cell = cells[column]
        text = cell.strip() if type(cell) is str else plain(cell).strip()
        # Our own export puts an apostrophe before what a spreadsheet would take for a formula.
        return text[1:] if text.startswith(_GUARDED) else text


def too_long() -> str:
    """The reason for refusing a cell or a line beyond ``CELL_MAX``."""
    return _("a cell of more than {most} characters cannot be a ticket's text").format(most=CELL_MAX)


def no_rows(name: str) -> str:
    """The note for a table that has headings and nothing below."""
    return _("{name} has headings but no tickets below them.").format(name=name)
