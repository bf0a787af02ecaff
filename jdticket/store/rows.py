"""Things and the rows they are kept in: ``…_row`` makes the values of a row, ``…_of`` the thing again.

Every store keeps the same columns in the same order. What most commands have no row of is imported where
one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from jdticket.clock import from_stored, stored
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket
from jdticket.errors import StoreError, Trouble
from jdticket.i18n import _
from jdticket.text import quoted

if TYPE_CHECKING:
    from jdticket.domain.channels import ChannelTrouble
    from jdticket.domain.events import Event
    from jdticket.domain.outages import Contact, Extension, Outage
    from jdticket.domain.reminders import Reminder
    from jdticket.domain.replies import Delivery, Reply
    from jdticket.domain.sources import SourceState

TICKET_FIELDS = (
    "id",
    "shop",
    "order_id",
    "kind",
    "kind_text",
    "status",
    "created_at",
    "deadline_at",
    "first_deadline_at",
    "deadline_source",
    "taken_in_at",
    "platform_status",
    "assignee",
    "content",
    "replied_at",
    "returned_at",
    *("reopened_at", "seen_at", "stepped_at", "stepped_word", "anyway", "missing_at"),
)
DELIVERY_FIELDS = (
    *("reply_id", "ticket_id", "state", "tries", "tried_at", "busy_until", "answer", "trouble", "code"),
    "subtype",
)

# Looking a value up is several times quicker than calling the enum.
_KINDS = {kind.value: kind for kind in Kind}
_STATUSES = {status.value: status for status in Status}
_SOURCES = {source.value: source for source in DeadlineSource}

_LONG_PAST = datetime(1970, 1, 1, tzinfo=UTC)

# Many rows of one import share their moments: the first deadline is the deadline, all come in at once.
_stored = lru_cache(maxsize=1024)(stored)


_T = TypeVar("_T")


def _told_of(made: Callable[[Any], _T]) -> Callable[[Any], _T]:
    """``made`` of a row in which something stands that is none of its kind raises ``StoreError``."""

    def told(row: Any) -> _T:
        try:
            return made(row)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                _(
                    "A row in the store is damaged ({what}: {problem}); put your latest backup in its place: "
                    "jdticket restore BACKUP"
                ).format(what=made.__name__.removesuffix("_of"), problem=quoted(str(error)))
            ) from error

    return told


@cache
def _as_json() -> Callable[[object], str]:
    import json

    return json.JSONEncoder(ensure_ascii=False, default=_stored).encode


def ticket_row(ticket: Ticket) -> tuple[str | bool | None, ...]:
    """The columns of ``TICKET_FIELDS``."""
    return (
        ticket.id,
        ticket.shop,
        ticket.order_id,
        ticket.kind.value,
        ticket.kind_text,
        ticket.status.value,
        _stored(ticket.created_at),
        _stored(ticket.deadline_at),
        _stored(ticket.first_deadline_at),
        ticket.deadline_source.value,
        _stored(ticket.taken_in_at),
        ticket.platform_status,
        ticket.assignee,
        ticket.content,
        None if ticket.replied_at is None else _stored(ticket.replied_at),
        None if ticket.returned_at is None else _stored(ticket.returned_at),
        None if ticket.reopened_at is None else _stored(ticket.reopened_at),
        None if ticket.seen_at is None else _stored(ticket.seen_at),
        None if ticket.stepped_at is None else _stored(ticket.stepped_at),
        ticket.stepped_word,
        ticket.anyway,
        None if ticket.missing_at is None else _stored(ticket.missing_at),
    )


def ticket_of(row: Any) -> Ticket:
    """From the columns of ``TICKET_FIELDS``; more of them are left aside.

    What only a hand in the store or damage can have written stops no other row: a moment that is none (30
    February) counts as one long past, a state as pending, a kind as other, bytes as the text they are.
    """
    if bytes in map(type, row):
        row = [str(value, "utf-8", "replace") if isinstance(value, bytes) else value for value in row]
    try:
        return _ticket_of(row, from_stored)
    except (ValueError, KeyError, TypeError):
        mended = list(row)
        for at, values, otherwise in (
            (3, _KINDS, Kind.OTHER),
            (5, _STATUSES, Status.PENDING),
            (9, _SOURCES, DeadlineSource.POLICY),
        ):
            mended[at] = row[at] if row[at] in values else otherwise.value
        return _ticket_of(mended, moment_of)


def moment_of(text: str) -> datetime:
    """A moment as it is kept; one that is none counts as one long past."""
    try:
        return from_stored(text)
    except (ValueError, TypeError):
        return _LONG_PAST


HURT_FIELDS = (
    "kind",
    "status",
    "deadline_source",
    "created_at",
    "deadline_at",
    "first_deadline_at",
    "taken_in_at",
)
"""What of a ticket is no free text; the moments are the last four."""


def unreadable(row: Any) -> dict[str, str]:
    """Of the columns of ``HURT_FIELDS`` those that hold nothing of their kind, each with what it holds."""
    values = dict(zip(HURT_FIELDS, row, strict=True))
    known: dict[str, Mapping[str, object]] = {
        "kind": _KINDS,
        "status": _STATUSES,
        "deadline_source": _SOURCES,
    }
    return {
        name: str(value)
        for name, value in values.items()
        if (value not in known[name] if name in known else moment_of(value) == _LONG_PAST)
    }


def _ticket_of(row: Any, from_stored: Callable[[str], datetime]) -> Ticket:
    return Ticket(
        row[0],
        row[1],
        row[2],
        _KINDS[row[3]],
        row[4],
        _STATUSES[row[5]],
        from_stored(row[6]),
        from_stored(row[7]),
        from_stored(row[8]),
        _SOURCES[row[9]],
        from_stored(row[10]),
        row[11],
        row[12],
        row[13],
        row[14] and from_stored(row[14]),
        row[15] and from_stored(row[15]),
        row[16] and from_stored(row[16]),
        row[17] and from_stored(row[17]),
        row[18] and from_stored(row[18]),
        row[19],
        bool(row[20]),
        row[21] and from_stored(row[21]),
    )


# The time line


def event_row(number: int, event: Event) -> tuple[object, ...]:
    """All columns; ``number``: the event's id."""
    from jdticket.domain.events import encoded

    return (
        number,
        _stored(event.at),
        event.kind.value,
        event.ticket_id,
        event.outage_id,
        event.by,
        _as_json()(encoded(event.payload)),
        event.text,
    )


@_told_of
def event_of(row: Any) -> Event:
    """From all columns."""
    import json

    from jdticket.domain.events import Event, EventKind, decoded

    number, at, kind, ticket_id, outage_id, by, data, text = row
    payload = decoded(EventKind(kind), json.loads(data))
    return Event(from_stored(at), payload, ticket_id, outage_id, by, text, number)


# Replies


def reply_row(reply: Reply) -> tuple[object, ...]:
    """All columns but the id."""
    return (
        reply.ticket_id,
        reply.text,
        stored(reply.at),
        stored(reply.recorded_at),
        reply.by,
        stored(reply.deadline_at),
        reply.forced,
    )


@_told_of
def reply_of(row: Any) -> Reply:
    """From all columns."""
    from jdticket.domain.replies import Reply

    number, ticket_id, text, at, recorded_at, by, deadline_at, forced = row
    return Reply(
        ticket_id,
        text,
        from_stored(at),
        from_stored(recorded_at),
        by,
        from_stored(deadline_at),
        bool(forced),
        number,
    )


def delivery_row(delivery: Delivery) -> tuple[object, ...]:
    """The columns of ``DELIVERY_FIELDS``."""
    return (
        delivery.reply_id,
        delivery.ticket_id,
        delivery.state.value,
        delivery.tries,
        delivery.tried_at and stored(delivery.tried_at),
        delivery.busy_until and stored(delivery.busy_until),
        delivery.answer,
        delivery.trouble and delivery.trouble.value,
        delivery.code,
        delivery.subtype,
    )


@_told_of
def delivery_of(row: Any) -> Delivery:
    """From the columns of ``DELIVERY_FIELDS``."""
    from jdticket.domain.replies import Delivery, DeliveryState

    reply_id, ticket_id, state, tries, tried_at, busy_until, answer, trouble, code, subtype = row
    return Delivery(
        reply_id,
        ticket_id,
        DeliveryState(state),
        tries,
        tried_at and from_stored(tried_at),
        busy_until and from_stored(busy_until),
        answer,
        trouble and Trouble(trouble),
        code,
        subtype,
    )


# Outages


def outage_row(outage: Outage) -> tuple[object, ...]:
    """All columns but the id."""
    return (
        outage.reason.value,
        stored(outage.since),
        outage.until and stored(outage.until),
        _as_json()(outage.shops),
        outage.note,
        stored(outage.reported_at),
        outage.contacted,
    )


@_told_of
def outage_of(row: Any) -> Outage:
    """From all columns."""
    import json

    from jdticket.domain.outages import Outage, OutageReason

    number, reason, since, until, shops, note, reported_at, contacted = row
    return Outage(
        OutageReason(reason),
        from_stored(since),
        until and from_stored(until),
        tuple(json.loads(shops)),
        note,
        from_stored(reported_at),
        bool(contacted),
        number,
    )


def contact_row(contact: Contact) -> tuple[object, ...]:
    """All columns but the id."""
    return (
        contact.outage_id,
        contact.manager,
        contact.via.value,
        stored(contact.at),
        contact.said,
        contact.outcome.value,
    )


@_told_of
def contact_of(row: Any) -> Contact:
    """From all columns."""
    from jdticket.domain.outages import Contact, Outcome, Via

    number, outage_id, manager, via, at, said, outcome = row
    return Contact(outage_id, manager, Via(via), from_stored(at), said, Outcome(outcome), number)


def extension_row(extension: Extension) -> tuple[object, ...]:
    """All columns but the id."""
    return (
        extension.contact_id,
        extension.outage_id,
        extension.ticket_id,
        stored(extension.old_deadline_at),
        stored(extension.granted_until),
        stored(extension.at),
    )


@_told_of
def extension_of(row: Any) -> Extension:
    """From all columns."""
    from jdticket.domain.outages import Extension

    number, contact_id, outage_id, ticket_id, old_deadline_at, granted_until, at = row
    return Extension(
        contact_id,
        outage_id,
        ticket_id,
        from_stored(old_deadline_at),
        from_stored(granted_until),
        from_stored(at),
        number,
    )


# Reminders


def wanted_row(reminder: Reminder) -> tuple[object, ...]:
    """The columns of a reminder that tell which one it is: those between its id and its state."""
    return (
        reminder.rule.value,
        reminder.step,
        reminder.channel,
        _stored(reminder.due_at),
        reminder.ticket_id,
        reminder.outage_id,
        None if reminder.deadline_at is None else _stored(reminder.deadline_at),
    )


@_told_of
def reminder_of(row: Any) -> Reminder:
    """From all columns."""
    from jdticket.domain.reminders import Reminder, ReminderRule, ReminderState

    return Reminder(
        ReminderRule(row[1]),
        row[2],
        row[3],
        from_stored(row[4]),
        row[5],
        row[6],
        row[7] and from_stored(row[7]),
        ReminderState(row[8]),
        from_stored(row[9]),
        from_stored(row[10]),
        row[11],
        row[12] and from_stored(row[12]),
        row[13],
        bool(row[14]),
        row[15],
        row[16] and from_stored(row[16]),
        row[0],
    )


@_told_of
def trouble_of(row: Any) -> ChannelTrouble:
    """From all columns."""
    from jdticket.domain.channels import ChannelTrouble

    channel, since, answer, refused = row
    return ChannelTrouble(channel, from_stored(since), answer, bool(refused))


# The pulling of work orders


def source_row(source: SourceState) -> tuple[object, ...]:
    """All columns."""
    moments = (
        *(source.good_at, source.read_until, source.swept_at, source.busy_until),
        *(source.failing_since, source.failed_since, source.back_at),
    )
    return (
        source.shop,
        *(moment and stored(moment) for moment in moments),
        source.trouble and source.trouble.value,
        source.code,
        source.words,
    )


@_told_of
def source_of(row: Any) -> SourceState:
    """From all columns."""
    from jdticket.domain.sources import SourceState

    shop, *moments, trouble, code, words = row
    good_at, read_until, swept_at, busy_until, failing_since, failed_since, back_at = (
        moment and from_stored(moment) for moment in moments
    )
    return SourceState(
        shop=shop,
        good_at=good_at,
        read_until=read_until,
        swept_at=swept_at,
        busy_until=busy_until,
        failing_since=failing_since,
        trouble=trouble and Trouble(trouble),
        code=code,
        words=words,
        failed_since=failed_since,
        back_at=back_at,
    )
