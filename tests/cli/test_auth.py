from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from jdticket import clock
from jdticket.demo.gateway import Gateway
from tests.language import assert_speaks
from tests.platform.stand_in import APP_KEY, APP_SECRET, REDIRECT, SECRET_ENV, gateway, shops_toml

from .platform import ALL_DAY, in_the_next_second, set_up, sign_in
from .running import Program


@pytest.fixture
def platform(program: Program) -> Iterator[Gateway]:
    """Two shops, neither signed in."""
    with gateway("jd3", "jd5") as running:
        set_up(program, running, ("jd3", "jd5"))
        yield running


def address(program: Program, shop: str) -> str:
    return program.ok("auth", "login", shop).out.splitlines()[1]


def tokens(program: Program) -> bytes:
    return program.store.with_name("desk.db.tokens").read_bytes()


def test_login_shows_the_address_to_open(program: Program, platform: Gateway) -> None:
    parts = urlsplit(address(program, "jd3"))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{platform.oauth_url}/to_login"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query.pop("state")
    assert query == {
        "app_key": APP_KEY,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "snsapi_base",
    }


def test_the_code_signs_the_shop_in(program: Program, platform: Gateway) -> None:
    ran = program.ok("auth", "login", "jd3", "--code", platform.code_for(APP_KEY, "jd3"))
    assert ran.out.startswith("Shop jd3 is signed in until ")
    assert "jdticket sync --shop jd3" in ran.out
    status = program.ok("auth", "status", "--json").json
    assert [(one["shop"], one["signed_in"]) for one in status] == [("jd3", True), ("jd5", False)]


def test_a_person_pastes_the_whole_address(program: Program, platform: Gateway) -> None:
    state = parse_qs(urlsplit(address(program, "jd3")).query)["state"][0]
    pasted = f"{REDIRECT}?code={platform.code_for(APP_KEY, 'jd3')}&state={state}\n"
    ran = program.terminal("auth", "login", "jd3", width=140, typed=pasted)
    assert ran.code == 0
    assert "Shop jd3 is signed in until " in ran.out


def test_the_address_of_another_shop_s_sign_in_is_refused(program: Program, platform: Gateway) -> None:
    state = parse_qs(urlsplit(address(program, "jd5")).query)["state"][0]
    pasted = f"{REDIRECT}?code={platform.code_for(APP_KEY, 'jd5')}&state={state}"
    assert "another shop" in program.refused(2, "auth", "login", "jd3", "--code", pasted)
    assert not program.store.with_name("desk.db.tokens").exists()


def test_a_sign_in_that_was_refused_there_says_so(program: Program, platform: Gateway) -> None:
    pasted = "https://shop.example.com/back?error=access_denied"
    assert "access_denied" in program.refused(2, "auth", "login", "jd3", "--code", pasted)


def test_a_person_may_paste_again(program: Program, platform: Gateway) -> None:
    typed = f"https://shop.example.com/back\n{platform.code_for(APP_KEY, 'jd3')}\n"
    ran = program.terminal("auth", "login", "jd3", width=140, typed=typed)
    assert "There is no code in it" in ran.out
    assert (ran.code, "Shop jd3 is signed in until " in ran.out) == (0, True)


@pytest.fixture
def callback(program: Program, platform: Gateway) -> str:
    """An address on this machine, to which the platform sends the browser."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = f"http://127.0.0.1:{port}/back"
    platform.add_app(APP_KEY, APP_SECRET, own)
    config = program.folder / "config.toml"
    program.configure(config.read_text(encoding="utf-8").replace(REDIRECT, own))
    return own


class Browser:
    """Opens, once the program waits, what ``queries`` say, ``STATE`` standing for the sign-in's own."""

    def __init__(self, callback: str, *queries: str) -> None:
        self._callback = callback
        self._queries = queries
        self.pages: list[tuple[int, str]] = []

    def __call__(self, _process: object, shown: str) -> None:
        if "Waiting for the browser" not in shown or self.pages:
            return
        [state] = re.findall(r"state=([0-9a-f]+)", shown.replace("\r\n", ""))
        for query in self._queries:
            page = requests.get(self._callback + query.replace("STATE", state), timeout=10)
            self.pages.append((page.status_code, page.text))


def test_a_browser_that_is_sent_to_this_machine_brings_the_code(
    program: Program, platform: Gateway, callback: str
) -> None:
    code = platform.code_for(APP_KEY, "jd3")
    browser = Browser(
        callback,
        "/other?code=x&state=STATE",
        f"?code={code}",
        f"?code={code}&state=0123",
        "?error=access_denied&state=STATE",
        f"?code={code}&state=STATE",
    )
    ran = program.terminal("auth", "login", "jd3", width=300, on_output=browser)
    assert (ran.code, "Shop jd3 is signed in until " in ran.out) == (0, True), ran.out
    assert [status for status, _page in browser.pages] == [404, 400, 400, 400, 200]
    assert "belongs to no sign-in that began here" in browser.pages[1][1]
    assert "another shop or application" in browser.pages[2][1]
    assert "access_denied" in ran.out
    assert code not in ran.out


def test_pasting_stays_while_the_browser_is_waited_for(
    program: Program, platform: Gateway, callback: str
) -> None:
    typed = f"https://shop.example.com/back\n{platform.code_for(APP_KEY, 'jd3')}\n"
    ran = program.terminal("auth", "login", "jd3", width=140, typed=typed)
    assert "There is no code in it" in ran.out
    assert (ran.code, "Shop jd3 is signed in until " in ran.out) == (0, True)


def test_a_port_that_is_taken_is_told_and_the_code_asked_for(
    program: Program, platform: Gateway, callback: str
) -> None:
    with socket.create_server(("127.0.0.1", int(callback.rpartition(":")[2].partition("/")[0]))):
        ran = program.terminal(
            "auth", "login", "jd3", width=140, typed=f"{platform.code_for(APP_KEY, 'jd3')}\n"
        )
    assert f"{callback} cannot be listened at: " in ran.out
    assert (ran.code, "Shop jd3 is signed in until " in ran.out) == (0, True)


def test_the_code_may_come_from_standard_input(program: Program, platform: Gateway) -> None:
    code = platform.code_for(APP_KEY, "jd3")
    assert "signed in until" in program.ok("auth", "login", "jd3", "--code", "-", stdin=f"{code}\n").out


@pytest.mark.parametrize("command", ["login", "refresh"])
def test_the_real_time_is_what_counts(program: Program, platform: Gateway, command: str) -> None:
    assert "--now" in program.refused(2, "auth", command, "jd3", "--now", "2026-01-01")


@pytest.mark.parametrize("code", ["", "  ", "https://shop.example.com/back?x=y", "two words"])
def test_what_is_no_code_is_wrong_usage(program: Program, platform: Gateway, code: str) -> None:
    assert "code" in program.refused(2, "auth", "login", "jd3", "--code", code)


def test_a_code_that_was_used_is_refused_by_the_platform(program: Program, platform: Gateway) -> None:
    code = platform.code_for(APP_KEY, "jd3")
    program.ok("auth", "login", "jd3", "--code", code)
    said = program.refused(6, "auth", "login", "jd3", "--code", code)
    assert "jdticket auth login jd3" in said
    assert APP_SECRET not in said


def test_one_account_is_one_shop_s_and_another_one_is_asked_about(
    program: Program, platform: Gateway
) -> None:
    def login(shop: str, merchant: str, *options: str) -> list[str]:
        return ["auth", "login", shop, "--code", platform.code_for(APP_KEY, merchant), *options]

    program.ok(*login("jd3", "jd3"))
    said = program.refused(4, *login("jd5", "jd3"))
    assert said.startswith("That account is signed in for shop jd3 already")
    assert "jdticket auth login jd5" in said
    assert "another account before; nothing was changed" in program.refused(4, *login("jd3", "jd5"))
    typed = program.terminal(*login("jd3", "jd5"), width=140, typed="n\n")
    assert "Is this one right?" in typed.out
    assert typed.code == 4
    program.ok(*login("jd3", "jd5", "--yes"))
    assert program.refused(4, *login("jd5", "jd5")).startswith("That account is signed in for shop jd3")
    program.ok(*login("jd5", "jd3"))


def test_a_sign_in_that_ends_soon_and_is_not_renewed_is_told_wherever_one_looks(
    program: Program, platform: Gateway
) -> None:
    sign_in(program, platform)
    program.begin()
    end = "the sign-in of shop jd3 on the platform ends "
    assert end not in program.terminal("list", width=200).out
    assert program.run("check", "--json").json["sign_ins_ending"] == []
    with closing(sqlite3.connect(program.store.with_name("desk.db.tokens"))) as tokens, tokens:
        tokens.execute("UPDATE tokens SET refresh_token = '', got_at = '2020-01-01T00:00:00Z'")
        tokens.execute(
            "UPDATE tokens SET expires_at = ?", [clock.stored(clock.system_now() + timedelta(days=2))]
        )
    assert end in program.terminal("list", width=200).out
    assert f"PROBLEM] platform, jd3: {end}" in program.run("doctor").out
    ran = program.run("check", "--json")
    assert (ran.code, ran.json["sign_ins_ending"]) == (1, ["jd3"])
    assert "sign-in ends soon: jd3" in program.run("check").out
    config = program.folder / "config.toml"
    with config.open("a", encoding="utf-8") as file:
        file.write('[[channels]]\nname = "here"\nkind = "stdout"\nnight = true\n')
    assert "the sign-in on the platform ends" in program.ok("remind").out
    assert "sign-in" not in program.ok("remind").out
    assert program.run("check", "--shop", "jd5", "--json").json["sign_ins_ending"] == []
    program.store.with_name("desk.db.tokens").chmod(0o644)
    assert "holds the keys to your shops and others may use it" in program.terminal("list", width=200).out


def test_the_shop_must_be_named_when_there_are_several(program: Program, platform: Gateway) -> None:
    assert "jd3, jd5" in program.refused(2, "auth", "login")


def test_one_shop_needs_no_name(program: Program, platform: Gateway) -> None:
    set_up(program, platform)
    assert "jd3" in program.ok("auth", "login").out


def test_without_a_callback_address_nobody_can_sign_in(program: Program, platform: Gateway) -> None:
    text = ALL_DAY + shops_toml(platform).replace(f'redirect_uri = "{REDIRECT}", ', "")
    program.configure(text)
    assert "redirect_uri" in program.refused(1, "auth", "login", "jd3")


def test_no_token_and_no_secret_is_ever_shown(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    kept = tokens(program)
    shown = ""
    for call in (
        ("auth", "status"),
        ("auth", "status", "--json"),
        ("auth", "refresh", "jd3"),
        ("config", "show"),
        ("doctor",),
        ("sync",),
    ):
        ran = program.run(*call)
        shown += ran.out + ran.err
    for secret in (APP_SECRET, *(word for row in _rows(program) for word in row)):
        assert secret.encode() in kept + tokens(program) + APP_SECRET.encode()
        assert secret not in shown


def _rows(program: Program) -> list[tuple[str, str]]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(program.store.with_name("desk.db.tokens"))) as db:
        return db.execute("SELECT access_token, refresh_token FROM tokens").fetchall()


def test_the_tokens_are_readable_by_their_owner_only_and_in_no_backup(
    program: Program, platform: Gateway
) -> None:
    sign_in(program, platform)
    program.ok("sync", "--shop", "jd3")
    assert program.store.with_name("desk.db.tokens").stat().st_mode & 0o777 == 0o600
    program.ok("backup", "copy.db")
    [(access, refresh)] = _rows(program)
    copy = (program.folder / "copy.db").read_bytes()
    assert access.encode() not in copy
    assert refresh.encode() not in copy


def test_tokens_that_others_may_read_are_not_used(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    program.store.with_name("desk.db.tokens").chmod(0o644)
    assert "chmod 600" in program.refused(5, "auth", "status")


def test_refresh_renews_now_and_the_old_tokens_are_worth_nothing(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    [before] = _rows(program)
    assert "signed in until" in program.ok("auth", "refresh", "jd3").out
    assert _rows(program) != [before]
    assert program.ok("sync", "--shop", "jd3").out.startswith("jd3: ")


def test_refresh_of_all_goes_on_after_one_that_fails(program: Program, platform: Gateway) -> None:
    sign_in(program, platform, "jd5")
    ran = program.run("auth", "refresh")
    assert ran.code == 6
    assert "jd3: Shop jd3 is not signed in" in ran.err
    assert "Shop jd5 is signed in until" in ran.out


def test_status_says_what_is_wrong_and_needs_no_secret(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    platform.revoke("jd3")
    program.run("sync")
    del program.environ[SECRET_ENV]
    ran = program.ok("auth", "status")
    heading, first, second = ran.out.splitlines()
    assert heading.split() == ["shop", "signed", "in", "last", "fetched", "trouble"]
    assert first.startswith("jd3   no longer  ")
    assert SECRET_ENV in first
    assert second.split()[:3] == ["jd5", "no", "never"]


def test_status_says_what_to_do_about_trouble(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    platform.revoke("jd3")
    program.run("sync")
    said = program.ok("auth", "status", "jd3").out.splitlines()[1]
    assert said.endswith("sign the shop in: jdticket auth login jd3")
    in_the_next_second()
    sign_in(program, platform)
    assert "until " in program.ok("auth", "status", "jd3").out


def test_status_tells_when_the_authorisation_has_ended(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    ran = program.ok("auth", "status", "jd3", "--now", "2099-01-01 12:00")
    assert "ended " in ran.out


def test_a_token_of_another_application_counts_as_none(program: Program, platform: Gateway) -> None:
    sign_in(program, platform)
    path = program.folder / "config.toml"
    program.configure(path.read_text(encoding="utf-8").replace(APP_KEY, "another-key"))
    [jd3, _jd5] = program.ok("auth", "status", "--json").json
    assert not jd3["signed_in"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_word_is_in_one_language(program: Program, platform: Gateway, language: str) -> None:
    shown = program.ok("auth", "login", "jd3", JDTICKET_LANG=language).out
    code = platform.code_for(APP_KEY, "jd3")
    shown += program.ok("auth", "login", "jd3", "--code", code, JDTICKET_LANG=language).out
    ran = program.run("auth", "login", "jd3", "--code", code, JDTICKET_LANG=language)
    shown += program.ok("auth", "status", JDTICKET_LANG=language).out
    assert_speaks(shown + ran.err, language, ["code CODE", *platform_words(ran.err)])


def platform_words(text: str) -> list[str]:
    """What the platform itself said, in its own language."""
    import re

    return re.findall(r"[(（](?:code|错误码) \d+[:：] ?([^)）]*)[)）]", text)
