from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from jdticket import i18n
from tests.language import assert_speaks

from .running import Program


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_demo_walks_through_the_main_job_and_says_where_its_store_is(
    program: Program, language: str
) -> None:
    ran = program.ok("demo", JDTICKET_LANG=language)
    shown = re.findall(r"^\$ jdticket ([a-z-]+)", ran.out, re.MULTILINE)
    assert shown == ["import", "list", "reply", "report-outage", "outage", "list"]
    overdue = {"en": r"^overdue \d", "zh": r"^超时 \d"}[language]
    assert re.search(overdue, ran.out, re.MULTILINE)

    *_others, command = ran.out.rstrip().splitlines()
    call = shlex.split(command)
    assert call[0] == "jdticket"
    assert Path(call[2]).parent.name.startswith("jdticket-demo-")
    assert str(Path(call[2]).parent) in ran.out.replace(command, "")
    del program.environ["JDTICKET_DB"]
    assert "84712905" in program.ok(*call[1:]).out


def test_the_demo_leaves_the_real_store_alone(program: Program) -> None:
    program.ok("add", "59088842")
    program.ok("demo")
    assert set(program.tickets()) == {"59088842"}


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_demo_of_the_platform_shows_sync_and_send_against_the_stand_in(
    program: Program, language: str
) -> None:
    ran = program.ok("demo", "--platform", JDTICKET_LANG=language)
    shown = re.findall(r"^\$ jdticket ([a-z]+)", ran.out, re.MULTILINE)
    assert shown == [
        *("auth", "auth", "sync", "list", "reply", "reply", "reply", "replies", "send"),
        *("sync", "show", "sync", "auth"),
    ]
    words = {
        "en": [
            "75 new, 0 changed, 75 tickets read.",
            "the reply is on the platform; its answer was lost on the way",
            "NOT on the platform",
            "the platform rejected the reply; pending again",
        ],
        "zh": [
            "新增 75，更新 0，共读取 75 个工单。",
            "回复已送达平台（应答曾丢失，查询确认）",
            "【没有】送达平台",
            "平台驳回了回复，重新待处理",
        ],
    }
    for said in words[language]:
        assert said in ran.out + ran.err
    assert_speaks(ran.out + ran.err, language, MADE_UP if language == "en" else [])


MADE_UP = [
    *("小王", "京东3店", "您好，包裹今天18点前发出，运单号JDX0123456789，请留意查收。", "已驳回", "待回复"),
    *(
        "催发货",
        "商品质量",
        "商品咨询",
        "回复成功",
        "限制时间内调用失败次数",
        "催单",
        "咨询",
        "投诉",
        "CRC高危投诉",
    ),
    *("是否支持七天无理由退货", "物流信息两天没有更新，请尽快核实", "颜色发错，店铺拒绝换货"),
    *("客户称将向媒体反映", "催促发货，已付款三天", "咨询保修期限", "收到的商品与描述不符，要求赔偿"),
    *("要求平台介入", "退货已签收，催促退款", "商品破损，要求退款"),
]
