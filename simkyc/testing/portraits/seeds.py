"""Seeds and the random streams they start."""

from __future__ import annotations

import numpy as np

from simkyc.errors import InputError

__all__ = ["LARGEST_SEED", "checked_seed", "stream"]

LARGEST_SEED = 2**32 - 1


def checked_seed(seed: int) -> int:
    """The seed itself.

    Raises:
        InputError: it is no whole number from 0 to 2**32 - 1.
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise InputError("A seed or capture number is a whole number from 0 to 2**32 - 1.")
    return seed


def stream(seed: int) -> np.random.RandomState:
    """The random numbers of a seed. `RandomState`, because its stream is frozen and a `Generator`'s is not."""
    return np.random.RandomState(checked_seed(seed))
