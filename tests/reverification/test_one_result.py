"""One job, two engines, one result: what a batch says is what the counter's own screener says of each, one by one."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pyarrow import parquet as pq

from simkyc import Decision, Policy, Verdict
from simkyc.reverification.job import Job
from simkyc.reverification.run import reverify
from simkyc.testing import FakeCrowdEngine, world
from tests.reverification.town import SECRET, Town, played, stopped, visited, write_rows

Engine = Literal["duckdb", "spark"]
ENGINES = [
    "duckdb",
    pytest.param("spark", marks=pytest.mark.skipif(shutil.which("java") is None, reason="needs Java 17")),
]


@pytest.fixture(scope="module")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return played(tmp_path_factory.mktemp("played"), world(1, days=60, stores=5, people=30, fraud=0.3))


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return visited(tmp_path_factory.mktemp("visited"), world(2, days=60, stores=5, people=40, fraud=0.4))


@pytest.fixture(scope="module")
def other_policy() -> Policy:
    """Other windows, other limits, another ruling."""
    policy = Policy.default()
    openings = policy.openings
    stricter = tuple(
        window.changed(
            days=window.days.changed(value=window.days.value * 2),
            most=window.most.changed(value=max(1.0, window.most.value - 1)),
        )
        for window in openings.repeat
    )
    represented = policy.reasons["parties.represented"].changed(flagged=Decision.REFUSE)
    return policy.changed(
        name="stricter",
        openings=openings.changed(repeat=stricter),
        reasons={**policy.reasons, "parties.represented": represented},
    )


def run(town: Town, folder: Path, **job: Any) -> list[dict[str, Any]]:
    source = folder / "source.parquet"
    if not source.exists():
        write_rows(source, town.rows)
    settings = {"source": str(source), "faces": FakeCrowdEngine, "workers": 1, **job}
    out = folder / f"out-{len(list(folder.iterdir()))}"
    reverify(Job(out=out, **settings))
    rows: list[dict[str, Any]] = pq.read_table(out / "verdicts.parquet").to_pylist()
    return rows


def told(rows: list[dict[str, Any]], decision: str = "decision", reasons: str = "reasons") -> dict[str, Any]:
    return {row["application_id"]: (row[decision], tuple(row[reasons])) for row in rows}


def said(verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    return {name: (verdict.decision.value, verdict.reasons) for name, verdict in verdicts.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_history_answers_a_batch_as_it_answers_each(
    engine: Engine, whole_town: Town, tmp_path: Path
) -> None:
    rows = run(whole_town, tmp_path, history=whole_town.history, secret=SECRET, engine=engine)
    previewed = said(whole_town.previewed())
    assert told(rows) == previewed
    assert len({decision for decision, _ in previewed.values()}) >= 3, "too little happened to compare"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_done_to_lines_is_known_to_a_batch_as_it_is_at_the_counter(
    engine: Engine, tmp_path: Path
) -> None:
    town = stopped(tmp_path, world(3, days=60, stores=5, people=60, fraud=0.3))
    (tmp_path / "out").mkdir()
    rows = run(town, tmp_path / "out", history=town.history, secret=SECRET, engine=engine)
    previewed = said(town.previewed())
    assert told(rows) == previewed
    found = {reason for _, reasons in previewed.values() for reason in reasons}
    assert found >= {"line.suspended_for_fraud", "openings.suspended_number", "identity.face_of_fraud"}


def test_a_source_is_its_own_past(visits: Town, tmp_path: Path) -> None:
    assert told(run(visits, tmp_path)) == said(visits.previewed())


def test_two_policies_are_compared(visits: Town, other_policy: Policy, tmp_path: Path) -> None:
    rows = run(visits, tmp_path, compare_policy=other_policy)
    assert told(rows) == said(visits.previewed())
    other = told(rows, "other_decision", "other_reasons")
    assert other == said(visits.previewed(other_policy))
    assert other != told(rows)


def test_both_engines_write_the_same_rows(visits: Town, other_policy: Policy, tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("needs Java 17")
    spark, duckdb = (
        run(visits, tmp_path, compare_policy=other_policy, engine=engine) for engine in ("spark", "duckdb")
    )
    assert spark == duckdb


@pytest.mark.parametrize(
    "how",
    [
        {"workers": 2},
        {"chunk_rows": 7},
        {"chunk_rows": 1, "checks": ("openings", "trail", "shared")},
        {"workers": 2, "chunk_rows": 50, "memory_mb": 128},
    ],
    ids=["two_workers", "small_chunks", "one_at_a_time", "little_memory"],
)
def test_how_the_work_is_shared_out_changes_nothing(
    how: dict[str, Any], visits: Town, tmp_path: Path
) -> None:
    town = Town(visits.history, visits.rows[:60], visits.applications[:60], visits.decided_at)
    same = {name: value for name, value in how.items() if name == "checks"}
    assert run(town, tmp_path, **how) == run(town, tmp_path, **same)


def test_the_order_of_the_rows_changes_nothing(visits: Town, tmp_path: Path) -> None:
    shuffled = list(visits.rows)
    random.Random(5).shuffle(shuffled)
    town = Town(visits.history, shuffled, visits.applications, visits.decided_at)
    (tmp_path / "shuffled").mkdir()
    (tmp_path / "straight").mkdir()
    assert told(run(town, tmp_path / "shuffled")) == told(run(visits, tmp_path / "straight"))


def test_of_the_past_everything_counts_and_only_what_was_asked_for_is_judged(
    visits: Town, tmp_path: Path
) -> None:
    times = sorted(visits.decided_at.values())
    since, until = times[len(times) // 3], times[len(times) // 2]
    rows = told(run(visits, tmp_path, since=since, until=until))
    everything = said(visits.previewed())
    within = {name for name, at in visits.decided_at.items() if since <= at < until}
    assert rows == {name: everything[name] for name in within}
