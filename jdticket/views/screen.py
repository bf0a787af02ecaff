"""The two faces of an answer: colour and fitted tables on a terminal; in a pipe the same words, plain,
uncut, a row a line."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from jdticket.i18n import _
from jdticket.words import listed

GAP = 2
_LEAST_ROOM = 8
_LEAST_WIDTH = 6
"""Of a column that may be shortened: two Chinese characters and what tells that there are more."""
_LEAST_COLUMNS = 4


class Cell(NamedTuple):
    """Text in a table, and how it looks on a terminal."""

    text: str
    style: str = ""


class Screen(ABC):
    """Where answers for people go. Text is never taken for markup."""

    @abstractmethod
    def line(self, text: str = "", style: str = "") -> None:
        """A line, or several; a long one is folded on a terminal."""

    @abstractmethod
    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        fitted: bool = False,
        elastic: Collection[str] = (),
    ) -> None:
        """A table. ``fitted``: on a terminal the last column is cut to the room that the others leave, and
        those with the headings ``elastic`` are shortened for it; what has no room even so is left out, and
        a line says so. Without headings: names and values."""

    @contextmanager
    def paged(self) -> Iterator[None]:
        """What is shown inside goes through the reader's pager where it is longer than the window."""
        yield


def screen() -> Screen:
    """The face for standard output. A pipe does not pay for rich."""
    return Terminal() if sys.stdout.isatty() else Plain()


def widths(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """How many columns of a terminal each column of the table takes; a Chinese character takes two."""
    from rich.cells import cell_len

    columns = zip(headings or [""] * len(rows[0]), *rows, strict=True)
    return [
        max(cell_len(cell if isinstance(cell, str) else cell.text) for cell in column) for column in columns
    ]


class Plain(Screen):
    """In a pipe: nothing is cut, nothing is coloured."""

    def line(self, text: str = "", style: str = "") -> None:
        del style
        sys.stdout.write(text + "\n")

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        fitted: bool = False,
        elastic: Collection[str] = (),
    ) -> None:
        del fitted, elastic
        from rich.cells import set_cell_size

        wide = widths(headings, rows)
        lines = [list(headings)] if headings else []
        lines += [[cell.text for cell in row] for row in rows]
        for texts in lines:
            cells = [set_cell_size(text, width) for text, width in zip(texts, wide, strict=True)]
            self.line((" " * GAP).join(cells).rstrip())


class Terminal(Screen):
    """On a terminal: as wide as it is, in colour unless NO_COLOR is set."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(markup=False, emoji=False, highlight=False)

    @contextmanager
    def paged(self) -> Iterator[None]:
        console = self._console
        if console.legacy_windows:
            yield  # where colours are no part of the text
            return
        with console.capture() as shown:
            yield
        text = shown.get()
        if text.count("\n") >= console.height:
            from jdticket.views.paging import page

            if page(text, os.environ, sys.stdout.encoding):
                return
        sys.stdout.write(text)

    def line(self, text: str = "", style: str = "") -> None:
        self._console.print(text, style=style or None)

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        fitted: bool = False,
        elastic: Collection[str] = (),
    ) -> None:
        if fitted:
            self._fitted(headings, rows, elastic)
            return
        from rich.table import Table
        from rich.text import Text

        columns = len(headings or rows[0])
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
        table.show_header = bool(headings)
        for i in range(columns):
            table.add_column(
                headings[i] if headings else "",
                no_wrap=i < columns - 1,
                overflow="fold",
                style="" if headings or i else "dim",
            )
        for row in rows:
            table.add_row(*(Text(cell.text, style=cell.style) for cell in row))
        self._console.print(table)

    def _fitted(
        self, headings: Sequence[str], rows: Sequence[Sequence[Cell]], elastic: Collection[str]
    ) -> None:
        """Line by line: rich's own table takes as long over fifty rows as everything else together."""
        from rich.text import Text

        cut = [i for i, heading in enumerate(headings) if heading in elastic]
        wide, gap = _fit(widths(headings, rows), cut, self._console.width)
        page = Text(no_wrap=True, overflow="ignore", end="")
        for row in [[Cell(heading, "dim") for heading in headings], *rows]:
            for i, (cell, width) in enumerate(zip(row, wide, strict=False)):
                page.append(" " * gap * bool(i))
                page.append(_cut(cell.text, width), cell.style or None)
            page.append("\n")
        self._console.print(page, crop=False, end="")
        if len(wide) < len(headings):
            said = _("No room here for: {columns}. A wider window shows it.")
            self.line(said.format(columns=listed(headings[len(wide) :])), "dim")


def _fit(natural: Sequence[int], elastic: Sequence[int], room: int) -> tuple[list[int], int]:
    """The widths of as many columns as fit into ``room``, and the blanks between two: first the last column
    gives way, then the blanks, then the ``elastic`` ones, then whole columns from the right, the ticket's
    number never."""
    wide, gap = list(natural), GAP
    for count in range(len(natural), min(len(natural), _LEAST_COLUMNS) - 1, -1):
        wide = list(natural[:count])
        last = wide[-1]
        if count == len(natural):
            wide[-1] = min(last, _LEAST_ROOM)
        for gap in (GAP, 1):
            spare = room - sum(wide) - gap * (count - 1)
            if spare >= 0:
                break
        shortened = [i for i in elastic if i < count and wide[i] > _LEAST_WIDTH]
        while spare < 0 and shortened:
            widest = max(shortened, key=lambda i: wide[i])
            wide[widest] -= 1
            spare += 1
            shortened = [i for i in shortened if wide[i] > _LEAST_WIDTH]
        if spare >= 0:
            wide[-1] = min(last, wide[-1] + spare)
            break
    return wide, gap


def _cut(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns, its end cut off with "…" or filled with blanks."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"
