"""The stand-in for JD's platform, spoken to by hand: no request here is made by the project's client."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from jdticket.demo.gateway import FAULTS, Fault, Gateway
from jdticket.demo.work_orders import SUBTYPES, Log, WorkOrder, sample_orders

LIST, INFO = "jingdong.wos.worklist.get", "jingdong.wos.workinfo.get"
SUBTYPE_LIST, REPLY = "jingdong.wos.subbiztypelist.get", "jingdong.rest.workorder.reply"
EIGHT_HOURS = timezone(timedelta(hours=8))
NOW = datetime(2025, 6, 17, 15, 2, tzinfo=EIGHT_HOURS)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=count) for count in (1, 60, 3600, 86400))
OF_NOBODY = {"access_token": "TOKEN"}
CALLBACK = "https://shop.example.com/back"
TEN = {"page_number": 1, "page_size": 10}


class Platform:
    """A gateway with the shops "jd3" and "jd5", its clock, and a way to ask it as jd3."""

    def __init__(self) -> None:
        self.now = NOW
        self.gateway = Gateway(now=lambda: self.now)
        self.gateway.add_app("KEY", "SECRET", CALLBACK)
        self.gateway.add_app("OTHER", "OTHER-SECRET")
        self.gateway.add_merchant("jd3")
        self.gateway.add_merchant("jd5")
        self.token, self.refresh_token = self.gateway.token_for("KEY", "jd3")

    def fields(self, method: str, params: object, /, **changes: str | None) -> dict[str, str]:
        """A proper request, then changed, and signed unless ``sign`` is given; None leaves a field out."""
        fields: dict[str, str | None] = {
            "method": method,
            "app_key": "KEY",
            "access_token": self.token,
            "timestamp": f"{self.now.astimezone(EIGHT_HOURS):%Y-%m-%d %H:%M:%S}",
            "v": "2.0",
            "format": "json",
            "360buy_param_json": params if isinstance(params, str) else json.dumps(params, sort_keys=True),
            **changes,
        }
        asked = {name: value for name, value in fields.items() if value is not None}
        if "sign" not in changes:
            secret = "OTHER-SECRET" if fields["app_key"] == "OTHER" else "SECRET"
            asked["sign"] = signature(asked, secret)
        return asked

    def ask(self, method: str, params: object, /, **changes: str | None) -> Any:
        """What is answered, unwrapped; an error as its code."""
        status, body = post(self.gateway.url, self.fields(method, params, **changes))
        assert status == 200
        answer = json.loads(body)
        if "error_response" in answer:
            return answer["error_response"]["code"]
        (key,) = answer
        assert key == method.replace(".", "_") + self.gateway.suffix
        assert answer[key].pop("code") == "0"
        return answer[key]

    def page(self, number: int = 1, size: int = 10, **filters: object) -> tuple[list[int], int]:
        """The work ids of a page of the work list, and the total."""
        page = self.ask(LIST, {"page_number": number, "page_size": size, **filters})["page"]
        return [row["work_id"] for row in page["result"]], page["total_count"]

    def reply(self, **changes: object) -> int:
        """The result code of a reply, proper but for ``changes``."""
        params = {"work_id": 1, "reply_content": "已发货", "work_type": 101, "work2_type": 10101}
        answer = self.ask(REPLY, {**params, **changes})["work_order"]
        assert answer["resultMsg"]
        code: int = answer["resultCode"]
        return code

    def oauth(self, step: str, **changes: str) -> dict[str, Any]:
        """The answer to a step of OAuth, with the right application unless changed."""
        status, body = get(
            f"{self.gateway.oauth_url}/{step}", {"app_key": "KEY", "app_secret": "SECRET", **changes}
        )
        assert status == 200
        answer: dict[str, Any] = json.loads(body)
        return answer

    def exchange(self, code: str, **changes: str) -> dict[str, Any]:
        return self.oauth("access_token", **{"grant_type": "authorization_code", "code": code, **changes})

    def refresh(self, token: str, **changes: str) -> dict[str, Any]:
        return self.oauth(
            "refresh_token", **{"grant_type": "refresh_token", "refresh_token": token, **changes}
        )

    def works(self, token: str) -> bool:
        answer = self.ask(LIST, TEN, access_token=token)
        assert answer == "19" or "page" in answer
        return bool(answer != "19")


def signature(fields: dict[str, str], secret: str) -> str:
    text = secret + "".join(name + fields[name] for name in sorted(fields)) + secret
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def connect(url: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(url).netloc, timeout=5)


def post(url: str, fields: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of a form-encoded POST on a connection of its own."""
    connection = connect(url)
    try:
        response = send(connection, url, fields)
        return response.status, response.read()
    finally:
        connection.close()


def send(connection: HTTPConnection, url: str, fields: dict[str, str]) -> HTTPResponse:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", urlsplit(url).path, urlencode(fields), form)
    return connection.getresponse()


def get(url: str, query: dict[str, str]) -> tuple[int, bytes]:
    connection = connect(url)
    try:
        connection.request("GET", f"{urlsplit(url).path}?{urlencode(query)}")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def order(work_id: int, *, ago: timedelta = HOUR, status: int = 1, order_id: int = 0) -> WorkOrder:
    """An urge to ship."""
    order_id = order_id or 275490000000 + work_id
    return WorkOrder(work_id, order_id, status, NOW - ago, "催促发货", 101, "催单")


def local(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    with platform.gateway:
        yield platform


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


PROPER: dict[str, dict[str, object]] = {
    LIST: {"page_number": 1, "page_size": 10},
    INFO: {"work_id": 1},
    SUBTYPE_LIST: {"biztype_id": 101},
    REPLY: {"work_id": 1, "reply_content": "已发货", "work_type": 101, "work2_type": 10101},
}


@pytest.mark.parametrize(("method", "name"), [(method, name) for method in PROPER for name in PROPER[method]])
def test_a_parameter_that_is_missing_or_null_has_code_60(platform: Platform, method: str, name: str) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    others = {key: value for key, value in PROPER[method].items() if key != name}
    assert platform.ask(method, others) == "60"
    assert platform.ask(method, others | {name: None}) == "60"
    assert isinstance(platform.ask(method, PROPER[method]), dict)


@pytest.mark.parametrize(
    ("method", "change"),
    [
        (LIST, {"page_number": 0}),
        (LIST, {"page_number": -1}),
        (LIST, {"page_number": "one"}),
        (LIST, {"page_number": 1.5}),
        (LIST, {"page_number": True}),
        (LIST, {"page_size": 9}),
        (LIST, {"page_size": 31}),
        (LIST, {"status": 0}),
        (LIST, {"status": 6}),
        (LIST, {"status": ""}),
        (LIST, {"order_id": "2.75491E+11"}),
        (LIST, {"begin_date": "2025-06-17"}),
        (LIST, {"begin_date": 1750143720000}),
        (LIST, {"begin_date": local(NOW - 60 * DAY - SECOND)}),
        (LIST, {"end_date": "17/06/2025 15:02:00"}),
        (LIST, {"end_date": local(NOW - 60 * DAY - SECOND)}),
        (LIST, {"begin_date": local(NOW), "end_date": local(NOW - SECOND)}),
        (INFO, {"work_id": 2}),
        (INFO, {"work_id": 50}),
        (REPLY, {"work_id": 50}),
        (REPLY, {"reply_content": 7}),
        (REPLY, {"work_type": "催单"}),
        (SUBTYPE_LIST, {"biztype_id": 105}),
    ],
    ids=str,
)
def test_an_impossible_value_has_code_61(platform: Platform, method: str, change: dict[str, object]) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.add_orders("jd5", [order(50)])
    assert platform.ask(method, PROPER[method] | change) == "61"


def test_an_error_of_a_parameter_names_it(platform: Platform) -> None:
    _status, body = post(platform.gateway.url, platform.fields(LIST, {"page_number": 1}))
    error = json.loads(body)["error_response"]
    assert "page_size" in error["zh_desc"]
    assert "page_size" in error["en_desc"]


# The work list


def test_a_row_says_number_order_state_creation_and_content(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(84700001, ago=2 * HOUR, status=5)])
    assert platform.ask(LIST, TEN)["page"] == {
        "result": [
            {
                "work_id": 84700001,
                "order_id": 275574700001,
                "status_name": "已驳回",
                "create_date": 1750136520000,  # 2025-06-17 13:02:00 in GMT+8
                "content": "催促发货",
            }
        ],
        "total_count": 1,
    }


def test_the_newest_work_order_comes_first(platform: Platform) -> None:
    ages = {1: 3 * HOUR, 2: HOUR, 3: 5 * DAY, 4: 2 * HOUR}
    platform.gateway.add_orders("jd3", [order(work_id, ago=ago) for work_id, ago in ages.items()])
    assert platform.page() == ([2, 4, 1, 3], 4)


def test_of_work_orders_made_at_once_the_one_with_the_highest_number_comes_first(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(2), order(3), order(1)])
    assert platform.page() == ([3, 2, 1], 3)


def test_pages_are_cut_without_gap_or_overlap_and_know_the_total(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(number, ago=number * HOUR) for number in range(1, 26)])
    assert platform.page(1) == (list(range(1, 11)), 25)
    assert platform.page(2) == (list(range(11, 21)), 25)
    assert platform.page(3) == (list(range(21, 26)), 25)
    assert platform.page(4) == ([], 25)
    assert platform.page(1, size=30) == (list(range(1, 26)), 25)


def test_a_shop_without_work_orders_has_an_empty_page(platform: Platform) -> None:
    assert platform.page() == ([], 0)


def test_the_work_list_is_filtered_by_state(platform: Platform) -> None:
    platform.gateway.add_orders(
        "jd3", [order(number, ago=number * HOUR, status=(number - 1) % 5 + 1) for number in range(1, 13)]
    )
    assert platform.page(status=1) == ([1, 6, 11], 3)
    assert platform.page(status=2) == ([2, 7, 12], 3)
    assert platform.page(status=3) == ([3, 8], 2)
    assert platform.page(status="4") == ([4, 9], 2)
    assert platform.page(status=5) == ([5, 10], 2)
    assert platform.page(status=None)[1] == 12


def test_the_work_list_is_filtered_by_order(platform: Platform) -> None:
    orders = [order(1, order_id=275490614167), order(2), order(3, ago=2 * HOUR, order_id=275490614167)]
    platform.gateway.add_orders("jd3", orders)
    assert platform.page(order_id=275490614167) == ([1, 3], 2)
    assert platform.page(order_id="275490614167", status=3) == ([], 0)
    assert platform.page(order_id=999999999999) == ([], 0)


def test_both_bounds_of_creation_count_in(platform: Platform) -> None:
    orders = [order(number, ago=number * SECOND) for number in (9, 10, 11, 19, 20, 21)]
    platform.gateway.add_orders("jd3", orders)
    begin, end = local(NOW - 20 * SECOND), local(NOW - 10 * SECOND)
    assert platform.page(begin_date=begin, end_date=end) == ([10, 11, 19, 20], 4)
    assert platform.page(begin_date=begin) == ([9, 10, 11, 19, 20], 5)
    assert platform.page(end_date=end) == ([10, 11, 19, 20, 21], 5)
    assert platform.page(begin_date=begin, end_date=begin) == ([20], 1)


def test_a_work_order_of_more_than_60_days_ago_is_not_shown(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1, ago=60 * DAY), order(2, ago=60 * DAY + SECOND)])
    assert platform.page() == ([1], 1)
    assert platform.page(begin_date=local(NOW - 60 * DAY)) == ([1], 1)
    assert len(platform.ask(INFO, {"work_id": 1})["result"]) == 1
    assert platform.ask(INFO, {"work_id": 2}) == {"result": []}
    platform.now += SECOND
    assert platform.page() == ([], 0)


def test_what_changes_on_the_platform_shows_in_the_next_answer(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1), order(2, ago=2 * HOUR)])
    assert platform.page() == ([1, 2], 2)
    platform.gateway.add_orders("jd3", [order(3, ago=MINUTE), order(4, ago=3 * HOUR)])
    assert platform.page() == ([3, 1, 2, 4], 4)
    platform.gateway.orders("jd3")[2].status = 4
    assert platform.page(status=4) == ([2], 1)
    del platform.gateway.orders("jd3")[3]
    assert platform.page() == ([1, 2, 4], 3)
    platform.gateway.add_orders("jd3", [order(1, ago=4 * HOUR, status=3)])
    assert platform.page() == ([2, 4, 1], 3)


def test_a_merchant_sees_its_own_work_orders_only(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    platform.gateway.add_orders("jd5", [order(2)])
    assert platform.page() == ([1], 1)
    platform.token, _refresh = platform.gateway.token_for("KEY", "jd5")
    assert platform.page() == ([2], 1)


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


# One work order, its kinds, and the two spellings


def test_the_details_of_a_work_order_have_its_kind_and_its_record(platform: Platform) -> None:
    one = order(1, status=5)
    one.logs.append(Log("客服小王", NOW - MINUTE, "商家回复", "已发货"))
    platform.gateway.add_orders("jd3", [one])
    assert platform.ask(INFO, {"work_id": 1}) == {
        "result": [
            {
                "send_biztype_id": 101,
                "send_biztype_name": "催单",
                "reply_biztype_name": "",
                "reply_sub_biztype_name": "",
                "santisfaction": "",
                "create_date": 1750140120000,
                "oper_logs": [
                    {
                        "oper_user": "京东客服",
                        "oper_date": 1750140120000,
                        "oper_type": "客服发起",
                        "oper_content": "催促发货",
                    },
                    {
                        "oper_user": "客服小王",
                        "oper_date": 1750143660000,
                        "oper_type": "商家回复",
                        "oper_content": "已发货",
                    },
                ],
            }
        ]
    }


def test_the_kinds_of_reply_are_those_of_the_kind_of_work_order(platform: Platform) -> None:
    assert platform.ask(SUBTYPE_LIST, {"biztype_id": 101}) == {
        "saf_biztype_Dtos": [
            {"sub_biztype_id": 10101, "sub_biztype_name": "催发货"},
            {"sub_biztype_id": 10102, "sub_biztype_name": "催物流"},
            {"sub_biztype_id": 10103, "sub_biztype_name": "催退款"},
        ]
    }
    sizes = [
        len(platform.ask(SUBTYPE_LIST, {"biztype_id": biztype})["saf_biztype_Dtos"]) for biztype in SUBTYPES
    ]
    assert sizes.count(1) == 1
    assert all(1 <= size <= 4 for size in sizes)


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


# Replies


@pytest.mark.parametrize("status", [1, 5])
def test_a_reply_to_a_waiting_work_order_is_result_1_and_on_record(platform: Platform, status: int) -> None:
    platform.gateway.add_orders("jd3", [order(1, status=status)])
    assert platform.reply(work2_type=10102) == 1
    one = platform.gateway.orders("jd3")[1]
    assert one.status == 2
    assert one.logs[-1] == Log("jd3", NOW, "商家回复", "已发货")
    (info,) = platform.ask(INFO, {"work_id": 1})["result"]
    assert (info["reply_biztype_name"], info["reply_sub_biztype_name"]) == ("催单", "催物流")
    assert len(info["oper_logs"]) == 2


def test_a_second_reply_is_result_3_and_changes_nothing(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    assert platform.reply() == 1
    assert platform.reply(reply_content="再次回复") == 3
    assert [log.content for log in platform.gateway.orders("jd3")[1].logs] == ["催促发货", "已发货"]


@pytest.mark.parametrize("status", [3, 4])
def test_a_reply_to_a_work_order_that_is_over_is_result_2(platform: Platform, status: int) -> None:
    platform.gateway.add_orders("jd3", [order(1, status=status)])
    assert platform.reply() == 2
    assert platform.gateway.orders("jd3")[1].status == status


@pytest.mark.parametrize(
    "change",
    [
        {"reply_content": ""},
        {"reply_content": " \n"},
        {"reply_content": "字" * 500 + "x"},
        {"reply_content": "\N{GRINNING FACE}" * 251},
        {"work_type": 104},
        {"work_type": 104, "work2_type": 10401},
        {"work_type": 999},
        {"work2_type": 10401},
    ],
    ids=["empty", "blank", "1001 bytes", "1004 bytes", "kind", "kinds", "unknown kind", "second kind"],
)
def test_a_reply_that_may_not_be_is_result_2_and_changes_nothing(
    platform: Platform, change: dict[str, object]
) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    assert platform.reply(**change) == 2
    one = platform.gateway.orders("jd3")[1]
    assert (one.status, len(one.logs)) == (1, 1)


def test_a_reply_may_have_1000_bytes_in_gbk(platform: Platform) -> None:
    platform.gateway.add_orders("jd3", [order(1)])
    assert platform.reply(reply_content="字" * 499 + "xy") == 1


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


# Faults


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
