"""Runs the program as people do: with a home of its own, in a pipe or on a terminal.

In this process, unless a process is the point: then with ``Program.process``, ``start`` or ``terminal``.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import selectors
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jdticket.store.sqlite import SqliteStore

from . import in_process

_LONGEST = 60.0
# Root may read and write everything; the program is to meet the rights that its users have.
_ROOT = os.geteuid() == 0
_DROP = [shutil.which("setpriv") or "false", "--bounding-set=-dac_override,-dac_read_search"]
_DROPS = _ROOT and subprocess.run([*_DROP, "true"], check=False).returncode == 0
needs_rights_to_be_limited = pytest.mark.skipif(_ROOT and not _DROPS, reason="root may write anywhere")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is where the tests run in the background, and programs inherit it; on a terminal it never is.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The clock is the same for every process, also when it is not the machine's (tests/at_odd_hours.py).
_OF_CLOCK = ("FAKETIME", "LD_PRELOAD", "NO_FAKE_STAT")
CLOCK = {name: value for name, value in os.environ.items() if name.startswith(_OF_CLOCK)}
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_DIES_AT_STATEMENT = """
import os, signal, sqlite3, sys
left = int(sys.argv.pop(1))
def seen(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
connect = sqlite3.connect
def watched(*arguments, **options):
    db = connect(*arguments, **options)
    db.set_trace_callback(seen)
    return db
sqlite3.connect = watched
from jdticket.cli.main import main
main()
"""
_WAITS_BRIEFLY = """
from jdticket.store.sqlite import SqliteStore
SqliteStore.open.__func__.__kwdefaults__["wait_seconds"] = 0.05
from jdticket.cli.main import main
main()
"""

HEADER = "工单号,订单号,类型,创建时间,内容"


class Ran(NamedTuple):
    """What came of a run. On a terminal, ``out`` is all that it showed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def shown(self) -> list[str]:
        """The lines on the terminal, colours taken off."""
        return [line.rstrip("\r") for line in _ESCAPES.sub("", self.out).splitlines()]


class Program:
    """The program in one folder: its home, its store, the files that it reads and writes."""

    def __init__(self, folder: Path, environ: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.store = folder / "desk.db"
        self.pauses: list[float] = []
        """Seconds that runs in this process would have waited before they tried again."""
        self.environ = environ or {
            "HOME": str(folder),
            "JDTICKET_DB": str(self.store),
            "JDTICKET_LANG": "en",
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TERM": "xterm-256color",
            "TMPDIR": str(folder),
            "USER": "小王",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            **CLOCK,
        }

    def copy_to(self, folder: Path) -> Program:
        """The same in another folder: what a test may change without harm to the next one."""
        other = Program(folder)
        for path in (self.folder / "config.toml", self.store):
            if path.exists():
                shutil.copy2(path, folder)
        if "JDTICKET_CONFIG" in self.environ:
            other.environ["JDTICKET_CONFIG"] = str(folder / "config.toml")
        return other

    # A pipe

    def run(self, *arguments: str | Path, stdin: str | bytes = "", **environ: str) -> Ran:
        """Run it in a pipe. Nothing may ever look like a crash."""
        if CLOCK:
            # libfaketime looks at the environment from every thread, and this would change it.
            return self.process.run(*arguments, stdin=stdin, **environ)
        code, out, err = in_process.run(
            [*map(str, arguments)],
            stdin=stdin.encode() if isinstance(stdin, str) else stdin,
            environ=self.environ | environ,
            folder=self.folder,
            pause=self.pauses.append,
        )
        return self._ran(code, out, err, environ)

    @property
    def process(self) -> Program:
        """The same, each run of which is a process of its own: for what a process is the point of."""
        return _InProcesses(self.folder, self.environ)

    @staticmethod
    def _ran(code: int, out: bytes, err: bytes, environ: Mapping[str, str]) -> Ran:
        encoding = environ.get("PYTHONIOENCODING", "utf-8")
        ran = Ran(code, out.decode(encoding), err.decode(encoding))
        assert "Traceback" not in ran.out + ran.err, ran.err
        return ran

    def ok(self, *arguments: str | Path, stdin: str | bytes = "", **environ: str) -> Ran:
        """Run it; it must succeed."""
        ran = self.run(*arguments, stdin=stdin, **environ)
        assert ran.code == 0, ran
        return ran

    def refused(self, code: int, *arguments: str | Path, stdin: str | bytes = "", **environ: str) -> str:
        """Run it; it must end with ``code``, answer nothing, and give one sentence, which is returned."""
        ran = self.run(*arguments, stdin=stdin, **environ)
        assert (ran.code, ran.out) == (code, ""), ran
        lines = [line for line in ran.err.splitlines() if not line.startswith(("New store: ", "Help: "))]
        assert len(lines) == 1, ran.err
        prefix = "Error: "
        assert lines[0].startswith(prefix), ran.err
        return lines[0][len(prefix) :]

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        """Start it and go on; ``options`` are those of ``Popen``."""
        return subprocess.Popen(self.call(*arguments), env=self.environ, cwd=self.folder, **options)

    # A terminal

    def terminal(
        self,
        *arguments: str | Path,
        width: int = 80,
        typed: str = "",
        only_stderr: bool = False,
        on_output: Callable[[subprocess.Popen[bytes], str], None] = lambda _process, _text: None,
        **environ: str,
    ) -> Ran:
        """Run it on a terminal of this width, on which ``typed`` is typed; ``on_output`` is called with
        the process and all that it has shown whenever it shows more. ``only_stderr``: its standard
        output goes to a pipe that nobody reads, which must be small."""
        screen, line = pty.openpty()
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        os.write(screen, typed.encode())
        out = subprocess.DEVNULL if only_stderr else line
        process = subprocess.Popen(
            self.call(*arguments),
            stdin=line,
            stdout=out,
            stderr=line,
            env=self.environ | environ,
            cwd=self.folder,
            start_new_session=True,
        )
        os.close(line)
        shown = b""
        with process, selectors.DefaultSelector() as selector:
            selector.register(screen, selectors.EVENT_READ)
            while selector.select(_LONGEST):
                try:
                    part = os.read(screen, 65536)
                except OSError:  # Linux says EIO when the last writer has gone
                    break
                if not part:
                    break
                shown += part
                on_output(process, shown.decode(errors="replace"))
            else:
                process.kill()
        os.close(screen)
        text = shown.decode()
        assert "Traceback" not in text, text
        return Ran(process.returncode, text, "")

    # Trouble

    def dies_at(self, statement: int, *arguments: str | Path, stdin: str = "") -> bool:
        """Run it until it is about to say its ``statement``-th sentence (from 0) to SQLite, and kill it
        there (SIGKILL); False if it ended before."""
        done = subprocess.run(
            self.call(*arguments, how=("-c", _DIES_AT_STATEMENT, str(statement))),
            input=stdin.encode(),
            capture_output=True,
            env=self.environ,
            cwd=self.folder,
            timeout=_LONGEST,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done
        return done.returncode != 0

    def impatient(self, *arguments: str | Path) -> Ran:
        """Run it with hardly any patience with other writers."""
        done = subprocess.run(
            self.call(*arguments, how=("-c", _WAITS_BRIEFLY)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self.environ,
            cwd=self.folder,
            timeout=_LONGEST,
            check=False,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    # What is there

    def write(self, name: str, text: str | bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def configure(self, text: str) -> Path:
        """The configuration from now on."""
        path = self.write("config.toml", text)
        self.environ["JDTICKET_CONFIG"] = str(path)
        return path

    def begin(self) -> None:
        """Make an empty store."""
        SqliteStore.open(self.store).close()

    def tickets(self, *options: str) -> dict[str, dict[str, Any]]:
        """What the desk holds, by number."""
        if not self.store.exists():
            return {}
        return {ticket["id"]: ticket for ticket in self.ok("list", "--all", "--json", *options).json}

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the store itself."""
        with closing(sqlite3.connect(self.store)) as db, db:
            return db.execute(statement).fetchall()

    @staticmethod
    def call(*arguments: str | Path, how: Sequence[str] = ("-m", "jdticket")) -> list[str]:
        """The call that runs it."""
        return [*(_DROP if _DROPS else ()), sys.executable, *how, *map(str, arguments)]


class _InProcesses(Program):
    def run(self, *arguments: str | Path, stdin: str | bytes = "", **environ: str) -> Ran:
        done = subprocess.run(
            self.call(*arguments),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=self.environ | environ,
            cwd=self.folder,
            timeout=_LONGEST,
            check=False,
        )
        return self._ran(done.returncode, done.stdout, done.stderr, environ)


def row(
    number: int | str, created: str = "2024-06-11 10:00:00", kind: str = "催单", content: str = "催"
) -> str:
    """One row under :data:`HEADER`."""
    return f"{number},{275490000000 + int(number)},{kind},{created},{content}"


def table(*rows: str) -> str:
    """A CSV file."""
    return "\n".join((HEADER, *rows)) + "\n"


def csv_rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    return list(csv.DictReader(io.StringIO(text)))
