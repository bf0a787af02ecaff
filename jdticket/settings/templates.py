"""Texts with placeholders: ``{order_id}`` is one, ``{{`` and ``}}`` are plain braces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter

from jdticket.errors import UsageError
from jdticket.i18n import _
from jdticket.text import quoted
from jdticket.words import listed


def fill_template(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each ``{name}`` replaced by its value; ``{{`` and ``}}`` are plain braces.

    Only names are looked up: no attribute, no index, no format. Raises ``UsageError`` that names every
    placeholder without a value, or tells what is wrong with the template.
    """
    try:
        parts = list(pieces(text))
    except ValueError as error:
        raise UsageError(
            _("The template “{template}” cannot be filled in: {problem}.").format(
                template=quoted(text), problem=error
            )
        ) from error
    missing = dict.fromkeys(name for _literal, name in parts if name is not None and name not in values)
    if missing:
        raise UsageError(
            _("The template needs a value for {names}; give it with {options}.").format(
                names=listed(f"{{{name}}}" for name in missing),
                options=" ".join(f"--set {name}=…" for name in missing),
            )
        )
    return "".join(literal + ("" if name is None else values[name]) for literal, name in parts)


def pieces(template: str) -> Iterator[tuple[str, str | None]]:
    """The template's literal texts, each with the name of the placeholder that follows it.

    Raises ``ValueError`` with the problem in the reader's language.
    """
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(
            _("a brace stands alone; write a placeholder as {example}, a plain brace twice").format(
                example="{order_id}"
            )
        ) from error
    for literal, name, form, conversion in parsed:
        if name is not None and (form or conversion or not name.isidentifier()):
            raise ValueError(
                _("“{placeholder}” is no placeholder; it must be a plain name, such as {example}").format(
                    placeholder=quoted(
                        "{"
                        + name
                        + (f"!{conversion}" if conversion else "")
                        + (f":{form}" if form else "")
                        + "}"
                    ),
                    example="{order_id}",
                )
            )
        yield literal, name
