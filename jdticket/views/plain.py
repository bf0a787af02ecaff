"""Answers for programs: JSON and CSV. Keys are a contract: they may be added to, never changed.

Times are ISO 8601 with the service zone's offset, durations are whole seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, TextIO

from jdticket import clock
from jdticket.domain.events import Event
from jdticket.domain.outages import Contact, Extension, Outage
from jdticket.domain.reminders import Reminder
from jdticket.domain.replies import Delivery, Reply
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket
from jdticket.domain.urgency import waits
from jdticket.text import harmless

if TYPE_CHECKING:
    from jdticket.domain.authorisation import Token

TICKET_KEYS = (
    "id",
    "shop",
    "order_id",
    "kind",
    "kind_text",
    "status",
    "platform_status",
    "created_at",
    "deadline_at",
    "first_deadline_at",
    "deadline_source",
    "seconds_left",
    "overdue",
    "assignee",
    "content",
    "replied_at",
    "returned",
    "waits",
)
# What spreadsheets would take for a formula when a cell begins with it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def ticket(
    ticket: Ticket, left: timedelta | None, now: datetime, zone: tzinfo, *, undelivered: bool
) -> dict[str, Any]:
    """One ticket; ``left`` is its service time, negative when overdue, null in the answer unless it waits.
    ``undelivered``: a reply to it is not known to have arrived."""
    waiting = waits(ticket, undelivered)
    return {
        "id": ticket.id,
        "shop": ticket.shop,
        "order_id": ticket.order_id,
        "kind": ticket.kind.value,
        "kind_text": ticket.kind_text,
        "status": ticket.status.value,
        "platform_status": ticket.platform_status,
        "created_at": clock.iso(ticket.created_at, zone),
        "deadline_at": clock.iso(ticket.deadline_at, zone),
        "first_deadline_at": clock.iso(ticket.first_deadline_at, zone),
        "deadline_source": ticket.deadline_source.value,
        "seconds_left": int(left.total_seconds()) if waiting and left is not None else None,
        "overdue": waiting and now > ticket.deadline_at,
        "assignee": ticket.assignee,
        "content": ticket.content,
        "replied_at": _iso(ticket.replied_at, zone),
        "returned": ticket.status == "replied" and ticket.returned_at is not None,
        "waits": waiting,
    }


def reply(reply: Reply, zone: tzinfo) -> dict[str, Any]:
    """One reply."""
    return {
        "id": reply.id,
        "at": clock.iso(reply.at, zone),
        "recorded_at": clock.iso(reply.recorded_at, zone),
        "by": reply.by,
        "text": reply.text,
        "deadline_at": clock.iso(reply.deadline_at, zone),
        "on_time": reply.on_time,
        "forced": reply.forced,
    }


def event(event: Event, zone: tzinfo) -> dict[str, Any]:
    """One entry of a time line."""
    from jdticket.domain.events import encoded

    return {
        "id": event.id,
        "at": clock.iso(event.at, zone),
        "kind": event.kind.value,
        "ticket": event.ticket_id,
        "outage": event.outage_id,
        "by": event.by,
        "data": {key: _with_offset(value, zone) for key, value in encoded(event.payload).items()},
    }


def extension(extension: Extension, zone: tzinfo) -> dict[str, Any]:
    """One granted deadline, linked to its contact and its outage."""
    return {
        "ticket": extension.ticket_id,
        "outage": extension.outage_id,
        "contact": extension.contact_id,
        "old_deadline_at": clock.iso(extension.old_deadline_at, zone),
        "granted_until": clock.iso(extension.granted_until, zone),
        "at": clock.iso(extension.at, zone),
    }


def contact(contact: Contact, zone: tzinfo) -> dict[str, Any]:
    """One contact with the operations manager."""
    return {
        "id": contact.id,
        "outage": contact.outage_id,
        "manager": contact.manager,
        "via": contact.via.value,
        "at": clock.iso(contact.at, zone),
        "said": contact.said,
        "outcome": contact.outcome.value,
    }


def reminder(reminder: Reminder, zone: tzinfo) -> dict[str, Any]:
    """One row of the ledger of reminders."""
    return {
        "id": reminder.id,
        "rule": reminder.rule.value,
        "step": reminder.step,
        "channel": reminder.channel,
        "ticket": reminder.ticket_id,
        "outage": reminder.outage_id,
        "deadline_at": _iso(reminder.deadline_at, zone),
        "due_at": clock.iso(reminder.due_at, zone),
        "state": reminder.state.value,
        "claimed_at": clock.iso(reminder.claimed_at, zone),
        "sent_at": _iso(reminder.sent_at, zone),
        "attempts": reminder.attempts,
        "answer": reminder.answer,
        "refused": reminder.refused,
    }


def delivery(delivery: Delivery | None, zone: tzinfo) -> dict[str, Any]:
    """What became of a reply on the platform; ``state`` is null for one that was never to be sent."""
    return {
        "state": delivery.state.value if delivery else None,
        "tries": delivery.tries if delivery else 0,
        "tried_at": _iso(delivery.tried_at, zone) if delivery else None,
        "answer": delivery.answer if delivery else "",
        "trouble": delivery.trouble.value if delivery and delivery.trouble else None,
        "code": delivery.code if delivery else "",
        "subtype": delivery.subtype if delivery else "",
    }


def authorisation(shop: str, token: Token | None, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """Whether a shop is signed in on the platform; never the token itself."""
    return {
        "shop": shop,
        "signed_in": token is not None and token.expires_at > now,
        "expires_at": _iso(token.expires_at, zone) if token else None,
    }


def source(source: SourceState | None, zone: tzinfo) -> dict[str, Any]:
    """How the fetching of a shop's tickets goes; ``trouble`` is null when it works."""
    return {
        "fetched_at": _iso(source.good_at, zone) if source else None,
        "failing_since": _iso(source.failing_since, zone) if source else None,
        "trouble": source.trouble.value if source and source.trouble else None,
        "code": source.code if source else "",
    }


def outage(outage: Outage, zone: tzinfo) -> dict[str, Any]:
    """One outage; ``until`` is null while it lasts, ``shops`` empty means all."""
    return {
        "id": outage.id,
        "reason": outage.reason.value,
        "since": clock.iso(outage.since, zone),
        "until": _iso(outage.until, zone),
        "shops": list(outage.shops),
        "note": outage.note,
        "reported_at": clock.iso(outage.reported_at, zone),
        "manager_contacted": outage.contacted,
    }


def _with_offset(value: Any, zone: tzinfo) -> Any:
    """A moment in what an event tells, the way every other moment is shown."""
    if isinstance(value, Mapping):
        return {key: _with_offset(inner, zone) for key, inner in value.items()}
    return clock.iso(value, zone) if isinstance(value, datetime) else value


def _iso(moment: datetime | None, zone: tzinfo) -> str | None:
    return None if moment is None else clock.iso(moment, zone)


def write_json(value: object, stream: TextIO) -> None:
    """One JSON document and a line end. Characters that the stream cannot carry are escaped."""
    stream.write(_dumps(value, stream, indent=2) + "\n")


def write_json_array(rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """A JSON array, one row a line, written as the rows come."""
    stream.write("[")
    separator = "\n"
    for row in rows:
        stream.write(separator + _dumps(row, stream))
        separator = ",\n"
    stream.write("\n]\n")


def _dumps(value: object, stream: TextIO, indent: int | None = None) -> str:
    carries_all = (stream.encoding or "utf-8").lower().replace("-", "").startswith(("utf", "gb18030"))
    text = json.dumps(value, ensure_ascii=not carries_all, indent=indent)
    # json leaves lone surrogates as they are; escaped, they are valid JSON and can be written.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def write_csv(keys: Iterable[str], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """A header line and a line a row. No cell can be taken for a formula by a spreadsheet."""
    import csv

    writer = csv.writer(stream, lineterminator="\n")
    # Before Python 3.13 a carriage return alone is left bare, and readers take it for the end of a row.
    quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    names = list(keys)
    writer.writerow(names)
    for row in rows:
        cells = [spreadsheet_cell(row[name]) for name in names]
        torn = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if torn else writer).writerow(cells)


def harmless_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """``row`` without what a terminal would obey: controls and marks of direction are shown as codes."""
    return {key: harmless(value) if isinstance(value, str) else value for key, value in row.items()}


def for_people(
    keys: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The columns and rows of an export in the reader's language: headings, kinds, states; times to the
    second on the shop's clock. An import reads them again in either language."""
    from jdticket.words import column_word

    return [column_word(key) for key in keys], (
        {column_word(key): _for_people(key, row[key]) for key in keys} for row in rows
    )


def _for_people(key: str, value: Any) -> Any:
    from jdticket.words import deadline_source_word, kind_word, status_word, yes_or_no

    if isinstance(value, bool):
        return yes_or_no(value)
    if value and key.endswith("_at"):
        return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S")
    if key == "kind":
        return kind_word(Kind(value))
    if key == "status":
        return status_word(Status(value))
    return deadline_source_word(DeadlineSource(value)) if key == "deadline_source" else value


def spreadsheet_cell(value: object) -> object:
    """``value`` as a cell that a spreadsheet shows and never runs."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return "" if value is None else value
    if value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
