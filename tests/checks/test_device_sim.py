from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.facts import SharedCounts
from simkyc.testing import held_line
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run, worst

DAY = 86_400
STOCK = ("sim_not_allocated", "sim_already_issued", "sim_not_for_sale", "triple_differs")
NO_CARD = dict.fromkeys((*STOCK, "sim_reserved"), "number_malformed")
OWN_CARD = dict.fromkeys(STOCK, "own_card")
OPERATORS = dict.fromkeys(("operators_differ", "number_of_other_operator"), "number_malformed")


def people(**by_day: int) -> dict[str, Any]:
    """Other people on the device, by window: `people(d1=2)`; none where nothing is said."""
    counts = {day * DAY: SharedCounts(by_day.get(f"d{day}", 0), 0, 0) for day in (1, 7, 30, 365)}
    return {"shared": {"device": counts}}


def kind(name: str, **sim: Any) -> dict[str, Any]:
    return {"kind": name, "sim": sim}


ROWS = [
    Row("an ordinary card and phone"),
    Row(
        "ICCID of another shape",
        {"sim": {"iccid": "8986"}},
        {"sim": None},
        flagged=("iccid_malformed",),
        not_assessed={**OPERATORS, **NO_CARD},
    ),
    Row(
        "IMSI too short",
        {"sim": {"imsi": "46000"}},
        flagged=("imsi_malformed",),
        not_assessed=OPERATORS,
    ),
    Row(
        "letters for a phone number",
        {"sim": {"msisdn": "abc"}},
        flagged=("msisdn_malformed",),
        not_assessed={"number_of_other_operator": "number_malformed"},
    ),
    Row(
        "IMSI of another operator than the ICCID",
        {"sim": {"imsi": "460010000000001"}},
        flagged=("operators_differ", "number_of_other_operator"),
    ),
    Row(
        "IMSI from abroad: the ICCID tells the number's operator",
        {"sim": {"imsi": "310260000000001"}},
        not_assessed={"operators_differ": "operator_unknown"},
    ),
    Row(
        "a number whose range was given to another operator, perhaps ported",
        {"sim": {"msisdn": "+8613000000001"}},
        flagged=("number_of_other_operator",),
    ),
    Row(
        "a number from abroad",
        {"sim": {"msisdn": "+33612345678"}},
        not_assessed={"number_of_other_operator": "operator_unknown"},
    ),
    Row(
        "an IoT number of the card's operator",
        {"sim": {"msisdn": "1064812345678"}},
    ),
    Row(
        "an IoT number of another operator",
        {"sim": {"msisdn": "1064612345678"}},
        flagged=("number_of_other_operator",),
    ),
    Row(
        "allocated to another store, or to none",
        facts={"allocated_here": False},
        flagged=("sim_not_allocated",),
    ),
    Row(
        "a store without any stock on record",
        facts={"allocated_here": False, "store_has_stock": False, "state": None, "numbers_agree": None},
        not_assessed={
            "sim_not_allocated": "no_stock_recorded",
            "sim_not_for_sale": "no_stock_recorded",
            "triple_differs": "not_recorded",
        },
    ),
    Row(
        "a card that the store's stock does not know",
        facts={"allocated_here": False, "state": None, "numbers_agree": None},
        flagged=("sim_not_allocated",),
        not_assessed={"sim_not_for_sale": "not_in_stock", "triple_differs": "not_recorded"},
    ),
    Row(
        "a stock of ICCIDs alone",
        facts={"numbers_agree": None},
        not_assessed={"triple_differs": "not_recorded"},
    ),
    Row("IMSI or number of another card", facts={"numbers_agree": False}, flagged=("triple_differs",)),
    Row("the card was issued before", facts={"card_issued": True}, flagged=("sim_already_issued",)),
    Row("the stock says issued", facts={"state": "issued"}, flagged=("sim_already_issued",)),
    Row("the number is in use", facts={"number_in_use": True}, flagged=("sim_already_issued",)),
    Row("put by for somebody in the stock", facts={"state": "reserved"}),
    Row("returned to the warehouse", facts={"state": "returned"}, flagged=("sim_not_for_sale",)),
    Row("lost from the counter", facts={"state": "lost"}, flagged=("sim_not_for_sale",)),
    Row("cancelled", facts={"state": "cancelled"}, flagged=("sim_not_for_sale",)),
    Row("held by another application", facts={"reserved": True}, flagged=("sim_reserved",)),
    Row(
        "a replacement's number is in use, of course",
        kind("replacement"),
        {"number_in_use": True, "line": held_line(card_agrees=False, imsi_agrees=False)},
    ),
    Row(
        "a replacement by a card that was issued",
        kind("replacement"),
        {"card_issued": True, "number_in_use": True, "line": held_line()},
        flagged=("sim_already_issued",),
    ),
    Row(
        "a replacement by a stolen card",
        kind("replacement"),
        {"state": "lost", "number_in_use": True, "line": held_line()},
        flagged=("sim_not_for_sale",),
    ),
    Row(
        "a reactivated card was sold long ago, perhaps elsewhere",
        kind("reactivation", imsi=None),
        {"allocated_here": False, "card_issued": True, "number_in_use": True, "state": "issued"},
        not_assessed={**OWN_CARD, "operators_differ": "no_imsi"},
    ),
    Row(
        "two counters reactivate one line",
        kind("reactivation"),
        {"reserved": True},
        flagged=("sim_reserved",),
        not_assessed=OWN_CARD,
    ),
    Row(
        "an eSIM loaded again as it is into another phone",
        kind("esim_move"),
        {"card_issued": True, "number_in_use": True, "state": "issued", "line": held_line()},
        not_assessed=OWN_CARD,
    ),
    Row(
        "an eSIM under a new ICCID that somebody has already",
        kind("esim_move"),
        {"card_issued": True, "number_in_use": True, "line": held_line(card_agrees=False)},
        flagged=("sim_already_issued",),
    ),
    Row(
        "an eSIM of a line on no record, under an ICCID that was issued",
        kind("esim_move"),
        {"card_issued": True},
        flagged=("sim_already_issued",),
    ),
    Row(
        "no device",
        {"device": None},
        {"shared": {}},
        flagged=("device_not_declared",),
        not_assessed=dict.fromkeys(("imei_malformed", "device_many_people"), "no_device"),
    ),
    Row(
        "IMEI whose check digit fails",
        {"device": {"imei": "350000000000010"}},
        {"shared": {}},
        flagged=("imei_malformed",),
        not_assessed={"device_many_people": "number_malformed"},
    ),
    Row(
        "IMEI that fails beside a second one that holds",
        {"device": {"imei": "350000000000010", "second_imei": "350000000000024"}},
        people(d1=9, d7=9, d30=9, d365=9),
        flagged=("imei_malformed",),
        not_assessed={"device_many_people": "number_malformed"},
    ),
    Row(
        "an all-zero IMEI",
        {"device": {"imei": "0" * 15}},
        {"shared": {}},
        flagged=("imei_malformed",),
        not_assessed={"device_many_people": "number_malformed"},
    ),
    Row("a couple's phone", facts=people(d1=1, d7=1, d30=1, d365=1)),
    Row("a third person today", facts=people(d1=2, d7=2, d30=2, d365=2), flagged=("device_many_people",)),
    Row("a family's spare phone, over a year", facts=people(d30=2, d365=2)),
    Row("a fourth person within the year", facts=people(d365=3), flagged=("device_many_people",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("device_sim", row)


def test_only_the_window_that_is_exceeded_is_flagged() -> None:
    findings = run("device_sim", Row("", facts=people(d365=3)))
    asked = [finding for finding in findings if finding.reason == "device_sim.device_many_people"]
    assert [(finding.observed, finding.limit, finding.state) for finding in asked] == [
        (1, 2, State.PASSED),
        (1, 2, State.PASSED),
        (1, 3, State.PASSED),
        (4, 3, State.FLAGGED),
    ]
    assert asked[-1].unit == "people in 365 days"


def test_a_card_that_is_not_for_sale_says_why() -> None:
    findings = run("device_sim", Row("", facts={"state": "lost"}))
    assert [finding.cause for finding in findings if finding.state is State.FLAGGED] == ["lost"]


FAULTS: dict[str, Any] = {
    "allocated_here": False,
    "card_issued": True,
    "number_in_use": True,
    "reserved": True,
    "state": "lost",
    "numbers_agree": False,
}
faults = st.sets(st.sampled_from(sorted(FAULTS)))
counts = st.integers(0, 400)


@given(st.sampled_from(["opening", "replacement"]), faults, faults, counts, counts)
def test_a_worse_observation_never_softens(
    asked: str, some: set[str], others: set[str], few: int, more: int
) -> None:
    def known(faulty: set[str], count: int) -> dict[str, Any]:
        return {name: FAULTS[name] for name in faulty} | people(d1=count, d7=count, d30=count, d365=count)

    better = worst("device_sim", Row("", {"kind": asked}, known(some, few)))
    assert worst("device_sim", Row("", {"kind": asked}, known(some | others, few + more))) >= better
