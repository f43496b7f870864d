"""What it costs to ask every question for every opening of a long past at once, on DuckDB."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import duckdb

from bench.run import Run
from bench.table import Result, Table, at_most
from simkyc.gather import opening_windows
from simkyc.policy import Policy
from simkyc.reverification.duckdb_run import CHUNKS_AT_ONCE, DuckdbRun
from simkyc.reverification.job import Job, Workshop
from simkyc.reverification.source import SourceFile

__all__ = ["reverify_facts"]

TIMES_TARGET = 3.0
DAYS = 3 * 365
MEMORY_MB = 4096

OPENINGS = """
SELECT opening AS source_no, 'a' || opening AS application_id, '{{}}' AS application_json, '' AS body_digest,
  'opening' AS kind, 'personal' AS service,
  md5('p' || person) AS person_key, md5('d' || device) AS device_key, CAST(NULL AS VARCHAR) AS second_device_key,
  '898600' || lpad(CAST(opening AS VARCHAR), 13, '0') || '0' AS iccid,
  md5('i' || opening) AS imsi_key, md5('m' || opening) AS msisdn_key,
  's' || store AS store_id, 'l' || store // 4 AS dealer_id, 'c' || store * 2 + opening % 2 AS clerk_id,
  CAST(NULL AS BIGINT) AS latitude_e6, CAST(NULL AS BIGINT) AS longitude_e6, decided_at,
  decided_at - (decided_at + 28800) % 86400 AS day_start, 'accept' AS decision_then,
  decided_at + 1800 AS admitted_then, decided_at + 120 AS opened_then, decided_at + 1800 AS held_until,
  CAST(NULL AS BIGINT) AS released_at,
  CAST(NULL AS BIGINT) AS closed_at, CAST(NULL AS BIGINT) AS fraud_reported_at,
  CAST(NULL AS VARCHAR) AS restriction_json,
  lpad(CAST(8986000000000000000 + opening - 10 AS VARCHAR), 19, '0') AS card_low,
  lpad(CAST(8986000000000000000 + opening + 11 AS VARCHAR), 19, '0') AS card_high,
  opening % 7 = 0 AS is_elsewhere, '{{}}' AS about_json, CAST(NULL AS VARCHAR) AS other_about_json,
  CAST([] AS STRUCT(role VARCHAR, engine_id VARCHAR, person_key VARCHAR, sex VARCHAR, vector BLOB)[]) AS faces
FROM (SELECT range AS opening, hash(range * 3) % ({size} // 2 + 1) AS person,
    hash(range * 5) % ({size} * 2 // 3 + 1) AS device,
    hash(range * 7) % ({size} // 2500 + 1) AS store,
    1700000000 + range * {days} * 86400 // {size} AS decided_at
  FROM range({size}))
"""
KEYS = """
SELECT source_no, 'shared' AS key_use, what, shared_key FROM (
  SELECT source_no, UNNEST([
    {{'what': 'device', 'shared_key': device_key}},
    {{'what': 'contact', 'shared_key': md5('t' || hash(source_no * 11) % ({size} // 2 + 1))}},
    {{'what': 'address', 'shared_key': md5('h' || hash(source_no * 13) % ({size} // 2 + 1))}},
    {{'what': 'clerk', 'shared_key': clerk_id}},
    {{'what': 'store', 'shared_key': store_id}},
    {{'what': 'dealer', 'shared_key': dealer_id}}], max_depth := 2)
  FROM opening)
UNION ALL
SELECT source_no, 'neighbour', CAST(step AS VARCHAR), md5('m' || (source_no + step))
FROM opening, (SELECT UNNEST([-2, -1, 1, 2]) AS step)
"""
REJECTS = (
    "SELECT 0::BIGINT AS source_no, '' AS \"where\", '' AS \"column\", '' AS cause, '' AS advice WHERE false"
)
BARE = """
SELECT SUM(a), SUM(b), SUM(c), SUM(d) FROM (
  SELECT COUNT(*) OVER (w RANGE BETWEEN 86399 PRECEDING AND CURRENT ROW) AS a,
    COUNT(*) OVER (w RANGE BETWEEN 604799 PRECEDING AND CURRENT ROW) AS b,
    COUNT(*) OVER (w RANGE BETWEEN 2591999 PRECEDING AND CURRENT ROW) AS c,
    decided_at - LAG(decided_at) OVER w AS d
  FROM past_application WINDOW w AS (PARTITION BY person_key ORDER BY decided_at))
"""
BARE_SHARED = """
SELECT SUM(a), SUM(b), SUM(c), SUM(d), SUM(e) FROM (
  SELECT COUNT(*) OVER (w RANGE BETWEEN 86399 PRECEDING AND CURRENT ROW) AS a,
    COUNT(*) OVER (w RANGE BETWEEN 604799 PRECEDING AND CURRENT ROW) AS b,
    COUNT(*) OVER (w RANGE BETWEEN 2419199 PRECEDING AND CURRENT ROW) AS c,
    COUNT(*) OVER (w RANGE BETWEEN 2591999 PRECEDING AND CURRENT ROW) AS d,
    COUNT(*) OVER (w RANGE BETWEEN 31535999 PRECEDING AND CURRENT ROW) AS e
  FROM past_shared_key WINDOW w AS (PARTITION BY what, shared_key ORDER BY decided_at))
"""


def reverify_facts(run: Run) -> Table:
    """Every question for every opening, against bare window counts over the same keys and windows."""
    sizes = run.pick([2000], [100_000], [100_000, 1_000_000], [1_000_000, 10_000_000, 30_000_000])
    rows, results = [], []
    seconds: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            asked_s, bare_s, made_s = _measured(run, Path(scratch), size)
        seconds[size] = asked_s
        rows.append(
            (
                f"{size:,}",
                f"{made_s:.1f} s",
                f"{asked_s:.1f} s",
                f"{bare_s:.1f} s",
                f"{asked_s / bare_s:.2f}",
                f"{size / asked_s:,.0f}",
            )
        )
        results.append(
            at_most(f"all questions by bare windows at {size:,} openings", asked_s / bare_s, TIMES_TARGET)
        )
    if len(sizes) > 1:
        growth = seconds[sizes[-1]] / seconds[sizes[0]]
        results.append(Result(f"time at {sizes[-1]:,} by time at {sizes[0]:,}", f"{growth:.1f}"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results.append(
        Result("largest memory of the process", f"{peak:,.0f} MB (DuckDB may use {MEMORY_MB:,} MB)")
    )
    return Table(
        title="Facts of a long past at once",
        compared=(
            "Every question of a screening asked for every opening on DuckDB, with its answers put beside its row, "
            "against bare COUNT(*) OVER windows and a LAG over the same keys with the same windows, on the same "
            "tables in the same database: what answers no question as of a moment, but reads the same rows."
        ),
        columns=("openings", "past made in", "all questions", "bare windows", "by bare", "openings a second"),
        rows=tuple(rows),
        results=tuple(results),
        note=(
            "Openings over three years, two a person, 2,500 a store, with a device, a contact number and an address. "
            "Questions that count different people, or days, have no window function that all engines know."
        ),
    )


def _measured(run: Run, folder: Path, size: int) -> tuple[float, float, float]:
    source = folder / "source.parquet"
    source.touch()
    job = Job(source=str(source), out=folder / "out", memory_mb=MEMORY_MB)
    files = (SourceFile(1, source, "parquet", {}),)
    policies = (Policy.default(),)
    workshop = Workshop(job, files, policies)
    with workshop.held():
        _fill(workshop.folder, size)
        workshop.write("taken", b"")
        duck = DuckdbRun(job, files, policies, workshop, lambda *_: None)
        with duck.database() as database:
            start = time.perf_counter()
            duck.prepare(database, None)
            made_s = time.perf_counter() - start
            sides = [("", opening_windows(policies[0]))]
            chunks = -(-size // job.chunk_rows)
            start = time.perf_counter()
            for first in run.track(range(0, chunks, CHUNKS_AT_ONCE), f"asking for {size:,} openings"):
                some = range(first, min(first + CHUNKS_AT_ONCE, chunks))
                duck.ask(database, some, sides)
                for chunk in some:
                    duck.answered(database, chunk, sides)
            asked_s = time.perf_counter() - start
            start = time.perf_counter()
            for text in (BARE, BARE_SHARED):
                database.execute(text).fetchall()
            bare_s = time.perf_counter() - start
    return asked_s, bare_s, made_s


def _fill(folder: Path, size: int) -> None:
    """Write the rows of a job past its taking in."""
    with duckdb.connect() as database:
        database.execute(f"SET memory_limit = '{MEMORY_MB}MB'")
        database.execute(f"SET temp_directory = '{folder}/spill'")
        database.execute(f"CREATE VIEW opening AS {OPENINGS.format(size=size, days=DAYS)}")
        for name, sql in (
            ("rows", "SELECT * FROM opening"),
            ("keys", KEYS.format(size=size)),
            ("rejects", REJECTS),
        ):
            (folder / name).mkdir()
            database.execute(f"COPY ({sql}) TO '{folder}/{name}/000000.parquet' (FORMAT parquet)")
