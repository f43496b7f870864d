"""Who and what is listed: one row of a list, a list read from CSV, and what a listing says.

A list names people by a document they hold, or lost and stolen documents themselves (`lost_document`). It comes
as CSV: a header with the names of `COLUMNS` in any order, then one row a line, at most 4,096 bytes. `until` and
`silent_alert` may be left out or empty; a line on which nothing stands is passed over. The file is UTF-8, with or
without a byte order mark; GB18030 (and GBK, which it holds) is read where it is asked for and never guessed: some
texts are well-formed in both and say different things.

A row that cannot be taken in is a `BadRow`, which says where and why and never repeats a value.

>>> import io
>>> text = '''kind,number,list,source,basis,from,until
... resident_id,11010519491231002X,joint_punishment,MIIT,joint-punishment rules,2026-01-01,2027-12-31
... resident_id,110105194912310021,joint_punishment,MIIT,joint-punishment rules,2026-01-01,
... '''
>>> row, bad = read_watch_csv(io.BytesIO(text.encode()))
>>> row.since.isoformat(), row.until.isoformat()
('2025-12-31T16:00:00+00:00', '2027-12-31T16:00:00+00:00')
>>> bad.line, bad.column, bad.cause
(3, 'number', 'checksum')
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, BinaryIO, Final, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from simkyc.application import Identifier, Model, Text
from simkyc.errors import NumberError
from simkyc.numbers import documents

__all__ = [
    "CHINA",
    "COLUMNS",
    "JOINT_PUNISHMENT",
    "LONGEST_LINE",
    "LOST_DOCUMENT",
    "OPERATOR_BLACKLIST",
    "BadRow",
    "Encoding",
    "Listing",
    "UnwatchReport",
    "WatchEntryRow",
    "WatchReport",
    "WatchRow",
    "read_unwatch_csv",
    "read_watch_csv",
]

JOINT_PUNISHMENT: Final = "joint_punishment"
OPERATOR_BLACKLIST: Final = "operator_blacklist"
LOST_DOCUMENT: Final = "lost_document"
"""The one list that names documents and not people."""

CHINA: Final = timezone(timedelta(hours=8))
"""A date without a time is that day here."""

LONGEST_LINE: Final = 4096
"""Bytes in one line of a list, the line break not counted."""

Encoding = Literal["utf-8", "gb18030"]

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""What every database and `datetime` hold in every zone; later is as good as without end."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One entry of a list that holds for somebody at the moment that was asked about.

    Attributes:
        list: Which list.
        source: Who keeps it.
        basis: The rule it rests on.
        since: From when it holds.
        until: Until when it holds; None without end.
        silent_alert: Whether a hit is to be told to security staff, and to nobody at the counter.
    """

    list: str
    source: str
    basis: str
    since: datetime
    until: datetime | None
    silent_alert: bool


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken in.

    Attributes:
        line: Its line in the file, from 1; 1 is the header, and then nothing of the file can be.
        column: The column at fault; None where it is the row as a whole.
        cause: A short stable word.
        advice: What to do about it. Never holds a value.
    """

    line: int
    column: str | None
    cause: str
    advice: str


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What putting rows on their lists did.

    Attributes:
        import_id: Stands in the history beside every entry that was added or changed.
        added: Entries that are new.
        changed: Entries whose basis, end or silent alert is another now.
        unchanged: Entries that were there just so.
        bad: Rows that were skipped.
    """

    import_id: str
    added: int
    changed: int
    unchanged: int
    bad: int


@dataclass(frozen=True, slots=True)
class UnwatchReport:
    """What taking rows off their lists did.

    Attributes:
        removed: Entries that were there.
        bad: Rows that were skipped.
    """

    removed: int
    bad: int


def _moment(value: object, *, ends: bool) -> datetime | None:
    """A time with its zone, in UTC and whole seconds; a date is that day in China."""
    if isinstance(value, str):
        value = _read_moment(value)
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PydanticCustomError("zone", "give the time its zone, such as 2026-11-02T10:00:00+08:00")
    elif isinstance(value, date):
        value = _day(value, ends=ends)
    else:
        raise PydanticCustomError("date", DATE_ADVICE)
    try:
        moment = value.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise PydanticCustomError("date", DATE_ADVICE) from None
    if moment < EARLIEST:
        raise PydanticCustomError("date", DATE_ADVICE)
    return min(moment, LATEST)


DATE_ADVICE = "give a date such as 2026-11-02, or a time such as 2026-11-02T10:00:00+08:00, not before 1970"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _read_moment(text: str) -> date:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date", DATE_ADVICE) from None


def _day(day: date, *, ends: bool) -> datetime:
    # A list that ends on a day still holds on that day.
    last = ends and day < date.max
    return datetime.combine(day + timedelta(days=1) if last else day, time(), CHINA)


class WatchRow(Model):
    """Whose entry on which list: enough to take it off again.

    Attributes:
        kind: Kind of the document.
        number: Its number; kept in the one spelling that `simkyc.numbers` gives it.
        list: `joint_punishment`, `operator_blacklist`, `lost_document`, or a name of your own.
        source: Who keeps the list.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)
    shown = ("kind", "list", "source")

    kind: documents.DocumentKind
    number: Text
    list: Identifier
    source: Text

    @field_validator("number")
    @classmethod
    def _is_of_its_kind(cls, number: str, known: ValidationInfo) -> str:
        if "kind" not in known.data:
            return number
        try:
            return documents.validate(known.data["kind"], number)
        except NumberError as error:
            raise PydanticCustomError(
                error.cause,
                "no number of this kind: compare it with the source, and keep the column as text, "
                "because spreadsheets round long numbers",
            ) from None

    @property
    def identity(self) -> tuple[str, str]:
        """Whom the document names, as `simkyc.numbers.documents` says: a namespace and a number."""
        identity = documents.identity(self.kind, self.number)
        assert identity is not None, "a valid number names somebody"
        return identity


class WatchEntryRow(WatchRow):
    """One entry of a list.

    Attributes:
        basis: The rule it rests on, in short.
        since: From when it holds, `from` in a file. A date is the first moment of that day in China (+08:00).
        until: Until when; a date is the last moment of that day in China. None without end.
        silent_alert: Whether a hit is to be told to security staff, and to nobody at the counter.
    """

    basis: Text
    since: Annotated[datetime, BeforeValidator(lambda value: _moment(value, ends=False))] = Field(
        alias="from"
    )
    until: Annotated[datetime | None, BeforeValidator(lambda value: _moment(value, ends=True))] = None
    silent_alert: bool = False

    @field_validator("until")
    @classmethod
    def _is_after_its_beginning(cls, until: datetime | None, known: ValidationInfo) -> datetime | None:
        since = known.data.get("since")
        if until is not None and since is not None and until <= since:
            raise PydanticCustomError("until_before_from", "the entry would end before it begins")
        return until


Row = TypeVar("Row", bound=WatchRow)

COLUMNS: Final = tuple(field.alias or name for name, field in WatchEntryRow.model_fields.items())
"""What may stand in the header."""


def read_watch_csv(file: BinaryIO, *, encoding: Encoding = "utf-8") -> Iterator[WatchEntryRow | BadRow]:
    """Read the entries of a list, one at a time.

    Args:
        file: Open for reading bytes; lines are numbered from where it stands.
        encoding: `utf-8`, or `gb18030` for a list that a Chinese spreadsheet wrote.

    Yields:
        Each row as an entry, or as what is wrong with it. Where the header is wrong, that and nothing more.

    Raises:
        OSError: The file cannot be read.
    """
    return _rows(file, WatchEntryRow, encoding)


def read_unwatch_csv(file: BinaryIO, *, encoding: Encoding = "utf-8") -> Iterator[WatchRow | BadRow]:
    """Read whom to take off which list: as `read_watch_csv`, but only the first four of `COLUMNS` are looked at."""
    return _rows(file, WatchRow, encoding)


def _rows(file: BinaryIO, model: type[Row], encoding: Encoding) -> Iterator[Row | BadRow]:
    lines = _lines(file, encoding)
    first = next(lines, BadRow(1, None, "no_header", HEADER_ADVICE))
    header = first if isinstance(first, BadRow) else _header(first[1], model)
    if isinstance(header, BadRow):
        yield header
        return
    for line in lines:
        if isinstance(line, BadRow):
            yield line
            continue
        number, fields = line
        if not any(fields):
            continue
        if len(fields) != len(header):
            yield BadRow(number, None, "fields", "the row has not as many fields as the header")
            continue
        try:
            yield model.model_validate(
                {name: field for name, field in zip(header, fields, strict=True) if field and name}
            )
        except ValidationError as error:
            yield _bad_row(number, error)


HEADER_ADVICE = f"the first line names the columns: {', '.join(COLUMNS)}"


def _header(fields: list[str], model: type[WatchRow]) -> list[str] | BadRow:
    """The columns in their order, with nothing for those that are not looked at."""
    wanted = {field.alias or name: field for name, field in model.model_fields.items()}
    if not any(fields):
        return BadRow(1, None, "no_header", HEADER_ADVICE)
    # An unknown name is not repeated: without a header it is the first row's number.
    if not set(fields) <= set(COLUMNS):
        return BadRow(1, None, "unknown_column", HEADER_ADVICE)
    for name in COLUMNS:
        if fields.count(name) > 1:
            return BadRow(1, name, "repeated_column", "the column is there twice")
    for name, field in wanted.items():
        if field.is_required() and name not in fields:
            return BadRow(1, name, "missing_column", HEADER_ADVICE)
    return [name if name in wanted else "" for name in fields]


def _lines(file: BinaryIO, encoding: Encoding) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Each line with its number, as fields without white space around them."""
    number = 0
    while line := file.readline(LONGEST_LINE + 2):
        number += 1
        if len(line.removesuffix(b"\n").removesuffix(b"\r")) <= LONGEST_LINE:
            yield _fields(line, number, encoding)
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(1 << 16)
        yield BadRow(number, None, "line_too_long", f"no row has more than {LONGEST_LINE} bytes")


def _fields(line: bytes, number: int, encoding: Encoding) -> tuple[int, list[str]] | BadRow:
    if b"\0" in line:
        return BadRow(number, None, "nul", "the line holds bytes of no text: save the file as CSV in UTF-8")
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        advice = f"the line is not in {encoding}: save the file as UTF-8, or say that it is in gb18030"
        return BadRow(number, None, "encoding", advice)
    if number == 1:
        text = text.removeprefix("\ufeff")
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
    "literal_error": ("kind", "no kind of document that simkyc knows"),
    "bool_parsing": ("flag", "give 1 or 0, true or false"),
    "value_error": ("characters", "the field holds control characters"),
}
"""What pydantic's own causes are called here."""


def _bad_row(line: int, error: ValidationError) -> BadRow:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    column = str(first["loc"][0]) if first["loc"] else None
    cause, advice = CAUSES.get(first["type"], (first["type"], first["msg"]))
    return BadRow(line, column, cause, advice)
