"""What check finds, and backups."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from jdticket.errors import RefusedError, StoreError
from jdticket.store.sqlite import SqliteStore
from tests.store.making import ticket
from tests.store.sqlite.at_file import (
    by_hand,
    complaints,
    mode,
    posix_only,
    tickets_in,
    without_privileges,
)

# What check finds


def test_a_guard_that_was_taken_away_is_found(path: Path) -> None:
    with by_hand(path) as db:
        db.execute("DROP TRIGGER events_are_never_changed")
    assert complaints(path) == {"schema": "not as jdticket made it: events_are_never_changed"}


def test_a_reply_to_nothing_is_found(path: Path) -> None:
    with by_hand(path) as db:
        db.execute("INSERT INTO replies SELECT NULL, '7', text, at, at, \"by\", deadline_at, 0 FROM replies")
    assert complaints(path) == {"foreign_keys": "replies point to tickets that are not there"}


@posix_only
def test_a_file_that_others_may_read_is_found(path: Path) -> None:
    path.chmod(0o644)
    assert complaints(path) == {
        "permissions": f"others may use the file (mode 644); say chmod 600 {path}",
    }


@posix_only
def test_a_journal_that_makes_readers_wait_is_found(folder: Path) -> None:
    with by_hand(folder / "jdticket.db") as db:
        db.execute("PRAGMA journal_mode = DELETE")
    (folder / "jdticket.db").chmod(0o400)
    with without_privileges(), closing(SqliteStore.open(folder / "jdticket.db")) as store:
        assert [finding.name for finding in store.check() if not finding.ok] == ["journal"]


# Backups


@posix_only
def test_a_backup_is_one_file_for_its_owner_only(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "safe" / "backup.db"
    target.parent.mkdir()
    with closing(SqliteStore.open(path)) as store:
        store.backup(target)
    assert [file.name for file in target.parent.iterdir()] == ["backup.db"]
    assert mode(target) == 0o600
    with by_hand(target) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_in_the_place_of_the_store_is_a_store_again(path: Path, tmp_path: Path) -> None:
    with closing(SqliteStore.open(path)) as store:
        store.backup(tmp_path / "backup.db")
    (tmp_path / "backup.db").replace(path)
    assert complaints(path) == {}
    assert tickets_in(path) == 1


def test_a_backup_into_a_missing_folder_names_it_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with (
        closing(SqliteStore.open(path)) as store,
        pytest.raises(StoreError, match=r"gone/b\.db cannot be used"),
    ):
        store.backup(tmp_path / "gone" / "b.db")


def refuse_hard_links(link: Path, target: Path) -> None:
    raise PermissionError("no hard links on this disk")


def test_a_backup_works_where_there_are_no_hard_links(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", refuse_hard_links)
    with closing(SqliteStore.open(path)) as store:
        store.backup(tmp_path / "backup.db")
    assert tickets_in(tmp_path / "backup.db") == 1
    assert {file.name for file in tmp_path.iterdir()} == {"backup.db", "jdticket.db"}


@posix_only
@pytest.mark.parametrize("hard_links", [True, False])
def test_a_backup_never_takes_a_name_that_only_seems_to_be_free(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    if not hard_links:
        monkeypatch.setattr(Path, "hardlink_to", refuse_hard_links)
    link = tmp_path / "backup.db"
    link.symlink_to(tmp_path / "nothing")
    with closing(SqliteStore.open(path)) as store, pytest.raises(RefusedError, match=r"backup\.db"):
        store.backup(link)
    assert link.is_symlink()
    assert {file.name for file in tmp_path.iterdir()} == {"backup.db", "jdticket.db"}


@posix_only
def test_a_backup_in_a_folder_that_can_only_be_read_is_read(folder: Path) -> None:
    with closing(SqliteStore.open(folder / "jdticket.db")) as store:
        store.backup(folder / "backup.db")
    (folder / "backup.db").chmod(0o444)
    folder.chmod(0o555)
    with without_privileges(), closing(SqliteStore.open(folder / "backup.db", create=False)) as store:
        assert store.ticket("59088842") == ticket()
