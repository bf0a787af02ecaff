"""The program with shops that are signed in on the platform's stand-in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from jdticket import clock
from jdticket.demo.gateway import Gateway
from jdticket.demo.work_orders import WorkOrder
from tests.platform.stand_in import APP_KEY, APP_SECRET, SECRET_ENV, gateway, order, shops_toml

from .running import Program

REPLY_TEXT = "您好，包裹今天18点前发出。"
ALL_DAY = '[service_hours]\ndaily = ["00:00-24:00"]\n[messages]\nlanguage = "en"\n'


def set_up(program: Program, gateway: Gateway, shops: Sequence[str] = ("jd3",), more: str = "") -> None:
    """A configuration for these shops, and the secret where it says."""
    program.configure(ALL_DAY + more + shops_toml(gateway, shops))
    program.environ[SECRET_ENV] = APP_SECRET


def sign_in(program: Program, gateway: Gateway, *shops: str) -> None:
    """Sign in these shops ("jd3" if none is named)."""
    for shop in shops or ("jd3",):
        program.ok("auth", "login", shop, "--code", gateway.code_for(APP_KEY, shop))


@contextmanager
def signed_in(program: Program) -> Iterator[Gateway]:
    """A platform with the shops jd3, which is signed in, and jd5, which the program does not know."""
    with gateway("jd3", "jd5") as running:
        set_up(program, running)
        sign_in(program, running)
        yield running


@contextmanager
def three_that_wait(program: Program) -> Iterator[Gateway]:
    """Three tickets that wait: two of a type with several second-level types, one of a type with one."""
    with gateway() as running:
        set_up(program, running)
        sign_in(program, running)
        running.add_orders(
            "jd3",
            [
                order(84700001, ago()),
                order(84700002, ago()),
                order(84700003, ago(), biztype_id=103, biztype_name="咨询"),
            ],
        )
        program.ok("sync")
        yield running


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


def reply(*more: str, number: str = "84700001") -> tuple[str, ...]:
    return ("reply", number, "-m", REPLY_TEXT, "--send", *more)


def replies_there(platform: Gateway, number: int = 84700001) -> list[str]:
    return [log.content for log in platform.orders("jd3")[number].logs if log.kind == "商家回复"]
