"""Records as operators have them: what is taken in as what, and what is set aside, with where and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from simkyc.errors import InputError, SimkycError
from simkyc.history.keys import Keyring
from simkyc.usage.intake import is_store, take_in, zone_of
from simkyc.usage.read_message import ReadMessage
from simkyc.usage.record_columns import RecordKind
from simkyc.usage.record_files import Hasher, line_key
from tests.usage.made_records import ME, SECRET, key, table

RING = Keyring(SECRET)
HEADER = "number,counterpart,direction,began_at,duration_s,answered,imei,cell,latitude,longitude,region"
GOOD = "13800138000,13900139000,out,2026-06-01T10:00:00+08:00,12,1,352099001761481,c1,31.3,120.6,320500"
TEN = int(datetime(2026, 6, 1, 2, tzinfo=UTC).timestamp())


def taken(
    tmp_path: Path,
    text: str | bytes,
    kind: RecordKind = "calls",
    hasher: Hasher | None = None,
    zone: str | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a CSV file gives: rows, and rows set aside."""
    source = tmp_path / "source.csv"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    return taken_of(tmp_path, str(source), kind, hasher, zone)


def taken_of(
    tmp_path: Path,
    source: str,
    kind: RecordKind = "calls",
    hasher: Hasher | None = None,
    zone: str | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    store = tmp_path / "store"
    store.mkdir()
    counts = take_in({kind: source}, store, hasher=hasher or Hasher(RING), zone=zone_of(zone))
    rows = pq.read_table(store / kind).to_pylist()
    rejects = pq.read_table(store / "rejects.parquet").to_pylist()
    assert counts == {kind: (len(rows), len(rejects))}
    return rows, rejects


def with_cell(column: str, cell: str) -> str:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: cell}
    return f"{HEADER}\n{','.join(cells.values())}\n"


def test_a_good_row(tmp_path: Path) -> None:
    ((row,), rejects) = taken(tmp_path, f"{HEADER}\n{GOOD}\n")
    assert rejects == []
    assert row == {
        "number_key": RING.msisdn("+8613800138000"),
        "counterpart_key": RING.msisdn("+8613900139000"),
        "direction": "out",
        "began_at": TEN,
        "duration_s": 12,
        "answered": True,
        "device_key": RING.device("352099001761481"),
        "tac": "35209900",
        "cell": "c1",
        "latitude": 31.3,
        "longitude": 120.6,
        "region": "320500",
    }


ALIKE = [
    ("began_at", "2026-06-01T02:00:00Z", "the same moment in London"),
    ("began_at", "2026-05-31 22:00:00-0400", "in New York, written otherwise"),
    ("began_at", "2026-06-01T10:00:00.750+08", "with fractions, which are cut off"),
    ("began_at", str(TEN), "in epoch seconds"),
    ("number", "+86 138-0013-8000", "with its country, and spaces"),
    ("number", "008613800138000", "as dialled from abroad"),
    ("direction", " OUT ", "in capitals, with spaces"),
    ("duration_s", "12.4", "with fractions"),
    ("answered", "true", "as a word"),
    ("imei", "35209900176148", "14 digits"),
    ("imei", "3520990017614800", "16 digits"),
]


@pytest.mark.parametrize(("column", "cell", "why"), ALIKE, ids=[f"{row[0]}: {row[2]}" for row in ALIKE])
def test_ways_to_say_the_same(tmp_path: Path, column: str, cell: str, why: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert taken(tmp_path / "a", with_cell(column, cell)) == taken(tmp_path / "b", f"{HEADER}\n{GOOD}\n")


NOT_SAID = [
    ("duration_s", "duration_s", "nobody answered"),
    ("answered", "answered", "the switch does not say"),
    ("imei", "device_key", "the network did not see it"),
    ("cell", "cell", "abroad"),
    ("region", "region", "abroad"),
]


@pytest.mark.parametrize(("column", "kept", "why"), NOT_SAID, ids=[row[0] for row in NOT_SAID])
def test_an_empty_cell_is_not_known(tmp_path: Path, column: str, kept: str, why: str) -> None:
    ((row,), rejects) = taken(tmp_path, with_cell(column, ""))
    assert (row[kept], rejects) == (None, [])


def test_a_placeholder_imei_is_no_device(tmp_path: Path) -> None:
    ((row,), _) = taken(tmp_path, with_cell("imei", "000000000000000"))
    assert (row["device_key"], row["tac"]) == (None, None)


BAD = [
    ("number", "", "number", "missing", "no number"),
    ("number", "hunter2 hunter2", "number", "no_number", "a word"),
    ("number", "ICBC", "number", "no_number", "a sender in letters has no card"),
    ("counterpart", "1", "counterpart", "no_number", "one digit"),
    ("counterpart", "13800138000", "counterpart", "own_number", "itself"),
    ("counterpart", "+8613800138000", "counterpart", "own_number", "itself in another spelling"),
    ("direction", "up", "direction", "word", "no direction"),
    ("direction", "", "direction", "missing", "no direction given"),
    ("began_at", "", "began_at", "missing", "no time"),
    ("began_at", "2026-06-01T10:00:00", "began_at", "zone", "a time of no zone"),
    ("began_at", "2026-02-30T10:00:00+08:00", "began_at", "time", "a day that never was"),
    ("began_at", "2026-06-01T25:00:00+08:00", "began_at", "time", "an hour that never was"),
    ("began_at", "1999-12-31T10:00:00+08:00", "began_at", "time", "before all records"),
    ("began_at", "1780300000000", "began_at", "time", "milliseconds"),
    ("began_at", "2026-06-01T10:00:00+99:99", "began_at", "time", "a zone that never was"),
    ("began_at", "yesterday", "began_at", "time", "a word"),
    ("duration_s", "-1", "duration_s", "negative", "shorter than nothing"),
    ("duration_s", "9999999", "duration_s", "range", "longer than a week"),
    ("duration_s", "1e3", "duration_s", "number", "as no switch writes it"),
    ("duration_s", "nan", "duration_s", "number", "no number at all"),
    ("duration_s", "hunter2", "duration_s", "number", "a word"),
    ("answered", "perhaps", "answered", "flag", "neither"),
    ("imei", "35209900", "imei", "no_imei", "too short"),
    ("cell", "c" * 65, "cell", "word", "too long"),
    ("cell", "a|b", "cell", "word", "a stroke"),
    ("latitude", "91", "latitude", "range", "beyond the pole"),
    ("longitude", "-180.5", "longitude", "range", "round the world"),
    ("longitude", "", "latitude", "half_position", "half a position"),
    ("region", "Suzhou", "region", "word", "a name and no code"),
    ("region", "mm", "region", "word", "small letters"),
]


@pytest.mark.parametrize(
    ("column", "cell", "at_fault", "cause", "why"), BAD, ids=[f"{row[0]}: {row[4]}" for row in BAD]
)
def test_bad_rows_are_set_aside(
    tmp_path: Path, column: str, cell: str, at_fault: str, cause: str, why: str
) -> None:
    rows, (reject,) = taken(tmp_path, with_cell(column, cell) + GOOD + "\n")
    assert len(rows) == 1, "the row after it is taken in"
    assert (reject["where"], reject["column"], reject["cause"]) == ("file 1 line 2", at_fault, cause)
    assert reject["advice"]
    assert not cell.strip() or cell not in reject["advice"] or len(cell) < 3


LINES = [
    (b'"unended,x\n', "quotes", "a quote that never ends"),
    (b"\xff\xfe,a\n", "encoding", "no UTF-8"),
    (b"a,b\n", "fields", "too few fields"),
    (b"a\0b\n", "nul", "bytes of no text"),
    (b"x" * 20_000 + b"\n", "line_too_long", "a line without end"),
]


@pytest.mark.parametrize(("line", "cause", "why"), LINES, ids=[row[2] for row in LINES])
def test_bad_lines_are_set_aside(tmp_path: Path, line: bytes, cause: str, why: str) -> None:
    rows, (reject,) = taken(tmp_path, HEADER.encode() + b"\n" + line + GOOD.encode() + b"\n")
    assert len(rows) == 1
    assert (reject["where"], reject["cause"]) == ("file 1 line 2", cause)


@settings(max_examples=30, deadline=None)
@given(cell=st.text(st.characters(blacklist_characters='\r\n,"\0'), max_size=30), place=st.integers(0, 10))
def test_hostile_cells_never_get_through_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, cell: str, place: int
) -> None:
    column = HEADER.split(",")[place]
    rows, rejects = taken(tmp_path_factory.mktemp("hostile"), with_cell(column, cell))
    assert len(rows) + len(rejects) == 1
    for row in rows:
        assert not {"13800138000", "13900139000"} & {str(value) for value in row.values()}


ZONES = [
    ("+08:00", TEN, "an offset"),
    ("Asia/Shanghai", TEN, "a name"),
    ("-03:30", TEN + 11 * 3600 + 1800, "the other side of the world"),
    ("UTC", TEN + 8 * 3600, "none"),
]


@pytest.mark.parametrize(("zone", "second", "why"), ZONES, ids=[row[0] for row in ZONES])
def test_times_without_a_zone_are_in_the_one_that_is_said(
    tmp_path: Path, zone: str, second: int, why: str
) -> None:
    text = with_cell("began_at", "2026-06-01 10:00:00") + GOOD + "\n"
    (bare, zoned), _ = taken(tmp_path, text, zone=zone)
    assert bare["began_at"] == second
    assert zoned["began_at"] == TEN, "one that says its zone keeps it"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "+8", "../etc/passwd", "x' OR TRUE --"])
def test_another_zone_is_refused(zone: str) -> None:
    with pytest.raises(InputError, match="--zone takes"):
        zone_of(zone)


LINE_KEYS = [
    ("10086", "10086", "a service number"),
    ("106575257000", "106575257000", "a sender of messages"),
    ("95588", "95588", "a bank"),
    ("0512-65221234", "+8651265221234", "a landline"),
    ("+8651265221234", "+8651265221234", "the same in E.164"),
    ("0085291234567", "+85291234567", "Hong Kong"),
    ("+95 9 250 000 000", "+959250000000", "Myanmar"),
    ("+86 1064812345678", "+861064812345678", "an IoT card"),
    ("icbc", "ICBC", "a sender in letters"),
    ("*99#", "*99#", "a code"),
]


@pytest.mark.parametrize(("number", "as_", "why"), LINE_KEYS, ids=[row[2] for row in LINE_KEYS])
def test_every_sort_of_counterpart_is_kept(number: str, as_: str, why: str) -> None:
    assert line_key(number, RING) == RING.msisdn(as_)


# --- Parquet, keys, folders ---


def parquet_of(path: Path, **columns: Sequence[Any] | pa.Array) -> str:
    pq.write_table(pa.table(columns), path)
    return str(path)


HASHED: dict[str, Any] = {
    "number_key": [ME] * 2,
    "counterpart_key": [key("a")] * 2,
    "direction": ["out", "in"],
    "began_at": [TEN, TEN + 1],
}
MOMENTS = [
    (pa.array([TEN, TEN + 1]), None, "epoch seconds"),
    (pa.array([TEN * 1000, TEN * 1000 + 1999], pa.timestamp("ms", tz="UTC")), None, "moments in London"),
    (
        pa.array([TEN * 10**9, TEN * 10**9 + 10**9], pa.timestamp("ns", tz="Asia/Shanghai")),
        None,
        "moments in China",
    ),
    (pa.array([TEN + 28800, TEN + 28801], pa.timestamp("s")), "+08:00", "of no zone, which is said"),
    (pa.array(["2026-06-01T10:00:00+08:00", "2026-06-01T10:00:01+08:00"]).dictionary_encode(), None, "text"),
]


@pytest.mark.parametrize(("moments", "zone", "why"), MOMENTS, ids=[row[2] for row in MOMENTS])
def test_kinds_of_moments_in_parquet(tmp_path: Path, moments: pa.Array, zone: str | None, why: str) -> None:
    source = parquet_of(tmp_path / "a.parquet", **(HASHED | {"began_at": moments}))
    rows, rejects = taken_of(tmp_path, source, hasher=Hasher(None), zone=zone)
    assert ([row["began_at"] for row in rows], rejects) == ([TEN, TEN + 1], [])


def test_times_of_no_zone_in_parquet_are_set_aside(tmp_path: Path) -> None:
    moments = pa.array([TEN, None], pa.timestamp("s"))
    source = parquet_of(tmp_path / "a.parquet", **(HASHED | {"began_at": moments}))
    _, rejects = taken_of(tmp_path, source)
    assert [(one["where"], one["cause"]) for one in rejects] == [
        ("file 1 row 1", "zone"),
        ("file 1 row 2", "missing"),
    ]


def test_what_is_no_text_in_parquet_is_set_aside(tmp_path: Path) -> None:
    cells = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xffc")]
    )
    source = parquet_of(tmp_path / "a.parquet", **HASHED, cell=cells)
    rows, (reject,) = taken_of(tmp_path, source)
    assert [row["cell"] for row in rows] == ["c"]
    assert (reject["where"], reject["cause"]) == ("file 1 row 1", "encoding")


HOSTILE = [
    ({"began_at": pa.array([2**62], pa.timestamp("ms", tz="UTC"))}, "time", "a time beyond all calendars"),
    ({"began_at": pa.array([-(2**62)], pa.timestamp("us"))}, "time", "one before them, of no zone"),
    ({"began_at": pa.array([2**64 - 1], pa.uint64())}, "time", "a number that no time is"),
    ({"duration_s": pa.array([float("inf")])}, "number", "a length without end"),
    ({"duration_s": pa.array([2**64 - 1], pa.uint64())}, "range", "a very long one"),
    ({"duration_s": pa.array([Decimal("1e30")], pa.decimal256(60, 0))}, "range", "a longer one"),
    ({"latitude": [float("nan")], "longitude": [1.0]}, "number", "a place that is none"),
    ({"cell": ["x" * 5_000_000]}, "word", "a very long word"),
    ({"cell": ["a\0b"]}, "word", "a control character"),
]


@pytest.mark.parametrize(("columns", "cause", "why"), HOSTILE, ids=[row[2] for row in HOSTILE])
def test_hostile_values_in_parquet_are_set_aside(
    tmp_path: Path, columns: dict[str, Any], cause: str, why: str
) -> None:
    one = {name: cells[:1] for name, cells in HASHED.items()} | columns
    rows, (reject,) = taken_of(tmp_path, parquet_of(tmp_path / "a.parquet", **one), zone="Asia/Shanghai")
    assert (rows, reject["cause"]) == ([], cause)


WRONG = [
    ({"began_at": [1.5, 2.5]}, "began_at holds a type", "fractions for times"),
    ({"direction": [1, 2]}, "direction holds a type", "numbers for words"),
    ({"duration_s": [True, False]}, "duration_s holds a type", "flags for numbers"),
    ({"number": [13800138000, 13900139000]}, "number must be text", "a number that loses digits"),
]


@pytest.mark.parametrize(("columns", "says", "why"), WRONG, ids=[row[2] for row in WRONG])
def test_a_column_of_another_type_is_refused(
    tmp_path: Path, columns: dict[str, Any], says: str, why: str
) -> None:
    source = parquet_of(tmp_path / "a.parquet", **(HASHED | columns))
    with pytest.raises(InputError, match=says):
        taken_of(tmp_path, source)


def test_a_store_is_a_source_that_needs_no_second_look(tmp_path: Path) -> None:
    rows, _ = taken(tmp_path, f"{HEADER}\n{GOOD}\n")
    files = sorted((tmp_path / "store/calls").iterdir())
    assert is_store(files, "calls")
    assert not is_store(files, "messages")
    (tmp_path / "again").mkdir()
    assert taken_of(tmp_path / "again", str(tmp_path / "store/calls"), hasher=Hasher(None)) == (rows, [])
    pq.write_table(table("calls", rows), tmp_path / "by_hand.parquet")
    assert not is_store([tmp_path / "by_hand.parquet"], "calls"), "one that somebody wrote is looked at"


def test_a_folder_and_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    for day in range(3):
        (folder / f"{day}.csv").write_text(f"{HEADER}\n{GOOD}\nx\n", encoding="utf-8")
    for place, source in enumerate([folder, folder / "*.csv"]):
        (tmp_path / f"{place}").mkdir()
        rows, rejects = taken_of(tmp_path / f"{place}", str(source))
        assert len(rows) == 3
        assert [one["where"] for one in rejects] == [f"file {n} line 3" for n in (1, 2, 3)]


FILES = [
    ("a.csv", b"", "no header", "an empty file"),
    ("a.csv", b"number,direction,began_at\n", "lacks the column counterpart", "no counterpart"),
    ("a.csv", HEADER.encode() + b",cell\n", "column twice: cell", "a column twice"),
    ("a.parquet", b"PAR1 and no more", "no whole Parquet", "cut off"),
    ("a.xlsx", b"", "CSV or Parquet", "another kind of file"),
]


@pytest.mark.parametrize(("name", "data", "says", "why"), FILES, ids=[row[3] for row in FILES])
def test_a_file_that_cannot_be_read_stops_everything(
    tmp_path: Path, name: str, data: bytes, says: str, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=says):
        taken_of(tmp_path, str(tmp_path / name))


def test_nothing_in_the_clear_without_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SimkycError, match="SIMKYC_SECRET"):
        taken(tmp_path, f"{HEADER}\n{GOOD}\n", hasher=Hasher(None))


# --- texts ---


class Reader:
    """Says what it was given, so that a test sees that nothing else was."""

    classifier = "m1"

    def __init__(self) -> None:
        self.given: list[str] = []

    def read(self, texts: Sequence[str]) -> list[ReadMessage]:
        self.given += texts
        return [
            ReadMessage(
                template=key("t"),
                category="fraud",
                lexicon=("wechat", "loan"),
                has_link=True,
                has_contact=False,
                is_evasive=len(text) > 9,
            )
            for text in texts
        ]


TEXTS = """number,counterpart,direction,sent_at,text
13800138000,13900139000,out,2026-06-01T10:00:00+08:00,hunter2
13800138000,13900139000,in,2026-06-01T10:00:00+08:00,answer
13800138000,13900139000,out,2026-06-01T10:00:01+08:00,"hunter2, again"
"""


def test_texts_are_read_and_kept_nowhere(tmp_path: Path) -> None:
    reader = Reader()
    rows, rejects = taken(tmp_path, TEXTS, "messages", Hasher(RING, reader))
    assert (reader.given, rejects) == (["hunter2", "hunter2, again"], []), "what came in is not its own doing"
    assert [row["lexicon"] for row in rows] == ["loan|wechat", None, "loan|wechat"]
    assert [row["is_evasive"] for row in rows] == [False, None, True]
    assert [row["classifier"] for row in rows] == ["m1", None, "m1"]
    assert "text" not in rows[0]
    (tmp_path / "source.csv").unlink()
    assert not any(b"hunter2" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_without_a_reader_texts_are_passed_over(tmp_path: Path) -> None:
    rows, _ = taken(tmp_path, TEXTS, "messages")
    assert {row["template"] for row in rows} == {None}
