"""Which tickets a list, a check or an export is about: what narrows and orders, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from jdticket.cli.choices import kind_option, order_option
from jdticket.cli.session import Session
from jdticket.domain.tickets import Kind, TicketQuery
from jdticket.domain.urgency import Order
from jdticket.errors import UsageError
from jdticket.i18n import _
from jdticket.text import name_key, one_line
from jdticket.words import kind_word, listed

Shops = Annotated[
    list[str] | None,
    typer.Option("--shop", metavar=_("SHOP"), help=_("The shop's code or name; may be given several times.")),
]
Kinds = Annotated[list[Kind] | None, kind_option(_("One kind only; may be given several times."))]
Assignee = Annotated[
    str | None,
    typer.Option(
        "--assignee", metavar=_("NAME"), help=_("Those assigned to this person; @me is you, @nobody no one.")
    ),
]
Sort = Annotated[Order, order_option(_("In another order."))]

_ME = ("@me", "@我")
_NOBODY = ("@nobody", "@没人")


def whose(
    session: Session, shops: Iterable[str] | None, kinds: Iterable[Kind] | None, assignee: str | None
) -> TicketQuery:
    """The choice that these options make. Raises ``InputError`` for a shop that is not known, ``UsageError``
    where nobody says who @me is."""
    codes = [session.config.shop_code(shop) for shop in shops or ()]
    return TicketQuery(
        shops=tuple(dict.fromkeys(codes)),
        kinds=tuple(dict.fromkeys(kinds or ())),
        assignee=None if assignee is None else _person(session, assignee),
    )


def _person(session: Session, assignee: str) -> str:
    wanted = name_key(assignee)
    if wanted in _NOBODY:
        return ""
    if wanted not in _ME:
        return " ".join(assignee.split())
    name, _where = session.me
    if not name:
        raise UsageError(_('Nobody says who you are; set JDTICKET_ME, or me = "NAME" in the configuration.'))
    return name


def named(session: Session, query: TicketQuery) -> str:
    """Whose numbers these are, in words; empty for the whole desk's."""
    parts = [one_line(session.shop_names.get(code, code)) or "-" for code in query.shops]
    parts += map(kind_word, query.kinds)
    if query.assignee is not None:
        parts.append(one_line(query.assignee) or _("assigned to nobody"))
    return listed(parts)
