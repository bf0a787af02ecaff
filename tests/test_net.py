from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jdticket.net import AddressError, Line, NoAnswerError, exchange, secrets_of, short
from tests.channels.robots import NEVER, Robots, http_status
from tests.platform.literal import HANG_UP, RESET, Literal, held, ok


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


def test_nothing_of_the_netrc_file_goes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with Robots() as robots:
        exchange(f"{robots.url}/ping/1", timeout=10)
        exchange(f"{robots.url}/ping/2".replace("://", "://me:mine@"), timeout=10)
        sent = [request.headers.get("Authorization") for request in robots.requests]
    assert sent == [None, "Basic bWU6bWluZQ=="]


def test_a_form_goes_out_as_one() -> None:
    form = {"360buy_param_json": '{"a":"已发货 & 100%"}', "sign": "A+B="}
    with Literal(ok("{}")) as server:
        exchange(f"{server.url}/routerjson?x=1", timeout=10, form=form)
        [request] = server.requests
    assert (request.method, request.path, request.form) == ("POST", "/routerjson?x=1", form)


def test_parameters_are_added_to_the_address() -> None:
    with Literal(ok("{}")) as server:
        exchange(f"{server.url}/oauth2/access_token", timeout=10, params={"code": "a&b", "app_key": "桌"})
        [request] = server.requests
    assert (request.method, request.path) == ("GET", "/oauth2/access_token?code=a%26b&app_key=%E6%A1%8C")


@pytest.mark.parametrize("body", [b"x" * 65536, b""])
def test_an_answer_up_to_the_limit_is_read_whole(body: bytes) -> None:
    with Literal(ok(body)) as server:
        assert exchange(server.url, timeout=10).body == body


# Whether the request has left

LEFT = {"reset": RESET, "closed": HANG_UP, "too long": ok("x" * 65537), "no HTTP": b"HELLO\r\n\r\n"}


@pytest.fixture(params=["a connection of its own", "a kept one"])
def line(request: pytest.FixtureRequest) -> Iterator[Line | None]:
    """A line that is kept, and none."""
    if request.param == "a connection of its own":
        yield None
        return
    line = Line()
    yield line
    line.close()


@pytest.mark.parametrize("answer", LEFT.values(), ids=LEFT)
def test_a_request_that_was_read_has_left_however_it_was_answered(answer: bytes, line: Line | None) -> None:
    with Literal(answer) as server, pytest.raises(NoAnswerError) as caught:
        exchange(server.url, timeout=10, form={"a": "b"}, line=line)
    assert caught.value.left
    assert len(server.requests) == 1


def test_a_request_without_an_answer_in_time_has_left(line: Line | None) -> None:
    with Literal(held(ok("{}"))) as server, pytest.raises(NoAnswerError) as caught:
        exchange(server.url, timeout=0.2, form={"a": "b"}, line=line)
    assert caught.value.left
    assert str(caught.value) == "no whole answer within 0.2 s"


def test_a_request_that_was_not_let_in_has_not_left(line: Line | None) -> None:
    with Literal() as server:
        pass
    with pytest.raises(NoAnswerError) as caught:
        exchange(server.url, timeout=10, form={"a": "b"}, line=line)
    assert not caught.value.left
    assert not isinstance(caught.value, AddressError)


@pytest.mark.parametrize("url", ["localhost/ping", "http://a..invalid/", "http://127.0.0.1:99999/", ""])
def test_a_request_to_no_address_has_not_left(url: str, line: Line | None) -> None:
    with pytest.raises(AddressError) as caught:
        exchange(url, timeout=10, form={"a": "b"}, line=line)
    assert not caught.value.left


# A line


def test_a_line_keeps_its_connection_from_call_to_call() -> None:
    line = Line()
    with Literal(ok("1"), ok("2"), ok("3")) as server:
        bodies = [exchange(server.url, timeout=10, form={"a": "b"}, line=line).body for _ in range(3)]
        assert bodies == [b"1", b"2", b"3"]
        assert server.connections == 1
        line.close()


def test_without_a_line_each_call_has_a_connection_of_its_own() -> None:
    with Literal(ok("")) as server:
        for _ in range(3):
            exchange(server.url, timeout=10, form={"a": "b"})
            assert server.is_left_alone()
        assert server.connections == 3


def test_a_line_lasts_when_the_server_does_not_keep_the_connection() -> None:
    line = Line()
    with Literal(ok("1", "Connection: close"), ok("2")) as server:
        bodies = [exchange(server.url, timeout=10, line=line).body for _ in range(2)]
        assert bodies == [b"1", b"2"]
        assert server.connections == 2
        line.close()


def test_an_answer_of_any_status_does_not_end_a_line() -> None:
    line = Line()
    with Literal(ok("gone", status=404), ok("", status=500), ok("ok")) as server:
        answers = [exchange(server.url, timeout=10, line=line) for _ in range(3)]
        assert [answer.status for answer in answers] == [404, 500, 200]
        assert server.connections == 1
        line.close()


def test_a_closed_line_lets_go_of_its_connection() -> None:
    line = Line()
    with Literal(ok("")) as server:
        exchange(server.url, timeout=10, line=line)
        assert not server.is_left_alone(within=0)
        line.close()
        assert server.is_left_alone()


def test_a_line_that_ran_out_of_time_lets_go_as_soon_as_the_answer_has_come() -> None:
    with Literal(held(ok("late"))) as server:
        with pytest.raises(NoAnswerError):
            exchange(server.url, timeout=0.2, line=Line())
        assert not server.is_left_alone(within=0)
        server.release()
        assert server.is_left_alone()


# Secrets


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


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 -\r\nContent-Length: 5, 6\r\n\r\nhello", ok("", "Location: http://[bad", status=302)],
)
def test_a_request_with_a_broken_answer_has_left(answer: bytes) -> None:
    with Literal(answer) as server, pytest.raises(NoAnswerError) as caught:
        exchange(server.url, timeout=10, form={"a": "b"})
    assert caught.value.left
