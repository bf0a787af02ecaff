from __future__ import annotations

import codecs

import pytest

from jdticket.errors import InputError, UsageError

from .reading import DATA, drafts, only_draft, read, source

TEXT = "工单号,订单号,创建时间,内容\n59088842,275490614167,2026-11-23 09:00:00,买家催发货\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert only_draft(TEXT.encode(encoding)).content == "买家催发货"


def test_utf_16_is_known_by_its_mark_whichever_byte_comes_first() -> None:
    assert only_draft(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")).content == "买家催发货"
    assert only_draft(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")).content == "买家催发货"


def test_the_one_chinese_character_that_tells_may_come_in_the_last_row() -> None:
    row = "59088842,2026-11-23 09:00:00,content only in ASCII until the very end of this file\n"
    body = "id,created_at,content\n" + row * 40_000
    raw = body.encode() + "59088842,2026-11-23 09:00:00,中\n".encode("gb18030")
    assert len(raw) > 2 * 1024 * 1024
    *_others, last = drafts(raw)
    assert last.content == "中"


def test_a_character_across_two_chunks_of_reading_is_whole() -> None:
    head = b"id,created_at,content\n59088842,2026-11-23 09:00:00,"
    filler = b"x" * (1024 * 1024 - len(head) - 1 - 500_000)
    raw = head + filler + b"\n59088843,2026-11-23 09:00:00," + b"y" * 499_970 + "京东\n".encode()
    assert drafts(raw)[1].content == "y" * 499_970 + "京东"


def test_tables_of_another_program_are_read_in_their_encodings() -> None:
    for name in ("gb18030.csv", "utf16.csv"):
        found = drafts((DATA / name).read_bytes(), name)
        assert [draft.content for draft in found] == ["买家称未收到货,要求今天回复", "包裹破损"]


def test_an_encoding_can_be_given() -> None:
    assert only_draft(TEXT.encode("utf-16-le"), encoding="utf-16-le").content == "买家催发货"
    assert only_draft(TEXT.encode("utf-8-sig"), encoding="UTF-8").id == "59088842"


def test_a_given_encoding_that_does_not_fit_is_told_with_its_line() -> None:
    with pytest.raises(InputError, match=r"not in the encoding ascii.*line 1.*--encoding"):
        read(TEXT.encode(), encoding="ascii")
    with pytest.raises(InputError, match=r"encoding utf-8.*line 3"):
        read(TEXT.encode() + b"\xd6\xd0", encoding="utf-8")


def test_the_line_is_told_in_a_long_file_too() -> None:
    with pytest.raises(InputError, match=r"line 600002 "):
        read(TEXT.encode() + b"a,b\n" * 599_999 + b"\xff", encoding="utf-8")


@pytest.mark.parametrize("name", ["utf8x", "rot13", "base64", "", "utf\x00", "undefined"])
def test_an_unknown_encoding_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=r"no encoding named.*gb18030"):
        source(TEXT, encoding=name)


def test_a_file_in_no_encoding_is_told_with_the_lines() -> None:
    with pytest.raises(
        InputError, match=r"neither in UTF-8 \(up to line 1\) nor in GB18030 \(up to line 3\)"
    ):
        read(TEXT.encode("gb18030") + b"\xff\xff\n")


def test_a_text_that_ends_within_a_character_breaks_off() -> None:
    with pytest.raises(InputError, match="breaks off"):
        read((TEXT + "京").encode()[:-1])


def test_a_damaged_utf_16_file_is_told() -> None:
    with pytest.raises(InputError, match="damaged"):
        read(TEXT.encode("utf-16")[:-1])


@pytest.mark.parametrize(
    "raw", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + b"\0" * 500, TEXT.encode("utf-16-le")]
)
def test_binary_data_is_no_table(raw: bytes) -> None:
    with pytest.raises(InputError, match="binary data"):
        read(raw, "orders.csv")
