"""Records for tests: keys that can be read back by whoever wrote them, and a day to count from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.usage.features import CallRecord, MessageRecord, PlaceRecord
from simkyc.usage.record_columns import RecordKind, store_schema
from simkyc.usage.window import UsageWindow

CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 6, 1, tzinfo=CHINA)
WINDOW = UsageWindow(MONDAY, MONDAY + timedelta(days=30))
SECRET = b"of these tests, and of nothing else"


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


ME = key("me")


def at(day: float = 0, hour: float = 12, second: float = 0) -> datetime:
    """A time of the window in China; `day` 0 is its first."""
    return MONDAY + timedelta(days=day, hours=hour, seconds=second)


def call(
    other: str = "a",
    when: datetime | None = None,
    direction: Literal["out", "in"] = "out",
    **more: Any,
) -> CallRecord:
    return CallRecord(counterpart_key=key(other), direction=direction, began_at=when or at(), **more)


def message(
    other: str = "a",
    when: datetime | None = None,
    direction: Literal["out", "in"] = "out",
    **more: Any,
) -> MessageRecord:
    if more.get("template"):
        more["template"] = key(more["template"])
    return MessageRecord(counterpart_key=key(other), direction=direction, sent_at=when or at(), **more)


def seen(cell: str | None = "c1", when: datetime | None = None, **more: Any) -> PlaceRecord:
    if more.get("device_key"):
        more["device_key"] = key(more["device_key"])
    return PlaceRecord(cell=cell, seen_at=when or at(), **more)


def table(kind: RecordKind, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as they are kept."""
    told = [
        {
            name: int(value.astimezone(UTC).timestamp()) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    return pa.Table.from_pylist(told, store_schema(kind))


def parquet(path: Path, kind: RecordKind, rows: Sequence[Mapping[str, Any]]) -> Path:
    pq.write_table(table(kind, rows), path)
    return path
