"""The configuration as it may be shown: secrets hidden, phone numbers cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jdticket.personal import without_personal_data
from jdticket.settings.secrets import shown_variable

_SECRET_WORDS = frozenset({"url", "urls", "secret", "token", "key", "password", "webhook"})


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the file's content that may be shown: secrets hidden, phone numbers cut.

    A key is secret by its last word (``app_secret``, ``url``); ``url_env`` names a variable and is not.
    """
    return {key: _masked_value(key, value) for key, value in document.items()}


def _masked_value(key: str, value: Any) -> Any:
    if key.lower().split("_")[-1] in _SECRET_WORDS:
        return "***"
    if isinstance(value, dict):
        return masked(value)
    if isinstance(value, list):
        return [_masked_value("", item) for item in value]
    if key.endswith("_env") and isinstance(value, str):
        return shown_variable(value)
    if isinstance(value, str):
        if key == "phone":
            return f"{value[:3]}****{value[-4:]}" if len(value) > 7 else "***"
        return without_personal_data(value)
    return value
