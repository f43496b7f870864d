from __future__ import annotations

from typing import Any

import pytest

from simkyc.checks.usage_opening import QUESTIONS
from tests.checks.table import Row, assert_row


def opened(calls: Any = None, **opening: Any) -> dict[str, Any]:
    return {"opening": opening} | ({} if calls is None else {"calls": calls})


BUSY = {"counterparts": 290, "returned_share": 0.1}

ROWS = [
    Row("an old number"),
    Row("on no record", facts={"opening": None}, not_assessed=dict.fromkeys(QUESTIONS, "line_unknown")),
    Row("a newcomer", facts=opened(age_days=3.0)),
    Row("new, and calls many", facts=opened(BUSY, age_days=29.9), flagged=("new_and_busy",)),
    Row("a month old", facts=opened(BUSY, age_days=30.0)),
    Row("new, and a little fewer", facts=opened(BUSY | {"counterparts": 289}, age_days=3.0)),
    Row("new, and called back", facts=opened(BUSY | {"returned_share": 0.15}, age_days=3.0)),
    Row(
        "new, and writes to many",
        facts=opened(age_days=3.0) | {"messages": {"recipients": 750}},
        flagged=("new_and_busy",),
    ),
    Row(
        "new, and nothing on record",
        facts=opened(age_days=3.0) | {"calls": None, "messages": None},
        not_assessed={"new_and_busy": "no_records"},
    ),
    Row("three numbers", facts=opened(owner_numbers=3, owner_openings=2)),
    Row("four numbers", facts=opened(owner_numbers=4), flagged=("many_numbers",)),
    Row("three openings in a year", facts=opened(owner_openings=3), flagged=("many_openings",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("usage_opening", row)
