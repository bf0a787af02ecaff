"""The watchdog that notices when no run comes any more: an address that is fetched after each good one."""

from __future__ import annotations

from jdticket.errors import ChannelError
from jdticket.i18n import _
from jdticket.net import NoAnswerError, exchange


def beat(url: str, *, timeout: float) -> None:
    """Fetch ``url`` within so many seconds.

    Raises ``ChannelError`` for no answer and for one that refuses; it says why in one line and never shows
    the address.
    """
    try:
        answer = exchange(url, timeout=timeout)
    except NoAnswerError as error:
        raise ChannelError(str(error)) from error
    if 300 <= answer.status < 400:
        # Where to is anyone's guess: the sign-in of a network redirects everything.
        raise ChannelError(_("HTTP {status}: redirected, which is not followed").format(status=answer.status))
    if answer.status >= 400:
        raise ChannelError(f"HTTP {answer.status}")
