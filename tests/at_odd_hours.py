"""Runs the whole suite at hours at which nobody is at work, and tells how each run ended.

By hand: ``python -m tests.at_odd_hours [PYTEST'S ARGUMENTS]``, with ``faketime`` of libfaketime 0.9.12 or
later (0.9.10, which Debian has, makes Python's waits fail or never end). Commands run in processes of their
own, so that it takes a few minutes an hour.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

# By the clock of the shops: at night, around the opening, at noon, around the close and midnight, and around
# the end of a year.
HOURS = (
    "2026-11-25 03:00:00",
    "2026-11-25 08:59:58",
    "2026-11-25 12:00:00",
    "2026-11-25 18:59:58",
    "2026-11-25 23:59:58",
    "2026-12-31 23:59:30",
)
FAKED = {
    "TZ": "UTC",
    "FAKETIME_DONT_RESET": "1",  # every process goes by one clock
    "NO_FAKE_STAT": "1",  # byte code is as old as it is
}
SHOPS = ZoneInfo("Asia/Shanghai")


def main(arguments: list[str]) -> int:
    """Exit code 1 when one of the runs failed."""
    failed = False
    for hour in HOURS:
        begin = datetime.fromisoformat(hour).replace(tzinfo=SHOPS).astimezone(UTC)
        # What has passed is still measured by the machine's clock.
        faked = ["faketime", "--exclude-monotonic", "-f", f"@{begin:%Y-%m-%d %H:%M:%S}"]
        done = subprocess.run(
            [*faked, sys.executable, "-m", "pytest", *arguments],
            cwd=Path(__file__).parent.parent,
            env=os.environ | FAKED,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        *lines, last = done.stdout.splitlines() or ["-"]
        told = [f"{hour}  {last}", *(line for line in lines if line.startswith(("FAILED", "ERROR")))]
        print("\n    ".join(told), flush=True)  # noqa: T201 - it answers on standard output
        failed |= done.returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
