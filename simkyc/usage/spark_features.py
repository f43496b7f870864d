"""Usage records to features on Spark: the same questions, on a cluster or on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simkyc.reverification.spark_session import spark_session
from simkyc.usage.duckdb_features import fixed, open_database, small_tables, write_table
from simkyc.usage.questions import FEATURES, OF_ALL, RECORDS, STEPS
from simkyc.usage.record_columns import KINDS, RecordKind, store_schema
from simkyc.usage.window import UsageWindow

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["features_by_spark"]

DIALECT: Final = {
    "hash": "XXHASH64",
    "split_lexicon": r"EXPLODE(SPLIT(lexicon, '[|]'))",
    **{
        f"joined_{what}": "CONCAT('{', ARRAY_JOIN(TRANSFORM(SORT_ARRAY(COLLECT_LIST(STRUCT("
        f"{name}, {count} AS times))), one -> CONCAT('\"', one.{name}, '\":', one.times)), ','), '}}')".replace(
            "}}", "}"
        )
        for what, name, count in (("lexicon", "name", "messages"), ("regions", "region", "events"))
    },
}
KEPT: Final = frozenset({"one_call", "call_day", "one_message", "one_place", "device", "number_device"})
"""What several steps read, so that it is made once."""


def features_by_spark(
    files: Mapping[RecordKind, Sequence[Path]],
    window: UsageWindow,
    out: Path,
    scratch: Path,
    *,
    bulk_tacs: Sequence[str] | None = None,
    memory_mb: int = 2048,
    threads: int | None = None,
) -> int:
    """Make the table of features; see `simkyc.usage.duckdb_features.features_by_duckdb`."""
    says = {**DIALECT, **fixed(window, list(files), tacs_listed=bulk_tacs is not None)}
    with spark_session("simkyc usage", threads, memory_mb) as spark:
        try:
            _prepare(spark, files, window, bulk_tacs)
            for name, text in {**RECORDS, **OF_ALL, **STEPS}.items():
                made = spark.sql(text.format(**says))
                (made.cache() if name in KEPT else made).createOrReplaceTempView(name)
            spark.sql(FEATURES.format(**says)).write.parquet(str(scratch / "features"))
        finally:
            spark.catalog.clearCache()
            for name in (*RECORDS, *OF_ALL, *STEPS):
                spark.catalog.dropTempView(name)
    with open_database(memory_mb, scratch, threads) as database:
        write_table(database, scratch / "features", window, out)
        ((numbers,),) = database.execute("SELECT COUNT(*) FROM read_parquet(?)", [str(out)]).fetchall()
    return int(numbers)


def _prepare(
    spark: SparkSession,
    files: Mapping[RecordKind, Sequence[Path]],
    window: UsageWindow,
    bulk_tacs: Sequence[str] | None,
) -> None:
    from pyspark.sql.pandas.types import from_arrow_schema

    for kind in KINDS:
        paths = [str(path) for path in files.get(kind, ())]
        schema = from_arrow_schema(store_schema(kind))
        rows = spark.read.schema(schema).parquet(*paths) if paths else spark.createDataFrame([], schema)
        rows.createOrReplaceTempView(f"{kind.removesuffix('s')}_record")
    for name, table in small_tables(window, bulk_tacs).items():
        spark.createDataFrame(table.to_pylist(), from_arrow_schema(table.schema)).createOrReplaceTempView(
            name
        )
