"""The group robot of WeCom (企业微信)."""

from __future__ import annotations

from jdticket.channels.answers import WECOM
from jdticket.channels.interface import Message, is_phone, without_tags
from jdticket.channels.robot import Robot
from jdticket.domain.channels import EVERYBODY


class WeCom(Robot):
    """Mentions by phone number or user id, beside the text."""

    size_limit = 2048
    per_minute = 20
    kind = "wecom"
    _code = "errcode"
    _words = "errmsg"
    _meanings = WECOM

    def _plain(self, text: str) -> str:
        # "<@userid>" within the text mentions too (developer.work.weixin.qq.com, 91770).
        return without_tags(text)

    def _body(self, message: Message) -> dict[str, object]:
        people = self._mentioned(message.mention)
        text = {
            "content": self.text(message),
            "mentioned_list": [
                "@all" if person == EVERYBODY else person for person in people if not is_phone(person)
            ],
            "mentioned_mobile_list": [person for person in people if is_phone(person)],
        }
        return {"msgtype": "text", "text": text}


CARRIER = WeCom
