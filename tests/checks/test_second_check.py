from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.testing import NOW
from tests.checks.table import Row, assert_row, worst

ROWS = [
    Row("no check is due"),
    Row("a line on no record", facts=None, not_assessed={"overdue": "line_unknown"}),
    Row("due in an hour", facts={"verify_by": NOW + timedelta(hours=1)}),
    Row("due this second", facts={"verify_by": NOW}, flagged=("overdue",)),
    Row("missed", facts={"verify_by": NOW - timedelta(days=3)}, flagged=("overdue",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("second_check", row)


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_later_is_never_better(seconds: int, more: int) -> None:
    def due(ago: int) -> Row:
        return Row("", facts={"verify_by": NOW - timedelta(seconds=ago)})

    assert worst("second_check", due(seconds + more)) >= worst("second_check", due(seconds))
