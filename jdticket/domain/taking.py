"""What a draft makes of a ticket: a new one, or news about one that is held.

Pure: drafts and tickets in, tickets, events and replies out. Safe to repeat: the same draft a second
time is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.drafts import Draft
from jdticket.domain.events import (
    Changed,
    DeadlineMoved,
    Event,
    FirstSeen,
    Payload,
    Replied,
    Said,
    SaidArrived,
    SaidClosed,
    SaidRejected,
    SaidReplied,
    SaidReturned,
    SaidVoid,
    Why,
)
from jdticket.domain.moves import AT_FIRST_SIGHT, BY_THE_PLATFORM, Move, moved
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.replies import Reply
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket

# A countdown on the page is cut to the minute and the copy takes a moment: within this it agrees.
_COUNTDOWN_TOLERANCE = timedelta(minutes=2)

_SAID: Mapping[Move, type[Said]] = {
    Move.CLOSE: SaidClosed,
    Move.VOID: SaidVoid,
    Move.RETURN: SaidReturned,
    Move.ARRIVE: SaidArrived,
}

RepliesTo = Callable[[str], list[Reply]]
"""The replies to a ticket that we know of, by its number."""


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
    taken_in = FirstSeen(
        source=draft.source,
        row=draft.row,
        deadline_at=deadline_at,
        deadline_source=source,
        created_at_unknown=draft.created_at is None,
        reply_text=draft.reply_text or "" if draft.reply_at is None else "",
    )
    words = (draft.id, draft.order_id, draft.kind_text, draft.content, taken_in.reply_text)
    event = Event(now, taken_in, draft.id, by=by, text=" ".join(word for word in words if word))
    replies = _platform_reply(draft, ticket, now)
    return ticket, [event, *(reply_event(reply, now, from_platform=True) for reply in replies)], replies


def known_ticket(
    held: Ticket,
    draft: Draft,
    shop: str,
    policy: DeadlinePolicy,
    replies_to: RepliesTo,
    now: datetime,
    by: str,
) -> tuple[Ticket, list[Event], list[Reply]]:
    """The held ticket with what the draft tells anew, the events that tell of it (none: no news),
    and a reply that the platform knows and we do not."""
    ticket, changed = _facts(held, draft, shop)
    ticket, deadline_moved = _deadline(held, ticket, draft, policy)
    ticket, replies = _reply(held, ticket, draft, replies_to, now)
    ticket, said = _state(ticket, held, draft, replies, replies_to, now)

    def told(payload: Payload, text: str = "") -> Event:
        return Event(now, payload, held.id, by=by, text=text)

    events: list[Event] = []
    if changed is not None:
        words = (changed.fields.get(name) for name in ("order_id", "kind_text", "content"))
        events.append(told(changed, " ".join(str(word) for word in words if word)))
    if deadline_moved is not None:
        events.append(told(deadline_moved))
    events += [reply_event(reply, now, from_platform=True) for reply in replies]
    if said is not None:
        events.append(told(said, said.reason if isinstance(said, SaidRejected) else ""))
    return ticket, events, replies


def _facts(held: Ticket, draft: Draft, shop: str) -> tuple[Ticket, Changed | None]:
    """First step: the draft's facts where they are news."""
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
    if not facts:
        return held, None
    news = {name: value if isinstance(value, datetime) else str(value) for name, value in facts.items()}
    return replace(held, **facts), Changed(source=draft.source, row=draft.row, fields=news)


def _same_minute_but_coarser(found: datetime, held: datetime) -> bool:
    """Exports often cut times to the minute; that is no news about a time held to the second."""
    return found.second == 0 and found == held.replace(second=0)


def _deadline(
    held: Ticket, ticket: Ticket, draft: Draft, policy: DeadlinePolicy
) -> tuple[Ticket, DeadlineMoved | None]:
    """Second step: the deadline that the platform tells, or that new facts lead to."""
    found = _other_deadline(held, ticket, draft, policy)
    if found is None:
        return ticket, None
    deadline_at, source, why = found
    told = DeadlineMoved(source=draft.source, row=draft.row, old=held.deadline_at, new=deadline_at, why=why)
    return replace(ticket, deadline_at=deadline_at, deadline_source=source), told


def _other_deadline(
    held: Ticket, ticket: Ticket, draft: Draft, policy: DeadlinePolicy
) -> tuple[datetime, DeadlineSource, Why] | None:
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
        return draft.deadline_at, DeadlineSource.PLATFORM, Why.PLATFORM
    if held.deadline_source is not DeadlineSource.POLICY:
        return None
    if (held.kind, held.created_at) == (ticket.kind, ticket.created_at):
        return None
    deadline_at = policy.deadline(ticket.kind, ticket.created_at)
    # A change of configuration must not slip in here; only what the facts have changed moves it.
    if deadline_at == policy.deadline(held.kind, held.created_at):
        return None
    return deadline_at, DeadlineSource.POLICY, Why.FACTS


def _reply(
    held: Ticket, ticket: Ticket, draft: Draft, replies_to: RepliesTo, now: datetime
) -> tuple[Ticket, list[Reply]]:
    """Third step: a reply that the draft tells of and we do not know."""
    if not draft.reply_text or draft.reply_at is None:
        return ticket, []
    if held.replied_at is not None and draft.reply_at <= held.replied_at:
        return ticket, []
    if any(reply.text == draft.reply_text for reply in replies_to(held.id)):
        return ticket, []
    return replace(ticket, replied_at=draft.reply_at), _platform_reply(draft, ticket, now)


def _state(
    ticket: Ticket,
    held: Ticket,
    draft: Draft,
    replies: list[Reply],
    replies_to: RepliesTo,
    now: datetime,
) -> tuple[Ticket, Payload | None]:
    """Fourth step: what the platform's word for the state leads to."""
    move = _move(held, draft, bool(replies), replies_to)
    if move is Move.NOTHING:
        return ticket, None
    after = moved(ticket, move, now)
    found: dict[str, Any] = {"source": draft.source, "row": draft.row, "platform": draft.platform_status}
    if move is Move.REPLY:
        after = replace(after, replied_at=ticket.replied_at or draft.reply_at)
        # A reply whose text is known tells of itself.
        return after, None if replies else SaidReplied(**found)
    if move is Move.REJECT:
        return after, SaidRejected(**found, reason=draft.rejection)
    return after, _SAID[move](**found)


def _move(held: Ticket, draft: Draft, replied: bool, replies_to: RepliesTo) -> Move:
    """What the table says, where it is news. ``replied``: the draft tells of a reply that we did not know."""
    move = BY_THE_PLATFORM[held.status, draft.platform_state]
    if held.status is Status.PENDING:
        if replied and draft.platform_state is None:
            return Move.REPLY
        if not replied and _is_reopened_by_us(held, draft):
            return Move.NOTHING
    if move is Move.REJECT:
        if _is_rejected_anew(held, draft, replies_to) and not _older_than_our_reply(draft, replies_to):
            return move
        move = Move.RETURN if held.status is Status.REPLIED else Move.NOTHING
    if move is Move.RETURN and (held.returned_at is not None or _older_than_our_reply(draft, replies_to)):
        return Move.NOTHING
    if move is Move.ARRIVE and held.returned_at is None:
        return Move.NOTHING
    return move


def _is_reopened_by_us(held: Ticket, draft: Draft) -> bool:
    """Whether a person has reopened the ticket although the platform says what it says still: only
    something new from there may end it again."""
    return (
        held.status is Status.PENDING
        and bool(draft.platform_status)
        and draft.platform_status == held.platform_status
    )


def _is_rejected_anew(held: Ticket, draft: Draft, replies_to: RepliesTo) -> bool:
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


def _older_than_our_reply(draft: Draft, replies_to: RepliesTo) -> bool:
    """Whether the draft was seen before our latest reply was recorded, so that it cannot tell of it."""
    if draft.seen_at is None:
        return False
    return any(draft.seen_at <= reply.recorded_at for reply in replies_to(draft.id))


def reply_event(reply: Reply, now: datetime, *, from_platform: bool) -> Event:
    """The entry of the time line for a reply; ``from_platform``: it was seen there, not recorded by us."""
    told = Replied(
        text=reply.text,
        at=reply.at,
        on_time=reply.on_time,
        forced=reply.forced,
        from_platform=from_platform,
    )
    return Event(now, told, reply.ticket_id, by=reply.by, text=reply.text)


def _first_status(draft: Draft) -> Status:
    if draft.platform_state is None and (draft.reply_text or draft.reply_at):
        return Status.REPLIED
    return AT_FIRST_SIGHT[draft.platform_state]


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
