"""The documentation says what is so: its examples are run, its tables are complete.

    python -m tests.test_readme     write what the examples print now into both files

In an example whose block is called ``console`` the whole output is compared. A block called
``text`` shows times that count from now: its commands are run, and have to succeed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import typer

from jdticket import errors
from jdticket.cli.app import app
from jdticket.domain.outages import OutageReason, Via
from jdticket.domain.reminders import ReminderRule, ReminderState
from jdticket.domain.tickets import Kind
from jdticket.errors import ConfigError, JdticketError
from jdticket.settings.checks import CHANNEL_KINDS
from jdticket.settings.reading import load_config
from jdticket.views import plain

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
BOTH = pytest.mark.parametrize("readme", [ENGLISH, CHINESE], ids=lambda path: path.name)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"^\$ jdticket (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


# The examples


class _Reader:
    """Somebody who follows one of the files from top to bottom, in a folder of their own."""

    def __init__(self, readme: Path, folder: Path) -> None:
        self.folder = folder
        text = readme.read_text(encoding="utf-8")
        blocks = {kind: body for kind, body in _BLOCK.findall(text) if kind in ("csv", "page", "toml")}
        (folder / "工单.csv").write_bytes(blocks["csv"].encode("gb18030"))
        (folder / "page.txt").write_text(blocks["page"], encoding="utf-8")
        (folder / "config.toml").write_text(blocks["toml"], encoding="utf-8")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("JDTICKET_")} | {
            "JDTICKET_CONFIG": str(folder / "config.toml"),
            "JDTICKET_DB": str(folder / "desk.db"),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONUNBUFFERED": "1",  # so that both outputs come in the order in which they were written
        }
        self.run("list")  # says where the new store is, which is different for every reader

    def run(self, arguments: str) -> tuple[int, str]:
        """The exit code of ``jdticket ARGUMENTS`` and everything that it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "jdticket", *shlex.split(arguments)],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout


def _with_real_outputs(readme: Path, folder: Path) -> tuple[str, list[str]]:
    """The text with what each ``console`` example really prints, and the ``text`` examples that fail."""
    reader = _Reader(readme, folder)
    failed = []

    def block(found: re.Match[str]) -> str:
        kind, body = found.groups()
        if kind not in ("console", "text"):
            return found[0]

        def example(shown: re.Match[str]) -> str:
            code, output = reader.run(shown[1])
            if kind == "console":
                return f"$ jdticket {shown[1]}\n{output}"
            if code:
                failed.append(f"{shown[1]}\n{output}")
            return shown[0]

        return f"```{kind}\n{_EXAMPLE.sub(example, body)}```"

    return _BLOCK.sub(block, readme.read_text(encoding="utf-8")), failed


@BOTH
def test_the_examples_print_what_the_reader_is_shown(readme: Path, tmp_path: Path) -> None:
    real, failed = _with_real_outputs(readme, tmp_path)
    assert not failed
    assert real == readme.read_text(encoding="utf-8")


# The tables


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> _Reader:
    reader = _Reader(ENGLISH, tmp_path_factory.mktemp("reader"))
    reader.run("import 工单.csv")
    reader.run("report-outage")
    return reader


def _commands(command: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command, by the words that call it, with its own options."""
    parts = getattr(command, "commands", {})
    yield (
        path,
        {
            option
            for parameter in command.params
            if not getattr(parameter, "hidden", False)
            for option in parameter.opts
            if option.startswith("-")
        },
    )
    for name in parts:
        yield from _commands(parts[name], f"{path} {name}".strip())


def _tree() -> dict[str, set[str]]:
    return dict(_commands(typer.main.get_command(app)))


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


def _coded(text: str) -> set[str]:
    """Everything that stands in backquotes, and each word of it."""
    pieces = re.findall(r"`([^`\n]+)`", text)
    return {*pieces, *(word for piece in pieces for word in re.split(r"[ /]", piece))}


@BOTH
def test_every_command_and_its_options_have_a_row(readme: Path) -> None:
    rows = _rows(readme.read_text(encoding="utf-8"))
    missing = []
    for command, options in _tree().items():
        if command in ("", "outage", "config", "channel", "cron"):
            continue
        row = next((row for row in rows if re.search(rf"`{command}(?: [^`]*)?`", row.split(" | ")[0])), "")
        missing += [command] if not row else [f"{command} {option}" for option in options - _coded(row)]
    assert not missing


@BOTH
def test_every_global_option_is_told(readme: Path, desk: _Reader) -> None:
    _code, output = desk.run("--help")
    options = set(re.findall(r"--[a-z][a-z-]+", output))
    assert "--install-completion" in options
    assert not options - _coded(readme.read_text(encoding="utf-8"))


@BOTH
def test_no_row_tells_of_an_option_that_is_gone(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    known = set().union(*_tree().values(), {"--help"})
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(_rows(text))))
    assert told <= known


def _keys_of(table: str) -> list[str]:
    """The keys that the configuration takes in ``table``, as its own complaint names them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_text(table + "qqqqqq = 1\n", encoding="utf-8")
        with pytest.raises(ConfigError, match="known here: ") as caught:
            load_config(file, {})
    return re.findall(r"qqqqqq: .*known here: (.*)\.", caught.value.message)[0].split(", ")


@BOTH
@pytest.mark.parametrize(
    ("table", "prefix"),
    [
        ("", ""),
        ("[service_hours]\n", "service_hours"),
        ("[deadline]\n", "deadline"),
        ("[deadline.kinds]\n", ""),
        ("[reply]\n", "reply"),
        ("[messages]\n", "messages"),
        ("[messages.templates]\n", "messages"),
        ("[reminders]\n", "reminders"),
        ("[[reminders.escalate]]\nleft = '1h'\nmention = ['a']\n", "reminders"),
        ("[[duty]]\nmention = ['a']\n", ""),
        ("[[channels]]\nname = 'a'\nkind = 'dingtalk'\nurl = 'a'\n", ""),
        ('[[shops]]\ncode = "a"\n', ""),
        ('[[shops]]\ncode = "a"\n[shops.manager]\n', ""),
    ],
)
def test_every_key_of_the_configuration_has_a_row(readme: Path, table: str, prefix: str) -> None:
    section = readme.read_text(encoding="utf-8").partition("```toml\n")[2].partition("\n## ")[0]
    words = {part for piece in _coded("\n".join(_rows(section))) for part in (piece, *piece.split("."))}
    assert not [key for key in _keys_of(table) if key not in words]
    assert not prefix or f"{prefix}." in section


def _every_exit_code() -> set[int]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {0, 130, *(kind.exit_code for kind in kinds if issubclass(kind, JdticketError))}


@BOTH
def test_every_exit_code_has_a_row(readme: Path) -> None:
    told = re.findall(r"^\| `(\d+)` \| ", readme.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code) for code in told} == _every_exit_code()


@BOTH
def test_every_json_key_of_a_ticket_has_a_row(readme: Path) -> None:
    told = re.findall(r"^\| `(\w+)` \| ", readme.read_text(encoding="utf-8"), re.MULTILINE)
    assert not [key for key in plain.TICKET_KEYS if key not in told]


@BOTH
@pytest.mark.parametrize(
    "call",
    [
        'deadline "2025-06-17 17:30" --json',
        "check --json",
        "import 工单.csv --json",
        "show 120 --json",
        "outage show 1 --json",
        "report-outage --json",
    ],
)
def test_every_key_of_the_other_answers_in_json_is_told(readme: Path, call: str, desk: _Reader) -> None:
    code, output = desk.run(call)
    assert code in ((0, 2) if call.startswith("check") else (0,)), output
    answer = json.loads(output)
    if call.startswith("deadline"):
        answer |= answer["segments"][0]
    section = readme.read_text(encoding="utf-8").partition("\n## JSON\n")[2].partition("\n## ")[0]
    assert not answer.keys() - _coded(section)


@BOTH
@pytest.mark.parametrize("call", ['remind --dry-run --json --now "2025-06-17 16:15"', "channel list --json"])
def test_every_key_of_what_is_told_of_reminders_is_told(readme: Path, call: str, desk: _Reader) -> None:
    _code, output = desk.run(call)
    section = readme.read_text(encoding="utf-8").partition("\n## JSON\n")[2].partition("\n## ")[0]
    assert not {key for row in json.loads(output) for key in row} - _coded(section)
    assert json.loads(output)


@BOTH
def test_every_kind_of_channel_is_told(readme: Path) -> None:
    assert not set(CHANNEL_KINDS) - _coded(readme.read_text(encoding="utf-8"))


@BOTH
@pytest.mark.parametrize("words", [Kind, OutageReason, Via, ReminderRule, ReminderState])
def test_every_word_to_choose_from_is_told(readme: Path, words: type[StrEnum]) -> None:
    assert not set(words) - _coded(readme.read_text(encoding="utf-8"))


def _write_outputs() -> None:
    for readme in (ENGLISH, CHINESE):
        with tempfile.TemporaryDirectory() as folder:
            text, failed = _with_real_outputs(readme, Path(folder))
        if failed:
            raise SystemExit("\n".join(failed))
        readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_outputs()
