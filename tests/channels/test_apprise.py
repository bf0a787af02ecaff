from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from jdticket.domain.channels import Verdict
from jdticket.errors import ConfigError

from .making import carrier, send
from .robots import SLOW_HEAD, Robots, http_status, redirect


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots() as robots:
        yield robots


def test_a_message_goes_out_whole(robots: Robots) -> None:
    url = robots.url.replace("http", "json", 1) + "/inbox"
    verdict = send(carrier("apprise", url), "【京东3店】催单", "a <b> *c* \\n", mention=("13800000000",))
    assert verdict.ok
    [request] = robots.requests
    assert request.path == "/inbox"
    assert request.body["message"] == "【京东3店】催单\na <b> *c* \\n"


def test_the_text_of_a_ticket_is_no_mark_up_for_services_that_know_some(robots: Robots) -> None:
    url = robots.url.replace("http", "json", 1) + "/inbox?format=html"
    assert send(carrier("apprise", url), "<b>x</b>").ok
    assert robots.requests[0].body["message"] == "&lt;b&gt;x&lt;/b&gt;"


def test_an_address_that_apprise_does_not_know_is_a_fault_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match="cs-group") as caught:
        carrier("apprise", "nosuch://secret-token")
    assert "secret" not in str(caught.value)


def test_a_failure_is_told_in_the_words_of_apprise_without_secrets(
    robots: Robots, capfd: pytest.CaptureFixture[str]
) -> None:
    url = robots.url.replace("http://", "json://user:password@") + "/secret-path"
    robots.wecom("")
    robots.answer_with(http_status(500), to="")
    verdict = send(carrier("apprise", url))
    assert verdict.verdict is Verdict.UNREACHABLE
    assert "500" in verdict.answer
    assert not any(secret in verdict.answer for secret in ("127.0.0.1", "password", "secret-path"))
    assert capfd.readouterr() == ("", "")


def test_nobody_at_the_address_is_told_without_the_address() -> None:
    with Robots() as robots:
        url = robots.url.replace("http", "json", 1) + "/secret-path"
    verdict = send(carrier("apprise", url))
    assert not verdict.ok
    assert verdict.answer
    assert "127.0.0.1" not in verdict.answer


def test_a_redirect_is_not_followed(robots: Robots) -> None:
    robots.wecom("")
    with Robots() as elsewhere:
        robots.answer_with(redirect(elsewhere.url + "/inbox"), to="")
        assert not send(carrier("apprise", robots.url.replace("http", "json", 1))).ok
        assert elsewhere.requests == []


def test_slow_services_are_left_to_themselves_and_the_process_ends(robots: Robots) -> None:
    robots.wecom("")
    robots.answer_with(SLOW_HEAD, to="", forever=True)
    program = """
import sys
from datetime import UTC, datetime
from jdticket.channels.interface import Address, Message, make_carrier
carrier = make_carrier("n", Address("apprise", sys.argv[1], ""))
print(carrier.send(Message(("x",), ()), now=datetime.now(UTC), timeout=0.5).answer)
"""
    slow = robots.url.replace("http", "json", 1)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, f"{slow}/1, {slow}/2"],
        check=False,
        capture_output=True,
        text=True,
        timeout=8,
    )
    assert (done.stdout, done.stderr) == ("no whole answer within 0.5 s\n", "")
    assert time.monotonic() - began < 4


def test_the_size_limit_is_that_of_the_smallest_service() -> None:
    assert carrier("apprise", "json://localhost").size_limit == 32_768
    both = "json://localhost, tgram://123456789:abcdefg_hijklmnop/12315544/"
    assert carrier("apprise", both).size_limit < 32_768
