from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from jdticket.desk.dispatch import Form
from jdticket.domain.channels import Receipt
from jdticket.domain.outages import Contact, OutageReason, Outcome, Via
from jdticket.domain.people import Person, Staff
from jdticket.domain.reminders import Duty, Escalation, ReminderRule, ReminderState
from jdticket.domain.replies import DeliveryState
from jdticket.domain.tickets import Kind, PlatformState
from tests.desk.at_desk import WAITING, at, draft
from tests.desk.room import (
    ALL_DAY,
    DOWN,
    HOUR,
    LADDER,
    MINUTE,
    NO_RULES,
    OK,
    TOO_MANY,
    WORDS,
    Room,
    channel,
    numbers,
)

# Which reminders go out, and when


def test_a_day_in_fast_motion_sends_each_reminder_once_and_at_its_minute(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    assert room.run() == []
    room.time = at("23 16:40")
    room.take_in(draft(created_at=at("23 16:40")))
    told = []
    while room.time <= at("24 14:00"):
        told += [f"{room.time:%H:%M} {text}" for text in room.run()]
        room.time += MINUTE
    assert told == [
        "16:40 new 59088842",
        "18:40 before:7200 59088842",
        "09:00 opening 1\n- 59088842",
        "09:40 before:3600 59088842",
        "10:10 before:1800 59088842",
        "10:30 before:600 59088842",
        "10:41 overdue:0 59088842",
        "11:10 overdue:1 59088842",
        "11:40 overdue:2 59088842",
        "12:10 overdue:3 59088842",
        "12:40 overdue:4 59088842",
        "13:10 overdue:5 59088842",
    ]


def test_after_a_pause_each_ticket_gets_only_its_most_urgent_reminder(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:00")
    room.take_in(draft(), draft("59088843", created_at=at("23 12:30")))
    assert room.run("23 15:40") == ["before:3600 59088843", "overdue:3 59088842"]
    assert room.run("23 15:41") == []


def test_a_run_sends_what_can_still_be_in_time_first_and_then_what_is_overdue(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:00")
    room.take_in(
        draft("59088841", created_at=at("22 16:00")),  # due at 10:00
        draft("59088842", created_at=at("22 15:00")),  # due at 19:00 the day before
        draft("59088843"),
        draft("59088844", kind=Kind.CRC),
        draft("59088845", created_at=at("23 08:00")),
    )
    told = [message.split()[1][-1] for message in room.run("23 12:30")]
    assert told == ["5", "4", "3", "2", "1"]


def test_a_reply_that_does_not_arrive_leaves_its_ticket_in_the_reminders(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:05", LADDER._replace(returned=True))
    room.take_in(draft())
    assert room.run() == ["new 59088842"]
    room.desk.replies.reply("842", "您好，订单已发出。", at=None, by="小李", force=False, send=True)
    assert room.run("23 13:00") == ["before:3600 59088842"]
    [(_reply, delivery)] = room.store.undelivered()
    with room.store.transaction():
        room.store.put_delivery(replace(delivery, state=DeliveryState.ARRIVED))
    assert room.run("23 14:30") == []


def test_one_deadline_that_cannot_be_stops_no_other_reminder(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    room.take_in(*numbers(4))
    for number, year in (("000", 1980), ("001", 2150), ("002", 9998)):
        held = room.desk.looking.find(number)
        with room.store.transaction():
            room.store.put_tickets([replace(held, deadline_at=datetime(year, 1, 1, tzinfo=UTC))])
    assert room.run() == ["opening 4\n- 59088003\n- 59088001\n- 59088002\n- 59088000"]
    assert room.run("23 12:00") == ["before:7200 59088003"]
    assert room.run("23 18:59") == ["overdue:5 59088003"]


def test_the_digest_holds_all_that_waits_by_urgency(tmp_path: Path) -> None:
    room = Room(tmp_path, "22 18:00", LADDER._replace(opening=True, returned=True))
    room.take_in(
        draft("59088841", created_at=at("22 10:00")),
        draft("59088842", created_at=at("22 17:00")),
        draft("59088843", created_at=at("22 16:00")),
        draft("59088844", created_at=at("22 16:30"), **WAITING),
        draft("59088845", created_at=at("22 15:00")),
        draft("59088846", created_at=at("22 15:10")),
    )
    for number, send in (("843", True), ("844", False), ("845", False)):
        text = "您好，订单已发出。"
        room.desk.replies.reply(number, text, at=None, by="小李", force=False, send=send)
    room.time = at("22 18:05")
    room.take_in(draft("59088844", created_at=at("22 16:30"), **WAITING))
    gone = replace(room.desk.looking.find("846"), missing_at=room.time)
    with room.store.transaction():
        room.store.put_tickets([gone])
    room.time = at("23 09:15")
    digest = [n for n in room.reminders.rehearse() if n.reminder.rule is ReminderRule.OPENING]
    assert [n.ticket.id[-1] for n in digest if n.ticket] == ["3", "4", "2", "1", "6"]
    assert [n.ticket.id[-1] for n in digest if n.ticket and n.undelivered] == ["3"]
    assert [n.waiting for n in digest if n.ticket is None] == [5]


def test_what_the_page_no_longer_holds_is_in_the_digest_alone_once_it_is_overdue(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:05", LADDER._replace(opening=True))
    room.take_in(draft())
    room.run()
    gone = replace(room.desk.looking.find("842"), missing_at=at("23 13:00"))
    with room.store.transaction():
        room.store.put_tickets([gone])
    assert room.run("23 13:30") == ["before:1800 59088842"]
    assert room.run("23 14:00:01") == room.run("23 18:00") == []
    assert room.run("24 09:00") == ["opening 1\n- 59088842"]
    with room.store.transaction():
        room.store.put_tickets([replace(gone, missing_at=None)])
    assert room.run("24 09:05") == ["overdue:5 59088842"]


def test_a_ticket_is_new_once_and_never_again(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:05", NO_RULES._replace(new=True))
    room.take_in(draft())
    assert room.run() == ["new 59088842"]
    assert room.run() == room.run("23 13:59") == room.run("25 12:00") == []


def test_a_reply_between_two_runs_silences_the_ticket(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft(), draft("59088843"))
    assert room.run() == ["before:7200 59088842", "before:7200 59088843"]
    room.reply()
    assert room.run("23 13:00") == ["before:3600 59088843"]


def test_a_closed_a_void_and_a_reopened_ticket(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft(), draft("59088843"))
    room.desk.tickets.close("59088842", by="小李")
    room.desk.tickets.void("59088843", "重复", by="小李")
    assert room.run() == []
    room.desk.tickets.reopen("59088842", "客户来电", by="小李")
    assert room.run() == ["before:7200 59088842"]


def test_a_granted_deadline_makes_its_own_ladder_and_is_nothing_new(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:05")
    room.take_in(draft())
    assert room.run() == ["new 59088842"]
    assert room.run("23 13:00") == ["before:3600 59088842"]
    room.desk.outages.report(
        OutageReason.POWER,
        since=None,
        until=None,
        shops=(),
        note="",
        by="",
        contact=lambda number: Contact(number, "张经理", Via.PHONE, room.time, "", Outcome.TOLD),
    )
    room.desk.outages.contact(
        1,
        manager="张经理",
        via=Via.PHONE,
        said="",
        at=None,
        outcome=Outcome.GRANTED,
        granted_until=at("23 18:00"),
        tickets=["59088842"],
        by="",
    )
    assert room.run("23 13:01") == []
    assert room.run("23 16:00") == ["before:7200 59088842"]
    assert room.run("23 17:00") == ["before:3600 59088842"]
    kept = room.store.reminders(step="before:3600")
    assert [row.deadline_at for row in kept] == [at("23 18:00"), at("23 14:00")]


def test_a_reply_that_did_not_reach_the_platform_is_told_once_and_its_time_runs_on(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 11:00", LADDER._replace(returned=True))
    room.take_in(draft())
    room.reply()
    room.time = at("23 11:30")
    room.take_in(draft(platform_state=PlatformState.WAITING, platform_status="待回复"))
    assert room.run() == ["returned:2026-11-23T03:30:00Z 59088842"]
    assert room.run("23 11:59") == []
    assert room.run("23 12:30") == ["before:7200 59088842"]


def test_a_rejected_reply_rings_at_once_and_once(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:10", LADDER._replace(returned=True))
    room.take_in(draft(platform_state=PlatformState.WAITING, platform_status="待回复"))
    assert room.run() == ["before:7200 59088842"]
    room.reply()
    room.time = at("23 12:30")
    room.take_in(draft(platform_state=PlatformState.REJECTED, platform_status="已驳回"))
    assert room.run() == ["rejected:2026-11-23T04:30:00Z 59088842"]
    assert room.run("23 12:31") == []
    assert room.run("23 13:00") == ["before:3600 59088842"]


def test_an_outage_is_told_of_until_the_manager_has_been_contacted(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 11:00", NO_RULES._replace(outage_contact_every=15 * MINUTE))
    room.desk.outages.report(
        OutageReason.POWER, since=None, until=None, shops=(), note="", by="", contact=None
    )
    assert room.run() == ["outage_contact:0 1"]
    assert room.run("23 11:14") == []
    assert room.run("23 11:15") == ["outage_contact:1 1"]
    assert room.run("23 12:07") == ["outage_contact:4 1"]
    room.desk.outages.contact(
        1,
        manager="张经理",
        via=Via.PHONE,
        said="",
        at=None,
        outcome=Outcome.TOLD,
        granted_until=None,
        tickets=(),
        by="",
    )
    assert room.run("23 12:20") == []


# Shops whose tickets cannot be fetched

HOURLY = NO_RULES._replace(source_every=HOUR)
FAILS, WORKS_AGAIN = "jd3 unreachable", "jd3 works again"


def platform_room(folder: Path, now: str = "23 10:00", **options: Any) -> Room:
    return Room(folder, now, **({"rules": HOURLY, "fetched": ["jd3"]} | options))


def test_a_shop_that_cannot_be_fetched_is_told_of_at_once_and_every_hour(tmp_path: Path) -> None:
    room = platform_room(tmp_path)
    assert room.run() == []
    room.fails("23 10:05")
    told = []
    room.time = at("23 10:04")
    while room.time <= at("23 12:30"):
        told += [f"{room.time:%H:%M} {text}" for text in room.run() + room.run()]
        room.time += MINUTE
    assert told == [f"{clock} {FAILS}" for clock in ("10:05", "11:05", "12:05")]


def test_each_channel_of_the_shop_hears_of_it_and_no_channel_of_other_shops(tmp_path: Path) -> None:
    channels = [channel("every"), channel("three", shops=("jd3", "jd4")), channel("five", shops=("jd5",))]
    room = platform_room(tmp_path, channels=channels, fetched=["jd3", "jd5"])
    room.fails("23 10:00")
    assert sorted(room.run()) == [f"every: {FAILS}", f"three: {FAILS}"]
    room.works_again("23 10:10")
    assert sorted(room.run("23 10:10")) == [f"every: {WORKS_AGAIN}", f"three: {WORKS_AGAIN}"]


def test_the_channel_of_an_escalation_does_not_hear_of_it(tmp_path: Path) -> None:
    rules = HOURLY._replace(escalate=(Escalation(HOUR, (), "boss"),))
    room = platform_room(tmp_path, rules=rules, channels=[channel(), channel("boss")])
    room.fails("23 10:00")
    assert room.run() == [f"group: {FAILS}"]


def test_two_shops_that_fail_are_two_messages(tmp_path: Path) -> None:
    room = platform_room(tmp_path, fetched=["jd3", "jd5"])
    room.fails("23 10:00")
    room.fails("23 10:00", shop="jd5")
    assert sorted(room.run()) == [FAILS, "jd5 unreachable"]
    room.works_again("23 10:30", shop="jd5")
    assert room.run("23 10:30") == ["jd5 works again"]
    assert room.run("23 11:00") == [FAILS]


def test_a_shop_that_is_not_fetched_any_more_is_silent(tmp_path: Path) -> None:
    room = platform_room(tmp_path, fetched=["jd5"])
    room.fails("23 10:00")
    assert room.run() == []
    room.fetched = []
    assert room.run("23 10:01") == []
    room.fetched = ["jd3"]
    assert room.run("23 10:02") == [FAILS]


def test_at_night_only_night_channels_hear_that_a_shop_fails_and_the_others_once_at_the_opening(
    tmp_path: Path,
) -> None:
    room = platform_room(tmp_path, channels=[channel("day"), channel("night", night=True)])
    room.fails("23 19:30")
    told = []
    room.time = at("23 19:25")
    while room.time <= at("24 10:05"):
        told += [f"{room.time:%H:%M} {text}" for text in room.run()]
        room.time += MINUTE
    by_night = [f"{hour % 24:02}:30 night: {FAILS}" for hour in range(19, 33)]
    assert told == [
        *by_night,
        f"09:00 day: {FAILS}",
        f"09:30 night: {FAILS}",
        # At most once an hour, whenever the hour since the failure is full.
        f"09:59 day: {FAILS}",
    ]


def test_what_failed_and_worked_again_by_night_is_no_news_by_day(tmp_path: Path) -> None:
    room = platform_room(tmp_path, channels=[channel("day"), channel("night", night=True)])
    room.fails("23 19:30")
    assert room.run("23 19:30") == [f"night: {FAILS}"]
    room.works_again("23 20:00")
    assert room.run("23 20:00") == [f"night: {WORKS_AGAIN}"]
    assert room.run("24 09:00") == []


def test_who_heard_of_the_failure_by_day_hears_at_the_opening_that_it_was_over_by_night(
    tmp_path: Path,
) -> None:
    room = platform_room(tmp_path)
    room.fails("23 18:30")
    assert room.run("23 18:30") == [FAILS]
    room.works_again("23 19:30")
    assert room.run("23 19:30") == []
    assert room.run("24 09:00") == [WORKS_AGAIN]
    assert room.run("24 09:01") == []


def test_the_people_on_duty_are_mentioned_with_a_failing_shop_and_when_it_works_again(tmp_path: Path) -> None:
    duties = [Duty(frozenset(ALL_DAY), 9 * 3600, 13 * 3600, ("anna", "early"))]
    room = platform_room(tmp_path, duties=duties, channels=[channel(mention=("anna",))])
    room.fails("23 10:00")
    room.report()
    room.works_again("23 10:10")
    room.report("23 10:10")
    assert room.sent == [
        ("group", FAILS, ("anna", "early")),
        ("group", WORKS_AGAIN, ("anna", "early")),
    ]


def test_that_a_shop_works_again_is_told_once_and_only_where_its_failure_was(tmp_path: Path) -> None:
    room = platform_room(tmp_path, channels=[channel("heard"), channel("down")])
    room.fails("23 10:00")
    room.answer(DOWN, on="down")
    assert room.run() == [f"heard: {FAILS}"]
    room.works_again("23 10:10")
    assert room.run("23 10:10") == [f"heard: {WORKS_AGAIN}"]
    room.channels.append(channel("later"))
    assert room.run("23 10:11") == room.run("23 12:00") == room.run("25 12:00") == []


def test_a_second_failure_is_told_anew_and_so_is_its_end(tmp_path: Path) -> None:
    room = platform_room(tmp_path)
    told = []
    for begins, ends in (("23 10:00", "23 10:10"), ("23 10:20", "23 10:30")):
        room.fails(begins)
        told += room.run(begins)
        room.works_again(ends)
        told += room.run(ends)
    assert told == [FAILS, WORKS_AGAIN] * 2


def test_the_end_of_a_failure_that_nobody_heard_of_is_not_told_for_an_earlier_one(tmp_path: Path) -> None:
    room = platform_room(tmp_path)
    room.fails("23 10:00")
    assert room.run() == [FAILS]
    room.fails("23 10:05")
    room.works_again("23 10:06")
    assert room.run("23 10:07") == []


def test_a_message_about_a_shop_that_failed_is_sent_in_the_next_run(tmp_path: Path) -> None:
    room = platform_room(tmp_path)
    room.fails("23 10:00")
    room.answer(DOWN)
    assert room.run() == []
    assert room.run("23 10:01") == [FAILS]
    assert room.run("23 10:02") == []
    room.works_again("23 10:03")
    room.answer(TOO_MANY)
    assert room.run("23 10:03") == []
    assert room.run("23 10:04") == [WORKS_AGAIN]
    assert room.run("23 10:05") == []


def test_a_rehearsal_tells_of_a_failing_shop_and_leaves_it_to_be_told(tmp_path: Path) -> None:
    room = platform_room(tmp_path)
    room.fails("23 10:00")
    for _time in range(2):
        assert [WORDS.notice(notice, Form.WHOLE) for notice in room.reminders.rehearse()] == [FAILS]
    assert room.store.reminders() == []
    assert room.run() == [FAILS]
    assert room.reminders.rehearse() == []
    room.works_again("23 10:10")
    room.time = at("23 10:10")
    assert [WORDS.notice(notice, Form.WHOLE) for notice in room.reminders.rehearse()] == [WORKS_AGAIN]
    assert room.run() == [WORKS_AGAIN]


def test_the_ledger_keeps_a_failing_shop_under_its_rule_and_without_a_ticket(tmp_path: Path) -> None:
    room = platform_room(tmp_path)
    room.fails("23 10:00")
    room.run("23 11:30")
    [kept] = room.store.reminders()
    assert (kept.rule, kept.step, kept.state) == (
        ReminderRule.SOURCE,
        "source:jd3:2026-11-23T02:00:00Z:1",
        ReminderState.SENT,
    )
    assert (kept.due_at, kept.ticket_id, kept.outage_id, kept.deadline_at) == (
        at("23 11:00"),
        None,
        None,
        None,
    )


# Opening


def test_the_digest_goes_out_once_a_day_and_tells_of_new_tickets_too(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 19:30", LADDER._replace(opening=True))
    room.take_in(draft(created_at=at("23 19:10")), draft("59088843", created_at=at("23 19:20")))
    assert room.run() == []
    assert room.run("24 09:00") == ["opening 2\n- 59088842\n- 59088843"]
    assert room.run("24 09:01") == []
    assert room.run("24 09:10") == []
    assert room.run("24 11:00") == ["before:7200 59088842", "before:7200 59088843"]
    assert "opening 2\n- 59088842\n- 59088843" in room.run("25 09:30")


def test_a_ticket_that_comes_after_the_digest_is_new(tmp_path: Path) -> None:
    room = Room(tmp_path, "24 09:00", LADDER._replace(opening=True))
    room.take_in(draft(created_at=at("23 19:10")))
    assert room.run() == ["opening 1\n- 59088842"]
    room.take_in(draft("59088843", created_at=at("24 08:59")))
    assert room.run("24 09:02") == ["new 59088843"]


def test_there_is_no_digest_later_in_a_day_that_began_with_nothing_pending(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    assert room.run() == []
    room.time = at("23 10:05")
    room.take_in(draft())
    assert room.run() == ["new 59088842"]
    assert room.run("24 09:00") == ["opening 1\n- 59088842"]


@pytest.mark.parametrize("trouble", [DOWN, TOO_MANY])
def test_a_digest_that_did_not_go_out_comes_again_with_the_new_tickets_in_it(
    tmp_path: Path, trouble: Receipt
) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    room.take_in(draft(created_at=at("23 08:00")))
    room.answer(trouble)
    assert room.run() == []
    room.take_in(draft("59088843", created_at=at("23 08:10")))
    assert room.run("23 09:01") == ["opening 2\n- 59088842\n- 59088843"]
    assert room.run("23 09:10") == []


def test_the_channel_of_an_escalation_hears_of_nothing_else_and_of_its_shops_only(tmp_path: Path) -> None:
    rules = NO_RULES._replace(new=True, opening=True, escalate=(Escalation(HOUR, (), "boss"),))
    room = Room(
        tmp_path,
        "23 13:30",
        rules,
        shops=("jd3", "jd5"),
        channels=[channel("jd3", shops=("jd3",)), channel("boss", shops=("jd5",))],
    )
    room.take_in(draft(shop="jd3"), draft("59088843", shop="jd5"))
    assert sorted(room.run()) == ["boss: new 59088843", "jd3: opening 1\n- 59088842"]


def test_the_channel_of_an_escalation_covers_nobody_for_the_one_that_is_for_all_the_rest(
    tmp_path: Path,
) -> None:
    rules = NO_RULES._replace(new=True, opening=True, escalate=(Escalation(HOUR, (), "boss"),))
    rest = channel("rest", shops=("jd3",), default=True)
    room = Room(tmp_path, "23 10:00", rules, shops=("jd3", "jd5"), channels=[rest, channel("boss")])
    room.take_in(draft(shop="jd5", created_at=at("23 10:00")))
    assert room.run() == ["rest: opening 1\n- 59088842"]
    room.take_in(draft("59088843", shop="jd5", created_at=at("23 10:00")))
    assert room.run("23 10:05") == ["rest: new 59088843"]


# When nothing may be sent


def test_nothing_goes_out_at_night_but_on_channels_that_ask_for_it(tmp_path: Path) -> None:
    room = Room(
        tmp_path,
        "23 19:30",
        LADDER._replace(outage_contact_every=HOUR),
        channels=[channel("day"), channel("night", night=True)],
    )
    room.take_in(draft(created_at=at("23 15:00")))
    room.desk.outages.report(
        OutageReason.POWER, since=None, until=None, shops=(), note="", by="", contact=None
    )
    assert sorted(room.run("23 23:00")) == ["night: outage_contact:3 1", "night: overdue:0 59088842"]
    assert room.run("24 08:59") == ["night: outage_contact:13 1"]
    assert sorted(room.run("24 09:00")) == ["day: outage_contact:13 1", "day: overdue:0 59088842"]
    assert room.run("24 09:01") == []


def test_what_is_held_back_and_what_is_claimed_follows_the_channel_s_night(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 19:30", channels=[channel("day"), channel("night", night=True)])
    room.take_in(*numbers(3, created_at=at("23 15:00")))

    def claimed() -> Counter[str]:
        return Counter(notice.reminder.channel for notice in room.reminders.rehearse())

    assert claimed() == {"night": 3}
    assert len(room.run()) == 3
    assert claimed() == {}
    room.channels = [channel("day", night=True), channel("night")]
    assert claimed() == {"day": 3}
    room.channels = [channel("day"), channel("night")]
    assert claimed() == {}
    room.time = at("24 09:00")
    assert claimed() == {"day": 3}


# Whom it reaches


def test_an_outage_of_all_shops_concerns_the_channel_of_each(tmp_path: Path) -> None:
    rules = NO_RULES._replace(outage_contact_every=HOUR)
    room = Room(tmp_path, "23 11:00", rules, channels=[channel("three", shops=("jd3",))])
    for shops in ((), ("jd5",)):
        room.desk.outages.report(
            OutageReason.POWER, since=None, until=None, shops=shops, note="", by="", contact=None
        )
    assert room.run() == ["outage_contact:0 1"]


def test_a_channel_hears_of_its_own_shops_only(tmp_path: Path) -> None:
    room = Room(
        tmp_path,
        "23 12:00",
        shops=("jd3", "jd5"),
        channels=[channel("three", shops=("jd3",)), channel("every")],
    )
    room.take_in(draft(shop="jd3"), draft("59088843", shop="jd5"))
    assert sorted(room.run()) == [
        "every: before:7200 59088842",
        "every: before:7200 59088843",
        "three: before:7200 59088842",
    ]


def test_an_escalation_adds_people_and_a_channel_from_its_point_on(tmp_path: Path) -> None:
    escalate = (Escalation(30 * MINUTE, ("lead",), "boss"),)
    room = Room(
        tmp_path,
        "23 12:00",
        LADDER._replace(escalate=escalate),
        shops=("jd3",),
        channels=[channel(mention=("anna",)), channel("boss")],
    )
    room.take_in(draft(shop="jd3"))
    told = []
    for now in ("23 13:00", "23 13:30", "23 13:50", "23 14:01"):
        room.report(now)
        told.append(sorted((name, people) for name, _text, people in room.sent))
        room.sent.clear()
    both = [("boss", ("lead",)), ("group", ("anna", "lead"))]
    assert told == [[("group", ("anna",))], both, both, both]


def test_the_people_on_duty_are_mentioned_besides_the_channel_s_own_each_once(tmp_path: Path) -> None:
    duties = [
        Duty(frozenset(ALL_DAY), 9 * 3600, 13 * 3600, ("anna", "early")),
        Duty(frozenset(ALL_DAY), 13 * 3600, 19 * 3600, ("late",)),
    ]
    room = Room(tmp_path, "23 12:00", duties=duties, channels=[channel(mention=("anna",))])
    room.take_in(draft())
    room.report()
    room.report("23 13:00")
    assert [people for _name, _text, people in room.sent] == [("anna", "early"), ("anna", "late")]


def test_a_sign_in_that_ends_soon_is_told_once_a_day_while_open_to_the_channels_of_its_shop(
    tmp_path: Path,
) -> None:
    channels = [channel("jd3s", shops=("jd3",)), channel("jd5s", shops=("jd5",))]
    room = Room(tmp_path, "23 08:30", channels=channels)
    room.ending = {"jd3": at("25 12:00")}
    told = {}
    for moment in (
        "23 08:30",
        "23 09:00",
        "23 09:05",
        "23 18:00",
        "24 10:00",
        "25 09:00",
        "25 12:00",
        "26 09:00",
    ):
        told[moment] = room.run(moment)
    assert {moment: texts for moment, texts in told.items() if texts} == {
        moment: ["jd3s: sign-in of jd3"] for moment in ("23 09:00", "24 10:00", "25 09:00")
    }


def test_a_failed_reminder_of_a_sign_in_and_one_of_a_failing_shop_do_not_replace_each_other(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, "23 10:00", LADDER._replace(source_every=HOUR), fetched=["jd3"])
    room.fails("23 09:30")
    room.answer(DOWN)
    room.report()
    room.ending = {"jd3": at("25 12:00")}
    room.refuse("jd3")
    room.report("23 10:05")
    room.refused = ""
    assert sorted(room.run("23 10:10")) == ["jd3 unreachable", "sign-in of jd3"]


# Looking at tickets again


def test_changed_rules_make_everything_looked_at_anew(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:05")
    room.take_in(draft())
    room.report()
    room.report("23 10:06")
    room.rules = LADDER._replace(before=(3 * HOUR,))
    room.sent.clear()
    assert room.run("23 11:00") == ["before:10800 59088842"]


def test_another_channel_hears_of_what_is_due_since_before_it_was_there(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 12:00")
    room.take_in(draft())
    assert room.run() == ["before:7200 59088842"]
    assert room.run("23 12:01") == []
    room.channels.append(channel("second"))
    assert room.run("23 12:02") == ["second: before:7200 59088842"]


def test_a_clock_that_was_put_back_makes_everything_looked_at_anew_and_one_that_is_a_little_behind_does_not(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, "23 10:05")
    room.take_in(*numbers(3))
    looked_at: list[int] = []
    numbers_to_remind = room.store.numbers_to_remind

    def counted(now: datetime) -> list[str]:
        found = numbers_to_remind(now)
        looked_at.append(len(found))
        return found

    room.store.numbers_to_remind = counted
    for now in ("23 10:05", "23 10:06", "23 10:17", "23 10:07", "23 10:17", "23 10:06", "23 10:06"):
        room.report(now)
    # New; sent, but not known to be; then nothing, and eleven minutes back.
    assert looked_at == [3, 3, 0, 0, 0, 3, 0]


def test_a_run_with_nothing_due_looks_at_no_ticket_however_many_are_pending(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:05")
    room.take_in(*numbers(200))
    room.report()
    room.report("23 10:06")
    assert room.store.numbers_to_remind(at("23 11:59")) == []
    assert len(room.store.numbers_to_remind(at("23 12:00"))) == 200


def named(texts: list[str]) -> list[str]:
    """The tickets that these messages of a digest name."""
    return [line[2:] for text in texts for line in text.split("\n") if line.startswith("- ")]


def test_a_digest_names_all_that_waits_five_messages_a_run_and_the_rest_follows(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    room.carries = 20
    room.take_in(*numbers(230, created_at=at("23 08:00")))
    first = room.run()
    assert [text.split("\n")[0] for text in first][:2] == ["opening 230", "- 59088019"]
    assert (len(first), first[-1].split("\n")[-1]) == (5, "132 more")
    second, third = room.run("23 09:05"), room.run("23 09:10")
    assert [text.split("\n")[0] for text in second + third if not text.startswith("- ")] == ["continued"] * 2
    assert (len(second), len(third), second[-1].split("\n")[-1]) == (5, 2, "34 more")
    assert named(first + second + third) == [str(59088000 + i) for i in range(230)]
    assert room.run("23 09:15") == []
    assert {row.state for row in room.store.reminders()} == {ReminderState.SENT}


def test_what_a_digest_has_not_named_yet_gets_the_steps_that_can_still_save_it(tmp_path: Path) -> None:
    room = Room(tmp_path, "22 18:00", LADDER._replace(opening=True))
    room.carries = 2
    room.take_in(*numbers(9, created_at=at("22 16:10")))
    room.take_in(*(draft(str(59089000 + i), created_at=at("22 10:00")) for i in range(4)))
    told = room.run("23 09:00")
    # All of 22 16:10 are due at 10:10; those of the day before are overdue.
    assert named(told) == [str(59088000 + i) for i in range(8)]
    assert [text for text in told if "before:" in text] == ["before:7200 59088008"]
    later = room.run("23 09:05")
    assert named(later) == [str(59089000 + i) for i in range(4)]
    assert not any("overdue" in text for text in later)


def test_a_digest_goes_on_however_many_newer_tickets_are_more_urgent(tmp_path: Path) -> None:
    room = Room(tmp_path, "22 18:00", LADDER._replace(opening=True))
    room.carries = 2
    room.take_in(*numbers(12, created_at=at("22 10:00")))
    assert len(named(room.run("23 09:00"))) == 8
    room.time = at("23 09:02")
    room.take_in(*(draft(str(59090000 + i), created_at=at("23 09:01")) for i in range(500)))
    room.carries = 1000
    later = room.run("23 09:05")
    assert named(later) == [str(59088000 + i) for i in range(8, 12)]
    assert not any(" more" in text for text in later)


def test_what_a_digest_leaves_to_follow_is_no_failure(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    room.carries = 2
    room.take_in(*numbers(30, created_at=at("23 08:00")))
    report = room.report()
    assert (report.left_over, report.failed, report.long_left) == (0, [], [])


def test_a_digest_that_goes_on_comes_behind_what_can_still_be_saved(tmp_path: Path) -> None:
    room = Room(tmp_path, "22 18:00", LADDER._replace(opening=True))
    room.carries = 2
    room.take_in(*numbers(20, created_at=at("22 10:00")))
    room.run("23 09:00")
    room.time = at("23 09:02")
    room.take_in(draft("59090000", created_at=at("23 09:01")))
    told = room.run("23 09:05")
    assert told[0] == "new 59090000"
    assert told[1].startswith("continued")


def test_a_digest_that_goes_on_comes_before_what_cannot_be_saved_any_more(tmp_path: Path) -> None:
    room = Room(tmp_path, "22 18:00", LADDER._replace(opening=True))
    room.carries = 2
    room.take_in(*numbers(20, created_at=at("22 10:00")))
    room.run("23 09:00")
    room.time = at("23 09:02")
    room.take_in(draft("59090000", created_at=at("22 12:00")))
    told = room.run("23 09:05")
    assert told[0].startswith("continued")
    assert told[-1] == "overdue:5 59090000"


def test_only_the_tickets_of_a_digest_s_message_that_arrived_are_on_record_as_told(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:00", LADDER._replace(opening=True))
    room.carries = 3
    room.take_in(*numbers(5, created_at=at("23 08:00")))
    room.answer(OK, DOWN)
    assert named(room.run()) == ["59088000", "59088001"]
    sent = {row.ticket_id for row in room.store.reminders() if row.state is ReminderState.SENT}
    assert sent == {None, "59088000", "59088001"}
    assert named(room.run("23 09:01")) == ["59088002", "59088003", "59088004"]


def test_thousands_of_new_tickets_at_the_opening_are_looked_at_at_once(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 08:30", LADDER._replace(opening=True))
    room.take_in(*numbers(3000, created_at=at("23 08:00")))
    [first] = room.run("23 09:00")
    assert (first.split("\n")[0], len(named([first]))) == ("opening 3000", 500)
    [second] = room.run("23 09:05")
    assert (second.split("\n")[0], len(named([second]))) == ("continued", 500)


# Returned, and nobody has it


def test_a_returned_ticket_is_told_of_six_times_and_its_deadline_all_the_same(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:30", LADDER._replace(returned=True))
    room.take_in(draft(created_at=at("23 09:30"), **WAITING))
    room.run()
    room.reply()
    room.time = at("23 09:40")
    room.take_in(draft(created_at=at("23 09:30"), **WAITING))
    told = []
    while room.time <= at("23 18:59"):
        told += [f"{room.time:%H:%M} {text.split(' ')[0].split('T')[0]}" for text in room.run()]
        room.time += MINUTE
    assert told == [
        *("09:40 returned:2026-11-23", "10:10 returned:2026-11-23", "10:40 returned:2026-11-23"),
        *("11:10 returned:2026-11-23", "11:30 before:7200", "11:40 returned:2026-11-23"),
        *("12:10 returned:2026-11-23", "12:30 before:3600", "13:00 before:1800", "13:20 before:600"),
        *("13:31 overdue:0", "14:00 overdue:1", "14:30 overdue:2", "15:00 overdue:3", "15:30 overdue:4"),
        "16:00 overdue:5",
    ]


def test_a_ticket_that_is_returned_again_and_again_is_told_of_six_times_in_all(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 09:30", NO_RULES._replace(returned=True, opening=True))
    room.take_in(draft(created_at=at("23 09:30"), **WAITING))
    room.run()
    room.reply()
    told = []
    for minute in range(9):
        room.time = at(f"23 10:{minute * 6:02}")
        room.take_in(draft(platform_state=PlatformState.REPLIED, platform_status="待确认"))
        room.time = at(f"23 10:{minute * 6 + 2:02}")
        room.take_in(draft(**WAITING))
        told += room.run()
    assert len(told) == 6
    assert all(text.startswith("rejected:") for text in told)
    # Never silent: it is in the digest.
    assert room.run("24 09:00") == ["opening 1\n- 59088842"]


def test_a_ticket_that_nobody_has_is_told_of_after_a_while_and_once(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:00", NO_RULES._replace(unassigned_after=30 * MINUTE))
    room.take_in(draft(), draft("59088843"))
    assert room.run("23 10:29") == []
    room.desk.tickets.assign("843", "小李", by="")
    assert room.run("23 10:30") == ["unassigned 59088842"]
    assert room.run("23 10:31") == room.run("23 12:00") == []


def test_who_has_a_ticket_is_mentioned_and_the_lead_always(tmp_path: Path) -> None:
    room = Room(tmp_path, "23 10:00", NO_RULES._replace(new=True))
    room.staff = Staff([Person("小李", ("13700000000",)), Person("王姐", ("13900000000",), lead=True)])
    room.take_in(draft(assignee="小李"), draft("59088843"))
    room.report()
    assert [people for _name, _text, people in room.sent] == [
        ("13900000000", "13700000000"),
        ("13900000000",),
    ]


def test_duties_name_people_and_take_shops_and_dates(tmp_path: Path) -> None:
    everyday = frozenset(ALL_DAY)
    duties = [
        Duty(everyday, 0, 86_400, ("小李",), shops=("jd3",)),
        Duty(everyday, 0, 86_400, ("节日",), dates=frozenset({date(2026, 11, 24)})),
    ]
    room = Room(tmp_path, "23 10:00", NO_RULES._replace(new=True), duties=duties, shops=("jd3", "jd5"))
    room.staff = Staff([Person("小李", ("13700000000",))])
    room.take_in(draft(shop="jd3"), draft("59088843", shop="jd5"))
    room.report()
    assert [people for _name, _text, people in room.sent] == [("13700000000",), ()]
    room.sent.clear()
    room.time = at("24 10:00")
    room.take_in(draft("59088844", shop="jd5", created_at=at("24 09:59")))
    room.report()
    assert [people for _name, _text, people in room.sent] == [("节日",)]
