"""What holds for all three robots, whatever the network does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from jdticket import i18n
from jdticket.channels.interface import Carrier
from jdticket.channels.robot import Robot
from jdticket.domain.channels import Receipt, Verdict

from .making import carrier, send
from .robots import (
    CLOSED,
    CUT_OFF,
    HUGE_BODY,
    NEVER,
    SELF_SIGNED,
    SLOW_BODY,
    SLOW_HEAD,
    Answer,
    Robots,
    code,
    http_body,
    http_status,
    redirect,
)

KINDS = ("wecom", "dingtalk", "feishu")
SECRETS = ("-key-", "-token-", "-hook-", "127.0.0.1", "SECRET")


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots(clock=lambda: 0) as robots:
        yield robots


@pytest.fixture(params=KINDS)
def robot(request: pytest.FixtureRequest, robots: Robots) -> Carrier:
    kind: str = request.param
    url: str = getattr(robots, kind)()
    return carrier(kind, url, secret="SECRET" if kind != "wecom" else "")


def failed(robots: Robots, robot: Carrier, answer: Answer, timeout: float = 10) -> Receipt:
    """What becomes of a message that is answered so; no secret may be in it, and the next one arrives."""
    robots.answer_with(answer)
    verdict = send(robot, timeout=timeout)
    assert not verdict.ok
    assert not any(secret in verdict.answer for secret in SECRETS)
    assert "\n" not in verdict.answer
    assert len(verdict.answer) < 300
    assert send(robot).ok
    return verdict


def test_http_429_is_too_many(robots: Robots, robot: Carrier) -> None:
    verdict = failed(robots, robot, http_status(429))
    assert verdict.verdict is Verdict.LIMITED


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_out_of_order_is_worth_another_try(robots: Robots, robot: Carrier, status: int) -> None:
    proper = b'{"errcode": 0, "code": 0}'
    verdict = failed(robots, robot, http_status(status, proper))
    assert verdict.verdict is Verdict.UNREACHABLE
    assert str(status) in verdict.answer


@pytest.mark.parametrize("status", [400, 413, 414, 422])
def test_what_is_refused_for_what_it_says_by_status_is_that_one_message(
    robots: Robots, robot: Carrier, status: int
) -> None:
    verdict = failed(robots, robot, http_status(status, b'{"errcode": 0, "code": 0}'))
    assert verdict == Receipt(Verdict.MESSAGE, f"HTTP {status}: refused")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_other_refusals_by_status_are_for_a_person_to_mend(
    robots: Robots, robot: Carrier, status: int
) -> None:
    verdict = failed(robots, robot, http_status(status, b'{"errcode": 0, "code": 0}'))
    assert verdict.verdict is Verdict.SETTINGS
    assert verdict.answer == f"HTTP {status}: refused"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_refused(robots: Robots, robot: Carrier, status: int) -> None:
    with Robots() as elsewhere:
        verdict = failed(robots, robot, redirect(elsewhere.wecom(), status))
        assert elsewhere.requests == []
    assert verdict.verdict is Verdict.SETTINGS
    assert "redirected" in verdict.answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xff\xfe\x00\x1b[31m", "\\x00\\x1b[31m"),
        (b'{"errcode": 0, "code": 0', '"errcode": 0'),
        (b"[0]", "[0]"),
        (b"0", "0"),
        (b"null", "null"),
        (b"{}", "{}"),
        (b'{"message": "ok"}', '"message": "ok"'),
        (b'{"errcode": "0", "code": "0"}', '"0"'),
        (b'{"errcode": false, "code": false}', "false"),
        (b'{"errcode": null, "code": null}', "null"),
        (b'{"errcode": 0.0, "code": 0.0}', "0.0"),
        (b"[" * 60_000, "[[["),
        (b'{"code": ' + b"9" * 5000 + b', "errcode": 9}', "9"),
    ],
)
def test_after_an_answer_that_cannot_be_understood_the_message_may_have_arrived(
    robots: Robots, robot: Carrier, body: bytes, words: str
) -> None:
    verdict = failed(robots, robot, http_body(body))
    assert verdict.verdict is Verdict.UNSURE
    assert words in verdict.answer


@pytest.mark.parametrize(
    "body",
    [
        b"<html><b>Sign in</b>",
        b"\xef\xbb\xbf\r\n <!DOCTYPE html><title>WiFi</title>",
        b"<?xml version='1.0'?>",
    ],
)
def test_a_web_page_in_its_place_means_that_the_robot_was_not_reached(
    robots: Robots, robot: Carrier, body: bytes
) -> None:
    verdict = failed(robots, robot, http_body(body))
    assert verdict.verdict is Verdict.UNREACHABLE
    assert "a web page answered instead of the robot" in verdict.answer


@pytest.mark.parametrize(
    "answer",
    [HUGE_BODY, http_body(b" " * 65536 + b'{"errcode": 0, "code": 0}')],
    ids=["endless", "just too long"],
)
def test_of_a_huge_answer_only_the_beginning_is_read(robots: Robots, robot: Carrier, answer: Answer) -> None:
    verdict = failed(robots, robot, answer)
    assert verdict.verdict is Verdict.UNSURE
    assert "longer than 65536 bytes" in verdict.answer


@pytest.mark.parametrize("answer", [CLOSED, CUT_OFF], ids=["closed", "cut off"])
def test_after_a_connection_that_breaks_off_the_message_may_have_arrived(
    robots: Robots, robot: Carrier, answer: Answer
) -> None:
    verdict = failed(robots, robot, answer)
    assert verdict.verdict is Verdict.UNSURE
    assert "broke off" in verdict.answer


@pytest.mark.parametrize("answer", [NEVER, SLOW_BODY, SLOW_HEAD], ids=["never", "slow body", "slow head"])
def test_the_time_limit_is_for_the_whole_answer(robots: Robots, robot: Carrier, answer: Answer) -> None:
    assert send(robot).ok  # what is imported on the first message does not count here
    began = time.monotonic()
    verdict = failed(robots, robot, answer, timeout=0.4)
    assert 0.4 <= time.monotonic() - began < 2
    assert verdict.verdict is Verdict.UNSURE
    assert verdict.answer == "no whole answer within 0.4 s"


def test_nobody_at_the_address_is_worth_another_try() -> None:
    with Robots() as robots:
        url = robots.wecom()
    verdict = send(carrier("wecom", url))
    assert verdict.verdict is Verdict.UNREACHABLE
    assert not any(secret in verdict.answer for secret in SECRETS)


@pytest.mark.parametrize("host", ["a" * 70 + ".invalid", "a..invalid", "%zz", "a b"])
def test_an_address_that_no_server_can_have_is_refused_and_not_shown(host: str) -> None:
    verdict = send(carrier("wecom", f"http://{host}/send?key=a-key-x"))
    assert verdict.verdict is Verdict.SETTINGS
    assert "key" not in verdict.answer


def test_a_bad_certificate_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with Robots(tls=True) as robots:
        wecom = carrier("wecom", robots.wecom())
        verdict = send(wecom)
        assert verdict.verdict is Verdict.UNREACHABLE
        assert "certificate" in verdict.answer
        assert robots.requests == []

        # The same server, once somebody vouches for it.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(SELF_SIGNED))
        assert send(wecom).ok


def test_a_robot_that_hangs_does_not_keep_the_process_from_ending(robots: Robots) -> None:
    url = robots.wecom()
    robots.answer_with(SLOW_HEAD)
    program = """
import sys
from datetime import UTC, datetime
from jdticket.channels.interface import Address, Message, make_carrier
carrier = make_carrier("n", Address("wecom", sys.argv[1], ""))
print(carrier.send(Message(("x",), ()), now=datetime.now(UTC), timeout=0.3).answer)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, url], check=False, capture_output=True, text=True, timeout=8
    )
    assert (done.stdout, done.stderr) == ("no whole answer within 0.3 s\n", "")


def test_a_message_in_chinese_goes_out_as_utf_8(robots: Robots, robot: Carrier) -> None:
    assert send(robot, '催单 "😀"\\').ok
    [message] = robots.messages
    assert message.text == '催单 "😀"\\'
    assert message.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_lone_half_of_a_character_does_not_stop_a_message(robots: Robots, robot: Carrier) -> None:
    assert send(robot, "x\ud83d").ok
    assert robots.messages[0].text == "x?"


def test_a_gateway_that_gave_up_waiting_may_have_passed_the_message_on(
    robots: Robots, robot: Carrier
) -> None:
    assert failed(robots, robot, http_status(504)).verdict is Verdict.UNSURE


def test_the_body_of_a_refusal_by_status_is_read(robots: Robots, robot: Carrier) -> None:
    body = b'{"errcode": 987654, "errmsg": "no such rule", "code": 987654, "msg": "no such rule"}'
    verdict = failed(robots, robot, http_status(400, body))
    assert verdict.verdict is Verdict.MESSAGE
    assert verdict.answer.endswith("code 987654: no such rule")


def test_a_number_that_nobody_knows_refuses_this_one_message(robots: Robots, robot: Carrier) -> None:
    verdict = failed(robots, robot, code(987654, "新的规则"))
    assert verdict.verdict is Verdict.MESSAGE
    assert verdict.answer.endswith("code 987654: 新的规则")


@pytest.fixture(params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn, spoken by the program."""
    i18n.use(request.param)
    yield request.param
    i18n.use("en")


def test_every_number_that_is_known_comes_with_what_to_do(
    robots: Robots, robot: Carrier, language: str
) -> None:
    assert isinstance(robot, Robot)
    for number, meaning in robot._meanings.items():
        robots.answer_with(code(number, "as the platform says"))
        receipt = send(robot)
        assert receipt.verdict is meaning.verdict
        assert f"{number}: as the platform says" in receipt.answer
        assert i18n._(meaning.words) in receipt.answer
        assert (i18n._(meaning.words) == meaning.words) == (language == "en")


@pytest.mark.parametrize("kind", KINDS)
def test_a_socks_proxy_without_its_library_is_named(
    monkeypatch: pytest.MonkeyPatch, robots: Robots, kind: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    receipt = send(carrier(kind, getattr(robots, kind)()))
    assert receipt.verdict is Verdict.SETTINGS
    assert "SOCKS" in receipt.answer


def test_a_proxy_that_is_not_there_is_named_and_nothing_has_left(
    monkeypatch: pytest.MonkeyPatch, robots: Robots
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    receipt = send(carrier("wecom", robots.wecom()))
    assert receipt.verdict is Verdict.UNREACHABLE
    assert "proxy" in receipt.answer
    assert robots.requests == []
