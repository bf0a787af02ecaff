"""Jobs to schedule, and their lines as cron reads them."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from jdticket.scheduling.interface import Job


def job(*arguments: str, every: int = 5, log: str | None = None, program: str = "/opt/jdticket") -> Job:
    return Job((program, *(arguments or ("remind",))), every, None if log is None else Path(log))


def both(*first: str, program: str = "/opt/jdticket", log: str | None = None) -> Job:
    """A job with something to run before it."""
    return replace(job(program=program, log=log), first=(program, *(first or ("sync", "--quiet"))))


def entry(block: bytes) -> tuple[str, str]:
    """The minutes and the command of a block, as cron reads them: percent signs as in crontab(5)."""
    begin, line, end, rest = os.fsdecode(block).split("\n")
    assert (begin[:14], end[:14], rest) == ("# >>> jdticket", "# <<< jdticket", "")
    minutes, hour, day, month, weekday, command = line.split(" ", 5)
    assert (hour, day, month, weekday) == ("*", "*", "*", "*")
    assert not re.search(r"(?<!\\)%", command)
    return minutes, command.replace(r"\%", "%")
