from __future__ import annotations

from pathlib import Path

import pytest

from jdticket.desk.rehearsal import rehearsal
from tests.desk.at_desk import DeskAt


def test_a_rehearsal_sees_what_it_did_and_keeps_nothing(tmp_path: Path) -> None:
    store = DeskAt(tmp_path, "23 10:00").store
    with rehearsal(store):
        store.put_fact("key", "value")
        assert store.fact("key") == "value"
    assert store.fact("key") is None


def test_what_goes_wrong_in_a_rehearsal_is_not_hidden(tmp_path: Path) -> None:
    store = DeskAt(tmp_path, "23 10:00").store
    with pytest.raises(LookupError, match="lost"), rehearsal(store):
        store.put_fact("key", "value")
        raise LookupError("lost")
    assert store.fact("key") is None
