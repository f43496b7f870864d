"""What a search leaves in its folder: `rings.parquet`, `rings.json` and `rings.html`, each whole or not at all.

`rings.json` is `simkyc.rings.ring.Rings`. `rings.parquet` has a row each ring and person, thing or member of staff; its
columns are `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.reverification.job import told
from simkyc.rings.find import Search, find_rings
from simkyc.rings.page import render
from simkyc.rings.ring import Ring, Rings

__all__ = ["COLUMNS", "PARQUET", "leave", "read_people", "read_rows", "read_until", "search"]

PARQUET: Final = "rings.parquet"
COLUMNS: Final = {
    "ring_id": ("the ring", pa.string()),
    "score": ("its points", pa.float64()),
    "role": ("member, shared, named (by one member alone), clerk or dealer", pa.string()),
    "kind": (
        "of a thing: face, device, number ...; of a member: person; of staff: clerk or dealer",
        pa.string(),
    ),
    "key": ("keyed hash; of a face the entry and role in the middle, of staff its identifier", pa.string()),
    "people_here": ("of a thing, a clerk or a dealer: people of the ring", pa.int64()),
    "people": ("of a thing: people in all", pa.int64()),
    "weight": ("of a thing: what it weighs", pa.float64()),
    "alone": ("of a thing: whether it brings people in by itself", pa.bool_()),
    "core": ("of a member: coreness", pa.int64()),
    "application_ids": ("of a member: applications in the window", pa.list_(pa.string())),
    "first_at": ("first activity of the member, else of the ring, epoch seconds", pa.int64()),
    "last_at": ("last activity", pa.int64()),
    "signs": ("of the ring: what makes it one", pa.list_(pa.string())),
    "against": ("of the ring: what speaks against it", pa.list_(pa.string())),
    "ring_people": ("of the ring: how many people", pa.int64()),
    "ring_opened": ("of the ring: numbers opened", pa.int64()),
    "ring_in_use": ("of the ring: numbers in use", pa.int64()),
    "ring_fraud": ("of the ring: numbers reported as used for fraud", pa.int64()),
}
"""What each column holds, and its type."""
SCHEMA: Final = pa.schema([(name, kind) for name, (_, kind) in COLUMNS.items()])
UNTIL: Final = b"simkyc.until"
"""In the metadata of the file: where the window of the search ends, in epoch seconds."""
AT_ONCE: Final = 1000


def search(search: Search) -> Rings:
    """Find rings and leave them in the folder of the search; rings of the run before keep their names.

    Raises:
        InputError: The source cannot be read, or the folder holds another `rings.parquet`.
        HistoryError: The history cannot be read.
        SimkycError: No memory or space is left.
    """
    with told("OUT cannot be made"):
        search.out.mkdir(parents=True, exist_ok=True)
    before = search.out / PARQUET
    rings = find_rings(search, read_people(before) if before.exists() else None)
    leave(rings, search.out)
    return rings


def leave(rings: Rings, out: Path) -> None:
    """Write the three files.

    Raises:
        SimkycError: No space is left, or the folder cannot be written.
    """
    with told("the rings cannot be written"):
        draft = out / f".{PARQUET}.draft"
        until = b"" if rings.until is None else str(int(rings.until.timestamp())).encode()
        schema = SCHEMA.with_metadata({UNTIL: until})
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for place in range(0, max(1, len(rings.rings)), AT_ONCE):
                rows = [row for ring in rings.rings[place : place + AT_ONCE] for row in _rows(ring)]
                writer.write_table(pa.Table.from_pylist(rows, schema))
        draft.replace(out / PARQUET)
        for name, text in (("rings.json", rings.to_json()), ("rings.html", render(rings))):
            draft = out / f".{name}.draft"
            draft.write_text(text, encoding="utf-8")
            draft.replace(out / name)


def _rows(ring: Ring) -> Iterator[dict[str, Any]]:
    of_ring = {
        "ring_id": ring.ring_id,
        "score": ring.score,
        "first_at": int(ring.first_at.timestamp()),
        "last_at": int(ring.last_at.timestamp()),
        "signs": ring.signs,
        "against": ring.against,
        "ring_people": len(ring.members),
        "ring_opened": ring.harm.opened,
        "ring_in_use": ring.harm.in_use,
        "ring_fraud": ring.harm.fraud,
    }
    for member in ring.members:
        yield of_ring | {
            "role": "member",
            "kind": "person",
            "key": member.person,
            "core": member.core,
            "application_ids": member.application_ids,
            "first_at": int(member.first_at.timestamp()),
            "last_at": int(member.last_at.timestamp()),
        }
    for thing in ring.shared:
        yield of_ring | {
            "role": "shared",
            **{
                name: getattr(thing, name)
                for name in ("kind", "key", "people_here", "people", "weight", "alone")
            },
        }
    for named in ring.named:
        yield of_ring | {"role": "named", "kind": named.kind, "key": named.key}
    for staff in ring.staff:
        yield of_ring | {
            "role": staff.kind,
            "kind": staff.kind,
            "key": staff.staff_id,
            "people_here": staff.people,
        }


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Rows of a `rings.parquet`.

    Raises:
        InputError: There is none, or it is another table.
    """
    try:
        for batch in pq.ParquetFile(path).iter_batches(columns=list(columns)):
            if batch.schema.names != list(columns):
                raise InputError("rings.parquet is another table than simkyc writes")
            yield from batch.to_pylist()
    except (OSError, pa.ArrowInvalid):
        raise InputError("rings.parquet is missing or damaged: search again into an empty folder") from None


def read_until(path: Path) -> int | None:
    """Up to when the search looked that left a `rings.parquet`, in epoch seconds; None where it does not say.

    Raises:
        InputError: There is none.
    """
    try:
        said = (pq.read_schema(path).metadata or {}).get(UNTIL, b"")
    except (OSError, pa.ArrowInvalid):
        raise InputError("rings.parquet is missing or damaged: search again into an empty folder") from None
    return int(said) if said.isdigit() else None


def read_people(path: Path) -> Mapping[str, frozenset[str]]:
    """The people of each ring of a `rings.parquet`, by identifier.

    Raises:
        InputError: There is none, or it is another table.
    """
    people: dict[str, set[str]] = {}
    for row in read_rows(path, ("ring_id", "role", "key")):
        if row["role"] == "member":
            people.setdefault(row["ring_id"], set()).add(row["key"])
    return {ring_id: frozenset(some) for ring_id, some in people.items()}
