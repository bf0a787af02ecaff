"""When a table was exported, and whether that is believed."""

from __future__ import annotations

import io
import os
from datetime import datetime
from pathlib import Path

import pytest

from jdticket.domain.drafts import Draft
from jdticket.intake.files import open_source

from .reading import at, drafts, options

TABLE = "工单号,创建时间,状态\n59088841,2026-11-23 09:00:00,待回复\n59088842,2026-11-23 11:30:00,已关闭\n"


def saved(folder: Path, content: str | bytes, moment: datetime, name: str = "工单.csv") -> list[Draft]:
    """What is read from a file last written at ``moment``."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    found = list(open_source(path, options()).read())
    assert all(isinstance(item, Draft) for item in found), found
    return [item for item in found if isinstance(item, Draft)]


def seen(found: list[Draft]) -> list[datetime | None]:
    return [draft.seen_at for draft in found]


@pytest.mark.parametrize(
    ("clock", "believed"),
    [
        ("2026-11-23 11:30:00.4", True),
        ("2026-11-23 15:00:00", True),
        ("2026-11-23 11:29:59.9", False),
        ("2026-11-23 15:00:01", False),
        ("1980-01-01 00:00:00", False),
    ],
)
def test_a_file_is_as_old_as_its_own_time_where_that_can_be(
    tmp_path: Path, clock: str, believed: bool
) -> None:
    moment = at(clock)
    told = moment.replace(microsecond=0) if believed else None
    assert seen(saved(tmp_path, TABLE, moment)) == [told, told]


@pytest.mark.parametrize(
    "words",
    [
        "导出时间：2026-11-23 14:00:05",
        "导出时间,2026-11-23 14:00:05",
        "数据说明 下载时间: 2026/11/23 14:00:05 共2条",
        "生成日期：2026年11月23日 14:00:05",
    ],
)
def test_what_a_table_says_of_its_export_goes_before_the_files_own_time(tmp_path: Path, words: str) -> None:
    found = saved(tmp_path, f"{words}\n{TABLE}", at("2026-11-23 14:30"))
    assert seen(found) == [at("2026-11-23 14:00:05")] * 2


@pytest.mark.parametrize(
    "words",
    ["导出日期：2026-11-23", "导出时间：2026-13-23 14:00", "导出时间：昨天 14:00", "导出人：小王 14:00"],
)
def test_a_time_of_export_that_is_none_leaves_the_files_own(tmp_path: Path, words: str) -> None:
    assert seen(saved(tmp_path, f"{words}\n{TABLE}", at("2026-11-23 14:30"))) == [at("2026-11-23 14:30")] * 2


@pytest.mark.parametrize("time", ["2026-11-23 11:29", "2026-11-23 15:01"])
def test_a_time_of_export_that_cannot_be_is_not_believed(tmp_path: Path, time: str) -> None:
    assert seen(saved(tmp_path, f"导出时间：{time}\n{TABLE}", at("2026-11-23 14:30"))) == [None, None]


def test_a_workbook_tells_it_above_its_headings(tmp_path: Path) -> None:
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        rows = [
            ["工单明细"],
            ["导出时间", "2026-11-23 14:00"],
            *(line.split(",") for line in TABLE.splitlines()),
        ]
        for n, cells in enumerate(rows):
            sheet.write_row(n, 0, cells)
    found = saved(tmp_path, held.getvalue(), at("2026-11-23 14:30"), "工单.xlsx")
    assert seen(found) == [at("2026-11-23 14:00")] * 2


def test_one_ticket_that_is_newer_is_enough_however_far_down(tmp_path: Path) -> None:
    rows = [f"{59000000 + n},2026-11-23 09:00:00,待回复" for n in range(6000)]
    text = "\n".join(["工单号,创建时间,状态", *rows, "59100000,2026-11-23 14:31:00,待回复", *rows[:3], ""])
    found = saved(tmp_path, text, at("2026-11-23 14:30"))
    assert seen(found)[-4:] == [None] * 4
    text = text.replace("14:31:00", "14:30:00")
    assert set(seen(saved(tmp_path, text, at("2026-11-23 14:30")))) == {at("2026-11-23 14:30")}


def test_rows_without_a_state_have_an_age_as_well(tmp_path: Path) -> None:
    table = TABLE.replace(",待回复", ",").replace(",已关闭", ",")
    assert seen(saved(tmp_path, table, at("2026-11-23 14:30"))) == [at("2026-11-23 14:30")] * 2


def test_objects_are_as_old_as_their_file(tmp_path: Path) -> None:
    text = '[{"工单号": "59088841", "创建时间": "2026-11-23 09:00:00", "状态": "待回复"}]'
    assert seen(saved(tmp_path, text, at("2026-11-23 14:30"), "工单.json")) == [at("2026-11-23 14:30")]


def test_a_stream_says_nothing_of_its_age_unless_it_stands_in_it() -> None:
    assert seen(drafts(TABLE)) == [None, None]
    assert seen(drafts(f"导出时间：2026-11-23 14:00\n{TABLE}")) == [at("2026-11-23 14:00")] * 2
