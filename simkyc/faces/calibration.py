"""What a distance means: the table from distance to false match rate, and back.

A distance says something only for one engine and one kind of pair, so a calibration names both, and the
data it was measured on. It ships as JSON beside this file; `docs/accuracy.md` tells how it was obtained.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from importlib import resources
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from simkyc.application import Model
from simkyc.errors import FaceError

__all__ = ["Calibration", "CalibrationPoint", "Domain"]

Domain = Literal["chip-live", "live-live"]
"""The two kinds of pair: an ID chip's portrait against a live photo, or two live photos."""


class CalibrationPoint(Model):
    """One row of a calibration.

    Attributes:
        false_match_rate: Share of impostor pairs at most `distance` apart.
        distance: Euclidean distance of two templates.
        distance_low: Lower end of the 95% confidence interval of `distance`, by bootstrap over people.
        distance_high: Its upper end.
        false_non_match_rate: Share of genuine pairs further than `distance` apart.
    """

    false_match_rate: float = Field(gt=0, le=1)
    distance: float = Field(ge=0, le=2)
    distance_low: float = Field(ge=0, le=2)
    distance_high: float = Field(ge=0, le=2)
    false_non_match_rate: float = Field(ge=0, le=1)


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
        pairs = list(zip(self.points, self.points[1:], strict=False))
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
