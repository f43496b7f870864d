"""Files of rows, in CSV or Parquet: one row at a time, each as what it should be or as what is wrong with it.

CSV is UTF-8, with or without a byte order mark; GB18030 (and GBK, which it holds) is read where it is asked for and
never guessed: some texts are well-formed in both and say different things. The first line names the columns, in any
order, and then one row is one line of at most 4,096 bytes; a line on which nothing stands is passed over. Parquet
brings the names of its columns along, and its rows are counted from 1.

An empty field is one that is not given. A row that cannot be taken in is a `BadRow`, which says where and why and
never repeats a value. What is wrong with the names of the columns is a `BadHeader`, and then nothing of the file can
be taken in.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeVar

from pydantic import ConfigDict, ValidationError

from simkyc.application import Model
from simkyc.errors import InputError

__all__ = [
    "LONGEST_LINE",
    "BadHeader",
    "BadRow",
    "Encoding",
    "FileFormat",
    "ListRow",
    "Numbered",
    "bad_row",
    "columns_of",
    "csv_lines",
    "format_of",
    "header_fault",
    "numbered_rows",
]

LONGEST_LINE: Final = 4096
"""Bytes in one line of a list, the line break not counted."""

Encoding = Literal["utf-8", "gb18030"]
FileFormat = Literal["csv", "parquet"]


class ListRow(Model):
    """What all rows of lists share: a field is given by its own name, or by that of its column."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken in.

    Attributes:
        line: Its line in a CSV file, from 1, or its place in a Parquet file.
        column: The column at fault; None where it is the row as a whole.
        cause: A short stable word.
        advice: What to do about it. Never holds a value.
    """

    line: int
    column: str | None
    cause: str
    advice: str


@dataclass(frozen=True, slots=True)
class BadHeader(BadRow):
    """What is wrong with the columns of a file, in line 1 of CSV; 0 stands for those of Parquet."""


Row = TypeVar("Row", bound=ListRow)
Numbered = tuple[int, Row | BadRow]
"""A row with its line, or its place where there are no lines."""


@functools.cache
def columns_of(model: type[ListRow]) -> tuple[str, ...]:
    """The names that may stand in the header."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def format_of(path: str | Path, given: FileFormat | None) -> FileFormat:
    """Parquet if it is said, or else if the name ends in `.parquet`.

    Raises:
        InputError: There is no such format.
    """
    if given is None:
        return "parquet" if str(path).lower().endswith(".parquet") else "csv"
    if given not in ("csv", "parquet"):
        raise InputError("the format of a list is csv or parquet")
    return given


def numbered_rows(
    file: BinaryIO,
    model: type[Row],
    *,
    columns: tuple[str, ...] = (),
    encoding: Encoding = "utf-8",
    file_format: FileFormat = "csv",
) -> Iterator[Numbered[Row]]:
    """Read the rows of a file, one at a time.

    Args:
        file: Open for reading bytes; lines are numbered from where it stands.
        model: What a row should be.
        columns: What may stand in the header beside the columns of the model; it is not looked at.
        encoding: Encoding of CSV.
        file_format: CSV or Parquet.

    Yields:
        Each row with its place. Where the header is wrong, that and nothing more.

    Raises:
        OSError: The file cannot be read.
        InputError: It is no whole Parquet file, or Parquet cannot be read here.
    """
    if file_format == "parquet":
        from simkyc.lists.parquet import parquet_rows

        return parquet_rows(file, model, columns)
    return _csv_rows(file, model, columns, encoding)


def _csv_rows(
    file: BinaryIO, model: type[Row], columns: tuple[str, ...], encoding: Encoding
) -> Iterator[Numbered[Row]]:
    lines = csv_lines(file, encoding)
    first = next(lines, None)
    if first is None or (not isinstance(first, BadRow) and not any(first[1])):
        advice = f"the first line names the columns: {', '.join(columns_of(model))}"
        first = BadRow(1, None, "no_header", advice)
    header = first if isinstance(first, BadRow) else header_fault(first[1], model, columns, line=1)
    if header is not None:
        yield 1, BadHeader(header.line, header.column, header.cause, header.advice)
        return
    assert not isinstance(first, BadRow)
    wanted = [name if name in columns_of(model) else "" for name in first[1]]
    count = len(wanted)
    validate = model.__pydantic_validator__.validate_python
    for line in lines:
        if isinstance(line, BadRow):
            yield line.line, line
            continue
        number, fields = line
        if not any(fields):
            continue
        if len(fields) != count:
            yield number, BadRow(number, None, "fields", "the row has not as many fields as the header")
            continue
        try:
            row = validate(
                {name: field for name, field in zip(wanted, fields, strict=True) if field and name}
            )
        except ValidationError as error:
            yield number, bad_row(number, error)
        else:
            yield number, row


def header_fault(
    names: list[str], model: type[ListRow], columns: tuple[str, ...], *, line: int
) -> BadHeader | None:
    """What is wrong with the columns of a file for this kind of row, if anything."""
    known = columns_of(model)
    advice = f"the columns are {', '.join(known)}"
    # An unknown name is not repeated: without a header it is the first row's number.
    if not set(names) <= {*known, *columns}:
        return BadHeader(line, None, "unknown_column", advice)
    for name in (*known, *columns):
        if names.count(name) > 1:
            return BadHeader(line, name, "repeated_column", "the column is there twice")
    for name, field in zip(known, model.model_fields.values(), strict=True):
        if field.is_required() and name not in names:
            return BadHeader(line, name, "missing_column", advice)
    return None


def csv_lines(
    file: BinaryIO, encoding: Encoding, longest: int = LONGEST_LINE
) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Each line of CSV with its number, as fields without white space around them.

    Args:
        file: Open for reading bytes.
        encoding: Its encoding.
        longest: Bytes of a line at most, the line break not counted.
    """
    number = 0
    while line := file.readline(longest + 2):
        number += 1
        if len(line) <= longest or len(line.removesuffix(b"\n").removesuffix(b"\r")) <= longest:
            yield _fields(line, number, encoding)
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(1 << 16)
        yield BadRow(number, None, "line_too_long", f"no row has more than {longest} bytes")


def _fields(line: bytes, number: int, encoding: Encoding) -> tuple[int, list[str]] | BadRow:
    if b"\0" in line:
        return BadRow(number, None, "nul", "the line holds bytes of no text: save the file as CSV in UTF-8")
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        advice = f"the line is not in {encoding}: save the file as UTF-8, or give the encoding gb18030"
        return BadRow(number, None, "encoding", advice)
    if number == 1:
        text = text.removeprefix("\ufeff")
    bare = text.removesuffix("\n").removesuffix("\r")
    if '"' not in bare and "\r" not in bare:
        return number, [field.strip() for field in bare.split(",")]
    try:
        # A line at a time, so that a quote that never ends spoils its own row and no other.
        (fields,) = csv.reader([text], strict=True)
    except csv.Error:
        advice = (
            'a quote opens and closes a whole field, a quote inside is doubled (""), and a row is one line'
        )
        return BadRow(number, None, "quotes", advice)
    return number, [field.strip() for field in fields]


CAUSES: Final = {
    "missing": ("missing", "the field must not be empty"),
    "string_too_short": ("missing", "the field must not be empty"),
    "string_too_long": ("length", "at most 200 characters"),
    "string_pattern_mismatch": ("characters", "1 to 64 of A-Z a-z 0-9 . _ : / @ -"),
    "string_type": ("type", "the column must be text: as a number it loses digits"),
    "string_unicode": ("encoding", "the field is no Unicode text"),
    "literal_error": ("kind", "none of the words that this column takes"),
    "bool_parsing": ("flag", "give 1 or 0, true or false"),
    "bool_type": ("flag", "give 1 or 0, true or false"),
    "value_error": ("characters", "the field holds control characters"),
}
"""What pydantic's own causes are called here."""


def bad_row(line: int, error: ValidationError) -> BadRow:
    """What a row did not pass at, first of all."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    column = str(first["loc"][0]) if first["loc"] else None
    cause, advice = CAUSES.get(first["type"], (first["type"], first["msg"]))
    return BadRow(line, column, cause, advice)
