"""XLSX, XLS, XLSB and ODS, through calamine in a process of its own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.intake.headings import HEADER_ROWS
from jdticket.intake.interface import ReadOptions
from jdticket.intake.tables import Row, Table, read_tables
from jdticket.intake.workbook_file import about_workbook, damaged, protected
from jdticket.text import quoted

# What the child needs to start; it has no business with tokens and passwords.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")


def read_workbook(
    name: str, stream: BinaryIO, options: ReadOptions, notes: list[str]
) -> Iterator[Draft | Rejection]:
    """The tickets of all sheets with usable headings; see :func:`read_tables`.

    Raises ``InputError`` for a workbook that is protected by a password, breaks off, is no workbook
    after all, would burst this computer's memory, or has no sheet with usable headings.
    """
    about = about_workbook(name, stream)
    with closing(_Child(name, stream, about.most_memory)) as child:
        sheets = child.answer()
        first = [child.answer() for _sheet in sheets]
        bodies = _Bodies(child)
        tables = [
            Table(sheet, first[n], partial(bodies.rows, n), hidden)
            for n, (sheet, hidden) in enumerate(sheets)
        ]
        if not any(first):
            raise InputError(_("{name} is empty: no sheet of it holds anything.").format(name=name))
        notes += about.notes
        yield from read_tables(name, tables, replace(options, calendar_1904=about.calendar_1904), notes)


class _Bodies:
    """The rows of each sheet in turn, as the child sends them."""

    def __init__(self, child: _Child) -> None:
        self._child = child
        self._at = 0

    def rows(self, sheet: int) -> Iterator[Row]:
        """The rows of a sheet, counted from 1; sheets are asked for in order, and may be left out."""
        while self._at < sheet:
            while self._child.answer() is not None:
                pass
            self._at += 1
        number = 0
        while (batch := self._child.answer()) is not None:
            for cells in batch:
                number += 1
                yield number, cells
        self._at += 1


class _Child:
    """The process that reads. Raises ``InputError`` for what it says, and for its end without a word."""

    def __init__(self, name: str, stream: BinaryIO, most_memory: int) -> None:
        self._name = name
        stream.seek(0)
        script = Path(__file__).with_name("workbook_child.py")
        reading, writing = os.pipe()
        self._answers = open(reading, "rb")  # noqa: SIM115, PTH123 - closed with the process
        self._process = subprocess.Popen(  # noqa: S603 - this program's own script
            [sys.executable, str(script), str(most_memory), str(HEADER_ROWS)],
            stdin=stream,
            stdout=writing,
            stderr=subprocess.DEVNULL,
            env={key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
        )
        os.close(writing)

    def answer(self) -> Any:
        """The next piece; see ``workbook_child``."""
        try:
            piece = pickle.load(self._answers)  # noqa: S301 - from this program's own child
        except (EOFError, pickle.UnpicklingError):
            if self._process.wait() < 0:
                raise InputError(
                    _(
                        "{name} cannot be read: it is damaged, or a cell far away from all others makes it "
                        "far too large; copy the tickets into a new workbook."
                    ).format(name=self._name)
                ) from None
            raise InputError(damaged(self._name)) from None
        if not isinstance(piece, tuple):
            return piece
        kind, words = piece
        if kind == "password":
            raise InputError(protected(self._name))
        if kind == "memory":
            raise InputError(
                _("{name} would take too much memory; export it as CSV.").format(name=self._name)
            )
        raise InputError(
            _(
                "{name} cannot be read as a workbook ({problem}); open it in Excel, save it again as .xlsx."
            ).format(name=self._name, problem=quoted(words))
        )

    def close(self) -> None:
        """End it, whatever it is at."""
        self._answers.close()
        self._process.kill()
        self._process.wait()
