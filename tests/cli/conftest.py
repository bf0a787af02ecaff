from __future__ import annotations

from pathlib import Path

import pytest

from .running import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program on an empty machine."""
    return Program(tmp_path)
