"""Replies: what was said, whether it was in time, whether it has reached the platform."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from jdticket.errors import Trouble

# The platform takes at most 1000 bytes of reply: 500 Chinese characters (JOS help, page 580).
REPLY_MAX_BYTES = 1000

# What people put around a phrase without saying more.
_SOUNDS = frozenset("亲哦呢哈啊呀吧噢喔哒嘛了的哟嗯呃额啦哎诶")
# Who speaks to whom, and how soon: of what is done they say nothing.
_AROUND = (
    *("我们", "我", "咱们", "这边", "您的", "您", "为您", "给您", "帮您"),
    *("亲爱的", "顾客", "客户", "买家", "用户", "朋友"),
    *("会", "将", "在", "正在", "请", "先", "就", "也", "还", "都", "中"),
    *("尽快", "马上", "立即", "稍后", "一定", "第一时间"),
)
# Fewer digits than any waybill or order has name nothing.
_NUMBER_LEAST = 8
_ONE_AFTER_ANOTHER = "01234567890123456789", "98765432109876543210"
_OVER_AND_OVER = re.compile(r"([a-z0-9]+?)\1+")


class DeliveryState(StrEnum):
    """Whether a reply has reached the platform."""

    UNSENT = "unsent"
    """It has surely not."""
    UNKNOWN = "unknown"
    """It was on its way and no answer came: look before it is sent again."""
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to a ticket, on record."""

    ticket_id: str
    text: str
    at: datetime
    """When it was given."""
    recorded_at: datetime
    by: str
    deadline_at: datetime
    """The deadline that it was measured against."""
    forced: bool = False
    """Recorded with --force although the rules for an effective reply refused it."""
    id: int = 0

    @property
    def on_time(self) -> bool:
        """A reply at exactly the deadline is on time; one second later is late."""
        return self.at <= self.deadline_at


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one reply that is to reach the platform."""

    reply_id: int
    ticket_id: str
    state: DeliveryState
    tries: int = 0
    tried_at: datetime | None = None
    """When it was first sent; None: not yet."""
    busy_until: datetime | None = None
    """Until then a process is sending it, and others leave it alone."""
    answer: str = ""
    """What the platform said, in its own words."""
    trouble: Trouble | None = None
    """Why it did not arrive, or may not have."""
    code: str = ""
    """The platform's error code, if it gave one."""
    subtype: str = ""
    """The name of the second-level business type that it was last tried with; empty: not tried yet."""


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """What makes a reply effective (有效性处理和回复, seller guide), as far as a program can tell."""

    min_length: int
    """Characters, white space not counted."""
    empty_phrases: frozenset[str]
    """Replies that say nothing, without punctuation, in lower case."""


class Fault(Enum):
    """Why a reply would not count as effective."""

    EMPTY = auto()
    SAYS_NOTHING = auto()
    TOO_SHORT = auto()
    TOO_LONG = auto()


def fault(text: str, rules: ReplyRules) -> Fault | None:
    """Why this reply would not count as effective; None: it would."""
    bare = "".join(text.split())
    if not bare:
        return Fault.EMPTY
    clauses = [*_clauses(text)]
    whole = "".join(clauses)
    if whole in rules.empty_phrases or all(_says_nothing(one, rules.empty_phrases) for one in clauses):
        return Fault.SAYS_NOTHING
    if len(bare) < rules.min_length:
        return Fault.TOO_SHORT
    return Fault.TOO_LONG if size(text) > REPLY_MAX_BYTES else None


def _clauses(text: str) -> Iterator[str]:
    """The text cut at its punctuation, in lower case and without white space."""
    for clause in re.split(r"[^\w\s]+|_+", unicodedata.normalize("NFKC", text).lower()):
        bare = "".join(clause.split())
        if bare:
            yield bare


def _says_nothing(clause: str, empty_phrases: frozenset[str]) -> bool:
    """Whether a clause is made of empty phrases and of what stands around them, or of keys pressed at
    random: over and over, one after another."""
    if len(set(clause)) == 1 or (clause.isdecimal() and len(clause) < _NUMBER_LEAST):
        return True
    if _OVER_AND_OVER.fullmatch(clause) or any(clause in digits for digits in _ONE_AFTER_ANOTHER):
        return True
    says_nothing = (*empty_phrases, *_AROUND)
    # How far the clause can be made of them: a walk over its ends.
    reached = {0}
    for start in range(len(clause)):
        if start in reached:
            if clause[start] in _SOUNDS:
                reached.add(start + 1)
            reached |= {start + len(phrase) for phrase in says_nothing if clause.startswith(phrase, start)}
    return len(clause) in reached


def size(text: str) -> int:
    """The bytes that the platform counts."""
    return len(text.encode("gb18030"))
