"""Many processes at one store at once, some of which are killed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from jdticket.domain.reminders import ReminderState
from jdticket.domain.tickets import TicketQuery
from jdticket.store.sqlite import SqliteStore
from tests.store.sqlite.at_file import MAKER, complaints, line_of, posix_only, say, start

# Many processes


def test_eight_processes_make_one_store_at_once(tmp_path: Path) -> None:
    makers = [start(MAKER) for _ in range(8)]
    for number in range(25):
        path = tmp_path / str(number) / "jdticket.db"
        for maker in makers:
            say(maker, path)
        assert [line_of(maker) for maker in makers] == ["made"] * 8
        assert complaints(path) == {}
    for maker in makers:
        maker.communicate()


WRITER = """
import sys
from pathlib import Path
from jdticket.store.sqlite import SqliteStore
from tests.store.making import event, ticket

number, path = int(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
store = SqliteStore.open(path)
for step in range(10):
    ids = [str(1_000_000 + number * 1000 + step * 20 + n) for n in range(20)]
    with store.transaction():
        store.put_tickets(ticket(one) for one in ids)
        store.append(event("催单", ticket_id=one) for one in ids)
"""


def test_eight_processes_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "jdticket.db"
    writers = [start(WRITER, str(number), str(path)) for number in range(8)]
    assert [line_of(writer) for writer in writers] == ["ready"] * 8
    for writer in writers:
        say(writer, "go")
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 8
    with closing(SqliteStore.open(path)) as store:
        assert store.count(TicketQuery()) == 1600
        assert store.search(["催单"], 1)[1] == 1600
        assert sorted(one.id for one in store.events()) == list(range(1, 1601))


CLAIMER = """
import sys
from datetime import timedelta
from pathlib import Path
from jdticket.store.sqlite import SqliteStore
from tests.store.making import NOON, reminder, sent

store = SqliteStore.open(Path(sys.argv[1]))
wanted = [reminder(step=str(n)) for n in range(200)]
print("ready", flush=True)
for line in sys.stdin:
    with store.transaction():
        ours = store.claim(wanted[int(line):], NOON, NOON + timedelta(minutes=3))
    with store.transaction():
        store.settle(map(sent, ours))
    print(*(one.step for one in ours), flush=True)
"""


def test_eight_processes_claim_the_same_reminders_at_once_and_each_is_claimed_once(path: Path) -> None:
    claimers = [start(CLAIMER, str(path)) for _ in range(8)]
    assert [line_of(claimer) for claimer in claimers] == ["ready"] * 8
    claimed: list[str] = []
    for first in range(175, -1, -25):  # some are sent already, some are claimed, some are new
        for claimer in claimers:
            say(claimer, first)
        claimed += " ".join(line_of(claimer) for claimer in claimers).split()
        assert sorted(map(int, claimed)) == list(range(first, 200))
    for claimer in claimers:
        claimer.communicate()
    with closing(SqliteStore.open(path)) as store:
        mine = [one for one in store.reminders() if one.step.isdecimal()]
    assert len(mine) == 200
    assert {(one.state, one.attempts) for one in mine} == {(ReminderState.SENT, 1)}


KILLED = """
import sys
from pathlib import Path
from jdticket.store.sqlite import SqliteStore
from tests.store.making import event, ticket

path, first, mark = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
ids = [str(first + n) for n in range(5000)]

def told(things, offset):
    for n, thing in enumerate(things, offset):
        if n == mark:
            print("here", flush=True)
        yield thing

store = SqliteStore.open(path)
with store.transaction():
    store.put_tickets(told((ticket(one) for one in ids), 0))
    store.append(told((event("催单", ticket_id=one) for one in ids), 5000))
if mark == 10000:
    print("here", flush=True)
sys.stdin.readline()
"""


@posix_only
def test_a_process_killed_at_any_moment_leaves_all_of_its_step_or_nothing(path: Path) -> None:
    # The child goes on after its mark, so the blow falls somewhere behind it: the last marks but one
    # are right before the commit, the last one is after it.
    marks = [0, 3000, 4999, 7000, 9999, 9999, 9999, 10000]
    for number, mark in enumerate(marks):
        first = 1_000_000 + number * 10_000
        child = start(KILLED, str(path), str(first), str(mark))
        assert line_of(child) == "here"
        child.kill()
        child.communicate()
        with closing(SqliteStore.open(path)) as store:
            ids = [str(first + n) for n in range(5000)]
            kept = len(store.tickets_by_id(ids))
            assert kept == (5000 if mark == 10000 else kept)
            assert kept in (0, 5000)
            assert sum(len(store.events(ticket_id=one)) for one in ids) == kept
            assert all(finding.ok for finding in store.check())
