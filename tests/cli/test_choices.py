"""Options whose values are words."""

from __future__ import annotations

import pytest

from .running import Program, row, table


@pytest.fixture
def desk(program: Program) -> Program:
    program.ok("import", "-", stdin=table(row(59088842, kind="投诉"), row(59088843, kind="催单")))
    return program


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("reason", "via"), [("停电", "电话"), ("Power cut", "phone"), ("power", " 微信 ")])
def test_reason_and_way_of_contact_are_taken_as_they_are_shown(
    desk: Program, reason: str, via: str, language: str
) -> None:
    call = ("report-outage", "--reason", reason, "--manager", "张经理", "--json", "--via", via)
    answer = desk.ok("--lang", language, *call).json
    assert answer["reason"] == "power"
    assert answer["contacts"][0]["via"] == ("wechat" if "微信" in via else "phone")
    desk.ok("outage", "contact", "1", "--via", via)


@pytest.mark.parametrize("word", ["投诉", "complaint", "Complaint"])
def test_a_kind_is_taken_as_it_is_shown(desk: Program, word: str) -> None:
    assert set(desk.tickets("--kind", word)) == {"59088842"}
    desk.ok("add", "59088844", "--kind", word)
    assert desk.tickets()["59088844"]["kind"] == "complaint"


def test_the_platforms_word_for_a_kind_is_taken(desk: Program) -> None:
    desk.ok("add", "59088844", "--kind", "CRC高危投诉")
    assert desk.tickets()["59088844"]["kind"] == "crc"


def test_what_is_none_of_them_is_told_what_there_is(desk: Program) -> None:
    said = desk.refused(2, "list", "--kind", "退款")
    assert said.startswith("--kind: 退款 is not one of crc, complaint, urge, consult (inquiry), other")
    ran = desk.run("report-outage", "--reason", "懒", JDTICKET_LANG="zh")
    assert (ran.code, ran.out) == (2, "")
    assert "--reason：不能是 懒，可选：停电（power）、" in ran.err


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["report-outage"], ["停电（power）", "电话（phone）"]),
        (["outage", "contact"], ["电话（phone）"]),
        (["list"], ["投诉（complaint）"]),
    ],
)
def test_help_lists_them(desk: Program, call: list[str], words: list[str]) -> None:
    shown = "".join(desk.ok(*call, "--help", JDTICKET_LANG="zh", COLUMNS="400").out.split())
    for word in words:
        assert word in shown
