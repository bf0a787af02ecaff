from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from jdticket.errors import UsageError
from jdticket.scheduling.crontab import crontab_block
from jdticket.scheduling.interface import INTERVALS, own_program
from jdticket.scheduling.systemd import timer_unit

from .jobs import entry, job


def minutes_of(field: str) -> list[int]:
    """The minutes that a field names: * or A or A-B/N (cron), A/N (systemd)."""
    if field == "*":
        return list(range(60))
    start, _, step = field.partition("/")
    if not step:
        return [int(start)]
    assert int(step) < 60  # systemd refuses a step beyond the range
    first, _, last = start.partition("-")
    return list(range(int(first), int(last or 59) + 1, int(step)))


@pytest.mark.parametrize("every", INTERVALS)
def test_every_interval_is_even_and_keeps_off_full_and_half_hours(every: int) -> None:
    minutes, _ = entry(crontab_block(job(every=every)))
    timer = re.search(r"^OnCalendar=\*-\*-\* \*:(\S+):00$", timer_unit(job(every=every)), re.MULTILINE)
    assert timer
    for field in (minutes, timer[1]):
        at = minutes_of(field)
        assert [(later - earlier) % 60 for earlier, later in zip(at, [*at[1:], at[0]], strict=True)] == [
            every % 60
        ] * (60 // every)
        assert every == 1 or not {0, 30} & set(at)


@pytest.mark.parametrize("every", [-5, 0, 7, 59, 61, 120])
def test_an_interval_that_does_not_divide_an_hour_is_refused(every: int) -> None:
    with pytest.raises(
        UsageError, match=r"--every: -?[0-9]+ minutes do not divide an hour; one of 1, 2, 3, 4, 5, 6"
    ):
        job(every=every)


# The program


def test_the_script_beside_the_interpreter_is_the_program(tmp_path: Path) -> None:
    python = tmp_path / "python"
    assert own_program(str(python)) == (str(python), "-m", "jdticket")
    script = tmp_path / "jdticket"
    script.touch()
    assert own_program(str(python)) == (str(python), "-m", "jdticket")
    script.chmod(0o755)
    assert own_program(str(python)) == (str(script),)


def test_an_interpreter_that_is_a_link_stays_one(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    assert own_program(str(python))[0] == str(python)
