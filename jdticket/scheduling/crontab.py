"""The crontab: one marked block of ours among the user's own lines."""

from __future__ import annotations

import os
import re

from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.scheduling.calling import call, failed
from jdticket.scheduling.interface import Job, Result
from jdticket.text import quoted
from jdticket.words import listed

_BEGIN = b"# >>> jdticket: put here by `jdticket cron install`, taken out by `jdticket cron remove` >>>"
_END = b"# <<< jdticket <<<"
_MARK = re.compile(
    rb"^(?:(?P<begin>%b)|%b)[ \t\r]*(?:\n|\Z)" % (re.escape(_BEGIN), re.escape(_END)), re.MULTILINE
)
# The line that we wrote between them, whatever its interval has become. All else there is somebody's own.
_ENTRY = re.compile(rb"^[-0-9*/,]+ \* \* \* \* [^\n]*\bremind\b[^\n]*\n?", re.MULTILINE)
# Vixie's cron and its heirs; BusyBox.
_NO_TABLE = re.compile(rb"no crontab for|can't open '[^']*': No such file or directory")


def crontab_block(job: Job) -> bytes:
    """The lines for ``job`` in a crontab, its marks around them."""
    command = job.shell_command()
    if re.search(r"[\n\r\\]", command):
        # A line break ends the entry, and crons differ about a backslash before a percent sign.
        raise InputError(
            _("cron cannot run a command with a line break or a backslash in it: {command}").format(
                command=quoted(command, 200)
            )
        )
    # cron turns a bare percent sign into a line break, whatever quotes stand around it.
    entry = f"{job.minutes('1-59/')} * * * * {command}".replace("%", r"\%")
    return b"\n".join((_BEGIN, os.fsencode(entry), _END, b""))


def put_in(table: bytes, block: bytes) -> bytes:
    """The crontab ``table`` with our ``block``, in place of an older one or at the end.

    At the end, because a setting such as MAILTO holds for the lines below it. Lines that somebody has put
    between our marks stay there, above ours. Raises ``InputError`` for a table whose marks are damaged.
    """
    place = _place(table)
    if place is None:
        return _ended(table) + block
    begin = block.index(b"\n") + 1
    block = block[:begin] + _others(table[place]) + block[begin:]
    return table[: place.start] + block + _ended(table[place.stop :])


def take_out(table: bytes) -> bytes:
    """The crontab ``table`` without our block, but for the lines that somebody has put into it. Raises
    ``InputError`` for one whose marks are damaged."""
    place = _place(table)
    if place is None:
        return table
    return table[: place.start] + _others(table[place]) + _ended(table[place.stop :])


def _others(block: bytes) -> bytes:
    """The lines of our block that are not ours."""
    return _ended(_ENTRY.sub(b"", _MARK.sub(b"", block)))


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

    def install(self, job: Job) -> Result:
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
        changed = put_in(table, block)
        said = _("Nothing changed; the crontab holds this already:")
        if block_in(changed) != block_in(table):
            self._write(changed)
            said = _("The crontab holds this now:")
        return Result(said + "\n" + _shown(block_in(changed) or block), notes)

    def show(self) -> Result:
        block = block_in(self._read())
        return Result(_("The crontab holds nothing of jdticket.") if block is None else _shown(block))

    def remove(self) -> Result:
        table = self._read()
        if block_in(table) is None:
            return Result(_("Nothing changed; the crontab holds nothing of jdticket."))
        self._write(take_out(table))
        return Result(_("Taken out of the crontab; reminders are no longer sent by themselves."))

    def _read(self) -> bytes:
        done = call([self._program, "-l"])
        if done.returncode == 0:
            return done.stdout
        # Only what says for sure that there is no table may pass for an empty one.
        if _NO_TABLE.search(done.stderr):
            return b""
        raise failed("crontab -l", done)

    def _write(self, table: bytes) -> None:
        done = call([self._program, "-"], table)
        if done.returncode != 0:
            raise failed("crontab -", done)


def _shown(block: bytes) -> str:
    return os.fsdecode(block).rstrip("\n")
