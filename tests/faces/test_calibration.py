from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import EngineMismatchError, FaceError, InputError
from simkyc.faces import DlibFaceEngine
from simkyc.faces.calibration import Calibration, Domain, Pairs, calibrate, impostor_pairs_needed, shipped

PEOPLE = 300
RANDOM = np.random.default_rng(1)


def impostors(people: int = PEOPLE) -> Pairs:
    """Every ordered pair of two people, at distances spread evenly from 0.4 to 1.4."""
    probe, reference = np.nonzero(~np.eye(people, dtype=bool))
    return Pairs(0.4 + RANDOM.permutation(probe.size) / probe.size, probe, reference)


def genuine(people: int = PEOPLE) -> Pairs:
    """One pair a person, at distances from 0 to 0.6."""
    person = np.arange(people)
    return Pairs(0.6 * person / people, person, person)


def made(**changes: Pairs) -> Calibration:
    pairs = {"genuine": genuine(), "impostor": impostors()} | changes
    return calibrate(
        pairs["genuine"], pairs["impostor"], engine_id="test/1", domain="chip-live", data="made up"
    )


MADE = made()


def test_the_distance_of_a_rate_keeps_the_rate() -> None:
    pairs = impostors()
    table = made(impostor=pairs)
    for point in table.points:
        share = float((pairs.distance <= point.distance).mean())
        assert share == pytest.approx(point.false_match_rate, abs=2 / pairs.distance.size)
        assert point.distance_low <= point.distance <= point.distance_high
        assert point.false_non_match_rate_low <= point.false_non_match_rate <= point.false_non_match_rate_high


def test_only_rates_with_enough_false_matches_are_told() -> None:
    assert MADE.impostor_pairs == PEOPLE * (PEOPLE - 1)
    assert MADE.points[0].false_match_rate == 1e-3  # 3e-4 would rest on 27 pairs
    assert MADE.points[-1].false_match_rate == 0.1


def test_the_interval_is_about_as_wide_as_resampled_people_differ() -> None:
    widths = [point.distance_high - point.distance_low for point in MADE.points]
    assert all(0 < width < 0.05 for width in widths)


def test_the_same_pairs_give_the_same_table_in_any_order() -> None:
    pairs = impostors()
    order = RANDOM.permutation(pairs.distance.size)
    shuffled = Pairs(pairs.distance[order], pairs.probe[order], pairs.reference[order])
    assert made(impostor=pairs) == made(impostor=shuffled)
    assert made(impostor=pairs).calibration_id == made(impostor=shuffled).calibration_id


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"impostor": impostors(20)}, "too few pairs"),
        ({"genuine": Pairs(np.array([]), np.array([], int), np.array([], int))}, "too few pairs"),
        ({"genuine": Pairs(np.array([np.nan]), np.array([0]), np.array([0]))}, "not finite"),
    ],
    ids=["twenty people", "no genuine pair", "a distance that is none"],
)
def test_what_cannot_be_calibrated_says_why(changes: dict[str, Pairs], advice: str) -> None:
    with pytest.raises(InputError, match=advice):
        made(**changes)


@given(st.floats(1e-3, 0.1))
def test_there_and_back(rate: float) -> None:
    assert MADE.false_match_rate_at(MADE.distance_at(rate)) == pytest.approx(rate, rel=1e-6)


@given(st.floats(0, 2), st.floats(0, 2))
def test_a_longer_distance_is_never_a_smaller_rate(a: float, b: float) -> None:
    near, far = sorted((a, b))
    assert MADE.false_match_rate_at(near) <= MADE.false_match_rate_at(far)


@pytest.mark.parametrize("rate", [1e-9, 0.5, 0.0, float("nan")])
def test_a_rate_outside_the_table_is_not_guessed(rate: float) -> None:
    with pytest.raises(FaceError, match=r"from 0\.001 to 0\.1"):
        MADE.distance_at(rate)


def test_nearer_than_all_is_at_most_the_smallest_rate_and_beyond_all_is_everybody() -> None:
    assert MADE.false_match_rate_at(0.0) == 1e-3
    assert MADE.false_match_rate_at(1.9) == 1.0


def test_points_must_rise() -> None:
    body = json.loads(MADE.to_json())
    body["points"].reverse()
    with pytest.raises(InputError, match="rise"):
        Calibration.from_json(json.dumps(body))


@pytest.mark.parametrize("domain", ["chip-live", "live-live"])
def test_what_ships_is_of_the_built_in_engine_and_reaches_the_policys_rates(domain: Domain) -> None:
    table = shipped(DlibFaceEngine().engine_id, domain)
    assert (table.engine_id, table.domain) == (DlibFaceEngine().engine_id, domain)
    assert table.people > 1000
    assert table.impostor_pairs > 1_000_000
    assert table.distance_at(1e-4) < table.distance_at(1e-2)


@pytest.mark.parametrize("rate", [1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1])
def test_thirty_false_matches_stand_behind_a_rate(rate: float) -> None:
    needed = impostor_pairs_needed(rate)
    assert needed * rate == pytest.approx(30)
    assert (needed - 1) * rate < 30


def test_rates_may_be_asked_for_beside_the_usual_ones() -> None:
    pairs = impostors()
    table = calibrate(
        *(genuine(), pairs), engine_id="test/1", domain="chip-live", data="made up", rates=[2e-3, 1e-4]
    )
    (point,) = (point for point in table.points if point.false_match_rate == 2e-3)
    assert float((pairs.distance <= point.distance).mean()) == pytest.approx(2e-3, rel=0.02)
    assert table.points[0].false_match_rate == 1e-3  # of 1e-4 the pairs say nothing


def test_equal_distances_come_together() -> None:
    """Of 1% of the pairs only the half that is nearer keeps the rate."""
    pairs = impostors()
    near = np.argsort(pairs.distance)
    pairs.distance[near[450 : 450 + 900]] = pairs.distance[near[450]] + 1e-4
    table = made(impostor=pairs)
    for point in table.points:
        assert float((pairs.distance <= point.distance).mean()) <= point.false_match_rate + 1e-4


@pytest.mark.parametrize("digits", [0, 1])
def test_distances_without_their_digits_are_refused(digits: int) -> None:
    pairs = impostors()
    with pytest.raises(InputError, match="with all their digits"):
        made(impostor=Pairs(pairs.distance.round(digits), pairs.probe, pairs.reference))


def test_where_nobody_was_missed_the_interval_still_has_a_width() -> None:
    person = np.arange(PEOPLE)
    for distance, rate in ((0.0, 0.0), (2.0, 1.0)):
        table = made(genuine=Pairs(np.full(PEOPLE, distance), person, person))
        for point in table.points:
            assert point.false_non_match_rate == rate
            width = point.false_non_match_rate_high - point.false_non_match_rate_low
            assert width == pytest.approx(1 - 0.025 ** (1 / PEOPLE), abs=1e-5)


def test_an_engine_takes_a_calibration_of_its_own_for_each_kind_of_pair() -> None:
    engine_id = DlibFaceEngine().engine_id
    own = MADE.changed(engine_id=engine_id)
    engine = DlibFaceEngine(calibrations=[own])
    assert engine.calibration("chip-live") == own
    assert engine.calibration("live-live") == shipped(engine_id, "live-live")
    with pytest.raises(EngineMismatchError, match="another engine's"):
        DlibFaceEngine(calibrations=[own, MADE.changed(domain="live-live")])
    with pytest.raises(FaceError, match="One calibration for each kind"):
        DlibFaceEngine(calibrations=[own, own])


def test_another_engine_has_none() -> None:
    with pytest.raises(FaceError, match="no calibration ships"):
        shipped("someone-elses/1", "chip-live")
