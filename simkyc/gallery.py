"""One face among many: the templates of earlier openings in memory, searched exactly.

The rows of the history are the truth; this is a copy of one engine's, made when it is first needed, kept up with what
is admitted since, and made anew after anything was erased. What is kept is turned by the deployment's secret, and so
must be what is searched for: turning both changes no distance.

`faiss` searches where it is installed (`pip install simkyc[gallery]`), a flat index of 16-bit floats; without it NumPy
does the same by a matrix product in pieces.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceError
from simkyc.faces.template import Template
from simkyc.facts import GalleryFacts, GalleryHit
from simkyc.policy import Policy

if TYPE_CHECKING:
    from simkyc.faces.calibration import Calibration
    from simkyc.history.keys import Keyring
    from simkyc.history.protocol import Enrolled, Reader, StoredFace

__all__ = ["Captured", "Gallery", "GallerySearch", "Near", "Searched", "distances", "to_half"]

PIECE: Final = 65_536
"""Rows of one matrix product."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A face that the camera saw: whose part in the application it has, and its template.

    `role` is `companion` for whoever stood beside the customer. `person` is the keyed hash of whose ID it goes with;
    a companion's is the applicant's.
    """

    role: str
    template: Template = field(repr=False)
    person: str | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class Near:
    """One enrolled template and how far it is."""

    enrolled: Enrolled
    distance: float


def to_half(vector: NDArray[np.floating], rotation: NDArray[np.float64]) -> bytes:
    """A template's vector (d,) as it is kept: turned by `rotation` (d, d), little-endian float16."""
    return (rotation @ vector.astype(np.float64)).astype("<f2").tobytes()


def distances(probe: bytes, vectors: Sequence[bytes]) -> NDArray[np.float64]:
    """Euclidean distances (n,) of one kept vector to others.

    Raises:
        FaceError: They have not equally many numbers.
    """
    if not vectors:
        return np.empty(0)
    if {len(vector) for vector in vectors} != {len(probe)}:
        raise FaceError("a stored template has another length than its engine's: the history is damaged")
    rows = np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1).astype(np.float64)
    return np.asarray(np.linalg.norm(rows - np.frombuffer(probe, "<f2").astype(np.float64), axis=1))


class Gallery:
    """The templates of one engine. May be searched from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything, before it is loaded anew."""
        self.last_entry = 0
        """Number of the newest application that it knows."""
        self._enrolled: list[Enrolled] = []
        self._places: dict[str | None, list[int]] = {}
        self._indexes: dict[str | None, Any] = {}

    def __len__(self) -> int:
        return len(self._enrolled)

    def __repr__(self) -> str:
        return f"Gallery({len(self)} templates)"

    def add(self, enrolled: Iterable[Enrolled]) -> None:
        """Take in further templates, in the order of their applications.

        Raises:
            FaceError: One has another length than its engine's.
        """
        with self._lock:
            by_sex: dict[str | None, list[Enrolled]] = {}
            for one in enrolled:
                by_sex.setdefault(one.sex, []).append(one)
                self.last_entry = max(self.last_entry, one.entry_no)
            for sex, some in by_sex.items():
                size = len(some[0].vector)
                if any(len(one.vector) != size for one in some):
                    raise FaceError("a stored template has another length than its engine's")
                rows = np.frombuffer(b"".join(one.vector for one in some), "<f2").reshape(len(some), -1)
                index = self._indexes.get(sex)
                if index is None:
                    index = self._indexes[sex] = _new_index(rows.shape[1])
                index.add(rows.astype(np.float32))
                start = len(self._enrolled)
                self._enrolled += [_without_vector(one) for one in some]
                self._places.setdefault(sex, []).extend(range(start, start + len(some)))

    def search(
        self, probe: bytes, nearest: int, sexes: frozenset[str | None] | None = None
    ) -> tuple[tuple[Near, ...], int]:
        """The nearest enrolled templates, nearest first, and how many were searched.

        Args:
            probe: A vector as `to_half` gives it.
            nearest: How many at most.
            sexes: Only these, and those whose sex nobody knows; None for everybody.
        """
        row = np.frombuffer(probe, "<f2").astype(np.float32)[np.newaxis]
        found: list[Near] = []
        searched = 0
        with self._lock:
            for sex, index in self._indexes.items():
                if sexes is not None and sex is not None and sex not in sexes:
                    continue
                places = self._places[sex]
                searched += len(places)
                squared, rows = index.search(row, min(nearest, len(places)))
                found += [
                    Near(self._enrolled[places[place]], float(np.sqrt(max(0.0, square))))
                    for square, place in zip(squared[0], rows[0], strict=True)
                    if place >= 0
                ]
        found.sort(key=lambda near: near.distance)
        return tuple(found[:nearest]), searched


def _without_vector(one: Enrolled) -> Enrolled:
    """The index holds the vector; a second copy would double the memory."""
    return replace(one, vector=b"")


def _new_index(dimension: int) -> Any:
    try:
        import faiss
    except ImportError:
        return _Flat(dimension)
    return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_L2)


class _Flat:
    """What a flat index of faiss does, by NumPy: squared distances of the nearest rows."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._pieces: list[NDArray[np.float16]] = []

    def add(self, rows: NDArray[np.float32]) -> None:
        self._pieces.append(rows.astype(np.float16))
        if len(self._pieces) > 64:  # many small admissions would make every search a loop over them
            self._pieces = [np.concatenate(self._pieces)]

    def search(self, row: NDArray[np.float32], nearest: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        squared = [
            np.square(some.astype(np.float32) - row[0]).sum(axis=1, dtype=np.float64)
            for piece in self._pieces
            for some in np.array_split(piece, -(-len(piece) // PIECE))
        ]
        together = np.concatenate(squared)
        places = np.argsort(together, kind="stable")[:nearest]
        return together[places][np.newaxis], places[np.newaxis]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search outside of any transaction found, and up to where it knew the history.

    Attributes:
        faces: The faces of the application as they are kept, the applicant's first where there is one.
        near: For each of them the nearest enrolled templates.
        size: How many templates were searched for the first.
        last_entry: What was recorded later was not searched.
        own: The first face under each secret: what it is kept under, and its vector.
    """

    faces: tuple[StoredFace, ...]
    near: tuple[tuple[Near, ...], ...]
    size: int
    last_entry: int
    own: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


class GallerySearch:
    """Searches the faces of one history for one engine. May be used from any number of threads."""

    def __init__(self, engine_id: str, keyring: Keyring, policy: Policy) -> None:
        self._engine_id = engine_id
        self._rings = (keyring, *keyring.former)
        self._policy = policy.identity
        self._galleries = tuple(Gallery() for _ in self._rings)
        self._erased = -1
        self._loading = threading.Lock()
        self._rotations: dict[tuple[str, int], NDArray[np.float64]] = {}

    def search(self, captured: Sequence[Captured], reader: Reader, now: datetime) -> Searched:
        """Search for every face among all that were recorded, outside of any transaction."""
        self._catch_up(reader, now)
        faces = tuple(self._stored(one, self._rings[0]) for one in captured)
        near, sizes = [], []
        for one in captured:
            same = self._policy.same_sex_only and one.sex is not None
            found: list[Near] = []
            size = 0
            for ring, gallery in zip(self._rings, self._galleries, strict=True):
                some, searched = gallery.search(
                    self._stored(one, ring).vector,
                    int(self._policy.nearest.value) * 4,
                    frozenset({one.sex}) if same else None,
                )
                found += some
                size += searched
            near.append(tuple(found))
            sizes.append(size)
        first = next((one for one in captured if not one.role.startswith("companion")), None)
        return Searched(
            faces,
            tuple(near),
            sizes[0] if sizes else 0,
            self._galleries[0].last_entry,
            ()
            if first is None
            else tuple((self._kept_under(ring), self._stored(first, ring).vector) for ring in self._rings),
        )

    def facts(
        self,
        searched: Searched,
        reader: Reader,
        calibration: Calibration,
        now: datetime,
        before: str | None,
    ) -> GalleryFacts | None:
        """What was found, together with what was recorded since, inside the transaction; None without a face.

        Args:
            searched: What `search` found.
            reader: The transaction: what was erased since is not told.
            calibration: Of live photos against live photos.
            now: The moment: what is older than the policy's window does not count.
            before: The application that asks.
        """
        own_face = next((face for face in searched.faces if not face.role.startswith("companion")), None)
        if own_face is None:
            return None
        since = now - timedelta(days=self._policy.window.value)
        fresh = reader.faces(self._kept_under(self._rings[0]), searched.last_entry, since)
        near = [
            (face, [*found, *_compared(face, fresh, same_sex=self._policy.same_sex_only)])
            for face, found in zip(searched.faces, searched.near, strict=True)
        ]
        there = reader.faces_there(
            [one.enrolled.entry_no for _, found in near for one in found], before=before
        )
        known = {
            face.role: sorted(
                (
                    one
                    for one in found
                    if (one.enrolled.entry_no, one.enrolled.role) in there
                    and since < one.enrolled.decided_at <= now
                ),
                key=lambda one: one.distance,
            )
            for face, found in near
        }
        size = searched.size + len(fresh)
        own = [
            float(apart)
            for kept_under, vector in searched.own
            if own_face.person is not None
            for apart in distances(
                vector,
                [one.vector for one in reader.faces_of(own_face.person, kept_under, since, before=before)],
            )
        ]
        hits = []
        for one in known.get(own_face.role, [])[: int(self._policy.nearest.value)]:
            rate, guessed = calibration.tail_rate_at(one.distance)
            hits.append(
                GalleryHit(
                    distance=one.distance,
                    false_match_rate=rate,
                    is_extrapolated=guessed,
                    is_applicants=one.enrolled.person == own_face.person and not one.enrolled.is_companion,
                    as_companion=one.enrolled.is_companion,
                    decided_at=one.enrolled.decided_at,
                    position=there[one.enrolled.entry_no, one.enrolled.role],
                )
            )
        beside = {
            one.enrolled.person
            for face in searched.faces
            if face.role == "representative" or face.role.startswith("companion")
            for one in known.get(face.role, [])
            if one.enrolled.role in {"companion", "representative"}
            and calibration.tail_rate_at(one.distance)[0] * size <= self._policy.expected_false_hits.value
        } - {own_face.person, None}
        return GalleryFacts(
            size=size,
            hits=tuple(hits),
            own_distances=tuple(sorted(own)),
            same_person_distance=calibration.distance_at(self._policy.other_face_false_match_rate.value),
            companion_people=len(beside),
            calibration_id=calibration.calibration_id,
        )

    def _catch_up(self, reader: Reader, now: datetime) -> None:
        """Load what was recorded since; everything anew after something was erased."""
        with self._loading:
            erased = reader.erased()
            if erased != self._erased:
                self._galleries = tuple(Gallery() for _ in self._rings)
                self._erased = erased
            since = now - timedelta(days=self._policy.window.value)
            for ring, gallery in zip(self._rings, self._galleries, strict=True):
                while some := reader.faces(self._kept_under(ring), gallery.last_entry, since):
                    gallery.add(some)

    def _kept_under(self, ring: Keyring) -> str:
        """Only what one engine made and one secret turned can be compared."""
        return f"{self._engine_id}#{ring.key_id}"

    def _stored(self, one: Captured, ring: Keyring) -> StoredFace:
        from simkyc.history.protocol import StoredFace

        dimension = one.template.vector.size
        rotation = self._rotations.get((ring.key_id, dimension))
        if rotation is None:
            rotation = self._rotations[ring.key_id, dimension] = ring.rotation(dimension)
        vector = to_half(one.template.vector, rotation)
        return StoredFace(one.role, self._kept_under(ring), one.person, one.sex, vector)


def _compared(face: StoredFace, fresh: Sequence[Enrolled], *, same_sex: bool) -> list[Near]:
    some = [one for one in fresh if not same_sex or None in (one.sex, face.sex) or one.sex == face.sex]
    apart = distances(face.vector, [one.vector for one in some])
    return [Near(one, float(distance)) for one, distance in zip(some, apart, strict=True)]
