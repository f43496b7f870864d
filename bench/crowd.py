"""Templates of a crowd that does not exist, about as far apart as faces are.

Unit vectors around a common direction, different from it in 30 dimensions with one variance. Dimensions and variances
were tried out until distances came near the built-in engine's calibration of live photos against live photos: of
strangers at a false match rate of 1e-4, 1e-3, 1e-2 and 1e-1 0.61, 0.68, 0.77 and 0.88 (calibration: 0.62, 0.68, 0.76,
0.88), and of two photos of one person 5% further apart than 0.68 (4.5%). That some faces have more doubles than others
is left out.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSION", "people", "photos"]

Vectors = NDArray[np.float32]

DIMENSION: Final = 128
DIFFERENT_IN: Final = 30
BETWEEN: Final = 0.0127
"""Variance of each of these dimensions between people."""
WITHIN: Final = 0.0049
"""Between photos of one person."""


def people(count: int, seed: int) -> Vectors:
    """What people look like (n, 30): no templates yet."""
    chance = np.random.default_rng(seed)
    return chance.standard_normal((count, DIFFERENT_IN), np.float32) * np.float32(math.sqrt(BETWEEN))


def photos(of: Vectors, seed: int) -> Vectors:
    """One template (n, 128) of each."""
    chance = np.random.default_rng(seed)
    noise = chance.standard_normal(of.shape, np.float32) * np.float32(math.sqrt(WITHIN))
    common = math.sqrt(1 - DIFFERENT_IN * (BETWEEN + WITHIN))
    vectors = (of + noise) @ _directions()[1:] + common * _directions()[0]
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@functools.cache
def _directions() -> Vectors:
    """A common direction, and those of the differences, all at right angles."""
    orthogonal, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((DIMENSION, DIMENSION)))
    return np.asarray(orthogonal[: DIFFERENT_IN + 1], np.float32)
