from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft, Rejection
from jdticket.errors import InputError
from jdticket.intake.files import open_source, source_from_stream

from .reading import DATA, at, drafts, options, read, source

TABLE = "工单号,创建时间\n59088842,2026-11-23 09:00:00\n"
PAGE = (DATA / "page.txt").read_text(encoding="utf-8")


def test_a_file_is_called_by_its_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "工单.csv"
    path.write_text(TABLE, encoding="utf-8")
    found = open_source(path, options())
    assert found.name == "工单.csv"
    [draft] = found.read()
    assert (draft.source, draft.row) == ("工单.csv", 2)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_name_that_is_no_text_can_be_stored_and_shown(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xb9\xa4\x1b.csv")
    path.write_text(TABLE, encoding="utf-8")
    [draft] = open_source(path, options()).read()
    assert draft.source == "??\\x1b.csv"


def test_a_missing_file_and_a_folder_are_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_source(tmp_path / "gone.csv", options())
    with pytest.raises(InputError, match="is a folder"):
        open_source(tmp_path, options())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TABLE, encoding="utf-8")
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        open_source(path, options())


def test_a_file_that_is_gone_when_it_is_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TABLE, encoding="utf-8")
    found = open_source(path, options())
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        list(found.read())


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b" \r\n\t\n"])
def test_an_empty_file_is_told(raw: bytes) -> None:
    with pytest.raises(InputError, match="stdin is empty"):
        read(raw)


def test_a_web_page_without_tickets_is_told_whatever_its_name() -> None:
    with pytest.raises(InputError, match="web page or XML, and there is no table in it"):
        read("<html><body>工单号 59088842</body></html>", "工单.xls")
    with pytest.raises(InputError, match="no row with usable headings"):
        read("<html><table><tr><td>工单号</td></tr></table></html>", "工单.xls")


def test_a_stream_that_cannot_be_read_twice_is_read_all_the_same() -> None:
    for raw in (
        TABLE.encode("gb18030"),
        (DATA / "export.xlsx").read_bytes(),
        PAGE.encode(),
        b'[{"id":59088842,"created_at":1795395600000}]',
    ):
        reading, writing = os.pipe()

        def feed(raw: bytes = raw, writing: int = writing) -> None:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(raw)

        feeder = threading.Thread(target=feed)
        feeder.start()
        with os.fdopen(reading, "rb") as pipe:
            found = list(source_from_stream("stdin", pipe, options()).read())
            assert not pipe.closed
        feeder.join()
        assert found
        assert all(isinstance(item, Draft) for item in found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of Unix")
def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    feeder = threading.Thread(target=fifo.write_text, args=(TABLE,), kwargs={"encoding": "utf-8"})
    feeder.start()
    assert len(list(open_source(fifo, options()).read())) == 1
    feeder.join()


def test_a_reading_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TABLE * 3, encoding="utf-8")
    reading = open_source(path, options()).read()
    assert isinstance(next(reading), Draft)
    # A file left open is a warning when its reader goes, and a warning fails the test.
    del reading


def test_a_page_is_known_whatever_the_file_is_called() -> None:
    for name in ("page.txt", "stdin", "page.csv"):
        assert [draft.id for draft in drafts(PAGE, name)] == ["84712345", "84712346", "84712347"]


def test_countdowns_of_a_file_count_from_its_own_time(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(PAGE, encoding="utf-8")
    saved = at("2026-11-23 14:00").timestamp()
    os.utime(path, (saved, saved))
    first = next(open_source(path, options()).read())
    assert isinstance(first, Draft)
    assert first.deadline_at == at("2026-11-23 17:58")


def test_countdowns_of_a_stream_count_from_now_unless_told() -> None:
    assert drafts(PAGE)[0].deadline_at == at("2026-11-23 18:58")
    assert drafts(PAGE, copied_at=at("2026-11-23 13:50"))[0].deadline_at == at("2026-11-23 17:48")


def test_a_page_whose_rows_are_lines_below_its_headings_keeps_its_countdowns() -> None:
    text = (
        "工单编号\t业务类型\t订单编号\t创建时间\t状态\t剩余时间\t操作\n"
        "84712345\t催单\t3581494008421111\t2026-11-23 13:49:10\t待商家处理\t还剩3小时58分\t去处理\n"
    )
    [draft] = drafts(text)
    assert (draft.deadline_at, draft.platform_status) == (at("2026-11-23 18:58"), "待商家处理")


def test_a_page_whose_headings_share_a_line_is_no_table_if_no_row_fits_them() -> None:
    headings, rows = "工单编号\t订单编号\t创建时间\t状态\t操作\n", PAGE[PAGE.index("84712347") :]
    assert [draft.id for draft in drafts(headings + rows)] == ["84712347"]


@pytest.mark.parametrize("cell", ['"催\n去处理\n"', '"\n去处理\n"', "去处理"])
def test_a_button_on_a_line_of_its_own_within_a_cell_leaves_a_table_a_table(cell: str) -> None:
    text = f"工单编号,创建时间,截止时间,操作\n59088841,2026-11-23 10:00,2026-11-23 12:00,{cell}\n"
    [ticket] = drafts(text, "工单.csv")
    assert ticket.deadline_at == at("2026-11-23 12:00")


def test_a_text_in_another_encoding_than_was_asked_for_is_told() -> None:
    with pytest.raises(InputError, match="is no text in utf-16; leave --encoding out"):
        read(TABLE.encode("gb18030"), encoding="utf-16")


def test_a_table_with_a_column_of_buttons_stays_a_table() -> None:
    text = "工单编号,创建时间,店铺,操作\n84712345,2026-11-23 13:49:10,京东3店,去处理\n"
    [draft] = drafts(text)
    assert draft.shop == "京东3店"


def test_a_text_that_is_neither_says_how_to_copy_a_page() -> None:
    with pytest.raises(
        InputError, match=r"no ticket was found.*close to it an order number.*select the whole table"
    ):
        read("你好\n今天没有\n", "notes.txt")


def test_a_file_named_as_a_table_is_told_of_its_headings() -> None:
    with pytest.raises(InputError, match="seen were 你好"):
        read("你好\n今天没有\n", "notes.csv")


def test_notes_come_with_the_reading() -> None:
    found = source(PAGE.replace("(3)", "(5)").replace("已超时2小时5分", "即将超时"))
    assert found.notes == []
    assert len(list(found.read())) == 3
    assert ["84712346" in note for note in found.notes] == [True]
    assert [page.announced for page in found.pages] == [5]


@given(
    st.binary(max_size=400) | st.text(max_size=200).map(str.encode),
    st.sampled_from(["a.csv", "a.json", "a.xlsx", "a.txt", "-"]),
)
def test_whatever_comes_in_the_answer_is_tickets_rejections_or_a_sentence(raw: bytes, name: str) -> None:
    try:
        found = list(source_from_stream(name, io.BytesIO(raw), options()).read())
    except InputError as error:
        assert name in error.message
    else:
        assert all(isinstance(item, Draft | Rejection) for item in found)


def test_a_copied_page_too_long_to_be_one_is_refused() -> None:
    with pytest.raises(InputError, match="too long for a copied page"):
        read("去处理\n" + "字\n" * (3 * 1024 * 1024))
