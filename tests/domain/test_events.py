from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jdticket.clock import stored
from jdticket.domain.events import (
    EventKind,
    Payload,
    SaidClosed,
    SaidReopened,
    SaidReplied,
    SaidVoid,
    decoded,
    encoded,
)
from jdticket.domain.replies import DeliveryState
from jdticket.errors import Trouble
from tests.store.making import KEPT, event

BY_THE_PLATFORM = {"source": "JOS", "row": 0, "platform": "已关闭"}


def classes(of: type[Payload] = Payload) -> Iterator[type[Payload]]:
    for one in of.__subclasses__():
        yield one
        yield from classes(one)


def kept(payload: Payload) -> Any:
    """As a store keeps it."""
    return json.loads(json.dumps(encoded(payload), default=stored))


@pytest.mark.parametrize("kind", list(EventKind))
def test_what_is_kept_comes_back_as_the_same_payload_with_the_same_keys(kind: EventKind) -> None:
    payload = decoded(kind, KEPT[kind])
    assert payload.kind is kind
    assert decoded(kind, kept(payload)) == payload
    assert KEPT[kind].items() <= kept(payload).items()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (EventKind.REPLIED, SaidReplied),
        (EventKind.CLOSED, SaidClosed),
        (EventKind.VOIDED, SaidVoid),
        (EventKind.REOPENED, SaidReopened),
    ],
)
def test_a_step_of_the_platforms_is_told_from_the_same_step_of_a_person(
    kind: EventKind, payload: type[Payload]
) -> None:
    assert type(decoded(kind, BY_THE_PLATFORM)) is payload
    assert kept(decoded(kind, BY_THE_PLATFORM)) == BY_THE_PLATFORM
    assert type(decoded(kind, KEPT[kind])) is not payload


def test_every_class_of_payload_that_has_a_kind_is_read_back_as_itself() -> None:
    found = [decoded(kind, KEPT[kind]) for kind in EventKind]
    both = (EventKind.REPLIED, EventKind.CLOSED, EventKind.VOIDED, EventKind.REOPENED)
    found += [decoded(kind, BY_THE_PLATFORM) for kind in both]
    # By name: a class with slots leaves the one behind that it was made from.
    assert {one.__name__ for one in classes() if "kind" in vars(one)} == {type(one).__name__ for one in found}


def test_what_has_its_default_is_not_kept() -> None:
    assert "created_at_unknown" not in kept(event().payload)
    unknown = decoded(EventKind.TAKEN_IN, {**KEPT[EventKind.TAKEN_IN], "created_at_unknown": True})
    assert kept(unknown)["created_at_unknown"] is True


def test_an_entry_from_before_a_key_came_is_read() -> None:
    old = decoded(EventKind.SENT, {"reply": 1, "state": "arrived", "answer": ""})
    assert kept(old) == {
        "reply": 1,
        "state": "arrived",
        "answer": "",
        "trouble": None,
        "code": "",
        "already": False,
        "shop": "",
    }
    failed = decoded(EventKind.NOT_SENT, KEPT[EventKind.NOT_SENT])
    assert (failed.state, failed.trouble) == (DeliveryState.UNSENT, Trouble.REFUSED)


def test_an_unknown_state_of_what_is_kept_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        decoded(EventKind.CLOSED, {"from": "nonsense"})
