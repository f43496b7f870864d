"""Finding faces, their five landmarks, and the aligned chip the network sees.

dlib's HOG detector and its 5-point shape predictor (the 68-point one is not licensed for commercial use). The
detector's window is 80 pixels wide and it misses faces under about 64, so a counter photo is searched on a reduced
copy, where the customer's face is still large, and the portrait of an ID chip (102x126 pixels) on an enlarged one.

How often that fails, measured on one photo each of 500 people (`docs/accuracy.md` says which):

| photo | no face found | `face_recognition`'s defaults |
|---|---|---|
| 640x480, face about 190 pixels wide | 1 of 500 | - |
| 250x250, face about 100 pixels wide | 1 of 500 | 4 of 500 |
| chip portrait 102x126 | 1 of 500, then assumed | - |
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceError
from simkyc.faces.weights import CHIP_SIZE, LANDMARKS, frontal_detector, model_path, verified_bytes

if TYPE_CHECKING:
    import dlib

__all__ = ["FaceFinder", "FoundFace", "PhotoKind", "chip", "find_faces"]

PhotoKind = Literal["live", "portrait"]
"""What a photo was taken for: `live` at the counter, `portrait` the picture on the ID's chip."""

# Pixels of the copies a photo is searched on, one after the other until a face is found. Below 400x300, companions
# with a face half as wide as the customer's are missed, above it nothing is gained; 162x202 finds the most portraits.
_LIVE_AREAS = (400 * 300, 1280 * 960)
_PORTRAIT_AREAS = (162 * 202, 255 * 315)
_ENLARGED_AREA = 640 * 480  # a live photo in which nothing was found is enlarged to this, and at most
_ENLARGED_FACTOR = 2.0  # this much

# A portrait is known to show a face, so the best answer above this margin counts when it lies where it must.
_WEAK_SCORE = -0.4
_WEAK_OFFSET = 0.2  # from the picture's centre, as a share of its width and height

# Where a standard portrait has the face when nothing is detected, as shares of width and height: GA 461 asks for a
# face 207 of 358 pixels wide and eyes 207 of 441 above the lower edge; dlib's rectangle is a tenth wider than that.
_STANDARD_FACE = (0.18, 0.34, 0.82, 0.86)
_STANDARD_ASPECT = (0.70, 0.90)  # width by height; 102x126 is 0.81
_STANDARD_HEIGHT = 60  # pixels; a lower portrait has eyes less than 15 pixels apart

_LANDMARK_WIDTH = (
    150  # pixels of a face: landmarks come as whole pixels, so smaller faces are enlarged for them
)
_LANDMARK_MARGIN = 0.5  # around the face, as a share of its width


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """One face, in pixels of the image it was looked for in.

    Attributes:
        left, top, right, bottom: the detector's rectangle, right and bottom exclusive; it may leave the image.
        landmarks: float32 (5, 2), x and y: outer and inner corner of the eye on the image's right, outer and inner
            corner of the eye on its left, base of the nose.
        located: `detected` at the photo's own size or smaller, `enlarged` only after enlarging, `assumed` where
            a standard portrait has it because nothing was detected.
        score: the detector's margin; above 1 is plain, 0 its own limit; 0 when assumed.
    """

    left: int
    top: int
    right: int
    bottom: int
    landmarks: NDArray[np.float32] = field(repr=False)
    located: Literal["detected", "enlarged", "assumed"]
    score: float

    @property
    def area(self) -> int:
        """Pixels in the rectangle."""
        return (self.right - self.left) * (self.bottom - self.top)


class FaceFinder:
    """Detector and shape predictor, for any number of threads; loaded at the first use.

    dlib's objects are not thread-safe, and its Python calls hold the interpreter lock while they run, so one of each
    behind a lock costs nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: tuple[dlib.fhog_object_detector, dlib.shape_predictor] | None = None

    def find(self, image: NDArray[np.uint8], kind: PhotoKind) -> tuple[FoundFace, ...]:
        """Finds the faces of a photo.

        Args:
            image: uint8 (height, width, 3), RGB, upright.
            kind: `live` for a counter photo, `portrait` for the picture on an ID chip.

        Returns:
            The largest face first. A portrait of standard shape always has one, if only `assumed`.

        Raises:
            FaceError: the image has another shape or dtype.
            FaceModelError: dlib or its weights are missing or altered.
        """
        check_image(image)
        faces = [self._with_landmarks(image, box) for box in self._search(image, kind)]
        return tuple(sorted(faces, key=lambda face: (-face.area, face.left, face.top)))

    def _search(self, image: NDArray[np.uint8], kind: PhotoKind) -> list[_Box]:
        import cv2

        # Grey takes a third less time than colour and finds as many faces.
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        weak: list[_Box] = []
        for scale in _live_scales(image) if kind == "live" else _portrait_scales(image):
            boxes = self._boxes(grey, scale)
            plain = [box for box in boxes if box.score >= 0]
            if plain:
                return plain
            weak += [box for box in boxes if _is_central(box, image)]
        if kind == "live":
            return []
        return [max(weak, key=lambda box: box.score)] if weak else _assumed(image)

    def _boxes(self, grey: NDArray[np.uint8], scale: float) -> list[_Box]:
        copy = _scaled(grey, scale)
        with self._lock:
            detector, _ = self._loaded()
            rectangles, scores, _ = detector.run(copy, 0, _WEAK_SCORE)
        located: Literal["detected", "enlarged"] = "enlarged" if scale > 1 else "detected"
        return [
            _Box(
                rectangle.left() / scale,
                rectangle.top() / scale,
                (rectangle.right() + 1) / scale,
                (rectangle.bottom() + 1) / scale,
                located,
                score,
            )
            for rectangle, score in zip(rectangles, scores, strict=True)
        ]

    def _with_landmarks(self, image: NDArray[np.uint8], box: _Box) -> FoundFace:
        import dlib

        margin = _LANDMARK_MARGIN * (box.right - box.left)
        x, y = max(0, int(box.left - margin)), max(0, int(box.top - margin))
        around = image[y : int(box.bottom + margin), x : int(box.right + margin)]
        scale = max(1.0, _LANDMARK_WIDTH / (box.right - box.left))
        left, right = round((box.left - x) * scale), round((box.right - x) * scale)
        top, bottom = round((box.top - y) * scale), round((box.bottom - y) * scale)
        canvas = _scaled(around, scale)
        with self._lock:
            _, predictor = self._loaded()
            shape = predictor(canvas, dlib.rectangle(left, top, right - 1, bottom - 1))
        points = np.array([(point.x, point.y) for point in shape.parts()])
        return FoundFace(
            left=round(box.left),
            top=round(box.top),
            right=round(box.right),
            bottom=round(box.bottom),
            landmarks=(((points + 0.5) / scale - 0.5) + (x, y)).astype(np.float32),
            located=box.located,
            score=box.score,
        )

    def _loaded(self) -> tuple[dlib.fhog_object_detector, dlib.shape_predictor]:
        if self._models is None:
            detector = frontal_detector()
            import dlib

            verified_bytes(LANDMARKS)
            self._models = detector, dlib.shape_predictor(str(model_path(LANDMARKS)))
        return self._models


_shared_finder = FaceFinder()


def find_faces(image: NDArray[np.uint8], kind: PhotoKind) -> tuple[FoundFace, ...]:
    """Finds the faces of a photo with the finder that the whole process shares; see `FaceFinder.find`."""
    return _shared_finder.find(image, kind)


def check_image(image: NDArray[np.uint8]) -> None:
    """Refuses what is no picture.

    Raises:
        FaceError: not uint8 (height, width, 3), or empty.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise FaceError("A photo is uint8 (height, width, 3), RGB.")


# Where dlib puts the five landmarks, as shares of a chip without padding (dlib, image_transforms/interpolation.h).
_MEAN_FACE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)


def chip(
    image: NDArray[np.uint8], face: FoundFace, size: int = CHIP_SIZE, padding: float = 0.25
) -> NDArray[np.uint8]:
    """Cuts a face out, turned upright and scaled; from whole-pixel landmarks the very chip of `dlib.get_face_chip`.

    Args:
        image: the photo the face was found in.
        face: where it is.
        size: side of the chip in pixels.
        padding: room around the mean face, as a share of its size.

    Returns:
        uint8 (size, size, 3), RGB; black where the chip leaves the photo.
    """
    import dlib

    target = (_MEAN_FACE + padding) / (2 * padding + 1) * size
    details = dlib.chip_details(_points(target), _points(face.landmarks), dlib.chip_dims(size, size))
    return np.asarray(dlib.extract_image_chip(np.ascontiguousarray(image), details), np.uint8)


def _points(xy: NDArray[np.floating]) -> dlib.dpoints:
    import dlib

    return dlib.dpoints([dlib.dpoint(float(x), float(y)) for x, y in xy])


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle in pixels of the photo, before it is rounded and has landmarks."""

    left: float
    top: float
    right: float
    bottom: float
    located: Literal["detected", "enlarged", "assumed"]
    score: float


def _is_central(box: _Box, image: NDArray[np.uint8]) -> bool:
    height, width = image.shape[:2]
    x, y = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
    return bool(max(abs(x - 0.5), abs(y - 0.5)) < _WEAK_OFFSET)


def _assumed(image: NDArray[np.uint8]) -> list[_Box]:
    height, width = image.shape[:2]
    narrowest, widest = _STANDARD_ASPECT
    if height < _STANDARD_HEIGHT or not narrowest <= width / height <= widest:
        return []
    left, top, right, bottom = _STANDARD_FACE
    return [_Box(left * width, top * height, right * width, bottom * height, "assumed", 0.0)]


def _live_scales(image: NDArray[np.uint8]) -> list[float]:
    """Reduced, then full size, then enlarged; each only once."""
    area = image.shape[0] * image.shape[1]
    scales = {min(1.0, math.sqrt(most / area)) for most in _LIVE_AREAS}
    enlarged = min(_ENLARGED_FACTOR, math.sqrt(_ENLARGED_AREA / area))
    return sorted(scales | {enlarged} if enlarged > 1 else scales)


def _portrait_scales(image: NDArray[np.uint8]) -> list[float]:
    """As if it were a chip portrait, then larger, then as a live photo is searched."""
    area = image.shape[0] * image.shape[1]
    scales = [math.sqrt(most / area) for most in _PORTRAIT_AREAS]
    return scales + [scale for scale in _live_scales(image) if scale > max(scales)]


def _scaled(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1.0:
        return np.ascontiguousarray(image)
    import cv2

    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
