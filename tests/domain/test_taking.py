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
    SaidReopened,
    SaidReplied,
    SaidReturned,
    SaidVoid,
    Why,
)
from jdticket.domain.hours import ServiceHours, Window
from jdticket.domain.remarks import About, Remark
from jdticket.domain.replies import Reply
from jdticket.domain.taking import Known, Taken, known_ticket, new_ticket, reply_event
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


def new(found: Draft) -> Taken:
    return new_ticket(found, "jd3", BY_KIND, NOW, "小李")


def held(**fields: Any) -> Ticket:
    """One of 10:00, due at 14:00, of which nothing else is known."""
    return replace(new_ticket(draft(), "jd3", POLICY, NOW, "").ticket, **fields)


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
    assigned_here: bool = False,
    **taught: PlatformState,
) -> Taken:
    beside = Known(lambda _number: list(replies), lambda _number: assigned_here, taught)
    return known_ticket(ticket, found, shop, policy, beside, now, "小李")


def is_no_news(done: Taken, ticket: Ticket) -> bool:
    """But for the moment at which the platform's word was seen."""
    return done == (replace(ticket, seen_at=done.ticket.seen_at), [], [], [])


def told(events: Sequence[Event]) -> list[Payload]:
    return [event.payload for event in events]


# A new ticket


def test_a_new_ticket_has_all_that_its_draft_tells() -> None:
    ticket, events, replies, _ = new(FULL)
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
    ticket, [event], *_ = new(draft())
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
    ticket, [event], *_ = new(draft(created_at=None, deadline_at=deadline and at(deadline)))
    assert ticket.created_at == at(created)
    assert isinstance(event.payload, FirstSeen)
    assert event.payload.created_at_unknown


def test_a_deadline_of_the_platforms_is_told_as_its_own() -> None:
    ticket, [event], *_ = new(draft(deadline_at=at("23 13:00")))
    assert (ticket.deadline_at, ticket.deadline_source) == (at("23 13:00"), DeadlineSource.PLATFORM)
    assert isinstance(event.payload, FirstSeen)
    assert (event.payload.deadline_at, event.payload.deadline_source) == (
        at("23 13:00"),
        DeadlineSource.PLATFORM,
    )
    assert not event.payload.created_at_unknown
    later = new(draft(deadline_at=at("24 18:00"))).ticket
    assert (later.deadline_at, later.deadline_source) == (at("24 18:00"), DeadlineSource.PLATFORM)


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
    ticket, events, replies, _ = new(draft(**known_of_it))
    assert ticket.status is Status.REPLIED
    assert ticket.replied_at == known_of_it.get("reply_at")
    assert (len(events), replies) == (1, [])  # half a reply goes not on record
    assert new(draft(**known_of_it, **WAITING))[0].status is Status.PENDING


def test_a_reply_without_its_time_is_kept_in_the_entry_and_can_be_searched_for() -> None:
    _ticket, [event], *_ = new(draft(reply_text="已补发", content="催促"))
    assert isinstance(event.payload, FirstSeen)
    assert event.payload.reply_text == "已补发"
    assert event.text == "59088842 催促 已补发"


def test_a_reply_with_its_time_goes_on_record_measured_against_the_deadline() -> None:
    ticket, [first, second], [kept], _ = new(
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
    ticket, [event], replies, _ = known(held(), replace(FULL, created_at=at("23 10:00")))
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
    assert is_no_news(known(ticket, FULL, policy=BY_KIND), ticket)


def test_what_a_draft_does_not_tell_stays() -> None:
    ticket = replace(new(FULL)[0], deadline_source=DeadlineSource.PLATFORM)
    assert is_no_news(known(ticket, draft()), ticket)
    assert is_no_news(known(ticket, draft(kind=Kind.OTHER, kind_text="退款")), ticket)


def test_another_order_number_or_text_replaces_the_old_one_but_not_that_of_a_sketch() -> None:
    ticket = held(order_id="275490614167", content="问题描述")
    other = draft(order_id="999990614167", content="商品标题")
    after, [event], *_ = known(ticket, other)
    assert (after.order_id, after.content) == ("999990614167", "商品标题")
    assert event.text == "999990614167 商品标题"
    sketch = replace(other, fills_gaps_only=True)
    assert is_no_news(known(ticket, sketch), ticket)
    after, *_ = known(held(), sketch)
    assert (after.order_id, after.content) == ("999990614167", "商品标题")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OTHER])
def test_a_kind_that_was_recognised_is_news_to_one_that_was_not(kind: Kind) -> None:
    assert known(held(), draft(kind=kind))[0].kind is kind


def test_another_kind_replaces_the_old_one_with_its_words_but_a_sketch_only_fills_other() -> None:
    complaint = draft(kind=Kind.COMPLAINT, kind_text="投诉")
    sketch = replace(complaint, fills_gaps_only=True)
    urge = held(kind=Kind.URGE, kind_text="催单")
    after, [event], *_ = known(urge, complaint)
    assert (after.kind, after.kind_text, event.text) == (Kind.COMPLAINT, "投诉", "投诉")
    assert is_no_news(known(urge, sketch), urge)
    crc = held(kind=Kind.CRC, kind_text="CRC高危投诉")
    assert is_no_news(known(crc, sketch), crc)
    after, *_ = known(held(kind_text="退款"), sketch)
    assert (after.kind, after.kind_text) == (Kind.COMPLAINT, "投诉")


def test_words_for_a_kind_that_we_hold_fill_a_gap_only() -> None:
    words = draft(kind=Kind.URGE, kind_text="催单")
    after, [event], *_ = known(held(kind=Kind.URGE), words)
    assert (after.kind, after.kind_text) == (Kind.URGE, "催单")
    assert told([event]) == [Changed(source="tickets.csv", row=2, fields={"kind_text": "催单"})]
    urge = held(kind=Kind.URGE, kind_text="催发货")
    assert is_no_news(known(urge, words), urge)
    assert known(held(kind=Kind.URGE), draft(kind=Kind.URGE))[1] == []


@pytest.mark.parametrize(
    ("assigned_here", "seen", "after"),
    [
        (False, None, "小赵"),
        (True, None, "小王"),
        (False, "23 10:29:59", "小王"),
        (False, "23 10:30", "小赵"),
    ],
)
def test_another_name_there_is_news_unless_it_is_old_or_a_person_here_has_decided(
    assigned_here: bool, seen: str | None, after: str
) -> None:
    ticket = held(assignee="小王", seen_at=at("23 10:30"))
    found = draft(assignee="小赵", seen_at=seen and at(seen))
    done = known(ticket, found, assigned_here=assigned_here)
    assert done.ticket.assignee == after
    changed = Changed(source="tickets.csv", row=2, fields={"assignee": "小赵"})
    assert told(done.events) == ([changed] if after == "小赵" else [])
    swapped = known(replace(ticket, assignee="小赵"), draft(assignee="小王", seen_at=found.seen_at))
    assert (swapped.ticket.assignee == "小王") is (seen != "23 10:29:59")
    nobody = replace(ticket, assignee="")
    assert known(nobody, found, assigned_here=assigned_here).ticket.assignee == "小赵"
    assert is_no_news(known(ticket, draft(assignee="小王")), ticket)


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
    after, events, *_ = known(ticket, draft(created_at=at(found)))
    assert after.created_at == at(found if news else ours)
    fields = {"created_at": at(found)}
    assert told(events) == ([Changed(source="tickets.csv", row=2, fields=fields)] if news else [])


def test_a_creation_time_that_is_not_told_stays() -> None:
    assert is_no_news(known(held(), draft(created_at=None)), held())


def test_a_ticket_found_in_another_shop_is_of_that_shop() -> None:
    after, events, *_ = known(held(), draft(), shop="jd5")
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


def test_words_that_a_person_has_explained_are_compared_by_what_they_mean() -> None:
    ticket = held(status=Status.REPLIED, platform_status="平台处理中")
    sketch = draft(**REPLIED, fills_gaps_only=True)
    assert known(ticket, sketch, 平台处理中=PlatformState.REPLIED).ticket.platform_status == "平台处理中"
    assert known(ticket, sketch).ticket.platform_status == "待确认"


# Their moments

OLD = at("23 10:30")


@pytest.mark.parametrize(
    ("moments", "seen", "older"),
    [
        ({"stepped_at": OLD}, "23 10:29:59", True),
        ({"stepped_at": OLD}, "23 10:30", True),  # in one second a person's step stands
        ({"stepped_at": OLD}, "23 10:30:01", False),
        ({"seen_at": OLD}, "23 10:29:59", True),
        ({"seen_at": OLD}, "23 10:30", False),
        ({"seen_at": OLD}, "23 10:30:01", False),
        ({"stepped_at": OLD, "seen_at": OLD}, None, False),
        ({}, "23 10:00", False),
    ],
)
def test_what_was_seen_before_what_is_known_here_changes_no_state_and_that_is_remarked(
    moments: dict[str, Any], seen: str | None, older: bool
) -> None:
    ticket = held(platform_status="待回复", **moments)
    done = known(ticket, draft(**CLOSED, seen_at=seen and at(seen)))
    if older:
        assert done == (ticket, [], [], [Remark(About.OLDER, stands=OLD, told=at(seen or ""))])
    else:
        seen_at = at(seen) if seen else NOW
        assert (done.ticket.status, done.ticket.seen_at, done.remarks) == (Status.CLOSED, seen_at, [])


def test_the_latest_of_what_is_known_here_is_what_stands() -> None:
    ticket = held(platform_status="待回复", stepped_at=at("23 10:40"), seen_at=at("23 10:50"))
    assert known(ticket, draft(**CLOSED, seen_at=OLD)).remarks[0].stands == at("23 10:50")
    assert known(replace(ticket, seen_at=OLD), draft(**CLOSED, seen_at=OLD)).remarks[0].stands == at(
        "23 10:40"
    )


def test_the_moment_of_a_word_is_that_of_its_source_or_of_now_and_a_draft_without_one_leaves_it() -> None:
    assert new(draft()).ticket.seen_at is None
    assert new(draft(**WAITING)).ticket.seen_at == NOW
    assert new(draft(**WAITING, seen_at=OLD)).ticket.seen_at == OLD
    ticket = held(seen_at=OLD)
    assert known(ticket, draft()).ticket.seen_at == OLD
    assert known(ticket, draft(**WAITING)).ticket.seen_at == NOW


def test_a_word_that_nobody_knows_is_remarked_once_and_changes_no_state() -> None:
    unknown = draft(platform_status="商家已读")
    remark = [Remark(About.UNKNOWN_WORD, stands=None, told=None)]
    assert new(unknown).remarks == remark
    done = known(held(), unknown)
    assert (done.ticket.status, done.ticket.platform_status, done.remarks) == (
        Status.PENDING,
        "商家已读",
        remark,
    )
    assert known(done.ticket, unknown).remarks == []
    for word in ("一", "龥"):  # before and after the one that is held
        assert known(done.ticket, draft(platform_status=word)).remarks == remark
    for quiet in (draft(), draft(**WAITING), replace(unknown, own_state=True)):
        assert new(quiet).remarks == known(held(), quiet).remarks == []


# A known ticket: its deadline


@pytest.mark.parametrize(
    ("off", "to_the_minute", "moves"),
    [
        (timedelta(0), False, False),
        (SECOND, False, True),
        (-SECOND, False, True),
        (MINUTE, True, False),
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
    ticket, events, *_ = known(held(), found)
    assert ticket.deadline_at == (deadline if moves else at("23 14:00"))
    assert ticket.deadline_source is (DeadlineSource.PLATFORM if moves else DeadlineSource.POLICY)
    assert ticket.first_deadline_at == at("23 14:00")
    payload = DeadlineMoved(source="tickets.csv", row=2, old=at("23 14:00"), new=deadline, why=Why.PLATFORM)
    assert events == ([Event(NOW, payload, "59088842", by="小李")] if moves else [])


def test_of_a_granted_deadline_and_the_platforms_the_later_holds() -> None:
    granted = held(deadline_at=at("24 12:00"), deadline_source=DeadlineSource.GRANTED)
    assert known(granted, draft(deadline_at=at("24 11:59:59")))[0].deadline_at == at("24 12:00")
    assert known(granted, draft(deadline_at=at("24 12:00")))[1] == []
    later, [event], *_ = known(granted, draft(deadline_at=at("24 12:00:01")))
    assert (later.deadline_at, later.deadline_source) == (at("24 12:00:01"), DeadlineSource.PLATFORM)
    assert isinstance(event.payload, DeadlineMoved)
    ours = held(deadline_at=at("24 12:00"), deadline_source=DeadlineSource.PLATFORM)
    assert known(ours, draft(deadline_at=at("23 15:00")))[0].deadline_at == at("23 15:00")


def test_a_corrected_kind_moves_a_computed_deadline_and_no_other() -> None:
    found = draft(kind=Kind.CRC)
    ticket, events, *_ = known(held(), found, policy=BY_KIND)
    assert (ticket.deadline_at, ticket.deadline_source) == (at("23 12:00"), DeadlineSource.POLICY)
    assert told(events)[1:] == [
        DeadlineMoved(source="tickets.csv", row=2, old=at("23 14:00"), new=at("23 12:00"), why=Why.FACTS)
    ]
    for source in (DeadlineSource.PLATFORM, DeadlineSource.GRANTED):
        kept = known(held(deadline_source=source), found, policy=BY_KIND)[0]
        assert (kept.deadline_at, kept.deadline_source) == (at("23 14:00"), source)


@pytest.mark.parametrize(("created", "deadline"), [("23 09:30", "23 13:30"), ("23 10:30", "23 14:30")])
def test_a_corrected_creation_time_moves_a_computed_deadline(created: str, deadline: str) -> None:
    ticket, events, *_ = known(held(), draft(created_at=at(created)))
    assert ticket.deadline_at == at(deadline)
    assert [type(payload) for payload in told(events)] == [Changed, DeadlineMoved]


def test_a_change_of_the_policy_alone_moves_nothing() -> None:
    stricter = DeadlinePolicy(HOURS, TimeToReply(2 * HOUR))
    for found in (draft(), draft(content="催促"), draft(kind=Kind.URGE)):
        assert known(held(), found, policy=stricter)[0].deadline_at == at("23 14:00")
    # Nor is it asked when nothing calls for it: its hours may have run out since.
    over = ServiceHours(SHANGHAI, [[]] * 7, {date(2000, 1, 3): [Window(0, 60)]})
    assert is_no_news(known(held(), draft(), policy=DeadlinePolicy(over, TimeToReply(HOUR))), held())


@pytest.mark.parametrize("status", [Status.REPLIED, Status.CLOSED, Status.VOID])
def test_the_deadline_of_what_does_not_wait_stays_unless_the_platform_goes_on_waiting(status: Status) -> None:
    for found, deadline in (
        (draft(deadline_at=at("23 16:00")), at("23 16:00")),
        (draft(created_at=at("23 09:30")), at("23 13:30")),
    ):
        assert known(held(status=status), found).ticket.deadline_at == at("23 14:00")
        assert known(held(status=status, returned_at=NOW), found).ticket.deadline_at == deadline


def test_a_countdown_of_an_unsure_moment_may_make_a_deadline_earlier_and_never_later() -> None:
    unsure = {"deadline_sure": False, "deadline_to_the_minute": True}
    earlier = known(held(), draft(deadline_at=at("23 13:00"), **unsure))
    assert (earlier.ticket.deadline_at, earlier.remarks) == (at("23 13:00"), [])
    later = known(held(), draft(deadline_at=at("23 15:00"), **unsure))
    remark = Remark(About.STALE_COUNTDOWN, stands=at("23 14:00"), told=at("23 15:00"))
    assert later == (held(), [], [], [remark])
    assert is_no_news(known(held(), draft(deadline_at=at("23 14:02"), **unsure)), held())


@pytest.mark.parametrize(
    ("told_at", "deadline", "source", "remarked"),
    [
        ("23 13:00", "23 13:00", DeadlineSource.PLATFORM, False),
        ("23 14:00", "23 14:00", DeadlineSource.PLATFORM, False),
        ("23 14:01", "23 14:00", DeadlineSource.POLICY, False),
        ("23 14:02", "23 14:00", DeadlineSource.POLICY, False),
        ("23 14:02:01", "23 14:00", DeadlineSource.POLICY, True),
    ],
)
def test_so_it_may_with_a_new_ticket(
    told_at: str, deadline: str, source: DeadlineSource, remarked: bool
) -> None:
    done = new(draft(deadline_at=at(told_at), deadline_sure=False))
    assert (done.ticket.deadline_at, done.ticket.deadline_source) == (at(deadline), source)
    remark = Remark(About.STALE_COUNTDOWN, stands=at("23 14:00"), told=at(told_at))
    assert done.remarks == ([remark] if remarked else [])
    # Where nothing says when the ticket was created, there is nothing better.
    alone = new(draft(created_at=None, deadline_at=at("23 18:00"), deadline_sure=False))
    assert (alone.ticket.deadline_at, alone.remarks) == (at("23 18:00"), [])


def test_a_deadline_that_is_the_latest_it_can_be_moves_nothing_to_later_and_needs_no_remark() -> None:
    at_most = {"deadline_at_most": True, "deadline_sure": False}
    later, earlier = (draft(deadline_at=at(time), **at_most) for time in ("23 16:00", "23 13:00"))
    assert is_no_news(known(held(), later), held())
    assert known(held(), earlier).ticket.deadline_at == at("23 13:00")
    assert (new(later).ticket.deadline_at, new(later).remarks) == (at("23 14:00"), [])


@pytest.mark.parametrize("status", [Status.CLOSED, Status.VOID, Status.REPLIED])
@pytest.mark.parametrize("told", ["23 13:00", "23 16:00"])
def test_what_makes_a_ticket_wait_again_brings_its_deadline(status: Status, told: str) -> None:
    ticket = held(status=status, platform_status="已关闭", stepped_at=NOW - MINUTE, stepped_word="已关闭")
    again = known(ticket, draft(**WAITING, seen_at=NOW, deadline_at=at(told)))
    assert (again.ticket.status, again.ticket.deadline_at) == (Status.PENDING, at(told))
    done = known(ticket, draft(**CLOSED, seen_at=NOW, deadline_at=at(told)))
    assert done.ticket.deadline_at == ticket.deadline_at
    before = known(ticket, draft(**WAITING, seen_at=NOW - 2 * MINUTE, deadline_at=at(told)))
    assert before.ticket.deadline_at == ticket.deadline_at


@pytest.mark.parametrize("source", [DeadlineSource.PLATFORM, DeadlineSource.POLICY])
@pytest.mark.parametrize("moments", [{"seen_at": NOW}, {"stepped_at": NOW}])
def test_what_was_seen_before_what_is_known_here_makes_no_deadline_later(
    moments: dict[str, Any], source: DeadlineSource
) -> None:
    ticket = held(deadline_source=source, **moments)
    older = {"seen_at": NOW - MINUTE}
    later = known(ticket, draft(deadline_at=at("23 15:00"), **older))
    remark = Remark(About.OLDER_DEADLINE, stands=at("23 14:00"), told=at("23 15:00"))
    assert later == (ticket, [], [], [remark])
    earlier = known(ticket, draft(deadline_at=at("23 13:00"), **older))
    assert (earlier.ticket.deadline_at, earlier.remarks) == (at("23 13:00"), [])
    newer = known(ticket, draft(deadline_at=at("23 15:00"), seen_at=NOW + SECOND))
    assert newer.ticket.deadline_at == at("23 15:00")


def test_a_countdown_whose_moment_a_person_told_mends_an_earlier_paste() -> None:
    page = {"deadline_at": at("23 15:00"), "seen_at": NOW - MINUTE, "fills_gaps_only": True}
    assert known(held(seen_at=NOW), draft(**page)).ticket.deadline_at == at("23 15:00")
    unsure = known(held(seen_at=NOW), draft(**page, deadline_sure=False))
    assert unsure.ticket.deadline_at == at("23 14:00")
    assert unsure.remarks == [Remark(About.OLDER_DEADLINE, stands=at("23 14:00"), told=at("23 15:00"))]


def test_what_was_seen_before_what_is_known_here_makes_no_creation_later() -> None:
    ticket = held(seen_at=NOW)
    later = known(ticket, draft(created_at=at("23 10:30"), seen_at=NOW - MINUTE))
    remark = Remark(About.OTHER_CREATION, stands=at("23 10:00"), told=at("23 10:30"))
    assert later == (ticket, [], [], [remark])
    earlier = known(ticket, draft(created_at=at("23 09:30"), seen_at=NOW - MINUTE))
    assert earlier.ticket.deadline_at == at("23 13:30")


def test_a_deadline_before_the_creation_is_left_aside_and_remarked() -> None:
    impossible = draft(deadline_at=at("23 09:59:59"))
    remark = Remark(About.IMPOSSIBLE_DEADLINE, stands=None, told=at("23 09:59:59"))
    done = new(impossible)
    assert (done.ticket.deadline_at, done.remarks) == (at("23 14:00"), [remark])
    assert done.ticket.deadline_source is DeadlineSource.POLICY
    assert known(held(), impossible) == (held(), [], [], [remark])
    at_once = draft(deadline_at=at("23 10:00"))
    assert new(at_once).ticket.deadline_at == known(held(), at_once).ticket.deadline_at == at("23 10:00")
    # What the facts lead to is reckoned all the same.
    corrected = replace(impossible, kind=Kind.CRC)
    assert known(held(), corrected, policy=BY_KIND).ticket.deadline_at == at("23 12:00")


# A known ticket: a reply

ANSWERED = draft(reply_text="已补发", reply_at=at("23 10:30"), assignee="小王")


def test_a_reply_that_we_did_not_know_goes_on_record_and_tells_of_itself() -> None:
    ticket, events, [kept], remarks = known(held(assignee="小王"), ANSWERED)
    assert (ticket.status, ticket.replied_at) == (Status.REPLIED, at("23 10:30"))
    assert (kept.text, kept.at, kept.recorded_at, kept.by) == ("已补发", at("23 10:30"), NOW, "小王")
    assert kept.deadline_at == at("23 14:00")
    assert events == [reply_event(kept, NOW, from_platform=True)]
    assert remarks == []


def test_a_reply_is_measured_against_the_deadline_that_came_with_it() -> None:
    found = replace(ANSWERED, deadline_at=at("23 10:15"))
    _ticket, events, [kept], _ = known(held(), found)
    assert (kept.deadline_at, kept.on_time) == (at("23 10:15"), False)
    assert [type(payload) for payload in told(events)] == [Changed, DeadlineMoved, Replied]


@pytest.mark.parametrize(
    ("ours", "latest"), [("23 10:29", "23 10:30"), ("23 10:30", "23 10:30"), ("23 15:00", "23 15:00")]
)
def test_a_reply_given_elsewhere_is_kept_and_the_latest_stays_the_latest(ours: str, latest: str) -> None:
    """One before ours is the evidence that the ticket was answered in time."""
    ticket = held(status=Status.REPLIED, replied_at=at(ours), assignee="小王")
    done = known(ticket, ANSWERED, reply(at=at(ours)))
    assert [(kept.at, kept.on_time) for kept in done.replies] == [(at("23 10:30"), True)]
    assert len(done.events) == 1
    assert (done.ticket.status, done.ticket.replied_at) == (Status.REPLIED, at(latest))


def test_the_words_of_a_reply_on_record_are_no_news_at_another_time_or_with_other_blanks() -> None:
    ticket = held(assignee="小王")
    assert known(ticket, ANSWERED, reply(), reply(text=" 已\n补发 ")).replies == []
    spaced = replace(ANSWERED, reply_text="已 补发")
    assert known(ticket, spaced, reply(text="已补发")).replies == []
    assert len(known(ticket, ANSWERED, reply(text="请查收")).replies) == 1


@pytest.mark.parametrize("status", [Status.CLOSED, Status.VOID])
def test_a_reply_to_what_has_ended_goes_on_record_and_leaves_it_ended(status: Status) -> None:
    done = known(held(status=status), ANSWERED)
    assert (done.ticket.status, len(done.replies)) == (status, 1)


@pytest.mark.parametrize("half", [{"reply_text": "已补发"}, {"reply_at": at("23 10:30")}])
def test_half_a_reply_is_none_to_a_ticket_that_has_one(half: dict[str, Any]) -> None:
    ticket = held(status=Status.REPLIED, replied_at=at("23 10:15"))
    assert is_no_news(known(ticket, draft(**half)), ticket)


def test_a_reply_without_its_time_is_told_with_its_words_unless_a_person_has_stepped_in() -> None:
    found = draft(reply_text="已补发")
    ticket, [event], replies, _ = known(held(), found)
    assert (ticket.status, ticket.replied_at, replies) == (Status.REPLIED, None, [])
    assert event == Event(
        NOW, SaidReplied(**SAID, platform="", text="已补发"), "59088842", by="小李", text="已补发"
    )
    assert is_no_news(known(ticket, found), ticket)
    reopened = held(stepped_at=at("23 10:30"))
    assert is_no_news(known(reopened, found), reopened)
    assert is_no_news(known(held(), draft(reply_at=at("23 10:30"))), held())


# A known ticket: what the platform says

SAID: dict[str, Any] = {"source": "tickets.csv", "row": 2}


def said(ticket: Ticket, found: Draft, *replies: Reply) -> tuple[Status, list[Payload]]:
    """The status that it comes to, and what is told but for the change of the platform's words."""
    done = known(ticket, found, *replies)
    return done.ticket.status, [payload for payload in told(done.events) if not isinstance(payload, Changed)]


def stepped(word: str, **fields: Any) -> Ticket:
    """One that a person changed at 10:30, while the platform's word was this, and is."""
    given = {"platform_status": word, "stepped_at": at("23 10:30"), "stepped_word": word}
    return held(**(given | fields))


def test_a_reply_that_nobody_here_knows_is_told_with_the_platforms_words() -> None:
    ticket, events, replies, _ = known(held(), draft(**REPLIED))
    assert (ticket.status, ticket.replied_at, replies) == (Status.REPLIED, None, [])
    assert told(events)[1:] == [SaidReplied(**SAID, platform="待确认")]
    assert events[-1] == Event(NOW, events[-1].payload, "59088842", by="小李")
    # Its words, where the source tells them without their time.
    assert said(held(), draft(**REPLIED, reply_text="已补发"))[1] == [
        SaidReplied(**SAID, platform="待确认", text="已补发")
    ]


def test_the_time_of_a_reply_without_words_is_kept_unless_one_is_known() -> None:
    found = draft(**REPLIED, reply_at=at("23 10:30"))
    assert known(held(), found).ticket.replied_at == at("23 10:30")
    assert known(held(replied_at=at("23 10:45")), found).ticket.replied_at == at("23 10:45")


@pytest.mark.parametrize(
    ("says", "status", "payload"), [(CLOSED, Status.CLOSED, SaidClosed), (VOID, Status.VOID, SaidVoid)]
)
@pytest.mark.parametrize("was", [Status.PENDING, Status.REPLIED])
def test_an_end_on_the_platform_is_told_with_its_words(
    was: Status, says: dict[str, Any], status: Status, payload: type[SaidClosed | SaidVoid]
) -> None:
    after, [_changed, event], *_ = known(held(status=was), draft(**says))
    assert after.status is status
    entry = payload(**SAID, platform=says["platform_status"])
    assert event == Event(NOW, entry, "59088842", by="小李")


def test_a_rejection_is_told_with_its_reason_by_which_it_can_be_found() -> None:
    ticket = held(status=Status.REPLIED, platform_status="待确认")
    after, events, *_ = known(ticket, draft(**REJECTED, rejection="请写明快递单号"), reply())
    assert (after.status, after.reopened_at) == (Status.PENDING, NOW)
    assert told(events)[1:] == [SaidRejected(**SAID, platform="已驳回", reason="请写明快递单号")]
    assert events[-1].text == "请写明快递单号"


def test_a_reply_that_the_platform_does_not_show_is_flagged_once_and_the_flag_taken_off_once() -> None:
    ticket = held(status=Status.REPLIED, platform_status="待回复")
    flagged, events, *_ = known(ticket, draft(**WAITING), reply())
    assert (flagged.status, flagged.returned_at) == (Status.REPLIED, NOW)
    assert told(events) == [SaidReturned(**SAID, platform="待回复")]
    assert is_no_news(known(flagged, draft(**WAITING), reply(), now=at("23 12:00")), flagged)
    arrived, events, *_ = known(flagged, draft(**REPLIED), reply())
    assert (arrived.status, arrived.returned_at) == (Status.REPLIED, None)
    assert told(events)[1:] == [SaidArrived(**SAID, platform="待确认")]
    assert is_no_news(known(arrived, draft(**REPLIED), reply()), arrived)


@pytest.mark.parametrize("done", [REPLIED, CLOSED, VOID])
def test_a_platform_that_had_shown_it_as_done_and_waits_again_reopens_it(done: dict[str, Any]) -> None:
    ticket = held(status=Status.REPLIED, platform_status=done["platform_status"])
    after, events, *_ = known(ticket, draft(**WAITING), reply())
    assert (after.status, after.reopened_at) == (Status.PENDING, NOW)
    assert told(events)[1:] == [SaidReopened(**SAID, platform="待回复")]


@pytest.mark.parametrize("status", [Status.CLOSED, Status.VOID])
@pytest.mark.parametrize("says", [WAITING, REJECTED])
def test_what_a_person_ended_is_opened_by_a_new_word_only_and_flagged_by_the_old(
    status: Status, says: dict[str, Any]
) -> None:
    word = says["platform_status"]
    ended = stepped(word, status=status)
    after, [event], *_ = known(ended, draft(**says))
    assert (after.status, after.returned_at) == (status, NOW)
    assert event.payload == SaidReturned(**SAID, platform=word, was=status)
    assert said(ended, draft(**says, seen_at=at("23 10:30:01")))[0] is status
    confirmed = replace(ended, anyway=True)
    assert is_no_news(known(confirmed, draft(**says)), confirmed)
    assert said(replace(ended, platform_status="待确认"), draft(**says))[0] is Status.PENDING
    assert said(replace(ended, stepped_word="待确认"), draft(**says))[0] is Status.PENDING
    assert said(replace(ended, stepped_at=None), draft(**says))[0] is Status.PENDING


def test_a_reopened_ticket_is_ended_by_new_words_or_a_new_reply_only() -> None:
    reopened = stepped("待确认", assignee="小王")
    assert said(reopened, draft(**REPLIED)) == (Status.PENDING, [])
    assert said(reopened, draft(**(REPLIED | {"platform_status": " 待 确认"}))) == (Status.PENDING, [])
    assert said(reopened, draft(**WAITING)) == (Status.PENDING, [])
    assert said(stepped("已关闭"), draft(**REPLIED))[0] is Status.REPLIED
    assert said(reopened, draft(**CLOSED))[0] is Status.CLOSED
    assert said(reopened, replace(ANSWERED, **REPLIED))[0] is Status.REPLIED
    assert said(replace(reopened, stepped_word="待回复"), draft(**REPLIED))[0] is Status.REPLIED
    # Without words nothing is known to be the same.
    assert said(reopened, draft(platform_state=PlatformState.CLOSED))[0] is Status.CLOSED
    # Nobody has reopened this one.
    assert said(replace(reopened, stepped_at=None), draft(**REPLIED))[0] is Status.REPLIED


def test_a_reply_found_on_a_ticket_that_the_platform_shows_as_waiting_leaves_it_pending() -> None:
    assert said(held(platform_status="待回复"), replace(ANSWERED, **WAITING))[0] is Status.PENDING


def test_other_words_of_a_sketch_for_the_same_state_count_from_their_move_on() -> None:
    closed = stepped("待回复", status=Status.CLOSED, stepped_word="待处理")
    sketch = draft(platform_status="待处理", platform_state=PlatformState.WAITING, fills_gaps_only=True)
    assert known(closed, sketch).ticket.platform_status == "待处理"
    without_word = draft(platform_state=PlatformState.CLOSED)
    assert known(held(platform_status="待回复"), without_word).ticket.platform_status == "待回复"


KNOWN_REJECTION = held(status=Status.REPLIED, platform_status="已驳回", stepped_at=NOW, stepped_word="已驳回")


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
    after, [event], *_ = known(KNOWN_REJECTION, draft(**REJECTED), reply())
    assert (after.status, after.returned_at) == (Status.REPLIED, NOW)
    assert event.payload == SaidReturned(**SAID, platform="已驳回")
    older = known(KNOWN_REJECTION, draft(**REJECTED, seen_at=at("23 10:59")), reply())
    remark = Remark(About.OLDER, stands=NOW, told=at("23 10:59"))
    assert older == (KNOWN_REJECTION, [], [], [remark])


def test_a_rejection_known_before_does_not_open_what_a_person_closed() -> None:
    closed = replace(KNOWN_REJECTION, status=Status.CLOSED)
    again = draft(**REJECTED, seen_at=at("23 12:00"), rejected_at=at("23 11:30"))
    assert said(closed, again, reply())[0] is Status.CLOSED
    assert said(replace(closed, platform_status="待确认"), again, reply())[0] is Status.PENDING


def test_what_was_seen_before_our_reply_does_not_flag_it() -> None:
    ticket = stepped("待回复", status=Status.REPLIED, stepped_at=NOW)
    for seen, flagged in (("23 11:00", None), ("23 11:00:01", NOW)):
        assert known(ticket, draft(**WAITING, seen_at=at(seen)), reply()).ticket.returned_at == flagged
