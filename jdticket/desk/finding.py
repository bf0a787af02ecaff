"""The ticket that a person means, and whether its state allows what they want."""

from __future__ import annotations

from datetime import datetime, tzinfo

from jdticket import clock
from jdticket.domain.tickets import Status, Ticket
from jdticket.errors import NotFoundError, RefusedError
from jdticket.i18n import _, ngettext
from jdticket.store.interface import Store
from jdticket.text import one_line
from jdticket.words import status_word

_CANDIDATES_SHOWN = 10


def find(store: Store, number: str, now: datetime, zone: tzinfo) -> Ticket:
    """The ticket with this number, or the only one whose number ends with these digits (three or more).

    Raises ``NotFoundError`` when there is none, or when there are several: it lists them, their deadlines as
    they are said at ``now`` in ``zone``.
    """
    digits = number.strip().lstrip("#")
    if not digits.isascii() or not digits.isdigit():
        raise NotFoundError(
            _("{number!r} is no ticket number; give the number, or its last digits (three or more).").format(
                number=number[:40]
            )
        )
    ticket = store.ticket(digits)
    if ticket is not None:
        return ticket
    if len(digits) < 3:
        raise NotFoundError(
            _("{number} is too short: give the last three digits of the ticket number, or more.").format(
                number=digits
            )
        )
    candidates, total = store.tickets_ending_with(digits, _CANDIDATES_SHOWN)
    if total == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            _("No ticket has the number {number} or ends with it; see: jdticket list").format(number=digits)
        )
    lines = [
        ngettext(
            "{total} ticket ends with {number}; give one digit more:",
            "{total} tickets end with {number}; give one digit more:",
            total,
        ).format(total=total, number=digits)
    ]
    for ticket in candidates:
        due = _("due {deadline}").format(deadline=clock.moment_in_words(ticket.deadline_at, now, zone))
        shop = [one_line(ticket.shop)] if ticket.shop else []
        facts = [ticket.id, *shop, due, ticket.order_id or "-", status_word(ticket.status)]
        lines.append("  " + "  ".join(facts))
    if total > len(candidates):
        lines.append("  " + _("and {more} more").format(more=total - len(candidates)))
    raise NotFoundError("\n".join(lines))


def must_allow(ticket: Ticket, allowed: frozenset[Status], move: str) -> None:
    """Raises ``RefusedError`` unless the ticket's status is among ``allowed``; ``move`` says what it
    cannot do then."""
    if ticket.status not in allowed:
        hint = "" if ticket.status is Status.PENDING else _(" If that is wrong: jdticket reopen {id} --why …")
        raise RefusedError(
            _("Ticket {id} is {status}, so it cannot {move}.").format(
                id=ticket.id, status=status_word(ticket.status), move=move
            )
            + hint.format(id=ticket.id)
        )
