from __future__ import annotations

from pathlib import Path

from jdticket.domain.channels import CHANNEL_KINDS
from jdticket.domain.tickets import Kind, PlatformState
from tests.language import assert_speaks

from .running import Program, needs_rights_to_be_limited


def written(program: Program) -> Path:
    return program.folder / "config" / "jdticket" / "config.toml"


def test_init_writes_a_sound_configuration_for_its_owner_only(program: Program) -> None:
    ran = program.ok(
        *("init", "--shop", "jd3", "--shop-name", "京东3店", "--manager", "张经理"),
        *("--manager-phone", "13800000000", "--timezone", "Asia/Hong_Kong"),
    )
    assert ran.out.startswith(f"Written: {written(program)}\n")
    assert written(program).stat().st_mode & 0o777 == 0o600
    assert program.ok("config", "check").out == f"{written(program)} is sound.\n"
    shown = program.ok("config", "show", "--json").json
    assert shown["timezone"] == "Asia/Hong_Kong"
    assert shown["shops"] == [
        {"code": "jd3", "name": "京东3店", "manager": {"name": "张经理", "phone": "138****0000"}}
    ]


def test_init_asks_nothing_in_a_pipe_and_comments_in_the_language_in_use(program: Program) -> None:
    for language in ("en", "zh"):
        path = program.folder / f"{language}.toml"
        program.ok("init", "--config", path, JDTICKET_LANG=language)
        text = path.read_text(encoding="utf-8")
        assert f'language = "{language}"' in text
        comments = [line for line in text.splitlines() if line.startswith("# ")]
        assert len(comments) > 5
        assert_speaks(
            "\n".join(comments),
            language,
            allow=[
                ", ".join(Kind),
                "new, before, overdue, returned",
                ", ".join(CHANNEL_KINDS),
                ", ".join(PlatformState),
            ],
        )


def test_init_never_overwrites(program: Program) -> None:
    path = program.configure("language = 'en'\n")
    assert "exists and is left as it is" in program.refused(4, "init")
    assert path.read_text() == "language = 'en'\n"


def test_init_asks_on_a_terminal(program: Program) -> None:
    ran = program.terminal("init", typed="jd3\n京东3店\n张经理\n\n")
    assert ran.code == 0, ran.out
    assert program.ok("config", "show", "--json").json["shops"] == [
        {"code": "jd3", "name": "京东3店", "manager": {"name": "张经理"}}
    ]


def test_init_refuses_a_zone_that_is_none(program: Program) -> None:
    assert "Mars/Base" in program.refused(1, "init", "--timezone", "Mars/Base")
    assert not written(program).exists()


@needs_rights_to_be_limited
def test_init_says_when_it_may_not_write(program: Program) -> None:
    (program.folder / "config").mkdir(mode=0o500)
    assert str(written(program)) in program.process.refused(1, "init")
