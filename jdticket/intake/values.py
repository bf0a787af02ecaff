"""One cell -> one value: numbers that a spreadsheet may have hurt, and times.

Every function raises ``InputError`` with the reason alone; the caller names file, row and column.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta, tzinfo

from jdticket.clock import parse_time
from jdticket.domain.tickets import ORDER_ID_PATTERN, TICKET_ID_PATTERN
from jdticket.errors import InputError
from jdticket.i18n import _
from jdticket.text import has_other_digits

Cell = str | int | float | bool | date | time | timedelta | None
"""What a cell may hold; ``datetime`` is a ``date``."""

# Excel keeps 15 digits of a number and writes zeros for the rest.
_EXCEL_EXACT_BELOW = 10**15
# A creation time a little ahead of our clock is the two clocks' difference, not a mistake.
CLOCK_SKEW = timedelta(minutes=10)
# Hours are given, and after an outage days; the longest holiday is a week and a half.
_FURTHEST_DEADLINE = timedelta(days=60)
_SERIAL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - what a spreadsheet calls day 0
_FIRST_SERIAL, _LAST_SERIAL = 36526, 73415  # 2000-01-01 and 2100-12-31

# What neither shows nor takes room: soft hyphen, zero width, direction.
_HIDDEN = "\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_TO_CLEAN = re.compile(rf"^[\s='’`]|\s$|&[#a-zA-Z]|[{_HIDDEN}]")
_HIDDEN_MARKS = re.compile(f"[{_HIDDEN}]")
_HIDDEN_IN_NUMBERS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200d]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}[0-9]{0,2});")
_AS_FORMULA = re.compile(r'=\s*(?:"((?:[^"]|"")*)"|“([^”]*)”|([0-9.]+))')
_BETWEEN_DIGITS = re.compile("(?<=[0-9])[\u00a0\u2000-\u200a\u202f]+(?=[0-9])")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")
_USUAL_LENGTH = len("2026-11-23 14:30:00")
_IN_FULL = re.compile(r"[0-9]{4}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}")
_FROM_NOW = re.compile(r"(?:前|后|ago)\s*$|^\s*-|^\s*in ", re.IGNORECASE)
_NOTHING = {""} | {
    *("-", "--", "---", "—", "——", "/", "\\", "\\n", "无", "暂无", "空", "没有", "未知", "(空)", "(空白)"),
    *("n/a", "na", "#n/a", "null", "none", "nil", "nan", "nat", "undefined", "(null)", "[null]", "<null>"),
}
# In a column of times, beside these.
_NO_TIME = {"0", "0.0", "不限", "永久"}
# In the column of a reply, beside these: what stands for one that has not been given.
_NO_REPLY = {"未回复", "未处理", "待回复", "待处理", "尚未回复", "暂未回复"}
# How programs write that there is no time: MySQL's zero date, the first days of Unix, .NET and spreadsheets,
# the last day of them all.
_ZERO_DATE = re.compile(
    r"(?:0000[-/.年]?0?0[-/.月]?0?0|0001[-/.年]?0?1[-/.月]?0?1|1970[-/.年]?0?1[-/.月]?0?1|1899[-/.年]?12[-/.月]?3[01]"
    r"|1900[-/.年]?0?1[-/.月]?0?[01]|9999[-/.年]?12[-/.月]?31)日?(?:[ T].*)?"
)
_UNTIMED = re.compile(r"[0-9]{4}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}[日号]?|[0-9]{4})")


def plain(cell: Cell) -> str:
    """The cell as text, the way a person reads it."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def is_nothing(text: str) -> bool:
    """True for an empty cell and for what people write into one that has no value ("-", "无")."""
    return text.strip().lower() in _NOTHING


def cleaned(text: str) -> str:
    """``text`` without what programs and spreadsheets put around and into it: ``="…"``, a leading tab or
    apostrophe, HTML's entities, blanks of any kind at its ends, marks that do not show."""
    if _TO_CLEAN.search(text) is None:
        return text
    if "&" in text:
        from html import unescape

        text = _ENTITY.sub(lambda entity: unescape(entity[0]), text)
    text = _HIDDEN_MARKS.sub("", text).strip()
    if text.startswith("=") and (formula := _AS_FORMULA.fullmatch(text)):
        text = (formula[1] or formula[2] or formula[3] or "").replace('""', '"')
    return text.lstrip("'’`").strip()


def unprotected(text: str) -> str:
    """``text`` as a number is read: :func:`cleaned`, without the thin blanks that group digits, full width
    made plain.

    Other digits (², ①, ٣) stay what they are: no digits.
    """
    text = cleaned(_BETWEEN_DIGITS.sub("", _HIDDEN_IN_NUMBERS.sub("", text)))
    if text.isascii() or has_other_digits(text):
        return text
    return cleaned(unicodedata.normalize("NFKC", text))


def digits(cell: Cell) -> str:
    """The number in the cell as text; what is no number comes back as it stands.

    Raises ``InputError`` for a number whose last digits a spreadsheet has lost.
    """
    if isinstance(cell, float) and not isinstance(cell, bool):
        if cell.is_integer() and abs(cell) < _EXCEL_EXACT_BELOW:
            return str(int(cell))
        if abs(cell) >= _EXCEL_EXACT_BELOW:
            raise InputError(_rounded())
        return str(cell)
    text = unprotected(plain(cell))
    if _SCIENTIFIC.fullmatch(text):
        raise InputError(_rounded())
    if whole := _WHOLE_FLOAT.fullmatch(text):
        if int(whole[1][:400]) >= _EXCEL_EXACT_BELOW:
            raise InputError(_rounded())
        return whole[1]
    return text


def ticket_id(cell: Cell) -> str:
    """A ticket number: 7 to 10 digits."""
    if type(cell) is str and TICKET_ID_PATTERN.fullmatch(cell):
        return cell
    number = digits(cell)
    if TICKET_ID_PATTERN.fullmatch(number):
        return number
    if not number:
        raise InputError(_("there is no ticket number in this row"))
    if ORDER_ID_PATTERN.fullmatch(number):
        raise InputError(
            _("a ticket number has 7 to 10 digits; this looks like an order number; are columns mixed up?")
        )
    raise InputError(_("a ticket number has 7 to 10 digits and nothing else"))


def order_id(cell: Cell) -> str | None:
    """An order number: 12 to 19 digits; None when the cell is empty."""
    if type(cell) is str and ORDER_ID_PATTERN.fullmatch(cell):
        return cell
    number = digits(cell)
    if ORDER_ID_PATTERN.fullmatch(number):
        return number
    if is_nothing(number):
        return None
    if TICKET_ID_PATTERN.fullmatch(number):
        raise InputError(
            _("an order number has 12 to 19 digits; this looks like a ticket number; are columns mixed up?")
        )
    raise InputError(_("an order number has 12 to 19 digits and nothing else"))


def moment(cell: Cell, zone: tzinfo, now: datetime) -> datetime | None:
    """A time as UTC; None when the cell is empty or holds what stands for no time. Without an offset it is
    meant in ``zone``."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        if len(cell) == _USUAL_LENGTH and cell.isascii() and cell[0] == "2":
            return parse_time(cell, zone, now=now)
        text = cleaned(cell)
        return None if is_no_time(text) else parse_time(_in_full(text), zone, now=now)
    if is_no_time(plain(cell)):
        return None
    if isinstance(cell, time | timedelta | bool):
        if cell in (time(), timedelta()):
            return None
        raise InputError(_("a date is needed, not a time alone"))
    if isinstance(cell, datetime):
        # A spreadsheet's fraction of a day misses the second by some microseconds either way.
        cell = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
    return parse_time(plain(cell), zone, now=now)


def is_no_time(text: str) -> bool:
    """True for what stands in a column of times where there is none: nothing, a zero date, a word."""
    return is_nothing(text) or text in _NO_TIME or _ZERO_DATE.fullmatch(text) is not None


def is_no_reply(text: str) -> bool:
    """True for what stands in the columns of a reply where there is none."""
    return is_no_time(text) or text in _NO_REPLY


# A serial number has five digits, 20261127 has eight; longer ones are moments.
_DIGITS_OF_A_DAY = 8
_CLOCK = re.compile("[:：时点]|[0-9]T[0-9]")
# An hour that only a person has chosen.
_24_HOURS = re.compile("24 ?[:：时点]")


def is_midnight(cell: Cell, then: datetime, zone: tzinfo) -> bool:
    """Whether the cell, which was read as ``then``, names a day in ``zone`` alone, or its first moment, as
    which programs write a day without a time; 24:00 is meant."""
    return then.astimezone(zone).time() == time() and _24_HOURS.search(plain(cell)) is None


def is_day_alone(cell: Cell, then: datetime, zone: tzinfo) -> bool:
    """Whether the cell, which was read as ``then``, names a day in ``zone`` and no time of it: a date in any
    form, a whole serial number. Midnight spelt out is a time."""
    if not is_midnight(cell, then, zone):
        return False
    if isinstance(cell, date):
        return True
    text = plain(cell)
    return len(text) <= _DIGITS_OF_A_DAY if text.isdecimal() else _CLOCK.search(text) is None


def joined(day: Cell, clock: Cell) -> Cell:
    """The time that a date and a time of day in two cells make together.

    A cell that holds both by itself wins; without a time of day it is the date alone, without a date the
    time of day alone, which no reader takes for a time.
    """
    if is_nothing(plain(clock)) or _holds_both(day):
        return day
    if is_no_time(cleaned(plain(day))) or _holds_both(clock):
        return clock
    return f"{_day_of(day)} {_clock_of(clock)}"


def _holds_both(cell: Cell) -> bool:
    if isinstance(cell, datetime):
        return cell.year > 1900 and cell.time() != time()
    if not isinstance(cell, str) or _IN_FULL.search(cell) is None:
        return False
    return _UNTIMED.fullmatch(unprotected(cell)) is None


def _day_of(cell: Cell) -> str:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        is_serial = _FIRST_SERIAL <= cell <= _LAST_SERIAL
        return str((_SERIAL_EPOCH + timedelta(days=int(cell))).date()) if is_serial else plain(cell)
    return str(cell.date()) if isinstance(cell, datetime) else cleaned(plain(cell))


def _clock_of(cell: Cell) -> str:
    if isinstance(cell, float) and 0 <= cell < 1:
        cell = timedelta(days=cell)
    if isinstance(cell, datetime):
        cell = cell.time()
    if isinstance(cell, time):
        cell = datetime.combine(_SERIAL_EPOCH, cell) - _SERIAL_EPOCH
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return cleaned(plain(cell))


def _in_full(text: str) -> str:
    """``text``; raises ``InputError`` for a time that counts from the moment of reading ("昨天 18:00"):
    a file may be read days after it was made."""
    if not _IN_FULL.search(unicodedata.normalize("NFKC", text)) or _FROM_NOW.search(text):
        raise InputError(
            _("this cannot be read as a time; in a file it is needed in full, such as 2026-11-23 14:30")
        )
    return text


def not_far_ahead(then: datetime | None, now: datetime) -> datetime | None:
    """``then``; raises ``InputError`` when it lies further ahead than any deadline: a year was mistyped, or
    digits that are no time read like one."""
    if then is not None and then > now + _FURTHEST_DEADLINE:
        raise InputError(
            _("this lies more than {days} days ahead, which no deadline does").format(
                days=_FURTHEST_DEADLINE.days
            )
        )
    return then


def not_after(then: datetime | None, now: datetime) -> datetime | None:
    """``then``; raises ``InputError`` when it lies in the future by more than ``CLOCK_SKEW``."""
    if then is not None and then > now + CLOCK_SKEW:
        raise InputError(_("this time lies in the future"))
    return then


def _rounded() -> str:
    return _(
        "Excel has rounded this number and its last digits are lost; "
        "export the file again and do not save it from Excel, or set the column to text first"
    )
