"""Synthetic portraits, seen by the real detector and the real network.

Figures are of OpenCV 5.0.0, NumPy 2.4 and dlib 20, over 20 people with two counter photos and a chip portrait
each; the assertions leave a margin, since another build moves single pixels.

| vectors | same person, largest distance | different people, smallest |
|---|---|---|
| templates, accepted up to 0.62 and refused from 0.76 on | 0.426 | 0.849 |
| raw, without the mirror image | 0.348 | 0.619 |
"""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from simkyc.errors import InputError
from simkyc.faces.detection import FoundFace, PhotoKind, chip
from simkyc.faces.engine import DlibFaceEngine
from simkyc.faces.intake import decode
from simkyc.faces.network import RecognitionNetwork
from simkyc.faces.template import Template, distance
from simkyc.testing.portraits import PEOPLE, Capture, chip_portrait, group_portrait, portrait, render
from simkyc.testing.portraits.anatomy import Anatomy, decode_genome
from simkyc.testing.portraits.camera import photograph

RGB = NDArray[np.uint8]

SAME_TEMPLATES_MOST, OTHER_TEMPLATES_LEAST = 0.50, 0.80
SAME_RAW_MOST, OTHER_RAW_LEAST = 0.42, 0.58


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo of a curated person, and what the engine made of it."""

    seed: int
    name: str
    faces: tuple[FoundFace, ...]
    template: Template
    raw: NDArray[np.float32]


@pytest.fixture(scope="module")
def network() -> RecognitionNetwork:
    return RecognitionNetwork()


@pytest.fixture(scope="module")
def engine(network: RecognitionNetwork) -> DlibFaceEngine:
    return DlibFaceEngine(network=network)


@pytest.fixture(scope="module")
def shots(engine: DlibFaceEngine, network: RecognitionNetwork) -> list[Shot]:
    taken: list[Shot] = []
    for seed in range(PEOPLE):
        photos: dict[str, tuple[bytes, PhotoKind]] = {
            "usual": (portrait(seed), "live"),
            "fresh": (portrait(seed, Capture.of(5000 + seed)), "live"),
            "chip": (chip_portrait(seed), "portrait"),
        }
        for name, (photo, kind) in photos.items():
            image = decode(photo)
            seen = engine.examine(image, kind)
            assert seen.template is not None
            raw = network.vectors(chip(image, seen.faces[0])[None])[0]
            taken.append(Shot(seed, name, seen.faces, seen.template, raw))
    return taken


def pixels(photo: bytes) -> RGB:
    return np.asarray(Image.open(io.BytesIO(photo)).convert("RGB"))


def sharpness(picture: RGB) -> float:
    """Mean step between neighbours on the face, grey levels."""
    grey = picture[200:440, 140:340].mean(axis=2)
    return float(np.abs(np.diff(grey, axis=1)).mean())


def apart(shots: Iterable[Shot], distance_of: Callable[[Shot, Shot], float]) -> tuple[float, float]:
    """Largest distance between two photos of one person, and smallest between those of two people."""
    pairs = list(itertools.combinations(shots, 2))
    return (
        max(distance_of(a, b) for a, b in pairs if a.seed == b.seed),
        min(distance_of(a, b) for a, b in pairs if a.seed != b.seed),
    )


def test_there_are_enough_people() -> None:
    assert PEOPLE == 20


def test_exactly_one_face_is_found_in_every_photo(shots: list[Shot]) -> None:
    found = {(shot.seed, shot.name): [face.located for face in shot.faces] for shot in shots}
    missed = {key: located for key, located in found.items() if len(located) != 1 or "assumed" in located}
    assert not missed


def test_every_face_is_found_plainly(shots: list[Shot]) -> None:
    assert min(face.score for shot in shots for face in shot.faces) > 0.4  # the detector's own limit is 0


def test_templates_of_one_person_are_near_and_of_two_far(shots: list[Shot]) -> None:
    same, other = apart(shots, lambda a, b: distance(a.template, b.template))
    assert same < SAME_TEMPLATES_MOST
    assert other > OTHER_TEMPLATES_LEAST


def test_raw_vectors_of_one_person_are_near_and_of_two_far(shots: list[Shot]) -> None:
    same, other = apart(shots, lambda a, b: float(np.linalg.norm(a.raw - b.raw)))
    assert same < SAME_RAW_MOST
    assert other > OTHER_RAW_LEAST


def test_a_group_portrait_shows_both_people(engine: DlibFaceEngine, shots: list[Shot]) -> None:
    image = decode(group_portrait([2, 9]))
    faces = engine.examine(image, "live").faces
    assert len(faces) == 2
    left, right = engine.templates(image, tuple(sorted(faces, key=lambda face: face.left)))
    known = {shot.seed: shot.template for shot in shots if shot.name == "usual"}

    def nearest(template: Template) -> int:
        return min(known, key=lambda seed: distance(template, known[seed]))

    assert (nearest(left), nearest(right)) == (2, 9)


def test_sizes() -> None:
    assert pixels(portrait(0)).shape == (640, 480, 3)
    assert pixels(portrait(0, size=(300, 401))).shape == (401, 300, 3)
    assert pixels(chip_portrait(0)).shape == (126, 102, 3)
    assert pixels(group_portrait([0, 1, 2])).shape == (640, 1080, 3)
    assert render(0, size=(200, 260)).shape == (260, 200, 3)


def test_pixels_and_file_are_the_same_picture() -> None:
    difference = np.abs(render(3).astype(int) - pixels(portrait(3)))
    assert difference.mean() < 4  # grey levels that the JPEG costs


def test_the_same_seed_and_capture_give_the_same_bytes_in_any_thread() -> None:
    seeds = [0, 1, 2, 0, 1, 2, 30, 30]
    with ThreadPoolExecutor(4) as threads:
        parallel = list(threads.map(chip_portrait, seeds))
    assert parallel == [chip_portrait(seed) for seed in seeds]


def test_each_photo_is_another() -> None:
    photos = [portrait(1), portrait(1, Capture.of(7)), portrait(1, Capture.of(8)), portrait(4, Capture.of(7))]
    assert len(set(photos)) == len(photos)


def test_blur_darkness_and_pose_are_shown() -> None:
    plain = Capture(noise=0)
    sharp = render(5, plain)
    assert sharpness(render(5, dataclasses.replace(plain, blur_px=6))) < 0.5 * sharpness(sharp)
    assert render(5, dataclasses.replace(plain, gain=0.1)).mean() < 0.45 * sharp.mean()
    turned = render(5, dataclasses.replace(plain, yaw_deg=20))
    assert np.abs(turned.astype(int) - sharp).mean() > 2


def test_strength_scales_the_pose() -> None:
    assert Capture.of(12, strength=0).yaw_deg == 0
    assert Capture.of(12, strength=1).yaw_deg == pytest.approx(2 * Capture.of(12, strength=0.5).yaw_deg)
    assert Capture.of(12) == Capture.of(12) != Capture.of(13)


@pytest.mark.parametrize("digit", range(10))
def test_every_choice_and_both_ends_of_every_trait_can_be_drawn(digit: int) -> None:
    traits = len(dataclasses.fields(Anatomy)) - 1
    someone = decode_genome(str(digit) * traits, texture_seed=digit)
    picture = photograph(someone, Capture.of(digit, strength=1), (240, 320))
    assert picture.std() > 20  # warnings are errors, so a NaN on the way would have raised


@pytest.mark.parametrize("seed", [PEOPLE, 4321, 2**32 - 1])
def test_other_seeds_draw_somebody_too(seed: int) -> None:
    assert portrait(seed) == portrait(seed)
    assert chip_portrait(seed) != chip_portrait(0)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (-1, "negative"),
        (2**32, "too large"),
        (True, "a truth value is no number of a person"),
        (1.0, "not whole"),
        ("1", "text"),
        (None, "nothing"),
    ],
)
def test_bad_seeds_are_refused(bad: int, why: str) -> None:
    for draw in (portrait, chip_portrait, render, Capture.of):
        with pytest.raises(InputError):
            draw(bad)
    with pytest.raises(InputError):
        group_portrait([0, bad])


@pytest.mark.parametrize(
    ("size", "why"),
    [
        ((63, 640), "too narrow"),
        ((480, 2049), "too high"),
        ((480,), "one side"),
        ((480.0, 640.0), "not whole"),
    ],
)
def test_bad_sizes_are_refused(size: tuple[int, int], why: str) -> None:
    with pytest.raises(InputError):
        portrait(0, size=size)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"yaw_deg": 90.0}, "a profile: the head has no back"),
        ({"blur_px": float("nan")}, "not a number"),
        ({"gain": -1.0}, "negative light"),
        ({"scale": 0.0}, "no size"),
        ({"jpeg_quality": 0}, "below the scale"),
        ({"jpeg_quality": 80.5}, "not whole"),
        ({"noise_seed": -1}, "negative"),
        ({"ambient": "half"}, "text"),
    ],
)
def test_impossible_captures_are_refused(changes: dict[str, float], why: str) -> None:
    with pytest.raises(InputError):
        dataclasses.replace(Capture(), **changes)  # type: ignore[arg-type]  # fields by name


def test_a_group_needs_people_and_a_capture_each() -> None:
    with pytest.raises(InputError):
        group_portrait([])
    with pytest.raises(InputError):
        group_portrait([0, 1], [Capture()])
