from __future__ import annotations

import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from jdticket.domain.reminders import ReminderRule
from jdticket.errors import ConfigError, RefusedError
from jdticket.settings.new_file import new_config_text, write_new
from jdticket.settings.paths import database_address
from jdticket.settings.types import Manager, Shop
from tests.language import assert_speaks
from tests.settings.files import loaded, written

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
        "platform_words": {},
        "columns": {},
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
    assert config.reminders._replace(escalate=()) == default.reminders
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
    *_before, comment, _file, _sign_in, example = text.rstrip("\n").splitlines()
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
        "from jdticket.settings.new_file import write_new;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "write_new(Path(sys.argv[1]), 'x' * 1000)"
    )
    path = tmp_path / "config.toml"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, encoding="utf-8", check=False
    )
    assert "ConfigError" in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("shops", [(), SHOPS[1:2]])
def test_a_new_file_shows_what_few_know_of(shops: tuple[Shop, ...]) -> None:
    lines = new_config_text("en", shops=shops).splitlines()
    for begin in (
        "#aliases = ",
        "#manager = ",
        "# or: heartbeat_url_env = ",
        "# or: app_secret_file = ",
        "# or: oauth_url = ",
    ):
        assert any(line.startswith(begin) for line in lines), begin
