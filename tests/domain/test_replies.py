from __future__ import annotations

import pytest

from jdticket.domain.replies import Fault, ReplyRules, fault
from jdticket.settings.reading import load_config

RULES = load_config(None, {"JDTICKET_CONFIG": "/nonexistent/config.toml"}).reply


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
