from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from .running import Program, row, table

GOOD = "您好，订单今天已发出，请留意查收"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Two pending tickets, due at 13:00 and 14:00 on 2024-06-11, and a template."""
    program = Program(tmp_path_factory.mktemp("desk"))
    program.configure('[templates]\nshipped = "您好，订单{order_id}已发出，运单号{waybill}。"\n')
    program.ok("import", "-", stdin=table(row(59088842), row(59088843, "2024-06-11 09:00:00")))
    return program


@pytest.fixture
def desk(prepared: Program, tmp_path: Path) -> Program:
    return prepared.copy_to(tmp_path)


def replies(program: Program) -> list[tuple[object, ...]]:
    return program.sql("SELECT ticket_id, text, forced FROM replies ORDER BY id")


# In time, and what comes next


def test_a_reply_in_time_says_by_how_much_and_which_ticket_is_next(desk: Program) -> None:
    ran = desk.ok("reply", "843", "-m", GOOD, "--at", "2024-06-11 11:30")
    first, second = ran.out.splitlines()
    assert first == "Ticket 59088843: reply recorded, in time, 1h 30m of service time before the deadline."
    assert second.startswith("Next: ticket 59088842, urge, overdue ")
    assert second.endswith("(due 2024-06-11 14:00): 催")
    assert desk.tickets()["59088843"]["replied_at"] == "2024-06-11T11:30:00+08:00"


def test_a_reply_at_the_very_deadline_is_in_time_and_a_second_later_late(desk: Program) -> None:
    assert "in time" in desk.ok("reply", "842", "-m", GOOD, "--at", "2024-06-11 14:00:00").out
    late = desk.ok("reply", "843", "-m", GOOD, "--at", "2024-06-11 13:00:01").out.splitlines()
    assert late[0] == "Ticket 59088843: reply recorded, LATE, <1m of service time after the deadline."
    assert late[1] == "Nothing else is pending."


def test_a_second_reply_is_kept_beside_the_first(desk: Program) -> None:
    desk.ok("reply", "842", "-m", GOOD)
    assert "another reply recorded" in desk.ok("reply", "842", "-m", "您好，运单号是 JDX01234").out
    assert [text for _id, text, _forced in replies(desk)] == [GOOD, "您好，运单号是 JDX01234"]


def test_a_reply_is_signed_by_the_account_or_the_name_given(desk: Program) -> None:
    desk.ok("reply", "842", "-m", GOOD)
    desk.ok("reply", "843", "-m", GOOD, "--by", "小李")
    assert desk.sql("SELECT by FROM replies ORDER BY id") == [("小王",), ("小李",)]


# Where the text comes from


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_text_may_come_from_a_file(desk: Program, encoding: str) -> None:
    path = desk.write("reply.txt", (GOOD + "\r\n").encode(encoding))
    desk.ok("reply", "842", "--file", path)
    assert replies(desk) == [("59088842", GOOD, 0)]


def test_the_text_may_come_from_standard_input(desk: Program) -> None:
    desk.ok("reply", "842", "--file", "-", stdin=GOOD)
    assert replies(desk) == [("59088842", GOOD, 0)]


def test_the_text_may_come_from_a_template(desk: Program) -> None:
    desk.ok("reply", "842", "--template", "shipped", "--set", "waybill=JDX=1")
    assert replies(desk) == [("59088842", "您好，订单275549088842已发出，运单号JDX=1。", 0)]


def test_a_bad_template_stops_what_uses_it_alone(desk: Program) -> None:
    desk.configure('[templates]\nbad = "{order_id"\ngood = "您好，订单{order_id}今天已经发出。"\n')
    assert "templates.bad: a brace stands alone" in desk.refused(1, "reply", "842", "--template", "bad")
    desk.ok("backup", "copy.db")
    desk.ok("reply", "842", "--template", "good")
    assert "templates.bad: a brace stands alone" in desk.refused(1, "config", "check")


def test_a_bad_text_of_a_message_is_told_and_the_usual_one_goes_out(desk: Program) -> None:
    desk.configure(
        '[[channels]]\nname = "here"\nkind = "stdout"\nnight = true\ndefault = true\n'
        '[messages.templates]\noverdue = "{shop}"\n'
    )
    ran = desk.run("remind")
    assert (ran.code, "messages.templates.overdue: must hold {ticket_id}" in ran.err) == (1, True), ran
    assert "59088842" in ran.out


def editor(desk: Program, script: str) -> str:
    path = desk.write("editor.sh", f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def test_on_a_terminal_the_text_may_come_from_an_editor(desk: Program) -> None:
    script = editor(desk, f'cp "$1" seen.txt && {{ echo "{GOOD}"; cat "$1"; }} >new && cat new >"$1"')
    ran = desk.terminal("reply", "842", EDITOR=script)
    assert ran.code == 0, ran.out
    assert replies(desk) == [("59088842", GOOD, 0)]
    seen = (desk.folder / "seen.txt").read_text(encoding="utf-8")
    assert "# Ticket 59088842, order 275549088842, urge." in seen


def test_an_editor_that_fails_or_leaves_nothing_records_nothing(desk: Program) -> None:
    ran = desk.terminal("reply", "842", EDITOR=editor(desk, "exit 3"))
    assert (ran.code, "did not work; set EDITOR" in ran.out) == (1, True)
    assert desk.terminal("reply", "842", EDITOR="no-such-editor").code == 1
    assert desk.terminal("reply", "842", EDITOR="true").code == 4
    assert "did not work" in desk.terminal("reply", "842", EDITOR='x "y').out
    assert replies(desk) == []
    assert not kept(desk).parent.exists()


def kept(desk: Program) -> Path:
    return desk.folder / "desk.db.replies" / "59088842.txt"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_an_editor_may_save_in_its_own_encoding(desk: Program, encoding: str) -> None:
    desk.write("saved.txt", f"{GOOD}\r\n# x\r\n".encode(encoding))
    assert desk.terminal("reply", "842", EDITOR=editor(desk, 'cat saved.txt >"$1"')).code == 0
    assert replies(desk) == [("59088842", GOOD, 0)]
    assert not kept(desk).parent.exists()


@pytest.mark.parametrize(
    ("saved", "then", "code"),
    [
        ("收到".encode(), "", 4),  # says nothing
        (GOOD.encode(), "exit 3", 1),
        (GOOD.encode("utf-16") + b"\x00", "", 1),
    ],
    ids=["refused", "editor failed", "no text"],
)
def test_a_text_that_could_not_be_recorded_is_kept_and_offered_again(
    desk: Program, saved: bytes, then: str, code: int
) -> None:
    desk.write("saved.txt", saved)
    ran = desk.terminal("reply", "842", EDITOR=editor(desk, f'cat saved.txt >"$1"; {then}'))
    assert (ran.code, "jdticket reply 59088842 offers it again" in ran.out) == (code, True), ran.out
    assert kept(desk).read_bytes() == saved
    assert (kept(desk).stat().st_mode & 0o777, kept(desk).parent.stat().st_mode & 0o777) == (0o600, 0o700)
    if saved.endswith(b"\x00"):
        assert "is no text" in desk.terminal("reply", "842", EDITOR="true").out
        assert kept(desk).read_bytes() == saved
        return
    script = editor(desk, f'cp "$1" seen.txt; echo "{GOOD}" >"$1"')
    assert desk.terminal("reply", "842", EDITOR=script).code == 0
    seen = (desk.folder / "seen.txt").read_text(encoding="utf-8")
    assert seen.startswith(f"{saved.decode()}\n# Ticket 59088842")
    assert not kept(desk).parent.exists()


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (2, [], "Say what was replied"),
        (2, ["-m", GOOD, "--file", "x"], "not several"),
        (2, ["-m", GOOD, "--set", "a=b"], "--set goes with --template"),
        (2, ["--template", "shipped", "--set", "ab"], "write NAME=VALUE"),
        (2, ["--template", "shipped"], "waybill"),
        (3, ["--template", "nix"], "there are: shipped"),
        (1, ["--file", "nix.txt"], "nix.txt"),
        (1, ["--file", "."], "."),
        (1, ["--file", "binary"], "UTF-8 or GB18030"),
        (2, ["-m", GOOD, "--at", "2099-01-01"], "in the future"),
        (2, ["-m", GOOD, "--at", "2024-06-11 08:00"], "before the ticket was created"),
        (2, ["-m", GOOD, "--at", "10/11/2024"], "--at"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_call_that_says_no_reply_is_refused(
    desk: Program, code: int, arguments: list[str], words: str
) -> None:
    desk.write("binary", b"\xff\xff\xff")
    assert words in desk.refused(code, "reply", "842", *arguments)
    assert replies(desk) == []


# An effective reply


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "The reply is empty."),
        (" \n ", "The reply is empty."),
        ("收到", "says nothing to the customer"),
        ("好的！", "says nothing to the customer"),
        ("是的哦", "has 3 characters; an effective one has at least 4"),
        ("今天已发出" * 100 + "了", "has 1002 bytes; the platform takes at most 1000"),
    ],
    ids=["empty", "blank", "phrase", "phrase with a mark", "short", "long"],
)
def test_a_reply_that_is_not_effective_is_refused_with_the_reason(desk: Program, text: str, why: str) -> None:
    said = desk.refused(4, "reply", "842", "-m", text)
    assert why in said
    assert said.endswith("--force records it all the same.")
    assert desk.tickets()["59088842"]["status"] == "pending"


def test_five_hundred_chinese_characters_are_not_too_long(desk: Program) -> None:
    desk.ok("reply", "842", "-m", "今天已发出" * 100)


def test_force_records_it_all_the_same_and_shows_that(desk: Program) -> None:
    desk.ok("reply", "842", "-m", "收到", "--force")
    assert replies(desk) == [("59088842", "收到", 1)]
    assert "recorded with --force" in desk.ok("show", "842").out


def test_what_counts_as_effective_can_be_configured(desk: Program) -> None:
    desk.configure('[reply]\nmin_length = 10\nempty_phrases = ["您好，请您再耐心等待一下"]\n')
    assert "at least 10" in desk.refused(4, "reply", "842", "-m", "您好，已发出")
    assert "says nothing" in desk.refused(4, "reply", "842", "-m", "您好，请您再耐心等待一下。")


# Names, notes, states


def test_assigning_puts_a_name_on_a_ticket_and_takes_it_off(desk: Program) -> None:
    assert desk.ok("assign", "842", " 小 李 ").out == "Ticket 59088842 is assigned to 小 李.\n"
    assert desk.tickets()["59088842"]["assignee"] == "小 李"
    assert desk.ok("assign", "842", "").out == "Ticket 59088842 is assigned to nobody.\n"


def test_a_note_stands_in_the_time_line_and_is_found(desk: Program) -> None:
    desk.ok("note", "842", "买家要求改地址", "--by", "小李")
    assert "note: 买家要求改地址  (小李)" in desk.ok("show", "842").out
    assert [ticket["id"] for ticket in desk.ok("search", "地址", "--json").json] == ["59088842"]
    assert desk.refused(4, "note", "842", "  ") == "The note is empty."


def test_a_ticket_is_closed_reopened_and_voided(desk: Program) -> None:
    assert desk.ok("close", "842").out == "Ticket 59088842 is closed now.\n"
    assert desk.ok("reopen", "842", "--why", "买家再次投诉").out == "Ticket 59088842 is pending now.\n"
    assert desk.ok("void", "842", "--why", "重复工单").out == "Ticket 59088842 is void now.\n"
    story = desk.ok("show", "842").out
    for words in ("closed  (小王)", "reopened: 买家再次投诉", "void: 重复工单"):
        assert words in story


@pytest.mark.parametrize(
    ("state", "move", "said"),
    [
        (["close", "842"], ["close", "842"], "is closed, so it cannot be closed"),
        (["close", "842"], ["reply", "842", "-m", GOOD], "is closed, so it cannot take a reply"),
        (["close", "842"], ["void", "842", "--why", "x"], "is closed, so it cannot be voided"),
        (["void", "842", "--why", "x"], ["reply", "842", "-m", GOOD], "is void, so it cannot take a reply"),
        (["void", "842", "--why", "x"], ["close", "842"], "is void, so it cannot be closed"),
        (["note", "842", "x"], ["reopen", "842", "--why", "x"], "is pending, so it cannot be reopened"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_move_that_the_state_does_not_allow_is_refused_with_the_state_named(
    desk: Program, state: list[str], move: list[str], said: str
) -> None:
    desk.ok(*state)
    before = desk.sql("SELECT count(*) FROM events")
    assert said in desk.refused(4, *move)
    assert desk.sql("SELECT count(*) FROM events") == before


def test_voiding_and_reopening_need_a_reason(desk: Program) -> None:
    assert desk.refused(2, "void", "842") == "Missing option: --why"
    assert desk.refused(4, "void", "842", "--why", " ") == "Say why: --why TEXT"


# Several tickets


@pytest.fixture
def ten(desk: Program) -> Program:
    """Ten tickets that wait, 59088840 to 59088849."""
    desk.ok("import", "-", stdin=table(*(row(59088840 + n) for n in range(10))))
    return desk


NUMBERS = [str(59088840 + n) for n in range(10)]


@pytest.mark.parametrize(
    ("before", "step", "rest", "refused"),
    [
        ((), "close", (), "is closed, so it cannot be closed"),
        ((), "void", ("--why", "重复"), "is closed, so it cannot be voided"),
        (("close", *NUMBERS[:4], *NUMBERS[5:]), "reopen", ("--why", "重来"), "cannot be reopened"),
    ],
)
def test_nine_go_in_and_the_one_that_is_refused_is_named(
    ten: Program, before: tuple[str, ...], step: str, rest: tuple[str, ...], refused: str
) -> None:
    if before:
        ten.ok(*before)
    else:
        ten.ok("close", "844")
    ran = ten.run(step, *NUMBERS, *rest)
    assert ran.code == 4
    others = [number for number in NUMBERS if number != "59088844"]
    assert [line.split()[1] for line in ran.out.splitlines()] == others
    first, second = ran.err.splitlines()
    assert first == "Error: 1 of 10 not done:"
    assert second.startswith("  Ticket 59088844 is ")
    assert refused in second


def test_a_number_that_is_not_found_keeps_no_other_ticket_back(ten: Program) -> None:
    ran = ten.run("close", "842", "777", "843")
    assert (ran.code, len(ran.out.splitlines())) == (3, 2)
    assert "  No ticket has the number 777" in ran.err


def test_a_ticket_that_is_named_twice_is_closed_once(ten: Program) -> None:
    assert ten.ok("close", "842", "59088842").out == "Ticket 59088842 is closed now.\n"


def test_several_tickets_are_assigned_and_noted_at_once(ten: Program) -> None:
    ten.ok("assign", "842", "843", "小王")
    ten.ok("note", "842", "843", "买家要求改地址")
    assert {number for number, held in ten.tickets().items() if held["assignee"] == "小王"} == {
        "59088842",
        "59088843",
    }
    assert "买家要求改地址" in ten.ok("show", "843").out


def test_a_name_or_a_text_that_is_left_out_is_missed(ten: Program) -> None:
    assert ten.refused(2, "assign", "842") == "Missing: NAME"
    assert ten.refused(2, "assign", "842", "843") == "Missing: NAME"
    assert ten.refused(2, "note", "842") == "Missing: TEXT"


def test_a_reply_sent_while_the_editor_was_open_is_not_overwritten(desk: Program) -> None:
    meanwhile = f'{shlex.join(desk.call("close", "842"))}; echo "{GOOD}" >"$1"'
    ran = desk.terminal("reply", "842", EDITOR=editor(desk, meanwhile))
    assert ran.code == 4
    assert "is closed, so it cannot take a reply" in ran.out
    assert replies(desk) == []
