"""config.toml -> frozen dataclasses; every problem is named with its file, line and key.

Every key is optional. All problems of a file are told at once. Nothing is written here but a new
file for ``jdticket init``, and nothing is ever overwritten.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jdticket.clock import load_zone
from jdticket.domain.deadlines import DeadlinePolicy, Duration, parse_policy_duration
from jdticket.domain.hours import ServiceHours, Window, parse_window
from jdticket.domain.reminders import (
    CHANNEL_KINDS,
    Channel,
    Duty,
    Escalation,
    ReminderRule,
    ReminderRules,
)
from jdticket.domain.replies import ReplyRules
from jdticket.domain.tickets import Kind
from jdticket.durations import length_from_words
from jdticket.errors import ConfigError, InputError, RefusedError, UsageError
from jdticket.i18n import LANGUAGES, _, translator
from jdticket.text import quoted, scheme_of, without_phones
from jdticket.words import listed, os_reason

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jdticket.domain.authorisation import App

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
_DEFAULT_BEFORE = ("2h", "1h", "30m", "10m")
_DEFAULT_OVERDUE_EVERY = "30m"
_DEFAULT_OVERDUE_TIMES = 6
_DEFAULT_OUTAGE_CONTACT_EVERY = "15m"
_DEFAULT_DIGEST_OVER = 5
_DEFAULT_SOURCE_EVERY = "1h"
# JD's open platform (DOMAIN section 6).
_JOS_URL = "https://api.jd.com/routerjson"
_JOS_OAUTH_URL = "https://open-oauth.jd.com/oauth2"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_SIGNING_KINDS = ("dingtalk", "feishu")
# The reminders about one ticket, whose text may be set, and what such a text may hold.
_WORDED_RULES = (ReminderRule.NEW, ReminderRule.BEFORE, ReminderRule.OVERDUE, ReminderRule.RETURNED)
MESSAGE_PLACEHOLDERS = (
    *("shop", "kind", "left", "deadline", "ticket_id", "order_id", "content", "assignee"),
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
    """The name of the notification channel that reaches them; empty: none."""


@dataclass(frozen=True, slots=True)
class Jos:
    """A shop's own application on JD's open platform (JOS); its secret stands elsewhere."""

    app_key: str
    secret_env: str
    """The environment variable that holds the secret; empty: a file does."""
    secret_file: Path | None
    redirect_uri: str
    """The application's callback address, as the platform has it; empty: not given."""
    url: str
    oauth_url: str
    number: int
    """Which of the shops it is, counted from 1, for naming its keys."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop that the desk serves."""

    code: str
    name: str
    """What people and the platform's files call it; the code itself when none is given."""
    manager: Manager | None = None
    jos: Jos | None = None


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One notification channel (通知渠道), as the configuration describes it."""

    name: str
    kind: str
    """One of ``CHANNEL_KINDS``."""
    url: str
    """Secret: it carries the robot's key. Empty for stdout."""
    secret: str
    """The signing secret of DingTalk and Feishu; empty: the robot does not sign."""
    mention: tuple[str, ...]
    """Phone numbers or user ids that every message @-mentions; "all" is everybody."""
    shops: tuple[str, ...]
    """Codes of the shops it is for; empty: all."""
    night: bool
    """Whether it may be used outside service hours."""

    @property
    def channel(self) -> Channel:
        """What decides who hears of what: all but the address."""
        return Channel(self.name, self.shops, self.mention, self.night)


@dataclass(frozen=True, slots=True)
class Config:
    """What config.toml says, defaults filled in."""

    path: Path | None
    """The file that was read; None: there is none."""
    language: str | None
    """Of the interface, "zh" or "en"; None: not said."""
    timezone: str
    zone: ZoneInfo
    database: str | None
    """The store's address."""
    policy: DeadlinePolicy
    shops: tuple[Shop, ...]
    templates: Mapping[str, str]
    messages_language: str
    """Of what leaves the house, "zh" or "en"."""
    message_templates: Mapping[ReminderRule, str]
    """The text of a reminder about a ticket, for the rules that have one of their own; its placeholders
    are among ``MESSAGE_PLACEHOLDERS``."""
    reply: ReplyRules
    channels: tuple[ChannelSettings, ...]
    """As the file has them: ``url`` and ``secret`` are empty where the environment holds them, so that
    only who sends needs the variables; :meth:`channel` fills them in."""
    channel_variables: Mapping[tuple[str, str], str]
    """The environment variable for a channel's name and "url" or "secret"."""
    reminders: ReminderRules
    duties: tuple[Duty, ...]
    heartbeat_url: str
    """Secret: what to fetch after each good run; empty: nothing, or what the variable holds."""
    heartbeat_url_env: str
    """The environment variable that holds it; empty: none."""
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

    @property
    def platform_shops(self) -> tuple[Shop, ...]:
        """The shops that have an application on the platform."""
        return tuple(shop for shop in self.shops if shop.jos is not None)

    def app(self, shop: Shop, environ: Mapping[str, str]) -> App:
        """The shop's application on the platform, its secret filled in.

        Raises ``ConfigError`` for a shop without one, and when the secret is not where it should be or
        others may read it.
        """
        jos = shop.jos
        if jos is None:
            raise ConfigError(
                _(
                    "Shop {shop} has no application on the platform; put one into the configuration: "
                    "jos = {{ app_key = …, app_secret_env = …, redirect_uri = … }}"
                ).format(shop=shop.code)
            )
        if jos.secret_file is None:
            secret = self._variable(jos.secret_env, f"shops[{jos.number}].jos.app_secret_env", environ)
        else:
            secret = self._secret_in(jos.secret_file, f"shops[{jos.number}].jos.app_secret_file")
        from jdticket.domain.authorisation import App

        return App(shop.code, jos.app_key, secret, jos.redirect_uri, jos.url, jos.oauth_url)

    def _secret_in(self, file: Path, key: str) -> str:
        try:
            mode = file.stat().st_mode & 0o777
            secret = file.read_text(encoding="utf-8-sig").strip()
        except OSError as error:
            raise ConfigError(
                _("{file}: {key}: {path} cannot be read: {reason}.").format(
                    file=self.path, key=key, path=file, reason=os_reason(error)
                )
            ) from error
        except UnicodeDecodeError:
            secret = ""
        if os.name == "posix" and mode & 0o077:
            raise ConfigError(
                _("{file}: {key}: others may read {path} (mode {mode}); run: chmod 600 {path}").format(
                    file=self.path, key=key, path=file, mode=f"{mode:o}"
                )
            )
        if not secret or len(secret.split()) != 1:
            raise ConfigError(
                _("{file}: {key}: {path} must hold the secret and nothing else.").format(
                    file=self.path, key=key, path=file
                )
            )
        return secret

    def channel(self, name: str, environ: Mapping[str, str]) -> ChannelSettings:
        """The channel of this name, with what the environment holds filled in.

        Raises ``InputError`` that lists the known channels, ``ConfigError`` that names a missing variable.
        """
        known = {channel.name: channel for channel in self.channels}
        if name not in known:
            raise InputError(
                _("There is no channel “{channel}” in the configuration; known: {known}.").format(
                    channel=quoted(name), known=", ".join(known) or _("none")
                )
            )
        channel, number = known[name], [*known].index(name) + 1
        for field in ("url", "secret"):
            variable = self.channel_variables.get((name, field))
            if variable is not None:
                value = self._variable(variable, f"channels[{number}].{field}_env", environ)
                channel = replace(channel, url=value) if field == "url" else replace(channel, secret=value)
        return channel

    def heartbeat(self, environ: Mapping[str, str]) -> str:
        """What to fetch after each good run, from the file or the environment; empty: nothing.

        Raises ``ConfigError`` that names a missing variable.
        """
        if self.heartbeat_url_env:
            return self._variable(self.heartbeat_url_env, "reminders.heartbeat_url_env", environ)
        return self.heartbeat_url

    def _variable(self, name: str, key: str, environ: Mapping[str, str]) -> str:
        value = environ.get(name, "").strip()
        if not value:
            raise ConfigError(
                _(
                    "{file}: {key}: the environment variable {name} is not set; "
                    "set it where the command runs (in cron: a line in the crontab)."
                ).format(file=self.path, key=key, name=name)
            )
        return value


def config_path(environ: Mapping[str, str]) -> Path:
    """Where config.toml is looked for: JDTICKET_CONFIG, else the user's own configuration folder."""
    if environ.get("JDTICKET_CONFIG"):
        return Path(environ["JDTICKET_CONFIG"]).expanduser()
    import platformdirs

    return platformdirs.user_config_path("jdticket", appauthor=False) / "config.toml"


def database_address(config: Config, environ: Mapping[str, str], option: str | None) -> str:
    """Where the store is: ``--db``, JDTICKET_DB, the configuration, else the user's own data folder."""
    named = option or environ.get("JDTICKET_DB")
    if named:
        return named if scheme_of(named) else str(Path(named).expanduser())
    return config.database or str(_default_database())


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
        raise ConfigError(
            "\n".join(
                _sentence(problem, text, file)
                for problem in sorted(problems, key=lambda problem: _line(text, problem.key))
            )
        )
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
            comment(
                _("Text of a reminder of your own, by its rule: {rules}.").format(
                    rules=", ".join(_WORDED_RULES)
                )
            ),
            comment(
                _("It may hold {names}.").format(
                    names=", ".join(f"{{{name}}}" for name in MESSAGE_PLACEHOLDERS)
                )
            ),
            "[messages.templates]",
            '#before = "【{shop}】{kind} {left}({deadline}前) 工单{ticket_id} 订单{order_id}\\n{content}"',
            "",
            comment(_("What `jdticket remind` reminds of; lengths are service time, false is never.")),
            "[reminders]",
            "#new = true",
            f"#before = {_toml(list(_DEFAULT_BEFORE))}",
            f"#overdue_every = {_toml(_DEFAULT_OVERDUE_EVERY)}",
            f"#overdue_times = {_DEFAULT_OVERDUE_TIMES}",
            "#opening = true",
            "#returned = true",
            "",
            comment(
                _("While the manager has not been contacted about an outage; this one by the wall clock.")
            ),
            f"#outage_contact_every = {_toml(_DEFAULT_OUTAGE_CONTACT_EVERY)}",
            "",
            comment(_("While a shop's tickets cannot be fetched from the platform; by the wall clock, too.")),
            f"#source_every = {_toml(_DEFAULT_SOURCE_EVERY)}",
            "",
            comment(_("More reminders than this for one channel are joined in one message.")),
            f"#digest_over = {_DEFAULT_DIGEST_OVER}",
            "",
            comment(_("Fetched after each good run, so that a watchdog notices when there is none.")),
            '#heartbeat_url = "https://example.com/ping"',
            "",
            comment(
                _("From so much service time left on, more people are told, or one more channel is used.")
            ),
            "#[[reminders.escalate]]",
            '#left = "30m"',
            '#mention = ["13900000000"]',
            '#channel = "night"',
            "",
            comment(_("Who is mentioned when; without weekdays on every day, without hours all day.")),
            "#[[duty]]",
            f"#weekdays = {_toml(list(_WEEKDAYS[:5]))}",
            f"#hours = {_toml(_DEFAULT_WINDOW)}",
            '#mention = ["13700000000"]',
            "",
            comment(
                _("Where reminders go, each channel with its name and its kind: {kinds}.").format(
                    kinds=", ".join(CHANNEL_KINDS)
                )
            ),
            comment(_("url_env and secret_env name an environment variable; url and secret hold it here.")),
            comment(
                _('Those in mention are told by every message ("all": everybody); shops: only these shops.')
            ),
            "#[[channels]]",
            '#name = "cs-group"',
            '#kind = "dingtalk"',
            '#url = "https://oapi.dingtalk.com/robot/send?access_token=…"',
            '#secret_env = "JDTICKET_CS_SECRET"',
            '#mention = ["13800000000"]',
            f"#shops = {_toml([shop.code for shop in shops] or ['jd3'])}",
            "",
            comment(_("Any other service by its Apprise address; night: outside service hours, too.")),
            "#[[channels]]",
            '#name = "night"',
            '#kind = "apprise"',
            '#url_env = "JDTICKET_NIGHT_URL"',
            "#night = true",
            "",
            comment(_("The shops, each with its code, its name, and its JD operations manager.")),
            *(_shop_lines(shops) if shops else _EXAMPLE_SHOP),
            comment(_("A shop's own application on JD's open platform, for `jdticket sync` and `--send`.")),
            _EXAMPLE_JOS,
            "",
        ]
    )


def write_new(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, its folders too where they are new.

    Raises ``RefusedError`` if it exists, ``ConfigError`` if it cannot be written.
    """
    from jdticket.files import make_folders, new_file

    try:
        make_folders(path)
        with new_file(path) as file:
            file.write(text.encode())
    except FileExistsError as error:
        raise RefusedError(
            _("{file} exists and is left as it is; edit it, or move it away first.").format(file=path)
        ) from error
    except OSError as error:
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

    def names(self, name: str) -> list[str] | None:
        """The list of texts under ``name``, each without white space around it; None if absent or wrong."""
        texts = self.texts(name)
        if texts is None:
            return None
        if not all(text.strip() and "\0" not in text for text in texts):
            self.wrong(_("must not be empty or hold NUL characters"), name)
            return None
        return [text.strip() for text in texts]

    def flag(self, name: str, default: bool) -> bool:
        """Whether ``name`` is true; ``default`` if it is absent or wrong."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            self.wrong(_("must be true or false, without quotes"), name)
            return default
        return value

    def number(self, name: str, default: int) -> int:
        """The whole number under ``name``; ``default`` if it is absent or wrong."""
        value = self.values.get(name, default)
        if type(value) is not int or value < 0:
            self.wrong(_("must be a whole number, 0 or more"), name)
            return default
        return value

    def length(self, text: str, name: str) -> timedelta | None:
        """The length of time that ``text``, which stands under ``name``, means; None if it means none."""
        try:
            return length_from_words(text)
        except ValueError:
            self.wrong(
                _('“{text}” is no length of time; write "30m", "1h" or "1h30m"').format(text=quoted(text)),
                name,
            )
            return None

    def unknown(self, value: str, known: Collection[str], name: str) -> None:
        """Note that ``value``, which stands under ``name``, is none of those ``known``."""
        near = _nearest(value, known)
        if near is not None:
            self.wrong(
                _("“{value}” is not known; did you mean {near}?").format(value=quoted(value), near=near), name
            )
        else:
            self.wrong(
                _("“{value}” is not known; known: {known}").format(
                    value=quoted(value), known=", ".join(known) or _("none")
                ),
                name,
            )

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
    messages.allow("language", "templates")
    channel_sections = top.tables("channels")
    channel_names = _channel_names(channel_sections)
    shops = _shops(top, channel_names, file)
    channels, variables = _channels(channel_sections, channel_names, shops)
    reminders = top.table("reminders")
    return Config(
        path=file,
        language=top.language("language"),
        timezone=zone.key,
        zone=zone,
        database=_database(top, file),
        policy=_policy(top, zone),
        shops=shops,
        templates=_templates(top.table("templates")),
        messages_language=messages.language("language") or "zh",
        message_templates=_message_templates(messages.table("templates")),
        reply=_reply(top.table("reply")),
        channels=channels,
        channel_variables=variables,
        reminders=_reminders(reminders, channel_names),
        duties=tuple(_duties(top)),
        heartbeat_url=reminders.text("heartbeat_url") or "",
        heartbeat_url_env=_variable_name(reminders, "heartbeat_url") or "",
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


def _database(top: _Table, file: Path | None) -> str | None:
    text = top.text("database")
    if text is None or file is None or scheme_of(text):
        return text
    try:
        return str((file.parent / Path(text).expanduser()).absolute())
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
            section.wrong(_no_window(text), name)
    if len(windows) < len(texts):
        return None
    windows.sort()
    for earlier, later in pairwise(windows):
        if later.start < earlier.end:
            section.wrong(_("{earlier} and {later} overlap").format(earlier=earlier, later=later), name)
            return None
    return tuple(windows)


def _no_window(text: str) -> str:
    return _('“{text}” is no window of one day; write it as "{example}", at most until 24:00').format(
        text=quoted(text), example=_DEFAULT_WINDOW
    )


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


def _shops(top: _Table, channel_names: Collection[str], file: Path | None) -> tuple[Shop, ...]:
    shops: list[Shop] = []
    taken: dict[str, int] = {}
    for number, section in enumerate(top.tables("shops")):
        section.allow("code", "name", "manager", "jos")
        jos = _jos(section, number + 1, file) if "jos" in section.values else None
        manager = _manager(section, channel_names) if "manager" in section.values else None
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
        shops.append(Shop(code, name, manager, jos))
    return tuple(shops)


def _jos(shop: _Table, number: int, file: Path | None) -> Jos | None:
    section = shop.table("jos")
    if not isinstance(shop.values["jos"], dict):
        return None
    if "app_secret" in section.values:
        # The secret is not repeated.
        section.wrong(
            _(
                "does not stand in this file: name a variable with {env}, or a file of your own with {file}"
            ).format(env="app_secret_env", file="app_secret_file"),
            "app_secret",
        )
    section.allow(
        *("app_key", "app_secret_env", "app_secret_file", "redirect_uri", "url", "oauth_url"),
        # Refused already; never to be offered in place of a mistyped key.
        *({"app_secret"} & section.values.keys()),
    )
    app_key = section.text("app_key")
    if "app_key" not in section.values:
        section.wrong(_("an application needs its app_key"))
    secret_env = _variable_name(section, "app_secret")
    secret_file = section.text("app_secret_file")
    if {"app_secret_env", "app_secret_file"} <= section.values.keys():
        section.wrong(_("app_secret_env and app_secret_file are both there; keep one"))
    elif not {"app_secret", "app_secret_env", "app_secret_file"} & section.values.keys():
        section.wrong(_("an application needs either app_secret_env or app_secret_file: where its secret is"))
    url = _safe_address(section, "url", _JOS_URL)
    oauth_url = _safe_address(section, "oauth_url", _JOS_OAUTH_URL).rstrip("/")
    if app_key is None:
        return None
    if re.fullmatch(r"[\x21-\x7e]+", app_key) is None:
        section.wrong(_("is no key of an application; copy it from the open platform"), "app_key")
    redirect_uri = section.text("redirect_uri") or ""
    if redirect_uri and ":" not in redirect_uri:
        section.wrong(_("must be a whole address, such as https://example.com/back"), "redirect_uri")
    path = None
    if secret_file is not None:
        try:
            path = Path(secret_file).expanduser()
        except RuntimeError:
            section.wrong(
                _("there is no home folder for “{path}”").format(path=quoted(secret_file)), "app_secret_file"
            )
    if path is not None and file is not None:
        path = (file.parent / path).absolute()
    return Jos(app_key, secret_env or "", path, redirect_uri, url, oauth_url, number)


def _safe_address(section: _Table, name: str, default: str) -> str:
    """The web address under ``name``; only on this machine may it do without encryption."""
    from urllib.parse import urlsplit

    from jdticket.net import is_web_address

    url = section.text(name)
    if url is None:
        return default
    parts = urlsplit(url) if is_web_address(url) else None
    if parts is None or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        section.wrong(_("must be a web address that begins with https://"), name)
        return default
    return url


def _manager(shop: _Table, channel_names: Collection[str]) -> Manager:
    section = shop.table("manager")
    section.allow("name", "phone", "channel")
    return Manager(
        name=section.text("name") or "",
        phone=section.text("phone") or "",
        channel=_channel_name(section, channel_names) or "",
    )


def _channel_names(sections: Sequence[_Table]) -> list[str]:
    """The name of each channel, empty where there is none, so that others may refer to it."""
    names: list[str] = []
    for section in sections:
        name = section.text("name") or ""
        if "name" not in section.values:
            section.wrong(_('a channel needs a name, such as name = "cs-group"'))
        if name and name in names:
            section.wrong(_("“{word}” is another channel's name, too").format(word=quoted(name)), "name")
        names.append(name)
    return names


def _channel_name(section: _Table, known: Collection[str]) -> str | None:
    """The channel that is named under "channel"."""
    name = section.text("channel")
    if name is not None and name not in known:
        section.unknown(name, [*filter(None, known)], "channel")
        return None
    return name


def _channels(
    sections: Sequence[_Table], names: Sequence[str], shops: Sequence[Shop]
) -> tuple[tuple[ChannelSettings, ...], dict[tuple[str, str], str]]:
    channels = []
    variables = {}
    for section, name in zip(sections, names, strict=True):
        kind = section.text("kind")
        if "kind" not in section.values:
            section.wrong(_("a channel needs a kind: {kinds}").format(kinds=", ".join(CHANNEL_KINDS)))
        elif kind is not None and kind not in CHANNEL_KINDS:
            section.unknown(kind, CHANNEL_KINDS, "kind")
        if kind is None or kind not in CHANNEL_KINDS:
            continue
        section.allow(
            *("name", "kind", "mention", "shops", "night"),
            *(("url", "url_env") if kind != "stdout" else ()),
            *(("secret", "secret_env") if kind in _SIGNING_KINDS else ()),
        )
        if kind != "stdout" and not {"url", "url_env"} & section.values.keys():
            section.wrong(_("a channel of this kind needs a url, or a url_env that names a variable"))
        for field in ("url", "secret"):
            variable = _variable_name(section, field)
            if variable is not None:
                variables[name, field] = variable
        channels.append(
            ChannelSettings(
                name=name,
                kind=kind,
                url=section.text("url") or "",
                secret=section.text("secret") or "",
                mention=_mention(section),
                shops=_channel_shops(section, shops),
                night=section.flag("night", False),
            )
        )
    return tuple(channels), variables


def _variable_name(section: _Table, field: str) -> str | None:
    """The environment variable that holds what ``field`` would hold."""
    key = f"{field}_env"
    name = section.text(key)
    if name is None:
        return None
    if field in section.values:
        section.wrong(_("{key} and {field} are both there; keep one").format(key=key, field=field), key)
    # What stands here by mistake is the secret itself, so it is not repeated.
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        other = _("a file of your own goes into {field}").format(field="app_secret_file")
        if field != "app_secret":
            other = _("what it holds goes into {field}").format(field=field)
        section.wrong(
            _("must be the name of an environment variable; {other}").format(other=other),
            key,
        )
        return None
    return name


def _mention(section: _Table) -> tuple[str, ...]:
    """Those under "mention", each once; people write the @ that the group will show."""
    names = section.names("mention") or []
    return tuple(dict.fromkeys(name.removeprefix("@") for name in names))


def _channel_shops(section: _Table, shops: Sequence[Shop]) -> tuple[str, ...]:
    """Codes of the shops under "shops", by code or name; any text is a code when none is configured."""
    names = section.names("shops") or []
    if not shops:
        return tuple(names)
    codes = {word.casefold(): shop.code for shop in shops for word in (shop.name, shop.code)}
    for name in names:
        if name.casefold() not in codes:
            section.unknown(name, [shop.code for shop in shops], "shops")
    return tuple(codes.get(name.casefold(), name) for name in names)


def _reminders(section: _Table, channel_names: Collection[str]) -> ReminderRules:
    section.allow(
        *("new", "before", "overdue_every", "overdue_times", "opening", "outage_contact_every"),
        *("returned", "source_every", "digest_over", "heartbeat_url", "heartbeat_url_env", "escalate"),
    )
    before = section.names("before")
    lengths = {
        _some_time(section, text, "before") for text in (_DEFAULT_BEFORE if before is None else before)
    }
    return ReminderRules(
        new=section.flag("new", True),
        before=tuple(sorted(filter(None, lengths), reverse=True)),
        overdue_every=_every(section, "overdue_every", _DEFAULT_OVERDUE_EVERY),
        overdue_times=section.number("overdue_times", _DEFAULT_OVERDUE_TIMES),
        opening=section.flag("opening", True),
        outage_contact_every=_every(section, "outage_contact_every", _DEFAULT_OUTAGE_CONTACT_EVERY),
        returned=section.flag("returned", True),
        source_every=_every(section, "source_every", _DEFAULT_SOURCE_EVERY),
        escalate=tuple(_escalations(section, channel_names)),
        digest_over=section.number("digest_over", _DEFAULT_DIGEST_OVER),
    )


def _every(section: _Table, name: str, default: str) -> timedelta | None:
    """The length under ``name``; None when it is false."""
    if section.values.get(name) is False:
        return None
    return _some_time(section, section.text(name) or default, name)


def _some_time(section: _Table, text: str, name: str) -> timedelta | None:
    """The length that ``text`` means; None, and a problem, when it is none or no time at all."""
    length = section.length(text, name)
    if length == timedelta(0):
        section.wrong(_("must be more than no time"), name)
        return None
    return length


def _escalations(reminders: _Table, channel_names: Collection[str]) -> Iterator[Escalation]:
    for section in reminders.tables("escalate"):
        section.allow("left", "mention", "channel")
        text = section.text("left")
        left = section.length(text, "left") if text is not None else None
        if "left" not in section.values:
            section.wrong(_('an escalation needs the time from which it holds, such as left = "30m"'))
        mention = _mention(section)
        if not section.values.get("mention") and "channel" not in section.values:
            section.wrong(_("an escalation needs people to mention, or a channel"))
        channel = _channel_name(section, channel_names)
        if left is not None:
            yield Escalation(left, mention, channel)


def _duties(top: _Table) -> Iterator[Duty]:
    for section in top.tables("duty"):
        section.allow("weekdays", "hours", "mention")
        weekdays = section.names("weekdays")
        if weekdays is None:
            weekdays = [*_WEEKDAYS]
        for weekday in weekdays:
            if weekday not in _WEEKDAYS:
                section.unknown(weekday, _WEEKDAYS, "weekdays")
        if not weekdays:
            section.wrong(_("must name a weekday; without this line it is every day"), "weekdays")
        hours = _one_window(section)
        mention = _mention(section)
        if not section.values.get("mention"):
            section.wrong(_('a duty needs people to mention, such as mention = ["13800000000"]'))
        days = frozenset(_WEEKDAYS.index(weekday) for weekday in weekdays if weekday in _WEEKDAYS)
        yield Duty(days, hours.start, hours.end, mention)


def _one_window(section: _Table) -> Window:
    """The window under "hours"; the whole day if it is absent or wrong."""
    text = section.text("hours")
    if text is not None:
        try:
            return parse_window(text)
        except ValueError:
            section.wrong(_no_window(text), "hours")
    return Window(0, 86_400)


def _templates(section: _Table, placeholders: Collection[str] | None = None) -> dict[str, str]:
    """The templates by name; ``placeholders`` are those that they may have, None: any."""
    templates = {}
    for name in section.values:
        text = section.text(name)
        if text is None:
            continue
        try:
            held = dict.fromkeys(placeholder for _literal, placeholder in _pieces(text) if placeholder)
        except ValueError as error:
            section.wrong(str(error), name)
            continue
        for placeholder in held:
            if placeholders is not None and placeholder not in placeholders:
                section.unknown(f"{{{placeholder}}}", [f"{{{known}}}" for known in placeholders], name)
        templates[name] = text
    return templates


def _message_templates(section: _Table) -> dict[ReminderRule, str]:
    section.allow(*_WORDED_RULES)
    templates = _templates(section, MESSAGE_PLACEHOLDERS)
    return {rule: templates[rule] for rule in _WORDED_RULES if rule in templates}


def _reply(section: _Table) -> ReplyRules:
    section.allow("min_length", "empty_phrases")
    phrases = section.texts("empty_phrases")
    if phrases is None:
        phrases = list(_DEFAULT_EMPTY_PHRASES)
    bare = ("".join(filter(str.isalnum, phrase)).lower() for phrase in phrases)
    return ReplyRules(section.number("min_length", _DEFAULT_MIN_LENGTH), frozenset(bare) - {""})


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
    '#manager = { name = "运营经理", phone = "13800000000", channel = "night" }',
)
_EXAMPLE_JOS = (
    '#jos = { app_key = "YOUR_APP_KEY", app_secret_env = "JDTICKET_JD3_SECRET", '
    'redirect_uri = "https://example.com/back" }'
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
        return without_phones(value)
    return value
