"""Which encoding a text is in: decided over the whole of it, in constant memory.

CSV made on Chinese Windows is GB18030 more often than UTF-8, and the first byte that tells may come
late in the file.
"""

from __future__ import annotations

import codecs
from typing import BinaryIO

from jdticket.errors import InputError, UsageError
from jdticket.i18n import _
from jdticket.text import quoted

_CHUNK = 1 << 20
_HEAD = 8192
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What a text of our kind may hold below the space: tab, line ends, form feed, escape.
_BINARY = bytes(set(range(32)) - {0, 9, 10, 12, 13, 27})


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


def find_encoding(name: str, stream: BinaryIO, asked: str | None) -> str:
    """The encoding of the whole stream, for ``open``; the stream is left at its beginning.

    ``asked`` is taken as it is, if the text is in it. Raises ``InputError`` when the text is in none,
    is no text at all, or breaks off within a character.
    """
    head = stream.read(_HEAD)
    if asked is not None:
        encoding = "utf-8-sig" if codecs.lookup(asked).name == "utf-8" else asked
        failure = _misfit(stream, encoding)
        if failure is not None:
            raise InputError(
                _(
                    "{name} is not in the encoding {encoding}: bytes in line {line} do not fit; "
                    "leave out --encoding to have it found out."
                ).format(name=name, encoding=asked, line=failure.line)
            )
        return encoding

    for mark, encoding in _MARKS:
        if head.startswith(mark):
            failure = _misfit(stream, encoding)
            if failure is not None:
                raise InputError(
                    _("{name} begins as {encoding} but is damaged in line {line}; export it again.").format(
                        name=name, encoding=encoding.removesuffix("-sig"), line=failure.line
                    )
                )
            return encoding
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
        return "utf-8"
    if utf8.at_end and utf8.wide_before:
        raise InputError(
            _("{name} breaks off within a character at its end; fetch it again.").format(name=name)
        )
    failure = _misfit(stream, "gb18030")
    if failure is None:
        return "gb18030"
    raise InputError(
        _(
            "{name} is neither in UTF-8 (up to line {utf8_line}) nor in GB18030 (up to line {gb_line}); "
            "it is damaged, or give its encoding with --encoding."
        ).format(name=name, utf8_line=utf8.line, gb_line=failure.line)
    )


class _Misfit:
    def __init__(self, line: int, at_end: bool, wide_before: bool) -> None:
        self.line = line
        self.at_end = at_end
        """The text ends in the middle of a character and fits up to there."""
        self.wide_before = wide_before
        """Characters beyond ASCII did fit before."""


def _misfit(stream: BinaryIO, encoding: str) -> _Misfit | None:
    """Where the stream stops being a text in ``encoding``; None: nowhere. Rewinds before and after."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    wide = False
    stream.seek(0)
    try:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                within = chunk[: error.start] if isinstance(error, UnicodeDecodeError) else b""
                return _Misfit(line + within.count(b"\n"), not chunk, wide)
            line += text.count("\n")
            wide = wide or not text.isascii()
            if not chunk:
                return None
    finally:
        stream.seek(0)
