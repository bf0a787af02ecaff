from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.errors import InputError
from jdticket.scheduling.crontab import block_in, crontab_block, put_in, take_out
from jdticket.scheduling.interface import Job

from .jobs import both, entry, job

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


def test_lines_that_somebody_has_put_between_our_marks_stay() -> None:
    begin, entry_line, end, _ = BLOCK.split(b"\n")
    theirs = b"JDTICKET_CS_URL=https://example.com/x?key=1\r\n# mine\n*/7 * * * * backup\n"
    table = b"MAILTO=me\n" + begin + b"\n" + theirs + entry_line + b"\n" + end + b"\nx\n"
    other_entry = OTHER.split(b"\n")[1]
    put = put_in(table, OTHER)
    assert put == b"MAILTO=me\n" + begin + b"\n" + theirs + other_entry + b"\n" + end + b"\nx\n"
    assert put_in(put, BLOCK) == put_in(table, BLOCK) == table
    assert take_out(put) == b"MAILTO=me\n" + theirs + b"x\n"


def test_an_entry_whose_interval_was_changed_by_hand_is_ours_all_the_same() -> None:
    begin, entry_line, end, _ = BLOCK.split(b"\n")
    changed = entry_line.replace(entry_line.split(b" ")[0], b"*/2", 1)
    assert put_in(b"\n".join((begin, changed, end, b"")), BLOCK) == BLOCK


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
