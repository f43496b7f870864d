"""A job on a cluster: Spark asks the questions, its workers look at photos and judge.

The texts, the taking in and the judging are those of one machine. OUT and the files of the source must lie where every
worker reaches them under the same name.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.history.keys import Keyring
from simkyc.history.protocol import OpeningWindows
from simkyc.history.sql import SqlReader
from simkyc.history.statements import FOREVER, moment_of
from simkyc.lists.rows import Encoding
from simkyc.policy import Policy
from simkyc.reverification import past
from simkyc.reverification.answers import QUESTIONS, FacesOfThePast, Past, frauds_of
from simkyc.reverification.duckdb_run import DOUBLED, job_keyring, stop_at_doubled
from simkyc.reverification.history_copy import FACES, copy_history, table_schema
from simkyc.reverification.intake import KEYS, REJECTS, ROWS, Intake, Taken
from simkyc.reverification.job import EngineMaker, Run, second_of
from simkyc.reverification.judging import ASKED_COLUMNS, Answered, Bench
from simkyc.reverification.source import RawRow, SourceFile, raw_rows
from simkyc.reverification.spark_session import spark_session
from simkyc.reverification.verdict_rows import SCHEMA

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkRun"]

TAKEN_AT_ONCE: Final = 256
ROWS_OF_A_CHUNK: Final = 100
"""As many chunks of one machine are judged in one job of Spark."""


class SparkRun(Run):
    """One run of a job; see `Run`."""

    def run(self) -> None:
        """Take in what is not taken in yet, and judge what is not judged yet."""
        with (
            job_keyring(self._job) as (keyring, reader),
            spark_session("simkyc reverify", self._job.workers, self._job.memory_mb) as spark,
        ):
            self._take_in(spark, keyring)
            self._prepare(spark, reader)
            self._judge(spark, keyring)

    # --- taking in ---------------------------------------------------------------------------------------------------

    def _take_in(self, spark: SparkSession, keyring: Keyring) -> None:
        if self._workshop.has("taken"):
            return
        worker = Take(self._policy, self._other, keyring, self._job.faces, self._files, self._job.encoding)
        one_each = spark.createDataFrame([(file.number,) for file in self._files], "number bigint")
        files = one_each.repartition(len(self._files), "number")
        counted = files.mapInArrow(worker.count, "number bigint, rows bigint").collect()
        before, total = {}, 0
        for number, rows in sorted((row.number, row.rows) for row in counted):
            before[number] = total
            total += rows
        self._progress("read", 0, total)
        worker.before = before
        taken = files.mapInArrow(worker.take, _ddl(spark, worker.schema)).cache()
        try:
            for name, fields in (("rows", ROWS.names), ("rejects", REJECTS.names)):
                kept = taken.where("cause IS NULL" if name == "rows" else "cause IS NOT NULL").select(*fields)
                self._write(kept, name)
            keys = taken.where("cause IS NULL").selectExpr("inline(named_keys)").select(*KEYS.names)
            self._write(keys, "keys")
        finally:
            taken.unpersist()
        if self._job.strict:
            self._stop_at_first(spark)
        self._progress("read", total, total)
        self._workshop.write("taken", b"")

    def _stop_at_first(self, spark: SparkSession) -> None:
        first = self._read(spark, "rejects").orderBy("source_no").limit(1).collect()
        for row in first:
            column = row["column"] or "the row"
            raise InputError(f"{row['where']}: {column} ({row['cause']}): {row['advice']}")

    # --- the past ----------------------------------------------------------------------------------------------------

    def _prepare(self, spark: SparkSession, reader: SqlReader | None) -> None:
        """Make the tables that are asked, and say in which chunk who asks."""
        for name, part in (("every_row", "rows"), ("taken_key", "keys")):
            self._read(spark, part).createOrReplaceTempView(name)
        if not self._workshop.has("prepared"):
            self._make_past(spark, reader)
            self._workshop.write("prepared", b"")
        for name in past.COPIED:
            self._read(spark, f"past/{name}.parquet").createOrReplaceTempView(f"past_{name}")

    def _make_past(self, spark: SparkSession, reader: SqlReader | None) -> None:
        doubled = spark.sql(past.DOUBLES)
        self._write(doubled, "doubled")
        self._read(spark, "doubled").createOrReplaceTempView("doubled")
        rejects = spark.sql(
            "SELECT source_no, CAST(NULL AS STRING) AS `where`, 'application_id' AS `column`, 'doubled' AS cause,"
            f" '{DOUBLED}' AS advice FROM doubled"
        )
        if self._job.strict:
            stop_at_doubled(row["source_no"] for row in rejects.orderBy("source_no").limit(1).collect())
        self._workshop.write_table(
            "rejects/doubled.parquet", REJECTS, rejects.toArrow().cast(REJECTS).to_batches()
        )
        (told,) = spark.sql(past.SAYS).collect()
        spark.sql(past.taken(says=told.says)).createOrReplaceTempView("taken")
        if reader is None:
            self._past_of_source(spark)
        else:
            copy_history(reader, self._workshop)
        self._read(spark, "past/application.parquet").createOrReplaceTempView("application")
        asked = past.ASKED_OF_SOURCE if reader is None else past.ASKED_OF_HISTORY
        within = f"decided_at >= {second_of(self._job.since, 0)} AND decided_at < {second_of(self._job.until, FOREVER)}"
        self._write(spark.sql(f"SELECT * FROM ({asked}) AS every_asked WHERE {within}"), "asked")
        every = self._read(spark, "asked")
        total = every.count()
        chunks = -(-total // (self._job.chunk_rows * ROWS_OF_A_CHUNK))
        shares = [place / chunks for place in range(1, chunks)]
        # Where one ends and the next begins changes no verdict.
        edges = every.approxQuantile("decided_at", shares, 0.01) if shares else []
        self._workshop.write(
            "chunks.json", json.dumps([total, sorted({int(edge) for edge in edges})]).encode()
        )

    def _past_of_source(self, spark: SparkSession) -> None:
        texts = past.PAST_OF_SOURCE
        for name in past.COPIED:
            if name not in texts:
                self._workshop.write_table(
                    f"past/{name}.parquet", table_schema(name), [_none(table_schema(name))]
                )
        self._write(spark.sql(texts["application"]), "past/application.parquet")
        self._read(spark, "past/application.parquet").createOrReplaceTempView("application")
        self._write(spark.sql(texts["outcome"]), "past/outcome.parquet")
        spark.sql(past.ASKED_OF_SOURCE).createOrReplaceTempView("asked")
        spark.sql(past.ASK).createOrReplaceTempView("ask")
        question = QUESTIONS["active_numbers"].text
        self._write(spark.sql(past.FIRST_NUMBERS.format(question=question)), "first_number")
        self._read(spark, "first_number").createOrReplaceTempView("first_number")
        self._write(spark.sql(texts["shared_key"]), "past/shared_key.parquet")
        faces = spark.sql(
            "SELECT application.entry_no, face.role, face.engine_id, face.person_key, face.sex, application.decided_at,"
            " face.vector, application.latitude_e6, application.longitude_e6"
            " FROM (SELECT application_id, EXPLODE(faces) AS face FROM taken) AS kept"
            " JOIN application ON application.application_id = kept.application_id"
            " WHERE application.admitted_until IS NOT NULL AND application.released_at IS NULL"
        )
        self._write(faces, "faces.parquet")

    # --- judging -----------------------------------------------------------------------------------------------------

    def _judge(self, spark: SparkSession, keyring: Keyring) -> None:
        total, edges = json.loads(self._workshop.path("chunks.json").read_text())
        imports = tuple(
            (row.list, moment_of(row.imported_at)) for row in spark.table("past_list_import").collect()
        )
        worker = Sit(
            self._policy,
            self._other,
            keyring,
            imports,
            str(self._workshop.path("faces.parquet")),
            frauds_of(spark.sql(past.FRAUDS).collect()),
            self._job.faces,
        )
        every = self._read(spark, "asked")
        done = 0
        for chunk, (low, high) in enumerate(zip([0, *edges], [*edges, FOREVER], strict=True)):
            name = f"verdicts/{chunk:06d}"
            asked = every.where(f"decided_at >= {low} AND decided_at < {high}")
            if not self._workshop.has(name):
                answered = _answered(spark, asked, self._sides)
                self._write(answered.mapInArrow(worker.judge, _ddl(spark, SCHEMA)), name)
            done += asked.count()
            self._progress("judge", done, total)

    def _write(self, frame: DataFrame, name: str) -> None:
        """A table as a folder of Parquet that gets its name when it is whole."""
        path = self._workshop.path(name)
        draft = path.with_name(f".{path.name}.draft")
        frame.write.mode("overwrite").option("compression", "zstd").parquet(str(draft))
        shutil.rmtree(path, ignore_errors=True)
        draft.rename(path)

    def _read(self, spark: SparkSession, name: str) -> DataFrame:
        return spark.read.parquet(str(self._workshop.path(name)))


def _answered(
    spark: SparkSession, asked: DataFrame, sides: Sequence[tuple[str, OpeningWindows]]
) -> DataFrame:
    """The rows that ask, each with the answers to every question."""
    asked.createOrReplaceTempView("asked")
    spark.sql(past.KEYS_OF_ASKED).createOrReplaceTempView("asked_key")
    answered = asked.select(*ASKED_COLUMNS)
    for before, windows in sides:
        for name in QUESTIONS:
            found = _asked(spark, name, windows).withColumnRenamed("found", f"{before}{name}")
            answered = answered.join(found, "ask_id", "left")
    return answered


def _asked(spark: SparkSession, name: str, windows: OpeningWindows) -> DataFrame:
    """The rows of each who asks, as a list."""
    way = past.way_to_ask(name, windows)
    for view, sql in way.views.items():
        spark.sql(sql).createOrReplaceTempView(view)
    for table in past.COPIED:
        rows = f"SELECT * FROM past_{table}"
        if table in ("application", "shared_key") and way.bucket_s is not None:
            rows = past.bucketed(f"past_{table}", way.bucket_s)
        elif table == "application" and name == "neighbours":
            rows = past.CARDS.format(application="past_application")
        spark.sql(rows).createOrReplaceTempView(table)
    spark.sql(way.text).createOrReplaceTempView("found")
    return spark.sql("SELECT ask_id, COLLECT_LIST(STRUCT(*)) AS found FROM found AS one GROUP BY ask_id")


@dataclass
class Take:
    """Takes in the rows of files, in a worker of Spark."""

    policy: Policy
    other: Policy | None
    keyring: Keyring = field(repr=False)
    engine: EngineMaker | None
    files: tuple[SourceFile, ...]
    encoding: Encoding
    before: dict[int, int] = field(default_factory=dict)

    @property
    def schema(self) -> pa.Schema:
        """A row that was taken in with its keys, or a reject."""
        named = pa.field("named_keys", pa.list_(pa.struct(list(KEYS))))
        return pa.schema([*ROWS, named, *(one for one in REJECTS if one.name != "source_no")])

    def count(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """How many rows each file has."""
        for batch in batches:
            for number in batch["number"].to_pylist():
                rows = sum(1 for _ in raw_rows([self.files[number - 1]], self.encoding))
                yield pa.RecordBatch.from_pylist([{"number": number, "rows": rows}])

    def take(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows of each file, taken in."""
        intake = Intake(self.policy, self.other, self.keyring, self.engine)
        for batch in batches:
            for number in batch["number"].to_pylist():
                rows = raw_rows([self.files[number - 1]], self.encoding, self.before[number])
                for some in _pieces(rows):
                    yield self._together(intake.take(some))

    def _together(self, taken: Taken) -> pa.RecordBatch:
        keys: dict[int, list[dict[str, Any]]] = {}
        for key in taken.keys.to_pylist():
            keys.setdefault(key["source_no"], []).append(key)
        rows = [{**row, "named_keys": keys.get(row["source_no"], [])} for row in taken.rows.to_pylist()]
        return pa.RecordBatch.from_pylist([*rows, *taken.rejects.to_pylist()], self.schema)


def _pieces(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    some: list[RawRow] = []
    for row in rows:
        some.append(row)
        if len(some) == TAKEN_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


@dataclass
class Sit:
    """Judges rows, in a worker of Spark."""

    policy: Policy
    other: Policy | None
    keyring: Keyring = field(repr=False)
    imports: tuple[tuple[str, Any], ...]
    faces: str
    frauds: Mapping[int, tuple[tuple[int, int], ...]] = field(repr=False)
    engine: EngineMaker | None

    def judge(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The verdicts of these rows."""
        faces = pq.read_table(self.faces, schema=FACES)
        faces = faces.sort_by([("entry_no", "ascending"), ("role", "ascending")])
        known = Past(self.imports, FacesOfThePast(faces), self.frauds)
        bench = Bench(self.policy, self.other, self.keyring, known, self.engine)
        for batch in batches:
            answers = {name: _listed(batch[name]) for name in batch.schema.names if name not in ASKED_COLUMNS}
            asked = pa.Table.from_batches([batch.select(ASKED_COLUMNS)])
            yield bench.judged(Answered(asked, answers))


def _listed(found: pa.ListArray) -> pa.Table:
    """The rows that stand in lists, one below the other."""
    return pa.Table.from_struct_array(found.flatten())


def _none(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema)


def _ddl(spark: SparkSession, schema: pa.Schema) -> Any:
    """The same types in Spark's words."""
    del spark
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)
