"""What the words of one row are: its kind, its text, its state, the time that is left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jdticket.domain.platform_words import kind_from_words
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.i18n import _
from jdticket.intake.cells import Is, Part, normal
from jdticket.intake.countdowns import TimeLeft, is_piece_of_length, speaks_of_time_left, times_left
from jdticket.intake.page_rows import DONE, STATE_MAX, Row, is_known_state, state_of
from jdticket.text import quoted
from jdticket.words import listed

# Words that end a ticket as a state and as a button.
_VERBS = frozenset({"关闭", "完结", "撤销", "取消", "作废", "撤回", "驳回", "重开", "重新打开", "重新开启"})
_LIKE_A_STATE = re.compile(r"(?:待|已|未|正在|等待|平台|申请|审核|超时).*|.*中")
_WITH_A_STATE = re.compile(r".*(?:待|未|中|申诉|重新|再次|二次).*")
_LIKE_A_KIND = re.compile(r"(?:CRC)?(?:高危)?(?:\S{0,4}(?:投诉|咨询|问题)|催\S{0,3})", re.IGNORECASE)
_STARTS_LIKE_TIME_LEFT = re.compile(r"(?:还剩|仅剩|只剩|剩余|倒计时|已?超时|已?逾期)")
_LOOSE_CELL = 25
_NUMBERS = re.compile(r"(?<![0-9])[0-9]{7,10}(?![0-9])")


class RowWords:
    """Sorts the words of a row. What is odd about them stands in ``doubts``."""

    def __init__(self, row: Row) -> None:
        self.doubts: list[str] = []
        self.not_understood: list[str] = []
        """What speaks of time left and is not understood."""
        self._left_aside: set[str] = set()
        found: list[TimeLeft] = []
        tail = self._without_time_left(row.tail, found, behind=True)
        head = self._without_time_left(row.head, found, behind=False)
        middle = self._without_time_left(row.middle, found, behind=False)
        self.left = self._one_of(found)
        self.state, tail = self._state(tail, middle, head)
        self.kind, self.content = self._kind_and_content(head, middle, tail)
        if self.not_understood:
            self.doubts.append(not_understood(self.not_understood))

    def _without_time_left(self, parts: Sequence[Part], found: list[TimeLeft], *, behind: bool) -> list[Part]:
        """The parts but for what tells of time left, which is added to ``found``.

        Behind the creation time, where it belongs, it may share a cell with other words; before it, where
        the product's title stands, it must have its cells to itself.
        """
        cells = [normal(part.text) for part in parts]
        text = "\n".join(cells)
        starts = [0]
        for cell in cells:
            starts.append(starts[-1] + len(cell) + 1)
        rest: list[Part | None] = list(parts)
        for match in times_left(text):
            first = next(n for n in range(len(cells)) if match.start < starts[n + 1])
            last = next(n for n in range(len(cells)) if match.end <= starts[n + 1] - 1)
            before = text[starts[first] : match.start].strip(" ,;:()[]·-")
            after = text[match.end : starts[last + 1] - 1].strip(" ,;:()[]·-.")
            if first == last and is_known_state(cells[first]):
                if state_of(cells[first]) is PlatformState.WAITING:
                    found.append(match)
                continue
            clear = all(not words or is_known_state(words) for words in (before, after))
            if not clear and not (behind and max(map(len, cells[first : last + 1])) <= _LOOSE_CELL):
                continue
            if not clear and (after or not platform_like(before)):
                self.doubts.append(
                    _("the time left was read from “{words}”").format(
                        words=quoted(" ".join(cells[first : last + 1]))
                    )
                )
            found.append(match)
            for n in range(first, last + 1):
                rest[n] = None
            if left_over := " ".join(words for words in (before, after) if words):
                rest[first] = parts[first]._replace(text=left_over, what=Is.WORDS, value="")
        kept = []
        for part in rest:
            if part is None:
                continue
            words = normal(part.text)
            if self._is_unclear(words, behind=behind):
                self.not_understood.append(part.text)
            else:
                kept.append(part)
        return kept

    @staticmethod
    def _is_unclear(words: str, *, behind: bool) -> bool:
        if is_known_state(words):
            return False
        if behind:
            return speaks_of_time_left(words) or (is_piece_of_length(words) and not words.isdigit())
        return len(words) <= _LOOSE_CELL and _STARTS_LIKE_TIME_LEFT.match(words) is not None

    def _one_of(self, found: Sequence[TimeLeft]) -> TimeLeft | None:
        """The time left that holds: the shortest; "overdue" alone says less than "overdue by 2 hours"."""
        exact = {(one.left, one.at_most): one for one in found}
        if len(exact) > 1 and any(one.left.total_seconds() < 0 for one in exact.values()):
            exact = {key: one for key, one in exact.items() if not (one.at_most and not one.left)}
        if len(exact) > 1:
            self.doubts.append(_("its row tells two different times left, the shorter one was taken"))
        return min(exact.values(), key=lambda one: one.left, default=None)

    def _state(
        self, tail: Sequence[Part], middle: Sequence[Part], head: Sequence[Part]
    ) -> tuple[str, list[Part]]:
        """The state's words, and the tail without them."""
        words = [part for part in tail if part.what is Is.WORDS]
        known = [part for part in words if is_known_state(normal(part.text))]
        elsewhere = [part for part in (*middle, *head) if is_known_state(normal(part.text))]
        if not known and elsewhere:
            known = [part for part in elsewhere if state_of(normal(part.text)) not in DONE]
            if not known:
                # The order's own state, or another row's: it must not end the ticket.
                self._left_aside = {part.text for part in elsewhere}
                self.doubts.append(
                    _("“{words}” stands out of a state's place and was left aside").format(
                        words=elsewhere[0].text
                    )
                )
        states = {state_of(normal(part.text)) for part in known}
        if len(states) > 1:
            self.doubts.append(
                _("its row tells two different states, {words}").format(
                    words=" / ".join(dict.fromkeys(part.text for part in known))
                )
            )
            waiting = [p for p in known if state_of(normal(p.text)) is PlatformState.WAITING]
            known = waiting or known
        if known and normal(known[0].text) in _VERBS:
            self.doubts.append(
                _("“{words}” may be its state or a button, and was not taken for its state").format(
                    words=known[0].text
                )
            )
            known = []
            words = [part for part in words if normal(part.text) not in _VERBS]
        unknown = [p for p in words if p not in known and _tells_a_state(normal(p.text))]
        if known and unknown and state_of(normal(known[0].text)) in DONE:
            self.doubts.append(
                _("its row tells two different states, {words}").format(
                    words=" / ".join(part.text for part in (unknown[0], known[0]))
                )
            )
            known = unknown
        if not known:
            short = [p for p in words if len(p.text) <= STATE_MAX and not normal(p.text).isascii()]
            known = [p for p in short if platform_like(normal(p.text))] or short
        long = [p for p in words if len(p.text) > STATE_MAX and not normal(p.text).isascii()]
        if not known and long and (middle or len(head) > 1):
            self.doubts.append(_("“{words}” is not known as a state").format(words=quoted(long[0].text)))
        if not known:
            return "", list(tail)
        state = known[0].text
        return state, [part for part in tail if part.text != state and not is_known_state(normal(part.text))]

    def _kind_and_content(
        self, head: Sequence[Part], middle: Sequence[Part], tail: Sequence[Part]
    ) -> tuple[str, str]:
        before, between = _free(head), _free(middle)
        kind = before.pop(0) if before else ""
        others = [words for words in between if _LIKE_A_KIND.fullmatch(normal(words))]
        if (
            others
            and not (kind and _LIKE_A_KIND.fullmatch(normal(kind)))
            and (not kind or kind_from_words(others[0]) is not Kind.OTHER)
        ):
            if kind:
                before.insert(0, kind)
            kind = others[0]
            between.remove(kind)
        aside = {self.state, *self._left_aside}
        kind = "" if kind in aside else kind
        free = [words for words in (*before, *between) if words not in aside]
        if not free:
            # A long text behind the time is the product's title, moved; short words there are buttons.
            free = [
                part.text
                for part in tail
                if part.what is Is.WORDS and len(part.text) > STATE_MAX and not part.text.isascii()
            ]
        return kind, " ".join(dict.fromkeys(free))


def not_understood(words: Iterable[str]) -> str:
    """That these words speak of the time left and are not understood."""
    return _("the time left “{words}” is not understood, it is counted by the 4-hour rule for now").format(
        words=quoted(" ".join(words))
    )


def numbers_in(text: str) -> list[str]:
    """All that could be a ticket's number in the text, wherever it stands."""
    return _NUMBERS.findall(normal(text))


def without_number(row: Row) -> str:
    """Why a row that has lost its ticket's number is none, and which number it may have been."""
    parts = (*row.head, *row.middle, *row.tail)
    numbers = (number for part in parts for number in numbers_in(part.text))
    perhaps = listed(dict.fromkeys(numbers))
    if perhaps:
        return _("a row without a ticket number, unless that is {number}; copy its whole row").format(
            number=perhaps
        )
    return _("a row without a ticket number; copy its whole row")


def platform_like(words: str) -> bool:
    """Whether the words have the shape of a state: 待…, 已…, …中."""
    return len(words) <= STATE_MAX and _LIKE_A_STATE.fullmatch(words) is not None


def _tells_a_state(words: str) -> bool:
    """Whether words that are no known state tell one all the same: 二次待回复, 申诉中."""
    return (
        len(words) <= STATE_MAX and not is_known_state(words) and _WITH_A_STATE.fullmatch(words) is not None
    )


def _free(parts: Iterable[Part]) -> list[str]:
    """The texts of the parts that can be a kind or a title: no name of a buyer, no word for waiting."""
    return [
        part.text
        for part in parts
        if part.what in {Is.WORDS, Is.NUMBER, Is.ORDER}
        and not (part.text.isdigit() and len(part.text) < 4)
        and "jd_" not in part.text
        and not (is_known_state(normal(part.text)) and state_of(normal(part.text)) is PlatformState.WAITING)
    ]
