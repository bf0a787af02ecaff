from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.platform_words import kind_from_words, platform_state_from_words, same_word
from jdticket.domain.tickets import Kind, PlatformState

WAITING, REPLIED, REJECTED = PlatformState.WAITING, PlatformState.REPLIED, PlatformState.REJECTED
CLOSED, VOID = PlatformState.CLOSED, PlatformState.VOID


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("待回复", WAITING),
        ("待确认", REPLIED),
        ("已作废", VOID),
        ("已关闭", CLOSED),
        ("已驳回", REJECTED),
        ("商家已读", None),
    ],
)
def test_each_state_of_the_open_platform_is_known_by_its_words(
    words: str, state: PlatformState | None
) -> None:
    assert platform_state_from_words(words) is state


@pytest.mark.parametrize(
    "words", ["未完结", "未关闭", "未取消", "未结案", "未作废", "未处理", "重新打开", "待商家处理"]
)
def test_a_word_that_denies_an_end_is_none(words: str) -> None:
    assert platform_state_from_words(words) is WAITING


@pytest.mark.parametrize(
    "words",
    [
        "申请取消中",
        "关闭失败",
        "待关闭",
        "取消关闭",
        "不予关闭",
        "即将完结",
        "平台处理中",
        "",
        "已",
        "关",
        "已关闭吗",
    ],
)
def test_a_word_that_is_half_known_is_not_known(words: str) -> None:
    assert platform_state_from_words(words) is None


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("未处理，订单已取消", WAITING),
        ("已处理，待回复", WAITING),
        ("已回复（待平台确认）", REPLIED),
        ("已回复/已关闭", CLOSED),
        ("已驳回：未说明发货时间", REJECTED),
        ("已关闭，申请取消中", None),
        ("已关闭，已作废", None),
        ("订单已取消", None),
        ("状态：待回复", WAITING),
        ("待回复(3)", WAITING),
        *((f"{label}：已关闭", CLOSED) for label in ("状态", "工单状态", "处理状态", "当前状态")),
        ("已关闭(3)", CLOSED),
    ],
)
def test_of_several_clauses_one_that_waits_is_enough_and_all_must_end(
    words: str, state: PlatformState | None
) -> None:
    assert platform_state_from_words(words) is state


@pytest.mark.parametrize(
    ("words", "state"),
    [
        *((words, VOID) for words in ("作废", "撤销", "已取消")),
        *((words, CLOSED) for words in ("系统关闭", "完结", "已结案", "已完成")),
        *((words, REPLIED) for words in ("已回复", "商家已处理", "待平台审核", "待买家确认", "处理完成")),
        *((words, CLOSED) for words in ("关闭", "平台已关闭")),
        *((words, REJECTED) for words in ("驳回", "平台驳回", "审核不通过")),
        *((words, WAITING) for words in ("待处理", "待商家回复", "未处理", "商家未回复")),
    ],
)
def test_so_are_the_words_of_the_back_offices_pages(words: str, state: PlatformState) -> None:
    assert platform_state_from_words(words) is state


@pytest.mark.parametrize("words", ["已 关闭", "\u200b已关闭\ufeff", "已关闭\u00a0", "【已关闭】", "已关闭。"])
def test_blanks_and_marks_change_no_word(words: str) -> None:
    assert platform_state_from_words(words) is CLOSED


def test_a_word_can_be_taught_alone_and_as_a_clause_and_against_what_is_known() -> None:
    taught = {"平台处理中": REPLIED, "已解决": WAITING, "已关闭,待复核": WAITING}
    assert platform_state_from_words("平台 处理中", taught) is REPLIED
    assert platform_state_from_words("已关闭，平台处理中", taught) is CLOSED
    assert platform_state_from_words("已解决", taught) is WAITING
    assert platform_state_from_words("已关闭，待复核", taught) is WAITING


@given(st.text(alphabet="未不待已申请关闭完结取消作废撤销中失败再被", min_size=1, max_size=6))
def test_no_word_ends_a_ticket_because_an_ending_word_stands_in_it(words: str) -> None:
    """Whatever stands around it, only the words of the list itself are known."""
    ends = {REPLIED, CLOSED, VOID}
    if platform_state_from_words(words) in ends:
        bare = words.removeprefix("已")
        assert bare in {"关闭", "完结", "取消", "作废", "撤销"} | {"结"}


def test_the_same_word_is_the_same_in_any_width_and_with_any_blanks() -> None:
    assert same_word("待 回复\u200b（３）") == same_word("待回复(3)")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("CRC高危投诉", Kind.CRC),
        ("crc", Kind.CRC),
        ("CRC工单", Kind.CRC),
        ("高危", Kind.CRC),
        ("催单投诉", Kind.URGE),
        ("物流投诉", Kind.COMPLAINT),
        ("投诉咨询", Kind.COMPLAINT),
        ("售后咨询", Kind.CONSULT),
        (" Urge ", Kind.URGE),
        ("other", Kind.OTHER),
        ("退款", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_the_kind_is_known_by_the_platforms_words_or_by_our_own_name_for_it(words: str, kind: Kind) -> None:
    assert kind_from_words(words) is kind
