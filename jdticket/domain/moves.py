"""Which moves a ticket's state allows."""

from __future__ import annotations

from jdticket.domain.tickets import Status

# Which moves each state allows. A second reply is kept ("allowed and kept"), a void ticket takes none.
REPLY_FROM = frozenset({Status.PENDING, Status.REPLIED})
CLOSE_FROM = frozenset({Status.PENDING, Status.REPLIED})
VOID_FROM = frozenset({Status.PENDING, Status.REPLIED})
# The platform rejects replies; a ticket that we declared void was never the shop's.
REJECT_FROM = frozenset({Status.REPLIED, Status.CLOSED})
REOPEN_FROM = frozenset({Status.REPLIED, Status.CLOSED, Status.VOID})
