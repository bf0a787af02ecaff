"""init: the first configuration."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from jdticket import clock
from jdticket.cli.options import example
from jdticket.cli.session import Session
from jdticket.i18n import _, language
from jdticket.settings.new_file import new_config_text, write_new
from jdticket.settings.paths import config_path
from jdticket.settings.spec import DEFAULT_TIMEZONE
from jdticket.settings.types import Manager, Shop

app = typer.Typer()


@app.command(
    "init",
    rich_help_panel=_("Setting up and looking after it"),
    help=_(
        "Write a commented config.toml; asks what it needs to know, or takes it from options. "
        "Never overwrites."
    ),
    epilog=example(
        "jdticket init --shop jd3 --shop-name 京东3店 --manager 张经理 --manager-phone 13800000000"
    ),
)
def init(
    ctx: typer.Context,
    shop: Annotated[str | None, typer.Option(metavar=_("CODE"), help=_("A short code for the shop."))] = None,
    shop_name: Annotated[str | None, typer.Option(metavar=_("NAME"), help=_("The shop's name."))] = None,
    manager: Annotated[
        str | None, typer.Option(metavar=_("NAME"), help=_("The JD operations manager's name."))
    ] = None,
    manager_phone: Annotated[
        str | None, typer.Option(metavar=_("NUMBER"), help=_("Their phone number."))
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar=_("ZONE"), help=_("The zone of the service hours."))
    ] = DEFAULT_TIMEZONE,
) -> None:
    session = Session(ctx)
    path = session.config_option or config_path(os.environ)
    clock.load_zone(timezone)
    if session.interactive and not path.exists():
        shop = shop or _ask(_("A short code for the shop, such as jd3 (Enter: only one shop, no code)"))
        if shop:
            shop_name = shop_name or _ask(_("The shop's name (Enter: the code)"))
            manager = manager or _ask(_("The JD operations manager's name (Enter: later)"))
            if manager:
                manager_phone = manager_phone or _ask(_("Their phone number (Enter: later)"))
    if not shop and (shop_name or manager or manager_phone):
        shop = "shop"
    shops = []
    if shop:
        person = Manager(manager or "", manager_phone or "", "") if manager or manager_phone else None
        shops = [Shop(shop.strip(), (shop_name or shop).strip(), person)]
    write_new(path, new_config_text(language(), timezone=timezone, shops=shops))
    typer.echo(_("Written: {path}").format(path=path))
    session.begin()
    typer.echo(_("Next: jdticket import FILE, then jdticket list --pending"))


def _ask(question: str) -> str | None:
    return str(typer.prompt(question, default="", show_default=False)).strip() or None
