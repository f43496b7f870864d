"""Copying what a batch asks of a history, in one snapshot, into Parquet that both engines read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from simkyc.history.schema import FACE_TEMPLATE, TABLES
from simkyc.history.sql import SqlReader
from simkyc.reverification.job import Workshop
from simkyc.reverification.past import COPIED

__all__ = ["ARROW", "FACES", "copy_history", "table_schema"]

ARROW: Final = {int: pa.int64(), bytes: pa.binary(), str: pa.string()}
FACES: Final = pa.schema(
    [
        *((column.name, ARROW[column.type.python_type]) for column in FACE_TEMPLATE.columns),
        ("latitude_e6", pa.int64()),
        ("longitude_e6", pa.int64()),
    ]
)
"""The templates of the past with where each was taken, as `FacesOfThePast` takes them."""


def table_schema(name: str) -> pa.Schema:
    """What a batch reads of one table."""
    table = TABLES.tables[name]
    return pa.schema([(one, ARROW[table.c[one].type.python_type]) for one in COPIED[name]])


def copy_history(reader: SqlReader, workshop: Workshop) -> None:
    """Write `past/<table>.parquet` of every table that is asked, and `faces.parquet`.

    Args:
        reader: A snapshot.
        workshop: The folder of the job.
    """
    where: dict[int, tuple[int | None, int | None]] = {}
    for name, columns in COPIED.items():
        batches = _batches(reader, name, columns, table_schema(name))
        if name == "application":
            batches = _noted(batches, where)
        workshop.write_table(f"past/{name}.parquet", table_schema(name), batches)
    columns = tuple(column.name for column in FACE_TEMPLATE.columns)
    faces = pa.Table.from_batches(_batches(reader, FACE_TEMPLATE.name, columns, FACES.remove(8).remove(7)))
    places = [where.get(entry_no, (None, None)) for entry_no in faces["entry_no"].to_pylist()]
    for place, name in enumerate(("latitude_e6", "longitude_e6")):
        faces = faces.append_column(name, pa.array([one[place] for one in places], pa.int64()))
    faces = faces.sort_by([("entry_no", "ascending"), ("role", "ascending")])
    workshop.write_table("faces.parquet", FACES, faces.cast(FACES).to_batches())


def _batches(
    reader: SqlReader, name: str, columns: Sequence[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pylist([], schema)  # where there is no row there is a table all the same
    for rows in reader.table(name, columns):
        cells = zip(zip(*rows, strict=True), schema, strict=True)
        arrays = [pa.array(values, column.type) for values, column in cells]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _noted(
    batches: Iterator[pa.RecordBatch], where: dict[int, tuple[int | None, int | None]]
) -> Iterator[pa.RecordBatch]:
    """The same, with a note of where each store stands."""
    for batch in batches:
        some = (batch[name].to_pylist() for name in ("entry_no", "latitude_e6", "longitude_e6"))
        where |= {entry: (north, east) for entry, north, east in zip(*some, strict=True) if north is not None}
        yield batch
