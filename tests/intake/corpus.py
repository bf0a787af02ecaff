"""Inputs of all kinds, each with what is right of it: reads them as a user would and compares.

manifest.json has for each file: its kind; what made it; ``tickets``, what each must be; ``notes``, whether
something has to be said on standard error; ``named``, words of what has to be refused (exit code 1);
``says``, words that have to be said; ``options`` of the import. Times are those of Asia/Shanghai.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.cli.running import Program


class Verdict(StrEnum):
    """What came of one input."""

    RIGHT = "right"
    TOLD = "told"
    WRONG = "wrong"


def inputs(folder: Path) -> list[dict[str, Any]]:
    """What the manifest has of each file."""
    found: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def verdict(folder: Path, one: Mapping[str, Any]) -> tuple[Verdict, str]:
    """What came of one input, and why it is wrong if it is."""
    with TemporaryDirectory() as temporary:
        program = Program(Path(temporary))
        ran = program.run("import", folder / one["file"], *one.get("options", []))
        held = (
            {row["id"]: row for row in program.run("export", "--json").json} if program.store.exists() else {}
        )
    said = [line for line in ran.err.splitlines() if not line.startswith("New store: ")]
    named, notes = one.get("named", []), one.get("notes", False)
    wrong = [
        f"exit code {ran.code}" if ran.code != bool(named) else "",
        *(f"not said: {words}" for words in [*named, *one.get("says", [])] if words not in ran.err),
        f"said: {said}" if said and not named and not notes else "",
        "nothing was said" if notes and not said else "",
        *_differences(one["tickets"], held),
    ]
    problems = [problem for problem in wrong if problem]
    if problems:
        return Verdict.WRONG, "; ".join(problems) + f" | {ran.out.strip()} | {' / '.join(said)[:300]}"
    return (Verdict.TOLD if named or notes else Verdict.RIGHT), ""


def _differences(tickets: list[dict[str, Any]], held: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = [f"{number} is none" for number in held.keys() - {ticket["id"] for ticket in tickets}]
    for ticket in tickets:
        row = held.get(ticket["id"])
        if row is None:
            found.append(f"{ticket['id']} is missing")
            continue
        found += [
            f"{ticket['id']}.{name}: {_local(name, row[name])!r} is not {value!r}"
            for name, value in ticket.items()
            if _local(name, row[name]) != value
        ]
    return found


def _local(name: str, value: Any) -> Any:
    """A moment as the clock in Shanghai shows it."""
    return value.replace("T", " ").removesuffix("+08:00") if value and name.endswith("_at") else value
