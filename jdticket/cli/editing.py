"""A reply that a person writes in their editor: it stays in a file until it is recorded."""

from __future__ import annotations

import os
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jdticket import files
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.text import one_line
from jdticket.words import kind_said, os_reason

if TYPE_CHECKING:
    from jdticket.cli.session import Session
    from jdticket.domain.tickets import Ticket


def decoded(data: bytes, name: str | Path) -> str:
    """The text of a file that a person wrote: UTF-8, what Windows' editors call Unicode, or GB18030.

    Raises ``InputError``.
    """
    wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise InputError(_("{file} is no text in UTF-8 or GB18030.").format(file=name))


@contextmanager
def written_reply(session: Session, ticket: Ticket) -> Iterator[str]:
    """What a person writes in their editor; lines that begin with # are left out.

    It stays beside the store until the block has ended well: whatever fails or is refused, the file is named,
    and the next call offers the text again. Raises ``InputError``.
    """
    path = session.database.with_name(f"{session.database.name}.replies") / f"{ticket.id}.txt"
    try:
        _begin(path, ticket)
        _run_editor(path)
        yield _said(path)
    except BaseException as error:
        if path.exists() and _holds_text(path):
            session.say(
                _("The text is kept in {path}; jdticket reply {id} offers it again.").format(
                    path=path, id=ticket.id
                )
            )
        else:
            _forget(path)
        if isinstance(error, OSError):
            raise InputError(
                _("{path} cannot be written: {why}").format(path=path, why=os_reason(error))
            ) from error
        raise
    _forget(path)


def _begin(path: Path, ticket: Ticket) -> None:
    """Make the file ready for the editor, with what was kept of an earlier try."""
    files.make_folders(path)
    files.make_file(path)
    kept = _said(path).strip("\n")
    head = _(
        "Ticket {id}, order {order}, {kind}. Write the reply above; lines that begin with # are left out."
    ).format(id=ticket.id, order=ticket.order_id or "-", kind=kind_said(ticket))
    path.write_text(f"{kept}\n# {head}\n# {one_line(ticket.content)}\n", encoding="utf-8")


def _run_editor(path: Path) -> None:
    import shlex
    import subprocess

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    try:
        subprocess.run([*shlex.split(editor, posix=os.name != "nt"), str(path)], check=True)  # noqa: S603
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise InputError(
            _("The editor {editor} did not work; set EDITOR, or give the text with -m.").format(
                editor=one_line(editor)
            )
        ) from error


def _said(path: Path) -> str:
    """What stands in the file without its comments. Raises ``InputError`` for what is no text."""
    lines = decoded(path.read_bytes(), path).splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def _holds_text(path: Path) -> bool:
    """Whether something of a person's stands in the file, that nobody could read included."""
    try:
        return bool(_said(path).strip())
    except InputError:
        return True


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):  # other replies are kept there
        path.parent.rmdir()
