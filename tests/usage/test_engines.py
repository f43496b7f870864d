"""One body for every engine: the same records give the same table, however they are read, parted and asked."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pyarrow import parquet as pq

from simkyc.usage.duckdb_features import features_by_duckdb
from simkyc.usage.features import FeatureRun, feature_table, usage_of
from simkyc.usage.flat import features_of, table_schema, usage_of_row
from simkyc.usage.record_columns import RecordKind
from simkyc.usage.window import UsageWindow
from tests.usage.made_records import WINDOW, at, key, parquet, table

Rows = Mapping[RecordKind, list[dict[str, Any]]]
Table = list[dict[str, Any]]
OUTAGE = (at(4, 6), at(6, 0))
LOST = UsageWindow(WINDOW.since, WINDOW.until, (OUTAGE,))
TACS = ("8600", "35209900")
NUMBERS = [key(f"n{number}") for number in range(12)]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Numbers of many sorts: some only called, some never seen, some in each other's devices."""
    chance = random.Random(7)
    found: dict[RecordKind, list[dict[str, Any]]] = {"calls": [], "messages": [], "places": []}
    for place, number in enumerate(NUMBERS):
        kinds: list[RecordKind] = [kind for kind in found if chance.random() < 0.7] or ["calls"]
        for kind in kinds:
            for _ in range(chance.randrange(1, 40)):
                row: dict[str, Any] = {"number_key": number}
                when = at(chance.randrange(-1, 31), chance.randrange(24), chance.randrange(3600))
                if chance.random() < 0.5:
                    row |= {
                        "device_key": key(f"d{place // 3}-{chance.randrange(3)}"),
                        "tac": chance.choice(["86000001", "35209900", "11111111"]),
                    }
                if chance.random() < 0.5:
                    where = chance.randrange(4)
                    row |= {"cell": f"c{where}", "latitude": 31.0 + where, "longitude": 120.0 + where}
                if chance.random() < 0.3:
                    row["region"] = chance.choice(["320500", "MM"])
                if kind == "places":
                    row |= {"seen_at": when} | ({} if "cell" in row else {"cell": "c0"})
                else:
                    row |= {
                        "counterpart_key": key(f"o{chance.randrange(6)}"),
                        "direction": chance.choice(["out", "in"]),
                    }
                if kind == "calls":
                    row |= {
                        "began_at": when,
                        "duration_s": chance.choice([None, 0, 9, 60]),
                        "answered": chance.choice([None, True, False]),
                    }
                if kind == "messages":
                    row["sent_at"] = when
                    if chance.random() < 0.8:
                        row |= {
                            "template": key(f"t{chance.randrange(3)}"),
                            "category": chance.choice(["fraud", "other"]),
                            "classifier": "m1",
                        }
                        row |= {
                            "lexicon": chance.choice([None, "刷单", "刷单|wechat", "a b|ab"]),
                            "has_link": chance.random() < 0.5,
                        }
                found[kind] += [row] * chance.choice([1, 1, 1, 2])
    return found


def made(rows: Rows, folder: Path, engine: Literal["duckdb", "spark"]) -> Table:
    sources = {kind: str(parquet(folder / f"{kind}.parquet", kind, rows[kind])) for kind in rows}
    run = FeatureRun(
        sources=sources,
        since=LOST.since,
        until=LOST.until,
        outages=LOST.outages,
        bulk_tacs=TACS,
        engine=engine,
        threads=1,
    )
    told = feature_table(run, folder / "features.parquet")
    assert told.aside == dict.fromkeys(rows, 0)
    return read(folder / "features.parquet")


def read(path: Path) -> Table:
    found = pq.read_table(path)
    wanted = table_schema()
    assert (found.schema.names, found.schema.types) == (wanted.names, wanted.types)
    return list(found.to_pylist())


def same(one: Table, other: Table) -> None:
    assert [row["number"] for row in one] == [row["number"] for row in other]
    for a, b in zip(one, other, strict=True):
        assert a == {
            name: pytest.approx(value) if isinstance(value, float) else value for name, value in b.items()
        }


@pytest.fixture(scope="module")
def by_duckdb(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Table:
    return made(rows, tmp_path_factory.mktemp("duckdb"), "duckdb")


@pytest.fixture(scope="module")
def by_spark(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Table:
    if shutil.which("java") is None:
        pytest.skip("needs Java 17")
    return made(rows, tmp_path_factory.mktemp("spark"), "spark")


def test_every_feature_is_there_of_some_number(by_duckdb: Table) -> None:
    assert [row["number"] for row in by_duckdb] == sorted(NUMBERS)
    never = [name for name in table_schema().names if all(row[name] is None for row in by_duckdb)]
    assert never == []


def test_spark_counts_as_duckdb_does(by_duckdb: Table, by_spark: Table) -> None:
    same(by_spark, by_duckdb)


def test_one_number_alone_counts_as_among_all(rows: Rows, by_duckdb: Table) -> None:
    for row in by_duckdb:
        mine = {
            kind: table(kind, [one for one in rows[kind] if one["number_key"] == row["number"]])
            for kind in rows
        }
        alone = features_of(usage_of(row["number"], LOST, bulk_tacs=TACS, **mine))
        among = features_of(usage_of_row(row))
        # Who else is in a device only the records of all tell.
        assert alone.pop("devices_numbers_in_device") is None
        among.pop("devices_numbers_in_device")
        assert alone == among
        assert among == {name: row[name] for name in among}


def test_numbers_in_one_device(rows: Rows, by_duckdb: Table) -> None:
    users: dict[str, set[str]] = {}
    for one in (one for kind in rows for one in rows[kind] if one.get("device_key")):
        when: Any = one.get("began_at") or one.get("sent_at") or one.get("seen_at")
        if LOST.since <= when < LOST.until:
            users.setdefault(one["device_key"], set()).add(one["number_key"])
    for row in by_duckdb:
        mine = [len(others) for others in users.values() if row["number"] in others]
        assert row["devices_numbers_in_device"] == (max(mine) if mine else None)


def in_many_files(rows: Rows, folder: Path) -> dict[RecordKind, list[Path]]:
    return {
        kind: [
            parquet(folder / f"{kind}{n}.parquet", kind, list(reversed(rows[kind][n::3]))) for n in range(3)
        ]
        for kind in rows
    }


@pytest.mark.parametrize("part_rows", [1_000_000, 50, 7], ids=["whole", "in some parts", "in many parts"])
def test_files_and_parts_change_nothing(rows: Rows, by_duckdb: Table, tmp_path: Path, part_rows: int) -> None:
    files = in_many_files(rows, tmp_path)
    (tmp_path / "work").mkdir()
    numbers = features_by_duckdb(
        files, LOST, tmp_path / "out.parquet", tmp_path / "work", bulk_tacs=TACS, part_rows=part_rows
    )
    assert numbers == len(by_duckdb)
    same(read(tmp_path / "out.parquet"), by_duckdb)


def test_a_kind_that_is_not_kept_is_not_known(rows: Rows, tmp_path: Path) -> None:
    calls: Rows = {
        "calls": [
            {
                name: row[name]
                for name in row
                if name not in ("cell", "latitude", "longitude", "region", "device_key", "tac")
            }
            for row in rows["calls"]
        ]
    }
    for row in made(calls, tmp_path, "duckdb"):
        found = usage_of_row(row)
        assert (found.messages, found.places, found.devices) == (None, None, None)
        assert found.calls is not None
