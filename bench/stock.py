"""What it costs to import a file of SIM stock, and in how much memory.

`python -m bench.stock FILE DATABASE` imports one file in a process of its own and writes its peak memory.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet as pq

from bench.run import Run
from bench.table import Result, Table, at_most
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc import Screener
from simkyc.lists.stock import COLUMNS

__all__ = ["stock"]

FLOOR_TARGET = 4
ROWS_AT_ONCE = 10_000
STORES = 1000
LOT = 5000
SECRET = "the secret of a bench, which protects nobody"


def stock(run: Run) -> Table:
    """Stock imported from CSV and Parquet, against bare `executemany` of the rows of the same CSV."""
    count = run.pick(50, 20_000, 1_000_000)
    rounds = range(run.pick(1, 2, 2))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file, packed = folder / "stock.csv", folder / "stock.parquet"
        _write(count, file, packed)
        sides: dict[str, Callable[[int], object]] = {
            "floor": lambda place: _floor(file, folder / f"floor-{place}.db"),
            "csv": lambda place: _import(file, folder / f"csv-{place}.db"),
            "parquet": lambda place: _import(packed, folder / f"parquet-{place}.db"),
            "again": lambda _: _import(file, folder / "full.db"),
        }
        _import(file, folder / "full.db")
        taken = interleaved(sides, run.track(rounds, "stock"))
        files = {"csv": file, "parquet": packed}
        peaks = {name: _peak_mb(path, folder / f"peak-{name}.db") for name, path in files.items()}
        peaks["nothing"] = _peak_mb(_header(folder / "header.csv"), folder / "peak-nothing.db")
        sizes = {"csv": file.stat().st_size / 1e6, "parquet": packed.stat().st_size / 1e6}
    by_floor = {name: ratios(taken[name], taken["floor"]) for name in sides}
    words = {
        "floor": "bare executemany of the CSV's rows",
        "csv": "CSV into an empty stock",
        "parquet": "Parquet into an empty stock",
        "again": "the CSV again, which changes nothing",
    }
    return Table(
        title="Importing SIM stock",
        compared=(
            f"{count:,} cards, each with IMSI, MSISDN, lot, store, dealer and state, imported by "
            "Screener.lists.import_stock into a SQLite history: read, checked, keyed, held against each other and "
            "against the history, written in one transaction. Against sqlite3 alone: the fields of the same CSV by "
            "executemany into a table with its key and no more, in one transaction on the same disk, as durable."
        ),
        columns=("what", "time", "rows a second", "by the floor"),
        rows=tuple(
            (
                words[name],
                seconds_text(Spread.of(taken[name])),
                f"{count / Spread.of(taken[name]).median:,.0f}",
                times_text(by_floor[name]),
            )
            for name in sides
        ),
        results=(
            at_most(
                "CSV import by bare executemany",
                by_floor["csv"].median,
                FLOOR_TARGET,
                written=times_text(by_floor["csv"]),
            ),
            *(
                Result(
                    f"peak memory of an import from {name.upper() if name == 'csv' else 'Parquet'}",
                    f"{peaks[name]:.0f} MB, {peaks[name] - peaks['nothing']:+.0f} MB over a file without rows, "
                    f"for a file of {sizes[name]:.0f} MB",
                )
                for name in ("csv", "parquet")
            ),
        ),
        note=(
            "ICCIDs and IMSIs rise as a maker delivers them, MSISDNs come in no order. A card takes about six times "
            "the bytes of the floor's row: its numbers, their keyed hashes, and an index by each of those."
        ),
    )


def _write(count: int, file: Path, packed: Path) -> None:
    numbers = list(range(count))
    random.Random(0).shuffle(numbers)
    rows = [
        (
            f"898600{place:014d}",
            f"46000{place:010d}",
            f"+86139{numbers[place]:08d}",
            f"lot-{place // LOT}",
            f"store-{place % STORES}",
            f"dealer-{place % STORES // 10}",
            "in_stock",
        )
        for place in range(count)
    ]
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), packed, compression="zstd")


def _header(path: Path) -> Path:
    path.write_text(",".join(COLUMNS) + "\n")
    return path


def _import(file: Path, database: Path) -> None:
    with Screener.open(f"sqlite:///{database}", secret=SECRET) as screener:
        screener.lists.import_stock(file)


def _floor(file: Path, database: Path) -> None:
    """The least that the rows of a file cost in one durable transaction."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("PRAGMA fullfsync=ON")
    connection.execute(f"CREATE TABLE card ({', '.join(COLUMNS)}, PRIMARY KEY (iccid))")
    connection.execute("BEGIN IMMEDIATE")
    insert = f"INSERT INTO card VALUES ({', '.join('?' * len(COLUMNS))})"
    with file.open(newline="", encoding="utf-8") as text:
        rows = csv.reader(text)
        next(rows)
        while some := list(itertools.islice(rows, ROWS_AT_ONCE)):
            connection.executemany(insert, some)
    connection.execute("COMMIT")
    connection.close()


def _peak_mb(file: Path, database: Path) -> float:
    command = [sys.executable, "-m", "bench.stock", str(file), str(database)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    return float(json.loads(done.stdout))


def _main() -> None:
    _import(Path(sys.argv[1]), Path(sys.argv[2]))
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux it remembers the process that started this one.
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        peak_mb = int(fields["VmHWM"].split()[0]) / 1024
    else:
        unit = 2**20 if sys.platform == "darwin" else 2**10
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps(peak_mb))


if __name__ == "__main__":
    os.environ.pop("SIMKYC_SECRET", None)
    _main()
