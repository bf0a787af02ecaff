from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jdticket.domain.channels import ChannelTrouble
from jdticket.domain.drafts import Rejection
from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.sources import SourceState
from jdticket.domain.tickets import Counts, Kind, Status, Ticket
from jdticket.errors import Trouble
from jdticket.views import tables
from jdticket.views.screen import Cell, Plain
from tests.desk.at_desk import SHANGHAI
from tests.store.making import NOON, outage, reply, ticket

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
        undelivered=(),
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
    missing: Sequence[Ticket] = (),
) -> list[str]:
    tables.alerts(
        Plain(),
        Counts(pending=9, overdue=overdue, due_soon=0, returned=returned, unsent=unsent),
        [outage(id=i + 1) for i in range(outages)],
        [ticket(str(59088842 + i)) for i in range(returned)],
        missing,
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


def test_what_the_page_no_longer_holds_is_named_with_since_when(capsys: pytest.CaptureFixture[str]) -> None:
    gone = [
        ticket("59088842", missing_at=NOON - HOUR),
        ticket("59088843", missing_at=NOON - 2 * HOUR),
        ticket("59088844", missing_at=NOON - HOUR),
    ]
    assert alerts(capsys, missing=gone) == [
        "! 1 ticket that waits here is no longer on the page (since today 10:00): 59088843. If it was "
        "answered there: jdticket close TICKET, or import the whole page again with --close-missing",
        "! 2 tickets that wait here are no longer on the page (since today 11:00): 59088842, 59088844. If "
        "they were answered there: jdticket close TICKET, or import the whole page again with "
        "--close-missing",
    ]


def test_replies_that_are_not_listed_are_hinted_at(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = alerts(capsys, returned=7)
    assert line.startswith("! 7 replies")
    assert line.endswith("59088842, 59088843, 59088844, 59088845, 59088846 …")


@pytest.mark.parametrize(("count", "begin"), [(1, "1 reply is not"), (2, "2 replies are not")])
def test_replies_that_are_not_on_the_platform_come_with_the_command_that_brings_them(
    count: int, begin: str
) -> None:
    line = tables.unsent_line(count)
    assert line.startswith(f"{begin} on the platform: ")
    assert line.endswith("jdticket replies --unsent, then jdticket send --all")


# Replies, and shops that cannot be fetched


class Kept(Plain):
    """Keeps a table as it was handed over, with the style of each cell."""

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[Cell]], **options: Any) -> None:
        self.rows = rows
        super().table(headings, rows, **options)


def reply_rows(*rows: tuple[Reply, Delivery | None]) -> list[list[Cell]]:
    screen = Kept()
    tables.reply_table(screen, rows, now=NOON, zone=SHANGHAI)
    return [list(row) for row in screen.rows]


def delivery(state: DeliveryState, **fields: Any) -> Delivery:
    return Delivery(1, "59088842", state, **fields)


@pytest.mark.parametrize(
    ("state", "trouble", "words", "style", "why"),
    [
        (DeliveryState.UNSENT, Trouble.UNDECIDED, "NOT SENT", "bold red", "the second-level type is missing"),
        (
            DeliveryState.UNKNOWN,
            Trouble.UNREACHABLE,
            "UNKNOWN",
            "bold yellow",
            "the platform does not answer",
        ),
        (DeliveryState.UNSENT, Trouble.REFUSED, "NOT SENT", "bold red", "系统繁忙\\x1b"),
    ],
)
def test_a_reply_that_has_not_arrived_is_listed_with_why(
    capsys: pytest.CaptureFixture[str],
    state: DeliveryState,
    trouble: Trouble,
    words: str,
    style: str,
    why: str,
) -> None:
    held = delivery(state, tries=2, answer="系统繁忙\x1b", trouble=trouble)
    [row] = reply_rows((reply(text="您好\n订单已发出\x1b"), held))
    assert row[2] == (words, style)
    assert [cell.text for cell in row[:4]] == ["today 12:00", "59088842", words, "小李"]
    assert row[4].text.startswith(why)
    assert row[5].text == "您好 订单已发出\\x1b"
    headings, _line = capsys.readouterr().out.splitlines()
    assert headings.split() == ["given", "ticket", "platform", "by", "why", "reply"]


def test_columns_that_would_be_empty_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    arrived = delivery(DeliveryState.ARRIVED, answer="回复成功")
    first, never = reply_rows((reply(by=""), arrived), (reply(by=""), None))
    assert [cell.text for cell in first[:3]] == ["today 12:00", "59088842", "on the platform"]
    assert (first[2].style, never[2].text, len(first)) == ("green", "-", 4)
    assert capsys.readouterr().out.splitlines()[0].split() == ["given", "ticket", "platform", "reply"]


def table(*tickets: Ticket, undelivered: Sequence[str] = ()) -> list[list[Cell]]:
    screen = Kept()
    tables.ticket_table(
        screen,
        tickets,
        left=lambda one: one.deadline_at - NOON if one.deadline_at.year == NOON.year else None,
        undelivered=undelivered,
        now=NOON,
        zone=SHANGHAI,
        shop_names={},
        several_shops=False,
    )
    return [list(row) for row in screen.rows]


REPLIED = {"status": Status.REPLIED}


def test_what_was_replied_to_and_waits_all_the_same_shows_its_time_and_why() -> None:
    pending, unsent, returned, both, done = table(
        ticket("59088841"),
        ticket("59088842", **REPLIED),
        ticket("59088843", **REPLIED, returned_at=NOON),
        ticket("59088844", **REPLIED, returned_at=NOON),
        ticket("59088845", **REPLIED),
        undelivered=["59088842", "59088844"],
    )
    assert (pending[0], pending[4].text) == (("4h left", "green"), "")
    assert (unsent[0].text, unsent[4]) == ("4h left", ("not delivered", "bold red"))
    assert (returned[0].text, returned[4]) == ("4h left", ("still waiting there", "bold yellow"))
    assert (both[0].text, both[4]) == ("4h left", ("not delivered", "bold red"))
    assert (done[0], done[4].text) == (("replied", "dim"), "")


def test_what_the_page_no_longer_holds_is_marked_as_long_as_it_waits() -> None:
    gone, returned, done = table(
        ticket("59088841", missing_at=NOON),
        ticket("59088842", missing_at=NOON, returned_at=NOON, **REPLIED),
        ticket("59088843", missing_at=NOON, **REPLIED),
    )
    assert gone[4] == ("not on the page", "bold yellow")
    assert returned[4] == ("still waiting there, not on the page", "bold yellow")
    assert done[4].text == ""


def test_nothing_odd_has_no_column() -> None:
    [row] = table(ticket(**REPLIED))
    assert len(row) == 6


def test_a_time_left_that_nobody_knows_is_shown_as_such() -> None:
    past, future = (ticket(deadline_at=datetime(year, 1, 1, tzinfo=UTC)) for year in (1980, 2150))
    assert [row[0] for row in table(past, future)] == [("overdue", "bold red"), ("unknown", "bold red")]
    line = tables.impossible_line([past, future])
    assert line.startswith("The deadlines of 2 tickets lie too far off to be right")
    assert "59088842, 59088842" in line


def test_the_kind_is_the_platform_s_own_where_ours_have_no_word_for_it() -> None:
    def kind(**fields: Any) -> str:
        [row] = table(ticket(**fields))
        return row[2].text

    assert kind(kind=Kind.OTHER, kind_text="退款问题") == "退款问题"
    assert kind(kind=Kind.OTHER, kind_text="") == kind(kind=Kind.OTHER, kind_text=" \n") == "other"
    assert kind(kind=Kind.URGE, kind_text="催单") == "urge"
    assert kind(kind=Kind.OTHER, kind_text="坏\x1b[31m\u202e") == "坏\\x1b[3…"
    assert kind(kind=Kind.OTHER, kind_text="长" * 10_000) == "长" * 7 + "…"


def source(shop: str = "jd3", trouble: Trouble | None = Trouble.REFUSED, **fields: Any) -> SourceState:
    given = {"good_at": NOON - HOUR, "code": "66", "words": "系统\n错误\x1b"}
    return SourceState(shop, trouble=trouble, **(given | fields))


def test_each_shop_that_cannot_be_fetched_has_a_sentence_and_one_that_can_has_none() -> None:
    lines = tables.source_lines(
        [
            source(),
            source("jd4", trouble=None),
            source("jd5", trouble=Trouble.SIGNED_OUT, good_at=None),
        ],
        {"jd3": "京东3店"},
        now=NOON,
        zone=SHANGHAI,
    )
    assert lines == [
        "Shop 京东3店 has not been fetched from the platform since today 11:00: "
        "code 66 (系统 错误\\x1b): try again later",
        "Shop jd5 has never been fetched from the platform: sign the shop in: jdticket auth login jd5",
    ]


def trouble_alerts(
    capsys: pytest.CaptureFixture[str],
    *,
    channels: Sequence[ChannelTrouble] = (),
    others: Sequence[str] = (),
    sources: Sequence[SourceState] = (),
) -> list[str]:
    names = {"jd3": "京东3店"}
    tables.trouble_alerts(Plain(), channels, others, sources, names, now=NOON, zone=SHANGHAI)
    return capsys.readouterr().out.splitlines()


def test_tickets_that_do_not_come_in_stand_above_reminders_that_do_not_go_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = trouble_alerts(
        capsys,
        channels=[ChannelTrouble("group", NOON - HOUR, "HTTP 500", refused=False)],
        others=["Reminders have not run."],
        sources=[source(), source("jd5", trouble=Trouble.UNREACHABLE)],
    )
    assert [line.split()[:3] for line in lines] == [
        ["!", "Shop", "京东3店"],
        ["!", "Shop", "jd5"],
        ["!", "Channel", "group"],
        ["!", "Reminders", "have"],
    ]
    assert lines[1].endswith("since today 11:00: the platform does not answer")


def test_when_every_shop_is_fetched_and_every_channel_takes_reminders_nothing_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert trouble_alerts(capsys) == []
    assert trouble_alerts(capsys, sources=[source(trouble=None), SourceState("jd5")]) == []


def test_a_rejected_row_is_named_with_file_row_column_and_value() -> None:
    line = tables.rejection_line(Rejection("a.csv", 3, "创建时间", "x\x1b\ny", "no time"))
    assert line == "a.csv, row 3, column 创建时间 “x\\x1b y”: no time"
    assert tables.rejection_line(Rejection("a.csv", 3, "", "", "torn")) == "a.csv, row 3: torn"


def test_many_rows_refused_for_one_reason_are_told_at_once_and_all_are_named() -> None:
    def refused(rows: Iterable[int], value: str = "") -> list[Rejection]:
        return [Rejection("a.csv", row, "店铺", value or str(row), "which shop?") for row in rows]

    few = refused(range(2, 12))
    assert tables.rejection_lines(few) == [tables.rejection_line(one) for one in few]
    many = refused([*range(2, 13), 20, *range(30, 601)])
    assert tables.rejection_lines([*many, Rejection("a.csv", 700, "", "", "torn")]) == [
        "a.csv, rows 2-12, 20, 30-600 (583 rows), column 店铺 “2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …”: "
        "which shop?",
        "a.csv, row 700: torn",
    ]


def test_a_source_that_cannot_be_read_at_all_is_told_by_its_reason() -> None:
    assert tables.rejection_lines([Rejection("a.csv", 0, "", "", "a.csv is empty.")]) == ["a.csv is empty."]
