from __future__ import annotations

from datetime import timedelta

import pytest

from jdticket.domain.replies import Delivery, DeliveryState, Fault, ReplyRules, fault, size
from jdticket.settings.reading import load_config
from tests.store.making import NOON, delivery, reply

RULES = load_config(None, {"JDTICKET_CONFIG": "/nonexistent/config.toml"}).reply
FEW = ReplyRules(4, frozenset({"收到", "好的", "ok", "请您耐心等待"}))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "收到",
            "您好，收到，请稍等",
            "收到收到",
            "处理中，请稍等",
            "亲亲，稍等哦~",
            "1111",
            "好的好的收到",
        ),
        *(
            "亲，在的呢",
            "您好收到请稍等",
            "。。。收到。。。",
            "嗯嗯嗯嗯嗯",
            "ok ok",
            "OK, got it!",
            "Please wait ...",
        ),
        *("您好，这边在处理，请您耐心等待", "我们会尽快为您处理", "已收到您的反馈，我们会尽快处理"),
        *("在处理了，请您稍等片刻", "收到，感谢反馈", "会尽快核实", "稍后联系您", "亲爱的顾客，您好"),
        *("谢谢您的反馈", "您好，我们已收到，稍后回复"),
        *("asdfasdf", "12345678", "123123123", "abcabc", "test"),
        *("你好，抱歉，请耐心等待", "12345", "哈哈哈哈哈哈", "１１１１", "好的，\n收到，\n谢谢"),
    ],
)
def test_a_reply_of_which_nothing_is_left_but_empty_phrases_says_nothing(text: str) -> None:
    assert fault(text, RULES) is Fault.SAYS_NOTHING


@pytest.mark.parametrize(
    "text",
    [
        *(
            "您好，包裹今天18点前发出，请留意查收。",
            "好的，已为您登记退款",
            "收到，今天发",
            "亲，运单号JDX0123456789",
        ),
        *("我们已联系快递，今天派送", "会尽快退款给您", "您的包裹正在核实物流", "已为您处理", "SF1234567890"),
        *("75312345678901", "已发出，请稍等", "refund done, please wait", "请稍等，3小时内回电"),
    ],
)
def test_one_clause_that_says_something_is_enough(text: str) -> None:
    assert fault(text, RULES) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Fault.EMPTY),
        (" \n ", Fault.EMPTY),
        ("，。！", Fault.SAYS_NOTHING),
        ("已发", Fault.TOO_SHORT),
        ("已发出" * 167, Fault.TOO_LONG),
        ("已发出" * 166 + "货", None),
    ],
)
def test_a_reply_has_to_be_there_and_not_too_short_and_not_too_long(text: str, why: Fault | None) -> None:
    assert fault(text, RULES) is why


def test_only_the_phrases_of_the_rules_are_empty() -> None:
    rules = ReplyRules(2, frozenset({"在路上"}))
    assert fault("您好，收到", rules) is None
    assert fault("在路上，在路上哦", rules) is Fault.SAYS_NOTHING


@pytest.mark.parametrize(
    ("text", "phrases", "found"),
    [
        ("稍等，片刻", {"稍等片刻"}, Fault.SAYS_NOTHING),  # a phrase may be cut in two
        ("请稍等，等候", {"请稍", "等等候"}, None),  # but no clause ends in the middle of another
        ("Please wait, 收到", {"pleasewait收到"}, Fault.SAYS_NOTHING),
        ("Please wait, 收到", {"pleasewait", "收到"}, Fault.SAYS_NOTHING),
        ("Refund done, 收到", {"收到"}, None),
        ("ok, 123", {"ok"}, Fault.SAYS_NOTHING),
        ("ok 123", {"ok"}, None),  # a blank cuts nothing
        ("发发发发", set(), Fault.SAYS_NOTHING),
        ("7654321", set(), Fault.SAYS_NOTHING),
        ("87654123", set(), None),  # may be a waybill
        ("876543210", set(), Fault.SAYS_NOTHING),
        ("90123456", set(), Fault.SAYS_NOTHING),
        ("90123457", set(), None),
    ],
)
def test_phrases_are_looked_for_clause_by_clause_and_in_the_whole(
    text: str, phrases: set[str], found: Fault | None
) -> None:
    assert fault(text, ReplyRules(2, frozenset(phrases))) is found


@pytest.mark.parametrize(
    ("text", "found"), [("明天补发", None), ("明 天 补发", None), ("明天 补", Fault.TOO_SHORT)]
)
def test_white_space_does_not_count_towards_the_least_length(text: str, found: Fault | None) -> None:
    assert fault(text, ReplyRules(4, frozenset())) is found


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
        ("已补", Fault.TOO_SHORT),
        ("已 补 发", Fault.TOO_SHORT),
        ("已补发。", None),  # what counts is characters, punctuation too
        ("今天已补发", None),
    ],
)
def test_a_reply_must_say_something_and_be_long_enough_without_its_white_space(
    text: str, found: Fault | None
) -> None:
    assert fault(text, FEW) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("已发" * 250, None),
        ("已发" * 250 + " ", Fault.TOO_LONG),  # white space is sent, too
        ("ab" * 499 + "cd", None),
        ("ab" * 499 + "cde", Fault.TOO_LONG),
    ],
)
def test_the_platform_takes_a_thousand_bytes_of_reply_two_for_a_chinese_character(
    text: str, found: Fault | None
) -> None:
    assert fault(text, FEW) is found


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
