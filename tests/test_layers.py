"""Who may know whom: the contracts of pyproject.toml hold, and each is able to break."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"

# Every room of the design, those that are still to be built included.
MODULES = (
    *("cli.main", "desk", "config", "clock", "words", "errors", "i18n", "text", "model"),
    *("deadlines", "reminding", "drafts", "reminder_desk", "schedule"),
    *("platform_desk", "authorisation", "net", "gateway", "platform_model"),
    *("store.interface", "store.sqlite", "views.tables", "intake.files", "channels.wecom"),
)
ALLOWED = {
    "cli.main": "desk platform_desk authorisation gateway config views.tables intake.files channels.wecom "
    "store.sqlite net deadlines model",
    "desk": "store.interface drafts reminding deadlines words clock text errors i18n model",
    "reminder_desk": "store.interface reminding deadlines words clock text errors i18n model",
    "platform_desk": "store.interface platform_model drafts reminding deadlines words clock text errors "
    "i18n model",
    "platform_model": "model",
    "authorisation": "store.interface platform_model words clock text errors i18n model",
    "schedule": "words clock text errors i18n model",
    "net": "text i18n",
    "config": "reminding deadlines words clock net text errors i18n model",
    "store.sqlite": "store.interface words clock text errors i18n model",
    "views.tables": "words clock text errors i18n model",
    "intake.files": "words clock net text errors i18n model",
    "channels.wecom": "words clock net text errors i18n model",
    "reminding": "deadlines model",
    "drafts": "deadlines words clock text errors i18n model",
    "deadlines": "model",
    "clock": "errors i18n model",
    "words": "i18n model",
}
_EDGE = "cli.main desk reminder_desk config deadlines reminding drafts"
FORBIDDEN = {
    "reminder_desk": "cli.main desk config views.tables intake.files channels.wecom store.sqlite",
    "platform_desk": "cli.main desk reminder_desk authorisation config views.tables intake.files "
    "channels.wecom store.sqlite net gateway",
    "authorisation": "cli.main desk platform_desk config intake.files store.sqlite net",
    "gateway": "cli.main desk intake.files net words clock text errors i18n model",
    "platform_model": "errors i18n clock words desk store.interface intake.files net",
    "net": "cli.main desk config intake.files words clock deadlines gateway",
    "schedule": f"{_EDGE} store.interface views.tables intake.files channels.wecom net",
    "desk": "cli.main platform_desk config views.tables intake.files channels.wecom store.sqlite net",
    "config": "cli.main desk views.tables intake.files channels.wecom store.interface",
    "store.sqlite": f"{_EDGE} platform_desk views.tables intake.files channels.wecom net",
    "views.tables": f"{_EDGE} store.interface intake.files channels.wecom",
    "intake.files": f"{_EDGE} platform_desk store.interface views.tables channels.wecom gateway",
    "channels.wecom": f"{_EDGE} store.interface views.tables intake.files",
    "drafts": "cli.main desk config store.interface views.tables intake.files channels.wecom",
    "reminding": "cli.main desk config store.interface clock words net errors i18n text",
    "deadlines": "cli.main desk config store.interface reminding clock words errors i18n text",
    "clock": "deadlines desk config words",
    "model": "deadlines clock words errors i18n text desk",
}

# Reads a list of packages, each a list of [importer, imported]; writes those that the contracts let pass.
_LINT_EACH = """
import contextlib, io, json, pathlib, sys
from importlinter.cli import lint_imports

passed = []
for imports in json.load(sys.stdin):
    for file in pathlib.Path("jdticket").rglob("*.py"):
        file.write_text("")
    for importer, imported in imports:
        with pathlib.Path("jdticket", *importer.split(".")).with_suffix(".py").open("a") as file:
            file.write(f"import jdticket.{imported}\\n")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        failed = lint_imports(no_cache=True)
    if not failed:
        passed.append(imports)
    elif " broken." not in said.getvalue():
        sys.exit(said.getvalue())
json.dump(passed, sys.stdout)
"""

Imports = list[list[str]]


def _pairs(rules: dict[str, str]) -> Imports:
    return [[importer, imported] for importer, names in rules.items() for imported in names.split()]


def _let_pass(root: Path, modules: Iterable[str], packages: list[Imports]) -> list[Imports]:
    """Those of the packages, made of these modules and imports, that break no contract."""
    for name in modules:
        file = root / "jdticket" / (name.replace(".", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.touch()
    (root / "jdticket" / "__init__.py").touch()
    shutil.copy(PYPROJECT, root)
    done = subprocess.run(
        [sys.executable, "-c", _LINT_EACH],
        input=json.dumps(packages),
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_rooms_know_only_whom_they_may_know() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports as run; raise SystemExit(run(no_cache=True))",
        ],
        cwd=PYPROJECT.parent,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_acquaintance_of_the_design_is_allowed(tmp_path: Path) -> None:
    together = _pairs(ALLOWED)
    assert _let_pass(tmp_path, MODULES, [together]) == [together]


def test_every_other_acquaintance_is_refused(tmp_path: Path) -> None:
    packages = [[*_pairs(ALLOWED), pair] for pair in _pairs(FORBIDDEN)]
    assert [package[-1] for package in _let_pass(tmp_path, MODULES, packages)] == []
