"""Words for the full-text index: how a text is cut up, and how a search word asks for the pieces.

SQLite's own tokenizers take a whole run of Chinese for one word. Here a run becomes its overlapping
pairs of characters, followed by its last character alone: 催单了 -> 催单 单了 了. A substring of two or
more characters is then a phrase of pairs; the single character at the end keeps a phrase from
reaching into the next run, and makes every character the beginning of some piece. A word with a
digit is kept a second time, reversed and marked, so that its end can be asked for as a beginning.
"""

from __future__ import annotations

import re
import unicodedata
from operator import add

# From here on in Unicode, letters belong to scripts that are written without spaces (Han, kana), or
# that lose nothing when treated so (Hangul).
_UNSPACED = "\u3005"
_RUNS = re.compile(rf"[^\W_\0-\u3004]+|[^\W_{_UNSPACED}-\U0010ffff]+")
# No letter and no digit, so no word of a text can look like it.
_REVERSED = "←"


def pieces(text: str) -> str:
    """The pieces of ``text``, with spaces between; what is neither letter nor digit is left out."""
    found: list[str] = []
    for run in _RUNS.findall(_folded(text)):
        if run >= _UNSPACED:
            found += map(add, run, run[1:])
            found.append(run[-1])
        else:
            found.append(run)
            if len(run) > 1 and not run.isalpha():
                found.append(_REVERSED + run[::-1])
    return " ".join(found)


def match(word: str) -> str | None:
    """The FTS5 expression that finds texts with ``word``; None for one without letter or digit.

    The runs of a mixed word (订单275490614167) must all occur in the text. Only letters and digits
    enter the expression, in quotes, so that nothing in ``word`` is read as syntax.
    """
    terms: list[str] = []
    for run in _RUNS.findall(_folded(word)):
        if run >= _UNSPACED and len(run) > 1:
            terms.append(f'"{" ".join(map(add, run, run[1:]))}"')
        elif run >= _UNSPACED or run.isalpha():
            terms.append(f'"{run}" *')
        else:
            terms.append(f'("{run}" * OR "{_REVERSED}{run[::-1]}" *)')
    return " AND ".join(terms) or None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
