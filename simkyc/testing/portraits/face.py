"""The face: skull, skin, eyes, nose and mouth, each modelled in depth and painted."""

from __future__ import annotations

import numpy as np

from simkyc.testing.portraits.anatomy import Anatomy
from simkyc.testing.portraits.canvas import (
    Array,
    Sheet,
    blend,
    blob,
    blur,
    bump,
    grain,
    linear,
    paint,
    smoothstep,
    superellipse,
    tint,
)

__all__ = [
    "draw_ears",
    "draw_eyes",
    "draw_glasses",
    "draw_mouth",
    "draw_nose",
    "draw_skin",
    "draw_skull",
    "lip_edges",
    "skin_color",
]

SKIN = (
    (244, 216, 196),
    (238, 205, 180),
    (231, 194, 164),
    (222, 181, 149),
    (211, 167, 134),
    (196, 150, 117),
    (173, 127, 98),
    (144, 104, 81),
    (116, 82, 65),
)
IRIS = ((46, 28, 18), (62, 38, 24), (84, 54, 30), (104, 76, 44))
GLASSES_FRAMES = ((20, 20, 22), (64, 40, 26), (120, 110, 92), (44, 48, 70))


def skin_color(person: Anatomy) -> Array:
    """Linear colour (3,) of the skin."""
    return blend(SKIN, person.tone) * (1 + np.array([0.05, 0, -0.06], np.float32) * person.warmth)


def draw_skull(sheet: Sheet, person: Anatomy) -> None:
    """The bare head: outline, its rounding, and the bones of cheeks, brows and chin."""
    x, y, across = sheet.x, sheet.y, np.abs(sheet.x)
    below = np.clip((y - 5) / (person.chin - 5), 0, 1)
    above = np.clip((5 - y) / (person.crown + 5), 0, 1)
    jaw = (1 - below**person.jaw_squareness * 0.999) ** person.jaw_taper
    vault = (1 + 0.02 * above) * (1 - above**2.7 * 0.999) ** 0.5
    half_width = person.half_width * np.where(y > 5, jaw, vault)
    half_width = np.where((y >= person.chin) | (y <= -person.crown), np.float32(0.01), half_width)

    rise = np.where(y > 15, (person.chin - 15) * 1.12, person.crown + 18)
    profile = person.head_depth * np.clip(1 - np.abs((y - 15) / rise) ** 3.2, 0, 1) ** 0.5
    sheet.depth += profile * np.clip(1 - (across / half_width) ** 2.3, 0, 1) ** 0.5
    inside = (y < person.chin + 1) & (y > -person.crown - 1)
    sheet.cover += smoothstep(-0.6, 0.6, half_width - across) * inside

    cheek = person.half_width * 0.6
    sheet.depth += person.cheekbone * blob(across, y, (cheek, person.cheekbone_height), (14, 12))
    sheet.depth -= person.cheek_hollow * blob(across, y, (cheek, person.mouth), (13, 16))
    ridge = (person.eye_spacing * 0.75, -person.brow_height * 0.8)
    sheet.depth += person.brow_ridge * blob(across, y, ridge, (16, 6))
    sheet.depth += person.chin_relief * blob(x, y, (0, person.chin - 13), (13, 9))
    sheet.depth -= person.chin_cleft * blob(x, y, (0, person.chin - 11), (2.2, 7))


def draw_skin(sheet: Sheet, person: Anatomy, rng: np.random.RandomState) -> None:
    """Complexion, blush, freckles and the folds of age."""
    x, y, across = sheet.x, sheet.y, np.abs(sheet.x)
    sheet.color[:] = skin_color(person)
    sheet.color *= (1 + 0.025 * grain(rng, sheet, 7, 7) + 0.02 * grain(rng, sheet, 1, 1))[..., None]
    cheeks = blob(across, y, (person.half_width * 0.55, 34), (15, 12))
    nose = blob(x, y, (0, person.nose_length - 4), (person.half_nose * 0.8, 8))
    tint(sheet.color, 0.3 * person.blush * (cheeks + 0.8 * nose) + 0.1, (0, 0.3, 0.34))
    if person.freckles > 0.7:
        spots = smoothstep(1.9, 2.5, grain(rng, sheet, 0.7, 0.7)) * blob(x, y, (0, 22), (38, 16))
        tint(sheet.color, (person.freckles - 0.5) * spots, (0.4, 0.65, 0.8))
    sheet.gloss += 0.35

    wing = person.half_nose + 4 + (y - person.nose_length + 6) * 0.34
    fold = np.exp(-0.5 * ((across - wing) / 2.2) ** 2)
    fold *= smoothstep(person.nose_length - 12, person.nose_length, y)
    fold *= smoothstep(person.mouth + 10, person.mouth - 4, y)
    sheet.depth -= (0.4 + 2.4 * person.age) * fold
    if person.age > 0.5:
        furrows = np.sin((y + 0.0024 * x * x) * 0.75) * blob(x, y, (0, -person.hairline * 0.62), (32, 11))
        sheet.depth -= (person.age - 0.5) * 1.8 * furrows
        sheet.depth -= (person.age - 0.5) * 1.5 * blob(across, y, (4, -person.brow_height), (1.2, 6))


def draw_nose(sheet: Sheet, person: Anatomy) -> None:
    """Bridge, tip, wings and nostrils."""
    part = sheet.window(-60, 60, -25, person.nose_length + 30)
    y, across = part.y, np.abs(part.x)
    length, half_width = person.nose_length, person.half_nose
    down = np.clip((y + 6) / (length + 6), 0, 1)
    half_ridge = person.nose_bridge + (person.nose_tip - person.nose_bridge) * down**2
    ridge = person.nose_height * (0.22 + 0.78 * down**1.3)
    ridge = ridge * smoothstep(-14, 4, y) * smoothstep(length + 5, length - 5, y)
    ridge += person.nose_bump * bump(y, length * 0.4, 8)
    part.depth += ridge * np.exp(-0.5 * (across / half_ridge) ** 2.2)
    wings = (half_width * 0.68, length - 4)
    part.depth += 0.45 * person.nose_height * blob(across, y, wings, (half_width * 0.3, 5.2))

    from_hole = (across - half_width * 0.42) / (half_width * 0.23)
    hole = np.hypot(from_hole, (y - length - 0.2) / (2 * person.nostril))
    tint(part.color, 0.8 * smoothstep(1.15, 0.5, hole))
    wing = np.hypot((across - half_width * 0.7) / (half_width * 0.36), (y - length + 4) / 6.5)
    tint(part.color, 0.32 * bump(wing, 1, 0.16) * smoothstep(half_width * 0.6, half_width * 0.8, across))


def lip_edges(x: Array, person: Anatomy) -> tuple[Array, Array, Array]:
    """Upper edge, line between, and lower edge of the lips at each `x` (1, w), mm below the eyes."""
    reach = np.abs(x) / person.half_mouth
    line = person.mouth - person.smile * reach**2
    bow = 1 - 0.22 * bump(x, 0, 2.5) + 0.08 * bump(np.abs(x), 5, 4)
    upper = person.upper_lip * (1 - 0.9 * reach**1.6) * bow
    lower = person.lower_lip * np.clip(1 - reach**2.2, 0, 1)
    return line - upper, line, line + lower


def draw_mouth(sheet: Sheet, person: Anatomy) -> None:
    """Philtrum, lips and the dent above the chin."""
    mouth, half_width = person.mouth, person.half_mouth
    part = sheet.window(-75, 75, mouth - 50, mouth + 55)
    x, y, across = part.x, part.y, np.abs(part.x)
    top, line, bottom = lip_edges(x, person)
    between = (person.nose_length + mouth) / 2
    part.depth += 2 * blob(across, y, (6, between), (3, 7)) - 2 * blob(x, y, (0, between), (3, 6))
    part.depth += 6 * blob(x, y, (0, mouth), (half_width * 1.1, 17))
    part.depth -= 2.5 * blob(x, y, (0, mouth + person.lower_lip + 7), (13, 4))

    upper, lower = person.upper_lip * 0.5, person.lower_lip * 0.5
    pout = bump(y, line - upper * 1.1, upper + 0.6) + 1.1 * bump(y, line + lower, lower + 0.6)
    part.depth += person.lip_relief * pout * smoothstep(half_width * 1.05, half_width * 0.45, across)
    part.depth -= 2.5 * bump(y, line, 1.3) * smoothstep(half_width * 1.05, half_width * 0.8, across)

    lip = smoothstep(-0.8, 0.8, np.minimum(y - top, bottom - y))
    lip = lip * smoothstep(half_width, half_width - 3, across)
    plain = skin_color(person) * np.array([0.88, 0.54, 0.52], np.float32)
    red = linear(176, 62, 66) * (0.35 + 0.65 * (1 - person.tone * 0.6))
    paint(part.color, plain + (red - plain) * person.lip_redness, lip * 0.85)
    tint(part.color, 0.72 * bump(y, line + 0.2, 0.9) * smoothstep(half_width + 1, half_width - 3, across))
    tint(part.color, 0.35 * bump(across, half_width, 2.2) * bump(y, line, 2))
    part.gloss *= 1 - 0.5 * lip


def draw_eyes(sheet: Sheet, person: Anatomy) -> None:
    """Sockets, bags, and both eyes."""
    part = sheet.window(-85, 85, -45, 45)
    y, across = part.y, np.abs(part.x)
    spacing, opening = person.eye_spacing, person.eye_opening
    part.depth -= person.socket * blob(across, y, (spacing - 3, -2), (13, 9))
    part.depth -= 0.6 * person.socket * blob(across, y, (13, -5), (6, 8))
    part.depth += 3.4 * blob(across, y, (spacing, 0), (person.half_eye * 0.75, 7.5))
    bag = (spacing - 1, opening + 7 + 2 * person.eye_bags)
    part.depth -= 2 * person.eye_bags * blob(across, y, bag, (person.half_eye * 0.8, 2))
    dark_ring = blob(across, y, (spacing - 2, 4), (person.half_eye, 7))
    tint(part.color, (0.1 + 0.22 * person.eye_bags) * dark_ring, (0.8, 1, 0.9))
    for side in (-1, 1):
        inner, outer = sorted((0.0, side * (spacing + 34.0)))
        _draw_eye(sheet.window(inner, outer, -32, 32), person, side)


def _draw_eye(part: Sheet, person: Anatomy, side: int) -> None:
    """Lids, eyeball, iris and lashes; `side` is -1 for the left of the picture."""
    half_eye, opening = person.half_eye, person.eye_opening
    x = side * part.x - person.eye_spacing + side * person.asymmetry * 0.8
    y = part.y + x * person.eye_tilt + side * person.asymmetry * 1.1
    along = np.clip(x / half_eye, -1, 1)
    upper = -opening * (1 - np.abs(along) ** 2.2) * (1 + 0.12 * along) * (1 - 0.25 * person.lid_hood)
    lower = opening * 0.62 * (1 - np.abs(along) ** 2.4) * (1 - 0.1 * along)
    near = np.abs(x)

    eyeball = np.empty_like(part.color)
    eyeball[:] = linear(212, 206, 200)
    tint(eyeball, 0.35 * smoothstep(half_eye * 0.6, half_eye, near))
    radius = 5.9
    from_pupil = np.hypot(x, y + opening * 0.12)
    iris = blend(IRIS, person.iris) * (0.75 + 0.5 * smoothstep(2, radius, from_pupil))[..., None]
    iris *= (1 - 0.6 * smoothstep(radius - 1.1, radius, from_pupil))[..., None]
    paint(eyeball, iris, smoothstep(radius + 0.4, radius - 0.4, from_pupil))
    paint(eyeball, linear(10, 8, 8), smoothstep(2.7, 2.1, from_pupil))
    tint(eyeball, 0.55 * smoothstep(3.2, 0, y - upper))
    paint(eyeball, linear(255, 255, 255), 0.9 * smoothstep(1.3, 0.7, np.hypot(x - 1.8, y + 2.2)))

    crease = bump(y, upper - person.lid_crease * (1 - 0.75 * person.lid_hood), 0.8)
    tint(part.color, 0.45 * crease * smoothstep(half_eye * 1.15, half_eye * 0.7, near))
    tint(part.color, 0.2 * blob(x, y, (0, -opening * 0.5), (half_eye, 5)))
    shadow = blob(x, y, (1, -opening * 0.8), (half_eye * 0.95, 5))
    tint(part.color, 0.6 * max(0.0, person.eye_shadow) * shadow, (0.75, 1, 0.8))
    seen = smoothstep(-0.35, 0.5, np.minimum(y - upper, lower - y)) * (near < half_eye)
    paint(part.color, eyeball, seen)
    lash = bump(y, upper, 0.85 * person.lashes) * smoothstep(half_eye * 1.12, half_eye * 0.95, near)
    paint(part.color, linear(22, 15, 13), 0.88 * lash)
    tint(part.color, 0.35 * bump(y, lower, 0.6) * smoothstep(half_eye * 1.05, half_eye * 0.8, near))
    part.gloss *= 1 - seen


def draw_ears(sheet: Sheet, person: Anatomy) -> None:
    """Flat ears behind the head, unless hair hangs over them."""
    if person.hangs or person.ear < 0.15:
        return
    part = sheet.window(-100, 100, -25, 60)
    out = np.abs(part.x) - person.half_width
    ear = np.hypot((out + 1) / (8 + 3 * person.ear), (part.y - 18 - 0.1 * out) / 29)
    shown = smoothstep(1.06, 0.94, ear) * (1 - part.cover)
    shade = 0.8 + 0.3 * smoothstep(4, 10, out) * np.ones_like(part.y)
    paint(part.color, skin_color(person) * np.array([0.9, 0.7, 0.66], np.float32) * shade[..., None], shown)
    part.gloss *= 1 - shown
    part.depth += shown * (12 - 8 * blob(out, part.y, (4, 15), (4, 14)))
    np.maximum(part.cover, shown, out=part.cover)


def draw_glasses(sheet: Sheet, person: Anatomy) -> None:
    """Spectacles, painted on: rims, bridge and temples."""
    if person.glasses == "none":
        return
    rim_mm, power = {"thin": (0.7, 3.2), "thick": (2.0, 4.0), "round": (1.1, 2.0)}[person.glasses]
    half_lens, half_height = (20.0, 20.0) if person.glasses == "round" else (23.0, 18.0)
    part = sheet.window(-90, 90, -30, 35)
    y, across = part.y, np.abs(part.x)
    lens = superellipse((across - person.eye_spacing - 1) / half_lens, (y - 3) / half_height, power)
    frame = smoothstep(rim_mm + 0.5, rim_mm - 0.3, np.abs(lens - 1) * 20)
    nose_piece = smoothstep(1.5, 0.6, np.abs(y + 3 + 0.02 * part.x**2))
    nose_piece = nose_piece * (across < person.eye_spacing - half_lens + 2.5)
    temple = smoothstep(1.8, 0.8, np.abs(y + 4))
    temple = temple * ((across > person.eye_spacing + half_lens) & (across < person.half_width + 1))
    frame = np.maximum(np.maximum(frame, nose_piece), temple)
    tint(part.color, 0.12 * blur(frame, 2))
    paint(part.color, linear(*GLASSES_FRAMES[int(person.clothes_hue * 3.99)]), 0.95 * frame)
    paint(part.color, linear(235, 240, 245), 0.02 * (lens < 1).astype(np.float32))
    part.gloss += (0.6 - part.gloss) * frame
