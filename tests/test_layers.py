"""Who may know whom: the contracts of pyproject.toml hold, and each is able to break."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"

_LEAVES = "clock durations words text personal files errors i18n"
_ROOMS = "settings intake platform channels views scheduling"
# A module of every room, and the leaves.
MODULES = (
    *("cli.main", "cli.session", "desk.looking", "store.interface", "store.open", "store.sqlite.queries"),
    *("settings.reading", "intake.files", "platform.jos", "channels.wecom", "views.tables"),
    *(
        "scheduling.crontab",
        "demo.gateway",
        "domain.tickets",
        "domain.moves",
        "net",
        "times",
        *_LEAVES.split(),
    ),
)
_EDGE = f"domain.tickets {_LEAVES}"
ALLOWED = {
    "cli.main": "desk.looking settings.reading intake.files platform.jos channels.wecom views.tables "
    f"scheduling.crontab demo.gateway {_EDGE}",
    "cli.session": "store.open store.interface",
    "desk.looking": f"store.interface {_EDGE}",
    "store.open": "store.sqlite.queries",
    "store.interface": "domain.tickets",
    "store.sqlite.queries": f"store.interface {_EDGE}",
    "settings.reading": _EDGE,
    "intake.files": _EDGE,
    "platform.jos": f"net {_EDGE}",
    "channels.wecom": f"net {_EDGE}",
    "views.tables": _EDGE,
    "scheduling.crontab": _EDGE,
    "domain.moves": "domain.tickets errors durations",
    "words": "domain.tickets text i18n errors",
    "clock": "times text durations errors i18n",
    "times": "clock text durations errors i18n",
    "net": "text i18n",
    "files": "i18n errors",
}
_ABOVE = "cli.main desk.looking"
_STORES = "store.interface store.open store.sqlite.queries"
_SIDE = (
    "settings.reading intake.files platform.jos channels.wecom views.tables scheduling.crontab demo.gateway"
)
FORBIDDEN = {
    "cli.main": f"{_STORES} net",
    "cli.session": "store.sqlite.queries",
    "desk.looking": f"cli.main store.open store.sqlite.queries net {_SIDE}",
    "store.sqlite.queries": f"{_ABOVE} net {_SIDE}",
    **{
        room: f"{_ABOVE} {_STORES} " + " ".join(other for other in _SIDE.split() if other != room)
        for room in _SIDE.split()
    },
    "domain.moves": f"{_ABOVE} {_STORES} {_SIDE} net clock times words text personal files i18n",
    "clock": f"{_ABOVE} settings.reading",
    "times": f"{_ABOVE} settings.reading",
    "net": f"{_ABOVE} {_STORES} {_SIDE}",
    "errors": f"{_ABOVE} domain.tickets i18n clock words",
    "durations": "domain.tickets i18n clock",
}
for _room in ("settings.reading", "intake.files", "views.tables", "scheduling.crontab"):
    FORBIDDEN[_room] += " net"
FORBIDDEN["demo.gateway"] += f" net {_EDGE}"

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
