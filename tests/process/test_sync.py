"""Syncs that meet, one that is interrupted, and one that really waits before it asks again."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from jdticket import clock
from jdticket.demo.gateway import Gateway
from jdticket.demo.interfaces import WORKLIST
from jdticket.demo.work_orders import sample_orders
from tests.cli.platform import set_up, sign_in, signed_in, waiting
from tests.cli.running import Program


@pytest.fixture
def platform(program: Program) -> Iterator[Gateway]:
    """The shop jd3, signed in."""
    with signed_in(program) as running:
        yield running


def test_eight_at_once_renew_it_once_and_take_each_ticket_in_once(
    program: Program, platform: Gateway
) -> None:
    platform.add_orders("jd3", waiting(*range(84700001, 84700021)))
    program.ok("list")
    platform.expire_tokens("jd3")
    running = [program.start("sync", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(8)]
    for one in running:
        _out, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
    assert len(program.tickets()) == 20
    assert program.sql("SELECT count(*) FROM events") == [(20,)]
    assert [call.path for call in platform.calls].count("/oauth2/refresh_token") == 1


def test_ctrl_c_keeps_what_was_read_and_lets_the_next_one_begin(program: Program, platform: Gateway) -> None:
    platform.add_orders("jd3", sample_orders(75, clock.system_now()))
    program.ok("list")
    platform.fault("never", method=WORKLIST, after=3)
    pages: list[int] = []
    waits_for_a_page = threading.Event()

    def asked(_merchant: str, page: int) -> None:
        pages.append(page)
        if len(pages) == 4:
            waits_for_a_page.set()

    platform.on_page = asked
    running = program.start("sync", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert waits_for_a_page.wait(30)
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=30)
    assert (running.returncode, b"Interrupted" in err) == (130, True)
    assert program.tickets()
    assert "tickets read" in program.ok("sync").out


def test_ctrl_c_ends_several_shops_in_one_sentence(program: Program, platform: Gateway) -> None:
    set_up(program, platform, ("jd3", "jd5"))
    sign_in(program, platform, "jd5")
    program.ok("list")
    platform.fault("never", method=WORKLIST, times=-1)
    both = threading.Barrier(3, timeout=30)
    platform.on_page = lambda _merchant, _page: both.wait()
    running = program.start("sync", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    both.wait()
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=30)
    assert (running.returncode, err.decode().strip()) == (
        *(130, "Error: Interrupted. What was not finished has not been kept."),
    )


def test_it_waits_before_it_asks_again(program: Program, platform: Gateway) -> None:
    platform.add_orders("jd3", waiting(84700001))
    platform.fault("status", status=502, method=WORKLIST)
    begin = time.monotonic()
    assert program.process.ok("sync").out == "jd3: 1 new, 0 changed, 1 tickets read.\n"
    assert time.monotonic() - begin > 0.5
