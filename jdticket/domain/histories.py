"""A work order's history on the platform: whether a reply of ours is in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from html import unescape

from jdticket.domain.sources import LogEntry

_CLOCKS_DIFFER = timedelta(minutes=10)
"""The platform takes no call from a clock that is further off (DOMAIN section 6)."""
_SHOWN_SINCE = timedelta(minutes=1)
_CUT_LEAST = 10
# The words for what was done are not documented; those of others name them.
_OTHERS = ("客服", "平台", "京东", "买家", "客户", "系统", "驳回")


def is_in(log: Iterable[LogEntry], text: str, tried_at: datetime | None) -> bool:
    """Whether the history holds a reply with this text that was first sent at ``tried_at``.

    It does so when it holds the text, given since then but for what two clocks may differ by: the platform
    may show it with other white space, escaped, without its emoji, cut, or behind a prefix. And when the
    merchant has given any reply since then: of two replies within moments one is as good as the other, and a
    second one would be refused.
    """
    ours = _bare(text)
    for entry in log:
        if _is_like(_bare(entry.content), ours, exactly=_is_of_others(entry)):
            before = _CLOCKS_DIFFER
        elif "回复" in entry.kind and not _is_of_others(entry) and entry.at is not None:
            before = _SHOWN_SINCE
        else:
            continue
        if tried_at is None or entry.at is None or entry.at >= tried_at - before:
            return True
    return False


def _is_of_others(entry: LogEntry) -> bool:
    return any(word in entry.kind for word in _OTHERS)


def _is_like(shown: str, ours: str, *, exactly: bool) -> bool:
    if exactly or not ours:
        return bool(ours) and shown == ours
    return ours in shown or (len(shown) >= _CUT_LEAST and ours.startswith(shown))


def _bare(text: str) -> str:
    """Letters and digits alone: what escapes, blanks, emoji and dots make no difference to."""
    return "".join(character for character in unescape(unescape(text)) if character.isalnum())
