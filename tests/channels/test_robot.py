"""What holds for all three robots, whatever the network does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from jdticket.channels.interface import Carrier
from jdticket.domain.channels import Receipt

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
    assert (verdict.refused, verdict.rate_limited) == (False, True)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_out_of_order_is_worth_another_try(robots: Robots, robot: Carrier, status: int) -> None:
    proper = b'{"errcode": 0, "code": 0}'
    verdict = failed(robots, robot, http_status(status, proper))
    assert (verdict.refused, verdict.rate_limited) == (False, False)
    assert str(status) in verdict.answer


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_other_refusals_by_status_are_final(robots: Robots, robot: Carrier, status: int) -> None:
    verdict = failed(robots, robot, http_status(status, b'{"errcode": 0, "code": 0}'))
    assert (verdict.refused, verdict.rate_limited) == (True, False)
    assert verdict.answer == f"HTTP {status}: refused"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_refused(robots: Robots, robot: Carrier, status: int) -> None:
    with Robots() as elsewhere:
        verdict = failed(robots, robot, redirect(elsewhere.wecom(), status))
        assert elsewhere.requests == []
    assert verdict.refused
    assert "redirected" in verdict.answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<html><b>It works</b>", "<html><b>It works</b>"),
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
def test_an_answer_that_cannot_be_understood_is_no_success_and_worth_another_try(
    robots: Robots, robot: Carrier, body: bytes, words: str
) -> None:
    verdict = failed(robots, robot, http_body(body))
    assert (verdict.refused, verdict.rate_limited) == (False, False)
    assert words in verdict.answer


@pytest.mark.parametrize(
    "answer",
    [HUGE_BODY, http_body(b" " * 65536 + b'{"errcode": 0, "code": 0}')],
    ids=["endless", "just too long"],
)
def test_of_a_huge_answer_only_the_beginning_is_read(robots: Robots, robot: Carrier, answer: Answer) -> None:
    verdict = failed(robots, robot, answer)
    assert not verdict.refused
    assert "longer than 65536 bytes" in verdict.answer


@pytest.mark.parametrize("answer", [CLOSED, CUT_OFF], ids=["closed", "cut off"])
def test_a_connection_that_breaks_off_is_worth_another_try(
    robots: Robots, robot: Carrier, answer: Answer
) -> None:
    verdict = failed(robots, robot, answer)
    assert (verdict.refused, verdict.rate_limited) == (False, False)
    assert "broke off" in verdict.answer


@pytest.mark.parametrize("answer", [NEVER, SLOW_BODY, SLOW_HEAD], ids=["never", "slow body", "slow head"])
def test_the_time_limit_is_for_the_whole_answer(robots: Robots, robot: Carrier, answer: Answer) -> None:
    assert send(robot).ok  # what is imported on the first message does not count here
    began = time.monotonic()
    verdict = failed(robots, robot, answer, timeout=0.4)
    assert 0.4 <= time.monotonic() - began < 2
    assert (verdict.refused, verdict.rate_limited) == (False, False)
    assert verdict.answer == "no whole answer within 0.4 s"


def test_nobody_at_the_address_is_worth_another_try() -> None:
    with Robots() as robots:
        url = robots.wecom()
    verdict = send(carrier("wecom", url))
    assert (verdict.ok, verdict.refused) == (False, False)
    assert not any(secret in verdict.answer for secret in SECRETS)


@pytest.mark.parametrize("host", ["a" * 70 + ".invalid", "a..invalid", "%zz", "a b"])
def test_an_address_that_no_server_can_have_is_refused_and_not_shown(host: str) -> None:
    verdict = send(carrier("wecom", f"http://{host}/send?key=a-key-x"))
    assert (verdict.ok, verdict.refused) == (False, True)
    assert "key" not in verdict.answer


def test_a_bad_certificate_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with Robots(tls=True) as robots:
        wecom = carrier("wecom", robots.wecom())
        verdict = send(wecom)
        assert (verdict.ok, verdict.refused) == (False, False)
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
