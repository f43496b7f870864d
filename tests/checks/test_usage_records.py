from __future__ import annotations

from datetime import timedelta

import pytest

from simkyc.testing import NOW
from tests.checks.table import Row, assert_row

ROWS = [
    Row("a month on record"),
    Row("calls alone are something", facts={"messages": None, "places": None, "devices": None}),
    Row("messages alone are something", facts={"calls": None}),
    Row(
        "places tell nothing of what it is used for",
        facts={"calls": None, "messages": None},
        flagged=("none",),
    ),
    Row("an hour's fault", facts={"outage_hours": 1.0}),
    Row("three days of a month", facts={"outage_hours": 72.0}),
    Row("longer", facts={"outage_hours": 72.5}, flagged=("outage",)),
    Row("half a day of three", facts={"outage_hours": 12.0, "since": NOW - timedelta(days=3)}),
    Row(
        "longer in three", facts={"outage_hours": 12.5, "since": NOW - timedelta(days=3)}, flagged=("outage",)
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("usage_records", row)
