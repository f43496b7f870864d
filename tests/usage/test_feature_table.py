"""Tables as they come: what is read of them, and what is refused."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.usage import feature_table
from simkyc.usage.feature_table import batches, read_table
from tests.usage.made_tables import NAMES, columns, written


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    csv = written(tmp_path / "a.csv")
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(csv.read_bytes()))
    tables = [read_table(path) for path in (csv, packed, written(tmp_path / "a.parquet"))]
    for table in tables:
        assert table.names == NAMES
        np.testing.assert_array_equal(table.values, tables[0].values)
        np.testing.assert_array_equal(table.label, tables[0].label)
        np.testing.assert_array_equal(table.group, tables[0].group)
    assert np.isnan(tables[0].values[:, NAMES.index("months")]).any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "cannot be read", id="an empty file"),
        pytest.param("a,b\n1,2\n", "label", id="no label"),
        pytest.param("label\n1\n", "1 to 1000 features", id="no features"),
        pytest.param("label,a\n", "no rows", id="no rows"),
        pytest.param("label,a,a\n1,2,3\n", "twice", id="a column twice"),
        pytest.param("label,a\n2,1\n", "label holds something else", id="another label"),
        pytest.param("label,a\n,1\n", "label holds something else", id="a label that is missing"),
        pytest.param(
            "label,a\nfraud,1\n", "column label holds something else than numbers", id="words as labels"
        ),
        pytest.param(
            "label,b,a\n1,2,hunter2\n", "column a holds something else than numbers", id="words as a feature"
        ),
        pytest.param("label,a\n1,inf\n", "without end", id="an infinite value"),
        pytest.param("label,a\n1\n", "too few or too many fields", id="a row that is too short"),
        pytest.param("label,hunter2 x\n1,2\n", "no name of a feature", id="a name with a space"),
        pytest.param(
            "label,a\n1,\xff\n", "cannot be read|something else than numbers", id="bytes that are no text"
        ),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=says) as refused:
        read_table(path)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("none.csv", "cannot be read", id="no such file"),
        pytest.param("table.xlsx", "CSV or Parquet", id="another kind of file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_table(tmp_path / name)


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cannot be read"):
        read_table(path)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        pytest.param(pa.array([True, False, None]), [1, 0, np.nan], id="true and false"),
        pytest.param(
            pa.array([2**60, 1, None]), [2.0**60, 1, np.nan], id="whole numbers beyond a double's digits"
        ),
        pytest.param(pa.array([Decimal("1.5"), None, Decimal(2)]), [1.5, np.nan, 2], id="decimals"),
        pytest.param(pa.array([0.5, float("nan"), None]), [0.5, np.nan, np.nan], id="NaN is missing"),
    ],
)
def test_kinds_of_numbers(tmp_path: Path, array: pa.Array, kind: list[float]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": array, "label": [1, 0, 1]}), path)
    np.testing.assert_array_equal(read_table(path).values[:, 0], kind)


def test_text_in_parquet_is_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["hunter2"], "label": [1]}), path)
    with pytest.raises(InputError, match="column a holds something else") as refused:
        read_table(path)
    assert "hunter2" not in str(refused.value)


def test_rows_of_a_number_are_one_group_and_a_group_goes_before(tmp_path: Path) -> None:
    made = columns(4)
    made["number"] = np.array(["x", "y", "x", "z"])
    by_number = read_table(written(tmp_path / "a.parquet", made)).group
    assert (by_number == by_number[0]).tolist() == [True, False, True, False]
    made["group"] = np.array(["g", "g", "h", None])
    by_group = read_table(written(tmp_path / "b.parquet", made)).group
    assert len(set(by_group.tolist())) == 3
    assert by_group[0] == by_group[1]


def test_a_column_left_out_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,a,free_text\n1,2,hunter2\n", encoding="utf-8")
    assert read_table(path, drop=["free_text"]).names == ("a",)
    with pytest.raises(InputError, match="to be left out"):
        read_table(path, drop=["free_txt"])


def test_what_is_about_the_row_is_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,a,about_until\n1,2,never\n", encoding="utf-8")
    assert read_table(path).names == ("a",)


def test_a_table_too_large_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_table, "MOST_CELLS", 100)
    with pytest.raises(InputError, match="too large"):
        read_table(written(tmp_path / "a.parquet"))


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        pytest.param("number", "no column number", id="nothing to find a score again by"),
        pytest.param("months", "lacks features of the model: months", id="a feature is not there"),
    ],
)
def test_a_table_to_score_needs_its_columns(tmp_path: Path, gone: str, says: str) -> None:
    made = columns(5)
    del made[gone]
    with pytest.raises(InputError, match=says):
        list(batches(written(tmp_path / "a.parquet", made), NAMES))


def test_a_number_that_is_empty_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("number,a\nx,1\n,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="number is empty"):
        list(batches(path, ("a",)))


def test_a_key_may_be_called_as_a_missing_value(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("number,a\nNA,NA\nnull,2\n", encoding="utf-8")
    ((numbers, values),) = batches(path, ("a",))
    assert numbers.to_pylist() == ["NA", "null"]
    np.testing.assert_array_equal(values[:, 0], [np.nan, 2])


def test_a_key_that_lost_its_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1.0], "number": [1.38e10]}), path)
    with pytest.raises(InputError, match="number is neither text nor whole numbers"):
        list(batches(path, ("a",)))
