"""Which encoding a text is in: decided over the whole of it, in constant memory.

CSV made on Chinese Windows is GB18030 more often than UTF-8, and the first byte that tells may come
late in the file.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO, NamedTuple

from jdticket.errors import InputError, UsageError
from jdticket.i18n import _
from jdticket.text import quoted

_CHUNK = 1 << 20
_HEAD = 8192
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What a text of our kind may hold below the space: tab, line ends, form feed, escape.
_BINARY = bytes(set(range(32)) - {0, 9, 10, 12, 13, 27})

_MIXABLE = ("utf-8", "gb18030")
# A cell, or what stands between cells; none of these bytes is part of a character in either encoding.
_PIECE = re.compile(rb'[^,\t;"\r\n]+|[,\t;"\r\n]+')
_AS_WINDOWS = "jdticket.as_windows"


def check_encoding(name: str | None) -> None:
    """Raises ``UsageError`` when there is no text encoding of this name."""
    if name is None:
        return
    try:
        codecs.lookup(name)
        "a".encode(name)
    except (LookupError, ValueError):
        raise UsageError(
            _("there is no encoding named {encoding}; usual ones are utf-8, gb18030 and utf-16.").format(
                encoding=quoted(name)
            )
        ) from None


class Found(NamedTuple):
    """How a stream is to be opened as text."""

    encoding: str
    errors: str = "strict"
    """As ``open`` takes it: "replace" shows what does not fit as �."""
    mixed: bool = False
    """Cells of it are in another encoding, or damaged: :func:`in_utf8` makes one text of it."""
    breaks_off: bool = False
    """It ends in the middle of a character, so something is missing behind it."""


def find_encoding(name: str, stream: BinaryIO, asked: str | None) -> Found:
    """The encoding of the whole stream; the stream is left at its beginning.

    ``asked`` is taken as it is. Raises ``InputError`` for a stream that is no text at all.
    """
    head = stream.read(_HEAD)
    if asked is not None:
        encoding = "utf-8-sig" if codecs.lookup(asked).name == "utf-8" else asked
        return _opened(stream, encoding)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _opened(stream, encoding)
    if len(head.translate(None, _BINARY)) < 0.9 * len(head) or head.count(0) > 0.05 * len(head):
        raise InputError(
            _(
                "{name} is not a text or a table that can be read here: it holds binary data; "
                "needed is CSV, XLSX, XLS, ODS, JSON or a copied page "
                "(for UTF-16 without a mark: --encoding utf-16-le)."
            ).format(name=name)
        )
    utf8 = _misfit(stream, "utf-8")
    if utf8 is None:
        return Found("utf-8")
    if utf8.at_end and utf8.wide_before:
        return Found("utf-8", "replace", breaks_off=True)
    gb18030 = _misfit(stream, "gb18030")
    if gb18030 is None:
        return Found("gb18030")
    if gb18030.at_end and gb18030.wide_before:
        return Found("gb18030", "replace", breaks_off=True)
    return Found("utf-8" if _is_mostly_utf8(stream) else "gb18030", mixed=True)


def _opened(stream: BinaryIO, encoding: str) -> Found:
    misfit = _misfit(stream, encoding)
    if misfit is None:
        return Found(encoding)
    if codecs.lookup(encoding).name.removesuffix("-sig") in _MIXABLE and not misfit.at_end:
        return Found(encoding, mixed=True)
    return Found(encoding, "replace", breaks_off=misfit.at_end and misfit.wide_before)


def in_utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """A copy in UTF-8 of a text that is in ``encoding`` but for some cells; in a file without a name.

    A cell that does not fit is read in the other one of UTF-8 and GB18030; what fits neither becomes �.
    """
    from tempfile import TemporaryFile

    copy = TemporaryFile()  # noqa: SIM115 - the caller closes it
    mixable = [encoding, *(other for other in _MIXABLE if other != encoding)]
    stream.seek(0)
    while line := stream.readline(_CHUNK):
        if line.isascii():
            copy.write(line)
        else:
            pieces = _PIECE.findall(line)
            copy.write("".join(_decoded(piece, mixable) for piece in pieces).encode())
    copy.seek(0)
    return copy


def _decoded(piece: bytes, encodings: list[str]) -> str:
    for encoding in encodings:
        try:
            return piece.decode(encoding)
        except UnicodeDecodeError:
            continue
    return piece.decode(encodings[0], _AS_WINDOWS)


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """What Windows' code page 936 has for a byte that fits no encoding: 0x80 is the sign of the euro."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start]
    return ("€" if byte == 0x80 and "gb" in error.encoding else "\ufffd"), error.start + 1


codecs.register_error(_AS_WINDOWS, _as_windows)


def _is_mostly_utf8(stream: BinaryIO) -> bool:
    """Whether most lines that hold more than ASCII are in UTF-8, which no GB18030 is by chance."""
    fitting = others = 0
    stream.seek(0)
    while line := stream.readline(_CHUNK):
        if line.isascii():
            continue
        try:
            line.decode()
            fitting += 1
        except UnicodeDecodeError:
            others += 1
    stream.seek(0)
    return fitting > others


class _Misfit:
    def __init__(self, at_end: bool, wide_before: bool) -> None:
        self.at_end = at_end
        """The text ends in the middle of a character and fits up to there."""
        self.wide_before = wide_before
        """Characters beyond ASCII did fit before."""


def _misfit(stream: BinaryIO, encoding: str) -> _Misfit | None:
    """Where the stream stops being a text in ``encoding``; None: nowhere. Rewinds before and after."""
    decoder = codecs.getincrementaldecoder(encoding)()
    wide = False
    stream.seek(0)
    try:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError:
                return _Misfit(not chunk, wide)
            wide = wide or not text.isascii()
            if not chunk:
                return None
    finally:
        stream.seek(0)
