"""Distances from photos, by the real engine on people who do not exist, and on real ones where there are some."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.pairs import chip_of, lfw_folder
from simkyc.errors import FaceError
from simkyc.faces import DlibFaceEngine, distance
from simkyc.faces.calibration import shipped
from simkyc.faces.intake import decode
from simkyc.lists.rows import BadRow
from simkyc.reverification.calibrated import measure
from simkyc.reverification.pairs import read_pairs
from simkyc.reverification.photo_pairs import compare_photos
from simkyc.testing import Capture, chip_portrait, portrait

HEADER = "same_person,person_a,person_b,photo_a,photo_b"
REAL_PEOPLE = 60
ENGINE_ID = DlibFaceEngine().engine_id


def written(folder: Path, *rows: str) -> Path:
    file = folder / "pairs.csv"
    file.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Portraits and live photos of five people, and what is none."""
    made = tmp_path_factory.mktemp("photos")
    for seed in range(5):
        (made / f"id{seed}.jpg").write_bytes(chip_portrait(seed))
        (made / f"live{seed}.jpg").write_bytes(portrait(seed, Capture.of(seed + 1000)))
    whole = portrait(0)
    (made / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (made / "words.jpg").write_text("hunter2")
    (made / "empty.jpg").write_bytes(b"")
    (made / "folder.jpg").mkdir()
    os.mkfifo(made / "pipe.jpg")
    (made / "wall.png").write_bytes(_grey())
    return made


def _grey() -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", np.full((300, 300, 3), 127, np.uint8))[1].tobytes())


def everybody(people: int) -> list[str]:
    return [f"{int(a == b)},p{a},p{b},id{a}.jpg,live{b}.jpg" for a in range(people) for b in range(people)]


def test_the_number_of_processes_changes_no_distance(folder: Path) -> None:
    pairs = read_pairs(written(folder, *everybody(5)), photo_engine_id=ENGINE_ID)
    seen: list[tuple[int, int]] = []
    alone = compare_photos(pairs, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(place + 1, 10) for place in range(10)]
    assert alone.distance.tolist() == compare_photos(pairs, workers=2).distance.tolist()
    engine = DlibFaceEngine()
    portrait_of = engine.examine(decode((folder / "id1.jpg").read_bytes()), "portrait").template
    live_of = engine.examine(decode((folder / "live2.jpg").read_bytes()), "live").template
    assert portrait_of is not None
    assert live_of is not None
    row = int(np.flatnonzero((pairs.person_a == 1) & (pairs.person_b == 2))[0])
    assert alone.distance[row] == pytest.approx(distance(portrait_of, live_of), abs=1e-12)
    assert alone.distance[alone.same_person].max() < alone.distance[~alone.same_person].min()


BROKEN = [
    ("nowhere.jpg", "missing", "no file"),
    ("folder.jpg", "missing", "a folder"),
    ("pipe.jpg", "missing", "a pipe that nobody writes to"),
    ("empty.jpg", "empty", "an empty file"),
    ("cut.jpg", "truncated", "half a photo"),
    ("words.jpg", "not_a_photo", "words"),
    ("wall.png", "no_face", "a grey wall"),
]


@pytest.mark.parametrize("workers", [1, 2])
def test_photos_that_show_nobody_are_set_aside_by_cause(workers: int, folder: Path) -> None:
    rows = [f"1,x{place},x{place},id0.jpg,{name}" for place, (name, _, _) in enumerate(BROKEN)]
    # The label of the first portrait is of one person alone.
    rows = [row.replace(f"x{place}", "p0") for place, row in enumerate(rows)]
    pairs = read_pairs(written(folder, *everybody(2), *rows), photo_engine_id=ENGINE_ID)
    bad: list[BadRow] = []
    compared = compare_photos(pairs, workers=workers, on_bad=bad.append)
    assert compared.line.tolist() == [2, 3, 4, 5]
    assert np.isfinite(compared.distance).all()
    first = 6
    assert [(one.line, one.column, one.cause) for one in bad] == [
        (first + place, "photo_b", cause) for place, (_, cause, _) in enumerate(BROKEN)
    ]
    assert not any(name in one.advice for one in bad for name, _, _ in BROKEN)


def _end_this_process() -> DlibFaceEngine:
    os._exit(9)


def _cannot_work() -> DlibFaceEngine:
    raise FaceError("no weights")


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        pytest.param(_end_this_process, "ended from outside", id="a process that is killed"),
        pytest.param(_cannot_work, "no weights", id="an engine that cannot work"),
    ],
)
def test_what_ends_the_work_is_told(engine: Callable[[], DlibFaceEngine], says: str, folder: Path) -> None:
    pairs = read_pairs(written(folder, *everybody(5)), photo_engine_id=ENGINE_ID)
    with pytest.raises(FaceError, match=says):
        compare_photos(pairs, engine, workers=2)


def test_real_people_come_to_about_the_shipped_calibration(tmp_path: Path) -> None:
    lfw = lfw_folder()
    if lfw is None:
        pytest.skip("no photos: SIMKYC_FACES names no folder that holds lfw/")
    several = sorted(folder for folder in lfw.iterdir() if len(list(folder.glob("*.jpg"))) > 1)
    people = several[:: len(several) // REAL_PEOPLE][:REAL_PEOPLE]
    for place, person in enumerate(people):
        first, second = sorted(person.glob("*.jpg"))[:2]
        (tmp_path / f"id{place}.jpg").write_bytes(chip_of(decode(first.read_bytes())))
        (tmp_path / f"live{place}.jpg").symlink_to(second.resolve())
    pairs = read_pairs(written(tmp_path, *everybody(len(people))), photo_engine_id=ENGINE_ID)
    compared = compare_photos(pairs, workers=2)
    made = measure(compared, domain="chip-live", data="a test", rates=[1e-2]).calibration
    point = next(point for point in made.points if point.false_match_rate == 1e-2)
    known = shipped(ENGINE_ID, "chip-live").distance_at(1e-2)
    # The interval holds for 19 of 20 choices of people; the margin is for the others.
    assert point.distance_low - 0.03 < known < point.distance_high + 0.03
    assert point.false_non_match_rate < 0.15
