"""Training: the same table gives the same model, and what does not teach is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simkyc.errors import InputError
from simkyc.usage.feature_table import FeatureTable, read_table
from simkyc.usage.model import UsageModel
from simkyc.usage.model_file import ModelFile
from simkyc.usage.training import ENOUGH, FeatureSpec, Missing, Spec, _folds, read_spec, train
from tests.usage.made_tables import NAMES, SMALL, columns, made_model, written


def trained(path: Path, **asked: Any) -> ModelFile:
    return train(read_table(path), **({"name": "x", "sha256": "0" * 64, "recipe": SMALL} | asked))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_model_on_any_number_of_threads(made: ModelFile, tmp_path: Path, threads: int) -> None:
    assert made_model(tmp_path, threads=threads).to_bytes() == made.to_bytes()


def test_the_same_model_however_columns_are_ordered(tmp_path: Path) -> None:
    given = columns()
    turned = dict(reversed(given.items()))
    assert trained(written(tmp_path / "a.parquet", given)) == trained(written(tmp_path / "b.parquet", turned))


def test_another_seed_is_another_model(made: ModelFile, tmp_path: Path) -> None:
    assert made_model(tmp_path, seed=1).model_id != made.model_id


def test_it_learns_the_rule_and_says_what_it_was_made_of(made: ModelFile) -> None:
    assert made.metrics["auc"].value > 0.9
    assert (made.trained_on.rows, made.trained_on.fraud, made.trained_on.groups) == (600, 200, 600)
    assert tuple(one.name for one in made.features) == NAMES
    months = made.features[NAMES.index("months")]
    assert 0.15 < months.missing < 0.4
    assert sum(months.shares) == pytest.approx(1)
    assert made.calibration == min(made.tried, key=lambda one: one.brier).method


def test_a_threshold_keeps_its_rate_and_says_when_numbers_are_too_few(made: ModelFile) -> None:
    for one in made.thresholds:
        assert one.enough == (400 * one.false_positive_rate >= ENOUGH)
        if one.raw is None:
            assert 400 * one.false_positive_rate < 1
        else:
            assert one.honest is not None
            assert one.honest.count <= 400 * one.false_positive_rate
    assert [one.enough for one in made.thresholds].count(True) == 2


def test_no_group_is_on_both_sides_of_a_fold() -> None:
    random = np.random.default_rng(0)
    group = np.sort(random.integers(0, 60, 600))
    label = (group % 3 == 0).astype(np.int8)
    table = FeatureTable(("a",), random.normal(size=(600, 1)), label, group, frozenset())
    folds = _folds(table, 0)
    assert sorted(np.concatenate([rows for _, rows in folds]).tolist()) == list(range(600))
    for others, rows in folds:
        assert not set(group[others]) & set(group[rows])


def test_a_row_given_twice_does_not_flatter(tmp_path: Path) -> None:
    """The noise of a row is learnt by heart; where its twin is held out with it, that does not help."""
    made = columns(200)
    random = np.random.default_rng(5)
    made |= {name: random.normal(size=200) for name in NAMES}
    doubled = {name: np.tile(cells, 5) for name, cells in made.items()}
    grouped = trained(written(tmp_path / "a.parquet", doubled))
    doubled["number"] = np.array([f"n{place}" for place in range(1_000)])
    apart = trained(written(tmp_path / "b.parquet", doubled))
    assert grouped.metrics["auc"].value < 0.65
    assert apart.metrics["auc"].value > 0.9


@pytest.mark.parametrize(("direction", "sign"), [("rises", 1), ("falls", -1)])
def test_a_direction_that_was_agreed_is_kept(tmp_path: Path, direction: Any, sign: int) -> None:
    spec = Spec(features={"noise": FeatureSpec(direction=direction, unit="calls")})
    model = UsageModel(made_model(tmp_path, spec=spec))
    at = NAMES.index("noise")
    rows = read_table(tmp_path / "train.parquet").values[:40]
    before = None
    for value in np.linspace(-3, 3, 25):
        rows[:, at] = value
        scores = model.score_rows(rows).probability
        assert before is None or (sign * (scores - before) >= -1e-12).all()
        before = scores
    assert (model.file.features[at].direction, model.file.features[at].unit) == (direction, "calls")


@pytest.mark.parametrize("missing", ["signal", "ignored"])
def test_a_missing_value_may_tell_something_or_not(tmp_path: Path, missing: Missing) -> None:
    """Only whether `months` is known differs between fraud and honest numbers here."""
    made = columns()
    random = np.random.default_rng(1)
    for name in ("calls_each", "outgoing"):
        made[name] = random.normal(size=600)
    auc = trained(written(tmp_path / "a.parquet", made), missing=missing).metrics["auc"].value
    assert (auc > 0.7) == (missing == "signal")


def few(made: dict[str, Any]) -> dict[str, Any]:
    return {name: cells[:120] for name, cells in made.items()}


def one_label(made: dict[str, Any]) -> dict[str, Any]:
    return made | {"label": np.zeros(600, dtype=np.int64)}


def nothing(made: dict[str, Any]) -> dict[str, Any]:
    return {"label": made["label"], "a": np.ones(600)}


def one_owner(made: dict[str, Any]) -> dict[str, Any]:
    return made | {"group": np.where(made["label"] == 1, "one owner", made["number"])}


def empty(made: dict[str, Any]) -> dict[str, Any]:
    return made | {"noise": np.full(600, np.nan)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(few, "too few fraud numbers", id="too few of a label"),
        pytest.param(one_label, "too few fraud numbers", id="one label alone"),
        pytest.param(one_owner, "in 1 groups", id="all fraud is one owner's"),
        pytest.param(nothing, "nothing in the features", id="a feature that is always the same"),
        pytest.param(empty, "the column noise is empty", id="a feature that is never known"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    path = written(tmp_path / "a.parquet", change(columns()))
    with pytest.raises(InputError, match=says):
        trained(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("[features.months]\ndirection = 'up'", "direction", id="no such direction"),
        pytest.param("[features.'a b']\nunit = 'x'", "features", id="no name of a feature"),
        pytest.param("[feature.a]\nunit = 'x'", "feature", id="no such table"),
        pytest.param("[features", "no TOML", id="no TOML"),
    ],
)
def test_a_bad_file_of_features_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_spec(path)


def test_a_feature_that_is_agreed_on_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text("[features.calls]\nunit = 'calls'\ndirection = 'rises'\n", encoding="utf-8")
    with pytest.raises(InputError, match="file of features names: calls"):
        made_model(tmp_path, spec=read_spec(path))
