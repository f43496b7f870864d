"""What usage records cost on their way to features, beside the barest question about the same file.

`python -m bench.usage_features SIDE FOLDER` is one process that is measured; it writes one line of JSON.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from bench.run import Run
from bench.table import Result, Table, at_most

__all__ = ["usage_features"]

SINCE: Final = 1_780_000_000
DAYS: Final = 30
MEMORY_MB: Final = 2048
CALLS_EACH: Final = 200
TARGET: Final = 10.0
SIDES: Final = {"bare": "bare GROUP BY", "features": "simkyc features"}

MADE: Final = """
SELECT SHA256('n' || no) AS number_key,
  SHA256(CASE WHEN no % 50 = 0 THEN 'r' || i WHEN h % 10 < 8 THEN 'f' || no || '_' || (h // 16) % 25
    ELSE 'c' || (h // 16) % {numbers} END) AS counterpart_key,
  CASE WHEN (no % 50 = 0 AND h % 20 <> 0) OR h % 2 = 0 THEN 'out' ELSE 'in' END AS direction,
  {since} + CAST((h // 7) % ({days} * 86400) AS BIGINT) AS began_at,
  CASE WHEN h % 5 = 0 THEN 0 ELSE CAST((h // 11) % 300 AS BIGINT) END AS duration_s, h % 5 <> 0 AS answered
FROM (SELECT i, CAST(HASH(i * 7 + 1) % {numbers} AS BIGINT) AS no, HASH(i) AS h FROM range({first}, {last}) AS row(i))
"""
"""Calls of a month in an order of no meaning: a number has 200, four in five with 25 it knows; one in fifty calls
strangers alone."""


def usage_features(run: Run) -> Table:
    """The same records counted to features and by a bare question, in fresh processes that take turns."""
    sizes = run.pick((2_000,), (1_000_000,), (1_000_000, 10_000_000), (1_000_000, 10_000_000, 100_000_000))
    rows, results, seconds = [], [], {}
    for size in run.track(sizes, "usage features"):
        with tempfile.TemporaryDirectory() as folder:
            taken = _make(size, Path(folder))
            measured: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
            for _ in range(run.pick(1, 2, 3)):
                for side, found in measured.items():
                    found.append(_measured(side, folder))
        best = {side: min(found, key=lambda one: float(one["cpu_s"])) for side, found in measured.items()}
        rows.append((f"{size:,}", "taken in from hashed Parquet", *_cells(size, taken), "-"))
        for side, name in SIDES.items():
            rows.append((f"{size:,}", name, *_cells(size, best[side]), f"{best[side]['peak_mb']:.0f} MB"))
        times = best["features"]["cpu_s"] / best["bare"]["cpu_s"]
        results.append(at_most(f"processor time over a bare GROUP BY, {size:,} calls", times, TARGET))
        results.append(
            Result(f"calls a second, {size:,} calls", f"{size / best['features']['seconds']:,.0f}")
        )
        seconds[size] = best["features"]["cpu_s"]
    for smaller, larger in itertools.pairwise(sizes):
        grown = seconds[larger] / seconds[smaller]
        results.append(Result(f"processor time, {larger:,} over {smaller:,} calls", f"{grown:.1f} times"))
    return Table(
        title="Usage features",
        compared=(
            "A month of calls in a usage store counted to all features of every number, doubled ones looked for; and "
            "SELECT number_key, COUNT(*), SUM(duration_s) GROUP BY number_key over the same Parquet by the same DuckDB."
        ),
        columns=("calls", "by", "time", "processor time", "calls a second", "peak memory"),
        rows=tuple(rows),
        results=tuple(results),
        note=(
            f"The best of several, by processor time. {CALLS_EACH} calls a number, keyed by 64 hexadecimal digits. "
            f"DuckDB may take {MEMORY_MB:,} MB and goes to disk beyond; the rest of the peak is what Python and Arrow "
            "hold beside. In a small file there are so few numbers that a dictionary holds them all, and the bare "
            "question compares none."
        ),
    )


def _cells(size: int, measured: dict[str, Any]) -> tuple[str, str, str]:
    return (
        f"{measured['seconds']:.2f} s",
        f"{measured['cpu_s']:.2f} s",
        f"{size / measured['seconds']:,.0f}",
    )


@contextmanager
def _timed() -> Iterator[dict[str, Any]]:
    measured: dict[str, Any] = {}
    start, cpu = time.perf_counter(), time.process_time()
    yield measured
    measured |= {"seconds": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}


def _make(size: int, folder: Path) -> dict[str, Any]:
    """A usage store in `store`, taken in from files of ten million rows, and what the taking in cost."""
    from simkyc.usage.intake import take_in
    from simkyc.usage.record_files import Hasher

    (folder / "source").mkdir()
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as database:
        for first in range(0, size, 10_000_000):
            text = MADE.format(
                first=first,
                last=min(first + 10_000_000, size),
                numbers=max(1, size // CALLS_EACH),
                since=SINCE,
                days=DAYS,
            )
            path = folder / "source" / f"{first:012d}.parquet"
            database.execute(f"COPY ({text}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    (folder / "store").mkdir()
    with _timed() as measured:
        take_in({"calls": str(folder / "source")}, folder / "store", hasher=Hasher(None))
    for path in (folder / "source").iterdir():
        path.unlink()
    return measured


def _measured(side: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.usage_features", side, folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


# --- the process that is measured ---------------------------------------------------------------------------------


def _bare(folder: Path) -> dict[str, Any]:
    with duckdb.connect(config={"memory_limit": f"{MEMORY_MB}MB"}) as database, _timed() as measured:
        path = folder / "store/calls/*.parquet"
        database.execute(
            f"SELECT number_key, COUNT(*), SUM(duration_s) FROM read_parquet('{path}') GROUP BY number_key"
        ).fetchnumpy()
    return measured


def _features(folder: Path) -> dict[str, Any]:
    from simkyc.usage.features import FeatureRun, feature_table

    run = FeatureRun(
        sources={"calls": str(folder / "store/calls")},
        since=datetime.fromtimestamp(SINCE, UTC),
        until=datetime.fromtimestamp(SINCE + DAYS * 86_400, UTC),
        memory_mb=MEMORY_MB,
    )
    with _timed() as measured:
        made = feature_table(run, folder / "features.parquet")
    return measured | {"numbers": made.numbers}


if __name__ == "__main__":
    sides: dict[str, Callable[[Path], dict[str, Any]]] = {"bare": _bare, "features": _features}
    found = sides[sys.argv[1]](Path(sys.argv[2]))
    from bench.memory import memory_mb  # after: what it loads is not what is measured

    print(json.dumps(found | {"peak_mb": memory_mb()[1]}))
