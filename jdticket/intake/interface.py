"""What a source of tickets promises.

A source finds out what stands where and turns text into values; it never looks at the store and
decides nothing. What it cannot read it names as a ``Rejection`` and goes on with the next row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.pages import Page


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the reader of a source has to know."""

    zone: tzinfo
    """The zone of times without an offset."""
    now: datetime
    """When the reading happens; a creation time after it is refused."""
    encoding: str | None = None
    """None: find out."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field -> column heading, for headings that are not known (``--map``); each must be there."""
    usual_columns: Mapping[str, str] = field(default_factory=dict)
    """The same from the configuration: where it is there."""
    copied_at: datetime | None = None
    """When a page was copied, as a person has said; its countdowns count from then."""
    saved_at: datetime | None = None
    """The file's own time: when a page may have been copied or a table exported, if nothing says so."""
    calendar_1904: bool = False
    """Bare numbers that stand for dates count from 1904-01-01."""


class Source(ABC):
    """One file, one stream or one clipboard full of tickets."""

    name: str
    """How messages call it: the file's name, "stdin", "clipboard"."""

    notes: list[str]
    """Filled while reading: sentences for people about the source as a whole, such as a page that
    announces more tickets than were found."""

    pages: list[Page]
    """Filled while reading: what copied pages say of themselves."""

    unclear: bool
    """Known when read: the number of one of its tickets had to be guessed."""

    mentioned: frozenset[str]
    """Known when read: all that could be a ticket's number on a page, wherever it stands."""

    seen_at: datetime | None
    """Known when read: when copied pages were copied; None: nobody can tell, or they are none."""

    @abstractmethod
    def read(self) -> Iterator[Draft | Rejection]:
        """Yield what is found, row by row, in constant memory.

        Raises ``InputError`` when the source as a whole cannot be used: unreadable, empty, binary,
        truncated, password-protected, no usable header. Nothing has been yielded then, except by a
        file that breaks off in the middle.
        """
