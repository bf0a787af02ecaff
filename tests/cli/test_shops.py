"""A shop that was held under one of its names before the configuration knew its code."""

from __future__ import annotations

import pytest

from .running import HEADER, Program

SHOPS = '[[shops]]\ncode = "jd5"\nname = "京东5店"\naliases = ["五店"]\n\n[[shops]]\ncode = "jd3"\n'
OLD = "2024-06-11 10:00:00"


def _row(number: int, shop: str) -> str:
    return f"{number},{275490000000 + number},催单,{OLD},催,{shop}\n"


@pytest.fixture
def desk(program: Program) -> Program:
    """Tickets of 京东5店 and 五店 and an outage of 京东5店, from before there was a configuration; then the
    shops, and one more of jd5 and one of jd3."""
    head = f"{HEADER},店铺\n"
    program.ok("import", "-", stdin=head + _row(59088841, "京东5店") + _row(59088842, "五店"))
    program.ok("report-outage", "--reason", "power", "--since", OLD, "--shop", "京东5店")
    program.configure(SHOPS)
    program.ok("import", "-", stdin=head + _row(59088843, "jd5") + _row(59088844, "jd3"))
    return program


def test_every_view_finds_it_under_its_code(desk: Program) -> None:
    ours = {"59088841", "59088842", "59088843"}
    for asked in ("jd5", "京东5店", "五店"):
        assert set(desk.tickets("--shop", asked)) == ours
    assert {held["shop"] for held in desk.tickets("--shop", "jd5").values()} == {"jd5"}
    assert desk.run("check", "--shop", "jd5", "--json").json["overdue"] == 3
    assert {row["id"]: row["shop"] for row in desk.ok("search", "催", "--json").json} == {
        **dict.fromkeys(ours, "jd5"),
        "59088844": "jd3",
    }
    assert desk.ok("show", "842", "--json").json["shop"] == "jd5"


def test_an_outage_has_its_tickets(desk: Program) -> None:
    shown = desk.ok("outage", "show", "1", "--json").json
    assert shown["shops"] == ["jd5"]
    assert [ticket["id"] for ticket in shown["tickets"]] == ["59088841", "59088842", "59088843"]


def test_replies_are_found_by_the_shop(desk: Program) -> None:
    desk.ok("reply", "841", "-m", "您好，您的订单今天已经发出。")
    assert [reply["ticket"] for reply in desk.ok("replies", "--shop", "jd5", "--json").json] == ["59088841"]


def test_its_channel_hears_of_it(desk: Program) -> None:
    desk.configure(SHOPS + '\n[[channels]]\nname = "five"\nkind = "stdout"\nshops = ["jd5"]\nnight = true\n')
    said = desk.ok("remind", "--dry-run").out
    assert "59088841" in said
    assert "59088842" in said


def test_an_import_under_the_code_is_no_news(desk: Program) -> None:
    ran = desk.ok("import", "-", stdin=f"{HEADER},店铺\n" + _row(59088841, "jd5"))
    assert ran.out.startswith("0 new, 0 changed, 1 unchanged")
