from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.application import AreaCircle, AreaDivisions, Position
from simkyc.geo import distance_km, is_inside


def at(latitude: float, longitude: float) -> Position:
    return Position(latitude=latitude, longitude=longitude)


BEIJING, SHANGHAI, SUZHOU = at(39.9042, 116.4074), at(31.2304, 121.4737), at(31.30, 120.62)

# Great circles on a sphere of 6371.0088 km, which a quarter of its circumference divides exactly.
QUARTER = 6371.0088 * math.pi / 2
APART = [
    ("the same place", SUZHOU, SUZHOU, 0.0),
    ("equator to pole", at(0, 0), at(90, 0), QUARTER),
    ("a quarter along the equator", at(0, 0), at(0, 90), QUARTER),
    ("the other side of the earth", at(0, 0), at(0, 180), 2 * QUARTER),
    ("pole to pole", at(-90, 10), at(90, 70), 2 * QUARTER),
    ("across the date line", at(0, 179.5), at(0, -179.5), QUARTER / 90),
    ("a degree of latitude", at(31, 120), at(32, 120), QUARTER / 90),
    ("any two longitudes at a pole", at(90, 0), at(90, 123), 0.0),
    ("Beijing to Shanghai, by maps 1067 km", BEIJING, SHANGHAI, 1067.0),
]


@pytest.mark.parametrize(("why", "a", "b", "km"), APART, ids=[row[0] for row in APART])
def test_distances(why: str, a: Position, b: Position, km: float) -> None:
    assert distance_km(a, b) == pytest.approx(km, rel=0.002, abs=1e-6)


places = st.builds(at, st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_a_distance_is_the_same_both_ways_and_never_further_than_half_round(a: Position, b: Position) -> None:
    assert 0 <= distance_km(a, b) <= 2 * QUARTER + 1e-6
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)


@given(places, places, st.floats(1, 20_000_000))
def test_a_circle_holds_what_is_no_further_than_its_radius(a: Position, b: Position, radius_m: float) -> None:
    circle = AreaCircle(centre=a, radius_m=radius_m)
    assert is_inside(circle, b, None) is (distance_km(a, b) * 1000 <= radius_m)
    assert is_inside(circle, a, None)


ROWS = [
    ("the county itself", ("320508",), "320508", True),
    ("another county of the city", ("320508",), "320502", False),
    ("a county of the city", ("320500",), "320508", True),
    ("a county of another city", ("320500",), "320102", False),
    ("a county of the province", ("320000",), "320508", True),
    ("a county of another province", ("320000",), "310115", False),
    ("one of several", ("310000", "320500"), "310115", True),
    ("a city that only begins alike", ("320500",), "320600", False),
]


@pytest.mark.parametrize(("why", "codes", "where", "inside"), ROWS, ids=[row[0] for row in ROWS])
def test_divisions(why: str, codes: tuple[str, ...], where: str, inside: bool) -> None:
    assert is_inside(AreaDivisions(divisions=codes), None, where) is inside


def test_what_an_area_is_not_told_by_says_nothing() -> None:
    circle, divisions = AreaCircle(centre=SUZHOU, radius_m=1), AreaDivisions(divisions=("320500",))
    assert is_inside(circle, None, "320508") is None
    assert is_inside(divisions, SUZHOU, None) is None
    assert is_inside(circle, None, None) is None


def test_the_edge_of_a_circle_is_inside() -> None:
    metres = distance_km(SUZHOU, SHANGHAI) * 1000
    assert is_inside(AreaCircle(centre=SUZHOU, radius_m=metres), SHANGHAI, None)
    assert not is_inside(AreaCircle(centre=SUZHOU, radius_m=metres - 0.001), SHANGHAI, None)
