"""Who and what is listed: one row of a list, a list read from a file, and what a listing says.

A list names people by a document they hold, or lost and stolen documents themselves (`lost_document`). `until` and
`silent_alert` may be left out or empty.

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

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, BinaryIO, Final

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from simkyc.application import Identifier, Text
from simkyc.errors import NumberError
from simkyc.lists.rows import BadRow, Encoding, ListRow, columns_of, numbered_rows
from simkyc.numbers import documents

__all__ = [
    "CHINA",
    "COLUMNS",
    "JOINT_PUNISHMENT",
    "LOST_DOCUMENT",
    "OPERATOR_BLACKLIST",
    "Listed",
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


class WatchRow(ListRow):
    """Whose entry on which list: enough to take it off again.

    Attributes:
        kind: Kind of the document.
        number: Its number; kept in the one spelling that `simkyc.numbers` gives it.
        list: `joint_punishment`, `operator_blacklist`, `lost_document`, or a name of your own.
        source: Who keeps the list.
    """

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


class Listed(ListRow):
    """What an entry of a list says.

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


class WatchEntryRow(Listed, WatchRow):
    """One entry of a list of people or documents: the fields of `WatchRow` and of `Listed`."""


COLUMNS: Final = columns_of(WatchEntryRow)
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
    return (row for _, row in numbered_rows(file, WatchEntryRow, encoding=encoding))


def read_unwatch_csv(file: BinaryIO, *, encoding: Encoding = "utf-8") -> Iterator[WatchRow | BadRow]:
    """Read whom to take off which list: as `read_watch_csv`, but only the first four of `COLUMNS` are looked at."""
    return (row for _, row in numbered_rows(file, WatchRow, columns=COLUMNS, encoding=encoding))
