"""The checkout as its users have it: a wheel, installed into an environment of its own, byte code on.

An editable install without byte code shows half as much again for the same commit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
JDTICKET = str(Path(sys.executable).with_name("jdticket"))
_INSIDE = "JDTICKET_BENCHMARK"


def run(main: Callable[[], None], *more: str) -> None:
    """Call ``main`` in an environment that has the checkout's wheel and the packages ``more``.

    The environment lies in a temporary folder that goes when ``main`` is done. Settings of Python's and of
    jdticket's own are left out of what ``main`` and the commands it runs find in ``os.environ``.
    """
    if os.environ.pop(_INSIDE, None):
        main()
        return
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JDTICKET"))
    }
    with tempfile.TemporaryDirectory(prefix="jdticket-bench-") as folder:
        venv.create(Path(folder, "env"), with_pip=True, symlinks=True)
        python = str(Path(folder, "env", "bin", "python"))
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, CHECKOUT], check=True, env=environ)
        (wheel,) = Path(folder).glob("*.whl")
        subprocess.run([*pip, "install", wheel, *more], check=True, env=environ)
        done = subprocess.run([python, *sys.argv], check=False, env={**environ, _INSIDE: "1"})
    sys.exit(done.returncode)
