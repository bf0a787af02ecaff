from __future__ import annotations

from pathlib import Path

import pytest

from .running import Program, row, table

LATER = "2098-01-01 10:00"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Two tickets due at 14:00 and 15:00 on 2024-06-11, and a power cut since 13:00."""
    program = Program(tmp_path_factory.mktemp("desk"))
    program.ok("import", "-", stdin=table(row(59088842), row(59088843, "2024-06-11 11:00:00")))
    program.ok("report-outage", "--reason", "power", "--since", "2024-06-11 13:00", "--note", "园区停电")
    return program


@pytest.fixture
def desk(prepared: Program, tmp_path: Path) -> Program:
    return prepared.copy_to(tmp_path)


def deadlines(program: Program) -> dict[str, str]:
    return {number: ticket["deadline_at"] for number, ticket in program.tickets().items()}


def test_a_grant_moves_the_deadline_of_the_tickets_in_danger(desk: Program) -> None:
    ran = desk.ok(
        *("outage", "contact", "1", "--via", "phone", "--manager", "张经理", "--at", "2024-06-11 13:10"),
        *("--said", "同意", "--granted-until", LATER),
    )
    assert ran.out.splitlines() == [
        "Contact 1 about outage 1 is logged.",
        "ticket 59088842: due 2098-01-01 10:00 now, was 2024-06-11 14:00",
        "ticket 59088843: due 2098-01-01 10:00 now, was 2024-06-11 15:00",
    ]
    held = desk.tickets()["59088842"]
    assert held["deadline_at"] == "2098-01-01T10:00:00+08:00"
    assert held["first_deadline_at"] == "2024-06-11T14:00:00+08:00"
    assert held["deadline_source"] == "granted"


def test_grant_contact_and_outage_stay_linked_in_show(desk: Program) -> None:
    desk.ok("outage", "contact", "1", "--via", "phone", "--manager", "张经理", "--granted-until", LATER)
    ticket = desk.ok("show", "842").out
    assert "first deadline  2024-06-11 14:00" in ticket
    assert "ticket 59088842: 2024-06-11 14:00 → 2098-01-01 10:00 (contact 1, outage 1)" in ticket
    assert "granted by 张经理" in ticket
    outage = desk.ok("outage", "show", "1").out
    assert "ticket 59088842: 2024-06-11 14:00 → 2098-01-01 10:00 (contact 1, outage 1)" in outage
    assert "张经理, phone, granted more time" in outage
    [extension, _other] = desk.ok("outage", "show", "1", "--json").json["extensions"]
    assert (extension["ticket"], extension["contact"], extension["outage"]) == ("59088842", 1, 1)
    assert extension["old_deadline_at"] == "2024-06-11T14:00:00+08:00"


def test_a_grant_may_be_for_named_tickets_only(desk: Program) -> None:
    desk.ok("outage", "contact", "1", "--via", "phone", "--granted-until", LATER, "--tickets", "843")
    assert deadlines(desk) == {
        "59088842": "2024-06-11T14:00:00+08:00",
        "59088843": "2098-01-01T10:00:00+08:00",
    }


def test_a_grant_never_moves_a_deadline_to_an_earlier_moment(desk: Program) -> None:
    desk.ok("outage", "contact", "1", "--via", "phone", "--granted-until", LATER)
    ran = desk.ok(
        "outage", "contact", "1", "--via", "phone", "--granted-until", "2097-01-01", "--tickets", "842,843"
    )
    assert "Already due as late as that, left alone: 59088842, 59088843" in ran.out
    assert set(deadlines(desk).values()) == {"2098-01-01T10:00:00+08:00"}


@pytest.mark.parametrize(
    ("options", "outcome", "contacted"),
    [([], "told", True), (["--refused"], "refused", True), (["--no-answer"], "no_answer", False)],
    ids=["told", "refused", "no answer"],
)
def test_only_a_grant_moves_a_deadline(
    desk: Program, options: list[str], outcome: str, contacted: bool
) -> None:
    before = deadlines(desk)
    desk.ok("outage", "contact", "1", "--via", "dingtalk", *options)
    answer = desk.ok("outage", "show", "1", "--json").json
    assert (answer["contacts"][0]["outcome"], answer["manager_contacted"]) == (outcome, contacted)
    assert deadlines(desk) == before


def test_an_outage_ends_once(desk: Program) -> None:
    assert "Outage 1 ended at" in desk.ok("outage", "end", "1", "--at", "2024-06-11 15:30").out
    assert desk.ok("outage", "list", "--json").json[0]["until"] == "2024-06-11T15:30:00+08:00"
    assert "Outage 1 has already ended" in desk.refused(4, "outage", "end", "1")


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (3, ["show", "7"], "There is no outage 7"),
        (3, ["end", "7"], "There is no outage 7"),
        (3, ["contact", "7", "--via", "phone"], "There is no outage 7"),
        (2, ["show", "one"], "one is no number"),
        (2, ["end", "1", "--at", "2024-06-11 12:00"], "cannot have ended before"),
        (2, ["contact", "1"], "--via"),
        (2, ["contact", "1", "--via", "phone", "--refused", "--no-answer"], "not several"),
        (2, ["contact", "1", "--via", "phone", "--at", "2099-01-01"], "in the future"),
        (2, ["contact", "1", "--via", "phone", "--granted-until", "2024-06-11 12:00"], "beyond the contact"),
        (2, ["contact", "1", "--via", "phone", "--tickets", "842"], "--tickets goes with --granted-until"),
        (3, ["contact", "1", "--via", "phone", "--granted-until", LATER, "--tickets", "777"], "777"),
        (2, ["shw"], "Did you mean show?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    desk: Program, code: int, arguments: list[str], words: str
) -> None:
    before = desk.sql("SELECT count(*) FROM events")
    assert words in desk.refused(code, "outage", *arguments)
    assert desk.sql("SELECT count(*) FROM events") == before


def test_all_outages_are_listed_the_newest_first(desk: Program) -> None:
    desk.ok(
        "report-outage", "--reason", "network", "--since", "2024-06-12 10:00", "--until", "2024-06-12 11:00"
    )
    lines = desk.ok("outage", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["outage", "2", "1"]
    assert "network failure" in lines[1]
    assert "it lasts" in lines[2]
    assert "NOT YET CONTACTED" in lines[2]


def test_a_desk_without_outages_says_so(program: Program) -> None:
    program.begin()
    assert program.ok("outage", "list").out == "No outage is on record.\n"
    assert program.ok("outage", "list", "--json").json == []
