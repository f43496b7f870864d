"""Tables of features: one row a number, in CSV (also gzipped) or Parquet.

Columns that are no features: `label` (1 fraud, 0 honest), `number` (the caller's own key, hashed), and `group` (rows of
one owner or case, which no fold divides), and those that begin with `about_`. All others are numbers, or true and
false; an empty field is a value that nobody knows, and stays so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute as pc
from pyarrow import csv as pa_csv
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.usage.model_file import MOST_FEATURES

__all__ = ["FeatureTable", "batches", "read_table", "sha256_of"]

KEYS: Final = ("label", "number", "group")
ABOUT: Final = "about_"
"""Before the names of what is no feature."""
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
MOST_CELLS: Final = 2**28
"""Of a table that is held in memory: 2 GiB."""
ROWS_AT_ONCE: Final = 1 << 16
BLOCK: Final = 1 << 23
"""Bytes of CSV that are looked at together; no row is longer."""
CSV, PARQUET = (".csv", ".csv.gz"), ".parquet"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """A table in memory.

    Attributes:
        names: Of the features, in alphabetical order.
        values: float64 (n, features); NaN where a value is missing.
        label: int8 (n,), 1 fraud and 0 honest.
        group: int64 (n,), numbered from 0; rows of one group belong together.
        flags: Of the features, those that are true or false.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    label: NDArray[np.int8]
    group: NDArray[np.int64]
    flags: frozenset[str]


def sha256_of(path: Path) -> str:
    """Of a file's bytes.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        raise InputError("the table cannot be read: see its name and rights") from None


def read_table(path: Path, *, drop: Collection[str] = (), names: Sequence[str] | None = None) -> FeatureTable:
    """Read a labelled table.

    Args:
        path: A name in .csv, .csv.gz or .parquet.
        drop: Columns to leave out.
        names: The features that are wanted; None for all that are there.

    Raises:
        InputError: It cannot be read, is too large, lacks a column, or a column holds what it may not.
    """
    there = _names(path)
    unknown = sorted(set(drop) - set(there))
    if unknown:
        raise InputError("the table has no column that is to be left out under one of these names")
    if "label" not in there:
        raise InputError("the table has no column label: 1 is fraud, 0 is honest")
    wanted = _wanted(there, names, drop)
    labels: list[NDArray[np.float64]] = []
    keys: list[pa.Array] = []
    parts: list[NDArray[np.float64]] = []
    key = next((name for name in ("group", "number") if name in there), None)
    rows = 0
    flags: frozenset[str] = frozenset(wanted)
    for batch in _read(path, there, [*wanted, "label"], [key] if key else []):
        rows += batch.num_rows
        if rows * len(wanted) > MOST_CELLS:
            raise InputError(f"the table is too large: {MOST_CELLS:,} values at most; take a sample")
        parts.append(_matrix(batch, wanted))
        labels.append(_cells(batch, "label"))
        flags &= frozenset(name for place, name in enumerate(wanted) if _two_values(parts[-1][:, place]))
        if key:
            keys.append(batch.column(key))
    if not rows:
        raise InputError("the table has no rows")
    label = np.concatenate(labels)
    if not np.isin(label, (0, 1)).all():
        raise InputError("the column label holds something else than 1 for fraud and 0 for honest")
    return FeatureTable(
        names=wanted,
        values=np.concatenate(parts),
        label=label.astype(np.int8),
        group=_groups(keys, rows),
        flags=flags,
    )


def batches(path: Path, names: Sequence[str]) -> Iterator[tuple[pa.Array, NDArray[np.float64]]]:
    """A table's numbers and features, some thousand rows at a time.

    Args:
        path: A name in .csv, .csv.gz or .parquet.
        names: The features that are wanted, all of which must be there.

    Yields:
        The column `number` as text, and float64 (rows, features).

    Raises:
        InputError: As `read_table`.
    """
    there = _names(path)
    if "number" not in there:
        raise InputError("the table has no column number: the key under which a score is found again")
    _wanted(there, names, ())
    for batch in _read(path, there, list(names), ["number"]):
        if batch.column("number").null_count:
            raise InputError("the column number is empty in a row")
        yield batch.column("number"), _matrix(batch, names)


def _wanted(there: Sequence[str], names: Sequence[str] | None, drop: Collection[str]) -> tuple[str, ...]:
    if names is None:
        names = sorted(name for name in there if name not in (*KEYS, *drop) and not name.startswith(ABOUT))
        if not all(NAME.fullmatch(name) for name in names):
            raise InputError(
                "a column's name is no name of a feature: it begins with a letter and has letters, digits and _"
            )
        if not 1 <= len(names) <= MOST_FEATURES:
            raise InputError(f"a table has 1 to {MOST_FEATURES} features")
    missing = [name for name in names if name not in there]
    if missing:
        more = " and more" if len(missing) > 8 else ""
        raise InputError(f"the table lacks features of the model: {', '.join(missing[:8])}{more}")
    return tuple(names)


def _names(path: Path) -> list[str]:
    with _told(()):
        if path.name.lower().endswith(PARQUET):
            names = list(pq.read_schema(path).names)
        elif path.name.lower().endswith(CSV):
            with (
                pa.input_stream(str(path), compression="detect") as file,
                pa_csv.open_csv(file, _reading()) as reader,
            ):
                names = list(reader.schema.names)
        else:
            raise InputError("a table is CSV or Parquet: call it .csv, .csv.gz or .parquet")
    if len(set(names)) != len(names):
        raise InputError("the table has a column twice")
    return names


def _reading() -> pa_csv.ReadOptions:
    # One thread keeps rows in their order and a fault in the first row that has one.
    return pa_csv.ReadOptions(use_threads=False, block_size=BLOCK)


def _read(path: Path, there: Sequence[str], numbers: list[str], texts: list[str]) -> Iterator[pa.RecordBatch]:
    """Rows with these columns of a file that has those, as float64 and as text."""
    order = [*numbers, *texts]
    with _told(there):
        if path.name.lower().endswith(PARQUET):
            with pq.ParquetFile(path) as opened:
                for batch in opened.iter_batches(ROWS_AT_ONCE, columns=order):
                    yield _as_asked(batch, numbers, texts)
            return
        converting = pa_csv.ConvertOptions(
            column_types={name: pa.float64() for name in numbers} | {name: pa.string() for name in texts},
            include_columns=order,
            # Of numbers alone: a key may be called NA.
            null_values=["", "NA", "NaN", "nan", "null", "NULL", "None"],
        )
        with (
            pa.input_stream(str(path), compression="detect") as file,
            pa_csv.open_csv(file, _reading(), convert_options=converting) as reader,
        ):
            for batch in reader:
                yield _as_asked(batch, numbers, texts)


def _as_asked(batch: pa.RecordBatch, numbers: list[str], texts: list[str]) -> pa.RecordBatch:
    arrays = []
    for name in numbers:
        array = batch.column(batch.schema.get_field_index(name))
        kind = array.type
        of = pa.types
        if of.is_boolean(kind):
            array = array.cast(pa.int8())
        elif not (of.is_integer(kind) or of.is_floating(kind) or of.is_decimal(kind) or of.is_null(kind)):
            raise _no_numbers(name)
        arrays.append(array.cast(pa.float64(), safe=False))
    for name in texts:
        array = batch.column(batch.schema.get_field_index(name))
        of = pa.types
        if not (of.is_string(array.type) or of.is_large_string(array.type) or of.is_integer(array.type)):
            raise InputError(f"the column {name} is neither text nor whole numbers")
        text = array.cast(pa.string())
        arrays.append(pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text))
    return pa.RecordBatch.from_arrays(arrays, names=[*numbers, *texts])


@contextmanager
def _told(columns: Sequence[str]) -> Iterator[None]:
    """What Arrow raises, as what the caller can do about it, without the value that it repeats.

    Args:
        columns: Of the file, in its order.
    """
    try:
        yield
    except pa.ArrowInvalid as error:
        place = re.match(r"In CSV column #(\d+)", str(error))
        if place and int(place[1]) < len(columns):
            raise _no_numbers(columns[int(place[1])]) from None
        raise InputError(
            "the table cannot be read: it is no whole CSV in UTF-8 or Parquet, or a row has too few or too many fields"
        ) from None
    except (pa.ArrowException, UnicodeError):
        raise InputError("the table cannot be read: it holds what no table of features does") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "the table cannot be read: see its name and rights, and whether it is whole"
        ) from None


def _no_numbers(name: str) -> InputError:
    return InputError(f"the column {name} holds something else than numbers: leave it out with --drop")


def _matrix(batch: pa.RecordBatch, names: Sequence[str]) -> NDArray[np.float64]:
    matrix = np.empty((batch.num_rows, len(names)))
    for place, name in enumerate(names):
        matrix[:, place] = _cells(batch, name)
        if np.isinf(matrix[:, place]).any():
            raise InputError(f"the column {name} holds a number without end")
    return matrix


def _cells(batch: pa.RecordBatch, name: str) -> NDArray[np.float64]:
    column: Any = batch.column(batch.schema.get_field_index(name))
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64)


def _two_values(column: NDArray[np.float64]) -> bool:
    return bool(np.isin(column[~np.isnan(column)], (0, 1)).all())


def _groups(keys: list[pa.Array], rows: int) -> NDArray[np.int64]:
    """Rows numbered by their key; a row without one stands alone."""
    if not keys:
        return np.arange(rows)
    coded = pa.chunked_array(keys).combine_chunks().dictionary_encode()
    codes = pc.fill_null(coded.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    alone = codes < 0
    codes[alone] = len(coded.dictionary) + np.arange(int(alone.sum()))
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)
