"""The flat columns of past applications: one list, by which a source is read, checked, written and documented.

A column is called after its place in `Application`: `document.number` is `document_number`, and `store.store_id` is
`store_id`. A photo has three: its bytes, the path of its file (`_path`), or a template that an engine made of it before
(`_template`, 32-bit floats in little-endian order, with `template_engine_id`). What is a list, or may be one of several
things, stands in its column as JSON. Beside them stands what became of the application.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import AwareDatetime, BaseModel

from simkyc.application import Application, Photo

__all__ = ["COLUMNS", "OUTCOMES", "Column", "flat", "nested", "schema"]

CellKind = Literal["text", "day", "moment", "number", "whole", "json", "photo", "path", "template"]

ARROW: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "day": pa.date32(),
    "moment": pa.timestamp("us", tz="UTC"),
    "number": pa.float64(),
    "whole": pa.int64(),
    "json": pa.string(),
    "photo": pa.binary(),
    "path": pa.string(),
    "template": pa.binary(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source.

    Attributes:
        name: What it is called.
        kind: What stands in a cell.
        place: The field of `Application` it fills; empty for what became of it.
        required: Whether every application must have it.
    """

    name: str
    kind: CellKind
    place: tuple[str, ...] = field(default=())
    required: bool = False


OUTCOMES: Final = (
    Column("decided_at", "moment"),
    Column("decision", "text"),
    Column("admitted_until", "moment"),
    Column("opened_at", "moment"),
    Column("released_at", "moment"),
    Column("closed_at", "moment"),
    Column("fraud_reported_at", "moment"),
    Column("template_engine_id", "text"),
)
"""What became of an application, as far as the source knows.

`decided_at` is when it was decided, and `applied_at` where it is not given. Where a source says of no row
either `decision` or `opened_at`, its rows are openings that were carried out at once. Else a row that was opened
counts from `opened_at` on, and one that was accepted or went to review is pending until `admitted_until`.
`fraud_reported_at` is when the number was reported as used for fraud.
"""


def _columns() -> Iterator[Column]:
    yield from _of(Application, (), required=True)
    yield from OUTCOMES


def _of(model: type[BaseModel], place: tuple[str, ...], *, required: bool) -> Iterator[Column]:
    for name, described in model.model_fields.items():
        inner, optional = _unwrapped(described.annotation)
        here, needed = (*place, name), required and not optional and described.is_required()
        if inner is Photo:
            called = _called(here)
            yield Column(called, "photo", here)
            yield Column(f"{called}_path", "path", here)
            if name != "signature":
                yield Column(f"{called}_template", "template", here)
        elif isinstance(inner, type) and issubclass(inner, BaseModel) and inner.__name__ != "Restriction":
            yield from _of(inner, here, required=needed)
        else:
            yield Column(_called(here), _kind(inner), here, needed)


def _unwrapped(annotation: Any) -> tuple[Any, bool]:
    """The type inside `Annotated` and `| None`, and whether None is allowed."""
    optional = False
    while get_origin(annotation) in (Annotated, Union, types.UnionType):
        some = get_args(annotation)
        if get_origin(annotation) is Annotated:
            annotation = some[0]
            continue
        rest = [one for one in some if one is not type(None)]
        optional = optional or len(rest) < len(some)
        if len(rest) > 1:
            return tuple, optional
        annotation = rest[0]
    return annotation, optional


def _kind(inner: Any) -> CellKind:
    kinds: dict[Any, CellKind] = {
        date: "day",
        datetime: "moment",
        AwareDatetime: "moment",
        float: "number",
        int: "whole",
        str: "text",
    }
    if get_origin(inner) is Literal:
        return "text"
    return kinds.get(inner, "json")


def _called(place: tuple[str, ...]) -> str:
    parts: list[str] = []
    for part in place:
        if parts and part.startswith(f"{parts[-1]}_"):
            parts[-1] = part  # the store's `store_id` is no `store_store_id`
        else:
            parts.append(part)
    return "_".join(parts)


COLUMNS: Final = {column.name: column for column in _columns()}
"""Every column by its name, in the order in which they are written."""


@cache
def schema() -> pa.Schema:
    """How a source is written as Parquet."""
    return pa.schema(
        [(column.name, ARROW[column.kind]) for column in COLUMNS.values() if column.kind != "path"]
    )


def flat(application: Application, **outcome: Any) -> dict[str, Any]:
    """One application as a row of a source; photos as bytes.

    Args:
        application: The application.
        outcome: What became of it, by the names of `OUTCOMES`.

    >>> from simkyc.testing import application
    >>> row = flat(application())
    >>> row["store_id"], row["document_kind"]
    ('store-1', 'resident_id')
    """
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | outcome
    for column in COLUMNS.values():
        value: Any = application
        for part in column.place:
            value = None if value is None else getattr(value, part)
        if not column.place or value is None or column.kind in ("path", "template"):
            continue
        if column.kind == "photo":
            value = value.data
        elif column.kind == "json":
            value = _json(application, column.place)
        row[column.name] = value
    return {name: value for name, value in row.items() if COLUMNS[name].kind != "path"}


def _json(application: Application, place: tuple[str, ...]) -> str | None:
    import json

    value: Any = application.model_dump(mode="json", include=_only(place))
    for part in place:
        value = None if value is None else value[part]
    return None if value in (None, []) else json.dumps(value, ensure_ascii=False)


def _only(place: tuple[str, ...]) -> Any:
    return {place[0]: _only(place[1:]) if len(place) > 1 else True}


def nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an application from the cells of a row, of which those that are not given are left out.

    Args:
        cells: By the names of the columns; a photo as its bytes, JSON as what it says.

    >>> nested({"store_id": "s", "sim_msisdn": "n"})["store"]
    {'store_id': 's'}
    """
    fields: dict[str, Any] = {}
    for name, value in cells.items():
        column = COLUMNS[name]
        if not column.place:
            continue
        at = fields
        for part in column.place[:-1]:
            at = at.setdefault(part, {})
        at[column.place[-1]] = {"data": value} if column.kind == "photo" else value
    _fill(Application, fields)
    return fields


def _fill(model: type[BaseModel], fields: dict[str, Any]) -> None:
    """What must be said and may be None is None where no column says it."""
    for name, inner, is_filled in _parts(model):
        if inner is not None and isinstance(fields.get(name), dict):
            _fill(inner, fields[name])
        elif is_filled and name not in fields:
            fields[name] = None


@cache
def _parts(model: type[BaseModel]) -> tuple[tuple[str, type[BaseModel] | None, bool], ...]:
    """Its fields that have fields of their own, or must be said and may be None."""
    parts = []
    for name, described in model.model_fields.items():
        inner, optional = _unwrapped(described.annotation)
        part = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
        is_filled = optional and described.is_required()
        if part is not None or is_filled:
            parts.append((name, part, is_filled))
    return tuple(parts)
