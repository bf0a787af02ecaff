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
