"""Where the shops' authorisations are kept: who may read them, who waits for whom, what is never lost."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jdticket.domain.authorisation import Token
from jdticket.errors import StoreError
from jdticket.store.tokens import SqliteTokens, tokens_path
from tests.store.making import NOON, token

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes and signals of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tokens_path(tmp_path / "jdticket.db")


@pytest.fixture
def tokens(path: Path) -> SqliteTokens:
    return SqliteTokens(path)


def put(tokens: SqliteTokens, *kept: Token) -> None:
    with tokens.alone():
        for one in kept:
            tokens.put_token(one)


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as any other program would open it, without patience."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        yield connection


def one_sentence(tokens: SqliteTokens, how: str) -> str:
    """What is said when the file cannot be used, whether it is read or entered."""
    said = set()
    with pytest.raises(StoreError) as read:
        tokens.token("jd3")
    said.add(read.value.message)
    with pytest.raises(StoreError) as entered, tokens.alone():
        pass
    said.add(entered.value.message)
    [sentence] = said
    assert "\n" not in sentence
    assert how in sentence
    return sentence


# What is kept


def test_the_file_stands_beside_the_store() -> None:
    assert tokens_path(Path("/desk/jdticket.db")) == Path("/desk/jdticket.db.tokens")


def test_a_token_comes_back_as_it_went_in(tokens: SqliteTokens, path: Path) -> None:
    full = token("访问 \0 '😀", refresh_token="更新", app_key="K" * 40, expires_at=NOON + timedelta(days=365))
    bare = token("x", shop="", refresh_token="")
    put(tokens, full, bare, token("y", shop="京东3店"))
    for reader in (tokens, SqliteTokens(path)):
        assert reader.token("jd3") == full
        assert reader.token("") == bare
        assert reader.token("京东3店") == token("y", shop="京东3店")
        assert reader.token("jd") is None


def test_where_nothing_is_there_is_no_token_and_asking_makes_no_file(
    tokens: SqliteTokens, path: Path
) -> None:
    assert tokens.token("jd3") is None
    assert list(path.parent.iterdir()) == []
    with tokens.alone():
        assert tokens.token("jd3") is None


def test_a_token_replaces_the_one_before_and_no_other(tokens: SqliteTokens) -> None:
    other = token("other", shop="jd31")
    put(tokens, token("first"), other)
    second = token("second", app_key="K2", refresh_token="r2", got_at=NOON + timedelta(hours=1))
    put(tokens, second)
    assert (tokens.token("jd3"), tokens.token("jd31")) == (second, other)


def test_a_replaced_token_leaves_no_trace_in_the_file(
    tokens: SqliteTokens, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def without_being_asked(*arguments: object, **options: object) -> sqlite3.Connection:
        """As by an SQLite that was not built to overwrite what it deletes."""
        db = connect(*arguments, **options)
        db.execute("PRAGMA secure_delete = OFF")
        return db

    monkeypatch.setattr(sqlite3, "connect", without_being_asked)
    # A short one is in a page with others, a long one has pages of its own.
    for old in ("old-secret" * 5, "old-secret" * 2000):
        put(tokens, token(old, refresh_token=f"refresh-{old}"), token("another", shop="jd5"))
        assert b"old-secret" in path.read_bytes()
        put(tokens, token("new", refresh_token="new"))
        assert b"old-secret" not in path.read_bytes()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# Who may read them


@posix_only
def test_the_file_is_made_when_the_first_token_is_put_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "jdticket.db.tokens"
    put(SqliteTokens(path), token())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o666], ids=oct)
def test_a_file_that_others_may_use_is_refused_with_what_to_do(
    tokens: SqliteTokens, path: Path, mode: int
) -> None:
    put(tokens, token())
    path.chmod(mode)
    assert one_sentence(tokens, f"(mode {mode:o})").endswith(f"run: chmod 600 {path}")
    path.chmod(0o600)
    assert tokens.token("jd3") == token()


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o700], ids=oct)
def test_a_file_that_its_owner_alone_may_use_is_used(tokens: SqliteTokens, path: Path, mode: int) -> None:
    put(tokens, token())
    path.chmod(mode)
    assert tokens.token("jd3") == token()


# Trouble


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_no_database_is_named(tokens: SqliteTokens, path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(content)
    assert one_sentence(tokens, "cannot be used: ").startswith(f"{path} ")
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_named(tokens: SqliteTokens, path: Path) -> None:
    path.mkdir()
    assert one_sentence(tokens, "it is a folder") == f"{path} cannot be used: it is a folder."


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tokens = SqliteTokens(tmp_path / "file" / "jdticket.db.tokens")
    with pytest.raises(StoreError, match=r"file/jdticket\.db\.tokens cannot be used: "), tokens.alone():
        pass


@pytest.fixture
def damaged(tokens: SqliteTokens, path: Path) -> SqliteTokens:
    """A file whose rows are overwritten, and whose first page, which tells of them, is not."""
    put(tokens, token())
    with by_hand(path) as db:
        [(page_size,)] = db.execute("PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek(page_size)
        file.write(b"\xff" * (path.stat().st_size - page_size))
    return tokens


def test_a_damaged_file_is_named(damaged: SqliteTokens) -> None:
    with pytest.raises(StoreError, match=r"tokens cannot be used: .*malformed"):
        damaged.token("jd3")
    with pytest.raises(StoreError, match=r"tokens cannot be used: .*malformed"):
        put(damaged, token("new"))


def test_a_damaged_file_is_named_to_who_is_alone(damaged: SqliteTokens) -> None:
    with damaged.alone(), pytest.raises(StoreError, match=r"tokens cannot be used: .*malformed"):
        damaged.token("jd3")


def test_a_file_that_stays_locked_is_named(
    tokens: SqliteTokens, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tokens, token())
    monkeypatch.setattr("jdticket.store.tokens._WAIT_SECONDS", 0.02)
    with by_hand(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"tokens cannot be used: database is locked"), tokens.alone():
            pass
    put(tokens, token("second"))
    assert tokens.token("jd3") == token("second")


@posix_only
def test_a_full_disk_is_named_and_keeps_what_was_there(tokens: SqliteTokens) -> None:
    import resource

    put(tokens, token())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(StoreError, match=r"tokens cannot be used: .*(full|I/O)"):
            put(tokens, token("x" * 100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert tokens.token("jd3") == token()
    put(tokens, token("second"))
    assert tokens.token("jd3") == token("second")


# Alone


def test_a_token_is_put_by_who_is_alone_only(tokens: SqliteTokens) -> None:
    with pytest.raises(RuntimeError):
        tokens.put_token(token())
    put(tokens, token())
    with pytest.raises(RuntimeError):
        tokens.put_token(token("late"))
    assert tokens.token("jd3") == token()


def test_who_is_alone_reads_what_was_put_before_and_meanwhile(tokens: SqliteTokens) -> None:
    put(tokens, token("first"))
    with tokens.alone():
        assert tokens.token("jd3") == token("first")
        tokens.put_token(token("second"))
        assert tokens.token("jd3") == token("second")


def test_a_token_is_kept_as_soon_as_it_is_put_whatever_comes_then(tokens: SqliteTokens, path: Path) -> None:
    with pytest.raises(ZeroDivisionError), tokens.alone():
        tokens.put_token(token("first"))
        with by_hand(path) as db:
            assert db.execute("SELECT access_token FROM tokens").fetchall() == [("first",)]
        tokens.put_token(token("second"))
        raise ZeroDivisionError
    assert tokens.token("jd3") == token("second")
    put(tokens, token("third"))
    assert tokens.token("jd3") == token("third")


def test_reading_does_not_wait_for_who_is_alone(tokens: SqliteTokens, path: Path) -> None:
    put(tokens, token())
    with tokens.alone(), closing(start(READER, path)) as reader:
        assert line_of(reader) == "access-1"


def test_who_is_alone_stays_so_after_putting_a_token(tokens: SqliteTokens, path: Path) -> None:
    def others_may_enter() -> bool:
        with by_hand(path) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    with tokens.alone():
        assert not others_may_enter()
        tokens.put_token(token())
        assert not others_may_enter()
    assert others_may_enter()


# Other processes


class Started(subprocess.Popen[str]):
    """A process of its own that this one speaks to, a line at a time."""

    def close(self) -> None:
        self.kill()
        self.communicate()


def start(code: str, path: Path, *arguments: object) -> Started:
    return Started(
        [sys.executable, "-c", _BEGINNING + code, str(path), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: Started) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: Started, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


_BEGINNING = """
import sys
from pathlib import Path
from jdticket.store.tokens import SqliteTokens
from tests.store.making import token

tokens = SqliteTokens(Path(sys.argv[1]))
"""
READER = """
print(tokens.token("jd3").access_token, flush=True)
"""
HOLDER = """
with tokens.alone():
    print("inside", flush=True)
    sys.stdin.readline()
    tokens.put_token(token("mine"))
print("outside", flush=True)
"""
COMER = """
print("coming", flush=True)
with tokens.alone():
    print(tokens.token("jd3").access_token, flush=True)
    tokens.put_token(token("theirs"))
"""


def test_who_comes_second_waits_and_sees_what_the_first_has_put(tokens: SqliteTokens, path: Path) -> None:
    put(tokens, token("before"))
    with closing(start(HOLDER, path)) as first:
        assert line_of(first) == "inside"
        with by_hand(path) as db, pytest.raises(sqlite3.OperationalError, match="locked"):
            db.execute("BEGIN IMMEDIATE")
        with closing(start(COMER, path)) as second:
            assert line_of(second) == "coming"
            say(first, "go on")
            assert line_of(first) == "outside"
            assert line_of(second) == "mine"
            assert second.wait(60) == 0
    assert tokens.token("jd3") == token("theirs")


COUNTER = """
print("ready", flush=True)
sys.stdin.readline()
for _ in range(12):
    with tokens.alone():
        held = tokens.token("jd3")
        tokens.put_token(token(str(int(held.access_token) + 1 if held else 1)))
print("done", flush=True)
"""


def test_eight_processes_count_together_from_no_file_on_and_lose_nothing(
    tokens: SqliteTokens, path: Path
) -> None:
    counters = [start(COUNTER, path) for _ in range(8)]
    assert [line_of(counter) for counter in counters] == ["ready"] * 8
    for counter in counters:
        say(counter, "go")
    assert [line_of(counter) for counter in counters] == ["done"] * 8
    for counter in counters:
        counter.communicate()
    assert tokens.token("jd3") == token("96")


PUTTER = """
with tokens.alone():
    tokens.put_token(token("granted"))
    print("put", flush=True)
    sys.stdin.readline()
"""


@posix_only
def test_a_token_is_kept_when_the_process_is_killed_right_after_putting_it(
    tokens: SqliteTokens, path: Path
) -> None:
    put(tokens, token("before"))
    with closing(start(PUTTER, path)) as putter:
        assert line_of(putter) == "put"
        putter.kill()
        putter.wait()
    assert all(b"before" not in file.read_bytes() for file in path.parent.iterdir())
    assert tokens.token("jd3") == token("granted")
    put(tokens, token("next"))  # nobody waits for the dead
    assert tokens.token("jd3") == token("next")


def test_a_file_of_before_accounts_were_kept_is_read_and_written(tokens: SqliteTokens, path: Path) -> None:
    put(tokens, token())
    with by_hand(path) as db:
        db.execute("ALTER TABLE tokens DROP COLUMN account")
    assert tokens.token("jd3") == token()
    put(tokens, replace(token(), account=frozenset({"uid 1", "open_id a"})))
    [kept] = SqliteTokens(path).tokens()
    assert kept.account == {"uid 1", "open_id a"}
