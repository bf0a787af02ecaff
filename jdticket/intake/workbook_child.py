"""Reads a workbook in a process of its own, which calamine may end without harm to the one that asks.

Run as a script with the workbook as standard input; answers in pickled pieces on standard output, in order:
the sheets (a list of their names and whether they are hidden), for each of them its first rows, then for
each its rows in batches and None behind the last. Trouble is a piece of its own: its kind and words.

Stands alone: nothing of the package is imported, so that it starts fast.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

_BATCH = 1000


def pieces(first_rows: int) -> Iterator[Any]:
    """What is answered."""
    workbook = load_workbook(sys.stdin.buffer)
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    yield [(sheet.name, sheet.visible is not SheetVisibleEnum.Visible) for sheet in sheets]
    for sheet in sheets:
        yield list(islice(_rows(workbook, sheet.name), first_rows))
    for sheet in sheets:
        rows = _rows(workbook, sheet.name)
        while batch := list(islice(rows, _BATCH)):
            yield batch
        yield None


def _rows(workbook: CalamineWorkbook, sheet: str) -> Iterator[list[Any]]:
    return workbook.get_sheet_by_name(sheet).iter_rows()


def main() -> None:
    """Limit what this process may take, then answer."""
    most_memory, first_rows = map(int, sys.argv[1:])
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
    sys.stdin.buffer.seek(0)
    out = sys.stdout.buffer
    try:
        for piece in pieces(first_rows):
            pickle.dump(piece, out, protocol=5)
    except PasswordError:
        pickle.dump(("password", ""), out)
    except CalamineError as error:
        pickle.dump(("unreadable", str(error)), out)
    except MemoryError:
        pickle.dump(("memory", ""), out)
    out.flush()


if __name__ == "__main__":
    main()
