from __future__ import annotations

import json

import numpy as np
import pytest

from simkyc.errors import InputError
from simkyc.faces import DlibFaceEngine
from simkyc.faces.centre import SHIFT, Centre, shipped_centre
from simkyc.faces.engine import centred


def other(**changes: object) -> Centre:
    return Centre.from_json(json.dumps(json.loads(shipped_centre().to_json()) | changes))


def test_what_ships_is_a_mean_of_many_and_of_no_unit_length() -> None:
    centre = shipped_centre()
    assert centre.people >= 30
    assert 0.5 < float(np.linalg.norm(centre.vector)) < 1  # a person's own template has length 1


def test_another_centre_is_another_engine() -> None:
    moved = other(vector=[0.0] * 128)
    assert DlibFaceEngine(centre=moved).engine_id != DlibFaceEngine().engine_id
    assert DlibFaceEngine(centre=shipped_centre()).engine_id == DlibFaceEngine().engine_id


def test_most_of_the_centre_is_taken_off() -> None:
    centre = np.array(shipped_centre().vector)
    vectors = np.stack([3 * centre, np.eye(128)[0]])
    moved = centred(vectors, shipped_centre())
    length = float(np.linalg.norm(centre))
    assert np.allclose(moved[0], centre / length - SHIFT * centre)
    assert np.allclose(moved[1], np.eye(128)[0] - SHIFT * centre)


def test_neighbours_of_the_centre_are_spread_out() -> None:
    random = np.random.default_rng(0)
    near = np.array(shipped_centre().vector) + random.normal(0, 0.02, (10, 128))
    before = near / np.linalg.norm(near, axis=1, keepdims=True)
    moved = centred(near, shipped_centre())
    after = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    assert np.linalg.norm(after[0] - after[1]) > 2 * np.linalg.norm(before[0] - before[1])


@pytest.mark.parametrize(
    "changes",
    [{"people": 29}, {"vector": [0.0] * 127}, {"vector": [None] * 128}],
    ids=["few enough to know one", "another dimension", "no numbers"],
)
def test_what_is_no_centre_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        other(**changes)
