"""Work orders, against the stand-in for the platform; where that never answers so, against bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from jdticket import i18n
from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import REPLY, SUBBIZTYPELIST, WORKINFO, WORKLIST
from jdticket.demo.work_orders import Log, WorkOrder
from jdticket.domain.authorisation import App
from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.sources import Details, LogEntry, Verdict
from jdticket.domain.tickets import PlatformState
from jdticket.errors import PlatformError, Trouble
from jdticket.platform.jos import JosGateway
from jdticket.platform.workorders import WorkOrders
from tests.language import assert_speaks
from tests.platform.literal import Literal, ok
from tests.platform.stand_in import APP_KEY, APP_SECRET, app, gateway, order

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
"""15:00 on the platform's clock."""
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=count) for count in (1, 60, 3600, 86400))
BEGIN, END = NOW - DAY, NOW + 15 * MINUTE


@pytest.fixture
def platform() -> Iterator[Gateway]:
    with gateway(now=lambda: NOW) as platform:
        yield platform


@pytest.fixture(params=[False, True], ids=["as_documented", "asInOlderLibraries"])
def either(request: pytest.FixtureRequest, platform: Gateway) -> Gateway:
    """The stand-in with each of the two spellings of names."""
    platform.camel_case = request.param
    return platform


@pytest.fixture
def work(platform: Gateway) -> Iterator[WorkOrders]:
    """The work orders of jd3 as the client sees them."""
    token, _refresh = platform.token_for(APP_KEY, "jd3")
    with closing(connected(app(platform), token)) as jos:
        yield WorkOrders(jos, "the platform", NOW)


@pytest.fixture(params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn, spoken by the program."""
    i18n.use(request.param)
    yield request.param
    i18n.use("en")


def connected(there: App, token: str) -> JosGateway:
    return JosGateway(there, lambda _refused: token, lambda: NOW, pause=lambda _seconds: None)


def answered(method: str, *contents: object, call: Callable[[WorkOrders], Any]) -> Any:
    """What becomes of ``call`` when the platform answers with these contents, in turn."""
    name = f"{method.replace('.', '_')}_responce"
    with Literal(*(ok(json.dumps({name: content})) for content in contents)) as server:
        there = App("jd3", APP_KEY, APP_SECRET, "", f"{server.url}/routerjson", "")
        with closing(connected(there, "TOKEN")) as jos:
            return call(WorkOrders(jos, "the platform", NOW))


def page(*rows: object, total: object = None) -> dict[str, object]:
    return {"code": "0", "page": {"result": list(rows), "total_count": len(rows) if total is None else total}}


def row(work_id: object = 84712842, **fields: object) -> dict[str, object]:
    return {"work_id": work_id, "order_id": 275490614167, "status_name": "待回复", **fields}


def read_rows(*rows: object) -> list[Draft | Rejection]:
    [items] = answered(WORKLIST, page(*rows), call=read)
    return list(items)


def draft_of(**fields: object) -> Draft:
    [draft] = read_rows(row(**fields))
    assert isinstance(draft, Draft)
    return draft


def read(work: WorkOrders, state: PlatformState | None = None) -> list[list[Draft | Rejection]]:
    return list(work.read(BEGIN, END, state))


def ids(pages: Sequence[Sequence[Draft | Rejection]]) -> list[int]:
    return [int(item.id) for page in pages for item in page if isinstance(item, Draft)]


def orders(count: int, status: int = 1) -> list[WorkOrder]:
    """The newest, and first in the list, has the lowest number."""
    return [order(84700000 + n, NOW - (n + 1) * MINUTE, status) for n in range(count)]


def pages_asked(platform: Gateway) -> list[int]:
    return [call.params["page_number"] for call in platform.calls]


# What a row means


@pytest.mark.parametrize(
    ("status", "words", "state"),
    [
        (1, "待回复", PlatformState.WAITING),
        (2, "待确认", PlatformState.REPLIED),
        (3, "已作废", PlatformState.VOID),
        (4, "已关闭", PlatformState.CLOSED),
        (5, "已驳回", PlatformState.REJECTED),
    ],
)
def test_a_work_order_is_a_draft_of_a_ticket(
    either: Gateway, work: WorkOrders, status: int, words: str, state: PlatformState
) -> None:
    filed = datetime(2026, 11, 23, 14, 30, 59, 999_000, tzinfo=timezone(timedelta(hours=8)))
    given = order(84712842, filed, status, order_id=275490614167, content=" 商品破损，\n要求退款 ")
    either.add_orders("jd3", [given])
    [[draft]] = read(work)
    assert draft == Draft(
        source="JOS",
        row=0,
        id="84712842",
        order_id="275490614167",
        platform_state=state,
        platform_status=words,
        created_at=datetime(2026, 11, 23, 6, 30, 59, tzinfo=UTC),
        content="商品破损，\n要求退款",
        shop="jd3",
        seen_at=NOW,
    )
    assert isinstance(draft, Draft)
    assert draft.created_at is not None
    assert draft.created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("words", "state", "kept"),
    [
        ("处理中", None, "处理中"),
        ("", None, ""),
        (None, None, ""),
        (7, None, "7"),
        (" 待回复\n", PlatformState.WAITING, "待回复"),
        ("\x1b[31m待回复", None, "\\x1b[31m待回复"),
    ],
)
def test_unknown_words_for_the_state_are_kept(words: object, state: PlatformState | None, kept: str) -> None:
    draft = draft_of(status_name=words)
    assert (draft.platform_state, draft.platform_status) == (state, kept)


@pytest.mark.parametrize(
    ("order_id", "kept"),
    [
        (275490614167, "275490614167"),
        ("275490614167", "275490614167"),
        (None, None),
        (0, None),
        ("0", None),
        ("", None),
        (True, None),
        (-1, None),
        (2.5, None),
        ("27549O614167", None),
        ("２７５４９０６１４１６７", None),
        (10**19, None),
        ({}, None),
    ],
)
def test_what_is_no_order_number_is_left_out(order_id: object, kept: str | None) -> None:
    assert draft_of(order_id=order_id).order_id == kept


@pytest.mark.parametrize(
    ("create_date", "created_at"),
    [
        (1795417200000, NOW),
        ("1795417200999", NOW),
        ("2026-11-23 15:00:00", NOW),
        ("2026/11/23 15:00", NOW),
        (None, None),
        ("", None),
        ("不详", None),
        ("2026-11-31 15:00:00", None),
        (True, None),
        ({}, None),
        ([1795417200000], None),
        ("\ud83d", None),
        ("9" * 5000, None),
    ],
)
def test_a_time_is_read_as_a_number_and_as_the_platforms_own_time(
    create_date: object, created_at: datetime | None
) -> None:
    assert draft_of(create_date=create_date).created_at == created_at


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (None, None),
        ("", None),
        (" \n", None),
        ("催发货", "催发货"),
        (7, "7"),
        ("a\ud83db", "a?b"),
        ("\x00", "\x00"),
    ],
)
def test_the_content_is_text_that_a_store_takes(content: object, kept: str | None) -> None:
    assert draft_of(content=content).content == kept


@pytest.mark.parametrize(
    "work_id", [None, 0, "0", "000", "", " ", "工单", True, -1, 1.5, 10**19, "８４７１２８４２", {}, []]
)
def test_a_row_without_a_number_is_rejected_and_costs_nothing_else(work_id: object, language: str) -> None:
    first, rejection, last = read_rows(row(1000001), row(work_id), row(1000003))
    assert ids([[first, last]]) == [1000001, 1000003]
    assert isinstance(rejection, Rejection)
    assert (rejection.source, rejection.row, rejection.column) == ("the platform", 2, "work_id")
    assert rejection.value == str(work_id)
    assert_speaks(rejection.reason, language)


@pytest.mark.parametrize("thing", [None, 84712842, "84712842", [row()], True])
def test_what_is_no_row_is_rejected_and_costs_nothing_else(thing: object, language: str) -> None:
    first, rejection, last = read_rows(row(1000001), thing, row(1000003))
    assert ids([[first, last]]) == [1000001, 1000003]
    assert isinstance(rejection, Rejection)
    assert (rejection.row, rejection.column, rejection.value) == (2, "", str(thing))
    assert_speaks(rejection.reason, language)


def test_rejected_rows_are_counted_on_through_the_pages() -> None:
    first = page(*(row(1000001 + n) for n in range(30)), total=32)
    pages = answered(WORKLIST, first, page(row(1000031), None, total=32), call=read)
    assert len(ids(pages)) == 31
    assert [item.row for item in pages[1] if isinstance(item, Rejection)] == [32]


def test_a_list_of_rejected_rows_alone_is_read_to_its_end() -> None:
    pages = answered(WORKLIST, page(*[None] * 30, total=31), page(None, total=31), call=read)
    assert [len(page) for page in pages] == [30, 1]


@pytest.mark.parametrize("work_id", ["84712842", " 84712842 ", 84712842])
def test_a_number_may_come_as_text(work_id: object) -> None:
    assert draft_of(work_id=work_id).id == "84712842"


# The list


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, [0]), (1, [1]), (30, [30, 0]), (31, [30, 1]), (60, [30, 30, 0]), (75, [30, 30, 15])],
)
def test_every_work_order_is_read_page_by_page(
    either: Gateway, work: WorkOrders, count: int, sizes: list[int]
) -> None:
    either.add_orders("jd3", orders(count))
    pages = read(work)
    assert [len(page) for page in pages] == sizes
    assert ids(pages) == [84700000 + n for n in range(count)]
    assert pages_asked(either) == list(range(1, len(sizes) + 1))
    assert all(10 <= call.params["page_size"] <= 30 for call in either.calls)
    assert {call.code for call in either.calls} == {"0"}


def test_a_page_is_handed_on_before_the_next_is_asked_for(platform: Gateway, work: WorkOrders) -> None:
    platform.add_orders("jd3", orders(31))
    pages = work.read(BEGIN, END)
    assert platform.calls == []
    next(pages)
    assert pages_asked(platform) == [1]
    next(pages)
    assert pages_asked(platform) == [1, 2]


def test_both_ends_belong_to_the_stretch(platform: Gateway, work: WorkOrders) -> None:
    moments = (BEGIN - SECOND, BEGIN, END, END + SECOND)
    platform.add_orders("jd3", [order(1000001 + n, moment) for n, moment in enumerate(moments)])
    assert ids(read(work)) == [1000003, 1000002]
    assert platform.calls[0].params == {
        "begin_date": "2026-11-22 15:00:00",
        "end_date": "2026-11-23 15:15:00",
        "page_number": 1,
        "page_size": 30,
    }


@pytest.mark.parametrize(("state", "number"), [(PlatformState.WAITING, 1), (PlatformState.REJECTED, 5)])
def test_those_that_wait_and_those_rejected_can_be_asked_for(
    platform: Gateway, work: WorkOrders, state: PlatformState, number: int
) -> None:
    platform.add_orders("jd3", [order(1000000 + status, NOW - HOUR, status) for status in (1, 2, 3, 4, 5)])
    assert ids(read(work, state)) == [1000000 + number]
    assert platform.calls[0].params["status"] == number


@pytest.mark.parametrize("minutes", [-9, 0, 9])
def test_the_platform_may_be_asked_about_its_oldest_whatever_its_clock_says(
    platform: Gateway, work: WorkOrders, minutes: int
) -> None:
    platform.skew = minutes * MINUTE
    oldest = order(84712842, NOW - WorkOrders.OLDEST)
    platform.add_orders("jd3", [oldest])
    assert ids([*work.read(NOW - WorkOrders.OLDEST, END)]) == [84712842]
    assert ids([work.of_order(str(oldest.order_id))]) == [84712842]
    assert timedelta(days=59, hours=23) < WorkOrders.OLDEST < timedelta(days=60)


def test_of_another_shop_nothing_is_seen(work: WorkOrders, platform: Gateway) -> None:
    platform.add_merchant("jd5")
    platform.add_orders("jd5", orders(3))
    assert read(work) == [[]]


def test_what_was_read_before_a_failure_is_kept(platform: Gateway, work: WorkOrders) -> None:
    platform.add_orders("jd3", orders(31))
    platform.fault("error", code="61", after=1)
    pages = work.read(BEGIN, END)
    assert len(next(pages)) == 30
    with pytest.raises(PlatformError):
        next(pages)


@pytest.mark.parametrize("empty", [[], None, {}, "", 0])
def test_an_empty_list_may_come_as_nothing(empty: object) -> None:
    content = {"page": {"result": empty, "total_count": 0}}
    assert answered(WORKLIST, content, call=read) == [[]]


def test_an_empty_list_may_come_without_a_number() -> None:
    assert answered(WORKLIST, {"page": {}}, call=read) == [[]]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"page": None},
        {"page": []},
        {"page": "none"},
        {"page": {"result": {"work_id": 84712842}, "total_count": 1}},
        {"page": {"result": "none", "total_count": 1}},
    ],
)
def test_what_is_no_list_is_no_answer(content: object, language: str) -> None:
    with pytest.raises(PlatformError) as caught:
        answered(WORKLIST, content, call=read)
    assert (caught.value.trouble, caught.value.lost) == (Trouble.UNREACHABLE, False)
    assert_speaks(caught.value.message, language)


# A list that changes while it is read


def waiting(platform: Gateway) -> list[int]:
    return [number for number, one in platform.orders("jd3").items() if one.status == 1]


def comes(platform: Gateway, count: int = 1, *, ago: timedelta = SECOND) -> None:
    """One more work order, or several, the newest unless they were filed longer ago."""
    first = 84800000 + len(platform.orders("jd3"))
    platform.add_orders("jd3", [order(first + n, NOW - ago) for n in range(count)])


def leaves(platform: Gateway, place: int = 0, *, count: int = 1) -> None:
    """The one at this place, or several from there on, is answered and waits no longer."""
    for _ in range(count):
        platform.orders("jd3")[waiting(platform)[place]].status = 2


def change_after(platform: Gateway, pages: Sequence[int], *changes: Callable[[Gateway], None]) -> None:
    """When the first of these pages has been made up, and is on its way, the first change happens, and so
    on in turn."""
    left = list(zip(pages, changes, strict=True))

    def hook(_merchant: str, page: int) -> None:
        if left and left[0][0] == page:
            left.pop(0)[1](platform)

    platform.on_page = hook


CHANGES: dict[str, Callable[[Gateway], None]] = {
    "one comes in at the top": comes,
    "one comes in at the end": lambda platform: comes(platform, ago=20 * HOUR),
    "two come in": lambda platform: comes(platform, 2),
    "the first leaves": leaves,
    "the thirtieth leaves": lambda platform: leaves(platform, 29),
    "the last leaves": lambda platform: leaves(platform, -1),
    "a whole page leaves": lambda platform: leaves(platform, count=30),
}


@pytest.mark.parametrize("happens", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("count", [61, 75, 90])
def test_a_change_while_it_is_read_loses_nothing(
    platform: Gateway, work: WorkOrders, happens: Callable[[Gateway], None], after: int, count: int
) -> None:
    platform.add_orders("jd3", orders(count))
    there_all_the_time = set(waiting(platform))
    change_after(platform, [after], happens)
    found = set(ids(read(work, PlatformState.WAITING)))
    there_all_the_time &= set(waiting(platform))
    assert found >= there_all_the_time
    if after < 3:
        # The next page told of another number, so that those are found, too, which came in.
        assert found >= set(waiting(platform))


def test_a_list_of_which_one_slipped_through_is_read_again(platform: Gateway, work: WorkOrders) -> None:
    platform.add_orders("jd3", orders(75))
    change_after(platform, [1], leaves)
    pages = read(work, PlatformState.WAITING)
    # The thirty-first became the thirtieth between the first page and the second.
    assert 84700030 not in ids(pages[:3])
    assert 84700030 in ids(pages)
    assert pages_asked(platform) == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("ago", [SECOND, 20 * HOUR], ids=["at the top", "at the end"])
def test_a_list_that_shrinks_and_grows_again_is_read_again(
    platform: Gateway, work: WorkOrders, ago: timedelta
) -> None:
    platform.add_orders("jd3", orders(75))
    change_after(platform, [1, 2], leaves, lambda platform: comes(platform, ago=ago))
    assert set(ids(read(work, PlatformState.WAITING))) == {84700000, *waiting(platform)}
    assert pages_asked(platform) in ([1, 2, 3, 1, 2, 3], [1, 2, 3, 4, 1, 2, 3])


def test_a_list_that_settles_at_last_is_read_well(platform: Gateway, work: WorkOrders) -> None:
    platform.add_orders("jd3", orders(31))
    change_after(platform, [1, 1, 1], comes, comes, comes)
    assert set(ids(read(work))) == set(platform.orders("jd3"))
    assert pages_asked(platform) == [*[1, 2, 3] * 3, 1, 2]


def test_a_list_that_never_settles_is_given_up(platform: Gateway, work: WorkOrders, language: str) -> None:
    platform.add_orders("jd3", orders(31))
    platform.on_page = lambda _merchant, page: comes(platform) if page == 1 else None
    found: list[list[Draft | Rejection]] = []
    with pytest.raises(PlatformError) as caught:
        for items in work.read(BEGIN, END):
            found.append(items)
    assert (caught.value.trouble, caught.value.lost) == (Trouble.UNREACHABLE, False)
    assert_speaks(caught.value.message, language)
    assert pages_asked(platform) == [1, 2, 3] * 4
    # All has been handed on but the fourth newcomer, which stands on a page that had been read.
    assert set(platform.orders("jd3")) - set(ids(found)) == {84800034}


@pytest.mark.parametrize("count", [31, 60, 75])
def test_a_row_that_comes_twice_is_no_change(platform: Gateway, work: WorkOrders, count: int) -> None:
    platform.add_orders("jd3", orders(count))
    platform.fault("duplicate", times=-1)
    pages = read(work)
    assert len(ids(pages)) > count
    assert set(ids(pages)) == set(platform.orders("jd3"))
    assert pages_asked(platform) == list(range(1, len(pages) + 1))


@pytest.mark.parametrize(
    "rows", [[], [row(1000001)], [row(1000001), row(1000001)]], ids=["none", "one", "one twice"]
)
def test_fewer_rows_than_there_are_said_to_be_are_not_the_list(rows: list[object]) -> None:
    with pytest.raises(PlatformError) as caught:
        answered(WORKLIST, page(*rows, total=2), call=read)
    assert caught.value.trouble is Trouble.UNREACHABLE


def test_a_page_without_rows_is_the_last_whatever_is_said_to_be_there() -> None:
    found: list[list[Draft | Rejection]] = []

    def read_all(work: WorkOrders) -> None:
        for items in work.read(BEGIN, END):
            found.append(items)

    with pytest.raises(PlatformError):
        answered(WORKLIST, page(total=200), call=read_all)
    assert found == [[]] * 4


# One order, one work order


def test_the_work_orders_about_one_order_are_found(either: Gateway, work: WorkOrders) -> None:
    of_one = [order(1000001, NOW - DAY, 4, order_id=275490614167), order(1000002, NOW, order_id=275490614167)]
    either.add_orders("jd3", [*orders(40), *of_one])
    assert ids([work.of_order("275490614167")]) == [1000002, 1000001]
    [call] = either.calls
    assert call.params == {
        "begin_date": "2026-09-24 15:15:00",
        "end_date": "2026-11-23 15:15:00",
        "order_id": 275490614167,
        "page_number": 1,
        "page_size": 30,
    }


def test_an_order_without_work_orders_has_none(work: WorkOrders) -> None:
    assert work.of_order("275490614167") == []


def test_the_type_and_the_history_are_told_oldest_first(either: Gateway, work: WorkOrders) -> None:
    told = [
        Log("京东客服", NOW - MINUTE, "平台驳回", " 回复无效\n请重新处理 "),
        Log("京东客服", NOW - HOUR, "客服发起", "商品破损"),
        Log("小王", NOW - 30 * MINUTE, "商家回复", "您好，已退款"),
    ]
    either.add_orders("jd3", [order(84712842, NOW - HOUR, 5, logs=told, biztype_id=104, biztype_name="投诉")])
    assert work.details("84712842") == Details(
        type_id=104,
        type_name="投诉",
        log=(
            LogEntry(NOW - HOUR, "京东客服", "客服发起", "商品破损"),
            LogEntry(NOW - 30 * MINUTE, "小王", "商家回复", "您好，已退款"),
            LogEntry(NOW - MINUTE, "京东客服", "平台驳回", "回复无效\n请重新处理"),
        ),
        created_at=NOW - HOUR,
    )
    assert either.calls[0].params == {"work_id": 84712842}


def details_of(result: object) -> Details:
    details: Details = answered(WORKINFO, {"result": result}, call=lambda work: work.details("84712842"))
    return details


def logged(content: str, at: object) -> dict[str, object]:
    return {"oper_user": "u", "oper_date": at, "oper_type": "k", "oper_content": content}


def test_an_entry_without_a_time_stands_where_the_work_order_begins() -> None:
    begun = 1795417200000
    logs = [logged("last", begun + 2000), logged("none", None), logged("text", "2026-11-23 14:59:59")]
    details = details_of([{"create_date": begun, "oper_logs": logs}])
    assert [entry.content for entry in details.log] == ["text", "none", "last"]
    assert [entry.at for entry in details.log] == [NOW - SECOND, None, NOW + 2 * SECOND]


def test_an_entry_without_a_time_stands_first_when_no_time_is_known_at_all() -> None:
    logs = [logged("last", 1795417200000), logged("none", "不详")]
    assert [entry.content for entry in details_of([{"oper_logs": logs}]).log] == ["none", "last"]


@pytest.mark.parametrize(
    ("info", "type_id", "type_name"),
    [
        ({"send_biztype_id": 101, "send_biztype_name": "催单"}, 101, "催单"),
        ({"send_biztype_id": "101", "send_biztype_name": " 催\n单\x1b"}, 101, "催 单\\x1b"),
        ({"send_biztype_id": 0, "send_biztype_name": None}, None, ""),
        ({"send_biztype_id": "催单"}, None, ""),
        ({}, None, ""),
    ],
)
def test_a_type_may_be_missing(info: dict[str, object], type_id: int | None, type_name: str) -> None:
    assert details_of([info]) == Details(type_id, type_name, ())
    assert details_of(info) == Details(type_id, type_name, ())


@pytest.mark.parametrize("logs", [None, [], {}, "", [None, 7, "x", []]])
def test_a_history_that_is_none_is_empty(logs: object) -> None:
    assert details_of([{"oper_logs": logs}]).log == ()


def test_what_an_entry_does_not_tell_is_empty_and_its_words_can_be_kept() -> None:
    entries = [{}, {"oper_user": "a\ud83d\n", "oper_type": 7, "oper_content": "\ud83d"}]
    assert details_of([{"oper_logs": entries}]).log == (
        LogEntry(None, "", "", ""),
        LogEntry(None, "a?", "7", "?"),
    )


def test_of_an_unknown_work_order_the_platform_refuses_this_one_request(work: WorkOrders) -> None:
    with pytest.raises(PlatformError) as caught:
        work.details("84712842")
    assert (caught.value.code, caught.value.one_request) == ("61", True)


def test_of_one_that_is_too_old_the_platform_tells_nothing(
    platform: Gateway, work: WorkOrders, language: str
) -> None:
    platform.add_orders("jd3", [order(84712842, NOW - 61 * DAY)])
    with pytest.raises(PlatformError) as caught:
        work.details("84712842")
    assert (caught.value.code, caught.value.one_request) == ("", True)
    assert "84712842" in caught.value.message
    assert_speaks(caught.value.message, language)


@pytest.mark.parametrize("result", [None, [], {}, [None], ["x"], "x", 7])
def test_what_is_no_work_order_tells_nothing_of_it(result: object) -> None:
    if result == {}:
        assert details_of(result) == Details(None, "", ())
        return
    with pytest.raises(PlatformError) as caught:
        details_of(result)
    assert caught.value.one_request


# Replying


def test_the_second_level_types_are_told_by_number(either: Gateway, work: WorkOrders) -> None:
    assert work.subtypes(101) == {10101: "催发货", 10102: "催物流", 10103: "催退款"}
    assert either.calls[0].params == {"biztype_id": 101}


def test_of_an_unknown_type_the_platform_refuses_this_one_request(work: WorkOrders) -> None:
    with pytest.raises(PlatformError) as caught:
        work.subtypes(999)
    assert (caught.value.code, caught.value.one_request) == ("61", True)


@pytest.mark.parametrize(
    ("content", "subtypes"),
    [
        ({}, {}),
        ({"saf_biztype_Dtos": None}, {}),
        ({"saf_biztype_Dtos": {"sub_biztype_id": 1}}, {}),
        ({"saf_biztype_Dtos": 7}, {}),
        (
            {
                "saf_biztype_Dtos": [
                    {"sub_biztype_id": "10101", "sub_biztype_name": " 催\n发货"},
                    {"sub_biztype_id": 10102},
                    {"sub_biztype_id": 0, "sub_biztype_name": "x"},
                    {"sub_biztype_name": "x"},
                    None,
                ]
            },
            {10101: "催 发货", 10102: ""},
        ),
    ],
)
def test_a_second_level_type_without_a_number_is_none(content: object, subtypes: dict[int, str]) -> None:
    assert answered(SUBBIZTYPELIST, content, call=lambda work: work.subtypes(101)) == subtypes


def test_a_reply_stands_on_the_platform_as_it_was_written(either: Gateway, work: WorkOrders) -> None:
    either.add_orders("jd3", [order(84712842, NOW - HOUR)])
    text = '您好，"已发货" \\ 100% + 😀\n单号：JDX0123456789 &a=b'
    assert work.reply("84712842", text, 101, 10101) == Verdict(there=True, words="回复成功")
    held = either.orders("jd3")[84712842]
    assert (held.status, held.logs[-1].content) == (2, text)
    assert either.calls[0].params == {
        "work_id": 84712842,
        "reply_content": text,
        "work_type": 101,
        "work2_type": 10101,
    }


def test_a_work_order_that_counts_as_replied_already_has_its_reply(either: Gateway, work: WorkOrders) -> None:
    either.add_orders("jd3", [order(84712842, NOW - HOUR, 2)])
    verdict = work.reply("84712842", "已发货", 101, 10101)
    assert verdict == Verdict(there=True, words="工单已回复，请勿重复回复", already=True)
    assert len(either.orders("jd3")[84712842].logs) == 1


@pytest.mark.parametrize(
    ("status", "text", "type_id", "subtype_id", "words"),
    [
        (4, "已发货", 101, 10101, "工单已关闭，不能回复"),
        (3, "已发货", 101, 10101, "工单已作废，不能回复"),
        (1, "已" * 501, 101, 10101, "回复内容超过1000字节"),
        (1, "已发货", 102, 10201, "一级业务类型与工单不符"),
        (1, "已发货", 101, 10201, "二级业务类型不存在"),
    ],
)
def test_a_reply_that_the_platform_does_not_take_is_not_there(
    either: Gateway, work: WorkOrders, status: int, text: str, type_id: int, subtype_id: int, words: str
) -> None:
    either.add_orders("jd3", [order(84712842, NOW - HOUR, status)])
    assert work.reply("84712842", text, type_id, subtype_id) == Verdict(there=False, words=words)


def replied(result: object) -> Verdict:
    content = {"work_order": result}
    verdict: Verdict = answered(
        REPLY, content, call=lambda work: work.reply("84712842", "已发货", 101, 10101)
    )
    return verdict


@pytest.mark.parametrize(
    ("code", "there", "already"),
    [
        (1, True, False),
        ("1", True, False),
        (2, False, False),
        ("2", False, False),
        (3, True, True),
        ("3", True, True),
    ],
)
@pytest.mark.parametrize("names", [("resultCode", "resultMsg"), ("result_code", "result_msg")])
def test_the_verdict_may_be_spelled_in_several_ways(
    code: object, there: bool, already: bool, names: tuple[str, str]
) -> None:
    result = dict(zip(names, (code, " 回复\n成功\x1b "), strict=True))
    assert replied(result) == Verdict(there, "回复 成功\\x1b", already)


def test_a_verdict_may_come_without_words() -> None:
    assert replied({"resultCode": 2}) == Verdict(there=False, words="")


@pytest.mark.parametrize(
    "result",
    [None, {}, [], "1", 1, {"resultCode": None}, {"resultCode": 0}, {"resultCode": 4}, {"resultCode": True}],
)
def test_a_verdict_that_makes_no_sense_leaves_the_reply_in_doubt(result: object, language: str) -> None:
    with pytest.raises(PlatformError) as caught:
        replied(result)
    assert (caught.value.trouble, caught.value.lost) == (Trouble.UNREACHABLE, True)
    assert_speaks(caught.value.message, language)


def test_a_reply_whose_answer_is_lost_is_given_once(platform: Gateway, work: WorkOrders) -> None:
    platform.add_orders("jd3", [order(84712842, NOW - HOUR)])
    platform.fault("lost", method=REPLY)
    with pytest.raises(PlatformError) as caught:
        work.reply("84712842", "已发货", 101, 10101)
    assert caught.value.lost
    assert len(platform.calls) == 1
    assert platform.orders("jd3")[84712842].status == 2


def test_words_for_the_state_can_be_kept() -> None:
    draft_of(status_name="待回复\ud83d").platform_status.encode()


@pytest.mark.parametrize("logs", [5, True, 1.5])
def test_a_history_that_is_a_number_is_empty(logs: object) -> None:
    assert details_of([{"oper_logs": logs}]).log == ()


@pytest.mark.parametrize("total", ["²", "9" * 5000, -1, 1.0, "many", True, {}])
def test_a_strange_total_is_as_good_as_none(total: object) -> None:
    pages = answered(WORKLIST, page(row(1000001), total=total), page(total=total), call=read)
    assert ids(pages) == [1000001]


def test_a_full_page_without_a_total_is_not_the_whole_list() -> None:
    rows = [row(1000001 + n) for n in range(31)]
    contents = [{"page": {"result": some}} for some in (rows[:30], rows[30:])]
    assert len(set(ids(answered(WORKLIST, *contents, call=read)))) == 31
