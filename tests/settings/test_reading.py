from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jdticket.domain.authorisation import App
from jdticket.domain.deadlines import parse_policy_duration
from jdticket.domain.hours import parse_window
from jdticket.domain.reminders import Channel, Duty, Escalation, ReminderRule, ReminderRules
from jdticket.domain.tickets import Kind
from jdticket.errors import ConfigError, InputError, RefusedError, UsageError
from jdticket.settings.reading import (
    ChannelSettings,
    Config,
    Jos,
    Manager,
    Shop,
    config_path,
    database_address,
    fill_template,
    load_config,
    masked,
    new_config_text,
    peek_language,
    write_new,
)
from tests.language import assert_speaks

EVERYTHING = """
language = "en"
timezone = "Europe/Berlin"
database = "desk/tickets.db"

[service_hours]
daily = ["13:00-18:00", "09:00-12:00"]
sat = ["10:00-24:00"]
sun = []
[service_hours.special]
"2027-02-17" = []
2027-02-18 = ["10:00-12:00"]

[deadline]
default = "6h"
[deadline.kinds]
crc = "4h"
consult = "24h calendar"

[reply]
min_length = 6
empty_phrases = ["好的，亲！", "OK, OK", "…"]

[[shops]]
code = "jd3"
name = "京东3店"
manager = { name = "运营经理", phone = "13800000000", channel = "manager" }
jos = { app_key = "k", app_secret_env = "JD3_SECRET" }
[[shops]]
code = "jd4"
[shops.jos]
app_key = "k4"
app_secret_file = "secrets/jd4"
redirect_uri = "https://example.invalid/back"
url = "https://gateway.example.invalid/routerjson"
oauth_url = "http://127.0.0.1:8000/oauth2/"

[templates]
shipped = "您好，订单{order_id}已发出，运单号{waybill}。"

[messages]
language = "en"
[messages.templates]
before = "【{shop}】{kind} {left}({deadline}) {ticket_id} {order_id} {assignee}\\n{content}"
returned = "{ticket_id} {{!}}"

[[channels]]
name = "cs-group"
kind = "wecom"
url = "https://example.invalid/?key=1"
mention = ["13800000000", "@all", " li ", "13800000000"]
shops = ["京东3店", "JD4"]
[[channels]]
name = "manager"
kind = "feishu"
url_env = "FEISHU_URL"
secret_env = "FEISHU_SECRET"
night = true
[[channels]]
name = "ding"
kind = "dingtalk"
url = "https://example.invalid/?access_token=1"
secret = "SEC1"
[[channels]]
name = "mail"
kind = "apprise"
url = "mailto://example.invalid"
[[channels]]
name = "cron"
kind = "stdout"

[reminders]
new = false
before = ["30m", "2h", "1h30m", "90m"]
overdue_every = "1h"
overdue_times = 3
opening = false
outage_contact_every = "10m"
returned = false
source_every = "2h"
digest_over = 2
heartbeat_url = "https://example.invalid/ping"
[[reminders.escalate]]
left = "30m"
mention = ["13900000000"]
[[reminders.escalate]]
left = "0m"
channel = "manager"
[[duty]]
mention = ["13800000000"]
[[duty]]
weekdays = ["sat", "sun"]
hours = "18:00-24:00"
mention = ["wang", "li"]
"""


# A shop whose application is described below.
JOS = '[[shops]]\ncode = "a"\n[shops.jos]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str) -> Config:
    return load_config(written(folder, text), {})


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with this file, each problem without the file's name."""
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    lines = caught.value.message.splitlines()
    assert all(line.startswith(f"{path}, ") for line in lines)
    return [line.removeprefix(f"{path}, ") for line in lines]


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
    assert config.policy.default == parse_policy_duration("6h")
    assert config.policy.kinds == {
        Kind.CRC: parse_policy_duration("4h"),
        Kind.CONSULT: parse_policy_duration("24h calendar"),
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


def test_the_environment_names_the_file_and_an_empty_variable_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_path({"JDTICKET_CONFIG": "~/my.toml"}) == tmp_path / "my.toml"
    assert config_path({"JDTICKET_CONFIG": ""}) == config_path({})
    assert config_path({}).parts[-2:] == ("jdticket", "config.toml")


@pytest.mark.parametrize(
    ("option", "environ", "text", "path"),
    [
        ("a.db", {"JDTICKET_DB": "b.db"}, 'database = "/c.db"', "a.db"),
        ("~/a.db", {}, "", "{home}/a.db"),
        (None, {"JDTICKET_DB": "b.db"}, 'database = "/c.db"', "b.db"),
        (None, {"JDTICKET_DB": "~/b.db"}, "", "{home}/b.db"),
        (None, {"JDTICKET_DB": ""}, 'database = "/c.db"', "/c.db"),
        (None, {}, 'database = "c.db"', "{home}/c.db"),
        (None, {}, 'database = "~/d/c.db"', "{home}/d/c.db"),
        ("postgresql://u@h/d", {"JDTICKET_DB": "b.db"}, "", "postgresql://u@h/d"),
        (None, {"JDTICKET_DB": "postgresql://u@h/d"}, "", "postgresql://u@h/d"),
        (None, {}, 'database = "postgresql://u@h/d"', "postgresql://u@h/d"),
    ],
)
def test_the_database_is_named_by_option_environment_or_file_in_this_order(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str | None,
    environ: dict[str, str],
    text: str,
    path: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = database_address(loaded(tmp_path, text), environ, option)
    assert found == path.format(home=tmp_path)


def test_the_database_is_in_the_data_folder_when_nothing_names_one(tmp_path: Path) -> None:
    assert Path(database_address(loaded(tmp_path, ""), {}, None)).parts[-2:] == ("jdticket", "jdticket.db")


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
            "line 5: shops[2].code: “A” is another shop's code or name, too.",
        ),
        (
            '[[shops]]\ncode = "a"\nname = "x"\n[[shops]]\ncode = "b"\nname = "x"',
            "line 6: shops[2].name: “x” is another shop's code or name, too.",
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
            "line 1: channels[1]: a channel needs a kind: wecom, dingtalk, feishu, apprise, stdout.",
        ),
        ('[[channels]]\nname = "a"\nkind = 1', "line 3: channels[1].kind: must be text, in quotes."),
        (
            '[[channels]]\nname = "a"\nkind = "wecon"\nurl = "x"',
            "line 3: channels[1].kind: “wecon” is not known; did you mean wecom?",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "sms"',
            "“sms” is not known; known: wecom, dingtalk, feishu, apprise, stdout.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"',
            "line 1: channels[1]: a channel of this kind needs a url, or a url_env that names a variable.",
        ),
        ('[[channels]]\nname = "a"\nkind = "wecom"\nurl = ""', "channels[1].url: must not be empty"),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"\nurl = "x"\nurl_env = "X"',
            "line 5: channels[1].url_env: url_env and url are both there; keep one.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"\nurl = "x"\nmentions = ["b"]',
            "line 5: channels[1].mentions: there is no such key (did you mean mention?)",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "wecom"\nurl = "x"\nsecret = "s"',
            "channels[1].secret: there is no such key; known here: name, kind, mention, shops, night, url, ",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nurl = "x"',
            "channels[1].url: there is no such key; known here: name, kind, mention, shops, night.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nmention = [13800000000]',
            "line 4: channels[1].mention: must be a list of texts",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nmention = [" "]',
            "line 4: channels[1].mention: must not be empty or hold NUL characters.",
        ),
        (
            '[[channels]]\nname = "a"\nkind = "stdout"\nnight = "true"',
            "line 4: channels[1].night: must be true or false, without quotes.",
        ),
        (
            '[[shops]]\ncode = "jd3"\n[[channels]]\nname = "a"\nkind = "stdout"\nshops = ["jd3", "jd33"]',
            "line 6: channels[1].shops: “jd33” is not known; did you mean jd3?",
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
    assert f"channels[1].{key}: must be the name of an environment variable" in found
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


# The language, before everything else


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('language = "zh"', "zh"),
        ("# first\n  language='en' # mine\n", "en"),
        ('timezone = "x"\nlanguage = "zh"\n[broken', "zh"),
        ('[messages]\nlanguage = "zh"', None),
        ('timezone = "x"\n  [messages]\nlanguage = "zh"', None),
        ('#language = "zh"', None),
        ('language = "fr"', None),
        ("language = 3", None),
        ("", None),
    ],
)
def test_the_language_is_known_before_the_rest_is_read(
    tmp_path: Path, text: str, language: str | None
) -> None:
    assert peek_language(written(tmp_path, text), {}) == language
    assert peek_language(None, {"JDTICKET_CONFIG": str(tmp_path / "config.toml")}) == language


@pytest.mark.parametrize("name", ["none.toml", ".", "a\0b", "~no-such-account/config.toml"])
def test_asking_for_the_language_never_fails(tmp_path: Path, name: str) -> None:
    assert peek_language(tmp_path / name, {}) is None
    assert peek_language(None, {"JDTICKET_CONFIG": name}) is None


def test_asking_a_file_of_another_encoding_for_the_language_never_fails(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('# 设置\nlanguage = "zh"\n'.encode("gb18030"))
    assert peek_language(path, {}) == "zh"


# Shops


def two_shops(folder: Path) -> Config:
    return loaded(folder, '[[shops]]\ncode = "jd3"\nname = "京东3店"\n[[shops]]\ncode = "Main"\n')


@pytest.mark.parametrize(
    ("text", "code"), [("jd3", "jd3"), (" JD3 ", "jd3"), ("京东3店", "jd3"), ("main", "Main")]
)
def test_a_shop_is_known_by_its_code_or_its_name(tmp_path: Path, text: str, code: str) -> None:
    assert two_shops(tmp_path).shop(text).code == code
    assert two_shops(tmp_path).shop_code(text) == code


def test_an_unknown_shop_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        two_shops(tmp_path).shop("天猫店")
    assert caught.value.message == (
        "There is no shop “天猫店” in the configuration; known: jd3 (京东3店), Main."
    )


@pytest.mark.parametrize(("text", "near"), [("jd33", "jd3"), ("京东三店", "jd3"), ("MAIM", "Main")])
def test_an_unknown_shop_is_refused_with_the_one_it_resembles(tmp_path: Path, text: str, near: str) -> None:
    with pytest.raises(InputError, match=f"did you mean {near}\\? Known: jd3"):
        two_shops(tmp_path).shop(text)


def test_of_many_shops_the_first_ten_are_listed(tmp_path: Path) -> None:
    config = loaded(tmp_path, "".join(f'[[shops]]\ncode = "s{n:02}"\n' for n in range(40)))
    with pytest.raises(InputError, match=r"s08, s09, …\.$"):
        config.shop("other")


def test_any_text_is_a_code_when_no_shop_is_configured(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").shop(" jd9 ") == Shop("jd9", "jd9")


# Channels, and what the environment holds


def test_a_missing_variable_stops_only_who_needs_it(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING)
    assert config.channel("cs-group", {}) == config.channels[0]
    with pytest.raises(ConfigError) as caught:
        config.channel("manager", {"FEISHU_URL": "https://hook", "FEISHU_SECRET": " "})
    assert caught.value.message == (
        f"{config.path}: channels[2].secret_env: the environment variable FEISHU_SECRET is not set; "
        "set it where the command runs (in cron: a line in the crontab)."
    )


def test_a_channel_is_filled_in_from_the_environment(tmp_path: Path) -> None:
    channel = loaded(tmp_path, EVERYTHING).channel(
        "manager", {"FEISHU_URL": " https://hook\n", "FEISHU_SECRET": "s"}
    )
    assert channel == ChannelSettings("manager", "feishu", "https://hook", "s", (), (), night=True)


def test_what_decides_who_hears_of_what_is_the_channel_without_its_address(tmp_path: Path) -> None:
    group, manager, *_others = (settings.channel for settings in loaded(tmp_path, EVERYTHING).channels)
    assert group == Channel("cs-group", ("jd3", "jd4"), ("13800000000", "all", "li"), night=False)
    assert manager == Channel("manager", (), (), night=True)


def test_an_unknown_channel_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, EVERYTHING).channel("boss", {})
    assert caught.value.message == (
        "There is no channel “boss” in the configuration; known: cs-group, manager, ding, mail, cron."
    )
    with pytest.raises(InputError, match="known: none"):
        loaded(tmp_path, "").channel("boss", {})


def test_the_heartbeat_may_be_in_the_environment(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[reminders]\nheartbeat_url_env = "BEAT"')
    assert config.heartbeat({"BEAT": "https://x"}) == "https://x"
    with pytest.raises(ConfigError, match=r"reminders\.heartbeat_url_env: the environment variable BEAT"):
        config.heartbeat({})


def test_a_channel_may_name_any_shop_when_none_is_configured(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[[channels]]\nname = "a"\nkind = "stdout"\nshops = ["jd9"]')
    assert config.channels[0].shops == ("jd9",)


def test_a_channel_with_a_problem_of_its_own_may_still_be_referred_to(tmp_path: Path) -> None:
    text = (
        '[[channels]]\nname = "c"\nkind = "fax"\n[[reminders.escalate]]\nleft = "1m"\nchannel = "c"\n'
        '[[shops]]\ncode = "a"\nmanager = { channel = "c" }'
    )
    (found,) = problems(tmp_path, text)
    assert "channels[1].kind" in found


# Applications on the platform


def a_shop(folder: Path, *lines: str, code: str = "jd3") -> Config:
    """A shop without an application, and below it one with."""
    jos = "\n".join(lines)
    return loaded(
        folder, f'[[shops]]\ncode = "none"\n[[shops]]\ncode = "{code}"\n[shops.jos]\napp_key = "k"\n{jos}'
    )


def secret_in(folder: Path, content: str | bytes, name: str = "secret") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("key", ["url", "oauth_url"])
@pytest.mark.parametrize(
    "address",
    [
        "http://api.jd.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://localhost.example.com:80/",
        "http://0.0.0.0/",
        "http://[::2]/",
        "ftp://127.0.0.1/",
        "api.jd.com/routerjson",
        "//api.jd.com/",
        "https://",
        "https://api.jd.com:99999/",
        "file:///etc/passwd",
    ],
)
def test_nothing_is_sent_to_another_machine_without_encryption(
    tmp_path: Path, key: str, address: str
) -> None:
    (found,) = problems(tmp_path, f'{JOS}app_key = "k"\napp_secret_env = "X"\n{key} = "{address}"')
    assert found == f"line 6: shops[1].jos.{key}: must be a web address that begins with https://."


@pytest.mark.parametrize(
    "address",
    [
        "https://gateway.example.invalid/x",
        "http://127.0.0.1:8000/x",
        "http://localhost/x",
        "http://LOCALHOST:1/x",
        "http://[::1]:8000/x",
    ],
)
def test_on_this_machine_encryption_is_not_needed(tmp_path: Path, address: str) -> None:
    config = a_shop(tmp_path, 'app_secret_env = "X"', f'url = "{address}"', f'oauth_url = "{address}/"')
    app = config.app(config.shop("jd3"), {"X": "s"})
    assert (app.url, app.oauth_url) == (address, address)


def test_a_secret_that_stands_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, JOS + 'app_key = "k"\napp_secret = "hush"')
    assert found == (
        "line 5: shops[1].jos.app_secret: does not stand in this file: name a variable with app_secret_env, "
        "or a file of your own with app_secret_file."
    )
    for other in ('app_secret_env = "X"', 'app_secret_file = "x"'):
        found_too = "".join(problems(tmp_path, f'{JOS}app_key = "k"\napp_secret = "hush"\n{other}'))
        assert "app_secret: does not stand in this file" in found_too
        assert "hush" not in found_too


@pytest.mark.parametrize("name", ["hush-hush", "hush hush", "5f3a-hush", "$hush", "%hush%", "秘密hush"])
def test_a_secret_in_the_place_of_its_variable_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    (found,) = problems(tmp_path, f'{JOS}app_key = "k"\napp_secret_env = "{name}"')
    assert found == (
        "line 5: shops[1].jos.app_secret_env: must be the name of an environment variable; "
        "a file of your own goes into app_secret_file."
    )
    assert "hush" not in found


@pytest.mark.parametrize("key", ["appsecret", "secret"])
def test_nobody_is_told_to_put_the_secret_into_the_file(tmp_path: Path, key: str) -> None:
    (found,) = problems(tmp_path, f'{JOS}app_key = "k"\napp_secret_env = "X"\n{key} = "x"')
    assert not re.search(r"\bapp_secret\b", found)


def test_what_is_said_of_an_application_is_handed_on_with_its_secret(tmp_path: Path) -> None:
    config = a_shop(
        tmp_path, 'app_secret_env = "JD3_SECRET"', 'redirect_uri = "https://example.invalid/back"'
    )
    app = config.app(config.shop("jd3"), {"JD3_SECRET": " s3cr3t\n", "OTHER": "x"})
    assert app == App(
        shop="jd3",
        app_key="k",
        app_secret="s3cr3t",
        redirect_uri="https://example.invalid/back",
        url="https://api.jd.com/routerjson",
        oauth_url="https://open-oauth.jd.com/oauth2",
    )


@pytest.mark.parametrize("environ", [{}, {"JD3_SECRET": ""}, {"JD3_SECRET": " \n"}])
def test_a_missing_variable_with_a_secret_stops_only_who_needs_it(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    config = a_shop(tmp_path, 'app_secret_env = "JD3_SECRET"')
    with pytest.raises(ConfigError) as caught:
        config.app(config.shop("jd3"), environ)
    assert caught.value.message == (
        f"{config.path}: shops[2].jos.app_secret_env: the environment variable JD3_SECRET is not set; "
        "set it where the command runs (in cron: a line in the crontab)."
    )


@pytest.mark.parametrize(
    "content", ["s3cr3t", " s3cr3t \r\n\n", b"\xef\xbb\xbfs3cr3t\r\n"], ids=["bare", "spaces", "windows"]
)
@pytest.mark.parametrize(
    "named", ["secrets/jd3", "./secrets/../secrets/jd3", "~/secrets/jd3", "{folder}/secrets/jd3"]
)
def test_a_secret_may_stand_in_a_file_beside_the_configuration_at_home_or_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, named: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = a_shop(tmp_path, f'app_secret_file = "{named.format(folder=tmp_path)}"')
    secret_in(tmp_path, content, "secrets/jd3")
    assert config.app(config.shop("jd3"), {}).app_secret == "s3cr3t"


def not_usable(folder: Path) -> str:
    """What is said of the secret's file, behind its key."""
    config = a_shop(folder, 'app_secret_file = "secret"')
    with pytest.raises(ConfigError) as caught:
        config.app(config.shop("jd3"), {"X": "s"})
    begin = f"{folder}/config.toml: shops[2].jos.app_secret_file: "
    assert caught.value.message.startswith(begin)
    assert "\n" not in caught.value.message
    return caught.value.message.removeprefix(begin)


def test_a_secrets_file_that_is_missing_is_told_with_its_key(tmp_path: Path) -> None:
    assert not_usable(tmp_path) == f"{tmp_path}/secret cannot be read: it does not exist."


def test_a_folder_is_no_secrets_file(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir(mode=0o700)
    assert not_usable(tmp_path) == f"{tmp_path}/secret cannot be read: it is a folder."


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644], ids=oct)
@pytest.mark.parametrize("content", ["s3cr3t", "", b"\xff"], ids=["sound", "empty", "binary"])
def test_a_secrets_file_that_others_may_use_is_refused_with_what_to_do(
    tmp_path: Path, mode: int, content: str | bytes
) -> None:
    secret_in(tmp_path, content).chmod(mode)
    assert not_usable(tmp_path) == (
        f"others may read {tmp_path}/secret (mode {mode:o}); run: chmod 600 {tmp_path}/secret"
    )


@pytest.mark.parametrize(
    "content", ["", " \n", "hush s3cr3t", "hush\ns3cr3t", "hush秘密".encode("gb18030"), b"hush\xff"]
)
def test_a_secrets_file_that_holds_no_secret_or_more_is_told_and_not_repeated(
    tmp_path: Path, content: str | bytes
) -> None:
    secret_in(tmp_path, content)
    assert not_usable(tmp_path) == f"{tmp_path}/secret must hold the secret and nothing else."


def test_a_home_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, JOS + 'app_key = "k"\napp_secret_file = "~no-such-account/x"')
    assert found.startswith("line 5: shops[1].jos.app_secret_file: there is no home folder for")


def test_a_shop_without_an_application_is_told_what_to_put_into_the_configuration(tmp_path: Path) -> None:
    config = a_shop(tmp_path, 'app_secret_env = "X"')
    for shop in (config.shop("none"), Shop("jd9", "jd9")):
        with pytest.raises(ConfigError) as caught:
            config.app(shop, {"X": "s"})
        assert caught.value.message == (
            f"Shop {shop.code} has no application on the platform; put one into the configuration: "
            "jos = { app_key = …, app_secret_env = …, redirect_uri = … }"
        )


def test_the_shops_with_an_application_are_those_of_the_platform(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        '[[shops]]\ncode = "c"\njos = { app_key = "1", app_secret_env = "X" }\n'
        '[[shops]]\ncode = "b"\n'
        '[[shops]]\ncode = "a"\njos = { app_key = "1", app_secret_env = "X" }\n',
    )
    assert [shop.code for shop in config.platform_shops] == ["c", "a"]
    assert loaded(tmp_path, '[[shops]]\ncode = "b"').platform_shops == ()
    assert loaded(tmp_path, "").platform_shops == ()


# Templates


def test_a_template_is_filled_in() -> None:
    filled = fill_template(
        "订单{order_id}：{{{运单号}}} 100%", {"order_id": "1", "运单号": "SF{2}", "other": "x"}
    )
    assert filled == "订单1：{SF{2}} 100%"


def test_missing_values_are_named_once_each_with_the_way_to_give_them() -> None:
    with pytest.raises(UsageError) as caught:
        fill_template("{a} {waybill} {b} {b}", {"a": "1"})
    assert caught.value.message == (
        "The template needs a value for {waybill}, {b}; give it with --set waybill=… --set b=…."
    )


@pytest.mark.parametrize("text", ["{a.__class__}", "{a[0]}", "{a!r}", "{a:>{b}}", "{}", "{0}", "{", "}"])
def test_a_template_is_never_evaluated(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be filled in"):
        fill_template(text, {"a": "1", "b": "2", "": "3", "0": "4"})


@given(st.text(), st.text())
def test_a_value_stands_in_the_text_as_it_is(literal: str, value: str) -> None:
    escaped = literal.replace("{", "{{").replace("}", "}}")
    assert fill_template(escaped + "{a}" + escaped, {"a": value}) == literal + value + literal


# Showing it


def test_what_is_secret_is_masked_and_what_is_not_is_shown() -> None:
    document = {
        "language": "zh",
        "deadline": {"default": "4h"},
        "shops": [
            {
                "code": "jd3",
                "manager": {"name": "李", "phone": "13812340000"},
                "jos": {
                    "app_key": "abc",
                    "app_secret": "abc",
                    "app_secret_env": "JD3_SECRET",
                    "app_secret_file": "~/secrets/jd3",
                    "redirect_uri": "https://example.invalid/back",
                    "access_token": "abc",
                    "refresh_token": "abc",
                },
            }
        ],
        "channels": [
            {
                "url": "https://hook/abc",
                "url_env": "HOOK",
                "secret": "abc",
                "password": "abc",
                "Token": "abc",
                "key": ["abc"],
                "mention": ["13812345678", "@all", "wang", "+8613812345678", "+86 13812345678"],
                "digest_over": 5,
            }
        ],
        "duty": [{"mention": ["13812345678"]}],
        "reminders": {"heartbeat_url": "https://abc", "heartbeat_url_env": "BEAT", "new": True},
        "templates": {"call": "电话13812345678，订单2713812345678"},
    }
    shown = masked(document)
    assert shown == {
        "language": "zh",
        "deadline": {"default": "4h"},
        "shops": [
            {
                "code": "jd3",
                "manager": {"name": "李", "phone": "138****0000"},
                "jos": {
                    "app_key": "***",
                    "app_secret": "***",
                    "app_secret_env": "JD3_SECRET",
                    "app_secret_file": "~/secrets/jd3",
                    "redirect_uri": "https://example.invalid/back",
                    "access_token": "***",
                    "refresh_token": "***",
                },
            }
        ],
        "channels": [
            {
                "url": "***",
                "url_env": "HOOK",
                "secret": "***",
                "password": "***",
                "Token": "***",
                "key": "***",
                "mention": ["138****5678", "@all", "wang", "+86138****5678", "+86 138****5678"],
                "digest_over": 5,
            }
        ],
        "duty": [{"mention": ["138****5678"]}],
        "reminders": {"heartbeat_url": "***", "heartbeat_url_env": "BEAT", "new": True},
        "templates": {"call": "电话138****5678，订单2713812345678"},
    }


def test_the_key_of_an_application_is_not_shown(tmp_path: Path) -> None:
    config = loaded(tmp_path, EVERYTHING.replace('app_key = "k', 'app_key = "hush'))
    assert "hush" in str(config.document)
    assert "hush" not in str(masked(config.document))


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("010-88886666", "010****6666"), ("+86 138 1234 5678", "+86****5678"), ("110", "***")],
)
def test_a_phone_number_is_cut_however_it_is_written(phone: str, shown: str) -> None:
    assert masked({"phone": phone}) == {"phone": shown}


# A new file

SHOPS = (
    Shop("jd3", '京东"3"店\\', Manager("李\n四", "13800000000", "")),
    Shop("jd4", "jd4"),
    Shop("jd5", "jd5", Manager("", "", "")),
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_new_file_says_what_it_was_given_and_nothing_else(tmp_path: Path, language: str) -> None:
    text = new_config_text(
        language, timezone="Europe/Berlin", database=Path("C:\\desk\\tickets.db"), shops=SHOPS
    )
    assert tomllib.loads(text) == {
        "language": language,
        "timezone": "Europe/Berlin",
        "database": "C:\\desk\\tickets.db",
        "service_hours": {"special": {}},
        "deadline": {"kinds": {}},
        "reply": {},
        "templates": {},
        "messages": {"templates": {}},
        "reminders": {},
        "shops": [
            {"code": "jd3", "name": '京东"3"店\\', "manager": {"name": "李\n四", "phone": "13800000000"}},
            {"code": "jd4", "name": "jd4"},
            {"code": "jd5", "name": "jd5", "manager": {}},
        ],
    }
    assert loaded(tmp_path, text).shops[0] == SHOPS[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_new_file_holds_every_default(tmp_path: Path, language: str) -> None:
    default, new = loaded(tmp_path, ""), loaded(tmp_path, new_config_text(language))
    assert new.document.keys().isdisjoint({"timezone", "database", "shops"})
    assert new.language == language
    assert (new.policy, new.reply, new.shops, new.database, new.messages_language) == (
        *(default.policy, default.reply, default.shops, default.database, default.messages_language),
    )
    assert (new.reminders, new.channels, new.duties) == (default.reminders, (), ())
    assert (new.message_templates, new.heartbeat({})) == ({}, "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_default_of_a_new_file_can_be_uncommented(tmp_path: Path, language: str) -> None:
    text = re.sub(r"(?m)^#(?! )", "", new_config_text(language))
    config = loaded(tmp_path, text)
    default = loaded(tmp_path, "")
    assert config.timezone == default.timezone
    assert config.database == database_address(default, {}, None)
    assert config.policy.hours.week[:6] == default.policy.hours.week[:6]
    assert config.policy.default == default.policy.default
    assert config.reply == default.reply
    assert config.messages_language == default.messages_language
    [shop] = config.platform_shops
    assert (shop.code, config.app(shop, {"JDTICKET_JD3_SECRET": "s"}).app_secret) == ("jd3", "s")
    assert set(config.templates) == {"shipped"}
    assert replace(config.reminders, escalate=()) == default.reminders
    assert config.reminders.escalate[0].channel == "night"
    assert [channel.name for channel in config.channels] == ["cs-group", "night"]
    assert config.channels[0].shops == ("jd3",)
    assert config.duties[0].weekdays == frozenset(range(5))
    assert set(config.message_templates) == {ReminderRule.BEFORE}


def test_the_examples_of_a_new_file_fit_the_shops_that_it_was_given(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^#(?! )", "", new_config_text("en", shops=SHOPS))
    assert loaded(tmp_path, text).channels[0].shops == ("jd3", "jd4", "jd5")
    assert [shop.code for shop in loaded(tmp_path, text).platform_shops] == ["jd5"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("shops", [(), SHOPS[:1], SHOPS])
def test_a_new_file_shows_an_application_below_its_last_shop(
    tmp_path: Path, language: str, shops: tuple[Shop, ...]
) -> None:
    text = new_config_text(language, shops=shops)
    *_before, comment, example = text.rstrip("\n").splitlines()
    assert comment.startswith("# ")
    assert "`jdticket sync`" in comment
    assert_speaks(comment.replace("JD", ""), language)
    assert tomllib.loads(example.removeprefix("#"))["jos"].keys() == {
        "app_key",
        "app_secret_env",
        "redirect_uri",
    }
    assert loaded(tmp_path, text).platform_shops == ()


def test_the_comments_of_a_new_english_file_are_english() -> None:
    comments = [line for line in new_config_text("en").splitlines() if line.startswith("# ")]
    assert len(comments) > 10
    assert_speaks("\n".join(comments), "en")


def test_a_new_file_is_for_its_owner_only_and_so_are_new_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    write_new(path, "# 设置\n")
    assert path.read_bytes() == "# 设置\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path, "mine")
    with pytest.raises(RefusedError, match="exists and is left as it is"):
        write_new(path, "yours")
    assert path.read_text() == "mine"


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError):
        write_new(path, "text")
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written: "):
        write_new(tmp_path / "file" / "config.toml", "text")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_nothing_half_written_is_left_on_a_full_disk(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path;"
        "from jdticket.settings.reading import write_new;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "write_new(Path(sys.argv[1]), 'x' * 1000)"
    )
    path = tmp_path / "config.toml"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, encoding="utf-8", check=False
    )
    assert "ConfigError" in done.stderr
    assert not path.exists()


# Start-up


def test_reading_no_file_imports_no_reader() -> None:
    script = (
        "import sys; from jdticket.settings.reading import load_config;"
        "load_config(None, {'JDTICKET_CONFIG': '/none'});"
        "print(sorted({'tomllib', 'tomlkit', 'platformdirs', 'difflib', 'string'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "[]\n"
