"""What every store promises of the ledger of reminders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from jdticket.domain.channels import ChannelTrouble
from jdticket.domain.reminders import Reminder, ReminderRule, ReminderState
from jdticket.domain.tickets import Status
from jdticket.store.interface import Store
from tests.store.contract.keeping import put
from tests.store.making import NOON, failed, outage, reminder, sent, ticket

_HOUR = timedelta(hours=1)
_CLAIM = timedelta(minutes=3)
_SECOND = timedelta(seconds=1)


def claim(store: Store, *wanted: Reminder, now: datetime = NOON) -> list[Reminder]:
    with store.transaction():
        return store.claim(wanted, now, now + _CLAIM)


def settle(store: Store, *settled: Reminder) -> None:
    with store.transaction():
        store.settle(settled)


def release(store: Store, *released: Reminder) -> None:
    with store.transaction():
        store.release(released)


@pytest.fixture
def ledger(store: Store) -> Store:
    """A store with a ticket and an outage to remind of."""
    put(store, ticket(), ticket("7000001"))
    with store.transaction():
        store.add_outage(outage())
        store.add_outage(outage())
    return store


def test_a_claim_is_in_the_ledger_before_anything_is_sent(ledger: Store) -> None:
    wanted = reminder(state=ReminderState.SENT, sent_at=NOON, answer="ok", attempts=7, id=77, refused=True)
    [claimed] = claim(ledger, wanted)
    assert claimed == reminder(claim_expires_at=NOON + _CLAIM, attempts=1, id=claimed.id)
    assert ledger.reminders() == [claimed]


def test_reminders_of_every_rule_come_back_as_they_went_in(ledger: Store) -> None:
    wanted = [reminder(rule=rule, step=rule.value, due_at=NOON + _HOUR) for rule in ReminderRule]
    wanted.append(reminder(step="outage_contact:2", ticket_id=None, outage_id=2, deadline_at=None))
    wanted.append(reminder(step="opening:2026-11-24", ticket_id=None, deadline_at=None))
    claimed = claim(ledger, *wanted)
    assert [one._replace(claim_expires_at=NOON, attempts=0, id=0) for one in claimed] == wanted
    assert ledger.reminders() == claimed[::-1]


def test_claims_come_back_in_the_order_wanted(ledger: Store) -> None:
    steps = [f"before:{n * 7 % 40}" for n in range(40)]
    claim(ledger, *(reminder(step=step) for step in sorted(steps)))
    again = claim(ledger, *(reminder(step=step) for step in steps), now=NOON + _CLAIM)
    assert [one.step for one in again] == steps


_NAMES: list[dict[str, object]] = [
    {},
    {"ticket_id": "7000001"},
    {"ticket_id": None},
    {"ticket_id": None, "outage_id": 1},
    {"ticket_id": None, "outage_id": 2},
    {"deadline_at": NOON + 5 * _HOUR},
    {"deadline_at": None},
    {"ticket_id": None, "deadline_at": None},
    {"ticket_id": None, "outage_id": 1, "deadline_at": None},
    {"step": "before:600"},
    {"channel": "老板"},
]


def test_ticket_outage_deadline_step_and_channel_name_a_reminder(ledger: Store) -> None:
    wanted = [reminder(**name) for name in _NAMES]
    assert len(claim(ledger, *wanted)) == len(_NAMES)
    assert claim(ledger, *wanted) == []
    assert claim(ledger, reminder(due_at=NOON + _HOUR, rule=ReminderRule.OVERDUE)) == []
    assert len(ledger.reminders()) == len(_NAMES)


def test_a_reminder_wanted_twice_at_once_is_claimed_once(ledger: Store) -> None:
    assert len(claim(ledger, reminder(), reminder())) == 1


def test_a_claim_holds_until_it_ends(ledger: Store) -> None:
    [first] = claim(ledger, reminder())
    assert claim(ledger, reminder(), now=NOON + _CLAIM - _SECOND) == []
    [second] = claim(ledger, reminder(), now=NOON + _CLAIM)
    assert second == first._replace(claimed_at=NOON + _CLAIM, claim_expires_at=NOON + 2 * _CLAIM, attempts=2)
    assert ledger.reminders() == [second]


def test_a_claim_made_before_the_clock_was_put_back_blocks_no_longer_than_any_other(ledger: Store) -> None:
    [first] = claim(ledger, reminder())
    for early in (_SECOND, _CLAIM):
        assert claim(ledger, reminder(), now=NOON - early) == []
    [again] = claim(ledger, reminder(), now=NOON - _CLAIM - _SECOND)
    assert (again.id, again.attempts) == (first.id, 2)


def test_a_failed_reminder_can_be_claimed_at_once_and_starts_afresh(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    settle(ledger, failed(claimed, refused=True))
    [again] = claim(ledger, reminder())
    assert again == claimed._replace(attempts=2)


def test_a_reminder_that_may_have_arrived_waits_before_it_is_tried_again(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    settle(ledger, failed(claimed, copies=1, retry_at=NOON + _HOUR))
    assert claim(ledger, reminder(), now=NOON + _HOUR - _SECOND) == []
    [again] = claim(ledger, reminder(), now=NOON + _HOUR)
    assert (again.copies, again.retry_at, again.attempts) == (1, None, 2)


def test_a_clock_that_was_put_back_does_not_make_a_reminder_wait_longer(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    settle(ledger, failed(claimed, copies=1, retry_at=NOON + _HOUR))
    assert len(claim(ledger, reminder(), now=NOON - _CLAIM - _SECOND)) == 1


def test_one_that_was_sent_often_enough_is_never_claimed_again(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    unsure = claimed._replace(state=ReminderState.UNSURE, copies=3, answer="HTTP 504")
    settle(ledger, unsure)
    assert ledger.reminders() == [unsure]
    assert len(ledger.ledger_trouble()) == 1
    for now in (NOON - 24 * _HOUR, NOON, NOON + 1000 * _HOUR):
        assert claim(ledger, reminder(), now=now) == []


def test_a_sent_reminder_is_never_claimed_again(ledger: Store) -> None:
    settle(ledger, *map(sent, claim(ledger, reminder())))
    for now in (NOON - 24 * _HOUR, NOON, NOON + 1000 * _HOUR):
        assert claim(ledger, reminder(), now=now) == []


def test_what_became_of_a_reminder_is_in_the_ledger(ledger: Store) -> None:
    one, other, third = claim(ledger, *(reminder(step=step) for step in "abc"))
    settled = [
        sent(one, sent_at=NOON + _SECOND, answer='{"errcode":0}'),
        failed(other, answer="keywords not in content", refused=True),
        failed(third),
    ]
    settle(ledger, *settled)
    assert ledger.reminders() == settled[::-1]


@pytest.mark.parametrize("outcome", [sent, failed])
@pytest.mark.parametrize("settled_first", [False, True])
def test_whoever_lost_a_claim_does_not_settle_it(
    ledger: Store, outcome: Callable[[Reminder], Reminder], settled_first: bool
) -> None:
    [lost] = claim(ledger, reminder())
    if settled_first:
        settle(ledger, failed(lost))
    [held] = claim(ledger, reminder(), now=NOON + _CLAIM)
    settle(ledger, outcome(lost))
    release(ledger, lost)
    assert ledger.reminders() == [held]
    assert bool(ledger.ledger_trouble()) == settled_first


def test_whoever_lost_a_claim_does_not_settle_it_when_the_next_holder_has_given_it_back(
    ledger: Store,
) -> None:
    [lost] = claim(ledger, reminder())
    [between] = claim(ledger, reminder(), now=NOON + _CLAIM)
    release(ledger, between)
    settle(ledger, failed(lost))
    assert [one.state for one in ledger.reminders()] == [ReminderState.CLAIMED]


def test_two_claims_of_one_second_are_told_apart(ledger: Store) -> None:
    [lost] = claim(ledger, reminder())
    settle(ledger, failed(lost))
    [held] = claim(ledger, reminder())
    settle(ledger, sent(lost))
    assert ledger.reminders() == [held]


@pytest.mark.parametrize("first", [sent, failed])
@pytest.mark.parametrize("second", [sent, failed])
def test_what_is_settled_stays_settled(
    ledger: Store, first: Callable[[Reminder], Reminder], second: Callable[..., Reminder]
) -> None:
    [claimed] = claim(ledger, reminder())
    settle(ledger, first(claimed))
    trouble = ledger.ledger_trouble()
    settle(ledger, second(claimed, answer="later"))
    release(ledger, claimed)
    assert ledger.reminders() == [first(claimed)]
    assert ledger.ledger_trouble() == trouble


def test_a_claim_that_was_given_back_can_be_taken_at_once_and_counts_no_attempt(ledger: Store) -> None:
    [claimed] = claim(ledger, reminder())
    release(ledger, claimed)
    assert ledger.reminders() == [claimed._replace(claim_expires_at=NOON, attempts=0)]
    assert claim(ledger, reminder()) == [claimed]
    assert ledger.ledger_trouble() == []


def test_a_claim_of_a_step_that_failed_never_was(ledger: Store) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction():
        ledger.claim([reminder()], NOON, NOON + _CLAIM)
        raise ZeroDivisionError
    assert ledger.reminders() == []


def test_the_ledger_is_read_newest_first_by_ticket_by_step_by_failure(ledger: Store) -> None:
    names = [(ticket_id, step) for step in "abc" for ticket_id in ("59088842", "7000001")]
    claimed = claim(ledger, *(reminder(ticket_id=ticket_id, step=step) for ticket_id, step in names))
    settle(ledger, sent(claimed[1]), failed(claimed[2]), failed(claimed[5]))

    def read(**chosen: Any) -> list[tuple[str | None, str]]:
        return [(one.ticket_id, one.step) for one in ledger.reminders(**chosen)]

    assert read() == names[::-1]
    assert read(limit=2) == names[:3:-1]
    assert read(ticket_id="59088842") == names[4::-2]
    assert read(step="b") == [names[3], names[2]]
    assert read(failed_only=True) == [names[5], names[2]]
    assert read(failed_only=True, ticket_id="7000001") == [names[5]]
    assert read(failed_only=True, step="b", ticket_id="59088842", limit=5) == [names[2]]
    assert read(ticket_id="9999999") == read(step="") == read(limit=0) == []


def test_reminders_are_found_by_how_their_step_begins(ledger: Store) -> None:
    shops = [
        "jd3",
        "jd31",
        "jd",
        "JD3",
        "j_3",
        "jd3:",
        "jd%",
        "*",
        "京东3店",
        "京东31店",
        "京东3",
        "",
        "\U0001f600",
    ]
    since = "2026-11-23T04:00:00Z"
    steps = [f"source:{shop}:{since}:{times}" for times in range(2) for shop in shops]
    steps += [f"source_back:jd3:{since}", "source:", "source", "sourcf", "before:1800"]
    claim(ledger, *(reminder(step=step) for step in steps))
    beginnings = [f"source:{shop}:{since}:" for shop in shops] + [f"source:{shop}:" for shop in shops]
    for begins in [*beginnings, *steps, "", "s", "source", "source:", "source:jd3", "source:京", "x"]:
        found = [one.step for one in ledger.reminders(step_begins=begins)]
        assert found == [step for step in steps[::-1] if step.startswith(begins)], begins


def test_how_a_step_begins_narrows_the_choice_like_everything_else(ledger: Store) -> None:
    names = [(ticket_id, step) for step in ("a:1", "a:2", "b:1") for ticket_id in ("59088842", "7000001")]
    claimed = claim(ledger, *(reminder(ticket_id=ticket_id, step=step) for ticket_id, step in names))
    settle(ledger, failed(claimed[1]), failed(claimed[3]), failed(claimed[5]), sent(claimed[2]))

    def read(**chosen: Any) -> list[int]:
        return [names.index((one.ticket_id, one.step)) for one in ledger.reminders(**chosen)]

    assert read(step_begins="a:") == [3, 2, 1, 0]
    assert read(step_begins="a:", limit=3) == [3, 2, 1]
    assert read(step_begins="a:", ticket_id="59088842") == [2, 0]
    assert read(step_begins="a:", failed_only=True) == [3, 1]
    assert read(step_begins="a:", step="a:1") == [1, 0]
    assert read(step_begins="a:", step="b:1") == []


# What failed and is not due any more


def still_failing(store: Store) -> list[str]:
    with store.transaction():
        store.supersede()
    return [one.step for one in store.reminders(failed_only=True)]


def test_a_later_step_of_the_same_ticket_on_the_same_channel_supersedes_one_that_failed(
    ledger: Store,
) -> None:
    steps = [reminder(step="a"), reminder(step="b", ticket_id="7000001"), reminder(step="c", channel="老板")]
    settle(ledger, *map(failed, claim(ledger, *steps)))
    assert still_failing(ledger) == ["c", "b", "a"]
    settle(ledger, *map(failed, claim(ledger, reminder(step="d"))))
    assert still_failing(ledger) == ["d", "c", "b"]
    assert ledger.reminders()[-1].state is ReminderState.SUPERSEDED
    [again] = claim(ledger, reminder(step="a"))
    assert again.attempts == 2


def test_what_was_sent_or_is_claimed_is_never_superseded(ledger: Store) -> None:
    settle(ledger, *map(sent, claim(ledger, reminder(step="a"))))
    claim(ledger, reminder(step="b"), reminder(step="c"))
    before = ledger.reminders()
    assert still_failing(ledger) == []
    assert ledger.reminders() == before


@pytest.mark.parametrize(
    "ended",
    [{"status": Status.CLOSED}, {"status": Status.REPLIED}, {"deadline_at": NOON + 9 * _HOUR}],
    ids=["closed", "replied", "deadline moved"],
)
def test_what_a_ticket_does_not_wait_for_any_more_is_superseded(
    ledger: Store, ended: dict[str, object]
) -> None:
    settle(ledger, *map(failed, claim(ledger, reminder())))
    put(ledger, ticket(deadline_at=NOON + 4 * _HOUR))
    assert still_failing(ledger) == ["before:1800"]
    put(ledger, ticket(**({"deadline_at": NOON + 4 * _HOUR} | ended)))
    assert still_failing(ledger) == []


def test_a_reminder_that_is_no_step_towards_a_deadline_outlasts_the_move_of_one(ledger: Store) -> None:
    settle(ledger, *map(failed, claim(ledger, reminder(rule=ReminderRule.NEW, step="new"))))
    put(ledger, ticket(deadline_at=NOON + 9 * _HOUR))
    assert still_failing(ledger) == ["new"]


def test_an_outage_that_is_contacted_and_one_that_was_told_again_supersede_what_failed(ledger: Store) -> None:
    nobody: dict[str, Any] = {"ticket_id": None, "deadline_at": None, "rule": ReminderRule.OUTAGE_CONTACT}
    first = [reminder(step="outage_contact:0", outage_id=n, **nobody) for n in (1, 2)]
    settle(ledger, *map(failed, claim(ledger, *first)))
    settle(ledger, *map(failed, claim(ledger, reminder(step="outage_contact:1", outage_id=1, **nobody))))
    assert still_failing(ledger) == ["outage_contact:1", "outage_contact:0"]
    with ledger.transaction():
        ledger.update_outage(outage(id=2, contacted=True))
    assert still_failing(ledger) == ["outage_contact:1"]


def test_a_later_word_about_a_shop_or_a_day_supersedes_one_that_failed(ledger: Store) -> None:
    nobody: dict[str, Any] = {"ticket_id": None, "deadline_at": None}
    for rule, steps in {
        ReminderRule.SOURCE: (
            *("source:jd3:2026-11-23T04:00:00Z:0", "source:jd4:2026-11-23T04:00:00Z:0"),
            "source_back:jd3:2026-11-23T04:00:00Z",
        ),
        ReminderRule.OPENING: ("opening:2026-11-23", "opening:2026-11-24"),
    }.items():
        for step in steps:
            settle(ledger, *map(failed, claim(ledger, reminder(rule=rule, step=step, **nobody))))
    assert still_failing(ledger) == [
        "opening:2026-11-24",
        "source_back:jd3:2026-11-23T04:00:00Z",
        "source:jd4:2026-11-23T04:00:00Z:0",
    ]


# Channels that fail


def try_to_send(store: Store, minute: int, outcome: Callable[..., Reminder], **fields: Any) -> None:
    at = NOON + timedelta(minutes=minute)
    channel = fields.pop("channel", "值班群")
    claimed = claim(store, reminder(step=f"before:{minute}", channel=channel), now=at)
    settle(store, *(outcome(one, **fields) for one in claimed))


def test_a_channel_is_in_trouble_from_its_first_failure_until_it_works_again(ledger: Store) -> None:
    assert ledger.ledger_trouble() == []
    try_to_send(ledger, 0, sent)
    try_to_send(ledger, 1, failed)
    try_to_send(ledger, 2, failed, answer="invalid key", refused=True)
    trouble = ChannelTrouble("值班群", NOON + timedelta(minutes=1), "invalid key", refused=True)
    assert ledger.ledger_trouble() == [trouble]
    claim(ledger, reminder(step="before:1"), now=NOON + timedelta(minutes=3))
    assert ledger.ledger_trouble() == [trouble]
    try_to_send(ledger, 4, sent)
    assert ledger.ledger_trouble() == []
    try_to_send(ledger, 5, failed)
    assert ledger.ledger_trouble() == [
        ChannelTrouble("值班群", NOON + timedelta(minutes=5), "HTTP 500", refused=False)
    ]


def test_each_channel_has_its_own_trouble(ledger: Store) -> None:
    try_to_send(ledger, 0, failed, channel="b")
    try_to_send(ledger, 0, failed, channel="a")
    try_to_send(ledger, 1, sent, channel="c")
    assert [one.channel for one in ledger.ledger_trouble()] == ["a", "b"]
    try_to_send(ledger, 2, sent, channel="a")
    assert [one.channel for one in ledger.ledger_trouble()] == ["b"]


@pytest.mark.parametrize(("first", "last", "troubles"), [(sent, failed, 1), (failed, sent, 0)])
def test_of_outcomes_settled_together_the_last_one_tells(
    ledger: Store, first: Callable[[Reminder], Reminder], last: Callable[[Reminder], Reminder], troubles: int
) -> None:
    one, other = claim(ledger, reminder(step="a"), reminder(step="b"))
    settle(ledger, first(other), last(one))
    assert len(ledger.ledger_trouble()) == troubles


def test_a_clock_that_was_put_back_hides_neither_trouble_nor_its_end(ledger: Store) -> None:
    try_to_send(ledger, 60, failed)
    try_to_send(ledger, 0, sent)
    assert ledger.ledger_trouble() == []
    try_to_send(ledger, -60, failed)
    assert len(ledger.ledger_trouble()) == 1


def test_what_is_no_fault_of_its_channel_is_no_trouble_of_it(ledger: Store) -> None:
    claimed = claim(ledger, reminder())
    with ledger.transaction():
        ledger.settle(map(failed, claimed), trouble=False)
    assert ledger.ledger_trouble() == []
    assert len(ledger.reminders(failed_only=True)) == 1


def test_a_channel_that_was_seen_to_work_is_in_trouble_no_more(ledger: Store) -> None:
    try_to_send(ledger, 0, failed, channel="a")
    try_to_send(ledger, 0, failed, channel="b")
    with ledger.transaction():
        ledger.forget_trouble("a")
    assert [one.channel for one in ledger.ledger_trouble()] == ["b"]
    assert len(ledger.reminders(failed_only=True)) == 2
