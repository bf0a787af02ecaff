"""The back office's ticket page, selected and copied: what each of its rows says of its ticket.

A row of the page arrives as cells: ticket number, kind, order number, title, creation time, buyer's account,
state, often a countdown, and at its end buttons (shape: page text quoted in a public monitoring project,
2026); one a line, all of them on one line with tabs between, or mixed. The page also carries phone numbers,
calendars and document codes that look like tickets. For what looks like a row there are three outcomes: a
draft; a draft with a note that says what was guessed; a rejection. Never a fourth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from jdticket.clock import iso, parse_time
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.pages import Page
from jdticket.domain.platform_words import kind_from_words
from jdticket.domain.tickets import PlatformState
from jdticket.errors import InputError
from jdticket.i18n import _, ngettext
from jdticket.intake.cells import BUTTONS, Is, Part, normal, parts_of, visible
from jdticket.intake.countdowns import TimeLeft, times_left
from jdticket.intake.interface import ReadOptions, Source
from jdticket.intake.notes import TicketNotes
from jdticket.intake.page_rows import DONE, Row, is_doubtful_number, rows_of, state_of
from jdticket.intake.page_words import RowWords, not_understood, numbers_in, without_number
from jdticket.intake.values import CLOCK_SKEW, not_after
from jdticket.text import quoted

if TYPE_CHECKING:
    from jdticket.domain.pages import Announced

_CONTENT_MAX = 1000
_NUMBERS_MOST = 50_000
_OVER = frozenset({PlatformState.CLOSED, PlatformState.VOID})
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class _Sketch:
    """A ticket as its row tells it, before the page as a whole is known."""

    row: Row
    number: Part
    created_at: datetime | None
    left: TimeLeft | None
    state: str
    kind: str
    content: str
    unclear_time_left: bool
    """Its row speaks of time left in words that are not understood."""
    doubts: list[str]

    @property
    def guessed(self) -> bool:
        """Its number was found among words."""
        return not self.number.sure and self.number.text != self.number.value

    @property
    def waits(self) -> bool:
        return state_of(self.state) not in DONE


class _Perhaps(NamedTuple):
    """A number with nothing of a ticket beside it: it is one only on a page that holds tickets."""

    rejection: Rejection


class PastedPage(Source):
    """The text of one or several copied pages.

    A row's countdown counts from ``options.copied_at``; else from the file's own time ``options.saved_at``,
    if that can be the moment of copying, or from now. Only the first is sure.
    """

    def __init__(self, text: str, name: str, options: ReadOptions) -> None:
        self._text = visible(text)
        self.name = name
        self.notes: list[str] = []
        self.pages: list[Page] = []
        self.unclear = False
        self.mentioned: frozenset[str] = frozenset()
        self.seen_at: datetime | None = None
        self._options = options

    def read(self) -> Iterator[Draft | Rejection]:
        """The tickets of the pages in their order. Raises ``InputError`` when there is none at all, unless
        the page itself says that there are none."""
        found = self._all_found()
        sketches = [item for item in found if isinstance(item, _Sketch)]
        if sketches:
            self.mentioned = frozenset(numbers_in(self._text))
        copied = _moment_of_copying(self.name, self._options, sketches)
        moment, sure, self.seen_at = copied.moment, copied.sure, copied.seen_at
        self.notes += copied.notes
        _compare(sketches)
        _tell_twins(sketches)
        anything, doubtful = False, TicketNotes(self.name)
        for item in found:
            if isinstance(item, _Perhaps):
                # In any other text a number is only a number.
                if sketches:
                    yield item.rejection
                continue
            if not isinstance(item, _Sketch):
                yield item
                anything = True
                continue
            ticket = self._draft(item, moment, sure)
            self.unclear = self.unclear or item.guessed
            anything = True
            doubts = [*item.row.doubts, *item.doubts]
            if doubts and isinstance(ticket, Draft):
                doubtful.add(item.number.line, ticket.id, doubts)
            yield ticket
        self.notes += doubtful.sentences()
        if not anything and not any(page.announced == 0 for page in self.pages):
            raise InputError(no_ticket(self.name))
        if not anything:
            self.notes.append(
                _("{name}: the page announces no platform collaboration tickets.").format(name=self.name)
            )

    def _all_found(self) -> list[_Sketch | Rejection | _Perhaps]:
        """The same as :meth:`_found`, unless there are far too many numbers before the first ticket."""
        found: list[_Sketch | Rejection | _Perhaps] = []
        any_ticket = False
        for item in self._found():
            found.append(item)
            any_ticket = any_ticket or not isinstance(item, _Perhaps)
            if len(found) > _NUMBERS_MOST and not any_ticket:
                raise InputError(no_ticket(self.name))
        return found

    def _found(self) -> Iterator[_Sketch | Rejection | _Perhaps]:
        """What the rows are, each judged with the one before it."""
        announced: str | None = None
        shop = ""
        tickets: set[str] = set()
        before: Row | None = None
        # A row that has lost its number stands before, and no good row behind it yet.
        headless = False
        stray = ""
        pending: Rejection | _Sketch | _Perhaps | None = None
        for row in rows_of(parts_of(self._text)):
            if isinstance(row, Part):
                if pending is not None:
                    yield pending
                    tickets |= _number_of(pending)
                before = pending = None
                self._end_page(tickets, announced, shop)
                tickets = set()
                announced, shop = (None, row.value) if row.what is Is.SHOP else (row.value, shop)
                continue
            if row.empty:
                # A countdown that stands in no row.
                if isinstance(pending, _Sketch) and pending.left is None and not row.after_break:
                    pending.unclear_time_left = True
                    pending.doubts.append(not_understood(part.text for part in row.head))
                elif pending is None:
                    stray = not_understood(part.text for part in row.head)
                continue
            judged: _Sketch | Rejection | _Perhaps | None = self._judge(row)
            if stray and isinstance(judged, _Sketch) and judged.left is None:
                judged.unclear_time_left = True
                judged.doubts.append(stray)
            stray = ""
            if row.after_break:
                headless = False
            if before is not None and before.number is not None and row.number is not None and row.joins:
                split = self._split_in_two(before, before.number, row, row.number)
                if split is not None:
                    pending, judged = split
                elif _is_bare(before) and (isinstance(judged, Rejection) or row.doubts):
                    pending = self._reject(before.number, _("a number that stands apart from its row"))
            cut_off = before is not None and before.number is None and row.joins
            if isinstance(judged, _Sketch) and (cut_off or headless):
                judged.row.doubt(_("its number may be that of the row before it"))
            number = row.number
            if number is not None and is_doubtful_number(number.value):
                number = None
            if judged is None and number is not None:
                cuts_off = row.joins and before is not None and before.past_middle and row.length < 3
                apart = cuts_off or (row.adjoins and not row.length)
                if headless or apart:
                    judged = self._reject(number, _("a number that stands apart from its row"))
                if apart and isinstance(pending, _Sketch):
                    pending.row.doubt(
                        _("the number {number} behind it may be its own").format(number=number.value)
                    )
            elsewhere = row.joins and row.told_of_time_left and not isinstance(judged, _Sketch)
            if elsewhere and isinstance(pending, _Sketch) and pending.left is None:
                pending.unclear_time_left = True
                pending.doubts.append(not_understood(part.text for part in (*row.head, *row.tail)))
            if isinstance(judged, _Sketch):
                headless = False
            elif number is None and isinstance(judged, Rejection):
                headless = True
            if judged is None and number is not None and (number.sure or number.leads):
                judged = _Perhaps(self._reject(number, _("a number that stands apart from its row")))
            if pending is not None:
                yield pending
                tickets |= _number_of(pending)
            before, pending = row, judged
        if pending is not None:
            yield pending
            tickets |= _number_of(pending)
        self._end_page(tickets, announced, shop)

    def _end_page(self, tickets: set[str], announced: str | None, shop: str) -> None:
        if tickets or announced is not None:
            count = None if announced is None else int(announced.rstrip("+"))
            or_more = announced is not None and announced.endswith("+")
            self.pages.append(Page(frozenset(tickets), count, or_more, shop))

    def _reject(self, at: Part, reason: str) -> Rejection:
        return Rejection(self.name, at.line, "", at.value or at.text, reason)

    def _split_in_two(
        self, first: Row, one: Part, second: Row, other: Part
    ) -> tuple[Rejection, Rejection] | None:
        """Two numbers where one row seems to stand, so that nobody can tell whose order and time they are."""
        # A number in the product's title may have been taken for the order's.
        ordered = second.order is not None and second.order.sure
        if ordered or not (second.time is not None or second.past_middle):
            return None
        bare = _is_bare(first)
        half = first.order is not None and first.time is None
        if not bare and not half:
            return None
        reason = _("two numbers, {one} and {other}, stand in what seems to be one row; copy its whole row")
        reason = reason.format(one=one.value, other=other.value)
        return self._reject(one, reason), self._reject(other, reason)

    def _judge(self, row: Row) -> _Sketch | Rejection | None:
        """What a row is; None: no ticket."""
        number, order, time = row.number, row.order, row.time
        told = row.state or row.told_of_time_left or bool(row.account)
        cut = next((p for p in (*row.tail, *row.middle, *row.head) if _is_cut_time(p)), None)
        if number is None:
            coded = order is not None and is_doubtful_number(order.value[:8])
            if order is not None and (told or ((time or cut or row.pieces) and not coded)):
                return self._reject(order, without_number(row))
            if time is not None and told:
                return self._reject(time, without_number(row))
            return None
        if is_doubtful_number(number.value) and "工单" not in number.text:
            coded = order is not None and is_doubtful_number(order.value[:8])
            shows_state = row.state or row.told_of_time_left
            if (order and (time or not coded)) or (time and told) or (row.button and shows_state):
                return self._reject(
                    number, _("this may be a phone number, a date or a calendar as well as a ticket's number")
                )
            return None
        if order is None and time is None and cut is None:
            if told or row.button:
                return self._reject(
                    number, _("a number with neither an order number nor a time; copy its whole row")
                )
            return None
        if order is None and not told:
            if time is None:
                return None
            return self._reject(number, _("a number with a time and nothing else; copy its whole row"))
        if order is None and row.pieces_first:
            return self._reject(number, _("this may be the end of an order number; copy its whole row"))
        return self._sketch(row, number, cut)

    def _sketch(self, row: Row, number: Part, cut: Part | None) -> _Sketch | Rejection:
        doubts: list[str] = []
        if not number.sure and number.text != number.value:
            doubts.append(_("its number was found in “{words}”").format(words=quoted(number.text)))
        if row.order is None:
            doubts.append(_("it has no order number"))
        created_at, trouble = self._created_at(row.time or cut)
        if trouble:
            doubts.append(trouble)
        words = RowWords(row)
        left, state, kind, content = words.left, words.state, words.kind, words.content
        doubts += words.doubts
        if left is not None and state_of(state) in _OVER:
            row.doubt(_("it has ended, and its row tells time left all the same"))
        if created_at is None and left is None:
            if row.time is not None:
                return self._reject(row.time, trouble)
            return self._reject(number, _("a ticket without a creation time; copy its whole row"))
        if created_at is None and not trouble:
            doubts.append(_("it has no creation time"))
        if len(content) > _CONTENT_MAX:
            content = content[: _CONTENT_MAX - 1] + "…"
            doubts.append(_("its text is too long and was cut"))
        return _Sketch(
            row, number, created_at, left, state, kind, content, bool(words.not_understood), doubts
        )

    def _created_at(self, time: Part | None) -> tuple[datetime | None, str]:
        """The creation time, and what is odd about it."""
        if time is None:
            return None, ""
        text = time.value
        cut = time.what is Is.CUT_TIME
        if cut:
            text = text[:16].strip()
        try:
            created = not_after(
                parse_time(text, self._options.zone, now=self._options.now), self._options.now
            )
        except InputError as error:
            return None, _("its creation time “{time}” is of no use: {why}").format(
                time=quoted(time.text), why=error.message.rstrip(".。")
            )
        if cut:
            return created, _("its creation time “{time}” is cut").format(time=quoted(time.text))
        return created, ""

    def _draft(self, sketch: _Sketch, moment: datetime | None, sure: bool) -> Draft | Rejection:
        left = sketch.left
        deadline_at = moment + left.left if left is not None and moment is not None else None
        if sketch.created_at is None and deadline_at is None:
            reason = _("a ticket without a creation time; copy its whole row")
            return self._reject(sketch.row.time or sketch.number, reason)
        if left is not None and left.at_most and left.left > _MINUTE and deadline_at is not None:
            sketch.doubts.append(_("the page tells only the most time that may be left"))
        if sketch.created_at is None and not sure:
            sketch.doubts.append(
                _("its deadline was reckoned from the time left as if it was copied just now")
            )
        number, state = sketch.number, sketch.state
        if sketch.row.doubts and not sketch.waits:
            # Part of another row may have got into this one: that a ticket has ended is never guessed.
            sketch.doubts.append(_("its state “{words}” was left aside").format(words=state))
            state = ""
        return Draft(
            source=self.name,
            row=number.line,
            id=number.value,
            order_id=None if sketch.row.order is None else sketch.row.order.value,
            kind=kind_from_words(sketch.kind) if sketch.kind else None,
            kind_text=sketch.kind,
            platform_state=state_of(state) if state else None,
            platform_status=state,
            created_at=sketch.created_at,
            deadline_at=deadline_at,
            deadline_sure=deadline_at is None
            or (sure and not sketch.row.time_left_behind and not (left is not None and left.at_most)),
            deadline_at_most=deadline_at is not None and left is not None and left.at_most,
            deadline_to_the_minute=deadline_at is not None and left is not None and not left.to_the_second,
            content=sketch.content or None,
            seen_at=self.seen_at,
            fills_gaps_only=True,
        )


class _Copied(NamedTuple):
    """When the page was copied."""

    moment: datetime | None
    """None: nobody can tell."""
    sure: bool = False
    seen_at: datetime | None = None
    """The same where it is known and not only that it is read now."""
    notes: tuple[str, ...] = ()


def _moment_of_copying(name: str, options: ReadOptions, sketches: Sequence[_Sketch]) -> _Copied:
    """It cannot lie before the newest ticket on the page, nor in the future."""
    counted = any(sketch.left is not None and sketch.waits for sketch in sketches)
    newest = max((s.created_at for s in sketches if s.created_at is not None), default=None)

    def short(moment: datetime | None) -> str:
        return "-" if moment is None else iso(moment, options.zone)[:16].replace("T", " ")

    if options.copied_at is not None:
        moment = options.copied_at.replace(microsecond=0)
        # A person writes the minute alone.
        if newest is None or newest < moment + (_MINUTE if moment.second == 0 else timedelta(seconds=1)):
            return _Copied(moment, sure=True, seen_at=moment)
        said = _(
            "{name}: it was not copied at {moment}, since a ticket on it was created at "
            "{newest}; the time left on it was not used, say --copied-at again."
        ).format(name=name, moment=short(moment), newest=short(newest))
        return _Copied(None, notes=(said,) if counted else ())
    if options.saved_at is not None:
        moment = options.saved_at.replace(microsecond=0)
        early = newest is not None and moment < min(newest, options.now - CLOCK_SKEW)
        if not early and moment <= options.now + timedelta(seconds=1):
            return _Copied(moment, seen_at=moment)
        said = _(
            "{name}: the file's own time, {moment}, cannot be when it was copied; the time left "
            "on it was not used, deadlines are counted in service hours: say --copied-at TIME."
        ).format(name=name, moment=short(moment))
        return _Copied(None, notes=(said,) if counted else ())
    return _Copied(options.now.replace(microsecond=0))


def looks_like_page(text: str) -> bool:
    """Whether the text holds what only the page has: its buttons, its tab's heading, or one of its rows."""
    shown = visible(text)
    if any(part.what in {Is.BUTTON, Is.TAB} for part in parts_of(shown)):
        return True
    rows = (row for row in rows_of(parts_of(shown)) if isinstance(row, Row))
    return any(row.order is not None and row.time is not None for row in rows)


def has_buttons(text: str) -> bool:
    """Whether a cell of the text is one of the page's buttons."""
    if not any(button in text for button in BUTTONS):
        return False
    return any(part.what is Is.BUTTON for part in parts_of(visible(text)))


def has_countdown(text: str) -> bool:
    """Whether the text holds one of the page's countdowns."""
    return bool(times_left(normal(visible(text))))


def no_ticket(name: str) -> str:
    """The sentence for a text in which no ticket was found."""
    return _(
        "{name}: no ticket was found in this text; looked for were rows with a ticket number (7 to 10 "
        "digits) and close to it an order number (12 to 19) and a creation time; "
        "select the whole table on the page and copy it."
    ).format(name=name)


def not_all(names: str, told: Announced) -> str:
    """That not all of what the pages announce was found, or that nobody can tell; else empty."""
    count = f"{told.count}+" if told.or_more else told.count
    if told.found < told.count:
        return ngettext(
            "{name}: the page announces {announced} platform collaboration ticket, {found} were found; "
            "copy the whole table, and each of its pages.",
            "{name}: the page announces {announced} platform collaboration tickets, {found} were found; "
            "copy the whole table, and each of its pages.",
            told.count,
        ).format(name=names, announced=count, found=told.found)
    if told.whole:
        return ""
    return _(
        "{name}: the page announces {announced}, {found} were found; whether that is all cannot be told."
    ).format(name=names, announced=count, found=told.found)


def _is_bare(row: Row) -> bool:
    """Whether a row is a ticket's number and nothing else that tells of a ticket."""
    if row.number is None or row.order is not None or row.time is not None:
        return False
    return not is_doubtful_number(row.number.value)


def _is_cut_time(part: Part) -> bool:
    return part.what is Is.CUT_TIME and part.value[:4].isdigit() and "-" in part.value.replace("/", "-")


def _compare(sketches: Sequence[_Sketch]) -> None:
    """Note what a row lacks that others of the page have."""
    waiting = [sketch for sketch in sketches if sketch.waits]
    if any(sketch.left is not None for sketch in waiting):
        for sketch in waiting:
            if sketch.left is None and not sketch.unclear_time_left:
                sketch.doubts.append(
                    _("its row tells no time left, it is counted by the 4-hour rule for now")
                )
    if any(sketch.kind for sketch in sketches):
        for sketch in sketches:
            if not sketch.kind:
                sketch.doubts.append(_("its row tells no kind"))
    if any(sketch.state for sketch in sketches):
        for sketch in sketches:
            if not sketch.state:
                sketch.doubts.append(_("its row tells no state"))


def _number_of(found: _Sketch | Rejection | _Perhaps) -> set[str]:
    return {found.number.value} if isinstance(found, _Sketch) else set()


def _tell_twins(sketches: Sequence[_Sketch]) -> None:
    """Note a number that stands in two rows which differ; on a second page the same row is no news."""
    first: dict[str, _Sketch] = {}
    for sketch in sketches:
        other = first.setdefault(sketch.number.value, sketch)
        if other is not sketch and (_facts(other) != _facts(sketch)):
            sketch.doubts.append(_("it stands in two rows that differ"))


def _facts(sketch: _Sketch) -> tuple[str | None, datetime | None, str]:
    order = sketch.row.order
    return None if order is None else order.value, sketch.created_at, sketch.state
