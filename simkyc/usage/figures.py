"""How well scores tell fraud from honest numbers: the figures, each with its interval.

Intervals are 95%, by bootstrap over groups: rows of one group go together into a resample or stay out of it. All ranks
are taken once; a resample only weighs them, so a thousand cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simkyc.usage.model_file import Figure

__all__ = [
    "RESAMPLINGS",
    "Ranked",
    "best_cut",
    "brier",
    "calibration_bins",
    "expected_calibration_error",
]

RESAMPLINGS: Final = 500
BINS: Final = 10

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


class Ranked:
    """Scores with their labels, ranked once.

    Args:
        score: Any number that rises with the suspicion, shape (n,).
        label: 1 fraud, 0 honest, shape (n,); both occur.
        group: Numbered from 0, shape (n,).
        seed: Of the bootstrap.
    """

    def __init__(self, score: Floats, label: Labels, group: NDArray[np.int64], *, seed: int = 0) -> None:
        order = np.argsort(-score, kind="stable")
        falling = score[order]
        self._falling = falling
        self._fraud = label[order] == 1
        self._group = group[order]
        # Where a run of equal scores begins: they are beyond a threshold together.
        self._starts = np.flatnonzero(np.concatenate([[True], falling[1:] != falling[:-1]]))
        self._seed, self._groups = seed, int(group.max()) + 1

    def auc(self) -> Figure:
        """Area under the ROC curve: how often fraud scores above an honest number, ties by half."""
        return self._figure(self._auc)

    def caught_at(self, false_positive_rate: float) -> Figure:
        """Share of fraud beyond the lowest threshold that so many honest numbers at most are beyond."""
        return self._figure(lambda fraud, honest: self._caught(fraud, honest, false_positive_rate))

    def macro_f1(self, cut: float) -> Figure:
        """Mean of the F1 of fraud and that of honest numbers, where fraud is what scores so much or more."""
        at = self._falling[self._starts] >= cut
        return self._figure(lambda fraud, honest: _macro_f1(fraud, honest, at))

    def _figure(self, of: Callable[[Floats, Floats], float]) -> Figure:
        value = of(*self._counted(np.ones(self._group.size)))
        # Begun again for each figure: ten million weights of every resample would not fit in memory.
        random = np.random.default_rng(self._seed)
        drawn = []
        for _ in range(RESAMPLINGS):
            times = np.bincount(random.integers(self._groups, size=self._groups), minlength=self._groups)
            drawn.append(of(*self._counted(times[self._group].astype(np.float64))))
        # A resample that took numbers of one label alone says nothing.
        told = np.array(drawn)[~np.isnan(drawn)]
        low, high = np.quantile(told, [0.025, 0.975]) if told.size else (None, None)
        return Figure(
            value=float(value),
            low=None if low is None else float(low),
            high=None if high is None else float(high),
        )

    def _counted(self, weights: Floats) -> tuple[Floats, Floats]:
        """Fraud and honest numbers at each score, falling."""
        fraud = np.add.reduceat(weights * self._fraud, self._starts)
        honest = np.add.reduceat(weights * ~self._fraud, self._starts)
        return fraud, honest

    @staticmethod
    def _auc(fraud: Floats, honest: Floats) -> float:
        pairs = fraud.sum() * honest.sum()
        if not pairs:
            return float("nan")
        below = honest.sum() - np.cumsum(honest)
        return float((fraud * (below + honest / 2)).sum() / pairs)

    @staticmethod
    def _caught(fraud: Floats, honest: Floats, rate: float) -> float:
        if not fraud.sum() or not honest.sum():
            return float("nan")
        # A hair more, for 0.01 of 100 is 1.
        within = np.cumsum(honest) <= rate * honest.sum() * (1 + 1e-9)
        return float(np.cumsum(fraud)[within].max(initial=0) / fraud.sum())


def _macro_f1(fraud: Floats, honest: Floats, flagged: NDArray[np.bool_]) -> float:
    """From fraud and honest numbers at each score, and whether that score is flagged."""
    caught, accused = fraud[flagged].sum(), honest[flagged].sum()
    missed, spared = fraud.sum() - caught, honest.sum() - accused
    wrong = missed + accused
    return float(sum(2 * right / max(2 * right + wrong, 1.0) for right in (caught, spared)) / 2)


def best_cut(score: Floats, label: Labels) -> float:
    """The score from which on a number is called fraud, so that macro-F1 is best; the lowest of equally good."""
    order = np.argsort(-score, kind="stable")
    falling, fraud = score[order], label[order] == 1
    ends = np.flatnonzero(np.concatenate([falling[1:] != falling[:-1], [True]]))
    hits, said = np.cumsum(fraud)[ends].astype(np.float64), (ends + 1).astype(np.float64)
    all_fraud, rows = float(fraud.sum()), float(score.size)
    of_fraud = 2 * hits / (said + all_fraud)
    spared = (rows - said) - (all_fraud - hits)
    of_honest = 2 * spared / np.maximum((rows - said) + (rows - all_fraud), 1.0)
    both = (of_fraud + of_honest) / 2
    best = int(np.flatnonzero(both == both.max())[-1])
    below = falling[ends[best] + 1] if ends[best] + 1 < falling.size else falling[ends[best]]
    # Half way to the next score: new numbers fall on neither.
    return float((falling[ends[best]] + below) / 2)


def brier(probability: Floats, label: Labels) -> float:
    """Mean squared error of a probability."""
    return float(np.mean((probability - label) ** 2))


def calibration_bins(probability: Floats) -> list[NDArray[np.int64]]:
    """Rows in ten bins of equal size, by rising probability; equal probabilities fall as their rows stand."""
    order = np.argsort(probability, kind="stable")
    return [part for part in np.array_split(order, BINS) if part.size]


def expected_calibration_error(probability: Floats, label: Labels) -> float:
    """Mean distance of probability and share of fraud over the bins."""
    parts = calibration_bins(probability)
    return float(
        sum(part.size * abs(probability[part].mean() - label[part].mean()) for part in parts) / label.size
    )
