"""Faces searched by a PostgreSQL server: an index of the extension `vector` (pgvector) beside the templates.

The table is derived and may be missing: without the extension every process searches its own copy in memory. Whether it
is there each transaction asks anew, so that nobody records a face without its embedding. Approximate nearest
neighbours (HNSW, Malkov and Yashunin, arXiv:1603.09320) are candidates only: whoever asks measures them again by the
templates themselves.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, TextClause, text
from sqlalchemy.exc import DBAPIError

from simkyc.history.protocol import Entry, FacesWanted, NearFaces
from simkyc.history.statements import Parameters
from simkyc.history.upkeep import ENTRY_NO, FACE_COLUMNS, WANTED, FaceReader, enrolled, parameters_of

__all__ = ["TABLE", "EmbeddedFaces", "is_made", "make"]

TABLE: Final = "face_embedding"
DIMENSION: Final = 128
"""Numbers of a template of the built-in engine; templates of another length are searched in memory."""
VECTOR_BYTES: Final = 2 * DIMENSION
OLDEST_PGVECTOR: Final = (0, 8)
"""The first that goes on searching where a filter leaves too few (`hnsw.iterative_scan`)."""
EXPLORED: Final = 200
"""Candidates that a search keeps while it walks the index (`hnsw.ef_search`; 40 by default): see docs/measured.md."""
IN_FLIGHT_S: Final = 300
"""A face is visible at most so long after it was written: the server ends a transaction that idles for a minute."""
FILLED_AT_ONCE: Final = 5000

CANNOT = {"42501", "0A000", "58P01"}
"""No right to make an extension, or none there to make."""

EXTENSION = text(
    "SELECT quote_ident(nspname) AS namespace, extversion FROM pg_extension"
    " JOIN pg_namespace ON pg_namespace.oid = extnamespace"
    " WHERE extname = 'vector' AND has_schema_privilege(pg_namespace.oid, 'USAGE')"
)
# The table beside the templates, not one of another history further along the search path.
MADE = (
    f"FROM pg_class WHERE relname = '{TABLE}'"
    " AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('face_template'))"
)
IS_MADE = text(f"SELECT 1 {MADE}")
PREPARE = text(
    "SELECT quote_ident(nspname) AS namespace, CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) AS as_of,"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    f" set_config('hnsw.ef_search', '{EXPLORED}', true)"
    " FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
    f" WHERE extname = 'vector' AND EXISTS (SELECT 1 {MADE})"
)
CREATE: Final = (
    f"CREATE TABLE {TABLE} (entry_no BIGINT, role VARCHAR, engine_id VARCHAR NOT NULL, sex VARCHAR,"
    " decided_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL, embedding {namespace}.halfvec(128) NOT NULL,"
    " PRIMARY KEY (entry_no, role),"
    " FOREIGN KEY (entry_no, role) REFERENCES face_template (entry_no, role) ON DELETE CASCADE)"
)
"""What is filtered by stands beside the embedding: neither a search nor a count reads the templates for it."""
# After the table is filled, which is faster.
INDEXES: Final = (
    f"CREATE INDEX {TABLE}_nearest ON {TABLE} USING hnsw (embedding {{namespace}}.halfvec_l2_ops)",
    f"CREATE INDEX {TABLE}_by_engine ON {TABLE} (engine_id, sex, decided_at, entry_no)",
    f"CREATE INDEX {TABLE}_by_recorded ON {TABLE} (recorded_at)",
)
UNFILLED = text(
    "SELECT entry_no, role, vector FROM face_template"
    f" WHERE octet_length(vector) = {VECTOR_BYTES} AND (entry_no, role) > (:entry_no, :role)"
    f" ORDER BY entry_no, role LIMIT {FILLED_AT_ONCE}"
)


class Prepared(NamedTuple):
    """Where the extension's types are, and when the transaction began by the server's clock."""

    namespace: str
    as_of: int


class EmbeddedFaces(FaceReader):
    """The faces of a PostgreSQL database, as `protocol.Reader` says."""

    _asked_for_embeddings = False
    _embeddings: Prepared | None = None

    def faces_near(
        self, wanted: FacesWanted, vector: bytes, nearest: int, recorded_after: int | None = None
    ) -> NearFaces | None:
        """About the nearest templates, in no order; None where this history cannot tell."""
        prepared = self._prepared() if len(vector) == VECTOR_BYTES else None
        if prepared is None:
            return None
        parameters: Parameters = {
            **parameters_of(wanted),
            "recorded_after": -1 if recorded_after is None else recorded_after - IN_FLIGHT_S,
            "vector": _literal(vector),
        }
        rows: Sequence[Row[Any]] = ()
        if recorded_after is None:
            rows = self._rows(_nearest(prepared.namespace, nearest, exactly=False), parameters)
        if len(rows) < nearest:
            # Few are there, or the filters left few of those that the index gave before it stopped.
            rows = self._rows(_nearest(prepared.namespace, nearest, exactly=True), parameters)
        return NearFaces(tuple(enrolled(row) for row in rows), prepared.as_of)

    def _faces_count(self) -> TextClause:
        return super()._faces_count() if self._prepared() is None else COUNT

    def embed(self, entry: Entry) -> None:
        """Put the faces of an application that was just recorded into the index."""
        faces = [face for face in entry.faces if len(face.vector) == VECTOR_BYTES]
        prepared = self._prepared() if faces and entry.admitted_until is not None else None
        if prepared is None:
            return
        entry_no = self._rows(ENTRY_NO, {"application_id": entry.application_id})[0].entry_no
        self._change(
            _embed(prepared.namespace),
            [
                {
                    "entry_no": entry_no,
                    "role": face.role,
                    "recorded_at": None,
                    "vector": _literal(face.vector),
                }
                for face in faces
            ],
        )

    def _prepared(self) -> Prepared | None:
        if not self._asked_for_embeddings:
            rows = self._rows(PREPARE)
            self._embeddings = Prepared(rows[0].namespace, rows[0].as_of) if rows else None
            self._asked_for_embeddings = True
        return self._embeddings


def is_made(connection: Connection) -> bool:
    """Whether the server searches the faces of this history."""
    return bool(connection.execute(IS_MADE).all())


def make(connection: Connection) -> None:
    """Make the table, the extension too where that is allowed, and fill it; nothing where it is there or cannot be.

    Args:
        connection: Has a transaction open, in which nobody else records anything.
    """
    if is_made(connection):
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in CANNOT:
            raise
    found = connection.execute(EXTENSION).one_or_none()
    if found is None or tuple(map(int, found.extversion.split(".")[:2])) < OLDEST_PGVECTOR:
        return
    connection.exec_driver_sql(CREATE.format(namespace=found.namespace))
    _fill(connection, found.namespace)
    for statement in INDEXES:
        connection.exec_driver_sql(statement.format(namespace=found.namespace))


def _fill(connection: Connection, namespace: str) -> None:
    """Embed every template that is there already; a damaged one is left out."""
    last: Parameters = {"entry_no": 0, "role": ""}
    while rows := connection.execute(UNFILLED, last).all():
        last = {"entry_no": rows[-1].entry_no, "role": rows[-1].role}
        filled = [
            # Long ago, so that nobody takes them for what was recorded since.
            {"entry_no": row.entry_no, "role": row.role, "recorded_at": 0, "vector": _literal(row.vector)}
            for row in rows
            if all(map(math.isfinite, _numbers(row.vector)))
        ]
        if filled:
            connection.execute(_embed(namespace), filled)


def _numbers(vector: bytes) -> Sequence[float]:
    return struct.unpack(f"<{DIMENSION}e", vector)


def _literal(vector: bytes) -> str:
    """As pgvector reads it; five digits tell any two 16-bit floats apart."""
    return f"[{','.join(f'{number:.5g}' for number in _numbers(vector))}]"


COUNT = text(f"SELECT COUNT(*) AS faces FROM {TABLE} WHERE {WANTED}")


@functools.cache
def _embed(namespace: str) -> TextClause:
    return text(
        f"INSERT INTO {TABLE} (entry_no, role, engine_id, sex, decided_at, recorded_at, embedding)"
        " SELECT entry_no, role, engine_id, sex, decided_at, COALESCE(CAST(:recorded_at AS BIGINT),"
        f" CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)), CAST(:vector AS {namespace}.halfvec)"
        " FROM face_template WHERE entry_no = :entry_no AND role = :role"
    )


@functools.cache
def _nearest(namespace: str, nearest: int, *, exactly: bool) -> TextClause:
    """Only the operator is answered from the index, and only with a number of rows that the planner can see."""
    vector = f"CAST(:vector AS {namespace}.halfvec)"
    apart = (
        f"{namespace}.l2_distance(embedding, {vector})"
        if exactly
        else f"embedding OPERATOR({namespace}.<->) {vector}"
    )
    fresh = " AND recorded_at > :recorded_after" if exactly else ""
    columns = ", ".join(f"face_template.{column}" for column in FACE_COLUMNS.split(", "))
    return text(
        f"WITH near AS MATERIALIZED (SELECT entry_no, role FROM {TABLE} WHERE {WANTED}{fresh}"
        f" ORDER BY {apart} LIMIT {int(nearest)})"
        f" SELECT {columns} FROM near JOIN face_template"
        " ON face_template.entry_no = near.entry_no AND face_template.role = near.role"
    )
