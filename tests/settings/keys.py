"""The table of keys in the documents: key, type and default come from the spec, the meaning from who writes.

What the spec has no default for, or says by leaving it open, the documents say in words of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tomlkit

from jdticket.settings import checks
from jdticket.settings.spec import (
    FLAG,
    KEYS,
    NUMBER,
    TABLE,
    TABLES,
    TEXT,
    TEXT_OR_FALSE,
    TEXTS,
    Key,
)

TYPES = {
    "en": {TEXT: "text", TEXTS: "texts", FLAG: "true or false", NUMBER: "number"},
    "zh": {TEXT: "文本", TEXTS: "文本列表", FLAG: "true 或 false", NUMBER: "数字"},
}
DURATIONS = {
    "en": {TEXT: "length", TEXT_OR_FALSE: "length", TEXTS: "lengths"},
    "zh": {TEXT: "时长", TEXT_OR_FALSE: "时长", TEXTS: "时长列表"},
}
_OF_DURATIONS = {checks.duration, checks.some_time, checks.some_times, checks.time_to_reply}
# Too long for a table, or better said than shown.
_IN_WORDS = {"reply.empty_phrases", "duty.weekdays", "duty.hours", "shops.jos.url", "shops.jos.oauth_url"}
_MARKED = re.compile(r"(?<=<!-- keys -->\n)(.*?)(?=<!-- /keys -->)", re.DOTALL)


def with_key_table(text: str, language: str) -> str:
    """A document whose table of keys, between its marks, is brought in line with the spec."""

    def table(found: re.Match[str]) -> str:
        head, rule, *rows = found[1].splitlines(keepends=True)
        written = {row.split("`")[1]: row for row in rows}
        return head + rule + "".join(_row(name, key, written[name], language) for name, key in keys())

    return _MARKED.sub(table, text)


def keys() -> Iterator[tuple[str, Key]]:
    """Every key that holds a value, by its name from the top; ``*`` stands for a name of one's own."""
    for table, held in KEYS.items():
        for key in held:
            if key.type not in (TABLE, TABLES):
                yield f"{table}.{key.name}".removeprefix("."), key


def _row(name: str, key: Key, written: str, language: str) -> str:
    _key, _type, default, meaning = written.removeprefix("| ").removesuffix(" |\n").split(" | ", 3)
    types = DURATIONS if key.check in _OF_DURATIONS else TYPES
    if key.default not in (None, []) and name not in _IN_WORDS:
        default = f"`{tomlkit.item(key.default).as_string()}`"
    return f"| `{name}` | {types[language][key.type]} | {default} | {meaning} |\n"
