"""The same job on DuckDB and on Spark, on this machine."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from pyarrow import parquet as pq

from bench.past_rows import QUIET, write_past
from bench.run import Run
from bench.table import Result, Table
from simkyc import Job, reverify

__all__ = ["reverify_engines"]

WORKERS = 2


def reverify_engines(run: Run) -> Table:
    """Both engines from source to report; Spark where Java is."""
    count = run.pick(20, 200, 20_000)
    took: dict[str, float] = {}
    verdicts = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = write_past(folder / "source.parquet", count)
        for engine in ("duckdb", "spark") if shutil.which("java") else ("duckdb",):
            start = time.perf_counter()
            reverify(
                Job(source=str(source), out=folder / engine, engine=engine, workers=WORKERS, checks=QUIET)
            )
            took[engine] = time.perf_counter() - start
            verdicts[engine] = pq.read_table(folder / engine / "verdicts.parquet")
    same = verdicts["spark"].equals(verdicts["duckdb"]) if "spark" in took else None
    return Table(
        title="Two engines on one machine",
        compared=(
            f"{count:,} openings without photos, from a source in one Parquet file to verdicts and report: DuckDB with "
            f"{WORKERS} workers, and Spark as local[{WORKERS}], its start counted."
        ),
        columns=("engine", "time", "rows a second"),
        rows=tuple((engine, f"{one:.1f} s", f"{count / one:,.0f}") for engine, one in took.items()),
        results=(
            Result(
                "time of Spark by time of DuckDB",
                f"{took['spark'] / took['duckdb']:.1f}" if "spark" in took else "not measured: no Java",
            ),
            Result("both wrote the same verdicts", {True: "yes", False: "no", None: "-"}[same], "yes", same),
        ),
        note="On one machine Spark has nothing to offer: it is there for what no one machine holds.",
    )
