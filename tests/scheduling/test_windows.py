from __future__ import annotations

import pytest

from jdticket.errors import InputError
from jdticket.scheduling.interface import Job, scheduler
from jdticket.scheduling.windows import task_command

from .jobs import both, job


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
