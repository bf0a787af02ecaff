from __future__ import annotations

import pytest

from jdticket.text import is_web_address


@pytest.mark.parametrize(
    "url",
    [
        "https://api.jd.com/routerjson",
        "http://127.0.0.1:8080",
        "HTTPS://API.JD.COM/",
        "https://[::1]:8443/x",
        "https://user:pass@host/?a=b#c",
        "http://京东.example/",
    ],
)
def test_a_server_can_be_asked_at_a_web_address(url: str) -> None:
    assert is_web_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.jd.com/routerjson",
        "//api.jd.com/routerjson",
        "ftp://api.jd.com/",
        "file:///etc/hosts",
        "https:",
        "https://",
        "https:///routerjson",
        "https://:443/",
        "https://user@/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:port/",
        "https://[::1/",
        "https://a℀b/",
        "javascript:alert(1)",
    ],
)
def test_no_server_can_be_asked_at_anything_else(url: str) -> None:
    assert not is_web_address(url)
