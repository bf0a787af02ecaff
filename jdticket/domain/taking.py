"""What a draft makes of a ticket: a new one, or news about one that is held.

Pure: drafts and tickets in, tickets, events, replies and remarks out. Safe to repeat: the same draft a
second time is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.domain.drafts import Draft, OwnRecord
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
    SaidReopened,
    SaidReplied,
    SaidReturned,
    SaidVoid,
    Why,
)
from jdticket.domain.moves import AT_FIRST_SIGHT, BY_THE_PLATFORM, ENDS, Move, moved
from jdticket.domain.platform_words import platform_state_from_words, same_word
from jdticket.domain.remarks import About, Remark
from jdticket.domain.replies import Reply
from jdticket.domain.tickets import DeadlineSource, Kind, PlatformState, Status, Ticket

# A countdown on the page is cut to the minute and the copy takes a moment: within this it agrees.
COUNTDOWN_TOLERANCE = timedelta(minutes=2)
_SAID: Mapping[Move, type[Said]] = {
    Move.CLOSE: SaidClosed,
    Move.VOID: SaidVoid,
    Move.REOPEN: SaidReopened,
    Move.ARRIVE: SaidArrived,
}


class Taken(NamedTuple):
    """What a draft has made of a ticket."""

    ticket: Ticket
    events: list[Event]
    """None: no news."""
    replies: list[Reply]
    """A reply that the platform knows and we did not."""
    remarks: list[Remark]


class Known(NamedTuple):
    """What is known beside the ticket itself."""

    replies_to: Callable[[str], list[Reply]]
    """The replies to a ticket, by its number."""
    assigned_here: Callable[[str], bool]
    """Whether a person here has put a name on the ticket."""
    taught: Mapping[str, PlatformState] = MappingProxyType({})
    """Words of the platform that a person has explained; see ``platform_words``."""


def new_ticket(draft: Draft, shop: str, policy: DeadlinePolicy, now: datetime, by: str) -> Taken:
    """The ticket that a draft becomes when it is first seen at ``now``.

    Raises ``NeverOpenError`` when the service hours do not reach to its deadline.
    """
    if draft.own is not None:
        return _restored(draft, draft.own, shop, now, by)
    kind = draft.kind or Kind.OTHER
    created_at = draft.created_at or draft.created_after or min(now, draft.deadline_at or now)
    deadline_at, source, remarks = _first_deadline(draft, kind, created_at, policy)
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
        seen_at=_seen_at(draft, now),
    )
    taken_in = FirstSeen(
        source=draft.source,
        row=draft.row,
        deadline_at=deadline_at,
        deadline_source=source,
        created_at_unknown=draft.created_at is None,
        reply_text=draft.reply_text or "" if draft.reply_at is None else "",
    )
    if _is_unknown(draft):
        remarks.append(Remark(About.UNKNOWN_WORD))
    words = (draft.id, draft.order_id, draft.kind_text, draft.content, taken_in.reply_text)
    event = Event(now, taken_in, draft.id, by=by, text=" ".join(word for word in words if word))
    replies = _platform_reply(draft, ticket, now)
    events = [event, *(reply_event(reply, now, from_platform=True) for reply in replies)]
    return Taken(ticket, events, replies, remarks)


def _restored(draft: Draft, own: OwnRecord, shop: str, now: datetime, by: str) -> Taken:
    """A ticket as another desk of ours held it."""
    ticket = Ticket(
        id=draft.id,
        shop=shop,
        order_id=draft.order_id,
        kind=draft.kind or Kind.OTHER,
        kind_text=draft.kind_text,
        status=own.status,
        created_at=draft.created_at or min(now, own.deadline_at),
        deadline_at=own.deadline_at,
        first_deadline_at=own.first_deadline_at,
        deadline_source=own.deadline_source,
        taken_in_at=now,
        platform_status=draft.platform_status,
        assignee=draft.assignee or "",
        content=draft.content or "",
        replied_at=own.replied_at,
        returned_at=now if own.returned else None,
        seen_at=_seen_at(draft, now),
        stepped_at=None if own.status is Status.PENDING else now,
        stepped_word="" if own.status is Status.PENDING else draft.platform_status,
    )
    taken_in = FirstSeen(
        source=draft.source,
        row=draft.row,
        deadline_at=own.deadline_at,
        deadline_source=own.deadline_source,
        created_at_unknown=draft.created_at is None,
    )
    words = (draft.id, draft.order_id, draft.kind_text, draft.content)
    event = Event(now, taken_in, draft.id, by=by, text=" ".join(word for word in words if word))
    replies = [
        replace(reply, by=own.reply_by, deadline_at=_measured_against(reply.at, own))
        for reply in _platform_reply(draft, ticket, now)
    ]
    events = [event, *(reply_event(reply, now, from_platform=True) for reply in replies)]
    return Taken(ticket, events, replies, [])


def _measured_against(at: datetime, own: OwnRecord) -> datetime:
    """The deadline by which a reply was in time or not, as the export says it was: the one that is held, the
    first one, or, where both have moved since, one that fits."""
    if own.reply_on_time is None:
        return own.deadline_at
    for deadline_at in (own.deadline_at, own.first_deadline_at):
        if (at <= deadline_at) is own.reply_on_time:
            return deadline_at
    return at if own.reply_on_time else at - timedelta(seconds=1)


def known_ticket(
    held: Ticket, draft: Draft, shop: str, policy: DeadlinePolicy, known: Known, now: datetime, by: str
) -> Taken:
    """The held ticket with what the draft tells anew.

    Nobody knows how old our own export is: of it count the facts that are missing here, and replies.
    """
    if draft.own is not None:
        told_by = draft.own.deadline_source
        deadline_at = draft.deadline_at if told_by is DeadlineSource.PLATFORM else None
        draft = replace(draft, fills_gaps_only=True, deadline_at=deadline_at, deadline_sure=False)
    remarks: list[Remark] = []
    older = _is_older(held, draft)
    ticket, changed = _facts(held, draft, shop, known, older, remarks)
    deadline_moved = None
    if _is_its_turn(held) or (not older and _is_its_turn(moved(held, _move(held, draft, [], known), now))):
        ticket, deadline_moved = _deadline(held, ticket, draft, policy, older, remarks)
    ticket, replies = _reply(held, ticket, draft, known, now)
    ticket, said = _state(ticket, held, draft, replies, known, now, older, remarks)
    if draft.platform_status and not older:
        ticket = replace(ticket, seen_at=_seen_at(draft, now))
        if _is_unknown(draft) and draft.platform_status != held.platform_status:
            remarks.append(Remark(About.UNKNOWN_WORD))

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
        text = said.reason if isinstance(said, SaidRejected) else ""
        events.append(told(said, said.text if isinstance(said, SaidReplied) else text))
    return Taken(ticket, events, replies, remarks)


def _seen_at(draft: Draft, now: datetime) -> datetime | None:
    """When the draft's word for the state was seen: if nobody knows, when it was taken in."""
    return (draft.seen_at or now) if draft.platform_status else None


def _is_unknown(draft: Draft) -> bool:
    return bool(draft.platform_status) and draft.platform_state is None and not draft.own_state


def _is_its_turn(ticket: Ticket) -> bool:
    return ticket.status is Status.PENDING or ticket.returned_at is not None


def _is_older(held: Ticket, draft: Draft) -> bool:
    """Whether the draft was seen before a person's last step here, or before the platform's word that is
    held. Nobody knows when a draft without a moment was seen: the order of taking in decides."""
    seen = draft.seen_at
    if seen is None:
        return False
    # Within one second of each other nobody knows which was first: a person's step stands.
    before_our_step = held.stepped_at is not None and seen <= held.stepped_at
    return before_our_step or (held.seen_at is not None and seen < held.seen_at)


# First step: the facts


def _facts(
    held: Ticket, draft: Draft, shop: str, known: Known, older: bool, remarks: list[Remark]
) -> tuple[Ticket, Changed | None]:
    """The draft's facts where they are news."""
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
    if draft.assignee and _is_other_assignee(held, draft.assignee, known, older):
        learn(assignee=draft.assignee)
    if draft.created_at is not None and not _same_minute_but_coarser(draft.created_at, held.created_at):
        if (sketch or older) and draft.created_at > held.created_at:
            # It would make the deadline later.
            remarks.append(Remark(About.OTHER_CREATION, stands=held.created_at, told=draft.created_at))
        else:
            learn(created_at=draft.created_at)
    # A state is no gap to fill: a sketch that tells another one is news. It may have other words for the
    # same one.
    same_state = draft.platform_state is platform_state_from_words(held.platform_status, known.taught)
    if draft.platform_status and not older and not (sketch and held.platform_status and same_state):
        learn(platform_status=draft.platform_status)
    learn(shop=shop)
    if not facts:
        return held, None
    news = {name: value if isinstance(value, datetime) else str(value) for name, value in facts.items()}
    return replace(held, **facts), Changed(source=draft.source, row=draft.row, fields=news)


def _is_other_assignee(held: Ticket, name: str, known: Known, older: bool) -> bool:
    """Another name there is news, unless a person here has decided who has the ticket."""
    if not held.assignee:
        return True
    return name != held.assignee and not older and not known.assigned_here(held.id)


def _same_minute_but_coarser(found: datetime, held: datetime) -> bool:
    """Exports often cut times to the minute; that is no news about a time held to the second."""
    return found.second == 0 and found == held.replace(second=0)


# Second step: the deadline


def _first_deadline(
    draft: Draft, kind: Kind, created_at: datetime, policy: DeadlinePolicy
) -> tuple[datetime, DeadlineSource, list[Remark]]:
    told, remarks = draft.deadline_at, []
    if told is not None and told < created_at:
        remarks.append(Remark(About.IMPOSSIBLE_DEADLINE, told=told))
        told = None
    if told is not None and (draft.deadline_sure or draft.created_at is None):
        return told, DeadlineSource.PLATFORM, remarks
    counted = policy.deadline(kind, created_at)
    if told is not None and told <= counted:
        return told, DeadlineSource.PLATFORM, remarks
    if told is not None and told - counted > COUNTDOWN_TOLERANCE and not draft.deadline_at_most:
        remarks.append(Remark(About.STALE_COUNTDOWN, stands=counted, told=told))
    return counted, DeadlineSource.POLICY, remarks


def _deadline(
    held: Ticket, ticket: Ticket, draft: Draft, policy: DeadlinePolicy, older: bool, remarks: list[Remark]
) -> tuple[Ticket, DeadlineMoved | None]:
    """The deadline that the platform tells, or that new facts lead to."""
    found = _other_deadline(held, ticket, draft, policy, older, remarks)
    if found is None:
        return ticket, None
    deadline_at, source, why = found
    told = DeadlineMoved(source=draft.source, row=draft.row, old=held.deadline_at, new=deadline_at, why=why)
    return replace(ticket, deadline_at=deadline_at, deadline_source=source), told


def _other_deadline(
    held: Ticket, ticket: Ticket, draft: Draft, policy: DeadlinePolicy, older: bool, remarks: list[Remark]
) -> tuple[datetime, DeadlineSource, Why] | None:
    """The deadline that the draft's news lead to, where it comes from, and why; None: it stays."""
    if draft.deadline_at is not None and draft.deadline_at < ticket.created_at:
        remarks.append(Remark(About.IMPOSSIBLE_DEADLINE, told=draft.deadline_at))
    elif draft.deadline_at is not None:
        tolerance = COUNTDOWN_TOLERANCE if draft.deadline_to_the_minute else timedelta(0)
        if abs(draft.deadline_at - held.deadline_at) <= tolerance:
            return None
        # The platform goes on showing its own deadline after the manager has granted a later one.
        if held.deadline_source is DeadlineSource.GRANTED and draft.deadline_at < held.deadline_at:
            return None
        later = draft.deadline_at > held.deadline_at
        if later and draft.deadline_at_most:
            return None
        # A countdown is sure when a person has told the moment of copying, which may mend an earlier paste.
        if later and (not draft.deadline_sure or (older and not draft.fills_gaps_only)):
            about = About.OLDER_DEADLINE if older else About.STALE_COUNTDOWN
            remarks.append(Remark(about, stands=held.deadline_at, told=draft.deadline_at))
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


# Third step: a reply


def _reply(
    held: Ticket, ticket: Ticket, draft: Draft, known: Known, now: datetime
) -> tuple[Ticket, list[Reply]]:
    """A reply that the draft tells of and we do not know; one given before ours is the evidence that the
    ticket was answered in time."""
    if not draft.reply_text or draft.reply_at is None:
        return ticket, []
    text = _bare(draft.reply_text)
    if any(_bare(reply.text) == text for reply in known.replies_to(held.id)):
        return ticket, []
    replied_at = max(draft.reply_at, held.replied_at or draft.reply_at)
    return replace(ticket, replied_at=replied_at), _platform_reply(draft, ticket, now)


def _bare(text: str) -> str:
    return "".join(text.split())


# Fourth step: the state


def _state(
    ticket: Ticket,
    held: Ticket,
    draft: Draft,
    replies: list[Reply],
    known: Known,
    now: datetime,
    older: bool,
    remarks: list[Remark],
) -> tuple[Ticket, Said | None]:
    """What the platform's word for the state leads to."""
    move = _move(held, draft, replies, known)
    if move is Move.NOTHING:
        return ticket, None
    if older:
        since = max(filter(None, (held.stepped_at, held.seen_at)))
        remarks.append(Remark(About.OLDER, stands=since, told=draft.seen_at))
        return ticket, None
    after = moved(ticket, move, now)
    if draft.platform_status:
        # A sketch's other words for the same state count from here on, too.
        after = replace(after, platform_status=draft.platform_status)
    found: dict[str, Any] = {"source": draft.source, "row": draft.row, "platform": draft.platform_status}
    if move is Move.REPLY:
        after = replace(after, replied_at=ticket.replied_at or draft.reply_at)
        # A reply whose text and time are known tells of itself.
        return after, None if replies else SaidReplied(**found, text=_text_without_time(draft))
    if move is Move.REJECT:
        return after, SaidRejected(**found, reason=draft.rejection)
    if move is Move.RETURN:
        return after, SaidReturned(**found, was=None if held.status is Status.REPLIED else held.status)
    return after, _SAID[move](**found)


def _move(held: Ticket, draft: Draft, replies: list[Reply], known: Known) -> Move:
    """What the table says, where it is news."""
    state = draft.platform_state
    word, held_word = same_word(draft.platform_status), same_word(held.platform_status)
    # A person's step was made knowing the word that was held then; the platform's own steps were not.
    new = held.stepped_at is None or not word == held_word == same_word(held.stepped_word)
    in_new_words, in_the_same = BY_THE_PLATFORM[held.status, state]
    move = in_new_words if new or replies else in_the_same
    if held.status is Status.PENDING and state is None:
        # A reply is told of, and no state: as with a ticket that is new.
        without_time = _text_without_time(draft) and held.stepped_at is None
        return Move.REPLY if replies or without_time else Move.NOTHING
    if state is PlatformState.WAITING and held.status is Status.REPLIED:
        shown_as_done = platform_state_from_words(held.platform_status, known.taught) in ENDS
        return Move.REOPEN if shown_as_done else _where_it_is_new(held, move)
    if state is PlatformState.REJECTED and move is Move.RETURN and _is_rejected_anew(held, draft, known):
        return Move.REJECT
    return _where_it_is_new(held, move)


def _where_it_is_new(held: Ticket, move: Move) -> Move:
    """The flag is put up once, and not where a person has confirmed that it may be so."""
    if move is Move.RETURN and (held.returned_at is not None or held.anyway):
        return Move.NOTHING
    if move is Move.ARRIVE and held.returned_at is None:
        return Move.NOTHING
    return move


def _is_rejected_anew(held: Ticket, draft: Draft, known: Known) -> bool:
    """Whether a rejection in the word that is held is another one: of our latest reply.

    A source of unknown age may have been made before that reply, and so says nothing of it.
    """
    if draft.seen_at is None or held.status is not Status.REPLIED:
        return False
    # Where it is known when, a rejection of an earlier reply says nothing of the latest.
    rejected_at = draft.rejected_at
    return rejected_at is None or all(reply.at < rejected_at for reply in known.replies_to(held.id))


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


def _text_without_time(draft: Draft) -> str:
    return draft.reply_text or "" if draft.reply_at is None else ""


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
