from __future__ import annotations

from datetime import timedelta

import pytest

from simkyc.testing import NOW
from tests.checks.table import Row, assert_row

ROWS = [
    Row("same time"),
    Row("exactly at the limit passes", {"applied_at": NOW - timedelta(minutes=10)}),
    Row("a second over", {"applied_at": NOW - timedelta(minutes=10, seconds=4)}, flagged=("differs",)),
    Row("a counter ahead of us", {"applied_at": NOW + timedelta(hours=1)}, flagged=("differs",)),
    Row("the year 9999", {"applied_at": NOW.replace(year=9999)}, flagged=("differs",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("counter_clock", row)
