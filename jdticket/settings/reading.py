"""config.toml -> :class:`Config`: every problem is named with its file, line and key, all at once.

Every key is optional. What a value has to be stands in the table of keys; what several keys have to be
together stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jdticket.domain.channels import CHANNEL_KINDS
from jdticket.errors import ConfigError
from jdticket.i18n import _
from jdticket.settings import checks
from jdticket.settings.checks import Place, Report, nearest
from jdticket.settings.paths import config_path
from jdticket.settings.spec import (
    ANY,
    FLAG,
    KEYS,
    NUMBER,
    TABLE,
    TABLES,
    TEXT_OR_FALSE,
    TEXTS,
    Key,
    Section,
    below,
    key_of,
)
from jdticket.settings.types import Config, windows_of_the_week
from jdticket.text import name_key, quoted

if TYPE_CHECKING:
    from jdticket.settings.positions import Key as KeyPath

_SIGNING_KINDS = ("dingtalk", "feishu")


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration; without a file, every default holds.

    ``path`` is what was asked for by name and has to exist. Raises ``ConfigError``: one problem a line.
    """
    file = path or config_path(environ)
    text = _read(file)
    if text is None:
        if path is not None:
            raise ConfigError(_("{file} does not exist; `jdticket init` writes a new one.").format(file=file))
        return Config(None, {}, Section("", {}))
    document = _parse(text, file)
    report = Report()
    said = _read_all(document, report)
    if not report.problems:
        return Config(file, document, said)
    found = _sentences(report, text, file, document)
    if not all(map(_is_a_text, (key for key, _said in found))):
        raise ConfigError("\n".join(sentence for _key, sentence in found))
    return Config(file, document, said, bad_texts=dict(found))


def _is_a_text(key: KeyPath) -> bool:
    """Whether it is one text of the file's own, of a reply or a message: a bad one stops what uses it."""
    return key[:-1] in {("templates",), ("messages", "templates")}


# The text


def _read(file: Path) -> str | None:
    """The file's text, its lines ended as here; None if there is no such file."""
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(
            _("{file} is not in UTF-8 (byte {position} is not); save it as UTF-8 in your editor.").format(
                file=file, position=error.start + 1
            )
        ) from error
    except OSError as error:
        from jdticket.words import os_reason

        raise ConfigError(
            _("{file} cannot be read: {reason}.").format(file=file, reason=os_reason(error))
        ) from error


def _parse(text: str, file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        import re

        from jdticket.settings.positions import last_entry

        place = re.search(r"line (\d+), column (\d+)", str(error))
        # "At end of document" helps nobody: there is an entry that was begun and not ended.
        line, column = (int(place[1]), int(place[2])) if place else (last_entry(text), 1)
        if "\\" in text.split("\n")[line - 1]:
            what = _(
                "not valid TOML; put a text with backslashes in single quotes, such as {example}"
            ).format(example=r"'C:\desk.db'")
        else:
            what = _("not valid TOML; look for a missing quote or bracket, or a key that stands twice")
        raise ConfigError(
            _("{file}, line {line}, column {column}: {problem}.").format(
                file=file, line=line, column=column, problem=what
            )
        ) from error


def _sentences(
    report: Report, text: str, file: Path, document: Mapping[str, Any]
) -> list[tuple[KeyPath, str]]:
    """What is wrong, a key and a sentence a problem, from the first line to the last."""
    from jdticket.settings.positions import line_of, lines_of_keys

    lines = lines_of_keys(text)
    found = sorted(((line_of(key, lines), key, what) for key, what in report.problems), key=lambda it: it[0])
    return [
        (
            key,
            _("{file}, line {line}: {key}: {problem}.").format(
                file=file, line=line, key=quoted(_shown(key, document), 80), problem=what
            ),
        )
        for line, key, what in found
    ]


def _shown(key: Sequence[str | int], document: Mapping[str, Any]) -> str:
    """A key as people write it, entries of a list counted from 1, a channel by its name where it has one."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key]
    if len(key) > 1 and key[0] == "channels" and isinstance(key[1], int):
        names = [channel.get("name") for channel in document["channels"]]
        name = names[key[1]]
        if isinstance(name, str) and name.strip() and names.count(name) == 1:
            parts[1] = f"[{name.strip()}]"
    return "".join(parts).removeprefix(".")


# Tables


class _Table:
    """One table of the file while it is read; what is wrong with it is noted in its place."""

    def __init__(self, name: str, values: Mapping[str, Any], place: Place) -> None:
        self.name = name
        """As the table of keys has it."""
        self.values = values
        self.place = place

    def allow(self, names: Collection[str], *more: str) -> None:
        """Note every key that is none of these; ``more`` are passed over, and never proposed."""
        for name in self.values:
            if name in names or name in more:
                continue
            near = nearest(name, names)
            if near is not None:
                what = _("there is no such key (did you mean {near}?)").format(near=near)
            else:
                from jdticket.words import listed

                what = _("there is no such key; known here: {known}").format(known=listed(names))
            self.place.at(name).wrong(what)

    def read(self, **said: Any) -> Section:
        """What the table says, its keys those of its own; ``said`` has been read."""
        keys = [key.name for key in KEYS[self.name]]
        if keys == [ANY]:
            return self.section(list(self.values))
        self.allow(keys)
        return self.section(keys, **said)

    def section(self, names: Collection[str], **said: Any) -> Section:
        """What the table says under these names; ``said`` has been read."""
        for name in names:
            if name in self.values and name not in said:
                value = self.value(key_of(self.name, name), name)
                if value is not None:
                    said[name] = value
        return Section(self.name, said)

    def value(self, key: Key, name: str) -> Any:
        """The checked value under ``name``, where there is one; None if it is wrong."""
        if key.type == TABLE:
            table = self.table(name)
            return None if table is None else _READERS.get(table.name, _Table.read)(table)
        if key.type == TABLES:
            return [_READERS.get(table.name, _Table.read)(table) for table in self.tables(name)]
        value, place = self.values[name], self.place.at(name)
        if key.type == TEXT_OR_FALSE and value is False:
            return False
        if not _fits(value, key.type, place):
            return None
        if isinstance(value, str):
            value = value.strip()
        if key.check is checks.variable:
            field = name.removesuffix("_env")
            if field in self.values:
                place.wrong(_("{key} and {field} are both there; keep one").format(key=name, field=field))
        return value if key.check is None else key.check(value, place)

    def table(self, name: str) -> _Table | None:
        """The table under ``name``; None if it is none."""
        value, place = self.values[name], self.place.at(name)
        if not isinstance(value, dict):
            place.wrong(_("must be a table, [{key}]").format(key=name))
            return None
        return _Table(below(self.name, name), value, place)

    def tables(self, name: str) -> list[_Table]:
        """The tables under ``name``; none if it is absent or wrong."""
        value, place = self.values.get(name, []), self.place.at(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            place.wrong(_("must be a list of tables, each with [[{key}]] above it").format(key=name))
            return []
        return [_Table(below(self.name, name), item, place.at(number)) for number, item in enumerate(value)]


def _fits(value: object, kind: str, place: Place) -> bool:
    """Whether a value is of its key's type; it is noted if not."""
    if kind == FLAG:
        what = "" if isinstance(value, bool) else _("must be true or false, without quotes")
    elif kind == NUMBER:
        what = "" if type(value) is int and value >= 0 else _("must be a whole number, 0 or more")
    elif kind == TEXTS:
        texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
        what = "" if texts else _('must be a list of texts, such as ["…", "…"]')
    elif not isinstance(value, str):
        what = _("must be text, in quotes")
    else:
        what = "" if value.strip() and "\0" not in value else _("must not be empty or hold NUL characters")
    if what:
        place.wrong(what)
    return not what


# What keys have to be together


def _read_all(document: Mapping[str, Any], report: Report) -> Section:
    """What the file says, each value checked; what is wrong goes to ``report``."""
    top = _Table("", document, Place((), report))
    # First of all what others refer to.
    channels, shops = top.tables("channels"), top.tables("shops")
    report.channels = _channel_names(channels)
    known = _shops(shops)
    report.shops = {
        name_key(word): shop["code"]
        for shop in known
        for word in (shop["name"], shop["code"], *shop["aliases"])
        if word
    }
    said = [_channel(table, name) for table, name in zip(channels, report.channels, strict=True)]
    return top.read(channels=said, shops=known, people=_people(top.tables("people")))


def _shops(tables: Sequence[_Table]) -> list[Section]:
    """The shops that have a code."""
    shops = []
    taken: dict[str, int] = {}
    for number, table in enumerate(tables):
        shop = table.read()
        code = shop["code"]
        if code is None:
            if "code" not in table.values:
                table.place.wrong(_('a shop needs a code, such as code = "jd3"'))
            continue
        words = dict.fromkeys(shop["aliases"] or (), "aliases") | {shop["name"] or code: "name", code: "code"}
        for word, key in words.items():
            if taken.setdefault(name_key(word), number) != number:
                table.place.at(key).wrong(
                    _("“{word}” is another shop's code, name or alias, too").format(word=quoted(word))
                )
        shops.append(shop)
    return shops


def _columns(table: _Table) -> Section:
    """Headings by field, whichever word the file has for the field."""
    from jdticket.domain.tickets import FIELDS
    from jdticket.words import column_named

    said = table.read().said
    fields = {name: column_named(name) for name in table.values}
    for name, field in fields.items():
        if field is None:
            table.place.at(name).unknown(name, FIELDS)
    return Section(table.name, {fields[name]: heading for name, heading in said.items() if fields[name]})


def _jos(table: _Table) -> Section:
    keys = table.values.keys()
    if "app_secret" in keys:
        # The secret is not repeated.
        table.place.at("app_secret").wrong(
            _(
                "does not stand in this file: name a variable with {env}, or a file of your own with {file}"
            ).format(env="app_secret_env", file="app_secret_file")
        )
    names = [key.name for key in KEYS[table.name]]
    # Never to be offered in place of a mistyped key.
    table.allow(names, "app_secret")
    if "app_key" not in keys:
        table.place.wrong(_("an application needs its app_key"))
    if {"app_secret_env", "app_secret_file"} <= keys:
        table.place.wrong(_("app_secret_env and app_secret_file are both there; keep one"))
    elif not {"app_secret", "app_secret_env", "app_secret_file"} & keys:
        table.place.wrong(
            _("an application needs either app_secret_env or app_secret_file: where its secret is")
        )
    return table.section(names)


def _channel_names(tables: Sequence[_Table]) -> list[str]:
    """The name of each channel, empty where there is none."""
    names: list[str] = []
    for table in tables:
        name = table.section(["name"])["name"] or ""
        if "name" not in table.values:
            table.place.wrong(_('a channel needs a name, such as name = "cs-group"'))
        if name and name in names:
            table.place.at("name").wrong(
                _("“{word}” is another channel's name, too").format(word=quoted(name))
            )
        names.append(name)
    return names


def _channel(table: _Table, name: str) -> Section:
    kind = table.section(["kind"])["kind"]
    if "kind" not in table.values:
        table.place.wrong(_("a channel needs a kind: {kinds}").format(kinds=", ".join(CHANNEL_KINDS)))
    if kind is None:
        # What else it may have depends on its kind.
        return Section(table.name, {"name": name})
    names = [
        key.name
        for key in KEYS[table.name]
        if (kind != "stdout" or not key.name.startswith("url"))
        and (kind in _SIGNING_KINDS or not key.name.startswith("secret"))
    ]
    table.allow(names)
    if kind != "stdout" and not {"url", "url_env"} & table.values.keys():
        table.place.wrong(_("a channel of this kind needs a url, or a url_env that names a variable"))
    return table.section(names, name=name, kind=kind)


def _service_hours(table: _Table) -> Section:
    hours = table.read()
    if not any(windows_of_the_week(hours)):
        table.place.wrong(_("no weekday has a window, so the clock of a ticket would never run; open one"))
    return hours


def _special_days(table: _Table) -> Section:
    """The windows of each date."""
    said = table.read().said
    days = {name: checks.day(name, table.place.at(name)) for name in table.values}
    return Section(table.name, {days[name]: windows for name, windows in said.items()})


def _escalation(table: _Table) -> Section:
    step = table.read()
    if "left" not in table.values:
        table.place.wrong(_('an escalation needs the time from which it holds, such as left = "30m"'))
    if not table.values.get("mention") and "channel" not in table.values:
        table.place.wrong(_("an escalation needs people to mention, or a channel"))
    return step


def _duty(table: _Table) -> Section:
    duty = table.read()
    if not table.values.get("mention"):
        table.place.wrong(_('a duty needs people to mention, such as mention = ["13800000000"]'))
    if "weekdays" in table.values and table.values.get("dates"):
        table.place.at("weekdays").wrong(
            _("{key} and {field} are both there; keep one").format(key="weekdays", field="dates")
        )
    return duty


def _people(tables: Sequence[_Table]) -> list[Section]:
    """The people that have a name."""
    people = []
    taken: set[str] = set()
    for table in tables:
        person = table.read()
        name = person["name"]
        if name is None:
            if "name" not in table.values:
                table.place.wrong(_('a person needs the name that tickets have, such as name = "小李"'))
            continue
        if name_key(name) in taken:
            table.place.at("name").wrong(
                _("“{word}” is another person's name, too").format(word=quoted(name))
            )
        taken.add(name_key(name))
        people.append(person)
    return people


_READERS: Mapping[str, Callable[[_Table], Section]] = {
    "service_hours": _service_hours,
    "service_hours.special": _special_days,
    "columns": _columns,
    "shops.columns": _columns,
    "shops.jos": _jos,
    "reminders.escalate": _escalation,
    "duty": _duty,
}
