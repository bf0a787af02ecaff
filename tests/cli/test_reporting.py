from __future__ import annotations

from pathlib import Path

import pytest

from .running import Program, row, table

SHOPS = (
    '[[shops]]\ncode = "jd3"\nname = "京东3店"\nmanager = { name = "张经理", phone = "13800000000" }\n'
    '[[shops]]\ncode = "jd5"\nname = "京东5店"\nmanager = { name = "王经理" }\n'
)
SINCE = ("--reason", "power", "--since", "2024-06-11 13:00")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Shop jd3 has tickets due on 2024-06-11 at 14:00 and, answered, at 13:00; jd5 one due at 14:00."""
    program = Program(tmp_path_factory.mktemp("desk"))
    program.configure(SHOPS)
    program.ok(
        "import", "-", "--shop", "jd3", stdin=table(row(59088842), row(59088843, "2024-06-11 09:00:00"))
    )
    program.ok("import", "-", "--shop", "jd5", stdin=table(row(59088844)))
    program.ok("reply", "843", "-m", "您好，订单今天已发出", "--at", "2024-06-11 12:00")
    return program


@pytest.fixture
def desk(prepared: Program, tmp_path: Path) -> Program:
    return prepared.copy_to(tmp_path)


def test_a_report_lists_the_tickets_that_it_endangers_and_gives_a_note_to_send(desk: Program) -> None:
    ran = desk.ok("report-outage", *SINCE, "--shop", "jd3", "--note", "园区停电")
    assert ran.out.splitlines()[:3] == [
        "Outage 1 is on record: power cut, since 2024-06-11 13:00.",
        "It cuts into the time of 1 pending ticket:",
        "  ticket 59088842, order 275549088842, urge, due 2024-06-11 14:00",
    ]
    _before, note = ran.out.split("To send to the operations manager:\n")
    for words in ("京东3店", "停电", "2024-06-11 13:00", "59088842", "275549088842", "园区停电"):
        assert words in note
    assert "59088844" not in note


def test_the_note_is_in_chinese_whatever_the_interface_speaks(desk: Program) -> None:
    note = desk.ok("report-outage", *SINCE, "--json").json["note_to_manager"]
    assert "截止" in note
    assert "工单" in note
    desk.configure(SHOPS + '[messages]\nlanguage = "en"\n')
    assert "power cut" in desk.ok("report-outage", *SINCE, "--json").json["note_to_manager"]


def test_each_manager_gets_a_note_of_their_own_shops_alone(desk: Program) -> None:
    answer = desk.ok("report-outage", *SINCE, "--json").json
    notes = {note["manager"]: note for note in answer["notes_to_managers"]}
    assert {name: note["shops"] for name, note in notes.items()} == {"张经理": ["jd3"], "王经理": ["jd5"]}
    for manager, ours, theirs in (("张经理", "3", "5"), ("王经理", "5", "3")):
        text = notes[manager]["note"]
        assert text.startswith(f"{manager}您好，我是京东{ours}店的客服。")
        assert f"京东{theirs}店" not in text
        assert ("59088842" in text) is (ours == "3")
        assert ("59088844" in text) is (ours == "5")
    shown = desk.ok("report-outage", *SINCE).out
    assert "To send to the operations manager 张经理 (京东3店):\n张经理您好" in shown
    assert "To send to the operations manager 王经理 (京东5店):\n王经理您好" in shown


def test_without_a_configuration_the_note_names_the_shops_of_the_tickets(program: Program) -> None:
    row = "59088842,275549088842,催单,2024-06-11 10:00:00,催,京东9店"
    program.ok("import", "-", stdin=f"工单号,订单号,类型,创建时间,内容,店铺\n{row}\n")
    [note] = program.ok("report-outage", *SINCE, "--json").json["notes_to_managers"]
    assert note["note"].startswith("您好，我是京东9店的客服。")
    assert (note["manager"], note["shops"]) == ("", ["京东9店"])


def test_a_pipe_is_never_asked_anything(desk: Program) -> None:
    ran = desk.ok("report-outage", "--reason", "other", stdin="1\n13:00\n1\n张经理\n")
    assert "Outage 1 is on record: other reason, since today" in ran.out
    assert "NOT YET CONTACTED" in ran.out


def test_in_a_pipe_no_reason_is_made_up(desk: Program) -> None:
    said = desk.refused(2, "report-outage", "--shop", "jd3", "--json")
    assert said.startswith("Say why with --reason: power (power cut), network (network failure), ")
    assert desk.ok("outage", "list", "--json").json == []


def test_until_the_manager_is_contacted_list_and_check_say_so(desk: Program) -> None:
    desk.ok("report-outage", *SINCE)
    before = ("--now", "2024-06-11 12:00")
    assert "operations manager not yet contacted" in desk.ok("list", *before).out
    assert desk.run("check", *before).code == 1
    desk.ok("outage", "contact", "1", "--via", "phone", "--manager", "张经理", "--no-answer")
    assert desk.run("check", *before).code == 1
    desk.ok("outage", "contact", "1", "--via", "phone")
    assert "not yet contacted" not in desk.ok("list", *before).out
    assert desk.run("check", *before).code == 0


def test_with_manager_and_channel_the_contact_is_logged_with_the_report(desk: Program) -> None:
    ran = desk.ok(
        *("report-outage", *SINCE, "--shop", "京东5店", "--manager", "李经理", "--via", "wechat"),
        *("--contacted-at", "2024-06-11 13:05", "--said", "已知悉", "--json"),
    )
    answer = ran.json
    assert answer["manager_contacted"] is True
    assert answer["contacts"] == [
        {
            "id": 1,
            "outage": 1,
            "manager": "李经理",
            "via": "wechat",
            "at": "2024-06-11T13:05:00+08:00",
            "said": "已知悉",
            "outcome": "told",
        }
    ]
    assert (answer["since"], answer["until"]) == ("2024-06-11T13:00:00+08:00", None)
    assert [ticket["id"] for ticket in answer["tickets"]] == ["59088844"]


def test_the_manager_of_the_shop_is_known_from_the_configuration(desk: Program) -> None:
    shown = desk.ok("report-outage", *SINCE, "--shop", "jd3", "--via", "phone").out
    assert "Contact logged: 张经理, phone." in shown


def test_a_contact_with_nobody_known_is_refused_before_anything_is_recorded(desk: Program) -> None:
    for half in (["--via", "phone"], ["--said", "停电了"], ["--contacted-at", "2024-06-11 11:00"]):
        said = desk.refused(2, "report-outage", *SINCE, *half)  # two shops, two managers
        assert "To log the contact, both --manager and --via are needed." in said
    assert "No outage is on record." in desk.ok("outage", "list").out


def test_the_manager_to_call_is_named_with_the_number(desk: Program) -> None:
    shown = desk.ok("report-outage", *SINCE, "--shop", "jd3").out
    assert "NOT YET CONTACTED" in shown
    assert "京东3店: 张经理" in shown


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (2, ["--reason", "laziness"], "laziness is not one of"),
        (2, ["--via", "fax"], "fax is not one of"),
        (2, ["--since", "10/11/2024"], "--since"),
        (2, [*SINCE, "--until", "2024-06-11 12:00"], "end before it begins"),
        (2, ["--contacted-at", "2099-01-01"], "in the future"),
        (1, ["--shop", "天猫店"], "天猫店"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_report_that_cannot_be_leaves_nothing(
    desk: Program, code: int, arguments: list[str], words: str
) -> None:
    assert words in desk.refused(code, "report-outage", *arguments)
    assert desk.ok("outage", "list", "--json").json == []


def test_a_terminal_is_asked_for_what_is_missing(desk: Program) -> None:
    ran = desk.terminal("report-outage", typed="9\n2\nnonsense\n2024-06-11 13:00\n2\n赵经理\n", width=120)
    assert ran.code == 0, ran.out
    assert "A number from 1 to 7, or one of these words, please." in ran.out
    assert "cannot be read as a time" in ran.out
    [outage] = desk.ok("outage", "list", "--json").json
    assert (outage["reason"], outage["since"]) == ("network", "2024-06-11T13:00:00+08:00")
    [contact] = desk.ok("outage", "show", "1", "--json").json["contacts"]
    assert (contact["manager"], contact["via"]) == ("赵经理", "wechat")


def test_a_terminal_takes_the_words_that_it_shows(desk: Program) -> None:
    ran = desk.terminal(
        "report-outage", typed="停电\n2024-06-11 13:00\nＷechat\n赵经理\n", width=120, JDTICKET_LANG="zh"
    )
    assert ran.code == 0, ran.out
    story = desk.ok("outage", "show", "1", "--json").json
    assert (story["reason"], story["contacts"][0]["via"]) == ("power", "wechat")


def test_a_terminal_is_not_asked_for_what_was_said(desk: Program) -> None:
    ran = desk.terminal("report-outage", *SINCE, "--via", "phone", "--manager", "张经理")
    assert ran.code == 0
    assert "number)" not in ran.out


def test_ctrl_d_at_a_question_records_nothing(desk: Program) -> None:
    ran = desk.terminal("report-outage", typed="1\n\x04")
    assert ran.code == 130, ran.out
    assert desk.ok("outage", "list", "--json").json == []
