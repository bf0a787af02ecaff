"""What the numbers mean that the group robots answer with, and what a person can do about each.

The numbers that are known for text messages, from the services' lists (WeCom: global error codes, 90313, and
group robots, 91770; DingTalk: custom robots, common errors; Feishu: guide to custom robots) and from public
reports. Any other refuses one message. docs/reminders.md shows the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from jdticket.domain.channels import Verdict
from jdticket.i18n import marked as _


class Meaning(NamedTuple):
    """What a refusal comes to."""

    verdict: Verdict
    words: str
    """For the reader, to be translated."""


KEY = Meaning(Verdict.SETTINGS, _("no robot has this address; copy it from the group's settings again"))
OFF = Meaning(Verdict.SETTINGS, _("the robot was switched off or taken out of its group; look at the group"))
SIGNATURE = Meaning(
    Verdict.SETTINGS, _("the signature does not fit; compare secret, and the clock of this computer")
)
SENDER = Meaning(
    Verdict.SETTINGS, _("the robot takes nothing from this network address; look at its security settings")
)
KEYWORD = Meaning(
    Verdict.SETTINGS, _("none of the robot's keywords is in it; put one into keyword of this channel")
)
SECURITY = Meaning(
    Verdict.SETTINGS, _("against the robot's security settings: keyword, secret or network address")
)
LIMIT = Meaning(Verdict.LIMITED, _("too many messages at once"))
BUSY = Meaning(Verdict.UNREACHABLE, _("the service is busy"))
WORDS = Meaning(Verdict.MESSAGE, _("the service does not let these words through"))
LONG = Meaning(Verdict.MESSAGE, _("the message is too long"))
FORM = Meaning(Verdict.MESSAGE, _("the service cannot read this message"))

WECOM: Mapping[int, Meaning] = {
    -1: BUSY,
    40008: FORM,
    40035: FORM,
    40058: FORM,  # an invalid parameter, and what is longer than 2,048 bytes
    44004: FORM,
    45002: LONG,
    45009: LIMIT,
    45033: LIMIT,
    47001: FORM,
    60020: SENDER,
    93000: KEY,
    93004: OFF,
    93008: OFF,
}

DINGTALK: Mapping[int, Meaning] = {
    -1: BUSY,
    40035: FORM,
    43004: FORM,
    130101: LIMIT,
    300001: KEY,
    300005: KEY,
    310000: SECURITY,
    400013: OFF,
    400101: KEY,
    400102: OFF,
    400105: FORM,
    400106: KEY,
    410100: LIMIT,
    430101: WORDS,
    430102: WORDS,
    430103: WORDS,
    430104: WORDS,
    460101: LONG,
}

FEISHU: Mapping[int, Meaning] = {
    9499: FORM,
    11232: LIMIT,
    19001: KEY,
    19002: FORM,
    19007: OFF,
    19021: SIGNATURE,
    19022: SENDER,
    19024: KEYWORD,
    99991400: LIMIT,
}
