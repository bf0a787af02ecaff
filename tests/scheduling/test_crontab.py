from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.errors import InputError, JdticketError, UsageError
from jdticket.scheduling.interface import (
    INTERVALS,
    ByHand,
    Job,
    block_in,
    crontab_block,
    own_program,
    put_in,
    scheduler,
    service_unit,
    take_out,
    task_command,
    timer_unit,
)


def job(*arguments: str, every: int = 5, log: str | None = None, program: str = "/opt/jdticket") -> Job:
    return Job((program, *(arguments or ("remind",))), every, None if log is None else Path(log))


def both(*first: str, program: str = "/opt/jdticket", log: str | None = None) -> Job:
    """A job with something to run before it."""
    return replace(job(program=program, log=log), first=(program, *(first or ("sync", "--quiet"))))


BLOCK = crontab_block(job())
OTHER = crontab_block(job(every=10, log="/var/log/jd ticket.log"))
LINES = st.one_of(
    st.sampled_from([b"", b"MAILTO=me", b"*/5 * * * * backup\r", b"# \xd6\xd0\xce\xc4", b"\r", b"@reboot x"]),
    st.binary(max_size=20).filter(lambda line: b"jdticket" not in line),
)
TABLES = st.builds(lambda lines, end: b"\n".join(lines) + end, st.lists(LINES), st.sampled_from([b"", b"\n"]))


def ended(table: bytes) -> bytes:
    """The last line ended, as cron wants it."""
    return table if not table or table.endswith(b"\n") else table + b"\n"


# In among other lines


@given(TABLES)
def test_putting_in_only_adds_lines_and_taking_out_only_takes_them(table: bytes) -> None:
    with_block = put_in(table, BLOCK)
    assert with_block == ended(table) + BLOCK
    assert take_out(with_block) == ended(table)


@given(TABLES, TABLES)
def test_lines_above_and_below_stay_whatever_they_are(above: bytes, below: bytes) -> None:
    table = ended(above) + BLOCK + below
    assert block_in(table) == BLOCK
    assert put_in(table, OTHER) == ended(above) + OTHER + ended(below)
    assert take_out(table) == ended(above) + ended(below)


@given(TABLES)
def test_putting_in_twice_is_putting_in_once(table: bytes) -> None:
    once = put_in(table, BLOCK)
    assert put_in(once, BLOCK) == once
    assert put_in(put_in(table, OTHER), BLOCK) == once


@given(TABLES)
def test_a_table_without_a_block_is_left_as_it_is(table: bytes) -> None:
    assert block_in(table) is None
    assert take_out(table) == table


def test_a_block_whose_lines_an_editor_ended_anew_is_known_again() -> None:
    rewritten = b"MAILTO=me\r\n" + BLOCK.replace(b"\n", b"\r\n") + b"x\r\n"
    assert put_in(rewritten, OTHER) == b"MAILTO=me\r\n" + OTHER + b"x\r\n"
    assert put_in(BLOCK.rstrip(b"\n"), OTHER) == OTHER


BEGIN, _ENTRY, END, _ = BLOCK.split(b"\n")


@pytest.mark.parametrize(
    ("marks", "lines"),
    [
        ([BEGIN], "line 2"),
        ([END], "line 2"),
        ([END, BEGIN], "line 2, line 3"),
        ([BEGIN, BEGIN, END], "line 2, line 3, line 4"),
        ([BEGIN, END, BEGIN, END], "line 2, line 3, line 4, line 5"),
    ],
    ids=["no end", "no beginning", "turned round", "two beginnings", "two blocks"],
)
def test_damaged_marks_are_refused_and_their_lines_named(marks: list[bytes], lines: str) -> None:
    table = b"\n".join([b"MAILTO=me", *marks, b"x", b""])
    for refused in (take_out, block_in, lambda table: put_in(table, BLOCK)):
        with pytest.raises(InputError) as raised:
            refused(table)
        assert f"({lines})" in raised.value.message


def test_a_line_that_only_speaks_of_the_marks_is_none() -> None:
    table = b"# see " + BEGIN + b"\n" + END + b" it says\n"
    assert block_in(table) is None


# The crontab's entry


def entry(block: bytes) -> tuple[str, str]:
    """The minutes and the command of a block, as cron reads them: percent signs as in crontab(5)."""
    begin, line, end, rest = os.fsdecode(block).split("\n")
    assert (begin[:14], end[:14], rest) == ("# >>> jdticket", "# <<< jdticket", "")
    minutes, hour, day, month, weekday, command = line.split(" ", 5)
    assert (hour, day, month, weekday) == ("*", "*", "*", "*")
    assert not re.search(r"(?<!\\)%", command)
    return minutes, command.replace(r"\%", "%")


@given(st.lists(st.text(st.characters(exclude_characters="\0\n\r\\", codec="utf-8")), min_size=1))
def test_the_shell_gets_each_argument_whole(arguments: list[str]) -> None:
    _, command = entry(crontab_block(job(*arguments)))
    assert shlex.split(command) == ["/opt/jdticket", *arguments]


def test_a_path_of_any_bytes_goes_in_as_it_is() -> None:
    assert b"--db '/\xd6\xd0/x.db' remind\n" in crontab_block(
        job("--db", os.fsdecode(b"/\xd6\xd0/x.db"), "remind")
    )


@pytest.mark.parametrize("path", ["/a\nb", "/a\rb", "/a\\b"])
def test_what_cron_cannot_hold_is_refused(path: str) -> None:
    for refused in (job("--db", path), job(log=path)):
        with pytest.raises(InputError, match="a line break or a backslash"):
            crontab_block(refused)


def test_what_is_printed_is_left_to_cron_or_added_to_a_file() -> None:
    assert entry(crontab_block(job()))[1] == "/opt/jdticket remind"
    assert entry(crontab_block(job(log="/a b/100%.log")))[1] == (
        "/opt/jdticket remind >> '/a b/100%.log' 2>&1"
    )


# Something before it


def test_what_is_to_run_first_stands_before_it_and_one_log_is_for_both() -> None:
    assert entry(crontab_block(both()))[1] == "/opt/jdticket sync --quiet; /opt/jdticket remind"
    assert entry(crontab_block(both(log="/a b/100%.log")))[1] == (
        "{ /opt/jdticket sync --quiet; /opt/jdticket remind; } >> '/a b/100%.log' 2>&1"
    )
    assert entry(crontab_block(both("--db", "/100% 'desk'.db", "sync")))[1] == (
        "/opt/jdticket --db '/100% '\"'\"'desk'\"'\"'.db' sync; /opt/jdticket remind"
    )


@pytest.mark.parametrize("path", ["/a\nb", "/a\rb", "/a\\b"])
def test_what_cron_cannot_hold_is_refused_before_it_too(path: str) -> None:
    with pytest.raises(InputError, match="a line break or a backslash"):
        crontab_block(both("--db", path, "sync"))


def run_by_cron(entry_of: Job, folder: Path) -> subprocess.CompletedProcess[str]:
    """What comes of the job's line, run as cron does it."""
    _, command = entry(crontab_block(entry_of))
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.skipif(os.name != "posix", reason="needs /bin/sh")
@pytest.mark.parametrize("first_code", [0, 6])
@pytest.mark.parametrize("logged", [True, False])
def test_the_second_runs_whatever_becomes_of_the_first_and_both_outputs_are_kept(
    tmp_path: Path, first_code: int, logged: bool
) -> None:
    folder = tmp_path / "100% 'desk' $HOME;"
    folder.mkdir()
    program = folder / "jd ticket"
    program.write_text(
        '#!/bin/sh\necho "$1 out: $2"; echo "$1 err" >&2\n'
        f"case $1 in sync) exit {first_code};; *) exit 3;; esac\n"
    )
    program.chmod(0o755)
    log = folder / "re%mind.log"
    log.write_text("what was there\n")
    wanted = replace(
        job("remind", "50% `id`", program=str(program), log=str(log) if logged else None),
        first=(str(program), "sync", "100% \"two\" 'words'"),
    )
    ran = run_by_cron(wanted, tmp_path)
    out = ["sync out: 100% \"two\" 'words'", "remind out: 50% `id`"]
    assert ran.returncode == 3
    if logged:
        assert (ran.stdout, ran.stderr) == ("", "")
        assert log.read_text().splitlines() == ["what was there", out[0], "sync err", out[1], "remind err"]
    else:
        assert (ran.stdout.splitlines(), ran.stderr.splitlines()) == (out, ["sync err", "remind err"])
        assert log.read_text() == "what was there\n"


def minutes_of(field: str) -> list[int]:
    """The minutes that a field names: * or A or A-B/N (cron), A/N (systemd)."""
    if field == "*":
        return list(range(60))
    start, _, step = field.partition("/")
    if not step:
        return [int(start)]
    assert int(step) < 60  # systemd refuses a step beyond the range
    first, _, last = start.partition("-")
    return list(range(int(first), int(last or 59) + 1, int(step)))


@pytest.mark.parametrize("every", INTERVALS)
def test_every_interval_is_even_and_keeps_off_full_and_half_hours(every: int) -> None:
    minutes, _ = entry(crontab_block(job(every=every)))
    timer = re.search(r"^OnCalendar=\*-\*-\* \*:(\S+):00$", timer_unit(job(every=every)), re.MULTILINE)
    assert timer
    for field in (minutes, timer[1]):
        at = minutes_of(field)
        assert [(later - earlier) % 60 for earlier, later in zip(at, [*at[1:], at[0]], strict=True)] == [
            every % 60
        ] * (60 // every)
        assert every == 1 or not {0, 30} & set(at)


@pytest.mark.parametrize("every", [-5, 0, 7, 59, 61, 120])
def test_an_interval_that_does_not_divide_an_hour_is_refused(every: int) -> None:
    with pytest.raises(
        UsageError, match=r"--every: -?[0-9]+ minutes do not divide an hour; one of 1, 2, 3, 4, 5, 6"
    ):
        job(every=every)


# The program


def test_the_script_beside_the_interpreter_is_the_program(tmp_path: Path) -> None:
    python = tmp_path / "python"
    assert own_program(str(python)) == (str(python), "-m", "jdticket")
    script = tmp_path / "jdticket"
    script.touch()
    assert own_program(str(python)) == (str(python), "-m", "jdticket")
    script.chmod(0o755)
    assert own_program(str(python)) == (str(script),)


def test_an_interpreter_that_is_a_link_stays_one(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    assert own_program(str(python))[0] == str(python)


# systemd


def test_the_units_are_what_systemd_reads() -> None:
    service = service_unit(job("--db", '/a b/100% "$x"\\.db', "remind", log="/l o/100%.log"))
    assert r'ExecStart="/opt/jdticket" "--db" "/a b/100%% \"$$x\"\\.db" "remind"' in service.splitlines()
    assert "StandardOutput=append:/l o/100%%.log" in service.splitlines()
    assert "StandardOutput" not in service_unit(job())
    assert "WantedBy=timers.target" in timer_unit(job()).splitlines()


def test_a_unit_runs_the_first_and_then_the_other_whatever_becomes_of_the_first() -> None:
    service = service_unit(both("--db", '/a b/100% "$x"\\.db', "sync", log="/l/r.log"))
    runs = [line for line in service.splitlines() if line.startswith("ExecStart")]
    assert runs == [
        r'ExecStart=-"/opt/jdticket" "--db" "/a b/100%% \"$$x\"\\.db" "sync"',
        'ExecStart="/opt/jdticket" "remind"',
    ]
    assert "Type=oneshot" in service.splitlines()  # no other type of unit runs two
    assert "StandardOutput=append:/l/r.log" in service.splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd's own word")
@pytest.mark.parametrize(
    "wanted", [job("--db", '/100% "$x".db'), both(log="/l/100%.log")], ids=["one", "two"]
)
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, wanted: Job) -> None:
    program = tmp_path / "jd ticket"
    program.touch(mode=0o755)
    arguments = (str(program), *wanted.command[1:])
    wanted = replace(wanted, command=arguments, first=(str(program), "sync") if wanted.first else ())
    units = {
        tmp_path / "jdticket.service": service_unit(wanted),
        tmp_path / "jdticket.timer": timer_unit(wanted),
    }
    for path, text in units.items():
        path.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, units)],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert "jdticket" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "refused",
    [job("--db", "/a\nb"), job(log="/a\nb"), both("--db", "/a\nb", "sync")],
    ids=["argument", "log", "first"],
)
def test_what_a_unit_cannot_hold_is_refused(refused: Job) -> None:
    with pytest.raises(InputError, match="line break"):
        service_unit(refused)


# Windows


def typed_in_prompt(line: str) -> list[str]:
    """The words a program gets of a line typed in cmd: carets and operators outside of quotes are cmd's,
    then the C runtime takes quotes and what a backslash before a quote protects."""
    open_, kept, i = False, "", 0
    while i < len(line):
        if line[i] == "^" and not open_:
            i += 1
        else:
            assert open_ or line[i] not in "&|<>()", f"cmd takes {line[i:]}"
        open_ ^= line[i] == '"'
        kept += line[i]
        i += 1
    words, word, quoted, i = [], "", False, 0
    while i < len(kept):
        if kept[i : i + 2] == '\\"':
            word, i = word + '"', i + 1
        elif kept[i] == '"':
            quoted = not quoted
        elif kept[i] == " " and not quoted:
            words, word = [*words, word], ""
        else:
            word += kept[i]
        i += 1
    return [*words, word]


WINDOWS = r"C:\Program Files (x86)\jd & co\Scripts\jdticket.exe"


@pytest.mark.parametrize(
    ("wanted", "task"),
    [
        (job(program=r"C:\jd\jdticket.exe"), r"C:\jd\jdticket.exe remind"),
        (job("--db", r"C:\用户\x.db", "remind", program=WINDOWS), rf'"{WINDOWS}" --db C:\用户\x.db remind'),
        (
            job("--db", r"C:\a&b.db", "remind", program=WINDOWS, log=r"C:\my logs\r.log"),
            rf'cmd /c ""{WINDOWS}" --db "C:\a&b.db" remind >> "C:\my logs\r.log" 2>&1"',
        ),
        (
            job(program=r"C:\jd\jdticket.exe", log=r"C:\r.log"),
            r'cmd /c "C:\jd\jdticket.exe remind >> C:\r.log 2>&1"',
        ),
        (
            both(program=r"C:\jd\jdticket.exe"),
            r'cmd /c "C:\jd\jdticket.exe sync --quiet & C:\jd\jdticket.exe remind"',
        ),
        (
            both("sync", program=r"C:\jd\jdticket.exe", log=r"C:\my logs\r.log"),
            r'cmd /c "(C:\jd\jdticket.exe sync & C:\jd\jdticket.exe remind) >> "C:\my logs\r.log" 2>&1"',
        ),
        (
            both("--db", r"C:\a&b.db", "sync", program=WINDOWS, log=r"C:\r.log"),
            rf'cmd /c "("{WINDOWS}" --db "C:\a&b.db" sync & "{WINDOWS}" remind) >> C:\r.log 2>&1"',
        ),
    ],
    ids=["plain", "spaces", "spaces and log", "log", "two", "two and log", "two, spaces and log"],
)
def test_windows_gets_the_task_whole_through_its_prompt(wanted: Job, task: str) -> None:
    every = ["/SC", "MINUTE", "/MO", "5", "/ST", "00:01"]
    assert typed_in_prompt(task_command(wanted)) == [
        *["schtasks", "/Create", "/F", "/TN", "jdticket", *every, "/TR", task]
    ]


def test_a_task_that_is_too_long_for_windows_is_refused() -> None:
    program = r"C:\jdticket.exe"
    fits = 261 - len(f"{program} ")
    assert "x" * fits in task_command(job("x" * fits, program=program))
    with pytest.raises(InputError, match="262 characters"):
        task_command(job("x" * (fits + 1), program=program))


def test_two_tasks_that_are_together_too_long_for_windows_are_refused() -> None:
    program = r"C:\jdticket.exe"
    fits = 261 - len(f'cmd /c "{program} sync  & {program} remind"')
    assert "x" * fits in task_command(both("sync", "x" * fits, program=program))
    with pytest.raises(InputError, match="262 characters"):
        task_command(both("sync", "x" * (fits + 1), program=program))
    with pytest.raises(InputError, match="Windows takes 261"):
        task_command(both("sync", "x" * fits, program=program, log=r"C:\r.log"))


def test_on_windows_the_commands_are_told_and_nothing_is_done() -> None:
    windows = scheduler("nt")
    wanted = job(program=WINDOWS)
    assert windows.install(wanted).text == task_command(wanted)
    assert windows.show().text.startswith("schtasks /Query ")
    assert windows.remove().text == "schtasks /Delete /F /TN jdticket"
    assert "Command Prompt" in windows.remove().notes[0]


# Neither


def test_where_nothing_runs_jobs_the_line_to_run_is_told() -> None:
    with pytest.raises(JdticketError) as raised:
        ByHand().install(job("--db", "/a b.db", "remind"))
    assert raised.value.message.endswith("this every 5 minutes: /opt/jdticket --db '/a b.db' remind")
    with pytest.raises(
        JdticketError, match=r": \{ /opt/jdticket sync --quiet; .* remind; \} >> /r\.log 2>&1$"
    ):
        ByHand().install(both(log="/r.log"))
