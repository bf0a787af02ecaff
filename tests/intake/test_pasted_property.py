"""Good pages, hurt inside their rows: each ticket whose number is still there comes in right, comes in with a
note that tells what was guessed, or is named. Never a fourth.

    python -m tests.intake.test_pasted_property 20000     tries so many pages and prints what came of them
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.pages import announced
from jdticket.domain.tickets import PlatformState
from jdticket.errors import InputError
from jdticket.intake.pasted import PastedPage, not_all

from .reading import NOW, options

COPIED = NOW - timedelta(minutes=3)
KINDS = ("退款问题", "催单", "CRC高危投诉", "投诉", "咨询", "改地址咨询", "售后问题")
TITLES = (
    "商品标题",
    "保温杯 500ml 10020030",
    "纯棉四件套",
    "大促还剩2天 杯子",
    "电热水壶（送滤网）",
    "Café 杯 🎁",
    "收纳箱 6901234567892",
)
STATES = {
    "待商家处理": PlatformState.WAITING,
    "待处理": PlatformState.WAITING,
    "待商家回复": PlatformState.WAITING,
    "已完结": PlatformState.CLOSED,
    "已回复": PlatformState.REPLIED,
}
UNKNOWN_STATES = ("协商中", "平台处理中", "买家已举证", "仲裁")
BUTTONS = ("去处理", "查看详情", "去回复", "催处理", "去申诉")
OTHER_BUTTONS = ("查看", "转派", "备注", "去跟进", "联系买家", "详情")
ACCOUNTS = ("jd_6abc0123def45", "j***n", "张**", "jd_77aa", "用户****6789", "李*")
JUNK = (
    *(
        "首页\t商品\t订单\t售后客服",
        "客服热线",
        "4006065500",
        "2026年11月",
        "日一二三四五六",
        "1234567",
        "891011121314",
    ),
    *(
        "15161718192021",
        "物流投诉工单 (0)",
        "平台规则更新公告",
        "© 2004-2026",
        "文档编号",
        "20261123001",
        "{0}",
        "[b]",
    ),
)
HEADINGS = ("工单编号", "业务类型", "订单信息", "创建时间", "状态", "操作")
COUNTED = (
    *("pages", "mutations", "right", "told", "named", "invented, told", "rows missing, noticed", "wrong"),
)
HIDDEN = "\u200b\u200c\u200e\u200f\u202a\u202c\u2060\ufeff\xad"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
NARROW = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass
class Cell:
    name: str
    text: str


@dataclass
class TrueRow:
    """A row as the page shows it, and what it means."""

    number: str
    order: str
    created: datetime
    left: timedelta | None
    state: PlatformState
    cells: list[Cell]
    unsure_of: set[str] = field(default_factory=set)
    """Names of cells that were hurt."""
    orders: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def cell(self, name: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.name == name), None)


# Good pages


def countdown(left: timedelta, form: int) -> str:
    minutes = abs(left) // timedelta(minutes=1)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    long = (f"{days}天" if days else "") + f"{hours}小时{minutes}分"
    if left < timedelta(0):
        return (f"已超时{long}", f"超时{long}", f"已逾期 {long}", f"已超时{long}钟")[form % 4]
    return (
        f"还剩{long}",
        f"剩余 {days * 24 + hours:02}:{minutes:02}:00",
        f"剩余{days * 24 + hours}h{minutes}m",
        f"还剩{days * 24 + hours}时{minutes}分",
        f"{days * 24 + hours}小时{minutes}分钟后超时",
        f"剩余处理时间：{long}",
        f"距离超时还剩{long}",
        f"{days * 24 + hours}h {minutes}m left",
        f"还剩 {days * 24 + hours} 小时 {minutes} 分",
    )[form % 9]


def good_row(rng: random.Random, number: int) -> TrueRow:
    created = COPIED - timedelta(minutes=rng.randrange(1, 3000), seconds=rng.randrange(60))
    local = datetime.fromisoformat((created + timedelta(hours=8)).isoformat()[:19])
    order = str(rng.randrange(10**11, 10**12) if rng.random() < 0.5 else rng.randrange(10**15, 10**16))
    words = rng.choice([*STATES, "待商家处理", "待商家处理"])
    state = STATES[words]
    left = None
    if state is PlatformState.WAITING and rng.random() < 0.8:
        left = timedelta(minutes=rng.randrange(-300, 3500))
    pattern = rng.choice(["%Y-%m-%d %H:%M:%S"] * 4 + ["%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S"])
    cells = [
        Cell("number", str(number)),
        Cell("kind", rng.choice(KINDS)),
        Cell("order", order),
        Cell("times", f"×{rng.randrange(1, 9)}"),
        Cell("title", rng.choice(TITLES)),
        Cell("time", local.strftime(pattern)),
        Cell("account", rng.choice(ACCOUNTS)),
        Cell("state", words),
    ]
    if left is not None:
        cells.append(Cell("left", countdown(left, 0)))
    cells += [Cell("button", text) for text in rng.sample(BUTTONS, 2)]
    row = TrueRow(str(number), order, created, left, state, cells)
    row.orders, row.times = {order}, {local.strftime("%Y-%m-%d %H:%M:%S")}
    return row


SEPARATORS = ("\n", "\t", "\n\t\n", "\n\n", "\t\t", "\n \t \n")


def text_of(rows: list[TrueRow], rng: random.Random, layout: int, count: bool) -> str:
    """The whole page; ``layout``: a cell a line with tab lines between, a row a line, or mixed."""

    def joined(cells: list[Cell]) -> str:
        if layout == 0:
            out = ""
            for cell in cells:
                tab = cell.name in {"kind", "order", "time", "state", "button"}
                out += ("\t\n" if tab else "") + cell.text + "\n"
            return out
        if layout == 1:
            return "\t".join(cell.text for cell in cells) + "\n"
        return "".join(cell.text + rng.choice(SEPARATORS) for cell in cells).rstrip("\t") + "\n"

    lines = rng.sample(JUNK, rng.randrange(0, 7))
    text = "".join(line + "\n" for line in lines)
    if count:
        text += rng.choice(
            ["平台协同工单 ({n})物流投诉工单 (7)", "平台协同工单（{n}）", "平台协同工单\n({n})"]
        ).format(n=len(rows))
        text += "\n"
    if rng.random() < 0.5:
        text += rng.choice(["\t", "\n", "\n\t\n"]).join(HEADINGS) + "\n"
    text += "".join(joined(row.cells) for row in rows if row.cells)
    return text + "".join(
        line + "\n" for line in ["共 3 条", "10 条/页", *rng.sample(JUNK, rng.randrange(0, 4))]
    )


# What happens to a row

Mutation = Callable[[TrueRow, random.Random], None]


def drop(row: TrueRow, rng: random.Random) -> None:
    if len(row.cells) > 6:
        cell = row.cells.pop(rng.randrange(len(row.cells)))
        row.unsure_of.add(cell.name)


def swap(row: TrueRow, rng: random.Random) -> None:
    i, j = rng.randrange(len(row.cells)), rng.randrange(len(row.cells))
    if row.cells[i].name == row.cells[j].name == "left":
        return  # 3小时1分 for 1小时3分: nobody could tell
    row.cells[i], row.cells[j] = row.cells[j], row.cells[i]


def swap_neighbours(row: TrueRow, rng: random.Random) -> None:
    i = rng.randrange(len(row.cells) - 1)
    if row.cells[i].name == row.cells[i + 1].name == "left":
        return
    row.cells[i], row.cells[i + 1] = row.cells[i + 1], row.cells[i]


def double(row: TrueRow, rng: random.Random) -> None:
    i = rng.randrange(len(row.cells))
    row.cells.insert(i, replace(row.cells[i]))


def cut(row: TrueRow, rng: random.Random) -> None:
    cell = rng.choice(row.cells)
    if len(cell.text) < 2:
        return
    keep = rng.randrange(1, len(cell.text))
    cell.text = cell.text[:keep] if rng.random() < 0.6 else cell.text[-keep:]
    row.unsure_of.add(cell.name)
    if cell.name == "state" and row.cell("left") is None:
        row.unsure_of.add("left")  # they share the cell
    plain = re.sub(f"[{HIDDEN}]", "", cell.text).translate(NARROW)
    if cell.name == "order" and (left := re.search("[0-9]{12,19}", plain)):
        row.orders.add(left[0])
    if cell.name == "time":
        row.times |= {text[:16] for text in row.times}


def blanks(row: TrueRow, rng: random.Random) -> None:
    blank = rng.choice("\xa0\u3000\u2002\u202f") * rng.randrange(1, 3)
    for cell in row.cells:
        cell.text = cell.text.replace(" ", blank)
        if rng.random() < 0.5:
            cell.text = blank + cell.text + blank


def runs_together(row: TrueRow, rng: random.Random) -> None:
    """Two neighbours in one cell, a blank between."""
    i = rng.randrange(len(row.cells) - 1)
    first, second = row.cells[i], row.cells[i + 1]
    first.text += rng.choice([" ", "  ", "\xa0"]) + second.text
    if "number" in (first.name, second.name):
        first.name = "number"
    else:
        row.unsure_of |= {first.name, second.name}
    del row.cells[i + 1]


def hidden(row: TrueRow, rng: random.Random) -> None:
    for cell in row.cells:
        at_place = rng.randrange(len(cell.text) + 1)
        cell.text = cell.text[:at_place] + rng.choice(HIDDEN) + cell.text[at_place:]


def wide(row: TrueRow, rng: random.Random) -> None:
    for cell in row.cells:
        if "\x1b" not in cell.text:
            cell.text = cell.text.translate(WIDE)


def coloured(row: TrueRow, rng: random.Random) -> None:
    cell = rng.choice(row.cells)
    cell.text = f"\x1b[31m{cell.text}\x1b[0m"


def labelled(row: TrueRow, rng: random.Random) -> None:
    if "labels" in row.done:
        return
    row.done.add("labels")
    for cell in row.cells:
        if cell.name == "number":
            cell.text = rng.choice(["工单号：", "工单编号 ", "工单ID:", "工单号"]) + cell.text
        elif cell.name == "order":
            cell.text = rng.choice(["订单编号：", "订单号 ", "订单号:"]) + cell.text
        elif cell.name == "time" and rng.random() < 0.5:
            cell.text = "创建时间：" + cell.text
        elif cell.name == "account" and rng.random() < 0.5:
            cell.text = "买家：" + cell.text
        elif cell.name == "state" and rng.random() < 0.3:
            cell.text = "状态：" + cell.text


def icons(row: TrueRow, rng: random.Random) -> None:
    for name in ("number", "order"):
        cell = row.cell(name)
        if cell is None:
            continue
        if rng.random() < 0.5:
            cell.text += rng.choice(["复制", " 复制", " 查看"])
        else:
            row.cells.insert(row.cells.index(cell) + 1, Cell("icon", "复制"))


def other_buttons(row: TrueRow, rng: random.Random) -> None:
    row.cells = [cell for cell in row.cells if cell.name != "button"]
    row.cells += [Cell("button", text) for text in rng.sample(OTHER_BUTTONS, rng.randrange(0, 4))]


def unknown_state(row: TrueRow, rng: random.Random) -> None:
    cell = row.cell("state")
    if cell is not None:
        cell.text = rng.choice(UNKNOWN_STATES)
        row.unsure_of.add("state")


def other_countdown(row: TrueRow, rng: random.Random) -> None:
    cell = row.cell("left")
    if cell is not None and row.left is not None and "left" not in row.unsure_of:
        cell.text = countdown(row.left, rng.randrange(9))


def split_countdown(row: TrueRow, rng: random.Random) -> None:
    cell = row.cell("left")
    if cell is None:
        return
    i = row.cells.index(cell)
    pieces = re.findall("[0-9]+|[^0-9]+", cell.text)
    row.cells[i : i + 1] = [Cell("left", piece) for piece in pieces if piece.strip()]


def state_and_countdown(row: TrueRow, rng: random.Random) -> None:
    state, left = row.cell("state"), row.cell("left")
    if state is not None and left is not None:
        state.text += rng.choice([" ", "", "\n"]) + left.text
        row.cells.remove(left)


MUTATIONS: tuple[Mutation, ...] = (
    *(drop, drop, swap, swap_neighbours, double, cut, cut, blanks, runs_together, hidden, wide, coloured),
    *(labelled, icons, other_buttons, unknown_state, other_countdown, split_countdown, state_and_countdown),
)


@dataclass
class Tried:
    """A page that was hurt."""

    text: str
    rows: list[TrueRow]
    count: bool
    dropped: int
    mutations: list[str]


@st.composite
def pages(draw: st.DrawFn) -> Tried:
    rng = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 - no secret
    size = draw(st.integers(1, 8))
    start = rng.randrange(2 * 10**6, 10**8)
    rows = [good_row(rng, start + n * 50 + rng.randrange(50)) for n in range(size)]
    count = draw(st.booleans())
    layout = draw(st.integers(0, 2))
    done = []
    for which, row in draw(
        st.lists(st.tuples(st.sampled_from(range(len(MUTATIONS))), st.integers(0, size - 1)), max_size=5)
    ):
        MUTATIONS[which](rows[row], rng)
        done.append(f"{MUTATIONS[which].__name__} {row}")
    dropped = 0
    if count and size > 1 and rng.random() < 0.2:
        rows[rng.randrange(size)].cells = []
        dropped = 1
    return Tried(text_of(rows, rng, layout, count), rows, count, dropped, done)


# What came of it


def verdicts(tried: Tried) -> Counter[str]:
    """How many tickets came in right, were told, were named; ``AssertionError``: a fourth outcome."""
    page = PastedPage(tried.text, "page.txt", options(copied_at=COPIED))
    try:
        found = list(page.read())
    except InputError:
        found = []
    drafts = {item.id: item for item in found if isinstance(item, Draft)}
    named = "\n".join(f"{item.value} {item.reason}" for item in found if isinstance(item, Rejection))
    notes = [re.sub(f"[{HIDDEN}]", "", note) for note in page.notes]
    counts: Counter[str] = Counter(mutations=len(tried.mutations))
    # Only what can be read on the page can be told to be missing in a row.
    others_tell = sum(
        1
        for draft in drafts.values()
        if draft.deadline_at
        and draft.platform_state is PlatformState.WAITING
        and not any(draft.id in note for note in notes)
    )
    for row in tried.rows:
        if not row.cells or row.cell("number") is None or "number" in row.unsure_of:
            continue
        draft = drafts.get(row.number)
        told = any(row.number in note for note in notes)
        if draft is None:
            assert row.number in named, f"{row.number} is missing"
            counts["named"] += 1
            continue
        content = draft.content or ""
        for bad in (*ACCOUNTS, *BUTTONS, "*"):
            assert bad not in content, f"{row.number}: {bad} in {content}"
        assert content not in STATES, f"{row.number}: a state in {content}"
        if draft.platform_state is not None and draft.platform_state is not row.state:
            # That it waits may be guessed and told; that it has ended, never.
            waits = draft.platform_state is PlatformState.WAITING
            assert told and waits, f"{row.number}: {draft.platform_status}"
        if told:
            counts["told"] += 1
            continue
        assert draft.order_id in row.orders, f"{row.number}: order {draft.order_id}"
        created = draft.created_at
        assert created is not None
        local = (created + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
        assert local in row.times or local[:16] in row.times, f"{row.number}: created {local}"
        if draft.deadline_at is not None:
            assert row.left is not None, f"{row.number}: deadline out of nothing"
            overdue_both = row.left < timedelta(0) and draft.deadline_at <= COPIED
            assert draft.deadline_at <= COPIED + row.left or overdue_both, f"{row.number}: later deadline"
        elif row.left is not None and draft.platform_state is PlatformState.WAITING:
            assert "left" in row.unsure_of, f"{row.number}: countdown not seen"
            assert not others_tell, f"{row.number}: countdown lost without a word"
        counts["right"] += 1
    numbers = {row.number for row in tried.rows}
    cut_numbers = [row.number for row in tried.rows if "number" in row.unsure_of]
    for item in drafts.values():
        if item.id not in numbers and not any(item.id in whole for whole in cut_numbers):
            assert any(item.id in note for note in notes), f"{item.id} is invented"
            counts["invented, told"] += 1
    if tried.count:
        told_by_page = announced(page.pages)
        assert told_by_page is not None
        if not numbers <= drafts.keys() and told_by_page.found < len(tried.rows):
            assert not told_by_page.whole
            assert not_all("page.txt", told_by_page)
            counts["rows missing, noticed"] += tried.dropped
    return counts


# The same pages each time; `python -m tests.intake.test_pasted_property 30000` tries others.
@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
@given(pages())
def test_a_hurt_row_comes_in_right_is_told_or_is_named(tried: Tried) -> None:
    try:
        verdicts(tried)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{tried.mutations}\n{tried.text}") from error


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(0, 2), st.booleans())
@settings(max_examples=100, deadline=None)
def test_an_unhurt_page_comes_in_right_without_a_word(seed: int, size: int, layout: int, count: bool) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    rows = [good_row(rng, 59088000 + n) for n in range(size)]
    tried = Tried(text_of(rows, rng, layout, count), rows, count, 0, [])
    page = PastedPage(tried.text, "page.txt", options(copied_at=COPIED))
    assert not [item for item in page.read() if isinstance(item, Rejection)], tried.text
    waiting = [row for row in rows if row.state is PlatformState.WAITING]
    if all(row.left is None for row in waiting) or all(row.left is not None for row in waiting):
        assert page.notes == [], tried.text
    assert verdicts(tried)["right"] + verdicts(tried)["told"] == size


def main(examples: int) -> None:
    """Try so many pages; print what came of them, and the shortest of each kind that went wrong."""
    counts: Counter[str] = Counter()
    wrong: dict[str, str] = {}

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(pages())
    def run(tried: Tried) -> None:
        counts["pages"] += 1
        try:
            counts.update(verdicts(tried))
        except AssertionError as error:
            counts["wrong"] += 1
            kind = re.sub("[0-9]{6,}", "N", str(error))[:40]
            shown = f"{error}\n{tried.mutations}\n{tried.text}"
            wrong[kind] = min(wrong.get(kind, shown), shown, key=len)

    run()
    lines = [f"{name:24}{counts[name]:>8}" for name in COUNTED]
    sys.stdout.write("\n".join([*lines, *wrong.values()]) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
