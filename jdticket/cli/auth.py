"""auth login, status, refresh: the shops' authorisations on the platform."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from jdticket import clock
from jdticket.cli.app import Group
from jdticket.cli.options import AsJson, example
from jdticket.cli.platform import PlatformSession
from jdticket.cli.session import Session
from jdticket.domain.authorisation import Token
from jdticket.domain.sources import SourceState
from jdticket.errors import ConfigError, InputError, JdticketError, Trouble, UsageError
from jdticket.i18n import _
from jdticket.settings.types import Shop
from jdticket.text import one_line
from jdticket.views.screen import Cell
from jdticket.words import listed, os_reason, platform_trouble

if TYPE_CHECKING:
    from jdticket.platform.oauth import OAuth

_SIGN_IN_SECONDS = 600.0  # a code holds for a few minutes

app = typer.Typer(
    cls=Group,
    subcommand_metavar=_("COMMAND …"),
    name="auth",
    rich_markup_mode="rich",
    no_args_is_help=True,
    rich_help_panel=_("The platform"),
    help=_("Sign the shops in on JD's open platform: login, status, refresh. Tokens are never shown."),
)
ShopName = Annotated[
    str | None, typer.Argument(metavar=_("SHOP"), help=_("The shop's code or name; not needed for one."))
]


@app.command(
    "login",
    help=_(
        "Sign a shop in: open the address that is shown, agree there with the shop's main account, and paste "
        "the address that the browser is sent to, or the code in it."
    ),
    epilog=example("jdticket auth login jd3"),
)
def login(
    ctx: typer.Context,
    shop: ShopName = None,
    code: Annotated[
        str | None,
        typer.Option(
            metavar=_("CODE"),
            help=_("The code, or the whole address; - is standard input. Else you are asked."),
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help=_("Take another account than before without asking."))
    ] = False,
) -> None:
    from jdticket.platform.oauth import OAuth

    session = Session(ctx)
    session.must_be_now()
    platform = PlatformSession(session)
    one = _one_shop(platform, shop)
    app = session.config.app(one, os.environ)
    if not app.redirect_uri:
        raise ConfigError(
            _(
                "Shop {shop}: its application needs redirect_uri in the configuration, the callback address "
                "it has on the platform."
            ).format(shop=one.code)
        )
    oauth = OAuth(app)
    if code is None:
        typer.echo(_("Open this in a browser, signed in as the shop {shop}:").format(shop=one.name))
        typer.echo(oauth.address())
        if not session.interactive:
            then = _("Within a few minutes: jdticket auth login {shop} --code CODE")
            typer.echo(then.format(shop=one.code))
            return
        pasted = _from_browser(session, oauth, app.redirect_uri) or _asked_for(session, oauth)
    else:
        pasted = oauth.code_in(sys.stdin.readline() if code == "-" else code)
    session.begin()
    others = [other.code for other in session.config.platform_shops if other.code != one.code]
    token = platform.authorisation(one).sign_in(pasted, others, lambda: yes or _may_change(session, one))
    until = clock.moment_in_words(token.expires_at, clock.system_now(), session.zone)
    typer.echo(_("Shop {shop} is signed in until {until}.").format(shop=one.name, until=until))
    typer.echo(_("Next: jdticket sync --shop {shop}").format(shop=one.code))


def _may_change(session: Session, shop: Shop) -> bool:
    """Whether a person at a terminal means another account than before."""
    asked = _("Shop {shop} was signed in with another account before. Is this one right?")
    return session.interactive and typer.confirm(asked.format(shop=shop.name))


def _from_browser(session: Session, oauth: OAuth, redirect_uri: str) -> str | None:
    """The code that the browser brings to this machine, or that a person pastes meanwhile; None: the callback
    address is not one to listen at."""
    import select

    from jdticket.platform.loopback import Loopback, can_listen

    if not can_listen(redirect_uri):
        return None
    try:
        loopback = Loopback(redirect_uri, oauth.code_in)
    except OSError as error:
        session.say(
            _("{address} cannot be listened at: {why}").format(address=redirect_uri, why=os_reason(error))
        )
        return None
    session.say(_("Waiting for the browser; or paste the address that it was sent to, or the code in it:"))
    # On Windows nobody can wait for a keyboard and a browser at once; --code takes what is pasted there.
    places: list[Loopback | TextIO] = [loopback] if os.name == "nt" else [loopback, sys.stdin]
    until = time.monotonic() + _SIGN_IN_SECONDS
    try:
        while (left := until - time.monotonic()) > 0:
            for ready in select.select(places, [], [], left)[0]:
                if isinstance(ready, Loopback):
                    loopback.take()
                    if loopback.code is not None:
                        return loopback.code
                    if loopback.refused:
                        session.say(loopback.refused)
                    continue
                line = ready.readline()
                if not line:
                    raise typer.Abort
                try:
                    return oauth.code_in(line)
                except UsageError as error:
                    session.say(error.message)
    finally:
        loopback.close()
    raise InputError(_("Nobody came back from the platform in time; begin again: jdticket auth login"))


def _asked_for(session: Session, oauth: OAuth) -> str:
    """The code in what a person pastes, asked for until there is one."""
    question = _("The address that the browser was sent to, or the code in it")
    while True:
        try:
            return oauth.code_in(str(typer.prompt(question, prompt_suffix=_(": "))))
        except UsageError as error:
            session.say(error.message)


def _one_shop(platform: PlatformSession, named: str | None) -> Shop:
    shops = platform.shops([named] if named else None)
    if len(shops) > 1:
        raise UsageError(_("Say which shop: {shops}").format(shops=listed(shop.code for shop in shops)))
    return shops[0]


@app.command(
    "status",
    help=_("Which shops are signed in and until when, and how the fetching of their tickets goes."),
    epilog=example("jdticket auth status"),
)
def status(ctx: typer.Context, shop: ShopName = None, as_json: AsJson = False) -> None:
    session = Session(ctx)
    platform = PlatformSession(session)
    shops = platform.shops([shop] if shop else None)
    sources = (
        {source.shop: source for source in session.reading().looking.sources()} if session.has_store else {}
    )
    tokens = {one.code: platform.kept_token(one) for one in shops}
    if as_json:
        from jdticket.views import plain

        plain.write_json_array(
            (
                plain.authorisation(one.code, tokens[one.code], session.now, session.zone)
                | plain.source(sources.get(one.code), session.zone)
                for one in shops
            ),
            sys.stdout,
        )
        return
    rows = []
    for one in shops:
        source = sources.get(one.code)
        seen = source.good_at if source else None
        rows.append(
            [
                Cell(one_line(one.name), "bold"),
                _state(session, tokens[one.code], source),
                Cell(clock.moment_in_words(seen, session.now, session.zone) if seen else _("never")),
                Cell(_trouble(session, one, source)),
            ]
        )
    session.screen.table([_("shop"), _("signed in"), _("last fetched"), _("trouble")], rows)


def _trouble(session: Session, shop: Shop, source: SourceState | None) -> str:
    try:
        session.config.app(shop, os.environ)
    except ConfigError as error:
        return error.message
    if source is None or source.trouble is None:
        return "-"
    return platform_trouble(source.trouble, source.code, one_line(source.words), shop.code)


def _state(session: Session, token: Token | None, source: SourceState | None) -> Cell:
    if token is None:
        return Cell(_("no"), "bold red")
    refused = source is not None and source.trouble is Trouble.SIGNED_OUT
    if refused and source is not None and source.failing_since and token.got_at <= source.failing_since:
        return Cell(_("no longer"), "bold red")
    until = clock.moment_in_words(token.expires_at, session.now, session.zone)
    if token.expires_at <= session.now:
        return Cell(_("ended {when}").format(when=until), "bold red")
    return Cell(_("until {when}").format(when=until), "green")


@app.command(
    "refresh",
    help=_("Renew the authorisation of a shop, or of all, now; it is renewed by itself in time."),
    epilog=example("jdticket auth refresh jd3"),
)
def refresh(ctx: typer.Context, shop: ShopName = None) -> None:
    session = Session(ctx)
    session.must_be_now()
    platform = PlatformSession(session)
    failed = 0
    for one in platform.shops([shop] if shop else None):
        try:
            token = platform.authorisation(one).refresh()
        except JdticketError as error:
            failed = failed or error.exit_code
            session.say(_("{where}: {what}").format(where=one.name, what=error.message))
            continue
        until = clock.moment_in_words(token.expires_at, clock.system_now(), session.zone)
        typer.echo(_("Shop {shop} is signed in until {until}.").format(shop=one.name, until=until))
    if failed:
        raise typer.Exit(failed)
