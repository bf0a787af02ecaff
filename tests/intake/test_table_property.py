"""Whatever happens to the cells of a row, its ticket comes in right, comes in with a note, or is named.

Good tables of CSV, XLSX and HTML whose rows are hurt: cells dropped, swapped, doubled, cut, emptied, wrapped,
with other blanks and marks that do not show. `python -m tests.intake.test_table_property 20000` tries others
than the suite does.
"""

from __future__ import annotations

import csv
import html
import io
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import xlsxwriter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jdticket.domain.drafts import Draft, Rejection
from jdticket.domain.platform_words import platform_state_from_words
from jdticket.errors import InputError

from .reading import at, source

HEADER = ("工单号", "订单号", "类型", "创建时间", "截止时间", "状态", "店铺", "内容", "回复时间")
NUMBER, ORDER, KIND, CREATED, DEADLINE, STATE, SHOP, CONTENT, REPLIED = range(len(HEADER))
KINDS = ("CRC高危投诉", "催单", "投诉", "咨询")
STATES = ("待回复", "待商家处理", "已回复", "已关闭")
CONTENTS = ("商品破损", "要求退款", "催促发货，谢谢", "能否改地址", "物流停滞3天")
_MARKS = ("\u200b", "\u200e", "\ufeff", "\u2060", "\u202d")
_FULL_WIDTH = str.maketrans("0123456789:-", "０１２３４５６７８９：－")


@dataclass
class Row:
    """A row as it was, as it is now, and the columns whose own text was changed for good."""

    number: str
    true: list[str]
    cells: list[str]
    changed: set[int] = field(default_factory=set)
    moved: bool = False
    """Cells stand in other columns than their own."""


@dataclass
class Tried:
    """A table and what was done to it."""

    form: str
    raw: bytes
    rows: list[Row]
    mutations: list[str]


def _time(rng: random.Random, least: int, most: int) -> str:
    moment = datetime(2026, 11, 20, 9) + timedelta(seconds=rng.randrange(least, most))  # noqa: DTZ001
    return moment.isoformat(" ")


def good_row(rng: random.Random, number: int) -> Row:
    cells = [
        str(number),
        str(rng.randrange(10**11, 10**15)),
        rng.choice(KINDS),
        _time(rng, 0, 90_000),
        _time(rng, 100_000, 200_000),
        rng.choice(STATES),
        "京东3店",
        rng.choice(CONTENTS),
        _time(rng, 90_000, 100_000) if rng.random() < 0.5 else "",
    ]
    return Row(str(number), list(cells), cells)


def _drop(rng: random.Random, row: Row) -> None:
    _hurt(row, row.cells.pop(rng.randrange(len(row.cells))))
    row.moved = True


def _swap(rng: random.Random, row: Row) -> None:
    n = rng.randrange(len(row.cells) - 1)
    row.cells[n], row.cells[n + 1] = row.cells[n + 1], row.cells[n]
    # Of two times nobody can tell which was meant to be which.
    if n == CREATED or all(":" in cell.translate({ord("："): ":"}) for cell in row.cells[n : n + 2]):
        row.changed |= {CREATED, DEADLINE, REPLIED}
    row.moved = True


def _double(rng: random.Random, row: Row) -> None:
    n = rng.randrange(len(row.cells))
    row.cells.insert(n, row.cells[n])
    row.moved = True


def _cut(rng: random.Random, row: Row) -> None:
    n = rng.randrange(len(row.cells))
    cell = row.cells[n]
    row.cells[n] = cell[: rng.randrange(len(cell))] if cell else ""
    _hurt(row, cell)


def _empty(rng: random.Random, row: Row) -> None:
    n = rng.randrange(len(row.cells))
    cell, row.cells[n] = row.cells[n], rng.choice(["", " ", "-", "无", "--", "\u00a0", "暂无"])
    _hurt(row, cell)


def _hurt(row: Row, cell: str) -> None:
    row.changed |= {n for n, true in enumerate(row.true) if _bare(cell) in (true, _bare(true))}


def _bare(cell: str) -> str:
    plain = unicodedata.normalize("NFKC", cell)
    return re.sub('^="|"$|[\u200b\u200e\ufeff\u2060\u202d\u00a0\t\']', "", plain).strip()


def _wrap(rng: random.Random, row: Row) -> None:
    n = rng.randrange(len(row.cells))
    cell = row.cells[n]
    ways: Sequence[Callable[[str], str]] = (
        lambda text: f'="{text}"' if '"' not in text else text,
        lambda text: "\t" + text,
        lambda text: "'" + text,
        lambda text: "\u00a0" + text + " ",
        lambda text: text[:3] + rng.choice(_MARKS) + text[3:],
        lambda text: text.translate(_FULL_WIDTH) if text[:1].isdigit() else text,
    )
    row.cells[n] = rng.choice(ways)(cell)


MUTATIONS = (_drop, _swap, _double, _cut, _empty, _wrap, _wrap)


def _as_csv(rows: list[Row], rng: random.Random) -> bytes:
    out = io.StringIO()
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(out, quoting=quoting, delimiter=rng.choice(",\t;"))
    writer.writerow(HEADER)
    writer.writerows(row.cells for row in rows)
    return out.getvalue().encode(rng.choice(["utf-8", "utf-8-sig", "gb18030"]))


def _as_xlsx(rows: list[Row], _rng: random.Random) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, cells in enumerate([HEADER, *(row.cells for row in rows)]):
        for column, cell in enumerate(cells):
            sheet.write_string(number, column, cell)
    book.close()
    return out.getvalue()


def _as_html(rows: list[Row], _rng: random.Random) -> bytes:
    lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in cells) for cells in
             [HEADER, *(row.cells for row in rows)]]  # fmt: skip
    return ("<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>").encode()


FORMS = {"csv": _as_csv, "xlsx": _as_xlsx, "html": _as_html}


@st.composite
def tables(draw: st.DrawFn, forms: Sequence[str]) -> Tried:
    rng = random.Random(draw(st.integers(0, 2**48)))  # noqa: S311 - no secret
    rows = [good_row(rng, 59088000 + n) for n in range(rng.randrange(1, 6))]
    mutations = []
    for _n in range(rng.randrange(1, 4)):
        row = rng.choice(rows)
        mutate = rng.choice(MUTATIONS)
        if len(row.cells) > 2:
            mutate(rng, row)
            mutations.append(f"{mutate.__name__} {row.number}: {row.cells}")
    form = draw(st.sampled_from(forms))
    return Tried(form, FORMS[form](rows, rng), rows, mutations)


def verdicts(tried: Tried) -> Counter[str]:
    """How many of the tickets came in right, told, named; raises ``AssertionError`` for any that did not."""
    read_from = source(tried.raw, f"a.{tried.form}")
    try:
        found = list(read_from.read())
    except InputError as error:
        # A header alone that no row fits is told as a whole.
        raise AssertionError(f"the whole file: {error.message}") from error
    drafts = {item.id: item for item in found if isinstance(item, Draft)}
    named = {item.row for item in found if isinstance(item, Rejection)}
    told = {
        int(row)
        for note in read_from.notes
        for first, last in re.findall(r"(?:row |[:,] )(\d+)(?:-(\d+))?", note)
        for row in range(int(first), int(last or first) + 1)
    }
    counts: Counter[str] = Counter(mutations=len(tried.mutations))
    for line, row in enumerate(tried.rows, 2):
        if NUMBER in row.changed:
            continue
        draft = drafts.get(row.number)
        if draft is None:
            # With its number in another column, too, the row is told of: it has another's number then.
            assert line in named or line in told, f"{row.number} is missing"
            counts["named" if line in named else "told"] += 1
        elif line in told or line in named:
            counts["told"] += 1
        else:
            for what, wrong in _differences(row, draft):
                raise AssertionError(f"{row.number}: {what} is {wrong} without a word")
            counts["right"] += 1
    assert drafts.keys() <= {row.number for row in tried.rows} | {
        _bare(cell) for row in tried.rows for cell in row.cells
    }
    return counts


def _differences(row: Row, draft: Draft) -> list[tuple[str, object]]:
    facts = {
        ORDER: (draft.order_id, row.true[ORDER]),
        CREATED: (draft.created_at, at(row.true[CREATED])),
        DEADLINE: (draft.deadline_at, at(row.true[DEADLINE])),
        REPLIED: (draft.reply_at, at(row.true[REPLIED]) if row.true[REPLIED] else None),
    }
    wrong = [
        (HEADER[n], found) for n, (found, true) in facts.items() if n not in row.changed and found != true
    ]
    # A word that is none of the platform's is told where tickets are taken in.
    true_state = platform_state_from_words(row.true[STATE])
    if STATE not in row.changed and draft.platform_state not in (None, true_state):
        wrong.append((HEADER[STATE], draft.platform_status))
    return wrong


# The same tables each time.
@settings(max_examples=250, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
@given(tables(["csv", "csv", "html"]))
def test_a_hurt_row_comes_in_right_is_told_or_is_named(tried: Tried) -> None:
    _judged(tried)


@settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
@given(tables(["xlsx"]))
def test_a_hurt_row_of_a_workbook_comes_in_right_is_told_or_is_named(tried: Tried) -> None:
    _judged(tried)


def _judged(tried: Tried) -> Counter[str]:
    try:
        return verdicts(tried)
    except AssertionError as error:
        lines = "\n".join(tried.mutations)
        raise AssertionError(f"{error}\n{lines}") from error


def main(examples: int, forms: Sequence[str]) -> None:
    """Try so many tables; print what came of them, and the shortest of each kind that went wrong."""
    counts: Counter[str] = Counter()
    wrong: dict[str, str] = {}

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(tables(forms))
    def run(tried: Tried) -> None:
        counts["tables"] += 1
        try:
            counts.update(_judged(tried))
        except AssertionError as error:
            counts["wrong"] += 1
            kind = re.sub("[0-9]{6,}", "N", str(error))[:30]
            wrong[kind] = min(wrong.get(kind, str(error)), str(error), key=len)

    run()
    names = ("tables", "mutations", "right", "told", "named", "wrong")
    sys.stdout.write("\n".join([*(f"{name:12}{counts[name]:>8}" for name in names), *wrong.values()]) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, sys.argv[2:] or ["csv", "html"])
