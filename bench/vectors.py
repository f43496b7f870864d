"""Whether the rebuilt network gives the numbers that `face_recognition` gives."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from bench import peer
from bench.pairs import genuine, sources
from bench.run import Run
from bench.table import Table, at_most
from simkyc.faces import FoundFace
from simkyc.faces.detection import FaceFinder, chip
from simkyc.faces.intake import decode
from simkyc.faces.network import RecognitionNetwork

__all__ = ["vectors"]

TARGET = 1e-5

Image = NDArray[np.uint8]


def vectors(run: Run) -> Table:
    """simkyc's vectors beside those of dlib on the same chips, and of the whole of `face_encodings`."""
    network = RecognitionNetwork()
    describe = peer.face_recognition().api.face_encoder.compute_face_descriptor
    rows, largest = [], 0.0

    def compared(name: str, ours: Image, theirs: list[NDArray[np.float64]]) -> None:
        nonlocal largest
        known = np.array(theirs)
        apart = np.abs(network.vectors(ours) - known)
        largest = max(largest, float(apart.max()))
        size = np.abs(known).mean()
        rows.append((name, str(len(ours)), f"{apart.max():.1e}", f"{apart.mean():.1e}", f"{size:.1e}"))

    finder = FaceFinder()
    for source in sources(run, run.pick(2, 10, 50)):
        photos = [decode(pair.live) for pair in genuine(source)]
        found = [(photo, finder.find(photo, "live")) for photo in photos]
        chips = np.stack([chip(photo, faces[0]) for photo, faces in found if faces])
        label = f"describing chips, {source.name} people"
        compared(
            f"chips, {source.name} people",
            chips,
            [np.array(describe(one)) for one in run.track(list(chips), label)],
        )

        label = f"face_encodings, {source.name} people"
        whole = [_whole_path(pair.live) for pair in run.track(genuine(source), label)]
        chips = np.concatenate([ours for ours, _ in whole])
        compared(
            f"face_encodings of photos, {source.name} people",
            chips,
            [one for _, some in whole for one in some],
        )
    odd = _no_faces()
    compared("noise and plain colours", odd, [np.array(describe(one)) for one in odd])
    return Table(
        title="The numbers themselves",
        compared=(
            "The vectors of simkyc's network against those of dlib's compute_face_descriptor on the same chips of "
            "150x150 pixels, and against face_recognition.face_encodings with its defaults on the same photos, whose "
            "five landmarks simkyc cuts the chips by."
        ),
        columns=("what", "vectors", "largest difference", "mean difference", "mean size"),
        rows=tuple(rows),
        results=(at_most("largest absolute difference", largest, TARGET, written=f"{largest:.1e}"),),
        note="Absolute differences of the 128 numbers of a vector, of which simkyc's templates are made.",
    )


def _whole_path(photo: bytes) -> tuple[Image, list[NDArray[np.float64]]]:
    """The chips of every face that `face_recognition` finds, by its own landmarks, and its encodings."""
    module = peer.face_recognition()
    image = module.load_image_file(io.BytesIO(photo))
    boxes = module.face_locations(image)
    chips = [_cut(image, marks) for marks in module.face_landmarks(image, boxes, model="small")]
    return np.array(chips, np.uint8).reshape(-1, 150, 150, 3), module.face_encodings(image, boxes)


def _cut(image: Image, marks: dict[str, list[tuple[int, int]]]) -> Image:
    points = np.array([*marks["right_eye"], *marks["left_eye"], *marks["nose_tip"]], np.float32)
    return chip(image, FoundFace(0, 0, 1, 1, points, "detected", 1.0))


def _no_faces() -> Image:
    noise = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), np.uint8)
    return np.concatenate([noise, *(np.full((1, 150, 150, 3), value, np.uint8) for value in (0, 128, 255))])
