"""config.toml -> frozen dataclasses; every problem is named with its file, line and key.

Every key is optional. All problems of a file are told at once. Nothing is written here but a new
file for ``jdticket init``, and nothing is ever overwritten.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jdticket.clock import load_zone
from jdticket.deadlines import (
    DeadlinePolicy,
    Duration,
    ServiceHours,
    Window,
    parse_policy_duration,
    parse_window,
)
from jdticket.errors import ConfigError, InputError, RefusedError, UsageError
from jdticket.i18n import LANGUAGES, _, translator
from jdticket.model import Kind, ReplyRules
from jdticket.text import quoted
from jdticket.words import listed, os_reason

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DEFAULT_TIMEZONE = "Asia/Shanghai"
# 09:00-19:00, Monday to Sunday; 4 hours for every kind (seller guide 2023; DOMAIN section 2).
_DEFAULT_WINDOW = "09:00-19:00"
_DEFAULT_WINDOWS = (parse_window(_DEFAULT_WINDOW),)
_DEFAULT_DURATION = "4h"
_DEFAULT_MIN_LENGTH = 4
_DEFAULT_EMPTY_PHRASES = (
    *(
        "收到",
        "已收到",
        "收到了",
        "好的",
        "好",
        "好的收到",
        "嗯",
        "嗯嗯",
        "知道了",
        "了解",
        "亲",
        "在的",
        "您好",
    ),
    *("稍等", "请稍等", "请您稍等", "亲请稍等", "您好请稍等", "好的请稍等", "收到请稍等"),
    *("处理中", "正在处理", "正在处理中", "尽快处理", "会尽快处理", "马上处理", "稍后回复", "谢谢"),
    *("ok", "okay", "noted", "received", "got it", "one moment", "please wait"),
)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TOP_LEVEL = (
    *("language", "timezone", "database", "service_hours", "deadline", "shops", "templates"),
    *("messages", "reply", "channels", "reminders", "duty"),
)
_SHOPS_NAMED = 10


@dataclass(frozen=True, slots=True)
class Manager:
    """A shop's JD operations manager (京东运营经理)."""

    name: str
    phone: str
    channel: str
    """The notification channel that reaches them; empty: none."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop that the desk serves."""

    code: str
    name: str
    """What people and the platform's files call it; the code itself when none is given."""
    manager: Manager | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What config.toml says, defaults filled in."""

    path: Path | None
    """The file that was read; None: there is none."""
    language: str | None
    """Of the interface, "zh" or "en"; None: not said."""
    timezone: str
    zone: ZoneInfo
    database: Path | None
    policy: DeadlinePolicy
    shops: tuple[Shop, ...]
    templates: Mapping[str, str]
    messages_language: str
    """Of what leaves the house, "zh" or "en"."""
    reply: ReplyRules
    document: Mapping[str, Any]
    """The file as it stands, secrets included: for :func:`masked`."""

    def shop_code(self, text: str) -> str:
        """The code of the shop that :meth:`shop` finds."""
        return self.shop(text).code

    def shop(self, text: str) -> Shop:
        """The shop with this code or name, case ignored; any text is a code when no shop is configured.

        Raises ``InputError`` that lists the known shops.
        """
        wanted = text.strip()
        if not self.shops:
            return Shop(wanted, wanted)
        for shop in self.shops:
            if wanted.casefold() in (shop.code.casefold(), shop.name.casefold()):
                return shop
        by_word = {word.casefold(): shop for shop in self.shops for word in (shop.name, shop.code)}
        near = _nearest(wanted.casefold(), by_word)
        known = listed(
            shop.code if shop.name == shop.code else f"{shop.code} ({shop.name})"
            for shop in self.shops[:_SHOPS_NAMED]
        )
        if len(self.shops) > _SHOPS_NAMED:
            known += ", …"
        if near is not None:
            raise InputError(
                _(
                    "There is no shop “{shop}” in the configuration; did you mean {near}? Known: {known}."
                ).format(shop=quoted(text), near=by_word[near].code, known=known)
            )
        raise InputError(
            _("There is no shop “{shop}” in the configuration; known: {known}.").format(
                shop=quoted(text), known=known
            )
        )


def config_path(environ: Mapping[str, str]) -> Path:
    """Where config.toml is looked for: JDTICKET_CONFIG, else the user's own configuration folder."""
    if environ.get("JDTICKET_CONFIG"):
        return Path(environ["JDTICKET_CONFIG"]).expanduser()
    import platformdirs

    return platformdirs.user_config_path("jdticket", appauthor=False) / "config.toml"


def database_path(config: Config, environ: Mapping[str, str], option: str | None) -> Path:
    """Where the store is: ``--db``, JDTICKET_DB, the configuration, else the user's own data folder."""
    named = option or environ.get("JDTICKET_DB")
    if named:
        return Path(named).expanduser()
    return config.database or _default_database()


def peek_language(path: Path | None, environ: Mapping[str, str]) -> str | None:
    """The interface's language as the file tells it, None where it does not. Never raises.

    It reads one line and no more, so that what is wrong with the rest can be told in that language.
    """
    try:
        text = (path or config_path(environ)).read_text(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError, RuntimeError):
        return None
    top_level = re.split(r"^[ \t]*\[", text, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(r"""^[ \t]*language[ \t]*=[ \t]*(["'])(\w+)\1""", top_level, re.MULTILINE)
    return found[2] if found is not None and found[2] in LANGUAGES else None


def load_config(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration; without a file, every default holds.

    ``path`` is what was asked for by name and has to exist. Raises ``ConfigError``: one problem a line.
    """
    file = path or config_path(environ)
    text = _read(file)
    if text is None:
        if path is not None:
            raise ConfigError(_("{file} does not exist; `jdticket init` writes a new one.").format(file=file))
        return _config(_Table({}, (), []), None)
    document = _parse(text, file)
    problems: list[_Problem] = []
    config = _config(_Table(document, (), problems), file)
    if problems:
        raise ConfigError("\n".join(_sentence(problem, text, file) for problem in problems))
    return config


def fill_template(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each ``{name}`` replaced by its value; ``{{`` and ``}}`` are plain braces.

    Only names are looked up: no attribute, no index, no format. Raises ``UsageError`` that names every
    placeholder without a value, or tells what is wrong with the template.
    """
    try:
        pieces = list(_pieces(text))
    except ValueError as error:
        raise UsageError(
            _("The template “{template}” cannot be filled in: {problem}.").format(
                template=quoted(text), problem=error
            )
        ) from error
    missing = dict.fromkeys(name for _literal, name in pieces if name is not None and name not in values)
    if missing:
        raise UsageError(
            _("The template needs a value for {names}; give it with {options}.").format(
                names=listed(f"{{{name}}}" for name in missing),
                options=" ".join(f"--set {name}=…" for name in missing),
            )
        )
    return "".join(literal + ("" if name is None else values[name]) for literal, name in pieces)


_SECRET_WORDS = frozenset({"url", "urls", "secret", "token", "key", "password", "webhook"})
_MOBILE = re.compile(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)")


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the file's content that may be shown: secrets hidden, phone numbers cut.

    A key is secret by its last word (``app_secret``, ``url``); ``url_env`` names a variable and is not.
    """
    return {key: _masked_value(key, value) for key, value in document.items()}


def new_config_text(
    language: str,
    *,
    timezone: str = DEFAULT_TIMEZONE,
    database: Path | None = None,
    shops: Sequence[Shop] = (),
) -> str:
    """A commented config.toml in ``language``: what is given is set, the rest shows its default.

    A comment has a space after its ``#``; a setting that is only shown has none.
    """
    _ = translator(language).gettext
    comment = "# {}".format
    return "\n".join(
        [
            comment(_("Settings of jdticket. Every line may be left out.")),
            comment(_("A # without a space hides a default or an example: take it away to set the value.")),
            "",
            comment(_('Language of the interface: "zh" or "en"; without it, the system decides.')),
            f"language = {_toml(language)}",
            "",
            comment(_("Zone of the service hours, and of every time that is given without an offset.")),
            f"{'#' if timezone == DEFAULT_TIMEZONE else ''}timezone = {_toml(timezone)}",
            "",
            comment(_("Where the tickets are kept; a relative path counts from this file's folder.")),
            f"{'' if database else '#'}database = {_toml(str(database or _default_database()))}",
            "",
            comment(_("The clock runs in these windows; a weekday's own (mon to sun) win over daily.")),
            "[service_hours]",
            f"#daily = {_toml([_DEFAULT_WINDOW])}",
            '#sun = ["10:00-12:00", "13:00-16:00"]',
            "",
            comment(_("A date's own windows win over the weekday's; [] is closed.")),
            "[service_hours.special]",
            '#"2027-02-17" = []',
            '#"2027-02-18" = ["10:00-16:00"]',
            "",
            comment(_('Service time to answer a ticket in; "24h calendar" counts around the clock.')),
            "[deadline]",
            f"#default = {_toml(_DEFAULT_DURATION)}",
            "",
            comment(_("A kind's own time: {kinds}.").format(kinds=", ".join(Kind))),
            "[deadline.kinds]",
            f"#crc = {_toml(_DEFAULT_DURATION)}",
            "",
            comment(_("A reply that is shorter, or one of these phrases, does not count as effective.")),
            "[reply]",
            f"#min_length = {_DEFAULT_MIN_LENGTH}",
            f"#empty_phrases = {_toml(list(_DEFAULT_EMPTY_PHRASES))}",
            "",
            comment(_("Replies by name, for `jdticket reply ID --template shipped --set waybill=…`.")),
            "[templates]",
            '#shipped = "您好，订单{order_id}已发出，运单号{waybill}。"',
            "",
            comment(_("Language of what is sent out, such as the note to the operations manager.")),
            "[messages]",
            '#language = "zh"',
            "",
            comment(_("The shops, each with its code, its name, and its JD operations manager.")),
            *(_shop_lines(shops) if shops else _EXAMPLE_SHOP),
            "",
        ]
    )


def write_new(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, its folders too where they are new.

    Raises ``RefusedError`` if it exists, ``ConfigError`` if it cannot be written.
    """
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RefusedError(
            _("{file} exists and is left as it is; edit it, or move it away first.").format(file=path)
        ) from error
    except OSError as error:
        raise ConfigError(
            _("{file} cannot be written: {reason}.").format(file=path, reason=os_reason(error))
        ) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
    except OSError as error:
        path.unlink()
        raise ConfigError(
            _("{file} cannot be written: {reason}.").format(file=path, reason=os_reason(error))
        ) from error


# Reading the file

_Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Problem:
    """Something wrong with one key."""

    key: _Key
    """Empty: the file as a whole."""
    what: str


class _Table:
    """One table of the file while it is read; what is wrong with it is added to ``problems``."""

    def __init__(self, values: Mapping[str, Any], key: _Key, problems: list[_Problem]) -> None:
        self.values = values
        self._key = key
        self._problems = problems

    def wrong(self, what: str, *name: str | int) -> None:
        """Note a problem with the key ``name`` of this table, or with the table."""
        self._problems.append(_Problem((*self._key, *name), what))

    def allow(self, *names: str) -> None:
        """Note every key that is none of these."""
        for name in self.values:
            if name in names:
                continue
            near = _nearest(name, names)
            if near is not None:
                self.wrong(_("there is no such key (did you mean {near}?)").format(near=near), name)
            else:
                known = listed(names)
                self.wrong(_("there is no such key; known here: {known}").format(known=known), name)

    def text(self, name: str) -> str | None:
        """The text under ``name``, without white space around it; None if it is absent or wrong."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(_("must be text, in quotes"), name)
            return None
        if not value.strip() or "\0" in value:
            self.wrong(_("must not be empty or hold NUL characters"), name)
            return None
        return value.strip()

    def texts(self, name: str) -> list[str] | None:
        """The list of texts under ``name``; None if it is absent or wrong."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(_('must be a list of texts, such as ["…", "…"]'), name)
            return None
        return value

    def table(self, name: str) -> _Table:
        """The table under ``name``; an empty one if it is absent or wrong."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            self.wrong(_("must be a table, [{key}]").format(key=name), name)
            value = {}
        return _Table(value, (*self._key, name), self._problems)

    def tables(self, name: str) -> list[_Table]:
        """The tables under ``name``; none if it is absent or wrong."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(_("must be a list of tables, each with [[{key}]] above it").format(key=name), name)
            value = []
        return [_Table(item, (*self._key, name, number), self._problems) for number, item in enumerate(value)]

    def language(self, name: str) -> str | None:
        """The language under ``name``; None if it is absent or wrong."""
        value = self.text(name)
        if value is not None and value not in LANGUAGES:
            self.wrong(_('“{value}” is no language; "zh" and "en" are').format(value=quoted(value)), name)
        return value


def _config(top: _Table, file: Path | None) -> Config:
    top.allow(*_TOP_LEVEL)
    zone = _zone(top)
    messages = top.table("messages")
    messages.allow("language")
    # These belong to rooms that read them on their own; only their shape is looked at here.
    for name in ("channels", "duty"):
        top.tables(name)
    top.table("reminders").tables("escalate")
    return Config(
        path=file,
        language=top.language("language"),
        timezone=zone.key,
        zone=zone,
        database=_database(top, file),
        policy=_policy(top, zone),
        shops=_shops(top),
        templates=_templates(top.table("templates")),
        messages_language=messages.language("language") or "zh",
        reply=_reply(top.table("reply")),
        document=top.values,
    )


def _zone(top: _Table) -> ZoneInfo:
    name = top.text("timezone") or DEFAULT_TIMEZONE
    try:
        return load_zone(name)
    except InputError:
        top.wrong(
            _("“{zone}” is no time zone; use a name such as {example}").format(
                zone=quoted(name), example=DEFAULT_TIMEZONE
            ),
            "timezone",
        )
        return load_zone(DEFAULT_TIMEZONE)


def _database(top: _Table, file: Path | None) -> Path | None:
    text = top.text("database")
    if text is None or file is None:
        return None
    try:
        return (file.parent / Path(text).expanduser()).absolute()
    except RuntimeError:
        top.wrong(_("there is no home folder for “{path}”").format(path=quoted(text)), "database")
        return None


def _policy(top: _Table, zone: ZoneInfo) -> DeadlinePolicy:
    section = top.table("deadline")
    section.allow("default", "kinds")
    kinds = section.table("kinds")
    kinds.allow(*Kind)
    return DeadlinePolicy(
        hours=_service_hours(top.table("service_hours"), zone),
        default=_duration(section, "default") or parse_policy_duration(_DEFAULT_DURATION),
        kinds={kind: length for kind in Kind if (length := _duration(kinds, kind)) is not None},
    )


def _service_hours(section: _Table, zone: ZoneInfo) -> ServiceHours:
    section.allow("daily", *_WEEKDAYS, "special")
    daily = _windows(section, "daily")
    if daily is None:
        daily = _DEFAULT_WINDOWS
    own = [_windows(section, weekday) for weekday in _WEEKDAYS]
    special_section = section.table("special")
    special = {}
    for text in special_section.values:
        windows = _windows(special_section, text)
        day = _date(special_section, text)
        if windows is not None and day is not None:
            special[day] = windows
    week = [daily if windows is None else windows for windows in own]
    if not any(week):
        section.wrong(_("no weekday has a window, so the clock of a ticket would never run; open one"))
        week[0] = _DEFAULT_WINDOWS
    return ServiceHours(zone, week, special)


def _windows(section: _Table, name: str) -> tuple[Window, ...] | None:
    """The windows under ``name``, in order; None if they are absent or wrong."""
    texts = section.texts(name)
    if texts is None:
        return None
    windows = []
    for text in texts:
        try:
            windows.append(parse_window(text))
        except ValueError:
            section.wrong(
                _('“{text}” is no window of one day; write it as "{example}", at most until 24:00').format(
                    text=quoted(text), example=_DEFAULT_WINDOW
                ),
                name,
            )
    if len(windows) < len(texts):
        return None
    windows.sort()
    for earlier, later in pairwise(windows):
        if later.start < earlier.end:
            section.wrong(_("{earlier} and {later} overlap").format(earlier=earlier, later=later), name)
            return None
    return tuple(windows)


def _date(section: _Table, text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # fromisoformat takes week dates and dates without hyphens, too.
    if day is None or day.isoformat() != text:
        section.wrong(_('is no date; write it as "2027-02-17"'), text)
        return None
    return day


def _duration(section: _Table, name: str) -> Duration | None:
    text = section.text(name)
    if text is None:
        return None
    try:
        return parse_policy_duration(text)
    except ValueError:
        section.wrong(
            _('“{text}” is no time to reply in; write "4h", "90m" or "24h calendar"').format(
                text=quoted(text)
            ),
            name,
        )
        return None


def _shops(top: _Table) -> tuple[Shop, ...]:
    shops: list[Shop] = []
    taken: dict[str, int] = {}
    for number, section in enumerate(top.tables("shops")):
        section.allow("code", "name", "manager", "jos")
        section.table("jos")
        manager = _manager(section) if "manager" in section.values else None
        code = section.text("code")
        if code is None:
            if "code" not in section.values:
                section.wrong(_('a shop needs a code, such as code = "jd3"'))
            continue
        name = section.text("name") or code
        for word, key in {name: "name", code: "code"}.items():
            if taken.setdefault(word.casefold(), number) != number:
                section.wrong(
                    _("“{word}” is another shop's code or name, too").format(word=quoted(word)), key
                )
        shops.append(Shop(code, name, manager))
    return tuple(shops)


def _manager(shop: _Table) -> Manager:
    section = shop.table("manager")
    section.allow("name", "phone", "channel")
    return Manager(
        name=section.text("name") or "",
        phone=section.text("phone") or "",
        channel=section.text("channel") or "",
    )


def _templates(section: _Table) -> dict[str, str]:
    templates = {}
    for name in section.values:
        text = section.text(name)
        if text is None:
            continue
        try:
            list(_pieces(text))
        except ValueError as error:
            section.wrong(str(error), name)
        templates[name] = text
    return templates


def _reply(section: _Table) -> ReplyRules:
    section.allow("min_length", "empty_phrases")
    min_length = section.values.get("min_length", _DEFAULT_MIN_LENGTH)
    if type(min_length) is not int or min_length < 0:
        section.wrong(_("must be a whole number, 0 or more"), "min_length")
        min_length = _DEFAULT_MIN_LENGTH
    phrases = section.texts("empty_phrases")
    if phrases is None:
        phrases = list(_DEFAULT_EMPTY_PHRASES)
    bare = ("".join(filter(str.isalnum, phrase)).lower() for phrase in phrases)
    return ReplyRules(min_length, frozenset(bare) - {""})


def _pieces(template: str) -> Iterator[tuple[str, str | None]]:
    """The template's literal texts, each with the name of the placeholder that follows it.

    Raises ``ValueError`` with the problem in the reader's language.
    """
    from string import Formatter

    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(
            _("a brace stands alone; write a placeholder as {example}, a plain brace twice").format(
                example="{order_id}"
            )
        ) from error
    for literal, name, form, conversion in parsed:
        if name is not None and (form or conversion or not name.isidentifier()):
            raise ValueError(
                _("“{placeholder}” is no placeholder; it must be a plain name, such as {example}").format(
                    placeholder=quoted(
                        "{"
                        + name
                        + (f"!{conversion}" if conversion else "")
                        + (f":{form}" if form else "")
                        + "}"
                    ),
                    example="{order_id}",
                )
            )
        yield literal, name


def _read(file: Path) -> str | None:
    """The file's text; None if there is no such file."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(
            _("{file} is not in UTF-8 (byte {position} is not); save it as UTF-8 in your editor.").format(
                file=file, position=error.start + 1
            )
        ) from error
    except OSError as error:
        raise ConfigError(
            _("{file} cannot be read: {reason}.").format(file=file, reason=os_reason(error))
        ) from error


def _parse(text: str, file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.split("\n")
        place = re.search(r"line (\d+), column (\d+)", str(error))
        # "At end of document" helps nobody: there is an entry that was begun and not ended.
        line, column = (int(place[1]), int(place[2])) if place else (_valid(lines, len(lines))[0] + 1, 1)
        if "\\" in lines[line - 1]:
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


def _sentence(problem: _Problem, text: str, file: Path) -> str:
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in problem.key)
    return _("{file}, line {line}: {key}: {problem}.").format(
        file=file, line=_line(text, problem.key), key=quoted(key.removeprefix("."), 80), problem=problem.what
    )


def _line(text: str, key: _Key) -> int:
    """The line, counted from 1, on which ``key`` begins.

    TOML's reader does not tell. But a file cut off after a whole entry is still valid, so the entry
    begins after the longest valid beginning of the file that does not have the key.
    """
    lines = text.split("\n")

    def present(count: int) -> bool:
        part: Any = _valid(lines, count)[1]
        for name in key:
            try:
                part = part[name]
            except (KeyError, IndexError):
                return False
        return True

    first = bisect_left(range(len(lines) + 1), True, key=present)
    return _valid(lines, first - 1)[0] + 1


def _valid(lines: list[str], count: int) -> tuple[int, dict[str, Any]]:
    """How many of the first ``count`` lines are valid TOML by themselves, at most, and what they say."""
    import tomllib

    for fewer in range(count, 0, -1):
        try:
            return fewer, tomllib.loads("\n".join(lines[:fewer]))
        except tomllib.TOMLDecodeError:
            continue
    return 0, {}


def _nearest(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1)), None)


def _default_database() -> Path:
    import platformdirs

    return platformdirs.user_data_path("jdticket", appauthor=False) / "jdticket.db"


# Showing and writing

_EXAMPLE_SHOP = (
    "#[[shops]]",
    '#code = "jd3"',
    '#name = "京东3店"',
    '#manager = { name = "运营经理", phone = "13800000000", channel = "manager" }',
)


def _shop_lines(shops: Sequence[Shop]) -> Iterator[str]:
    for shop in shops:
        yield "[[shops]]"
        yield f"code = {_toml(shop.code)}"
        yield f"name = {_toml(shop.name)}"
        if shop.manager is not None:
            said = {"name": shop.manager.name, "phone": shop.manager.phone, "channel": shop.manager.channel}
            pairs = ", ".join(f"{key} = {_toml(value)}" for key, value in said.items() if value)
            yield f"manager = {{ {pairs} }}"


def _toml(value: str | list[str]) -> str:
    import tomlkit

    return tomlkit.item(value).as_string()


def _masked_value(key: str, value: Any) -> Any:
    if key.lower().split("_")[-1] in _SECRET_WORDS:
        return "***"
    if isinstance(value, dict):
        return masked(value)
    if isinstance(value, list):
        return [_masked_value("", item) for item in value]
    if isinstance(value, str):
        if key == "phone":
            return f"{value[:3]}****{value[-4:]}" if len(value) > 7 else "***"
        return _MOBILE.sub(r"\1****\2", value)
    return value
