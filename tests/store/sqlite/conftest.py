"""A store in a file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jdticket.domain.replies import DeliveryState
from jdticket.errors import Trouble
from jdticket.store.sqlite import SqliteStore
from tests.store.making import (
    NOON,
    contact,
    delivery,
    event,
    extension,
    outage,
    reminder,
    reply,
    sent,
    source,
    ticket,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one ticket and one of everything that is told of it."""
    path = tmp_path / "jdticket.db"
    with closing(SqliteStore.open(path)) as store, store.transaction():
        store.put_tickets([ticket()])
        store.append([event("催单")])
        store.add_reply(reply())
        store.add_outage(outage())
        store.add_contact(contact(1))
        store.add_extensions([extension(1, 1)])
        [claimed, _other] = store.claim([reminder(), reminder(step="new")], NOON, NOON)
        store.settle([sent(claimed)])
        store.add_reply(reply())
        store.put_delivery(delivery(1, state=DeliveryState.ARRIVED))
        store.put_delivery(delivery(2))
        store.put_source(source(failing_since=NOON, trouble=Trouble.SIGNED_OUT))
    return path


@pytest.fixture
def folder(path: Path) -> Iterator[Path]:
    """A folder of an ordinary user's own with the store in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(path, folder)
        if os.geteuid() == 0:
            for file in (folder, folder / path.name):
                os.chown(file, 65534, 65534)
        yield folder
        folder.chmod(0o700)
