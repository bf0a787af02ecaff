"""What is longer than the window goes through the reader's pager, its top shown first."""

from __future__ import annotations

import os
from collections.abc import Mapping


def pager(environ: Mapping[str, str]) -> list[str]:
    """The call of the pager: ``PAGER``, else less where there is one; empty: none is wanted. On Windows,
    whose own pager shows no colour, it has to be named."""
    named = environ.get("PAGER")
    if named is None and os.name != "nt" and environ.get("TERM") not in (None, "", "dumb"):
        named = "less -R"
    import shlex

    try:
        return shlex.split(named or "", posix=os.name != "nt")
    except ValueError:
        return []


def page(text: str, environ: Mapping[str, str], encoding: str) -> bool:
    """Show ``text`` through the pager, in the terminal's ``encoding``; False: it could not be. Leaving it
    early is no failure."""
    call = pager(environ)
    if not call:
        return False
    import signal
    import subprocess

    # Ctrl-C is the pager's while it runs.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        # Like git: without it, less shows colours as codes.
        done = subprocess.run(  # noqa: S603
            call, input=text.encode(encoding, "replace"), env={"LESS": "R", **environ}, check=False
        )
    except OSError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return done.returncode <= 0
