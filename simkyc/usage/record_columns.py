"""The columns of usage records: one list, by which they are read, checked, written and documented.

A record is a call, a message, or a sighting of a number at a place. Who uses the number and with whom are given as
MSISDNs, which are hashed on reading, or by keys that were made before; so are devices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

__all__ = [
    "CELLS",
    "KEY",
    "KINDS",
    "RECORD_COLUMNS",
    "RecordColumn",
    "RecordKind",
    "hashed_as",
    "is_needed",
    "store_schema",
]

RecordKind = Literal["calls", "messages", "places"]
CellKind = Literal["line", "imei", "message", "key", "moment", "seconds", "flag", "degrees", "text"]

KINDS: Final[tuple[RecordKind, ...]] = ("calls", "messages", "places")

ARROW: Final[Mapping[CellKind, pa.DataType]] = {
    "key": pa.string(),
    "moment": pa.int64(),
    "seconds": pa.int64(),
    "flag": pa.bool_(),
    "degrees": pa.float64(),
    "text": pa.string(),
}
CELLS: Final[Mapping[CellKind, str]] = {
    "line": "a number in the clear",
    "imei": "an IMEI in the clear",
    "message": "a text",
    "key": "a key: 24 to 128 of `0-9 A-Z a-z _ + / = -`",
    "moment": "a moment with its zone, or epoch seconds",
    "seconds": "seconds",
    "flag": "1 or 0, true or false",
    "degrees": "degrees",
    "text": "a word",
}
"""Each kind of cell in words."""


@dataclass(frozen=True, slots=True)
class RecordColumn:
    """One column.

    Attributes:
        name: What it is called.
        kind: What stands in a cell. `line`, `imei` and `message` are in the clear: they are read and never kept.
        says: What it means.
        needed: Whether no record is without it.
        pattern: Of a text, what it must match as a whole.
        most: Of `degrees` and `seconds`, the largest value; the smallest of degrees is as far below 0.
        known_as: Of what is in the clear, the columns that are kept instead.
    """

    name: str
    kind: CellKind
    says: str
    needed: bool = False
    pattern: str | None = None
    most: int | None = None
    known_as: tuple[str, ...] = ()


KEY: Final = "[0-9A-Za-z_+/=-]{24,128}"
"""Of a key: too long for a telephone number, so that none passes for one that was hashed."""
_LETTER: Final = r'[^|"\\\x00-\x1f\x7f]'
WORD: Final = rf"{_LETTER}{{1,64}}"
LONGEST_CALL_S: Final = 7 * 86_400

NUMBER: Final = (
    RecordColumn("number", "line", "the MSISDN whose record it is", needed=True, known_as=("number_key",)),
    RecordColumn("number_key", "key", "its keyed hash", needed=True, pattern=KEY),
)
COUNTERPART: Final = (
    RecordColumn(
        "counterpart",
        "line",
        "who was called or called, wrote or was written to: an MSISDN, a short code, a number abroad",
        needed=True,
        known_as=("counterpart_key",),
    ),
    RecordColumn("counterpart_key", "key", "its keyed hash", needed=True, pattern=KEY),
    RecordColumn("direction", "text", "`out` or `in`", needed=True, pattern="out|in"),
)
SEEN: Final = (
    RecordColumn("imei", "imei", "the device, 14 to 16 digits", known_as=("device_key", "tac")),
    RecordColumn("device_key", "key", "keyed hash of the first 14 digits of the IMEI", pattern=KEY),
    RecordColumn("tac", "text", "the first 8 digits of the IMEI, which name the model", pattern="[0-9]{8}"),
    RecordColumn("cell", "text", "the cell, in the operator's own words", pattern=WORD),
    RecordColumn("latitude", "degrees", "of the cell, WGS 84", most=90),
    RecordColumn("longitude", "degrees", "of the cell, WGS 84", most=180),
    RecordColumn(
        "region",
        "text",
        "division of 6 digits, or country of 2 letters",
        pattern="[0-9]{6}|[A-Z]{2}",
    ),
)

_COLUMNS: Final[tuple[tuple[RecordKind, tuple[RecordColumn, ...]], ...]] = (
    (
        "calls",
        (
            *NUMBER,
            *COUNTERPART,
            RecordColumn("began_at", "moment", "when it began", needed=True),
            RecordColumn("duration_s", "seconds", "seconds of talk", most=LONGEST_CALL_S),
            RecordColumn("answered", "flag", "whether it was answered"),
            *SEEN,
        ),
    ),
    (
        "messages",
        (
            *NUMBER,
            *COUNTERPART,
            RecordColumn("sent_at", "moment", "when it was sent", needed=True),
            RecordColumn(
                "text",
                "message",
                "what it says; read and forgotten",
                known_as=(
                    *("template", "category", "lexicon", "has_link", "has_contact", "is_evasive"),
                    "classifier",
                ),
            ),
            RecordColumn("template", "key", "keyed hash of its template", pattern=KEY),
            RecordColumn(
                "category",
                "text",
                "`fraud`, `illegal`, `advertising` or `other`",
                pattern="fraud|illegal|advertising|other",
            ),
            RecordColumn(
                "lexicon",
                "text",
                "names of the lexicon's entries that it hits, with `|` between them",
                pattern=rf"{_LETTER}+(\|{_LETTER}+)*",
            ),
            RecordColumn("has_link", "flag", "whether it holds a URL"),
            RecordColumn("has_contact", "flag", "whether it holds a number or another handle to turn to"),
            RecordColumn("is_evasive", "flag", "whether its text was disguised"),
            RecordColumn("classifier", "text", "identifier of the classifier that read it", pattern=WORD),
            *SEEN,
        ),
    ),
    (
        "places",
        (*NUMBER, RecordColumn("seen_at", "moment", "when it was seen", needed=True), *SEEN),
    ),
)
RECORD_COLUMNS: Final[Mapping[RecordKind, Mapping[str, RecordColumn]]] = {
    kind: {column.name: column for column in columns} for kind, columns in _COLUMNS
}
"""Every column by its name, in the order in which they are written."""


def hashed_as(kind: RecordKind) -> Mapping[str, tuple[str, ...]]:
    """What is in the clear, with what is kept instead."""
    return {name: column.known_as for name, column in RECORD_COLUMNS[kind].items() if column.known_as}


def is_needed(kind: RecordKind, name: str) -> bool:
    """Whether a file must have this column, or one that it is known as."""
    return RECORD_COLUMNS[kind][name].needed


def store_schema(kind: RecordKind) -> pa.Schema:
    """How records are kept: nothing in the clear, times in epoch seconds.

    >>> store_schema("places").names[:3]
    ['number_key', 'seen_at', 'device_key']
    """
    kept = [column for column in RECORD_COLUMNS[kind].values() if not column.known_as]
    return pa.schema([(column.name, ARROW[column.kind]) for column in kept])
