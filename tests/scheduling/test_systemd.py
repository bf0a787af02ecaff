from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from jdticket.errors import InputError
from jdticket.scheduling.interface import Job
from jdticket.scheduling.systemd import service_unit, timer_unit

from .jobs import both, job


def test_the_units_are_what_systemd_reads() -> None:
    service = service_unit(job("--db", '/a b/100% "$x"\\.db', "remind", log="/l o/100%.log"))
    assert r'ExecStart="/opt/jdticket" "--db" "/a b/100%% \"$$x\"\\.db" "remind"' in service.splitlines()
    assert "StandardOutput=append:/l o/100%%.log" in service.splitlines()
    assert "StandardOutput" not in service_unit(job())
    assert "WantedBy=timers.target" in timer_unit(job()).splitlines()


def test_a_unit_runs_the_first_and_then_the_other_whatever_becomes_of_the_first() -> None:
    service = service_unit(both("--db", '/a b/100% "$x"\\.db', "sync", log="/l/r.log"))
    runs = [line for line in service.splitlines() if line.startswith("ExecStart")]
    assert runs == [
        r'ExecStart=-"timeout" "180" "/opt/jdticket" "--db" "/a b/100%% \"$$x\"\\.db" "sync"',
        'ExecStart="/opt/jdticket" "remind"',
    ]
    assert "Type=oneshot" in service.splitlines()  # no other type of unit runs two
    assert "StandardOutput=append:/l/r.log" in service.splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd's own word")
@pytest.mark.parametrize(
    "wanted", [job("--db", '/100% "$x".db'), both(log="/l/100%.log")], ids=["one", "two"]
)
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path, wanted: Job) -> None:
    program = tmp_path / "jd ticket"
    program.touch(mode=0o755)
    arguments = (str(program), *wanted.command[1:])
    wanted = replace(wanted, command=arguments, first=(str(program), "sync") if wanted.first else ())
    units = {
        tmp_path / "jdticket.service": service_unit(wanted),
        tmp_path / "jdticket.timer": timer_unit(wanted),
    }
    for path, text in units.items():
        path.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, units)],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert "jdticket" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "refused",
    [job("--db", "/a\nb"), job(log="/a\nb"), both("--db", "/a\nb", "sync")],
    ids=["argument", "log", "first"],
)
def test_what_a_unit_cannot_hold_is_refused(refused: Job) -> None:
    with pytest.raises(InputError, match="line break"):
        service_unit(refused)
