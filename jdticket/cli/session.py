"""What a command works with: the options of this call, the configuration, the desks over the store."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from jdticket import clock
from jdticket.desk.desk import Desk
from jdticket.errors import InputError, StoreError, UsageError
from jdticket.i18n import _, language
from jdticket.settings.paths import database_address
from jdticket.settings.reading import load_config

if TYPE_CHECKING:
    from jdticket.desk.pulling import Pulling
    from jdticket.desk.pushing import Pushing
    from jdticket.desk.reminders import ReminderDesk
    from jdticket.domain.sources import SourceState
    from jdticket.settings.types import Config
    from jdticket.store.interface import Store, TokenStore
    from jdticket.views.screen import Screen


class Session:
    """One call of the program. Nothing is opened before it is needed."""

    def __init__(self, ctx: typer.Context) -> None:
        self._ctx = ctx
        self._opened: Store | None = None
        self._options: dict[str, Any] = ctx.ensure_object(dict)
        if self._options.get("lang", language()) not in ("zh", "en"):
            raise UsageError(_("--lang: zh or en, not {value}").format(value=self._options["lang"]))

    @property
    def config_option(self) -> Path | None:
        """The configuration file that --config names."""
        path = self._options.get("config")
        return Path(path) if path else None

    @cached_property
    def config(self) -> Config:
        """The configuration in force. Raises ``ConfigError`` with every problem in it."""
        return load_config(self.config_option, os.environ)

    @property
    def zone(self) -> ZoneInfo:
        """The service zone."""
        return self.config.zone

    @cached_property
    def _address(self) -> str:
        """The store's: --db, else JDTICKET_DB, else the configuration's, else the default."""
        return database_address(self.config, os.environ, self._options.get("db"))

    @cached_property
    def database(self) -> Path:
        """The store's file. Raises ``StoreError`` for an address that names none."""
        from jdticket.store.open import file_of

        return file_of(self._address)

    @property
    def now_is_given(self) -> bool:
        """The desk is to be seen as of another moment than the present."""
        return "now" in self._options

    @cached_property
    def now(self) -> datetime:
        """The present, or what --now says it is; the same throughout a call."""
        asked = self._options.get("now")
        present = clock.system_now()
        return present if asked is None else self._moment("--now", asked, present)

    def moment(self, option: str, text: str | None) -> datetime | None:
        """The moment that a person gave with ``option``. Raises ``UsageError`` for one that is none."""
        return None if text is None else self._moment(option, text, self.now)

    def end(self, option: str, text: str | None) -> datetime | None:
        """The same for the end of a span: a day alone includes that day, so it ends at the next midnight."""
        found = self.moment(option, text)
        if found is None or text is None:
            return None
        try:
            noon = clock.parse_time(f"{text} 12:00", self.zone, now=self.now)
        except InputError:
            return found
        return found + timedelta(days=1) if noon - found == timedelta(hours=12) else found

    def _moment(self, option: str, text: str, now: datetime) -> datetime:
        try:
            return clock.parse_time(text, self.zone, now=now)
        except InputError as error:
            raise UsageError(_("{where}: {what}").format(where=option, what=error.message)) from error

    def duration(self, option: str, text: str) -> timedelta:
        """The duration that a person gave with ``option``. Raises ``UsageError`` for one that is none."""
        try:
            return clock.parse_duration(text)
        except InputError as error:
            raise UsageError(_("{where}: {what}").format(where=option, what=error.message)) from error

    def shop(self, text: str | None) -> str | None:
        """The code of the shop that a person named. Raises ``InputError`` for one that is not known."""
        return None if text is None else self.config.shop_code(text)

    def _code_of(self, held: str) -> str:
        """The code of the shop that something is held under, by whatever word."""
        try:
            return self.config.shop_code(held)
        except InputError:
            return held

    @cached_property
    def shop_names(self) -> Mapping[str, str]:
        """Short names by code."""
        return {shop.code: shop.name for shop in self.config.shops}

    def fetched(self, sources: Iterable[SourceState]) -> list[SourceState]:
        """Those of the shops that the configuration has an application for, so that one that was taken out
        of it is no trouble any more."""
        codes = {shop.code for shop in self.config.platform_shops}
        return [source for source in sources if source.shop in codes]

    def by(self, name: str | None) -> str:
        """Who does it: the name given, else whoever works here."""
        return " ".join((name or "").split()) or self.me[0]

    @cached_property
    def me(self) -> tuple[str, str]:
        """Who works here, and where that is said: JDTICKET_ME, the configuration, the account that runs the
        program ("USER"); empty: nobody says it."""
        said = (
            ("JDTICKET_ME", os.environ.get("JDTICKET_ME")),
            ("me", self.config.me),
            ("USER", os.environ.get("USER") or os.environ.get("USERNAME")),
        )
        named = ((" ".join((name or "").split()), where) for where, name in said)
        return next((found for found in named if found[0]), ("", ""))

    def reading(self) -> Desk:
        """The desk, to look at: as of --now if that is given. Raises ``StoreError`` where there is no store:
        it must not pass for an empty one."""
        return self._desk(lambda: self.now)

    def writing(self, *, create: bool = False) -> Desk:
        """The desk, to change something; ``create`` makes a store where there is none.

        Raises ``UsageError`` if --now is given, for that is for looking, and ``StoreError`` like
        :meth:`reading`.
        """
        self.must_be_now()
        # The real clock, not the moment the call began: an editor may have been open for an hour.
        return self._desk(clock.system_now, create=create)

    def begin(self) -> None:
        """Make the store if there is none yet."""
        self._store(create=True)

    def restore(self, backup: Path) -> Path | None:
        """Put a backup in the store's place; where the old one is kept. See ``jdticket.store.open``."""
        from jdticket.store.open import restore

        self.must_be_now()
        return restore(backup, self._address, self.now.astimezone(self.zone))

    @property
    def has_store(self) -> bool:
        """Whether there is a store; an empty file is none. Raises ``StoreError`` where nobody can tell."""
        from jdticket.store.open import is_there

        return is_there(self._address)

    def beside(self, ctx: typer.Context) -> Session:
        """A session for another thread of this call: with a store of its own, and the same configuration."""
        other = Session(ctx)
        other.config = self.config
        return other

    def must_have_store(self) -> None:
        """Bring the store up to date before several threads use it. Raises ``UsageError`` if --now is given,
        and ``StoreError`` like :meth:`reading`."""
        self.must_be_now()
        self._store()

    def must_be_now(self) -> None:
        """Raises ``UsageError`` if --now is given."""
        if self.now_is_given:
            raise UsageError(
                _("--now is for looking only; this command records something, at the real time.")
            )

    def reminders(self, *, rehearsal: bool) -> ReminderDesk:
        """The reminders' desk: for a rehearsal as of --now, else at the real time. Raises ``UsageError``."""
        if not rehearsal and self.now_is_given:
            raise UsageError(_("--now goes with --dry-run; reminders are sent at the real time."))
        from jdticket.desk.reminders import ReminderDesk

        config = self.config
        now: Callable[[], datetime] = (lambda: self.now) if rehearsal else clock.system_now
        return ReminderDesk(
            self._store(),
            config.policy.hours,
            config.zone,
            config.reminders,
            config.duties,
            [settings.channel for settings in config.channels],
            now,
            fetched=[shop.code for shop in config.platform_shops],
            staff=config.staff,
            ending=self._ending,
        )

    def _ending(self) -> Mapping[str, datetime]:
        """When the sign-ins end that end soon, by the code of the shop."""
        if not self.config.platform_shops:
            return {}
        from jdticket.cli.platform import PlatformSession

        return PlatformSession(self).ends_at(self.config.platform_shops)

    def pulling(self) -> Pulling:
        """What pulls work orders in, at the real time. Raises ``UsageError`` if --now is given."""
        from jdticket.desk.pulling import Pulling

        taking_in, by = self.writing().taking_in, self.by(None)
        return Pulling(
            self._store(),
            clock.system_now,
            lambda found, shop, reject: taking_in.take_in(found, shop=shop, by=by, on_rejection=reject),
        )

    def pushing(self) -> Pushing:
        """What brings replies to the platform, at the real time. Raises ``UsageError`` if --now is given."""
        from jdticket.desk.pushing import Pushing

        self.must_be_now()
        return Pushing(self._store(), clock.system_now)

    @cached_property
    def tokens(self) -> TokenStore:
        """Where the shops' authorisations are kept."""
        from jdticket.store.open import open_tokens

        return open_tokens(self._address)

    def _store(self, *, create: bool = False) -> Store:
        """The store, opened once and closed when the call ends.

        ``create`` makes one where there is none, in a folder that is there or in the default one, and says so
        on standard error; without it a missing store is a ``StoreError``.
        """
        if self._opened is not None:
            return self._opened
        from jdticket.settings.paths import default_database_path
        from jdticket.store.open import open_store

        is_new = create and not self.has_store
        folder = self.database.absolute().parent
        if is_new and not folder.is_dir() and self.database != default_database_path():
            raise StoreError(
                _(
                    "{path}: the folder for the store is not there; make it, or mend --db or JDTICKET_DB."
                ).format(path=folder)
            )
        known = self._code_of if self.config.shops else None
        self._opened = open_store(self._address, create=create, shop_code=known)
        if is_new:
            self.say(_("New store: {path}").format(path=self.database))
            from jdticket.cli.upkeep import unsafe_folder

            if unsafe := unsafe_folder(self.database):
                self.say("! " + _("{where}: {what}").format(where=self.database, what=unsafe))
        self.at_end(partial(self._close, self._opened))
        return self._opened

    def _close(self, store: Store) -> None:
        self._options["recorded"] = self._options.get("recorded", False) or store.has_written
        store.close()

    def pause(self, seconds: float) -> None:
        """Wait so long before something is tried again."""
        self._options["pause"](seconds)

    def at_end(self, close: Callable[[], None]) -> None:
        """Have ``close`` called when this call of the program ends."""
        self._ctx.call_on_close(close)

    def _desk(self, now: Callable[[], datetime], *, create: bool = False) -> Desk:
        config = self.config
        codes = [shop.code for shop in config.shops]
        return Desk(
            self._store(create=create),
            config.policy,
            now,
            reply_rules=lambda: config.reply,
            shop_code=lru_cache(maxsize=1024)(config.shop_code),
            default_shop="" if not codes else codes[0] if len(codes) == 1 else None,
            taught=lambda: config.platform_words,
        )

    @property
    def interactive(self) -> bool:
        """A person sits at a terminal and can be asked."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    @cached_property
    def screen(self) -> Screen:
        """Where answers for people go."""
        from jdticket.views.screen import screen

        return screen()

    def say(self, message: str) -> None:
        """A line for the person that is no part of the answer: standard error."""
        print(message, file=sys.stderr)
