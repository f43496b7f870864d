"""Whether the distances of one store's face comparisons have moved: from everybody's, and from the calibration.

Looked at are comparisons of one person with the own portrait, as far as can be told: those at most the policy's
review distance apart. Distances come counted on a grid of `GRID`, so ten million of them are two thousand numbers.

A store is named only where both hold: the difference is significant after the correction of Benjamini and Hochberg
over all stores, and the median moved by at least `LEAST_SHIFT`. With enough comparisons any two cameras differ
significantly; by less than that it changes nothing about who is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simkyc.application import Model
from simkyc.faces.calibration import Calibration
from simkyc.reverification.shares import adjusted

__all__ = ["GRID", "LEAST_COMPARISONS", "LEAST_SHIFT", "Drift", "DriftedStore", "drift_of"]

GRID: Final = 0.001
"""Distances are counted to so much."""
PLACES: Final = round(2 / GRID) + 1
"""Two unit vectors are at most 2 apart."""
LEAST_COMPARISONS: Final = 50
LEAST_SHIFT: Final = 0.02
"""In distance: about a quarter of what divides the false match rate by ten in the calibration that ships."""
SIGNIFICANT: Final = 0.01
SHOWN: Final = 100

Counted = NDArray[np.int64]
"""How many comparisons at each place of the grid, shape (PLACES,)."""


class DriftedStore(Model):
    """One store whose distances moved.

    Attributes:
        store_id: Which.
        comparisons: How many.
        low: A tenth of its distances are below.
        median: Half of them are below.
        high: A tenth of them are above.
        expected: Where its median, or its quantile that the calibration tells, should be.
        shift: By how much it is further (positive) or nearer (negative), in distance.
        difference: From everybody: the Kolmogorov-Smirnov statistic, 0 to 1. From a calibration: how much larger
            the share beyond the expected distance is than it should be, -1 to 1.
        p_value: After the correction for the number of stores, where they are named.
    """

    shown = ("store_id", "comparisons", "shift")

    store_id: str
    comparisons: int
    low: float
    median: float
    high: float
    expected: float
    shift: float
    difference: float
    p_value: float


class Drift(Model):
    """What moved.

    Attributes:
        comparisons: Of one person each, as far as can be told.
        low: A tenth of all distances are below.
        median: Half of them are below.
        high: A tenth of them are above.
        stores: How many stores have enough comparisons to be looked at.
        least_comparisons: So many are enough.
        least_shift: Smaller shifts are not named.
        from_everybody: Stores that differ from all others, the furthest first.
        calibration_id: The calibration that stores were held against, if one was.
        calibration_distance: The distance of it that they were held against.
        calibration_beyond: The share of one person's comparisons that it expects beyond that distance.
        beyond: The share that was seen there, over all stores.
        from_calibration: Stores that differ from it, the furthest first.
    """

    comparisons: int
    low: float
    median: float
    high: float
    stores: int
    least_comparisons: int = LEAST_COMPARISONS
    least_shift: float = LEAST_SHIFT
    from_everybody: tuple[DriftedStore, ...]
    calibration_id: str | None = None
    calibration_distance: float | None = None
    calibration_beyond: float | None = None
    beyond: float | None = None
    from_calibration: tuple[DriftedStore, ...] = ()


def drift_of(
    everybody: Counted, stores: Iterable[tuple[str, Counted]], calibration: Calibration | None
) -> Drift | None:
    """Hold every store's distances against all others' and against the calibration.

    Args:
        everybody: The comparisons of all stores.
        stores: Each store with its own; those with fewer than `LEAST_COMPARISONS` are passed over.
        calibration: What distances were expected, where it is known.

    Returns:
        None where nothing was compared.
    """
    total = int(everybody.sum())
    if not total:
        return None
    point = None if calibration is None else _nearest_the_median(calibration)
    others: list[DriftedStore] = []
    expected: list[DriftedStore] = []
    looked_at = 0
    for store_id, counted in stores:
        if counted.sum() < LEAST_COMPARISONS:
            continue
        looked_at += 1
        if counted.sum() < total:
            others.append(_from_others(store_id, counted, everybody - counted))
        if point is not None:
            expected.append(_from_point(store_id, counted, *point))
    low, median, high = (_quantile(everybody, share) for share in (0.1, 0.5, 0.9))
    return Drift(
        comparisons=total,
        low=low,
        median=median,
        high=high,
        stores=looked_at,
        from_everybody=_moved(others),
        calibration_id=None if calibration is None else calibration.calibration_id,
        calibration_distance=None if point is None else round(point[0], 4),
        calibration_beyond=None if point is None else point[1],
        beyond=None if point is None else _beyond(everybody, point[0]) / total,
        from_calibration=_moved(expected),
    )


def _nearest_the_median(calibration: Calibration) -> tuple[float, float]:
    """The distance nearest the middle of one person's, and the share beyond it: there a shift is seen best."""
    point = min(calibration.points, key=lambda point: abs(point.false_non_match_rate - 0.5))
    return point.distance, point.false_non_match_rate


def _from_others(store_id: str, counted: Counted, others: Counted) -> DriftedStore:
    """Two-sample Kolmogorov-Smirnov: the grid makes ties, and ties only make it more careful."""
    own, rest = int(counted.sum()), int(others.sum())
    difference = float(np.abs(np.cumsum(counted) / own - np.cumsum(others) / rest).max())
    p_value = float(stats.kstwo.sf(difference, max(1, round(own * rest / (own + rest)))))
    median = _quantile(others, 0.5)
    return _tested(store_id, counted, median, _quantile(counted, 0.5) - median, difference, p_value)


def _from_point(store_id: str, counted: Counted, distance: float, beyond: float) -> DriftedStore:
    """The sign test at one known quantile: the share beyond it, and how far the store's own quantile is from it."""
    own, seen = int(counted.sum()), _beyond(counted, distance)
    p_value = float(stats.binomtest(seen, own, beyond).pvalue)
    shift = _quantile(counted, 1 - beyond) - distance
    return _tested(store_id, counted, distance, shift, seen / own - beyond, p_value)


def _tested(
    store_id: str, counted: Counted, expected: float, shift: float, difference: float, p_value: float
) -> DriftedStore:
    low, median, high = (_quantile(counted, share) for share in (0.1, 0.5, 0.9))
    own = int(counted.sum())
    return DriftedStore(
        store_id=store_id,
        comparisons=own,
        low=low,
        median=median,
        high=high,
        expected=round(expected, 4),
        shift=round(shift, 4),
        difference=round(difference, 4),
        p_value=p_value,
    )


def _moved(tested: Sequence[DriftedStore]) -> tuple[DriftedStore, ...]:
    """Those that moved significantly and by enough, the furthest first."""
    corrected = adjusted(np.array([one.p_value for one in tested], dtype=np.float64))
    moved = [
        (one, float(p_value))
        for one, p_value in zip(tested, corrected, strict=True)
        if p_value < SIGNIFICANT and abs(one.shift) >= LEAST_SHIFT - GRID / 2
    ]
    moved.sort(key=lambda pair: (-abs(pair[0].shift), pair[0].store_id))
    return tuple(one.changed(p_value=p_value) for one, p_value in moved[:SHOWN])


def _quantile(counted: Counted, share: float) -> float:
    """The distance that this share is at most."""
    reached = np.cumsum(counted)
    return round(float(np.searchsorted(reached, share * reached[-1])) * GRID, 4)


def _beyond(counted: Counted, distance: float) -> int:
    return int(counted[int(distance / GRID) + 1 :].sum())
