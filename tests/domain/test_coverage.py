"""Whom nobody warns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jdticket.domain.channels import Channel, can_mention, hears
from jdticket.domain.coverage import Gap, GapKind, covers_all, silent, uncovered, unmentionable, unruled
from jdticket.domain.people import Person, Staff
from jdticket.domain.reminders import Duty, Escalation
from tests.desk.at_desk import HOURS, at
from tests.desk.room import NO_RULES

MINUTE = timedelta(minutes=1)
EVERY_DAY = frozenset(range(7))


def channel(name: str = "group", **fields: Any) -> Channel:
    values: dict[str, Any] = {"mention": (), "shops": (), "night": False, "kind": "wecom"}
    return Channel(name=name, **(values | fields))


ALL, JD3, REST = channel("all"), channel("jd3", shops=("jd3",)), channel("rest", default=True)
REST_AND_JD5 = channel("rest", shops=("jd5",), default=True)


@pytest.mark.parametrize(
    ("channels", "heard"),
    [
        # Which of jd3, jd5 and no shop each channel hears of.
        ([ALL], [["jd3", "jd5", ""]]),
        ([JD3], [["jd3"]]),
        ([REST], [["jd3", "jd5", ""]]),
        ([JD3, REST], [["jd3"], ["jd5", ""]]),
        ([ALL, REST], [["jd3", "jd5", ""], []]),
        ([REST_AND_JD5, JD3], [["jd5", ""], ["jd3"]]),
        ([REST_AND_JD5, channel("five", shops=("jd5",))], [["jd3", "jd5", ""], ["jd5"]]),
        # Of two for all the rest, what one of them names is no rest for the other.
        ([REST_AND_JD5, channel("other", default=True)], [["jd3", "jd5", ""], ["jd3", ""]]),
    ],
)
def test_who_hears_of_which_shop(channels: list[Channel], heard: list[list[str]]) -> None:
    shops = ("jd3", "jd5", "")
    assert [[shop for shop in shops if hears(one, (shop,), channels)] for one in channels] == heard
    assert all(hears(one, (), channels) for one in channels)


def test_shops_that_wait_and_have_no_channel_are_gaps() -> None:
    held = {"jd3": 1, "jd5": 2, "": 3}
    assert uncovered([JD3], NO_RULES, ["jd3", "jd5"], held) == [
        Gap(GapKind.NO_SHOP, tickets=3),
        Gap(GapKind.SHOP, "jd5", tickets=2),
    ]
    assert [covers_all(channels, NO_RULES) for channels in ([JD3], [ALL], [JD3, REST])] == [False, True, True]
    for channels in ([ALL], [JD3, REST], []):
        assert uncovered(channels, NO_RULES, ["jd3", "jd5"], held) == []


def test_all_rules_of_tickets_off_is_a_gap_and_one_of_them_is_enough() -> None:
    assert unruled([ALL], NO_RULES) == [Gap(GapKind.NO_RULE)]
    assert unruled([], NO_RULES) == []
    for one in ({"new": True}, {"before": (MINUTE,)}, {"overdue_every": MINUTE}, {"opening": True}):
        assert unruled([ALL], NO_RULES._replace(**one)) == []


def test_a_channel_that_only_an_escalation_uses_stands_in_for_nobody() -> None:
    boss = channel("boss")
    rules = NO_RULES._replace(escalate=(Escalation(MINUTE, (), "boss"),))
    assert uncovered([boss], rules, ["jd3"], {"jd3": 1}) == [
        Gap(GapKind.SHOP, "jd3", tickets=1),
        Gap(GapKind.ESCALATED, "boss"),
    ]
    assert uncovered([boss, ALL], rules, ["jd3"], {"jd3": 1}) == []
    assert uncovered([boss, JD3], rules, ["jd3", "jd5"], {}) == [Gap(GapKind.ESCALATED, "boss")]
    assert uncovered([boss], rules, [], {}) == [Gap(GapKind.ESCALATED, "boss")]


@pytest.mark.parametrize(
    ("kind", "people"),
    [
        ("wecom", ["13800000000", "zhangsan", "all"]),
        ("dingtalk", ["13800000000", "all"]),
        ("feishu", ["zhangsan", "all"]),
        ("apprise", []),
        ("stdout", []),
    ],
)
def test_who_can_be_mentioned_where(kind: str, people: list[str]) -> None:
    assert [one for one in ("13800000000", "zhangsan", "all") if can_mention(kind, one)] == people
    assert can_mention(kind, None) == bool(people)


def test_people_whom_a_channel_cannot_mention_are_gaps() -> None:
    duties = [
        Duty(EVERY_DAY, 0, 86_400, ("13700000000", "ou_1")),
        Duty(EVERY_DAY, 0, 86_400, ("13600000000",), shops=("jd5",)),
    ]
    feishu = channel(kind="feishu", shops=("jd3",), mention=("13800000000", "all"))
    assert unmentionable([feishu], NO_RULES, duties, Staff()) == [
        Gap(GapKind.MENTION, "group", ("13800000000", "13700000000"))
    ]
    # A channel that mentions nobody is asked for its own people alone.
    mail = channel(kind="apprise", mention=("13800000000",))
    assert unmentionable([mail], NO_RULES, duties, Staff()) == [
        Gap(GapKind.MENTION, "group", ("13800000000",))
    ]
    assert unmentionable([channel(kind="apprise")], NO_RULES, duties, Staff()) == []


def test_a_person_is_mentioned_by_whichever_handle_fits() -> None:
    both = Staff([Person("小李", ("13700000000", "ou_1"), lead=True)])
    phone = Staff([Person("小李", ("13700000000",), lead=True)])
    for kind in ("wecom", "dingtalk", "feishu"):
        assert unmentionable([channel(kind=kind, mention=("小李",))], NO_RULES, [], both) == []
    assert unmentionable([channel(kind="feishu")], NO_RULES, [], phone) == [
        Gap(GapKind.MENTION, "group", ("小李",))
    ]


def test_silence_is_counted_in_service_time_and_from_the_first_ticket_where_nothing_ever_ran() -> None:
    def found(ran: str | None, now: str, waits: bool = False) -> Gap | None:
        moment = None if ran is None else at(ran)
        return silent(moment, 5 * MINUTE, at("23 10:00") if waits else None, at(now), HOURS)

    assert found("23 12:00", "23 12:15") is None
    assert found("23 12:00", "23 12:15:01") == Gap(GapKind.STOPPED, since=at("23 12:00"))
    assert found("23 18:50", "24 09:05") is None
    assert found("23 18:50", "24 09:06") == Gap(GapKind.STOPPED, since=at("23 18:50"))
    assert found("23 12:30", "23 12:00") is None
    assert found(None, "23 18:00") is None
    assert found(None, "23 10:15", waits=True) is None
    assert found(None, "23 10:16", waits=True) == Gap(GapKind.NEVER_RUN, since=at("23 10:00"))


def test_people_are_found_by_name_and_leads_are_known() -> None:
    staff = Staff([Person("Li Lei", ("li",)), Person("王姐", ("13900000000", "wang"), lead=True)])
    assert staff.leads == ("13900000000", "wang")
    assert (staff.holding("lilei"), staff.holding("小王"), staff.holding("")) == (("li",), (), ())
    assert staff.reached_by(["LI LEI", "王姐", "13800000000", "li"]) == (
        "li",
        "13900000000",
        "wang",
        "13800000000",
    )
