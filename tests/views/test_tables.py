from __future__ import annotations

from datetime import timedelta

import pytest

from jdticket.model import Counts, Kind, Rejection, Status
from jdticket.views import tables
from jdticket.views.screen import Plain
from tests.desk_helpers import SHANGHAI
from tests.store.making import NOON, outage, ticket

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("left", "text", "style"),
    [
        (2 * HOUR, "2h left", "green"),
        (HOUR + timedelta(seconds=1), "1h left", "green"),
        (HOUR, "1h left", "yellow"),
        (31 * MINUTE, "31m left", "yellow"),
        (30 * MINUTE, "30m left", "red"),
        (timedelta(0), "<1m left", "red"),
    ],
)
def test_time_left_is_coloured_by_urgency(left: timedelta, text: str, style: str) -> None:
    held = ticket()
    assert tables.left_cell(held, left, held.deadline_at - left) == (text, style)


def test_what_is_overdue_says_by_how_much() -> None:
    held = ticket()
    assert tables.left_cell(held, -40 * MINUTE, held.deadline_at + 40 * MINUTE) == ("overdue 40m", "bold red")


@pytest.mark.parametrize("status", [Status.REPLIED, Status.CLOSED, Status.VOID])
def test_a_ticket_that_is_done_shows_its_state_instead_of_time(status: Status) -> None:
    cell = tables.left_cell(ticket(status=status), -HOUR, NOON + 9 * HOUR)
    assert cell == (status.value, "dim")


def headings(
    capsys: pytest.CaptureFixture[str], *, assignee: str = "", several_shops: bool = False
) -> list[str]:
    tables.ticket_table(
        Plain(),
        [ticket(kind=Kind.CRC, content="a\x1b[31m\nb", assignee=assignee)],
        left=lambda _ticket: HOUR,
        now=NOON,
        zone=SHANGHAI,
        shop_names={"jd3": "京东3店"},
        several_shops=several_shops,
    )
    heading, row = capsys.readouterr().out.splitlines()
    assert row.endswith("a\\x1b[31m b")
    assert ("京东3店" in row) == several_shops
    assert ("小李" in row) == bool(assignee)
    return heading.replace("time left", "left").split()


def test_shop_and_assignee_have_columns_only_when_they_tell_something(
    capsys: pytest.CaptureFixture[str],
) -> None:
    always = ["left", "deadline", "kind", "ticket", "order"]
    assert headings(capsys) == [*always, "content"]
    assert headings(capsys, several_shops=True) == [*always, "shop", "content"]
    assert headings(capsys, assignee="小李") == [*always, "assignee", "content"]


def alerts(
    capsys: pytest.CaptureFixture[str],
    *,
    overdue: int = 0,
    returned: int = 0,
    outages: int = 0,
    unsent: int = 0,
) -> list[str]:
    tables.alerts(
        Plain(),
        Counts(pending=9, overdue=overdue, due_soon=0, returned=returned, unsent=unsent),
        [outage(id=i + 1) for i in range(outages)],
        [ticket(str(59088842 + i)) for i in range(min(returned, 2))],
        now=NOON,
        zone=SHANGHAI,
    )
    return capsys.readouterr().out.splitlines()


def test_a_quiet_desk_has_no_alert(capsys: pytest.CaptureFixture[str]) -> None:
    assert alerts(capsys) == []


def test_each_thing_not_to_be_overlooked_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = alerts(capsys, overdue=2, returned=1, outages=2, unsent=3)
    assert lines[0] == "! 2 tickets are overdue: answer them now."
    assert [line[:10] for line in lines[1:3]] == ["! Outage 1", "! Outage 2"]
    assert lines[3].startswith("! 3 replies are not on the platform")
    assert lines[4].endswith("which still waits: 59088842")


def test_replies_that_are_not_listed_are_hinted_at(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = alerts(capsys, returned=7)
    assert line.startswith("! 7 replies")
    assert line.endswith("59088842, 59088843 …")


def test_a_rejected_row_is_named_with_file_row_column_and_value() -> None:
    line = tables.rejection_line(Rejection("a.csv", 3, "创建时间", "x\x1b\ny", "no time"))
    assert line == "a.csv, row 3, column 创建时间 “x\\x1b y”: no time"
    assert tables.rejection_line(Rejection("a.csv", 3, "", "", "torn")) == "a.csv, row 3: torn"
