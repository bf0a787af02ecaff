"""The queries about reminders: the ledger, and the channels that fail."""

# ruff: noqa: S608 (SQL is put together from the names in this room; values are always bound)

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from jdticket.clock import stored
from jdticket.store.rows import reminder_of, trouble_of, wanted_row
from jdticket.store.sqlite.connection import Queries
from jdticket.store.sqlite.tickets import WAITS, narrowed

if TYPE_CHECKING:
    from jdticket.domain.channels import ChannelTrouble
    from jdticket.domain.reminders import Reminder

# The shop in the step of a reminder about its source: "source:jd3:2026-11-23T01:30:00Z:0".
_SHOP = (
    "substr({0}.step, instr({0}.step, ':') + 1, instr(substr({0}.step, instr({0}.step, ':') + 1), ':') - 1)"
)
_CLAIM = """
    INSERT INTO reminders VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?, ?, 1, NULL, '', 0, 0, NULL)
    ON CONFLICT DO UPDATE SET
        state = 'claimed', claimed_at = excluded.claimed_at, claim_expires_at = excluded.claim_expires_at,
        attempts = attempts + 1, answer = '', refused = 0, retry_at = NULL
    WHERE state = 'superseded' OR (
        state = 'failed'
        AND (coalesce(retry_at <= excluded.claimed_at, TRUE) OR claimed_at > excluded.claim_expires_at)
    ) OR (
        state = 'claimed'
        AND (claim_expires_at <= excluded.claimed_at OR claimed_at > excluded.claim_expires_at)
    )
    RETURNING *
"""
_SUPERSEDE = f"""
    UPDATE reminders SET state = 'superseded', retry_at = NULL
    WHERE state = 'failed' AND state <> 'sent' AND (
        ticket_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM tickets WHERE tickets.id = ticket_id AND {WAITS}
                AND (rule NOT IN ('before', 'overdue') OR tickets.deadline_at = reminders.deadline_at)
        )
        OR outage_id IS NOT NULL AND EXISTS (SELECT 1 FROM outages WHERE outages.id = outage_id AND contacted)
        OR EXISTS (
            SELECT 1 FROM reminders AS later
            WHERE later.ticket_id = reminders.ticket_id AND later.channel = reminders.channel
                AND later.id > reminders.id
        )
        OR ticket_id IS NULL AND EXISTS (
            SELECT 1 FROM reminders AS later
            WHERE later.ticket_id IS NULL AND later.rule = reminders.rule AND later.id > reminders.id
                AND later.channel = reminders.channel AND later.outage_id IS reminders.outage_id
                AND (reminders.rule <> 'source' OR {_SHOP.format("later")} = {_SHOP.format("reminders")})
        )
    )
"""
_OUR_CLAIM = "id = ? AND claimed_at = ? AND attempts = ? AND state = 'claimed'"


class Reminders(Queries):
    """See :class:`jdticket.store.interface.Store`."""

    def claim(self, wanted: Iterable[Reminder], now: datetime, expires: datetime) -> list[Reminder]:
        self._db.must_be_in_transaction()
        begin, end = stored(now), stored(expires)
        ours: list[Reminder] = []
        for reminder in wanted:
            ours += map(reminder_of, self._db.rows(_CLAIM, *wanted_row(reminder), begin, end))
        return ours

    def settle(self, reminders: Iterable[Reminder], *, trouble: bool = True) -> None:
        from jdticket.domain.reminders import ReminderState

        for reminder in reminders:
            settled = self._db.update(
                f"""UPDATE reminders SET (state, sent_at, answer, refused, copies, retry_at) =
                    (?, ?, ?, ?, ?, ?) WHERE {_OUR_CLAIM}""",
                reminder.state.value,
                reminder.sent_at and stored(reminder.sent_at),
                reminder.answer,
                reminder.refused,
                reminder.copies,
                reminder.retry_at and stored(reminder.retry_at),
                *_claim_values(reminder),
            )
            if settled and reminder.state is ReminderState.SENT:
                self.forget_trouble(reminder.channel)
            elif settled and trouble:
                self._db.write(
                    """INSERT INTO troubles VALUES (?, ?, ?, ?) ON CONFLICT (channel)
                        DO UPDATE SET answer = excluded.answer, refused = excluded.refused""",
                    reminder.channel,
                    stored(reminder.claimed_at),
                    reminder.answer,
                    reminder.refused,
                )

    def release(self, reminders: Iterable[Reminder]) -> None:
        self._db.write_all(
            f"UPDATE reminders SET claim_expires_at = claimed_at, attempts = attempts - 1 WHERE {_OUR_CLAIM}",
            map(_claim_values, reminders),
        )

    def supersede(self) -> None:
        self._db.write(_SUPERSEDE)

    def reminders(
        self,
        *,
        ticket_id: str | None = None,
        step: str | None = None,
        step_begins: str | None = None,
        failed_only: bool = False,
        limit: int | None = None,
    ) -> list[Reminder]:
        chosen: list[tuple[str, object]] = []
        if ticket_id is not None:
            chosen.append(("ticket_id = ?", ticket_id))
        if step is not None:
            chosen.append(("step = ?", step))
        if step_begins is not None:
            chosen += [("step >= ?", step_begins), ("step < ?", step_begins + "\U0010ffff")]
        if failed_only:
            # The first half is for the index, which wants to hear its own condition.
            chosen.append(("state <> 'sent' AND state = ?", "failed"))
        rows = self._db.rows(
            f"{narrowed('SELECT * FROM reminders WHERE TRUE', chosen)} ORDER BY id DESC LIMIT ?",
            *(value for _sql, value in chosen),
            -1 if limit is None else limit,
        )
        return [reminder_of(row) for row in rows]

    def forget_trouble(self, channel: str) -> None:
        self._db.write("DELETE FROM troubles WHERE channel = ?", channel)

    def ledger_trouble(self) -> list[ChannelTrouble]:
        return [trouble_of(row) for row in self._db.rows("SELECT * FROM troubles ORDER BY channel")]


def _claim_values(reminder: Reminder) -> tuple[object, ...]:
    return reminder.id, stored(reminder.claimed_at), reminder.attempts
