from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.at_desk import DeskAt
from tests.desk.at_platform import Room


@pytest.fixture
def office(tmp_path: Path) -> DeskAt:
    return DeskAt(tmp_path, "23 11:00")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.store.close()
