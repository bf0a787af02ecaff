"""The platform's own words -> the kind of a ticket and its state there."""

from __future__ import annotations

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
# the ticket waits again); the rest are words of the back office's pages.
_PLATFORM_WORDS = (
    (("作废", "撤销", "取消"), PlatformState.VOID),
    (("关闭", "完结", "已结", "已完成"), PlatformState.CLOSED),
    (("待确认", "已回复", "已处理", "待平台", "待买家", "处理完成"), PlatformState.REPLIED),
    (("驳回",), PlatformState.REJECTED),
    (("待回复", "待处理", "待商家", "未处理", "未回复"), PlatformState.WAITING),
)


def platform_state_from_words(words: str) -> PlatformState | None:
    """The state that the platform's words mean; None when they mean none that we know."""
    for needles, state in _PLATFORM_WORDS:
        if any(needle in words for needle in needles):
            return state
    return None
