"""What runs ``jdticket remind`` again and again: cron, a systemd user timer, or Windows' Task Scheduler.

The texts that tell them are made by functions that touch nothing. The schedulers below put them where
they belong, show them and take them out. What somebody else wrote there stays, byte for byte.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from jdticket.errors import InputError, JdticketError, UsageError
from jdticket.i18n import _, ngettext
from jdticket.text import quoted
from jdticket.words import listed, os_reason, sentences

INTERVALS = tuple(minutes for minutes in range(1, 61) if 60 % minutes == 0)
"""Every how many minutes a job can run: those that divide an hour, so that no hour begins unevenly."""

_BEGIN = b"# >>> jdticket: put here by `jdticket cron install`, taken out by `jdticket cron remove` >>>"
_END = b"# <<< jdticket <<<"
_MARK = re.compile(
    rb"^(?:(?P<begin>%b)|%b)[ \t\r]*(?:\n|\Z)" % (re.escape(_BEGIN), re.escape(_END)), re.MULTILINE
)
# Vixie's cron and its heirs; BusyBox.
_NO_TABLE = re.compile(rb"no crontab for|can't open '[^']*': No such file or directory")
_UNIT_MARK = "# jdticket: put here by `jdticket cron install`, taken out by `jdticket cron remove`\n"
_TASK = "jdticket"
_LONGEST_TASK = 261  # schtasks refuses a longer /TR


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


class Answer(NamedTuple):
    """What came of it, for a person."""

    text: str
    """What was asked for."""
    notes: tuple[str, ...] = ()
    """What to know besides."""


class Scheduler(Protocol):
    """Something that runs a job regularly.

    Each method raises ``JdticketError`` with what the system said when it refuses.
    """

    def install(self, job: Job) -> Answer:
        """Have ``job`` run from now on, instead of what was installed before."""

    def show(self) -> Answer:
        """What is installed."""

    def remove(self) -> Answer:
        """Have nothing run any more."""


def scheduler(platform: str) -> Scheduler:
    """The one that this machine has; ``platform`` is ``os.name``."""
    if platform == "nt":
        return TaskScheduler()
    crontab = shutil.which("crontab")
    if crontab is not None:
        return Crontab(crontab)
    systemctl = shutil.which("systemctl")
    if systemctl is not None:
        return UserTimer(systemctl, Path.home() / ".config" / "systemd" / "user")
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


# The crontab


def crontab_block(job: Job) -> bytes:
    """The lines for ``job`` in a crontab, its marks around them."""
    command = _shell_command(job)
    if re.search(r"[\n\r\\]", command):
        # A line break ends the entry, and crons differ about a backslash before a percent sign.
        raise InputError(
            _("cron cannot run a command with a line break or a backslash in it: {command}").format(
                command=quoted(command, 200)
            )
        )
    # cron turns a bare percent sign into a line break, whatever quotes stand around it.
    entry = f"{_minutes(job, '1-59/')} * * * * {command}".replace("%", r"\%")
    return b"\n".join((_BEGIN, os.fsencode(entry), _END, b""))


def put_in(table: bytes, block: bytes) -> bytes:
    """The crontab ``table`` with our ``block``, in place of an older one or at the end.

    At the end, because a setting such as MAILTO holds for the lines below it. Raises ``InputError`` for
    a table whose marks are damaged.
    """
    place = _place(table)
    if place is None:
        return _ended(table) + block
    return table[: place.start] + block + _ended(table[place.stop :])


def take_out(table: bytes) -> bytes:
    """The crontab ``table`` without our block. Raises ``InputError`` for one whose marks are damaged."""
    place = _place(table)
    return table if place is None else table[: place.start] + _ended(table[place.stop :])


def _ended(lines: bytes) -> bytes:
    """``lines``, the last one ended: cron takes no other table."""
    return lines if not lines or lines.endswith(b"\n") else lines + b"\n"


def block_in(table: bytes) -> bytes | None:
    """Our block in ``table``; None: there is none. Raises ``InputError`` for damaged marks."""
    place = _place(table)
    return None if place is None else table[place]


def _place(table: bytes) -> slice | None:
    marks = list(_MARK.finditer(table))
    if not marks:
        return None
    if [mark["begin"] is not None for mark in marks] != [True, False]:
        raise InputError(
            _(
                "The marks around jdticket's lines in the crontab are damaged ({lines}); nothing was "
                "changed. Take out the marks and what is jdticket's between them with: crontab -e"
            ).format(
                lines=listed(
                    _("line {n}").format(n=table.count(b"\n", 0, mark.start()) + 1) for mark in marks
                )
            )
        )
    return slice(marks[0].start(), marks[1].end())


class Crontab:
    """The user's crontab, read and written by the program ``crontab``."""

    def __init__(self, program: str) -> None:
        self._program = program

    def install(self, job: Job) -> Answer:
        block = crontab_block(job)
        table = self._read()
        notes: tuple[str, ...] = ()
        if job.log is None:
            notes = (
                _(
                    "cron mails what it prints; on a machine that sends no mail it is lost, "
                    "and --log FILE keeps it."
                ),
            )
        if block_in(table) == block:
            return Answer(_("Nothing changed; the crontab holds this already:") + "\n" + _shown(block), notes)
        self._write(put_in(table, block))
        return Answer(_("The crontab holds this now:") + "\n" + _shown(block), notes)

    def show(self) -> Answer:
        block = block_in(self._read())
        return Answer(_("The crontab holds nothing of jdticket.") if block is None else _shown(block))

    def remove(self) -> Answer:
        table = self._read()
        if block_in(table) is None:
            return Answer(_("Nothing changed; the crontab holds nothing of jdticket."))
        self._write(take_out(table))
        return Answer(_("Taken out of the crontab; reminders are no longer sent by themselves."))

    def _read(self) -> bytes:
        done = _run([self._program, "-l"])
        if done.returncode == 0:
            return done.stdout
        # Only what says for sure that there is no table may pass for an empty one.
        if _NO_TABLE.search(done.stderr):
            return b""
        raise _failed("crontab -l", done)

    def _write(self, table: bytes) -> None:
        done = _run([self._program, "-"], table)
        if done.returncode != 0:
            raise _failed("crontab -", done)


def _shown(block: bytes) -> str:
    return os.fsdecode(block).rstrip("\n")


# systemd


def service_unit(job: Job) -> str:
    """The unit that runs ``job`` once. Raises ``InputError`` for a line break, which no unit can hold."""
    if "\n" in _shell_command(job):
        raise InputError(_("systemd cannot run a command with a line break in it."))
    output = "" if job.log is None else f"StandardOutput=append:{str(job.log).replace('%', '%%')}\n"
    # "-": the second one runs even if the first fails.
    first = f"ExecStart=-{' '.join(map(_unit_word, job.first))}\n" if job.first else ""
    return (
        f"{_UNIT_MARK}[Unit]\nDescription=Reminders of jdticket\n\n"
        f"[Service]\nType=oneshot\n{first}ExecStart={' '.join(map(_unit_word, job.command))}\n{output}"
    )


def timer_unit(job: Job) -> str:
    """The unit that says when :func:`service_unit` runs."""
    return (
        f"{_UNIT_MARK}[Unit]\nDescription=Reminders of jdticket\n\n"
        f"[Timer]\nOnCalendar=*-*-* *:{_minutes(job, '1/')}:00\nAccuracySec=1s\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _unit_word(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


class UserTimer:
    """A timer of the user's own systemd; ``folder`` is where the user's units are."""

    def __init__(self, systemctl: str, folder: Path) -> None:
        self._systemctl = systemctl
        self._service = folder / "jdticket.service"
        self._timer = folder / "jdticket.timer"

    def install(self, job: Job) -> Answer:
        wanted = {self._service: service_unit(job), self._timer: timer_unit(job)}
        found = self._found()
        for path in wanted:
            if path not in found and path.exists():
                raise InputError(
                    _("{path} is not jdticket's own, and nothing was changed; move it away first.").format(
                        path=path
                    )
                )
        # Before anything is written: it fails where the user has no systemd to talk to.
        self._control("daemon-reload")
        try:
            for path, text in wanted.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise JdticketError(
                _("{path} cannot be written: {reason}").format(path=error.filename, reason=os_reason(error))
            ) from error
        self._control("daemon-reload")
        self._control("enable", self._timer.name)
        self._control("restart", self._timer.name)
        said = ngettext(
            "A systemd timer runs it every {n} minute: {path}",
            "A systemd timer runs it every {n} minutes: {path}",
            job.every,
        ).format(n=job.every, path=self._timer)
        return Answer(
            sentences(_("Nothing changed."), said) if found == wanted else said,
            (
                _("It runs while you are logged in; for around the clock: loginctl enable-linger"),
                *([_("What it prints: journalctl --user -u jdticket")] if job.log is None else []),
            ),
        )

    def show(self) -> Answer:
        found = self._found()
        if not found:
            return Answer(_("There is no systemd timer of jdticket."))
        return Answer("\n".join(f"# {path}\n{text}" for path, text in found.items()).rstrip("\n"))

    def remove(self) -> Answer:
        found = self._found()
        if not found:
            return Answer(_("Nothing changed; there is no systemd timer of jdticket."))
        if self._timer in found:
            self._control("disable", "--now", self._timer.name)
        for path in found:
            path.unlink()
        self._control("daemon-reload")
        return Answer(_("The systemd timer is removed; reminders are no longer sent by themselves."))

    def _found(self) -> dict[Path, str]:
        """The units that are there and ours."""
        found = {}
        for path in (self._service, self._timer):
            try:
                text = path.read_text(encoding="utf-8", errors="surrogateescape")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise JdticketError(
                    _("{path} cannot be read: {reason}").format(path=path, reason=os_reason(error))
                ) from error
            if text.startswith(_UNIT_MARK):
                found[path] = text
        return found

    def _control(self, *arguments: str) -> None:
        done = _run([self._systemctl, "--user", *arguments])
        if done.returncode != 0:
            raise _failed(f"systemctl --user {' '.join(arguments)}", done)


# Windows


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

    def install(self, job: Job) -> Answer:
        return self._answer(task_command(job))

    def show(self) -> Answer:
        return self._answer(f"schtasks /Query /V /FO LIST /TN {_TASK}")

    def remove(self) -> Answer:
        return self._answer(f"schtasks /Delete /F /TN {_TASK}")

    def _answer(self, command: str) -> Answer:
        return Answer(command, (_("Type this in a Command Prompt (cmd):"),))


# Neither


class ByHand:
    """A machine on which nothing runs jobs."""

    def install(self, job: Job) -> Answer:
        raise JdticketError(
            ngettext(
                "There is neither crontab nor systemctl on this machine; "
                "have something else run this every {n} minute: {command}",
                "There is neither crontab nor systemctl on this machine; "
                "have something else run this every {n} minutes: {command}",
                job.every,
            ).format(n=job.every, command=_shell_command(job))
        )

    def show(self) -> Answer:
        return Answer(_("There is neither crontab nor systemctl on this machine; nothing is installed."))

    def remove(self) -> Answer:
        return self.show()


# Shared


def _minutes(job: Job, from_minute_one: str) -> str:
    """The minutes of an hour at which to run.

    Counted from minute one: Feishu's robots ask callers to avoid full and half hours, and refuse
    messages then (code 11232).
    """
    if job.every == 1:
        return "*"
    return "1" if job.every == 60 else f"{from_minute_one}{job.every}"


def _shell_command(job: Job) -> str:
    command = shlex.join(job.command)
    if job.first:
        command = f"{shlex.join(job.first)}; {command}"
    if job.log is None:
        return command
    both = f"{{ {command}; }}" if job.first else command
    return f"{both} >> {shlex.quote(str(job.log))} 2>&1"


def _run(command: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program of the system, which is to speak English."""
    try:
        return subprocess.run(  # noqa: S603 - our own words, and no shell
            command, input=given, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError as error:
        raise JdticketError(
            _("{path} cannot be run: {reason}").format(path=command[0], reason=os_reason(error))
        ) from error


def _failed(call: str, done: subprocess.CompletedProcess[bytes]) -> JdticketError:
    said = quoted((done.stderr or done.stdout).decode(errors="replace"), 300)
    if not said:
        return JdticketError(_("{call} failed (exit code {code}).").format(call=call, code=done.returncode))
    return JdticketError(
        _("{call} failed (exit code {code}): {said}").format(call=call, code=done.returncode, said=said)
    )
