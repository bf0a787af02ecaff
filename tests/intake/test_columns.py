from __future__ import annotations

import pytest

from jdticket.domain import tickets
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.errors import InputError, UsageError
from jdticket.intake.headings import FIELDS, field_called

from .reading import at, drafts, only_draft, only_rejection, read, source

HEADER = "工单号,订单号,创建时间,状态,类型,内容\n"
ROW = "59088842,275490614167,2026-11-23 09:12:30,待商家处理,CRC高危投诉,没有收到货\n"


def table(*rows: str, header: str = HEADER) -> str:
    return header + "".join(row + "\n" for row in rows)


def test_a_row_becomes_a_draft_with_all_that_it_tells() -> None:
    draft = only_draft(
        table(
            "59088842,275490614167,2026-11-23 09:12:30,2026-11-23 13:12:30,已回复,投诉,破损,京东3店,小王,"
            "已补发,2026-11-23 10:00:00",
            header="工单编号,订单编号,发起时间,截止时间,工单状态,业务类型,问题描述,店铺名称,处理人,回复内容,回复时间\n",
        )
    )
    assert draft == Draft(
        source="stdin",
        row=2,
        id="59088842",
        order_id="275490614167",
        kind=Kind.COMPLAINT,
        kind_text="投诉",
        platform_state=PlatformState.REPLIED,
        platform_status="已回复",
        created_at=at("2026-11-23 09:12:30"),
        deadline_at=at("2026-11-23 13:12:30"),
        content="破损",
        shop="京东3店",
        assignee="小王",
        reply_text="已补发",
        reply_at=at("2026-11-23 10:00:00"),
    )


@pytest.mark.parametrize(
    "heading", ["工单号", "工单编号", "工单ID", "工单id", "Ticket ID", "id", "ＩＤ", "work_id"]
)
def test_known_headings_of_the_ticket_number_are_found(heading: str) -> None:
    assert only_draft(f"{heading},创建时间\n59088842,2026-11-23 09:00:00\n").id == "59088842"


@pytest.mark.parametrize(
    "heading",
    ["创建时间", " 下发 时间", "提交时间(北京时间)", "发起时间（UTC+8）", "创建时间：", "created_at"],
)
def test_width_space_case_and_units_of_a_heading_do_not_matter(heading: str) -> None:
    assert only_draft(f"工单号,{heading}\n59088842,2026-11-23 09:00:00\n").created_at == at(
        "2026-11-23 09:00"
    )


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("(UTC)", "2026-11-23 17:00"),
        ("（utc）", "2026-11-23 17:00"),
        ("[GMT+0]", "2026-11-23 17:00"),
        ("(GMT+8)", "2026-11-23 09:00"),
        ("(UTC+08:00)", "2026-11-23 09:00"),
        ("（北京时间）", "2026-11-23 09:00"),
        ("(GMT-1)", "2026-11-23 18:00"),
        ("(UTC+99)", "2026-11-23 09:00"),
        ("(必填)", "2026-11-23 09:00"),
    ],
)
def test_a_zone_in_a_heading_is_that_of_the_times_below_it(unit: str, expected: str) -> None:
    text = f"工单号,创建时间{unit},截止时间{unit}\n59088841,2026-11-23 09:00:00,2026-11-23 09:00:00\n"
    found = only_draft(text, now=at("2026-11-24 09:00"))
    assert (found.created_at, found.deadline_at) == (at(expected), at(expected))


def test_the_header_is_found_below_title_rows() -> None:
    titles = "京东3店 平台协同工单,,,,,\n导出时间：2026-11-23,,,,,\n,,,,,\n"
    draft = only_draft(titles + table(ROW.strip()))
    assert (draft.id, draft.row) == ("59088842", 5)


@pytest.mark.parametrize(
    "row",
    [
        "84712842,275490614167,2026-11-23 09:00,待回复,店铺",
        '="84712842",,2026-11-23 09:00,待回复,类型',
        "84712842,,,,店铺",
    ],
)
def test_a_ticket_one_of_whose_cells_is_a_known_heading_is_no_row_of_headings(row: str) -> None:
    header = "工单号,订单编号,下发时间,工单状态,责任方\n"
    found = read(header + row + "\n" + "84712843,275490614168,2026-11-23 09:30,待回复,买家\n")
    assert [item.row for item in found] == [2, 3]


def test_a_file_without_usable_headings_says_what_was_seen_and_what_is_needed() -> None:
    with pytest.raises(InputError) as caught:
        read("商品,价格,库存\n杯子,12,3\n", "goods.csv")
    for word in ("goods.csv", "商品, 价格, 库存", "工单号", "创建时间", "截止时间", "--map"):
        assert word in caught.value.message


def test_a_ticket_number_without_any_time_is_not_enough() -> None:
    with pytest.raises(InputError, match="工单号, 订单号"):
        read("工单号,订单号\n59088842,275490614167\n")


def test_a_deadline_alone_is_enough() -> None:
    draft = only_draft("工单号,最晚回复时间\n59088842,2026-11-23 18:00\n")
    assert (draft.created_at, draft.deadline_at) == (None, at("2026-11-23 18:00"))


def test_map_names_a_column_that_is_not_known() -> None:
    text = "编号,开单,内容\n59088842,2026-11-23 09:00:00,问题\n"
    assert only_draft(text, columns={"id": "编号", "created_at": "开单"}).id == "59088842"


def test_map_wins_over_a_known_heading() -> None:
    text = "工单号,创建时间,开单时刻\n59088842,2026-11-23 09:00:00,2026-11-23 10:00:00\n"
    assert only_draft(text, columns={"created_at": "开单时刻"}).created_at == at("2026-11-23 10:00")


def test_map_to_a_heading_that_is_not_there_names_the_ones_that_are() -> None:
    with pytest.raises(InputError, match=r"编号.*--map id=.*工单号, 订单号"):
        read(table(ROW.strip()), columns={"id": "编号"})


def test_map_of_an_unknown_field_lists_the_fields() -> None:
    with pytest.raises(UsageError) as caught:
        field_called("ticketnumber2")
    assert all(name in caught.value.message for name in FIELDS)


@pytest.mark.parametrize("word", ["id", "ID", "工单号", "工单编号", "ticket number", "ticket_id"])
def test_map_names_a_field_by_its_name_or_by_any_of_its_headings(word: str) -> None:
    assert field_called(word) == "id"


def test_headings_that_the_configuration_teaches_are_read_where_they_are_there() -> None:
    usual = {"id": "编号", "created_at": "开单"}
    assert only_draft("编号,开单\n59088842,2026-11-23 09:00\n", usual_columns=usual).id == "59088842"
    assert only_draft(table(ROW.strip()), usual_columns=usual).id == "59088842"
    taught = only_draft(
        "单,编号,开单\n59088843,1,2026-11-23 09:00\n", columns={"id": "单"}, usual_columns=usual
    )
    assert taught.id == "59088843"


@pytest.mark.parametrize("second", ["下发时间", "创建时间"])
def test_two_columns_for_one_field_are_refused_by_name(second: str) -> None:
    with pytest.raises(InputError, match=rf"created_at: 创建时间, {second};.*--map created_at="):
        read(f"工单号,创建时间,{second}\n59088842,2026-11-23 09:00:00,2026-11-23 10:00:00\n")


def test_map_decides_between_two_columns_for_one_field() -> None:
    text = "工单号,创建时间,下发时间\n59088842,2026-11-23 09:00:00,2026-11-23 10:00:00\n"
    assert only_draft(text, columns={"created_at": "下发时间"}).created_at == at("2026-11-23 10:00")


def test_a_short_row_lacks_nothing_but_its_last_cells() -> None:
    draft = only_draft(table("59088842,275490614167,2026-11-23 09:12:30"))
    assert (draft.platform_status, draft.kind, draft.content) == ("", None, None)


def test_a_long_row_is_taken_if_its_surplus_is_empty() -> None:
    assert only_draft(table(ROW.strip() + ",, ,")).content == "没有收到货"


def test_what_is_too_much_of_a_row_belongs_to_its_free_text_and_is_told() -> None:
    found = source(table(ROW.strip() + ",今天,", ROW.strip()))
    first, second = found.read()
    assert isinstance(first, Draft)
    assert isinstance(second, Draft)
    assert (first.content, second.content) == ("没有收到货,今天", "没有收到货")
    [note] = found.notes
    assert "row 2, column 内容 “没有收到货,今天”: separators within this cell were not quoted" in note


def test_separators_in_a_free_text_before_other_columns_are_set_right_if_the_row_fits_then() -> None:
    header = "工单号,内容,创建时间,状态\n"
    found = source(header + "59088842,坏了,退款,2026-11-23 09:00:00,待回复\n")
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert (draft.content, draft.platform_status) == ("坏了,退款", "待回复")
    assert len(found.notes) == 1


def test_a_surplus_that_fits_nowhere_is_left_aside_and_told() -> None:
    header = "工单号,创建时间,状态\n"
    found = source(header + "59088842,2026-11-23 09:00:00,待回复,x\n" * 3)
    assert [item.id for item in found.read() if isinstance(item, Draft)] == ["59088842"] * 3
    [note] = found.notes
    assert "row 2 “x”: the row has 4 cells, the header 3; what is too much was left aside" in note
    assert "in 2 more rows: 3-4" in note


def test_blank_rows_sums_and_repeated_headers_are_no_tickets() -> None:
    found = drafts(
        table(ROW.strip(), "", ",,,,,", " , ,", HEADER.strip(), ROW.strip().replace("42", "43", 1))
        + "合计,2,,,,\n共 2 条\n,,,,,总计：2\n"
    )
    assert [(draft.id, draft.row) for draft in found] == [("59088842", 2), ("59088843", 7)]


def test_a_row_that_lost_its_ticket_number_is_rejected_although_it_speaks_of_a_sum() -> None:
    rejection = only_rejection(table(",275490614167,2026-11-23 09:12:30,待处理,投诉,合计少退 5 元"))
    assert (rejection.row, rejection.column) == (2, "工单号")
    assert "no ticket number" in rejection.reason
    kept = only_rejection(table(",275490614167,2026-11-23 09:12:30,待处理,投诉,总计"))
    assert "no ticket number" in kept.reason


@pytest.mark.parametrize(
    "row",
    [
        *(",,2026-11-23 09:12:30,待处理,投诉,共3个都坏了", ",,2026-11-23 09:12:30,,,共3个都坏了"),
        *("共3个,,2026-11-23 09:12:30,,,坏了", ",,,待处理,投诉,Total loss", "合计,,,待回复,,"),
    ],
)
def test_a_damaged_row_whose_text_reads_like_a_sum_is_rejected(row: str) -> None:
    assert "ticket number" in only_rejection(table(row)).reason


@pytest.mark.parametrize(
    "row", ["导出时间,,2026-11-23 14:12,,,", ",导出时间：,2026-11-23 14:12,,,", "合计,,3,,,"]
)
def test_a_sum_or_the_time_of_an_export_is_no_damaged_ticket(row: str) -> None:
    assert len(drafts(table(ROW.strip(), row))) == 1


def test_a_row_with_neither_creation_time_nor_deadline_is_rejected() -> None:
    rejection = only_rejection(table("59088842,275490614167,-,待处理,投诉,破损"))
    assert (rejection.column, rejection.value) == ("创建时间", "-")


@pytest.mark.parametrize(
    "words",
    [
        "本页小计",
        "导出时间：2026-11-23 14:12",
        "记录总数:3",
        "数据截止2026-11-23",
        "第1页/共1页",
        "导出人：小王",
    ],
)
def test_what_an_export_says_of_itself_is_no_ticket_and_no_error(words: str) -> None:
    good = "59088842,275490614167,2026-11-23 09:12:30,待处理,投诉,破损"
    found = read(table(good, f"{words},,,,,"))
    assert [type(item) for item in found] == [Draft]


@pytest.mark.parametrize(
    "day",
    [
        *("2026-11-24", "20261124", "46350", "24/11/2026", "24.11.2026", "24-Nov-2026", "Nov 24 2026"),
        *("2026年11月24日", "2026年11月24日 星期二", "2026 年 11 月 24 日"),
    ],
)
def test_a_day_alone_in_any_form_is_no_deadline_and_that_is_told(day: str) -> None:
    """Midnight of the day would be later than four hours after a morning."""
    found = source(f"工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,{day}\n")
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert (draft.created_at, draft.deadline_at) == (at("2026-11-23 09:00"), None)
    [note] = found.notes
    assert "a day alone is no deadline" in note


@pytest.mark.parametrize(
    "midnight",
    [
        *("2026-11-24 00:00", "2026-11-24 00：00", "2026-11-24T00:00:00+08:00", "20261124T000000"),
        *("2026-11-24 00:00:00", "2026-11-24T00:00:00.000", "2026-11-23T16:00:00Z", "2026年11月24日0点"),
        *("2026年11月24日0时", "1795449600", "1795449600000", "20261124000000"),
    ],
)
def test_midnight_is_a_day_that_a_program_has_written_out(midnight: str) -> None:
    found = source(f"工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,{midnight}\n")
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert draft.deadline_at is None
    [note] = found.notes
    assert "a day alone is no deadline" in note


def test_a_deadline_of_our_own_export_is_taken_as_it_stands() -> None:
    text = (
        "id,status,created_at,deadline_at,first_deadline_at,deadline_source\n"
        "59088842,pending,2026-11-23T09:00:00+08:00,{0}T00:00:00+08:00,2026-11-23T13:00:00+08:00,granted\n"
    )
    for day in ("2026-11-25", "2027-11-25"):
        assert only_draft(text.format(day)).deadline_at == at(f"{day} 00:00")


def test_a_day_that_ends_at_24_is_a_deadline() -> None:
    text = "工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,2026-11-23 24:00\n"
    assert only_draft(text).deadline_at == at("2026-11-24 00:00")


@pytest.mark.parametrize("far", ["2027-11-23 18:00", "2611241805", "2026112418", "2027-01-22 15:00:01"])
def test_a_deadline_further_ahead_than_any_can_be_is_left_aside_and_told(far: str) -> None:
    found = source(f"工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,{far}\n")
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert draft.deadline_at is None
    [note] = found.notes
    assert "more than 60 days ahead" in note
    assert "left aside, the ticket was taken in" in note


def test_a_deadline_within_two_months_is_one() -> None:
    text = "工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,2027-01-22 15:00:00\n"
    assert only_draft(text).deadline_at == at("2027-01-22 15:00")


def test_a_serial_number_with_a_fraction_of_the_day_is_a_deadline() -> None:
    text = "工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,46349.75\n"
    assert only_draft(text).deadline_at == at("2026-11-23 18:00")


def test_a_deadline_before_the_creation_time_does_not_cost_the_ticket() -> None:
    text = "工单号,创建时间,截止时间\n59088842,2026-11-23 09:00:00,2026-11-23 08:00:00\n"
    assert only_draft(text).deadline_at == at("2026-11-23 08:00")


def test_a_creation_time_in_the_future_is_rejected() -> None:
    rejection = only_rejection(table("59088842,,2026-11-23 15:10:01,,,"))
    assert (rejection.column, rejection.value) == ("创建时间", "2026-11-23 15:10:01")
    assert "future" in rejection.reason
    assert only_draft(table("59088842,,2026-11-23 15:10:00,,,")).created_at == at("2026-11-23 15:10")


def test_one_bad_row_does_not_hold_up_the_others() -> None:
    found = read(table(ROW.strip(), "abc" + ROW.strip(), ROW.strip()))
    assert [type(item) for item in found] == [Draft, Rejection, Draft]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("CRC高危投诉", Kind.CRC),
        ("高危", Kind.CRC),
        ("催发货", Kind.URGE),
        ("商品投诉", Kind.COMPLAINT),
        ("售前咨询", Kind.CONSULT),
        ("退款问题", Kind.OTHER),
    ],
)
def test_the_kind_is_known_by_the_platforms_words_which_are_kept(words: str, kind: Kind) -> None:
    draft = only_draft(table(f"59088842,,2026-11-23 09:00:00,,{words},"))
    assert (draft.kind, draft.kind_text) == (kind, words)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", None),
        ("replied", None),
        ("closed", PlatformState.CLOSED),
        ("void", PlatformState.VOID),
    ],
)
def test_our_own_words_for_a_state_are_not_the_platforms(word: str, state: PlatformState | None) -> None:
    draft = only_draft(f"id,created_at,status,kind\n59088842,2026-11-23T09:00:00+08:00,{word},crc\n")
    assert (draft.platform_state, draft.platform_status) == (state, "")
    assert (draft.kind, draft.kind_text) == (Kind.CRC, "")


def test_our_own_export_can_be_taken_in() -> None:
    text = (
        "id,shop,order_id,kind,kind_text,status,platform_status,created_at,deadline_at,first_deadline_at,"
        "deadline_source,seconds_left,overdue,assignee,content,replied_at,returned,waits\n"
        "59088842,jd3,275490614167,crc,CRC高危投诉,replied,待回复,2026-11-23T09:12:30+08:00,2026-11-23T13:12:30+08:00,"
        "2026-11-23T13:12:30+08:00,policy,,False,小王,'-1 分,2026-11-23T10:00:00+08:00,False\n"
    )
    draft = only_draft(text)
    assert (draft.id, draft.shop, draft.kind, draft.kind_text) == ("59088842", "jd3", Kind.CRC, "CRC高危投诉")
    assert (draft.platform_state, draft.platform_status) == (None, "待回复")
    assert (draft.created_at, draft.deadline_at) == (at("2026-11-23 09:12:30"), at("2026-11-23 13:12:30"))
    assert (draft.reply_at, draft.assignee, draft.content) == (at("2026-11-23 10:00"), "小王", "-1 分")


def test_the_fields_own_name_wins_over_a_synonym_beside_it() -> None:
    text = "id,created_at,reply_at,replied_at\n59088842,2026-11-23 09:00,2026-11-23 10:00,2026-11-23 11:00\n"
    assert only_draft(text).reply_at == at("2026-11-23 10:00")


def test_text_from_outside_is_only_text() -> None:
    content = '=HYPERLINK("http://x") [red]\x1b[31m {0.__class__} %s'
    quoted = content.replace('"', '""')
    assert only_draft(table(f'59088842,,2026-11-23 09:00:00,,,"{quoted}"')).content == content


def test_a_bad_value_is_quoted_short_and_harmless() -> None:
    rejection = only_rejection(table("\x1b[31m" + "9" * 60 + ",,2026-11-23 09:00:00,,,"))
    assert len(rejection.value) <= 40
    assert "\x1b" not in rejection.value


def test_every_field_has_headings_and_a_name_that_the_domain_knows() -> None:
    assert {*FIELDS} == {*tickets.FIELDS}


STATES = "工单号,创建时间,{}\n59088842,2026-11-23 09:00,{}\n"


@pytest.mark.parametrize(
    ("headings", "words", "word", "state"),
    [
        ("状态,工单状态", "已完成,待回复", "待回复", PlatformState.WAITING),
        ("工单状态,状态", "待回复,已完成", "待回复", PlatformState.WAITING),
        ("工单状态,状态", "已关闭,待处理", "待处理", PlatformState.WAITING),
        ("状态,处理状态", "已完成,已驳回", "已驳回", PlatformState.REJECTED),
        ("状态,工单状态", "待发货,已关闭", "已关闭", PlatformState.CLOSED),
        ("状态,工单状态", "已完成,已回复", "已回复", PlatformState.REPLIED),
        ("状态,工单状态", "已取消,", "已取消", PlatformState.VOID),
        ("状态,工单状态", "配货中,待复核", "待复核", None),
        ("status,status_name", "2,已关闭", "已关闭", PlatformState.CLOSED),
    ],
)
def test_of_several_states_one_that_waits_counts_then_the_tickets_own_then_a_known_one(
    headings: str, words: str, word: str, state: PlatformState | None
) -> None:
    draft = only_draft(STATES.format(headings, words))
    assert (draft.platform_status, draft.platform_state) == (word, state)


def test_a_state_that_says_the_end_of_a_ticket_that_waits_is_told() -> None:
    found = source(STATES.format("状态,工单状态", "已完成,待回复"))
    list(found.read())
    columns, row = found.notes
    assert "several columns tell a state: 工单状态, 状态; a ticket that waits by one of them" in columns
    assert "row 2, column 状态 “已完成”: another column says 待回复" in row
    assert "the ticket is taken as waiting" in row


def test_states_that_agree_are_told_of_once() -> None:
    found = source(STATES.format("状态,工单状态", "待处理,待回复"))
    list(found.read())
    [note] = found.notes
    assert "--map status=" in note


@pytest.mark.parametrize(
    ("upper", "lower", "waits"),
    [
        ("工单,,订单,", "编号,下发时间,编号,状态", True),
        ("工单信息,,订单信息,", "编号,下发时间,编号,状态", True),
        ("工单,,订单信息,", "工单号,下发时间,订单号,状态", True),
        ("工单信息,,,", "编号,下发时间,内容,状态", False),
        ("工单/订单,,,", "工单号,下发时间,订单号,状态", False),
        ("订单,,,", "工单号,工单创建时间,订单号,工单状态", False),
    ],
)
def test_a_state_under_another_things_group_is_not_the_tickets(upper: str, lower: str, waits: bool) -> None:
    row = "59088842,2026-11-23 09:00,275490614167,已完成"
    draft = only_draft(f"{upper}\n{lower}\n{row}\n")
    assert (draft.platform_state is None) is waits


def test_a_creation_time_of_the_order_alone_starts_no_clock() -> None:
    with pytest.raises(InputError, match="no row with usable headings"):
        read("工单,,订单,\n编号,状态,编号,创建时间\n59088842,待回复,275490614167,2026-11-23 09:00\n")


def test_a_number_called_id_gives_way_to_the_tickets_number() -> None:
    """A program's own number of the row may have as many digits."""
    assert only_draft("id,工单号,创建时间\n10000001,59088842,2026-11-23 09:00\n").id == "59088842"
    assert (
        only_draft('[{"id": 10000001, "work_id": 59088842, "创建时间": "2026-11-23 09:00"}]').id == "59088842"
    )


def test_a_programs_own_time_of_the_row_is_not_taken_for_the_tickets() -> None:
    with pytest.raises(InputError, match=r"created_at: created_at, 创建时间;.*--map created_at="):
        read("工单号,created_at,创建时间\n59088842,2026-11-23 12:00,2026-11-23 09:00\n")
