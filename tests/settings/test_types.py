from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from jdticket.domain.authorisation import App
from jdticket.domain.channels import Channel
from jdticket.errors import ConfigError, InputError
from jdticket.settings.types import ChannelSettings, Config, Shop
from tests.settings.files import EVERYTHING, JOS, loaded, problems

# Shops


def two_shops(folder: Path) -> Config:
    return loaded(folder, '[[shops]]\ncode = "jd3"\nname = "京东3店"\n[[shops]]\ncode = "Main"\n')


@pytest.mark.parametrize(
    ("text", "code"), [("jd3", "jd3"), (" JD3 ", "jd3"), ("京东3店", "jd3"), ("main", "Main")]
)
def test_a_shop_is_known_by_its_code_or_its_name(tmp_path: Path, text: str, code: str) -> None:
    assert two_shops(tmp_path).shop(text).code == code
    assert two_shops(tmp_path).shop_code(text) == code


@pytest.mark.parametrize("text", ["京东8店", "京东八店", "jd8", "jd33", "jd"])
def test_another_number_is_another_shop_and_no_slip(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        two_shops(tmp_path).shop(text)
    assert "did you mean" not in caught.value.message
    assert "known: jd3 (京东3店), Main." in caught.value.message


def test_an_unknown_shop_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        two_shops(tmp_path).shop("天猫店")
    assert caught.value.message == (
        "There is no shop “天猫店” in the configuration; known: jd3 (京东3店), Main."
    )


@pytest.mark.parametrize(("text", "near"), [("dj3", "jd3"), ("京东三店", "jd3"), ("MAIM", "Main")])
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
        f"{config.path}: channels[manager].secret_env: the environment variable FEISHU_SECRET is not set; "
        "set it where the command runs (in cron: a line in the crontab)."
    )


def test_a_channel_is_filled_in_from_the_environment(tmp_path: Path) -> None:
    channel = loaded(tmp_path, EVERYTHING).channel(
        "manager", {"FEISHU_URL": " https://hook\n", "FEISHU_SECRET": "s"}
    )
    assert channel == ChannelSettings("manager", "feishu", "https://hook", "s", (), (), night=True)


def test_what_decides_who_hears_of_what_is_the_channel_without_its_address(tmp_path: Path) -> None:
    group, manager, *_others = (settings.channel for settings in loaded(tmp_path, EVERYTHING).channels)
    assert group == Channel(
        "cs-group", ("jd3", "jd4"), ("13800000000", "all", "li"), night=False, kind="wecom"
    )
    assert manager == Channel("manager", (), (), night=True, kind="feishu")


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
    assert "channels[c].kind" in found


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
