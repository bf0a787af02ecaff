"""What every store promises of outages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from jdticket.domain.outages import OutageReason, Outcome, Via
from jdticket.store.interface import Store
from tests.store.contract.keeping import put
from tests.store.making import NOON, contact, extension, outage, ticket


def test_outages_are_numbered_from_one_and_listed_newest_first(store: Store) -> None:
    with store.transaction():
        older = store.add_outage(outage(since=NOON - timedelta(days=1), until=NOON))
        newer = store.add_outage(outage(shops=(), contacted=True))
    assert (older.id, newer.id) == (1, 2)
    assert store.outages() == [newer, older]
    assert store.outages(uncontacted_only=True) == [older]
    assert store.outage(2) == newer
    assert store.outage(3) is None


def test_an_outage_can_be_ended_and_marked_as_told_to_the_manager(store: Store) -> None:
    with store.transaction():
        held = store.add_outage(outage())
        other = store.add_outage(outage())
        ended = replace(held, until=NOON + timedelta(hours=3), contacted=True, note="来电了", shops=("jd3",))
        store.update_outage(ended)
    assert store.outage(held.id) == ended
    assert store.outages(uncontacted_only=True) == [other]


def test_every_reason_way_and_outcome_can_be_kept(store: Store) -> None:
    with store.transaction():
        outages = [store.add_outage(outage(reason=reason)) for reason in OutageReason]
        contacts = [store.add_contact(contact(1, via=via)) for via in Via]
        contacts += [store.add_contact(contact(1, outcome=outcome)) for outcome in Outcome]
    assert [store.outage(one.id) for one in outages] == outages
    assert store.contacts(1) == contacts
    assert store.contacts(2) == []


def test_contacts_are_listed_oldest_first(store: Store) -> None:
    with store.transaction():
        held = store.add_outage(outage())
        second = store.add_contact(contact(held.id, at=NOON + timedelta(hours=1)))
        first = store.add_contact(contact(held.id))
    assert store.contacts(held.id) == [first, second]


def test_what_was_granted_is_found_by_ticket_and_by_outage(store: Store) -> None:
    put(store, ticket(), ticket("7000001"))
    with store.transaction():
        outages = [store.add_outage(outage()), store.add_outage(outage())]
        contacts = [store.add_contact(contact(one.id)) for one in outages]
        later = extension(contacts[1].id, 2, at=NOON + timedelta(hours=1))
        store.add_extensions([later, extension(contacts[0].id, 1), extension(contacts[0].id, 1, "7000001")])
    of_ticket = store.extensions(ticket_id="59088842")
    assert [replace(one, id=0) for one in of_ticket] == [extension(contacts[0].id, 1), later]
    assert [one.ticket_id for one in store.extensions(outage_id=1)] == ["59088842", "7000001"]
    assert len({one.id for one in store.extensions()}) == 3
