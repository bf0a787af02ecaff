from __future__ import annotations

import pytest

from jdticket.domain.platform_words import kind_from_words, platform_state_from_words
from jdticket.domain.tickets import Kind, PlatformState


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("待回复", PlatformState.WAITING),
        ("待确认", PlatformState.REPLIED),
        ("已作废", PlatformState.VOID),
        ("已关闭", PlatformState.CLOSED),
        ("已驳回", PlatformState.REJECTED),
        ("商家已读", None),
    ],
)
def test_each_state_of_the_open_platform_is_known_by_its_words(
    words: str, state: PlatformState | None
) -> None:
    assert platform_state_from_words(words) is state


@pytest.mark.parametrize(
    ("words", "state"),
    [
        *((words, PlatformState.VOID) for words in ("作废", "买家撤销", "已取消")),
        *((words, PlatformState.CLOSED) for words in ("系统关闭", "完结", "已结案", "已完成")),
        *(
            (words, PlatformState.REPLIED)
            for words in ("已回复", "商家已处理", "待平台审核", "待买家反馈", "处理完成")
        ),
        ("平台驳回", PlatformState.REJECTED),
        *((words, PlatformState.WAITING) for words in ("待处理", "待商家回复", "未处理", "商家未回复")),
        ("", None),
    ],
)
def test_so_are_the_words_of_the_back_offices_pages(words: str, state: PlatformState | None) -> None:
    assert platform_state_from_words(words) is state


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("已完成（买家取消）", PlatformState.VOID),
        ("已回复，已关闭", PlatformState.CLOSED),
        ("已回复，被驳回", PlatformState.REPLIED),
        ("驳回，待处理", PlatformState.REJECTED),
    ],
)
def test_of_several_words_the_nearest_to_an_end_holds(words: str, state: PlatformState) -> None:
    assert platform_state_from_words(words) is state


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
