"""Things to put into a store, each with whatever the test does not care about filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from jdticket.clock import stored
from jdticket.domain.authorisation import Token
from jdticket.domain.events import Event, EventKind, decoded
from jdticket.domain.outages import Contact, Extension, Outage, OutageReason, Outcome, Via
from jdticket.domain.reminders import Reminder, ReminderRule, ReminderState
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


def ticket(ticket_id: str = "59088842", **fields: Any) -> Ticket:
    created_at = fields.pop("created_at", NOON)
    deadline_at = fields.pop("deadline_at", created_at + timedelta(hours=4))
    given: dict[str, Any] = {
        "id": ticket_id,
        "shop": "jd3",
        "order_id": "275490614167",
        "kind": Kind.URGE,
        "kind_text": "催单",
        "status": Status.PENDING,
        "created_at": created_at,
        "deadline_at": deadline_at,
        "first_deadline_at": deadline_at,
        "deadline_source": DeadlineSource.POLICY,
        "taken_in_at": NOON,
    }
    return Ticket(**(given | fields))


_MOMENT = stored(NOON)
_FOUND = {"source": "tickets.csv", "row": 2}
# One entry of each kind, as a store keeps it.
KEPT: dict[EventKind, dict[str, Any]] = {
    EventKind.TAKEN_IN: {**_FOUND, "deadline_at": _MOMENT, "deadline_source": "policy"},
    EventKind.CHANGED: {**_FOUND, "fields": {"content": "催促发货"}},
    EventKind.DEADLINE_MOVED: {"old": _MOMENT, "new": _MOMENT, "why": "recomputed"},
    EventKind.REPLIED: {
        "text": "您好",
        "at": _MOMENT,
        "on_time": True,
        "forced": False,
        "from_platform": False,
    },
    EventKind.RETURNED: {**_FOUND, "platform": "待回复"},
    EventKind.ARRIVED: {**_FOUND, "platform": "待确认"},
    EventKind.REJECTED: {**_FOUND, "platform": "已驳回", "reason": ""},
    EventKind.SENT: {"reply": 1, "state": "arrived", "answer": "回复成功"},
    EventKind.NOT_SENT: {"reply": 1, "state": "unsent", "answer": "", "trouble": "refused", "code": "2"},
    EventKind.ASSIGNED: {"old": "", "new": "小李"},
    EventKind.NOTED: {"text": "买家要求改地址"},
    EventKind.CLOSED: {"from": "pending"},
    EventKind.VOIDED: {"from": "pending", "why": "重复"},
    EventKind.REOPENED: {"from": "closed", "why": "再次投诉"},
    EventKind.MISSING: {"source": "page.txt"},
    EventKind.FOUND_AGAIN: {"source": "page.txt", "row": 20},
    EventKind.OUTAGE_REPORTED: {"reason": "power", "since": _MOMENT, "note": ""},
    EventKind.OUTAGE_ENDED: {"until": _MOMENT},
    EventKind.CONTACTED: {
        "contact": 1,
        "manager": "王经理",
        "via": "phone",
        "at": _MOMENT,
        "outcome": "told",
        "said": "",
    },
}


def event(
    text: str = "",
    *,
    kind: EventKind = EventKind.TAKEN_IN,
    data: Mapping[str, Any] = MappingProxyType({}),
    **fields: Any,
) -> Event:
    """One of this kind; ``data`` stands in place of what :data:`KEPT` has."""
    origin = _FOUND if "platform" in data else {}
    payload = decoded(kind, {**KEPT[kind], **origin, **data})
    given: dict[str, Any] = {"at": NOON, "payload": payload, "ticket_id": "59088842", "text": text}
    return Event(**(given | fields))


def reply(**fields: Any) -> Reply:
    given: dict[str, Any] = {
        "ticket_id": "59088842",
        "text": "您好，订单已发出。",
        "at": NOON,
        "recorded_at": NOON,
        "by": "小李",
        "deadline_at": NOON + timedelta(hours=4),
    }
    return Reply(**(given | fields))


def delivery(reply_id: int, **fields: Any) -> Delivery:
    given: dict[str, Any] = {"ticket_id": "59088842", "state": DeliveryState.UNSENT}
    return Delivery(reply_id, **(given | fields))


def outage(**fields: Any) -> Outage:
    given: dict[str, Any] = {
        "reason": OutageReason.POWER,
        "since": NOON,
        "until": None,
        "shops": ("jd3", "京东5店"),
        "note": "园区停电",
        "reported_at": NOON + timedelta(minutes=5),
    }
    return Outage(**(given | fields))


def contact(outage_id: int, **fields: Any) -> Contact:
    given: dict[str, Any] = {
        "manager": "王经理",
        "via": Via.PHONE,
        "at": NOON,
        "said": "知道了",
        "outcome": Outcome.TOLD,
    }
    return Contact(outage_id, **(given | fields))


def extension(contact_id: int, outage_id: int, ticket_id: str = "59088842", **fields: Any) -> Extension:
    given: dict[str, Any] = {
        "old_deadline_at": NOON,
        "granted_until": NOON + timedelta(hours=2),
        "at": NOON,
    }
    return Extension(contact_id, outage_id, ticket_id, **(given | fields))


def reminder(**fields: Any) -> Reminder:
    """One that is wanted: its state, claim and attempts mean nothing."""
    given: dict[str, Any] = {
        "rule": ReminderRule.BEFORE,
        "step": "before:1800",
        "channel": "值班群",
        "due_at": NOON,
        "ticket_id": "59088842",
        "outage_id": None,
        "deadline_at": NOON + timedelta(hours=4),
        "state": ReminderState.CLAIMED,
        "claimed_at": NOON,
        "claim_expires_at": NOON,
        "attempts": 0,
    }
    return Reminder(**(given | fields))


def sent(claimed: Reminder, **fields: Any) -> Reminder:
    return claimed._replace(**({"state": ReminderState.SENT, "sent_at": NOON, "answer": "ok"} | fields))


def failed(claimed: Reminder, **fields: Any) -> Reminder:
    return claimed._replace(**({"state": ReminderState.FAILED, "answer": "HTTP 500"} | fields))


def source(shop: str = "jd3", **fields: Any) -> SourceState:
    return SourceState(shop, **fields)


def token(access: str = "access-1", **fields: Any) -> Token:
    """One that holds for a day from noon on."""
    given: dict[str, Any] = {
        "shop": "jd3",
        "app_key": "app-key-5f3a",
        "refresh_token": "refresh-1",
        "got_at": NOON,
        "expires_at": NOON + timedelta(hours=24),
    }
    return Token(access_token=access, **(given | fields))
