"""Measures follow what was done to a picture: people are drawn, so what was done is known."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from simkyc.faces.detection import FaceFinder, FoundFace
from simkyc.faces.quality import measure
from simkyc.testing import Capture, render
from simkyc.testing.builders import GOOD_QUALITY

FINDER = FaceFinder()
SEEDS = range(8)
PLAIN = Capture(blur_px=0.5, noise=1.5)

Picture = NDArray[np.uint8]


@cache
def photo(seed: int, capture: Capture = PLAIN) -> Picture:
    return render(seed, capture)


@cache
def face_of(seed: int, capture: Capture = PLAIN) -> FoundFace:
    (face,) = FINDER.find(photo(seed, capture), "live")
    return face


def measured(seed: int, capture: Capture = PLAIN) -> dict[str, float]:
    return measure(photo(seed, capture), face_of(seed, capture))


def median(name: str, capture: Capture) -> float:
    return float(np.median([measured(seed, capture)[name] for seed in SEEDS]))


def changed(picture: Picture, seed: int = 0) -> dict[str, float]:
    """Measured where the face was before the picture was changed."""
    return measure(picture, face_of(seed))


def test_every_measure_has_a_name_in_the_builders_and_a_finite_value() -> None:
    values = measured(0)
    assert values.keys() == GOOD_QUALITY.keys()
    assert np.isfinite(list(values.values())).all()


@pytest.mark.parametrize("turned_deg", [-20, -10, 0, 10, 20])
def test_yaw_is_the_turn_of_the_head(turned_deg: float) -> None:
    assert median("yaw", replace(PLAIN, yaw_deg=turned_deg)) == pytest.approx(turned_deg, abs=4)


@pytest.mark.parametrize("tilted_deg", [-20, 0, 20])
def test_roll_is_the_tilt_of_the_head(tilted_deg: float) -> None:
    assert median("roll", replace(PLAIN, roll_deg=tilted_deg)) == pytest.approx(tilted_deg, abs=2)


def test_pitch_rises_with_a_lifted_head() -> None:
    lowered, straight, lifted = (median("pitch", replace(PLAIN, pitch_deg=deg)) for deg in (-20, 0, 20))
    assert lowered < straight < lifted


@pytest.mark.parametrize("blur_px", [2.0, 4.0, 7.0])
def test_sharpness_falls_with_blur(blur_px: float) -> None:
    for seed in SEEDS:
        blurred = np.asarray(cv2.GaussianBlur(photo(seed), (0, 0), blur_px), np.uint8)
        assert changed(blurred, seed)["sharpness"] < measured(seed)["sharpness"] - 0.05


def test_neither_contrast_nor_size_moves_sharpness() -> None:
    picture = photo(0)
    pale = (picture // 2 + 60).astype(np.uint8)
    assert changed(pale)["sharpness"] == pytest.approx(measured(0)["sharpness"], abs=0.03)
    face = face_of(0)
    doubled = np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    larger = FoundFace(
        face.left * 2,
        face.top * 2,
        face.right * 2,
        face.bottom * 2,
        face.landmarks * 2 + 0.5,
        "detected",
        1.0,
    )
    assert measure(doubled, larger)["sharpness"] == pytest.approx(measured(0)["sharpness"], abs=0.05)


def test_exposure_follows_the_light() -> None:
    dark, plain, bright = (changed(photo(0, replace(PLAIN, gain=gain))) for gain in (0.01, 1.0, 10.0))
    assert dark["luminance"] < 0.15 < plain["luminance"] < 0.85 < bright["luminance"]
    assert dark["under_exposure"] > 0.2 > plain["under_exposure"]
    assert bright["over_exposure"] > 0.2 > plain["over_exposure"]


def test_dynamic_range_falls_with_fog() -> None:
    fog = (photo(0) // 16 + 120).astype(np.uint8)
    assert changed(fog)["dynamic_range"] < 4
    assert measured(0)["dynamic_range"] > 5


def test_light_from_one_side_is_not_uniform() -> None:
    shadow = photo(0).copy()
    middle = int(face_of(0).landmarks[4, 0])
    shadow[:, :middle] //= 5
    assert changed(shadow)["illumination_uniformity"] < 0.15
    assert measured(0)["illumination_uniformity"] > 0.5


def test_a_green_lamp_is_not_the_colour_of_skin() -> None:
    green = photo(0).copy()
    green[..., ::2] //= 3
    assert changed(green)["colour_deviation"] > 20
    assert measured(0)["colour_deviation"] < 3


def test_a_grey_photo_is_no_great_deviation() -> None:
    grey = np.repeat(photo(0)[..., 1:2], 3, axis=2)
    assert changed(grey)["colour_deviation"] == pytest.approx(7.1, abs=0.5)


def test_glare_is_seen_at_the_eyes_and_nowhere_else() -> None:
    face = face_of(0)
    eyes, brow = photo(0).copy(), photo(0).copy()
    for corner in face.landmarks[:4].astype(int):
        cv2.circle(eyes, (int(corner[0]), int(corner[1])), 22, (255, 255, 255), -1)
    cv2.circle(brow, (int(face.landmarks[4, 0]), face.top), 20, (255, 255, 255), -1)
    assert changed(eyes)["eye_glare"] > 0.3
    assert changed(brow)["eye_glare"] < 0.05


@pytest.mark.parametrize("shift", [(0, 0), (3, 5)], ids=["grid at the corner", "cut after compression"])
def test_blockiness_rises_with_compression(shift: tuple[int, int]) -> None:
    values = []
    for quality in (95, 30, 8):
        file = io.BytesIO()
        Image.fromarray(photo(0)).save(file, "JPEG", quality=quality)
        packed = np.roll(np.asarray(Image.open(file).convert("RGB")), shift, (0, 1))
        values.append(changed(np.ascontiguousarray(packed))["blockiness"])
    assert values[0] < values[1] < values[2]
    assert values[0] < 1.5
    assert values[2] > 2.5


def test_margin_and_head_size_say_where_the_face_stands() -> None:
    face = face_of(0)
    whole = measured(0)
    assert whole["margin"] > 0
    tight = photo(0)[face.top + 10 : face.bottom, face.left : face.right]
    moved = FoundFace(
        0, -10, face.right - face.left, face.bottom - face.top - 10, face.landmarks - (face.left, face.top + 10),
        "detected", 1.0,
    )  # fmt: skip
    cut = measure(np.ascontiguousarray(tight), moved)
    assert cut["margin"] < 0
    assert cut["head_size"] > 1 > whole["head_size"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 255), st.integers(1, 60), st.integers(0, 40))
def test_any_picture_gives_finite_measures(level: int, width: int, at: int) -> None:
    picture = np.full((40, 60, 3), level, np.uint8)
    box = (at - 10, at - 10, at - 10 + width, at - 10 + width)
    points = np.array([[0.7, 0.4], [0.6, 0.4], [0.3, 0.4], [0.4, 0.4], [0.5, 0.6]], np.float32) * width
    values = measure(picture, FoundFace(*box, points, "detected", 1.0))
    assert np.isfinite(list(values.values())).all()


def test_landmarks_in_one_point_give_finite_measures() -> None:
    points = np.full((5, 2), 30, np.float32)
    values = measure(photo(0), FoundFace(10, 10, 50, 50, points, "detected", 1.0))
    assert np.isfinite(list(values.values())).all()
