"""Looking after what the desk keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jdticket.store.interface import Finding, Store


class Upkeep:
    """The use cases of upkeep, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def backup(self, target: Path) -> None:
        """Copy the whole store to the new file ``target`` while others go on working.

        Raises ``RefusedError`` if it exists, ``StoreError`` if it cannot be written.
        """
        self._store.backup(target)

    def findings(self) -> list[Finding]:
        """What there is to say about the store's own health."""
        return self._store.check()
