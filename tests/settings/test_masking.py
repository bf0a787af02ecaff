from __future__ import annotations

from pathlib import Path

import pytest

from jdticket.errors import ConfigError
from jdticket.settings.masking import masked
from jdticket.settings.secrets import held_by, shown_variable
from tests.settings.files import EVERYTHING, loaded


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
                "secret_env": "SEC0f3c9d2e8b7a65544332211009988ff",
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
                "secret_env": "***",
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


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("JDTICKET_CS_SECRET", "JDTICKET_CS_SECRET"),
        ("JD3_APP_SECRET_2026_11", "JD3_APP_SECRET_2026_11"),
        ("HOOK2", "HOOK2"),
        ("a1b2c3d4e5f60718293a4b5c6d7e8f90", "***"),
        ("SEC0f3c9d2e8b7a65544332211009988ff", "***"),
        ("aB3dE5fG7hI9jK1lM3nO5pQ7", "***"),
    ],
)
def test_a_secret_in_the_place_of_a_variables_name_is_hidden(name: str, shown: str) -> None:
    assert shown_variable(name) == shown
    with pytest.raises(ConfigError) as caught:
        held_by(name, {}, None, "channels[1].secret_env")
    assert (name in caught.value.message) == (shown == name)
