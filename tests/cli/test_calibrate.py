"""`simkyc calibrate`: from labelled pairs to a table that an engine takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simkyc.errors import EngineMismatchError
from simkyc.faces import DlibFaceEngine
from simkyc.faces.calibration import Calibration
from simkyc.testing import Capture, chip_portrait, portrait
from tests.cli.called import Called

Call = Callable[..., Called]
HEADER = "same_person,person_a,person_b,group,distance,engine_id"
ENGINE_ID = DlibFaceEngine().engine_id


def row(a: str, b: str, group: str, distance: float, engine_id: str = ENGINE_ID) -> str:
    return f"{str(a == b).lower()},{a},{b},{group},{distance:.6f},{engine_id}"


def rows(people: int, *groups: str, nearer: float = 0.0) -> list[str]:
    """Everybody of a group against everybody else of it; strangers of the last group look more alike."""
    random = np.random.default_rng(7)
    return [
        row(
            f"hunter2-{group}{a}",
            f"hunter2-{group}{b}",
            group,
            float(random.normal(0.6 if a == b else 1.3 - nearer * (group == groups[-1]), 0.1)),
        )
        for group in groups
        for a in range(people)
        for b in range(people)
    ]


def written(folder: Path, *lines: str) -> Path:
    file = folder / "pairs.csv"
    file.write_text("\n".join((HEADER, *lines, "")), encoding="utf-8")
    return file


def test_the_table_is_one_that_the_engine_takes(tmp_path: Path, call: Call) -> None:
    file, out = written(tmp_path, *rows(60, "n")), tmp_path / "own.json"
    called = call("calibrate", file, "--out", out, "--data", "drawn numbers", "--rate", "0.01")
    assert (called.code, called.err) == (0, "")
    own = Calibration.from_json(out.read_bytes())
    assert (own.data, own.people, own.genuine_pairs, own.impostor_pairs) == ("drawn numbers", 60, 60, 3540)
    assert own.calibration_id in called.out
    assert f"{own.distance_at(0.01):.4f}" in called.out
    engine = DlibFaceEngine(calibrations=[own])
    assert engine.calibration("chip-live") == own
    assert engine.calibration("live-live").calibration_id != own.calibration_id
    assert "hunter2" not in called.out
    again = call("calibrate", file, "--out", out)
    again.assert_refused(2, "--force")
    assert call("calibrate", file, "--out", out, "--force", "--rate", "0.01").code == 0


def test_the_table_of_another_engine_is_not_taken(tmp_path: Path, call: Call) -> None:
    lines = [line.replace(ENGINE_ID, "example/1") for line in rows(40, "n")]
    out = tmp_path / "own.json"
    assert call("calibrate", written(tmp_path, *lines), "--out", out, "--domain", "live-live").code == 0
    own = Calibration.from_json(out.read_bytes())
    assert (own.engine_id, own.domain) == ("example/1", "live-live")
    with pytest.raises(EngineMismatchError, match="another engine's"):
        DlibFaceEngine(calibrations=[own])


def test_too_few_pairs_for_a_rate_are_told_plainly(tmp_path: Path, call: Call) -> None:
    file = written(tmp_path, *rows(40, "n"))
    called = call("calibrate", file, "--rate", "1e-4", "--rate", "0.03")
    assert called.code == 0
    said = " ".join(called.out.split())
    assert "样本不足 too few pairs" in said
    assert "0.0001: 300,000 异人对 impostor pairs needed (549 人" in said
    out = tmp_path / "own.json"
    strict = call("calibrate", file, "--rate", "1e-4", "--strict", "--out", out)
    strict.assert_refused(2, "300,000")
    assert not out.exists()


def test_without_a_rate_those_of_the_policy_are_asked(tmp_path: Path, call: Call) -> None:
    file = written(tmp_path, *rows(40, "n"))
    assert "rate 0.0001: " in " ".join(call("calibrate", file).out.split())
    live = " ".join(call("calibrate", file, "--domain", "live-live").out.split())
    assert "rate 0.01: 3,000 " in live
    assert "0.0001" not in live


def test_too_few_pairs_for_anything(tmp_path: Path, call: Call) -> None:
    file = written(tmp_path, *rows(30, "n"))
    call("calibrate", file).assert_refused(2, "too few pairs to calibrate: 30 genuine and 870 impostor pairs")


@pytest.mark.parametrize(("nearer", "warned"), [(0.12, True), (0.0, False)], ids=["planted", "none"])
def test_a_group_that_differs_is_warned_about(
    nearer: float, warned: bool, tmp_path: Path, call: Call
) -> None:
    file = written(tmp_path, *rows(60, "north", "south", "west", nearer=nearer))
    called = call("calibrate", file, "--rate", "0.01")
    assert called.code == 0
    for group in ("north", "south", "west"):
        assert group in called.out
    assert ("注意 warning: west" in called.out) is warned
    assert "warning: north" not in called.out


def test_rows_that_cannot_be_used_are_told_by_line(tmp_path: Path, call: Call) -> None:
    bad = [row("hunter2-a", "hunter2-a", "n", 0.5).replace("true", "false"), row("a", "a", "n", 3.0)]
    file, report = written(tmp_path, *bad, *rows(40, "n")), tmp_path / "bad.jsonl"
    called = call("calibrate", file, "--rate", "0.03", "--report", report)
    assert called.code == 0
    for said in ("label", "less_than_equal", "distance"):
        assert said in called.out
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [(line["line"], line["cause"]) for line in lines] == [(2, "label"), (3, "less_than_equal")]
    assert "hunter2" not in called.out + report.read_text(encoding="utf-8")
    call("calibrate", file, "--strict").assert_refused(2, "line 2: label: ")


def test_distances_of_two_engines_are_bad_input(tmp_path: Path, call: Call) -> None:
    file = written(tmp_path, row("a", "a", "n", 0.5), row("b", "b", "n", 0.5, "hunter2"))
    called = call("calibrate", file)
    called.assert_refused(2, "line 3: the pairs of another engine")
    assert "hunter2" not in called.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["--rate", "0.5"], "at most 0.1", id="a rate above all"),
        pytest.param(["--rate", "hunter2"], "--rate", id="a rate that is a word"),
        pytest.param(["--domain", "hunter2"], "--domain", id="another kind of pair"),
        pytest.param(["--workers", "0"], "--workers", id="no workers"),
        pytest.param(["--out", "pairs.csv", "--force"], "names a file that is read", id="over the pairs"),
        pytest.param(["--report", "pairs.csv"], "--report", id="the report over the pairs"),
    ],
)
def test_what_does_not_fit_is_refused(
    options: list[str], says: str, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, *rows(32, "n"))
    before = file.read_bytes()
    called = call("calibrate", file, *options)
    called.assert_refused(2, says)
    assert "hunter2" not in called.err
    assert file.read_bytes() == before


def test_photos_are_compared_by_the_engine(tmp_path: Path, call: Call) -> None:
    """Few people who do not exist: too few pairs to calibrate, and each is counted."""
    for seed in range(3):
        (tmp_path / f"id{seed}.jpg").write_bytes(chip_portrait(seed))
        (tmp_path / f"live{seed}.jpg").write_bytes(portrait(seed, Capture.of(seed + 1000)))
    lines = [f"{int(a == b)},p{a},p{b},id{a}.jpg,live{b}.jpg" for a in range(3) for b in range(4)]
    file = tmp_path / "pairs.csv"
    file.write_text("\n".join(("same_person,person_a,person_b,photo_a,photo_b", *lines)), encoding="utf-8")
    report = tmp_path / "bad.jsonl"
    called = call("calibrate", file, "--workers", "1", "--report", report)
    called.assert_refused(2, "3 genuine and 6 impostor pairs")
    bad = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [(one["line"], one["column"], one["cause"]) for one in bad] == [
        (line, "photo_b", "missing") for line in (5, 9, 13)
    ]
    call("calibrate", file, "--workers", "1", "--strict").assert_refused(2, "line 5, photo_b: missing")


def test_photos_of_enough_pairs_make_a_table(tmp_path: Path, call: Call) -> None:
    """Distances of many, and two drawn people whose photos are compared beside them."""
    for seed in range(2):
        (tmp_path / f"id{seed}.jpg").write_bytes(chip_portrait(seed))
        (tmp_path / f"live{seed}.jpg").write_bytes(portrait(seed, Capture.of(seed + 1000)))
    lines = [f"{line},," for line in rows(33, "n")]
    lines += [f"{int(a == b)},p{a},p{b},n,,,id{a}.jpg,live{b}.jpg" for a in range(2) for b in range(2)]
    file, out = tmp_path / "pairs.csv", tmp_path / "own.json"
    file.write_text("\n".join((f"{HEADER},photo_a,photo_b", *lines)), encoding="utf-8")
    assert call("calibrate", file, "--out", out, "--rate", "0.03", "--workers", "1").code == 0
    own = Calibration.from_json(out.read_bytes())
    assert (own.people, own.genuine_pairs, own.impostor_pairs) == (35, 35, 1058)


def test_it_has_help(call: Call) -> None:
    called = call("calibrate", "--help")
    assert (called.code, called.err) == (0, "")
    assert "PAIRS" in called.out
