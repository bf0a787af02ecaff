"""What the platform (JD's open platform, JOS) hands over, and what it takes to ask it.

Like ``model``, of which this is the part that most commands do without: every datetime is aware and in
UTC, and nothing here reads a clock, a file or a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


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
