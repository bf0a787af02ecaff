"""The two languages of the interface: English source strings, a complete Chinese catalogue.

``_`` and ``ngettext`` follow the language chosen with :func:`use`; ``translator`` gives the
functions of one language for text that leaves the house (the note to the operations manager),
whatever the interface speaks.
"""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("zh", "en")
_DOMAIN = "jdticket"
_LOCALE_DIR = str(Path(__file__).parent / "locale")
_LOCALES = {"zh": "zh_CN", "en": "en"}

_in_use = {"language": "en"}


@lru_cache
def translator(language: str) -> gettext.NullTranslations:
    """The catalogue of ``language`` ("zh" or "en")."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(_DOMAIN, _LOCALE_DIR, [_LOCALES[language]])


def use(language: str) -> None:
    """Speak ``language`` from now on, Typer's own words ("Options", "Missing command") included.

    Typer calls the standard ``gettext.gettext``, which goes by the process's text domain and by
    the LANGUAGE variable; both are set here.
    """
    _in_use["language"] = language
    gettext.bindtextdomain(_DOMAIN, _LOCALE_DIR)
    gettext.textdomain(_DOMAIN)
    os.environ["LANGUAGE"] = _LOCALES[language]


def language() -> str:
    """The language in use, "zh" or "en"."""
    return _in_use["language"]


def _(message: str) -> str:
    """``message`` in the language in use."""
    return translator(_in_use["language"]).gettext(message)


def marked(message: str) -> str:
    """``message`` as it is: for a table that is put into words later. Import it as ``_``."""
    return message


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of the message for ``n`` things, in the language in use."""
    return translator(_in_use["language"]).ngettext(singular, plural, n)


def from_locale(environ: dict[str, str] | os._Environ[str]) -> str:
    """The language that the process's locale asks for: Chinese for any ``zh``, else English.

    The console's language on Windows is asked for only when no variable tells.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    if os.name == "nt":
        import locale

        name = locale.getlocale()[0] or ""
        return "zh" if name.lower().startswith(("zh", "chinese")) else "en"
    return "en"
