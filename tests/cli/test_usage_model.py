"""`simkyc usage`: from a table to a model, its figures, and scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet as pq

from simkyc.usage.model_file import read_model_file
from tests.cli.called import Called
from tests.usage.made_tables import columns, made_model, written

Call = Callable[..., Called]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is there, and the table it is of."""
    made = tmp_path_factory.mktemp("usage")
    (made / "model.json").write_bytes(made_model(made).to_bytes())
    return made


def test_a_model_is_trained_and_says_what_it_is_worth(tmp_path: Path, call: Call) -> None:
    table, out = written(tmp_path / "train.csv", columns(240)), tmp_path / "model.json"
    valid = written(tmp_path / "valid.parquet", columns(150, seed=1))
    spec = tmp_path / "spec.toml"
    spec.write_text('[features.calls_each]\nunit = "calls"\ndirection = "falls"\n', encoding="utf-8")
    asked = ("--valid", valid, "--drop", "noise", "--spec", spec, "--name", "made numbers", "--seed", "3")
    called = call("usage", "train", table, "--out", out, *asked)
    assert (called.code, called.err) == (0, "")
    made = read_model_file(out)
    assert made.model_id in called.out
    assert (made.trained_on.name, made.trained_on.dropped, made.trained_on.seed) == (
        "made numbers",
        ("noise",),
        3,
    )
    assert [one.name for one in made.features] == ["calls_each", "months", "outgoing"]
    assert (made.features[0].unit, made.features[0].direction) == ("calls", "falls")
    assert f"{made.metrics['auc'].value:.4f}" in called.out
    assert "too few honest" in called.out
    assert "150 号码 numbers" in called.out
    assert "hunter2" not in called.out + out.read_text(encoding="utf-8")


def test_a_model_is_held_against_a_table(folder: Path, tmp_path: Path, call: Call) -> None:
    table = written(tmp_path / "valid.parquet", columns(150, seed=1))
    called = call("usage", "evaluate", folder / "model.json", table, "--json")
    assert (called.code, called.err) == (0, "")
    figures = json.loads(called.out)
    assert set(figures["caught"]) == {"0.01", "0.001"}
    shown = call("usage", "evaluate", folder / "model.json", table)
    assert f"{figures['auc']['value']:.4f}" in shown.out
    assert figures["model_id"] in shown.out


def test_numbers_are_scored_and_drift_is_told(folder: Path, tmp_path: Path, call: Call) -> None:
    made = columns(300, seed=1)
    out = tmp_path / "scores.parquet"
    called = call(
        "usage", "score", folder / "model.json", written(tmp_path / "a.parquet", made), "--out", out
    )
    assert (called.code, called.err) == (0, "")
    assert "300 号码 numbers: 0 suspend, 0 remind" in called.out
    assert "warning" not in called.out
    assert pq.read_table(out).column_names == ["number", "probability", "band", "drivers", "model_id"]
    moved = written(tmp_path / "b.parquet", made | {"months": np.full(300, 40.0)})
    called = call("usage", "score", folder / "model.json", moved, "--out", out, "--force")
    assert called.code == 0
    assert "warning: 1 个特征" in called.out
    assert "months" in called.out
    assert "hunter2" not in called.out


def test_what_is_there_is_not_replaced(folder: Path, call: Call) -> None:
    model, table = folder / "model.json", folder / "train.parquet"
    call("usage", "train", table, "--out", model).assert_refused(2, "--out is there already")
    for argument in (model, table):
        called = call("usage", "score", model, table, "--out", argument, "--force")
        called.assert_refused(2, "--out names a file that is read")
    called = call("usage", "score", model, table, "--out", folder / "none" / "a.parquet")
    called.assert_refused(2, "a folder that is not there")


def test_bad_input_is_one_line(folder: Path, tmp_path: Path, call: Call) -> None:
    model, table = folder / "model.json", folder / "train.parquet"
    altered = tmp_path / "altered.json"
    altered.write_bytes(model.read_bytes().replace(b'"seed":0', b'"seed":1', 1))
    out = tmp_path / "out"
    call("usage", "score", altered, table, "--out", out).assert_refused(2, "altered")
    call("usage", "evaluate", table, table).assert_refused(2, "no file of a usage model")
    call("usage", "evaluate", model, tmp_path / "hunter2.csv").assert_refused(2, "cannot be read")
    call("usage", "train", model, "--out", out).assert_refused(2, "CSV or Parquet")
    call("usage", "train", table, "--out", out, "--drop", "hunter2").assert_refused(2, "left out")
    assert not out.exists()
