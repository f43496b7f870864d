"""Templates: what may be one, and what two of them may tell."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simkyc.errors import EngineMismatchError, FaceError
from simkyc.faces.template import Template, distance, mean

ENGINE = "engine/1"
DIMENSIONS = (128, 512)  # of dlib's network, and of most others


def unit(seed: int, dimensions: int = 128) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).standard_normal(dimensions)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def with_value(value: float) -> NDArray[np.float32]:
    vector = unit(0)
    vector[7] = value
    return vector


def templates_of(dimensions: int) -> st.SearchStrategy[Template]:
    return st.integers(0, 2**32 - 1).map(lambda seed: Template(unit(seed, dimensions), ENGINE))


templates = templates_of(128)


@pytest.mark.parametrize(
    ("vector", "engine_id"),
    [
        pytest.param(with_value(np.nan), ENGINE, id="NaN"),
        pytest.param(with_value(np.inf), ENGINE, id="infinite"),
        pytest.param(unit(0) * np.float32(1.001), ENGINE, id="too long"),
        pytest.param(np.zeros(128, np.float32), ENGINE, id="zero"),
        pytest.param(np.zeros(0, np.float32), ENGINE, id="empty"),
        pytest.param(unit(0).astype(np.float64), ENGINE, id="double precision"),
        pytest.param(unit(0)[:-1], ENGINE, id="too few"),
        pytest.param(unit(0)[None], ENGINE, id="a batch"),
        pytest.param(list(unit(0)), ENGINE, id="no array"),
        pytest.param(unit(0), "", id="no engine"),
    ],
)
def test_refuses_what_is_no_template(vector: NDArray[np.float32], engine_id: str) -> None:
    with pytest.raises(FaceError):
        Template(vector, engine_id)


def test_owns_its_vector() -> None:
    vector = unit(1)
    template = Template(vector, ENGINE)
    vector[0] = 9
    assert template.vector[0] == unit(1)[0]
    with pytest.raises(ValueError, match="read-only"):
        template.vector[0] = 0


def test_never_shows_its_vector() -> None:
    assert repr(Template(unit(1), ENGINE)) == "Template(engine_id='engine/1')"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_copies_are_equal_and_read_only(again: object) -> None:
    assert callable(again)
    template = Template(unit(2), ENGINE)
    other = again(template)
    assert other == template
    assert hash(other) == hash(template)
    assert not other.vector.flags.writeable


def test_equality_needs_the_same_engine() -> None:
    assert Template(unit(1), ENGINE) != Template(unit(1), "engine/2")
    assert Template(unit(1), ENGINE) != Template(unit(2), ENGINE)
    assert Template(unit(1), ENGINE) != unit(1).tobytes()


@given(st.sampled_from(DIMENSIONS).flatmap(templates_of))
def test_bytes_round_trip(template: Template) -> None:
    data = template.to_bytes()
    assert len(data) == 4 * template.vector.size
    assert Template.from_bytes(data, ENGINE) == template


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(unit(0).tobytes()[:-4], id="truncated by a number"),
        pytest.param(unit(0).tobytes()[:-1], id="truncated by a byte"),
        pytest.param(unit(0).tobytes() + b"\0", id="too long"),
        pytest.param(b"\xff" * 512, id="NaN throughout"),
        pytest.param(b"\0" * 512, id="zero"),
        pytest.param(unit(0).astype(">f4").tobytes(), id="big-endian"),
    ],
)
def test_refuses_bytes_that_are_no_template(data: bytes) -> None:
    with pytest.raises(FaceError):
        Template.from_bytes(data, ENGINE)


@given(st.sampled_from(DIMENSIONS).flatmap(lambda d: st.tuples(*[templates_of(d)] * 3)))
def test_distance_is_a_metric(three: tuple[Template, Template, Template]) -> None:
    a, b, c = three
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a)
    assert 0 <= distance(a, b) <= 2 + 1e-6
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-9


def test_distance_of_opposites() -> None:
    assert distance(Template(unit(1), ENGINE), Template(-unit(1), ENGINE)) == pytest.approx(2)


def test_engines_do_not_mix() -> None:
    a, b = Template(unit(1), ENGINE), Template(unit(1), "engine/2")
    with pytest.raises(EngineMismatchError):
        distance(a, b)
    with pytest.raises(EngineMismatchError):
        mean([a, a, b])


def test_one_that_lost_a_number_is_noticed() -> None:
    whole = Template(np.array([0.6, 0.8, 0], np.float32), ENGINE)
    short = Template.from_bytes(whole.to_bytes()[:-4], ENGINE)
    with pytest.raises(FaceError, match="truncated"):
        distance(whole, short)
    with pytest.raises(FaceError, match="truncated"):
        mean([whole, short])


@given(st.lists(templates, min_size=1, max_size=5))
def test_mean_is_a_unit_vector_in_any_order(several: list[Template]) -> None:
    average = mean(several)
    assert average.engine_id == ENGINE
    assert np.linalg.norm(average.vector) == pytest.approx(1, abs=1e-6)
    assert distance(mean(several[::-1]), average) < 1e-6


def test_mean_lies_between() -> None:
    a, b = Template(unit(1), ENGINE), Template(unit(2), ENGINE)
    assert mean([a]) == a
    assert distance(mean([a, b]), a) == pytest.approx(distance(mean([a, b]), b))
    assert distance(mean([a, b]), a) < distance(a, b)


def test_mean_of_nothing_and_of_opposites() -> None:
    with pytest.raises(FaceError):
        mean([])
    with pytest.raises(FaceError):
        mean([Template(unit(1), ENGINE), Template(-unit(1), ENGINE)])


@pytest.mark.parametrize("factor", [1e-30, 1.0, 1e30])
def test_direction_needs_no_length(factor: float) -> None:
    vector = unit(3).astype(np.float64) * factor
    assert distance(Template.from_direction(vector, ENGINE), Template(unit(3), ENGINE)) < 1e-6


@pytest.mark.parametrize(
    "vector",
    [
        np.zeros(128),
        np.full(128, np.nan),
        np.full(128, np.inf),
        np.ones((2, 128)),
    ],
    ids=["zero", "NaN", "infinite", "shape"],
)
def test_refuses_what_has_no_direction(vector: NDArray[np.float64]) -> None:
    with pytest.raises(FaceError):
        Template.from_direction(vector, ENGINE)
