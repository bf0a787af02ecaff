from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from tests.channels.robots import NEVER, Answer, Robots, code, http_status
from tests.platform.stand_in import APP_KEY, APP_SECRET, SECRET_ENV, gateway, shops_toml

from .reminding import ALL_DAY, SECRETS, WECOM_KEY, channel, group, ready, urgent
from .running import Program, row, table


@pytest.fixture
def robots() -> Iterator[Robots]:
    with Robots() as running:
        yield running


# Sending


def test_each_robot_gets_one_short_message_that_mentions_and_is_signed(
    program: Program, robots: Robots
) -> None:
    ready(
        program,
        group(robots, "wecom", mention=["13800000000", "xiaowang"]),
        group(robots, "dingtalk", mention=["13800000000"]),
        group(robots, "feishu", mention=["ou_1"]),
    )
    program.ok("remind")
    assert {message.robot: message.mentioned for message in robots.messages} == {
        "wecom": ("xiaowang", "13800000000"),
        "dingtalk": ("13800000000",),
        "feishu": ("ou_1",),
    }
    for message in robots.messages:
        first, content, *_people = message.text.splitlines()
        assert re.fullmatch(
            r"CRC高危投诉 2[45]m to go \(by .*\d\d:\d\d\) ticket 59088842 order 275549088842", first
        )
        assert content == "急 138****5678"
    assert len(robots.requests) == 3


def test_a_line_for_each_reminder_sent_and_nothing_when_nothing_is_due(
    program: Program, robots: Robots
) -> None:
    ready(program, group(robots, "wecom"))
    [line] = program.ok("remind").out.splitlines()
    assert line.startswith("wecom-group: CRC高危投诉 ")
    assert "59088842" in line
    assert program.ok("remind")[1:] == ("", "")
    assert len(robots.messages) == 1


def test_the_message_is_in_the_language_of_messages(program: Program, robots: Robots) -> None:
    shop = '[[shops]]\ncode = "jd3"\nname = "京东3店"\n'
    program.configure(ALL_DAY.replace('"en"', '"zh"') + shop + group(robots, "wecom"))
    urgent(program)
    program.ok("remind")
    [message] = robots.messages
    assert re.match(
        r"【京东3店】CRC高危投诉 还剩 ?2[45]分(钟)? ?（.*\d\d:\d\d前）工单59088842 订单275549088842\n",
        message.text,
    ), message.text


def test_json_gives_the_ledger_s_rows_with_their_text(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    [told] = program.ok("remind", "--json").json
    assert (told["rule"], told["step"], told["channel"]) == ("before", "before:1800", "wecom-group")
    assert (told["ticket"], told["state"], told["attempts"]) == ("59088842", "sent", 1)
    assert told["text"].startswith("CRC高危投诉 ")
    assert program.ok("remind", "--json").json == []


def test_a_channel_on_standard_output_prints_the_message(program: Program) -> None:
    ready(program, channel("print", "stdout"))
    assert "ticket 59088842 order 275549088842\n急 138****5678\n" in program.ok("remind").out


# Rehearsing


def test_a_dry_run_sends_nothing_and_claims_nothing(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    for _time in range(2):
        assert "59088842" in program.ok("remind", "--dry-run").out
    assert (robots.requests, program.ok("reminders", "--json").json) == ([], [])
    program.ok("remind")
    assert program.ok("remind", "--dry-run").out == ""


def test_a_dry_run_with_now_shows_what_would_go_out_at_any_moment(program: Program) -> None:
    program.configure('[messages]\nlanguage = "en"\n' + channel("print", "stdout"))
    program.ok("import", "-", stdin=table(row(59088842, "2024-06-11 16:40:00")))

    def out(now: str) -> str:
        return program.ok("--now", now, "remind", "--dry-run").out

    assert "urge 2h to go" in out("2024-06-11 18:40").replace("催单", "urge")
    assert out("2024-06-11 20:00") == ""
    assert "30m to go (by 10:40)" in out("2024-06-12 10:10")
    assert "overdue by 20m" in out("2024-06-12 11:00")


def test_now_without_a_dry_run_is_refused(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    said = program.refused(2, "--now", "2024-06-11 10:00", "remind")
    assert "--dry-run" in said
    assert robots.requests == []


# Trouble


def test_without_a_channel_it_says_so(program: Program) -> None:
    program.configure(ALL_DAY)
    assert "[[channels]]" in program.refused(1, "remind")


@pytest.mark.parametrize(
    ("robot", "number"),
    [("wecom", 93000), ("dingtalk", 310000), ("feishu", 19001), ("feishu", 19021), ("feishu", 19024)],
)
def test_a_refusal_behind_http_200_is_loud_and_shows_no_secret(
    program: Program, robots: Robots, robot: str, number: int
) -> None:
    ready(program, group(robots, robot))
    secrets = SECRETS[robot]
    robots.answer_with(code(number, f"no: {' '.join(secrets)}"))
    ran = program.run("remind")
    assert (ran.code, ran.out) == (6, "")
    [line] = ran.err.splitlines()
    assert line.startswith(f"Channel {robot}-group refuses: ")
    assert str(number) in line
    ledger = program.ok("reminders").out + program.ok("reminders", "--json").out
    for secret in filter(None, secrets):
        assert secret not in ran.err + ledger + program.run("doctor").out + program.run("list").err
    assert program.ok("remind").out.count("59088842") == 1


@pytest.mark.parametrize("answer", [http_status(500), http_status(502)])
def test_what_failed_is_loud_and_goes_out_in_the_next_run(
    program: Program, robots: Robots, answer: Answer
) -> None:
    ready(program, group(robots, "wecom"))
    robots.answer_with(answer)
    ran = program.run("remind")
    assert (ran.code, ran.out) == (6, "")
    [line] = ran.err.splitlines()
    assert line.startswith("Channel wecom-group failed: ")
    assert "59088842" in program.ok("remind").out
    assert program.ok("remind").out == ""


@pytest.mark.parametrize(("robot", "number"), [("wecom", 45009), ("dingtalk", 130101), ("feishu", 11232)])
def test_too_many_messages_leaves_the_rest_for_the_next_run(
    program: Program, robots: Robots, robot: str, number: int
) -> None:
    ready(program, group(robots, robot))
    robots.answer_with(code(number, "too many"))
    ran = program.ok("remind")
    assert (ran.out, ran.err) == (
        "",
        f"Channel {robot}-group takes no more now: {'code' if robot == 'feishu' else 'errcode'} {number}: "
        "too many (too many messages at once). 1 reminder waits for the next run.\n",
    )
    [_headings, line] = program.ok("reminders").out.splitlines()
    assert " waits " in line and "under way" not in line
    assert "59088842" in program.ok("remind").out


def test_a_limit_that_goes_on_fails_from_the_third_run_and_keeps_the_heartbeat_back(
    program: Program, robots: Robots
) -> None:
    ready(program, group(robots, "wecom"), more=f'[reminders]\nheartbeat_url = "{robots.url}/ping"\n')
    robots.answer_with(code(45009, "too many"), to=WECOM_KEY, forever=True)
    assert [program.run("remind").code for _run in range(4)] == [0, 0, 6, 6]
    assert "/ping" not in {request.path for request in robots.requests}
    assert "reminders come late" in program.run("remind").err
    assert program.run("check").code == 1
    robots.behave()
    program.ok("remind")
    assert robots.requests[-1].path == "/ping"


def test_rules_that_are_all_off_are_told_by_all_that_look(program: Program, robots: Robots) -> None:
    off = "[reminders]\nnew = false\nbefore = []\noverdue_every = false\nopening = false\n"
    program.configure(ALL_DAY + off + group(robots, "wecom"))
    urgent(program, 59088842)
    assert program.run("check").code == 1
    for command in (["remind"], ["doctor"], ["config", "check"]):
        ran = program.run(*command)
        assert ran.code == (0 if command[0] == "config" else 1)
        assert (
            "No ticket is ever reminded of: new, before, overdue_every and opening are all off"
            in ran.out + ran.err
        )


def test_what_is_printed_where_there_is_no_output_is_not_sent(program: Program) -> None:
    program.configure(ALL_DAY + '[[channels]]\nname = "print"\nkind = "stdout"\n')
    urgent(program, 59088842)
    with program.start("remind", preexec_fn=partial(os.close, 1), stderr=subprocess.PIPE) as run:
        assert run.stderr is not None
        said = run.stderr.read().decode()
    assert run.returncode == 6
    assert "Channel print failed: there is no standard output" in said
    assert "59088842" in program.ok("remind").out


def test_a_budget_of_nothing_is_refused(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    ran = program.run("remind", "--budget", "0s")
    assert (ran.code, ran.out) == (2, "")
    assert "--budget: nothing can be sent in no time" in ran.err


def test_the_heartbeat_is_kept_back_while_nobody_would_be_warned(program: Program, robots: Robots) -> None:
    beat = f'[reminders]\nheartbeat_url = "{robots.url}/ping"\n'
    shops = '[[shops]]\ncode = "jd1"\nname = "一店"\n[[shops]]\ncode = "jd2"\nname = "二店"\n'
    program.configure(ALL_DAY + beat + shops + group(robots, "wecom", shops=["jd1"]))
    program.ok("import", program.write("t.csv", table(row(59088842))), "--shop", "jd2")
    assert program.run("remind").code == 1
    assert program.run("remind").code == 1
    assert robots.requests == []
    program.configure(ALL_DAY + beat + shops + group(robots, "wecom"))
    program.ok("remind")
    assert robots.requests[-1].path == "/ping"


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_heartbeat_that_is_not_there_is_trouble(program: Program, robots: Robots, status: int) -> None:
    robots.wecom("")
    robots.answer_with(http_status(status), to="", forever=True)
    ready(program, group(robots, "wecom"), more=f'[reminders]\nheartbeat_url = "{robots.url}/ping"\n')
    ran = program.run("remind")
    assert (ran.code, ran.out != "") == (6, True)
    assert f"heartbeat_url could not be fetched: HTTP {status}" in ran.err


def test_words_that_a_robot_refuses_are_left_out_and_the_others_go_on(
    program: Program, robots: Robots
) -> None:
    program.configure(ALL_DAY + group(robots, "dingtalk"))
    urgent(program, 59088842, 59088843)
    robots.answer_with(code(430104, "不合适的内容"))
    ran = program.ok("remind")
    assert "refused what 1 message said, and took it without that" in ran.err
    first, second = robots.messages
    assert ("59088842" in first.text, "CRC" in first.text, "急" in first.text) == (True, False, False)
    assert "CRC" in second.text


def test_a_lost_answer_is_not_tried_again_at_once(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    robots.answer_with(http_status(504))
    assert program.run("remind").code == 6
    assert program.ok("remind").out == ""
    [kept] = program.ok("reminders", "--failed", "--json").json
    assert (kept["state"], kept["answer"]) == ("failed", "HTTP 504: out of order")


def test_what_may_have_arrived_is_told_once_and_fails_that_run(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    robots.answer_with(http_status(504), to=WECOM_KEY, forever=True)
    program.run("remind")
    with closing(sqlite3.connect(program.store, isolation_level=None)) as by_hand:
        # As if the pauses were over.
        by_hand.execute("UPDATE reminders SET copies = 2, retry_at = NULL")
    ran = program.run("remind")
    assert (ran.code, "It may have arrived, 3 times at most" in ran.err) == (6, True)
    ran = program.ok("remind")
    assert (ran.out, ran.err) == ("", "")
    assert program.ok("reminders", "--failed", "--json").json == []


def test_check_warns_of_a_failing_channel_and_of_a_gap_each_by_itself(
    program: Program, robots: Robots
) -> None:
    program.configure(ALL_DAY + SHOPS + group(robots, "wecom"))
    urgent(program, minutes_left=200, shop="jd3")
    assert program.ok("check").out.startswith("OK")
    robots.answer_with(code(93000, "invalid webhook url"))
    program.run("remind")
    program.ok("close", "59088842")
    program.ok("remind")
    ran = program.run("check", "--json")
    assert (ran.code, ran.json["channels_in_trouble"], ran.json["reminders"]) == (1, ["wecom-group"], [])
    program.ok("channel", "test", "wecom-group")
    assert program.ok("check").out.startswith("OK")
    program.configure(ALL_DAY + SHOPS + group(robots, "wecom", shops=["jd3"]))
    urgent(program, 59088843, minutes_left=200, shop="jd5")
    ran = program.run("check", "--json")
    assert (ran.code, ran.json["channels_in_trouble"], len(ran.json["reminders"])) == (1, [], 1)


def test_list_says_on_a_terminal_alone_what_nobody_hears_of(program: Program, robots: Robots) -> None:
    program.configure(ALL_DAY + SHOPS + group(robots, "wecom", shops=["jd3"]))
    urgent(program, shop="jd5")
    assert "no channel is for that shop" in " ".join(program.terminal("list").out.split())
    assert "no channel" not in program.ok("list").out
    program.configure(ALL_DAY + SHOPS)
    assert "nobody is reminded" in program.terminal("list").out
    assert "nobody is reminded" not in program.ok("list").out


def test_a_keyword_of_the_configuration_is_in_every_message_the_test_too(
    program: Program, robots: Robots
) -> None:
    url = robots.dingtalk("key", keyword="京东催办")
    ready(program, channel("g", "dingtalk", url=url, keyword="京东催办"))
    program.ok("channel", "test", "g")
    program.ok("remind")
    assert [message.text.startswith("京东催办 ") for message in robots.messages] == [True, True]


def test_a_test_message_ends_the_trouble_of_its_channel(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"))
    robots.answer_with(code(93000, "invalid webhook url"))
    program.run("remind")
    assert "channels that fail: wecom-group" in program.run("check").out
    program.ok("channel", "test", "wecom-group")
    assert "channels that fail" not in program.run("check").out


# What no channel covers


SHOPS = '[[shops]]\ncode = "jd3"\n[[shops]]\ncode = "jd5"\nname = "京东5店"\n'


def test_a_shop_without_a_channel_is_told_hourly_with_a_code_every_time(
    program: Program, robots: Robots
) -> None:
    program.configure(ALL_DAY + SHOPS + group(robots, "wecom", shops=["jd3"]))
    urgent(program, 59088842, shop="jd5")
    first, second = program.run("remind"), program.run("remind")
    assert (first.code, second.code, second.err) == (1, 1, "")
    assert first.err == (
        "! 1 ticket of shop 京东5店 waits, and no channel is for that shop: put it into shops of one, or "
        "default = true on the one for all the rest.\n"
    )
    ran = program.run("check")
    assert (ran.code, "reminders: 1 problem, see jdticket doctor" in ran.out) == (1, True)
    [said] = program.run("check", "--json").json["reminders"]
    assert "no channel is for that shop" in said
    assert "[PROBLEM] reminders: 1 ticket of shop 京东5店 waits" in program.run("doctor").out
    assert "no channel is for that shop" in program.run("config", "check").err
    program.configure(ALL_DAY + SHOPS + group(robots, "wecom", shops=["jd3"], default=True))
    assert "59088842" in program.ok("remind").out


def test_a_variable_that_is_not_set_is_told_wherever_one_looks(program: Program, robots: Robots) -> None:
    ready(program, channel("bad", "wecom", url_env="NO_SUCH_URL"))
    assert "Not set where jdticket runs: NO_SUCH_URL" in program.run("config", "check").err
    assert program.run("remind").code == 6
    assert "NO_SUCH_URL" in program.run("doctor").out
    assert "NO_SUCH_URL" in program.run("check", "--json").out
    program.run("remind", NO_SUCH_URL=robots.wecom())
    # It is where the reminders run that it has to be set.
    assert "NO_SUCH_URL" not in program.run("check", "--json").out


def test_a_channel_without_its_address_fails_loudly_and_the_others_send(
    program: Program, robots: Robots
) -> None:
    ready(program, channel("bad", "wecom", url_env="NO_SUCH_URL"), group(robots, "feishu"))
    ran = program.run("remind")
    assert ran.code == 6
    line, gap = ran.err.splitlines()
    assert line.startswith("Channel bad refuses: ")
    assert ".." not in line
    assert "NO_SUCH_URL" in line
    assert gap.startswith("! Not set where jdticket runs: NO_SUCH_URL.")
    assert [message.robot for message in robots.messages] == ["feishu"]
    ran = program.ok("remind", NO_SUCH_URL=robots.wecom())
    assert ran.out.startswith("bad: ")


def test_each_channel_that_fails_is_told_with_how_many_reminders_wait_for_it(
    program: Program, robots: Robots
) -> None:
    shops = "".join(f'[[shops]]\ncode = "{code}"\n' for code in ("jd3", "jd5"))
    few = channel("three", "wecom", url_env="NO_SUCH_URL", shops=["jd3"])
    program.configure(ALL_DAY + shops + few + channel("all", "wecom", url_env="NO_SUCH_URL"))
    for shop, numbers in (("jd3", (59088001, 59088002)), ("jd5", (59088003,))):
        urgent(program, *numbers, shop=shop)
    *said, _gap = program.run("remind").err.splitlines()
    assert sorted((line.split()[1], re.search("([0-9]+) reminders", line)[1]) for line in said) == [
        ("all", "3"),
        ("three", "2"),
    ]


def test_a_robot_that_never_answers_holds_up_no_other_and_costs_no_more_than_the_budget(
    program: Program, robots: Robots
) -> None:
    ready(program, group(robots, "wecom"), group(robots, "feishu"))
    robots.answer_with(NEVER, to=WECOM_KEY)
    ran = program.run("remind", "--budget", "1s")
    assert ran.code == 6
    assert ran.out.startswith("feishu-group: ")
    assert ran.err.startswith("Channel wecom-group failed: no whole answer within ")


def test_the_heartbeat_is_fetched_after_a_good_run_only(program: Program, robots: Robots) -> None:
    ready(program, group(robots, "wecom"), more=f'[reminders]\nheartbeat_url = "{robots.url}/ping"\n')
    robots.answer_with(http_status(500))
    program.run("remind")
    assert [request.method for request in robots.requests] == ["POST"]
    program.ok("remind")
    program.ok("remind")
    assert [(request.method, request.path) for request in robots.requests[2:]] == [("GET", "/ping")] * 2


# A shop whose tickets cannot be fetched


def test_a_shop_that_cannot_be_fetched_is_told_in_the_group_once_and_so_is_that_it_works_again(
    program: Program, robots: Robots
) -> None:
    all_day = '[service_hours]\ndaily = ["00:00-24:00"]\n'
    program.environ[SECRET_ENV] = APP_SECRET
    with gateway() as platform:
        program.configure(all_day + shops_toml(platform) + group(robots, "wecom", mention=["13800000000"]))

        def sign_in() -> None:
            program.ok("auth", "login", "--code", platform.code_for(APP_KEY, "jd3"))
            program.ok("sync")

        sign_in()
        assert program.ok("remind").out == ""
        platform.revoke("jd3")
        assert program.run("sync").code == 6
        told = "【jd3】今天 xx:xx 以来无法从平台同步工单：请为店铺授权：jdticket auth login jd3"
        assert without_times(program.ok("remind").out) == f"wecom-group: {told}\n"
        assert program.run("sync").code == 6
        assert program.ok("remind").out == ""
        sign_in()
        back = "【jd3】已恢复从平台同步工单（今天 xx:xx 起曾中断）"
        assert without_times(program.ok("remind").out) == f"wecom-group: {back}\n"
        assert program.ok("remind").out == ""
    texts = [without_times(message.text).splitlines()[0] for message in robots.messages]
    assert texts == [told, back]
    assert {message.mentioned for message in robots.messages} == {("13800000000",)}
    ledger = program.ok("reminders").out.splitlines()[1:]
    assert [re.search(r"not fetched|fetched again", line)[0] for line in ledger] == [
        "fetched again",
        "not fetched",
    ]


def without_times(text: str) -> str:
    """Times taken out, and the day: it may change under the test."""
    return re.sub(r"(今天|昨天) \d\d:\d\d(:\d\d)?", "今天 xx:xx", text)


# The ledger


def test_the_ledger_shows_what_went_where_and_what_was_answered(program: Program, robots: Robots) -> None:
    program.configure(ALL_DAY + group(robots, "wecom"))
    program.begin()
    assert program.ok("reminders").out == "No reminder is on record.\n"
    urgent(program, 59088842, 59088843)
    robots.answer_with(code(0, "ok"), http_status(500))
    assert program.run("remind").code == 6
    assert [(kept["ticket"], kept["state"]) for kept in program.ok("reminders", "--json").json] == [
        ("59088843", "failed"),
        ("59088842", "sent"),
    ]
    [failed] = program.ok("reminders", "--failed", "--json").json
    assert (failed["ticket"], failed["answer"], failed["refused"]) == (
        "59088843",
        "HTTP 500: out of order",
        False,
    )
    [sent] = program.ok("reminders", "--ticket", "842", "--json").json
    assert (sent["ticket"], sent["answer"]) == ("59088842", "errcode 0: ok")
    shown = program.ok("reminders").out.splitlines()
    assert len(shown) == 3
    for words in ("59088843", "failed", "wecom-group", "30m before", "HTTP 500"):
        assert words in shown[1]
    assert len(program.ok("reminders", "--limit", "1").out.splitlines()) == 2


def test_the_ledger_of_an_unknown_ticket_is_an_error(program: Program) -> None:
    program.ok("import", "-", stdin=table(row(59088842)))
    assert "999" in program.refused(3, "reminders", "--ticket", "999")
