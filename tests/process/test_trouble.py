"""What goes wrong around the program: the store, the disk, other processes, signals, odd terminals."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.running import Program, needs_rights_to_be_limited, row, table

GOOD = "您好，订单今天已发出，请留意查收"
MANY = 20_000
# What an outsider may write into a ticket: markup, escapes, a mark that turns the writing, an emoji.
ODD = "[red]x[/red] \x1b[31;1mred\x1b]0;title\x07 \u202eabc\u200b 😀 [link=http://x]y[/link]"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("desk"))
    program.ok("import", "-", stdin=table(row(59088842), row(59088843)))
    return program


@pytest.fixture
def desk(prepared: Program, tmp_path: Path) -> Program:
    return prepared.copy_to(tmp_path)


@pytest.fixture(scope="module")
def prepared_full(prepared: Program, tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = prepared.copy_to(tmp_path_factory.mktemp("full"))
    program.ok("import", many(program))
    return program


@pytest.fixture
def full_desk(prepared_full: Program, tmp_path: Path) -> Program:
    return prepared_full.copy_to(tmp_path)


def many(program: Program) -> Path:
    return program.write("many.csv", table(*(row(60000000 + i) for i in range(MANY))))


def sound(program: Program) -> bool:
    """The store opens, and nothing in it is damaged."""
    return program.sql("PRAGMA integrity_check") == [("ok",)] and program.run("list").code == 0


# The store


@contextmanager
def held(program: Program) -> Iterator[None]:
    """Another program has the store for itself."""
    with closing(sqlite3.connect(program.store, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


@pytest.mark.parametrize("named_by", ["--db", "JDTICKET_DB", "database"])
def test_an_address_of_a_store_that_is_not_known_is_named_and_nothing_is_made(
    program: Program, named_by: str
) -> None:
    address = "postgresql://anna:hush@localhost/desk"
    program.environ.pop("JDTICKET_DB")
    if named_by == "database":
        program.configure(f'database = "{address}"\n')
    elif named_by == "JDTICKET_DB":
        program.environ[named_by] = address
    options = ["--db", address] if named_by == "--db" else []
    before = sorted(program.folder.rglob("*"))
    for command in (["list"], ["add", "59088842"], ["backup", "b.db"]):
        line = program.refused(5, *options, *command)
        assert "does not know postgresql:// as an address of a store" in line
        assert "hush" not in line
    in_chinese = program.run(*options, "--lang", "zh", "list")
    assert in_chinese.code == 5
    assert "不支持 postgresql:// 这样的数据库地址" in in_chinese.err
    doctor = program.run(*options, "doctor")
    assert doctor.code == 1
    assert "[PROBLEM] store: jdticket does not know postgresql://" in doctor.out
    assert sorted(program.folder.rglob("*")) == before


def test_a_store_that_stays_locked_is_named_and_nothing_is_written(desk: Program) -> None:
    with held(desk):
        for command in (["reply", "842", "-m", GOOD], ["import", many(desk)]):
            ran = desk.impatient(*command)
            assert ran.code == 5
            [line] = ran.err.splitlines()
            assert line.startswith("Error: ")
            assert str(desk.store) in line
            assert "database is locked" not in line
        assert desk.impatient("list").code == 0  # readers do not wait
    assert desk.tickets().keys() == {"59088842", "59088843"}


def test_a_writer_waits_for_another_one_to_end(desk: Program) -> None:
    with held(desk):
        waiting = desk.start("reply", "842", "-m", GOOD, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.6)  # long after it would have said that the store is locked
    out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, err) == (0, b"")
    assert b"reply recorded" in out


@needs_rights_to_be_limited
def test_a_store_that_can_only_be_read_is_read_and_says_so_when_written(desk: Program) -> None:
    desk.store.chmod(0o400)
    desk.folder.chmod(0o500)
    try:
        assert len(desk.process.ok("list", "--json").json) == 2
        assert str(desk.store) in desk.process.refused(5, "reply", "842", "-m", GOOD)
    finally:
        desk.folder.chmod(0o700)


def test_what_is_no_store_is_named_and_left_alone(program: Program) -> None:
    program.write("desk.db", b"this is no database\n" * 100)
    for command in (["list"], ["add", "59088842"], ["backup", "copy.db"]):
        assert str(program.store) in program.refused(5, *command)
    assert str(program.store) in program.refused(3, "check")
    assert program.store.read_bytes() == b"this is no database\n" * 100


def test_a_store_of_a_newer_program_or_of_another_one_is_left_alone(desk: Program) -> None:
    desk.sql("PRAGMA user_version = 99")
    assert "newer" in desk.refused(5, "list")
    assert "update jdticket" in desk.refused(5, "reply", "842", "-m", GOOD)
    other = desk.folder / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE mine (x)")
    assert "another program" in desk.refused(5, "list", "--db", other)
    assert "other.db" in desk.refused(5, "add", "59088842", "--db", other)


def test_a_folder_is_no_store_and_one_that_cannot_be_made_is_named(program: Program) -> None:
    program.write("file", "")
    assert str(program.folder) in program.refused(5, "list", "--db", program.folder)
    assert "file" in program.refused(5, "add", "59088842", "--db", program.folder / "file" / "x.db")


def test_the_missing_default_folder_is_made_for_its_owner_only(program: Program) -> None:
    path = program.folder / "data" / "jdticket" / "jdticket.db"
    del program.environ["JDTICKET_DB"]
    ran = program.ok("add", "59088842")
    assert ran.err == f"New store: {path}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def limited(program: Program, kilobytes: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it where no file may grow beyond this; the system then answers as for a full disk."""
    # Byte code that is written anew would be cut off in silence.
    environ = program.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    shell = f'ulimit -f {kilobytes * 2}; trap "" XFSZ; exec "$@"'
    return subprocess.run(
        ["sh", "-c", shell, "sh", *program.call(*arguments)],
        env=environ,
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_full_disk_leaves_nothing_half_written(desk: Program) -> None:
    path = many(desk)
    ran = limited(desk, 1024, "import", path)
    assert (ran.returncode, ran.stdout) == (5, "")
    [*before, line] = ran.stderr.splitlines()
    assert line.startswith("Error: ")
    assert sound(desk)
    kept = len(desk.tickets()) - 2
    assert kept % 1000 == 0
    assert kept < MANY
    told = f"The first {kept} rows are in; importing the same once more is safe and takes in the rest."
    assert before == ([told] if kept else [])
    assert desk.ok("import", path).out.startswith(f"{MANY - kept} new")


def test_an_export_on_a_full_disk_takes_its_file_away(full_desk: Program) -> None:
    for name in ("out.csv", "out.xlsx"):
        ran = limited(full_desk, 64, "export", "-o", name)
        assert (ran.returncode, ran.stdout) == (1, ""), ran
        assert "Traceback" not in ran.stderr
        assert not (full_desk.folder / name).exists()


# The other end of the pipe


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]], ids=["text", "json", "csv"])
def test_a_reader_who_leaves_early_is_no_failure(full_desk: Program, form: list[str]) -> None:
    with full_desk.start("list", "--all", *form, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


# Signals


@pytest.mark.parametrize(
    ("sent", "rows"),
    [(signal.SIGINT, 5000), (signal.SIGKILL, 5000), (signal.SIGKILL, 12_000), (signal.SIGKILL, MANY)],
    ids=["Ctrl-C", "kill at once", "kill midway", "kill at the end"],
)
def test_an_import_that_is_ended_midway_leaves_whole_pieces_and_may_be_repeated(
    desk: Program, sent: signal.Signals, rows: int
) -> None:
    ended = False

    def end(process: subprocess.Popen[bytes], shown: str) -> None:
        nonlocal ended
        if f"{rows} rows" in shown and not ended:
            ended = True
            process.send_signal(sent)

    ran = desk.terminal("import", many(desk), on_output=end)
    assert ended
    assert sound(desk)
    [(tickets, events)] = desk.sql("SELECT (SELECT count(*) FROM tickets), (SELECT count(*) FROM events)")
    assert tickets == events
    kept = tickets - 2
    assert kept % 1000 == 0
    assert rows <= kept <= MANY
    if rows == 5000:  # three quarters are still to come
        assert ran.code == (130 if sent is signal.SIGINT else -signal.SIGKILL)
    if sent is signal.SIGINT:
        assert f"The first {kept} rows are in; importing the same once more is safe" in ran.out
        assert ran.out.rstrip().endswith("Interrupted. What was not finished has not been kept.")
    assert f"{MANY - kept} new, 0 changed, {kept} unchanged" in desk.ok("import", many(desk)).out


def test_ctrl_c_while_the_program_starts_is_one_sentence(desk: Program) -> None:
    """Sent when the first of its own modules of commands is looked for: nothing has begun by then."""
    source = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'jdticket.cli.app': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from jdticket.cli.main import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", source, "list"]
    ran = subprocess.run(
        command, env=desk.environ, cwd=desk.folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "Error: Interrupted.\n")


def test_a_reply_that_is_killed_at_any_moment_is_recorded_whole_or_not_at_all(desk: Program) -> None:
    """Killed before each of its statements, the reply, the ticket's state and the event go together."""
    seen = set()
    statement = 5  # the first ones only open the store
    while desk.dies_at(statement, "reply", "842", "-m", GOOD):
        [(replies,)] = desk.sql("SELECT count(*) FROM replies")
        [(events,)] = desk.sql("SELECT count(*) FROM events WHERE kind = 'replied'")
        [(state,)] = desk.sql("SELECT status FROM tickets WHERE id = '59088842'")
        assert replies == events
        assert (state == "replied") == (replies > 0)
        assert desk.sql("PRAGMA integrity_check") == [("ok",)]
        seen.add(replies > 0)
        statement += 1
    assert seen == {True, False}
    assert sound(desk)


# Many at once


def test_eight_processes_at_once_lose_nothing_and_never_complain(program: Program) -> None:
    files = [
        program.write(f"{i}.csv", table(*(row(61000000 + 1000 * i + j) for j in range(200))))
        for i in range(3)
    ]
    calls = [["import", file] for file in files]
    calls += [["add", f"6200000{i}"] for i in range(3)]
    calls += [["import", files[0]], ["add", "62000000"]]
    _all_well(program, calls)
    assert len(program.tickets()) == 603

    replies = [["reply", f"6200000{i}", "-m", GOOD] for i in (0, 1, 2, 0)]
    others = [["note", "62000000", "x"], ["import", files[1]], ["assign", "61000000", "小李"], ["list"]]
    _all_well(program, [*replies, *others])
    assert program.sql("SELECT count(*) FROM replies") == [(4,)]
    assert program.sql("SELECT count(*) FROM events WHERE kind = 'replied'") == [(4,)]
    assert program.sql("SELECT count(*) FROM events WHERE kind = 'taken_in'") == [(603,)]
    assert program.tickets()["61000000"]["assignee"] == "小李"
    assert sound(program)


def _all_well(program: Program, calls: list[list[str | Path]] | list[list[str]]) -> None:
    running = [
        program.start(*call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for call in calls
    ]
    for process in running:
        _out, err = process.communicate(timeout=60)
        lines = [line for line in err.decode().splitlines() if not line.startswith("New store: ")]
        assert (process.returncode, lines) == (0, []), process.args


# Text from outside


@pytest.fixture
def odd(program: Program) -> Program:
    program.configure('[[shops]]\ncode = "jd3"\nname = "[b]京东[/b]😀"\n')
    program.ok("add", "59088842", "--at", "2024-06-11 10:00", "-m", ODD)
    program.ok("assign", "842", "\x1b[2J[bold]李[/bold]")
    program.ok("note", "842", ODD)
    program.ok("reply", "842", "-m", f"您好，{ODD}", "--at", "2024-06-11 11:00")
    program.ok("report-outage", "--reason", "other", "--since", "2024-06-11 10:30", "--note", ODD)
    return program


COMMANDS = (["list"], ["show", "842"], ["search", "title"], ["outage", "show", "1"], ["outage", "list"])


def test_text_from_outside_is_shown_as_it_is_and_does_nothing(odd: Program) -> None:
    for command in COMMANDS:
        piped = odd.ok(*command).out
        shown = odd.terminal(*command, width=200).out
        for text in (piped, shown):
            for harmful in ("\x1b[31", "\x1b]0", "\x1b[2J", "\x07", "\u202e", "\u200b"):
                assert harmful not in text, command
        if command[0] != "outage" or command[1] == "show":
            assert "[red]x[/red] \\x1b[31;1mred\\x1b]0;title\\x07 \\u202eabc\\u200b 😀" in piped


def test_json_carries_text_from_outside_unchanged(odd: Program) -> None:
    assert odd.tickets()["59088842"]["content"] == ODD
    assert "\x1b" not in odd.ok("list", "--json").out


def test_a_console_that_lacks_a_character_gets_another_one(odd: Program) -> None:
    for command in (*COMMANDS, ["list", "--csv"], ["export"], ["list", "--lang", "zh"]):
        assert "59088842" in odd.process.ok(*command, PYTHONIOENCODING="gbk").out or command[0] == "outage"
    assert odd.process.ok("list", "--json", PYTHONIOENCODING="gbk").json[0]["content"] == ODD


def test_a_machine_without_a_locale_is_served(odd: Program) -> None:
    for locale in ("C", "POSIX"):
        ran = odd.process.ok(
            "list",
            LANG=locale,
            LC_ALL=locale,
            PYTHONUTF8="0",
            PYTHONCOERCECLOCALE="0",
            PYTHONIOENCODING="ascii",
        )
        assert "59088842" in ran.out
        assert odd.process.ok("list", "--json", LANG=locale, LC_ALL=locale).json[0]["content"] == ODD


def test_bytes_that_are_no_text_are_refused_and_crash_nothing(program: Program) -> None:
    ran = subprocess.run(
        [*map(os.fsencode, program.call("add", "59088842", "-m")), b"\xff\xfe"],
        env=program.environ,
        cwd=program.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in ran.stderr
