"""A shop's authorisation: when it is renewed, by whom, and what is said when that fails."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jdticket.demo.interfaces import WORKLIST
from jdticket.desk.authorisation import Authorisation
from jdticket.domain.authorisation import App, Grant, Token
from jdticket.errors import PlatformError, RefusedError, Trouble
from jdticket.platform.jos import JosGateway
from jdticket.store.tokens import SqliteTokens
from tests.platform.stand_in import APP_KEY, app, gateway
from tests.store.making import NOON, token

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
APP = App("jd3", APP_KEY, "app-secret-0d91c2", "https://shop.example.com/back", "", "")


class Granting:
    """Hands out access-2, access-3 … as long as nothing fails; ``asked`` is what it was shown, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lifetime = DAY
        self.fails: PlatformError | None = None
        self.without_refresh = False
        self.account: frozenset[str] = frozenset()
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while the platform is asked."""

    def exchange(self, code: str) -> Grant:
        return self._grant(f"code {code}")

    def refresh(self, refresh_token: str) -> Grant:
        return self._grant(refresh_token)

    def _grant(self, shown: str) -> Grant:
        self.asked.append(shown)
        self.meanwhile()
        if self.fails is not None:
            raise self.fails
        number = len(self.asked) + 1
        refresh = "" if self.without_refresh else f"refresh-{number}"
        return Grant(f"access-{number}", refresh, self.lifetime, self.account)


class Shop:
    """One shop as one process sees it, at a time that the test sets."""

    def __init__(self, tokens: SqliteTokens, granting: Granting, time: datetime) -> None:
        self.tokens = tokens
        self.granting = granting
        self.time = time
        self.said: list[str] = []
        self.authorisation = Authorisation(APP, granting, tokens, lambda: self.time, self.said.append)

    def another_process(self) -> Shop:
        """The same shop as another process sees it."""
        return Shop(self.tokens, self.granting, self.time)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jdticket.db.tokens"


@pytest.fixture
def tokens(path: Path) -> SqliteTokens:
    return SqliteTokens(path)


@pytest.fixture
def shop(tokens: SqliteTokens) -> Shop:
    """Nobody has signed it in."""
    return Shop(tokens, Granting(), NOON)


ACCOUNT, ANOTHER = frozenset({"uid 1", "open_id a"}), frozenset({"uid 2", "open_id b"})


def test_the_account_is_kept_and_a_renewal_that_does_not_tell_it_leaves_it(shop: Shop) -> None:
    shop.granting.account = ACCOUNT
    assert shop.authorisation.sign_in("c-1", (), bool).account == ACCOUNT
    shop.granting.account = frozenset()
    shop.authorisation.refresh()
    kept = shop.tokens.token("jd3")
    assert kept is not None
    assert kept.account == ACCOUNT


def test_the_account_of_another_shop_is_refused(shop: Shop) -> None:
    keep(shop.tokens, replace(token(), shop="jd5", account=frozenset({"open_id a", "xid 9"})))
    shop.granting.account = ACCOUNT
    with pytest.raises(RefusedError, match="That account is signed in for shop jd5 already"):
        shop.authorisation.sign_in("c-1", ["jd5"], lambda: True)
    assert shop.authorisation.status() is None
    # What is no shop any more keeps nobody out.
    assert shop.authorisation.sign_in("c-1", ["jd7"], bool).account == ACCOUNT


@pytest.mark.parametrize("before", [frozenset(), ACCOUNT, frozenset({"uid 1"})])
def test_the_same_account_again_is_not_asked_about(shop: Shop, before: frozenset[str]) -> None:
    keep(shop.tokens, replace(token(), account=before))
    shop.granting.account = ACCOUNT
    assert shop.authorisation.sign_in("c-1", (), bool).account == ACCOUNT


def test_another_account_than_before_is_asked_about(shop: Shop) -> None:
    keep(shop.tokens, replace(token(), account=ACCOUNT))
    shop.granting.account = ANOTHER
    with pytest.raises(RefusedError, match="was signed in with another account before; nothing was changed"):
        shop.authorisation.sign_in("c-1", (), lambda: False)
    assert shop.authorisation.status() == replace(token(), account=ACCOUNT)
    assert shop.authorisation.sign_in("c-1", (), lambda: True).account == ANOTHER


def keep(tokens: SqliteTokens, kept: Token) -> None:
    with tokens.alone():
        tokens.put_token(kept)


@pytest.fixture
def signed_in(shop: Shop) -> Shop:
    """It is signed in for 24 hours, of which 7 are left: high time."""
    keep(shop.tokens, token())
    shop.time = NOON + 17 * HOUR
    return shop


def unreachable() -> PlatformError:
    return PlatformError("The platform did not answer.", trouble=Trouble.UNREACHABLE, lost=True)


def refused() -> PlatformError:
    return PlatformError("The platform did not grant it.", trouble=Trouble.SIGNED_OUT, code="402")


# Signing in


def assert_signed_out(shop: Shop) -> None:
    assert shop.authorisation.status() is None
    for ask in (shop.authorisation.token, shop.authorisation.refresh, lambda: shop.authorisation.token("x")):
        with pytest.raises(PlatformError) as caught:
            ask()
        assert caught.value.message == "Shop jd3 is not signed in on the platform: jdticket auth login jd3"
        assert caught.value.trouble is Trouble.SIGNED_OUT
    assert shop.granting.asked == []


def test_a_shop_that_was_never_signed_in_is_told_how(shop: Shop) -> None:
    assert_signed_out(shop)


def test_the_token_of_another_shop_or_of_another_application_counts_as_none(shop: Shop) -> None:
    keep(shop.tokens, token(shop="jd31"))
    keep(shop.tokens, token(app_key="another-app"))
    assert_signed_out(shop)
    assert shop.tokens.token("jd3") == token(app_key="another-app")


def test_signing_in_keeps_what_is_granted(shop: Shop) -> None:
    keep(shop.tokens, token(app_key="another-app"))
    keep(shop.tokens, token(shop="jd5"))
    shop.granting.lifetime = 365 * DAY
    granted = shop.authorisation.sign_in("c-1", (), bool)
    assert granted == token("access-2", refresh_token="refresh-2", expires_at=NOON + 365 * DAY)
    assert shop.tokens.token("jd3") == shop.authorisation.status() == granted
    assert shop.tokens.token("jd5") == token(shop="jd5")
    assert shop.authorisation.token() == shop.another_process().authorisation.token() == "access-2"
    assert shop.granting.asked == ["code c-1"]


def test_a_sign_in_that_is_refused_leaves_what_was_there(signed_in: Shop) -> None:
    signed_in.granting.fails = refused()
    with pytest.raises(PlatformError, match="did not grant it"):
        signed_in.authorisation.sign_in("c-1", (), bool)
    assert signed_in.authorisation.status() == token()


def test_others_wait_while_the_platform_is_asked(shop: Shop, path: Path) -> None:
    def others_may_enter() -> bool:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    seen: list[bool] = []
    shop.granting.meanwhile = lambda: seen.append(others_may_enter())
    shop.authorisation.sign_in("c-1", (), bool)
    shop.authorisation.refresh()
    shop.authorisation.token("access-3")
    assert seen == [False] * 3
    assert others_may_enter()


# Renewing in time


def renews(lifetime: timedelta, left: timedelta, tokens: SqliteTokens) -> bool:
    """Whether a token of this life is renewed when so much of it is left."""
    keep(tokens, token(expires_at=NOON + lifetime))
    shop = Shop(tokens, Granting(), NOON + lifetime - left)
    got = shop.authorisation.token()
    assert shop.granting.asked == ["refresh-1"] * (got == "access-2")
    assert got in ("access-1", "access-2")
    assert shop.said == []
    return got == "access-2"


@pytest.mark.parametrize(
    ("lifetime", "margin"),
    [
        (3 * HOUR, HOUR),
        (DAY, 8 * HOUR),
        (3 * DAY - 3 * SECOND, DAY - SECOND),
        (3 * DAY, DAY),
        (3 * DAY + 3 * SECOND, DAY),
        (30 * DAY, DAY),
        (365 * DAY, DAY),
    ],
    ids=str,
)
def test_a_token_is_renewed_when_a_third_of_its_life_or_a_day_is_left_and_not_before(
    tokens: SqliteTokens, lifetime: timedelta, margin: timedelta
) -> None:
    assert not renews(lifetime, lifetime, tokens)
    assert not renews(lifetime, margin + SECOND, tokens)
    assert renews(lifetime, margin, tokens)
    assert renews(lifetime, margin - SECOND, tokens)
    assert renews(lifetime, timedelta(0), tokens)
    assert renews(lifetime, -DAY, tokens)


@given(life=st.integers(1, 400 * 86_400), left=st.integers(-86_400, 400 * 86_400))
@example(life=86_400, left=28_800)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_its_life_a_token_is_renewed_in_its_last_third_and_on_its_last_day(
    tokens: SqliteTokens, life: int, left: int
) -> None:
    high_time = left * 3 <= life and left <= 86_400
    assert renews(life * SECOND, left * SECOND, tokens) == high_time


def test_what_was_renewed_is_kept_and_used_from_then_on(signed_in: Shop) -> None:
    assert [signed_in.authorisation.token() for _ in range(3)] == ["access-2"] * 3
    assert signed_in.granting.asked == ["refresh-1"]
    assert signed_in.authorisation.status() == token(
        "access-2",
        refresh_token="refresh-2",
        got_at=signed_in.time,
        expires_at=signed_in.time + DAY,
    )
    assert signed_in.another_process().authorisation.token() == "access-2"
    signed_in.time += 16 * HOUR
    assert signed_in.authorisation.token() == "access-3"
    assert signed_in.granting.asked == ["refresh-1", "refresh-2"]


def test_renewing_is_done_at_once_when_it_is_asked_for(shop: Shop) -> None:
    keep(shop.tokens, token(expires_at=NOON + 365 * DAY))
    renewed = shop.authorisation.refresh()
    assert renewed == token("access-2", refresh_token="refresh-2")
    assert shop.tokens.token("jd3") == renewed
    assert shop.granting.asked == ["refresh-1"]


def test_a_grant_without_a_refresh_token_leaves_the_old_one_in_force(signed_in: Shop) -> None:
    signed_in.granting.without_refresh = True
    assert signed_in.authorisation.token() == "access-2"
    kept = signed_in.authorisation.status()
    assert kept is not None
    assert (kept.access_token, kept.refresh_token) == ("access-2", "refresh-1")
    signed_in.time += 16 * HOUR
    assert signed_in.authorisation.token() == "access-3"
    assert signed_in.granting.asked == ["refresh-1", "refresh-1"]


def test_what_another_process_has_renewed_meanwhile_is_used(signed_in: Shop) -> None:
    early = signed_in.another_process()
    early.time = NOON
    assert early.authorisation.token() == "access-1"  # held from now on
    assert signed_in.authorisation.token() == "access-2"
    early.time = signed_in.time
    assert early.authorisation.token() == "access-2"
    assert signed_in.granting.asked == ["refresh-1"]


# Refused by the platform


def test_a_token_that_the_platform_refuses_is_renewed_once_however_fresh(shop: Shop) -> None:
    keep(shop.tokens, token(expires_at=NOON + 365 * DAY))
    assert shop.authorisation.token() == "access-1"
    assert shop.authorisation.token("access-1") == "access-2"
    assert [shop.authorisation.token() for _ in range(3)] == ["access-2"] * 3
    assert shop.granting.asked == ["refresh-1"]


def test_a_refused_token_that_another_process_has_renewed_meanwhile_is_not_renewed_again(
    shop: Shop,
) -> None:
    keep(shop.tokens, token(expires_at=NOON + 365 * DAY))
    other = shop.another_process()
    assert shop.authorisation.token() == other.authorisation.token() == "access-1"
    assert other.authorisation.token("access-1") == "access-2"
    assert shop.authorisation.token("access-1") == "access-2"
    assert shop.authorisation.token() == "access-2"
    assert shop.granting.asked == ["refresh-1"]


def test_a_refused_token_that_cannot_be_renewed_is_no_token_however_long_it_would_have_held(
    shop: Shop,
) -> None:
    keep(shop.tokens, token(expires_at=NOON + 365 * DAY))
    shop.granting.fails = refused()
    with pytest.raises(PlatformError, match="did not grant it"):
        shop.authorisation.token("access-1")
    assert shop.said == []
    assert shop.authorisation.status() == token(expires_at=NOON + 365 * DAY)


# Renewing fails


@pytest.mark.parametrize("fails", [unreachable, refused])
def test_while_the_old_token_holds_a_failed_renewal_is_said_and_the_old_one_used(
    signed_in: Shop, fails: Callable[[], PlatformError]
) -> None:
    signed_in.granting.fails = fails()
    signed_in.time = NOON + DAY - SECOND
    assert signed_in.authorisation.token() == "access-1"
    assert signed_in.said == [fails().message]
    assert signed_in.authorisation.status() == token()
    signed_in.granting.fails = None
    assert signed_in.another_process().authorisation.token() == "access-3"


def test_a_failed_renewal_is_left_to_the_next_command(signed_in: Shop) -> None:
    signed_in.granting.fails = unreachable()
    assert [signed_in.authorisation.token() for _ in range(3)] == ["access-1"] * 3
    assert signed_in.granting.asked == ["refresh-1"]
    assert len(signed_in.said) == 1


@pytest.mark.parametrize("late", [timedelta(0), SECOND, 100 * DAY], ids=str)
def test_when_the_old_token_has_ended_a_failed_renewal_is_raised(signed_in: Shop, late: timedelta) -> None:
    signed_in.granting.fails = unreachable()
    signed_in.time = NOON + DAY + late
    for _ in range(2):
        with pytest.raises(PlatformError) as caught:
            signed_in.authorisation.token()
        assert caught.value is signed_in.granting.fails
    assert signed_in.said == []
    signed_in.granting.fails = None
    assert signed_in.authorisation.token() == "access-4"


def test_a_renewal_that_was_asked_for_fails_aloud(signed_in: Shop) -> None:
    signed_in.granting.fails = refused()
    with pytest.raises(PlatformError, match="did not grant it"):
        signed_in.authorisation.refresh()
    assert signed_in.authorisation.status() == token()


def test_without_a_refresh_token_the_shop_has_to_be_signed_in_again(shop: Shop) -> None:
    shop.granting.without_refresh = True
    shop.authorisation.sign_in("c-1", (), bool)
    sentence = "The authorisation of shop jd3 cannot be renewed: jdticket auth login jd3"
    shop.time = NOON + DAY - SECOND
    assert shop.authorisation.token() == "access-2"
    assert shop.said == [sentence]
    shop.time = NOON + DAY
    for ask in (
        shop.authorisation.token,
        shop.authorisation.refresh,
        lambda: shop.authorisation.token("access-2"),
    ):
        with pytest.raises(PlatformError) as caught:
            ask()
        assert (caught.value.message, caught.value.trouble) == (sentence, Trouble.SIGNED_OUT)
    assert shop.granting.asked == ["code c-1"]


# Many processes, and the platform

RENEWER = """
import sys
from datetime import datetime
from pathlib import Path
from jdticket.desk.authorisation import Authorisation
from jdticket.platform.oauth import OAuth
from jdticket.domain.authorisation import (App)
from jdticket.store.tokens import SqliteTokens

path, now, *fields = sys.argv[1:]
app = App(*fields)
moment = datetime.fromisoformat(now)
authorisation = Authorisation(app, OAuth(app), SqliteTokens(Path(path)), lambda: moment, print)
print("ready", flush=True)
for refused in sys.stdin:
    print(authorisation.token(refused.strip() or None), flush=True)
"""


def ask_each(processes: Iterable[subprocess.Popen[str]], refused: str = "") -> list[str]:
    """What each of them answers when all are asked at the same moment."""
    processes = list(processes)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{refused}\n")
        process.stdin.flush()
    return [process.stdout.readline().strip() for process in processes if process.stdout is not None]


def test_eight_processes_that_need_a_renewal_at_once_renew_once_and_all_get_a_good_token(
    tokens: SqliteTokens, path: Path
) -> None:
    with gateway("jd3", now=lambda: NOON) as platform:
        ours = app(platform)
        access, refresh = platform.token_for(APP_KEY, "jd3", lifetime=HOUR)
        near_its_end = {"got_at": NOON - 23 * HOUR, "expires_at": NOON + HOUR}
        keep(tokens, token(access, refresh_token=refresh, **near_its_end))

        def is_good(one: str) -> bool:
            calls = JosGateway(ours, lambda refused: one, lambda: NOON, tries=1)
            try:
                return bool(calls.ask(WORKLIST, {"page_number": 1, "page_size": 10}))
            except PlatformError:
                return False
            finally:
                calls.close()

        def renewals() -> int:
            return [call.path for call in platform.calls].count("/oauth2/refresh_token")

        fields = (ours.shop, ours.app_key, ours.app_secret, ours.redirect_uri, ours.url, ours.oauth_url)
        call = [sys.executable, "-c", RENEWER, str(path), NOON.isoformat(), *fields]
        pipe = subprocess.PIPE
        processes = [subprocess.Popen(call, stdin=pipe, stdout=pipe, text=True) for _ in range(8)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        assert is_good(access)

        renewed = ask_each(processes)
        assert renewals() == 1
        assert len(set(renewed)) == 1
        assert is_good(renewed[0])
        assert not is_good(access)  # so that a second renewal would have cost the others theirs

        # And so when the platform refuses what all of them hold.
        platform.expire_tokens("jd3")
        again = ask_each(processes, renewed[0])
        assert renewals() == 2
        assert len(set(again)) == 1
        assert again[0] != renewed[0]
        assert is_good(again[0])
        for process in processes:
            process.communicate(timeout=60)
        assert [process.returncode for process in processes] == [0] * 8


def test_a_renewal_that_succeeds_later_is_followed_by_others(signed_in: Shop) -> None:
    signed_in.granting.fails = unreachable()
    signed_in.authorisation.token()
    signed_in.granting.fails = None
    signed_in.authorisation.token("access-1")
    renewed = signed_in.authorisation.status()
    assert renewed is not None
    signed_in.time = renewed.expires_at - SECOND
    before = len(signed_in.granting.asked)
    signed_in.authorisation.token()
    assert len(signed_in.granting.asked) == before + 1
