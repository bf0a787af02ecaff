"""What the configuration names and does not hold: environment variables, a file with a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from jdticket.errors import ConfigError
from jdticket.i18n import _

_SNAKE_CASE = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)+|[a-z0-9]+(?:_[a-z0-9]+)+")


def shown_variable(name: str) -> str:
    """The name of an environment variable as it may be shown: what looks like a secret that was put in its
    place is hidden."""
    looks_secret = len(name) >= 16 and any(map(str.isdigit, name)) and not _SNAKE_CASE.fullmatch(name)
    return "***" if looks_secret else name


def held_by(name: str, environ: Mapping[str, str], config: Path | None, key: str) -> str:
    """What the environment variable ``name`` holds, which ``key`` of the configuration at ``config`` names.

    Raises ``ConfigError`` when it holds nothing.
    """
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(
            _(
                "{file}: {key}: the environment variable {name} is not set; "
                "set it where the command runs (in cron: a line in the crontab)."
            ).format(file=config, key=key, name=shown_variable(name))
        )
    return value


def secret_in(file: Path, config: Path | None, key: str) -> str:
    """The secret that ``file`` holds, which ``key`` of the configuration at ``config`` names.

    Raises ``ConfigError`` when it cannot be read, holds anything else, or others may read it.
    """
    try:
        mode = file.stat().st_mode & 0o777
        secret = file.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        from jdticket.words import os_reason

        raise ConfigError(
            _("{file}: {key}: {path} cannot be read: {reason}.").format(
                file=config, key=key, path=file, reason=os_reason(error)
            )
        ) from error
    except UnicodeDecodeError:
        secret = ""
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            _("{file}: {key}: others may read {path} (mode {mode}); run: chmod 600 {path}").format(
                file=config, key=key, path=file, mode=f"{mode:o}"
            )
        )
    if not secret or len(secret.split()) != 1:
        raise ConfigError(
            _("{file}: {key}: {path} must hold the secret and nothing else.").format(
                file=config, key=key, path=file
            )
        )
    return secret
