from __future__ import annotations

from collections.abc import Iterator

import pytest

from jdticket.domain.channels import Verdict

from .making import NO_KEYWORD, NO_SIGNATURE, carrier, send
from .robots import Robots, code

SIGNING = "SEC-of-the-robot-42"


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots(clock=lambda: 0) as robots:
        yield robots


def test_a_message_stands_in_the_group(robots: Robots) -> None:
    verdict = send(carrier("dingtalk", robots.dingtalk()), "【京东3店】催单", "工单59088842")
    assert (verdict.ok, verdict.answer) == (True, "errcode 0: ok")
    [message] = robots.messages
    assert message.path == "/robot/send?access_token=dingtalk-token-566cc69d"
    assert message.body == {
        "msgtype": "text",
        "text": {"content": "【京东3店】催单\n工单59088842"},
        "at": {"atMobiles": [], "isAtAll": False},
    }


def test_phone_numbers_are_mentioned_beside_the_text_and_in_it(robots: Robots) -> None:
    people = ("13800000000", "zhangsan", "+852-51234567", "13800000000")
    send(carrier("dingtalk", robots.dingtalk()), "x", mention=people)
    [message] = robots.messages
    assert message.body["at"] == {"atMobiles": ["13800000000", "+852-51234567"], "isAtAll": False}
    assert message.text == "x\n@13800000000 @+852-51234567"
    assert message.mentioned == ("13800000000", "+852-51234567")


def test_everybody_is_mentioned_without_a_number(robots: Robots) -> None:
    send(carrier("dingtalk", robots.dingtalk()), "x", mention=("all",))
    [message] = robots.messages
    assert (message.text, message.body["at"]) == ("x", {"atMobiles": [], "isAtAll": True})


def test_more_people_than_a_message_can_name_are_mentioned_as_everybody(robots: Robots) -> None:
    people = tuple(f"1380000{number}" for number in range(1000, 1051))
    for mention in (people[1:], people):
        send(carrier("dingtalk", robots.dingtalk()), "x", mention=mention)
    few, many = robots.messages
    assert (len(few.mentioned), few.body["at"]["isAtAll"]) == (50, False)
    assert many.body["at"] == {"atMobiles": [], "isAtAll": True}


def test_the_text_of_a_ticket_cannot_mention_anybody(robots: Robots) -> None:
    send(carrier("dingtalk", robots.dingtalk()), "x @13900000000", mention=("13800000000",))
    assert robots.messages[0].mentioned == ("13800000000",)


def test_the_signature_is_the_one_worked_out_by_hand(robots: Robots) -> None:
    # 2026-11-23 09:30:00 in Shanghai is 1795397400000 ms. The text to sign, with the secret as the key:
    #   "1795397400000\nSEC-of-the-robot-42"
    # printf '%s\n%s' 1795397400000 $S | openssl dgst -sha256 -hmac $S -binary | base64
    #   b2cSR4tU3e3ASYXi+91yRlKR7aiVJzMBPpQUGsZOVVg=
    assert send(carrier("dingtalk", robots.dingtalk(secret=SIGNING), secret=SIGNING)).ok
    assert robots.messages[0].path == (
        "/robot/send?access_token=dingtalk-token-566cc69d&timestamp=1795397400000"
        "&sign=b2cSR4tU3e3ASYXi%2B91yRlKR7aiVJzMBPpQUGsZOVVg%3D"
    )


@pytest.mark.parametrize("ours", ["", "SEC-of-another"])
def test_a_bad_signature_is_refused_and_no_secret_is_shown(robots: Robots, ours: str) -> None:
    url = robots.dingtalk(secret=SIGNING)
    verdict = send(carrier("dingtalk", url, secret=ours))
    assert verdict.verdict is Verdict.SETTINGS
    assert verdict.answer == "errcode 310000: sign not match; robot has ***, " + SIGNING + NO_SIGNATURE


def test_a_missing_keyword_is_refused(robots: Robots) -> None:
    dingtalk = carrier("dingtalk", robots.dingtalk(keyword="工单"))
    verdict = send(dingtalk, "nothing of it")
    assert verdict.verdict is Verdict.SETTINGS
    assert verdict.answer == "errcode 310000: keywords not in content" + NO_KEYWORD
    assert send(dingtalk, "工单59088842").ok


def test_the_twenty_first_message_of_a_minute_is_too_many(robots: Robots) -> None:
    dingtalk = carrier("dingtalk", robots.dingtalk())
    assert all(send(dingtalk).ok for _ in range(20))
    last = send(dingtalk)
    assert last.verdict is Verdict.LIMITED
    assert last.answer == "errcode 130101: too many messages (too many messages at once)"


def test_signature_and_secret_are_hidden_when_the_robot_repeats_them(robots: Robots) -> None:
    dingtalk = carrier("dingtalk", robots.dingtalk(secret=SIGNING), secret=SIGNING)
    sign = "b2cSR4tU3e3ASYXi+91yRlKR7aiVJzMBPpQUGsZOVVg="
    robots.answer_with(
        code(310000, f"sign {sign} or b2cSR4tU3e3ASYXi%2B91yRlKR7aiVJzMBPpQUGsZOVVg%3D, {SIGNING}")
    )
    assert send(dingtalk).answer == "errcode 310000: sign *** or ***, ***" + NO_SIGNATURE
