"""How good a photo is for comparing the face in it: measures named and scaled after ISO/IEC 29794-5 and OFIQ.

Only what five landmarks and the pixels can tell; whether eyes are closed, a mask is worn or a hat hides the brow
they cannot. What is measured on the face is measured on the chip the network sees, so that the picture's size
plays no part. The policy says which values are good enough; nothing is judged here.

| measure | unit | what it is |
|---|---|---|
| `inter_eye_distance` | pixels of the photo | between the centres of the eyes |
| `head_size` | share | height of the detector's rectangle, brow to chin, by the photo's height |
| `margin` | face widths | from that rectangle to the nearest edge of the photo; negative beyond it |
| `yaw` | degrees | turned towards the picture's right is positive; from the nose's place between the eyes |
| `pitch` | degrees | lifted is positive; from the nose's distance to the eyes, which differs between people by some 8 |
| `roll` | degrees | tilted clockwise in the picture is positive |
| `sharpness` | ratio | contrast of details of 1 to 2 pixels of the chip, by that of details of 2 to 4 |
| `luminance` | 0 to 1 | mean of the face |
| `under_exposure` | share | of the face's pixels with a grey level of 25 or less |
| `over_exposure` | share | of the face's pixels with a grey level of 247 or more |
| `dynamic_range` | bits, 0 to 8 | entropy of the face's grey levels |
| `illumination_uniformity` | 0 to 1 | what the histograms of the face's two halves share |
| `colour_deviation` | CIELAB units | from the range of skin, a* 5 to 25 and b* 5 to 35; a grey photo has 7 |
| `blockiness` | ratio | steps between blocks of 8 pixels by the steps within them, around the face; 1 is none |
| `eye_glare` | share | of the eyes' region that is white and without colour |

Sharpness is not OFIQ's, which is a trained forest: the ratio of two bands needs no training, and neither contrast
nor skin moves it. A soft focus of 1, 2, 3 and 4% of the face's width gives a median of 0.50, 0.40, 0.35 and 0.33 on
web photos that have 0.59 without [V].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from simkyc.faces.detection import FoundFace, chip

__all__ = ["measure", "utility"]

# On a mean head, in units of the eyes' distance. Below: dlib's mean face. Before: the value at which portraits drawn
# with a known yaw of 10 and 20 degrees are measured as 9.4 and 17 (tests/faces/test_quality.py).
_NOSE_BELOW_EYES: Final = 0.773
_NOSE_BEFORE_EYES: Final = 0.367

# In the chip of 150x150 pixels the eyes' centres are at (48, 47) and (100, 47) and the nose's base at (74, 88).
_FACE_CENTRE: Final = (75, 82)
_FACE_AXES: Final = (40, 48)
_MIDDLE: Final = 75
_EYES_REGION: Final = (slice(36, 60), slice(30, 120))
_DARK, _LIGHT = 25, 247  # grey levels, as OFIQ's exposure measures have them
_UNIFORMITY_LEVELS: Final = 32  # 256 are too many for some thousand pixels
_SKIN: Final = ((5.0, 25.0), (5.0, 35.0))  # a*, b*
_BLOCK: Final = 8
_WHITE_VALUE, _WHITE_SATURATION = 245, 30
_SHARP, _LARGE = 0.6, 60.0  # from where on more of it gains little


def measure(
    image: NDArray[np.uint8], face: FoundFace, aligned: NDArray[np.uint8] | None = None
) -> dict[str, float]:
    """Measure the photo and one face in it.

    Args:
        image: uint8 (height, width, 3), RGB, upright.
        face: As it was found in this image.
        aligned: Its chip, where it was cut already.

    Returns:
        Every measure of the table above by name.
    """
    aligned = chip(image, face) if aligned is None else aligned
    grey = np.asarray(cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY), np.uint8)
    return _geometry(image, face) | _light(aligned, grey) | {"blockiness": _blockiness(image, face)}


def utility(quality: Mapping[str, float]) -> float:
    """One figure from 0 to 1 for choosing between frames of one capture; it compares with nothing else.

    Frontal, sharp, large and evenly lit is near 1.
    """
    return (
        max(0.0, math.cos(math.radians(quality["yaw"])))
        * min(1.0, quality["sharpness"] / _SHARP)
        * min(1.0, quality["inter_eye_distance"] / _LARGE)
        * (1 - quality["under_exposure"])
        * (1 - quality["over_exposure"])
        * (0.5 + 0.5 * quality["illumination_uniformity"])
    )


def _geometry(image: NDArray[np.uint8], face: FoundFace) -> dict[str, float]:
    height, width = image.shape[:2]
    points = face.landmarks.astype(np.float64)
    right_eye, left_eye, nose = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    across = right_eye - left_eye
    apart = max(float(np.hypot(*across)), 1e-6)
    along = across / apart
    # In units of the eyes' distance, on axes that a tilted head carries along.
    x, y = (nose - (right_eye + left_eye) / 2) @ np.array([along, (-along[1], along[0])]).T / apart
    yaw = math.atan(float(x) / _NOSE_BEFORE_EYES)
    # Turned eyes look nearer to each other. To the first order, as noses differ by more than the second is worth.
    pitch = (_NOSE_BELOW_EYES - float(y) * math.cos(yaw)) / _NOSE_BEFORE_EYES
    return {
        "inter_eye_distance": apart,
        "head_size": (face.bottom - face.top) / height,
        "margin": min(face.left, face.top, width - face.right, height - face.bottom)
        / max(face.right - face.left, 1),
        "yaw": math.degrees(yaw),
        "pitch": math.degrees(pitch),
        "roll": math.degrees(math.atan2(along[1], along[0])),
    }


def _light(aligned: NDArray[np.uint8], grey: NDArray[np.uint8]) -> dict[str, float]:
    face = grey[_FACE]
    lab = np.asarray(cv2.cvtColor(aligned.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float64)
    outside = [
        max(0.0, low - value, value - high)
        for value, (low, high) in zip(lab[_FACE].mean(axis=0)[1:], _SKIN, strict=True)
    ]
    levels = np.bincount(face, minlength=256) / face.size
    present = levels[levels > 0]
    return {
        "sharpness": _sharpness(grey),
        "luminance": float(face.mean()) / 255,
        "under_exposure": float((face <= _DARK).mean()),
        "over_exposure": float((face >= _LIGHT).mean()),
        "dynamic_range": abs(float((present * np.log2(present)).sum())),
        "illumination_uniformity": _uniformity(grey),
        "colour_deviation": math.hypot(*outside),
        "eye_glare": _eye_glare(aligned),
    }


def _sharpness(grey: NDArray[np.uint8]) -> float:
    centre = grey[20:130, 20:130].astype(np.float32)
    fine, middle, coarse = (cv2.GaussianBlur(centre, (0, 0), sigma) for sigma in (1.0, 2.0, 4.0))
    coarse_energy = float(np.square(middle - coarse, dtype=np.float64).mean())
    return math.sqrt(float(np.square(fine - middle, dtype=np.float64).mean()) / max(coarse_energy, 1e-6))


def _uniformity(grey: NDArray[np.uint8]) -> float:
    halves = []
    for side in (slice(None, _MIDDLE), slice(_MIDDLE, None)):
        pixels = grey[:, side][_FACE[:, side]]
        halves.append(
            np.bincount(pixels // (256 // _UNIFORMITY_LEVELS), minlength=_UNIFORMITY_LEVELS) / pixels.size
        )
    return float(np.minimum(*halves).sum())


def _eye_glare(aligned: NDArray[np.uint8]) -> float:
    eyes = cv2.cvtColor(np.ascontiguousarray(aligned[_EYES_REGION]), cv2.COLOR_RGB2HSV)
    return float(((eyes[..., 2] >= _WHITE_VALUE) & (eyes[..., 1] <= _WHITE_SATURATION)).mean())


def _blockiness(image: NDArray[np.uint8], face: FoundFace) -> float:
    """The grid may begin anywhere, as the photo may have been cut: its strongest phase speaks."""
    crop = image[max(0, face.top) : max(0, face.bottom), max(0, face.left) : max(0, face.right)]
    if min(crop.shape[:2]) < 4 * _BLOCK:
        return 1.0
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float64)
    ratios = []
    for axis in (0, 1):
        steps = np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)
        phases = np.array([steps[phase::_BLOCK].mean() for phase in range(_BLOCK)])
        strongest = phases.max()
        ratios.append(strongest / max((phases.sum() - strongest) / (_BLOCK - 1), 1e-6))
    return float(min(ratios))


def _ellipse() -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:150, :150]
    x, y = (columns - _FACE_CENTRE[0]) / _FACE_AXES[0], (rows - _FACE_CENTRE[1]) / _FACE_AXES[1]
    return np.asarray(x * x + y * y <= 1)


_FACE: Final = _ellipse()
