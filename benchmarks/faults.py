"""Damaged stores × every command: what is told, and what is not.

    python benchmarks/faults.py [STORES]

Each store is a sound one of two thousand tickets with some of its bits the other way round, or cut somewhere.
Of each command the exit code is counted; a traceback, a signal or a code that no command has is a failure.
"""

from __future__ import annotations

import collections
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from installed import JDTICKET, run

COMMANDS = (
    *(["list", "--pending"], ["list", "--all", "--json"], ["show", "59000042"], ["search", "59000042"]),
    *(["check"], ["remind"], ["export"], ["recompute", "--dry-run"], ["doctor"], ["outage", "list"]),
    *(["backup", "copy.db"], ["note", "59000042", "x"], ["import", "tickets.csv"], ["replies"]),
)
GOOD = "您好，包裹今天18点前发出，运单号JDX0123456789，请留意查收。"


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """``whole`` cut somewhere, or with some of its bits the other way round."""
    if chance.random() < 0.3:
        return whole[: chance.randrange(1, len(whole))]
    held = bytearray(whole)
    for _ in range(chance.choice((1, 10, 100, 1000))):
        held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    return bytes(held)


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command in a home of its own."""
    environ = {**os.environ, "HOME": str(folder), "JDTICKET_LANG": "en", "LC_ALL": "C.UTF-8"}
    command = [JDTICKET, "--config", "config.toml", "--db", "desk.db", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def sound(folder: Path) -> bytes:
    """A store with tickets, replies and an outage."""
    rows = [f"{59000000 + n},27549{n:07d},催单,2026-11-2{n % 6} 1{n % 8}:00,内容{n}" for n in range(2000)]
    Path(folder, "tickets.csv").write_text("\n".join(["工单号,订单号,类型,创建时间,内容", *rows]))
    Path(folder, "config.toml").write_text('[[channels]]\nname = "here"\nkind = "stdout"\ndefault = true\n')
    for arguments in (
        *(["import", "tickets.csv"], ["reply", "59000042", "-m", GOOD], ["close", "59000043"]),
        *(["report-outage", "--reason", "power"], ["remind"]),
    ):
        done = call(folder, *arguments)
        assert done.returncode == 0, done
    with closing(sqlite3.connect(Path(folder, "desk.db"))) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(folder, "desk.db").read_bytes()


def tried(seed: int, whole: bytes, tickets: str) -> list[tuple[str, int, str]]:
    """What each command says of one damaged store."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    broken = damaged(whole, chance)
    answers = []
    for arguments in COMMANDS:
        with tempfile.TemporaryDirectory(prefix="jdticket-faults-") as name:
            folder = Path(name)
            Path(folder, "desk.db").write_bytes(broken)
            Path(folder, "tickets.csv").write_text(tickets)
            Path(folder, "config.toml").write_text('[[channels]]\nname = "here"\nkind = "stdout"\n')
            done = call(folder, *arguments)
            answers.append((arguments[0], done.returncode, done.stderr))
    return answers


def main() -> None:
    """See the top."""
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="jdticket-faults-") as name:
        whole = sound(Path(name))
        tickets = Path(name, "tickets.csv").read_text()
    codes: collections.Counter[tuple[str, int]] = collections.Counter()
    bad = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for seed, answers in enumerate(pool.map(lambda n: tried(n, whole, tickets), range(stores))):
            for command, code, said in answers:
                codes[command, code] += 1
                if "Traceback" in said or code not in range(7):
                    bad += 1
                    print(f"store {seed}, {command}: exit code {code}\n{said[-2000:]}")
    for command in dict.fromkeys(arguments[0] for arguments in COMMANDS):
        told = {code: count for (name, code), count in sorted(codes.items()) if name == command}
        print(f"{command:10} exit codes {told}")
    print(f"{stores} stores, {sum(codes.values())} commands, tracebacks and signals: {bad}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    run(main)
