"""What a draft makes of a ticket: a new one, or news about one that is held.

Pure: drafts and tickets in, tickets, events and replies out. Safe to repeat: the same draft a second
time is no news.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jdticket import clock
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.events import Event, EventKind
from jdticket.domain.moves import CLOSE_FROM, REJECT_FROM
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.replies import Reply
from jdticket.domain.tickets import DeadlineSource, Draft, Kind, PlatformState, Status, Ticket

# A countdown on the page is cut to the minute and the copy takes a moment: within this it agrees.
_COUNTDOWN_TOLERANCE = timedelta(minutes=2)
_ENDS = frozenset({PlatformState.REPLIED, PlatformState.CLOSED, PlatformState.VOID})


def new_ticket(
    draft: Draft, shop: str, policy: DeadlinePolicy, now: datetime, by: str
) -> tuple[Ticket, list[Event], list[Reply]]:
    """The ticket that a draft becomes when it is first seen at ``now``, the events that tell of it, and
    a reply that the draft tells of."""
    kind = draft.kind or Kind.OTHER
    created_at = draft.created_at or min(now, draft.deadline_at or now)
    if draft.deadline_at is not None:
        deadline_at, source = draft.deadline_at, DeadlineSource.PLATFORM
    else:
        deadline_at, source = policy.deadline(kind, created_at), DeadlineSource.POLICY
    ticket = Ticket(
        id=draft.id,
        shop=shop,
        order_id=draft.order_id,
        kind=kind,
        kind_text=draft.kind_text,
        status=_first_status(draft),
        created_at=created_at,
        deadline_at=deadline_at,
        first_deadline_at=deadline_at,
        deadline_source=source,
        taken_in_at=now,
        platform_status=draft.platform_status,
        assignee=draft.assignee or "",
        content=draft.content or "",
        replied_at=draft.reply_at,
    )
    data: dict[str, object] = {
        "source": draft.source,
        "row": draft.row,
        "deadline_at": clock.stored(deadline_at),
        "deadline_source": source.value,
    }
    if draft.created_at is None:
        data["created_at_unknown"] = True
    if draft.reply_text and draft.reply_at is None:
        data["reply_text"] = draft.reply_text
    words = (draft.id, draft.order_id, draft.kind_text, draft.content, data.get("reply_text"))
    event = Event(
        at=now,
        kind=EventKind.TAKEN_IN,
        ticket_id=draft.id,
        by=by,
        data=data,
        text=" ".join(str(word) for word in words if word),
    )
    replies = _platform_reply(draft, ticket, now)
    return ticket, [event, *(reply_event(reply, now, from_platform=True) for reply in replies)], replies


def known_ticket(
    held: Ticket,
    draft: Draft,
    shop: str,
    policy: DeadlinePolicy,
    replies_to: Callable[[str], list[Reply]],
    now: datetime,
    by: str,
) -> tuple[Ticket, list[Event], list[Reply]]:
    """The held ticket with what the draft tells anew, the events that tell of it (none: no news),
    and a reply that the platform knows and we do not (``replies_to`` gives those that we know)."""
    ticket, news = _with_new_facts(held, draft, shop)
    events: list[Event] = []

    def tell(kind: EventKind, text: str = "", **data: object) -> None:
        events.append(
            Event(
                at=now,
                kind=kind,
                ticket_id=held.id,
                by=by,
                data={"source": draft.source, "row": draft.row, **data},
                text=text,
            )
        )

    if news:
        words = (news.get("order_id"), news.get("kind_text"), news.get("content"))
        tell(EventKind.CHANGED, text=" ".join(str(new) for new in words if new), fields=news)

    moved = _moved_by(held, ticket, draft, policy)
    if moved is not None:
        deadline_at, source, why = moved
        ticket = replace(ticket, deadline_at=deadline_at, deadline_source=source)
        tell(
            EventKind.DEADLINE_MOVED,
            old=clock.stored(held.deadline_at),
            new=clock.stored(deadline_at),
            why=why,
        )

    replies = _reply_unknown_to_us(held, ticket, draft, replies_to, now)
    for reply in replies:
        ticket = replace(ticket, replied_at=reply.at)
        events.append(reply_event(reply, now, from_platform=True))

    state = draft.platform_state
    if state in _ENDS and not replies and _is_reopened_by_us(held, draft):
        return ticket, events, replies
    if state is PlatformState.VOID and ticket.status is not Status.VOID:
        ticket = replace(ticket, status=Status.VOID, returned_at=None)
        tell(EventKind.VOIDED, platform=draft.platform_status)
    elif state is PlatformState.CLOSED and ticket.status in CLOSE_FROM:
        ticket = replace(ticket, status=Status.CLOSED, returned_at=None)
        tell(EventKind.CLOSED, platform=draft.platform_status)
    elif ticket.status is Status.PENDING and (
        state is PlatformState.REPLIED
        or (replies and state not in {PlatformState.WAITING, PlatformState.REJECTED})
    ):
        ticket = replace(ticket, status=Status.REPLIED, replied_at=ticket.replied_at or draft.reply_at)
        if not replies:
            tell(EventKind.REPLIED, platform=draft.platform_status)
    elif state is PlatformState.REPLIED and ticket.returned_at is not None:
        ticket = replace(ticket, returned_at=None)
        tell(EventKind.ARRIVED, platform=draft.platform_status)
    elif (
        state is PlatformState.REJECTED
        and ticket.status in REJECT_FROM
        and _is_rejected_anew(held, draft, replies_to)
        and not _older_than_our_reply(draft, replies_to)
    ):
        ticket = replace(ticket, status=Status.PENDING, returned_at=None, rejected_at=now)
        tell(EventKind.REJECTED, text=draft.rejection, platform=draft.platform_status, reason=draft.rejection)
    elif (
        state in {PlatformState.WAITING, PlatformState.REJECTED}
        and ticket.status is Status.REPLIED
        and ticket.returned_at is None
        and not _older_than_our_reply(draft, replies_to)
    ):
        ticket = replace(ticket, returned_at=now)
        tell(EventKind.RETURNED, platform=draft.platform_status)
    return ticket, events, replies


def _is_reopened_by_us(held: Ticket, draft: Draft) -> bool:
    """Whether a person has reopened the ticket although the platform says what it says still: only
    something new from there may end it again."""
    return (
        held.status is Status.PENDING
        and bool(draft.platform_status)
        and draft.platform_status == held.platform_status
    )


def _is_rejected_anew(held: Ticket, draft: Draft, replies_to: Callable[[str], list[Reply]]) -> bool:
    """Whether the draft tells of a rejection that we do not know of.

    A source of unknown age may have been made before our latest reply, and a person may have closed the
    ticket knowing of it: what tells what we know already must not undo that.
    """
    if draft.platform_status != held.platform_status:
        return True
    if draft.seen_at is None or held.status is not Status.REPLIED:
        return False
    # Where it is known when, a rejection of an earlier reply says nothing of the latest.
    rejected_at = draft.rejected_at
    return rejected_at is None or all(reply.at < rejected_at for reply in replies_to(held.id))


def _older_than_our_reply(draft: Draft, replies_to: Callable[[str], list[Reply]]) -> bool:
    """Whether the draft was seen before our latest reply was recorded, so that it cannot tell of it."""
    if draft.seen_at is None:
        return False
    return any(draft.seen_at <= reply.recorded_at for reply in replies_to(draft.id))


def _moved_by(
    held: Ticket, ticket: Ticket, draft: Draft, policy: DeadlinePolicy
) -> tuple[datetime, DeadlineSource, str] | None:
    """The deadline that the draft's news lead to, where it comes from, and why; None: it stays."""
    if held.status is not Status.PENDING:
        return None
    if draft.deadline_at is not None:
        tolerance = _COUNTDOWN_TOLERANCE if draft.deadline_to_the_minute else timedelta(0)
        if abs(draft.deadline_at - held.deadline_at) <= tolerance:
            return None
        # The platform goes on showing its own deadline after the manager has granted a later one.
        if held.deadline_source is DeadlineSource.GRANTED and draft.deadline_at < held.deadline_at:
            return None
        return draft.deadline_at, DeadlineSource.PLATFORM, "platform"
    if held.deadline_source is not DeadlineSource.POLICY:
        return None
    if (held.kind, held.created_at) == (ticket.kind, ticket.created_at):
        return None
    deadline_at = policy.deadline(ticket.kind, ticket.created_at)
    # A change of configuration must not slip in here; only what the facts have changed moves it.
    if deadline_at == policy.deadline(held.kind, held.created_at):
        return None
    return deadline_at, DeadlineSource.POLICY, "facts"


def _reply_unknown_to_us(
    held: Ticket, ticket: Ticket, draft: Draft, replies_to: Callable[[str], list[Reply]], now: datetime
) -> list[Reply]:
    if not draft.reply_text or draft.reply_at is None:
        return []
    if held.replied_at is not None and draft.reply_at <= held.replied_at:
        return []
    if any(reply.text == draft.reply_text for reply in replies_to(held.id)):
        return []
    return _platform_reply(draft, ticket, now)


def reply_event(reply: Reply, now: datetime, *, from_platform: bool) -> Event:
    """The entry of the time line for a reply; ``from_platform``: it was seen there, not recorded by us."""
    return Event(
        at=now,
        kind=EventKind.REPLIED,
        ticket_id=reply.ticket_id,
        by=reply.by,
        data={
            "text": reply.text,
            "at": clock.stored(reply.at),
            "on_time": reply.on_time,
            "forced": reply.forced,
            "from_platform": from_platform,
        },
        text=reply.text,
    )


def _first_status(draft: Draft) -> Status:
    match draft.platform_state:
        case PlatformState.VOID:
            return Status.VOID
        case PlatformState.CLOSED:
            return Status.CLOSED
        case PlatformState.REPLIED:
            return Status.REPLIED
        case PlatformState.WAITING | PlatformState.REJECTED:
            return Status.PENDING
        case None:
            return Status.REPLIED if draft.reply_text or draft.reply_at else Status.PENDING


def _platform_reply(draft: Draft, ticket: Ticket, now: datetime) -> list[Reply]:
    """The reply that the draft tells of; none when its text or its time is missing."""
    if not draft.reply_text or draft.reply_at is None:
        return []
    return [
        Reply(
            ticket_id=draft.id,
            text=draft.reply_text,
            at=draft.reply_at,
            recorded_at=now,
            by=draft.assignee or "",
            deadline_at=ticket.deadline_at,
        )
    ]


def _with_new_facts(held: Ticket, draft: Draft, shop: str) -> tuple[Ticket, dict[str, str]]:
    """The held ticket with the draft's facts where they are news, and the news by field."""
    facts: dict[str, Any] = {}

    def learn(**found: object) -> None:
        facts.update((name, value) for name, value in found.items() if value != getattr(held, name))

    sketch = draft.fills_gaps_only
    if draft.order_id and not (sketch and held.order_id):
        learn(order_id=draft.order_id)
    if draft.content and not (sketch and held.content):
        learn(content=draft.content)
    # "Other" only says that the words were not recognised; it never undoes what another source knew.
    if draft.kind not in {None, Kind.OTHER, held.kind} and not (sketch and held.kind is not Kind.OTHER):
        learn(kind=draft.kind, kind_text=draft.kind_text)
    elif draft.kind_text and not held.kind_text:
        learn(kind_text=draft.kind_text)
    if draft.assignee and not held.assignee:
        learn(assignee=draft.assignee)
    if draft.created_at is not None and not _same_minute_but_coarser(draft.created_at, held.created_at):
        learn(created_at=draft.created_at)
    # A state is no gap to fill: a sketch that tells another one is news. It may have other words for the
    # same one.
    same_state = draft.platform_state is platform_state_from_words(held.platform_status)
    if draft.platform_status and not (sketch and held.platform_status and same_state):
        learn(platform_status=draft.platform_status)
    learn(shop=shop)
    news = {
        name: clock.stored(value) if isinstance(value, datetime) else str(value)
        for name, value in facts.items()
    }
    return replace(held, **facts), news


def _same_minute_but_coarser(found: datetime, held: datetime) -> bool:
    """Exports often cut times to the minute; that is no news about a time held to the second."""
    return found.second == 0 and found == held.replace(second=0)
