"""Words for the full-text index: how a text is cut up, and how a search word asks for the pieces.

SQLite's own tokenizers take a whole run of Chinese for one word. Here a run of letters beyond ASCII
becomes its overlapping pairs, followed by its last character alone: 催单了 -> 催单 单了 了. A substring of
two or more characters is then a phrase of pairs; the single character at the end keeps a phrase from
reaching into the next run, and lets every character be the beginning of some piece. Any other word
stays whole; one with a digit is kept a second time, reversed and marked, so that its end can be asked
for as a beginning.
"""

from __future__ import annotations

import re
import unicodedata
from operator import add

_RUNS = re.compile(r"[0-9a-z]+|[^\0-\x7f\W]+")
# No letter and no digit, so no word of a text can look like it.
_REVERSED = "←"


def pieces(text: str) -> str:
    """The pieces of ``text``, with spaces between; what is neither letter nor digit is left out."""
    found: list[str] = []
    for run in _RUNS.findall(_folded(text)):
        if run.isascii():
            found.append(run)
            if len(run) > 1 and not run.isalpha():
                found.append(_REVERSED + run[::-1])
        else:
            found += map(add, run, run[1:])
            found.append(run[-1])
    return " ".join(found)


def match(word: str) -> str | None:
    """The FTS5 expression that finds texts with ``word``; None for one without letter or digit.

    The runs of a mixed word (订单275490614167) must all occur in the text. Only letters and digits
    enter the expression, in quotes, so that nothing in ``word`` is read as syntax.
    """
    terms: list[str] = []
    for run in _RUNS.findall(_folded(word)):
        if len(run) > 1 and not run.isascii():
            terms.append(f'"{" ".join(map(add, run, run[1:]))}"')
        elif run.isalpha() or not run.isascii():
            terms.append(f'"{run}" *')
        else:
            terms.append(f'("{run}" * OR "{_REVERSED}{run[::-1]}" *)')
    return " AND ".join(terms) or None


def match_end(digits: str) -> str:
    """The FTS5 expression that finds texts with a number that ends with ``digits``."""
    return f'"{_REVERSED}{digits[::-1]}" *'


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
