"""What the group robots share: JSON goes out, and the answer's body, not its status, tells of success."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from jdticket.channels.answers import FORM, LONG, Meaning
from jdticket.channels.interface import Address, Carrier, Message
from jdticket.domain.channels import Receipt, Verdict
from jdticket.errors import ConfigError
from jdticket.i18n import _
from jdticket.net import AddressError, Answer, NoAnswerError, exchange, secrets_of, short
from jdticket.text import is_web_address


class Robot(Carrier):
    """A robot in a group chat, spoken to by its webhook address."""

    _code: ClassVar[str]
    """The field of the answer that is 0 when the message was taken."""
    _words: ClassVar[str]
    """The field of the answer that says why not."""
    _meanings: ClassVar[Mapping[int, Meaning]]
    """What the values of that field mean; any other refuses this one message."""
    _signed_in_body: ClassVar[bool] = False
    """Where the signature goes; else it is added to the address."""

    def __init__(self, name: str, address: Address) -> None:
        """Raises ``ConfigError`` when the address is no web address."""
        self.name = name
        self._url = address.url
        self._secret = address.secret
        if not is_web_address(address.url):
            raise ConfigError(
                _("channel {name}: url is no web address; copy the webhook address of the robot.").format(
                    name=name
                )
            )

    def send(self, message: Message, *, now: datetime, timeout: float) -> Receipt:
        signature = self._signature(now) if self._secret else {}
        body = self._body(message) | (signature if self._signed_in_body else {})
        params = {} if self._signed_in_body else signature
        secrets = secrets_of(self._url) | {self._secret, signature.get("sign", "")}
        try:
            answer = exchange(self._url, timeout=timeout, payload=body, params=params)
        except NoAnswerError as failure:
            if isinstance(failure, AddressError):
                return Receipt(Verdict.SETTINGS, str(failure))
            return Receipt(Verdict.UNSURE if failure.left else Verdict.UNREACHABLE, str(failure))
        return self._receipt(answer, secrets)

    @abstractmethod
    def _body(self, message: Message) -> dict[str, object]:
        """The body of the request, without a signature."""

    def _signature(self, now: datetime) -> dict[str, str]:  # noqa: ARG002 - for those that sign
        """``timestamp`` and ``sign`` for a message sent at ``now``; robots that do not sign have none."""
        return {}

    def _meaning(self, code: int, words: str, status: int) -> Meaning | None:  # noqa: ARG002 - for some
        """What the number ``code`` means that came with these words and this HTTP status; None: nobody
        knows."""
        return self._meanings.get(code)

    def _receipt(self, answer: Answer, secrets: set[str]) -> Receipt:
        status = answer.status
        said = answer.body.decode("utf-8", "replace")
        if status == 429:
            return Receipt(Verdict.LIMITED, _("HTTP 429: too many messages"))
        if status >= 500:
            # A gateway that gave up waiting cannot know what became of it.
            verdict = Verdict.UNSURE if status == 504 else Verdict.UNREACHABLE
            return Receipt(verdict, _("HTTP {status}: out of order").format(status=status))
        if 300 <= status < 400:
            words = _("HTTP {status}: redirected to another address, which is not followed; check url")
            return Receipt(Verdict.SETTINGS, words.format(status=status))
        try:
            fields = json.loads(said)
        except (ValueError, RecursionError):
            fields = None
        code = fields.get(self._code) if isinstance(fields, dict) else None
        # True and False are numbers too; a refusal by status is none the less one.
        if type(code) is not int or (code == 0 and status >= 400):
            return self._without_code(status, said, secrets)
        words = str(fields.get(self._words, ""))
        told = f"{self._code} {code}: {words}"
        if code == 0:
            return Receipt(Verdict.TAKEN, short(told, secrets))
        meaning = self._meaning(code, words, status)
        if meaning is None:
            return Receipt(Verdict.MESSAGE, short(told, secrets))
        return Receipt(
            meaning.verdict,
            _("{answer} ({meaning})").format(answer=short(told, secrets), meaning=_(meaning.words)),
        )

    def _without_code(self, status: int, said: str, secrets: set[str]) -> Receipt:
        """What an answer comes to that has no number in it."""
        if status >= 400:
            meaning = {400: FORM, 413: LONG, 414: LONG, 422: FORM}.get(status)
            verdict = Verdict.SETTINGS if meaning is None else meaning.verdict
            return Receipt(verdict, _("HTTP {status}: refused").format(status=status))
        if not said.strip():
            return Receipt(Verdict.UNSURE, _("the answer is empty"))
        if said.lstrip("\ufeff \t\r\n").startswith("<"):
            # A page: a network's sign-in, a proxy. No robot writes one, so none has seen the message.
            words = _("a web page answered instead of the robot; is this network signed in? {answer}")
            return Receipt(Verdict.UNREACHABLE, words.format(answer=short(said, secrets)))
        words = _("the answer cannot be understood (no {field} in it): {answer}")
        return Receipt(Verdict.UNSURE, words.format(field=self._code, answer=short(said, secrets)))


def hmac_sha256(key: str, text: str) -> str:
    """The HMAC-SHA256 in base64, as DingTalk and Feishu sign."""
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()
