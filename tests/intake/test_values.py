from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.errors import InputError
from jdticket.intake.values import Cell, digits, is_day_alone, moment, not_after, order_id, ticket_id

from .reading import NOW, at

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "cell",
    [
        "275490614167",
        '="275490614167"',
        "\t275490614167",
        "'275490614167",
        "’275490614167",
        "\u00a0275490614167 ",
        "\ufeff275490614167\u200b",
        "２７５４９０６１４１６７",
        "275490614167.0",
        275490614167.0,
        275490614167,
    ],
)
def test_a_protected_number_is_the_number(cell: Cell) -> None:
    assert order_id(cell) == "275490614167"


@pytest.mark.parametrize(
    "cell",
    ["2.75491E+11", "2.75491e11", "3E+15", "3581494008421111.0", "'2.75491E+11", 3.581494008421111e15, 1e300],
)
def test_a_number_that_excel_has_rounded_is_refused_with_that_explanation(cell: Cell) -> None:
    with pytest.raises(InputError, match=r"Excel has rounded.*text"):
        order_id(cell)
    with pytest.raises(InputError, match="Excel has rounded"):
        ticket_id(cell)


def test_a_whole_number_keeps_all_its_digits() -> None:
    assert order_id(3581494008421111) == "3581494008421111"


@given(st.integers(min_value=10**6, max_value=10**10 - 1))
def test_every_ticket_number_survives_as_text_integer_and_spreadsheet_number(number: int) -> None:
    assert ticket_id(number) == ticket_id(float(number)) == ticket_id(f'="{number}"') == str(number)


@pytest.mark.parametrize(
    "cell", ["123456", "12345678901", "5908884a", "-59088842", "59088842.5", 59088842.5, True, float("nan")]
)
def test_what_is_no_ticket_number_is_refused(cell: Cell) -> None:
    with pytest.raises(InputError, match="7 to 10 digits"):
        ticket_id(cell)


def test_numbers_in_each_others_columns_are_pointed_out() -> None:
    with pytest.raises(InputError, match="looks like an order number"):
        ticket_id("275490614167")
    with pytest.raises(InputError, match="looks like a ticket number"):
        order_id("59088842")


@pytest.mark.parametrize("cell", ["", "-", "无", None, "  ", "N/A"])
def test_an_order_number_may_be_missing(cell: Cell) -> None:
    assert order_id(cell) is None


@pytest.mark.parametrize("cell", ["12345678901", "2" * 20, "abc"])
def test_what_is_no_order_number_is_refused(cell: Cell) -> None:
    with pytest.raises(InputError, match="12 to 19 digits"):
        order_id(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-22 20:48:00",
        "2026/11/22 20:48",
        "2026年11月22日 20:48",
        "\t2026-11-22 20:48:00",
        "46348.8666666667",
        46348.8666666667,
        1795351680000,
        "1795351680000",
        1795351680000.0,
        datetime(2026, 11, 22, 20, 48),  # noqa: DTZ001 - what a workbook's cell holds
        datetime(2026, 11, 22, 20, 47, 59, 999_999),  # noqa: DTZ001
        "2026-11-22T12:48:00Z",
    ],
)
def test_a_time_is_read_in_each_form_that_files_hold(cell: Cell) -> None:
    assert moment(cell, SHANGHAI, NOW) == at("2026-11-22 20:48")


def test_a_date_alone_is_its_beginning() -> None:
    assert moment(date(2026, 11, 22), SHANGHAI, NOW) == at("2026-11-22 00:00")


@pytest.mark.parametrize("cell", ["", " ", "-", None])
def test_no_time_is_no_time(cell: Cell) -> None:
    assert moment(cell, SHANGHAI, NOW) is None


@pytest.mark.parametrize(
    "cell",
    [
        "昨天 18:00",
        "14:30",
        "now",
        "2h ago",
        time(14, 30),
        timedelta(hours=3),
        True,
        "10/11/2026",
        "2026-02-30",
        "2026-02-30 10:00:00",
        "1999-01-01 00:00:00",
        "明年",
        "12345678901234567890",
    ],
)
def test_a_time_that_is_relative_ambiguous_or_impossible_is_refused(cell: Cell) -> None:
    with pytest.raises(InputError):
        moment(cell, SHANGHAI, NOW)


def test_the_future_begins_ten_minutes_ahead_for_clocks_differ() -> None:
    assert not_after(NOW + timedelta(minutes=10), NOW) == NOW + timedelta(minutes=10)
    with pytest.raises(InputError, match="future"):
        not_after(NOW + timedelta(minutes=10, seconds=1), NOW)


@given(st.text(max_size=60) | st.floats() | st.integers() | st.booleans() | st.none())
def test_no_cell_breaks_a_reader(cell: Cell) -> None:
    for reader in (digits, ticket_id, order_id, lambda value: moment(value, SHANGHAI, NOW)):
        try:
            reader(cell)
        except InputError as error:
            assert error.message


@pytest.mark.parametrize(
    ("cell", "alone"),
    [
        (date(2026, 11, 23), True),
        (datetime(2026, 11, 23), True),  # noqa: DTZ001 - what a workbook's cell holds
        (datetime(2026, 11, 23, 18), False),  # noqa: DTZ001
        (46349, True),
        (46349.75, False),
    ],
)
def test_a_cell_that_is_no_text_is_a_day_alone_when_it_is_its_beginning(cell: Cell, alone: bool) -> None:
    then = moment(cell, SHANGHAI, NOW)
    assert then is not None
    assert is_day_alone(cell, then, SHANGHAI) is alone
