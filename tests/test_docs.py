"""The documents say what is so: examples are run, tables are complete, links lead somewhere.

    python -m tests.test_docs     write what the examples print now into every document

An example's block names the moment at which it is run, as in ``console 2025-06-17 15:02``: the clock stands
there, whatever the hour is. Of a ``console`` block the whole output is compared. The commands of a ``text``
block have to succeed; it shows what differs from one machine to the next.

README is read first: every other document goes on with the desk that README's day has left.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import typer

from jdticket import clock, errors, i18n
from jdticket.channels.answers import DINGTALK, FEISHU, WECOM
from jdticket.cli import app as commands
from jdticket.cli.main import main
from jdticket.domain.outages import OutageReason, Via
from jdticket.domain.reminders import ReminderRule, ReminderState
from jdticket.domain.tickets import Kind
from jdticket.errors import JdticketError
from jdticket.store.sqlite import SqliteStore
from tests.settings.keys import with_key_table

ROOT = Path(__file__).parent.parent
_README_LINES = 220
_ZONE = ZoneInfo("Asia/Shanghai")
_EVENING = "2025-06-17 16:15"  # when README's day is over

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(\w+)(?: ([\d: -]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"^\$ jdticket (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_HEADING = re.compile(r"^(#+) +(.*)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


class _Shelf(NamedTuple):
    """The documents of one language."""

    language: str
    readme: Path
    changes: Path
    folder: Path

    @property
    def documents(self) -> list[Path]:
        return [self.readme, *sorted(self.folder.glob("*.md")), self.changes]

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


ENGLISH = _Shelf("en", ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "docs")
CHINESE = _Shelf("zh", ROOT / "README.zh-CN.md", ROOT / "CHANGELOG.zh-CN.md", ROOT / "docs" / "zh")
SHELVES = (ENGLISH, CHINESE)
BOTH = pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.language)
EVERY = pytest.mark.parametrize(
    ("shelf", "document"),
    [(shelf, document) for shelf in SHELVES for document in shelf.documents],
    ids=lambda value: str(value.relative_to(ROOT)) if isinstance(value, Path) else value.language,
)


# The reader


@contextmanager
def _as_if_it_were(moment: str) -> Iterator[None]:
    """The clock stands at ``moment``, in Shanghai; empty: it goes as it does."""
    real = clock.system_now
    try:
        if moment:
            stopped = datetime.fromisoformat(moment).replace(tzinfo=_ZONE)
            clock.system_now = lambda: stopped
        yield
    finally:
        clock.system_now = real


class Reader:
    """Somebody who types what the documents show, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def follow(self, folder: Path) -> Reader:
        """The same a step further, in another folder: what happens there leaves this one alone."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Reader(folder)

    def run(self, arguments: str, moment: str = "") -> tuple[int, str]:
        """The exit code of ``jdticket ARGUMENTS``, and everything that it prints, in the order written."""
        printed = io.BytesIO()
        both = io.TextIOWrapper(printed, encoding="utf-8", write_through=True)
        kept = sys.argv, sys.stdin, sys.stdout, sys.stderr, Path.cwd(), os.environ.copy(), i18n.language()
        # Options that stand behind a command are collected anew in each run of the program.
        getattr(commands, "_global_options", []).clear()
        try:
            os.chdir(self.folder)
            for name in [name for name in os.environ if name.startswith("JDTICKET_")]:
                del os.environ[name]
            os.environ |= {
                "JDTICKET_CONFIG": str(self.folder / "config.toml"),
                "JDTICKET_DB": str(self.folder / "jdticket.db"),
                "USER": "li",
            }
            sys.argv = ["jdticket", *shlex.split(arguments)]
            sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO()), both, both
            with _as_if_it_were(moment), pytest.raises(SystemExit) as end:
                main()
        finally:
            sys.argv, sys.stdin, sys.stdout, sys.stderr = kept[:4]
            os.chdir(kept[4])
            os.environ.clear()
            os.environ |= kept[5]
            i18n.use(kept[6])
        return int(end.value.code or 0), printed.getvalue().decode()


def _newcomer(shelf: _Shelf, folder: Path) -> Reader:
    """A reader who has the files that the documents show, and an empty store."""
    blocks = {
        kind: body
        for document in shelf.documents
        for kind, _moment, body in _BLOCK.findall(document.read_text(encoding="utf-8"))
        if kind in ("csv", "page", "toml")
    }
    (folder / "工单.csv").write_bytes(blocks["csv"].encode("gb18030"))
    (folder / "page.txt").write_text(blocks["page"], encoding="utf-8")
    (folder / "config.toml").write_text(blocks["toml"], encoding="utf-8")
    (folder / "config.toml").chmod(0o600)
    reader = Reader(folder)
    # Where a new store is, is told, and is different for every reader.
    SqliteStore.open(folder / "jdticket.db").close()
    return reader


def _with_real_outputs(document: Path, reader: Reader) -> tuple[str, list[str]]:
    """The text with what each ``console`` example really prints, and the ``text`` examples that fail."""
    failed = []

    def block(found: re.Match[str]) -> str:
        kind, moment, body = found.groups()
        if kind not in ("console", "text"):
            return found[0]

        def example(shown: re.Match[str]) -> str:
            code, output = reader.run(shown[1], moment or "")
            if kind == "console":
                return f"$ jdticket {shown[1]}\n{output}"
            if code:
                failed.append(f"{shown[1]}\n{output}")
            return shown[0]

        return found[0].replace(body, _EXAMPLE.sub(example, body))

    return _BLOCK.sub(block, document.read_text(encoding="utf-8")), failed


class _Days:
    """The desk that README's day leaves, made once for each language."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._after: dict[str, Reader] = {}
        self.readme: dict[str, tuple[str, list[str]]] = {}

    def after(self, shelf: _Shelf) -> Reader:
        if shelf.language not in self._after:
            folder = self._folder / shelf.language
            folder.mkdir()
            reader = _newcomer(shelf, folder)
            self.readme[shelf.language] = _with_real_outputs(shelf.readme, reader)
            self._after[shelf.language] = reader
        return self._after[shelf.language]

    def read(self, shelf: _Shelf, document: Path, folder: Path) -> tuple[str, list[str]]:
        """``document`` with what its examples print, and those that fail."""
        after = self.after(shelf)
        if document == shelf.readme:
            return self.readme[shelf.language]
        return _with_real_outputs(document, after.follow(folder))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> _Days:
    return _Days(tmp_path_factory.mktemp("days"))


@pytest.fixture
def desk(days: _Days, tmp_path: Path) -> Reader:
    return days.after(ENGLISH).follow(tmp_path / "desk")


# The examples


@EVERY
def test_the_examples_print_what_the_reader_is_shown(
    shelf: _Shelf, document: Path, days: _Days, tmp_path: Path
) -> None:
    real, failed = days.read(shelf, document, tmp_path)
    assert not failed
    assert real == document.read_text(encoding="utf-8")


@EVERY
def test_every_example_says_when_it_is_run(shelf: _Shelf, document: Path) -> None:
    blocks = _BLOCK.findall(document.read_text(encoding="utf-8"))
    assert not [body for kind, moment, body in blocks if kind == "console" and not moment]


@BOTH
def test_a_damaged_store_is_restored_as_the_document_tells(
    shelf: _Shelf, days: _Days, tmp_path: Path
) -> None:
    reader = days.after(shelf).follow(tmp_path)
    section = shelf.text("data.md").partition("```sh\n")[2].partition("```\n")[0]
    steps = [line.partition("#")[0].strip() for line in section.splitlines()]
    backup = next(word for word in " ".join(steps).split() if word.startswith("desk-"))
    before = reader.run("list", _EVENING)
    assert reader.run(f"backup {backup}")[0] == 0
    with closing(sqlite3.connect(tmp_path / "jdticket.db", isolation_level=None)) as other:
        # While somebody reads, the latest steps stay in the -wal; a power cut leaves it there.
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM tickets").fetchone()
        assert reader.run("close 017")[0] == 0
        left = {path: path.read_bytes() for path in tmp_path.glob("jdticket.db*")}
        other.execute("COMMIT")
    assert {path.name for path in left} == {"jdticket.db", "jdticket.db-wal", "jdticket.db-shm"}
    for path, data in left.items():
        hole = len(data) - 8192 if path.suffix == ".db" else 0
        path.write_bytes(data[:4096] + b"x" * hole + data[4096 + hole :])
    (tmp_path / "jdticket.db.tokens").write_bytes(b"kept")
    assert reader.follow(tmp_path / "copy").run("list")[0] != 0
    for step in steps:
        _code, output = reader.run(step.removeprefix("jdticket "), _EVENING)
        # Nothing reminds this reader, and `doctor` says so.
        problems = re.findall(r"^\[(?:PROBLEM|有问题)\] (?!reminders|提醒).*", output, re.MULTILINE)
        assert problems == [], output
    assert reader.run("list", _EVENING) == before
    assert (tmp_path / "jdticket.db.tokens").read_bytes() == b"kept"
    aside = {re.sub(r"\.replaced-[0-9]+-[0-9]+", "", path.name) for path in tmp_path.glob("*.replaced-*")}
    assert aside == {path.name for path in left}


# The documents among themselves


def _anchors(document: Path) -> set[str]:
    """What can stand behind ``#`` in a link to the document, as GitHub makes it of the headings."""
    text = _FENCE.sub("", document.read_text(encoding="utf-8"))
    anchors: set[str] = set()
    for _level, heading in _HEADING.findall(text):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in anchors:
            number += 1
        anchors.add(numbered)
    return anchors


@EVERY
def test_every_link_leads_somewhere(shelf: _Shelf, document: Path) -> None:
    lost = []
    for target in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        name, _hash, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            lost.append(target)
    assert not lost


@BOTH
def test_every_document_is_found_from_readme(shelf: _Shelf) -> None:
    told = {
        (shelf.readme.parent / target.partition("#")[0]).resolve()
        for target in _LINK.findall(shelf.readme.read_text(encoding="utf-8"))
        if "://" not in target
    }
    assert not [document for document in {*shelf.documents} - {shelf.readme} if document not in told]


@BOTH
def test_readme_is_short(shelf: _Shelf) -> None:
    assert len(shelf.readme.read_text(encoding="utf-8").splitlines()) <= _README_LINES


def test_every_document_has_its_twin() -> None:
    english, chinese = ({document.name for document in shelf.folder.glob("*.md")} for shelf in SHELVES)
    assert english == chinese


@pytest.mark.parametrize(
    ("english", "chinese"),
    [*zip(ENGLISH.documents, CHINESE.documents, strict=False)],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_document_and_its_twin_show_the_same(english: Path, chinese: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (english, chinese)]
    headings = [[level for level, _words in _HEADING.findall(_FENCE.sub("", text))] for text in texts]
    assert headings[0] == headings[1]
    examples = [
        [
            (kind, moment, [command for command, _output in _EXAMPLE.findall(body)])
            for kind, moment, body in _BLOCK.findall(text)
            if kind in ("console", "text")
        ]
        for text in texts
    ]
    assert examples[0] == examples[1]
    tables = [[row.count(" | ") for row in _rows(text)] for text in texts]
    assert tables[0] == tables[1]


@BOTH
def test_every_room_of_the_house_is_drawn(shelf: _Shelf) -> None:
    drawing = shelf.text("developing.md").partition("```\n")[2].partition("```")[0]
    drawn = set(re.findall(r"(\w+)/(?=\s)", drawing))
    rooms = {path.parent.name for path in (ROOT / "jdticket").rglob("__init__.py")}
    assert rooms <= drawn
    assert not [
        name
        for name in drawn - rooms
        if not (ROOT / name).is_dir()
        and not any(any((ROOT / top).rglob(name)) for top in ("jdticket", "tests"))
    ]


# The tables


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
    return dict(_commands(typer.main.get_command(commands.app)))


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


def _coded(text: str) -> set[str]:
    """Everything that stands in backquotes, and each word of it."""
    pieces = re.findall(r"`([^`\n]+)`", text)
    return {*pieces, *(word for piece in pieces for word in re.split(r"[ /]", piece))}


@BOTH
def test_every_command_and_its_options_have_a_row(shelf: _Shelf) -> None:
    rows = _rows(shelf.text("commands.md"))
    missing = []
    for command, options in _tree().items():
        if command in ("", "outage", "config", "channel", "cron"):
            continue
        row = next((row for row in rows if re.search(rf"`{command}(?: [^`]*)?`", row.split(" | ")[0])), "")
        missing += [command] if not row else [f"{command} {option}" for option in options - _coded(row)]
    assert not missing


def _calls(text: str) -> Iterator[list[str]]:
    """Every call of a command that the text names, in the middle of a sentence or as an example."""
    for call in re.findall(r"^\$ jdticket (.*)$|`jdticket ([^`]+)`", text, re.MULTILINE):
        words = shlex.split(re.sub(r"^(--\w+ \S+ )+", "", "".join(call)))
        if not words[0].startswith("-") and words[0] != "COMMAND":
            yield words


@EVERY
def test_every_call_that_is_named_can_be_made(shelf: _Shelf, document: Path) -> None:
    tree = _tree()
    calls = {name for name in tree if not any(other.startswith(f"{name} ") for other in tree)}
    wrong = []
    for words in _calls(document.read_text(encoding="utf-8")):
        name = next((name for n in (2, 1) if (name := " ".join(words[:n])) in calls), None)
        options = {word for word in words if re.match(r"--?[a-z]", word)}
        if name is None or options - tree[name] - tree[""]:
            wrong.append(words)
    assert not wrong


@BOTH
def test_every_global_option_is_told(shelf: _Shelf, desk: Reader) -> None:
    _code, output = desk.run("--help")
    options = set(re.findall(r"--[a-z][a-z-]+", output))
    assert "--install-completion" in options
    assert not options - _coded(shelf.text("commands.md"))


@EVERY
def test_no_row_tells_of_an_option_that_is_gone(shelf: _Shelf, document: Path) -> None:
    known = set().union(*_tree().values(), {"--help"})
    rows = "\n".join(_rows(document.read_text(encoding="utf-8")))
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", rows))
    assert told <= known


def _complaint(desk: Reader, table: str) -> str:
    """What ``config check`` says about a configuration that is this table."""
    (desk.folder / "config.toml").write_text(table, encoding="utf-8")
    code, output = desk.run("config check --lang en")
    assert code == 1, output
    return output


def _keys_of(desk: Reader, table: str) -> list[str]:
    """The keys that the configuration takes in ``table``, as its own complaint names them."""
    output = _complaint(desk, table + "qqqqqq = 1\n")
    return re.findall(r"qqqqqq: .*known here: (.*)\.", output)[0].split(", ")


# Each table of the configuration, and how its keys are called in the documents.
_TABLES: Mapping[str, str] = {
    "": "",
    "service_hours": "[service_hours]\n",
    "deadline": "[deadline]\n",
    "deadline.kinds": "[deadline.kinds]\n",
    "reply": "[reply]\n",
    "messages": "[messages]\n",
    "messages.templates": "[messages.templates]\n",
    "reminders": "[reminders]\n",
    "reminders.escalate": "[[reminders.escalate]]\nleft = '1h'\nmention = ['a']\n",
    "people": "[[people]]\nname = 'a'\n",
    "duty": "[[duty]]\nmention = ['a']\n",
    "channels": "[[channels]]\nname = 'a'\nkind = 'dingtalk'\nurl = 'a'\n",
    "shops": '[[shops]]\ncode = "a"\n',
    "shops.manager": '[[shops]]\ncode = "a"\n[shops.manager]\n',
    "shops.jos": '[[shops]]\ncode = "a"\n[shops.jos]\napp_key = "a"\napp_secret_env = "A"\n',
}
_FREE = {
    "templates.*",
    "service_hours.special.*",
    "platform_words.*",
    "columns.*",
    "shops.columns.*",
}  # tables whose keys are the operator's own


def _keys_told(shelf: _Shelf) -> list[str]:
    """The first column of the table of keys, between the marks around it."""
    found = re.search(r"<!-- keys -->\n(.*?)<!-- /keys -->", shelf.text("configuration.md"), re.DOTALL)
    assert found
    return re.findall(r"^\| `([^`]+)` \| ", found[1], re.MULTILINE)


@BOTH
@pytest.mark.parametrize("name", _TABLES)
def test_every_key_of_the_configuration_has_a_row(shelf: _Shelf, name: str, desk: Reader) -> None:
    keys = {f"{name}.{key}".strip(".") for key in _keys_of(desk, _TABLES[name])}
    tables = {*_TABLES, *(key.removesuffix(".*") for key in _FREE)}
    assert not keys - {*_keys_told(shelf)} - tables


@BOTH
def test_types_and_defaults_of_keys_are_those_of_the_program(shelf: _Shelf) -> None:
    text = shelf.text("configuration.md")
    assert with_key_table(text, shelf.language) == text


@BOTH
def test_no_row_tells_of_a_key_that_is_gone(shelf: _Shelf, desk: Reader) -> None:
    known = {f"{name}.{key}".strip(".") for name in _TABLES for key in _keys_of(desk, _TABLES[name])}
    told = _keys_told(shelf)
    assert {*told} <= known | _FREE
    assert len(told) == len({*told})


def _every_exit_code() -> set[int]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {0, 130, *(kind.exit_code for kind in kinds if issubclass(kind, JdticketError))}


@BOTH
def test_every_exit_code_has_a_row(shelf: _Shelf) -> None:
    told = re.findall(r"^\| `(\d+)` \| ", shelf.text("json.md"), re.MULTILINE)
    assert {int(code) for code in told} == _every_exit_code()


@BOTH
def test_every_json_key_of_a_ticket_has_a_row(shelf: _Shelf, desk: Reader) -> None:
    told = re.findall(r"^\| `(\w+)` \| ", shelf.text("json.md"), re.MULTILINE)
    keys = next(csv.reader(desk.run("list --csv")[1].splitlines()))
    assert len(keys) > 10
    assert not [key for key in keys if key not in told]
    assert not {*next(csv.reader(desk.run("export")[1].splitlines()))} - {*told} - _coded(_json_part(shelf))


def _json_part(shelf: _Shelf) -> str:
    return shelf.text("json.md").partition("\n## JSON\n")[2].partition("\n## ")[0]


@BOTH
@pytest.mark.parametrize(
    "call",
    [
        'deadline "2025-06-17 17:30" --json',
        "check --json",
        "import 工单.csv --json",
        "show 120 --json",
        "outage show 1 --json",
        "report-outage --reason power --json",
    ],
)
def test_every_key_of_the_other_answers_in_json_is_told(shelf: _Shelf, call: str, desk: Reader) -> None:
    code, output = desk.run(call)
    assert code in ((0, 2) if call.startswith("check") else (0,)), output
    answer = json.loads(output)
    if call.startswith("deadline"):
        answer |= answer["segments"][0]
    assert not answer.keys() - _coded(_json_part(shelf))


@BOTH
@pytest.mark.parametrize(
    "call",
    [
        f'remind --dry-run --json --now "{_EVENING}"',
        "channel list --json",
        "replies --json",
        "outage list --json",
    ],
)
def test_every_key_of_the_other_lists_in_json_is_told(shelf: _Shelf, call: str, desk: Reader) -> None:
    _code, output = desk.run(call)
    assert not {key for row in json.loads(output) for key in row} - _coded(_json_part(shelf))
    assert json.loads(output)


@BOTH
def test_every_kind_of_channel_is_told(shelf: _Shelf, desk: Reader) -> None:
    complaint = _complaint(desk, "[[channels]]\nname = 'a'\nkind = 'qqqqqq'\n")
    kinds = re.findall(r"known: ([a-z, ]+)", complaint)[0].split(", ")
    assert "wecom" in kinds
    assert not {*kinds} - _coded("\n".join(_rows(shelf.text("reminders.md"))))


@BOTH
@pytest.mark.parametrize(
    ("words", "name"),
    [
        (Kind, "commands.md"),
        (OutageReason, "commands.md"),
        (Via, "commands.md"),
        (ReminderRule, "reminders.md"),
        (ReminderState, "json.md"),
    ],
)
def test_every_word_to_choose_from_is_told(shelf: _Shelf, words: type[StrEnum], name: str) -> None:
    assert not set(words) - _coded(shelf.text(name))


@BOTH
def test_every_number_that_a_robot_answers_with_is_in_the_table(shelf: _Shelf) -> None:
    rows = [row.split(" | ") for row in _rows(shelf.text("reminders.md"))]
    shown = [cells for cells in rows if len(cells) == 5]
    for column, meanings in enumerate((WECOM, DINGTALK, FEISHU), 2):
        told = {number for cells in shown for number in re.findall(r"`(-?\d+)`", cells[column])}
        assert told == set(map(str, meanings))


@BOTH
def test_the_words_on_the_sheet_are_those_that_the_program_says(shelf: _Shelf) -> None:
    catalogue = (ROOT / "jdticket/locale/zh_CN/LC_MESSAGES/jdticket.po").read_text(encoding="utf-8")
    said = catalogue.replace('"\n"', "")
    first_cells = "\n".join(row.split(" | ")[0] for row in _rows(shelf.text("operator.md")))
    shown = [piece for piece in re.findall(r"`([^`]+)`", first_cells) if not re.search(r"\d", piece)]
    pieces = [piece.strip(" ,，") for text in shown for piece in text.split("…")]
    assert len(pieces) > 10
    assert not [piece for piece in pieces if piece not in said]


def _write_outputs() -> None:
    with tempfile.TemporaryDirectory() as folder:
        days = _Days(Path(folder))
        for shelf in SHELVES:
            for document in shelf.documents:
                text, failed = days.read(shelf, document, Path(tempfile.mkdtemp(dir=folder)))
                if failed:
                    raise SystemExit("\n".join([str(document), *failed]))
                if document.name == "configuration.md":
                    text = with_key_table(text, shelf.language)
                document.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_outputs()
