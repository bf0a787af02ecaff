from __future__ import annotations

import re
import shlex
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from jdticket.scheduling.interface import own_program

from .running import CLOCK, Program, row, table

# As on Debian: no table is a failure, and a table whose last line is not ended is refused.
CRONTAB = """#!/bin/sh
PATH=/usr/bin:/bin
cd "$(dirname "$0")"
if test -e broken; then cat broken >&2; exit 3; fi
case "$1" in
-l) test -e table || { echo "no crontab for tester" >&2; exit 1; }; cat table;;
-) cat >new
   if test -n "$(tail -c 1 new)"; then echo "missing newline before EOF, can't install." >&2; exit 1; fi
   if test -e full; then echo "No space left on device" >&2; exit 1; fi
   mv new table;;
esac
"""
SYSTEMCTL = """#!/bin/sh
PATH=/usr/bin:/bin
cd "$(dirname "$0")"
echo "$*" >>calls
if test -e broken; then cat broken >&2; exit 1; fi
"""
PROGRAM = shlex.join(own_program(sys.executable))


@pytest.fixture
def bin_(program: Program) -> Path:
    """The only folder in which programs are found; empty."""
    folder = program.folder / "bin"
    folder.mkdir()
    program.environ["PATH"] = str(folder)
    return folder


def put(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(script)
    path.chmod(0o755)


@pytest.fixture
def crontab(program: Program, bin_: Path) -> Path:
    """The table of a machine with cron; none at first."""
    program.begin()
    put(bin_, "crontab", CRONTAB)
    return bin_ / "table"


@pytest.fixture
def units(program: Program, bin_: Path) -> Path:
    """The folder of the user's units on a machine with systemd and without cron."""
    program.begin()
    put(bin_, "systemctl", SYSTEMCTL)
    return program.folder / ".config" / "systemd" / "user"


def entries(crontab: Path) -> list[str]:
    return [line for line in crontab.read_text().splitlines() if line and not line.startswith("#")]


def run_as_cron(program: Program, command: str) -> int:
    """The exit code of a crontab's command, run as cron would, percent signs read already."""
    kept = {name: program.environ[name] for name in ("HOME", "PYTHONPATH")}
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env=CLOCK | kept | {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"},
        cwd="/",
        check=False,
        timeout=60,
    ).returncode


# The crontab


def test_install_puts_one_block_below_the_other_lines(program: Program, crontab: Path) -> None:
    crontab.write_bytes(b"MAILTO=me\r\n# \xd6\xd0\n\n@daily backup\n")
    ran = program.ok("cron", "install")
    added = crontab.read_bytes().removeprefix(b"MAILTO=me\r\n# \xd6\xd0\n\n@daily backup\n").decode()
    assert added.splitlines()[1] == f"1-59/5 * * * * {PROGRAM} --db {program.store} --lang en remind"
    assert ran.out == f"The crontab holds this now:\n{added}"
    assert "--log FILE" in ran.err


def test_install_makes_the_first_table_of_a_user_and_remove_empties_it(
    program: Program, crontab: Path
) -> None:
    program.ok("cron", "install")
    assert len(entries(crontab)) == 1
    program.ok("cron", "remove")
    assert crontab.read_bytes() == b""


def test_a_table_that_ends_in_mid_line_is_ended_and_kept(program: Program, crontab: Path) -> None:
    crontab.write_bytes(b"@daily backup")
    program.ok("cron", "install")
    assert crontab.read_bytes().startswith(b"@daily backup\n# >>> jdticket")
    program.ok("cron", "remove")
    assert crontab.read_bytes() == b"@daily backup\n"


def test_install_again_changes_nothing_or_the_block_alone(program: Program, crontab: Path) -> None:
    crontab.write_bytes(b"@daily backup\n")
    program.ok("cron", "install")
    crontab.write_bytes(crontab.read_bytes() + b"@weekly other")
    before = crontab.read_bytes()
    assert program.ok("cron", "install", "--mail").out.startswith("Nothing changed; ")
    assert crontab.read_bytes() == before
    program.ok("cron", "install", "--every", "10")
    assert crontab.read_bytes() == before.replace(b"1-59/5 ", b"1-59/10 ") + b"\n"


def test_the_interval_is_known_for_as_long_as_it_is_installed(program: Program, crontab: Path) -> None:
    def known() -> str:
        with closing(sqlite3.connect(program.store)) as store:
            [(value,)] = store.execute("SELECT value FROM facts WHERE key = 'reminders_installed_every'")
        return str(value)

    program.ok("cron", "install", "--every", "10")
    assert known() == "600"
    program.ok("cron", "remove")
    assert known() == ""


def test_remove_takes_out_the_block_and_nothing_else(program: Program, crontab: Path) -> None:
    crontab.write_bytes(b"@daily backup\n")
    program.ok("cron", "install")
    crontab.write_bytes(crontab.read_bytes() + b"@weekly \xff\n")
    assert program.ok("cron", "remove").out.startswith("Taken out of the crontab")
    assert crontab.read_bytes() == b"@daily backup\n@weekly \xff\n"
    assert program.ok("cron", "remove").out.startswith("Nothing changed; ")


def test_show_tells_the_block_or_that_there_is_none(program: Program, crontab: Path) -> None:
    nothing = "The crontab holds nothing of jdticket.\n"
    assert program.ok("cron", "show").out == nothing
    crontab.write_bytes(b"@daily backup\n")
    assert program.ok("cron", "show").out == nothing
    program.ok("cron", "install")
    assert program.ok("cron", "show").out == crontab.read_text().removeprefix("@daily backup\n")


def test_the_call_says_all_that_an_empty_environment_does_not(program: Program, crontab: Path) -> None:
    program.write("my shop/config.toml", '[[shops]]\ncode = "jd3"\n')
    odd = program.folder / "100% 'desk'.db"
    program.write("tickets.csv", table(row(59088842)))
    program.ok("import", "tickets.csv", "--db", odd.name)
    # Relative paths, an option and a variable each.
    program.ok(
        *("cron", "install", "--db", odd.name, "--log", "out of cron.json"),
        JDTICKET_CONFIG="my shop/config.toml",
        JDTICKET_LANG="zh",
    )
    (entry,) = entries(crontab)
    command = entry.split(" ", 5)[5].replace(r"\%", "%")
    assert " --lang zh --timed remind >> " in command

    def by_cron(what: str) -> str:
        """The output of the entry's call, another command in place of remind, run as cron would."""
        log = program.folder / "out of cron.json"
        log.write_bytes(b"")
        assert run_as_cron(program, command.replace(" --timed remind >> ", f" {what} >> ")) == 0
        return log.read_text()

    assert '"59088842"' in by_cron("list --all --json")
    assert by_cron("config path") == f"{program.folder}/my shop/config.toml\n"


def test_the_language_is_left_to_the_configuration_that_says_the_same(
    program: Program, crontab: Path
) -> None:
    program.configure('language = "zh"\n')
    program.ok("cron", "install", JDTICKET_LANG="")
    assert "--lang" not in crontab.read_text()
    program.ok("cron", "install", "--lang", "en", JDTICKET_LANG="")
    assert " --lang en remind\n" in crontab.read_text()


def test_a_log_is_added_to_and_its_owners_alone(program: Program, crontab: Path) -> None:
    program.ok("cron", "install", "--log", "a.log")
    log = program.folder / "a.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    log.write_text("what was there\n")
    ran = program.ok("cron", "install", "--log", "a.log")
    assert log.read_text() == "what was there\n"
    assert entries(crontab)[0].endswith(f" remind >> {log} 2>&1")
    assert ran.err == ""


# The platform first

APPLICATION = '[[shops]]\ncode = "jd3"\njos = { app_key = "k", app_secret_env = "JD3_SECRET" }\n'


def test_with_sync_the_tickets_are_fetched_before_anybody_is_reminded(
    program: Program, crontab: Path
) -> None:
    config = program.configure(APPLICATION)
    ran = program.ok("cron", "install", "--sync", "--log", "a.log")
    call = f"{PROGRAM} --db {program.store} --config {config} --lang en --timed"
    assert entries(crontab) == [
        f"1-59/5 * * * * {{ {call} sync --quiet; {call} remind; }} >> {program.folder}/a.log 2>&1"
    ]
    assert ran.out == f"The crontab holds this now:\n{crontab.read_text()}"


def test_reminders_go_out_even_where_fetching_fails_and_the_log_tells_of_both(
    program: Program, crontab: Path
) -> None:
    program.configure(
        '[service_hours]\ndaily = ["00:00-24:00"]\n'
        + APPLICATION
        + '[[channels]]\nname = "cron"\nkind = "stdout"\nnight = true\n'
    )
    program.ok("add", "59088842", "--order", "275490614167", "--kind", "urge", "-m", "催发货")
    program.ok("cron", "install", "--sync", "--log", "50% 'both'.log")
    (entry,) = entries(crontab)
    # The secret is not there: cron does not know the variable.
    assert run_as_cron(program, entry.split(" ", 5)[5].replace(r"\%", "%")) == 0
    log = (program.folder / "50% 'both'.log").read_text()
    assert "the environment variable JD3_SECRET is not set" in log
    assert "59088842" in log
    assert log.index("JD3_SECRET") < log.index("59088842")
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in log.splitlines())


def test_the_variables_that_it_needs_are_named(program: Program, crontab: Path) -> None:
    needed = "".join(APPLICATION.replace("jd3", f"jd{n}").replace("JD3", f"JD{n}") for n in (9, 4, 7, 3, 8))
    in_a_file = '[[shops]]\ncode = "jd5"\njos = { app_key = "k", app_secret_file = "jd5.secret" }\n'
    program.configure(needed + in_a_file)
    ran = program.ok("cron", "install", "--sync", "--log", "a.log")
    assert ran.err.rstrip().endswith(": JD3_SECRET, JD4_SECRET, JD7_SECRET, JD8_SECRET, JD9_SECRET")
    assert program.ok("cron", "install", "--log", "a.log").err == ""
    program.configure(in_a_file)
    assert program.ok("cron", "install", "--sync", "--log", "a.log").err == ""


def test_installing_again_without_sync_takes_it_out_and_with_it_puts_it_in(
    program: Program, crontab: Path
) -> None:
    program.configure(APPLICATION)
    crontab.write_bytes(b"@daily backup\n")
    program.ok("cron", "install")
    plain = crontab.read_bytes()
    program.ok("cron", "install", "--sync")
    with_sync = crontab.read_bytes()
    assert with_sync != plain
    assert len(entries(crontab)) == 2
    assert program.ok("cron", "install", "--sync").out.startswith("Nothing changed; ")
    assert crontab.read_bytes() == with_sync
    program.ok("cron", "install")
    assert crontab.read_bytes() == plain
    program.ok("cron", "install", "--sync")
    assert crontab.read_bytes() == with_sync
    program.ok("cron", "remove")
    assert crontab.read_bytes() == b"@daily backup\n"


@pytest.mark.parametrize("configuration", ["", '[[shops]]\ncode = "jd3"\n'])
def test_sync_without_an_application_is_refused_and_nothing_is_written(
    program: Program, crontab: Path, configuration: str
) -> None:
    program.configure(configuration)
    assert program.refused(1, "cron", "install", "--sync", "--log", "a.log") == (
        "--sync: no shop has an application on the platform; see shops.jos in the configuration."
    )
    assert not crontab.exists()
    assert not (program.folder / "a.log").exists()


# Refused


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--log", "a.log", "--mail"], 2, "One of --log and --mail, not both."),
        (["--every", "7"], 2, "--every: 7 minutes do not divide an hour; one of 1, 2, 3, 4, 5, 6, 10,"),
        (["--every", "x"], 2, "--every: x is no number."),
        (["--log", "nix/a.log"], 1, "/nix/a.log cannot be written: it does not exist"),
        (["--config", "nix.toml"], 1, "nix.toml does not exist"),
        (["--db", "a\\b.db"], 1, "cron cannot run a command with a line break or a backslash in it: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_installed_is_told_and_nothing_is_written(
    program: Program, crontab: Path, options: list[str], code: int, words: str
) -> None:
    if "--db" in options:
        program.ok("add", "59088842", *options)
    assert words in program.refused(code, "cron", "install", *options)
    assert not crontab.exists()


def test_a_damaged_block_is_refused_and_nothing_is_written(program: Program, crontab: Path) -> None:
    program.ok("cron", "install", "--log", "a.log")
    damaged = crontab.read_bytes().removesuffix(b"# <<< jdticket <<<\n") + b"@daily backup\n"
    crontab.write_bytes(damaged)
    for command in (["install", "--log", "a.log"], ["show"], ["remove"]):
        assert "are damaged (line 1)" in program.refused(1, "cron", *command)
        assert crontab.read_bytes() == damaged


@pytest.mark.parametrize("command", [["install", "--log", "a.log"], ["show"], ["remove"]])
def test_a_crontab_program_that_refuses_is_quoted_and_never_takes_an_unread_table_for_empty(
    program: Program, crontab: Path, command: list[str]
) -> None:
    crontab.write_bytes(b"@daily backup\n")
    program.write(
        "bin/broken", "You (tester) are not allowed to use this program (crontab)\nSee crontab(1)\n"
    )
    assert program.refused(1, "cron", *command) == (
        "crontab -l failed (exit code 3): "
        "You (tester) are not allowed to use this program (crontab) See crontab(1)"
    )
    program.write("bin/broken", "")
    assert program.refused(1, "cron", *command) == "crontab -l failed (exit code 3)."
    assert crontab.read_bytes() == b"@daily backup\n"


def test_a_table_that_cannot_be_written_is_told(program: Program, crontab: Path) -> None:
    program.write("bin/full", "")
    assert program.refused(1, "cron", "install", "--log", "a.log") == (
        "crontab - failed (exit code 1): No space left on device"
    )


def test_busyboxs_word_for_no_table_is_understood(program: Program, bin_: Path) -> None:
    words = "crontab: can't open 'root': "
    put(bin_, "crontab", f'#!/bin/sh\necho "{words}No such file or directory" >&2; exit 1\n')
    assert program.ok("cron", "show").out == "The crontab holds nothing of jdticket.\n"
    put(bin_, "crontab", f'#!/bin/sh\necho "{words}Permission denied" >&2; exit 1\n')
    assert "Permission denied" in program.refused(1, "cron", "show")


def test_a_crontab_program_that_cannot_be_run_is_told(program: Program, bin_: Path) -> None:
    put(bin_, "crontab", "#!/no/such/shell\n")
    assert program.refused(1, "cron", "show") == f"{bin_}/crontab cannot be run: it does not exist"


# systemd


def calls(bin_: Path) -> list[str]:
    """What systemctl was told since the last time."""
    path = bin_ / "calls"
    told = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return told


INSTALLED = [
    *["--user daemon-reload"] * 2,
    "--user enable jdticket.timer",
    "--user restart jdticket.timer",
]


def test_without_cron_a_user_timer_is_written_and_started(program: Program, bin_: Path, units: Path) -> None:
    ran = program.ok("cron", "install", "--every", "10", "--log", "a.log")
    assert ran.out == f"A systemd timer runs it every 10 minutes: {units}/jdticket.timer\n"
    assert "enable-linger" in ran.err
    assert calls(bin_) == INSTALLED
    service = (units / "jdticket.service").read_text()
    arguments = [*own_program(sys.executable), "--db", program.store, "--lang", "en", "--timed", "remind"]
    assert "ExecStart=" + " ".join(f'"{argument}"' for argument in arguments) + "\n" in service
    assert f"StandardOutput=append:{program.folder}/a.log\n" in service
    timer = (units / "jdticket.timer").read_text()
    assert "OnCalendar=*-*-* *:1/10:00\n" in timer
    shown = program.ok("cron", "show").out
    assert service in shown
    assert timer in shown


def test_a_timer_with_sync_runs_the_two_one_after_the_other(
    program: Program, bin_: Path, units: Path
) -> None:
    config = program.configure(APPLICATION)
    program.ok("cron", "install", "--sync")
    assert calls(bin_) == INSTALLED
    service = units / "jdticket.service"
    call = [*own_program(sys.executable), "--db", program.store, "--config", config, "--lang", "en"]
    words = [" ".join(f'"{word}"' for word in [*call, *what]) for what in (["sync", "--quiet"], ["remind"])]
    assert f'\nExecStart=-"timeout" "180" {words[0]}\nExecStart={words[1]}\n' in service.read_text()
    program.ok("cron", "install")
    assert '"sync"' not in service.read_text()
    assert f"\nExecStart={words[1]}\n" in service.read_text()


def test_installing_a_timer_again_starts_it_and_says_that_nothing_changed(
    program: Program, bin_: Path, units: Path
) -> None:
    program.ok("cron", "install")
    calls(bin_)
    ran = program.ok("cron", "install")
    assert ran.out.startswith("Nothing changed. A systemd timer runs it every 5 minutes: ")
    assert "journalctl --user -u jdticket" in ran.err
    assert calls(bin_) == INSTALLED
    assert program.ok("cron", "install", "--every", "1").out.startswith(
        "A systemd timer runs it every 1 minute: "
    )


def test_remove_stops_the_timer_and_takes_the_units_away(program: Program, bin_: Path, units: Path) -> None:
    program.ok("cron", "install")
    (units / "other.timer").write_text("theirs")
    calls(bin_)
    assert program.ok("cron", "remove").out.startswith("The systemd timer is removed")
    assert calls(bin_) == ["--user disable --now jdticket.timer", "--user daemon-reload"]
    assert [path.name for path in units.iterdir()] == ["other.timer"]
    assert program.ok("cron", "remove").out.startswith("Nothing changed; ")
    assert program.ok("cron", "show").out == "There is no systemd timer of jdticket.\n"
    assert calls(bin_) == []


@pytest.mark.parametrize("name", ["jdticket.service", "jdticket.timer"])
def test_a_unit_of_somebody_else_is_never_touched(
    program: Program, bin_: Path, units: Path, name: str
) -> None:
    units.mkdir(parents=True)
    (units / name).write_text("[Unit]\n")
    refused = program.refused(1, "cron", "install", "--log", "a.log")
    assert refused.startswith(f"{units}/{name} is not jdticket's own")
    program.ok("cron", "remove")
    assert program.ok("cron", "show").out == "There is no systemd timer of jdticket.\n"
    assert [(path.name, path.read_text()) for path in units.iterdir()] == [(name, "[Unit]\n")]
    assert calls(bin_) == []


def test_a_user_without_a_systemd_of_their_own_is_told_and_nothing_is_written(
    program: Program, units: Path
) -> None:
    program.write("bin/broken", "Failed to connect to bus: No medium found\n")
    assert program.refused(1, "cron", "install", "--log", "a.log") == (
        "systemctl --user daemon-reload failed (exit code 1): Failed to connect to bus: No medium found"
    )
    assert not units.exists()


def test_units_that_cannot_be_read_or_written_are_told(program: Program, units: Path) -> None:
    install = ["cron", "install", "--log", "a.log"]
    program.write(".config/systemd", "a file")
    reason = "cannot be read: a part of its path is no folder"
    assert program.refused(1, *install) == f"{units}/jdticket.service {reason}"
    units.parent.unlink()
    units.mkdir(parents=True)
    (units / "jdticket.timer").symlink_to(program.folder / "nix" / "jdticket.timer")
    assert program.refused(1, *install) == f"{units}/jdticket.timer cannot be written: it does not exist"


# Neither


def test_without_cron_and_systemd_the_line_to_run_is_told(program: Program, bin_: Path) -> None:
    program.begin()
    call = f"{PROGRAM} --db {program.store} --lang en --timed remind >> {program.folder}/a.log 2>&1"
    assert program.refused(1, "cron", "install", "--log", "a.log") == (
        "There is neither crontab nor systemctl on this machine; "
        f"have something else run this every 5 minutes: {call}"
    )
    for command in ("show", "remove"):
        assert "neither crontab nor systemctl" in program.ok("cron", command).out
