"""Sources that hold several tables: the sheets of a workbook, the tables of a web page.

Each is read under its own headings; one that looks like tickets and cannot be read is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import ORDER_ID_PATTERN, TICKET_ID_PATTERN
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.columns import TableReader, no_rows
from jdticket.intake.exported import Stamp, dated, export_time
from jdticket.intake.headings import HEADER_ROWS, Header, check_header, find_header, is_time, no_header
from jdticket.intake.interface import ReadOptions
from jdticket.intake.stacked import StackedTables
from jdticket.intake.values import Cell, plain, unprotected
from jdticket.text import quoted
from jdticket.words import listed

Row = tuple[int, Sequence[Cell]]
"""Its number as the reader sees it, and its cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a source."""

    name: str
    """What a person calls it, such as the sheet's name; empty: it has none."""
    first: Sequence[Sequence[Cell]]
    """Its first rows, among which are its headings."""
    rows: Callable[[], Iterator[Row]]
    """All its rows, those as well; called once, or not at all, table by table in order."""
    hidden: bool = False
    """A person who opens the file does not see it."""


@dataclass(frozen=True, slots=True)
class _Found:
    table: Table
    index: int
    """Which row holds the headings, counted from 0; -1: they stand in a table of their own before it."""
    header: Header
    title: str
    """What stands above the headings."""


def read_tables(
    name: str, tables: Iterable[Table], options: ReadOptions, notes: list[str]
) -> Iterator[Draft | Rejection]:
    """The tickets of all tables that have usable headings.

    Raises ``InputError`` when none has; a table beside them that looks like tickets and has none is named
    as a rejection, what holds something else is noted.
    """
    usable: list[_Found] = []
    others: list[str] = []
    refused: list[Rejection] = []
    first_trouble = ""
    for table in tables:
        rows = table.first[:HEADER_ROWS]
        filled = next((cells for cells in rows if any(plain(cell).strip() for cell in cells)), None)
        if filled is None:
            continue
        found = find_header(rows, options.columns, options.usual_columns)
        if usable and _goes_with(usable[-1], rows, found):
            usable[-1] = replace(usable[-1], table=table, index=-1)
            continue
        shown = shown_name(name, table)
        try:
            if found is None:
                raise InputError(no_header(shown, [plain(cell) for cell in filled]))
            index, header = found
            check_header(shown, index + 1, header, options.columns)
        except InputError as error:
            first_trouble = first_trouble or error.message
            others.append(table.name)
            if _looks_like_tickets(rows, found):
                refused.append(Rejection(name, 0, "", "", error.message))
            continue
        title = " ".join(plain(cell) for cells in rows[:index] for cell in cells)
        usable.append(_Found(table, index, header, title))
    if not usable:
        raise InputError(first_trouble or _("{name} is empty: there is nothing in it.").format(name=name))
    named = [quoted(other) for other in others if other]
    if named:
        notes.append(
            _("{name}: read were {sheets}; not read were {others}.").format(
                name=name, sheets=listed(quoted(one.table.name) for one in usable), others=listed(named)
            )
        )
    for one in usable:
        shown = shown_name(name, one.table) if len(usable) > 1 else name
        yield from _rows(shown, one, options, notes)
    yield from refused


def _goes_with(before: _Found, rows: Sequence[Sequence[Cell]], found: tuple[int, Header] | None) -> bool:
    """Whether a table without headings has those of the one before it, in which nothing else stands: so are
    pages made whose headings stay in place while their rows scroll."""
    if found is not None or before.index < 0 or before.index + 1 < len(before.table.first):
        return False
    # The headings may have one more, over the bar that scrolls.
    width = len(before.header.headings)
    return all(
        len(cells) in (width, width - 1) for cells in rows if any(plain(cell).strip() for cell in cells)
    )


def shown_name(name: str, table: Table) -> str:
    """How messages call one table of several."""
    return _("{name} (sheet {sheet})").format(name=name, sheet=quoted(table.name)) if table.name else name


def _rows(name: str, found: _Found, options: ReadOptions, notes: list[str]) -> Iterator[Draft | Rejection]:
    stamp = Stamp()
    stacked = StackedTables(name, found.header, options, stamp)
    counted = 0

    def read() -> Iterator[Draft | Rejection]:
        nonlocal counted
        for row, cells in islice(found.table.rows(), found.index + 1, None):
            reader = stacked.table(row, cells)
            item = reader.read(row, cells) if isinstance(reader, TableReader) else reader
            if item is not None:
                counted += 1
                yield item

    yield from dated(read(), export_time(found.title, options), options, stamp)
    if not counted:
        notes.append(no_rows(name))
    elif found.table.hidden:
        notes.append(_("{name} is hidden; its rows were read like all others.").format(name=name))
    notes += stacked.notes()


def _looks_like_tickets(rows: Sequence[Sequence[Cell]], found: tuple[int, Header] | None) -> bool:
    """Whether a table without usable headings may hold tickets all the same: it has the heading of their
    numbers, or a row with a ticket's number and an order's or a time."""
    if found is not None and "id" in found[1].columns:
        return True
    for cells in rows:
        numbers = [unprotected(plain(cell)) for cell in cells]
        if any(map(TICKET_ID_PATTERN.fullmatch, numbers)) and (
            any(map(ORDER_ID_PATTERN.fullmatch, numbers)) or any(map(is_time, cells))
        ):
            return True
    return False
