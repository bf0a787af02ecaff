"""What every store promises of transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from jdticket.domain.tickets import Ticket
from jdticket.store.interface import Store
from tests.store.contract.keeping import Opener, put
from tests.store.making import (
    NOON,
    contact,
    delivery,
    event,
    extension,
    outage,
    reminder,
    reply,
    sent,
    source,
    ticket,
)


def test_what_is_written_in_a_transaction_is_there_for_others_afterwards(
    opener: Opener, store: Store, tmp_path: Path
) -> None:
    put(store, ticket())
    with closing(opener(tmp_path)) as other:
        assert other.ticket("59088842") == ticket()


def test_a_transaction_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put_tickets([ticket()])
        store.append([event("催单")])
        store.add_reply(reply())
        store.add_outage(outage())
        raise ZeroDivisionError
    assert store.ticket("59088842") is None
    assert store.events() == []
    assert store.replies("59088842") == []
    assert store.outages() == []
    put(store, ticket())
    assert store.search(["催单"], 10) == ([], 0)


def test_an_iterable_that_breaks_off_leaves_nothing_behind(store: Store) -> None:
    def broken() -> Iterator[Ticket]:
        yield ticket()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.transaction():
        store.put_tickets(broken())
    assert store.ticket("59088842") is None


def test_others_do_not_see_an_unfinished_transaction(opener: Opener, store: Store, tmp_path: Path) -> None:
    with closing(opener(tmp_path)) as other:
        with store.transaction():
            store.put_tickets([ticket()])
            assert other.ticket("59088842") is None
        assert other.ticket("59088842") is not None


def test_a_rehearsal_sees_what_it_did_and_keeps_nothing(opener: Opener, store: Store, tmp_path: Path) -> None:
    with store.transaction():
        store.put_fact("before", "kept")
    with store.rehearsal():
        with store.transaction():
            store.put_fact("key", "value")
        assert (store.fact("before"), store.fact("key")) == ("kept", "value")
    assert (store.fact("before"), store.fact("key")) == ("kept", None)


def test_nobody_waits_for_a_rehearsal_and_it_sees_nobody(
    opener: Opener, store: Store, tmp_path: Path
) -> None:
    with closing(opener(tmp_path)) as other:
        with store.rehearsal(), store.transaction():
            with other.transaction():
                other.put_fact("key", "another's")
            assert store.fact("key") is None
        assert store.fact("key") == "another's"


def test_what_goes_wrong_in_a_rehearsal_is_not_hidden(store: Store) -> None:
    with pytest.raises(LookupError, match="lost"), store.rehearsal(), store.transaction():
        store.put_fact("key", "value")
        raise LookupError("lost")
    assert store.fact("key") is None


def test_a_transaction_inside_another_is_an_error_of_the_program(store: Store) -> None:
    with store.transaction(), pytest.raises(RuntimeError), store.transaction():
        pass


def test_writing_outside_a_transaction_is_an_error_of_the_program(store: Store) -> None:
    put(store, ticket())
    held = replace(outage(), id=1)
    for write in (
        lambda: store.put_tickets([ticket("7000001")]),
        lambda: store.append([event("催单")]),
        lambda: store.add_reply(reply()),
        lambda: store.put_delivery(delivery(1)),
        lambda: store.add_outage(held),
        lambda: store.update_outage(held),
        lambda: store.add_contact(contact(1)),
        lambda: store.add_extensions([extension(1, 1)]),
        lambda: store.put_remind_at([(ticket(), None)]),
        store.forget_remind_at,
        lambda: store.claim([reminder()], NOON, NOON),
        lambda: store.settle([sent(reminder())]),
        lambda: store.release([reminder()]),
        lambda: store.put_source(source()),
        lambda: store.put_fact("rules", "1"),
    ):
        with pytest.raises(RuntimeError):
            write()


def test_closing_twice_is_no_error(store: Store) -> None:
    store.close()
    store.close()
