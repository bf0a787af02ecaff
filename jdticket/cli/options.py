"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from jdticket.i18n import _

WHICH_TICKET = _(
    "The ticket's number or its last digits (three or more), or those of its order's number (six or more)."
)
TicketId = Annotated[str, typer.Argument(metavar=_("TICKET"), help=WHICH_TICKET)]
TicketIds = Annotated[list[str], typer.Argument(metavar=_("TICKET…"), help=WHICH_TICKET)]
By = Annotated[str | None, typer.Option("--by", metavar=_("NAME"), help=_("Who does it."))]
AsJson = Annotated[bool, typer.Option("--json", help=_("Answer in JSON."))]
Shop = Annotated[str | None, typer.Option("--shop", metavar=_("SHOP"), help=_("The shop's code or name."))]
Why = Annotated[str, typer.Option("--why", metavar=_("TEXT"), help=_("Why; it goes on record."))]
Subtype = Annotated[
    str | None,
    typer.Option(
        "--subtype", metavar=_("TYPE"), help=_("The second-level business type, by number or name.")
    ),
]


def example(command: str) -> str:
    """The line under a command's help that shows it in use."""
    return _("Example: {command}").format(command=command)
