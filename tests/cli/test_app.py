from __future__ import annotations

import re
import subprocess

import pytest
import typer

from jdticket import __version__, i18n
from jdticket.domain.outages import OutageReason, Via
from jdticket.domain.tickets import Kind
from tests.language import assert_speaks

from .running import Program, row, table

TREE = {
    "": "list show search check deadline add import reply assign note close void reopen report-outage outage "
    "remind reminders channel cron init config demo export backup doctor recompute",
    "outage": "list show end contact",
    "config": "path show check",
    "channel": "list test",
    "cron": "install show remove",
}
COMMANDS = [[*group.split(), *name.split()] for group, names in TREE.items() for name in ("", *names.split())]
CHOICES = ["|".join(Kind), "|".join(OutageReason), "|".join(Via)]


def test_the_version_is_told(program: Program) -> None:
    assert program.ok("--version").out == f"jdticket {__version__}\n"


def test_chinese_help_is_folded_and_never_cut(program: Program) -> None:
    for command in ("list", "add", "import", "report-outage"):
        lines = program.ok("--lang", "zh", command, "--help", COLUMNS="80").out.splitlines()
        cut = [line for line in lines if line.rstrip(" │").endswith("…")]
        assert cut == [], command


def test_without_a_command_the_help_is_shown(program: Program) -> None:
    assert program.ok().out == program.ok("--help").out
    assert not program.store.exists()


# Help


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_command_has_help_with_an_example_in_both_languages(program: Program, language: str) -> None:
    for command in COMMANDS:
        shown = program.ok(*command, "--help", "--lang", language).out
        one_line = re.sub(r"[\s│]+", " ", shown)
        assert " ".join(["jdticket", *command]) in one_line
        if command and command[0] != "demo" and " ".join(command) not in TREE:
            assert {"en": "Example: ", "zh": "示例：jdticket"}[language] in one_line, command
        if language == "en":
            examples = re.split("Example: |First steps: ", shown)
            assert_speaks(examples[0], "en", allow=["编号", "2小时30分"])
        else:
            borders = re.sub(r"[│╭╮╰╯─]+", "\n", shown)
            assert_speaks(re.sub("<[^>]*>", "", borders), "zh", allow=CHOICES)


def test_the_help_names_every_command_under_what_one_wants_to_do(program: Program) -> None:
    shown = program.ok("--help").out
    for name in TREE[""].split():
        assert re.search(rf"^│ {name} ", shown, re.MULTILINE), name
    assert "─ Commands ─" not in shown


# Languages


def test_the_language_is_the_options_or_the_variables_or_the_configurations_or_the_locales(
    program: Program,
) -> None:
    program.begin()

    def speaks(*options: str, **environ: str) -> str:
        out = program.ok("list", *options, **environ).out
        return "zh" if "没有" in out else "en" if "No ticket" in out else out

    assert speaks("--lang", "zh", JDTICKET_LANG="en") == "zh"
    assert speaks(JDTICKET_LANG="zh", LANG="en_US.UTF-8") == "zh"
    assert speaks(JDTICKET_LANG="", LANG="zh_CN.UTF-8") == "zh"
    assert speaks(JDTICKET_LANG="", LANG="zh_CN.UTF-8", LC_ALL="en_US.UTF-8") == "en"
    program.configure('language = "zh"\n')
    assert speaks(JDTICKET_LANG="", LANG="en_US.UTF-8") == "zh"
    assert speaks("--lang=en", JDTICKET_LANG="") == "en"


def test_answers_and_complaints_speak_chinese_throughout(program: Program) -> None:
    program.environ["JDTICKET_LANG"] = "zh"
    program.configure('[[shops]]\ncode = "jd3"\nname = "京东3店"\n')
    program.write("tickets.csv", table(row(59088842), row(59088843, "10/11/2024"), row(59088844)))
    for command in (
        ["import", "tickets.csv"],
        ["add", "59088845", "--at", "2024-06-11 10:00"],
        ["list", "--now", "2024-06-11 12:00", "--limit", "1"],
        ["reply", "842", "-m", "您好，订单今天已发出"],
        ["reply", "844", "-m", "收到"],
        ["reply", "844"],
        ["report-outage", "--since", "2024-06-11 10:00", "--reason", "power"],
        ["outage", "contact", "1", "--via", "phone", "--granted-until", "2098-01-01 10:00"],
        ["outage", "show", "1"],
        ["outage", "list"],
        ["outage", "end", "1"],
        ["outage", "show", "7"],
        ["show", "842"],
        ["show", "88"],
        ["show", "999"],
        ["search", "催"],
        ["check"],
        ["deadline", "2024-06-11 17:30"],
        ["deadline", "soon"],
        ["assign", "842", "小李"],
        ["note", "842", " "],
        ["close", "842"],
        ["close", "842"],
        ["reopen", "842"],
        ["void", "842", "--why", "重复"],
        ["import", "nix.csv"],
        ["import"],
        ["reply", "844", "--file", "nix.txt"],
        ["export", "-o", "nix/out.csv"],
        ["export", "-o", "out.csv"],
        ["backup", "nix/copy.db"],
        ["backup", "copy.db"],
        ["recompute"],
        ["doctor"],
        ["config", "check"],
        ["init"],
        ["list", "--limit", "x"],
        ["list", "--kind", "spam"],
        ["list", "--pendng"],
        ["lst"],
        ["list", "extra"],
        ["outage", "contact", "1"],
        ["list", "--shop", "天猫店"],
        ["list", "--db", "."],
    ):
        ran = program.run(*command)
        said = ran.out + ran.err
        assert said, command
        assert_speaks(said, "zh", allow=["crc, complaint, urge, consult, other", "Asia/Shanghai"])
        assert re.search("[\u4e00-\u9fff]", said), command


# Usage


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lst"], "There is no command lst. Did you mean list?"),
        (["qwertz"], "There is no command qwertz; see: jdticket --help"),
        (["list", "--pendng"], "There is no option --pendng. Did you mean --pending?"),
        (["list", "--zzz"], "There is no option --zzz."),
        (["show"], "Missing: "),
        (["void", "842"], "Missing option: --why"),
        (["show", "842", "843"], "Too many arguments: 843"),
        (["list", "--limit"], "Option --limit needs a value."),
        (["--lang"], "Option --lang needs a value."),
        (["list", "--lang", "fr"], "--lang: zh or en, not fr"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_told_in_one_sentence(program: Program, arguments: list[str], words: str) -> None:
    assert program.refused(2, *arguments).startswith(words)
    assert not program.store.exists()


def test_a_complaint_about_a_call_says_where_help_is(program: Program) -> None:
    assert program.run("list", "--zzz").err.splitlines()[1] == "Help: jdticket list --help"


def test_global_options_are_understood_before_and_behind_the_command(program: Program) -> None:
    program.ok("--db", "a.db", "add", "59088842")
    assert (program.folder / "a.db").exists()
    for arguments in (["--db", "a.db", "list"], ["list", "--db", "a.db"], ["outage", "list", "--db", "a.db"]):
        program.ok(*arguments)
    assert not program.store.exists()


def test_they_are_understood_once_however_often_the_process_has_run_a_command() -> None:
    from jdticket.cli import app

    for _time in range(3):
        assert app.run(["--version"]) == 0
    [command] = [made for name, made in typer.main.get_command(app.app).commands.items() if name == "list"]
    options = [option for param in command.params for option in param.opts]
    assert {"--lang", "--db", "--config", "--now"} < set(options)
    assert len(options) == len(set(options))


# Completion


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("jdticket li", ["list"]),
        ("jdticket list --pe", ["--pending"]),
        ("jdticket outage ", ["list", "show", "end", "contact"]),
        ("jdticket add --kind c", ["crc", "complaint", "consult"]),
    ],
)
def test_bash_completes_commands_options_and_choices(
    program: Program, typed: str, completions: list[str]
) -> None:
    ran = program.ok(
        _JDTICKET_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(len(typed.split(" ")) - 1)
    )
    assert (ran.out.split(), ran.err) == (completions, "")


def test_the_completion_script_is_one_that_bash_takes(program: Program) -> None:
    script = program.ok(_JDTICKET_COMPLETE="source_bash").out
    done = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p jdticket"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "complete -o default -F _jdticket_completion jdticket\n"
