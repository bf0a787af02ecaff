"""Each kind of store there is, for the tests of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jdticket.domain.tickets import Ticket
from jdticket.store.interface import Store
from jdticket.store.sqlite import SqliteStore
from tests.store.contract.keeping import Opener, put_many

# How to open the store of a folder, and again the same store; a second kind of store is one more line.
OPENERS: dict[str, Opener] = {"sqlite": lambda folder: SqliteStore.open(folder / "jdticket.db")}


@pytest.fixture(params=OPENERS.values(), ids=OPENERS.keys(), scope="module")
def opener(request: pytest.FixtureRequest) -> Opener:
    return request.param


@pytest.fixture
def store(opener: Opener, tmp_path: Path) -> Iterator[Store]:
    with closing(opener(tmp_path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def many(
    opener: Opener, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, list[Ticket], set[str]]]:
    """A store, its tickets, and the numbers of those with a reply that has not arrived."""
    with closing(opener(tmp_path_factory.mktemp("many"))) as store:
        yield store, *put_many(store)
