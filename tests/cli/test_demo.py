"""The demo with the real face engine: each case meets the reason it was made for, and can be looked at again."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from simkyc import Application, Decision, Verdict
from simkyc.cli import EXIT_CODES
from simkyc.cli.application_file import read_application
from simkyc.cli.demo import CASES, MARK, SHOWN, check_command
from simkyc.cli.tables import ACTION_WORDS, ISSUE, day_table
from simkyc.reasons import Action
from simkyc.testing import application
from tests.cli.called import Called

MEANT: dict[str, tuple[Decision, str | None, Action | None]] = {
    "01-honest": (Decision.ACCEPT, None, None),
    "02-blurred-photo": (Decision.RETRY, "photo.live_blurred", Action.TAKE_PHOTO_AGAIN),
    "03-two-faces": (Decision.RETRY, "photo.live_several_faces", Action.TAKE_PHOTO_AGAIN),
    "04-someone-elses-id": (Decision.REFUSE, "face.different_person", Action.DO_NOT_ISSUE),
    "05-wrong-checksum": (Decision.RETRY, "document.number_checksum", Action.READ_CARD_AGAIN),
    "06-expired": (Decision.REFUSE, "document.expired", Action.DO_NOT_ISSUE),
    "07-third-card-far-from-home": (
        Decision.REVIEW,
        "openings.repeat_far_from_home",
        Action.CALL_SUPERVISOR,
    ),
    "08-sixth-number": (Decision.REFUSE, "openings.number_cap", Action.DO_NOT_ISSUE),
    "09-sim-not-allocated": (Decision.REFUSE, "device_sim.sim_not_allocated", Action.DO_NOT_ISSUE),
    "10-busy-device": (Decision.REVIEW, "device_sim.device_many_people", Action.CALL_SUPERVISOR),
    "11-notice-not-signed": (Decision.RETRY, "notice.not_signed", Action.HAVE_NOTICE_SIGNED),
    "12-truncated-photo": (Decision.RETRY, "photo.live_unreadable", Action.TAKE_PHOTO_AGAIN),
}


def verdict_of(demo: Path, name: str) -> Verdict:
    return Verdict.from_json((demo / name / "verdict.json").read_bytes())


def test_every_case_has_a_row_here() -> None:
    assert [case.name for case in CASES] == list(MEANT)
    assert {decision for decision, _, _ in MEANT.values()} == set(Decision)


@pytest.mark.parametrize("name", MEANT)
def test_a_case_meets_the_reason_it_was_made_for(demo: Path, name: str) -> None:
    decision, reason, action = MEANT[name]
    verdict = verdict_of(demo, name)
    assert (verdict.decision, verdict.reasons[:1]) == (decision, (reason,) if reason else ())
    assert verdict.advice == ((action,) if action else ())
    # Nine people with nine cards in nine openings are three things to ask about.
    assert len(verdict.messages("en")) == (3 if name == "10-busy-device" else 1)


@pytest.mark.parametrize("name", MEANT)
def test_a_case_can_be_looked_at_by_itself(demo: Path, name: str, call: Callable[..., Called]) -> None:
    recorded = verdict_of(demo, name)
    history = f"sqlite:///{demo / 'kyc.db'}"
    called = call("check", demo / name / "application.json", "--history", history, "--json")
    again = Verdict.from_json(called.out)
    assert (called.code, called.err) == (EXIT_CODES[recorded.decision], "")
    assert (again.decision, again.reasons, again.advice) == (
        recorded.decision,
        recorded.reasons,
        recorded.advice,
    )


def test_the_photos_are_files_beside_the_application(demo: Path) -> None:
    assert sorted(file.name for file in (demo / "01-honest").iterdir()) == [
        "application.json",
        "live.jpg",
        "portrait.jpg",
        "verdict.json",
    ]
    assert read_application(demo / "01-honest/application.json") == application(0)
    assert sorted(file.name for file in demo.iterdir() if not file.is_dir()) == [MARK, "kyc.db", "kyc.db.key"]


def test_no_name_of_a_file_says_whose_it_is(demo: Path) -> None:
    for name in MEANT:
        applied: Application = read_application(demo / name / "application.json")
        for file in demo.rglob("*"):
            assert applied.document.name not in str(file)
            assert applied.document.number not in str(file)


# The table


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_the_table_says_everything_at_any_width(demo: Path, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    verdicts = [(case.title_zh, case.title_en, verdict_of(demo, case.name)) for case in CASES]
    console.print(day_table(verdicts))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert {cell_len(line) for line in lines} == {width}
    rows = cells(lines)[1:]
    assert len(rows) == len(CASES)
    for (title_zh, title_en, verdict), row in zip(verdicts, rows, strict=True):
        said = [
            text
            for pair in zip(verdict.messages("zh-CN"), verdict.messages("en"), strict=True)
            for text in pair
        ]
        steps = [text for action in verdict.advice for text in ACTION_WORDS[action]] or ISSUE
        assert row[0] == squeezed(title_zh + title_en)
        assert row[1].endswith(verdict.decision.name)
        assert row[2] == squeezed("".join(said))
        assert row[3] == squeezed("".join(steps))


def cells(lines: list[str]) -> list[list[str]]:
    """The table's cells without white space, row by row."""
    rows: list[list[str]] = [[]]
    for line in lines[1:]:
        parts = re.split("[│├┤┼╰╯┴]", line)[1:-1]
        if line.startswith("│"):
            kept = rows[-1] or [""] * len(parts)
            rows[-1] = [old + squeezed(new) for old, new in zip(kept, parts, strict=True)]
        else:
            rows.append([])
    return rows[:-1]


def squeezed(text: str) -> str:
    return "".join(text.split())


# The folder


def not_a_demos(folder: Path) -> Path:
    (folder / "mine").mkdir()
    (folder / "mine/thesis.txt").write_text("years of work")
    return folder / "mine"


def a_file(folder: Path) -> Path:
    (folder / "file").write_text("years of work")
    return folder / "file"


def below_a_file(folder: Path) -> Path:
    return a_file(folder) / "demo"


OTHERS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a folder with something in it": (not_a_demos, "name another one"),
    "a file": (a_file, "name another one"),
    "below a file": (below_a_file, "cannot be written"),
    "where nothing can be written": (lambda _: Path("/proc/simkyc-demo"), "cannot be written"),
    "the folder we stand in": (lambda _: Path(), "name another one"),
    "a name that no URL can have": (lambda folder: folder / "what?", "name another one"),
    "a name with a line end": (lambda folder: folder / "a\nb", "name another one"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_not_a_demos_is_left_alone(
    case: str, tmp_path: Path, call: Callable[..., Called], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, says = OTHERS[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").touch()
    out = make(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    call("demo", "--out", out).assert_refused(2, says)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_what_a_demo_left_is_replaced(
    tmp_path: Path, call: Callable[..., Called], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simkyc.cli.demo.CASES", CASES[10:11])
    for _ in range(2):  # the folder is empty, then a demo's
        called = call("demo", "--out", tmp_path)
        assert (called.code, called.err) == (0, "")
        assert not (tmp_path / "stale").exists()
        assert verdict_of(tmp_path, CASES[10].name).decision is Decision.RETRY
        (tmp_path / "stale").touch()


def test_a_disk_that_fills_up_is_said_in_one_line(
    tmp_path: Path, call: Callable[..., Called], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simkyc.cli.demo.write_application", full)
    call("demo", "--out", tmp_path / "demo").assert_refused(2, "cannot be written")


# As a stranger runs it


def test_what_the_demo_says_can_be_copied(tmp_path: Path) -> None:
    """From a folder with a blank and a quote in its name, with no `simkyc` on the PATH."""
    folder = tmp_path / "shop's demo"
    folder.mkdir()
    script = Path(sys.executable).with_name("simkyc")
    (folder / "simkyc").symlink_to(script)
    environment = os.environ | {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["./simkyc", "demo"], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    *_, where, _, command = done.stdout.splitlines()
    assert where.endswith(": simkyc-demo")
    shown = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (EXIT_CODES[MEANT[SHOWN.name][0]], b"")


PROGRAMS = {
    "on the PATH": ("bin/simkyc", "bin/simkyc", "simkyc"),
    "in a virtual environment of this folder": (".venv/bin/simkyc", None, ".venv/bin/simkyc"),
    "another one on the PATH": (".venv/bin/simkyc", "bin/simkyc", ".venv/bin/simkyc"),
    "in this folder": ("simkyc", None, "./simkyc"),
    "as a module": ("simkyc/cli/__main__.py", None, f"{sys.executable} -m simkyc.cli"),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_the_command_is_the_one_that_was_used(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, on_path, said = PROGRAMS[case]
    monkeypatch.chdir(tmp_path)
    for name in filter(None, (called, on_path)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "argv", [called])
    assert check_command(tmp_path / "demo") == (
        f"{said} check demo/04-someone-elses-id/application.json --history sqlite:///demo/kyc.db"
    )
    assert check_command(Path("/a b")).endswith(
        "check '/a b/04-someone-elses-id/application.json' --history 'sqlite:////a b/kyc.db'"
    )
