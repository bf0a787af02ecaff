from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jdticket.clock import stored
from jdticket.domain.events import EventKind
from jdticket.domain.outages import Outcome
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket
from jdticket.views.screen import Plain
from jdticket.views.stories import Teller
from tests.desk.at_desk import SHANGHAI
from tests.store.making import NOON, contact, event, extension, outage, reply, ticket

HOUR = timedelta(hours=1)
TELLER = Teller(Plain(), now=NOON, zone=SHANGHAI, shop_names={"jd3": "京东3店"})


def told(capsys: pytest.CaptureFixture[str], held: Ticket, **fields: Any) -> str:
    given = {
        "left": HOUR,
        "undelivered": False,
        "counted": [],
        "replies": [],
        "extensions": [],
        "events": [],
    } | fields
    TELLER.ticket(held, **given)
    return capsys.readouterr().out


def test_a_ticket_tells_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, ticket(content="第一行\n第二行\x1b", platform_status="待回复"))
    for words in (
        "state      pending (the platform says: 待回复)",
        "time left  1h left",
        "kind       urge (催单)",
        "shop       京东3店",
        "deadline   today 16:00  counted in service hours",
        "Content\n  第一行\n  第二行\\x1b\n",
    ):
        assert words in shown
    assert "first deadline" not in shown


def test_a_moved_deadline_is_shown_beside_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    moved = ticket(
        deadline_at=NOON + 6 * HOUR,
        first_deadline_at=NOON + 4 * HOUR,
        deadline_source=DeadlineSource.GRANTED,
    )
    shown = told(capsys, moved, extensions=[extension(3, 1)])
    assert "today 18:00  granted by the operations manager" in shown
    assert "first deadline  today 16:00" in shown
    assert "ticket 59088842: today 12:00 → today 14:00 (contact 3, outage 1)" in shown


def test_how_the_deadline_is_counted_is_shown_window_by_window(capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, ticket(), counted=[(NOON, NOON + 3 * HOUR), (NOON + 21 * HOUR, NOON + 22 * HOUR)])
    assert "  today 12:00 – today 15:00  3h\n  tomorrow 09:00 – tomorrow 10:00  1h\n" in shown


def test_a_ticket_that_was_replied_to_and_waits_all_the_same_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    returned = told(capsys, ticket(status=Status.REPLIED, returned_at=NOON))
    assert "time left  1h left" in returned
    assert "! The platform still shows it as waiting: the reply may not have arrived there." in returned
    lost = told(capsys, ticket(status=Status.REPLIED, returned_at=NOON), undelivered=True)
    assert "time left  1h left" in lost
    assert "! A reply to it is not on the platform: jdticket send 59088842" in lost
    assert "may not have arrived" not in lost
    done = told(capsys, ticket(status=Status.REPLIED))
    assert "time left" not in done
    assert "!" not in done


def test_a_ticket_that_the_page_no_longer_holds_says_since_when_as_long_as_it_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = told(capsys, ticket(missing_at=NOON - HOUR))
    assert "! The page has not held it since today 11:00; it may have been answered there." in gone
    assert "!" not in told(capsys, ticket(missing_at=NOON - HOUR, status=Status.REPLIED))


def test_a_time_left_that_nobody_knows_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    far = datetime(2150, 1, 1, tzinfo=UTC)
    assert "time left  unknown\n" in told(capsys, ticket(deadline_at=far, first_deadline_at=far), left=None)
    past = datetime(1980, 1, 1, tzinfo=UTC)
    assert "time left  overdue\n" in told(capsys, ticket(deadline_at=past, first_deadline_at=past), left=None)


def test_the_platform_s_own_words_are_the_kind_where_ours_have_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "kind       退款问题\n" in told(capsys, ticket(kind=Kind.OTHER, kind_text="退款问题"))
    assert "kind       other\n" in told(capsys, ticket(kind=Kind.OTHER, kind_text=" "))


def test_each_reply_says_whether_it_was_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    late = reply(at=NOON + 5 * HOUR, text="一\n二", forced=True)
    shown = told(capsys, ticket(status=Status.REPLIED), replies=[reply(), late])
    assert "  today 12:00 (in time)  小李\n    您好，订单已发出。\n" in shown
    assert "  today 17:00 (late)  小李  recorded with --force\n    一\n    二\n" in shown


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (EventKind.TAKEN_IN, {"source": "a.csv", "row": 2}, "taken in from a.csv, row 2"),
        (EventKind.TAKEN_IN, {"source": "JOS", "row": 0}, "taken in from the platform  "),
        (
            EventKind.CHANGED,
            {"source": "JOS", "row": 0, "fields": {"platform_status": "已驳回"}},
            "changed by the platform: state on the platform",
        ),
        (
            EventKind.CHANGED,
            {"source": "a.csv", "row": 2, "fields": {"order_id": "1", "content": "x"}},
            "changed by a.csv, row 2: order, content",
        ),
        (
            EventKind.DEADLINE_MOVED,
            {"old": stored(NOON), "new": stored(NOON + HOUR), "why": "recomputed"},
            "deadline moved: today 12:00 → today 13:00, recomputed",
        ),
        (
            EventKind.REPLIED,
            {"at": stored(NOON), "on_time": True, "text": "您好\n\x1b"},
            "replied today 12:00 (in time): 您好 \\x1b",
        ),
        (EventKind.REPLIED, {"platform": "已回复"}, "replied on the platform"),
        (EventKind.RETURNED, {}, "still waiting on the platform"),
        (EventKind.ARRIVED, {}, "the reply has arrived on the platform"),
        (EventKind.REJECTED, {"platform": "已驳回"}, "the platform rejected the reply; pending again"),
        (EventKind.SENT, {"state": "arrived", "answer": ""}, "the reply was brought to the platform  "),
        (
            EventKind.SENT,
            {"state": "arrived", "answer": "回复成功"},
            "the reply was brought to the platform: 回复成功",
        ),
        (
            EventKind.SENT,
            {"state": "arrived", "answer": "请勿重复回复", "already": True},
            "counts as replied on the platform already; this reply was not added: 请勿重复回复",
        ),
        (
            EventKind.NOT_SENT,
            {"state": "unsent", "answer": "次数超限", "code": "2", "trouble": "refused", "shop": "jd3"},
            "the reply is not on the platform: code 2 (次数超限): too many calls",
        ),
        (
            EventKind.NOT_SENT,
            {"state": "unknown", "answer": "", "code": "", "trouble": "unreachable", "shop": "jd3"},
            "the reply may not be on the platform: the platform does not answer",
        ),
        (EventKind.ASSIGNED, {"old": "", "new": "小李"}, "assigned to 小李"),
        (EventKind.ASSIGNED, {"old": "小李", "new": ""}, "assigned to nobody"),
        (EventKind.NOTED, {"text": "x"}, "note: x"),
        (EventKind.CLOSED, {"from": "pending"}, "closed"),
        (EventKind.CLOSED, {"platform": "已完结"}, "closed by the platform"),
        (EventKind.VOIDED, {"from": "pending", "why": "重复"}, "void: 重复"),
        (EventKind.VOIDED, {"platform": "已作废"}, "void by the platform"),
        (EventKind.REOPENED, {"why": "x"}, "reopened: x"),
        (EventKind.MISSING, {"source": "page.txt"}, "no longer there: page.txt"),
        (EventKind.FOUND_AGAIN, {"source": "page.txt", "row": 20}, "there again: page.txt, row 20"),
        (EventKind.FOUND_AGAIN, {"source": "JOS", "row": 0}, "there again on the platform"),
        (
            EventKind.OUTAGE_REPORTED,
            {"reason": "power", "since": stored(NOON)},
            "outage 7 reported: power cut, since today 12:00",
        ),
        (EventKind.OUTAGE_ENDED, {"until": stored(NOON)}, "outage 7 ended at today 12:00"),
        (
            EventKind.CONTACTED,
            {"manager": "王经理", "via": "phone", "outcome": "told", "said": "知道了"},
            "operations manager contacted: 王经理, phone, told: 知道了",
        ),
    ],
    ids=lambda value: value.value if isinstance(value, EventKind) else "",
)
def test_every_event_has_words(
    capsys: pytest.CaptureFixture[str], kind: EventKind, data: dict[str, Any], words: str
) -> None:
    shown = told(capsys, ticket(), events=[event(kind=kind, data=data, by="小王", outage_id=7)])
    last = shown.splitlines()[-1]
    assert last.startswith("  today 12:00  ")
    assert words in last
    assert last.endswith("  (小王)")


def test_no_kind_of_event_is_without_words(capsys: pytest.CaptureFixture[str]) -> None:
    [case] = [mark for mark in test_every_event_has_words.pytestmark if mark.name == "parametrize"]
    assert {kind for kind, _data, _words in case.args[1]} == set(EventKind)


def test_an_outage_tells_of_its_contacts_and_what_was_granted(capsys: pytest.CaptureFixture[str]) -> None:
    granted = ticket(deadline_source=DeadlineSource.GRANTED, first_deadline_at=NOON + 2 * HOUR)
    TELLER.outage(
        outage(id=1, contacted=True),
        affected=[granted, ticket("59088843", order_id=None, kind=Kind.CRC)],
        contacts=[contact(1, id=3, outcome=Outcome.GRANTED)],
        extensions=[extension(3, 1)],
        events=[
            event(kind=EventKind.OUTAGE_ENDED, ticket_id=None, outage_id=1, data={"until": stored(NOON)})
        ],
    )
    shown = capsys.readouterr().out
    for words in (
        "until               it lasts",
        "shops               京东3店, 京东5店",
        "operations manager  contacted",
        "Pending tickets whose clock it cuts into: 2",
        "ticket 59088842, order 275490614167, urge, due today 16:00 (first: today 14:00)",
        "ticket 59088843, order -, CRC, due today 16:00\n",
        "contact 3, today 12:00: 王经理, phone, granted more time: 知道了",
        "today 12:00 → today 14:00 (contact 3, outage 1)",
        "outage 1 ended at today 12:00",
    ):
        assert words in shown


def test_an_outage_without_contact_cries_out(capsys: pytest.CaptureFixture[str]) -> None:
    TELLER.outages([outage(id=2), outage(id=1, shops=(), until=NOON + HOUR, contacted=True)])
    _headings, second, first = capsys.readouterr().out.splitlines()
    assert "it lasts" in second
    assert "NOT YET CONTACTED" in second
    assert "today 13:00" in first
    assert first.endswith("all")
