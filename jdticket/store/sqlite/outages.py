"""The queries about outages, contacts with the operations manager, and what they granted."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from jdticket.store.rows import contact_of, contact_row, extension_of, extension_row, outage_of, outage_row
from jdticket.store.sqlite.shops import Shops

if TYPE_CHECKING:
    from jdticket.domain.outages import Contact, Extension, Outage


class Outages(Shops):
    """See :class:`jdticket.store.interface.Store`."""

    def add_outage(self, outage: Outage) -> Outage:
        number = self._db.write("INSERT INTO outages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", *outage_row(outage))
        return replace(outage, id=number)

    def update_outage(self, outage: Outage) -> None:
        self._db.write(
            """UPDATE outages SET (reason, since, until, shops, note, reported_at, contacted)
                = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?""",
            *outage_row(outage),
            outage.id,
        )

    def outage(self, outage_id: int) -> Outage | None:
        rows = self._db.rows("SELECT * FROM outages WHERE id = ?", outage_id)
        return self._with_codes(outage_of(rows[0])) if rows else None

    def outages(self, *, uncontacted_only: bool = False) -> list[Outage]:
        chosen = "WHERE NOT contacted" if uncontacted_only else ""
        return [
            self._with_codes(outage_of(row))
            for row in self._db.rows(f"SELECT * FROM outages {chosen} ORDER BY since DESC, id DESC")
        ]

    def _with_codes(self, outage: Outage) -> Outage:
        """The outage under the codes of its shops."""
        if self._shop_code is None or not outage.shops:
            return outage
        return replace(outage, shops=tuple(dict.fromkeys(map(self._shop_code, outage.shops))))

    def add_contact(self, contact: Contact) -> Contact:
        number = self._db.write(
            "INSERT INTO contacts VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            *contact_row(contact),
        )
        return replace(contact, id=number)

    def contacts(self, outage_id: int) -> list[Contact]:
        return self._db.told("contacts", contact_of, outage_id=outage_id)

    def add_extensions(self, extensions: Iterable[Extension]) -> None:
        self._db.write_all(
            "INSERT INTO extensions VALUES (NULL, ?, ?, ?, ?, ?, ?)", map(extension_row, extensions)
        )

    def extensions(self, *, ticket_id: str | None = None, outage_id: int | None = None) -> list[Extension]:
        return self._db.told("extensions", extension_of, ticket_id=ticket_id, outage_id=outage_id)
