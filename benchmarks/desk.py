"""Start-up, lists, replies and imports against their yardsticks, on this machine, in one run.

    python benchmarks/desk.py [folder]      the folder keeps the stores between runs (some 2 GB)

Prints medians and the ratios that the project holds itself to.
"""

from __future__ import annotations

import csv
import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

BARE = [sys.executable, "-c", "import typer, rich.table, rich.console, sqlite3"]
JDTICKET = str(Path(sys.executable).with_name("jdticket"))
SQLITE_UTILS = str(Path(sys.executable).with_name("sqlite-utils"))
PENDING = 200
RUNS = 25


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="jdticket-bench-"))
    folder.mkdir(exist_ok=True)
    os.environ["JDTICKET_CONFIG"] = str(folder / "none.toml")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {RUNS} interleaved runs\n")
    small, large = (tickets_csv(folder, count) for count in (100_000, 1_000_000))
    imports(folder, small, large)
    start_up(folder / "100000.db", folder / "1000000.db")


def tickets_csv(folder: Path, count: int) -> Path:
    """An export of ``count`` tickets, the last 200 of them waiting for a reply."""
    path = folder / f"{count}.csv"
    if path.exists():
        return path
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


def imports(folder: Path, small: Path, large: Path) -> None:
    """Rows per second and peak memory of an import, beside sqlite-utils on the same file."""
    target = folder / "yardstick.db"

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

    rates = {
        name: 100_000 / seconds
        for name, seconds in medians({"theirs": yardstick, "ours": ours(small)}, 3).items()
    }
    print("import of a CSV of 100,000 tickets into an empty store")
    print(f"  sqlite-utils insert --csv --pk   {rates['theirs']:>9,.0f} rows/s")
    print(f"  jdticket import                  {rates['ours']:>9,.0f} rows/s")
    print(f"  ratio {rates['ours'] / rates['theirs']:.2f} (at least 0.40)")
    for source in (small, large):
        started = time.perf_counter()
        peak = peak_memory(ours(source))
        taken = time.perf_counter() - started
        print(f"  peak memory for {source.stem:>9} rows: {peak:.0f} MB (below 200), {taken:.1f} s")
    print()


def start_up(small: Path, large: Path) -> None:
    """Whole commands beside a bare import of what they cannot do without."""
    pending = ["list", "--pending"]
    times = medians(
        {
            "bare": lambda: run(BARE),
            "pipe 100,000": lambda: run([JDTICKET, "--db", str(small), *pending]),
            "pipe 1,000,000": lambda: run([JDTICKET, "--db", str(large), *pending]),
            "terminal 100,000": lambda: on_terminal([JDTICKET, "--db", str(small), *pending]),
            "terminal 1,000,000": lambda: on_terminal([JDTICKET, "--db", str(large), *pending]),
            "reply 1,000,000": lambda: run(
                [JDTICKET, "--db", str(large), "reply", "10999999", "-m", "已联系买家，今天发出"]
            ),
        },
        RUNS,
    )
    bare = times["bare"]
    for name, seconds in times.items():
        print(f"{name:>20}  {seconds * 1000:6.1f} ms  {seconds / bare:.2f} x bare")
    print("list --pending, limits: pipe 1.50, terminal 1.80; reply 2.00")
    for face in ("pipe", "terminal"):
        ratio = times[f"{face} 1,000,000"] / times[f"{face} 100,000"]
        print(f"{face}: 1,000,000 stored / 100,000 stored = {ratio:.2f} (at most 1.10)")


def medians(jobs: dict[str, Callable[[], None]], runs: int) -> dict[str, float]:
    """Seconds, jobs taken in turn so that what disturbs the machine disturbs all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


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
    main()
