"""What finding rings costs beside bare connected components of the same links.

`python -m bench.rings SIDE FOLDER` is one process that is measured; it writes one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bench.run import Run
from bench.table import Result, Table

__all__ = ["rings"]

MADE: Final = """
CREATE TABLE made AS
SELECT i, 'contact' AS what, CASE WHEN i % 10 < 2 THEN 'f' || i // 10 WHEN i % 50 = 5 THEN 's' || i // 50 % 1000
  ELSE 'c' || i END AS key FROM range({people}) AS person(i)
UNION ALL
SELECT i, 'payer', CASE WHEN i % 10 < 2 THEN 'f' || i // 10 WHEN i % 1000 BETWEEN 100 AND 111 THEN 'r' || i // 1000
  ELSE 'p' || i END FROM range({people}) AS person(i)
UNION ALL
SELECT i, 'device', CASE WHEN i % 1000 BETWEEN 100 AND 111 THEN 'r' || i // 1000 || i % 2 ELSE 'd' || i END
FROM range({people}) AS person(i)
UNION ALL
SELECT i, 'delivery', CASE WHEN i % 20 = 7 THEN 'v' || i // 500 ELSE 'a' || i END FROM range({people}) AS person(i)
"""
"""Four links a person: couples, telephones that fifty people give, villages, and a ring of twelve in every thousand.

Some of the rings hang together by such a telephone, so that components must be divided.
"""


def rings(run: Run) -> Table:
    """The same links searched for rings, and their bare components, in fresh processes that take turns."""
    sizes = run.pick((2_000,), (400_000,), (1_000_000, 10_000_000))
    rows, results = [], []
    for size in run.track(sizes, "rings"):
        with tempfile.TemporaryDirectory() as folder:
            _make(size, Path(folder))
            bare, found = (_measured(side, folder) for side in ("bare", "rings"))
        rows += [
            (f"{size:,}", "bare scipy", f"{bare['seconds']:.2f} s", f"{bare['peak_mb']:.0f} MB", "-"),
            (
                f"{size:,}",
                "simkyc rings",
                f"{found['seconds']:.2f} s",
                f"{found['peak_mb']:.0f} MB",
                f"{found['rings']:,}",
            ),
        ]
        results.append(
            Result(
                f"time over bare components, {size:,} links",
                f"{found['seconds'] / bare['seconds']:.1f} times",
            )
        )
        results.append(Result(f"{size:,} links a second", f"{size / found['seconds']:,.0f}"))
    return Table(
        title="Rings",
        compared=(
            "A table of links in Parquet, read, counted, weighed, divided into groups and judged; and "
            "scipy.sparse.csgraph.connected_components over the same links as integers that are in memory already."
        ),
        columns=("links", "by", "time", "peak memory", "rings"),
        rows=tuple(rows),
        results=tuple(results),
        note=(
            "Four links a person, keyed by 64 hexadecimal digits. DuckDB may take 2 GB and goes to disk beyond; the "
            "bare side gets integers and skips reading, counting and everything after the components."
        ),
    )


def _make(size: int, folder: Path) -> None:
    """`links.parquet` in an order of no meaning, and the same as integers."""
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as database:
        database.execute(MADE.format(people=size // 4))
        database.execute(
            "COPY (SELECT sha256('p' || i) AS person, what, sha256(key) AS shared_key,"
            " 1780000000 + CAST(hash(i) % 10368000 AS BIGINT) AS given_at FROM made"
            " ORDER BY hash(i * 4 + length(what)))"
            f" TO '{folder}/links.parquet' (FORMAT parquet)"
        )
        numbers = database.sql(
            "SELECT CAST(i AS INTEGER) AS person,"
            " CAST(DENSE_RANK() OVER (ORDER BY what, key) - 1 AS INTEGER) AS thing FROM made"
        ).fetchnumpy()
        for name in ("person", "thing"):
            np.save(folder / f"{name}.npy", np.asarray(numbers[name]))


def _measured(side: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.rings", side, folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


# --- the process that is measured ---------------------------------------------------------------------------------


def _bare(folder: Path) -> dict[str, Any]:
    person, thing = (np.load(folder / f"{name}.npy") for name in ("person", "thing"))
    start = time.perf_counter()
    people, things = int(person.max()) + 1, int(thing.max()) + 1
    graph = coo_array(
        (np.ones(person.size, np.int8), (person, thing + people)), shape=(people + things, people + things)
    )
    count, _ = connected_components(graph.tocsr(), directed=False)
    return {"seconds": time.perf_counter() - start, "components": int(count)}


def _rings(folder: Path) -> dict[str, Any]:
    from simkyc.rings.find import Search, find_rings

    start = time.perf_counter()
    found = find_rings(Search(source=str(folder / "links.parquet"), out=folder))
    return {"seconds": time.perf_counter() - start, "rings": len(found.rings)}


if __name__ == "__main__":
    measure = {"bare": _bare, "rings": _rings}[sys.argv[1]]
    measured = measure(Path(sys.argv[2]))
    from bench.memory import memory_mb  # after: what it loads is not what is measured

    print(json.dumps(measured | {"peak_mb": memory_mb()[1]}))
