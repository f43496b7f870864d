"""From an anatomy and a capture to pixels: model the head, light it, turn it, and set it before a wall."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from simkyc.testing.portraits import face, hair
from simkyc.testing.portraits.anatomy import Anatomy
from simkyc.testing.portraits.backdrop import draw_backdrop
from simkyc.testing.portraits.canvas import (
    GAMMA,
    PX_PER_MM,
    SHEET_LEFT_MM,
    SHEET_TOP_MM,
    Array,
    Sheet,
    blur,
    smoothstep,
)
from simkyc.testing.portraits.capture import Capture
from simkyc.testing.portraits.seeds import stream

__all__ = ["photograph"]

USUAL_SIZE_PX = (480, 640)
USUAL_PX_PER_MM = 1.52  # in a photo of the usual size
TURNING_AXIS_MM = 30.0  # depth of the axis that the head turns about


@lru_cache(maxsize=8)
def _head(person: Anatomy) -> Sheet:
    """The head of a person, unlit and facing forward. Shared: never to be drawn on."""
    rng = stream(person.texture_seed)
    sheet = Sheet.blank()
    face.draw_skull(sheet, person)
    face.draw_skin(sheet, person, rng)
    face.draw_nose(sheet, person)
    face.draw_mouth(sheet, person)
    face.draw_eyes(sheet, person)
    hair.draw_brows(sheet, person, rng)
    hair.draw_beard(sheet, person, rng)
    hair.draw_hair(sheet, person, rng)
    face.draw_ears(sheet, person)
    face.draw_glasses(sheet, person)
    np.clip(sheet.color, 0.001, 1, out=sheet.color)
    for layer in (sheet.depth, sheet.color, sheet.cover, sheet.gloss):
        layer.flags.writeable = False
    return sheet


def photograph(
    person: Anatomy, capture: Capture, size: tuple[int, int], px_per_mm: float | None = None
) -> npt.NDArray[np.uint8]:
    """Takes the photo; `size` is (width, height) px.

    Args:
        person: who.
        capture: how.
        size: width and height, px.
        px_per_mm: scale of the photo, for those that fill the frame otherwise than a counter photo.

    Returns:
        (height, width, 3) uint8 RGB, before it is written as a JPEG.
    """
    width, height = size
    usual = min(width / USUAL_SIZE_PX[0], height / USUAL_SIZE_PX[1])  # 1 in a photo of the usual size
    scale = (USUAL_PX_PER_MM * usual if px_per_mm is None else px_per_mm) * capture.scale
    u = (np.arange(width) + 0.5 - width / 2 - capture.shift_x_px * usual) / scale
    v = (np.arange(height) + 0.5 - height * 0.46 - capture.shift_y_px * usual) / scale
    across, down = _rolled(u.astype(np.float32)[None, :], v.astype(np.float32)[:, None], capture)

    sheet = _head(person)
    lit = _lit(sheet, capture) * sheet.cover[..., None]
    cover = sheet.cover
    finer = PX_PER_MM / scale
    if finer > 1.2:  # the photo is coarser than the sheet: smooth first, or hair and rims would flicker
        lit, cover = (cv2.GaussianBlur(layer, (0, 0), 0.35 * finer) for layer in (lit, cover))
    column, row = _seen_from_camera(sheet.depth, across, down, capture)
    front = cv2.remap(lit, column, row, cv2.INTER_LINEAR)
    shown = cv2.remap(cover, column, row, cv2.INTER_LINEAR)[..., None]
    # behind the face things may be a little out of focus, so half the resolution will do
    behind = cv2.resize(draw_backdrop(person, capture, across[::2, ::2], down[::2, ::2]), size)
    light = behind * (1 - shown) + front
    return _developed(light * _exposure(person), capture, usual)


def _rolled(u: Array, v: Array, capture: Capture) -> tuple[Array, Array]:
    """Turns the picture plane about the middle of the neck, 100 mm below the eyes."""
    roll = math.radians(capture.roll_deg)
    cos, sin = math.cos(roll), math.sin(roll)
    return u * cos + (v - 100) * sin, (v - 100) * cos - u * sin + 100


def _on_sheet(x: Array, y: Array) -> tuple[Array, Array]:
    """Column and row on the sheet of points in mm."""
    return (x - SHEET_LEFT_MM) * PX_PER_MM - 0.5, (y - SHEET_TOP_MM) * PX_PER_MM - 0.5


def _seen_from_camera(depth: Array, across: Array, down: Array, capture: Capture) -> tuple[Array, Array]:
    """Which column and row of the sheet each pixel of the photo shows when the head is turned."""
    yaw, pitch = math.radians(capture.yaw_deg), math.radians(capture.pitch_deg)
    smooth = blur(depth, 2.5)
    x, y = across, down
    for _ in range(4):  # a fixed point: the depth looked up moves the place where it is looked up
        z = cv2.remap(smooth, *_on_sheet(x, y), cv2.INTER_LINEAR) - TURNING_AXIS_MM
        x = (across - z * math.sin(yaw)) / math.cos(yaw)
        y = (down + z * math.sin(pitch)) / math.cos(pitch)
    return _on_sheet(x, y)


def _light_direction(capture: Capture) -> tuple[float, float, float]:
    """Unit vector from the head to the light, in the frame of the turned head."""
    x, y, z = capture.light_x, capture.light_y, 1.0
    yaw, pitch = math.radians(capture.yaw_deg), math.radians(capture.pitch_deg)
    x, z = x * math.cos(yaw) - z * math.sin(yaw), x * math.sin(yaw) + z * math.cos(yaw)
    y, z = y * math.cos(pitch) - z * math.sin(pitch), y * math.sin(pitch) + z * math.cos(pitch)
    length = math.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length


def _lit(sheet: Sheet, capture: Capture) -> Array:
    """The light (h, w, 3) that the sheet sends to the camera: ambient, diffuse, shadows and highlights."""
    smooth = blur(sheet.depth, 0.7)
    normal_x = np.clip(-cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=PX_PER_MM / 8), -4, 4)
    normal_y = np.clip(-cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=PX_PER_MM / 8), -4, 4)
    facing = 1 / np.sqrt(normal_x * normal_x + normal_y * normal_y + 1)
    x, y, z = _light_direction(capture)
    shadow = _cast_shadow(smooth, x / z, y / z)
    occlusion = 1 - np.clip((blur(smooth, 4) - smooth) * 0.075, -0.12, 0.5)
    occlusion -= np.clip((blur(smooth, 10) - smooth) * 0.02, -0.1, 0.3)

    diffuse = np.clip((normal_x * x + normal_y * y + z) * facing * 0.8 + 0.2, 0, 1)
    ambient = capture.ambient * (0.6 + 0.4 * facing) * occlusion
    direct = (1.25 - capture.ambient) * shadow * occlusion
    # light that has wandered through skin is redder where it falls flat
    light = np.stack([ambient + direct * diffuse**power for power in (0.93, 1.1, 1.17)], axis=-1)

    half_x, half_y, half_z = x, y, z + 1  # halfway between the light and the camera
    length = math.sqrt(half_x**2 + half_y**2 + half_z**2)
    mirror = np.clip((normal_x * half_x + normal_y * half_y + half_z) * facing / length, 0, 1)
    highlight = mirror**26 * sheet.gloss * 0.16 * shadow
    lit: Array = sheet.color * light + highlight[..., None]
    return lit


def _cast_shadow(depth: Array, slope_x: float, slope_y: float) -> Array:
    """Soft shadows (h, w), 1 in the light: marches towards the light and looks for something higher."""
    height, width = depth.shape
    shadow = np.ones_like(depth)
    for step_mm in (3, 6, 9, 13, 18, 24):
        move = np.array([[1, 0, -slope_x * step_mm], [0, 1, -slope_y * step_mm]], np.float32)
        move[:, 2] *= PX_PER_MM
        towards = cv2.warpAffine(depth, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        np.minimum(shadow, 1 - 0.55 * smoothstep(0, 6, towards - depth - step_mm), out=shadow)
    return blur(shadow, 1.2)


def _exposure(person: Anatomy) -> float:
    """The camera meters the face: darker skin is exposed longer, though not as bright as light skin."""
    red, green, blue = (float(share) for share in face.skin_color(person))
    brightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # luminance, ITU-R BT.709
    return min(1.5, max(1.0, math.pow(0.6 / brightness, 0.35)))


def _developed(light: Array, capture: Capture, usual: float) -> npt.NDArray[np.uint8]:
    """Exposure, colour cast, gamma, blur and noise."""
    cast = 1 + np.array([1, 0, -1], np.float32) * capture.temperature
    picture = cv2.pow(np.clip(light * (capture.gain * cast), 0, 1), 1 / GAMMA) * np.float32(255)
    picture = cv2.GaussianBlur(picture, (0, 0), max(0.3, capture.blur_px * usual))
    noise = stream(capture.noise_seed).random_sample((*picture.shape[:2], 1)).astype(np.float32)
    picture += (noise - np.float32(0.5)) * (capture.noise * math.sqrt(12))  # even noise of that deviation
    grey_levels: npt.NDArray[np.uint8] = np.clip(picture, 0, 255).astype(np.uint8)
    return grey_levels
