from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft, Rejection
from jdticket.intake.columns import CELL_MAX

from .reading import drafts, only_draft, only_rejection, read, source

HEADER = "工单号,订单号,创建时间,内容\n"


def row(number: int, content: str = "催发货") -> str:
    return f"{number},275490614167,2026-11-23 09:00:00,{content}\n"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_separator_is_found_out(delimiter: str) -> None:
    draft = only_draft((HEADER + row(59088842)).replace(",", delimiter))
    assert (draft.id, draft.order_id, draft.content) == ("59088842", "275490614167", "催发货")


def test_a_separator_in_the_title_rows_misleads_nobody() -> None:
    title = "导出,店铺,时间,范围,全部,状态,页,行\n"
    assert only_draft(title + (HEADER + row(59088842)).replace(",", ";")).id == "59088842"


def test_a_quoted_cell_may_span_lines_and_rows_are_numbered_by_their_first() -> None:
    found = drafts(HEADER + row(59088842, '"第一行\n第二行,\r\n""第三行"""') + row(59088843))
    assert [(draft.row, draft.content) for draft in found] == [
        (2, '第一行\n第二行,\r\n"第三行"'),
        (5, "催发货"),
    ]


@pytest.mark.parametrize("ends", [("\r\n", "\n", "\r"), ("\r", "\r\n", "\n"), ("\n", "\r", "")])
def test_line_ends_may_be_mixed(ends: tuple[str, str, str]) -> None:
    lines = [HEADER, row(59088842), row(59088843)]
    found = drafts("".join(line.strip() + end for line, end in zip(lines, ends, strict=True)))
    assert [(draft.id, draft.row) for draft in found] == [("59088842", 2), ("59088843", 3)]


def test_a_header_alone_yields_nothing_but_a_note() -> None:
    found = source(HEADER)
    assert list(found.read()) == []
    assert found.notes == ["stdin has headings but no tickets below them."]


def test_nul_characters_are_taken_out_and_told() -> None:
    found = source(HEADER + row(59088842) + row(59088843, "破\0损") + row(59088844))
    assert [item.content for item in found.read() if isinstance(item, Draft)] == ["催发货", "破损", "催发货"]
    [note] = found.notes
    assert "row 3, column 内容" in note
    assert "NUL" in note


def test_marks_of_quotation_may_be_written_in_other_ways() -> None:
    escaped = "a,b,c,d\n".replace("a,b,c,d", HEADER.strip())
    text = escaped + '59088842,275490614167,2026-11-23 09:00:00,"说\\"坏了\\",退款"\n'
    assert only_draft(text).content == '说"坏了",退款'
    blank = HEADER + '59088842, 275490614167, 2026-11-23 09:00:00, "坏了,退款"\n'
    assert only_draft(blank).content == "坏了,退款"
    formula = HEADER + '="59088842",="275490614167",="2026-11-23 09:00:00",="坏了,退款"\n'
    assert only_draft(formula).content == "坏了,退款"


def test_a_quotation_mark_that_is_never_closed_loses_no_row_in_silence() -> None:
    found = read(HEADER + row(59088842) + row(59088843, '"破损') + row(59088844) + row(59088845))
    assert isinstance(found[0], Draft)
    [rejection] = found[1:]
    assert isinstance(rejection, Rejection)
    assert rejection.row == 3
    assert "row 5" in rejection.reason


def test_a_table_that_breaks_off_within_a_quoted_cell_is_told() -> None:
    found = read(HEADER + row(59088842, '27" 显示器') + row(59088843, '"破损\n没有补'))
    assert [(type(item), item.row) for item in found] == [(Draft, 2), (Rejection, 3)]


def test_a_quotation_mark_that_swallows_rows_up_to_the_next_is_noticed() -> None:
    text = HEADER + row(59088842, '"破损') + row(59088843) + row(59088844, '"补发"') + row(59088845)
    rejection, *rest = read(text)
    assert isinstance(rejection, Rejection)
    assert (rejection.row, "row 4" in rejection.reason) == (2, True)
    assert [item.id for item in rest if isinstance(item, Draft)] == ["59088845"]


@pytest.mark.parametrize(
    ("first", "second"),
    [('"27寸屏碎了', '"大"号发成小号'), ('"27寸屏碎了', '破损"退'), ('"27寸屏碎了', '"大号"')],
)
def test_stray_quotation_marks_in_two_rows_swallow_no_ticket_in_silence(first: str, second: str) -> None:
    header = "工单号,问题描述,订单编号,下发时间,工单状态\n"
    rest = "275490614167,2026-11-23 09:00,待回复"
    found = read(f"{header}59088842,{first},{rest}\n59088843,{second},{rest}\n59088844,坏了,{rest}\n")
    named, last = found[0], found[-1]
    assert isinstance(named, Rejection)
    assert (named.row, "before row 3" in named.reason) == (2, True)
    assert isinstance(last, Draft)
    assert last.id == "59088844"


def test_numbers_quoted_in_a_text_of_several_lines_are_no_swallowed_rows() -> None:
    assert only_draft(HEADER + row(59088842, '"见工单\n59088843,另一单\n275490614168"')).id == "59088842"


@pytest.mark.parametrize(
    "cell",
    [
        "x" * (CELL_MAX + 1),
        "x" * (5 * CELL_MAX),
        '"' + "x" * (3 * CELL_MAX) + '"',
        '"' + "行\n" * CELL_MAX + '"',
    ],
)
def test_a_cell_beyond_the_limit_rejects_its_row_alone(cell: str) -> None:
    found = read(HEADER + row(59088842) + row(59088843, cell) + row(59088844))
    assert [type(item) for item in found] == [Draft, Rejection, Draft]
    rejection = found[1]
    assert isinstance(rejection, Rejection)
    assert (rejection.row, "1048576" in rejection.reason) == (3, True)


_MEASURE = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.intake.reading import options
from jdticket.intake.files import open_source
count = sum(1 for _ in open_source(Path({path!r}), options()).read())
status = Path("/proc/self/status").read_text().split()
print(count, int(status[status.index("VmHWM:") + 1]) // 1024)
"""


def _count_and_peak_mb(path: Path) -> tuple[int, int]:
    root = str(Path(__file__).parent.parent.parent)
    code = _MEASURE.format(root=root, path=str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, peak = done.stdout.split()
    return int(count), int(peak)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak on Linux only")
def test_neither_many_rows_nor_a_cell_of_100_mb_need_memory(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    with table.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(10_000_000, 10_060_000):
            file.write(row(number))
        file.write(row(59088842, '"'))
        for _piece in range(100):
            file.write("x" * 1024 * 1024)
        file.write('"\n' + row(59088843))
    count, peak = _count_and_peak_mb(table)
    assert count == 60_000 + 2
    assert peak < 60


# Marks that do not show (Cf) and HTML's entities are taken out of what other programs wrote.
CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf"], exclude_characters="&�")
    | st.sampled_from('"\n\r\t,;'),
    max_size=20,
)


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_whatever_a_quoted_cell_holds_each_row_gives_one_ticket(contents: list[str]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["工单号", "订单号", "创建时间", "内容"])
    for number, content in enumerate(contents):
        writer.writerow([59_000_000 + number, 275490614167, "2026-11-23 09:00:00", "v" + content + "w"])
    found = drafts(out.getvalue())
    assert [draft.content for draft in found] == ["v" + content + "w" for content in contents]


@given(st.binary(max_size=300))
def test_no_junk_after_a_table_breaks_the_reader(junk: bytes) -> None:
    from jdticket.errors import InputError

    try:
        found = read((HEADER + row(59088842)).encode() + junk)
    except InputError as error:
        assert error.message
    else:
        assert found


def test_a_row_too_long_for_any_table_is_rejected_as_a_whole() -> None:
    rejection = only_rejection(HEADER + "," * (2 * CELL_MAX + 5) + "\n")
    assert rejection.row == 2
