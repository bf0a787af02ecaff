"""Questions to whoever sits at the terminal."""

from __future__ import annotations

import typer

from jdticket.i18n import _
from jdticket.text import name_key

_ANSWERS = {
    **dict.fromkeys(("y", "yes", "是", "好"), True),
    **dict.fromkeys(("n", "no", "否", ""), False),
}


def agreed(question: str) -> bool:
    """Whether a person says yes, asked on standard error; Enter alone is no. Both languages are understood,
    whichever the interface speaks: an input method is not switched for one letter."""
    while True:
        answer = typer.prompt(
            f"{question} [y/N]", default="", show_default=False, prompt_suffix=_(": "), err=True
        )
        said = _ANSWERS.get(name_key(str(answer)))
        if said is not None:
            return said
        typer.echo(_("Yes or no, please: y or n."), err=True)
