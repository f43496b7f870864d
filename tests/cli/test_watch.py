"""`simkyc watch`: lists from files, and the report of their bad rows."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from simkyc import Screener
from simkyc.lists.watch import COLUMNS
from simkyc.testing import Clock, application
from tests.cli.called import Called

Call = Callable[..., Called]
NUMBERS = [application(seed).document.number for seed in range(3)]
GOOD = [f"resident_id,{number},joint_punishment,MIIT,办法,2026-01-01,,0" for number in NUMBERS]


@pytest.fixture
def history(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'kyc.db'}"
    Screener.open(url, clock=Clock()).close()
    return url


def written(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join((",".join(COLUMNS_AS_USUAL), *rows, "")), encoding=encoding)
    return path


COLUMNS_AS_USUAL = ("kind", "number", "list", "source", "basis", "from", "until", "silent_alert")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "list.csv", *GOOD)


def test_the_columns_are_the_usual_ones() -> None:
    assert set(COLUMNS) == set(COLUMNS_AS_USUAL)


def test_a_list_comes_and_goes(file: Path, history: str, call: Call) -> None:
    for command, says in (
        ("import", "added 3, 变更 changed 0, 未变 unchanged 0, 坏行 bad rows 0"),
        ("import", "added 0, 变更 changed 0, 未变 unchanged 3, 坏行 bad rows 0"),
        ("remove", "removed 3, 坏行 bad rows 0"),
        ("remove", "removed 0, 坏行 bad rows 0"),
    ):
        called = call("watch", command, file, "--history", history)
        assert (called.code, called.err) == (0, "")
        assert says in called.out


def test_gb18030_is_read_where_it_is_asked_for(tmp_path: Path, history: str, call: Call) -> None:
    file = written(tmp_path / "list.csv", *GOOD, encoding="gb18030")
    call("watch", "import", file, "--history", history).assert_refused(2, "line 2: encoding")
    called = call("watch", "import", file, "--history", history, "--encoding", "gb18030")
    assert (called.code, "added 3" in called.out) == (0, True)


@pytest.mark.parametrize("command", ["import", "remove"])
def test_bad_rows_stop_everything_and_are_reported(
    command: str, tmp_path: Path, history: str, call: Call
) -> None:
    bad = GOOD[0].replace(NUMBERS[0], "hunter2")
    file = written(tmp_path / "list.csv", GOOD[0], bad, "hunter2", GOOD[1])
    report = tmp_path / "bad.jsonl"
    if command == "remove":
        call("watch", "import", file, "--history", history, "--skip-bad")
    arguments = ("watch", command, file, "--history", history, "--report", report)
    called = call(*arguments)
    called.assert_refused(2, "2 of 4 rows cannot be taken in, so nothing was written: line 3, number: ")
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [(line["line"], line["column"]) for line in lines] == [(3, "number"), (4, None)]
    assert all(line.keys() == {"line", "column", "cause", "advice"} for line in lines)
    for text in (report.read_text(encoding="utf-8"), called.err):
        assert "hunter2" not in text
        assert not any(number in text for number in NUMBERS)
    skipped = call(*arguments, "--skip-bad")
    assert (skipped.code, skipped.err) == (0, "")
    assert "坏行 bad rows 2" in skipped.out
    assert ("added 2" if command == "import" else "removed 2") in skipped.out


def no_history(folder: Path, file: Path) -> list[str]:
    return ["--history", f"sqlite:///{folder}/hunter2.db"]


def no_report(folder: Path, file: Path) -> list[str]:
    return ["--history", f"sqlite:///{folder}/kyc.db", "--report", str(folder / "hunter2" / "bad.jsonl")]


def a_report_over_the_list(folder: Path, file: Path) -> list[str]:
    return ["--history", f"sqlite:///{folder}/kyc.db", "--report", str(file)]


def another_encoding(folder: Path, file: Path) -> list[str]:
    return ["--history", f"sqlite:///{folder}/kyc.db", "--encoding", "hunter2"]


def nothing(folder: Path, file: Path) -> list[str]:
    return []


MISUSED: dict[str, tuple[Callable[[Path, Path], list[str]], str]] = {
    "no history there": (no_history, "no history"),
    "no place for the report": (no_report, "--report"),
    "a report over the list": (a_report_over_the_list, "--report"),
    "another encoding": (another_encoding, "--encoding"),
    "no history named": (nothing, "--history"),
}


@pytest.mark.parametrize("command", ["import", "remove"])
@pytest.mark.parametrize("case", MISUSED)
def test_what_does_not_fit_leaves_everything_as_it_is(
    case: str, command: str, file: Path, history: str, tmp_path: Path, call: Call
) -> None:
    options, says = MISUSED[case]
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    called = call("watch", command, file, *options(tmp_path, file))
    called.assert_refused(2, says)
    assert "hunter2" not in called.err
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_list_that_is_not_there(history: str, tmp_path: Path, call: Call) -> None:
    called = call("watch", "import", tmp_path / "hunter2.csv", "--history", history)
    called.assert_refused(2, "the list cannot be read")
    assert "hunter2" not in called.err


@pytest.mark.parametrize("command", [["watch"], ["watch", "import"], ["watch", "remove"]])
def test_every_command_has_help(command: list[str], call: Call) -> None:
    called = call(*command, "--help")
    assert (called.code, called.err) == (0, "")
    assert "Usage: simkyc watch" in called.out


def test_a_list_may_come_through_a_pipe(file: Path, history: str, run_process: Callable[..., Called]) -> None:
    pipe = file.with_name("pipe")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    called = run_process("watch", "import", pipe, "--history", history)
    writer.join()
    assert (called.code, called.err) == (0, "")
    assert "added 3" in called.out
