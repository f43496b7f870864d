"""What a distance means: the table from distance to false match rate, and back.

A distance says something only for one engine and one kind of pair, so a calibration names both, and the
data it was measured on. Those that ship are JSON beside this file; `docs/accuracy.md` tells how they were
obtained. `calibrate` makes another from labelled pairs.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, ValidationError, model_validator

from simkyc.application import Model
from simkyc.errors import EngineMismatchError, FaceError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "RATES",
    "RESAMPLINGS",
    "Calibration",
    "CalibrationPoint",
    "Domain",
    "Pairs",
    "by_domain",
    "calibrate",
    "impostor_pairs_needed",
    "shipped",
]

Domain = Literal["chip-live", "live-live"]
"""The two kinds of pair: an ID chip's portrait against a live photo, or two live photos."""

RATES = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""False match rates that a calibration tells the distance of, as far as the pairs suffice."""

FEWEST_FALSE_MATCHES = 30
"""A rate is told only where so many false matches are behind it (the "rule of 30" of ISO/IEC 19795-1: the true
rate is then within 30% of the measured one with 90% confidence, were the pairs independent)."""

RESAMPLINGS = 200

EXTRAPOLATED_DECADES = 4.0
"""How far below the table a rate is guessed at most."""


class CalibrationPoint(Model):
    """One row of a calibration.

    Attributes:
        false_match_rate: Share of impostor pairs at most `distance` apart.
        distance: Euclidean distance of two templates.
        distance_low: Lower end of the 95% confidence interval of `distance`, by bootstrap over people.
        distance_high: Its upper end.
        false_non_match_rate: Share of genuine pairs further than `distance` apart.
        false_non_match_rate_low: Lower end of its 95% confidence interval, by the same bootstrap; where none or all
            are further, the exact one of as many independent pairs as there are people.
        false_non_match_rate_high: Its upper end.
    """

    false_match_rate: float = Field(gt=0, le=1)
    distance: float = Field(ge=0, le=2)
    distance_low: float = Field(ge=0, le=2)
    distance_high: float = Field(ge=0, le=2)
    false_non_match_rate: float = Field(ge=0, le=1)
    false_non_match_rate_low: float = Field(ge=0, le=1)
    false_non_match_rate_high: float = Field(ge=0, le=1)


class Calibration(Model):
    """Distance to false match rate for one engine and one kind of pair.

    Attributes:
        engine_id: The engine whose distances these are.
        domain: The kind of pair.
        data: What it was measured on, in words.
        people: How many people.
        genuine_pairs: How many pairs of one person.
        impostor_pairs: How many pairs of two people.
        points: Rows with rising rate and distance.
    """

    shown = ("engine_id", "domain")

    engine_id: str
    domain: Domain
    data: str
    people: int
    genuine_pairs: int
    impostor_pairs: int
    points: tuple[CalibrationPoint, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        pairs = list(pairwise(self.points))
        if any(a.false_match_rate >= b.false_match_rate or a.distance >= b.distance for a, b in pairs):
            raise ValueError("points must rise in rate and in distance")
        return self

    @property
    def calibration_id(self) -> str:
        """The domain and a hash over every value in the table."""
        return f"{self.domain}:{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]}"

    def distance_at(self, false_match_rate: float) -> float:
        """The largest distance that keeps the false match rate, by interpolation in the rate's logarithm.

        Raises:
            FaceError: The rate is outside the table: too few pairs were measured to say.
        """
        rates = [point.false_match_rate for point in self.points]
        if not rates[0] <= false_match_rate <= rates[-1]:
            raise FaceError(
                f"the calibration holds false match rates from {rates[0]:g} to {rates[-1]:g}; "
                "ask for one of these or calibrate with more people"
            )
        place = max(bisect_left(rates, false_match_rate), 1)
        left, right = self.points[place - 1], self.points[place]
        share = math.log(false_match_rate / left.false_match_rate) / math.log(
            right.false_match_rate / left.false_match_rate
        )
        return left.distance + share * (right.distance - left.distance)

    def false_match_rate_at(self, distance: float) -> float:
        """The share of impostors who come as near as `distance`.

        Below the table's smallest distance its smallest rate is answered (an upper bound), above the
        largest 1.0.
        """
        distances = [point.distance for point in self.points]
        if distance <= distances[0]:
            return self.points[0].false_match_rate
        if distance > distances[-1]:
            return 1.0
        place = bisect_left(distances, distance)
        left, right = self.points[place - 1], self.points[place]
        share = (distance - left.distance) / (right.distance - left.distance)
        logarithm = (1 - share) * math.log(left.false_match_rate) + share * math.log(right.false_match_rate)
        return math.exp(logarithm)

    def tail_rate_at(self, distance: float) -> tuple[float, bool]:
        """The share of impostors who come as near, carried on below the table, and whether it is.

        Searches among many need rates that no calibration has the pairs for. Below its smallest distance the rate's
        logarithm is carried on along the straight line through the table's two smallest points, and by
        `EXTRAPOLATED_DECADES` at most: a guess, and called one.
        """
        lowest, second = self.points[0], self.points[1]
        if distance >= lowest.distance:
            return self.false_match_rate_at(distance), False
        slope = math.log10(second.false_match_rate / lowest.false_match_rate) / (
            second.distance - lowest.distance
        )
        decades = min((lowest.distance - distance) * slope, EXTRAPOLATED_DECADES)
        return lowest.false_match_rate * 10**-decades, True


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Compared pairs of photos, all genuine or all impostor.

    Attributes:
        distance: float (n,), Euclidean distance of two templates.
        probe: integer (n,), who is in the first photo, 0 to people - 1.
        reference: The same of the second photo; equal to `probe` in genuine pairs.
    """

    distance: NDArray[np.floating]
    probe: NDArray[np.integer]
    reference: NDArray[np.integer]


def impostor_pairs_needed(false_match_rate: float) -> int:
    """How many pairs of two people it takes to tell the distance of a rate.

    >>> impostor_pairs_needed(1e-4)
    300000
    """
    # Rounded first: 30 / 3e-5 is a hair more than a million.
    return math.ceil(round(FEWEST_FALSE_MATCHES / false_match_rate, 6))


def by_domain(calibrations: Sequence[Calibration], engine_id: str) -> dict[Domain, Calibration]:
    """The calibrations that an engine was given, by kind of pair.

    Raises:
        EngineMismatchError: One is another engine's.
        FaceError: Two are for one kind of pair.
    """
    if any(calibration.engine_id != engine_id for calibration in calibrations):
        raise EngineMismatchError("A calibration is another engine's. Make one with this engine.")
    found = {calibration.domain: calibration for calibration in calibrations}
    if len(found) != len(calibrations):
        raise FaceError("One calibration for each kind of pair.")
    return found


def calibrate(
    genuine: Pairs,
    impostor: Pairs,
    *,
    engine_id: str,
    domain: Domain,
    data: str,
    rates: Sequence[float] = (),
    seed: int = 0,
) -> Calibration:
    """Make a calibration from labelled pairs.

    Pairs of one person are not independent, so the confidence intervals come from a bootstrap over people: a
    resampling gives each person a weight, and a pair the product of its two people's weights.

    Args:
        genuine: Pairs of one person each.
        impostor: Pairs of two people each.
        engine_id: The engine that made the templates.
        domain: The kind of pair.
        data: What was measured, in words that name nobody.
        rates: False match rates to tell beside `RATES`, up to the largest of these; one that the pairs do not
            suffice for is left out.
        seed: Of the resampling; the same seed gives the same table.

    Raises:
        InputError: There is no genuine pair, a distance is not finite, or there are too few impostor pairs for
            two rates, 1,000 at least; or so many distances are equal that two rates have the same.
    """
    import numpy as np

    if any(not np.isfinite(pairs.distance).all() for pairs in (genuine, impostor)):
        raise InputError("a distance in the pairs is not finite: leave photos without a template out")
    size = impostor.distance.size
    enough = [rate for rate in sorted({*RATES, *rates}) if impostor_pairs_needed(rate) <= size]
    if len(enough) < 2 or not genuine.distance.size:
        raise InputError(
            f"too few pairs to calibrate: {genuine.distance.size} genuine and {size} impostor pairs; "
            f"{impostor_pairs_needed(RATES[-2])} impostor pairs reach a false match rate of {RATES[-2]:g}, "
            f"{impostor_pairs_needed(1e-4)} one of 0.0001"
        )
    order = np.argsort(impostor.distance, kind="stable")
    # Above the largest rate nothing is told, so only that many pairs take part in the resampling's quantiles.
    near = order[: math.ceil(1.5 * RATES[-1] * order.size)]
    distances = impostor.distance[near]
    people = 1 + max(int(pairs.probe.max()) for pairs in (genuine, impostor))
    people = max(people, 1 + int(impostor.reference.max()))
    at = [_distance_within(distances, math.floor(rate * size)) for rate in enough]
    if any(round(a, 5) >= round(b, 5) for a, b in pairwise(at)):
        raise InputError(
            "two rates fall on one distance: give the distances with all their digits, and rates further apart"
        )
    missed = genuine.distance[:, np.newaxis] > np.array(at)
    missed_rates = missed.mean(axis=0)
    random = np.random.default_rng(seed)
    resampled = np.empty((2, RESAMPLINGS, len(enough)))
    for place in range(RESAMPLINGS):
        weights = np.bincount(random.integers(people, size=people), minlength=people).astype(np.float64)
        cumulative = np.cumsum(weights[impostor.probe[near]] * weights[impostor.reference[near]])
        whole = float(weights[impostor.probe] @ weights[impostor.reference])
        places = np.searchsorted(cumulative, np.array(enough) * whole)
        resampled[0, place] = distances[np.minimum(places, distances.size - 1)]
        own = weights[genuine.probe]
        resampled[1, place] = own @ missed / max(float(own.sum()), 1.0)
    lows, highs = np.quantile(resampled, [0.025, 0.975], axis=1)
    # What never or always happened does so in every resampling, too: that says nothing of how rare it is.
    certain = 0.025 ** (1 / np.unique(genuine.probe).size)
    lows[1] = np.where(missed_rates == 1, certain, lows[1])
    highs[1] = np.where(missed_rates == 0, 1 - certain, highs[1])
    points = [
        CalibrationPoint(
            false_match_rate=rate,
            distance=round(distance, 5),
            distance_low=round(float(min(lows[0, place], distance)), 5),
            distance_high=round(float(max(highs[0, place], distance)), 5),
            false_non_match_rate=round(float(missed_rates[place]), 5),
            false_non_match_rate_low=round(float(lows[1, place]), 5),
            false_non_match_rate_high=round(float(highs[1, place]), 5),
        )
        for place, (rate, distance) in enumerate(zip(enough, at, strict=True))
    ]
    return Calibration(
        engine_id=engine_id,
        domain=domain,
        data=data,
        people=people,
        genuine_pairs=genuine.distance.size,
        impostor_pairs=impostor.distance.size,
        points=tuple(points),
    )


def _distance_within(distances: NDArray[np.floating], count: int) -> float:
    """The largest of the rising distances that no more than `count` pairs come to; equal ones come together.

    Raises:
        InputError: The nearest pairs are all equally far apart.
    """
    import numpy as np

    last = distances[count - 1]
    if distances[count] == last:
        count = int(np.searchsorted(distances, last))
        if count == 0:
            raise InputError("the nearest pairs have one distance: give the distances with all their digits")
    return float(distances[count - 1])


def shipped(engine_id: str, domain: Domain) -> Calibration:
    """The calibration that ships with simkyc for this engine.

    Raises:
        FaceError: None ships for it, or the file was altered.
    """
    folder = resources.files("simkyc.faces").joinpath("calibrations")
    for file in folder.iterdir():
        if file.name.endswith(f".{domain}.json"):
            try:
                calibration = Calibration.model_validate_json(file.read_text(encoding="utf-8"))
            except ValidationError:
                raise FaceError(
                    "a calibration file that ships with simkyc is damaged; reinstall it"
                ) from None
            if calibration.engine_id == engine_id:
                return calibration
    raise FaceError("no calibration ships for this engine and kind of pair; make one before you decide")
