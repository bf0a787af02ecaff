"""A store's file as the tests of its room look at it, and processes that use it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jdticket.domain.tickets import TicketQuery
from jdticket.store.sqlite import SqliteStore

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes and signals of POSIX")


def tickets_in(path: Path) -> int:
    with closing(SqliteStore.open(path)) as store:
        return store.count(TicketQuery())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as any other program would open it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def complaints(path: Path) -> dict[str, str]:
    with closing(SqliteStore.open(path)) as store:
        return {finding.name: finding.detail for finding in store.check() if not finding.ok}


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everything, so give its rights up for a while."""
    nobody = 65534
    if os.geteuid() == 0:
        os.seteuid(nobody)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


def run(code: str, *before: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*before, sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], line: object) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


MAKER = """
import sys
from pathlib import Path
from jdticket.store.sqlite import migrations
from jdticket.store.sqlite import SqliteStore

for line in sys.stdin:
    SqliteStore.open(Path(line.strip())).close()
    print("made", flush=True)
"""
