"""A history as the source: what was found then is decided again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet as pq

from simkyc import Policy, Screener
from simkyc.errors import HistoryError, InputError
from simkyc.reverification.history_run import decided_again
from simkyc.reverification.job import Job
from simkyc.reverification.run import reverify
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, swatch
from simkyc.verdict import Verdict

HOLDER = application(0).document


@pytest.fixture
def history(tmp_path: Path) -> str:
    """Seven people on one day; the first comes back until it is refused, another's photo is of somebody else."""
    url, clock = f"sqlite:///{tmp_path / 'kyc.db'}", Clock()
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        for seed in range(12):
            photo = {"data": swatch(0 if seed > 6 else seed)}
            live = {"data": swatch(99)} if seed == 3 else photo
            fields: dict[str, Any] = {"live_photo": live, "applied_at": clock.now}
            fields["document"] = {"portrait": photo} | (
                {"number": HOLDER.number, "name": HOLDER.name} if seed > 6 else {}
            )
            if seed > 6:
                fields["document"] |= {"birth_date": HOLDER.birth_date, "sex": HOLDER.sex}
            verdict = screener.screen(application(seed, **fields))
            if verdict.decision.value in ("accept", "review") and not verdict.to_correct:
                screener.settle(f"test-{seed}", opened=True, approved_by="supervisor-1")
            clock.advance(minutes=10)
    return url


def run(source: str, out: Path, **more: Any) -> list[dict[str, Any]]:
    reverify(Job(source=source, out=out, **more))
    verdicts: list[dict[str, Any]] = pq.read_table(out / "verdicts.parquet").to_pylist()
    return verdicts


def recorded(url: str) -> list[Verdict]:
    with Screener.open(url) as screener:
        found = [screener.verdict(f"test-{seed}") for seed in range(12)]
    return [one for one in found if one is not None]


def softer(*reasons: str) -> Policy:
    policy = Policy.default()
    rulings = {
        reason: policy.reasons[reason].changed(flagged="accept", silent_alert=False) for reason in reasons
    }
    return policy.changed(name="softer", reasons={**policy.reasons, **rulings})


def test_under_the_policy_of_then_everything_is_decided_as_then(history: str, tmp_path: Path) -> None:
    then = recorded(history)
    rows = run(history, tmp_path / "out")
    assert len({one.decision for one in then}) > 1
    assert [row["decision"] for row in rows] == [one.decision.value for one in then]
    assert [tuple(row["reasons"]) for row in rows] == [one.reasons for one in then]
    assert [row["decision_then"] for row in rows] == [row["decision"] for row in rows]
    assert {row["store_id"] for row in rows} == {"store-1"}
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert (report["job"]["source_kind"], report["job"]["rows_read"]) == ("history", 12)
    assert (tmp_path / "out" / "rejects.jsonl").read_text("utf-8") == ""
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000


def test_another_policy_decides_on_what_was_found_then(history: str, tmp_path: Path) -> None:
    flagged = {reason for one in recorded(history) for reason in one.flagged}
    assert flagged
    other = softer(*flagged)
    rows = run(history, tmp_path / "out", compare_policy=other)
    changed = [row for row in rows if row["decision"] != row["other_decision"]]
    assert changed
    assert all(row["other_reasons"] == [] or not flagged & set(row["other_reasons"]) for row in rows)
    assert all(row["policy_id"] == Policy.default().policy_id for row in rows)


def test_what_was_not_asked_then_is_not_assessed(history: str) -> None:
    verdict = recorded(history)[0]
    without = verdict.changed(findings=[one for one in verdict.findings if one.check != "openings"])
    again = decided_again(without, "opening", Policy.default())
    assert {one.cause for one in again.findings if one.check == "openings"} == {"not_asked_then"}
    assert any(reason.startswith("openings.") for reason in again.reasons)
    assert again.decision > verdict.decision


def test_times_chunks_and_a_second_run(history: str, tmp_path: Path) -> None:
    whole = run(history, tmp_path / "whole")
    pieces = run(history, tmp_path / "pieces", chunk_rows=5)
    assert whole == pieces
    assert run(history, tmp_path / "pieces", chunk_rows=5) == pieces
    late = run(history, tmp_path / "late", since=whole[6]["decided_at"])
    assert late == whole[6:]
    early = run(history, tmp_path / "early", until=whole[6]["decided_at"])
    assert early == whole[:6]
    assert run(history, tmp_path / "none", until=NOW.replace(year=2000)) == []


def damage(url: str, text: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE application SET verdict_json = ? WHERE application_id = 'test-4'", [text])


@pytest.mark.parametrize(
    ("verdict_json", "advice"),
    [
        pytest.param("{", "backup", id="torn"),
        pytest.param("[]", "backup", id="no verdict"),
        pytest.param(None, "later simkyc", id="a reason of a later version"),
    ],
)
def test_a_verdict_that_cannot_be_read_is_set_aside(
    history: str, tmp_path: Path, verdict_json: str | None, advice: str
) -> None:
    if verdict_json is None:
        verdict_json = recorded(history)[4].to_json().replace('"openings.', '"openings.later_')
    damage(history, verdict_json)
    rows = run(history, tmp_path / "out")
    (reject,) = [
        json.loads(line) for line in (tmp_path / "out" / "rejects.jsonl").read_text("utf-8").splitlines()
    ]
    assert (len(rows), reject["source_no"], reject["column"]) == (11, 5, "verdict_json")
    assert advice in reject["advice"]
    with pytest.raises(InputError, match=advice):
        run(history, tmp_path / "strict", strict=True)


@pytest.mark.parametrize(
    "more", [{"history": "sqlite:///other.db"}, {"engine": "spark"}], ids=["another is asked", "on a cluster"]
)
def test_what_does_not_go_with_a_history(more: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="history as the source"):
        Job(source="sqlite:///kyc.db", out=tmp_path, **more)


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        reverify(Job(source=f"sqlite:///{tmp_path}/nothing/hunter2.db", out=tmp_path / "out"))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(Job(source="postgresql://me:hunter2@host/kyc", out=tmp_path))
