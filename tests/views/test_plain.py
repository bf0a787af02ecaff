from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.authorisation import Token
from jdticket.domain.events import EventKind
from jdticket.domain.replies import Delivery, DeliveryState
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import Status
from jdticket.errors import Trouble
from jdticket.views import plain
from tests.desk.at_desk import SHANGHAI
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
    row = plain.ticket(ticket(), HOUR, NOON, SHANGHAI, undelivered=False)
    assert tuple(row) == plain.TICKET_KEYS
    assert row["created_at"] == "2026-11-23T12:00:00+08:00"
    assert row["deadline_at"] == "2026-11-23T16:00:00+08:00"


def test_a_ticket_is_overdue_one_second_after_its_deadline() -> None:
    held, second = ticket(), timedelta(seconds=1)

    def overdue(left: timedelta) -> object:
        return plain.ticket(held, left, held.deadline_at - left, SHANGHAI, undelivered=False)["overdue"]

    assert (overdue(0 * second), overdue(-second)) == (False, True)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("returned_at", [NOON, None])
@pytest.mark.parametrize("undelivered", [True, False])
def test_what_waits_has_time_left_and_nothing_else(
    status: Status, returned_at: datetime | None, undelivered: bool
) -> None:
    held = ticket(status=status, returned_at=returned_at)
    waiting = status is Status.PENDING or (
        status is Status.REPLIED and (returned_at is not None or undelivered)
    )
    row = plain.ticket(held, -HOUR, NOON + 9 * HOUR, SHANGHAI, undelivered=undelivered)
    assert (row["waits"], row["status"]) == (waiting, status.value)
    assert (row["seconds_left"], row["overdue"]) == ((-3600, True) if waiting else (None, False))


def test_where_the_time_left_is_not_known_the_wall_tells_whether_it_is_overdue() -> None:
    for year, overdue in ((1980, True), (2150, False)):
        held = ticket(deadline_at=datetime(year, 1, 1, tzinfo=UTC))
        row = plain.ticket(held, None, NOON, SHANGHAI, undelivered=False)
        assert (row["seconds_left"], row["overdue"], row["waits"]) == (None, overdue, True)


def test_an_outage_that_lasts_has_no_end() -> None:
    row = plain.outage(outage(), SHANGHAI)
    assert (row["until"], row["manager_contacted"], row["shops"]) == (None, False, ["jd3", "京东5店"])


def test_times_in_the_data_of_an_event_have_the_offset_of_every_other_time() -> None:
    moved = {
        "old": "2026-11-23T06:00:00Z",
        "new": "2026-11-23T07:00:00Z",
        "why": "granted",
        "manager": "06:00",
    }
    told = plain.event(event(kind=EventKind.DEADLINE_MOVED, data=moved), SHANGHAI)
    assert told["data"] == moved | {"old": "2026-11-23T14:00:00+08:00", "new": "2026-11-23T15:00:00+08:00"}
    changed = {"source": "a.csv", "row": 2, "fields": {"created_at": "2026-11-23T06:00:00Z", "content": "x"}}
    told = plain.event(event(kind=EventKind.CHANGED, data=changed), SHANGHAI)
    assert told["data"]["fields"] == {"created_at": "2026-11-23T14:00:00+08:00", "content": "x"}


def test_a_delivery_has_its_keys_and_its_times() -> None:
    sent = Delivery(
        *(1, "59088842", DeliveryState.UNKNOWN, 2, NOON, NOON + HOUR),
        answer="no answer",
        subtype="催发货",
        trouble=Trouble.REFUSED,
        code="66",
    )
    assert plain.delivery(sent, SHANGHAI) == {
        "state": "unknown",
        "tries": 2,
        "tried_at": "2026-11-23T12:00:00+08:00",
        "answer": "no answer",
        "trouble": "refused",
        "code": "66",
        "subtype": "催发货",
    }


def test_a_reply_that_is_not_to_be_sent_has_no_state_and_one_not_tried_yet_no_time() -> None:
    never = {
        "state": None,
        "tries": 0,
        "tried_at": None,
        "answer": "",
        "trouble": None,
        "code": "",
        "subtype": "",
    }
    assert plain.delivery(None, SHANGHAI) == never
    unsent = Delivery(1, "59088842", DeliveryState.UNSENT)
    assert plain.delivery(unsent, SHANGHAI) == never | {"state": "unsent"}


TOKEN = Token("jd3", "app-key", "secret-access", "secret-refresh", NOON - HOUR, NOON + HOUR)


def test_an_authorisation_tells_until_when_and_never_the_token() -> None:
    told = plain.authorisation("jd3", TOKEN, NOON, SHANGHAI)
    assert told == {"shop": "jd3", "signed_in": True, "expires_at": "2026-11-23T13:00:00+08:00"}
    assert plain.authorisation("jd3", None, NOON, SHANGHAI) == {
        "shop": "jd3",
        "signed_in": False,
        "expires_at": None,
    }


def test_an_authorisation_has_ended_at_its_last_second() -> None:
    def signed_in(now: datetime) -> bool:
        told = plain.authorisation("jd3", TOKEN, now, SHANGHAI)
        assert told["expires_at"] == "2026-11-23T13:00:00+08:00"
        return bool(told["signed_in"])

    second = timedelta(seconds=1)
    assert [signed_in(TOKEN.expires_at + n * second) for n in (-1, 0, 1)] == [True, False, False]


def test_a_shop_that_cannot_be_fetched_says_why_and_since_when() -> None:
    failing = SourceState(
        *("jd3", NOON - HOUR),
        failing_since=NOON,
        trouble=Trouble.SIGNED_OUT,
        code="19",
        words="无效access_token",
    )
    assert plain.source(failing, SHANGHAI) == {
        "fetched_at": "2026-11-23T11:00:00+08:00",
        "failing_since": "2026-11-23T12:00:00+08:00",
        "trouble": "signed_out",
        "code": "19",
    }


def test_a_shop_that_is_fetched_or_never_was_has_no_trouble() -> None:
    none = {"fetched_at": None, "failing_since": None, "trouble": None, "code": ""}
    assert plain.source(None, SHANGHAI) == plain.source(SourceState("jd3"), SHANGHAI) == none
    back = SourceState("jd3", good_at=NOON, failed_since=NOON - HOUR, back_at=NOON)
    assert plain.source(back, SHANGHAI) == none | {"fetched_at": "2026-11-23T12:00:00+08:00"}


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
