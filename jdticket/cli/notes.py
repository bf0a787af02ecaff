"""The notes to the operations managers about an outage: one for each, of their own shops alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from jdticket.i18n import translator

if TYPE_CHECKING:
    from jdticket.cli.session import Session
    from jdticket.desk.outages import OutageStory


class Note(NamedTuple):
    """What to send to one operations manager."""

    manager: str
    """The configured name; empty: none is configured for these shops."""
    shops: tuple[str, ...]
    """Codes; empty: neither the outage nor a ticket names one."""
    text: str


def notes(session: Session, story: OutageStory) -> list[Note]:
    """A note for each manager whose shops the outage stops, in the order of the configuration, then one for
    the shops that have none; in the language of messages."""
    from jdticket.views.note import manager_note

    managers = {shop.code: shop.manager.name for shop in session.config.shops if shop.manager}
    touched = [*(story.outage.shops or session.shop_names), *(ticket.shop for ticket in story.affected)]
    shops_of: dict[str, list[str]] = {}
    for code in dict.fromkeys(touched):
        shops_of.setdefault(managers.get(code, ""), []).append(code)
    found = []
    for manager, codes in sorted(shops_of.items(), key=lambda item: not item[0]) or [("", [])]:
        shops = tuple(filter(None, codes))
        text = manager_note(
            replace(story.outage, shops=shops),
            [ticket for ticket in story.affected if ticket.shop in codes],
            manager=manager,
            shop_names=session.shop_names,
            zone=session.zone,
            gettext=translator(session.config.messages_language).gettext,
        )
        found.append(Note(manager, shops, text))
    return found
