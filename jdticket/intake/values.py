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

Cell = str | int | float | bool | date | time | timedelta | None
"""What a cell may hold; ``datetime`` is a ``date``."""

# Excel keeps 15 digits of a number and writes zeros for the rest.
_EXCEL_EXACT_BELOW = 10**15
# A creation time a little ahead of our clock is the two clocks' difference, not a mistake.
CLOCK_SKEW = timedelta(minutes=10)

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
_AS_FORMULA = re.compile(r'="?([^"]*)"?')
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")
_USUAL_LENGTH = len("2026-11-23 14:30:00")
_YEAR_OR_SERIAL = re.compile(r"[0-9]{4}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}")
_NOTHING = frozenset({"", "-", "--", "—", "——", "/", "无", "n/a", "null", "none"})


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


def unprotected(text: str) -> str:
    """``text`` without what guards a number from Excel: ``="275490614167"``, a leading tab or
    apostrophe, spaces, marks that do not show; full-width digits become plain ones."""
    text = unicodedata.normalize("NFKC", text).strip().strip(_INVISIBLE)
    if text.startswith("=") and (formula := _AS_FORMULA.fullmatch(text)):
        text = formula[1]
    return text.lstrip("'’`").strip().strip(_INVISIBLE)


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
    """A time as UTC; None when the cell is empty. Without an offset it is meant in ``zone``."""
    if isinstance(cell, str):
        if len(cell) == _USUAL_LENGTH and cell.isascii():
            return parse_time(cell, zone, now=now)
        if is_nothing(cell):
            return None
        return parse_time(_with_year(unprotected(cell)), zone, now=now)
    if cell is None:
        return None
    if isinstance(cell, time | timedelta | bool):
        raise InputError(_("a date is needed, not a time alone"))
    if isinstance(cell, datetime):
        # A spreadsheet's fraction of a day misses the second by some microseconds either way.
        cell = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
    return parse_time(plain(cell), zone, now=now)


def _with_year(text: str) -> str:
    """``text``; raises ``InputError`` for a time that counts from the moment of reading ("昨天 18:00"):
    a file may be read days after it was made."""
    if not _YEAR_OR_SERIAL.search(text):
        raise InputError(
            _("this cannot be read as a time; in a file it is needed in full, such as 2026-11-23 14:30")
        )
    return text


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
