"""Files and streams of any kind that operators have: what is it, and who reads it.

Content decides, the name only helps: a download is as often misnamed as not. A stream that cannot
be read twice is kept in a temporary file of its own while it is read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.pages import Page
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.encoding import Found, check_encoding, find_encoding, in_utf8
from jdticket.intake.interface import ReadOptions, Source
from jdticket.text import harmless
from jdticket.words import os_reason

if TYPE_CHECKING:
    from jdticket.intake.delimited import Layout

# Enough to see a header below its title rows, or the first buttons of a page.
_START = 256 * 1024
# Characters; a page of a thousand tickets has a twentieth of it.
_PAGE_MAX = 6 * 1024 * 1024
_BUTTON_ALONE = re.compile(r"^[ \t]*(?:去处理|去回复|去申诉|去举证|催处理|查看详情)[ \t\r]*$", re.MULTILINE)
_ZIP_MARK, _OLE_MARK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVE = re.compile(r"^content-type:\s*multipart/related", re.IGNORECASE | re.MULTILINE)
_TABLE_SUFFIXES = (".csv", ".tsv", ".tab")


def open_source(path: Path, options: ReadOptions) -> Source:
    """The tickets in a file, whatever it is: CSV and kin, a workbook, JSON, a copied page.

    Raises ``InputError`` when there is no such file or it may not be read, ``UsageError`` for an
    unknown encoding or field in ``options``. What is in the file comes out when it is read.
    """
    _check(options)
    if path.is_dir():
        raise InputError(_("{name} is a folder; name the files in it.").format(name=_shown(str(path))))
    if path.is_file() or not path.exists():
        with _reading(_shown(str(path))), path.open("rb"):
            pass
    return _Stream(_shown(path.name), lambda: path.open("rb"), options, lambda: _modified(path))


def source_from_stream(name: str, stream: BinaryIO, options: ReadOptions) -> Source:
    """The same for a stream such as standard input, which is left open. Raises ``UsageError``."""
    _check(options)
    return _Stream(name, lambda: _spooled(stream), options, lambda: None)


def _check(options: ReadOptions) -> None:
    check_encoding(options.encoding)


class _Stream(Source):
    def __init__(
        self,
        name: str,
        open_: Callable[[], BinaryIO],
        options: ReadOptions,
        modified: Callable[[], datetime | None],
    ) -> None:
        self.name = name
        self.notes: list[str] = []
        self.pages: list[Page] = []
        self.unclear = False
        self.mentioned: frozenset[str] = frozenset()
        self.seen_at: datetime | None = None
        self._open = open_
        self._options = options
        self._modified = modified

    def read(self) -> Iterator[Draft | Rejection]:
        """See ``Source``."""
        with _reading(self.name, self._options.encoding), self._open() as opened:
            stream = opened if opened.seekable() else _spooled(opened)
            with stream:
                yield from self._by_content(stream)

    def _by_content(self, stream: BinaryIO) -> Iterator[Draft | Rejection]:
        self._options = replace(self._options, saved_at=self._modified())
        head = stream.read(8)
        stream.seek(0)
        if head.startswith((_ZIP_MARK, _OLE_MARK)):
            from jdticket.intake.workbook import read_workbook

            yield from read_workbook(self.name, stream, self._options, self.notes)
            return
        found = find_encoding(self.name, stream, self._options.encoding)
        if found.mixed:
            stream, found = in_utf8(stream, found.encoding), Found("utf-8-sig")
        with io.TextIOWrapper(stream, found.encoding, found.errors, newline="") as text:
            start = text.read(_START)
            text.seek(0)
            if _ARCHIVE.search(start, 0, 4096):
                yield from self._archive(text.buffer)
            else:
                yield from self._by_text(text, start)
        if found.breaks_off:
            why = _("{name} breaks off within a character at its end; fetch it again.").format(name=self.name)
            yield Rejection(self.name, 0, "", "", why)

    def _by_text(self, text: io.TextIOWrapper, start: str) -> Iterator[Draft | Rejection]:
        if not start.strip():
            raise InputError(_("{name} is empty.").format(name=self.name))
        if _BUTTON_ALONE.search(start) and Path(self.name).suffix.lower() not in _TABLE_SUFFIXES:
            # Hardly a table has that: what reads tables need not even be imported.
            yield from self._page(text)
            return
        from jdticket.intake.delimited import find_layout, read_delimited
        from jdticket.intake.exported import Stamp, dated, export_time
        from jdticket.intake.jsonfile import looks_like_json, read_json

        stamp = Stamp()
        if looks_like_json(self.name, start):
            objects = read_json(self.name, text, start, self._options, self.notes, stamp)
            yield from dated(objects, None, self._options, stamp)
            return
        if start.lstrip().startswith("<"):
            from jdticket.intake.webpage import read_page

            text.seek(0)
            yield from read_page(self.name, text, start, self._options, self.notes)
            return
        layout = find_layout(self.name, start, self._options)
        if _is_page(self.name, start, layout):
            yield from self._page(text)
        elif layout is not None:
            rows = read_delimited(self.name, text, layout, self._options, self.notes, stamp)
            yield from dated(rows, export_time(start, self._options), self._options, stamp)
        elif _is_table(self.name, start):
            from jdticket.intake.headings import no_header

            raise InputError(no_header(self.name, _first_cells(start)))
        else:
            yield from self._page(text)

    def _archive(self, stream: BinaryIO) -> Iterator[Draft | Rejection]:
        from jdticket.intake.webpage import read_archive

        def decoded(content: bytes) -> str:
            found = find_encoding(self.name, io.BytesIO(content), self._options.encoding)
            if not found.mixed:
                return content.decode(found.encoding, found.errors)
            with in_utf8(io.BytesIO(content), found.encoding) as copy:
                return copy.read().decode()

        stream.seek(0)
        yield from read_archive(self.name, stream, decoded, self._options, self.notes)

    def _page(self, text: io.TextIOWrapper) -> Iterator[Draft | Rejection]:
        from jdticket.intake.pasted import PastedPage

        whole = text.read(_PAGE_MAX + 1)
        if len(whole) > _PAGE_MAX:
            raise InputError(_("{name} is too long for a copied page.").format(name=self.name))
        page = PastedPage(whole, self.name, self._options)
        yield from page.read()
        self.notes += page.notes
        self.pages = page.pages
        self.unclear = page.unclear
        self.mentioned = page.mentioned
        self.seen_at = page.seen_at


def _is_page(name: str, start: str, layout: Layout | None) -> bool:
    """True for a copied page. It may carry its table's headings, too; then its rows do not fit them,
    or its countdowns tell more than a table would take in."""
    from jdticket.intake.pasted import has_buttons, has_countdown, looks_like_page

    if layout is None:
        table = Path(name).suffix.lower() in _TABLE_SUFFIXES
        return has_buttons(start) if table else looks_like_page(start)
    if layout.fits:
        return layout.delimiter == "\t" and has_buttons(start) and has_countdown(start)
    return looks_like_page(start)


def _is_table(name: str, start: str) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix in _TABLE_SUFFIXES or (suffix != ".txt" and len(_first_cells(start)) > 1)


def _first_cells(start: str) -> list[str]:
    """The cells of the first line that is not blank, whatever separates them."""
    line = start.lstrip().splitlines()[0]
    return [cell.strip(' "') for cell in re.split(r"[,;\t|]", line)]


def _shown(name: str) -> str:
    """``name`` without what stands for bytes that are no text: no store and no console takes that."""
    return harmless(name.encode("utf-8", "replace").decode("utf-8"))


def _modified(path: Path) -> datetime | None:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None


def _spooled(stream: BinaryIO) -> BinaryIO:
    """The stream's bytes in a file without a name, readable by its owner only."""
    from shutil import copyfileobj
    from tempfile import TemporaryFile

    spool = TemporaryFile()  # noqa: SIM115 - the caller closes it
    if stream.isatty():
        spool.write(stream.read())  # a second read would wait for a second Ctrl-D
    else:
        copyfileobj(stream, spool, 1 << 20)
    spool.seek(0)
    return spool


@contextmanager
def _reading(name: str, encoding: str | None = None) -> Iterator[None]:
    """Turn what the system says against reading into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(_("{name}: there is no such file.").format(name=name)) from None
    except PermissionError:
        raise InputError(
            _("{name} may not be read: get the right to read it, or close the program that holds it.").format(
                name=name
            )
        ) from None
    except OSError as error:
        raise InputError(
            _("{name} cannot be read: {problem}.").format(name=name, problem=os_reason(error))
        ) from None
    except UnicodeError:
        if encoding is not None:
            raise InputError(
                _("{name} is no text in {encoding}; leave --encoding out, or name another.").format(
                    name=name, encoding=encoding
                )
            ) from None
        raise InputError(_("{name} changed while it was read; import it again.").format(name=name)) from None
