from __future__ import annotations

from datetime import timedelta

from jdticket.domain.outages import Outage
from jdticket.domain.tickets import Kind, Ticket
from jdticket.i18n import translator
from jdticket.views.note import manager_note
from tests.desk.at_desk import SHANGHAI
from tests.language import assert_speaks
from tests.store.making import NOON, outage, ticket

HOUR = timedelta(hours=1)


def note(about: Outage, *affected: Ticket, language: str = "zh") -> str:
    return manager_note(
        about,
        affected,
        shop_names={"jd3": "京东3店"},
        zone=SHANGHAI,
        gettext=translator(language).gettext,
    )


def test_the_note_names_shop_reason_time_tickets_and_what_is_asked_for() -> None:
    text = note(outage(), ticket(), ticket("59088843", kind=Kind.CRC, order_id=None))
    greeting, details, _heading, first, second, request = text.splitlines()
    for words in ("京东3店、京东5店", "停电", "2026-11-23 12:00"):
        assert words in greeting
    assert "园区停电" in details
    assert first == "- 工单 59088842，订单 275490614167，催单，截止时间 2026-11-23 16:00"
    assert second == "- 工单 59088843，订单 -，CRC高危，截止时间 2026-11-23 16:00"
    assert "延长" in request


def test_the_note_speaks_the_language_asked_for() -> None:
    for about in (outage(), outage(until=NOON + HOUR, shops=())):
        assert_speaks(note(about, ticket()), "zh", allow=["jd3"])
        assert_speaks(note(about, ticket(), language="en"), "en", allow=["京东3店", "京东5店", "园区停电"])


def test_an_outage_that_is_over_tells_until_when() -> None:
    assert "13:00" in note(outage(until=NOON + HOUR))


def test_without_a_ticket_in_danger_nothing_is_asked_for() -> None:
    text = note(outage())
    assert "延长" not in text
    assert "工单" in text.splitlines()[-1]


def test_text_from_outside_stays_on_its_line() -> None:
    text = note(outage(note="第一行\n第二行\x1b[31m", shops=("a\nb",)), ticket())
    assert "第一行 第二行\\x1b[31m" in text
    assert len(text.splitlines()) == 5
