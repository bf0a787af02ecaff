"""Whether a work order's history holds a reply of ours."""

from __future__ import annotations

import pytest

from jdticket.domain.histories import is_in
from jdticket.domain.sources import LogEntry
from tests.desk.at_desk import at

TEXT = "您好，包裹 今天发出😀，请留意“查收” & 签收。"
TRIED = at("23 12:00")


def entry(content: str, moment: str | None = "23 12:00:05", kind: str = "商家回复") -> LogEntry:
    return LogEntry(None if moment is None else at(moment), "店铺", kind, content)


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT + "\n",
        "您好，包裹&nbsp;今天发出，请留意&ldquo;查收&rdquo; &amp; 签收。",
        "您好，包裹&amp;nbsp;今天发出，请留意&amp;quot;查收&amp;quot; &amp;amp; 签收。",
        "您好，包裹\u00a0今天发出，请留意“查收” & 签收。",
        "【京东3店】您好，包裹 今天发出，请留意“查收” & 签收。",
        "您好，包裹 今天发出😀，请留…",
    ],
)
@pytest.mark.parametrize("moment", ["23 11:50:01", "23 12:00:05", "23 15:00", None])
def test_our_text_counts_however_it_is_shown_and_whenever_it_came_since(
    content: str, moment: str | None
) -> None:
    assert is_in([entry("买家来电", "23 09:00", "客服发起"), entry(content, moment)], TEXT, TRIED)


def test_an_older_one_of_the_same_words_does_not() -> None:
    assert not is_in([entry(TEXT, "23 11:49:59")], TEXT, TRIED)


def test_any_reply_of_the_merchant_since_then_counts() -> None:
    assert is_in([entry("已联系买家", "23 12:03")], TEXT, TRIED)
    assert not is_in([entry("已联系买家", "23 11:58")], TEXT, TRIED)
    assert not is_in([entry("已联系买家", None)], TEXT, TRIED)


@pytest.mark.parametrize("kind", ["客服回复", "平台驳回", "京东回复", "买家回复", "系统", "转派", ""])
def test_what_others_have_done_does_not(kind: str) -> None:
    assert not is_in([entry("请尽快回复", "23 12:03", kind)], TEXT, TRIED)


def test_what_others_quote_does_not_but_our_very_words_do() -> None:
    assert not is_in([entry(f"商家已回复：{TEXT}", "23 12:03", "客服备注")], TEXT, TRIED)
    assert is_in([entry(TEXT, "23 12:03", "客服备注")], TEXT, TRIED)


def test_a_few_signs_of_its_beginning_are_not_it() -> None:
    assert not is_in([entry("您好", "23 11:55")], TEXT, TRIED)
    assert not is_in([], TEXT, TRIED)
    assert is_in([entry("", "23 12:03")], "😀", TRIED)  # what the platform does not show of it
