from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simkyc.checks.usage_devices import QUESTIONS
from simkyc.testing import NOW
from tests.checks.table import Row, assert_row


def used(days: float = 30, **devices: Any) -> dict[str, Any]:
    return {"devices": devices, "since": NOW - timedelta(days=days)}


ROWS = [
    Row("one phone"),
    Row("not kept", facts={"devices": None}, not_assessed=dict.fromkeys(QUESTIONS, "no_records")),
    Row("four in a month", facts=used(devices=4)),
    Row("five in a month", facts=used(devices=5), flagged=("many_devices",)),
    Row("four in a week", facts=used(7, devices=4), flagged=("many_devices",)),
    Row("eight in a year", facts=used(300, devices=8)),
    Row("nine in two years", facts=used(700, devices=9), flagged=("many_devices",)),
    Row("to and fro", facts=used(devices=3, changes=12)),
    Row("to and fro and on", facts=used(devices=3, changes=13), flagged=("many_changes",)),
    Row("a phone and a watch of one's own", facts=used(devices=2, changes=300)),
    Row("within days", facts=used(5, devices=3, changes=6), flagged=("many_changes",)),
    Row("in proportion between a week and a month", facts=used(10, devices=3, changes=5)),
    Row("one more in ten days", facts=used(10, devices=3, changes=6), flagged=("many_changes",)),
    Row("four devices in ten days", facts=used(10, devices=4), flagged=("many_devices",)),
    Row("four numbers in it", facts=used(numbers_in_device=4)),
    Row("a SIM box", facts=used(numbers_in_device=5), flagged=("many_numbers",)),
    Row(
        "records of this number alone",
        facts=used(numbers_in_device=None),
        not_assessed={"many_numbers": "others_not_at_hand"},
    ),
    Row("equipment that is listed", facts=used(bulk_tac=1), flagged=("bulk_tac",)),
    Row("nobody keeps a list", facts=used(bulk_tac=None), not_assessed={"bulk_tac": "no_list"}),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("usage_devices", row)
