from __future__ import annotations

import json

import pytest

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.tickets import PlatformState
from jdticket.errors import InputError
from jdticket.intake.columns import CELL_MAX

from .reading import at, drafts, only_draft, read, source

ONE = {
    "id": 59088842,
    "order_id": "275490614167",
    "created_at": "2026-11-23T09:00:00+08:00",
    "content": "催发货",
}
TWO = {**ONE, "id": "59088843"}


def lines(*items: object) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
        json.dumps({"total": 2, "data": [ONE, TWO]}),
        json.dumps({"code": 0, "result": {"list": [ONE, TWO], "page": 1}}, indent=1),
        "\ufeff" + json.dumps([ONE, TWO]),
        lines(ONE, TWO),
        lines(ONE) + "\n\n" + lines(TWO),
    ],
)
def test_objects_are_found_in_an_array_in_an_object_and_line_by_line(text: str) -> None:
    assert [draft.id for draft in drafts(text)] == ["59088842", "59088843"]


def test_keys_are_known_like_headings_the_platforms_own_included() -> None:
    item = {
        "work_id": 59088842,
        "orderId": 275490614167,
        "create_date": 1795395600000,
        "status_name": "待回复",
    }
    draft = only_draft(json.dumps([item]), columns={"order_id": "orderId"})
    assert (draft.id, draft.order_id, draft.platform_state) == (
        "59088842",
        "275490614167",
        PlatformState.WAITING,
    )
    assert draft.created_at == at("2026-11-23 09:00")


def test_one_object_alone_is_one_ticket() -> None:
    assert only_draft(json.dumps(ONE, indent=2)).id == "59088842"
    assert only_draft(lines(ONE)).content == "催发货"


def test_integers_keep_their_digits_and_large_floats_are_left_aside() -> None:
    assert only_draft(json.dumps([{**ONE, "order_id": 3581494008421111}])).order_id == "3581494008421111"
    found = source('[{"id":59088842,"order_id":3581494008421111.0,"created_at":"2026-11-23 09:00"}]')
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert draft.order_id is None
    assert ["column order_id" in note and "rounded" in note for note in found.notes] == [True]


def test_null_is_nothing() -> None:
    draft = only_draft(json.dumps([{**ONE, "order_id": None, "content": None, "assignee": None}]))
    assert (draft.order_id, draft.content, draft.assignee) == (None, None, None)


def test_a_key_that_first_comes_late_is_not_lost() -> None:
    found = drafts(lines(*[ONE] * 60, {**TWO, "处理人": "小王"}))
    assert (found[-1].id, found[-1].assignee) == ("59088843", "小王")


def test_a_bad_line_is_rejected_by_its_number_and_the_others_go_in() -> None:
    found = read(lines(ONE) + '{"id": 590,,\n' + "[1]\n" + lines(TWO))
    assert [type(item) for item in found] == [Draft, Rejection, Rejection, Draft]
    assert [item.row for item in found] == [1, 2, 3, 4]
    rejection = found[1]
    assert isinstance(rejection, Rejection)
    assert "column 12" in rejection.reason


def test_lines_are_lines_even_if_the_second_is_no_object() -> None:
    assert [(type(item), item.row) for item in read(lines(ONE) + "oops\n")] == [(Draft, 1), (Rejection, 2)]


def test_an_array_that_breaks_off_is_told_with_the_place() -> None:
    with pytest.raises(InputError, match=r"it breaks off at line 1, column \d+"):
        read(json.dumps([ONE, TWO])[:-1], "a.json")
    with pytest.raises(InputError, match=r"not whole JSON: .* at line 3"):
        read('[\n{"id": 1},\n{"id": 2 "x"}]', "a.json")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "[" + "9" * 5000 + "]", '{"id": ' + "9" * 5000 + "}\n" + lines(ONE)],
)
def test_json_that_would_break_a_reader_is_refused(text: str) -> None:
    try:
        found = read(text, "a.json")
    except InputError as error:
        assert "too long, or" in error.message or "not whole JSON" in error.message
    else:
        assert isinstance(found[0], Rejection)


def test_json_without_tickets_says_so() -> None:
    with pytest.raises(InputError, match="no array of objects"):
        read('{"code": 1}')
    with pytest.raises(InputError, match=r"several arrays: a, b\.c"):
        read(json.dumps({"a": [ONE], "b": {"c": [TWO]}}))
    with pytest.raises(InputError, match=r"seen were code, msg"):
        read('[{"code": 1, "msg": "x"}]')


def test_an_empty_array_yields_nothing_but_a_note() -> None:
    found = source("[]")
    assert list(found.read()) == []
    assert len(found.notes) == 1


@pytest.mark.parametrize(
    ("written", "content", "told"),
    [("\\ud83d", "�", "half a character was replaced"), ("破\\u0000损", "破损", "NUL")],
)
def test_what_no_text_can_hold_costs_its_character_alone(written: str, content: str, told: str) -> None:
    found = source('[{"id":59088842,"created_at":"2026-11-23 09:00","content":"' + written + '"}]')
    [draft] = found.read()
    assert isinstance(draft, Draft)
    assert draft.content == content
    assert told in found.notes[0]


def test_a_key_that_stands_twice_with_two_values_costs_its_row_alone() -> None:
    twice = '{"id":59088843,"created_at":"2026-11-23 09:00","created_at":"2026-11-23 10:00"}'
    same = '{"id":59088844,"id":59088844,"created_at":"2026-11-23 09:00"}'
    for text in (f"[{json.dumps(ONE)},{twice},{same}]", f"{json.dumps(ONE)}\n{twice}\n{same}\n"):
        first, second, third = read(text)
        assert isinstance(first, Draft)
        assert isinstance(third, Draft)
        assert isinstance(second, Rejection)
        assert (second.row, "created_at stands twice" in second.reason) == (2, True)


def test_a_line_beyond_the_limit_is_rejected_alone() -> None:
    found = read(lines(ONE, {**ONE, "content": "x" * (3 * CELL_MAX)}, TWO))
    assert [(type(item), item.row) for item in found] == [(Draft, 1), (Rejection, 2), (Draft, 3)]


def test_an_array_too_long_to_hold_is_refused() -> None:
    with pytest.raises(InputError, match="JSON Lines"):
        read(b'[{"id":"' + b"x" * (32 * 1024 * 1024) + b'"}]')


@pytest.mark.parametrize("filler", [",{}", ",[]", ',"ab"', ",999"])
def test_very_many_values_are_refused_before_they_take_their_memory(filler: str) -> None:
    with pytest.raises(InputError, match="JSON Lines"):
        read(f"[{json.dumps(ONE)}{filler * 2_000_001}]")


@pytest.mark.parametrize(
    "around",
    [
        {"id": "20261123", "created_at": "2026-11-23 09:00"},
        {"id": "20261123", "columns": [{"key": "id", "title": "工单号"}]},
        {"errors": [], "warnings": [{"code": 1}]},
    ],
)
def test_the_tickets_of_an_answer_are_read_whatever_is_around_them(around: dict[str, object]) -> None:
    assert [draft.id for draft in drafts(json.dumps({**around, "tickets": [ONE, TWO]}))] == [
        "59088842",
        "59088843",
    ]


def test_something_else_among_the_objects_costs_its_row_alone() -> None:
    first, second, third = read(json.dumps({"data": [ONE, None, TWO]}))
    assert isinstance(first, Draft)
    assert isinstance(third, Draft)
    assert isinstance(second, Rejection)
    assert (second.row, second.reason) == (2, "a JSON object is needed")


@pytest.mark.parametrize(
    "text",
    [
        {"total": 57, "data": [ONE, TWO]},
        {"total_count": 57, "result": {"list": [ONE, TWO]}},
        {"code": 0, "result": {"totalCount": 57, "rows": [ONE, TWO]}},
    ],
)
def test_a_page_of_an_answer_says_that_there_are_more(text: object) -> None:
    found = source(json.dumps(text), "a.json")
    assert len(list(found.read())) == 2
    assert found.notes == ["a.json: it says that there are 57, and holds 2; fetch the others as well."]


def test_tickets_within_a_ticket_are_named() -> None:
    child = {"工单号": "59088850", "创建时间": "2026-11-23 09:00"}
    mine = {"工单号": "59088842", "回复": "已处理"}
    ticket = {
        "工单号": 59088842,
        "创建时间": "2026-11-23 09:00",
        "子工单": [child],
        "记录": [mine, {"id": 59088851}],
    }
    for text in (json.dumps(ticket, indent=1), json.dumps([ticket]), lines(ticket, ticket)):
        first, named = read(text)[:2]
        assert isinstance(first, Draft)
        assert isinstance(named, Rejection)
        assert (named.row, named.column, named.value) == (1, "子工单", "59088850")


def test_a_key_that_could_be_the_state_as_well_closes_no_ticket_that_waits() -> None:
    text = '[{"工单号": 59088842, "创建时间": "2026-11-23 09:00", "状态": "已完成", "工单状态": "待回复"}]'
    assert only_draft(text).platform_status == "待回复"


def test_keys_of_which_one_alone_is_read_are_told() -> None:
    found = source('[{"工单号": 59088842, "创建时间": "2026-11-23 09:00", "订单号": "", "订单编号": "1"}]')
    list(found.read())
    assert "several columns could be the field order_id" in found.notes[0]
