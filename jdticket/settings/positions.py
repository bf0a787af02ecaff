"""On which line each key of a TOML document stands, found in one pass over its text.

TOML's reader tells values and no places. What is read here has been read by it before, so this knows
no more of TOML than where an entry begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Key = tuple[str | int, ...]
"""The way to a value from the top: names of tables and keys, and numbers, from 0, in lists."""

_BASIC = r'"(?:\\.|[^"\\\n])*"'
_LITERAL = r"'[^'\n]*'"
_NAME = rf"(?:[A-Za-z0-9_-]+|{_BASIC}|{_LITERAL})"
_BETWEEN = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BEGIN = re.compile(rf"(\[{{0,2}})[ \t]*({_NAME}(?:[ \t]*\.[ \t]*{_NAME})*)")
_REST = re.compile(
    # A text of several lines may end with one or two quotes of its own before the three that close it.
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    rf"|{_BASIC}|{_LITERAL}"
    r"|#[^\n]*|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)


def lines_of_keys(text: str) -> dict[Key, int]:
    """The line, counted from 1, of the entry that brings each key of ``text``, a valid document.

    What stands inside a value (an inline table, a list of them) has no line of its own: see :func:`line_of`.
    """
    lines: dict[Key, int] = {}
    lengths: dict[Key, int] = {}
    table: Key = ()
    for line, brackets, name in _entries(text):
        key: Key = () if brackets else table
        for part in _parts(name):
            if key in lengths:
                key = (*key, lengths[key] - 1)
            key = (*key, part)
            lines.setdefault(key, line)
        if brackets == "[[":
            lengths[key] = lengths.get(key, 0) + 1
            key = (*key, lengths[key] - 1)
            lines[key] = line
        if brackets:
            table = key
    return lines


def line_of(key: Key, lines: Mapping[Key, int]) -> int:
    """The line on which the entry begins that brings ``key``; 1 for what no entry brings."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def last_entry(text: str) -> int:
    """The line on which the last entry of ``text`` begins, be it ended or not."""
    return max((line for line, _brackets, _name in _entries(text)), default=1)


def _entries(text: str) -> Iterator[tuple[int, str, str]]:
    """Each entry's line, the brackets that it begins with, and its name as it is written.

    The last one is one that does not end, or that has no name.
    """
    line, end = 1, 0
    while (begin := _end_of_gap(text, end)) < len(text):
        line += text.count("\n", end, begin)
        found = _BEGIN.match(text, begin)
        if found is None:
            yield line, "", ""
            return
        yield line, found[1], found[2]
        end = _end_of_entry(text, found.end(), len(found[1]))
        line += text.count("\n", begin, end)


def _end_of_gap(text: str, position: int) -> int:
    """Where the empty lines and comments end that begin at ``position``."""
    gap = _BETWEEN.match(text, position)
    return position if gap is None else gap.end()


def _end_of_entry(text: str, position: int, depth: int) -> int:
    """Where the entry ends that is open by ``depth`` brackets at ``position``."""
    while (token := _REST.match(text, position)) is not None:
        position = token.end()
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        elif token["end"] and not depth:
            return position
    # At the end of the text, or at a quote that has no other.
    return len(text)


def _parts(name: str) -> Iterator[str]:
    """The parts of a dotted name."""
    if '"' not in name and "'" not in name:
        yield from re.split(r"[ \t]*\.[ \t]*", name)
        return
    import tomllib

    table: Any = tomllib.loads(f"{name} = 0")
    while table:
        [(part, table)] = table.items()
        yield part
