"""Places on the map: how far apart, and whether inside an area.

>>> suzhou, shanghai = Position(latitude=31.30, longitude=120.62), Position(latitude=31.23, longitude=121.47)
>>> round(distance_km(suzhou, shanghai))
81
>>> is_inside(AreaDivisions(divisions=("320500",)), None, "320508")
True
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from simkyc.application import AreaCircle, AreaDivisions, Position

__all__ = ["distance_km", "is_in_divisions", "is_inside"]

EARTH_RADIUS_KM: Final = 6371.0088
"""Mean radius of the earth, IUGG."""


def distance_km(a: Position, b: Position) -> float:
    """Great-circle distance in kilometres, by the haversine formula; right to half a percent."""
    here, there = math.radians(a.latitude), math.radians(b.latitude)
    north, east = there - here, math.radians(b.longitude - a.longitude)
    chord = math.sin(north / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


def is_inside(
    area: AreaCircle | AreaDivisions, position: Position | None, division: str | None
) -> bool | None:
    """Whether a place is inside; None where what the area is told by is not known of the place.

    Args:
        area: A circle needs the position, divisions need the division.
        position: In degrees of WGS 84.
        division: Six-digit code of the county.
    """
    if isinstance(area, AreaCircle):
        return None if position is None else distance_km(area.centre, position) * 1000 <= area.radius_m
    if division is None:
        return None
    return is_in_divisions(division, area.divisions)


def is_in_divisions(division: str, divisions: Iterable[str]) -> bool:
    """Whether a division is one of these or lies in one; a code that ends in 00 stands for all below it."""
    return any(division.startswith(_stem(code)) for code in divisions)


def _stem(code: str) -> str:
    """The digits of a code that say something: two of a province, four of a city."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
