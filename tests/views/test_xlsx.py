from __future__ import annotations

import io

from python_calamine import CalamineWorkbook

from jdticket.views.xlsx import write_xlsx


def read(keys: list[str], *rows: dict[str, object]) -> list[list[object]]:
    stream = io.BytesIO()
    write_xlsx(keys, rows, stream)
    stream.seek(0)
    return CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0).to_python()


def test_numbers_stay_whole_because_they_are_text() -> None:
    number = "3581494008421111999"
    assert read(["id", "order_id"], {"id": "59088842", "order_id": number}) == [
        ["id", "order_id"],
        ["59088842", number],
    ]


def test_nothing_is_a_formula_and_nothing_is_a_blank_text() -> None:
    [_header, row] = read(["a", "b", "c"], {"a": "=1+1", "b": None, "c": True})
    assert row == ["=1+1", "", True]


def test_characters_that_no_spreadsheet_takes_are_shown_as_codes() -> None:
    [_header, row] = read(["a"], {"a": "x\x00\x1b\u202ey"})
    assert row == ["x\\x00\\x1b\\u202ey"]


def test_a_text_longer_than_a_cell_takes_is_cut() -> None:
    [_header, row] = read(["a"], {"a": "字" * 40_000})
    assert row == ["字" * 32_767]
