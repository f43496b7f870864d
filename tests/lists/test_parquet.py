"""Parquet: rows as in CSV, bad rows by their place, and files that would be more than they seem."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from simkyc import InputError
from simkyc.lists import parquet
from simkyc.lists.rows import BadHeader, BadRow, numbered_rows
from simkyc.lists.stock import StockRow
from simkyc.lists.watch import WatchEntryRow
from simkyc.testing import iccid_of, resident_id

ICCIDS = [iccid_of(serial) for serial in range(1, 6)]


def file_of(table: pa.Table, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    file.seek(0)
    return file


def read(file: io.BytesIO, model: Any = StockRow) -> list[Any]:
    return list(numbered_rows(file, model, file_format="parquet"))


def stock(**columns: Any) -> pa.Table:
    return pa.table({"iccid": ICCIDS, **columns})


TEXTS = {
    "text": pa.string(),
    "large text": pa.large_string(),
    "a dictionary": pa.dictionary(pa.int32(), pa.string()),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("group", [1, 2, 100])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_rows_are_what_they_say(case: str, group: int, version: str, compression: str) -> None:
    lots = pa.array([" lot-1", None, "", "lot-1", "第一批"], pa.string()).cast(TEXTS[case])
    table = stock(lot=lots)
    file = file_of(table, row_group_size=group, data_page_version=version, compression=compression)
    rows = read(file)
    assert [place for place, _ in rows] == [1, 2, 3, 4, 5]
    assert [row.lot for _, row in rows] == ["lot-1", None, None, "lot-1", "第一批"]


DATES = {
    "text": (["2026-01-01"], None),
    "dates": ([date(2026, 1, 1)], pa.date32()),
    "times": ([datetime(2025, 12, 31, 16, tzinfo=UTC)], pa.timestamp("ns", "UTC")),
    "times in China": ([datetime(2025, 12, 31, 16, tzinfo=UTC)], pa.timestamp("s", "Asia/Shanghai")),
}


@pytest.mark.parametrize("case", DATES)
def test_dates_and_flags_may_be_of_their_own_kind(case: str) -> None:
    values, kind = DATES[case]
    table = pa.table(
        {
            "kind": ["resident_id"],
            "number": [resident_id(born=date(1990, 1, 1))],
            "list": ["mine"],
            "source": ["us"],
            "basis": ["rule"],
            "from": pa.array(values, kind),
            "silent_alert": pa.array([True]),
        }
    )
    ((_, row),) = read(file_of(table), WatchEntryRow)
    assert (row.since, row.silent_alert) == (datetime(2025, 12, 31, 16, tzinfo=UTC), True)


LONG = "x" * 1_000_000

# column, its cells, causes by place
CELLS: dict[str, tuple[str, Any, dict[int, str]]] = {
    "a million characters": ("lot", ["a", LONG, "b", None, "c"], {2: "length"}),
    "a million characters in every row": ("lot", [LONG] * 5, dict.fromkeys(range(1, 6), "length")),
    "a little too long": ("lot", ["x" * 201, "a", "b", "c", "d"], {1: "length"}),
    "no UTF-8": (
        "lot",
        pa.array([b"\xff\xfe", b"a", b"b", b"c", b"d"], pa.binary()).view(pa.string()),
        {1: "encoding"},
    ),
    "a NUL": ("lot", ["a\0b", "a", "b", "c", "d"], {1: "characters"}),
    "no number": ("imsi", ["1", None, "460000000000001", "46000000000000A", None], {1: "length", 4: "shape"}),
}


@pytest.mark.parametrize("case", CELLS)
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_a_bad_cell_spoils_its_row_and_no_other(case: str, *, use_dictionary: bool) -> None:
    column, cells, causes = CELLS[case]
    table = stock(**{column: cells})
    rows = read(file_of(table, use_dictionary=use_dictionary))
    bad = {place: row for place, row in rows if isinstance(row, BadRow)}
    assert {place: row.cause for place, row in bad.items()} == causes
    assert {(row.line, row.column) for row in bad.values()} == {(place, column) for place in causes}
    assert len(rows) == 5


HEADERS = {
    "no ICCID": (pa.table({"lot": ["a"]}), "iccid", "missing_column"),
    "an unknown column": (stock(remark=ICCIDS), None, "unknown_column"),
    "numbers for texts": (pa.table({"iccid": pa.array([1, 2], pa.int64())}), "iccid", "column_type"),
    "a list of texts": (pa.table({"iccid": [["a"], ["b"]]}), "iccid", "column_type"),
    "a column twice": (
        pa.table([pa.array(ICCIDS), pa.array(ICCIDS)], names=["iccid", "iccid"]),
        "iccid",
        "repeated_column",
    ),
}


@pytest.mark.parametrize("case", HEADERS)
def test_wrong_columns(case: str) -> None:
    table, column, cause = HEADERS[case]
    ((place, bad),) = read(file_of(table))
    assert isinstance(bad, BadHeader)
    assert (place, bad.line, bad.column, bad.cause) == (0, 0, column, cause)


WHOLE = file_of(stock(lot=["lot"] * 5), row_group_size=2).getvalue()


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="Parquet"):
        read(io.BytesIO(WHOLE[:length]))


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
@example(place=749, byte=129)
def test_a_file_with_a_wrong_byte_is_rows_or_is_refused(place: int, byte: int) -> None:
    data = bytearray(WHOLE)
    data[place] = byte
    try:
        rows = read(io.BytesIO(bytes(data)))
    except InputError:
        return
    assert all(isinstance(row, StockRow | BadRow) for _, row in rows)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1", b"iccid\n1\n", b"PAR1\xff\xff\xff\xffPAR1"])
def test_what_is_no_parquet(data: bytes) -> None:
    with pytest.raises(InputError, match="no whole Parquet"):
        read(io.BytesIO(data))


def test_a_page_that_would_unpack_to_more_than_it_should_is_refused() -> None:
    bomb = file_of(
        pa.table({"iccid": ["x" * (2 * parquet.LARGEST_PAGE)]}), compression="zstd", use_dictionary=False
    )
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(InputError, match="16 MiB"):
        read(bomb)


def test_many_pages_of_one_large_text_are_refused() -> None:
    texts = [f"{place}{LONG}" for place in range(60)]
    bomb = file_of(
        pa.table({"iccid": texts}),
        compression="zstd",
        use_dictionary=False,
        data_page_size=1,
        write_batch_size=1,
    )
    with pytest.raises(InputError, match="16 MiB"):
        read(bomb)


def test_texts_that_lean_on_the_one_before_are_refused() -> None:
    file = file_of(stock(), use_dictionary=False, column_encoding={"iccid": "DELTA_BYTE_ARRAY"})
    with pytest.raises(InputError, match="not read"):
        read(file)


def test_one_text_in_every_row_is_held_once() -> None:
    texts = pa.array(["x" * 4000] * 200_000)
    file = file_of(pa.table({"iccid": texts}), compression="zstd", row_group_size=200_000)
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        count = sum(
            isinstance(row, BadRow) for _, row in numbered_rows(file, StockRow, file_format="parquet")
        )
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 200_000
    assert most < 64 * 2**20, "800 MB if every row held its own"
    assert pa.total_allocated_bytes() - before < 64 * 2**20


def test_a_row_group_of_any_size_is_read_in_the_same_memory(tmp_path: Path) -> None:
    grown = []
    for count in (50_000, 400_000):
        file = tmp_path / f"{count}.parquet"
        iccids = [iccid_of(serial) for serial in range(count)]
        pq.write_table(pa.table({"iccid": iccids}), file, row_group_size=count)
        del iccids
        code = "import sys; from simkyc.lists import parquet, stock; import pyarrow as pa\n"
        code += "for _ in parquet.parquet_rows(open(sys.argv[1], 'rb'), stock.StockRow, ()): pass\n"
        code += "print(pa.default_memory_pool().max_memory())"
        done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, check=True)
        grown.append(int(done.stdout))
    assert grown[1] < grown[0] + 4 * 2**20, "the column alone is 8 MB"


def test_long_texts_of_a_dictionary_are_read_a_few_rows_at_a_time() -> None:
    texts = pa.array(["x" * 1_000_000, "y"])
    table = pa.table({"iccid": pa.DictionaryArray.from_arrays([0, 1] * 2000, texts).cast(pa.string())})
    file = file_of(table, compression="zstd", dictionary_pagesize_limit=2**24)
    before = pa.default_memory_pool().max_memory()
    rows = read(file)
    assert [row.cause for _, row in rows[:2]] == ["length", "length"]
    assert len(rows) == 4000
    assert pa.default_memory_pool().max_memory() - before < 600 * 2**20, "two gigabytes at once otherwise"


def test_a_pipe_is_no_parquet(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seek(self, place: int, whence: int = 0, /) -> int:
            raise io.UnsupportedOperation("seek")

    with pytest.raises(InputError, match="pipe"):
        read(Pipe(WHOLE))
