"""config path, show, check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from jdticket.cli.app import Group
from jdticket.cli.coverage import gap_lines, gap_lines_of_the_file
from jdticket.cli.options import example
from jdticket.cli.session import Session
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.errors import ConfigError
from jdticket.i18n import _
from jdticket.settings.masking import masked
from jdticket.settings.paths import config_path
from jdticket.text import quoted

if TYPE_CHECKING:
    from jdticket.settings.types import Config

app = typer.Typer(
    cls=Group,
    subcommand_metavar=_("COMMAND …"),
    name="config",
    rich_markup_mode="rich",
    no_args_is_help=True,
    rich_help_panel=_("Setting up and looking after it"),
    help=_("The configuration: where it is, what it says, whether it is sound."),
)


@app.command("path", help=_("Where the configuration is looked for."), epilog=example("jdticket config path"))
def path(ctx: typer.Context) -> None:
    session = Session(ctx)
    typer.echo(str(session.config_option or config_path(os.environ)))


@app.command(
    "show", help=_("What the configuration says, secrets hidden."), epilog=example("jdticket config show")
)
def show(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help=_("Answer in JSON."))] = False,
) -> None:
    import sys

    session = Session(ctx)
    document = masked(session.config.document)
    if as_json:
        from jdticket.views import plain

        plain.write_json(document, sys.stdout)
        return
    import tomlkit

    if session.config.path is None:
        session.say(_("There is no configuration file; every default holds. jdticket init writes one."))
    else:
        session.say(_("From {path}, secrets hidden:").format(path=session.config.path))
    typer.echo(tomlkit.dumps(document), nl=False)


@app.command(
    "check",
    help=_("Whether the configuration is sound; names every problem."),
    epilog=example("jdticket config check"),
)
def check(ctx: typer.Context) -> None:
    session = Session(ctx)
    found = session.config.path
    if session.config.bad_texts:
        raise ConfigError("\n".join(session.config.bad_texts.values()))
    if found is None:
        typer.echo(_("There is no configuration file; every default holds."))
    else:
        typer.echo(_("{path} is sound.").format(path=found))
        for line in _taught_otherwise(session.config):
            session.say("! " + line)
        for line in gap_lines(session) if session.has_store else gap_lines_of_the_file(session):
            session.say("! " + line)


def _taught_otherwise(config: Config) -> Iterator[str]:
    """Words of the platform that the configuration teaches a meaning other than their own: it holds, and
    where a word that waits is taught as an end, what waits is no longer on the screen."""
    for word, taught in config.platform_words.items():
        known = platform_state_from_words(word)
        if known not in {None, taught}:
            yield _(
                "[platform_words] “{word}” means {known} without being taught, and {taught} is what counts "
                "now; take the line out unless that is meant."
            ).format(word=quoted(word), known=known, taught=taught)
