"""Signals on drawn people and on simulated recaptures of them; how often they err is measured, not asserted."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simkyc.errors import InputError
from simkyc.faces.detection import FaceFinder, FoundFace
from simkyc.faces.presentation import measure_errors, signals
from simkyc.testing import Capture, render

Picture = NDArray[np.uint8]
FINDER = FaceFinder()


def photo(seed: int) -> Picture:
    return render(seed, Capture.of(seed))


def face_in(picture: Picture) -> FoundFace:
    return FINDER.find(picture, "live")[0]


def shown_on_a_screen(picture: Picture) -> Picture:
    """Three stripes a pixel with gaps between, seen a little turned and out of focus, black lifted by the lamp."""
    dots = np.repeat(np.repeat(picture, 3, 0), 3, 1).astype(np.float32)
    mask = np.zeros((3, 3, 3), np.float32)
    mask[:, range(3), range(3)] = 1
    mask[2] *= 0.6
    dots = dots * np.tile(mask, (*picture.shape[:2], 1)) * 2.2 + 25
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width * 1.5, height * 1.5), 2.0, 1.05 / 3)
    matrix[:, 2] += (width / 2 - width * 1.5, height / 2 - height * 1.5)
    seen = cv2.warpAffine(cv2.GaussianBlur(dots, (0, 0), 1.0), matrix, (width, height))
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_a_screen_shows_its_lattice_and_a_grey_black(seed: int) -> None:
    real = photo(seed)
    face = face_in(real)
    mine, screens = signals(real, face), signals(shown_on_a_screen(real), face)
    assert screens["lattice"] > mine["lattice"] + 0.3
    assert screens["grey_range"] < mine["grey_range"]


def test_compression_alone_is_no_lattice() -> None:
    real = photo(0)
    packed = cv2.imdecode(cv2.imencode(".jpg", real, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    face = face_in(real)
    assert signals(np.asarray(packed, np.uint8), face)["lattice"] < signals(real, face)["lattice"] + 0.4


@given(st.integers(1, 70), st.integers(1, 70), st.integers(-50, 90), st.integers(0, 255))
def test_any_picture_gives_finite_signals(height: int, width: int, at: int, level: int) -> None:
    picture = np.full((height, width, 3), level, np.uint8)
    face = FoundFace(at, at, at + 30, at + 30, np.zeros((5, 2), np.float32), "detected", 1.0)
    assert all(math.isfinite(value) for value in signals(picture, face).values())


def test_errors_are_counted_at_the_limit() -> None:
    people = [float(value) for value in range(1000)]
    attacks = [985.0] * 30 + [995.0] * 70
    rates = measure_errors(people, attacks, beyond="above", bpcer=0.01)
    assert rates.limit == 990
    assert (rates.bpcer, rates.apcer) == (0.009, 0.3)
    assert rates.bpcer < rates.bpcer_high < 0.02
    assert rates.apcer < rates.apcer_high < 0.42


def test_below_is_the_mirror_of_above() -> None:
    people, attacks = [float(value) for value in range(1000)], [-5.0] * 40
    rates = measure_errors(people, attacks, beyond="below")
    assert (rates.limit, rates.apcer) == (9.0, 0.0)
    assert rates.apcer_high == pytest.approx(3 / 40)


@pytest.mark.parametrize(
    ("people", "attacks", "bpcer"),
    [(999, 30, 0.01), (1000, 29, 0.01), (1000, 30, 0.0), (1000, 30, 1.0), (0, 0, 0.5)],
    ids=["few people", "few attacks", "no false alarm at all", "everybody", "nobody"],
)
def test_too_little_to_measure_says_how_much_is_needed(people: int, attacks: int, bpcer: float) -> None:
    with pytest.raises(InputError):
        measure_errors([0.5] * people, [0.9] * attacks, beyond="above", bpcer=bpcer)


def test_a_signal_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="not a number"):
        measure_errors([math.nan] * 1000, [1.0] * 30, beyond="above")
