"""Files that are made anew, readable by their owner only, and never in the place of another.

Everything here raises what the system says (``OSError``); the caller knows the sentence for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from typing import BinaryIO

_ABANDONED = 3600.0
"""Seconds after which nobody is still writing."""
_OURS = "jdticket-"
"""Stands in the names of files that are being made: no other hidden file is taken for one of them."""


def make_folders(path: Path) -> None:
    """Make the folders above ``path`` that are not there, for their owner only."""
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
        # An odd umask takes rights from the owner, too.
        folder.chmod(0o700)


def make_file(path: Path) -> None:
    """Make an empty file where there is none. One that is there keeps what is in it, and can be added to."""
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to write bytes into, taken away again when that fails.

    Raises ``FileExistsError`` when the name is taken.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """The name of an empty file in the folder of ``target``, which becomes ``target`` at the end of the
    block; when that fails, it is taken away again. What earlier ones have left behind that were killed is
    swept away.

    Raises ``FileExistsError`` when the name has been taken meanwhile.
    """
    import tempfile

    _sweep(target)
    prefix = f".{target.name}.{_OURS}"
    number, name = tempfile.mkstemp(prefix=prefix, dir=target.parent)  # mode 0600
    os.close(number)
    made = Path(name)
    try:
        yield made
        _move(made, target)
    finally:
        made.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to write bytes into, which has its name only once it is whole.

    Raises ``FileExistsError`` when the name is taken.
    """
    if path.exists() or path.is_symlink():
        raise FileExistsError(EEXIST, os.strerror(EEXIST), str(path))
    with file_beside(path) as made:
        with made.open("wb") as file:
            yield file
        with made.open("rb+") as file:
            os.fsync(file.fileno())


def _sweep(target: Path) -> None:
    """Take away what :func:`file_beside` has made for ``target`` and a killed process has left."""
    import glob
    import time

    for left in target.parent.glob(f".{glob.escape(target.name)}.{_OURS}*"):
        with suppress(OSError):  # somebody else's, or gone already
            if left.stat().st_mtime < time.time() - _ABANDONED:
                left.unlink()


def _move(made: Path, target: Path) -> None:
    try:
        target.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (a USB stick, some network drives): hold the name, then take its place.
        with new_file(target):
            pass
        made.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        with suppress(OSError):  # not every file system can
            os.fsync(folder)
        os.close(folder)
