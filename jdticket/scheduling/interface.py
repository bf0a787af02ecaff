"""What runs ``jdticket remind`` again and again, and what it promises.

Each other file is one scheduler, imported on the machine that has it: cron, a systemd user timer,
Windows' Task Scheduler, or a person. The texts that tell them are made by functions that touch nothing;
the schedulers put them where they belong, show them and take them out. What somebody else wrote there
stays, byte for byte.
"""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from jdticket.errors import UsageError
from jdticket.i18n import _
from jdticket.words import listed

INTERVALS = tuple(minutes for minutes in range(1, 61) if 60 % minutes == 0)
"""Every how many minutes a job can run: those that divide an hour, so that no hour begins unevenly."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to run, and when."""

    command: tuple[str, ...]
    """The program, an absolute path, and its arguments."""
    every: int
    """Minutes, one of :data:`INTERVALS`."""
    log: Path | None = None
    """What it prints is added to this file, an absolute path; None: cron mails it."""
    first: tuple[str, ...] = ()
    """What runs before ``command`` each time, in the same way; ``command`` runs whatever becomes of it."""

    def __post_init__(self) -> None:
        if self.every not in INTERVALS:
            raise UsageError(
                _("--every: {minutes} minutes do not divide an hour; one of {known}.").format(
                    minutes=self.every, known=listed(map(str, INTERVALS))
                )
            )

    def minutes(self, from_minute_one: str) -> str:
        """The minutes of an hour at which to run, as cron and systemd write them; ``from_minute_one`` is
        how they begin a list that goes on from there.

        Counted from minute one: Feishu's robots ask callers to avoid full and half hours, and refuse
        messages then (code 11232).
        """
        if self.every == 1:
            return "*"
        return "1" if self.every == 60 else f"{from_minute_one}{self.every}"

    def shell_command(self) -> str:
        """The line for a POSIX shell that runs it all."""
        command = shlex.join(self.command)
        if self.first:
            command = f"{shlex.join(self.first)}; {command}"
        if self.log is None:
            return command
        both = f"{{ {command}; }}" if self.first else command
        return f"{both} >> {shlex.quote(str(self.log))} 2>&1"


class Result(NamedTuple):
    """What came of it, for a person."""

    text: str
    """What was asked for."""
    notes: tuple[str, ...] = ()
    """What to know besides."""


class Scheduler(Protocol):
    """Something that runs a job regularly.

    Each method raises ``JdticketError`` with what the system said when it refuses.
    """

    def install(self, job: Job) -> Result:
        """Have ``job`` run from now on, instead of what was installed before."""

    def show(self) -> Result:
        """What is installed."""

    def remove(self) -> Result:
        """Have nothing run any more."""


def scheduler(platform: str) -> Scheduler:
    """The one that this machine has; ``platform`` is ``os.name``."""
    if platform == "nt":
        from jdticket.scheduling.windows import TaskScheduler

        return TaskScheduler()
    crontab = shutil.which("crontab")
    if crontab is not None:
        from jdticket.scheduling.crontab import Crontab

        return Crontab(crontab)
    systemctl = shutil.which("systemctl")
    if systemctl is not None:
        from jdticket.scheduling.systemd import UserTimer

        return UserTimer(systemctl, Path.home() / ".config" / "systemd" / "user")
    from jdticket.scheduling.by_hand import ByHand

    return ByHand()


def own_program(python: str) -> tuple[str, ...]:
    """The beginning of a command that runs this program with the interpreter ``python`` (a path).

    The script that was installed beside the interpreter knows its way home; where there is none, the
    interpreter finds the package as it did for this call.
    """
    # Not resolved: a virtual environment's interpreter is a link, and the link is what makes it one.
    interpreter = Path(python).absolute()
    script = shutil.which("jdticket", path=str(interpreter.parent))
    return (script,) if script is not None else (str(interpreter), "-m", "jdticket")
