"""JSON (an array of objects, or an object that holds one) and JSON Lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple, TextIO

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import TICKET_ID_PATTERN
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.columns import CELL_MAX, TableReader, no_rows, too_long
from jdticket.intake.exported import Stamp
from jdticket.intake.headings import HEADER_ROWS, check_header, doubled, heading_key, read_header
from jdticket.intake.interface import ReadOptions
from jdticket.intake.notes import FieldNotes
from jdticket.intake.values import Cell, plain, unprotected
from jdticket.text import quoted
from jdticket.words import listed

_BEGINNING = re.compile(r"""\s*(?:\[\s*(?:[\[{\]"]|\Z)|\{\s*(?:["}]|\Z))""")
# An escape such as \ud83d without its other half: no store takes that.
_HALF = re.compile("[\ud800-\udfff]")
_LINES_SUFFIXES = (".jsonl", ".ndjson")
_LINE_MAX = 2 * CELL_MAX
# An array is held whole; beyond this it should come as JSON Lines.
_WHOLE_MAX = 32 * 1024 * 1024
# Each takes its memory, however short it is written.
_VALUES_MAX = 2_000_000
# How answers call the number of all tickets, of which they hold a page.
_TOTALS = frozenset(
    {*("total", "totalcount", "totalnum", "totalnumber", "totalsize", "totalelements", "totalrecords")}
    | {*("totalitem", "totalitems", "recordcount", "总数", "总条数", "总记录数", "记录总数")}
)

_Numbered = tuple[int, Mapping[str, Any] | str]
"""Row number, and the object there or the reason why there is none."""


def looks_like_json(name: str, start: str) -> bool:
    """True for a text that begins as JSON does, and for a file named so."""
    return name.lower().endswith((".json", *_LINES_SUFFIXES)) or _BEGINNING.match(start) is not None


def read_json(
    name: str, text: TextIO, start: str, options: ReadOptions, notes: list[str], stamp: Stamp
) -> Iterator[Draft | Rejection]:
    """The tickets of the file; ``start`` is its beginning, at which ``text`` stands.

    A row is the number of the object in its array, or of the line. Raises ``InputError`` for JSON that
    is broken as a whole, and when the first objects have no usable keys.
    """
    objects = _lines(text) if _is_lines(name, start) else iter(_whole(name, text, options, notes))
    first = list(islice(objects, HEADER_ROWS))
    reader = _ObjectReader(name, options, stamp)
    for _row, item in first:
        if not isinstance(item, str):
            reader.learn(item)
    if not first:
        notes.append(no_rows(name))
        return
    reader.table(first[0][0])
    for row, item in chain(first, objects):
        yield from reader.read(row, item)
    notes += [*doubled(name, reader.table(0).header), *reader.notes.sentences()]


class _ObjectReader:
    """Rows of cells out of objects, which need not all have the same keys."""

    def __init__(self, name: str, options: ReadOptions, stamp: Stamp) -> None:
        self._name = name
        self._options = options
        self._stamp = stamp
        self._keys: dict[str, None] = {}
        self.notes = FieldNotes(name)
        self._table: TableReader | None = None

    def learn(self, item: Mapping[str, Any]) -> None:
        """Take note of keys not seen before."""
        if not self._keys.keys() >= item.keys():
            self._keys.update(dict.fromkeys(item))
            self._table = None

    def table(self, row: int) -> TableReader:
        """The reader for the keys seen so far; raises ``InputError`` when they make no ticket."""
        if self._table is None:
            header = read_header(self._keys, self._options.columns, self._options.usual_columns)
            check_header(self._name, row, header, self._options.columns)
            self._table = TableReader(self._name, header, self._options, self.notes, self._stamp)
        return self._table

    def read(self, row: int, item: Mapping[str, Any] | str) -> Iterator[Draft | Rejection]:
        """The ticket in the object, and a rejection for each of its values that holds others; a string is the
        reason why there is no object."""
        if isinstance(item, str):
            yield Rejection(self._name, row, "", "", item)
            return
        self.learn(item)
        table = self.table(row)
        cells: list[Cell] = []
        within: dict[str, str] = {}
        for key in self._keys:
            value = item.get(key, "")
            if isinstance(value, list | dict):
                within.update(dict.fromkeys(_tickets_within(value, self._options), key))
                value = json.dumps(value, ensure_ascii=False)
            if isinstance(value, str) and not value.isascii() and _HALF.search(value):
                self.notes.add(row, key, value, _("half a character was replaced"))
                value = _HALF.sub("\ufffd", value)
            cells.append(value)
        found = table.read(row, cells) or Rejection(self._name, row, "", "", _("the object is empty"))
        yield found
        for number, key in within.items():
            if not (isinstance(found, Draft) and number == found.id):
                reason = _("a ticket within another one is not read; move it into the array of tickets")
                yield Rejection(self._name, row, key, number, reason)


def _is_lines(name: str, start: str) -> bool:
    if name.lower().endswith(_LINES_SUFFIXES):
        return True
    lines = (line.strip() for line in start.splitlines())
    filled = list(islice((line for line in lines if line), 2))
    if not (filled and filled[0].startswith("{") and filled[0].endswith("}")):
        return False
    return len(filled) > 1


class _Twice(dict[str, Any]):
    """An object in which a key stands twice with two values: nobody knows which is meant."""

    def __init__(self, key: str) -> None:
        self.key = key


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_paired)


def _paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    item = dict(pairs)
    if len(item) < len(pairs):
        for key, value in pairs:
            if value != item[key]:
                return _Twice(key)
    return item


def _object(item: Any) -> Mapping[str, Any] | str:
    """The object, or the reason why there is none that can be read."""
    if isinstance(item, _Twice):
        return _("the key {key} stands twice, with two values; correct the row").format(key=quoted(item.key))
    return item if isinstance(item, dict) else _("a JSON object is needed")


def _lines(text: TextIO) -> Iterator[_Numbered]:
    number = 0
    while line := text.readline(_LINE_MAX):
        number += 1
        if len(line) == _LINE_MAX and not line.endswith(("\r", "\n")):
            while (rest := text.readline(_LINE_MAX)) and not rest.endswith(("\r", "\n")):
                pass
            yield number, too_long()
            continue
        if not line.strip():
            continue
        try:
            item = _loads(line)
        except json.JSONDecodeError as error:
            yield number, _("not JSON from column {column} on").format(column=error.colno)
        except (ValueError, RecursionError):
            yield number, _("not JSON that can be read: a number too long, or nested too deep")
        else:
            yield number, _object(item)


def _whole(name: str, text: TextIO, options: ReadOptions, notes: list[str]) -> list[_Numbered]:
    whole = text.read(_WHOLE_MAX + 1)
    if len(whole) > _WHOLE_MAX or sum(map(whole.count, ",{[")) > _VALUES_MAX:
        raise InputError(
            _("{name} is too long for one JSON value; split it, or save it as JSON Lines.").format(name=name)
        )
    try:
        data = _loads(whole)
    except json.JSONDecodeError as error:
        breaks_off = not whole[error.pos :].strip() or whole.rstrip()[-1] not in "]}"
        problem = _("it breaks off") if breaks_off else _("something else stands there")
        raise InputError(
            _("{name} is not whole JSON: {problem} at line {line}, column {column}; fetch it again.").format(
                name=name, problem=problem, line=error.lineno, column=error.colno
            )
        ) from None
    except (ValueError, RecursionError):
        raise InputError(
            _("{name} cannot be read: it holds a number too long, or is nested too deep.").format(name=name)
        ) from None
    return [(n, _object(item)) for n, item in enumerate(_array(name, data, options, notes), 1)]


class _Found(NamedTuple):
    path: str
    """The keys that lead to it."""
    items: list[Any]
    total: int
    """How many there are in all, as the answer says that holds it; 0: it does not say."""


def _array(name: str, data: Any, options: ReadOptions, notes: list[str]) -> list[Any]:
    """The array of objects: the data itself, or the one array within it, at any depth of objects; of several,
    the one with tickets."""
    if isinstance(data, list):
        return data
    if isinstance(data, dict):
        arrays = list(_arrays("", data, 0))
        of_tickets = [array for array in arrays if _holds_tickets(array.items, options)]
        by = _named_by(data, options)
        # What is around the tickets of an answer may have an id of its own.
        if by is not None and not (of_tickets and heading_key(by) == "id"):
            return [data]
        if len(of_tickets or arrays) == 1:
            [found] = of_tickets or arrays
            if found.total > len(found.items):
                told = _("{name}: it says that there are {total}, and holds {n}; fetch the others as well.")
                notes.append(told.format(name=name, total=found.total, n=len(found.items)))
            return found.items
        if arrays:
            raise InputError(
                _("{name} holds several arrays: {keys}; keep the one with the tickets.").format(
                    name=name, keys=listed(quoted(array.path) for array in arrays[:20])
                )
            )
    raise InputError(_("{name} holds no array of objects, so no tickets.").format(name=name))


def _arrays(path: str, data: Mapping[str, Any], total: int) -> Iterator[_Found]:
    totals = (value for key, value in data.items() if heading_key(key) in _TOTALS and type(value) is int)
    total = next(totals, total)
    for key, value in data.items():
        where = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from _arrays(where, value, total)
        elif isinstance(value, list) and (not value or any(isinstance(item, dict) for item in value)):
            yield _Found(where, value, total)


def _holds_tickets(items: list[Any], options: ReadOptions) -> bool:
    return any(
        isinstance(item, dict) and _named_by(item, options) is not None for item in items[:HEADER_ROWS]
    )


def _named_by(item: Mapping[str, Any], options: ReadOptions) -> str | None:
    """The key under which an object has a ticket's number."""
    header = read_header(item, options.columns, options.usual_columns)
    return header.headings[header.columns["id"][0]] if "id" in header.columns else None


def _tickets_within(value: Any, options: ReadOptions) -> Iterator[str]:
    """The numbers of the tickets that a value of an object holds."""
    for item in value if isinstance(value, list) else [value]:
        key = _named_by(item, options) if isinstance(item, dict) else None
        # An id alone may be anything's, such as a reply's.
        if key is not None and heading_key(key) != "id":
            number = unprotected(plain(item.get(key)))
            if TICKET_ID_PATTERN.fullmatch(number):
                yield number
