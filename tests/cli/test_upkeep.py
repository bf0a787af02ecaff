from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from .running import Program, csv_rows, row, table


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("desk"))
    program.ok("import", "-", stdin=table(row(59088842, content="=cmd()"), row(59088843)))
    program.ok("reply", "843", "-m", "+您好，已经发出了", "--at", "2024-06-11 12:00")
    return program


@pytest.fixture
def desk(prepared: Program, tmp_path: Path) -> Program:
    return prepared.copy_to(tmp_path)


# export


def test_export_gives_each_ticket_with_its_latest_reply(desk: Program) -> None:
    desk.ok("reply", "843", "-m", "您好，运单号是 JDX01234", "--at", "2024-06-11 15:00", "--by", "小李")
    rows = {found["id"]: found for found in desk.ok("export", "--json").json}
    last = rows["59088843"]
    assert (last["reply"], last["reply_by"]) == ("您好，运单号是 JDX01234", "小李")
    assert (last["reply_at"], last["reply_on_time"]) == ("2024-06-11T15:00:00+08:00", False)
    assert rows["59088842"]["reply"] is None


def test_an_export_may_be_of_some_tickets_alone(desk: Program) -> None:
    desk.ok("import", "-", stdin=table(row(59088844, kind="CRC高危投诉"), row(59088845, kind="咨询")))
    desk.ok("assign", "843", "845", "小王")

    def exported(*options: str) -> list[str]:
        return sorted(found["id"][-1] for found in desk.ok("export", "--json", *options).json)

    assert exported("--kind", "crc", "--kind", "urge") == ["2", "3", "4"]
    assert exported("--assignee", "@me") == ["3", "5"]
    assert exported("--assignee", "@nobody", "--kind", "crc") == ["4"]


def test_a_spreadsheet_finds_no_formula_in_an_export(desk: Program) -> None:
    rows = {found["id"]: found for found in csv_rows(desk.ok("export").out)}
    assert rows["59088842"]["content"] == "'=cmd()"
    assert rows["59088843"]["reply"] == "'+您好，已经发出了"


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.xlsx"])
def test_an_exported_file_is_for_its_owner_only_and_never_overwrites(desk: Program, name: str) -> None:
    ran = desk.ok("export", "-o", name)
    assert (ran.out, ran.err) == ("", f"2 tickets written to {name}\n")
    path = desk.folder / name
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert f"{name} exists already" in desk.refused(4, "export", "-o", name)
    assert path.read_bytes() == before


def test_a_csv_file_opens_in_excel_as_what_it_is_and_speaks_the_readers_language(desk: Program) -> None:
    for form, head in ((("--keys",), "id,shop,"), (("--lang", "zh"), "工单号,店铺,"), ((), "ticket number,")):
        path = desk.folder / f"{len(form)}{head[0]}.csv"
        desk.ok("export", "-o", path, *form)
        assert path.read_bytes().startswith(b"\xef\xbb\xbf" + head.encode())


def test_the_format_named_wins_over_the_ending(desk: Program) -> None:
    desk.ok("export", "--json", "-o", "out.txt")
    assert len(json.loads((desk.folder / "out.txt").read_text(encoding="utf-8"))) == 2


def test_an_export_that_cannot_be_is_refused(desk: Program) -> None:
    assert "not several" in desk.refused(2, "export", "--csv", "--json")
    assert "name it with -o FILE" in desk.refused(2, "export", "--xlsx")
    assert "nix/out.csv cannot be written" in desk.refused(1, "export", "-o", "nix/out.csv")


# backup


def test_a_backup_is_a_whole_store_for_its_owner_only(desk: Program) -> None:
    desk.ok("backup", "copy.db")
    path = desk.folder / "copy.db"
    assert path.stat().st_mode & 0o777 == 0o600
    # As of one moment: by day, the time left changes from second to second.
    seen = ("list", "--json", "--now", "2024-06-11 12:00")
    assert desk.ok(*seen, "--db", path).json == desk.ok(*seen).json
    assert not list(desk.folder.glob("copy.db?*"))


def test_a_backup_never_overwrites_and_leaves_nothing_when_it_fails(desk: Program) -> None:
    kept = desk.write("kept.db", "mine")
    assert desk.run("backup", kept).code == 4
    assert kept.read_text() == "mine"
    assert "nix" in desk.run("backup", "nix/copy.db").err


def test_a_backup_of_no_store_is_a_failure(program: Program) -> None:
    assert "There is no store at" in program.refused(5, "backup", "copy.db")
    assert not (program.folder / "copy.db").exists()


# doctor


def test_doctor_gives_each_thing_a_verdict(desk: Program) -> None:
    lines = desk.ok("doctor").out.splitlines()
    marks = {line.partition("] ")[0][1:] for line in lines if "reminders: " not in line}
    assert marks == {"ok"}
    assert "[warning] reminders: no channel is configured; nobody is reminded" in lines
    named = [line.partition("] ")[2].split(":")[0] for line in lines]
    assert named == [
        "configuration",
        "who acts",
        "zone",
        "store's integrity",
        "store's links",
        "store's schema",
        "store can be written",
        "store's journal",
        "store's permissions",
        "store",
        "reminders",
        "free disk",
    ]


def test_doctor_makes_no_store(program: Program) -> None:
    ran = program.run("doctor")
    assert (ran.code, "[PROBLEM] store: there is none at " in ran.out) == (1, True)
    assert not program.store.exists()


def test_doctor_finds_what_others_may_read(desk: Program) -> None:
    desk.store.chmod(0o644)
    desk.configure("").chmod(0o644)
    ran = desk.run("doctor")
    assert ran.code == 1
    problems = [line for line in ran.out.splitlines() if line.startswith("[PROBLEM]")]
    assert len(problems) == 2
    assert all("chmod 600" in line for line in problems)


def test_doctor_names_a_configuration_or_a_store_that_cannot_be_used(program: Program) -> None:
    program.store.write_bytes(b"no database" * 100)
    ran = program.run("doctor")
    assert ran.code == 1
    assert "[PROBLEM] store: " in ran.out
    program.configure("lanuage = 3\n")
    ran = program.run("doctor")
    assert ran.code == 1
    assert "did you mean language?" in ran.out


def test_doctor_finds_a_damaged_store(desk: Program) -> None:
    with sqlite3.connect(desk.store) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DROP TRIGGER IF EXISTS events_stay")
        [(trigger,)] = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' LIMIT 1")
        db.execute(f"DROP TRIGGER {trigger}")
    db.close()
    ran = desk.run("doctor")
    assert ran.code == 1
    assert trigger in ran.out


# recompute


def test_recompute_moves_what_the_policy_gave_when_it_is_asked_for(desk: Program) -> None:
    desk.configure('[deadline]\ndefault = "2h"\n')
    assert desk.tickets()["59088842"]["deadline_at"] == "2024-06-11T14:00:00+08:00"
    moved = "ticket 59088842: due 2024-06-11 12:00 now, was 2024-06-11 14:00\n1 deadline changes."
    assert desk.ok("recompute", "--dry-run").out == f"{moved} Dry run: nothing was kept.\n"
    assert desk.tickets()["59088842"]["deadline_at"] == "2024-06-11T14:00:00+08:00"
    assert desk.ok("recompute").out == f"{moved}\n"
    held = desk.tickets()["59088842"]
    assert held["deadline_at"] == "2024-06-11T12:00:00+08:00"
    assert held["first_deadline_at"] == "2024-06-11T14:00:00+08:00"
    assert desk.ok("recompute").out == "0 deadlines change.\n"


def test_recompute_leaves_what_the_manager_granted(desk: Program, tmp_path: Path) -> None:
    desk.ok("report-outage", "--reason", "other", "--since", "2024-06-11 13:00")
    desk.ok("outage", "contact", "1", "--via", "phone", "--granted-until", "2098-01-01 10:00")
    desk.configure('[deadline]\ndefault = "2h"\n')
    assert desk.ok("recompute").out == "0 deadlines change.\n"


def test_a_store_in_a_folder_that_is_copied_elsewhere_is_told_when_it_is_made_and_by_doctor(
    program: Program,
) -> None:
    store = program.folder / "OneDrive - 公司" / "desk.db"
    store.parent.mkdir()
    made = program.ok("--db", store, "add", "59088842").err
    assert "OneDrive - 公司" in made.splitlines()[1]
    assert "! " not in program.ok("--db", store, "list").err
    looked = program.run("--db", store, "doctor")
    assert looked.code == 1
    assert "[PROBLEM] store's folder: it lies in a folder that a program copies elsewhere" in looked.out
