"""Usage records to features on one machine: DuckDB, with as much memory as it is given and then the disk.

All records of a number are needed at once, but not those of all numbers: where there are many records they are parted
by the number first, so that each part fits into memory however many there are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import SimkycError
from simkyc.reverification.job import quoted, told
from simkyc.usage.flat import table_schema
from simkyc.usage.questions import FEATURES, OF_ALL, RECORDS, STEPS
from simkyc.usage.record_columns import KINDS, RecordKind, store_schema
from simkyc.usage.window import CHINA_S, UsageWindow

__all__ = ["PART_ROWS", "ask", "features_by_duckdb", "fixed", "open_database", "small_tables", "write_table"]

PART_ROWS: Final = 4_000_000
"""Records that are looked at together."""
PARTED: Final = ("call", "message", "place", "device")

DIALECT: Final = {
    "hash": "HASH",
    "split_lexicon": "UNNEST(STRING_SPLIT(lexicon, '|'))",
    "joined_lexicon": "CONCAT('{', STRING_AGG(CONCAT('\"', name, '\":', messages), ',' ORDER BY name), '}')",
    "joined_regions": "CONCAT('{', STRING_AGG(CONCAT('\"', region, '\":', events), ',' ORDER BY region), '}')",
}
"""What is not said alike on both engines."""


def fixed(
    window: UsageWindow, kinds: Sequence[RecordKind], *, tacs_listed: bool, all_at_hand: bool = True
) -> dict[str, object]:
    """What stands in the texts beside an engine's own words."""
    since, until = window.seconds
    kept = {f"{kind}_kept": "TRUE" if kind in kinds else "FALSE" for kind in KINDS}
    return {
        "since": since,
        "until": until,
        "first_day": window.first_day,
        "tacs_listed": "TRUE" if tacs_listed else "FALSE",
        "all_at_hand": "TRUE" if all_at_hand else "FALSE",
        **kept,
    }


def small_tables(window: UsageWindow, bulk_tacs: Sequence[str] | None) -> dict[str, pa.Table]:
    """The tables of a question that come from no record."""
    down = [{"begins_at": begins + CHINA_S, "ends_at": ends + CHINA_S} for begins, ends in window.down]
    outage = pa.schema([("begins_at", pa.int64()), ("ends_at", pa.int64())])
    return {
        "outage": pa.Table.from_pylist(down, outage),
        "bulk_tac": pa.table({"prefix": pa.array(sorted(set(bulk_tacs or ())), pa.string())}),
    }


@contextmanager
def open_database(
    memory_mb: int, scratch: Path, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that goes to disk beyond what it may use.

    Raises:
        SimkycError: No memory or space is left.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(scratch / "spill"),
        "preserve_insertion_order": "false",
    }
    if threads:
        config["threads"] = threads
    fault = None
    try:
        with told("features cannot be written"), duckdb.connect(config=config) as database:
            yield database
    except duckdb.OutOfMemoryException:
        fault = SimkycError("no memory is left: give DuckDB more, or fewer threads")
    except duckdb.IOException:
        fault = SimkycError("the disk gave up: see to its space and rights, and call again")
    if fault is not None:
        raise fault


def features_by_duckdb(
    files: Mapping[RecordKind, Sequence[Path]],
    window: UsageWindow,
    out: Path,
    scratch: Path,
    *,
    bulk_tacs: Sequence[str] | None = None,
    memory_mb: int = 2048,
    threads: int | None = None,
    part_rows: int = PART_ROWS,
) -> int:
    """Make the table of features.

    Args:
        files: Of a usage store, by kind; a kind that is not there is one of which no records are kept.
        window: In which is counted.
        out: The file to write.
        scratch: An empty folder.
        bulk_tacs: First digits of type allocation codes that are listed as bulk-SIM equipment.
        memory_mb: What DuckDB may use before it goes to disk.
        threads: How many; None for as many as there are processors.
        part_rows: Records that are looked at together; it changes no feature.

    Returns:
        How many numbers there are.

    Raises:
        SimkycError: No memory or space is left.
    """
    rows = sum(pq.read_metadata(path).num_rows for paths in files.values() for path in paths)
    parts = max(1, -(-rows // part_rows))
    says = {**DIALECT, **fixed(window, list(files), tacs_listed=bulk_tacs is not None)}
    (scratch / "features").mkdir()
    with open_database(memory_mb, scratch, threads) as database:
        for kind in KINDS:
            _records(database, kind, files.get(kind, ()))
        for name, table in small_tables(window, bulk_tacs).items():
            database.register("small", table)
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM small")
            database.unregister("small")
        database.execute(f"CREATE TABLE every_number AS {RECORDS['number'].format(**says)}")
        _no_two_alike(database)
        for name in PARTED:
            text = RECORDS[name].format(**says)
            if parts > 1:
                database.execute(
                    f"COPY (SELECT *, number_no % {parts} AS part FROM ({text}) AS every_row)"
                    f" TO '{quoted(scratch / name)}' (FORMAT parquet, PARTITION_BY (part))"
                )
                text = f"SELECT * EXCLUDE (part) FROM {_parted(scratch / name, '*', text)}"
            database.execute(f"CREATE VIEW {name} AS {text}")
        for name, text in OF_ALL.items():
            database.execute(f"CREATE TABLE {name} AS {text.format(**says)}")
        for part in range(parts):
            if parts > 1:
                for name in PARTED:
                    text = RECORDS[name].format(**says)
                    database.execute(
                        f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {_parted(scratch / name, str(part), text)}"
                    )
            database.execute(
                f"CREATE OR REPLACE VIEW number AS SELECT * FROM every_number WHERE number_no % {parts} = {part}"
            )
            ask(database, says)
            database.execute(
                f"COPY ({FEATURES.format(**says)}) TO '{quoted(scratch / 'features' / f'{part:06d}.parquet')}'"
                " (FORMAT parquet)"
            )
        write_table(database, scratch / "features", window, out)
        ((numbers,),) = database.execute("SELECT COUNT(*) FROM every_number").fetchall()
    return int(numbers)


def _records(database: duckdb.DuckDBPyConnection, kind: RecordKind, paths: Sequence[Path]) -> None:
    table = f"{kind.removesuffix('s')}_record"
    if paths:
        listed = ", ".join(f"'{quoted(path)}'" for path in paths)
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet([{listed}])")
    else:
        database.register("none", store_schema(kind).empty_table())
        database.execute(f"CREATE TABLE {table} AS SELECT * FROM none")
        database.unregister("none")


def _no_two_alike(database: duckdb.DuckDBPyConnection) -> None:
    """Two numbers of one hash would be counted as one: of a million, once in thirty million runs."""
    numbers, hashes = database.execute(
        "SELECT COUNT(*), COUNT(DISTINCT number_no) FROM every_number"
    ).fetchall()[0]
    if numbers != hashes:
        raise SimkycError(
            "two numbers cannot be told apart: divide the records by number and call for each part"
        )


def _parted(folder: Path, part: str, text: str) -> str:
    """One part of a table, or all; the empty table where nothing was written."""
    found = sorted(itertools.islice(folder.glob(f"part={part}/*.parquet"), 1))
    if not found:
        return f"(SELECT *, 0 AS part FROM ({text}) AS none WHERE FALSE) AS no_row"
    return f"read_parquet('{quoted(folder)}/part={part}/*.parquet', hive_partitioning = true)"


def ask(database: duckdb.DuckDBPyConnection, says: Mapping[str, object]) -> None:
    """Make the table of each step; what no later one reads is dropped at once."""
    done = _done_after()
    for name, text in STEPS.items():
        database.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text.format(**says)}")
        for one in done[name]:
            database.execute(f"DROP TABLE {one}")


@cache
def _done_after() -> Mapping[str, tuple[str, ...]]:
    """The steps whose tables are read by none after each."""
    names = list(STEPS)
    last = {}
    for name in names:
        readers = [later for later, text in STEPS.items() if re.search(rf"\b{name}\b", text)]
        is_told = re.search(rf"\b{name}\b", FEATURES)
        last[name] = None if is_told or not readers else readers[-1]
    return {name: tuple(one for one in names if last[one] == name) for name in names}


def write_table(database: duckdb.DuckDBPyConnection, folder: Path, window: UsageWindow, out: Path) -> None:
    """One file of all rows, in the order of the numbers' keys."""
    since, until = window.seconds
    given = {
        "about_since": str(since),
        "about_until": str(until),
        "about_outage_hours": repr(window.outage_hours),
    }
    sql = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.float64(): "DOUBLE"}
    columns = ", ".join(
        f"CAST({given.get(field.name, field.name)} AS {sql[field.type]}) AS {field.name}"
        for field in table_schema()
    )
    database.execute(
        f"COPY (SELECT {columns} FROM read_parquet('{quoted(folder)}/**/*.parquet') ORDER BY number)"
        f" TO '{quoted(out)}' (FORMAT parquet, COMPRESSION zstd)"
    )
