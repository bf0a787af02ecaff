"""The four work-order interfaces of JD's open platform, as its documentation tells them: what is asked of a
shop's work orders, and what is answered. No signature, no connection: those are the gateway's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from jdticket.demo.work_orders import STATUS_NAMES, SUBTYPES, Log, Shop, WorkOrder

WORKLIST = "jingdong.wos.worklist.get"
WORKINFO = "jingdong.wos.workinfo.get"
SUBBIZTYPELIST = "jingdong.wos.subbiztypelist.get"
REPLY = "jingdong.rest.workorder.reply"
PARAMETERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    WORKLIST: (("page_number", "page_size"), ("status", "order_id", "begin_date", "end_date")),
    WORKINFO: (("work_id",), ()),
    SUBBIZTYPELIST: (("biztype_id",), ()),
    REPLY: (("work_id", "reply_content", "work_type", "work2_type"), ()),
}
_ZONE = timezone(timedelta(hours=8))
_SHOWN_FOR = timedelta(days=60)
_REPLY_BYTES = 1000


class RefusedError(Exception):
    """The platform's error ``code``, and the parameter it is about."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code, about)
        self.code, self.about = code, about


def answer_to(
    method: str,
    params: Mapping[str, Any],
    shop: Shop,
    merchant: str,
    now: datetime,
    *,
    repeated: bool = False,
) -> dict[str, Any]:
    """What the interface ``method``, a key of ``PARAMETERS``, answers ``merchant``; a reply is put on record.

    ``repeated``: a page begins with the last row of the page before. Raises ``RefusedError``.
    """
    asked = _values(method, params, now)
    if method == WORKLIST:
        return _work_list(shop, asked, now, repeated)
    if method == SUBBIZTYPELIST:
        subtypes = _possible("biztype_id", SUBTYPES.get(asked["biztype_id"])).items()
        return {"saf_biztype_Dtos": [named("sub_biztype_id sub_biztype_name", *row) for row in subtypes]}
    order = _possible("work_id", shop.orders.get(asked["work_id"]))
    return _reply(order, merchant, asked, now) if method == REPLY else _work_info(order, now)


def _values(method: str, params: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """An interface's own parameters, its numbers and dates read; null is missing."""
    values: dict[str, Any] = {}
    required, optional = PARAMETERS[method]
    for name in (*required, *optional):
        value = params.get(name)
        if value is None:
            if name in required:
                raise RefusedError("60", name)
        elif name.endswith("_date"):
            moment = _possible(name, read_moment(str(value)))
            values[name] = _possible(name, moment if moment >= now - _SHOWN_FOR else None)
        elif name == "reply_content":
            values[name] = _possible(name, value if isinstance(value, str) else None)
        else:
            number = re.fullmatch("-?[0-9]{1,18}", str(value))
            values[name] = int(_possible(name, number)[0])
    return values


def _possible(name: str, value: Any) -> Any:
    """``value``, unless it is None: then that of the parameter is impossible."""
    if value is None:
        raise RefusedError("61", name)
    return value


def _work_list(shop: Shop, asked: Mapping[str, Any], now: datetime, repeated: bool) -> dict[str, Any]:
    page, size = asked["page_number"], asked["page_size"]
    status, order_id = asked.get("status"), asked.get("order_id")
    begin, end = asked.get("begin_date", now - _SHOWN_FOR), asked.get("end_date")
    _possible("page_number", page >= 1 or None)
    _possible("page_size", 10 <= size <= 30 or None)
    _possible("status", status is None or status in STATUS_NAMES or None)
    _possible("begin_date", end is None or begin <= end or None)
    found = shop.created(begin, end)
    if status is not None:
        found = [order for order in found if order.status == status]
    if order_id is not None:
        found = [order for order in found if order.order_id == order_id]
    rows = [
        {
            "work_id": one.work_id,
            "order_id": one.order_id,
            "status_name": STATUS_NAMES[one.status],
            "create_date": epoch_ms(one.created),
            "content": one.content,
        }
        for one in found[(page - 1) * size - repeated : page * size]
    ]
    return {"page": {"result": rows, "total_count": len(found)}}


def _work_info(order: WorkOrder, now: datetime) -> dict[str, Any]:
    if order.created < now - _SHOWN_FOR:
        return {"result": []}
    logs = [
        named("oper_user oper_date oper_type oper_content", log.user, epoch_ms(log.at), log.kind, log.content)
        for log in order.logs
    ]
    info = named(
        "send_biztype_id send_biztype_name reply_biztype_name reply_sub_biztype_name",
        *(order.biztype_id, order.biztype_name, order.reply_biztype_name, order.reply_sub_biztype_name),
    )
    info |= {"santisfaction": "", "create_date": epoch_ms(order.created), "oper_logs": logs}
    return {"result": [info]}


def _reply(order: WorkOrder, merchant: str, asked: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    content, biztype, subtype = asked["reply_content"], asked["work_type"], asked["work2_type"]
    code, message = 2, ""
    if order.status == 2:
        code, message = 3, "工单已回复，请勿重复回复"
    elif order.status in (3, 4):
        message = f"工单{STATUS_NAMES[order.status]}，不能回复"
    elif not content.strip():
        message = "回复内容不能为空"
    elif len(content.encode("gb18030", "replace")) > _REPLY_BYTES:
        message = f"回复内容超过{_REPLY_BYTES}字节"
    elif biztype != order.biztype_id:
        message = "一级业务类型与工单不符"
    elif subtype not in SUBTYPES.get(biztype, {}):
        message = "二级业务类型不存在"
    else:
        code, message = 1, "回复成功"
        order.status = 2
        order.logs.append(Log(merchant, now, "商家回复", content))
        order.reply_biztype_name = order.biztype_name
        order.reply_sub_biztype_name = SUBTYPES[biztype][subtype]
    return {"work_order": {"resultCode": code, "resultMsg": message}}


def named(names: str, *values: object) -> dict[str, Any]:
    """An object with these names, parted by spaces, and values."""
    return dict(zip(names.split(), values, strict=True))


def epoch_ms(moment: datetime) -> int:
    """An aware moment as the platform's answers write it."""
    return round(moment.timestamp() * 1000)


def read_moment(text: str) -> datetime | None:
    """A moment in the platform's own spelling and zone; None for any other spelling."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if f"{moment:%Y-%m-%d %H:%M:%S}" == text:
            return moment.replace(tzinfo=_ZONE)
    return None
