"""Synthetic portraits: people who do not exist, found by the real detector and told apart by the real network.

A drawn head, lit and photographed: no biometrics of anybody stand in a repository, yet the real engine runs
end to end on fixtures. The pictures look drawn and say nothing about how accurate an engine is on people.

The same seed and capture give the same bytes on one machine; another build of OpenCV or NumPy may change
single pixels, so compare distances with a margin and never hashes of pictures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from simkyc.errors import InputError
from simkyc.testing.portraits.anatomy import GENOMES, person
from simkyc.testing.portraits.camera import photograph
from simkyc.testing.portraits.capture import Capture
from simkyc.testing.portraits.seeds import LARGEST_SEED

__all__ = ["PEOPLE", "Capture", "chip_portrait", "group_portrait", "portrait", "render"]

PEOPLE = len(GENOMES)
"""How many curated people there are: seeds 0 to `PEOPLE - 1`."""

COUNTER_SIZE_PX = (480, 640)
CHIP_SIZE_PX = (102, 126)  # of the second-generation resident ID card
CHIP_HEAD_SHARE = 0.76  # of the height of a chip portrait, crown to chin
GROUP_MEMBER_WIDTH_PX = 360
SIDES_PX = range(64, 2049)


def portrait(seed: int, capture: Capture | None = None, *, size: tuple[int, int] = COUNTER_SIZE_PX) -> bytes:
    """A counter photo of the person `seed`, as a JPEG.

    Args:
        seed: 0 to `PEOPLE - 1` are the curated people, who are promised to be found and told apart; any other
            seed up to 2**32 - 1 draws somebody without that promise.
        capture: how the photo is taken; by default `Capture.of(seed)`.
        size: (width, height), 64 to 2048 px each.

    Raises:
        InputError: `seed` or `size` is not of that kind.
    """
    capture = Capture.of(seed) if capture is None else capture
    return _jpeg(render(seed, capture, size=size), capture)


def chip_portrait(seed: int, capture: Capture | None = None) -> bytes:
    """The portrait in the chip of the second-generation resident ID card: 102 x 126 px, white wall, as a JPEG.

    Another photo of the same person than `portrait(seed)`, more frontal. For what is raised see `portrait`.
    """
    subject = person(seed)
    if capture is None:
        capture = dataclasses.replace(Capture.of(LARGEST_SEED - seed, strength=0.4), jpeg_quality=75)
    capture = dataclasses.replace(
        capture,
        scale=1 + (capture.scale - 1) * 0.3,
        shift_x_px=capture.shift_x_px * 0.3,
        shift_y_px=capture.shift_y_px * 0.3,
        background=0.0,
    )
    px_per_mm = CHIP_SIZE_PX[1] * CHIP_HEAD_SHARE / (subject.crown + subject.chin)
    return _jpeg(photograph(subject, capture, CHIP_SIZE_PX, px_per_mm), capture)


def group_portrait(seeds: Sequence[int], captures: Sequence[Capture] | None = None) -> bytes:
    """Several people side by side in one photo of 360 x 640 px each, as a JPEG.

    Args:
        seeds: one person each, from left to right; at least one.
        captures: one for each person; by default the one `portrait` would take.

    Raises:
        InputError: nobody, a bad seed, or not one capture for each person.
    """
    if captures is None:
        captures = [Capture.of(seed) for seed in seeds]
    if not seeds or len(captures) != len(seeds):
        raise InputError("A group portrait needs at least one person, and one capture for each.")
    wall = captures[0].background
    members = [
        render(
            seed,
            dataclasses.replace(capture, background=wall),
            size=(GROUP_MEMBER_WIDTH_PX, COUNTER_SIZE_PX[1]),
        )
        for seed, capture in zip(seeds, captures, strict=True)
    ]
    return _jpeg(np.hstack(members), captures[0])


def render(
    seed: int, capture: Capture | None = None, *, size: tuple[int, int] = COUNTER_SIZE_PX
) -> npt.NDArray[np.uint8]:
    """What `portrait` shows as pixels, before it is written as a JPEG: (height, width, 3) uint8 RGB."""
    subject = person(seed)
    if len(size) != 2 or not all(isinstance(side, int) and side in SIDES_PX for side in size):
        raise InputError("A portrait is 64 to 2048 px wide and high.")
    return photograph(subject, Capture.of(seed) if capture is None else capture, size)


def _jpeg(picture: npt.NDArray[np.uint8], capture: Capture) -> bytes:
    quality = [cv2.IMWRITE_JPEG_QUALITY, capture.jpeg_quality]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)
    return bytes(encoded.tobytes())
