from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.application import AreaDivisions, Restriction
from simkyc.testing import NOW, held_line, party
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run, worst

DAY = 86_400
CHANGES = ("recent_sim_change", "recent_device_change")
PURPOSE = ("service_differs", "restriction_changed")
ALL = (
    "held_by_other",
    *PURPOSE,
    "card_differs",
    "reported_lost",
    "used_for_fraud",
    "suspended_for_fraud",
    *CHANGES,
    "many_replacements",
)
REPLACED = {"restriction_changed": "not_restricted", "card_differs": "new_card", "reported_lost": "ends_it"}
REACTIVATED = {
    "reported_lost": "ends_it",
    "many_replacements": "no_new_card",
    **dict.fromkeys((*PURPOSE, *CHANGES), "takes_nothing_over"),
}
HANDED = {"restriction_changed": "not_restricted", "many_replacements": "no_new_card"}
BOUND = Restriction(imei_bind=True, area=None)
HERE = Restriction(imei_bind=False, area=AreaDivisions(divisions=("320500",)))
NOTHING = Restriction(imei_bind=False, area=None)


def asks(kind: str, **changes: Any) -> dict[str, Any]:
    if kind == "transfer":
        changes["transferor"] = party(5)
    return {"kind": kind} | changes


def held(**changes: Any) -> dict[str, Any]:
    return {"line": held_line(**changes)}


def ago(**by: float) -> Any:
    return NOW - timedelta(**by)


LOST = REACTIVATED | {"card_differs": "no_card", "suspended_for_fraud": "stops_it"}

ROWS = [
    Row("a new card for an old line", asks("replacement"), held(card_agrees=False), not_assessed=REPLACED),
    Row(
        "a line on no record",
        asks("replacement"),
        flagged=("unknown",),
        not_assessed=dict.fromkeys(ALL, "line_unknown"),
    ),
    Row(
        "a line that was cancelled",
        asks("reactivation"),
        {"line_cancelled": True},
        flagged=("cancelled",),
        not_assessed=dict.fromkeys(ALL, "line_unknown"),
    ),
    Row(
        "a number that is none",
        asks("replacement", sim={"msisdn": "abc"}),
        not_assessed=dict.fromkeys(("unknown", "cancelled", *ALL), "number_malformed"),
    ),
    Row(
        "a new card for somebody else's line",
        asks("replacement"),
        held(held_by=None),
        flagged=("held_by_other",),
        not_assessed=REPLACED,
    ),
    Row(
        "a line that was used for fraud",
        asks("replacement"),
        held(card_agrees=False, is_fraud=True),
        flagged=("used_for_fraud",),
        not_assessed=REPLACED,
    ),
    Row(
        "whoever comes back for a line that was suspended on suspicion",
        asks("reactivation"),
        held(is_suspended_for_fraud=True),
        flagged=("suspended_for_fraud",),
        not_assessed=REACTIVATED,
    ),
    Row(
        "a second check of such a line",
        asks("second_check"),
        held(is_suspended_for_fraud=True, lost_at=ago(hours=1)),
        flagged=("suspended_for_fraud",),
        not_assessed=REACTIVATED,
    ),
    Row("a second check", asks("second_check"), held(), not_assessed=REACTIVATED),
    Row(
        "a suspended card reported lost",
        asks("loss_report", sim={"iccid": None, "imsi": None}),
        held(card_agrees=None, imsi_agrees=None, is_suspended_for_fraud=True),
        not_assessed=LOST,
    ),
    Row(
        "a stranger's line reported lost, to silence it",
        asks("loss_report", sim={"iccid": None, "imsi": None}),
        held(held_by=None, card_agrees=None, imsi_agrees=None),
        flagged=("held_by_other",),
        not_assessed=LOST,
    ),
    Row(
        "a lost card, and none in hand",
        asks("loss_report", sim={"iccid": None, "imsi": None}),
        held(card_agrees=None, imsi_agrees=None, lost_at=ago(days=1)),
        not_assessed=LOST,
    ),
    Row(
        "a new card for a lost one",
        asks("replacement"),
        held(card_agrees=False, lost_at=ago(hours=1)),
        not_assessed=REPLACED,
    ),
    Row(
        "reactivated with its own card",
        asks("reactivation"),
        held(lost_at=ago(hours=1)),
        not_assessed=REACTIVATED,
    ),
    Row(
        "reactivated with another card",
        asks("reactivation"),
        held(card_agrees=False),
        flagged=("card_differs",),
        not_assessed=REACTIVATED,
    ),
    Row(
        "reactivated with its own ICCID and another IMSI: a copy",
        asks("reactivation"),
        held(imsi_agrees=False),
        flagged=("card_differs",),
        not_assessed=REACTIVATED,
    ),
    Row(
        "a reactivation is no way to a card of another service",
        asks("reactivation"),
        held(service="iot", restriction=BOUND),
        not_assessed=REACTIVATED,
    ),
    Row("handed over by its holder", asks("transfer"), held(held_by="transferor"), not_assessed=HANDED),
    Row(
        "handed over by somebody whose it is not",
        asks("transfer"),
        held(held_by=None),
        flagged=("held_by_other",),
        not_assessed=HANDED,
    ),
    Row(
        "handed over to oneself",
        asks("transfer"),
        held(held_by="applicant"),
        flagged=("held_by_other",),
        not_assessed=HANDED,
    ),
    Row(
        "handed over while it is lost",
        asks("transfer"),
        held(held_by="transferor", lost_at=ago(days=9)),
        flagged=("reported_lost",),
        not_assessed=HANDED,
    ),
    Row(
        "handed over with another card",
        asks("transfer"),
        held(held_by="transferor", card_agrees=False),
        flagged=("card_differs",),
        not_assessed=HANDED,
    ),
    Row(
        "an eSIM in a new phone of its holder, under a new ICCID",
        asks("esim_move"),
        held(card_agrees=False),
        not_assessed=HANDED,
    ),
    Row(
        "an eSIM with another IMSI is no move",
        asks("esim_move"),
        held(imsi_agrees=False),
        flagged=("card_differs",),
        not_assessed=HANDED,
    ),
    Row(
        "an eSIM of a lost phone",
        asks("esim_move"),
        held(lost_at=ago(hours=2)),
        flagged=("reported_lost",),
        not_assessed=HANDED,
    ),
    Row(
        "moved into another phone after it got a card yesterday",
        asks("esim_move"),
        held(sim_changed_at=ago(days=1)),
        flagged=("recent_sim_change",),
        not_assessed=HANDED,
    ),
    Row(
        "a new card after it moved to another phone yesterday",
        asks("replacement"),
        held(device_changed_at=ago(days=1)),
        flagged=("recent_device_change",),
        not_assessed=REPLACED,
    ),
    Row(
        "the card changed a second less than three days ago",
        asks("replacement"),
        held(sim_changed_at=ago(hours=72, seconds=-1)),
        flagged=("recent_sim_change",),
        not_assessed=REPLACED,
    ),
    Row(
        "card and device changed three days ago",
        asks("replacement"),
        held(sim_changed_at=ago(hours=72), device_changed_at=ago(hours=72)),
        not_assessed=REPLACED,
    ),
    Row(
        "the second card in a month",
        asks("replacement"),
        held(replacements={30 * DAY: 1, 365 * DAY: 3}),
        not_assessed=REPLACED,
    ),
    Row(
        "the third card in a month",
        asks("replacement"),
        held(replacements={30 * DAY: 2, 365 * DAY: 2}),
        flagged=("many_replacements",),
        not_assessed=REPLACED,
    ),
    Row(
        "the fifth card in a year",
        asks("replacement"),
        held(replacements={30 * DAY: 0, 365 * DAY: 4}),
        flagged=("many_replacements",),
        not_assessed=REPLACED,
    ),
    Row(
        "an eSIM that moves is no further replacement",
        asks("esim_move"),
        held(replacements={30 * DAY: 2, 365 * DAY: 4}),
        not_assessed=HANDED,
    ),
    Row(
        "an IoT line made a phone's by a new card, round the cap of numbers",
        asks("replacement"),
        held(service="iot", restriction=BOUND),
        flagged=("service_differs",),
        not_assessed={"card_differs": "new_card", "reported_lost": "ends_it"},
    ),
    Row(
        "a phone's line made an IoT line by a transfer, round the cap of numbers",
        asks("transfer", sim={"service": "iot"}, restriction=BOUND),
        held(held_by="transferor"),
        flagged=("service_differs",),
        not_assessed=HANDED,
    ),
    Row(
        "an IoT card replaced, bound as before",
        asks("replacement", sim={"service": "iot"}, restriction=BOUND),
        held(service="iot", restriction=BOUND),
        not_assessed={"card_differs": "new_card", "reported_lost": "ends_it"},
    ),
    Row(
        "an IoT card replaced, to be held to nothing",
        asks("replacement", sim={"service": "iot"}, restriction=NOTHING),
        held(service="iot", restriction=BOUND),
        flagged=("restriction_changed",),
        not_assessed={"card_differs": "new_card", "reported_lost": "ends_it"},
    ),
    Row(
        "an IoT card handed over to be used elsewhere",
        asks("transfer", sim={"service": "iot"}, restriction=HERE),
        held(service="iot", restriction=BOUND, held_by="transferor"),
        flagged=("restriction_changed",),
        not_assessed={"many_replacements": "no_new_card"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("line", row)


def test_what_is_counted_includes_this_replacement() -> None:
    findings = run("line", Row("", asks("replacement"), held()))
    counted = [finding for finding in findings if finding.reason == "line.many_replacements"]
    assert [(finding.observed, finding.limit, finding.unit) for finding in counted] == [
        (1, 2, "replacements in 30 days"),
        (1, 4, "replacements in 365 days"),
    ]


def test_a_change_says_how_long_ago_it_was() -> None:
    findings = run("line", Row("", asks("replacement"), held(sim_changed_at=ago(hours=30))))
    (change,) = [finding for finding in findings if finding.state is State.FLAGGED]
    assert (change.observed, change.limit, change.unit) == (30, 72, "hours")


WORSE: dict[str, Any] = {
    "held_by": None,
    "service": "iot",
    "card_agrees": False,
    "imsi_agrees": False,
    "lost_at": ago(days=1),
    "sim_changed_at": ago(hours=1),
    "device_changed_at": ago(hours=1),
    "replacements": {30 * DAY: 9, 365 * DAY: 9},
}
faults = st.sets(st.sampled_from(sorted(WORSE)))
kinds = st.sampled_from(
    ["replacement", "loss_report", "reactivation", "second_check", "transfer", "esim_move"]
)


@given(kinds, faults, faults)
def test_a_worse_observation_never_softens(kind: str, some: set[str], others: set[str]) -> None:
    holder = {"held_by": "transferor" if kind == "transfer" else "applicant"}

    def known(faulty: set[str]) -> dict[str, Any]:
        return held(**holder | {name: WORSE[name] for name in faulty})

    better = worst("line", Row("", asks(kind), known(some)))
    assert worst("line", Row("", asks(kind), known(some | others))) >= better


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_change_longer_ago_is_never_worse(hours: float, more: float) -> None:
    def asked(passed: float) -> Any:
        return worst("line", Row("", asks("replacement"), held(sim_changed_at=ago(hours=passed))))

    assert asked(hours + more) <= asked(hours)
