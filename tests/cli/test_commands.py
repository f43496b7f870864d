"""Every command: its exit codes, its one-line errors, and what it does on odd terminals."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from simkyc import REASONS, Application, Decision, Policy, Screener, Verdict, __version__
from simkyc.testing import NOW, STORE_ICCIDS, Clock, application, iccid_of, swatch
from tests.cli.called import Called

Call = Callable[..., Called]
SHIPPED = resources.files("simkyc").joinpath("policy.toml").read_text(encoding="utf-8")


def without_photos(seed: int = 1, **changes: Any) -> Application:
    """An application whose photos nobody looks at, so that no face engine loads."""
    photo = {"data": swatch(seed)}
    parts = {"live_photo": photo, "document": {"portrait": photo}, "face_consent": None}
    return application(seed, **parts | changes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "application.json"
    path.write_text(without_photos().to_json(), encoding="utf-8")
    return path


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A history that remembers the store's stock and one application."""
    path = tmp_path / "kyc.db"
    with Screener.open(f"sqlite:///{path}", clock=Clock()) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        screener.screen(without_photos(2))
    return path


def everything_in(folder: Path) -> dict[str, bytes | None]:
    return {file.name: file.read_bytes() if file.is_file() else None for file in sorted(folder.iterdir())}


# Exit codes


def test_accept_is_0(demo: Path, call: Call) -> None:
    called = call("check", demo / "01-honest/application.json", "--history", f"sqlite:///{demo / 'kyc.db'}")
    assert (called.code, called.err) == (0, "")
    assert "通过 ACCEPT" in called.out


OTHERS: dict[str, tuple[dict[str, Any], int]] = {
    "review": ({}, 11),
    "refuse": ({"sim": {"iccid": iccid_of(999)}}, 12),
}


@pytest.mark.parametrize("decision", OTHERS)
def test_other_decisions_have_codes_of_their_own(
    decision: str, file: Path, history: Path, call: Call
) -> None:
    changes, code = OTHERS[decision]
    file.write_text(without_photos(**changes).to_json(), encoding="utf-8")
    called = call("check", file, "--history", f"sqlite:///{history}", "--json")
    verdict = Verdict.from_json(called.out)
    assert (called.code, verdict.decision.value, called.err) == (code, decision, "")
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_retry_is_10(demo: Path, call: Call) -> None:
    called = call(
        "check", demo / "11-notice-not-signed/application.json", "--history", f"sqlite:///{demo}/kyc.db"
    )
    assert called.code == 10
    assert "RETRY" in called.out


def test_the_words_come_in_the_language_asked_for(file: Path, call: Call) -> None:
    assert "尚未核验" in call("check", file).out
    assert "Not checked yet" in call("check", file, "--language", "en").out


def test_without_a_history_the_stock_is_unknown_and_nothing_is_accepted(file: Path, call: Call) -> None:
    verdict = Verdict.from_json(call("check", file, "--json").out)
    assert verdict.decision is Decision.REVIEW
    assert "device_sim.sim_not_allocated" in verdict.reasons


# As of when


def test_an_application_is_judged_as_of_its_own_time_or_as_told(file: Path, call: Call) -> None:
    own = Verdict.from_json(call("check", file, "--json").out)
    assert own.decided_at == NOW
    later = Verdict.from_json(call("check", file, "--json", "--at", "2026-11-05T10:00:00+08:00").out)
    assert {"counter_clock.differs", "notice.signed_at_other_time"} <= set(later.reasons)
    assert (
        Verdict.from_json(call("check", file, "--json", "--at", "2026-11-02T02:00:00Z").out).decided_at == NOW
    )


@pytest.mark.parametrize(
    "time", ["2026-11-02T10:00:00", "yesterday", "", "2026-13-01T10:00:00Z", "1e400", "\udcff"]
)
def test_a_time_that_is_none_is_bad_input(time: str, file: Path, call: Call) -> None:
    call("check", file, "--at", time).assert_refused(2, "such as 2026-11-02T10:00:00+08:00")


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_nothing_is_judged_as_of_the_ends_of_time(time: str, file: Path, history: Path, call: Call) -> None:
    body = json.loads(file.read_bytes())
    file.write_text(json.dumps(body | {"applied_at": time}))
    called = call("check", file, "--json", "--history", f"sqlite:///{history}")
    called.assert_refused(2, "see to the clocks")


# Histories


def test_a_preview_writes_nothing(file: Path, history: Path, tmp_path: Path, call: Call) -> None:
    before = everything_in(tmp_path)
    for _ in range(2):
        assert call("check", file, "--history", f"sqlite:///{history}").code == 11
    assert everything_in(tmp_path) == before


def an_empty_file(folder: Path) -> str:
    (folder / "other.db").touch()
    return f"sqlite:///{folder}/other.db"


def a_dangling_link(folder: Path) -> str:
    (folder / "other.db").symlink_to(folder / "gone.db")
    return f"sqlite:///{folder}/other.db"


def a_folder(folder: Path) -> str:
    (folder / "other.db").mkdir()
    return f"sqlite:///{folder}/other.db"


def a_text_file(folder: Path) -> str:
    (folder / "other.db").write_text("application_id,decision\n" * 99)
    return f"sqlite:///{folder}/other.db"


def without_its_key(folder: Path) -> str:
    (folder / "kyc.db.key").unlink()
    return f"sqlite:///{folder}/kyc.db"


def from_a_newer_simkyc(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "kyc.db", isolation_level=None)) as connection:
        connection.execute("UPDATE history_version SET version_num = '0099'")
    return f"sqlite:///{folder}/kyc.db"


NO_HISTORIES: dict[str, tuple[Callable[[Path], str], int, str]] = {
    "missing": (lambda folder: f"sqlite:///{folder}/hunter2.db", 2, "name one that exists"),
    "in a folder that is missing": (
        lambda folder: f"sqlite:///{folder}/hunter2/kyc.db",
        2,
        "name one that exists",
    ),
    "an empty file": (an_empty_file, 2, "name one that exists"),
    "a dangling link": (a_dangling_link, 2, "name one that exists"),
    "a name of 10,000 letters": (
        lambda folder: f"sqlite:///{folder}/{'x' * 10_000}",
        2,
        "name one that exists",
    ),
    "a bare path": (lambda folder: f"{folder}/kyc.db", 2, "sqlite:///"),
    "two slashes": (lambda _: "sqlite://kyc.db", 2, "three slashes"),
    "no path": (lambda _: "sqlite:///", 2, "names no file"),
    "another database": (lambda _: "mysql://clerk:hunter2@db.example/kyc", 2, "postgresql://"),
    "no server": (
        lambda folder: f"postgresql://clerk:hunter2@/kyc?host={folder}/nobody",
        3,
        "cannot be reached",
    ),
    "nothing": (lambda _: "", 2, "sqlite:///"),
    "a folder": (a_folder, 3, "give another path"),
    "a text file": (a_text_file, 3, "give another"),
    "its key is gone": (without_its_key, 3, "restore it"),
    "from a newer simkyc": (from_a_newer_simkyc, 3, "version 99"),
}


@pytest.mark.parametrize("case", NO_HISTORIES)
def test_a_history_that_is_none_is_left_as_it_is(
    case: str, file: Path, history: Path, tmp_path: Path, call: Call
) -> None:
    make, code, says = NO_HISTORIES[case]
    url = make(tmp_path)
    before = everything_in(tmp_path)
    called = call("check", file, "--history", url)
    called.assert_refused(code, says)
    assert "hunter2" not in called.err
    assert str(tmp_path) not in called.err
    assert everything_in(tmp_path) == before


# Policies


def test_a_policy_of_ones_own_decides(file: Path, tmp_path: Path, call: Call) -> None:
    path = tmp_path / "policy.toml"
    strict = SHIPPED.replace(
        '"device_sim.device_not_declared" = { flagged = "review"',
        '"device_sim.device_not_declared" = { flagged = "refuse"',
    )
    assert strict != SHIPPED
    path.write_text(strict, encoding="utf-8")
    file.write_text(without_photos(device=None).to_json(), encoding="utf-8")
    assert call("check", file).code == 11
    called = call("check", file, "--policy", path, "--json")
    assert called.code == 12
    assert Verdict.from_json(called.out).policy_id == Policy.load(path).policy_id
    assert Policy.load(path).policy_id in call("policy", "check", path).out
    assert Policy.load(path).policy_id in call("policy", "show", "--policy", path).out


@pytest.mark.parametrize(
    "command", [["policy", "check"], ["policy", "show", "--policy"], ["check", "--policy"]]
)
def test_a_policy_that_does_not_hold_is_bad_input(command: list[str], tmp_path: Path, call: Call) -> None:
    path = tmp_path / "hunter2.toml"
    application_file = tmp_path / "application.json"
    application_file.write_text(without_photos().to_json(), encoding="utf-8")
    more = [application_file] if command[0] == "check" else []
    for content, says in [
        (None, "cannot be read"),
        (b"hello = = 1", "no TOML"),
        (b"\xff", "cannot be read"),
        (SHIPPED.replace("value = 24,", "value = -24,").encode(), "notice.max_age"),
    ]:
        if content is not None:
            path.write_bytes(content)
        called = call(*command, path, *more)
        called.assert_refused(2, says)
        assert "hunter2" not in called.err


# The command line itself

MISUSED = {
    "no file": (["check"], "FILE is missing"),
    "two files": (["check", "hunter2.json", "hunter3.json"], "fewer arguments"),
    "another language": (["check", "hunter2.json", "--language", "hunter2"], "--language"),
    "no language": (["check", "hunter2.json", "--language"], "--language"),
    "an unknown option": (["check", "hunter2.json", "--colour=hunter2"], "--colour"),
    "an unknown command": (["hunter2"], "no such command"),
    "half a command": (["policy"], "no such command"),
    "an unknown half": (["policy", "hunter2"], "no such command"),
    "a policy without a file": (["policy", "check"], "FILE is missing"),
    "reasons of something": (["reasons", "hunter2"], "fewer arguments"),
}


@pytest.mark.parametrize("case", MISUSED)
def test_a_command_that_does_not_fit_is_bad_input(case: str, call: Call) -> None:
    arguments, says = MISUSED[case]
    called = call(*arguments)
    called.assert_refused(2, says)
    assert "--help`" in called.err
    assert "hunter2" not in called.err


def test_no_command_at_all_shows_the_help_and_is_no_accept(call: Call) -> None:
    called = call()
    assert called.code == 2
    assert all(command in called.out for command in ("demo", "check", "reasons", "policy"))


@pytest.mark.parametrize("command", [[], ["demo"], ["check"], ["reasons"], ["policy"], ["policy", "show"]])
def test_every_command_has_help(command: list[str], call: Call) -> None:
    called = call(*command, "--help")
    assert (called.code, called.err) == (0, "")
    assert "Usage: simkyc" in called.out


def test_the_version(call: Call) -> None:
    assert call("--version") == Called(0, f"simkyc {__version__}\n", "")


def test_the_reasons_are_listed(call: Call) -> None:
    called = call("reasons", "--language", "en")
    assert (called.code, called.err) == (0, "")
    assert "…" not in called.out
    assert called.out.count("├") >= len(REASONS)


# Faults


def fault(*_: object) -> None:
    raise KeyError("hunter2")


def test_a_fault_is_one_line_that_says_nothing_of_the_data(
    file: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simkyc.cli.read_application", fault)
    called = call("check", file)
    called.assert_refused(70, "a fault in simkyc (KeyError)")
    assert "hunter2" not in called.err


def test_a_fault_is_shown_to_whoever_wants_to_see_it(
    file: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simkyc.cli.read_application", fault)
    monkeypatch.setenv("SIMKYC_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["simkyc", "check", str(file)])
    with pytest.raises(KeyError):
        call("check", file)


def test_stopped_by_hand_is_130(file: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simkyc.cli.read_application", stop)
    called = call("check", file)
    assert (called.code, called.out, called.err) == (130, "", "")


def test_a_face_engine_that_cannot_work_is_3(demo: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from simkyc import FaceModelError

    def broken(*_: object) -> None:
        raise FaceModelError("the weights are damaged: install them again")

    monkeypatch.setattr("simkyc.faces.engine.DlibFaceEngine.examine", broken)
    call("check", demo / "01-honest/application.json").assert_refused(3, "install them again")


def test_a_system_that_does_not_go_along_is_3(
    file: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "hunter2")

    monkeypatch.setattr("simkyc.cli.verdict_panel", full)
    called = call("check", file)
    called.assert_refused(3, "No space left on device")
    assert "hunter2" not in called.err


# Terminals and pipes, each as a process of its own


def test_the_installed_program_is_the_same(file: Path) -> None:
    program = Path(sys.executable).with_name("simkyc")
    done = subprocess.run([program, "check", file, "--json"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (11, b"")
    assert Verdict.from_json(done.stdout).application_id == "test-1"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int, file: Path, call: Call, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (["check", file], ["reasons"], ["policy", "show"]):
        lines = call(*arguments).out.splitlines()
        assert max(map(cell_len, lines)) <= width
        assert not any("…" in line for line in lines)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "gbk"},
        {"PYTHONIOENCODING": "ascii:strict", "TERM": "dumb"},
    ],
    ids=["ascii", "C locale", "GBK", "a dumb terminal"],
)
def test_a_terminal_without_unicode_is_no_fault(
    environment: dict[str, str], file: Path, tmp_path: Path
) -> None:
    encoding = environment.get("PYTHONIOENCODING", "ascii").partition(":")[0]
    for arguments, code in (
        (["check", file], 11),
        (["check", file, "--language", "en"], 11),
        (["check", file, "--json"], 11),
        (["check", "无此文件.json"], 2),
        (["--help"], 0),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "simkyc.cli", *arguments],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stderr
        text = done.stdout.decode(encoding)
        if "--json" in arguments:
            assert Verdict.from_json(text).decision is Decision.REVIEW
        if "en" in arguments:
            assert "Not checked yet: SIM allocated to this store." in text


def test_colours_are_shown_unless_the_environment_says_no(file: Path, run_process: Call) -> None:
    assert "\x1b[33m" in run_process("check", file, FORCE_COLOR="1", TERM="xterm").out
    plain = run_process("check", file, FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b[3" not in plain.replace("\x1b[3m", "")  # italics are no colour
    assert "\x1b" not in run_process("check", file).out


@pytest.mark.parametrize(
    "arguments", [["reasons"], ["policy", "show"], ["check", "--json"], ["check"], ["--help"]]
)
def test_a_reader_that_has_gone_is_no_fault(arguments: list[str], file: Path) -> None:
    more = [str(file)] if "check" in arguments else []
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "simkyc.cli", *arguments, *more],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("arguments", [["reasons"], ["check", "--json"], ["--version"]])
def test_output_that_finds_no_space_is_said_in_one_line(arguments: list[str], file: Path) -> None:
    more = [str(file)] if "check" in arguments else []
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "simkyc.cli", *arguments, *more],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    Called(done.returncode, "", done.stderr.decode()).assert_refused(3, "No space left on device")
