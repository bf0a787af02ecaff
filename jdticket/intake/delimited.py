"""CSV, TSV and their kin: rows of cells out of a text, however long, in constant memory."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import ORDER_ID_PATTERN, TICKET_ID_PATTERN
from jdticket.i18n import _
from jdticket.intake.columns import CELL_MAX, TableReader, no_rows, too_long
from jdticket.intake.exported import Stamp
from jdticket.intake.headings import HEADER_ROWS, Header, check_header, find_header
from jdticket.intake.interface import ReadOptions
from jdticket.intake.stacked import StackedTables
from jdticket.intake.values import unprotected

_DELIMITERS = (",", "\t", ";", "|")
_LINE_MAX = 2 * CELL_MAX
_ESCAPED = re.compile(r'"[^"\n]*[^"\\]\\"[^,;\t|\r\n]')
_ROWS_TRIED = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is laid out as a table."""

    delimiter: str
    index: int
    """Which record holds the headings, counted from 0."""
    header: Header
    dialect: Mapping[str, Any]
    """What its quotation marks mean, as ``csv.reader`` takes it."""
    fits: bool
    """One of the first rows below the headings reads as a ticket."""


def find_layout(name: str, start: str, options: ReadOptions) -> Layout | None:
    """The layout under which the beginning of the text shows the most known headings; None: under
    no layout does a row hold two of them."""
    best: Layout | None = None
    csv.field_size_limit(CELL_MAX)
    for delimiter in _DELIMITERS:
        dialect = _dialect(start, delimiter)
        rows = list(_first_records(start, dialect))
        found = find_header(rows, options.columns, options.usual_columns)
        if found is None or (best is not None and len(found[1].columns) <= len(best.header.columns)):
            continue
        index, header = found
        fits = False
        if header.usable:
            reader = TableReader(name, header, options)
            below = rows[index + 1 : index + 1 + _ROWS_TRIED]
            fits = any(isinstance(reader.read(0, cells), Draft) for cells in below)
        best = Layout(delimiter, index, header, dialect, fits)
    return best


def _dialect(start: str, delimiter: str) -> Mapping[str, Any]:
    """What is seen of other programs' ways: a backslash before a quotation mark within a cell, a blank
    before the one that opens a cell."""
    escaped = _ESCAPED.search(start) is not None
    blank = re.search(rf'{re.escape(delimiter)} +"[^"{re.escape(delimiter)}]', start) is not None
    return {
        "delimiter": delimiter,
        "skipinitialspace": blank,
        **({"escapechar": "\\", "doublequote": False} if escaped else {}),
    }


def _first_records(start: str, dialect: Mapping[str, Any]) -> Iterator[list[str]]:
    records = csv.reader(io.StringIO(start, newline=""), **dialect)
    try:
        yield from islice(records, HEADER_ROWS + _ROWS_TRIED)
    except csv.Error:
        return


def read_delimited(
    name: str, text: TextIO, layout: Layout, options: ReadOptions, notes: list[str], stamp: Stamp
) -> Iterator[Draft | Rejection]:
    """The tickets of the table; ``text`` is open with ``newline=""`` and stands at its beginning.

    A row is numbered by the line on which it begins. Raises ``InputError`` for unusable headings.
    """
    csv.field_size_limit(CELL_MAX)
    lines = _Lines(text)
    records = csv.reader(lines, **layout.dialect)
    row = 1
    for _index in range(layout.index + 1):
        row = lines.number + 1
        next(records)
    check_header(name, row, layout.header, options.columns)

    stacked = StackedTables(name, layout.header, options, stamp)
    empty = True
    while True:
        row = lines.number + 1
        lines.quotes = 0
        try:
            cells = next(records)
        except StopIteration:
            break
        except (_TooLongError, csv.Error):
            closed = lines.skip_record()
            yield Rejection(name, row, "", "", too_long() if closed else _unclosed(lines.number))
            empty = False
            continue
        if (lines.at_end and lines.quotes % 2) or (
            lines.number > row and _swallowed(cells, layout.delimiter, stacked.header)
        ):
            yield Rejection(name, row, "", "", _unclosed(lines.number))
            empty = False
            continue
        reader = stacked.table(row, cells)
        if isinstance(reader, TableReader):
            if len(cells) > len(reader.header.headings):
                cells = _fitted(row, cells, layout.delimiter, reader)
            found = reader.read(row, cells)
        else:
            found = reader
        if found is not None:
            yield found
            empty = False
    if empty:
        notes.append(no_rows(name))
    notes += stacked.notes()


def _fitted(row: int, cells: list[str], delimiter: str, reader: TableReader) -> list[str]:
    """The cells of a row that has too many, for separators within a cell were not quoted: what is too much
    belongs to the column of free text, if the row fits then. A note tells of it."""
    width = len(reader.header.headings)
    cells = _with_formulas(cells, delimiter)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    surplus = len(cells) - width
    if surplus <= 0 or reader.holds_no_ticket(cells):
        return cells
    for field in ("content", "reply"):
        at = reader.header.columns.get(field, (-1,))[0]
        text = delimiter.join(cells[at : at + surplus + 1])
        moved = [*cells[:at], text, *cells[at + surplus + 1 :]]
        if at >= 0 and reader.fits(moved):
            reader.note(row, at, moved, _("separators within this cell were not quoted; it was put together"))
            return moved
    return cells


def _with_formulas(cells: list[str], delimiter: str) -> list[str]:
    """The cells, those put together that a separator within ="…" has torn apart."""
    whole: list[str] = []
    for cell in cells:
        if whole and whole[-1].startswith('="') and whole[-1].count('"') % 2:
            whole[-1] += delimiter + cell
        else:
            whole.append(cell)
    return whole


class _TooLongError(Exception):
    pass


class _Lines:
    """The lines of a text, counted; one that is too long is never held whole."""

    def __init__(self, text: TextIO) -> None:
        self._readline = text.readline
        self.number = 0
        """Of the line read last, from 1."""
        self.quotes = 0
        """Quotation marks since the caller last set it to 0: an odd number means an open cell."""
        self.at_end = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._readline(_LINE_MAX)
        if not line:
            self.at_end = True
            raise StopIteration
        self.number += 1
        if '"' in line:
            self.quotes += line.count('"')
        if len(line) == _LINE_MAX and line[-1] not in "\r\n":
            self._skip_line()
            raise _TooLongError
        return line

    def skip_record(self) -> bool:
        """Go on to the end of the record that was given up; False: its last cell never ends."""
        while self.quotes % 2:
            try:
                next(self)
            except StopIteration:
                return False
            except _TooLongError:
                continue
        return True

    def _skip_line(self) -> None:
        while piece := self._readline(_LINE_MAX):
            self.quotes += piece.count('"')
            if piece[-1] in "\r\n":
                return


def _swallowed(cells: list[str], delimiter: str, header: Header) -> bool:
    """True when a cell over several lines holds rows: its quotation mark was never meant to open one."""
    ids = header.columns["id"][0]
    orders = header.columns.get("order_id", (None,))[0]
    for column, cell in enumerate(cells):
        first, *lines = cell.splitlines() or [""]
        # All that was to come in the row in which the cell began.
        holds_rest = first.count(delimiter) >= len(header.headings) - column - 1 > 0
        for line in lines:
            parts = [unprotected(part.strip('"')) for part in line.split(delimiter)]
            if len(parts) <= ids + 1 or not TICKET_ID_PATTERN.fullmatch(parts[ids]):
                continue
            # The next quotation mark may have ended the cell anywhere in the line.
            if holds_rest or (len(parts) > 2 and (orders is None or orders >= len(parts))):
                return True
            if orders is not None and orders < len(parts) and ORDER_ID_PATTERN.fullmatch(parts[orders]):
                return True
    return False


def _unclosed(last: int) -> str:
    return _(
        "a quotation mark opened in this row is not closed before row {last}, so the rows between cannot be "
        "told apart; close it, or export the file again"
    ).format(last=last)
