"""The signed call to JD's open platform (JOS), as its help pages describe it, and what it refuses.

Nothing here was checked against the live platform; the sources are the help pages 580 and 877 and the
field names of published client libraries.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from jdticket.domain.authorisation import App
from jdticket.errors import PlatformError, Trouble
from jdticket.i18n import _
from jdticket.net import Answer, Line, NoAnswerError, exchange, short
from jdticket.text import quoted
from jdticket.words import platform_trouble

PLATFORM_ZONE = timezone(timedelta(hours=8))
"""The platform's clock: GMT+8, whatever zone the shop counts in."""
CALL_SECONDS = 20.0
"""The most that one call may take, its answer included."""
ANSWER_MOST = 8 * 1024 * 1024
TRIES = 4
"""How often a question is asked at most."""
_FIRST_PAUSE = 1.0

_CALL_LIMIT, _TOKEN = "2", "19"
# What the gateway says when the service behind it did not answer it: worth another try, and nobody
# knows whether the service has done what it was asked.
_BEHIND_IT = frozenset({"43", "65", "66", "67"})
_WORTH_IT = _BEHIND_IT | {_CALL_LIMIT}
# About the parameters of this one request; the next request may pass.
_ONE_REQUEST = frozenset({"60", "61", "62", "63", "68", "69", "71"})
# Refused by the gateway itself, before any service was asked.
_BEFORE_IT = frozenset({_CALL_LIMIT, *map(str, range(3, 28)), "50", "60", "61", "62", "63", "64"})


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """The signature of a call: the upper-case hex MD5 of the secret, every name and value by name, and
    the secret again (JOS help, "signature")."""
    spelled = "".join(f"{name}{parameters[name]}" for name in sorted(parameters))
    digest = hashlib.md5(f"{secret}{spelled}{secret}".encode(), usedforsecurity=False)
    return digest.hexdigest().upper()


def platform_time(moment: datetime) -> str:
    """``moment`` as the platform writes it: ``yyyy-MM-dd HH:mm:ss`` in GMT+8."""
    return moment.astimezone(PLATFORM_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def from_millis(value: object) -> datetime | None:
    """The moment in UTC, to the second, that epoch milliseconds mean (as a number or as digits), or epoch
    seconds, as older answers have it; None for anything else."""
    digits = str(value)
    if isinstance(value, bool) or not digits.isascii() or not digits.isdigit() or len(digits) not in (10, 13):
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(digits[:10]))


def field(record: Mapping[str, Any], name: str) -> Any:
    """``record[name]``, or what stands under the same name in camelCase, as older libraries read it; None
    when there is neither."""
    if name in record:
        return record[name]
    first, *rest = name.split("_")
    return record.get(first + "".join(part[:1].upper() + part[1:] for part in rest))


def text_of(value: object) -> str:
    """``value`` as text, trimmed; halves of characters, which JSON can hold and no store, are replaced."""
    return "" if value is None else str(value).strip().encode("utf-8", "replace").decode()


class JosGateway:
    """Calls the gateway for one shop, through the shop's application.

    ``token`` gives the access token; called with one that the gateway has just refused, it gives another
    or raises ``PlatformError``. ``now`` is the present; ``pause`` waits so many seconds.
    """

    def __init__(
        self,
        app: App,
        token: Callable[[str | None], str],
        now: Callable[[], datetime],
        *,
        tries: int = TRIES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.app = app
        self._token = token
        self._now = now
        self._tries = tries
        self._pause = pause
        self._line: Line | None = None

    def ask(self, method: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """What the interface ``method`` answers to a question that may be asked again.

        Connection failures, answers that make no sense, HTTP 5xx and the gateway's "call limit" are tried
        again after a growing pause. Raises ``PlatformError``.
        """
        for left in range(self._tries - 1, -1, -1):
            try:
                return self._with_token(method, parameters, keep=True)
            except PlatformError as error:
                worth_it = (
                    error.trouble is Trouble.UNREACHABLE
                    or error.code == _CALL_LIMIT
                    or error.code in _BEHIND_IT
                )
                if not left or not worth_it:
                    raise
            # With jitter, so that many shops do not come back at the same moment.
            self._pause(_FIRST_PAUSE * 2 ** (self._tries - 1 - left) * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError("there is at least one try")

    def tell(self, method: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """What the interface ``method`` answers to something that must not happen twice: told once, on a
        connection of its own.

        Raises ``PlatformError``; with ``lost`` when it may have happened all the same.
        """
        return self._with_token(method, parameters, keep=False)

    def close(self) -> None:
        """Let go of the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _with_token(self, method: str, parameters: Mapping[str, object], *, keep: bool) -> dict[str, Any]:
        token = self._granted(None)
        try:
            return self._call(method, parameters, token, keep)
        except PlatformError as error:
            if error.code != _TOKEN:
                raise
        # Refused before it was looked at: a new token, and once more.
        return self._call(method, parameters, self._granted(token), keep)

    def _granted(self, refused: str | None) -> str:
        try:
            return self._token(refused)
        except PlatformError as error:
            # Whatever became of that, what was to be asked has not left.
            error.lost = False
            raise

    def _call(self, method: str, parameters: Mapping[str, object], token: str, keep: bool) -> dict[str, Any]:
        form = {
            "method": method,
            "app_key": self.app.app_key,
            "access_token": token,
            "timestamp": platform_time(self._now()),
            "v": "2.0",
            "format": "json",
            "360buy_param_json": json.dumps(
                parameters, ensure_ascii=False, sort_keys=True, separators=(",", ":")
            ),
        }
        form["sign"] = sign(form, self.app.app_secret)
        try:
            answer = exchange(
                self.app.url,
                timeout=CALL_SECONDS,
                form=form,
                limit=ANSWER_MOST,
                line=self._kept_line() if keep else None,
            )
        except NoAnswerError as error:
            if keep:
                self.close()
            raise unreachable(str(error), lost=error.left) from error
        return _content(method, answer, self.app.shop, {token, self.app.app_secret, form["sign"]})

    def _kept_line(self) -> Line:
        if self._line is None:
            self._line = Line()
        return self._line


def json_of(answer: Answer, secrets: set[str] | None) -> dict[str, Any]:
    """The JSON object in an answer. Raises ``PlatformError`` when there is none, which shows how the answer
    begins, but none of ``secrets``; None: nothing of it may be shown."""
    if answer.status >= 500 or answer.status == 429:
        raise unreachable(_("HTTP {status}").format(status=answer.status), lost=answer.status != 429)
    if answer.status >= 300 and answer.status != 429:
        raise unreachable(
            _("HTTP {status}; look at url and oauth_url in the configuration").format(status=answer.status),
            lost=False,
        )
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        text = answer.body[:1000].decode("utf-8", "replace")
        begin = "…" if secrets is None else quoted(short(text, secrets))
        raise unreachable(_("the answer is no JSON object: {begin}").format(begin=begin), lost=True)
    return content


def _content(method: str, answer: Answer, shop: str, secrets: set[str]) -> dict[str, Any]:
    content = json_of(answer, secrets)
    refusal = content.get("error_response")
    if isinstance(refusal, dict):
        raise _refused(str(refusal.get("code", "")), _words(refusal, secrets), shop)
    stem = method.replace(".", "_")
    # The first spelling is the platform's own.
    inner = content.get(f"{stem}_responce", content.get(f"{stem}_response"))
    if not isinstance(inner, dict):
        keys = quoted(", ".join(content), 80)
        raise unreachable(_("the answer holds no {key}, but {keys}").format(key=stem, keys=keys), lost=True)
    code = str(inner.get("code", "0"))
    if code != "0":
        raise _refused(code, _words(inner, secrets), shop)
    return inner


def _words(refusal: Mapping[str, Any], secrets: set[str]) -> str:
    return short(text_of(refusal.get("zh_desc") or refusal.get("en_desc")), secrets)


def unreachable(why: str, *, lost: bool) -> PlatformError:
    """That the platform gave no answer that can be understood."""
    return PlatformError(
        _("The platform did not answer: {why}. Try again later.").format(why=why),
        trouble=Trouble.UNREACHABLE,
        lost=lost,
    )


def _refused(code: str, zh_desc: str, shop: str) -> PlatformError:
    """What the gateway's error ``code`` means, and what to do about it."""
    trouble = Trouble.SIGNED_OUT if code == _TOKEN else Trouble.REFUSED
    why = platform_trouble(Trouble.REFUSED, code, zh_desc, shop)
    return PlatformError(
        _("The platform refused it: {why}.").format(why=why),
        trouble=trouble,
        code=code,
        zh_desc=zh_desc,
        lost=code not in _BEFORE_IT,
        one_request=code in _ONE_REQUEST,
    )
