from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk.at_desk import DeskAt


@pytest.fixture
def office(tmp_path: Path) -> DeskAt:
    return DeskAt(tmp_path, "23 11:00")
