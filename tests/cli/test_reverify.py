"""`simkyc reverify` on the command line: what it says, what it leaves, and one line for every mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc.reverification.columns import flat, schema
from simkyc.testing import application
from tests.cli.called import Called

Call = Callable[..., Called]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = [
        flat(application(number), decision="accept", opened_at=application(number).applied_at)
        for number in range(3)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema()), tmp_path / "openings.parquet")
    return tmp_path / "openings.parquet"


def test_a_run_leaves_verdicts_and_a_report(call: Call, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = call("reverify", str(source), "--out", str(out), "--workers", "1")
    assert done.code == 0
    assert "3 judged" in done.out
    assert pq.read_table(out / "verdicts.parquet").num_rows == 3
    job = json.loads((out / "report.json").read_text("utf-8"))["job"]
    assert job["complete"] is True
    assert job["calibration"]["domain"] == "chip-live", "the report holds distances against the calibration"
    assert job["accept"]["distance"] < job["review"]["distance"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--since", "yesterday"], "--since and --until take"),
        (["--until", "2026-01-31T10:00:00"], "--since and --until take"),
        (["--checks", "horoscope"], "a check of another name"),
        (["--engine", "abacus"], "--engine"),
        (["--history", "sqlite:////nowhere/kyc.db"], "history"),
    ],
    ids=["no_time", "no_zone", "no_check", "no_engine", "no_history"],
)
def test_a_mistake_is_one_line(call: Call, source: Path, tmp_path: Path, more: list[str], says: str) -> None:
    done = call("reverify", str(source), "--out", str(tmp_path / "out"), "--workers", "1", *more)
    assert done.code in {2, 3}
    done.assert_refused(done.code, says)


def test_nothing_judged_is_no_success(call: Call, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = call("reverify", str(source), "--out", str(out), "--workers", "1", "--until", "2020-01-01")
    assert done.code == 2
    assert "0 judged" in done.out
    assert "not one row was judged" in done.err
    assert (out / "report.html").exists()


def test_a_source_that_is_not_there_is_one_line(call: Call, tmp_path: Path) -> None:
    call("reverify", str(tmp_path / "none.parquet"), "--out", str(tmp_path / "out")).assert_refused(
        2, "there is no file of applications"
    )
