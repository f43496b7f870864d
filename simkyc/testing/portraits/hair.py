"""Brows, beard and the hair of the head."""

from __future__ import annotations

import math

import numpy as np

from simkyc.testing.portraits.anatomy import Anatomy
from simkyc.testing.portraits.canvas import (
    Array,
    Sheet,
    blur,
    bump,
    grain,
    linear,
    paint,
    smoothstep,
    superellipse,
    tint,
)
from simkyc.testing.portraits.face import lip_edges

__all__ = ["draw_beard", "draw_brows", "draw_hair", "hair_color", "hair_end"]

HAIR = {
    "black": (24, 21, 22),
    "soft_black": (36, 29, 27),
    "dark_brown": (56, 39, 30),
    "brown": (88, 58, 38),
    "grey": (128, 124, 120),
    "white": (198, 194, 188),
}


def hair_color(person: Anatomy) -> Array:
    """Linear colour (3,) of hair, brows and beard."""
    return linear(*HAIR[person.hair_color])


def hair_end(person: Anatomy) -> float:
    """How far hanging hair reaches, mm below the eyes."""
    if person.hair_style == "long":
        return 150 + 25 * person.hair_length
    return 66 + 50 * person.hair_length


def draw_brows(sheet: Sheet, person: Anatomy, rng: np.random.RandomState) -> None:
    """Both eyebrows."""
    part = sheet.window(-70, 70, -person.brow_height - 20, -person.brow_height + 20)
    length = person.brow_length * 1.6
    x = np.abs(part.x) - person.brow_start
    along = np.clip(x / length, 0, 1)
    arch = person.brow_arch * (np.sin(math.pi * along**1.1) - 0.4)
    y = part.y + person.brow_height + x * person.brow_tilt + arch
    thickness = person.brow_thickness * (1 - 0.75 * along**2) * (0.75 + 0.25 * smoothstep(0, 0.2, along))
    brow = smoothstep(0.9, -0.9, np.abs(y) - thickness)
    brow = brow * smoothstep(-2, 2.5, x) * smoothstep(length + 2, length - 4, x)
    hairs = 0.88 + 0.14 * grain(rng, part, 0.5, 0.9)
    paint(
        part.color,
        hair_color(person) * 0.6 + linear(30, 22, 18) * 0.25,
        np.clip(brow * person.brow_density * hairs, 0, 0.96),
    )


def draw_beard(sheet: Sheet, person: Anatomy, rng: np.random.RandomState) -> None:
    """Moustache and beard, clear of the lips."""
    if not person.bearded:
        return
    x, y, across = sheet.x, sheet.y, np.abs(sheet.x)
    grown = _beard_area(x, y, person)
    top, _, bottom = lip_edges(x, person)
    lips = smoothstep(-0.8, 0.8, np.minimum(y - top, bottom - y)) * (across < person.half_mouth)
    grown = blur(grown * (1 - lips) * sheet.cover, 0.8)
    stubble = person.beard == "stubble"
    texture = 1 + 0.3 * grain(rng, sheet, 0.45, 1.1)
    strength = grown * (0.4 if stubble else 0.93) * (0.9 + 0.12 * texture)
    hairs = hair_color(person) * np.float32(0.85) + np.float32(0.003)
    paint(sheet.color, hairs * np.clip(texture, 0.3, 2)[..., None], np.clip(strength, 0, 0.97))
    if not stubble:
        sheet.depth += grown * 2.5 * (1 + 0.15 * texture)
    sheet.gloss *= 1 - grown


def _beard_area(x: Array, y: Array, person: Anatomy) -> Array:
    across = np.abs(x)
    nose, mouth, half_mouth = person.nose_length, person.mouth, person.half_mouth
    top, line, _ = lip_edges(x, person)
    upper = nose + 4 + 0.35 * np.maximum(0, across - 6)
    droop = 8 * person.hair_length * smoothstep(half_mouth * 0.75, half_mouth + 6, across)
    lower = (top + line) / 2 + 0.25 * np.maximum(0, across - half_mouth * 0.6) + droop
    moustache = smoothstep(-1.5, 2, np.minimum(y - upper, lower - y))
    moustache = moustache * smoothstep(half_mouth + 9, half_mouth + 1, across)
    if person.beard == "moustache":
        return moustache
    under_lip = mouth + person.lower_lip
    if person.beard == "goatee":
        middle, half_height = (nose + person.chin) / 2 + 4, (person.chin - nose) / 2 + 6
        ring = np.hypot(across / (half_mouth + 8), (y - middle) / half_height)
        open_mouth = np.maximum(smoothstep(0.62, 0.8, ring), smoothstep(under_lip + 2, under_lip + 8, y))
        return np.maximum(moustache, smoothstep(1.06, 0.9, ring) * open_mouth * (y > nose + 3))
    half_width = person.half_width
    edge = nose + 4 - 24 * smoothstep(half_width * 0.55, half_width * 0.95, across)
    edge = edge + 10 * bump(across, half_width * 0.45, half_width * 0.18)
    beside = np.hypot(across, np.abs(y - mouth) * 1.3)
    cheeks = smoothstep(-4, 5, y - edge) * smoothstep(half_mouth - 1, half_mouth + 5, beside)
    return np.maximum(moustache, np.maximum(cheeks, smoothstep(under_lip + 3, under_lip + 9, y)))


def draw_hair(sheet: Sheet, person: Anatomy, rng: np.random.RandomState) -> None:
    """The hair in front of and around the head; what hangs behind the neck belongs to the backdrop."""
    style = person.hair_style
    x, y = sheet.x, sheet.y
    curly = style == "curly"
    reach = _distance_from_hair_edge(sheet, person) + (0.016 if curly else 0.004) * grain(rng, sheet, 3, 3)
    body = smoothstep(1.012, 0.985, reach)
    front = smoothstep(3, -3, y - _front_line(x, person) - 1.2 * grain(rng, sheet, 1.5, 20))
    if person.hangs:
        end = hair_end(person)
        side = smoothstep(person.half_width - 13, person.half_width - 7, np.abs(x) + 0.03 * (y + 30))
        side = side * smoothstep(end, end - 16, y)
        wave = np.abs(x) + 3 * np.sin(y * 0.06 + person.hair_part)
        body = np.where(y < -20, body, smoothstep(1, -1, wave - person.half_width - person.hair_side))
    else:
        side = smoothstep(person.half_width - 9, person.half_width - 5, np.abs(x) + 0.05 * np.abs(y + 30))
        side = side * smoothstep(8, 0, y) * (style != "tied")
    behind = (1 - sheet.cover) * smoothstep(8, 0, y)  # what stands out beyond the skull hides no gap
    hair = np.maximum(front * np.maximum(body, sheet.cover), np.maximum(side, behind) * body)

    strands = grain(rng, sheet, 1.3, 1.3) if curly else grain(rng, sheet, 0.6, 12)
    locks = grain(rng, sheet, 3, 16)
    shine = np.clip(1 + 0.22 * strands + 0.16 * locks, 0.25, 2.5)[..., None]
    color = hair_color(person) * shine + np.float32(0.002)
    if style == "crop":
        color = color * np.float32(0.75) + sheet.color * np.float32(0.25)
    beyond_skin = (hair > 0) * (1 - sheet.cover)  # there even thin hair is all hair
    paint(sheet.color, color, np.maximum(hair, beyond_skin))
    sheet.gloss += (0.3 + 0.1 * locks - sheet.gloss) * hair
    tint(sheet.color, 0.3 * np.clip(blur(hair, 4) - hair, 0, 1) * (1 - hair))
    dome = np.clip(1 - reach**2, 0, 1) ** 0.5 * (person.head_depth + 8)
    sheet.depth += (np.maximum(sheet.depth + 4, dome) + 0.5 * strands - sheet.depth) * hair
    np.maximum(sheet.cover, hair, out=sheet.cover)


def _distance_from_hair_edge(sheet: Sheet, person: Anatomy) -> Array:
    """(h, w): 1 on the outline of the hair."""
    side, top = person.hair_side, person.hair_top
    if person.hair_style == "crop":
        side, top = 2.0, 3.0
    elif person.hair_style == "tied":
        side, top = 3.0, 4 + 0.3 * top
    elif person.hair_style == "receding":
        side, top = 0.4 * side, 1.0
    elif person.hair_style == "curly":
        side, top = 14 + 0.8 * side, 18 + 0.7 * top
    waist = -20.0  # where the outline is widest
    below = 150.0 if person.hangs else 95.0
    above = person.crown + top + waist
    up = (sheet.y - waist) / np.where(sheet.y < waist, np.float32(above), np.float32(below))
    half_width = person.half_width + side * (1 if person.hangs else smoothstep(12, -28, sheet.y))
    return superellipse(sheet.x / half_width, up, 2.3)


def _front_line(x: Array, person: Anatomy) -> Array:
    """(1, w): where the hair ends over the forehead, mm below the eyes."""
    if person.hair_style == "fringe":
        return -person.brow_height - 8 - 10 * person.hair_length + 0.002 * x * x
    if person.hair_style == "receding":
        return -person.hairline - 26 - 30 * bump(np.abs(x), 34, 14) + 0.022 * x * x
    line = -person.hairline + (6 + 16 * person.hair_length) * np.abs(x / 45) ** 3 + person.hair_part * x / 300
    line = line + person.hair_recess * 0.5 * bump(np.abs(x), person.half_width * 0.6, 13)
    return line + (10 * person.hair_length - 4) * bump(x, person.hair_part, 16)
