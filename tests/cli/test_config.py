from __future__ import annotations

from .running import Program


def test_the_path_is_the_option_or_the_variable_or_the_usual_place(program: Program) -> None:
    assert program.ok("config", "path").out == f"{program.folder}/config/jdticket/config.toml\n"
    assert program.ok("config", "path", JDTICKET_CONFIG="/else/where.toml").out == "/else/where.toml\n"
    assert program.ok("config", "path", "--config", "here.toml").out == "here.toml\n"


def test_without_a_file_every_default_holds(program: Program) -> None:
    assert program.ok("config", "check").out == "There is no configuration file; every default holds.\n"
    ran = program.ok("config", "show")
    assert ran.out == ""
    assert "There is no configuration file" in ran.err


def test_show_hides_every_secret(program: Program) -> None:
    program.configure(
        '[[channels]]\nname = "cs"\nkind = "dingtalk"\nurl = "https://oapi.dingtalk.com/robot/send?access_token=SESAME"\n'
        'secret = "SESAME"\nmention = ["13812345678"]\n'
        '[[shops]]\ncode = "jd3"\nmanager = { name = "张经理", phone = "13812345678" }\n'
    )
    for form in ([], ["--json"]):
        ran = program.ok("config", "show", *form)
        assert "SESAME" not in ran.out + ran.err
        assert "13812345678" not in ran.out + ran.err
        assert "张经理" in ran.out


def test_check_names_every_problem_with_its_line_and_key(program: Program) -> None:
    path = program.configure(
        'language = 3\nlanuage = "zh"\ntimezone = "Asia/Shangai"\n[service_hours]\ndaily = []\n'
        '[deadline]\ndefault = "4x"\n'
    )
    ran = program.run("config", "check")
    assert (ran.code, ran.out) == (1, "")
    for line, words in (
        (1, "language: must be text"),
        (2, "lanuage: there is no such key (did you mean language?)"),
        (3, "timezone: “Asia/Shangai” is no time zone"),
        (4, "service_hours: no weekday has a window"),
        (7, "deadline.default: “4x” is no time to reply in"),
    ):
        assert f"{path}, line {line}: {words}" in ran.err
    assert len(ran.err.splitlines()) == 5


def test_a_broken_configuration_stops_every_command_before_anything_is_made(program: Program) -> None:
    path = program.configure("[service_hours]\ndaily = []\n")
    for command in (["list"], ["import", "-"], ["add", "59088842"], ["report-outage"]):
        assert f"{path}, line 1: service_hours: " in program.refused(1, *command)
    assert f"{path}, line 1: service_hours: " in program.refused(3, "check")
    assert not program.store.exists()


def test_what_is_no_toml_is_named_with_its_place(program: Program) -> None:
    program.configure('timezone = "Asia/Shanghai"\n[service_hours\n')
    assert "line 2, column " in program.refused(1, "config", "check")
    program.configure("\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))
    assert program.run("config", "check").code == 1


def test_a_configuration_that_is_named_and_not_there_is_a_failure(program: Program) -> None:
    assert "nix.toml does not exist" in program.refused(1, "list", "--config", "nix.toml")


def test_hours_that_do_not_go_on_long_enough_are_a_failure_and_no_endless_loop(program: Program) -> None:
    program.configure('[service_hours]\ndaily = []\nmon = ["09:00-09:01"]\n[deadline]\ndefault = "90000h"\n')
    assert "service hours" in program.refused(1, "deadline", "2024-06-11 10:00")


def test_check_points_out_a_known_word_that_is_taught_another_meaning(program: Program) -> None:
    program.configure(
        '[platform_words]\n"待 回复" = "closed"\n"已回复" = "replied"\n"平台处理中" = "replied"\n'
        '[[channels]]\nname = "cs"\nkind = "stdout"\n'
    )
    ran = program.ok("config", "check")
    assert "is sound" in ran.out
    assert ran.err == (
        "! [platform_words] “待回复” means waiting without being taught, and closed is what counts now; take "
        "the line out unless that is meant.\n"
    )
    told = program.ok("--lang", "zh", "config", "check")
    assert "“待回复”" in told.err and "waiting" in told.err and "means" not in told.err
