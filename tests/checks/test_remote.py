from __future__ import annotations

import pytest

from simkyc.testing import resident_id
from tests.checks.table import Row, assert_row

UNKNOWN = {"device_elsewhere": "no_place", "delivery_elsewhere": "not_given"}
FAR = {"document": {"number": resident_id("440305")}}
AT = {"latitude": 31.30, "longitude": 120.62}
NEXT_TOWN = {"latitude": 31.57, "longitude": 120.30}
FAR_AWAY = {"latitude": 22.54, "longitude": 114.06}
IMEI = "350000000000013"


def device(**position: float) -> dict[str, object]:
    return {"device": {"imei": IMEI, "position": position}, "store": {"position": AT}}


ROWS = [
    Row("at home", not_assessed=UNKNOWN),
    Row(
        "from elsewhere without a proof",
        FAR,
        flagged=("no_residence_shown",),
        not_assessed={"residence_elsewhere": "not_given", **UNKNOWN},
    ),
    Row(
        "from elsewhere with a permit for here",
        {**FAR, "residence": {"kind": "residence_permit", "division": "320508"}},
        not_assessed=UNKNOWN,
    ),
    Row(
        "from elsewhere with a student card of a third place",
        {**FAR, "residence": {"kind": "student", "division": "110108"}},
        flagged=("residence_elsewhere",),
        not_assessed=UNKNOWN,
    ),
    Row(
        "a number that is none",
        {"document": {"number": "1"}},
        not_assessed={
            "no_residence_shown": "number_malformed",
            "residence_elsewhere": "number_malformed",
            **UNKNOWN,
        },
    ),
    Row("the device at the counter", device(**AT), not_assessed={"delivery_elsewhere": "not_given"}),
    Row("the device in the next town", device(**NEXT_TOWN), not_assessed={"delivery_elsewhere": "not_given"}),
    Row(
        "the device a thousand kilometres away",
        device(**FAR_AWAY),
        flagged=("device_elsewhere",),
        not_assessed={"delivery_elsewhere": "not_given"},
    ),
    Row(
        "delivered in the province",
        {"delivery_address": "江苏省苏州市姑苏区人民路1号"},
        not_assessed={"device_elsewhere": "no_place"},
    ),
    Row(
        "delivered to another province",
        {"delivery_address": "广东省深圳市南山区科技路2号"},
        flagged=("delivery_elsewhere",),
        not_assessed={"device_elsewhere": "no_place"},
    ),
    Row(
        "an address that names no province",
        {"delivery_address": "人民路1号"},
        not_assessed={"device_elsewhere": "no_place", "delivery_elsewhere": "not_comparable"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("remote", row)
