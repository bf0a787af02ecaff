"""What the four work-order interfaces answer: the work list, one work order, the kinds of reply, replies."""

from __future__ import annotations

import json

import pytest

from jdticket.demo.work_orders import SUBTYPES, Log
from tests.demo.by_hand import (
    DAY,
    HOUR,
    INFO,
    LIST,
    MINUTE,
    NOW,
    PROPER,
    REPLY,
    SECOND,
    SUBTYPE_LIST,
    TEN,
    Platform,
    local,
    order,
    post,
)

# Their parameters


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


# One work order, and its kinds


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
