"""Taking usage records in: rows in, and out the same as they are kept, or what is wrong with them.

DuckDB looks at every cell, by one table of columns. What is kept is a folder of Parquet for each kind, a usage store,
which is itself a source that needs no second look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.lists.rows import Encoding
from simkyc.reverification.job import told
from simkyc.usage.record_columns import RECORD_COLUMNS, RecordColumn, RecordKind, store_schema
from simkyc.usage.record_files import NO_KEY, Hasher, Some, read_batches, record_paths

__all__ = ["REJECTS", "Checker", "Zone", "is_store", "take_in", "zone_of"]

MARK: Final = b"simkyc.usage.records"
VERSION: Final = b"1"
"""Of the form of a usage store, in the metadata of each of its files."""
FILE_ROWS: Final = 1 << 23
EARLIEST: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
LATEST: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
"""Times of records; milliseconds that pass for seconds lie beyond."""

REJECTS: Final = pa.schema([(name, pa.string()) for name in ("kind", "where", "column", "cause", "advice")])

ADVICE: Final[Mapping[str, str]] = {
    "missing": "the field must not be empty",
    "no_number": "a number has 2 to 20 digits, with + first where it is from abroad; keep the column as text",
    "no_imei": "a network reports 14 to 16 digits; keep the column as text",
    "no_key": "a key has 24 to 128 characters of A-Z a-z 0-9 _ + / = -; a number in the clear has its own column",
    "zone": "a time needs its zone, such as +08:00; or say in which zone all are (--zone)",
    "time": "a time is YYYY-MM-DDThh:mm:ss with its zone, or whole epoch seconds, from 2000 to 2099",
    "negative": "no call is shorter than nothing: see how the field is filled",
    "range": "the value lies beyond what can be",
    "number": "the field must be a number",
    "flag": "give 1 or 0, true or false",
    "word": "the field holds something else than the words or digits that this column takes",
    "own_number": "the counterpart is the number itself",
    "half_position": "latitude and longitude are given together or not at all",
    "type": "the column holds another type than this one takes",
}

Zone = ZoneInfo | timezone


def zone_of(text: str | None) -> Zone | None:
    """The zone that times without one are in: an offset such as +08:00, or a name such as Asia/Shanghai.

    Raises:
        InputError: It is neither.

    >>> zone_of("+08:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    """
    if text is None:
        return None
    if offset := re.fullmatch(r"([+-])([01][0-9]):([0-5][0-9])", text):
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError("--zone takes an offset such as +08:00, or a name such as Asia/Shanghai") from None


@dataclass
class Checker:
    """Looks at rows with a database of its own.

    Args:
        database: Any connection; nothing stays in it.
        zone: Of times without one; None where they are set aside.
    """

    database: duckdb.DuckDBPyConnection
    zone: Zone | None = None

    def checked(self, some: Some, kind: RecordKind) -> tuple[pa.Table, list[dict[str, Any]]]:
        """The rows as they are kept, and those that are set aside, by the names of `REJECTS`.

        Raises:
            InputError: A column holds a type that it cannot.
        """
        rows = some.rows
        found = pa.table([_plain(column) for column in rows.columns], rows.schema.names)
        self.database.register("given_rows", found)
        try:
            checked: pa.Table = self.database.sql(self._text(rows.schema, kind)).to_arrow_table()
        except duckdb.Error:
            # It repeats what stands in the cell.
            raise InputError(f"file {some.file} of the {kind} holds what no record does") from None
        finally:
            self.database.unregister("given_rows")
        fault = checked.column("fault")
        if fault.null_count == checked.num_rows:
            rejects = []
        else:
            bad = checked.filter(fault.is_valid()).select(["place", "fault"]).to_pylist()
            rejects = [self._reject(some, kind, row["place"], *row["fault"].split("|")) for row in bad]
            checked = checked.filter(fault.is_null())
        rejects += [
            _reject(some, kind, one.line, one.column or "", one.cause, one.advice) for one in some.bad
        ]
        return checked.select(store_schema(kind).names).cast(store_schema(kind)), rejects

    def _reject(self, some: Some, kind: RecordKind, place: int, column: str, cause: str) -> dict[str, Any]:
        # What was hashed on reading has in the file the name of what is in the clear.
        return _reject(some, kind, place, some.clear.get(column, column), cause, ADVICE[cause])

    def _text(self, schema: pa.Schema, kind: RecordKind) -> str:
        """Each column's value, and the first fault of the row."""
        values, faults = [], []
        for column in RECORD_COLUMNS[kind].values():
            if column.known_as:
                continue
            if column.name not in schema.names:
                values.append(f"CAST(NULL AS {SQL[column.kind]}) AS {column.name}")
                continue
            reading = self._reading(column, schema.field(column.name).type)
            values.append(f"{reading.value} AS {column.name}")
            faults += [f"WHEN {when} THEN '{column.name}|{cause}'" for when, cause in reading.faults]
        more = [
            "WHEN (latitude IS NULL) <> (longitude IS NULL) THEN 'latitude|half_position'",
            *(
                ["WHEN number_key = counterpart_key THEN 'counterpart|own_number'"]
                if kind != "places"
                else []
            ),
        ]
        later = f"CASE {' '.join(more)} END"
        first = f"CASE {' '.join(faults)} END" if faults else "NULL"
        return (
            f"SELECT * EXCLUDE (first_fault), COALESCE(first_fault, {later}) AS fault"
            f" FROM (SELECT place, {', '.join(values)}, {first} AS first_fault FROM given_rows) AS looked_at"
        )

    def _reading(self, column: RecordColumn, kind: pa.DataType) -> _Reading:
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        name = f"given_rows.{column.name}"
        text = any(
            fits(kind) for fits in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
        )
        if pa.types.is_null(kind):
            return _Reading(
                f"CAST(NULL AS {SQL[column.kind]})", [("TRUE", "missing")] if column.needed else []
            )
        raw = f"NULLIF(TRIM({name}), '')" if text else name
        try:
            reading = READINGS[column.kind](column, kind, raw, text, self.zone)
        except LookupError:
            raise InputError(f"the column {column.name} holds a type that it cannot ({kind})") from None
        if column.needed:
            reading.faults.insert(0, (f"{raw} IS NULL", "missing"))
        return reading


def _reject(some: Some, kind: RecordKind, place: int, column: str, cause: str, advice: str) -> dict[str, Any]:
    where = f"file {some.file} {'line' if some.in_lines else 'row'} {place}"
    return {"kind": kind, "where": where, "column": column or None, "cause": cause, "advice": advice}


# --- how a cell is read ----------------------------------------------------------------------------------------------


@dataclass
class _Reading:
    """SQL of a value, and of what may be wrong with it, each with its cause."""

    value: str
    faults: list[tuple[str, str]] = field(default_factory=list)


SQL: Final = {
    "key": "VARCHAR",
    "text": "VARCHAR",
    "moment": "BIGINT",
    "seconds": "BIGINT",
    "flag": "BOOLEAN",
    "degrees": "DOUBLE",
}
MADE: Final = {"number_key": "no_number", "counterpart_key": "no_number", "device_key": "no_imei"}


def _plain(column: pa.Array) -> pa.Array:
    """The same in a type that DuckDB reads without a fault: of a time the count of its units."""
    of, kind = pa.types, column.type
    if of.is_timestamp(kind):
        return column.cast(pa.int64())
    if of.is_float16(kind) or of.is_decimal(kind):
        return column.cast(pa.float64(), safe=False)
    return column


def _text_read(column: RecordColumn, kind: pa.DataType, raw: str, text: bool, zone: Zone | None) -> _Reading:
    del kind, zone
    if not text:
        raise LookupError
    value = f"LOWER({raw})" if column.name in ("direction", "category") else raw
    pattern = (column.pattern or ".*").replace("'", "''")
    faults = [(f"NOT REGEXP_FULL_MATCH({value}, '{pattern}')", "no_key" if column.kind == "key" else "word")]
    if column.name in MADE:
        faults.insert(0, (f"{raw} = '{NO_KEY}'", MADE[column.name]))
    return _Reading(value, faults)


OFFSET: Final = r"([Zz]|[+-](0\d|1[0-5])(:?[0-5]\d)?)"
UNITS: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
DAY_TIME: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"


def _moment_read(
    column: RecordColumn, kind: pa.DataType, raw: str, text: bool, zone: Zone | None
) -> _Reading:
    del column
    of = pa.types
    faults: list[tuple[str, str]] = []
    if of.is_integer(kind):
        value = f"TRY_CAST({raw} AS BIGINT)"
    elif of.is_timestamp(kind):
        value = f"({raw} // {UNITS[kind.unit]})"
        if kind.tz is None:
            in_reach = f"CASE WHEN {value} BETWEEN 0 AND {2 * LATEST} THEN {value} * 1000000 END"
            value = _in_zone(f"MAKE_TIMESTAMP({in_reach})", zone)
    elif text:
        naive = f"REGEXP_FULL_MATCH({raw}, '{DAY_TIME}')"
        known = f"REGEXP_FULL_MATCH({raw}, '{DAY_TIME}{OFFSET}')"
        # DuckDB wants the offset in one form.
        formed = (
            f"REGEXP_REPLACE(REGEXP_REPLACE({raw}, '[Zz]$', '+00:00'), '([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2')"
        )
        value = (
            f"CASE WHEN REGEXP_FULL_MATCH({raw}, '\\d{{1,12}}') THEN TRY_CAST({raw} AS BIGINT)"
            f" WHEN {known} THEN CAST(FLOOR(EPOCH(TRY_CAST({formed} AS TIMESTAMPTZ))) AS BIGINT)"
            f" WHEN {naive} THEN {_in_zone(f'TRY_CAST({raw} AS TIMESTAMP)', zone)} END"
        )
        if zone is None:
            faults.append((naive, "zone"))
    else:
        raise LookupError
    if zone is None and of.is_timestamp(kind) and kind.tz is None:
        faults.append((f"{raw} IS NOT NULL", "zone"))
    faults.append((f"COALESCE({value} NOT BETWEEN {EARLIEST} AND {LATEST - 1}, TRUE)", "time"))
    return _Reading(value, faults)


def _in_zone(stamp: str, zone: Zone | None) -> str:
    if zone is None:
        return "CAST(NULL AS BIGINT)"
    if isinstance(zone, ZoneInfo):
        return f"CAST(FLOOR(EPOCH(TIMEZONE('{zone.key}', {stamp}))) AS BIGINT)"
    seconds = int(zone.utcoffset(None).total_seconds())
    return f"CAST(FLOOR(EPOCH({stamp})) AS BIGINT) - ({seconds})"


def _number_read(
    column: RecordColumn, kind: pa.DataType, raw: str, text: bool, zone: Zone | None
) -> _Reading:
    del zone
    of, most = pa.types, column.most
    if not (text or of.is_integer(kind) or of.is_floating(kind) or of.is_decimal(kind)):
        raise LookupError
    plain = (
        f"CASE WHEN REGEXP_FULL_MATCH({raw}, '[+-]?\\d{{1,18}}(\\.\\d{{1,18}})?') THEN {raw} END"
        if text
        else raw
    )
    number = f"TRY_CAST({plain} AS DOUBLE)"
    faults = [(f"{raw} IS NOT NULL AND NOT COALESCE(ISFINITE({number}), FALSE)", "number")]
    if column.kind == "degrees":
        faults.append((f"ABS({number}) > {most}", "range"))
        return _Reading(number, faults)
    faults += [(f"{number} < 0", "negative"), (f"{number} > {most}", "range")]
    return _Reading(f"TRY_CAST(ROUND({number}) AS BIGINT)", faults)


def _flag_read(column: RecordColumn, kind: pa.DataType, raw: str, text: bool, zone: Zone | None) -> _Reading:
    del column, zone
    if pa.types.is_boolean(kind):
        return _Reading(raw)
    if text:
        words = f"LOWER({raw})"
    elif pa.types.is_integer(kind):
        words = f"CAST({raw} AS VARCHAR)"
    else:
        raise LookupError
    value = f"CASE WHEN {words} IN ('1', 'true') THEN TRUE WHEN {words} IN ('0', 'false') THEN FALSE END"
    return _Reading(value, [(f"{raw} IS NOT NULL AND ({value}) IS NULL", "flag")])


READINGS: Final[Mapping[str, Callable[..., _Reading]]] = {
    "key": _text_read,
    "text": _text_read,
    "moment": _moment_read,
    "seconds": _number_read,
    "degrees": _number_read,
    "flag": _flag_read,
}


# --- a store ---------------------------------------------------------------------------------------------------------


def is_store(paths: Iterable[Path], kind: RecordKind) -> bool:
    """Whether all these files are a usage store of this kind, and so were looked at before."""
    return all(path.suffix.lower() == ".parquet" and _marked(path, kind) for path in paths)


def _marked(path: Path, kind: RecordKind) -> bool:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError):
        return False
    wanted = store_schema(kind)
    return (
        (schema.metadata or {}).get(MARK) == VERSION
        and schema.names == wanted.names
        and schema.types == wanted.types
    )


def take_in(
    sources: Mapping[RecordKind, str],
    store: Path,
    *,
    hasher: Hasher,
    zone: Zone | None = None,
    encoding: Encoding = "utf-8",
    progress: Callable[[RecordKind, int], None] | None = None,
) -> dict[RecordKind, tuple[int, int]]:
    """Make a usage store of files.

    Args:
        sources: A file, a pattern or a folder for each kind that there is.
        store: A folder that is there; `calls`, `messages` and `places` are made in it, and `rejects.parquet`.
        hasher: Hashes what is in the clear, and reads texts.
        zone: Of times that have none; without it they are set aside.
        encoding: Of CSV.
        progress: Told how many rows of a kind were read.

    Returns:
        How many rows of each kind were taken in, and how many were set aside.

    Raises:
        InputError: A source cannot be read, or lacks a column.
        SimkycError: No space is left.
    """
    counts: dict[RecordKind, tuple[int, int]] = {}
    with (
        told("the usage store cannot be written"),
        duckdb.connect() as database,
        pq.ParquetWriter(store / "rejects.parquet", REJECTS, compression="zstd") as rejected,
    ):
        checker = Checker(database, zone)
        for kind, source in sources.items():
            folder = store / kind
            folder.mkdir()
            taken = aside = 0
            with _Parts(folder, kind) as parts:
                for number, path in enumerate(record_paths(source, kind), 1):
                    for some in read_batches(path, number, kind, hasher, encoding):
                        rows, rejects = checker.checked(some, kind)
                        parts.write(rows)
                        if rejects:
                            rejected.write_table(pa.Table.from_pylist(rejects, REJECTS))
                        taken, aside = taken + rows.num_rows, aside + len(rejects)
                        if progress is not None:
                            progress(kind, taken + aside)
            counts[kind] = (taken, aside)
    return counts


class _Parts:
    """Writes rows into files of a size that is read at once."""

    def __init__(self, folder: Path, kind: RecordKind) -> None:
        self._folder, self._schema = folder, store_schema(kind).with_metadata({MARK: VERSION})
        self._writer: pq.ParquetWriter | None = None
        self._rows = self._count = 0

    def __enter__(self) -> _Parts:
        self._next()
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def _next(self) -> None:
        if self._writer is not None:
            self._writer.close()
        path = self._folder / f"{self._count:06d}.parquet"
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows, self._count = 0, self._count + 1

    def write(self, rows: pa.Table) -> None:
        if self._rows >= FILE_ROWS:
            self._next()
        assert self._writer is not None, "it is open"
        self._writer.write_table(rows.replace_schema_metadata(self._schema.metadata))
        self._rows += rows.num_rows
