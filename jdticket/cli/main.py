"""The way in: choose the language, run one command, turn its outcome into words and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

INTERRUPTED = 130
"""The exit code of a program that a person has interrupted, as shells have it."""


def main(pause: Callable[[float], None] = time.sleep) -> None:
    """Run the command that the process's arguments name, and exit with its code.

    ``pause`` waits so many seconds, where a command has to try again later.
    """
    # Before anything else is imported, which takes most of a start.
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        # An exception in the middle of an import would leave more than one sentence.
        signal.signal(signal.SIGINT, _leave)
    from jdticket import i18n

    # Nearly all that a start makes stays to the end: to look for garbage in it, some forty times, finds none.
    gc.set_threshold(50_000)
    _fill_in_streams()
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a character (GBK on Windows) shows a question mark instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    arguments = sys.argv[1:]
    if "--timed" in arguments:
        from jdticket.cli.timed import time_the_output

        time_the_output()
    i18n.use(language_for(arguments))
    # Only now: help texts are put into words when a command's module is imported.
    from jdticket.cli.app import run

    signal.signal(signal.SIGINT, before)
    code = INTERRUPTED
    try:
        code = run(arguments, pause)
    except KeyboardInterrupt:
        # While the command was being found, or after it has ended.
        _leave()
    sys.exit(code)


def _leave(*_of_signal: object) -> None:
    """End at once: no command has begun, so there is nothing to put in order."""
    from jdticket.i18n import _

    os.write(2, (_("Error: {message}").format(message=_("Interrupted.")) + "\n").encode())
    os._exit(INTERRUPTED)


def _fill_in_streams() -> None:
    """Give the process the standard streams that it was started without (pythonw, some schedulers, ``>&-``):
    no command fails for one, and no file that is opened later takes a stream's number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for good


def language_for(arguments: Sequence[str]) -> str:
    """The language to answer in: --lang, else JDTICKET_LANG, else the configuration's, else the locale's."""
    from pathlib import Path

    from jdticket import i18n

    for asked in (_value(arguments, "--lang"), os.environ.get("JDTICKET_LANG")):
        if asked in i18n.LANGUAGES:
            return asked
    from jdticket.settings.paths import peek_language

    path = _value(arguments, "--config")
    configured = peek_language(Path(path) if path else None, os.environ)
    if configured in i18n.LANGUAGES:
        return configured
    return i18n.from_locale(os.environ)


def _value(arguments: Sequence[str], option: str) -> str | None:
    """The value of a global option, wherever it stands; it decides how everything else is read."""
    for i, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument == option and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(option + "="):
            return argument.partition("=")[2]
    return None


if __name__ == "__main__":
    main()
