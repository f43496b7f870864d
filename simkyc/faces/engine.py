"""The face engine: a decoded photo in, the faces in it and the template of the dominant one out.

`FaceEngine` is the contract; `DlibFaceEngine` is the engine that comes with simkyc.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simkyc.faces.calibration import Calibration, Domain, by_domain, shipped
from simkyc.faces.centre import SHIFT, Centre, shipped_centre
from simkyc.faces.detection import FaceFinder, FoundFace, PhotoKind, chip
from simkyc.faces.network import RecognitionNetwork
from simkyc.faces.quality import measure
from simkyc.faces.template import Template
from simkyc.faces.weights import RECOGNITION

__all__ = ["DlibFaceEngine", "Examination", "FaceEngine"]


@dataclass(frozen=True, slots=True)
class Examination:
    """What an engine saw in one photo.

    Attributes:
        kind: what the photo was taken for.
        width, height: of the photo, in pixels.
        faces: the dominant (largest) first.
        template: of the dominant face; None when there is no face.
        quality: measures of the dominant face by name, as `simkyc.faces.quality` documents them; empty
            when there is no face, and for a portrait, which nobody can take again.
    """

    kind: PhotoKind
    width: int
    height: int
    faces: tuple[FoundFace, ...]
    template: Template | None
    quality: Mapping[str, float]


class FaceEngine(Protocol):
    """Finds faces and makes templates. May be called from any number of threads; the same photo gives the same bits.

    `engine_id` names everything that moves a distance: weights, alignment, recipe. Two engines with one `engine_id`
    give templates that may be compared.
    """

    @property
    def engine_id(self) -> str:
        """Stable name of weights, alignment and template recipe."""
        ...

    def examine(self, image: NDArray[np.uint8], kind: PhotoKind) -> Examination:
        """Finds the faces of a photo and makes the template of the dominant one.

        Args:
            image: uint8 (height, width, 3), RGB, upright, bounded: as `simkyc.faces.intake` gives it.
            kind: `live` for a counter photo, `portrait` for the picture on an ID chip.

        Raises:
            FaceError: the image has another shape or dtype, or the engine cannot work.
        """
        ...

    def templates(self, image: NDArray[np.uint8], faces: tuple[FoundFace, ...]) -> tuple[Template, ...]:
        """The templates of faces that `examine` found in this image, in their order."""
        ...

    def calibration(self, domain: Domain) -> Calibration:
        """What this engine's distances mean for one kind of pair.

        Raises:
            FaceError: The engine was never calibrated for it.
        """
        ...

    def warm_up(self) -> None:
        """Load everything now instead of on the first photo.

        Raises:
            FaceError: The engine cannot work.
        """
        ...


class DlibFaceEngine:
    """dlib's detector, 5-point alignment and ResNet. Nothing is loaded before the first use."""

    def __init__(
        self,
        finder: FaceFinder | None = None,
        network: RecognitionNetwork | None = None,
        centre: Centre | None = None,
        *,
        calibrations: Sequence[Calibration] = (),
    ) -> None:
        """Take the parts; without any, those that ship.

        Args:
            finder: Detector and landmarks.
            network: dlib's recognition network.
            centre: Of the population that is compared. Another than the shipped one gives another engine, which
                needs calibrations of its own.
            calibrations: The operator's own, at most one for each kind of pair; the shipped one serves the other.

        Raises:
            EngineMismatchError: A calibration is another engine's.
            FaceError: Two calibrations are for one kind of pair.
        """
        self._finder = finder or FaceFinder()
        self._network = network or RecognitionNetwork()
        self._centre = centre or shipped_centre()
        self._calibrations = by_domain(calibrations, self.engine_id)

    @property
    def engine_id(self) -> str:
        """Weights, alignment, and recipe with its centre."""
        return (
            f"dlib-resnet-v1:{RECOGNITION.sha256[:8]}/5pt-150-0.25/mirror-centred:{self._centre.centre_id}-l2"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.engine_id!r})"

    def examine(self, image: NDArray[np.uint8], kind: PhotoKind) -> Examination:
        """Finds the faces of a photo and makes the template of the dominant one; see `FaceEngine.examine`."""
        faces = self._finder.find(image, kind)
        height, width = image.shape[:2]
        if not faces:
            return Examination(kind, width, height, (), None, {})
        aligned = chip(image, faces[0])
        (template,) = self.templates_of_chips(aligned[np.newaxis])
        quality = measure(image, faces[0], aligned) if kind == "live" else {}
        return Examination(kind, width, height, faces, template, quality)

    def calibration(self, domain: Domain) -> Calibration:
        """The one that was given for this kind of pair, else the one that ships; see `FaceEngine.calibration`."""
        return self._calibrations.get(domain) or shipped(self.engine_id, domain)

    def warm_up(self) -> None:
        """Load detector and network by one pass over a blank picture; see `FaceEngine.warm_up`."""
        self._finder.find(np.zeros((64, 64, 3), np.uint8), "live")
        self.templates_of_chips(np.zeros((1, 150, 150, 3), np.uint8))

    def templates(self, image: NDArray[np.uint8], faces: tuple[FoundFace, ...]) -> tuple[Template, ...]:
        """The templates of faces found in this image, in their order, from one batch."""
        return self.templates_of_chips(np.stack([chip(image, face) for face in faces])) if faces else ()

    def templates_of_chips(self, chips: NDArray[np.uint8]) -> tuple[Template, ...]:
        """The templates of aligned chips, uint8 (n, 150, 150, 3) RGB.

        The recipe: the mean of the descriptors of a chip and of its mirror image, brought to unit length, `SHIFT` of
        the population's centre taken off, brought to unit length again. A change here needs a new `engine_id`.
        """
        both = self._network.vectors(np.concatenate([chips, chips[:, :, ::-1]]))
        plain, mirrored = np.split(both.astype(np.float64), 2)
        return tuple(
            Template.from_direction(row, self.engine_id) for row in centred(plain + mirrored, self._centre)
        )


def centred(vectors: NDArray[np.float64], centre: Centre) -> NDArray[np.float64]:
    """Vectors (n, 128) brought to unit length, with `SHIFT` of the centre taken off."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12) - SHIFT * np.array(centre.vector))
