from __future__ import annotations

import re
from pathlib import Path

import pytest

from .running import HEADER, Program, row, table

DATA = Path(__file__).parents[1] / "data"
EXPORT = table(
    row(59088841, "2024-06-10 14:00:00", "投诉"),
    row(59088842, "2024-06-11 10:00:00", "催单"),
    row(59088843, "2024-06-11 10:00:00", "CRC高危投诉"),
)
BAD_ROWS = table(
    row(59088850),
    row(59088851, "10/11/2024"),
    row(59088852, "2024-02-30"),
    row(59088853, "2099-01-01"),
    "5.90888E+07,275490614167,催单,2024-06-11 10:00:00,x",
    row(59088854),
)
SHOPS = '[[shops]]\ncode = "jd3"\nname = "京东3店"\n[[shops]]\ncode = "jd5"\n'


def page() -> str:
    """The copied page, its dates in a year that is surely over."""
    return (DATA / "page.txt").read_text(encoding="utf-8").replace("2026-11-2", "2024-11-2")


# One ticket by hand


def test_a_ticket_added_by_hand_gets_its_deadline(program: Program) -> None:
    ran = program.ok(
        *("add", "59088842", "--order", "275490614167", "--kind", "crc", "--at", "2024-06-11 16:00"),
        *("-m", "催发货"),
    )
    assert ran.out == "Ticket 59088842 added, due 2024-06-12 10:00.\n"
    held = program.tickets()["59088842"]
    assert (held["order_id"], held["kind"], held["content"]) == ("275490614167", "crc", "催发货")


def test_adding_the_same_ticket_again_changes_only_what_is_new(program: Program) -> None:
    add = ("add", "59088842", "--at", "2024-06-11 10:00")
    program.ok(*add)
    assert "nothing changed" in program.ok(*add).out
    assert "has been changed" in program.ok(*add, "--order", "275490614167").out
    assert program.sql("SELECT count(*) FROM tickets") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["12"], "12 is no ticket number"),
        ([""], "nothing is no ticket number"),
        (["275490614167"], "is no ticket number"),
        (["59088842", "--order", "1"], "1 is no order number"),
        (["59088842", "--at", "10/11/2024"], "write 2024-10-11 or 2024-11-10"),
        (["59088842", "--at", "2024-02-30"], "is impossible"),
        (["59088842", "--at", "2099-01-01 10:00"], "is in the future"),
        (["59088842", "--kind", "spam"], "spam is not one of"),
        ([], "Missing: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_ticket_that_cannot_be_is_not_added(program: Program, arguments: list[str], words: str) -> None:
    assert words in program.refused(2, "add", *arguments)
    assert program.tickets() == {}


def test_a_shop_that_is_not_configured_is_refused(program: Program) -> None:
    program.configure(SHOPS)
    assert "There is no shop “天猫店”" in program.refused(1, "add", "59088842", "--shop", "天猫店")
    assert "There is no shop “天猫店”" in program.refused(1, "import", "-", "--shop", "天猫店", stdin=EXPORT)
    assert program.tickets() == {}


def test_with_several_shops_a_ticket_must_name_its_own(program: Program) -> None:
    program.configure(SHOPS)
    assert "say which with --shop" in program.refused(2, "add", "59088842")
    program.ok("add", "59088842", "--shop", "京东3店")
    assert program.tickets()["59088842"]["shop"] == "jd3"


# Files


def test_an_export_in_the_encoding_of_chinese_windows_goes_in(program: Program) -> None:
    path = program.write("工单.csv", EXPORT.encode("gb18030"))
    ran = program.ok("import", path)
    assert ran.out == "3 new, 0 changed, 0 unchanged, 0 rejected. Next: jdticket list --pending\n"
    assert program.tickets()["59088841"]["kind_text"] == "投诉"


def test_the_second_import_of_a_file_says_nothing_is_new(program: Program) -> None:
    path = program.write("tickets.csv", EXPORT)
    program.ok("import", path)
    assert program.ok("import", path).out == "0 new, 0 changed, 3 unchanged, 0 rejected.\n"


def test_an_import_never_undoes_a_reply_and_says_when_the_platform_does_not_show_it(program: Program) -> None:
    export = "工单号,创建时间,状态\n59088842,2024-06-11 10:00:00,待回复\n"
    program.ok("import", "-", stdin=export)
    program.ok("reply", "842", "-m", "您好，已经发出了", "--at", "2024-06-11 11:00")
    ran = program.ok("import", "-", stdin=export)
    assert ran.out.startswith("0 new, 1 changed")
    assert "1 reply may not have reached the platform, which still waits: 59088842" in ran.err
    assert program.tickets()["59088842"]["status"] == "replied"
    assert program.ok("import", "-", stdin=export).out.startswith("0 new, 0 changed")


def test_a_state_of_the_platform_that_ends_a_ticket_is_taken_over(program: Program) -> None:
    program.ok("import", "-", stdin=EXPORT)
    states = (
        "工单号,创建时间,状态\n59088841,2024-06-10 14:00:00,已关闭\n59088842,2024-06-11 10:00:00,已作废\n"
    )
    assert program.ok("import", "-", stdin=states).out.startswith("0 new, 2 changed")
    held = program.tickets()
    assert (held["59088841"]["status"], held["59088842"]["status"]) == ("closed", "void")


def test_several_files_go_in_at_once(program: Program) -> None:
    one = program.write("one.csv", table(row(59088842)))
    two = program.write("two.json", '[{"工单号": "59088843", "创建时间": "2024-06-11 10:00:00"}]')
    ran = program.ok("import", one, "-", two, stdin=table(row(59088844)))
    assert ran.out.startswith("3 new")


def test_rows_that_cannot_be_taken_are_named_and_the_others_go_in(program: Program) -> None:
    ran = program.run("import", program.write("rows.csv", BAD_ROWS))
    assert ran.code == 1
    assert ran.out.startswith("2 new, 0 changed, 0 unchanged, 4 rejected.")
    named = [line for line in ran.err.splitlines() if not line.startswith("New store")]
    for line, (number, column, value, why) in zip(
        named,
        [
            (3, "创建时间", "10/11/2024", "write 2024-10-11 or 2024-11-10"),
            (4, "创建时间", "2024-02-30", "impossible"),
            (5, "创建时间", "2099-01-01", "in the future"),
            (6, "工单号", "5.90888E+07", "Excel has rounded this number"),
        ],
        strict=True,
    ):
        assert line.startswith(f"rows.csv, row {number}, column {column} “{value}”: ")
        assert why in line
    assert set(program.tickets()) == {"59088850", "59088854"}


def test_an_import_answers_in_json(program: Program) -> None:
    ran = program.run("import", "-", "--json", stdin=BAD_ROWS)
    assert ran.code == 1
    answer = ran.json
    rejections = answer.pop("rejections")
    assert answer == {
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "rejected": 4,
        "returned": [],
        "rejected_replies": [],
        "reopened": [],
        "still_waiting": [],
        "notes": [],
        "announced": None,
        "complete": False,
        "missing": [],
        "closed": [],
        "dry_run": False,
    }
    assert [found["row"] for found in rejections] == [3, 4, 5, 6]
    assert set(rejections[0]) == {"source", "row", "column", "value", "reason"}


def states(*words: str) -> str:
    rows = [f"5908884{n},2024-06-11 10:00:00,{word}" for n, word in enumerate(words)]
    return "\n".join(["工单号,创建时间,状态", *rows, ""])


def test_what_the_platform_says_of_tickets_that_seemed_done_is_told(program: Program) -> None:
    program.ok("import", "-", stdin=states("待回复", "待回复", "已关闭", "待回复"))
    for number, what in (("59088840", "reply"), ("59088841", "reply"), ("59088843", "close")):
        program.ok(what, number, *(["-m", "您好，已为您补发"] if what == "reply" else []))
    ran = program.ok("import", "-", stdin=states("待处理", "已驳回", "待处理", "平台处理中"))
    assert ran.err.splitlines() == [
        "! standard input, row 5: the state “平台处理中” is not known, so ticket 59088843 is closed; look at "
        'it there. To teach it, in the configuration under [platform_words]: "平台处理中" = "waiting" (or '
        '"replied", "rejected", "closed", "void").',
        "! 1 reply may not have reached the platform, which still waits: 59088840",
        "! the platform rejected the reply to 1 ticket, which waits again: 59088841",
        "! the platform shows 1 ticket as waiting again; it is pending again: 59088842",
    ]
    assert program.ok("import", "-", stdin=states("待处理", "已驳回", "待处理", "平台处理中")).err == ""


def test_a_ticket_closed_here_that_the_platform_shows_as_waiting_is_told_once(program: Program) -> None:
    program.ok("import", "-", stdin=states("待回复"))
    program.ok("close", "59088840", "--anyway")
    again = states("待回复")
    assert program.ok("import", "-", "--json", stdin=again).json["still_waiting"] == []
    program.ok("reopen", "59088840", "--why", "又来催")
    program.ok("close", "59088840")
    found = program.ok("import", "-", "--json", stdin=again)
    assert (found.json["still_waiting"], found.json["reopened"]) == (["59088840"], [])
    assert program.ok("import", "-", "--json", stdin=again).json["still_waiting"] == []


def test_closing_what_the_platform_still_waits_for_says_so_and_is_confirmed_once(program: Program) -> None:
    program.ok("import", "-", stdin=states("待回复"))
    program.ok("reply", "840", "-m", "您好，已为您补发")
    program.ok("import", "-", stdin=states("待回复"))
    said = program.ok("close", "840").err
    assert said == (
        "! The platform still shows it as waiting. If that is right: jdticket close 59088840 --anyway\n"
    )
    for _again in range(2):
        assert program.ok("close", "840", "--anyway").err == ""
    [kinds] = [[event["kind"] for event in program.ok("show", "840", "--json").json["events"]]]
    assert kinds == ["taken_in", "replied", "returned", "closed", "closed"]


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(program: Program) -> None:
    ran = program.ok("import", "-", "--dry-run", stdin=EXPORT)
    assert ran.out == "3 new, 0 changed, 0 unchanged, 0 rejected. Dry run: nothing was kept.\n"
    assert program.tickets() == {}
    assert program.sql("SELECT count(*) FROM events") == [(0,)]


def test_a_heading_that_is_not_known_can_be_mapped(program: Program) -> None:
    export = "编号,买家,建立于\n59088842,x,2024-06-11 10:00:00\n"
    said = program.refused(1, "import", "-", stdin=export)
    assert "seen were 编号, 买家, 建立于" in said
    assert "needed are a ticket number" in said
    program.ok("import", "-", "--map", "id=编号", "--map", "created_at=建立于", stdin=export)
    assert set(program.tickets()) == {"59088842"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name the files to import"),
        (["x.csv", "--clipboard"], "Name the files to import"),
        (["-", "--map", "id"], "write FIELD=COLUMN"),
        (["-", "--map", "nix=编号"], "there is no such field"),
        (["-", "--encoding", "klingon"], "klingon"),
        (["-", "--copied-at", "soon"], "--copied-at"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_import_without_meaning_is_wrong_usage(program: Program, arguments: list[str], words: str) -> None:
    assert words in program.refused(2, "import", *arguments, stdin=EXPORT)
    assert not program.store.exists() or program.tickets() == {}


def test_an_encoding_can_be_told(program: Program) -> None:
    path = program.write("tickets.csv", EXPORT.encode("utf-16-le"))
    assert program.ok("import", path, "--encoding", "utf-16-le").out.startswith("3 new")
    assert "no row with usable headings" in program.refused(1, "import", path, "--encoding", "utf-8")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b" \r\n\r\n", "is empty"),
        ("binary.csv", bytes(range(256)) * 4, "binary data"),
        ("heads.csv", b"a,b\n1,2\n", "seen were a, b"),
        ("twice.csv", "工单号,工单号,创建时间\n1,2,3\n".encode(), "工单号"),
        ("short.json", b'[{"id": "59088842"', "breaks off"),
        ("short.xlsx", (DATA / "export.xlsx").read_bytes()[:2000], "short.xlsx"),
        ("locked.xlsx", (DATA / "protected.xlsx").read_bytes(), "protected by a password"),
        ("locked.xls", (DATA / "protected.xls").read_bytes(), "protected by a password"),
        ("locked.ods", (DATA / "protected.ods").read_bytes(), "protected by a password"),
        ("page.csv", b"<html><table><tr><td>1</td></tr></table></html>", "seen were 1"),
        ("text.xls", b"<html><p>1</p></html>", "web page"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_an_unusable_file_is_named_with_what_is_wrong(
    program: Program, name: str, content: bytes, words: str
) -> None:
    said = program.refused(1, "import", program.write(name, content))
    assert name in said
    assert words in said
    assert program.sql("SELECT count(*) FROM events") == [(0,)]


def test_a_missing_file_and_a_folder_are_named_before_anything_is_made(program: Program) -> None:
    assert program.refused(1, "import", "nix.csv") == "nix.csv: there is no such file."
    assert program.refused(1, "import", ".") == ". is a folder; name the files in it."
    assert not program.store.exists()


def test_a_file_without_a_row_is_pointed_out_and_is_no_failure(program: Program) -> None:
    ran = program.ok("import", program.write("none.csv", HEADER + "\n"))
    assert "none.csv has headings but no tickets below them." in ran.err


def test_ragged_rows_mixed_line_ends_nul_bytes_and_a_huge_cell_cost_only_their_own_rows(
    program: Program,
) -> None:
    export = (
        f"{HEADER}\r\n{row(59088841)}\n{row(59088842)}\r59088843,,催单\n"
        f"{row(59088844, content='a' + chr(0) + 'b')}\n{row(59088845, content='x' * 2_000_000)}\n"
        f"{row(59088846)},one,more\n"
    )
    ran = program.run("import", "-", stdin=export)
    assert ran.code == 1
    assert set(program.tickets()) == {"59088841", "59088842", "59088844", "59088846"}
    for told in ("row 4, column 创建时间", "NUL", "more than 1048576 characters", "one,more"):
        assert told in ran.err
    assert max(map(len, ran.err.splitlines())) < 500


def test_progress_is_told_only_on_a_terminal(program: Program) -> None:
    path = program.write("many.csv", table(*(row(60000000 + i) for i in range(6000))))
    assert "5000 rows …" in program.terminal("import", path).out
    assert program.run("import", path).err == ""


# The copied page


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_the_copied_page_goes_in_with_the_deadline_that_the_platform_says(program: Program, way: str) -> None:
    copied = ("--copied-at", "2024-11-23 14:00")
    if way == "file":
        ran = program.ok("import", program.write("page.txt", page()), *copied)
    else:
        ran = program.ok("import", "-", *copied, stdin=page())
    assert ran.out.startswith("3 new, 0 changed, 0 unchanged, 0 rejected.")
    held = program.tickets()
    assert held["84712345"]["deadline_source"] == "platform"
    assert held["84712345"]["deadline_at"].startswith("2024-11-23T17:5")
    assert held["84712345"]["order_id"] == "3581494008421111"
    assert held["84712347"]["status"] == "closed"
    again = program.ok("import", "-", *copied, stdin=page())
    assert again.out.startswith("0 new, 0 changed, 3 unchanged")


def test_a_page_that_announces_more_tickets_than_it_holds_says_so(program: Program) -> None:
    text = page().replace("平台协同工单 (3)", "平台协同工单 (7)")
    ran = program.ok("import", "-", stdin=text)
    assert "7" in ran.err
    assert ran.err.splitlines()[-1].startswith("! ")


def test_a_clipboard_that_cannot_be_read_says_what_to_do_instead(program: Program) -> None:
    said = program.refused(1, "import", "--clipboard", PATH="/nonexistent")
    assert "Paste the text into: jdticket import -" in said


# Out and in again


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.xlsx"])
def test_an_export_taken_in_again_says_nothing_is_new(program: Program, name: str) -> None:
    program.ok("import", "-", stdin=EXPORT)
    program.ok("add", "59088844", "--at", "2024-06-11 10:00", "-m", '一行\r二行\n=三行,"四"')
    program.ok("reply", "841", "-m", "=您好，已经发出了", "--at", "2024-06-10 15:00")
    program.ok("close", "843")
    program.ok("export", "-o", name)
    again = program.ok("import", name)
    assert again.out == "0 new, 0 changed, 4 unchanged, 0 rejected.\n"


def test_an_export_fills_a_new_desk(program: Program) -> None:
    program.ok("import", "-", stdin=EXPORT)
    program.ok("reply", "841", "-m", "您好，已经发出了", "--at", "2024-06-10 15:00")
    before = program.tickets("--now", "2024-06-11 12:00")
    exported = program.ok("export", "--json").out
    program.ok("import", "-", "--db", "second.db", stdin=exported)
    after = program.tickets("--now", "2024-06-11 12:00", "--db", "second.db")
    for ticket in (*before.values(), *after.values()):
        del ticket["deadline_source"], ticket["platform_status"]
    assert after == before


def test_one_file_of_several_that_cannot_be_read_keeps_none_of_the_others_out(program: Program) -> None:
    good = program.write("good.csv", table(row(59088841)))
    more = program.write("more.csv", table(row(59088842)))
    bad = program.write("bad.csv", b"a,b\n1,2\n")
    ran = program.run("import", good, bad, program.folder / "none.csv", more)
    assert ran.code == 1
    assert set(program.tickets()) == {"59088841", "59088842"}
    assert "bad.csv: no row with usable headings" in ran.err
    assert "none.csv: there is no such file" in ran.err
    assert ran.out.startswith("2 new, 0 changed, 0 unchanged, 2 rejected.")
    told = program.run("import", good, bad, "--json").json
    assert [(one["source"], one["row"]) for one in told["rejections"]] == [("bad.csv", 0)]


def test_a_file_without_a_shop_column_says_so_once(program: Program) -> None:
    program.configure('[[shops]]\ncode = "a"\n[[shops]]\ncode = "b"\n')
    ran = program.run("import", program.write("a.csv", table(*(row(59000000 + n) for n in range(600)))))
    assert ran.code == 1
    assert [line for line in ran.err.splitlines() if "which" in line] == [
        "a.csv, rows 2-601 (600 rows), column shop: several shops are configured and none is named; "
        "say which with --shop"
    ]


def test_add_says_from_when_it_counted_what_came_without_a_time(program: Program) -> None:
    said = program.ok("add", "59088842").out
    assert re.fullmatch(
        r"Ticket 59088842 added, due .*\. Counted from now \(today \d\d:\d\d(:\d\d)?\), "
        r"since --at was left out; if the platform created it earlier: jdticket add 59088842 --at TIME\n",
        said,
    )
    said = program.ok("add", "59088842", "--at", "2024-06-11 10:00").out
    assert said == "Ticket 59088842 was here already and has been changed; due 2024-06-11 14:00.\n"
    assert "Counted from" not in program.ok("add", "59088843", "--at", "2024-06-11 10:00").out
