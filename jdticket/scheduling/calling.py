"""Calling a program of the system, and what to say when it fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from jdticket.errors import JdticketError
from jdticket.i18n import _
from jdticket.text import quoted
from jdticket.words import os_reason


def call(command: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program of the system, which is to speak English."""
    try:
        return subprocess.run(  # noqa: S603 - our own words, and no shell
            command, input=given, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError as error:
        raise JdticketError(
            _("{path} cannot be run: {reason}").format(path=command[0], reason=os_reason(error))
        ) from error


def failed(call: str, done: subprocess.CompletedProcess[bytes]) -> JdticketError:
    said = quoted((done.stderr or done.stdout).decode(errors="replace"), 300)
    if not said:
        return JdticketError(_("{call} failed (exit code {code}).").format(call=call, code=done.returncode))
    return JdticketError(
        _("{call} failed (exit code {code}): {said}").format(call=call, code=done.returncode, said=said)
    )
