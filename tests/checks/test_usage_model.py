from __future__ import annotations

from typing import Any

import pytest

from simkyc.usage.scored import Driver
from tests.checks.table import Row, assert_row, run


def scored(rate: float | None, **changes: Any) -> dict[str, Any]:
    return {"scored": {"false_positive_rate": rate, **changes}}


BOTH = ("suspend", "remind")

ROWS = [
    Row("like most", facts=scored(None)),
    Row("like one honest number in twenty", facts=scored(0.05)),
    Row("in fifty", facts=scored(0.02), flagged=("remind",)),
    Row("in a hundred", facts=scored(0.01), flagged=("remind",)),
    Row("in a thousand", facts=scored(0.001), flagged=("suspend",)),
    Row("in ten thousand", facts=scored(0.0001), flagged=("suspend",)),
    Row("no model", facts={"scored": None}, not_assessed=dict.fromkeys(BOTH, "no_model")),
    Row(
        "told nothing of what it wants",
        facts=scored(0.001, known=0),
        not_assessed=dict.fromkeys(BOTH, "nothing_known"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("usage_model", row)


def test_the_model_and_what_drove_it_are_named() -> None:
    drivers = (Driver("calls_each", 1.1, "calls", 2.0), Driver("places", None, "", 0.4))
    for finding in run("usage_model", Row("", facts=scored(0.001, probability=0.97, drivers=drivers))):
        assert [(one.name, one.value, one.unit) for one in finding.evidence] == [
            ("model_id", "test-model", None),
            ("probability", 0.97, None),
            ("false_positive_rate", 0.001, None),
            ("features_known", 30.0, "of 32"),
            ("calls_each", 1.1, "calls"),
            ("places", "not known", None),
        ]
