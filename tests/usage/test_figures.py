"""Figures against their definitions, written out, and against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from simkyc.usage import figures
from simkyc.usage.figures import Ranked, best_cut, brier, expected_calibration_error

SCORED = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({label for _, label in rows}) == 2
)
"""Few different scores, so that many are equal."""


def split(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    score, label = zip(*rows, strict=True)
    return np.array(score, dtype=np.float64), np.array(label, dtype=np.int8)


def ranked(score: np.ndarray, label: np.ndarray) -> Ranked:
    return Ranked(score, label, np.arange(score.size))


@pytest.fixture(autouse=True)
def few_resamplings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "RESAMPLINGS", 20)


@settings(max_examples=60)
@given(SCORED)
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    score, label = split(rows)
    assert ranked(score, label).auc().value == pytest.approx(roc_auc_score(label, score))


@settings(max_examples=60)
@given(SCORED, st.integers(-4, 4))
def test_macro_f1_is_that_of_scikit_learn(rows: list[tuple[int, bool]], cut: int) -> None:
    score, label = split(rows)
    expected = f1_score(label, score >= cut, average="macro", zero_division=0.0)
    assert ranked(score, label).macro_f1(cut).value == pytest.approx(expected)


@settings(max_examples=60)
@given(SCORED)
def test_no_other_cut_is_better(rows: list[tuple[int, bool]]) -> None:
    score, label = split(rows)
    best = ranked(score, label).macro_f1(best_cut(score, label)).value
    assert best >= max(ranked(score, label).macro_f1(cut).value for cut in np.unique(score)) - 1e-12


@settings(max_examples=60)
@given(SCORED, st.sampled_from([0.0, 0.1, 0.25, 0.5]))
def test_what_is_caught_leaves_honest_numbers_alone(rows: list[tuple[int, bool]], rate: float) -> None:
    score, label = split(rows)
    honest, fraud = score[label == 0], score[label == 1]
    cuts = [cut for cut in [*np.unique(score), np.inf] if (honest >= cut).mean() <= rate + 1e-12]
    expected = max((fraud >= cut).mean() for cut in cuts)
    assert ranked(score, label).caught_at(rate).value == pytest.approx(expected)


def test_the_interval_holds_the_value_and_narrows() -> None:
    random = np.random.default_rng(3)
    widths = []
    for rows in (100, 10_000):
        label = (np.arange(rows) % 2).astype(np.int8)
        figure = ranked(random.normal(label, 1), label).auc()
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < figure.value < figure.high
        widths.append(figure.high - figure.low)
    assert widths[1] < widths[0] / 4


def test_rows_of_one_group_make_the_interval_no_narrower() -> None:
    random = np.random.default_rng(3)
    label = (np.arange(60) % 2).astype(np.int8)
    score = random.normal(label, 1)
    once = Ranked(score, label, np.arange(60)).auc()
    tenfold = Ranked(np.tile(score, 10), np.tile(label, 10), np.tile(np.arange(60), 10)).auc()
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))


def test_a_probability_that_is_right_has_no_error() -> None:
    label = np.array([0, 1] * 50, dtype=np.int8)
    assert brier(label.astype(np.float64), label) == 0
    assert expected_calibration_error(np.full(100, 0.5), label) == pytest.approx(0)
    assert expected_calibration_error(np.full(100, 0.9), label) == pytest.approx(0.4)
