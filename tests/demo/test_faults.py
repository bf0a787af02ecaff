"""How the stand-in misbehaves on demand."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest

from jdticket.demo.faults import FAULTS, Fault
from tests.demo.by_hand import (
    HOUR,
    LIST,
    PROPER,
    REPLY,
    SUBTYPE_LIST,
    TEN,
    Platform,
    get,
    order,
    post,
    send,
)


def faulty(platform: Platform, method: str = LIST, **params: object) -> tuple[int, bytes]:
    return post(platform.gateway.url, platform.fields(method, params or TEN))


def test_a_slow_answer_drips_and_is_whole_in_the_end(platform: Platform) -> None:
    platform.gateway.fault("slow", seconds=0.0005)
    started = time.monotonic()
    status, body = faulty(platform)
    assert time.monotonic() - started > 0.0005 * 100
    assert (status, body) == faulty(platform)
    assert platform.gateway.calls[0].code == "0"


def test_never_takes_the_request_and_answers_nothing(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.fault("never")
    connection = HTTPConnection(urlsplit(platform.gateway.url).netloc, timeout=0.1)
    with pytest.raises(TimeoutError):
        send(connection, platform.gateway.url, platform.fields(REPLY, PROPER[REPLY]))
    connection.close()
    assert platform.gateway.orders("jd3")[1].status == 2


@pytest.mark.parametrize(("kind", "error"), [("cut", IncompleteRead), ("lost", RemoteDisconnected)])
def test_cut_and_lost_take_the_request_and_answer_no_whole(
    platform: Platform, kind: str, error: type[HTTPException]
) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.fault(kind)
    with pytest.raises(error) as raised:
        faulty(platform, REPLY, **PROPER[REPLY])
    if isinstance(raised.value, IncompleteRead):
        assert raised.value.partial.startswith(b'{"jingdong_rest_')
    assert platform.gateway.orders("jd3")[1].status == 2
    (call,) = platform.gateway.calls
    assert (call.code, call.processed, call.merchant) == ("", True, "jd3")
    assert platform.reply() == 3


def test_refuse_does_not_look_at_the_request(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.fault("refuse")
    with pytest.raises(RemoteDisconnected):
        faulty(platform, REPLY, **PROPER[REPLY])
    assert platform.gateway.orders("jd3")[1].status == 1
    (call,) = platform.gateway.calls
    assert (call.code, call.processed) == ("", False)


@pytest.mark.parametrize(
    ("kind", "how", "status", "start"),
    [
        ("html", {}, 200, b"<html>"),
        ("status", {}, 502, b"<html>"),
        ("status", {"status": 429}, 429, b"<html>"),
        ("error", {}, 200, b'{"error_response": {"code": "66"'),
        ("error", {"code": "99", "desc": "服务不可用"}, 200, b'{"error_response": {"code": "99"'),
    ],
    ids=str,
)
def test_html_status_and_error_do_not_process_the_request(
    platform: Platform, kind: str, how: dict[str, Any], status: int, start: bytes
) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.fault(kind, **how)
    answered, body = faulty(platform, REPLY, **PROPER[REPLY])
    assert answered == status
    assert body.startswith(start)
    if "desc" in how:
        assert json.loads(body)["error_response"]["zh_desc"] == how["desc"]
    assert platform.gateway.orders("jd3")[1].status == 1
    assert not platform.gateway.calls[0].processed
    assert platform.gateway.calls[0].code == (how.get("code", "66") if kind == "error" else "")
    assert platform.reply() == 1


def test_garbage_takes_the_request_and_is_no_json(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.fault("garbage")
    status, body = faulty(platform, REPLY, **PROPER[REPLY])
    assert status == 200
    with pytest.raises(ValueError):
        json.loads(body)
    assert platform.gateway.orders("jd3")[1].status == 2


def test_duplicate_repeats_the_last_row_of_the_page_before(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(number, ago=number * HOUR) for number in range(1, 23)])
    platform.gateway.fault("duplicate")
    assert platform.page(1) == (list(range(1, 11)), 22)
    assert platform.page(2) == (list(range(10, 21)), 22)
    assert platform.page(3) == ([21, 22], 22)


def test_a_fault_waits_for_its_calls_and_ends_after_its_times(platform: Platform) -> None:
    platform.gateway.fault("error", method=LIST, after=1, times=2)
    answers = []
    for _ in range(4):
        assert platform.ask(SUBTYPE_LIST, {"biztype_id": 101}) != "66"
        answers.append(platform.ask(LIST, TEN))
    assert [answer == "66" for answer in answers] == [False, True, True, False]
    assert platform.gateway.faults == []


def test_a_fault_can_last_for_ever(platform: Platform) -> None:
    platform.gateway.fault("error", times=-1)
    assert [platform.ask(method, PROPER[method]) for method in PROPER] == ["66"] * 4
    platform.gateway.faults.clear()
    assert platform.page() == ([], 0)


def test_a_fault_can_be_of_oauth_alone(platform: Platform) -> None:
    platform.gateway.fault("status", method="oauth", status=500)
    assert platform.page() == ([], 0)
    query = {"app_key": "KEY", "app_secret": "SECRET", "grant_type": "refresh_token"}
    url, query["refresh_token"] = platform.gateway.oauth_url + "/refresh_token", platform.refresh_token
    assert get(url, query)[0] == 500
    platform.gateway.fault("lost", method="oauth")
    with pytest.raises(RemoteDisconnected):
        get(url, query)
    assert not platform.works(platform.token)
    assert json.loads(get(url, query)[1])["code"] != 0


def test_there_are_no_faults_of_other_kinds(platform: Platform) -> None:
    with pytest.raises(ValueError, match="explode"):
        platform.gateway.fault("explode")
    assert {Fault(kind).kind for kind in FAULTS} == {
        *("slow", "never", "cut", "lost", "refuse", "html", "status", "error", "duplicate", "garbage")
    }
