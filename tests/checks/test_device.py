from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.facts import SharedCounts
from simkyc.lists.watch import Listing
from simkyc.policy import Policy
from simkyc.testing import NOW
from simkyc.testing.builders import imei_of
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run, worst

DAY = 86_400
SECOND = ("second_imei_malformed", "imeis_alike", "imeis_of_two_types")
LISTS = ("stolen", "blacklisted", "bulk_sim", "not_a_phone")
EIDS = ("eid_malformed", "eid_differs")
ONE_IMEI = dict.fromkeys(SECOND, "no_second_imei")
NO_EID = dict.fromkeys(EIDS, "no_eid")
NO_LIST = dict.fromkeys(LISTS, "no_list")
PLAIN = ONE_IMEI | NO_EID | NO_LIST
FIRST, TWIN, OTHER_TYPE = imei_of(0), imei_of(1), "352099001761481"
CHIP, OTHER_CHIP = "89044011112233441122334411223321", "89049032000000000000000000000066"
KEPT = dict.fromkeys(("stolen_device", "blacklisted_device", "bulk_sim_device", "not_a_phone"), NOW)


def entry(name: str, source: str = "MIIT") -> Listing:
    return Listing(list=name, source=source, basis="made up", since=NOW, until=None, silent_alert=False)


def listed(*names: str) -> dict[str, Any]:
    return {"lists": KEPT, "device_listed": tuple(map(entry, names))}


def second(number: str, first: str = FIRST) -> dict[str, Any]:
    return {"device": {"imei": first, "second_imei": number}}


def seen(what: str, **by_day: int) -> dict[str, Any]:
    """Counts of one sort on the device, by window: `seen("sims", d1=2)`; none where nothing is said."""
    none = SharedCounts(0, 0, 0)
    counts = {
        day * DAY: SharedCounts(
            **{name: by_day.get(f"d{day}", 0) if name == what else 0 for name in none.__slots__}
        )
        for day in (1, 7, 30, 365)
    }
    return {"shared": {"device": counts}}


ROWS = [
    Row("an ordinary phone", not_assessed=PLAIN),
    Row("a phone for two cards", second(TWIN), not_assessed=NO_EID | NO_LIST),
    Row(
        "a second IMEI with a slip",
        second(TWIN[:-1] + "0"),
        flagged=("second_imei_malformed",),
        not_assessed=NO_EID
        | NO_LIST
        | dict.fromkeys(("imeis_alike", "imeis_of_two_types"), "number_malformed"),
    ),
    Row(
        "a placeholder for the second IMEI",
        second("000000000000000"),
        flagged=("second_imei_malformed",),
        not_assessed=NO_EID
        | NO_LIST
        | dict.fromkeys(("imeis_alike", "imeis_of_two_types"), "number_malformed"),
    ),
    Row(
        "a first IMEI with a slip",
        second(TWIN, first=FIRST[:-1] + "0"),
        {"shared": {}, "device_listed": None},
        not_assessed=NO_EID
        | dict.fromkeys(
            ("imeis_alike", "imeis_of_two_types", "many_sims", "many_openings"), "number_malformed"
        )
        | dict.fromkeys(LISTS, "number_malformed"),
    ),
    Row("one IMEI read twice", second(FIRST), flagged=("imeis_alike",), not_assessed=NO_EID | NO_LIST),
    Row(
        "one IMEI read twice, once with its software version",
        second(FIRST[:14] + "01"),
        flagged=("imeis_alike",),
        not_assessed=NO_EID | NO_LIST,
    ),
    Row(
        "the second IMEI of another model",
        second(OTHER_TYPE),
        flagged=("imeis_of_two_types",),
        not_assessed=NO_EID | NO_LIST,
    ),
    Row(
        "an eSIM for the chip of the device",
        {"sim": {"eid": CHIP}, "device": {"eid": f"{CHIP[:4]} {CHIP[4:]}"}},
        not_assessed=ONE_IMEI | NO_LIST,
    ),
    Row(
        "an eSIM for another chip",
        {"sim": {"eid": CHIP}, "device": {"eid": OTHER_CHIP}},
        flagged=("eid_differs",),
        not_assessed=ONE_IMEI | NO_LIST,
    ),
    Row(
        "an eSIM for a device that does not say its chip",
        {"sim": {"eid": CHIP}},
        not_assessed=ONE_IMEI | NO_LIST | {"eid_differs": "no_device_eid"},
    ),
    Row(
        "a card in a device that has an eSIM chip too",
        {"device": {"eid": CHIP}},
        not_assessed=ONE_IMEI | NO_LIST | {"eid_differs": "no_eid"},
    ),
    Row(
        "an EID with a slip",
        {"sim": {"eid": CHIP}, "device": {"eid": CHIP[:-1] + "2"}},
        flagged=("eid_malformed",),
        not_assessed=ONE_IMEI | NO_LIST | {"eid_differs": "number_malformed"},
    ),
    Row(
        "an eSIM and no device",
        {"sim": {"eid": CHIP}, "device": None},
        {"shared": {}, "device_listed": None},
        not_assessed=dict.fromkeys(
            (*SECOND, "eid_differs", *LISTS, "many_sims", "many_openings"), "no_device"
        ),
    ),
    Row("on no list", facts=listed(), not_assessed=ONE_IMEI | NO_EID),
    Row("stolen", facts=listed("stolen_device"), flagged=("stolen",), not_assessed=ONE_IMEI | NO_EID),
    Row(
        "blacklisted",
        facts=listed("blacklisted_device"),
        flagged=("blacklisted",),
        not_assessed=ONE_IMEI | NO_EID,
    ),
    Row(
        "a SIM box that is no phone",
        facts=listed("bulk_sim_device", "not_a_phone"),
        flagged=("bulk_sim", "not_a_phone"),
        not_assessed=ONE_IMEI | NO_EID,
    ),
    Row(
        "an IoT card in a modem",
        {"sim": {"service": "iot"}},
        listed("not_a_phone"),
        not_assessed=ONE_IMEI | NO_EID | {"not_a_phone": "iot"},
    ),
    Row(
        "an IoT card in a SIM box",
        {"sim": {"service": "iot"}},
        listed("bulk_sim_device"),
        flagged=("bulk_sim",),
        not_assessed=ONE_IMEI | NO_EID | {"not_a_phone": "iot"},
    ),
    Row(
        "on a list of its own that has no reason here",
        facts=listed("jiangsu-2026"),
        not_assessed=ONE_IMEI | NO_EID,
    ),
    Row(
        "only one list is kept",
        facts={"lists": {"bulk_sim_device": NOW}},
        not_assessed=ONE_IMEI | NO_EID | dict.fromkeys(("stolen", "blacklisted", "not_a_phone"), "no_list"),
    ),
    Row("a third card today", facts=seen("sims", d1=2, d7=2, d30=2, d365=2), not_assessed=PLAIN),
    Row(
        "a fourth card today",
        facts=seen("sims", d1=3, d7=3, d30=3, d365=3),
        flagged=("many_sims",),
        not_assessed=PLAIN,
    ),
    Row(
        "a seventh card within the year",
        facts=seen("sims", d365=6),
        flagged=("many_sims",),
        not_assessed=PLAIN,
    ),
    Row("a second opening today", facts=seen("openings", d1=1, d7=1, d30=1, d365=1), not_assessed=PLAIN),
    Row(
        "a third opening today",
        facts=seen("openings", d1=2, d7=2, d30=2, d365=2),
        flagged=("many_openings",),
        not_assessed=PLAIN,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("device", row)


def test_every_list_that_names_it_is_named_and_how_old_it_is() -> None:
    twice = {"lists": KEPT, "device_listed": (entry("stolen_device"), entry("stolen_device", "GSMA"))}
    (stolen,) = [f for f in run("device", Row("", facts=twice)) if f.state is State.FLAGGED]
    assert [part.value for part in stolen.evidence] == ["MIIT", "GSMA"]
    assert stolen.data_as_of == NOW


@pytest.mark.parametrize(("what", "reason"), [("sims", "many_sims"), ("openings", "many_openings")])
@pytest.mark.parametrize("day", [1, 7, 30, 365])
def test_every_window_has_an_exact_edge(what: str, reason: str, day: int) -> None:
    windows = getattr(Policy.default().device, what)
    most = next(int(window.most.value) for window in windows if window.days.value == day)

    def states(others: int) -> set[State]:
        findings = run("device", Row("", facts=seen(what, **{f"d{day}": others})))
        return {finding.state for finding in findings if finding.reason == f"device.{reason}"}

    assert states(most - 1) == {State.PASSED}
    assert states(most) == {State.PASSED, State.FLAGGED}  # that window alone


names = st.lists(st.sampled_from(sorted(KEPT)), max_size=4)


@given(names, names, st.integers(0, 20), st.integers(0, 20))
def test_a_worse_observation_never_softens(some: list[str], others: list[str], few: int, more: int) -> None:
    def known(entries: list[str], count: int) -> dict[str, Any]:
        return listed(*entries) | seen("sims", d1=count, d7=count, d30=count, d365=count)

    better = worst("device", Row("", facts=known(some, few)))
    assert worst("device", Row("", facts=known(some + others, few + more))) >= better
