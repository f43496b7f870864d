"""Labelled pairs from files, and what of a file cannot be one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc.errors import EngineMismatchError, InputError
from simkyc.lists.rows import LONGEST_LINE, BadRow
from simkyc.reverification.pairs import MOST_GROUPS, LabelledPairs, read_pairs

HEADER = "same_person,person_a,person_b,group,distance,engine_id"
GOOD = [
    "true,甲,甲,north,0.25,example/1",
    "false,甲,p2,south,1.125,example/1",
    "0,p2,甲,,1.5,example/1",
]


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "pairs.csv"
    file.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return file


def as_objects(rows: list[str]) -> list[dict[str, object]]:
    """The rows of CSV with their own types."""
    made = []
    for row in rows:
        one: dict[str, object] = dict(zip(HEADER.split(","), row.split(","), strict=True))
        one["same_person"] = one["same_person"] == "true"
        one["distance"] = float(str(one["distance"]))
        made.append({name: value for name, value in one.items() if value != ""})
    return made


def read(file: Path, **options: str) -> tuple[LabelledPairs, list[BadRow]]:
    bad: list[BadRow] = []
    return read_pairs(file, on_bad=bad.append, **options), bad  # type: ignore[arg-type]  # options by name


def to_json_lines(file: Path) -> Path:
    made = file.with_suffix(".jsonl")
    made.write_text(
        "\n\n".join(json.dumps(row, ensure_ascii=False) for row in as_objects(GOOD)), encoding="utf-8"
    )
    return made


def to_parquet(kind: pa.DataType) -> Callable[[Path], Path]:
    def convert(file: Path) -> Path:
        made = file.with_suffix(".parquet")
        table = pa.Table.from_pylist(as_objects(GOOD))
        place = table.column_names.index("distance")
        pq.write_table(table.set_column(place, "distance", table["distance"].cast(kind)), made)
        return made

    return convert


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda file: file, id="csv"),
        pytest.param(to_json_lines, id="json lines, with empty lines between"),
        pytest.param(to_parquet(pa.float64()), id="parquet"),
        pytest.param(to_parquet(pa.float32()), id="parquet of single precision"),
        pytest.param(to_parquet(pa.decimal128(10, 4)), id="parquet of decimals"),
    ],
)
def test_every_format_gives_the_same_pairs(convert: Callable[[Path], Path], tmp_path: Path) -> None:
    pairs, bad = read(convert(written(tmp_path, *GOOD)))
    assert bad == []
    assert pairs.engine_id == "example/1"
    assert pairs.same_person.tolist() == [True, False, False]
    assert pairs.person_a.tolist() == [0, 0, 1]
    assert pairs.person_b.tolist() == [0, 1, 0]
    assert pairs.distance.tolist() == [0.25, 1.125, 1.5]
    assert [pairs.groups[place] if place >= 0 else None for place in pairs.group] == ["north", "south", None]
    assert pairs.photos == ()


def test_gb18030_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("\n".join((HEADER, *GOOD)), encoding="gb18030")
    bad: list[BadRow] = []
    with pytest.raises(InputError, match="no pair of 3 rows"):
        read_pairs(file, on_bad=bad.append)
    assert [row.cause for row in bad] == ["encoding"] * 3
    pairs, bad = read(file, encoding="gb18030")
    assert (pairs.count, bad) == (3, [])


BAD = [
    ("true,p1,hunter2,north,0.5,example/1", None, "label", "one person with two names"),
    ("false,hunter2,hunter2,north,0.5,example/1", None, "label", "two people with one name"),
    ("hunter2,p1,p1,,0.5,example/1", "same_person", "flag", "a label that is none"),
    (",p1,p1,,0.5,example/1", "same_person", "missing", "no label"),
    ("true,,,,0.5,example/1", "person_a", "missing", "nobody"),
    ("true,p1,p1,,nan,example/1", "distance", "finite_number", "a distance that is no number"),
    ("true,p1,p1,,inf,example/1", "distance", "finite_number", "an endless distance"),
    ("true,p1,p1,,-0.1,example/1", "distance", "greater_than_equal", "a distance below none"),
    ("true,p1,p1,,2.01,example/1", "distance", "less_than_equal", "further than opposite"),
    ("true,p1,p1,,hunter2,example/1", "distance", "float_parsing", "a word for a distance"),
    ("true,p1,p1,,,example/1", None, "one_of", "no distance"),
    ("true,p1,p1,,0.5,", None, "one_of", "a distance of no engine"),
    ("true,p1,p1,0.5,example/1", None, "fields", "a field too few"),
    ('true,"p1,p1,,0.5,example/1', None, "quotes", "a quote that never ends"),
    ("true,p1,p1,\0,0.5,example/1", None, "nul", "bytes of no text"),
    (f"true,{'p' * LONGEST_LINE},p1,,0.5,example/1", None, "line_too_long", "a line too long"),
]


@pytest.mark.parametrize(("row", "column", "cause", "why"), BAD, ids=[row[3] for row in BAD])
def test_a_bad_row_is_set_aside_alone(
    row: str, column: str | None, cause: str, why: str, tmp_path: Path
) -> None:
    pairs, bad = read(written(tmp_path, GOOD[0], row, *GOOD[1:]))
    assert pairs.line.tolist() == [2, 4, 5]
    assert [(one.line, one.column, one.cause) for one in bad] == [(3, column, cause)]
    assert "hunter2" not in str(bad)


BAD_JSON = [
    ("hunter2", None, "json", "no JSON"),
    ('["hunter2"]', None, "json", "no object"),
    ('{"same_person": true', None, "json", "cut off"),
    ('{"hunter2": 1}', None, "unknown_column", "a name that is none"),
    ('{"same_person": true, "person_a": 7, "person_b": 7}', "person_a", "type", "a number for a name"),
    ("[" * 3000, None, "json", "deeply nested"),
    ('{"same_person": true, "person_a": "\\ud800"}', None, "json", "half a character"),
    (f'{{"group": "{"x" * LONGEST_LINE}"}}', None, "line_too_long", "a line too long"),
]


@pytest.mark.parametrize(("row", "column", "cause", "why"), BAD_JSON, ids=[row[3] for row in BAD_JSON])
def test_a_bad_line_of_json_is_set_aside_alone(
    row: str, column: str | None, cause: str, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.jsonl"
    good = json.dumps(as_objects(GOOD)[0])
    file.write_text("\n".join((good, row, good)), encoding="utf-8")
    pairs, bad = read(file)
    assert pairs.line.tolist() == [1, 3]
    assert [(one.line, one.column, one.cause) for one in bad] == [(2, column, cause)]
    assert "hunter2" not in str(bad)


def truncated_parquet(folder: Path) -> Path:
    file = to_parquet(pa.float64())(written(folder, *GOOD))
    file.write_bytes(file.read_bytes()[:-100])
    return file


def parquet_of_words(folder: Path) -> Path:
    return to_parquet(pa.string())(written(folder, *GOOD))


def empty(folder: Path) -> Path:
    file = folder / "pairs.csv"
    file.write_bytes(b"")
    return file


WHOLE_FILES: list[tuple[Callable[[Path], Path], str, str]] = [
    (lambda folder: folder / "hunter2.csv", "cannot be read", "no file"),
    (lambda folder: folder, "cannot be read", "a folder"),
    (empty, "no_header", "an empty file"),
    (truncated_parquet, "no whole Parquet file", "truncated parquet"),
    (parquet_of_words, "column holds no numbers", "distances as words in parquet"),
    (lambda folder: written(folder, header="same_person,person_a"), "missing_column", "a column missing"),
    (lambda folder: written(folder, header=f"{HEADER},hunter2"), "unknown_column", "a column unknown"),
    (lambda folder: written(folder, header=f"{HEADER},group"), "repeated_column", "a column twice"),
    (written, "no pair of 0 rows", "no rows"),
    (lambda folder: written(folder, *[row[0] for row in BAD[:2]]), "no pair of 2 rows", "bad rows alone"),
]


@pytest.mark.parametrize(("make", "says", "why"), WHOLE_FILES, ids=[row[2] for row in WHOLE_FILES])
def test_a_file_that_holds_no_pairs_says_why(
    make: Callable[[Path], Path], says: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=says) as raised:
        read_pairs(make(tmp_path))
    assert "hunter2" not in str(raised.value)


def test_distances_of_two_engines_are_never_mixed(tmp_path: Path) -> None:
    file = written(tmp_path, *GOOD, GOOD[0].replace("example/1", "hunter2"))
    with pytest.raises(EngineMismatchError, match="line 5") as raised:
        read_pairs(file)
    assert "hunter2" not in str(raised.value)


def test_a_group_is_no_person(tmp_path: Path) -> None:
    rows = [f"true,p{place},p{place},g{place},0.5,example/1" for place in range(MOST_GROUPS + 1)]
    assert len(read(written(tmp_path, *rows[:-1]))[0].groups) == MOST_GROUPS
    with pytest.raises(InputError, match="line 52: more than 50 groups"):
        read_pairs(written(tmp_path, *rows))


# --- photos

PHOTOS = "same_person,person_a,person_b,photo_a,photo_b"


def test_a_photo_stands_once_for_each_use(tmp_path: Path) -> None:
    file = written(tmp_path, "1,p,p,p/id.jpg,p/live.jpg", "0,p,q,p/id.jpg,q/live.jpg", header=PHOTOS)
    pairs, bad = read(file, photo_engine_id="example/1")
    names = [(photo.path.relative_to(tmp_path).as_posix(), photo.kind) for photo in pairs.photos]
    assert names == [("p/id.jpg", "portrait"), ("p/live.jpg", "live"), ("q/live.jpg", "live")]
    assert (pairs.photo_a.tolist(), pairs.photo_b.tolist(), bad) == ([0, 0], [1, 2], [])
    assert np.isnan(pairs.distance).all()
    assert "live.jpg" not in repr(pairs)
    live, _ = read(file, photo_engine_id="example/1", domain="live-live")
    assert {photo.kind for photo in live.photos} == {"live"}


BAD_PHOTOS = [
    ("1,p,p,a.jpg,a.jpg", None, "same_photo", "a photo against itself"),
    ("1,p,p,a.jpg,", None, "one_of", "one photo"),
    ("1,p,p,id.jpg,live.jpg", None, "repeated", "a pair twice"),
    ("1,q,q,id.jpg,other.jpg", "photo_a", "photo_of_two", "a photo of two people"),
]


@pytest.mark.parametrize(("row", "column", "cause", "why"), BAD_PHOTOS, ids=[row[3] for row in BAD_PHOTOS])
def test_pairs_of_photos_that_say_nothing(
    row: str, column: str | None, cause: str, why: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "1,p,p,id.jpg,live.jpg", row, header=PHOTOS)
    pairs, bad = read(file, photo_engine_id="example/1")
    assert pairs.line.tolist() == [2]
    assert [(one.line, one.column, one.cause) for one in bad] == [(3, column, cause)]


def test_live_pairs_are_the_same_in_either_order(tmp_path: Path) -> None:
    file = written(tmp_path, "1,p,p,a.jpg,b.jpg", "1,p,p,b.jpg,a.jpg", header=PHOTOS)
    pairs, bad = read(file, photo_engine_id="example/1", domain="live-live")
    assert (pairs.count, [one.cause for one in bad]) == (1, ["repeated"])


def test_photos_are_of_the_engine_that_will_compare_them(tmp_path: Path) -> None:
    both = f"{HEADER},photo_a,photo_b"
    file = written(tmp_path, f"{GOOD[0]},,", "1,p,p,,,,id.jpg,live.jpg", header=both)
    assert read(file, photo_engine_id="example/1")[0].count == 2
    with pytest.raises(EngineMismatchError, match="line 3"):
        read_pairs(file, photo_engine_id="example/2")
    _, bad = read(file)
    assert [one.cause for one in bad] == ["no_engine"]
