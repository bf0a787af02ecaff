from __future__ import annotations

import io
import re
import struct
import zipfile
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError

from .reading import DATA, at, drafts, only_draft, read, source

HEADER = ["工单号", "订单号", "创建时间", "内容"]


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    book.close()
    return out.getvalue()


@pytest.mark.parametrize("name", ["export.xlsx", "export.xls", "export.ods"])
def test_workbooks_of_another_program_are_read_below_their_titles(name: str) -> None:
    found = drafts((DATA / name).read_bytes(), name)
    assert [(draft.row, draft.id, draft.order_id) for draft in found] == [
        (5, "59088842", "275490614167"),
        (6, "59088843", "3581494008421111"),
        (7, "84712345", "3581494008421112"),
    ]
    assert [draft.created_at for draft in found] == [
        at("2026-11-23 09:12:30"),
        at("2026-11-22 18:40"),
        at("2026-11-20 10:00"),
    ]
    assert [draft.deadline_at for draft in found] == [at("2026-11-23 13:12:30"), at("2026-11-23 12:40"), None]
    assert found[0].content == "买家称未收到货，\n要求今天回复"


def test_the_content_counts_not_the_name() -> None:
    assert len(drafts((DATA / "export.xlsx").read_bytes(), "tickets.csv")) == 3


def test_numbers_and_dates_in_cells_are_read_as_they_are_meant() -> None:
    moment = datetime(2026, 11, 23, 9, 12, 30)  # noqa: DTZ001 - what Excel holds
    draft = only_draft(workbook({"a": [HEADER, [59088842, 275490614167, moment, 12.0]]}))
    assert (draft.id, draft.order_id, draft.content) == ("59088842", "275490614167", "12")
    assert draft.created_at == at("2026-11-23 09:12:30")


def test_a_cell_that_holds_a_day_is_no_deadline_and_that_is_told() -> None:
    morning, day = datetime(2026, 11, 23, 9), datetime(2026, 11, 24)  # noqa: DTZ001 - what Excel holds
    header = ["工单号", "创建时间", "截止时间"]
    found = source(workbook({"a": [header, [59088842, morning, day]]}), "a.xlsx")
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert (draft.created_at, draft.deadline_at) == (at("2026-11-23 09:00"), None)
    assert any("a day alone is no deadline" in note for note in found.notes)


def test_an_order_number_beyond_15_digits_is_left_aside_when_it_is_a_number() -> None:
    found = source((DATA / "rounded.xlsx").read_bytes(), "rounded.xlsx")
    assert [item.order_id for item in found.read() if isinstance(item, Draft)] == [None, "275490614167"]
    [note] = found.notes
    assert "row 2, column 订单号" in note
    assert "Excel has rounded" in note
    assert "left aside, the ticket was taken in" in note


def test_sheets_of_something_else_are_noted() -> None:
    found = source((DATA / "sheets.xlsx").read_bytes(), "sheets.xlsx")
    assert len(list(found.read())) == 3
    assert found.notes == ["sheets.xlsx: read were export; not read were 说明, 汇总."]


def test_every_sheet_with_headings_is_read_and_names_its_rows() -> None:
    good = [59088842, 275490614167, "2026-11-23 09:00:00", "一"]
    bad = [1, 275490614167, "2026-11-23 09:00:00", "二"]
    found = read(workbook({"京东3店": [HEADER, good], "京东5店": [["说明"], HEADER, bad, good]}), "a.xlsx")
    assert [(item.source, item.row) for item in found] == [
        ("a.xlsx (sheet 京东3店)", 2),
        ("a.xlsx (sheet 京东5店)", 3),
        ("a.xlsx (sheet 京东5店)", 4),
    ]
    assert isinstance(found[1], Rejection)


def test_a_sheet_that_looks_like_tickets_and_cannot_be_read_is_named() -> None:
    rows = [[59088842, 275490614167, "2026-11-23 09:00:00", "一"]]
    ticket, rejection = read(workbook({"a": [HEADER, *rows], "b": rows}), "a.xlsx")
    assert isinstance(ticket, Draft)
    assert isinstance(rejection, Rejection)
    assert "a.xlsx (sheet b): no row with usable headings" in rejection.reason


def test_headings_over_two_rows_are_one_header() -> None:
    upper = ["工单号", "订单信息", "", "创建", "问题描述"]
    lower = ["", "订单编号", "店铺名称", "时间", ""]
    row = [59088842, 275490614167, "京东3店", "2026-11-23 09:00:00", "破损"]
    draft = only_draft(workbook({"a": [["导出"], upper, lower, row]}))
    assert (draft.row, draft.order_id, draft.shop, draft.content) == (4, "275490614167", "京东3店", "破损")
    assert draft.created_at == at("2026-11-23 09:00")


def test_a_header_alone_yields_nothing_but_a_note() -> None:
    found = source(workbook({"a": [HEADER]}), "a.xlsx")
    assert list(found.read()) == []
    assert found.notes == ["a.xlsx has headings but no tickets below them."]


def test_a_workbook_without_usable_headings_says_what_it_has() -> None:
    with pytest.raises(InputError, match=r"商品, 价格.*needed|seen were 商品, 价格"):
        read(workbook({"a": [["商品", "价格"], ["杯子", 3]]}))


def test_a_sheet_with_some_known_headings_does_not_hide_the_one_with_tickets() -> None:
    sheets = {
        "sums": [["店铺", "状态"], ["京东3店", 2]],
        "b": [HEADER, [59088842, "", "2026-11-23 09:00:00"]],
    }
    assert only_draft(workbook(sheets)).id == "59088842"


def test_an_empty_workbook_is_empty() -> None:
    with pytest.raises(InputError, match="empty"):
        read(workbook({"a": [], "b": []}))


@pytest.mark.parametrize("name", ["protected.xlsx", "protected.xls", "protected.ods"])
def test_a_password_is_told(name: str) -> None:
    with pytest.raises(InputError, match=rf"{name} is protected by a password"):
        read((DATA / name).read_bytes(), name)


@pytest.mark.parametrize("name", ["export.xlsx", "export.xls", "export.ods"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
def test_a_workbook_that_breaks_off_is_told(name: str, part: float) -> None:
    raw = (DATA / name).read_bytes()
    with pytest.raises(InputError, match=rf"{name} is damaged or breaks off"):
        read(raw[: int(len(raw) * part)], name)


def test_another_archive_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("tickets.csv", "工单号")
    with pytest.raises(InputError, match="ZIP archive and no workbook"):
        read(out.getvalue(), "a.zip")


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_workbook_that_would_burst_is_told_before_it_is_unpacked(beyond: int) -> None:
    raw = bytearray(workbook({"a": [HEADER, [59088842, "", "2026-11-23 09:00:00"]]}))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {item.filename: item.file_size for item in archive.infolist()}
    # What the list at the archive's end says of the size of one part, which no sheet needs.
    name = b"docProps/app.xml"
    size = 32 * 1024**2 - sum(parts.values()) + parts[name.decode()] + beyond
    struct.pack_into("<L", raw, raw.rindex(b"PK\x01\x02", 0, raw.rindex(name)) + 24, size)
    if beyond:
        with pytest.raises(InputError, match=r"a\.xlsx unpacks to 32 MB, too much for a table of tickets"):
            read(bytes(raw), "a.xlsx")
    else:
        assert only_draft(bytes(raw)).id == "59088842"


def test_an_archive_with_a_broken_sheet_is_told() -> None:
    raw = io.BytesIO(workbook({"a": [HEADER]}))
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.namelist():
            new.writestr(item, b"<no xml" if item.endswith("sheet1.xml") else old.read(item))
    with pytest.raises(InputError):
        read(out.getvalue(), "a.xlsx")


def test_a_workbook_damaged_within_is_told() -> None:
    raw = bytearray((DATA / "export.xls").read_bytes())
    raw[3142] = 0xFF  # a length in a record; calamine panics over it
    with pytest.raises(InputError, match="damaged"):
        read(bytes(raw), "export.xls")


def test_a_cell_beyond_the_limit_is_left_aside() -> None:
    raw = io.BytesIO(workbook({"a": [HEADER, [59088842, "", "2026-11-23 09:00:00", "MARK"]]}))
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, old.read(item).replace(b"MARK", b"x" * 1_048_577))
    found = source(out.getvalue(), "a.xlsx")
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert draft.content is None
    [note] = found.notes
    assert "row 2, column 内容" in note


def test_bare_numbers_of_an_opendocument_sheet_count_from_the_day_that_it_says() -> None:
    path = DATA / "intake" / "calendar-1904.ods"
    held = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(held, "w") as changed:
        for part in whole.namelist():
            content = whole.read(part)
            if part == "content.xml":
                # 2025-11-25 11:18:05, in days since 1904-01-01.
                content = content.replace(
                    b'office:value-type="date" office:date-value="2025-11-25T11:18:05"',
                    b'office:value-type="float" office:value="44524.47089120370"',
                )
                assert b"44524.47" in content
            changed.writestr(part, content)
    first = drafts(held.getvalue())[0]
    assert first.created_at == at("2025-11-25 11:18:05")


HOLLOW = [["工单号", "创建时间", "截止时间", "订单号"], ["59088841", "2026-11-23 09:00", "", "275490614167"]]


def hollowed(cell: str) -> bytes:
    """A workbook whose deadline is this element instead of a cell."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook({"工单": HOLLOW}))) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                data = re.sub(rb'<c r="D2"', cell.encode() + rb'<c r="D2"', data)
                assert cell.encode() in data
            new.writestr(part, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ('<c r="C2" t="e"><v>#N/A</v></c>', "an error such as #N/A were read as empty: C2"),
        (
            '<c r="C2" s="1" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
            "an error such as #N/A were read as empty: C2",
        ),
        (
            '<c r="C2"><f>B2+TIME(4,0,0)</f><v></v></c>',
            "formulas whose results were not saved were read as empty: C2",
        ),
        ('<c r="C2"><f>B2</f><v/></c>', "formulas whose results were not saved were read as empty: C2"),
        (
            '<c r="C2" s="3"><f t="shared" si="0"/></c>',
            "formulas whose results were not saved were read as empty: C2",
        ),
        ('<c r="C2" t="str"><f>TEXT(B2)</f><v>2026-11-23 12:00</v></c>', ""),
    ],
)
def test_a_cell_without_its_value_is_told(cell: str, told: str) -> None:
    found = source(hollowed(cell))
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert draft.deadline_at == (None if told else at("2026-11-23 12:00"))
    assert [told in note for note in found.notes] == [True] * bool(told)
