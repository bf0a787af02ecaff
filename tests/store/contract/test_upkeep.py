"""What every store promises of backups and its own health."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from jdticket.domain.tickets import TicketQuery
from jdticket.errors import RefusedError
from jdticket.store.interface import Store
from tests.store.contract.keeping import Opener, found, put, tell
from tests.store.making import ticket


def test_a_backup_taken_while_another_writes_holds_all_that_was_finished(
    opener: Opener, store: Store, tmp_path: Path
) -> None:
    put(store, ticket())
    tell(store, "59088842", "催单")
    with closing(opener(tmp_path)) as writer, writer.transaction():
        writer.put_tickets([ticket("7000001")])
        store.backup(tmp_path / "backup.db")
    restored = tmp_path / "restored"
    restored.mkdir()
    (tmp_path / "backup.db").rename(restored / "jdticket.db")
    with closing(opener(restored)) as copy:
        assert list(copy.tickets(TicketQuery())) == [ticket()]
        assert found(copy, "催单") == {"59088842"}
        assert all(finding.ok for finding in copy.check())


def test_a_backup_never_overwrites(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(RefusedError, match=r"backup\.db"):
        store.backup(target)
    assert target.read_text() == "precious"


def test_a_sound_store_has_nothing_to_complain_of(store: Store) -> None:
    put(store, ticket())
    findings = {finding.name: finding.ok for finding in store.check()}
    assert findings == dict.fromkeys(findings, True)
    assert {"integrity", "foreign_keys", "schema"} <= findings.keys()
