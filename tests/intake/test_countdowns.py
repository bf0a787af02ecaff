from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.intake import countdowns
from jdticket.intake.cells import normal
from jdticket.intake.countdowns import speaks_of_time_left, times_left


def left(days: int = 0, hours: int = 0, minutes: int = 0, seconds: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("还剩2天1小时58分", left(2, 1, 58)),
        ("还剩3时58分", left(0, 3, 58)),
        ("还剩58分", left(minutes=58)),
        ("还剩120分钟", left(hours=2)),
        ("还剩 1小时 5分钟", left(0, 1, 5)),
        ("还剩1小时零5分", left(0, 1, 5)),
        ("剩余 03:58:12", left(0, 3, 58, 12)),
        ("剩余1天 03:58:12", left(1, 3, 58, 12)),
        ("剩余0h20m", left(minutes=20)),
        ("剩余 3 h 5 m", left(0, 3, 5)),
        ("剩余处理时间：3小时58分", left(0, 3, 58)),
        ("仅剩10分", left(minutes=10)),
        ("倒计时 00:20:15", left(0, 0, 20, 15)),
        ("距离超时还剩3小时", left(hours=3)),
        ("距截止3小时5分", left(0, 3, 5)),
        ("20分钟后超时", left(minutes=20)),
        ("3小时后自动到期", left(hours=3)),
        ("3h 58m left", left(0, 3, 58)),
        ("2 hours remaining", left(hours=2)),
        ("还剩\n0\n小时\n20\n分", left(minutes=20)),
        ("剩余\n00:20:15", left(0, 0, 20, 15)),
        ("还剩２０分钟", left(minutes=20)),
        ("还剩0分", left()),
        ("已超时2小时", -left(hours=2)),
        ("剩余 -00:20:15", -left(0, 0, 20, 15)),
        ("剩余：－20分", -left(minutes=20)),
        ("已超时 2 小时 5 分", -left(0, 2, 5)),
        ("已逾期1天3小时", -left(1, 3)),
        ("超时 02:05:00", -left(0, 2, 5)),
        ("overdue by 2h", -left(hours=2)),
        ("超时未处理 2小时", -left(hours=2)),
    ],
)
def test_the_usual_forms_are_understood(words: str, length: timedelta) -> None:
    [found] = times_left(normal(words))
    assert found.left == length


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("不足1分钟", left(minutes=1)),
        ("剩余不足1分钟", left(minutes=1)),
        ("剩余<1小时", left(hours=1)),
        ("1小时内超时", left(hours=1)),
        ("less than 1 minute", left(minutes=1)),
        ("已超时", left()),
        ("已逾期", left()),
    ],
)
def test_bounds_are_known_as_such(words: str, length: timedelta) -> None:
    [found] = times_left(normal(words))
    assert (found.left, found.at_most) == (length, True)


@pytest.mark.parametrize(
    "words",
    [
        *(
            "还剩",
            "还剩三刻钟",
            "即将超时",
            "未超时",
            "不超时",
            "剩余 03:58",
            "还剩半小时",
            "3小时58分",
            "1天32小时",
        ),
        *("还剩1天32小时", "还剩2小时75分", "剩余 03:75:00"),
    ],
)
def test_what_may_mean_two_things_is_not_understood(words: str) -> None:
    assert times_left(normal(words)) == []


@pytest.mark.parametrize(
    "words", ["还剩三刻钟", "即将超时", "剩余 03:58", "3小时58分", "预计到期", "time left"]
)
def test_what_is_about_the_time_left_is_noticed(words: str) -> None:
    assert speaks_of_time_left(words)


@pytest.mark.parametrize("words", ["待商家处理", "转派", "纯棉四件套", "x" * 10_000, "还剩" * 5000])
def test_other_words_and_long_ones_are_not(words: str) -> None:
    assert not speaks_of_time_left(words)


_LINES = st.sampled_from(
    [
        *("待商家处理", "去处理", "商品标题", "x", "-", "3", "小时", "20分", "截止", "还剩"),
        *(
            "还剩3小时58分",
            "剩余 20分钟",
            "还剩2天1小时",
            "还剩1天32小时",
            "还剩0分",
            "剩余1小时2分钟",
            "（还剩5分）",
        ),
        *(
            "已超时",
            "3小时后到期",
            "剩余:03:58:12",
            "距超时还剩3小时",
            "不足1分钟",
            "less than 1 minute",
            "under 5m",
        ),
    ]
)


@given(st.lists(_LINES, max_size=5).map("\n".join))
def test_the_usual_form_is_read_as_any_form_is(text: str) -> None:
    usual = countdowns._in_usual_form(text)
    if usual is not None:
        assert usual == countdowns._in_any_form(text)
