from __future__ import annotations

import pytest

from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.tickets import PlatformState


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
