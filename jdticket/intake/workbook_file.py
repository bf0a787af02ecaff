"""What a workbook's file tells before it is opened: a password, a file that breaks off or would burst, a
cell far out, the calendar that its dates are counted in."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from struct import unpack_from
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.text import quoted
from jdticket.words import some

OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_XLSX = "EncryptedPackage".encode("utf-16-le")
# A workbook stream of Excel 97 whose first record (BOF, 20 bytes) is followed by FILEPASS.
_ENCRYPTED_XLS = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00.{12}\x2f\x00", re.DOTALL)
_BOF_XLS = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00")
_MANIFEST = "META-INF/manifest.xml"
_SECTOR_MAX, _FREE = 0xFFFFFFFA, 0xFFFFFFFF

_MB = 1024 * 1024
# A workbook that unpacks to more would not fit into an office computer's memory.
_UNPACKED_MAX = 2 * 1024 * _MB
# What is packed so much tighter than any table, and is large, is meant to burst.
_RATIO_MAX, _LARGE = 100, 32 * _MB
# What calamine takes for the cells of a sheet goes by the rectangle around them, filled or not.
_AREA_LEAST, _AREA_BY_CELL = 5_000_000, 20
_PIECE = 4 * _MB
_WIDE_CELL = re.compile(rb'<(?:[a-z]+:)?c\s[^>]{0,40}?r="([A-Z]{2,3})([0-9]{1,7})"')
_ROW = re.compile(rb'<(?:[a-z]+:)?row\s[^>]{0,200}?r="([0-9]{1,7})"')
_CELL = rb'<(?:[a-z]+:)?c\s[^>]{0,60}?r="([A-Z]{1,3}[0-9]{1,7})"'
_ERROR = re.compile(_CELL + rb'[^>]{0,60}?\st="e"')
# What writes a workbook without reckoning leaves formulas without their results.
_UNRECKONED = re.compile(
    _CELL + rb"[^>]{0,60}>\s*<f(?:\s[^>]{0,200})?(?:/>|>[^<]{0,8192}</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>"
)
_NAMED_MOST = 20
_CALENDAR_1904_ODS = re.compile(rb'null-date[^>]{0,200}date-value="1904-01-01"')
_CALENDAR_1904 = re.compile(rb'date1904\s*=\s*["\'](?:1|true|on)["\']')


@dataclass(frozen=True, slots=True)
class AboutWorkbook:
    """What is known of a workbook before it is opened."""

    calendar_1904: bool
    """Its dates count from 1904-01-01, as those of old Macs do, not from 1899-12-30."""
    most_memory: int
    """Bytes; who reads it takes less, unless there is something wrong with it."""
    notes: Sequence[str] = ()
    """What a person has to hear of: cells that read as empty though they are not."""


def about_workbook(name: str, stream: BinaryIO) -> AboutWorkbook:
    """Look at the file, which is left at its beginning.

    Raises ``InputError`` for one that is protected by a password, breaks off, is a ZIP archive of something
    else, or would take more memory than its cells are worth.
    """
    stream.seek(0)
    head = stream.read(len(OLE_MARK))
    if head == OLE_MARK:
        data = head + stream.read()
        stream.seek(0)
        if _ENCRYPTED_XLSX in data or _ENCRYPTED_XLS.search(data):
            raise InputError(protected(name))
        if not _is_whole(data):
            raise InputError(damaged(name))
        return AboutWorkbook(_is_1904_xls(data), 768 * _MB + 64 * len(data))
    try:
        with ZipFile(stream) as archive:
            about = _about_zip(name, archive)
    except (BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise InputError(damaged(name)) from None
    stream.seek(0)
    return about


def _about_zip(name: str, archive: ZipFile) -> AboutWorkbook:
    # Some programs write the names of parts with backslashes or in capitals; Excel takes them all the same.
    parts = {part.filename.replace("\\", "/").lower(): part for part in archive.infolist()}
    unpacked = sum(part.file_size for part in parts.values())
    packed = sum(part.compress_size for part in parts.values())
    if unpacked > _UNPACKED_MAX or (unpacked > _LARGE and unpacked > _RATIO_MAX * packed):
        raise InputError(
            _("{name} unpacks to {size} MB, too much for a table of tickets; export it as CSV.").format(
                name=name, size=unpacked // _MB
            )
        )
    if _MANIFEST.lower() in parts and b"encryption-data" in archive.read(parts[_MANIFEST.lower()]):
        raise InputError(protected(name))
    if not _is_workbook(archive, parts):
        raise InputError(
            _("{name} is a ZIP archive and no workbook; unpack it and import the files in it.").format(
                name=name
            )
        )
    hollow = _Hollow()
    for part_name, part in parts.items():
        if "/worksheets/" in part_name and part_name.endswith(".xml"):
            _look_through(name, archive, part, hollow)
    return AboutWorkbook(_is_1904_zip(archive, parts), 768 * _MB + 16 * unpacked, hollow.notes(name))


def _is_workbook(archive: ZipFile, parts: dict[str, ZipInfo]) -> bool:
    if not parts.keys().isdisjoint({"xl/workbook.xml", "xl/workbook.bin", "content.xml"}):
        return True
    relations = parts.get("_rels/.rels")
    return relations is not None and b"/officeDocument" in archive.read(relations)


class _Hollow:
    """The cells that hold no value though they are not empty; calamine gives them as empty ones."""

    def __init__(self) -> None:
        self._errors: list[bytes] = []
        self._unreckoned: list[bytes] = []
        self._rest = b""

    def add(self, piece: bytes) -> None:
        """Look through the next piece of a sheet; an empty one ends it."""
        text = self._rest + piece
        end = text.rfind(b"</c>") + 4 if piece else len(text)
        if b't="e"' in text and len(self._errors) < _NAMED_MOST:
            self._errors += _ERROR.findall(text, 0, end)
        if b"<f" in text and len(self._unreckoned) < _NAMED_MOST:
            self._unreckoned += _UNRECKONED.findall(text, 0, end)
        self._rest = text[max(end, len(text) - _PIECE) :] if piece else b""

    def notes(self, name: str) -> list[str]:
        found = []
        if self._errors:
            found.append(
                _("{name}: cells that hold an error such as #N/A were read as empty: {cells}").format(
                    name=name, cells=some(map(bytes.decode, self._errors))
                )
            )
        if self._unreckoned:
            found.append(
                _(
                    "{name}: formulas whose results were not saved were read as empty: {cells}; open the "
                    "file in Excel, save it, and import it again."
                ).format(name=name, cells=some(map(bytes.decode, self._unreckoned)))
            )
        return found


def _look_through(name: str, archive: ZipFile, part: ZipInfo, hollow: _Hollow) -> None:
    """Look at the cells of a sheet. Raises ``InputError`` when few of them stand in a rectangle that is far
    too large, as when a blank was typed far away by mistake."""
    cells = 0
    columns = rows = 1
    farthest = far_row = b""
    rest = b""
    with archive.open(part) as sheet:
        while piece := sheet.read(_PIECE):
            text = rest + piece
            cells += text.count(b"<c ") + text.count(b":c ")
            for found in _WIDE_CELL.finditer(text):
                column = _column(found[1])
                if column > columns:
                    columns, farthest = column, found[1] + found[2]
                rows = max(rows, int(found[2]))
            hollow.add(piece)
            numbers = _ROW.findall(text, max(0, len(text) - _PIECE // 16))
            if numbers and int(numbers[-1]) > rows:
                rows = int(numbers[-1])
                far_row = numbers[-1]
            rest = text[-300:].rpartition(b"<")[2]
            rest = b"<" + rest if rest else b""
            cells -= rest.count(b"<c ") + rest.count(b":c ")
    hollow.add(b"")
    if rows * max(columns, 26) > max(_AREA_LEAST, _AREA_BY_CELL * cells):
        raise InputError(
            _(
                "{name} has a cell far away from all others ({cell}); delete the empty rows and columns "
                "before it in Excel and save, or copy the tickets into a new workbook."
            ).format(name=name, cell=quoted((farthest or far_row).decode()))
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _is_1904_zip(archive: ZipFile, parts: dict[str, ZipInfo]) -> bool:
    for part_name, part in parts.items():
        if part_name.endswith("/workbook.xml"):
            return _CALENDAR_1904.search(archive.read(part)) is not None
        if part_name == "content.xml":
            with archive.open(part) as content:
                return _CALENDAR_1904_ODS.search(content.read(_PIECE)) is not None
        if part_name.endswith("/workbook.bin"):
            # BrtWbProp (153): its size in one byte, then flags, the first the calendar (MS-XLSB 2.4.825).
            data = archive.read(part)
            at = data.find(b"\x99\x01")
            return at >= 0 and at + 3 < len(data) and bool(data[at + 3] & 1)
    return False


def _is_1904_xls(data: bytes) -> bool:
    """Whether the record Date1904 (34) among the workbook's own says so (MS-XLS 2.4.77)."""
    start = _BOF_XLS.search(data)
    at = start.start() if start else len(data)
    while at + 4 <= len(data):
        kind, size = unpack_from("<HH", data, at)
        if kind == 0x0A:
            return False
        if kind == 0x22 and size == 2 and at + 6 <= len(data):
            return bool(unpack_from("<H", data, at + 4)[0])
        at += 4 + size
    return False


def _is_whole(data: bytes) -> bool:
    """True when a compound file (XLS) has all the sectors that it says it has (MS-CFB, 2.2 and 2.3).

    calamine trusts these numbers: it asks for any amount of memory, and ends the process without it.
    """
    if len(data) < 512:
        return False
    (shift,) = unpack_from("<H", data, 30)
    if shift not in (9, 12):
        return False
    size = 1 << shift
    sectors = -(-len(data) // size) - 1
    if any(unpack_from("<I", data, at)[0] > sectors for at in (44, 64, 72)):
        return False
    tables = [at for at in unpack_from("<109I", data, 76) if at < _SECTOR_MAX]
    for n, at in enumerate(tables):
        if (at + 2) * size > len(data):
            return False
        beyond = max(0, sectors - n * size // 4)
        entries = unpack_from(f"<{size // 4}I", data, (at + 1) * size)
        if any(entry != _FREE for entry in entries[beyond:]):
            return False
    return True


def damaged(name: str) -> str:
    """The sentence for a file that cannot be read to its end."""
    return _("{name} is damaged or breaks off before its end; fetch or export it again.").format(name=name)


def protected(name: str) -> str:
    """The sentence for a file that only its password opens."""
    return _("{name} is protected by a password; open it in Excel and save it without one.").format(name=name)
