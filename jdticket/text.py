"""Text from outside is text: made harmless before a person's screen or a message shows it."""

from __future__ import annotations

import re
import unicodedata

# Control characters (C0, DEL, C1: terminal escapes begin here), and the marks that turn the direction
# of writing or hide in it. Line breaks and tabs are left to the caller.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


_HALF_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
# A drive of Windows, as in C:/desk.db, is one letter.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def harmless(text: str) -> str:
    """``text`` with every harmful character shown as its code, such as ``\\x1b``; line breaks stay."""
    return _HARMFUL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """``text`` harmless and on one line, white space folded."""
    return harmless(" ".join(text.split()))


def name_key(name: str) -> str:
    """What makes two names of a shop the same: width, case and white space aside."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def half_width_digits(text: str) -> str:
    """``text`` with ０–９ as 0–9: a Chinese input method types either."""
    return text.translate(_HALF_WIDTH)


def has_other_digits(text: str) -> bool:
    """Whether there are digits in it (², ①, ٣) that are neither 0–9 nor their full-width forms."""
    return not text.isascii() and any(
        letter.isdigit() and not letter.isascii() and not "０" <= letter <= "９" for letter in text
    )


def scheme_of(address: str) -> str:
    """The scheme of an address such as ``postgresql://host/desk``; empty for the path of a file."""
    found = _SCHEME.match(address)
    return found[1] if found else ""


def quoted(text: str, most: int = 40) -> str:
    """The beginning of ``text`` on one line, for naming it in a sentence."""
    line = one_line(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def is_web_address(url: str) -> bool:
    """Whether a server can be asked at ``url``: http or https, and a host."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
