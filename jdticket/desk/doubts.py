"""What taking in is in doubt about, gathered row by row and told once, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from jdticket import clock
from jdticket.domain.drafts import Draft
from jdticket.domain.platform_words import same_word
from jdticket.domain.remarks import About, Remark
from jdticket.domain.tickets import Ticket
from jdticket.i18n import _, ngettext
from jdticket.text import quoted
from jdticket.words import sentences, some, status_word

_SINGLY_MOST = 3
"""What is the same with many tickets is told of so many one by one."""


class Doubts:
    """The remarks about a pile of drafts; moments are worded as of ``now`` in ``zone``."""

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        self._zone = zone
        self._now = now
        self._words: dict[str, list[tuple[Draft, Ticket]]] = {}
        self._older: list[tuple[Draft, Remark]] = []
        self._older_deadlines: list[tuple[Draft, Remark]] = []
        self._twice: list[tuple[Draft, Remark]] = []
        self._single: dict[About, list[tuple[Draft, Remark]]] = {}

    def add(self, draft: Draft, ticket: Ticket, remarks: Sequence[Remark]) -> None:
        """What was found about one draft, and the ticket that came of it."""
        for remark in remarks:
            match remark.about:
                case About.UNKNOWN_WORD:
                    self._words.setdefault(same_word(draft.platform_status), []).append((draft, ticket))
                case About.OLDER:
                    self._older.append((draft, remark))
                case About.OLDER_DEADLINE:
                    self._older_deadlines.append((draft, remark))
                case About.TWICE:
                    self._twice.append((draft, remark))
                case _:
                    self._single.setdefault(remark.about, []).append((draft, remark))

    def notes(self) -> list[str]:
        """A sentence for each doubt; words and age are told once for all rows, of the others the first few by
        themselves."""
        notes = [self._unknown_word(found) for found in self._words.values()]
        if self._older:
            notes.append(self._too_old())
        if self._older_deadlines:
            notes.append(self._older_deadline())
        if self._twice:
            notes.append(self._contradictions())
        for about, found in self._single.items():
            notes += [self._singly(about, draft, remark) for draft, remark in found[:_SINGLY_MOST]]
            if rest := found[_SINGLY_MOST:]:
                notes.append(_the_same_of(about, rest))
        return notes

    def _singly(self, about: About, draft: Draft, remark: Remark) -> str:
        match about:
            case About.STALE_COUNTDOWN:
                return self._stale_countdown(draft, remark)
            case About.OTHER_CREATION:
                return self._other_creation(draft, remark)
            case _:
                return self._impossible_deadline(draft, remark)

    def _unknown_word(self, found: list[tuple[Draft, Ticket]]) -> str:
        draft, ticket = found[0]
        word = quoted(draft.platform_status)
        if len(found) == 1:
            told = _(
                "{where}: the state “{word}” is not known, so ticket {id} is {status}; look at it there."
            ).format(where=_place(draft), word=word, id=ticket.id, status=status_word(ticket.status))
        else:
            told = _(
                "{where} and {n} more: the state “{word}” is not known and changed nothing; look at these "
                "tickets there: {numbers}."
            ).format(where=_place(draft), n=len(found) - 1, word=word, numbers=some(d.id for d, _t in found))
        teach = _(
            'To teach it, in the configuration under [platform_words]: "{word}" = "waiting" (or "replied", '
            '"rejected", "closed", "void").'
        ).format(word=word)
        return sentences(told, teach)

    def _too_old(self) -> str:
        draft, remark = self._older[0]
        return ngettext(
            "{source} was made at {told} and is older than what is known of {n} ticket ({stands}); its "
            "state was left: {numbers}",
            "{source} was made at {told} and is older than what is known of {n} tickets ({stands}); their "
            "states were left: {numbers}",
            len(self._older),
        ).format(
            source=draft.source,
            told=self._moment(remark.told),
            stands=self._moment(remark.stands),
            n=len(self._older),
            numbers=some(d.id for d, _r in self._older),
        )

    def _older_deadline(self) -> str:
        draft, remark = self._older_deadlines[0]
        return ngettext(
            "{source} is older than what is known of {n} ticket, for which it tells a later deadline "
            "({told}); the earlier one stands ({stands}): {numbers}",
            "{source} is older than what is known of {n} tickets, for which it tells later deadlines (first "
            "{told}); the earlier ones stand (first {stands}): {numbers}",
            len(self._older_deadlines),
        ).format(
            source=draft.source,
            told=self._moment(remark.told),
            stands=self._moment(remark.stands),
            n=len(self._older_deadlines),
            numbers=some(d.id for d, _r in self._older_deadlines),
        )

    def _contradictions(self) -> str:
        numbers = [*dict.fromkeys(draft.id for draft, _remark in self._twice)]
        return ngettext(
            "{source}: of {n} ticket there are rows that contradict each other; the earlier deadline "
            "counts, and that it waits; look at it there: {numbers}",
            "{source}: of {n} tickets there are rows that contradict each other; the earlier deadline "
            "counts, and that they wait; look at them there: {numbers}",
            len(numbers),
        ).format(source=self._twice[0][0].source, n=len(numbers), numbers=some(numbers))

    def _stale_countdown(self, draft: Draft, remark: Remark) -> str:
        return _(
            "{where}: by its countdown ticket {id} would be due {told}, but the page may have been copied "
            "earlier; {stands} stands. If you know when it was copied: --copied-at TIME"
        ).format(
            where=_place(draft),
            id=draft.id,
            told=self._moment(remark.told),
            stands=self._moment(remark.stands),
        )

    def _other_creation(self, draft: Draft, remark: Remark) -> str:
        return _(
            "{where}: there ticket {id} was created {told}, but it is known to be of {stands}, which stands; "
            "look at it there."
        ).format(
            where=_place(draft),
            id=draft.id,
            told=self._moment(remark.told),
            stands=self._moment(remark.stands),
        )

    def _impossible_deadline(self, draft: Draft, remark: Remark) -> str:
        return _(
            "{where}: {told} cannot be the deadline of ticket {id} and was left aside; look at it there."
        ).format(where=_place(draft), told=self._moment(remark.told), id=draft.id)

    def _moment(self, moment: datetime | None) -> str:
        return "-" if moment is None else clock.moment_in_words(moment, self._now, self._zone)


def _the_same_of(about: About, rest: list[tuple[Draft, Remark]]) -> str:
    """That it is so with more tickets than are told of one by one."""
    match about:
        case About.STALE_COUNTDOWN:
            said = ngettext(
                "{source}: so it is with {n} more ticket, whose earlier deadline stands: {numbers}",
                "{source}: so it is with {n} more tickets, whose earlier deadlines stand: {numbers}",
                len(rest),
            )
        case About.OTHER_CREATION:
            said = ngettext(
                "{source}: so it is with {n} more ticket, whose earlier creation stands: {numbers}",
                "{source}: so it is with {n} more tickets, whose earlier creations stand: {numbers}",
                len(rest),
            )
        case _:
            said = ngettext(
                "{source}: so it is with {n} more ticket, whose deadline was left aside: {numbers}",
                "{source}: so it is with {n} more tickets, whose deadlines were left aside: {numbers}",
                len(rest),
            )
    return said.format(source=rest[0][0].source, n=len(rest), numbers=some(draft.id for draft, _r in rest))


def _place(draft: Draft) -> str:
    if not draft.row:
        return draft.source
    return _("{source}, row {row}").format(source=draft.source, row=draft.row)
