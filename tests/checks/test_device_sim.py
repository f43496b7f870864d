from __future__ import annotations

import pytest

from tests.checks.table import Row, assert_row

STOCK = dict.fromkeys(("sim_not_allocated", "sim_already_issued", "sim_reserved"), "number_malformed")

ROWS = [
    Row("an ordinary card and phone"),
    Row(
        "ICCID of another shape",
        {"sim": {"iccid": "8986"}},
        {"sim": None},
        flagged=("iccid_malformed",),
        not_assessed={"operators_differ": "number_malformed", **STOCK},
    ),
    Row(
        "IMSI too short",
        {"sim": {"imsi": "46000"}},
        flagged=("imsi_malformed",),
        not_assessed={"operators_differ": "number_malformed"},
    ),
    Row("letters for a phone number", {"sim": {"msisdn": "abc"}}, flagged=("msisdn_malformed",)),
    Row(
        "IMSI of another operator than the ICCID",
        {"sim": {"imsi": "460010000000001"}},
        flagged=("operators_differ",),
    ),
    Row(
        "IMSI from abroad",
        {"sim": {"imsi": "310260000000001"}},
        not_assessed={"operators_differ": "operator_unknown"},
    ),
    Row(
        "allocated to another store, or to none",
        facts={"allocated_here": False},
        flagged=("sim_not_allocated",),
    ),
    Row(
        "a store without any stock on record",
        facts={"allocated_here": False, "store_has_stock": False},
        not_assessed={"sim_not_allocated": "no_stock_recorded"},
    ),
    Row("issued before", facts={"issued": True}, flagged=("sim_already_issued",)),
    Row("held by another application", facts={"reserved": True}, flagged=("sim_reserved",)),
    Row(
        "no device",
        {"device": None},
        {"device_people": None},
        flagged=("device_not_declared",),
        not_assessed=dict.fromkeys(("imei_malformed", "device_many_people"), "no_device"),
    ),
    Row(
        "IMEI whose check digit fails",
        {"device": {"imei": "350000000000010"}},
        {"device_people": None},
        flagged=("imei_malformed",),
        not_assessed={"device_many_people": "number_malformed"},
    ),
    Row("two others on the device", facts={"device_people": 2}),
    Row("three others on the device", facts={"device_people": 3}, flagged=("device_many_people",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("device_sim", row)
