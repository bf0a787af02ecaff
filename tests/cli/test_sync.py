from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from jdticket import clock
from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import WORKLIST
from jdticket.demo.work_orders import sample_orders
from tests.language import assert_speaks
from tests.platform.stand_in import APP_KEY, APP_SECRET, SECRET_ENV, gateway, order

from .platform import ago, in_the_next_second, set_up, sign_in, signed_in, waiting
from .running import Program


@pytest.fixture
def platform(program: Program) -> Iterator[Gateway]:
    """The shop jd3, signed in."""
    with signed_in(program) as running:
        yield running


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (APP_SECRET, APP_KEY) if secret in text]


# What comes in


def test_75_work_orders_in_five_states_over_three_pages_come_in_once(
    program: Program, platform: Gateway
) -> None:
    orders = sample_orders(75, clock.system_now())
    platform.add_orders("jd3", orders)
    ran = program.ok("sync")
    assert ran.out == "jd3: 75 new, 0 changed, 75 tickets read.\n"
    pages = [
        call.params for call in platform.calls if call.method == WORKLIST and "status" not in call.params
    ]
    assert max(page["page_number"] for page in pages) == 3
    told = {1: "pending", 2: "replied", 3: "void", 4: "closed", 5: "pending"}
    held = program.tickets()
    assert {int(number): ticket["status"] for number, ticket in held.items()} == {
        order.work_id: told[order.status] for order in orders
    }
    assert program.ok("sync").out.startswith("jd3: 0 new, 0 changed, ")


def test_a_ticket_from_the_platform_has_its_order_kind_time_and_text(
    program: Program, platform: Gateway
) -> None:
    created = ago().replace(microsecond=0)
    platform.add_orders("jd3", [order(84700001, created)])
    program.ok("sync")
    [ticket] = program.tickets().values()
    assert (ticket["order_id"], ticket["shop"], ticket["kind"]) == ("275484700001", "jd3", "urge")
    assert (ticket["kind_text"], ticket["content"]) == ("催单", "催促发货")
    assert clock.parse_time(ticket["created_at"], clock.load_zone("UTC"), now=created) == created
    assert ticket["deadline_source"] == "policy"


def test_field_names_in_camel_case_and_the_other_envelope_are_understood(
    program: Program, platform: Gateway
) -> None:
    platform.camel_case, platform.suffix = True, "_response"
    platform.add_orders("jd3", waiting(84700001))
    program.ok("sync")
    assert program.tickets()["84700001"]["kind"] == "urge"


def test_each_shop_gets_its_own_tickets(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    sign_in(program, platform, "jd5")
    platform.add_orders("jd3", waiting(84700001))
    platform.add_orders("jd5", waiting(84700002, 84700003))
    ran = program.ok("sync")
    assert ran.out.splitlines() == [
        "jd3: 1 new, 0 changed, 1 tickets read.",
        "jd5: 2 new, 0 changed, 2 tickets read.",
    ]
    assert {number: ticket["shop"] for number, ticket in program.tickets().items()} == {
        "84700001": "jd3",
        "84700002": "jd5",
        "84700003": "jd5",
    }


def test_one_shop_alone_can_be_fetched(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    assert program.ok("sync", "--shop", "JD3").out.startswith("jd3: ")


def test_a_shop_that_is_not_known_is_refused(program: Program, platform: Gateway) -> None:
    assert "jd9" in program.refused(1, "sync", "--shop", "jd9")


def test_a_list_that_changes_while_it_is_read_loses_nothing(program: Program, platform: Gateway) -> None:
    first = [order(84700000 + n, ago(timedelta(hours=3))) for n in range(61)]
    platform.add_orders("jd3", first)
    moved = []

    def between(merchant: str, page: int) -> None:
        if page == 1 and not moved:
            # What stood on the page just read leaves the list of those that wait: all others move up.
            moved.append(max(platform.orders(merchant)))
            platform.orders(merchant)[moved[0]].status = 4
            platform.add_orders(merchant, waiting(84799999))

    platform.on_page = between
    program.ok("sync")
    assert len(program.tickets()) == 62


def test_duplicate_rows_across_pages_come_in_once(program: Program, platform: Gateway) -> None:
    platform.add_orders("jd3", [order(84700000 + n, ago(timedelta(hours=3))) for n in range(61)])
    platform.fault("duplicate", method=WORKLIST, times=-1)
    assert program.ok("sync").out == "jd3: 61 new, 0 changed, 61 tickets read.\n"


def test_since_reads_again_from_there_and_says_that_the_platform_shows_60_days(
    program: Program, platform: Gateway
) -> None:
    platform.add_orders("jd3", [order(84700001, ago(timedelta(days=30)), 4)])
    program.ok("sync")
    platform.orders("jd3")[84700001].content = "改过的内容"
    assert "1 changed" in program.ok("sync", "--since", f"{ago(timedelta(days=31)):%Y-%m-%d}").out
    ran = program.ok("sync", "--since", f"{ago(timedelta(days=70)):%Y-%m-%d}")
    assert "60 days" in ran.err


def test_since_in_the_future_is_wrong_usage(program: Program, platform: Gateway) -> None:
    assert "future" in program.refused(2, "sync", "--since", "tomorrow 10:00")


# What is said


def test_json_tells_of_each_shop(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    platform.add_orders("jd3", waiting(84700001))
    ran = program.run("sync", "--json")
    assert ran.code == 6
    good, bad = ran.json
    assert (good["shop"], good["ok"], good["new"], good["read"]) == ("jd3", True, 1, 1)
    assert (bad["shop"], bad["ok"], bad["trouble"]) == ("jd5", False, "signed_out")
    assert "jdticket auth login jd5" in bad["error"]


@pytest.mark.parametrize("more", [[], ["--quiet"]], ids=["", "quiet"])
def test_replies_that_may_not_have_arrived_are_named(
    program: Program, platform: Gateway, more: list[str]
) -> None:
    platform.add_orders("jd3", waiting(84700001, 84700002, 84700003))
    program.ok("sync")
    for number in ("84700001", "84700002"):
        program.ok("reply", number, "-m", "您好，包裹今天18点前发出。")
    in_the_next_second()
    lines = program.ok("sync", *more).err.splitlines()
    assert lines == [
        "! jd3: 2 replies may not have reached the platform, which still waits: 84700002, 84700001"
    ]
    assert program.ok("sync", *more).err == ""


def test_a_ticket_closed_here_that_the_platform_shows_as_waiting_is_named(
    program: Program, platform: Gateway
) -> None:
    platform.add_orders("jd3", waiting(84700001))
    program.ok("sync")
    program.ok("close", "84700001")
    in_the_next_second()
    [line] = program.ok("sync").err.splitlines()
    assert line.startswith(
        "! jd3: 1 ticket is closed or void here, and the platform still shows it as waiting"
    )
    assert line.endswith(": 84700001")
    [shop] = program.ok("sync", "--json").json
    assert (shop["still_waiting"], shop["reopened"]) == ([], [])


def test_quiet_says_nothing_unless_something_is_wrong(program: Program, platform: Gateway) -> None:
    platform.add_orders("jd3", waiting(84700001))
    assert program.ok("sync", "--quiet").out == ""
    platform.revoke("jd3")
    ran = program.run("sync", "--quiet")
    assert (ran.code, ran.out) == (6, "")
    assert "jdticket auth login jd3" in ran.err


def test_a_person_sees_how_far_it_is_and_a_pipe_does_not(program: Program, platform: Gateway) -> None:
    platform.add_orders("jd3", sample_orders(75, clock.system_now()))
    ran = program.terminal("sync")
    assert "jd3: 30 tickets …" in ran.out
    assert ran.shown[-1].endswith("jd3: 75 new, 0 changed, 75 tickets read.")
    assert "…" not in program.ok("sync").err


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_word_is_in_one_language(program: Program, platform: Gateway, language: str) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    ran = program.run("sync", JDTICKET_LANG=language)
    assert_speaks(ran.out + ran.err, language)
    platform.fault("error", code="66", desc="平台连接后端服务不可用", times=-1)
    ran = program.run("sync", JDTICKET_LANG=language)
    assert_speaks(ran.err, language, ["平台连接后端服务不可用"])
    assert_speaks(program.ok("list", JDTICKET_LANG=language).out, language, ["平台连接后端服务不可用"])


# What fails


def test_the_failure_of_one_shop_stops_no_other(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd5", "jd3"))
    platform.add_orders("jd3", waiting(84700001))
    ran = program.run("sync")
    assert ran.code == 6
    assert ran.out == "jd3: 1 new, 0 changed, 1 tickets read.\n"
    assert "jd5: Shop jd5 is not signed in" in ran.err


def test_list_check_and_doctor_say_since_when_a_shop_has_not_been_fetched(
    program: Program, platform: Gateway
) -> None:
    program.ok("sync")
    platform.revoke("jd3")
    program.run("sync")
    assert "! Shop jd3 has not been fetched from the platform since today " in program.ok("list").out
    ran = program.run("check")
    assert (ran.code, "not fetched from the platform: jd3" in ran.out) == (1, True)
    ran = program.run("doctor")
    assert ran.code == 1
    assert "[PROBLEM] platform, jd3: Shop jd3 has not been fetched" in ran.out
    sign_in(program, platform)
    assert "It works again, after" in program.ok("sync").out
    assert "fetched" not in program.ok("list").out
    assert program.run("check").code == 0
    assert "[ok] platform, jd3: fetched today" in program.run("doctor").out


def test_doctor_says_what_a_shop_still_needs(program: Program, platform: Gateway) -> None:
    program.ok("list")
    assert "[PROBLEM] platform, jd3: never fetched: jdticket sync --shop jd3" in program.run("doctor").out
    del program.environ[SECRET_ENV]
    assert SECRET_ENV in program.run("doctor").out


def test_a_missing_secret_is_said_with_the_key_and_kept_as_a_failure(
    program: Program, platform: Gateway
) -> None:
    del program.environ[SECRET_ENV]
    ran = program.run("sync")
    assert ran.code == 6
    assert f"shops[1].jos.app_secret_env: the environment variable {SECRET_ENV} is not set" in ran.err
    assert "jd3 has never been fetched" in program.ok("list").out


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "html"}, "no JSON"),
        ({"kind": "garbage"}, "no JSON"),
        ({"kind": "lost"}, "the connection failed or broke off"),
        ({"kind": "status", "status": 502}, "HTTP 502"),
        (
            {"kind": "error", "code": "66", "desc": "平台连接后端服务不可用"},
            "code 66 (平台连接后端服务不可用)",
        ),
    ],
)
def test_a_fault_that_passes_is_overcome_and_one_that_stays_is_told(
    program: Program, platform: Gateway, fault: dict[str, object], said: str
) -> None:
    platform.add_orders("jd3", waiting(84700001))
    platform.fault(**fault)
    assert program.ok("sync").out == "jd3: 1 new, 0 changed, 1 tickets read.\n"
    platform.fault(**fault, times=-1)
    ran = program.run("sync")
    assert ran.code == 6
    assert said in ran.err
    assert not secrets_in(ran.out + ran.err)


def test_a_gateway_out_of_reach_is_waited_for_once_and_not_by_every_shop(
    program: Program, platform: Gateway
) -> None:
    shops = [f"jd{number}" for number in range(1, 11)]
    with gateway(*shops) as running:
        set_up(program, running, shops)
        sign_in(program, running, *shops)
        running.fault("refuse", method=WORKLIST, times=-1)
        before = len(running.calls)
        assert program.run("sync").code == 6
        # Those of the first eight shops, at once, are asked four times; the others once.
        assert len(running.calls) - before == 8 * 4 + 2


def test_eight_shops_are_fetched_at_once_and_told_in_their_order(program: Program) -> None:
    shops = [f"jd{number}" for number in range(1, 17)]
    together = threading.Barrier(8, timeout=30)
    first: set[str] = set()

    def asked(merchant: str, _page: int) -> None:
        if merchant not in first:
            first.add(merchant)
            together.wait()

    with gateway(*shops) as running:
        set_up(program, running, shops)
        sign_in(program, running, *shops)
        for number, shop in enumerate(shops):
            running.add_orders(shop, waiting(84700001 + number))
        running.on_page = asked
        ran = program.ok("sync")
    assert not together.broken
    assert ran.out.splitlines() == [f"{shop}: 1 new, 0 changed, 1 tickets read." for shop in shops]
    assert {ticket["shop"] for ticket in program.tickets().values()} == set(shops)


def test_a_slow_shop_holds_up_no_other(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    sign_in(program, platform, "jd5")
    platform.add_orders("jd5", waiting(84700002))
    lists_of_jd5: list[int] = []
    goes_on = threading.Event()
    there: list[tuple[str]] = []

    def asked(merchant: str, page: int) -> None:
        if merchant == "jd5":
            lists_of_jd5.append(page)
            if len(lists_of_jd5) == 2:  # what the first list told is in by then
                goes_on.set()
        elif not there and goes_on.wait(30):
            there.extend(program.sql("SELECT id FROM tickets"))

    program.ok("list")
    platform.on_page = asked
    assert len(program.ok("sync").out.splitlines()) == 2
    assert there == [("84700002",)]


def test_list_and_check_know_that_a_sync_is_at_it(program: Program, platform: Gateway) -> None:
    told: list[str] = []

    def asked(_merchant: str, _page: int) -> None:
        if not told:
            told.extend(program.process.run("check", "--json").json["shops_being_fetched"])
            told.append(program.terminal("list", width=120).out)

    program.ok("list")
    platform.on_page = asked
    program.ok("sync")
    code, shown = told
    assert (code, "shop jd3 is being fetched from the platform, since today " in shown) == ("jd3", True), (
        shown
    )
    platform.on_page = None
    assert program.run("check", "--json").json["shops_being_fetched"] == []


def test_a_store_that_fails_ends_the_fetching_of_all(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    program.ok("list")
    program.sql("PRAGMA user_version = 99")
    assert "newer jdticket" in program.refused(5, "sync")


def test_a_clock_that_is_wrong_is_told(program: Program, platform: Gateway) -> None:
    platform.skew = timedelta(minutes=20)
    ran = program.run("sync")
    assert ran.code == 6
    assert "this machine's clock is wrong" in ran.err


def test_a_clock_off_by_a_little_does_no_harm(program: Program, platform: Gateway) -> None:
    platform.skew = timedelta(minutes=9)
    platform.add_orders("jd3", [order(84700001, clock.system_now() + timedelta(minutes=8))])
    assert "1 new" in program.ok("sync").out


def test_an_expired_token_is_renewed_without_a_word(program: Program, platform: Gateway) -> None:
    program.ok("list")
    platform.expire_tokens("jd3")
    ran = program.ok("sync")
    assert ran.err == ""
    assert [call.path for call in platform.calls].count("/oauth2/refresh_token") == 1


def test_without_an_application_it_says_what_to_configure(program: Program) -> None:
    said = program.refused(1, "sync")
    assert "[[shops]]" in said
    assert "app_key" in said


def test_the_real_time_is_what_counts(program: Program, platform: Gateway) -> None:
    assert "--now" in program.refused(2, "sync", "--now", "2026-01-01")


def test_another_one_at_the_same_shop_is_left_to_do_it(program: Program, platform: Gateway) -> None:
    program.ok("sync")
    soon = clock.stored(clock.system_now() + timedelta(seconds=50))
    program.sql(f"UPDATE sources SET busy_until = '{soon}'")
    ran = program.ok("sync")
    assert ran.out == ""
    assert re.fullmatch(
        r"jd3: another sync has been at it since today \d\d:\d\d(:\d\d)?; nothing was done\.\n", ran.err
    )
    assert program.ok("sync", "--quiet").err == ""
    [told] = program.ok("sync", "--json").json
    assert (told["busy"], told["ok"], told["since"]) == (True, True, None)
