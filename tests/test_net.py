from __future__ import annotations

import pytest

from jdticket.net import AddressError, NoAnswerError, exchange, secrets_of, short
from tests.channels.robots import NEVER, Robots, http_status


def test_an_address_can_be_fetched() -> None:
    with Robots() as robots:
        answer = exchange(f"{robots.url}/ping/4711", timeout=10)
        assert (answer.status, answer.body) == (200, b"ok")
        [request] = robots.requests
        assert (request.method, request.path) == ("GET", "/ping/4711")


def test_any_status_is_an_answer() -> None:
    with Robots() as robots:
        url = robots.wecom()
        robots.answer_with(http_status(404, b"gone"))
        answer = exchange(url, timeout=10, payload=wecom_message())
        assert (answer.status, answer.body) == (404, b"gone")


def test_an_address_without_a_scheme_cannot_be_used() -> None:
    with pytest.raises(AddressError):
        exchange("localhost/ping", timeout=10)


def test_no_answer_in_time_is_told_without_the_address() -> None:
    with Robots() as robots:
        url = robots.wecom("secret-key")
        robots.answer_with(NEVER)
        with pytest.raises(NoAnswerError) as caught:
            exchange(url, timeout=0.2, payload=wecom_message())
        assert str(caught.value) == "no whole answer within 0.2 s"


def wecom_message() -> dict[str, object]:
    text = {"content": "x", "mentioned_list": [], "mentioned_mobile_list": []}
    return {"msgtype": "text", "text": text}


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://h/cgi-bin/webhook/send?key=K1", {"K1"}),
        ("https://h/robot/send?access_token=T%2B1&x=y", {"T+1", "y"}),
        ("https://h/open-apis/bot/v2/hook/H1/", {"H1"}),
        ("https://user:pass@h/send", {"pass"}),
        ("https://h", set()),
    ],
)
def test_what_may_be_a_key_in_an_address_is_found(url: str, secrets: set[str]) -> None:
    assert secrets_of(url) == secrets | {url}


def test_secrets_are_hidden_however_they_are_quoted_and_the_longest_first() -> None:
    text = "a+b/c= a%2Bb%2Fc%3D a+b https://h/a+b\nnext"
    assert short(text, {"a+b/c=", "a+b", "https://h/a+b", ""}) == "*** *** *** *** next"
    assert short("d e or d%20e", {"d%20e"}) == "*** or ***"


def test_a_long_answer_is_cut_after_its_secrets_are_hidden() -> None:
    secret = "S" * 300
    assert short(f"key {secret} " + "x" * 300, {secret}).startswith("key *** xxx")
    assert len(short("x" * 300, set())) == 160
