"""Doubles that implement the production interfaces, for tests that need no face and no network."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simkyc.authority import AuthorityAnswer, AuthorityQuery, FieldAnswer
from simkyc.errors import InputError
from simkyc.faces import DlibFaceEngine
from simkyc.faces.calibration import Calibration, CalibrationPoint, Domain, shipped
from simkyc.faces.detection import FoundFace, PhotoKind, check_image
from simkyc.faces.engine import Examination
from simkyc.faces.template import Template
from simkyc.testing.builders import GOOD_QUALITY, NOW

__all__ = ["FakeAuthority", "FakeCrowdEngine", "FakeFaceEngine", "snapshot", "swatch"]


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
        face = _face(width, height)
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


SIDE: Final = 64
"""Pixels of a snapshot's side."""
CORNER: Final = 16
"""Pixels of the square in its corner that stands for a companion."""
MOST_PEOPLE: Final = 1 << 24


def snapshot(person: int, capture: int = 0, companion: int | None = None) -> bytes:
    """A coloured square that `FakeCrowdEngine` takes for a photo of a person, as a PNG of some 200 bytes.

    Args:
        person: 0 to 2**24 - 1, the square's colour.
        capture: 0 to 2**24 - 1; another photo of the same person, a little apart.
        companion: Somebody who stands in the background, with a face a quarter as wide; None for nobody.

    Raises:
        InputError: One of the numbers is out of range.
    """
    for number in (person, capture, companion or 0):
        if not 0 <= number < MOST_PEOPLE:
            raise InputError("a person or capture is 0 to 16777215")
    colour = person.to_bytes(3)
    corner = colour if companion is None else companion.to_bytes(3)
    high = b"\0" + corner * CORNER + colour * (SIDE - CORNER)
    plain = b"\0" + colour * SIDE
    last = plain[:-3] + capture.to_bytes(3)
    packed = zlib.compress(high * CORNER + plain * (SIDE - CORNER - 1) + last, 1)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


class FakeCrowdEngine:
    """Tells 16 million people apart by the colour of `snapshot`, at distances like those of the built-in engine.

    Two photos of one person are 0.3 apart, give or take 0.08; the two of strangers as far as the calibrations that
    ship for the built-in engine say, to within sampling: a template is the sum of what all faces have in common, a
    direction of the person's own, and a little noise that the photo's bytes decide. It knows nothing about faces.
    """

    engine_id = "fake-crowd-1"

    def examine(self, image: NDArray[np.uint8], kind: PhotoKind) -> Examination:
        """One face that fills the picture, and a small one where its corner has another colour."""
        check_image(image)
        height, width = image.shape[:2]
        faces = [_face(width, height)]
        corner = image[: height * CORNER // SIDE, : width * CORNER // SIDE]
        if (
            corner.size
            and (corner == corner[0, 0]).all()
            and (corner[0, 0] != _middle(image, faces[0])).any()
        ):
            faces.append(_face(corner.shape[1], corner.shape[0]))
        template = self.templates(image, (faces[0],))[0]
        quality = GOOD_QUALITY if kind == "live" else {}
        return Examination(kind, width, height, tuple(faces), template, quality)

    def templates(self, image: NDArray[np.uint8], faces: tuple[FoundFace, ...]) -> tuple[Template, ...]:
        """A template for the colour in the middle of each face."""
        photo = zlib.crc32(image.tobytes())
        return tuple(self._template(int.from_bytes(_middle(image, face).tobytes()), photo) for face in faces)

    def _template(self, person: int, photo: int) -> Template:
        noise = np.random.RandomState(photo ^ person)
        length = min(max(noise.normal(0.21, 0.085), 0.03), 0.4)  # nobody is taken for a stranger
        scatter = noise.standard_normal(TEMPLATE_SIZE)
        scatter *= length / np.linalg.norm(scatter)
        return Template.from_direction(_identity(person) + scatter, self.engine_id)

    def calibration(self, domain: Domain) -> Calibration:
        """The built-in engine's, whose distances these imitate."""
        return _imitated(domain)

    def warm_up(self) -> None:
        """Nothing to load."""


TEMPLATE_SIZE: Final = 128
# Fitted to the quantiles of the shipped calibrations from 1e-5 to 1e-1: how much all faces have in common, as the
# cosine of two average strangers, and in how many directions they differ.
IN_COMMON: Final = 0.52
DIRECTIONS: Final = 24


@lru_cache(maxsize=4096)
def _identity(person: int) -> NDArray[np.float64]:
    own = np.random.RandomState(person).standard_normal(DIRECTIONS)
    vector = np.zeros(TEMPLATE_SIZE)
    vector[0] = IN_COMMON**0.5
    vector[1 : 1 + DIRECTIONS] = own * ((1 - IN_COMMON) ** 0.5 / np.linalg.norm(own))
    return vector


@lru_cache(maxsize=2)
def _imitated(domain: Domain) -> Calibration:
    return shipped(DlibFaceEngine().engine_id, domain).changed(
        engine_id=FakeCrowdEngine.engine_id, data="made up, after the built-in engine's"
    )


def _middle(image: NDArray[np.uint8], face: FoundFace) -> NDArray[np.uint8]:
    pixel: NDArray[np.uint8] = image[(face.top + face.bottom) // 2, (face.left + face.right) // 2]
    return pixel


def _face(width: int, height: int) -> FoundFace:
    """A face that fills the upper left of a picture up to here."""
    points = np.array([[0.7, 0.4], [0.6, 0.4], [0.3, 0.4], [0.4, 0.4], [0.5, 0.6]], np.float32)
    return FoundFace(
        left=0,
        top=0,
        right=width,
        bottom=height,
        landmarks=points * np.array([width, height], np.float32),
        located="detected",
        score=1.0,
    )


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

    def verify(self, query: AuthorityQuery) -> AuthorityAnswer:
        """The one answer."""
        del query  # everybody gets it
        return self._answer
