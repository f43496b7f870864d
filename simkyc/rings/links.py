"""Where links come from: a history, in one snapshot, or a table in Parquet. Both become the same tables in DuckDB.

    link      a row each time that somebody gave or had something: `person`, `kind`, `key`, `seen`, `given_at`, `entry`
    opening   a row each application: `entry`, `application_id`, `person`, `decided_at`, `store_id`, `clerk_id`,
              `dealer_id`, `opened_at`, `closed_at`, `is_fraud`, `from_elsewhere`

Times are epoch seconds; what happened from `until` on is not known. `seen` is true of a device that the network saw a
line in, and false of what somebody named.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import InputError, SimkycError
from simkyc.history import existing_history
from simkyc.history.questions import BINDING
from simkyc.history.schema import TABLES
from simkyc.history.sql import SqlReader
from simkyc.policy import Policy
from simkyc.reverification.history_copy import ARROW
from simkyc.reverification.job import quoted, told
from simkyc.rings.faces import CalibrationOf, FaceLink, Faces, near_faces
from simkyc.rings.limits import Kind

__all__ = [
    "KIND_OF",
    "LINK_COLUMNS",
    "OPENING_COLUMNS",
    "Taken",
    "Window",
    "database",
    "take_history",
    "take_table",
]

KIND_OF: Final[dict[str, Kind]] = {
    "device": "device",
    "line": "device",
    "contact": "number",
    "number": "number",
    "payer": "payer",
    "representative": "representative",
    "delivery": "delivery",
    "address": "address",
    "face": "face",
    "companion": "companion",
}
"""What a link may be, and the kind of thing it leads to: `line` is a device that the network saw the person's number
in, `number` the person's own number, which others may name as a `contact`."""

LINK_COLUMNS: Final = {
    "person": "keyed hash of who gave it",
    "what": f"one of {', '.join(KIND_OF)}",
    "shared_key": "keyed hash of what was given",
    "given_at": "when, in epoch seconds",
}
"""Columns that a table of links must have: text, and an integer."""

OPENING_COLUMNS: Final = {
    "application_id": "the application in which it was given",
    "store_id": "where",
    "clerk_id": "by whom it was taken in",
    "dealer_id": "the dealer",
    "opened_at": "when the number was opened, in epoch seconds",
    "closed_at": "when it was closed",
    "fraud_at": "when it was reported as used for fraud, and not cleared since",
    "from_elsewhere": "1 where somebody from elsewhere opened a first number",
}
"""Columns that it may have, the same in every row of one application. Without `application_id` the others say
nothing."""

LAST_SECOND: Final = 253_402_300_799
"""Of the year 9999."""
TEXT: Final = frozenset({"VARCHAR"})
WHOLE: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
NOTHING: Final = '"NULL"'
"""The type of a column in which nothing stands at all; what may be missing may be such a column."""
KNOWN_TEXT: Final = frozenset({"application_id", "store_id", "clerk_id", "dealer_id"})
COPIED: Final = {
    "application": (
        *(
            "entry_no",
            "application_id",
            "kind",
            "person_key",
            "msisdn_key",
            "store_id",
            "dealer_id",
            "clerk_id",
        ),
        *("decided_at", "opened_at", "closed_at"),
    ),
    "shared_key": ("what", "shared_key", "decided_at", "entry_no", "person_key", "is_remote_first"),
    "sighting": ("msisdn_key", "seen_at", "device_key"),
    "outcome": ("entry_no", "reported_at", "replaced_at", "is_fraud"),
    "face_template": ("entry_no", "role", "engine_id", "person_key", "decided_at", "vector"),
}
MAP: Final = "MAP {" + ", ".join(f"'{what}': '{kind}'" for what, kind in KIND_OF.items()) + "}"
LINK_TABLE: Final = (
    "CREATE TABLE link"
    " (person VARCHAR, kind VARCHAR, key VARCHAR, seen BOOLEAN, given_at BIGINT, entry BIGINT)"
)

OPENINGS: Final = """
CREATE TABLE opening AS
SELECT application.entry_no AS entry, application_id, person_key AS person, application.decided_at, store_id,
  clerk_id, dealer_id, CASE WHEN opened_at < $until THEN opened_at END AS opened_at,
  CASE WHEN closed_at < $until THEN closed_at END AS closed_at, COALESCE(is_fraud, FALSE) AS is_fraud, from_elsewhere
FROM application
LEFT JOIN (SELECT entry_no, TRUE AS is_fraud FROM outcome
  WHERE is_fraud = 1 AND reported_at < $until AND (replaced_at IS NULL OR replaced_at >= $until)
  GROUP BY entry_no) AS reported ON reported.entry_no = application.entry_no
LEFT JOIN (SELECT entry_no, MAX(is_remote_first) AS from_elsewhere FROM shared_key GROUP BY entry_no) AS came
  ON came.entry_no = application.entry_no
WHERE application.decided_at >= $since AND application.decided_at < $until
"""

NAMED: Final = f"""
INSERT INTO link
SELECT person_key, {MAP}[what], shared_key, FALSE, decided_at, entry_no FROM shared_key
WHERE what IN ('device', 'contact', 'payer', 'representative', 'delivery', 'address') AND person_key IS NOT NULL
  AND decided_at >= $since AND decided_at < $until
"""
"""What applications named."""

REPRESENTATIVES: Final = """
INSERT INTO link
SELECT DISTINCT opening.person, 'representative', opening.person, FALSE, opening.decided_at, opening.entry FROM opening
WHERE opening.person IN (SELECT key FROM link WHERE kind = 'representative')
"""
"""Whoever represents others and opens a number too is one of them."""

NUMBERS: Final = f"""
INSERT INTO link
SELECT application.person_key, 'number', application.msisdn_key, FALSE, application.decided_at, application.entry_no
FROM application
WHERE {BINDING} AND application.opened_at < $until AND application.decided_at >= $since
  AND application.decided_at < $until AND application.person_key IS NOT NULL AND application.msisdn_key IS NOT NULL
"""
"""Whose number it is that others name as a contact."""

LINES: Final = f"""
INSERT INTO link
SELECT DISTINCT application.person_key, 'device', sighting.device_key, TRUE, sighting.seen_at, application.entry_no
FROM sighting JOIN application ON application.msisdn_key = sighting.msisdn_key
  AND application.opened_at <= sighting.seen_at
  AND (application.closed_at IS NULL OR application.closed_at > sighting.seen_at)
WHERE {BINDING} AND application.person_key IS NOT NULL AND sighting.device_key <> ''
  AND sighting.seen_at >= $since AND sighting.seen_at < $until
"""
"""In which device the network saw whose line."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in epoch seconds; the end is not in it. None is as far as there is something."""

    seconds: int
    since: int | None = None
    until: int | None = None

    def of(self, last: int) -> tuple[int, int]:
        """Its ends where the last thing happened at `last`."""
        until = last + 1 if self.until is None else self.until
        return (until - self.seconds if self.since is None else self.since), until


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in.

    Attributes:
        since: The window begins; None where nothing is there.
        until: And ends.
        dropped: Rows that were set aside.
        faces: How faces were compared.
    """

    since: int | None
    until: int | None
    dropped: int
    faces: Faces


@contextmanager
def database(memory_mb: int, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that goes to disk in `scratch` for what is more than its memory.

    Raises:
        SimkycError: No memory or no space is left.
    """
    try:
        with told("links cannot be sorted"), duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '{memory_mb}MB'")
            connection.execute(f"SET temp_directory = '{quoted(scratch / 'spill')}'")
            connection.execute("SET preserve_insertion_order = false")
            yield connection
    except duckdb.OutOfMemoryException:
        fault = SimkycError("DuckDB has too little memory: give it more (memory_mb)")
    except duckdb.IOException:
        fault = SimkycError(
            "DuckDB cannot write in OUT: make space there, or see to its rights, and call again"
        )
    else:
        return
    raise fault


def take_history(
    connection: duckdb.DuckDBPyConnection,
    url: str,
    window: Window,
    scratch: Path,
    *,
    policy: Policy,
    calibration_of: CalibrationOf,
    secret: bytes | str | None,
) -> Taken:
    """Take the links of a history in, as they stand in one snapshot.

    Raises:
        HistoryError: It cannot be read.
        InputError: It has former secrets, under which something may be known by another key.
    """
    with closing(existing_history(url, secret=secret)) as history:
        if history.keyring.former:
            raise InputError("rings are not looked for while former secrets are in use: purge or renew first")
        with history.read() as reader, tempfile.TemporaryDirectory(dir=scratch) as folder:
            for name, columns in COPIED.items():
                _copy(reader, name, columns, Path(folder) / f"{name}.parquet")
                connection.execute(
                    f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet('{quoted(Path(folder))}/{name}.parquet')"
                )
            return _from_copy(connection, window, policy, calibration_of)


def _copy(reader: SqlReader, name: str, columns: Sequence[str], path: Path) -> None:
    types = TABLES.tables[name].c
    schema = pa.schema([(column, ARROW[types[column].type.python_type]) for column in columns])
    with pq.ParquetWriter(path, schema) as writer:
        for rows in reader.table(name, columns):
            cells = zip(zip(*rows, strict=True), schema, strict=True)
            arrays = [pa.array(values, column.type) for values, column in cells]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _from_copy(
    connection: duckdb.DuckDBPyConnection, window: Window, policy: Policy, calibration_of: CalibrationOf
) -> Taken:
    connection.execute(LINK_TABLE)
    last = _one(
        connection,
        "SELECT GREATEST((SELECT MAX(GREATEST(decided_at, opened_at, closed_at)) FROM application),"
        " (SELECT MAX(seen_at) FROM sighting), (SELECT MAX(GREATEST(reported_at, replaced_at)) FROM outcome))",
    )
    since, until = window.of(last or 0)
    times = {"since": since, "until": until}
    for text in (OPENINGS, NAMED, REPRESENTATIVES, NUMBERS, LINES):
        connection.execute(text, {name: at for name, at in times.items() if f"${name}" in text})
    faces = _faces(connection, times, policy, calibration_of)
    return Taken(None if last is None else since, None if last is None else until, 0, faces)


def _faces(
    connection: duckdb.DuckDBPyConnection,
    times: dict[str, int],
    policy: Policy,
    calibration_of: CalibrationOf,
) -> Faces:
    kept = connection.sql(
        "SELECT entry_no, role, engine_id, person_key, decided_at, vector FROM face_template"
        " WHERE person_key IS NOT NULL AND decided_at >= $since AND decided_at < $until ORDER BY entry_no, role",
        params=times,
    ).to_arrow_table()
    links, faces = near_faces(kept, calibration_of, policy.identity.expected_false_hits.value)
    add_faces(connection, links)
    return faces


def add_faces(connection: duckdb.DuckDBPyConnection, links: Sequence[FaceLink]) -> None:
    """Add what faces tie to `link`."""
    if not links:
        return
    names = ("person", "kind", "key", "given_at", "entry")
    table = pa.table({name: [getattr(one, name) for one in links] for name in names})
    connection.register("face_link", table)
    connection.execute("INSERT INTO link SELECT person, kind, key, FALSE, given_at, entry FROM face_link")
    connection.unregister("face_link")


def take_table(connection: duckdb.DuckDBPyConnection, path: Path, window: Window) -> Taken:
    """Take a table of links in: a Parquet file, or a folder of them.

    Rows without a person, a thing or a possible time, and those whose `what` is no kind, are set aside.

    Raises:
        InputError: The file is missing or no Parquet, or a column is missing or of another type.
    """
    source = _table(path)
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    except duckdb.Error:
        raise InputError("the table of links is no Parquet, or its files have different columns") from None
    types = {str(row[0]): str(row[1]) for row in described}
    _check(types)
    connection.execute(LINK_TABLE)
    good = (
        f"person <> '' AND shared_key <> '' AND given_at BETWEEN 0 AND {LAST_SECOND} AND what IN ("
        + ", ".join(f"'{what}'" for what in KIND_OF)
        + ")"
    )
    try:
        # What became of a number happened too. A line that ends may end in time to come: that is no happening.
        later = (
            f", CASE WHEN {name} BETWEEN 0 AND {LAST_SECOND} THEN {name} END"
            for name in ("opened_at", "fraud_at")
            if name in types
        )
        happened = f"GREATEST(given_at{''.join(later)})"
        count, kept, last = connection.execute(
            f"SELECT COUNT(*), COUNT(*) FILTER ({good}), MAX({happened}) FILTER ({good}) FROM {source}"
        ).fetchall()[0]
        since, until = window.of(last or 0)
        inside = f"{good} AND given_at >= {since} AND given_at < {until}"
        _take_openings(connection, source, types, inside, until)
        entry = "NULL" if "application_id" not in types else "opening.entry"
        joined = "" if entry == "NULL" else " LEFT JOIN opening USING (application_id)"
        connection.execute(
            f"INSERT INTO link SELECT given.person, {MAP}[what], shared_key, what = 'line', given_at, {entry}"
            f" FROM (SELECT * FROM {source} WHERE {inside}) AS given{joined}"
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise InputError("the table of links is damaged: write it again") from None
    dropped, faces = int(count) - int(kept), Faces(None, None)
    return Taken(None, None, dropped, faces) if last is None else Taken(since, until, dropped, faces)


def _table(path: Path) -> str:
    if path.is_dir():
        if not any(path.rglob("*.parquet")):
            raise InputError("the folder holds no table of links: its files end in .parquet")
        return f"read_parquet('{quoted(path)}/**/*.parquet')"
    if not path.is_file():
        raise InputError("there is no history and no table of links of this name")
    return f"read_parquet('{quoted(path)}')"


def _check(types: dict[str, str]) -> None:
    missing = [name for name in LINK_COLUMNS if name not in types]
    if missing:
        raise InputError(f"the table of links has no column {', '.join(missing)}: see docs/rings.md")
    for name, kind in types.items():
        if name in LINK_COLUMNS or name in OPENING_COLUMNS:
            text = name in KNOWN_TEXT or (name in LINK_COLUMNS and name != "given_at")
            if kind not in (TEXT if text else WHOLE) and not (kind == NOTHING and name in OPENING_COLUMNS):
                wanted = "text" if text else "whole numbers"
                raise InputError(f"the column {name} of the table of links must hold {wanted}")


def _take_openings(
    connection: duckdb.DuckDBPyConnection, source: str, types: dict[str, str], inside: str, until: int
) -> None:
    def of(name: str, kind: str) -> str:
        return f"CAST(MIN({name}) AS {kind})" if name in types else f"CAST(NULL AS {kind})"

    known = "application_id" in types
    opened, closed, fraud = (of(name, "BIGINT") for name in ("opened_at", "closed_at", "fraud_at"))
    text = f"""
CREATE TABLE opening AS
SELECT ROW_NUMBER() OVER (ORDER BY application_id) AS entry, * FROM (
  SELECT {"application_id" if known else "''"} AS application_id, MIN(person) AS person, MIN(given_at) AS decided_at,
    {of("store_id", "VARCHAR")} AS store_id, {of("clerk_id", "VARCHAR")} AS clerk_id,
    {of("dealer_id", "VARCHAR")} AS dealer_id, CASE WHEN {opened} < {until} THEN {opened} END AS opened_at,
    CASE WHEN {closed} < {until} THEN {closed} END AS closed_at, COALESCE({fraud} < {until}, FALSE) AS is_fraud,
    {of("from_elsewhere", "BIGINT")} AS from_elsewhere
  FROM {source} WHERE {inside} AND {"application_id IS NOT NULL" if known else "FALSE"}
  GROUP BY ALL)
"""
    connection.execute(text)


def _one(connection: duckdb.DuckDBPyConnection, text: str) -> Any:
    return connection.execute(text).fetchall()[0][0]
