from __future__ import annotations

from collections.abc import Iterator

import pytest

from jdticket.domain.channels import Verdict

from .making import carrier, send
from .robots import Robots, code


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots(clock=lambda: 0) as robots:
        yield robots


def test_a_message_stands_in_the_group(robots: Robots) -> None:
    verdict = send(carrier("wecom", robots.wecom()), "【京东3店】催单 还剩30分", "工单59088842")
    assert (verdict.ok, verdict.answer) == (True, "errcode 0: ok")
    [message] = robots.messages
    assert message.body == {
        "msgtype": "text",
        "text": {
            "content": "【京东3店】催单 还剩30分\n工单59088842",
            "mentioned_list": [],
            "mentioned_mobile_list": [],
        },
    }


def test_phone_numbers_and_user_ids_are_mentioned_each_in_their_list_and_once(robots: Robots) -> None:
    people = ("13800000000", "zhangsan", "all", "13800000000", "+852-51234567")
    send(carrier("wecom", robots.wecom()), "x", mention=people)
    [message] = robots.messages
    assert message.body["text"]["mentioned_list"] == ["zhangsan", "@all"]
    assert message.body["text"]["mentioned_mobile_list"] == ["13800000000", "+852-51234567"]
    assert message.text == "x"


def test_the_text_of_a_ticket_cannot_mention_anybody(robots: Robots) -> None:
    send(carrier("wecom", robots.wecom()), "买家说 <@all> 价格<100")
    [message] = robots.messages
    assert (message.mentioned, message.text) == ((), "买家说 ＜@all> 价格＜100")


def test_a_message_at_the_size_limit_is_taken(robots: Robots) -> None:
    wecom = carrier("wecom", robots.wecom())
    [full] = wecom.fold(["京" * 682, "x"], [])
    assert send(wecom, *full.lines).ok
    assert not send(wecom, "京" * 683).ok


def test_a_bad_key_is_refused_and_not_shown(robots: Robots) -> None:
    url = robots.wecom().replace("wecom-key", "wrong-key")
    verdict = send(carrier("wecom", url))
    assert verdict.verdict is Verdict.SETTINGS
    assert verdict.answer == (
        "errcode 93000: no robot has the key *** (no robot has this address; copy it from the group's "
        "settings again)"
    )


def test_the_twenty_first_message_of_a_minute_is_too_many(robots: Robots) -> None:
    wecom = carrier("wecom", robots.wecom())
    deliveries = [send(wecom) for _ in range(21)]
    assert [verdict.ok for verdict in deliveries] == [True] * 20 + [False]
    last = deliveries[-1]
    assert last.verdict is Verdict.LIMITED
    assert last.answer == "errcode 45009: too many messages (too many messages at once)"


def test_a_busy_service_is_worth_another_try(robots: Robots) -> None:
    wecom = carrier("wecom", robots.wecom())
    robots.answer_with(code(-1, "system busy"))
    verdict = send(wecom)
    assert verdict.verdict is Verdict.UNREACHABLE
    assert verdict.answer == "errcode -1: system busy (the service is busy)"
    assert send(wecom).ok
