"""`check` and `remind` with nothing due, and `remind` with 500 due, on this machine.

    python benchmarks/reminders.py

The robot is a WeCom group robot played on loopback by tests/channels/robots.py.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import installed
from installed import CHECKOUT, JDTICKET
from timing import interleaved, run, this_machine

BARE = [sys.executable, "-c", "import typer, sqlite3"]
CONFIG = """
[service_hours]
daily = ["00:00-24:00"]

[reminders]
opening = false

[[channels]]
name = "group"
kind = "wecom"
url = "{url}"
mention = ["13800000000"]
"""


def main() -> None:
    sys.path.append(str(CHECKOUT))  # behind the environment, whose jdticket it is that is measured
    from tests.channels.robots import Robots

    print(this_machine())
    # The real limit of 20 a minute holds: the robot refuses what is over it.
    with tempfile.TemporaryDirectory(prefix="jdticket-bench-") as name, Robots() as robots:
        folder = Path(name)
        config = folder / "config.toml"
        config.write_text(CONFIG.format(url=robots.wecom("key")), encoding="utf-8")
        nothing_due(folder, config)
        before = len(robots.messages)
        many_due(folder, config)
        print(f"messages that the robot took: {len(robots.messages) - before} (at most 20)")


def nothing_due(folder: Path, config: Path) -> None:
    """20,000 pending tickets with hours to go, told of before, among 100,000."""
    call = [JDTICKET, "--config", str(config), "--db", str(folder / "quiet.db")]
    now = datetime.now(UTC)
    rows = [
        (10_000_000 + i, now - timedelta(minutes=20), "已关闭" if i >= 20_000 else "待回复")
        for i in range(100_000)
    ]
    run([*call, "import", str(table(folder, rows))])
    quiet = config.with_name("quiet.toml")
    quiet.write_text(
        config.read_text(encoding="utf-8").replace("opening = false", "opening = false\nnew = false")
    )
    call[call.index(str(config))] = str(quiet)
    run([*call, "remind"])
    times = interleaved(
        {
            "bare": lambda: run(BARE),
            "check": lambda: run([*call, "check"]),
            "remind": lambda: run([*call, "remind"]),
        }
    )
    print(f"bare import of typer and sqlite3: {times['bare']}")
    for command in ("check", "remind"):
        print(f"{command}, nothing due, 20,000 pending of 100,000: {times[command]}")
        print(f"  ratio {times[command].beside(times['bare'])} (at most 1.70)")


def many_due(folder: Path, config: Path) -> None:
    """500 tickets with half an hour left."""
    call = [JDTICKET, "--config", str(config), "--db", str(folder / "busy.db")]
    created = datetime.now(UTC) - timedelta(hours=3, minutes=31)
    rows = [(20_000_000 + i, created, "待回复") for i in range(500)]
    run([*call, "import", str(table(folder, rows))])
    started = time.perf_counter()
    run([*call, "remind"])
    print(f"remind, 500 due: {time.perf_counter() - started:.2f} s (under 5)")


def table(folder: Path, rows: Sequence[tuple[int, datetime, str]]) -> Path:
    path = folder / "tickets.csv"
    lines = ["工单号,订单编号,工单类型,下发时间,工单状态,店铺,问题描述"]
    for number, created, status in rows:
        local = f"{created + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"
        lines.append(f"{number},{275_490_000_000 + number},CRC高危投诉,{local},{status},京东3店,要求今天回复")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


if __name__ == "__main__":
    installed.run(main)
