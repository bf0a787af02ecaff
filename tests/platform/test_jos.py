"""The signed call, against the stand-in for the platform; where that never answers so, against bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from jdticket import i18n
from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import REPLY, WORKLIST
from jdticket.domain.authorisation import App
from jdticket.errors import PlatformError, Trouble
from jdticket.platform.jos import JosGateway, field, from_millis, platform_time, sign
from tests.language import assert_speaks
from tests.platform.literal import RESET, Literal, held, ok
from tests.platform.stand_in import APP_KEY, APP_SECRET, app, gateway, order

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
"""15:00 on the platform's clock."""
ASKED = {"page_number": 1, "page_size": 10}
TOLD = {"work_id": 84712842, "reply_content": "已发货 A&B", "work_type": 101, "work2_type": 10101}
TOKEN = "TOKEN-7c1e"
SIGN_OF_TOLD = "3B3A43A198AC3F13829C8564149ADE0B"
"""Of telling ``TOLD`` with ``TOKEN`` at ``NOW``; worked out in the test of the call on the wire."""

Problem = Callable[[Gateway], None]


class Client:
    """The client of shop jd3: how long it paused, and the tokens that the platform refused it."""

    def __init__(self, to: App, tokens: Callable[[], str], **options: Any) -> None:
        self.pauses: list[float] = []
        self.refused: list[str] = []
        self.tokens: list[str] = []
        self._new_token = tokens
        self._jos = JosGateway(to, self._token, lambda: NOW, pause=self.pauses.append, **options)

    def _token(self, refused: str | None) -> str:
        if refused is not None:
            self.refused.append(refused)
        if refused is not None or not self.tokens:
            self.tokens.append(self._new_token())
        return self.tokens[-1]

    def ask(self) -> dict[str, Any]:
        return self._jos.ask(WORKLIST, ASKED)

    def tell(self) -> dict[str, Any]:
        return self._jos.tell(REPLY, TOLD)

    def fails_to(self, call: Callable[[], object]) -> PlatformError:
        """How it fails; no secret may be in what it says."""
        with pytest.raises(PlatformError) as caught:
            call()
        told = caught.value.message + caught.value.zh_desc
        assert not [secret for secret in (APP_SECRET, SIGN_OF_TOLD, *self.tokens) if secret in told]
        assert "\n" not in told
        return caught.value

    def close(self) -> None:
        self._jos.close()


@pytest.fixture
def platform() -> Iterator[Gateway]:
    with gateway(now=lambda: NOW) as platform:
        platform.add_orders("jd3", [order(84712842, NOW - timedelta(hours=1))])
        yield platform


def client(platform: Gateway, *, tries: int = 4, **fields: Any) -> Client:
    """A client that the stand-in knows; ``fields`` are what is wrong with its application."""
    return Client(app(platform, **fields), lambda: platform.token_for(APP_KEY, "jd3")[0], tries=tries)


def client_of(server: Literal, *, tries: int = 1) -> Client:
    there = App("jd3", APP_KEY, APP_SECRET, "", f"{server.url}/routerjson", f"{server.url}/oauth2")
    return Client(there, lambda: TOKEN, tries=tries)


@pytest.fixture
def nobody() -> str:
    """An address that refuses every connection."""
    with Literal() as server:
        pass
    return f"{server.url}/routerjson"


@pytest.fixture
def short_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jdticket.platform.jos.CALL_SECONDS", 0.3)


@pytest.fixture(params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in turn, spoken by the program."""
    i18n.use(request.param)
    yield request.param
    i18n.use("en")


def answer(method: str, suffix: str = "_responce", **content: object) -> str:
    return json.dumps({method.replace(".", "_") + suffix: content}, ensure_ascii=False)


def refusal(**words: object) -> str:
    return json.dumps({"error_response": words}, ensure_ascii=False)


# What goes out


def test_the_signature_is_the_one_worked_out_by_hand() -> None:
    # By name, capitals before small letters; with the secret on both sides:
    #   "S3CRET" "B9" "a1" "b2" "c" "S3CRET"
    # printf %s S3CRETB9a1b2cS3CRET | openssl md5
    assert sign({"b": "2", "B": "9", "c": "", "a": "1"}, "S3CRET") == "5EAE11723596C50DC87B7BFEF31E5E31"


def test_chinese_is_signed_as_utf_8() -> None:
    # printf %s S3CRETa催单S3CRET | openssl md5, in a terminal that speaks UTF-8
    assert sign({"a": "催单"}, "S3CRET") == "55442CB91E5849EF434F61025F16B235"


def test_the_call_on_the_wire_is_the_one_worked_out_by_hand() -> None:
    with Literal(ok(answer(REPLY, code="0"))) as server:
        jos = client_of(server)
        jos.tell()
        [request] = server.requests
    assert (request.method, request.path) == ("POST", "/routerjson")
    signed = (
        "app-secret-0d91c2"
        '360buy_param_json{"reply_content":"已发货 A&B","work2_type":10101,'
        '"work_id":84712842,"work_type":101}'
        "access_tokenTOKEN-7c1e"
        "app_keyapp-key-5f3a"
        "formatjson"
        "methodjingdong.rest.workorder.reply"
        "timestamp2026-11-23 15:00:00"
        "v2.0"
        "app-secret-0d91c2"
    )
    # printf %s "$signed" | md5sum
    assert request.form.pop("sign") == SIGN_OF_TOLD == "3B3A43A198AC3F13829C8564149ADE0B"
    spelled = "".join(name + value for name, value in sorted(request.form.items()))
    assert f"app-secret-0d91c2{spelled}app-secret-0d91c2" == signed


@pytest.mark.parametrize("hours", [-8, 0, 8])
def test_the_time_is_told_in_the_platforms_zone_whatever_ours_is(hours: int) -> None:
    moment = datetime(2026, 11, 23, 16, 30, 5, 999_999, tzinfo=UTC).astimezone(
        timezone(timedelta(hours=hours))
    )
    assert platform_time(moment) == "2026-11-24 00:30:05"


def test_the_platform_takes_what_is_asked_and_told(platform: Gateway) -> None:
    jos = client(platform)
    assert jos.ask()["page"]["total_count"] == 1
    assert jos.tell()["work_order"]["resultCode"] == 1
    asked, told = platform.calls
    assert (asked.code, asked.params, asked.merchant) == ("0", ASKED, "jd3")
    assert (told.code, told.params, told.merchant) == ("0", TOLD, "jd3")


# What comes in


@pytest.mark.parametrize("suffix", ["_responce", "_response"])
def test_the_envelope_may_be_spelled_wrong_or_right(platform: Gateway, suffix: str) -> None:
    platform.suffix = suffix
    assert client(platform).ask()["page"]["total_count"] == 1


@pytest.mark.parametrize("code", ["0", 0])
def test_nought_is_no_error_however_it_is_written(code: object) -> None:
    with Literal(ok(answer(WORKLIST, code=code, page={}))) as server:
        assert client_of(server).ask() == {"code": code, "page": {}}


def test_an_answer_without_a_code_is_no_error() -> None:
    with Literal(ok(answer(WORKLIST, page={}))) as server:
        assert client_of(server).ask() == {"page": {}}


@pytest.mark.parametrize(
    ("name", "camel"),
    [
        ("work_id", "workId"),
        ("create_date", "createDate"),
        ("oper_logs", "operLogs"),
        ("total_count", "totalCount"),
        ("send_biztype_id", "sendBiztypeId"),
        ("sub_biztype_name", "subBiztypeName"),
        ("saf_biztype_Dtos", "safBiztypeDtos"),
        ("result_code", "resultCode"),
        ("content", "content"),
    ],
)
def test_a_field_is_found_under_both_its_names(name: str, camel: str) -> None:
    assert field({name: 1, "other": 2}, name) == 1
    assert field({camel: 1, "other": 2}, name) == 1
    assert field({"other": 2}, name) is None


def test_the_documented_name_goes_first_and_an_empty_value_is_a_value() -> None:
    assert field({"workId": 2, "work_id": 1}, "work_id") == 1
    assert field({"work_id": 0, "workId": 2}, "work_id") == 0
    assert field({"work_id": None, "workId": 2}, "work_id") is None


@pytest.mark.parametrize(
    "value", [1795417200000, "1795417200000", 1795417200999, "1795417200001", 1795417200, "1795417200"]
)
def test_milliseconds_and_seconds_are_read_to_the_second(value: object) -> None:
    # date -u -d "2026-11-23 07:00" +%s is 1795417200
    assert from_millis(value) == NOW


@pytest.mark.parametrize(
    "value", [None, True, "", "x", -1795417200000, 179541720, 17954172000000, 1.5, "2026-11-23", [], {}]
)
def test_what_is_neither_milliseconds_nor_seconds_is_no_moment(value: object) -> None:
    assert from_millis(value) is None


# What the platform refuses

ADVICE = {
    "2": "too many calls, try again later; JD can raise the limit",
    "7": "this machine's clock is wrong by more than 6 minutes, set it",
    "8": "this machine's clock is wrong by more than 6 minutes, set it",
    "11": "the signature is wrong, look at the application's secret",
    "12": "the signature is wrong, look at the application's secret",
    "10": "sign the shop in: jdticket auth login jd3",
    "19": "sign the shop in: jdticket auth login jd3",
    "22": "sign the shop in: jdticket auth login jd3",
    "20": "look at app_key in the configuration",
    "21": "look at app_key in the configuration",
    "14": "the application may not use this interface, ask for it on the open platform",
    "15": "the application may not use this interface, ask for it on the open platform",
    "23": "the application may not use this interface, ask for it on the open platform",
    "24": "the application may not use this interface, ask for it on the open platform",
    "25": "the application may not use this interface, ask for it on the open platform",
    "64": "the application may not use this interface, ask for it on the open platform",
    "61": "try again later",
    "66": "try again later",
    "9999": "try again later",
}
WORDS = "平台自己的话"


@pytest.mark.parametrize("code", ADVICE)
def test_a_refusal_says_what_the_platform_said_and_what_to_do(
    platform: Gateway, language: str, code: str
) -> None:
    platform.fault("error", code=code, desc=WORDS, times=-1)
    jos = client(platform, tries=1)
    error = jos.fails_to(jos.ask)
    assert (error.code, error.zh_desc) == (code, WORDS)
    assert f"{code} (" in error.message.replace("（", " (")
    assert WORDS in error.message
    assert_speaks(error.message, language, allow=[WORDS])
    if language == "en":
        assert error.message == f"The platform refused it: code {code} ({WORDS}): {ADVICE[code]}."


def test_the_advice_in_chinese_is_another_for_each_thing_to_do(platform: Gateway) -> None:
    i18n.use("zh")
    try:
        platform.fault("error", code="19", desc=WORDS, times=-1)
        said = set()
        for code in ADVICE:
            platform.faults[0].code = code
            jos = client(platform, tries=1)
            said.add(jos.fails_to(jos.ask).message.replace(code, "-", 1))
    finally:
        i18n.use("en")
    assert len(said) == len(set(ADVICE.values()))


@pytest.mark.parametrize(
    ("code", "trouble", "one_request"),
    [
        ("2", Trouble.REFUSED, False),
        ("12", Trouble.REFUSED, False),
        ("19", Trouble.SIGNED_OUT, False),
        ("21", Trouble.REFUSED, False),
        ("60", Trouble.REFUSED, True),
        ("61", Trouble.REFUSED, True),
        ("62", Trouble.REFUSED, True),
        ("64", Trouble.REFUSED, False),
        ("65", Trouble.REFUSED, False),
        ("67", Trouble.REFUSED, False),
        ("69", Trouble.REFUSED, True),
    ],
)
def test_a_refusal_tells_whether_to_sign_in_and_whether_the_next_question_may_pass(
    platform: Gateway, code: str, trouble: Trouble, one_request: bool
) -> None:
    platform.fault("error", code=code, times=-1)
    jos = client(platform, tries=1)
    error = jos.fails_to(jos.ask)
    assert (error.trouble, error.one_request) == (trouble, one_request)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"app_secret": "app-secret-of-another"}, "12"), ({"app_key": "app-key-of-another"}, "21")],
)
def test_a_wrong_application_is_refused(platform: Gateway, wrong: dict[str, Any], code: str) -> None:
    jos = client(platform, **wrong)
    assert jos.fails_to(jos.ask).code == code
    assert len(platform.calls) == 1


def test_a_wrong_clock_is_refused_and_named(platform: Gateway) -> None:
    platform.skew = timedelta(minutes=11)
    jos = client(platform)
    error = jos.fails_to(jos.ask)
    assert error.code == "8"
    assert "clock is wrong" in error.message


def test_a_refusal_inside_the_envelope_is_one_too() -> None:
    with Literal(ok(answer(WORKLIST, code="61", zh_desc=WORDS))) as server:
        jos = client_of(server)
        error = jos.fails_to(jos.ask)
    assert (error.code, error.zh_desc, error.one_request) == ("61", WORDS, True)


@pytest.mark.parametrize(
    ("words", "zh_desc"),
    [
        ({"zh_desc": WORDS, "en_desc": "Invalid"}, WORDS),
        ({"zh_desc": "", "en_desc": "Invalid"}, "Invalid"),
        ({"en_desc": "Invalid"}, "Invalid"),
        ({"zh_desc": "无效\n\x1b[31m签名"}, "无效 \\x1b[31m签名"),
        ({}, ""),
    ],
)
def test_the_platforms_words_are_its_chinese_ones_on_one_line(words: dict[str, str], zh_desc: str) -> None:
    with Literal(ok(refusal(code=12, **words))) as server:
        jos = client_of(server)
        error = jos.fails_to(jos.ask)
    assert (error.code, error.zh_desc) == ("12", zh_desc)
    assert f"({zh_desc or '-'})" in error.message


def test_long_words_of_the_platform_are_cut() -> None:
    with Literal(ok(refusal(code="12", zh_desc="长" * 5000))) as server:
        jos = client_of(server)
        assert len(jos.fails_to(jos.ask).message) < 400


@pytest.mark.parametrize(
    "body",
    [
        refusal(code="12", zh_desc=f"无效 {SIGN_OF_TOLD}, {TOKEN}, {APP_SECRET}"),
        answer(REPLY, code="12", zh_desc=f"{TOKEN} {SIGN_OF_TOLD} {APP_SECRET}"),
        f"{TOKEN} is no good",
        f"sign={SIGN_OF_TOLD}",
        f"app_secret={APP_SECRET}",
        f'"{TOKEN}',
    ],
)
def test_secrets_are_hidden_when_the_platform_repeats_them(body: str) -> None:
    with Literal(ok(body)) as server:
        jos = client_of(server)
        assert "***" in jos.fails_to(jos.tell).message


# Asking again

PASSING: dict[str, Problem] = {
    "refused": lambda platform: platform.fault("refuse", times=3),
    "lost": lambda platform: platform.fault("lost", times=3),
    "cut": lambda platform: platform.fault("cut", times=3),
    "html": lambda platform: platform.fault("html", times=3),
    "garbage": lambda platform: platform.fault("garbage", times=3),
    "500": lambda platform: platform.fault("status", status=500, times=3),
    "502": lambda platform: platform.fault("status", status=502, times=3),
    "code 2": lambda platform: platform.fault("error", code="2", times=3),
    "code 43": lambda platform: platform.fault("error", code="43", times=3),
    "code 65": lambda platform: platform.fault("error", code="65", times=3),
    "code 66": lambda platform: platform.fault("error", code="66", times=3),
    "code 67": lambda platform: platform.fault("error", code="67", times=3),
}


@pytest.mark.parametrize("problem", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_asked_again_until_it_has(platform: Gateway, problem: Problem) -> None:
    problem(platform)
    jos = client(platform)
    assert jos.ask()["page"]["total_count"] == 1
    assert len(platform.calls) == 4
    assert len(jos.pauses) == 3


@pytest.mark.parametrize("problem", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("tries", [1, 3])
def test_a_question_is_asked_so_many_times_and_no_more(
    platform: Gateway, problem: Problem, tries: int
) -> None:
    problem(platform)
    jos = client(platform, tries=tries)
    error = jos.fails_to(jos.ask)
    assert error.trouble is (Trouble.REFUSED if error.code else Trouble.UNREACHABLE)
    assert len(platform.calls) == tries
    assert len(jos.pauses) == tries - 1


def test_nobody_at_the_address_is_worth_another_try(platform: Gateway, nobody: str) -> None:
    jos = client(platform, url=nobody)
    error = jos.fails_to(jos.ask)
    assert (error.trouble, error.code, error.lost) == (Trouble.UNREACHABLE, "", False)
    assert len(jos.pauses) == 3


@pytest.mark.usefixtures("short_of_time")
@pytest.mark.parametrize("kind", ["never", "slow"])
def test_an_answer_that_takes_too_long_is_given_up_and_asked_for_again(platform: Gateway, kind: str) -> None:
    platform.fault(kind)
    jos = client(platform)
    assert jos.ask()["page"]["total_count"] == 1
    assert len(jos.pauses) == 1


@pytest.mark.usefixtures("short_of_time")
def test_an_answer_that_comes_too_late_is_not_taken_for_that_to_the_next_question() -> None:
    first, second = (ok(answer(WORKLIST, number=number)) for number in (1, 2))
    with Literal(held(first), second) as server:
        jos = client_of(server)
        jos.fails_to(jos.ask)
        server.release()
        assert server.is_left_alone()
        assert jos.ask() == {"number": 2}


def test_pauses_grow_and_are_never_the_same(platform: Gateway) -> None:
    platform.fault("garbage", times=-1)
    one, other = client(platform), client(platform)
    one.fails_to(one.ask)
    other.fails_to(other.ask)
    for first, second, third in (one.pauses, other.pauses):
        assert 0.5 <= first <= 1.5
        assert 1 <= second <= 3
        assert 2 <= third <= 6
    assert one.pauses != other.pauses


@pytest.mark.parametrize("code", ["4", "8", "12", "15", "21", "61", "64", "69", "9999"])
def test_what_will_be_refused_again_is_not_asked_again(platform: Gateway, code: str) -> None:
    platform.fault("error", code=code)
    jos = client(platform)
    assert jos.fails_to(jos.ask).code == code
    assert len(platform.calls) == 1
    assert jos.pauses == []


# Telling once


def status(code: int) -> Problem:
    return lambda platform: platform.fault("status", status=code)


def code(number: str) -> Problem:
    return lambda platform: platform.fault("error", code=number, times=-1)


def fault(kind: str) -> Problem:
    return lambda platform: platform.fault(kind)


MAY_HAVE_HAPPENED: dict[str, Problem] = {
    **{kind: fault(kind) for kind in ("lost", "cut", "garbage", "html", "refuse")},
    **{f"HTTP {number}": status(number) for number in (500, 502, 504)},
    **{f"code {number}": code(number) for number in ("1", "43", "65", "66", "67", "68", "69", "9999")},
}
HAS_NOT_HAPPENED: dict[str, Problem] = {
    f"code {number}": code(number)
    for number in ("2", "4", "8", "12", "15", "19", "21", "60", "61", "62", "64")
}


@pytest.mark.parametrize("problem", MAY_HAVE_HAPPENED.values(), ids=MAY_HAVE_HAPPENED)
def test_what_may_have_happened_is_lost_and_not_told_again(platform: Gateway, problem: Problem) -> None:
    problem(platform)
    jos = client(platform)
    assert jos.fails_to(jos.tell).lost
    assert len(platform.calls) == 1
    assert jos.pauses == []


@pytest.mark.parametrize("problem", HAS_NOT_HAPPENED.values(), ids=HAS_NOT_HAPPENED)
def test_what_the_gateway_itself_refused_has_not_happened(platform: Gateway, problem: Problem) -> None:
    problem(platform)
    jos = client(platform)
    assert not jos.fails_to(jos.tell).lost
    assert jos.pauses == []


def test_what_reached_nobody_has_not_happened_and_is_not_told_again(platform: Gateway, nobody: str) -> None:
    jos = client(platform, url=nobody)
    error = jos.fails_to(jos.tell)
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, False)
    assert jos.pauses == []


@pytest.mark.usefixtures("short_of_time")
@pytest.mark.parametrize("kind", ["never", "slow"])
def test_what_was_not_answered_in_time_may_have_happened(platform: Gateway, kind: str) -> None:
    platform.fault(kind)
    jos = client(platform)
    error = jos.fails_to(jos.tell)
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, True)
    assert "no whole answer within 0.3 s" in error.message
    assert len(platform.calls) == 1
    assert platform.orders("jd3")[84712842].status == 2


@pytest.mark.parametrize(
    "answered",
    [
        RESET,
        ok(answer(REPLY, suffix="_result", code="0")),
        ok(answer(WORKLIST, code="0")),
        ok(answer(REPLY, code="67")),
        ok("[]"),
        ok("null"),
        ok(""),
        ok("{}"),
        ok('{"error_response": "none of the documented"}'),
        ok("[" * 100_000),
        ok(b"\xff\xfe\x00"),
    ],
    ids=["reset", "wrong ending", "wrong method", "refused inside", *map(str, range(7))],
)
def test_what_got_an_answer_that_makes_no_sense_may_have_happened(answered: bytes) -> None:
    with Literal(answered) as server:
        jos = client_of(server)
        assert jos.fails_to(jos.tell).lost
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("number", "lost"), [(302, False), (404, False), (429, False), (500, True), (503, True)]
)
def test_by_its_status_alone_an_answer_is_none(number: int, lost: bool) -> None:
    with Literal(ok(answer(REPLY, code="0"), "Location: /elsewhere", status=number)) as server:
        jos = client_of(server)
        error = jos.fails_to(jos.tell)
        assert len(server.requests) == 1
    assert (error.trouble, error.code, error.lost) == (Trouble.UNREACHABLE, "", lost)
    assert f"HTTP {number}" in error.message
    assert ("look at url" in error.message) is (number < 500 and number != 429)


def test_what_is_told_has_a_connection_of_its_own_and_questions_share_one() -> None:
    both = json.loads(answer(WORKLIST, code="0")) | json.loads(answer(REPLY, code="0"))
    with Literal(ok(json.dumps(both))) as server:
        jos = client_of(server)
        for call in (jos.ask, jos.tell, jos.ask, jos.tell, jos.ask):
            call()
        ports = [request.port for request in server.requests]
        assert ports[0] == ports[2] == ports[4]
        assert len(set(ports)) == 3
        assert not server.is_left_alone(within=0)
        jos.close()
        assert server.is_left_alone()


# Tokens


@pytest.mark.parametrize("call", [Client.ask, Client.tell])
def test_for_a_refused_token_another_is_asked_for_and_the_call_made_again(
    platform: Gateway, call: Callable[[Client], dict[str, Any]]
) -> None:
    jos = client(platform)
    jos.ask()
    platform.expire_tokens("jd3")
    assert call(jos)["code"] == "0"
    first, second = jos.tokens
    assert jos.refused == [first]
    assert [(made.code, made.system["access_token"]) for made in platform.calls] == [
        ("0", first),
        ("19", first),
        ("0", second),
    ]
    assert jos.pauses == []


@pytest.mark.parametrize("call", [Client.ask, Client.tell])
def test_another_token_is_asked_for_once_only(
    platform: Gateway, call: Callable[[Client], dict[str, Any]]
) -> None:
    platform.fault("error", code="19", times=-1)
    jos = client(platform)
    error = jos.fails_to(lambda: call(jos))
    assert (error.code, error.trouble, error.lost) == ("19", Trouble.SIGNED_OUT, False)
    assert (len(platform.calls), len(jos.refused)) == (2, 1)
    assert jos.pauses == []


def test_a_shop_without_a_token_makes_no_call(platform: Gateway) -> None:
    def token() -> str:
        raise PlatformError("sign in", trouble=Trouble.SIGNED_OUT)

    jos = Client(app(platform), token)
    for call in (jos.ask, jos.tell):
        error = jos.fails_to(call)
        assert (error.message, error.trouble, error.lost) == ("sign in", Trouble.SIGNED_OUT, False)
    assert platform.calls == []
    assert jos.pauses == []


# Sizes


def test_an_answer_of_a_megabyte_is_read() -> None:
    with Literal(ok(answer(WORKLIST, content="x" * 1_000_000))) as server:
        assert len(client_of(server).ask()["content"]) == 1_000_000


def test_an_answer_beyond_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    just = answer(REPLY, content="x" * 100_000)
    monkeypatch.setattr("jdticket.platform.jos.ANSWER_MOST", len(just))
    with Literal(ok(just), ok(just + " ")) as server:
        jos = client_of(server)
        jos.tell()
        error = jos.fails_to(jos.tell)
    assert (error.trouble, error.lost) == (Trouble.UNREACHABLE, True)
    assert f"longer than {len(just)} bytes" in error.message


# Both languages

SILENCE = {
    "lost": fault("lost"),
    "html": fault("html"),
    "garbage": fault("garbage"),
    "HTTP 404": status(404),
    "HTTP 502": status(502),
    "no envelope": lambda platform: setattr(platform, "suffix", "_result"),
}


@pytest.mark.parametrize("problem", SILENCE.values(), ids=SILENCE)
def test_why_there_was_no_answer_is_told_in_one_language(
    platform: Gateway, language: str, problem: Problem
) -> None:
    problem(platform)
    jos = client(platform, tries=1)
    error = jos.fails_to(jos.ask)
    assert error.trouble is Trouble.UNREACHABLE
    assert_speaks(error.message, language, allow=["502 Bad Gateway"])


@pytest.mark.parametrize(
    "how", [{"code": "402", "trouble": Trouble.SIGNED_OUT}, {"trouble": Trouble.UNREACHABLE, "lost": True}]
)
def test_what_failed_for_want_of_a_token_has_not_happened(how: Any) -> None:
    def token() -> str:
        raise PlatformError("x", **how)

    here = App("jd3", APP_KEY, APP_SECRET, "", "http://127.0.0.1:9/", "http://127.0.0.1:9/")
    jos = Client(here, token)
    assert not jos.fails_to(jos.tell).lost


def test_a_refusal_without_a_code_may_have_happened() -> None:
    with Literal(ok(refusal(zh_desc="x"))) as server:
        jos = client_of(server)
        assert jos.fails_to(jos.tell).lost


def test_words_of_a_refusal_can_be_kept() -> None:
    with Literal(ok('{"error_response": {"code": "61", "zh_desc": "x\\ud83d"}}')) as server:
        jos = client_of(server)
        jos.fails_to(jos.ask).zh_desc.encode()
