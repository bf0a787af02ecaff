"""The group robot of DingTalk (钉钉)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from jdticket.channels.answers import DINGTALK, KEYWORD, SENDER, SIGNATURE, Meaning
from jdticket.channels.interface import Message
from jdticket.channels.robot import Robot, hmac_sha256
from jdticket.domain.channels import EVERYBODY


class DingTalk(Robot):
    """Mentions by phone number; signs in the address."""

    size_limit = 4096  # no limit is known; this is about forty reminders, as many as anyone reads
    per_minute = 20  # beyond that it is silent for ten minutes
    kind = "dingtalk"
    _code = "errcode"
    _words = "errmsg"
    _meanings = DINGTALK

    def _meaning(self, code: int, words: str, status: int) -> Meaning | None:
        if code == 310000:
            # One number for all security settings; the words tell which.
            for sign, meaning in (("keyword", KEYWORD), ("sign", SIGNATURE), ("timestamp", SIGNATURE)):
                if sign in words.lower():
                    return meaning
            if re.search(r"\bip\b|whitelist", words, re.IGNORECASE):
                return SENDER
        return super()._meaning(code, words, status)

    def _mention_text(self, mention: Iterable[str]) -> str:
        # "atMobiles: 被@人的手机号 (在content里添加@人的手机号)" (DingTalk, custom robots, text messages)
        phones = [f"@{person}" for person in self._mentioned(mention) if person != EVERYBODY]
        return "\n" + " ".join(phones) if phones else ""

    def _body(self, message: Message) -> dict[str, object]:
        people = self._mentioned(message.mention)
        at = {
            "atMobiles": [person for person in people if person != EVERYBODY],
            "isAtAll": EVERYBODY in people,
        }
        return {"msgtype": "text", "text": {"content": self.text(message)}, "at": at}

    def _signature(self, now: datetime) -> dict[str, str]:
        timestamp = str(int(now.timestamp()) * 1000)
        return {
            "timestamp": timestamp,
            "sign": hmac_sha256(key=self._secret, text=f"{timestamp}\n{self._secret}"),
        }


CARRIER = DingTalk
