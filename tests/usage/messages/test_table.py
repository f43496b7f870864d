"""Tables of messages: classes, groups, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.usage.messages.table import read_messages, read_texts

CSV = (
    "class,group,text,other\nFR:Phishing(Bank),a,您的网银失效,x\nOther,,吃饭了吗,y\n"
    'advertising,a,"全场五折，\n快来",z\nIL:x,,代开发票,\n'
)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_finer_classes_groups_and_line_breaks(tmp_path: Path) -> None:
    table = read_messages(written(tmp_path / "a.csv", CSV))
    assert table.label.tolist() == [0, 3, 2, 1]
    assert table.group.tolist() == [0, 1, 0, 2]
    assert table.texts[2] == "全场五折，\n快来"
    assert "网银" not in repr(table)


def test_parquet_says_the_same(tmp_path: Path) -> None:
    table = pa.table({"label": ["fraud", "other"], "group": [7, 7], "text": ["一", None]})
    pq.write_table(table, tmp_path / "a.parquet")
    read = read_messages(tmp_path / "a.parquet")
    assert (read.texts, read.label.tolist(), read.group.tolist()) == (("一", ""), [0, 3], [0, 0])


def test_without_groups_near_duplicates_are_joined(tmp_path: Path) -> None:
    text = (
        "class,text\nfraud,您的账户积分可兑换300元请登录 a.top\n"
        "fraud,您的账户积分可兑换99元请登录 b.vip/x\nother,好\nother,好\n"
    )
    assert read_messages(written(tmp_path / "a.csv", text)).group.tolist() == [0, 0, 1, 2]


def test_texts_of_a_file(tmp_path: Path) -> None:
    assert read_texts(written(tmp_path / "a.txt", "\ufeff一\n二\u2028三")) == ("一", "二\u2028三")
    assert read_texts(written(tmp_path / "a.csv", CSV))[1] == "吃饭了吗"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        pytest.param("a.csv", "text\n一\n", "no column class", id="not labelled"),
        pytest.param("a.csv", "class\nfraud\n", "no column text", id="no texts"),
        pytest.param("a.csv", "class,text\nhunter2,一\n", "row 1 is none of", id="a class that is none"),
        pytest.param("a.csv", "class,text\nfraud,一\n,二\n", "row 2", id="a class is missing"),
        pytest.param("a.csv", "class,text\n", "rows", id="no rows"),
        pytest.param("a.csv", "class,text\nfraud,一,hunter2\n", "no whole CSV", id="a field too many"),
        pytest.param("a.csv", "", "no whole CSV", id="an empty file"),
        pytest.param("a.xlsx", "x", "CSV or Parquet", id="another format"),
        pytest.param("a.parquet", "hunter2", "no whole CSV", id="no Parquet"),
    ],
)
def test_a_table_that_cannot_be_read(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        read_messages(written(tmp_path / name, text))
    assert "hunter2" not in str(refused.value)


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    for name in ("hunter2.csv", "hunter2.txt", "hunter2.parquet"):
        with pytest.raises(InputError, match="cannot be read") as refused:
            read_texts(tmp_path / name)
        assert "hunter2" not in str(refused.value)
    (tmp_path / "a.txt").write_bytes("短信".encode("gb18030"))
    with pytest.raises(InputError, match="UTF-8"):
        read_texts(tmp_path / "a.txt")
