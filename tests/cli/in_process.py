"""Runs a command in this process as if it had one of its own: its environment, folder, arguments and
standard streams (real descriptors, which programs that it starts inherit), and nothing of it stays behind."""

from __future__ import annotations

import gc
import gettext
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO
from unittest import mock

from jdticket import i18n
from jdticket.cli.main import language_for, main

# Put into words when they are imported, in the one language that a process speaks.
_WORDED = ("jdticket.cli.", "typer.rich_utils")
_of_language: dict[str, dict[str, ModuleType]] = {language: {} for language in i18n.LANGUAGES}


def run(
    arguments: Sequence[str],
    *,
    stdin: bytes,
    environ: Mapping[str, str],
    folder: Path,
    pause: Callable[[float], None],
) -> tuple[int, bytes, bytes]:
    """Run the program through its own way in; returns its exit code and what it wrote.

    Whatever it does not turn into an exit code itself is raised: where people would see a traceback.
    """
    strange = {name for name in environ if name.startswith("PYTHON")} - {"PYTHONIOENCODING", "PYTHONPATH"}
    assert not strange, f"read when a process begins: {strange}"
    with _process_of_its_own(arguments, environ, folder), _streams(stdin) as (out, err):
        try:
            with _speaking(language_for(arguments)):
                main(pause)
        except SystemExit as ended:
            assert isinstance(ended.code, int)
            code = ended.code
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        return code, _content(out), _content(err)


@contextmanager
def _process_of_its_own(arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    domain, threshold = gettext.textdomain(), gc.get_threshold()
    before = Path.cwd()
    with (
        mock.patch.dict(os.environ, environ, clear=True),
        mock.patch.dict(i18n._in_use),
        mock.patch.object(sys, "argv", ["jdticket", *arguments]),
        mock.patch.object(tempfile, "tempdir", None),
    ):
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
            gettext.textdomain(domain)
            gc.set_threshold(*threshold)


@contextmanager
def _streams(stdin: bytes) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Standard streams on the descriptors 0, 1 and 2 that people's have; gives the files written to."""
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(dir="/tmp")) for _number in range(3)]
        files[0].write(stdin)
        files[0].seek(0)
        for number, (name, file) in enumerate(zip(("stdin", "stdout", "stderr"), files, strict=True)):
            before = os.dup(number)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, number)
            os.dup2(file.fileno(), number)
            raw = io.FileIO(number, "w" if number else "r", closefd=False)
            buffer = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
            stream = io.TextIOWrapper(buffer, encoding, "surrogateescape", line_buffering=number == 2)
            stack.enter_context(mock.patch.object(sys, name, stream))
            if number:
                stack.callback(stream.flush)
        yield files[1], files[2]


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    """With the modules that were put into words in this language."""
    others = _worded()
    _exchange(others, _of_language[language])
    try:
        yield
    finally:
        _of_language[language] = _worded()
        _exchange(_of_language[language], others)


def _worded() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.startswith(_WORDED)}


def _exchange(loaded: Mapping[str, ModuleType], others: Mapping[str, ModuleType]) -> None:
    """Have other modules instead of those that are loaded."""
    for name in loaded:
        del sys.modules[name]
        package, _dot, own = name.rpartition(".")
        delattr(sys.modules[package], own)
    for name, module in others.items():
        sys.modules[name] = module
        package, _dot, own = name.rpartition(".")
        setattr(sys.modules[package], own, module)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
