"""Where there is no store: nothing passes for an empty desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.robots import Robots

from .reminding import ALL_DAY, group
from .running import Program, needs_rights_to_be_limited, row, table

NEED_ONE = [
    *("list", "list --json", "show 842", "search 催", "export", "reply 842 -m 您好，订单已发出。"),
    *("assign 842 小王", "note 842 x", "close 842", "void 842 --why x", "reopen 842 --why x"),
    *("remind", "remind --dry-run", "reminders", "recompute", "backup b.db", "cron install"),
    *("outage list", "outage show 1", "outage end 1", "outage contact 1 --via phone", "replies --unsent"),
]
NEED_NONE = [
    "--version",
    "config check",
    "config path",
    "channel list",
    "deadline 2026-11-23 10:00",
    "cron show",
]


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots() as running:
        yield running


@pytest.mark.parametrize("is_empty", [False, True], ids=["missing", "empty"])
@pytest.mark.parametrize("command", NEED_ONE)
def test_what_needs_a_store_says_that_there_is_none_and_makes_none(
    program: Program, command: str, is_empty: bool
) -> None:
    program.configure('[[channels]]\nname = "print"\nkind = "stdout"\n')
    if is_empty:
        program.store.touch()
    said = program.refused(5, *command.split(" "))
    assert said.startswith(f"There is no store at {program.store}. Look at --db and JDTICKET_DB")
    assert program.store.exists() is is_empty
    assert not is_empty or program.store.stat().st_size == 0


@pytest.mark.parametrize("command", NEED_NONE)
def test_what_needs_none_goes_on(program: Program, command: str) -> None:
    assert program.run(*command.split(" ", 1)).code == 0
    assert not program.store.exists()


def test_check_does_not_know_and_doctor_tells_of_it(program: Program) -> None:
    assert program.run("check").code == 3
    assert program.run("doctor").code == 1
    assert not program.store.exists()


def test_no_heartbeat_tells_of_a_run_without_a_store(program: Program, robots: Robots) -> None:
    beat = f'[reminders]\nheartbeat_url = "{robots.url}/ping"\n'
    program.configure(ALL_DAY + beat + group(robots, "wecom"))
    assert program.run("remind").code == 5
    assert robots.requests == []


@pytest.mark.parametrize(
    "command",
    [
        ["add", "59088842"],
        ["import", "-"],
        ["report-outage", "--reason", "power", "--since", "09:00"],
        ["init"],
    ],
    ids=lambda command: command[0],
)
def test_what_begins_a_desk_makes_a_store_where_its_folder_is(program: Program, command: list[str]) -> None:
    stdin = table(row(59088842))
    assert f"New store: {program.store}" in program.ok(*command, stdin=stdin).err
    assert program.ok("list").code == 0
    nowhere = program.folder / "nowhere" / "desk.db"
    (program.folder / "config" / "jdticket" / "config.toml").unlink(missing_ok=True)
    ran = program.run("--db", nowhere, *command, stdin=stdin)
    assert ran.code == 5
    assert f"{nowhere.parent}: the folder for the store is not there" in ran.err
    assert not nowhere.parent.exists()


def test_an_address_that_names_nothing_is_wrong_usage(program: Program) -> None:
    program.begin()
    for command in ("list", "add"):
        assert (
            program.refused(2, "--db", "", command, *["59088842"][: command == "add"])
            == "--db names no file."
        )


@needs_rights_to_be_limited
def test_a_folder_that_may_not_be_read_is_a_store_that_cannot_be_used(program: Program) -> None:
    folder = program.folder / "theirs"
    folder.mkdir()
    (folder / "desk.db").touch()
    folder.chmod(0)
    try:
        for command in (["list"], ["add", "59088842"], ["export"]):
            assert program.process.run("--db", folder / "desk.db", *command).code == 5
    finally:
        folder.chmod(0o700)
