"""A copied text -> its cells in order, each with what it is: a number, a time, a button, words.

A cell is what stands between tabs or line breaks. Marks that do not show are taken out first, and numbers
are read whatever their width. A cell may hold several things (84712345 催单 …): where one of them is beyond
doubt it is taken apart.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from jdticket.intake.countdowns import may_tell_of_time_left

BUTTONS = frozenset({"去处理", "去回复", "去申诉", "去举证", "催处理", "查看详情"})
_ICONS = frozenset(
    {"复制", "拷贝", "已复制", "查看", "详情", "复制单号", "点击复制", "copy", "置顶", "展开", "收起"}
)

# Controls, and what neither shows nor takes room: zero width, direction, variants. Then escapes of terminals.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_ESCAPES = re.compile("\x1b(?:\\[[0-9;?]*[ -/]*[@-~])?")
_LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")

_NUMBER = re.compile(r"[0-9]{7,10}")
_ORDER = re.compile(r"[0-9]{12,19}")
_DAY = r"[12][0-9]{3}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}[日号])"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_IS_DAY = re.compile(_DAY)
_IS_CLOCK = re.compile(_CLOCK)
_TIME = re.compile(rf"({_DAY})[T ]?({_CLOCK})")
# What is left of a time that was cut.
_CUT_TIME = re.compile(
    r"(?=[0-9年月日号:/.\- ]*[0-9])[0-9]{0,4}[-/年][0-9年月日号:/.\- ]*|[0-9: ]*[0-9]:[0-9: ]*"
)
_TIMES = re.compile(r"[×xX*✕✖][0-9]{1,5}|[×✕✖]|[0-9]{1,5}[×xX]")
_ACCOUNT = re.compile(
    r"jd_\w*|[A-Za-z0-9]*_[A-Za-z0-9_]*|\S{0,20}\*{2,}\S{0,20}|[^\s\d]{0,3}\*[^\s\d]{0,3}", re.IGNORECASE
)
# What a value is called before it. Ticket and order are so called without a colon, too.
_NUMBER_LABEL = re.compile(
    r"((?:平台协同)?工单(?:编号|号码?|ID|编码)?|ticket(?:id|no\.?)?"
    r"|订单(?:编号|号码?|ID|编码)?|order(?:id|no\.?)?)\s*(?:[:#]\s*|(?=\s|[0-9]|$))",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"((?:工单)?(?:创建|发起|下发|提交)时间"
    r"|(?:买家|客户|用户|顾客|消费者)(?:账号|昵称|姓名|名称|ID)?"
    r"|(?:工单|处理|当前)?状态|(?:工单|业务|问题)类型|商品(?:名称|标题)?)\s*:\s*"
)
_OTHER_LABEL = re.compile(
    r"\S{0,6}(?:电话|热线|手机|客服|传真|QQ|群号?|运单号?|快递单号|物流单号|服务单号|售后单号|父单号|文档编号|合同|SKU|商品编[号码]|型号)[:#]?",
    re.IGNORECASE,
)
_ICON_END = re.compile(rf"(?:\s*(?:{'|'.join(sorted(_ICONS, key=len, reverse=True))}))+$", re.IGNORECASE)
_HEADINGS = frozenset(
    {
        *("工单编号", "工单号", "业务类型", "工单类型", "类型", "订单信息", "订单编号", "订单号", "商品信息"),
        *("创建时间", "发起时间", "下发时间", "截止时间", "剩余时间", "处理时效", "买家信息", "买家账号"),
        *("状态", "工单状态", "处理状态", "操作", "处理人", "店铺"),
    }
)
_TAB_COUNT = re.compile(
    r"平台协同工单\s*(?:[(\[【]\s*([0-9][0-9,]{0,6})\s*(\+?)\s*[)\]】]|:?\s*([0-9]{1,5})(\+?)(?![0-9年/.:\-]))"
)
_BARE_COUNT = re.compile(r":?\s*[0-9]{1,5}\+?")
_PAGER = re.compile(r"共\s*[0-9,]+\s*[条页].{0,20}|[0-9]+\s*条\s*/\s*页.{0,20}|[上下]一页|前往第?")
_SHOP = re.compile(r"(?:当前)?店铺(?:名称)?\s*:\s*(\S.{0,40})")
_INSIDE = re.compile(r"(?<![0-9A-Za-z.\-])(?:[0-9]{7,10}|[0-9]{12,19})(?![0-9A-Za-z.\-])")
_INSIDE_LONGEST = 40


# Without one of these a cell holds no number, time, account, count or number of pieces.
_WORTH_A_LOOK = re.compile(
    r"[0-9]{7}|[0-9]:[0-9]|[0-9][-/.年][0-9]|[0-9]\s*[条页]|[_*×✕✖]|[0-9][xX]|[xX][0-9]|协同工单"
)
_NAMES_BUTTON = re.compile("|".join(sorted(BUTTONS)))
_NAME_MAX = 60
"""Characters of what is one thing: a button, a label with its value, a time."""


class Is(Enum):
    """What a part of the page is."""

    NUMBER = auto()
    """Seven to ten digits."""
    ORDER = auto()
    """Twelve to nineteen."""
    TIME = auto()
    CUT_TIME = auto()
    ACCOUNT = auto()
    BUTTON = auto()
    ICON = auto()
    """A word that is a button in some tables, and stands beside a number in others."""
    TIMES = auto()
    """How many pieces: ×2."""
    LABEL = auto()
    TAB = auto()
    """The heading of the page's tab; ``value`` is its count, with a + behind it if there are more."""
    SHOP = auto()
    BREAK = auto()
    """What stands between two rows and in none: the table's headings, the pager."""
    WORDS = auto()


class Part(NamedTuple):
    """One of the page's parts."""

    line: int
    text: str
    """As it reads."""
    what: Is
    value: str = ""
    """In normal form: digits alone, a time as YYYY-MM-DD HH:MM:SS. Of words: a number that stands in them."""
    sure: bool = True
    """False: it was found among words, and may be one of them."""
    leads: bool = False
    """It stands first in its cell, and words behind it."""


def visible(text: str) -> str:
    """The text without marks that do not show."""
    text = _HIDDEN.sub("", text)
    return _LINE_ENDS.sub("\n", _ESCAPES.sub("", text) if "\x1b" in text else text)


def normal(text: str) -> str:
    """The text in normal form: full-width characters as plain ones."""
    if text.isascii():
        return text
    return _normal(text) if len(text) <= _NAME_MAX else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def parts_of(text: str) -> Iterator[Part]:
    """The parts of a text from which :func:`visible` has taken what does not show."""
    number = 0
    headings: list[Part] = []
    tab: int | None = None
    for line in io.StringIO(text, newline=None):
        number += 1
        if line.isspace():
            continue
        for cell in line.split("\t"):
            shown = " ".join(cell.split())
            if not shown:
                continue
            if tab is not None:
                # The heading's count may stand on a line of its own.
                counts = normal(shown)[0] in "([【" or _BARE_COUNT.fullmatch(normal(shown))
                shown, tab = "平台协同工单" + shown if counts else shown, None
            words = normal(shown)
            if words in _HEADINGS:
                headings.append(Part(number, shown, Is.LABEL, words))
                continue
            if headings:
                yield from headings if len(headings) < 3 else [Part(headings[0].line, "", Is.BREAK)]
                headings.clear()
            if len(words) < 20 and words.endswith("平台协同工单"):
                tab = number
                continue
            yield from _parts_of_cell(number, shown, words)
    if len(headings) <= 2:
        yield from headings


def _parts_of_cell(line: int, shown: str, words: str) -> Iterator[Part]:
    if _WORTH_A_LOOK.search(words) is None:
        yield from _plain_words(line, shown, words)
        return
    if (whole := _single(line, shown, words)) is not None:
        yield whole
        return
    if "平台协同工单" in words and _TAB_COUNT.search(words):
        yield from _heading_or_words(line, shown, words)
        return
    pieces = _with_times([_of_word(line, piece) for piece in shown.split()])
    sorts = {piece.what for piece in pieces}
    labelled = any(piece.what is Is.NUMBER and _is_named(piece) for piece in pieces)
    taken_apart = (
        labelled
        or Is.TIME in sorts
        or {Is.NUMBER, Is.ORDER} <= sorts
        or Is.ACCOUNT in sorts
        or Is.BUTTON in sorts
        or pieces[0].what in {Is.BUTTON, Is.LABEL, Is.TIMES, Is.NUMBER}
        or pieces[-1].what in {Is.BUTTON, Is.TIMES}
        or (pieces[-1].what is Is.ORDER and len(pieces) < 4)
        or (pieces[0].what is Is.ORDER)
    )
    if len(pieces) > 1 and taken_apart and sorts != {Is.WORDS}:
        # Only beside a ticket's number or its own label is a bare number in a cell more than a word of it.
        sure = labelled or {Is.NUMBER, Is.ORDER} <= sorts or (Is.NUMBER in sorts and Is.TIME in sorts)
        yield from _joined(line, pieces, sure=sure)
        return
    yield Part(line, shown, Is.WORDS, _number_inside(words))


def _plain_words(line: int, shown: str, words: str) -> Iterator[Part]:
    """A cell in which no number, time or account can be."""
    if len(words) > _NAME_MAX:
        yield Part(line, shown, Is.WORDS)
    elif words in BUTTONS:
        yield Part(line, shown, Is.BUTTON)
    elif words.lower() in _ICONS:
        yield Part(line, shown, Is.ICON)
    elif (label := _NUMBER_LABEL.fullmatch(words) or _LABEL.match(words)) or "店铺" in words:
        rest = words[label.end() :] if label else ""
        if label is None:
            yield from _heading_or_words(line, shown, words)
        else:
            named = _labelled(line, shown, label[1], rest) if rest else Part(line, shown, Is.LABEL, label[1])
            yield named or Part(line, shown, Is.WORDS)
    elif words[-1] in ":：" and _OTHER_LABEL.fullmatch(words):
        yield Part(line, shown, Is.LABEL, "other")
    elif _PAGER.fullmatch(words):
        yield Part(line, shown, Is.BREAK)
    elif " " in words and _NAMES_BUTTON.search(words):
        each = words.split()
        if all(word in BUTTONS for word in each):
            yield from (Part(line, word, Is.BUTTON) for word in each)
        elif each[-1] in BUTTONS or each[0] in BUTTONS:
            yield from _joined(line, [_of_word(line, piece) for piece in shown.split()])
        else:
            yield Part(line, shown, Is.WORDS)
    else:
        yield Part(line, shown, Is.WORDS)


def _single(line: int, shown: str, words: str) -> Part | None:
    """The cell as one part that is more than words; None: it is words, or several."""
    if words.isdigit() and words.isascii():
        if _NUMBER.fullmatch(words):
            return Part(line, shown, Is.NUMBER, words)
        if _ORDER.fullmatch(words):
            return Part(line, shown, Is.ORDER, words)
        return Part(line, shown, Is.WORDS)
    if words in BUTTONS:
        return Part(line, shown, Is.BUTTON)
    if words.lower() in _ICONS:
        return Part(line, shown, Is.ICON)
    first = words[0]
    if len(words) > _NAME_MAX:
        return None
    if first.isdigit() and first.isascii() and (time := _TIME.fullmatch(words)):
        return Part(line, shown, Is.TIME, f"{time[1]} {time[2]}")
    if _PAGER.fullmatch(words):
        return Part(line, shown, Is.BREAK)
    if label := _NUMBER_LABEL.match(words) or _LABEL.match(words):
        rest = words[label.end() :]
        return _labelled(line, shown, label[1], rest) if rest else Part(line, shown, Is.LABEL, label[1])
    bare = _ICON_END.sub("", words) if not words.isascii() or words[-1].isalpha() else words
    bare = bare.strip(" ·•|#>›»→")
    if bare != words and bare.isdigit() and bare.isascii():
        if _NUMBER.fullmatch(bare):
            return Part(line, shown, Is.NUMBER, bare)
        if _ORDER.fullmatch(bare):
            return Part(line, shown, Is.ORDER, bare)
    if other := _OTHER_LABEL.match(words):
        alone = other.end() == len(words) and words[-1] == ":"
        return Part(line, shown, Is.LABEL, "other") if alone else Part(line, shown, Is.WORDS)
    if _TIMES.fullmatch(words.replace(" ", "")):
        return Part(line, shown, Is.TIMES)
    if " " not in words and _ACCOUNT.fullmatch(words) and not may_tell_of_time_left(words):
        return Part(line, shown, Is.ACCOUNT)
    if _CUT_TIME.fullmatch(words):
        return Part(line, shown, Is.CUT_TIME, words)
    return None


def _labelled(line: int, shown: str, label: str, rest: str) -> Part | None:
    """A value behind its label."""
    value = _ICON_END.sub("", rest).strip()
    label = label.lower()
    if label.endswith("时间"):
        time = _TIME.fullmatch(value)
        return Part(line, shown, Is.TIME, f"{time[1]} {time[2]}") if time else None
    if label.endswith(("状态", "类型", "标题", "名称", "商品")):
        return None if any(character.isdigit() for character in value) else Part(line, rest, Is.WORDS)
    if label.startswith(("订单", "order")):
        return Part(line, shown, Is.ORDER, value) if _ORDER.fullmatch(value) else None
    if label.startswith(("工单", "平台", "ticket")):
        return Part(line, shown, Is.NUMBER, value) if _NUMBER.fullmatch(value) else None
    return Part(line, shown, Is.ACCOUNT) if len(value) <= _INSIDE_LONGEST else None


def _of_word(line: int, word: str) -> Part:
    """A word of a cell that holds several."""
    words = normal(word)
    if _IS_DAY.fullmatch(words) or _IS_CLOCK.fullmatch(words):
        return Part(line, word, Is.CUT_TIME, words)
    part = _single(line, word, words)
    if part is None or part.what in {Is.ICON, Is.BREAK}:
        return Part(line, word, Is.WORDS)
    return part


def _with_times(pieces: list[Part]) -> list[Part]:
    """Days and the hours behind them made one; numbers behind the word that names them as well."""
    joined: list[Part] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if (
            before is not None
            and piece.what is before.what is Is.CUT_TIME
            and (time := _TIME.fullmatch(f"{before.value} {piece.value}"))
        ):
            joined[-1] = Part(piece.line, f"{before.text} {piece.text}", Is.TIME, f"{time[1]} {time[2]}")
        elif (
            before is not None
            and before.what is Is.LABEL
            and piece.what in {Is.NUMBER, Is.ORDER, Is.TIME}
            and (named := _labelled(piece.line, f"{before.text} {piece.text}", before.value, piece.value))
        ):
            joined[-1] = named
        else:
            joined.append(piece)
    return joined


def _joined(line: int, pieces: list[Part], *, sure: bool = True) -> Iterator[Part]:
    """The pieces of a cell, runs of words made one again."""
    run: list[str] = []
    first = True
    wordy = any(piece.what is Is.WORDS for piece in pieces)
    for piece in pieces:
        if piece.what in {Is.WORDS, Is.CUT_TIME}:
            run.append(piece.text)
            continue
        if run:
            yield Part(line, " ".join(run), Is.WORDS)
            run.clear()
        if piece.what in {Is.NUMBER, Is.ORDER}:
            alone = piece.what is Is.ORDER and not wordy
            beside = sure and (first or piece.what is Is.ORDER)
            yield piece._replace(sure=_is_named(piece) or alone or beside, leads=piece is pieces[0])
            first = first and piece.what is not Is.NUMBER
        else:
            yield piece
    if run:
        yield Part(line, " ".join(run), Is.WORDS)


def _is_named(number: Part) -> bool:
    """Whether a number stands with its label or its icon."""
    return not normal(number.text).isdigit()


def _heading_or_words(line: int, shown: str, words: str) -> Iterator[Part]:
    if shop := _SHOP.match(words):
        yield Part(line, shown, Is.SHOP, shop[1].strip())
        return
    found = False
    for match in _TAB_COUNT.finditer(words):
        found = True
        yield Part(
            line, shown, Is.TAB, (match[1] or match[3]).replace(",", "") + (match[2] or match[4] or "")
        )
    if not found:
        yield Part(line, shown, Is.WORDS)


def _number_inside(words: str) -> str:
    """The number that stands among words, if they are few and it is the only one; else empty."""
    if "订单" in words or len(words) > _INSIDE_LONGEST or _OTHER_LABEL.search(words):
        return ""
    if may_tell_of_time_left(words):
        return ""
    found = _INSIDE.findall(words)
    return found[0] if len(found) == 1 else ""
