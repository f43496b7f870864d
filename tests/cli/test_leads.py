"""`simkyc lead` as it is called: the number comes on standard input and stands nowhere else."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from simkyc import Screener
from simkyc.testing import STORE_ICCIDS, Clock, FakeFaceEngine
from tests.cli.called import Called
from tests.leads.made import SECRET, World, play, ring_file, usage_verdict

Call = Callable[..., Called]
WHO = (
    "--by",
    "risk-7",
    "--recipient",
    "police-1",
    "--basis",
    "《反电信网络诈骗法》第十一条",
    "--contact",
    "反诈专班",
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SIMKYC_SECRET", SECRET)
    clock = Clock()
    url = f"sqlite:///{tmp_path}/kyc.db"
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        yield play(World(screener, clock))


@pytest.fixture
def history(world: World, tmp_path: Path) -> tuple[str, str]:
    return "--history", f"sqlite:///{tmp_path}/kyc.db"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def about_number(
    call: Call, history: tuple[str, str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Called]:
    def hand_on(number: str, *more: str | Path) -> Called:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{number}\n"))
        return call("lead", "number", *history, "--out", out, *WHO, *more)

    return hand_on


def package(out: Path) -> Path:
    (file,) = [one for one in out.glob("*.json") if "revoked" not in one.name]
    return file


def test_from_the_number_to_the_notice(
    call: Call, about_number: Call, history: tuple[str, str], world: World, out: Path
) -> None:
    done = about_number(world.number, "--case", "案-1", "--urgency", "soon")
    assert (done.code, done.err) == (0, "")
    assert world.number[3:] not in done.out
    file = package(out)
    lead_id = file.stem
    assert done.out.splitlines()[1:] == [str(file), str(out / f"{lead_id}.html")]
    assert "for police-1: exported, sha256 " in done.out
    raw = json.loads(file.read_bytes())
    assert (raw["urgency"], raw["case_reference"], raw["disclosure"]) == ("soon", "案-1", None)

    checked = call("lead", "verify", file, *history)
    assert (checked.code, checked.err) == (0, "")
    assert raw["package_sha256"] in checked.out
    assert "disclosure: none" in checked.out

    again = about_number(world.number)
    again.assert_refused(2, f"lead {lead_id} about the same number is in force")
    assert world.number[3:] not in again.err

    received = call("lead", "receipt", lead_id, "--number", "受-9", *history, "--by", "risk-7")
    assert "received, receipt 受-9" in received.out
    answered = call("lead", "feedback", lead_id, "confirmed", *history, "--by", "risk-7", "--report")
    assert "answered, receipt 受-9, answer confirmed" in answered.out
    revoked = call(
        *("lead", "revoke", lead_id, *history, "--by", "risk-7", "--for", "mistake"),
        *("--contact", "反诈专班", "--out", out),
    )
    assert (revoked.code, (out / f"{lead_id}.revoked.html").exists()) == (0, True)
    notice = call("lead", "verify", out / f"{lead_id}.revoked.json")
    assert (notice.code, notice.out.startswith(f"revocation of {lead_id}\n")) == (0, True)
    listed = call("lead", "list", *history)
    assert listed.out.startswith(
        f"{lead_id} about a number for police-1: revoked, receipt 受-9, answer confirmed"
    )
    chain = call("lead", "list", *history, "--custody", lead_id).out
    assert [line.split()[2] for line in chain.splitlines()[1::2]] == [
        *("made", "exported", "received", "answered", "revoked")
    ]
    after = call("lead", "verify", file, *history)
    assert (after.code, "revoked and must not be used" in after.out) == (2, True)
    assert "DO NOT USE" in after.out


def test_the_number_is_asked_for_without_being_shown(
    call: Call, history: tuple[str, str], world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []

    def prompt(text: str, **options: object) -> str:
        asked.append(options)
        return world.number

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "prompt", prompt)
    assert call("lead", "number", *history, "--out", out, *WHO).code == 0
    assert asked == [{"hide_input": True, "err": True}]


def test_what_is_disclosed_and_a_verdict_on_use(
    about_number: Call, world: World, out: Path, tmp_path: Path
) -> None:
    judged = tmp_path / "usage.json"
    judged.write_text(usage_verdict(world.clock).to_json(), encoding="utf-8")
    done = about_number(world.number, "--usage", judged, "--disclose-on", "调取证据通知书 1")
    assert (done.code, world.number[3:] in done.out) == (0, False)
    raw = json.loads(package(out).read_bytes())
    assert raw["disclosure"]["msisdns"] == [world.number]
    assert raw["why"][0]["code"] == "usage.model"


def test_a_ring(call: Call, history: tuple[str, str], world: World, out: Path, tmp_path: Path) -> None:
    file, ring = ring_file(tmp_path)
    done = call("lead", "ring", file, ring.ring_id, *history, "--out", out, *WHO)
    assert (done.code, done.err) == (0, "")
    assert "about a ring" in done.out
    lead_id = package(out).stem
    answered = call(
        *("lead", "feedback", lead_id, "not_confirmed", *history, "--by", "risk-7", "--report"),
        *("--application", "test-21", "--application", "test-22"),
    )
    assert "answer not_confirmed" in answered.out


@pytest.mark.parametrize(
    ("why", "number", "more", "says"),
    [
        ("no number", "", (), "no number came"),
        ("no phone number", "12", (), "no MSISDN"),
        ("staff by name", "+8613910000022", ("--by", "张三"), "created_by"),
        ("a phone number for a case", "+8613910000022", ("--case", "13800138000"), "case_reference"),
        ("a file that is not there", "+8613910000022", ("--usage", "nothing.json"), "--usage cannot be read"),
        ("a folder that is not there", "+8613910000022", ("--out", "nowhere"), "folder cannot be written"),
        ("nothing against it", "+8613911112222", (), "nothing that is on record"),
    ],
)
def test_what_is_refused(about_number: Call, why: str, number: str, more: tuple[str, ...], says: str) -> None:
    about_number(number, *more).assert_refused(2, says)


def test_a_history_that_is_not_there(call: Call, tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path}/none.db"
    done = call("lead", "list", "--history", missing)
    assert (done.code, done.out) in {(2, ""), (3, "")}
    assert not (tmp_path / "none.db").exists()


def test_a_package_that_was_altered(call: Call, about_number: Call, world: World, out: Path) -> None:
    about_number(world.number)
    file = package(out)
    file.write_text(file.read_text("utf-8").replace("risk-7", "risk-8"), encoding="utf-8")
    done = call("lead", "verify", file)
    assert (done.code, done.err) == (2, "")
    assert "the package was altered" in done.out
    assert "DO NOT USE" in done.out
