from __future__ import annotations

from datetime import timedelta

import pytest

from jdticket.domain.replies import Delivery, DeliveryState, Fault, ReplyRules, fault, size
from tests.store.making import NOON, delivery, reply

RULES = ReplyRules(4, frozenset({"收到", "好的", "ok", "请您耐心等待"}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Fault.EMPTY),
        (" \t\n\u3000", Fault.EMPTY),
        ("……！？", Fault.SAYS_NOTHING),
        ("收到", Fault.SAYS_NOTHING),
        (" 收 到。。。", Fault.SAYS_NOTHING),
        ("OK!", Fault.SAYS_NOTHING),
        ("请您耐心等待", Fault.SAYS_NOTHING),  # long enough, and nothing said
        ("收到了", Fault.TOO_SHORT),
        ("已 补 发", Fault.TOO_SHORT),
        ("已补发。", None),  # what counts is characters, punctuation too
        ("今天已补发", None),
    ],
)
def test_a_reply_must_say_something_and_be_long_enough_without_its_white_space(
    text: str, found: Fault | None
) -> None:
    assert fault(text, RULES) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("单" * 500, None),
        ("单" * 500 + " ", Fault.TOO_LONG),  # white space is sent, too
        ("a" * 1000, None),
        ("a" * 1001, Fault.TOO_LONG),
    ],
)
def test_the_platform_takes_a_thousand_bytes_of_reply_two_for_a_chinese_character(
    text: str, found: Fault | None
) -> None:
    assert fault(text, RULES) is found


def test_a_character_has_the_bytes_that_it_has_in_gb18030() -> None:
    assert [size(text) for text in ("", "a", "单", "😀", "a单😀")] == [0, 1, 2, 4, 7]


@pytest.mark.parametrize(("late_by", "on_time"), [(-1, True), (0, True), (1, False)])
def test_a_reply_at_exactly_its_deadline_is_in_time(late_by: int, on_time: bool) -> None:
    assert reply(deadline_at=NOON, at=NOON + timedelta(seconds=late_by)).on_time is on_time


def test_a_reply_is_not_forced_and_a_delivery_was_not_tried_unless_it_is_said() -> None:
    assert (reply().forced, reply().id) == (False, 0)
    assert delivery(1) == Delivery(
        reply_id=1,
        ticket_id="59088842",
        state=DeliveryState.UNSENT,
        tries=0,
        tried_at=None,
        busy_until=None,
        answer="",
        trouble=None,
        code="",
        subtype="",
    )


def test_the_states_of_a_delivery_are_kept_and_handed_out_by_these_words() -> None:
    assert list(DeliveryState) == ["unsent", "unknown", "arrived"]
