"""Who is who: the people of the shop, how they are mentioned, and who leads them (处理人)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Person(NamedTuple):
    """Somebody who handles tickets."""

    name: str
    """As tickets have it in their ``assignee``."""
    mention: tuple[str, ...]
    """Phone numbers and user ids, of every channel that reaches the person."""
    lead: bool = False
    """Is mentioned by every message."""


class Staff:
    """The people of the shop, found by name: neither case nor blanks count."""

    def __init__(self, people: Sequence[Person] = ()) -> None:
        self.people = tuple(people)
        self._by_name = {_key(person.name): person for person in people}
        self.leads = tuple(handle for person in people if person.lead for handle in person.mention)
        """How the leads are mentioned."""

    def holding(self, assignee: str) -> tuple[str, ...]:
        """How the person is mentioned who has a ticket; empty for nobody, and for one that is not known."""
        person = self._by_name.get(_key(assignee))
        return person.mention if person is not None else ()

    def reached_by(self, names: Iterable[str]) -> tuple[str, ...]:
        """How these are mentioned: people by what is on record for them, all others by what is given."""
        found: list[str] = []
        for name in names:
            found += self.holding(name) or (name,)
        return tuple(dict.fromkeys(found))


def _key(name: str) -> str:
    return "".join(name.split()).casefold()
