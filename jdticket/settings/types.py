"""What config.toml says, in the program's own terms.

The parts of the file are put together when they are first asked for, so that a command loads no more
of the domain than it needs. Every command loads this module: a named tuple is made in a fifth of the
time that a dataclass takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from jdticket.errors import ConfigError, InputError
from jdticket.i18n import _
from jdticket.settings.checks import WEEKDAYS, nearest
from jdticket.text import name_key, quoted

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jdticket.domain.authorisation import App
    from jdticket.domain.channels import Channel
    from jdticket.domain.deadlines import DeadlinePolicy
    from jdticket.domain.hours import Window
    from jdticket.domain.people import Staff
    from jdticket.domain.reminders import Duty, ReminderRule, ReminderRules
    from jdticket.domain.replies import ReplyRules
    from jdticket.domain.tickets import PlatformState
    from jdticket.settings.positions import Key as KeyPath
    from jdticket.settings.spec import Section

_SHOPS_NAMED = 10


class Manager(NamedTuple):
    """A shop's JD operations manager (京东运营经理)."""

    name: str
    phone: str
    channel: str
    """The name of the notification channel that reaches them; empty: none."""


class Jos(NamedTuple):
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


class Shop(NamedTuple):
    """One shop that the desk serves."""

    code: str
    name: str
    """What people and the platform's files call it; the code itself when none is given."""
    manager: Manager | None = None
    jos: Jos | None = None
    aliases: tuple[str, ...] = ()
    """Other names by which files and people call it."""
    columns: Mapping[str, str] = MappingProxyType({})
    """Headings of its files that are not known, by field."""


class ChannelSettings(NamedTuple):
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
    default: bool = False
    """Whether it is, beside its shops, for whatever no other channel is for."""
    keyword: str = ""
    """What stands in every message; empty: nothing has to."""

    @property
    def channel(self) -> Channel:
        """What decides who hears of what: all but the address."""
        from jdticket.domain.channels import Channel

        return Channel(self.name, self.shops, self.mention, self.night, self.default, self.kind)


class Config:
    """What config.toml says, defaults filled in."""

    def __init__(
        self,
        path: Path | None,
        document: Mapping[str, Any],
        said: Section,
        *,
        bad_texts: Mapping[KeyPath, str] | None = None,
    ) -> None:
        self.path = path
        """The file that was read; None: there is none."""
        self.document = document
        """The file as it stands, secrets included: for :func:`jdticket.settings.masking.masked`."""
        self.bad_texts = bad_texts or {}
        """What is wrong with texts of replies and messages, by key: they are left aside."""
        self._said = said
        """The same, each value checked."""

    @property
    def language(self) -> str | None:
        """Of the interface, "zh" or "en"; None: not said."""
        language: str | None = self._said["language"]
        return language

    @property
    def me(self) -> str | None:
        """The name of whoever works here; None: not said."""
        me: str | None = self._said["me"]
        return me

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the service hours, and of times that are given without an offset."""
        zone: ZoneInfo = self._said["timezone"]
        return zone

    @property
    def timezone(self) -> str:
        """The name of :attr:`zone`."""
        return self.zone.key

    @property
    def database(self) -> str | None:
        """The store's address; None: not said."""
        named: str | Path | None = self._said["database"]
        if not isinstance(named, Path):
            return named
        return None if self.path is None else str((self.path.parent / named).absolute())

    @cached_property
    def policy(self) -> DeadlinePolicy:
        """How long a ticket may wait, and the service hours that count it."""
        from jdticket.domain.deadlines import DeadlinePolicy
        from jdticket.domain.hours import ServiceHours
        from jdticket.domain.tickets import Kind

        hours, deadline = self._said["service_hours"], self._said["deadline"]
        kinds = deadline["kinds"]
        return DeadlinePolicy(
            hours=ServiceHours(self.zone, windows_of_the_week(hours), hours["special"].said),
            default=deadline["default"],
            kinds={kind: length for kind in Kind if (length := kinds[kind]) is not None},
        )

    @cached_property
    def shops(self) -> tuple[Shop, ...]:
        """The shops, in the order of the file."""
        return tuple(
            Shop(
                code=said["code"],
                name=said["name"] or said["code"],
                manager=_manager(said["manager"]) if "manager" in said.said else None,
                jos=self._jos(said["jos"], number) if "jos" in said.said else None,
                aliases=tuple(said["aliases"]),
                columns=said["columns"].said,
            )
            for number, said in enumerate(self._said["shops"], 1)
        )

    def _jos(self, said: Section, number: int) -> Jos:
        file: Path | None = said["app_secret_file"]
        return Jos(
            app_key=said["app_key"],
            secret_env=said["app_secret_env"] or "",
            secret_file=None if file is None or self.path is None else (self.path.parent / file).absolute(),
            redirect_uri=said["redirect_uri"] or "",
            url=said["url"],
            oauth_url=said["oauth_url"].rstrip("/"),
            number=number,
        )

    @property
    def templates(self) -> Mapping[str, str]:
        """Replies by name, placeholders and all."""
        said: Mapping[str, str] = self._said["templates"].said
        return {name: text for name, text in said.items() if ("templates", name) not in self.bad_texts}

    @cached_property
    def platform_words(self) -> Mapping[str, PlatformState]:
        """The platform's words for a state that a person has explained, each as ``same_word`` has it."""
        said = self._said["platform_words"].said
        if not said:
            return {}
        from jdticket.domain.platform_words import same_word

        return {same_word(word): state for word, state in said.items()}

    @property
    def columns(self) -> Mapping[str, str]:
        """Headings of files that are not known, by field; a shop may have its own beside."""
        columns: Mapping[str, str] = self._said["columns"].said
        return columns

    @property
    def messages_language(self) -> str:
        """Of what leaves the house, "zh" or "en"."""
        language: str = self._said["messages"]["language"]
        return language

    @cached_property
    def message_templates(self) -> Mapping[ReminderRule, str]:
        """The text of a reminder about a ticket, for the rules that have one of their own; its placeholders
        are among ``MESSAGE_PLACEHOLDERS``."""
        from jdticket.domain.reminders import ReminderRule

        said = self._said["messages"]["templates"].said
        bad = {key[-1] for key in self.bad_texts if key[0] == "messages"}
        return {rule: said[rule] for rule in ReminderRule if rule in said and rule.value not in bad}

    @cached_property
    def reply(self) -> ReplyRules:
        """What makes a reply effective."""
        from jdticket.domain.replies import ReplyRules

        said = self._said["reply"]
        bare = ("".join(filter(str.isalnum, phrase)).lower() for phrase in said["empty_phrases"])
        return ReplyRules(said["min_length"], frozenset(bare) - {""})

    @cached_property
    def channels(self) -> tuple[ChannelSettings, ...]:
        """As the file has them: ``url`` and ``secret`` are empty where the environment holds them, so that
        only who sends needs the variables; :meth:`channel` fills them in."""
        return tuple(
            ChannelSettings(
                name=said["name"],
                kind=said["kind"],
                url=said["url"] or "",
                secret=said["secret"] or "",
                mention=said["mention"],
                shops=said["shops"],
                night=said["night"],
                default=said["default"],
                keyword=said["keyword"] or "",
            )
            for said in self._said["channels"]
        )

    @cached_property
    def reminders(self) -> ReminderRules:
        """What is reminded of, and how often."""
        from jdticket.domain.reminders import Escalation, ReminderRules

        said = self._said["reminders"]
        return ReminderRules(
            new=said["new"],
            before=said["before"],
            overdue_every=said["overdue_every"] or None,
            overdue_times=said["overdue_times"],
            opening=said["opening"],
            outage_contact_every=said["outage_contact_every"] or None,
            returned=said["returned"],
            source_every=said["source_every"] or None,
            escalate=tuple(
                Escalation(step["left"], step["mention"], step["channel"]) for step in said["escalate"]
            ),
            digest_over=said["digest_over"],
            unassigned_after=said["unassigned_after"] or None,
        )

    @cached_property
    def duties(self) -> tuple[Duty, ...]:
        """Who is on duty when."""
        if not self._said["duty"]:
            return ()
        from jdticket.domain.reminders import Duty

        return tuple(
            Duty(
                said["weekdays"],
                said["hours"].start,
                said["hours"].end,
                said["mention"],
                said["shops"],
                said["dates"],
            )
            for said in self._said["duty"]
        )

    @cached_property
    def staff(self) -> Staff:
        """The people of the shop."""
        from jdticket.domain.people import Person, Staff

        return Staff([Person(said["name"], said["mention"], said["lead"]) for said in self._said["people"]])

    def unset_variables(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The environment variables that channels and the heartbeat name and ``environ`` does not hold, as
        they may be shown."""
        from jdticket.settings.secrets import shown_variable

        keys = [said[key] for said in self._said["channels"] for key in ("url_env", "secret_env")]
        named = [*keys, self._said["reminders"]["heartbeat_url_env"]]
        missing = [name for name in named if name and not environ.get(name, "").strip()]
        return tuple(dict.fromkeys(map(shown_variable, missing)))

    def shop_code(self, text: str) -> str:
        """The code of the shop that :meth:`shop` finds."""
        return self.shop(text).code

    def shop(self, text: str) -> Shop:
        """The shop with this code, name or alias, as ``name_key`` has it; any text is a code when no shop is
        configured.

        Raises ``InputError`` that lists the known shops.
        """
        wanted = text.strip()
        if not self.shops:
            return Shop(wanted, wanted)
        by_word = {
            name_key(word): shop for shop in self.shops for word in (*shop.aliases, shop.name, shop.code)
        }
        if (found := by_word.get(name_key(wanted))) is not None:
            return found
        near = nearest(name_key(wanted), by_word)
        from jdticket.words import listed

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
        from jdticket.domain.authorisation import App
        from jdticket.settings.secrets import held_by, secret_in

        if jos.secret_file is None:
            secret = held_by(jos.secret_env, environ, self.path, f"shops[{jos.number}].jos.app_secret_env")
        else:
            secret = secret_in(jos.secret_file, self.path, f"shops[{jos.number}].jos.app_secret_file")
        return App(shop.code, jos.app_key, secret, jos.redirect_uri, jos.url, jos.oauth_url)

    def channel(self, name: str, environ: Mapping[str, str]) -> ChannelSettings:
        """The channel of this name, with what the environment holds filled in.

        Raises ``InputError`` that lists the known channels, ``ConfigError`` that names a missing variable.
        """
        known = [channel.name for channel in self.channels]
        if name not in known:
            raise InputError(
                _("There is no channel “{channel}” in the configuration; known: {known}.").format(
                    channel=quoted(name), known=", ".join(known) or _("none")
                )
            )
        from jdticket.settings.secrets import held_by

        number = known.index(name)
        channel, said = self.channels[number], self._said["channels"][number]
        if said["url_env"]:
            url = held_by(said["url_env"], environ, self.path, f"channels[{name}].url_env")
            channel = channel._replace(url=url)
        if said["secret_env"]:
            secret = held_by(said["secret_env"], environ, self.path, f"channels[{name}].secret_env")
            channel = channel._replace(secret=secret)
        return channel

    def heartbeat(self, environ: Mapping[str, str]) -> str:
        """What to fetch after each good run, from the file or the environment; empty: nothing.

        Raises ``ConfigError`` that names a missing variable.
        """
        from jdticket.settings.secrets import held_by

        said = self._said["reminders"]
        if said["heartbeat_url_env"]:
            return held_by(said["heartbeat_url_env"], environ, self.path, "reminders.heartbeat_url_env")
        return said["heartbeat_url"] or ""


def windows_of_the_week(hours: Section) -> list[tuple[Window, ...]]:
    """The service hours of each weekday, from Monday: its own, or else the daily ones."""
    return [hours["daily"] if hours[weekday] is None else hours[weekday] for weekday in WEEKDAYS]


def _manager(said: Section) -> Manager:
    return Manager(said["name"] or "", said["phone"] or "", said["channel"] or "")
