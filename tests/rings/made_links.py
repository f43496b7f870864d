"""Tables of links for tests: a few letters a row, a folder of its own a search."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.rings.find import Search, find_rings
from simkyc.rings.limits import RingLimits
from simkyc.rings.ring import Rings

DAY = 86_400
START = 1_790_000_000
"""A day in September 2026, after the first days of term."""
Row = dict[str, Any]


def link(person: str, what: str, key: str, day: float = 0, **more: object) -> Row:
    """One link."""
    return {"person": person, "what": what, "shared_key": key, "given_at": START + int(day * DAY), **more}


def star(name: str, people: int, what: str = "contact", *, days: float = 1.0) -> list[Row]:
    """One thing that several people name, one of them every so many days."""
    return [link(f"{name}-{one:02d}", what, f"{name}-{what}", one * days) for one in range(people)]


def write(rows: Iterable[Row], path: Path) -> Path:
    """Write a table of links."""
    some = list(rows)
    kinds = {"given_at": pa.int64(), "from_elsewhere": pa.int64()}
    columns = list(
        dict.fromkeys(["person", "what", "shared_key", "given_at", *(name for row in some for name in row)])
    )
    schema = pa.schema(
        [(name, kinds.get(name, pa.int64() if name.endswith("_at") else pa.string())) for name in columns]
    )
    pq.write_table(pa.Table.from_pylist([dict(row) for row in some], schema), path)
    return path


def found(
    rows: Iterable[Row],
    former: Mapping[str, frozenset[str]] | None = None,
    limits: RingLimits | None = None,
    **search: Any,
) -> Rings:
    """The rings of these links."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(rows, Path(folder) / "links.parquet")
        asked = Search(source=str(path), out=Path(folder), limits=limits or RingLimits.default(), **search)
        return find_rings(asked, former)
