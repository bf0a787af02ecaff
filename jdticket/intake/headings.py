"""Headings: which column of a table holds what.

The same for CSV, workbooks, web pages and JSON.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone, tzinfo
from types import MappingProxyType

from jdticket.domain.tickets import ORDER_ID_PATTERN, TICKET_ID_PATTERN
from jdticket.errors import InputError, UsageError
from jdticket.i18n import _
from jdticket.intake.values import Cell, cleaned, plain, unprotected
from jdticket.text import quoted
from jdticket.words import column_word, listed

# A field's name is how our own export calls it and how --map names it; then the headings known for
# it: the back office's pages, and the platform's interface (work_id, create_date, status_name).
FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("工单号", "工单编号", "工单ID", "ticket_id", "ticket", "ticket number", "work_id"),
    "order_id": ("订单号", "订单编号", "订单ID", "order", "order number"),
    "created_at": ("创建时间", "发起时间", "下发时间", "提交时间", "工单创建时间", "created", "create_date"),
    "deadline_at": ("截止时间", "最晚回复时间", "处理截止时间", "回复截止时间", "deadline"),
    "status": ("工单状态", "状态", "处理状态", "state", "status_name"),
    "platform_status": ("平台状态", "the platform's state"),
    "kind": ("工单类型", "业务类型", "类型", "type"),
    "kind_text": ("平台类型", "the platform's kind"),
    "content": ("工单内容", "问题描述", "内容"),
    "shop": ("店铺", "店铺名称", "商家名称"),
    "assignee": ("处理人",),
    "reply": ("回复内容", "reply_text"),
    "reply_at": ("回复时间", "reply given at", "replied_at"),
}
# Headings of a date whose time of day stands in the field's own column, if in any.
DATES: Mapping[str, tuple[str, ...]] = {
    "created_at": ("创建日期", "发起日期", "下发日期", "提交日期", "工单创建日期"),
    "deadline_at": ("截止日期", "最晚回复日期", "处理截止日期", "回复截止日期"),
    "reply_at": ("回复日期",),
}
HEADER_ROWS = 30
"""The header is looked for in this many rows from the top."""

_OTHER_THING = re.compile("订单|售后|服务单|退款|退货|换货|补发|物流|快递|发货|商品|支付|赔付|发票|买家|客户")
_TIME = re.compile("[0-9][-/.月日][0-9]{1,2}.?[ T]*[0-9]{1,2}:[0-9]{2}")
_UNITS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_UNTOLD = re.compile(r"[\W_]+")


def heading_key(heading: str) -> str:
    """What makes two headings the same: width, case, white space, punctuation and units in brackets aside."""
    return _UNTOLD.sub("", _UNITS.sub("", unicodedata.normalize("NFKC", heading))).casefold()


_OFFSET = re.compile(r"(?:UTC|GMT)\s*(?:([+-])\s*([0-9]{1,2})(?::?([0-5][0-9]))?)?|北京时间", re.IGNORECASE)


def heading_zone(heading: str) -> tzinfo | None:
    """The zone that a heading names in brackets for the times below it: 创建时间(UTC), (GMT+8)."""
    for unit in _UNITS.findall(unicodedata.normalize("NFKC", heading)):
        found = _OFFSET.fullmatch(unit[1:-1].strip())
        if found is None:
            continue
        if unit[1:-1].strip() == "北京时间":
            return timezone(timedelta(hours=8))
        sign, hours, minutes = found.groups(default="0")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-offset if sign == "-" else offset) if offset < timedelta(days=1) else None
    return None


# The columns of our own export's keys that no other table has.
_ONLY_OURS = frozenset(map(heading_key, ("first_deadline_at", "deadline_source")))
# Where a column called as our own export calls it wins over another in no other table.
_NEVER_GUESSED = frozenset({"created_at", "deadline_at", "status"})

_FIELD_OF = {heading_key(heading): field for field, known in FIELDS.items() for heading in (field, *known)}
_DATE_OF = {heading_key(heading): field for field, known in DATES.items() for heading in known}
_KNOWN = _FIELD_OF.keys() | _DATE_OF.keys()


def field_called(word: str) -> str:
    """The field that ``--map`` means with a word: its name, or one of its known headings. Raises
    ``UsageError``."""
    found = _FIELD_OF.get(heading_key(word))
    if found is None:
        raise UsageError(
            _("--map {field}=…: there is no such field; the fields are {fields}.").format(
                field=quoted(word), fields=listed(f"{name} ({column_word(name)})" for name in FIELDS)
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Header:
    """A row of headings, and where in it each field stands."""

    headings: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]
    """Field -> its columns, counted from 0; more than one is a clash that ``--map`` has to settle."""
    dates: Mapping[str, int] = field(default_factory=dict)
    """Field -> the column that holds its date, where its own column holds the time of day."""

    @property
    def usable(self) -> bool:
        """A ticket number, and a time by which the deadline can be told."""
        return "id" in self.columns and not self.columns.keys().isdisjoint(("created_at", "deadline_at"))


def read_header(
    cells: Iterable[Cell], wanted: Mapping[str, str], usual: Mapping[str, str] = MappingProxyType({})
) -> Header:
    """What the cells mean as headings; ``wanted`` is the ``--map``, field -> heading, ``usual`` are headings
    that the configuration has taught, where they are there."""
    headings = tuple(" ".join(cleaned(plain(cell)).split()) for cell in cells)
    keys = [heading_key(heading) for heading in headings]
    columns: dict[str, tuple[int, ...]] = {}
    for name, heading in {**usual, **wanted}.items():
        at = tuple(n for n, key in enumerate(keys) if key and key == heading_key(heading))
        if at:
            columns[name] = at
    taken = {n for at in columns.values() for n in at}
    is_ours = _ONLY_OURS.issubset(keys)
    for name in FIELDS.keys() - wanted.keys() - columns.keys():
        at = tuple(n for n, key in enumerate(keys) if n not in taken and _FIELD_OF.get(key) == name)
        own = tuple(n for n in at if keys[n] == heading_key(name))
        if name == "id" and not is_ours:
            # Many a program calls its own number of the row so.
            own = tuple(n for n in at if n not in own)
        elif name in _NEVER_GUESSED and not is_ours:
            own = ()
        if at:
            columns[name] = own or at
    if len(columns.get("status", ())) > 1:
        columns["status"] = tuple(sorted(columns["status"], key=lambda n: not _names_ticket(headings[n])))
    dates: dict[str, int] = {}
    for n, key in enumerate(keys):
        dated = None if n in taken else _DATE_OF.get(key)
        if dated is None or dated in dates or dated in wanted:
            continue
        if dated in columns:
            dates[dated] = n
        else:
            columns[dated] = (n,)
    return Header(headings, columns, dates)


def find_header(
    rows: Sequence[Sequence[Cell]],
    wanted: Mapping[str, str],
    usual: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, Header] | None:
    """Which of the first rows holds usable headings (index, header); where none does, which holds the most
    known ones; None: no row holds two.

    Headings over two rows, as merged cells make them, count as one header, at the index of the lower row.
    """
    best: tuple[int, Header] | None = None
    for index in range(len(rows[:HEADER_ROWS])):
        header = _header_at(rows, index, wanted, usual)
        if best is not None and best[1].usable:
            # The first that is usable: no ticket stands above it. The row below may be its lower half.
            is_lower = header.usable and not any(map(holds_value, rows[best[0] : index + 1]))
            return (index, header) if is_lower and len(header.columns) > len(best[1].columns) else best
        if header.usable or len(header.columns) > max(1, len(best[1].columns) if best else 0):
            best = index, header
    return best


def _header_at(
    rows: Sequence[Sequence[Cell]], index: int, wanted: Mapping[str, str], usual: Mapping[str, str]
) -> Header:
    """A row as headings, with the row above it where the two make more, or say whose a state or a time is."""
    alone = read_header(rows[index], wanted, usual)
    if index == 0 or holds_value(rows[index]) or holds_value(above := rows[index - 1]):
        return alone
    both = read_header(_over_two_rows(above, rows[index]), wanted, usual)
    in_groups = both.usable and sum(bool(plain(cell).strip()) for cell in above) > 1
    return both if in_groups or len(both.columns) > len(alone.columns) else alone


def holds_value(cells: Iterable[Cell]) -> bool:
    """Whether a row holds the number of a ticket or an order, or a time, so that it is none of headings."""
    return any(is_time(cell) or _is_number(unprotected(plain(cell))) for cell in cells)


def is_time(cell: Cell) -> bool:
    """Whether a cell holds a date and a time of day, in a form that tables have."""
    return isinstance(cell, date) or _TIME.search(unprotected(plain(cell))) is not None


def _is_number(text: str) -> bool:
    return TICKET_ID_PATTERN.fullmatch(text) is not None or ORDER_ID_PATTERN.fullmatch(text) is not None


def _over_two_rows(upper: Sequence[Cell], lower: Sequence[Cell]) -> list[str]:
    """The headings that two rows make together. A merged cell's text stands in its first cell alone: one over
    several columns is the group of those below it, one over both rows has nothing below."""
    width = max(len(upper), len(lower))
    above, below = (
        [cleaned(plain(cell)) for cell in cells] + [""] * (width - len(cells)) for cells in (upper, lower)
    )
    headings = []
    group = ""
    for over, under in zip(above, below, strict=True):
        group = over or group
        whole = group.removesuffix("信息") + under
        if not under:
            headings.append(over)
        elif heading_key(whole) in _KNOWN:
            headings.append(whole)
        elif heading_key(under) in _KNOWN:
            headings.append(whole if _is_of_another_thing(group, under) else under)
        else:
            headings.append(over if heading_key(over) in _KNOWN else under)
    return headings


def _is_of_another_thing(group: str, heading: str) -> bool:
    """Whether a state or a time stands in a group of headings that is not the ticket's: an order has a state
    and a creation time as well."""
    if _names_ticket(group) or _names_ticket(heading) or _OTHER_THING.search(group) is None:
        return False
    key = heading_key(heading)
    return key in _DATE_OF or _FIELD_OF[key] in ("created_at", "deadline_at", "status")


def _names_ticket(heading: str) -> bool:
    return "工单" in heading


def check_header(name: str, row: int, header: Header, wanted: Mapping[str, str]) -> None:
    """Raises ``InputError`` when the headings cannot be used, with what was seen and what is needed."""
    seen = _listed(header.headings)
    for wanted_field, heading in wanted.items():
        if wanted_field not in header.columns:
            raise InputError(
                _(
                    "{name}: there is no column {heading} (from --map {field}=…); row {row} has {seen}."
                ).format(name=name, heading=quoted(heading), field=wanted_field, row=row, seen=seen)
            )
    if not header.usable:
        raise InputError(no_header(name, header.headings))
    for name_of_field in ("id", "created_at", "deadline_at"):
        at = header.columns.get(name_of_field, ())
        if len(at) > 1:
            raise InputError(
                _(
                    "{name}, row {row}: several columns could be the field {field}: {seen}; "
                    "keep one of them, or choose with --map {field}=COLUMN."
                ).format(
                    name=name, row=row, field=name_of_field, seen=_listed([header.headings[n] for n in at])
                )
            )


def doubled(name: str, header: Header) -> list[str]:
    """A note for each field that several columns could be, of which the first is read; of the states all are,
    see ``TableReader``."""
    return [
        _doubled_state(name, seen)
        if name_of_field == "status"
        else _(
            "{name}: several columns could be the field {field}; {first} was read, not read were {others}."
        ).format(name=name, field=name_of_field, first=quoted(seen[0]), others=_listed(seen[1:]))
        for name_of_field, at in header.columns.items()
        if len(at) > 1
        for seen in ([header.headings[n] for n in at],)
    ]


def _doubled_state(name: str, seen: Sequence[str]) -> str:
    return _(
        "{name}: several columns tell a state: {seen}; a ticket that waits by one of them is taken as "
        "waiting; choose with --map status=COLUMN."
    ).format(name=name, seen=_listed(seen))


def no_header(name: str, seen: Iterable[str]) -> str:
    """The sentence for a table without usable headings."""
    return _(
        "{name}: no row with usable headings was found; needed are a ticket number (such as 工单号) and a "
        "creation time (创建时间) or a deadline (截止时间), seen were {seen}; "
        "name a column with --map, for example --map id=COLUMN."
    ).format(name=name, seen=_listed(seen) or _("none"))


def _listed(headings: Iterable[str]) -> str:
    named = [quoted(heading) for heading in headings if heading.strip()]
    return listed([*named[:20], *["…"][: len(named) > 20]])
