from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from .running import Program, csv_rows, row, table

NOON = ("--now", "2024-06-11 12:00")
LONG = "买家称收到破损商品，要求退款并赔偿，已经联系过两次，希望今天之内给出答复，否则继续投诉到平台"
SHOPS = '[[shops]]\ncode = "jd3"\nname = "京东3店"\n[[shops]]\ncode = "jd5"\nname = "京东5店"\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """On 2024-06-11 at 12:00: one overdue, two due at 14:00 (one of them crc), one due in an hour, one
    next morning, one replied, one closed, one whose reply the platform does not show; two shops."""
    program = Program(tmp_path_factory.mktemp("desk"))
    program.configure(SHOPS)
    rows = [
        row(59088841, "2024-06-10 14:00:00", "投诉", LONG),
        row(59088842, "2024-06-11 10:00:00", "催单", "=HYPERLINK(1)"),
        row(59088843, "2024-06-11 10:00:00", "CRC高危投诉", LONG),
        row(59088844, "2024-06-11 09:00:00", "咨询", "问保修"),
        row(59088845, "2024-06-11 16:30:00", "催单", LONG),
        row(59088846, "2024-06-09 10:00:00", "其他", "已回复的"),
        row(59088847, "2024-06-08 10:00:00", "其他", "已关闭的"),
    ]
    program.ok("import", "-", "--shop", "jd3", stdin=table(*rows))
    returned = "工单号,创建时间,状态\n59088848,2024-06-07 10:00:00,待回复\n"
    program.ok("import", "-", "--shop", "jd5", stdin=returned)
    for number in ("846", "848"):
        program.ok("reply", number, "-m", "您好，已经为您处理好了", "--at", "2024-06-11 11:00")
    program.ok("import", "-", "--shop", "jd5", stdin=returned)
    program.ok("close", "847")
    program.ok("assign", "845", "小李")
    program.ok("assign", "841", "小王")
    program.ok("report-outage", "--reason", "power", "--since", "2024-06-11 11:30", "--shop", "jd3")
    return program


def ids(program: Program, *filters: str) -> list[str]:
    return [ticket["id"][-1] for ticket in program.ok("list", "--json", *NOON, *filters).json]


# Which, in which order


def test_what_waits_comes_by_deadline_and_crc_first_among_equals(desk: Program) -> None:
    assert ids(desk, "--pending") == ["8", "1", "4", "3", "2", "5"]


def test_tickets_that_are_done_follow_the_newest_first(desk: Program) -> None:
    assert ids(desk) == ["8", "1", "4", "3", "2", "5", "6", "7"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--overdue"], ["8", "1"]),
        (["--due-within", "1h"], ["8", "1", "4"]),
        (["--due-within", "2小时"], ["8", "1", "4", "3", "2"]),
        (["--replied"], ["8", "6"]),
        (["--closed"], ["7"]),
        (["--pending", "--closed"], ["8", "1", "4", "3", "2", "5", "7"]),
        (["--pending", "--replied"], ["8", "1", "4", "3", "2", "5", "6"]),
        (["--shop", "京东5店"], ["8"]),
        (["--kind", "crc"], ["3"]),
        (["--assignee", "小李"], ["5"]),
        (["--shop", "jd5", "--shop", "京东3店", "--overdue"], ["8", "1"]),
        (["--kind", "crc", "--kind", "咨询"], ["4", "3"]),
        (["--assignee", "@nobody", "--overdue"], ["8"]),
        (["--assignee", "＠我"], ["1"]),
        (["--assignee", "@me", "--pending"], ["1"]),
        (["--savable"], ["4", "3", "2", "5"]),
        (["--savable", "--due-within", "1h"], ["4"]),
        (["--sort", "urgency"], ["4", "3", "2", "5", "8", "1", "6", "7"]),
        (["--sort", "创建时间"], ["5", "3", "2", "4", "1", "6", "7", "8"]),
        (["--sort", "created", "--limit", "2"], ["5", "3"]),
        (["--sort", "shop", "--pending"], ["1", "4", "3", "2", "5", "8"]),
        (["--sort", "assignee", "--pending"], ["8", "4", "3", "2", "5", "1"]),
        (["--since", "2024-06-11 10:00", "--until", "2024-06-11 16:30"], ["3", "2"]),
    ],
    ids=" ".join,
)
def test_each_filter_chooses_its_tickets(desk: Program, filters: list[str], expected: list[str]) -> None:
    assert ids(desk, *filters) == expected


def test_what_a_limit_hides_is_counted_in_every_form(desk: Program) -> None:
    for form in ([], ["--json"], ["--csv"]):
        ran = desk.ok("list", *NOON, "--limit", "3", *form)
        assert "5 more not shown: --all shows them." in (ran.err if form else ran.out)
        assert ran.out.count("5908884") - ran.out.count("27554908884") == (1 if form else 2)
    assert ids(desk, "--limit", "3", "--all") == ids(desk)


def test_fifty_are_shown_unless_all_are_asked_for(program: Program) -> None:
    program.ok("import", "-", stdin=table(*(row(60000000 + i) for i in range(60))))
    shown = program.ok("list").out
    assert "10 more not shown" in shown
    assert "shown 50" in shown
    assert "shown 60" in program.ok("list", "--all").out


# For programs


def test_json_is_the_frozen_contract(desk: Program) -> None:
    assert desk.tickets(*NOON)["59088841"] == {
        "id": "59088841",
        "shop": "jd3",
        "order_id": "275549088841",
        "kind": "complaint",
        "kind_text": "投诉",
        "status": "pending",
        "platform_status": "",
        "created_at": "2024-06-10T14:00:00+08:00",
        "deadline_at": "2024-06-10T18:00:00+08:00",
        "first_deadline_at": "2024-06-10T18:00:00+08:00",
        "deadline_source": "policy",
        "seconds_left": -4 * 3600,
        "overdue": True,
        "assignee": "小王",
        "content": LONG,
        "replied_at": None,
        "returned": False,
        "waits": True,
    }


def test_json_tells_of_a_ticket_that_is_done(desk: Program) -> None:
    done = desk.tickets(*NOON)["59088846"]
    assert done["seconds_left"] is None
    assert done["overdue"] is False
    assert done["replied_at"] == "2024-06-11T11:00:00+08:00"
    assert (done["returned"], done["waits"]) == (False, False)


def test_json_tells_of_a_ticket_that_was_replied_to_and_waits_all_the_same(desk: Program) -> None:
    returned = desk.tickets(*NOON)["59088848"]
    assert (returned["status"], returned["returned"], returned["waits"]) == ("replied", True, True)
    assert (returned["seconds_left"], returned["overdue"]) == (-38 * 3600, True)


def test_csv_has_the_keys_of_json_and_no_cell_that_runs(desk: Program) -> None:
    ran = desk.ok("list", "--csv", *NOON)
    rows = csv_rows(ran.out)
    assert list(rows[0]) == list(desk.tickets(*NOON)["59088841"])
    assert [found["content"] for found in rows if found["id"] == "59088842"] == ["'=HYPERLINK(1)"]
    assert rows[0]["overdue"] == "true"


def test_an_empty_desk_answers_with_an_empty_array(program: Program) -> None:
    program.begin()
    assert program.ok("list", "--json").json == []


@pytest.mark.parametrize(
    "options",
    [
        ["--json", "--csv"],
        ["--overdue", "--closed"],
        ["--savable", "--replied"],
        ["--savable", "--overdue"],
        ["--sort", "colour"],
        ["--due-within", "soon"],
        ["--since", "10/11/2024"],
        ["--limit", "0"],
        ["--limit", "many"],
        ["--kind", "spam"],
        ["--now", "2024-02-30"],
        ["--lang", "fr"],
        ["--pendng"],
        ["extra"],
    ],
    ids=" ".join,
)
def test_a_call_without_meaning_is_wrong_usage(program: Program, options: list[str]) -> None:
    assert program.refused(2, "list", *options)


def test_a_shop_that_is_not_configured_is_named_with_those_that_are(desk: Program) -> None:
    assert desk.refused(1, "list", "--shop", "天猫店") == (
        "There is no shop “天猫店” in the configuration; known: jd3 (京东3店), jd5 (京东5店)."
    )


# For people


def test_what_must_not_be_overlooked_stands_above_the_table(desk: Program) -> None:
    lines = desk.ok("list", *NOON).out.splitlines()
    assert lines[0] == "! 2 tickets are overdue: answer them now."
    assert lines[1].startswith(
        "! Outage 1 (power cut, since today 11:30): operations manager not yet contacted."
    )
    assert lines[2] == "! 1 reply may not have reached the platform, which still waits: 59088848"
    assert lines[3].split() == [
        "time",
        "left",
        "deadline",
        "kind",
        "ticket",
        "state",
        "order",
        "shop",
        "assignee",
        "content",
    ]


def test_the_counts_stand_below_the_table(desk: Program) -> None:
    last = desk.ok("list", *NOON, "--replied").out.splitlines()[-1]
    assert last == "pending 6 · overdue 2 · due within the hour 1 · shown 2"


def test_the_counts_of_a_shop_are_of_that_shop_alone(desk: Program, tmp_path: Path) -> None:
    program = desk.copy_to(tmp_path)
    more = [row(59088851, "2024-06-10 13:00:00"), row(59088852, "2024-06-11 08:20:00")]
    program.ok("import", "-", "--shop", "jd5", stdin=table(*more))

    def told(*options: str) -> tuple[str, dict[str, int]]:
        last = program.ok("list", *NOON, *options).out.splitlines()[-1]
        counts = program.run("check", "--json", "--due-within", "1h", *NOON, *options).json
        return last, {key: counts[key] for key in ("pending", "overdue", "due_soon", "returned")}

    assert told("--shop", "京东3店") == (
        "京东3店: pending 5 · overdue 1 · due within the hour 1 · shown 7",
        {"pending": 5, "overdue": 1, "due_soon": 1, "returned": 0},
    )
    assert told("--shop", "jd5") == (
        "京东5店: pending 3 · overdue 2 · due within the hour 1 · shown 3",
        {"pending": 3, "overdue": 2, "due_soon": 1, "returned": 1},
    )
    assert told() == (
        "pending 8 · overdue 3 · due within the hour 2 · shown 10",
        {"pending": 8, "overdue": 3, "due_soon": 2, "returned": 1},
    )
    assert program.run("check", *NOON, "--shop", "jd5").out.startswith("CRITICAL: 京东5店 · overdue 2 · ")
    assert "not on the platform" not in program.run("check", *NOON, "--shop", "jd3").out
    alerts = program.ok("list", *NOON, "--shop", "jd5").out.splitlines()
    assert alerts[0] == "! 京东5店: 2 tickets are overdue: answer them now."
    assert alerts[1].startswith("! 1 reply may not have reached the platform")
    assert "may not have reached" not in program.ok("list", *NOON, "--shop", "jd3").out


@pytest.mark.parametrize(
    ("filters", "theirs", "counts"),
    [
        (["--kind", "投诉"], "complaint", "pending 1 · overdue 1 · due within the hour 0 · shown 1"),
        (["--assignee", "@me"], "小王", "pending 1 · overdue 1 · due within the hour 0 · shown 1"),
        (
            ["--assignee", "@nobody", "--shop", "jd3", "--shop", "jd5"],
            "京东3店, 京东5店, assigned to nobody",
            "pending 4 · overdue 1 · due within the hour 1 · shown 6",
        ),
        (["--shop", "jd3"], "京东3店", "pending 5 · overdue 1 · due within the hour 1 · shown 7"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_banner_and_the_counts_say_whose_they_are(
    desk: Program, filters: list[str], theirs: str, counts: str
) -> None:
    lines = desk.ok("list", *NOON, *filters).out.splitlines()
    assert lines[0] == f"! {theirs}: 1 ticket is overdue: answer it now."
    assert lines[-1] == f"{theirs}: {counts}"
    checked = desk.run("check", *NOON, *filters, "--due-within", "1h")
    assert (checked.code, checked.out.split(" · ")[0]) == (2, f"CRITICAL: {theirs}")
    told = desk.run("check", *NOON, *filters, "--due-within", "1h", "--json").json
    assert counts.startswith(f"pending {told['pending']} · overdue {told['overdue']} · ")


def test_nobody_is_me_where_nobody_says_who_that_is(desk: Program) -> None:
    said = desk.refused(2, "list", "--assignee", "@me", USER="", USERNAME="")
    assert said.startswith("Nobody says who you are")


def test_time_left_and_deadline_are_in_words(desk: Program) -> None:
    shown = desk.ok("list", *NOON).out
    assert re.search(r"^overdue 4h +yesterday 18:00 +complaint +59088841 ", shown, re.MULTILINE)
    assert re.search(r"^2h left +today 14:00 +CRC +59088843 ", shown, re.MULTILINE)
    assert re.search(r"^8h 30m left +tomorrow 10:30 +urge +59088845 ", shown, re.MULTILINE)
    assert re.search(r"^replied .* 59088846 ", shown, re.MULTILINE)


def test_what_was_replied_to_and_waits_all_the_same_shows_its_time_and_why(desk: Program) -> None:
    shown = desk.ok("list", *NOON).out
    assert re.search(r"^overdue 38h +06-07 14:00 +other +59088848 +still waiting there ", shown, re.MULTILINE)
    shown = desk.ok("--lang", "zh", "list", *NOON).out
    assert re.search(r"^超时.* 59088848 +已回复，平台仍待处理 ", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("language", "mark"), [("en", "still waiting there"), ("zh", "已回复，平台仍待处理")]
)
def test_a_narrow_terminal_keeps_the_mark(desk: Program, language: str, mark: str) -> None:
    shown = desk.terminal("--lang", language, "list", *NOON, width=80).shown
    assert [line for line in shown if "59088848" in line and mark in line]


def test_a_pipe_gets_everything_and_no_colour(desk: Program) -> None:
    shown = desk.ok("list", *NOON, COLUMNS="40").out
    assert "\x1b" not in shown
    assert shown.count(LONG) == 3


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(desk: Program, width: int) -> None:
    ran = desk.terminal("list", *NOON, width=width)
    assert ran.code == 0
    assert max(map(columns, ran.shown)) <= width
    for number in desk.tickets(*NOON):
        assert any(re.search(rf"\b{number}\b", line) for line in ran.shown)


def columns(line: str) -> int:
    """How many columns of a terminal the line takes."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in line)


def test_a_wide_terminal_shows_the_text_cut_to_its_room(desk: Program) -> None:
    shown = desk.terminal("list", *NOON, width=140).shown
    [line] = [line for line in shown if "59088843" in line]
    assert line.rstrip().endswith("…")
    assert LONG[:10] in line


def test_short_texts_are_shown_where_there_is_room_for_them(program: Program) -> None:
    program.ok("import", "-", stdin=table(row(59088842, content="催")))
    assert any(line.rstrip().endswith("催") for line in program.terminal("list").shown)


def test_urgency_has_a_colour_on_a_terminal_unless_it_is_not_wanted(desk: Program) -> None:
    assert re.search(r"\x1b\[1;31m *overdue 4h", desk.terminal("list", *NOON, width=140).out)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", desk.terminal("list", *NOON, width=140, NO_COLOR="1").out)


# A list longer than the window


def windowful(desk: Program, *options: str, pager: str, lines: str = "6", **environ: str) -> list[str]:
    """What a small window shows of the list in the end."""
    ran = desk.terminal("list", *NOON, *options, PAGER=pager, LINES=lines, **environ)
    assert ran.code == 0
    return [line for line in ran.shown if line]


def test_a_list_longer_than_the_window_goes_through_the_pager_its_top_first(
    desk: Program, tmp_path: Path
) -> None:
    program = desk.copy_to(tmp_path)
    assert windowful(program, pager="sh -c 'cat >seen.txt'") == []
    seen = (tmp_path / "seen.txt").read_text(encoding="utf-8")
    assert re.sub(r"\x1b\[[0-9;]*m", "", seen).startswith("! 2 tickets are overdue: answer them now.\n")
    assert "\x1b[1;31m" in seen
    assert len(seen.splitlines()) > 6


def test_the_pager_gets_what_the_terminal_understands(desk: Program, tmp_path: Path) -> None:
    program = desk.copy_to(tmp_path)
    windowful(program, "--lang", "zh", pager="sh -c 'cat >seen.txt'", PYTHONIOENCODING="gbk")
    assert "已超时" in (tmp_path / "seen.txt").read_text(encoding="gbk")


def test_a_pager_that_is_left_early_is_no_error(desk: Program) -> None:
    assert windowful(desk, pager="head -n 1") == ["! 2 tickets are overdue: answer them now."]


@pytest.mark.parametrize("pager", ["nix-there-is-none", "false", "", "'", "/"])
def test_without_a_pager_that_works_the_list_is_shown_all_the_same(desk: Program, pager: str) -> None:
    shown = windowful(desk, pager=pager)
    assert shown[0] == "! 2 tickets are overdue: answer them now."
    assert shown[-1] == "set one up."


def test_what_fits_or_is_to_be_shown_at_once_needs_no_pager(desk: Program) -> None:
    for options, lines in (((), "50"), (("--no-pager",), "6")):
        assert len(windowful(desk, *options, pager="head -n 1", lines=lines)) > 6


# As of another moment


def test_reading_commands_see_the_desk_as_of_now(desk: Program) -> None:
    for now, overdue in (("2024-06-11 09:00", True), ("2024-06-10 17:59:59", False)):
        assert desk.tickets("--now", now)["59088841"]["overdue"] is overdue
    assert "overdue 3h" in desk.ok("show", "59088841", "--now", "2024-06-11 11:00").out
    assert desk.run("check", "--now", "2024-06-10 12:00", "--shop", "jd3").code == 1  # the outage
    assert "overdue" not in desk.ok("--now", "2024-06-10 12:00", "search", "破损").out


@pytest.mark.parametrize(
    "command",
    [
        ["add", "59088899"],
        ["import", "-"],
        ["reply", "842", "-m", "您好，已经发出了"],
        ["assign", "842", "小李"],
        ["note", "842", "x"],
        ["close", "842"],
        ["void", "842", "--why", "x"],
        ["reopen", "846", "--why", "x"],
        ["report-outage", "--reason", "power"],
        ["outage", "end", "1"],
        ["outage", "contact", "1", "--via", "phone"],
        ["recompute"],
    ],
    ids=lambda value: value[0],
)
def test_commands_that_record_something_refuse_another_moment(desk: Program, command: list[str]) -> None:
    before = desk.sql("SELECT count(*) FROM events")
    assert "--now is for looking only" in desk.refused(2, *command, *NOON)
    assert desk.sql("SELECT count(*) FROM events") == before


# One ticket


def test_show_tells_everything_of_one_ticket(desk: Program) -> None:
    shown = desk.ok("show", "848", *NOON).out
    for words in (
        "ticket     59088848",
        "replied (the platform says: 待回复)",
        "time left  overdue 38h",
        "shop       京东5店",
        "The platform still shows it as waiting",
        "How the first deadline is counted\n  06-07 10:00 – 06-07 14:00  4h",
        "(late)  小王\n    您好，已经为您处理好了",
        "taken in from standard input, row 2",
        "still waiting on the platform",
    ):
        assert words in shown


def test_show_in_json_has_the_ticket_its_replies_and_its_time_line(desk: Program) -> None:
    shown = desk.ok("show", "848", "--json", *NOON).json
    assert shown["id"] == "59088848"
    [reply] = shown["replies"]
    assert (reply["at"], reply["on_time"], reply["by"]) == ("2024-06-11T11:00:00+08:00", False, "小王")
    assert [event["kind"] for event in shown["events"]] == ["taken_in", "replied", "returned"]
    assert shown["extensions"] == []


@pytest.mark.parametrize("command", ["show", "close", "note"])
def test_an_unknown_ticket_is_not_found(desk: Program, command: str) -> None:
    rest = ["x"] if command == "note" else []
    assert "No ticket has the number 777 or ends with it" in desk.refused(3, command, "777", *rest)
    assert "too short" in desk.refused(3, command, "41", *rest)
    assert "is no ticket number" in desk.refused(3, command, "abc", *rest)


def test_an_ambiguous_ending_lists_the_candidates(program: Program) -> None:
    program.ok("import", "-", "--shop", "京东3店", stdin=table(row(59088842), row(60088842)))
    ran = program.run("show", "842")
    assert ran.code == 3
    first, *candidates = ran.err.splitlines()
    assert first == "Error: 2 tickets end with 842; give one digit more:"
    assert sorted(candidates) == [
        "  59088842  京东3店  due 2024-06-11 14:00  275549088842  pending",
        "  60088842  京东3店  due 2024-06-11 14:00  275550088842  pending",
    ]
    assert program.ok("show", "9088842").code == 0


# Deadlines that cannot be


@pytest.fixture
def odd(program: Program) -> Program:
    """One ticket as it should be, and one whose deadline lies in 1980."""
    program.ok("import", "-", stdin=table(row(59088841, content="退款"), row(59088842, content="退款")))
    program.sql("UPDATE tickets SET deadline_at = '1980-01-01T01:00:00Z' WHERE id = '59088842'")
    return program


AT_TEN = ("--now", "2024-06-11 10:00")
SAID = {
    "en": "! The deadline of 1 ticket lies too far off to be right, so its time left cannot be worked out: "
    "59088842. Look it up in the back office and import it again.\n",
    "zh": "! 1 个工单的截止时间算不出来（离现在太远，不可能对）：59088842。请到后台核对，再重新导入。\n",
}


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["list", "--json"],
        ["list", "--csv"],
        ["list", "--overdue"],
        ["search", "退款", "--json"],
        ["show", "842"],
        ["show", "842", "--json"],
        ["export"],
        ["export", "--json"],
    ],
    ids=" ".join,
)
def test_one_deadline_that_cannot_be_stops_no_answer_and_is_named(
    odd: Program, command: list[str], language: str
) -> None:
    ran = odd.ok("--lang", language, *command, *AT_TEN)
    assert SAID[language] in ran.err
    assert "59088842" in ran.out
    if "842" not in command and "--overdue" not in command:
        assert "59088841" in ran.out


def test_such_a_ticket_is_overdue_by_the_wall_and_its_time_left_is_null(odd: Program) -> None:
    held = odd.tickets(*AT_TEN)
    assert (held["59088842"]["seconds_left"], held["59088842"]["overdue"]) == (None, True)
    assert (held["59088841"]["seconds_left"], held["59088841"]["overdue"]) == (4 * 3600, False)
    first, second = odd.ok("list", *AT_TEN).out.splitlines()[2:4]
    assert first.startswith("overdue    1980-01-01 09:00  ")
    assert second.startswith("4h left    today 14:00       ")
    assert odd.ok("--lang", "zh", "list", *AT_TEN).out.splitlines()[2].startswith("已超时 ")


def test_nothing_is_said_of_it_when_it_does_not_wait_any_more(odd: Program) -> None:
    assert odd.ok("reply", "842", "-m", "您好，已经为您处理好了").out.startswith(
        "Ticket 59088842: reply recorded, LATE.\n"
    )
    assert odd.ok("list", *AT_TEN).err == ""
    assert odd.ok("export", *AT_TEN).err == ""
    zh = odd.ok("--lang", "zh", "reply", "842", "-m", "您好，已经为您处理好了").out
    assert zh.splitlines()[0] == "工单 59088842：已再记录一条回复，超时。"


@pytest.mark.parametrize(
    ("deadline", "code", "begin"),
    [
        ("1980-01-01T01:00:00Z", 2, "CRITICAL: overdue 1 · "),
        ("2150-01-01T01:00:00Z", 3, "UNKNOWN: overdue 0 · "),
        ("2101-01-01T00:00:00Z", 3, "UNKNOWN: overdue 0 · "),
        ("2100-12-31T23:59:59Z", 0, "OK: overdue 0 · "),
    ],
)
def test_check_tells_of_a_deadline_that_cannot_be(odd: Program, deadline: str, code: int, begin: str) -> None:
    odd.sql(f"UPDATE tickets SET deadline_at = '{deadline}' WHERE id = '59088842'")
    ran = odd.run("check", *AT_TEN)
    assert (ran.code, ran.err) == (code, "")
    assert ran.out.startswith(begin)
    assert ("deadline cannot be right: 59088842" in ran.out) == (code > 0)
    answer = odd.run("check", "--json", *AT_TEN).json
    assert answer["impossible_deadlines"] == ["59088842"] * (code > 0)
    assert answer["exit_code"] == code
    assert odd.run("check", *AT_TEN, "--lang", "zh").out.endswith("截止时间不对：59088842\n") == (code > 0)


@pytest.mark.parametrize("language", SAID)
def test_reminders_go_out_for_all_others_and_name_it(odd: Program, language: str) -> None:
    odd.configure('[[channels]]\nname = "mail"\nkind = "stdout"\n')
    ran = odd.ok("--lang", language, "remind", "--dry-run", "--now", "2024-06-11 12:00")
    assert "59088841" in ran.out
    assert "59088842" in ran.out
    assert ran.err == SAID[language]


def test_an_outage_is_recorded_and_deadlines_are_recomputed_all_the_same(odd: Program) -> None:
    odd.sql("UPDATE tickets SET deadline_at = '2150-01-01T01:00:00Z' WHERE id = '59088842'")
    ran = odd.ok("report-outage", "--reason", "power", "--since", "2024-06-11 11:30")
    assert "ticket 59088842, order 275549088842, urge, due 2150-01-01 09:00" in ran.out
    odd.sql("UPDATE tickets SET created_at = '1980-01-01T01:00:00Z' WHERE id = '59088842'")
    odd.configure('[deadline]\ndefault = "3h"\n')
    ran = odd.run("recompute")
    assert (ran.code, ran.out) == (
        1,
        "ticket 59088841: due 2024-06-11 13:00 now, was 2024-06-11 14:00\n1 deadline changes.\n",
    )
    assert ran.err == (
        "! No deadline can be counted for 1 ticket, and it was left alone: 59088842. "
        "Look at [service_hours].\n"
    )
    assert odd.run("--lang", "zh", "recompute").err == (
        "! 有 1 个工单算不出截止时间，没有改动：59088842。请检查 [service_hours]。\n"
    )


@pytest.mark.parametrize("moment", ["2024-02-30T01:00:00Z", "2024-13-45T99:99:99Z"])
@pytest.mark.parametrize("column", ["deadline_at", "created_at", "first_deadline_at", "taken_in_at"])
def test_a_moment_that_is_none_stops_nothing(odd: Program, column: str, moment: str) -> None:
    odd.sql("UPDATE tickets SET deadline_at = first_deadline_at WHERE id = '59088842'")
    odd.sql(f"UPDATE tickets SET {column} = '{moment}' WHERE id = '59088842'")
    odd.configure('[[channels]]\nname = "mail"\nkind = "stdout"\n')
    for command in (["list"], ["search", "退款"], ["show", "842"], ["export"], ["remind", "--dry-run"]):
        ran = odd.ok(*command, "--now", "2024-06-11 12:00")
        assert "59088842" in ran.out
        assert (SAID["en"] in ran.err) == (column == "deadline_at")
    ran = odd.run("check", *AT_TEN)
    # As text the one is past and the other to come.
    assert ran.code == (0 if column != "deadline_at" else 2 if moment < "2024-06" else 3)
    assert ("deadline cannot be right: 59088842" in ran.out) == (column == "deadline_at")
    assert odd.run("recompute", "--dry-run").code in (0, 1)
    odd.ok("report-outage", "--reason", "other", "--since", "2024-06-11 11:00")
    odd.ok("reply", "842", "-m", "您好，已经为您处理好了")


def test_what_the_page_no_longer_holds_is_marked_and_named_above_the_table(odd: Program) -> None:
    odd.sql("UPDATE tickets SET missing_at = '2024-06-11T01:30:00Z' WHERE id = '59088841'")
    lines = odd.ok("list", *AT_TEN).out.splitlines()
    assert lines[1].startswith(
        "! 1 ticket that waits here is no longer on the page (since today 09:30): 59088841. "
    )
    assert re.search(r" 59088841 +not on the page +2755", lines[-2])
    zh = odd.ok("--lang", "zh", "list", *AT_TEN).out.splitlines()
    assert zh[1] == (
        "! 页面上已没有 1 个待处理工单（今天 09:30 起）：59088841。已在后台处理的："
        "jdticket close 工单号，或重新导入完整的页面并加上 --close-missing"
    )
    assert "页面上已没有" in zh[-2]
    odd.ok("close", "841")
    assert "page" not in odd.ok("list", *AT_TEN).out


# Searching


def test_search_finds_parts_of_chinese_words_numbers_and_replies(desk: Program) -> None:
    def found(*words: str) -> list[str]:
        return sorted(ticket["id"][-1] for ticket in desk.ok("search", "--json", *words).json)

    assert found("破损") == ["1", "3", "5"]
    assert found("破损 退款", "275549088843") == ["3"]
    assert found("处理好了") == ["6", "8"]
    assert found("没有这个词") == []


def test_search_says_how_many_there_are(desk: Program) -> None:
    ran = desk.ok("search", "破损", "--limit", "1")
    assert ran.err == "3 tickets found. 1 shown; --limit shows more.\n"
    assert ran.out.count("59088841") == 1
    assert desk.ok("search", "没有这个词").err == "0 tickets found.\n"


# For monitors


def test_check_tells_by_its_exit_code(program: Program) -> None:
    program.ok("import", "-", stdin=table(row(59088842)))
    for now, code, verdict in (
        ("2024-06-11 13:29:59", 0, "OK: overdue 0 · due within 30m 0 · pending 1\n"),
        ("2024-06-11 13:30:00", 1, "WARNING: overdue 0 · due within 30m 1 · pending 1\n"),
        ("2024-06-11 14:00:00", 1, "WARNING: overdue 0 · due within 30m 1 · pending 1\n"),
        ("2024-06-11 14:00:01", 2, "CRITICAL: overdue 1 · due within 30m 0 · pending 1\n"),
    ):
        ran = program.run("check", "--now", now)
        assert (ran.code, ran.out, ran.err) == (code, verdict, "")
    assert program.run("check", "--due-within", "3h", "--now", "2024-06-11 11:00").code == 1


def test_check_in_json_says_the_same(desk: Program) -> None:
    ran = desk.run("check", "--json", *NOON)
    assert ran.code == 2
    assert ran.json == {
        "pending": 6,
        "overdue": 2,
        "due_soon": 0,
        "returned": 1,
        "unsent": 0,
        "shops_not_fetched": [],
        "outages_without_contact": [1],
        "impossible_deadlines": [],
        "closed_but_waiting": [],
        "channels_in_trouble": [],
        "reminders": [],
        "sign_ins_ending": [],
        "shops_being_fetched": [],
        "exit_code": 2,
    }


def test_check_warns_while_the_manager_has_not_been_contacted(desk: Program) -> None:
    ran = desk.run("check", "--now", "2024-06-10 12:00", "--shop", "jd3")
    assert ran.code == 1
    assert "operations manager not yet contacted about outage 1" in ran.out


def test_check_does_not_take_a_missing_store_for_a_quiet_desk(program: Program) -> None:
    assert "There is no store at" in program.refused(3, "check")
    assert not program.store.exists()


@pytest.mark.parametrize(
    "asked",
    [
        ["check", "--due-within", "soon"],
        ["check", "--no-such-option"],
        ["--db", "folder", "check", "--shop", "jd3"],
        ["--lang", "zh", "check", "one", "two"],
        ["check", "--due-within"],
    ],
)
def test_check_answers_unknown_to_whatever_keeps_it_from_looking(desk: Program, asked: list[str]) -> None:
    (desk.folder / "folder").mkdir(exist_ok=True)
    ran = desk.run(*asked)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err


def test_other_commands_keep_their_exit_codes(desk: Program) -> None:
    assert desk.run("list", "--no-such-option").code == 2
    assert desk.run("config", "check", "--no-such-option").code == 2


# Deadlines


def test_deadline_in_json_shows_how_it_was_counted(program: Program) -> None:
    assert program.ok("deadline", "2024-06-11 17:30", "--kind", "crc", "--json").json == {
        "created_at": "2024-06-11T17:30:00+08:00",
        "deadline_at": "2024-06-12T11:30:00+08:00",
        "kind": "crc",
        "duration_seconds": 14400,
        "clock": "service",
        "segments": [
            {"from": "2024-06-11T17:30:00+08:00", "to": "2024-06-11T19:00:00+08:00", "seconds": 5400},
            {"from": "2024-06-12T09:00:00+08:00", "to": "2024-06-12T11:30:00+08:00", "seconds": 9000},
        ],
    }


def test_deadline_follows_the_configured_hours_and_kinds(program: Program) -> None:
    program.configure(
        '[service_hours]\ndaily = ["10:00-12:00"]\n[service_hours.special]\n"2024-06-12" = []\n'
        '[deadline]\ndefault = "24h calendar"\n[deadline.kinds]\ncrc = "3h"\n'
    )
    crc = program.ok("deadline", "2024-06-11 11:00", "--kind", "crc", "--json").json
    assert crc["deadline_at"] == "2024-06-13T12:00:00+08:00"
    urge = program.ok("deadline", "2024-06-11 11:00", "--kind", "urge", "--json").json
    assert (urge["deadline_at"], urge["clock"]) == ("2024-06-12T11:00:00+08:00", "calendar")


def test_deadline_needs_no_store(program: Program) -> None:
    shown = program.ok("deadline", "2024-06-11 17:30").out
    assert "2024-06-11 17:30 – 2024-06-11 19:00  1h 30m" in shown
    assert not program.store.exists()


@pytest.mark.parametrize("time", ["soon", "10/11/2024", "2024-02-30", "1999-12-31"])
def test_a_time_that_is_none_is_wrong_usage(program: Program, time: str) -> None:
    assert time in program.refused(2, "deadline", time)


def test_a_store_given_by_option_wins_over_the_environment(desk: Program, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    desk.ok("add", "59088899", "--shop", "jd3", "--db", str(other))
    assert [ticket["id"] for ticket in desk.ok("list", "--json", "--db", str(other)).json] == ["59088899"]


def test_a_list_does_not_pay_for_reminders_or_the_network() -> None:
    source = (
        "import sys; import jdticket.cli.looking;"
        "print(sorted({'jdticket.desk.claims', 'jdticket.domain.reminders', 'requests'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
