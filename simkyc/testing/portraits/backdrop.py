"""What stands behind the face: the wall, hair that hangs, neck, shoulders and clothes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from simkyc.testing.portraits.anatomy import Anatomy
from simkyc.testing.portraits.canvas import Array, blend, linear, paint, smoothstep
from simkyc.testing.portraits.capture import Capture
from simkyc.testing.portraits.face import skin_color
from simkyc.testing.portraits.hair import hair_color, hair_end

__all__ = ["draw_backdrop"]

WALL = ((232, 234, 236), (158, 174, 194))  # white to blue-grey
COLLAR_BELOW_CHIN_MM = 32.0


def draw_backdrop(person: Anatomy, capture: Capture, x: Array, y: Array) -> Array:
    """Linear RGB (h, w, 3) behind the face; `x` and `y` (h, w) are mm in the picture plane."""
    picture: Array = (
        blend(WALL, capture.background) * (1 - 0.1 * y / 300 + 0.06 * capture.light_x * x / 150)[..., None]
    )
    yaw = math.radians(capture.yaw_deg)
    _draw_hanging_hair(picture, person, np.abs(x + 20 * math.sin(yaw)) / math.cos(yaw), y)
    beside = np.abs(
        x - 6 * math.sin(yaw)
    )  # the neck turns less than the head, and the other way about the axis
    _draw_neck(picture, person, beside, y)
    _draw_clothes(picture, person, beside, y - person.chin - COLLAR_BELOW_CHIN_MM)
    return picture


def _draw_hanging_hair(picture: Array, person: Anatomy, beside: Array, y: Array) -> None:
    if not person.hangs:
        return
    edge, end = person.half_width + person.hair_side, hair_end(person)
    shown = smoothstep(-1, -4, beside - edge) * smoothstep(4, -4, y - end) * (y > -30)
    paint(picture, hair_color(person) * np.float32(0.5), shown)


def _draw_neck(picture: Array, person: Anatomy, beside: Array, y: Array) -> None:
    """A column that flares into the shoulders, in the shadow of the chin so that the jaw stands out."""
    half_neck = person.half_neck
    collar = person.chin + COLLAR_BELOW_CHIN_MM
    flare = 0.012 * np.maximum(0, y - collar + 22) ** 2
    rounding = 0.84 - 0.34 * (beside / (half_neck + 6)) ** 2
    chin_shadow = 1 - 0.5 * smoothstep(collar + 2, person.chin - 4, y + 0.004 * beside**2)
    shade = np.clip(rounding * chin_shadow, 0.1, 1)[..., None] * np.array([1, 0.92, 0.88], np.float32)
    paint(picture, skin_color(person) * shade, smoothstep(1, -1, beside - half_neck - flare) * (y > 20))


def _draw_clothes(picture: Array, person: Anatomy, beside: Array, y: Array) -> None:
    """A T-shirt, an open shirt, or a jacket over a shirt; `y` is mm below the collar."""
    half_neck = person.half_neck
    light = (0.85 - 0.25 * (beside / 170) ** 2)[..., None]
    cloth = _fabric(person.clothes_hue, 90, 50 + 120 * person.clothes_value) * light
    out = np.maximum(0, beside - half_neck)
    shoulder = 18 - 26 * np.exp(-out / 20) + 0.25 * out
    if person.clothes == "crew":
        neckline = 10 - 18 * (beside / half_neck) ** 2
        _dress(picture, cloth, y - np.maximum(shoulder, neckline))
        _sew(picture, cloth, y - neckline - 7, out == 0)
        return
    throat = 28 - 36 * beside / half_neck
    shirt = cloth if person.clothes == "shirt" else _fabric(person.clothes_hue, 14, 232) * light
    _dress(picture, shirt, y - np.maximum(shoulder, throat))
    _sew(picture, shirt, y - throat - 15, y > np.maximum(shoulder, throat))
    _sew(picture, shirt, beside, y > 43)
    if person.clothes == "jacket":
        dark = _fabric(person.clothes_hue, 70, 56) * light
        lapel = 100 - 106 * beside / half_neck
        _dress(picture, dark, y - np.maximum(shoulder - 1, lapel))
        _sew(picture, dark, 0.4 * (y - lapel - 60), y > shoulder)


def _dress(picture: Array, fabric: Array, below_edge: Array) -> None:
    """Lays fabric (h, w, 3) over everything below its edge, mm."""
    paint(picture, fabric, smoothstep(-1.2, 1.2, below_edge))


def _sew(picture: Array, fabric: Array, distance: Array, where: npt.NDArray[np.bool_]) -> None:
    """A dark seam where the distance (h, w) mm is near 0."""
    paint(picture, fabric * np.float32(0.55), 0.7 * smoothstep(1.6, 0.4, np.abs(distance)) * where)


def _fabric(hue: float, saturation: float, value: float) -> Array:
    """Linear colour (3,) from hue 0 to 1, and saturation and value up to 255."""
    color = cv2.cvtColor(np.array([[[hue * 179, saturation, value]]], np.uint8), cv2.COLOR_HSV2RGB)
    return linear(*color[0, 0])
