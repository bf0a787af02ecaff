"""The program with robots to remind in, and with tickets that are urgent."""

from __future__ import annotations

from datetime import timedelta

from jdticket import clock
from tests.channels.robots import Robots

from .running import Program, row, table

ALL_DAY = '[service_hours]\ndaily = ["00:00-24:00"]\n[messages]\nlanguage = "en"\n'
WECOM_KEY = "wecom-key-693a91f6"
SECRETS = {
    "wecom": (WECOM_KEY, ""),
    "dingtalk": ("dingtalk-token-566cc69d", "SEC-dingtalk-5d1f"),
    "feishu": ("feishu-hook-7f3c2c31", "feishu-secret-77aa"),
}


def channel(name: str, kind: str, **keys: str | bool | list[str]) -> str:
    values = {"name": name, "kind": kind} | keys
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in values.items()
    ]
    return "\n".join(["[[channels]]", *lines, ""])


def group(robots: Robots, robot: str, **keys: str | bool | list[str]) -> str:
    """The channel "robot-group" to a robot of this kind, signed where it can be."""
    key, secret = SECRETS[robot]
    signed = {"secret": secret} if secret else {}
    url = getattr(robots, robot)(key, **signed)
    return channel(f"{robot}-group", robot, url=url, **signed, **keys)


def urgent(program: Program, *numbers: int, minutes_left: int = 25, shop: str = "") -> None:
    """Take in tickets that have so much time left."""
    created = clock.system_now() - timedelta(hours=4) + timedelta(minutes=minutes_left)
    told = f"{created + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"
    rows = [row(number, told, "CRC高危投诉", "急 13812345678") for number in numbers or (59088842,)]
    program.ok("import", "-", *(("--shop", shop) if shop else ()), stdin=table(*rows))


def ready(program: Program, *channels: str, more: str = "") -> None:
    """One urgent ticket, and these channels."""
    program.configure(ALL_DAY + more + "".join(channels))
    urgent(program)
