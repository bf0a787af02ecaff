"""A ticket that stands in one source more than once, in rows that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jdticket.domain.drafts import Draft
from jdticket.domain.moves import ENDS
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.remarks import About, Remark
from jdticket.domain.taking import COUNTDOWN_TOLERANCE
from jdticket.domain.tickets import DeadlineSource, Kind, PlatformState, Ticket

_OPEN = frozenset({PlatformState.WAITING, PlatformState.REJECTED})


def fingerprint(draft: Draft) -> int:
    """The same number for rows that tell the same of a ticket."""
    facts = (draft.platform_status, draft.created_at, draft.deadline_at, draft.order_id, draft.kind)
    return hash((*facts, draft.content, draft.reply_at, draft.reply_text))


def settled(held: Ticket, draft: Draft, taught: Mapping[str, PlatformState]) -> tuple[Draft, list[Remark]]:
    """What counts of a row about a ticket of which an earlier row of the source has told something else.

    Nobody knows which of the two is newer. So the earlier of two times counts, and the state that waits;
    of other facts the later row's. ``held`` is the ticket as the earlier row left it; the remark says that
    the two contradict each other. One that tells when it was replied to only goes on where the other ends.
    """
    held_state = platform_state_from_words(held.platform_status, taught)
    deadline_at, created_at = draft.deadline_at, draft.created_at
    left_aside: dict[str, Any] = {}
    differ = draft.platform_state in _OPEN and held_state in ENDS
    if deadline_at is not None and held.deadline_source is DeadlineSource.PLATFORM:
        differ |= abs(deadline_at - held.deadline_at) > COUNTDOWN_TOLERANCE
        if deadline_at > held.deadline_at:
            left_aside["deadline_at"] = None
    if created_at is not None and created_at.replace(second=0) != held.created_at.replace(second=0):
        differ = True
        if created_at > held.created_at:
            left_aside["created_at"] = None
    if draft.platform_state in ENDS and held_state in _OPEN and draft.reply_at is None:
        differ = True
        left_aside |= {"platform_state": None, "platform_status": "", "reply_text": None}
    differ |= _differ(draft.order_id, held.order_id) or _differ(draft.content, held.content)
    differ |= draft.kind not in {None, Kind.OTHER, held.kind} and held.kind is not Kind.OTHER
    return replace(draft, **left_aside), [Remark(About.TWICE)] if differ else []


def _differ(told: str | None, held: str | None) -> bool:
    return bool(told) and bool(held) and told != held
