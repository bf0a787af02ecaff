"""What the platform (JD's open platform, JOS) hands over, and what it takes to ask it.

Like ``model``, of which this is the part that most commands do without: every datetime is aware and in
UTC, and nothing here reads a clock, a file or a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_RENEWED, _ANNOUNCED = timedelta(days=1), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class App:
    """A merchant's own application on the open platform, through which one shop is served."""

    shop: str
    """The shop's code."""
    app_key: str
    app_secret: str
    """Secret: signs every call."""
    redirect_uri: str
    """Where the browser is sent after the sign-in, as the application has it on the platform; empty: not
    known, and nobody can be signed in."""
    url: str
    """The gateway."""
    oauth_url: str
    """What the three steps of the sign-in stand below."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the platform hands out at a sign-in or a refresh."""

    access_token: str
    """Secret."""
    refresh_token: str
    """Secret."""
    lifetime: timedelta
    """Of the access token, from the moment it was handed out."""
    account: frozenset[str] = frozenset()
    """What the platform calls the account that has agreed, such as "uid 4711"; empty: it does not tell."""


@dataclass(frozen=True, slots=True)
class Token:
    """A shop's authorisation, as it is kept beside the store."""

    shop: str
    app_key: str
    """Of the application it was given to; it is worth nothing to another."""
    access_token: str
    """Secret."""
    refresh_token: str
    """Secret."""
    got_at: datetime
    expires_at: datetime
    account: frozenset[str] = frozenset()
    """See :class:`Grant`."""

    def renew_from(self) -> datetime:
        """From when on it is renewed: a day before its end, of one that lives for a year; of a short one the
        last third of its life."""
        return self.expires_at - min(_RENEWED, (self.expires_at - self.got_at) / 3)

    def ends_soon(self, now: datetime) -> bool:
        """Whether a person has to sign the shop in again: it holds a few days more at most and cannot be
        renewed, or it should have been renewed for a while and was not."""
        if self.refresh_token:
            return now >= self.expires_at - (self.expires_at - self.renew_from()) / 2
        return now >= self.expires_at - min(_ANNOUNCED, (self.expires_at - self.got_at) / 4)
