"""Making a usage model from a labelled table.

Three kinds of gradient-boosted trees are trained and their log-odds averaged: small trees, and two sorts of larger
ones with random cuts (extremely randomised trees), which err in other places. Everything that is told of them comes
from cross-validation: each row is scored by trees that saw neither it nor its group. From these scores follow the
calibration (Platt's, beta or isotonic, whichever has the smaller Brier score on rows that it had not seen), and the
thresholds of false positive rates. Then the trees are trained on everything.

The same table and seed give the same model, on any number of threads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from simkyc._version import __version__
from simkyc.application import Model, input_error
from simkyc.errors import InputError
from simkyc.reverification.shares import share_of
from simkyc.usage.feature_table import FeatureTable
from simkyc.usage.figures import Ranked, best_cut, brier, expected_calibration_error
from simkyc.usage.model_file import (
    FORMAT_VERSION,
    Calibrated,
    Feature,
    FeatureName,
    Figure,
    Knot,
    ModelFile,
    Threshold,
    TrainedOn,
    Unit,
)
from simkyc.usage.trees import bare_trees, check_trees

__all__ = ["FEWEST", "FOLDS", "RATES", "RECIPE", "FeatureSpec", "Missing", "Spec", "read_spec", "train"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Missing = Literal["signal", "ignored"]
OnProgress = Callable[[int, int], None]
"""Told how many of how many ensembles are trained."""

RATES: Final = (3e-4, 1e-3, 3e-3, 1e-2, 2e-2, 5e-2, 1e-1)
"""False positive rates that a model tells thresholds of."""
ENOUGH: Final = 10
"""Honest numbers that a rate lets through, at least, for its threshold to be used."""
FEWEST: Final = 50
"""Numbers of either label, at least."""
FOLDS: Final = 5
QUANTILES: Final = tuple(place / 10 for place in range(1, 10))
KNOTS: Final = 200

RECIPE: Final[tuple[Mapping[str, Any], ...]] = (
    {"num_leaves": 15, "min_data_in_leaf": 20, "lambda_l2": 1.0, "num_iterations": 400},
    {"num_leaves": 31, "min_data_in_leaf": 10, "lambda_l2": 1.0, "num_iterations": 600, "extra_trees": True},
    {
        "num_leaves": 63,
        "min_data_in_leaf": 5,
        "lambda_l2": 10.0,
        "num_iterations": 500,
        "extra_trees": True,
        "feature_fraction": 0.3,
    },
)
"""The three kinds of trees, chosen by cross-validation on the training part of a research set; docs/usage-model.md."""
COMMON: Final[Mapping[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class FeatureSpec(Model):
    """What is agreed about one feature.

    Attributes:
        unit: Of its values.
        direction: `rises` where more of it never lowers the probability of fraud, `falls` where it never raises it.
    """

    unit: Unit = ""
    direction: Literal["rises", "falls"] | None = None


class Spec(Model):
    """What is agreed about features, by their names."""

    features: dict[FeatureName, FeatureSpec] = Field(default_factory=dict)


def read_spec(path: Path) -> Spec:
    """Read what is agreed from TOML: a table `[features.NAME]` with `unit` and `direction` for each feature.

    Raises:
        InputError: It cannot be read, or does not fit.
    """
    try:
        return Spec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise input_error(error, "the file of features") from None
    except (OSError, ValueError):
        raise InputError("the file of features cannot be read, or is no TOML in UTF-8") from None


def train(
    table: FeatureTable,
    *,
    name: str,
    sha256: str,
    spec: Spec | None = None,
    dropped: Sequence[str] = (),
    missing: Missing = "signal",
    recipe: Sequence[Mapping[str, Any]] = RECIPE,
    seed: int = 0,
    threads: int = 0,
    on_progress: OnProgress | None = None,
) -> ModelFile:
    """Train a model.

    Args:
        table: Labelled.
        name: Of the data, in words that name nobody.
        sha256: Of the table's file.
        spec: What is agreed about features.
        dropped: Columns that the table was read without.
        missing: `signal` where a missing value may itself tell something; `ignored` where trees are trained with
            values drawn from those that are known, and the median stands for it in scoring.
        recipe: The kinds of trees, as parameters of LightGBM beside `COMMON`.
        seed: Of folds and trees.
        threads: How many; 0 for as many as there are. They change nothing of the model.
        on_progress: Told how far it is.

    Raises:
        InputError: Too few numbers or groups of a label, a feature in the spec that is not there, or nothing in the
            features tells fraud from honest numbers.
    """
    features = _features(table, spec or Spec(), missing)
    folds = _folds(table, seed)
    scored, values, label = filled(table.values, features), _drawn(table.values, features, seed), table.label
    done, total = 0, len(folds) + 1

    def fitted(rows: NDArray[np.int64]) -> list[str]:
        nonlocal done
        kinds = [
            _trees(values[rows], label[rows], features, {**COMMON, **kind}, seed + place, threads)
            for place, kind in enumerate(recipe)
        ]
        trees = [text for text in kinds if text is not None]
        if not trees:
            raise InputError("nothing in the features tells fraud from honest numbers: see the table")
        done += 1
        if on_progress is not None:
            on_progress(done, total)
        return trees

    raw = np.empty(label.size)
    for train_rows, rows in folds:
        raw[rows] = _mean_raw(fitted(train_rows), scored[rows], threads)
    tried = _tried(raw, label, folds)
    best = min(tried, key=lambda one: (one.brier, one.method))
    knots = _knots(CALIBRATORS[best.method](raw, label), raw)
    cut = best_cut(raw, label)
    ranked = Ranked(raw, label, table.group, seed=seed)
    made = ModelFile(
        format_version=FORMAT_VERSION,
        simkyc_version=__version__,
        libraries={one: version(one) for one in ("lightgbm", "numpy", "scikit-learn")},
        trained_on=TrainedOn(
            name=name,
            sha256=sha256,
            rows=label.size,
            fraud=int(label.sum()),
            groups=int(table.group.max()) + 1,
            dropped=tuple(sorted(dropped)),
            missing=missing,
            folds=len(folds),
            seed=seed,
        ),
        features=features,
        trees=tuple(fitted(np.arange(label.size))),
        calibration=best.method,
        tried=tried,
        knots=knots,
        thresholds=tuple(_threshold(rate, raw, label, knots) for rate in RATES),
        best_raw=cut,
        metrics={
            "auc": ranked.auc(),
            "macro_f1": ranked.macro_f1(cut),
            "caught_at_0.01": ranked.caught_at(0.01),
            "caught_at_0.001": ranked.caught_at(0.001),
            "brier": Figure(value=best.brier),
            "expected_calibration_error": Figure(value=best.expected_calibration_error),
        },
        sha256="0" * 64,
    )
    for text in made.trees:
        check_trees(text, len(features))
    return made.changed(sha256=made.hashed())


def filled(values: Floats, features: Sequence[Feature]) -> Floats:
    """Rows with what stands for missing values, where something does."""
    fills = np.array([np.nan if one.fill is None else one.fill for one in features])
    return np.where(np.isnan(values), fills, values)


def _drawn(values: Floats, features: Sequence[Feature], seed: int) -> Floats:
    """Rows in which a missing value that is no sign is one of the known, drawn: the median would be a sign again."""
    random = np.random.default_rng(seed)
    made = values.copy()
    for place, feature in enumerate(features):
        if feature.fill is not None:
            gone = np.isnan(values[:, place])
            made[gone, place] = random.choice(values[~gone, place], int(gone.sum()))
    return made


def calibrated(raw: Floats, knots: Sequence[Knot]) -> Floats:
    """Log-odds of the trees as probabilities."""
    return np.interp(raw, [knot.raw for knot in knots], [knot.probability for knot in knots])


# --- features and folds ---


def _features(table: FeatureTable, spec: Spec, missing: Missing) -> tuple[Feature, ...]:
    strangers = sorted(set(spec.features) - set(table.names))
    if strangers:
        raise InputError(
            f"the table lacks features that the file of features names: {', '.join(strangers[:8])}"
        )
    made = []
    for place, name in enumerate(table.names):
        column = table.values[:, place]
        there = column[~np.isnan(column)]
        if not there.size:
            raise InputError(f"the column {name} is empty: leave it out with --drop")
        edges = np.unique(np.quantile(there, QUANTILES, method="lower"))
        edges = edges[edges > there.min()]
        agreed = spec.features.get(name, FeatureSpec())
        made.append(
            Feature(
                name=name,
                unit=agreed.unit,
                kind="flag" if name in table.flags else "number",
                direction=agreed.direction,
                fill=float(np.median(there)) if missing == "ignored" else None,
                missing=1 - there.size / column.size,
                edges=tuple(float(edge) for edge in edges),
                shares=tuple(float(one) for one in binned(there, edges) / there.size),
            )
        )
    return tuple(made)


def binned(values: Floats, edges: Sequence[float] | Floats) -> NDArray[np.int64]:
    """How many values are in each bin."""
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


def _folds(table: FeatureTable, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    label, group = table.label, table.group
    for value, word in ((1, "fraud"), (0, "honest")):
        rows, groups = int((label == value).sum()), np.unique(group[label == value]).size
        if rows < FEWEST or groups < FOLDS:
            raise InputError(
                f"too few {word} numbers to train: {rows} in {groups} groups; {FEWEST} in {FOLDS} groups at least"
            )
    if np.unique(group).size == group.size:
        split = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(label, label)
    else:
        split = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(label, label, group)
    folds = list(split)
    if any(np.unique(label[rows]).size < 2 for fold in folds for rows in fold):
        raise InputError("too few groups to train: a fold has numbers of one label alone")
    return folds


# --- trees ---


def _trees(
    values: Floats,
    label: Labels,
    features: Sequence[Feature],
    parameters: Mapping[str, Any],
    seed: int,
    threads: int,
) -> str | None:
    """One kind of trees; None where they find nothing to cut by."""
    constraints = [{"rises": 1, "falls": -1, None: 0}[one.direction] for one in features]
    asked = {**parameters, "seed": seed, "num_threads": threads}
    if any(constraints):
        asked["monotone_constraints"] = constraints
    data = lgb.Dataset(
        values,
        label.astype(np.float64),
        # The trees know no names: these stand in the model's file, beside them.
        feature_name=[f"f{place}" for place in range(len(features))],
        params={"verbosity": -1},
    )
    text = bare_trees(lgb.train(asked, data).model_to_string())
    return None if "num_leaves=1\n" in text else text


def booster(trees: str) -> lgb.Booster:
    """Trees that can predict; only from a text that was checked."""
    return lgb.Booster(model_str=trees)


def mean_raw(boosters: Sequence[lgb.Booster], values: Floats, threads: int) -> Floats:
    """Mean log-odds of several ensembles, shape (n,)."""
    each = [np.asarray(one.predict(values, raw_score=True, num_threads=threads)) for one in boosters]
    return np.asarray(np.mean(each, axis=0), dtype=np.float64)


def _mean_raw(trees: Sequence[str], values: Floats, threads: int) -> Floats:
    return mean_raw([booster(text) for text in trees], values, threads)


# --- calibration and thresholds ---

Calibrator = Callable[[Floats], Floats]


def _platt(raw: Floats, label: Labels) -> Calibrator:
    return _logistic(lambda at: at[:, np.newaxis], raw, label)


def _beta(raw: Floats, label: Labels) -> Calibrator:
    """Kull and others, 2017: log-odds linear in ln s and -ln(1 - s); a slope below 0 is left out."""

    def both(at: Floats) -> Floats:
        return np.column_stack([-np.logaddexp(0, -at), np.logaddexp(0, at)])

    made = LogisticRegression(C=1e6, max_iter=1_000).fit(both(raw), label)
    slopes = made.coef_[0]
    if (slopes >= 0).all():
        return lambda at: np.asarray(made.predict_proba(both(at))[:, 1])
    kept = int(np.argmax(slopes))
    return _logistic(lambda at: both(at)[:, [kept]], raw, label)


def _logistic(of: Calibrator, raw: Floats, label: Labels) -> Calibrator:
    made = LogisticRegression(C=1e6, max_iter=1_000).fit(of(raw), label)
    return lambda at: np.asarray(made.predict_proba(of(at))[:, 1])


def _isotonic(raw: Floats, label: Labels) -> Calibrator:
    """Straight lines between the middles of isotonic regression's steps, so that few scores are alike."""
    steps = IsotonicRegression(out_of_bounds="clip").fit_transform(raw, label)
    levels, where = np.unique(steps, return_inverse=True)
    middles = np.bincount(where, raw) / np.bincount(where)
    return lambda at: np.interp(at, middles, levels)


CALIBRATORS: Final[Mapping[Literal["platt", "beta", "isotonic"], Callable[[Floats, Labels], Calibrator]]] = {
    "platt": _platt,
    "beta": _beta,
    "isotonic": _isotonic,
}


def _tried(
    raw: Floats, label: Labels, folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> tuple[Calibrated, ...]:
    found = []
    for method, make in CALIBRATORS.items():
        probability = np.empty(label.size)
        for others, rows in folds:
            probability[rows] = np.clip(make(raw[others], label[others])(raw[rows]), 0, 1)
        found.append(
            Calibrated(
                method=method,
                brier=brier(probability, label),
                expected_calibration_error=expected_calibration_error(probability, label),
            )
        )
    return tuple(found)


def _knots(calibrator: Calibrator, raw: Floats) -> tuple[Knot, ...]:
    at = np.linspace(raw.min() - 1, raw.max() + 1, KNOTS)
    # So many rows cannot say that something never or always is.
    least = 1 / (raw.size + 2)
    probability = np.maximum.accumulate(np.clip(calibrator(at), least, 1 - least))
    return tuple(Knot(raw=float(a), probability=float(p)) for a, p in zip(at, probability, strict=True))


def _threshold(rate: float, raw: Floats, label: Labels, knots: Sequence[Knot]) -> Threshold:
    honest = np.sort(raw[label == 0])[::-1]
    # Rounded first: 0.01 of 100 is a hair less than 1 for some numbers.
    allowed = int(round(rate * honest.size, 6))
    if allowed < 1:
        return Threshold(
            false_positive_rate=rate, raw=None, probability=None, honest=None, fraud=None, enough=False
        )
    at = float(np.nextafter(honest[allowed], np.inf))
    return Threshold(
        false_positive_rate=rate,
        raw=at,
        probability=float(calibrated(np.array([at]), knots)[0]),
        honest=share_of(int((honest >= at).sum()), honest.size),
        fraud=share_of(int((raw[label == 1] >= at).sum()), int((label == 1).sum())),
        enough=allowed >= ENOUGH,
    )
