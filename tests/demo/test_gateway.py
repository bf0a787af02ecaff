"""The stand-in itself: signatures, the sign-in, what is on record, and the connection."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from jdticket.demo.gateway import Gateway
from jdticket.demo.work_orders import sample_orders
from tests.demo.by_hand import (
    CALLBACK,
    EIGHT_HOURS,
    HOUR,
    INFO,
    LIST,
    MINUTE,
    NOW,
    OF_NOBODY,
    PROPER,
    REPLY,
    SECOND,
    SUBTYPE_LIST,
    TEN,
    Platform,
    connect,
    get,
    local,
    order,
    post,
    send,
    signature,
)

# Signature and system parameters


def test_what_is_signed_is_the_text_of_the_documentation(platform: Platform) -> None:
    text = (
        "SECRET"
        '360buy_param_json{"page_number":1,"page_size":10}'
        "access_tokenTOKEN"
        "app_keyKEY"
        "formatjson"
        "methodjingdong.wos.worklist.get"
        "timestamp2025-06-17 15:02:00"
        "v2.0"
        "SECRET"
    )
    sign = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    # Nobody has this token: the signature is accepted when that is what is found fault with.
    param_json = '{"page_number":1,"page_size":10}'
    assert platform.ask(LIST, param_json, **OF_NOBODY, sign=sign) == "19"
    spaced = '{"page_number": 1,"page_size":10}'
    assert platform.ask(LIST, spaced, **OF_NOBODY, sign=sign) == "12"


def test_a_wrong_signature_is_refused_with_code_12(platform: Platform) -> None:
    fields = platform.fields(LIST, TEN)
    right = fields.pop("sign")
    for wrong in (right.lower(), right[:-1], signature(fields, "secret"), signature(fields, "")):
        assert platform.ask(LIST, TEN, sign=wrong) == "12"
    assert platform.ask(LIST, TEN, sign=right) != "12"


def test_every_parameter_but_the_signature_is_signed(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    fields = platform.fields(LIST, TEN, extra="1")
    assert "page" in str(json.loads(post(platform.gateway.url, fields)[1]))
    _status, body = post(platform.gateway.url, fields | {"extra": "2"})
    assert json.loads(body)["error_response"]["code"] == "12"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"v": None}, "4"),
        ({"v": ""}, "4"),
        ({"v": "1.0"}, "5"),
        ({"timestamp": None}, "7"),
        ({"timestamp": "1750143720000"}, "8"),
        ({"timestamp": "2025-6-17 15:02:00"}, "8"),
        ({"timestamp": "2025-06-17T15:02:00"}, "8"),
        ({"timestamp": "2025-06-17 15:02:00+08:00"}, "8"),
        ({"timestamp": "2025-06-17 07:02:00"}, "8"),
        ({"sign": None}, "11"),
        ({"sign": ""}, "11"),
        ({"method": None}, "14"),
        ({"method": "jingdong.wos.worklist"}, "15"),
        ({"format": None}, "13"),
        ({"format": "xml"}, "13"),
        ({"app_key": None}, "21"),
        ({"app_key": "key"}, "21"),
        ({"access_token": None}, "19"),
        ({"access_token": "nobody's"}, "19"),
        ({"app_key": "OTHER"}, "19"),
    ],
    ids=str,
)
def test_a_wrong_system_parameter_has_its_own_code(
    platform: Platform, change: dict[str, str | None], code: str
) -> None:
    assert platform.ask(LIST, TEN, **change) == code


def test_neither_a_refresh_token_nor_a_code_is_an_access_token(platform: Platform) -> None:
    assert not platform.works(platform.refresh_token)
    assert not platform.works(platform.gateway.code_for("KEY", "jd3"))


def test_an_error_says_what_it_is_in_two_languages(platform: Platform) -> None:
    status, body = post(platform.gateway.url, platform.fields(LIST, TEN, sign="X"))
    assert status == 200
    words = {"code": "12", "zh_desc": "无效签名", "en_desc": "Invalid Signature"}
    assert json.loads(body) == {"error_response": words}


@pytest.mark.parametrize(
    ("off", "code"), [(10 * MINUTE, ""), (10 * MINUTE + SECOND, "8")], ids=["10 min", "10 min 1 s"]
)
@pytest.mark.parametrize("sign", [1, -1], ids=["ahead", "behind"])
def test_a_clock_may_be_off_by_10_minutes(platform: Platform, off: timedelta, code: str, sign: int) -> None:
    answer = platform.ask(LIST, TEN, timestamp=local(NOW + sign * off))
    assert answer == code if code else "page" in answer


def test_skew_puts_the_platforms_clock_ahead(platform: Platform) -> None:
    platform.gateway.skew = 11 * MINUTE
    assert platform.ask(LIST, TEN) == "8"
    assert "page" in platform.ask(LIST, TEN, timestamp=local(NOW + 11 * MINUTE))
    connection = connect(platform.gateway.url)
    response = send(connection, platform.gateway.url, {})
    assert parsedate_to_datetime(response.headers["Date"]) == NOW + 11 * MINUTE
    connection.close()


@pytest.mark.parametrize("params", ["", "{", "[1]", "1", '{"page_size":10,"page_number":1}'])
def test_parameters_that_are_no_json_object_with_sorted_keys_have_code_62(
    platform: Platform, params: str
) -> None:
    assert platform.ask(LIST, params) == "62"
    assert platform.ask(LIST, TEN, **{"360buy_param_json": None}) == "62"


def test_a_call_beyond_the_limit_has_code_2_until_a_minute_has_passed(platform: Platform) -> None:
    platform.gateway.call_limit = 2
    assert "page" in platform.ask(LIST, TEN)
    platform.now += 30 * SECOND
    assert "page" in platform.ask(LIST, TEN)
    assert platform.ask(LIST, TEN) == "2"
    token, _refresh = platform.gateway.token_for("OTHER", "jd3")
    assert "page" in platform.ask(LIST, TEN, app_key="OTHER", access_token=token)
    platform.now += 30 * SECOND
    assert "page" in platform.ask(LIST, TEN)
    assert platform.ask(LIST, TEN) == "2"


# The spelling of answers, and what changes meanwhile


def test_in_camel_case_every_field_is_named_as_older_libraries_read_it(platform: Platform) -> None:
    platform.gateway.camel_case = True
    platform.gateway.add_orders("jd3", [order(1)])
    page = platform.ask(LIST, TEN)["page"]
    assert set(page) == {"result", "totalCount"}
    assert set(page["result"][0]) == {"workId", "orderId", "statusName", "createDate", "content"}
    (info,) = platform.ask(INFO, {"work_id": 1})["result"]
    assert set(info) == {
        *("sendBiztypeId", "sendBiztypeName", "replyBiztypeName", "replySubBiztypeName"),
        *("santisfaction", "createDate", "operLogs"),
    }
    assert set(info["operLogs"][0]) == {"operUser", "operDate", "operType", "operContent"}
    kinds = platform.ask(SUBTYPE_LIST, {"biztype_id": 103})
    assert kinds == {"safBiztypeDtos": [{"subBiztypeId": 10301, "subBiztypeName": "商品咨询"}]}
    reply = platform.ask(REPLY, PROPER[REPLY])
    assert reply["workOrder"]["resultCode"] == 1


def test_the_wrapper_is_misspelt_unless_a_test_mends_it(platform: Platform) -> None:
    def wrapper() -> list[str]:
        return list(json.loads(post(platform.gateway.url, platform.fields(LIST, TEN))[1]))

    assert wrapper() == ["jingdong_wos_worklist_get_responce"]
    platform.gateway.suffix = "_response"
    assert wrapper() == ["jingdong_wos_worklist_get_response"]


def test_the_list_can_change_between_two_pages(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(number, ago=number * HOUR) for number in range(1, 13)])
    seen: list[tuple[str, int]] = []

    def on_page(merchant: str, page: int) -> None:
        seen.append((merchant, page))
        if page == 1:
            platform.gateway.add_orders(merchant, [order(99, ago=MINUTE)])

    platform.gateway.on_page = on_page
    assert platform.page(1) == ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 12)
    assert platform.page(2) == ([10, 11, 12], 13)
    assert platform.ask(LIST, {"page_number": 0, "page_size": 10}) == "61"
    assert platform.ask(SUBTYPE_LIST, {"biztype_id": 101})
    assert seen == [("jd3", 1), ("jd3", 2)]


# OAuth


def test_a_code_is_exchanged_for_tokens_that_work(platform: Platform) -> None:
    answer = platform.exchange(platform.gateway.code_for("KEY", "jd5"))
    assert {name: answer[name] for name in ("code", "expires_in", "scope", "token_type", "time")} == {
        "code": 0,
        "expires_in": 86400,
        "scope": "snsapi_base",
        "token_type": "bearer",
        "time": 1750143720000,
    }
    assert answer["open_id"]
    assert answer["uid"]
    platform.gateway.add_orders("jd5", [order(5)])
    platform.token = answer["access_token"]
    assert platform.page() == ([5], 1)


def test_a_code_works_once(platform: Platform) -> None:
    code = platform.gateway.code_for("KEY", "jd3")
    assert platform.exchange(code)["code"] == 0
    refusal = platform.exchange(code)
    assert set(refusal) == {"code", "msg", "requestId"}
    assert refusal["code"] != 0


def test_a_code_works_for_less_than_5_minutes(platform: Platform) -> None:
    early, late = (platform.gateway.code_for("KEY", "jd3") for _ in range(2))
    platform.now += 5 * MINUTE - SECOND
    assert platform.exchange(early)["code"] == 0
    platform.now += SECOND
    assert "access_token" not in platform.exchange(late)


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_key": "nobody"},
        {"app_key": "OTHER", "app_secret": "OTHER-SECRET"},
        {"app_secret": "secret"},
        {"grant_type": "implicit"},
    ],
    ids=str,
)
def test_a_wrong_exchange_is_refused_and_uses_nothing_up(platform: Platform, wrong: dict[str, str]) -> None:
    code = platform.gateway.code_for("KEY", "jd3")
    for refusal in (platform.exchange(code, **wrong), platform.refresh(platform.refresh_token, **wrong)):
        assert refusal["code"] != 0
        assert refusal["msg"]
        assert "access_token" not in refusal
    assert platform.works(platform.token)
    assert platform.refresh(platform.refresh_token)["code"] == 0
    assert platform.exchange(code)["code"] == 0


def test_a_token_of_another_kind_is_not_exchanged(platform: Platform) -> None:
    assert platform.exchange(platform.refresh_token)["code"] != 0
    assert platform.refresh(platform.token)["code"] != 0
    assert platform.refresh(platform.gateway.code_for("KEY", "jd3"))["code"] != 0


def test_an_access_token_expires(platform: Platform) -> None:
    platform.gateway.token_lifetime = 2 * HOUR
    given = platform.exchange(platform.gateway.code_for("KEY", "jd3"))
    assert given["expires_in"] == 7200
    brief, _refresh = platform.gateway.token_for("KEY", "jd3", lifetime=3 * HOUR)
    platform.now += 2 * HOUR - SECOND
    assert platform.works(given["access_token"])
    platform.now += SECOND
    assert not platform.works(given["access_token"])
    assert platform.works(brief)
    platform.now += HOUR
    assert not platform.works(brief)
    assert platform.refresh(given["refresh_token"])["code"] == 0


def test_a_refresh_hands_out_a_new_pair_and_ends_the_old_one(platform: Platform) -> None:
    new = platform.refresh(platform.refresh_token)
    assert new["access_token"] != platform.token
    assert new["refresh_token"] != platform.refresh_token
    assert platform.works(new["access_token"])
    assert not platform.works(platform.token)
    assert platform.refresh(platform.refresh_token)["code"] != 0
    newer = platform.refresh(new["refresh_token"])
    assert not platform.works(new["access_token"])
    assert platform.works(newer["access_token"])


def test_of_two_that_refresh_at_the_same_time_one_is_refused(platform: Platform) -> None:
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(platform.refresh(platform.refresh_token)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["code"] != 0 for answer in answers) == [False, True, True, True]


def test_a_refresh_leaves_the_other_pairs_of_the_merchant_alone(platform: Platform) -> None:
    other, _refresh = platform.gateway.token_for("KEY", "jd3")
    platform.refresh(platform.refresh_token)
    assert platform.works(other)


def test_expired_tokens_can_be_refreshed(platform: Platform) -> None:
    other, _refresh = platform.gateway.token_for("KEY", "jd5")
    platform.gateway.expire_tokens("jd3")
    assert not platform.works(platform.token)
    assert platform.works(other)
    assert platform.works(platform.refresh(platform.refresh_token)["access_token"])


def test_what_is_revoked_cannot_be_refreshed(platform: Platform) -> None:
    other, _refresh = platform.gateway.token_for("KEY", "jd5")
    platform.gateway.revoke("jd3")
    assert not platform.works(platform.token)
    assert platform.refresh(platform.refresh_token)["code"] != 0
    assert platform.works(other)
    code = platform.gateway.code_for("KEY", "jd3")
    assert platform.works(platform.exchange(code)["access_token"])


def test_there_is_no_token_for_a_shop_or_an_application_that_is_not_there(platform: Platform) -> None:
    with pytest.raises(KeyError):
        platform.gateway.token_for("KEY", "jd9")
    with pytest.raises(KeyError):
        platform.gateway.code_for("NO-KEY", "jd3")


LOGIN = {
    "app_key": "KEY",
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "state": "a&b=工单",
    "scope": "snsapi_base",
}


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_after_the_login_the_browser_is_sent_back_with_code_and_state(platform: Platform, verb: str) -> None:
    connection = connect(platform.gateway.url)
    if verb == "GET":
        connection.request("GET", "/oauth2/to_login?" + urlencode(LOGIN, quote_via=quote))
        response = connection.getresponse()
    else:
        response = send(connection, platform.gateway.oauth_url + "/to_login", LOGIN)
    assert response.status == 302
    back = urlsplit(response.headers["Location"])
    connection.close()
    assert f"{back.scheme}://{back.netloc}{back.path}" == CALLBACK
    query = parse_qs(back.query)
    assert query["state"] == ["a&b=工单"]
    answer = platform.exchange(query["code"][0])
    platform.gateway.add_orders("jd3", [order(3)])
    platform.token = answer["access_token"]
    assert platform.page() == ([3], 1)


@pytest.mark.parametrize("name", ["app_key", "response_type", "redirect_uri", "scope"])
def test_a_login_with_a_wrong_field_is_refused(platform: Platform, name: str) -> None:
    status, body = get(platform.gateway.oauth_url + "/to_login", LOGIN | {name: "x"})
    assert status == 200
    assert json.loads(body)["code"] != 0


def test_nothing_is_at_other_addresses(platform: Platform) -> None:
    assert get(platform.gateway.url, platform.fields(LIST, TEN))[0] == 404
    assert post(platform.gateway.url.replace("routerjson", "other"), {})[0] == 404
    assert platform.oauth("other")["code"] != 0


# What is on record, and the connection


def test_every_request_is_on_record_in_order(platform: Platform) -> None:
    platform.page(2, status=1)
    platform.ask(LIST, TEN, v="3.0")
    platform.refresh(platform.refresh_token)
    platform.ask(LIST, TEN, **OF_NOBODY)
    first, second, third, fourth = platform.gateway.calls
    assert (first.path, first.method, first.merchant, first.code) == ("/routerjson", LIST, "jd3", "0")
    assert first.params == {"page_number": 2, "page_size": 10, "status": 1}
    assert set(first.system) == {*("method", "app_key", "access_token", "timestamp", "v", "format", "sign")}
    assert first.system["timestamp"] == "2025-06-17 15:02:00"
    assert (second.code, second.params) == ("5", TEN)
    assert (third.path, third.method, third.merchant) == ("/oauth2/refresh_token", "", "jd3")
    assert (third.code, third.params["grant_type"], third.system) == ("0", "refresh_token", {})
    assert (fourth.merchant, fourth.code) == ("", "19")


def test_a_connection_serves_many_calls_without_stalling(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", sample_orders(300, NOW))
    connection = connect(platform.gateway.url)
    fields = platform.fields(LIST, {"page_number": 1, "page_size": 30})
    send(connection, platform.gateway.url, fields).read()
    kept = connection.sock
    started = time.monotonic()
    for _ in range(25):
        assert len(json.loads(send(connection, platform.gateway.url, fields).read())) == 1
    # A delayed acknowledgement is 40 ms: 25 of them would be a second.
    assert time.monotonic() - started < 0.8
    assert connection.sock is kept
    connection.close()


def test_what_stands_in_the_address_is_not_read(platform: Platform) -> None:
    connection = connect(platform.gateway.url)
    connection.request("POST", "/routerjson?" + urlencode(platform.fields(LIST, TEN)))
    assert json.loads(connection.getresponse().read())["error_response"]["code"] == "4"
    connection.close()


def test_a_body_that_is_no_form_is_not_read_as_one(platform: Platform) -> None:
    connection = connect(platform.gateway.url)
    body = urlencode(platform.fields(LIST, TEN))
    connection.request("POST", "/routerjson", body, {"Content-Type": "application/json"})
    assert json.loads(connection.getresponse().read())["error_response"]["code"] == "4"
    connection.close()


@pytest.mark.parametrize("kind", ["never", "slow"])
def test_the_gateway_ends_promptly_whatever_is_under_way(kind: str) -> None:
    platform = Platform()
    with platform.gateway:
        idle = connect(platform.gateway.url)
        send(idle, platform.gateway.url, {}).read()
        platform.gateway.fault(kind, seconds=60)
        waiting = connect(platform.gateway.url)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        waiting.request("POST", "/routerjson", urlencode(platform.fields(LIST, TEN)), form)
        while len(platform.gateway.calls) < 2:
            threading.Event().wait(0.001)
        started = time.monotonic()
    assert time.monotonic() - started < 1
    with pytest.raises((HTTPException, OSError)):
        waiting.getresponse()
    with pytest.raises((HTTPException, OSError)):
        send(idle, platform.gateway.url, {})
    waiting.close()
    idle.close()


def test_by_default_the_clock_is_the_machines() -> None:
    with Gateway() as gateway:
        gateway.add_app("KEY", "SECRET")
        fields = {"v": "2.0", "method": LIST, "format": "json", "app_key": "KEY"}
        for hours, code in ((8, "11"), (0, "8")):
            moment = datetime.now(UTC) + timedelta(hours=hours)
            _status, body = post(gateway.url, fields | {"timestamp": local(moment)})
            assert json.loads(body)["error_response"]["code"] == code


# A process of its own


def test_a_process_of_its_own_says_how_to_reach_it_and_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "jdticket.demo.gateway", "--orders", "45"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        reach = json.loads(process.stdout.readline())
        fields = {
            "method": LIST,
            "app_key": reach["app_key"],
            "access_token": reach["access_token"],
            "timestamp": local(datetime.now(EIGHT_HOURS)),
            "v": "2.0",
            "format": "json",
            "360buy_param_json": json.dumps(TEN),
        }
        fields["sign"] = signature(fields, reach["app_secret"])
        (answer,) = json.loads(post(reach["url"], fields)[1]).values()
        assert answer["page"]["total_count"] == 45
        app = {"app_key": reach["app_key"], "app_secret": reach["app_secret"]}
        exchange = app | {"grant_type": "authorization_code", "code": reach["code"]}
        assert json.loads(get(f"{reach['oauth_url']}/access_token", exchange)[1])["code"] == 0
        refresh = app | {"grant_type": "refresh_token", "refresh_token": reach["refresh_token"]}
        assert json.loads(get(f"{reach['oauth_url']}/refresh_token", refresh)[1])["code"] == 0
        process.stdin.close()
        assert process.wait(5) == 0
        assert process.stdout.read() == ""
