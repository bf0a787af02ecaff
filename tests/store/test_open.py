from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from jdticket.errors import StoreError
from jdticket.store.open import file_of, open_store, open_tokens
from tests.store.making import ticket, token


@pytest.mark.parametrize(
    "address",
    [
        *("desk.db", "./desk.db", "/srv/desk.db", "店铺/a:b.db", "postgresql:desk.db", "/srv//desk.db"),
        *("C:\\desk\\tickets.db", "C:/desk/tickets.db", "C://desk/tickets.db", "\\\\server\\desk\\a.db"),
    ],
)
def test_a_path_is_an_address(address: str) -> None:
    assert file_of(address) == Path(address)


@pytest.mark.parametrize("ask", [file_of, open_store, open_tokens])
@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "sqlite", "file", "HTTPS", "postgresql+psycopg", "s3"]
)
def test_an_address_of_an_unknown_kind_is_named_without_what_may_be_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, ask: Callable[[str], object]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as caught:
        ask(f"{scheme}://anna:hush@localhost/desk")
    assert f"does not know {scheme}://" in caught.value.message
    assert "--db, JDTICKET_DB or database" in caught.value.message
    assert "hush" not in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_made_a_store_and_is_the_same_store_again(tmp_path: Path) -> None:
    address = str(tmp_path / "desk.db")
    with pytest.raises(StoreError, match="There is no store at"):
        open_store(address, create=False)
    with closing(open_store(address)) as store, store.transaction():
        store.put_tickets([ticket()])
    with closing(open_store(address, create=False)) as store:
        assert store.ticket("59088842") == ticket()


def test_tokens_are_kept_beside_the_store(tmp_path: Path) -> None:
    tokens = open_tokens(str(tmp_path / "desk.db"))
    with tokens.alone():
        tokens.put_token(token())
    assert [path.name for path in tmp_path.iterdir()] == ["desk.db.tokens"]
    assert open_tokens(str(tmp_path / "desk.db")).token("jd3") == token()


def test_no_store_is_loaded_before_one_is_opened() -> None:
    code = "import sys, jdticket.store.open; print({'sqlite3', 'jdticket.store.sqlite'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
