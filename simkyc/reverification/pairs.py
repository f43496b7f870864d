"""Labelled pairs of photos from a file: who is in each, and their distance or where the photos lie.

Columns in CSV (as `simkyc.lists.rows` reads it), Parquet, or JSON Lines with one object a line:

| column | what stands there |
|---|---|
| `same_person` | true or false; must agree with the next two |
| `person_a`, `person_b` | any text that stands for one person; compared, and shown nowhere |
| `group` | what the pair belongs to, if anything: results are told for each |
| `distance`, `engine_id` | Euclidean distance of two templates, 0 to 2, and the engine that made them |
| `photo_a`, `photo_b` | or where the photos lie, seen from the file's folder; `photo_a` is the ID's portrait |

A row that cannot be used is set aside and told by its line, as every `BadRow`, never by a value.

>>> from tempfile import TemporaryDirectory
>>> rows = '''same_person,person_a,person_b,distance,engine_id
... true,p1,p1,0.5,example/1
... true,p1,p2,0.9,example/1
... '''
>>> with TemporaryDirectory() as folder:
...     file = Path(folder) / "pairs.csv"
...     written = file.write_text(rows, encoding="utf-8")
...     pairs = read_pairs(file, on_bad=lambda row: print(row.line, row.cause))
3 label
>>> pairs.count, pairs.engine_id
(1, 'example/1')
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError, from_json

from simkyc.application import Text
from simkyc.errors import EngineMismatchError, InputError
from simkyc.faces.calibration import Domain
from simkyc.faces.detection import PhotoKind
from simkyc.lists.rows import (
    LONGEST_LINE,
    BadHeader,
    BadRow,
    Encoding,
    ListRow,
    Numbered,
    bad_row,
    numbered_rows,
)

__all__ = ["MOST_GROUPS", "LabelledPairs", "PairRow", "PairsFormat", "PairsPhoto", "read_pairs"]

MOST_GROUPS: Final = 50
"""With more, the column names something else: a person, or a store."""

ROWS_BETWEEN_REPORTS: Final = 5000

PairsFormat = Literal["csv", "jsonl", "parquet"]
OnBad = Callable[[BadRow], None]


class PairRow(ListRow):
    """One pair; see the module for what stands where."""

    same_person: bool
    person_a: Text
    person_b: Text
    group: Text | None = None
    distance: float | None = Field(default=None, ge=0, le=2)
    engine_id: Text | None = None
    photo_a: Text | None = None
    photo_b: Text | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.same_person != (self.person_a == self.person_b):
            raise PydanticCustomError("label", "same_person contradicts person_a and person_b")
        measured = (self.distance is not None, self.engine_id is not None)
        photos = (self.photo_a is not None, self.photo_b is not None)
        if (measured, photos) not in {((True, True), (False, False)), ((False, False), (True, True))}:
            raise PydanticCustomError("one_of", "give distance and engine_id, or photo_a and photo_b")
        if self.photo_a is not None and self.photo_a == self.photo_b:
            raise PydanticCustomError("same_photo", "a photo compared with itself says nothing")
        return self


class PairsPhoto(NamedTuple):
    """A photo of the file: where it lies, and what it was taken for."""

    path: Path
    kind: PhotoKind


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPairs:
    """The pairs of a file, a column each, of the same length.

    Attributes:
        engine_id: The engine whose distances these are or will be.
        line: int64, where each stood in the file.
        same_person: bool.
        person_a: int64, who is in the first photo, 0 and up.
        person_b: The same of the second.
        group: int64, place in `groups`; -1 where a pair belongs to none.
        distance: float64; NaN where the photos were not compared yet.
        photo_a: int64, place in `photos`; -1 where the distance was given.
        photo_b: The same of the second photo.
        groups: Their names, sorted.
        photos: Each once. Paths may name people: never to be shown.
    """

    engine_id: str
    line: NDArray[np.int64]
    same_person: NDArray[np.bool_]
    person_a: NDArray[np.int64]
    person_b: NDArray[np.int64]
    group: NDArray[np.int64]
    distance: NDArray[np.float64]
    photo_a: NDArray[np.int64]
    photo_b: NDArray[np.int64]
    groups: tuple[str, ...] = ()
    photos: tuple[PairsPhoto, ...] = field(default=(), repr=False)

    @property
    def count(self) -> int:
        """How many pairs there are."""
        return self.line.size


def read_pairs(
    file: Path,
    *,
    domain: Domain = "chip-live",
    photo_engine_id: str | None = None,
    file_format: PairsFormat | None = None,
    encoding: Encoding = "utf-8",
    on_bad: OnBad | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> LabelledPairs:
    """Read the pairs of a file. Memory: 60 bytes a pair, and the names of people and photos once.

    Args:
        file: The file.
        domain: The kind of pair; of `chip-live` the first photo is a portrait.
        photo_engine_id: The engine that will compare the photos; None refuses rows with photos.
        file_format: None: as the name of the file ends.
        encoding: Encoding of CSV.
        on_bad: Told of each row that is set aside.
        on_progress: Told now and then how many rows were read.

    Raises:
        EngineMismatchError: Distances of two engines stand in the file.
        InputError: The file cannot be read, its columns do not fit, no pair is left, or there are too many groups.
    """
    columns = _Columns(file.parent, domain, photo_engine_id)
    tell = on_bad or (lambda _: None)
    rows = 0
    try:
        with file.open("rb") as stream:
            for line, row in _rows(stream, _format_of(file, file_format), encoding):
                rows += 1
                if on_progress is not None and rows % ROWS_BETWEEN_REPORTS == 0:
                    on_progress(rows)
                if isinstance(row, BadHeader):
                    raise InputError(f"the columns of the pairs do not fit: {row.cause}: {row.advice}")
                bad = row if isinstance(row, BadRow) else columns.take(line, row)
                if bad is not None:
                    tell(bad)
    except OSError as error:
        raise InputError(f"the pairs cannot be read ({type(error).__name__}): check the path") from None
    if not columns.line:
        raise InputError(
            f"no pair of {rows} rows can be used: give same_person, person_a, person_b and a distance"
        )
    return columns.without_repeated(tell)


class _Columns:
    """What was read, growing row by row."""

    def __init__(self, folder: Path, domain: Domain, photo_engine_id: str | None) -> None:
        self._folder = folder
        self._kinds: tuple[PhotoKind, PhotoKind] = ("portrait" if domain == "chip-live" else "live", "live")
        self._photo_engine_id = photo_engine_id
        self._engine_id: str | None = None
        self._people: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        self._photos: dict[tuple[str, PhotoKind], int] = {}
        self._shows: dict[str, int] = {}
        self.line = array("q")
        self._same = array("b")
        self._pairs: dict[str, array[int]] = {
            name: array("q") for name in ("person_a", "person_b", "group", "photo_a", "photo_b")
        }
        self._distance = array("d")

    def take(self, line: int, row: PairRow) -> BadRow | None:
        """Add a row, or say why not."""
        engine_id = self._photo_engine_id if row.engine_id is None else row.engine_id
        if engine_id is None:
            return BadRow(line, "photo_a", "no_engine", "no engine was given to compare photos")
        if self._engine_id is None:
            self._engine_id = engine_id
        elif engine_id != self._engine_id:
            raise EngineMismatchError(
                f"line {line}: the pairs of another engine stand before it; calibrate one engine at a time"
            )
        a, b = (_place(self._people, person) for person in (row.person_a, row.person_b))
        photos = ((row.photo_a, self._kinds[0], a), (row.photo_b, self._kinds[1], b))
        for column, (path, _, person) in zip(("photo_a", "photo_b"), photos, strict=True):
            if path is not None and self._shows.setdefault(path, person) != person:
                return BadRow(
                    line, column, "photo_of_two", "another row says that somebody else is in this photo"
                )
        if row.group is not None and _place(self._groups, row.group) >= MOST_GROUPS:
            raise InputError(
                f"line {line}: more than {MOST_GROUPS} groups: a group is not a person or a store"
            )
        self.line.append(line)
        self._same.append(row.same_person)
        self._distance.append(np.nan if row.distance is None else row.distance)
        places = {
            "person_a": a,
            "person_b": b,
            "group": -1 if row.group is None else self._groups[row.group],
        }
        for name, (path, kind, _) in zip(("photo_a", "photo_b"), photos, strict=True):
            places[name] = -1 if path is None else _place(self._photos, (path, kind))
        for name, place in places.items():
            self._pairs[name].append(place)
        return None

    def without_repeated(self, on_bad: OnBad) -> LabelledPairs:
        """All pairs, those of the same two photos once."""
        assert self._engine_id is not None
        columns = {name: np.array(places, np.int64) for name, places in self._pairs.items()}
        line = np.array(self.line, np.int64)
        names = sorted(self._groups)
        ranks = np.array([names.index(name) for name in self._groups] + [-1], np.int64)
        columns["group"] = ranks[columns["group"]]
        keep = np.ones(line.size, bool)
        photos = columns["photo_a"] >= 0
        if photos.any():
            low, high = np.sort([columns["photo_a"][photos], columns["photo_b"][photos]], axis=0)
            _, first = np.unique(low * len(self._photos) + high, return_index=True)
            again = np.ones(low.size, bool)
            again[first] = False
            keep[np.flatnonzero(photos)[again]] = False
            for number in line[~keep].tolist():
                on_bad(BadRow(number, None, "repeated", "the same two photos stand in an earlier row"))
        return LabelledPairs(
            engine_id=self._engine_id,
            line=line[keep],
            same_person=np.array(self._same, bool)[keep],
            distance=np.array(self._distance)[keep],
            groups=tuple(names),
            photos=tuple(PairsPhoto(self._folder / path, kind) for path, kind in self._photos),
            **{name: places[keep] for name, places in columns.items()},
        )


def _place(places: dict[Any, int], key: object) -> int:
    return places.setdefault(key, len(places))


def _format_of(file: Path, given: PairsFormat | None) -> PairsFormat:
    if given is not None:
        return given
    endings: dict[str, PairsFormat] = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    return endings.get(file.suffix.lower(), "csv")


def _rows(stream: BinaryIO, file_format: PairsFormat, encoding: Encoding) -> Iterator[Numbered[PairRow]]:
    if file_format == "jsonl":
        return _json_rows(stream)
    return numbered_rows(stream, PairRow, encoding=encoding, file_format=file_format)


def _json_rows(stream: BinaryIO) -> Iterator[Numbered[PairRow]]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 2):
        number += 1
        if len(line.rstrip(b"\r\n")) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 16)
            yield number, BadRow(number, None, "line_too_long", f"no row has more than {LONGEST_LINE} bytes")
        elif line.strip():
            yield number, _json_row(number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)


def _json_row(number: int, line: bytes) -> PairRow | BadRow:
    try:
        body = from_json(line)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return BadRow(number, None, "json", "each line is one object of JSON in UTF-8")
    if not body.keys() <= PairRow.model_fields.keys():
        return BadRow(number, None, "unknown_column", f"the columns are {', '.join(PairRow.model_fields)}")
    try:
        return PairRow.model_validate(
            {name: value for name, value in body.items() if value not in (None, "")}
        )
    except ValidationError as error:
        return bad_row(number, error)
