"""Output for a log: each line begins with the time at which it was written."""

from __future__ import annotations

import io
import sys
from typing import TextIO

from jdticket import clock


class Timed(io.TextIOWrapper):
    """Text to the same place as ``stream``, each line with this machine's time in front."""

    _at_start = True

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        super().__init__(stream.buffer, stream.encoding, stream.errors, line_buffering=True)
        # It would close the place that both write to when nobody holds it any more.
        self._replaced = stream

    def write(self, text: str, /) -> int:
        # Bytes are refused even where there are none: by that a stream of text is known.
        super().write(text[:0])
        for line in text.splitlines(keepends=True):
            if self._at_start:
                super().write(f"{clock.system_now().astimezone():%Y-%m-%d %H:%M:%S} ")
            super().write(line)
            self._at_start = line.endswith("\n")
        return len(text)


def time_the_output() -> None:
    """From now on every line that the process prints begins with its time."""
    sys.stdout, sys.stderr = Timed(sys.stdout), Timed(sys.stderr)
