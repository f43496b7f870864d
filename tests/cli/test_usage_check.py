"""`simkyc usage features` and `simkyc usage check`, from records to verdicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet as pq

from simkyc.testing import NOW
from tests.cli.called import Called
from tests.usage.reference import SINCE
from tests.usage.watched import SECRET, Watched

Call = Callable[..., Called]


def test_the_commands_from_records_to_verdicts(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path)
    monkeypatch.setenv("SIMKYC_SECRET", SECRET.decode())
    features, out = tmp_path / "again.parquet", tmp_path / "verdicts.parquet"
    window = ("--since", SINCE.isoformat(), "--until", NOW.replace(hour=0).isoformat())
    made = call(
        *("usage", "features", "--calls", str(watched.calls), "--messages", str(watched.messages)),
        *(*window, "--out", str(features)),
    )
    assert (made.code, made.err) == (0, "")
    assert pq.read_table(features) == pq.read_table(watched.features)
    done = call("usage", "check", str(features), "--out", str(out), "--workers", "1")
    assert (done.code, done.err) == (0, "")
    assert "numbers judged" in done.out
    again = call("usage", "check", str(features), "--out", str(out), "--workers", "1")
    assert again.code == 2
    assert "--force" in again.err
    declared = call(
        "usage", "check", str(features), "--out", str(out), "--force", "--declared", str(features)
    )
    declared.assert_refused(2, "name the --history that knows it")
