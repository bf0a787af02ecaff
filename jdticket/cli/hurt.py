"""Tickets whose rows in the store cannot be read whole: named by every command that goes on without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from jdticket.errors import StoreError
from jdticket.i18n import _
from jdticket.text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jdticket.cli.session import Session
    from jdticket.domain.tickets import HurtTicket


def hurt_lines(tickets: Sequence[HurtTicket]) -> list[str]:
    """A sentence for each of the tickets."""
    return [
        _(
            "Ticket {id} is damaged in the store: {columns}. Look it up in the back office, and put a backup "
            "in the store's place: jdticket restore BACKUP"
        ).format(
            id=ticket.id,
            columns=", ".join(f"{column} “{quoted(value)}”" for column, value in ticket.unreadable.items()),
        )
        for ticket in tickets
    ]


def may_wait(session: Session, number: str | None = None) -> bool:
    """Name the damaged tickets, if there are any, or that one alone; whether one of them may wait."""
    tickets = [ticket for ticket in session.reading().looking.hurt() if number in (None, ticket.id)]
    for line in hurt_lines(tickets):
        session.say("! " + line)
    return any(ticket.may_wait for ticket in tickets)


def name_hurt(session: Session, number: str | None = None) -> None:
    """Name the damaged tickets, if there are any, or that one alone; the command ends with 5 if one of them
    may wait."""
    if may_wait(session, number):
        raise typer.Exit(StoreError.exit_code)
