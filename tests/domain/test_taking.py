"""What a draft makes of a ticket, without a desk: every field, every event, every limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from jdticket.domain.deadlines import ClockKind, DeadlinePolicy, TimeToReply
from jdticket.domain.drafts import Draft
from jdticket.domain.events import (
    Changed,
    DeadlineMoved,
    Event,
    FirstSeen,
    Payload,
    Replied,
    SaidArrived,
    SaidClosed,
    SaidRejected,
    SaidReplied,
    SaidReturned,
    SaidVoid,
    Why,
)
from jdticket.domain.hours import ServiceHours, Window
from jdticket.domain.replies import Reply
from jdticket.domain.taking import Known, known_ticket, new_ticket, reply_event
from jdticket.domain.tickets import DeadlineSource, Kind, PlatformState, Status, Ticket
from tests.desk.at_desk import CLOSED, HOURS, POLICY, REJECTED, REPLIED, SHANGHAI, VOID, WAITING, at, draft

NOW = at("23 11:00")
SECOND, MINUTE, HOUR = (timedelta(seconds=n) for n in (1, 60, 3600))
BY_KIND = DeadlinePolicy(HOURS, TimeToReply(4 * HOUR), {Kind.CRC: TimeToReply(2 * HOUR, ClockKind.SERVICE)})
FULL = draft(
    order_id="275490614167",
    kind=Kind.CRC,
    kind_text="CRC高危投诉",
    content="催促发货",
    assignee="小王",
    **WAITING,
)


def new(found: Draft) -> tuple[Ticket, list[Event], list[Reply]]:
    return new_ticket(found, "jd3", BY_KIND, NOW, "小李")[:3]


def held(**fields: Any) -> Ticket:
    """One of 10:00, due at 14:00, of which nothing else is known."""
    return replace(new_ticket(draft(), "jd3", POLICY, NOW, "")[0], **fields)


def reply(**fields: Any) -> Reply:
    """One that was given and recorded at 11:00."""
    given: dict[str, Any] = {"at": NOW, "recorded_at": NOW, "by": "小李", "deadline_at": at("23 14:00")}
    return Reply("59088842", fields.pop("text", "已经发出，请查收"), **(given | fields))


def known(
    ticket: Ticket,
    found: Draft,
    *replies: Reply,
    shop: str = "jd3",
    policy: DeadlinePolicy = POLICY,
    now: datetime = NOW,
) -> tuple[Ticket, list[Event], list[Reply]]:
    beside = Known(lambda _number: list(replies), lambda _number: False)
    return known_ticket(ticket, found, shop, policy, beside, now, "小李")[:3]


def stepped(**fields: Any) -> Ticket:
    """One whose state a person here has changed at 11:00, in the words that it has."""
    ticket = held(**fields)
    return replace(ticket, stepped_at=NOW, stepped_word=ticket.platform_status)


def is_no_news(ticket: Ticket, found: Draft, *replies: Reply, now: datetime = NOW) -> bool:
    """Whether nothing is told, and nothing changed but when the platform's word was seen."""
    after, events, more = known(ticket, found, *replies, now=now)
    return (replace(after, seen_at=ticket.seen_at), events, more) == (ticket, [], [])


def told(events: Sequence[Event]) -> list[Payload]:
    return [event.payload for event in events]


# A new ticket


def test_a_new_ticket_has_all_that_its_draft_tells() -> None:
    ticket, events, replies = new(FULL)
    assert ticket == Ticket(
        id="59088842",
        shop="jd3",
        order_id="275490614167",
        kind=Kind.CRC,
        kind_text="CRC高危投诉",
        status=Status.PENDING,
        created_at=at("23 10:00"),
        deadline_at=at("23 12:00"),
        first_deadline_at=at("23 12:00"),
        deadline_source=DeadlineSource.POLICY,
        taken_in_at=NOW,
        platform_status="待回复",
        assignee="小王",
        content="催促发货",
        seen_at=NOW,
    )
    first = FirstSeen(
        source="tickets.csv",
        row=2,
        deadline_at=at("23 12:00"),
        deadline_source=DeadlineSource.POLICY,
    )
    words = "59088842 275490614167 CRC高危投诉 催促发货"
    assert events == [Event(NOW, first, "59088842", by="小李", text=words)]
    assert replies == []


def test_what_a_draft_does_not_tell_is_empty_and_its_kind_other() -> None:
    ticket, [event], _replies = new(draft())
    assert (ticket.order_id, ticket.kind, ticket.kind_text) == (None, Kind.OTHER, "")
    assert (ticket.platform_status, ticket.assignee, ticket.content) == ("", "", "")
    assert ticket.deadline_at == at("23 14:00")
    assert event.text == "59088842"


@pytest.mark.parametrize(
    ("deadline", "created"),
    [("23 15:00", "23 11:00"), ("23 10:30", "23 10:30"), (None, "23 11:00")],
    ids=["to come", "past", "unknown"],
)
def test_without_a_creation_time_it_is_of_now_or_of_its_deadline_and_the_entry_says_so(
    deadline: str | None, created: str
) -> None:
    ticket, [event], _replies = new(draft(created_at=None, deadline_at=deadline and at(deadline)))
    assert ticket.created_at == at(created)
    assert isinstance(event.payload, FirstSeen)
    assert event.payload.created_at_unknown


def test_a_deadline_of_the_platforms_is_told_as_its_own() -> None:
    ticket, [event], _replies = new(draft(deadline_at=at("23 13:00")))
    assert (ticket.deadline_at, ticket.deadline_source) == (at("23 13:00"), DeadlineSource.PLATFORM)
    assert isinstance(event.payload, FirstSeen)
    assert (event.payload.deadline_at, event.payload.deadline_source) == (
        at("23 13:00"),
        DeadlineSource.PLATFORM,
    )
    assert not event.payload.created_at_unknown


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ({}, Status.PENDING),
        (WAITING, Status.PENDING),
        (REPLIED, Status.REPLIED),
        (REJECTED, Status.PENDING),
        (CLOSED, Status.CLOSED),
        (VOID, Status.VOID),
    ],
)
def test_the_platforms_word_is_the_status_of_a_new_ticket(says: dict[str, Any], status: Status) -> None:
    assert new(draft(**says))[0].status is status


@pytest.mark.parametrize("known_of_it", [{"reply_text": "已补发"}, {"reply_at": at("23 10:30")}])
def test_a_reply_makes_a_new_ticket_replied_unless_the_platform_says_otherwise(
    known_of_it: dict[str, Any],
) -> None:
    ticket, events, replies = new(draft(**known_of_it))
    assert ticket.status is Status.REPLIED
    assert ticket.replied_at == known_of_it.get("reply_at")
    assert (len(events), replies) == (1, [])  # half a reply goes not on record
    assert new(draft(**known_of_it, **WAITING))[0].status is Status.PENDING


def test_a_reply_without_its_time_is_kept_in_the_entry_and_can_be_searched_for() -> None:
    _ticket, [event], _replies = new(draft(reply_text="已补发", content="催促"))
    assert isinstance(event.payload, FirstSeen)
    assert event.payload.reply_text == "已补发"
    assert event.text == "59088842 催促 已补发"


def test_a_reply_with_its_time_goes_on_record_measured_against_the_deadline() -> None:
    ticket, [first, second], [kept] = new(
        draft(reply_text="已补发", reply_at=at("23 14:00:01"), assignee="小王")
    )
    assert (ticket.status, ticket.replied_at) == (Status.REPLIED, at("23 14:00:01"))
    assert kept == Reply(
        ticket_id="59088842",
        text="已补发",
        at=at("23 14:00:01"),
        recorded_at=NOW,
        by="小王",
        deadline_at=at("23 14:00"),
    )
    assert isinstance(first.payload, FirstSeen)
    assert (first.payload.reply_text, first.text) == ("", "59088842")
    assert second == reply_event(kept, NOW, from_platform=True)
    assert new(draft(reply_text="已补发", reply_at=NOW))[2][0].by == ""


def test_the_entry_of_a_reply_tells_whether_it_was_in_time_forced_and_whose() -> None:
    late = reply(at=at("23 15:00"), forced=True)
    payload = Replied(text=late.text, at=at("23 15:00"), on_time=False, forced=True, from_platform=False)
    event = Event(at("23 16:00"), payload, "59088842", by="小李", text=late.text)
    assert reply_event(late, at("23 16:00"), from_platform=False) == event
    in_time = reply_event(reply(), NOW, from_platform=True).payload
    assert isinstance(in_time, Replied)
    assert (in_time.on_time, in_time.forced, in_time.from_platform) == (True, False, True)


# A known ticket: facts


def test_facts_that_are_news_are_taken_over_and_told_in_one_entry() -> None:
    ticket, [event], replies = known(held(), replace(FULL, created_at=at("23 10:00")))
    assert (ticket.order_id, ticket.content, ticket.assignee) == ("275490614167", "催促发货", "小王")
    assert (ticket.kind, ticket.kind_text, ticket.platform_status) == (Kind.CRC, "CRC高危投诉", "待回复")
    fields = {
        "order_id": "275490614167",
        "content": "催促发货",
        "kind": "crc",
        "kind_text": "CRC高危投诉",
        "assignee": "小王",
        "platform_status": "待回复",
    }
    payload = Changed(source="tickets.csv", row=2, fields=fields)
    words = "275490614167 CRC高危投诉 催促发货"
    assert event == Event(NOW, payload, "59088842", by="小李", text=words)
    assert replies == []


def test_the_same_again_is_no_news() -> None:
    ticket = new(FULL)[0]
    assert known(ticket, FULL, policy=BY_KIND) == (ticket, [], [])


def test_what_a_draft_does_not_tell_stays() -> None:
    ticket = replace(new(FULL)[0], deadline_source=DeadlineSource.PLATFORM)
    assert known(ticket, draft()) == (ticket, [], [])
    assert known(ticket, draft(kind=Kind.OTHER, kind_text="退款")) == (ticket, [], [])


def test_another_order_number_or_text_replaces_the_old_one_but_not_that_of_a_sketch() -> None:
    ticket = held(order_id="275490614167", content="问题描述")
    other = draft(order_id="999990614167", content="商品标题")
    after, [event], _replies = known(ticket, other)
    assert (after.order_id, after.content) == ("999990614167", "商品标题")
    assert event.text == "999990614167 商品标题"
    sketch = replace(other, fills_gaps_only=True)
    assert known(ticket, sketch) == (ticket, [], [])
    after, _events, _replies = known(held(), sketch)
    assert (after.order_id, after.content) == ("999990614167", "商品标题")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OTHER])
def test_a_kind_that_was_recognised_is_news_to_one_that_was_not(kind: Kind) -> None:
    assert known(held(), draft(kind=kind))[0].kind is kind


def test_another_kind_replaces_the_old_one_with_its_words_but_a_sketch_only_fills_other() -> None:
    complaint = draft(kind=Kind.COMPLAINT, kind_text="投诉")
    sketch = replace(complaint, fills_gaps_only=True)
    urge = held(kind=Kind.URGE, kind_text="催单")
    after, [event], _replies = known(urge, complaint)
    assert (after.kind, after.kind_text, event.text) == (Kind.COMPLAINT, "投诉", "投诉")
    assert known(urge, sketch) == (urge, [], [])
    after, _events, _replies = known(held(kind_text="退款"), sketch)
    assert (after.kind, after.kind_text) == (Kind.COMPLAINT, "投诉")


def test_words_for_a_kind_that_we_hold_fill_a_gap_only() -> None:
    words = draft(kind=Kind.URGE, kind_text="催单")
    after, [event], _replies = known(held(kind=Kind.URGE), words)
    assert (after.kind, after.kind_text) == (Kind.URGE, "催单")
    assert told([event]) == [Changed(source="tickets.csv", row=2, fields={"kind_text": "催单"})]
    urge = held(kind=Kind.URGE, kind_text="催发货")
    assert known(urge, words) == (urge, [], [])
    assert known(held(kind=Kind.URGE), draft(kind=Kind.URGE))[1] == []


@pytest.mark.parametrize(("assigned_here", "name"), [(False, "小赵"), (True, "小王")])
def test_another_name_there_is_news_unless_a_person_here_has_decided(assigned_here: bool, name: str) -> None:
    beside = Known(lambda _number: [], lambda _number: assigned_here)
    found = draft(assignee="小赵")
    taken = known_ticket(held(assignee="小王"), found, "jd3", POLICY, beside, NOW, "")
    assert taken.ticket.assignee == name
    fields = {"assignee": "小赵"}
    changed = [] if assigned_here else [Changed(source="tickets.csv", row=2, fields=fields)]
    assert told(taken.events) == changed
    assert known_ticket(held(), found, "jd3", POLICY, beside, NOW, "").ticket.assignee == "小赵"


@pytest.mark.parametrize(
    ("ours", "found", "news"),
    [
        ("23 10:00:43", "23 10:00", False),
        ("23 10:00:43", "23 10:00:42", True),
        ("23 10:00:43", "23 10:01", True),
        ("23 10:00", "23 10:00:43", True),
        ("23 10:00", "23 10:00", False),
    ],
)
def test_a_creation_time_is_news_unless_it_is_ours_cut_to_the_minute(
    ours: str, found: str, news: bool
) -> None:
    ticket = held(created_at=at(ours), deadline_source=DeadlineSource.PLATFORM)
    after, events, _replies = known(ticket, draft(created_at=at(found)))
    assert after.created_at == at(found if news else ours)
    fields = {"created_at": at(found)}
    assert told(events) == ([Changed(source="tickets.csv", row=2, fields=fields)] if news else [])


def test_a_creation_time_that_is_not_told_stays() -> None:
    assert known(held(), draft(created_at=None)) == (held(), [], [])


def test_a_ticket_found_in_another_shop_is_of_that_shop() -> None:
    after, events, _replies = known(held(), draft(), shop="jd5")
    assert after.shop == "jd5"
    assert told(events) == [Changed(source="tickets.csv", row=2, fields={"shop": "jd5"})]


@pytest.mark.parametrize(
    ("ours", "words", "state", "after"),
    [
        ("待回复", "待处理", PlatformState.WAITING, "待回复"),  # other words for the same state
        ("待回复", "已驳回", PlatformState.REJECTED, "已驳回"),
        ("", "待处理", PlatformState.WAITING, "待处理"),
        ("", "商家已读", None, "商家已读"),
        ("待回复", "", None, "待回复"),
    ],
)
def test_a_sketch_tells_another_state_but_no_other_words_for_the_same(
    ours: str, words: str, state: PlatformState | None, after: str
) -> None:
    found = draft(platform_status=words, platform_state=state, fills_gaps_only=True)
    assert known(held(platform_status=ours), found)[0].platform_status == after


def test_other_words_for_the_same_state_are_taken_over_from_a_full_source() -> None:
    found = draft(platform_status="待处理", platform_state=PlatformState.WAITING)
    assert known(held(platform_status="待回复"), found)[0].platform_status == "待处理"


# A known ticket: its deadline


@pytest.mark.parametrize(
    ("off", "to_the_minute", "moves"),
    [
        (timedelta(0), False, False),
        (SECOND, False, True),
        (-SECOND, False, True),
        (2 * MINUTE, True, False),
        (-2 * MINUTE, True, False),
        (2 * MINUTE + SECOND, True, True),
        (-2 * MINUTE - SECOND, True, True),
    ],
)
def test_a_platforms_deadline_is_news_by_the_second_and_a_countdown_beyond_two_minutes(
    off: timedelta, to_the_minute: bool, moves: bool
) -> None:
    deadline = at("23 14:00") + off
    found = draft(deadline_at=deadline, deadline_to_the_minute=to_the_minute)
    ticket, events, _replies = known(held(), found)
    assert ticket.deadline_at == (deadline if moves else at("23 14:00"))
    assert ticket.deadline_source is (DeadlineSource.PLATFORM if moves else DeadlineSource.POLICY)
    assert ticket.first_deadline_at == at("23 14:00")
    payload = DeadlineMoved(source="tickets.csv", row=2, old=at("23 14:00"), new=deadline, why=Why.PLATFORM)
    assert events == ([Event(NOW, payload, "59088842", by="小李")] if moves else [])


def test_of_a_granted_deadline_and_the_platforms_the_later_holds() -> None:
    granted = held(deadline_at=at("24 12:00"), deadline_source=DeadlineSource.GRANTED)
    assert known(granted, draft(deadline_at=at("24 11:59:59")))[0].deadline_at == at("24 12:00")
    assert known(granted, draft(deadline_at=at("24 12:00")))[1] == []
    later, [event], _replies = known(granted, draft(deadline_at=at("24 12:00:01")))
    assert (later.deadline_at, later.deadline_source) == (at("24 12:00:01"), DeadlineSource.PLATFORM)
    assert isinstance(event.payload, DeadlineMoved)
    ours = held(deadline_at=at("24 12:00"), deadline_source=DeadlineSource.PLATFORM)
    assert known(ours, draft(deadline_at=at("23 15:00")))[0].deadline_at == at("23 15:00")


def test_a_corrected_kind_moves_a_computed_deadline_and_no_other() -> None:
    found = draft(kind=Kind.CRC)
    ticket, events, _replies = known(held(), found, policy=BY_KIND)
    assert (ticket.deadline_at, ticket.deadline_source) == (at("23 12:00"), DeadlineSource.POLICY)
    assert told(events)[1:] == [
        DeadlineMoved(source="tickets.csv", row=2, old=at("23 14:00"), new=at("23 12:00"), why=Why.FACTS)
    ]
    for source in (DeadlineSource.PLATFORM, DeadlineSource.GRANTED):
        kept = known(held(deadline_source=source), found, policy=BY_KIND)[0]
        assert (kept.deadline_at, kept.deadline_source) == (at("23 14:00"), source)


def test_a_corrected_creation_time_moves_a_computed_deadline() -> None:
    ticket, events, _replies = known(held(), draft(created_at=at("23 09:30")))
    assert ticket.deadline_at == at("23 13:30")
    assert [type(payload) for payload in told(events)] == [Changed, DeadlineMoved]


def test_a_change_of_the_policy_alone_moves_nothing() -> None:
    stricter = DeadlinePolicy(HOURS, TimeToReply(2 * HOUR))
    for found in (draft(), draft(content="催促"), draft(kind=Kind.URGE)):
        assert known(held(), found, policy=stricter)[0].deadline_at == at("23 14:00")
    # Nor is it asked when nothing calls for it: its hours may have run out since.
    over = ServiceHours(SHANGHAI, [[]] * 7, {date(2000, 1, 3): [Window(0, 60)]})
    assert known(held(), draft(), policy=DeadlinePolicy(over, TimeToReply(HOUR))) == (held(), [], [])


@pytest.mark.parametrize("status", [Status.REPLIED, Status.CLOSED, Status.VOID])
def test_the_deadline_of_what_does_not_wait_stays(status: Status) -> None:
    for found in (draft(deadline_at=at("23 16:00")), draft(created_at=at("23 09:30"))):
        assert known(held(status=status), found)[0].deadline_at == at("23 14:00")


# A known ticket: a reply

ANSWERED = draft(reply_text="已补发", reply_at=at("23 10:30"), assignee="小王")


def test_a_reply_that_we_did_not_know_goes_on_record_and_tells_of_itself() -> None:
    ticket, events, [kept] = known(held(assignee="小王"), ANSWERED)
    assert (ticket.status, ticket.replied_at) == (Status.REPLIED, at("23 10:30"))
    assert (kept.text, kept.at, kept.recorded_at, kept.by) == ("已补发", at("23 10:30"), NOW, "小王")
    assert kept.deadline_at == at("23 14:00")
    assert events == [reply_event(kept, NOW, from_platform=True)]


def test_a_reply_is_measured_against_the_deadline_that_came_with_it() -> None:
    found = replace(ANSWERED, deadline_at=at("23 10:15"))
    _ticket, events, [kept] = known(held(), found)
    assert (kept.deadline_at, kept.on_time) == (at("23 10:15"), False)
    assert [type(payload) for payload in told(events)] == [Changed, DeadlineMoved, Replied]


@pytest.mark.parametrize(
    ("replied_at", "latest"), [("23 10:29", "23 10:30"), ("23 10:30", "23 10:30"), ("23 15:00", "23 15:00")]
)
def test_a_reply_given_elsewhere_is_kept_and_the_latest_stays_the_latest(
    replied_at: str, latest: str
) -> None:
    """One before ours is the evidence that the ticket was answered in time."""
    ticket = held(status=Status.REPLIED, replied_at=at(replied_at), assignee="小王")
    after, events, [kept] = known(ticket, ANSWERED, reply(text="已发货", at=at(replied_at)))
    assert (len(events), kept.on_time) == (1, True)
    assert (after.status, after.replied_at) == (Status.REPLIED, at(latest))


def test_the_words_of_a_reply_on_record_are_no_news_at_another_time() -> None:
    ticket = held(assignee="小王")
    assert known(ticket, ANSWERED, reply(text="已补发"))[2] == []
    assert len(known(ticket, ANSWERED, reply(text="请查收"))[2]) == 1


@pytest.mark.parametrize("half", [{"reply_text": "已补发"}, {"reply_at": at("23 10:30")}])
def test_half_a_reply_is_none_to_a_ticket_that_has_one(half: dict[str, Any]) -> None:
    ticket = held(status=Status.REPLIED, replied_at=at("23 10:15"))
    assert is_no_news(ticket, draft(**half))


def test_words_of_a_reply_without_a_time_answer_a_ticket_at_an_unknown_time() -> None:
    found = draft(reply_text="已补发")
    after, [event], replies = known(held(), found)
    assert (after.status, after.replied_at, replies) == (Status.REPLIED, None, [])
    assert event.payload == SaidReplied(source="tickets.csv", row=2, platform="", text="已补发")
    assert event.text == "已补发"
    assert is_no_news(after, found)
    # A person who has reopened it knew of that.
    assert is_no_news(stepped(), found)
    assert is_no_news(held(), draft(reply_at=at("23 10:30")))


# A known ticket: what the platform says

SAID: dict[str, Any] = {"source": "tickets.csv", "row": 2}


def said(ticket: Ticket, found: Draft, *replies: Reply) -> tuple[Status, list[Payload]]:
    """The status that it comes to, and what is told but for the change of the platform's words."""
    after, events, _replies = known(ticket, found, *replies)
    return after.status, [payload for payload in told(events) if not isinstance(payload, Changed)]


def test_a_reply_that_nobody_here_knows_is_told_with_the_platforms_words() -> None:
    ticket, events, replies = known(held(), draft(**REPLIED))
    assert (ticket.status, ticket.replied_at, replies) == (Status.REPLIED, None, [])
    assert told(events)[1:] == [SaidReplied(**SAID, platform="待确认")]
    assert events[-1] == Event(NOW, events[-1].payload, "59088842", by="小李")


def test_the_time_of_a_reply_without_words_is_kept_unless_a_later_one_is_known() -> None:
    found = draft(**REPLIED, reply_at=at("23 10:30"))
    assert known(held(), found)[0].replied_at == at("23 10:30")
    assert known(held(replied_at=at("23 10:45")), found)[0].replied_at == at("23 10:45")


@pytest.mark.parametrize(
    ("says", "status", "payload"), [(CLOSED, Status.CLOSED, SaidClosed), (VOID, Status.VOID, SaidVoid)]
)
@pytest.mark.parametrize("was", [Status.PENDING, Status.REPLIED])
def test_an_end_on_the_platform_is_told_with_its_words(
    was: Status, says: dict[str, Any], status: Status, payload: type[SaidClosed | SaidVoid]
) -> None:
    expected = status, [payload(**SAID, platform=says["platform_status"])]
    assert said(held(status=was), draft(**says)) == expected


def test_a_rejection_is_told_with_its_reason_by_which_it_can_be_found() -> None:
    ticket = held(status=Status.REPLIED, platform_status="待确认")
    after, events, _replies = known(ticket, draft(**REJECTED, rejection="请写明快递单号"), reply())
    assert (after.status, after.reopened_at) == (Status.PENDING, NOW)
    assert told(events)[1:] == [SaidRejected(**SAID, platform="已驳回", reason="请写明快递单号")]
    assert events[-1].text == "请写明快递单号"


def test_a_reply_that_the_platform_does_not_show_is_flagged_once_and_the_flag_taken_off_once() -> None:
    ticket = stepped(status=Status.REPLIED, platform_status="待回复")
    flagged, events, _replies = known(ticket, draft(**WAITING), reply())
    assert (flagged.status, flagged.returned_at) == (Status.REPLIED, NOW)
    assert told(events) == [SaidReturned(**SAID, platform="待回复")]
    assert is_no_news(flagged, draft(**WAITING), reply(), now=at("23 12:00"))
    arrived, events, _replies = known(flagged, draft(**REPLIED), reply())
    assert arrived.returned_at is None
    assert told(events)[1:] == [SaidArrived(**SAID, platform="待确认")]
    assert is_no_news(arrived, draft(**REPLIED), reply())


def test_a_reopened_ticket_is_ended_by_new_words_or_a_new_reply_only() -> None:
    reopened = stepped(platform_status="待确认", assignee="小王")
    assert said(reopened, draft(**REPLIED)) == (Status.PENDING, [])
    assert said(reopened, draft(**CLOSED))[0] is Status.CLOSED
    assert said(reopened, replace(ANSWERED, **REPLIED))[0] is Status.REPLIED
    # Without words nothing is known to be the same.
    unnamed = draft(platform_state=PlatformState.CLOSED)
    assert said(held(), unnamed)[0] is Status.CLOSED


def test_a_reply_found_on_a_ticket_that_the_platform_shows_as_waiting_leaves_it_pending() -> None:
    assert said(held(platform_status="待回复"), replace(ANSWERED, **WAITING))[0] is Status.PENDING


KNOWN_REJECTION = stepped(status=Status.REPLIED, platform_status="已驳回", reopened_at=at("23 10:30"))


@pytest.mark.parametrize(
    ("seen", "rejected", "status"),
    [
        (None, None, Status.REPLIED),  # a file of unknown age
        (None, "23 11:30", Status.REPLIED),
        ("23 11:00", None, Status.REPLIED),  # asked before the reply was recorded
        ("23 11:00:01", None, Status.PENDING),
        ("23 12:00", "23 10:59:59", Status.REPLIED),  # of an earlier reply
        ("23 12:00", "23 11:00", Status.REPLIED),
        ("23 12:00", "23 11:00:01", Status.PENDING),
    ],
)
def test_a_rejection_in_the_words_that_we_know_counts_when_it_is_surely_of_our_latest_reply(
    seen: str | None, rejected: str | None, status: Status
) -> None:
    found = draft(**REJECTED, seen_at=seen and at(seen), rejected_at=rejected and at(rejected))
    earlier = reply(text="请稍候", at=at("23 10:15"), recorded_at=at("23 10:15"))
    assert said(KNOWN_REJECTION, found, earlier, reply())[0] is status


def test_a_rejection_that_says_nothing_of_our_reply_flags_it_unless_it_is_older() -> None:
    old_file = draft(**REJECTED)
    after, [event], _replies = known(KNOWN_REJECTION, old_file, reply())
    assert (after.status, after.returned_at) == (Status.REPLIED, NOW)
    assert event.payload == SaidReturned(**SAID, platform="已驳回")
    older = draft(**REJECTED, seen_at=at("23 10:59"))
    assert is_no_news(KNOWN_REJECTION, older, reply())


def test_a_rejection_known_before_does_not_open_what_a_person_closed() -> None:
    closed = replace(KNOWN_REJECTION, status=Status.CLOSED)
    again = draft(**REJECTED, seen_at=at("23 12:00"), rejected_at=at("23 11:30"))
    flagged = SaidReturned(**SAID, platform="已驳回", was=Status.CLOSED)
    assert said(closed, again, reply()) == (Status.CLOSED, [flagged])
    assert is_no_news(replace(closed, anyway=True), again, reply())
    assert said(replace(closed, platform_status="待确认"), again, reply())[0] is Status.PENDING


def test_what_was_seen_before_our_reply_does_not_flag_it() -> None:
    ticket = stepped(status=Status.REPLIED, platform_status="待回复")
    for seen, flagged in (("23 11:00", None), ("23 11:00:01", NOW)):
        found = draft(**WAITING, seen_at=at(seen))
        assert known(ticket, found, reply())[0].returned_at == flagged
