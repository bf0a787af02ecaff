"""Every key of config.toml, once: its table, name, type, default, check, and what it means.

What reads the file, what writes a new one and what documents it all go by this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from jdticket.domain.channels import CHANNEL_KINDS
from jdticket.domain.tickets import Kind, PlatformState
from jdticket.i18n import marked as _
from jdticket.settings import checks
from jdticket.settings.checks import MESSAGE_PLACEHOLDERS, WEEKDAYS, Place, Report

# As TOML and its readers call them.
TEXT = "string"
TEXT_OR_FALSE = "string or false"
TEXTS = "list of strings"
FLAG = "boolean"
NUMBER = "integer"
TABLE = "table"
TABLES = "list of tables"

ANY = "*"
"""Stands for every name in a table whose keys are the reader's own."""

# The reminders about one ticket, whose text may be set.
WORDED_RULES = ("new", "before", "overdue", "returned")
DEFAULT_TIMEZONE = "Asia/Shanghai"
# 09:00-19:00, Monday to Sunday; 4 hours for every kind (seller guide 2023; DOMAIN section 2).
_WINDOW = "09:00-19:00"
_TIME_TO_REPLY = "4h"
_EMPTY_PHRASES = [
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
    *("你好", "稍候", "请稍候", "稍等一下", "稍等片刻", "请耐心等待", "耐心等待", "抱歉", "不好意思", "感谢"),
    *("处理中", "正在处理", "正在处理中", "尽快处理", "会尽快处理", "马上处理", "稍后回复", "谢谢"),
    *("已收到", "已经收到", "反馈", "处理", "核实", "跟进", "回复", "联系", "查看", "等待", "片刻", "耐心"),
    *("理解", "支持", "测试", "test"),
    *("ok", "okay", "noted", "received", "got it", "one moment", "please wait"),
]


class Text(NamedTuple):
    """What a key means, in lines; keys that stand under one comment share it."""

    lines: tuple[str, ...]
    """English, each the source of a translation."""
    values: tuple[tuple[str, str], ...]
    """What stands for its placeholders, by name."""

    def told(self, gettext: Callable[[str], str]) -> list[str]:
        """The lines in the language of ``gettext``."""
        values = dict(self.values)
        return [gettext(line).format(**values) for line in self.lines]


class Key(NamedTuple):
    """One key of one table."""

    name: str
    type: str
    text: Text | None = None
    """None for a table whose own keys have one."""
    default: Any = None
    """As the file would have it; None: nothing is assumed."""
    check: Callable[[Any, Place], Any] | None = None
    """What its value has to be beyond its type; None: any will do."""


def _text(*lines: str, **values: Iterable[str]) -> Text:
    return Text(lines, tuple((name, ", ".join(listed)) for name, listed in values.items()))


_HOURS = _text(_("The clock runs in these windows; a weekday's own (mon to sun) win over daily."))
_KINDS = _text(_("A kind's own time: {kinds}."), kinds=Kind)
_REPLY = _text(_("A reply that is shorter, or one of these phrases, does not count as effective."))
_WORDED = _text(
    _("Text of a reminder of your own, by its rule: {rules}."),
    _("It may hold {names}."),
    rules=WORDED_RULES,
    names=[f"{{{name}}}" for name in MESSAGE_PLACEHOLDERS],
)
_REMIND = _text(_("What `jdticket remind` reminds of; lengths are service time, false is never."))
_HEARTBEAT = _text(_("Fetched after each good run, so that a watchdog notices when there is none."))
_ESCALATE = _text(_("From so much service time left on, more people are told, or one more channel is used."))
_PEOPLE = _text(
    _("Who is who: the name as tickets have it, and the handles by which groups reach the person."),
    _("Whoever has a ticket is mentioned with it; a lead is mentioned by every message."),
)
_DUTY = _text(
    _("Who is mentioned when (handles, or names of people); without weekdays on every day,"),
    _("without hours all day; with dates on these days alone, with shops for those alone."),
)
_CHANNEL = _text(
    _("Where reminders go, each channel with its name and its kind: {kinds}."), kinds=CHANNEL_KINDS
)
_ADDRESS = _text(_("url_env and secret_env name an environment variable; url and secret hold it here."))
_FOR_WHOM = _text(
    _('Those in mention are told by every message ("all": everybody); shops: only these shops.'),
    _("default = true: beside its shops, for whatever no other channel is for."),
)
_KEYWORD = _text(_("keyword: stands in every message, for a robot whose security settings ask for one."))
_SHOP = _text(_("The shops, each with its code, its name, and its JD operations manager."))
_COLUMNS = _text(
    _("Headings of files that are not known, by field, as --map has them; a shop's own win."),
)
_JOS = _text(_("A shop's own application on JD's open platform, for `jdticket sync` and `--send`."))

KEYS: Mapping[str, tuple[Key, ...]] = {
    "": (
        Key(
            "language",
            TEXT,
            _text(_('Language of the interface: "zh" or "en"; without it, the system decides.')),
            check=checks.language,
        ),
        Key(
            "timezone",
            TEXT,
            _text(_("Zone of the service hours, and of every time that is given without an offset.")),
            DEFAULT_TIMEZONE,
            checks.zone,
        ),
        Key(
            "database",
            TEXT,
            _text(_("Where the tickets are kept; a relative path counts from this file's folder.")),
            check=checks.address,
        ),
        Key("me", TEXT, _text(_("Your name in the time line and at --assignee @me; without it, the login."))),
        Key("service_hours", TABLE),
        Key("deadline", TABLE),
        Key("shops", TABLES),
        Key("templates", TABLE),
        Key("messages", TABLE),
        Key("reply", TABLE),
        Key("platform_words", TABLE),
        Key("columns", TABLE),
        Key("channels", TABLES),
        Key("reminders", TABLE),
        Key("people", TABLES),
        Key("duty", TABLES),
    ),
    "service_hours": (
        Key("daily", TEXTS, _HOURS, [_WINDOW], checks.windows),
        *(Key(weekday, TEXTS, _HOURS, check=checks.windows) for weekday in WEEKDAYS),
        Key("special", TABLE),
    ),
    "service_hours.special": (
        Key(
            ANY,
            TEXTS,
            _text(_("A date's own windows win over the weekday's; [] is closed.")),
            check=checks.windows,
        ),
    ),
    "deadline": (
        Key(
            "default",
            TEXT,
            _text(_('Service time to answer a ticket in; "24h calendar" counts around the clock.')),
            _TIME_TO_REPLY,
            checks.time_to_reply,
        ),
        Key("kinds", TABLE),
    ),
    "deadline.kinds": tuple(Key(kind.value, TEXT, _KINDS, check=checks.time_to_reply) for kind in Kind),
    "reply": (
        Key("min_length", NUMBER, _REPLY, 4),
        Key("empty_phrases", TEXTS, _REPLY, _EMPTY_PHRASES),
    ),
    "platform_words": (
        Key(
            ANY,
            TEXT,
            _text(
                _("Words of the platform for a state that are not known, and what they mean: {states}."),
                states=PlatformState,
            ),
            check=checks.platform_state,
        ),
    ),
    "columns": (Key(ANY, TEXT, _COLUMNS),),
    "templates": (
        Key(
            ANY,
            TEXT,
            _text(_("Replies by name, for `jdticket reply ID --template shipped --set waybill=…`.")),
            check=checks.template,
        ),
    ),
    "messages": (
        Key(
            "language",
            TEXT,
            _text(_("Language of what is sent out, such as the note to the operations manager.")),
            "zh",
            checks.language,
        ),
        Key("templates", TABLE),
    ),
    "messages.templates": tuple(Key(rule, TEXT, _WORDED, check=checks.message) for rule in WORDED_RULES),
    "reminders": (
        Key("new", FLAG, _REMIND, True),
        Key("before", TEXTS, _REMIND, ["2h", "1h", "30m", "10m"], checks.some_times),
        Key("overdue_every", TEXT_OR_FALSE, _REMIND, "30m", checks.some_time),
        Key("overdue_times", NUMBER, _REMIND, 6),
        Key("opening", FLAG, _REMIND, True),
        Key(
            "outage_contact_every",
            TEXT_OR_FALSE,
            _text(_("While the manager has not been contacted about an outage; this one by the wall clock.")),
            "15m",
            checks.some_time,
        ),
        Key("returned", FLAG, _REMIND, True),
        Key(
            "source_every",
            TEXT_OR_FALSE,
            _text(_("While a shop's tickets cannot be fetched from the platform; by the wall clock, too.")),
            "1h",
            checks.some_time,
        ),
        Key(
            "digest_over",
            NUMBER,
            _text(_("More reminders than this for one channel are joined in one message.")),
            5,
        ),
        Key(
            "unassigned_after",
            TEXT_OR_FALSE,
            _text(_("A ticket that nobody has after so much service time: the leads are told.")),
            False,
            checks.some_time,
        ),
        Key("heartbeat_url", TEXT, _HEARTBEAT),
        Key("heartbeat_url_env", TEXT, _HEARTBEAT, check=checks.variable),
        Key("escalate", TABLES),
    ),
    "reminders.escalate": (
        Key("left", TEXT, _ESCALATE, check=checks.duration),
        Key("mention", TEXTS, _ESCALATE, [], checks.people),
        Key("channel", TEXT, _ESCALATE, check=checks.channel),
    ),
    "people": (
        Key("name", TEXT, _PEOPLE),
        Key("mention", TEXTS, _PEOPLE, [], checks.people),
        Key("lead", FLAG, _PEOPLE, False),
    ),
    "duty": (
        Key("weekdays", TEXTS, _DUTY, [*WEEKDAYS], checks.weekdays),
        Key("dates", TEXTS, _DUTY, [], checks.dates),
        Key("hours", TEXT, _DUTY, "00:00-24:00", checks.window),
        Key("shops", TEXTS, _DUTY, [], checks.shops),
        Key("mention", TEXTS, _DUTY, [], checks.people),
    ),
    "channels": (
        Key("name", TEXT, _CHANNEL),
        Key("kind", TEXT, _CHANNEL, check=checks.channel_kind),
        Key("mention", TEXTS, _FOR_WHOM, [], checks.people),
        Key("shops", TEXTS, _FOR_WHOM, [], checks.shops),
        Key("default", FLAG, _FOR_WHOM, False),
        Key("keyword", TEXT, _KEYWORD),
        Key(
            "night",
            FLAG,
            _text(_("Any other service by its Apprise address; night: outside service hours, too.")),
            False,
        ),
        Key("url", TEXT, _ADDRESS),
        Key("url_env", TEXT, _ADDRESS, check=checks.variable),
        Key("secret", TEXT, _ADDRESS),
        Key("secret_env", TEXT, _ADDRESS, check=checks.variable),
    ),
    "shops": (
        Key("code", TEXT, _SHOP),
        Key("name", TEXT, _SHOP),
        Key("aliases", TEXTS, _text(_("Other names by which files and people call it.")), [], checks.names),
        Key("manager", TABLE, _SHOP),
        Key("columns", TABLE, _COLUMNS),
        Key("jos", TABLE, _JOS),
    ),
    "shops.columns": (Key(ANY, TEXT, _COLUMNS),),
    "shops.manager": (
        Key("name", TEXT, _SHOP),
        Key("phone", TEXT, _SHOP),
        Key("channel", TEXT, _SHOP, check=checks.channel),
    ),
    "shops.jos": (
        Key("app_key", TEXT, _JOS, check=checks.app_key),
        Key("app_secret_env", TEXT, _JOS, check=checks.variable),
        Key("app_secret_file", TEXT, _JOS, check=checks.path),
        Key("redirect_uri", TEXT, _JOS, check=checks.callback),
        # JD's open platform (DOMAIN section 6).
        Key("url", TEXT, _JOS, "https://api.jd.com/routerjson", checks.safe_address),
        Key("oauth_url", TEXT, _JOS, "https://open-oauth.jd.com/oauth2", checks.safe_address),
    ),
}
"""The keys by table, "" being the top; the tables in the order of a new file."""


def key_of(table: str, name: str) -> Key:
    """The key called ``name`` of this table. Raises ``KeyError`` when it has none."""
    for key in KEYS[table]:
        if key.name in (name, ANY):
            return key
    raise KeyError(name)


class Section:
    """What one table of the file says, each value checked; what it does not say has its default."""

    def __init__(self, table: str, said: Mapping[Any, Any]) -> None:
        self.table = table
        self.said = said

    def __getitem__(self, name: str) -> Any:
        if name in self.said:
            return self.said[name]
        key = key_of(self.table, name)
        if key.type == TABLE:
            return Section(below(self.table, name), {})
        if key.type == TABLES:
            return ()
        if key.default in (None, False) or key.check is None:
            return key.default
        return key.check(key.default, Place((), Report()))


def below(table: str, name: str) -> str:
    """The table called ``name`` of this table."""
    return f"{table}.{name}" if table else name
