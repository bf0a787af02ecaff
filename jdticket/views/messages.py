"""What a reminder says: as few words as can be, in the language of messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from jdticket import clock
from jdticket.domain.outages import Outage
from jdticket.domain.reminders import ReminderRule
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import PlatformState, Status, Ticket
from jdticket.personal import without_personal_data
from jdticket.text import one_line
from jdticket.words import kind_word, listed, platform_trouble, reason_word, waits_because

_CONTENT_MOST = 60
_SHOP_MOST = 20


class Messages:
    """Words reminders in the language of ``gettext``. ``templates`` are the configured texts by rule,
    ``fill`` puts values into one."""

    def __init__(
        self,
        *,
        now: datetime,
        zone: tzinfo,
        shop_names: Mapping[str, str],
        templates: Mapping[ReminderRule, str],
        fill: Callable[[str, Mapping[str, str]], str],
        gettext: Callable[[str], str],
    ) -> None:
        self._now = now
        self._zone = zone
        self._shop_names = shop_names
        self._templates = templates
        self._fill = fill
        self._ = gettext

    def ticket(
        self,
        rule: ReminderRule,
        ticket: Ticket,
        left: timedelta | None,
        *,
        undelivered: bool = False,
        unassigned: bool = False,
        short: bool = False,
    ) -> str:
        """One ticket: a line with everything needed to act, then at most one line of its content. Phone
        numbers are masked: it leaves for a group chat. ``left``: None: nobody knows. ``undelivered``: a reply
        to it is not known to have arrived. ``unassigned``: that nobody has it is to be told, too. ``short``:
        one line of fewer words, so that many fit into the size and the number of messages that a robot
        takes."""
        values = self._values(ticket, left)
        template = self._templates.get(rule)
        if template is not None:
            return self._fill(template, values)
        again = self._why_again(ticket) if rule is ReminderRule.RETURNED else ""
        # "Returned" says so itself.
        mark = "" if rule is ReminderRule.RETURNED else self._mark(ticket, undelivered, unassigned)
        if short:
            return self._line(rule, values, short=True, again=again) + mark
        content = values["content"]
        return self._line(rule, values, again=again) + mark + (f"\n{content}" if content else "")

    def bare(self, ticket: Ticket, left: timedelta | None) -> str:
        """One ticket in a line that holds no word of the platform or the buyer."""
        values = self._values(ticket, left)
        return self._prefix(values["shop"][:_SHOP_MOST]) + self._(
            "{left} (by {deadline}) ticket {ticket_id}"
        ).format(**values)

    def _mark(self, ticket: Ticket, undelivered: bool, unassigned: bool = False) -> str:
        """What is odd about a ticket that waits, in brackets behind its line."""
        _ = self._
        marks = [waits_because(ticket, undelivered, _)]
        if unassigned:
            marks.append(_("nobody has it"))
        if ticket.missing_at is not None:
            marks.append(_("not on the page"))
        said = listed(filter(None, marks), _)
        return _(" ({words})").format(words=said) if said else ""

    def _values(self, ticket: Ticket, left: timedelta | None) -> dict[str, str]:
        content = without_personal_data(one_line(ticket.content))
        return {
            "shop": one_line(self._shop_names.get(ticket.shop, ticket.shop)),
            "kind": one_line(ticket.kind_text) or kind_word(ticket.kind, self._),
            "left": self._left(ticket, left),
            "deadline": self._deadline(ticket),
            "ticket_id": ticket.id,
            "order_id": ticket.order_id or "-",
            "content": content if len(content) <= _CONTENT_MOST else content[: _CONTENT_MOST - 1] + "…",
            "assignee": one_line(ticket.assignee),
        }

    def _left(self, ticket: Ticket, left: timedelta | None) -> str:
        _ = self._
        overdue = self._now > ticket.deadline_at
        if left is None:
            return _("overdue") if overdue else _("time left unknown")
        length = clock.duration_in_words(abs(left), _)
        return (_("overdue by {length}") if overdue else _("{length} to go")).format(length=length)

    def _deadline(self, ticket: Ticket) -> str:
        local = ticket.deadline_at.astimezone(self._zone)
        if local.date() == self._now.astimezone(self._zone).date():
            return f"{local:%H:%M}"
        return clock.moment_in_words(ticket.deadline_at, self._now, self._zone, self._)

    def _why_again(self, ticket: Ticket) -> str:
        """The words for a ticket that is pending again; empty: it is not."""
        from jdticket.domain.platform_words import platform_state_from_words

        _ = self._
        if ticket.status is not Status.PENDING:
            return ""
        if platform_state_from_words(ticket.platform_status) is PlatformState.REJECTED:
            return _(
                "reply rejected by the platform, answer again: {kind} {left} (by {deadline}) "
                "ticket {ticket_id} order {order_id}"
            )
        return _(
            "pending again, answer it: {kind} {left} (by {deadline}) ticket {ticket_id} order {order_id}"
        )

    def _line(
        self,
        rule: ReminderRule,
        values: Mapping[str, str],
        *,
        short: bool = False,
        again: str = "",
    ) -> str:
        _ = self._
        if rule is ReminderRule.NEW:
            words = _("new: {kind} {left} (by {deadline}) ticket {ticket_id} order {order_id}")
        elif again:
            words = again
        elif rule is ReminderRule.RETURNED:
            words = _(
                "reply not on the platform, which still waits: {kind} {left} (by {deadline}) "
                "ticket {ticket_id} order {order_id}"
            )
        elif rule is ReminderRule.UNASSIGNED:
            words = _("nobody has it yet: {kind} {left} (by {deadline}) ticket {ticket_id} order {order_id}")
        elif rule is ReminderRule.OVERDUE:
            words = (
                _("{kind} {left} (was due {deadline}) {ticket_id}/{order_id}")
                if short
                else _("{kind} {left} (was due {deadline}) ticket {ticket_id} order {order_id}")
            )
        elif short:
            words = _("{kind} {left} (by {deadline}) {ticket_id}/{order_id}")
        else:
            words = _("{kind} {left} (by {deadline}) ticket {ticket_id} order {order_id}")
        return self._prefix(values["shop"]) + words.format(**values)

    def _prefix(self, shop: str) -> str:
        return self._("[{shop}] ").format(shop=shop) if shop else ""

    def heading(self, waiting: int, closed_but_waiting: Sequence[str] = ()) -> str:
        """The beginning of the digest of the day: how many wait, and the numbers of those that are closed
        here and shown as waiting by the platform."""
        _ = self._
        lines = [_("Good morning: {n} tickets are pending.").format(n=waiting)]
        if closed_but_waiting:
            said = _("Closed here, still waiting on the platform: {numbers}")
            lines.append(said.format(numbers=listed(closed_but_waiting, _)))
        return "\n".join(lines)

    def continued(self) -> str:
        """The beginning of a digest that goes on in another run."""
        return self._("The digest goes on:")

    def more(self, count: int) -> str:
        """The end of a digest that goes on in another run, where so many tickets follow."""
        return self._("… {n} more follow").format(n=count)

    def in_digest(self, ticket: Ticket, left: timedelta | None, *, undelivered: bool) -> str:
        """A ticket in a line of the digest."""
        line = self._line(self._rule(ticket), self._values(ticket, left), short=True)
        return line + self._mark(ticket, undelivered)

    def _rule(self, ticket: Ticket) -> ReminderRule:
        return ReminderRule.OVERDUE if self._now > ticket.deadline_at else ReminderRule.BEFORE

    def outage(self, outage: Outage) -> str:
        """That the operations manager has yet to be told of an outage."""
        _ = self._
        shops = listed((one_line(self._shop_names.get(code, code)) for code in outage.shops), _)
        return self._prefix(shops) + _(
            "{reason} since {since}: the operations manager has not been contacted, call now (outage {id})"
        ).format(
            reason=reason_word(outage.reason, _),
            since=clock.moment_in_words(outage.since, self._now, self._zone, _),
            id=outage.id,
        )

    def source(self, source: SourceState) -> str:
        """That a shop's tickets cannot be fetched from the platform, or can again."""
        _ = self._
        shop = one_line(self._shop_names.get(source.shop, source.shop))
        prefix = self._prefix(shop)
        if source.trouble is None:
            since = self._minute(source.failed_since or self._now)
            words = _("tickets are fetched from the platform again (they were not since {since})")
            return prefix + words.format(since=since)
        words = without_personal_data(one_line(source.words))
        why = platform_trouble(source.trouble, source.code, words, source.shop, _)
        if source.good_at is None:
            return prefix + _("tickets cannot be fetched from the platform: {why}").format(why=why)
        since = self._minute(source.good_at)
        words = _("tickets cannot be fetched from the platform, none since {since}: {why}")
        return prefix + words.format(since=since, why=why)

    def sign_in(self, shop: str, ends_at: datetime) -> str:
        """That a shop's sign-in on the platform ends soon."""
        _ = self._
        words = _(
            "the sign-in on the platform ends {until} and is not renewed by itself; do it now: jdticket auth "
            "login {shop}"
        )
        prefix = self._prefix(one_line(self._shop_names.get(shop, shop)))
        return prefix + words.format(until=self._minute(ends_at), shop=shop)

    def _minute(self, moment: datetime) -> str:
        return clock.moment_in_words(moment.replace(second=0), self._now, self._zone, self._)
