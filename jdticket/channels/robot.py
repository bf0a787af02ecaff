"""What the group robots share: JSON goes out, and the answer's body, not its status, tells of success."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from abc import abstractmethod
from datetime import datetime
from typing import ClassVar

from jdticket.channels.interface import Address, Carrier, Message
from jdticket.domain.channels import Receipt
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
    _final: ClassVar[frozenset[int]]
    """Codes that trying again does not help."""
    _too_many: ClassVar[int]
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
            return Receipt(False, str(failure), refused=isinstance(failure, AddressError))
        return self._receipt(answer, secrets)

    @abstractmethod
    def _body(self, message: Message) -> dict[str, object]:
        """The body of the request, without a signature."""

    def _signature(self, now: datetime) -> dict[str, str]:  # noqa: ARG002 - for those that sign
        """``timestamp`` and ``sign`` for a message sent at ``now``; robots that do not sign have none."""
        return {}

    def _receipt(self, answer: Answer, secrets: set[str]) -> Receipt:
        if answer.status == 429:
            return Receipt(False, _("HTTP 429: too many messages"), rate_limited=True)
        if answer.status >= 500:
            return Receipt(False, _("HTTP {status}: out of order").format(status=answer.status))
        if answer.status >= 400:
            return Receipt(False, _("HTTP {status}: refused").format(status=answer.status), refused=True)
        if answer.status >= 300:
            words = _("HTTP {status}: redirected to another address, which is not followed; check url")
            return Receipt(False, words.format(status=answer.status), refused=True)

        said = answer.body.decode("utf-8", "replace")
        if not said.strip():
            return Receipt(False, _("the answer is empty"))
        try:
            fields = json.loads(said)
        except (ValueError, RecursionError):
            fields = None
        code = fields.get(self._code) if isinstance(fields, dict) else None
        if type(code) is not int:  # True and False are numbers too
            words = _("the answer cannot be understood (no {field} in it): {answer}")
            return Receipt(False, words.format(field=self._code, answer=short(said, secrets)))
        return Receipt(
            code == 0,
            short(f"{self._code} {code}: {fields.get(self._words, '')}", secrets),
            refused=code in self._final,
            rate_limited=code == self._too_many,
        )


def hmac_sha256(key: str, text: str) -> str:
    """The HMAC-SHA256 in base64, as DingTalk and Feishu sign."""
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()
