"""One step with several tickets: those that allow it go in, the others are named."""

from __future__ import annotations

from collections.abc import Sequence

from jdticket.errors import JdticketError, NotFoundError, RefusedError
from jdticket.i18n import _


def refuse(refused: Sequence[JdticketError], asked: int) -> None:
    """Raise what is to be said of those of ``asked`` tickets that were refused: nothing if there are none,
    the reason alone if one was asked for. A rule's refusal outweighs a number that is not found."""
    if not refused:
        return
    if asked == 1:
        raise refused[0]
    first = _("{n} of {total} not done:").format(n=len(refused), total=asked)
    lines = [f"  {line}" for error in refused for line in error.message.splitlines()]
    only_unknown = all(isinstance(error, NotFoundError) for error in refused)
    raise (NotFoundError if only_unknown else RefusedError)("\n".join([first, *lines]))
