"""The words under which shops are held, and the codes that the configuration has for them."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from jdticket.domain.tickets import Ticket
from jdticket.store.rows import ticket_of
from jdticket.store.sqlite.connection import Connection, Queries


class Shops(Queries):
    """Hands out what is held under a shop's name or alias under its code, and finds it by that. What
    ``shop_code`` makes of a word is its code, or the word itself."""

    def __init__(self, db: Connection, shop_code: Callable[[str], str] | None = None) -> None:
        super().__init__(db)
        self._shop_code = shop_code

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        """By words that are no code themselves, the codes that they stand for: nearly always none."""
        if self._shop_code is None:
            return {}
        codes = {word: self._shop_code(word) for word in self._held_shops() if word}
        return {word: code for word, code in codes.items() if word != code}

    def _held_shops(self) -> list[str]:
        # From one word to the next through the index: as many steps as there are words.
        rows = self._db.rows("""
            WITH RECURSIVE words (shop) AS (
                SELECT min(shop) FROM tickets
                UNION ALL
                SELECT (SELECT min(shop) FROM tickets WHERE shop > words.shop) FROM words
                WHERE words.shop IS NOT NULL
            )
            SELECT shop FROM words WHERE shop IS NOT NULL
        """)
        return [shop for (shop,) in rows]

    def shops(self) -> list[str]:
        """See :meth:`Store.shops`."""
        return sorted({self._codes.get(word, word) for word in self._held_shops()})

    def _tickets_of(self, rows: Iterable[Any]) -> Iterator[Ticket]:
        codes = self._codes
        for ticket in map(ticket_of, rows):
            yield replace(ticket, shop=codes[ticket.shop]) if ticket.shop in codes else ticket

    def _is_shop(self, mark: str, count: int = 1) -> str:
        """The condition that a ticket is of one of ``count`` shops bound at ``mark``, with
        :meth:`_shop_value`."""
        alone = count == 1 and not self._codes
        return f"shop = {mark}" if alone else f"shop IN (SELECT value FROM json_each({mark}))"

    def _shop_value(self, *codes: str) -> str | None:
        """What to bind for these shops; None for none."""
        if len(codes) < 2 and not (codes and self._codes):
            return codes[0] if codes else None
        import json

        return json.dumps([*codes, *(word for word, meant in self._codes.items() if meant in codes)])
