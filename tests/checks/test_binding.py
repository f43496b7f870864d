from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.checks import binding
from simkyc.lists.watch import Listing
from simkyc.policy import Policy
from simkyc.testing import NOW, line_facts
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run, worst

DAY = 86_400
LISTS = ("device_stolen", "device_blacklisted", "device_bulk_sim", "device_not_a_phone")
KEPT = dict.fromkeys(("stolen_device", "blacklisted_device", "bulk_sim_device", "not_a_phone"), NOW)
NO_LIST = dict.fromkeys(LISTS, "no_list")
UNSEEN = {"seen_at": None, "in_declared": None, "imsi_agrees": None, "lines_on_device": None}
NOT_SEEN = dict.fromkeys(binding.QUESTIONS[1:], "not_seen")
NO_IMEI = {"in_declared": None, "lines_on_device": None, "device_listed": None}
MALFORMED = dict.fromkeys(("device_differs", "many_lines_on_device", *LISTS), "number_malformed")


def after(**by: float) -> dict[str, Any]:
    """A line that was opened so long ago."""
    return {"opened_at": NOW - timedelta(**by)}


def moved(**by: float) -> dict[str, Any]:
    """A line of yesterday that was moved so long after it was opened."""
    opened = NOW - timedelta(days=60)
    return {"opened_at": opened, "first_change_at": opened + timedelta(**by)}


def counted(fact: str, **by_day: int) -> dict[str, Any]:
    windows = getattr(Policy.default().binding, fact)
    return {fact: {w.seconds: by_day.get(f"d{w.days.value:g}", 0) for w in windows}}


def listed(*names: str) -> dict[str, Any]:
    entries = (
        Listing(list=name, source="MIIT", basis="made up", since=NOW, until=None, silent_alert=False)
        for name in names
    )
    return {"lists": KEPT, "device_listed": tuple(entries)}


ROWS = [
    Row("used where it was declared", not_assessed=NO_LIST),
    Row(
        "a line on no record",
        facts=None,
        flagged=("line_unknown",),
        not_assessed=dict.fromkeys(binding.QUESTIONS, "line_unknown"),
    ),
    Row(
        "not used, a second before a day has passed",
        facts=UNSEEN | after(hours=24, seconds=-1),
        not_assessed=NOT_SEEN | {"not_used": "not_due"},
    ),
    Row("not used for a day", facts=UNSEEN | after(hours=24), flagged=("not_used",), not_assessed=NOT_SEEN),
    Row("used within a day, and long ago", facts=after(days=400), not_assessed=NO_LIST),
    Row(
        "used in another device",
        facts={"in_declared": False},
        flagged=("device_differs",),
        not_assessed=NO_LIST,
    ),
    Row(
        "no device was declared",
        facts={"declared": False},
        not_assessed=NO_LIST | {"device_differs": "not_declared"},
    ),
    Row(
        "the network reports no IMEI that is one",
        facts=NO_IMEI | {"imei_fault": "dummy"},
        flagged=("imei_malformed",),
        not_assessed=MALFORMED,
    ),
    Row(
        "it was never seen but in such a device",
        facts=UNSEEN | NO_IMEI | after(days=2) | {"imei_fault": "length"},
        flagged=("imei_malformed",),
        not_assessed=MALFORMED | {"imsi_differs": "no_imsi"},
    ),
    Row("another IMSI", facts={"imsi_agrees": False}, flagged=("imsi_differs",), not_assessed=NO_LIST),
    Row(
        "the network names no IMSI",
        facts={"imsi_agrees": None},
        not_assessed=NO_LIST | {"imsi_differs": "no_imsi"},
    ),
    Row(
        "moved within hours by a new user",
        facts=moved(hours=2),
        flagged=("moved_soon", "first_change_of_new_user"),
        not_assessed=NO_LIST,
    ),
    Row(
        "moved within hours by somebody who has other numbers",
        facts=moved(hours=12, seconds=-1) | {"is_new_user": False},
        flagged=("moved_soon",),
        not_assessed=NO_LIST | {"first_change_of_new_user": "not_new"},
    ),
    Row(
        "moved half a day after it was opened",
        facts=moved(hours=12),
        flagged=("first_change_of_new_user",),
        not_assessed=NO_LIST,
    ),
    Row("moved after a month", facts=moved(days=30), not_assessed=NO_LIST),
    Row(
        "moved while the counter had not settled yet",
        facts=moved(seconds=-30),
        flagged=("moved_soon", "first_change_of_new_user"),
        not_assessed=NO_LIST,
    ),
    Row("two changes in a day", facts=counted("changes", d1=2, d7=3, d30=5), not_assessed=NO_LIST),
    Row(
        "three changes in a day",
        facts=counted("changes", d1=3, d7=3, d30=3),
        flagged=("frequent_changes",),
        not_assessed=NO_LIST,
    ),
    Row(
        "six changes in a month",
        facts=counted("changes", d30=6),
        flagged=("frequent_changes",),
        not_assessed=NO_LIST,
    ),
    Row("three phones in a week", facts=counted("devices", d7=3, d30=4, d365=8), not_assessed=NO_LIST),
    Row(
        "nine phones in a year",
        facts=counted("devices", d365=9),
        flagged=("many_devices",),
        not_assessed=NO_LIST,
    ),
    Row("two others in the device", facts=counted("lines_on_device", d1=2), not_assessed=NO_LIST),
    Row(
        "three others in the device today",
        facts=counted("lines_on_device", d1=3, d7=3, d30=3),
        flagged=("many_lines_on_device",),
        not_assessed=NO_LIST,
    ),
    Row("on no list", facts=listed()),
    Row("stolen", facts=listed("stolen_device"), flagged=("device_stolen",)),
    Row("blacklisted", facts=listed("blacklisted_device"), flagged=("device_blacklisted",)),
    Row(
        "a SIM box",
        facts=listed("bulk_sim_device", "not_a_phone"),
        flagged=("device_bulk_sim", "device_not_a_phone"),
    ),
    Row(
        "an IoT card in a modem",
        facts=listed("not_a_phone") | {"service": "iot"},
        not_assessed={"device_not_a_phone": "iot"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("binding", row)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "bound"),
        ({"in_declared": False}, "differs"),
        (UNSEEN, "not_seen_yet"),
        (UNSEEN | {"imei_fault": "dummy"}, "differs"),
    ],
    ids=["in its device", "in another", "in none so far", "in one that says no number"],
)
def test_the_state_of_a_line(facts: dict[str, Any], state: str) -> None:
    assert line_facts(**facts).state == state


REASONS_OF = {
    "changes": "frequent_changes",
    "devices": "many_devices",
    "lines_on_device": "many_lines_on_device",
}


@pytest.mark.parametrize(
    ("fact", "day", "most"),
    [
        (fact, window.days.value, int(window.most.value))
        for fact in REASONS_OF
        for window in getattr(Policy.default().binding, fact)
    ],
)
def test_every_window_has_an_exact_edge(fact: str, day: float, most: int) -> None:
    def flagged(count: int) -> list[str | None]:
        findings = run("binding", Row("", facts=counted(fact, **{f"d{day:g}": count})))
        return [
            finding.unit
            for finding in findings
            if finding.reason == f"binding.{REASONS_OF[fact]}" and finding.state is State.FLAGGED
        ]

    own = 1 if fact == "lines_on_device" else 0  # the line itself
    assert flagged(most - own) == []
    (unit,) = flagged(most - own + 1)
    assert unit is not None
    assert unit.endswith(f"in {day:g} days")


WORSE: dict[str, Any] = {
    "in_declared": False,
    "imsi_agrees": False,
    "first_change_at": NOW - timedelta(hours=1),
    "changes": dict.fromkeys((DAY, 7 * DAY, 30 * DAY), 50),
    "devices": dict.fromkeys((7 * DAY, 30 * DAY, 365 * DAY), 50),
    "lines_on_device": dict.fromkeys((DAY, 7 * DAY, 30 * DAY), 50),
    "device_listed": listed("bulk_sim_device", "blacklisted_device")["device_listed"],
}
faults = st.sets(st.sampled_from(sorted(WORSE)))


@given(faults, faults)
def test_a_worse_observation_never_softens(some: set[str], others: set[str]) -> None:
    def known(faulty: set[str]) -> Row:
        return Row("", facts={"lists": KEPT} | {name: WORSE[name] for name in faulty})

    assert worst("binding", known(some | others)) >= worst("binding", known(some))


@given(faults, st.randoms())
def test_the_order_of_findings_never_matters(some: set[str], order: random.Random) -> None:
    policy, line = Policy.default(), {"lists": KEPT} | {name: WORSE[name] for name in some}
    found = [*run("binding", Row("", facts=line)), *run("restriction", Row("", facts=line))]
    found += run("second_check", Row("", facts=line))
    shuffled = list(found)
    order.shuffle(shuffled)
    one, other = policy.decide(found, "line"), policy.decide(shuffled, "line")
    assert (one.decision, one.reasons, one.advice) == (other.decision, other.reasons, other.advice)

    assert policy.line_actions(found, NOW) == policy.line_actions(shuffled, NOW)
