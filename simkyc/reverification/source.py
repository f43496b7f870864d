"""Reading a source: files of past applications, one row at a time, each with where it stands.

CSV and Parquet as for lists; JSON Lines is UTF-8, one object a line. Rows are numbered over all files, which are read
in the order of their names. What is wrong with a file as a whole stops everything: openings that nobody read would be
missing from the past of every other.
"""

from __future__ import annotations

import difflib
import glob
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.lists.rows import BadRow, Encoding, csv_lines
from simkyc.reverification.columns import COLUMNS

__all__ = ["RawRow", "SourceFile", "SourceFormat", "find_files", "paths_of", "raw_rows", "unread"]

SourceFormat = Literal["csv", "jsonl", "parquet"]

SUFFIXES: Final[Mapping[str, SourceFormat]] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
NEAR_ENOUGH: Final = 0.75
"""So alike the name of a column is to the one it seems to be meant for."""
LONGEST_NAME: Final = 100
LONGEST_LINE: Final = 64 * 2**20
"""Bytes of a line, which may hold photos in base64."""
ROWS_AT_ONCE: Final = 2048
PHOTOS_AT_ONCE: Final = 64
PARTITION: Final = re.compile(r"([A-Za-z_]\w*)=([^/\\]*)")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: its place among all, and what the names of its folders say of every row in it."""

    number: int
    path: Path
    format: SourceFormat
    cells: Mapping[str, str]
    names: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"SourceFile({self.number}, {self.format})"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in a file, not looked at yet.

    Attributes:
        source_no: Its place over all files, from 1.
        file: The number of its file.
        place: Its line, or its row in Parquet, from 1.
        cells: What stands in its columns, or what is wrong with the row.
        folder: Where its file lies, from which paths of photos are meant.
        in_lines: Whether the file has lines.
    """

    source_no: int
    file: int
    place: int
    cells: Mapping[str, Any] | BadRow
    folder: str
    in_lines: bool


def find_files(
    source: str, file_format: SourceFormat | None = None, encoding: Encoding = "utf-8"
) -> tuple[SourceFile, ...]:
    """The files of a source, each looked at so far that its columns are known.

    Args:
        source: A file, a pattern such as `openings/*.csv`, or a folder with all below it, whose folders may be called
            `column=value`.
        file_format: What the files are; None to go by their names.
        encoding: Encoding of CSV.

    Raises:
        InputError: There is no such file, it is none of these formats, or its columns do not fit.
    """
    paths = paths_of(source, "applications")
    files = []
    for number, path in enumerate(paths, 1):
        kind = file_format or SUFFIXES.get(path.suffix.lower())
        if kind is None or kind not in get_args(SourceFormat):
            raise InputError(
                "a source is CSV, JSON Lines or Parquet: name files .csv, .jsonl or .parquet, or say which"
            )
        named = {
            key: value for part in path.parts for key, value in PARTITION.findall(part) if key in COLUMNS
        }
        file = SourceFile(number, path, kind, named)
        files.append(SourceFile(number, path, kind, named, _checked_names(file, encoding)))
    return tuple(files)


def paths_of(source: str, what: str) -> list[Path]:
    """The files of a source in the order of their names; in a folder those with a suffix of a source.

    Args:
        source: A file, a pattern, or a folder with all below it.
        what: What they hold, for who reads that there are none.

    Raises:
        InputError: There is none.
    """
    try:
        path = Path(source)
        if path.is_dir():
            found = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
            found = [
                one
                for one in found
                if not any(part.startswith(("_", ".")) for part in one.relative_to(path).parts)
            ]
        elif glob.has_magic(source) and not path.exists():
            found = sorted(Path(one) for one in glob.glob(source, recursive=True) if Path(one).is_file())  # noqa: PTH207  # the pattern may be absolute
        else:
            found = [path] if path.is_file() else []
    except (OSError, ValueError):
        found = []
    if not found:
        raise InputError(f"there is no file of {what} under SOURCE: see its name")
    return found


def _checked_names(file: SourceFile, encoding: Encoding) -> tuple[str, ...]:
    """The names of a file's columns.

    Raises:
        InputError: They cannot be read, stand twice, lack one that is needed, or hold what does not fit.
    """
    where = f"file {file.number} of the source"
    try:
        match file.format:
            case "parquet":
                names = _parquet_names(file, where)
            case "csv":
                names = _csv_names(file, where, encoding)
            case _:
                # Every line names its own; the first tells what the others may be expected to.
                first = next((cells for _, cells in _json_rows(file)), None)
                return _apart(list(first) if isinstance(first, Mapping) else [], file, where)
    except OSError:
        raise InputError(f"{where} cannot be read: see its rights") from None
    twice = sorted({name for name in names if names.count(name) > 1 and name in COLUMNS})
    if twice:
        raise InputError(f"{where} has a column twice: {', '.join(twice)}")
    missing = [one.name for one in COLUMNS.values() if one.required and one.name not in {*names, *file.cells}]
    if missing:
        raise InputError(
            f"{where} lacks columns: {', '.join(missing[:8])}" + (" and more" if len(missing) > 8 else "")
        )
    return _apart(names, file, where)


def _apart(names: list[str], file: SourceFile, where: str) -> tuple[str, ...]:
    """Names of columns that no folder gives too.

    Raises:
        InputError: A folder gives one of them.
    """
    both = sorted({*names} & {*file.cells})
    if both:
        raise InputError(
            f"{where} has a column that the name of its folder gives too ({', '.join(both)}): take one of them away"
        )
    return tuple(names)


def unread(files: Iterable[SourceFile]) -> tuple[int, tuple[str, ...]]:
    """How many columns of these files are not known, and which known ones they seem to be meant for.

    Their own names are not told: where a header is missing they are somebody's data.
    """
    names = {name for file in files for name in file.names if name not in COLUMNS}
    there = {name for file in files for name in (*file.names, *file.cells)}
    free = [name for name in COLUMNS if name not in there]
    near = {
        name
        for one in names
        for name in difflib.get_close_matches(_spelled(one), free, n=1, cutoff=NEAR_ENOUGH)
    }
    return len(names), tuple(sorted(near))


def _spelled(name: str) -> str:
    """As columns are spelled: `openedAt` and `Opened At` as `opened_at`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[ .-]+", "_", name[:LONGEST_NAME]).lower()


def _csv_names(file: SourceFile, where: str, encoding: Encoding) -> list[str]:
    with file.path.open("rb") as opened:
        first = next(csv_lines(opened, encoding, LONGEST_LINE), None)
    if isinstance(first, BadRow):
        raise InputError(f"{where} has no header ({first.cause}): {first.advice}")
    return [] if first is None else first[1]


def _parquet_names(file: SourceFile, where: str) -> list[str]:
    with _parquet(file) as opened:
        arrow = opened.schema_arrow
    for name, kind in zip(arrow.names, arrow.types, strict=True):
        if name in COLUMNS and not _fits(name, kind):
            raise InputError(
                f"{where} has in {name} what does not fit ({kind}): it is {WANTED[COLUMNS[name].kind]}"
            )
    return list(arrow.names)


WANTED: Final = {
    "text": "text, for as a number it loses digits",
    "json": "JSON as text",
    "path": "text",
    "day": "a date, or text YYYY-MM-DD",
    "moment": "a timestamp with its zone, or text with it",
    "number": "a number",
    "whole": "a whole number",
    "photo": "bytes",
    "template": "bytes",
}


def _fits(name: str, kind: pa.DataType) -> bool:
    of = pa.types
    if of.is_dictionary(kind):
        kind = kind.value_type
    text = of.is_string(kind) or of.is_large_string(kind) or of.is_string_view(kind)
    match COLUMNS[name].kind:
        case "text" | "json" | "path":
            fits = text
        case "day":
            fits = text or of.is_date(kind)
        case "moment":
            fits = text or (of.is_timestamp(kind) and kind.tz is not None)
        case "number":
            fits = text or of.is_floating(kind) or of.is_integer(kind) or of.is_decimal(kind)
        case "whole":
            fits = text or of.is_integer(kind)
        case _:
            fits = (
                of.is_binary(kind)
                or of.is_large_binary(kind)
                or of.is_binary_view(kind)
                or of.is_fixed_size_binary(kind)
            )
    return bool(fits or of.is_null(kind))


def _parquet(file: SourceFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file.path)
    except (pa.ArrowException, OSError, ValueError):
        raise InputError(
            f"file {file.number} of the source is no whole Parquet file: take it from its source again"
        ) from None


def raw_rows(files: Iterable[SourceFile], encoding: Encoding = "utf-8", before: int = 0) -> Iterator[RawRow]:
    """Every row of these files.

    Args:
        files: The files.
        encoding: Encoding of CSV.
        before: How many rows the files before them have.

    Raises:
        InputError: A file is damaged further down.
    """
    source_no = before
    for file in files:
        folder = str(file.path.parent)
        for place, cells in _rows(file, encoding):
            source_no += 1
            given: Mapping[str, Any] | BadRow = cells
            if not isinstance(cells, BadRow):
                given = {
                    **file.cells,
                    **{name: cell for name, cell in cells.items() if _is_given(name, cell)},
                }
            in_lines = file.format != "parquet"
            yield RawRow(source_no, file.number, place, given, folder, in_lines)


def _rows(file: SourceFile, encoding: Encoding) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:
    try:
        match file.format:
            case "parquet":
                yield from _parquet_rows(file)
            case "csv":
                yield from _csv_rows(file, encoding)
            case _:
                yield from _json_rows(file)
    except (OSError, pa.ArrowException):
        raise InputError(
            f"file {file.number} of the source is damaged: take it from its source again"
        ) from None


def _parquet_rows(file: SourceFile) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:
    wanted = [name for name in file.names if name in COLUMNS]
    photos = any(COLUMNS[name].kind == "photo" for name in wanted)
    place = 0
    with _parquet(file) as opened:
        for batch in opened.iter_batches(PHOTOS_AT_ONCE if photos else ROWS_AT_ONCE, columns=wanted):
            for cells in _dicts(batch):
                place += 1
                yield place, cells


def _dicts(batch: pa.RecordBatch) -> Iterator[Mapping[str, Any] | BadRow]:
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError, UnicodeDecodeError):
        # One cell of the batch is no text, or a time that cannot be: look at them one by one.
        for place in range(batch.num_rows):
            try:
                yield from batch.slice(place, 1).to_pylist()
            except (ValueError, OverflowError, UnicodeDecodeError):
                yield BadRow(
                    0, None, "value", "a cell of the row is no text in UTF-8, or no date that can be"
                )


def _csv_rows(file: SourceFile, encoding: Encoding) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:
    wanted = [name if name in COLUMNS else "" for name in file.names]
    with file.path.open("rb") as opened:
        lines = csv_lines(opened, encoding, LONGEST_LINE)
        next(lines, None)
        for line in lines:
            if isinstance(line, BadRow):
                yield line.line, line
            elif any(line[1]):
                number, fields = line
                if len(fields) != len(wanted):
                    yield (
                        number,
                        BadRow(number, None, "fields", "the row has not as many fields as the header"),
                    )
                else:
                    yield number, dict(zip(wanted, fields, strict=True))


def _json_rows(file: SourceFile) -> Iterator[tuple[int, Mapping[str, Any] | BadRow]]:
    with file.path.open("rb") as opened:
        number = 0
        while line := opened.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = opened.readline(1 << 16)
                yield (
                    number,
                    BadRow(number, None, "line_too_long", f"no row has more than {LONGEST_LINE} bytes"),
                )
                continue
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (ValueError, RecursionError):
                yield number, BadRow(number, None, "json", "the line is no JSON in UTF-8")
                continue
            if isinstance(cells, dict):
                yield number, cells
            else:
                yield number, BadRow(number, None, "json", "the line is no JSON object")


def _is_given(name: str, cell: Any) -> bool:
    return name in COLUMNS and cell is not None and cell != ""
