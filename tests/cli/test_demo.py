from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from jdticket import i18n

from .running import Program


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_demo_walks_through_the_main_job_and_says_where_its_store_is(
    program: Program, language: str
) -> None:
    ran = program.ok("demo", JDTICKET_LANG=language)
    shown = re.findall(r"^\$ jdticket ([a-z-]+)", ran.out, re.MULTILINE)
    assert shown == ["import", "list", "reply", "report-outage", "outage", "list"]
    overdue = {"en": r"^overdue \d", "zh": r"^超时 \d"}[language]
    assert re.search(overdue, ran.out, re.MULTILINE)

    *_others, command = ran.out.rstrip().splitlines()
    call = shlex.split(command)
    assert call[0] == "jdticket"
    assert Path(call[2]).parent.name.startswith("jdticket-demo-")
    assert str(Path(call[2]).parent) in ran.out.replace(command, "")
    del program.environ["JDTICKET_DB"]
    assert "84712905" in program.ok(*call[1:]).out


def test_the_demo_leaves_the_real_store_alone(program: Program) -> None:
    program.ok("add", "59088842")
    program.ok("demo")
    assert set(program.tickets()) == {"59088842"}
