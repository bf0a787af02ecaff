"""Does a text speak one language? For tests of what commands print, in either language."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Chinese characters, and the punctuation and full-width forms that only Chinese text uses.
_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]+")

# What is the same in every language. In a Chinese text each of these ends a run of English words.
_NO_LANGUAGE = re.compile(
    r"""
      `[^`\n]*`                             # a command in backquotes
    | \bjdticket\b(?:[ ][a-z][a-z-]*){0,2}  # the program, a command and a sub-command
    | https?://\S+
    | --?[A-Za-z][\w-]* (?:[ ][a-z]+(?:\|[a-z]+)+)?       # an option, and the words it chooses from
    | \{[^{}\n]*\}                          # a placeholder
      # paths, file names, a|b, key=value, codes, numbers with their units
    | [A-Za-z0-9_.~:@%+-]*(?:[/\\|=_\d]|\.(?=[A-Za-z0-9]))[A-Za-z0-9_.~:@%+/\\|=-]*
    | \b[A-Z][A-Z]+s?\b                     # ID, TIME, JSON
    | \b[a-z]+(?:-[a-z]+)+\b                # report-outage
    """,
    re.VERBOSE,
)
_ENGLISH_RUN = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[,;:]?[ \t]+[A-Za-z][A-Za-z'’]*)+")
_BREAK = "\0"


def assert_speaks(text: str, language: str, allow: Iterable[str] = ()) -> None:
    """Fail if another language than ``language`` ("zh" or "en") leaks into ``text``.

    For Chinese: two or more English words in a row. Commands, options, file names, codes, capitals
    and placeholders are words of no language. For English: any Chinese character. ``allow`` are
    pieces of text to leave out of account: what the test itself put in, names.
    """
    for piece in sorted(allow, key=len, reverse=True):
        text = text.replace(piece, _BREAK)
    leaks = _CHINESE if language == "en" else _ENGLISH_RUN
    if language == "zh":
        text = _NO_LANGUAGE.sub(_BREAK, text)
    found = [match[0] for match in leaks.finditer(text)]
    assert not found, f"not {language!r}: {found}"
