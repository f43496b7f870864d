"""One face among many: the templates of earlier openings, searched by the history's server or exactly in memory.

The rows of the history are the truth. A PostgreSQL server with pgvector searches them itself and gives candidates,
which are measured again here. Of any other history one engine's templates are copied when they are first needed; the
copy is kept up with what is admitted since, and made anew after anything was erased. What is kept is turned by the
deployment's secret, and so must be what is searched for: turning both changes no distance.

`faiss` searches where it is installed (`pip install simkyc[gallery]`), a flat index of 16-bit floats; without it NumPy
does the same by a matrix product in pieces.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceError
from simkyc.faces.template import Template
from simkyc.facts import GalleryFacts, GalleryHit, day_in_china
from simkyc.policy import Policy

if TYPE_CHECKING:
    from simkyc.faces.calibration import Calibration
    from simkyc.history.keys import Keyring
    from simkyc.history.protocol import Enrolled, FacesWanted, NearFaces, Reader, StoredFace

__all__ = ["Captured", "Gallery", "GallerySearch", "Near", "Searched", "Turned", "distances", "to_half"]

PIECE: Final = 65_536
"""Rows of one matrix product."""
COUNT_HOLDS: Final = timedelta(minutes=5)
"""A large number of templates on a server is counted anew after so long by the applications' own time."""
LARGE: Final = 10_000
"""From here on what a few minutes add changes no finding, and counting takes longer than a search."""
AT_ONCE: Final = 50_000
"""Templates that are loaded in one piece."""
LONGEST_COMMIT_S: Final = 90.0
"""In a shared history an application has its number before it is committed: so long one may come after later ones.

A server ends what hangs in a transaction after a minute.
"""
LONG_AGO: Final = timedelta(hours=1)
"""No two clocks of counters differ so much: beside what was decided before, nothing is still to be committed."""


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
class Known:
    """What was known at one moment: recorded after `since`, until then, and by applications with a lower number."""

    since: datetime
    until: datetime
    before: int

    def __contains__(self, one: Enrolled) -> bool:
        return self.since < one.decided_at <= self.until and one.entry_no < self.before


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


Turned = tuple["StoredFace", ...]
"""One face as it is kept under the present secret, and then under each of those before it."""


class Gallery:
    """The templates of one engine. May be searched from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._enrolled: list[Enrolled] = []
        self._places: dict[str | None, list[int]] = {}
        self._indexes: dict[str | None, Any] = {}
        self._last_entry = 0
        self._settled = 0
        self._since_settled: dict[tuple[int, str], datetime] = {}
        self._caught_up: deque[tuple[float, int]] = deque()

    def __len__(self) -> int:
        return len(self._enrolled)

    def __repr__(self) -> str:
        return f"Gallery({len(self)} templates)"

    def add(self, enrolled: Iterable[Enrolled]) -> None:
        """Take in further templates, about in the order of their applications; what it has it leaves out.

        Raises:
            FaceError: One has another length than its engine's.
        """
        with self._lock:
            by_sex: dict[str | None, list[Enrolled]] = {}
            for one in enrolled:
                if one.entry_no > self._settled and (one.entry_no, one.role) not in self._since_settled:
                    by_sex.setdefault(one.sex, []).append(one)
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
                self._since_settled |= {(one.entry_no, one.role): one.decided_at for one in some}
                self._last_entry = max(self._last_entry, *(one.entry_no for one in some))

    def settle(self, at: float, now: datetime | None = None) -> None:
        """Everything that was committed by `at`, in seconds of a clock that never goes back, was taken in.

        Args:
            at: When the taking in began.
            now: The moment by the counters' clocks; None where nobody knows.
        """
        with self._lock:
            self._caught_up.append((at, self._last_entry))
            while self._caught_up[0][0] < at - LONGEST_COMMIT_S:
                self._settled = self._caught_up.popleft()[1]
            if now is not None:
                old = (entry for (entry, _), then in self._since_settled.items() if then < now - LONG_AGO)
                self._settled = max(self._settled, max(old, default=0))
            self._since_settled = {
                one: then for one, then in self._since_settled.items() if one[0] > self._settled
            }

    @property
    def settled(self) -> int:
        """The number of the application up to which nothing is missing; later ones may yet be committed."""
        return self._settled

    @property
    def since_settled(self) -> frozenset[tuple[int, str]]:
        """The templates of later ones that it has, by number and role."""
        return frozenset(self._since_settled)

    def search(
        self,
        probe: bytes,
        nearest: int,
        sexes: frozenset[str | None] | None = None,
        known: Known | None = None,
    ) -> tuple[tuple[Near, ...], int]:
        """The nearest enrolled templates, nearest first, and among how many that count.

        Args:
            probe: A vector as `to_half` gives it.
            nearest: How many at most of each sex, and of those who stood beside.
            sexes: Only these, and those whose sex nobody knows; None for everybody.
            known: Which of them count; None for all.
        """
        row = np.frombuffer(probe, "<f2").astype(np.float32)[np.newaxis]
        found: list[Near] = []
        searched = 0
        with self._lock:
            for sex, index in self._indexes.items():
                if sexes is not None and sex is not None and sex not in sexes:
                    continue
                places = self._places[sex]
                searched += len(places) if known is None else self._counted(places, known)
                squared, rows = index.search(row, min(nearest, len(places)))
                found += [
                    Near(self._enrolled[places[place]], float(np.sqrt(max(0.0, square))))
                    for square, place in zip(squared[0], rows[0], strict=True)
                    if place >= 0
                ]
        # The nearest of each sex, and of those who stood beside: none crowds out another.
        found.sort(key=lambda near: near.distance)
        return tuple(found), searched

    def _counted(self, places: list[int], known: Known) -> int:
        """How many count, as far as clocks agree on the order in which they were recorded."""

        def decided_at(place: int) -> datetime:
            return self._enrolled[place].decided_at

        first = bisect_right(places, known.since, key=decided_at)
        last = bisect_right(places, known.until, lo=first, key=decided_at)
        before = bisect_left(places, known.before, key=lambda place: self._enrolled[place].entry_no)
        return max(0, min(last, before) - first)


def _without_vector(one: Enrolled) -> Enrolled:
    """The index holds the vector; a second copy would double the memory."""
    return replace(one, vector=b"")


def _new_index(dimension: int) -> Any:
    try:
        import faiss
    except ImportError:
        return _Flat(dimension)
    return _OneThread(
        faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_L2),
        faiss.omp_get_max_threads,
        faiss.omp_set_num_threads,
    )


class _OneThread:
    """An index of faiss that searches in the calling thread alone.

    faiss gives each probe to one thread. Here there is one probe, and on a busy machine waiting for the idle threads
    of its pool takes longer than the search.
    """

    def __init__(self, index: Any, threads: Callable[[], int], set_threads: Callable[[int], None]) -> None:
        self._index, self._threads, self._set_threads = index, threads, set_threads

    def add(self, rows: NDArray[np.float32]) -> None:
        self._index.add(rows)

    def search(self, row: NDArray[np.float32], nearest: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        before = self._threads()
        self._set_threads(1)  # of this thread alone
        try:
            squared, rows = self._index.search(row, nearest)
        finally:
            self._set_threads(before)
        return squared, rows


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
        size: Among how many templates for the first.
        after: The number of the application after which templates may not have been searched.
        searched: Which of them were, by number and role.
        own: The first face under each secret: what it is kept under, and its vector.
        as_of: When a server searched, by its own clock; None where the copy in memory was searched.
    """

    faces: tuple[StoredFace, ...]
    near: tuple[tuple[Near, ...], ...]
    size: int
    after: int
    searched: frozenset[tuple[int, str]]
    own: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    as_of: int | None = None


class GallerySearch:
    """Searches the faces of one history for one engine. May be used from any number of threads."""

    def __init__(self, engine_id: str, keyring: Keyring, policy: Policy) -> None:
        self._engine_id = engine_id
        self._rings = (keyring, *keyring.former)
        self._policy = policy.identity
        self._galleries = tuple(Gallery() for _ in self._rings)
        self._erased = -1
        self._turn = threading.Lock()
        self._rotations: dict[tuple[str, int], NDArray[np.float64]] = {}
        self._counts: dict[tuple[str, str | None], tuple[Known, int]] = {}

    def search(
        self, captured: Sequence[Captured], reader: Reader, now: datetime, before: str | None = None
    ) -> Searched:
        """Search for every face among all that were recorded, outside of any transaction; `before` as in `facts`."""
        return self.search_turned(self.turned(captured), reader, now, before)

    def turned(self, captured: Sequence[Captured]) -> tuple[Turned, ...]:
        """The faces as they are kept, each under the present secret and then under those before it."""
        return tuple(tuple(self._stored(one, ring) for ring in self._rings) for one in captured)

    def search_turned(
        self, turned: Sequence[Turned], reader: Reader, now: datetime, before: str | None = None
    ) -> Searched:
        """As `search`, for faces that are turned already."""
        served = self._on_server(turned, reader, self._known(reader, now, before))
        if served is not None:
            return served
        # One at a time: what is found and what is said to have been searched are of one and the same gallery.
        with self._turn:
            self._catch_up(reader, now)
            return self._searched(turned, self._known(reader, now, before))

    def _on_server(self, turned: Sequence[Turned], reader: Reader, known: Known) -> Searched | None:
        """What the history's server finds; None where it searches no faces."""
        near: list[tuple[Near, ...]] = []
        as_of = None
        for faces in turned:
            found: list[Near] = []
            for face in faces:
                served = self._asked(face, reader, known)
                if served is None:
                    return None
                # Of several searches the first is meant: what came between them is looked for again.
                as_of = served.as_of if as_of is None else as_of
                found += _compared(face, served.faces, same_sex=self._policy.same_sex_only)
            near.append(tuple(found))
        if as_of is None:
            return None
        return Searched(
            tuple(faces[0] for faces in turned),
            tuple(near),
            self._size(turned[0][0].sex, reader, known),
            after=0,
            searched=frozenset(),
            own=_own(turned),
            as_of=as_of,
        )

    def _asked(
        self, face: StoredFace, reader: Reader, known: Known, recorded_after: int | None = None
    ) -> NearFaces | None:
        sex = face.sex if self._policy.same_sex_only else None
        return reader.faces_near(
            _wanted(face.engine_id, sex, known),
            face.vector,
            int(self._policy.nearest.value) * 4,
            recorded_after,
        )

    def _size(self, sex: str | None, reader: Reader, known: Known) -> int:
        """Among how many templates a server searches; a large number may be as old as `COUNT_HOLDS`."""
        sex, size = sex if self._policy.same_sex_only else None, 0
        for ring in self._rings:
            place = (self._kept_under(ring), sex)
            counted, count = self._counts.get(place, (known, 0))
            age = known.until - counted.until
            if count < LARGE or counted.before != known.before or not timedelta() <= age < COUNT_HOLDS:
                count = reader.faces_count(_wanted(*place, known))
                self._counts[place] = known, count
            size += count
        return size

    def _searched(self, turned: Sequence[Turned], known: Known) -> Searched:
        near, sizes = [], []
        for faces in turned:
            sex = faces[0].sex
            same = self._policy.same_sex_only and sex is not None
            found: list[Near] = []
            size = 0
            for face, gallery in zip(faces, self._galleries, strict=True):
                some, searched = gallery.search(
                    face.vector,
                    int(self._policy.nearest.value) * 4,
                    frozenset({sex}) if same else None,
                    known,
                )
                found += some
                size += searched
            near.append(tuple(found))
            sizes.append(size)
        return Searched(
            tuple(faces[0] for faces in turned),
            tuple(near),
            sizes[0] if sizes else 0,
            self._galleries[0].settled,
            self._galleries[0].since_settled,
            _own(turned),
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
        counted = self._known(reader, now, before)
        near, size = self._up_to_date(searched, own_face, reader, counted)
        mine = [
            (one, float(apart))
            for kept_under, vector in searched.own
            if own_face.person is not None
            for earlier in [reader.faces_of(own_face.person, kept_under, since, before=before)]
            for one, apart in zip(earlier, distances(vector, [one.vector for one in earlier]), strict=True)
        ]
        there = reader.faces_there(
            [
                *(one.enrolled.entry_no for _, found in near for one in found),
                *(one.entry_no for one, _ in mine),
            ],
            now,
            before=before,
        )
        known = {
            face.role: sorted(
                (
                    # Its person may be known by another key since the copy was made.
                    replace(one, enrolled=replace(one.enrolled, person=kept.person))
                    for one in found
                    for kept in [there.get((one.enrolled.entry_no, one.enrolled.role))]
                    if kept is not None and since < one.enrolled.decided_at <= now
                ),
                key=lambda one: one.distance,
            )
            for face, found in near
        }
        hits = []
        # Own faces and companions are as near as one likes: they may not crowd out whoever else is near.
        strangers = [
            one
            for one in known.get(own_face.role, [])
            if not one.enrolled.is_companion and one.enrolled.person != own_face.person
        ]
        for one in strangers[: int(self._policy.nearest.value)]:
            rate, guessed = calibration.tail_rate_at(one.distance)
            hits.append(
                GalleryHit(
                    distance=one.distance,
                    false_match_rate=rate,
                    is_extrapolated=guessed,
                    is_applicants=one.enrolled.person == own_face.person and not one.enrolled.is_companion,
                    as_companion=one.enrolled.is_companion,
                    decided_at=one.enrolled.decided_at,
                    position=there[one.enrolled.entry_no, one.enrolled.role].position,
                    is_fraud=there[one.enrolled.entry_no, one.enrolled.role].is_fraud,
                )
            )
        beside = {
            (one.enrolled.person, day_in_china(one.enrolled.decided_at))
            for face in searched.faces
            if face.role == "representative" or face.role.startswith("companion")
            for one in known.get(face.role, [])
            if (one.enrolled.is_companion or one.enrolled.role == "representative")
            and one.enrolled.person not in {own_face.person, None}
            and calibration.tail_rate_at(one.distance)[0] * size <= self._policy.expected_false_hits.value
        }
        return GalleryFacts(
            size=size,
            hits=tuple(hits),
            own_distances=tuple(sorted(apart for _, apart in mine)),
            same_person_distance=calibration.distance_at(self._policy.other_face_false_match_rate.value),
            companion_people=len({person for person, _ in beside}),
            calibration_id=calibration.calibration_id,
            companion_days=len({day_in_china(now), *(day for _, day in beside)}),
            own_fraud_distance=min(
                (
                    apart
                    for one, apart in mine
                    for kept in [there.get((one.entry_no, one.role))]
                    if kept is not None and kept.is_fraud
                ),
                default=None,
            ),
        )

    def _up_to_date(
        self, searched: Searched, own_face: StoredFace, reader: Reader, known: Known
    ) -> tuple[list[tuple[StoredFace, list[Near]]], int]:
        """What is near each face, with what was recorded since the search; and among how many templates."""
        same_sex, near = self._policy.same_sex_only, []
        if searched.as_of is None:
            fresh = [
                one
                for one in reader.faces(self._kept_under(self._rings[0]), searched.after, known.since)
                if (one.entry_no, one.role) not in searched.searched and one in known
            ]
            for face, found in zip(searched.faces, searched.near, strict=True):
                near.append((face, [*found, *_compared(face, fresh, same_sex=same_sex)]))
            return near, searched.size + len(_compared(own_face, fresh, same_sex=same_sex))
        for face, found in zip(searched.faces, searched.near, strict=True):
            served = self._asked(face, reader, known, searched.as_of)
            has = {(one.enrolled.entry_no, one.enrolled.role) for one in found}
            fresh = [one for one in (served.faces if served else ()) if (one.entry_no, one.role) not in has]
            near.append((face, [*found, *_compared(face, fresh, same_sex=same_sex)]))
        size = searched.size if searched.size >= LARGE else self._size(own_face.sex, reader, known)
        return near, size

    def _known(self, reader: Reader, now: datetime, before: str | None) -> Known:
        since = now - timedelta(days=self._policy.window.value)
        return Known(since, now, reader.entry_no(before))

    def _catch_up(self, reader: Reader, now: datetime) -> None:
        """Load what was recorded since; everything anew after something was erased."""
        at, erased = time.monotonic(), reader.erased()
        if erased != self._erased:
            self._galleries = tuple(Gallery() for _ in self._rings)
            self._erased = erased
        since = now - timedelta(days=self._policy.window.value)
        for ring, gallery in zip(self._rings, self._galleries, strict=True):
            after = gallery.settled
            while some := reader.faces(self._kept_under(ring), after, since, AT_ONCE):
                gallery.add(some)
                if len(some) < AT_ONCE:
                    break
                # The last application may have more faces than fitted.
                after = some[-1].entry_no - 1
            gallery.settle(at, now)

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


def _own(turned: Sequence[Turned]) -> tuple[tuple[str, bytes], ...]:
    """The first face that is no companion's: under which secrets it is kept, and its vectors."""
    first = next((faces for faces in turned if not faces[0].role.startswith("companion")), ())
    return tuple((face.engine_id, face.vector) for face in first)


def _wanted(kept_under: str, sex: str | None, known: Known) -> FacesWanted:
    from simkyc.history.protocol import FacesWanted

    return FacesWanted(kept_under, sex, known.since, known.until, known.before)


def _compared(face: StoredFace, fresh: Sequence[Enrolled], *, same_sex: bool) -> list[Near]:
    some = [one for one in fresh if not same_sex or None in (one.sex, face.sex) or one.sex == face.sex]
    apart = distances(face.vector, [one.vector for one in some])
    return [Near(one, float(distance)) for one, distance in zip(some, apart, strict=True)]
