from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jdticket.domain.reminders import Reminder, ReminderRule, ReminderState
from jdticket.views.ledger import print_ledger, rule_word
from jdticket.views.screen import Plain
from tests.desk.at_desk import SHANGHAI
from tests.store.making import NOON, failed, reminder, sent


def source(step: str, **fields: Any) -> Reminder:
    """About a shop, and so about no ticket."""
    given = {"rule": ReminderRule.SOURCE, "ticket_id": None, "deadline_at": None, "attempts": 1}
    return reminder(step=step, **(given | fields))


def rows(capsys: pytest.CaptureFixture[str], *kept: Reminder) -> list[str]:
    print_ledger(Plain(), kept, now=NOON, zone=SHANGHAI)
    headings, *lines = capsys.readouterr().out.splitlines()
    assert headings.split() == ["time", "state", "channel", "rule", "about", "tries", "answer"]
    return lines


def test_a_reminder_about_a_shop_is_listed_with_its_code_and_what_was_the_matter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fails = failed(source("source:jd3:2026-11-23T02:00:00Z:12"))
    back = sent(source("source_back:jd5:2026-11-23T02:00:00Z", attempts=2))
    lines = [" ".join(line.split()) for line in rows(capsys, fails, back)]
    assert lines == [
        "today 12:00 failed 值班群 not fetched jd3 1 HTTP 500",
        "today 12:00 sent 值班群 fetched again jd5 2 ok",
    ]


@pytest.mark.parametrize("step", ["source::2026-11-23T02:00:00Z:0", "source_back::2026-11-23T02:00:00Z"])
def test_a_shop_without_a_code_has_a_dash(capsys: pytest.CaptureFixture[str], step: str) -> None:
    [line] = rows(capsys, source(step))
    assert line.split()[-2:] == ["-", "1"]


def test_the_code_of_a_shop_is_shown_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = rows(capsys, source("source:a\x1b\nb:2026-11-23T02:00:00Z:0"))
    assert "  a\\x1b b  1" in line


@pytest.mark.parametrize(
    ("rule", "step", "about", "words"),
    [
        (ReminderRule.NEW, "new", {}, "new"),
        (ReminderRule.BEFORE, "before:1800", {}, "30m before"),
        (ReminderRule.OVERDUE, "overdue:0", {}, "overdue, no. 1"),
        (ReminderRule.OPENING, "opening:2026-11-23", {"ticket_id": None}, "opening"),
        (
            ReminderRule.OUTAGE_CONTACT,
            "outage_contact:2",
            {"ticket_id": None, "outage_id": 7},
            "manager not contacted",
        ),
        (ReminderRule.RETURNED, "returned:2026-11-23T02:00:00Z", {}, "not on the platform"),
        (ReminderRule.UNASSIGNED, "unassigned", {}, "nobody has it"),
        (ReminderRule.SOURCE, "source:jd3:2026-11-23T02:00:00Z:0", {"ticket_id": None}, "not fetched"),
        (ReminderRule.SOURCE, "source_back:jd3:2026-11-23T02:00:00Z", {"ticket_id": None}, "fetched again"),
        (ReminderRule.SOURCE, "sign_in:jd3:2026-11-23", {"ticket_id": None}, "sign-in ends"),
    ],
)
def test_every_rule_has_words(
    capsys: pytest.CaptureFixture[str], rule: ReminderRule, step: str, about: dict[str, Any], words: str
) -> None:
    kept = reminder(rule=rule, step=step, state=ReminderState.CLAIMED, **about)
    assert rule_word(kept) == words
    [line] = rows(capsys, kept)
    assert words in line
    shown = {
        ReminderRule.OPENING: "  -  ",
        ReminderRule.OUTAGE_CONTACT: "outage 7",
        ReminderRule.SOURCE: "jd3",
    }
    assert shown.get(rule, "59088842") in line


def test_no_rule_is_without_words() -> None:
    [case] = [mark for mark in test_every_rule_has_words.pytestmark if mark.name == "parametrize"]
    assert {rule for rule, _step, _about, _words in case.args[1]} == set(ReminderRule)


def test_what_a_limit_left_over_waits_and_what_a_run_holds_is_under_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = reminder(claim_expires_at=NOON + timedelta(minutes=2), attempts=1)
    left_over = held._replace(claim_expires_at=NOON, attempts=0)
    states = [" ".join(line.split())[len("today 12:00 ") :] for line in rows(capsys, left_over, held)]
    assert [state.split(" 值班群")[0] for state in states] == ["waits", "under way"]
