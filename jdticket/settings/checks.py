"""What the value of a key has to be beyond its type, and what is made of it.

A check takes the value as TOML's reader gave it and the place where it stands, and answers what the
program works with; what is wrong it notes there, and answers None.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from jdticket.clock import load_zone
from jdticket.domain.channels import CHANNEL_KINDS
from jdticket.domain.deadlines import TimeToReply, parse_time_to_reply
from jdticket.domain.hours import Window, parse_window
from jdticket.domain.tickets import PlatformState
from jdticket.durations import duration_from_words
from jdticket.errors import InputError
from jdticket.i18n import LANGUAGES, _
from jdticket.text import is_web_address, name_key, quoted, scheme_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jdticket.settings.positions import Key

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MESSAGE_PLACEHOLDERS = (
    *("shop", "kind", "left", "deadline", "ticket_id", "order_id", "content", "assignee"),
)
"""What a reminder's text of one's own may hold."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Report:
    """What is found wrong with one file, and what its keys may refer to."""

    def __init__(self) -> None:
        self.problems: list[tuple[Key, str]] = []
        self.channels: Sequence[str] = ()
        """The name of each channel, empty where it has none."""
        self.shops: Mapping[str, str] = {}
        """The code of a shop by its code, name and aliases, as ``name_key`` has them; none configured: any
        text is a code."""


class Place:
    """One key of the file, or the file as a whole, where something may be wrong."""

    def __init__(self, key: Key, report: Report) -> None:
        self.key = key
        self.report = report

    def at(self, *names: str | int) -> Place:
        """The place below this one."""
        return Place((*self.key, *names), self.report)

    def wrong(self, what: str) -> None:
        """Note a problem with what stands here."""
        self.report.problems.append((self.key, what))

    def unknown(self, value: str, known: Collection[str]) -> None:
        """Note that ``value``, which stands here, is none of those ``known``."""
        near = nearest(value, known)
        if near is not None:
            self.wrong(
                _("“{value}” is not known; did you mean {near}?").format(value=quoted(value), near=near)
            )
        else:
            self.wrong(
                _("“{value}” is not known; known: {known}").format(
                    value=quoted(value), known=", ".join(known) or _("none")
                )
            )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of those ``known`` that ``word`` was probably meant to be; where the digits are others, it was
    meant to be something else: 京东8店 is no slip for 京东7店."""
    from difflib import get_close_matches

    alike = [one for one in known if _numbers(one) == _numbers(word)]
    return next(iter(get_close_matches(word, alike, n=1)), None)


def _numbers(word: str) -> list[str]:
    """The numbers in it, whether written 3 or 三."""
    return re.findall(r"\d+", word.translate(str.maketrans("零一二三四五六七八九", "0123456789")))


# One text


def language(text: str, place: Place) -> str | None:
    """A language of the interface."""
    if text not in LANGUAGES:
        place.wrong(_('“{value}” is no language; "zh" and "en" are').format(value=quoted(text)))
        return None
    return text


def zone(text: str, place: Place) -> ZoneInfo | None:
    """A time zone."""
    try:
        return load_zone(text)
    except InputError:
        place.wrong(
            _("“{zone}” is no time zone; use a name such as {example}").format(
                zone=quoted(text), example="Asia/Shanghai"
            )
        )
        return None


def path(text: str, place: Place) -> Path | None:
    """A path, the home folder filled in; a relative one counts from the file's folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        place.wrong(_("there is no home folder for “{path}”").format(path=quoted(text)))
        return None


def address(text: str, place: Place) -> str | Path | None:
    """The address of a store: one with a scheme as it stands, else a path."""
    return text if scheme_of(text) else path(text, place)


def platform_state(text: str, place: Place) -> PlatformState | None:
    """What a word of the platform means."""
    if text not in {*PlatformState}:
        place.unknown(text, [*PlatformState])
        return None
    return PlatformState(text)


def window(text: str, place: Place) -> Window | None:
    """A window of one day."""
    try:
        return parse_window(text)
    except ValueError:
        place.wrong(
            _('“{text}” is no window of one day; write it as "{example}", at most until 24:00').format(
                text=quoted(text), example="09:00-19:00"
            )
        )
        return None


def day(text: str, place: Place) -> date | None:
    """A date."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    # fromisoformat takes week dates and dates without hyphens, too.
    if found is None or found.isoformat() != text:
        place.wrong(_('is no date; write it as "2027-02-17"'))
        return None
    return found


def time_to_reply(text: str, place: Place) -> TimeToReply | None:
    """How long a ticket may wait, and by which clock."""
    try:
        return parse_time_to_reply(text)
    except ValueError:
        place.wrong(
            _('“{text}” is no time to reply in; write "4h", "90m" or "24h calendar"').format(
                text=quoted(text)
            )
        )
        return None


def duration(text: str, place: Place) -> timedelta | None:
    """A length of time, no time at all included."""
    try:
        return duration_from_words(text)
    except ValueError:
        place.wrong(
            _('“{text}” is no length of time; write "30m", "1h" or "1h30m"').format(text=quoted(text))
        )
        return None


def some_time(text: str, place: Place) -> timedelta | None:
    """A length of time that is more than none."""
    found = duration(text, place)
    if found == timedelta(0):
        place.wrong(_("must be more than no time"))
        return None
    return found


def safe_address(text: str, place: Place) -> str | None:
    """A web address; only on this machine may it do without encryption."""
    from urllib.parse import urlsplit

    parts = urlsplit(text) if is_web_address(text) else None
    if parts is None or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        place.wrong(_("must be a web address that begins with https://"))
        return None
    return text


def callback(text: str, place: Place) -> str | None:
    """An application's callback address, of any scheme."""
    if ":" not in text:
        place.wrong(_("must be a whole address, such as https://example.com/back"))
        return None
    return text


def app_key(text: str, place: Place) -> str | None:
    """The key of an application on the platform."""
    if re.fullmatch(r"[\x21-\x7e]+", text) is None:
        place.wrong(_("is no key of an application; copy it from the open platform"))
        return None
    return text


def variable(text: str, place: Place) -> str | None:
    """The name of an environment variable."""
    # What stands here by mistake is the secret itself, so it is not repeated.
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is None:
        field = str(place.key[-1]).removesuffix("_env")
        other = _("a file of your own goes into {field}").format(field="app_secret_file")
        if field != "app_secret":
            other = _("what it holds goes into {field}").format(field=field)
        place.wrong(_("must be the name of an environment variable; {other}").format(other=other))
        return None
    return text


def channel_kind(text: str, place: Place) -> str | None:
    """A kind of channel."""
    if text not in CHANNEL_KINDS:
        place.unknown(text, CHANNEL_KINDS)
        return None
    return text


def channel(text: str, place: Place) -> str | None:
    """The name of a channel of this file."""
    if text not in place.report.channels:
        place.unknown(text, [name for name in place.report.channels if name])
        return None
    return text


def template(text: str, place: Place) -> str | None:
    """A text with placeholders of any name."""
    return _template(text, place, None)


def message(text: str, place: Place) -> str | None:
    """A reminder's text, with placeholders for what is known of a ticket; its number has to be among them."""
    return _template(text, place, MESSAGE_PLACEHOLDERS, needed="ticket_id")


def _template(text: str, place: Place, known: Collection[str] | None, *, needed: str = "") -> str | None:
    from jdticket.settings.templates import pieces

    try:
        held = dict.fromkeys(name for _literal, name in pieces(text) if name)
    except ValueError as error:
        place.wrong(str(error))
        return None
    unknown = [name for name in held if known is not None and name not in known]
    for name in unknown:
        place.unknown(f"{{{name}}}", [f"{{{placeholder}}}" for placeholder in known or ()])
    if needed and needed not in held and not unknown:
        wanted = _("must hold {placeholder}, or nobody can tell which ticket is meant")
        place.wrong(wanted.format(placeholder=f"{{{needed}}}"))
    return text


# A list of texts


def names(texts: list[str], place: Place) -> list[str] | None:
    """Texts without white space around them."""
    if not all(text.strip() and "\0" not in text for text in texts):
        place.wrong(_("must not be empty or hold NUL characters"))
        return None
    return [text.strip() for text in texts]


def people(texts: list[str], place: Place) -> tuple[str, ...]:
    """Those to mention, each once; people write the @ that the group will show."""
    return tuple(dict.fromkeys(name.removeprefix("@") for name in names(texts, place) or ()))


def shops(texts: list[str], place: Place) -> tuple[str, ...]:
    """Codes of shops, from codes or names."""
    codes = place.report.shops
    found = names(texts, place) or []
    for name in found:
        if codes and name_key(name) not in codes:
            place.unknown(name, list(dict.fromkeys(codes.values())))
    return tuple(codes.get(name_key(name), name) for name in found)


def weekdays(texts: list[str], place: Place) -> frozenset[int]:
    """Days of the week, 0 is Monday."""
    found = names(texts, place)
    if found is None:
        return frozenset()
    for name in found:
        if name not in WEEKDAYS:
            place.unknown(name, WEEKDAYS)
    if not found:
        place.wrong(_("must name a weekday; without this line it is every day"))
    return frozenset(WEEKDAYS.index(name) for name in found if name in WEEKDAYS)


def dates(texts: list[str], place: Place) -> frozenset[date]:
    """Days of the calendar."""
    return frozenset(filter(None, (day(text, place.at(number)) for number, text in enumerate(texts))))


def windows(texts: list[str], place: Place) -> tuple[Window, ...] | None:
    """Windows of one day, in order."""
    found = [window(text, place) for text in texts]
    in_order = sorted(filter(None, found))
    if len(in_order) < len(texts):
        return None
    for earlier, later in pairwise(in_order):
        if later.start < earlier.end:
            place.wrong(_("{earlier} and {later} overlap").format(earlier=earlier, later=later))
            return None
    return tuple(in_order)


def some_times(texts: list[str], place: Place) -> tuple[timedelta, ...]:
    """Lengths of time, each once, the longest first."""
    found = {some_time(text, place) for text in names(texts, place) or ()}
    return tuple(sorted(filter(None, found), reverse=True))
