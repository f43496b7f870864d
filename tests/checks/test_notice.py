from __future__ import annotations

from datetime import timedelta

import pytest

from simkyc.testing import NOW
from tests.checks.table import Row, assert_row


def signed(**ago: float) -> dict[str, object]:
    return {"notice": {"signed_at": NOW - timedelta(**ago)}}


ROWS = [
    Row("signed two minutes ago"),
    Row(
        "not signed",
        {"notice": None},
        flagged=("not_signed",),
        not_assessed=dict.fromkeys(("outdated", "signed_at_other_time"), "not_signed"),
    ),
    Row("last year's text", {"notice": {"version": "2025-01"}}, flagged=("outdated",)),
    Row("signed a day ago", signed(hours=24)),
    Row("signed for an earlier application", signed(hours=25), flagged=("signed_at_other_time",)),
    Row("tablet's clock five minutes ahead", signed(minutes=-5)),
    Row("signed tomorrow", signed(hours=-24), flagged=("signed_at_other_time",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("notice", row)
