"""Where the configuration and the store are, and the language before anything is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jdticket.errors import UsageError
from jdticket.i18n import LANGUAGES, _
from jdticket.text import scheme_of

if TYPE_CHECKING:
    from jdticket.settings.types import Config


def config_path(environ: Mapping[str, str]) -> Path:
    """Where config.toml is looked for: JDTICKET_CONFIG, else the user's own configuration folder."""
    if environ.get("JDTICKET_CONFIG"):
        return Path(environ["JDTICKET_CONFIG"]).expanduser()
    import platformdirs

    return platformdirs.user_config_path("jdticket", appauthor=False) / "config.toml"


def database_address(config: Config, environ: Mapping[str, str], option: str | None) -> str:
    """Where the store is: ``--db``, JDTICKET_DB, the configuration, else the user's own data folder. Raises
    ``UsageError`` for a ``--db`` that is empty."""
    if option == "":
        raise UsageError(_("--db names no file."))
    named = option or environ.get("JDTICKET_DB")
    if named:
        return named if scheme_of(named) else str(Path(named).expanduser())
    return config.database or str(default_database_path())


def default_database_path() -> Path:
    """Where the store is when nobody says: the user's own data folder."""
    import platformdirs

    return platformdirs.user_data_path("jdticket", appauthor=False) / "jdticket.db"


def peek_language(path: Path | None, environ: Mapping[str, str]) -> str | None:
    """The interface's language as the file tells it, None where it does not. Never raises.

    It reads one line and no more, so that what is wrong with the rest can be told in that language.
    """
    try:
        text = (path or config_path(environ)).read_text(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError, RuntimeError):
        return None
    top_level = re.split(r"^[ \t]*\[", text, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(r"""^[ \t]*language[ \t]*=[ \t]*(["'])(\w+)\1""", top_level, re.MULTILINE)
    return found[2] if found is not None and found[2] in LANGUAGES else None
