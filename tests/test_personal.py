"""What leaves for a group chat names no buyer's number."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.personal import without_personal_data

MASKED = [
    ("13800001234", "138****1234"),
    ("138 0000 1234", "138****1234"),
    ("138-0000-1234", "138****1234"),
    ("1380000 1234", "138****1234"),
    ("1380 000 1234", "138****1234"),
    ("13800 001234", "138****1234"),
    ("1 3 8 0 0 0 0 1 2 3 4", "138****1234"),
    ("+8613800001234", "+86138****1234"),
    ("+86 138-0000-1234", "+86 138****1234"),
    ("008613800001234", "0086138****1234"),
    ("86-13800001234", "86-138****1234"),
    ("１３８００００１２３４", "１３８****１２３４"),
    ("13800001234-5678", "138****1234"),
    ("13800001234转5678", "138****1234"),
    ("010-12345678".replace("1234", "6234"), "010****"),
    ("0755 8234 5678", "0755****"),
    ("(021)62345678", "(021)****"),
    ("0571-8234567", "0571****"),
    ("02162345678", "021****"),
    ("010-62345678转801", "010****"),
    ("400-123-4567", "400****"),
    ("4001234567", "400****"),
    ("800 810 1234", "800****"),
    ("110101199001011234", "110****34"),
    ("11010119900101123X", "110****3X"),
    ("110101 19900101 123x", "110****3x"),
    ("身份证110101900101123", "身份证***"),
    ("微信abc_1234", "微信***"),
    ("微信号：abc-1234", "微信号：***"),
    ("加V:abc12345", "加V:***"),
    ("vx wxid_88a7", "vx ***"),
    ("WX：zhang1988", "WX：***"),
    ("QQ12345678", "QQ***"),
    ("qq号: 123456", "qq号: ***"),
    ("扣扣 987654321", "扣扣 ***"),
]


@pytest.mark.parametrize(("text", "told"), MASKED)
def test_numbers_of_people_are_masked_however_they_are_written(text: str, told: str) -> None:
    assert without_personal_data(text) == told
    assert without_personal_data(f"客户{text}，要求退款") == f"客户{told}，要求退款"


@pytest.mark.parametrize(
    "text",
    [
        *("订单275490614167 工单84712842", "订单3581494008421111", "工单1020304050607080901"),
        *("退款138.50元", "共1380000元", "2026-11-25 15:00:00", "20261125150000", "2026/11/25 10:30-12:00"),
        *(
            "运单SF1234567890123",
            "JD0012345678901",
            "商品100012043978",
            "微信支付失败",
            "QQ群里说",
            "规格400x300",
        ),
        *("13800001", "138000012345", "微信好友", "数量 12 34 56"),
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert without_personal_data(text) == text


@given(
    st.sampled_from(
        [text for text, _told in MASKED if text.isascii() and text.isdigit() and len(text) == 11]
    ),
    st.text("客户电话是的。，：;（）\n x", max_size=8),
    st.text("请回电，。）\n x", max_size=8),
)
def test_a_mobile_number_is_masked_whatever_stands_around_it(number: str, before: str, after: str) -> None:
    told = without_personal_data(before + number + after)
    assert number not in told
    assert told.startswith(before)
    assert told.endswith(after)


@given(st.text("客户退款 -.:：1２3", max_size=40))
def test_nothing_but_digits_and_their_gaps_is_ever_taken_away(text: str) -> None:
    words = [letter for letter in text if letter in "客户退款"]
    assert [letter for letter in without_personal_data(text) if letter in "客户退款"] == words


@pytest.mark.parametrize(
    "text", ["1" * 100_000, "-" * 100_000, " " * 100_000, "13 " * 40_000, "微信" * 50_000, "0" * 99_999]
)
def test_no_text_takes_long(text: str) -> None:
    without_personal_data("x")
    began = time.process_time()
    without_personal_data(text)
    assert time.process_time() - began < 1
