"""XLSX, XLS and ODS, through calamine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from struct import unpack_from
from typing import TYPE_CHECKING, BinaryIO

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.columns import (
    HEADER_ROWS,
    Header,
    TableReader,
    check_header,
    find_header,
    no_header,
    no_rows,
)
from jdticket.intake.exported import dated, export_time
from jdticket.intake.interface import ReadOptions
from jdticket.intake.values import Cell, plain
from jdticket.text import quoted
from jdticket.words import listed

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_XLSX = "EncryptedPackage".encode("utf-16-le")
# A workbook stream of Excel 97 whose first record (BOF, 20 bytes) is followed by FILEPASS.
_ENCRYPTED_XLS = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00.{12}\x2f\x00", re.DOTALL)
_MANIFEST = "META-INF/manifest.xml"
_SECTOR_MAX, _FREE = 0xFFFFFFFA, 0xFFFFFFFF
# A workbook that unpacks to more would not fit into an office computer's memory.
_UNPACKED_MAX = 2 * 1024**3


def read_workbook(
    name: str, stream: BinaryIO, options: ReadOptions, notes: list[str]
) -> Iterator[Draft | Rejection]:
    """The tickets of the first sheet with usable headings; other sheets that hold something are noted.

    Raises ``InputError`` for a workbook that is protected by a password, breaks off, is no workbook
    after all, or has no sheet with usable headings.
    """
    _look_inside(name, stream)
    with _readable(name):
        from python_calamine import load_workbook

        workbook = load_workbook(stream)
        sheet, header, index, others = _choose_sheet(name, workbook, options)
    if others:
        notes.append(
            _("{name}: the sheet {sheet} was read; not read were {others}.").format(
                name=name, sheet=quoted(sheet.name), others=listed(quoted(other) for other in others)
            )
        )
    title = " ".join(plain(cell) for cells in islice(sheet.iter_rows(), index) for cell in cells)
    yield from dated(_rows(name, sheet, header, index, options, notes), export_time(title, options), options)


def _rows(
    name: str, sheet: CalamineSheet, header: Header, index: int, options: ReadOptions, notes: list[str]
) -> Iterator[Draft | Rejection]:
    reader = TableReader(name, header, options)
    empty = True
    for row, cells in enumerate(islice(sheet.iter_rows(), index + 1, None), index + 2):
        found = reader.read(row, cells)
        if found is not None:
            yield found
            empty = False
    if empty:
        notes.append(no_rows(name))


def _choose_sheet(
    name: str, workbook: CalamineWorkbook, options: ReadOptions
) -> tuple[CalamineSheet, Header, int, list[str]]:
    from python_calamine import SheetTypeEnum

    best: tuple[CalamineSheet, Header, int] | None = None
    filled: list[str] = []
    first_row: Sequence[Cell] = ()
    for about in workbook.sheets_metadata:
        if about.typ is not SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(about.name)
        if not sheet.height:
            continue
        filled.append(sheet.name)
        rows = list(islice(sheet.iter_rows(), HEADER_ROWS))
        first_row = first_row or next((row for row in rows if any(plain(cell).strip() for cell in row)), ())
        found = find_header(rows, options.columns)
        if found is not None and (best is None or (found[1].usable and not best[1].usable)):
            best = sheet, found[1], found[0]
    if not filled:
        raise InputError(_("{name} is empty: no sheet of it holds anything.").format(name=name))
    if best is None:
        raise InputError(no_header(name, [plain(cell) for cell in first_row]))
    sheet, header, index = best
    check_header(name, index + 1, header, options.columns)
    return sheet, header, index, [other for other in filled if other != sheet.name]


def _look_inside(name: str, stream: BinaryIO) -> None:
    """Find out what calamine would not tell: a password, a file that breaks off, one that would burst."""
    import zlib
    from zipfile import BadZipFile, ZipFile

    data = stream.read() if stream.read(len(OLE_MARK)) == OLE_MARK else None
    stream.seek(0)
    if data is not None:
        if _ENCRYPTED_XLSX in data or _ENCRYPTED_XLS.search(data):
            raise InputError(_protected(name))
        if not _is_whole(OLE_MARK + data):
            raise InputError(_damaged(name))
        return
    try:
        with ZipFile(stream) as archive:
            names = set(archive.namelist())
            unpacked = sum(part.file_size for part in archive.infolist())
            manifest = archive.read(_MANIFEST) if _MANIFEST in names else b""
    except (BadZipFile, ValueError, NotImplementedError, zlib.error):
        raise InputError(_damaged(name)) from None
    if b"encryption-data" in manifest:
        raise InputError(_protected(name))
    if names.isdisjoint({"xl/workbook.xml", "xl/workbook.bin", "content.xml"}):
        raise InputError(
            _("{name} is a ZIP archive and no workbook; unpack it and import the files in it.").format(
                name=name
            )
        )
    if unpacked > _UNPACKED_MAX:
        raise InputError(
            _("{name} unpacks to more than 2 GB; split it, or export it as CSV.").format(name=name)
        )
    stream.seek(0)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError:
        raise InputError(_protected(name)) from None
    except CalamineError as error:
        raise InputError(
            _(
                "{name} cannot be read as a workbook ({problem}); open it in Excel, save it again as .xlsx."
            ).format(name=name, problem=quoted(str(error)))
        ) from None
    except BaseException as error:
        # A damaged XLS can make calamine panic; pyo3's exception for that has no name to import.
        if type(error).__name__ != "PanicException":
            raise
        raise InputError(_damaged(name)) from None


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


def _damaged(name: str) -> str:
    return _("{name} is damaged or breaks off before its end; fetch or export it again.").format(name=name)


def _protected(name: str) -> str:
    return _("{name} is protected by a password; open it in Excel and save it without one.").format(name=name)
