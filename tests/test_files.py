"""Files that are made anew: for their owner only, never in the place of another."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jdticket.files import file_beside, make_file, make_folders, new_file, whole_file

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix_only
def test_folders_are_made_for_their_owner_only_and_those_there_are_left_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folders(tmp_path / "a" / "b" / "file")
    make_folders(tmp_path / "a" / "b" / "file")
    assert [mode(path) for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [0o755, 0o700, 0o700]
    assert list((tmp_path / "a" / "b").iterdir()) == []


@posix_only
def test_an_empty_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    make_file(tmp_path / "file")
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o600, b"")


def test_making_a_file_that_is_there_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    before = mode(tmp_path / "file")
    make_file(tmp_path / "file")
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (before, b"kept")


@posix_only
def test_a_new_file_holds_the_bytes_that_were_written_for_its_owner_only(tmp_path: Path) -> None:
    with new_file(tmp_path / "file") as file:
        file.write(b"a\nb\r\n")
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o600, b"a\nb\r\n")


@pytest.mark.parametrize("dangling_link", [False, True])
def test_a_new_file_never_takes_a_name_that_is_taken(tmp_path: Path, dangling_link: bool) -> None:
    path = tmp_path / "file"
    if dangling_link:
        path.symlink_to(tmp_path / "nothing")
    else:
        path.write_bytes(b"kept")
    with pytest.raises(FileExistsError), new_file(path) as file:
        file.write(b"lost")
    assert path.is_symlink() == dangling_link
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert dangling_link or path.read_bytes() == b"kept"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_new_file_that_cannot_be_written_whole_is_taken_away_again(
    tmp_path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), new_file(tmp_path / "file") as file:
        file.write(b"half")
        raise error
    assert list(tmp_path.iterdir()) == []


@posix_only
def test_a_file_made_beside_its_place_takes_it_when_it_is_whole(tmp_path: Path) -> None:
    with file_beside(tmp_path / "file") as made:
        assert (made.parent, mode(made), made.read_bytes()) == (tmp_path, 0o600, b"")
        assert not (tmp_path / "file").exists()
        made.write_bytes(b"whole")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o600, b"whole")


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_file_made_beside_its_place_that_fails_leaves_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), file_beside(tmp_path / "file"):
        raise error
    assert list(tmp_path.iterdir()) == []


def refuse_hard_links(link: Path, target: Path) -> None:
    raise PermissionError("no hard links on this disk")


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_file_made_beside_its_place_does_not_take_it_from_one_that_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    if not hard_links:
        monkeypatch.setattr(Path, "hardlink_to", refuse_hard_links)
    with pytest.raises(FileExistsError), file_beside(tmp_path / "file") as made:
        made.write_bytes(b"late")
        (tmp_path / "file").write_bytes(b"first")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"first"


def test_a_whole_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    with whole_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        file.write(b" and half")
    assert ([one.name for one in tmp_path.iterdir()], path.read_bytes()) == (
        ["tickets.csv"],
        b"half and half",
    )


def test_a_whole_file_that_fails_leaves_nothing_and_never_takes_a_name_that_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    with pytest.raises(OSError, match="full"), whole_file(path) as file:
        file.write(b"half")
        raise OSError("full")
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"kept")
    with pytest.raises(FileExistsError), whole_file(path) as file:
        file.write(b"lost")
    assert ([one.name for one in tmp_path.iterdir()], path.read_bytes()) == (["tickets.csv"], b"kept")


def test_what_a_killed_process_left_behind_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    names = {
        ".tickets.csv.jdticket-abcd1234": 7200,
        ".tickets.csv.jdticket-now_busy": 0,
        ".tickets.csv.original": 7200,
        ".tickets.csv.mine": 7200,
        "other": 7200,
    }
    for name, age in names.items():
        (tmp_path / name).write_bytes(b"half")
        moment = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (moment, moment))
    with whole_file(tmp_path / "tickets.csv") as file:
        file.write(b"whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names, "tickets.csv"} - {".tickets.csv.jdticket-abcd1234"}


def test_a_file_made_beside_its_place_sweeps_as_well(tmp_path: Path) -> None:
    left = tmp_path / ".store.db.jdticket-abcd1234"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    with file_beside(tmp_path / "store.db") as made:
        made.write_bytes(b"whole")
    assert [one.name for one in tmp_path.iterdir()] == ["store.db"]


@posix_only
def test_new_folders_are_the_owners_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        make_folders(tmp_path / "a" / "b" / "file")
    finally:
        os.umask(before)
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]
