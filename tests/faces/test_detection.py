"""Where faces are found, in drawn people; how often on photos of people is told in `docs/accuracy.md`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from simkyc.errors import FaceError, FaceModelError
from simkyc.faces import detection
from simkyc.faces.detection import FaceFinder, FoundFace, PhotoKind, chip
from simkyc.faces.intake import decode
from simkyc.testing import Capture, chip_portrait, group_portrait, render

Picture = NDArray[np.uint8]

FINDER = FaceFinder()
NOISE = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)


@cache
def photo(seed: int = 0) -> Picture:
    return render(seed, Capture())


def resized(picture: Picture, factor: float) -> Picture:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def on_canvas(picture: Picture, width: int, height: int) -> Picture:
    """The picture in the middle of a larger grey one."""
    canvas = np.full((height, width, 3), 128, np.uint8)
    rows, columns = picture.shape[:2]
    top, left = (height - rows) // 2, (width - columns) // 2
    canvas[top : top + rows, left : left + columns] = picture
    return canvas


NOBODY: dict[str, Picture] = {
    "white wall": np.full((480, 640, 3), 255, np.uint8),
    "black": np.zeros((480, 640, 3), np.uint8),
    "noise": NOISE,
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "8x8 pixels": NOISE[:8, :8],
    "a line of pixels": NOISE[:1],
    "upside down": photo()[::-1],
    "only the hair": photo()[:120],
}


@pytest.mark.parametrize("name", NOBODY)
def test_no_face_is_found_where_there_is_none(name: str) -> None:
    assert FINDER.find(np.ascontiguousarray(NOBODY[name]), "live") == ()


@pytest.mark.parametrize("factor", [0.25, 0.4, 1.0, 2.0, 4.0])
def test_a_face_is_found_where_it_is_at_any_size(factor: float) -> None:
    (whole,) = FINDER.find(photo(), "live")
    (face,) = FINDER.find(resized(photo(), factor), "live")
    assert np.abs((face.landmarks + 0.5) / factor - 0.5 - whole.landmarks).max() < 6


def test_a_small_face_is_found_by_enlarging_and_says_so() -> None:
    (face,) = FINDER.find(resized(photo(), 0.2), "live")
    assert face.located == "enlarged"
    assert FINDER.find(photo(), "live")[0].located == "detected"


def test_a_distant_face_in_a_large_photo_is_found_at_full_size() -> None:
    far = on_canvas(resized(photo(), 0.5), 1800, 1350)
    (face,) = FINDER.find(far, "live")
    assert 60 < face.right - face.left < 160


def test_the_largest_face_comes_first() -> None:
    near, far = photo(0), on_canvas(resized(photo(1), 0.6), 300, 640)
    faces = FINDER.find(np.hstack([far, near]), "live")
    assert len(faces) == 2
    assert faces[0].area > 1.5 * faces[1].area
    assert faces[0].left > 300


def test_a_group_is_counted() -> None:
    group = decode(group_portrait([0, 1, 2, 3]))
    assert len(FINDER.find(group, "live")) == 4


def test_half_a_face_gives_no_answer_beyond_the_photo() -> None:
    for part in (photo()[:, :250], photo()[:, 230:], photo()[200:]):
        for face in FINDER.find(np.ascontiguousarray(part), "live"):
            height, width = part.shape[:2]
            assert -width < face.left < face.right < 2 * width
            assert -height < face.top < face.bottom < 2 * height


@pytest.mark.parametrize("seed", range(8))
def test_the_chips_portrait_is_found(seed: int) -> None:
    image = decode(chip_portrait(seed))
    assert image.shape == (126, 102, 3)
    (face,) = FINDER.find(image, "portrait")
    assert face.located == "enlarged"


def test_a_standard_portrait_without_a_detection_is_assumed_and_says_so() -> None:
    veiled = np.asarray(cv2.GaussianBlur(decode(chip_portrait(0)), (0, 0), 9), np.uint8)
    (face,) = FINDER.find(veiled, "portrait")
    assert (face.located, face.score) == ("assumed", 0.0)
    assert 0 < face.left < face.right < 102


@pytest.mark.parametrize(
    "shape", [(50, 40), (126, 126), (100, 200), (200, 100)], ids=["too low", "square", "landscape", "narrow"]
)
def test_nothing_is_assumed_in_another_shape(shape: tuple[int, int]) -> None:
    assert FINDER.find(np.full((*shape, 3), 200, np.uint8), "portrait") == ()


def test_twelve_thousand_pixels_wide_is_searched_on_a_copy() -> None:
    wide = on_canvas(resized(photo(), 3.0), 4000, 3000)
    assert len(FINDER.find(wide, "live")) == 1


@pytest.mark.parametrize("kind", ["live", "portrait"])
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ],
    ids=["grey", "with alpha", "empty", "floats"],
)
def test_refuses_what_is_no_rgb_photo(image: Picture, kind: PhotoKind) -> None:
    with pytest.raises(FaceError):
        FINDER.find(image, kind)


def test_eight_threads_find_the_same() -> None:
    pictures = [photo(seed) for seed in range(8)]

    def found(finder: FaceFinder) -> list[bytes]:
        return [face.landmarks.tobytes() for picture in pictures for face in finder.find(picture, "live")]

    expected = found(FINDER)
    fresh, start = FaceFinder(), threading.Barrier(8)

    def one(_: int) -> list[bytes]:
        start.wait()
        return found(fresh)

    with ThreadPoolExecutor(8) as pool:
        assert all(result == expected for result in pool.map(one, range(8)))


def test_the_chip_is_dlibs_own() -> None:
    (face,) = FINDER.find(photo(), "live")
    whole = FoundFace(
        face.left, face.top, face.right, face.bottom, np.rint(face.landmarks), face.located, face.score
    )
    points = dlib.points([dlib.point(int(x), int(y)) for x, y in whole.landmarks])
    shape = dlib.full_object_detection(dlib.rectangle(face.left, face.top, face.right, face.bottom), points)
    expected = dlib.get_face_chip(photo(), shape, 150, 0.25)
    assert np.array_equal(chip(photo(), whole), expected)


def test_a_missing_predictor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkyc.faces.weights._PACKAGE", "face_recognition_models_that_are_not_there")
    with pytest.raises(FaceModelError, match="pip install"):
        FaceFinder().find(photo(), "live")


def test_the_plan_of_sizes_never_repeats_and_ends_enlarged() -> None:
    for width, height in ((60, 80), (400, 300), (640, 480), (2048, 1536)):
        scales = detection._live_scales(np.zeros((height, width, 3), np.uint8))
        assert len(scales) == len(set(scales))
        assert scales == sorted(scales)
        assert all(width * height * scale**2 <= 1280 * 960 * 1.01 for scale in scales)
