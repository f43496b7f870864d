"""What a usage model says of one number: plain values, which findings are made of.

>>> band_of(0.02), band_of(0.001), band_of(None)
('remind', 'suspend', None)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["BANDS", "Driver", "Scored", "band_of"]

BANDS: Final[Mapping[str, float]] = {"suspend": 0.001, "remind": 0.02}
"""Bands by the share of honest numbers that may fall into them, the strictest first."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One feature that drove a score.

    Attributes:
        feature: Its name.
        value: What it is for this number; None where it is not known.
        unit: Of the value; empty where it has none.
        contribution: What it adds to the log-odds of fraud, before calibration (its SHAP value).
    """

    feature: str
    value: float | None
    unit: str
    contribution: float


@dataclass(frozen=True, slots=True)
class Scored:
    """One number, scored.

    Attributes:
        model_id: The model that scored it.
        probability: Of fraud, 0 to 1, calibrated, where fraud is as frequent as in the training table.
        false_positive_rate: The smallest rate of the model's thresholds that the score reaches; None where it reaches
            none, or only such as too few honest numbers stand behind.
        known: How many features are known.
        of: Of how many.
        drivers: The features that drove it most, the strongest first.
    """

    model_id: str
    probability: float
    false_positive_rate: float | None
    known: int
    of: int
    drivers: tuple[Driver, ...] = ()


def band_of(false_positive_rate: float | None, bands: Mapping[str, float] = BANDS) -> str | None:
    """The strictest band that a score belongs to; None where it belongs to none.

    Args:
        false_positive_rate: As `Scored` has it.
        bands: Each band with the share of honest numbers that may fall into it.
    """
    if false_positive_rate is None:
        return None
    fitting = [name for name, rate in bands.items() if false_positive_rate <= rate]
    return min(fitting, key=lambda name: bands[name], default=None)
