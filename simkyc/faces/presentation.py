"""Signs in one photo that a screen or a print was held to the camera: a risk, never a proof.

What shows depends on the camera, so a signal means something only beside error rates that were measured on that
camera. `measure_errors` makes them from photos of people and photos of attacks; the policy holds the limit and the
rates for each camera, and a camera without them is not judged. Terms are those of ISO/IEC 30107-3.

`lattice`, in decades: the strongest isolated peak of the face's spectrum above its surroundings. The pixels of a
screen, the dots of a print and what the sensor makes of them raise it.
`grey_range`, 0 to 1: from the darkest to the brightest hundredth of the photo. The black of a print or a screen is
not black, which lowers it.
`colour_spread`, CIELAB units: standard deviation of the face's colours. Inks and screens have other colours.

Simulated recaptures of 250 web photos were missed (APCER) at a BPCER of 1% by `lattice` in 35% of screens and 38% of
prints, by `grey_range` in 20% and 69%, by `colour_spread` in 94% and 97% [V]; a real camera's rates will differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from simkyc.errors import InputError
from simkyc.faces.detection import FoundFace

__all__ = ["ErrorRates", "measure_errors", "signals"]

_WINDOW: Final = 128  # pixels of the photo, not resampled: that would wash a lattice out
_COARSEST: Final = 0.09  # cycles a pixel; a face itself has its detail below
_BLOCK: Final = 8  # JPEG's grid has peaks of its own, at multiples of an eighth along the axes
_NEIGHBOURS: Final = 9  # bins of the spectrum that a peak is compared with


def signals(image: NDArray[np.uint8], face: FoundFace) -> dict[str, float]:
    """Measure the signals of the table above around one face.

    Args:
        image: uint8 (height, width, 3), RGB, upright.
        face: As it was found in this image.
    """
    height, width = image.shape[:2]
    left, right = max(0, face.left), min(width, face.right)
    top, bottom = max(0, face.top), min(height, face.bottom)
    if right - left < 2 or bottom - top < 2:
        left, top, right, bottom = 0, 0, width, height
    crop = np.ascontiguousarray(image[top:bottom, left:right])
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float64)
    lab = np.asarray(cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float64)
    darkest, brightest = np.percentile(image, [1, 99])
    return {
        "lattice": _lattice(grey),
        "grey_range": float(brightest - darkest) / 255,
        "colour_spread": math.hypot(*lab[..., 1:].reshape(-1, 2).std(axis=0)),
    }


def _lattice(grey: NDArray[np.float64]) -> float:
    """Mean over windows, so that one edge or strand of hair is outvoted."""
    side = min(_WINDOW, *grey.shape)
    if side < 4 * _BLOCK:
        return 0.0
    step = max(side // 2, 1)
    powers = [
        _power(grey[y : y + side, x : x + side])
        for y in range(0, grey.shape[0] - side + 1, step)
        for x in range(0, grey.shape[1] - side + 1, step)
    ]
    spectrum = np.log10(np.mean(powers, axis=0) + 1e-3)
    edge = _NEIGHBOURS // 2
    wrapped = np.pad(spectrum, edge, mode="wrap")
    around = cv2.blur(wrapped, (_NEIGHBOURS, _NEIGHBOURS))[edge:-edge, edge:-edge]
    peaks = (spectrum - around)[_searched(side)]
    return float(max(peaks.max(initial=0.0), 0.0))


def _power(window: NDArray[np.float64]) -> NDArray[np.float64]:
    taper = np.hanning(window.shape[0])
    return np.asarray(np.abs(np.fft.fft2((window - window.mean()) * np.outer(taper, taper))) ** 2)


def _searched(side: int) -> NDArray[np.bool_]:
    frequency = np.abs(np.fft.fftfreq(side))
    rows, columns = frequency[:, np.newaxis], frequency[np.newaxis, :]
    width = 2.5 / side
    on_grid = np.abs(frequency * _BLOCK - np.rint(frequency * _BLOCK)) < width * _BLOCK
    compression = ((rows < width) & on_grid[np.newaxis, :]) | ((columns < width) & on_grid[:, np.newaxis])
    return np.asarray((np.hypot(rows, columns) > _COARSEST) & ~compression)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often a signal is wrong on one camera at one limit.

    Attributes:
        limit: Of the signal.
        beyond: On which side of the limit it is a sign of an attack.
        bpcer: Share of photos of people taken for an attack (bona fide presentation classification error rate).
        apcer: Share of attacks taken for a person (attack presentation classification error rate).
        bpcer_high: Upper end of its 95% confidence interval (Wilson; 3 / n for none).
        apcer_high: The same of `apcer`.
    """

    limit: float
    beyond: Literal["above", "below"]
    bpcer: float
    apcer: float
    bpcer_high: float
    apcer_high: float


def measure_errors(
    people: Sequence[float],
    attacks: Sequence[float],
    *,
    beyond: Literal["above", "below"],
    bpcer: float = 0.01,
) -> ErrorRates:
    """Set a signal's limit for one camera and measure what it does there.

    Args:
        people: The signal in photos of people, one photo each.
        attacks: The signal in photos of attacks: every screen and print that is to be expected.
        beyond: On which side an attack lies.
        bpcer: Share of people that may be taken for an attack.

    Raises:
        InputError: Too few photos for the share asked (10 / `bpcer` people, 30 attacks), or a signal is no number.
    """
    if not 0 < bpcer < 1:
        raise InputError("the share of people taken for an attack lies between 0 and 1")
    if len(people) * bpcer < 10 or len(attacks) < 30:
        raise InputError(
            f"too few photos: {math.ceil(10 / bpcer)} of people and 30 of attacks are needed for this share"
        )
    sign = 1.0 if beyond == "above" else -1.0
    own, other = (sign * np.asarray(values, np.float64) for values in (people, attacks))
    if not (np.isfinite(own).all() and np.isfinite(other).all()):
        raise InputError("a signal is not a number")
    limit = float(np.quantile(own, 1 - bpcer, method="higher"))
    false_alarms, misses = int((own > limit).sum()), int((other <= limit).sum())
    return ErrorRates(
        limit=sign * limit,
        beyond=beyond,
        bpcer=false_alarms / own.size,
        apcer=misses / other.size,
        bpcer_high=_upper(false_alarms, own.size),
        apcer_high=_upper(misses, other.size),
    )


def _upper(errors: int, trials: int) -> float:
    """Upper end of Wilson's 95% interval of a share, and of the rule of three for none."""
    if errors == 0:
        return min(1.0, 3 / trials)
    z = 1.959964
    share = errors / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return min(1.0, (centre + spread) / (1 + z * z / trials))
