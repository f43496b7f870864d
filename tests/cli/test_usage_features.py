"""`simkyc usage features`: from records to a table, and one line for every mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet as pq

from simkyc.history.keys import Keyring
from simkyc.usage.feature_table import batches
from simkyc.usage.flat import FEATURE_NAMES, usage_of_row
from tests.cli.called import Called

Call = Callable[..., Called]
SECRET = "of this test, and of nothing else"
CALLS = """number,counterpart,direction,began_at,duration_s,imei
13800138000,13900139000,out,2026-06-05 10:00:00,12,352099001761481
13800138000,10086,in,2026-06-05 11:00:00,-1,352099001761481
"""
MESSAGES = """number,counterpart,direction,sent_at
13800138000,13900139000,in,2026-06-05T10:00:00Z
"""
DEVICES = """tac,list,source,basis,from,until
35209900,bulk_sim_device,lab,test,2026-01-01,
86000000,stolen_device,lab,test,2026-01-01,
"""
ASKED = ("--since", "2026-06-01", "--until", "2026-07-01")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMKYC_SECRET", SECRET)
    for name, text in (("calls", CALLS), ("messages", MESSAGES), ("devices", DEVICES)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_table_is_made(call: Call, source: Path) -> None:
    out = source / "features.parquet"
    called = call(
        *("usage", "features", "--calls", source / "calls.csv", "--messages", source / "messages.csv"),
        *("--devices", source / "devices.csv", "--zone", "+08:00", "--outage", "2026-06-02/2026-06-03"),
        *("--store", source / "store", "--out", out, *ASKED),
    )
    assert (called.code, called.err) == (0, "")
    assert "1 号码 numbers" in called.out
    assert "negative" in called.out
    assert "13800138000" not in called.out
    (row,) = pq.read_table(out).to_pylist()
    usage = usage_of_row(row)
    assert usage.number == Keyring(SECRET.encode()).msisdn("+8613800138000")
    assert usage.outage_hours == 24
    assert usage.calls is not None
    assert usage.messages is not None
    assert usage.devices is not None
    assert (usage.calls.outgoing, usage.messages.received, usage.devices.bulk_tac) == (1, 1, 1)
    assert usage.devices.numbers_in_device == 1
    assert pq.read_table(source / "store/rejects.parquet").num_rows == 1
    assert not list(source.glob(".usage-*")), "nothing else is left"
    # A model reads it as it is.
    ((numbers, values),) = batches(out, FEATURE_NAMES)
    assert (numbers.to_pylist(), values.shape) == ([usage.number], (1, len(FEATURE_NAMES)))


def test_a_store_makes_the_same_table_without_a_secret(
    call: Call, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("usage", "features", *ASKED)
    first, second = source / "a.parquet", source / "b.parquet"
    zone = ("--zone", "Asia/Shanghai")
    call(*asked, *zone, "--calls", source / "calls.csv", "--store", source / "store", "--out", first)
    monkeypatch.delenv("SIMKYC_SECRET")
    assert call(*asked, "--calls", source / "store/calls", "--out", second).code == 0
    assert pq.read_table(second).equals(pq.read_table(first))


MISTAKES = [
    ((), "give --calls, --messages or --places"),
    (("--calls", "nowhere"), "no file of calls"),
    (("--calls", "calls.csv", "--outage", "2026-06-02"), "--outage takes two times"),
    (("--calls", "calls.csv", "--outage", "2026-06-03/2026-06-02"), "ends before it begins"),
    (("--calls", "calls.csv", "--until", "2026-05-01"), "ends before it begins"),
    (("--calls", "calls.csv", "--zone", "Mars"), "--zone takes"),
    (("--calls", "calls.csv", "--devices", "messages.csv"), "--devices, line 1"),
    (("--calls", "calls.csv", "--store", "."), "the store is there already"),
    (("--calls", "calls.csv", "--out", "calls.csv"), "--out is there already"),
    (("--calls", "calls.csv", "--out", "no/where.parquet"), "a folder that is not there"),
    (("--calls", "messages.csv"), "lacks the column began_at"),
]


@pytest.mark.parametrize(("asked", "says"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_a_mistake_is_one_line(
    call: Call, source: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(source)
    before = sorted(source.iterdir())
    call("usage", "features", *ASKED, "--out", "features.parquet", *asked).assert_refused(2, says)
    assert sorted(source.iterdir()) == before


def test_a_number_in_the_clear_needs_a_secret(
    call: Call, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIMKYC_SECRET")
    asked = ("--calls", source / "calls.csv", "--out", source / "features.parquet")
    call("usage", "features", *ASKED, *asked).assert_refused(2, "SIMKYC_SECRET")
