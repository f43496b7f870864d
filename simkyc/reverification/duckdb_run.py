"""A job on one machine: DuckDB asks the questions, processes look at photos and judge."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Final

import cv2
import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.history import existing_history
from simkyc.history.keys import Keyring
from simkyc.history.protocol import OpeningWindows
from simkyc.history.sql import SqlReader
from simkyc.history.statements import FOREVER, moment_of
from simkyc.lists.rows import BadRow
from simkyc.policy import Policy
from simkyc.reverification import past
from simkyc.reverification.answers import QUESTIONS, FacesOfThePast, Past, frauds_of, spans_of
from simkyc.reverification.history_copy import FACES, copy_history, table_schema
from simkyc.reverification.intake import KEYS, REJECTS, ROWS, Intake, Taken
from simkyc.reverification.job import EngineMaker, Job, Run, quoted, second_of, told
from simkyc.reverification.judging import ASKED_COLUMNS, Answered, Bench
from simkyc.reverification.pool import Pool
from simkyc.reverification.source import RawRow, raw_rows
from simkyc.reverification.verdict_rows import SCHEMA

__all__ = ["DuckdbRun"]

PART_ROWS: Final = 20_000
"""Rows of the source that are taken in between two files of the job."""
TASK_ROWS: Final = 256
TASK_BYTES: Final = 2**20
"""Rows, and bytes of their photos, that one process takes in at once."""
JUDGED_AT_ONCE: Final = 500
CHUNKS_AT_ONCE: Final = 20
"""Chunks that questions are asked for at once: each time all that they look back on is read again."""
NOT_ASKED: Final = " EXCLUDE (application_json, about_json, other_about_json, restriction_json, faces)"
"""What no question reads of who asks."""
NO_SECRET: Final = b"the keys of a job that leaves none"
"""Keys of a source that is its own past. They stand beside what they are made of, and leave with it when the job ends;
the same ones each time, so that what is made of them, too, is the same.
"""
DAY_S: Final = 86_400
DOUBLED: Final = "another row has this application_id and stands for both: see which is right"


class DuckdbRun(Run):
    """One run of a job; see `Run`."""

    def run(self) -> None:
        """Take in what is not taken in yet, and judge what is not judged yet."""
        with job_keyring(self._job) as (keyring, reader):
            self._take_in(keyring)
            with self.database() as database:
                self.prepare(database, reader)
                self._judge(database, keyring)

    # --- taking in ---------------------------------------------------------------------------------------------------

    def _take_in(self, keyring: Keyring) -> None:
        if self._workshop.has("taken"):
            return
        done = next(part for part in itertools.count() if not self._workshop.has(f"parts/{part:06d}"))
        rows = itertools.islice(raw_rows(self._files, self._job.encoding), done * PART_ROWS, None)
        pool: Pool[list[RawRow], Taken] = Pool(
            _take, (self._policy, self._other, keyring, self._job.faces), self._job.workers
        )
        with closing(pool):
            part, count = done, 0
            some: list[Taken] = []
            for taken in pool.map(_tasks(rows)):
                if self._job.strict:
                    _stop_at(taken.rejects)
                some.append(taken)
                count += taken.rows.num_rows + taken.rejects.num_rows
                self._progress("read", part * PART_ROWS + count, None)
                if count == PART_ROWS:
                    self._keep(part, some)
                    part, count, some = part + 1, 0, []
            if some or part == 0:
                self._keep(part, some)
        self._workshop.write("taken", b"")

    def _keep(self, part: int, some: Sequence[Taken]) -> None:
        for name, schema, batches in (
            ("rows", ROWS, [one.rows for one in some]),
            ("keys", KEYS, [one.keys for one in some]),
            ("rejects", REJECTS, [one.rejects for one in some]),
        ):
            self._workshop.write_table(f"{name}/{part:06d}.parquet", schema, batches)
        self._workshop.write(f"parts/{part:06d}", b"")

    # --- the past ----------------------------------------------------------------------------------------------------

    @contextmanager
    def database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The job's own database."""
        if not self._workshop.has("prepared"):
            # What a killed run began is begun anew: its parts are there.
            for left in self._workshop.folder.glob("past.duckdb*"):
                left.unlink()
        with (
            told("the past cannot be kept"),
            duckdb.connect(str(self._workshop.path("past.duckdb"))) as database,
        ):
            database.execute(f"SET memory_limit = '{self._job.memory_mb}MB'")
            if self._job.workers:
                database.execute(f"SET threads = {self._job.workers}")
            database.execute(f"SET temp_directory = '{quoted(self._workshop.path('spill'))}'")
            database.execute("SET preserve_insertion_order = false")
            yield database

    def prepare(self, database: duckdb.DuckDBPyConnection, reader: SqlReader | None) -> None:
        """Make the tables that are asked, and number who asks."""
        for name, part in (("every_row", "rows"), ("taken_key", "keys")):
            path = quoted(self._workshop.path(f"{part}/*.parquet"))
            database.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
        if self._workshop.has("prepared"):
            return
        database.execute(f"CREATE TABLE doubled AS {past.DOUBLES}")
        doubled = database.sql(
            'SELECT source_no, CAST(NULL AS VARCHAR) AS "where", \'application_id\' AS "column",'
            f" 'doubled' AS cause, '{DOUBLED}' AS advice FROM doubled ORDER BY source_no"
        )
        rows = _batches(doubled, REJECTS)
        if self._job.strict:
            stop_at_doubled(row["source_no"] for batch in rows for row in batch.to_pylist())
        self._workshop.write_table("rejects/doubled.parquet", REJECTS, rows)
        ((says,),) = database.execute(past.SAYS).fetchall()
        database.execute(f"CREATE VIEW taken AS {past.taken(says=says)}")
        if reader is None:
            self._past_of_source(database)
        else:
            self._past_of_history(database, reader)
        database.execute("CREATE OR REPLACE TEMP VIEW application AS FROM past_application")
        asked = past.ASKED_OF_SOURCE if reader is None else past.ASKED_OF_HISTORY
        database.execute(
            "CREATE TABLE every_asked AS SELECT * REPLACE"
            " (ROW_NUMBER() OVER (ORDER BY decided_at, application_id) - 1 AS ask_id)"
            f" FROM ({asked}) AS every_asked WHERE decided_at >= {second_of(self._job.since, 0)}"
            f" AND decided_at < {second_of(self._job.until, FOREVER)} ORDER BY ask_id"
        )
        database.execute("CREATE TEMP VIEW asked AS FROM every_asked")
        database.execute(f"CREATE TABLE every_asked_key AS {past.KEYS_OF_ASKED} ORDER BY ask_id")
        database.execute("DROP VIEW asked")
        database.execute("CHECKPOINT")
        self._workshop.write("prepared", b"")

    def _past_of_source(self, database: duckdb.DuckDBPyConnection) -> None:
        texts = past.PAST_OF_SOURCE
        for name in past.COPIED:
            if name not in texts:
                empty = table_schema(name).empty_table()
                database.register("empty", empty)
                database.execute(f"CREATE TABLE past_{name} AS SELECT * FROM empty")
                database.unregister("empty")
        database.execute(
            f"CREATE TABLE past_application AS SELECT * FROM ({texts['application']}) ORDER BY decided_at"
        )
        database.execute("CREATE TEMP VIEW application AS FROM past_application")
        database.execute(f"CREATE TABLE past_outcome AS {texts['outcome']}")
        # Who holds no number yet is asked for everybody at once: it depends on nothing else.
        database.execute(f"CREATE TEMP VIEW asked AS {past.ASKED_OF_SOURCE}")
        database.execute(f"CREATE TEMP VIEW ask AS {past.ASK}")
        question = QUESTIONS["active_numbers"].text
        database.execute(f"CREATE TABLE first_number AS {past.FIRST_NUMBERS.format(question=question)}")
        database.execute(
            f"CREATE TABLE past_shared_key AS SELECT * FROM ({texts['shared_key']}) ORDER BY decided_at"
        )
        for view in ("ask", "asked"):
            database.execute(f"DROP VIEW {view}")
        database.execute("DROP TABLE first_number")
        faces = (
            "SELECT application.entry_no, face.role AS role, face.engine_id AS engine_id,"
            " face.person_key AS person_key, face.sex AS sex, application.decided_at, face.vector AS vector,"
            " application.latitude_e6, application.longitude_e6"
            " FROM (SELECT application_id, UNNEST(faces) AS face FROM taken) AS kept"
            " JOIN past_application AS application USING (application_id)"
            " WHERE application.admitted_until IS NOT NULL AND application.released_at IS NULL"
            " ORDER BY entry_no, role"
        )
        self._workshop.write_table("faces.parquet", FACES, _batches(database.sql(faces), FACES))

    def _past_of_history(self, database: duckdb.DuckDBPyConnection, reader: SqlReader) -> None:
        copy_history(reader, self._workshop)
        for name in past.COPIED:
            path = quoted(self._workshop.path(f"past/{name}.parquet"))
            order = " ORDER BY decided_at" if name in ("application", "shared_key") else ""
            database.execute(f"CREATE TABLE past_{name} AS SELECT * FROM read_parquet('{path}'){order}")

    # --- judging -----------------------------------------------------------------------------------------------------

    def _judge(self, database: duckdb.DuckDBPyConnection, keyring: Keyring) -> None:
        total = self.asked(database)
        chunks = -(-total // self._job.chunk_rows)
        imports = tuple(
            (name, moment_of(second))
            for name, second in database.execute("SELECT list, imported_at FROM past_list_import").fetchall()
        )
        frauds = frauds_of(database.execute(past.FRAUDS).fetchall())
        faces = str(self._workshop.path("faces.parquet"))
        pool: Pool[Answered, pa.RecordBatch] = Pool(
            _sit,
            (self._policy, self._other, keyring, imports, faces, frauds, self._job.faces),
            self._job.workers,
        )
        with closing(pool):
            for first in range(0, chunks, CHUNKS_AT_ONCE):
                some = range(first, min(first + CHUNKS_AT_ONCE, chunks))
                due = [chunk for chunk in some if not self._workshop.has(_verdicts(chunk))]
                if due:
                    self.ask(database, range(due[0], due[-1] + 1), self._sides)
                for chunk in due:
                    done = chunk * self._job.chunk_rows
                    batches: list[pa.RecordBatch] = []
                    for judged in pool.map(_slices(self.answered(database, chunk, self._sides))):
                        batches.append(judged)
                        done += judged.num_rows
                        self._progress("judge", done, total)
                    self._workshop.write_table(_verdicts(chunk), SCHEMA, batches)
                self._progress("judge", min((some[-1] + 1) * self._job.chunk_rows, total), total)

    @staticmethod
    def asked(database: duckdb.DuckDBPyConnection) -> int:
        """How many ask."""
        ((total,),) = database.execute("SELECT COUNT(*) FROM every_asked").fetchall()
        return int(total)

    def ask(
        self,
        database: duckdb.DuckDBPyConnection,
        chunks: range,
        sides: Sequence[tuple[str, OpeningWindows]],
    ) -> None:
        """Make the table of every question's answers, for all who ask in these chunks."""
        within = f"ask_id >= {chunks.start * self._job.chunk_rows} AND ask_id < {chunks.stop * self._job.chunk_rows}"
        for table, columns in (("asked", NOT_ASKED), ("asked_key", "")):
            database.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT *{columns} FROM every_{table} WHERE {within}"
            )
        first, last = database.execute("SELECT MIN(decided_at), MAX(decided_at) FROM asked").fetchall()[0]
        # Answers are kept in the order of who asks, and read so without being sorted again.
        database.execute("SET preserve_insertion_order = true")
        for before, windows in sides:
            for name in QUESTIONS:
                _ask(database, name, f"answer_{before}{name}", windows, (first, last))

    def answered(
        self, database: duckdb.DuckDBPyConnection, chunk: int, sides: Sequence[tuple[str, OpeningWindows]]
    ) -> Answered:
        """The rows of one chunk in the order of their times, and the answers to every question that `ask` asked."""
        first = chunk * self._job.chunk_rows
        within = f"WHERE ask_id >= {first} AND ask_id < {first + self._job.chunk_rows}"

        def read(table: str, columns: str = "*") -> pa.Table:
            return database.sql(f"SELECT {columns} FROM {table} {within}").to_arrow_table()

        names = [f"{before}{name}" for before, _ in sides for name in QUESTIONS]
        return Answered(
            read("every_asked", ", ".join(ASKED_COLUMNS)), {name: read(f"answer_{name}") for name in names}
        )


@contextmanager
def job_keyring(job: Job) -> Iterator[tuple[Keyring, SqlReader | None]]:
    """The keys of the history, and one snapshot of it; or keys of the job's own.

    Raises:
        HistoryError: The history cannot be read.
        InputError: It has former secrets.
    """
    if job.history is None:
        yield Keyring(NO_SECRET), None
        return
    with closing(existing_history(job.history, secret=job.secret)) as history, history.read() as reader:
        if history.keyring.former:
            raise InputError(
                "a batch does not look for what is known under former secrets alone: see docs/reverify.md"
            )
        yield history.keyring, reader


def _ask(
    database: duckdb.DuckDBPyConnection,
    name: str,
    answer: str,
    windows: OpeningWindows,
    times: tuple[int, int],
) -> None:
    """Make the table of one question's answers."""
    back = max((window_s for _, window_s in spans_of(name, windows)), default=0)
    way = past.way_to_ask(name, windows)
    for view, sql in way.views.items():
        database.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {sql}")
    for table in past.COPIED:
        seen = _seen(name, table, way.bucket_s, (times[0] - back, times[1]))
        database.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {seen}")
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE {answer} AS SELECT * FROM ({way.text}) AS answer ORDER BY ask_id"
    )


def _seen(name: str, table: str, bucket_s: int | None, times: tuple[int, int]) -> str:
    """What a question can see of a table: where it looks back so far and no further, no more is read."""
    rows = f"past_{table}"
    if table not in ("application", "shared_key"):
        return f"SELECT * FROM {rows}"
    first, last = times
    within = f"decided_at <= {last}"
    if name in past.LOOKS_BACK:
        # Where full days are counted they end at midnight, up to a day before.
        within += f" AND decided_at >= {first - DAY_S}"
    if name == "neighbours":
        return f"{past.CARDS.format(application=rows)} AND {within}"
    if bucket_s is not None:
        return f"{past.bucketed(rows, bucket_s)} WHERE {within}"
    return f"SELECT * FROM {rows} WHERE {within}"


def _verdicts(chunk: int) -> str:
    return f"verdicts/{chunk:06d}.parquet"


def _slices(answered: Answered) -> Iterator[Answered]:
    """A few rows each, with the answers to them."""
    asks = answered.asked["ask_id"].to_numpy()
    edges = [int(asks[start]) for start in range(0, len(asks), JUDGED_AT_ONCE)]
    by_answer = {
        name: [*np.searchsorted(answer["ask_id"].to_numpy(), edges).tolist(), len(answer)]
        for name, answer in answered.answers.items()
    }
    for place, start in enumerate(range(0, len(asks), JUDGED_AT_ONCE)):
        yield Answered(
            answered.asked.slice(start, JUDGED_AT_ONCE),
            {
                name: answered.answers[name].slice(places[place], places[place + 1] - places[place])
                for name, places in by_answer.items()
            },
        )


def _tasks(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    """Rows in pieces that end where a part ends, small where photos are large."""
    some: list[RawRow] = []
    held = 0
    for place, row in enumerate(rows, 1):
        some.append(row)
        if not isinstance(row.cells, BadRow):
            held += sum(len(cell) for cell in row.cells.values() if isinstance(cell, bytes | str))
        if len(some) == TASK_ROWS or held > TASK_BYTES or place % PART_ROWS == 0:
            yield some
            some, held = [], 0
    if some:
        yield some


def _take(
    policy: Policy, other: Policy | None, keyring: Keyring, engine: EngineMaker | None
) -> Callable[[list[RawRow]], Taken]:
    """What a process takes rows in with."""
    if multiprocessing.parent_process() is not None:
        cv2.setNumThreads(1)  # the processes share the cores
    return Intake(policy, other, keyring, engine).take


def _sit(
    policy: Policy,
    other: Policy | None,
    keyring: Keyring,
    imports: tuple[tuple[str, datetime], ...],
    faces: str,
    frauds: Mapping[int, tuple[tuple[int, int], ...]],
    engine: EngineMaker | None,
) -> Callable[[Answered], pa.RecordBatch]:
    """What a process judges rows with."""
    known = Past(imports, FacesOfThePast(pq.read_table(faces, schema=FACES)), frauds)
    return Bench(policy, other, keyring, known, engine).judged


def stop_at_doubled(numbers: Iterable[int]) -> None:
    """Stop where a row stands for an application that another row stands for.

    Raises:
        InputError: There is one.
    """
    for number in numbers:
        raise InputError(f"row {number} of the source: application_id (doubled): {DOUBLED}")


def _stop_at(rejects: pa.RecordBatch) -> None:
    for row in rejects.slice(0, 1).to_pylist():
        column = row["column"] or "the row"
        raise InputError(f"{row['where']}: {column} ({row['cause']}): {row['advice']}")


def _batches(result: duckdb.DuckDBPyRelation, schema: pa.Schema) -> list[pa.RecordBatch]:
    table: pa.Table = result.to_arrow_table()
    batches: list[pa.RecordBatch] = table.cast(schema).to_batches()
    return batches
