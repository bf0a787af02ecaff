"""Start-up, lists, replies and imports against their yardsticks, on this machine, in one run.

python benchmarks/desk.py             some minutes, and 2 GB in a temporary folder
python benchmarks/desk.py --small     without the store of 1,000,000 tickets
"""

from __future__ import annotations

import argparse
import csv
import os
import pty
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import installed
from installed import JDTICKET
from timing import interleaved, run, this_machine

BARE = [sys.executable, "-c", "import typer, rich.table, rich.console, sqlite3"]
SQLITE_UTILS = str(Path(sys.executable).with_name("sqlite-utils"))
PENDING = 200
LIST = ["list", "--pending"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="without the store of 1,000,000 tickets")
    counts = (100_000,) if parser.parse_args().small else (100_000, 1_000_000)
    print(this_machine())
    with tempfile.TemporaryDirectory(prefix="jdticket-bench-") as name:
        folder = Path(name)
        os.environ["JDTICKET_CONFIG"] = str(folder / "none.toml")
        tables = [tickets_csv(folder, count) for count in counts]
        imports(folder, tables)
        start_up([folder / f"{count}.db" for count in counts])
        where_nothing_is_named(folder, tables[0])


def tickets_csv(folder: Path, count: int) -> Path:
    """An export of ``count`` tickets, the last 200 of them waiting for a reply."""
    path = folder / f"{count}.csv"
    begin = datetime.now(UTC) - timedelta(days=360)
    kinds = ("CRC高危投诉", "催单", "投诉", "咨询")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["工单号", "订单编号", "工单类型", "下发时间", "工单状态", "问题描述", "店铺名称", "处理人"]
        )
        for i in range(count):
            created = begin + timedelta(days=359) * i / count
            writer.writerow(
                [
                    10_000_000 + i,
                    275_490_000_000 + i,
                    kinds[i % 4],
                    f"{created + timedelta(hours=8):%Y-%m-%d %H:%M:%S}",
                    "待回复" if i >= count - PENDING else "已关闭",
                    f"买家第{i}次来电，催促发货并询问物流进度，要求今天回复",
                    f"京东{i % 5}店",
                    "小王",
                ]
            )
    return path


def imports(folder: Path, tables: Sequence[Path]) -> None:
    """Rows per second and peak memory of an import, beside sqlite-utils on the same file."""
    target, small = folder / "yardstick.db", tables[0]

    def yardstick() -> None:
        target.unlink(missing_ok=True)
        run([SQLITE_UTILS, "insert", str(target), "tickets", str(small), "--csv", "--pk", "工单号"])

    def ours(source: Path) -> Callable[[], None]:
        store = folder / f"{source.stem}.db"

        def once() -> None:
            for file in folder.glob(f"{store.name}*"):
                file.unlink()
            run([JDTICKET, "--db", str(store), "import", str(source)])

        return once

    times = interleaved({"theirs": yardstick, "ours": ours(small)}, 3)
    theirs, mine = times["theirs"], times["ours"]
    print("import of a CSV of 100,000 tickets into an empty store")
    print(f"  sqlite-utils insert --csv --pk   {100_000 / theirs.wall:>9,.0f} rows/s")
    print(f"  jdticket import                  {100_000 / mine.wall:>9,.0f} rows/s")
    print(f"  ratio {theirs.beside(mine)} (at least 0.75)")
    for source in tables:
        started = time.perf_counter()
        peak = peak_memory(ours(source))
        taken = time.perf_counter() - started
        print(f"  peak memory for {source.stem:>9} rows: {peak:.0f} MB (below 120), {taken:.1f} s")


def start_up(stores: Sequence[Path]) -> None:
    """Whole commands beside a bare import of what they cannot do without."""
    jobs: dict[str, Callable[[], None]] = {"bare": lambda: run(BARE)}
    for store in stores:
        call = [JDTICKET, "--db", str(store), *LIST]
        jobs[f"pipe {store.stem}"] = lambda call=call: run(call)
        jobs[f"terminal {store.stem}"] = lambda call=call: on_terminal(call)
    last = str(10_000_000 + int(stores[-1].stem) - 1)
    reply = [JDTICKET, "--db", str(stores[-1]), "reply", last, "-m", "已联系买家，今天发出"]
    jobs[f"reply {stores[-1].stem}"] = lambda: run(reply)
    jobs["pipe in Chinese"] = lambda: run([JDTICKET, "--db", str(stores[0]), *LIST], JDTICKET_LANG="zh")
    times = interleaved(jobs)
    print("list --pending, 200 of those stored, in a pipe and on a terminal; reply")
    for name, taken in times.items():
        print(f"  {name:>16} {taken}   {taken.beside(times['bare'])}")
    print("  limits: pipe 1.20, terminal 1.50; reply 2.00")
    if len(stores) > 1:
        for face in ("pipe", "terminal"):
            few, many = (times[f"{face} {store.stem}"] for store in stores)
            print(f"  {face}: 1,000,000 stored / 100,000 stored = {many.beside(few)} (at most 1.10)")


def where_nothing_is_named(folder: Path, table: Path) -> None:
    """The same list where neither --db nor JDTICKET_CONFIG says where things are. Without a limit."""
    places = {"HOME": str(folder / "home"), "JDTICKET_CONFIG": "", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
    run([JDTICKET, "import", str(table)], **places)
    times = interleaved({"bare": lambda: run(BARE), "pipe": lambda: run([JDTICKET, *LIST], **places)})
    print(f"list --pending, store and configuration where they are by default: {times['pipe']}")
    print(f"  ratio {times['pipe'].beside(times['bare'])} (for information)")


def on_terminal(command: Sequence[str]) -> None:
    """Run on a pseudo-terminal of 100 columns."""
    ours, theirs = pty.openpty()
    environ = os.environ | {"COLUMNS": "100", "TERM": "xterm-256color"}
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, close_fds=True)
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:  # the other side has closed: the command is done
        pass
    os.close(ours)
    if child.wait():
        raise RuntimeError(f"{command} failed")


def peak_memory(job: Callable[[], None]) -> float:
    """Peak resident memory in MB of the children that ``job`` runs, measured in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        job()
        os.write(writing, str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        return int(stream.read()) / 1024


if __name__ == "__main__":
    installed.run(main)
