from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import REPLY, WORKINFO
from tests.language import assert_speaks
from tests.platform.stand_in import SECRET_ENV, gateway, order

from .platform import REPLY_TEXT as TEXT
from .platform import ago, in_the_next_second, replies_there, reply, set_up, sign_in, three_that_wait
from .running import Program


@pytest.fixture
def platform(program: Program) -> Iterator[Gateway]:
    """Three tickets that wait: two of a type with several second-level types, one of a type with one."""
    with three_that_wait(program) as running:
        yield running


# Sending


def test_a_reply_is_recorded_and_given_on_the_platform(program: Program, platform: Gateway) -> None:
    ran = program.ok(*reply("--subtype", "催物流"))
    recorded, sent, following = ran.out.splitlines()
    assert recorded.startswith("Ticket 84700001: reply recorded, in time")
    assert sent.startswith("Ticket 84700001: the reply is on the platform.")
    assert following.startswith("Next: ticket 8470000")
    assert replies_there(platform) == [TEXT]
    assert platform.orders("jd3")[84700001].reply_sub_biztype_name == "催物流"
    assert program.tickets()["84700001"]["status"] == "replied"


def test_the_second_level_type_may_be_a_number_a_name_a_part_of_one_or_its_place(
    program: Program, platform: Gateway
) -> None:
    for subtype in ("10103", "催退款", "退款", "3"):
        platform.orders("jd3")[84700001].status = 1
        program.ok(*reply("--subtype", subtype))
        assert platform.orders("jd3")[84700001].reply_sub_biztype_name == "催退款"


def test_one_that_is_none_of_them_is_refused_and_the_reply_kept(program: Program, platform: Gateway) -> None:
    ran = program.run(*reply("--subtype", "没有的"))
    assert ran.code == 6
    assert "催发货, 催物流, 催退款" in ran.err
    assert program.ok("replies", "--unsent", "--json").json[0]["text"] == TEXT
    assert replies_there(platform) == []


def test_in_a_pipe_the_last_choice_is_taken_and_without_one_it_must_be_named(
    program: Program, platform: Gateway
) -> None:
    ran = program.run(*reply())
    assert ran.code == 6
    assert "--subtype: 催发货" in ran.err
    program.ok("send", "--all", "--subtype", "催物流")
    program.ok(*reply(number="84700002"))
    assert platform.orders("jd3")[84700002].reply_sub_biztype_name == "催物流"


def test_a_type_that_is_not_there_is_refused_even_where_there_is_one_only(
    program: Program, platform: Gateway
) -> None:
    ran = program.run(*reply("--subtype", "催物流", number="84700003"))
    assert (ran.code, "商品咨询" in ran.err) == (6, True)
    assert replies_there(platform, 84700003) == []


def test_several_are_sent_and_the_one_that_has_no_reply_is_named(program: Program, platform: Gateway) -> None:
    program.ok("reply", "84700001", "-m", TEXT)
    program.ok("reply", "84700002", "-m", TEXT)
    ran = program.run("send", "84700001", "84700003", "84700002", "84700001", "--subtype", "催物流")
    assert ran.code == 4
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["Ticket 84700001", "Ticket 84700002"]
    assert "Ticket 84700003 has no reply that could be sent" in ran.err
    assert replies_there(platform) == replies_there(platform, 84700002) == [TEXT]


def test_a_plain_reply_is_not_sent_and_says_how_to(program: Program, platform: Gateway) -> None:
    ran = program.ok("reply", "84700001", "-m", TEXT)
    assert "jdticket send 84700001" in ran.err
    assert replies_there(platform) == []
    program.ok("send", "84700001", "--subtype", "催物流")
    assert replies_there(platform) == [TEXT]


# What the platform does not take


def test_result_2_keeps_the_reply_and_marks_it(program: Program, platform: Gateway) -> None:
    platform.orders("jd3")[84700001].status = 4
    ran = program.run(*reply("--subtype", "催物流"))
    assert ran.code == 6
    assert "Ticket 84700001: the reply is recorded, and NOT on the platform." in ran.err
    [left] = program.ok("replies", "--unsent", "--json").json
    assert (left["state"], left["tries"], left["subtype"]) == ("unsent", 1, "催物流")
    assert program.ok("replies", "--unsent").out.splitlines()[-1] == "1 reply has not arrived."
    listed = program.ok("list").out
    assert "! 1 reply is not on the platform" in listed
    assert program.tickets()["84700001"]["returned"]
    assert program.run("check").code == 1
    assert program.run("check", "--json").json["unsent"] == 1


def test_what_is_not_sent_is_counted_for_its_shop_alone(program: Program) -> None:
    with gateway("jd3", "jd5") as running:
        set_up(program, running, ("jd3", "jd5"))
        sign_in(program, running, "jd3", "jd5")
        for shop, numbers in (("jd3", (84700001,)), ("jd5", (84700002, 84700003))):
            running.add_orders(shop, [order(number, ago()) for number in numbers])
            program.ok("sync", "--shop", shop)
            for number in numbers:
                running.orders(shop)[number].status = 4
                assert program.run(*reply("--subtype", "催物流", number=str(number))).code == 6
    for options, n in ((["--shop", "jd3"], 1), (["--shop", "jd5"], 2), ([], 3)):
        assert program.run("check", "--json", *options).json["unsent"] == n
        assert f"not sent {n}\n" in program.run("check", *options).out
        assert re.search(
            rf"^! (jd[35]: )?{n} repl.* not on the platform", program.ok("list", *options).out, re.MULTILINE
        )


def test_result_3_counts_as_there(program: Program, platform: Gateway) -> None:
    platform.orders("jd3")[84700001].status = 2
    said = program.ok(*reply("--subtype", "催物流")).out
    assert "counts as replied on the platform already, and this reply was NOT added to it" in said
    assert replies_there(platform) == []
    assert "this reply was not added" in program.ok("show", "84700001").out
    assert program.ok("replies", "--unsent").out.startswith("Every reply")


def test_a_reply_too_long_for_the_platform_is_refused_before_anything_is_recorded(
    program: Program, platform: Gateway
) -> None:
    assert "1000" in program.refused(4, "reply", "84700001", "-m", "今天已发出" * 101, "--send")
    assert program.ok("replies").out == "No reply is on record.\n"


@pytest.mark.parametrize("fault", ["lost", "cut", "garbage"])
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(
    program: Program, platform: Gateway, fault: str
) -> None:
    platform.fault(fault, method=REPLY)
    ran = program.ok(*reply("--subtype", "催物流"))
    assert "the reply is on the platform; its answer was lost on the way" in ran.out
    assert replies_there(platform) == [TEXT]
    assert [call.method for call in platform.calls].count(REPLY) == 1


def test_a_lost_answer_that_cannot_be_looked_up_is_unknown_until_send_looks_first(
    program: Program, platform: Gateway
) -> None:
    platform.fault("lost", method=REPLY)
    platform.fault("error", method=WORKINFO, after=1, times=1, code="61", desc="参数错误")
    ran = program.run(*reply("--subtype", "催物流"))
    assert ran.code == 6
    assert "MAY NOT be on the platform" in ran.err
    assert program.ok("replies", "--unsent", "--json").json[0]["state"] == "unknown"
    program.ok("send", "84700001", "--subtype", "催物流")
    assert replies_there(platform) == [TEXT]
    assert [call.method for call in platform.calls].count(REPLY) == 1


def test_a_refused_connection_is_surely_not_there_and_goes_out_later(
    program: Program, platform: Gateway
) -> None:
    platform.fault("error", method=REPLY, code="2", desc="限制时间内调用失败次数")
    assert program.run(*reply("--subtype", "催物流")).code == 6
    program.ok("send", "--all")
    assert replies_there(platform) == [TEXT]
    assert not program.tickets()["84700001"]["returned"]


# send and replies


def test_send_wants_a_ticket_or_all(program: Program, platform: Gateway) -> None:
    program.refused(2, "send")
    program.refused(2, "send", "84700001", "--all")


def test_send_all_with_nothing_to_send_says_so(program: Program, platform: Gateway) -> None:
    assert program.ok("send", "--all").out == "Every reply that was to be sent is on the platform.\n"


def test_what_has_arrived_is_not_sent_again(program: Program, platform: Gateway) -> None:
    program.ok(*reply("--subtype", "催物流"))
    assert "on the platform already" in program.refused(4, "send", "84700001")


def test_a_ticket_without_a_reply_is_refused(program: Program, platform: Gateway) -> None:
    assert "no reply" in program.refused(4, "send", "84700001")


def test_replies_tells_what_became_of_each(program: Program, platform: Gateway) -> None:
    program.ok(*reply("--subtype", "催物流"))
    program.ok("reply", "84700002", "-m", TEXT)
    rows = program.ok("replies", "--json").json
    assert [(row["ticket"], row["state"]) for row in rows] == [("84700002", None), ("84700001", "arrived")]
    heading, second, first = program.ok("replies").out.splitlines()
    assert heading.split()[:3] == ["given", "ticket", "platform"]
    assert "on the platform" in first
    assert "84700002" in second
    assert len(program.ok("replies", "--limit", "1", "--json").json) == 1


def test_show_tells_the_whole_story(program: Program, platform: Gateway) -> None:
    program.ok(*reply("--subtype", "催物流"))
    platform.orders("jd3")[84700001].status = 5
    in_the_next_second()
    program.ok("sync")
    assert program.tickets()["84700001"]["status"] == "pending"
    shown = program.ok("show", "84700001").out
    for words in (
        "taken in from the platform",
        "the reply was brought to the platform",
        "the platform rejected the reply; pending again",
    ):
        assert words in shown
    again = program.ok("reply", "84700001", "-m", "您好，已补充说明。", "--send", "--subtype", "催物流")
    assert "another reply recorded" in again.out
    assert replies_there(platform) == [TEXT, "您好，已补充说明。"]


# What cannot be sent at all


def test_without_an_application_nothing_is_recorded(program: Program) -> None:
    program.ok("add", "59088842")
    assert "no application" in program.refused(1, "reply", "59088842", "-m", TEXT, "--send")
    assert program.tickets()["59088842"]["status"] == "pending"


def test_without_the_secret_the_reply_is_kept_and_goes_out_later(program: Program, platform: Gateway) -> None:
    secret = program.environ.pop(SECRET_ENV)
    ran = program.run(*reply("--subtype", "催物流"))
    assert (ran.code, SECRET_ENV in ran.err) == (6, True)
    assert program.ok("replies", "--unsent", "--json").json[0]["trouble"] == "settings"
    program.environ[SECRET_ENV] = secret
    program.ok("send", "--all", "--subtype", "催物流")
    assert replies_there(platform) == [TEXT]


def test_send_all_stops_when_the_platform_does_not_answer(program: Program, platform: Gateway) -> None:
    for number in ("84700001", "84700002"):
        program.ok("reply", number, "-m", TEXT)
        program.run("send", number)
    platform.fault("refuse", times=-1)
    before = len(platform.calls)
    ran = program.run("send", "--all", "--subtype", "催物流")
    assert (ran.code, "1 more was not tried: the platform does not answer." in ran.err) == (6, True)
    assert len(platform.calls) - before == 2


def test_send_all_without_an_application_says_what_is_missing(program: Program) -> None:
    assert "app_key" in program.refused(1, "send", "--all")


def test_subtype_goes_with_send(program: Program, platform: Gateway) -> None:
    program.refused(2, "reply", "84700001", "-m", TEXT, "--subtype", "催物流")


def test_an_authorisation_that_has_ended_keeps_the_reply(program: Program, platform: Gateway) -> None:
    platform.revoke("jd3")
    ran = program.run(*reply("--subtype", "催物流"))
    assert ran.code == 6
    assert "jdticket auth login jd3" in ran.err
    sign_in(program, platform)
    program.ok("send", "--all", "--subtype", "催物流")
    assert replies_there(platform) == [TEXT]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_word_is_in_one_language(program: Program, platform: Gateway, language: str) -> None:
    program.environ["JDTICKET_LANG"] = language
    mine = [TEXT, "催发货", "催物流", "催退款", "催单", "催促发货", "回复成功", "咨询", "参数错误", "小王"]
    mine += ["待回复", "待确认"]
    shown = program.run(*reply()).err + program.ok("list").out
    shown += program.ok("replies").out + program.ok("replies", "--unsent").out
    platform.fault("lost", method=REPLY)
    platform.fault("error", method=WORKINFO, after=1, times=1, code="61", desc="参数错误")
    ran = program.run("send", "--all", "--subtype", "催物流")
    shown += ran.out + ran.err + program.ok("send", "--all", "--subtype", "催物流").out
    shown += program.ok("send", "--all").out + program.ok("show", "84700001").out
    assert_speaks(shown, language, mine)


def test_without_an_application_the_way_round_is_told(program: Program) -> None:
    program.configure('[[shops]]\ncode = "jd3"\nname = "京东3店"\n')
    program.ok("add", "59088842")
    said = program.refused(1, "reply", "842", "-m", "您好，您的订单今天已经发出。", "--send")
    assert "for its shop (京东3店)" in said
    assert "record that with jdticket reply, without --send" in said
    assert program.tickets()["59088842"]["status"] == "pending"
    shown = program.ok("replies", "--unsent").out
    assert "Every reply" not in shown
    assert "nothing is sent: answer in the back office, too." in shown


def test_a_ticket_by_hand_is_no_row(program: Program) -> None:
    program.configure('[[shops]]\ncode = "jd3"\n[[shops]]\ncode = "jd5"\n')
    said = program.refused(2, "add", "59088842", "--at", "2024-06-11 10:00")
    assert said == "several shops are configured and none is named; say which with --shop"
