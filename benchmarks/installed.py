"""The program as people have it: a wheel in an environment of its own, its byte code kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# A checkout that is found first, or byte code that is made anew in every run, is what nobody has.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}
}


def installed(folder: Path) -> str:
    """The interpreter of a new environment in ``folder`` that has this checkout's program installed."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, env=ENVIRONMENT)
    python = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT)],
        check=True,
        env=ENVIRONMENT,
        cwd=folder,
    )
    return python
