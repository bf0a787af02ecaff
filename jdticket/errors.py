"""Every way a command can fail that a person can do something about.

Each kind carries the exit code that scripts rely on (README, "Exit codes"). A message is one
sentence in the reader's language that says what is wrong, where, and what to do.
"""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """Why the platform could not be asked."""

    UNREACHABLE = "unreachable"
    """It gave no answer that can be understood."""
    REFUSED = "refused"
    """It gave an error code."""
    SIGNED_OUT = "signed_out"
    """The shop is not signed in there, or its authorisation has ended."""
    SETTINGS = "settings"
    """The application's secret, or something else of ours, is missing."""
    UNDECIDED = "undecided"
    """A person has yet to choose the second-level business type of a reply."""


class JdticketError(Exception):
    """Base of all expected failures; the command line shows ``message`` and exits with ``exit_code``."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputError(JdticketError):
    """A file, a row or a value that cannot be taken as it is."""


class ConfigError(JdticketError):
    """config.toml has a problem; the message names the key."""


class UsageError(JdticketError):
    """The command was called in a way that has no meaning (a time that is none, two texts for one reply)."""

    exit_code = 2


class NotFoundError(JdticketError):
    """No such ticket or outage, or a shortened number that fits several."""

    exit_code = 3


class RefusedError(JdticketError):
    """A rule forbids it: the state does not allow the move, the reply is not effective."""

    exit_code = 4


class StoreError(JdticketError):
    """The database is locked, read-only, damaged, from a newer version, or the disk is full."""

    exit_code = 5


class ChannelError(JdticketError):
    """A notification channel did not do what was asked; worth another try."""

    exit_code = 6


class PlatformError(JdticketError):
    """JD's open platform did not do what was asked."""

    exit_code = 6

    def __init__(
        self,
        message: str,
        *,
        trouble: Trouble = Trouble.REFUSED,
        code: str = "",
        zh_desc: str = "",
        lost: bool = False,
        one_request: bool = False,
    ) -> None:
        """``code`` and ``zh_desc`` are the platform's own; empty when there was no answer.

        ``lost``: what was asked may have been done all the same. ``one_request``: it is about what was
        asked, and says nothing of the next request.
        """
        super().__init__(message)
        self.trouble = trouble
        self.code = code
        self.zh_desc = zh_desc
        self.lost = lost
        self.one_request = one_request


class IncompleteListError(PlatformError):
    """A list of the platform's does not add up: not all that it announces was seen, or it kept changing. What
    was seen is good, and so are other lists."""
