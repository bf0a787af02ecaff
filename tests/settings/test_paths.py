from __future__ import annotations

from pathlib import Path

import pytest

from jdticket.settings.paths import config_path, database_address, peek_language
from tests.settings.files import loaded, written


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
