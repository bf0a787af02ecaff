"""Every way a command can fail that a person can do something about.

Each kind carries the exit code that scripts rely on (README, "Exit codes"). A message is one
sentence in the reader's language that says what is wrong, where, and what to do.
"""

from __future__ import annotations


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
    """The platform or a notification channel did not do what was asked; worth another try."""

    exit_code = 6
