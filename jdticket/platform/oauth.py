"""The sign-in on JD's open platform: OAuth 2, a person in a browser, a code that is pasted back."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from jdticket.domain.authorisation import App, Grant
from jdticket.errors import PlatformError, Trouble, UsageError
from jdticket.i18n import _
from jdticket.net import NoAnswerError, exchange, short
from jdticket.platform.jos import CALL_SECONDS, json_of, unreachable
from jdticket.text import quoted

_LONGEST, _SHORTEST = timedelta(days=400), timedelta(hours=24)


class OAuth:
    """The three steps of one shop's sign-in, through its application."""

    def __init__(self, app: App) -> None:
        self._app = app

    def address(self) -> str:
        """What a person opens in a browser, signed in there as the shop's main account."""
        query = {
            "app_key": self._app.app_key,
            "response_type": "code",
            "redirect_uri": self._app.redirect_uri,
            "state": self._state(),
            "scope": "snsapi_base",
        }
        return f"{self._app.oauth_url}/to_login?{urlencode(query)}"

    def code_in(self, pasted: str) -> str:
        """The code in what a person pasted: the code itself, or the whole address that the browser was sent
        to. Raises ``UsageError`` for an address without one, or of another sign-in."""
        text = pasted.strip()
        if not text:
            raise UsageError(_("There is no code."))
        try:
            query = parse_qs(urlsplit(text).query) if "?" in text else {}
        except ValueError:
            query = {}
        if query.get("state", [self._state()]) != [self._state()]:
            raise UsageError(
                _(
                    "This address belongs to the sign-in of another shop or application, or the secret has "
                    "changed since; begin again: jdticket auth login {shop}"
                ).format(shop=self._app.shop)
            )
        if "error" in query:
            raise UsageError(
                _("The sign-in was refused there: {words}").format(words=quoted(query["error"][0]))
            )
        code = query.get("code", [""])[0] if query else text
        if re.fullmatch(r"[\w.~-]{1,200}", code, re.ASCII) is None:
            raise UsageError(_("There is no code in it; paste the code, or the whole address with code=…"))
        return code

    def exchange(self, code: str) -> Grant:
        """What the platform hands out for the code of a sign-in. Raises ``PlatformError``."""
        return self._grant("access_token", {"grant_type": "authorization_code", "code": code})

    def refresh(self, refresh_token: str) -> Grant:
        """What the platform hands out in place of an older grant. Raises ``PlatformError``."""
        return self._grant("refresh_token", {"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _state(self) -> str:
        """Comes back with the code. It can be worked out again, so that nothing has to be kept between the
        two steps, and nobody without the secret can make one up."""
        shop = f"jdticket sign-in of {self._app.shop}".encode()
        return hmac.new(self._app.app_secret.encode(), shop, hashlib.sha256).hexdigest()[:24]

    def _grant(self, step: str, query: Mapping[str, str]) -> Grant:
        app = {"app_key": self._app.app_key, "app_secret": self._app.app_secret}
        try:
            answer = exchange(f"{self._app.oauth_url}/{step}", timeout=CALL_SECONDS, params={**app, **query})
        except NoAnswerError as error:
            raise unreachable(str(error), lost=error.left) from error
        secrets = {self._app.app_secret, query.get("code", ""), query.get("refresh_token", "")}
        content = json_of(answer, None)
        access, refresh = content.get("access_token"), content.get("refresh_token")
        seconds = content.get("expires_in")
        if not isinstance(access, str) or not access:
            said = short(str(content.get("msg") or content.get("zh_desc") or "-"), secrets)
            raise PlatformError(
                _(
                    "The platform did not grant it (code {code}: {words}). Look at app_key and the secret; "
                    "if they are right, sign in again: jdticket auth login {shop}"
                ).format(code=content.get("code", "-"), words=said, shop=self._app.shop),
                code=str(content.get("code", "")),
                zh_desc=said,
                trouble=Trouble.SIGNED_OUT,
            )
        account = frozenset(
            f"{name} {content[name]}"
            for name in ("uid", "open_id", "xid")
            if isinstance(content.get(name), str | int) and str(content[name]).strip(" 0")
        )
        return Grant(access, refresh if isinstance(refresh, str) else "", _lifetime(seconds), account)


def _lifetime(seconds: object) -> timedelta:
    """How long a token holds. An answer that does not tell leaves the token none the worse: it is taken to
    hold for as long as the shortest, that of an application under test."""
    try:
        lifetime = timedelta(seconds=float(str(seconds)))
    except (ValueError, OverflowError):
        return _SHORTEST
    if lifetime <= timedelta(0):
        raise unreachable(_("the token that it handed out has ended"), lost=True)
    # No token holds for more than a year: these are milliseconds.
    lifetime = lifetime / 1000 if lifetime > _LONGEST else lifetime
    return lifetime if lifetime <= _LONGEST else _SHORTEST
