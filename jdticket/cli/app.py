"""The tree of commands, built only as far as a call needs it, and the way errors reach a person."""

from __future__ import annotations

import copy
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info, get_group

from jdticket import __version__
from jdticket.cli.main import INTERRUPTED
from jdticket.domain.hours import NeverOpenError
from jdticket.errors import JdticketError, UsageError
from jdticket.i18n import _
from jdticket.text import quoted
from jdticket.words import os_reason

# Each command's module, in the order of the help. A module's Typer object holds the command; a
# module whose name is in _GROUPS is a command with commands of its own.
_MODULES = {
    "list": "looking",
    "show": "looking",
    "search": "looking",
    "check": "looking",
    "deadline": "looking",
    "add": "taking_in",
    "import": "taking_in",
    "reply": "answering",
    "assign": "answering",
    "note": "answering",
    "close": "answering",
    "void": "answering",
    "reopen": "answering",
    "report-outage": "reporting",
    "outage": "outage",
    "sync": "sync",
    "send": "sending",
    "replies": "sending",
    "auth": "auth",
    "remind": "remind",
    "reminders": "remind",
    "channel": "channel",
    "init": "settings",
    "config": "config",
    "cron": "cron",
    "demo": "demo",
    "export": "upkeep",
    "backup": "upkeep",
    "restore": "upkeep",
    "doctor": "upkeep",
    "recompute": "upkeep",
}
# Options of the root that every command understands.
_GLOBAL = {"lang", "db", "config", "now"}
_GROUPS = {"outage", "config", "cron", "channel", "auth"}
_UNKNOWN = 3


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made when it is asked for: importing all of them would double the
    start-up of every call. Each understands the options ``behind``, too."""

    def __init__(self, behind: Sequence[TyperOption]) -> None:
        self._behind = behind
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in _MODULES:
                raise KeyError(name)
            self._made[name] = _make(name, self._behind)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]


def _write_usage(command: TyperCommand | TyperGroup, ctx: Any, formatter: Any) -> None:
    """The usage line, whose "Usage" and "[OPTIONS]" Typer words in English without asking gettext."""
    _let_help_fold()
    command.options_metavar = _("[OPTIONS]")
    pieces = command.collect_usage_pieces(ctx)
    formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_("Usage: "))


def _worded(option: TyperOption | None) -> TyperOption | None:
    """The --help option, in the reader's language."""
    if option is not None:
        option.help = _("Show this help.")
    return option


@cache
def _let_help_fold() -> None:
    """Rich cuts off what it cannot wrap at a space, and Chinese has none: let help texts fold instead.

    Typer gives no way to say so; this wraps the function that makes its texts.
    """
    from rich.text import Text
    from typer import rich_utils

    make = rich_utils._make_rich_text

    def folding(**options: Any) -> Any:
        text = make(**options)
        if isinstance(text, Text):
            text.overflow = "fold"
        return text

    vars(rich_utils)["_make_rich_text"] = folding


class Command(TyperCommand):
    """A command, in the reader's language."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        _write_usage(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        return _worded(super().get_help_option(ctx))


class Group(TyperGroup):
    """A command with commands of its own, in the reader's language."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        _write_usage(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        return _worded(super().get_help_option(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise UsageError(_no_such_command(args[0], list(self.commands)))
        return super().resolve_command(ctx, args)


def _no_such_command(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    if near:
        return _("There is no command {name}. Did you mean {near}?").format(name=quoted(name), near=near[0])
    return _("There is no command {name}; see: jdticket --help").format(name=quoted(name))


def _forget_output() -> None:
    """Let what is still to be written go nowhere: Python would complain once more when it flushes at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class LazyGroup(Group):
    """The root: commands are made when asked for, and a reader who leaves early (``| head``) is no error."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        options = [param for param in self.params if isinstance(param, TyperOption)]
        self.commands = _Commands([_behind(option) for option in options if option.name in _GLOBAL])

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(_MODULES)

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_output()
            return None
        return result


def _make(name: str, behind: Sequence[TyperOption]) -> Any:
    """The Click command ``name``; global options are understood behind it too."""
    app: typer.Typer = import_module(f"jdticket.cli.{_MODULES[name]}").app
    if name in _GROUPS:
        for info in app.registered_commands:
            info.cls = Command
        group = get_group(app)
        group.rich_help_panel = app.rich_help_panel
        for command in (group, *group.commands.values()):
            _accept(command, behind)
        return group
    for info in app.registered_commands:
        if info.name == name:
            info.cls = Command
            command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode="rich")
            _accept(command, behind)
            return command
    raise KeyError(name)


def _behind(option: TyperOption) -> TyperOption:
    """A global option as it is understood behind a command."""
    behind = copy.copy(option)
    behind.hidden = True
    behind.expose_value = False
    return behind


def _accept(command: Any, options: Sequence[TyperOption]) -> None:
    """``jdticket list --lang en`` as well as ``jdticket --lang en list``: nobody should have to know."""
    taken = {name for param in command.params for name in param.opts}
    command.params.extend(option for option in options if not taken.intersection(option.opts))


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: str | None) -> str | None:
    """Keep a global option's value where the session looks for it."""
    if value is not None:
        ctx.ensure_object(dict)[param.name] = value
    return value


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"jdticket {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
)


@app.callback(
    invoke_without_command=True,
    subcommand_metavar=_("COMMAND …"),
    help=_("Answer JD platform collaboration tickets in time: 4 hours, counted 09:00-19:00 every day."),
    epilog=_("First steps: jdticket demo · jdticket import --clipboard · jdticket list --pending"),
)
def root(
    ctx: typer.Context,
    lang: Annotated[
        str | None, typer.Option(help=_("Language: zh or en."), metavar="zh|en", callback=_remember)
    ] = None,
    db: Annotated[
        str | None,
        typer.Option(help=_("The store to use. Also: JDTICKET_DB"), metavar=_("FILE"), callback=_remember),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            help=_("The configuration to use. Also: JDTICKET_CONFIG"), metavar=_("FILE"), callback=_remember
        ),
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(
            help=_("See the desk as of this moment (reading commands only)."),
            metavar=_("TIME"),
            callback=_remember,
        ),
    ] = None,
    timed: Annotated[bool, typer.Option("--timed", hidden=True)] = False,
    version: Annotated[
        bool, typer.Option("--version", help=_("Show the version."), callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    # --lang and --timed were looked at before anything was put into words; the others wait in the session.
    del lang, db, config, now, timed, version
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def run(arguments: Sequence[str], pause: Callable[[float], None] = time.sleep) -> int:
    """Run one command; returns its exit code. Every expected failure becomes a message on standard error.

    ``pause`` waits so many seconds, where a command has to try again later.
    """
    code, answered = _outcome(arguments, pause)
    # To a monitor, any reason for which `check` cannot look is UNKNOWN; 2 would be CRITICAL.
    return code if answered or not _asks_for_check(arguments) else _UNKNOWN


def _asks_for_check(arguments: Sequence[str]) -> bool:
    values = {"--lang", "--db", "--config", "--now"}
    words = (
        argument
        for before, argument in zip(["", *arguments], arguments, strict=False)
        if before not in values and not argument.startswith("-")
    )
    return next(words, "") == "check"


def _outcome(arguments: Sequence[str], pause: Callable[[float], None]) -> tuple[int, bool]:
    """The exit code, and whether the command itself chose it."""
    completing = "_JDTICKET_COMPLETE" in os.environ
    wants_help = bool({"--help", "--install-completion", "--show-completion"}.intersection(arguments))
    # Typer's completion machinery is loaded only where it shows.
    app._add_completion = completing or wants_help or not arguments
    command = typer.main.get_command(app)
    for param in command.params:
        if not isinstance(param, TyperOption):
            continue
        if param.name == "install_completion":
            param.help = _("Install completion for the current shell.")
        elif param.name == "show_completion":
            param.help = _("Show completion for the current shell, to copy it or customize the installation.")
    told: dict[str, Any] = {"pause": pause}
    try:
        code = command.main(list(arguments), prog_name="jdticket", standalone_mode=False, obj=told)
    except JdticketError as error:
        _complain(error.message)
        return error.exit_code, False
    except OSError as error:
        # Nowhere to write the answer to: a full disk behind a redirect, for one.
        where, what = error.filename or _("output"), os_reason(error)
        if told.get("recorded"):
            _complain(
                _("It is recorded, but the answer could not be shown: {where}: {what}").format(
                    where=where, what=what
                )
            )
        else:
            _complain(_("{where}: {what}").format(where=where, what=what))
        _forget_output()
        return 1, False
    except UnicodeEncodeError:
        # Bytes of another encoding in an argument reach us as lone surrogates, which no store takes.
        _complain(
            _(
                "A text on the command line is in no encoding that can be kept; "
                "type it anew, or give it with --file."
            )
        )
        return UsageError.exit_code, False
    except NeverOpenError:
        _complain(_("The configured service hours do not go on for that long; look at [service_hours]."))
        return 1, False
    except typer.TyperException as error:
        return _usage(error), False
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    if code == INTERRUPTED:
        _complain(_("Interrupted. What was not finished has not been kept."))
    return code if isinstance(code, int) else 0, True


def _complain(message: str) -> None:
    print(_("Error: {message}").format(message=message), file=sys.stderr)


# Typer words its complaints in English without asking gettext; these are the ones that can occur.
def _usage_patterns() -> list[tuple[str, str]]:
    return [
        (
            r"No such option: (?P<a>\S+)(?: \(Possible options: (?P<b>.*)\))",
            _("There is no option {a}. Did you mean {b}?"),
        ),
        (r"No such option: (?P<a>\S+)", _("There is no option {a}.")),
        (r"Got unexpected extra arguments? ?\(?s?\)? \((?P<a>.*)\)", _("Too many arguments: {a}")),
        (r"Missing argument '(?P<a>.*?)'\.?.*", _("Missing: {a}")),
        (r"Missing option '(?P<a>.*?)'\.?.*", _("Missing option: {a}")),
        (r"Missing command\.", _("Missing command.")),
        (r"Option '(?P<a>.*)' requires an argument\.", _("Option {a} needs a value.")),
        (r"Option '(?P<a>.*)' does not take a value\.", _("Option {a} takes no value.")),
        (
            r"Invalid value for '(?P<a>.*?)'(?: .*?)?: '(?P<b>.*)' is not one of (?P<c>.*)\.",
            _("{a}: {b} is not one of {c}."),
        ),
        (
            r"Invalid value for '(?P<a>.*?)'(?: .*?)?: '(?P<b>.*)' is not a valid int(?:eger)?(?: range)?\.",
            _("{a}: {b} is no number."),
        ),
        (
            r"Invalid value for '(?P<a>.*?)'(?: .*?)?: (?P<b>\S+) is not in the range x>=(?P<c>.*)\.",
            _("{a}: {b} is too small; at least {c}."),
        ),
    ]


def _usage(error: typer.TyperException) -> int:
    """Show a complaint about the call in the reader's language, with the usage and where help is."""
    message = error.format_message()
    for pattern, words in _usage_patterns():
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            message = words.format(
                **{name: (text or "").replace("'", "") for name, text in found.groupdict().items()}
            )
            break
    ctx = getattr(error, "ctx", None)
    if not message:
        # A group called without a command has shown its help already.
        return error.exit_code
    _complain(message)
    if ctx is not None:
        print(_("Help: {command} --help").format(command=ctx.command_path), file=sys.stderr)
    return error.exit_code
