"""`face_recognition`, which simkyc is measured against, loaded so that it can be."""

from __future__ import annotations

import io
import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

__all__ = ["ENLARGED", "USUAL_DISTANCE", "compare", "face_recognition", "needs_enlarging"]

ENLARGED = 2.5
"""How much a portrait is enlarged in which `face_recognition` finds no face as it is."""

USUAL_DISTANCE = 0.6
"""Default `tolerance` of `face_recognition.compare_faces`."""


@cache
def face_recognition() -> Any:
    """The module. Its import warns of `pkg_resources` and makes Pillow take truncated files; that is undone."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import face_recognition as module
    ImageFile.LOAD_TRUNCATED_IMAGES = before
    return module


def needs_enlarging(chip: bytes) -> bool:
    """Whether it finds no face in a portrait of 102x126 pixels as it is."""
    peer = face_recognition()
    return not peer.face_locations(peer.load_image_file(io.BytesIO(chip)))


def compare(chip: bytes, live: bytes, *, enlarge: bool) -> float | None:
    """The distance it gives with its defaults; None when it finds no face in one of the two."""
    peer = face_recognition()
    portrait = peer.load_image_file(io.BytesIO(chip))
    if enlarge:
        portrait = _enlarged(portrait)
    known = peer.face_encodings(portrait)
    seen = peer.face_encodings(peer.load_image_file(io.BytesIO(live)))
    return float(peer.face_distance(known[:1], seen[0])[0]) if known and seen else None


def _enlarged(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    size = round(width * ENLARGED), round(height * ENLARGED)
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
