"""`jdticket sync` against the platform's stand-in, on this machine.

    python benchmarks/syncing.py

The stand-in (jdticket/demo) runs in a process of its own. The yardsticks: a bare loop that makes the
same signed calls over one kept connection and throws the answers away, and the bare imports.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import installed
from installed import JDTICKET
from timing import interleaved, run, this_machine

BARE = [sys.executable, "-c", "import typer, requests, sqlite3"]
ORDERS = 10_000
USUAL = 75  # what a shop has in two months, 30 of them waiting
SECRET = {"JDTICKET_BENCH_SECRET": "demo-secret"}
Call = tuple[str, dict[str, Any]]


def main() -> None:
    print(this_machine())
    os.environ.update(SECRET)
    with tempfile.TemporaryDirectory(prefix="jdticket-bench-") as name:
        folder = Path(name)
        with Process(ORDERS) as gateway:
            rates(folder, gateway, calls_of_a_sync(folder))
        with Process(USUAL) as gateway:
            nothing_new(folder, gateway)


class Process:
    """The stand-in in a process of its own."""

    def __init__(self, orders: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jdticket.demo.gateway", "--orders", str(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.told: dict[str, str] = json.loads(self._process.stdout.readline())

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()


def calls_of_a_sync(folder: Path) -> list[Call]:
    """What the first sync of a shop with as many work orders asks."""
    from jdticket.demo.gateway import Gateway
    from jdticket.demo.work_orders import sample_orders

    with Gateway() as gateway:
        gateway.add_app("demo-app", "demo-secret")
        gateway.add_merchant("demo")
        gateway.add_orders("demo", sample_orders(ORDERS, datetime.now(UTC)))
        told = {
            "url": gateway.url,
            "oauth_url": gateway.oauth_url,
            "code": gateway.code_for("demo-app", "demo"),
        }
        call = signed_in(folder / "recorded", told)
        run([*call, "sync"])
        return [(made.method, made.params) for made in gateway.calls if made.method]


def rates(folder: Path, gateway: Process, calls: Sequence[Call]) -> None:
    """The first sync of 10,000 work orders, and the bare loop."""
    command = signed_in(folder / "measured", gateway.told)
    tokens = folder / "measured" / "desk.db.tokens"
    numbers = itertools.count()

    def sync() -> None:
        database = folder / "measured" / f"{next(numbers)}.db"
        shutil.copy2(tokens, f"{database}.tokens")
        run([*command, "--db", str(database), "sync"])

    times = interleaved({"loop": lambda: loop(gateway.told, calls), "sync": sync}, 3)
    pages = sum("worklist" in method for method, _parameters in calls)
    print(f"{ORDERS:,} work orders, {len(calls):,} calls, {pages} of them pages of 30")
    for name, what in (("loop", "bare loop"), ("sync", "jdticket sync")):
        print(f"  {what:<13} {times[name].wall:6.2f} s  {ORDERS / times[name].wall:8,.0f} work orders/s")
    print(f"  ratio {times['loop'].wall / times['sync'].wall:.2f} wall (at least 0.60)")


def loop(told: dict[str, str], calls: Sequence[Call]) -> None:
    """The same calls, one after the other, their answers thrown away."""
    import requests

    secret = told["app_secret"]
    with requests.Session() as session:
        for method, parameters in calls:
            form = {
                "method": method,
                "app_key": told["app_key"],
                "access_token": told["access_token"],
                "timestamp": f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d %H:%M:%S}",
                "v": "2.0",
                "format": "json",
                "360buy_param_json": json.dumps(parameters, sort_keys=True),
            }
            spelled = "".join(f"{name}{form[name]}" for name in sorted(form))
            form["sign"] = hashlib.md5(f"{secret}{spelled}{secret}".encode()).hexdigest().upper()  # noqa: S324
            session.post(told["url"], data=form, timeout=10)


def nothing_new(folder: Path, gateway: Process) -> None:
    """A sync right after one."""
    command = [*signed_in(folder / "usual", gateway.told), "sync"]
    run(command)
    times = interleaved({"bare": lambda: run(BARE), "sync": lambda: run(command)})
    print(f"import typer, requests, sqlite3: {times['bare']}")
    print(f"sync with nothing new, one shop: {times['sync']}")
    print(f"  ratio {times['sync'].beside(times['bare'])} (at most 3.00)")


def signed_in(folder: Path, told: dict[str, str]) -> list[str]:
    """A shop in a folder of its own, signed in; how to call the program for it."""
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(
        'database = "desk.db"\n[[shops]]\ncode = "demo"\n'
        'jos = { app_key = "demo-app", app_secret_env = "JDTICKET_BENCH_SECRET", '
        'redirect_uri = "https://x/", '
        f'url = "{told["url"]}", oauth_url = "{told["oauth_url"]}" }}\n',
        encoding="utf-8",
    )
    command = [JDTICKET, "--config", str(config)]
    run([*command, "auth", "login", "--code", told["code"]])
    return command


if __name__ == "__main__":
    installed.run(main)
