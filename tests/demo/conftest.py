from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo.by_hand import Platform


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    with platform.gateway:
        yield platform
