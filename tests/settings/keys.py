"""The keys of config.toml as rows of a table in Markdown: key, type, default, meaning.

python -m tests.settings.keys en|zh
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import tomlkit

from jdticket.i18n import translator
from jdticket.settings.spec import KEYS, TABLE, TABLES


def rows(language: str) -> Iterator[str]:
    """A row for each key that holds a value, in ``language``; ``*`` stands for a name of one's own."""
    gettext = translator(language).gettext
    for table, keys in KEYS.items():
        for key in keys:
            if key.type in (TABLE, TABLES):
                continue
            default = "" if key.default is None else f"`{tomlkit.item(key.default).as_string()}`"
            meaning = " ".join(key.text.told(gettext)) if key.text else ""
            yield f"| `{name(table, key.name)}` | {key.type} | {default} | {meaning} |"


def name(table: str, key: str) -> str:
    """A key's name from the top."""
    return f"{table}.{key}".removeprefix(".")


if __name__ == "__main__":
    sys.stdout.writelines(f"{row}\n" for row in rows(sys.argv[1]))
