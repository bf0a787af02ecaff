from __future__ import annotations

import gettext
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from jdticket import i18n
from jdticket.domain.channels import CHANNEL_KINDS
from jdticket.domain.reminders import ReminderRule
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.settings.new_file import new_config_text
from tests import catalogue
from tests.language import assert_speaks

# One of Typer's own messages, so that these tests hold whatever the package's texts become.
KNOWN = "Missing command."


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the process as it was: speaking English, its text domain and LANGUAGE untouched."""
    language, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    yield
    i18n.use("en")
    gettext.textdomain(domain)
    if language is None:
        del os.environ["LANGUAGE"]
    else:
        os.environ["LANGUAGE"] = language


# The catalogue in the package


def test_the_catalogue_is_complete_and_compiled() -> None:
    assert catalogue.problems() == []


def test_a_new_configuration_file_is_commented_in_the_language_asked_for() -> None:
    for language in i18n.LANGUAGES:
        lines = new_config_text(language).splitlines()
        assert_speaks(
            "\n".join(line for line in lines if line.startswith("# ")),
            language,
            allow=[*Kind, *PlatformState, *ReminderRule, *CHANNEL_KINDS],
        )


# Keeping it


@pytest.fixture
def po(tmp_path: Path) -> Path:
    """A complete catalogue of its own: every source string, translated as itself in brackets, but for what
    is Chinese in it."""
    new = catalogue.merged(Catalog(), catalogue.strings_in_sources())
    for message in new:
        if isinstance(message.id, tuple):
            message.string = (_bracketed(message.id[-1]),)
        elif message.id:
            message.string = _bracketed(message.id)
    path = tmp_path / "jdticket.po"
    path.write_bytes(catalogue.po_bytes(new))
    path.with_suffix(".mo").write_bytes(catalogue.mo_bytes(new))
    return path


def _bracketed(text: str) -> str:
    return "【" + re.sub("[\u4e00-\u9fff]", "", text).replace("docs/", "docs/zh/") + "】"


def changed(po: Path, old: str, new: str) -> None:
    """Replace ``old``, which the file has once, and compile."""
    text = po.read_text(encoding="utf-8")
    assert text.count(old) == 1
    po.write_text(text.replace(old, new), encoding="utf-8")
    po.with_suffix(".mo").write_bytes(catalogue.mo_bytes(catalogue.read(po.read_bytes())))


def test_a_complete_catalogue_has_no_problems(po: Path) -> None:
    assert catalogue.problems(po) == []


def test_a_string_that_the_sources_gained_is_a_problem(po: Path) -> None:
    changed(po, f'msgid "{KNOWN}"', 'msgid "Missing."')
    assert f"not in the catalogue: '{KNOWN}'" in catalogue.problems(po)


def test_a_string_that_the_sources_lost_is_a_problem(po: Path) -> None:
    changed(po, f'msgid "{KNOWN}"', 'msgid "Missing."')
    assert "no longer in the sources: 'Missing.'" in catalogue.problems(po)


def test_an_empty_translation_is_a_problem(po: Path) -> None:
    changed(po, f'msgstr "【{KNOWN}】"', 'msgstr ""')
    assert catalogue.problems(po) == [f"not translated: '{KNOWN}'"]


def test_a_fuzzy_translation_is_a_problem(po: Path) -> None:
    changed(po, f'msgid "{KNOWN}"', f'#, fuzzy\nmsgid "{KNOWN}"')
    assert f"marked as fuzzy: '{KNOWN}'" in catalogue.problems(po)


@pytest.mark.parametrize("translation", ["没有", "没有 {nmae!r}", "没有 {name}", "{name!r} {name!r}"])
def test_a_translation_with_other_placeholders_is_a_problem(po: Path, translation: str) -> None:
    changed(po, 'msgstr "【No such command {name!r}.】"', f'msgstr "{translation}"')
    assert catalogue.problems(po) == ["other placeholders than the source: 'No such command {name!r}.'"]


@pytest.mark.parametrize(
    ("translation", "problem"),
    [
        ("工单,订单", "half-width punctuation beside Chinese"),
        ("{n} 单(今天前)", "half-width punctuation beside Chinese"),
        ("注意!", "half-width punctuation beside Chinese"),
        ("先拉取工单", "says 拉取 for 同步"),
    ],
)
def test_a_translation_that_is_not_written_as_chinese_is_a_problem(
    po: Path, translation: str, problem: str
) -> None:
    changed(po, f'msgstr "【{KNOWN}】"', f'msgstr "{translation}"')
    assert f"{problem}: '{KNOWN}'" in catalogue.problems(po)


def test_a_translation_that_points_at_a_page_in_english_is_a_problem(po: Path) -> None:
    changed(po, f'msgstr "【{KNOWN}】"', 'msgstr "见 docs/reminders.md"')
    assert catalogue.problems(po) == [f"points at a page in English: '{KNOWN}'"]


def test_a_translation_with_a_brace_too_many_is_a_problem(po: Path) -> None:
    changed(po, 'msgstr "【No such command {name!r}.】"', 'msgstr "没有 {name!r}}"')
    assert catalogue.problems(po) == ["a brace stands alone: 'No such command {name!r}.'"]


def test_a_catalogue_that_was_not_compiled_again_is_a_problem(po: Path) -> None:
    text = po.read_text(encoding="utf-8")
    po.write_text(text.replace(f"【{KNOWN}】", "缺少命令。"), encoding="utf-8")
    assert catalogue.problems(po) == ["the .mo file is not what the .po file compiles to"]
    po.with_suffix(".mo").unlink()
    assert catalogue.problems(po) == ["the .mo file is not what the .po file compiles to"]


def test_an_update_changes_nothing_in_a_catalogue_that_is_in_step(po: Path) -> None:
    before = po.read_bytes(), po.with_suffix(".mo").read_bytes()
    catalogue.update(po)
    assert (po.read_bytes(), po.with_suffix(".mo").read_bytes()) == before


def test_an_update_keeps_translations_adds_what_is_new_and_drops_what_is_gone(po: Path) -> None:
    changed(po, 'msgid "Aborted!"', 'msgid "A word that is gone"')
    catalogue.update(po)
    text = po.read_text(encoding="utf-8")
    assert f'msgid "{KNOWN}"\nmsgstr "【{KNOWN}】"' in text
    assert 'msgid "Aborted!"\nmsgstr ""' in text
    assert "A word that is gone" not in text
    assert catalogue.problems(po) == ["not translated: 'Aborted!'"]


def test_an_update_keeps_a_fuzzy_mark_and_the_translators_comment(po: Path) -> None:
    changed(po, f'msgid "{KNOWN}"', f'# after the back office\n#, fuzzy\nmsgid "{KNOWN}"')
    catalogue.update(po)
    text = po.read_text(encoding="utf-8")
    assert "# after the back office\n" in text
    assert f"marked as fuzzy: '{KNOWN}'" in catalogue.problems(po)


def test_an_update_begins_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    catalogue.update(tmp_path / "new.po")
    found = catalogue.problems(tmp_path / "new.po")
    assert f"not translated: '{KNOWN}'" in found
    assert {line.split(":")[0] for line in found} == {"not translated"}


def test_the_files_tell_no_date_person_or_machine(po: Path) -> None:
    text = po.read_text(encoding="utf-8")
    assert "Date" not in text.split("\n\n")[0]
    assert "Babel" not in text
    assert str(Path.home()) not in text
    assert b"Babel" not in po.with_suffix(".mo").read_bytes()


def test_what_is_not_translated_is_shown_in_english_not_as_nothing(po: Path) -> None:
    catalogue.update(po.with_name("empty.po"))
    with po.with_name("empty.mo").open("rb") as file:
        empty = gettext.GNUTranslations(file)
    assert empty.gettext(KNOWN) == KNOWN
    plural = next(key for key in catalogue.strings_in_sources() if isinstance(key, tuple))
    assert empty.ngettext(*plural, 2) == plural[1]


@pytest.mark.parametrize(
    ("arguments", "code"), [(["check"], 1), (["update"], 0), ([], 2), (["check", "twice"], 2)]
)
def test_the_command_tells_by_its_exit_code(po: Path, arguments: list[str], code: int) -> None:
    changed(po, f'msgstr "【{KNOWN}】"', 'msgstr ""')
    assert catalogue.main(arguments, po) == code


# Speaking


def test_english_is_the_source() -> None:
    i18n.use("en")
    assert i18n.language() == "en"
    assert i18n._(KNOWN) == KNOWN
    assert i18n.ngettext("{n} ticket", "{n} tickets", 1) == "{n} ticket"
    assert i18n.ngettext("{n} ticket", "{n} tickets", 2) == "{n} tickets"


def test_chinese_is_spoken_by_the_program_and_by_typer() -> None:
    i18n.use("zh")
    assert i18n.language() == "zh"
    assert_speaks(i18n._(KNOWN), "zh")
    assert gettext.gettext(KNOWN) == i18n._(KNOWN)


def test_english_can_be_chosen_after_chinese() -> None:
    i18n.use("zh")
    i18n.use("en")
    assert i18n._(KNOWN) == KNOWN
    assert gettext.gettext(KNOWN) == KNOWN


def test_a_translator_speaks_its_own_language_whatever_the_interface_speaks() -> None:
    i18n.use("zh")
    assert i18n.translator("en").gettext(KNOWN) == KNOWN
    i18n.use("en")
    assert_speaks(i18n.translator("zh").gettext(KNOWN), "zh")


def test_an_unknown_string_is_shown_as_it_is() -> None:
    i18n.use("zh")
    assert i18n._("no such string") == "no such string"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "ZH_TW"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_locale_chooses_the_language(environ: dict[str, str], language: str) -> None:
    assert i18n.from_locale(environ) == language


@pytest.mark.skipif(os.name == "nt", reason="Windows is asked for its console's language")
def test_without_any_locale_the_language_is_english() -> None:
    assert i18n.from_locale({}) == "en"
