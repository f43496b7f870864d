"""A model at work: one number or many, what drove a score, and what changed since training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet as pq

from bench.usage_model import TENURE, usage_folder
from simkyc.errors import InputError
from simkyc.usage.evaluation import evaluate
from simkyc.usage.feature_table import read_table, sha256_of
from simkyc.usage.figures import Ranked
from simkyc.usage.model import SCHEMA, UsageModel
from simkyc.usage.model_file import ModelFile
from simkyc.usage.scored import BANDS, band_of
from simkyc.usage.training import train
from tests.usage.made_tables import NAMES, columns, written

CALLER = {"calls_each": 1.0, "months": None, "noise": 0.0, "outgoing": 0.95}
FRIEND = {"calls_each": 8.0, "months": 7, "noise": 0.0, "outgoing": 0.3}


@pytest.fixture(scope="module")
def model(made: ModelFile) -> UsageModel:
    return UsageModel.open(made.to_bytes())


def test_a_number_is_scored_and_told_why(model: UsageModel) -> None:
    caller, friend = model.score(CALLER), model.score(FRIEND)
    assert caller.probability > 0.9
    assert friend.probability < 0.1
    assert (caller.model_id, caller.known, caller.of) == (model.model_id, 3, 4)
    assert caller.drivers[0].feature in {"calls_each", "months"}
    assert {one.feature: one.value for one in caller.drivers}["months"] is None
    assert [abs(one.contribution) for one in caller.drivers] == sorted(
        (abs(one.contribution) for one in caller.drivers), reverse=True
    )
    assert len(model.score(CALLER, drivers=2).drivers) == 2
    assert model.score(CALLER, drivers=0).drivers == ()


def test_contributions_add_up_to_the_difference(model: UsageModel) -> None:
    """SHAP values and one number that is the same for everybody make the log-odds."""
    rows = np.array([[1.0, np.nan, 0.0, 0.95], [8.0, 7.0, 0.0, 0.3]])
    raw = model.score_rows(rows).raw
    sums = [sum(one.contribution for one in row) for row in model.drivers(rows, len(NAMES))]
    assert raw[0] - raw[1] == pytest.approx(sums[0] - sums[1])


def test_what_the_model_does_not_read_changes_nothing(model: UsageModel) -> None:
    assert model.score({**CALLER, "other": 3.0}) == model.score(CALLER)


@pytest.mark.parametrize(
    ("features", "says"),
    [
        pytest.param({}, "calls_each is not named", id="nothing is named: not known is not zero"),
        pytest.param({**CALLER, "months": float("inf")}, "months is no finite number", id="without end"),
        pytest.param({**CALLER, "months": float("nan")}, "give None", id="NaN is not how to say not known"),
        pytest.param({**CALLER, "noise": "hunter2"}, "noise is no finite number", id="text"),
    ],
)
def test_a_number_that_cannot_be_scored(model: UsageModel, features: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        model.score(features)
    assert "hunter2" not in str(refused.value)


def test_a_table_says_what_single_numbers_say(model: UsageModel, tmp_path: Path) -> None:
    made = columns(150, seed=9)
    table, out = written(tmp_path / "a.csv", made), tmp_path / "scores.parquet"
    rows, bands, _ = model.score_table(table, out, explain_all=True)
    scores = pq.read_table(out)
    assert scores.schema.equals(SCHEMA)
    assert rows == 150
    told = scores.to_pylist()
    assert [row["number"] for row in told] == made["number"].tolist()
    for place, row in enumerate(told):
        values = {name: float(made[name][place]) for name in NAMES}
        one = model.score({name: None if np.isnan(value) else value for name, value in values.items()})
        assert row["probability"] == pytest.approx(one.probability, abs=1e-12)
        assert row["band"] == band_of(one.false_positive_rate)
        assert row["model_id"] == one.model_id
        assert [driver["feature"] for driver in row["drivers"]] == [driver.feature for driver in one.drivers]
    # 400 honest numbers suffice for neither band: nothing is put into one.
    assert bands == {"suspend": 0, "remind": 0}


def test_bands_are_told_where_numbers_suffice_and_only_they_are_explained(
    model: UsageModel, tmp_path: Path
) -> None:
    table = written(tmp_path / "a.parquet", columns(150, seed=9))
    out = tmp_path / "scores.parquet"
    _, bands, _ = model.score_table(table, out, bands={"remind": 0.05, "look": 0.1})
    told = pq.read_table(out).to_pylist()
    assert 20 < bands["remind"] < 75
    assert {row["band"] for row in told} == {"remind", "look", None}
    assert all((row["drivers"] is None) == (row["band"] is None) for row in told)
    lowest = {name: min(row["probability"] for row in told if row["band"] == name) for name in bands}
    assert lowest["remind"] > max(row["probability"] for row in told if row["band"] == "look")


def test_small_batches_change_nothing(
    model: UsageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = written(tmp_path / "a.parquet", columns(150, seed=9))
    model.score_table(table, tmp_path / "one.parquet", threads=1)
    monkeypatch.setattr("simkyc.usage.feature_table.ROWS_AT_ONCE", 7)
    model.score_table(table, tmp_path / "many.parquet", threads=2)
    one, many = (pq.read_table(tmp_path / name) for name in ("one.parquet", "many.parquet"))
    assert one.equals(many)


def test_a_table_that_breaks_off_leaves_nothing_behind(model: UsageModel, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("number," + ",".join(NAMES) + "\nx,1,2,3,4\ny,1,2,3,hunter2\n", encoding="utf-8")
    with pytest.raises(InputError, match="outgoing"):
        model.score_table(table, tmp_path / "scores.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def drifted(model: UsageModel, folder: Path, made: dict[str, Any]) -> set[str]:
    *_, drift = model.score_table(written(folder / "d.parquet", made), folder / "s.parquet")
    return {one.feature for one in drift.drifted()}


def test_what_is_spread_otherwise_than_in_training_is_named(model: UsageModel, tmp_path: Path) -> None:
    made = columns(400, seed=4)
    assert drifted(model, tmp_path, made) == set()
    assert drifted(model, tmp_path, made | {"calls_each": made["calls_each"] * 60}) == {"calls_each"}
    assert drifted(model, tmp_path, made | {"noise": np.full(400, np.nan)}) == {"noise"}


def test_a_handful_of_numbers_is_no_drift(model: UsageModel, tmp_path: Path) -> None:
    made = columns(12, seed=4)
    assert drifted(model, tmp_path, made | {"calls_each": made["calls_each"] + 0.5}) == set()


def test_evaluation_leaves_the_cut_where_training_put_it(model: UsageModel, tmp_path: Path) -> None:
    table = read_table(written(tmp_path / "a.parquet", columns(300, seed=8)))
    found = evaluate(model, table)
    scores = model.score_rows(table.values)
    assert found.auc.value > 0.9
    assert found.macro_f1 == Ranked(scores.raw, table.label, table.group).macro_f1(model.file.best_raw)
    assert sum(one.fraud.of for one in found.bins) == 300
    assert [one.probability for one in found.bins] == sorted(one.probability for one in found.bins)
    assert found.expected_calibration_error < 0.1


def test_a_table_of_one_label_tells_nothing(model: UsageModel, tmp_path: Path) -> None:
    made = columns(30)
    made["label"][:] = 1
    with pytest.raises(InputError, match="one label alone"):
        evaluate(model, read_table(written(tmp_path / "a.parquet", made)))


@pytest.mark.parametrize(
    ("rate", "band"),
    [
        pytest.param(None, None, id="no threshold reached"),
        pytest.param(0.05, None, id="above both rates"),
        pytest.param(0.02, "remind", id="at the edge of a reminder"),
        pytest.param(0.003, "remind", id="between the two"),
        pytest.param(0.001, "suspend", id="at the edge of a suspension"),
        pytest.param(0.0003, "suspend", id="below it"),
    ],
)
def test_bands_by_the_share_of_honest_numbers(rate: float | None, band: str | None) -> None:
    assert band_of(rate, BANDS) == band


def test_the_contest_is_told_better_than_by_the_rule() -> None:
    folder = usage_folder()
    if folder is None:
        pytest.skip("no usage data: SIMKYC_USAGE names no folder that holds sichuan_train.csv.gz")
    path = folder / "sichuan_train.csv.gz"
    every = read_table(path).names
    table = read_table(path, drop=[name for name in every if name in TENURE])
    model = UsageModel(train(table, name="Sichuan 2020", sha256=sha256_of(path)))
    held = read_table(folder / "sichuan_valid.csv.gz", names=table.names)
    found = evaluate(model, held)
    calls_each, outgoing = (
        held.values[:, table.names.index(name)] for name in ("phone2opposite_mean", "voc_calltype1")
    )
    rule = ((calls_each <= 2) & (outgoing >= 0.8)).astype(np.float64)
    best = Ranked(rule, held.label, held.group)
    assert found.auc.low is not None
    assert found.auc.low > 0.92
    assert found.macro_f1.value > best.macro_f1(0.5).value
    remind = next(one for one in found.kept if one.false_positive_rate == 0.02)
    assert remind.enough
    assert remind.honest.low is not None
    assert remind.honest.low < 0.02 < (remind.honest.high or 0)
