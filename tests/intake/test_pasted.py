from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.errors import InputError
from jdticket.intake.pasted import BUTTONS, PastedPage

from .reading import DATA, NOW, at, options

# The row of the field notes, to the letter.
ROW = (
    "84712345\n\t\n退款问题\n\t\n3581494008421111\n×2\n商品标题\n\t\n2026-11-23 13:49:10\njd_6abc0123def45\n"
    "\t\n待商家处理\n还剩3小时58分\n\t\n去处理\n查看详情\n"
)


def page(text: str, **changes: Any) -> PastedPage:
    return PastedPage(text, "clipboard", options(**changes))


def found_in(text: str, **changes: Any) -> list[Draft | Rejection]:
    return list(page(text, **changes).read())


def only_draft(text: str, **changes: Any) -> Draft:
    [draft] = found_in(text, **changes)
    assert isinstance(draft, Draft), draft
    return draft


def ids(text: str) -> list[str]:
    return [item.id for item in found_in(text) if isinstance(item, Draft)]


def test_a_row_of_the_page_is_a_ticket() -> None:
    assert only_draft(ROW) == Draft(
        source="clipboard",
        row=1,
        id="84712345",
        order_id="3581494008421111",
        kind=Kind.OTHER,
        kind_text="退款问题",
        platform_state=PlatformState.WAITING,
        platform_status="待商家处理",
        created_at=at("2026-11-23 13:49:10"),
        deadline_at=at("2026-11-23 18:58"),
        deadline_to_the_minute=True,
        content="商品标题",
        fills_gaps_only=True,
    )


def test_a_whole_page_gives_its_tickets_and_nothing_else() -> None:
    found = found_in((DATA / "page.txt").read_text(encoding="utf-8"))
    assert all(isinstance(item, Draft) for item in found)
    assert [
        (item.id, item.order_id, item.kind, item.platform_state) for item in found if isinstance(item, Draft)
    ] == [
        ("84712345", "3581494008421111", Kind.OTHER, PlatformState.WAITING),
        ("84712346", "3581494008421112", Kind.URGE, PlatformState.WAITING),
        ("84712347", "275490614167", Kind.CRC, PlatformState.CLOSED),
    ]
    assert [item.content for item in found if isinstance(item, Draft)] == [
        "商品标题",
        "保温杯 500ml 10020030",
        "电热水壶",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    assert only_draft(ROW.replace("\n", end)) == only_draft(ROW)


def test_cells_may_share_a_line() -> None:
    cells = [cell for cell in ROW.splitlines() if cell.strip()]
    assert only_draft("\t".join(cells)) == only_draft(ROW)
    assert only_draft(ROW.replace("去处理\n查看详情", "去处理 查看详情")) == only_draft(ROW)


@pytest.mark.parametrize(
    ("countdown", "left"),
    [
        ("还剩2天1小时58分", timedelta(days=2, hours=1, minutes=58)),
        ("还剩58分", timedelta(minutes=58)),
        ("还剩1小时", timedelta(hours=1)),
        ("还剩 1小时 5分钟", timedelta(hours=1, minutes=5)),
        ("剩余3小时58分", timedelta(hours=3, minutes=58)),
        ("剩余处理时间：3小时58分", timedelta(hours=3, minutes=58)),
        ("还剩0分", timedelta(0)),
        ("已超时2小时5分", None),
        ("已逾期", None),
        ("还剩", None),
    ],
)
def test_the_countdown_is_the_platforms_deadline_on_the_wall_clock(
    countdown: str, left: timedelta | None
) -> None:
    draft = only_draft(ROW.replace("还剩3小时58分", countdown))
    assert draft.deadline_at == (None if left is None else NOW + left)
    assert draft.deadline_to_the_minute == (left is not None)


def test_a_passed_deadline_is_not_taken_for_the_tickets_text() -> None:
    assert only_draft(ROW.replace("还剩3小时58分", "已超时2小时5分")).content == "商品标题"


def test_a_countdown_counts_from_the_moment_of_copying() -> None:
    copied = datetime(2026, 11, 23, 6, 0, 30, 999, tzinfo=UTC)
    assert only_draft(ROW, copied_at=copied).deadline_at == at("2026-11-23 17:58:30")


def test_a_countdown_within_a_products_title_is_none() -> None:
    draft = only_draft(ROW.replace("还剩3小时58分\n", "").replace("商品标题", "大促还剩2天 杯子"))
    assert (draft.deadline_at, draft.content) == (None, "大促还剩2天 杯子")


def test_a_state_and_its_countdown_may_share_a_cell() -> None:
    draft = only_draft(ROW.replace("待商家处理\n还剩", "待商家处理 还剩"))
    assert (draft.platform_status, draft.deadline_at) == ("待商家处理", at("2026-11-23 18:58"))


def test_a_title_that_speaks_of_cancelling_is_no_state() -> None:
    draft = only_draft(ROW.replace("商品标题", "已取消"))
    assert (draft.platform_state, draft.content) == (PlatformState.WAITING, "已取消")


def test_a_long_text_that_speaks_of_cancelling_is_no_state() -> None:
    draft = only_draft(ROW.replace("待商家处理", "买家说要取消订单并且退回优惠券\n待商家处理"))
    assert draft.platform_status == "待商家处理"


def test_a_product_code_is_not_taken_for_the_order() -> None:
    assert only_draft(ROW.replace("商品标题", "100012043978")).order_id == "3581494008421111"


def test_a_phone_number_with_a_time_and_a_link_is_no_ticket() -> None:
    assert ids("4006065500\n2026-11-23 12:00:00\n查看详情\n" + ROW) == ["84712345"]
    assert len(found_in("4006065500\n2026-11-23 12:00:00\n查看详情\n" + ROW)) == 1


def test_a_ticket_in_a_state_that_is_not_known_is_still_a_ticket() -> None:
    draft = only_draft(ROW.replace("待商家处理", "协商中"))
    assert (draft.id, draft.platform_state, draft.platform_status) == ("84712345", None, "")


@pytest.mark.parametrize("button", sorted(BUTTONS))
def test_each_button_closes_a_row(button: str) -> None:
    assert only_draft(ROW.replace("去处理\n查看详情", button)).id == "84712345"


def test_a_block_without_a_button_is_no_ticket() -> None:
    without = ROW.replace("去处理\n查看详情\n", "")
    with pytest.raises(InputError, match=r"clipboard: no ticket was found.*buttons included"):
        found_in(without)
    assert ids(without + ROW.replace("84712345", "84712346")) == ["84712346"]


def test_rows_are_numbered_by_the_line_of_their_ticket_number() -> None:
    first, second = found_in("首页\n\n" + ROW + ROW.replace("84712345", "84712346"))
    assert (first.row, second.row) == (3, 3 + ROW.count("\n"))


@pytest.mark.parametrize("lost", ["2026-11-23 13:49:10\n", "3581494008421111\n"])
def test_a_ticket_that_lacks_its_time_or_order_is_rejected_not_dropped(lost: str) -> None:
    [rejection] = found_in(ROW.replace(lost, ""))
    assert isinstance(rejection, Rejection)
    assert (rejection.row, rejection.value) == (1, "84712345")
    assert "copy its whole row" in rejection.reason


@pytest.mark.parametrize("time", ["2026-02-30 10:00:00", "2026-11-23 15:10:01"])
def test_an_impossible_or_future_creation_time_is_rejected(time: str) -> None:
    [rejection] = found_in(ROW.replace("2026-11-23 13:49:10", time))
    assert isinstance(rejection, Rejection)
    assert (rejection.row, rejection.value) == (9, time)


def test_a_creation_time_may_be_written_in_chinese_or_without_seconds() -> None:
    assert only_draft(ROW.replace("2026-11-23 13:49:10", "2026年11月23日 13:49")).created_at == at(
        "2026-11-23 13:49"
    )
    assert only_draft(ROW.replace("2026-11-23 13:49:10", "2026/11/23 13:49")).created_at == at(
        "2026-11-23 13:49"
    )


@pytest.mark.parametrize(
    "heading", ["平台协同工单 (3)物流投诉工单 (0)", "平台协同工单（3）", "平台协同工单(3)"]
)
def test_fewer_tickets_than_the_page_announces_are_told(heading: str) -> None:
    read = page(heading + "\n" + ROW + ROW)
    assert len(list(read.read())) == 2
    [note] = read.notes
    assert "announces 3 platform collaboration tickets, 1 were found" in note


def test_as_many_tickets_as_announced_need_no_note() -> None:
    read = page("平台协同工单 (1)物流投诉工单 (9)\n" + ROW)
    assert len(list(read.read())) == 1
    assert read.notes == []


def test_a_page_that_announces_no_ticket_is_no_mistake() -> None:
    read = page("平台协同工单 (0)物流投诉工单 (2)\n暂无数据\n")
    assert list(read.read()) == []
    assert len(read.notes) == 1


def test_a_clipboard_with_half_a_character_can_be_stored() -> None:
    content = only_draft(ROW.replace("商品标题", "标题\ud83d")).content
    assert content is not None
    assert content.encode("utf-8")


# Whatever else a page carries. Orders, and the buttons of a notice, are never in the same piece of junk:
# together with a number they would be a ticket.
_WORDS = st.sampled_from(
    [
        "",
        "\t",
        "首页\t商品\t订单",
        "京东客服热线",
        "平台规则更新公告",
        "待商家处理",
        "共 3 条",
        "10 条/页",
        "×2",
        "jd_77aa",
        "{0}",
        "[b]",
    ]
)
_NUMBERS = st.sampled_from(
    ["4006065500", "1234567", "891011121314", "15161718", "2026112300012345", "950618", "1"]
)
_PLAIN = st.lists(_WORDS | _NUMBERS | st.just("2026-11-23 12:00:00"), max_size=8)
_NOTICE = st.lists(
    _WORDS.filter(lambda words: "待" not in words)
    | st.sampled_from(["4006065500", "15161718", *sorted(BUTTONS)]),
    max_size=8,
)
_JUNK = (_PLAIN | _NOTICE).map(lambda pieces: "".join(piece + "\n" for piece in pieces))


@given(
    st.lists(st.tuples(st.integers(10**6, 10**10 - 1), st.integers(10**11, 10**19 - 1)), max_size=4),
    st.data(),
)
def test_junk_around_rows_neither_invents_nor_loses_a_ticket(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    text = data.draw(_JUNK, "before")
    for number, order in rows:
        text += ROW.replace("84712345", str(number)).replace("3581494008421111", str(order))
        text += data.draw(_JUNK, "after")
    try:
        found = found_in(text)
    except InputError:
        found = []
    assert [(item.id, item.order_id) if isinstance(item, Draft) else item for item in found] == [
        (str(number), str(order)) for number, order in rows
    ]


@given(
    st.lists(
        st.sampled_from([*ROW.splitlines(), "4006065500", "891011121314", "平台协同工单 (2)"]), max_size=40
    )
)
def test_no_order_of_cells_breaks_the_reader(cells: list[str]) -> None:
    try:
        found = found_in("\n".join(cells))
    except InputError as error:
        assert error.message
    else:
        assert all(item.row >= 1 for item in found)


def test_words_about_the_time_left_that_are_not_known_are_pointed_out() -> None:
    read = page(ROW.replace("还剩3小时58分", "已超时1小时2分"))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert draft.deadline_at is None
    assert ["84712345" in note for note in read.notes] == [True]
