from __future__ import annotations

import pytest

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
    Row("as long as is allowed", facts={"outage_hours": 12.0}),
    Row("longer", facts={"outage_hours": 12.5}, flagged=("outage",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("usage_records", row)
