"""The ticket that a person means, and whether its state allows what they want."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from jdticket import clock
from jdticket.domain.tickets import Status, Ticket
from jdticket.errors import NotFoundError, RefusedError
from jdticket.i18n import _, ngettext
from jdticket.store.interface import Store
from jdticket.text import half_width_digits, one_line
from jdticket.words import status_word

_CANDIDATES_SHOWN = 10
_LEAST_OF_TICKET = 3
_LEAST_OF_ORDER = 6


def find(store: Store, number: str, now: datetime, zone: tzinfo) -> Ticket:
    """The ticket with this number, or the only one whose number ends with these digits (three or more), or
    else the only one whose order's number is or ends with them (six or more).

    Raises ``NotFoundError`` when there is none, or when there are several: it lists them, their deadlines as
    they are said at ``now`` in ``zone``.
    """
    digits = half_width_digits(number).strip().lstrip("#＃")
    if not digits.isascii() or not digits.isdigit():
        raise NotFoundError(
            _("{number!r} is no ticket number; give the number, or its last digits (three or more).").format(
                number=number[:40]
            )
        )
    ticket = store.ticket(digits)
    if ticket is not None:
        return ticket
    if len(digits) < _LEAST_OF_TICKET:
        raise NotFoundError(
            _("{number} is too short: give the last three digits of the ticket number, or more.").format(
                number=digits
            )
        )
    candidates, total = store.tickets_ending_with(digits, _CANDIDATES_SHOWN)
    said = ngettext(
        "{total} ticket ends with {number}; give one digit more:",
        "{total} tickets end with {number}; give one digit more:",
        total,
    )
    if not candidates and len(digits) >= _LEAST_OF_ORDER:
        candidates, total = store.tickets_by_order(digits, _CANDIDATES_SHOWN)
        said = ngettext(
            "{total} ticket is about an order with the number {number} or this ending; name the ticket:",
            "{total} tickets are about an order with the number {number} or this ending; name the ticket:",
            total,
        )
    if total == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            _(
                "No ticket has the number {number} or ends with it, nor has a ticket's order; "
                "see: jdticket list"
            ).format(number=digits)
        )
    raise NotFoundError(
        "\n".join([said.format(total=total, number=digits), *_lines(candidates, total, now, zone)])
    )


def _lines(candidates: Sequence[Ticket], total: int, now: datetime, zone: tzinfo) -> Iterator[str]:
    """The tickets that a person may mean, as they are told apart."""
    for ticket in candidates:
        due = _("due {deadline}").format(deadline=clock.moment_in_words(ticket.deadline_at, now, zone))
        shop = [one_line(ticket.shop)] if ticket.shop else []
        facts = [ticket.id, *shop, due, ticket.order_id or "-", status_word(ticket.status)]
        yield "  " + "  ".join(facts)
    if total > len(candidates):
        yield "  " + _("and {more} more").format(more=total - len(candidates))


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
