"""demo: the main job in one command, on a store of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jdticket import clock
from jdticket.cli.options import example
from jdticket.cli.session import Session
from jdticket.domain.deadlines import DeadlinePolicy
from jdticket.errors import JdticketError, PlatformError
from jdticket.i18n import _, language

if TYPE_CHECKING:
    from jdticket.demo.work_orders import WorkOrder

app = typer.Typer()
_SECRET = "JDTICKET_DEMO_SECRET"  # noqa: S105 - the name of a variable


@app.command(
    "demo",
    rich_help_panel=_("Setting up and looking after it"),
    help=_(
        "See the main job on sample tickets in a throw-away store: import, list, reply, report an outage."
    ),
    epilog=example("jdticket demo"),
)
def demo(
    ctx: typer.Context,
    platform: Annotated[
        bool,
        typer.Option(
            "--platform", help=_("Show sync and send instead, against a stand-in for JD's open platform.")
        ),
    ] = False,
) -> None:
    session = Session(ctx)
    if platform:
        _platform(session)
        return
    folder = Path(tempfile.mkdtemp(prefix="jdticket-demo-"))
    config = folder / "config.toml"
    config.write_text(
        f'language = "{language()}"\ndatabase = "demo.db"\n\n[[shops]]\ncode = "jd3"\nname = "京东3店"\n\n'
        '[[shops]]\ncode = "jd5"\nname = "京东5店"\n',
        encoding="utf-8",
    )
    config.chmod(0o600)
    sample = folder / "sample.csv"
    sample.write_bytes(_sample(session).encode("gb18030"))
    step = _Steps(config)
    step(
        _("1. Take in an export of the back office (GBK, titles above the header, protected numbers)"),
        "import",
        str(sample),
    )
    step(_("2. What must be answered first, and how long is left?"), "list", "--pending")
    step(
        _("3. Record a reply; the last digits of the number are enough"),
        *("reply", "842", "-m", "您好，包裹今天18点前发出，运单号JDX0123456789，请留意查收。"),
    )
    step(
        _("4. A power cut: put it on record and tell the operations manager"),
        *("report-outage", "--reason", "power", "--shop", "jd3", "--manager", "张经理", "--via", "phone"),
    )
    step(
        _("5. The operations manager grants more time"),
        "outage",
        "contact",
        "1",
        "--via",
        "phone",
        "--granted-until",
        _("tomorrow") + " 18:00",
    )
    step(_("6. The desk now"), "list")
    _end(folder, config)


def _end(folder: Path, config: Path) -> None:
    typer.echo()
    typer.echo(
        _("That was the demo. Its store is yours to play with, and to delete: {folder}").format(folder=folder)
    )
    typer.echo("  " + shlex.join(["jdticket", "--config", str(config), "list", "--pending"]))


def _platform(session: Session) -> None:
    """A shop's day with the platform, which is played on this machine: the real one is never asked."""
    from jdticket.demo.gateway import Gateway
    from jdticket.demo.interfaces import REPLY
    from jdticket.demo.work_orders import SUBTYPES

    folder = Path(tempfile.mkdtemp(prefix="jdticket-demo-"))
    config = folder / "config.toml"
    app_key, secret, merchant = "demo-app", "demo-secret", "jd3"
    with Gateway() as gateway:
        gateway.add_app(app_key, secret)
        gateway.add_merchant(merchant)
        gateway.add_orders(merchant, _orders(session))
        config.write_text(
            f'language = "{language()}"\ndatabase = "demo.db"\n\n[[shops]]\ncode = "jd3"\nname = "京东3店"\n'
            f'jos = {{ app_key = "{app_key}", app_secret_env = "{_SECRET}", '
            f'redirect_uri = "https://shop.example.com/back", url = "{gateway.url}", '
            f'oauth_url = "{gateway.oauth_url}" }}\n',
            encoding="utf-8",
        )
        config.chmod(0o600)
        step = _Steps(config, {_SECRET: secret})
        step(_("1. Sign the shop in: the address to open, and the code that comes back"), "auth", "login")
        step(
            _("   (a person agrees in the browser)"),
            "auth",
            "login",
            "--code",
            gateway.code_for(app_key, merchant),
        )
        step(_("2. Fetch the tickets: 75, in all five states"), "sync")
        step(_("3. What must be answered first?"), "list", "--pending", "--limit", "8")
        waiting = [order for order in gateway.orders(merchant).values() if order.status == 1][-3:]
        first, second, third = (str(order.work_id) for order in waiting)
        types = [str(next(iter(SUBTYPES[order.biztype_id]))) for order in waiting]
        text = ("-m", "您好，包裹今天18点前发出，运单号JDX0123456789，请留意查收。", "--send")
        step(_("4. Reply, on the platform, too"), "reply", first, *text, "--subtype", types[0])
        gateway.fault("lost", method=REPLY)
        step(
            _("5. The answer gets lost on its way: it is looked up, not sent twice"),
            *("reply", second, *text, "--subtype", types[1]),
        )
        gateway.fault("error", method=REPLY, code="2", desc="限制时间内调用失败次数")
        step(
            _("6. The platform refuses: the reply stays on record, and is marked"),
            *("reply", third, *text, "--subtype", types[2]),
            code=PlatformError.exit_code,
        )
        step(_("   What has not arrived, and once more"), "replies", "--unsent")
        step("", "send", "--all", "--subtype", types[2])
        _let_the_second_pass()
        gateway.orders(merchant)[int(first)].status = 5
        step(_("7. The platform rejects the first reply: its ticket waits again"), "sync")
        step("", "show", first)
        gateway.expire_tokens(merchant)
        step(_("8. The authorisation ends in between: it is renewed, and nobody notices"), "sync")
        step("", "auth", "status")
    _end(folder, config)
    typer.echo(
        _("The stand-in for the platform has ended with the demo: sync and send do not work any more.")
    )


def _let_the_second_pass() -> None:
    """Wait for the clock's next second: what is shown within that of a reply may be older than the reply."""
    present = clock.system_now()
    while clock.system_now() == present:
        time.sleep(0.01)


def _orders(session: Session) -> list[WorkOrder]:
    """75 work orders in all five states; those on which something waits came in lately."""
    from jdticket.demo.work_orders import sample_orders

    orders = sample_orders(75, session.now)
    waiting = [order for order in orders if order.status in {1, 5}]
    for n, order in enumerate(reversed(waiting)):
        ago = timedelta(minutes=8 * n + 3)
        created = session.config.policy.hours.before(session.now, ago)
        later = created - order.created
        # Never after now: a closed night may lie between.
        order.logs = [replace(log, at=min(log.at + later, session.now)) for log in order.logs]
        order.created = created
    return orders


class _Steps:
    """Runs the program itself, step by step, so that what is shown is what it really says."""

    def __init__(self, config: Path, environ: Mapping[str, str] | None = None) -> None:
        self._config = config
        self._environ = environ or {}

    def __call__(self, heading: str, *arguments: str, code: int = 0) -> None:
        if heading:
            typer.echo()
            typer.secho(heading, bold=True)
        typer.secho("$ " + shlex.join(["jdticket", *arguments]), dim=True)
        sys.stdout.flush()
        call = [
            sys.executable,
            "-m",
            "jdticket",
            "--config",
            str(self._config),
            "--lang",
            language(),
            *arguments,
        ]
        environ = {name: value for name, value in os.environ.items() if name != "JDTICKET_DB"}
        environ |= self._environ
        done = subprocess.run(call, check=False, env=environ, stdin=subprocess.DEVNULL)  # noqa: S603
        if done.returncode != code:
            raise JdticketError(
                _("This step of the demo failed with exit code {code}.").format(code=done.returncode)
            )


def _sample(session: Session) -> str:
    """The sample export, its times moved so that the desk shows every urgency, whatever the hour is.

    In the sample, ``<-1h20m>`` stands for the moment at which, counting service time only, 1 h 20 min
    have passed since.
    """
    policy: DeadlinePolicy = session.config.policy
    lines = resources.files("jdticket.demo").joinpath("sample.csv").read_text(encoding="utf-8").splitlines()
    return "\r\n".join(_with_times(line, session, policy) for line in lines) + "\r\n"


def _with_times(line: str, session: Session, policy: DeadlinePolicy) -> str:
    before, mark, rest = line.partition("<-")
    if not mark:
        return line
    ago, _mark, after = rest.partition(">")
    moment = policy.hours.before(session.now, clock.parse_duration(ago))
    return before + moment.astimezone(session.zone).strftime("%Y-%m-%d %H:%M:%S") + after
