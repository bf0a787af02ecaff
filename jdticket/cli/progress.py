"""How far a long command has come, on one line of standard error, when a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Progress:
    """Shows ``words`` of a growing number from ``least`` on, each over the one before."""

    def __init__(self, words: Callable[[int], str], least: int = 0) -> None:
        self._words = words
        self._least = least
        self._shown = False

    def show(self, done: int) -> None:
        """So much is done."""
        if sys.stderr.isatty() and done >= self._least:
            print("\r" + self._words(done), end="", file=sys.stderr, flush=True)
            self._shown = True

    def clear(self) -> None:
        """Take it off the screen."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
