from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.model import Status
from jdticket.views import plain
from tests.desk_helpers import SHANGHAI
from tests.store.making import NOON, event, outage, ticket

HOUR = timedelta(hours=1)


class Carrying(io.StringIO):
    """A stream of text in an encoding, as standard output is."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding


def test_a_ticket_has_the_promised_keys_in_their_order() -> None:
    row = plain.ticket(ticket(), 3600, NOON, SHANGHAI)
    assert tuple(row) == plain.TICKET_KEYS
    assert row["created_at"] == "2026-11-23T12:00:00+08:00"
    assert row["deadline_at"] == "2026-11-23T16:00:00+08:00"


def test_a_ticket_is_overdue_one_second_after_its_deadline() -> None:
    held = ticket()
    assert plain.ticket(held, 0, held.deadline_at, SHANGHAI)["overdue"] is False
    assert plain.ticket(held, -1, held.deadline_at + timedelta(seconds=1), SHANGHAI)["overdue"] is True


@pytest.mark.parametrize("status", [Status.REPLIED, Status.CLOSED, Status.VOID])
def test_only_a_pending_ticket_has_time_left(status: Status) -> None:
    row = plain.ticket(ticket(status=status), -60, NOON + 9 * HOUR, SHANGHAI)
    assert (row["seconds_left"], row["overdue"]) == (None, False)


def test_an_outage_that_lasts_has_no_end() -> None:
    row = plain.outage(outage(), SHANGHAI)
    assert (row["until"], row["manager_contacted"], row["shops"]) == (None, False, ["jd3", "京东5店"])


def test_times_in_the_data_of_an_event_have_the_offset_of_every_other_time() -> None:
    told = plain.event(event(data={"old": "2026-11-23T06:00:00Z", "text": "at 06:00"}), SHANGHAI)
    assert told["data"] == {"old": "2026-11-23T14:00:00+08:00", "text": "at 06:00"}


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "ascii", "cp1252"])
@given(text=st.text(st.characters(exclude_categories=())))
def test_json_carries_any_text_through_any_console(encoding: str, text: str) -> None:
    stream = Carrying(encoding)
    plain.write_json_array([{"content": text}], stream)
    carried = stream.getvalue().encode(encoding).decode(encoding)
    assert json.loads(carried) == [{"content": text}]


def test_json_for_a_console_that_has_chinese_is_readable() -> None:
    stream = Carrying("utf-8")
    plain.write_json({"content": "催发货"}, stream)
    assert stream.getvalue() == '{\n  "content": "催发货"\n}\n'


def test_an_empty_array_is_one() -> None:
    stream = Carrying("utf-8")
    plain.write_json_array([], stream)
    assert json.loads(stream.getvalue()) == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_is_made_harmless(start: str) -> None:
    assert plain.spreadsheet_cell(f"{start}1") == f"'{start}1"
    assert plain.spreadsheet_cell(f"1{start}") == f"1{start}"


@given(text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_csv_holds_every_text_in_one_cell(text: str) -> None:
    stream = io.StringIO()
    plain.write_csv(("id", "content", "overdue"), [{"id": -5, "content": text, "overdue": None}], stream)
    [_header, row] = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert row[0] == "-5"  # a number, and no formula
    assert row[1] in (text, f"'{text}")
    assert not row[1].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[2] == ""
