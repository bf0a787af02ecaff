"""The ready-to-send note to the operations manager."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from jdticket.domain.outages import Outage
from jdticket.domain.tickets import Ticket
from jdticket.text import one_line
from jdticket.words import kind_said, listed, reason_word


def manager_note(
    outage: Outage,
    affected: Sequence[Ticket],
    *,
    manager: str = "",
    shop_names: Mapping[str, str],
    zone: tzinfo,
    gettext: Callable[[str], str],
) -> str:
    """What to send to the JD operations manager about ``outage``: shop, reason, since when, the tickets
    with their deadlines, and what is asked for ("contact the operations manager at once and explain",
    seller guide). Speaks the language of ``gettext``."""
    _ = gettext
    shops = listed((one_line(shop_names.get(code, code)) for code in outage.shops), _)

    def moment(when: datetime) -> str:
        # In full: the note is forwarded, and read on another day.
        return f"{when.astimezone(zone):%Y-%m-%d %H:%M}"

    since = moment(outage.since)
    if not shops:
        greeting = _("Hello.")
    elif manager:
        greeting = _("Hello {manager}, this is the shop {shops}.").format(
            manager=one_line(manager), shops=shops
        )
    else:
        greeting = _("Hello, this is the shop {shops}.").format(shops=shops)
    told = {"reason": reason_word(outage.reason, _), "since": since}
    if outage.until is None:
        cause = _(
            "Because of {reason} we have not been able to handle platform tickets since {since}."
        ).format(**told)
    else:
        cause = _(
            "Because of {reason} we could not handle platform tickets from {since} until {until}."
        ).format(until=moment(outage.until), **told)
    lines = [_("{first} {second}").format(first=greeting, second=cause)]
    if outage.note:
        lines.append(_("Details: {note}").format(note=one_line(outage.note)))
    if affected:
        lines.append(_("Tickets affected ({n}), with their deadlines:").format(n=len(affected)))
        lines += [
            _("- ticket {id}, order {order}, {kind}, due {deadline}").format(
                id=ticket.id,
                order=ticket.order_id or "-",
                kind=kind_said(ticket, _),
                deadline=moment(ticket.deadline_at),
            )
            for ticket in affected
        ]
        lines.append(
            _("Please extend the time to answer these tickets and waive the penalties; we can provide proof.")
        )
    else:
        lines.append(_("No open ticket is affected so far; we will tell you at once if one is."))
    return "\n".join(lines)
