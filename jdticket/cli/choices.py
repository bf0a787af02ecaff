"""Options and questions that take one of a few things, by the words that are shown or by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

import typer

from jdticket.domain.tickets import Kind
from jdticket.errors import UsageError
from jdticket.i18n import LANGUAGES, _, translator
from jdticket.text import name_key, quoted
from jdticket.words import Gettext, kind_word, listed, order_word, reason_word, sentences, via_word

_E = TypeVar("_E", bound=StrEnum)
Word = Callable[[_E, Gettext], str]


def meant(text: str, choices: type[_E], word: Word[_E]) -> _E | None:
    """What ``text`` names, by code or by its word in either language; None: nothing."""
    wanted = name_key(text)
    for choice in choices:
        words = (word(choice, translator(language).gettext) for language in LANGUAGES)
        if wanted in map(name_key, (choice.value, *words)):
            return choice
    return None


def known(choices: type[_E], word: Word[_E]) -> str:
    """All that can be chosen, each as it is shown and with its code."""

    def each() -> Iterator[str]:
        for choice in choices:
            said = word(choice, _)
            both = _("{code} ({word})").format(code=choice.value, word=said)
            yield choice.value if name_key(said) == choice.value else both

    return listed(each())


def kind_option(what: str) -> Any:
    """--kind, which takes the platform's words for a kind, too."""

    def named(text: str) -> Kind:
        from jdticket.domain.platform_words import kind_from_words

        found = meant(text, Kind, kind_word) or kind_from_words(text)
        # The platform's words for what is none of our kinds are many; only what we call it chooses it.
        if found is Kind.OTHER and meant(text, Kind, kind_word) is None:
            raise _none_of("--kind", text, Kind, kind_word)
        return found

    return _option("--kind", _("KIND"), what, Kind, kind_word, named)


def order_option(what: str) -> Any:
    """--sort."""
    from jdticket.domain.urgency import Order

    return _option("--sort", _("ORDER"), what, Order, order_word)


def via_option(what: str) -> Any:
    """--via."""
    from jdticket.domain.outages import Via

    return _option("--via", _("WAY"), what, Via, via_word)


def reason_option(what: str) -> Any:
    """--reason."""
    from jdticket.domain.outages import OutageReason

    return _option("--reason", _("REASON"), what, OutageReason, reason_word)


def _option(
    name: str,
    metavar: str,
    what: str,
    choices: type[_E],
    word: Word[_E],
    parser: Callable[[str], _E] | None = None,
) -> Any:
    said = _("One of: {choices}.").format(choices=known(choices, word))
    return typer.Option(
        name,
        metavar=metavar,
        help=sentences(what, said),
        parser=parser or (lambda text: _named(name, text, choices, word)),
        autocompletion=lambda incomplete: [
            choice.value for choice in choices if choice.startswith(incomplete)
        ],
    )


def _named(option: str, text: str, choices: type[_E], word: Word[_E]) -> _E:
    found = meant(text, choices, word)
    if found is None:
        raise _none_of(option, text, choices, word)
    return found


def _none_of(option: str, text: str, choices: type[_E], word: Word[_E]) -> UsageError:
    said = _("{a}: {b} is not one of {c}.")
    return UsageError(said.format(a=option, b=quoted(text), c=known(choices, word)))
