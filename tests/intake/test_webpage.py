from __future__ import annotations

import io
from email.message import EmailMessage

import pytest

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError
from jdticket.intake.webpage import read_page

from .reading import at, drafts, only_draft, options, read, source

HEAD = "<tr><th>工单号</th><th>订单号</th><th>创建时间</th><th>内容</th></tr>"


def row(number: int = 59088842, content: str = "破损") -> str:
    cells = (str(number), "3581494008421111", "2026-11-23 09:00:00", content)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def page(*rows: str, before: str = "", meta: str = "") -> str:
    return f"<html><head>{meta}</head><body>{before}<table>{HEAD}{''.join(rows)}</table></body></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_table_in_a_page_is_read_in_any_encoding_whatever_it_is_called(encoding: str) -> None:
    meta = "<meta http-equiv=Content-Type content='text/html; charset=gb2312'>"
    draft = only_draft(page(row(), meta=meta).encode(encoding), "工单.xls")
    assert (draft.row, draft.id, draft.order_id) == (2, "59088842", "3581494008421111")
    assert (draft.created_at, draft.content) == (at("2026-11-23 09:00"), "破损")


@pytest.mark.parametrize(
    ("written", "content"),
    [
        ("一<br>二<br/> 三", "一\n二\n三"),
        ("  一 \n 二 ", "一 二"),
        ("&lt;b&gt;&nbsp;&amp;&#39;x&#x27;", "<b> &'x'"),
        ("一<script>alert(1)</script><style>td{}</style>二", "一二"),
        ("一<span style='mso-hide:all; display:none'>不显示<b>也不</b></span>二", "一二"),
        ("<font color=red>破</font><b>损</b>", "破损"),
    ],
)
def test_a_cell_is_what_a_browser_shows(written: str, content: str) -> None:
    assert only_draft(page(row(content=written))).content == content


def test_tables_that_lay_the_page_out_do_not_matter() -> None:
    inner = page(row()).removeprefix("<html><head></head><body>").removesuffix("</body></html>")
    text = f"<table><tr><td>菜单</td><td>{inner}</td></tr></table>"
    assert only_draft(text).id == "59088842"


def test_all_tables_of_tickets_in_a_page_are_read() -> None:
    text = page(row(59088842)) + page(row(59088843))
    assert [(draft.id, draft.row) for draft in drafts(text)] == [("59088842", 2), ("59088843", 4)]


@pytest.mark.parametrize(
    ("over_the_bar", "first"), [("", ""), ('<th class="gutter"></th>', "<tr aria-hidden><td></td></tr>")]
)
def test_headings_that_stay_in_place_in_a_table_of_their_own_hold_for_the_next(
    over_the_bar: str, first: str
) -> None:
    head = HEAD.replace("</tr>", over_the_bar + "</tr>")
    text = f"<table>{head}</table><div><table>{first}{row(59088842)}{row(59088843)}</table></div>"
    assert [draft.id for draft in drafts(text)] == ["59088842", "59088843"]


@pytest.mark.parametrize(
    "cells", ["59088843 2026-11-23T09:00", "59088843 2026/11/23T9:00:00", "59088843 3581494008421111"]
)
def test_a_table_that_looks_like_tickets_and_has_no_headings_is_named(cells: str) -> None:
    other = "".join(f"<td>{cell.replace('T', ' ')}</td>" for cell in cells.split())
    first, second = read(page(row()) + f"<table><tr>{other}</tr></table>")
    assert isinstance(first, Draft)
    assert isinstance(second, Rejection)
    assert "no row with usable headings" in second.reason


def test_end_tags_may_be_left_out_but_a_table_that_is_not_closed_breaks_off() -> None:
    text = "<table><tr><td>工单号<td>创建时间<tr><td>59088842<td>2026-11-23 09:00<tr><td>59088843<td>2026-11"
    assert [type(item) for item in read(text + "-23 09:00</table>")] == [Draft, Draft]
    ticket, cut, told = read(text)
    assert isinstance(ticket, Draft)
    assert isinstance(cut, Rejection)
    assert isinstance(told, Rejection)
    assert (cut.row, told.row, "breaks off within a table" in told.reason) == (3, 0, True)


@pytest.mark.parametrize("stray", ["</table>", "</TABLE></table>"])
def test_a_stray_end_of_a_table_hides_no_break(stray: str) -> None:
    whole = stray + page(row()) + stray
    assert len(drafts(whole)) == 1
    assert [type(item) for item in read(whole + page(row(59088843)).partition("</table>")[0])] == [
        *(Draft, Draft, Rejection),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"<table>{HEAD}{row(59088842)}</table>{row(59088843)}",
        f"<body>{HEAD}{row(59088842)}{row(59088843)}</body>",
        f"<table>{HEAD}{row(59088842)}</table></table>{row(59088843)}<table><tr><td>菜单</td></tr></table>",
    ],
)
def test_a_row_outside_of_any_table_goes_on_with_the_one_before(text: str) -> None:
    assert [draft.id for draft in drafts(text)] == ["59088842", "59088843"]


def test_headings_may_span_rows_and_columns_and_values_rows() -> None:
    text = (
        "<table><tr><th rowspan=2>工单号<th colspan=2>订单信息<th rowspan=2>创建时间"
        "<tr><th>订单编号<th>店铺名称"
        "<tr><td>59088842<td rowspan=2>275490614167<td>京东3店<td>2026-11-23 09:00"
        "<tr><td>59088843<td>京东5店<td>2026-11-23 09:00</table>"
    )
    assert [(draft.id, draft.order_id, draft.shop) for draft in drafts(text)] == [
        ("59088842", "275490614167", "京东3店"),
        ("59088843", "275490614167", "京东5店"),
    ]


def test_a_number_that_excel_shows_shortened_is_read_in_full() -> None:
    text = page(row()).replace(
        "<td>3581494008421111</td>",
        '<td x:num="275490614167" style="mso-number-format:General">2.75E+11</td>',
    )
    assert only_draft(text).order_id == "275490614167"


def test_a_bad_row_is_named_and_the_others_go_in() -> None:
    found = read(page(row(1), row()))
    assert [type(item) for item in found] == [Rejection, Draft]
    assert (found[0].row, found[1].row) == (2, 3)


def test_what_no_page_of_tickets_is_ends_with_a_sentence() -> None:
    for text in ("<html><body>" + "<div>" * 100_000, "<p>工单号</p>", "<", "<table></table>", "<?xml?><a/>"):
        with pytest.raises(InputError, match="there is no table in it"):
            read(text)


def test_no_entity_is_looked_up() -> None:
    laughs = (
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Workbook>&b;</Workbook>'
    )
    with pytest.raises(InputError, match="entities"):
        read(laughs)


# XML spreadsheets of 2003

SPREADSHEET = """<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Excel.Sheet"?>
<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">{sheets}</ss:Workbook>"""


def sheet(name: str, *rows: str) -> str:
    return f'<ss:Worksheet ss:Name="{name}"><ss:Table>{"".join(rows)}</ss:Table></ss:Worksheet>'


def cells(*values: str, **attributes: str) -> str:
    return (
        "<ss:Row>"
        + "".join(f'<ss:Cell><ss:Data ss:Type="String">{value}</ss:Data></ss:Cell>' for value in values)
        + "</ss:Row>"
    )


def test_every_sheet_of_an_xml_spreadsheet_is_read() -> None:
    head = cells("工单号", "订单号", "创建时间", "内容")
    typed = (
        '<ss:Row ss:Index="5"><ss:Cell><ss:Data ss:Type="Number">59088842</ss:Data></ss:Cell>'
        '<ss:Cell ss:Index="3"><ss:Data ss:Type="DateTime">2026-11-23T09:00:00.000</ss:Data></ss:Cell>'
        '<ss:Cell><ss:Data ss:Type="String">破<B>损</B></ss:Data></ss:Cell></ss:Row>'
    )
    number = (
        '<ss:Row><ss:Cell><ss:Data ss:Type="Number">5.9088843E7</ss:Data></ss:Cell><ss:Cell/>'
        '<ss:Cell><ss:Data ss:Type="Number">46349.375</ss:Data></ss:Cell></ss:Row>'
    )
    text = SPREADSHEET.format(sheets=sheet("京东3店", head, typed) + sheet("京东5店", head, number))
    first, second = drafts(text, "a.xls")
    assert (first.source, first.row, first.id) == ("a.xls (sheet 京东3店)", 5, "59088842")
    assert (first.order_id, first.created_at, first.content) == (None, at("2026-11-23 09:00"), "破损")
    assert (second.source, second.id, second.created_at) == (
        "a.xls (sheet 京东5店)",
        "59088843",
        at("2026-11-23 09:00"),
    )


def test_a_cell_merged_over_rows_moves_none_behind_it() -> None:
    head = cells("店铺", "工单号", "创建时间", "截止时间")
    times = "".join(
        f'<ss:Cell><ss:Data ss:Type="DateTime">2026-11-23T{clock}:00.000</ss:Data></ss:Cell>'
        for clock in ("09:10", "13:10")
    )
    first = '<ss:Row><ss:Cell ss:MergeDown="1"><ss:Data ss:Type="String">京东3店</ss:Data></ss:Cell>'
    number = '<ss:Cell{}><ss:Data ss:Type="Number">{}</ss:Data></ss:Cell>'
    rows = first + number.format("", 59088842) + times + "</ss:Row>"
    rows += "<ss:Row>" + number.format(' ss:Index="2"', 59088843) + times + "</ss:Row>"
    found = drafts(SPREADSHEET.format(sheets=sheet("a", head, rows)))
    assert [(draft.id, draft.shop, draft.deadline_at) for draft in found] == [
        ("59088842", "京东3店", at("2026-11-23 13:10")),
        ("59088843", "京东3店", at("2026-11-23 13:10")),
    ]


def test_bare_numbers_count_from_1904_where_the_spreadsheet_says_so() -> None:
    number = '<ss:Cell><ss:Data ss:Type="Number">{}</ss:Data></ss:Cell>'
    written = '<ss:Cell><ss:Data ss:Type="DateTime">2026-11-23T13:00:00.000</ss:Data></ss:Cell>'
    rows = "<ss:Row>" + number.format(59088842) + number.format(46349.375 - 1462) + written + "</ss:Row>"
    sheets = sheet("a", cells("工单号", "创建时间", "截止时间"), rows)
    draft = only_draft(
        SPREADSHEET.format(sheets="<x:ExcelWorkbook><x:Date1904/></x:ExcelWorkbook>" + sheets).replace(
            "xmlns:ss", 'xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:ss'
        )
    )
    assert (draft.created_at, draft.deadline_at) == (at("2026-11-23 09:00"), at("2026-11-23 13:00"))


def test_an_xml_spreadsheet_that_breaks_off_is_told() -> None:
    text = SPREADSHEET.format(sheets=sheet("a", cells("工单号", "创建时间")))
    with pytest.raises(InputError, match="no whole page or XML"):
        read(text[:-30])


# Web archives


def test_the_pages_of_a_web_archive_are_read() -> None:
    message = EmailMessage()
    message["MIME-Version"] = "1.0"
    message.make_related()
    for name, number in (("book.htm", None), ("sheet001.htm", 59088842), ("sheet002.htm", 59088843)):
        part = EmailMessage()
        html = page(row(number)) if number else "<html><frameset></frameset></html>"
        part.set_content(html.encode("gb18030"), "text", "html", cte="quoted-printable")
        part["Content-Location"] = f"file:///C:/工单.files/{name}"
        message.attach(part)
    found = source(message.as_bytes(), "工单.mht")
    assert [item.id for item in found.read() if isinstance(item, Draft)] == ["59088842", "59088843"]


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
def test_a_web_archive_that_breaks_off_is_told(encoding: str) -> None:
    message = EmailMessage()
    message["MIME-Version"] = "1.0"
    message.make_related()
    part = EmailMessage()
    html = page(*(row(59088800 + n) for n in range(40)))
    part.set_content(html.encode(), "text", "html", cte=encoding)
    message.attach(part)
    whole = message.as_bytes()
    assert [type(item) for item in read(whole, "a.mht")] == [Draft] * 40
    for length in (len(whole) * 2 // 3, len(whole) - 8):
        *_tickets, last = read(whole[:length], "a.mht")
        assert isinstance(last, Rejection)
        assert "breaks off" in last.reason


class Counted(io.StringIO):
    """A text that counts how often it is read from its beginning."""

    readings = 0

    def seek(self, at: int, whence: int = 0) -> int:
        self.readings += (at, whence) == (0, 0)
        return super().seek(at, whence)


def test_many_tables_take_no_more_readings_than_one() -> None:
    def readings(tables: int) -> int:
        numbers = range(59088841, 59088841 + tables)
        text = Counted("<html>" + "".join(f"<table>{HEAD}{row(n)}</table>" for n in numbers) + "</html>")
        found = list(read_page("工单.xls", text, text.getvalue(), options(), []))
        assert [draft.id for draft in found if isinstance(draft, Draft)] == [str(n) for n in numbers]
        return text.readings

    assert readings(30) == readings(1)


def test_a_table_within_a_table_of_tickets_is_read_as_well() -> None:
    inner = f"<table>{HEAD}{row(59088842)}{row(59088843)}</table>"
    text = f"<html><table>{HEAD}{row(59088841)}{row(59088844, inner)}{row(59088845)}</table></html>"
    assert {draft.id for draft in drafts(text, "工单.xls")} == {str(n) for n in range(59088841, 59088846)}
