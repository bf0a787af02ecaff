"""What `export` writes, `import` reads again whole: in keys and in words, in each language and form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jdticket.domain.replies import Delivery, DeliveryState, Reply
from jdticket.domain.tickets import DeadlineSource, Kind, Status, Ticket
from jdticket.i18n import LANGUAGES, translator
from jdticket.intake.headings import read_header
from jdticket.intake.own_export import is_own_export
from jdticket.store.sqlite import SqliteStore
from jdticket.views.plain import TICKET_KEYS
from jdticket.words import column_word

from .running import Program

FORMS = (
    ("a.csv", "zh"),
    ("a.csv", "en"),
    ("a.xlsx", "zh"),
    ("a.xlsx", "en"),
    ("a.csv", "zh", "--keys"),
    ("a.xlsx", "en", "--keys"),
    ("a.json", "zh"),
)
FIRST = datetime(2024, 6, 10, 1, 0, tzinfo=UTC)
MOMENTS = st.integers(0, 10**6).map(lambda seconds: FIRST + timedelta(seconds=seconds))
TEXTS = st.text(
    st.sampled_from("催退款A1=+-@＝＋－＠'\"`’，,; \n\t&<>%{}[]") | st.characters(categories=["L", "N", "P"]),
    max_size=12,
)
WORDS = st.sampled_from(["", "待回复", "已回复", "Replied", "已关闭", "平台处理中", "-", "无"])


@st.composite
def tickets(draw: st.DrawFn, number: int) -> tuple[Ticket, Reply | None, DeliveryState | None]:
    """A ticket as a desk may hold it, its reply, and what became of that (None: it was not to be sent)."""
    created, first = draw(MOMENTS), draw(MOMENTS)
    status = draw(st.sampled_from(Status))
    source = draw(st.sampled_from(DeadlineSource))
    answered = status is Status.REPLIED and draw(st.booleans())
    replied_at = draw(MOMENTS) if answered or draw(st.booleans()) else None
    returned = draw(st.booleans()) and status is not Status.PENDING
    ticket = Ticket(
        id=str(84710000 + number),
        shop="",
        order_id=draw(st.none() | st.integers(10**11, 10**19 - 1).map(str)),
        kind=draw(st.sampled_from(Kind)),
        kind_text=draw(TEXTS),
        status=status,
        created_at=created,
        deadline_at=draw(MOMENTS) if source is DeadlineSource.GRANTED else first,
        first_deadline_at=first,
        deadline_source=source,
        taken_in_at=created,
        platform_status=draw(WORDS),
        assignee=draw(TEXTS),
        content=draw(TEXTS),
        replied_at=replied_at,
        returned_at=created if returned else None,
    )
    if not answered or replied_at is None:
        return ticket, None, None
    text = draw(TEXTS.filter(str.strip))
    reply = Reply(
        ticket.id,
        text,
        replied_at,
        replied_at,
        draw(TEXTS),
        draw(st.sampled_from([first, ticket.deadline_at])),
    )
    return ticket, reply, draw(st.none() | st.sampled_from(DeliveryState))


def filled(folder: Path, held: list[tuple[Ticket, Reply | None, DeliveryState | None]]) -> Program:
    program = Program(folder)
    store = SqliteStore.open(program.store)
    with store.transaction():
        store.put_tickets(ticket for ticket, _reply, _state in held)
        for ticket, reply, state in held:
            if reply is None:
                continue
            kept = store.add_reply(reply)
            if state is not None:
                store.put_delivery(Delivery(kept.id, ticket.id, state))
    store.close()
    return program


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(*map(tickets, range(n)))), st.sampled_from(FORMS))
def test_every_ticket_comes_back_as_it_was(
    held: tuple[tuple[Ticket, Reply | None, DeliveryState | None], ...], form: tuple[str, ...]
) -> None:
    name, language, *options = form
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        program = filled(Path(one), [*held])
        program.ok("--lang", language, "export", "-o", program.folder / name, *options)
        second = Program(Path(other))
        assert second.ok("import", program.folder / name).out.startswith(f"{len(held)} new, 0 changed")
        before, after = (one.ok("export", "--json").json for one in (program, second))
        for row in [*before, *after]:
            del row["seconds_left"]
        assert sorted(after, key=lambda row: row["id"]) == sorted(before, key=lambda row: row["id"])
        again = second.ok("import", program.folder / name).out
        assert again.startswith(f"0 new, 0 changed, {len(held)} unchanged")


def test_recompute_sees_the_tickets_that_came_back(program: Program, tmp_path: Path) -> None:
    program.ok("add", "84712345", "--at", "2024-06-10 10:00")
    program.ok("export", "-o", tmp_path / "a.csv")
    (tmp_path / "other").mkdir()
    second = Program(tmp_path / "other")
    second.ok("import", tmp_path / "a.csv")
    second.configure('[deadline]\ndefault = "2h"\n')
    assert "84712345" in second.ok("recompute", "--dry-run").out


def test_our_own_words_in_another_programs_column_are_not_ours(program: Program) -> None:
    path = program.write(
        "a.csv", "工单号,创建时间,截止时间,状态\n84712345,2024-06-10 10:00,2024-06-10 14:00,待处理\n"
    )
    program.ok("import", path)
    [held] = program.tickets().values()
    assert (held["status"], held["platform_status"], held["deadline_source"]) == (
        "pending",
        "待处理",
        "platform",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_column_of_an_export_has_a_word_of_its_own_that_is_known_as_a_heading(language: str) -> None:
    keys = (*TICKET_KEYS, "reply", "reply_at", "reply_by", "reply_on_time")
    headings = [column_word(key, translator(language).gettext) for key in keys]
    assert len(set(headings)) == len(keys)
    header = read_header(headings, {})
    assert is_own_export(header)
    assert {name: headings[at[0]] for name, at in header.columns.items()} == {
        name: headings[keys.index(name)] for name in header.columns
    }
    assert header.columns.keys() >= {"id", "order_id", "created_at", "deadline_at", "reply", "reply_at"}


def test_an_older_export_changes_nothing_that_is_newer_here(program: Program, tmp_path: Path) -> None:
    program.ok("add", "84712345", "--at", "2024-06-10 10:00", "-m", "催发货")
    program.ok("export", "-o", tmp_path / "a.csv")
    program.ok("reply", "84712345", "-m", "您好，包裹今天已发出，请留意查收。")
    program.ok("assign", "84712345", "小李")
    before = program.tickets()
    assert program.ok("import", tmp_path / "a.csv").out.startswith("0 new, 0 changed, 1 unchanged")
    assert program.tickets() == before
