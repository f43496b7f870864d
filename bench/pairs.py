"""Pairs of a chip portrait and a counter photo, drawn and, where there are some, of real people.

Real photos come from Labeled Faces in the Wild, in the folder that the environment variable SIMKYC_FACES names and
that holds `lfw/`. They are read where they lie: nothing of them but counts and times leaves the bench.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.run import Run
from simkyc.faces.intake import decode
from simkyc.testing import PEOPLE, Capture, chip_portrait, portrait

__all__ = ["Pair", "Source", "chip_of", "genuine", "impostors", "lfw_folder", "live_of", "sources"]

LIVE_SIZE = (640, 480)
LIVE_QUALITY = 90

# The portrait of the second-generation card, from a photo in which the head is as large as in LFW.
SCALED_PX = 150
CHIP_SIZE = (102, 126)
CHIP_QUALITY = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """A portrait of 102x126 pixels and a photo of 640x480, both as the bytes of a JPEG."""

    chip: bytes
    live: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """Where photos come from; `people` are genuine pairs, each person's beside another's."""

    name: str
    people: tuple[Pair, ...]


def sources(run: Run, count: int) -> list[Source]:
    """`count` genuine pairs of people who do not exist, and as many of real ones where there are photos."""
    found = [
        Source(
            "drawn",
            tuple(_drawn(place) for place in run.track(range(count), "drawing people who do not exist")),
        )
    ]
    folders = _real_people(count)
    if folders:
        found.append(
            Source("real", tuple(_real(folder) for folder in run.track(folders, "preparing real photos")))
        )
    return found


def genuine(source: Source) -> list[Pair]:
    """Portrait and photo of one person."""
    return list(source.people)


def impostors(source: Source) -> list[Pair]:
    """Each portrait with the next person's photo."""
    people = source.people
    return [Pair(one.chip, other.live) for one, other in zip(people, people[1:] + people[:1], strict=True)]


def lfw_folder() -> Path | None:
    """The folder with one folder of photos for each person; None where there are no real photos."""
    named = os.environ.get("SIMKYC_FACES")
    lfw = (Path(named) if named else Path(__file__).parents[2] / "shared" / "faces") / "lfw"
    return lfw if lfw.is_dir() else None


def chip_of(photo: NDArray[np.uint8]) -> bytes:
    """A square photo of LFW as the chip of a card would hold it: 102x126 pixels, JPEG at quality 60."""
    scaled = cv2.resize(photo, (SCALED_PX, SCALED_PX), interpolation=cv2.INTER_AREA)
    width, height = CHIP_SIZE
    left, top = (SCALED_PX - width) // 2, (SCALED_PX - height) // 2
    return _jpeg(scaled[top : top + height, left : left + width], CHIP_QUALITY)


def live_of(photo: NDArray[np.uint8]) -> bytes:
    """A square photo of LFW as a counter's photo of 640x480: enlarged to its height, edges drawn out to its width."""
    width, height = LIVE_SIZE
    scaled = cv2.resize(photo, (height, height), interpolation=cv2.INTER_CUBIC)
    side = (width - height) // 2
    return _jpeg(cv2.copyMakeBorder(scaled, 0, 0, side, side, cv2.BORDER_REPLICATE), LIVE_QUALITY)


def _drawn(place: int) -> Pair:
    """Everybody once, then everybody again in another light."""
    seed, again = place % PEOPLE, place // PEOPLE
    live = portrait(seed, Capture.of(seed + 1000 * again), size=LIVE_SIZE)
    return Pair(chip_portrait(seed), live)


def _real_people(count: int) -> list[Path]:
    """People with two photos or more, spread evenly over the alphabet."""
    lfw = lfw_folder()
    if lfw is None:
        return []
    several = sorted(folder for folder in lfw.iterdir() if len(list(folder.glob("*.jpg"))) > 1)
    return several[:: max(1, len(several) // count)][:count]


def _real(folder: Path) -> Pair:
    first, second = sorted(folder.glob("*.jpg"))[:2]
    return Pair(chip_of(decode(first.read_bytes())), live_of(decode(second.read_bytes())))


def _jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    bgr = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
