"""The platform's own words -> the kind of a ticket and its state there.

A state is known as a whole: 未关闭 holds 关闭 and says the opposite. What is not known has no state; it
never ends a ticket, and a person can teach it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from jdticket.domain.tickets import Kind, PlatformState

_KIND_WORDS = (
    (("crc", "高危"), Kind.CRC),
    (("催",), Kind.URGE),
    (("投诉",), Kind.COMPLAINT),
    (("咨询",), Kind.CONSULT),
)


def kind_from_words(words: str) -> Kind:
    """The kind that the platform's words mean: CRC/高危, 催, 投诉, 咨询, in that order; else other."""
    lowered = words.strip().lower()
    for needles, kind in _KIND_WORDS:
        if any(needle in lowered for needle in needles):
            return kind
    return Kind(lowered) if lowered in Kind._value2member_map_ else Kind.OTHER


# JOS states (help page 580): 1 待回复, 2 待确认, 3 已作废, 4 已关闭, 5 已驳回 (our reply was rejected, so
# the ticket waits again); the rest are words of the back office's pages and exports.
_STATES: Mapping[str, PlatformState] = {
    word: state
    for state, words in {
        PlatformState.WAITING: (
            "待回复 待处理 待商家 待商家处理 待商家回复 待商家确认 待卖家 待卖家处理 待卖家回复 "
            "待店铺处理 待店铺回复 "
            "商家待处理 商家待回复 商家未处理 商家未回复 待跟进 待解决 "
            "未处理 未回复 未完结 未结束 未关闭 未结案 未办结 未完成 未解决 未取消 未撤销 未作废 "
            "重新打开 已重新打开 重新开启 已重新开启 重新激活 重开 已重开 重新待回复 重新待处理 "
            "再次打开 再次待回复 再次待处理 "
            "超时未处理 超时未回复 已超时未处理 已超时未回复"
        ),
        PlatformState.REPLIED: (
            "待确认 已回复 已处理 已答复 商家已回复 商家已处理 处理完成 "
            "待平台 待平台处理 待平台确认 待平台审核 平台待确认 待京东处理 待京东确认 待客服确认 "
            "待买家 待买家确认 待用户确认 待顾客确认 待消费者确认"
        ),
        PlatformState.REJECTED: (
            "驳回 已驳回 被驳回 平台驳回 平台已驳回 回复被驳回 回复已驳回 审核驳回 审核不通过"
        ),
        PlatformState.CLOSED: (
            "关闭 已关闭 完结 已完结 已结 已结束 已结案 已办结 已完成 已解决 "
            "自动关闭 系统关闭 系统自动关闭 超时关闭 已自动关闭 平台关闭 平台已关闭"
        ),
        PlatformState.VOID: "作废 已作废 撤销 已撤销 取消 已取消 撤回 已撤回",
    }.items()
    for word in words.split()
}
_CLAUSE_ENDS = re.compile(r"[,;:/|+()\[\]{}<>【】。、·…!?~_-]+")
_UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_LABELS = frozenset({"状态", "工单状态", "处理状态", "当前状态"})
_NOTHING_TAUGHT: Mapping[str, PlatformState] = MappingProxyType({})


def same_word(words: str) -> str:
    """What makes two words of the platform the same: width, white space and invisible marks aside."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", words))


def platform_state_from_words(
    words: str, taught: Mapping[str, PlatformState] = _NOTHING_TAUGHT
) -> PlatformState | None:
    """The state that the platform's words mean as a whole; None when they mean none that we know.

    Of several clauses (已处理，待回复) one that waits is enough for a ticket to wait; only when all are known
    can they end it. ``taught`` are words, as :func:`same_word` has them, that a person has explained.
    """
    whole = same_word(words)
    if whole in taught:
        return taught[whole]
    states = {taught.get(clause, _STATES.get(clause)) for clause in _clauses(whole)}
    for state in (PlatformState.WAITING, PlatformState.REJECTED):
        if state in states:
            return state
    if states == {PlatformState.REPLIED, PlatformState.CLOSED}:
        return PlatformState.CLOSED
    return states.pop() if len(states) == 1 else None


def _clauses(whole: str) -> Iterator[str]:
    for clause in _CLAUSE_ENDS.split(whole):
        # A count behind the word, such as 待回复(3), says nothing of the state.
        if clause and clause not in _LABELS and not clause.isdecimal():
            yield clause
