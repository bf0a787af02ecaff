"""The work orders that the stand-in keeps, and a sample of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

STATUS_NAMES = {1: "待回复", 2: "待确认", 3: "已作废", 4: "已关闭", 5: "已驳回"}
BIZTYPES = {101: "催单", 102: "CRC高危投诉", 103: "咨询", 104: "投诉"}
SUBTYPES: dict[int, dict[int, str]] = {
    101: {10101: "催发货", 10102: "催物流", 10103: "催退款"},
    102: {10201: "商品质量", 10202: "服务态度", 10203: "退款纠纷", 10204: "媒体曝光"},
    103: {10301: "商品咨询"},
    104: {10401: "发错货", 10402: "拒绝退换"},
}


@dataclass(frozen=True, slots=True)
class Log:
    """An entry in the record of a work order; ``kind`` is 客服发起, 商家回复 or 平台驳回."""

    user: str
    at: datetime
    kind: str
    content: str


@dataclass(slots=True)
class WorkOrder:
    """A work order. All of it but ``created``, by which it is filed, may be changed at any time."""

    work_id: int
    order_id: int
    status: int
    """A key of ``STATUS_NAMES``."""
    created: datetime
    """Aware."""
    content: str
    biztype_id: int
    biztype_name: str
    logs: list[Log] = field(default_factory=list)
    """The first, 客服发起, is made if there are none."""
    reply_biztype_name: str = ""
    reply_sub_biztype_name: str = ""

    def __post_init__(self) -> None:
        if not self.logs:
            self.logs.append(Log("京东客服", self.created, "客服发起", self.content))


class Shop:
    """The work orders of one merchant."""

    def __init__(self) -> None:
        self.orders: dict[int, WorkOrder] = {}
        """By number; may be changed at any time."""
        self._newest_first: list[WorkOrder] = []

    def add(self, orders: Iterable[WorkOrder]) -> None:
        """File work orders; one with a known number replaces the other."""
        self.orders.update((order.work_id, order) for order in orders)
        self._newest_first = []

    def created(self, begin: datetime, end: datetime | None) -> list[WorkOrder]:
        """Those created from ``begin`` to ``end``, both included, the newest first."""
        if len(self._newest_first) != len(self.orders):
            self._newest_first = sorted(self.orders.values(), key=lambda one: (_filed_by(one), -one.work_id))
        first = bisect_left(self._newest_first, -end.timestamp(), key=_filed_by) if end else 0
        last = bisect_right(self._newest_first, -begin.timestamp(), key=_filed_by)
        return self._newest_first[first:last]


def _filed_by(order: WorkOrder) -> float:
    return -order.created.timestamp()


def sample_orders(count: int, now: datetime, *, first_id: int = 84_700_000) -> list[WorkOrder]:
    """``count`` work orders of all states and kinds, over the 50 days before ``now``, the newest last.

    The same arguments make the same orders.
    """
    contents = {
        101: ("催促发货，已付款三天", "物流信息两天没有更新，请尽快核实", "退货已签收，催促退款"),
        102: ("商品破损，要求退款", "收到的商品与描述不符，要求赔偿", "客户称将向媒体反映"),
        103: ("是否支持七天无理由退货", "咨询保修期限"),
        104: ("要求平台介入", "颜色发错，店铺拒绝换货"),
    }
    newest = now.replace(microsecond=0) - timedelta(hours=1)
    orders = []
    for index in range(count):
        ago = timedelta(days=49) / max(count - 1, 1) * (count - 1 - index)
        created = newest - timedelta(seconds=ago // timedelta(seconds=1))
        status, biztype = (4, 2, 5, 3, 1)[index % 5], (101, 102, 103, 104)[index % 4]
        content = contents[biztype][index // 4 % len(contents[biztype])]
        ids = first_id + index, 275_490_000_000 + index * 7919
        order = WorkOrder(*ids, status, created, content, biztype, BIZTYPES[biztype])
        if status in (2, 4, 5):
            answer = "您好，问题已核实并处理完毕，给您带来不便，敬请谅解。"
            order.logs.append(Log("商家客服", created + timedelta(minutes=25), "商家回复", answer))
            order.reply_biztype_name = order.biztype_name
            order.reply_sub_biztype_name = next(iter(SUBTYPES[biztype].values()))
        if status == 5:
            rejected = created + timedelta(minutes=50)
            order.logs.append(Log("京东客服", rejected, "平台驳回", "回复无效，请重新处理"))
        orders.append(order)
    return orders
