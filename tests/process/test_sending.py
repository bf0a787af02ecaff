"""Sending on a terminal, where a person is asked, and by several at once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import REPLY
from tests.cli.platform import REPLY_TEXT as TEXT
from tests.cli.platform import replies_there, reply, three_that_wait
from tests.cli.running import Program
from tests.language import assert_speaks


@pytest.fixture
def platform(program: Program) -> Iterator[Gateway]:
    with three_that_wait(program) as running:
        yield running


def test_on_a_terminal_a_person_is_asked_and_the_answer_remembered(
    program: Program, platform: Gateway
) -> None:
    ran = program.terminal(*reply(), typed="9\n2\n")
    assert ran.code == 0
    assert "1  催发货" in ran.out
    assert "A number from 1 to 3, please." in ran.out
    assert platform.orders("jd3")[84700001].reply_sub_biztype_name == "催物流"
    ran = program.terminal(*reply(number="84700002"), typed="\n")
    assert "[2]" in ran.out
    assert platform.orders("jd3")[84700002].reply_sub_biztype_name == "催物流"
    platform.orders("jd3")[84700001].status = 1
    program.terminal(*reply(), typed="退款\n")
    assert platform.orders("jd3")[84700001].reply_sub_biztype_name == "催退款"


def test_nobody_is_asked_where_there_is_one_type_only(program: Program, platform: Gateway) -> None:
    ran = program.terminal(*reply(number="84700003"))
    assert ran.code == 0
    assert replies_there(platform, 84700003) == [TEXT]


def test_who_leaves_at_the_question_is_told_what_stands(program: Program, platform: Gateway) -> None:
    ran = program.terminal(*reply(), typed="\x04")
    assert ran.code == 6
    assert "The reply is recorded, and not on the platform; later: jdticket send 84700001" in ran.out
    [left] = program.ok("replies", "--unsent", "--json").json
    assert (left["ticket"], left["state"]) == ("84700001", "unsent")


def test_the_question_is_in_chinese_too(program: Program, platform: Gateway) -> None:
    ran = program.terminal(*reply(), typed="x\n1\n", JDTICKET_LANG="zh")
    assert_speaks(ran.out, "zh", [TEXT])
    assert "请输入 1 到 3 的序号" in ran.out


def test_two_that_send_at_once_send_it_once(program: Program, platform: Gateway) -> None:
    program.ok("reply", "84700001", "-m", TEXT)
    call = ("send", "84700001", "--subtype", "催物流")
    running = [program.start(*call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    for one in running:
        out, err = one.communicate(timeout=60)
        assert b"Traceback" not in out + err
    assert replies_there(platform) == [TEXT]
    assert [call.method for call in platform.calls].count(REPLY) == 1
