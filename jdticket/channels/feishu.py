"""The group robot of Feishu (飞书)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jdticket.channels.answers import FEISHU, LIMIT, Meaning
from jdticket.channels.interface import Message, without_tags
from jdticket.channels.robot import Robot, hmac_sha256


class Feishu(Robot):
    """Mentions by user id, with tags in the text; signs in the body."""

    size_limit = 16_000  # a request may have 20 KB in all (Feishu, guide to custom robots)
    per_minute = 100
    per_second = 5
    kind = "feishu"
    _signed_in_body = True
    _code = "code"
    _words = "msg"
    _meanings = FEISHU

    def _meaning(self, code: int, words: str, status: int) -> Meaning | None:
        # A burst is answered with the number of a bad request (ccfos/nightingale#1437).
        if code == 9499 and (status == 400 or "too many" in words.lower()):
            return LIMIT
        return super()._meaning(code, words, status)

    def _plain(self, text: str) -> str:
        return without_tags(text)

    def _mention_text(self, mention: Iterable[str]) -> str:
        tags = [f'<at user_id="{person}"></at>' for person in self._mentioned(mention)]
        return "\n" + " ".join(tags) if tags else ""

    def _body(self, message: Message) -> dict[str, object]:
        return {"msg_type": "text", "content": {"text": self.text(message)}}

    def _signature(self, now: datetime) -> dict[str, str]:
        timestamp = str(int(now.timestamp()))
        # The text to sign is the key, and nothing is signed with it: so the robot wants it.
        return {"timestamp": timestamp, "sign": hmac_sha256(key=f"{timestamp}\n{self._secret}", text="")}


CARRIER = Feishu
