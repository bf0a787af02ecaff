from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.robots import Robots, code, http_status

from .running import Program

KEY = "wecom-key-693a91f6"
SIGNING = "feishu-secret-77aa"


@pytest.fixture
def robots(program: Program) -> Iterator[Robots]:
    """A WeCom robot for one shop, and a Feishu robot day and night."""
    with Robots() as running:
        program.configure(f"""
            [messages]
            language = "en"
            [[shops]]
            code = "jd3"
            name = "three"
            [[channels]]
            name = "cs-group"
            kind = "wecom"
            url = "{running.wecom(KEY)}"
            mention = ["13800000000"]
            shops = ["jd3"]
            [[channels]]
            name = "night"
            kind = "feishu"
            url_env = "NIGHT_URL"
            secret_env = "NIGHT_SECRET"
            night = true
        """)
        program.environ["NIGHT_URL"] = running.feishu(secret=SIGNING)
        program.environ["NIGHT_SECRET"] = SIGNING
        yield running


@pytest.mark.usefixtures("robots")
def test_list_names_the_channels_and_no_key(program: Program) -> None:
    ran = program.ok("channel", "list")
    heading, first, second = ran.out.splitlines()
    assert heading.split() == ["channel", "kind", "shops", "when"]
    assert first.split() == ["cs-group", "wecom", "jd3", "service", "hours"]
    assert second.split() == ["night", "feishu", "all", "day", "and", "night"]
    as_json = program.ok("channel", "list", "--json")
    assert as_json.json == [
        {"name": "cs-group", "kind": "wecom", "shops": ["jd3"], "night": False},
        {"name": "night", "kind": "feishu", "shops": [], "night": True},
    ]
    assert KEY not in ran.out + as_json.out


def test_list_needs_no_variable_of_the_environment(program: Program, robots: Robots) -> None:
    del program.environ["NIGHT_URL"]
    assert "night" in program.ok("channel", "list").out
    assert robots.requests == []


def test_list_says_when_there_is_none(program: Program) -> None:
    assert program.ok("channel", "list").out == "No channel is configured.\n"


def test_test_sends_one_message_that_mentions(program: Program, robots: Robots) -> None:
    assert program.ok("channel", "test", "cs-group").out == "Channel cs-group took the test message.\n"
    [message] = robots.messages
    assert (message.text, message.mentioned) == (
        "jdticket test message: this channel works.",
        ("13800000000",),
    )


def test_test_takes_address_and_secret_from_the_environment(program: Program, robots: Robots) -> None:
    program.ok("channel", "test", "night")
    [message] = robots.messages
    assert message.robot == "feishu"
    del program.environ["NIGHT_SECRET"]
    assert "NIGHT_SECRET" in program.refused(1, "channel", "test", "night")


def test_a_refused_test_message_says_what_was_answered_without_the_key(
    program: Program, robots: Robots
) -> None:
    robots.answer_with(code(93000, f"invalid webhook url {KEY}"), http_status(500))
    said = program.refused(6, "channel", "test", "cs-group")
    assert said.startswith("Channel cs-group did not take the test message: errcode 93000: invalid")
    assert KEY not in said
    assert "HTTP 500" in program.refused(6, "channel", "test", "cs-group")


@pytest.mark.usefixtures("robots")
def test_an_unknown_channel_is_told_with_the_known_ones(program: Program) -> None:
    assert "cs-group, night" in program.refused(1, "channel", "test", "group")


def test_a_test_message_touches_no_store(program: Program, robots: Robots) -> None:
    program.ok("channel", "test", "cs-group")
    assert len(robots.messages) == 1
    assert not program.store.exists()
