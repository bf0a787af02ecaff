from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.channels.interface import fold, size_in_bytes
from jdticket.domain.channels import CHANNEL_KINDS
from jdticket.errors import ConfigError

from .making import carrier

LINE = "【京东3店】CRC高危投诉 还剩30分（17:30前）工单59088842 订单275490614167"


def test_an_unknown_kind_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"cs-group.*telegram.*wecom, dingtalk, feishu, apprise, stdout"):
        carrier("telegram")


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "qyapi.weixin.qq.com/send?key=secretkey",
        "ftp://h/secretkey",
        "https://h:99999/secretkey",
        "https://",
        "http://[::1",
    ],
)
def test_a_robot_whose_address_is_none_is_a_fault_of_the_configuration(kind: str, url: str) -> None:
    with pytest.raises(ConfigError, match="cs-group") as caught:
        carrier(kind, url)
    assert "secretkey" not in str(caught.value)


def test_what_a_channel_needs_is_imported_only_when_one_of_its_kind_is_made() -> None:
    program = """
import json, sys
from jdticket.channels.interface import Address, make_carrier
seen = []
for kind, url in (("stdout", ""), ("wecom", "https://localhost/send?key=k"), ("apprise", "json://localhost")):
    make_carrier("n", Address(kind, url, ""))
    seen.append(sorted({"requests", "apprise"} & set(sys.modules)))
print(json.dumps(seen))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert json.loads(said) == [[], [], ["apprise", "requests"]]


@pytest.mark.parametrize(
    ("kind", "all_of_them"),
    [
        ("wecom", {"13800000000", "+852-51234567", "zhangsan", "all"}),
        ("dingtalk", {"13800000000", "+852-51234567", "all"}),
        ("feishu", {"ou_18eac85d35a26f98", "zhangsan", "all"}),
        ("stdout", set()),
    ],
)
def test_each_kind_tells_whom_it_can_mention(kind: str, all_of_them: set[str]) -> None:
    made = carrier(kind, "https://localhost/send?key=k")
    people = {"13800000000", "+852-51234567", "zhangsan", "ou_18eac85d35a26f98", "all", 'x"></at>', ""}
    wecom_takes_any_id = {"ou_18eac85d35a26f98", 'x"></at>'} if kind == "wecom" else set()
    assert {person for person in people if made.can_mention(person)} == all_of_them | wecom_takes_any_id


# Folding


def test_lines_that_just_fit_are_one_message_and_a_byte_less_makes_two() -> None:
    assert fold(["京东", "ab"], 9) == [("京东", "ab")]
    assert fold(["京东", "ab"], 8) == [("京东",), ("ab",)]


def test_no_lines_are_no_message() -> None:
    assert fold([], 100) == []


def test_an_empty_line_is_a_line() -> None:
    assert fold(["", "a", ""], 100) == [("", "a", "")]
    assert fold(["", "a"], 1) == [("",), ("a",)]


def test_a_line_longer_than_a_message_is_cut_between_two_characters() -> None:
    assert fold(["京东京东"], 12) == [("京东京东",)]
    assert fold(["京东京东"], 11) == [("京东…",)]
    assert fold(["京东京东"], 9) == [("京东…",)]
    assert fold(["😀😀"], 7) == [("😀…",)]
    assert fold(["京东京东"], 3) == [("…",)]


def test_a_reminder_of_two_lines_stays_together() -> None:
    assert fold(["a\nb", "c\nd"], 6) == [("a\nb",), ("c\nd",)]
    assert fold(["a\nb", "c\nd"], 7) == [("a\nb", "c\nd")]


@given(st.lists(st.text(max_size=30), max_size=30), st.integers(3, 60))
def test_folding_keeps_every_line_in_order_and_every_limit(lines: list[str], limit: int) -> None:
    groups = fold(lines, limit)
    kept = [line for group in groups for line in group]
    assert len(kept) == len(lines)
    for line, whole in zip(kept, lines, strict=True):
        assert line == whole or (size_in_bytes(whole) > limit and whole.startswith(line.removesuffix("…")))
    sizes = [size_in_bytes("\n".join(group)) for group in groups]
    assert all(size <= limit for size in sizes)
    # As few as can be: no group has room for the line that begins the next.
    for size, following in zip(sizes, groups[1:], strict=False):
        assert size + 1 + size_in_bytes(following[0]) > limit


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize("line", ["<" * 40, "京" * 13, "a" * 99_999])
def test_a_folded_message_keeps_the_size_limit_as_it_is_sent(kind: str, line: str) -> None:
    made = carrier(kind, "https://localhost/send?key=k")
    people = [f"138000000{number}" for number in range(10, 30)] + [f"ou_{n}" for n in range(20)]
    messages = made.fold([line] * 500, people)
    assert sum(len(message.lines) for message in messages) == 500
    sizes = [size_in_bytes(made.text(message)) for message in messages]
    assert made.size_limit - 140 < max(sizes) <= made.size_limit
    assert {message.mention for message in messages} == {tuple(people)}


def test_names_too_many_for_a_message_leave_it_its_text_and_mention_everybody() -> None:
    people = [f"1380000{number}" for number in range(1000, 1400)]
    made = carrier("dingtalk", "https://localhost/send?key=k")
    [message] = made.fold(["工单 59088842 还剩10分钟"], people)
    assert made.fits("京" * 1000, people)
    assert made.text(message) == "工单 59088842 还剩10分钟"


def test_the_limits_of_the_robots_are_theirs() -> None:
    wecom, dingtalk, feishu = (
        carrier(kind, "https://localhost/send?key=k") for kind in ("wecom", "dingtalk", "feishu")
    )
    assert (wecom.size_limit, wecom.per_minute, wecom.per_second) == (2048, 20, None)
    assert (dingtalk.per_minute, dingtalk.per_second) == (20, None)
    assert (feishu.per_minute, feishu.per_second) == (100, 5)
    assert [len(made.fold([LINE] * 100, ["13800000000"])) for made in (wecom, dingtalk, feishu)] == [5, 3, 1]


def test_every_kind_can_be_made() -> None:
    urls = {"apprise": "json://localhost", "stdout": ""}
    assert [carrier(kind, urls.get(kind, "https://localhost/send?key=k")).name for kind in CHANNEL_KINDS] == [
        "cs-group"
    ] * len(CHANNEL_KINDS)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_a_keyword_stands_in_every_message_once(kind: str) -> None:
    with_one = carrier(kind, "https://localhost/x?key=k", keyword="工单")
    [first, second] = (with_one.fold([line], [])[0] for line in ("今天停电", "【京东3店】工单59088842"))
    assert with_one.text(first) == "工单 今天停电"
    assert with_one.text(second) == "【京东3店】工单59088842"


@given(st.lists(st.text("京东x<", min_size=1, max_size=400), min_size=1, max_size=30), st.booleans())
def test_a_message_with_its_keyword_never_exceeds_the_size_limit(lines: list[str], mentioned: bool) -> None:
    wecom = carrier("wecom", "https://localhost/x?key=k", keyword="超时提醒")
    people = ["13800000000"] if mentioned else []
    for message in wecom.fold(lines, people):
        assert size_in_bytes(wecom.text(message)) <= wecom.size_limit
    for line in lines:
        [only] = wecom.fold([line], people)
        assert wecom.fits(line, people) == (only.lines == (line,))
