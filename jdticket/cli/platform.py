"""What the commands share that speak to JD's open platform: applications, authorisations, connections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import typer

from jdticket import clock
from jdticket.cli.session import Session
from jdticket.desk.pushing import Choice, Pushing, Sent
from jdticket.domain.authorisation import Token
from jdticket.domain.replies import DeliveryState, Reply
from jdticket.domain.tickets import Ticket
from jdticket.errors import ConfigError, InputError, PlatformError, StoreError, UsageError
from jdticket.i18n import _
from jdticket.settings.types import Shop
from jdticket.text import one_line, quoted
from jdticket.words import listed

if TYPE_CHECKING:
    from jdticket.desk.authorisation import Authorisation
    from jdticket.platform.workorders import WorkOrders


class PlatformSession:
    """The platform, as one call of the program sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._connections: dict[str, WorkOrders] = {}

    @cached_property
    def pushing(self) -> Pushing:
        """What brings replies to the platform."""
        return self._session.pushing()

    def shops(self, named: list[str] | None) -> list[Shop]:
        """The shops that are named, else all that have an application on the platform.

        Raises ``InputError`` for one that is not known, ``ConfigError`` when there is none.
        """
        config = self._session.config
        if named:
            shops = [_known(config.shop(text), config.shops) for text in named]
            return list({shop.code: shop for shop in shops}.values())
        if not config.platform_shops:
            raise ConfigError(
                _(
                    "No shop has an application on the platform; put one into the configuration, "
                    "in its [[shops]]: {example}"
                ).format(example="jos = { app_key = …, app_secret_env = …, redirect_uri = … }")
            )
        return list(config.platform_shops)

    def shop_of(self, ticket: Ticket) -> Shop:
        """The shop whose application serves the ticket. Raises ``ConfigError`` when it has none, with the way
        round; whether its secret is to be had is another question."""
        shops = {shop.code: shop for shop in self._session.config.shops}
        if len(shops) == 1 and not ticket.shop:
            [shop] = shops.values()
        else:
            shop = shops.get(ticket.shop, Shop(ticket.shop or "-", ticket.shop or "-"))
        if shop.jos is None:
            raise ConfigError(
                _(
                    "Ticket {id}: no application on the platform is configured for its shop ({shop}), so "
                    "nothing can be sent from here. Answer it in the back office and record that with "
                    "jdticket reply, without --send; how to set an application up is in docs/platform.md."
                ).format(id=ticket.id, shop=quoted(shop.name))
            )
        return shop

    def authorisation(self, shop: Shop) -> Authorisation:
        """The shop's authorisation. Raises ``ConfigError`` for a shop without application or secret."""
        from jdticket.desk.authorisation import Authorisation
        from jdticket.platform.oauth import OAuth

        app = self._session.config.app(shop, os.environ)
        return Authorisation(app, OAuth(app), self._session.tokens, clock.system_now, self._session.say)

    def kept_token(self, shop: Shop) -> Token | None:
        """The shop's authorisation as it is kept, for which no secret is needed; None: there is none."""
        from jdticket.desk.authorisation import kept_token

        return None if shop.jos is None else kept_token(self._session.tokens, shop.code, shop.jos.app_key)

    def ending(self, shops: Iterable[Shop]) -> dict[str, str]:
        """Of those shops whose sign-in ends soon, or cannot be looked at, by code: what to say."""
        session = self._session
        found = {}
        for shop in shops:
            try:
                token = self.kept_token(shop)
            except StoreError as error:
                found[shop.code] = error.message
                continue
            if token is not None and self._ends(token):
                until = clock.moment_in_words(token.expires_at, session.now, session.zone)
                said = _(
                    "the sign-in of shop {name} on the platform ends {until} and is not renewed by itself; "
                    "do it now: jdticket auth login {shop}"
                )
                found[shop.code] = said.format(name=one_line(shop.name), until=until, shop=shop.code)
        return found

    def ends_at(self, shops: Iterable[Shop]) -> dict[str, datetime]:
        """Of those shops whose sign-in ends soon, by code: when. What cannot be looked at is left to
        :meth:`ending`."""
        found = {}
        for shop in shops:
            with suppress(StoreError):
                token = self.kept_token(shop)
                if token is not None and self._ends(token):
                    found[shop.code] = token.expires_at
        return found

    def _ends(self, token: Token) -> bool:
        now = self._session.now
        return now < token.expires_at and token.ends_soon(now)

    def connect(self, shop: Shop, *, tries: int | None = None) -> WorkOrders:
        """The shop's work orders; ``tries``: how often a question is asked at most, if not as usual.

        Raises ``ConfigError`` for a shop without application or secret.
        """
        from jdticket.platform.jos import TRIES, JosGateway
        from jdticket.platform.workorders import WorkOrders

        app = self._session.config.app(shop, os.environ)
        token = self.authorisation(shop).token
        gateway = JosGateway(app, token, clock.system_now, tries=tries or TRIES, pause=self._session.pause)
        self._session.at_end(gateway.close)
        return WorkOrders(gateway, _("the platform"), clock.system_now())

    def send(self, reply: Reply, *, subtype: str | None, by: str | None) -> Sent:
        """Bring one reply to the platform. Raises ``PlatformError`` for a person who leaves at the question
        for the second-level type, and says what stands."""
        try:
            return self.pushing.send(reply, self._connected, self._chooser(subtype), by=self._session.by(by))
        except (typer.Abort, KeyboardInterrupt):
            held = self._session.reading().outbox.delivery(reply)
            words = (
                _("Interrupted. The reply is recorded, and may be on the platform; later: jdticket send {id}")
                if held is not None and held.state is DeliveryState.UNKNOWN
                else _(
                    "Interrupted. The reply is recorded, and not on the platform; later: jdticket send {id}"
                )
            )
            # Whatever was typed stands on the line.
            self._session.say("")
            raise PlatformError(words.format(id=reply.ticket_id)) from None

    def _connected(self, ticket: Ticket) -> WorkOrders:
        """One connection for all replies of a shop."""
        shop = self.shop_of(ticket)
        if shop.code not in self._connections:
            # A person waits: not as long as a sync would.
            self._connections[shop.code] = self.connect(shop, tries=2)
        return self._connections[shop.code]

    def _chooser(self, asked: str | None) -> Callable[[Choice], int]:
        """Picks the second-level business type: the one ``asked`` for by number or name, else a person on a
        terminal, else the one that was picked last time."""

        def choose(choice: Choice) -> int:
            if asked is not None:
                return _by_word(asked, choice)
            if len(choice.subtypes) == 1:
                return next(iter(choice.subtypes))
            if self._session.interactive:
                return _by_hand(choice)
            if choice.last is not None:
                return choice.last
            raise UsageError(
                _(
                    "The platform wants a second-level type for {type}; say which with --subtype: {known}"
                ).format(type=choice.type_name or "-", known=_listed(choice.subtypes))
            )

        return choose


def _known(shop: Shop, shops: tuple[Shop, ...]) -> Shop:
    if shop not in shops:
        raise InputError(
            _("There is no shop “{shop}” in the configuration; known: {known}.").format(
                shop=quoted(shop.code), known=_("none")
            )
        )
    return shop


def _by_word(asked: str, choice: Choice) -> int:
    found = _meant(asked, choice.subtypes)
    if found is None:
        raise UsageError(
            _("--subtype: {asked} is none of the types below {type}: {known}").format(
                asked=quoted(asked), type=choice.type_name or "-", known=_listed(choice.subtypes)
            )
        )
    return found


def _meant(asked: str, subtypes: Mapping[int, str]) -> int | None:
    """The type that a person means by its number, its place in the list, its name or a part of that."""
    wanted = asked.strip()
    if wanted.isascii() and wanted.isdigit():
        numbers = list(subtypes)
        number = int(wanted)
        return number if number in subtypes else numbers[number - 1] if 0 < number <= len(numbers) else None
    exact = [number for number, name in subtypes.items() if name == wanted]
    found = exact or [number for number, name in subtypes.items() if wanted and wanted in name]
    return found[0] if len(found) == 1 else None


def _by_hand(choice: Choice) -> int:
    names = list(choice.subtypes.items())
    typer.echo(_("What is the reply to ticket {id} about?").format(id=choice.ticket.id))
    for n, (_number, name) in enumerate(names, 1):
        typer.echo(f"  {n}  {name}")
    numbers = [number for number, _name in names]
    # As text: Typer would take a number for all that may be typed.
    default = str(numbers.index(choice.last) + 1) if choice.last is not None else None
    while True:
        answer = str(typer.prompt(_("Number"), default=default, prompt_suffix=_(": ")))
        found = _meant(answer, choice.subtypes)
        if found is not None:
            return found
        typer.echo(_("A number from 1 to {n}, please.").format(n=len(numbers)))


def _listed(subtypes: Mapping[int, str]) -> str:
    return listed(one_line(name) for name in subtypes.values())
