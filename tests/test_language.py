from __future__ import annotations

import pytest

from tests.language import assert_speaks


@pytest.mark.parametrize(
    "text",
    [
        "还剩 2小时15分",
        "运行 `jdticket import --clipboard` 再试一次",
        "运行 jdticket outage contact 3 --via phone 登记联系",
        "--reason power|network|system  异常原因",
        "文件 /home/me/my file.csv 第 3 行：不是 UTF-8 编码",
        "用法：jdticket list [OPTIONS]",
        "[default: 50] 最多显示多少条",
        "jd3 crc 59088842 275490614167",
        "CRC高危 ID JSON CSV 4h 30m Asia/Shanghai config.toml",
        "请填写 {order_id} 和 {waybill}",
    ],
)
def test_commands_codes_and_names_are_no_english_in_chinese_text(text: str) -> None:
    assert_speaks(text, "zh")


@pytest.mark.parametrize(
    "text",
    [
        "No such ticket 59088842",
        "工单 59088842 is closed already",
        "错误：Missing command.",
        "jdticket: could not read the file",
        "jdticket could not read the file",
        "提示\n  Run it again, please\n完成",
        "Don't panic",
    ],
)
def test_two_english_words_in_a_row_leak_into_chinese_text(text: str) -> None:
    with pytest.raises(AssertionError, match="not 'zh'"):
        assert_speaks(text, "zh")


def test_english_words_on_two_lines_are_no_run() -> None:
    assert_speaks("pending\nreplied", "zh")


@pytest.mark.parametrize("text", ["ticket 工单", "done。", "（2）", "【x】"])
def test_chinese_characters_and_punctuation_leak_into_english_text(text: str) -> None:
    with pytest.raises(AssertionError, match="not 'en'"):
        assert_speaks(text, "en")


def test_typographic_signs_are_english() -> None:
    assert_speaks("“x” … – 3 × 2 · done", "en")


def test_what_is_allowed_is_left_out_of_account() -> None:
    assert_speaks("shop 京东3店: 3 pending", "en", allow=["京东3店"])
    assert_speaks("通过 JSON Lines 或 Excel Online 导入", "zh", allow=["Excel Online", "JSON Lines"])


def test_what_is_allowed_joins_no_words_around_it() -> None:
    assert_speaks("Excel 京东 Word", "zh", allow=["京东"])
