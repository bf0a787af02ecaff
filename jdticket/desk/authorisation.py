"""A shop's authorisation on the platform: got by a sign-in, renewed before it ends, by one process at a
time, whichever command needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from jdticket.domain.authorisation import App, Grant, Token
from jdticket.errors import PlatformError, RefusedError, StoreError, Trouble
from jdticket.i18n import _
from jdticket.store.interface import TokenStore


class Granting(Protocol):
    """What hands out grants; both methods raise ``PlatformError``."""

    def exchange(self, code: str) -> Grant:
        """The grant for the code of a sign-in."""

    def refresh(self, refresh_token: str) -> Grant:
        """The grant in place of an older one."""


class Authorisation:
    """One shop's authorisation. ``now`` is the present; ``say`` takes a sentence for the person, when a
    renewal failed that is not needed yet."""

    def __init__(
        self,
        app: App,
        granting: Granting,
        tokens: TokenStore,
        now: Callable[[], datetime],
        say: Callable[[str], None],
    ) -> None:
        self._app = app
        self._granting = granting
        self._tokens = tokens
        self._now = now
        self._say = say
        self._held: Token | None = None
        self._not_renewed = False

    def token(self, refused: str | None = None) -> str:
        """The access token, renewed when its end is near, or when the platform has refused ``refused``.

        Raises ``PlatformError`` when the shop has to be signed in.
        """
        held = self._held or self._current()
        good = not self._is_near_its_end(held) or (self._not_renewed and held.expires_at > self._now())
        if refused is None and good:
            self._held = held
            return held.access_token
        try:
            self._held = self._renew(held if refused is None else None, refused)
        except (PlatformError, StoreError) as error:
            if refused is not None or held.expires_at <= self._now():
                raise
            # Good for a while yet; the next command tries again.
            self._held = held
            self._not_renewed = True
            self._say(error.message)
        else:
            self._not_renewed = False
        return self._held.access_token

    def sign_in(self, code: str, others: Collection[str], may_change: Callable[[], bool]) -> Token:
        """Keep what the platform grants for the code of a sign-in.

        ``others`` are the codes of the other shops: one account is one shop's. ``may_change`` is asked
        whether another account than before is meant. Raises ``PlatformError``, and ``RefusedError``.
        """
        with self._tokens.alone():
            grant = self._granting.exchange(code)
            self._must_be_nobody_elses(grant, others)
            before = self.status()
            known = grant.account and before is not None and before.account
            if not known or known & grant.account:
                return self._keep(grant, "", grant.account)
        # Nobody waits for us while a person thinks.
        if not may_change():
            raise RefusedError(
                _(
                    "Shop {shop} was signed in with another account before; nothing was changed. If the new "
                    "one is right: jdticket auth login {shop} --yes"
                ).format(shop=self._app.shop)
            )
        with self._tokens.alone():
            return self._keep(grant, "", grant.account)

    def _must_be_nobody_elses(self, grant: Grant, others: Collection[str]) -> None:
        for token in self._tokens.tokens():
            if token.shop in others and token.account & grant.account:
                raise RefusedError(
                    _(
                        "That account is signed in for shop {other} already, so its tickets would become "
                        "those of {shop}. Sign out in the browser, and agree there with the main account "
                        "of {shop}: jdticket auth login {shop}"
                    ).format(other=token.shop, shop=self._app.shop)
                )

    def refresh(self) -> Token:
        """Renew the token now. Raises ``PlatformError``."""
        with self._tokens.alone():
            return self._refreshed(self._current())

    def status(self) -> Token | None:
        """The token as it is kept; None: the shop was never signed in through this application."""
        return kept_token(self._tokens, self._app.shop, self._app.app_key)

    def _current(self) -> Token:
        token = self.status()
        if token is None:
            raise PlatformError(
                _("Shop {shop} is not signed in on the platform: jdticket auth login {shop}").format(
                    shop=self._app.shop
                ),
                trouble=Trouble.SIGNED_OUT,
            )
        return token

    def _is_near_its_end(self, token: Token) -> bool:
        return self._now() >= token.renew_from()

    def _renew(self, near_its_end: Token | None, refused: str | None) -> Token:
        with self._tokens.alone():
            # While we waited for our turn, another process may have done it.
            current = self._current()
            mine = refused if near_its_end is None else near_its_end.access_token
            return self._refreshed(current) if current.access_token == mine else current

    def _refreshed(self, token: Token) -> Token:
        if not token.refresh_token:
            raise PlatformError(
                _("The authorisation of shop {shop} cannot be renewed: jdticket auth login {shop}").format(
                    shop=self._app.shop
                ),
                trouble=Trouble.SIGNED_OUT,
            )
        grant = self._granting.refresh(token.refresh_token)
        return self._keep(grant, token.refresh_token, grant.account or token.account)

    def _keep(self, grant: Grant, refresh_token: str, account: frozenset[str]) -> Token:
        now = self._now()
        token = Token(
            shop=self._app.shop,
            app_key=self._app.app_key,
            access_token=grant.access_token,
            # A grant without one leaves the old one in force.
            refresh_token=grant.refresh_token or refresh_token,
            got_at=now,
            expires_at=now + grant.lifetime,
            account=account,
        )
        self._tokens.put_token(token)
        return token


def kept_token(tokens: TokenStore, shop: str, app_key: str) -> Token | None:
    """A shop's authorisation as it is kept, for which no secret is needed; None: it was never signed in
    through this application."""
    token = tokens.token(shop)
    return token if token is not None and token.app_key == app_key else None
