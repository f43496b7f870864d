"""Files of usage records, some thousand rows at a time, with everything in the clear already hashed.

CSV is read as lists are, Parquet with its columns in any order; others than those of records are not looked at. A
telephone number, an IMEI or a text never leaves this file: keys and what a reader makes of a text stand in their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import phonenumbers
import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import parquet as pq

from simkyc.errors import InputError, NumberError
from simkyc.history.keys import Keyring
from simkyc.lists.rows import BadRow, Encoding, csv_lines
from simkyc.numbers import imei, msisdn
from simkyc.reverification.source import paths_of
from simkyc.usage.read_message import MessageReader
from simkyc.usage.record_columns import RECORD_COLUMNS, WORD, RecordKind, hashed_as

__all__ = ["Hasher", "Some", "line_key", "read_batches", "record_paths"]

ROWS_AT_ONCE: Final = 1 << 17
TEXTS_AT_ONCE: Final = 4096
LONGEST_LINE: Final = 16_384
"""Bytes of a line: a long message has some thousand."""
KNOWN_LINES: Final = 1 << 20
"""Numbers whose keys are remembered: most of them come again and again."""
NO_KEY: Final = "!"
"""Stands for a key where what was to be hashed is no number: nothing that is a key looks like it."""
SERVICE: Final = re.compile(r"[+*#]{0,2}[0-9]{2,20}#?")
SENDER: Final = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z][0-9A-Za-z ._&-]{1,10}")
"""A sender in letters (3GPP TS 23.040), as messages from abroad have it."""
QUICK: Final = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
"""Most numbers: they need no library."""
TEXT_TYPES: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


@dataclass(frozen=True, slots=True)
class Some:
    """Some rows of a file.

    Attributes:
        file: The number of the file, from 1.
        in_lines: Whether it has lines.
        rows: Columns of records, nothing in the clear, and `place`, int64: the line, or the row from 1.
        bad: Rows that could not be read.
        clear: Columns that were hashed on reading, with the names that they have in the file.
    """

    file: int
    in_lines: bool
    rows: pa.RecordBatch
    bad: tuple[BadRow, ...] = ()
    clear: Mapping[str, str] = field(default_factory=dict)


def record_paths(source: str, kind: RecordKind) -> list[Path]:
    """The files of a source, of CSV and Parquet.

    Raises:
        InputError: There are none, or some of another format.
    """
    paths = paths_of(source, kind)
    if any(path.suffix.lower() not in (".csv", ".parquet") for path in paths):
        raise InputError("usage records are CSV or Parquet: name files .csv or .parquet")
    return paths


def line_key(number: str, keyring: Keyring) -> str:
    """The key of who stands at one end of a call: a mobile number, or any other by what can be read of it.

    Landlines, service numbers and numbers abroad are kept too; of each the spellings of E.164 and of China are one.

    Raises:
        NumberError: It is no number that can be called, and no sender of a message.

    >>> ring = Keyring(b"an example, not a secret")
    >>> line_key("138 0013 8000", ring) == line_key("+8613800138000", ring) == ring.msisdn("+8613800138000")
    True
    >>> line_key("021-62221234", ring) == line_key("+862162221234", ring)
    True
    >>> line_key("10086", ring) == ring.msisdn("10086")
    True
    """
    return keyring.msisdn(_line(number))


def _line(number: str) -> str:
    if quick := QUICK.fullmatch(number):
        return f"+86{quick[1]}"
    try:
        return msisdn.validate(number)
    except NumberError:
        pass
    sender = SENDER.fullmatch(number.strip())
    bare = number.strip() if sender else msisdn.compact(number)
    if not sender and not SERVICE.fullmatch(bare):
        raise NumberError("shape", "a number has 2 to 20 digits, with + first where it is from abroad")
    if sender or len(bare) < 7:
        return bare.upper()
    try:
        parsed = phonenumbers.parse(bare, "CN")
    except phonenumbers.NumberParseException:
        return bare
    if not phonenumbers.is_valid_number(parsed):
        return bare
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@dataclass(slots=True)
class Hasher:
    """Puts keys in the place of what is in the clear.

    Args:
        keyring: The deployment's; None where everything was hashed before.
        reader: Reads texts; None where they are not read.
    """

    keyring: Keyring | None = field(repr=False)
    reader: MessageReader | None = None
    _key: Callable[[str], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._key = lru_cache(KNOWN_LINES)(self._line_key)

    def _line_key(self, number: str) -> str:
        assert self.keyring is not None, "what is in the clear was refused without a secret"
        try:
            return line_key(number, self.keyring)
        except NumberError:
            return NO_KEY

    def _own_key(self, number: str) -> str:
        """Who is only a name has no card."""
        return NO_KEY if SENDER.fullmatch(number) else self._key(number)

    def hashed(self, rows: pa.RecordBatch, kind: RecordKind) -> pa.RecordBatch:
        """The same rows with nothing in the clear.

        Raises:
            InputError: There is no secret to hash with, or a column in the clear is no text.
        """
        columns = dict(zip(rows.schema.names, rows.columns, strict=True))
        for name in hashed_as(kind):
            if name not in columns:
                continue
            clear = columns.pop(name)
            if name == "text":
                columns |= self._read(_as_text(clear, name), columns)
                continue
            if self.keyring is None:
                raise InputError(
                    f"the column {name} is in the clear: give the secret it is hashed with (SIMKYC_SECRET), or keys"
                )
            clear = _as_text(clear, name)
            made = (
                self._devices(clear)
                if name == "imei"
                else {f"{name}_key": self._mapped(clear, self._own_key if name == "number" else self._key)}
            )
            for key, array in made.items():
                columns[key] = pc.coalesce(_given(columns[key]), array) if key in columns else array
        return pa.RecordBatch.from_pydict(columns)

    def _mapped(self, clear: pa.Array, of: Callable[[str], str | None]) -> pa.Array:
        """Each different value once."""
        coded = clear.dictionary_encode()
        made = [
            None if one is None or not one.strip() else of(one.strip())
            for one in coded.dictionary.to_pylist()
        ]
        return pa.array(made, pa.string()).take(coded.indices)

    def _devices(self, clear: pa.Array) -> dict[str, pa.Array]:
        return {"device_key": self._mapped(clear, self._device), "tac": self._mapped(clear, _tac)}

    def _device(self, number: str) -> str | None:
        assert self.keyring is not None, "what is in the clear was refused without a secret"
        known = _equipment(number)
        return known and (self.keyring.device(known) if known != NO_KEY else NO_KEY)

    def _read(self, texts: pa.Array, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """What the reader makes of the texts of messages sent; those that came in are nobody's own doing."""
        if self.reader is None:
            return {}
        sent = [str(one).strip().lower() == "out" for one in columns["direction"].to_pylist()]
        places = [place for place, text in enumerate(texts) if sent[place] and text.is_valid]
        made: dict[str, list[Any]] = {name: [None] * len(texts) for name in hashed_as("messages")["text"]}
        for start in range(0, len(places), TEXTS_AT_ONCE):
            some = places[start : start + TEXTS_AT_ONCE]
            for place, read in zip(some, self.reader.read([texts[at].as_py() for at in some]), strict=True):
                if not all(re.fullmatch(WORD, name) for name in read.lexicon):
                    raise InputError(
                        "an entry of the lexicon has a name with a quote, a stroke or a line break"
                    )
                made["template"][place] = read.template
                made["category"][place] = read.category
                made["lexicon"][place] = "|".join(sorted(set(read.lexicon))) or None
                made["has_link"][place] = read.has_link
                made["has_contact"][place] = read.has_contact
                made["is_evasive"][place] = read.is_evasive
                made["classifier"][place] = self.reader.classifier
        flags = {"has_link", "has_contact", "is_evasive"}
        return {
            name: pa.array(cells, pa.bool_() if name in flags else pa.string())
            for name, cells in made.items()
        }


def _equipment(number: str) -> str | None:
    """The first 14 digits; none of a placeholder that countless devices share."""
    try:
        return imei.from_network(number)[:14]
    except NumberError as error:
        return None if error.cause == "dummy" else NO_KEY


def _tac(number: str) -> str | None:
    known = _equipment(number)
    return known and (known[:8] if known != NO_KEY else None)


def _as_text(column: pa.Array, name: str) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type) or any(fits(column.type) for fits in TEXT_TYPES):
        return column.cast(pa.string())
    raise InputError(f"the column {name} must be text: as a number it loses digits")


def _given(column: pa.Array) -> pa.Array:
    text = _as_text(column, "key")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


# --- rows of a file --------------------------------------------------------------------------------------------------


def read_batches(
    path: Path, file: int, kind: RecordKind, hasher: Hasher, encoding: Encoding = "utf-8"
) -> Iterator[Some]:
    """Every row of a file.

    Args:
        path: Its name.
        file: Its number.
        kind: What it holds.
        hasher: Hashes what is in the clear.
        encoding: Of CSV.

    Raises:
        InputError: It cannot be read as a whole, or its columns do not fit.
    """
    in_lines = path.suffix.lower() == ".csv"
    try:
        batches = _csv_batches(path, file, kind, encoding) if in_lines else _parquet_batches(path, file, kind)
        for rows, bad in batches:
            clear = {
                key: name
                for name, keys in hashed_as(kind).items()
                for key in keys
                if name in rows.schema.names
            }
            yield Some(file, in_lines, hasher.hashed(rows, kind), bad, clear)
    except (OSError, pa.ArrowException):
        raise InputError(
            f"file {file} of the {kind} is damaged or cannot be read: take it from its source again"
        ) from None


Read = tuple[pa.RecordBatch, tuple[BadRow, ...]]


def _csv_batches(path: Path, file: int, kind: RecordKind, encoding: Encoding) -> Iterator[Read]:
    with path.open("rb") as opened:
        lines = csv_lines(opened, encoding, LONGEST_LINE)
        first = next(lines, None)
        if first is None or isinstance(first, BadRow):
            raise InputError(f"file {file} of the {kind} has no header: its first line names the columns")
        names = _checked(first[1], file, kind)
        wanted = [place for place, name in enumerate(names) if name in RECORD_COLUMNS[kind]]
        count = len(names)
        rows: list[list[str]] = []
        places: list[int] = []
        bad: list[BadRow] = []
        for line in lines:
            if isinstance(line, BadRow):
                bad.append(line)
            elif any(line[1]):
                if len(line[1]) == count:
                    rows.append(line[1])
                    places.append(line[0])
                else:
                    bad.append(
                        BadRow(line[0], None, "fields", "the row has not as many fields as the header")
                    )
            if len(rows) >= ROWS_AT_ONCE or len(bad) >= ROWS_AT_ONCE:
                yield _lines(names, wanted, rows, places), tuple(bad)
                rows, places, bad = [], [], []
        yield _lines(names, wanted, rows, places), tuple(bad)


def _lines(
    names: Sequence[str], wanted: Sequence[int], rows: Sequence[Sequence[str]], places: Sequence[int]
) -> pa.RecordBatch:
    columns: dict[str, pa.Array] = {"place": pa.array(places, pa.int64())}
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    for place in wanted:
        columns[names[place]] = pa.array(cells[place], pa.string())
    return pa.RecordBatch.from_pydict(columns)


def _parquet_batches(path: Path, file: int, kind: RecordKind) -> Iterator[Read]:
    try:
        opened = pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError):
        raise InputError(
            f"file {file} of the {kind} is no whole Parquet file: take it from its source again"
        ) from None
    with opened:
        names = _checked(list(opened.schema_arrow.names), file, kind)
        wanted = [name for name in names if name in RECORD_COLUMNS[kind]]
        place = 0
        for batch in opened.iter_batches(ROWS_AT_ONCE, columns=wanted):
            # DuckDB trusts what Arrow hands it: text that is no UTF-8 must not come so far.
            whole, bad = _whole(batch, place)
            yield whole, bad
            place += batch.num_rows


def _whole(batch: pa.RecordBatch, before: int) -> Read:
    places = pa.array(range(before + 1, before + 1 + batch.num_rows), pa.int64())
    batch = batch.append_column("place", places)
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        pass
    else:
        return batch, ()
    good: list[pa.RecordBatch] = []
    bad = []
    for row in range(batch.num_rows):
        one = batch.slice(row, 1)
        try:
            one.validate(full=True)
        except pa.ArrowInvalid:
            bad.append(BadRow(before + row + 1, None, "encoding", "a cell of the row is no text in UTF-8"))
        else:
            good.append(one)
    (whole,) = pa.Table.from_batches(good, batch.schema).combine_chunks().to_batches() or [batch.slice(0, 0)]
    return whole, tuple(bad)


def _checked(names: Sequence[str], file: int, kind: RecordKind) -> Sequence[str]:
    """The names of a file's columns.

    Raises:
        InputError: A column stands twice, or one that is needed is not there.
    """
    columns = RECORD_COLUMNS[kind]
    twice = sorted({name for name in names if name in columns and names.count(name) > 1})
    if twice:
        raise InputError(f"file {file} of the {kind} has a column twice: {', '.join(twice)}")
    for name, column in columns.items():
        known_as = next((clear for clear, one in columns.items() if name in one.known_as), None)
        there = {name, *column.known_as} | ({known_as} if known_as else set())
        if column.needed and not there & set(names):
            raise InputError(f"file {file} of the {kind} lacks the column {known_as or name}")
    return names
