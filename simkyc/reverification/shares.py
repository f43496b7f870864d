"""Shares with their intervals, and which of many stand out from everybody.

Whoever looks at a thousand clerks finds fifty above a 95% interval by chance alone. So a share stands out only where
its interval lies wholly above everybody's share and it is still significant after the Benjamini-Hochberg correction:
of those named, at most one in twenty is expected to be there by chance.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simkyc.application import Model

__all__ = ["FALSE_DISCOVERY_RATE", "FEWEST", "Share", "above", "adjusted", "share_of"]

CONFIDENCE: Final = 0.95
FALSE_DISCOVERY_RATE: Final = 0.05
"""Of those that are said to stand out, the share that may be there by chance."""
FEWEST: Final = 10
"""Openings below which a share is not tested: its interval is too wide to tell anything."""


class Share(Model):
    """So many of so many.

    Attributes:
        count: So many.
        of: Of so many.
        share: Their share; None of none.
        low: Lower end of its 95% confidence interval, by Wilson's score; None of none.
        high: Its upper end.
    """

    shown = ("count", "of")

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


def share_of(count: int, of: int) -> Share:
    """A share with its Wilson interval.

    >>> share_of(5, 100)
    Share(count=5, of=100)
    >>> round(share_of(5, 100).low, 3), share_of(0, 0).share
    (0.022, None)
    """
    if not of:
        return Share(count=count, of=of, share=None, low=None, high=None)
    interval = stats.binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count=count, of=of, share=count / of, low=float(interval.low), high=float(interval.high))


def adjusted(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values after the correction of Benjamini and Hochberg, in the same order."""
    if not p_values.size:
        return p_values
    return np.asarray(stats.false_discovery_control(np.clip(p_values, 0, 1)))


def above(
    counts: NDArray[np.int64], of: NDArray[np.int64], share: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How likely so large a share is by chance, corrected for the number of those tested, and which stand out.

    Args:
        counts: So many of each, shape (n,).
        of: Of so many, shape (n,).
        share: Everybody's share.
    """
    # As binomtest(count, of, share, alternative="greater"), for all of them at once.
    p_values = adjusted(np.asarray(stats.binom.sf(counts - 1, of, share), dtype=np.float64))
    # Wilson's interval lies wholly above a share exactly where the score is above its quantile.
    quantile = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    is_above = counts - of * share > quantile * np.sqrt(of * share * (1 - share))
    return p_values, is_above & (p_values <= FALSE_DISCOVERY_RATE)
