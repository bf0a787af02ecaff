"""The sample of work orders."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from jdticket.demo.work_orders import STATUS_NAMES, SUBTYPES, sample_orders

NOW = datetime(2025, 6, 17, 15, 2, tzinfo=timezone(timedelta(hours=8)))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_sample_orders_are_of_all_states_and_kinds() -> None:
    orders = sample_orders(40, NOW)
    assert {one.status for one in orders} == set(STATUS_NAMES)
    assert {(one.status, one.biztype_id) for one in orders} == {
        (status, biztype) for status in STATUS_NAMES for biztype in SUBTYPES
    }
    assert len({one.content for one in orders}) > 4
    assert {len(str(one.order_id)) for one in sample_orders(10_000, NOW)} == {12}


def test_sample_orders_are_spread_over_50_days_the_newest_last() -> None:
    orders = sample_orders(200, NOW)
    created = [one.created for one in orders]
    assert created == sorted(created)
    assert NOW - 50 * DAY <= created[0] < NOW - 48 * DAY
    assert NOW - 2 * HOUR < created[-1] <= NOW
    assert [one.work_id for one in orders] == list(range(84_700_000, 84_700_200))
    assert sample_orders(3, NOW, first_id=7)[2].work_id == 9
    assert len(sample_orders(1, NOW)) == 1
    assert sample_orders(0, NOW) == []


def test_the_record_of_a_sample_order_fits_its_state() -> None:
    kinds: dict[int, set[tuple[str, ...]]] = {}
    for one in sample_orders(100, NOW):
        kinds.setdefault(one.status, set()).add(tuple(log.kind for log in one.logs))
        moments = [log.at for log in one.logs]
        assert moments == sorted(moments)
        assert moments[0] == one.created
        assert moments[-1] <= NOW
        assert one.logs[0].content == one.content
    replied = {("客服发起", "商家回复")}
    assert kinds == {
        1: {("客服发起",)},
        2: replied,
        3: {("客服发起",)},
        4: replied,
        5: {("客服发起", "商家回复", "平台驳回")},
    }


def test_sample_orders_are_the_same_every_time() -> None:
    assert sample_orders(50, NOW) == sample_orders(50, NOW)
