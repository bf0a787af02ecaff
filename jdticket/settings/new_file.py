"""The commented config.toml of ``jdticket init``: every key with its comment, its default or an example.

A comment has a space after its ``#``; a setting that is only shown has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jdticket.errors import ConfigError, RefusedError
from jdticket.files import make_folders, whole_file
from jdticket.i18n import _, translator
from jdticket.settings.paths import default_database_path
from jdticket.settings.spec import ANY, DEFAULT_TIMEZONE, KEYS, Key, Text, key_of
from jdticket.settings.types import Shop
from jdticket.words import os_reason

Gettext = Callable[[str], str]

# What is shown where there is no default, or where there are several tables.
_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "service_hours": {"sun": ["10:00-12:00", "13:00-16:00"]},
    "service_hours.special": {"2027-02-17": [], "2027-02-18": ["10:00-16:00"]},
    "deadline.kinds": {"crc": "4h"},
    "platform_words": {"平台处理中": "replied"},
    "columns": {"id": "编号"},
    "templates": {"shipped": "您好，订单{order_id}已发出，运单号{waybill}。"},
    "messages.templates": {
        "before": "【{shop}】{kind} {left}（{deadline}前）工单{ticket_id} 订单{order_id}\n{content}"
    },
    "reminders": {"heartbeat_url": "https://example.com/ping"},
}
_LISTED_EXAMPLES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "reminders.escalate": ({"left": "30m", "mention": ["13900000000"], "channel": "night"},),
    "people": ({"name": "小李", "mention": ["13700000000"], "lead": True},),
    "duty": (
        {
            "weekdays": ["mon", "tue", "wed", "thu", "fri"],
            "hours": "09:00-19:00",
            "mention": ["小李"],
        },
        {"dates": ["2027-02-17"], "shops": ["jd3"], "mention": ["13600000000"]},
    ),
    "channels": (
        {
            "name": "cs-group",
            "kind": "dingtalk",
            "url": "https://oapi.dingtalk.com/robot/send?access_token=…",
            "secret_env": "JDTICKET_CS_SECRET",
            "mention": ["13800000000"],
            "shops": ["jd3"],
            "default": True,
            "keyword": "工单",
        },
        {"name": "night", "kind": "apprise", "url_env": "JDTICKET_NIGHT_URL", "night": True},
    ),
}
_SHOP = {
    "code": "jd3",
    "name": "京东3店",
    "aliases": ["京东三店官方旗舰店"],
    "manager": {"name": "运营经理", "phone": "13800000000", "channel": "night"},
}
_JOS = {
    "app_key": "YOUR_APP_KEY",
    "app_secret_env": "JDTICKET_JD3_SECRET",
    "redirect_uri": "https://example.com/back",
}
_JOS_TOO = ('app_secret_file = "jd3.secret"', 'oauth_url = "https://open-oauth.jd.com/oauth2"')
"""What an application may have besides, or in place of what the example has."""


def new_config_text(
    language: str,
    *,
    timezone: str = DEFAULT_TIMEZONE,
    database: Path | None = None,
    shops: Sequence[Shop] = (),
) -> str:
    """A commented config.toml in ``language``: what is given is set, the rest shows its default."""
    gettext = translator(language).gettext
    given = {"language": language}
    if timezone != DEFAULT_TIMEZONE:
        given["timezone"] = timezone
    if database is not None:
        given["database"] = str(database)
    blocks = _blocks(gettext, given, shops)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def write_new(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, its folders too where they are new.

    Raises ``RefusedError`` if it exists, ``ConfigError`` if it cannot be written.
    """
    try:
        make_folders(path)
        with whole_file(path) as file:
            file.write(text.encode())
    except FileExistsError as error:
        raise RefusedError(
            _("{file} exists and is left as it is; edit it, or move it away first.").format(file=path)
        ) from error
    except OSError as error:
        raise ConfigError(
            _("{file} cannot be written: {reason}.").format(file=path, reason=os_reason(error))
        ) from error


def _blocks(gettext: Gettext, given: Mapping[str, str], shops: Sequence[Shop]) -> Iterator[list[str]]:
    """The parts of the file, an empty line between any two of them."""
    _ = gettext
    yield [
        "# " + _("Settings of jdticket. Every line may be left out."),
        "# " + _("A # without a space hides a default or an example: take it away to set the value."),
    ]
    codes = {"shops": [shop.code for shop in shops]} if shops else {}
    for table, keys in KEYS.items():
        if table in _LISTED_EXAMPLES:
            yield from _list_of_tables(gettext, table, codes)
        elif not table.startswith("shops"):
            yield from _table(gettext, table, keys, given if not table else {})
    yield [
        *_comment(gettext, key_of("shops", "code").text),
        *_comment(gettext, key_of("shops", "aliases").text),
        *(_shop_lines(shops) if shops else _hidden("shops", _SHOP)),
        *_comment(gettext, key_of("shops", "jos").text),
        *(f"# {_('or: {line}').format(line=line)}" for line in _JOS_TOO),
        f"#jos = {_toml(_JOS)}",
    ]


def _table(
    gettext: Gettext, table: str, keys: Sequence[Key], given: Mapping[str, str]
) -> Iterator[list[str]]:
    """The settings of one table, those that share a comment together."""
    _ = gettext
    own = {"database": str(default_database_path()), "me": "小王"}
    shown = _EXAMPLES.get(table, {}) if table else own
    together: dict[Text, list[str]] = {}
    for key in keys:
        if key.text is None:
            continue
        lines = together.setdefault(key.text, [])
        if key.name == ANY:
            lines += [f"#{_toml_key(name)} = {_toml(value)}" for name, value in shown.items()]
        elif key.name in given:
            lines.append(f"{key.name} = {_toml(given[key.name])}")
        elif key.name in shown or key.default is not None:
            lines.append(f"#{key.name} = {_toml(shown.get(key.name, key.default))}")
        elif key.name.endswith("_env"):
            # Not to be uncommented beside the one that it stands for.
            line = f"{key.name} = {_toml('JDTICKET_' + key.name.removesuffix('_env').upper())}"
            lines.append("# " + _("or: {line}").format(line=line))
    header = [f"[{table}]"] if table else []
    for text, lines in together.items():
        yield [*_comment(gettext, text), *header, *lines]
        header = []


def _list_of_tables(gettext: Gettext, table: str, given: Mapping[str, Any]) -> Iterator[list[str]]:
    """Examples of a table that there may be several of, each below the comments that are new with it."""
    told: list[Text | None] = []
    for example in _LISTED_EXAMPLES[table]:
        new = [text for name in example if (text := key_of(table, name).text) not in told]
        told += new
        comments = [line for text in dict.fromkeys(new) for line in _comment(gettext, text)]
        values = {name: given.get(name, value) for name, value in example.items()}
        yield [*comments, *_hidden(table, values)]


def _comment(gettext: Gettext, text: Text | None) -> list[str]:
    return [] if text is None else [f"# {line}" for line in text.told(gettext)]


def _hidden(table: str, values: Mapping[str, Any]) -> list[str]:
    return [f"#[[{table}]]", *(f"#{name} = {_toml(value)}" for name, value in values.items())]


def _shop_lines(shops: Sequence[Shop]) -> Iterator[str]:
    for shop in shops:
        yield "[[shops]]"
        yield f"code = {_toml(shop.code)}"
        yield f"name = {_toml(shop.name)}"
        if shop.manager is not None:
            said = {"name": shop.manager.name, "phone": shop.manager.phone, "channel": shop.manager.channel}
            yield f"manager = {_toml({name: value for name, value in said.items() if value})}"
        else:
            yield f"#manager = {_toml({'name': '运营经理', 'phone': '13800000000'})}"
        yield f"#aliases = {_toml([f'{shop.name}官方旗舰店'])}"


def _toml(value: str | int | Sequence[str] | Mapping[str, str]) -> str:
    """A value on one line."""
    import tomlkit

    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return str(tomlkit.item(value).as_string())


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]+", name) else _toml(name)
