"""A face as a number: the template, and the distance between two of them.

>>> a = Template(np.array([1, 0], np.float32), "example/1")
>>> b = Template(np.array([0, 1], np.float32), "example/1")
>>> round(distance(a, b), 4), distance(a, a)
(1.4142, 0.0)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import EngineMismatchError, FaceError

__all__ = ["Template", "distance", "mean"]

_LENGTH_TOLERANCE = 1e-5  # of the unit length; float32 rounding stays below 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A face of one engine: a unit vector, comparable only with templates of the same engine.

    Attributes:
        vector: float32 (d,), read-only, finite, Euclidean length 1; d is the engine's, 128 of the built-in one.
            Biometric data: never in a log or message.
        engine_id: names weights, alignment and recipe of the engine that made it.

    Raises:
        FaceError: the vector has another shape or dtype, is not finite, or is not of unit length.
    """

    vector: NDArray[np.float32] = field(repr=False)
    engine_id: str

    def __post_init__(self) -> None:
        vector = self.vector
        if not isinstance(vector, np.ndarray) or vector.dtype != np.float32 or vector.ndim != 1:
            raise FaceError("A template needs a float32 vector of shape (d,).")
        length = float(np.sqrt(np.sum(np.square(vector, dtype=np.float64))))
        if not abs(length - 1.0) <= _LENGTH_TOLERANCE:  # also refuses NaN
            raise FaceError("A template needs a finite vector of unit length.")
        if not self.engine_id:
            raise FaceError("A template needs the engine_id of the engine that made it.")
        own = vector.copy()
        own.flags.writeable = False
        object.__setattr__(self, "vector", own)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Template):
            return NotImplemented
        return self.engine_id == other.engine_id and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.engine_id, self.to_bytes()))

    def __reduce__(self) -> tuple[type[Template], tuple[NDArray[np.float32], str]]:
        return Template, (self.vector, self.engine_id)  # so that a copy is checked and read-only as well

    def to_bytes(self) -> bytes:
        """The vector as little-endian float32, four bytes a number."""
        return self.vector.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, engine_id: str) -> Self:
        """Reads what `to_bytes` wrote. Whether it has as many numbers as others is noticed by comparing them.

        Raises:
            FaceError: the bytes are no template.
        """
        if len(data) % 4:
            raise FaceError("A stored template has four bytes a number.")
        return cls(np.frombuffer(data, "<f4").astype(np.float32), engine_id)

    @classmethod
    def from_direction(cls, vector: NDArray[np.floating], engine_id: str) -> Self:
        """The template that points where `vector` (d,) points.

        Raises:
            FaceError: the vector has another shape, is not finite, or has no direction.
        """
        if vector.ndim != 1:
            raise FaceError("A template needs a vector of shape (d,).")
        exact = vector.astype(np.float64)
        length = float(np.sqrt(np.sum(np.square(exact))))
        if not (math.isfinite(length) and length > 0):
            raise FaceError("A vector that is zero or not finite gives no template.")
        return cls((exact / length).astype(np.float32), engine_id)


def distance(a: Template, b: Template) -> float:
    """Euclidean distance, 0 (same) to 2 (opposite).

    Raises:
        EngineMismatchError: the templates come from different engines.
        FaceError: one of them has fewer numbers.
    """
    _same_engine((a, b))
    difference = a.vector.astype(np.float64) - b.vector
    return math.sqrt(float(np.sum(np.square(difference))))


def mean(templates: Sequence[Template]) -> Template:
    """The mean direction of several templates of one engine, of unit length again.

    Raises:
        FaceError: there are none, one has fewer numbers than another, or they cancel out.
        EngineMismatchError: they come from different engines.
    """
    if not templates:
        raise FaceError("The mean of no templates is not defined.")
    _same_engine(templates)
    total = np.stack([template.vector for template in templates]).sum(axis=0, dtype=np.float64)
    return Template.from_direction(total, templates[0].engine_id)


def _same_engine(templates: Sequence[Template]) -> None:
    if len({template.engine_id for template in templates}) > 1:
        raise EngineMismatchError(
            "Templates of different engines cannot be compared. Make both with one engine."
        )
    if len({template.vector.size for template in templates}) > 1:
        raise FaceError(
            "Templates of one engine have equally many numbers: one was truncated. Make it again."
        )
