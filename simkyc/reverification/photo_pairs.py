"""Distances of labelled pairs from their photos: each photo is looked at once, in several processes.

Memory: a template for each photo (512 bytes of the built-in engine), and the photos that are being looked at.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from simkyc.application import MAX_PHOTO_BYTES
from simkyc.errors import FaceError, PhotoError
from simkyc.faces.engine import DlibFaceEngine, FaceEngine
from simkyc.faces.intake import decode
from simkyc.faces.template import Template
from simkyc.lists.rows import BadRow
from simkyc.reverification.pairs import LabelledPairs, OnBad, PairsPhoto

__all__ = ["compare_photos"]

PHOTOS_A_TASK = 8
PAIRS_AT_ONCE = 1 << 15

MISSING = ("missing", "no photo can be read at this path, seen from the folder of the pairs")
NO_FACE = ("no_face", "no face was found in the photo")

Seen = Template | tuple[str, str]
"""The template of a photo, or why there is none: a short stable word and advice."""


def compare_photos(
    pairs: LabelledPairs,
    engine: Callable[[], FaceEngine] = DlibFaceEngine,
    *,
    workers: int = 1,
    on_bad: OnBad | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> LabelledPairs:
    """Fill in the distances of pairs that have photos; the number of workers changes none.

    Args:
        pairs: As `read_pairs` gives them.
        engine: Makes the engine in each process, so it must be picklable.
        workers: Processes; 1 works in this one. A program that asks for more must be importable without effects.
        on_bad: Told of each pair that is set aside because of a photo.
        on_progress: Told how many photos of how many were looked at.

    Returns:
        The pairs that have a distance.

    Raises:
        FaceError: The engine cannot work, or a process was ended from outside.
    """
    vectors: NDArray[np.float32] | None = None
    failed: dict[int, tuple[str, str]] = {}
    for place, seen in enumerate(_looked_at(pairs.photos, engine, workers)):
        if isinstance(seen, Template):
            if vectors is None:
                vectors = np.zeros((len(pairs.photos), seen.vector.size), np.float32)
            vectors[place] = seen.vector
        else:
            failed[place] = seen
        if on_progress is not None:
            on_progress(place + 1, len(pairs.photos))
    lost = np.zeros(len(pairs.photos) + 1, bool)  # the last stands for a pair without photos, at -1
    lost[list(failed)] = True
    keep = ~(lost[pairs.photo_a] | lost[pairs.photo_b])
    if on_bad is not None:
        for row in np.flatnonzero(~keep).tolist():
            column, place = next(
                (column, place)
                for column, place in (
                    ("photo_a", int(pairs.photo_a[row])),
                    ("photo_b", int(pairs.photo_b[row])),
                )
                if place in failed
            )
            on_bad(BadRow(int(pairs.line[row]), column, *failed[place]))
    distance = pairs.distance.copy()
    due = np.flatnonzero(keep & (pairs.photo_a >= 0))
    for rows in np.split(due, range(PAIRS_AT_ONCE, due.size, PAIRS_AT_ONCE)):
        if vectors is not None:
            difference = vectors[pairs.photo_a[rows]].astype(np.float64) - vectors[pairs.photo_b[rows]]
            distance[rows] = np.sqrt(np.sum(np.square(difference), axis=1))
    return replace(
        pairs,
        line=pairs.line[keep],
        same_person=pairs.same_person[keep],
        person_a=pairs.person_a[keep],
        person_b=pairs.person_b[keep],
        group=pairs.group[keep],
        distance=distance[keep],
        photo_a=pairs.photo_a[keep],
        photo_b=pairs.photo_b[keep],
    )


def _looked_at(
    photos: Sequence[PairsPhoto], engine: Callable[[], FaceEngine], workers: int
) -> Iterator[Seen]:
    if workers <= 1 or len(photos) <= PHOTOS_A_TASK:
        yield from map(partial(_look, engine()), photos)
        return
    # Spawned, for OpenCV's threads do not outlive a fork; one thread each, for the processes share the cores.
    pool = ProcessPoolExecutor(
        min(workers, len(photos)), multiprocessing.get_context("spawn"), cv2.setNumThreads, (1,)
    )
    try:
        yield from pool.map(partial(_look_in_process, engine), photos, chunksize=PHOTOS_A_TASK)
    except BrokenProcessPool:
        raise FaceError(
            "a process that looked at photos was ended from outside: ask for fewer workers, or see to the memory"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


_engine_of_this_process = cache(lambda engine: engine())


def _look_in_process(engine: Callable[[], FaceEngine], photo: PairsPhoto) -> Seen:
    return _look(_engine_of_this_process(engine), photo)


def _look(engine: FaceEngine, photo: PairsPhoto) -> Seen:
    try:
        # Not at a pipe: nobody may ever write to it.
        if not photo.path.is_file():
            return MISSING
        with photo.path.open("rb") as stream:
            data = stream.read(MAX_PHOTO_BYTES + 1)
    except (OSError, ValueError):
        return MISSING
    try:
        image = decode(data)
    except PhotoError as error:
        return error.cause, str(error)
    template = engine.examine(image, photo.kind).template
    return NO_FACE if template is None else template
