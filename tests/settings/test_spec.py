from __future__ import annotations

import re
from pathlib import Path

import pytest

from jdticket.domain.reminders import ReminderRule
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.i18n import translator
from jdticket.settings.checks import CHANNEL_KINDS, Place, Report
from jdticket.settings.new_file import new_config_text
from jdticket.settings.spec import (
    ANY,
    DEFAULT_TIMEZONE,
    FLAG,
    KEYS,
    NUMBER,
    TABLE,
    TABLES,
    TEXT,
    TEXT_OR_FALSE,
    TEXTS,
    WORDED_RULES,
    Key,
    below,
    key_of,
)
from tests.language import assert_speaks
from tests.settings.files import problems
from tests.settings.keys import DURATIONS, TYPES, keys, with_key_table

ALL = [(table, key) for table, keys in KEYS.items() for key in keys]
EVERY_KEY = pytest.mark.parametrize(("table", "key"), ALL, ids=[f"{table}.{key.name}" for table, key in ALL])


def test_no_key_stands_twice_in_its_table() -> None:
    for held in KEYS.values():
        assert len({key.name for key in held}) == len(held)


def test_every_table_is_a_key_of_the_one_above_it() -> None:
    tables = [below(table, key.name) for table, key in ALL if key.type in (TABLE, TABLES)]
    assert sorted(tables) == sorted(KEYS.keys() - {""})


@EVERY_KEY
def test_a_default_is_what_its_key_may_hold(table: str, key: Key) -> None:
    types: dict[str, type] = {TEXT: str, TEXT_OR_FALSE: str, TEXTS: list, FLAG: bool, NUMBER: int}
    never = key.type == TEXT_OR_FALSE and key.default is False
    assert key.default is None or never or type(key.default) is types[key.type]
    report = Report()
    if key.default is not None and not never and key.check is not None:
        assert key.check(key.default, Place((), report)) is not None
    assert report.problems == []


@EVERY_KEY
def test_every_key_has_its_meaning_in_both_languages(table: str, key: Key) -> None:
    if key.text is None:
        assert key.type in (TABLE, TABLES)
        return
    for language in ("zh", "en"):
        for line in key.text.told(translator(language).gettext):
            assert_speaks(
                line,
                language,
                allow=[", ".join(Kind), ", ".join(WORDED_RULES), ", ".join(PlatformState), *CHANNEL_KINDS],
            )
            assert line


def test_a_text_of_ones_own_is_for_the_rules_about_one_ticket() -> None:
    assert set(WORDED_RULES) < set(ReminderRule)


def test_a_key_is_found_by_its_name_and_any_name_where_any_will_do() -> None:
    assert key_of("", "timezone").default == DEFAULT_TIMEZONE
    assert key_of("templates", "shipped").name == ANY
    with pytest.raises(KeyError):
        key_of("reply", "shipped")


@pytest.mark.parametrize("table", ["", "service_hours", "deadline.kinds", "reply", "reminders"])
def test_the_complaint_about_an_unknown_key_names_those_of_the_table(tmp_path: Path, table: str) -> None:
    (found,) = problems(tmp_path, (f"[{table}]\n" if table else "") + "qqqqqq = 1")
    assert found.endswith("known here: " + ", ".join(key.name for key in KEYS[table]) + ".")


def test_every_key_with_a_default_stands_in_a_new_file_under_its_table() -> None:
    first, *rest = re.split(r"(?m)^\[([a-z_.]+)\]$", new_config_text("en"))
    shown = {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}
    assert {"service_hours", "deadline", "reply", "messages", "reminders"} < shown.keys()
    for table, text in shown.items():
        for key in KEYS[table]:
            assert key.default is None or re.search(rf"(?m)^#{key.name} = ", text), key.name


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_of_the_documents_is_made_of_the_spec(language: str) -> None:
    rows = "".join(f"| `{name}` | ? | in words | means {name} |\n" for name, _key in reversed([*keys()]))
    made = with_key_table(f"<!-- keys -->\n| head |\n| --- |\n{rows}<!-- /keys -->\n", language)
    lines = made.splitlines()[3:-1]
    assert [line.split("`")[1] for line in lines] == [name for name, _key in keys()]
    assert f'| `deadline.default` | {DURATIONS[language][TEXT]} | `"4h"` | means deadline.default |' in lines
    assert f"| `channels.night` | {TYPES[language][FLAG]} | `false` | means channels.night |" in lines
    assert f"| `channels.url` | {TYPES[language][TEXT]} | in words | means channels.url |" in lines


def test_a_key_without_a_row_is_told() -> None:
    with pytest.raises(KeyError):
        with_key_table("<!-- keys -->\n| head |\n| --- |\n<!-- /keys -->\n", "en")
