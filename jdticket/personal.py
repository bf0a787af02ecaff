"""What is personal in a free text, masked before it leaves for a group chat."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_D = "[0-9０-９]"
_GAP = r"[ \u00a0\u3000.·_—－-]?"
_ALONE = rf"(?<!{_D})"
_END = rf"(?:(?:[-－#]|转|分机|ext\.? ?){_D}{{1,6}})?(?!{_D})"
_COUNTRY = rf"(?:(?:[+＋]|00|００)?(?:86|８６){_GAP})?"
# 138 1234 5678, 1381 234 5678, 13812 345678, and digits that stand apart.
_MOBILE = (
    rf"[1１][3-9３-９](?:{_D}{_GAP}{_D}{{4}}{_GAP}{_D}{{4}}"
    rf"|{_D}{{2}}{_GAP}{_D}{{3}}{_GAP}{_D}{{4}}|{_D}{{3}}{_GAP}{_D}{{6}})"
)
_APART = rf"[1１][ .-][3-9３-９](?:[ .-]{_D}){{9}}"
_AREA = rf"[(（]?[0０](?:[12１２]{_D}|[3-9３-９]{_D}{{2}})[)）]?"
_BORN = (
    rf"(?:1[89]|20|１[８９]|２０){_D}{{2}}(?:[0０][1-9１-９]|[1１][0-2０-２])"
    rf"(?:[0０][1-9１-９]|[12１２]{_D}|[3３][01０１])"
)
_IS = r"[ \u00a0:：=是为叫号]{0,4}"


@cache
def _masks() -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]:
    """What is looked for, one after the other, and what takes its place. Every repetition is bounded, so that
    no text takes longer than its length."""

    def with_ends(first: int, last: int) -> Callable[[re.Match[str]], str]:
        return lambda found: found[0][:first] + "****" + (found[0][-last:] if last else "")

    def label_kept(found: re.Match[str]) -> str:
        return f"{found[1]}***"

    def mobile(found: re.Match[str]) -> str:
        number = "".join(re.findall(_D, found["number"]))
        return f"{found['country'] or ''}{number[:3]}****{number[-4:]}"

    return [
        (
            re.compile(
                rf"((?<![A-Za-z])(?:微信|薇信|威信|weixin|wechat|wx|vx|v信|加v|加微){_IS})"
                r"[A-Za-z0-9０-９][-_A-Za-z0-9０-９]{5,19}",
                re.IGNORECASE,
            ),
            label_kept,
        ),
        (
            re.compile(
                rf"((?<![A-Za-z])(?:qq|扣扣|企鹅|Q号){_IS})[1-9１-９]{_D}{{4,11}}(?!{_D})", re.IGNORECASE
            ),
            label_kept,
        ),
        (
            re.compile(
                rf"{_ALONE}[1-9１-９]{_D}{{5}}{_GAP}{_BORN}{_GAP}{_D}{{3}}[0-9０-９XxＸ](?![0-9０-９A-Za-z])"
            ),
            with_ends(3, 2),
        ),
        (re.compile(rf"((?:身份证|证件)[^0-9０-９]{{0,6}})[1-9１-９]{_D}{{14}}(?!{_D})"), label_kept),
        (re.compile(rf"{_ALONE}(?P<country>{_COUNTRY})(?P<number>{_MOBILE}|{_APART}){_END}"), mobile),
        (
            re.compile(rf"{_ALONE}({_AREA}){_GAP}[2-8２-８]{_D}{{2,3}}{_GAP}{_D}{{4}}{_END}"),
            lambda found: f"{found[1]}****",
        ),
        (re.compile(rf"{_ALONE}[48４８][0０][0０]{_GAP}{_D}{{3}}{_GAP}{_D}{{4}}(?!{_D})"), with_ends(3, 0)),
    ]


def without_personal_data(text: str) -> str:
    """``text`` with mobile numbers (138****0000), landlines, 400 and 800 numbers, identity cards, WeChat and
    QQ ids masked, however they are written; numbers of orders and tickets, dates and amounts stay."""
    for pattern, mask in _masks():
        text = pattern.sub(mask, text)
    return text
