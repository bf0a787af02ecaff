"""systemd: a service and a timer among the user's own units."""

from __future__ import annotations

from pathlib import Path

from jdticket.errors import InputError, JdticketError
from jdticket.i18n import _, ngettext
from jdticket.scheduling.calling import call, failed
from jdticket.scheduling.interface import Job, Result
from jdticket.words import os_reason, sentences

_MARK = "# jdticket: put here by `jdticket cron install`, taken out by `jdticket cron remove`\n"


def service_unit(job: Job) -> str:
    """The unit that runs ``job`` once. Raises ``InputError`` for a line break, which no unit can hold."""
    if "\n" in job.shell_command():
        raise InputError(_("systemd cannot run a command with a line break in it."))
    output = "" if job.log is None else f"StandardOutput=append:{str(job.log).replace('%', '%%')}\n"
    # "-": the second one runs even if the first fails. It has a part of the interval: a fetch that hangs must
    # not hold up the reminders.
    limited = ("timeout", str(job.every * 60 * 3 // 5), *job.first)
    first = f"ExecStart=-{' '.join(map(_unit_word, limited))}\n" if job.first else ""
    return (
        f"{_MARK}[Unit]\nDescription=Reminders of jdticket\n\n"
        f"[Service]\nType=oneshot\n{first}ExecStart={' '.join(map(_unit_word, job.command))}\n{output}"
    )


def timer_unit(job: Job) -> str:
    """The unit that says when :func:`service_unit` runs."""
    return (
        f"{_MARK}[Unit]\nDescription=Reminders of jdticket\n\n"
        f"[Timer]\nOnCalendar=*-*-* *:{job.minutes('1/')}:00\nAccuracySec=1s\n\n"
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

    def install(self, job: Job) -> Result:
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
        return Result(
            sentences(_("Nothing changed."), said) if found == wanted else said,
            (
                _("It runs while you are logged in; for around the clock: loginctl enable-linger"),
                *([_("What it prints: journalctl --user -u jdticket")] if job.log is None else []),
            ),
        )

    def show(self) -> Result:
        found = self._found()
        if not found:
            return Result(_("There is no systemd timer of jdticket."))
        return Result("\n".join(f"# {path}\n{text}" for path, text in found.items()).rstrip("\n"))

    def remove(self) -> Result:
        found = self._found()
        if not found:
            return Result(_("Nothing changed; there is no systemd timer of jdticket."))
        if self._timer in found:
            self._control("disable", "--now", self._timer.name)
        for path in found:
            path.unlink()
        self._control("daemon-reload")
        return Result(_("The systemd timer is removed; reminders are no longer sent by themselves."))

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
            if text.startswith(_MARK):
                found[path] = text
        return found

    def _control(self, *arguments: str) -> None:
        done = call([self._systemctl, "--user", *arguments])
        if done.returncode != 0:
            raise failed(f"systemctl --user {' '.join(arguments)}", done)
