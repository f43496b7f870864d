"""Doubles that implement the production interfaces, for tests that need no face and no network."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simkyc.authority import AuthorityAnswer, AuthorityQuery, FieldAnswer
from simkyc.faces.calibration import Calibration, CalibrationPoint, Domain
from simkyc.faces.detection import FoundFace, PhotoKind, check_image
from simkyc.faces.engine import Examination
from simkyc.faces.template import Template
from simkyc.testing.builders import GOOD_QUALITY, NOW

__all__ = ["FakeAuthority", "FakeFaceEngine", "swatch"]


def swatch(seed: int) -> bytes:
    """A plain coloured square that `FakeFaceEngine` takes for the face of person `seed`, as a PNG.

    Args:
        seed: 0 to 4095; seeds are told apart, equal seeds match exactly.
    """
    from PIL import Image

    colour = tuple(8 + 16 * (seed >> shift & 15) for shift in (8, 4, 0))
    file = io.BytesIO()
    Image.new("RGB", (128, 128), colour).save(file, "PNG")
    return file.getvalue()


class FakeFaceEngine:
    """Takes any picture for one good face and tells people apart by the picture's mean colour.

    It loads nothing and answers in microseconds. It knows nothing about faces: use `simkyc.testing.portrait`
    and the built-in engine where the comparison itself is under test.
    """

    engine_id = "fake-colours-1"

    def examine(self, image: NDArray[np.uint8], kind: PhotoKind) -> Examination:
        """One face that fills the picture; see `simkyc.faces.engine.FaceEngine.examine`."""
        check_image(image)
        height, width = image.shape[:2]
        points = np.array([[0.7, 0.4], [0.6, 0.4], [0.3, 0.4], [0.4, 0.4], [0.5, 0.6]], np.float32)
        face = FoundFace(
            left=0,
            top=0,
            right=width,
            bottom=height,
            landmarks=points * np.array([width, height], np.float32),
            located="detected",
            score=1.0,
        )
        return Examination(kind, width, height, (face,), self.templates(image, (face,))[0], GOOD_QUALITY)

    def templates(self, image: NDArray[np.uint8], faces: tuple[FoundFace, ...]) -> tuple[Template, ...]:
        """The same template for every face of one picture."""
        steps = (image.reshape(-1, 3).mean(axis=0) // 16).astype(int)
        seed = int(steps[0] << 8 | steps[1] << 4 | steps[2])
        vector = np.random.default_rng(seed).standard_normal(128)
        return tuple(Template.from_direction(vector, self.engine_id) for _ in faces)

    def calibration(self, domain: Domain) -> Calibration:
        """Equal colours match; unequal ones, more than 0.9 apart, do not."""
        rates = (1e-6, 1e-4, 1e-2)
        return Calibration(
            engine_id=self.engine_id,
            domain=domain,
            data="made up",
            people=4096,
            genuine_pairs=0,
            impostor_pairs=0,
            points=tuple(
                CalibrationPoint(
                    false_match_rate=rate,
                    distance=0.2 * place,
                    distance_low=0.2 * place,
                    distance_high=0.2 * place,
                    false_non_match_rate=0,
                    false_non_match_rate_low=0,
                    false_non_match_rate_high=0,
                )
                for place, rate in enumerate(rates, start=1)
            ),
        )

    def warm_up(self) -> None:
        """Nothing to load."""


class FakeAuthority:
    """Gives one answer to everybody."""

    def __init__(
        self,
        outcome: Literal["match", "mismatch", "no_record", "unavailable"] = "match",
        answered_at: datetime = NOW,
        fields: Mapping[str, FieldAnswer] | None = None,
    ) -> None:
        """Say what it answers; unavailable, it says that it took too long."""
        cause = "timeout" if outcome == "unavailable" else None
        self._answer = AuthorityAnswer(outcome, answered_at, fields or {}, reference="fake-1", cause=cause)

    def verify(self, query: AuthorityQuery) -> AuthorityAnswer:  # noqa: ARG002  # everybody gets the one answer
        """The one answer."""
        return self._answer
