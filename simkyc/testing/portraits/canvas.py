"""What portraits are drawn on: a sheet of the head seen from the front, in mm, and the strokes used on it.

The origin lies between the eyes; x grows to the right of the picture, y down, depth towards the camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = [
    "GAMMA",
    "PX_PER_MM",
    "SHEET_LEFT_MM",
    "SHEET_TOP_MM",
    "Array",
    "Sheet",
    "blend",
    "blob",
    "blur",
    "bump",
    "grain",
    "linear",
    "paint",
    "smoothstep",
    "superellipse",
    "tint",
]

Array = npt.NDArray[np.floating]
"""float32 throughout; shapes are told where it is used."""

PX_PER_MM = 1.6  # a little finer than the 1.52 px/mm of a 480 px wide photo, so that nothing is enlarged
GAMMA = 2.2
SHEET_LEFT_MM, SHEET_RIGHT_MM = -130, 130
SHEET_TOP_MM, SHEET_BOTTOM_MM = -160, 180


@dataclass(slots=True)
class Sheet:
    """The layers of one head, drawn on in place.

    Attributes:
        x: (1, w) mm; kept as a row so that separable strokes cost two vectors instead of an image.
        y: (h, 1) mm.
        depth: (h, w) mm towards the camera.
        color: (h, w, 3) linear RGB reflectance, 0 to 1.
        cover: (h, w) 1 where the head hides what is behind it.
        gloss: (h, w) strength of the highlight, 0 to 1.
    """

    x: Array
    y: Array
    depth: Array
    color: Array
    cover: Array
    gloss: Array

    @classmethod
    def blank(cls) -> Sheet:
        """An empty sheet for a whole head."""
        width = int((SHEET_RIGHT_MM - SHEET_LEFT_MM) * PX_PER_MM)
        height = int((SHEET_BOTTOM_MM - SHEET_TOP_MM) * PX_PER_MM)
        x = ((np.arange(width) + 0.5) / PX_PER_MM + SHEET_LEFT_MM).astype(np.float32)
        y = ((np.arange(height) + 0.5) / PX_PER_MM + SHEET_TOP_MM).astype(np.float32)
        depth, cover, gloss = np.zeros((3, height, width), np.float32)
        color = np.zeros((height, width, 3), np.float32)
        return cls(x[None, :], y[:, None], depth, color, cover, gloss)

    def window(self, left: float, right: float, top: float, bottom: float) -> Sheet:
        """The part between these edges in mm, as views: drawing on it draws on this sheet."""
        x0, y0 = float(self.x[0, 0]), float(self.y[0, 0])
        columns = slice(max(0, int((left - x0) * PX_PER_MM)), max(1, math.ceil((right - x0) * PX_PER_MM)))
        rows = slice(max(0, int((top - y0) * PX_PER_MM)), max(1, math.ceil((bottom - y0) * PX_PER_MM)))
        return Sheet(
            self.x[:, columns],
            self.y[rows],
            self.depth[rows, columns],
            self.color[rows, columns],
            self.cover[rows, columns],
            self.gloss[rows, columns],
        )


def paint(picture: Array, color: Array, strength: Array) -> None:
    """Lays `color`, (3,) or (h, w, 3), over a picture (h, w, 3) with `strength` (h, w) from 0 to 1."""
    picture += (color - picture) * strength[..., None]


def tint(picture: Array, strength: Array, absorbs: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> None:
    """Darkens a picture (h, w, 3) by `strength` (h, w); red, green and blue by their shares in `absorbs`."""
    picture *= 1 - strength[..., None] * np.array(absorbs, np.float32)


def linear(*srgb: float) -> Array:
    """Linear reflectance (3,) of an sRGB colour given as 0 to 255."""
    return (np.array(srgb, np.float32) / 255) ** np.float32(GAMMA)


def blend(colors: tuple[tuple[int, int, int], ...], t: float) -> Array:
    """Linear colour (3,) at `t` from 0 to 1 along a list of sRGB colours."""
    place = t * (len(colors) - 1)
    i = min(int(place), len(colors) - 2)
    return linear(*colors[i]) * (1 - (place - i)) + linear(*colors[i + 1]) * (place - i)


def smoothstep(start: float, stop: float, value: Array) -> Array:
    """0 before `start`, 1 after `stop`, smooth between; `stop` may be the smaller one."""
    u: Array = np.clip((value - start) / (stop - start), 0, 1)
    return u * u * (3 - 2 * u)


def bump(value: Array, center: float | Array, spread: float) -> Array:
    """Gaussian of height 1."""
    bell: Array = np.exp(-0.5 * ((value - center) / spread) ** 2)
    return bell


def blob(x: Array, y: Array, at: tuple[float, float], spread: tuple[float, float]) -> Array:
    """Two-dimensional Gaussian of height 1, `at` and `spread` in mm."""
    return bump(x, at[0], spread[0]) * bump(y, at[1], spread[1])


def superellipse(x: Array, y: Array, power: float) -> Array:
    """(|x|^p + |y|^p)^(1/p): 1 on the outline whose half axes are 1."""
    return (np.abs(x) ** power + np.abs(y) ** power) ** (1 / power)


def blur(layer: Array, spread_mm: float) -> Array:
    """Gaussian blur of a sheet's layer; wide ones are made on a smaller copy."""
    shrink = max(1, int(spread_mm * PX_PER_MM / 2))
    height, width = layer.shape[:2]
    small: Array = layer
    if shrink > 1:
        small = cv2.resize(layer, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), spread_mm * PX_PER_MM / shrink)
    if shrink > 1:
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return small


def grain(rng: np.random.RandomState, sheet: Sheet, spread_x_mm: float, spread_y_mm: float) -> Array:
    """Noise (h, w) of mean 0 and standard deviation 1 whose grains have these sizes."""
    height, width = sheet.depth.shape
    shrink = max(1, int(min(spread_x_mm, spread_y_mm) * PX_PER_MM / 1.5))
    coarse = (height // shrink + 1, width // shrink + 1)
    noise = rng.random_sample(coarse).astype(np.float32) - np.float32(0.5)
    scale = PX_PER_MM / shrink
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=spread_x_mm * scale, sigmaY=spread_y_mm * scale)
    noise /= noise.std() + np.float32(1e-6)
    full: Array = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    return full
