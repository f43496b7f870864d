from __future__ import annotations

from typing import Any

import pytest

from simkyc.application import AreaDivisions, Restriction
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run

AREA = AreaDivisions(divisions=("320500",))
BOUND = Restriction(imei_bind=True, area=None)
HERE = Restriction(imei_bind=False, area=AREA)
BOTH = Restriction(imei_bind=True, area=AREA)
UNSEEN: dict[str, Any] = {"seen_at": None, "in_declared": None}


def meter(restriction: Restriction, **changes: Any) -> dict[str, Any]:
    return {"service": "iot", "restriction": restriction} | changes


ROWS = [
    Row(
        "a person's card is held to nothing",
        facts={"in_declared": False},
        not_assessed=dict.fromkeys(("device_changed", "area_left"), "not_restricted"),
    ),
    Row(
        "a line on no record",
        facts=None,
        not_assessed=dict.fromkeys(("device_changed", "area_left"), "line_unknown"),
    ),
    Row("a meter in its place", facts=meter(BOTH, in_area=True)),
    Row(
        "a card out of its meter",
        facts=meter(BOUND, in_declared=False),
        flagged=("device_changed",),
        not_assessed={"area_left": "not_restricted"},
    ),
    Row(
        "a card in a device without a number",
        facts=meter(BOUND, in_declared=None, imei_fault="dummy"),
        not_assessed={"device_changed": "number_malformed", "area_left": "not_restricted"},
    ),
    Row(
        "out of its area, in whatever device",
        facts=meter(HERE, in_area=False, in_declared=False),
        flagged=("area_left",),
        not_assessed={"device_changed": "not_restricted"},
    ),
    Row(
        "out of both",
        facts=meter(BOTH, in_area=False, in_declared=False),
        flagged=("device_changed", "area_left"),
    ),
    Row("nobody said where it is", facts=meter(BOTH), not_assessed={"area_left": "no_place"}),
    Row(
        "not seen so far",
        facts=meter(BOTH, **UNSEEN),
        not_assessed=dict.fromkeys(("device_changed", "area_left"), "not_seen"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("restriction", row)


def test_findings_name_what_holds_in_the_words_of_the_interface() -> None:
    findings = run("restriction", Row("", facts=meter(BOTH, in_area=False, in_declared=False)))
    assert [finding.evidence[0].value for finding in findings] == ["IMEIBIND", "AREALIMIT"]
    assert {finding.evidence[0].name for finding in findings} == {"bindType"}
    assert {finding.state for finding in findings} == {State.FLAGGED}
