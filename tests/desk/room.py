"""Desk and reminders over one store, with channels that record."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jdticket.desk.claims import Notice
from jdticket.desk.dispatch import Form, Outlet, Sending
from jdticket.desk.reminders import ReminderDesk, Report
from jdticket.domain.channels import Channel, Receipt, Verdict
from jdticket.domain.drafts import Draft
from jdticket.domain.people import Staff
from jdticket.domain.reminders import Duty, ReminderRule, ReminderRules
from jdticket.domain.sources import SourceState
from jdticket.errors import Trouble
from tests.desk.at_desk import HOURS, SHANGHAI, DeskAt, at, draft

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NO_RULES = ReminderRules(
    new=False,
    before=(),
    overdue_every=None,
    overdue_times=6,
    opening=False,
    outage_contact_every=None,
    returned=False,
    source_every=None,
    escalate=(),
    digest_over=5,
)
LADDER = NO_RULES._replace(
    new=True, before=(2 * HOUR, HOUR, 30 * MINUTE, 10 * MINUTE), overdue_every=30 * MINUTE
)
OK = Receipt(Verdict.TAKEN, "ok")
DOWN = Receipt(Verdict.UNREACHABLE, "HTTP 500")
LOST = Receipt(Verdict.UNSURE, "HTTP 504")
BAD_WORDS = Receipt(Verdict.MESSAGE, "errcode 430104")
REFUSED = Receipt(Verdict.SETTINGS, "errcode 93000")
TOO_MANY = Receipt(Verdict.LIMITED, "errcode 45009")
ALL_DAY = [0, 1, 2, 3, 4, 5, 6]


def channel(name: str = "group", **fields: Any) -> Channel:
    values: dict[str, Any] = {"mention": (), "shops": (), "night": False}
    return Channel(name=name, **(values | fields))


class Words:
    """For instance "new 59088842"; "opening 2" and "- 59088842" in a digest of two tickets; "jd3
    unreachable"; without outside words "(59088842)"."""

    def notice(self, notice: Notice, form: Form) -> str:
        reminder = notice.reminder
        if notice.source is not None:
            return f"{notice.source.shop} {notice.source.trouble or 'works again'}"
        if notice.sign_in is not None:
            return f"sign-in of {notice.sign_in[0]}"
        if form is Form.BARE and notice.ticket is not None:
            return f"({reminder.ticket_id})"
        if reminder.rule is ReminderRule.OPENING:
            return f"- {reminder.ticket_id}" if notice.ticket else f"opening {notice.waiting}"
        return f"{reminder.step} {reminder.ticket_id or reminder.outage_id}"

    def continued(self) -> str:
        return "continued"

    def more(self, count: int) -> str:
        return f"{count} more"


WORDS = Words()


class Killed(BaseException):
    """Ends a run as a killed process does: nothing is put in order."""


class Room:
    """Desk and reminders over one store, at a time that the test sets, with channels that record."""

    def __init__(
        self,
        folder: Path,
        now: str,
        rules: ReminderRules = LADDER,
        *,
        channels: Iterable[Channel] = (channel(),),
        duties: Iterable[Duty] = (),
        shops: Iterable[str] = (),
        fetched: Iterable[str] = (),
    ) -> None:
        self._desk = DeskAt(folder, now, shops=shops)
        self.desk, self.store, self.take_in = self._desk.desk, self._desk.store, self._desk.take_in
        self.rules = rules
        self.staff = Staff()
        self.ending: dict[str, datetime] = {}
        self.channels, self.duties, self.fetched = list(channels), list(duties), list(fetched)
        self.sent: list[tuple[str, str, tuple[str, ...]]] = []
        """Every message that a channel took: its channel, its text, whom it mentions."""
        self.tried: list[str] = []
        """The channel of every message that was tried."""
        self.answers: dict[str, deque[Callable[[], Receipt] | Receipt]] = {}
        self.carries = 1000
        """How many lines a message holds."""
        self.widest = 1000
        """How many characters a line of a message may have."""
        self.per_minute: int | None = None
        self.refused = ""

    def run(self, now: str = "", budget: timedelta = timedelta(seconds=50)) -> list[str]:
        """What a run sends: the texts of its messages, with their channels where there are several."""
        self.report(now, budget)
        texts = [text if len(self.channels) == 1 else f"{name}: {text}" for name, text, _people in self.sent]
        self.sent.clear()
        return texts

    def report(self, now: str = "", budget: timedelta = timedelta(seconds=50)) -> Report:
        if now:
            self.time = at(now)
        return self.reminders.run(self._outlet, WORDS, budget=budget)

    @property
    def time(self) -> datetime:
        return self._desk.time

    @time.setter
    def time(self, moment: datetime) -> None:
        self._desk.time = moment

    @property
    def reminders(self) -> ReminderDesk:
        """A desk as every run makes itself one."""
        return ReminderDesk(
            *(self.store, HOURS, SHANGHAI, self.rules, self.duties, self.channels),
            lambda: self.time,
            fetched=self.fetched,
            staff=self.staff,
            ending=self._ending_now,
        )

    def _ending_now(self) -> dict[str, datetime]:
        with self.store.transaction():  # raises if one is open already
            return self.ending

    def answer(self, *answers: Callable[[], Receipt] | Receipt, on: str = "group") -> None:
        """What the next messages on a channel come to."""
        self.answers[on] = deque(answers)

    def refuse(self, words: str) -> None:
        """The channel refuses each message that holds these words, whatever else it says."""
        self.refused = words

    def killed(self, now: str = "") -> None:
        """A run that dies while its first message is under way."""

        def die() -> Receipt:
            raise Killed

        self.answer(die)
        with pytest.raises(Killed):
            self.report(now)

    def reply(self, number: str = "59088842") -> None:
        self.desk.replies.reply(number, "您好，订单已发出。", at=None, by="小李", force=False)

    def fails(self, since: str, shop: str = "jd3") -> None:
        """The fetching of a shop's tickets has failed since then."""
        self._keep(
            SourceState(shop, good_at=at("23 08:55"), failing_since=at(since), trouble=Trouble.UNREACHABLE)
        )

    def works_again(self, back: str, shop: str = "jd3") -> None:
        """It works from then on."""
        failed = self.store.source(shop)
        assert failed is not None
        self._keep(SourceState(shop, good_at=at(back), failed_since=failed.failing_since, back_at=at(back)))

    def _keep(self, source: SourceState) -> None:
        with self.store.transaction():
            self.store.put_source(source)

    def _outlet(self, name: str) -> Outlet:
        def fold(lines: Sequence[str], people: Sequence[str]) -> list[Sending]:
            parts = [lines[i : i + self.carries] for i in range(0, len(lines), self.carries)]
            return [Sending(len(part), partial(self._send, name, part, people)) for part in parts]

        return Outlet(fold, lambda line, _people: len(line) <= self.widest, self.per_minute, None)

    def _send(self, name: str, lines: Sequence[str], people: Sequence[str], _seconds: float) -> Receipt:
        self.tried.append(name)
        answers = self.answers.get(name)
        answer = answers.popleft() if answers else OK
        verdict = answer if isinstance(answer, Receipt) else answer()
        if self.refused and self.refused in "\n".join(lines):
            verdict = BAD_WORDS
        if verdict.ok:
            self.sent.append((name, "\n".join(lines), tuple(people)))
        return verdict


def numbers(count: int, **fields: Any) -> list[Draft]:
    """So many tickets of 10:00, due at 14:00."""
    return [draft(str(59088000 + i), **fields) for i in range(count)]
