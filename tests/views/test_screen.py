from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from jdticket.views.screen import Cell, Plain, Terminal, screen

HEADINGS = ["time left", "deadline", "kind", "ticket", "order", "content"]
ROW = ["2h left", "today 14:00", "CRC", "59088842", "275490614167", "买家称收到破损商品，要求退款并赔偿"]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return at_width(80, monkeypatch)


def at_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", str(columns))
    return Terminal()


def rows(*texts: list[str]) -> list[list[Cell]]:
    return [[Cell(text) for text in row] for row in texts]


def test_what_is_no_terminal_is_a_pipe() -> None:
    assert isinstance(screen(), Plain)


def test_a_pipe_gets_the_whole_text_and_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Plain().table(HEADINGS, rows(ROW, [*ROW[:5], "x" * 300]), fitted=True)
    heading, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(ROW[-1])
    assert second.endswith("  " + "x" * 300)
    assert heading.index("ticket") == first.index("59088842") == second.index("59088842")


def test_a_chinese_character_takes_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Plain().table(["a", "b"], rows(["京东3店", "x"], ["jd", "y"]))
    _heading, first, second = capsys.readouterr().out.splitlines()
    assert first == "京东3店  x"
    assert second == "jd       y"


def test_the_last_column_is_cut_to_the_room_that_the_others_leave(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.table(HEADINGS, rows(ROW), fitted=True)
    line = capsys.readouterr().out.splitlines()[1]
    assert line.rstrip().endswith("…")
    assert 78 <= cell_len(line) <= 80


def test_a_column_without_room_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_width(50, monkeypatch).table(HEADINGS, rows(ROW), fitted=True)
    _heading, line, *said = capsys.readouterr().out.splitlines()
    assert line.rstrip().endswith("275490614167")
    assert " ".join(map(str.strip, said)) == "No room here for: content. A wider window shows it."


def test_a_board_of_80_columns_shortens_shop_assignee_and_content(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    headings = [*HEADINGS[:5], "shop", "assignee", "content"]
    row = [
        "3小时58分钟",
        "明天 10:30",
        "退款问题",
        "59088842",
        "3581494008421111",
        "京东旗舰5店",
        "欧阳小明小明",
    ]
    terminal.table(headings, rows([*row, ROW[-1]]), fitted=True, elastic=["kind", "shop", "assignee"])
    _heading, line = capsys.readouterr().out.splitlines()
    assert cell_len(line) <= 80
    assert "59088842 3581494008421111 京东" in line
    assert "欧阳" in line
    assert line.rstrip().endswith("…")
    assert "买家" in line


def test_what_a_left_out_column_frees_is_given_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_width(50, monkeypatch).table(
        [*HEADINGS[:4], "shop", "content"],
        rows([*ROW[:4], "京东自营旗舰店", ROW[-1]]),
        fitted=True,
        elastic=["shop"],
    )
    assert "京东自营旗舰店" in capsys.readouterr().out


def test_a_short_last_column_is_shown_where_it_fits(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.table([*HEADINGS[:5], "文"], rows([*ROW[:5], "催"]), fitted=True)
    assert capsys.readouterr().out.splitlines()[1].rstrip().endswith("催")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.integers(45, 160), text=st.text(st.sampled_from("a 催，😀…[]"), max_size=120))
def test_no_line_is_wider_than_the_terminal_and_the_ticket_is_never_cut(
    columns: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        at_width(columns, patch).table(HEADINGS, rows([*ROW[:5], text]), fitted=True)
    lines = capsys.readouterr().out.splitlines()
    assert not lines[2:] or lines[2].startswith("No room here for: ")
    assert max(map(cell_len, lines)) <= columns
    assert "59088842" in lines[1]


@pytest.mark.parametrize("face", [Plain, Terminal])
def test_text_is_never_taken_for_markup(
    face: type[Plain] | type[Terminal], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = face()
    shown.line("[red]x[/red] :smile:", "bold")
    shown.table([], rows(["name", "[b]y[/b] :smile:"]))
    shown.table(["a", "b"], rows(["[i]z[/i]", ":smile:"]), fitted=True)
    out = capsys.readouterr().out
    for text in ("[red]x[/red] :smile:", "[b]y[/b] :smile:", "[i]z[/i]  :smile:"):
        assert text in out


def test_a_long_value_is_folded_and_none_of_it_lost(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.table([], rows(["note", "字" * 100]))
    out = capsys.readouterr().out
    assert out.count("字") == 100
    assert max(map(cell_len, out.splitlines())) <= 80
