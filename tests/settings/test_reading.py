from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jdticket.domain.deadlines import parse_time_to_reply
from jdticket.domain.hours import parse_window
from jdticket.domain.reminders import Duty, Escalation, ReminderRule, ReminderRules
from jdticket.domain.tickets import Kind
from jdticket.errors import ConfigError
from jdticket.settings import positions
from jdticket.settings.paths import peek_language
from jdticket.settings.reading import load_config
from jdticket.settings.types import ChannelSettings, Jos, Manager, Shop
from tests.settings.files import EVERYTHING, JOS, loaded, problems, written

# What it says


def test_without_a_file_every_default_holds(tmp_path: Path) -> None:
    config = load_config(None, {"JDTICKET_CONFIG": str(tmp_path / "none.toml")})
    assert config.path is None
    assert config.language is None
    assert config.timezone == config.zone.key == "Asia/Shanghai"
    assert config.database is None
    assert config.shops == ()
    assert config.templates == {}
    assert config.messages_language == "zh"
    assert config.reply.min_length == 4
    assert {"收到", "好的", "请稍等", "ok", "gotit"} <= config.reply.empty_phrases
    assert config.document == {}
    assert (config.channels, config.duties, config.message_templates) == ((), (), {})
    assert config.heartbeat({}) == ""
    assert config.reminders == ReminderRules(
        new=True,
        before=tuple(timedelta(minutes=minutes) for minutes in (120, 60, 30, 10)),
        overdue_every=timedelta(minutes=30),
        overdue_times=6,
        opening=True,
        outage_contact_every=timedelta(minutes=15),
        returned=True,
        source_every=timedelta(hours=1),
        escalate=(),
        digest_over=5,
    )
    # 09:00-19:00 Monday to Sunday, 4 hours for every kind: 2026-11-21 is a Saturday.
    created_at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    for kind in Kind:
        assert config.policy.deadline(kind, created_at) == datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_an_empty_file_says_the_same_as_none(tmp_path: Path) -> None:
    empty, none = loaded(tmp_path, ""), load_config(None, {"JDTICKET_CONFIG": str(tmp_path / "none.toml")})
    assert empty.path == tmp_path / "config.toml"
    assert (empty.policy, empty.reply, empty.shops) == (none.policy, none.reply, none.shops)
    assert empty.reminders == none.reminders


def test_a_rule_is_switched_off_by_false_and_a_list_by_being_empty(tmp_path: Path) -> None:
    rules = loaded(
        tmp_path,
        "[reminders]\nbefore = []\noverdue_every = false\noutage_contact_every = false\nsource_every = false",
    ).reminders
    assert (rules.before, rules.overdue_every, rules.outage_contact_every) == ((), None, None)
    assert rules.source_every is None


def test_everything_that_a_file_can_say_is_read(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING)
    assert config.path == tmp_path / "config.toml"
    assert config.language == "en"
    assert config.timezone == config.zone.key == "Europe/Berlin"
    assert config.database == str(tmp_path / "desk/tickets.db")
    hours = config.policy.hours
    assert hours.zone == config.zone
    assert hours.week[0] == hours.week[4] == (parse_window("09:00-12:00"), parse_window("13:00-18:00"))
    assert hours.week[5:] == ((parse_window("10:00-24:00"),), ())
    assert hours.special == {date(2027, 2, 17): (), date(2027, 2, 18): (parse_window("10:00-12:00"),)}
    assert config.policy.default == parse_time_to_reply("6h")
    assert config.policy.kinds == {
        Kind.CRC: parse_time_to_reply("4h"),
        Kind.CONSULT: parse_time_to_reply("24h calendar"),
    }
    assert config.reply.min_length == 6
    assert config.reply.empty_phrases == {"好的亲", "okok"}
    assert config.shops == (
        Shop(
            "jd3",
            "京东3店",
            Manager("运营经理", "13800000000", "manager"),
            Jos(
                app_key="k",
                secret_env="JD3_SECRET",
                secret_file=None,
                redirect_uri="",
                url="https://api.jd.com/routerjson",
                oauth_url="https://open-oauth.jd.com/oauth2",
                number=1,
            ),
        ),
        Shop(
            "jd4",
            "jd4",
            None,
            Jos(
                app_key="k4",
                secret_env="",
                secret_file=tmp_path / "secrets/jd4",
                redirect_uri="https://example.invalid/back",
                url="https://gateway.example.invalid/routerjson",
                oauth_url="http://127.0.0.1:8000/oauth2",
                number=2,
            ),
        ),
    )
    assert config.templates == {"shipped": "您好，订单{order_id}已发出，运单号{waybill}。"}
    assert config.messages_language == "en"
    assert config.message_templates == {
        ReminderRule.BEFORE: (
            "【{shop}】{kind} {left}({deadline}) {ticket_id} {order_id} {assignee}\n{content}"
        ),
        ReminderRule.RETURNED: "{ticket_id} {{!}}",
    }
    url = "https://example.invalid/?key=1"
    assert config.channels == (
        ChannelSettings(
            "cs-group", "wecom", url, "", ("13800000000", "all", "li"), ("jd3", "jd4"), night=False
        ),
        ChannelSettings("manager", "feishu", "", "", (), (), night=True),
        ChannelSettings(
            "ding", "dingtalk", "https://example.invalid/?access_token=1", "SEC1", (), (), night=False
        ),
        ChannelSettings("mail", "apprise", "mailto://example.invalid", "", (), (), night=False),
        ChannelSettings("cron", "stdout", "", "", (), (), night=False),
    )
    assert config.reminders == ReminderRules(
        new=False,
        before=(timedelta(hours=2), timedelta(minutes=90), timedelta(minutes=30)),
        overdue_every=timedelta(hours=1),
        overdue_times=3,
        opening=False,
        outage_contact_every=timedelta(minutes=10),
        returned=False,
        source_every=timedelta(hours=2),
        escalate=(
            Escalation(timedelta(minutes=30), ("13900000000",), None),
            Escalation(timedelta(0), (), "manager"),
        ),
        digest_over=2,
    )
    assert config.duties == (
        Duty(frozenset(range(7)), 0, 86_400, ("13800000000",)),
        Duty(frozenset({5, 6}), 64_800, 86_400, ("wang", "li")),
    )
    assert config.heartbeat({}) == "https://example.invalid/ping"
    assert config.document == tomllib.loads(EVERYTHING)


def test_a_weekday_without_hours_of_its_own_has_the_daily_ones_default_or_not(tmp_path: Path) -> None:
    hours = loaded(tmp_path, '[service_hours]\nmon = ["08:00-10:00"]').policy.hours
    assert hours.week[0] == (parse_window("08:00-10:00"),)
    assert hours.week[1] == (parse_window("09:00-19:00"),)


def test_white_space_around_a_value_means_nothing(tmp_path: Path) -> None:
    config = loaded(tmp_path, 'timezone = " UTC "\n[[shops]]\ncode = " jd3 "\nname = " 店 "')
    assert config.timezone == "UTC"
    assert config.shops == (Shop("jd3", "店"),)


def test_windows_may_touch(tmp_path: Path) -> None:
    hours = loaded(tmp_path, '[service_hours]\ndaily = ["12:00-14:00", "10:00-12:00"]').policy.hours
    start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert hours.between(start, start + timedelta(hours=12)) == timedelta(hours=4)


def test_a_file_saved_by_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(
        b"\xef\xbb\xbf" + 'language = "en"\r\n# 设置\r\n[messages]\r\nlanguage = "en"\r\n'.encode()
    )
    config = load_config(path, {})
    assert (config.language, config.messages_language) == ("en", "en")
    assert peek_language(path, {}) == "en"


def test_the_path_asked_for_wins_over_the_environment(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('language = "zh"')
    asked = written(tmp_path, 'language = "en"')
    environ = {"JDTICKET_CONFIG": str(tmp_path / "other.toml")}
    assert load_config(asked, environ).language == "en"
    assert load_config(None, environ).language == "zh"


# What is wrong with it


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('languag = "zh"', "line 1: languag: there is no such key (did you mean language?)"),
        ('\n\n[shop]\ncode = "jd3"', "line 3: shop: there is no such key (did you mean shops?)"),
        (
            '[messages]\ntext = "x"',
            "line 2: messages.text: there is no such key; known here: language, templates.",
        ),
        ('[service_hours]\nmonday = ["09:00-19:00"]', "did you mean mon?"),
        (
            '[deadline]\ndefaul = "4h"',
            "line 2: deadline.defaul: there is no such key (did you mean default?)",
        ),
        (
            "[reply]\nmin_lenght = 4",
            "line 2: reply.min_lenght: there is no such key (did you mean min_length?)",
        ),
        (
            '[[shops]]\ncode = "a"\nnmae = "b"',
            "line 3: shops[1].nmae: there is no such key (did you mean name?)",
        ),
        (
            '[[shops]]\ncode = "a"\n[shops.manager]\nphon = "1"',
            "line 4: shops[1].manager.phon: there is no such key (did you mean phone?)",
        ),
        (
            "[deadline.kinds]\ncrx = '4h'",
            "line 2: deadline.kinds.crx: there is no such key (did you mean crc?)",
        ),
        ("language = 1", "line 1: language: must be text, in quotes."),
        ('language = "fr"', 'line 1: language: “fr” is no language; "zh" and "en" are.'),
        ('[messages]\nlanguage = "cn"', "line 2: messages.language: “cn” is no language"),
        ("timezone = 8", "line 1: timezone: must be text, in quotes."),
        ('timezone = ""', "line 1: timezone: must not be empty or hold NUL characters."),
        (
            '\ntimezone = "Asia/Shangai"',
            "line 2: timezone: “Asia/Shangai” is no time zone; use a name such as Asia/Shanghai.",
        ),
        ('timezone = "../../etc/passwd"', "line 1: timezone: “../../etc/passwd” is no time zone"),
        ("database = false", "line 1: database: must be text, in quotes."),
        ('database = "a\\u0000b"', "line 1: database: must not be empty or hold NUL characters."),
        ('database = "~no-such-account/x.db"', "line 1: database: there is no home folder for"),
        ("service_hours = 1", "line 1: service_hours: must be a table, [service_hours]."),
        ('[service_hours]\ndaily = "09:00-19:00"', "line 2: service_hours.daily: must be a list of texts"),
        ('[service_hours]\ndaily = ["9-19"]', "line 2: service_hours.daily: “9-19” is no window"),
        ("[service_hours]\ndaily = [9, 19]", "line 2: service_hours.daily: must be a list of texts"),
        (
            '[service_hours]\nmon = ["9-19"]',
            'line 2: service_hours.mon: “9-19” is no window of one day; write it as "09:00-19:00", '
            "at most until 24:00.",
        ),
        ('[service_hours]\nmon = ["19:00-09:00"]', "“19:00-09:00” is no window of one day"),
        (
            '[service_hours]\nsat = [\n  "09:00-12:00",\n  "11:59-13:00",\n]',
            "line 2: service_hours.sat: 09:00-12:00 and 11:59-13:00 overlap.",
        ),
        (
            "\n[service_hours]\ndaily = []",
            "line 2: service_hours: no weekday has a window, "
            "so the clock of a ticket would never run; open one.",
        ),
        (
            '[service_hours]\ndaily = []\n[service_hours.special]\n"2027-02-18" = ["10:00-12:00"]',
            "line 1: service_hours: no weekday has a window",
        ),
        ("[service_hours]\nspecial = []", "line 2: service_hours.special: must be a table"),
        (
            '[service_hours.special]\n"2027-02-30" = []',
            'line 2: service_hours.special.2027-02-30: is no date; write it as "2027-02-17".',
        ),
        ('[service_hours.special]\n"20270217" = []', "line 2: service_hours.special.20270217: is no date"),
        ('[service_hours.special]\n"2027-W07-3" = []', "is no date"),
        ('[service_hours.special]\n"2027-02-17" = ["x"]', "“x” is no window of one day"),
        ("deadline = '4h'", "line 1: deadline: must be a table, [deadline]."),
        ("[deadline]\ndefault = 4", "line 2: deadline.default: must be text, in quotes."),
        (
            '[deadline]\ndefault = "4 moons"',
            "line 2: deadline.default: “4 moons” is no time to reply in; "
            'write "4h", "90m" or "24h calendar".',
        ),
        ('[deadline]\ndefault = "0h"', "“0h” is no time to reply in"),
        ('[deadline.kinds]\nurge = "-1h"', "line 2: deadline.kinds.urge: “-1h” is no time to reply in"),
        ("[reply]\nmin_length = '4'", "line 2: reply.min_length: must be a whole number, 0 or more."),
        ("[reply]\nmin_length = -1", "line 2: reply.min_length: must be a whole number, 0 or more."),
        ("[reply]\nmin_length = true", "line 2: reply.min_length: must be a whole number, 0 or more."),
        ("[reply]\nempty_phrases = '好的'", "line 2: reply.empty_phrases: must be a list of texts"),
        ('[shops]\ncode = "jd3"', "line 1: shops: must be a list of tables, each with [[shops]] above it."),
        ("shops = ['jd3']", "line 1: shops: must be a list of tables"),
        ('[[shops]]\nname = "a"', 'line 1: shops[1]: a shop needs a code, such as code = "jd3".'),
        ('[[shops]]\ncode = "a"\n[[shops]]\ncode = 3', "line 4: shops[2].code: must be text, in quotes."),
        (
            '[[shops]]\ncode = "a"\n\n[[shops]]\ncode = "A"',
            "line 5: shops[2].code: “A” is another shop's code, name or alias, too.",
        ),
        (
            '[[shops]]\ncode = "a"\nname = "x"\n[[shops]]\ncode = "b"\nname = "x"',
            "line 6: shops[2].name: “x” is another shop's code, name or alias, too.",
        ),
        ('[[shops]]\ncode = "a"\nmanager = "Li"', "line 3: shops[1].manager: must be a table, [manager]."),
        (
            '[[shops]]\ncode = "a"\nmanager = { phone = 13800000000 }',
            "line 3: shops[1].manager.phone: must be text, in quotes.",
        ),
        ('[[shops]]\ncode = "a"\njos = "x"', "line 3: shops[1].jos: must be a table"),
        ('[[shops]]\ncode = "a"\n[[shops.jos]]\napp_key = "k"', "line 3: shops[1].jos: must be a table"),
        (JOS + 'app_secret_env = "X"', "line 3: shops[1].jos: an application needs its app_key."),
        (
            JOS + 'app_key = 7\napp_secret_env = "X"',
            "line 4: shops[1].jos.app_key: must be text, in quotes.",
        ),
        (
            JOS + 'app_key = " "\napp_secret_env = "X"',
            "line 4: shops[1].jos.app_key: must not be empty or hold NUL characters.",
        ),
        (
            JOS + 'app_key = "k"',
            "line 3: shops[1].jos: an application needs either app_secret_env or app_secret_file: "
            "where its secret is.",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\napp_secret_file = "x"',
            "line 3: shops[1].jos: app_secret_env and app_secret_file are both there; keep one.",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = ""',
            "line 5: shops[1].jos.app_secret_env: must not be empty or hold NUL characters.",
        ),
        (
            JOS + 'app_key = "k"\n\napp_secret_file = ["x"]',
            "line 6: shops[1].jos.app_secret_file: must be text, in quotes.",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\nredirect_url = "x"',
            "line 6: shops[1].jos.redirect_url: there is no such key (did you mean redirect_uri?)",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\nsandbox = true',
            "line 6: shops[1].jos.sandbox: there is no such key; known here: app_key, ",
        ),
        *(
            (
                f'{JOS}app_key = "{key}"\napp_secret_env = "X"',
                "line 4: shops[1].jos.app_key: is no key of an application; copy it from the open platform.",
            )
            for key in ("…", "k k", "钥匙", "k\\u0007")
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\nredirect_uri = "example.com/back"',
            "line 6: shops[1].jos.redirect_uri: must be a whole address, such as https://example.com/back.",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\nredirect_uri = 1',
            "line 6: shops[1].jos.redirect_uri: must be text, in quotes.",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\nurl = "http://api.jd.com/routerjson"',
            "line 6: shops[1].jos.url: must be a web address that begins with https://.",
        ),
        (
            JOS + 'app_key = "k"\napp_secret_env = "X"\noauth_url = "http://open-oauth.jd.com/oauth2"',
            "line 6: shops[1].jos.oauth_url: must be a web address that begins with https://.",
        ),
        (
            '[[shops]]\ncode = "b"\n' + JOS + 'app_key = "k"\napp_secret_env = "X"\nurl = 1',
            "line 8: shops[2].jos.url: must be text, in quotes.",
        ),
        ("[templates]\nhello = 1", "line 2: templates.hello: must be text, in quotes."),
        ('[templates]\nhello = " "', "line 2: templates.hello: must not be empty or hold NUL characters."),
        (
            '[templates]\nhello = "{order_id"',
            "line 2: templates.hello: a brace stands alone; "
            "write a placeholder as {order_id}, a plain brace twice.",
        ),
        ('[templates]\nhello = "order_id}"', "line 2: templates.hello: a brace stands alone"),
        (
            '[templates]\nhello = "{order.id}"',
            "line 2: templates.hello: “{order.id}” is no placeholder; "
            "it must be a plain name, such as {order_id}.",
        ),
        ('[templates]\nhello = "{order[0]}"', "“{order[0]}” is no placeholder"),
        ('[templates]\nhello = "{}"', "“{}” is no placeholder"),
        ('[templates]\nhello = "{0}"', "“{0}” is no placeholder"),
        ('[templates]\nhello = "{order!r}"', "“{order!r}” is no placeholder"),
        ('[templates]\nhello = "{order:>99}"', "“{order:>99}” is no placeholder"),
        (
            '[messages.templates]\nbefor = "x"',
            "line 2: messages.templates.befor: there is no such key (did you mean before?)",
        ),
        ('[messages.templates]\nopening = "x"', "known here: new, before, overdue, returned."),
        ("[messages.templates]\nnew = 1", "line 2: messages.templates.new: must be text, in quotes."),
        (
            '[messages.templates]\n\nnew = "{shop} {order} {order}"',
            "line 3: messages.templates.new: “{order}” is not known; did you mean {order_id}?",
        ),
        (
            '[messages.templates]\noverdue = "{x}"',
            "“{x}” is not known; known: {shop}, {kind}, {left}, {deadline}, {ticket_id}, {order_id}, "
            "{content}, {assignee}.",
        ),
        (
            '[messages.templates]\noverdue = "{shop}快超时了 {{ticket_id}}"',
            "line 2: messages.templates.overdue: must hold {ticket_id}, or nobody can tell which ticket is "
            "meant",
        ),
        ('[messages.templates]\noverdue = "{shop"', "messages.templates.overdue: a brace stands alone"),
        ('[messages.templates]\noverdue = "{shop!r}"', "“{shop!r}” is no placeholder"),
        ("[channels]\nname = 'x'", "line 1: channels: must be a list of tables"),
        ("reminders = []", "line 1: reminders: must be a table"),
        ("[reminders]\nescalate = {}", "line 2: reminders.escalate: must be a list of tables"),
        ("duty = 'me'", "line 1: duty: must be a list of tables"),
        (
            '[[channels]]\nkind = "stdout"',
            'line 1: channels[1]: a channel needs a name, such as name = "cs-group".',
        ),
        ('[[channels]]\nname = 3\nkind = "stdout"', "line 2: channels[1].name: must be text, in quotes."),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\n[[channels]]\nname = "a"\nkind = "stdout"',
            "line 5: channels[2].name: “a” is another channel's name, too.",
        ),
        (
            '[[channels]]\nname = "a"',
            "line 1: channels[a]: a channel needs a kind: wecom, dingtalk, feishu, apprise, stdout.",
        ),
        ('[[channels]]\nname = "a"\nkind = 1', "line 3: channels[a].kind: must be text, in quotes."),
        (
            '[[channels]]\nname = "a"\nkind = "wecon"\nurl = "x"',
            "line 3: channels[a].kind: “wecon” is not known; did you mean wecom?",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "sms"',
            "“sms” is not known; known: wecom, dingtalk, feishu, apprise, stdout.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"',
            "line 1: channels[a]: a channel of this kind needs a url, or a url_env that names a variable.",
        ),
        ('[[channels]]\nname = "a"\nkind = "wecom"\nurl = ""', "channels[a].url: must not be empty"),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"\nurl = "x"\nurl_env = "X"',
            "line 5: channels[a].url_env: url_env and url are both there; keep one.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"\nurl = "x"\nmentions = ["b"]',
            "line 5: channels[a].mentions: there is no such key (did you mean mention?)",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"\nurl = "x"\nsecret = "s"',
            "channels[a].secret: there is no such key; known here: name, kind, mention, shops, default, ",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nurl = "x"',
            "channels[a].url: there is no such key; known here: name, kind, mention, shops, default, ",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nmention = [13800000000]',
            "line 4: channels[a].mention: must be a list of texts",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nmention = [" "]',
            "line 4: channels[a].mention: must not be empty or hold NUL characters.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nnight = "true"',
            "line 4: channels[a].night: must be true or false, without quotes.",
        ),
        (
            '[[shops]]\ncode = "jd3"\n[[channels]]\nname = "a"\nkind = "stdout"\nshops = ["jd3", "dj3"]',
            "line 6: channels[a].shops: “dj3” is not known; did you mean jd3?",
        ),
        (
            '[[channels]]\nname = "boss"\nkind = "stdout"\n'
            '[[shops]]\ncode = "a"\nmanager = { channel = "bos" }',
            "line 6: shops[1].manager.channel: “bos” is not known; did you mean boss?",
        ),
        (
            '[[shops]]\ncode = "a"\nmanager = { channel = "boss" }',
            "line 3: shops[1].manager.channel: “boss” is not known; known: none.",
        ),
        ("[reminders]\nbefor = []", "line 2: reminders.befor: there is no such key (did you mean before?)"),
        ("[reminders]\nnew = 1", "line 2: reminders.new: must be true or false, without quotes."),
        ('[reminders]\nbefore = "1h"', "line 2: reminders.before: must be a list of texts"),
        (
            '[reminders]\nbefore = ["1h", "soon"]',
            'line 2: reminders.before: “soon” is no length of time; write "30m", "1h" or "1h30m".',
        ),
        ('[reminders]\nbefore = ["-1h"]', "line 2: reminders.before: “-1h” is no length of time"),
        ('[reminders]\nbefore = ["0m"]', "line 2: reminders.before: must be more than no time."),
        ("[reminders]\noverdue_every = 30", "line 2: reminders.overdue_every: must be text, in quotes."),
        ('[reminders]\noverdue_every = "0s"', "line 2: reminders.overdue_every: must be more than no time."),
        (
            '[reminders]\noutage_contact_every = "-5m"',
            "line 2: reminders.outage_contact_every: “-5m” is no length of time",
        ),
        (
            '[reminders]\nsource_every = "0m"',
            "line 2: reminders.source_every: must be more than no time.",
        ),
        ("[reminders]\nsource_every = 60", "line 2: reminders.source_every: must be text, in quotes."),
        ("[reminders]\nsource_every = true", "line 2: reminders.source_every: must be text, in quotes."),
        ('[reminders]\nsource_every = "soon"', "line 2: reminders.source_every: “soon” is no length of time"),
        (
            '[reminders]\nsources_every = "1h"',
            "line 2: reminders.sources_every: there is no such key (did you mean source_every?)",
        ),
        ("[reminders]\noverdue_times = -1", "reminders.overdue_times: must be a whole number, 0 or more."),
        ("[reminders]\ndigest_over = 1.5", "reminders.digest_over: must be a whole number, 0 or more."),
        ("[reminders]\nheartbeat_url = 1", "line 2: reminders.heartbeat_url: must be text, in quotes."),
        (
            '[reminders]\nheartbeat_url = "x"\nheartbeat_url_env = "X"',
            "reminders.heartbeat_url_env: heartbeat_url_env and heartbeat_url are both there; keep one.",
        ),
        (
            '[[reminders.escalate]]\nmention = ["a"]',
            "line 1: reminders.escalate[1]: an escalation needs the time from which it holds, "
            'such as left = "30m".',
        ),
        (
            '[[reminders.escalate]]\nleft = "-1m"\nmention = ["a"]',
            "line 2: reminders.escalate[1].left: “-1m” is no length of time",
        ),
        (
            '[[reminders.escalate]]\nleft = "1m"\nmention = []',
            "line 1: reminders.escalate[1]: an escalation needs people to mention, or a channel.",
        ),
        (
            '[[reminders.escalate]]\nleft = "1m"\nchannel = "boss"',
            "line 3: reminders.escalate[1].channel: “boss” is not known; known: none.",
        ),
        (
            '[[reminders.escalate]]\nleft = "1m"\nmentoin = ["a"]\nchannel = "c"\n'
            '[[channels]]\nname = "c"\nkind = "stdout"',
            "line 3: reminders.escalate[1].mentoin: there is no such key (did you mean mention?)",
        ),
        (
            '[[duty]]\nweekdays = ["mon"]',
            'line 1: duty[1]: a duty needs people to mention, such as mention = ["13800000000"].',
        ),
        (
            '[[duty]]\nmention = ["a"]\nweekday = ["mon"]',
            "line 3: duty[1].weekday: there is no such key (did you mean weekdays?)",
        ),
        (
            '[[duty]]\nmention = ["a"]\nweekdays = ["mon", "tues"]',
            "line 3: duty[1].weekdays: “tues” is not known; did you mean tue?",
        ),
        ('[[duty]]\nmention = ["a"]\nweekdays = []', "line 3: duty[1].weekdays: must name a weekday"),
        (
            '[[duty]]\nmention = ["a"]\nhours = "22:00-06:00"',
            "line 3: duty[1].hours: “22:00-06:00” is no window of one day",
        ),
    ],
)
def test_a_problem_is_named_with_its_line_and_key(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems(tmp_path, text)
    assert problem in found


def test_a_bad_text_stops_nothing_else_and_is_left_aside(tmp_path: Path) -> None:
    texts = '[templates]\ngood = "{order_id}"\nbad = "{order_id"\n'
    config = loaded(tmp_path, texts + '[messages.templates]\nnew = "{shop}"\noverdue = "{ticket_id} !"\n')
    assert dict(config.templates) == {"good": "{order_id}"}
    assert dict(config.message_templates) == {ReminderRule.OVERDUE: "{ticket_id} !"}
    assert [*config.bad_texts] == [("templates", "bad"), ("messages", "templates", "new")]


@pytest.mark.parametrize("more", ['timezone = "Mars/Olympus"\n', "templates = 1\n"])
def test_beside_another_problem_a_bad_text_is_told_with_it(tmp_path: Path, more: str) -> None:
    bad = "" if "templates" in more else '[templates]\nbad = "{order_id"\n'
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, more + bad)
    assert len(caught.value.message.splitlines()) == (2 if bad else 1)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = """\
langauge = "zh"
timezone = "Mars/Olympus"
# Hours
[service_hours]
mon = ["x"]
sun = [
    "09:00-10:00",
    "nine to ten",
]
[[shops]]
code = "a"
[[shops]]
code = "a"
"""
    starts = sorted(line.split(": ")[0] + " " + line.split(": ")[1] for line in problems(tmp_path, text))
    assert starts == [
        "line 1 langauge",
        "line 13 shops[2].code",
        "line 2 timezone",
        "line 5 service_hours.mon",
        "line 6 service_hours.sun",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('language = "zh"\ntimezone = Asia\n', "line 2, column 12: "),
        ("language = 'zh\ntimezone = 'Asia/Shanghai'\n", "line 1, column "),
        ("language = 'zh'\nlanguage = 'en'\n", "line 2, column "),
        ("language = 'zh'\nlanguage = 'en'", "line 2, column "),
        ("\n[[shops]\n[reply]\n", "line 2, column "),
        # What is not ended is named where it begins.
        ('\n[service_hours]\ndaily = [\n"09:00-19:00",\n', "line 3, column 1: "),
        ('[templates]\nlong = """\none\ntwo\n', "line 2, column 1: "),
    ],
)
def test_what_is_no_toml_is_told_with_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found.startswith(place)
    assert "not valid TOML; look for a missing quote or bracket, or a key that stands twice." in found


def test_a_backslash_in_double_quotes_gets_advice_of_its_own(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, 'language = "zh"\ndatabase = "C:\\Users\\me\\desk.db"\n')
    assert found.startswith("line 2, column ")
    assert "put a text with backslashes in single quotes, such as 'C:\\desk.db'." in found


def test_a_file_that_is_not_utf_8_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('# 设置\nlanguage = "zh"\n'.encode("gb18030"))
    with pytest.raises(
        ConfigError, match=re.escape(f"{path} is not in UTF-8 (byte 3 is not); save it as UTF-8")
    ):
        load_config(path, {})


def test_a_file_asked_for_by_name_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml does not exist; `jdticket init` writes a new one"):
        load_config(tmp_path / "no.toml", {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path} cannot be read: it is a folder.")):
        load_config(tmp_path, {})


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not stop this account")
def test_a_file_that_may_not_be_read_is_told_so(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.chmod(0)
    with pytest.raises(ConfigError, match="permission denied"):
        load_config(path, {})


def test_control_characters_in_a_key_are_shown_harmless(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, '"\\u001b[31m" = 1')
    assert "\x1b" not in found
    assert r"\x1b[31m" in found


@pytest.mark.parametrize("key", ["url_env", "secret_env"])
def test_a_secret_in_the_place_of_a_variable_is_told_and_not_repeated(tmp_path: Path, key: str) -> None:
    other = 'url = "x"\n' if key == "secret_env" else ""
    text = f'[[channels]]\nname = "a"\nkind = "feishu"\n{other}{key} = "https://x/?key=hush"\n'
    (found,) = problems(tmp_path, text)
    assert f"channels[a].{key}: must be the name of an environment variable" in found
    assert "hush" not in found


def test_secrets_are_not_repeated_in_problems(tmp_path: Path) -> None:
    text = '[[shops]]\ncode = "a"\njos = { app_secret = "hush" }\nurl = "https://x/?key=hush"\n'
    found = problems(tmp_path, text)
    assert "hush" not in "".join(found)
    assert any("app_secret: does not stand in this file" in problem for problem in found)


def test_the_line_of_a_problem_is_right_wherever_the_key_stands(tmp_path: Path) -> None:
    before = '# [deadline]\n[templates]\nlong = """\n[deadline]\ndefault = "x"\n"""\n\n'
    (found,) = problems(tmp_path, before + '[deadline]\n\n# default = "4h"\ndefault = "x"\n[reply]\n')
    assert found.startswith("line 11: deadline.default: ")


def test_the_line_of_a_problem_is_right_in_a_file_saved_by_windows(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'# 1\r\n[templates]\r\na = """\r\nb"""\r\n\r\n[deadline]\r\ndefault = 4\r\n')
    with pytest.raises(ConfigError, match=r"line 7: deadline\.default: must be text"):
        load_config(path, {})
    path.write_bytes(b"# 1\r\n\r\n[service_hours]\r\ndaily = [\r\n")
    with pytest.raises(ConfigError, match="line 4, column 1: not valid TOML"):
        load_config(path, {})


def test_many_problems_cost_one_look_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    for module, name in ((tomllib, "loads"), (positions, "lines_of_keys")):
        monkeypatch.setattr(module, name, _counted(getattr(module, name), looks))
    shops = (
        f'[[shops]]\ncode = "s{n}"\nmanager = {{ name = "李", phone = "13800000000" }}\nnmae = "店{n}"\n'
        for n in range(300)
    )
    begun = time.perf_counter()
    found = problems(tmp_path, "".join(shops))
    # It takes 0.03 s; the limit is wide because other tests run beside this one.
    assert time.perf_counter() - begun < 2
    assert found[299] == "line 1200: shops[300].nmae: there is no such key (did you mean name?)."
    assert looks == ["loads", "lines_of_keys"]


def test_an_entry_that_does_not_end_costs_one_look_at_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    monkeypatch.setattr(tomllib, "loads", _counted(tomllib.loads, looks))
    (found,) = problems(tmp_path, '[[shops]]\ncode = "a"\n' * 300 + '[templates]\nlong = """\n')
    assert found.startswith("line 602, column 1: not valid TOML")
    assert looks == ["loads"]


def _counted(function: Callable[[str], Any], calls: list[str]) -> Callable[[str], Any]:
    def counting(text: str) -> Any:
        calls.append(function.__name__)
        return function(text)

    return counting


# Start-up


def test_reading_no_file_imports_no_reader() -> None:
    script = (
        "import sys; from jdticket.settings.reading import load_config;"
        "load_config(None, {'JDTICKET_CONFIG': '/none'});"
        "print(sorted({'tomllib', 'tomlkit', 'platformdirs', 'difflib', 'string'} & set(sys.modules)));"
        "print(sorted(name for name in sys.modules if name.startswith('jdticket.settings.')));"
        "print({'jdticket.domain.reminders', 'jdticket.words'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines() == [
        "[]",
        str([f"jdticket.settings.{name}" for name in ("checks", "paths", "reading", "spec", "types")]),
        "set()",
    ]
