"""The rehearsal of a step: everything is done, and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jdticket.store.interface import Store


class _RehearsalEnds(Exception):  # noqa: N818 - no error
    """Ends a transaction without keeping it."""


@contextmanager
def rehearsal(store: Store) -> Iterator[None]:
    """A transaction of ``store`` of which nothing is kept, however it ends."""
    try:
        with store.transaction():
            yield
            raise _RehearsalEnds
    except _RehearsalEnds:
        pass
