"""Tables one below the other in one sheet: each row is read under the headings that stand above it last."""

from __future__ import annotations

from collections.abc import Sequence

from jdticket.domain.drafts import Rejection
from jdticket.domain.tickets import TICKET_ID_PATTERN
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.columns import TableReader
from jdticket.intake.exported import Stamp
from jdticket.intake.headings import Header, check_header, doubled, find_header, holds_value
from jdticket.intake.interface import ReadOptions
from jdticket.intake.values import Cell, plain, unprotected
from jdticket.text import quoted
from jdticket.words import listed


class StackedTables:
    """Finds out under which headings a row stands."""

    def __init__(self, name: str, header: Header, options: ReadOptions, stamp: Stamp) -> None:
        self._name = name
        self._options = options
        self._stamp = stamp
        self._table: TableReader | None = TableReader(name, header, options, stamp=stamp)
        self._notes = self._table.notes
        self._doubled = doubled(name, header)
        self._above: Sequence[Cell] = ()
        self.header = header
        """The headings that were found last."""

    def table(self, row: int, cells: Sequence[Cell]) -> TableReader | Rejection | None:
        """The reader for a row; None for a row of headings, and for one below headings that make no tickets;
        a rejection that names those."""
        at = self.header.columns["id"][0]
        if at < len(cells) and _is_number(cells[at]):
            self._above = ()
            return self._table
        found = self._header_in(cells)
        self._above = cells if found is None else ()
        if found is None or (self._table is not None and _columns(found) == _columns(self.header)):
            return self._table
        try:
            check_header(self._name, row, found, self._options.columns)
        except InputError:
            self._table = None
            seen = listed(quoted(heading) for heading in found.headings if heading)
            reason = _(
                "other headings stand here ({seen}), which make no tickets; what is below was not read"
            )
            return Rejection(self._name, row, "", "", reason.format(seen=seen))
        self.header = found
        self._table = TableReader(self._name, found, self._options, self._notes, self._stamp)
        self._doubled += doubled(self._name, found)
        return None

    def _header_in(self, cells: Sequence[Cell]) -> Header | None:
        if holds_value(cells):
            return None
        rows = [self._above, cells]
        found = find_header(rows, self._options.columns, self._options.usual_columns)
        return None if found is None or found[0] == 0 else found[1]

    def notes(self) -> list[str]:
        """What there is to say of the tables, once they are read."""
        return [*self._doubled, *self._notes.sentences()]


def _is_number(cell: Cell) -> bool:
    if type(cell) is str and TICKET_ID_PATTERN.fullmatch(cell):
        return True
    return TICKET_ID_PATTERN.fullmatch(unprotected(plain(cell))) is not None


def _columns(header: Header) -> object:
    return header.columns, header.dates
