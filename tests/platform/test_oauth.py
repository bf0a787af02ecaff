"""The sign-in, against the stand-in for the platform; where that never answers so, against bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from jdticket import i18n
from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import WORKLIST
from jdticket.domain.authorisation import App, Grant
from jdticket.errors import PlatformError, Trouble, UsageError
from jdticket.platform.jos import JosGateway
from jdticket.platform.oauth import OAuth
from tests.language import assert_speaks
from tests.platform.literal import RESET, Literal, ok
from tests.platform.stand_in import APP_KEY, APP_SECRET, REDIRECT, app, gateway

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HERE = App(
    "jd3", APP_KEY, APP_SECRET, REDIRECT, "https://jos.invalid/routerjson", "https://jos.invalid/oauth2"
)

Problem = Callable[[Gateway], None]


@pytest.fixture
def platform() -> Iterator[Gateway]:
    with gateway("jd3", "jd5", now=lambda: NOW) as platform:
        yield platform


@pytest.fixture
def oauth(platform: Gateway) -> OAuth:
    return OAuth(app(platform))


@pytest.fixture(params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn, spoken by the program."""
    i18n.use(request.param)
    yield request.param
    i18n.use("en")


def oauth_at(server: Literal) -> OAuth:
    return OAuth(App("jd3", APP_KEY, APP_SECRET, REDIRECT, server.url, f"{server.url}/oauth2"))


def fails(call: Callable[[str], Grant], shown: str) -> PlatformError:
    """How it fails; neither the application's secret nor what was shown may be in what it says."""
    with pytest.raises(PlatformError) as caught:
        call(shown)
    told = caught.value.message + caught.value.zh_desc
    assert APP_SECRET not in told
    assert shown not in told
    assert "\n" not in told
    return caught.value


def works(platform: Gateway, token: str, shop: str = "jd3") -> bool:
    """Whether the platform takes the access token, and as this shop's."""
    jos = JosGateway(app(platform), lambda _refused: token, lambda: NOW, tries=1)
    try:
        jos.ask(WORKLIST, {"page_number": 1, "page_size": 10})
    except PlatformError as error:
        assert error.code == "19"
        return False
    finally:
        jos.close()
    return platform.calls[-1].merchant == shop


def state_of(there: App) -> str:
    [state] = parse_qs(urlsplit(OAuth(there).address()).query)["state"]
    return state


# The address


def test_the_address_has_all_that_the_platform_wants() -> None:
    address = urlsplit(OAuth(HERE).address())
    assert address._replace(query="").geturl() == "https://jos.invalid/oauth2/to_login"
    query = dict(parse_qsl(address.query, strict_parsing=True))
    assert re.fullmatch("[0-9a-f]{24}", query.pop("state"))
    assert query == {
        "app_key": APP_KEY,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "snsapi_base",
    }


def test_an_address_to_come_back_to_is_quoted_whole() -> None:
    back = "https://shop.example.com/back?from=jd&to=桌#x"
    query = parse_qs(urlsplit(OAuth(app_with(redirect_uri=back)).address()).query)
    assert query["redirect_uri"] == [back]


def app_with(**fields: str) -> App:
    given = {"shop": "jd3", "app_key": APP_KEY, "app_secret": APP_SECRET, "redirect_uri": REDIRECT}
    return App(**(given | fields), url=HERE.url, oauth_url=HERE.oauth_url)


def test_the_state_is_the_same_in_the_next_process_and_another_for_each_shop_and_application() -> None:
    assert state_of(app_with()) == state_of(app_with())
    others = [app_with(), app_with(shop="jd5"), app_with(app_key="other", app_secret="app-secret-of-another")]
    assert len({state_of(other) for other in others}) == 3


def test_the_state_cannot_be_worked_out_without_the_secret() -> None:
    # All else being equal, it depends on the secret, which the address does not show:
    # printf %s "jdticket sign-in of jd3" | openssl dgst -sha256 -hmac app-secret-0d91c2 | cut -c -24
    assert state_of(app_with()) == "54568ed55ff80d705a4197be"
    assert state_of(app_with(app_secret="app-secret-0d91c3")) != state_of(app_with())
    assert APP_SECRET not in OAuth(HERE).address()


@pytest.mark.parametrize("back", [REDIRECT, f"{REDIRECT}?from=jd"])
def test_what_the_browser_is_sent_back_with_signs_the_shop_in(platform: Gateway, back: str) -> None:
    platform.add_app(APP_KEY, APP_SECRET, back)
    oauth = OAuth(app(platform, redirect_uri=back))
    answer = requests.get(oauth.address(), allow_redirects=False, timeout=10)
    assert answer.headers["Location"].startswith(back)
    assert works(platform, oauth.exchange(oauth.code_in(answer.headers["Location"])).access_token)


# The code

CODE = "4f3a.C0-de_9~x"


def back(query: str) -> str:
    return f"{REDIRECT}?{query}"


@pytest.mark.parametrize(
    "pasted",
    [
        CODE,
        f"  {CODE}\r\n",
        back(f"code={CODE}&state={{state}}"),
        back(f"state={{state}}&code={CODE}"),
        back(f"from=jd&code={CODE}&state={{state}}#top"),
        back(f"code={CODE}"),
        f"\t{back(f'code={CODE}&state={{state}}')}\n",
        f"?code={CODE}&state={{state}}",
    ],
)
def test_the_code_is_found_in_what_was_pasted(pasted: str) -> None:
    oauth = OAuth(HERE)
    assert oauth.code_in(pasted.replace("{state}", state_of(HERE))) == CODE


@pytest.mark.parametrize(
    "state",
    [
        state_of(app_with(shop="jd5")),
        state_of(app_with(app_secret="app-secret-of-another")),
        state_of(HERE)[:-1],
        state_of(HERE).upper(),
        f"{state_of(HERE)}&state=x",
        "x",
    ],
)
def test_the_address_of_another_sign_in_is_refused(state: str, language: str) -> None:
    with pytest.raises(UsageError) as caught:
        OAuth(HERE).code_in(back(f"code={CODE}&state={state}"))
    assert_speaks(caught.value.message, language)
    if language == "en":
        assert "of another shop or application" in caught.value.message
    assert "jdticket auth login jd3" in caught.value.message


@pytest.mark.parametrize(
    "pasted",
    [
        REDIRECT,
        back("state={state}"),
        back("code=&state={state}"),
        back("code=%20&state={state}"),
        back(""),
        back("code=a/b"),
        f"code={CODE}",
        f"{CODE} {CODE}",
        "授权码",
        "４f3a",
        "x" * 201,
        "?",
        "'; drop table",
        "\x1b[31m",
        "\ud83d",
    ],
)
def test_what_has_no_code_in_it_is_refused(pasted: str, language: str) -> None:
    with pytest.raises(UsageError) as caught:
        OAuth(HERE).code_in(pasted.replace("{state}", state_of(HERE)))
    assert_speaks(caught.value.message, language)
    if language == "en":
        assert "There is no code in it; paste the code" in caught.value.message


def test_a_sign_in_that_was_refused_there_is_told_so(language: str) -> None:
    refused_there = f"error=access_denied%0A{'x' * 100}&state={state_of(HERE)}"
    with pytest.raises(UsageError) as caught:
        OAuth(HERE).code_in(back(refused_there))
    assert "access_denied xxx" in caught.value.message
    assert "x" * 41 not in caught.value.message
    assert_speaks(caught.value.message, language)


@pytest.mark.parametrize("pasted", ["", " \r\n\t", "\u3000"])
def test_nothing_is_no_code(pasted: str, language: str) -> None:
    with pytest.raises(UsageError) as caught:
        OAuth(HERE).code_in(pasted)
    assert_speaks(caught.value.message, language)
    if language == "en":
        assert caught.value.message == "There is no code."


# What is granted


def test_a_code_is_exchanged_for_tokens_that_work(platform: Gateway, oauth: OAuth) -> None:
    platform.token_lifetime = timedelta(hours=12, seconds=7)
    grant = oauth.exchange(platform.code_for(APP_KEY, "jd3"))
    assert grant.lifetime == timedelta(hours=12, seconds=7)
    assert works(platform, grant.access_token)
    assert grant.refresh_token not in ("", grant.access_token)
    assert platform.calls[0].path == "/oauth2/access_token"


def test_a_refresh_brings_new_tokens_and_ends_the_old_ones(platform: Gateway, oauth: OAuth) -> None:
    old = oauth.exchange(platform.code_for(APP_KEY, "jd3"))
    new = oauth.refresh(old.refresh_token)
    assert works(platform, new.access_token)
    assert not works(platform, old.access_token)
    assert works(platform, oauth.refresh(new.refresh_token).access_token)


def test_an_expired_token_can_be_refreshed(platform: Gateway, oauth: OAuth) -> None:
    old = oauth.exchange(platform.code_for(APP_KEY, "jd3"))
    platform.expire_tokens("jd3")
    assert works(platform, oauth.refresh(old.refresh_token).access_token)


def test_the_code_says_whose_shop_it_is(platform: Gateway, oauth: OAuth) -> None:
    grant = oauth.exchange(platform.code_for(APP_KEY, "jd5"))
    assert works(platform, grant.access_token, shop="jd5")


@pytest.mark.parametrize("seconds", [86400, "86400"])
def test_the_lifetime_is_read_as_number_and_as_text(seconds: object) -> None:
    body = json.dumps({"access_token": "A1", "refresh_token": "R1", "expires_in": seconds})
    with Literal(ok(body)) as server:
        assert oauth_at(server).exchange(CODE) == Grant("A1", "R1", timedelta(days=1))


@pytest.mark.parametrize(
    ("told", "holds"),
    [
        ("", 86_400),
        (', "expires_in": null', 86_400),
        (', "expires_in": "soon"', 86_400),
        (', "expires_in": true', 86_400),
        (', "expires_in": Infinity', 86_400),
        (', "expires_in": 1e3', 1000),
        (', "expires_in": "3600.0"', 3600),
        (', "expires_in": ' + "9" * 30, 86_400),
        (', "expires_in": 31536000', 31_536_000),
        (', "expires_in": 31536000000', 31_536_000),
    ],
)
def test_a_lifetime_that_is_missing_or_strange_loses_no_token(told: str, holds: int) -> None:
    with Literal(ok(f'{{"access_token": "A1"{told}}}')) as server:
        assert oauth_at(server).exchange(CODE).lifetime == timedelta(seconds=holds)


@pytest.mark.parametrize(
    ("told", "account"),
    [
        ({}, set()),
        ({"uid": "4711", "open_id": "oA", "xid": "x1"}, {"uid 4711", "open_id oA", "xid x1"}),
        ({"uid": 4711, "open_id": None, "xid": ""}, {"uid 4711"}),
        ({"uid": 0, "open_id": ["a"]}, set()),
    ],
)
def test_the_account_that_agreed_is_told(told: dict[str, object], account: set[str]) -> None:
    with Literal(ok(json.dumps({"access_token": "A1", "expires_in": 60, **told}))) as server:
        assert oauth_at(server).exchange(CODE).account == account


@pytest.mark.parametrize("refresh", [None, 7, "", "missing"])
def test_a_grant_may_come_without_a_refresh_token(refresh: object) -> None:
    content = {"access_token": "A1", "refresh_token": refresh, "expires_in": 60}
    if refresh == "missing":
        del content["refresh_token"]
    with Literal(ok(json.dumps(content))) as server:
        assert oauth_at(server).refresh("R0") == Grant("A1", "", timedelta(minutes=1))


# What is refused


def refused(call: Callable[[str], Grant], shown: str) -> str:
    """The platform's code for it; a person has to sign in, and is told how."""
    error = fails(call, shown)
    assert (error.trouble, error.lost) == (Trouble.SIGNED_OUT, False)
    assert "jdticket auth login jd3" in error.message
    assert f"code {error.code}" in error.message
    return error.code


def test_a_code_is_good_once(platform: Gateway, oauth: OAuth) -> None:
    code = platform.code_for(APP_KEY, "jd3")
    oauth.exchange(code)
    assert refused(oauth.exchange, code) == "402"


def test_a_code_of_nobody_or_of_another_application_is_refused(platform: Gateway, oauth: OAuth) -> None:
    platform.add_app("app-key-of-another", "app-secret-of-another")
    assert refused(oauth.exchange, platform.code_for("app-key-of-another", "jd3")) == "402"
    assert refused(oauth.exchange, CODE) == "402"


def test_a_wrong_secret_or_key_is_refused(platform: Gateway) -> None:
    code = platform.code_for(APP_KEY, "jd3")
    wrong = "app-secret-of-another"
    error = fails(OAuth(app(platform, app_secret=wrong)).exchange, code)
    assert (error.code, error.trouble) == ("400", Trouble.SIGNED_OUT)
    assert "app_secret" in error.message
    assert wrong not in error.message
    assert refused(OAuth(app(platform, app_key="app-key-of-another")).exchange, code) == "401"


def test_a_refresh_token_is_good_once_and_until_it_is_revoked(platform: Gateway, oauth: OAuth) -> None:
    first = oauth.exchange(platform.code_for(APP_KEY, "jd3"))
    second = oauth.refresh(first.refresh_token)
    assert refused(oauth.refresh, first.refresh_token) == "402"
    platform.revoke("jd3")
    assert refused(oauth.refresh, second.refresh_token) == "402"


def test_neither_kind_of_token_does_for_the_other(platform: Gateway, oauth: OAuth) -> None:
    access, refresh = platform.token_for(APP_KEY, "jd3")
    assert refused(oauth.refresh, access) == "402"
    assert refused(oauth.exchange, refresh) == "402"


@pytest.mark.parametrize(
    "content",
    [
        {"code": 500, "msg": "系统繁忙"},
        {"code": "500", "zh_desc": "系统繁忙", "access_token": None},
        {"code": 500, "msg": "", "zh_desc": "系统\n繁忙", "access_token": ""},
        {"code": 500, "msg": "系统繁忙", "access_token": 7, "expires_in": 60},
    ],
)
def test_the_platforms_reason_is_told(content: dict[str, object], language: str) -> None:
    with Literal(ok(json.dumps(content))) as server:
        error = fails(oauth_at(server).exchange, CODE)
    assert (error.code, error.trouble) == ("500", Trouble.SIGNED_OUT)
    assert error.zh_desc.replace(" ", "") == "系统繁忙"
    assert error.zh_desc in error.message
    assert_speaks(error.message, language, allow=[error.zh_desc])


def test_an_answer_without_any_reason_is_a_refusal_all_the_same() -> None:
    with Literal(ok("{}")) as server:
        error = fails(oauth_at(server).exchange, CODE)
    assert (error.code, error.trouble) == ("", Trouble.SIGNED_OUT)
    assert "(code -: -)" in error.message


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"code": 402, "msg": f"invalid {CODE} of {APP_SECRET}"}),
        json.dumps({"code": 402, "zh_desc": f"{APP_SECRET}: {CODE}"}),
    ],
)
def test_secrets_are_hidden_when_the_platform_repeats_them(body: str) -> None:
    with Literal(ok(body)) as server:
        oauth = oauth_at(server)
        assert "***" in fails(oauth.exchange, CODE).message
        assert "***" in fails(oauth.refresh, CODE).message


@pytest.mark.parametrize("body", [f"{APP_SECRET} {CODE} is no good", f'"{CODE}&{APP_SECRET}"'])
def test_nothing_of_an_answer_that_cannot_be_read_is_shown(body: str) -> None:
    with Literal(ok(body)) as server:
        message = fails(oauth_at(server).exchange, CODE).message
    assert not [piece for piece in (CODE, APP_SECRET, "is no good") if piece in message]


def test_long_reasons_are_cut() -> None:
    with Literal(ok(json.dumps({"code": 1, "msg": "长" * 5000}))) as server:
        assert len(fails(oauth_at(server).exchange, CODE).message) < 400


# No answer


@pytest.mark.parametrize("kind", ["lost", "cut", "garbage", "html", "refuse", "status"])
def test_a_sign_in_that_gets_no_answer_is_not_tried_again(
    platform: Gateway, oauth: OAuth, kind: str, language: str
) -> None:
    platform.fault(kind, method="oauth")
    error = fails(oauth.exchange, platform.code_for(APP_KEY, "jd3"))
    assert (error.trouble, error.code, error.lost) == (Trouble.UNREACHABLE, "", True)
    assert len(platform.calls) == 1
    assert_speaks(error.message, language, allow=["502 Bad Gateway"])


def test_nobody_at_the_address_has_done_nothing() -> None:
    with Literal() as server:
        oauth = oauth_at(server)
    error = fails(oauth.exchange, CODE)
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, False)


@pytest.mark.parametrize(("number", "lost"), [(302, False), (404, False), (500, True), (503, True)])
def test_by_its_status_alone_an_answer_is_none(number: int, lost: bool) -> None:
    granted = json.dumps({"access_token": "A1", "refresh_token": "R1", "expires_in": 60})
    with Literal(ok(granted, "Location: /elsewhere", status=number)) as server:
        error = fails(oauth_at(server).exchange, CODE)
        assert len(server.requests) == 1
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, lost)
    assert f"HTTP {number}" in error.message


@pytest.mark.parametrize("kind", ["never", "slow"])
def test_an_answer_that_takes_too_long_is_none(
    platform: Gateway, oauth: OAuth, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jdticket.platform.oauth.CALL_SECONDS", 0.3)
    platform.fault(kind, method="oauth")
    error = fails(oauth.refresh, platform.token_for(APP_KEY, "jd3")[1])
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, True)
    assert "no whole answer within 0.3 s" in error.message


@pytest.mark.parametrize(
    "answered",
    [
        RESET,
        ok("[]"),
        ok(""),
        ok("<html>"),
        ok('"access_token"'),
    ],
    ids=range(5),
)
def test_an_answer_that_makes_no_sense_grants_nothing(answered: bytes, language: str) -> None:
    with Literal(answered) as server:
        error = fails(oauth_at(server).exchange, CODE)
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, True)
    assert "A1" not in error.message
    assert_speaks(error.message, language)


@pytest.mark.parametrize("pasted", ["http://[abc?code=1", "http://a℀b/?code=x"])
def test_an_impossible_address_has_no_code(pasted: str) -> None:
    with pytest.raises(UsageError):
        OAuth(HERE).code_in(pasted)


def test_the_name_of_a_parameter_is_no_secret() -> None:
    with Literal(ok(json.dumps({"code": 402, "msg": "invalid or expired refresh_token"}))) as server:
        assert "invalid or expired refresh_token" in fails(oauth_at(server).refresh, "R0").message


def test_what_was_granted_in_a_form_that_cannot_be_read_is_not_shown() -> None:
    with Literal(ok('callback({"access_token": "4f3a9c0d"})')) as server:
        assert "4f3a" not in fails(oauth_at(server).exchange, CODE).message


@pytest.mark.parametrize("seconds", [0, -5])
def test_a_token_that_has_ended_is_none(seconds: int) -> None:
    with Literal(ok(json.dumps({"access_token": "A", "expires_in": seconds}))) as server:
        fails(oauth_at(server).exchange, CODE)
