from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simkyc.application import Position
from simkyc.facts import GalleryFacts, GalleryHit, PatternFacts, Visit
from simkyc.testing import NOW
from simkyc.verdict import Decision
from tests.checks.table import Row, assert_row

SUZHOU = {"latitude": 31.30, "longitude": 120.62}
SHENZHEN = Position(latitude=22.54, longitude=114.06)
WUXI = Position(latitude=31.57, longitude=120.30)
HERE = {"store": {"position": SUZHOU}}


def visit(hours_ago: float, **changes: Any) -> Visit:
    fields: dict[str, Any] = {
        "decided_at": NOW - timedelta(hours=hours_ago),
        "decision": Decision.ACCEPT,
        "store_id": "store-1",
        "dealer_id": "dealer-1",
        "position": None,
    }
    return Visit(**{**fields, **changes})


def trail(*visits: Visit) -> dict[str, Any]:
    return {"patterns": PatternFacts(trail=visits)}


def face(minutes_ago: float, rate: float = 1e-6, *, as_companion: bool = False) -> dict[str, Any]:
    """The same face, more or less, was so long ago in Wuxi under another ID."""
    hit = GalleryHit(
        distance=0.3,
        false_match_rate=rate,
        is_extrapolated=False,
        is_applicants=False,
        as_companion=as_companion,
        decided_at=NOW - timedelta(minutes=minutes_ago),
        position=WUXI,
    )
    return trail() | {
        "gallery": GalleryFacts(
            size=1000,
            hits=(hit,),
            own_distances=(),
            same_person_distance=0.7,
            companion_people=0,
            calibration_id="live-live:test",
        )
    }


NOWHERE = {"too_fast": "no_place"}
FIRST = {"too_fast": "no_earlier_place"}

ROWS = [
    Row("the first visit", {}, trail(), not_assessed=NOWHERE),
    Row("the first visit, places known", HERE, trail(), not_assessed=FIRST),
    Row(
        "no person behind the number",
        {},
        {"patterns": PatternFacts()},
        not_assessed=dict.fromkeys(
            ("refused_elsewhere", "many_stores", "many_dealers", "too_fast"), "number_malformed"
        ),
    ),
    Row("back at the same store", {}, trail(visit(1), visit(2)), not_assessed=NOWHERE),
    Row(
        "refused here and back",
        {},
        trail(visit(1, decision=Decision.REFUSE)),
        not_assessed=NOWHERE,
    ),
    Row(
        "refused elsewhere",
        {},
        trail(visit(1, decision=Decision.REFUSE, store_id="store-2")),
        flagged=("refused_elsewhere",),
        not_assessed=NOWHERE,
    ),
    Row("a second store", {}, trail(visit(5, store_id="store-2")), not_assessed=NOWHERE),
    Row(
        "a third store of one dealer",
        {},
        trail(visit(5, store_id="store-2"), visit(9, store_id="store-3")),
        flagged=("many_stores",),
        not_assessed=NOWHERE,
    ),
    Row(
        "three dealers",
        {},
        trail(
            visit(5, store_id="store-2", dealer_id="dealer-2"),
            visit(9, store_id="store-3", dealer_id="dealer-3"),
        ),
        flagged=("many_stores", "many_dealers"),
        not_assessed=NOWHERE,
    ),
    Row(
        "a store without a dealer is no dealer",
        {},
        trail(visit(5, dealer_id="dealer-2"), visit(9, dealer_id=None)),
        not_assessed=NOWHERE,
    ),
    Row("the next town in an hour", HERE, trail(visit(1, position=WUXI))),
    Row(
        "1,200 kilometres in two hours",
        HERE,
        trail(visit(2, store_id="store-2", position=SHENZHEN)),
        flagged=("too_fast",),
    ),
    Row("1,200 kilometres in a day", HERE, trail(visit(24, position=SHENZHEN))),
    Row(
        "an earlier far place counts, not only the last",
        HERE,
        trail(visit(1, position=Position(**SUZHOU)), visit(2, position=SHENZHEN)),
        flagged=("too_fast",),
    ),
    Row("the next town in twenty minutes", HERE, trail(visit(1 / 3, position=WUXI))),
    Row("42 kilometres in a quarter of an hour by one face", HERE, face(15)),
    Row("the next town in no time by one face", HERE, face(9)),
    Row("a look-alike in the next town", HERE, face(1, 1e-3), not_assessed=FIRST),
    Row("somebody who stood beside", HERE, face(1, as_companion=True), not_assessed=FIRST),
    Row("the same face last week", HERE, face(8 * 24 * 60), not_assessed=FIRST),
    Row("across the street in the same minute", HERE, trail(visit(0, position=Position(**SUZHOU)))),
    Row(
        "this store says no place",
        {},
        trail(visit(2, position=SHENZHEN)),
        not_assessed=NOWHERE,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("trail", row)
