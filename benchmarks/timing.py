"""Commands measured in turn, so that what disturbs the machine disturbs all alike."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

RUNS = 25


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run of a job took."""

    wall: float
    """Seconds on the clock, the median: what a person waits."""
    cpu: float
    """Seconds of processor time of its processes, the least: what the machine's other work disturbs least."""

    def __str__(self) -> str:
        return f"{self.wall * 1000:7.1f} ms {self.cpu * 1000:7.1f} ms CPU"

    def beside(self, other: Taken) -> str:
        """The two ratios, in words."""
        return f"{self.wall / other.wall:.2f} wall, {self.cpu / other.cpu:.2f} CPU"


def this_machine() -> str:
    """What the figures were measured on, and what they are."""
    return (
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        "wall: the median, CPU: the least, of interleaved runs"
    )


def interleaved(jobs: Mapping[str, Callable[[], object]], runs: int = RUNS) -> dict[str, Taken]:
    """What each job takes, once a round. The first round, which leaves byte code behind, is not counted."""
    walls: dict[str, list[float]] = {name: [] for name in jobs}
    cpus: dict[str, list[float]] = {name: [] for name in jobs}
    for counted in range(runs + 1):
        for name, job in jobs.items():
            cpu, wall = _cpu_of_children(), time.perf_counter()
            job()
            if counted:
                walls[name].append(time.perf_counter() - wall)
                cpus[name].append(_cpu_of_children() - cpu)
    return {name: Taken(statistics.median(walls[name]), min(cpus[name])) for name in jobs}


def run(command: Sequence[str], *, ends_with: int = 0, **environ: str) -> None:
    """Run a command, its output thrown away. Raises ``RuntimeError`` when it ends with another exit code."""
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, capture_output=True, env=os.environ | environ
    )
    if done.returncode != ends_with:
        raise RuntimeError(f"{command}: {done.returncode}\n{done.stderr.decode()}")


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
