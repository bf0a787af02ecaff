"""What things are: tickets, replies, outages, and the moves that a ticket's state allows.

Every datetime here is aware and in UTC, to the second. Nothing here reads a clock, a file or a
setting.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# "Order numbers have 12 to 19 digits, ticket numbers 7 to 10" (parser of a public monitoring
# project, 2026). The gap between the two tells a number that stands in the wrong column.
TICKET_ID_PATTERN = re.compile(r"[0-9]{7,10}")
ORDER_ID_PATTERN = re.compile(r"[0-9]{12,19}")

# The platform takes at most 1000 bytes of reply: 500 Chinese characters (JOS help, page 580).
REPLY_MAX_BYTES = 1000


class Kind(StrEnum):
    """What a ticket is about; ``crc`` is the platform's high-risk complaint (CRC高危投诉)."""

    CRC = "crc"
    COMPLAINT = "complaint"
    URGE = "urge"
    CONSULT = "consult"
    OTHER = "other"


class Status(StrEnum):
    """Where a ticket stands with us."""

    PENDING = "pending"
    REPLIED = "replied"
    CLOSED = "closed"
    VOID = "void"


class PlatformState(StrEnum):
    """What the platform says of a ticket, read from its own words."""

    WAITING = "waiting"
    REPLIED = "replied"
    REJECTED = "rejected"
    """The platform has rejected our reply: it is the shop's turn again."""
    CLOSED = "closed"
    VOID = "void"


class DeadlineSource(StrEnum):
    """Where a ticket's deadline came from."""

    POLICY = "policy"
    PLATFORM = "platform"
    GRANTED = "granted"


class EventKind(StrEnum):
    """What an entry of the time line tells."""

    TAKEN_IN = "taken_in"
    CHANGED = "changed"
    DEADLINE_MOVED = "deadline_moved"
    REPLIED = "replied"
    RETURNED = "returned"
    ARRIVED = "arrived"
    REJECTED = "rejected"
    SENT = "sent"
    NOT_SENT = "not_sent"
    ASSIGNED = "assigned"
    NOTED = "noted"
    CLOSED = "closed"
    VOIDED = "voided"
    REOPENED = "reopened"
    OUTAGE_REPORTED = "outage_reported"
    OUTAGE_ENDED = "outage_ended"
    CONTACTED = "contacted"


class OutageReason(StrEnum):
    """Why the shop cannot answer (after the reasons that JD accepts for late shipping)."""

    POWER = "power"
    NETWORK = "network"
    SYSTEM = "system"
    WEATHER = "weather"
    DISASTER = "disaster"
    EVENT = "event"
    OTHER = "other"


class Via(StrEnum):
    """How the operations manager was contacted."""

    PHONE = "phone"
    WECHAT = "wechat"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    EMAIL = "email"
    OTHER = "other"


class Outcome(StrEnum):
    """What came of a contact."""

    TOLD = "told"
    GRANTED = "granted"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


class ReminderRule(StrEnum):
    """Why a reminder goes out."""

    NEW = "new"
    BEFORE = "before"
    OVERDUE = "overdue"
    OPENING = "opening"
    OUTAGE_CONTACT = "outage_contact"
    RETURNED = "returned"
    SOURCE = "source"


class ReminderState(StrEnum):
    """Where a reminder stands in the ledger."""

    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """Whether a reply has reached the platform."""

    UNSENT = "unsent"
    """It has surely not."""
    UNKNOWN = "unknown"
    """It was on its way and no answer came: look before it is sent again."""
    ARRIVED = "arrived"


class Trouble(StrEnum):
    """Why the platform could not be asked."""

    UNREACHABLE = "unreachable"
    """It gave no answer that can be understood."""
    REFUSED = "refused"
    """It gave an error code."""
    SIGNED_OUT = "signed_out"
    """The shop is not signed in there, or its authorisation has ended."""
    SETTINGS = "settings"
    """The application's secret, or something else of ours, is missing."""
    UNDECIDED = "undecided"
    """A person has yet to choose the second-level business type of a reply."""


# Which moves each state allows. A second reply is kept ("allowed and kept"), a void ticket takes none.
REPLY_FROM = frozenset({Status.PENDING, Status.REPLIED})
CLOSE_FROM = frozenset({Status.PENDING, Status.REPLIED})
VOID_FROM = frozenset({Status.PENDING, Status.REPLIED})
# The platform rejects replies; a ticket that we declared void was never the shop's.
REJECT_FROM = frozenset({Status.REPLIED, Status.CLOSED})
REOPEN_FROM = frozenset({Status.REPLIED, Status.CLOSED, Status.VOID})


@dataclass(frozen=True, slots=True)
class Ticket:
    """One platform collaboration ticket, as the desk holds it."""

    id: str
    shop: str
    """The shop's code; empty when the desk serves one shop without a name."""
    order_id: str | None
    kind: Kind
    kind_text: str
    """The platform's own words for the kind, kept as found."""
    status: Status
    created_at: datetime
    """When the platform opened the ticket: the clock starts here."""
    deadline_at: datetime
    first_deadline_at: datetime
    """The deadline as it was when the ticket came in; a grant or a recompute never touches it."""
    deadline_source: DeadlineSource
    taken_in_at: datetime
    platform_status: str = ""
    """The platform's own words for the state, kept as found."""
    assignee: str = ""
    content: str = ""
    replied_at: datetime | None = None
    """When the latest reply was given."""
    returned_at: datetime | None = None
    """Since when the platform shows it as waiting although we hold it as replied; None: it does not."""
    rejected_at: datetime | None = None
    """When we learned that the platform had rejected our reply, so that it is pending again; None: never."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as it was found, before the desk has made up its mind about it."""

    source: str
    """The file's name, or words such as "clipboard"."""
    row: int
    """The row (or line of a pasted page) where it begins, counted from 1 as the reader sees it; 0: the
    source has no rows."""
    id: str
    order_id: str | None = None
    kind: Kind | None = None
    kind_text: str = ""
    platform_state: PlatformState | None = None
    platform_status: str = ""
    created_at: datetime | None = None
    deadline_at: datetime | None = None
    """The platform's own deadline, where the source has one; it wins over the computed one."""
    deadline_to_the_minute: bool = False
    """True for a deadline worked out from a countdown in minutes, which is off by up to a minute."""
    content: str | None = None
    shop: str | None = None
    """The shop's code or name as found; None: the source does not tell."""
    assignee: str | None = None
    reply_text: str | None = None
    reply_at: datetime | None = None
    rejection: str = ""
    """Why the platform rejected our reply, where the source tells."""
    rejected_at: datetime | None = None
    """When it did, where the source tells."""
    seen_at: datetime | None = None
    """When the source was asked, for one that tells what is so at that moment; None: nobody knows how
    old it is."""
    fills_gaps_only: bool = False
    """True for a sketch of the ticket (a row of a copied page): its words fill what we do not know,
    but replace nothing that a fuller source has told."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be taken in, and why, in the reader's language."""

    source: str
    row: int
    column: str
    """The column's name as it stands in the file; empty when the row as a whole is at fault."""
    value: str
    reason: str


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


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a time line; written once, never changed."""

    at: datetime
    kind: EventKind
    ticket_id: str | None = None
    outage_id: int | None = None
    by: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What is needed to tell the story: JSON values only."""
    text: str = ""
    """Words by which a search finds the ticket."""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the shop cannot answer tickets."""

    reason: OutageReason
    since: datetime
    until: datetime | None
    """None while it lasts."""
    shops: tuple[str, ...]
    """Codes of the shops that it stops; empty: all."""
    note: str
    reported_at: datetime
    contacted: bool = False
    """The operations manager was reached (told, granted or refused; not "no answer")."""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact with the operations manager about an outage."""

    outage_id: int
    manager: str
    via: Via
    at: datetime
    said: str
    outcome: Outcome
    id: int = 0


@dataclass(frozen=True, slots=True)
class Extension:
    """A deadline that the operations manager moved, for one ticket."""

    contact_id: int
    outage_id: int
    ticket_id: str
    old_deadline_at: datetime
    granted_until: datetime
    at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets there are, as of one moment."""

    pending: int
    overdue: int
    due_soon: int
    """Pending, not overdue, and due at or before the second moment asked about."""
    returned: int
    """Held as replied, shown as waiting by the platform, but for those counted as unsent."""
    unsent: int
    """Replies that are to reach the platform, have not, and are not on their way at this moment."""


@dataclass(frozen=True, slots=True)
class TicketQuery:
    """Which tickets, in which order. Every field that is set narrows the choice."""

    statuses: tuple[Status, ...] = ()
    """Empty: every status."""
    overdue_at: datetime | None = None
    """Pending, and the deadline is before this moment."""
    due_until: datetime | None = None
    """Pending, and the deadline is at or before this moment."""
    shop: str | None = None
    kind: Kind | None = None
    assignee: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    returned: bool = False
    """Only those that we hold as replied and the platform still shows as waiting."""
    limit: int | None = None


_KIND_WORDS = (
    (("crc", "高危"), Kind.CRC),
    (("催",), Kind.URGE),
    (("投诉",), Kind.COMPLAINT),
    (("咨询",), Kind.CONSULT),
)


def kind_from_words(words: str) -> Kind:
    """The kind that the platform's words mean: CRC/高危, 催, 投诉, 咨询, in that order; else other."""
    lowered = words.strip().lower()
    for needles, kind in _KIND_WORDS:
        if any(needle in lowered for needle in needles):
            return kind
    return Kind(lowered) if lowered in Kind._value2member_map_ else Kind.OTHER


# JOS states (help page 580): 1 待回复, 2 待确认, 3 已作废, 4 已关闭, 5 已驳回 (our reply was rejected, so
# the ticket waits again); the rest are words of the back office's pages.
_PLATFORM_WORDS = (
    (("作废", "撤销", "取消"), PlatformState.VOID),
    (("关闭", "完结", "已结", "已完成"), PlatformState.CLOSED),
    (("待确认", "已回复", "已处理", "待平台", "待买家", "处理完成"), PlatformState.REPLIED),
    (("驳回",), PlatformState.REJECTED),
    (("待回复", "待处理", "待商家", "未处理", "未回复"), PlatformState.WAITING),
)


def platform_state_from_words(words: str) -> PlatformState | None:
    """The state that the platform's words mean; None when they mean none that we know."""
    for needles, state in _PLATFORM_WORDS:
        if any(needle in words for needle in needles):
            return state
    return None


# A longest length keeps every sum of a moment and a length within what a datetime can hold.
_LENGTH_MAX = timedelta(days=36_600)
_NUMBER = r"([0-9]{1,7}(?:\.[0-9]{1,9})?) ?"
_LENGTH_PATTERN = (
    rf"(?:{_NUMBER}(?:days|day|d|天|日) ?)?"
    rf"(?:{_NUMBER}(?:hours|hour|hrs|hr|h|个?小时|时) ?)?"
    rf"(?:{_NUMBER}(?:minutes|minute|mins|min|m|分钟|分) ?)?"
    rf"(?:{_NUMBER}(?:seconds|second|secs|sec|s|秒钟|秒))?"
)


def length_from_words(words: str) -> timedelta:
    """The length of time that ``words`` mean, to the second: "4h", "1h30m", "1.5h", "2小时30分", "0m".

    A day is 24 hours. Raises ``ValueError`` (English, for the caller to put into a sentence).
    """
    text = " ".join(unicodedata.normalize("NFKC", words[:100]).lower().split())
    match = re.fullmatch(_LENGTH_PATTERN, text) if len(words) <= 100 else None
    if match is None or match.lastindex is None:
        raise ValueError("not a length of time such as 4h, 30m or 1h30m")
    days, hours, minutes, seconds = (float(number or 0) for number in match.groups())
    total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if total > _LENGTH_MAX:
        raise ValueError("longer than a hundred years")
    return timedelta(seconds=round(total.total_seconds()))


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One notification channel (通知渠道), as the configuration describes it."""

    name: str
    kind: str
    """wecom, dingtalk, feishu, apprise or stdout."""
    url: str
    """Secret: it carries the robot's key. Empty for stdout."""
    secret: str
    """The signing secret of DingTalk and Feishu; empty: the robot does not sign."""
    mention: tuple[str, ...]
    """Phone numbers or user ids that every message @-mentions; "all" is everybody."""
    shops: tuple[str, ...]
    """Codes of the shops it is for; empty: all."""
    night: bool
    """Whether it may be used outside service hours."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """One row of the ledger: one reminder on one channel."""

    rule: ReminderRule
    step: str
    """Which step of the rule: with ticket or outage, deadline and channel it names this reminder once
    and for all ("new", "before:1800", "overdue:0", "opening:2026-11-24", "outage_contact:2")."""
    channel: str
    due_at: datetime
    """The moment since which it is due."""
    ticket_id: str | None
    outage_id: int | None
    deadline_at: datetime | None
    """The deadline that it belongs to: a moved deadline makes its own reminders."""
    state: ReminderState
    claimed_at: datetime
    claim_expires_at: datetime
    """After this a claim that came to nothing may be taken over."""
    attempts: int
    sent_at: datetime | None = None
    answer: str = ""
    """What the channel answered, secrets left out."""
    refused: bool = False
    """The channel refused it for good (bad key, keyword rule, signature): a person has to act."""
    id: int = 0


@dataclass(frozen=True, slots=True)
class ChannelTrouble:
    """A channel that fails: its last outcome is a failure, whatever it has sent before."""

    channel: str
    since: datetime
    """When the first of these failures was claimed; nothing has gone out on the channel since."""
    answer: str
    """What the channel said to the last of them."""
    refused: bool
    """The last of them was refused for good: a person has to act."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How the pulling of one shop's work orders goes."""

    shop: str
    good_at: datetime | None = None
    """When the last sync that found no fault began."""
    read_until: datetime | None = None
    """Every work order created before this has been read."""
    swept_at: datetime | None = None
    """When it was last asked what became of old tickets."""
    busy_until: datetime | None = None
    """Until then a process is at it, and others leave it alone."""
    failing_since: datetime | None = None
    """When the first of the failures in a row was noticed; None: it works."""
    trouble: Trouble | None = None
    """Why the last sync failed; None: it did not."""
    code: str = ""
    """The platform's error code, if it gave one."""
    words: str = ""
    """The platform's words for it."""
    failed_since: datetime | None = None
    """``failing_since`` of the last row of failures that is over."""
    back_at: datetime | None = None
    """When that ended."""
