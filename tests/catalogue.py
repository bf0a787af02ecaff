"""Keeps the Chinese catalogue in step with the sources.

    python -m tests.catalogue update    take up new strings, drop those that are gone, compile
    python -m tests.catalogue check     say what is missing or wrong; exit code 1 if anything is

Equal contents make equal bytes: the files hold no dates, no names, no line numbers.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import typer
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import jdticket

PACKAGE = Path(jdticket.__file__).parent
PO = PACKAGE / "locale" / "zh_CN" / "LC_MESSAGES" / "jdticket.po"
# Typer's own words reach the reader through the same catalogue (see i18n.use).
_SOURCES = (PACKAGE, Path(typer.__file__).parent)
_ASKS_GETTEXT = ("from jdticket.i18n import", "import gettext", "gettext: Callable")

_HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")

MessageId = str | tuple[str, str]


class _PlainCatalog(Catalog):
    """A catalogue whose header tells no date, person or program version."""

    mime_headers = property(
        lambda self: [
            ("Project-Id-Version", "jdticket"),
            ("Language", "zh_CN"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]
    )

    def __init__(self) -> None:
        super().__init__(locale="zh_CN", fuzzy=False, header_comment="# Chinese for jdticket.")


@cache
def strings_in_sources() -> dict[MessageId, list[str]]:
    """Every string that the sources hand to gettext, with the files it stands in."""
    found: dict[MessageId, list[str]] = {}
    for folder in _SOURCES:
        for file in sorted(folder.rglob("*.py")):
            if not any(asks in file.read_text(encoding="utf-8") for asks in _ASKS_GETTEXT):
                continue
            where = file.relative_to(folder.parent).as_posix()
            for _line, message_id, _comments, _context in extract_from_file("python", file, DEFAULT_KEYWORDS):
                files = found.setdefault(message_id, [])
                if where not in files:
                    files.append(where)
    return found


def merged(old: Catalog, strings: dict[MessageId, list[str]]) -> Catalog:
    """``strings`` with the translations that ``old`` has for them, by file, then by text."""
    new = _PlainCatalog()
    for message_id, files in sorted(strings.items(), key=lambda item: (item[1][0], str(item[0]))):
        known = old.get(message_id if isinstance(message_id, str) else message_id[0])
        fits = known is not None and known.pluralizable == isinstance(message_id, tuple)
        new.add(
            message_id,
            known.string if fits else None,
            locations=[(file, 0) for file in files],
            flags={"fuzzy"} if fits and known.fuzzy else (),
            user_comments=known.user_comments if fits else (),
        )
    return new


def read(po: bytes) -> Catalog:
    """The catalogue in a .po file."""
    return read_po(io.BytesIO(po), locale="zh_CN", abort_invalid=True)


def po_bytes(catalog: Catalog) -> bytes:
    """The .po file of a catalogue."""
    out = io.BytesIO()
    write_po(out, catalog, width=0, include_lineno=False)
    return out.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """The .mo file of a catalogue."""
    plain = _PlainCatalog()
    for message in catalog:
        # An empty translation in the .mo file would be shown as it is.
        if message.id and _translation(message):
            plain[message.id] = message
    out = io.BytesIO()
    write_mo(out, plain)
    return out.getvalue()


def update(po: Path = PO) -> None:
    """Bring the .po file in step with the sources, and the .mo file beside it in step with that."""
    old = read(po.read_bytes()) if po.exists() else Catalog()
    new = merged(old, strings_in_sources())
    po.write_bytes(po_bytes(new))
    po.with_suffix(".mo").write_bytes(mo_bytes(new))


def problems(po: Path = PO) -> list[str]:
    """What is missing or wrong in the .po file and the .mo file beside it."""
    catalog = read(po.read_bytes())
    wanted = strings_in_sources()
    held = {message.id: message for message in catalog if message.id}
    found = [f"not in the catalogue: {_short(key)}" for key in wanted if key not in held]
    found += [f"no longer in the sources: {_short(key)}" for key in held if key not in wanted]
    for message in held.values():
        found += [f"{what}: {_short(message.id)}" for what in _faults(message)]
    if not po.with_suffix(".mo").exists() or po.with_suffix(".mo").read_bytes() != mo_bytes(catalog):
        found.append("the .mo file is not what the .po file compiles to")
    return found


def _faults(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "marked as fuzzy"
    translation = _translation(message)
    if not translation:
        yield "not translated"
        return
    # A singular may do without its number ("one ticket"); what it does name, the plural names too.
    source = message.id[-1] if isinstance(message.id, tuple) else message.id
    try:
        if _placeholders(translation) != _placeholders(source):
            yield "other placeholders than the source"
    except ValueError:
        yield "a brace stands alone"
    if _HALF_WIDTH.search(translation):
        yield "half-width punctuation beside Chinese"
    for word, instead in (("拉取", "同步"), ("停摆", "异常")):
        if word in translation:
            yield f"says {word} for {instead}"
    if re.search(r"docs/(?!zh/)", translation):
        yield "points at a page in English"


def _translation(message: Message) -> str:
    """The one form that Chinese has for any number."""
    return message.string[0] if isinstance(message.string, tuple) else message.string


def _placeholders(text: str) -> list[tuple[str, str | None, str | None]]:
    return sorted(
        (name, form, conversion)
        for _literal, name, form, conversion in Formatter().parse(text)
        if name is not None
    )


def _short(message_id: MessageId) -> str:
    text = message_id if isinstance(message_id, str) else message_id[0]
    return repr(text if len(text) <= 70 else text[:69] + "…")


def main(arguments: list[str], po: Path = PO) -> int:
    """Run the command line; returns the exit code."""
    if arguments == ["update"]:
        update(po)
        return 0
    if arguments == ["check"]:
        found = problems(po)
        sys.stdout.writelines(f"{line}\n" for line in found)
        return 1 if found else 0
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
