"""How well classes of messages are told apart: the figures, each with its interval.

Intervals are 95%, by bootstrap over groups of near-duplicates, as in `simkyc.usage.figures`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simkyc.usage.messages.classes import CLASSES
from simkyc.usage.model_file import Figure

__all__ = ["message_figures"]

RESAMPLINGS: Final = 300
FRAUD: Final = CLASSES.index("fraud")

Floats = NDArray[np.float64]


def message_figures(
    probability: Floats | None,
    found: NDArray[np.int64],
    label: NDArray[np.int8],
    group: NDArray[np.int64],
    *,
    seed: int = 0,
) -> dict[str, Figure]:
    """Figures of a decision about texts.

    Args:
        probability: Of the classes, shape (n, 4); None where there is none.
        found: Places in `CLASSES`, shape (n,).
        label: The truth, shape (n,).
        group: Numbered from 0, shape (n,).
        seed: Of the bootstrap.
    """
    cells = np.zeros((int(group.max()) + 1, len(CLASSES), len(CLASSES)))
    np.add.at(cells, (group, label, found), 1)
    random = np.random.default_rng(seed)
    drawn = [_of(cells.sum(axis=0))]
    for _ in range(RESAMPLINGS):
        times = np.bincount(random.integers(len(cells), size=len(cells)), minlength=len(cells))
        drawn.append(_of(np.tensordot(times, cells, axes=1)))
    figures = {}
    for name, value in drawn[0].items():
        if value is None:
            continue
        told = [again for one in drawn[1:] if (again := one[name]) is not None]
        low, high = np.quantile(told, [0.025, 0.975]) if told else (None, None)
        figures[name] = Figure(
            value=value, low=None if low is None else float(low), high=None if high is None else float(high)
        )
    if probability is not None:
        rows = np.arange(label.size)
        figures["log_loss"] = Figure(value=float(-np.log(np.maximum(probability[rows, label], 1e-12)).mean()))
        figures["brier_fraud"] = Figure(value=float(np.mean((probability[:, FRAUD] - (label == FRAUD)) ** 2)))
    return figures


def _of(cells: Floats) -> dict[str, float | None]:
    """From counts by truth and decision; None where nothing stands under the line."""
    right = np.diag(cells)
    wrong = cells.sum(axis=0) + cells.sum(axis=1) - 2 * right
    f1 = [None if not 2 * r + w else float(2 * r / (2 * r + w)) for r, w in zip(right, wrong, strict=True)]
    there = [one for one, of in zip(f1, cells.sum(axis=1), strict=True) if of and one is not None]
    told: dict[str, float | None] = {"macro_f1": float(np.mean(there)) if there else None}
    told |= {f"f1_{name}": one for name, one in zip(CLASSES, f1, strict=True)}
    for place, name in enumerate(CLASSES):
        if place != FRAUD:
            told[f"taken_for_fraud_{name}"] = _share(cells[place, FRAUD], cells[place].sum())
    told["caught"] = _share(cells[FRAUD, FRAUD], cells[FRAUD].sum())
    return told


def _share(count: float, of: float) -> float | None:
    return float(count / of) if of else None
