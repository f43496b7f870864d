"""Usage records to features: for all numbers as a table, or for one number as a value."""

from __future__ import annotations

import dataclasses
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import pyarrow as pa
from pyarrow import parquet as pq
from pydantic import Field

from simkyc.application import Model
from simkyc.errors import InputError
from simkyc.history.keys import Keyring
from simkyc.lists.rows import Encoding
from simkyc.reverification.job import told
from simkyc.usage.duckdb_features import DIALECT, ask, features_by_duckdb, fixed, small_tables
from simkyc.usage.flat import usage_of_row
from simkyc.usage.intake import REJECTS, Checker, Zone, is_store, take_in
from simkyc.usage.number import NumberUsage
from simkyc.usage.questions import FEATURES, OF_ALL, RECORDS
from simkyc.usage.read_message import MessageReader
from simkyc.usage.record_columns import KEY, KINDS, RecordKind, store_schema
from simkyc.usage.record_files import Hasher, Some, record_paths
from simkyc.usage.window import UsageWindow

__all__ = ["CallRecord", "FeatureRun", "Made", "MessageRecord", "PlaceRecord", "feature_table", "usage_of"]

FIRST_REJECTS: Final = 20


class FeatureRun(Model):
    """What a table of features is made of.

    Attributes:
        sources: A file, a quoted pattern or a folder of CSV or Parquet for each kind that there is.
        since: Start of the window.
        until: Its end, which does not belong to it.
        outages: From when until when the network, or the writing of records, was down.
        engine: `duckdb` on this machine, or `spark`.
        secret: Hashes what is in the clear, at least 16 bytes; None where everything was hashed before.
        encoding: Of CSV.
        bulk_tacs: First digits of type allocation codes that are listed as bulk-SIM equipment; None without a list.
        store: A folder to make, in which the records are kept as they were taken in; None to forget them.
        memory_mb: What the engine may use; DuckDB goes to disk beyond.
        threads: How many; None for as many as there are processors.
    """

    sources: Mapping[RecordKind, str] = Field(min_length=1)
    since: datetime
    until: datetime
    outages: tuple[tuple[datetime, datetime], ...] = ()
    engine: Literal["duckdb", "spark"] = "duckdb"
    secret: bytes | None = Field(default=None, repr=False)
    encoding: Encoding = "utf-8"
    bulk_tacs: tuple[str, ...] | None = None
    store: Path | None = None
    memory_mb: int = Field(default=2048, ge=128)
    threads: int | None = Field(default=None, ge=1, le=512)


class Reject(Model):
    """A row that was set aside; it never says what stood there.

    Attributes:
        kind: Of record.
        where: File and line, or row in Parquet.
        column: At fault; None where it is the row as a whole.
        cause: A short stable word.
        advice: What to do about it.
    """

    kind: RecordKind
    where: str
    column: str | None
    cause: str
    advice: str


class Made(Model):
    """What came of a run.

    Attributes:
        numbers: Rows of the table.
        taken: Records of each kind that were taken in.
        aside: Records of each kind that were set aside.
        rejects: The first of these; all stand in the store's `rejects.parquet`.
    """

    numbers: int
    taken: Mapping[RecordKind, int]
    aside: Mapping[RecordKind, int]
    rejects: tuple[Reject, ...] = ()


def feature_table(
    run: FeatureRun,
    out: Path,
    *,
    zone: Zone | None = None,
    reader: MessageReader | None = None,
    progress: Callable[[RecordKind, int], None] | None = None,
) -> Made:
    """Make the table of features of every number that has a record in the window.

    The same records give the same table, in whatever order and files they come, and however often each is there.

    Args:
        run: What of.
        out: The file to write, in Parquet: `number` and the columns of `simkyc.usage.flat.table_schema`.
        zone: Of times that have none; without it such rows are set aside.
        reader: Reads texts of messages; None and they are not read.
        progress: Told how many rows of a kind were read.

    Raises:
        InputError: A source cannot be read or lacks a column, a column in the clear has no secret to hash it with, or
            the window ends before it begins.
        SimkycError: No memory or space is left, or Spark is not there.
    """
    window = UsageWindow(run.since, run.until, run.outages)
    if not out.absolute().parent.is_dir():
        raise InputError("the table is to be in a folder that is not there: make it first")
    # Beside the table, and not where temporary files of all users are.
    with (
        told("features cannot be written"),
        tempfile.TemporaryDirectory(dir=out.parent, prefix=".usage-") as folder,
    ):
        scratch = Path(folder)
        files, made = _taken(run, scratch, zone, reader, progress)
        work = scratch / "work"
        work.mkdir()
        draft = scratch / secrets.token_hex(4)
        numbers = _engine(run)(
            files, window, draft, work, bulk_tacs=run.bulk_tacs, memory_mb=run.memory_mb, threads=run.threads
        )
        draft.replace(out)
    return Made(numbers=numbers, **made)


def _engine(run: FeatureRun) -> Callable[..., int]:
    if run.engine == "duckdb":
        return features_by_duckdb
    from simkyc.usage.spark_features import features_by_spark

    return features_by_spark


def _taken(
    run: FeatureRun,
    scratch: Path,
    zone: Zone | None,
    reader: MessageReader | None,
    progress: Callable[[RecordKind, int], None] | None,
) -> tuple[dict[RecordKind, Sequence[Path]], dict[str, Any]]:
    """The files of each kind in a store, which is made of what is none yet."""
    files: dict[RecordKind, Sequence[Path]] = {
        kind: record_paths(source, kind) for kind, source in run.sources.items()
    }
    ready = [kind for kind in files if run.store is None and is_store(files[kind], kind)]
    taken = {kind: sum(pq.read_metadata(path).num_rows for path in files[kind]) for kind in ready}
    aside: dict[RecordKind, int] = dict.fromkeys(files, 0)
    store = run.store or scratch / "store"
    try:
        store.mkdir(mode=0o700)
    except FileExistsError:
        raise InputError("the store is there already: name a folder that is to be made") from None
    hasher = Hasher(None if run.secret is None else Keyring(run.secret), reader)
    others = {kind: source for kind, source in run.sources.items() if kind not in ready}
    counts = take_in(others, store, hasher=hasher, zone=zone, encoding=run.encoding, progress=progress)
    for kind, (rows, bad) in counts.items():
        files[kind], taken[kind], aside[kind] = sorted((store / kind).glob("*.parquet")), rows, bad
    with pq.ParquetFile(store / "rejects.parquet") as opened:
        first = next(opened.iter_batches(FIRST_REJECTS), REJECTS.empty_table())
    rejects = tuple(Reject(**row) for row in first.to_pylist())
    return files, {"taken": taken, "aside": aside, "rejects": rejects}


# --- one number ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    device_key: str | None = None
    tac: str | None = None
    cell: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    region: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord(_Seen):
    """One call; columns as in docs/usage-records.md, everything hashed."""

    counterpart_key: str
    direction: Literal["out", "in"]
    began_at: datetime
    duration_s: int | None = None
    answered: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord(_Seen):
    """One message, its text read before or not at all; columns as in docs/usage-records.md."""

    counterpart_key: str
    direction: Literal["out", "in"]
    sent_at: datetime
    template: str | None = None
    category: str | None = None
    lexicon: str | None = None
    has_link: bool | None = None
    has_contact: bool | None = None
    is_evasive: bool | None = None
    classifier: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRecord(_Seen):
    """One sighting; columns as in docs/usage-records.md."""

    seen_at: datetime


def usage_of(
    number: str,
    window: UsageWindow,
    *,
    calls: Sequence[CallRecord] | pa.Table | None = None,
    messages: Sequence[MessageRecord] | pa.Table | None = None,
    places: Sequence[PlaceRecord] | pa.Table | None = None,
    bulk_tacs: Sequence[str] | None = None,
    hasher: Hasher | None = None,
    zone: Zone | None = None,
) -> NumberUsage:
    """What the records of one number say, by the same questions as the table of all.

    Args:
        number: Its keyed hash.
        window: In which is counted.
        calls: Its calls, as records or as a table of their columns; None where none are kept, which is not the same as
            none.
        messages: Its messages, likewise.
        places: Where it was seen, likewise.
        bulk_tacs: First digits of type allocation codes that are listed as bulk-SIM equipment.
        hasher: Hashes what is in the clear in a table, and reads texts.
        zone: Of times that have none.

    Raises:
        InputError: A record cannot be what it claims, or is another number's.

    >>> from datetime import UTC
    >>> day = UsageWindow(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC))
    >>> call = CallRecord(counterpart_key="b" * 64, direction="out", began_at=datetime(2026, 6, 1, 3, tzinfo=UTC))
    >>> found = usage_of("a" * 64, day, calls=[call, call])
    >>> found.calls.outgoing, found.calls.talk_s, found.messages
    (1, None, None)
    """
    if not re.fullmatch(KEY, number):
        raise InputError("the number is no key: it is hashed, as in the records")
    given: dict[RecordKind, Sequence[Any] | pa.Table] = {
        kind: rows for kind, rows in zip(KINDS, (calls, messages, places), strict=True) if rows is not None
    }
    says = {**DIALECT, **fixed(window, list(given), tacs_listed=bulk_tacs is not None, all_at_hand=False)}
    # Memory is enough for one number, and no thread of its own: the counter has other work for them.
    with duckdb.connect(config={"threads": 1}) as database:
        checker = Checker(database, zone)
        tables = small_tables(window, bulk_tacs)
        for kind in KINDS:
            tables[f"{kind.removesuffix('s')}_record"] = (
                _checked(checker, kind, number, given[kind], hasher or Hasher(None))
                if kind in given
                else store_schema(kind).empty_table()
            )
        for name, table in tables.items():
            database.register(name, table)
        # It has a row whether or not it has a record.
        asked = {**RECORDS, "number": f"SELECT HASH('{number}') AS number_no, '{number}' AS number"}
        for name, text in {**asked, **OF_ALL}.items():
            database.execute(f"CREATE TEMP TABLE {name} AS {text.format(**says)}")
        ask(database, says)
        (row,) = database.sql(FEATURES.format(**says)).to_arrow_table().to_pylist()
    since, until = window.seconds
    return usage_of_row(
        {**row, "about_since": since, "about_until": until, "about_outage_hours": window.outage_hours}
    )


def _checked(
    checker: Checker, kind: RecordKind, number: str, rows: Sequence[Any] | pa.Table, hasher: Hasher
) -> pa.Table:
    if not isinstance(rows, pa.Table):
        schema = store_schema(kind)
        told_as = [
            {name: _second(value) for name, value in dataclasses.asdict(row).items()} | {"number_key": number}
            for row in rows
        ]
        try:
            rows = pa.Table.from_pylist(told_as, schema)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            raise InputError(f"one of the {kind} holds another type than its column takes") from None
    if "number_key" not in rows.schema.names and "number" not in rows.schema.names:
        rows = rows.append_column("number_key", pa.array([number] * rows.num_rows, pa.string()))
    found = []
    before = 0
    for batch in rows.combine_chunks().to_batches():
        places = pa.array(range(before + 1, before + 1 + batch.num_rows), pa.int64())
        before += batch.num_rows
        some = Some(1, in_lines=False, rows=hasher.hashed(batch.append_column("place", places), kind))
        taken, rejects = checker.checked(some, kind)
        if rejects:
            first = rejects[0]
            row, column = first["where"].removeprefix("file 1 "), first["column"] or "the row"
            raise InputError(f"{kind}, {row}: {column} ({first['cause']}): {first['advice']}")
        found.append(taken)
    whole = pa.concat_tables(found) if found else store_schema(kind).empty_table()
    if set(whole.column("number_key").unique().to_pylist()) - {number}:
        raise InputError(f"one of the {kind} is another number's")
    return whole


def _second(value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError("a time of a record has no zone")
        return int(value.timestamp() // 1)
    return value
