"""Rows of our own export, in keys or in the words of either language: what only they tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from jdticket.domain.drafts import OwnRecord
from jdticket.domain.tickets import DeadlineSource, Kind, Status
from jdticket.errors import InputError
from jdticket.i18n import LANGUAGES, translator
from jdticket.intake.headings import Header, heading_key
from jdticket.intake.values import Cell, moment, plain
from jdticket.words import column_word, deadline_source_word, kind_word, status_word, yes_or_no

_ONLY_OURS = ("first_deadline_at", "deadline_source")
# What a spreadsheet would take for a formula; the export puts an apostrophe before it.
_GUARDED = tuple("'" + start for start in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def is_own_export(header: Header) -> bool:
    """Whether a table has the columns that no one else's has: by a word such as 已回复 nobody could tell."""
    keys = {heading_key(heading) for heading in header.headings}
    # The words of both languages cost a moment to load.
    if sum("deadline" in key or "截止" in key for key in keys) < len(_ONLY_OURS):
        return False
    return all(not keys.isdisjoint(_names_of(name)) for name in _ONLY_OURS)


def unguarded(text: str) -> str:
    """A cell's text as it was before it was made harmless for spreadsheets."""
    return text[1:] if text.startswith(_GUARDED) else text


class OwnColumns:
    """Reads what stands in the columns of our own export."""

    def __init__(self, header: Header, zone: tzinfo, now: datetime) -> None:
        at = {heading_key(heading): n for n, heading in enumerate(header.headings)}
        self._at = {name: n for name in _NAMES for key in _names_of(name) if (n := at.get(key)) is not None}
        self._zone = zone
        self._now = now
        translations = [translator(language).gettext for language in LANGUAGES]
        self._statuses = {status_word(one, _): one for one in Status for _ in translations}
        self._statuses |= {one.value: one for one in Status}
        self._kinds = {kind_word(one, _): one for one in Kind for _ in translations}
        self._kinds |= {one.value: one for one in Kind}
        self._sources = {deadline_source_word(one, _): one for one in DeadlineSource for _ in translations}
        self._sources |= {one.value: one for one in DeadlineSource}
        self._truths = {yes_or_no(truth, _): truth for truth in (True, False) for _ in translations}
        self._truths |= {"true": True, "false": False, "True": True, "False": False, "1": True, "0": False}

    def kind(self, words: str) -> Kind | None:
        """The kind that is so called; None: no kind of ours."""
        return self._kinds.get(words)

    def record(self, cells: Sequence[Cell]) -> OwnRecord | None:
        """How the ticket was held; None where that cannot be read, as when a person has changed the row."""
        try:
            deadline_at, first = self._time(cells, "deadline_at"), self._time(cells, "first_deadline_at")
            replied_at = self._time(cells, "replied_at")
        except InputError:
            return None
        status = self._statuses.get(self._text(cells, "status"))
        source = self._sources.get(self._text(cells, "deadline_source"))
        if status is None or source is None or deadline_at is None:
            return None
        returned, waits = self._truth(cells, "returned") is True, self._truth(cells, "waits") is True
        return OwnRecord(
            status=status,
            deadline_at=deadline_at,
            first_deadline_at=first or deadline_at,
            deadline_source=source,
            replied_at=replied_at,
            returned=returned or (waits and status in (Status.CLOSED, Status.VOID)),
            undelivered=waits and status is Status.REPLIED and not returned,
            reply_by=unguarded(self._text(cells, "reply_by")),
            reply_on_time=self._truth(cells, "reply_on_time"),
        )

    def _time(self, cells: Sequence[Cell], name: str) -> datetime | None:
        return moment(cells[self._at[name]], self._zone, self._now) if name in self._at else None

    def _text(self, cells: Sequence[Cell], name: str) -> str:
        return plain(cells[self._at[name]]) if name in self._at else ""

    def _truth(self, cells: Sequence[Cell], name: str) -> bool | None:
        return self._truths.get(self._text(cells, name))


_NAMES = (
    *("deadline_at", "first_deadline_at", "deadline_source", "status", "replied_at", "returned", "waits"),
    *("reply_by", "reply_on_time"),
)


def _names_of(name: str) -> Sequence[str]:
    """What a column of our own may be called: its key, and its word in each language."""
    words = (column_word(name, translator(language).gettext) for language in LANGUAGES)
    return [heading_key(one) for one in (name, *words)]
