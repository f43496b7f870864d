"""From records to verdicts: what happens to honest look-alikes and to gangs when everything real is at work."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc import Policy, Screener
from simkyc.errors import InputError
from simkyc.monitoring import SCHEMA, judge_table, read_declared
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, swatch
from simkyc.usage.flat import usage_of_row
from simkyc.usage.number import NumberUsage
from tests.usage.watched import KEYRING, SECRET, Watched


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return Watched(tmp_path_factory.mktemp("watched"))


def judged(watched: Watched, out: Path, **more: Any) -> dict[str, dict[str, Any]]:
    """The verdicts of the lines of the cast, by their numbers."""
    judge_table(watched.features, out, workers=1, **more)
    rows = pq.read_table(out)
    assert rows.schema == SCHEMA
    found = {row["number"]: row for row in rows.to_pylist()}
    return {line.number: found[KEYRING.msisdn(line.number)] for line in watched.lines}


def test_gangs_are_told_from_those_who_look_like_them(watched: Watched, tmp_path: Path) -> None:
    found = judged(watched, tmp_path / "verdicts.parquet")
    by_role: dict[str, list[dict[str, Any]]] = {}
    for line in watched.lines:
        by_role.setdefault(line.role, []).append(found[line.number])
    for role in ("ordinary", "courier", "hospital_hotline"):
        assert {row["decision"] for row in by_role[role]} == {"accept"}, role
        assert all(row["line_actions"] == [] for row in by_role[role]), role
    for row in by_role["sim_box"]:
        assert "usage_devices.many_numbers" in row["reasons"]
        assert row["silent_alert"]
    for row in by_role["sms_blaster"]:
        assert row["decision"] in ("review", "refuse")
        assert "messages.fraud_content" in row["reasons"]
    assert not any(row["line_actions"] for row in by_role["campaign_call_centre"])


def test_no_text_and_no_number_in_the_clear_is_left(watched: Watched, tmp_path: Path) -> None:
    judged(watched, tmp_path / "verdicts.parquet")
    texts = {message.text for line in watched.lines for message in line.messages if message.text}
    assert texts
    for path in (watched.features, tmp_path / "verdicts.parquet"):
        cells = {str(cell) for column in pq.read_table(path).columns for cell in column.to_pylist()}
        everything = "\n".join(cells)
        assert not any(line.number.removeprefix("+86") in everything for line in watched.lines)
        assert not any(text in everything for text in texts)


@pytest.fixture
def history(tmp_path: Path, watched: Watched) -> str:
    """A history in which a sim box's number was opened a week before."""
    url, clock = f"sqlite:///{tmp_path / 'kyc.db'}", Clock(NOW - timedelta(days=8))
    number = next(line.number for line in watched.lines if line.role == "sim_box")
    photo = {"data": swatch(0)}
    fields: dict[str, Any] = {"live_photo": photo, "document": {"portrait": photo}, "applied_at": clock.now}
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        verdict = screener.screen(application(0, sim={"msisdn": number}, **fields))
        screener.settle("test-0", opened=True, approved_by="supervisor-1")
    assert not verdict.to_correct
    return url


def test_a_table_and_the_counter_say_the_same(watched: Watched, history: str, tmp_path: Path) -> None:
    found = judged(watched, tmp_path / "verdicts.parquet", history=history, secret=SECRET)
    usages: dict[str, NumberUsage] = {
        row["number"]: usage_of_row(row) for row in pq.read_table(watched.features).to_pylist()
    }
    with Screener.open(history, secret=SECRET, clock=Clock(NOW)) as screener:
        for line in watched.lines:
            row, usage = found[line.number], usages[KEYRING.msisdn(line.number)]
            verdict = screener.check_usage(line.number, usage, at=usage.until)
            assert (row["decision"], tuple(row["reasons"])) == (verdict.decision.value, verdict.reasons)
            assert row["application_id"] == verdict.application_id
    known = [row for row in found.values() if row["application_id"]]
    assert [row["application_id"] for row in known] == ["test-0"]
    assert not any(one["reason"].startswith("usage_opening") for one in known[0]["findings"] if one["cause"])


def test_workers_change_nothing(watched: Watched, tmp_path: Path) -> None:
    judge_table(watched.features, tmp_path / "one.parquet", workers=1)
    judge_table(watched.features, tmp_path / "two.parquet", workers=2)
    assert pq.read_table(tmp_path / "one.parquet") == pq.read_table(tmp_path / "two.parquet")


def test_what_was_declared_counts_where_a_unit_answers(watched: Watched, tmp_path: Path) -> None:
    line = next(line for line in watched.lines if line.role == "campaign_call_centre")
    path = tmp_path / "declared.csv"
    path.write_text(f"number,declared_use\n{line.number},call_centre\n", encoding="utf-8")
    declared = read_declared(path, KEYRING)
    assert declared == {KEYRING.msisdn(line.number): "call_centre"}
    # Nothing is known of its opening, so nobody answers for it.
    row = judged(watched, tmp_path / "verdicts.parquet", declared=declared)[line.number]
    assert row["declared_use"] is None


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        pytest.param("number\n13800138000\n", "declared_use", id="a column is missing"),
        pytest.param("number,declared_use\n(),courier\n", "no telephone number", id="no number"),
        pytest.param(
            "number,declared_use\n13800138000,courier\n+8613800138000,hotline\n", "another use", id="two uses"
        ),
    ],
)
def test_declared_uses_that_cannot_be_taken(text: str, advice: str, tmp_path: Path) -> None:
    path = tmp_path / "declared.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=advice) as caught:
        read_declared(path, KEYRING)
    assert "138" not in str(caught.value)


def test_tables_that_are_none(watched: Watched, tmp_path: Path) -> None:
    out = tmp_path / "verdicts.parquet"
    with pytest.raises(InputError, match="missing or damaged"):
        judge_table(tmp_path / "nothing.parquet", out)
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(watched.features.read_bytes()[:-50])
    with pytest.raises(InputError, match="missing or damaged"):
        judge_table(torn, out)
    pq.write_table(pa.table({"number": ["a"]}), torn)
    with pytest.raises(InputError, match="lacks the column"):
        judge_table(torn, out)
    with pytest.raises(InputError, match="declared use"):
        judge_table(watched.features, out, declared={"a": "anything"}, policy=Policy.default())
    assert not out.exists()
