"""What is in doubt of tickets that were taken in, gathered row by row and told once a reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jdticket.i18n import _, ngettext
from jdticket.text import quoted
from jdticket.words import in_runs, some

_NUMBERS_MOST = 50
_QUOTED = re.compile(r"'[^']*'|“[^”]*”|\"[^\"]*\"|[0-9]+")


class FieldNotes:
    """Notes about fields of a source's rows."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[tuple[str, str], tuple[int, str, str, list[int]]] = {}

    def add(self, row: int, column: str, value: str, reason: str) -> None:
        """One field: where it stands, what was seen there, what is the matter and what became of it."""
        key = column, _QUOTED.sub("", reason)
        if key in self._found:
            self._found[key][3].append(row)
        else:
            self._found[key] = row, value, reason, []

    def sentences(self) -> list[str]:
        """A sentence for each column and reason: the first field, and in which rows it is the same."""
        return [self._sentence(column, *found) for (column, _reason), found in self._found.items()]

    def _sentence(self, column: str, row: int, value: str, reason: str, others: list[int]) -> str:
        where = _("{source}, row {row}").format(source=self._name, row=row)
        if column:
            where += _(", column {column}").format(column=quoted(column))
        if value:
            where += _(" “{value}”").format(value=quoted(value))
        told = _("{where}: {what}").format(where=where, what=reason)
        if not others:
            return told
        return ngettext(
            "{told} (so it is in {n} more row: {rows})",
            "{told} (so it is in {n} more rows: {rows})",
            len(others),
        ).format(told=told, n=len(others), rows=in_runs(others))


class TicketNotes:
    """Notes about tickets of a copied page."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, tuple[int, str, str, list[str]]] = {}

    def add(self, row: int, ticket: str, doubts: Sequence[str]) -> None:
        """One ticket: where it stands, its number, what is the matter."""
        what = _("; ").join(doubts)
        key = _QUOTED.sub("", what)
        if key in self._found:
            self._found[key][3].append(ticket)
        else:
            self._found[key] = row, ticket, what, []

    def sentences(self) -> list[str]:
        """A sentence for each reason: the first ticket, and of which others it is so."""
        return [self._sentence(*found) for found in self._found.values()]

    def _sentence(self, row: int, ticket: str, what: str, others: list[str]) -> str:
        if not others:
            return _("{name}, row {row}, ticket {id}: {what}; check it on the page.").format(
                name=self._name, row=row, id=ticket, what=what
            )
        return _(
            "{name}, row {row}, ticket {id}: {what}; so it is with {n} more; "
            "check them on the page: {numbers}"
        ).format(
            name=self._name,
            row=row,
            id=ticket,
            what=what,
            n=len(others),
            numbers=some(others, _NUMBERS_MOST),
        )
