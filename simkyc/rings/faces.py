"""Which kept faces are so near that strangers hardly would be, all of them against all.

The rule is the counter's: at the distance of two faces, the false match rate times the number of templates searched
among must not be above the policy's `identity.expected_false_hits`. No distance is chosen here; the engine's
calibration tells it. Kept templates are turned by the deployment's secret, which changes no distance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from simkyc.errors import FaceError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from simkyc.faces.calibration import Calibration

__all__ = ["CalibrationOf", "FaceLink", "Faces", "distance_within", "near_faces"]

CalibrationOf = Callable[[str], "Calibration | None"]
"""Gives the calibration of an engine, by its `engine_id`, for two live photos."""
ROWS: Final = 1024
COLUMNS: Final = 16_384
"""Rows and columns of one matrix product: 64 MB."""
SLACK: Final = 1e-3
"""What 32-bit products may be off; who is so near is measured again exactly."""


@dataclass(frozen=True, slots=True)
class FaceLink:
    """A face that several people have, or that stood beside several."""

    person: str
    kind: Literal["face", "companion"]
    key: str
    given_at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Faces:
    """How many templates were compared; None where none were, and why. A table of links has ties of faces already."""

    compared: int | None
    missing: Literal["no_faces", "no_calibration"] | None


def distance_within(calibration: Calibration, false_match_rate: float) -> float:
    """The largest distance at which the rate is kept, carried on below the table as searches do; 0 where none is."""
    low, high = 0.0, 2.0
    if calibration.tail_rate_at(low)[0] > false_match_rate:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        if calibration.tail_rate_at(middle)[0] <= false_match_rate:
            low = middle
        else:
            high = middle
    return low


def near_faces(
    kept: pa.Table, calibration_of: CalibrationOf, expected_false_hits: float
) -> tuple[list[FaceLink], Faces]:
    """The faces that tie people.

    Each face with the most near ones stands in the middle of those; what is left over forms further groups. A group
    whose own faces belong to several people is a `face`; one where it stood beside others is a `companion`.

    Args:
        kept: `entry_no`, `role`, `engine_id`, `person_key`, `decided_at`, `vector`, in the order of the first two.
        calibration_of: Gives that of an engine for two live photos; an engine without one is left out.
        expected_false_hits: How many strangers as near a search may be expected to find.

    Raises:
        FaceError: A template has another length than its engine's.
    """
    engines = kept["engine_id"].to_pylist()
    links: list[FaceLink] = []
    compared = 0
    for engine in sorted(set(engines)):
        calibration = calibration_of(engine.partition("#")[0])
        if calibration is None:
            continue
        rows = [place for place, one in enumerate(engines) if one == engine]
        compared += len(rows)
        radius = distance_within(calibration, expected_false_hits / len(rows))
        links += _linked(kept.take(rows), radius)
    if compared:
        return links, Faces(compared, None)
    return [], Faces(None, "no_calibration" if engines else "no_faces")


def _linked(kept: pa.Table, radius: float) -> Iterator[FaceLink]:
    blobs, people = kept["vector"].to_pylist(), kept["person_key"].to_pylist()
    roles, entries, times = (kept[name].to_pylist() for name in ("role", "entry_no", "decided_at"))
    if len({len(one) for one in blobs}) != 1 or len(blobs[0]) % 2:
        raise FaceError("a stored template has another length than its engine's: the history is damaged")
    vectors = np.frombuffer(b"".join(blobs), "<f2").reshape(len(blobs), -1)
    near: dict[int, set[int]] = {}
    for one, other in _pairs(vectors, radius):
        if people[one] != people[other]:
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
    grouped: set[int] = set()
    for middle in sorted(near, key=lambda one: (-len(near[one]), one)):
        if middle in grouped:
            continue
        group = sorted({middle, *near[middle]})
        grouped.update(group)
        key = f"{entries[middle]}/{roles[middle]}"
        own = [one for one in group if not roles[one].startswith("companion")]
        if len({people[one] for one in own}) > 1:
            yield from (FaceLink(people[one], "face", key, times[one], entries[one]) for one in own)
        if len(own) < len(group):
            yield from (FaceLink(people[one], "companion", key, times[one], entries[one]) for one in group)


def _pairs(vectors: NDArray[np.float16], radius: float) -> Iterator[tuple[int, int]]:
    """Pairs of rows at most `radius` apart, the smaller first."""
    whole = vectors.astype(np.float32)
    squares = np.square(whole).sum(axis=1, dtype=np.float32)
    reach = (radius + SLACK) ** 2
    for top in range(0, len(whole), ROWS):
        rows = whole[top : top + ROWS]
        for left in range(top, len(whole), COLUMNS):
            columns = whole[left : left + COLUMNS]
            squared = (
                squares[top : top + ROWS, None] + squares[left : left + COLUMNS] - 2 * (rows @ columns.T)
            )
            found = np.argwhere(squared <= reach) + np.array([top, left])
            found = found[found[:, 0] < found[:, 1]]
            exact = vectors[found[:, 0]].astype(np.float64) - vectors[found[:, 1]].astype(np.float64)
            yield from map(tuple, found[np.linalg.norm(exact, axis=1) <= radius].tolist())
