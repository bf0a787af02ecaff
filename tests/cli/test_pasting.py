"""The copied page, by the command line: what is complete, what is missing, when it was copied."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from .running import Program

COPIED = ("--copied-at", "2024-11-23 15:00")


def row(
    number: int,
    order: int = 0,
    created: str = "2024-11-23 14:00:00",
    left: str = "还剩3小时",
    state: str = "待商家处理",
) -> str:
    return "\n".join(
        [
            *(str(number), "\t", "催单", "\t", str(order or 275490000000 + number), "×1", "保温杯", "\t"),
            *(created, "jd_77aa", "\t", state, left, "\t", "去处理", "查看详情", ""),
        ]
    )


def page(count: int | str | None, *rows: str) -> str:
    heading = "" if count is None else f"平台协同工单 ({count})物流投诉工单 (0)\n"
    return heading + "".join(rows) + "共 3 条\n"


ALL = [row(59088841), row(59088842), row(59088843)]


@pytest.fixture
def desk(program: Program) -> Program:
    """Three tickets wait."""
    program.ok("import", "-", *COPIED, stdin=page(3, *ALL))
    return program


def missing(program: Program) -> list[str]:
    return [
        number for (number,) in program.sql("SELECT id FROM tickets WHERE missing_at IS NOT NULL ORDER BY id")
    ]


# Complete


def test_a_complete_page_says_so(program: Program) -> None:
    ran = program.ok("import", "-", *COPIED, stdin=page(3, *ALL))
    assert ran.out == (
        "3 new, 0 changed, 0 unchanged, 0 rejected. The page announces 3 tickets: all of them are taken in. "
        "Next: jdticket list --pending\n"
    )
    zh = program.ok("import", "-", *COPIED, stdin=page(3, *ALL), JDTICKET_LANG="zh")
    assert "页面显示 3 个，已全部导入。" in zh.out


def test_a_dry_run_of_a_complete_page_says_what_was_found(program: Program) -> None:
    ran = program.ok("import", "-", "--dry-run", *COPIED, stdin=page(3, *ALL))
    assert "The page announces 3 tickets: all of them were found. Dry run" in ran.out


def test_the_pages_of_one_shop_make_a_whole_in_several_files(program: Program) -> None:
    first = program.write("1.txt", page(3, ALL[0], ALL[1]))
    second = program.write("2.txt", page(3, ALL[1], ALL[2]))
    ran = program.ok("import", first, second, *COPIED)
    assert "The page announces 3 tickets: all of them are taken in." in ran.out
    again = program.ok("import", "-", *COPIED, stdin=page(3, ALL[0]) + page(3, ALL[1]) + page(3, ALL[2]))
    assert "The page announces 3 tickets: all of them are taken in." in again.out


def test_counts_of_several_shops_are_summed(program: Program) -> None:
    ran = program.ok("import", "-", *COPIED, stdin=page(1, ALL[0]) + page(2, ALL[1], ALL[2]))
    assert "The page announces 3 tickets: all of them are taken in." in ran.out


def test_fewer_than_announced_are_told_once_for_all_files(program: Program) -> None:
    first, second = program.write("1.txt", page(4, ALL[0])), program.write("2.txt", page(4, ALL[1]))
    ran = program.ok("import", first, second, *COPIED)
    [told] = [line for line in ran.err.splitlines() if "announces" in line]
    assert told.startswith(
        "! 1.txt, 2.txt: the page announces 4 platform collaboration tickets, 2 were found"
    )


def test_a_bound_is_never_complete(program: Program) -> None:
    ran = program.ok("import", "-", *COPIED, stdin=page("2+", *ALL))
    assert "the page announces 2+, 3 were found; whether that is all cannot be told." in ran.err


def test_an_answer_in_json_tells_of_it(desk: Program) -> None:
    answer = desk.ok("import", "-", "--json", *COPIED, stdin=page(2, ALL[0], ALL[2])).json
    assert (answer["announced"], answer["complete"], answer["missing"], answer["closed"]) == (
        2,
        True,
        ["59088842"],
        [],
    )
    partly = desk.ok("import", "-", "--json", *COPIED, stdin=page(None, ALL[0])).json
    assert (partly["announced"], partly["complete"], partly["missing"]) == (None, False, [])


# Missing


def test_what_a_complete_page_does_not_hold_is_told_and_flagged(desk: Program) -> None:
    ran = desk.ok("import", "-", *COPIED, stdin=page(1, ALL[1]))
    assert (
        "! 2 tickets that wait here are not on the page any more: 59088841, 59088843. "
        "If answered there: import again with --close-missing"
    ) in ran.err
    assert missing(desk) == ["59088841", "59088843"]
    assert "no longer there: standard input" in desk.ok("show", "841").out
    zh = desk.ok("import", "-", *COPIED, stdin=page(1, ALL[1]), JDTICKET_LANG="zh")
    assert (
        "! 页面上已没有 2 个：59088841、59088843。如果已在后台处理，再导入一次并加上 --close-missing"
        in zh.err
    )


def test_a_page_that_holds_it_again_takes_the_flag_off(desk: Program) -> None:
    desk.ok("import", "-", *COPIED, stdin=page(1, ALL[1]))
    desk.ok("import", "-", "--copied-at", "now", stdin=page(None, ALL[0]))
    assert missing(desk) == ["59088843"]


def test_a_dry_run_flags_nothing(desk: Program) -> None:
    assert (
        "not on the page any more" in desk.ok("import", "-", "--dry-run", *COPIED, stdin=page(1, ALL[1])).err
    )
    assert missing(desk) == []


def test_a_page_without_its_count_finds_nothing_missing(desk: Program) -> None:
    assert "any more" not in desk.ok("import", "-", *COPIED, stdin=page(None, ALL[1])).err
    assert missing(desk) == []


def test_a_rejected_row_makes_it_incomplete(desk: Program) -> None:
    headless = ALL[2].removeprefix("59088843\n")
    ran = desk.run("import", "-", "--complete", *COPIED, stdin=page(1, ALL[1], headless))
    assert ran.code == 1
    assert "a row without a ticket number" in ran.err
    assert "so this is not complete, and what is missing is not known" in ran.err
    assert missing(desk) == []


def test_a_guessed_number_makes_it_incomplete(desk: Program) -> None:
    guessed = ALL[1].replace("59088842", "加急59088842单")
    ran = desk.ok("import", "-", *COPIED, stdin=page(1, guessed))
    assert "any more" not in ran.err
    assert missing(desk) == []


def test_what_came_after_the_copying_is_not_missing(program: Program) -> None:
    program.ok("add", "59088841", "--at", "2024-11-23 14:00")
    program.ok("import", "-", "--copied-at", "2024-11-23 13:59", stdin=page(0))
    assert missing(program) == []
    program.ok("import", "-", "--copied-at", "2024-11-23 14:01", stdin=page(0))
    assert missing(program) == ["59088841"]


def test_what_a_newer_page_holds_is_not_missing_from_an_older_one(desk: Program) -> None:
    desk.ok("import", "-", "--copied-at", "2024-11-23 14:59", stdin=page(0))
    assert missing(desk) == []
    desk.ok("close", "843")
    desk.ok("reopen", "843", "--why", "买家又来问")
    desk.ok("import", "-", "--copied-at", "2024-11-23 15:01", stdin=page(0))
    assert missing(desk) == ["59088841", "59088842"]


def test_one_shops_count_may_change_while_its_pages_are_copied(desk: Program) -> None:
    pages = page(3, ALL[0], ALL[1]) + page(2, ALL[1])
    said = desk.ok("import", "-", *COPIED, "--shop", "jd", stdin=pages).err
    assert "the page announces 3 platform collaboration tickets, 2 were found" in said
    assert "announces 5" in desk.ok("import", "-", *COPIED, stdin=pages).err


def test_a_page_of_unknown_age_says_nothing_of_what_came_after_its_newest_ticket(desk: Program) -> None:
    desk.ok("import", "-", *COPIED, stdin=page(None, row(59088850, created="2024-11-23 14:30:00")))
    desk.ok("import", "-", stdin=page(1, ALL[0]))
    assert missing(desk) == ["59088842", "59088843"]


def test_complete_covers_from_the_oldest_row_on(desk: Program) -> None:
    desk.ok("import", "-", *COPIED, stdin=page(None, row(59088830, created="2024-11-20 10:00:00")))
    ran = desk.ok("import", "-", "--complete", *COPIED, stdin=page(None, ALL[0]))
    assert "2 tickets that wait here are not on the page any more: 59088842, 59088843" in ran.err


def test_complete_is_not_believed_against_the_count(desk: Program) -> None:
    ran = desk.ok("import", "-", "--complete", *COPIED, stdin=page(3, ALL[0]))
    assert "This is not complete, and what is missing is not known." in ran.err
    assert missing(desk) == []


def test_complete_works_for_files(program: Program) -> None:
    header = "工单号,创建时间\n"
    both = "59088841,2024-11-23 14:00:00\n59088842,2024-11-23 14:00:00\n"
    program.ok("import", "-", stdin=header + both)
    ran = program.ok("import", "-", "--complete", stdin=header + "59088841,2024-11-23 14:00:00\n")
    assert "1 ticket that waits here is not in the file any more: 59088842" in ran.err


def test_another_shops_tickets_are_not_missing(program: Program) -> None:
    program.configure('[[shops]]\ncode = "jd3"\n[[shops]]\ncode = "jd5"\n')
    program.ok("import", "-", "--shop", "jd3", *COPIED, stdin=page(1, ALL[0]))
    program.ok("import", "-", "--shop", "jd5", *COPIED, stdin=page(1, ALL[1]))
    assert missing(program) == []
    program.ok("import", "-", "--shop", "jd5", *COPIED, stdin=page(0))
    assert missing(program) == ["59088842"]


# Closing them


def test_what_is_missing_is_closed_in_one_step(desk: Program) -> None:
    ran = desk.ok("import", "-", "--close-missing", "--yes", *COPIED, stdin=page(1, ALL[1]))
    assert "2 tickets that wait here are not on the page any more: 59088841, 59088843\n" in ran.err
    assert "  59088841  order 275549088841  urge  due 2024-11-23 18:00  保温杯\n" in ran.err
    assert ran.out.endswith("2 tickets closed.\n")
    assert {number: held["status"] for number, held in desk.tickets().items()} == {
        "59088841": "closed",
        "59088842": "pending",
        "59088843": "closed",
    }


def test_on_a_terminal_it_asks(desk: Program) -> None:
    path = desk.write("page.txt", page(1, ALL[1]))
    arguments = ("import", path, "--close-missing", *COPIED)
    shown = desk.terminal(*arguments, typed="n\n").out
    assert "Close these 2 tickets?" in shown
    assert desk.tickets()["59088841"]["status"] == "pending"
    desk.terminal(*arguments, typed="y\n")
    assert desk.tickets()["59088841"]["status"] == "closed"


def test_in_a_pipe_nothing_is_closed_without_yes(desk: Program) -> None:
    said = desk.refused(2, "import", "-", "--close-missing", *COPIED, stdin=page(1, ALL[1]))
    assert said == "--close-missing asks before it closes, and here is nobody to ask: add --yes."
    assert desk.refused(2, "import", "-", "--yes", stdin="") == "--yes goes with --close-missing."


def test_nothing_is_closed_by_what_is_not_complete(desk: Program) -> None:
    ran = desk.run("import", "-", "--close-missing", "--yes", *COPIED, stdin=page(None, ALL[1]))
    assert ran.code == 4
    assert "No ticket was closed: only a complete take-in tells what is missing." in ran.err
    assert missing(desk) == []


# When it was copied


def deadline(program: Program, number: str = "59088841") -> str:
    return str(program.tickets()[number]["deadline_at"])[:16]


def test_without_the_moment_of_copying_a_countdown_makes_no_deadline_later(program: Program) -> None:
    ran = program.ok("import", "-", stdin=page(1, row(59088841)))
    assert "by its countdown ticket 59088841 would be due" in ran.err
    assert deadline(program) == "2024-11-23T18:00"
    program.ok("import", "-", "--copied-at", "2024-11-23 15:30", stdin=page(1, row(59088841)))
    assert deadline(program) == "2024-11-23T18:30"


@pytest.mark.parametrize("saved", ["1980-01-01 00:00:00", "2024-11-23 13:59:00"])
def test_a_file_time_that_cannot_be_is_refused_and_the_rule_counts(program: Program, saved: str) -> None:
    path = program.write("page.txt", page(1, row(59088841)))
    moment = time.mktime(time.strptime(saved, "%Y-%m-%d %H:%M:%S")) - 8 * 3600 - time.timezone
    os.utime(path, (moment, moment))
    ran = program.ok("import", path)
    assert "page.txt: the file's own time, " in ran.err
    assert "say --copied-at TIME" in ran.err
    assert deadline(program) == "2024-11-23T18:00"
    assert program.tickets()["59088841"]["deadline_source"] == "policy"
    program.ok("list")


def test_a_moment_before_the_newest_ticket_is_refused_and_the_rule_counts(program: Program) -> None:
    ran = program.ok("import", "-", "--copied-at", "2024-11-23 13:00", stdin=page(1, row(59088841)))
    assert (
        "it was not copied at 2024-11-23 13:00, since a ticket on it was created at 2024-11-23 14:00"
        in ran.err
    )
    assert deadline(program) == "2024-11-23T18:00"


def test_a_doubt_about_many_tickets_is_one_sentence_that_names_them_all(program: Program) -> None:
    rows = [row(59088841 + i, left=f"还剩{i}刻钟多") for i in range(20)]
    ran = program.ok("import", "-", *COPIED, stdin=page(20, *rows))
    [line] = [line for line in ran.err.splitlines() if "is not understood" in line]
    assert "ticket 59088841: the time left “还剩0刻钟多” is not understood" in line
    assert "; so it is with 19 more; check them on the page: 59088842, 59088843, " in line
    assert line.endswith(", 59088860")


def test_a_time_left_that_is_not_understood_is_told_in_both_languages(program: Program) -> None:
    text = page(1, row(59088841, left="还剩三刻钟"))
    assert (
        "the time left “还剩三刻钟” is not understood" in program.ok("import", "-", *COPIED, stdin=text).err
    )
    zh = program.ok("import", "-", *COPIED, stdin=text, JDTICKET_LANG="zh").err
    assert "standard" not in zh
    assert "第 2 行，工单 59088841：看不懂页面上的“还剩三刻钟”，先按4小时规则算，请核对" in zh


@pytest.fixture
def clipboard(program: Program) -> Path:
    """The file that the program finds in its clipboard."""
    folder = program.folder / "bin"
    held = program.write("clipboard.txt", page(1, row(59088841)))
    tool = program.write("bin/xclip", f"#!/bin/sh\ncat '{held}'\n")
    tool.chmod(0o755)
    program.environ["PATH"] = f"{folder}{os.pathsep}{program.environ['PATH']}"
    program.environ["DISPLAY"] = ":0"
    return held


@pytest.mark.usefixtures("clipboard")
def test_the_clipboard_counts_from_now_once_a_person_says_so(program: Program) -> None:
    shown = program.terminal("import", "--clipboard", typed="n\n").out
    assert "Was it copied just now?" in shown
    assert deadline(program) == "2024-11-23T18:00"
    program.terminal("import", "--clipboard", typed="y\n")
    assert deadline(program) > "2026"


@pytest.mark.usefixtures("clipboard")
def test_in_a_pipe_the_clipboard_is_not_believed_to_be_fresh(program: Program) -> None:
    ran = program.process.ok("import", "--clipboard")
    assert "would be due" in ran.err
    assert deadline(program) == "2024-11-23T18:00"


# The same order


def test_a_new_ticket_on_an_order_that_waits_is_told(desk: Program) -> None:
    text = page(None, row(59088850, order=275549088841))
    ran = desk.ok("import", "-", *COPIED, stdin=text)
    assert (
        "! Ticket 59088850 is on order 275549088841, on which 59088841 waits as well: answer them together."
    ) in ran.err


# Trouble


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("字" * 5_000_000, 1),
        ("一行普通的文字，没有工单。\n" * 250_000, 1),
        ("".join(f"{59000000 + n}\n" for n in range(5000)), 1),
        ("\u202e\x1b[31m🎁\ufeff" * 20_000, 1),
        (page(1, row(59088841, state="未" * 10_000)), 0),
        (page(1, row(59088841)) + page(1, row(59088842)), 0),
    ],
    ids=["one long line", "many lines", "numbers", "marks", "long state", "two shops"],
)
def test_trouble_ends_soon_and_with_a_sentence(program: Program, text: str, code: int) -> None:
    begun = time.monotonic()
    ran = program.run("import", "-", *COPIED, stdin=text)
    assert time.monotonic() - begun < 20
    assert ran.code == code, ran.err[:500]
    assert ran.err + ran.out
    assert max(map(len, ran.err.splitlines())) < 500


def test_what_the_page_mentions_is_not_closed_as_missing(desk: Program) -> None:
    hurt = page(None, ALL[0]) + "59088842\n催单\n保温杯\n"
    ran = desk.run("import", "-", "--complete", "--close-missing", "--yes", *COPIED, stdin=hurt)
    assert ran.code == 1
    assert {held["status"] for held in desk.tickets().values()} == {"pending"}
    titled = page(1, ALL[0].replace("保温杯", "同59088842"))
    desk.ok("import", "-", "--close-missing", "--yes", *COPIED, stdin=titled)
    assert [number for number, held in desk.tickets().items() if held["status"] == "closed"] == ["59088843"]
