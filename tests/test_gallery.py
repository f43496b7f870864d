"""One face among many: searched exactly, kept up with admissions, forgetting what was erased."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simkyc.errors import FaceError
from simkyc.gallery import Gallery, distances, to_half
from simkyc.history.keys import Keyring
from simkyc.history.protocol import Enrolled

KEYRING = Keyring(b"a secret for tests only")
THEN = datetime(2026, 11, 1, tzinfo=UTC)


def unit(seed: int, dimension: int = 128) -> NDArray[np.float64]:
    vector = np.random.default_rng(seed).standard_normal(dimension)
    return np.asarray(vector / np.linalg.norm(vector))


def enrolled(entry_no: int, sex: str | None = "male", seed: int | None = None) -> Enrolled:
    vector = to_half(unit(entry_no if seed is None else seed), KEYRING.rotation(128))
    return Enrolled(entry_no, "applicant", f"person-{entry_no}", sex, THEN, vector)


@pytest.fixture(params=["faiss", "numpy"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        monkeypatch.setitem(sys.modules, "faiss", None)
    else:
        pytest.importorskip("faiss")
    return str(request.param)


# the secret's rotation


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_turning_changes_no_distance(a: int, b: int) -> None:
    rotation = KEYRING.rotation(128)
    apart = float(np.linalg.norm(unit(a) - unit(b)))
    kept = distances(to_half(unit(a), rotation), [to_half(unit(b), rotation)])
    assert kept[0] == pytest.approx(apart, abs=2e-3)


def test_a_rotation_is_orthogonal_and_the_secrets_own() -> None:
    rotation = KEYRING.rotation(128)
    assert np.allclose(rotation @ rotation.T, np.eye(128), atol=1e-10)
    assert np.array_equal(rotation, Keyring(b"a secret for tests only").rotation(128))
    assert not np.allclose(rotation, Keyring(b"another secret for tests").rotation(128), atol=0.1)
    # Kept values may never move with a library: every face on record would become somebody else's.
    assert rotation[0, :3] == pytest.approx([-0.0626191421, 0.1488906896, -0.0675897807], abs=1e-9)


def test_without_the_secret_a_kept_template_is_near_nobody() -> None:
    kept = np.frombuffer(to_half(unit(1), KEYRING.rotation(128)), "<f2").astype(np.float64)
    assert np.linalg.norm(kept - unit(1)) > 1


# the index


def test_search_is_exact(library: str) -> None:
    gallery = Gallery()
    some = [enrolled(entry) for entry in range(1, 500)]
    gallery.add(some[:200])
    gallery.add(some[200:])
    probe = to_half(unit(10_000), KEYRING.rotation(128))
    near, searched = gallery.search(probe, 10)
    apart = distances(probe, [one.vector for one in some])
    assert searched == len(gallery) == 499
    assert [one.enrolled.entry_no for one in near] == [
        some[place].entry_no for place in np.argsort(apart)[:10]
    ]
    assert [one.distance for one in near] == pytest.approx(sorted(apart)[:10], abs=1e-3)


def test_sexes_are_searched_apart_where_asked(library: str) -> None:
    gallery = Gallery()
    gallery.add(
        [enrolled(1, "male", 5), enrolled(2, "female", 5), enrolled(3, None, 5), enrolled(4, "male", 6)]
    )
    probe = to_half(unit(5), KEYRING.rotation(128))
    near, searched = gallery.search(probe, 10, frozenset({"male"}))
    assert ({one.enrolled.entry_no for one in near}, searched) == ({1, 3, 4}, 3)
    assert gallery.search(probe, 10)[1] == 4


def test_an_empty_gallery_finds_nobody(library: str) -> None:
    assert Gallery().search(to_half(unit(1), KEYRING.rotation(128)), 5) == ((), 0)


def test_a_damaged_template_is_noticed(library: str) -> None:
    gallery = Gallery()
    gallery.add([enrolled(1)])
    short = Enrolled(2, "applicant", None, "male", THEN, b"\0" * 10)
    with pytest.raises(FaceError):
        gallery.add([enrolled(3), short])
    with pytest.raises(FaceError):
        distances(enrolled(1).vector, [short.vector])


def test_nothing_personal_is_shown() -> None:
    shown = repr(enrolled(1)) + repr(Gallery())
    assert "person-1" not in shown
    assert "b'" not in shown
