"""The back office's ticket page, selected and copied: which lines of it are tickets.

A row of the page arrives as cells, one or more a line: ticket number, kind, order number, title,
creation time, buyer's account, state, often a countdown, and at its end buttons. A button closes a
row; what no button closes is no ticket, because the page also carries phone numbers, calendars and
document codes that look like one (shape: page text quoted in a public monitoring project, 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from jdticket.clock import parse_time
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.platform_words import kind_from_words, platform_state_from_words
from jdticket.domain.tickets import ORDER_ID_PATTERN, TICKET_ID_PATTERN
from jdticket.durations import duration_from_words
from jdticket.errors import InputError
from jdticket.i18n import _, ngettext
from jdticket.intake.interface import ReadOptions, Source
from jdticket.intake.values import not_after
from jdticket.text import quoted

BUTTONS = frozenset({"去处理", "去回复", "去申诉", "去举证", "催处理", "查看详情"})

_LINE_END = re.compile(r"\r\n|\r|\n")
_TIME = re.compile(r"[0-9]{4}[-/年][0-9]{1,2}[-/月][0-9]{1,2}日?\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")
_ACCOUNT = re.compile(r"jd_\w+", re.IGNORECASE)
_TIMES = re.compile(r"[×xX*]\s*[0-9]+")
_LENGTH = r"(?:[0-9]{1,4}\s*(?:天|个?小时|时|分钟|分|秒)\s*)+"
_COUNTDOWN = re.compile(rf"(?:还剩|剩余|仅剩)[^0-9\s]{{0,6}}\s*({_LENGTH})")
_OVERDUE = re.compile(rf"已?(?:超时|逾期)[^0-9]{{0,4}}(?:{_LENGTH})?")
_ANNOUNCED = re.compile(r"平台协同工单\s*[(（\[【]\s*([0-9]{1,6})\+?\s*[)）\]】]")
# A state is a short phrase; a product's title that happens to hold "取消" is longer.
_STATE_MAX = 12


class _Is(Enum):
    NUMBER = auto()
    ORDER = auto()
    TIME = auto()
    ACCOUNT = auto()
    BUTTON = auto()
    TIMES = auto()
    WORDS = auto()


@dataclass(frozen=True, slots=True)
class _Part:
    line: int
    text: str
    what: _Is


class PastedPage(Source):
    """The text of a copied page. A row's countdown counts from ``options.copied_at``, else from now."""

    def __init__(self, text: str, name: str, options: ReadOptions) -> None:
        # A clipboard can hold halves of characters, which no store takes.
        self._text = text.encode("utf-8", "replace").decode("utf-8")
        self.name = name
        self.notes: list[str] = []
        self._options = options
        self._copied_at = (options.copied_at or options.now).replace(microsecond=0)

    def read(self) -> Iterator[Draft | Rejection]:
        """The tickets of the page in its order. Raises ``InputError`` when it holds none at all, unless
        the page itself says that there are none."""
        announced = max((int(found[1]) for found in _ANNOUNCED.finditer(self._text)), default=None)
        tickets: set[str] = set()
        refused = 0
        for row in _rows(self._text):
            found = self._draft_or_rejection(row)
            if isinstance(found, Draft):
                tickets.add(found.id)
            elif found is not None:
                refused += 1
            if found is not None:
                yield found

        if announced is not None and len(tickets) < announced:
            self.notes.append(_fewer(self.name, announced, len(tickets)))
        elif announced == 0 and not tickets and not refused:
            self.notes.append(
                _("{name}: the page announces no platform collaboration tickets.").format(name=self.name)
            )
        if not tickets and not refused and announced != 0:
            raise InputError(no_ticket(self.name))

    def _draft_or_rejection(self, row: Sequence[_Part]) -> Draft | Rejection | None:
        """What stands between two rows' buttons: junk, then perhaps a ticket. None: junk alone."""
        start, order = _beginning(row)
        if start is None:
            return None
        number = row[start]
        body = row[start + 1 :]
        time = next((n for n, part in enumerate(body) if part.what is _Is.TIME), None)
        after = body[time + 1 :] if time is not None else body
        state = next((p for p in after if _is_state(p)), None)
        countdown = _countdown(after)
        if order is None or time is None:
            # A phone number and a link look like this too; only a state tells that it is a ticket.
            if state is None or (order is None and time is None):
                return None
            reason = (
                _("a ticket without an order number; copy its whole row")
                if order is None
                else _("a ticket without a creation time; copy its whole row")
            )
            return Rejection(self.name, number.line, "", number.text, reason)

        options = self._options
        try:
            created = not_after(parse_time(body[time].text, options.zone, now=options.now), options.now)
        except InputError as error:
            return Rejection(self.name, body[time].line, "", quoted(body[time].text), error.message)
        free = [
            p.text
            for n, p in enumerate(body)
            if p.what is _Is.WORDS and p is not state and not (n > time and _is_about_time_left(p.text))
        ]
        if countdown is None and any(_is_about_time_left(part.text) for part in after):
            self.notes.append(
                _(
                    "{name}, row {row}: the page tells of the time of ticket {id} in words not known; "
                    "its deadline is counted in service hours, check it on the page."
                ).format(name=self.name, row=number.line, id=number.text)
            )
        kind_text = free[0] if free else ""
        return Draft(
            source=self.name,
            row=number.line,
            id=number.text,
            order_id=row[order].text,
            kind=kind_from_words(kind_text) if kind_text else None,
            kind_text=kind_text,
            platform_state=platform_state_from_words(state.text) if state else None,
            platform_status=_COUNTDOWN.sub("", state.text).strip() if state else "",
            created_at=created,
            deadline_at=self._copied_at + countdown if countdown is not None else None,
            deadline_to_the_minute=countdown is not None,
            content=" ".join(free[1:]) or None,
            fills_gaps_only=True,
        )


def has_buttons(text: str) -> bool:
    """True when a cell of the text is one of the page's buttons."""
    return any(part.what is _Is.BUTTON for part in _parts(text))


def has_countdown(text: str) -> bool:
    """True when the text holds one of the page's countdowns."""
    return _COUNTDOWN.search(text) is not None


def no_ticket(name: str) -> str:
    """The sentence for a text in which no ticket was found."""
    return _(
        "{name}: no ticket was found in this text; looked for were rows with a ticket number (7 to 10 "
        "digits), an order number (12 to 19), a creation time and a button such as 去处理 at the end; "
        "select the whole table on the page, buttons included, and copy it."
    ).format(name=name)


def _fewer(name: str, announced: int, found: int) -> str:
    return ngettext(
        "{name}: the page announces {announced} platform collaboration ticket, {found} were found; "
        "copy the whole table, and each of its pages.",
        "{name}: the page announces {announced} platform collaboration tickets, {found} were found; "
        "copy the whole table, and each of its pages.",
        announced,
    ).format(name=name, announced=announced, found=found)


def _parts(text: str) -> Iterator[_Part]:
    for line, whole in enumerate(_LINE_END.split(text), 1):
        for cell in whole.split("\t"):
            words = cell.strip().strip("\ufeff\u200b").strip()
            if not words:
                continue
            buttons = words.split()
            if BUTTONS.issuperset(buttons):
                yield from (_Part(line, button, _Is.BUTTON) for button in buttons)
            else:
                yield _Part(line, words, _sort_of(words))


def _sort_of(words: str) -> _Is:
    if TICKET_ID_PATTERN.fullmatch(words):
        return _Is.NUMBER
    if ORDER_ID_PATTERN.fullmatch(words):
        return _Is.ORDER
    if _TIME.fullmatch(words):
        return _Is.TIME
    if _ACCOUNT.fullmatch(words):
        return _Is.ACCOUNT
    if _TIMES.fullmatch(words):
        return _Is.TIMES
    return _Is.WORDS


def _rows(text: str) -> Iterator[list[_Part]]:
    """What precedes each run of buttons; what follows the last one belongs to no row."""
    row: list[_Part] = []
    for part in _parts(text):
        if part.what is not _Is.BUTTON:
            row.append(part)
        elif row:
            yield row
            row = []


def _beginning(row: Sequence[_Part]) -> tuple[int | None, int | None]:
    """Where the row's ticket number and its order number stand.

    Junk comes before a row, never inside it: so it is the last number that an order number follows,
    and of the orders the first after it. Without such a pair, the last number alone.
    """
    number: int | None = None
    pair: tuple[int, int] | None = None
    for n, part in enumerate(row):
        if part.what is _Is.NUMBER:
            number = n
        elif part.what is _Is.ORDER and number is not None and (pair is None or pair[0] != number):
            pair = number, n
    return pair or (number, None)


def _is_state(part: _Part) -> bool:
    words = _COUNTDOWN.sub("", part.text).strip()
    return (
        part.what is _Is.WORDS and len(words) <= _STATE_MAX and platform_state_from_words(words) is not None
    )


def _is_about_time_left(words: str) -> bool:
    return _COUNTDOWN.search(words) is not None or _OVERDUE.match(words) is not None


def _countdown(parts: Sequence[_Part]) -> timedelta | None:
    for part in parts:
        if part.what is _Is.WORDS and (found := _COUNTDOWN.search(part.text)):
            return duration_from_words(found[1])
    return None
