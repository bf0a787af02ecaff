"""Windows' Task Scheduler: the commands to type."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.scheduling.interface import Job, Result

_TASK = "jdticket"
_LONGEST_TASK = 261  # schtasks refuses a longer /TR


def task_command(job: Job) -> str:
    """What to type in a Command Prompt so that Windows' Task Scheduler runs ``job``.

    Raises ``InputError`` when it is longer than ``schtasks`` takes.
    """
    task = " ".join(map(_windows_word, job.command))
    if job.first:
        task = f"{' '.join(map(_windows_word, job.first))} & {task}"
    if job.log is not None:
        both = f"({task})" if job.first else task
        task = f"{both} >> {_windows_word(str(job.log))} 2>&1"
    if job.first or job.log is not None:
        # cmd takes off the outermost quotes.
        task = f'cmd /c "{task}"'
    if len(task) > _LONGEST_TASK:
        raise InputError(
            _(
                "The task would be {n} characters long, and Windows takes {most}; keep the program, the "
                "configuration, the store and the log in folders with shorter names: {task}"
            ).format(n=len(task), most=_LONGEST_TASK, task=task)
        )
    every = ["/SC", "MINUTE", "/MO", str(job.every), "/ST", "00:01"]
    return _for_prompt(["schtasks", "/Create", "/F", "/TN", _TASK, *every, "/TR", task])


def _windows_word(word: str) -> str:
    """``word`` for a program and for cmd alike; no path on Windows holds a quote."""
    return word if re.fullmatch(r"[\w.:\\/-]+", word) else f'"{word}"'


def _for_prompt(words: Sequence[str]) -> str:
    """``words`` as a line for cmd, which knows no ``\\"``: to it, each quote opens or closes."""
    parts = subprocess.list2cmdline(words).split('"')
    parts[::2] = [re.sub(r"[&|<>^()]", r"^\g<0>", part) for part in parts[::2]]
    return '"'.join(parts)


class TaskScheduler:
    """Windows' Task Scheduler. Nothing is done to it; the commands that do are told."""

    def install(self, job: Job) -> Result:
        return self._answer(task_command(job))

    def show(self) -> Result:
        return self._answer(f"schtasks /Query /V /FO LIST /TN {_TASK}")

    def remove(self) -> Result:
        return self._answer(f"schtasks /Delete /F /TN {_TASK}")

    def _answer(self, command: str) -> Result:
        return Result(command, (_("Type this in a Command Prompt (cmd):"),))
