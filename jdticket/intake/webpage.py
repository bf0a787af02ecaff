"""Tables in a web page, in an XML spreadsheet of 2003 and in a web archive (MHT): what back offices and
Excel write into files that they call .xls.

The parser hands out its pieces as it goes: no tree is built, nothing is fetched, no entity is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from math import inf
from os import SEEK_END
from typing import BinaryIO, TextIO, TypeAlias

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.columns import CELL_MAX
from jdticket.intake.headings import HEADER_ROWS
from jdticket.intake.interface import ReadOptions
from jdticket.intake.tables import Row, Table, read_tables

SPREADSHEET_2003 = "urn:schemas-microsoft-com:office:spreadsheet"
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)
_CALENDAR_1904 = re.compile(r"<(?:\w+:)?Date1904\b")
_PIECE = 256 * 1024
# Bytes; a hundred thousand rows have half of it.
_LONGEST = 64 * 1024 * 1024
# Bytes; an archive is held whole, and its pages once more.
_LONGEST_ARCHIVE = 24 * 1024 * 1024
_COLUMNS_MAX = 1000
_TABLES_MAX = 50
_SPAN_MAX = 1000

_SILENT = frozenset({"script", "style", "noscript", "template", "title", "head", "select", "textarea"})
_BREAKS = frozenset({"br", "p", "div", "li"})
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")


def read_page(
    name: str, text: TextIO, start: str, options: ReadOptions, notes: list[str]
) -> Iterator[Draft | Rejection]:
    """The tickets of a page's or an XML spreadsheet's tables; ``start`` is its beginning, at which ``text``
    stands. Raises ``InputError`` when there is no table with usable headings."""
    text.seek(0, SEEK_END)
    if text.tell() > _LONGEST:
        raise InputError(_("{name} is too long for a web page; export it as CSV.").format(name=name))
    text.seek(0)
    if _ENTITY.search(start):
        raise InputError(_no_table(name, _("it defines entities of its own, which no table needs")))
    target = _Spreadsheet if SPREADSHEET_2003 in start else _Page
    if target is _Spreadsheet and _CALENDAR_1904.search(start):
        options = replace(options, calendar_1904=True)
    yield from read_tables(name, _tables(name, [("", partial(_rewound, text), target)]), options, notes)
    if target is _Page and _breaks_off(_rewound(text)):
        yield _broken_off(name)


def read_archive(
    name: str, stream: BinaryIO, decode: Callable[[bytes], str], options: ReadOptions, notes: list[str]
) -> Iterator[Draft | Rejection]:
    """The tickets of the pages in a web archive; ``decode`` turns the bytes of one into text. Raises
    ``InputError``."""
    from email import message_from_bytes
    from email.errors import CloseBoundaryNotFoundDefect
    from io import StringIO

    data = stream.read(_LONGEST_ARCHIVE + 1)
    if len(data) > _LONGEST_ARCHIVE:
        raise InputError(_("{name} is too long for a web page; export it as CSV.").format(name=name))
    pages: list[_Opened] = []
    message = message_from_bytes(data)
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() in ("text/html", "application/xhtml+xml") and isinstance(content, bytes):
            location = str(part.get("Content-Location", "")).rpartition("/")[2]
            pages.append((location, partial(StringIO, decode(content)), _Page))
    yield from read_tables(name, _tables(name, pages), options, notes)
    is_cut = any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects)
    if is_cut or any(_breaks_off(open_()) for _location, open_, _reader in pages):
        yield _broken_off(name)


def _broken_off(name: str) -> Rejection:
    return Rejection(
        name, 0, "", "", _("{name} breaks off within a table; fetch it again.").format(name=name)
    )


def _breaks_off(text: TextIO) -> bool:
    """Whether a table is never closed. Other end tags may be left out, this one may not."""
    open_tables = 0
    rest = ""
    while piece := text.read(_PIECE):
        piece = rest + piece
        # A tag may lie across two pieces; what is left for the next one holds no whole tag.
        cut = piece.rfind("<", len(piece) - len("</table"))
        rest = piece[cut:] if cut >= 0 else ""
        for tag in _TABLE_TAG.finditer(piece, 0, len(piece) - len(rest)):
            # An end that nothing has begun closes nothing that begins behind it.
            open_tables = max(0, open_tables - 1) if tag[1] else open_tables + 1
    return open_tables - (rest.lower() == "</table") > 0


_Reader: TypeAlias = "type[_Page] | type[_Spreadsheet]"
_Ended: TypeAlias = tuple[int, str, tuple[int, list[str]]]
"""A row that has ended: which table (counted from 0), its name, the row."""
_Opened: TypeAlias = tuple[str, Callable[[], TextIO], _Reader]


def _rewound(text: TextIO) -> TextIO:
    text.seek(0)
    return text


def _tables(name: str, pages: list[_Opened]) -> list[Table]:
    """The tables of all pages that hold anything, each with its first rows."""
    tables: list[Table] = []
    for page_name, open_, target in pages:
        first: dict[int, tuple[str, list[list[str]]]] = {}
        bodies = _Bodies(name, open_, target)
        for n, (table, sheet, (_number, cells)) in enumerate(_read(name, open_(), target)):
            rows = first.setdefault(table, (sheet or (page_name if len(pages) > 1 else ""), []))[1]
            if len(rows) < HEADER_ROWS:
                rows.append(cells)
            bodies.saw(table, n)
        tables += [Table(sheet, rows, partial(bodies.rows, table)) for table, (sheet, rows) in first.items()]
    if not tables:
        raise InputError(_no_table(name, _("there is no table in it")))
    if len(tables) > _TABLES_MAX:
        # Pages lay out with tables: those that hold a table's worth of cells are meant.
        tables = [table for table in tables if max(map(len, table.first)) > 1][:_TABLES_MAX]
    return tables


class _Bodies:
    """The rows of each table of a document, which is read as seldom as can be: tables that follow each other
    come in one reading, one that lies within another needs a second."""

    def __init__(self, name: str, open_: Callable[[], TextIO], target: _Reader) -> None:
        self._name = name
        self._open = open_
        self._target = target
        self._rows: Iterator[_Ended] = iter(())
        self._at: float = inf
        self._between: dict[int, tuple[int, int]] = {}

    def saw(self, table: int, row: int) -> None:
        """A row of a table was the document's ``row``-th to end."""
        self._between[table] = self._between.get(table, (row, row))[0], row

    def rows(self, wanted: int) -> Iterator[Row]:
        """The rows of one table."""
        first, last = self._between[wanted]
        if self._at > first:
            self._rows, self._at = _read(self._name, self._open(), self._target), 0
        for table, _sheet, row in self._rows:
            self._at += 1
            if table == wanted:
                yield row
            if self._at > last:
                return


def _read(name: str, text: TextIO, target: _Reader) -> Iterator[_Ended]:
    """The rows of all tables as they end."""
    from lxml import etree

    reader = target()
    if target is _Page:
        parser = etree.HTMLParser(target=reader, encoding="utf-8", no_network=True)
    else:
        parser = etree.XMLParser(
            target=reader, encoding="utf-8", no_network=True, resolve_entities=False, load_dtd=False
        )
    try:
        first = True
        while piece := text.read(_PIECE):
            parser.feed((_XML_DECLARATION.sub("", piece) if first else piece).encode("utf-8", "replace"))
            first = False
            yield from reader.taken()
        parser.close()
    except etree.XMLSyntaxError as error:
        raise InputError(
            _("{name} is no whole page or XML ({problem}); export it again.").format(
                name=name, problem=str(error.msg)[:100]
            )
        ) from None
    yield from reader.taken()


class _Rows:
    """What the parser calls; gathers the rows that have ended."""

    def __init__(self) -> None:
        self._ended: list[_Ended] = []

    def taken(self) -> Iterator[_Ended]:
        """The rows that have ended since this was last called."""
        ended, self._ended = self._ended, []
        return iter(ended)

    def close(self) -> None:
        """The document ends."""


class _Grid:
    """The rows of one table, cells that go over several rows and columns laid out."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.cells: list[str] | None = None
        self._from_above: dict[int, tuple[int, str]] = {}

    def begin_row(self) -> None:
        """A row begins."""
        self.cells = []

    def add(self, text: str, across: int, down: int) -> None:
        """One cell: its text stands once across, and in each row down, where it is a value of each row."""
        cells = self.cells = [] if self.cells is None else self.cells
        self._fill(cells)
        at = len(cells)
        across = min(across, _COLUMNS_MAX - at)
        if across < 1:
            return
        cells += [text, *[""] * (across - 1)]
        if down > 1:
            self._from_above[at] = (down - 1, text)
            self._from_above.update((at + n, (down - 1, "")) for n in range(1, across))

    def end_row(self) -> list[str] | None:
        """The row that has ended; None: none had begun."""
        cells, self.cells = self.cells, None
        if cells is not None:
            self._fill(cells)
        return cells

    def go_to(self, column: int) -> None:
        """The next cell is that of ``column``, counted from 0: those before it are empty, or from above."""
        cells = self.cells = [] if self.cells is None else self.cells
        self._fill(cells)
        while len(cells) < min(column, _COLUMNS_MAX):
            cells.append("")
            self._fill(cells)

    def _fill(self, cells: list[str]) -> None:
        while (above := self._from_above.pop(len(cells), None)) is not None:
            left, text = above
            if left > 1:
                self._from_above[len(cells)] = (left - 1, text)
            cells.append(text)


class _Page(_Rows):
    """The tables of a web page; those within another one's cell are tables of their own."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[_Grid] = []
        self._last: _Grid | None = None
        self._is_stray = False
        self._texts: list[list[str]] = []
        self._spans: list[tuple[int, int]] = []
        self._lengths: list[int] = []
        self._tables = 0
        self._rows = 0
        self._silent: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """What the parser calls when an element begins."""
        if self._silent:
            if tag == self._silent[0]:
                self._silent.append(tag)
            return
        if tag in _SILENT or (tag not in ("table", "tr", "td", "th") and _is_hidden(attributes)):
            if tag not in ("br", "input", "img", "meta", "link", "hr"):
                self._silent.append(tag)
        elif tag == "table":
            if self._is_stray:
                self._end_table()
            self._open_table()
        elif tag == "tr":
            if not self._open:
                # A row that stands outside of any table goes on with the one before it.
                self._open_table(self._last)
                self._is_stray = True
            self._end_row()
            self._open[-1].begin_row()
        elif tag in ("td", "th") and self._open:
            self._texts.append([])
            self._lengths.append(0)
            self._spans.append((_span(attributes, "colspan"), _span(attributes, "rowspan")))
            exact = attributes.get("x:num")
            if exact:
                self._texts[-1].append(f"\0{exact}\0")
        elif tag in _BREAKS:
            self.data("\0\n")

    def end(self, tag: str) -> None:
        """What the parser calls when an element ends."""
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
        elif tag in ("td", "th") and self._texts:
            pieces, (across, down) = self._texts.pop(), self._spans.pop()
            self._lengths.pop()
            if self._open:
                self._open[-1].add(_cell(pieces), across, down)
        elif tag == "tr" and self._open:
            self._end_row()
        elif tag == "table" and self._open:
            self._end_table()
        elif tag in ("p", "div", "li"):
            self.data("\0\n")

    def data(self, text: str) -> None:
        """What the parser calls with some text."""
        if self._silent or not self._texts:
            return
        # What is far too long for a cell is kept so far that it is seen to be.
        if self._lengths[-1] <= CELL_MAX:
            self._texts[-1].append(text)
            self._lengths[-1] += len(text)

    def _open_table(self, table: _Grid | None = None) -> None:
        if table is None:
            table = _Grid(self._tables, "")
            self._tables += 1
        self._open.append(table)

    def _end_table(self) -> None:
        self._end_row()
        self._last = self._open.pop()
        self._is_stray = False

    def _end_row(self) -> None:
        grid = self._open[-1]
        cells = grid.end_row()
        if cells is not None:
            self._rows += 1
            self._ended.append((grid.number, grid.name, (self._rows, cells)))


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")) is not None


def _span(attributes: Mapping[str, str], name: str) -> int:
    written = attributes.get(name, "1").strip()
    return min(int(written), _SPAN_MAX) if written.isascii() and written.isdigit() and int(written[:6]) else 1


def _cell(pieces: list[str]) -> str:
    """The text of a cell as a browser shows it; a number that Excel shows shortened in full."""
    exact = pieces[0].strip("\0") if pieces and len(pieces[0]) > 1 and pieces[0][-1] == "\0" else ""
    lines = "".join(pieces[1:] if exact else pieces).split("\0\n")
    shown = "\n".join(" ".join(line.split()) for line in lines).strip()
    return exact if exact and _SCIENTIFIC.fullmatch(shown) else shown


class _Spreadsheet(_Rows):
    """The worksheets of an XML spreadsheet of 2003."""

    def __init__(self) -> None:
        super().__init__()
        self._tables = -1
        self._grid = _Grid(0, "")
        self._row = 0
        self._text: list[str] = []
        self._length = 0
        self._type = ""
        self._span = (1, 1)
        self._in_data = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """See ``_Page``."""
        name = _local(tag)
        told = {_local(key): value for key, value in attributes.items()}
        if name == "Worksheet":
            self._tables += 1
            self._grid = _Grid(self._tables, told.get("Name", ""))
            self._row = 0
        elif name == "Row":
            self._row = _number(told, "Index", self._row + 1)
            self._grid.begin_row()
        elif name == "Cell":
            self._grid.go_to(_number(told, "Index", 0) - 1)
            self._text, self._length, self._type = [], 0, ""
            self._span = (_number(told, "MergeAcross", 0) + 1, _number(told, "MergeDown", 0) + 1)
        elif name == "Data":
            self._in_data, self._type = True, told.get("Type", "")

    def end(self, tag: str) -> None:
        """See ``_Page``."""
        name = _local(tag)
        if name == "Data":
            self._in_data = False
        elif name == "Cell":
            text = "".join(self._text)
            self._grid.add(_whole(text) if self._type == "Number" else text, *self._span)
        elif name == "Row":
            cells = self._grid.end_row()
            if cells is not None:
                self._ended.append((self._grid.number, self._grid.name, (self._row, cells)))

    def data(self, text: str) -> None:
        """See ``_Page``."""
        if self._in_data and self._length <= CELL_MAX:
            self._text.append(text)
            self._length += len(text)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _number(told: Mapping[str, str], key: str, otherwise: int) -> int:
    written = told.get(key, "")
    return min(int(written[:8]), 2**20) if written.isascii() and written.isdigit() else otherwise


def _whole(text: str) -> str:
    """A number as digits, where it has lost none."""
    if not _SCIENTIFIC.fullmatch(text):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and number < 10**15 else text


def _no_table(name: str, why: str) -> str:
    return _("{name} is a web page or XML, and {why}; export the tickets as a table.").format(
        name=name, why=why
    )
