from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.pages import announced
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.errors import InputError
from jdticket.intake.cells import BUTTONS
from jdticket.intake.page_rows import is_doubtful_number
from jdticket.intake.pasted import PastedPage, not_all

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
        deadline_sure=False,
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
        ("已超时2小时5分", -timedelta(hours=2, minutes=5)),
        ("已逾期", timedelta(0)),
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
    assert (draft.id, draft.platform_state, draft.platform_status) == ("84712345", None, "协商中")


@pytest.mark.parametrize("button", sorted(BUTTONS))
def test_each_button_closes_a_row(button: str) -> None:
    assert only_draft(ROW.replace("去处理\n查看详情", button)).id == "84712345"


def test_a_row_needs_no_buttons() -> None:
    without = ROW.replace("去处理\n查看详情\n", "")
    assert only_draft(without) == only_draft(ROW)
    assert ids(without + ROW.replace("84712345", "84712346")) == ["84712345", "84712346"]


@pytest.mark.parametrize("buttons", ["转派\n备注", "查看", "去处理\n查看", "详情", "联系买家\t申请延期"])
def test_a_row_may_have_any_buttons(buttons: str) -> None:
    other = ROW.replace("去处理\n查看详情", buttons)
    assert only_draft(other) == only_draft(ROW)
    assert ids(other + ROW.replace("84712345", "84712346")) == ["84712345", "84712346"]


def test_a_row_that_has_lost_its_number_is_named() -> None:
    later = ROW.replace("84712345", "84712346").replace("3581494008421111", "275490614167")
    rejection, draft = found_in(ROW.removeprefix("84712345\n") + later)
    assert isinstance(rejection, Rejection)
    assert (rejection.row, rejection.value) == (4, "3581494008421111")
    assert "without a ticket number" in rejection.reason
    assert isinstance(draft, Draft)
    assert draft.id == "84712346"


@pytest.mark.parametrize(
    "number",
    [
        *("工单号：84712345", "工单编号 84712345", "工单ID: 84712345", "84712345 复制", "84712345复制"),
        *(
            "８４７１２３４５",
            "847\u200b12345",
            "\u202a84712345\u202c",
            "\xa084712345\u3000",
            "84712345\n复制",
        ),
        *("\x1b[31m84712345\x1b[0m", "84712345\ufe0f", "工单号：84712345 复制"),
    ],
)
def test_a_number_is_known_with_its_label_its_icon_and_whatever_does_not_show(number: str) -> None:
    assert only_draft(ROW.replace("84712345", number)) == only_draft(ROW)


@pytest.mark.parametrize(
    "order", ["订单编号：3581494008421111", "3581494008421111 复制", "３５８１４９４００８４２１１１１"]
)
def test_an_order_number_is_known_with_its_label_and_its_icon(order: str) -> None:
    assert only_draft(ROW.replace("3581494008421111", order)) == only_draft(ROW)


def test_a_ticket_number_among_words_is_taken_and_told() -> None:
    read = page(ROW.replace("84712345", "加急84712345单"))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert draft.id == "84712345"
    assert "its number was found in “加急84712345单”" in read.notes[0]
    assert read.unclear


@pytest.mark.parametrize("account", ["jd_6abc", "j***n", "张**", "李*", "买家：张三丰", "用户****6789"])
def test_the_buyers_name_stays_out_of_the_content(account: str) -> None:
    for text in (
        ROW.replace("jd_6abc0123def45", account),
        ROW.replace("商品标题", f"商品标题\n{account}").replace("jd_6abc0123def45\n", ""),
    ):
        draft = only_draft(text)
        assert (draft.content, draft.platform_status) == ("商品标题", "待商家处理")


def test_rows_are_numbered_by_the_line_of_their_ticket_number() -> None:
    first, second = found_in("首页\n\n" + ROW + ROW.replace("84712345", "84712346"))
    assert (first.row, second.row) == (3, 3 + ROW.count("\n"))


def test_a_ticket_without_its_order_is_taken_and_told() -> None:
    read = page(ROW.replace("3581494008421111\n", ""))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert (draft.id, draft.order_id, draft.content) == ("84712345", None, "商品标题")
    assert read.notes == ["clipboard, row 1, ticket 84712345: it has no order number; check it on the page."]


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("", "it has no creation time"),
        ("2026-02-30 10:00:00", "of no use"),
        ("2026-11-23 15:10:01", "this time lies in the future"),
        ("2026-11-23", "“2026-11-23” is cut"),
    ],
)
def test_a_ticket_without_a_creation_time_lives_by_its_countdown(time: str, words: str) -> None:
    read = page(ROW.replace("2026-11-23 13:49:10", time))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert draft.deadline_at == at("2026-11-23 18:58")
    [note] = read.notes
    assert words in note


@pytest.mark.parametrize("time", ["", "2026-02-30 10:00:00", "2026-11-23 15:10:01"])
def test_a_ticket_without_any_usable_time_is_rejected(time: str) -> None:
    [rejection] = found_in(ROW.replace("2026-11-23 13:49:10", time).replace("还剩3小时58分\n", ""))
    assert isinstance(rejection, Rejection)
    assert rejection.value == time or (rejection.row, rejection.value) == (1, "84712345")


def test_a_cut_creation_time_is_used_to_the_minute_and_told() -> None:
    read = page(ROW.replace("13:49:10", "13:49:1"))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert draft.created_at == at("2026-11-23 13:49")
    assert "“2026-11-23 13:49:1” is cut" in read.notes[0]


def test_a_creation_time_may_be_written_in_chinese_or_without_seconds() -> None:
    assert only_draft(ROW.replace("2026-11-23 13:49:10", "2026年11月23日 13:49")).created_at == at(
        "2026-11-23 13:49"
    )
    assert only_draft(ROW.replace("2026-11-23 13:49:10", "2026/11/23 13:49")).created_at == at(
        "2026-11-23 13:49"
    )


@pytest.mark.parametrize(
    "heading",
    [
        *("平台协同工单 (3)物流投诉工单 (0)", "平台协同工单（3）", "平台协同工单(3)", "平台协同工单\n（３）"),
        *("平台协同工单\u200b [3]", "平台协同工单【3】"),
    ],
)
def test_fewer_tickets_than_the_page_announces_are_told(heading: str) -> None:
    read = page(heading + "\n" + ROW + ROW)
    assert len(list(read.read())) == 2
    told = announced(read.pages)
    assert told is not None
    assert "announces 3 platform collaboration tickets, 1 were found" in not_all("clipboard", told)


def test_as_many_tickets_as_announced_need_no_note() -> None:
    read = page("平台协同工单 (1)物流投诉工单 (9)\n" + ROW)
    assert len(list(read.read())) == 1
    told = announced(read.pages)
    assert told is not None
    assert told.whole
    assert (read.notes, not_all("clipboard", told)) == ([], "")


def test_more_than_a_bound_cannot_be_told_to_be_all() -> None:
    read = page("平台协同工单 (99+)\n" + ROW)
    list(read.read())
    told = announced(read.pages)
    assert told is not None
    assert "announces 99+ platform" in not_all("clipboard", told)


def test_a_page_that_announces_no_ticket_is_no_mistake() -> None:
    read = page("平台协同工单 (0)物流投诉工单 (2)\n暂无数据\n")
    assert list(read.read()) == []
    assert len(read.notes) == 1


def test_a_clipboard_with_half_a_character_can_be_stored() -> None:
    content = only_draft(ROW.replace("商品标题", "标题\ud83d")).content
    assert content is not None
    assert content.encode("utf-8")


# Whatever else a page carries. A number that is none of a ticket's is never close to an order number or a
# time: together they would be one.
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
_NUMBERS = st.sampled_from(["4006065500", "1234567", "891011121314", "15161718", "950618", "1"])
_TIMES = st.sampled_from(["2026112300012345", "2026-11-23 12:00:00"])
_IDLE = _WORDS.filter(lambda words: words not in {"待商家处理", "×2", "jd_77aa"})
_PLAIN = st.lists(_IDLE | _TIMES, max_size=8) | st.lists(_IDLE | _NUMBERS, max_size=8)
_NOTICE = st.lists(
    _WORDS.filter(lambda words: "待" not in words)
    | st.sampled_from(["4006065500", "15161718", *sorted(BUTTONS)]),
    max_size=8,
)
_JUNK = (_PLAIN | _NOTICE).map(lambda pieces: "".join(piece + "\n" for piece in pieces))


@given(
    st.lists(
        st.tuples(
            st.integers(10**6, 10**10 - 1).filter(lambda number: not is_doubtful_number(str(number))),
            st.integers(10**11, 10**19 - 1),
        ),
        max_size=4,
    ),
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


@pytest.mark.parametrize(
    "words",
    [
        *(
            "还剩三刻钟",
            "即将超时",
            "还剩",
            "剩余 03:58",
            "还剩半天",
            "3小时58分",
            "预计到期：稍后",
            "剩余N/A",
        ),
        *("还剩\n3\n刻", "小时58分"),
    ],
)
def test_words_about_the_time_left_that_are_not_known_are_pointed_out(words: str) -> None:
    read = page(ROW.replace("还剩3小时58分", words))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert draft.deadline_at is None
    [note] = read.notes
    assert "ticket 84712345: the time left “" in note
    assert draft.content == "商品标题"


@pytest.mark.parametrize(
    ("left", "due"),
    [
        ("剩余 00:20:15", "14:50:15"),
        ("剩余0h20m", "14:50:00"),
        ("还剩\n0\n小时\n20\n分", "14:50:00"),
        ("还剩２０分钟", "14:50:00"),
        ("20分钟后超时", "14:50:00"),
    ],
)
def test_twenty_minutes_left_at_half_past_two(left: str, due: str) -> None:
    text = ROW.replace("13:49:10", "11:20:00").replace("还剩3小时58分", left)
    draft = only_draft(text, copied_at=at("2026-11-23 14:30"))
    assert (draft.deadline_at, draft.deadline_sure) == (at(f"2026-11-23 {due}"), True)
    assert draft.deadline_to_the_minute == (due != "14:50:15")


@pytest.mark.parametrize("words", ["已超时", "不足1分钟"])
def test_a_bound_is_no_later_than_it_and_never_sure(words: str) -> None:
    draft = only_draft(ROW.replace("还剩3小时58分", words), copied_at=at("2026-11-23 14:30"))
    assert draft.deadline_at is not None
    assert draft.deadline_at <= at("2026-11-23 14:31")
    assert (draft.deadline_sure, draft.deadline_at_most) == (False, True)


def test_when_it_was_copied_is_known_for_a_file_and_by_a_persons_word_alone() -> None:
    said, saved = at("2026-11-23 14:30"), at("2026-11-23 14:40")
    for changes, seen in (
        ({"copied_at": said, "saved_at": saved}, said),
        ({"saved_at": saved}, saved),
        ({"saved_at": at("1980-01-01 00:00")}, None),
        ({}, None),
    ):
        assert only_draft(ROW, **changes).seen_at == seen


@pytest.mark.parametrize("button", ["关闭", "撤销", "作废"])
def test_a_word_that_may_be_a_button_ends_no_ticket(button: str) -> None:
    read = page(ROW.replace("待商家处理\n", "").replace("去处理", button))
    [draft] = read.read()
    assert isinstance(draft, Draft)
    assert draft.platform_state is None
    assert f"“{button}” may be its state or a button" in read.notes[0]


def test_a_number_that_stands_in_two_rows_that_differ_is_told() -> None:
    read = page(ROW + ROW.replace("3581494008421111", "275490614167"))
    assert len(list(read.read())) == 2
    assert ["it stands in two rows that differ" in note for note in read.notes] == [True]


# What is hurt in a row ends no ticket and loses none

OTHER = ROW.replace("84712345", "84712399").replace("3581494008421111", "275490614167")


@pytest.mark.parametrize(
    "rest",
    [
        "84712377\n催单\n收纳箱\n",
        "84712377\t催单\t×1\t收纳箱\n",
        "84712377\n\n还剩20分\n\n转派\n\n备注\n",
        "84712377\n",
        "84712377\n\n催单\n\n27549\n",
    ],
)
@pytest.mark.parametrize("place", ["first", "between", "last"])
def test_a_row_of_which_little_is_left_is_named(rest: str, place: str) -> None:
    text = {"first": rest + ROW + OTHER, "between": ROW + rest + OTHER, "last": ROW + OTHER + rest}[place]
    found = found_in(text)
    assert [item.id for item in found if isinstance(item, Draft)] == ["84712345", "84712399"]
    assert [item.value for item in found if isinstance(item, Rejection)] == ["84712377"]


def test_a_number_alone_is_nothing_where_there_is_no_ticket() -> None:
    with pytest.raises(InputError):
        found_in("84712377\n催单\n")


def test_the_end_of_an_order_number_is_no_ticket() -> None:
    cut = ROW[ROW.index("08421111") :]
    [found] = found_in(cut)
    assert isinstance(found, Rejection)
    assert (found.value, "end of an order number" in found.reason) == ("08421111", True)


@pytest.mark.parametrize(
    ("old", "new", "state", "words"),
    [
        ("商品标题", "商品标题\n已取消", "待补充凭证", "待补充凭证"),
        ("退款问题", "退款问题\n已取消", "处理中", "处理中"),
        ("商品标题", "商品标题\n已完成", "", ""),
        ("待商家处理", "二次待回复\n已关闭", "二次待回复\n已关闭", "二次待回复"),
        ("待商家处理", "申诉中\n已撤销", "申诉中\n已撤销", "申诉中"),
    ],
)
def test_an_end_that_may_be_of_something_else_ends_no_ticket(
    old: str, new: str, state: str, words: str
) -> None:
    source = page(ROW.replace("待商家处理", state).replace(old, new))
    [draft] = source.read()
    assert isinstance(draft, Draft)
    assert (draft.platform_state, draft.platform_status) == (None, words)
    assert any("84712345" in note for note in source.notes)


def test_a_long_state_that_is_not_known_is_told() -> None:
    source = page(ROW.replace("待商家处理", "平台介入处理中请等待商家补充凭证"))
    [draft] = source.read()
    assert isinstance(draft, Draft)
    assert draft.platform_state is None
    [note] = source.notes
    assert "“平台介入处理中请等待商家补充凭证” is not known as a state" in note


def test_a_countdown_behind_the_buttons_makes_no_deadline_later() -> None:
    text = ROW.replace("还剩3小时58分\n", "") + "还剩50分\n" + OTHER
    drafts = [item for item in found_in(text, copied_at=NOW) if isinstance(item, Draft)]
    assert [draft.deadline_sure for draft in drafts] == [False, True]


@pytest.mark.parametrize(
    "heading", ["平台协同工单 5", "平台协同工单\n5", "平台协同工单：5", "平台协同工单5+"]
)
def test_a_count_needs_no_brackets(heading: str) -> None:
    source = page(f"{heading}\n{ROW}")
    assert len(list(source.read())) == 1
    told = announced(source.pages)
    assert told is not None
    assert (told.count, told.found, told.or_more) == (5, 1, heading.endswith("+"))


def test_what_is_mentioned_is_told_apart_from_what_is_longer() -> None:
    source = page(ROW + "备注 ８４７１２３７７ 与 1234567890123\n")
    assert any(isinstance(item, Draft) for item in source.read())
    assert source.mentioned == {"84712345", "84712377"}
