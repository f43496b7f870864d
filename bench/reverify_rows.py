"""How fast a batch judges openings in which nothing is wrong and writes their verdicts."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from pyarrow import parquet as pq

from bench.past_rows import QUIET, write_past
from bench.run import Run
from bench.table import Result, Table
from simkyc import Job, reverify
from simkyc.reverification.job import Workshop
from simkyc.reverification.run import write_verdicts
from simkyc.reverification.source import SourceFile
from simkyc.reverification.verdict_rows import SCHEMA

__all__ = ["reverify_rows"]

WORKERS = 2


@dataclass
class _Stages:
    """When each stage was last heard of."""

    begun: float = field(default_factory=time.perf_counter)
    last: dict[str, float] = field(default_factory=dict)

    def __call__(self, stage: str, *_: object) -> None:
        self.last[stage] = time.perf_counter()


def reverify_rows(run: Run) -> Table:
    """A job from source to report, and its verdicts written once more by DuckDB alone."""
    count = run.pick(20, 500, 20_000)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = write_past(folder / "source.parquet", count)
        stages = _Stages()
        job = Job(source=str(source), out=folder / "out", workers=WORKERS, checks=QUIET)
        report = reverify(job, progress=stages)
        ended = time.perf_counter()
        read_s, judged_s = stages.last["read"] - stages.begun, stages.last["judge"] - stages.last["read"]
        write_s, copy_s = _written(job, folder / "out" / "verdicts.parquet", folder)
    flagged = count - report.decisions.accept
    rows = [
        ("taken in: rows made applications, keys made", read_s),
        ("asked, judged, verdicts written by chunk", judged_s),
        ("verdicts of all chunks put in order, the report made", ended - stages.last["judge"]),
        ("all of the job", ended - stages.begun),
        ("of it, verdicts of all chunks put in order alone", write_s),
        ("DuckDB: COPY of verdicts.parquet to Parquet", copy_s),
    ]
    return Table(
        title="Past openings judged again",
        compared=(
            f"{count:,} openings without photos in which nothing is wrong, from a source in Parquet to verdicts and "
            f"report with {WORKERS} workers, and a DuckDB COPY of the verdicts that it wrote, in the same order."
        ),
        columns=("what", "time", "rows a second"),
        rows=tuple((what, f"{took:.2f} s", f"{count / took:,.0f}") for what, took in rows),
        results=(
            Result("time of the job by the bare COPY", f"{(ended - stages.begun) / copy_s:,.0f}"),
            Result("time of putting verdicts in order by the bare COPY", f"{write_s / copy_s:.2f}"),
            Result("openings that were not accepted", f"{flagged:,}", "none", flagged == 0),
        ),
        note=(
            f"Checks: {', '.join(QUIET)}; of others a source knows too little. A COPY judges nothing: the ratio "
            "says what judging costs in Python, and how little the writing."
        ),
    )


def _written(job: Job, verdicts: Path, folder: Path) -> tuple[float, float]:
    job = job.changed(out=folder / "again")
    files = (SourceFile(1, folder / "source.parquet", "parquet", {}),)
    workshop = Workshop(job, files, (job.policy,))
    with workshop.held():
        workshop.write_table("verdicts/000000.parquet", SCHEMA, pq.read_table(verdicts).to_batches())
        start = time.perf_counter()
        write_verdicts(workshop)
        write_s = time.perf_counter() - start
    start = time.perf_counter()
    with duckdb.connect() as database:
        database.execute(f"SET threads = {WORKERS}")
        database.execute(
            f"COPY (SELECT * FROM read_parquet('{verdicts}') ORDER BY source_no)"
            f" TO '{folder}/copied.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    return write_s, time.perf_counter() - start
