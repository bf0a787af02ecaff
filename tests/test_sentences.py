"""How sentences for people are put together, whoever says them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import jdticket

_PACKAGE = Path(jdticket.__file__).parent
_FOR_PROGRAMS = {"iso", "isoformat", "stored"}


def _times_for_programs() -> Iterator[str]:
    for file in sorted(_PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "format"):
                continue
            for told in ast.walk(ast.Module([ast.Expr(word.value) for word in call.keywords], [])):
                if not isinstance(told, ast.Call):
                    continue
                if getattr(told.func, "attr", getattr(told.func, "id", "")) in _FOR_PROGRAMS:
                    yield f"{file.relative_to(_PACKAGE)}:{told.lineno}"


def test_no_sentence_tells_a_time_as_programs_do() -> None:
    assert list(_times_for_programs()) == []
