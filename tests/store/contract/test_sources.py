"""What every store promises of the pulling of work orders, and of facts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jdticket.domain.sources import SourceState
from jdticket.errors import Trouble
from jdticket.store.interface import Store
from tests.store.contract.keeping import Opener
from tests.store.making import NOON, source


def put_source(store: Store, *sources: SourceState) -> None:
    with store.transaction():
        for one in sources:
            store.put_source(one)


_FAILING = source(
    good_at=NOON,
    read_until=NOON + timedelta(seconds=1),
    swept_at=NOON + timedelta(seconds=2),
    busy_until=NOON + timedelta(seconds=3),
    failing_since=NOON + timedelta(seconds=4),
    trouble=Trouble.REFUSED,
    code="19",
    words="无效access_token \0 😀",
    failed_since=NOON + timedelta(seconds=5),
    back_at=NOON + timedelta(seconds=6),
)


def test_how_the_pulling_goes_comes_back_as_it_went_in(store: Store) -> None:
    assert store.source("jd3") is None
    assert store.sources() == []
    put_source(store, _FAILING, source("jd5"))
    assert store.source("jd3") == _FAILING
    assert store.source("jd5") == SourceState("jd5")
    assert store.source("jd") is None
    assert store.sources() == [_FAILING, SourceState("jd5")]


def test_every_trouble_of_the_pulling_can_be_kept(store: Store) -> None:
    troubles = [source(trouble.value, failing_since=NOON, trouble=trouble) for trouble in Trouble]
    put_source(store, *troubles)
    assert [store.source(one.shop) for one in troubles] == troubles


def test_how_the_pulling_goes_is_what_was_put_last(store: Store) -> None:
    other = replace(_FAILING, shop="jd31")
    put_source(store, other)
    for one in (_FAILING, source(), _FAILING, source(good_at=NOON, back_at=NOON)):
        put_source(store, one)
        assert store.sources() == [one, other]


def test_shops_are_told_of_by_their_code(store: Store) -> None:
    shops = ["jd5", "", "京东3店", "jd31", "jd3"]
    put_source(store, *(source(shop) for shop in shops))
    assert [one.shop for one in store.sources()] == sorted(shops)


def test_how_the_pulling_goes_in_a_step_that_failed_never_was(store: Store) -> None:
    put_source(store, source())
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put_source(_FAILING)
        store.put_source(source("jd5"))
        raise ZeroDivisionError
    assert store.sources() == [source()]


# Facts


def test_a_fact_is_what_was_put_last(opener: Opener, store: Store, tmp_path: Path) -> None:
    assert store.fact("rules") is None
    for value in ("1", "", "京东 \0 😀"):
        with store.transaction():
            store.put_fact("rules", value)
            store.put_fact("heartbeat", "x")
        assert store.fact("rules") == value
    with closing(opener(tmp_path)) as other:
        assert (other.fact("rules"), other.fact("heartbeat")) == ("京东 \0 😀", "x")
