"""An address -> the store. The only place that names the stores there are.

An address is the path of a file. Whatever looks like ``scheme://…`` means a server, and none is known yet.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jdticket.errors import StoreError
from jdticket.i18n import _
from jdticket.text import scheme_of

if TYPE_CHECKING:
    from jdticket.store.interface import Store, TokenStore


def file_of(address: str) -> Path:
    """The file that ``address`` names. Raises ``StoreError`` for an address of an unknown kind."""
    scheme = scheme_of(address)
    if scheme:
        # Only the scheme is told: a password may stand in the rest.
        raise StoreError(
            _(
                "jdticket does not know {scheme}:// as an address of a store; name a file with --db, "
                "JDTICKET_DB or database in the configuration."
            ).format(scheme=scheme)
        )
    return Path(address)


def is_there(address: str) -> bool:
    """Whether there is a store at ``address``; an empty file is none. Raises ``StoreError``."""
    path = file_of(address)
    try:
        return path.exists() and path.stat().st_size > 0
    except OSError as error:
        from jdticket.store.sqlite.connection import cannot_be_used

        raise cannot_be_used(path, error) from error


def restore(backup: Path, address: str, now: datetime) -> Path | None:
    """Make the store at ``address`` a copy of ``backup``; see ``jdticket.store.sqlite.restoring``."""
    from jdticket.store.sqlite.restoring import restore

    return restore(backup, file_of(address), now)


def open_store(address: str, *, create: bool = True, shop_code: Callable[[str], str] | None = None) -> Store:
    """The store at ``address``, brought up to date; the caller closes it.

    ``create`` makes it where there is none. ``shop_code`` makes a shop's code of each word that is known as
    its name or alias, and leaves every other word as it is. Raises ``StoreError``.
    """
    from jdticket.store.sqlite import SqliteStore

    return SqliteStore.open(file_of(address), create=create, shop_code=shop_code)


def open_tokens(address: str) -> TokenStore:
    """The shops' authorisations that are kept beside the store at ``address``. Raises ``StoreError``."""
    from jdticket.store.tokens import SqliteTokens, tokens_path

    return SqliteTokens(tokens_path(file_of(address)))
