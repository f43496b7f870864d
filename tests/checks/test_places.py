from __future__ import annotations

from typing import Any

import pytest

from simkyc.checks.places import QUESTIONS
from simkyc.policy import Policy
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run


def at(calls: dict[str, Any] | None = None, **places: Any) -> dict[str, Any]:
    return {"places": places} | ({} if calls is None else {"calls": calls})


HOME: dict[str, Any] = {"commonest_share": 1.0, "cells": 1}
BUSY = {"counterparts": 580, "outgoing_share": 0.8, "returned_share": 0.1}
NO_LIST = {"high_risk_region": "no_list"}

ROWS = [
    Row("about town", not_assessed=NO_LIST),
    Row("no places are kept", facts={"places": None}, not_assessed=dict.fromkeys(QUESTIONS, "no_records")),
    Row("somebody who is ill stays at home", facts=at(**HOME), not_assessed=NO_LIST),
    Row(
        "calls strangers from home",
        facts=at(BUSY, **HOME),
        flagged=("fixed_while_calling",),
        not_assessed=NO_LIST,
    ),
    Row("calls fewer", facts=at(BUSY | {"counterparts": 579}, **HOME), not_assessed=NO_LIST),
    Row("is called as much", facts=at(BUSY | {"outgoing_share": 0.79}, **HOME), not_assessed=NO_LIST),
    Row("is called back", facts=at(BUSY | {"returned_share": 0.15}, **HOME), not_assessed=NO_LIST),
    Row("goes out", facts=at(BUSY, commonest_share=0.97), not_assessed=NO_LIST),
    Row(
        "for two days",
        facts=at(BUSY, **HOME, days=2),
        not_assessed=NO_LIST | {"fixed_while_calling": "too_few"},
    ),
    Row(
        "seen nine times",
        facts=at(**HOME, events=9),
        not_assessed=NO_LIST | {"fixed_while_calling": "too_few"},
    ),
    Row(
        "hardly calls",
        facts=at({"outgoing": 19}, **HOME),
        not_assessed=NO_LIST | {"fixed_while_calling": "too_few"},
    ),
    Row(
        "whether it calls is not known",
        facts=at(**HOME) | {"calls": None},
        not_assessed=NO_LIST | {"fixed_while_calling": "no_calls"},
    ),
    Row(
        "no cell in the records",
        facts=at(commonest_share=None),
        not_assessed=NO_LIST | {"fixed_while_calling": "no_cell"},
    ),
    Row("by air", facts=at(fastest_km_h=1000.0), not_assessed=NO_LIST),
    Row("faster", facts=at(fastest_km_h=1001.0), flagged=("too_fast",), not_assessed=NO_LIST),
    Row("never far", facts=at(fastest_km_h=None), not_assessed=NO_LIST | {"too_fast": "not_far_apart"}),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("places", row)


LISTED = Policy.default().changed(
    places=Policy.default().places.changed(high_risk_regions=("MM", "460400", "350500"))
)
REGIONS = [
    Row("abroad", facts=at(regions={"MM": 2, "320508": 90}), flagged=("high_risk_region",)),
    Row("in a county of it", facts=at(regions={"460400": 1}), flagged=("high_risk_region",)),
    Row("in a county below a listed city", facts=at(regions={"350582": 1}), flagged=("high_risk_region",)),
    Row("next to it", facts=at(regions={"350602": 9})),
    Row("no regions in the records", facts=at(regions={}), not_assessed={"high_risk_region": "no_region"}),
]


@pytest.mark.parametrize("row", REGIONS, ids=str)
def test_regions_of_a_list(row: Row) -> None:
    assert_row("places", row, LISTED)


def test_only_listed_regions_are_named() -> None:
    (found,) = (one for one in run("places", REGIONS[0], LISTED) if one.state is State.FLAGGED)
    assert [one.value for one in found.evidence] == ["MM"]
    assert found.observed == 2


ROWS_WITHOUT_A_LIST, ROWS = ROWS, [*ROWS, *REGIONS]
"""All rows, for the tests that look for every reason."""
