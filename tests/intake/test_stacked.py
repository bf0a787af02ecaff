from __future__ import annotations

import pytest

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import PlatformState

from .reading import at, drafts, read, source

FIRST = "工单号,创建时间,订单状态,工单状态\n59088842,2026-11-23 09:00,已完成,待回复\n"


@pytest.mark.parametrize("between", ["", "\n", ",,,\n", "合计,1,,\n"])
def test_a_table_below_with_other_headings_is_read_under_its_own(between: str) -> None:
    below = "创建时间,工单状态,订单状态,工单号\n2026-11-23 10:00,待回复,已完成,59088843\n"
    first, second = drafts(FIRST + between + below)
    assert (first.id, first.platform_status) == ("59088842", "待回复")
    assert (second.id, second.platform_status, second.created_at) == (
        "59088843",
        "待回复",
        at("2026-11-23 10:00"),
    )


def test_a_wider_table_below_keeps_all_its_cells() -> None:
    found = source(
        FIRST + "工单号,创建时间,订单状态,工单状态,问题描述\n59088843,2026-11-23 10:00,,待回复,破,损\n"
    )
    _first, second = found.read()
    assert isinstance(second, Draft)
    assert (second.content, len(found.notes)) == ("破,损", 1)


def test_headings_over_two_rows_are_found_below_as_well() -> None:
    below = ",,,\n工单,,,订单\n编号,下发时间,状态,状态\n59088843,2026-11-23 10:00,待回复,已完成\n"
    *_others, second = read(FIRST + below)
    assert isinstance(second, Draft)
    assert (second.id, second.platform_state) == ("59088843", PlatformState.WAITING)


def test_the_same_headings_again_change_nothing() -> None:
    header, row = FIRST.splitlines()
    found = source(f"{header}\n{row}\n{header}\n{row.replace('42', '43')}\n")
    assert [item.row for item in found.read() if isinstance(item, Draft)] == [2, 4]
    assert found.notes == []


def test_headings_below_that_make_no_tickets_are_named_and_nothing_is_read_under_the_others() -> None:
    below = "店铺,类型,订单状态,工单状态\n59088843,2026-11-23 10:00,待回复,已完成\n"
    again = "工单号,创建时间\n59088844,2026-11-23 10:00\n"
    first, named, last = read(FIRST + below + again)
    assert isinstance(first, Draft)
    assert isinstance(named, Rejection)
    assert (named.row, "店铺, 类型, 订单状态, 工单状态" in named.reason) == (3, True)
    assert isinstance(last, Draft)
    assert last.id == "59088844"


def test_tickets_above_richer_headings_are_not_skipped() -> None:
    below = "工单号,创建时间,订单号,店铺,工单状态\n59088843,2026-11-23 10:00,,京东3店,待回复\n"
    assert [draft.id for draft in drafts(FIRST + below)] == ["59088842", "59088843"]


def test_a_row_with_two_words_of_headings_and_a_time_has_lost_its_number() -> None:
    header = "工单号,创建时间,责任方,问题描述\n"
    [rejection] = read(header + ",2026-11-23 10:00,店铺,内容\n")
    assert isinstance(rejection, Rejection)
    assert "no ticket number" in rejection.reason
