"""The program with shops that are signed in on the platform's stand-in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from jdticket import clock
from jdticket.demo.gateway import Gateway
from jdticket.demo.work_orders import WorkOrder
from tests.platform.stand_in import APP_KEY, APP_SECRET, SECRET_ENV, order, shops_toml

from .running import Program

ALL_DAY = '[service_hours]\ndaily = ["00:00-24:00"]\n[messages]\nlanguage = "en"\n'


def set_up(program: Program, gateway: Gateway, shops: Sequence[str] = ("jd3",), more: str = "") -> None:
    """A configuration for these shops, and the secret where it says."""
    program.configure(ALL_DAY + more + shops_toml(gateway, shops))
    program.environ[SECRET_ENV] = APP_SECRET


def sign_in(program: Program, gateway: Gateway, *shops: str) -> None:
    """Sign in these shops ("jd3" if none is named)."""
    for shop in shops or ("jd3",):
        program.ok("auth", "login", shop, "--code", gateway.code_for(APP_KEY, shop))


def ago(length: timedelta = timedelta(hours=1)) -> datetime:
    """So long before now."""
    return clock.system_now() - length


def in_the_next_second() -> None:
    """Come back when the clock shows another second: within one, nobody can tell what came first."""
    present = clock.system_now()
    while clock.system_now() == present:
        time.sleep(0.01)


def waiting(*numbers: int) -> list[WorkOrder]:
    """Work orders that came in an hour ago and wait."""
    return [order(number, ago()) for number in numbers]
