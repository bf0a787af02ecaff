"""Every other notification service, by its Apprise URL."""

from __future__ import annotations

import re
from datetime import datetime

from apprise import Apprise, AppriseAsset, NotifyFormat

from jdticket.channels.interface import Address, Carrier, Message
from jdticket.domain.channels import Receipt, Verdict
from jdticket.errors import ConfigError
from jdticket.i18n import _
from jdticket.net import short, within

_SIZE_MAX = 32_768


class AppriseCarrier(Carrier):
    """Mentions nobody; what failed is always worth another try, because Apprise does not tell which."""

    def __init__(self, name: str, address: Address) -> None:
        """Raises ``ConfigError`` when Apprise does not know the URL."""
        self.name = name
        # Without a time limit of its own, and one service after the other, Apprise works in our thread:
        # its pool of threads would keep the process from ending.
        asset = AppriseAsset(service_timeout=0, async_mode=False, http_redirects=False)
        self._apprise = Apprise(asset=asset)
        if not self._apprise.add(address.url):
            raise ConfigError(
                _("channel {name}: url is not one that Apprise knows; see its list of services.").format(
                    name=name
                )
            )
        # Counted in characters there, so in bytes it is on the safe side.
        self.size_limit = min(service.body_maxlen or _SIZE_MAX for service in self._apprise)
        # Tokens stand anywhere in these URLs, even in the place of the host.
        self._secrets = {part for part in re.split(r"[/?&=@:,\s]+", address.url) if len(part) >= 4}

    def send(self, message: Message, *, now: datetime, timeout: float) -> Receipt:  # noqa: ARG002 - no signature
        result = within(
            timeout, lambda: self._apprise.notify(self.text(message), body_format=NotifyFormat.TEXT)
        )
        if result is None:
            words = _("no whole answer within {seconds} s").format(seconds=f"{timeout:g}")
            return Receipt(Verdict.UNSURE, words)
        said = "; ".join(entry.message for entry in result.logs())
        return Receipt(Verdict.TAKEN if result else Verdict.UNREACHABLE, short(said, self._secrets))


CARRIER = AppriseCarrier
