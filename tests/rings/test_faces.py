"""Which faces tie people: the counter's rule, against a plain search, and in the order of nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from simkyc.errors import FaceError
from simkyc.faces.calibration import Calibration
from simkyc.rings.faces import Faces, distance_within, near_faces
from simkyc.testing.fakes import FakeCrowdEngine

CALIBRATION = FakeCrowdEngine().calibration("live-live")


def of(engine_id: str) -> Calibration | None:
    return CALIBRATION if engine_id == "crowd" else None


def kept(faces: Sequence[tuple[str, str, NDArray[np.floating]]], engine: str = "crowd#1") -> pa.Table:
    """Templates as a history keeps them: who, in which role, and the vector."""
    return pa.table(
        {
            "entry_no": list(range(1, len(faces) + 1)),
            "role": [role for _, role, _ in faces],
            "engine_id": [engine] * len(faces),
            "person_key": [person for person, _, _ in faces],
            "decided_at": [1000 + place for place in range(len(faces))],
            "vector": [vector.astype("<f2").tobytes() for _, _, vector in faces],
        }
    )


def unit(place: int, off: float = 0.0) -> NDArray[np.float64]:
    """A face of its own direction, off by a distance."""
    vector = np.zeros(128)
    vector[place] = 1.0
    vector[127] = off
    return vector


def test_the_distance_keeps_the_rate() -> None:
    for rate in (1e-2, 1e-4, 1e-6, 1e-8):
        distance = distance_within(CALIBRATION, rate)
        assert CALIBRATION.tail_rate_at(distance)[0] <= rate
        assert CALIBRATION.tail_rate_at(distance + 1e-6)[0] > rate
    assert distance_within(CALIBRATION, 1e-30) == 0


def test_one_face_under_several_ids_and_who_stood_beside() -> None:
    faces = [
        *((f"p{one}", "applicant", unit(0, 0.01 * one)) for one in range(4)),
        *((f"q{one}", "companion-1", unit(1, 0.01 * one)) for one in range(3)),
        ("r", "applicant", unit(2)),
        ("r", "companion-1", unit(2)),
    ]
    links, said = near_faces(kept(faces), of, 0.004)
    assert said == Faces(9, None)
    tied = {(link.kind, link.key): {one.person for one in links if one.key == link.key} for link in links}
    assert tied == {
        ("face", "1/applicant"): {"p0", "p1", "p2", "p3"},
        ("companion", "5/companion-1"): {"q0", "q1", "q2"},
    }
    assert {(link.given_at, link.entry) for link in links if link.person == "p3"} == {(1003, 4)}


@pytest.mark.parametrize("seed", range(3))
def test_every_near_pair_is_found_as_one_by_one(seed: int) -> None:
    """More rows than one matrix product takes; two people are tied if and only if they are near, or share a middle."""
    chance = np.random.default_rng(seed)
    middles = chance.normal(size=(400, 128))
    vectors = np.repeat(middles, 3, axis=0) + chance.normal(scale=0.1, size=(1200, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    faces = [(f"p{place}", "applicant", vector) for place, vector in enumerate(vectors)]
    links, _ = near_faces(kept(faces), of, 0.004)
    half = vectors.astype("<f2").astype(np.float64)
    radius = distance_within(CALIBRATION, 0.004 / 1200)
    near = {
        frozenset((one, other))
        for one in range(1200)
        for other in np.flatnonzero(np.linalg.norm(half - half[one], axis=1) <= radius).tolist()
        if one != other
    }
    groups: dict[str, set[int]] = {}
    for link in links:
        groups.setdefault(link.key, set()).add(int(link.person[1:]))
    assert near
    assert {one for group in groups.values() for one in group} == {one for pair in near for one in pair}
    for key, group in groups.items():
        middle = int(key.partition("/")[0]) - 1
        assert all(frozenset((middle, one)) in near for one in group - {middle})


def test_engines_are_never_compared() -> None:
    table = pa.concat_tables(
        [kept([("a", "applicant", unit(0))]), kept([("b", "applicant", unit(0))], "crowd#2")]
    )
    assert near_faces(table, of, 0.004) == ([], Faces(2, None))
    unknown = kept([("a", "applicant", unit(0)), ("b", "applicant", unit(0))], "other#1")
    assert near_faces(unknown, of, 0.004) == ([], Faces(None, "no_calibration"))
    assert near_faces(unknown.slice(0, 0), of, 0.004) == ([], Faces(None, "no_faces"))


def test_a_damaged_template_is_told() -> None:
    faces = [("a", "applicant", unit(0)), ("b", "applicant", unit(0)[:64])]
    with pytest.raises(FaceError, match="damaged"):
        near_faces(kept(faces), of, 0.004)


def test_a_search_takes_no_more_strangers_than_the_policy_allows() -> None:
    """Templates of people of a crowd, each once: chance ties of all searches stay near what the policy expects."""
    engine, chance = FakeCrowdEngine(), random.Random(4)
    faces = []
    for person in range(1500):
        photo = np.full((96, 96, 3), [chance.randrange(256) for _ in range(3)], np.uint8)
        found = engine.examine(photo, "live")
        assert found.template is not None
        faces.append((f"p{person}", "applicant", found.template.vector))
    links, _ = near_faces(kept(faces), of, 0.1)
    assert len(links) <= 3 * 0.1 * len(faces)
