"""Whom nobody warns, for every command that must not be silent about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jdticket.cli.session import Session
    from jdticket.domain.coverage import Gap


def gap_lines(session: Session, *, of_the_run: bool = False) -> list[str]:
    """A sentence for each gap between what waits, the channels and the people. ``of_the_run``: `remind`
    asks."""
    config = session.config
    if not config.channels:
        return []
    found = session.reading().looking.gaps(
        [settings.channel for settings in config.channels],
        config.reminders,
        config.duties,
        config.staff,
        [shop.code for shop in config.shops],
        config.unset_variables(os.environ),
        of_the_run=of_the_run,
    )
    return [*_lines(session, found), *bad_texts(session)]


def bad_texts(session: Session) -> list[str]:
    """The texts of messages that cannot be used: the usual ones go out in their place."""
    return [said for key, said in session.config.bad_texts.items() if key[0] == "messages"]


def gap_lines_of_the_file(session: Session) -> list[str]:
    """The same as far as the configuration alone can tell, every shop of which may have tickets."""
    from jdticket.domain.coverage import Gap, GapKind, uncovered, unmentionable, unruled

    config = session.config
    channels = [settings.channel for settings in config.channels]
    shops = {shop.code: 0 for shop in config.shops}
    found = unruled(channels, config.reminders)
    found += uncovered(channels, config.reminders, shops, shops)
    found += unmentionable(channels, config.reminders, config.duties, config.staff)
    if unset := config.unset_variables(os.environ):
        found.append(Gap(GapKind.VARIABLE, names=unset))
    return _lines(session, found)


def _lines(session: Session, gaps: list[Gap]) -> list[str]:
    if not gaps:
        return []
    from jdticket.views.sending import gap_line

    return [gap_line(gap, session.shop_names, now=session.now, zone=session.zone) for gap in gaps]


def ending(session: Session) -> dict[str, str]:
    """What to say of shops whose sign-in on the platform ends soon, by code."""
    if not session.config.platform_shops:
        return {}
    from jdticket.cli.platform import PlatformSession

    return PlatformSession(session).ending(session.config.platform_shops)
