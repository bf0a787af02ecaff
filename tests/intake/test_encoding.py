from __future__ import annotations

import codecs

import pytest

from jdticket.domain.drafts import Draft, Rejection
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


def test_a_given_encoding_that_does_not_fit_everywhere_is_used_all_the_same() -> None:
    raw = TEXT.encode("gb18030") + b"59088843,275490614167,2026-11-23 09:00:00," + b"\xcc\n"
    found = source(raw, encoding="gb18030")
    assert [item.content for item in found.read() if isinstance(item, Draft)] == ["买家催发货", "�"]
    [note] = found.notes
    assert "row 3, column 内容 “�”: a damaged character stands here as �" in note


@pytest.mark.parametrize("name", ["utf8x", "rot13", "base64", "", "utf\x00", "undefined"])
def test_an_unknown_encoding_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=r"no encoding named.*gb18030"):
        source(TEXT, encoding=name)


@pytest.mark.parametrize(
    ("encoding", "cell", "content"),
    [
        ("gb18030", "京东".encode("gb18030")[:-1], "京�"),
        ("gb18030", b"\x80 100", "€ 100"),
        ("gb18030", b"\xff\xff", "��"),
        ("utf-8", "京东".encode()[:-1], "京��"),
        ("utf-8", "京东".encode("gb18030"), "京东"),
        ("utf-8-sig", "京东".encode("gb18030"), "京东"),
        ("utf-8", b"\xff", "�"),
    ],
)
def test_a_cell_that_does_not_fit_costs_neither_the_file_nor_the_ticket(
    encoding: str, cell: bytes, content: str
) -> None:
    raw = TEXT.encode(encoding) + b"59088843,275490614167,2026-11-23 09:00:00," + cell + b"\r\n"
    raw += TEXT.splitlines()[1].replace("42,", "44,", 1).encode(encoding.removesuffix("-sig"))
    found = source(raw)
    contents = [item.content for item in found.read() if isinstance(item, Draft)]
    assert contents == ["买家催发货", content, "买家催发货"]
    assert ["row 3, column 内容" in note for note in found.notes] == [True] * ("�" in content)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_text_that_ends_within_a_character_breaks_off_and_its_rows_go_in(encoding: str) -> None:
    *tickets, told = read((TEXT + "59088843,,2026-11-23 09:00:00,京").encode(encoding)[:-1])
    assert [item.id for item in tickets if isinstance(item, Draft)] == ["59088842", "59088843"]
    assert isinstance(told, Rejection)
    assert "breaks off within a character" in told.reason


@pytest.mark.parametrize(
    "raw", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + b"\0" * 500, TEXT.encode("utf-16-le")]
)
def test_binary_data_is_no_table(raw: bytes) -> None:
    with pytest.raises(InputError, match="binary data"):
        read(raw, "orders.csv")
