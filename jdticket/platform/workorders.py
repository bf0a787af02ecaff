"""The work orders (工单) of one shop on JD's open platform: what is asked, and what the answers mean.

Kept apart from how a call is made (``jos``). Rows become drafts; a row that cannot be read becomes a
rejection and costs nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from jdticket.clock import parse_time
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.domain.sources import Details, LogEntry, Verdict
from jdticket.domain.tickets import PlatformState
from jdticket.errors import IncompleteListError, InputError, PlatformError, Trouble
from jdticket.i18n import _
from jdticket.platform.jos import (
    PLATFORM_ZONE,
    JosGateway,
    field,
    from_millis,
    platform_time,
    text_of,
    unreachable,
)
from jdticket.text import one_line

SOURCE = "JOS"
"""How the time line calls the platform, in every language."""
PAGE_SIZE = 30
"""The most rows that a page may have (10 to 30)."""
_READINGS, _READINGS_MOST = 4, 10
"""A list is read again so often while it does not add up, and more often while that brings new rows."""
_CAPS = (10, 20)
"""Lengths that a server may cut every page to."""
_PAGES_MOST = 3_000
"""More than any shop has in 60 days; a list that goes on has no end."""
_CODES = {PlatformState.WAITING: 1, PlatformState.REJECTED: 5}
_DONE, _FAILED, _COUNTS_ALREADY = "1", "2", "3"


class _Page(NamedTuple):
    """One page of the platform's list of work orders."""

    items: Sequence[Draft | Rejection]
    total: int | None
    """How many work orders the whole list has; None: it does not tell, or nothing that is a number."""


class WorkOrders:
    """What the platform knows of one shop's work orders. ``now`` is the present.

    All methods raise ``PlatformError``.
    """

    OLDEST = timedelta(days=60) - timedelta(minutes=15)
    """How far back the platform lets one look, less what two clocks may differ by."""

    def __init__(self, gateway: JosGateway, name: str, now: datetime) -> None:
        """``name`` is how messages call the source."""
        self._gateway = gateway
        self._name = name
        self._now = now

    def read(
        self, begin: datetime, end: datetime, state: PlatformState | None = None
    ) -> Iterator[list[Draft | Rejection]]:
        """Every work order created between ``begin`` and ``end`` (inclusive), page by page, each at least
        once; ``state``: only those that wait, or whose reply was rejected.

        Rows move between the pages when one comes or goes while they are read, and one could slip
        through. So the list counts as read only when each page told of the same number of rows and at least
        that many different ones were seen, in this reading and those before; where the number is missing or
        is less than what was seen, when one more reading brought nothing new. Else it is read again, and
        ``IncompleteListError`` says so in the end.
        """
        asked: dict[str, object] = {"begin_date": platform_time(begin), "end_date": platform_time(end)}
        if state is not None:
            asked["status"] = _CODES[state]
        seen: set[str] = set()
        idle = 0
        for reading in range(1, _READINGS_MOST + 1):
            known, pages = len(seen), 0
            now: set[str] = set()
            totals: set[int | None] = set()
            for page in self._pages(asked):
                now.update(_key(item) for item in page.items)
                totals.add(page.total)
                pages += bool(page.items)
                yield list(page.items)
            seen |= now
            total = max((told for told in totals if told is not None), default=None)
            idle = idle + 1 if len(seen) == known else 0
            adds_up = len(totals) == 1 and len(seen) >= (total or 0)
            if adds_up and (total == len(now) or pages < 2 or idle):
                return
            if reading >= _READINGS and (idle > 1 or len(totals) > 1):
                break
        if len(totals) == 1:
            why = _("it announces {total} tickets and shows {n} of them").format(total=total, n=len(seen))
        else:
            why = _("it changes faster than it can be read")
        raise IncompleteListError(
            _(
                "A list of the platform's does not add up: {why}. What was seen was taken in; "
                "try again later."
            ).format(why=why),
            trouble=Trouble.UNREACHABLE,
        )

    def _pages(self, asked: Mapping[str, object]) -> Iterator[_Page]:
        """The pages of one reading. No page is the last because it is shorter than was asked for, and a full
        one never is: only one without rows, or with nothing new, or one that is shorter than those before it
        and with which as many were seen as there are said to be."""
        seen: set[str] = set()
        before: list[str] = []
        for number in range(1, _PAGES_MOST + 1):
            page = self._page(asked, number)
            yield page
            shown = [item.id if isinstance(item, Draft) else item.value for item in page.items]
            news = {_key(item) for item in page.items} - seen
            if not news or shown == before:
                return
            seen |= news
            if (
                len(seen) == page.total
                and len(shown) < (len(before) or PAGE_SIZE)
                and len(shown) not in _CAPS
            ):
                return
            before = shown

    def of_order(self, order_id: str) -> list[Draft | Rejection]:
        """The work orders about one order."""
        begin, end = self._now - self.OLDEST, self._now + timedelta(minutes=15)
        asked = {
            "begin_date": platform_time(begin),
            "end_date": platform_time(end),
            "order_id": int(order_id),
        }
        return list(self._page(asked, 1).items)

    def _page(self, asked: Mapping[str, object], number: int) -> _Page:
        content = self._gateway.ask(
            "jingdong.wos.worklist.get", {**asked, "page_number": number, "page_size": PAGE_SIZE}
        )
        page = field(content, "page")
        # An empty list may come as no list at all.
        rows = (field(page, "result") or []) if isinstance(page, dict) else None
        total = field(page, "total_count") if isinstance(page, dict) else None
        if not isinstance(rows, list):
            raise unreachable(_("the answer holds no page of tickets"), lost=False)
        first = (number - 1) * PAGE_SIZE + 1
        items = [self._item(first + n, row) for n, row in enumerate(rows)]
        return _Page(items, int(str(total)) if _is_number(total) else None)

    def _item(self, number: int, row: object) -> Draft | Rejection:
        if not isinstance(row, dict):
            return Rejection(self._name, number, "", str(row), _("this is no ticket"))
        work_id = _digits(field(row, "work_id"))
        if not work_id:
            return Rejection(
                self._name,
                number,
                "work_id",
                str(field(row, "work_id")),
                _("there is no ticket number in this row"),
            )
        words = one_line(text_of(field(row, "status_name")))
        return Draft(
            source=SOURCE,
            row=0,
            id=work_id,
            order_id=_digits(field(row, "order_id")) or None,
            platform_state=platform_state_from_words(words),
            platform_status=words,
            created_at=_moment(field(row, "create_date"), self._now),
            content=text_of(field(row, "content")) or None,
            shop=self._gateway.app.shop,
            seen_at=self._now,
        )

    def details(self, ticket_id: str) -> Details:
        """The first-level business type and the history of one work order."""
        found = field(self._gateway.ask("jingdong.wos.workinfo.get", {"work_id": int(ticket_id)}), "result")
        info = found[0] if isinstance(found, list) and found else found
        if not isinstance(info, dict):
            raise PlatformError(
                _("The platform tells nothing of ticket {id}.").format(id=ticket_id), one_request=True
            )
        type_id = _digits(field(info, "send_biztype_id"))
        entries = field(info, "oper_logs")
        info_begins = _moment(field(info, "create_date"), self._now) or self._now - self.OLDEST
        listed = entries if isinstance(entries, list) else []
        log = [self._entry(entry) for entry in listed if isinstance(entry, dict)]
        log.sort(key=lambda entry: entry.at or info_begins)
        return Details(
            created_at=_moment(field(info, "create_date"), self._now),
            type_id=int(type_id) if type_id else None,
            type_name=one_line(text_of(field(info, "send_biztype_name"))),
            log=tuple(log),
        )

    def _entry(self, entry: Mapping[str, Any]) -> LogEntry:
        return LogEntry(
            at=_moment(field(entry, "oper_date"), self._now),
            user=one_line(text_of(field(entry, "oper_user"))),
            kind=one_line(text_of(field(entry, "oper_type"))),
            content=text_of(field(entry, "oper_content")),
        )

    def subtypes(self, type_id: int) -> dict[int, str]:
        """The second-level business types below a first-level one, by number."""
        content = self._gateway.ask("jingdong.wos.subbiztypelist.get", {"biztype_id": type_id})
        # The platform's own spelling, and what camelCase makes of it.
        rows = field(content, "saf_biztype_Dtos")
        return {
            int(number): one_line(text_of(field(row, "sub_biztype_name")))
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict) and (number := _digits(field(row, "sub_biztype_id")))
        }

    def reply(self, ticket_id: str, text: str, type_id: int, subtype_id: int) -> Verdict:
        """Give a reply, once. A ``PlatformError`` is ``lost`` when it may have arrived all the same."""
        content = self._gateway.tell(
            "jingdong.rest.workorder.reply",
            {
                "work_id": int(ticket_id),
                "reply_content": text,
                "work_type": type_id,
                "work2_type": subtype_id,
            },
        )
        result = field(content, "work_order")
        code = str(field(result, "result_code")) if isinstance(result, dict) else ""
        words = one_line(text_of(field(result, "result_msg"))) if isinstance(result, dict) else ""
        if code in {_DONE, _COUNTS_ALREADY}:
            return Verdict(there=True, words=words, already=code == _COUNTS_ALREADY)
        if code == _FAILED:
            return Verdict(there=False, words=words)
        raise unreachable(_("it does not say whether the reply was taken"), lost=True)


def _key(item: Draft | Rejection) -> str:
    return item.id if isinstance(item, Draft) else f"row {item.row}"


def _digits(value: object) -> str:
    """A number of the platform as text; empty for anything else, and for 0, which stands for none."""
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 19 and text.strip("0") else ""


def _is_number(value: object) -> bool:
    text = str(value)
    return not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) <= 9


def _moment(value: object, now: datetime) -> datetime | None:
    """Epoch milliseconds, or a time as the platform writes it elsewhere; None for anything else."""
    moment = from_millis(value)
    if moment is None and isinstance(value, str) and value.strip():
        try:
            return parse_time(value, PLATFORM_ZONE, now=now)
        except InputError:
            return None
    return moment
