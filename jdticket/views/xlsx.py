"""Answers as an Excel file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from jdticket.text import harmless


def write_xlsx(keys: Iterable[str], rows: Iterable[Mapping[str, Any]], stream: BinaryIO) -> None:
    """One sheet: a header row and a row a ticket. Every cell is text or a truth value, so that no number
    is rounded and nothing is taken for a formula; memory stays flat."""
    import xlsxwriter

    workbook = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = workbook.add_worksheet("jdticket")
    names = list(keys)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name)
    for i, row in enumerate(rows, 1):
        for column, name in enumerate(names):
            value = row[name]
            if isinstance(value, bool):
                sheet.write_boolean(i, column, value)
            elif value is not None:
                sheet.write_string(i, column, harmless(str(value))[:32767])
    workbook.close()
