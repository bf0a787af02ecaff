from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from jdticket.domain.channels import Verdict

from .making import NO_KEYWORD, NO_SIGNATURE, carrier, send
from .robots import Robots, code, http_status

SIGNING = "feishu-secret-42"


class Clock:
    """Stands still until a test moves it."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def robots(clock: Clock) -> Iterator[Robots]:
    with Robots(clock=clock) as robots:
        yield robots


def test_a_message_stands_in_the_group(robots: Robots) -> None:
    verdict = send(carrier("feishu", robots.feishu()), "【京东3店】催单", "工单59088842")
    assert (verdict.ok, verdict.answer) == (True, "code 0: success")
    [message] = robots.messages
    assert message.path == "/open-apis/bot/v2/hook/feishu-hook-7f3c2c31"
    assert message.body == {"msg_type": "text", "content": {"text": "【京东3店】催单\n工单59088842"}}


def test_user_ids_are_mentioned_by_tags_behind_the_text(robots: Robots) -> None:
    people = ("ou_18eac85d35a26f98", "13800000000", "all", "ou_18eac85d35a26f98")
    send(carrier("feishu", robots.feishu()), "x", mention=people)
    [message] = robots.messages
    assert message.text == 'x\n<at user_id="ou_18eac85d35a26f98"></at> <at user_id="all"></at>'
    assert message.mentioned == ("ou_18eac85d35a26f98", "all")


def test_the_text_of_a_ticket_cannot_mention_anybody(robots: Robots) -> None:
    send(
        carrier("feishu", robots.feishu()), '<at user_id="all">所有人</at>', mention=('x"><at user_id="all',)
    )
    [message] = robots.messages
    assert (message.mentioned, message.text) == ((), '＜at user_id="all">所有人＜/at>')


def test_the_signature_is_the_one_worked_out_by_hand(robots: Robots) -> None:
    # 2026-11-23 09:30:00 in Shanghai is 1795397400 s. The key, with which an empty text is signed:
    #   "1795397400\nfeishu-secret-42"
    # openssl dgst -sha256 -mac HMAC -macopt hexkey:<the key in hex> -binary < /dev/null | base64
    #   6yXLtWZBcSITRCBES/8yHi2fj08yvOCzjTGEBGJfY1Q=
    assert send(carrier("feishu", robots.feishu(secret=SIGNING), secret=SIGNING)).ok
    [message] = robots.messages
    assert message.body["timestamp"] == "1795397400"
    assert message.body["sign"] == "6yXLtWZBcSITRCBES/8yHi2fj08yvOCzjTGEBGJfY1Q="
    assert message.path.endswith("/hook/feishu-hook-7f3c2c31")


@pytest.mark.parametrize("ours", ["", "another-secret"])
def test_a_bad_signature_is_refused_and_the_key_is_not_shown(robots: Robots, ours: str) -> None:
    verdict = send(carrier("feishu", robots.feishu(secret=SIGNING), secret=ours))
    assert verdict.verdict is Verdict.SETTINGS
    assert verdict.answer == f"code 19021: sign match fail; robot has ***, {SIGNING}" + NO_SIGNATURE


def test_a_missing_keyword_is_refused(robots: Robots) -> None:
    verdict = send(carrier("feishu", robots.feishu(keyword="工单")), "nothing of it")
    assert verdict.verdict is Verdict.SETTINGS
    assert verdict.answer == "code 19024: Key Words Not Found" + NO_KEYWORD


def test_a_bad_request_is_one_message_refused(robots: Robots) -> None:
    verdict = send(carrier("feishu", robots.feishu()), "x" * 20_000)
    assert verdict.verdict is Verdict.MESSAGE
    assert verdict.answer == "code 9499: Bad Request (the service cannot read this message)"


@pytest.mark.parametrize(
    ("status", "words"), [(400, "too many request"), (400, "Bad Request"), (200, "Too many requests")]
)
def test_a_burst_that_is_answered_as_a_bad_request_is_too_many(
    robots: Robots, status: int, words: str
) -> None:
    feishu = carrier("feishu", robots.feishu())
    robots.answer_with(http_status(status, json.dumps({"code": 9499, "msg": words, "data": {}}).encode()))
    assert send(feishu).verdict is Verdict.LIMITED
    assert send(feishu).ok


def test_the_largest_message_that_is_folded_is_taken(robots: Robots) -> None:
    feishu = carrier("feishu", robots.feishu(), secret=SIGNING)
    first, *_more = feishu.fold(["催单" * 15] * 300, ["all"])
    assert send(feishu, *first.lines, mention=first.mention).ok


def test_the_sixth_message_of_a_second_is_too_many(robots: Robots, clock: Clock) -> None:
    feishu = carrier("feishu", robots.feishu())
    deliveries = [send(feishu) for _ in range(6)]
    assert [verdict.ok for verdict in deliveries] == [True] * 5 + [False]
    assert deliveries[5].verdict is Verdict.LIMITED
    assert deliveries[5].answer == "code 11232: too many messages (too many messages at once)"
    clock.seconds += 1
    assert send(feishu).ok


def test_the_key_is_hidden_when_the_robot_repeats_it(robots: Robots) -> None:
    feishu = carrier("feishu", robots.feishu() + "/")
    robots.feishu("")
    robots.answer_with(code(1, "no feishu-hook-7f3c2c31"), to="")
    assert send(feishu).answer == "code 1: no ***"
