from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jdticket.settings.positions import Key, last_entry, line_of, lines_of_keys

# The oracle asks TOML's reader: a file cut off after a whole entry is still valid, so an entry begins
# after the longest valid beginning of the file that does not have its key.


def valid(lines: list[str], count: int) -> tuple[int, dict[str, Any]]:
    """How many of the first ``count`` lines are valid by themselves, at most, and what they say."""
    for fewer in range(count, 0, -1):
        try:
            return fewer, tomllib.loads("\n".join(lines[:fewer]))
        except tomllib.TOMLDecodeError:
            continue
    return 0, {}


def line_by_oracle(text: str, key: Key) -> int:
    lines = text.split("\n")

    def present(count: int) -> bool:
        part: Any = valid(lines, count)[1]
        for name in key:
            try:
                part = part[name]
            except (KeyError, IndexError):
                return False
        return True

    first = bisect_left(range(len(lines) + 1), True, key=present)
    return valid(lines, first - 1)[0] + 1


def keys(value: Any, above: Key = ()) -> Iterator[Key]:
    """The ways to all values in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield (*above, name)
        yield from keys(item, (*above, name))


NAMES = st.sampled_from(
    ["a", "b", "c-1", "007", '"a"', "'b'", '"a.b"', "'x # y'", '"q\\"t = ["', '"\\u0061"', '"]"', "''"]
)
DOTTED = st.tuples(
    st.lists(NAMES, min_size=1, max_size=3), st.sampled_from([".", " . ", "\t."]), st.sampled_from(["", " "])
).map(lambda parts: parts[2] + parts[1].join(parts[0]) + parts[2])
VALUES = st.sampled_from(
    [
        "1",
        "true",
        "2027-02-17 10:00:00",
        '"text # [no] \\" {"',
        "'C:\\'",
        '""',
        '""""""',
        '"""\none\n[a]\nb = "x"\n"""',
        '"""one quote: """"',
        '"""two quotes: """""',
        '"""\\""" # \\\\"""',
        "'''\n[[a]]\\'''",
        "'''one quote: ''''",
        "[]",
        '[\n  "a", # no ] end "\n\n  \'b]\',\n]',
        "[[1], [\n2]]",
        "{ a = 1, b.c = [ { d = '}' } ] }",
        "{ a = [\n1,\n2], b = '''\n''' }",
        "{}",
        "[ { a = 1 },\n { a = 2 } ]",
    ]
)
ENTRIES = st.one_of(
    st.builds("{}={}".format, DOTTED, VALUES),
    DOTTED.map("[{}]".format),
    DOTTED.map("[[{}]]".format),
)
ENDS = st.sampled_from(["\n", "\n\n", " # [c] = '''\n", '\t\n# """\n  ', "\n \t\n"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A valid document."""
    text = draw(st.sampled_from(["", "\n", "# first\n"]))
    for entry, end in draw(st.lists(st.tuples(ENTRIES, ENDS), max_size=9)):
        try:
            tomllib.loads(text + entry + end)
        except tomllib.TOMLDecodeError:
            continue
        text += entry + end
    return text if draw(st.booleans()) else text.rstrip("\n")


@given(documents())
@example("a = 1")
@example('[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 1\n[[a.e]]\n[[a.e]]\nb."c".d = 2\n')
@example('[a.b]\nc = 1\n[a]\nd = """\n[a.b]\n"""\ne.f = [\n]\n')
def test_every_key_stands_where_a_reader_of_ever_more_lines_meets_it_first(text: str) -> None:
    lines = lines_of_keys(text)
    for key in keys(tomllib.loads(text)):
        assert line_of(key, lines) == line_by_oracle(text, key), key


@given(documents(), st.sampled_from(["a = [\n1,\n", 'b = """\n\n', "'''", "x = {a = [", '"']))
def test_an_entry_that_does_not_end_is_the_last(text: str, begun: str) -> None:
    text = text.rstrip(" \n") + "\n" + begun
    assert last_entry(text) == valid(text.split("\n"), text.count("\n") + 1)[0] + 1


def test_what_stands_in_a_value_stands_where_its_entry_begins() -> None:
    lines = lines_of_keys('\nshops = [\n  { code = "a" },\n  { code = "b" },\n]\n')
    assert line_of(("shops", 1, "code"), lines) == 2


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_a_document_without_a_key_has_no_lines(text: str) -> None:
    assert lines_of_keys(text) == {}
    assert line_of(("a",), {}) == 1
    assert last_entry(text) == 1
