from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from jdticket.cli.session import Session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("JDTICKET_CONFIG", str(tmp_path / "config.toml"))
    with typer.Context(click.Command("x"), obj={"db": str(tmp_path / "desk.db")}) as call:
        yield Session(call)


def test_all_desks_of_a_call_stand_on_one_store(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def counted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connections.append(connect(*arguments, **options))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", counted)
    session.begin()
    session.reading()
    session.writing()
    session.reminders(rehearsal=True)
    session.pulling()
    session.pushing()
    assert len(connections) == 1


@pytest.mark.parametrize(
    ("by", "environ", "configured", "who", "where"),
    [
        ("小李", {"JDTICKET_ME": "小赵", "USER": "root"}, 'me = "小王"', "小李", ""),
        (None, {"JDTICKET_ME": " 小 赵 ", "USER": "root"}, 'me = "小王"', "小 赵", "JDTICKET_ME"),
        (None, {"JDTICKET_ME": "", "USER": "root"}, 'me = "小王"', "小王", "me"),
        (" ", {"USER": "root"}, "", "root", "USER"),
        (None, {"USERNAME": "Administrator"}, "", "Administrator", "USER"),
        (None, {}, "", "", ""),
    ],
)
def test_who_acts_is_the_name_given_else_the_variables_else_the_configurations_else_the_logins(
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by: str | None,
    environ: dict[str, str],
    configured: str,
    who: str,
    where: str,
) -> None:
    for name in ("JDTICKET_ME", "USER", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "config.toml").write_text(configured + "\n", encoding="utf-8")
    assert session.by(by) == who
    assert by == "小李" or session.me == (who, where)
