"""demo: the main job in one command, on a store of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path

import typer

from jdticket import clock
from jdticket.cli.options import example
from jdticket.cli.session import Session
from jdticket.deadlines import DeadlinePolicy
from jdticket.errors import JdticketError
from jdticket.i18n import _, language

app = typer.Typer()


@app.command(
    "demo",
    rich_help_panel=_("Setting up and looking after it"),
    help=_(
        "See the main job on sample tickets in a throw-away store: import, list, reply, report an outage."
    ),
    epilog=example("jdticket demo"),
)
def demo(ctx: typer.Context) -> None:
    session = Session(ctx)
    folder = Path(tempfile.mkdtemp(prefix="jdticket-demo-"))
    config = folder / "config.toml"
    config.write_text(
        f'language = "{language()}"\ndatabase = "demo.db"\n\n[[shops]]\ncode = "jd3"\nname = "京东3店"\n\n'
        '[[shops]]\ncode = "jd5"\nname = "京东5店"\n',
        encoding="utf-8",
    )
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
    typer.echo()
    typer.echo(
        _("That was the demo. Its store is yours to play with, and to delete: {folder}").format(folder=folder)
    )
    typer.echo("  " + shlex.join(["jdticket", "--config", str(config), "list", "--pending"]))


class _Steps:
    """Runs the program itself, step by step, so that what is shown is what it really says."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def __call__(self, heading: str, *arguments: str) -> None:
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
        done = subprocess.run(call, check=False, env=environ, stdin=subprocess.DEVNULL)  # noqa: S603
        if done.returncode:
            raise JdticketError(
                _("This step of the demo failed with exit code {code}.").format(code=done.returncode)
            )


def _sample(session: Session) -> str:
    """The sample export, its times moved so that the desk shows every urgency, whatever the hour is.

    In the sample, ``<-1h20m>`` stands for the moment at which, counting service time only, 1 h 20 min
    have passed since.
    """
    policy: DeadlinePolicy = session.config.policy
    lines = resources.files("jdticket").joinpath("sample.csv").read_text(encoding="utf-8").splitlines()
    return "\r\n".join(_with_times(line, session, policy) for line in lines) + "\r\n"


def _with_times(line: str, session: Session, policy: DeadlinePolicy) -> str:
    before, mark, rest = line.partition("<-")
    if not mark:
        return line
    ago, _mark, after = rest.partition(">")
    moment = policy.hours.before(session.now, clock.parse_duration(ago))
    return before + moment.astimezone(session.zone).strftime("%Y-%m-%d %H:%M:%S") + after
