"""Standard output as a channel: cron mails what a job prints."""

from __future__ import annotations

import os
import sys
from datetime import datetime

from jdticket.channels.interface import Address, Carrier, Message
from jdticket.domain.channels import Receipt, Verdict
from jdticket.i18n import _


class Stdout(Carrier):
    """Prints; mentions nobody."""

    size_limit = 1 << 20

    def __init__(self, name: str, address: Address) -> None:  # noqa: ARG002 - it has none
        self.name = name

    def send(self, message: Message, *, now: datetime, timeout: float) -> Receipt:  # noqa: ARG002 - no network
        if getattr(sys.stdout, "name", "") == os.devnull:
            # What stands in for a stream that this process was started without: nobody reads it.
            return Receipt(Verdict.UNREACHABLE, _("there is no standard output"))
        try:
            sys.stdout.write(self.text(message) + "\n")
            sys.stdout.flush()
        except (OSError, UnicodeError):
            return Receipt(Verdict.UNREACHABLE, _("standard output cannot be written to"))
        return Receipt(Verdict.TAKEN, "")


CARRIER = Stdout
